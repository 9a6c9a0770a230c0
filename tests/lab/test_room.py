"""The lab itself: apart from this machine, and gone when it is closed, whatever ends those who use it."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import requests

from tests.lab import room
from tests.lab.room import Lab, at
from tests.namespace import Namespace

ROOT = Path(__file__).parents[2]

_ABANDONED = """
import os, sys
from tests.lab import room
with room.opened() as lab:
    print(lab.space.keeper, lab.map_path.parent, flush=True)
    sys.stdin.read()
"""


def inside(space: Namespace) -> list[int]:
    """Every process of a namespace."""
    own, found = os.readlink(f"/proc/{space.keeper}/ns/pid_for_children"), []  # noqa: PTH115
    for path in Path("/proc").glob("[0-9]*/ns/pid"):
        try:
            if os.readlink(path) == own:  # noqa: PTH115
                found.append(int(path.parts[2]))
        except OSError:
            continue  # ended meanwhile
    return found


def ended(process: int) -> bool:
    """Whether a process ends within half a minute."""
    try:
        handle = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 30)[0])
    finally:
        os.close(handle)


def test_two_labs_at_once_and_nothing_left_of_the_second(lab: Lab) -> None:
    resolver = Path("/etc/resolv.conf").read_bytes()
    with room.opened() as second:
        processes, folder = inside(second.space), second.map_path.parent
        second.policy(f"{at('good')} secure match=mx.other.net")
        assert second.deliver(f"u@{at('good')}").status == "deferred"
        assert lab.deliver(f"u@{at('good')}").status == "sent"
        assert Path("/etc/resolv.conf").read_bytes() == resolver
    assert len(processes) > 4
    assert all(map(ended, processes))
    assert not folder.exists()


def test_a_lab_ends_with_whoever_opened_it(lab: Lab) -> None:
    """Another one, whose user is killed."""
    with subprocess.Popen(
        [sys.executable, "-c", _ABANDONED],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as user:
        assert user.stdout
        keeper, folder = user.stdout.readline().split()
        processes = inside(Namespace(int(keeper), {}))
        assert len(processes) > 4
        user.send_signal(signal.SIGKILL)
        assert all(map(ended, processes))
    subprocess.run(["rm", "-r", folder], check=True)  # the one thing that is left


def test_a_domain_and_a_mail_server_can_be_added(lab: Lab) -> None:
    host = lab.host(room.mx("later"), lab.authority.issue(room.mx("later")))
    lab.policy(f"{at('new')} secure match={host}")
    assert lab.deliver(f"u@{lab.domain(at('new'), host)}").verified


def test_a_folder_is_served_as_it_is_now(lab: Lab, tmp_path: Path) -> None:
    get = "import requests, sys; print(requests.get(sys.argv[1], verify=sys.argv[2], timeout=9).text)"
    with lab.https(tmp_path) as site:
        for content in ("one", "two"):
            (tmp_path / "file").write_text(content)
            command = [sys.executable, "-c", get, f"{site.url}file", str(lab.authority.ca)]
            assert lab.run(command).stdout.strip() == content
        assert site.requests == ["GET /file HTTP/1.1 200"] * 2
        assert lab.run(["getent", "hosts", at("nowhere")]).returncode == 2


def test_a_server_that_is_gone_is_gone(lab: Lab, tmp_path: Path) -> None:
    with lab.https(tmp_path) as site:
        pass
    done = lab.run([sys.executable, "-c", f"import requests; requests.get({site.url!r}, timeout=9)"])
    assert requests.exceptions.ConnectionError.__name__ in done.stderr
