"""Rules about the look itself, where it is not the domain that went wrong."""

from collections.abc import Iterator

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.observed import Observed
from stpolicy.rules import _looks
from stpolicy.rules._register import rule


@rule("look.internal_error", Severity.WARNING, inconclusive=True)
def internal_error(observed: Observed) -> Iterator[Problem]:
    """stpolicy itself failed at this domain, which is a bug.

    Nothing follows for the domain, and the looks at all others went on. Run the check on this domain with
    `--debug`, and report what it prints.
    """
    if observed.failure:
        domain = observed.seen.domain
        mend = f"stpolicy check --domain {domain} --debug says where; please report it"
        yield Problem(f"internal error: {_looks.quoted(observed.failure)}", (), domain, mend)
