"""A look at the MTA-STS of a domain whose policy is served here."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from stpolicy.checker import https
from stpolicy.checker.dns import Resolver
from stpolicy.checker.turns import Turns
from stpolicy.model.observation import Fault, Step, StsObservation
from tests import webserver
from tests.checker.nameserver import NameServer, serving

DOMAIN, HOST, PATH = "example.org", "mta-sts.example.org", "/.well-known/mta-sts.txt"
POLICY = b"version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 86400\n"
PLAIN = "Content-Type: text/plain"


class Look:
    """A look at example.org, whose policy is served here."""

    def __init__(self, authority: Path, server: webserver.Server) -> None:
        self.server, self.port = server, server.port
        self.ca_file = authority / "ca.pem"
        self.records = ["v=STSv1; id=1;"]
        self.addresses: dict[str, list[str]] = {"A": ["127.0.0.1"]}
        self.prepare: Callable[[NameServer], object] = lambda _: None
        self.allow_private = True
        self.patience = 30.0
        self.asked: list[tuple[str, str]] = []
        self.turns = Turns(1, 1, 0)

    def __call__(self, *said: webserver.Answer, timeout: float = 30, domain: str = DOMAIN) -> StsObservation:
        for one in said:
            self.server.answers[PATH] = one
        return asyncio.run(self.run(domain, timeout))

    async def run(self, domain: str, timeout: float) -> StsObservation:
        async with serving() as names:
            names.put(f"_mta-sts.{DOMAIN}", "TXT", *(f'"{text}"' for text in self.records))
            for kind, addresses in self.addresses.items():
                names.put(HOST, kind, *addresses)
            self.prepare(names)
            with Resolver([names.address], timeout=self.patience) as resolver:
                try:
                    return await https.look(
                        domain,
                        resolver,
                        context=https.trusting(self.ca_file),
                        port=self.port,
                        timeout=timeout,
                        allow_private=self.allow_private,
                        servers=https.Servers(self.turns, timeout),
                    )
                finally:
                    self.asked = names.asked


def ended(seen: StsObservation) -> tuple[Step, Fault]:
    assert seen.ended is not None
    assert seen.body == b""
    return seen.ended.step, seen.ended.fault
