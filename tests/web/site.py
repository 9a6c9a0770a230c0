"""`stpolicy serve` as it is run, with or without the mini-internet, and results that it has already."""

import json
import select
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

from stpolicy.ledger import Ledger, Outcome, address
from stpolicy.model.names import Domain
from stpolicy.model.result import scan as scan_object
from stpolicy.model.scanned import Part
from tests.minternet.world import World
from tests.personas import Person
from tests.web.installed import Installed, today
from tests.web.plain import ENOUGH, free_port
from tests.web.serving import process

_PORT = 8080
"""In the mini-internet, where nobody else has it."""
_NUMBERS = count()


def installed(folder: Path, signer: Person, ends: timedelta, policies: Mapping[str, object]) -> list[str]:
    """A state folder with a signed list that runs out so much later than now; the options that serve it."""
    made = Installed(folder, signer)
    made.serve(policies, today() + ends - timedelta(days=14))
    return made.options()


@dataclass(frozen=True)
class Site:
    """A service that runs; `url` has no slash at its end."""

    url: str
    folder: Path

    @property
    def ledger(self) -> Ledger:
        """What the service keeps: another process may write there too."""
        return Ledger(address(_database(self.folder)))

    def note(self, id_: str, **progress: Part) -> None:
        """Begins a scan, or begins it again, and keeps how far it is: `__` in a name is a dot."""
        ledger = self.ledger
        begun = ledger.take(id_, today())
        assert begun
        ledger.note(begun, {name.replace("__", "."): part for name, part in progress.items()})
        ledger.close()

    def keep(self, result: Mapping[str, Any], **traits: bool) -> str:
        """Keeps a domain result as that of a scan which is done; gives the id of the scan.

        A scan of the domain that waits is ended by it.
        """
        ledger = self.ledger
        id_, domain = f"{next(_NUMBERS):022d}", Domain(result["domain"])
        scan, _ = ledger.submit(domain, id_, today(), most=1000)
        begun = ledger.take(scan.id, today())
        assert begun
        has = {"mta_sts": False, "dane": False} | traits
        assert ledger.finish(
            begun, Outcome(json.dumps(scan_object(dict(result))), result["status"], **has), today()
        )
        ledger.close()
        return scan.id


def _database(folder: Path) -> str:
    return f"sqlite:///{folder / 'scans.db'}"


@contextmanager
def serving(folder: Path, *options: str, internet: World | None = None, port: int = 0) -> Iterator[Site]:
    """A service that keeps its scans in a folder; without an internet its resolver is nobody.

    `port` is that of the loopback interface, and without an internet only; a free one if not given.
    """
    told = ["--quiet", "--database", _database(folder)]
    with ExitStack() as closing:
        if internet:
            looks = ["--resolver", "127.0.0.1", "--timeout", "8", "--ca-file", str(internet.ca_file)]
            named = ["--helo", "checker.stpolicy-lab.net"]
            inner, port = _PORT, closing.enter_context(passage(internet, _PORT))
        else:
            looks, named = ["--resolver", "127.0.0.1:1"], ["--helo", "checker.example.org"]
            inner = port = port or free_port()
        arguments = [*told, *looks, *named, *options]
        began = closing.enter_context(process(folder, *arguments, port=inner, within=internet))
        yield Site(f"http://127.0.0.1:{port}", folder)
        began.end()


@contextmanager
def passage(internet: World, port: int) -> Iterator[int]:
    """A port of our own loopback that leads to one in there: a browser stays outside."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def keep() -> None:
            with suppress(OSError):
                while True:
                    near, _ = door.accept()
                    threading.Thread(target=_carry, args=(internet, near, port), daemon=True).start()

        keeper = threading.Thread(target=keep, daemon=True)
        keeper.start()
        try:
            yield int(door.getsockname()[1])
        finally:
            door.shutdown(socket.SHUT_RDWR)
            keeper.join(ENOUGH)


def _carry(internet: World, near: socket.socket, port: int) -> None:
    with near, suppress(OSError):
        far = internet.space.within(lambda: socket.create_connection(("127.0.0.1", port), ENOUGH))
        with far:
            ways = {near: far, far: near}
            while True:
                for come in select.select(list(ways), [], [])[0]:
                    data = come.recv(65536)
                    if not data:
                        return
                    ways[come].sendall(data)
