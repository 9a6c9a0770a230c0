"""Canonical form and well-formedness of names."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stpolicy.model.names import (
    alias_fault,
    all_hosts,
    all_patterns,
    canonical,
    host_fault,
    pattern_fault,
    respelt,
    to_unicode,
)

LONG_LABEL = "a" * 63
LONGEST = ".".join([LONG_LABEL] * 3 + ["a" * 57, "com"])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("example.com", "example.com", id="already"),
        pytest.param("MX.Example.COM", "mx.example.com", id="upper case"),
        pytest.param("example.com.", "example.com", id="trailing dot"),
        pytest.param("example.com..", "example.com.", id="one dot only"),
        pytest.param(".", "", id="root"),
        pytest.param("", "", id="empty"),
        pytest.param(".Example.com.", ".example.com", id="suffix"),
        pytest.param("bücher.de", "xn--bcher-kva.de", id="U-label"),
        pytest.param("BÜCHER.DE.", "xn--bcher-kva.de", id="upper-case U-label"),
        pytest.param(".bücher.de", ".xn--bcher-kva.de", id="U-label suffix"),
        pytest.param("bu\u0308cher.de", "xn--bcher-kva.de", id="decomposed"),
        pytest.param("straße.de", "xn--strae-oqa.de", id="sharp s is not ss (IDNA 2008)"),
        pytest.param("βόλος.com", "xn--nxasmm1c.com", id="final sigma stays (IDNA 2008)"),
        pytest.param("пример.рф", "xn--e1afmkfd.xn--p1ai", id="A-label at the top"),
        pytest.param("bücher。de", "xn--bcher-kva.de", id="ideographic full stop"),
        pytest.param("\u212aelvin.com", "kelvin.com", id="L3 KELVIN SIGN by UTS 46"),
        pytest.param("XN--BCHER-KVA.de", "xn--bcher-kva.de", id="A-label in upper case"),
        pytest.param("☃.com", "☃.com", id="what IDNA does not allow stays"),
        pytest.param("*.bücher.de", "*.bücher.de", id="a wildcard is no name"),
    ],
)
def test_canonical(name: str, expected: str) -> None:
    assert canonical(name) == expected


@settings(deadline=None, max_examples=100)
@given(st.text())
def test_canonical_never_raises_and_is_stable(name: str) -> None:
    once = canonical(name)
    assert canonical(once) in (once, once.removesuffix("."))


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(codec="ascii")))
def test_ascii_is_folded_as_dns_folds_it(name: str) -> None:
    assert canonical(name) == name.lower().removesuffix(".")


@pytest.mark.parametrize(
    "name",
    [
        "example.com",
        "a.b",
        "1.example.com",
        "123.com",
        "a-b.c--d.com",
        "mx.1a",
        "mx.a1",
        "xn--e1afmkfd.xn--p1ai",
        "xn--strae-oqa.de",
        f"{LONG_LABEL}.com",
        LONGEST,
    ],
)
def test_host_names(name: str) -> None:
    assert host_fault(name) is None
    assert pattern_fault(name) is None


NOT_HOSTS = [
    pytest.param("", id="empty"),
    pytest.param("com", id="L7 one label"),
    pytest.param("localhost", id="L7 localhost"),
    pytest.param("10.0.0.11", id="L7 IPv4"),
    pytest.param("1.2.3.44", id="L7 IPv4 public"),
    pytest.param("::1", id="L7 IPv6"),
    pytest.param("[2001:db8::1]", id="L7 bracketed IPv6"),
    pytest.param("mx.example.123", id="L7 numeric top level"),
    pytest.param("1.2.3.4.5", id="L7 five numbers"),
    pytest.param(f"{'a' * 64}.com", id="L7 label of 64"),
    pytest.param(f"a{LONGEST}", id="L7 254 characters"),
    pytest.param("-a.com", id="hyphen first"),
    pytest.param("a-.com", id="hyphen last"),
    pytest.param("a..com", id="empty label"),
    pytest.param("a.com.", id="trailing dot is not canonical"),
    pytest.param("A.com", id="upper case is not canonical"),
    pytest.param("a_b.com", id="underscore"),
    pytest.param("evil.com\n", id="L1 line feed"),
    pytest.param("evil.com\nvictim.org none", id="L1 second row"),
    pytest.param("mx.a.com tafile=/tmp/evil.pem", id="L1 attribute"),
    pytest.param("mx.a.com:.com:hostname", id="L1 more patterns"),
    pytest.param("a,b.com", id="L1 comma"),
    pytest.param("a#.com", id="L1 hash"),
    pytest.param("a.com\0", id="L1 NUL"),
    pytest.param("a.com\r", id="L1 carriage return"),
    pytest.param("mx.*.com", id="inner wildcard"),
    pytest.param("mx*.x.org", id="partial wildcard"),
    pytest.param("bücher.de", id="L8 U-label"),
    pytest.param("\u212a.com", id="L3 KELVIN SIGN"),
    pytest.param("١.com", id="Arabic-Indic digit"),
    pytest.param("xn--a.com", id="L8 invalid A-label"),
    pytest.param("xn--.com", id="L8 empty A-label"),
    pytest.param("xn--bcher-kva8445foa.com", id="L8 A-label of what IDNA forbids"),
    pytest.param("xn--a-0fa.xn--ls8h.com", id="L8 A-label of a symbol"),
]


@pytest.mark.parametrize("name", NOT_HOSTS)
def test_no_host_names(name: str) -> None:
    assert host_fault(name)
    assert pattern_fault(name)


@pytest.mark.parametrize("pattern", [".example.com", ".com", ".xn--p1ai", ".mail.protection.outlook.com"])
def test_suffixes_are_patterns_and_no_hosts(pattern: str) -> None:
    assert pattern_fault(pattern) is None
    assert host_fault(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "*.example.com",
        "*",
        "*.",
        ".*.example.com",
        ".",
        "..",
        "..example.com",
        ".example..com",
        ".1.2.3.4",
        ".123",
        ".a b.com",
        ".-.com",
        ".xn--a.com",
        "hostname",
        "nexthop",
        "dot-nexthop",
        "mx",
    ],
)
def test_no_patterns(pattern: str) -> None:
    assert pattern_fault(pattern)


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=80))
def test_faults_of_any_text(name: str) -> None:
    folded = canonical(name)
    if host_fault(folded) is None:
        assert folded.isascii()
        assert folded == folded.lower()
        assert not set(folded) & set(" \t\r\n\0:=#,*_[]/")
    pattern_fault(folded)


NAMES = st.lists(
    st.one_of(
        st.text("ab0-._A\n*ü", max_size=6),
        st.sampled_from(["", "a.com", "a.com.", "b.c-d.org", "x.y", "a.1", "xn--p1ai.com", LONGEST]),
    ),
    max_size=4,
)


@settings(deadline=None, max_examples=100)
@given(NAMES)
@example(["a.com", ""])
@example(["a.com", "b.com\nc.com"])
def test_names_that_pass_together_pass_alone(names: list[str]) -> None:
    if all_hosts(names):
        assert [host_fault(name) for name in names] == [None] * len(names)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.builds(str.__add__, st.sampled_from(["", "", ".", ".."]), NAMES.map("".join)), max_size=4))
@example([".a.com", "a.com"])
@example([".com"])
@example(["a.com", ""])
@example([".a.com\nb.com"])
def test_patterns_that_pass_together_pass_alone(patterns: list[str]) -> None:
    if all_patterns(patterns):
        assert [pattern_fault(pattern) for pattern in patterns] == [None] * len(patterns)
        assert [host_fault(pattern.removeprefix(".")) for pattern in patterns] == [None] * len(patterns)
        assert respelt(patterns) == {}


@pytest.mark.parametrize("name", ["x.0x10", "127.0.0.0x1", "1.2.3.0x", "a.123", "1.2.3.4"])
def test_h2_what_a_resolver_takes_for_an_address(name: str) -> None:
    assert host_fault(name) is not None
    assert not all_hosts([name])


def test_names_do_pass_together() -> None:
    assert all_hosts(["a.com", "mx-1.example.org", "0.a"])
    assert not all_hosts([".a.com"])
    assert all_patterns([".a.com", "mx-1.example.org", ".0.a"])


@settings(deadline=None, max_examples=100)
@given(NAMES)
def test_respelt(names: list[str]) -> None:
    assert respelt(names) == {name: canonical(name) for name in names if canonical(name) != name}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("xn--bcher-kva.de", "bücher.de"),
        ("example.com", "example.com"),
        ("xn--a.com", "xn--a.com"),
    ],
)
def test_to_unicode(name: str, shown: str) -> None:
    assert to_unicode(name) == shown


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("google", True),
        ("a-1", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("", False),
        ("Google", False),
        ("x\n", False),
        ("a_b", False),
        ("ü", False),
    ],
)
def test_alias_names(name: str, is_one: bool) -> None:
    assert (alias_fault(name) is None) is is_one
