"""Mail goes by TLS to a server that offers it in odd ways, or does not; the checker reads offers alike."""

import pytest

from stpolicy.checker.reply import ReplyReader
from tests.lab.room import Lab, at, mx

_OFFERS = {
    "STARTTLS": True,
    "starttls": True,
    " STARTTLS": True,
    "STARTTLS now": True,
    "STARTTLS=now": True,
    "STARTTLS\r": True,
    "STARTTLS\t": False,
    "STARTTLS\tnow": False,
    "\tSTARTTLS": False,
}
"""Postfix's smtp(8) makes a question mark of a tab before it looks for keywords; posttls-finger does not."""


@pytest.mark.parametrize(("number", "offer"), list(enumerate(_OFFERS)))
def test_postfix_and_the_checker_read_an_offer_alike(lab: Lab, number: int, offer: str) -> None:
    name = f"keyword{number}"
    host = lab.host(mx(name), lab.authority.issue(mx(name)), keyword=offer)
    lab.policy(f"{lab.domain(at(name), host)} secure match={host} servername=hostname protocols=>=TLSv1.2")
    delivery = lab.deliver(f"u@{at(name)}")
    assert (delivery.status, delivery.verified) == (("sent", True) if _OFFERS[offer] else ("deferred", False))
    assert _OFFERS[offer] or delivery.logged("TLS is required, but was not offered")
    reply = ReplyReader().take(bytearray(f"250-{host}\r\n250-{offer}\r\n250 8BITMIME\r\n".encode()))
    assert reply
    assert ("STARTTLS" in reply.keywords) is _OFFERS[offer]
