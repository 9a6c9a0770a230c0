"""What changed between two lists, aliases resolved: for the reviewer of a change and for history rules."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from stpolicy.model.names import canonical, covers, suffix_of
from stpolicy.model.policy import Mode, Policy, PolicyList


class Kind(StrEnum):
    """What happened to the promise of a domain, worst first."""

    REMOVED = "removed"
    WEAKENED = "weakened"
    REPLACED = "replaced"
    WIDENED = "widened"
    NARROWED = "narrowed"
    STRENGTHENED = "strengthened"
    ADDED = "added"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference for one domain. `patterns` are those that came (widened) or went (narrowed), sorted."""

    domain: str
    kind: Kind
    before: Policy | None
    after: Policy | None
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field of the list itself that reads otherwise than before."""

    field: str
    before: str
    after: str


def changes(old: PolicyList, new: PolicyList) -> list[Change]:
    """Every difference in what the two lists promise, worst first, then by domain.

    Order, layout and the use of aliases are no difference. An entry whose alias is not defined
    promises nothing, as if it were not there.
    """
    found = []
    for domain in old.by_domain.keys() | new.by_domain.keys():
        before, after = _promise(old, domain), _promise(new, domain)
        if before != after:
            found += [
                Change(domain, kind, before, after, patterns) for kind, patterns in _kinds(before, after)
            ]
    worst_first = list(Kind)
    return sorted(found, key=lambda change: (worst_first.index(change.kind), change.domain))


def field_changes(old: PolicyList, new: PolicyList) -> list[FieldChange]:
    """The dates, the author and the aliases that nobody uses, where they differ."""
    pairs = (
        ("timestamp", str(old.timestamp), str(new.timestamp)),
        ("expires", str(old.expires), str(new.expires)),
        ("author", old.author or "", new.author or ""),
    )
    found = [FieldChange(*pair) for pair in pairs if pair[1] != pair[2]]
    return found + list(_idle_aliases(old, new))


def _idle_aliases(old: PolicyList, new: PolicyList) -> Iterator[FieldChange]:
    """Aliases that promise something new and that nobody uses yet: the next change could be one word long."""
    for name, policy in new.alias_policies.items():
        before, after = (_written(policies, name) for policies in (old, new))
        if before != after and name not in new.uses and isinstance(policy, Policy):
            yield FieldChange(f"alias {name}", before, after)


def _written(policies: PolicyList, name: str) -> str:
    policy = policies.alias_policies.get(name)
    return f"{policy.mode}: {', '.join(policy.mxs)}" if isinstance(policy, Policy) else ""


def retargeted(old: PolicyList, new: PolicyList) -> Iterator[tuple[int, str]]:
    """Ordinal and name of each alias of the new list that promised something else in the old one."""
    for ordinal, alias in enumerate(new.aliases):
        before = old.alias_policies.get(alias.name)
        if before is not None and _canonical_or_none(old.resolve(before)) != _canonical_or_none(
            new.resolve(alias.policy)
        ):
            yield ordinal, alias.name


def _promise(policies: PolicyList, domain: str) -> Policy | None:
    entry = policies.by_domain.get(domain)  # type: ignore[call-overload]
    return policies.resolve(entry.policy) if entry else None


def _canonical_or_none(policy: Policy | None) -> tuple[Mode, frozenset[str]] | None:
    return (policy.mode, accepted(policy)) if policy else None


def accepted(policy: Policy) -> frozenset[str]:
    """The patterns of a policy in canonical form, without those that others cover."""
    patterns = frozenset(map(canonical, policy.mxs))
    return frozenset(p for p in patterns if p.startswith(".") or suffix_of(p) not in patterns)


def _kinds(before: Policy | None, after: Policy | None) -> Iterator[tuple[Kind, tuple[str, ...]]]:
    if before is None or after is None:
        yield (Kind.ADDED if before is None else Kind.REMOVED), ()
        return
    if before.mode is not after.mode:
        yield (Kind.WEAKENED if after.mode is Mode.TESTING else Kind.STRENGTHENED), ()
    old, new = accepted(before), accepted(after)
    came = tuple(sorted(p for p in new if not covers(old, p)))
    went = tuple(sorted(p for p in old if not covers(new, p)))
    overlap = len(came) < len(new) or len(went) < len(old)
    if came and went and not overlap:
        yield Kind.REPLACED, ()
        return
    if came:
        yield Kind.WIDENED, came
    if went:
        yield Kind.NARROWED, went
