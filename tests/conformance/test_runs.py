"""Runs side by side, ended runs, and disks that fail."""

import fcntl
import os
import signal
from pathlib import Path

import pytest

from stpolicy import store
from stpolicy.errors import Busy
from tests.conformance.clients import CLIENTS, Client, client, ended, run
from tests.conformance.world import WARM, World, begin
from tests.personas import LIST, running, wait
from tests.webserver import answer, silence

who = pytest.mark.parametrize("who", CLIENTS)
HANG = silence(answer("200 OK", b"{", "Content-Length: 999"))


@who
@pytest.mark.parametrize("start", ["cold", "warm"])
def test_r5_eight_at_once(asked: Client, start: str, world: World) -> None:
    begin(world, start)
    processes = [asked.start(world.settings) for _ in range(8)]
    codes = sorted(ended(process, world.settings).code for process in processes)
    assert codes[0] == 0
    assert set(codes) <= {0, 75}
    assert world.installed() == world.offered
    assert world.leftovers() == []
    assert run(asked, world.settings).state["reason"] == "unchanged"


@who
def test_r6_the_lock_of_another_client_is_heeded(asked: Client, world: World) -> None:
    begin(world, WARM)
    before = world.files()
    with (world.state / ".lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        ran = run(asked, world.settings)
    assert ran.code == 75
    assert "reason" not in ran.state
    assert world.files() == before
    assert world.asked() == ""


@who
def test_r6_another_client_heeds_the_lock(asked: Client, world: World) -> None:
    begin(world, WARM)
    world.answers(data=HANG)
    process = asked.start(world.settings)
    world.server.wait_for(1)
    with pytest.raises(Busy), store.locked(world.state):
        pass
    process.terminate()
    assert ended(process, world.settings).code == 143
    with store.locked(world.state):
        pass


ENDS = [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 129)]


def _is_ended(asked: Client, number: signal.Signals, code: int, world: World) -> None:
    begin(world, WARM)
    before = world.files()
    world.answers(asc=HANG)
    world.settings.timeout = "600"  # longer than anybody waits here
    process = asked.start(world.settings)
    world.server.wait_for(2)
    process.send_signal(number)
    ran = ended(process, world.settings)
    assert (ran.code, ran.said) == (code, [])
    assert world.files() == before
    assert world.leftovers() == []
    for child in running(world.server.url):
        wait(child)
    assert running(world.server.url) == {}


@who
@pytest.mark.parametrize(("number", "code"), ENDS)
def test_t25_a_signal_ends_it_and_its_download(
    asked: Client, number: signal.Signals, code: int, world: World
) -> None:
    _is_ended(asked, number, code, world)


@pytest.mark.parametrize("host", ["script, bash as sh", "script, bash", "script, busybox", "script, wget"])
def test_t25_on_other_hosts(host: str, world: World, tmp_path: Path) -> None:
    _is_ended(client(host, tmp_path / "programs"), signal.SIGTERM, 143, world)


@who
def test_r17_killed_outright_and_run_again(asked: Client, world: World) -> None:
    """What it has started may outlive it, and must not keep the lock."""
    begin(world, WARM)
    world.answers(asc=HANG)
    process = asked.start(world.settings)
    world.server.wait_for(2)
    process.kill()
    process.wait()
    world.serve(world.offered)
    assert run(asked, world.settings).state["reason"] == "installed"
    assert world.leftovers() == []
    world.server.close()  # lets go of what it has started
    process.communicate()


def test_r6_without_flock_a_link_is_the_lock(world: World, tmp_path: Path) -> None:
    begin(world, WARM)
    script = client("script, no flock", tmp_path / "programs")
    world.answers(asc=HANG)
    first = script.start(world.settings)
    world.server.wait_for(2)
    assert run(script, world.settings).code == 75
    first.kill()
    first.wait()
    world.serve(world.offered)
    assert run(script, world.settings).state["reason"] == "installed"
    assert world.leftovers() == []
    world.server.close()
    first.communicate()


@who
@pytest.mark.parametrize("mask", ["000", "077", "777"])
def test_t26_modes_do_not_depend_on_the_umask(mask: str, asked: Client, world: World) -> None:
    before = os.umask(int(mask, 8))
    try:
        process = asked.start(world.settings)
    finally:
        os.umask(before)
    assert ended(process, world.settings).code == 0
    modes = {path.stat().st_mode & 0o777 for path in world.state.rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in world.state.rglob("*") if path.is_dir()}
    assert (modes, folders) == ({0o644}, {0o755})


@who
def test_r4_a_full_disk_changes_nothing(asked: Client, world: World, tmp_path: Path) -> None:
    begin(world, WARM)
    before = world.files()
    pair = world.pair(LIST + b" " * 60000)
    world.serve(pair)
    limited = ["/bin/sh", "-c", 'ulimit -f 32; exec "$@"', "sh"]
    ran = ended(asked.start(world.settings, before=limited), world.settings)
    assert (ran.code, ran.state["reason"], len(ran.said)) == (3, "disk", 1)
    assert world.files() == before
    assert world.leftovers() == []
    assert run(asked, world.settings).state["reason"] == "installed"


@who
def test_r4_a_folder_that_cannot_be(asked: Client, world: World) -> None:
    world.state.write_text("a file")
    ran = run(asked, world.settings)
    assert (ran.code, len(ran.said)) == (3, 1)
    assert world.state.read_text() == "a file"
