"""People with keys: GnuPG homes made by the real gpg, in folders short enough for an agent's socket (G21)."""

import os
import pwd
import select
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from tests import lists

SIGNED = lists.NOW - timedelta(minutes=30)
"""When lists in tests are dated and signed, unless a test says otherwise."""

_UNSET = ("GNUPGHOME", "GPG_TTY", "GPG_AGENT_INFO")


LIST = lists.data(timestamp=f"{SIGNED:%Y-%m-%dT%H:%M:%SZ}")
"""A fresh list with nothing wrong in it."""


def stamp(moment: datetime) -> str:
    """A date as a list writes it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def environment() -> dict[str, str]:
    """Ours, less what leads gpg to the keys of whoever runs the tests."""
    return {key: value for key, value in os.environ.items() if key not in _UNSET} | {"LC_ALL": "C.UTF-8"}


@dataclass(frozen=True)
class Home:
    """A GnuPG home."""

    path: Path

    def gpg(self, *arguments: str, data: bytes = b"", at: datetime | None = None) -> bytes:
        """What gpg writes to standard output; `at` is the time that it believes it is."""
        command = ["gpg", "--homedir", str(self.path), "--batch", "--quiet", "--no-tty", "--yes"]
        if at:
            command += ["--faked-system-time", f"{int(at.timestamp())}!"]
        done = subprocess.run(
            [*command, *arguments], input=data, capture_output=True, env=environment(), check=False
        )
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout

    def make(
        self, name: str, kind: str = "ed25519", usage: str = "sign", life: str = "never", passphrase: str = ""
    ) -> "Person":
        """A new key, made at the begin of 2024."""
        protection = ["--pinentry-mode", "loopback", "--passphrase", passphrase]
        user = f"{name} <{name.lower()}@example.org>"
        self.gpg(*protection, "--quick-gen-key", user, kind, usage, life, at=_MADE)
        return Person(self, self.fingerprints(user)[0])

    def fingerprints(self, user: str) -> list[str]:
        """Of the primary key, then of its sub-keys."""
        listing = self.gpg("--list-keys", "--with-colons", user).decode().splitlines()
        return [line.split(":")[9] for line in listing if line.startswith("fpr:")]

    def learn(self, *people: "Person") -> None:
        """Imports the public keys of others."""
        for person in people:
            self.gpg("--import", data=person.public)

    def end(self) -> None:
        """Ends the agent of this home."""
        subprocess.run(
            ["gpgconf", "--homedir", str(self.path), "--kill", "all"], env=environment(), check=True
        )


LOOPBACK = ("--pinentry-mode", "loopback", "--passphrase", "")
"""Options that leave a key without a passphrase."""

_MADE = datetime.fromisoformat("2024-01-01T00:00:00Z")


@dataclass(frozen=True)
class Person:
    """One key in a home."""

    home: Home
    fingerprint: str

    @cached_property
    def public(self) -> bytes:
        """The public key, binary."""
        return self.home.gpg("--export", self.fingerprint)

    def subkeys(self) -> list[str]:
        return self.home.fingerprints(self.fingerprint)[1:]

    def sign(self, data: bytes, *options: str, at: datetime = SIGNED, user: str = "") -> bytes:
        """A detached signature in armour."""
        return self.packet(data, "--armor", *options, at=at, user=user)

    def packet(self, data: bytes, *options: str, at: datetime = SIGNED, user: str = "") -> bytes:
        """A detached signature, binary unless the options say otherwise."""
        who = ["--local-user", user or self.fingerprint, "--digest-algo", "SHA512"]
        return self.home.gpg(*who, *options, "--detach-sign", data=data, at=at)

    def revoked(self, where: Home) -> bytes:
        """The public key with its revocation, which another home imports."""
        certificate = (self.home.path / "openpgp-revocs.d" / f"{self.fingerprint}.rev").read_text()
        where.learn(self)
        where.gpg("--import", data=certificate.replace(":-----", "-----").encode())
        return where.gpg("--export", self.fingerprint)


class People:
    """Everybody, made when first asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.homes: list[Home] = []

    def home(self) -> Home:
        """An empty GnuPG home."""
        home = Home(Path(tempfile.mkdtemp(dir=self.folder)))
        (home.path / "gpg-agent.conf").write_text("default-cache-ttl 0\ns2k-count 65536\n")
        self.homes.append(home)
        return home

    @cached_property
    def alice(self) -> Person:
        return self.home().make("Alice")

    @cached_property
    def bob(self) -> Person:
        """Knows Alice's key."""
        person = self.home().make("Bobby")
        person.home.learn(self.alice)
        return person

    @cached_property
    def carol(self) -> Person:
        """Certifies with her primary key and signs with two sub-keys."""
        person = self.home().make("Carol", usage="cert")
        for _ in range(2):
            person.home.gpg(*LOOPBACK, "--quick-add-key", person.fingerprint, "ed25519", "sign", at=_MADE)
        return person

    @cached_property
    def ron(self) -> Person:
        """Has an RSA key."""
        return self.home().make("Ronny", kind="rsa2048")

    @cached_property
    def erin(self) -> Person:
        """Her key expired in 2024."""
        return self.home().make("Erina", life="2024-06-01")

    @cached_property
    def rex(self) -> Person:
        """Can sign, though others know that his key is revoked."""
        return self.home().make("Rexie")

    @cached_property
    def rex_revoked(self) -> bytes:
        return self.rex.revoked(self.home())

    @cached_property
    def alice_packet(self) -> bytes:
        """Her signature over the list of the corpus."""
        return self.alice.packet(LIST)

    @cached_property
    def mallory(self) -> Person:
        """In no key ring."""
        return self.home().make("Mallory")

    @cached_property
    def ring(self) -> bytes:
        """The key ring that everybody has: everybody but Mallory."""
        known = [self.alice, self.bob, self.carol, self.ron, self.erin]
        return b"".join(person.public for person in known) + self.rex_revoked


@contextmanager
def people() -> Iterator[People]:
    """Everybody, in a folder that is gone afterwards, together with every agent."""
    folder = Path(tempfile.mkdtemp(prefix="stp-", dir="/tmp"))
    everybody = People(folder)
    try:
        yield everybody
    finally:
        for home in everybody.homes:
            home.end()
        for process in agents(folder):
            wait(process)
        shutil.rmtree(folder, ignore_errors=True)


def wait(process: int) -> None:
    """Until a process that was told to end has ended; half a minute at most."""
    with suppress(ProcessLookupError):
        ending = os.pidfd_open(process)
        select.select([ending], [], [], 30)
        os.close(ending)


def own_home() -> Path:
    """The GnuPG home of whoever runs the tests; none of them may touch it."""
    return Path(pwd.getpwuid(os.getuid()).pw_dir) / ".gnupg"


def agents(folder: Path) -> dict[int, str]:
    """The agents and card daemons of homes in a folder that run."""
    return {
        process: line
        for process, line in running(str(folder)).items()
        if "gpg-agent" in line or "scdaemon" in line
    }


def running(text: str) -> dict[int, str]:
    """The processes that have a text in their command lines."""
    found = {}
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = process.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue  # ended meanwhile
        if text in line:
            found[int(process.parent.name)] = line
    return found
