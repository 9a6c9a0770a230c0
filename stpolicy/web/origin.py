"""Where a form was sent from: another site must not make its visitors ask us for something."""

from urllib.parse import urlsplit

from starlette.requests import Request

from stpolicy.web.envelope import Refusal

_OURS = ("same-origin", "none")
"""`none` is a person's own doing: a bookmark, an address typed."""


def check(request: Request) -> None:
    """Refusal (403) for a form on a page of somebody else.

    A browser says so in Sec-Fetch-Site, over HTTPS and to the loopback interface; else in Origin.
    What says neither is no browser, and could send whatever it likes.
    """
    site = request.headers.get("sec-fetch-site")
    if site is None:
        origin = request.headers.get("origin")
        own = origin is None or _host(origin) == request.headers.get("host", "").lower()
    else:
        own = site in _OURS
    if not own:
        raise Refusal(403, "this form was sent from another site; open the page here and send it again")


def _host(origin: str) -> str | None:
    """Host and port of an origin; None for `null`, and for what is none."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None
