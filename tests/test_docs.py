"""What the documents say is true: examples are read, and every code and command that they name exists."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stpolicy import config, rules
from stpolicy.cli._command import COMMANDS
from stpolicy.document import overlay
from stpolicy.document import state as state_file
from stpolicy.document.codes import DOCUMENT
from stpolicy.flows.validate import validate
from stpolicy.model.file import File
from stpolicy.model.mark import Mark
from stpolicy.model.names import Domain, MxPattern
from stpolicy.model.outcome import Reason
from stpolicy.model.state import State
from stpolicy.model.verdict import Status
from stpolicy.suffixes import PublicSuffixes
from tests import lists
from tests.program import LATER, NOW, Program, commands, parse

ROOT = Path(__file__).parent.parent
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "cron").glob("*.md")])
RULES = "docs/RULES.md"
USAGE = "docs/USAGE.md"
SHELLS = ["docs/USAGE.md", "docs/OPERATING.md", "docs/SERVING.md"]
"""Documents whose commands people copy."""


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_example_of_the_format_is_valid(suffixes: PublicSuffixes) -> None:
    blocks = re.findall(r"```json\n(.*?)```", text(RULES), re.DOTALL)
    assert len(blocks) == 1
    written = json.loads(blocks[0])["timestamp"]
    now = datetime.fromisoformat(written).astimezone(UTC)
    report = validate(File("RULES.md", blocks[0].encode()), now=now, suffixes=suffixes)
    assert report.findings == ()


def test_matching_table_is_true() -> None:
    """The table of names against an exact pattern and a suffix."""
    rows = re.findall(
        r"^\| `([^`]+)`( \(certificate\))? \| (matches|no) \| (matches|no) \|$", text(RULES), re.MULTILINE
    )
    assert len(rows) >= 10
    for name, presented, *expected in rows:
        for pattern, wanted in zip(
            (MxPattern("mx.example.org"), MxPattern(".example.org")), expected, strict=True
        ):
            matches = pattern.matches_presented if presented else pattern.matches
            assert matches(name) is (wanted == "matches"), name


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_codes_exist(path: Path) -> None:
    families = "|".join({code.split(".")[0] for code in (*DOCUMENT, *(rule.code for rule in rules.ALL))})
    for code in re.findall(rf"`((?:{families})(?:\.[a-z_]+)+)`", path.read_text(encoding="utf-8")):
        if code.rpartition(".")[2] not in ("py", "md", "json", "html") and ".example." not in code:
            assert config.checked_codes([code])


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_commands_exist(path: Path) -> None:
    known = {name.split()[0] for name in commands()}
    lines = re.findall(
        r"(?:^\s+(?:\w+)?\$? ?|`)stpolicy ([a-z]+)", path.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert set(lines) <= known | LATER


def blocks(name: str, kind: str) -> list[str]:
    """What stands between fences of a kind."""
    return re.findall(rf"^```{kind}\n(.*?)^```", text(name), re.DOTALL | re.MULTILINE)


def shell(name: str) -> list[str]:
    """The blocks that people copy into a shell: fenced as such, or indented."""
    indented = re.findall(r"(?:^    \S.*\n)+", text(name), re.MULTILINE)
    return [
        *blocks(name, "sh"),
        *(block for block in indented if "stpolicy " in block and "_maps =" not in block),
    ]


def spoken(block: str) -> Iterator[list[str]]:
    """Commands of ours in a block, without a prompt before them and another account's shell around them."""
    for line in block.replace("\\\n", " ").splitlines():
        for command in re.split(r"&&|\|\|?|;", line):
            found = re.match(r"(?:\s*\w*\$ *|\s+|runuser -u \w+ -- )*stpolicy (?P<words>.*)", command)
            if found:
                yield shlex.split(found["words"].partition(" > ")[0], comments=True)


@pytest.mark.parametrize("name", SHELLS)
def test_commands_parse(name: str) -> None:
    """Every command that the documents tell people to type, with all its options."""
    found = [words for block in shell(name) for words in spoken(block)]
    assert len(found) >= 4
    for words in found:
        if words[0] not in LATER - set(commands()):
            parse(words)


def test_no_command_of_ours_in_a_block_is_overlooked() -> None:
    for name in SHELLS:
        for block in shell(name):
            said = re.findall(r"(?:^|\$ +|&& |-- )stpolicy [a-z]", block, re.MULTILINE)
            assert len(said) <= len(list(spoken(block))), block


def test_shells_read_the_blocks() -> None:
    for block in blocks(USAGE, "sh"):
        subprocess.run(["sh", "-n"], input=block.encode(), check=True)


def test_fences_say_what_is_between_them() -> None:
    kinds = re.findall(r"^```(\w*)$", text(USAGE), re.MULTILINE)
    assert set(kinds[::2]) <= {"sh", "toml", "json", "jinja", "text"}
    assert set(kinds[1::2]) == {""}


def test_files_that_are_put_somewhere_exist() -> None:
    for block in blocks(USAGE, "sh"):
        for named in re.findall(r"\b(?:cron|scripts)/\S+", block):
            assert list(ROOT.glob(named)) or named == "scripts/update_and_verify.sh", named


def test_settings_are_settings(tmp_path: Path) -> None:
    for place, block in enumerate(blocks(USAGE, "toml")):
        path = tmp_path / f"{place}.toml"
        path.write_text(block, encoding="utf-8")
        assert config.trusted(COMMANDS, path)[0].value("update", "render") == "postfix"


def test_overlay_is_one() -> None:
    (block,) = blocks(USAGE, "json")
    found = overlay.read(block.encode(), "overlay.json").decisions
    assert {domain: local.policy is None for domain, local in found.items()} == {
        Domain("partner.example.com"): False,
        Domain("broken.example.net"): True,
    }
    assert all(local.reason and local.until for local in found.values())


def test_template_is_taken(program: Program, tmp_path: Path) -> None:
    (block,) = blocks(USAGE, "jinja")
    (tmp_path / "own.j2").write_text(block)
    (tmp_path / "policy.json").write_bytes(
        lists.data({"example.com": {"mode": "enforce", "mxs": ["mx.example.com"]}})
    )
    more = ["--template", tmp_path / "own.j2", "--mta-version", "3.7", "--now", NOW]
    ran = program("render", "postfix", tmp_path / "policy.json", *more)
    assert ran.code == 0
    assert ran.out.endswith(" ciphers=high\n")


def test_reasons_are_those_that_there_are() -> None:
    rows = re.findall(r"^\| `([a-z_]+)` \| (\d+) \|", text(USAGE), re.MULTILINE)
    assert [(name, int(code)) for name, code in rows] == [
        (str(reason), reason.exit_code) for reason in Reason
    ]


def test_files_are_as_they_are_said_to_be() -> None:
    (example,) = blocks(USAGE, "text")
    mark = Mark.read(example)
    assert mark
    assert mark.text() == example
    (said,) = re.findall(r"^`state\.json` has a key a line: (.*)\.$", text(USAGE), re.MULTILINE)
    state = State(Reason.NETWORK, "", mark.timestamp, "")
    assert re.findall(r"`(\w+)`", said) == list(json.loads(state_file.dump(state)))


def test_status_numbers_are_those_that_there_are() -> None:
    rows = re.findall(r"^\| (\d) \| ([^|]+) \|", text("docs/VALIDATION.md"), re.MULTILINE)
    assert [(int(number), words) for number, words in rows] == [(int(s), s.text) for s in Status]


def test_codes_that_are_inconclusive_are_named() -> None:
    (said,) = re.findall(r"The codes are\n(.*?)\.\n", text("docs/VALIDATION.md"), re.DOTALL)
    assert set(re.findall(r"`([a-z_.]+)`", said)) == rules.INCONCLUSIVE


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target
