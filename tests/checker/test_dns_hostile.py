"""What hostile name servers and hostile records come to (H1-H7, H28)."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stpolicy.checker import _ports, _wire
from stpolicy.checker.dns import Resolver
from stpolicy.model.names import host_fault
from stpolicy.model.observation import Dns, Records
from tests.checker.nameserver import NameServer, asking, rrset


def only_by_tcp(server: NameServer) -> Callable[[dns.message.Message, str], dns.message.Message]:
    """Answers from the zone, but cut short over UDP."""

    def say(question: dns.message.Message, way: str) -> dns.message.Message:
        if way == "tcp":
            return server.answer(question)
        said = dns.message.make_response(question)
        said.flags |= dns.flags.TC
        return said

    return say


def test_h1_of_2500_exchanges_the_first_are_kept_and_all_are_counted() -> None:
    def prepare(server: NameServer) -> None:
        server.put("a.org", "MX", *[f"{9999 - number} m{number}.a.org." for number in range(2500)])
        server.behaviours["a.org"] = only_by_tcp(server)

    found = asking(prepare, lambda resolver: resolver.mx("a.org"))
    assert (len(found.exchanges), found.count) == (20, 2500)
    assert found.exchanges[0].host == "m2499.a.org"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(["a.org", "a.org"], id="to itself"),
        pytest.param(["a.org", "b.org", "a.org"], id="in a circle"),
        pytest.param(["a.org", *(f"{number}.org" for number in range(20))], id="without an end"),
    ],
)
@pytest.mark.parametrize("whole", [True, False])
def test_h5_cnames_in_a_loop_are_an_error(answer: list[str], whole: bool) -> None:
    def prepare(server: NameServer) -> None:
        def say(question: dns.message.Message, _: str) -> dns.message.Message:
            said = dns.message.make_response(question)
            name = question.question[0].name.to_text(omit_final_dot=True)
            links = list(pairwise(answer))
            for owner, target in links if whole else [link for link in links if link[0] == name]:
                said.answer.append(rrset(owner, "CNAME", f"{target}."))
            return said

        for name in answer:
            server.behaviours[name] = say

    found = asking(prepare, lambda resolver: resolver.records("a.org", "A"))
    assert found.how is Dns.ERROR
    assert "CNAMEs" in found.message


@pytest.mark.parametrize("way", ["silence", "drip", "cut", "closed", "garbage", "again cut", "error"])
def test_h5_tcp_that_gives_no_answer_is_no_no(way: str) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = dns.message.from_wire((await reader.read(65535))[2:])
        said = dns.message.make_response(asked)
        if way == "again cut":
            said.flags |= dns.flags.TC
        if way == "error":
            said.set_rcode(dns.rcode.SERVFAIL)
        wire = said.to_wire() if way in ("again cut", "error") else b"x" * 20
        sent = {"cut": b"\xff\xff" + b"x" * 10, "closed": b"", "drip": b"\xff", "silence": b""}
        writer.write(sent.get(way, len(wire).to_bytes(2, "big") + wire))
        while way == "drip" and not writer.is_closing():
            await asyncio.sleep(0.01)
            writer.write(b"x")
        if way == "silence":
            await reader.read()

    def prepare(server: NameServer) -> None:
        server.behaviours["a.org"] = only_by_tcp(server)
        server.tcp = talk

    patience = 0.5 if way in ("silence", "drip") else 30
    found = asking(prepare, lambda resolver: resolver.records("a.org", "A"), timeout=patience)
    assert found.how is (Dns.TIME_OUT if way in ("silence", "drip") else Dns.ERROR)


def test_questions_over_tcp_do_not_take_ever_more_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty answers are cut short, and nobody says more over TCP until as many ask as may."""
    monkeypatch.setattr(_ports, "MOST_BY_TCP", 3)
    here = most = 0
    full = asyncio.Event()

    async def talk(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        nonlocal here, most
        here += 1
        most = max(most, here)
        if here == 3:
            full.set()
        await full.wait()
        for _ in range(50):  # whoever else would come is here by then
            await asyncio.sleep(0)
        here -= 1

    def prepare(server: NameServer) -> None:
        server.behaviours["a.org"] = only_by_tcp(server)
        server.tcp = talk

    async def ask(resolver: Resolver) -> list[Records]:
        return await asyncio.gather(*(resolver.records("a.org", "A") for _ in range(40)))

    assert {found.how for found in asking(prepare, ask, timeout=30)} == {Dns.ERROR}
    assert most == 3


LABELS = [
    b"a\nb",
    b"\x1b[31m",
    b"a b",
    b"$(id)",
    b"`id`",
    b"-oProxyCommand",
    b"a.b",
    b"a|b",
    b"\xff",
    b"a;b",
    b"a\\b",
]


@pytest.mark.parametrize("label", LABELS)
def test_h6_an_exchange_that_is_no_host_name_is_shown_and_never_asked_for(label: bytes) -> None:
    def prepare(server: NameServer) -> None:
        text = "".join(f"\\{byte:03d}" for byte in label)
        server.put("a.org", "MX", f"10 {text}.a.org.")

    async def ask(resolver: Resolver) -> str:
        found = await resolver.mx("a.org")
        again = await resolver.records(found.exchanges[0].host, "A")
        assert again.how is Dns.ERROR
        assert "no name that DNS is asked for" in again.message
        return found.exchanges[0].host

    host = asking(prepare, ask)
    assert host.isascii()
    assert host.isprintable()
    assert set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.\\")
    assert not host.startswith("-")
    assert host_fault(host)


def test_h2_an_address_in_place_of_an_exchange_stands_as_it_came() -> None:
    found = asking(
        lambda server: server.put("a.org", "MX", "10 127.0.0.1.", "20 2130706433."),
        lambda resolver: resolver.mx("a.org"),
    )
    assert [one.host for one in found.exchanges] == ["127.0.0.1", "2130706433"]
    assert all(host_fault(one.host) for one in found.exchanges)


def test_h7_a_huge_text_is_cut_and_no_longer_parses() -> None:
    def prepare(server: NameServer) -> None:
        server.put("a.org", "TXT", '"v=STSv1;id=1;" ' + " ".join(['"' + "x" * 255 + '"'] * 100))
        server.behaviours["a.org"] = only_by_tcp(server)

    (value,) = asking(prepare, lambda resolver: resolver.records("a.org", "TXT")).values
    assert len(value) == 4096
    assert value.endswith("…")


def test_h7_of_many_texts_the_first_are_kept() -> None:
    def prepare(server: NameServer) -> None:
        server.put("a.org", "TXT", *[f'"{number:04}"' for number in range(500)])
        server.behaviours["a.org"] = only_by_tcp(server)

    found = asking(prepare, lambda resolver: resolver.records("a.org", "TXT"))
    assert (len(found.values), found.values[-1]) == (64, "0063")


def test_h28_of_1000_tlsa_records_32_are_kept() -> None:
    def prepare(server: NameServer) -> None:
        server.put("a.org", "TLSA", *[f"3 1 1 {number:064x}" for number in range(1000)])
        server.behaviours["a.org"] = only_by_tcp(server)

    assert len(asking(prepare, lambda resolver: resolver.records("a.org", "TLSA")).values) == 32


def test_records_of_other_names_and_forged_answers_do_not_count() -> None:
    def prepare(server: NameServer) -> None:
        def say(question: dns.message.Message, _: str) -> bytes:
            said = server.answer(question)
            said.answer.append(rrset("b.org", "A", "192.0.2.66"))
            wire = said.to_wire()
            transport, address = server._transport, next(iter(server.ports))
            assert transport is not None
            other = dns.message.make_response(dns.message.make_query("b.org", "A", id=question.id)).to_wire()
            unanswered = bytes([wire[0] ^ 1]) + wire[1:], wire[:2] + b"\0" + wire[3:], wire[:7], other, b""
            for forged in unanswered:
                transport.sendto(forged, ("127.0.0.1", address))
            return wire

        server.put("a.org", "A", "192.0.2.1")
        server.behaviours["a.org"] = say

    found = asking(prepare, lambda resolver: resolver.records("a.org", "A"))
    assert found.values == ("192.0.2.1",)


def test_what_an_extended_error_says_is_told_harmlessly() -> None:
    def prepare(server: NameServer) -> None:
        def say(question: dns.message.Message, _: str) -> dns.message.Message:
            said = dns.message.make_response(question)
            said.set_rcode(dns.rcode.SERVFAIL)
            said.use_edns(options=[dns.edns.EDEOption(dns.edns.EDECode.DNSSEC_BOGUS, "no\n\x1bsignature")])
            return said

        server.behaviours["a.org"] = say

    found = asking(prepare, lambda resolver: resolver.records("a.org", "A"))
    assert found.message == r"127.0.0.1: SERVFAIL (no\010\027signature)"


def test_a_refusal_that_does_not_repeat_the_question_counts() -> None:
    def prepare(server: NameServer) -> None:
        server.behaviours["a.org"] = lambda question, _: (
            question.id.to_bytes(2, "big") + b"\x81\x05" + bytes(8)
        )

    found = asking(prepare, lambda resolver: resolver.records("a.org", "A"))
    assert (found.how, found.message) == (Dns.ERROR, "127.0.0.1: REFUSED")


ASKED = _wire.question("a.org", "MX")


@given(st.binary(max_size=200), st.integers(0, 0xFFFF), st.lists(st.integers(0, 3), min_size=3, max_size=3))
def test_any_answer_is_read_or_malformed(data: bytes, flags: int, counts: list[int]) -> None:
    head = b"\0\0" + (0x8000 | flags).to_bytes(2, "big") + b"\0\1"
    wire = head + b"".join(count.to_bytes(2, "big") for count in counts) + ASKED + data
    try:
        _wire.read(wire, ASKED)
    except _wire.Malformed:
        return


@pytest.mark.parametrize("kind", ["A", "AAAA", "MX", "TXT", "TLSA"])
def test_an_answer_that_is_cut_anywhere_is_malformed_or_none(kind: str) -> None:
    asked = _wire.question("a.org", kind)
    data = {"A": bytes(4), "AAAA": bytes(16), "TLSA": b"\3\1\1" + bytes(32)}.get(kind, b"\0\1\1x\0")
    record = b"\xc0\x0c" + _wire.TYPES[kind].to_bytes(2) + b"\0\1\0\0\0\0" + len(data).to_bytes(2) + data
    whole = b"\0\0\x81\x80\0\1\0\1\0\0\0\0" + asked + record
    for end in range(len(whole)):
        with suppress(_wire.Malformed):
            assert _wire.read(whole[:end], asked) is None


@pytest.mark.parametrize("kind", ["A", "AAAA", "MX", "TXT", "TLSA", "CNAME"])
@given(data=st.binary(max_size=40))
def test_any_record_is_read_or_malformed(kind: str, data: bytes) -> None:
    asked = _wire.question("a.org", "A" if kind == "CNAME" else kind)
    record = (
        b"\xc0\x0c"
        + _wire.TYPES[kind].to_bytes(2, "big")
        + b"\0\1\0\0\0\0"
        + len(data).to_bytes(2, "big")
        + data
    )
    try:
        answer = _wire.read(b"\0\0\x81\x80\0\1\0\1\0\0\0\0" + asked + record, asked)
    except _wire.Malformed:
        return
    assert answer is not None
    assert all(value.replace("…", "").isascii() and value.isprintable() for value in answer.values)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "a..org",
        "-a.org",
        "a b.org",
        "a\n.org",
        "ü.org",
        "a" * 64 + ".org",
        "a." * 127 + "org",
        "`id`.org",
    ],
)
def test_what_is_no_name_is_never_sent(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        _wire.question(name, "A")
