"""Postfix: what its own programs say of a configuration. Reads, never edits."""

import re
import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stpolicy.errors import StpolicyError
from stpolicy.model.table import TlsPolicy
from stpolicy.mta._program import is_installed, run

if TYPE_CHECKING:
    from stpolicy.model.mail_server import Attempt, Service

_TEST_SECONDS = 150
"""posttls-finger waits 30 seconds for a connection and 30 for each reply; several addresses take longer."""

_VERIFIED = re.compile(r"posttls-finger: Verified TLS connection established to ")


@dataclass(frozen=True, slots=True)
class Postfix:
    """A Postfix by its folder of configuration; None for the one that its programs take by themselves."""

    folder: Path | None = None

    @property
    def postconf(self) -> str:
        """How a person calls postconf for this configuration."""
        return shlex.join(["postconf", *self._chosen()])

    def version(self) -> tuple[int, ...]:
        """Like (3, 7, 11); of a snapshot the two numbers that it has; empty when it is unlike a version."""
        found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", self._postconf("-h", "mail_version"), re.ASCII)
        return tuple(int(number) for number in found.groups() if number) if found else ()

    def types(self) -> frozenset[str]:
        """The types of tables that it knows, those of installed packages among them."""
        return frozenset(self._postconf("-m").split())

    def settings(self, names: Iterable[str]) -> dict[str, str]:
        """The values of parameters with their `$names` replaced; one that it does not know is left out."""
        lines = self._postconf("-x", *names).split("\n")
        pairs = (line.partition("=") for line in lines)
        return {name.strip(): value.strip() for name, equals, value in pairs if equals}

    def is_configured(self) -> bool:
        """Whether there is a main.cf; one that cannot be read is there too."""
        if not is_installed("postconf"):
            return False
        ran = run(["postconf", *self._chosen(), "-x", "mail_version"])
        return not (ran.code and re.search(r"open .*main\.cf: No such file", ran.err))

    def services(self) -> "tuple[Service, ...]":
        """The lines of master.cf; nothing without one, though Postfix would not start then."""
        from stpolicy.model.mail_server import Service

        ran = run(["postconf", *self._chosen(), "-M"])
        if ran.code:
            if re.search(r"open \S*master\.cf: No such file", ran.err):
                return ()
            raise _failed("postconf", ran.err)
        overrides = _overrides(self._postconf("-Px"))
        fields = (line.split(maxsplit=8) for line in ran.out.split("\n"))
        return tuple(
            Service(words[0], words[1], words[7].rpartition("/")[2], overrides.get((words[0], words[1]), {}))
            for words in fields
            if len(words) > 7
        )

    def client_values(self, name: str, general: str) -> frozenset[str]:
        """The values that a parameter has for the SMTP clients, in lower case; `general` is main.cf's.

        A `-o` in master.cf goes before it; where there is no client it is the only one.
        """
        clients = [service for service in self.services() if service.program == "smtp"]
        values = [service.overrides.get(name, general) for service in clients] or [general]
        return frozenset(value.strip().lower() for value in values)

    def query(self, table: str, keys: Collection[str]) -> dict[str, str]:
        """What a table answers, by key; keys that it has not got are left out.

        All keys in one run, one a line: they must not hold a line feed.
        """
        lines = "".join(f"{key}\n" for key in keys).encode("utf-8", "surrogateescape")
        ran = run(["postmap", *self._chosen(), "-q", "-", "--", table], data=lines)
        if re.search(r"^postmap: (?:fatal|error|panic): ", ran.err, re.MULTILINE):
            raise _failed("postmap", ran.err)
        pairs = (line.partition("\t") for line in ran.out.split("\n"))
        return {key: value for key, tab, value in pairs if tab}

    def attempt(self, domain: str, host: str, policy: TlsPolicy, authorities: Mapping[str, str]) -> "Attempt":
        """A session with a mail server of the domain, named as Postfix names one, under the domain's policy.

        Given the domain alone posttls-finger would try one of them. `authorities` has the values of
        smtp_tls_CAfile and smtp_tls_CApath. Only a line that begins with the verdict counts: posttls-finger
        always ends with 0, and what it shows of certificates and replies was written by the other side, who
        can put anything into a line but not begin one.
        """
        from stpolicy.model.mail_server import Attempt

        options = [
            ("-l", policy.level),
            ("-F", authorities.get("smtp_tls_CAfile")),
            ("-P", authorities.get("smtp_tls_CApath")),
            ("-p", policy.attributes.get("protocols")),
            ("-s", policy.attributes.get("servername")),
        ]
        words = [word for option, value in options if value for word in (option, value)]
        command = ["posttls-finger", "-c", "-L", "summary", *words, "--", host, *policy.patterns]
        where = {"MAIL_CONFIG": str(self.folder)} if self.folder else {}
        ran = run(command, deadline=_TEST_SECONDS, environment=where)
        lines = (ran.out + ran.err).split("\n")
        return Attempt(domain, host, any(map(_VERIFIED.match, lines)), _told(lines))

    def _chosen(self) -> list[str]:
        return ["-c", str(self.folder)] if self.folder else []

    def _postconf(self, *arguments: str) -> str:
        ran = run(["postconf", *self._chosen(), *arguments])
        if ran.code:
            raise _failed("postconf", ran.err)
        return ran.out


def _overrides(text: str) -> dict[tuple[str, str], dict[str, str]]:
    """`-o` options by service and kind; postconf prints `SERVICE/KIND/PARAMETER = VALUE`."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for line in text.split("\n"):
        name, equals, value = line.partition(" =")
        service, _, rest = name.rpartition("/")
        service, _, kind = service.rpartition("/")
        if equals:
            found.setdefault((service, kind), {})[rest] = value.strip()
    return found


def _told(lines: list[str]) -> str:
    """The line that says most: why a certificate was refused, else the last one."""
    said = [text for line in lines if (text := line.removeprefix("posttls-finger: ").strip())]
    failures = [text for text in said if "verification failed" in text]
    return (failures or said or ["it said nothing of TLS; is STARTTLS offered?"])[-1]


def _failed(program: str, said: str) -> StpolicyError:
    """What a program complained about; warnings of the site's own stand before it."""
    lines = [line for line in said.split("\n") if line.strip() and ": warning: " not in line]
    text = (lines or ["it failed and said nothing"])[-1].removeprefix(f"{program}: ").removeprefix("fatal: ")
    return StpolicyError(f"{program}: {text}")
