"""render: a list, a site's own decisions -> rows -> template -> the text of a map."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from stpolicy import resources
from stpolicy.document.list import load
from stpolicy.document.table import MADE_BY, map_text
from stpolicy.errors import StpolicyError
from stpolicy.model.dates import Instant
from stpolicy.model.file import File
from stpolicy.model.finding import Suffixes
from stpolicy.model.names import Domain, canonical
from stpolicy.model.overlay import Local, Overlay, in_force, overdue
from stpolicy.model.policy import PolicyList
from stpolicy.render import template
from stpolicy.render.own import own_part
from stpolicy.render.postfix import LISTED, OWN, PolicyMap, Row, policy_map
from stpolicy.render.profile import Profile

_NUMBERS = "domains: "
"""Begins the line of a header that counts."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a site wants its map."""

    profile: Profile
    overlays: tuple[Overlay, ...]
    template: Path


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text of a map and what is in it; `expired` says that the list is not in force."""

    text: str
    table: PolicyMap
    expired: bool
    overdue: tuple[tuple[Domain, Local], ...]

    @property
    def notable(self) -> bool:
        """Whether a person should look at it."""
        return bool(self.table.refused or self.overdue) or self.table.is_empty


def render_file(file: File, wanted: Wanted, *, now: datetime, suffixes: Suffixes, largest: int) -> Rendered:
    """The map of the list in a file; Refused when it is none."""
    policies = load(file.data, file.name, largest=largest)
    return render(policies, file.data, wanted, now=now, suffixes=suffixes)


def render(
    policies: PolicyList | None, data: bytes, wanted: Wanted, *, now: datetime, suffixes: Suffixes
) -> Rendered:
    """The map of a list; of one that has run out, or of none, only the site's own rows stay."""
    expired = policies is not None and policies.is_expired(now)
    local = in_force(wanted.overlays, now)
    found = policy_map(policies, local, wanted.profile, suffixes, expired=expired)
    header = list(_header(policies, data, found, wanted.profile, expired=expired))
    text = template.text(wanted.template, header, found)
    return Rendered(text, found, expired, tuple(overdue(wanted.overlays, now)))


def without_list(text: bytes, since: Instant) -> Rendered:
    """The map before, given as its text, without the rows of its list; laid out as maps are by default."""
    found = own_part(text.decode("utf-8", "surrogateescape"))
    header = [
        f"STARTTLS policy list for smtp_tls_policy_maps of Postfix; {MADE_BY}",
        f"list NOT IN FORCE since {since}; what is decided here was taken from the map before this one",
        summary(found),
    ]
    return Rendered(template.text(resources.policy_map(), header, found), found, expired=True, overdue=())


def with_own(text: bytes, wanted: Wanted, *, now: datetime, suffixes: Suffixes) -> Rendered | None:
    """The map before, given as its text, with what is decided here now; None where it says that already.

    For when no pair verifies, so that nobody knows what the list says: its rows stay as they are, and so do
    those of a decision that was taken back. StpolicyError for a text that is not as we write it.
    """
    local, (_, before) = in_force(wanted.overlays, now), map_text(text)
    found = policy_map(None, local, wanted.profile, suffixes)
    own = dict(map(Row.read, found.rows))
    kept = {key: value for key, value in before.items() if canonical(key) not in local}
    # A template may have added words to a row.
    says = all(set(value.split()) <= set(before.get(key, "").split()) for key, value in own.items())
    if says and len(before) == len(own) + len(kept):
        return None
    if not all(f"{key}{value}".isprintable() for key, value in kept.items()):
        raise StpolicyError("the text of the map is not as it was written")
    found.lines += [f"{key} {value}" for key, value in kept.items()]
    found.enforced = sum(key.isascii() for key in kept)
    header = [*_first_comments(text), summary(found)]
    made = template.text(resources.policy_map(), header, found)
    return Rendered(made, found, expired=False, overdue=tuple(overdue(wanted.overlays, now)))


def _first_comments(text: bytes) -> Iterator[str]:
    """The header of a map, but for its numbers: of which list it is, and until when that is in force."""
    for line in text.decode("utf-8", "replace").split("\n"):
        comment = line.removeprefix("# ")
        if comment == line or comment in (OWN, LISTED):
            return
        if not comment.startswith(_NUMBERS):
            yield comment


def _header(
    policies: PolicyList | None, data: bytes, found: PolicyMap, profile: Profile, *, expired: bool
) -> Iterator[str]:
    version = ".".join(map(str, profile.version)) or "of an unknown version, so for the oldest"
    yield f"STARTTLS policy list for smtp_tls_policy_maps of Postfix {version}; {MADE_BY}"
    if policies is None:
        yield "no list is installed"
    else:
        state = f"NOT IN FORCE since {policies.expires}" if expired else f"in force until {policies.expires}"
        yield f"list of {policies.timestamp}, {state}, sha256 {hashlib.sha256(data).hexdigest()}"
    yield summary(found)
    if found.wide:
        yield (
            f"{found.wide} domains have a suffix, which here covers names of any depth and no name of an MX: "
            "see docs/USAGE.md"
        )


def summary(found: PolicyMap) -> str:
    """What became of the domains, in one line."""
    counted = [
        (found.enforced, "enforced"),
        (found.testing, "in testing"),
        (found.overlay, "decided here"),
        (found.excluded, "excluded here"),
        (found.dane, "left to DANE"),
        (found.unseen, "left out, no host was seen"),
        (found.plain, "bound to the certificate only"),
        (len(found.refused), "refused"),
    ]
    said = [f"{count} {what}" for count, what in counted if count or what in ("enforced", "in testing")]
    return f"{_NUMBERS}{', '.join(said)}"
