"""What following a list came to, for people (who are told only what they should know) and programs."""

from collections.abc import Iterable, Mapping

from stpolicy.model.dates import Instant
from stpolicy.model.finding import Report
from stpolicy.model.outcome import Reason
from stpolicy.model.state import State
from stpolicy.output import report as findings
from stpolicy.output.escape import shown

PASSING = frozenset({Reason.NETWORK, Reason.CLOCK})
"""Faults that mostly pass by themselves; a person hears of them when they last."""


def sentence(state: State, *, verbose: bool = False) -> str:
    """The line about a run; empty when there is nothing that a person must know."""
    if state.reason.exit_code == 0:
        return _good(state) if verbose or _is_running_out(state) else ""
    if state.reason in PASSING and not verbose and not _matters(state, state.at):
        return ""
    return f"{shown(state.message)} [{state.reason}]{_standing(state)}"


def _matters(state: State, now: Instant) -> bool:
    return state.listed is None or state.listed.is_running_out(now) or state.is_forgotten(now)


def _is_running_out(state: State) -> bool:
    """Whether nothing is wrong but the list's age: a server that is shown nothing newer may be deceived."""
    return state.listed is not None and state.listed.is_running_out(state.at)


def _good(state: State) -> str:
    if state.listed is None:
        return str(state.reason)
    more = ", and there is none newer" if _is_running_out(state) else ""
    return (
        f"{state.reason}: the list of {state.listed.timestamp}, in force until {state.listed.expires}{more}"
    )


def _standing(state: State) -> str:
    """What the mail server goes on with, where the message does not say it."""
    if state.listed is None:
        return "; no list is installed"
    if state.listed.is_expired(state.at):
        said = f"the installed list is not in force since {state.listed.expires}"
        return "" if said in state.message else f"; {said}"
    return f"; the list of {state.listed.timestamp} stays, in force until {state.listed.expires}"


def stopped(reason: Reason, message: str, remarks: Iterable[str] = ()) -> str:
    """The object for a run that could not even begin."""
    code = reason.exit_code
    return findings.as_json(Report(), reason=str(reason), exit=code, message=message, remarks=list(remarks))


def as_json(
    state: State, report: Report, refused: Iterable[Mapping[str, str]], remarks: Iterable[str]
) -> str:
    """One object; `list` is what is installed now, `remarks` is what else a person was told."""
    listed = state.listed
    return findings.as_json(
        report,
        reason=str(state.reason),
        exit=state.reason.exit_code,
        message=state.message,
        at=str(state.at),
        last_success=None if state.last_success is None else str(state.last_success),
        url=state.url,
        refused=list(refused),
        remarks=list(remarks),
        list=listed
        and {
            "timestamp": str(listed.timestamp),
            "expires": str(listed.expires),
            "sha256": listed.sha256,
            "version": listed.version,
        },
        map=state.map and {"name": state.map.name, "counts": dict(state.map.counts)},
    )
