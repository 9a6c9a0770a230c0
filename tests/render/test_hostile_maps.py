"""Whatever a list holds, a real postmap reads no key and no value that was not meant."""

import os
import subprocess
import tempfile
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stpolicy import resources
from stpolicy.flows.render import Wanted, render
from stpolicy.model.dates import Date, instant
from stpolicy.model.names import canonical, host_fault
from stpolicy.model.overlay import Local, Overlay
from stpolicy.model.policy import Entry, Mode, Policy, PolicyList
from stpolicy.render.profile import Match, Profile
from stpolicy.suffixes import PublicSuffixes
from tests import lists
from tests.needs import needs

SUFFIXES = PublicSuffixes()
TEMPLATE = resources.templates() / "postfix" / "policy_map.j2"
VICTIM = "victim.org"
GOOD = {name: ["mx.good.com"] for name in ("good.com", "xn--strae-oqa.de", "xn--ab-i6b.de")}

_WORDS = """a b.com . - : = # , { } " _ none may hostname nexthop .com xn-- xn--bcher-kva ü 字 match= secure %
[ ] * ｍ A 192.0.2.1 victim.org ß ς ΐ"""
_BITS = st.sampled_from(
    [*_WORDS.split(), " ", "\t", "\n", "\\", "\0", "\r", "\x0b", "\x85", "\u2028", "\u3002", "\udcff"]
)
_NAMES = st.lists(_BITS, min_size=1, max_size=6).map("".join) | st.from_regex(
    r"[a-z]{1,5}\.(com|de)", fullmatch=True
)
_LISTS = st.dictionaries(_NAMES, st.lists(_NAMES, min_size=1, max_size=4, unique=True), max_size=5)


def _postmap(*arguments: str) -> str:
    command = [needs("postmap", "postfix"), *arguments]
    done = subprocess.run(command, capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout.decode()


def _read(text: str) -> dict[str, str]:
    """Every row that Postfix reads in the text."""
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "main.cf").write_text("compatibility_level = 3\n")
        (Path(name) / "master.cf").write_text("")
        os.utime(Path(name) / "main.cf", (1, 1))
        (Path(name) / "map").write_text(text, encoding="utf-8")
        _postmap("-c", name, f"hash:{name}/map")
        lines = _postmap("-c", name, "-s", f"hash:{name}/map").split("\n")
        return dict(line.split("\t", 1) for line in lines if line)


@pytest.mark.parametrize("profile", [Profile((3, 7)), Profile((3, 11, 0), Match.MX), Profile()], ids=str)
@given(policies=_LISTS, reason=st.lists(_BITS, max_size=5).map("".join))
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_only_what_was_meant(profile: Profile, policies: dict[str, list[str]], reason: str) -> None:
    """The names need not even be those of a list: the renderer gets whatever can be held."""
    needs("postmap", "postfix")
    entries = {name: Policy(Mode.ENFORCE, tuple(mxs)) for name, mxs in (policies | GOOD).items()}
    date = Date.at(instant(lists.NOW))
    listed = tuple(Entry(name, canonical(name), policy) for name, policy in entries.items())
    held = PolicyList(date, Date.at(date.instant + timedelta(days=14)), None, (), listed)
    overlay = Overlay({canonical("own.com"): Local(None, reason, None, reason)})
    made = render(held, b"", Wanted(profile, (overlay,), TEMPLATE), now=lists.NOW, suffixes=SUFFIXES)
    read = _read(made.text)
    assert read == dict(row.split(" ", 1) for row in made.table.rows)
    assert "good.com" in read
    meant = {canonical(name) for name in entries}
    for key, value in read.items():
        assert canonical(key) in meant
        assert host_fault(canonical(key)) is None
        assert key == key.casefold(), "so it is the same key wherever it is made, and no other domain's"
        assert value.startswith("secure match=")
        patterns = value.split(" ")[1].removeprefix("match=").split(":")
        assert all(host_fault(pattern.removeprefix(".")) is None for pattern in patterns)
        assert set(patterns) <= {canonical(mx) for policy in entries.values() for mx in policy.mxs}


def test_the_reader_of_this_test_sees_a_row_that_was_not_meant() -> None:
    """A naive client writes names as they are."""
    needs("postmap", "postfix")
    assert VICTIM in _read(
        f"x.com\n{VICTIM} none\ny.com secure match=mx.a.com\n".replace("x.com\n", "x.com may\n")
    )
