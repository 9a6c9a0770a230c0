"""Public suffixes: the quick answer is the library's."""

import publicsuffixlist
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stpolicy.suffixes import PublicSuffixes


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("com", "icann", id="top level"),
        pytest.param("co.uk", "icann", id="second level"),
        pytest.param("xn--p1ai", "icann", id="A-label at the top"),
        pytest.param("xn--55qx5d.cn", "icann", id="A-label"),
        pytest.param("anything.ck", "icann", id="by a wildcard"),
        pytest.param("x.kawasaki.jp", "icann", id="by a deeper wildcard"),
        pytest.param("www.ck", None, id="exception of a wildcard"),
        pytest.param("city.kawasaki.jp", None, id="exception of a deeper wildcard"),
        pytest.param("github.io", "private", id="L5 private"),
        pytest.param("blogspot.com", "private", id="L5 private under com"),
        pytest.param("unheard-of", "icann", id="a top level that the list does not know"),
        pytest.param("example.com", None, id="a domain"),
        pytest.param("example.co.uk", None, id="a domain under a second level"),
        pytest.param("example.github.io", None, id="a domain under a private suffix"),
        pytest.param("", None, id="empty"),
        pytest.param("..", None, id="dots"),
    ],
)
def test_kind(suffixes: PublicSuffixes, name: str, expected: str | None) -> None:
    assert suffixes.among([name]).get(name) == expected


SUFFIXES = PublicSuffixes()
ALL = publicsuffixlist.PublicSuffixList()
ICANN = publicsuffixlist.PublicSuffixList(only_icann=True)


def _by_the_library(name: str) -> str | None:
    if ICANN.is_public(name):
        return "icann"
    return "private" if ALL.is_public(name) else None


parts = st.sampled_from(
    ["uk", "co", "ck", "jp", "kawasaki", "city", "www", "io", "github", "com", "xn--p1ai"]
)


@settings(deadline=None, max_examples=100)
@given(st.lists(parts, min_size=1, max_size=3).map(".".join))
def test_agrees_with_the_library(name: str) -> None:
    assert SUFFIXES.among([name]).get(name) == _by_the_library(name)


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=20))
def test_answers_for_any_text(name: str) -> None:
    assert SUFFIXES.among([name, "example.com"]).keys() <= {name}
