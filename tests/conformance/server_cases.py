"""Servers of every kind (R15), asked for a good pair."""

import gzip
from collections.abc import Callable
from itertools import pairwise

from tests.conformance.case import Case, Change
from tests.conformance.world import COLD, WARM, Pair, World
from tests.personas import LIST
from tests.webserver import Answer, after, answer, drip, ending, endless, in_turn, ok, silence

_HTML = b"<!DOCTYPE html><title>Sign in</title>"
_CHUNKED = "Transfer-Encoding: chunked"
_MORE_HEAD = b"X-More: " + b"x" * 8000 + b"\r\n"


def _list(said: Answer | Callable[[World], Answer]) -> Change:
    """This for the list."""
    return lambda world: world.answers(data=said)  # type: ignore[arg-type]


def _asc(said: Answer) -> Change:
    return lambda world: world.answers(asc=said)


def _body(make: Callable[[bytes], Answer]) -> Change:
    """The good list, put in another way."""
    return lambda world: world.answers(data=make(world.offered.data))


def _elsewhere(*steps: str, status: str = "302 Found") -> Change:
    """Redirects, from one place to the next, the list in the last."""

    def change(world: World) -> None:
        places = ["/policy.json", *(step.replace("SELF", world.server.url) for step in steps)]
        for here, there in pairwise(places):
            path = here.removeprefix(world.server.url)
            world.server.answers[path] = answer(status, b"", f"Location: {there}", "Content-Length: 0")
        world.server.answers[places[-1].removeprefix(world.server.url)] = ok(world.offered.data)

    return change


def _loop(world: World) -> None:
    world.answers(answer("302 Found", b"", "Location: /policy.json", "Content-Length: 0"))


def _slow(said: Answer) -> Change:
    def change(world: World) -> None:
        world.settings.timeout = "1"
        world.answers(data=said)

    return change


def _slow_asc(world: World) -> None:
    world.settings.timeout = "1"
    world.answers(asc=silence(answer("200 OK", b"x", "Content-Length: 9")))


def _slow_in_all(world: World) -> None:
    """Each answer is in time, and both are not, even for the script: its clock has whole seconds only,
    and both ends of its time may be a second off."""
    world.settings.timeout = "3"
    world.answers(data=after(2.7, ok(world.offered.data)), asc=after(2.7, ok(world.offered.asc)))


def _torn_and_slow(world: World) -> None:
    world.settings.timeout = "3"
    world.answers(asc=in_turn(ok(b""), silence(answer("200 OK", b"x", "Content-Length: 9"))))


def _chunks(data: bytes) -> Answer:
    half = len(data) // 2
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (data[:half], data[half:]))
    return answer("200 OK", pieces + b"0\r\n\r\n", _CHUNKED)


def _publisher(times: int) -> Change:
    """T16: the list is the new one and the signature still the old one, for the first few fetches."""

    def change(world: World) -> None:
        other = world.pair(LIST.replace(b"mx.example.com", b"mx.example.org"))
        world.answers(asc=in_turn(*[ok(other.asc)] * times, ok(world.offered.asc)))

    return change


SERVERS = {
    "the length is unknown": Case(_body(lambda data: ending(answer("200 OK", data))), "installed"),
    "in chunks": Case(_body(_chunks), "installed"),
    "another reason phrase": Case(
        _body(lambda data: answer("200 Fine", data, f"Content-Length: {len(data)}")), "installed"
    ),
    "encoding identity": Case(_body(lambda data: ok(data, "Content-Encoding: identity")), "installed"),
    "after a 100": Case(_body(lambda data: b"HTTP/1.1 100 Continue\r\n\r\n" + ok(data)), "installed"),
    "more than was announced": Case(
        _body(lambda data: answer("200 OK", data + b"more", f"Content-Length: {len(data)}")), "installed"
    ),
    "just the largest size": Case(
        lambda world: setattr(world.settings, "max_size", str(len(LIST))), "installed"
    ),
    "T14 a byte too many": Case(
        lambda world: setattr(world.settings, "max_size", str(len(LIST) - 1)), "too_large", "j"
    ),
    "T14 endless": Case(_list(endless(answer("200 OK", b""))), "too_large", "j"),
    "T14 endless, and says how long": Case(
        _list(endless(answer("200 OK", b"", "Content-Length: 99999999999"))), "too_large", "j"
    ),
    "T14 endless in chunks": Case(
        _list(endless(answer("200 OK", b"fffffff\r\n", _CHUNKED))), "too_large", "j"
    ),
    "T14 endless signature": Case(_asc(endless(answer("200 OK", b""))), "too_large"),
    "T14 a signature of 65537 bytes": Case(
        lambda world: world.answers(asc=ok(world.offered.asc.ljust(65537, b"\n"))), "too_large"
    ),
    "a signature of 65536 bytes": Case(
        lambda world: world.serve(Pair(LIST, world.offered.asc.ljust(65536, b"\n"))), "installed"
    ),
    "T14 endless head": Case(_list(drip(b"HTTP/1.1 200 OK\r\n", _MORE_HEAD * 100)), "network", "j"),
    "R12 a body that drips": Case(
        _slow(drip(answer("200 OK", b"", "Content-Length: 9999"), b"x")), "network", "j"
    ),
    "R12 a body that drips, no length": Case(_slow(drip(answer("200 OK", b""), b"x")), "network", "j"),
    "R12 a head that drips": Case(_slow(drip(b"HTTP/1.1 200 OK\r\n", b"X-More: x\r\n")), "network", "j"),
    "R12 a status line that drips": Case(_slow(drip(b"HTTP/1.1 200 ", b"x")), "network", "j"),
    "R12 100 for ever": Case(_slow(drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n")), "network", "j"),
    "R12 trailers for ever": Case(
        _slow(drip(answer("200 OK", b"0\r\n", _CHUNKED), b"X-More: x\r\n")), "network", "j"
    ),
    "R12 silence": Case(_slow(silence()), "network", "j"),
    "R12 silence in the body": Case(
        _slow(silence(answer("200 OK", b"{", "Content-Length: 99"))), "network", "j"
    ),
    "R12 silence in the signature": Case(_slow_asc, "network"),
    "R12 each in time, together late": Case(_slow_in_all, "network", None),
    "T16 torn, then too slow": Case(_torn_and_slow, "malformed_signature", "jaja"),
    "T16 torn, then gone": Case(
        lambda world: world.answers(
            data=in_turn(ok(LIST + b" "), answer("503 Busy", b"", "Content-Length: 0"))
        ),
        "bad_signature",
        "jaj",
    ),
    "T16 torn, then too large": Case(
        lambda world: world.answers(asc=in_turn(ok(b""), ok(bytes(65537)))), "malformed_signature", "jaja"
    ),
    "R10 short": Case(
        _body(lambda data: answer("200 OK", data[:-9], f"Content-Length: {len(data)}")), "network", "j"
    ),
    "R10 short signature": Case(
        lambda world: world.answers(asc=answer("200 OK", world.offered.asc[:-9], "Content-Length: 999")),
        "network",
    ),
    "R10 cut off where only the end tells": Case(
        _body(lambda data: ending(answer("200 OK", data[:-9]))), "bad_signature", "jajaja"
    ),
    "R10 a signature cut off where only the end tells": Case(
        lambda world: world.answers(asc=ending(answer("200 OK", world.offered.asc[:-9]))),
        "malformed_signature",
        "jajaja",
    ),
    "R10 cut off in a chunk": Case(
        _body(lambda data: answer("200 OK", b"ffff\r\n" + data, _CHUNKED)), "network", "j"
    ),
    "R10 cut off after a chunk": Case(
        _body(lambda data: answer("200 OK", b"%x\r\n%s\r\n" % (len(data), data), _CHUNKED)), "network", "j"
    ),
    "R11 gzip": Case(_body(lambda data: ok(gzip.compress(data), "Content-Encoding: gzip")), "network", "j"),
    "R11 a bomb": Case(_list(ok(gzip.compress(bytes(10**6)), "Content-Encoding: gzip")), "network", "j"),
    "R11 gzip that is none": Case(_body(lambda data: ok(data, "Content-Encoding: gzip")), "network", "j"),
    "R11 gzip that is not said": Case(_body(lambda data: ok(gzip.compress(data))), "bad_signature", "jajaja"),
    "R15 two lengths": Case(
        _body(lambda data: answer("200 OK", data, f"Content-Length: {len(data)}", "Content-Length: 9")),
        "network",
        "j",
    ),
    "R15 two lengths, the right one last": Case(
        _body(lambda data: answer("200 OK", data, "Content-Length: 9", f"Content-Length: {len(data)}")),
        "network",
        "j",
    ),
    "R15 HTTP/0.9": Case(_body(lambda data: data), "network", "j"),
    "R15 no HTTP": Case(_list(b"220 mx.example.com ESMTP\r\n"), "network", "j"),
    "R15 nothing": Case(_list(b""), "network", "j"),
    "R15 not found": Case(
        _body(lambda data: answer("404 Not Found", data, "Content-Length: 2")), "network", "j"
    ),
    "R15 gone, with the list": Case(
        _body(lambda data: answer("410 Gone", data, f"Content-Length: {len(data)}")), "network", "j"
    ),
    "R15 server error": Case(_list(answer("500 Oops", b"", "Content-Length: 0")), "network", "j"),
    "R15 endless error": Case(_list(endless(answer("503 Busy", b""))), "network", "j"),
    "R15 created": Case(
        _body(lambda data: answer("201 Created", data, f"Content-Length: {len(data)}")), "network", "j"
    ),
    "R15 no content": Case(_list(answer("204 No Content", b"")), "network", "j"),
    "R15 a part": Case(
        _body(lambda data: answer("206 Partial Content", data, f"Content-Length: {len(data)}")),
        "network",
        "j",
    ),
    "R16 not modified, though nothing was asked": Case(
        _list(answer("304 Not Modified", b"", "Content-Length: 0")), "network", "j"
    ),
    "R16 signature not modified": Case(_asc(answer("304 Not Modified", b"", "Content-Length: 0")), "network"),
    "R15 no signature": Case(_asc(answer("404 Not Found", b"", "Content-Length: 0")), "network"),
    "R15 captive portal": Case(_list(ok(_HTML)), "bad_signature", "jajaja"),
    "R15 captive portal for both": Case(
        lambda world: world.answers(ok(_HTML), ok(_HTML)), "malformed_signature", "jajaja"
    ),
    "R13 elsewhere": Case(_elsewhere("/there.json"), "installed", "j?a"),
    "R13 elsewhere for good": Case(_elsewhere("/there.json", status="301 Moved"), "installed", "j?a"),
    "R13 elsewhere, by the whole URL": Case(_elsewhere("SELF/there.json"), "installed", "j?a"),
    "R13 three steps": Case(_elsewhere("/1", "/2", "/3"), "installed", "j???a"),
    "R13 four steps": Case(_elsewhere("/1", "/2", "/3", "/4"), "network", "j???"),
    "R13 a loop": Case(_loop, "network", "jjjj"),
    "R13 to http": Case(_elsewhere("http://127.0.0.1:9/policy.json"), "network", "j"),
    "R13 to ftp": Case(_elsewhere("ftp://127.0.0.1:9/policy.json"), "network", "j"),
    "R13 to a file": Case(_elsewhere("file:///etc/passwd"), "network", "j"),
    "R13 to nowhere": Case(_list(answer("302 Found", LIST, f"Content-Length: {len(LIST)}")), "network", "j"),
    "T16 publisher switches": Case(_publisher(1), "installed", "jaja"),
    "T16 publisher switches, slowly": Case(_publisher(2), "installed", "jajaja"),
    "T16 publisher leaves it so": Case(_publisher(3), "bad_signature", "jajaja"),
    "T16 signature not there in time": Case(
        lambda world: world.answers(asc=in_turn(ok(b""), ok(world.offered.asc))), "installed", "jaja"
    ),
}

ONCE = {name for name in SERVERS if name.startswith("R12") or "slow" in name}
"""They wait for a deadline, so that one start is enough for each."""

SERVERS |= {name: SERVERS[name].only(WARM if at % 2 else COLD) for at, name in enumerate(sorted(ONCE))}
