"""Rules about TLS where no policy decides, and what policies stand on."""

from collections.abc import Iterator

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.mail_server import MailServer
from stpolicy.rules._register import rule
from stpolicy.rules.postfix._mend import set_to


@rule("postfix.level_none", Severity.ERROR)
def level_none(server: MailServer) -> Iterator[Problem]:
    """Postfix does not use TLS where no policy asks for it: smtp_tls_security_level is empty or none.

    Only domains in the list would get TLS. Mail to all others goes in clear, and so does mail to the
    listed ones once a list has run out and its rows have left the map. With `may` Postfix uses TLS
    wherever it is offered; with a resolver that validates DNSSEC, `dane` is better still.
    """
    mend = set_to(server, "smtp_tls_security_level", "may")
    if not server.known_level():
        yield Problem(f"smtp_tls_security_level is {server.level()!r}, which is no level", mend=mend)
    elif server.level() == "none":
        yield Problem("without a policy mail goes in clear: smtp_tls_security_level is none", mend=mend)


@rule("postfix.no_ca", Severity.ERROR)
def no_ca(server: MailServer) -> Iterator[Problem]:
    """Postfix trusts no authority: smtp_tls_CAfile and smtp_tls_CApath are empty or hold no certificate.

    It has none of its own. Every certificate is then one by an unknown issuer, and mail to every domain
    that the list enforces waits until it is returned. Name the file with the roots of the system.
    """
    file, folder = server.setting("smtp_tls_CAfile"), server.setting("smtp_tls_CApath")
    mend = set_to(server, "smtp_tls_CAfile", server.roots)
    if fault := server.no_ca.get("smtp_tls_CAfile"):
        yield Problem(f"TLS is off: smtp_tls_CAfile is {file}, which {fault}", mend=mend)
    elif not file and not folder:
        message = "no certificate can be verified: smtp_tls_CAfile and smtp_tls_CApath are empty"
        yield Problem(message, mend=mend)
    elif not file and (fault := server.no_ca.get("smtp_tls_CApath")):
        message = f"no certificate can be verified: smtp_tls_CApath is {folder}, which {fault}"
        yield Problem(message, mend=mend)


@rule("postfix.smtputf8", Severity.WARNING)
def smtputf8(server: MailServer) -> Iterator[Problem]:
    """Internationalised addresses are off: smtputf8_enable is no.

    A recipient in an internationalised domain is looked up as it was written, and the map has a row
    for that form. Without smtputf8_enable Postfix folds only ASCII letters to lower case: another
    spelling of the same domain is not found, and goes without its policy.
    """
    name = "smtputf8_enable"
    if server.setting(name).lower() == "no":
        message = "the rows of internationalised domains are found in one spelling only"
        yield Problem(message, where=name, mend=set_to(server, name, "yes"))


@rule("postfix.loglevel", Severity.NOTE)
def loglevel(server: MailServer) -> Iterator[Problem]:
    """The log says nothing of TLS sessions: smtp_tls_loglevel is 0.

    With 1 there is a line for each session that says whether it was Verified, which is how one sees that the
    list works.
    """
    name = "smtp_tls_loglevel"
    if server.setting(name) == "0":
        message = "the log does not say which sessions were verified"
        yield Problem(message, where=name, mend=set_to(server, name, "1"))


@rule("postfix.unverified", Severity.ERROR)
def unverified(server: MailServer) -> Iterator[Problem]:
    """A mail server of a domain does not meet the domain's policy, or the domain has none.

    Asked with `doctor --test DOMAIN`. Mail to the domain waits and is returned in the end. See whether
    its mail servers have changed, and whether a newer list knows; a local override bridges the time.
    """
    for attempt in server.attempts:
        if not attempt.verified:
            yield Problem(f"{attempt.host}: no verified session: {attempt.said}", where=attempt.domain)
