"""`--from-mta-sts`: patterns from the policy that a domain publishes over HTTPS."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import certifi
import pytest
from dns.rcode import Rcode

from tests.checker import nameserver
from tests.checker.nameserver import NameServer, saying
from tests.program import Program, Ran, canonical_list
from tests.webserver import Answer, Server, answer, ok

PATH = "/.well-known/mta-sts.txt"
POLICY = b"version: STSv1\r\nmode: enforce\r\nmx: mx1.example.net\r\nmx: *.example.com\r\nmax_age: 604800\r\n"
PLAIN = "Content-Type: text/plain"
GOOD = ok(POLICY, PLAIN)
TXT = ("_mta-sts.example.org", "TXT")
MXS = ["mx1.example.net", ".example.com"]


@pytest.fixture
def names() -> Iterator[NameServer]:
    """A name server, where mta-sts.example.org is this machine."""
    with nameserver.threaded() as server:
        server.put(*TXT, '"v=STSv1; id=1"')
        server.put("mta-sts.example.org", "A", "127.0.0.1")
        yield server


@dataclass
class Edit:
    """Runs a command with --from-mta-sts, in a room with a list."""

    program: Program
    server: Server
    names: NameServer
    ca_file: Path

    def __call__(self, *arguments: object, said: Answer = GOOD) -> Ran:
        self.server.answers[PATH] = said
        resolver = ":".join(map(str, self.names.address))
        where = ("--resolver", resolver, "--https-port", self.server.port, "--allow-private")
        return self.program(*arguments, "--from-mta-sts", "--ca-file", self.ca_file, *where)


@pytest.fixture
def edit(program: Program, server: Server, names: NameServer, authority: Path) -> Edit:
    return Edit(program, server, names, authority / "ca.pem")


def _entry(path: Path, domain: str = "example.org") -> Any:
    return json.loads(path.read_bytes())["policies"].get(domain)


def test_add_is_in_testing(edit: Edit, room: Path) -> None:
    path = canonical_list(room / "policy.json")
    assert edit("add", "example.org").code == 0
    assert _entry(path) == {"mode": "testing", "mxs": MXS}
    (request,) = edit.server.requests
    assert request.startswith(f"GET {PATH} ")
    assert "host: mta-sts.example.org" in request.lower()


def test_add_in_the_mode_that_is_asked_for(edit: Edit, room: Path) -> None:
    path = canonical_list(room / "policy.json")
    assert edit("add", "example.org", "--mode", "enforce").code == 0
    assert _entry(path)["mode"] == "enforce"


def test_set_keeps_the_mode(edit: Edit, room: Path) -> None:
    path = canonical_list(
        room / "policy.json", policies={"example.org": {"mode": "enforce", "mxs": ["old.example.org"]}}
    )
    assert edit("set", "example.org").code == 0
    assert _entry(path) == {"mode": "enforce", "mxs": MXS}


REFUSED: dict[str, tuple[Answer, int]] = {
    "mode none asks not to be listed": (ok(POLICY.replace(b"enforce", b"none"), PLAIN), 1),
    "h20 redirect": (answer("301 Moved", b"", "Location: /x", "Content-Length: 0"), 3),
    "h21 too large": (ok(POLICY + b"x: " + b"y" * 65536, PLAIN), 3),
    "h21 gzip": (ok(gzip.compress(POLICY), PLAIN, "Content-Encoding: gzip"), 3),
    "h22 another type": (ok(POLICY, "Content-Type: text/html"), 3),
    "no policy": (answer("404 Not Found", b"no", "Content-Length: 2"), 3),
    "h24 form feed": (ok(POLICY.replace(b"enforce", b"enforce\x0cmode: none"), PLAIN), 3),
    "l1 mx that injects": (ok(POLICY.replace(b"mx1.example.net", b"mx1.example.net:.com"), PLAIN), 3),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, edit: Edit, room: Path) -> None:
    path = canonical_list(room / "policy.json")
    before = path.read_bytes()
    said, code = REFUSED[name]
    assert edit("add", "example.org", said=said).code == code
    assert path.read_bytes() == before


def test_an_authority_that_mozilla_does_not_know(edit: Edit, room: Path) -> None:
    path = canonical_list(room / "policy.json")
    before = path.read_bytes()
    assert replace(edit, ca_file=Path(certifi.where()))("add", "example.org").code == 3
    assert path.read_bytes() == before


NO_RECORD: dict[str, Callable[[NameServer], object]] = {
    "c10 longer version": lambda names: names.put(*TXT, '"v=STSv10; id=1"'),
    "two records": lambda names: names.put(
        "_mta-sts.example.org", "TXT", '"v=STSv1; id=1"', '"v=STSv1; id=2"'
    ),
    "no id": lambda names: names.put(*TXT, '"v=STSv1;"'),
    "none": lambda names: names.zone.pop(TXT),
    "an error": lambda names: names.behaviours.update({"_mta-sts.example.org": saying(Rcode.SERVFAIL)}),
}


@pytest.mark.parametrize("name", NO_RECORD)
def test_without_one_right_record_there_is_no_policy(name: str, edit: Edit, room: Path) -> None:
    """Whatever the web server says: it is not even asked."""
    path = canonical_list(room / "policy.json")
    before = path.read_bytes()
    NO_RECORD[name](edit.names)
    assert edit("add", "example.org").code == 3
    assert path.read_bytes() == before
    assert edit.server.requests == []


def test_an_address_that_is_not_global_is_connected_to_only_when_asked(edit: Edit, room: Path) -> None:
    canonical_list(room / "policy.json")
    resolver = ":".join(map(str, edit.names.address))
    where = ("--resolver", resolver, "--https-port", edit.server.port, "--ca-file", edit.ca_file)
    assert edit.program("add", "example.org", "--from-mta-sts", *where).code == 3
    assert edit.server.requests == []


@pytest.mark.parametrize("other", [("--mx", "mx.example.org"), ("--alias", "x")], ids=" ".join)
@pytest.mark.parametrize("command", ["add", "set"])
def test_stands_alone(command: str, other: tuple[str, str], program: Program, room: Path) -> None:
    canonical_list(room / "policy.json")
    assert program(command, "example.org", "--from-mta-sts", *other).code == 2


@pytest.mark.parametrize("command", ["add", "set"])
def test_bad_name(command: str, program: Program, room: Path) -> None:
    canonical_list(room / "policy.json")
    assert program(command, "127.0.0.1", "--from-mta-sts").code == 2
