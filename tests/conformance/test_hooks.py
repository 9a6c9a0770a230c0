"""The hook of the script: run after each switch, and until it succeeds."""

import os
import signal
from pathlib import Path

import pytest

from tests.conformance.clients import VARIANTS, Script, client, own_script, run
from tests.conformance.world import BEFORE, OLD, WARM, World, begin
from tests.personas import running, wait
from tests.webserver import answer


def test_the_hook_runs_after_a_switch_and_only_then(world: World, tmp_path: Path) -> None:
    begin(world, WARM)
    world.settings.post_update = 'cat "$STPOLICY_DIR/current/policy.json" >>"$STPOLICY_DIR/../hook it"'
    script, seen = own_script(tmp_path), world.state.parent / "hook it"
    run(script, world.settings)
    run(script, world.settings)
    assert seen.read_bytes() == world.offered.data


HOSTS = ("script", "script, bash as sh", "script, busybox")
WAITS = "hook-pending"


def _fails_until(path: Path) -> str:
    """A hook that counts its runs, and fails until a file is there."""
    return f'echo run >>"{path.parent / "runs"}"; [ -e "{path}" ]'


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("start", ["cold", "warm"])
def test_a_hook_that_fails_is_run_until_it_succeeds(
    host: str, start: str, world: World, tmp_path: Path
) -> None:
    begin(world, start)
    script = client(host, tmp_path / "programs")
    world.settings.post_update = _fails_until(tmp_path / "mended")
    for _ in range(2):
        ran = run(script, world.settings)
        assert (ran.code, ran.state["exit"], ran.state["reason"], len(ran.said)) == (3, 3, "internal", 1)
        assert world.installed() == world.offered
        assert world.leftovers() == [WAITS]
    (tmp_path / "mended").touch()
    for _ in range(2):
        ran = run(script, world.settings)
        assert (ran.code, ran.said, ran.state["reason"]) == (0, [], "unchanged")
        assert world.leftovers() == []
    assert (tmp_path / "runs").read_text() == "run\n" * 3


def test_a_hook_that_failed_is_run_though_nobody_answers(world: World, tmp_path: Path) -> None:
    script = own_script(tmp_path)
    world.settings.post_update = _fails_until(tmp_path / "mended")
    run(script, world.settings)
    world.answers(data=answer("503 Busy", b""))
    assert run(script, world.settings).state["reason"] == "internal"
    (tmp_path / "mended").touch()
    ran = run(script, world.settings)
    assert (ran.code, ran.state["reason"], world.leftovers()) == (3, "network", [])


def test_a_refusal_says_more_than_a_hook_that_fails(world: World, tmp_path: Path) -> None:
    script = own_script(tmp_path)
    world.settings.post_update = "exit 9"
    run(script, world.settings)
    world.serve(world.pair(OLD, at=BEFORE))
    ran = run(script, world.settings)
    assert (ran.code, ran.state["reason"], len(ran.said)) == (1, "rolled_back", 2)
    assert world.leftovers() == [WAITS]


def test_no_hook_is_run_for_a_pair_that_does_not_verify(world: World, tmp_path: Path) -> None:
    script = own_script(tmp_path)
    world.settings.post_update = _fails_until(tmp_path / "never")
    run(script, world.settings)
    (world.state / "current" / "policy.json").write_bytes(b"{}")
    world.answers(data=answer("503 Busy", b""))
    assert run(script, world.settings).state["reason"] == "network"
    assert (tmp_path / "runs").read_text() == "run\n"


KILLED = {
    "before the switch": 'case "$*" in *.current.new*) kill -9 "$PPID"; exit 1 ;; esac; exec /bin/mv "$@"',
    "after the switch": '/bin/mv "$@"; case "$*" in *.current.new*) kill -9 "$PPID" ;; esac',
}


@pytest.mark.parametrize("when", [*KILLED, "in the hook"])
@pytest.mark.parametrize("host", HOSTS)
def test_r17_killed_and_the_hook_is_run_by_the_next(
    host: str, when: str, world: World, tmp_path: Path
) -> None:
    begin(world, WARM)
    seen = tmp_path / "seen"
    hook = f'cp "$STPOLICY_DIR/current/policy.json" "{seen}"'
    script = Script(tmp_path / "killed", **VARIANTS.get(host, {}))
    if when in KILLED:
        script.instead("mv", KILLED[when])
    world.settings.post_update = hook if when in KILLED else 'kill -9 "$PPID"'
    process = script.start(world.settings)
    assert process.wait(30) == -signal.SIGKILL
    process.communicate()
    assert not seen.exists()
    world.settings.post_update = hook
    assert run(client(host, tmp_path / "programs"), world.settings).code == 0
    assert seen.read_bytes() == world.offered.data
    assert world.leftovers() == []


@pytest.mark.parametrize("there", ["a folder", "a link to nowhere"])
def test_t24_what_lies_where_the_hook_is_noted(there: str, world: World, tmp_path: Path) -> None:
    begin(world, WARM)
    if there == "a folder":
        (world.state / WAITS / "deeper").mkdir(parents=True)
    else:
        (world.state / WAITS).symlink_to("/nowhere/at/all")
    world.settings.post_update = _fails_until(tmp_path)
    assert run(own_script(tmp_path), world.settings).state["reason"] == "installed"
    assert world.leftovers() == []


def test_a_hook_that_waits_does_not_disturb_the_other_client(world: World, tmp_path: Path) -> None:
    script, other = own_script(tmp_path), client("update", tmp_path)
    world.settings.post_update = _fails_until(tmp_path / "mended")
    run(script, world.settings)
    assert run(other, world.settings).state["reason"] == "unchanged"
    assert world.leftovers() == [WAITS]
    (tmp_path / "mended").touch()
    assert run(script, world.settings).code == 0
    assert world.leftovers() == []


def test_r6_what_a_hook_leaves_running_does_not_keep_the_lock(world: World, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    world.settings.post_update = f'sleep 600 >/dev/null 2>&1 & echo $! >"{note}"'
    try:
        assert run(own_script(tmp_path), world.settings).code == 0
        assert run(own_script(tmp_path), world.settings).state["reason"] == "unchanged"
    finally:
        os.kill(int(note.read_text()), signal.SIGKILL)


def test_t25_a_signal_during_the_hook(world: World, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    world.settings.post_update = f"echo here; exec cat '{tmp_path / 'fifo'}'"
    process = own_script(tmp_path).start(world.settings)
    assert process.stdout
    assert process.stdout.readline() == b"here\n"
    process.terminate()
    assert process.wait(30) == 143
    for child in running(str(tmp_path / "fifo")):
        wait(child)
    assert running(str(tmp_path / "fifo")) == {}
    process.communicate()
    assert world.installed() == world.offered
