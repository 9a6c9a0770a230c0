"""How the server of a policy is reached: its name, its addresses, its certificate, and how often (H2)."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import dns.rcode
import pytest

from stpolicy.checker import https
from stpolicy.checker.dns import Resolver
from stpolicy.checker.turns import Turns
from stpolicy.errors import Misuse
from stpolicy.model.observation import Fault, Step, StsObservation
from tests import webserver
from tests.checker.nameserver import Behaviour, saying, serving, silent
from tests.checker.policy_look import DOMAIN, HOST, PLAIN, POLICY, Look, ended


def test_a_certificate_of_nobody_known(look: Look, authority: Path) -> None:
    look.ca_file = authority / "another.pem"
    seen = look(webserver.ok(POLICY))
    assert ended(seen) == (Step.HANDSHAKE, Fault.TLS)
    assert "issuer" in str(seen.ended)


def test_a_certificate_for_another_host(look: Look, authority: Path) -> None:
    with webserver.serving(authority / "other.pem") as other:
        look.port = other.port
        seen = look()
    assert ended(seen) == (Step.HANDSHAKE, Fault.TLS)
    assert HOST in str(seen.ended)


def test_what_comes_in_clear_ahead_of_tls_is_no_answer(look: Look, authority: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        look.port = listener.getsockname()[1]

        async def inject() -> None:
            loop = asyncio.get_running_loop()
            listener.setblocking(False)
            connection, _ = await loop.sock_accept(listener)
            with connection:
                await loop.sock_sendall(connection, webserver.ok(POLICY))
                await loop.sock_recv(connection, 1)

        async def both() -> StsObservation:
            injecting = asyncio.ensure_future(inject())
            seen = await look.run(DOMAIN, 30)
            await injecting
            return seen

        assert ended(asyncio.run(both())) == (Step.HANDSHAKE, Fault.TLS)


def test_a_silent_server_ends_in_the_handshake(look: Look) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        look.port = listener.getsockname()[1]
        assert ended(look(timeout=0.3)) == (Step.HANDSHAKE, Fault.TIME_OUT)


def test_nobody_listens(look: Look) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        look.port = listener.getsockname()[1]
    assert ended(look()) == (Step.CONNECT, Fault.REFUSED)


def test_the_next_address_is_tried(look: Look) -> None:
    look.addresses = {"A": ["127.0.0.1"], "AAAA": ["::1"]}
    assert look(webserver.ok(POLICY)).body == POLICY
    look.addresses = {"A": ["127.0.0.1", "127.0.0.0"]}  # the first of them, sorted, takes no connection
    assert look(webserver.ok(POLICY)).body == POLICY


@pytest.mark.parametrize("kind", ["A", "AAAA"])
def test_h2_an_address_that_is_not_global_is_not_connected_to(look: Look, kind: str) -> None:
    look.allow_private = False
    look.addresses = {kind: ["127.0.0.1" if kind == "A" else "::ffff:127.0.0.1"]}
    seen = look(webserver.ok(POLICY))
    assert ended(seen) == (Step.CONNECT, Fault.NOT_GLOBAL)
    assert not look.server.requests


def test_h2_the_name_of_the_policy_host_is_looked_up_once(look: Look) -> None:
    look(webserver.ok(POLICY))
    assert sorted(look.asked) == [(f"_mta-sts.{DOMAIN}", "TXT"), (HOST, "A"), (HOST, "AAAA")]


@pytest.mark.parametrize("behaviour", [silent, saying(dns.rcode.SERVFAIL)])
def test_a_host_that_dns_says_nothing_of_is_not_known_to_lack_an_address(
    look: Look, behaviour: Behaviour
) -> None:
    look.prepare = lambda names: names.behaviours.update({HOST: behaviour})
    look.patience = 2
    seen = look()
    assert ended(seen) == (Step.CONNECT, Fault.TIME_OUT)
    assert seen.ended is not None
    assert seen.ended.transient


def test_a_host_without_an_address(look: Look) -> None:
    look.addresses = {}
    assert "has no address" in str(look().ended)


def test_a_file_of_authorities_without_any_is_misuse(tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("nothing")
    for name in ("none.pem", "missing.pem"):
        with pytest.raises(Misuse):
            https.trusting(tmp_path / name)
    assert https.trusting(None).get_ca_certs()


class Noted(Turns):
    """Turns that remember who came, and who connected."""

    def __init__(self) -> None:
        super().__init__(64, 1, 0)
        self.came: list[str] = []
        self.connected: list[str] = []

    @asynccontextmanager
    async def at(self, address: str) -> AsyncIterator[AbstractAsyncContextManager[None]]:
        self.came.append(address)
        async with super().at(address) as connected:
            yield self._noted(address, connected)

    @asynccontextmanager
    async def _noted(self, address: str, connected: AbstractAsyncContextManager[None]) -> AsyncIterator[None]:
        self.connected.append(address)
        async with connected:
            yield


def test_a_policy_server_is_met_in_its_turn_at_each_of_its_addresses(look: Look) -> None:
    look.turns = turns = Noted()
    look.addresses = {"A": ["127.0.0.0", "127.0.0.1"]}  # the first takes no connection
    assert look(webserver.ok(POLICY, PLAIN)).body == POLICY
    assert turns.connected == ["127.0.0.0", "127.0.0.1"]


def policies(
    look: Look, domains: int, *, timeout: float, at: str = "127.0.0.1"
) -> tuple[list[StsObservation], list[str]]:
    """What is seen of domains whose policies are on one server, and where that was connected to."""
    turns = Noted()

    async def run() -> list[StsObservation]:
        async with serving() as names:
            for n in range(domains):
                names.put(f"_mta-sts.d{n}.example.org", "TXT", '"v=STSv1; id=1;"')
                names.put(f"mta-sts.d{n}.example.org", "A", at)
            servers = https.Servers(turns, timeout)
            context = https.trusting(look.ca_file)
            with Resolver([names.address], timeout=20) as resolver:
                fetch = partial(https.look, resolver=resolver, context=context, servers=servers)
                how: dict[str, Any] = {"port": look.port, "timeout": timeout, "allow_private": True}
                return await asyncio.gather(*(fetch(f"d{n}.example.org", **how) for n in range(domains)))

    return asyncio.run(run()), turns.connected


def test_a_dead_policy_server_is_not_asked_again_for_other_domains(look: Look) -> None:
    """One where nothing listens, and one that takes no connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gone = listener.getsockname()[1]
    with full() as busy:
        for look.port, fault in ((gone, Fault.REFUSED), (busy, Fault.TIME_OUT)):
            found, connected = policies(look, 8, timeout=0.5)
            assert [ended(one) for one in found] == [(Step.CONNECT, fault)] * 8
            assert connected == ["127.0.0.1"]


def test_a_policy_server_has_one_deadline_for_all_domains(look: Look) -> None:
    """It is silent once it has heard a name: another one may fare better, until it has had its time."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        look.port = listener.getsockname()[1]
        found, connected = policies(look, 12, timeout=0.5)
    assert 1 < len(connected) <= 4
    assert [one.ended.fault for one in found if one.ended] == [Fault.TIME_OUT] * 12


@contextmanager
def full() -> Iterator[int]:
    """The port of a server that takes no more connections."""
    with ExitStack() as closing:
        listener = closing.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        for _ in range(4):
            waiting = closing.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        yield port
