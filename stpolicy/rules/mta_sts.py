"""Rules about MTA-STS (RFC 8461): the policy that a domain publishes itself, beside its entry in the list."""

from collections.abc import Iterator, Sequence

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.identifiers import accepts
from stpolicy.model.mta_sts import StsPolicy
from stpolicy.model.names import MxPattern, covers
from stpolicy.model.observed import Observed
from stpolicy.model.policy import Mode
from stpolicy.model.published import Published, Standing, published
from stpolicy.rules._looks import takes_mail
from stpolicy.rules._register import rule
from stpolicy.rules.mx.records import named


def _found(observed: Observed) -> Published | None:
    if observed.seen.mta_sts is None or not takes_mail(observed):
        return None
    return published(observed.seen.mta_sts)


def _problem(observed: Observed, message: str, mend: str) -> Problem:
    return Problem(message, (), observed.seen.domain, mend)


@rule("mta_sts.absent", Severity.NOTE)
def absent(observed: Observed) -> Iterator[Problem]:
    """The domain publishes no MTA-STS policy.

    With one its owner says what the list says, and changes it without asking anybody; entries with an
    enforced policy are kept in step with it. It takes a TXT record at _mta-sts.DOMAIN and a file at
    https://mta-sts.DOMAIN/.well-known/mta-sts.txt (RFC 8461 section 3).
    """
    found = _found(observed)
    mend = f"publish a policy at https://mta-sts.{observed.seen.domain}/.well-known/mta-sts.txt"
    if found and found.standing is Standing.ABSENT:
        yield _problem(observed, "no MTA-STS policy is published", mend)
    elif observed.entry is None and _mode(found) == "none":
        yield _problem(observed, "the MTA-STS policy has mode none, which is to have none", mend)


@rule("mta_sts.testing", Severity.NOTE)
def testing(observed: Observed) -> Iterator[Problem]:
    """The MTA-STS policy is in mode testing.

    Senders report what fails, and deliver all the same. When the reports have nothing to say any more, set
    `mode: enforce` and change the id in the TXT record.
    """
    if _mode(_found(observed)) == "testing" and not list(conflict.judge(observed)):
        yield _problem(observed, "the MTA-STS policy is in mode testing", "set mode: enforce")


@rule("mta_sts.invalid", Severity.WARNING)
def invalid(observed: Observed) -> Iterator[Problem]:
    """What the domain publishes as MTA-STS is not what senders take.

    They behave as if there was none, or keep to the last one that was right. The message says what is wrong;
    RFC 8461 has the record in section 3.1 and the policy in section 3.2.
    """
    found = _found(observed)
    if found and found.standing is Standing.INVALID:
        yield _problem(observed, f"the MTA-STS policy {found.why}", "correct the record or the policy file")


@rule("mta_sts.unreachable", Severity.WARNING)
def unreachable(observed: Observed) -> Iterator[Problem]:
    """There is a record of MTA-STS, but the policy cannot be fetched.

    It must come from https://mta-sts.DOMAIN/.well-known/mta-sts.txt with a certificate for that name and
    status 200; redirects are not followed (RFC 8461 section 3.3). A sender that has no older copy goes
    without.
    """
    found = _found(observed)
    if found and found.standing in (Standing.UNREACHABLE, Standing.UNKNOWN):
        url = f"https://mta-sts.{observed.seen.domain}/.well-known/mta-sts.txt"
        yield _problem(observed, f"the MTA-STS policy {found.why}", f"see what {url} answers")


@rule("mta_sts.conflict", Severity.WARNING)
def conflict(observed: Observed) -> Iterator[Problem]:
    """A valid MTA-STS policy disagrees with the entry of the list.

    The owner's own word is the newer one: the entry should follow it (`stpolicy set DOMAIN
    --from-mta-sts`). Mode none asks for the entry to be removed. Of a domain without an entry: the policy
    covers not every mail server.
    """
    found = _found(observed)
    if not found or found.standing is not Standing.VALID or found.policy is None:
        return
    if said := list(_disagreements(observed, found.policy)):
        message = "the MTA-STS policy " + "; it ".join(why for why, _ in said)
        yield _problem(observed, message, said[0][1])


def _mode(found: Published | None) -> str:
    """The mode of a valid policy; empty without one."""
    return found.policy.mode if found and found.standing is Standing.VALID and found.policy else ""


def _disagreements(observed: Observed, policy: StsPolicy) -> Iterator[tuple[str, str]]:
    domain, entry = observed.seen.domain, observed.entry
    follow = f"stpolicy set {domain} --from-mta-sts"
    if entry is None:
        uncovered = [host for host in named(observed) if not accepts(map(MxPattern, policy.mxs), [host])]
        if uncovered and policy.mode != "none":
            yield f"does not cover the mail servers {', '.join(uncovered)}", "add them to the policy"
    elif policy.mode == "none":
        yield "has mode none: its owner asks not to be relied on", f"stpolicy remove {domain}"
    else:
        if policy.mode == "testing" and entry.mode is Mode.ENFORCE:
            yield "has mode testing where the entry has enforce", f"stpolicy set {domain} --mode testing"
        ours, theirs = [pattern.text for pattern in observed.patterns], policy.mxs
        if more := _beyond(theirs, ours):
            yield f"accepts {more}, the entry does not", follow
        if more := _beyond(ours, theirs):
            yield f"does not accept {more}, the entry does", follow


def _beyond(these: Sequence[str], those: Sequence[str]) -> str:
    """The patterns of these that accept a name which those do not."""
    return ", ".join(pattern for pattern in these if not covers(set(those), pattern))
