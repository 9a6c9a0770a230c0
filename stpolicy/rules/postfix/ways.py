"""Rules about ways that mail takes past the list."""

from collections.abc import Iterator
from itertools import groupby

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.mail_server import MailServer, Route, Service
from stpolicy.model.table import Table
from stpolicy.rules._register import rule
from stpolicy.rules.postfix._mend import and_more, set_to, unset, without_entry

_FINAL = frozenset({"local", "virtual", "error", "discard"})
"""Programs that send nothing to other servers."""


@rule("postfix.relayhost", Severity.WARNING)
def relayhost(server: MailServer) -> Iterator[Problem]:
    """All mail, or that of some senders, goes to a relay.

    Postfix then looks for the policy of the relay and not for that of the recipient's domain: the list
    is not applied, and nothing says so. If the relay is meant, run stpolicy there, and give the relay
    a row of its own.
    """
    if value := server.setting("relayhost"):
        message = f"all mail goes to {value}; the list is not applied"
        yield Problem(message, where="relayhost", mend=set_to(server, "relayhost"))
    name = "sender_dependent_relayhost_maps"
    if value := server.setting(name):
        message = (
            f"mail goes to a relay that depends on its sender, by {value}; the list is not applied to it"
        )
        yield Problem(message, where=name, mend=set_to(server, name))


@rule("postfix.fallback_relay", Severity.ERROR)
def fallback_relay(server: MailServer) -> Iterator[Problem]:
    """Mail that a policy holds back goes to a fallback relay.

    When no mail server of a domain meets its policy, Postfix hands the message to smtp_fallback_relay,
    under the policy of the relay: whoever can break TLS with a listed domain makes its mail leave
    another way, in clear if the relay has no policy.
    """
    name = "smtp_fallback_relay"
    if value := server.setting(name):
        yield Problem(f"mail that a policy holds back goes to {value}", where=name, mend=set_to(server, name))
    for service, used in server.clients:
        value = server.setting(name, service)
        if value and value != server.setting(name):
            yield Problem(
                f"mail that a policy holds back goes from the service {service.name} to {value}",
                where=service.name,
                mend=unset(server, service, name),
                severity=None if used else Severity.NOTE,
            )


@rule("postfix.transport", Severity.WARNING)
def transport(server: MailServer) -> Iterator[Problem]:
    """Mail to listed domains takes a way on which their policies are not looked up.

    The policy is looked up by the next hop. A transport map that names another host or another program
    for a listed domain, or a default transport that does, leads past the list, and nothing says so.
    Where that is meant, give the other host a row of its own.
    """
    name = "default_transport"
    default = server.setting(name)
    service, _, nexthop = default.partition(":")
    if default and (nexthop or _bypasses(server, service)):
        message = f"mail goes to {default}; the list is not applied"
        yield Problem(message, where=name, mend=set_to(server, name, "smtp"))
    name = "sender_dependent_default_transport_maps"
    if value := server.setting(name):
        message = f"the way of mail depends on its sender, by {value}; the list may not be applied to it"
        yield Problem(message, where=name, mend=set_to(server, name))
    past = sorted((route for route in server.routes if _leads_past(server, route)), key=_entry)
    for (table, key, value), group in groupby(past, key=_entry):
        domains = [route.domain for route in group]
        sent = f"{table} sends mail for {and_more(domains)} to {value} by its answer for {key}"
        yield Problem(
            f"{sent}; the list is not applied",
            where=domains[0],
            mend=without_entry(Table.read(table).direct, key),
        )


def _entry(route: Route) -> tuple[str, str, str]:
    return route.table, route.key, route.value


def _leads_past(server: MailServer, route: Route) -> bool:
    elsewhere = route.nexthop.lower() not in ("", route.domain)
    return (elsewhere and not _is_final(server, route.transport)) or _bypasses(server, route.transport)


def _bypasses(server: MailServer, transport: str) -> bool:
    """Whether a transport sends mail on without the SMTP client."""
    return bool(transport) and server.program(transport) != "smtp" and not _is_final(server, transport)


def _is_final(server: MailServer, transport: str) -> bool:
    return server.program(transport) in _FINAL


@rule("postfix.override", Severity.WARNING)
def override(server: MailServer) -> Iterator[Problem]:
    """A service in master.cf has other TLS settings than main.cf, or a parameter undoes the rows.

    A `-o` of a service that runs the SMTP client replaces what main.cf says, for all mail that takes
    this way: without the policy map the list is not applied there, without authorities mail waits, and
    with TLS reports (TLSRPT) the rows of `--match mx` are reported as MTA-STS policies. A service that
    nothing seems to lead to is a note. With `smtp_tls_enforce_sts_mx_patterns = no` the rows of `--match mx`
    bind no name of a mail server any more, and their suffixes names of any depth.
    """
    name = "smtp_tls_enforce_sts_mx_patterns"
    if server.map and server.map.claims_sts and server.setting(name).lower() == "no":
        message = "the rows of --match mx bind the certificate only"
        yield Problem(message, where=name, mend=set_to(server, name, "yes"))
    for service, used in server.clients:
        for name, said in _overridden(server, service):
            value = server.setting(name, service)
            yield Problem(
                f"the service {service.name} has -o {name}={value}: {said}",
                where=service.name,
                mend=unset(server, service, name),
                severity=None if used else Severity.NOTE,
            )


def _overridden(server: MailServer, service: Service) -> Iterator[tuple[str, str]]:
    """The parameters that count and are another for this service, and what comes of it."""
    for name in ("smtp_tls_security_level", "smtp_use_tls", "smtp_enforce_tls"):
        if name in service.overrides and server.level(service) != server.level():
            yield name, f"its level is {server.level(service)}, not {server.level()}"
    name = "smtp_tls_policy_maps"
    ours = server.map.table if server.map else None
    if name in service.overrides and all(table.direct != ours for table in server.policy_maps(service)):
        yield name, "the list is not applied there"
    for name in ("smtp_tls_CAfile", "smtp_tls_CApath"):
        if server.setting(name, service) != server.setting(name):
            yield name, "it trusts other authorities"
    name = "smtp_tlsrpt_enable"
    if server.map and server.map.claims_sts and _is_on(server, name, service) and not _is_on(server, name):
        yield name, "its TLS reports call what --match mx wrote MTA-STS policies"
    name = "smtp_tls_enforce_sts_mx_patterns"
    if server.map and server.map.claims_sts and service.overrides.get(name, "").lower() == "no":
        yield name, "the rows of --match mx bind the certificate only there"


def _is_on(server: MailServer, name: str, service: Service | None = None) -> bool:
    return server.setting(name, service).lower() == "yes"


@rule("postfix.tls_required", Severity.WARNING)
def tls_required(server: MailServer) -> Iterator[Problem]:
    """A sender can switch policies off with a header: tls_required_enable is on.

    From 3.10 on Postfix skips the policy of the recipient's domain for a message with the header
    `TLS-Required: no` (RFC 8689). Everybody who may send by this server can write it.
    """
    name = "tls_required_enable"
    if server.setting(name).lower() == "yes":
        message = "a message with the header `TLS-Required: no` is delivered without a look at policies"
        yield Problem(message, where=name, mend=set_to(server, name, "no"))
