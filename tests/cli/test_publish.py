"""The command `publish`: into a web root, and what is live at a URL."""

import errno
import os
from datetime import timedelta
from pathlib import Path

import pytest

from stpolicy import fetch, store
from tests import webserver
from tests.pairs import LATER, believing, codes, dated, place, sign, snapshot
from tests.personas import LIST, SIGNED, People
from tests.program import NOW, Program, Ran
from tests.webserver import Answer, Server, answer, drip, ok

ROOT = Path("www")


@pytest.fixture
def pair(room: Path, people: People) -> Path:
    ROOT.mkdir()
    return place(room, people.alice)


@pytest.fixture
def to(people: People) -> list[str]:
    """The options of an ordinary `publish`."""
    return ["publish", *believing(people, people.alice), "--now", NOW, "--to", "www"]


def test_a_pair_is_published(pair: Path, to: list[str], people: People, program: Program) -> None:
    ran = program(*to)
    assert (ran.code, ran.out) == (0, "")
    assert (ROOT / "policy.json").read_bytes() == LIST
    asc, ring = ROOT / "policy.json.asc", ROOT / "trusted.asc"
    who = ["--keyring", ring, "--signer", people.alice.fingerprint, "--now", NOW]
    assert program("verify", ROOT / "policy.json", "--signature", asc, *who).code == 0
    assert program(*to, "--quiet") == Ran(0, "", "")


def test_what_is_refused(pair: Path, to: list[str], people: People, program: Program) -> None:
    assert program(*to).code == 0
    before = snapshot(ROOT)
    for data, at, code in (
        (LIST + b"\n", SIGNED, "history.rolled_back"),
        (dated(SIGNED - timedelta(days=1)), SIGNED, "history.rolled_back"),
        (LIST, SIGNED - timedelta(seconds=1), "history.rolled_back"),
        (dated(SIGNED - timedelta(days=20)), SIGNED, "dates.expired"),
    ):
        pair.write_bytes(data)
        sign(pair, people.alice, at=at)
        ran = program(*to)
        assert ran.code == 1
        assert code in codes(ran.out)
    pair.write_bytes(dated(LATER))
    assert codes(program(*to).out) == ["signature.bad"]
    assert snapshot(ROOT) == before


def test_threshold(pair: Path, to: list[str], people: People, program: Program) -> None:
    both = [*to, "--signer", people.bob.fingerprint, "--threshold", "2"]
    assert codes(program(*both).out) == ["signature.threshold"]
    assert snapshot(ROOT) == {}
    sign(pair, people.alice, people.bob)
    assert program(*both).code == 0


@pytest.mark.parametrize("missing", ["policy.json", "policy.json.asc"])
def test_a_file_that_is_missing(missing: str, pair: Path, to: list[str], program: Program) -> None:
    Path(missing).unlink()
    assert program(*to).code == 3
    assert list(ROOT.iterdir()) == []


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--to", "none"],
        ["--to", "policy.json"],
        ["--to", "www", "--ca-file", "none.pem"],
        ["--to", "www", "--check-url", "http://127.0.0.1/"],
        ["--to", "www", "--check-url", "http://example.org/", "--allow-http"],
        ["--to", "www", "--check-url", "nonsense"],
        ["--to", "www", "--check-url", "https://[::1"],
        ["--to", "www", "--threshold", "2"],
    ],
    ids=" ".join,
)
def test_used_wrongly(options: list[str], pair: Path, people: People, program: Program) -> None:
    assert program("publish", *believing(people, people.alice), "--now", NOW, *options).code == 2
    assert list(ROOT.iterdir()) == [], "nothing is published before everything is understood"


@pytest.mark.parametrize(
    ("to", "mend"), [("none", "mkdir -p none"), ("policy.json", "name the folder")], ids=str
)
def test_where_there_is_no_folder_the_next_step_fits(
    pair: Path, people: People, program: Program, to: str, mend: str
) -> None:
    ran = program("publish", *believing(people, people.alice), "--to", to)
    assert ran.code == 2
    assert mend in ran.err
    assert ("mkdir" in ran.err) is (to == "none")


def test_a_file_in_the_place_of_the_versions(pair: Path, to: list[str], program: Program) -> None:
    (ROOT / "versions").touch()
    ran = program(*to)
    assert ran.code == 3
    assert "www/versions is there and is no folder" in ran.err
    assert "next:" in ran.err


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES])
def test_a_web_root_that_cannot_be_written(
    pair: Path, to: list[str], program: Program, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(folder: Path) -> None:
        raise OSError(number, os.strerror(number), str(folder / ".lock"))

    monkeypatch.setattr(store, "locked", refuse)
    ran = program(*to)
    assert ran.code == 3
    assert f"www/.lock: {os.strerror(number)}" in ran.err
    assert "next: let who runs this write to www" in ran.err


def test_an_older_list_is_not_dated_anew_over_a_newer_one(
    pair: Path, to: list[str], people: People, program: Program
) -> None:
    """To bump it would take back what somebody else has published."""
    assert program(*to).code == 0
    for data, at in ((dated(SIGNED - timedelta(days=1)), SIGNED), (LIST, SIGNED - timedelta(seconds=1))):
        pair.write_bytes(data)
        sign(pair, people.alice, at=at)
        ran = program(*to)
        assert codes(ran.out) == ["history.rolled_back"]
        assert "(fetch what is published and merge it" in ran.out
        assert "bump" not in ran.out


def test_no_pins(pair: Path, people: People, program: Program) -> None:
    assert program("publish", "--to", "www").code == 2
    assert program("publish", "--to", "www", "--signer", people.alice.fingerprint).code == 2


def test_r5_busy(pair: Path, to: list[str], program: Program) -> None:
    with store.locked(ROOT):
        assert program(*to).code == 75
    assert program(*to).code == 0


def test_something_is_in_the_way(pair: Path, to: list[str], program: Program) -> None:
    (ROOT / "policy.json").write_bytes(b"by hand")
    assert program(*to).code == 3
    assert (ROOT / "policy.json").read_bytes() == b"by hand"


@pytest.fixture
def live(pair: Path, server: Server) -> Server:
    """A server that serves the pair."""
    asc = Path("policy.json.asc").read_bytes()
    server.answers |= {"/policy.json": ok(LIST), "/policy.json.asc": ok(asc)}
    return server


@pytest.fixture
def check(people: People, authority: Path) -> list[str]:
    """The options of a look at what is live."""
    ca = str(authority / "ca.pem")
    return ["publish", *believing(people, people.alice), "--now", NOW, "--ca-file", ca, "--check-url"]


@pytest.mark.parametrize("path", ["", "/", "/policy.json"])
def test_what_is_live_is_good(path: str, live: Server, check: list[str], program: Program) -> None:
    ran = program(*check, f"{live.url}{path}")
    assert (ran.code, ran.out) == (0, "")
    assert len(live.requests) == 2
    assert list(ROOT.iterdir()) == []


def test_publish_and_look(live: Server, check: list[str], program: Program) -> None:
    assert program(*check, live.url, "--to", "www").code == 0
    assert (ROOT / "policy.json").read_bytes() == LIST


@pytest.mark.parametrize("quiet", [[], ["--quiet"]], ids=str)
def test_the_switch_is_told_when_nobody_can_look(
    pair: Path, check: list[str], server: Server, program: Program, quiet: list[str]
) -> None:
    """The switch stands whether or not the URL can be reached."""
    server.close()
    ran = program(*check, server.url, "--to", "www", *quiet)
    assert ran.code == 3
    assert (ROOT / "policy.json").read_bytes() == LIST
    version = store.current(ROOT)
    assert f"; all the same, www has the new version {version}\n" in ran.err
    assert server.url in ran.err
    assert f"next: stpolicy publish --check-url {server.url}" in ran.err
    alone = program(*check, server.url)
    assert alone.code == 3
    assert "new version" not in alone.err


def test_what_is_live_is_newer(live: Server, check: list[str], people: People, program: Program) -> None:
    asc = people.alice.sign(dated(LATER))
    live.answers |= {"/policy.json": ok(dated(LATER)), "/policy.json.asc": ok(asc)}
    assert program(*check, live.url).code == 0


def test_t2_what_is_live_is_old(live: Server, check: list[str], people: People, program: Program) -> None:
    old = dated(SIGNED - timedelta(days=1))
    live.answers |= {"/policy.json": ok(old), "/policy.json.asc": ok(people.alice.sign(old))}
    ran = program(*check, live.url)
    assert (ran.code, codes(ran.out)) == (1, ["history.rolled_back"])


def test_t16_what_is_live_is_mixed(live: Server, check: list[str], program: Program) -> None:
    live.answers["/policy.json"] = ok(dated(LATER))
    ran = program(*check, live.url)
    assert (ran.code, codes(ran.out)) == (1, ["signature.bad"])


LIVE: dict[str, tuple[Answer, int]] = {
    "wrong bytes": (ok(LIST + b" "), 1),
    "r10 cut off where nobody sees it": (answer("200 OK", LIST[:-1]), 1),
    "a page for people": (ok(b"<html>"), 1),
    "r10 cut off": (answer("200 OK", LIST, f"Content-Length: {len(LIST) + 1}"), 3),
    "a length that is too small": (answer("200 OK", LIST, f"Content-Length: {len(LIST) - 1}"), 1),
    "r13 a redirect to http": (answer("302 Found", b"", "Location: http://127.0.0.1/elsewhere"), 3),
    "not found": (answer("404 Not Found", LIST), 3),
    "r11 gzip": (ok(LIST, "Content-Encoding: gzip"), 3),
    "t14 too large": (answer("200 OK", b" " * 5000), 3),
    "nothing": (b"", 3),
}


@pytest.mark.parametrize("name", LIVE)
@pytest.mark.parametrize("file", ["/policy.json", "/policy.json.asc"])
def test_what_is_live_is_wrong(
    name: str, file: str, live: Server, check: list[str], program: Program
) -> None:
    said, code = LIVE[name]
    live.answers |= {file: said, "/elsewhere": ok(LIST)}
    if name == "t14 too large" and file.endswith(".asc"):
        live.answers[file] = answer("200 OK", b" " * 65537)
    assert program(*check, live.url, "--max-size", "4000").code == code
    assert "/elsewhere" not in "".join(live.requests)


def test_r12_what_is_live_drips(
    live: Server, check: list[str], program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.answers["/policy.json"] = drip(answer("200 OK", b""), b"x")
    monkeypatch.setattr(fetch, "DEADLINE", 0.4)
    ran = program(*check, live.url)
    assert ran.code == 3
    assert "did not answer within" in ran.err


def test_a_certificate_that_is_not_good(
    live: Server, check: list[str], authority: Path, program: Program
) -> None:
    check[check.index("--ca-file") + 1] = str(authority / "another.pem")
    assert program(*check, live.url).code == 3
    assert live.requests == []


def test_http_for_tests(live: Server, check: list[str], program: Program) -> None:
    with webserver.serving() as plain:
        plain.answers = live.answers
        assert program(*check, plain.url).code == 2
        assert program(*check, plain.url, "--allow-http").code == 0
