"""Settings from files: which there are, which of them may come from where, and what they say."""

import os
import re
import socket
import tomllib
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stpolicy.errors import Misuse
from stpolicy.model.names import canonical

if TYPE_CHECKING:
    from stpolicy.model.finding import Severity

SYSTEM = Path("/etc/stpolicy/stpolicy.toml")
BESIDE = "stpolicy.toml"
LARGEST = 64 * 1024
"""Bytes."""

HARMLESS = frozenset({"list", "days", "format", "ignore"})
"""What a file beside the list may set: it came with the list, perhaps from whoever wrote the list."""

KEYS: Mapping[str, type] = {
    "list": Path,
    "days": int,
    "format": str,
    "ignore": list,
    "strict": bool,
    "max-size": int,
    "signer": list,
    "keyring": Path,
    "threshold": int,
    "key": list,
    "homedir": Path,
    "passphrase-file": Path,
    "gpg-timeout": int,
    "to": Path,
    "check-url": str,
    "ca-file": Path,
    "allow-http": bool,
    "url": list,
    "dir": Path,
    "timeout": int,
    "overlay": list,
    "early-adopter": bool,
    "match": str,
    "suffixes": str,
    "dane": str,
    "facts": Path,
    "mta-version": str,
    "template": Path,
    "map": str,
    "reload": bool,
    "render": str,
    "postfix-config": Path,
    "splay": int,
    "max-age": str,
    "resolver": list,
    "helo": str,
    "exclude": Path,
    "concurrency": int,
    "per-host": int,
    "retries": int,
    "jobs": int,
    "database": str,
    "host": str,
    "port": int,
    "workers": int,
    "scans": int,
    "limit": str,
    "keep": int,
    "proxy": list,
    "contact": str,
    "smtp-port": int,
    "https-port": int,
}
"""Key to kind; the kind `list` is an array of texts, and a path is relative to the file that names it."""

PATHS = frozenset({"overlay"})
"""Arrays whose texts are paths."""

FORMATS = frozenset({"text", "json", "ndjson", "github", "sarif", "markdown", "nagios", "prometheus"})
"""What `format` may be; a command that has not got one of them keeps its default."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one file; `tables` hold those for one command only."""

    everywhere: Mapping[str, Any]
    tables: Mapping[str, Mapping[str, Any]]

    def value(self, command: str, key: str) -> Any:
        """The setting of a key for a command, or None."""
        return self.tables.get(command, {}).get(key, self.everywhere.get(key))


Commands = Mapping[str, Set[str]]
"""The options of each command."""


def trusted(commands: Commands, chosen: Path | None) -> list[Settings]:
    """The settings that may set anything, strongest first: `chosen` (--config), the system's."""
    files = [chosen] if chosen else []
    files += [SYSTEM] if SYSTEM.is_file() else []
    return [_settings(str(path), content(path), commands, path.parent) for path in files]


def harmless(commands: Commands, name: str, text: bytes, folder: Path) -> Settings:
    """The settings that came with a list in `folder`; Misuse when they set what only a person may."""
    settings = _settings(name, text, commands, folder)
    _refuse_harmful(name, settings, folder)
    return settings


def helo(given: str | None) -> str:
    """The name that we greet mail servers with, this host's if none is given; Misuse for what is none.

    They look it up to see who we are (RFC 5321 section 4.1.4).
    """
    name = canonical(given or os.environ.get("HOSTNAME") or socket.getfqdn())
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,252}|\[[0-9a-fipv.:]+\]", name):
        raise Misuse(f"{name!r} is no name to greet a mail server with", "name this host with --helo")
    return name


def known_codes() -> "dict[str, Severity]":
    """Every code and its severity."""
    from stpolicy import rules
    from stpolicy.document.codes import DOCUMENT
    from stpolicy.model.finding import Severity

    return dict.fromkeys(DOCUMENT, Severity.ERROR) | {rule.code: rule.severity for rule in rules.ALL}


def checked_codes(codes: Iterable[str]) -> tuple[str, ...]:
    """Codes, or the first segments of codes; Misuse for one that does not exist."""
    known = known_codes()
    families = {code.rsplit(".", depth)[0] for code in known for depth in (1, 2)}
    for code in codes:
        if code not in known and code not in families:
            mend = _suggestion(code, [*known, *families]) or "stpolicy explain lists them"
            raise Misuse(f"there is no code {code!r}", mend)
    return tuple(codes)


def content(path: Path) -> bytes:
    """The bytes of a file of settings."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as wrong:
        raise Misuse(f"{path} cannot be read: {wrong.strerror}") from wrong


def _settings(name: str, text: bytes, commands: Commands, folder: Path) -> Settings:
    # Keys of many parts take a TOML reader a time that grows with their square.
    if len(text) > LARGEST or any(line.partition(b"=")[0].count(b".") > 16 for line in text.split(b"\n")):
        raise Misuse(f"{name} is no file of settings: it is larger than {LARGEST} bytes or has endless keys")
    try:
        data = tomllib.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as wrong:
        raise Misuse(f"{name} is not TOML: {wrong}") from wrong
    tables = {key.replace("_", "-"): value for key, value in data.items() if isinstance(value, dict)}
    for command, table in tables.items():
        if command not in commands:
            raise Misuse(
                f"{name} has a table [{command}], but there is no such command",
                _suggestion(command, commands),
            )
        for key in table:
            if key in KEYS and key not in commands[command]:
                raise Misuse(f"{name} sets {key!r} in [{command}], which has no such option")
    return Settings(
        _checked(name, {k: v for k, v in data.items() if not isinstance(v, dict)}, folder),
        {command: _checked(name, table, folder) for command, table in tables.items()},
    )


def _checked(name: str, table: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    checked = {}
    for key, value in table.items():
        if key not in KEYS:
            raise Misuse(f"{name} sets {key!r}, which is no setting", _suggestion(key, KEYS))
        kind = KEYS[key]
        if kind is list and isinstance(value, str):
            value = [value]  # noqa: PLW2901
        fits = isinstance(value, str) if kind is Path else type(value) is kind
        if kind is list:
            fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
        if not fits:
            wanted = {str: "a text", Path: "a path", int: "a whole number", bool: "true or false"}
            raise Misuse(f"{name} sets {key} to {value!r}; {wanted.get(kind, 'an array of texts')} is needed")
        if "" in (value if kind is list else [value]):
            raise Misuse(f"{name} sets {key} to nothing", "give it a value, or take the line out")
        if key == "format" and value not in FORMATS:
            raise Misuse(f"{name} sets format to {value!r}", f"choose one of: {', '.join(sorted(FORMATS))}")
        if key in PATHS:
            value = [folder / item for item in value]  # noqa: PLW2901
        checked[key] = folder / value if kind is Path else value
    return checked


def _refuse_harmful(name: str, settings: Settings, folder: Path) -> None:
    for table in (settings.everywhere, *settings.tables.values()):
        for key, value in table.items():
            if key not in HARMLESS:
                raise Misuse(
                    f"{name} lies beside the list and may not set {key!r}",
                    "move it to --config FILE or /etc/stpolicy/stpolicy.toml",
                )
            if key == "list" and (folder not in value.parents or ".." in value.parts):
                raise Misuse(
                    f"{name} lies beside the list and may name a file in its folder, not {str(value)!r}"
                )
            if key == "ignore":
                _refuse_beyond_notes(name, value)


def _refuse_beyond_notes(name: str, codes: list[str]) -> None:
    from stpolicy.model.finding import Severity

    known = known_codes()
    for code in checked_codes(codes):
        if any(known[full] > Severity.NOTE for full in known if full == code or full.startswith(f"{code}.")):
            raise Misuse(
                f"{name} lies beside the list and may ignore notes only, not {code}",
                "use --ignore, or move it to --config FILE",
            )


def _suggestion(word: str, words: Iterable[str]) -> str:
    close = get_close_matches(word, list(words), 1)
    return f"did you mean {close[0]}?" if close else ""
