"""Whom the resolver asks, how often, over what, from which ports, and how long it waits."""

import asyncio
import socket
from collections.abc import Callable

import dns.flags
import dns.message
import dns.rcode
import pytest

from stpolicy.checker import _pace, _ports
from stpolicy.checker.dns import Resolver
from stpolicy.model.observation import Dns, MxAnswer, Records
from tests.checker.nameserver import NameServer, asking, saying, serving, silent


def test_silence_is_no_answer() -> None:
    def prepare(server: NameServer) -> None:
        server.behaviours["a.org"] = silent

    found = asking(prepare, lambda resolver: resolver.mx("a.org"), timeout=0.3)
    assert found == MxAnswer(Dns.TIME_OUT, message="no answer within 0.3 s")


def test_a_lost_question_is_asked_again() -> None:
    def prepare(server: NameServer) -> None:
        server.put("a.org", "A", "192.0.2.1")
        server.behaviours["a.org"] = lambda question, _: (
            server.answer(question) if len(server.asked) > 1 else None
        )

    found = asking(prepare, lambda resolver: resolver.records("a.org", "A"), timeout=7)
    assert found == Records(Dns.ANSWER, ("192.0.2.1",))


@pytest.mark.parametrize("first", [silent, saying(dns.rcode.SERVFAIL)])
def test_the_next_server_is_asked(first: Callable[[dns.message.Message, str], None]) -> None:
    async def run() -> Records:
        async with serving() as bad, serving() as good:
            bad.behaviours["a.org"] = first
            good.put("a.org", "A", "192.0.2.1")
            with Resolver([bad.address, good.address], timeout=7) as resolver:
                return await resolver.records("a.org", "A")

    assert asyncio.run(run()).values == ("192.0.2.1",)


def test_nobody_listens_is_an_error_at_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        address = taken.getsockname()

    async def run() -> Records:
        with Resolver([address], timeout=3600) as resolver:
            return await resolver.records("a.org", "A")

    found = asyncio.run(run())
    assert (found.how, found.message) == (Dns.ERROR, "127.0.0.1: Connection refused")


def test_one_server_that_fails_and_one_that_is_silent_are_a_time_out() -> None:
    async def run() -> Records:
        async with serving() as bad, serving() as mute:
            bad.behaviours["a.org"] = saying(dns.rcode.SERVFAIL)
            mute.behaviours["a.org"] = silent
            with Resolver([bad.address, mute.address], timeout=0.3) as resolver:
                return await resolver.records("a.org", "A")

    assert asyncio.run(run()).how is Dns.TIME_OUT


def test_a_question_has_edns_do_and_ad() -> None:
    async def run() -> dns.message.Message:
        async with serving() as server:
            with Resolver([server.address], timeout=30) as resolver:
                await resolver.records("a.org", "A")
            return server.questions[0]

    asked = asyncio.run(run())
    assert (asked.edns, asked.payload, asked.ednsflags) == (0, 1232, dns.flags.DO)
    assert asked.flags & (dns.flags.AD | dns.flags.RD | dns.flags.CD) == dns.flags.AD | dns.flags.RD


def test_an_answer_that_is_cut_short_is_asked_for_over_tcp() -> None:
    def prepare(server: NameServer) -> None:
        def cut(question: dns.message.Message, way: str) -> dns.message.Message:
            said = server.answer(question)
            if way == "udp":
                said.flags |= dns.flags.TC
                said.answer = []
            return said

        server.put("a.org", "A", *[f"192.0.2.{number}" for number in range(100)])
        server.behaviours["a.org"] = cut

    found = asking(prepare, lambda resolver: resolver.records("a.org", "A"))
    assert len(found.values) == 64
    assert found.message == "100 records, of which 64 are kept"


def test_many_questions_at_once_leave_from_many_ports() -> None:
    async def run() -> tuple[int, set[Dns]]:
        async with serving() as server:
            server.put("a.org", "A", "192.0.2.1")
            with Resolver([server.address], timeout=30) as resolver:
                found = await asyncio.gather(*[resolver.records("a.org", "A") for _ in range(640)])
            return len(server.ports), {one.how for one in found}

    ports, how = asyncio.run(run())
    assert ports >= 640 / _ports.PER_PORT
    assert how == {Dns.ANSWER}


def test_questions_without_an_answer_do_not_take_ever_more_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ports, "PER_PORT", 2)
    monkeypatch.setattr(_ports, "MOST_PORTS", 3)

    async def run() -> tuple[int, int]:
        async with serving() as server:
            server.behaviours["mute.org"] = silent
            server.put("a.org", "A", "192.0.2.1")
            with Resolver([server.address], timeout=3600) as resolver:
                mute = [asyncio.create_task(resolver.records("mute.org", "A")) for _ in range(40)]
                async with asyncio.timeout(30):
                    while len(server.asked) < 40:
                        await asyncio.sleep(0)
                held = len(server.ports)
                for one in mute:
                    one.cancel()
                await asyncio.wait(mute)
                for _ in range(12):
                    await resolver.records("a.org", "A")
            return held, len(server.ports)

    held, later = asyncio.run(run())
    assert held == 3
    assert later >= held + 4, "they are given back, and others are taken"


def test_slow_names_do_not_keep_others_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pace, "AT_ONCE", 1)
    monkeypatch.setattr(_pace, "FRESH", 0.01)

    async def ask(resolver: Resolver) -> Records:
        mute = asyncio.ensure_future(resolver.records("mute.org", "A"))
        await asyncio.sleep(0)
        found = await resolver.records("a.org", "A")
        assert not mute.done()
        mute.cancel()
        return found

    def prepare(server: NameServer) -> None:
        server.put("a.org", "A", "192.0.2.1")
        server.behaviours["mute.org"] = silent

    assert asking(prepare, ask, timeout=3600).values == ("192.0.2.1",)
