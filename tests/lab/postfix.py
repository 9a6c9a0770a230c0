"""A Postfix of Debian with a configuration, a queue and a log of its own."""

import os
import re
import select
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from subprocess import Popen

from tests.lab.lines import Lines
from tests.lab.sink import Received
from tests.namespace import Namespace, descendants
from tests.needs import needs

_SERVICES = """\
pickup    unix  n - n 60  1 pickup
cleanup   unix  n - n -   0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n -   1 tlsmgr
rewrite   unix  - - n -   - trivial-rewrite
bounce    unix  - - n -   0 bounce
defer     unix  - - n -   0 bounce
trace     unix  - - n -   0 bounce
proxymap  unix  - - n -   - proxymap
smtp      unix  - - n -   - smtp
relay     unix  - - n -   - smtp
showq     unix  n - n -   - showq
error     unix  - - n -   - error
retry     unix  - - n -   - error
discard   unix  - - n -   - discard
postlog   unix-dgram n - n - 1 postlogd
"""

_STATUS = re.compile(
    r"postfix/\w+\[(?P<process>\d+)\]: (?P<id>\w+): to=<.*>, relay=(?P<relay>[^,]+), .*"
    r"dsn=(?P<dsn>[\d.]+), status=(?P<status>\w+) \((?P<said>.*)\)$"
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What Postfix logged of one mail: status, RFC 3463 code, the last host, reply or reason, every line.

    `verified` is Postfix's own word for a certificate that is good and has a name that was asked for.
    `received` is what a mail server of the lab has of it.
    """

    status: str
    dsn: str
    host: str | None
    said: str
    verified: bool
    log: tuple[str, ...]
    received: Received | None = None

    def logged(self, text: str) -> bool:
        """Whether a line about this mail has a text."""
        return any(text in line for line in self.log)


class Postfix:
    """Has a configuration as soon as it is made, and runs from `begin` to `end`."""

    def __init__(self, namespace: Namespace, folder: Path) -> None:
        self.folder = folder / "etc"
        self._namespace = namespace
        self._numbers = count(1)
        self._running: Popen[str] | None = None
        self.folder.mkdir()
        self._fixed = _fixed(folder)
        (self.folder / "master.cf").write_text(_SERVICES)
        self.write({})

    def write(self, settings: Mapping[str, str]) -> None:
        """Writes main.cf anew, for the next start or reload."""
        lines = [f"{name} = {value}\n" for name, value in (self._fixed | dict(settings)).items()]
        fresh = self.folder / "main.cf.new"
        fresh.write_text("".join(lines))
        os.utime(fresh, (0, 0))  # a file that has just been written is read again for two seconds
        fresh.rename(self.folder / "main.cf")

    def begin(self) -> None:
        """Starts it."""
        self._running = self._namespace.start([needs("postfix", "postfix"), "-c", self.folder, "start-fg"])
        assert self._running.stdout
        self._log = Lines(self._running.stdout)
        self._log.line("daemon started")

    def end(self) -> None:
        """Ends it."""
        if self._running:
            self._namespace.end(self._running)
            self._log.close()

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """Waits, after a `postfix reload`, until no process is left that read the old main.cf."""
        old = [os.pidfd_open(process) for process in self._workers()]
        try:
            yield
            for worker in old:
                assert select.select([worker], [], [], 30)[0], "an old process did not end"
        finally:
            for worker in old:
                os.close(worker)

    def send(self, recipient: str, headers: str = "") -> Delivery:
        """Sends one mail and waits for what comes of the first try."""
        number, since = f"<{next(self._numbers)}@lab>", len(self._log.seen)
        mail = f"Message-ID: {number}\nSubject: a test\n{headers}\nHello.\n"
        command = ["sendmail", "-C", str(self.folder), "-i", "-f", "", recipient]
        done = self._namespace.run(command, text=mail)
        assert done.returncode == 0, done.stderr
        found = re.search(r": (\w+): message-id=", self._log.line(f"message-id={number}", since))
        assert found
        queue_id = found[1]

        def status(lines: list[str]) -> re.Match[str] | None:
            tries = (_STATUS.search(line) for line in lines)
            return next((found for found in tries if found and found["id"] == queue_id), None)

        last = self._log.wait(status, since)
        return _outcome(last, self._log.seen[since:])

    def _workers(self) -> list[int]:
        assert self._running
        names = {worker: _name(worker) for worker in descendants(self._running.pid)}
        return [worker for worker, name in names.items() if name in {"smtp", "qmgr", "trivial-rewrite"}]


def _name(process: int) -> str:
    return Path(f"/proc/{process}/comm").read_text().strip()


def _outcome(last: re.Match[str], lines: list[str]) -> Delivery:
    own = tuple(line for line in lines if f"[{last['process']}]: " in line)
    verified = any(f"Verified TLS connection established to {last['relay']}" in line for line in own)
    host = None if last["relay"] == "none" else last["relay"].partition("[")[0]
    return Delivery(last["status"], last["dsn"], host, last["said"], verified, own)


def _fixed(folder: Path) -> dict[str, str]:
    """Settings that make it run apart from any other, and try each mail once."""
    queue, data = folder / "queue", folder / "data"
    for path in (queue, data):
        path.mkdir()
    shutil.chown(data, "postfix")
    return {
        "compatibility_level": "3.6",
        "queue_directory": str(queue),
        "data_directory": str(data),
        "maillog_file": "/dev/stdout",
        "myhostname": "sender.stpolicy-lab.net",
        "mydestination": "",
        "alias_maps": "",
        "alias_database": "",
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "smtp_host_lookup": "dns",
        "smtp_connect_timeout": "5s",
        "default_destination_concurrency_failed_cohort_limit": "0",
        "minimal_backoff_time": "1h",
        "queue_run_delay": "1h",
    }
