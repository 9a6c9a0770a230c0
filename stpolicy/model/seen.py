"""What was seen of an address, as a value for JSON. What others wrote is cut, so that no line has no end."""

from datetime import UTC, datetime
from typing import Any

from stpolicy.model.observation import AddressObservation, Reply, Session, Unreachable
from stpolicy.model.tls import Certificate, Tls

_LINES, _LONGEST = 16, 256
"""Of a reply, and of any text."""
_NAMES = 100
"""Of a certificate; authorities give no more."""
_LINKS = 10


def date(moment: datetime) -> str:
    """RFC 3339 in UTC, whole seconds."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def address(look: AddressObservation) -> dict[str, Any]:
    """Replies, TLS, certificates, and the answers to the probes; null is what did not come about."""
    session = look.session
    return {
        "reached": session.reached,
        **_replies(session),
        "injected": session.injected,
        "tls": session.tls and _tls(session.tls),
        "ended": session.ended and _ended(session.ended),
        "probes": {name: str(probe) for name, probe in look.probes.items()},
    }


def _replies(session: Session) -> dict[str, Any]:
    return {name: _reply(getattr(session, name)) for name in ("banner", "ehlo", "helo", "starttls", "secure")}


def _reply(reply: Reply | None) -> dict[str, Any] | None:
    return (
        None
        if reply is None
        else {"code": reply.code, "lines": [line[:_LONGEST] for line in reply.lines[:_LINES]]}
    )


def _ended(ended: Unreachable) -> dict[str, Any]:
    return {
        "step": str(ended.step),
        "fault": str(ended.fault),
        "code": ended.code,
        "message": ended.message[:_LONGEST],
        "transient": ended.transient,
    }


def _tls(tls: Tls) -> dict[str, Any]:
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
