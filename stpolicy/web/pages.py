"""The pages, for people."""

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from stpolicy.web.envelope import Refusal

router = APIRouter(include_in_schema=False)


def refused(_request: Request, wrong: Refusal) -> Response:
    """A page that says why not."""
    return PlainTextResponse(f"{wrong.message}\n", wrong.status, wrong.headers)
