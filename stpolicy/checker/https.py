"""The MTA-STS of a domain: its record, and the policy file over HTTPS (RFC 8461 section 3)."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

import certifi
import h11

from stpolicy.checker.dns import Resolver, is_global
from stpolicy.checker.faults import fault
from stpolicy.checker.turns import Turns
from stpolicy.errors import Misuse
from stpolicy.model import mta_sts
from stpolicy.model.names import canonical
from stpolicy.model.observation import Fault, Records, Step, StsObservation, Unreachable

MOST: Final = 128 * 1024
"""Bytes that are read from a server; a policy of the largest size, in small chunks, has room in it."""

HEAD: Final = 16 * 1024
"""Bytes that the head of an answer may have; also what is read at a time."""


class _Ended(Exception):
    def __init__(self, step: Step, fault: Fault, message: str) -> None:
        super().__init__(message)
        self.why = Unreachable(step, fault, message[:512])


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Whom to trust: the authorities of a PEM file, or Mozilla's. One for a run, since it takes long to make.

    Names count only as dNSName, not as CN (RFC 8461 section 3.3). Misuse for a file without certificates.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.hostname_checks_common_name = False
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        context.load_verify_locations(ca_file or certifi.where())
    except (ssl.SSLError, OSError) as wrong:
        raise Misuse(f"{ca_file} holds no certificates in PEM") from wrong
    return context


async def look(
    domain: str,
    resolver: Resolver,
    *,
    context: ssl.SSLContext,
    port: int = 443,
    timeout: float = 60,
    allow_private: bool = False,
    families: Sequence[Literal["A", "AAAA"]] = ("A", "AAAA"),
    turns: Turns | None = None,
) -> StsObservation:
    """The record of a domain, and where it is a right one, what https://mta-sts.DOMAIN/ answers.

    Only addresses of the global internet are connected to, unless `allow_private`, and only literally: no
    name is looked up twice. Redirects are not followed. `timeout` is in seconds, for all but DNS and for
    waiting in `turns`. Whatever a server does stands in `ended`; nothing is raised.
    """
    name = canonical(domain)
    record = await resolver.records(f"_mta-sts.{name}", "TXT")
    try:
        mta_sts.record(record.values)
    except ValueError:
        return StsObservation(record)
    host = f"mta-sts.{name}"
    found = await asyncio.gather(*(resolver.records(host, family) for family in families))
    fetch = _Fetch(host, port, context)
    try:
        addresses = _dialled(host, found, allow_private=allow_private)
        async with (turns or Turns(1, 1, 0)).at(addresses[0]) as slots, slots:
            await fetch.within(timeout, addresses)
    except _Ended as wrong:
        return StsObservation(record, fetch.status, fetch.content_type, ended=wrong.why)
    return StsObservation(record, fetch.status, fetch.content_type, bytes(fetch.body))


def _dialled(host: str, found: Sequence[Records], *, allow_private: bool) -> list[str]:
    """The addresses that may be connected to; _Ended where there are none."""
    addresses = [address for one in found for address in one.values]
    usable = [address for address in addresses if allow_private or is_global(address)][:4]
    if usable:
        return usable
    if addresses:
        told = f"{host} has the address {addresses[0]}, which is not of the internet"
        raise _Ended(Step.CONNECT, Fault.NOT_GLOBAL, told)
    for one in found:
        if not one.how.known:
            raise _Ended(
                Step.CONNECT, Fault.TIME_OUT, f"no answer for {host} from DNS: {one.message or one.how}"
            )
    raise _Ended(Step.CONNECT, Fault.NO_ROUTE, f"{host} has no address")


class _Fetch:
    """One policy being fetched; what was seen of the answer so far."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext) -> None:
        self.status, self.content_type, self.body = 0, "", bytearray()
        self._host, self._port, self._context = host, port, context
        self._step, self._hung_up = Step.CONNECT, False

    async def within(self, timeout: float, addresses: Sequence[str]) -> None:
        """Fetches from the first address that takes a connection; _Ended says why from none."""
        try:
            async with asyncio.timeout(timeout):
                connection = await self._first(addresses, timeout)
                await self._secured(connection)
        except TimeoutError:
            raise self._ended(Fault.TIME_OUT, f"not done within {timeout:g} s") from None
        except ssl.CertificateError as wrong:
            raise self._ended(Fault.TLS, wrong.verify_message or str(wrong)) from wrong
        except ssl.SSLError as wrong:
            raise self._ended(Fault.TLS, wrong.reason or str(wrong)) from wrong
        except OSError as wrong:
            raise self._ended(*_fault(wrong)) from wrong
        except h11.RemoteProtocolError as wrong:
            strange = Fault.OVERSIZED if wrong.error_status_hint == 431 else Fault.NOT_SMTP
            raise self._ended(Fault.CLOSED if self._hung_up else strange, str(wrong)) from wrong

    async def _first(self, addresses: Sequence[str], timeout: float) -> socket.socket:
        """A connection to one of the addresses; each has its share of the time."""
        for address in addresses[:-1]:
            try:
                async with asyncio.timeout(timeout / len(addresses)):
                    return await _connected(address, self._port)
            except OSError:
                continue
        return await _connected(addresses[-1], self._port)

    async def _secured(self, connection: socket.socket) -> None:
        self._step = Step.HANDSHAKE
        # TLS from the first byte on: what comes ahead of it in clear never reaches the reader.
        reader, writer = await asyncio.open_connection(
            sock=connection, ssl=self._context, server_hostname=self._host, limit=HEAD
        )
        try:
            self._step = Step.REQUEST
            await self._exchange(reader, writer)
        finally:
            writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD)
        writer.write(self._request(client))
        received = 0
        while not self._done(event := client.next_event()):
            if event is h11.NEED_DATA:
                data = await reader.read(HEAD)
                self._hung_up, received = not data, received + len(data)
                if received > MOST:
                    raise self._ended(Fault.OVERSIZED, f"more than {MOST} bytes")
                if self._hung_up and not self.status:
                    raise self._ended(Fault.CLOSED, "the server hung up without an answer")
                client.receive_data(data)
        if isinstance(event, h11.EndOfMessage) and self._hung_up and not _is_whole(writer):
            raise self._ended(Fault.CLOSED, "the connection was cut")

    def _request(self, client: h11.Connection) -> bytes:
        headers = [
            ("Host", self._host if self._port == 443 else f"{self._host}:{self._port}"),
            ("User-Agent", "stpolicy"),
            ("Accept-Encoding", "identity"),
            ("Connection", "close"),
        ]
        asked = h11.Request(method="GET", target="/.well-known/mta-sts.txt", headers=headers)
        return (client.send(asked) or b"") + (client.send(h11.EndOfMessage()) or b"")

    def _done(self, event: object) -> bool:
        """Takes in a piece of the answer; whether it was all that matters."""
        match event:
            case h11.Response():
                self.status = event.status_code
                kinds = [value for name, value in event.headers if name == b"content-type"]
                self.content_type = b"".join(kinds[:1]).decode("ascii", "backslashreplace")[:256]
                return self.status != 200
            case h11.Data():
                self.body += event.data
                del self.body[mta_sts.LARGEST + 1 :]
                return len(self.body) > mta_sts.LARGEST
            case _:
                return isinstance(event, h11.EndOfMessage | h11.ConnectionClosed)

    def _ended(self, fault: Fault, message: str) -> _Ended:
        return _Ended(self._step, fault, message)


async def _connected(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (address, port))
    except BaseException:
        connection.close()
        raise
    return connection


def _is_whole(writer: asyncio.StreamWriter) -> bool:
    """Whether the end was said within TLS: else somebody may have cut it (RFC 9112 section 9.8)."""
    try:
        return not writer.get_extra_info("ssl_object").read(1)
    except ssl.SSLZeroReturnError:
        return True
    except ssl.SSLError:
        return False


def _fault(wrong: OSError) -> tuple[Fault, str]:
    """Whose fault an error of the system is: what is not the peer's or the way's, is ours."""
    if isinstance(wrong, ConnectionError) and not wrong.errno:
        return Fault.CLOSED, str(wrong) or "the server hung up"
    return fault(wrong)
