"""The table: every domain of the mini-internet, and what a checker must find. The table is the test.

A row: name (its domain is NAME.stpolicy-lab.net), its servers, the status of the domain, and the codes on
top of those that every domain has that is merely good (`row.PLAIN`). The rest stands at `row.row`.
"""

from tests.minternet.behaviour import V6, At, Cert, Fate, Smtp, Sts, Tls, Web, policy
from tests.minternet.row import BOGUS, INSECURE, LAME, SILENT, ZONE, Row, row

GOOD = Smtp()
REFUSED, BLACK_HOLE, NO_ROUTE = Fate.REFUSED, Fate.BLACK_HOLE, Fate.NO_ROUTE
MANY = ";".join(f"10 m{number}" for number in range(1400))
"""As many as unbound can give in one answer of 64 KiB."""

EXPIRED = Cert(days=(-90, -1))
FIRM = Sts(Web(policy()))
REPORTS = "v=TLSRPTv1; rua=mailto:tls@example.net"


def cert(names: str = "mx", **how: object) -> Smtp:
    """A mail server with such a certificate."""
    return Smtp(Tls(Cert(names, **how)))  # type: ignore[arg-type]


def tls(**how: str) -> Smtp:
    """A mail server with such a TLS, and an RSA key, which old clients know."""
    return Smtp(Tls(Cert(key="rsa"), **how))  # type: ignore[arg-type]


def hostile(script: str) -> Smtp:
    return Smtp(script=script)


def sts(web: Web | At | Fate, records: str = "v=STSv1; id=1;") -> Sts:
    return Sts(web, records)


_GOOD_AND_BAD = [
    row("plain", GOOD, 0),
    row("testing", GOOD, 0, mode="testing"),
    row("everything", GOOD, 0, "-", dns="_25._tcp.mx TLSA {tlsa}", sts=FIRM, tlsrpt=REPORTS),
    row("xn--bcher-kva", GOOD, 0),
    row("two-hosts", {"mx": GOOD, "mx2": cert("mx2")}, 0),
    row("shared", None, 0, mx=f"10 mx.plain.{ZONE}.", patterns=f"mx.plain.{ZONE}."),
    row("also-shared", None, 0, mx=f"10 mx.plain.{ZONE}.", patterns=f".plain.{ZONE}."),
    row("ipv6-only", V6(GOOD), 0),
    row("both-families", (GOOD, V6(GOOD)), 0),
    row("one-address-of-two", (GOOD, REFUSED), 0, "mx.unreachable"),
    row("ipv6-broken", (GOOD, V6(NO_ROUTE)), 0, "mx.unreachable"),
    row("one-bad-certificate", (GOOD, cert(days=(-90, -1))), 2, "certificate.expired"),
    row("bad-fifth-of-six", (GOOD,) * 4 + (Smtp(None), Smtp(Tls(EXPIRED))), 4,
        "starttls.not_offered certificate.expired"),
    row("17-addresses", (GOOD,) * 17, 1, "mx.addresses_unseen"),
    row("good-and-bad", {"mx": GOOD, "bad": Smtp(None)}, 4, "starttls.not_offered"),
    row("dummy-first", {"dummy": REFUSED, "mx": GOOD}, 0, "mx.unreachable"),
    row("dead-backup", {"mx": GOOD, "backup": BLACK_HOLE}, 0, "mx.unreachable"),
    row("trap-421", {"mx": GOOD, "trap": Smtp(banner="421 4.3.0 try later")}, 0, "mx.unreachable"),
    row("trap-554", {"mx": GOOD, "trap": Smtp(banner="554 5.7.1 go away")}, 0, "mx.unreachable"),
    row("only-trap-421", Smtp(banner="421 4.3.0 try later"), 3, "smtp.temporary"),
    row("only-trap-554", Smtp(banner="554 5.7.1 go away"), 5, "mx.all_unreachable"),
    row("refused", REFUSED, 5, "mx.all_unreachable"),
    row("no-route", NO_ROUTE, 3, "smtp.temporary"),
    row("black-hole", BLACK_HOLE, 3, "smtp.time_out"),
]  # fmt: skip

_DNS = [
    row("insecure", GOOD, 0, zone=INSECURE),
    row("bogus", GOOD, 3, "- mx.dns_error", zone=BOGUS),
    row("silent-dns", GOOD, 3, "- mx.dns_error", zone=SILENT),
    row("lame", GOOD, 3, "- mx.dns_error", zone=LAME),
    row("nxdomain", None, 2, "- mx.nxdomain"),
    row("no-data", None, 2, "- mx.no_data", dns="@ TXT here"),
    row("null-mx", None, 2, "- mx.null", mx="0 ."),
    row("null-mx-and-more", GOOD, 2, "mx.null", mx="0 .; 10 mx"),
    row("implicit", {"@": cert("@")}, 1, "mx.implicit", mx=""),
    row("implicit-ipv6", {"@": V6(cert("@"))}, 1, "mx.implicit", mx=""),
    row("loop", None, 3, "- mx.dns_error", dns="@ CNAME there\nthere CNAME @"),
    row("domain-alias", None, 0, dns=f"@ CNAME plain.{ZONE}.", patterns=f"mx.plain.{ZONE}."),
    row("mx-alias", {"mx": cert("a")}, 1, "mx.alias", mx="10 a", dns="a CNAME mx", patterns="a"),
    row("mx-loop", None, 3, "mx.dns_error", mx="10 mx", dns="mx CNAME there\nthere CNAME mx"),
    row("mx-gone", None, 2, "mx.none", mx="10 mx"),
    row("mx-localhost", None, 2, "mx.ip_literal -dane.absent", mx="10 localhost."),
    row("mx-address", None, 2, "mx.ip_literal -dane.absent", mx="10 45.9.16.1."),
    row("mx-number", None, 2, "mx.ip_literal -dane.absent", mx="10 2130706433."),
    row("mx-shell", GOOD, 2, "mx.ip_literal", mx=r"10 mx; 20 $\(touch\032x\)`x`|x&.x"),
    row("private", ("10.0.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1"), 2, "mx.not_global"),
    row("private-ipv6", ("::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"), 2, "mx.not_global"),
    row("private-too", (GOOD, "10.0.0.1"), 2, "mx.not_global"),
    row("many-mx", {"*": cert("*")}, 1, "mx.too_many", mx=MANY, patterns=".", zone=INSECURE),
]  # fmt: skip

_DANE = [
    row("dane", GOOD, 0, "-dane.absent", dns="_25._tcp.mx TLSA {tlsa}"),
    row(
        "dane-rollover",
        GOOD,
        0,
        "-dane.absent",
        dns=f"_25._tcp.mx TLSA 3 1 1 {'0a' * 32}\n_25._tcp.mx TLSA {{tlsa}}",
    ),
    row("dane-mismatch", GOOD, 1, "-dane.absent dane.mismatch", dns=f"_25._tcp.mx TLSA 3 1 1 {'0a' * 32}"),
    row("dane-unusable", GOOD, 1, "-dane.absent dane.unusable", dns=f"_25._tcp.mx TLSA 1 1 1 {'0a' * 32}"),
    row("dane-insecure", GOOD, 0, "-dane.absent dane.insecure", dns="_25._tcp.mx TLSA {tlsa}", zone=INSECURE),
]

_SMTP = [
    row("greets-after-6", Smtp(delay=6, banner="220-{host} wait\r\n220 {host} ESMTP"), 0),
    row("greets-after-15", Smtp(delay=15), 0),
    row("greets-after-30", Smtp(delay=30, banner="220-{host} wait\r\n220 {host} ESMTP"), 0),
    row("grey-at-banner", Smtp(banner="451 4.7.1 come back later"), 3, "smtp.temporary"),
    row("grey-at-ehlo", Smtp(ehlo="450 4.7.1 come back later"), 3, "smtp.temporary"),
    row("one-at-a-time", Smtp(at_once=1), 0),
    row("picky", Smtp(picky=True), 0),
    row("lower-case", Smtp(offers="pipelining starttls"), 0),
    row("two-cr", Smtp(banner="220 {host}\r", ehlo="250-{host}\r\r\n250-PIPELINING\r\r\n250 STARTTLS\r"), 0),
    row("tab", Smtp(ehlo="250-{host}\r\n250-STARTTLS\t\r\n250 8BITMIME"), 4, "starttls.not_offered"),
    row("equals-sign", Smtp(ehlo="250-{host}\r\n250-STARTTLS=now\r\n250 8BITMIME"), 0),
    row("escapes", Smtp(banner="220 {host} \x1b[31m::set-env name=x::y\x07 `x`"), 0),
    row("helo-only", Smtp(ehlo="502 5.5.1 what?"), 4, "starttls.not_offered"),
    row("clear", Smtp(None), 4, "starttls.not_offered"),
    row("stripped", Smtp(offers="PIPELINING XXXXXXXX 8BITMIME"), 4, "starttls.stripped"),
    row("starttls-454", Smtp(starttls="454 4.7.0 not now"), 3, "smtp.temporary"),
    row("starttls-502", Smtp(starttls="502 5.5.1 no"), 4, "starttls.refused"),
    row("starttls-554", Smtp(starttls="554 5.7.0 no"), 4, "starttls.refused"),
    row("injected", Smtp(injected="250 evil\r\n"), 2, "starttls.plaintext_injected"),
    row("endless-banner", hostile("endless_banner"), 5, "smtp.oversized_reply"),
    row("endless-ehlo", hostile("endless_ehlo"), 2, "smtp.oversized_reply"),
    row("endless-line", hostile("endless_line"), 5, "smtp.oversized_reply"),
    row("drip", hostile("drip"), 3, "smtp.time_out"),
    row("drip-ehlo", hostile("drip_ehlo"), 3, "smtp.time_out"),
    row("silent", hostile("silence"), 3, "smtp.time_out"),
    row("ssh", Smtp(banner="SSH-2.0-OpenSSH_9.2"), 5, "smtp.not_smtp"),
    row("closes", hostile("closes"), 5, "mx.all_unreachable"),
    row("closes-at-ehlo", hostile("closes_at_ehlo"), 3, "smtp.temporary"),
    row("tls-garbage", tls(script="garbage"), 4, "starttls.handshake_failed"),
    row("tls-closes", tls(script="closes"), 4, "starttls.handshake_failed"),
    row("tls-silent", tls(script="silence"), 3, "smtp.time_out"),
    row("tls-drip", tls(script="drip"), 3, "smtp.time_out"),
    row("endless-within-tls", tls(script="endless_within"), 2, "smtp.oversized_reply"),
    row("garbage-within-tls", tls(script="garbage_within"), 4, "starttls.handshake_failed"),
    row("wants-certificate", tls(script="wants_certificate"), 4, "starttls.handshake_failed"),
    row("wants-certificate-tls12", tls(script="wants_certificate", versions="TLSv1.2 TLSv1.2"), 4,
        "starttls.handshake_failed"),
    row("small-hello", tls(script="small_hello"), 0),
]  # fmt: skip

_CERTIFICATES = [
    row("wildcard", cert("*"), 0),
    row("upper-case", cert("MX"), 0),
    row("common-name", cert("", cn="mx"), 1, "certificate.common_name_only"),
    row("expired", Smtp(Tls(EXPIRED)), 2, "certificate.expired"),
    row("not-yet", cert(days=(2, 90)), 2, "certificate.not_yet_valid"),
    row("ends-soon", cert(days=(-80, 5)), 1, "certificate.expires_soon"),
    row("short-lived", cert(days=(-3, 3)), 0),
    row("self-signed", cert(chain="self"), 2, "certificate.self_signed"),
    row("unknown-root", cert(chain="unknown"), 2, "certificate.untrusted"),
    row("no-intermediate", cert(chain="leaf"), 2, "certificate.incomplete_chain"),
    row("cross-signed", cert(chain="cross"), 0),
    row("wrong-purpose", cert(purpose="clientAuth"), 2, "certificate.wrong_purpose"),
    row("sha1", cert(digest="sha1"), 2, "certificate.weak"),
    row("rsa-1024", cert(key="rsa1024"), 2, "certificate.weak"),
    row("wrong-name", cert("www"), 6, "certificate.name_mismatch"),
    row("wrong-wildcard", cert("*.mx"), 6, "certificate.name_mismatch"),
    row("domain-only", cert("@"), 1, "certificate.mx_mismatch", patterns="mx @"),
    row("dot-in-certificate", cert(f"mx.dot-in-certificate.{ZONE}.."), 6, "certificate.name_mismatch"),
    row("full-width", cert("", cn=f"ｍx.full-width.{ZONE}."), 6, "certificate.name_mismatch"),
    row("suffix", GOOD, 0, patterns="."),
    row("suffix-wildcard", cert("*"), 0, patterns="."),
    row("suffix-two-deep", {"a.b": cert("a.b b")}, 6, "mx.unlisted", patterns="."),
    row("unlisted", cert("mx other"), 6, "mx.unlisted", patterns="other"),
    row("needs-sni", Smtp(Tls(unnamed=Cert("www"))), 0),
    row("164-kb", cert(pad=164_000), 4, "starttls.handshake_failed"),
]  # fmt: skip

_OLD = "kRSA:!eNULL:@SECLEVEL=0"
_TLS = [
    row("only-tls10", tls(versions="TLSv1 TLSv1", ciphers=_OLD), 2, "tls.version.too_old"),
    row("only-tls11", tls(versions="TLSv1.1 TLSv1.1", ciphers=_OLD), 2, "tls.version.too_old"),
    row("only-tls12", tls(versions="TLSv1.2 TLSv1.2"), 0),
    row("only-tls13", tls(versions="TLSv1.3 TLSv1.3"), 0),
    row("signs-with-sha1", tls(versions="TLSv1.2 TLSv1.2", ciphers="tlslite aes128gcm", signs="sha1"), 4,
        "starttls.handshake_failed"),
    row("signs-with-sha256", tls(versions="TLSv1.2 TLSv1.2", ciphers="tlslite aes128gcm", signs="sha256"), 0),
    row("tls10-too", tls(versions="TLSv1 TLSv1.3", ciphers="DEFAULT:@SECLEVEL=0"), 0, "tls.version.old_too"),
    row("sslv3-too", tls(versions="SSLv3 TLSv1.2", ciphers="tlslite aes128gcm aes128"), 2,
        "tls.version.obsolete tls.version.old_too"),
    row("sslv2-too", tls(script="sslv2"), 2, "tls.version.obsolete"),
    row("rc4-too", tls(versions="TLSv1.2 TLSv1.2", ciphers="tlslite aes128gcm rc4"), 1, "tls.cipher.weak"),
    row("3des-too", tls(versions="TLSv1.2 TLSv1.2", ciphers="tlslite aes128gcm 3des"), 1, "tls.cipher.weak"),
    row("null-too", tls(ciphers="HIGH:eNULL:!aNULL:@SECLEVEL=0"), 1, "tls.cipher.weak"),
    row("anonymous-too", tls(ciphers="HIGH:aNULL:!eNULL:@SECLEVEL=0"), 0),
]  # fmt: skip

_OK, _INVALID, _UNREACHABLE = (
    "-mta_sts.absent",
    "-mta_sts.absent mta_sts.invalid",
    "-mta_sts.absent mta_sts.unreachable",
)
_CONFLICT = "-mta_sts.absent mta_sts.conflict"
_STS = [
    row("sts", GOOD, 0, _OK, sts=FIRM),
    row("sts-testing", GOOD, 0, f"{_OK} mta_sts.testing", sts=sts(Web(policy("testing"))), mode="testing"),
    row("sts-weaker", GOOD, 1, _CONFLICT, sts=sts(Web(policy("testing")))),
    row("sts-no-host", GOOD, 1, _UNREACHABLE, dns='_mta-sts TXT "v=STSv1; id=1;"'),
    row("sts-none", GOOD, 1, _CONFLICT, sts=sts(Web(policy("none")))),
    row("sts-conflict", GOOD, 1, _CONFLICT, sts=sts(Web(policy("enforce", "mx.elsewhere.net")))),
    row("sts-wildcard", GOOD, 0, _OK, sts=sts(Web(policy("enforce", "*.{domain}"))), patterns="."),
    row("sts-lf", GOOD, 0, _OK, sts=sts(Web(policy(end="\n")))),
    row("sts-charset", GOOD, 0, _OK,
        sts=sts(Web(policy(), headers="Content-Type: text/plain; charset=utf-16"))),
    row("sts-beside-txt", GOOD, 0, _OK, sts=sts(Web(policy()), "v=spf1 -all\nv=STSv1; id=1")),
    row("sts-twice-keys", GOOD, 0, _OK, sts=sts(Web(policy() + "mode: none\r\nmax_age: 1\r\n"))),
    row("sts-form-feed", GOOD, 1, _INVALID, sts=sts(Web(policy("enforce\x0cmode: none")))),
    row("sts-no-mx", GOOD, 1, _INVALID, sts=sts(Web("version: STSv1\nmode: enforce\nmax_age: 9\n"))),
    row("sts-max-age", GOOD, 1, _INVALID, sts=sts(Web(policy(max_age="99999999999")))),
    row("sts-html", GOOD, 1, _INVALID, sts=sts(Web(policy(), headers="Content-Type: text/html"))),
    row("sts-gzip", GOOD, 1, _INVALID, sts=sts(Web(policy(), script="gzip"))),
    row("sts-huge", GOOD, 1, _INVALID, sts=sts(Web(policy(), script="huge"))),
    row("sts-two-records", GOOD, 1, _INVALID, sts=sts(Web(policy()), "v=STSv1; id=1;\nv=STSv1; id=2;")),
    row("sts-bad-id", GOOD, 1, _INVALID, sts=sts(Web(policy()), "v=STSv1; id=not-alphanumeric;")),
    row("sts-v10", GOOD, 0, sts=sts(Web(policy()), "v=STSv10; id=1;")),
    row("sts-slow", GOOD, 1, _UNREACHABLE, sts=sts(Web(policy(), script="drip"))),
    row("sts-redirect", GOOD, 1, _UNREACHABLE,
        sts=sts(Web(policy(), "301 Moved", f"Location: https://mta-sts.sts.{ZONE}/.well-known/mta-sts.txt"))),
    row("sts-404", GOOD, 1, _UNREACHABLE, sts=sts(Web("no", "404 Not Found"))),
    row("sts-500", GOOD, 1, _UNREACHABLE, sts=sts(Web("no", "500 Oops"))),
    row("sts-wrong-name", GOOD, 1, _UNREACHABLE, sts=sts(Web(policy(), cert=Cert("www")))),
    row("sts-expired", GOOD, 1, _UNREACHABLE, sts=sts(Web(policy(), cert=Cert("mta-sts", days=(-90, -1))))),
    row("sts-refused", GOOD, 1, _UNREACHABLE, sts=sts(REFUSED)),
    row("sts-black-hole", GOOD, 1, _UNREACHABLE, sts=sts(BLACK_HOLE)),
    row("sts-private", GOOD, 1, _UNREACHABLE, sts=sts(At("10.0.0.9", Web(policy())))),
    row("tlsrpt", GOOD, 0, "-tlsrpt.absent", tlsrpt=REPORTS),
    row("tlsrpt-twice", GOOD, 1, "-tlsrpt.absent tlsrpt.invalid", tlsrpt=f"{REPORTS}\n{REPORTS}x"),
    row("tlsrpt-broken", GOOD, 1, "-tlsrpt.absent tlsrpt.invalid", tlsrpt="v=TLSRPTv1; rua="),
]  # fmt: skip

ROWS: tuple[Row, ...] = (*_GOOD_AND_BAD, *_DNS, *_DANE, *_SMTP, *_CERTIFICATES, *_TLS, *_STS)


def policy_list(rows: tuple[Row, ...] = ROWS) -> dict[str, object]:
    """The entries of these rows, as a policy.json has them (the dates are for `bump` or `--now`)."""
    return {
        "timestamp": "2026-11-01T00:00:00Z",
        "expires": "2026-11-15T00:00:00Z",
        "version": "0.1",
        "author": "tests/minternet",
        "policy-aliases": {},
        "policies": {each.domain: {"mode": each.mode, "mxs": list(each.mxs)} for each in rows},
    }
