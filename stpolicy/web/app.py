"""The application: routes, errors, and what holds for all of them."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from stpolicy.errors import Unavailable
from stpolicy.web import _clock, api, health, lists, openapi, pages
from stpolicy.web.envelope import Refusal, refusal
from stpolicy.web.guard import STOPPING, Guard
from stpolicy.web.limits import Limit
from stpolicy.web.metrics import Metrics
from stpolicy.web.service import opened
from stpolicy.web.settings import Settings

_ROUTERS = (lists.router, api.router, health.router, pages.router)
"""They are asked in this order; the list is what machines ask for most."""

_log = logging.getLogger(__name__)


def build(settings: Settings, clock: Callable[[], datetime] = _clock.now) -> FastAPI:
    """The application for one process."""

    @asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        async with opened(settings, clock=clock) as service:
            app.state.service = service
            app.state.limit = Limit(settings.limit, service.ledger, clock)
            yield {STOPPING: service.stopping}

    app = _App(
        title="stpolicy",
        description="Looks at the mail servers of domains, and serves a STARTTLS policy list.",
        version=health.version(),
        lifespan=living,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,  # /api/ is below the API, and answers in its way; /api is a page
        generate_unique_id_function=lambda route: route.name,
    )
    _furnish(app)
    return app


def _furnish(app: FastAPI) -> None:
    """Routes, answers to what is raised, and the guard around all of it."""
    app.state.metrics = Metrics()
    for router in _ROUTERS:
        app.include_router(router)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _unknown)
    app.add_middleware(Guard, counted=app.state.metrics.count, told=_raised)


class _App(FastAPI):
    """Describes all that is answered, and nothing else."""

    def openapi(self) -> dict[str, Any]:
        """The description; made once."""
        if self.openapi_schema is None:
            openapi.mend(super().openapi(), _routes())
        return super().openapi()


def _routes() -> Iterator[BaseRoute]:
    for router in _ROUTERS:
        yield from router.routes


def _told(request: Request, refused: Refusal) -> Response:
    """In the way of the room that was asked."""
    if request.url.path.startswith("/api/"):
        return refusal(refused)
    return pages.refused(request, refused)


def _refused(request: Request, raised: Exception) -> Response:
    return _told(request, raised if isinstance(raised, Refusal) else _internal())


def _unavailable(request: Request, raised: Exception) -> Response:
    _log.warning("%s", raised)
    return _told(
        request, Refusal(503, "the database does not answer; try again later", headers={"Retry-After": "30"})
    )


def _invalid(request: Request, raised: Exception) -> Response:
    wrong = raised.errors()[0] if isinstance(raised, RequestValidationError) else {}
    where = ".".join(str(part) for part in wrong.get("loc", ())[1:])
    if request.path_params:  # an id that cannot be one
        return _told(request, Refusal(404, "there is no such scan"))
    return _told(request, Refusal(400, f"{where}: {wrong.get('msg', 'is wrong')}"))


def _unknown(request: Request, raised: Exception) -> Response:
    if not isinstance(raised, HTTPException):
        return _told(request, _internal())
    said = {404: "there is nothing here", 405: "that cannot be done here"}.get(
        raised.status_code, raised.detail
    )
    headers = _allowed(request) if raised.status_code == 405 else raised.headers
    return _told(request, Refusal(raised.status_code, said, headers=headers))


def _allowed(request: Request) -> dict[str, str]:
    """All that can be done with a resource: FastAPI names one route's methods only."""
    found: set[str] = set()
    for route in _routes():
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return {"Allow": ", ".join(sorted(found))}


def _raised(request: Request, raised: Exception) -> Response:
    if isinstance(raised, Refusal):
        return _told(request, raised)
    _log.error("%s %s", request.method, request.url.path, exc_info=raised)
    return _told(request, _internal())


def _internal() -> Refusal:
    return Refusal(500, "something went wrong on our side")
