"""Ways past the list, on a real Postfix's configuration: transports, services with settings of their own."""

import subprocess

import pytest

from stpolicy.model.finding import Severity
from stpolicy.model.table import EXACT_FROM
from tests.needs import needs
from tests.postfix_room import DOMAINS, POLICY, PostfixRoom


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
    assert server.codes() == {"postfix.transport"}


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
    assert server.codes() == set()


def test_the_first_key_counts_in_whichever_transport_map_it_stands(server: PostfixRoom) -> None:
    server.table_text("one", ".example.org uucp:\n* uucp:\n")
    server.table_text("two", "".join(f"{domain} smtp:\n" for domain in (*DOMAINS, "bücher.de")))
    server.set(transport_maps="texthash:@ETC@/one, proxy:texthash:@ETC@/two")
    assert server.codes() == set()


def test_a_transport_map_of_patterns(server: PostfixRoom) -> None:
    server.table_text("patterns", "/@example\\.com$/ smtp:[relay.example.net]\n")
    server.set(transport_maps="regexp:@ETC@/patterns")
    found = server.examined().report.findings
    assert [(finding.code, finding.where) for finding in found] == [("postfix.transport", "example.com")]


def test_parents_without_a_dot(server: PostfixRoom) -> None:
    server.table_text("transport", "example.org uucp:\n")
    server.set(transport_maps="texthash:@ETC@/transport", parent_domain_matches_subdomains="transport_maps")
    assert server.codes() == {"postfix.transport"}


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
    assert server.judged(version=EXACT_FROM) == ["postfix.override"] * found


def test_a_service_that_runs_something_else_is_not_looked_at(server: PostfixRoom) -> None:
    server.master(
        "filter unix - - n - - lmtp -o smtp_tls_security_level=none",
        "in inet n - y - - smtpd -o smtp_tls_CAfile=x",
    )
    assert server.codes() == set()


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
    assert server.codes() == set()
    server.set(default_transport="uucp")
    assert server.codes() == {"postfix.transport"}


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
