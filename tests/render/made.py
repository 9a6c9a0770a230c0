"""A map that is made of a few policies."""

from datetime import datetime
from pathlib import Path
from typing import Any

from stpolicy import resources
from stpolicy.document.list import load
from stpolicy.flows.render import Wanted, render
from stpolicy.model.overlay import Overlay
from stpolicy.render.postfix import PolicyMap, Row
from stpolicy.render.profile import Profile
from stpolicy.suffixes import PublicSuffixes
from tests import lists

SUFFIXES = PublicSuffixes()
TEMPLATE = resources.templates() / "postfix" / "policy_map.j2"
NEW, OLD = (3, 11, 0), (3, 7, 11)
PROFILE = Profile(OLD)
PLAIN = "servername=hostname protocols=>=TLSv1.2"


def enforce(*mxs: str) -> dict[str, Any]:
    return {"mode": "enforce", "mxs": list(mxs)}


def rendered(
    policies: dict[str, Any],
    profile: Profile = PROFILE,
    overlays: tuple[Overlay, ...] = (),
    now: datetime = lists.NOW,
    aliases: dict[str, Any] | None = None,
    template: Path = TEMPLATE,
) -> tuple[dict[str, str], PolicyMap, str]:
    data = lists.data(policies, aliases or {})
    made = render(load(data, "list"), data, Wanted(profile, overlays, template), now=now, suffixes=SUFFIXES)
    return dict(map(Row.read, made.table.rows)), made.table, made.text
