"""A DNS server that knows what it is told and nothing else: dnsmasq."""

from dataclasses import dataclass, field
from subprocess import Popen

from tests.lab.lines import Lines
from tests.namespace import Namespace
from tests.needs import needs

_OPTIONS = (
    "--keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --port=53 --listen-address=127.0.0.1"
    " --bind-interfaces --user=root --pid-file= --log-facility=-"
)


@dataclass
class NameServer:
    """`addresses` by host, `exchanges` (MX hosts, the best first) by domain."""

    namespace: Namespace
    zone: str
    addresses: dict[str, str] = field(default_factory=dict)
    exchanges: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _running: Popen[str] | None = None

    def begin(self) -> None:
        """Answers from now on, with all that it has been told; dnsmasq learns names only at its start."""
        self.end()
        hosts = [f"--host-record={host},{address}" for host, address in self.addresses.items()]
        exchanges = [
            f"--mx-host={domain},{host},{10 * rank}"
            for domain, found in self.exchanges.items()
            for rank, host in enumerate(found, 1)
        ]
        command = [
            needs("dnsmasq", "dnsmasq-base"),
            *_OPTIONS.split(),
            f"--local=/{self.zone}/",
            *hosts,
            *exchanges,
        ]
        self._running = self.namespace.start(command)
        assert self._running.stdout
        self._said = Lines(self._running.stdout)
        self._said.line("started, version")

    def refresh(self) -> None:
        """Makes it know what has been added, if it has begun."""
        if self._running:
            self.begin()

    def end(self) -> None:
        """Answers nothing any more."""
        if self._running:
            self.namespace.end(self._running)
            self._said.close()
            self._running = None
