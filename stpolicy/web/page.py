"""A template and what it says, as a page. What others wrote cannot break out of it, or act in it."""

from collections.abc import Mapping
from functools import cache

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from stpolicy import resources
from stpolicy.output.escape import printable
from stpolicy.web.dates import moment
from stpolicy.web.service import Service
from stpolicy.web.static import addresses


def page(
    request: Request,
    template: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    **values: object,
) -> Response:
    """The page; a cache asks again each time, unless `headers` say otherwise."""
    wanted = environment().get_template(f"{template}.html.j2")
    text = wanted.render(values, notice=notice(request.app.state.service), static=addresses())
    return HTMLResponse(text, status, {"Cache-Control": "no-cache", **(headers or {})})


def notice(here: Service) -> str:
    """What every page says of the list, where it is not as it should be; else empty."""
    if here.served is None:
        return ""
    pair = here.served.pair
    if pair is None:
        return "This service has no list that it could vouch for now."
    if pair.is_expired(here.clock()):
        ended = moment(str(pair.policies.expires.instant))
        return (
            f"The list has run out: it is not in force since {ended}, and senders do not follow it any more."
        )
    return ""


@cache
def environment() -> jinja2.Environment:
    """How the templates of the pages are read."""
    made = ImmutableSandboxedEnvironment(
        loader=jinja2.FileSystemLoader(resources.templates() / "web"),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_harmless,
    )
    made.filters |= {"prose": prose, "moment": moment}
    return made


def prose(text: str) -> Markup:
    """A sentence, in which `code` is code."""
    parts = printable(text).split("`")
    if len(parts) % 2 == 0:  # a backtick that has no other
        return Markup.escape("`".join(parts))
    spans = (Markup("<code>{}</code>").format(part) if odd % 2 else part for odd, part in enumerate(parts))
    return Markup("").join(spans)


def _harmless(value: object) -> object:
    """Controls and marks of direction (H14) as escapes, whichever variable they came in."""
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
