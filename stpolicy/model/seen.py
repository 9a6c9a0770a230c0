"""What was seen of addresses, as values for JSON. What others wrote is cut, so that no result has no end."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from stpolicy.model.observation import AddressObservation, Reply, Session, Unreachable
from stpolicy.model.tls import Certificate, Tls

_REPLIES = ("banner", "ehlo", "helo", "starttls", "secure")
_LINES, _LONGEST = 16, 256
"""Of a reply, and of any text."""
_NAMES = 100
"""Of a certificate; authorities give no more."""
_LINKS = 10

_MOST = 512 * 1024
"""Characters that others wrote, of all addresses of a domain; an authority's certificates have a few thousand
with their names, and no mail server says more than that."""


def date(moment: datetime) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


class Room:
    """For what others wrote about one domain: when it is used up, further addresses are shown without it."""

    def __init__(self) -> None:
        self._left = _MOST

    def take(self, look: AddressObservation) -> bool:
        """Whether there was room for an address."""
        fits = self._left > 0
        self._left -= sum(map(len, _written(look.session)))
        return fits


def _written(session: Session) -> Iterator[str]:
    """What others wrote, as far as it is shown."""
    for name in _REPLIES:
        reply = getattr(session, name)
        yield from _lines(reply) if reply else ()
    for link in session.tls.chain[:_LINKS] if session.tls else ():
        yield from (link.subject[:_LONGEST], link.issuer[:_LONGEST])
        yield from (name[:_LONGEST] for name in link.dns_names[:_NAMES])


def text(written: str) -> str:
    """What others wrote, so far that it is still told from what it is not."""
    return written if len(written) <= _LONGEST else written[: _LONGEST - 1] + "…"


def address(look: AddressObservation, room: Room) -> dict[str, Any]:
    """Replies, TLS, certificates, and the answers to the probes; null is what did not come about.

    `cut` says that lines, certificates and their faults are left out, because there were too many.
    """
    session = look.session
    whole = room.take(look)
    return {
        "reached": session.reached,
        **{name: _reply(getattr(session, name), whole=whole) for name in _REPLIES},
        "injected": session.injected,
        "tls": session.tls and _tls(session.tls, whole=whole),
        "ended": session.ended and _ended(session.ended),
        "probes": {name: str(probe) for name, probe in look.probes.items()},
        "cut": not whole,
    }


def _reply(reply: Reply | None, *, whole: bool) -> dict[str, Any] | None:
    return None if reply is None else {"code": reply.code, "lines": _lines(reply) if whole else []}


def _lines(reply: Reply) -> list[str]:
    return [line[:_LONGEST] for line in reply.lines[:_LINES]]


def _ended(ended: Unreachable) -> dict[str, Any]:
    return {
        "step": str(ended.step),
        "fault": str(ended.fault),
        "code": ended.code,
        "message": ended.message[:_LONGEST],
        "transient": ended.transient,
    }


def _tls(tls: Tls, *, whole: bool) -> dict[str, Any]:
    if not whole:
        return {"version": tls.version, "cipher": tls.cipher, "chain": [], "faults": []}
    faults = [
        {"number": fault.number, "message": fault.message[:_LONGEST], "depth": fault.depth}
        for fault in tls.faults[: 2 * _LINKS]
    ]
    chain = [_certificate(link) for link in tls.chain[:_LINKS]]
    return {"version": tls.version, "cipher": tls.cipher, "chain": chain, "faults": faults}


def _certificate(link: Certificate) -> dict[str, Any]:
    return {
        "subject": link.subject[:_LONGEST],
        "issuer": link.issuer[:_LONGEST],
        "common_name": link.common_name[:_LONGEST],
        "names": [name[:_LONGEST] for name in link.dns_names[:_NAMES]],
        "not_before": date(link.not_before),
        "not_after": date(link.not_after),
        "key": link.key,
        "bits": link.bits,
        "digest": link.digest,
        "sha256": link.sha256,
        "spki_sha256": link.spki_sha256,
    }
