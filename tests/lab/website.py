"""An HTTPS server for the files of a folder, as they are at the time of a request."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.namespace import Namespace


class Website(ThreadingHTTPServer):
    """`requests` are the first lines of those that were answered, each with the status it got."""

    def __init__(self, name: str, address: str, folder: Path, certificate: Path) -> None:
        self.requests: list[str] = []
        self.url = f"https://{name}/"
        super().__init__((address, 443), partial(_Files, directory=str(folder)))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)


class _Files(SimpleHTTPRequestHandler):
    server: Website

    def log_request(self, code: object = "-", size: object = "-") -> None:
        self.server.requests.append(f"{self.requestline} {int(str(code))}")

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        """Says nothing on standard error."""


@contextmanager
def serving(
    namespace: Namespace, name: str, address: str, folder: Path, certificate: Path
) -> Iterator[Website]:
    """A server of this name, at an address of the namespace."""
    site = namespace.within(lambda: Website(name, address, folder, certificate))
    thread = threading.Thread(target=partial(site.serve_forever, poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        site.server_close()
        thread.join(30)
