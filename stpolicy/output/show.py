"""What a list says of one domain, for people and for programs."""

from stpolicy.model.names import to_unicode
from stpolicy.model.policy import Mode
from stpolicy.model.shown import Shown
from stpolicy.output.change import policy_object
from stpolicy.output.escape import json_text, shown


def text(found: Shown) -> str:
    """A few aligned lines."""
    name = to_unicode(found.domain)
    title = shown(found.domain if name == found.domain else f"{found.domain} ({name})")
    if not found.listed:
        return f"{title}: not listed\n"
    lines = [("domain", title)]
    if found.alias is not None:
        lines.append(("alias", shown(found.alias)))
    if found.policy is None:
        lines.append(("policy", "none: the alias is not defined"))
    else:
        lines += [("mode", str(found.policy.mode)), ("mxs", shown(", ".join(found.policy.mxs)))]
    lines.append(("in force", _in_force(found)))
    if found.line:
        lines += [("postfix", line) for line in found.line.splitlines()]
    elif found.policy and found.policy.mode is Mode.TESTING:
        lines.append(("postfix", "no entry while the mode is testing"))
    else:
        lines.append(("postfix", "no entry"))
    return "".join(f"{label + ':':<10}{value}\n" for label, value in lines)


def as_json(found: Shown) -> str:
    """One object; `policy` is null for a domain that is not listed."""
    document = {
        "domain": found.domain,
        "listed": found.listed,
        "alias": found.alias,
        "policy": policy_object(found.policy),
        "timestamp": found.policies.timestamp.written,
        "expires": found.policies.expires.written,
        "expired": found.expired,
        "postfix": found.line.splitlines(),
    }
    return json_text(document)


def _in_force(found: Shown) -> str:
    if found.expired:
        return f"not in force since {found.policies.expires}"
    return f"until {found.policies.expires}"
