"""The API for programs, and its page, whose example is run as it stands."""

import asyncio
import gc
import json
import re
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import stpolicy
from stpolicy.checker.smtp import Manner
from stpolicy.checker.survey import Scope
from stpolicy.errors import Misuse, Refused
from stpolicy.flows import check as flow
from tests import lists
from tests.observations import GOOD
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


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Stands in for the network: everything is well with what is asked for. What was asked, and how."""
    said: list[Any] = []

    async def look(asked: Any, network: flow.Network, emit: Any, *, now: datetime) -> None:
        said.append(network)
        for domain, what in asked.items():
            emit(flow.result(replace(GOOD.seen, domain=domain), what, now=now, connected=True))

    monkeypatch.setattr(flow, "check", look)
    return said


def test_the_example_of_a_domain_is_what_comes_back(server: list[Any]) -> None:
    result = stpolicy.check_domain(
        "Example.COM.", ["mx1.example.com"], now=lists.NOW, helo="probe.example.net"
    )
    assert (result["domain"], result["status"], result["status_text"]) == ("example.com", 6, "bad host name")
    shown = [(finding["code"], finding["where"]) for finding in result["findings"]]
    assert ("mx.unlisted", "mx2.example.com") in shown
    assert f"\n    {result['extra_results']['narrowest']}\n" in _PAGE
    json.dumps(result)


def test_a_domain_is_looked_at_as_the_options_of_the_command_say(server: list[Any]) -> None:
    result = stpolicy.check_domain("example.com", now=lists.NOW, helo="Probe.example.net")
    assert (result["status"], "narrowest" in result["extra_results"]) == (0, False)
    assert server.pop() == flow.Network(Manner("probe.example.net"))
    stpolicy.check_domain(
        "example.com",
        now=lists.NOW,
        helo="probe.example.net",
        resolvers=[("192.0.2.53", 53)],
        ca_file="roots.pem",
        port=2525,
        https_port=8443,
        timeout=5,
        legacy=False,
        mta_sts=False,
        dane=False,
        allow_private=True,
    )
    assert server.pop() == flow.Network(
        Manner("probe.example.net", 2525, 5),
        (("192.0.2.53", 53),),
        Path("roots.pem"),
        8443,
        Scope(mta_sts=False, dane=False, allow_private=True),
        probes=False,
    )


@pytest.mark.parametrize(
    ("domain", "patterns", "helo"),
    [
        ("192.0.2.1", [], "probe.example.net"),
        ("example", [], "probe.example.net"),
        ("example.com", ["*.example.com"], "probe.example.net"),
        ("example.com", [], "probe example"),
    ],
)
def test_what_cannot_be_looked_at_is_misuse(
    server: list[Any], domain: str, patterns: list[str], helo: str
) -> None:
    with pytest.raises(Misuse):
        stpolicy.check_domain(domain, patterns, now=lists.NOW, helo=helo)
    assert server == []


def test_the_time_of_a_look_has_a_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        stpolicy.check_domain("example.com", now=lists.NOW.replace(tzinfo=None))


def test_within_an_event_loop_it_says_what_to_do_instead(server: list[Any]) -> None:
    """And leaves no coroutine behind that nobody awaits, which is a warning, and so an error here."""

    async def program() -> dict[str, Any]:
        look = partial(stpolicy.check_domain, "example.com", now=lists.NOW, helo="probe.example.net")
        with pytest.raises(RuntimeError, match="to_thread"):
            look()
        assert server == []
        return await asyncio.to_thread(look)

    assert asyncio.run(program())["status"] == 0
    gc.collect()


@pytest.mark.parametrize(
    "wrong",
    [
        {"port": "25"},
        {"port": 0},
        {"port": True},
        {"port": 25.0},
        {"https_port": None},
        {"https_port": 65536},
        {"timeout": "60"},
        {"timeout": 0},
        {"timeout": True},
        {"timeout": float("nan")},
        {"resolvers": [("192.0.2.53", "53")]},
        {"resolvers": [("192.0.2.53", -1)]},
        {"resolvers": [("ns.example.net", 53)]},
        {"resolvers": [(53, 53)]},
    ],
    ids=repr,
)
def test_what_is_no_number_or_address_is_told_before_anything_is_asked(
    server: list[Any], wrong: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=r"is no port|is no number|does not appear"):
        stpolicy.check_domain("example.com", now=lists.NOW, helo="probe.example.net", **wrong)
    assert server == []
