"""What the resolver makes of ordinary answers."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import TypeVar

import dns.flags
import dns.message
import dns.rcode
import pytest

from stpolicy.checker import _pace, _ports
from stpolicy.checker.dns import Resolver
from stpolicy.model.observation import Dns, Exchange, MxAnswer, Records
from tests.checker.nameserver import NameServer, saying, serving, silent

T = TypeVar("T")


def asking(
    prepare: Callable[[NameServer], object],
    ask: Callable[[Resolver], Awaitable[T]],
    *,
    timeout: float = 30,
) -> T:
    """What a resolver says that asks a server which was prepared."""

    async def run() -> T:
        async with serving() as server:
            prepare(server)
            with Resolver([server.address], timeout=timeout) as resolver:
                return await ask(resolver)

    return asyncio.run(run())


def test_exchanges_come_by_preference_then_by_name() -> None:
    found = asking(
        lambda server: server.put("a.org", "MX", "20 b.a.org.", "10 Z.a.org.", "20 A.a.org."),
        lambda resolver: resolver.mx("a.org"),
    )
    exchanges = (Exchange(10, "z.a.org"), Exchange(20, "a.a.org"), Exchange(20, "b.a.org"))
    assert found == MxAnswer(Dns.ANSWER, exchanges, count=3)


def test_null_mx_is_an_exchange_without_a_host() -> None:
    found = asking(lambda server: server.put("a.org", "MX", "0 ."), lambda resolver: resolver.mx("a.org"))
    assert found == MxAnswer(Dns.ANSWER, (Exchange(0, ""),), count=1)


def test_null_mx_beside_another_shows_both() -> None:
    found = asking(
        lambda server: server.put("a.org", "MX", "0 .", "5 b.a.org."), lambda resolver: resolver.mx("a.org")
    )
    assert found.exchanges == (Exchange(0, ""), Exchange(5, "b.a.org"))


@pytest.mark.parametrize(("kind", "text"), [("A", "192.0.2.1"), ("AAAA", "2001:db8::1")])
def test_an_address_without_an_mx_is_an_implicit_one(kind: str, text: str) -> None:
    found = asking(lambda server: server.put("a.org", kind, text), lambda resolver: resolver.mx("a.org"))
    assert found == MxAnswer(Dns.ANSWER, (Exchange(0, "a.org"),), implicit=True)


def test_a_domain_with_neither_mx_nor_address_has_no_data() -> None:
    found = asking(lambda server: server.put("a.org", "TXT", '"x"'), lambda resolver: resolver.mx("a.org"))
    assert found == MxAnswer(Dns.NO_DATA)


def test_an_address_that_cannot_be_had_is_no_lack_of_one() -> None:
    def prepare(server: NameServer) -> None:
        server.put("a.org", "TXT", '"x"')
        server.behaviours["a.org"] = lambda question, _: (
            server.answer(question)
            if server.asked[-1][1] in ("MX", "AAAA")
            else saying(dns.rcode.SERVFAIL)(question, _)
        )

    found = asking(prepare, lambda resolver: resolver.mx("a.org"))
    assert found.how is Dns.ERROR
    assert "SERVFAIL" in found.message


def test_a_domain_that_is_not_there() -> None:
    found = asking(lambda server: None, lambda resolver: resolver.mx("a.org"))
    assert found == MxAnswer(Dns.NXDOMAIN)


@pytest.mark.parametrize(
    "rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.FORMERR, dns.rcode.NOTIMP]
)
def test_an_error_is_no_answer(rcode: dns.rcode.Rcode) -> None:
    def prepare(server: NameServer) -> None:
        server.behaviours["a.org"] = saying(rcode)

    for found in asking(
        prepare, lambda resolver: asyncio.gather(resolver.mx("a.org"), resolver.records("a.org", "A"))
    ):
        assert found.how is Dns.ERROR
        assert dns.rcode.to_text(rcode) in found.message


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


def test_a_chain_of_cnames_is_followed_and_told() -> None:
    def prepare(server: NameServer) -> None:
        server.put("a.org", "CNAME", "b.org.")
        server.put("b.org", "CNAME", "C.org.")
        server.put("c.org", "A", "192.0.2.1")

    found = asking(prepare, lambda resolver: resolver.records("a.org", "A"))
    assert found == Records(Dns.ANSWER, ("192.0.2.1",), alias="c.org")


def test_the_end_of_a_chain_may_lack_the_record_or_be_missing() -> None:
    def prepare(server: NameServer) -> None:
        server.put("a.org", "CNAME", "b.org.")
        server.put("b.org", "A", "192.0.2.1")
        server.put("x.org", "CNAME", "y.org.")

    none, missing = asking(
        prepare,
        lambda resolver: asyncio.gather(resolver.records("a.org", "TXT"), resolver.records("x.org", "A")),
    )
    assert none == Records(Dns.NO_DATA, alias="b.org")
    assert missing == Records(Dns.NXDOMAIN, alias="y.org")


def test_a_chain_that_a_server_does_not_follow_is_followed_here() -> None:
    def prepare(server: NameServer) -> None:
        def first_only(question: dns.message.Message, _: str) -> dns.message.Message:
            said = server.answer(question)
            said.answer = said.answer[:1]
            return said

        server.put("a.org", "CNAME", "b.org.")
        server.put("b.org", "A", "192.0.2.1")
        server.behaviours["a.org"] = first_only

    found = asking(prepare, lambda resolver: resolver.records("a.org", "A"))
    assert found == Records(Dns.ANSWER, ("192.0.2.1",), alias="b.org")


def test_a_question_has_edns_do_and_ad() -> None:
    async def run() -> dns.message.Message:
        async with serving() as server:
            with Resolver([server.address], timeout=30) as resolver:
                await resolver.records("a.org", "A")
            return server.questions[0]

    asked = asyncio.run(run())
    assert (asked.edns, asked.payload, asked.ednsflags) == (0, 1232, dns.flags.DO)
    assert asked.flags & (dns.flags.AD | dns.flags.RD | dns.flags.CD) == dns.flags.AD | dns.flags.RD


@pytest.mark.parametrize("authentic", [True, False])
def test_ad_of_a_near_server_counts(authentic: bool) -> None:
    def prepare(server: NameServer) -> None:
        server.put("a.org", "MX", "10 b.org.")
        server.authentic = authentic

    assert asking(prepare, lambda resolver: resolver.mx("a.org")).validated is authentic


@pytest.mark.parametrize("trusted", [(), ("192.0.2.53",)])
def test_h28_ad_of_a_far_server_counts_only_when_it_is_trusted(trusted: tuple[str, ...]) -> None:
    resolver = Resolver([("192.0.2.53", 53), ("::1", 53)], timeout=1, trusted=trusted)
    assert [server.trusted for server in resolver._servers] == [bool(trusted), True]


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


def test_the_strings_of_one_text_are_joined_and_records_stay_apart() -> None:
    found = asking(
        lambda server: server.put("a.org", "TXT", '"v=STSv1; " "id=1;"', r'"a\200b\\c\"\010"'),
        lambda resolver: resolver.records("a.org", "TXT"),
    )
    assert found.values == (r'a\200b\092c"\010', "v=STSv1; id=1;")


def test_a_tlsa_record_is_three_numbers_and_hexadecimal() -> None:
    found = asking(
        lambda server: server.put("_25._tcp.a.org", "TLSA", f"3 1 1 {'AB' * 32}"),
        lambda resolver: resolver.records("_25._tcp.a.org", "TLSA"),
    )
    assert found.values == (f"3 1 1 {'ab' * 32}",)


def test_h29_an_internationalised_name_is_asked_as_an_a_label() -> None:
    found = asking(
        lambda server: server.put("xn--strae-oqa.de", "A", "192.0.2.1"),
        lambda resolver: resolver.records("STRAßE.de", "A"),
    )
    assert found.values == ("192.0.2.1",)


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
