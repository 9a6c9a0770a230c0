"""What holds for every request: bounds of size and time, and headers that protect the reader."""

import asyncio
from collections.abc import Callable

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stpolicy.web.envelope import Refusal

LARGEST = 64 * 1024
"""Bytes of a body."""
SLOWEST = 10
"""Seconds until a body is there."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # under no-referrer our own forms would come with `Origin: null`
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

Counted = Callable[[str, str, int], None]
"""(method, path of the route, status)."""


class Guard:
    """Middleware, outermost but for the server's own."""

    def __init__(self, app: ASGIApp, counted: Counted) -> None:
        self._app, self._counted = app, counted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                route = scope.get("route")
                self._counted(scope["method"], getattr(route, "path", "other"), message["status"])
            await send(message)

        await self._app(scope, _bounded(scope, receive), guarded)


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """Gives the body as it comes; Refusal for one that is too large, or takes too long."""
    taken = 0
    over = False
    deadline = asyncio.get_running_loop().time() + SLOWEST
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]

    async def bounded() -> Message:
        nonlocal taken, over
        if over:
            return await receive()  # waits for the client to go
        if lengths and int(lengths[0]) > LARGEST:
            raise _too_large()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise Refusal(408, "the body took too long", headers={"Connection": "close"}) from None
        taken += len(message.get("body", b""))
        over = not message.get("more_body", False)
        if taken > LARGEST:
            raise _too_large()
        return message

    return bounded


def _too_large() -> Refusal:
    return Refusal(413, f"a body has {LARGEST} bytes at most", headers={"Connection": "close"})
