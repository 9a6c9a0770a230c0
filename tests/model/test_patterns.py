"""Which names a pattern matches: a suffix is one label more, never two and never none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stpolicy.model.names import MxPattern, canonical, covers

MATCHES = [
    # an exact host name
    ("mx.eff.org", "mx.eff.org"),
    ("mx.eff.org", "MX.EFF.ORG"),
    ("mx.eff.org", "mx.eff.org."),
    ("MX.eff.org.", "mx.eff.org"),
    ("mx.eff.org", "*.eff.org"),
    # a suffix
    (".eff.org", "mx.eff.org"),
    (".eff.org", "Mx.Eff.Org."),
    (".eff.org", "*.eff.org"),
    (".eff.org", "*.EFF.org."),
    (".Eff.Org", "mx.eff.org"),
    (".x.eff.org", "good.x.eff.org"),
    # international names
    ("mx.bücher.de", "mx.xn--bcher-kva.de"),
    ("mx.xn--bcher-kva.de", "mx.BÜCHER.de"),
    (".bücher.de", "mx.xn--bcher-kva.de"),
    (".bücher.de", "*.xn--bcher-kva.de"),
    ("mx.straße.de", "mx.xn--strae-oqa.de"),
    (".xn--p1ai", "xn--e1afmkfd.xn--p1ai"),
]

DOES_NOT_MATCH = [
    # an exact host name
    ("mail.example.com", "evilmail.example.com"),
    ("mail.example.com", "mail.example.com.evil.net"),
    ("mail.example.com", "example.com"),
    ("mail.example.com", "a.mail.example.com"),
    ("mail.example.com", "*.mail.example.com"),
    ("mail.example.com", "*.com"),
    ("example.com", "*.com"),
    ("mail.example.com", ".example.com"),
    ("mail.example.com", "mail.example.com.."),
    ("mail.example.com", "mail.example.com\n"),
    ("mail.example.com", "mail.example.com\0.evil.net"),
    ("mail.example.com", " mail.example.com"),
    # partial, inner and naked wildcards
    ("mx.x.org", "mx*.x.org"),
    ("mx.x.org", "m*.x.org"),
    ("mx.x.org", "*x.x.org"),
    ("mx.x.org", "mx.*.org"),
    ("mx.x.org", "*.*.org"),
    ("mx.x.org", "*"),
    ("mx.x.org", "*."),
    (".x.org", "mx*.x.org"),
    (".x.org", "*.*.x.org"),
    (".x.org", "*x.org"),
    # a suffix is exactly one label
    (".eff.org", "eff.org"),
    (".eff.org", "good.mx.eff.org"),
    (".eff.org", "*.mx.eff.org"),
    (".eff.org", "*.org"),
    (".eff.org", ".eff.org"),
    (".eff.org", "mxeff.org"),
    (".eff.org", "mx.eff.org.evil.net"),
    (".eff.org", "-.eff.org"),
    (".eff.org", ""),
    # addresses
    (".0.0.org", "10.0.0.11"),
    ("mx.eff.org", "192.0.2.1"),
    ("mx.eff.org", "[2001:db8::1]"),
    ("mx.eff.org", "::1"),
    # names that an older IDNA would have taken for one another
    ("mx.strasse.de", "mx.straße.de"),
    ("mx.straße.de", "mx.strasse.de"),
]


@pytest.mark.parametrize(("pattern", "name"), MATCHES)
def test_matches(pattern: str, name: str) -> None:
    assert MxPattern(pattern).matches(name)


@pytest.mark.parametrize(("pattern", "name"), DOES_NOT_MATCH)
def test_does_not_match(pattern: str, name: str) -> None:
    assert not MxPattern(pattern).matches(name)


PRESENTED = [
    ("mx.eff.org", "mx.eff.org", True),
    ("mx.eff.org", "MX.Eff.ORG", True),
    ("mx.eff.org", "*.eff.org", True),
    (".eff.org", "mx.eff.org", True),
    (".eff.org", "*.EFF.org", True),
    ("mx.eff.org", "mx.eff.org.", False),
    (".eff.org", "mx.eff.org.", False),
    ("mx.eff.org", "*.eff.org.", False),
    (".eff.org", "*.eff.org.", False),
    ("mx.eff.org", "ｍx.eff.org", False),
    ("mx.eff.org", "mx。eff。org", False),
    ("mk.eff.org", "m\N{KELVIN SIGN}.eff.org", False),
    ("mx.xn--bcher-kva.de", "mx.bücher.de", False),
    ("mx.xn--bcher-kva.de", "mx.xn--BCHER-kva.de", True),
    ("eff.org", "*.org", False),
    ("mx.x.org", "mx*.x.org", False),
]
"""With names of certificates, as OpenSSL has it."""


@pytest.mark.parametrize(("pattern", "name", "expected"), PRESENTED)
def test_matches_presented(pattern: str, name: str, expected: bool) -> None:
    assert MxPattern(pattern).matches_presented(name) is expected


@pytest.mark.parametrize(("pattern", "name"), [*MATCHES, *DOES_NOT_MATCH])
def test_what_a_certificate_presents_matches_no_more_than_a_host_name(pattern: str, name: str) -> None:
    if MxPattern(pattern).matches_presented(name):
        assert (pattern, name) in MATCHES


@pytest.mark.parametrize(
    "text", ["*.eff.org", "", ".", "org", "10.0.0.11", "a b.org", "evil.com\n", "hostname", "mx:.com"]
)
def test_what_is_no_pattern_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        MxPattern(text)


def test_a_pattern_is_kept_in_canonical_form() -> None:
    assert MxPattern("MX.Bücher.DE.") == MxPattern("mx.xn--bcher-kva.de")
    assert MxPattern(".X.org").is_suffix
    assert not MxPattern("x.org").is_suffix


labels = st.text("abz09", min_size=1, max_size=4)
parents = st.lists(labels, min_size=1, max_size=3).map(lambda parts: ".".join([*parts, "org"]))


@settings(deadline=None, max_examples=100)
@given(parents, st.lists(labels, max_size=3))
def test_a_suffix_matches_one_label_and_no_other_number(parent: str, more: list[str]) -> None:
    name = ".".join([*more, parent])
    assert MxPattern(f".{parent}").matches(name) is (len(more) == 1)


@settings(deadline=None, max_examples=100)
@given(parents, st.text(max_size=20))
def test_an_exact_pattern_matches_its_own_name_only(host: str, text: str) -> None:
    assert MxPattern(host).matches(text) is (canonical(text) == host)


@pytest.mark.parametrize(
    ("patterns", "pattern", "expected"),
    [
        ([".a.com"], "mx.a.com", True),
        ([".a.com"], ".a.com", True),
        (["mx.a.com"], ".a.com", False),
        ([".a.com"], "x.mx.a.com", False),
        ([".a.com"], "a.com", False),
        ([".a.com"], ".mx.a.com", False),
        ([], "mx.a.com", False),
    ],
)
def test_covers(patterns: list[str], pattern: str, expected: bool) -> None:
    assert covers(set(patterns), pattern) is expected
