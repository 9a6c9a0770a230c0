"""The API: scans asked for and answered, policies, statistics."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import StreamingResponse
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from stpolicy.errors import Busy, Misuse, Refused
from stpolicy.flows.served import Pair
from stpolicy.model.scanned import Scan, State
from stpolicy.web import asking, described, origin, words
from stpolicy.web.envelope import Refusal, envelope, raw
from stpolicy.web.service import Service

WAIT = 60
"""Seconds that a client waits for a result before it gets the address of the scan instead."""

router = APIRouter(prefix="/api")

Id = Annotated[
    str,
    Path(
        alias="id",
        pattern="^[A-Za-z0-9_-]{22}$",
        description="The id of a scan.",
        examples=["Zr3v0q4kT1m2n3o4p5q6r7"],
    ),
]


def service(request: Request) -> Service:
    """The service that this process runs."""
    found: Service = request.app.state.service
    return found


@router.post("/scan", summary="Look at a domain", **described.SCAN)
async def scan(request: Request) -> Response:
    """Answers the newest result while it is fresh; else looks, and answers within a minute, or where to ask.

    The domain comes as JSON, as a form or, without a body, as `?domain=`, in U-labels or A-labels.
    """
    here = service(request)
    if not asking.is_json(request):
        origin.check(request)  # a form needs no leave of ours to be sent from another site; JSON does
    asking.check_query(request)
    found = await submitted(request, await asking.domain(request))
    if not found.state.over and asking.waits(request):
        with suppress(Refusal), here.places.taken(asking.client(request)):  # else it is told where to ask
            await over(here, found.id)
    return await answer(here, found.id)


async def over(here: Service, id_: str) -> None:
    """Waits until a scan is over, the client has waited long enough, or the service stops.

    Where the client goes, its request is cancelled, as all are.
    """
    ends: list[asyncio.Task[object]] = [
        asyncio.create_task(here.watch.until_over(id_, WAIT)),
        asyncio.create_task(here.stopping.wait()),
    ]
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for end in ends:
            end.cancel()
        await asyncio.gather(*ends, return_exceptions=True)


async def submitted(request: Request, name: str) -> Scan:
    """The scan that answers for a domain; Refusal where there will be none."""
    here = service(request)
    client = asking.client(request)
    allow = partial(request.app.state.limit.hit, client)
    try:
        return (await here.submit(name, client, allow)).scan
    except Misuse as wrong:
        raise Refusal(400, wrong.message) from wrong
    except Refused as wrong:
        raise Refusal(403, wrong.message) from wrong
    except Busy as wrong:
        raise Refusal(503, wrong.message, headers={"Retry-After": "120"}) from wrong


async def known(here: Service, id_: str) -> Scan:
    """A scan by its id; Refusal where there is none."""
    found = await here.threads.reads.run(here.ledger.scan, id_)
    if found is None:
        raise Refusal(404, "there is no such scan; results are kept for some time only")
    return found


async def answer(here: Service, id_: str) -> Response:
    """A scan as it is now: its result, or where to ask for it."""
    found = await known(here, id_)
    if found.state is State.DONE:
        here.newest.saw(found)
        return raw(found.result)
    if found.state is State.FAILED:
        raise Refusal(
            503, f"the domain could not be looked at: {found.message}", headers={"Retry-After": "60"}
        )
    job = words.job(found)
    return envelope(job, 202, f"the scan is {found.state}; ask at {job['href']}", {"Location": job["href"]})


@router.head("/scan", include_in_schema=False)
@router.get("/scan", summary="The newest result of a domain", **described.NEWEST)
async def newest(request: Request) -> Response:
    """Never looks: answers the newest result of exactly this domain."""
    wanted = asking.wanted(asking.queried(request))
    found = await service(request).newest.of(wanted)
    if found is None:
        raise Refusal(404, f"{wanted} has not been looked at yet; POST asks for it")
    return raw(found.result)


@router.post("/scans", summary="Look at many domains", status_code=202, **described.SCANS)
async def scans(request: Request) -> Response:
    """Puts up to 100 domains into the queue; each is answered by itself, as POST /api/scan would."""
    answers = [await _one(request, name) for name in dict.fromkeys(await asking.domains(request))]
    return envelope({"scans": answers}, 202)


async def _one(request: Request, name: str) -> dict[str, Any]:
    try:
        found = await submitted(request, asking.named(name))
    except Refusal as wrong:
        return {"asked": name, "status_code": wrong.status, "message": wrong.message, "scan": None}
    status = 200 if found.state is State.DONE else 503 if found.state is State.FAILED else 202
    return {"asked": name, "status_code": status, "message": found.message, "scan": words.job(found)}


@router.head("/scans/{id}", include_in_schema=False)
@router.get("/scans/{id}", summary="A scan: how far it is, and its result", **described.JOB)
async def one(request: Request, id_: Id) -> Response:
    """The result is under `scan`, once there is one."""
    return raw(words.job_text(await known(service(request), id_)))


@router.get("/scans/{id}/events", summary="A scan, live", **described.EVENTS)
async def events(request: Request, id_: Id) -> Response:
    """Server-sent events: `progress` whenever something has changed, and `over` at the end."""
    here = service(request)
    await known(here, id_)
    with ExitStack() as place:
        place.enter_context(here.places.taken(asking.client(request)))
        return _Events(follow(here, id_), place.pop_all())


class _Events(StreamingResponse):
    """A stream of events, which has a place for as long as it lasts."""

    media_type = "text/event-stream"

    def __init__(self, events: AsyncIterator[str], place: ExitStack) -> None:
        super().__init__(events, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends them."""
        with self._place:
            await super().__call__(scope, receive, send)


async def follow(here: Service, id_: str) -> AsyncIterator[str]:
    """Events until the scan is over, or the service stops."""
    async with here.watch.of(id_) as news:
        while not here.stopping.is_set():
            try:
                async with asyncio.timeout(STILL_THERE):
                    found = await news.get()
            except TimeoutError:
                yield ": still there\n\n"
                continue
            kind = "over" if found.state.over else "progress"
            yield f"event: {kind}\ndata: {json.dumps(words.job(found))}\n\n"
            if found.state.over:
                return


STILL_THERE = 1.0
"""Seconds between two signs of life of a stream; each is also a look at whether the service stops."""


@router.head("/policy/{domain}", include_in_schema=False)
@router.get("/policy/{domain}", summary="The entry of a domain", **described.POLICY)
async def policy(
    request: Request,
    domain: str = Path(
        description="The domain, in U-labels or A-labels.",
        examples=["eff.org"],
        json_schema_extra={"format": "idn-hostname"},
    ),
) -> Response:
    """What the list that is served says of a domain."""
    wanted = asking.wanted(domain)
    found = words.entry(wanted, await in_force(request), service(request).clock())
    if found is None:
        raise Refusal(404, f"{wanted} is not on the list")
    return envelope(found)


async def in_force(request: Request) -> Pair:
    """The pair that is served; Refusal where there is none."""
    here = service(request)
    pair = await here.pair()
    if pair is not None:
        return pair
    if here.served is None:
        raise Refusal(404, "this service serves no list")
    raise Refusal(503, "there is no list that verifies now", headers={"Retry-After": "600"})


@router.head("/stats", include_in_schema=False)
@router.get("/stats", summary="What scans came to", **described.STATS)
async def stats(request: Request) -> Response:
    """Counts by day and status, and how many domains have MTA-STS and DANE."""
    found, headers = await statistics(request)
    return envelope(found, headers=headers)


async def statistics(request: Request) -> tuple[dict[str, Any], dict[str, str]]:
    """The last ninety days, the newest result of each domain, and for how long a cache may keep both."""
    kept = service(request).statistics
    found = await kept.get()
    return found, {"Cache-Control": f"public, max-age={int(kept.left.total_seconds())}"}


@router.head("/ping", include_in_schema=False)
@router.get("/ping", summary="Whether the service answers", **described.PING)
async def ping() -> Response:
    """Asks nothing else."""
    return envelope({}, message="pong")
