"""What a look at a domain's MTA-STS sees (H20-H22, H2, H3 and hostile servers)."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
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
from stpolicy.model.mta_sts import LARGEST
from stpolicy.model.observation import Dns, Fault, Step, StsObservation
from tests import webserver
from tests.checker.nameserver import Behaviour, NameServer, saying, serving, silent

DOMAIN, HOST, PATH = "example.org", "mta-sts.example.org", "/.well-known/mta-sts.txt"
POLICY = b"version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 86400\n"
PLAIN = "Content-Type: text/plain"


@pytest.fixture
def server(authority: Path) -> Iterator[webserver.Server]:
    with webserver.serving(authority / "good.pem") as server:
        yield server


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
        return asyncio.run(self._run(domain, timeout))

    async def _run(self, domain: str, timeout: float) -> StsObservation:
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


@pytest.fixture
def look(authority: Path, server: webserver.Server) -> Look:
    return Look(authority, server)


def ended(seen: StsObservation) -> tuple[Step, Fault]:
    assert seen.ended is not None
    assert seen.body == b""
    return seen.ended.step, seen.ended.fault


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    joined = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return webserver.answer("200 OK", joined + b"0\r\n\r\n", "Transfer-Encoding: chunked", PLAIN)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(webserver.ok(POLICY, PLAIN), id="length"),
        pytest.param(chunked(POLICY, 7), id="chunked"),
        pytest.param(webserver.ending(webserver.answer("200 OK", POLICY, PLAIN)), id="to the end"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\n\r\n" + webserver.ok(POLICY, PLAIN), id="hints before"),
        pytest.param(webserver.silence(webserver.ok(POLICY, PLAIN)), id="kept open"),
    ],
)
def test_a_policy_is_fetched(look: Look, said: webserver.Answer) -> None:
    seen = look(said)
    assert seen == StsObservation(seen.record, 200, "text/plain", POLICY)
    assert seen.record.values == ("v=STSv1; id=1;",)


def test_the_request_is_for_the_host_and_takes_no_encoding(look: Look) -> None:
    look(webserver.ok(POLICY))
    (request,) = look.server.requests
    assert request.startswith(f"GET {PATH} HTTP/1.1\r\n")
    assert f"\r\nHost: {HOST}:{look.port}\r\n" in request
    assert "\r\nAccept-Encoding: identity\r\n" in request


def test_an_internationalised_domain_is_asked_for_by_its_a_labels(look: Look) -> None:
    seen = look(domain="STRAßE.de")
    assert seen.record.how is Dns.NXDOMAIN
    assert look.asked == [("_mta-sts.xn--strae-oqa.de", "TXT")]


@pytest.mark.parametrize(
    "records", [["v=STSv10; id=1"], ["v=STSv1; id=1", "v=STSv1; id=2"], ["v=STSv1"], ["x"]]
)
def test_h27_without_one_right_record_nothing_is_fetched(look: Look, records: list[str]) -> None:
    look.records = records
    seen = look(webserver.ok(POLICY))
    assert seen == StsObservation(seen.record)
    assert not look.server.requests
    assert look.asked == [(f"_mta-sts.{DOMAIN}", "TXT")]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_h20_a_redirect_is_not_followed(look: Look, status: str) -> None:
    look.server.answers["/elsewhere"] = webserver.ok(POLICY)
    seen = look(webserver.answer(status, b"", "Location: /elsewhere", "Content-Length: 0"))
    assert (seen.status, seen.body, seen.ended) == (int(status[:3]), b"", None)
    assert len(look.server.requests) == 1


def test_the_body_of_another_status_is_not_read(look: Look) -> None:
    seen = look(webserver.endless(webserver.answer("404 Not Found", b"")))
    assert (seen.status, seen.body, seen.ended) == (404, b"", None)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(webserver.ok(b"x" * (LARGEST + 2)), id="length"),
        pytest.param(webserver.endless(webserver.answer("200 OK", b"")), id="endless"),
        pytest.param(chunked(b"x" * (LARGEST + 2), 16), id="small chunks"),
    ],
)
def test_h21_of_a_huge_body_one_byte_more_is_read_than_a_policy_has(
    look: Look, said: webserver.Answer
) -> None:
    seen = look(said)
    assert (len(seen.body), seen.ended) == (LARGEST + 1, None)


def test_h21_the_largest_policy_is_read_whole(look: Look) -> None:
    assert len(look(webserver.ok(b"x" * LARGEST)).body) == LARGEST


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(webserver.drip(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n"), id="head"),
        pytest.param(webserver.drip(b"", b"H"), id="status line"),
        pytest.param(webserver.drip(webserver.answer("200 OK", b""), b"x"), id="body"),
        pytest.param(
            webserver.drip(b"HTTP/1.1 103 Hints\r\n\r\n", b"HTTP/1.1 103 Hints\r\n\r\n"), id="hints"
        ),
        pytest.param(webserver.silence(), id="silence"),
        pytest.param(webserver.silence(webserver.answer("200 OK", POLICY, "Content-Length: 999")), id="half"),
    ],
)
def test_h21_a_slow_answer_ends_at_the_deadline(look: Look, said: webserver.Answer) -> None:
    assert ended(look(said, timeout=2)) == (Step.REQUEST, Fault.TIME_OUT)


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        pytest.param(webserver.answer("200 OK", POLICY, PLAIN), Fault.CLOSED, id="cut without close_notify"),
        pytest.param(
            webserver.answer("200 OK", POLICY, "Content-Length: 999"), Fault.CLOSED, id="shorter than told"
        ),
        pytest.param(chunked(POLICY, 7)[:-5], Fault.CLOSED, id="without the last chunk"),
        pytest.param(b"", Fault.CLOSED, id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: ", Fault.CLOSED, id="half a head"),
        pytest.param(b"220 mx.example.org ESMTP\r\n\r\n", Fault.NOT_SMTP, id="SMTP"),
        pytest.param(b"\0\x1b[2J" * 99 + b"\r\n\r\n", Fault.NOT_SMTP, id="garbage"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b\0c\r\n\r\n", Fault.NOT_SMTP, id="NUL"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            Fault.NOT_SMTP,
            id="two lengths",
        ),
        pytest.param(
            webserver.answer("200 OK", b"", "Transfer-Encoding: gzip, chunked"),
            Fault.NOT_SMTP,
            id="transfer encoding",
        ),
        pytest.param(webserver.endless(b"HTTP/1.1 200 OK\r\nA: "), Fault.OVERSIZED, id="endless line"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 9999, Fault.OVERSIZED, id="endless head"),
        pytest.param(b"HTTP/1.1 103 Hints\r\n\r\n" * 9999, Fault.OVERSIZED, id="endless hints"),
        pytest.param(
            webserver.answer("200 OK", b"1;" + b"x" * 99999, "Transfer-Encoding: chunked"),
            Fault.OVERSIZED,
            id="extension",
        ),
    ],
)
def test_an_answer_that_is_none_is_told_as_what_it_is(
    look: Look, said: webserver.Answer, fault: Fault
) -> None:
    assert ended(look(said)) == (Step.REQUEST, fault)


def test_h22_the_content_type_stands_as_it_came_but_printable(look: Look) -> None:
    seen = look(webserver.ok(POLICY, "Content-Type: text/\x80html; charset=UTF-7"))
    assert seen.content_type == "text/\\xc2\\x80html; charset=UTF-7"


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
            seen = await look._run(DOMAIN, 30)
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
