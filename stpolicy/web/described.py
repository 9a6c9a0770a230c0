"""The API in words and examples, for OpenAPI; what is answered is checked against it in the tests."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

STATUSES = (
    "0 success, 1 warning, 2 failure, 3 could not look, 4 no STARTTLS, 5 could not connect, 6 bad host name"
)

_RESULT = {
    "domain": "example.com",
    "status": 0,
    "status_text": "success",
    "primary_status": 0,
    "message": "",
    "results": {
        "mx.example.com": {
            "status": 0,
            "preference": 10,
            "addresses": {},
            "checks": {
                "connectivity": {"status": 0, "messages": []},
                "starttls": {"status": 0, "messages": []},
            },
        }
    },
    "preferred_hostnames": ["mx.example.com"],
    "mx_hostnames": [".example.com"],
    "mta_sts": None,
    "extra_results": {"policylist": {"status": 0, "mode": "enforce"}, "dane": None, "tlsrpt": None},
    "findings": [],
    "timestamp": "2026-11-22T09:00:00Z",
}
_SCAN = {"domain": "example.com", "scandata": _RESULT, "timestamp": "2026-11-22T09:00:00Z", "version": 2}
_JOB = {
    "id": "Zr3v0q4kT1m2n3o4p5q6r7",
    "domain": "example.com",
    "state": "running",
    "queued": "2026-11-22T09:00:00Z",
    "started": "2026-11-22T09:00:01Z",
    "finished": None,
    "progress": {"mx.example.com": "looking", "MTA-STS": "seen"},
    "status": None,
    "message": "",
    "href": "/api/scans/Zr3v0q4kT1m2n3o4p5q6r7",
}
_DONE = {**_JOB, "state": "done", "finished": "2026-11-22T09:00:04Z", "status": 0, "scan": _SCAN}
_ENTRY = {
    "domain": "example.com",
    "mode": "enforce",
    "mxs": [".mail.example.net"],
    "policy_alias": None,
    "expires": "2026-12-06T09:00:00Z",
    "expired": False,
}
_STATS = {
    "days": [{"day": "2026-11-22", "statuses": {"success": 12, "failure": 3}}],
    "adoption": {"domains": 14, "passing": 11, "mta_sts": 5, "dane": 2},
}


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


def _said(response: Any, status: int = 200, message: str = "") -> dict[str, Any]:
    return {"status_code": status, "message": message, "response": response}


def _described(model: type[Said], what: str, example: Any) -> dict[str, Any]:
    return {"model": model, "description": what, "content": {"application/json": {"example": example}}}


def _refusal(status: int, what: str, message: str) -> dict[int | str, dict[str, Any]]:
    return {status: _described(Refused, what, _said({}, status, message))}


_BAD = _refusal(400, "The question is wrong.", "'a b' is no host name")
_UNKNOWN = _refusal(404, "There is none.", "there is no such scan")
_DOWN = _refusal(
    503,
    "Not now: too much is waiting, the database is away, or the look came to nothing.",
    "the database does not answer",
)
_REFUSALS = {
    **_BAD,
    **_refusal(403, "The domain asked not to be looked at.", "example.com asked not to be looked at"),
    **_refusal(408, "The body came too slowly.", "the body took too long"),
    **_refusal(413, "The body is too large.", "a body has 65536 bytes at most"),
    **_refusal(415, "The body is neither JSON nor a form.", "send JSON or a form"),
    **_refusal(429, "The client has asked for too much.", "ask again in 60 seconds"),
    **_DOWN,
}
_LOCATION = {"Location": {"description": "Where to ask for the scan.", "schema": {"type": "string"}}}
_DOMAIN = {
    "type": "object",
    "properties": {"domain": {"type": "string", "description": "In U-labels or A-labels."}},
    "required": ["domain"],
    "example": {"domain": "example.com"},
}

SCAN: dict[str, Any] = {
    "responses": {
        200: _described(ScanSaid, "The result.", _said(_SCAN)),
        202: {
            **_described(JobSaid, "The scan goes on.", _said(_JOB, 202, "the scan is running")),
            "headers": _LOCATION,
        },
        **_REFUSALS,
    },
    "openapi_extra": {
        "parameters": [
            {
                "name": "domain",
                "in": "query",
                "required": False,
                "schema": {"type": "string"},
                "description": "The domain, where it is not in the body.",
            },
            {
                "name": "Prefer",
                "in": "header",
                "required": False,
                "schema": {"type": "string"},
                "description": "`respond-async` does not wait for the result (RFC 7240).",
            },
        ],
        "requestBody": {
            "required": False,
            "content": {
                "application/json": {"schema": _DOMAIN},
                "application/x-www-form-urlencoded": {"schema": _DOMAIN},
            },
        },
    },
}
NEWEST: dict[str, Any] = {
    "responses": {
        200: _described(ScanSaid, "The newest result.", _said(_SCAN)),
        **_BAD,
        **_refusal(404, "The domain has not been looked at.", "example.com has not been looked at yet"),
        **_DOWN,
    }
}
SCANS: dict[str, Any] = {
    "responses": {
        202: _described(
            AnswersSaid,
            "What became of each.",
            _said(
                {"scans": [{"asked": "example.com", "status_code": 202, "message": "", "scan": _JOB}]}, 202
            ),
        ),
        **_REFUSALS,
    },
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "domains": {
                                "type": "array",
                                "items": {"type": "string"},
                                "minItems": 1,
                                "maxItems": 100,
                            }
                        },
                        "required": ["domains"],
                        "example": {"domains": ["example.com", "example.net"]},
                    }
                }
            },
        }
    },
}
JOB: dict[str, Any] = {
    "responses": {
        200: _described(JobWithScanSaid, "The scan.", _said(_DONE)),
        **_BAD,
        **_UNKNOWN,
        **_DOWN,
    }
}
EVENTS: dict[str, Any] = {
    "responses": {
        200: {
            "description": "A stream; `data` of each event is a scan without its result.",
            "content": {"text/event-stream": {"example": "event: progress\ndata: {}\n\n"}},
        },
        **_BAD,
        **_UNKNOWN,
        **_DOWN,
    }
}
POLICY: dict[str, Any] = {
    "responses": {
        200: _described(EntrySaid, "The entry.", _said(_ENTRY)),
        **_BAD,
        **_refusal(404, "It is not listed, or there is no list.", "example.com is not on the list"),
        **_refusal(503, "There is no list that verifies now.", "there is no list that verifies now"),
    }
}
STATS: dict[str, Any] = {"responses": {200: _described(StatisticsSaid, "Counts.", _said(_STATS)), **_DOWN}}
PING: dict[str, Any] = {"responses": {200: _described(Refused, "It does.", _said({}, 200, "pong"))}}
FILE: dict[str, Any] = {
    "responses": {
        200: {"description": "The file."},
        304: {"description": "It has not changed."},
        404: {"description": "This service serves no list."},
        503: {"description": "There is no list that verifies now."},
    },
    "response_class": Response,
}
