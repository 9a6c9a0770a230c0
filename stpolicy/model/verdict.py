"""What findings amount to: the status of a check, of a mail server, and of a domain."""

from collections.abc import Iterable, Set
from enum import IntEnum

from stpolicy.model.finding import Problem, Severity

Judged = tuple[str, Severity, Problem]
"""A code, the severity of its rule, and what the rule said."""


class Status(IntEnum):
    """Of a domain; a check and a mail server have the first four. The old checker's numbers."""

    SUCCESS = 0
    WARNING = 1
    FAILURE = 2
    ERROR = 3
    """Could not look."""
    NO_STARTTLS = 4
    COULD_NOT_CONNECT = 5
    BAD_HOST_NAME = 6

    @property
    def text(self) -> str:
        """In words."""
        return {Status.NO_STARTTLS: "no STARTTLS"}.get(self, self.name.lower().replace("_", " "))

    @property
    def failed(self) -> bool:
        """Whether the domain does not do what an entry promises."""
        return self in _FAILURES or self is Status.COULD_NOT_CONNECT

    @property
    def simple(self) -> "Status":
        """As a check and a mail server say it: of failures there is one kind."""
        return Status.FAILURE if self.failed else self


_FAILURES = (Status.FAILURE, Status.NO_STARTTLS, Status.BAD_HOST_NAME)
_ORDER = (Status.SUCCESS, Status.WARNING, Status.ERROR, Status.COULD_NOT_CONNECT, *_FAILURES)
"""Best first."""

_OF_CODE = {
    "starttls.not_offered": Status.NO_STARTTLS,
    "starttls.stripped": Status.NO_STARTTLS,
    "starttls.refused": Status.NO_STARTTLS,
    "starttls.handshake_failed": Status.NO_STARTTLS,
    "mx.unlisted": Status.BAD_HOST_NAME,
    "certificate.name_mismatch": Status.BAD_HOST_NAME,
    "mx.all_unreachable": Status.COULD_NOT_CONNECT,
}
_OF_SEVERITY = {
    Severity.NOTE: Status.SUCCESS,
    Severity.WARNING: Status.WARNING,
    Severity.ERROR: Status.FAILURE,
}


def rank(status: Status) -> int:
    """The place of a status in the order that decides, best first; not the order of the numbers."""
    return _ORDER.index(status)


def worst(statuses: Iterable[Status]) -> Status:
    """The one that decides: failures, then not connected, then not looked, then warnings."""
    return max(statuses, key=rank, default=Status.SUCCESS)


def severity_of(judged: Judged) -> Severity:
    """The problem's own severity, or that of its rule."""
    _, severity, problem = judged
    return severity if problem.severity is None else problem.severity


def status_of(judged: Judged, inconclusive: Set[str], *, reached: bool) -> Status:
    """What a finding makes of a domain; `reached` says whether any of its mail servers was."""
    code = judged[0]
    if code in inconclusive:
        return Status.ERROR
    if severity_of(judged) is not Severity.ERROR:
        return _OF_SEVERITY[severity_of(judged)]
    if code.startswith("smtp.") and not reached:
        return Status.COULD_NOT_CONNECT
    return _OF_CODE.get(code, Status.FAILURE)
