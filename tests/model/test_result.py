"""The domain result: its shape, what others read from it, and that any observation gives one."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stpolicy.document import results
from stpolicy.model.names import Domain, MxPattern
from stpolicy.model.observation import (
    OLD,
    AddressObservation,
    Dns,
    DomainObservation,
    Exchange,
    HostObservation,
    MxAnswer,
    Probe,
    Records,
    Reply,
    Session,
    StsObservation,
    Unreachable,
)
from stpolicy.model.observed import Observed
from stpolicy.model.policy import Mode, Policy
from stpolicy.model.result import scan
from stpolicy.model.tls import ChainFault, Tls
from stpolicy.model.verdict import Status
from stpolicy.output import result as text
from tests.observations import GOOD, MX1, MX2, certificate, host, judged, look, seen, session
from tests.rules.server_cases import CASES, REFUSED

CHECKS = {"connectivity", "starttls", "certificate", "version"}


def test_shape() -> None:
    found = judged(GOOD).result
    assert list(found) == [
        "domain",
        "status",
        "status_text",
        "primary_status",
        "message",
        "results",
        "preferred_hostnames",
        "mx_hostnames",
        "mta_sts",
        "extra_results",
        "findings",
        "timestamp",
    ]
    assert found["preferred_hostnames"] == [MX1]
    assert found["mx_hostnames"] == [MX1, MX2]
    assert found["timestamp"] == "2026-11-01T12:00:00Z"
    assert set(found["results"][MX1]["checks"]) == CHECKS
    assert set(found["extra_results"]) == {"policylist", "dane", "tlsrpt"}
    assert (found["mta_sts"]["status"], found["mta_sts"]["mode"]) == (0, "enforce")
    assert found["mta_sts"]["checks"] == {"text": {"status": 0}, "policy": {"status": 0}}


def test_scan_wraps_it_as_the_old_checker_did() -> None:
    found = judged(GOOD).result
    assert scan(found) == {
        "domain": "example.com",
        "scandata": found,
        "timestamp": found["timestamp"],
        "version": 2,
    }


def test_message_is_of_the_finding_that_decides() -> None:
    status, observed = CASES["starttls.not_offered"]
    assert judged(observed).result["message"] == f"{MX1}: does not offer STARTTLS"
    assert status == Status.NO_STARTTLS


def test_what_was_not_looked_at_cannot_pass() -> None:
    found = judged(seen(hosts=(host(MX1), host(MX2, look(REFUSED))))).result["results"][MX2]
    assert set(found["checks"]) == {"connectivity", "version"}
    assert found["checks"]["connectivity"]["status"] == 2
    bare = AddressObservation("192.0.2.1", REFUSED)
    assert set(judged(seen(hosts=(host(MX1), host(MX2, bare)))).result["results"][MX2]["checks"]) == {
        "connectivity"
    }


def test_renderer_reads_what_is_written() -> None:
    """The way of `check --format ndjson` to `render --facts`."""
    (found,) = results.facts(text.line(judged(GOOD).result).encode(), "facts").values()
    assert found.hosts == (MX1, MX2)
    assert found.dane is True
    assert found.enforced_mxs == frozenset({MX1, MX2})


@pytest.mark.parametrize(
    "name", ["dane.mismatch", "dane.unusable", "dane.insecure", "dane.absent", "mx.unreachable"]
)
def test_dane_is_usable_only_everywhere(name: str) -> None:
    found = judged(CASES[name][1]).result
    assert found["extra_results"]["dane"]["usable"] is False
    (facts,) = results.facts(text.line(found).encode(), "facts").values()
    assert facts.dane is False


@pytest.mark.parametrize("changed", ["mx", "many"])
def test_dane_behind_an_mx_that_can_be_forged_protects_nothing(changed: str) -> None:
    mx = replace(GOOD.seen.mx, **({"validated": False} if changed == "mx" else {"count": 99}))
    assert judged(seen(mx=mx)).result["extra_results"]["dane"]["usable"] is False


@pytest.mark.parametrize(
    "name", [name for name in CASES if name.startswith("mta_sts.") and not name.endswith("entry")]
)
def test_renderer_takes_no_policy_that_senders_would_not(name: str) -> None:
    (facts,) = results.facts(text.line(judged(CASES[name][1]).result).encode(), "facts").values()
    assert facts.enforced_mxs is None


def test_one_domain_cannot_make_the_lines_of_others_unreadable() -> None:
    """However much its servers say, its line is one that the renderer reads."""
    reply = Reply(250, ("x" * 512,) * 64)
    big = session(banner=replace(reply, code=220), ehlo=reply, helo=reply, starttls=reply, secure=reply)
    hosts = tuple(
        host(f"mx{number}.example.com", *(look(big, f"192.0.2.{last}") for last in range(9)))
        for number in range(20)
    )
    written = text.line(judged(seen(hosts=hosts)).result)
    assert len(written) < results.LONGEST_LINE
    assert len(next(iter(results.facts(written.encode(), "facts").values())).hosts) == 20


def test_a_domain_that_writes_without_end_has_a_result_that_ends() -> None:
    """As much at each of 60 addresses of 20 mail servers as a look takes in; the last ones are shown bare."""
    names = tuple(f"{n:03}{'a' * 58}.{'b' * 62}.{'c' * 62}.{'d' * 50}.net" for n in range(400))
    fat = certificate(*names, subject="s" * 4096, issuer="i" * 4096, common_name="c" * 64)
    faults = tuple(ChainFault(n, "x" * 4096, n % 10) for n in range(40))
    reply = Reply(250, ("STARTTLS", *["y" * 512] * 400))
    greeting = replace(reply, code=220)
    written = Session(
        greeting, reply, reply, greeting, tls=Tls("TLSv1.2", "AES128-SHA", (fat,) * 10, faults), secure=reply
    )
    tlsa = Records(Dns.ANSWER, ("3 0 0 " + "f" * 4090,) * 32)
    hosts = tuple(
        host(f"mx{n}.example.com", *(look(written, f"192.0.{n}.{m}") for m in range(3)), tlsa=tlsa)
        for n in range(20)
    )
    exchanges = tuple(Exchange(10, one.host) for one in hosts)
    found = judged(seen(mx=MxAnswer(Dns.ANSWER, exchanges, 20), hosts=hosts)).result
    print({k: len(json.dumps(v)) for k, v in found.items()})
    assert len(json.dumps(found)) < 2 * 1024 * 1024
    addresses = [shown for server in found["results"].values() for shown in server["addresses"].values()]
    assert [shown["cut"] for shown in (addresses[0], addresses[-1])] == [False, True]
    assert addresses[0]["tls"]["chain"]
    assert (addresses[-1]["tls"]["chain"], addresses[-1]["banner"]) == ([], {"code": 220, "lines": []})


NAMES = st.sampled_from(
    ["", "mx1.example.com", "mx2.example.com", "192.0.2.1", "a_b", "localhost", "\u4e2d."]
)
TEXTS = st.text(max_size=12)
TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
REPLIES = st.none() | st.builds(
    Reply, st.sampled_from([220, 250, 421, 554]), st.tuples(TEXTS) | st.just(("mx", "STARTTLS"))
)
CERTIFICATES = st.builds(
    certificate,
    NAMES,
    subject=st.sampled_from(["CN=a", "CN=b"]),
    issuer=st.sampled_from(["CN=a", "CN=b", "CN=c"]),
    not_before=TIMES,
    not_after=TIMES,
    bits=st.integers(0, 4096),
    key=st.sampled_from(["RSA", "EC", "Ed448"]),
    common_name=TEXTS,
)
FAULTS = st.builds(ChainFault, st.integers(0, 99), TEXTS, st.integers(-1, 5))
SESSIONS = st.builds(
    Session,
    REPLIES,
    REPLIES,
    REPLIES,
    REPLIES,
    st.booleans(),
    st.none()
    | st.builds(
        Tls,
        st.sampled_from(["TLSv1", "TLSv1.2", "TLSv1.3", ""]),
        TEXTS,
        st.lists(CERTIFICATES, max_size=3).map(tuple),
        st.lists(FAULTS, max_size=3).map(tuple),
    ),
    REPLIES,
    st.none() | st.from_type(Unreachable),
)
RECORDS = st.builds(
    Records,
    st.sampled_from(Dns),
    st.lists(
        TEXTS
        | st.sampled_from(["3 1 1 " + "c" * 64, "2 0 0 00", "v=STSv1; id=1", "v=TLSRPTv1; rua=mailto:a@b.c"]),
        max_size=3,
    ).map(tuple),
    TEXTS,
    st.booleans(),
    TEXTS,
)
LOOKS = st.builds(
    AddressObservation,
    st.sampled_from(["192.0.2.1", "2001:db8::1"]),
    SESSIONS,
    st.dictionaries(st.sampled_from(OLD), st.sampled_from(Probe)),
)
HOSTS = st.builds(
    HostObservation, NAMES.filter(bool), RECORDS, RECORDS, RECORDS, st.lists(LOOKS, max_size=2).map(tuple)
)
EXCHANGES = st.lists(st.builds(Exchange, st.integers(0, 65535), NAMES), max_size=3).map(tuple)
STS = st.builds(
    StsObservation,
    RECORDS,
    st.sampled_from([0, 200, 301]),
    TEXTS | st.just("text/plain"),
    st.binary(max_size=20) | st.just(b"version: STSv1\nmode: none\nmax_age: 1"),
    st.none() | st.from_type(Unreachable),
)
OBSERVED = st.builds(
    Observed,
    st.builds(
        DomainObservation,
        st.just(Domain("example.com")),
        TIMES,
        st.builds(MxAnswer, st.sampled_from(Dns), EXCHANGES, st.integers(0, 9), st.booleans(), st.booleans()),
        st.lists(HOSTS, max_size=3).map(tuple),
        st.none() | STS,
        st.none() | RECORDS,
    ),
    st.sampled_from([(), (MxPattern(".example.com"),), (MxPattern(MX1),)]),
    TIMES,
    st.none() | st.just(Policy(Mode.ENFORCE, (MX1,))),
    st.booleans(),
)


@given(OBSERVED)
def test_any_observation_gives_a_result(observed: Observed) -> None:
    found = judged(observed).result
    assert json.loads(json.dumps(found)) == found
    assert found["status"] in range(7)
    assert found["primary_status"] in range(7)
    assert all(one["status"] in range(4) for one in found["results"].values())
    assert text.text([found]).replace("\n", "").isprintable()
    assert text.line(found).isascii()
    assert results.facts(text.line(found).encode(), "facts")


@given(OBSERVED)
def test_nothing_passes_without_a_server_that_speaks_tls(observed: Observed) -> None:
    """Nor beside one that was reached and has none."""
    if judged(observed).result["status"] <= Status.WARNING:
        hosts = {each.host: each for each in observed.seen.hosts}.values()
        reached = [one.session for each in hosts for one in each.looks if one.session.reached]
        assert reached
        assert all(one.tls for one in reached)


def test_nobody_looked_is_no_success() -> None:
    found = judged(seen(hosts=())).result
    assert (found["status"], found["status_text"], found["primary_status"]) == (3, "error", 3)
