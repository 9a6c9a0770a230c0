"""Domain names and MX patterns: canonical form, well-formedness, and the only `matches()`."""

import re
from collections.abc import Collection, Set
from dataclasses import dataclass
from ipaddress import ip_address
from typing import NewType

import idna

Domain = NewType("Domain", str)
"""A domain in canonical form: lower case, A-labels, no trailing dot."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NUMBER = "(?:[0-9]+|0x[0-9a-f]*)"
"""What inet_aton(3) takes for the last part of an address."""

_HOST = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+(?!{_NUMBER}\Z){_LABEL}").fullmatch
_LETTERS = b"abcdefghijklmnopqrstuvwxyz"
_MARKS = bytes(
    ord("a") if byte in _LETTERS + b"0123456789" else ord(".") if byte in b"-.\n" else 0
    for byte in range(256)
)
"""For each byte: letters and digits are one, and what may stand between them is one; all others are 0."""

SPECIAL_USE = frozenset({"alt", "example", "invalid", "local", "localhost", "onion", "test"})
"""Top-level domains that never lead to a mail server on the internet (IANA, RFC 6761)."""

KEYWORDS = frozenset({"hostname", "nexthop", "dot-nexthop"})
"""Words that Postfix takes for names of its own where a pattern should stand (postconf(5))."""


def canonical(name: str) -> Domain:
    """The canonical form of a name or of a `.suffix`; what cannot be converted stays as it is.

    ASCII is folded as DNS folds it (RFC 4343); anything else goes through UTS 46 and IDNA 2008,
    never through the `idna` codec of the standard library, which maps some names to other domains.
    """
    if name.isascii():
        return Domain(name.lower().removesuffix("."))
    dot, rest = ("", name) if not name.startswith(".") else (".", name[1:])
    try:
        return Domain(dot + idna.encode(rest, uts46=True).decode("ascii").removesuffix("."))
    except (idna.IDNAError, UnicodeError):
        return Domain(name)


def respelt(names: Collection[str]) -> dict[str, str]:
    """The names that are not in canonical form, and what that is; quick when there are none."""
    joined = "\n".join(names) + "\n"
    if joined.isascii() and ".\n" not in joined and joined == joined.lower():
        return {}
    return {name: folded for name in names if (folded := canonical(name)) != name}


def all_hosts(names: Collection[str]) -> bool:
    """Whether every canonical name is a host name for certain. False is no verdict: ask `host_fault` then."""
    return _all_plain(names, _lines(names))


def all_patterns(patterns: Collection[str]) -> bool:
    """Whether every text is a pattern in canonical form for certain; a suffix has two labels at least."""
    return _all_plain(patterns, _lines(patterns).replace(b"\n.", b"\n"))


def _lines(names: Collection[str]) -> bytes:
    """The names between line feeds; what is not ASCII becomes what no name holds."""
    return "\n".join(["", *names, ""]).encode("ascii", "replace")


def _all_plain(names: Collection[str], lines: bytes) -> bool:
    """Whether the lines are as many plain host names: no `--`, so no A-label, and a last label of letters.

    Each is looked at in a few sweeps over all of them, which takes half as long as a regular expression:
    between letters and digits stands one mark at a time, the ends of the lines among the marks; and without
    its letters a line ends with the dot of its last label.
    """
    marks, ends = lines.translate(_MARKS), lines.translate(None, _LETTERS)
    return (
        b"\0" not in marks
        and b".." not in marks
        and ends.count(b".\n") == len(names) == ends.count(b"\n") - 1
        and max(map(len, names), default=0) <= 63
    )


def to_unicode(name: str) -> str:
    """The U-label form of a canonical name, for people; the name itself when there is none."""
    if "xn--" not in name:
        return name
    try:
        return idna.decode(name)
    except (idna.IDNAError, UnicodeError):
        return name


def host_fault(name: str) -> str | None:
    """Why a canonical name is no host name (RFC 5321 section 2.3.5, RFC 1123 section 2.1), or None."""
    if _HOST(name):
        return _a_label_fault(name) if "xn--" in name else None
    if not name:
        return "is empty"
    if not name.isascii():
        return "holds characters that IDNA does not allow"
    if _is_address(name):
        return "is an IP address"
    if len(name) > 253:
        return f"has {len(name)} characters; 253 is the most"
    labels = name.split(".")
    if "" in labels:
        return "has an empty label"
    for label in labels:
        if len(label) > 63:
            return f"has a label of {len(label)} characters; 63 is the most"
        if not re.fullmatch(_LABEL, label):
            return f"has a label that is not letters, digits and inner hyphens: {label!r}"
    if len(labels) == 1:
        return "has one label only"
    return "has a number for a top-level domain"


def domain_fault(name: str) -> str | None:
    """Why a canonical name is no mail domain of the internet, or None."""
    if fault := host_fault(name):
        return fault
    if name.rpartition(".")[2] in SPECIAL_USE:
        return "is under a special-use top-level domain, which never leads to the internet"
    return None


def pattern_fault(pattern: str) -> str | None:
    """Why a canonical text is no pattern of the format, or None when it is one."""
    if _HOST(pattern):
        return _a_label_fault(pattern) if "xn--" in pattern else None
    if pattern.startswith("*."):
        return f"is a wildcard, which this format writes as {pattern[1:]!r}"
    if pattern in KEYWORDS:
        return "is a keyword of Postfix, not a host name"
    if not pattern.startswith("."):
        return host_fault(pattern)
    suffix = pattern[1:]
    if suffix and "." not in suffix:  # A whole top-level domain is a public suffix: its own rule says so.
        return host_fault(f"x.{suffix}")
    return host_fault(suffix)


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _a_label_fault(name: str) -> str | None:
    for label in name.split("."):
        if label.startswith("xn--"):
            try:
                whole = idna.alabel(idna.ulabel(label)).decode("ascii")
            except (idna.IDNAError, UnicodeError):
                return f"has a label that is no valid A-label: {label!r}"
            if whole != label:
                return f"has an A-label that is not in canonical form: {label!r}"
    return None


@dataclass(frozen=True, slots=True)
class MxPattern:
    """A pattern of an entry: an exact host name, or `.suffix` for names with exactly one more label.

    Raises ValueError for a text that is neither. Upper case, U-labels and a trailing dot are folded.
    """

    text: str

    def __post_init__(self) -> None:
        folded = canonical(self.text)
        if fault := pattern_fault(folded):
            raise ValueError(f"{self.text!r} {fault}")
        object.__setattr__(self, "text", folded)

    @property
    def is_suffix(self) -> bool:
        """Whether the pattern stands for any host with one label before it."""
        return self.text.startswith(".")

    def matches(self, name: str) -> bool:
        """Whether a name is covered, as DNS and people write names (RFC 8461 section 4.1).

        Comparison ignores ASCII case and one trailing dot. A wildcard `*.x.org` covers every
        one-label name of x.org, so `.x.org` and the exact `mx.x.org` both match it (RFC 9525
        section 6.3); it has two labels at least behind the star. An IP address never matches.
        """
        return self._covers(canonical(name))

    def matches_presented(self, identifier: str) -> bool:
        """The same of a name as a certificate presents it: only ASCII case is folded.

        OpenSSL, and so Postfix, takes `mx.x.org.` and a U-label there for other names (X509_check_host(3)).
        """
        return identifier.isascii() and self._covers(identifier.lower())

    def _covers(self, folded: str) -> bool:
        if folded.startswith("*."):
            parent = folded[1:]
            if parent.count(".") < 2 or host_fault(f"x{parent}"):
                return False
            return parent == (self.text if self.is_suffix else suffix_of(self.text))
        if host_fault(folded):
            return False
        return folded == self.text or (self.is_suffix and suffix_of(folded) == self.text)


def suffix_of(name: str) -> str:
    """The suffix pattern that covers a host name: the name without its first label."""
    _, dot, rest = name.partition(".")
    return dot + rest


def covers(patterns: Set[str], pattern: str) -> bool:
    """Whether every name that `pattern` accepts is accepted by `patterns` too (all canonical)."""
    return pattern in patterns or (not pattern.startswith(".") and suffix_of(pattern) in patterns)


def alias_fault(name: str) -> str | None:
    """Why a text is no name of an alias, or None."""
    if re.fullmatch(r"[a-z0-9-]{1,64}", name):
        return None
    if len(name) > 64:
        return f"has {len(name)} characters; 64 is the most"
    return "is not lower-case letters, digits and hyphens"
