"""One policy file over HTTPS, from one address (RFC 8461 section 3.3): bounded in time and in size."""

import asyncio
import socket
import ssl
from typing import Final

import h11

from stpolicy.checker.faults import fault
from stpolicy.model import mta_sts
from stpolicy.model.observation import Fault, Step, Unreachable

MOST: Final = 128 * 1024
"""Bytes that are read from a server; a policy of the largest size, in small chunks, has room in it."""

HEAD: Final = 16 * 1024
"""Bytes that the head of an answer may have; also what is read at a time."""


class Ended(Exception):
    """There is no policy to be had; `why` says where it ended."""

    def __init__(self, why: Unreachable) -> None:
        super().__init__(why.message)
        self.why = why


class Fetch:
    """One policy being fetched; what was seen of the answer so far, and the seconds that are `left`."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, timeout: float) -> None:
        self.status, self.content_type, self.body = 0, "", bytearray()
        self.left = timeout
        self._host, self._port, self._context = host, port, context
        self._step, self._hung_up = Step.CONNECT, False

    async def at(self, address: str, share: float, timeout: float) -> None:
        """Fetches from an address, which has a share of the time to take a connection; else Ended."""
        try:
            async with asyncio.timeout(timeout):
                async with asyncio.timeout(share):
                    connection = await _connected(address, self._port)
                await self._secured(connection)
        except TimeoutError:
            raise self._ended(Fault.TIME_OUT, f"not done within {min(share, timeout):.3g} s") from None
        except ssl.CertificateError as wrong:
            raise self._ended(Fault.TLS, wrong.verify_message or str(wrong)) from wrong
        except ssl.SSLError as wrong:
            raise self._ended(Fault.TLS, wrong.reason or str(wrong)) from wrong
        except OSError as wrong:
            raise self._ended(*_fault(wrong)) from wrong
        except h11.RemoteProtocolError as wrong:
            strange = Fault.OVERSIZED if wrong.error_status_hint == 431 else Fault.NOT_SMTP
            raise self._ended(Fault.CLOSED if self._hung_up else strange, str(wrong)) from wrong

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

    def _ended(self, fault: Fault, message: str) -> Ended:
        return Ended(Unreachable(self._step, fault, message[:512]))


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
