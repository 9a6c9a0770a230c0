"""What was wrong in the old checker, tried on `check`: none of it happens here.

The names are those of the list of defects that were seen in it, C1 to C23.
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.checker.peer import ENOUGH
from tests.checker.surveys import MET
from tests.checker.surveys import World as Survey
from tests.minternet.clients import Found, check
from tests.minternet.row import ZONE
from tests.minternet.world import World


def of(found: Found, name: str) -> dict[str, Any]:
    return found[f"{name}.{ZONE}"]


def codes(found: Found, name: str) -> set[str]:
    return {finding["code"] for finding in of(found, name)["findings"]}


def tls(found: Found, name: str) -> dict[str, Any]:
    """The session of the only address of the only host."""
    (host,) = of(found, name)["results"].values()
    (address,) = host["addresses"].values()
    session: dict[str, Any] = address["tls"]
    return session


@pytest.mark.parametrize("name", ["silent", "drip", "drip-ehlo", "tls-silent", "tls-drip", "black-hole"])
def test_c1_every_step_has_a_deadline(found: Found, name: str) -> None:
    assert "smtp.time_out" in codes(found, name)


def test_c2_sni_is_sent(found: Found) -> None:
    assert of(found, "needs-sni")["status"] == 0


def test_c3_servers_are_greeted_with_a_name(internet: World) -> None:
    name = f"picky.{ZONE}"
    (result,) = check(internet, "--domain", name).values()
    (address,) = internet.addresses(f"mx.{name}")
    greeted: Any = internet.connections()[address, 25]["greeted"]
    assert (result["status"], greeted[-1]) == (0, "checker.stpolicy-lab.net")


def test_c4_sslv3_is_really_probed(found: Found) -> None:
    assert "tls.version.obsolete" in codes(found, "sslv3-too")
    (look,) = of(found, "plain")["results"][f"mx.plain.{ZONE}"]["addresses"].values()
    assert look["probes"]["SSLv3"] == "refused"
    (look,) = of(found, "closes-at-ehlo")["results"][f"mx.closes-at-ehlo.{ZONE}"]["addresses"].values()
    assert "refused" not in look["probes"].values()


def test_c5_old_versions_are_told_from_no_tls(found: Found) -> None:
    assert (of(found, "only-tls10")["status"], tls(found, "only-tls10")["version"]) == (2, "TLSv1")
    assert "tls.version.old_too" in codes(found, "tls10-too")


def test_c6_ciphers_are_looked_at(found: Found) -> None:
    for name in ("rc4-too", "3des-too", "null-too"):
        assert "tls.cipher.weak" in codes(found, name)


def test_c7_common_names_and_roots(found: Found) -> None:
    """A CN counts, with a warning; roots are those that were named; revocation is nowhere promised."""
    assert codes(found, "common-name") >= {"certificate.common_name_only"}
    assert codes(found, "unknown-root") >= {"certificate.untrusted"}


def test_c8_certificate_and_host_are_both_held_against_the_patterns(found: Found) -> None:
    assert codes(found, "unlisted") >= {"mx.unlisted"}
    assert codes(found, "wrong-name") >= {"certificate.name_mismatch"}
    assert codes(found, "domain-only") >= {"certificate.mx_mismatch"}


def test_c9_the_first_of_a_repeated_key_counts(found: Found) -> None:
    assert of(found, "sts-twice-keys")["mta_sts"]["mode"] == "enforce"
    assert of(found, "sts-twice-keys")["status"] == 0


def test_c10_a_record_has_its_tag_and_its_id(found: Found) -> None:
    assert "mta_sts.absent" in codes(found, "sts-v10")
    assert "mta_sts.invalid" in codes(found, "sts-bad-id")


def test_c11_no_mx_is_no_empty_mx(found: Found) -> None:
    assert of(found, "sts-no-mx")["mta_sts"]["mxs"] == []


def test_c12_a_name_is_converted_once(found: Found, internet: World) -> None:
    name = f"xn--bcher-kva.{ZONE}"
    (result,) = check(internet, "--domain", f"Bücher.{ZONE}", "--mx", f".BÜCHER.{ZONE}").values()
    assert (result["domain"], result["status"]) == (name, found[name]["status"])
    assert result["mx_hostnames"] == [f".{name}"]


def test_c13_each_no_of_dns_is_another_one(found: Found) -> None:
    names = ("nxdomain", "no-data", "bogus", "silent-dns", "implicit")
    noes = {"mx.nxdomain", "mx.no_data", "mx.dns_error", "mx.implicit"}
    said = {name: codes(found, name) & noes for name in names}
    assert said == {
        "nxdomain": {"mx.nxdomain"},
        "no-data": {"mx.no_data"},
        "bogus": {"mx.dns_error"},
        "silent-dns": {"mx.dns_error"},
        "implicit": {"mx.implicit"},
    }
    assert all(of(found, name)["message"] for name in said)


def test_c14_a_null_mx_is_not_connected_to(found: Found) -> None:
    assert codes(found, "null-mx") == {"mx.null"}
    assert of(found, "null-mx")["results"] == {}


def test_c15_all_reached_hosts_decide_and_the_best_preference_is_told(found: Found) -> None:
    result = of(found, "good-and-bad")
    assert (result["status"], result["primary_status"]) == (4, 0)
    assert result["preferred_hostnames"] == [f"mx.good-and-bad.{ZONE}"]


def test_c16_an_mx_that_is_not_reached_must_be_covered_all_the_same(internet: World) -> None:
    name = f"dead-backup.{ZONE}"
    (result,) = check(internet, "--domain", name, "--mx", f"mx.{name}").values()
    assert ("mx.unlisted", f"backup.{name}") in {(one["code"], one["where"]) for one in result["findings"]}


def test_c17_every_address_is_looked_at(found: Found) -> None:
    host = of(found, "one-bad-certificate")["results"][f"mx.one-bad-certificate.{ZONE}"]
    assert len(host["addresses"]) == 2
    assert len(of(found, "both-families")["results"][f"mx.both-families.{ZONE}"]["addresses"]) == 2


def test_c18_the_hosts_of_a_domain_are_looked_at_at_once() -> None:
    both = asyncio.Barrier(2)

    async def wait(_host: str, _address: str) -> Any:
        async with asyncio.timeout(ENOUGH):
            await both.wait()
        return MET

    addresses = {"mx.example": ["192.88.98.1"], "mx2.example": ["192.88.98.2"]}
    survey = Survey({"one.example": list(addresses)}, addresses, wait)
    assert len(survey.run()["one.example"].hosts) == 2


_TWICE = """
import sys
from datetime import UTC, datetime
import stpolicy
domain, ca = sys.argv[1:]
for port in (26, 25):
    result = stpolicy.check_domain(
        domain, now=datetime.now(UTC), helo="checker.stpolicy-lab.net", ca_file=ca, port=port
    )
    print(result["status"])
"""


def test_c19_a_failure_is_not_remembered(internet: World) -> None:
    """By a process that looks again, where nothing listened before."""
    done = internet.run([sys.executable, "-c", _TWICE, f"plain.{ZONE}", internet.ca_file])
    assert (done.stdout.split(), done.stderr) == (["5", "0"], "")


def test_c20_status_6_is_a_name_that_does_not_match(found: Found) -> None:
    assert [of(found, name)["status"] for name in ("unlisted", "wrong-name", "expired")] == [6, 6, 2]


@pytest.mark.parametrize(("name", "code"), [("plain", 0), ("clear", 1), ("grey-at-ehlo", 3)])
def test_c21_the_exit_code_says_it(internet: World, name: str, code: int) -> None:
    looking: list[str | Path] = [sys.executable, "-m", "stpolicy", "check", "--timeout", "8"]
    looking += ["--domain", f"{name}.{ZONE}"]
    looking += ["--resolver", "127.0.0.1", "--helo", "checker.stpolicy-lab.net"]
    assert internet.run([*looking, "--ca-file", internet.ca_file]).returncode == code


@pytest.mark.parametrize("name", ["private", "private-ipv6"])
def test_c22_addresses_that_are_not_global_are_not_connected_to(found: Found, name: str) -> None:
    assert "mx.not_global" in codes(found, name)
    (host,) = of(found, name)["results"].values()
    assert [look["banner"] for look in host["addresses"].values()] == [None] * 4


def test_c22_a_policy_host_that_is_not_global_is_not_connected_to(internet: World) -> None:
    """One that is there, and has the policy for who asks."""
    name = "sts-private"
    (address,) = internet.addresses(f"mta-sts.{name}.{ZONE}")
    for more, unreachable in (((), True), (("--allow-private",), False)):
        internet.connections(reset=True)
        found = check(internet, "--domain", f"{name}.{ZONE}", *more)
        assert ("mta_sts.unreachable" in codes(found, name)) is unreachable
        assert ((address, 443) in internet.connections()) is not unreachable


def test_c23_dane_reports_expiry_and_the_version_are_looked_at(found: Found) -> None:
    assert of(found, "everything")["extra_results"]["dane"]["usable"] is True
    assert of(found, "everything")["extra_results"]["tlsrpt"]["status"] == 0
    assert "certificate.expires_soon" in codes(found, "ends-soon")
    assert tls(found, "only-tls13")["version"] == "TLSv1.3"
