"""One case for each code of `check`: all well but for one thing; the exact codes, and the status."""

import json

import pytest

from stpolicy import rules
from stpolicy.model.finding import Severity
from stpolicy.model.observation import Session
from tests.observations import MX1, first, host, judged, look, session
from tests.rules.server_cases import ALSO, CASES, NO_TLS, REFUSED, WELL

SEVERITIES = {rule.code: rule.severity for rule in rules.SERVER}


@pytest.mark.parametrize("name", WELL)
def test_nothing_is_found_where_all_is_well(name: str) -> None:
    found = judged(WELL[name])
    assert found.codes == set()
    assert found.result["status_text"] == "success"
    assert found.result["status"] == 0
    assert found.result["message"] == ""


@pytest.mark.parametrize("name", CASES)
def test_case(name: str) -> None:
    code = name.partition("/")[0]
    status, observed = CASES[name]
    found = judged(observed)
    assert found.codes == {code} | ALSO.get(name, set())
    assert found.result["status"] == status
    assert json.loads(json.dumps(found.result)) == found.result
    for finding in found.result["findings"]:
        assert finding["severity"] == str(SEVERITIES[finding["code"]])
        assert finding["message"]
        assert finding["where"]
        assert finding["mend"] or finding["code"] in ("mx.dns_error", "mx.unreachable")


@pytest.mark.parametrize("name", sorted(CASES.keys() - ALSO.keys()))
def test_what_is_wrong_is_said_once_of_each_place(name: str) -> None:
    _, observed = CASES[name]
    places = [finding["where"].partition("[")[0] for finding in judged(observed).result["findings"]]
    assert len(places) == len(set(places))


@pytest.mark.parametrize("code", SEVERITIES)
def test_every_code_has_a_case(code: str) -> None:
    assert code in {name.partition("/")[0] for name in CASES}


def test_every_case_is_of_a_known_code() -> None:
    assert {name.partition("/")[0] for name in CASES} <= set(SEVERITIES)


def test_what_is_inconclusive_is_a_warning() -> None:
    said = {"mx.dns_error", "mx.port_blocked", "smtp.temporary", "smtp.time_out", "look.internal_error"}
    assert said == rules.INCONCLUSIVE
    assert {SEVERITIES[code] for code in rules.INCONCLUSIVE} == {Severity.WARNING}


@pytest.mark.parametrize(
    ("shown", "places"),
    [
        ([NO_TLS, NO_TLS], [MX1]),
        ([NO_TLS, session()], [f"{MX1}[192.0.2.1]"]),
        ([session(), NO_TLS], [f"{MX1}[2001:db8::1]"]),
        ([NO_TLS, REFUSED], [f"{MX1}[192.0.2.1]"]),
    ],
)
def test_what_is_true_of_all_addresses_is_said_of_the_host(shown: list[Session], places: list[str]) -> None:
    looks = [look(one, address) for one, address in zip(shown, ("192.0.2.1", "2001:db8::1"), strict=True)]
    result = judged(first(host(MX1, *looks))).result
    found = [one for one in result["findings"] if one["code"] == "starttls.not_offered"]
    assert [one["where"] for one in found] == places
    assert result["results"][MX1]["checks"]["starttls"]["status"] == 2
