"""fmt: the canonical form, in place, to standard output, or only looked at."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from stpolicy.document.dump import dump
from stpolicy.errors import Refused
from stpolicy.flows import edit as flow
from stpolicy.model.file import File
from stpolicy.model.policy import PolicyList
from tests import lists
from tests.program import Program, canonical_list

LOOSE = lists.data(
    {
        "b.example.com": {"mxs": ["B.example.com.", "a.example.com"], "mode": "testing"},
        "A.example.com.": {"policy-alias": "z"},
        "xn--bcher-kva.example.com": {"mode": "enforce", "mxs": ["mx.example.com"]},
    },
    {"z": lists.ONE_HOST, "a": lists.ONE_HOST},
)


@pytest.fixture
def loose(room: Path) -> Path:
    (room / "policy.json").write_bytes(LOOSE)
    return room / "policy.json"


def test_names_order_and_layout_become_canonical_and_patterns_keep_their_order(
    program: Program, loose: Path
) -> None:
    ran = program("fmt")
    assert (ran.code, ran.out) == (0, "")
    after = json.loads(loose.read_text())
    assert list(after) == ["timestamp", "expires", "version", "policy-aliases", "policies"]
    assert list(after["policies"]) == ["a.example.com", "b.example.com", "xn--bcher-kva.example.com"]
    assert list(after["policy-aliases"]) == ["a", "z"]
    assert after["policies"]["b.example.com"] == {
        "mode": "testing",
        "mxs": ["b.example.com", "a.example.com"],
    }
    assert loose.read_bytes().endswith(b"}\n")
    assert b"\r" not in loose.read_bytes()


def test_once_is_enough(program: Program, loose: Path) -> None:
    program("fmt")
    once = loose.stat().st_mtime_ns, loose.stat().st_ino, loose.read_bytes()
    ran = program("fmt")
    assert (ran.out, ran.err) == ("", "")
    assert (loose.stat().st_mtime_ns, loose.stat().st_ino, loose.read_bytes()) == once
    assert program("fmt", "--check").code == 0


@pytest.mark.parametrize(
    ("options", "code", "shows"),
    [(["--check"], 1, False), (["--diff"], 0, True), (["--check", "--diff"], 1, True)],
    ids=str,
)
def test_only_looking_writes_nothing(
    program: Program, loose: Path, options: list[str], code: int, shows: bool
) -> None:
    ran = program("fmt", *options)
    assert ran.code == code
    assert loose.read_bytes() == LOOSE
    assert ran.out.startswith("--- policy.json\n+++ policy.json (edited)\n@@ ") == shows
    assert "\\ No newline at end of file\n" in ran.out or not shows
    assert ran.err
    assert program("fmt", *options, "--quiet").err == ""


def test_from_standard_input_to_standard_output(program: Program) -> None:
    ran = program("fmt", "-", stdin=LOOSE)
    assert ran.code == 0
    assert program("fmt", "-", "--check", stdin=ran.out.encode()).code == 0
    assert program("fmt", "-", "--check", stdin=LOOSE).code == 1


def test_dates_stay_as_they_are_written(program: Program) -> None:
    Path("policy.json").write_bytes(
        lists.data(timestamp=1793491200, expires="2026-11-15t00:00:00.5000+01:00")
    )
    program("fmt")
    after = json.loads(Path("policy.json").read_text())
    assert after["timestamp"] == 1793491200
    assert after["expires"] == "2026-11-15t00:00:00.5000+01:00"


@pytest.mark.parametrize(
    "names",
    [("Example.com", "example.com"), ("example.com.", "example.com"), ("bücher.de", "xn--bcher-kva.de")],
)
def test_two_entries_for_one_domain_are_left_to_a_person(program: Program, names: tuple[str, str]) -> None:
    canonical_list(Path("policy.json"), policies={})
    text = Path("policy.json").read_text()
    entries = ",".join(
        f'"{name}": {{"mode": "testing", "mxs": ["mx{n}.com"]}}' for n, name in enumerate(names)
    )
    Path("policy.json").write_text(
        text.replace('"policies": {}', f'"policies": {{{entries}}}'), encoding="utf-8"
    )
    before = Path("policy.json").read_bytes()
    ran = program("fmt")
    assert ran.code == 1
    assert "policy.json" in ran.err
    assert Path("policy.json").read_bytes() == before


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(lists.policy_lists(unique_by=str.lower))
def test_the_canonical_form_is_its_own_canonical_form(policies: PolicyList) -> None:
    file = File("x", dump(policies))
    try:
        once = flow.fmt(file, largest=1 << 20).after
    except Refused:
        return
    assert not flow.fmt(File("x", once), largest=1 << 20).differs
