"""Postfix, with the row that is written for an entry, and the checker agree on each address."""

import re
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from stpolicy.model.policy import Mode, Policy
from stpolicy.render import postfix
from stpolicy.rules import INCONCLUSIVE
from stpolicy.suffixes import PublicSuffixes
from tests.minternet.clients import FINGER, Found
from tests.minternet.personalities import ROWS
from tests.minternet.row import ZONE, Row
from tests.minternet.world import ROOT, World
from tests.needs import needs

_OTHERWISE = {
    "injected": "starttls.plaintext_injected",
    "rsa-1024": "certificate.weak",
    "sslv2-too": "tls.version.obsolete",
    "sslv3-too": "tls.version.obsolete",
    "suffix-two-deep": "mx.unlisted",
    "tab": "starttls.not_offered",
    "unlisted": "mx.unlisted",
}
"""Where Postfix takes what the checker refuses, and for which code; docs/VALIDATION.md says why."""

_SUFFIXES = PublicSuffixes()
_AT_ONCE = 8
_SECONDS = "8"
"""For a connection, and for each command."""
_CPU = 2
"""Seconds; a server that never ends makes its client burn them, and no other does."""


class Where(NamedTuple):
    """A mail server at one of its addresses; of a domain that has none, the domain itself."""

    domain: str
    host: str
    address: str = ""


Verdicts = dict[Where, str]
"""What posttls-finger says; empty where it came to no end."""


@pytest.fixture(scope="session")
def said(internet: World, found: Found) -> Verdicts:
    """What Postfix says of everything that the checker looked at."""
    needs("posttls-finger", "postfix")
    every = [where for result in found.values() for where in _looked_at(result)]
    addresses = Counter((where.domain, where.host) for where in every)
    policies = {row.domain: _attributes(row) for row in ROWS}

    def ask(where: Where) -> str:
        alone = addresses[where.domain, where.host] == 1
        return _finger(internet, where, policies[where.domain], by_name=alone)

    with ThreadPoolExecutor(_AT_ONCE) as crew:
        return dict(zip(every, crew.map(ask, every), strict=True))


def _attributes(row: Row) -> dict[str, str]:
    """What Postfix is told of a domain, were it enforced: `match`, `servername` and `protocols`."""
    policy = Policy(Mode.ENFORCE, row.mxs)
    level, *pairs = postfix.rows(row.domain, policy, _SUFFIXES)[0].split()[1:]
    told = dict(pair.split("=", 1) for pair in pairs)
    assert (level, set(told)) == ("secure", {"match", "servername", "protocols"})
    return told


def _looked_at(result: dict[str, Any]) -> list[Where]:
    domain, hosts = result["domain"], result["results"].items()
    pairs = [Where(domain, name, address) for name, host in hosts for address in host["addresses"]]
    return pairs or [Where(domain, domain)]


def _finger(internet: World, where: Where, told: dict[str, str], *, by_name: bool) -> str:
    """Asks as that row does; of several addresses each by itself, with the same SNI."""
    name = told["servername"] if by_name else where.host
    options: list[str | Path] = ["-p", told["protocols"], "-s", name, "-F", internet.ca_file]
    place = _place(where, by_name=by_name)
    asking = [*FINGER, *options, "-t", _SECONDS, "-T", _SECONDS, place, *told["match"].split(":")]
    done = internet.run([needs("prlimit", "util-linux"), f"--cpu={_CPU}", *asking])
    assert done.returncode in {0, -signal.SIGXCPU, -signal.SIGKILL}, done
    return done.stdout if done.returncode == 0 else ""


def _place(where: Where, *, by_name: bool) -> str:
    if not where.address:
        return where.host
    if by_name:
        return f"[{where.host}]"
    return f"[ipv6:{where.address}]" if ":" in where.address else f"[{where.address}]"


def _taken(where: Where, result: dict[str, Any]) -> bool:
    """Whether the checker lets mail go there, by its own verdict and nothing else that it saw.

    A mail server of one address has a status; of several addresses, each has what is said of it.
    """
    if not where.address:
        return result["status"] in {0, 1}
    host = result["results"][where.host]
    if len(host["addresses"]) == 1:
        return host["status"] in {0, 1}
    return host["addresses"][where.address]["reached"] and not _against(where, result)


def _against(where: Where, result: dict[str, Any]) -> set[str]:
    """The codes that keep mail from there: errors, and that the checker could not look."""
    places = {where.host, f"{where.host}[{where.address}]"}
    found = [one for one in result["findings"] if one["where"] in places]
    return {one["code"] for one in found if one["severity"] == "error" or one["code"] in INCONCLUSIVE}


def _verified(told: str) -> bool:
    """Whether Postfix lets mail go there; what follows the handshake must be in order too."""
    first, *more = told.splitlines() or [""]
    return first.startswith("posttls-finger: Verified TLS connection established to ") and not more


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])
def test_postfix_and_the_checker_agree(found: Found, said: Verdicts, row: Row) -> None:
    result = found[row.domain]
    own = {where: told for where, told in said.items() if where.domain == row.domain}
    assert own
    checker = {where: _taken(where, result) for where in own}
    other = {where: _verified(told) for where, told in own.items()}
    if row.name in _OTHERWISE:
        assert set(checker.values()) == {False}, "the difference is gone"
        assert set(other.values()) == {True}, "the difference is gone"
        assert [_against(where, result) for where in own] == [{_OTHERWISE[row.name]}] * len(own)
    else:
        assert checker == other, own


def test_the_page_for_owners_has_the_counts_and_each_difference(found: Found, said: Verdicts) -> None:
    text = (ROOT / "docs" / "VALIDATION.md").read_text()
    addresses = [where for where in said if where.address]
    taken = sum(_verified(said[where]) for where in addresses)
    own = sum(_taken(where, found[where.domain]) for where in addresses)
    has = f"The {len(ROWS)} domains have {len(addresses)} addresses: "
    counts = f"{has}Postfix takes {taken} of them, `check` {own}."
    assert counts in " ".join(text.split())
    table = text.partition("## What Postfix does otherwise")[2]
    rows = re.findall(r"^\| `([a-z_.]+)` \| (\d) \|", table, re.MULTILINE)
    assert {code: int(count) for code, count in rows} == Counter(_OTHERWISE.values())


@pytest.mark.parametrize(("name", "refused"), {"plain": False, "rsa-1024": True}.items())
def test_openssl_refuses_the_key_that_postfix_takes(internet: World, name: str, refused: bool) -> None:
    """As Debian has set it, for every program that does not ask for less, as Postfix does."""
    asking = [needs("openssl", "openssl"), "s_client", "-starttls", "smtp", "-verify_return_error"]
    trusting: list[str | Path] = ["-CAfile", internet.ca_file, "-connect", f"mx.{name}.{ZONE}:25"]
    done = internet.run([*asking, *trusting], text="QUIT\n")
    assert ("EE certificate key too weak" in done.stderr) == refused == bool(done.returncode)
