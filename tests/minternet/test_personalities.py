"""Each server of the table does what its row says, to clients that know nothing of ours."""

from pathlib import Path

import pytest

from tests.minternet.behaviour import Fate, Smtp, full
from tests.minternet.clients import ask, finger
from tests.minternet.personalities import ROWS
from tests.minternet.row import ZONE, Row
from tests.minternet.world import World
from tests.needs import needs

# What posttls-finger says where that is not `Verified`; None where it would wait.
_BAD = {
    "bad-fifth-of-six": None, "one-address-of-two": None, "ipv6-broken": None, "one-bad-certificate": None,
    "private": None, "private-ipv6": None, "private-too": None,
    "bad.good-and-bad": "", "clear": "", "stripped": "",
    "dummy.dummy-first": "Connection refused", "refused": "Connection refused",
    "no-route": "No route to host",
    "backup.dead-backup": None, "black-hole": None,
    "trap.trap-421": "421 4.3.0", "trap.trap-554": "554 5.7.1", "only-trap-421": "421 4.3.0",
    "only-trap-554": "554 5.7.1",
    "bogus": "try again", "silent-dns": None, "lame": "try again",
    "grey-at-banner": "451 4.7.1", "grey-at-ehlo": "450 4.7.1", "helo-only": "502 5.5.1",
    "starttls-454": "454 4.7.0", "starttls-502": "502 5.5.1", "starttls-554": "554 5.7.0",
    "endless-banner": None, "endless-ehlo": None, "endless-line": None, "drip": None, "drip-ehlo": None,
    "silent": None, "tls-silent": None, "tls-drip": None, "endless-within-tls": None,
    "ssh": "0 SSH-2.0", "closes": "lost connection", "closes-at-ehlo": "lost connection",
    "wants-certificate-tls12": "SSL_connect error", "signs-with-sha1": "SSL_connect error",
    "tls-garbage": "SSL_connect error", "tls-closes": "SSL_connect error", "164-kb": "SSL_connect error",
    "expired": "has expired", "not-yet": "not yet valid", "self-signed": "self-signed certificate",
    "unknown-root": "Nobody's Root", "no-intermediate": "untrusted issuer /CN=Minternet CA",
    "wrong-purpose": "not designated for use as a server", "sha1": "digest algorithm too weak",
    "dot-in-certificate": "hostname mismatch", "full-width": "hostname mismatch",
    "wrong-name": "hostname mismatch", "wrong-wildcard": "hostname mismatch",
    "only-tls10": ": TLSv1 with", "only-tls11": ": TLSv1.1 with", "only-tls12": ": TLSv1.2 with",
}  # fmt: skip

_CASES = [
    pytest.param(row, label, said, id=key)
    for row in ROWS
    for label in row.servers
    for key in (row.name if label in {"mx", "@"} else f"{label}.{row.name}",)
    for said in (_BAD.get(key, "Verified TLS connection"),)
    if said is not None
]


@pytest.mark.parametrize(("row", "label", "said"), _CASES)
def test_postfix_says_so(internet: World, row: Row, label: str, said: str) -> None:
    needs("posttls-finger", "postfix")
    found = finger(internet, full(label, row.domain).replace("*", "m1"), *row.mxs)
    assert said in found
    assert found or not said


@pytest.mark.parametrize(
    ("question", "answer"),
    {
        "plain MX": [1, True, f"10 mx.plain.{ZONE}."],
        "insecure MX": [1, False, f"10 mx.insecure.{ZONE}."],
        "bogus MX": "NoNameservers",
        "lame MX": "NoNameservers",
        "silent-dns MX": "LifetimeTimeout",
        "nxdomain MX": "NXDOMAIN",
        "no-data MX": "NoAnswer",
        "no-data A": "NoAnswer",
        "null-mx MX": [1, True, "0 ."],
        "null-mx-and-more MX": [2, True, "0 ."],
        "implicit MX": "NoAnswer",
        "loop MX": "NoNameservers",
        "domain-alias MX": [1, True, f"10 mx.plain.{ZONE}."],
        "mx.mx-loop A": "NoNameservers",
        "mx.mx-gone A": "NXDOMAIN",
        "mx-address MX": [1, True, "10 45.9.16.1."],
        "mx-localhost MX": [1, True, "10 localhost."],
        "mx-shell MX": [2, True, None],
        "mx.private A": [4, True, None],
        "mx.private-ipv6 AAAA": [4, True, None],
        "many-mx MX": [1400, False, None],
        "_25._tcp.mx.dane TLSA": [1, True, None],
        "_25._tcp.mx.dane-rollover TLSA": [2, True, None],
        "_25._tcp.mx.dane-insecure TLSA": [1, False, None],
        "_25._tcp.mx.plain TLSA": "NXDOMAIN",
        "_mta-sts.sts-two-records TXT": [2, True, None],
        "_smtp._tls.tlsrpt-twice TXT": [2, True, None],
    }.items(),
)
def test_dns_says_so(internet: World, question: str, answer: str | list[object]) -> None:
    name, kind = question.split()
    asked = f"{name}.{ZONE} {kind}"
    said = ask(internet, asked)[asked]
    if (isinstance(answer, list) and answer[2] is None) or name == "null-mx-and-more":
        assert said[:2] == answer[:2]
    elif name == "silent-dns":
        assert said in {answer, "NoNameservers"}  # once the resolver has given up on its server
    else:
        assert said == answer


@pytest.mark.parametrize(
    ("name", "said"),
    {
        "sts": "0 200 text/plain",
        "sts-charset": "0 200 text/plain; charset=utf-16",
        "sts-html": "0 200 text/html",
        "sts-redirect": "0 301 ",
        "sts-404": "0 404 text/plain",
        "sts-500": "0 500 text/plain",
        "sts-gzip": "0 200 text/plain",
        "sts-slow": "28 200 text/plain",
        "sts-huge": "63 200 text/plain",
        "sts-wrong-name": "60 000 ",
        "sts-expired": "60 000 ",
        "sts-refused": "7 000 ",
        "sts-black-hole": "28 000 ",
        "sts-private": "0 200 text/plain",
    }.items(),
)
def test_curl_says_so(internet: World, name: str, said: str) -> None:
    url = f"https://mta-sts.{name}.{ZONE}/.well-known/mta-sts.txt"
    asking: list[str | Path] = [
        needs("curl", "curl"),
        "-q",
        "-s",
        "-m",
        "2",
        "--cacert",
        internet.ca_file,
        "-o",
        "/dev/null",
    ]
    bounded = ["--max-filesize", "100000", "-w", "%{http_code} %{content_type}"]
    done = internet.run([*asking, *bounded, url])
    assert f"{done.returncode} {done.stdout}" in {said, said.replace("63 ", "28 ")}


def test_every_address_of_the_table_is_looked_at_here() -> None:
    """Postfix is asked about all of them but those that take time, or that have two addresses."""
    waiting = {key for key, said in _BAD.items() if said is None}
    assert waiting <= {row.name for row in ROWS} | {"backup.dead-backup"}
    assert {Fate.REFUSED, Fate.BLACK_HOLE, Fate.NO_ROUTE} <= {
        server
        for row in ROWS
        for servers in row.servers.values()
        for server in servers
        if isinstance(server, Fate)
    }
    assert any(
        isinstance(server, Smtp) for row in ROWS for servers in row.servers.values() for server in servers
    )
