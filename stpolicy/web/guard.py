"""What holds for every request: bounds of size and time, and headers that protect the reader."""

import asyncio
from collections.abc import Callable
from urllib.parse import quote, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stpolicy.web.asking import LARGEST, client
from stpolicy.web.envelope import Refusal
from stpolicy.web.threads import CLIENT

STOPPING = "stopping"
"""The state of the application's life that has an event for its end."""
SLOWEST = 10
"""Seconds until a body is there."""
PIECE = 64 * 1024
"""Bytes of an answer that are handed to the server at once: what a client does not take is not kept."""

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # under no-referrer our own forms would come with `Origin: null`
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
RAW = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())
"""The same as ASGI has them."""

Counted = Callable[[str, str, int], None]
"""(method, path of the route, status)."""

Told = Callable[[Request, Exception], Response]
"""What is answered where something was raised."""


class Guard:
    """Middleware, around everything but the server's own: answers to faults of ours have the headers too."""

    def __init__(self, app: ASGIApp, counted: Counted, told: Told) -> None:
        self._app, self._counted, self._told = app, counted, told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if not scope["path"].startswith("/"):  # RFC 9112 section 3.2.2: the whole URL may be asked for
            path = urlsplit(scope["path"]).path or "/"
            scope = {**scope, "path": path, "raw_path": quote(path).encode()}
        CLIENT.set(client(Request(scope)))
        exchange = _Exchange(scope, receive, send, self._counted)
        try:
            weigh(scope)
            await self._app(scope, exchange.receive, exchange.send)
        except ClientDisconnect:
            return  # nobody is there to be answered
        except asyncio.CancelledError:
            if exchange.started or not scope["state"][STOPPING].is_set():
                raise
            await self._told(Request(scope), _ending())(scope, exchange.receive, exchange.send)
        except Exception as raised:
            if exchange.started:
                raise
            await self._told(Request(scope), raised)(scope, exchange.receive, exchange.send)


def weigh(scope: Scope) -> None:
    """Refusal for a request that says of its body what cannot be, or that it is too large."""
    names = [name for name, _ in scope["headers"]]
    if b"content-length" not in names:
        return
    lengths = [value for name, value in scope["headers"] if name == b"content-length"]
    if len(lengths) > 1 or not lengths[0].isdigit() or b"transfer-encoding" in names:
        # RFC 9112 section 6.3: who reads it otherwise would see another request begin here
        raise Refusal(400, "the length of the body is not clear", headers={"Connection": "close"})
    if len(lengths[0]) > len(str(LARGEST)) or int(lengths[0]) > LARGEST:
        raise _too_large()


class _Exchange:
    """One request and its answer."""

    __slots__ = ("_counted", "_deadline", "_over", "_receive", "_scope", "_send", "_taken", "started")

    def __init__(self, scope: Scope, receive: Receive, send: Send, counted: Counted) -> None:
        self._scope, self._receive, self._send, self._counted = scope, receive, send, counted
        self._deadline = asyncio.get_running_loop().time() + SLOWEST
        self._taken, self._over = 0, False
        self.started = False
        """Whether the answer has begun."""

    async def receive(self) -> Message:
        """Gives the body as it comes; Refusal for one that is too large, or takes too long."""
        if self._over:
            return await self._receive()  # waits for the client to go
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            return self._wrong(Refusal(408, "the body took too long", headers={"Connection": "close"}))
        self._taken += len(message.get("body", b""))
        self._over = not message.get("more_body", False)
        return self._wrong(_too_large()) if self._taken > LARGEST else message

    def _wrong(self, refused: Refusal) -> Message:
        """Once an answer is under way, nothing can be refused any more: the client is as good as gone."""
        if not self.started:
            raise refused
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Adds the headers, counts, and sends in pieces."""
        if message["type"] == "http.response.start":
            self._begin(message)
        elif len(message.get("body", b"")) > PIECE:
            await self._in_pieces(message)
            return
        await self._send(message)

    def _begin(self, message: Message) -> None:
        headers = list(message.get("headers", ()))
        given = {name for name, _ in headers}
        message["headers"] = headers + [header for header in RAW if header[0] not in given]
        route = self._scope.get("route")
        self._counted(self._scope["method"], getattr(route, "path", "other"), message["status"])
        self.started = True

    async def _in_pieces(self, message: Message) -> None:
        body, more = memoryview(message["body"]), message.get("more_body", False)
        for begin in range(0, len(body), PIECE):
            last = begin + PIECE >= len(body)
            piece = bytes(body[begin : begin + PIECE])
            await self._send({**message, "body": piece, "more_body": more or not last})


def _ending() -> Refusal:
    return Refusal(503, "the service ends just now; try again later", headers={"Retry-After": "30"})


def _too_large() -> Refusal:
    return Refusal(413, f"a body has {LARGEST} bytes at most")
