"""What each question to the API may be answered, in words and examples, for OpenAPI."""

from typing import Any

from fastapi.responses import StreamingResponse

from stpolicy.web import examples, objects
from stpolicy.web.objects import Refused, Said

Described = dict[int | str, dict[str, Any]]
"""Answers by status, as FastAPI takes them."""

_JSON = "application/json"
_LATER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "string"}}}
_LOCATION = {"Location": {"description": "Where to ask for the scan.", "schema": {"type": "string"}}}


def _answer(model: type[Said], what: str, response: Any, status: int = 200, message: str = "") -> Described:
    example = {"status_code": status, "message": message, "response": response}
    return {status: {"model": model, "description": what, "content": {_JSON: {"example": example}}}}


def _refusal(status: int, what: str, message: str) -> Described:
    found = _answer(Refused, what, {}, status, message)
    if status in (429, 503):
        found[status]["headers"] = _LATER
    return found


_ANY = {
    **_refusal(400, "The question is wrong.", "'a b' is no host name"),
    **_refusal(413, "The body is too large.", "a body has 65536 bytes at most"),
}
_DOWN = _refusal(
    503,
    "Not now: too much is waiting, the database is away, or the look came to nothing.",
    "the database does not answer; try again later",
)
_NO_SCAN = _refusal(404, "There is none.", "there is no such scan; results are kept for some time only")
_ASKING = {
    **_ANY,
    **_refusal(408, "The body came too slowly.", "the body took too long"),
    **_refusal(415, "The body is neither JSON nor a form.", "send JSON or a form"),
    **_DOWN,
}

_NAME = {"type": "string", "format": "idn-hostname"}
_DOMAIN = {
    "type": "object",
    "properties": {"domain": {**_NAME, "description": "In U-labels or A-labels."}},
    "required": ["domain"],
    "example": {"domain": "example.com"},
}
_DOMAINS = {
    "type": "object",
    "properties": {"domains": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 100}},
    "required": ["domains"],
    "example": {"domains": ["example.com", "example.net"]},
}


_ASKED = {
    "name": "domain",
    "in": "query",
    "required": True,
    "schema": _NAME,
    "description": "The domain, in U-labels or A-labels.",
    "example": "example.com",
}
_UNSENT = {
    **_ASKED,
    "required": False,
    "description": "The domain, in U-labels or A-labels, of a request without a body.",
}
_PREFER = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "`respond-async` does not wait for the result (RFC 7240).",
    "example": "respond-async",
}

SCAN: dict[str, Any] = {
    "responses": {
        **_answer(objects.ScanSaid, "The result.", examples.SCAN),
        **_answer(objects.JobSaid, "The scan goes on.", examples.JOB, 202, "the scan is running"),
        **_ASKING,
        **_refusal(403, "The domain asked not to be looked at.", "example.com asked not to be looked at"),
        **_refusal(429, "The client has asked for too much.", "ask again in 60 seconds"),
    },
    "openapi_extra": {
        "parameters": [_UNSENT, _PREFER],
        "requestBody": {
            "required": False,
            "content": {
                _JSON: {"schema": _DOMAIN},
                "application/x-www-form-urlencoded": {"schema": _DOMAIN},
                "multipart/form-data": {"schema": _DOMAIN},
            },
        },
    },
}
SCAN["responses"][202]["headers"] = _LOCATION
NEWEST: dict[str, Any] = {
    "responses": {
        **_answer(objects.ScanSaid, "The newest result.", examples.SCAN),
        **_ANY,
        **_refusal(404, "The domain has not been looked at.", "example.com has not been looked at yet"),
        **_DOWN,
    },
    "openapi_extra": {"parameters": [_ASKED]},
}
SCANS: dict[str, Any] = {
    "responses": {
        **_answer(objects.AnswersSaid, "What became of each.", {"scans": [examples.ANSWER]}, 202),
        **_ASKING,
    },
    "openapi_extra": {"requestBody": {"required": True, "content": {_JSON: {"schema": _DOMAINS}}}},
}
JOB: dict[str, Any] = {
    "responses": {
        **_answer(objects.JobWithScanSaid, "The scan.", examples.DONE),
        **_ANY,
        **_NO_SCAN,
        **_DOWN,
    }
}
EVENTS: dict[str, Any] = {
    "response_class": StreamingResponse,
    "responses": {
        200: {
            "description": "A stream; `data` of each event is a scan without its result.",
            "content": {"text/event-stream": {"example": examples.EVENT}},
        },
        **_ANY,
        **_NO_SCAN,
        **_refusal(
            429, "The client follows too many scans.", "you wait for 32 scans already, or follow them"
        ),
        **_DOWN,
    },
}
POLICY: dict[str, Any] = {
    "responses": {
        **_answer(objects.EntrySaid, "The entry.", examples.ENTRY),
        **_ANY,
        **_refusal(404, "It is not listed, or there is no list.", "example.com is not on the list"),
        **_refusal(503, "There is no list that verifies now.", "there is no list that verifies now"),
    }
}
STATS: dict[str, Any] = {
    "responses": {**_answer(objects.StatisticsSaid, "Counts.", examples.STATS), **_ANY, **_DOWN}
}
PING: dict[str, Any] = {"responses": {**_answer(Refused, "It does.", {}, 200, "pong"), **_ANY}}
