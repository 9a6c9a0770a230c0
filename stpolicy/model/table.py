"""Tables of Postfix: how main.cf names them, what is asked of them, and what policy tables answer."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

INDEXED = {"lmdb": ".lmdb", "cdb": ".cdb", "hash": ".db", "btree": ".db"}
"""Types of tables that `postmap` compiles, and how the file is called that Postfix then reads."""

PLAIN = frozenset({"texthash", "regexp", "pcre", "cidr"})
"""Types of tables that are read as they are written."""

_WRITTEN = frozenset({"sdbm", "dbm", "sqlite", "inline", "static", "randmap", "fail"})
"""Types that are files too, or stand in main.cf themselves."""

_JOINED = frozenset({"unionmap", "pipemap"})
"""Types whose name lists other tables in braces."""

_WRAPPERS = frozenset({"proxy", "debug"})


EXACT_FROM, RANGES_FROM, SERVERNAME_FROM = (3, 10, 5), (3, 6), (3, 4)
"""The first Postfix that knows what `--match mx` writes, `>=` in `protocols`, and `servername`."""

NEWER_ATTRIBUTES = {"policy_type=": EXACT_FROM, "protocols=>=": RANGES_FROM, "servername=": SERVERNAME_FROM}
"""What a row of ours may say that not every Postfix knows: an older one defers the mail of its domain."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table as main.cf names it, `TYPE:NAME`; the type is empty when none is written."""

    kind: str
    name: str

    @classmethod
    def read(cls, text: str) -> "Table":
        """Reads `TYPE:NAME`."""
        kind, colon, name = text.partition(":")
        return cls(kind, name) if colon else cls("", text)

    @property
    def direct(self) -> "Table":
        """The table itself, without `proxy:` or `debug:` before it."""
        table = self
        while table.kind in _WRAPPERS:
            table = Table.read(table.name)
        return table

    @property
    def kinds(self) -> Iterator[str]:
        """Every type that Postfix must know for this table."""
        table = self
        while table.kind in _WRAPPERS:
            yield table.kind
            table = Table.read(table.name)
        yield table.kind

    @property
    def has_patterns(self) -> bool:
        """Whether its keys are patterns, which see whole addresses."""
        return self.kind in ("regexp", "pcre")

    @property
    def file(self) -> str | None:
        """The file that Postfix reads; None for what is no file."""
        if self.kind in PLAIN:
            return self.name
        return self.name + INDEXED[self.kind] if self.kind in INDEXED else None

    @property
    def is_local(self) -> bool:
        """Whether it answers without asking another host, or a program that may do so."""
        if self.kind in _JOINED:
            return all(table.is_local for table in tables(self.name.strip("{} ")))
        return self.direct.kind in INDEXED.keys() | PLAIN | _WRITTEN

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.kind else self.name


def tables(value: str) -> tuple[Table, ...]:
    """The tables in a parameter's value: commas and white space part them, but not inside of braces."""
    found, depth, word = [], 0, ""
    for character in f"{value} ":
        if depth == 0 and character in ", \t\r\n":
            if word:
                found.append(Table.read(word))
            word = ""
            continue
        depth = max(0, depth + (character == "{") - (character == "}"))
        word += character
    if word:  # a brace is never closed
        found.append(Table.read(word.rstrip()))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """One value of a policy table: level, patterns of `match`, and the other attributes.

    `mx_patterns` are all values of `mx_host_pattern`, which may stand in a row many times.
    """

    level: str
    patterns: tuple[str, ...]
    attributes: Mapping[str, str]
    mx_patterns: tuple[str, ...] = ()

    @classmethod
    def read(cls, value: str) -> "TlsPolicy":
        """Reads what `smtp_tls_policy_maps` answers (postconf(5))."""
        level, *rest = re.split(r"[,\s]+", value.strip())
        pairs = [word.partition("=") for word in rest]
        patterns = [pattern for key, _, text in pairs if key == "match" for pattern in text.split(":")]
        mx_patterns = tuple(text for key, _, text in pairs if key == "mx_host_pattern")
        attributes = {key: text for key, _, text in pairs if key not in ("match", "mx_host_pattern")}
        return cls(level, tuple(filter(None, patterns)), attributes, mx_patterns)

    @property
    def binds_hosts(self) -> bool:
        """Whether Postfix skips hosts by their names, and takes no other name in a certificate (3.10.5)."""
        return bool(self.patterns and self.mx_patterns) and self.attributes.get("policy_type") == "sts"


def transport_keys(domain: str, *, dotless: bool = False) -> Iterator[str]:
    """What Postfix looks up for mail to a domain in transport maps, in this order (transport(5)).

    The first stands for all addresses of the domain: only tables of patterns are asked for it here.
    `dotless`: whether a parent domain stands for those below it without a dot before it, as
    parent_domain_matches_subdomains may say.
    """
    yield f"postmaster@{domain}"
    yield domain
    rest = domain
    while "." in rest:
        rest = rest.partition(".")[2]
        yield rest if dotless else f".{rest}"
    yield "*"
