"""What a client asks for, and who it is: the words of a request, read."""

import json
import logging
from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from stpolicy.errors import Misuse
from stpolicy.flows.submit import domain_of
from stpolicy.model.names import Domain
from stpolicy.web.envelope import Refusal

LONGEST_NAME = 1024
"""Characters of a domain as somebody typed it."""

LARGEST = 64 * 1024
"""Bytes of a body."""

MOST_DOMAINS = 100
"""Of one request."""

logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # what a client sends is no news

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def domain(request: Request) -> str:
    """The domain of a request: in a JSON object or in a form; in the query where there is no body."""
    headers = request.headers
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return named(queried(request))
    return named((await _body(request)).get("domain"))


def check_query(request: Request) -> None:
    """Refusal for a domain in the query that is none: also where the body names the one that counts."""
    if (given := queried(request)) is not None:
        wanted(given)


def queried(request: Request) -> str | None:
    """The domain in the query, as it was given; Refusal for more than one."""
    given = request.query_params.getlist("domain")
    if len(given) > 1:
        raise Refusal(400, "the query says `domain` twice")
    return given[0] if given else None


def named(given: object) -> str:
    """A domain that was given; Refusal where it was not, or is no text."""
    if given is None or given == "":
        raise Refusal(400, "name the domain to look at, as `domain`")
    if not isinstance(given, str):
        raise Refusal(400, "`domain` is a text, like example.com")
    if len(given) > LONGEST_NAME:
        raise Refusal(400, "that is longer than any domain")
    return given


def wanted(given: object) -> Domain:
    """The domain that was given, as we look for it; Refusal where it is none."""
    try:
        return domain_of(named(given))
    except Misuse as wrong:
        raise Refusal(400, wrong.message) from wrong


def typed(text: str) -> str:
    """The domain in what a person typed, who may have pasted an address of mail or of the web."""
    inner = text.strip().removeprefix("mailto:").partition("://")
    return (inner[2] or inner[0]).partition("/")[0].rpartition("@")[2].strip()


async def domains(request: Request) -> list[str]:
    """The domains of a request for many: `domains` in a JSON object."""
    found = (await _body(request)).get("domains")
    if not isinstance(found, list) or not found or not all(isinstance(one, str) for one in found):
        raise Refusal(400, "give the domains to look at as `domains`, a list of texts")
    if len(found) > MOST_DOMAINS:
        raise Refusal(400, f"{MOST_DOMAINS} domains at most in one request")
    return [one[:LONGEST_NAME] for one in found]


def is_json(request: Request) -> bool:
    """Whether the body says that it is JSON."""
    kind = _kind(request)
    return kind == "application/json" or kind.endswith("+json")


def _kind(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _body(request: Request) -> Mapping[str, Any]:
    if _kind(request) in _FORMS:
        return await _form(request)
    data = await request.body()
    if not data:
        return {}
    if not is_json(request):
        raise Refusal(415, "send JSON or a form, and say which in Content-Type")
    try:
        value = json.loads(data, object_pairs_hook=_object)
    except (ValueError, RecursionError) as wrong:
        raise Refusal(400, "the body is not JSON") from wrong
    if not isinstance(value, dict):
        raise Refusal(400, "the body is not a JSON object")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers of a repeated key would not agree on what it says."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Refusal(400, "the body says something twice")
    return found


async def _form(request: Request) -> Mapping[str, Any]:
    try:
        form = await request.form(max_files=0, max_part_size=LARGEST)
    except HTTPException as wrong:
        raise Refusal(400, "the form cannot be read") from wrong
    except UnicodeDecodeError as wrong:
        raise Refusal(400, "the form is not UTF-8") from wrong
    if len(form.getlist("domain")) > 1:
        raise Refusal(400, "the form says `domain` twice")
    return {key: value for key, value in form.items() if isinstance(value, str)}


def waits(request: Request) -> bool:
    """Whether the client wants the result in this answer (RFC 7240 section 4.1 says how not)."""
    preferences = ",".join(request.headers.getlist("prefer")).lower().split(",")
    return "respond-async" not in {one.partition(";")[0].strip() for one in preferences}


def client(request: Request) -> str:
    """Whom a limit counts: an address of IPv4, or a /64 of IPv6, which is what one customer has."""
    return network(request.client.host if request.client else "")


def network(address: str) -> str:
    """An address as limits count it; who has none is one with all others who have none."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
    return str(found)
