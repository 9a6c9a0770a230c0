"""A model to bytes: the one canonical layout of a list."""

from collections.abc import Iterator
from json.encoder import encode_basestring as quoted

from stpolicy.model.policy import VERSION, Alias, Policy, PolicyList


def dump(policies: PolicyList) -> bytes:
    """The text of a list: two spaces, keys in the order of the format, LF, a newline at the end, UTF-8.

    Entries come in the order of the model; `edit.canonical_list` sorts them.
    """
    head = {"timestamp": policies.timestamp.written, "expires": policies.expires.written}
    lines = [
        f'  "{key}": {quoted(date) if isinstance(date, str) else repr(date)}' for key, date in head.items()
    ]
    lines.append(f'  "version": {quoted(VERSION)}')
    if policies.author is not None:
        lines.append(f'  "author": {quoted(policies.author)}')
    aliases = _members((entry.name, entry.policy) for entry in policies.aliases)
    entries = _members((entry.name, entry.policy) for entry in policies.entries)
    lines += [f'  "policy-aliases": {aliases}', f'  "policies": {entries}']
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _members(members: Iterator[tuple[str, Policy | Alias]]) -> str:
    text = ",\n".join([f"    {quoted(name)}: {_policy(policy)}" for name, policy in members])
    return f"{{\n{text}\n  }}" if text else "{}"


def _policy(policy: Policy | Alias) -> str:
    if isinstance(policy, Alias):
        return f'{{\n      "policy-alias": {quoted(policy.name)}\n    }}'
    patterns = ",\n        ".join(map(quoted, policy.mxs))
    return f'{{\n      "mode": "{policy.mode}",\n      "mxs": [\n        {patterns}\n      ]\n    }}'
