"""Two mail servers in nine states each, by mode: the status is that of a small table of its own."""

from dataclasses import replace
from itertools import product

import pytest

from stpolicy.model.finding import Severity
from stpolicy.model.names import MxPattern
from stpolicy.model.observation import Fault, HostObservation, Step
from stpolicy.model.observed import Observed
from stpolicy.model.policy import Mode, Policy
from stpolicy.model.tls import ChainFault
from stpolicy.model.verdict import Status
from tests.observations import (
    CLEAR,
    DOMAIN,
    GOOD,
    INTERMEDIATE,
    MX1,
    MX2,
    certificate,
    ended,
    host,
    judged,
    look,
    named,
    policy_file,
    seen,
    session,
    tls,
)

MODES = (Mode.TESTING, Mode.ENFORCE, None)

ALONE = {
    "well": 0, "dead": 5, "silent": 3, "clear": 4, "expired": 2, "misnamed": 6, "deferred": 3,
    "breaks within TLS": 4, "hangs up within TLS": 3,
}  # fmt: skip
"""The status of a domain with this server alone."""
STATES = tuple(ALONE)
PAIRS = list(product(STATES, repeat=2))

ORDER = [0, 3, 5, 2, 4, 6]


def expected(one: str, other: str) -> int:
    """As decisions are taken: who is not reached says nothing beside one that is."""
    reached = [state for state in (one, other) if state not in ("dead", "silent")]
    if reached:
        return max((ALONE[state] for state in reached), key=ORDER.index)
    return 3 if "silent" in (one, other) else 5


def in_state(state: str, name: str) -> HostObservation:
    if state == "misnamed":
        return named(name, "www.example.net")
    shown = {
        "well": session(name),
        "dead": ended(Step.CONNECT, Fault.REFUSED),
        "silent": ended(Step.CONNECT, Fault.TIME_OUT),
        "clear": session(ehlo=CLEAR, starttls=None, tls=None, secure=None),
        "expired": session(
            tls=tls(chain=(certificate(name), INTERMEDIATE), faults=(ChainFault(10, "expired", 0),))
        ),
        "deferred": ended(Step.STARTTLS, Fault.REPLY, "later", 454),
        "breaks within TLS": replace(ended(Step.SECURE, Fault.TLS), tls=tls(name)),
        "hangs up within TLS": replace(ended(Step.SECURE, Fault.CLOSED), tls=tls(name)),
    }
    return host(name, look(shown[state]))


def domain(one: str, other: str, mode: Mode | None) -> Observed:
    observed = seen(hosts=(in_state(one, MX1), in_state(other, MX2)))
    if mode is None:
        return replace(observed, entry=None, patterns=(*GOOD.patterns, MxPattern(DOMAIN)))
    return replace(observed, entry=Policy(mode, (MX1, MX2)))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_status(one: str, other: str, mode: Mode | None) -> None:
    found = judged(domain(one, other, mode)).result
    assert found["status"] == expected(one, other)
    assert found["primary_status"] == ALONE[one]
    assert found["extra_results"]["policylist"]["status"] == (2 if mode is None else 0)


@pytest.mark.parametrize("mode", ["enforce", "testing", "none"])
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_mta_sts_never_outranks_a_mail_server(one: str, other: str, mode: str) -> None:
    observed = domain(one, other, Mode.ENFORCE)
    assert observed.seen.mta_sts
    sts = replace(observed.seen.mta_sts, body=policy_file(mode))
    found = judged(seen(observed, mta_sts=sts)).result
    warned = int(mode != "enforce")
    assert found["status"] == (expected(one, other) or warned)
    assert (found["mta_sts"]["mode"], found["mta_sts"]["status"]) == (mode, warned)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_what_fails_has_an_error_and_nothing_else_has(one: str, other: str) -> None:
    found = judged(domain(one, other, Mode.ENFORCE)).result
    errors = [finding for finding in found["findings"] if finding["severity"] == str(Severity.ERROR)]
    assert bool(errors) is Status(found["status"]).failed


@pytest.mark.parametrize("state", STATES)
def test_a_server_says_of_itself_what_it_is(state: str) -> None:
    found = judged(domain(state, "well", Mode.ENFORCE)).result["results"]
    statuses = {"well": 0, "silent": 3, "deferred": 3, "hangs up within TLS": 3}
    assert found[MX1]["status"] == statuses.get(state, 2)
    assert found[MX2]["status"] == 0
    assert (found[MX1]["preference"], found[MX2]["preference"]) == (10, 20)
