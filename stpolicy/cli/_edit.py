"""What the commands that edit a list share: read, edit, show or write."""

import difflib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stpolicy.cli import _door, _inputs, _options
from stpolicy.cli._command import LIST_DEFAULT
from stpolicy.document.codes import LARGEST
from stpolicy.errors import Misuse, Refused, StpolicyError
from stpolicy.flows import edit as flow
from stpolicy.model.edit import checked_policy
from stpolicy.model.policy import Alias, Policy, PolicyList
from stpolicy.output.escape import printable


@dataclass(frozen=True, slots=True)
class Options:
    """Which list is edited, and whether."""

    list_path: _options.ListOption = LIST_DEFAULT
    dry_run: _options.DryRun = False
    max_size: _options.MaxSize = LARGEST


DEFAULTS = Options()


def apply(options: Options, change: Callable[[PolicyList], PolicyList], *, quiet: bool) -> int:
    """Edits the list, or shows what would change."""
    path, largest = options.list_path, options.max_size
    if str(path) == "-":
        raise Misuse("standard input cannot be edited in place", "name a file")
    edited = flow.edit(_inputs.read(path, largest=largest), change, largest=largest)
    if options.dry_run:
        _door.result(difference(edited))
    else:
        save(path, edited)
        _door.say(f"{path}: {'written' if edited.differs else 'nothing to change'}", quiet=quiet)
    return _door.DONE


def save(path: Path, edited: flow.Edited) -> None:
    """Writes the edited list, unless it is as it was or somebody else has written it meanwhile."""
    from stpolicy import store

    if not edited.differs:
        return
    if path.read_bytes() != edited.before.data:
        raise StpolicyError(f"{path} was changed by somebody else meanwhile", "look at it, then try again")
    store.write(path, edited.after)


def difference(edited: flow.Edited) -> str:
    """What would change, as `diff -u` shows it."""
    before, after = (
        list(io.StringIO(side.decode("utf-8", "replace"), newline="\n"))
        for side in (edited.before.data, edited.after)
    )
    name = edited.before.name
    lines = difflib.unified_diff(before, after, name, f"{name} (edited)")
    return printable(
        "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    )


def policy(
    mode: str | None, mx: list[str] | None, alias: str | None, before: Policy | Alias | None = None
) -> Policy | Alias:
    """The policy that options describe; what they leave out is taken from `before`."""
    if alias is None:
        mend = "name the mail servers with --mx, or an alias with --alias"
        return own_policy(mode, mx, before, mend=mend)
    if mx or mode:
        raise Misuse("--alias stands alone: the alias has the mode and the patterns")
    return Alias(alias)


def own_policy(
    mode: str | None,
    mx: list[str] | None,
    before: Policy | Alias | None = None,
    *,
    mend: str = "name the mail servers with --mx",
) -> Policy:
    """A policy with a mode and patterns of its own; testing unless somebody says otherwise."""
    known = before if isinstance(before, Policy) else None
    patterns = mx or (known.mxs if known else ())
    if not patterns:
        raise Misuse("no pattern is given", mend)
    try:
        return checked_policy(mode or (known.mode if known else "testing"), patterns)
    except ValueError as wrong:
        if mx:
            raise Misuse(f"--mx {wrong}") from wrong
        raise Refused(f"the pattern {wrong}", "name the patterns with --mx") from wrong
