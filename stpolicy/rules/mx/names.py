"""Rules about the names of mail servers, against the patterns of the entry."""

from collections.abc import Iterator

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.identifiers import accepts, accepts_presented, identifiers
from stpolicy.model.observed import Observed
from stpolicy.rules._register import rule
from stpolicy.rules.mx.records import named


@rule("mx.unlisted", Severity.ERROR)
def unlisted(observed: Observed) -> Iterator[Problem]:
    """No pattern of the entry covers a mail server that DNS names.

    Senders that keep to the list will not use it, so mail waits as soon as it is the only one that
    answers; and if nobody knows it, DNS may have been forged. This is judged from DNS alone: a backup
    server that is down needs a pattern too. Add the host to the entry, or take it out of DNS.
    """
    patterns = [pattern.text for pattern in observed.patterns]
    missing = [host for host in named(observed) if not accepts(observed.patterns, [host])]
    wanted = " ".join(f"--mx {pattern}" for pattern in (*patterns, *missing))
    verb = "add" if observed.entry is None else "set"
    for host in missing:
        listed = ", ".join(patterns[:5]) or "it has none"
        message = f"no pattern of the entry covers this mail server ({listed})"
        yield Problem(message, (host,), host, f"stpolicy {verb} {observed.seen.domain} {wanted}")


@rule("mx.pattern_unused", Severity.NOTE)
def unused_pattern(observed: Observed) -> Iterator[Problem]:
    """A pattern of the entry covers no mail server that DNS still names, and no certificate that was seen.

    A name that is given up may be somebody else's tomorrow, and the entry would accept it. Remove the
    pattern, unless the host is kept in reserve.
    """
    names = named(observed)
    if observed.entry is None or not names or observed.seen.mx.count > len(observed.seen.mx.exchanges):
        return
    looks = [look for host in observed.seen.hosts for look in host.looks]
    leaves = [look.session.tls.chain[0] for look in looks if look.session.tls and look.session.tls.chain]
    presented = [name for leaf in leaves for name in identifiers(leaf)]
    for pattern in observed.patterns:
        if not accepts([pattern], names) and not accepts_presented([pattern], presented):
            message = f"the pattern {pattern.text!r} covers no mail server that DNS names"
            yield Problem(message, (), observed.seen.domain, f"remove {pattern.text} from the entry")
