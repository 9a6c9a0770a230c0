"""fmt, add, set, remove, alias, bump: bytes -> list -> edited list -> bytes. Nothing is written here."""

from collections.abc import Callable
from dataclasses import dataclass

from stpolicy.document.dump import dump
from stpolicy.document.list import load
from stpolicy.errors import Refused
from stpolicy.model.edit import canonical_list
from stpolicy.model.file import File
from stpolicy.model.policy import PolicyList


@dataclass(frozen=True, slots=True)
class Edited:
    """A list before and after an edit."""

    before: File
    after: bytes

    @property
    def differs(self) -> bool:
        """Whether the edit changes the file."""
        return self.before.data != self.after


def edit(file: File, change: Callable[[PolicyList], PolicyList], *, largest: int) -> Edited:
    """Edits a canonical list; Refused for one that is not, so that an edit changes only what it says."""
    policies = load(file.data, file.name, largest=largest)
    if _canonical_bytes(policies) != file.data:
        raise Refused(f"{file.name} is not in canonical form", f"stpolicy fmt {file.name}")
    try:
        edited = change(policies)
    except ValueError as wrong:
        raise Refused(str(wrong)) from wrong
    return Edited(file, dump(edited))


def fmt(file: File, *, largest: int) -> Edited:
    """The canonical form of a list."""
    policies = load(file.data, file.name, largest=largest)
    after = _canonical_bytes(policies)
    if after is None:
        raise Refused(
            f"{file.name} has two entries for one domain; only a person can say which is right",
            f"stpolicy validate {file.name}",
        )
    return Edited(file, after)


def _canonical_bytes(policies: PolicyList) -> bytes | None:
    try:
        return dump(canonical_list(policies))
    except ValueError:
        return None
