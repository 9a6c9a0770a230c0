"""What every answer under /api/ looks like, errors too."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

JSON = "application/json"


class Refusal(Exception):
    """An answer that is not what was asked for: an HTTP status and a sentence."""

    def __init__(
        self, status: int, message: str, response: Any = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.response = {} if response is None else response
        self.headers = dict(headers or {})


def envelope(
    response: Any, status: int = 200, message: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """`response` is anything that JSON knows."""
    return raw(json.dumps(response), status, message, headers)


def raw(
    response: str, status: int = 200, message: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """`response` is JSON already."""
    text = f'{{"status_code": {status}, "message": {json.dumps(message)}, "response": {response}}}'
    return Response(text, status, headers, JSON)


def refusal(refused: Refusal) -> Response:
    """The envelope of a refusal."""
    return envelope(refused.response, refused.status, refused.message, refused.headers)
