"""A list's URL to bytes: bounded in size and time, https only, conditional where something is known."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin

from stpolicy.errors import Misuse, StpolicyError
from stpolicy.model.url import check_url, parts

if TYPE_CHECKING:
    import requests

DEADLINE = 300.0
"""Seconds for everything that is fetched from one server, whatever it does."""

LIST, KEYS = "policy.json", "trusted.asc"
"""How what is published is called, below one base URL."""

MOST_REDIRECTS = 3
_STALL = 30
_SETTLED = timedelta(seconds=60)
_T = TypeVar("_T")


class Unreachable(StpolicyError):
    """A server does not give what it was asked for: it may do so another time, or another one may."""


class TooLarge(Unreachable):
    """A server sends more than was allowed."""


def list_url(url: str) -> str:
    """The URL of the JSON; a base URL gets the name of the list."""
    return url if url.endswith(".json") else f"{url.rstrip('/')}/{LIST}"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a list can be fetched, and how. `deadline` is in seconds, `largest` in bytes."""

    url: str
    """Of the JSON; the signature is at this URL with `.asc` behind it."""
    largest: int
    largest_signature: int
    ca_file: Path | None = None
    allow_http: bool = False
    deadline: float = DEADLINE

    def check(self) -> None:
        """Misuse for a URL that will not be fetched."""
        check_url(self.url, allow_http=self.allow_http)


@dataclass(frozen=True, slots=True)
class Validators:
    """How a server recognises what it has sent before (RFC 9110 section 8.8); empty when it gave none."""

    etag: str = ""
    modified: str = ""

    def headers(self) -> dict[str, str]:
        """The conditions of a request (RFC 9110 section 13.1)."""
        found = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in found.items() if value}


@dataclass(frozen=True, slots=True)
class Answer:
    """A body, and how to ask for it again. None when the server says that it has not changed."""

    body: bytes | None
    validators: Validators = field(default_factory=Validators)


@dataclass(frozen=True, slots=True)
class Pair:
    """A list, its signature, and the validators of both."""

    data: bytes
    signature: bytes
    validators: tuple[Validators, Validators]


def pair(source: Source) -> Pair:
    """The list and its signature."""

    def work() -> Pair:
        with _session(source.ca_file) as session:
            return _whole(session, source)

    source.check()
    return _within(source.deadline, source.url, work)


def changed(source: Source, known: tuple[Validators, Validators]) -> Pair | None:
    """The list and its signature, unless neither has changed since they were `known`.

    When one of them has, both are fetched whole: they belong together.
    """

    def work() -> Pair | None:
        with _session(source.ca_file) as session:
            conditions = zip(_files(source), known, strict=True)
            answers = [_get(session, url, largest, condition) for (url, largest), condition in conditions]
            if all(answer.body is None for answer in answers):
                return None
            if any(answer.body is None for answer in answers):
                return _whole(session, source)
            return _pair(answers)

    source.check()
    return _within(source.deadline, source.url, work)


def _files(source: Source) -> tuple[tuple[str, int], tuple[str, int]]:
    """The URLs of a pair, each with the most bytes it may have."""
    return (source.url, source.largest), (f"{source.url}.asc", source.largest_signature)


def _whole(session: "requests.Session", source: Source) -> Pair:
    return _pair([_get(session, url, largest) for url, largest in _files(source)])


def _pair(answers: list[Answer]) -> Pair:
    first, second = answers
    return Pair(first.body or b"", second.body or b"", (first.validators, second.validators))


def get(
    url: str, *, largest: int, ca_file: Path | None, deadline: float = DEADLINE, redirects: int = 0
) -> bytes:
    """The body at `url`: status 200, not longer than `largest` bytes; so many redirects are followed."""

    def work() -> bytes:
        with _session(ca_file) as session:
            return _get(session, url, largest, redirects=redirects).body or b""

    return _within(deadline, url, work)


def _within(deadline: float, url: str, work: Callable[[], _T]) -> _T:
    """What `work` returns, if it does so in time.

    A peer that sends a byte now and then outlasts every time-out of a socket, so somebody else waits.
    """
    done: list[_T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as wrong:  # noqa: BLE001  (handed to the thread that waits)
            failed.append(wrong)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(max(deadline, 0))
    if failed:
        raise failed[0]
    if not done:
        raise Unreachable(f"{url} did not answer within {deadline:g} s")
    return done[0]


def _session(ca_file: Path | None) -> "requests.Session":
    import certifi
    import requests

    session = requests.Session()
    session.trust_env = False  # neither a netrc nor a bundle of the environment decides whom to trust
    session.verify = str(ca_file or certifi.where())
    session.headers = requests.structures.CaseInsensitiveDict(
        {"Accept-Encoding": "identity", "User-Agent": "stpolicy", "Cache-Control": "no-cache"}
    )
    return session


def _get(
    session: "requests.Session",
    url: str,
    largest: int,
    known: Validators = Validators(),
    redirects: int = MOST_REDIRECTS,
) -> Answer:
    import requests

    headers = known.headers()
    for left in range(redirects, -1, -1):
        try:
            with session.get(
                url,
                headers=headers,
                timeout=_STALL,
                stream=True,
                allow_redirects=False,
                proxies=requests.utils.get_environ_proxies(url),
            ) as response:
                if left and response.is_redirect:
                    url = _followed(url, response.headers["Location"])
                    continue
                if response.status_code == 304 and headers:
                    return Answer(None)
                _check_head(url, response.status_code, response.headers.get("Content-Encoding", ""))
                return Answer(_body(url, response, largest), _validators(response))
        except (requests.RequestException, OSError, ValueError) as wrong:
            # ValueError: a host that IDNA or urllib3 will not take, which requests lets through.
            raise Unreachable(f"{url} cannot be fetched: {_reason(wrong)}") from wrong
    raise AssertionError  # the last round returns or raises


def _followed(url: str, location: str) -> str:
    """Where a redirect leads, if it may be followed: never to another scheme."""
    target = urljoin(url, location)
    try:
        check_url(target, allow_http=True)
    except Misuse as wrong:
        raise Unreachable(f"{url} leads to a URL that is not fetched: {wrong.message}") from wrong
    if parts(target).scheme != parts(url).scheme:
        raise Unreachable(f"{url} leads to {target}, which is another scheme")
    return target


def _check_head(url: str, status: int, encoding: str) -> None:
    if status != 200:
        raise Unreachable(f"{url} answers {status}", "the URL must lead to a status of 200")
    if encoding not in ("", "identity"):
        raise Unreachable(f"{url} answers with the encoding {encoding!r}, which was not asked for")


def _validators(response: "requests.Response") -> Validators:
    """Those of an answer, if they are short, since they are kept and sent back, and if they can be relied on.

    Many servers make both of a file's time in whole seconds: of a file that has just been written they
    could say the same of the next one (RFC 9110 section 8.8.2.2, with the minute of RFC 7232).
    """
    etag, modified, date = (response.headers.get(name, "") for name in ("ETag", "Last-Modified", "Date"))
    if modified and not _is_settled(modified, date):
        return Validators()
    return Validators(*(text if len(text) <= 256 and text.isprintable() else "" for text in (etag, modified)))


def _is_settled(modified: str, date: str) -> bool:
    try:
        return parsedate_to_datetime(date) - parsedate_to_datetime(modified) >= _SETTLED
    except (ValueError, TypeError):
        return False


def _body(url: str, response: "requests.Response", largest: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(65536):
        body += chunk
        if len(body) > largest:
            raise TooLarge(f"{url} sends more than {largest} bytes")
    announced = response.headers.get("Content-Length")
    if announced is not None and announced != str(len(body)):
        raise Unreachable(f"{url} announced {announced} bytes and sent {len(body)}")
    return bytes(body)


def _reason(wrong: BaseException) -> str:
    """The innermost reason, without the repetition around it."""
    while (inner := wrong.__cause__ or wrong.__context__) is not None:
        wrong = inner
    return str(wrong) or type(wrong).__name__
