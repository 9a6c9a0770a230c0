"""What is broken in each case of test_server_cases.py: an observation by its code, or by code/variant."""

from dataclasses import replace
from datetime import timedelta

from stpolicy.model.names import MxPattern
from stpolicy.model.observation import Dns, Fault, MxAnswer, Probe, Records, Reply, Session, Step
from stpolicy.model.observed import Observed
from stpolicy.model.policy import Mode, Policy
from tests.observations import (
    CLEAR,
    DOMAIN,
    EHLO,
    GOOD,
    INTERMEDIATE,
    MX1,
    MX2,
    NO_DATA,
    NOW,
    ROOT,
    SERVFAIL,
    STS,
    alone,
    certificate,
    chain,
    ended,
    faulty,
    first,
    host,
    leaf,
    look,
    mx,
    named,
    only,
    policy_file,
    presents,
    second,
    seen,
    session,
    shows,
    tls,
)
from tests.rules.record_cases import RECORDS, Cases, sts, tlsa

REFUSED = ended(Step.CONNECT, Fault.REFUSED, "Connection refused")
UNROUTED = ended(Step.CONNECT, Fault.NO_ROUTE)
SILENT = ended(Step.CONNECT, Fault.TIME_OUT)
TARPIT = ended(Step.BANNER, Fault.TIME_OUT)
NO_TIME = ended(Step.CONNECT, Fault.NO_TIME)
PRIVATE = ended(Step.CONNECT, Fault.NOT_GLOBAL)
NO_ROUTE = ended(Step.CONNECT, Fault.NO_ROUTE)
GARBLED = ended(Step.HANDSHAKE, Fault.TLS)
OLD_ONE = session(tls=tls(version="TLSv1.1"))
MX3, DEEP, V6 = "mx3.example.com", "a.mx2.example.com", "2001:db8::1"
RUN_OUT = certificate(MX1, not_after=NOW - timedelta(days=1))
SELF = (certificate(MX1, issuer=f"CN={MX1}"),)
TOP = certificate("", subject=ROOT, issuer=ROOT)
STRAY = certificate("", subject="CN=Other", issuer=ROOT)
NO_TLS = session(ehlo=CLEAR, starttls=None, tls=None, secure=None)


def both(shown: Session) -> Observed:
    return seen(hosts=(host(MX1, look(shown)), host(MX2, look(shown))))


def days(number: float) -> timedelta:
    return timedelta(days=number)


def lives(since: timedelta, left: timedelta) -> Observed:
    return leaf(MX1, not_before=NOW - since, not_after=NOW + left)


def answer(how: Dns) -> Observed:
    """What is not said of MTA-STS and TLSRPT, since there is no mail server to protect."""
    sts = replace(STS, record=SERVFAIL, status=0, body=b"")
    return seen(mx=MxAnswer(how, message="said so"), hosts=(), mta_sts=sts, tlsrpt=NO_DATA)


def entry(*patterns: str, mode: Mode = Mode.ENFORCE, observed: Observed = GOOD) -> Observed:
    """Another entry, with the MTA-STS policy that agrees with it."""
    changed = seen(observed, mta_sts=replace(STS, body=policy_file("enforce", *_wild(patterns))))
    return replace(changed, patterns=tuple(map(MxPattern, patterns)), entry=Policy(mode, patterns))


def _wild(patterns: tuple[str, ...]) -> list[str]:
    return [f"*{pattern}" if pattern.startswith(".") else pattern for pattern in patterns]


MX: Cases = {
    "mx.nxdomain": (2, answer(Dns.NXDOMAIN)),
    "mx.no_data": (2, answer(Dns.NO_DATA)),
    "mx.none": (2, only(host(a=NO_DATA, looks=()))),
    "mx.none/no_records": (2, answer(Dns.ANSWER)),
    "mx.dns_error": (3, answer(Dns.ERROR)),
    "mx.dns_error/time_out": (3, answer(Dns.TIME_OUT)),
    "mx.dns_error/of_the_host": (3, only(host(a=SERVFAIL, looks=()))),
    "mx.dns_error/one_family_and_the_other_is_dead": (3, only(host(MX1, look(REFUSED), aaaa=SERVFAIL))),
    "mx.addresses_unseen": (1, first(host(aaaa=SERVFAIL))),
    "mx.addresses_unseen/time_out": (1, first(host(a=Records(Dns.TIME_OUT), aaaa=host().a))),
    "mx.addresses_unseen/too_many": (1, first(host(a=Records(Dns.ANSWER, ("192.0.2.1", "192.0.2.2"))))),
    "mx.null": (2, seen(answer(Dns.ANSWER), mx=mx(""))),
    "mx.null/beside_others": (2, seen(mx=mx("", MX1, MX2))),
    "mx.implicit": (1, seen(only(host(DOMAIN)), mx=replace(mx(DOMAIN), implicit=True))),
    "mx.too_many": (1, seen(mx=replace(mx(MX1, MX2), count=2500))),
    "mx.ip_literal": (2, seen(mx=mx(MX1, MX2, "192.0.2.7"))),
    "mx.ip_literal/number": (2, seen(mx=mx(MX1, MX2, "2130706433"))),
    "mx.ip_literal/underscore": (2, seen(mx=mx(MX1, MX2, "a_b.example.com"))),
    "mx.ip_literal/one_label": (2, seen(mx=mx(MX1, MX2, "localhost"))),
    "mx.alias": (1, first(host(a=replace(host().a, alias="mail.example.net")))),
    "mx.unlisted": (6, entry(MX1, MX3, observed=seen(hosts=(host(MX1), named(MX2, MX2, MX3))))),
    "mx.unlisted/deeper": (6, entry(".example.com", observed=only(host(MX1), named(DEEP, DEEP, MX3)))),
    "mx.pattern_unused": (0, entry(MX1, MX2, "mx3.example.com")),
    "mx.pattern_unused/suffix": (0, entry(MX1, MX2, ".old.example.com")),
    "mx.port_blocked": (3, replace(both(SILENT), connected=False)),
    "mx.port_blocked/and_no_route_for_ipv6": (
        3,
        replace(only(host(MX1, look(SILENT), look(UNROUTED, V6))), connected=False),
    ),
    "mx.port_blocked/and_no_time_for_the_rest": (
        3,
        replace(only(host(MX1, look(SILENT), look(NO_TIME, V6))), connected=False),
    ),
    "mx.all_unreachable": (5, both(REFUSED)),
    "mx.all_unreachable/greets_with_554": (5, alone(ended(Step.BANNER, Fault.REPLY, "no", 554))),
    "mx.all_unreachable/closes": (5, alone(ended(Step.BANNER, Fault.CLOSED))),
    "mx.all_unreachable/refuses_ehlo_and_helo": (5, alone(ended(Step.EHLO, Fault.REPLY, "no", 554))),
    "mx.unreachable": (0, second(REFUSED)),
    "mx.unreachable/one_address_of_two": (0, first(host(MX1, look(), look(REFUSED, V6)))),
    "mx.unreachable/never_there": (0, seen(hosts=(host(MX1), host(MX2, a=NO_DATA, looks=())))),
    "mx.unreachable/silent": (0, second(SILENT)),
    "mx.unreachable/always_421": (0, second(ended(Step.BANNER, Fault.REPLY, "busy", 421))),
    "mx.unreachable/ssh": (0, second(ended(Step.BANNER, Fault.NOT_SMTP))),
    "mx.unreachable/no_ipv6_here": (0, first(host(MX1, look(), look(NO_ROUTE, V6)))),
    "mx.unreachable/dns_of_one_host": (0, seen(hosts=(host(MX1), host(MX2, a=SERVFAIL, looks=())))),
    "mx.not_global": (2, first(host(MX1, look(PRIVATE, "127.0.0.1")))),
    "mx.not_global/alone": (2, only(host(MX1, look(PRIVATE, "127.0.0.1")))),
}  # fmt: skip

SMTP: Cases = {
    "smtp.temporary": (3, shows(ended(Step.STARTTLS, Fault.REPLY, "not now", 454))),
    "smtp.temporary/greeting": (3, alone(ended(Step.BANNER, Fault.REPLY, "busy", 421))),
    "smtp.temporary/ehlo": (3, shows(ended(Step.EHLO, Fault.REPLY, "later", 451))),
    "smtp.temporary/within_tls": (3, shows(ended(Step.SECURE, Fault.REPLY, "later", 451))),
    "smtp.temporary/broke_off": (3, shows(ended(Step.STARTTLS, Fault.CLOSED))),
    "smtp.temporary/no_route": (3, alone(NO_ROUTE)),
    "smtp.temporary/descriptors": (3, alone(ended(Step.CONNECT, Fault.OURS))),
    "smtp.time_out": (3, shows(ended(Step.EHLO, Fault.TIME_OUT))),
    "smtp.time_out/handshake": (3, shows(ended(Step.HANDSHAKE, Fault.TIME_OUT))),
    "smtp.time_out/tarpit": (3, replace(alone(TARPIT), connected=False)),
    "smtp.time_out/of_one_domain_of_many": (3, alone(SILENT)),
    "smtp.time_out/no_time_for_one_address": (3, first(host(MX1, look(), look(NO_TIME, V6)))),
    "smtp.time_out/no_time_for_one_host": (3, second(NO_TIME)),
    "smtp.time_out/no_time_for_any": (3, replace(both(NO_TIME), connected=False)),
    "smtp.not_smtp": (2, shows(ended(Step.EHLO, Fault.NOT_SMTP))),
    "smtp.not_smtp/banner": (5, alone(ended(Step.BANNER, Fault.NOT_SMTP, "SSH-2.0-x"))),
    "smtp.oversized_reply": (2, shows(ended(Step.EHLO, Fault.OVERSIZED))),
    "smtp.oversized_reply/banner": (5, alone(ended(Step.BANNER, Fault.OVERSIZED))),
}

STARTTLS: Cases = {
    "starttls.not_offered": (4, shows(NO_TLS)),
    "starttls.not_offered/helo_only": (4, shows(replace(NO_TLS, ehlo=Reply(502, ("what",)), helo=CLEAR))),
    "starttls.stripped": (4, shows(replace(NO_TLS, ehlo=Reply(250, ("mx", "XXXXXXXX", "PIPELINING"))))),
    "starttls.stripped/with_a_letter": (4, shows(replace(NO_TLS, ehlo=Reply(250, ("mx", "XXXXXXXA"))))),
    "starttls.refused": (4, shows(ended(Step.STARTTLS, Fault.REPLY, "no", 502))),
    "starttls.refused/within_tls": (4, shows(ended(Step.SECURE, Fault.REPLY, "no", 554))),
    "starttls.plaintext_injected": (2, shows(session(injected=True))),
    "starttls.plaintext_injected/handshake_fails": (2, shows(replace(GARBLED, injected=True))),
    "starttls.handshake_failed": (4, shows(ended(Step.HANDSHAKE, Fault.TLS, "no shared cipher"))),
    "starttls.handshake_failed/closed": (4, shows(ended(Step.HANDSHAKE, Fault.CLOSED))),
    "starttls.handshake_failed/oversized": (4, shows(ended(Step.HANDSHAKE, Fault.OVERSIZED))),
    "starttls.handshake_failed/breaks_within_tls": (4, shows(ended(Step.SECURE, Fault.TLS, "wants yours"))),
    "starttls.handshake_failed/says_nothing": (4, shows(session(starttls=None, tls=None, secure=None))),
}  # fmt: skip

CERTIFICATE: Cases = {
    "certificate.expired": (2, faulty(10, chain=(RUN_OUT, INTERMEDIATE))),
    "certificate.expired/intermediate": (2, faulty(10, depth=1)),
    "certificate.not_yet_valid": (2, faulty(9)),
    "certificate.self_signed": (2, faulty(18, chain=SELF)),
    "certificate.self_signed/and_what_follows": (2, faulty(18, 27, chain=SELF)),
    "certificate.untrusted": (2, faulty(20, 27, depth=1)),
    "certificate.untrusted/its_root": (2, faulty(19, depth=2, chain=(*tls().chain, TOP))),
    "certificate.untrusted/none_presented": (2, presents(chain=())),
    "certificate.untrusted/another_fault": (2, faulty(34)),
    "certificate.incomplete_chain": (2, faulty(20, 21, chain=(certificate(MX1),))),
    "certificate.incomplete_chain/another_one_sent": (2, faulty(20, 21, chain=(certificate(MX1), STRAY))),
    "certificate.wrong_purpose": (2, faulty(26)),
    "certificate.wrong_purpose/no_ca": (2, faulty(79, depth=1)),
    "certificate.weak": (2, leaf(MX1, key="RSA", bits=1024)),
    "certificate.weak/digest": (2, leaf(MX1, digest="sha1")),
    "certificate.weak/curve": (2, leaf(MX1, bits=192)),
    "certificate.weak/as_openssl_says": (2, faulty(66)),
    "certificate.name_mismatch": (6, leaf("www.example.com")),
    "certificate.name_mismatch/no_names": (6, leaf()),
    "certificate.name_mismatch/the_common_name_beside_others": (6, leaf("www.example.com", common_name=MX1)),
    "certificate.name_mismatch/partial_wildcard": (6, leaf("mx*.example.com")),
    "certificate.name_mismatch/deep_wildcard": (6, leaf("*.com")),
    "certificate.name_mismatch/address": (6, leaf("192.0.2.1")),
    "certificate.name_mismatch/trailing_dot": (6, leaf(f"{MX1}.")),
    "certificate.name_mismatch/full_width": (6, leaf(common_name=f"ｍ{MX1[1:]}")),
    "certificate.mx_mismatch": (1, leaf(MX2)),
    "certificate.common_name_only": (1, leaf(common_name=MX1)),
    "certificate.expires_soon": (1, lives(days(83), days(7))),
    "certificate.expires_soon/short_life": (1, lives(days(8), days(1.9))),
}  # fmt: skip

TLS: Cases = {
    "tls.version.too_old": (2, presents(version="TLSv1")),
    "tls.version.too_old/with_its_probe": (2, shows(OLD_ONE, TLSv1=Probe.ACCEPTED)),
    "tls.version.obsolete": (2, shows(session(), SSLv3=Probe.ACCEPTED)),
    "tls.version.obsolete/2": (2, shows(session(), SSLv2=Probe.ACCEPTED)),
    "tls.cipher.weak": (1, shows(session(), weak=Probe.ACCEPTED)),
    "tls.cipher.weak/negotiated": (1, presents(cipher="ECDHE-RSA-RC4-SHA", version="TLSv1.2")),
    "tls.version.old_too": (0, shows(session(), TLSv1=Probe.ACCEPTED)),
}  # fmt: skip


ALSO = {
    "mx.dns_error/one_family_and_the_other_is_dead": {"mx.unreachable"},
    "dane.mismatch/authority_of_another_name": {"certificate.mx_mismatch"},
    "dane.mismatch/authority_that_did_not_sign": {"certificate.untrusted"},
    "dane.mismatch/authority_that_openssl_does_not_find": {"certificate.untrusted"},
}
"""Codes without which a case cannot be."""

WELL = {
    "good": GOOD,
    "not_looked_for": seen(mta_sts=None, tlsrpt=None),
    "no_entry": replace(GOOD, entry=None, patterns=tuple(map(MxPattern, (MX1, MX2, DOMAIN)))),
    "in_testing": replace(GOOD, entry=Policy(Mode.TESTING, (MX1, MX2))),
    "wildcard": leaf("*.example.com"),
    "suffix": entry(".example.com"),
    "upper_case": leaf("MX1.Example.COM"),
    "authority": tlsa(f"2 1 1 {'e' * 64}"),
    "one_family_asked_for": first(host(aaaa=Records(Dns.NOT_ASKED))),
    "one_of_two_records": tlsa(f"3 1 1 {'f' * 64}", f"3 1 1 {'C' * 64}"),
    "whole_certificate": tlsa(f"3 0 2 {'b' * 64} {'b' * 64}"),
    "root_with_an_old_signature": chain(*tls().chain, replace(TOP, digest="sha1")),
    "a_fifth_of_a_short_life": lives(days(8), days(2.1)),
    "extended_reply": shows(session(ehlo=Reply(250, (*EHLO.lines, "XEXCH50", "XXX")))),
    "not_tested": shows(session(), SSLv3=Probe.NOT_TESTED, weak=Probe.NOT_TESTED),
    "another_sts_record_beside": sts(record=Records(Dns.ANSWER, ("v=spf1 -all", "v=STSv1;id=1"))),
    "twice_in_dns": seen(mx=mx(MX1, MX2, MX1)),
    "no_answer_about_reports": seen(tlsrpt=SERVFAIL),
    "type_in_upper_case": sts(content_type="TEXT/PLAIN"),
}  # fmt: skip
"""Observations in which there is nothing to find."""

LOOK: Cases = {
    "look.internal_error": (3, replace(GOOD, failure="KeyError: 'a'")),
}

CASES: Cases = {**MX, **SMTP, **STARTTLS, **CERTIFICATE, **TLS, **RECORDS, **LOOK}
