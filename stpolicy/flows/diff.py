"""diff: two lists -> what changed."""

from dataclasses import dataclass

from stpolicy.document.list import load
from stpolicy.errors import Refused
from stpolicy.flows.validate import earlier
from stpolicy.model.change import Change, FieldChange, changes, field_changes
from stpolicy.model.file import File


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed, worst first, and the fields of the list itself that read otherwise."""

    changes: tuple[Change, ...]
    fields: tuple[FieldChange, ...]

    @property
    def any(self) -> bool:
        """Whether the lists differ in anything but order and layout."""
        return bool(self.changes or self.fields)


def diff(old: File, new: File, *, largest: int) -> Difference:
    """Compares two lists, aliases resolved."""
    after = load(new.data, new.name, largest=largest)
    if len(after.by_domain) != len(after.entries):
        raise Refused(
            f"{new.name} has two entries for one domain: what it promises depends on the reader",
            f"stpolicy validate {new.name}",
        )
    before = earlier(old, largest=largest)
    return Difference(tuple(changes(before, after)), tuple(field_changes(before, after)))
