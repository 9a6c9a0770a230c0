"""One table, two clients: what they say, what they leave on the disk, and what they ask the server."""

import os
import stat
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest

from stpolicy.flows.believe import pins
from stpolicy.flows.verify import verify
from stpolicy.model.file import File
from tests import lists
from tests.conformance.case import Case
from tests.conformance.cases import CASES, REPRESENTATIVE
from tests.conformance.clients import CLIENTS, VARIANTS, Ran, Settings, client, run
from tests.conformance.differences import DIFFERENCES
from tests.conformance.list_cases import LISTS
from tests.conformance.loaded import Loaded
from tests.conformance.world import BEFORE, World, begin, label, mark

KEYS = {"reason", "exit", "message", "at", "client", "last_success", "url", "list"}
_STARTS = [(name, start) for name, case in CASES.items() for start in case.starts]


@pytest.mark.parametrize(("name", "start"), _STARTS)
@pytest.mark.parametrize("who", CLIENTS)
def test_case(who: str, name: str, start: str, world: World, loaded: Loaded, tmp_path: Path) -> None:
    """`update` starts anew for what is asked on every host, too."""
    again = who == "update" and name not in REPRESENTATIVE
    ask = loaded.run if again else partial(run, client(who, tmp_path / "programs"))
    wrong = _asked(ask, CASES[name], start, world)
    reason = DIFFERENCES[who].get(name)
    if reason is None:
        assert wrong == []
    else:
        assert wrong, f"no difference any more ({reason})"


_HOSTS = [(who, name) for who in VARIANTS for name in REPRESENTATIVE]
_HOSTS += [(who, name) for who in VARIANTS if "wget" in who for name in CASES if name.startswith("server: ")]


@pytest.mark.parametrize(("who", "name"), dict.fromkeys(_HOSTS))
def test_case_on_other_hosts(who: str, name: str, world: World, tmp_path: Path) -> None:
    case = CASES[name]
    ask = partial(run, client(who, tmp_path / "programs"))
    wrong = _asked(ask, case, case.starts[-1], world)
    assert bool(wrong) is (name in DIFFERENCES.get(who, {})), wrong


def _asked(ask: Callable[[Settings], Ran], case: Case, start: str, world: World) -> list[str]:
    """What is wrong with what a client does in a case."""
    begin(world, start)
    case.change(world)
    before, was_installed = world.files(), world.installed()
    kept = before.pop("mark", None)
    ran = ask(world.settings)
    wrong = [
        *_said(case, start, ran),
        *_kept(ran, world),
    ]
    if not all("accept-encoding: identity\r\n" in head.lower() for head in world.server.requests):
        wrong.append("takes encodings (R11)")
    if case.asked is not None and world.asked() != case.asked:
        wrong.append(f"asked {world.asked()!r} and not {case.asked!r}")
    if case.reason == "installed":
        return wrong + _installed(case, world)
    after = world.files()
    marked = after.pop("mark", None)
    if after != before or world.installed() != was_installed:
        wrong.append("what is installed has changed")
    if case.marks:
        wrong += _marked(world, BEFORE)
    elif marked != kept:
        wrong.append("the mark has changed")
    return wrong


def _said(case: Case, start: str, ran: Ran) -> list[str]:
    wrong = []
    if ran.code != case.code:
        wrong.append(f"exit code {ran.code} and not {case.code}: {ran.said}")
    if case.reason == "configuration":
        return wrong if ran.said else [*wrong, "says nothing"]
    if ran.state.get("reason") != case.reason:
        wrong.append(f"reason {ran.state.get('reason')} and not {case.reason}: {ran.said}")
    if ran.state.get("exit") != case.code:
        wrong.append("state.json has another exit code")
    if len(ran.said) != case.lines(start):
        wrong.append(f"says {ran.said}")
    return wrong


def _kept(ran: Ran, world: World) -> list[str]:
    """What state.json and the folder look like, whatever has happened."""
    wrong = [f"left {world.leftovers()}"] if world.leftovers() else []
    if ran.code == 2 and ran.state.get("reason") != "configuration":
        return wrong  # what could not even be read as a setting is not written down
    if not ran.state:
        return [*wrong, "no state.json"]
    if not set(ran.state) >= KEYS:
        wrong.append(f"state.json lacks {KEYS - set(ran.state)}")
    written = (world.state / "state.json").read_text().splitlines()
    top = [line for line in written if line.startswith('  "')]
    if {line.split('"')[1] for line in top} != set(ran.state):
        wrong.append("state.json has not one key a line")
    listed, pair = ran.state["list"], world.installed()
    if listed and (pair is None or listed["version"] != label(pair)):
        wrong.append("state.json names another list than the installed one")
    if ran.code == 0 and (not listed or ran.state["last_success"] != ran.state["at"] or not ran.state["url"]):
        wrong.append("state.json tells of no success")
    return wrong


def _installed(case: Case, world: World) -> list[str]:
    if world.installed() != world.offered:
        return ["what was offered is not installed"]
    name, wrong = label(world.offered), []
    if os.readlink(world.state / "current") != f"versions/{name}":  # noqa: PTH115
        wrong.append("current leads elsewhere")
    version = world.state / "versions" / name
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (version, *version.iterdir())}
    if modes != {name: 0o755, "policy.json": 0o644, "policy.json.asc": 0o644}:
        wrong.append(f"modes {modes}")
    return wrong + (_marked(world, case.signed) if case.signed else [])


def _marked(world: World, signed: datetime) -> list[str]:
    pair, said = world.installed(), (world.state / "mark").read_text()
    return [] if pair and said == mark(pair, signed) else [f"mark {said!r}"]


@pytest.mark.parametrize("name", LISTS)
def test_the_table_says_what_verify_says(name: str, world: World) -> None:
    """So that a case cannot pass because both clients share a fault with the table."""
    case = LISTS[name]
    case.change(world)
    who = pins(world.people.ring, "ring", world.settings.signers, 1)
    pair = world.offered
    verdict = verify(File("list", pair.data), File("list.asc", pair.asc), who, now=lists.NOW)
    assert verdict.good is (case.reason == "installed")


def test_every_difference_is_a_case() -> None:
    for rows in DIFFERENCES.values():
        assert set(rows) <= set(CASES)
