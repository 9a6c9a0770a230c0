"""The shapes of what the API answers, for its description; the tests hold the answers against them."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

STATUSES = (
    "0 success, 1 warning, 2 failure, 3 could not look, 4 no STARTTLS, 5 could not connect, 6 bad host name"
)


class Said(BaseModel):
    """What every answer has."""

    status_code: int = Field(description="The HTTP status.")
    message: str = Field(description="A sentence where there is something to say; else empty.")


class Refused(Said):
    """An answer that is not what was asked for."""

    response: dict[str, Any]


class ScanObject(BaseModel):
    """A scan, as the old service had it; `scandata` is the domain result of `stpolicy check`."""

    domain: str
    scandata: dict[str, Any]
    timestamp: str
    version: Literal[2]


class Job(BaseModel):
    """A scan on its way."""

    model_config = ConfigDict(extra="forbid")

    id: str
    domain: str
    state: Literal["queued", "running", "done", "failed"]
    queued: str
    started: str | None
    finished: str | None
    progress: dict[str, Literal["looking", "seen"]] = Field(
        description="By mail server, and MTA-STS: what is being looked at, and what has been."
    )
    status: int | None = Field(description=f"Of the domain, once it is known: {STATUSES}.")
    message: str
    href: str


class JobWithScan(Job):
    """A scan, with its result once it is done."""

    scan: ScanObject | None


class Answer(BaseModel):
    """What became of one domain of several."""

    asked: str
    status_code: int
    message: str
    scan: Job | None


class Answers(BaseModel):
    """In the order in which they were asked for."""

    scans: list[Answer]


class EntryObject(BaseModel):
    """What the list says of a domain."""

    domain: str
    mode: Literal["testing", "enforce"]
    mxs: list[str]
    policy_alias: str | None
    expires: str
    expired: bool


class Day(BaseModel):
    """A day of UTC."""

    day: str
    statuses: dict[str, int]


class Adoption(BaseModel):
    """Of the domains looked at, each by its newest result."""

    domains: int
    passing: int
    mta_sts: int
    dane: int


class Statistics(BaseModel):
    """The last ninety days."""

    days: list[Day]
    adoption: Adoption


class ScanSaid(Said):
    """A scan."""

    response: ScanObject


class JobSaid(Said):
    """Where to ask for a scan."""

    response: Job


class JobWithScanSaid(Said):
    """A scan, and how far it is."""

    response: JobWithScan


class AnswersSaid(Said):
    """Several scans."""

    response: Answers


class EntrySaid(Said):
    """An entry."""

    response: EntryObject


class StatisticsSaid(Said):
    """Statistics."""

    response: Statistics


class Health(BaseModel):
    """How the service is; `list` and `fault` where it serves one, `waiting` while the database answers."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["ok", "down"]
    database: Literal["ok", "does not answer"]
    list: str | None = Field(None, description="`ok`, `expired`, or `none that verifies`.")
    fault: str | None = Field(None, description="What is wrong with the newest version; empty where nothing.")
    waiting: int | None = Field(None, description="Scans in the queue.")
