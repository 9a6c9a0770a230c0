"""What the policy tables of a Postfix answer: a file that is there may be none, or hold nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from stpolicy.errors import StpolicyError
from stpolicy.model.mail_server import MailServer
from stpolicy.model.table import Table
from stpolicy.mta.postfix import Postfix

_ANY = "example.com"
"""A key for a table of which it only matters that it answers at all."""

_FORBIDDEN = "Permission denied"
"""Postfix opens its tables as root: that we may not does not say that it cannot."""


def asked(postfix: Postfix, server: MailServer) -> tuple[MailServer, list[str]]:
    """The facts with what each table says that asks no other host; and those that we may not ask."""
    differs: str | None = None
    silent, before, unlooked = {}, {}, []
    rows = _shadowable(server)
    for table in _worth_asking(server):
        try:
            if server.map and table.direct == server.map.table:
                differs, rows = _differs(postfix, server), {}
            else:
                found = postfix.query(str(table.direct), rows or [_ANY])
                before[table] = {key: found[key] for key in rows if _is_other(found.get(key), rows[key])}
        except StpolicyError as wrong:
            if _FORBIDDEN in wrong.message:
                unlooked.append(f"{table}: {wrong.message}")
            else:
                silent[table] = wrong.message
    ours = replace(server.map, differs=differs) if server.map else None
    before = {table: answers for table, answers in before.items() if answers}
    return replace(server, map=ours, silent=silent, before=before), unlooked


def _shadowable(server: MailServer) -> Mapping[str, str]:
    """What the map says, by key, where it is among the policy tables: one before it may say otherwise.

    Of one key Postfix asks all tables before it asks any for a parent domain, so rows of those hide nothing.
    """
    ours = server.map
    if ours is None or all(table.direct != ours.table for table in server.policy_maps()):
        return {}
    return {key: value for key, value in ours.rows.items() if "\n" not in key}


def _is_other(answer: str | None, row: str) -> bool:
    return answer is not None and answer.split() != row.split()


def _worth_asking(server: MailServer) -> Iterator[Table]:
    """The policy tables and the map, but for those of which other findings speak already."""
    ours = server.map.table if server.map else None
    tables = server.policy_maps()
    if ours and all(table.direct != ours for table in tables):
        tables = (*tables, ours)
    for table in tables:
        is_there = table.direct != ours or (server.map and server.map.indexed)
        if is_there and table.direct.is_local and table.direct.kind in server.types:
            yield table


def _differs(postfix: Postfix, server: MailServer) -> str | None:
    """A key of the map's text, or a listed domain, for which the map answers something else than the text."""
    ours, there = server.map, server.installed.list
    if ours is None:
        return None
    listed = [domain for domain in (there.domains if there else ()) if domain not in ours.rows]
    keys = [key for key in (*ours.rows, *listed) if "\n" not in key] or [_ANY]
    answers = postfix.query(str(ours.table), keys)
    if ours.written is None:
        return None  # nobody can say what it was made of
    said = ((key, answers.get(key, "").split(), ours.rows.get(key, "").split()) for key in keys)
    return next((key for key, answer, text in said if answer != text), None)
