"""Domains that asked not to be looked at (D15 of the old service: it said 429, and nothing)."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from stpolicy.errors import Misuse
from stpolicy.model.scanned import State
from stpolicy.web.excluded import Excluded
from tests.web.plain import NOWHERE, settings
from tests.web.running import Running, ask, running

FILE = """\
# asked by mail
example.com   # on 2026-11-20
BÜCHER.example.org
xn--mnchen-3ya.example.org

Upper.Example.NET.
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "no-scan.txt"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture
def service(tmp_path: Path, file: Path) -> Iterator[Running]:
    with running(settings(tmp_path, exclude=file, limit="1000/hour")) as found:
        yield found


def write(file: Path, text: str) -> None:
    """Another version, whatever the clock of the file system can tell apart."""
    before = file.stat().st_mtime_ns
    file.write_text(text)
    os.utime(file, ns=(before + 10**9, before + 10**9))


@pytest.mark.parametrize(
    "domain",
    [
        "example.com",
        "EXAMPLE.com.",
        "mail.example.com",
        "a.b.c.example.com",
        "bücher.example.org",
        "xn--bcher-kva.example.org",
        "shop.Bücher.example.org",
        "münchen.example.org",
        "upper.example.net",
    ],
)
def test_d15_who_asked_not_to_be_looked_at_is_not_and_a_sentence_says_so(
    service: Running, domain: str
) -> None:
    refused = ask(service.client(), domain)
    assert refused.status_code == refused.json()["status_code"] == 403
    assert refused.json()["message"].endswith("asked not to be looked at by this service")
    assert refused.json()["response"] == {}
    many = service.client().post("/api/scans", json={"domains": [domain, "other.org"]})
    assert [one["status_code"] for one in many.json()["response"]["scans"]] == [403, 202]
    with service.ledger() as ledger:
        assert ledger.counts()[State.QUEUED] == 1


@pytest.mark.parametrize(
    "domain", ["ample.com", "notexample.com", "example.org", "example.com.org", "com.org"]
)
def test_others_are_looked_at(service: Running, domain: str) -> None:
    assert ask(service.client(), domain).status_code == 202


def test_the_file_is_read_again_when_it_has_changed(service: Running, file: Path) -> None:
    client = service.client()
    assert ask(client, "new.example.net").status_code == 202
    write(file, "new.example.net\n")
    assert ask(client, "new.example.net").status_code == 403
    assert ask(client, "example.com").status_code == 202


def test_a_file_that_cannot_be_read_leaves_what_it_said(service: Running, file: Path) -> None:
    """Whoever asked is not looked at because of a typing mistake, or while a file is away."""
    client = service.client()

    file.write_bytes(b"\xff\xfe no text")
    assert ask(client, "example.com").status_code == 403
    file.unlink()
    assert ask(client, "example.com").status_code == 403
    file.write_text("other.example.net\n")
    assert ask(client, "example.com").status_code == 202


def test_a_scan_that_waits_is_given_up_too(tmp_path: Path, file: Path) -> None:
    """Who asks now is not looked at a minute later."""
    write(file, "")
    quiet = settings(tmp_path, exclude=file)
    with running(quiet) as service:
        id_ = ask(service.client(), "example.com").json()["response"]["id"]
    write(file, "example.com\n")
    with running(settings(tmp_path, exclude=file, at_once=2, network=NOWHERE)) as service:
        with service.client() as client, client.stream("GET", f"/api/scans/{id_}/events") as events:
            assert "event: over" in "".join(events.iter_text())
        job = service.client().get(f"/api/scans/{id_}").json()["response"]
        assert (job["state"], job["message"]) == ("failed", "example.com asked not to be looked at")


def test_a_file_that_is_not_there_is_misuse(tmp_path: Path) -> None:
    with pytest.raises(Misuse):
        Excluded(tmp_path / "nothing")


def test_a_file_that_is_gone_is_logged_once(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """And not for each question of whoever asks."""
    write(file, "example.com\n")
    excluded = Excluded(file)
    file.unlink()
    for _ in range(3):
        assert excluded.domains() == {"example.com"}
    assert len(caplog.records) == 1
