"""The databases of the ledger: a file of SQLite, and Debian's PostgreSQL in a folder of its own."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest

from stpolicy.ledger import Ledger, address
from tests.needs import lacking

USER = "postgres"
ENOUGH = 60
"""Seconds that nothing takes unless it hangs."""


def programs() -> Path:
    """The folder of PostgreSQL's own programs, the newest there is."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not found:
        lacking("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1]


@dataclass
class PostgreSql:
    """A server that listens at a socket in its folder. `template` is a database with our tables."""

    folder: Path
    process: "subprocess.Popen[bytes] | None" = None
    numbers: "count[int]" = field(default_factory=count)

    @property
    def owner(self) -> str | None:
        """It does not run as root."""
        return USER if os.getuid() == 0 else None

    def make(self) -> None:
        """The files of an empty server."""
        if self.owner:
            shutil.chown(self.folder, USER, USER)
        options = ["--auth=trust", "--no-sync", f"--username={USER}", "--encoding=UTF8", "--no-locale"]
        subprocess.run(
            [programs() / "initdb", "-D", self.folder / "data", *options],
            check=True,
            capture_output=True,
            cwd=self.folder,
            user=self.owner,
            group=self.owner,
        )

    def start(self) -> None:
        """Runs it, and waits until it answers."""
        settings = {
            "unix_socket_directories": str(self.folder),
            "listen_addresses": "",
            "max_connections": "200",
            "fsync": "off",
        }
        options = [f"-c{name}={value}" for name, value in settings.items()]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [programs() / "postgres", "-D", self.folder / "data", *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                user=self.owner,
                group=self.owner,
            )
        until = time.monotonic() + ENOUGH
        while True:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            try:
                self.ask("SELECT 1")
            except psycopg.OperationalError:
                assert time.monotonic() < until, (self.folder / "log").read_text()
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Ends it at once, whoever is connected."""
        if self.process:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(ENOUGH)
            self.process = None

    def ask(self, statement: str) -> None:
        """Says something to the server itself."""
        with psycopg.connect(
            host=str(self.folder), user=USER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())

    def fresh(self, template: str = "template1") -> str:
        """The address of a new database."""
        name = f"scans{next(self.numbers)}"
        self.ask(f"CREATE DATABASE {name} TEMPLATE {template}")
        return f"postgresql+psycopg://{USER}@/{name}?host={self.folder}"


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSql]:
    """A server; a test that stops it starts it again."""
    programs()
    folder = Path(tempfile.mkdtemp(prefix="stp-pg-", dir="/tmp"))
    server = PostgreSql(folder)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template(postgresql: PostgreSql) -> str:
    """The name of a database of PostgreSQL with our tables, to be copied."""
    url = address(postgresql.fresh())
    ledger = Ledger(url)
    ledger.upgrade()
    ledger.close()
    return str(url.database)


@pytest.fixture
def shared(postgresql: PostgreSql, template: str) -> str:
    """The address of a database of PostgreSQL with our tables and nothing in them."""
    return postgresql.fresh(template)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'scans.db'}"
    server: PostgreSql = request.getfixturevalue("postgresql")
    return server.fresh()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database with our tables and nothing in them, of either kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("shared"))
    url = f"sqlite:///{tmp_path / 'scans.db'}"
    ledger = Ledger(address(url))
    ledger.upgrade()
    ledger.close()
    return url


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    """The same tests for every database."""
    found = Ledger(address(database))
    yield found
    found.close()
