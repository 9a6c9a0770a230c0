"""`doctor --test`: sessions with the mail servers of a domain, under its row."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mta.smtp import mail_host
from tests.needs import needs
from tests.pairs import codes
from tests.postfix_room import FINGERPRINT, PostfixRoom, postfix_room
from tests.program import NOW, Program, Ran


@pytest.fixture
def server(room: Path) -> PostfixRoom:
    return postfix_room(room)


@pytest.fixture
def doctor(server: PostfixRoom, program: Program) -> Callable[..., Ran]:
    """The command on this server."""

    def ask(*arguments: object) -> Ran:
        options = ["--dir", server.lib, "--postfix-config", server.etc, "--signer", FINGERPRINT, "--now", NOW]
        return program("doctor", *options, *arguments)

    return ask


PATTERNS = "secure match={} servername=hostname protocols=>=TLSv1.2"


@pytest.mark.parametrize(
    ("certificate", "pattern", "verified"),
    [
        ("good.pem", "mta-sts.example.org", True),
        ("good.pem", "mx.example.com:.example.org", True),
        ("other.pem", "mta-sts.example.org", False),
        ("good.pem", "mx.example.com", False),
        (None, "mta-sts.example.org", False),
    ],
)
def test_a_domain_is_tested_under_its_row(
    certificate: str | None,
    pattern: str,
    verified: bool,
    doctor: Callable[..., Ran],
    server: PostfixRoom,
    authority: Path,
) -> None:
    needs("posttls-finger", "postfix")
    server.map({"example.com": PATTERNS.format(pattern), "example.org": PATTERNS.format("x.example.org")})
    server.set(smtp_tls_CAfile=str(authority / "ca.pem"))
    with mail_host(authority / certificate if certificate else None) as host:
        ran = doctor("--test", "EXAMPLE.com.", "--mx", host.address, "--format", "json")
        text = doctor("--test", "example.com", "--mx", host.address)
    said = json.loads(ran.out)
    assert [attempt["verified"] for attempt in said["test"]] == [verified]
    assert said["test"][0]["host"] == f"[127.0.0.1]:{host.port}"
    assert codes(ran.out) == ([] if verified else ["postfix.unverified"])
    assert (ran.code, text.code) == ((0, 0) if verified else (1, 1))
    assert ("verified: Verified TLS connection" in text.err) is verified


def test_every_host_must_meet_the_policy(
    doctor: Callable[..., Ran], server: PostfixRoom, authority: Path
) -> None:
    needs("posttls-finger", "postfix")
    server.map({"example.com": PATTERNS.format("mta-sts.example.org")})
    server.set(smtp_tls_CAfile=str(authority / "ca.pem"))
    with mail_host(authority / "good.pem") as good, mail_host(authority / "other.pem") as bad:
        ran = doctor("--test", "example.com", "--mx", good.address, "--mx", bad.address, "--format", "json")
    assert ran.code == 1
    assert [attempt["verified"] for attempt in json.loads(ran.out)["test"]] == [True, False]


STS = "policy_type=sts policy_domain=example.com mx_host_pattern=mx.example.com mx_host_pattern=*.example.org"


@pytest.mark.parametrize(
    ("host", "verified"),
    [
        ("mx.example.com", True),
        ("MX9.example.org", True),
        ("a.b.example.org", False),
        ("example.org", False),
        ("mx.evil.example", False),
        ("192.0.2.1", False),
        ("2001:db8::1", False),
    ],
)
def test_rows_of_match_mx_bind_the_name_of_the_host(
    host: str, verified: bool, doctor: Callable[..., Ran], server: PostfixRoom, finger: Path
) -> None:
    """And then the certificate's to it: any other name that the row has is not enough."""
    server.map({"example.com": f"{PATTERNS.format('mx.example.com:.example.org')} {STS}"})
    (attempt,) = json.loads(doctor("--test", "example.com", "--mx", host, "--format", "json").out)["test"]
    assert attempt["verified"] is verified
    if verified:
        assert attempt["said"].endswith(f" -- [{host.lower()}] {host.lower()}")
    plain = PATTERNS.format("mx.example.com")
    for pattern in ("mx_host_pattern=.example.org", "mx_host_pattern=*", "mx_host_pattern=*example.org"):
        server.map({"example.com": f"{plain} policy_type=sts {pattern}"})
        ran = doctor("--test", "example.com", "--mx", "mx9.example.org", "--format", "json")
        assert [found["verified"] for found in json.loads(ran.out)["test"]] == [False]


def test_a_certificate_with_a_name_of_the_row_is_not_enough_for_match_mx(
    doctor: Callable[..., Ran], server: PostfixRoom, authority: Path
) -> None:
    """Postfix would not even connect to a host by another name."""
    needs("posttls-finger", "postfix")
    row = f"{PATTERNS.format('mta-sts.example.org')} policy_type=sts mx_host_pattern=mta-sts.example.org"
    server.map({"example.com": row})
    server.set(smtp_tls_CAfile=str(authority / "ca.pem"))
    with mail_host(authority / "good.pem") as host:
        ran = doctor("--test", "example.com", "--mx", host.address, "--format", "json")
    assert (ran.code, [attempt["verified"] for attempt in json.loads(ran.out)["test"]]) == (1, [False])


@pytest.fixture
def finger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A posttls-finger that verifies whatever it is asked, and says what that was."""
    made = tmp_path / "posttls-finger"
    made.write_text('#!/bin/sh\necho "posttls-finger: Verified TLS connection established to $*"\n')
    made.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return made


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("mx.example.com", "[mx.example.com]"),
        ("MX.Example.COM.:2525", "[mx.example.com]:2525"),
        ("[mx.example.com]:25", "[mx.example.com]:25"),
        ("[mx.example.com]", "[mx.example.com]"),
        ("192.0.2.1", "[192.0.2.1]"),
        ("192.0.2.1:25", "[192.0.2.1]:25"),
        ("2001:db8::1", "[ipv6:2001:db8::1]"),
        ("[2001:db8::1]:25", "[ipv6:2001:db8::1]:25"),
        ("b\u00fccher.example", "[xn--bcher-kva.example]"),
    ],
)
def test_hosts_as_postfix_names_them(
    given: str, asked: str, doctor: Callable[..., Ran], finger: Path
) -> None:
    ran = doctor("--test", "example.com", "--mx", given, "--format", "json")
    assert ran.code == 0
    (attempt,) = json.loads(ran.out)["test"]
    assert attempt["host"] == asked
    assert f" -- {asked} mx.example.com" in attempt["said"]
