"""The rows of one domain, for people and for programs."""

from typing import TYPE_CHECKING

from stpolicy.output.change import policy_object
from stpolicy.output.escape import json_text, shown

if TYPE_CHECKING:
    from stpolicy.model.policy import Policy


def text(domain: str, source: str, rows: tuple[str, ...], refused: str) -> str:
    """A few aligned lines."""
    lines = [("domain", shown(domain)), ("decides", shown(source))]
    lines += [("row", row) for row in rows] or [("row", shown(refused) if refused else "none")]
    if rows and refused:
        lines.append(("no row", shown(refused)))
    return "".join(f"{label + ':':<10}{value}\n" for label, value in lines)


def as_json(
    domain: str, source: str, rows: tuple[str, ...], refused: str, listed: "Policy | None", *, expired: bool
) -> str:
    """One object; `listed` is null for a domain that the list does not have."""
    document = {
        "domain": domain,
        "decides": source,
        "listed": policy_object(listed),
        "expired": expired,
        "rows": list(rows),
        "refused": refused or None,
    }
    return json_text(document)
