"""Runs the application: one process, or several that share a socket."""

import logging
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, ip_network

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from stpolicy.errors import StpolicyError
from stpolicy.web import _clock
from stpolicy.web.app import build
from stpolicy.web.patience import Impatient
from stpolicy.web.settings import Settings

_GRACE = 15
"""Seconds that answers under way have when the service ends."""


@dataclass(frozen=True, slots=True)
class Make:
    """Makes the application in each process."""

    settings: Settings
    clock: Callable[[], datetime]

    def __call__(self) -> FastAPI:
        """The application of this process."""
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
        backlog=128,  # asyncio takes so many connections at once, before any of them can be refused
    )


def _believed(proxies: tuple[str, ...]) -> Iterator[str]:
    """Each proxy in both spellings: at a socket of IPv6 a client of IPv4 is ::ffff:192.0.2.1."""
    for one in proxies:
        found = ip_network(one)
        yield str(found)
        if isinstance(found, IPv4Network):
            yield f"::ffff:{found.network_address}/{96 + found.prefixlen}"


def serve(settings: Settings) -> None:
    """Runs until a signal; StpolicyError where the service cannot begin."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    wanted = config(settings)
    listening = bound(settings)
    if settings.processes > 1:
        Multiprocess(wanted, sockets=[listening]).run()
        return
    server = uvicorn.Server(wanted)
    server.run(sockets=[listening])
    if not server.started:
        raise StpolicyError("the service could not begin", "the lines above say why")


def bound(settings: Settings) -> socket.socket:
    """The socket; StpolicyError where somebody else has the port."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Named as TCP, so that asyncio sets TCP_NODELAY: else each answer waits 40 ms for an ACK.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
        listening.set_inheritable(True)
    except OSError as wrong:
        listening.close()
        where = f"{settings.host} port {settings.port}"
        raise StpolicyError(f"{where}: {wrong.strerror}", "choose another with --host and --port") from wrong
    return listening
