"""A look at one mail server that means well, or has no TLS, or says no."""

import asyncio
import errno
import os
import socket
from pathlib import Path
from typing import NoReturn

import pytest

from stpolicy.checker.certificates import Certificates
from stpolicy.checker.smtp import Manner, look
from stpolicy.checker.tls import Client
from stpolicy.model.observation import Fault, Reply, Session, Step, Unreachable
from tests.checker.authority import HOST, Party
from tests.checker.peer import ENOUGH, Script, Wire, meet, server, serving


def says(*replies: str) -> Script:
    """A server that greets with the first reply, and answers each command with the next."""

    async def script(wire: Wire) -> None:
        await wire.say(*replies[0].split("\n"))
        for reply in replies[1:]:
            await wire.answer(*reply.split("\n"))

    return script


def at(address: str, port: int, client: Client) -> Session:
    return asyncio.run(look(HOST, address, Manner("probe.example.net", port, ENOUGH), client))


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_healthy_server_is_seen_whole(address: str, client: Client, good: Party, tmp_path: Path) -> None:
    context = server(tmp_path, good)

    async def script(wire: Wire) -> None:
        await wire.to_tls(context)
        await wire.answer("250-mx.example.com", "250 SIZE 1000")

    met = meet(script, client, address=address)
    seen = met.session
    assert seen.ended is None
    assert seen.banner == Reply(220, ("mx.example.com ESMTP",))
    assert seen.ehlo == Reply(250, ("mx.example.com", "STARTTLS"))
    assert seen.starttls == Reply(220, ("go ahead",))
    assert seen.secure == Reply(250, ("mx.example.com", "SIZE 1000"))
    assert not seen.injected
    assert seen.tls is not None
    assert (seen.tls.version, seen.tls.faults) == ("TLSv1.3", ())
    assert [one.common_name for one in seen.tls.chain] == ["mx.example.com"]
    assert met.heard == ["EHLO probe.example.net", "STARTTLS", "EHLO probe.example.net", "QUIT"]


def test_a_greeting_of_many_lines_is_awaited(client: Client) -> None:
    async def script(wire: Wire) -> None:
        await wire.say("220-one moment")
        await asyncio.sleep(0)
        await wire.say("220-please", "220 mx.example.com")
        await wire.answer("250 hello")

    met = meet(script, client)
    assert met.session.banner == Reply(220, ("one moment", "please", "mx.example.com"))
    assert met.heard == ["EHLO probe.example.net", "QUIT"]


def test_no_starttls_is_no_fault_of_the_look(client: Client) -> None:
    met = meet(says("220 hello", "250-mx.example.com\n250-XXXXXXXA\n250 SIZE"), client)
    assert (met.session.ended, met.session.tls, met.session.starttls) == (None, None, None)
    assert met.session.ehlo == Reply(250, ("mx.example.com", "XXXXXXXA", "SIZE"))
    assert met.heard[-1] == "QUIT"


def test_helo_is_tried_where_ehlo_is_refused(client: Client) -> None:
    met = meet(says("220 hello", "502 no such command", "250 mx.example.com"), client)
    assert met.session == Session(
        banner=Reply(220, ("hello",)),
        ehlo=Reply(502, ("no such command",)),
        helo=Reply(250, ("mx.example.com",)),
    )
    assert met.heard == ["EHLO probe.example.net", "HELO probe.example.net", "QUIT"]


def test_what_a_refusal_of_ehlo_offers_is_not_taken(client: Client) -> None:
    met = meet(says("220 hello", "502-no\n502 STARTTLS", "250 mx.example.com"), client)
    assert met.session.ended is None
    assert met.heard == ["EHLO probe.example.net", "HELO probe.example.net", "QUIT"]


@pytest.mark.parametrize(
    ("replies", "step", "code", "transient"),
    [
        (["421 too busy"], Step.BANNER, 421, True),
        (["554 go away"], Step.BANNER, 554, False),
        (["220 hello", "450 greylisted"], Step.EHLO, 450, True),
        (["220 hello", "550 who are you", "550 who are you"], Step.EHLO, 550, False),
        (["220 hello", "502 no", "421 enough"], Step.EHLO, 421, True),
        (["220 hello", "250-hi\n250 STARTTLS", "454 not now"], Step.STARTTLS, 454, True),
        (["220 hello", "250-hi\n250 STARTTLS", "502 not here"], Step.STARTTLS, 502, False),
    ],
)
def test_a_negative_reply_ends_the_look(  # H13
    replies: list[str], step: Step, code: int, transient: bool, client: Client
) -> None:
    met = meet(says(*replies), client)
    ended = met.session.ended
    assert ended is not None
    assert (ended.step, ended.fault, ended.code, ended.transient) == (step, Fault.REPLY, code, transient)
    assert ended.message == replies[-1]
    assert met.heard[-1] == "QUIT"


@pytest.mark.parametrize("step", [Step.BANNER, Step.EHLO, Step.STARTTLS, Step.HANDSHAKE])
@pytest.mark.parametrize("how", ["closed", "reset"])
def test_a_server_that_hangs_up(step: Step, how: str, client: Client) -> None:
    async def script(wire: Wire) -> None:
        if step is not Step.BANNER:
            await wire.say("220 hello")
            await wire.hear()
        if step in (Step.STARTTLS, Step.HANDSHAKE):
            await wire.say("250-hello", "250 STARTTLS")
            await wire.hear()
        if step is Step.HANDSHAKE:
            await wire.say("220 go")
            await wire.reader.read(65536)
        wire.hang_up() if how == "closed" else wire.reset()

    ended = meet(script, client).session.ended
    assert ended is not None
    assert (ended.step, ended.fault) == (step, Fault.CLOSED)


@pytest.mark.parametrize("how", ["in order", "within TLS", "reset"])
def test_a_server_that_hangs_up_within_tls(how: str, client: Client, good: Party, tmp_path: Path) -> None:
    context = server(tmp_path, good)

    async def script(wire: Wire) -> None:
        await wire.to_tls(context)
        await wire.hear()
        if how == "within TLS":
            wire.hang_up()
        elif how == "in order":
            wire.writer.transport.abort()
        else:
            wire.reset()

    seen = meet(script, client).session
    assert seen.tls is not None
    assert seen.ended is not None
    assert (seen.ended.step, seen.ended.fault, seen.ended.transient) == (Step.SECURE, Fault.CLOSED, True)


def test_a_certificate_that_nobody_can_read(
    client: Client, good: Party, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Certificates, der: bytes) -> NoReturn:
        raise ValueError("error parsing \x1b[31m")

    context = server(tmp_path, good)
    monkeypatch.setattr(Certificates, "read", refuse)
    ended = meet(lambda wire: wire.to_tls(context), client).session.ended
    message = r"unreadable certificate: error parsing \x1b[31m"
    assert ended == Unreachable(Step.HANDSHAKE, Fault.TLS, message)


def test_a_refused_connection(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as there:
        port = there.getsockname()[1]
    assert at("127.0.0.1", port, client).ended == Unreachable(
        Step.CONNECT, Fault.REFUSED, "Connection refused"
    )


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (errno.ECONNREFUSED, Fault.REFUSED),
        (errno.ENETUNREACH, Fault.NO_ROUTE),
        (errno.EHOSTUNREACH, Fault.NO_ROUTE),
        (errno.ETIMEDOUT, Fault.TIME_OUT),
        (errno.ECONNRESET, Fault.CLOSED),
        (errno.EMFILE, Fault.OURS),
        (errno.ENFILE, Fault.OURS),
        (errno.EAFNOSUPPORT, Fault.OURS),
        (errno.EADDRNOTAVAIL, Fault.OURS),
        (errno.EPERM, Fault.OURS),
    ],
)
def test_errors_of_the_system(
    number: int, fault: Fault, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(self: asyncio.AbstractEventLoop, *arguments: object) -> None:
        raise OSError(number, "as asyncio words it")

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", fails)
    assert at("127.0.0.1", 25, client).ended == Unreachable(Step.CONNECT, fault, os.strerror(number))


def test_a_look_that_is_given_up_leaves_no_connection(client: Client) -> None:
    async def script(wire: Wire) -> None:
        begun.set()
        await wire.reader.read(1)
        gone.set()

    async def run() -> None:
        async with serving(script) as there:
            task = asyncio.create_task(look(HOST, "127.0.0.1", Manner("me", there.port), client))
            await asyncio.wait_for(begun.wait(), ENOUGH)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(gone.wait(), ENOUGH)

    begun, gone = asyncio.Event(), asyncio.Event()
    asyncio.run(run())
