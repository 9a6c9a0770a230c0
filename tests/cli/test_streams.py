"""Streams that are closed, full, a pipe nobody reads, or a terminal. Each in a process of its own."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.program import COMMAND, canonical_list

ESCAPE = "\x1b"


@pytest.fixture
def listed(room: Path) -> Path:
    """A list with an entry that is an error, a warning and nothing a terminal should see."""
    return canonical_list(
        room / "policy.json",
        policies={f"a{n}.example.co.uk": {"mode": "testing", "mxs": [".co.uk"]} for n in range(600)},
    )


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
        "stpolicy validate --quiet --format json",
        "stpolicy explain",
        "stpolicy --help",
        "stpolicy validate --help",
        "stpolicy show a1.example.co.uk",
        "stpolicy fmt -",
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
        ("stpolicy validate >&-", 1),
        ("stpolicy validate 2>&-", 1),
        ("stpolicy validate >&- 2>&- <&-", 1),
        ("stpolicy explain >&-", 0),
        ("stpolicy validate no-such.json 2>&-", 3),
        ("stpolicy validate --no-such 2>&-", 2),
        ("stpolicy validate - <&-", 1),
        ("stpolicy explain >/dev/full", 3),
        ("stpolicy --version >/dev/full", 3),
        ("stpolicy validate 2>/dev/full", 1),
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


COLOURED = pytest.mark.parametrize("line", ["validate", "diff old.json"])


@COLOURED
def test_a_terminal_gets_colour(listed: Path, line: str) -> None:
    canonical_list(Path("old.json"))
    assert b"\x1b[31m" in on_a_terminal(*line.split())


@COLOURED
@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_a_terminal_gets_none_when_told(listed: Path, line: str, environment: dict[str, str]) -> None:
    canonical_list(Path("old.json"))
    assert b"\x1b" not in on_a_terminal(*line.split(), **environment)


@COLOURED
def test_a_pipe_gets_none(listed: Path, line: str) -> None:
    canonical_list(Path("old.json"))
    done = subprocess.run([*COMMAND, *line.split()], capture_output=True, check=False)
    assert b"\x1b" not in done.stdout + done.stderr


@COLOURED
def test_a_file_gets_none(listed: Path, line: str) -> None:
    canonical_list(Path("old.json"))
    on_a_terminal(*line.split(), "--output", "result")
    assert b"\x1b" not in Path("result").read_bytes()


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
def test_no_control_character_of_others_reaches_a_terminal(listed: Path, arguments: list[str]) -> None:
    text = listed.read_text().replace('"0.1",', '"0.1",\n\t"author": "\u202eevil\u2028x",')
    Path("hostile.json").write_text(text.replace("a1.", "\u202ea1."), encoding="utf-8")
    seen = on_a_terminal(*arguments, NO_COLOR="1").decode("utf-8")
    assert all(c.isprintable() or c in "\r\n\t" for c in seen)
    assert "Traceback" not in seen
