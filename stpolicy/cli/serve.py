"""serve: the checker and the list over HTTP."""

import re
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stpolicy.cli import _door, _inputs, _looking, _options, _web
from stpolicy.cli._app import app
from stpolicy.cli._command import command
from stpolicy.errors import Misuse
from stpolicy.model.names import canonical, domain_fault

if TYPE_CHECKING:
    from stpolicy.flows.believe import Pins
    from stpolicy.web.settings import Settings


_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_URL = re.compile(r"https://[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?(/[!-~]{0,1000})?")


@dataclass(frozen=True, slots=True)
class Serving:
    """Where HTTP is served, and how much of it."""

    host: Annotated[str, typer.Option("--host", metavar="ADDR", help="The address to listen at.")] = (
        "127.0.0.1"
    )
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=1, max=65535, help="The port to listen at.")
    ] = 8080
    workers: Annotated[
        int,
        typer.Option(
            "--workers", metavar="N", min=1, max=64, help="Processes; more than one needs PostgreSQL."
        ),
    ] = 1
    worker: Annotated[
        bool, typer.Option("--worker", help="Serve nothing; run the scans that wait in a shared database.")
    ] = False
    scans: Annotated[
        int,
        typer.Option(
            "--scans",
            metavar="N",
            min=0,
            max=1000,
            help="Scans at once in each process; 0 leaves them to workers.",
        ),
    ] = 16
    limit: Annotated[
        str,
        typer.Option(
            "--limit", metavar="N/TIME", help="New scans of one client, like 120/hour or 10/minute."
        ),
    ] = "120/hour"
    keep: Annotated[
        int, typer.Option("--keep", metavar="DAYS", min=1, max=36500, help="Days for which results are kept.")
    ] = 90
    proxy: Annotated[
        list[str] | None,
        typer.Option(
            "--proxy", metavar="ADDR", help="Believe X-Forwarded-For of this address or network. Repeatable."
        ),
    ] = None
    contact: Annotated[
        str | None,
        typer.Option(
            "--contact",
            metavar="TEXT",
            help="Whom those write to whose mail servers are looked at: a mail address or an https:// URL.",
        ),
    ] = None


@command(
    app,
    "serve",
    example="""
    stpolicy serve
    stpolicy serve --config /etc/stpolicy/stpolicy.toml --proxy 127.0.0.1
    stpolicy serve --worker --database postgresql+psycopg://stpolicy@db.example.org/scans
    """,
)
def serve(
    serving: Serving,
    looking: _looking.Looking,
    database: _web.Database = None,
    dir_: _options.Dir = _options.STATE,
    keyring: _options.Keyring = None,
    signer: _options.Signer = None,
    threshold: _options.Threshold = 1,
    exclude: _options.Exclude = None,
    quiet: bool = False,
) -> int:
    """Serve the checker as a website and an API, and the installed list beside it.

    Scans are kept in a database, by default a file of SQLite. With --signer and --keyring the pair that
    `update` has installed below --dir is served as /policy.json, once it has verified, and its entries
    are what domains are held against. Ends in order on a signal: what is under way is done again.
    """
    _web.need_packages()
    from stpolicy.ledger import address
    from stpolicy.ledger.engine import is_shared
    from stpolicy.web.settings import Settings

    url = _web.database(database)
    shared = is_shared(address(url))
    _check(serving, shared=shared)
    if not (serving.scans or shared):
        _door.say("no scan will be run: --scans is 0, and no worker can share a file of SQLite", quiet=quiet)
    settings = Settings(
        url,
        _looking.network(looking),
        dir_,
        _pins(keyring, signer, threshold),
        exclude,
        serving.scans,
        serving.limit,
        serving.keep,
        serving.host,
        serving.port,
        serving.workers,
        _proxies(serving.proxy or []),
        _contact(serving.contact or ""),
    )
    _begin(settings, serving, quiet=quiet)
    return _door.DONE


def _check(serving: Serving, *, shared: bool) -> None:
    """Misuse for what would serve nobody."""
    if serving.worker and not serving.scans:
        raise Misuse("--worker with --scans 0 would do nothing")
    if serving.worker and serving.workers > 1:
        raise Misuse("--workers is about serving, which --worker does not", "start several with --worker")
    asked = {"--worker": serving.worker, "--workers above 1": serving.workers > 1}
    for option in (option for option, is_asked in asked.items() if is_asked and not shared):
        raise Misuse(
            f"{option} needs a database that processes share",
            "name it with --database postgresql+psycopg://…",
        )


def _begin(settings: "Settings", serving: Serving, *, quiet: bool) -> None:
    from stpolicy.web import server, worker

    if serving.worker:
        begun = partial(_door.say, "working on the scans of the database", quiet=quiet)
        _door.asynchronously(worker.work(settings, begun))
        return
    host = f"[{serving.host}]" if ":" in serving.host else serving.host
    server.serve(settings, partial(_door.say, f"serving http://{host}:{serving.port}/", quiet=quiet))


def _pins(keyring: Path | None, signer: list[str] | None, threshold: int) -> "Pins | None":
    """None where neither is given: then no list is served."""
    if keyring is None and not signer:
        if threshold > 1:
            raise Misuse("--threshold is about pinned signers", "name them with --signer and --keyring")
        return None
    return _inputs.pins(keyring, signer, threshold)


def _contact(given: str) -> str:
    """A mail address, or a URL; what a browser would do with another one, nobody knows."""
    local, _, domain = given.rpartition("@")
    is_address = _LOCAL.fullmatch(local) and not domain_fault(canonical(domain))
    if given and not is_address and not _URL.fullmatch(given):
        raise Misuse(
            f"--contact {given!r} is no mail address and no https:// URL",
            "write it like postmaster@example.org or https://example.org/contact",
        )
    return given


def _proxies(given: list[str]) -> tuple[str, ...]:
    for one in given:
        try:
            ip_network(one)
        except ValueError as wrong:
            raise Misuse(
                f"--proxy {one!r} is no address or network", "write it like 192.0.2.1 or 10.0.0.0/8"
            ) from wrong
    return tuple(given)
