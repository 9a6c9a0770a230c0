"""Runs the application: one process, or several that share a socket."""

import gc
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, ip_network
from types import FrameType

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import SIGNALS

from stpolicy.errors import StpolicyError
from stpolicy.web import _clock, metrics
from stpolicy.web.app import build
from stpolicy.web.patience import Impatient
from stpolicy.web.service import check
from stpolicy.web.settings import Settings

_GRACE = 15
"""Seconds that answers under way have when the service ends."""
_SLOWEST_START = 30
"""Seconds that a process may take until it can say that it lives: it reads all its modules first."""
_BACKLOG = 128
"""Connections: asyncio takes so many at once, before any of them can be refused."""
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Make:
    """Makes the application in each process."""

    settings: Settings
    clock: Callable[[], datetime]

    def __call__(self) -> FastAPI:
        """The application of this process."""
        logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
        return build(self.settings, self.clock)


def config(settings: Settings, clock: Callable[[], datetime] = _clock.now) -> uvicorn.Config:
    """What uvicorn is told."""
    return uvicorn.Config(
        Make(settings, clock),
        factory=True,
        host=settings.host,
        port=settings.port,
        http=Impatient,
        ws="none",
        loop="asyncio",
        lifespan="on",
        workers=settings.processes,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(_believed(settings.proxies)),
        server_header=False,
        access_log=False,
        log_config=None,
        log_level="error",  # what clients do wrong is theirs to know, and would fill a log
        h11_max_incomplete_event_size=16 * 1024,
        timeout_graceful_shutdown=_GRACE,
        timeout_worker_healthcheck=_SLOWEST_START,
        backlog=_BACKLOG,
    )


class One(uvicorn.Server):
    """The server of this process, which remembers what signal it was ended by."""

    def __init__(self, config: uvicorn.Config, begun: Callable[[], None]) -> None:
        super().__init__(config)
        self._begun = begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serves, and says so; SystemExit where it cannot."""
        await super().startup(sockets)
        self._begun()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends in order; the second one of a hurried person ends at once."""
        with _heeded(self.handle_exit):
            yield

    @property
    def ended_by(self) -> list[int]:
        """The signals, in their order."""
        return self._captured_signals


class Several(Multiprocess):
    """Processes that share a socket. A hang-up ends them too, as it ends every command."""

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket.socket], begun: Callable[[], None]
    ) -> None:
        self.ended_by: list[int] = []
        self._begun: Callable[[], None] | None = begun
        with _heeded(self.handle):  # which undoes what the next line does to signals
            super().__init__(config, sockets)

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """A signal: all processes end in order."""
        self.ended_by.append(number)
        self.should_exit.set()

    def keep_subprocess_alive(self) -> None:
        """Twice a second; the first of them that serves is told of."""
        super().keep_subprocess_alive()
        if self._begun and not self.should_exit.is_set() and any(one.is_ready(1) for one in self.processes):
            self._begun()
            self._begun = None

    def run(self) -> None:
        """Until a signal, or until a process cannot begin."""
        with _heeded(self.handle):
            super().run()


@contextmanager
def _heeded(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Gives signals to a handler, but for those that whoever started us had ignored; then as before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        for number in _ENDING:
            if before[number] is not signal.SIG_IGN:
                signal.signal(number, handler)
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


def _believed(proxies: tuple[str, ...]) -> Iterator[str]:
    """Each proxy in both spellings: at a socket of IPv6 a client of IPv4 is ::ffff:192.0.2.1."""
    for one in proxies:
        found = ip_network(one)
        yield str(found)
        if isinstance(found, IPv4Network):
            yield f"::ffff:{found.network_address}/{96 + found.prefixlen}"


def serve(settings: Settings, begun: Callable[[], None]) -> None:
    """Runs until a signal, and then raises it; StpolicyError where the service cannot begin.

    `begun` is called once requests are answered.
    """
    gc.enable()  # a command lives for seconds and does without; connections leave cycles behind
    check(settings)
    wanted = config(settings)
    listening = bound(settings)
    with metrics.together() if settings.processes > 1 else nullcontext():
        several = settings.processes > 1
        server = Several(wanted, [listening], begun) if several else One(wanted, begun)
        ended = _run(server, listening)
    for number in server.ended_by[:1]:
        signal.raise_signal(number)
    if not ended:
        raise StpolicyError("the service could not begin", "the lines above say why")


def _run(server: One | Several, listening: socket.socket) -> bool:
    """Whether it ended because it was told to."""
    if isinstance(server, Several):
        server.run()
    else:
        with suppress(SystemExit):  # it has said why it does not begin
            server.run([listening])
    return bool(server.ended_by)


def bound(settings: Settings) -> socket.socket:
    """The socket; StpolicyError where somebody else has the port."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Named as TCP, so that asyncio sets TCP_NODELAY: else each answer waits 40 ms for an ACK.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
        # Here, since only this says that somebody else listens who shares addresses.
        listening.listen(_BACKLOG)
        listening.set_inheritable(True)
    except OSError as wrong:
        listening.close()
        where = f"{settings.host} port {settings.port}"
        raise StpolicyError(f"{where}: {wrong.strerror}", "choose another with --host and --port") from wrong
    return listening
