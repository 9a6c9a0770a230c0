"""Rules about STARTTLS (RFC 3207): offered, taken up, and followed by a session of TLS.

Of an address that was reached and has no session of TLS, one of these speaks, or one of `smtp`.
"""

import re
from collections.abc import Iterator

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.observation import AddressObservation, Fault, HostObservation, Session, Step
from stpolicy.model.observed import Observed
from stpolicy.rules import _looks
from stpolicy.rules._register import rule

_OVERWRITTEN = re.compile(r"X{6,}[A-Z]?").fullmatch
"""What a device on the way leaves of a keyword, so that the reply keeps its length."""

_TOLD_BY_SMTP = (Fault.NOT_SMTP, Fault.OVERSIZED)


def _is_stripped(session: Session) -> bool:
    keywords = session.ehlo.keywords if session.ehlo else ()
    return not session.offers_starttls and any(map(_OVERWRITTEN, keywords))


def _is_over(session: Session) -> bool:
    """Whether the session ended for a reason that is not about STARTTLS."""
    ended = session.ended
    if ended is None:
        return False
    return ended.transient or (ended.fault in _TOLD_BY_SMTP and ended.step is not Step.HANDSHAKE)


def _is_refused(session: Session) -> bool:
    ended = session.ended
    return (
        ended is not None
        and ended.fault is Fault.REPLY
        and ended.step in (Step.STARTTLS, Step.SECURE)
        and not ended.transient
    )


@rule("starttls.not_offered", Severity.ERROR)
def not_offered(observed: Observed) -> Iterator[Problem]:
    """A mail server does not offer STARTTLS.

    Mail to it goes in clear, for everybody on the way to read and change, and senders that keep to the
    list will not use it. Turn TLS on (Postfix: `smtpd_tls_security_level = may` with a certificate and
    key; Exim: `tls_advertise_hosts = *`). A server that refuses EHLO cannot offer it either.
    """

    def judge(_: HostObservation, look: AddressObservation) -> Iterator[_looks.Said]:
        session = look.session
        if not session.reached or session.offers_starttls or _is_stripped(session) or _is_over(session):
            return
        old = session.helo is not None
        message = "refuses EHLO, so it has no STARTTLS" if old else "does not offer STARTTLS"
        yield message, "turn on STARTTLS on this server"

    return _looks.each(observed, judge)


@rule("starttls.stripped", Severity.ERROR)
def stripped(observed: Observed) -> Iterator[Problem]:
    """Something on the way removes STARTTLS from the server's reply.

    In place of a keyword stands a row of X, as firewalls that inspect SMTP leave it. That is the attack
    a policy list is made against, whoever does it. Turn the inspection off (Cisco: `no fixup protocol smtp`,
    or `no inspect esmtp`), near the server or near the machine that ran this check.
    """

    def judge(_: HostObservation, look: AddressObservation) -> Iterator[_looks.Said]:
        if look.session.reached and _is_stripped(look.session) and not _is_over(look.session):
            mend = "turn off the inspection of SMTP on the firewall in between"
            yield "its reply to EHLO has a keyword overwritten with X, and no STARTTLS", mend

    return _looks.each(observed, judge)


@rule("starttls.refused", Severity.ERROR)
def refused(observed: Observed) -> Iterator[Problem]:
    """A mail server offers STARTTLS and then refuses it, or refuses EHLO within TLS.

    No mail can be sent over TLS. Often its certificate or key cannot be read: the server's log says so
    (RFC 3207 section 4 has 454 for a fault that will pass; that is `smtp.temporary`).
    """

    def judge(_: HostObservation, look: AddressObservation) -> Iterator[_looks.Said]:
        if look.session.reached and _is_refused(look.session):
            yield _looks.ending(look.session.ended), "look into the server's log for its certificate and key"

    return _looks.each(observed, judge)


@rule("starttls.plaintext_injected", Severity.ERROR)
def plaintext_injected(observed: Observed) -> Iterator[Problem]:
    """Plain text came after the reply to STARTTLS, ahead of the TLS handshake.

    A client that keeps it would take it for what was said within TLS (CVE-2011-0411). The server or a
    device before it mixes the two up, or somebody on the way writes into the connection. Update the
    server's software; look again from another network.
    """

    def judge(_: HostObservation, look: AddressObservation) -> Iterator[_looks.Said]:
        if look.session.reached and look.session.injected:
            yield "sent plain text between its reply to STARTTLS and TLS", "update the server's software"

    return _looks.each(observed, judge)


@rule("starttls.handshake_failed", Severity.ERROR)
def handshake_failed(observed: Observed) -> Iterator[Problem]:
    """STARTTLS is offered, but no session of TLS comes about, or it breaks before its first reply.

    The message says how it ended. Common reasons are versions or ciphers that nobody else has any more, a
    certificate of more than 100 kB, and a device in between. A server of TLS 1.3 that demands a certificate
    of the sender says so only when the sender takes the handshake for done (RFC 8446 section 4.4.2.4).
    `openssl s_client -starttls smtp -connect HOST:25` shows more.
    """

    def judge(host: HostObservation, look: AddressObservation) -> Iterator[_looks.Said]:
        session = look.session
        begun = session.reached and session.offers_starttls and not session.injected
        if not begun or (session.tls and session.ended is None):
            return
        if not _is_over(session) and not _is_refused(session):
            how = _looks.ending(session.ended) if session.ended else "the server did not go on"
            what = "breaks at once" if session.tls else "does not come about"
            mend = f"openssl s_client -starttls smtp -connect {host.host}:25"
            yield f"the session of TLS {what}: {how}", mend

    return _looks.each(observed, judge)
