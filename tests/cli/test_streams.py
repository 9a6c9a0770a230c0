"""Streams that are closed, full, a pipe nobody reads, or a terminal. Each in a process of its own."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.personas import People
from tests.program import COMMAND, NOW, Program, canonical_list

ESCAPE = "\x1b"


@pytest.fixture
def listed(room: Path) -> Path:
    """A list with an entry that is an error, a warning and nothing a terminal should see."""
    return canonical_list(
        room / "policy.json",
        policies={f"a{n}.example.co.uk": {"mode": "testing", "mxs": [".co.uk"]} for n in range(300)},
    )


@pytest.fixture(autouse=True)
def buffered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streams as people have them: what is set here for Python, such as PYTHONUNBUFFERED, is not for them."""
    for name in [name for name in os.environ if name.startswith("PYTHON") and name != "PYTHONPATH"]:
        monkeypatch.delenv(name)


def shell(line: str) -> "subprocess.CompletedProcess[bytes]":
    program = " ".join(COMMAND)
    return subprocess.run(
        ["bash", "-c", f'set -o pipefail; stpolicy() {{ {program} "$@"; }}; {line}'],
        capture_output=True,
        check=False,
    )


@pytest.mark.parametrize(
    "line",
    [
        "stpolicy validate --quiet",
        "stpolicy explain",
        "stpolicy validate --help",
    ],
)
def test_output_that_nobody_reads_is_silence_and_0(listed: Path, line: str) -> None:
    with listed.open("rb") as source:
        process = subprocess.Popen(
            [*COMMAND, *line.split()[1:]], stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 0


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("stpolicy validate 2>&-", 1),
        ("stpolicy validate >&- 2>&- <&-", 1),
        ("stpolicy explain >&-", 0),
        ("stpolicy validate no-such.json 2>&-", 3),
        ("stpolicy validate - <&-", 1),
        ("stpolicy explain >/dev/full", 3),
        ("stpolicy --version >/dev/full", 3),
        ("stpolicy --help >/dev/full", 3),
        ("stpolicy keys >/dev/full 2>/dev/full", 2),
        ("stpolicy show a1.example.co.uk >/dev/full", 3),
        ("stpolicy validate >/dev/full", 3),
        ("stpolicy validate >/dev/full 2>/dev/full", 3),
        ("stpolicy validate 2>/dev/full", 1),
        ("stpolicy validate no-such.json 2>/dev/full", 3),
        ("stpolicy validate --no-such-option 2>/dev/full", 2),
        ("stpolicy --version 2>/dev/full", 0),
        ("stpolicy explain --output /dev/full", 3),
        ("stpolicy explain --output /dev/null", 0),
        ("stpolicy explain --output /dev/stdout | grep -c dates.stale", 0),
    ],
)
def test_closed_and_full_streams(listed: Path, line: str, code: int) -> None:
    done = shell(line)
    assert done.returncode == code, done.stderr
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert Path(os.devnull).is_char_device()


@pytest.mark.parametrize("line", ["--version", "--help", "show a1.example.co.uk", "explain"])
def test_a_full_disk_is_said_in_one_line(listed: Path, line: str) -> None:
    (said,) = shell(f"stpolicy {line} >/dev/full").stderr.splitlines()
    assert b"No space left on device" in said


def test_what_was_done_before_the_disk_was_full_is_said(room: Path, people: People) -> None:
    """Exit code 3 alone would deny it."""
    home = people.alice.home.path
    done = shell("stpolicy init new >/dev/full")
    assert (done.returncode, Path("new/policy.json").exists()) == (3, True)
    assert b"; all the same, the files of the new list are in new" in done.stderr
    done = shell(f"stpolicy keys export --homedir {home} >/dev/full")
    assert (done.returncode, Path("trusted.asc").exists()) == (3, True)
    assert b"; all the same, trusted.asc and trusted.gpg are written" in done.stderr
    canonical_list(Path("policy.json"))
    done = shell(f"stpolicy sign --homedir {home} --now {NOW} --format json >/dev/full")
    assert (done.returncode, Path("policy.json.asc").exists()) == (3, True)
    assert b"; all the same, policy.json.asc is written" in done.stderr


def on_a_terminal(*arguments: str, **environment: str) -> bytes:
    """What a terminal gets of standard output and standard error."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env={**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, "TERM": "xterm", **environment},
    )
    os.close(follower)
    seen = b""
    try:
        while part := os.read(leader, 65536):
            seen += part
    except OSError:  # the other side is closed
        pass
    process.wait()
    os.close(leader)
    return seen


@pytest.mark.parametrize("line", ["validate", "diff old.json"])
def test_a_terminal_gets_colour(listed: Path, line: str) -> None:
    canonical_list(Path("old.json"))
    assert b"\x1b[31m" in on_a_terminal(*line.split())


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_a_terminal_gets_none_when_told(listed: Path, environment: dict[str, str]) -> None:
    assert b"\x1b" not in on_a_terminal("validate", **environment)


@pytest.mark.parametrize("line", ["validate", "diff old.json"])
def test_a_pipe_gets_none_and_a_file_neither(
    listed: Path, line: str, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    canonical_list(Path("old.json"))
    ran = program(*line.split())
    assert ESCAPE not in ran.out + ran.err
    monkeypatch.setattr("stpolicy.cli._door.colour", lambda: True)
    assert program(*line.split(), "--output", "result").out == ""
    assert Path("result").read_text() == ran.out


HOSTILE = "\x1b]0;owned\x07\u202e\x9b31m"


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", f"{HOSTILE}.example.com"],
        ["show", f"{HOSTILE}.example.com", "--format", "json"],
        ["add", f"{HOSTILE}.example.com", "--mx", "mx.example.com"],
        ["add", "example.org", "--mx", f"{HOSTILE}.example.com"],
        ["add", "example.org", "--alias", HOSTILE],
        ["remove", HOSTILE],
        ["alias", "add", HOSTILE, "--mx", "mx.example.com"],
        ["validate", f"{HOSTILE}.json"],
        ["validate", "--previous", f"git:{HOSTILE}"],
        ["validate", "--accept", f"history.domain.removed:{HOSTILE}"],
        ["validate", "--now", HOSTILE],
        ["validate", "--select", HOSTILE],
        ["validate", "--format", HOSTILE],
        ["validate", f"--{HOSTILE}"],
        ["explain", HOSTILE],
        [HOSTILE],
        ["diff", "hostile.json", "policy.json"],
        ["diff", "hostile.json", "policy.json", "--format", "json"],
        ["diff", "hostile.json", "policy.json", "--format", "markdown"],
        ["fmt", "hostile.json", "--diff"],
        ["validate", "hostile.json"],
        ["validate", "hostile.json", "--format", "json"],
        ["validate", "hostile.json", "--format", "github"],
        ["validate", "hostile.json", "--format", "sarif"],
    ],
    ids=lambda arguments: ascii(" ".join(arguments)),
)
def test_no_control_character_of_others_is_printed(
    listed: Path, program: Program, arguments: list[str]
) -> None:
    text = listed.read_text().replace('"0.1",', '"0.1",\n\t"author": "\u202eevil\u2028x",')
    Path("hostile.json").write_text(text.replace("a1.", "\u202ea1."), encoding="utf-8")
    ran = program(*arguments)
    assert all(c.isprintable() or c in "\n\t" for c in ran.out + ran.err)
