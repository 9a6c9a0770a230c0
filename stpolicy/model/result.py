"""The domain result and the scan: what `check` prints and the API answers, values for JSON.

The shape is that of the old checker. Texts are as they came; who prints them escapes them.
"""

from collections.abc import Mapping, Sequence, Set
from typing import Any

from stpolicy.model import dane, seen
from stpolicy.model.observation import Dns, HostObservation, Probe, Records
from stpolicy.model.observed import Observed
from stpolicy.model.published import Standing, published, reports, reports_fault
from stpolicy.model.verdict import Judged, Status, severity_of, status_of, worst

Result = dict[str, Any]
Weighed = Sequence[tuple[Judged, Status]]
"""Findings, worst first, each with what it makes of the domain."""

CHECKS = {
    "connectivity": ("mx", "smtp"),
    "starttls": ("starttls",),
    "certificate": ("certificate",),
    "version": ("tls",),
}
"""The checks of a mail server, and the first segments of the codes that speak of them."""

LONGEST_POLICY = 8192
"""Characters of an MTA-STS policy that are shown."""

SCAN_VERSION = 2


def domain_result(observed: Observed, judged: Sequence[Judged], inconclusive: Set[str]) -> Result:
    """What was seen of a domain, and what the rules said; `inconclusive` are codes for "could not look"."""
    domain = observed.seen
    hosts = {host.host: host for host in domain.hosts}
    reached = any(map(is_reached, hosts.values()))
    found = sorted(judged, key=severity_of, reverse=True)
    weighed = [(one, status_of(one, inconclusive, reached=reached)) for one in found]
    # What nobody has looked at has not passed, whatever the rules find.
    unseen = Status.SUCCESS if reached else Status.ERROR
    status = worst([unseen, *(weight for _, weight in weighed)])
    room = seen.Room()
    return {
        "domain": domain.domain,
        "status": int(status),
        "status_text": status.text,
        "primary_status": int(_primary(observed, weighed, status)),
        "message": next((_sentence(one) for one, weight in weighed if status and weight is status), ""),
        "results": {name: _host(observed, host, weighed, room) for name, host in hosts.items()},
        "preferred_hostnames": _preferred(observed),
        "mx_hostnames": [pattern.text for pattern in observed.patterns],
        "mta_sts": _mta_sts(observed, weighed),
        "extra_results": {
            "policylist": _listed(observed),
            "dane": _dane(observed),
            "tlsrpt": _tlsrpt(domain.tlsrpt),
        },
        "findings": [_finding(one) for one in found],
        "timestamp": seen.date(domain.at),
    }


def _listed(observed: Observed) -> Result:
    """Status: 0 listed, 2 not (1 is for what waits to be listed); it never lowers that of the domain."""
    entry = observed.entry
    return {
        "status": int(Status.FAILURE if entry is None else Status.SUCCESS),
        "mode": "" if entry is None else str(entry.mode),
    }


def scan(result: Result) -> Result:
    """A domain result, wrapped as the API of the old checker did."""
    return {
        "domain": result["domain"],
        "scandata": result,
        "timestamp": result["timestamp"],
        "version": SCAN_VERSION,
    }


def is_reached(host: HostObservation) -> bool:
    """Whether any address of a mail server was reached."""
    return any(look.session.reached for look in host.looks)


def _preferred(observed: Observed) -> list[str]:
    exchanges = [one for one in observed.seen.mx.exchanges if one.host]
    best = min((one.preference for one in exchanges), default=0)
    return list(dict.fromkeys(one.host for one in exchanges if one.preference == best))


def _primary(observed: Observed, weighed: Weighed, status: Status) -> Status:
    """The status that the mail servers of the best preference alone would give: the old meaning."""
    names = _preferred(observed)
    hosts = [host for host in observed.seen.hosts if host.host in names]
    if not hosts:
        return status
    own = [weight for (_, _, said), weight in weighed if said.place and said.place[0] in names]
    if not any(map(is_reached, hosts)):
        unsure = Status.ERROR in map(_unreached, hosts)
        own.append(Status.ERROR if unsure else Status.COULD_NOT_CONNECT)
    return worst(own)


def _unreached(host: HostObservation) -> Status:
    """Of a mail server that was not reached: whether it failed, or may answer another time."""
    transient = any(look.session.ended and look.session.ended.transient for look in host.looks)
    return Status.ERROR if transient or host.unanswered else Status.FAILURE


def _host(observed: Observed, host: HostObservation, weighed: Weighed, room: seen.Room) -> Result:
    own = [(one, weight) for one, weight in weighed if one[2].place[:1] == (host.host,)]
    checks = {name: _check(own, CHECKS[name]) for name in _looked_at(host)}
    if not is_reached(host):
        known = Status(checks["connectivity"]["status"])
        checks["connectivity"]["status"] = int(worst([known, _unreached(host)]))
    preferences = [one.preference for one in observed.seen.mx.exchanges if one.host == host.host]
    return {
        "status": int(worst(Status(check["status"]) for check in checks.values())),
        "preference": min(preferences, default=0),
        "addresses": {look.address: seen.address(look, room) for look in host.looks},
        "checks": checks,
    }


def _looked_at(host: HostObservation) -> list[str]:
    """The checks that could be made; what was not reached cannot pass."""
    tls = any(look.session.tls for look in host.looks)
    probed = any(probe is not Probe.NOT_TESTED for look in host.looks for probe in look.probes.values())
    made = {"starttls": is_reached(host), "certificate": tls, "version": tls or probed}
    return [name for name in CHECKS if made.get(name, True)]


def _check(own: Weighed, families: Sequence[str]) -> Result:
    found = [(one, weight) for one, weight in own if one[0].partition(".")[0] in families]
    return {
        "status": int(worst(weight.simple for _, weight in found)),
        "messages": [_sentence(one) for one, _ in found],
    }


def _sentence(judged: Judged) -> str:
    said = judged[2]
    return f"{said.where}: {said.message}" if said.where else said.message


def _finding(judged: Judged) -> Result:
    code, _, said = judged
    return {
        "code": code,
        "severity": str(severity_of(judged)),
        "where": said.where,
        "message": said.message,
        "mend": said.mend or None,
    }


def _mta_sts(observed: Observed, weighed: Weighed) -> Result | None:
    """None when it was not looked for. Status: 0 and 1 are a policy; 2 none that counts; 3 not known."""
    if observed.seen.mta_sts is None:
        return None
    found = published(observed.seen.mta_sts)
    own = [(one, weight) for one, weight in weighed if one[0].startswith("mta_sts.")]
    text = _standing(found.standing) if not found.id else Status.SUCCESS
    checks = {"text": {"status": int(text)}}
    if found.id:
        status = worst(weight for _, weight in own) if found.policy else Status.FAILURE
        checks["policy"] = {"status": int(status)}
    return {
        "status": int(worst(Status(check["status"]) for check in checks.values())),
        "messages": [one[2].message for one, _ in own],
        "mode": found.policy.mode if found.policy else "",
        "mxs": list(found.policy.mxs) if found.policy else [],
        "policy": observed.seen.mta_sts.body.decode("utf-8", "replace")[:LONGEST_POLICY],
        "checks": checks,
    }


def _standing(standing: Standing) -> Status:
    return Status.ERROR if standing is Standing.UNKNOWN else Status.FAILURE


def _dane(observed: Observed) -> Result | None:
    """None when it was not looked for. Status: 0 it protects all mail to the domain, 2 not, 3 not known."""
    hosts = {host.host: host for host in observed.seen.hosts}
    if hosts and all(host.tlsa.how is Dns.NOT_ASKED for host in hosts.values()):
        return None
    usable = dane.is_usable(observed.seen, tuple(hosts.values()), observed.now)
    unknown = any(not host.tlsa.how.known for host in hosts.values())
    status = Status.SUCCESS if usable else Status.ERROR if unknown else Status.FAILURE
    records: Mapping[str, list[str]] = {
        name: [seen.text(value) for value in host.tlsa.values] for name, host in hosts.items()
    }
    return {"status": int(status), "usable": usable, "records": records}


def _tlsrpt(found: Records | None) -> Result | None:
    """None when it was not looked for. Status: 0 reports are asked for, 2 not, 3 not known."""
    if found is None:
        return None
    texts = reports(found)
    status = Status.FAILURE if found.how.known else Status.ERROR
    if found.how is Dns.ANSWER and texts and not reports_fault(found):
        status = Status.SUCCESS
    return {"status": int(status), "records": list(texts[:2])}
