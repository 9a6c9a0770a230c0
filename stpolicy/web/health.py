"""Whether the service is well, for who watches over it."""

from importlib.metadata import version as installed

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from stpolicy.errors import Unavailable
from stpolicy.model.scanned import State
from stpolicy.web import described_files, metrics
from stpolicy.web.api import service

router = APIRouter()


def version() -> str:
    """The version of this program."""
    return installed("stpolicy")


@router.head("/healthz", include_in_schema=False)
@router.get("/healthz", summary="Whether the service is well", **described_files.HEALTH)
async def healthz(request: Request) -> Response:
    """200 while requests can be answered; a list that has run out is said, and serving goes on."""
    here = service(request)
    counts = await _counts(request)
    pair = await here.pair()
    found: dict[str, object] = {"database": "ok" if counts else "does not answer"}
    if here.served:
        said = "none that verifies" if pair is None else "expired" if pair.is_expired(here.clock()) else "ok"
        found["list"] = said
        found["fault"] = here.served.fault
    if counts:
        found["waiting"] = counts[State.QUEUED]
    well = counts is not None
    return JSONResponse({"status": "ok" if well else "down", **found}, 200 if well else 503)


@router.head("/metrics", include_in_schema=False)
@router.get("/metrics", summary="Counts, for monitoring", **described_files.METRICS)
async def prometheus(request: Request) -> Response:
    """The processes of one service count together; each service has its own."""
    here = service(request)
    text = request.app.state.metrics.text(await _counts(request), await here.pair(), here.clock())
    return Response(text, media_type=metrics.TYPE)


async def _counts(request: Request) -> dict[State, int] | None:
    try:
        return await service(request).counts.get()
    except Unavailable:
        return None
