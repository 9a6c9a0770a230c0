"""Runs side by side, ended runs, and hosts that are not as they should be."""

import fcntl
import json
import os
import signal
import socket
from pathlib import Path

import pytest

from stpolicy import store
from stpolicy.errors import Busy
from tests import web
from tests.conformance.clients import CLIENTS, VARIANTS, Client, Script, client, ended, run
from tests.conformance.world import BEFORE, OLD, WARM, World, begin
from tests.personas import LIST, running, wait
from tests.web import answer, silence

who = pytest.mark.parametrize("who", CLIENTS)
HANG = silence(answer("200 OK", b"{", "Content-Length: 999"))


@pytest.fixture
def asked(who: str, tmp_path: Path) -> Client:
    return client(who, tmp_path / "programs")


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


@pytest.mark.parametrize("host", [*CLIENTS, "script, wget"])
def test_r14_settings_of_a_user_trust_nobody(host: str, world: World, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".curlrc").write_text("insecure\nlocation-trusted\n")
    (home / ".wgetrc").write_text("check_certificate = off\n")
    (home / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    world.settings.ca_file = world.authority / "another.pem"
    names = ("HOME", "CURL_HOME", "XDG_CONFIG_HOME")
    world.settings.environment = dict.fromkeys(names, str(home)) | {"WGETRC": str(home / ".wgetrc")}
    ran = run(client(host, tmp_path / "programs"), world.settings)
    assert (ran.code, ran.state["reason"]) == (3, "network")
    assert world.asked() == ""
    world.settings.ca_file = world.authority / "ca.pem"
    assert run(client(host, tmp_path / "programs"), world.settings).code == 0
    assert not [head for head in world.server.requests if "authorization" in head.lower()]


@pytest.mark.parametrize("host", [*CLIENTS, "script, wget"])
def test_a_certificate_of_another_host(host: str, world: World, tmp_path: Path) -> None:
    with web.serving(world.authority / "other.pem") as other:
        world.settings.urls = [f"{other.url}/policy.json"]
        ran = run(client(host, tmp_path / "programs"), world.settings)
        assert (ran.code, other.requests) == (3, [])


@pytest.mark.parametrize("host", [*CLIENTS, "script, wget"])
def test_http_is_for_this_host_alone_and_on_demand(host: str, world: World, tmp_path: Path) -> None:
    asked = client(host, tmp_path / "programs")
    with web.serving() as plain:
        plain.answers = dict(world.server.answers)
        world.settings.urls = [f"{plain.url}/policy.json"]
        assert run(asked, world.settings).code == 2
        world.settings.allow_http = True
        assert run(asked, world.settings).code == 0
        plain.answers["/policy.json"] = answer("302 Found", b"", "Location: /x", "Content-Length: 0")
        assert run(asked, world.settings).code == 3, "R13: a redirect leads to https alone"


@pytest.mark.parametrize("host", [*CLIENTS, "script, wget"])
def test_r13_no_redirect_leads_from_https_to_http(host: str, world: World, tmp_path: Path) -> None:
    with web.serving() as plain:
        plain.answers = dict(world.server.answers)
        moved = answer("302 Found", b"", f"Location: {plain.url}/policy.json", "Content-Length: 0")
        world.answers(data=moved)
        for allowed in (False, True):
            world.settings.allow_http = allowed
            ran = run(client(host, tmp_path / "programs"), world.settings)
            assert (ran.code, ran.state["reason"], plain.requests) == (3, "network", [])


@pytest.mark.parametrize("host", [*CLIENTS, "script, wget"])
def test_t14_no_more_is_taken_than_the_limit(host: str, world: World, tmp_path: Path) -> None:
    """And no more than pipes and sockets hold: the answer is given up, not thrown away."""
    given: list[int] = []

    def talk(connection: socket.socket) -> None:
        connection.sendall(answer("200 OK", b""))
        while sum(given) < 200_000_000:
            connection.sendall(bytes(65536))
            given.append(65536)

    world.answers(data=talk)
    ran = run(client(host, tmp_path / "programs"), world.settings)
    assert ran.state["reason"] == "too_large"
    assert sum(given) < 50_000_000


@who
@pytest.mark.parametrize("home", ["", "/nonexistent", "/proc"])
def test_g10_homes_do_not_matter(home: str, asked: Client, world: World) -> None:
    world.settings.environment = {"HOME": home, "GNUPGHOME": home}
    assert run(asked, world.settings).code == 0


@who
def test_what_a_server_says_does_not_reach_a_terminal(asked: Client, world: World) -> None:
    world.settings.urls = [f"{world.server.url}/\u00e9\u001b[2J/policy.json"]
    ran = run(asked, world.settings)
    assert ran.code in (2, 3)
    assert "\u001b" not in "".join(ran.said)


@who
@pytest.mark.parametrize("url", ["https://user:secret@127.0.0.1/", "https:/user:secret@127.0.0.1"])
def test_a_password_in_a_url_is_neither_kept_nor_said(url: str, asked: Client, world: World) -> None:
    begin(world, WARM)
    world.settings.urls = [url]
    ran = run(asked, world.settings)
    assert (ran.code, ran.state["reason"]) == (2, "configuration")
    assert "secret" not in "".join(ran.said) + (world.state / "state.json").read_text()


KEPT = {
    "map": {
        "name": 'hash:/etc/postfix/a b [{\\"}],',
        "stamp": "0" * 64,
        "seal": "1:2:3",
        "expires": "1795305555.25",
        "counts": {"enforced": 2, "overlay": 0},
        "reload_pending": True,
    },
    "validators": {"https://127.0.0.1:9/policy.json": ["20261101T113000Z-0123456789ab", '"a"', "", "{", "]"]},
}


@pytest.mark.parametrize("host", ["script", *VARIANTS])
@pytest.mark.parametrize("kept", [KEPT, {"map": None, "validators": {}}, {"validators": KEPT["validators"]}])
def test_what_the_other_client_keeps_outlasts_the_script(
    host: str, kept: dict[str, object], world: World, tmp_path: Path
) -> None:
    """Where a map is named on the command line only, this is all that is known of it."""
    begin(world, WARM)
    written = {"reason": "unchanged", "list": {"map": {"name": "x"}}, **kept}
    (world.state / "state.json").write_text(json.dumps(written, indent=2) + "\n")
    script = client(host, tmp_path / "programs")
    for reason in ("installed", "unchanged"):
        ran = run(script, world.settings)
        assert ran.state["reason"] == reason
        assert {key: ran.state[key] for key in kept} == kept


@pytest.mark.parametrize(
    "text", ['{\n  "map": {\n', '{\n  "map": {\n}\n', '  "map": 1\n}\n', '{\n  "map": "\u00e9"\n}\n', "\0\n"]
)
def test_t24_no_garbage_is_kept_of_a_state(text: str, world: World, tmp_path: Path) -> None:
    begin(world, WARM)
    (world.state / "state.json").write_text(text)
    assert "map" not in run(_script(tmp_path), world.settings).state


# The script alone ---------------------------------------------------------------------------------


def _script(tmp_path: Path, **host: object) -> Script:
    return Script(tmp_path / "programs" / "own", **host)  # type: ignore[arg-type]


def test_the_hook_runs_after_a_switch_and_only_then(world: World, tmp_path: Path) -> None:
    begin(world, WARM)
    world.settings.post_update = 'cat "$STPOLICY_DIR/current/policy.json" >>"$STPOLICY_DIR/../hook it"'
    script, seen = _script(tmp_path), world.state.parent / "hook it"
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
    script = _script(tmp_path)
    world.settings.post_update = _fails_until(tmp_path / "mended")
    run(script, world.settings)
    world.answers(data=answer("503 Busy", b""))
    assert run(script, world.settings).state["reason"] == "internal"
    (tmp_path / "mended").touch()
    ran = run(script, world.settings)
    assert (ran.code, ran.state["reason"], world.leftovers()) == (3, "network", [])


def test_a_refusal_says_more_than_a_hook_that_fails(world: World, tmp_path: Path) -> None:
    script = _script(tmp_path)
    world.settings.post_update = "exit 9"
    run(script, world.settings)
    world.serve(world.pair(OLD, at=BEFORE))
    ran = run(script, world.settings)
    assert (ran.code, ran.state["reason"], len(ran.said)) == (1, "rolled_back", 2)
    assert world.leftovers() == [WAITS]


def test_no_hook_is_run_for_a_pair_that_does_not_verify(world: World, tmp_path: Path) -> None:
    script = _script(tmp_path)
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
    assert run(_script(tmp_path), world.settings).state["reason"] == "installed"
    assert world.leftovers() == []


def test_a_hook_that_waits_does_not_disturb_the_other_client(world: World, tmp_path: Path) -> None:
    script, other = _script(tmp_path), client("update", tmp_path)
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
        assert run(_script(tmp_path), world.settings).code == 0
        assert run(_script(tmp_path), world.settings).state["reason"] == "unchanged"
    finally:
        os.kill(int(note.read_text()), signal.SIGKILL)


def test_t25_a_signal_during_the_hook(world: World, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    world.settings.post_update = f"echo here; exec cat '{tmp_path / 'fifo'}'"
    process = _script(tmp_path).start(world.settings)
    assert process.stdout
    assert process.stdout.readline() == b"here\n"
    process.terminate()
    assert process.wait(30) == 143
    for child in running(str(tmp_path / "fifo")):
        wait(child)
    assert running(str(tmp_path / "fifo")) == {}
    process.communicate()
    assert world.installed() == world.offered


@pytest.mark.parametrize("start", ["cold", "warm"])
def test_r2_mv_without_t(start: str, world: World, tmp_path: Path) -> None:
    begin(world, start)
    script = _script(tmp_path)
    script.instead("mv", 'case $1 in *T*) echo "mv: no such option" >&2; exit 1 ;; esac; exec "$REAL" "$@"')
    assert run(script, world.settings).state["reason"] == "installed"
    assert world.installed() == world.offered
    assert world.leftovers() == []


def test_sync_that_takes_no_names(world: World, tmp_path: Path) -> None:
    script = _script(tmp_path)
    script.instead("sync", "[ $# -eq 0 ]")
    assert run(script, world.settings).code == 0


def test_r4_a_disk_that_does_not_take_it(world: World, tmp_path: Path) -> None:
    begin(world, WARM)
    before = world.files()
    script = _script(tmp_path)
    script.instead("sync", 'case $* in *policy.json*) exit 1 ;; esac; exec "$REAL" "$@"')
    ran = run(script, world.settings)
    assert (ran.code, ran.state["reason"]) == (3, "disk")
    assert (world.files(), world.leftovers()) == (before, [])


@pytest.mark.parametrize("missing", ["gpgv", "curl"])
def test_a_program_that_is_not_there(missing: str, world: World, tmp_path: Path) -> None:
    ran = run(_script(tmp_path, without=[missing]), world.settings)
    assert (ran.code, ran.state["reason"], len(ran.said)) == (3, "internal", 1)


def test_busybox_has_a_wget_that_trusts_everybody(world: World, tmp_path: Path) -> None:
    script = _script(tmp_path, without=["curl"])
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
    script = _script(tmp_path)
    script.instead(
        "gpgv", f"GOOD='{good.replace('MADE', '1793532600') if 'MADE' not in said else good}'\n{said}"
    )
    ran = run(script, world.settings)
    assert ran.code != 0
    assert ran.state["reason"] == reason
    assert world.installed() is None


def test_r2_a_name_that_cannot_be_made_is_no_name(world: World, tmp_path: Path) -> None:
    """The hash of half a pair would be a name too."""
    script = _script(tmp_path)
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
    script = _script(tmp_path)
    script.instead("gpgv", f"echo '{good}' >&3")
    assert run(script, world.settings).code == 0
