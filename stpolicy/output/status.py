"""What a mail server follows: for people, programs, and two kinds of monitoring."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stpolicy.model.dates import Instant
from stpolicy.model.finding import Report
from stpolicy.model.mail_server import StateFolder
from stpolicy.model.state import State
from stpolicy.output import report as findings
from stpolicy.output.escape import shown

if TYPE_CHECKING:
    from datetime import timedelta


def text(folder: StateFolder, state: State | None, report: Report, *, colour: bool = False) -> str:
    """A few aligned lines, then the findings."""
    lines = []
    if there := folder.list:
        verb = "in force until" if there.expires > folder.at else "NOT IN FORCE since"
        age, left = _span(folder.at - there.timestamp), _span(there.expires - folder.at)
        lines.append(("list", f"{there.timestamp} ({age} old), {verb} {there.expires} ({left})"))
        lines.append(("domains", f"{len(there.domains)} enforced, {there.testing} in testing"))
    else:
        lines.append(("list", "none is installed"))
    if state:
        said = f": {shown(state.message)}" if state.message else ""
        lines.append(("last run", f"{state.at} {state.reason}{said}"))
    lines.append(("success", str(folder.last_success or "never")))
    if state and state.map:
        counts = ", ".join(f"{number} {name}" for name, number in state.map.counts.items() if number)
        lines.append(("map", f"{shown(state.map.name)} ({counts or 'no rows'})"))
    body = "".join(f"{label + ':':<10}{value}\n" for label, value in lines)
    return body + findings.text(report, colour=colour)


def as_json(folder: StateFolder, state: State | None, report: Report, level: str) -> str:
    """One object; dates are RFC 3339, spans seconds."""
    there = folder.list
    return findings.as_json(
        report,
        level=level,
        list=there
        and {
            "timestamp": str(there.timestamp),
            "expires": str(there.expires),
            "sha256": there.digest,
            "age": _seconds(folder.at - there.timestamp),
            "left": _seconds(there.expires - folder.at),
            "enforced": len(there.domains),
            "testing": there.testing,
        },
        reason=state and str(state.reason),
        message=state and state.message,
        last_run=state and str(state.at),
        last_success=folder.last_success and str(folder.last_success),
        map=state and state.map and {"name": state.map.name, "counts": dict(state.map.counts)},
    )


def nagios(folder: StateFolder, state: State | None, report: Report, level: str) -> str:
    """One line with performance data (Monitoring Plugins Development Guidelines, 2.1)."""
    there = folder.list
    said = "; ".join(finding.message for finding in report.findings)
    if not said and state and state.is_alarming:
        said = f"the last run: {state.message} [{state.reason}]"
    if there is None:
        return f"STPOLICY {level} - {_plain(said)}\n"
    left, age = _seconds(there.expires - folder.at), _seconds(folder.at - there.timestamp)
    standing = f"list of {there.timestamp}, in force until {there.expires}"
    data = f"left={left}s;;;0 age={age}s;;;0 enforced={len(there.domains)};;;0"
    return f"STPOLICY {level} - {_plain(said or standing)} | {data}\n"


def unknown(said: str) -> str:
    """The line for when we could not look."""
    return f"STPOLICY UNKNOWN - {_plain(' '.join(said.split()))}\n"


def prometheus(folder: StateFolder, state: State | None) -> str:
    """The text format of node_exporter's text files."""
    return "".join(f"{line}\n" for line in _metrics(folder, state))


def _metrics(folder: StateFolder, state: State | None) -> Iterator[str]:
    there = folder.list
    yield from _metric("list_installed", "Whether a list is installed.", int(there is not None))
    if there:
        yield from _metric("list_timestamp_seconds", "When the list was dated.", there.timestamp)
        yield from _metric("list_expires_seconds", "When the list runs out.", there.expires)
        yield "# HELP stpolicy_domains Domains of the list by mode."
        yield "# TYPE stpolicy_domains gauge"
        yield f'stpolicy_domains{{mode="enforce"}} {len(there.domains)}'
        yield f'stpolicy_domains{{mode="testing"}} {there.testing}'
    if folder.last_success:
        yield from _metric("last_success_seconds", "When a list was verified last.", folder.last_success)
    if state:
        yield from _metric("last_run_seconds", "When the last run was.", state.at)
        yield from _metric("last_run_exit_code", "What it ended with.", state.reason.exit_code)
        yield "# HELP stpolicy_last_run_reason Why it ended so."
        yield "# TYPE stpolicy_last_run_reason gauge"
        yield f'stpolicy_last_run_reason{{reason="{state.reason}"}} 1'
    if state and state.map:
        yield "# HELP stpolicy_map_domains Domains by what the map does with them."
        yield "# TYPE stpolicy_map_domains gauge"
        for name, number in state.map.counts.items():
            if name.isidentifier() and name.isascii():
                yield f'stpolicy_map_domains{{kind="{name}"}} {number}'


def _metric(name: str, about: str, value: "Instant | int") -> Iterator[str]:
    yield f"# HELP stpolicy_{name} {about}"
    yield f"# TYPE stpolicy_{name} gauge"
    yield f"stpolicy_{name} {value.seconds if isinstance(value, Instant) else value}"


def _plain(said: str) -> str:
    """Without what would end the text for a monitoring system."""
    return shown(said).replace("|", "/")


def _seconds(span: "timedelta") -> int:
    return int(span.total_seconds())


def _span(span: "timedelta") -> str:
    hours = abs(_seconds(span)) // 3600
    said = f"{hours // 24} days" if hours >= 48 else f"{hours} hours"
    return said if _seconds(span) >= 0 else f"{said} ago"
