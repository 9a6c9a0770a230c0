"""`stpolicy check` as a person runs it, in the mini-internet: a process, its streams and its exit code."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from tests.minternet.personalities import policy_list
from tests.minternet.row import ZONE
from tests.minternet.world import ROOT, World
from tests.namespace import descendants
from tests.program import canonical_list, heed

SHARED = ("plain", "shared", "also-shared")
"""Domains with the same mail server."""

ENOUGH = 60
"""Seconds that nothing takes unless it hangs."""


@pytest.fixture
def line(internet: World, tmp_path: Path) -> list[str]:
    """The command, up to what a test asks for, with a list of everything there is."""
    listed = tmp_path / "policy.json"
    listed.write_text(json.dumps(policy_list()))
    us = [sys.executable, "-m", "stpolicy", "check", str(listed), "--helo", "checker.stpolicy-lab.net"]
    return internet.space.command([*us, "--ca-file", internet.ca_file], ROOT)


def asked(names: Sequence[str]) -> list[str]:
    return [f"--domain={name}.{ZONE}" for name in names]


def ran(internet: World, line: list[str], *more: str, text: str = "") -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*line, *more],
        input=text,
        env=internet.space.environment,
        capture_output=True,
        text=True,
        timeout=2 * ENOUGH,
        check=False,
    )
    assert "Traceback" not in done.stderr
    return done


def found(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    """The results, by the short names of the domains."""
    return {name.removesuffix(f".{ZONE}"): result for name, result in json.loads(done.stdout).items()}


def codes(result: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in result["findings"]}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_each_host_is_looked_at_once_one_connection_at_a_time(
    internet: World, line: list[str], jobs: str
) -> None:
    internet.connections(reset=True)
    names = (*SHARED, "two-hosts", "both-families", "refused", "expired")
    done = ran(internet, line, *asked(names), "--format", "json", "--jobs", jobs)
    assert (done.returncode, done.stderr) == (1, "")
    results = found(done)
    statuses = dict.fromkeys(names, 0) | {"refused": 5, "expired": 2}
    assert {name: result["status"] for name, result in results.items()} == statuses
    counted = internet.connections()
    once = {counted[address, 25]["connections"] for address in internet.addresses(f"mx.two-hosts.{ZONE}")}
    (shared,) = internet.addresses(f"mx.plain.{ZONE}")
    assert {counted[shared, 25]["connections"]} == once
    assert {count["most"] for (_, port), count in counted.items() if port == 25} == {1}
    greeted = [cast("list[str]", count["greeted"]) for (_, port), count in counted.items() if port == 25]
    assert {name for names in greeted for name in names} == {"checker.stpolicy-lab.net"}


def test_blocked_port_says_so_and_is_nobodys_fault(internet: World, line: list[str]) -> None:
    done = ran(internet, line, *asked(["black-hole"]), "--timeout", "1")
    assert done.returncode == 3
    assert "could not look" in done.stdout
    assert "port 25 outbound seems blocked here" in done.stdout
    done = ran(internet, line, *asked(["black-hole", "plain"]), "--timeout", "4", "--format", "json")
    assert done.returncode == 3
    assert "smtp.time_out" in codes(found(done)["black-hole"])
    assert "mx.port_blocked" not in codes(found(done)["black-hole"])


def test_nothing_is_said_of_what_was_not_asked(internet: World, line: list[str]) -> None:
    less = ("--no-dane", "--no-mta-sts", "--no-legacy", "--format", "json")
    names = ["dane-mismatch", "sts-conflict", "tlsrpt-broken", "tls10-too"]
    done = ran(internet, line, *asked(names), *less)
    assert done.returncode == 0
    for result in found(done).values():
        assert codes(result) == set()
        assert result["mta_sts"] is None
        assert {**result["extra_results"], "policylist": None} == dict.fromkeys(result["extra_results"])


def test_one_family(internet: World, line: list[str]) -> None:
    names = asked(["both-families", "plain"])
    for option, status in (("--ipv4", 0), ("--ipv6", 3)):
        results = found(ran(internet, line, *names, option, "--no-legacy", "--format", "json"))
        assert [results[name]["status"] for name in ("both-families", "plain")] == [0, status]
        (host,) = results["both-families"]["results"].values()
        assert [":" in address for address in host["addresses"]] == [option == "--ipv6"]


def test_certificates_are_judged_at_the_time_that_is_given(internet: World, line: list[str]) -> None:
    issued = json.loads(ran(internet, line, *asked(["expired"]), "--format", "json").stdout)
    (host,) = issued[f"expired.{ZONE}"]["results"].values()
    (address,) = host["addresses"].values()
    begin, end = (address["tls"]["chain"][0][key] for key in ("not_before", "not_after"))
    for when, code in ((begin, 0), (end.replace("Z", "+00:00"), 1)):
        later = when if code == 0 else f"{int(when[:4]) + 1}{when[4:]}"
        done = ran(internet, line, *asked(["expired"]), "--now", later, "--format", "json", "--no-legacy")
        assert done.returncode == code
        assert ("certificate.expired" in codes(found(done)["expired"])) is bool(code)


def test_patterns_that_would_do_are_named(internet: World, line: list[str]) -> None:
    done = ran(internet, line, *asked(["domain-only"]), "--mx", ".example.net")
    assert done.returncode == 1
    wanted = f"domain-only.{ZONE} --mx mx.domain-only.{ZONE} --mx domain-only.{ZONE}\n"
    assert done.stdout.endswith(f"that passes:\n    stpolicy set {wanted}")


def test_a_written_list_of_domains_and_a_summary(internet: World, line: list[str]) -> None:
    text = f"rank,domain\n1,plain.{ZONE}\n2,bücher.{ZONE}\n3,clear.{ZONE}\n4,www.clear.{ZONE}\n"
    done = ran(internet, line, "--csv", "-:2", "--summary", "--format", "json", text=text)
    totals = json.loads(done.stdout)
    assert (done.returncode, totals["domains"], totals["without_starttls"]) == (1, 4, 1)


class Running:
    """A run that goes on until it is ended, and is looked at meanwhile."""

    def __init__(self, process: subprocess.Popen[str], terminal: int) -> None:
        self.process, self.terminal = process, terminal

    def shows(self, text: str) -> str:
        """What stood on the terminal when the text was there."""
        seen = b""
        while text.encode() not in seen:
            assert select.select([self.terminal], [], [], ENOUGH)[0], seen
            seen += os.read(self.terminal, 65536)
        return seen.decode()

    def inside(self) -> list[int]:
        """All processes of ours; the first is the command."""
        return descendants(self.process.pid)

    def end(self, number: signal.Signals) -> tuple[int, str]:
        """Sends a signal to the command; its exit code, and the rest of its output."""
        below = [os.pidfd_open(process) for process in self.inside()]
        os.kill(self.inside()[0], number)
        out, _ = self.process.communicate(timeout=ENOUGH)
        for process in below:
            assert select.select([process], [], [], ENOUGH)[0], "a process outlives the command"
            os.close(process)
        return self.process.returncode, out


@contextmanager
def running(internet: World, line: list[str], *more: str) -> Iterator[Running]:
    """The command with a terminal for standard error."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*line, *more],
        stdout=subprocess.PIPE,
        stderr=theirs,
        stdin=subprocess.DEVNULL,
        env={**internet.space.environment, "TERM": "xterm", "COLUMNS": "100"},
        text=True,
        preexec_fn=heed,  # noqa: PLW1509  (there are no threads)
    ) as process:
        os.close(theirs)
        try:
            yield Running(process, ours)
        finally:
            for left in descendants(process.pid):
                os.kill(left, signal.SIGKILL)
            os.close(ours)


SLOW = ("plain", "silent", "expired")


@pytest.mark.parametrize(
    ("number", "code", "jobs"), [(signal.SIGINT, 130, "1"), (signal.SIGTERM, 143, "2")], ids=str
)
def test_an_interrupt_prints_what_is_known(
    internet: World, line: list[str], number: signal.Signals, code: int, jobs: str
) -> None:
    with running(internet, line, *asked(SLOW), "--format=json", "--jobs", jobs) as run:
        assert "1 failed" in run.shows("2/3")
        assert len(run.inside()) == (1 if jobs == "1" else 3)
        ended, out = run.end(number)
    assert ended == code
    assert {name: result["status"] for name, result in json.loads(out).items()} == {
        f"plain.{ZONE}": 0,
        f"expired.{ZONE}": 2,
    }


def test_lines_come_as_domains_finish(internet: World, line: list[str]) -> None:
    with running(internet, line, *asked(SLOW), "--format=ndjson", "--no-progress") as run:
        assert run.process.stdout
        first = [json.loads(run.process.stdout.readline())["domain"] for _ in range(2)]
        assert set(first) == {f"plain.{ZONE}", f"expired.{ZONE}"}
        assert run.process.poll() is None
        assert run.end(signal.SIGINT) == (130, "")


def test_a_process_that_looked_and_is_gone_ends_the_run(internet: World, line: list[str]) -> None:
    with running(internet, line, *asked(SLOW), "--format=json", "--jobs=2") as run:
        run.shows("2/3")
        for process in run.inside()[1:]:
            os.kill(process, signal.SIGKILL)
        out, _ = run.process.communicate(timeout=ENOUGH)
        said = run.shows("has ended")
    assert run.process.returncode == 3
    assert len(json.loads(out)) == 2
    assert "Traceback" not in said


def test_a_reader_that_has_had_enough_is_no_failure(internet: World, line: list[str]) -> None:
    with running(internet, line, *asked(SLOW), "--format=ndjson", "--timeout=3", "--no-progress") as run:
        assert run.process.stdout
        run.process.stdout.readline()
        run.process.stdout.close()
        assert run.process.wait(ENOUGH) == 0
        with pytest.raises(
            OSError, match="Errno 5"
        ):  # nobody has the terminal any more, and nothing is in it
            os.read(run.terminal, 1)


def test_a_run_goes_on_in_its_file(internet: World, line: list[str], tmp_path: Path) -> None:
    internet.connections(reset=True)
    results = tmp_path / "run.ndjson"
    names = asked(["plain", "two-hosts"])
    first = ran(internet, line, names[0], "--format=ndjson")
    results.write_text(first.stdout + first.stdout[:100])
    before = internet.connections()
    with results.open("a") as appended:
        done = subprocess.run(
            [*line, *names, "--format=ndjson", "--resume", str(results)],
            env=internet.space.environment,
            stdout=appended,
            check=False,
        )
    assert done.returncode == 0
    written = [json.loads(result)["domain"] for result in results.read_text().splitlines()]
    assert written == [f"plain.{ZONE}", f"two-hosts.{ZONE}"]
    (plain,) = internet.addresses(f"mx.plain.{ZONE}")
    assert internet.connections()[plain, 25] == before[plain, 25]


_API = """
import json, sys
from datetime import UTC, datetime
import stpolicy
ca, *patterns = sys.argv[2:]
found = stpolicy.check_domain(
    sys.argv[1], patterns, now=datetime.now(UTC), helo="checker.stpolicy-lab.net", ca_file=ca
)
print(json.dumps({found["domain"]: found}))
"""


def test_a_program_gets_the_same(internet: World, line: list[str]) -> None:
    domain, pattern = f"suffix.{ZONE}", f".suffix.{ZONE}"
    done = internet.run([sys.executable, "-c", _API, domain, internet.ca_file, pattern])
    command = ran(internet, line, "--domain", domain, "--mx", pattern, "--format", "json")
    same, other = (found(each)["suffix"] for each in (done, command))
    same["timestamp"] = other["timestamp"]
    other["extra_results"]["policylist"] = same["extra_results"]["policylist"]  # that knows no list
    assert same == other


def test_an_entry_is_taken_from_a_published_policy(internet: World, tmp_path: Path) -> None:
    """Only from one that senders would take."""
    listed = canonical_list(tmp_path / "policy.json", policies={})
    for name, code in (("sts-wildcard", 0), ("sts-redirect", 3), ("sts-two-records", 3), ("plain", 3)):
        us = [sys.executable, "-m", "stpolicy", "add", f"{name}.{ZONE}", "--from-mta-sts"]
        done = internet.run([*us, "--ca-file", internet.ca_file, "--list", listed])
        assert done.returncode == code, done.stderr
    entries = json.loads(listed.read_text())["policies"]
    assert entries == {f"sts-wildcard.{ZONE}": {"mode": "testing", "mxs": [f".sts-wildcard.{ZONE}"]}}
