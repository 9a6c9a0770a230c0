"""doctor: a mail server's configuration and the list's folder -> facts -> rules(DOCTOR) -> report."""

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from stpolicy import rules
from stpolicy.errors import StpolicyError
from stpolicy.flows.answers import asked
from stpolicy.flows.authorities import system_roots, without_authorities
from stpolicy.flows.state_folder import Settings, as_named, policy_map, rendered, state_folder
from stpolicy.flows.trial import Trial, attempts
from stpolicy.model.finding import Finding, Report
from stpolicy.model.mail_server import NEWER_PARAMETERS, PARAMETERS, MailServer, Route
from stpolicy.model.table import Table, tables, transport_keys
from stpolicy.mta.postfix import Postfix

_NO_SETTINGS = Settings()


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What the rules say, the facts that they judged, and where we could not look."""

    report: Report
    server: MailServer
    unlooked: tuple[str, ...]


def doctor(
    postfix: Postfix,
    folder: Path,
    *,
    now: datetime,
    table: Table | None = None,
    settings: Settings = _NO_SETTINGS,
    signers: Collection[str] = (),
    trial: Trial | None = None,
) -> Diagnosis:
    """Looks at a Postfix and at the list's folder, and tries a domain if one is named.

    `table` is the map of the list; if none is given, the one below the folder.
    """
    server, unlooked = _facts(postfix, folder, table, settings, signers, now)
    server, unasked = asked(postfix, server)
    routes, unrouted = _routes(postfix, server)
    tried, untried = attempts(postfix, server, trial) if trial else ([], [])
    server = replace(server, routes=tuple(routes), attempts=tuple(tried))
    return Diagnosis(_report(server), server, (*unlooked, *unasked, *unrouted, *untried))


def _report(server: MailServer) -> Report:
    """What the rules say; that files of a map are not what they were, only where that says something new."""
    problems = list(rules.judge(rules.POSTFIX, server))
    installed = server.installed
    if {code for code, *_ in problems} & {"postfix.map_missing", "postfix.map_stale"}:
        installed = replace(installed, gone_map="", changed_map="")
    return Report.of(map(Finding.of, [*problems, *rules.judge(rules.STATUS, installed)]))


def _facts(
    postfix: Postfix,
    folder: Path,
    table: Table | None,
    settings: Settings,
    signers: Collection[str],
    now: datetime,
) -> tuple[MailServer, list[str]]:
    """All that a configuration and the folder say without asking tables, and where we may not look."""
    folder = Path(os.path.realpath(folder))  # what is printed must be right wherever it is run
    version = postfix.version()
    newer = [name for name, since in NEWER_PARAMETERS.items() if version >= since]
    values = postfix.settings([*PARAMETERS, *newer])
    named = tables(values.get("smtp_tls_policy_maps", ""))
    ours = as_named(table, named) if table else rendered(folder, named)
    no_ca, unlooked = without_authorities(values)
    server = MailServer(
        version,
        postfix.types(),
        values,
        postfix.services(),
        state_folder(folder, now=now, settings=settings, signers=signers, table=ours),
        policy_map(ours) if ours else None,
        no_ca=no_ca,
        roots=system_roots(),
        postconf=postfix.postconf,
        configuration=str(postfix.folder.absolute()) if postfix.folder else "",
    )
    return server, unlooked


def _routes(postfix: Postfix, server: MailServer) -> tuple[list[Route], list[str]]:
    """Where transport maps send listed domains, and the maps that could not be asked.

    Postfix asks all of them for one key before it takes the next.
    """
    named = {table.name for table in tables(server.setting("parent_domain_matches_subdomains"))}
    keys = {
        domain: list(transport_keys(domain, dotless="transport_maps" in named))
        for domain in _listed(server)
        if domain[:1] not in ".[" and "\n" not in domain
    }
    answers, unlooked = [], []
    for table in tables(server.setting("transport_maps")) if keys else ():
        patterns = table.direct.has_patterns
        asked = dict.fromkeys(key for some in keys.values() for key in some[0 if patterns else 1 :])
        try:
            answers.append((str(table), postfix.query(str(table.direct), asked)))
        except StpolicyError as wrong:
            unlooked.append(f"transport_maps: {wrong.message}")
    routes = (_route(domain, some, answers) for domain, some in keys.items())
    return [route for route in routes if route], unlooked


def _route(domain: str, keys: Iterable[str], answers: list[tuple[str, dict[str, str]]]) -> Route | None:
    for key in keys:
        for table, found in answers:
            if key in found:
                return Route(domain, table, key, found[key])
    return None


def _listed(server: MailServer) -> tuple[str, ...]:
    """The domains with a row; those that the list enforces where there is no map yet."""
    if server.map and server.map.rows:
        return tuple(server.map.rows)
    return server.installed.list.domains if server.installed.list else ()
