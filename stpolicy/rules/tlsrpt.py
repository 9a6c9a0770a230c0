"""Rules about TLSRPT (RFC 8460): where a domain wants reports of failed sessions."""

from collections.abc import Iterator

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.observed import Observed
from stpolicy.model.published import reports, reports_fault
from stpolicy.rules._looks import takes_mail
from stpolicy.rules._register import rule


@rule("tlsrpt.absent", Severity.NOTE)
def absent(observed: Observed) -> Iterator[Problem]:
    """The domain does not ask for reports about TLS.

    With the TXT record `v=TLSRPTv1; rua=mailto:ADDRESS` at _smtp._tls.DOMAIN senders tell its owner each day
    which sessions failed and why: that is how one learns of a broken server, or of an attack.
    """
    found = observed.seen.tlsrpt
    if found and found.how.known and not reports(found) and takes_mail(observed):
        name = f"_smtp._tls.{observed.seen.domain}"
        mend = f"publish the TXT record {name}: v=TLSRPTv1; rua=mailto:ADDRESS"
        yield Problem(f"no TLSRPT record at {name}", (), observed.seen.domain, mend)


@rule("tlsrpt.invalid", Severity.WARNING)
def invalid(observed: Observed) -> Iterator[Problem]:
    """The TLSRPT record cannot be used, so no reports come.

    There must be exactly one, of the form `v=TLSRPTv1; rua=mailto:ADDRESS` (RFC 8460 section 3); with
    several, senders take none.
    """
    found = observed.seen.tlsrpt
    if found and (why := reports_fault(found)):
        mend = "publish one record: v=TLSRPTv1; rua=mailto:ADDRESS"
        yield Problem(f"the TLSRPT record {why}", (), observed.seen.domain, mend)
