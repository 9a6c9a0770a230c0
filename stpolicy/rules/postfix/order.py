"""Rules about the place of the map among the policy tables: the first that answers decides."""

from collections.abc import Iterable, Iterator

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.mail_server import MailServer
from stpolicy.model.table import Table
from stpolicy.rules._register import rule
from stpolicy.rules.postfix._mend import and_more, set_to, without_entry

RESOLVERS = frozenset({"socketmap", "tcp"})
"""Types of tables behind which a program looks for DANE or MTA-STS policies while mail waits."""

_MAPS = "smtp_tls_policy_maps"


@rule("postfix.map_order", Severity.WARNING)
def map_order(server: MailServer) -> Iterator[Problem]:
    """The map of the list stands before a table of DANE or MTA-STS policies.

    The first table that has a domain decides for it. What a domain publishes itself goes before what a
    list says of it, DANE before MTA-STS before the list: a row of the list switches DANE off for its
    domain, and it may be older than the policy that the domain publishes today. So tables that ask a
    resolver (socketmap, tcp) come first, then the list.
    """
    ours, _, after = _around(server)
    for table in after:
        if ours and table.direct.kind in RESOLVERS:
            message = f"{ours} stands before {table}, whose policies should count first"
            yield Problem(message, mend=set_to(server, _MAPS, in_order(server, ours)))


@rule("postfix.map_shadowed", Severity.ERROR)
def map_shadowed(server: MailServer) -> Iterator[Problem]:
    """A table before the map of the list answers for listed domains, so that the list is not asked.

    The first table that has a domain decides for it: with `may` or `none` there its mail may go in clear,
    whatever the list says. A table that answers for every domain, as `static:` does, belongs behind the
    list. Where only some domains are concerned it is a warning: somebody may have decided so. What is
    meant to differ from the list is better said in an overlay, where `lookup` shows it and it can end.
    """
    ours, before, _ = _around(server)
    for table in before if ours else ():
        answers = server.before.get(table, {})
        if ours and _answers_all(server, table):
            message = f"{ours} is never asked: {table} before it answers for every domain"
            yield Problem(message, where=str(table), mend=set_to(server, _MAPS, in_order(server, ours)))
        elif answers:
            domain, value = next(iter(answers.items()))
            whose = and_more(list(answers))
            message = f"{table} answers for {whose} before {ours} is asked: {value}"
            mend = without_entry(table.direct, whose)
            yield Problem(message, where=domain, mend=mend, severity=Severity.WARNING)


def _around(server: MailServer) -> tuple[Table | None, tuple[Table, ...], tuple[Table, ...]]:
    """The map, and the tables before and after it; None and nothing where Postfix is not told of it."""
    maps = server.policy_maps()
    ours = server.map.table if server.map else None
    place = next((place for place, table in enumerate(maps) if table.direct == ours), None)
    return (None, (), ()) if place is None else (ours, maps[:place], maps[place + 1 :])


def _answers_all(server: MailServer, table: Table) -> bool:
    """Whether a table leaves nothing to those after it."""
    rows = server.map.rows.keys() if server.map else ()
    return table.direct.kind == "static" or 0 < len(rows) <= len(server.before.get(table, ()))


def in_order(server: MailServer, ours: Table) -> str:
    """The tables with ours where it belongs: behind all resolvers, before what answers everything.

    Where ours stands well it stays; a table of another type at the same place makes room for it.
    """
    maps = [table for table in server.policy_maps() if table.direct == ours or table.direct.name != ours.name]
    last = [table for table in maps if _answers_all(server, table)]
    rest = [table for table in maps if table not in last]
    named = next((table for table in rest if table.direct == ours), ours)
    place = rest.index(named) if named in rest else len(rest)
    behind = [table for table in rest[place + 1 :] if table.direct.kind in RESOLVERS]
    if behind:
        rest.insert(rest.index(behind[-1]) + 1, named)
        del rest[place]
    elif named not in rest:
        rest.append(named)
    return written([*rest, *last])


def written(maps: Iterable[Table]) -> str:
    """The tables as main.cf has them."""
    return ", ".join(map(str, maps))
