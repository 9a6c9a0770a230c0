"""The ledger: one scan of a domain at a time, each ended once, by whoever has it; on either database."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from stpolicy.errors import Busy
from stpolicy.ledger import Ledger, Outcome, scans
from stpolicy.model.names import Domain
from stpolicy.model.scanned import Part, Scan, State
from tests.lists import NOW

GOOD = Outcome('{"domain": "a.example"}', 0, mta_sts=True, dane=False)
BAD = Outcome("{}", 2, mta_sts=False, dane=False)
A, B = Domain("a.example"), Domain("b.example")
SECOND = timedelta(seconds=1)


def submitted(ledger: Ledger, domain: Domain, id_: str, now: datetime = NOW) -> Scan:
    scan, new = ledger.submit(domain, id_, now, most=1000)
    assert new
    return scan


def begun(ledger: Ledger, id_: str, now: datetime = NOW) -> Scan:
    scan = ledger.take(id_, now)
    assert scan
    return scan


def done(ledger: Ledger, domain: Domain, id_: str, now: datetime = NOW, outcome: Outcome = GOOD) -> None:
    submitted(ledger, domain, id_, now)
    assert ledger.finish(begun(ledger, id_, now), outcome, now)


def test_a_scan_from_its_question_to_its_result(ledger: Ledger) -> None:
    assert submitted(ledger, A, "one") == ledger.scan("one") == Scan("one", A, State.QUEUED, NOW)
    assert ledger.unfinished(10) == ["one"]
    running = begun(ledger, "one", NOW + SECOND)
    assert (running.state, running.started, running.attempt) == (State.RUNNING, NOW + SECOND, 1)
    ledger.note(running, {"mx.a.example": Part.LOOKING, "MTA-STS": Part.SEEN})
    (seen,) = ledger.watched(["one", "none"])
    assert seen.progress == {"mx.a.example": Part.LOOKING, "MTA-STS": Part.SEEN}
    assert ledger.unfinished(10) == ["one"]
    assert ledger.finish(running, GOOD, NOW + 2 * SECOND)
    found = ledger.scan("one")
    assert found
    assert (found.state, found.status, found.result) == (State.DONE, 0, GOOD.result)
    assert (found.queued, found.finished) == (NOW, NOW + 2 * SECOND)
    assert ledger.watched(["one"])[0].result == ""
    assert ledger.take("one", NOW) is None
    assert ledger.take("none", NOW) is None


def test_a_domain_has_one_scan_at_a_time(ledger: Ledger) -> None:
    first = submitted(ledger, A, "one")
    assert ledger.submit(A, "two", NOW, most=1000) == (first, False)
    begun(ledger, "one")
    found, new = ledger.submit(A, "three", NOW, most=1000)
    assert (found.id, new) == ("one", False)
    submitted(ledger, B, "four")


def test_of_many_who_ask_at_once_one_makes_the_scan(ledger: Ledger) -> None:
    """Also where both have looked before either has written, as PostgreSQL allows."""
    together = threading.Barrier(8)

    def ask(number: int) -> tuple[str, bool]:
        together.wait(30)
        scan, new = ledger.submit(A, f"id{number}", NOW, most=1000)
        return scan.id, new

    for turn in range(10):
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, range(turn * 8, turn * 8 + 8)))
        (made,) = [id_ for id_, new in answers if new]
        assert {id_ for id_, _ in answers} == {made}
        assert ledger.finish(begun(ledger, made), GOOD, NOW)


def test_too_many_that_wait_are_refused(ledger: Ledger) -> None:
    ledger.submit(A, "one", NOW, most=1)
    with pytest.raises(Busy):
        ledger.submit(B, "two", NOW, most=1)
    begun(ledger, "one")  # one that is under way does not wait
    ledger.submit(B, "two", NOW, most=1)


def test_who_was_taken_for_dead_ends_nothing(ledger: Ledger) -> None:
    """A worker that was only slow comes back when another has begun the scan again."""
    submitted(ledger, A, "one")
    slow, quick = begun(ledger, "one"), begun(ledger, "one")
    assert not ledger.finish(slow, BAD, NOW)
    assert not ledger.fail(slow, "gone", NOW)
    ledger.note(slow, {"mx": Part.LOOKING})
    ledger.release([slow])
    (there,) = ledger.watched(["one"])
    assert (there.state, there.progress) == (State.RUNNING, {})
    assert ledger.finish(quick, GOOD, NOW)
    assert not ledger.finish(quick, GOOD, NOW)
    assert [count for _, _, count in ledger.tallies(NOW - timedelta(days=1))] == [1]


def test_only_a_worker_that_ended_without_a_word_counts_against_a_scan(ledger: Ledger) -> None:
    submitted(ledger, A, "one")
    for _ in range(5):  # ended in order
        ledger.release([begun(ledger, "one")])
    assert begun(ledger, "one").lost == 0
    assert begun(ledger, "one").lost == 1  # begun again while it was under way
    ledger.strand()
    assert begun(ledger, "one").lost == 2


def test_what_is_given_up_says_why(ledger: Ledger) -> None:
    submitted(ledger, A, "one")
    assert ledger.fail(begun(ledger, "one"), "it took too long", NOW)
    found = ledger.newest(A, State.FAILED)
    assert found
    assert (found.message, found.status, found.result) == ("it took too long", None, "")
    assert ledger.newest(A, State.DONE) is None
    assert ledger.tallies(NOW - timedelta(days=1)) == []


def test_of_many_scans_in_one_second_the_last_is_the_newest(ledger: Ledger) -> None:
    for number in range(20):
        done(ledger, A, f"id{number}", outcome=Outcome(str(number), 0, mta_sts=False, dane=False))
        done(ledger, B, f"other{number}")
    newest = ledger.newest(A, State.DONE)
    assert newest
    assert (newest.id, newest.result, newest.domain) == ("id19", "19", A)


def test_a_restart_lets_all_wait_again_in_their_order(ledger: Ledger) -> None:
    for number in range(5):
        submitted(ledger, Domain(f"d{number}.example"), f"id{number}")
    begun(ledger, "id3")
    ledger.fail(begun(ledger, "id1"), "no", NOW)
    ledger.strand()
    assert ledger.unfinished(10) == ["id0", "id2", "id3", "id4"]
    assert ledger.unfinished(2) == ["id0", "id2"]


def test_old_results_go_and_what_was_counted_stays(ledger: Ledger) -> None:
    done(ledger, A, "old", NOW - timedelta(days=91))
    done(ledger, A, "new", NOW - timedelta(days=89))
    submitted(ledger, B, "waits", NOW - timedelta(days=100))
    before = ledger.tallies(NOW - timedelta(days=100))
    assert len(before) == 2
    assert ledger.prune(NOW - timedelta(days=90)) == 1
    assert [ledger.scan(id_) is None for id_ in ("old", "new", "waits")] == [True, False, False]
    assert ledger.tallies(NOW - timedelta(days=100)) == before


def test_old_results_go_in_parts_the_oldest_first(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, nobody waits long."""
    monkeypatch.setattr(scans, "_MOST_PRUNED", 2)
    for days in (93, 95, 94, 96, 92):
        done(ledger, A, f"{days}", NOW - timedelta(days=days))
    for left in (["92", "93", "94"], ["92"], []):
        ledger.prune(NOW - timedelta(days=91))
        assert [id_ for id_ in map(str, range(92, 97)) if ledger.scan(id_)] == left


def test_statistics_count_each_domain_by_its_newest_result(ledger: Ledger) -> None:
    done(ledger, A, "one", outcome=GOOD)
    done(ledger, A, "two", outcome=BAD)
    done(ledger, B, "three", outcome=Outcome("{}", 1, mta_sts=False, dane=True))
    submitted(ledger, A, "four")
    assert ledger.adoption() == {"domains": 2, "passing": 1, "mta_sts": 0, "dane": 1}
    assert [(status, count) for _, status, count in ledger.tallies(NOW - timedelta(days=1))] == [
        (0, 1),
        (1, 1),
        (2, 1),
    ]
    counts = ledger.counts()
    assert (counts[State.QUEUED], counts[State.DONE], counts[State.FAILED]) == (1, 3, 0)


def test_hits_are_counted_until_their_time_is_over(ledger: Ledger) -> None:
    until = NOW + timedelta(minutes=1)
    assert ledger.hit("who", 1, until, NOW) == 1
    assert ledger.hit("who", 1, until + SECOND, NOW) == 2
    assert ledger.hit_count("who", NOW) == (2, until)
    assert ledger.hit_count("who", until) == (0, until)
    assert ledger.hit("who", 1, until + SECOND, until) == 1
    ledger.prune_hits(until + SECOND)
    assert ledger.hit_count("who", NOW)[0] == 0
