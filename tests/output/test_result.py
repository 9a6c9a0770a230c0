"""The text of domain results: aligned, worst first, and safe whatever servers say."""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable

import pytest

from stpolicy.model.result import Result
from stpolicy.model.verdict import Status
from stpolicy.output import result as text
from tests.observations import GOOD, MX1, ended, judged, named, only, seen, shows
from tests.rules.record_cases import BAD_NAME
from tests.rules.server_cases import CASES, WELL

EVIL = "\x1b[2J##[error]\u202ex\n"


def found(name: str, domain: str = "example.com") -> Result:
    return judged(CASES[name][1]).result | {"domain": domain}


def test_worst_comes_first() -> None:
    names = ["mx.unreachable", "mta_sts.conflict", "smtp.temporary", "mx.all_unreachable", "mx.unlisted"]
    shown = text.text([found(name, f"{place}.example") for place, name in enumerate(names)])
    domains = [line.split()[0] for line in shown.splitlines() if not line.startswith(" ")]
    assert domains == ["4.example", "3.example", "2.example", "1.example", "0.example"]


def test_block_has_code_and_mend_below() -> None:
    block = text.block(found("starttls.not_offered"))
    assert block.splitlines() == [
        "example.com  no STARTTLS",
        f"  error    {MX1}  does not offer STARTTLS [starttls.not_offered]",
        f"           {' ' * len(MX1)}  -> turn on STARTTLS on this server",
    ]


def test_what_could_not_be_looked_at_says_so() -> None:
    assert text.block(found("mx.port_blocked")).startswith("example.com  could not look\n")
    assert "port 25 outbound seems blocked here" in text.block(found("mx.port_blocked"))


@pytest.mark.parametrize("domain", ["xn--fiqs8s.example", "xn--e1aybc.example", "a.example"])
def test_columns_hold_for_wide_names(domain: str) -> None:
    names = (domain, "long-enough-to-be-the-widest.example")
    shown = text.text([judged(GOOD).result | {"domain": name} for name in names])
    before = [line.partition("success")[0] for line in shown.splitlines()]
    columns = [sum(2 if unicodedata.east_asian_width(c) == "W" else 1 for c in line) for line in before]
    assert len(columns) == 2
    assert len(set(columns)) == 1


def test_colour_is_asked_for() -> None:
    assert "\033" not in text.text([found("mx.unlisted")])
    assert "\033[31mbad host name\033[0m" in text.text([found("mx.unlisted")], colour=True)


def test_nothing_that_a_server_says_is_obeyed() -> None:
    said = [
        judged(shows(ended(BAD_NAME.step, BAD_NAME.fault, EVIL))).result,
        judged(only(named(MX1, EVIL))).result,
        judged(seen(mx=CASES["mx.ip_literal"][1].seen.mx)).result | {"domain": EVIL},
    ]
    for written in (text.text(said), text.as_json(said), *map(text.line, said)):
        assert written.replace("\n", "").isprintable()
        assert "##[" not in written
    assert [json.loads(text.line(one)) for one in said] == said
    assert json.loads(text.as_json(said[:1])) == {"example.com": said[0]}


def test_line_is_one_line() -> None:
    written = text.line(found("mx.unlisted"))
    assert written.count("\n") == 1
    assert written.isascii()


def counted(results: Iterable[Result]) -> Counter[str]:
    return Counter(trait for result in results for trait in text.traits(result))


def test_summary_gives_the_shares() -> None:
    names = ["starttls.not_offered", "certificate.expired", "mx.all_unreachable", "mta_sts.absent"]
    results = [found(name) for name in names] + [judged(WELL["good"]).result]
    rows = dict(line.rsplit("  ", 1) for line in text.totals(counted(results)).splitlines())
    assert {label.strip(): value for label, value in rows.items()} == {
        "domains": "5",
        "no STARTTLS": "1",
        "failure": "1",
        "could not connect": "1",
        "success": "2",
        "reached": "4",
        "without STARTTLS": "1 (25.0 %)",
        "without a valid certificate": "1 (25.0 %)",
        "with MTA-STS": "4 (80.0 %)",
        "with DANE": "3 (60.0 %)",
    }


def test_summary_for_programs() -> None:
    totals = json.loads(text.totals_json(counted([found("starttls.not_offered"), judged(GOOD).result])))
    statuses = totals.pop("statuses")
    assert totals == {
        "domains": 2,
        "reached": 2,
        "without_starttls": 1,
        "without_valid_certificate": 0,
        "mta_sts": 2,
        "dane": 1,
    }
    assert statuses == dict.fromkeys(statuses, 0) | {"success": 1, "no STARTTLS": 1}
    assert len(statuses) == len(Status)


def test_totals_of_nothing() -> None:
    assert "domains" in text.totals(Counter())
    assert text.text([]) == ""


def test_results_without_mta_sts_are_counted() -> None:
    result = judged(WELL["not_looked_for"]).result
    assert result["mta_sts"] is None
    assert result["extra_results"]["tlsrpt"] is None
    assert "with MTA-STS                   0 (0.0 %)" in text.totals(counted([result]))
