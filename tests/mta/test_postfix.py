"""Postfix's own programs, on configurations that are thrown away; none of it needs root."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from stpolicy.errors import StpolicyError
from stpolicy.model.mail_server import PARAMETERS, Service
from stpolicy.model.table import TlsPolicy
from stpolicy.mta.postfix import Postfix
from tests.mta.smtp import mail_host
from tests.needs import needs
from tests.postfix_room import PostfixRoom, postfix_room

SECURE = TlsPolicy.read("secure match=mta-sts.example.org servername=hostname protocols=>=TLSv1.2")


@pytest.fixture
def server(tmp_path: Path) -> PostfixRoom:
    return postfix_room(tmp_path)


@pytest.fixture
def postfix(server: PostfixRoom) -> Postfix:
    return Postfix(server.etc)


def tool(folder: Path, name: str, text: str) -> None:
    """A program that stands in for one of Postfix's."""
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_version_and_types(postfix: Postfix) -> None:
    assert postfix.version() >= (3, 0)
    assert postfix.types() >= {"hash", "texthash", "static", "socketmap"}


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("3.7.11", (3, 7, 11)),
        ("3.10.13", (3, 10, 13)),
        ("3.12-20260821", (3, 12)),
        ("3.11-RC1", (3, 11)),
        ("four", ()),
        ("", ()),
    ],
)
def test_versions(
    text: str, version: tuple[int, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool(tmp_path, "postconf", f"echo '{text}'")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert Postfix().version() == version


def test_settings_are_those_in_force(postfix: Postfix, server: PostfixRoom) -> None:
    server.set(
        smtp_tls_policy_maps="${default_database_type}:/x,\n    socketmap:inet:127.0.0.1:8461:postfix",
        smtp_fallback_relay="$relayhost",
        relayhost="[relay.example.net]:587",
    )
    values = postfix.settings([*PARAMETERS, "tls_required_enable", "no_such_parameter"])
    assert set(PARAMETERS) <= set(values) <= {*PARAMETERS, "tls_required_enable"}
    assert values["smtp_tls_policy_maps"].endswith(":/x, socketmap:inet:127.0.0.1:8461:postfix")
    assert values["smtp_fallback_relay"] == "[relay.example.net]:587"
    assert values["transport_maps"] == ""
    assert values["smtputf8_enable"] in ("yes", "no")


def test_values_that_hold_what_a_line_may_hold(postfix: Postfix, server: PostfixRoom) -> None:
    server.set(relayhost="a\u2028b = c", smtp_tls_CAfile="/x=y\u0085/ca.pem")
    values = postfix.settings(["relayhost", "smtp_tls_CAfile"])
    assert values == {"relayhost": "a\u2028b = c", "smtp_tls_CAfile": "/x=y\u0085/ca.pem"}


def test_services(postfix: Postfix, server: PostfixRoom) -> None:
    server.master(
        "own unix - - y - - /usr/lib/postfix/sbin/smtp -o { smtp_tls_policy_maps = hash:/a, hash:/b }",
        "  -o smtp_helo_name=$myhostname",
        "127.0.0.1:10025 inet n - y - - smtpd -o content_filter=",
    )
    found = {(service.name, service.kind): service for service in postfix.services()}
    assert found["smtp", "inet"].program == "smtpd"
    assert found["smtp", "unix"] == Service("smtp", "unix", "smtp", {})
    assert found["relay", "unix"].overrides["smtp_fallback_relay"] == ""
    assert found["own", "unix"].program == "smtp"
    assert found["own", "unix"].overrides["smtp_tls_policy_maps"] == "hash:/a, hash:/b"
    assert "$" not in found["own", "unix"].overrides["smtp_helo_name"]
    assert found["127.0.0.1:10025", "inet"].overrides == {"content_filter": ""}
    assert found["uucp", "unix"].program == "pipe"


REPORTS = {
    "yes": ["yes"],
    "no": ["no"],
    "no; smtp/unix/smtp_tlsrpt_enable = YES": ["no", "yes"],
    "yes; smtp/unix/smtp_tlsrpt_enable = no": ["no", "yes"],
    "yes; smtp/unix/smtp_tlsrpt_enable = no; relay/unix/smtp_tlsrpt_enable = no": ["no"],
    "no; lmtp/unix/smtp_tlsrpt_enable = yes": ["no"],
}


@pytest.mark.parametrize("said", REPORTS)
def test_what_a_parameter_is_for_the_clients(
    said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a Postfix that is newer than that which may be here."""
    main, *overrides = said.split("; ")
    services = [
        f"{name} unix - - y - - {name.replace('relay', 'smtp')}" for name in ("smtp", "relay", "lmtp")
    ]
    answers = {"-M": services, "-Px": overrides}
    cases = "".join(f"{option}) printf '%s\\n' {shlex.join(lines)} ;;\n" for option, lines in answers.items())
    tool(tmp_path, "postconf", f"case $1 in\n{cases}esac")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert sorted(Postfix().client_values("smtp_tlsrpt_enable", main)) == REPORTS[said]


def test_without_master_cf_main_cf_counts(postfix: Postfix, server: PostfixRoom) -> None:
    (server.etc / "master.cf").unlink()
    assert postfix.client_values("smtp_tlsrpt_enable", "Yes") == {"yes"}


def test_without_master_cf_there_are_no_services(postfix: Postfix, server: PostfixRoom) -> None:
    (server.etc / "master.cf").unlink()
    assert postfix.services() == ()


def test_a_master_cf_that_is_none(postfix: Postfix, server: PostfixRoom) -> None:
    server.master("nonsense")
    with pytest.raises(StpolicyError, match=r"postconf: .*master\.cf"):
        postfix.services()


def test_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    needs("postconf", "postfix")
    with pytest.raises(StpolicyError, match=r"postconf: open .*main\.cf"):
        Postfix(tmp_path / "nowhere").settings(["relayhost"])


def test_what_the_site_is_warned_of_is_not_our_error(postfix: Postfix, server: PostfixRoom) -> None:
    server.set(no_such_parameter="1")
    assert postfix.settings(["relayhost"]) == {"relayhost": ""}


def test_a_program_that_fails_and_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool(tmp_path, "postconf", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(StpolicyError, match="said nothing"):
        Postfix().types()


def test_nothing_is_changed(postfix: Postfix, server: PostfixRoom) -> None:
    before = {path: path.read_bytes() for path in server.etc.iterdir()}
    postfix.settings(PARAMETERS)
    postfix.services()
    postfix.query(str(server.table), ["example.com"])
    assert {path: path.read_bytes() for path in server.etc.iterdir()} == before


def test_query(postfix: Postfix, server: PostfixRoom) -> None:
    server.table_text("t", "a.com x y\n* z\nb\u00fc.de u\n")
    found = postfix.query(f"texthash:{server.etc}/t", ["a.com", "b.com", "*", "b\u00fc.de"])
    assert found == {"a.com": "x y", "*": "z", "b\u00fc.de": "u"}
    assert postfix.query(f"texthash:{server.etc}/t", ["b.com"]) == {}
    assert postfix.query(f"texthash:{server.etc}/t", []) == {}


@pytest.mark.parametrize(
    "table", ["hash:/no/such", "nosuch:/x", "socketmap:inet:127.0.0.1:1:x", "-x:y", "/x"]
)
def test_a_table_that_cannot_be_asked(table: str, postfix: Postfix) -> None:
    with pytest.raises(StpolicyError, match="postmap: "):
        postfix.query(table, ["a.com"])


def test_how_a_person_calls_postconf() -> None:
    assert Postfix().postconf == "postconf"
    assert Postfix(Path("/it's here")).postconf == """postconf -c '/it'"'"'s here'"""


@pytest.mark.parametrize(
    ("certificate", "policy", "verified"),
    [
        ("good.pem", SECURE, True),
        ("other.pem", SECURE, False),
        ("another.pem", SECURE, False),
        (None, SECURE, False),
        ("good.pem", TlsPolicy.read("secure match=mx.example.org"), False),
        ("good.pem", TlsPolicy.read("secure match=.example.org"), True),
        ("good.pem", TlsPolicy.read("encrypt"), False),
        ("good.pem", TlsPolicy.read("secure match=mta-sts.example.org protocols=!TLSv1.2:!TLSv1.3"), False),
    ],
)
def test_an_attempt(
    certificate: str | None, policy: TlsPolicy, verified: bool, postfix: Postfix, authority: Path
) -> None:
    needs("posttls-finger", "postfix")
    pem = authority / certificate if certificate else None
    if certificate == "another.pem":
        pem = authority.parent / "another-with-key.pem"
        pem.write_bytes((authority / "another.pem").read_bytes() + (authority / "another.key").read_bytes())
    with mail_host(pem) as host:
        roots = {"smtp_tls_CAfile": str(authority / "ca.pem")}
        found = postfix.attempt("example.org", f"[127.0.0.1]:{host.port}", policy, roots)
        if certificate and policy is SECURE:
            assert host.asked == ["127.0.0.1"]
    assert found.verified is verified
    assert found.said
    assert (found.domain, found.host) == ("example.org", f"[127.0.0.1]:{host.port}")


def test_without_authorities_nothing_is_verified(postfix: Postfix, authority: Path) -> None:
    needs("posttls-finger", "postfix")
    with mail_host(authority / "good.pem") as host:
        found = postfix.attempt("example.org", f"[127.0.0.1]:{host.port}", SECURE, {})
    assert not found.verified


def test_a_host_that_is_not_there(postfix: Postfix) -> None:
    needs("posttls-finger", "postfix")
    found = postfix.attempt("example.org", "[127.0.0.1]:1", SECURE, {})
    assert not found.verified
    assert "refused" in found.said


FORGED = "posttls-finger: Verified TLS connection established to mx"


@pytest.mark.parametrize("separator", ["\r", "\r\n", "\v", "\x85", "\u2028", "\x1e", " "])
def test_a_reply_cannot_forge_the_verdict(separator: str, postfix: Postfix) -> None:
    """What the other side writes stands in the output; it never begins a line."""
    needs("posttls-finger", "postfix")
    with mail_host(None, b"") as host:
        host.ehlo = f"500 no{separator}{FORGED}{separator}\r\n".encode()
        found = postfix.attempt("example.org", f"[127.0.0.1]:{host.port}", SECURE, {})
    assert not found.verified
    assert "Verified" in found.said or separator == "\r\n"


@pytest.mark.parametrize("separator", ["\n", "\u2028", " "])
def test_a_certificate_cannot_forge_the_verdict(
    separator: str, postfix: Postfix, authority: Path, tmp_path: Path
) -> None:
    needs("posttls-finger", "postfix")
    pem = tmp_path / "forged.pem"
    request = [
        "req",
        "-x509",
        "-utf8",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "2",
    ]
    request += ["-subj", f"/CN=x{separator}{FORGED[:50]}", "-keyout", f"{tmp_path}/key.pem", "-out", str(pem)]
    subprocess.run(["openssl", *request], check=True, capture_output=True)
    pem.write_bytes(pem.read_bytes() + (tmp_path / "key.pem").read_bytes())
    with mail_host(pem) as host:
        roots = {"smtp_tls_CAfile": str(authority / "ca.pem")}
        found = postfix.attempt("example.org", f"[127.0.0.1]:{host.port}", SECURE, roots)
    assert not found.verified


def test_how_posttls_finger_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words that posttls-finger gets, and the configuration that it reads."""
    tool(tmp_path, "posttls-finger", 'echo "$MAIL_CONFIG|$*"')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = Postfix(tmp_path).attempt("example.org", "[a.org]", SECURE, {"smtp_tls_CApath": "/etc/certs"})
    words = "-c -L summary -l secure -P /etc/certs -p >=TLSv1.2 -s hostname -- [a.org] mta-sts.example.org"
    assert found.said == f"{tmp_path}|{words}"
    assert Postfix().attempt("a.org", "[a.org]", TlsPolicy("dane-only", (), {}), {}).said.startswith("|")
    assert os.environ.get("MAIL_CONFIG") is None
