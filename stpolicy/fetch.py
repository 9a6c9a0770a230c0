"""A list's URL to bytes: bounded in size and time, https only, no redirects."""

import ipaddress
import threading
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from stpolicy.errors import Misuse, StpolicyError

DEADLINE = 300.0
_STALL = 30


def pair(
    url: str, *, largest: int, largest_signature: int, ca_file: Path | None, allow_http: bool
) -> tuple[bytes, bytes]:
    """The list at `url` and its signature at `url` + `.asc`."""
    check_url(url, allow_http=allow_http)
    return (
        get(url, largest=largest, ca_file=ca_file),
        get(f"{url}.asc", largest=largest_signature, ca_file=ca_file),
    )


def check_url(url: str, *, allow_http: bool) -> None:
    """Misuse for a URL that is not https; `allow_http` is for the loopback interface only."""
    parts = _parts(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and allow_http and _is_loopback(parts.hostname or ""):
        return
    raise Misuse(
        f"{url} is not an https URL", "http is for tests on the loopback interface, with --allow-http"
    )


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        sound = url.isprintable() and " " not in url and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise Misuse(f"{url!r} is no URL")
    return parts


def get(url: str, *, largest: int, ca_file: Path | None, deadline: float = DEADLINE) -> bytes:
    """The body at `url`: status 200, not longer than `largest` bytes, within `deadline` seconds."""
    answer: list[bytes | BaseException] = []

    def work() -> None:
        try:
            answer.append(_get(url, largest, ca_file))
        except BaseException as wrong:  # noqa: BLE001  (handed to the thread that waits)
            answer.append(wrong)

    # A peer that sends a byte now and then outlasts every time-out of a socket, so somebody else waits.
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(deadline)
    if not answer:
        raise StpolicyError(f"{url} did not answer within {deadline:g} s")
    if isinstance(answer[0], bytes):
        return answer[0]
    raise answer[0]


def _get(url: str, largest: int, ca_file: Path | None) -> bytes:
    import certifi
    import requests

    with requests.Session() as session:
        session.trust_env = False  # neither a netrc nor a bundle of the environment decides whom to trust
        try:
            with session.get(
                url,
                headers={"Accept-Encoding": "identity", "User-Agent": "stpolicy"},
                timeout=_STALL,
                stream=True,
                allow_redirects=False,
                verify=str(ca_file or certifi.where()),
            ) as response:
                _check_head(url, response.status_code, response.headers.get("Content-Encoding", ""))
                return _body(url, response, largest)
        except (requests.RequestException, OSError) as wrong:
            raise StpolicyError(f"{url} cannot be fetched: {_reason(wrong)}") from wrong


def _check_head(url: str, status: int, encoding: str) -> None:
    if status != 200:
        raise StpolicyError(f"{url} answers {status}", "the URL must answer 200 without a redirect")
    if encoding not in ("", "identity"):
        raise StpolicyError(f"{url} answers with the encoding {encoding!r}, which was not asked for")


def _body(url: str, response: "object", largest: int) -> bytes:
    body = bytearray()
    for chunk in response.iter_content(65536):  # type: ignore[attr-defined]
        body += chunk
        if len(body) > largest:
            raise StpolicyError(f"{url} sends more than {largest} bytes")
    announced = response.headers.get("Content-Length")  # type: ignore[attr-defined]
    if announced is not None and announced != str(len(body)):
        raise StpolicyError(f"{url} announced {announced} bytes and sent {len(body)}")
    return bytes(body)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reason(wrong: BaseException) -> str:
    """The innermost reason, without the repetition around it."""
    while (inner := wrong.__cause__ or wrong.__context__) is not None:
        wrong = inner
    return str(wrong) or type(wrong).__name__
