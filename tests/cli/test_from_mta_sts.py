"""`--from-mta-sts`: patterns from the policy that a domain publishes over HTTPS."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.program import Program, Ran, canonical_list
from tests.web import Answer, Server, answer, ok

PATH = "/.well-known/mta-sts.txt"
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mx1.example.net\r\nmx: *.example.com\r\nmax_age: 604800\r\n"
GOOD = ok(POLICY)
MXS = ["mx1.example.net", ".example.com"]


@pytest.fixture(autouse=True)
def host_leads_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """mta-sts.example.org is this machine. The resolver is replaced: a test has no say in real DNS."""
    real = socket.getaddrinfo

    def resolve(host: str, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if host == "mta-sts.example.org" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def _run(program: Program, server: Server, authority: Path, *arguments: str, said: Answer = GOOD) -> Ran:
    server.answers[PATH] = said
    ca, port = str(authority / "ca.pem"), str(server.port)
    return program(*arguments, "--from-mta-sts", "--ca-file", ca, "--https-port", port)


def _entry(path: Path, domain: str = "example.org") -> Any:
    return json.loads(path.read_bytes())["policies"].get(domain)


def test_add_is_in_testing(program: Program, room: Path, server: Server, authority: Path) -> None:
    path = canonical_list(room / "policy.json")
    assert _run(program, server, authority, "add", "example.org").code == 0
    assert _entry(path) == {"mode": "testing", "mxs": MXS}
    assert server.requests[0].startswith(f"GET {PATH} ")
    assert "host: mta-sts.example.org" in server.requests[0].lower()


def test_add_in_the_mode_that_is_asked_for(
    program: Program, room: Path, server: Server, authority: Path
) -> None:
    path = canonical_list(room / "policy.json")
    assert _run(program, server, authority, "add", "example.org", "--mode", "enforce").code == 0
    assert _entry(path)["mode"] == "enforce"


def test_set_keeps_the_mode(program: Program, room: Path, server: Server, authority: Path) -> None:
    path = canonical_list(
        room / "policy.json", policies={"example.org": {"mode": "enforce", "mxs": ["old.example.org"]}}
    )
    assert _run(program, server, authority, "set", "example.org").code == 0
    assert _entry(path) == {"mode": "enforce", "mxs": MXS}


REFUSED: dict[str, tuple[Answer, int]] = {
    "mode none asks not to be listed": (ok(POLICY.replace(b"enforce", b"none")), 1),
    "h20 redirect": (answer("301 Moved", b"", "Location: /x", "Content-Length: 0"), 3),
    "h21 too large": (ok(POLICY + b"x: " + b"y" * 65536), 3),
    "h21 gzip": (ok(POLICY, "Content-Encoding: gzip"), 3),
    "no policy": (answer("404 Not Found", b"no", "Content-Length: 2"), 3),
    "h24 form feed": (ok(POLICY.replace(b"enforce", b"enforce\x0cmode: none")), 3),
    "l1 mx that injects": (ok(POLICY.replace(b"mx1.example.net", b"mx1.example.net:.com")), 3),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, program: Program, room: Path, server: Server, authority: Path) -> None:
    path = canonical_list(room / "policy.json")
    before = path.read_bytes()
    said, code = REFUSED[name]
    assert _run(program, server, authority, "add", "example.org", said=said).code == code
    assert path.read_bytes() == before


def test_certificate_for_another_name(program: Program, room: Path, server: Server, authority: Path) -> None:
    path = canonical_list(room / "policy.json")
    before = path.read_bytes()
    arguments = ["add", "example.org", "--from-mta-sts", "--https-port", str(server.port)]
    assert program(*arguments).code == 3, "an authority that Mozilla does not know"
    assert path.read_bytes() == before


@pytest.mark.parametrize("other", [("--mx", "mx.example.org"), ("--alias", "x")], ids=" ".join)
@pytest.mark.parametrize("command", ["add", "set"])
def test_stands_alone(command: str, other: tuple[str, str], program: Program, room: Path) -> None:
    canonical_list(room / "policy.json")
    assert program(command, "example.org", "--from-mta-sts", *other).code == 2


@pytest.mark.parametrize("command", ["add", "set"])
def test_bad_name(command: str, program: Program, room: Path) -> None:
    canonical_list(room / "policy.json")
    assert program(command, "127.0.0.1", "--from-mta-sts").code == 2
