"""What the resolver makes of ordinary answers."""

import asyncio

import dns.flags
import dns.message
import dns.rcode
import pytest

from stpolicy.checker.dns import Resolver
from stpolicy.model.observation import Dns, Exchange, MxAnswer, Records
from tests.checker.nameserver import NameServer, asking, saying


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
