"""doctor: a mail server's configuration and the list's folder -> facts -> rules(DOCTOR) -> report."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from stpolicy import rules
from stpolicy.errors import StpolicyError
from stpolicy.flows.state_folder import policy_map, rendered, state_folder
from stpolicy.model.finding import Finding, Report
from stpolicy.model.mail_server import NEWER_PARAMETERS, PARAMETERS, Attempt, MailServer, Route, StateFolder
from stpolicy.model.table import Table, TlsPolicy, tables, transport_keys
from stpolicy.mta.postfix import Postfix

ROOTS = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem")
"""Where Debian, Red Hat and SUSE keep the certification authorities; others have the first one too."""


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
    keyring: Path | None = None,
    signers: Collection[str] = (),
    domain: str | None = None,
    hosts: Collection[str] = (),
) -> Diagnosis:
    """Looks at a Postfix and at the list's folder, and tries a domain if one is named.

    `table` is the map of the list; if none is given, the one below the folder.
    """
    version = postfix.version()
    newer = [name for name, since in NEWER_PARAMETERS.items() if version >= since]
    values = postfix.settings([*PARAMETERS, *newer])
    ours = table or rendered(folder, tables(values.get("smtp_tls_policy_maps", "")))
    there = state_folder(folder, now=now, keyring=keyring, signers=signers, table=ours)
    server = _facts(postfix, version, values, there, ours)
    routes, unlooked = _routes(postfix, server)
    attempts, untried = _attempts(postfix, server, domain, hosts) if domain else ([], [])
    server = replace(server, routes=tuple(routes), attempts=tuple(attempts))
    problems = [*rules.judge(rules.POSTFIX, server), *rules.judge(rules.STATUS, there)]
    return Diagnosis(Report.of(map(Finding.of, problems)), server, (*unlooked, *untried))


def _facts(
    postfix: Postfix, version: tuple[int, ...], values: dict[str, str], there: StateFolder, ours: Table | None
) -> MailServer:
    """All that a configuration says without asking its tables."""
    authorities = [values.get(name, "") for name in ("smtp_tls_CAfile", "smtp_tls_CApath")]
    return MailServer(
        version,
        postfix.types(),
        values,
        postfix.services(),
        there,
        policy_map(ours) if ours else None,
        no_ca_file=tuple(name for name in authorities if name and not Path(name).exists()),
        roots=next((path for path in ROOTS if Path(path).exists()), ROOTS[0]),
        postconf=postfix.postconf,
    )


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
    if server.map and server.map.keys:
        return server.map.keys
    return server.installed.list.domains if server.installed.list else ()


def _attempts(
    postfix: Postfix, server: MailServer, domain: str, hosts: Collection[str]
) -> tuple[list[Attempt], list[str]]:
    """Sessions with the mail servers of a domain, under the policy that the map has for it."""
    if server.map is None:
        return [], [f"{domain}: there is no map to take its policy from"]
    try:
        value = postfix.query(str(server.map.table), [domain]).get(domain)
    except StpolicyError as wrong:
        return [], [f"{domain}: {wrong.message}"]
    if value is None:
        return [Attempt(domain, domain, False, f"{server.map.table} has no row for it")], []
    attempts, unlooked = [], []
    for host in hosts or (None,):
        try:
            attempts.append(postfix.attempt(domain, host, TlsPolicy.read(value), server.settings))
        except StpolicyError as wrong:
            unlooked.append(f"{host or domain}: {wrong.message}")
    return attempts, unlooked
