"""What tests look for in an answer."""

import json

from stpolicy.web import guard
from tests.web.raw import Answer, Raw, get
from tests.web.running import Running


def protected(answer: Answer) -> None:
    for name, value in guard.HEADERS.items():
        assert answer.headers[name.lower()] == value
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert part in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "server" not in answer.headers


def serves(service: Running) -> None:
    """Others."""
    with Raw(service.port, "127.0.0.2") as raw:
        raw.send(get("/api/ping", "Connection: close"))
        assert raw.answer().status == 200


def told(service: Running, request: bytes, status: int) -> str:
    """The sentence of a refusal, in its envelope; afterwards the service serves."""
    with Raw(service.port) as raw:
        raw.send(request)
        answer = raw.answer()
    assert answer.status == status, answer
    protected(answer)
    assert answer.headers["content-type"] == "application/json"
    said = json.loads(answer.body)
    assert said["status_code"] == status
    assert said["response"] == {}
    assert said["message"]
    serves(service)
    return str(said["message"])
