"""Rows for Postfix: what is written, and what never is."""

import pytest

from stpolicy.model.policy import Mode, Policy
from stpolicy.render import postfix
from stpolicy.suffixes import PublicSuffixes
from tests.lists import enforce, in_testing

ATTRIBUTES = "servername=hostname protocols=>=TLSv1.2"

SUFFIXES = PublicSuffixes()


def line(domain: str, policy: Policy) -> str:
    return "".join(f"{row}\n" for row in postfix.rows(domain, policy, SUFFIXES))


@pytest.mark.parametrize(
    ("domain", "policy", "expected"),
    [
        ("a.com", enforce("mx.a.com"), f"a.com secure match=mx.a.com {ATTRIBUTES}\n"),
        ("a.com", enforce("mx.a.com", ".b.com"), f"a.com secure match=mx.a.com:.b.com {ATTRIBUTES}\n"),
        ("a.com", enforce("MX.a.com."), f"a.com secure match=mx.a.com {ATTRIBUTES}\n"),
        ("a.com", in_testing("mx.a.com"), ""),
        (  # ß: the other key would be that of strasse.de
            "xn--strae-oqa.de",
            enforce("mx.a.com"),
            f"xn--strae-oqa.de secure match=mx.a.com {ATTRIBUTES}\n",
        ),
        (
            "xn--bcher-kva.de",
            enforce("mx.a.com"),
            "".join(
                f"{key} secure match=mx.a.com {ATTRIBUTES}\n" for key in ("xn--bcher-kva.de", "bücher.de")
            ),
        ),
    ],
)
def test_rows(domain: str, policy: Policy, expected: str) -> None:
    assert line(domain, policy) == expected


@pytest.mark.parametrize(
    "pattern",
    [
        "hostname",
        ".com",
        ".co.uk",
        ".github.io",
        "nexthop",
        "dot-nexthop",
        "*.a.com",
        "a.com tafile=/tmp/x",
        "a.com:b.com",
        "a.com\nb",
        "",
        "192.0.2.1",
    ],
)
def test_no_pattern_becomes_anything_else_in_the_table(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        postfix.rows("a.com", Policy(Mode.ENFORCE, ("mx.a.com", pattern)), SUFFIXES)


@pytest.mark.parametrize(
    "domain", ["a.com\nvictim.com none", "a.com b", "localhost", ".a.com", "A.com", "a.com.", "", "*"]
)
def test_no_domain_becomes_anything_else_in_the_table(domain: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        postfix.rows(domain, enforce("mx.a.com"), SUFFIXES)
