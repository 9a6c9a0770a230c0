"""The TLSA records of a mail server, and when they count."""

from collections.abc import Callable

import pytest

from stpolicy.checker.dane import tlsa
from stpolicy.checker.dns import Resolver
from stpolicy.model.observation import Dns, Records
from tests.checker.nameserver import NameServer, asking, silent

VALUE = f"3 1 1 {'ab' * 32}"


def host_with(*names: str, authentic: bool = True) -> Callable[[NameServer], None]:
    """A host that is an alias of end.org, with records at these names."""

    def prepare(server: NameServer) -> None:
        server.authentic = authentic
        server.put("mx.org", "CNAME", "end.org.")
        server.put("end.org", "A", "192.0.2.1")
        for number, name in enumerate(names):
            server.put(f"_25._tcp.{name}", "TLSA", f"3 1 1 {number:064x}")

    return prepare


def plain(server: NameServer) -> None:
    server.authentic = True
    server.put("mx.org", "A", "192.0.2.1")
    server.put("_25._tcp.mx.org", "TLSA", VALUE)


def test_records_count_where_everything_is_validated() -> None:
    found = asking(plain, lambda resolver: tlsa("mx.org", resolver))
    assert found == Records(Dns.ANSWER, (VALUE,), validated=True)


@pytest.mark.parametrize("address", [True, False])
def test_h28_records_without_ad_are_told_and_do_not_count(address: bool) -> None:
    def prepare(server: NameServer) -> None:
        plain(server)
        server.authentic = address

    given = (Records(Dns.ANSWER, ("192.0.2.1",), validated=not address), Records(Dns.NO_DATA))
    found = asking(prepare, lambda resolver: tlsa("mx.org", resolver, given))
    assert found == Records(Dns.ANSWER, (VALUE,))


def test_h28_one_address_that_is_not_validated_is_enough_to_doubt() -> None:
    given = (
        Records(Dns.ANSWER, ("192.0.2.1",), validated=True),
        Records(Dns.ANSWER, ("2001:db8::1",)),
    )
    assert not asking(plain, lambda resolver: tlsa("mx.org", resolver, given)).validated


def test_given_addresses_are_not_asked_for() -> None:
    async def ask(resolver: Resolver) -> Records:
        return await tlsa("mx.org", resolver, (Records(Dns.ANSWER, ("192.0.2.1",), validated=True),))

    asked: list[tuple[str, str]] = []

    def prepare(server: NameServer) -> None:
        plain(server)
        server.asked = asked

    asking(prepare, ask)
    assert asked == [("_25._tcp.mx.org", "TLSA")]


def test_the_end_of_validated_cnames_comes_before_the_name_itself() -> None:
    found = asking(host_with("end.org", "mx.org"), lambda resolver: tlsa("mx.org", resolver))
    assert found.values == (f"3 1 1 {0:064x}",)


def test_the_name_itself_counts_where_the_end_of_cnames_has_no_records() -> None:
    found = asking(host_with("mx.org"), lambda resolver: tlsa("mx.org", resolver))
    assert found == Records(Dns.ANSWER, (f"3 1 1 {0:064x}",), validated=True)


def test_cnames_that_are_not_validated_lead_nowhere() -> None:
    found = asking(host_with("end.org", "mx.org", authentic=False), lambda resolver: tlsa("mx.org", resolver))
    assert found == Records(Dns.ANSWER, (f"3 1 1 {1:064x}",))


def test_a_time_out_at_the_end_of_cnames_is_no_lack_of_records() -> None:
    def prepare(server: NameServer) -> None:
        host_with("mx.org")(server)
        server.behaviours["_25._tcp.end.org"] = silent

    found = asking(prepare, lambda resolver: tlsa("mx.org", resolver), timeout=2)
    assert found.how is Dns.TIME_OUT


def test_no_records_are_no_records() -> None:
    found = asking(lambda server: server.put("mx.org", "A", "192.0.2.1"), lambda one: tlsa("mx.org", one))
    assert found.how is Dns.NXDOMAIN
