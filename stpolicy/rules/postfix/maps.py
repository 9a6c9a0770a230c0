"""Rules about the map of the list, and the tables that it stands among."""

from collections.abc import Iterable, Iterator

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.mail_server import ListFacts, MailServer, MapFacts, StateFolder
from stpolicy.model.table import EXACT_FROM, NEWER_ATTRIBUTES, Table, TlsPolicy
from stpolicy.rules._register import rule
from stpolicy.rules.postfix._mend import render, set_to
from stpolicy.rules.postfix.order import in_order, written

TOLERANCE_SECONDS = 100
"""Postfix itself gives who edits a table this long to compile it (dict_open)."""

_MAPS = "smtp_tls_policy_maps"
_PREFERRED = ("lmdb", "cdb", "hash", "texthash")
"""Types for a new map: the first two are replaced whole, and seen without a reload."""


@rule("postfix.map_missing", Severity.ERROR)
def map_missing(server: MailServer) -> Iterator[Problem]:
    """The map of the list is not in smtp_tls_policy_maps, or a table there is gone or cannot be read.

    A map that Postfix is not told of changes nothing. A table that it is told of and that gives no answer,
    because there is no file or the file is none of its type, stops all mail: Postfix defers every message,
    to listed domains and to others, since it cannot know what the table would have said. `stpolicy update
    --render postfix --map TYPE:PATH` makes the map of the list; another table its owner must make again,
    or take out.
    """
    folder = server.installed.folder
    if server.map is None:
        made = render(server, f"{_best(server)}:{folder}/maps/policy")
        yield Problem(f"there is no map of the list in {folder}/maps", mend=made)
        return
    ours, maps = server.map.table, server.policy_maps()
    fault = _no_answer(server, server.map)
    if all(table.direct != ours for table in maps):
        yield _unnamed(server, ours, fault)
    elif fault and ours.kind in server.types:  # else postfix.map_type says it
        yield Problem(fault, where=str(ours), mend=render(server, str(ours)))
    for table, said in server.silent.items():
        if table.direct != ours:
            mend = set_to(server, _MAPS, _without(maps, table))
            yield Problem(f"Postfix gets no answer from {table}: {said}", where=str(table), mend=mend)


def _no_answer(server: MailServer, found: MapFacts) -> str | None:
    """Why the map would stop all mail, if it would."""
    ours = found.table
    if ours.kind not in server.types:
        return f"this Postfix does not have the type {ours.kind}"
    if ours.file and found.indexed is None:
        return f"the map {ours} has no file {ours.file}"
    said = next((said for table, said in server.silent.items() if table.direct == ours), None)
    return f"Postfix gets no answer from {ours}: {said}" if said else None


def _unnamed(server: MailServer, ours: Table, fault: str | None) -> Problem:
    """That main.cf does not name the map. Where that gives no answer it is made first, in the same mend.

    Postfix reads main.cf without being told to, and would defer all mail for want of the table.
    """
    maps = server.policy_maps()
    other = next((table for table in maps if table.direct.name == ours.name), None)
    said = f"; it names {other}" if other else ""
    message = f"{_MAPS} does not name {ours}{said}"
    if fault:
        return Problem(f"{message}; and {fault}", mend=_made_and_named(server, ours))
    return Problem(message, mend=set_to(server, _MAPS, in_order(server, ours)))


def _made_and_named(server: MailServer, ours: Table) -> str:
    """Makes the map, of a type that this Postfix has, and names it in main.cf only when that is done."""
    made = ours if ours.kind in server.types else Table(_best(server), ours.name)
    named = set_to(server, _MAPS, in_order(server, made))
    return f"{render(server, str(made))} && {named}"


@rule("postfix.map_stale", Severity.ERROR)
def map_stale(server: MailServer) -> Iterator[Problem]:
    """The map does not say what the installed list says.

    It answers something else than its text, or nothing; its compiled form is older than its text, it was
    made of another list or of none, it has a row that is not `secure`, which no list makes, or it still
    enforces a list that has run out. Postfix then refuses mail by rules
    that no longer hold, or lets through what the list forbids. Make the map again by `stpolicy update
    --render postfix`, never by `postmap` in place: one that is ended half-way leaves an empty table, and
    all mail goes out as if there were no list.
    """
    found = server.map
    if found is not None and found.indexed is not None and found.table not in _silent(server):
        message = _differs(found) or _is_outdated(found, server.installed)
        if message:
            yield Problem(message, mend=render(server, str(found.table)))


def _silent(server: MailServer) -> set[Table]:
    return {table.direct for table in server.silent}


def _differs(found: MapFacts) -> str | None:
    """What is wrong between the text of a map and what was compiled from it."""
    table = found.table
    if found.written is None:
        return f"the text {table.name} is not there, so nobody can see what {table} was made of"
    if found.differs:
        return f"{table} does not answer for {found.differs} what its text says"
    if found.indexed and found.written.seconds > found.indexed.seconds + TOLERANCE_SECONDS:
        return f"{table.file} is older than its text {table.name}"
    return None


def _is_outdated(found: MapFacts, installed: StateFolder) -> str | None:
    """What is wrong between the text of a map and the list."""
    there = installed.list
    if there is None or found.indexed is None:
        return None
    if found.digest and found.digest != there.digest:
        return f"{found.table} was made of another list than that in {installed.folder}"
    has_run_out = found.indexed < there.expires <= installed.at
    if has_run_out and not found.rows.keys().isdisjoint(there.domains):
        return f"{found.table} still enforces a list that ran out at {there.expires}"
    weak = next((key for key, value in found.rows.items() if TlsPolicy.read(value).level != "secure"), None)
    if weak is not None:
        return f"{found.table} has a row for {weak} that no list makes: {found.rows[weak]}"
    if not found.digest and installed.at < there.expires and _has_no_row(found, there):
        return f"{found.table} has no row of the list in {installed.folder}, and does not say of which it is"
    return None


def _has_no_row(found: MapFacts, there: ListFacts) -> bool:
    return bool(there.domains) and found.rows.keys().isdisjoint(there.domains)


@rule("postfix.map_too_new", Severity.ERROR)
def map_too_new(server: MailServer) -> Iterator[Problem]:
    """The rows of the map say what this Postfix does not know.

    It takes the whole row for a mistake, and mail to every such domain waits until it is returned. The map
    was made for a newer version: Postfix has gone back to an older one, or the settings name another with
    `mta-version`. Then take that out of them, and `match = "mx"`, or the next update makes the same again.
    """
    found = server.map
    if found is None or not server.version:
        return
    here = ".".join(map(str, server.version))
    for attribute, since in NEWER_ATTRIBUTES.items():
        row = next((key for key, value in found.rows.items() if attribute in value), None)
        if row and server.version < since:
            known = ".".join(map(str, since))
            message = f"the row for {row} has {attribute}, known to Postfix from {known} on; this is {here}"
            options = ["--mta-version", here, *(["--match", "certificate"] if since == EXACT_FROM else [])]
            yield Problem(message, where=row, mend=render(server, str(found.table), *options))
            return  # the mend is one for all of them


@rule("postfix.map_type", Severity.ERROR)
def map_type(server: MailServer) -> Iterator[Problem]:
    """A table in smtp_tls_policy_maps is of a type that this Postfix does not have.

    It then defers all mail, to listed domains and to others. `postconf -m` shows the types that there
    are; distributions have some of them in packages of their own, such as postfix-cdb and postfix-lmdb.
    """
    for table in server.policy_maps():
        missing = next((kind for kind in table.kinds if kind not in server.types), None)
        if missing is None:
            continue
        said = f"is of the type {missing}, which this Postfix does not have" if missing else "has no type"
        yield Problem(f"{table} {said}", where=str(table), mend=_with_a_type(server, table))


def _with_a_type(server: MailServer, table: Table) -> str:
    """What makes Postfix read its tables again: ours by a type that it has, without another's."""
    maps = server.policy_maps()
    if server.map is None or table.direct.name != server.map.table.name:
        return set_to(server, _MAPS, _without(maps, table))
    return _made_and_named(server, server.map.table)


def _without(maps: Iterable[Table], table: Table) -> str:
    return written(other for other in maps if other != table)


def _best(server: MailServer) -> str:
    """The type that a new map should have here."""
    return next((kind for kind in _PREFERRED if kind in server.types), _PREFERRED[-1])
