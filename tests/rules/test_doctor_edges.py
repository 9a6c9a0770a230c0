"""Rules of `doctor` at their edges, on a real Postfix's configuration."""

import os
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from stpolicy import rules
from stpolicy.model.finding import Severity
from stpolicy.model.table import EXACT_FROM, Table
from tests import lists
from tests.needs import needs
from tests.personas import SIGNED, stamp
from tests.postfix_room import DOMAINS, POLICY, PostfixRoom, postfix_room


@pytest.fixture
def server(tmp_path: Path) -> PostfixRoom:
    return postfix_room(tmp_path)


def codes(room: PostfixRoom, **changed: object) -> set[str]:
    return {finding.code for finding in room.examined(**changed).report.findings}


def judged(room: PostfixRoom, **facts: object) -> list[str]:
    """What is said of a Postfix that differs in these facts from the one that is here."""
    changed = replace(room.examined().server, **facts)  # type: ignore[arg-type]
    return [code for code, *_ in rules.judge(rules.POSTFIX, changed)]


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
    assert codes(server) == found


def test_a_map_that_never_had_the_rows_of_a_list_that_ran_out(server: PostfixRoom) -> None:
    ended = lists.NOW - timedelta(hours=2)
    path = server.lib / "current" / "policy.json"
    path.write_bytes(path.read_bytes().replace(lists.EXPIRES.encode(), stamp(ended).encode()))
    server.map({"local.example": POLICY})
    os.utime(f"{server.table.file}", (0, 0))
    os.utime(server.table.name, (0, 0))
    assert codes(server) == {"install.stale"}


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
    assert codes(server, now=now) == stale


@pytest.mark.parametrize(("hours", "stale"), [(8, False), (7, True)])
def test_stale_is_less_than_a_third_of_a_short_life(hours: int, stale: bool, server: PostfixRoom) -> None:
    """A list that lives for a day."""
    path = server.lib / "current" / "policy.json"
    end = SIGNED + timedelta(hours=24)
    path.write_bytes(path.read_bytes().replace(lists.EXPIRES.encode(), stamp(end).encode()))
    now = end - timedelta(hours=hours)
    server.state(last_success=stamp(now))
    assert codes(server, now=now) == ({"install.stale"} if stale else set())


@pytest.mark.parametrize(
    "entry",
    [
        "example.com smtp:[relay.example.net]",
        "example.com uucp:",
        ".example.org smtp:other.example.net",
        "* relay:[relay.example.net]:587",
        "example.com nowhere:",
        "EXAMPLE.com smtp:other.example.net",
        "xn--bcher-kva.de :[relay.example.net]",
    ],
)
def test_transport_entries_that_lead_past_the_list(entry: str, server: PostfixRoom) -> None:
    server.table_text("transport", f"other.example smtp:[x.example]\n{entry}\n")
    server.set(transport_maps="texthash:@ETC@/transport")
    assert codes(server) == {"postfix.transport"}


@pytest.mark.parametrize(
    "entry",
    [
        "example.com smtp:",
        "example.com :",
        "example.com relay:example.com",
        "example.com error:gone away",
        "example.com virtual:",
        "sub.example.com smtp:[x.example]",
        ".sub.example.org smtp:[x.example]",
        "postmaster@example.com smtp:[x.example]",
        ".example.com uucp:",
        "example.org uucp:",
    ],
)
def test_transport_entries_that_do_not(entry: str, server: PostfixRoom) -> None:
    server.table_text("transport", f"{entry}\n")
    server.set(transport_maps="texthash:@ETC@/transport")
    assert codes(server) == set()


def test_the_first_key_counts_in_whichever_transport_map_it_stands(server: PostfixRoom) -> None:
    server.table_text("one", ".example.org uucp:\n* uucp:\n")
    server.table_text("two", "".join(f"{domain} smtp:\n" for domain in (*DOMAINS, "bücher.de")))
    server.set(transport_maps="texthash:@ETC@/one, proxy:texthash:@ETC@/two")
    assert codes(server) == set()


def test_a_transport_map_of_patterns(server: PostfixRoom) -> None:
    server.table_text("patterns", "/@example\\.com$/ smtp:[relay.example.net]\n")
    server.set(transport_maps="regexp:@ETC@/patterns")
    found = server.examined().report.findings
    assert [(finding.code, finding.where) for finding in found] == [("postfix.transport", "example.com")]


def test_parents_without_a_dot(server: PostfixRoom) -> None:
    server.table_text("transport", "example.org uucp:\n")
    server.set(transport_maps="texthash:@ETC@/transport", parent_domain_matches_subdomains="transport_maps")
    assert codes(server) == {"postfix.transport"}


def test_one_entry_for_many_domains_is_one_finding(server: PostfixRoom) -> None:
    server.table_text("transport", "* smtp:[relay.example.net]\n")
    server.set(transport_maps="texthash:@ETC@/transport")
    assert len(server.examined().report.findings) == 1


def test_a_transport_map_that_cannot_be_asked(server: PostfixRoom) -> None:
    server.set(transport_maps="hash:@ETC@/nowhere", relayhost="x.example")
    found = server.examined()
    assert [finding.code for finding in found.report.findings] == ["postfix.relayhost"]
    assert len(found.unlooked) == 1


def test_transport_maps_are_asked_for_the_list_where_there_is_no_map(server: PostfixRoom) -> None:
    server.table_text("transport", "testing.example.net uucp:\nexample.com uucp:\n")
    server.set(transport_maps="texthash:@ETC@/transport")
    for name in ("policy", "policy.db"):
        (server.lib / "maps" / name).unlink()
    found = server.examined().server.routes
    assert [route.domain for route in found] == ["example.com"]
    (server.lib / "current").unlink()
    assert server.examined().server.routes == ()


OVERRIDES = {
    "-o smtp_tls_security_level=none": True,
    "-o smtp_tls_security_level=encrypt": True,
    "-o smtp_tls_security_level=may": False,
    "-o smtp_tls_security_level= -o smtp_enforce_tls=yes": True,
    "-o smtp_tls_security_level= -o smtp_use_tls=yes": False,
    "-o smtp_use_tls=no": False,
    "-o smtp_tls_policy_maps=": True,
    "-o { smtp_tls_policy_maps = hash:/etc/own, cdb:/etc/other }": True,
    "-o smtp_tls_policy_maps=proxy:hash:@LIB@/maps/policy": False,
    "-o smtp_tls_CAfile=/etc/other.pem": True,
    "-o smtp_tls_CApath=/etc/certs": True,
    "-o smtp_tls_CAfile=@ETC@/ca.pem": False,
    "-o smtp_helo_timeout=5": False,
}


@pytest.mark.parametrize("options", OVERRIDES)
def test_overrides(options: str, server: PostfixRoom) -> None:
    server.master(server.filled(f"own unix - - y - - smtp {options}"))
    unused = server.examined().report.findings
    server.set(default_transport="own")
    used = server.examined().report.findings
    assert {(f.code, f.severity) for f in unused} <= {("postfix.override", Severity.NOTE)}
    assert {(f.code, f.severity) for f in used} <= {("postfix.override", Severity.WARNING)}
    assert (bool(unused), bool(used)) == (OVERRIDES[options], OVERRIDES[options])


@pytest.mark.parametrize(
    ("attributes", "value", "found"),
    [
        (" policy_type=sts policy_domain=example.com mx_host_pattern=mx.example.com", "YES", True),
        (" policy_type=sts policy_domain=example.com mx_host_pattern=mx.example.com", "no", False),
        ("", "yes", False),
    ],
)
def test_reports_of_one_service(attributes: str, value: str, found: bool, server: PostfixRoom) -> None:
    """Which main.cf says nothing of."""
    server.map(dict.fromkeys((*DOMAINS, "bücher.de"), f"{POLICY}{attributes}"))
    server.master(f"own unix - - y - - smtp -o smtp_tlsrpt_enable={value}")
    server.set(default_transport="own")
    assert judged(server, version=EXACT_FROM) == ["postfix.override"] * found


def test_a_service_that_runs_something_else_is_not_looked_at(server: PostfixRoom) -> None:
    server.master(
        "filter unix - - n - - lmtp -o smtp_tls_security_level=none",
        "in inet n - y - - smtpd -o smtp_tls_CAfile=x",
    )
    assert codes(server) == set()


@pytest.mark.parametrize(("default", "severity"), [("smtp", Severity.NOTE), ("own", Severity.ERROR)])
def test_a_fallback_relay_of_one_service(default: str, severity: Severity, server: PostfixRoom) -> None:
    server.master("own unix - - y - - smtp -o smtp_fallback_relay=relay.example.net")
    server.set(default_transport=default)
    found = server.examined().report.findings
    assert [(f.code, f.where, f.severity) for f in found] == [("postfix.fallback_relay", "own", severity)]


def test_any_service_may_be_used_where_the_sender_decides(server: PostfixRoom) -> None:
    server.master("own unix - - y - - smtp -o smtp_tls_security_level=none")
    server.set(sender_dependent_default_transport_maps="inline:{a@example.com=own}")
    found = {f.code: f.severity for f in server.examined().report.findings}
    assert found == {"postfix.override": Severity.WARNING, "postfix.transport": Severity.WARNING}


def test_a_service_that_a_transport_map_names_is_used(server: PostfixRoom) -> None:
    server.master("own unix - - y - - smtp -o smtp_tls_CAfile=x")
    server.set(transport_maps="inline:{example.com=own:}")
    found = {f.code: f.severity for f in server.examined().report.findings}
    assert found == {"postfix.override": Severity.WARNING}


def test_without_master_cf_the_usual_services_are_what_they_are_called(server: PostfixRoom) -> None:
    (server.etc / "master.cf").unlink()
    assert codes(server) == set()
    server.set(default_transport="uucp")
    assert codes(server) == {"postfix.transport"}


def test_the_map_that_is_named_is_the_map(server: PostfixRoom) -> None:
    for table in (Table("btree", server.table.name), Table("hash", f"{server.etc}/other")):
        found = server.examined(table=table).report.findings
        assert {finding.code for finding in found} == {"postfix.map_missing"}
    assert codes(server, table=Table("socketmap", "inet:127.0.0.1:1:x")) == {"postfix.map_missing"}


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
    assert codes(server) == {"postfix.map_missing"}


@pytest.mark.parametrize(
    ("kind", "entry", "words"),
    [
        ("regexp", "/@example\\.com$/ smtp:[x.example]", ["pattern", "reload"]),
        ("texthash", "example.com smtp:[x.example]", ["take example.com out of", "reload"]),
        ("hash", "example.com smtp:[x.example]", ["take example.com out of", "postmap hash:"]),
    ],
)
def test_what_is_to_be_done_about_a_transport(
    kind: str, entry: str, words: list[str], server: PostfixRoom
) -> None:
    server.table_text("transport", f"{entry}\n")
    if kind == "hash":
        subprocess.run(
            [needs("postmap", "postfix"), "-c", server.etc, f"hash:{server.etc}/transport"], check=True
        )
    server.set(transport_maps=f"proxy:{kind}:@ETC@/transport")
    (finding,) = server.examined().report.findings
    assert [word for word in words if word not in finding.mend] == []
    assert ("postmap" in finding.mend) is (kind == "hash")
    assert "take postmaster@" not in finding.mend


STS = " policy_type=sts policy_domain=example.com mx_host_pattern=mx.example.com"


@pytest.mark.parametrize(
    ("attributes", "value"), [(STS, "no"), (STS, "No"), (STS, "yes"), (STS, ""), ("", "no")]
)
def test_a_parameter_of_3_10_5_that_undoes_match_mx(attributes: str, value: str, server: PostfixRoom) -> None:
    server.map(dict.fromkeys((*DOMAINS, "bücher.de"), f"{POLICY}{attributes}"))
    name = "smtp_tls_enforce_sts_mx_patterns"
    settings = {**server.examined().server.settings, name: value}
    undone = bool(attributes) and value.lower() == "no"
    assert judged(server, version=EXACT_FROM, settings=settings) == ["postfix.override"] * undone
    server.master(f"own unix - - y - - smtp -o {name}={value}")
    server.set(default_transport="own")
    assert judged(server, version=EXACT_FROM) == ["postfix.override"] * undone


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
    assert judged(server, version=version) == found


def test_what_mends_rows_for_a_newer_postfix_names_this_one(server: PostfixRoom) -> None:
    """Whatever the settings say."""
    server.map(dict.fromkeys((*DOMAINS, "bücher.de"), POLICY + STS))
    facts = replace(server.examined().server, version=(3, 7, 11))
    (mend,) = [problem.mend for code, _, problem in rules.judge(rules.POSTFIX, facts) if code == TOO_NEW]
    assert f"--map {server.table} --mta-version 3.7.11 --match certificate" in mend
