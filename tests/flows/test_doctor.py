"""doctor: which map is ours, what the folder holds, and what an attempt comes to."""

import os
from pathlib import Path

import pytest

from stpolicy.errors import StpolicyError
from stpolicy.flows.state_folder import policy_map, rendered, state_folder
from stpolicy.flows.trial import Trial
from stpolicy.model.mail_server import Attempt
from stpolicy.model.observation import Dns, Exchange, MxAnswer
from stpolicy.model.table import Table
from stpolicy.mta.postfix import Postfix
from tests import lists
from tests.personas import SIGNED, stamp
from tests.postfix_room import DOMAINS, POLICY, PostfixRoom, postfix_room

EXCHANGES = (Exchange(1, "mx.example.com"), Exchange(2, "mx.example.net"), Exchange(3, "mx.example.com"))


def trial(domain: str, *hosts: str, answer: MxAnswer | None = None) -> Trial:
    """A domain to try, without a network."""

    def exchanges(_: str) -> MxAnswer:
        if answer is None:
            raise StpolicyError("no name server is configured here")
        return answer

    return Trial(domain, hosts, exchanges)


@pytest.fixture
def server(tmp_path: Path) -> PostfixRoom:
    return postfix_room(tmp_path)


def test_what_the_folder_holds(server: PostfixRoom) -> None:
    found = state_folder(server.lib, now=lists.NOW, table=server.table)
    assert found.list
    assert str(found.list.timestamp) == stamp(SIGNED)
    assert str(found.list.expires) == lists.EXPIRES
    assert found.list.domains == DOMAINS
    names = {Path(seen.path).name for seen in found.seen}
    assert names >= {
        "lib",
        "versions",
        "current",
        "policy.json",
        "policy.json.asc",
        "mark",
        "maps",
        "policy.db",
    }


@pytest.mark.parametrize("name", ["current", "state.json", "mark", "versions"])
def test_a_folder_in_place_of_a_file_or_a_file_in_place_of_a_folder(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("x")
    assert state_folder(tmp_path, now=lists.NOW).list is None
    assert rendered(tmp_path / name, []) is None


def test_t24_nothing_is_no_list(tmp_path: Path) -> None:
    found = state_folder(tmp_path / "nowhere", now=lists.NOW)
    assert (found.list, found.last_success, found.seen) == (None, None, ())


def test_the_map_below_the_folder(server: PostfixRoom, tmp_path: Path) -> None:
    maps = server.lib / "maps"
    assert rendered(server.lib, []) == server.table
    (maps / "a.lmdb").write_text("")
    (maps / ".tmp.cdb").write_text("")
    (maps / "README").write_text("")
    assert rendered(server.lib, []) == Table("lmdb", f"{maps}/a")
    named = [Table("hash", "/elsewhere"), Table.read(f"proxy:{server.table}")]
    assert rendered(server.lib, named) == server.table
    assert rendered(tmp_path / "nowhere", named) is None


def test_a_map(server: PostfixRoom) -> None:
    server.map({"example.com": POLICY}, f"sha256 {'a' * 64}")
    found = policy_map(server.table)
    assert (found.rows, found.digest) == ({"example.com": POLICY}, "a" * 64)
    assert found.written
    assert found.indexed
    assert policy_map(Table("lmdb", server.table.name)).indexed is None
    assert policy_map(Table("socketmap", "inet:x")).written is None
    assert policy_map(Table("cdb", f"{server.lib}/nowhere")).rows == {}


def test_a_domain_without_a_row_cannot_be_tested(server: PostfixRoom) -> None:
    found = server.examined(trial=trial("example.net"))
    assert [(f.code, f.where) for f in found.report.findings] == [("postfix.unverified", "example.net")]
    assert found.unlooked == ()


def test_a_map_that_cannot_be_asked(server: PostfixRoom) -> None:
    found = server.examined(trial=trial("example.com"), table=Table("hash", f"{server.lib}/nowhere"))
    assert len(found.unlooked) == 1
    (server.lib / "maps" / "policy.db").unlink()
    (server.lib / "maps" / "policy").unlink()
    server.set(smtp_tls_policy_maps="")
    assert len(server.examined(trial=trial("example.com")).unlooked) == 1
    assert server.examined().unlooked == ()


def test_each_host_is_tried_and_one_that_hangs_is_no_verdict(
    server: PostfixRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def attempt(_: Postfix, domain: str, host: str, policy: object, authorities: object) -> None:
        tried.append((domain, host))
        raise StpolicyError("posttls-finger did not answer")

    monkeypatch.setattr(Postfix, "attempt", attempt)
    found = server.examined(trial=trial("example.com", "[a]", "[b]"))
    assert tried == [("example.com", "[a]"), ("example.com", "[b]")]
    assert found.report.findings == ()
    assert len(found.unlooked) == 2
    server.examined(trial=trial("example.com", answer=MxAnswer(Dns.ANSWER, EXCHANGES, 2)))
    assert tried[2:] == [("example.com", "[mx.example.com]"), ("example.com", "[mx.example.net]")]


@pytest.mark.parametrize(
    ("answer", "findings", "unlooked"),
    [
        (MxAnswer(Dns.NXDOMAIN), 1, 0),
        (MxAnswer(Dns.NO_DATA), 1, 0),
        (MxAnswer(Dns.ANSWER, (Exchange(0, ""),), 1), 1, 0),
        (MxAnswer(Dns.TIME_OUT), 0, 1),
        (MxAnswer(Dns.ERROR, message="SERVFAIL"), 0, 1),
        (MxAnswer(Dns.ANSWER, EXCHANGES, 25), 2, 1),
    ],
)
def test_what_dns_says_of_a_domain_to_try(
    answer: MxAnswer, findings: int, unlooked: int, server: PostfixRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    def attempt(_: Postfix, domain: str, host: str, *more: object) -> Attempt:
        return Attempt(domain, host, False, "wrong name")

    monkeypatch.setattr(Postfix, "attempt", attempt)
    found = server.examined(trial=trial("example.com", answer=answer))
    assert [finding.code for finding in found.report.findings] == ["postfix.unverified"] * findings
    assert len(found.unlooked) == unlooked


def test_without_a_name_server_nothing_is_known_of_a_domain(server: PostfixRoom) -> None:
    found = server.examined(trial=trial("example.com"))
    assert (found.report.findings, len(found.unlooked)) == ((), 1)


def test_what_we_may_not_ask_is_no_finding(server: PostfixRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    """Postfix opens its tables, and its authorities, as root."""

    def query(_: Postfix, table: str, keys: object) -> dict[str, str]:
        raise StpolicyError(f"postmap: open database {table}.db: Permission denied")

    monkeypatch.setattr(Postfix, "query", query)
    server.set(smtp_tls_policy_maps="static:may, hash:@LIB@/maps/policy", smtp_tls_CAfile="/" + "x" * 300)
    found = server.examined()
    assert [finding.code for finding in found.report.findings] == ["postfix.map_shadowed"]
    assert len(found.unlooked) == 3


def test_tables_that_ask_others_are_not_asked(server: PostfixRoom) -> None:
    tables = ("socketmap:inet:127.0.0.1:1:x", "mysql:/nowhere.cf", "unionmap:{static:may,tcp:127.0.0.1:1}")
    server.set(smtp_tls_policy_maps=" ".join([*tables, "hash:@LIB@/maps/policy"]))
    found = server.examined()
    assert found.server.silent == {}
    assert {f.code for f in found.report.findings} <= {"postfix.map_type"}


def test_a_map_of_many_rows_is_asked_whole(server: PostfixRoom) -> None:
    """The last row counts as the first."""
    rows = dict.fromkeys((*DOMAINS, *(f"d{number}.example.net" for number in range(2000))), POLICY)
    server.map(rows)
    assert server.examined().report.findings == ()
    rows["d1999.example.net"] += ":y"
    text = Path(server.table.name)
    text.write_text("".join(f"{key} {value}\n" for key, value in rows.items()))
    os.utime(text, (10**9, 10**9))
    found = server.examined()
    assert found.server.map
    assert found.server.map.differs == "d1999.example.net"
