"""The mini-internet, for as long as it is needed."""

import json
import os
import pickle
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess, Popen

import dns.message
import dns.query
import dns.rcode

from tests import namespace
from tests.minternet import bulk, names, zones
from tests.minternet.authority import Authority, tlsa
from tests.minternet.behaviour import Cert, Fate, Smtp, Web
from tests.minternet.personalities import ROWS
from tests.minternet.plan import FATES, NETWORKS, Host, elsewhere, hosts
from tests.minternet.row import ZONE, Row
from tests.namespace import Namespace
from tests.needs import lacking, needs

ROOT = Path(__file__).parents[2]
_SYN = "tcp flags & (syn | ack) == syn"
_REJECTED = {
    Fate.REFUSED: f"{_SYN} reject with tcp reset",
    Fate.BLACK_HOLE: "drop",
    Fate.NO_ROUTE: f"{_SYN} reject with icmpx type host-unreachable",
}
"""Not the answer too: it has the same address, for who talks to an address of its own talks from there."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """Domains for measurements (see bulk), on so many hosts; a share of the hosts is sick."""

    domains: int
    hosts: int
    sick: float = 0.0


@dataclass(frozen=True, slots=True)
class World:
    """A mini-internet that runs. `hosts` are the addresses of the table."""

    space: Namespace
    folder: Path
    hosts: tuple[Host, ...]

    @property
    def ca_file(self) -> Path:
        """The one root that is trusted."""
        return self.folder / "certificates" / "ca.pem"

    @property
    def prefix(self) -> list[str]:
        """What to put before a command, so that it runs in there."""
        return self.space.command([])

    def run(self, command: Sequence[str | Path], **how: str) -> CompletedProcess[str]:
        """Runs a command in there, from the folder of the project; its input is `text`."""
        return self.space.run(command, folder=ROOT, **how)

    def addresses(self, name: str) -> list[str]:
        """Those of a host that the table has."""
        return [host.address for host in self.hosts if host.name == name]

    def connections(self, reset: bool = False) -> dict[tuple[str, int], dict[str, int]]:
        """By address and port: `connections`, `open` now, `most` at once, and the names in `greeted`."""
        with socket.socket(socket.AF_UNIX) as asking:
            asking.connect(str(self.folder / "control"))
            asking.sendall(b"reset\n" if reset else b"read\n")
            told = json.loads(b"".join(iter(lambda: asking.recv(65536), b"")))
        keys = {key: key.split() for key in told}
        return {(keys[key][0], int(keys[key][1])): count for key, count in told.items()}


@contextmanager
def world(
    scale: float = 1.0, latency: float = 0.0, rows: tuple[Row, ...] = ROWS, crowd: Crowd | None = None
) -> Iterator[World]:
    """A mini-internet, which is gone afterwards.

    `scale` multiplies the delays of greetings; `latency` (seconds) comes before each reply and each
    flight of TLS, as a round trip would.
    """
    for program, package in (("nft", "nftables"), ("nsd", "nsd"), ("unbound", "unbound")):
        needs(program, package)
    with ExitStack() as closing:
        folder = Path(tempfile.mkdtemp(prefix="stp-net-", dir="/tmp"))
        closing.callback(shutil.rmtree, folder)
        (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions edns0 trust-ad\n")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("STPOLICY_")}
        environment |= {"PATH": f"{environment['PATH']}:/usr/sbin:/sbin", "PYTHONPATH": str(ROOT)}
        space = closing.enter_context(namespace.opened(folder / "resolv.conf", environment))
        made = World(space, folder, tuple(hosts(rows)))
        _furnish(made, rows, crowd)
        _route(space, elsewhere(made.hosts))
        begun = names.begin(space, folder)
        server: list[str | Path] = [sys.executable, "-m", "tests.minternet.server", folder]
        manner = ["--scale", str(scale), "--latency", str(latency)]
        begun.append(_serving(space, [*server, *manner]))
        closing.callback(_end, space, begun)
        space.within(_resolved)
        yield made


def _furnish(made: World, rows: tuple[Row, ...], crowd: Crowd | None) -> None:
    """Everything that is a file."""
    folder = made.folder / "certificates"
    folder.mkdir()
    authority = Authority(folder)
    for host in made.hosts:
        match host.behaviour:
            case Smtp(tls=tls) if tls:
                authority.issue(tls.cert, host.domain, host.address)
                if tls.unnamed:
                    authority.issue(tls.unnamed, host.domain, f"{host.address}-unnamed")
            case Web(cert=cert):
                authority.issue(cert, host.domain, host.address)
    authority.issue(Cert("*.mx"), bulk.ZONE, bulk.CERTIFICATE)
    (made.folder / "hosts").write_bytes(pickle.dumps(made.hosts))
    extra = bulk.records(crowd.domains, crowd.hosts, crowd.sick) if crowd else ()
    inception = int(authority.now.timestamp()) - 3600
    names.write(made.folder, zones.zones(rows, made.hosts, tlsa(), extra), inception)


def _route(space: Namespace, more: Iterable[str]) -> None:
    """Makes our addresses, and more, lead to us, but for those of FATES."""
    for network in (*NETWORKS, *more):
        done = space.run([needs("ip", "iproute2"), "route", "add", "local", network, "dev", "lo"])
        assert done.returncode == 0, done.stderr
    rules = [
        f"{family} daddr {network} {_REJECTED[fate]}"
        for fate, networks in FATES.items()
        for family, network in zip(("ip", "ip6"), networks, strict=True)
    ]
    chain = "type filter hook input priority 0;"
    table = "\n".join([f"table inet minternet {{ chain input {{ {chain}", *rules, "}", "}"]) + "\n"
    done = space.run([needs("nft", "nftables"), "-f", "-"], text=table)
    if done.returncode:
        lacking(f"no packet filter in a network of its own: {done.stderr}")


def _serving(space: Namespace, command: list[str | Path]) -> Popen[str]:
    """Starts the servers; they end with us, as the namespace does."""
    begun = space.start(command)
    assert begun.stdout
    said = begun.stdout.readline().strip()
    assert said == "ready", said + begun.stdout.read()
    return begun


def _resolved() -> None:
    """Waits until DNS answers, ten seconds at most."""
    question = dns.message.make_query(f"{ZONE}.", "SOA", want_dnssec=True)
    for _ in range(200):
        try:
            answer = dns.query.udp(question, "127.0.0.1", timeout=0.05)
        except (OSError, dns.exception.Timeout):
            continue
        if answer.rcode() == dns.rcode.NOERROR:
            return
    raise AssertionError("no answer from DNS")


def _end(space: Namespace, begun: list[Popen[str]]) -> None:
    for process in begun:
        space.end(process)
        if process.stdout:
            process.stdout.close()
