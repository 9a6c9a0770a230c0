"""switch: a rendered map -> made beside the one that is there -> in its place, unless that is not ours."""

from pathlib import Path
from typing import TYPE_CHECKING

from stpolicy import store
from stpolicy.document.table import is_ours
from stpolicy.errors import Misuse, StpolicyError
from stpolicy.model.state import MapState
from stpolicy.model.table import tables
from stpolicy.mta import maps
from stpolicy.mta.maps import MapFile
from stpolicy.mta.postfix import Postfix

if TYPE_CHECKING:
    from stpolicy.flows.render import Rendered

POLICY_MAPS = "smtp_tls_policy_maps"
_TOP = 64 * 1024
"""Bytes of a text in which its first comments end."""


def switch(
    target: MapFile, postfix: Postfix, rendered: "Rendered", before: MapState | None, folder: Path
) -> None:
    """Makes the map beside the one that is there, and puts it in its place only when it is good.

    `folder` is that of the list. The compiled file comes first: what is older than its text, Postfix
    complains of. A text that cannot follow stays where it was made: it says whose the compiled file is,
    also where the run is ended at the switch itself.
    """
    refuse_what_is_not_ours(target, before, folder)
    store.make_folder(target.path.parent)
    with store.alone(target.path.parent):  # the list's folder may be lost, and its lock with it
        _switch(target, postfix, rendered)


def _switch(target: MapFile, postfix: Postfix, rendered: "Rendered") -> None:
    new = target.new
    _discard(new)
    try:
        text = rendered.text.encode("utf-8")
        store.create(new.path, text)
        store.prove(new.path, text)
        maps.build(new.table, rendered.table.rows, postfix)
        store.sync(new.file)
    except BaseException:
        _discard(new)
        raise
    try:
        new.file.replace(target.file)
    except OSError:
        _discard(new)
        raise
    if new.file != new.path:
        new.path.replace(target.path)
    store.sync(target.path.parent)


def _discard(new: MapFile) -> None:
    for leftover in new.files:
        store.discard(leftover)


def refuse_what_is_not_ours(target: MapFile, before: MapState | None, folder: Path) -> None:
    """Misuse for a map that somebody else made, which may be an administrator's own table; it stays.

    And for one in a folder below that of the list which is a link: the account that keeps the list could
    lead root to any other folder with it.
    """
    inner = target.path.parent
    while folder.absolute() in inner.parents:
        if inner.is_symlink():
            raise Misuse(f"{inner} is a link, so no map is made there", "name the folder itself with --map")
        inner = inner.parent
    there = [path for path in (target.path, target.file) if store.is_there(path)]
    if there and not _is_ours(target, before):
        raise Misuse(
            f"{there[0]} was not made by stpolicy, so it stays as it is",
            "name another map with --map, or move that one away if nothing needs it",
        )


def _is_ours(target: MapFile, before: MapState | None) -> bool:
    """Whether the text of a map says so; of a compiled file without one, what is known of it.

    That it is as the last run left it; or a run was ended between its two files, and left the text.
    """
    if store.is_there(target.path):
        return is_ours(_text(target.path))
    known = before is not None and before.name == str(target) and target.has_file_of(before.seal)
    return known or is_ours(_text(target.new.path))


def used(postfix: Postfix) -> list[str]:
    """The maps that Postfix asks and that are ours, as TYPE:PATH; none when it does not answer."""
    try:
        value = postfix.settings([POLICY_MAPS]).get(POLICY_MAPS, "")
    except StpolicyError:
        return []
    direct = [table.direct for table in tables(value)]
    return [str(table) for table in direct if table.file and is_ours(_text(Path(table.name)))]


def _text(path: Path) -> bytes:
    """The first comments of a text, and what comes of the rest."""
    return (store.read_if_there(path, _TOP) or b"") if path.is_file() else b""
