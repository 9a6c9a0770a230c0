"""Debian's cron in a room of its own: tables, accounts, clock and the programs of its jobs are ours."""

import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.needs import lacking, needs

ROOT = Path(__file__).parent.parent

_APART = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
_FURNISH = """
set -e
for file in passwd group shadow crontab; do mount --bind "$1/etc/$file" "/etc/$file"; done
mount --bind "$1/etc/cron.d" /etc/cron.d
mount --bind "$1/bin" /usr/local/bin
mount --bind "$1/bin" /usr/local/sbin
mount --bind "$1/sendmail" /usr/sbin/sendmail
mount -t tmpfs none /var/spool/cron
mkdir /var/spool/cron/crontabs
mount -t tmpfs none /run
mount -t tmpfs none /dev/shm
echo furnished >"$1/said"
exec faketime -f "@$2" cron -f
"""
_RECORDER = """\
#!/bin/sh
printf '%s %s %s\\n' "$(id -un)" "${0##*/}" "$*" >ROOM/said
echo "something to say"
"""
_SENDMAIL = """\
#!/bin/sh
printf 'mail %s\\n' "$(tr '\\n' ' ')" >ROOM/said
"""


class CronRoom:
    """`table` puts a file into /etc/cron.d; `running` runs cron from a time on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for made in (folder, folder / "etc", folder / "etc" / "cron.d", folder / "bin"):
            made.mkdir(exist_ok=True)
            made.chmod(0o755)
        self._said = folder / "said"
        os.mkfifo(self._said)
        self._said.chmod(0o666)
        for name in ("passwd", "group", "shadow"):
            shutil.copy(f"/etc/{name}", folder / "etc")
        account = ROOT / "cron" / "stpolicy.sysusers"
        command = ["systemd-sysusers", f"--root={folder}", str(account)]
        subprocess.run(command, check=True, capture_output=True)
        (folder / "etc" / "crontab").write_text("")
        for name in ("stpolicy", "update_and_verify.sh", "sleep"):
            self._program(folder / "bin" / name, _RECORDER)
        self._program(folder / "sendmail", _SENDMAIL)

    def table(self, name: str, text: str, mode: int = 0o644) -> None:
        """A file of /etc/cron.d."""
        path = self.folder / "etc" / "cron.d" / name
        path.write_text(text)
        path.chmod(mode)

    @contextmanager
    def running(self, since: str) -> Iterator[Iterator[str]]:
        """What is said once cron runs, from a time like "2030-01-31 03:59:58" on: jobs, and mails."""
        listening = os.open(self._said, os.O_RDWR)  # both, so that there is always a reader and no end
        complaints = self.folder / "complaints"
        complaining = os.open(complaints, os.O_WRONLY | os.O_CREAT, 0o600)
        process = subprocess.Popen(
            [*_APART, "sh", "-c", _FURNISH, "sh", str(self.folder), since],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaining,
            env={"PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "TZ": "UTC"},
        )
        try:
            said = _lines(listening, complaints)
            assert next(said) == "furnished"
            yield said
        finally:
            process.kill()
            process.wait()
            os.close(complaining)
            os.close(listening)

    def _program(self, path: Path, text: str) -> None:
        path.write_text(text.replace("ROOM", str(self.folder)))
        path.chmod(0o755)


def _lines(source: int, complaints: Path) -> Iterator[str]:
    buffer = b""
    while True:
        while b"\n" not in buffer:
            ready, _, _ = select.select([source], [], [], 10)
            assert ready, complaints.read_text()
            buffer += os.read(source, 65536)
        line, _, buffer = buffer.partition(b"\n")
        yield line.decode()


@contextmanager
def cron_room() -> Iterator[CronRoom]:
    """A room in a folder that the accounts of jobs can reach."""
    for program, package in (
        ("cron", "cron"),
        ("faketime", "faketime"),
        ("sendmail", "postfix"),
        ("systemd-sysusers", "systemd"),
    ):
        needs(program, package)
    if subprocess.run([*_APART, "true"], capture_output=True, check=False).returncode:
        lacking("no namespaces for a cron of its own, which takes root")
    with tempfile.TemporaryDirectory(prefix="stp-cron-", dir="/tmp") as name:
        yield CronRoom(Path(name))
