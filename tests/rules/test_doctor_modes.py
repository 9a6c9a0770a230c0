"""install.modes: who may write what decides, who must be able to read it, and what mends it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stpolicy.flows.state_folder import Settings
from tests.needs import lacking
from tests.postfix_room import PostfixRoom, postfix_room


def test_a_key_ring_has_its_mode_too(server: PostfixRoom, tmp_path: Path) -> None:
    ring = tmp_path / "it's a ring"
    ring.write_bytes(b"")
    ring.chmod(0o646)
    settings = Settings(names=(ring,))
    (finding,) = server.examined(settings=settings).report.findings
    assert finding.code == "install.modes"
    assert subprocess.run(["sh", "-c", finding.mend], check=True)
    assert server.codes(settings=settings) == set()


def _typed(command: str) -> bool:
    return subprocess.run(["sh", "-c", command], check=False, capture_output=True).returncode == 0


@pytest.fixture
def public() -> Iterator[PostfixRoom]:
    """A room that every account gets into, whose list belongs to `nobody`; root looks."""
    if os.geteuid():
        lacking("a folder can be given away by root only")
    folder = Path(tempfile.mkdtemp(prefix="stp-doctor-", dir="/tmp"))
    folder.chmod(0o755)
    room = postfix_room(folder)
    for path in (room.lib, *room.lib.rglob("*")):
        shutil.chown(path, "nobody")
    yield room
    shutil.rmtree(folder)


def test_what_belongs_to_somebody_else(public: PostfixRoom) -> None:
    assert public.codes() == set()
    for path in (public.lib / "mark", Path(f"{public.table.file}"), public.etc / "overlay.json"):
        shutil.chown(path, "daemon")
        (finding,) = public.examined().report.findings
        assert (finding.code, "daemon" in finding.message) == ("install.modes", True)
        assert _typed(finding.mend)
        assert public.codes() == set()
    shutil.chown(public.etc / "stpolicy.toml", "nobody")
    assert public.codes() == set(), "whose the list's folder is decides already"


@pytest.mark.parametrize("owner", ["nobody", "root"])
def test_modes_in_the_folder_of_an_account(owner: str, public: PostfixRoom) -> None:
    """What root has left there, too."""
    for mode in (0o600, 0o666):
        (public.lib / "mark").chmod(mode)
        shutil.chown(public.lib / "mark", owner)
        (finding,) = public.examined().report.findings
        assert " runuser -u nobody -- chmod " in f" {finding.mend}"
        assert _typed(finding.mend)
        assert public.codes() == set()


def test_a_link_of_the_account_leads_root_nowhere(public: PostfixRoom) -> None:
    """It asks root to open a file of root's by the mend for one of its own."""
    secret = public.etc / "secret"
    secret.write_text("")
    secret.chmod(0o600)
    (public.lib / "mark").unlink()
    (public.lib / "mark").symlink_to(secret)
    for finding in public.examined().report.findings:
        _typed(finding.mend)
    assert (secret.stat().st_mode & 0o777, secret.stat().st_uid) == (0o600, 0)


def test_settings_in_a_folder_that_is_for_other_things_too(server: PostfixRoom, tmp_path: Path) -> None:
    """Nobody is told to open a home, or to close /tmp."""
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "own.toml").write_text("")
    settings = Settings(shared / "own.toml")
    shared.chmod(0o1777)
    assert server.codes(settings=settings) == set()
    shared.chmod(0o777)
    assert server.codes(settings=settings) == {"install.modes"}
    assert server.codes(settings=Settings(shared / "nowhere" / "own.toml")) == set()


def test_no_mend_is_for_the_folder_one_is_in(server: PostfixRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(server.etc)
    settings = Settings(Path("stpolicy.toml"), (Path("overlay.json"),), is_chosen=True)
    for name in ("stpolicy.toml", "overlay.json"):
        Path(name).chmod(0o606)
    (server.lib / "state.json").unlink()
    mends = [finding.mend for finding in server.examined(settings=settings).report.findings]
    assert [mend for mend in mends if mend.endswith(f" --config {server.etc}/stpolicy.toml")]
    assert f"chmod go-w,a+r {server.etc}/overlay.json" in mends
