"""The names of a certificate, and the narrowest entry."""

from dataclasses import replace

import pytest

from stpolicy.model.identifiers import identifiers, narrowest
from stpolicy.model.observation import Fault, Step
from stpolicy.model.observed import Observed
from tests.observations import GOOD, MX1, MX2, alone, certificate, ended, judged, leaf, mx, named, only, seen
from tests.rules.server_cases import CASES


def test_common_name_counts_only_alone() -> None:
    assert identifiers(certificate(MX1, common_name=MX2)) == (MX1,)
    assert identifiers(certificate(common_name=MX2)) == (MX2,)
    assert identifiers(certificate()) == ()


@pytest.mark.parametrize(
    ("observed", "patterns"),
    [
        pytest.param(GOOD, [MX1, MX2], id="the hosts"),
        pytest.param(leaf("*.example.com"), [MX1, MX2], id="a wildcard covers them"),
        pytest.param(
            leaf("www.example.net", "*.example.net"), [MX1, MX2, "www.example.net"], id="a name more"
        ),
        pytest.param(only(named(MX1, "*.example.net")), [MX1, ".example.net"], id="a suffix at need"),
        pytest.param(
            only(named("mx.example.net", "*.mx.example.net"), named("a.mx.example.net", "b.example.org")),
            ["mx.example.net", "a.mx.example.net", "b.example.org"],
            id="a wildcard covers another host",
        ),
        pytest.param(only(named(MX1, "com", "192.0.2.1", "*")), [MX1], id="names that are none"),
        pytest.param(only(named(MX1, "mx.example.net.", "*.net")), [MX1], id="names that match no pattern"),
        pytest.param(alone(ended(Step.CONNECT, Fault.REFUSED)), [MX1], id="not reached"),
        pytest.param(seen(mx=mx("", "192.0.2.1"), hosts=()), [], id="no host"),
    ],
)
def test_narrowest_entry(observed: Observed, patterns: list[str]) -> None:
    assert [pattern.text for pattern in narrowest(observed.seen)] == patterns


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith(("certificate.n", "mx.unl"))])
def test_narrowest_entry_passes(name: str) -> None:
    """What it can mend, it mends: the names."""
    observed = CASES[name][1]
    found = judged(replace(observed, patterns=narrowest(observed.seen), entry=None)).codes
    usable = {"no_names", "partial_wildcard", "deep_wildcard", "address", "trailing_dot", "full_width"}
    if name.partition("/")[2] not in usable:
        assert not found & {"mx.unlisted", "certificate.name_mismatch"}
