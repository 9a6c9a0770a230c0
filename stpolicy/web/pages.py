"""The pages, for people: they work without scripts, and change nothing but by a form."""

from datetime import timedelta
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from stpolicy.flows.submit import BAD_FOR, GOOD_FOR
from stpolicy.model.names import to_unicode
from stpolicy.model.scanned import Scan, State
from stpolicy.web import api, asking, origin, static
from stpolicy.web.browse import browsed
from stpolicy.web.chart import chart
from stpolicy.web.envelope import Refusal
from stpolicy.web.explained import explained, parts
from stpolicy.web.page import page
from stpolicy.web.reference import operations
from stpolicy.web.told import told
from stpolicy.web.told.progress import progress

router = APIRouter(include_in_schema=False)
router.include_router(static.router)
_METHODS = ["GET", "HEAD"]
_FOR_PROGRAMS = ("/policy.json", "/policy.json.asc", "/trusted.asc", "/healthz", "/metrics", "/openapi.json")
_NO_STORE = {"Cache-Control": "no-store"}
_TITLES = {400: "That was not understood", 403: "Not allowed", 404: "Not found", 405: "Not allowed"}


@router.api_route("/", methods=_METHODS)
async def home(request: Request, domain: str = Query("")) -> Response:
    """Where a domain is typed; `domain` is in the field already."""
    return await _made(request, "home", asked=domain[: asking.LONGEST_NAME], wrong="", said="")


@router.post("/")
async def look(request: Request) -> Response:
    """Starts a scan, or finds the one that answers, and leads to its page."""
    origin.check(request)
    given = ""
    try:
        given = asking.typed(await asking.domain(request))
        found = await api.submitted(request, asking.named(given))
    except Refusal as wrong:
        headers = _NO_STORE | wrong.headers
        return await _made(request, "home", wrong.status, headers, asked=given, wrong=wrong.message, said="")
    return RedirectResponse(f"/scan/{found.id}", 303, _NO_STORE)


@router.api_route("/scan/{id}", methods=_METHODS)
async def scan(request: Request, id_: api.Id) -> Response:
    """A scan: how far it is, and then what it found."""
    found = await api.known(api.service(request), id_)
    if found.state is State.DONE:
        return await _result(request, found)
    if found.state is State.FAILED:
        name = to_unicode(found.domain)
        return await _made(request, "given_up", 200, scan=found, unicode=name)
    return await _made(request, "watch", 200, _NO_STORE, scan=found, progress=progress(found))


@router.api_route("/domain/{domain}", methods=_METHODS)
async def newest(request: Request, domain: str) -> Response:
    """The newest result of exactly this domain, at an address that stays."""
    wanted = asking.wanted(domain)
    if wanted != domain:
        return RedirectResponse(f"/domain/{wanted}", 308)
    found = await api.service(request).newest.of(wanted)
    if found is None:
        said = f"{wanted} has not been looked at yet, or so long ago that the result is gone"
        return await _made(request, "home", 404, asked=wanted, wrong="", said=said)
    return await _result(request, found)


async def _result(request: Request, found: Scan) -> Response:
    here = api.service(request)
    pair, fresh = await here.pair(), (_minutes(GOOD_FOR), _minutes(BAD_FOR))

    def made() -> Response:
        return page(request, "result", result=told(found, pair, here.clock()), fresh=fresh)

    return await here.threads.pages.run(made)


@router.api_route("/list", methods=_METHODS)
async def browse(
    request: Request, q: str = Query("", max_length=asking.LONGEST_NAME), number: int = Query(1, alias="page")
) -> Response:
    """The list that is served, and a search in it."""
    here = api.service(request)
    pair = await here.pair()
    keys = here.served.keys if here.served else b""

    def made() -> Response:
        found = browsed(pair, q, number) if pair else None
        return page(request, "list", browsed=found, has_keys=bool(keys))

    return await here.threads.pages.run(made)


@router.api_route("/statistics", methods=_METHODS)
async def statistics(request: Request) -> Response:
    """What scans came to."""
    found, headers = await api.statistics(request)
    drawn = chart(found, api.service(request).clock())
    return await _made(request, "statistics", 200, headers, chart=drawn)


@router.api_route("/api", methods=_METHODS)
async def reference(request: Request) -> Response:
    """The API, described."""
    described = operations(request.app.openapi())
    return await _made(request, "api", operations=described, base=str(request.base_url).rstrip("/"))


@router.api_route("/rule", methods=_METHODS)
async def codes(request: Request) -> Response:
    """All codes."""
    return await _made(request, "rules", rules=parts())


@router.api_route("/rule/{code}", methods=_METHODS)
async def rule(request: Request, code: str) -> Response:
    """The documentation of a code."""
    found = explained().get(code)
    if found is None:
        raise Refusal(404, "there is no such code")
    return await _made(request, "rule", rule=found)


@router.api_route("/about", methods=_METHODS)
async def about(request: Request) -> Response:
    """What a look does, what is kept, and how not to be looked at."""
    settings = api.service(request).settings
    contact, helo = settings.contact, settings.network.manner.helo
    href = f"mailto:{quote(contact, safe='@')}" if "@" in contact.partition("/")[0] else contact
    return await _made(request, "about", keep=settings.keep, helo=helo, contact=contact, href=href)


def refused(request: Request, wrong: Refusal) -> Response:
    """A page that says why not; a line to who asked for a file."""
    if request.url.path in _FOR_PROGRAMS:
        return PlainTextResponse(f"{wrong.message}\n", wrong.status, wrong.headers)
    title = _TITLES.get(wrong.status, "Not now" if wrong.status < 500 or wrong.status == 503 else "Our fault")
    return page(request, "refused", wrong.status, wrong.headers, title=title, message=wrong.message)


async def _made(
    request: Request,
    template: str,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: object,
) -> Response:
    """A page, made beside the other requests."""
    rooms = api.service(request).threads
    return await rooms.pages.run(page, request, template, status, headers, **values)


def _minutes(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return "a minute" if minutes == 1 else f"{minutes} minutes"
