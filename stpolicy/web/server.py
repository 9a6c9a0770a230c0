"""Runs the application: one process, or several that share a socket."""

import logging
import socket
from dataclasses import dataclass

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from stpolicy.errors import StpolicyError
from stpolicy.web.app import build
from stpolicy.web.patience import Impatient
from stpolicy.web.settings import Settings

_GRACE = 15
"""Seconds that answers under way have when the service ends."""


@dataclass(frozen=True, slots=True)
class Make:
    """Makes the application in each process."""

    settings: Settings

    def __call__(self) -> FastAPI:
        """The application of this process."""
        return build(self.settings)


def config(settings: Settings) -> uvicorn.Config:
    """What uvicorn is told."""
    return uvicorn.Config(
        Make(settings),
        factory=True,
        host=settings.host,
        port=settings.port,
        http=Impatient,
        ws="none",
        loop="asyncio",
        lifespan="on",
        workers=settings.processes,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        server_header=False,
        access_log=False,
        log_config=None,
        h11_max_incomplete_event_size=16 * 1024,
        timeout_graceful_shutdown=_GRACE,
        backlog=1024,
    )


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
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
        listening.set_inheritable(True)
    except OSError as wrong:
        listening.close()
        where = f"{settings.host} port {settings.port}"
        raise StpolicyError(f"{where}: {wrong.strerror}", "choose another with --host and --port") from wrong
    return listening
