"""The newest result of a domain, which is kept for a moment."""

import asyncio
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from stpolicy.ledger import Ledger, address
from stpolicy.model.names import Domain
from stpolicy.model.scanned import Scan, State
from stpolicy.web import newest as module
from stpolicy.web.newest import Newest
from stpolicy.web.threads import Room
from tests.lists import NOW
from tests.web.raw import PATIENCE

DOMAIN = Domain("one.org")


@dataclass
class Late:
    """Tells what a ledger said when it was asked, once it is let."""

    before: Scan | None
    asked: threading.Event = field(default_factory=threading.Event)
    may: threading.Event = field(default_factory=threading.Event)

    def newest(self, *_: object) -> Scan | None:
        self.asked.set()
        self.may.wait(10 * PATIENCE)
        return self.before


def done(id_: str) -> Scan:
    return Scan(id_ * 22, DOMAIN, State.DONE, NOW, result="{}")


@pytest.mark.parametrize("before", [None, done("a")], ids=["none", "older"])
def test_an_answer_that_comes_late_does_not_hide_a_newer_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: Scan | None
) -> None:
    """A scan has ended since it was asked for, and its result has been answered."""

    async def main(ledger: Ledger) -> None:
        room, later, late = Room("tests", 1), done("b"), Late(before)
        monkeypatch.setattr(ledger, "newest", late.newest)
        newest = Newest(ledger, room)
        asking = asyncio.create_task(newest.of(DOMAIN))
        while not late.asked.is_set():
            await asyncio.sleep(0)
        newest.saw(later)
        late.may.set()
        assert await asking is later
        assert await newest.of(DOMAIN) is later
        room.close()

    with closing(Ledger(address(f"sqlite:///{tmp_path / 'scans.db'}"))) as ledger:
        asyncio.run(main(ledger))


def test_what_was_asked_for_longest_ago_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 4000)
    read: list[Domain] = []

    class Counting:
        def newest(self, domain: Domain, *_: object) -> None:
            read.append(domain)

    domains = [Domain(f"d{number}.org") for number in range(5)]

    async def main() -> None:
        room = Room("tests", 1)
        newest = Newest(cast(Ledger, Counting()), room)
        for domain in domains:
            newest.saw(Scan("a" * 22, domain, State.DONE, NOW, result="x" * 1000))
        for domain in reversed(domains):
            await newest.of(domain)
        room.close()

    asyncio.run(main())
    assert read == domains[2::-1]
