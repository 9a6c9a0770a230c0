"""A list's URL to its bytes, from servers of every kind."""

import gc
import gzip
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stpolicy import fetch
from stpolicy.errors import Misuse, StpolicyError
from stpolicy.fetch import Source
from tests import webserver
from tests.webserver import Answer, Server, answer, drip, endless, ok

pytestmark = pytest.mark.usefixtures("room")
"""No proxy, no netrc: see the tests that set them."""

BODY = b'{"hello": 1}'


@pytest.fixture
def plain() -> Iterator[Server]:
    """A server without TLS."""
    with webserver.serving() as running:
        yield running


def _get(server: Server, authority: Path, said: Answer, largest: int = 1000, deadline: float = 30) -> bytes:
    server.answers["/x"] = said
    return fetch.get(f"{server.url}/x", largest=largest, ca_file=authority / "ca.pem", deadline=deadline)


def test_a_pair(server: Server, authority: Path) -> None:
    server.answers |= {"/policy.json": ok(BODY), "/policy.json.asc": ok(b"signature")}
    url = f"{server.url}/policy.json"
    ca = authority / "ca.pem"
    pair = fetch.pair(Source(url, 99, 9, ca))
    assert (pair.data, pair.signature) == (BODY, b"signature")
    assert len(server.requests) == 2
    for head in server.requests:
        assert "accept-encoding: identity\r\n" in head.lower()
        assert "authorization" not in head.lower()
        assert "cookie" not in head.lower()


def test_t14_each_of_the_pair_has_its_own_limit(server: Server, authority: Path) -> None:
    server.answers |= {"/policy.json": ok(BODY), "/policy.json.asc": ok(b"signature!")}
    url, ca = f"{server.url}/policy.json", authority / "ca.pem"
    with pytest.raises(StpolicyError, match=r"\.asc sends more than 9 bytes"):
        fetch.pair(Source(url, 99, 9, ca))


GOOD: dict[str, Answer] = {
    "with a length": ok(BODY),
    "up to the end": answer("200 OK", BODY),
    "in chunks": answer("200 OK", b"c\r\n" + BODY + b"\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
    "another reason": answer("200 Fine", BODY, "Content-Length: 12"),
    "encoding identity": ok(BODY, "Content-Encoding: identity"),
    "after a 100": b"HTTP/1.1 100 Continue\r\n\r\n" + ok(BODY),
    "HTTP/1.0": answer("200 OK", BODY).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "a length that is too small": answer("200 OK", BODY + b"more", "Content-Length: 12"),
}


@pytest.mark.parametrize("name", GOOD)
def test_answers_that_are_taken(name: str, server: Server, authority: Path) -> None:
    assert _get(server, authority, GOOD[name], largest=len(BODY)) == BODY


CHUNKED = "Transfer-Encoding: chunked"
BAD: dict[str, Answer] = {
    "not found": answer("404 Not Found", BODY, "Content-Length: 12"),
    "server error": answer("500 Oops", BODY),
    "r13 moved": answer("301 Moved", b"", "Location: /y", "Content-Length: 0"),
    "r13 found": answer("302 Found", BODY, "Location: /y", "Content-Length: 12"),
    "r13 found elsewhere": answer("307 Found", BODY, "Location: http://127.0.0.1/y", "Content-Length: 12"),
    "no content": answer("204 No Content", b""),
    "part of it": answer("206 Partial", BODY, "Content-Length: 12"),
    "not modified": answer("304 Not Modified", b""),
    "t14 too large, and says so": ok(b"x" * 1001),
    "t14 too large, up to the end": answer("200 OK", b"x" * 1001),
    "t14 too large, in chunks": answer("200 OK", b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n", CHUNKED),
    "t14 endless": endless(answer("200 OK", b"")),
    "r10 a length that is too large": answer("200 OK", BODY, "Content-Length: 13"),
    "r10 cut off in a chunk": answer("200 OK", b"ff\r\n" + BODY, CHUNKED),
    "r10 cut off after a chunk": answer("200 OK", b"c\r\n" + BODY + b"\r\n", CHUNKED),
    "no chunk": answer("200 OK", b"zz\r\n" + BODY, CHUNKED),
    "no length at all": answer("200 OK", BODY, "Content-Length: twelve"),
    "r11 gzip": ok(b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "Content-Encoding: gzip"),
    "r11 gzip without a length": answer("200 OK", gzip.compress(BODY), "Content-Encoding: gzip"),
    "r11 gzip that is none": ok(BODY, "Content-Encoding: gzip"),
    "r11 two encodings": ok(BODY, "Content-Encoding: identity, gzip"),
    "nothing": b"",
    "no HTTP": b"220 mx.example.com ESMTP\r\n",
    "too many headers": answer("200 OK", BODY, *(f"X-{number}: x" for number in range(300))),
    "a header that is too long": answer("200 OK", BODY, f"X-Long: {'x' * 70000}"),
}


@pytest.mark.parametrize("name", BAD)
def test_answers_that_are_refused(name: str, server: Server, authority: Path) -> None:
    server.answers["/y"] = ok(BODY)
    with pytest.raises(StpolicyError, match="127"):
        _get(server, authority, BAD[name])
    assert len(server.requests) == 1, "nothing was followed"


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_r10_two_lengths(server: Server, authority: Path) -> None:
    """urllib3 leaves the connection to the garbage collector, which warns of it."""
    with pytest.raises(StpolicyError, match="127"):
        _get(server, authority, answer("200 OK", BODY, "Content-Length: 12", "Content-Length: 13"))
    gc.collect()


SLOW: dict[str, Answer] = {
    "r12 a body that drips": drip(answer("200 OK", b"", "Content-Length: 900"), b"x"),
    "r12 a head that drips": drip(b"HTTP/1.1 200 OK\r\n", b"X-More: x\r\n"),
    "r12 a status line that drips": drip(b"HTTP/1.1 200 ", b"x"),
    "r12 100 for ever": drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "r12 trailers for ever": drip(answer("200 OK", b"0\r\n", CHUNKED), b"X-More: x\r\n"),
    "r12 silence": drip(b"", b""),
}


@pytest.mark.parametrize("name", SLOW)
def test_answers_that_outlast_the_deadline(name: str, server: Server, authority: Path) -> None:
    with pytest.raises(StpolicyError, match="did not answer within"):
        _get(server, authority, SLOW[name], deadline=0.4)


def test_r12_a_handshake_that_never_comes(plain: Server, authority: Path) -> None:
    """The server waits for a request; the client waits for its side of the handshake."""
    url = plain.url.replace("http:", "https:")
    with pytest.raises(StpolicyError):
        fetch.get(url, largest=9, ca_file=authority / "ca.pem", deadline=0.4)


def test_nobody_listens(server: Server, authority: Path) -> None:
    server.close()
    with pytest.raises(StpolicyError, match="refused"):
        _get(server, authority, ok(BODY))


@pytest.mark.parametrize(
    ("certificate", "trusted"), [("good", "another"), ("other", "ca"), ("another", "ca")]
)
def test_r14_certificates_that_are_not_good(certificate: str, trusted: str, authority: Path) -> None:
    with webserver.serving(
        authority / f"{certificate}.pem" if certificate != "another" else _stranger(authority)
    ) as server:
        server.answers["/x"] = ok(BODY)
        with pytest.raises(StpolicyError, match="certificate"):
            fetch.get(f"{server.url}/x", largest=99, ca_file=authority / f"{trusted}.pem")
        assert server.requests == []


def _stranger(authority: Path) -> Path:
    both = authority / "stranger.pem"
    both.write_bytes((authority / "another.pem").read_bytes() + (authority / "another.key").read_bytes())
    return both


def test_r14_without_a_file_of_roots_mozillas_decide(server: Server) -> None:
    with pytest.raises(StpolicyError, match="certificate"):
        fetch.get(f"{server.url}/x", largest=99, ca_file=None)


def test_r14_the_environment_does_not_say_whom_to_trust(
    server: Server, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = Path.home() / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(authority / "ca.pem"))
    assert _get(server, authority, ok(BODY)) == BODY
    assert "authorization" not in server.requests[0].lower()
    with pytest.raises(StpolicyError, match="certificate"):
        fetch.get(f"{server.url}/x", largest=99, ca_file=None)


def test_a_proxy_of_the_environment_is_asked(
    server: Server, plain: Server, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.answers[f"127.0.0.1:{server.port}"] = answer("502 No Way", b"")
    monkeypatch.setenv("https_proxy", plain.url)
    with pytest.raises(StpolicyError, match="502"):
        _get(server, authority, ok(BODY))
    assert plain.requests[0].startswith("CONNECT ")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert _get(server, authority, ok(BODY)) == BODY


REDIRECTED: dict[str, Answer] = {
    "moved": answer("301 Moved", b"", "Location: /y.json", "Content-Length: 0"),
    "found": answer("302 Found", BODY, "Location: y.json"),
    "r13 a loop": answer("302 Found", b"", "Location: /l.json"),
    "r13 to http": answer("307 Found", b"", "Location: http://127.0.0.1/y.json"),
    "r13 to ftp": answer("307 Found", b"", "Location: ftp://127.0.0.1/y.json"),
    "r13 to a file": answer("307 Found", b"", "Location: file:///etc/passwd"),
    "r13 nowhere": answer("302 Found", b"", "Location: https://:1/"),
}


@pytest.mark.parametrize("name", REDIRECTED)
def test_redirects_of_a_list(name: str, server: Server, authority: Path) -> None:
    server.answers |= {"/l.json": REDIRECTED[name], "/y.json": ok(BODY), "/l.json.asc": ok(b"s")}
    source = Source(f"{server.url}/l.json", 99, 9, authority / "ca.pem")
    if not name.startswith("r13"):
        assert fetch.pair(source).data == BODY
        return
    with pytest.raises(StpolicyError):
        fetch.pair(source)
    assert len(server.requests) == (4 if "loop" in name else 1)


def test_http_on_the_loopback_interface(plain: Server) -> None:
    plain.answers |= {"/l.json": ok(BODY), "/l.json.asc": ok(b"s")}
    with pytest.raises(Misuse):
        fetch.pair(Source(f"{plain.url}/l.json", 99, 9))
    assert plain.requests == []
    pair = fetch.pair(Source(f"{plain.url}/l.json", 99, 9, allow_http=True))
    assert (pair.data, pair.signature) == (BODY, b"s")


def test_no_thread_is_left_after_an_answer(server: Server, authority: Path) -> None:
    before = {thread for thread in threading.enumerate() if thread.name.endswith("(work)")}
    assert _get(server, authority, ok(BODY)) == BODY
    assert {thread for thread in threading.enumerate() if thread.name.endswith("(work)")} == before
