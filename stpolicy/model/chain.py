"""How the certificates hang together that a mail server presents."""

from stpolicy.model.tls import Certificate, Tls


def path(tls: Tls) -> tuple[Certificate, ...]:
    """The presented certificates from the server's own on, each with its issuer next, as far as they lead."""
    found = list(tls.chain[:1])
    while found and found[-1].subject != found[-1].issuer:
        above = next((c for c in tls.chain if c.subject == found[-1].issuer and c not in found), None)
        if above is None:
            break
        found.append(above)
    return tuple(found)
