"""The script on hosts whose programs are not as they should be."""

from pathlib import Path

import pytest

from tests.conformance.clients import own_script, run
from tests.conformance.world import WARM, World, begin


@pytest.mark.parametrize("start", ["cold", "warm"])
def test_r2_mv_without_t(start: str, world: World, tmp_path: Path) -> None:
    begin(world, start)
    script = own_script(tmp_path)
    script.instead("mv", 'case $1 in *T*) echo "mv: no such option" >&2; exit 1 ;; esac; exec "$REAL" "$@"')
    assert run(script, world.settings).state["reason"] == "installed"
    assert world.installed() == world.offered
    assert world.leftovers() == []


def test_sync_that_takes_no_names(world: World, tmp_path: Path) -> None:
    script = own_script(tmp_path)
    script.instead("sync", "[ $# -eq 0 ]")
    assert run(script, world.settings).code == 0


def test_r4_a_disk_that_does_not_take_it(world: World, tmp_path: Path) -> None:
    begin(world, WARM)
    before = world.files()
    script = own_script(tmp_path)
    script.instead("sync", 'case $* in *policy.json*) exit 1 ;; esac; exec "$REAL" "$@"')
    ran = run(script, world.settings)
    assert (ran.code, ran.state["reason"]) == (3, "disk")
    assert (world.files(), world.leftovers()) == (before, [])


@pytest.mark.parametrize("missing", ["gpgv", "curl"])
def test_a_program_that_is_not_there(missing: str, world: World, tmp_path: Path) -> None:
    ran = run(own_script(tmp_path, without=[missing]), world.settings)
    assert (ran.code, ran.state["reason"], len(ran.said)) == (3, "internal", 1)


def test_busybox_has_a_wget_that_trusts_everybody(world: World, tmp_path: Path) -> None:
    script = own_script(tmp_path, without=["curl"])
    script.instead("sleep", 'exec "$REAL" "$@"')
    (tmp_path / "programs" / "own" / "wget").symlink_to("/bin/busybox")
    ran = run(script, world.settings)
    assert (ran.code, ran.state["reason"]) == (3, "internal")
    assert world.asked() == ""


GPGV = {
    "g6 lines among its messages": ('echo "$GOOD"; echo "$GOOD" >&2', "threshold"),
    "g1 good lines and another exit code": ('echo "$GOOD" >&3; exit 2', "bad_signature"),
    "killed": ("kill -9 $$", "internal"),
    "silent": (":", "threshold"),
    "endless": (
        'while :; do echo "[GNUPG:] PROGRESS ...................................." >&3; done',
        "internal",
    ),
    "killed after it has said all": ('echo "$GOOD" >&3; kill -9 $$', "internal"),
    "g5 dated 2040": ('echo "$GOOD" | sed "s/ MADE / 2208988800 /" >&3', "future"),
}


@pytest.mark.parametrize("name", GPGV)
def test_words_of_another_gpgv(name: str, world: World, tmp_path: Path) -> None:
    said, reason = GPGV[name]
    key = world.people.alice.fingerprint
    good = f"[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG {key[-16:]} A\n"
    good += f"[GNUPG:] VALIDSIG {key} 2026-11-01 MADE 0 4 0 22 10 00 {key}"
    script = own_script(tmp_path)
    script.instead(
        "gpgv", f"GOOD='{good.replace('MADE', '1793532600') if 'MADE' not in said else good}'\n{said}"
    )
    ran = run(script, world.settings)
    assert ran.code != 0
    assert ran.state["reason"] == reason
    assert world.installed() is None


def test_r2_a_name_that_cannot_be_made_is_no_name(world: World, tmp_path: Path) -> None:
    """The hash of half a pair would be a name too."""
    script = own_script(tmp_path)
    script.instead("cat", 'case $* in *json*asc*) kill -9 $$ ;; esac; exec "$REAL" "$@"')
    ran = run(script, world.settings)
    assert (ran.code, ran.state["reason"]) == (3, "disk")
    assert world.installed() is None
    assert world.leftovers() == []


def test_the_words_of_gpgv_would_do(world: World, tmp_path: Path) -> None:
    """So that the test above can fail for the right reason only."""
    key = world.people.alice.fingerprint
    good = f"[GNUPG:] NEWSIG\n[GNUPG:] GOODSIG {key[-16:]} A\n"
    good += f"[GNUPG:] VALIDSIG {key} 2026-11-01 1793532600 0 4 0 22 10 00 {key}"
    script = own_script(tmp_path)
    script.instead("gpgv", f"echo '{good}' >&3")
    assert run(script, world.settings).code == 0
