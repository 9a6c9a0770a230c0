"""A systemd in a room of its own, with a network of its own: it runs the units of cron/ and our program."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.namespace import Namespace
from tests.needs import lacking, needs
from tests.webserver import Server

ROOT = Path(__file__).parent.parent
_APART = ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--cgroup", "--fork", "--kill-child"]
_SYSTEMD = Path("/lib/systemd/systemd")

_ENTER = 'mkdir "$1" && echo $$ >"$1/cgroup.procs" && shift && exec "$@"'
_BEGIN = """
set -e
room=$1
mount -t proc proc /proc
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
mount -t tmpfs -o mode=755 room /srv
mkdir /srv/room /srv/checkout /srv/packages /srv/python
mount --bind "$room" /srv/room
mount --bind "$2" /srv/checkout
mount --bind "$3" /srv/packages
mount --bind "$4" /srv/python
cp -a /etc /srv/etc || test -s /srv/etc/passwd # what another test takes away meanwhile is not missed
mkdir /srv/etc/stpolicy
mount --bind /srv/etc /etc
mount --bind /srv/room/bin /usr/local/bin
mount --bind /srv/room/sendmail /usr/sbin/sendmail
for folder in /run /var/lib /var/spool /tmp; do mount -t tmpfs -o mode=755 room "$folder"; done
chmod 1777 /tmp
mkdir /var/spool/postfix
cp /srv/room/main.cf /srv/room/master.cf /etc/postfix
systemd-sysusers /srv/checkout/cron/stpolicy.sysusers
exec env -i container=room PATH=/usr/sbin:/usr/bin:/sbin:/bin SYSTEMD_UNIT_PATH=/srv/room/units \\
    "$5" --system --unit=room.target --log-target=null --show-status=0
"""
_PROGRAM = """\
#!/bin/sh
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/srv/checkout:/srv/packages PYTHONHOME=/srv/python
export LD_LIBRARY_PATH=/srv/python/lib # not that of another Python: ours may lie where a unit does not see it
exec /srv/python/bin/{python} -m stpolicy "$@"
"""
_TELLS = """\
#!/bin/sh
printf '%s\\n' "$(tr '\\n' ' ')" >/srv/room/said
"""
_MAIN = """\
compatibility_level = 3.6
myhostname = sender.stpolicy-lab.net
mydestination =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
"""
_MASTER = """\
pickup    unix  n - n 60  1 pickup
cleanup   unix  n - n -   0 cleanup
qmgr      unix  n - n 300 1 qmgr
"""
_TARGET = "[Unit]\nDefaultDependencies=no\nWants=told.service\n"
_TOLD = (
    "[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nExecStart=sh -c 'echo ready >/srv/room/said'\n"
)


class SystemdRoom:
    """`start` and `run` act in there; `heard` waits for what is said: mails, and what a drop-in echoes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("units", "bin"):
            (folder / name).mkdir()
        self._program("bin/stpolicy", _PROGRAM.format(python=Path(sys.executable).resolve().name))
        self._program("sendmail", _TELLS)
        (folder / "main.cf").write_text(_MAIN)
        (folder / "master.cf").write_text(_MASTER)
        self._fifo = folder / "said"
        os.mkfifo(self._fifo)
        for path in (ROOT / "cron").iterdir():
            if path.suffix in (".service", ".timer", ".path"):
                shutil.copy(path, folder / "units")
        self._unit("room.target", _TARGET)
        self._unit("told.service", _TOLD)
        for name in ("sysinit", "basic", "shutdown", "timers", "paths", "network-online", "nss-lookup"):
            self._unit(f"{name}.target", "[Unit]\nDefaultDependencies=no\n")
        self._space: Namespace | None = None
        self._listening, self._buffer = -1, b""

    @contextmanager
    def running(self) -> Iterator[None]:
        """With systemd as the first process in there."""
        with _control_group() as group:
            self._listening = os.open(self._fifo, os.O_RDWR)
            parts = [ROOT, Path(sysconfig.get_path("purelib")), Path(sys.base_prefix), _SYSTEMD]
            begin = [*_APART, "sh", "-c", _BEGIN, "sh", str(self.folder), *map(str, parts)]
            complaints = self.folder / "complaints"
            with complaints.open("wb") as said:
                keeper = subprocess.Popen(
                    ["sh", "-c", _ENTER, "sh", str(group), *begin],
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    env={"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"},
                )
            try:
                if self.heard() != "ready":
                    lacking(f"systemd does not run here: {complaints.read_text(errors='replace')[-2000:]}")
                (first,) = _children(keeper.pid)
                self._space = Namespace(first, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
                yield
            finally:
                for first in _children(keeper.pid):
                    os.kill(first, signal.SIGKILL)  # with it ends all that runs in there; then the keeper
                keeper.wait()
                os.close(self._listening)

    def heard(self) -> str:
        """The next line that is said; empty when nothing is for a while."""
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([self._listening], [], [], 20)
            if not ready:
                return ""
            self._buffer += os.read(self._listening, 65536)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode()

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Runs a command in there, as root."""
        assert self._space
        return self._space.run(command)

    def start(self, unit: str) -> bool:
        """Whether a unit starts, and a oneshot ends well."""
        return self.run("systemctl", "start", unit).returncode == 0

    def drop_in(self, unit: str, text: str) -> None:
        """What an administrator adds to a unit."""
        folder = self.folder / "units" / f"{unit}.d"
        folder.mkdir(exist_ok=True)
        (folder / "own.conf").write_text(text)
        assert self.run("systemctl", "daemon-reload").returncode == 0

    def settings(self, text: str) -> None:
        """/etc/stpolicy/stpolicy.toml, and what lies beside it."""
        (self.folder / "stpolicy.toml").write_text(text)
        copied = self.run(
            "install", "-m", "0644", "/srv/room/stpolicy.toml", "/srv/room/trusted.gpg", "/etc/stpolicy"
        )
        assert copied.returncode == 0, copied.stderr

    def server(self) -> Server:
        """A web server on the loopback interface in there."""
        assert self._space
        return self._space.within(lambda: Server(None))

    def reason(self) -> str:
        """What the last run came to."""
        return str(json.loads(self.run("cat", "/var/lib/stpolicy/state.json").stdout)["reason"])

    def _program(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def _unit(self, name: str, text: str) -> None:
        (self.folder / "units" / name).write_text(text)


def _children(process: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@contextmanager
def _control_group() -> Iterator[Path]:
    """A name for a control group that is not there yet; what systemd made in it goes afterwards."""
    mounted = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    where = next((words[1] for words in mounted if words[2] == "cgroup2"), None)
    if where is None or not os.access(where, os.W_OK):
        lacking("no control groups to run a systemd in")
    group = Path(where) / f"stp-{os.getpid()}"
    try:
        yield group
    finally:
        for folder, _, _ in os.walk(group, topdown=False):
            with suppress(OSError):
                Path(folder).rmdir()


@contextmanager
def systemd_room() -> Iterator[SystemdRoom]:
    """A room; `running` begins it."""
    needs("systemctl", "systemd")
    for program, package in (("ip", "iproute2"), ("nsenter", "util-linux"), ("postmap", "postfix")):
        needs(program, package)
    if subprocess.run([*_APART, "true"], capture_output=True, check=False).returncode:
        lacking("no namespaces for a systemd of its own, which takes root")
    with tempfile.TemporaryDirectory(prefix="stp-systemd-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield SystemdRoom(Path(name))
