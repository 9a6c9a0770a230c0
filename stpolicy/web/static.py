"""Style, script and icon: the only files that a page loads, under names that change with what is in them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from fastapi import APIRouter
from starlette.responses import Response

from stpolicy import resources
from stpolicy.web.envelope import Refusal

router = APIRouter(include_in_schema=False)

_KINDS = {
    "style.css": "text/css; charset=utf-8",
    "watch.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent."""

    data: bytes
    kind: str


@cache
def _files() -> Mapping[str, File]:
    """By the name under which each is asked for."""
    found = {}
    for name, kind in _KINDS.items():
        data = (resources.templates() / "web" / name).read_bytes()
        stem, _, ending = name.partition(".")
        found[f"{stem}.{hashlib.sha256(data).hexdigest()[:12]}.{ending}"] = File(data, kind)
    return found


@cache
def addresses() -> Mapping[str, str]:
    """Where the style, the script and the icon are: by `style`, `watch`, `icon`."""
    return {name.partition(".")[0]: f"/static/{name}" for name in _files()}


@router.api_route("/static/{name}", methods=["GET", "HEAD"])
async def static(name: str) -> Response:
    """A file, which never changes under its name."""
    found = _files().get(name)
    if found is None:
        raise Refusal(404, "there is nothing here")
    return Response(found.data, media_type=found.kind, headers={"Cache-Control": _FOREVER})
