"""What is broken in the cases of what a domain has in DNS beside its mail servers: MTA-STS, TLSRPT, DANE."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from stpolicy.model.observation import Dns, Fault, Records, Step, Unreachable
from stpolicy.model.observed import Observed
from stpolicy.model.policy import Mode, Policy
from stpolicy.model.tls import ChainFault
from tests.observations import (
    INTERMEDIATE,
    MX1,
    MX2,
    NO_DATA,
    NOW,
    SERVFAIL,
    STS,
    certificate,
    first,
    host,
    look,
    named,
    policy_file,
    seen,
    session,
    tls,
)

Cases = dict[str, tuple[int, Observed]]
"""By name: the status of the domain, and what was seen."""

BAD_NAME = Unreachable(Step.HANDSHAKE, Fault.TLS, "bad name")
OTHER_KEY = tls(chain=(certificate(MX1, spki_sha256="0" * 64),))
OTHER_NAME = named(MX1, "www.example.net", MX2)
AUTHORITY = Records(Dns.ANSWER, (f"2 1 1 {'e' * 64}",), validated=True)
STRANGER = certificate(MX1, issuer="CN=Other")
OLD_AUTHORITY = replace(INTERMEDIATE, not_after=NOW - timedelta(days=1))


def sts(**changed: object) -> Observed:
    return seen(mta_sts=replace(STS, **changed))  # type: ignore[arg-type]


def policy(mode: str, *mxs: str) -> Observed:
    return sts(body=policy_file(mode, *mxs))


def tlsa(*values: str, how: Dns = Dns.ANSWER, validated: bool = True) -> Observed:
    return first(host(tlsa=Records(how, values, validated=validated)))


def of_authority(**changed: Any) -> Observed:
    """Such a TLS with a record of the authority above the first mail server."""
    return first(host(MX1, look(session(tls=tls(**changed))), tlsa=AUTHORITY))


def reports(*values: str) -> Observed:
    return seen(tlsrpt=Records(Dns.ANSWER, values))


RECORDS: Cases = {
    "mta_sts.absent": (0, sts(record=NO_DATA, status=0, body=b"")),
    "mta_sts.absent/longer_tag": (0, sts(record=Records(Dns.ANSWER, ("v=STSv10; id=1;", "v=spf1 -all")))),
    "mta_sts.absent/none_without_an_entry": (0, replace(policy("none"), entry=None)),
    "mta_sts.testing": (0, replace(policy("testing"), entry=Policy(Mode.TESTING, (MX1, MX2)))),
    "mta_sts.invalid": (1, sts(body=b"version: STSv1\nmode: enforce\n")),
    "mta_sts.invalid/two_records": (1, sts(record=Records(Dns.ANSWER, ("v=STSv1; id=1", "v=STSv1; id=2")))),
    "mta_sts.invalid/id": (1, sts(record=Records(Dns.ANSWER, ("v=STSv1; id=a-b;",)))),
    "mta_sts.invalid/type": (1, sts(content_type="text/html")),
    "mta_sts.invalid/endless": (1, sts(body=b"", ended=Unreachable(Step.REQUEST, Fault.OVERSIZED))),
    "mta_sts.unreachable": (1, sts(status=0, body=b"", ended=BAD_NAME)),
    "mta_sts.unreachable/redirect": (1, sts(status=301, body=b"")),
    "mta_sts.unreachable/dns": (1, sts(record=SERVFAIL, status=0, body=b"")),
    "mta_sts.conflict": (1, policy("enforce", MX1, "mx3.example.com")),
    "mta_sts.conflict/narrower": (1, policy("enforce", MX1)),
    "mta_sts.conflict/wider": (1, policy("enforce", "*.example.com")),
    "mta_sts.conflict/none": (1, policy("none")),
    "mta_sts.conflict/testing": (1, policy("testing")),
    "mta_sts.conflict/of_a_domain_without_an_entry": (1, replace(policy("enforce", MX1), entry=None)),
    "tlsrpt.absent": (0, reports("v=spf1 -all")),
    "tlsrpt.absent/no_data": (0, seen(tlsrpt=NO_DATA)),
    "tlsrpt.invalid": (1, reports("v=TLSRPTv1; rua=tls@example.com")),
    "tlsrpt.invalid/two": (1, reports(*["v=TLSRPTv1; rua=mailto:tls@example.com"] * 2)),
    "tlsrpt.invalid/nowhere": (1, reports("v=TLSRPTv1;")),
    "dane.absent": (0, tlsa(how=Dns.NXDOMAIN)),
    "dane.absent/everywhere": (0, seen(hosts=(host(MX1, tlsa=NO_DATA), host(MX2, tlsa=NO_DATA)))),
    "dane.insecure": (0, tlsa(f"3 1 1 {'f' * 64}", validated=False)),
    "dane.unusable": (1, tlsa(f"1 1 1 {'c' * 64}")),
    "dane.unusable/short": (1, tlsa("3 1 1 cccc")),
    "dane.unusable/unreadable": (1, tlsa("what")),
    "dane.unusable/bogus": (1, tlsa(how=Dns.ERROR)),
    "dane.mismatch": (1, tlsa(f"3 1 1 {'f' * 64}")),
    "dane.mismatch/one_address": (1, first(host(MX1, look(), look(session(tls=OTHER_KEY), "192.0.2.9")))),
    "dane.mismatch/server_for_its_authority": (1, tlsa(f"2 1 1 {'c' * 64}")),
    "dane.mismatch/authority_of_another_name": (1, first(replace(OTHER_NAME, tlsa=AUTHORITY))),
    "dane.mismatch/authority_merely_sent_along": (1, of_authority(chain=(STRANGER, INTERMEDIATE))),
    "dane.mismatch/authority_that_did_not_sign": (2, of_authority(faults=(ChainFault(7, "signature", 0),))),
    "dane.mismatch/authority_that_openssl_does_not_find": (2, of_authority(faults=(ChainFault(20, "", 0),))),
    "dane.mismatch/authority_that_has_run_out": (1, of_authority(chain=(certificate(MX1), OLD_AUTHORITY))),
}  # fmt: skip
