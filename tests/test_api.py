"""The API for programs, and its page, whose example is run as it stands."""

import re
from datetime import datetime
from pathlib import Path

import pytest

import stpolicy
from stpolicy.errors import Misuse, Refused
from tests import lists
from tests.personas import SIGNED, People, stamp

_PAGE = (Path(__file__).parent.parent / "docs" / "API.md").read_text(encoding="utf-8")


@pytest.fixture
def pair(room: Path, people: People) -> Path:
    """A signed list of Alice, and trusted.asc beside it."""
    data = lists.data(
        {"example.com": {"mode": "enforce", "mxs": [".example.net", "mx.example.com"]}},
        timestamp=stamp(SIGNED),
    )
    (room / "policy.json").write_bytes(data)
    (room / "policy.json.asc").write_bytes(people.alice.sign(data))
    (room / "trusted.asc").write_bytes(people.ring)
    return room / "policy.json"


def test_the_page_says_what_is_offered() -> None:
    assert all(f"`{name}" in _PAGE for name in stpolicy.__all__)
    assert set(stpolicy.__all__) <= set(dir(stpolicy))


def test_the_example_of_the_page_runs(
    pair: Path, people: People, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", _PAGE, re.DOTALL)
    code = code.replace("0123456789ABCDEF0123456789ABCDEF01234567", people.alice.fingerprint)
    code = code.replace("datetime.now(UTC)", f"datetime.fromisoformat({lists.NOW.isoformat()!r})")
    (output,) = re.findall(r"```text\n(.*?)```", _PAGE, re.DOTALL)
    exec(compile(code, "docs/API.md", "exec"), {})
    assert capsys.readouterr().out == output


def test_a_list_is_loaded_from_a_path_or_a_text(pair: Path) -> None:
    assert stpolicy.load(pair) == stpolicy.load("policy.json")
    assert isinstance(stpolicy.load(pair), stpolicy.PolicyList)


def test_what_is_no_list_is_refused(room: Path) -> None:
    (room / "policy.json").write_text("[]")
    with pytest.raises(Refused):
        stpolicy.load("policy.json")


def test_a_list_that_is_not_there_is_an_os_error(room: Path) -> None:
    with pytest.raises(FileNotFoundError):
        stpolicy.load("policy.json")


def test_another_signer_is_no_verdict_to_use_a_list_by(pair: Path, people: People) -> None:
    verdict = stpolicy.verify(pair, keyring="trusted.asc", signers=[people.bob.fingerprint], now=lists.NOW)
    assert not verdict.good
    assert verdict.policies is None
    assert [finding.code for finding in verdict.report.findings] == ["signature.unknown_signer"]


def test_an_older_list_than_the_one_before_is_rolled_back(pair: Path, people: People) -> None:
    Path("newer.json").write_bytes(lists.data(timestamp=stamp(lists.NOW)))
    verdict = stpolicy.verify(
        pair,
        keyring="trusted.asc",
        signers=[people.alice.fingerprint],
        now=lists.NOW,
        signature="policy.json.asc",
        newer_than="newer.json",
    )
    assert [finding.code for finding in verdict.report.findings] == ["history.rolled_back"]


def test_pins_that_cannot_be_met_are_misuse(pair: Path, people: People) -> None:
    with pytest.raises(Misuse):
        stpolicy.verify(
            pair, keyring="trusted.asc", signers=[people.alice.fingerprint], now=lists.NOW, threshold=2
        )


def test_a_time_without_a_zone_is_refused(pair: Path) -> None:
    with pytest.raises(ValueError, match="zone"):
        stpolicy.verify(pair, keyring="trusted.asc", signers=[], now=datetime(2026, 11, 1))  # noqa: DTZ001


def test_nothing_else_is_offered() -> None:
    with pytest.raises(AttributeError):
        stpolicy.signs  # noqa: B018
