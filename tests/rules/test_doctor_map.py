"""The list and its map, on a real Postfix's configuration: too old, missing, misnamed, too new."""

import os
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from stpolicy import rules
from stpolicy.model.table import EXACT_FROM, Table
from tests import lists
from tests.personas import SIGNED, stamp
from tests.postfix_room import DOMAINS, POLICY, PostfixRoom


@pytest.mark.parametrize(
    ("made", "found"), [(-9, {"install.stale", "postfix.map_stale"}), (9, {"install.stale"})]
)
def test_a_list_that_ran_out_and_is_still_enforced(made: int, found: set[str], server: PostfixRoom) -> None:
    """The map was made before or after that moment."""
    ended = lists.NOW - timedelta(hours=2)
    path = server.lib / "current" / "policy.json"
    path.write_bytes(path.read_bytes().replace(lists.EXPIRES.encode(), stamp(ended).encode()))
    for name in ("policy", "policy.db"):
        os.utime(server.lib / "maps" / name, (ended.timestamp() + made, ended.timestamp() + made))
    assert server.codes() == found


def test_a_map_that_never_had_the_rows_of_a_list_that_ran_out(server: PostfixRoom) -> None:
    ended = lists.NOW - timedelta(hours=2)
    path = server.lib / "current" / "policy.json"
    path.write_bytes(path.read_bytes().replace(lists.EXPIRES.encode(), stamp(ended).encode()))
    server.map({"local.example": POLICY})
    os.utime(f"{server.table.file}", (0, 0))
    os.utime(server.table.name, (0, 0))
    assert server.codes() == {"install.stale"}


@pytest.mark.parametrize(
    ("left", "stale"),
    [
        (timedelta(days=4), set()),
        (timedelta(days=4) - timedelta(seconds=1), {"install.stale"}),
        (timedelta(seconds=1), {"install.stale"}),
        (timedelta(), {"install.stale", "postfix.map_stale"}),
    ],
)
def test_stale_is_less_than_four_days(left: timedelta, stale: set[str], server: PostfixRoom) -> None:
    now = datetime.fromisoformat(lists.EXPIRES) - left
    server.state(last_success=stamp(now))
    assert server.codes(now=now) == stale


@pytest.mark.parametrize(("hours", "stale"), [(8, False), (7, True)])
def test_stale_is_less_than_a_third_of_a_short_life(hours: int, stale: bool, server: PostfixRoom) -> None:
    """A list that lives for a day."""
    path = server.lib / "current" / "policy.json"
    end = SIGNED + timedelta(hours=24)
    path.write_bytes(path.read_bytes().replace(lists.EXPIRES.encode(), stamp(end).encode()))
    now = end - timedelta(hours=hours)
    server.state(last_success=stamp(now))
    assert server.codes(now=now) == ({"install.stale"} if stale else set())


def test_the_map_that_is_named_is_the_map(server: PostfixRoom) -> None:
    for table in (Table("btree", server.table.name), Table("hash", f"{server.etc}/other")):
        found = server.examined(table=table).report.findings
        assert {finding.code for finding in found} == {"postfix.map_missing"}
    assert server.codes(table=Table("socketmap", "inet:127.0.0.1:1:x")) == {"postfix.map_missing"}


def test_our_own_map_of_a_type_that_is_not_there(server: PostfixRoom) -> None:
    """Not also missing: what its file would be nobody knows. The mend makes another, then names that."""
    server.set(smtp_tls_policy_maps="nosuch:@LIB@/maps/policy, socketmap:inet:127.0.0.1:1:x")
    found = server.examined().report.findings
    assert {finding.code for finding in found} == {"postfix.map_type", "postfix.map_order"}
    assert [f for f in found if f.mend.startswith("stpolicy update ") and " && postconf " in f.mend]


def test_a_map_that_lies_there_and_is_not_named(server: PostfixRoom) -> None:
    server.set(smtp_tls_policy_maps="static:may, socketmap:inet:127.0.0.1:1:x, inline:{own.example=may}")
    (finding,) = server.examined().report.findings
    assert finding.code == "postfix.map_missing"
    maps = (
        f"socketmap:inet:127.0.0.1:1:x, inline:{{own.example=may}}, hash:{server.lib}/maps/policy, static:may"
    )
    assert finding.mend == f"postconf -c {server.etc} -e 'smtp_tls_policy_maps = {maps}'"


def test_no_map_at_all(server: PostfixRoom) -> None:
    for name in ("policy", "policy.db"):
        (server.lib / "maps" / name).unlink()
    server.set(smtp_tls_policy_maps="")
    (finding,) = server.examined().report.findings
    assert finding.code == "postfix.map_missing"
    assert finding.mend.startswith("stpolicy update --render postfix --map ")
    (server.lib / "maps").rmdir()
    assert server.codes() == {"postfix.map_missing"}


STS = " policy_type=sts policy_domain=example.com mx_host_pattern=mx.example.com"


@pytest.mark.parametrize(
    ("attributes", "value"), [(STS, "no"), (STS, "No"), (STS, "yes"), (STS, ""), ("", "no")]
)
def test_a_parameter_of_3_10_5_that_undoes_match_mx(attributes: str, value: str, server: PostfixRoom) -> None:
    server.map(dict.fromkeys((*DOMAINS, "bücher.de"), f"{POLICY}{attributes}"))
    name = "smtp_tls_enforce_sts_mx_patterns"
    settings = {**server.examined().server.settings, name: value}
    undone = bool(attributes) and value.lower() == "no"
    assert server.judged(version=EXACT_FROM, settings=settings) == ["postfix.override"] * undone
    server.master(f"own unix - - y - - smtp -o {name}={value}")
    server.set(default_transport="own")
    assert server.judged(version=EXACT_FROM) == ["postfix.override"] * undone


TOO_NEW = "postfix.map_too_new"


@pytest.mark.parametrize(
    ("row", "version", "found"),
    [
        (POLICY + STS, (3, 10, 4), [TOO_NEW]),
        (POLICY + STS, (3, 7, 11), [TOO_NEW]),
        (POLICY + STS, (3, 10, 5), []),
        (POLICY + STS, (3, 11), []),
        (POLICY + STS, (), []),
        (POLICY, (3, 6, 0), []),
        (POLICY, (3, 5, 25), [TOO_NEW]),
        ("secure match=mx.example.com servername=hostname", (3, 4), []),
        ("secure match=mx.example.com servername=hostname", (3, 3, 22), [TOO_NEW]),
        ("secure match=mx.example.com protocols=!SSLv2:!SSLv3", (3, 0, 1), []),
    ],
)
def test_rows_for_a_newer_postfix(
    row: str, version: tuple[int, ...], found: list[str], server: PostfixRoom
) -> None:
    server.map(dict.fromkeys((*DOMAINS, "bücher.de"), row))
    assert server.judged(version=version) == found


def test_what_mends_rows_for_a_newer_postfix_names_this_one(server: PostfixRoom) -> None:
    """Whatever the settings say."""
    server.map(dict.fromkeys((*DOMAINS, "bücher.de"), POLICY + STS))
    facts = replace(server.examined().server, version=(3, 7, 11))
    (mend,) = [problem.mend for code, _, problem in rules.judge(rules.POSTFIX, facts) if code == TOO_NEW]
    assert f"--map {server.table} --mta-version 3.7.11 --match certificate" in mend
