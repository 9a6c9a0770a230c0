"""The list that is served: the pair in force and the keys, as servers that follow it fetch them."""

import hashlib
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from fastapi import APIRouter, Request
from starlette.responses import Response

from stpolicy.web import described_files
from stpolicy.web.api import in_force, service
from stpolicy.web.envelope import Refusal

router = APIRouter()


@router.head("/policy.json", include_in_schema=False)
@router.get("/policy.json", summary="The list", **described_files.LIST)
async def policy_json(request: Request) -> Response:
    """As it was signed, byte for byte."""
    pair = await in_force(request)
    return _file(request, pair.data, "application/json", pair.sha256, pair.installed)


@router.head("/policy.json.asc", include_in_schema=False)
@router.get("/policy.json.asc", summary="Its signature", **described_files.SIGNATURE)
async def policy_json_asc(request: Request) -> Response:
    """Of the same version as the list: both are kept together."""
    pair = await in_force(request)
    return _file(request, pair.signature, "application/pgp-signature", pair.version, pair.installed)


@router.head("/trusted.asc", include_in_schema=False)
@router.get("/trusted.asc", summary="The keys", **described_files.KEYS)
async def trusted_asc(request: Request) -> Response:
    """Compare their fingerprints with what the maintainer says elsewhere."""
    served = service(request).served
    if served is None:
        raise Refusal(404, "this service serves no list")
    tag = hashlib.sha256(served.keys).hexdigest()
    return _file(request, served.keys, "application/pgp-keys", tag, served.begun)


def _file(request: Request, data: bytes, kind: str, tag: str, modified: datetime) -> Response:
    headers = {
        "ETag": f'"{tag}"',
        "Last-Modified": _spelt(modified),
        "Cache-Control": "no-cache",  # a cache asks again each time: a pair must not be torn by two ages
    }
    if _is_known(request, headers["ETag"], modified):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=kind, headers=headers)


@lru_cache(maxsize=8)
def _spelt(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


def _is_known(request: Request, tag: str, modified: datetime) -> bool:
    """Whether the client has it (RFC 9110 section 13.2.2: If-None-Match comes first)."""
    if named := request.headers.getlist("if-none-match"):
        tags = [one.strip().removeprefix("W/") for line in named for one in line.split(",")]
        return tag in tags or "*" in tags
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
    except (ValueError, OverflowError):  # a year may have more digits than fit
        return False
    return modified <= (since if since.tzinfo else since.replace(tzinfo=UTC))
