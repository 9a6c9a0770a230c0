"""What is served beside the API, in words and examples, for OpenAPI: the list, and what is for monitoring."""

from typing import Any

from fastapi.responses import Response

from stpolicy.web import examples, objects

_SAID = {"text/plain": {"schema": {"type": "string"}}, "text/html": {"schema": {"type": "string"}}}
"""A refusal outside of /api/: a sentence, or a page."""
_VALIDATORS = {
    name: {"description": f"See RFC {where}.", "schema": {"type": "string"}}
    for name, where in (
        ("ETag", "9110 section 8.8.3"),
        ("Last-Modified", "9110 section 8.8.2"),
        ("Cache-Control", "9111"),
    )
}


def _refused(status: int, what: str) -> dict[int, dict[str, Any]]:
    return {status: {"description": what, "content": _SAID}}


_ANY = {**_refused(400, "The question is wrong."), **_refused(413, "The body is too large.")}


def _file(kind: str, schema: dict[str, Any], example: Any) -> dict[str, Any]:
    content = {kind: {"schema": schema, "example": example}}
    return {
        "response_class": Response,
        "responses": {
            200: {"description": "The file.", "content": content, "headers": _VALIDATORS},
            304: {"description": "It has not changed since.", "headers": _VALIDATORS},
            **_ANY,
            **_refused(404, "This service serves no list."),
            **_refused(503, "There is no list that verifies now."),
        },
    }


LIST = _file("application/json", {"type": "object"}, examples.LIST)
SIGNATURE = _file("application/pgp-signature", {"type": "string"}, examples.SIGNATURE)
KEYS = _file("application/pgp-keys", {"type": "string"}, examples.KEYS)

HEALTH: dict[str, Any] = {
    "responses": {
        200: {
            "model": objects.Health,
            "description": "Requests can be answered.",
            "content": {"application/json": {"example": examples.HEALTH}},
        },
        **_ANY,
        503: {
            "model": objects.Health,
            "description": "The database does not answer.",
            "content": {"application/json": {"example": examples.DOWN}},
        },
    }
}
METRICS: dict[str, Any] = {
    "response_class": Response,
    "responses": {
        200: {
            "description": "Metrics, as Prometheus reads them.",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": examples.METRICS}},
        },
        **_ANY,
    },
}
