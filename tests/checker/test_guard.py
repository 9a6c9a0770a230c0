"""The guard against addresses that are not of the global internet."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stpolicy.checker.dns import is_global

GLOBAL = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "198.17.255.255",
    "223.255.255.255",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1b",
    "::ffff:8.8.8.8",
    "2002:808:808::1",
    "64:ff9b::808:808",
]

H2 = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "::1",
    "fe80::1",
    "fc00::1",
    "0.0.0.0",
]
H2_NO_ADDRESS = [
    "2130706433",
    "127.1",
    "0x7f.1",
    "0177.0.0.1",
    "0",
    "localhost",
    "",
    "8.8.8.8 ",
    "8.8.8.8\n",
    "[::1]",
]
H3 = [
    "224.0.0.1",
    "ff02::1",
    "fec0::1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "::127.0.0.1",
    "2002:7f00:1::",
    "192.0.0.8",
    "192.88.99.1",
    "3fff::1",
    "5f00::1",
    "100.64.0.1",
]
DETOURS = [
    "::ffff:127.0.0.1",
    "::ffff:a00:1",
    "::ffff:0:127.0.0.1",
    "2002:a9fe:a9fe::1",
    "64:ff9b::a00:1",
    "64:ff9b::6440:1",
    "2001:0:7f00:1::",
    "::8.8.8.8",
    "2606:4700:4700::1111%eth0",
    "fe80::1%lo",
]
IANA_V4 = [
    "0.0.0.0/8",
    "0.0.0.0/32",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.0.0/29",
    "192.0.0.8/32",
    "192.0.0.9/32",
    "192.0.0.10/32",
    "192.0.0.170/32",
    "192.0.0.171/32",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "255.255.255.255/32",
]
IANA_V6 = [
    "::1/128",
    "::/128",
    "64:ff9b:1::/48",
    "100::/64",
    "100:0:0:1::/64",
    "2001::/23",
    "2001::/32",
    "2001:1::1/128",
    "2001:1::2/128",
    "2001:1::3/128",
    "2001:2::/48",
    "2001:3::/32",
    "2001:4:112::/48",
    "2001:10::/28",
    "2001:20::/28",
    "2001:30::/28",
    "2001:db8::/32",
    "2620:4f:8000::/48",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
]
"""IANA's special-purpose registries of IPv4 and IPv6, and multicast; those that lead to IPv4 stand above."""


@pytest.mark.parametrize("address", GLOBAL)
def test_addresses_of_the_internet_pass(address: str) -> None:
    assert is_global(address)


@pytest.mark.parametrize("address", [*H2, *H2_NO_ADDRESS])
def test_h2_an_address_near_by_or_odd_is_not_global(address: str) -> None:
    assert not is_global(address)


@pytest.mark.parametrize("address", [*H3, *DETOURS])
def test_h3_what_the_standard_library_lets_through_is_not_global(address: str) -> None:
    assert not is_global(address)


@pytest.mark.parametrize("network", [*IANA_V4, *IANA_V6])
def test_h3_special_purpose_addresses_are_not_global(network: str) -> None:
    whole = ipaddress.ip_network(network)
    assert not is_global(str(whole[0]))
    assert not is_global(str(whole[-1]))


@given(st.ip_addresses(v=4))
def test_h3_an_ipv4_address_is_judged_the_same_in_every_wrapping(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    wrapped = [0xFFFF << 32 | number, 0x2002 << 112 | number << 80, 0x64FF9B << 96 | number]
    assert {is_global(str(ipaddress.IPv6Address(one))) for one in wrapped} == {is_global(str(address))}


@given(st.ip_addresses())
def test_h3_no_address_passes_that_the_standard_library_refuses(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if address.version == 4 or not (address.ipv4_mapped or address.sixtofour):
        assert address.is_global or not is_global(str(address))
