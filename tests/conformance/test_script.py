"""The awk programs within the script, asked a great deal at once; Python must say the same."""

import json
import random
import re
import subprocess
from pathlib import Path

import pytest

from stpolicy import trust
from stpolicy.document.list import parse
from stpolicy.model.dates import Date, Instant
from stpolicy.model.signature import Answer, Doubt
from tests import lists, test_trust
from tests.conformance.clients import SCRIPT
from tests.needs import needs
from tests.personas import LIST

AWKS = {"mawk": "mawk", "gawk": "gawk", "busybox": "busybox", "original-awk": "original-awk"}
PROGRAMS = dict(re.findall(r"^(\w+)='\n(.*?)^'$", SCRIPT.read_text(), re.DOTALL | re.MULTILINE))
ROOT = SCRIPT.parents[1]


def _awk(which: str, program: str, *arguments: str, given: bytes = b"") -> str:
    command = [needs(which, AWKS[which]), *(["awk"] if which == "busybox" else [])]
    done = subprocess.run(
        [*command, *arguments[:-1], program, *arguments[-1:]] if arguments else [*command, program],
        input=given,
        capture_output=True,
        check=True,
        env={"LC_ALL": "C"},
    )
    return done.stdout.decode()


@pytest.mark.parametrize("path", sorted((ROOT / "scripts").glob("*.sh")), ids=lambda path: path.name)
def test_shellcheck(path: Path) -> None:
    done = subprocess.run(
        [needs("shellcheck", "shellcheck"), path], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""


@pytest.mark.parametrize("shell", ["dash", "bash --posix", "busybox ash"])
def test_every_shell_reads_all_of_it(shell: str) -> None:
    words = shell.split()
    command = [needs(words[0], words[0]), *words[1:], "-n", str(SCRIPT)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def _instant(text: str) -> str:
    try:
        found = Date.read(text).instant
    except ValueError:
        return ""
    return f"{found.seconds}.{found.fraction}" if found.fraction else str(found.seconds)


def _date(chance: random.Random) -> str:
    """A date, or nearly one."""
    spread = 61 if chance.random() < 0.1 else 0
    year = chance.choice([chance.randint(1, 9999), chance.randint(1960, 2110), chance.randint(0, 10001)])
    limits = (12, 31, 23, 59, 59)
    parts = [chance.randint(0 if n > 1 or spread else 1, limit + spread) for n, limit in enumerate(limits)]
    ends = ["Z", "z", "+14:00", "-14:00", "-00:00", "+05:45", "-09:30", ".0Z", ".000001Z", ".250-01:30"]
    odd = ["+14:01", "-00:60", "", "+1:00", ".Z", "Z ", "Z0", ".5", "+0100", "ZZ"]
    end = chance.choice(odd if chance.random() < 0.1 else ends)
    month, day, hour, minute, second = parts
    return f"{year:04}-{month:02}-{day:02}{chance.choice('TTt')}{hour:02}:{minute:02}:{second:02}{end}"


@pytest.mark.parametrize("which", AWKS)
def test_c11_dates(which: str) -> None:
    chance = random.Random(which)
    texts = [_date(chance) for _ in range(5000)]
    program = PROGRAMS["dates"] + '{ print instant($0) "|" (instant($0) == "" ? "" : stamp(instant($0))) }'
    said = _awk(which, program, given="\n".join(texts).encode()).splitlines()
    assert len([line for line in said if line != "|"]) > 2500
    for text, line in zip(texts, said, strict=True):
        instant, _, stamp = line.partition("|")
        assert instant == _instant(text), text
        if instant and 0 <= int(instant.partition(".")[0]) + 62135596800 < 315537897600:
            assert stamp == str(Instant(int(instant.partition(".")[0])))


_REASONS = {
    Doubt.MALFORMED: "malformed_signature",
    Doubt.EXTRA_DATA: "malformed_signature",
    Doubt.BAD: "bad_signature",
    Doubt.WEAK_DIGEST: "bad_signature",
    Doubt.UNKNOWN_SIGNER: "unknown_signer",
    Doubt.BAD_KEY: "bad_key",
    Doubt.FUTURE: "future",
    Doubt.CLOCK: "clock",
    Doubt.THRESHOLD: "threshold",
}
_SAID = {name: status for name, (status, _) in test_trust.DOUBTED.items()} | test_trust.TRUSTED


@pytest.mark.parametrize("which", AWKS)
@pytest.mark.parametrize("code", [0, 2])
@pytest.mark.parametrize("threshold", [1, 2])
def test_g5_words_of_gpgv(which: str, code: int, threshold: int) -> None:
    """Other versions of gpgv, and words that somebody forges."""
    signers = [test_trust.JOE, test_trust.SUE, test_trust.LONG]
    now = int(lists.NOW.timestamp())
    told = {"signers": " ".join(signers), "threshold": threshold, "now": now, "tomorrow": now + 86400}
    options = [word for name, value in told.items() for word in ("-v", f"{name}={value}")]
    for name, status in _SAID.items():
        verdict = trust.judge(Answer(code, status), signers=signers, threshold=threshold, now=lists.NOW)
        given = f"{status}\nexit {code}\n".encode()
        said = _awk(which, PROGRAMS["dates"] + PROGRAMS["judge"], "-F", "[ ]", *options, "-", given=given)
        if verdict.trusted:
            assert said == f"ok {verdict.newest.seconds}\n", name
            continue
        doubt, message = verdict.doubts[0]
        reason = "bad_signature" if message.startswith("gpgv refuses") else _REASONS[doubt]
        if "younger than the clock" in message:
            reason = "clock"
        assert said.split(" ")[0].replace("BADSIG", "bad_signature") == reason, name


def _agrees(which: str, data: bytes) -> None:
    """What Python takes the script takes, with the same dates; and what the script takes is JSON."""
    said = _awk(which, PROGRAMS["dates"] + PROGRAMS["list"], given=data).split()
    document = parse(data, "list")
    policies = document.policies
    taken = bool(said) and said[0] != "!"
    if policies and not document.report.failed and not document.doubtful_names and b"\\" not in data:
        assert taken or policies.timestamp.instant >= policies.expires.instant, data
    if taken:
        value = json.loads(data)
        assert said == [_seconds(value["timestamp"]), _seconds(value["expires"])]


def _seconds(date: object) -> str:
    return _instant(date) if isinstance(date, str) else str(int(date))  # type: ignore[call-overload]


@pytest.mark.parametrize("which", AWKS)
def test_a_byte_changed_somewhere(which: str) -> None:
    chance = random.Random(which)
    alphabet = b'"\\{}[],: \n0a.-etrufalsn'
    for _ in range(150):
        changed = bytearray(LIST)
        for _ in range(chance.choice([1, 1, 2])):
            at = chance.randrange(len(changed))
            width = chance.choice([0, 1, 1, 2])
            changed[at : at + width] = bytes([chance.choice(alphabet)] * chance.choice([0, 1, 1]))
        _agrees(which, bytes(changed))
