"""What the documents say is true: examples are read, and every code and command that they name exists."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stpolicy import config, rules
from stpolicy.document.codes import DOCUMENT
from stpolicy.flows.validate import validate
from stpolicy.model.file import File
from stpolicy.model.names import MxPattern
from stpolicy.suffixes import PublicSuffixes
from tests.program import commands

ROOT = Path(__file__).parent.parent
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
RULES = "docs/RULES.md"
LATER = {"update", "render", "check", "setup", "status", "lookup", "queue", "serve", "db"}
"""Commands that other documents of the field may speak of and that are not here yet."""


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
        r"^\| `([^`]+)`(?: \(certificate\))? \| (matches|no) \| (matches|no) \|$", text(RULES), re.MULTILINE
    )
    assert len(rows) >= 10
    for name, exact, suffix in rows:
        assert MxPattern("mx.example.org").matches(name) is (exact == "matches"), name
        assert MxPattern(".example.org").matches(name) is (suffix == "matches"), name


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_codes_exist(path: Path) -> None:
    families = "|".join({code.split(".")[0] for code in (*DOCUMENT, *(rule.code for rule in rules.ALL))})
    for code in re.findall(rf"`((?:{families})(?:\.[a-z_]+)+)`", path.read_text(encoding="utf-8")):
        if code.rpartition(".")[2] not in ("py", "md", "json", "html"):
            assert config.checked_codes([code])


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_commands_exist(path: Path) -> None:
    known = {name.split()[0] for name in commands()}
    lines = re.findall(
        r"(?:^\s+(?:\w+)?\$? ?|`)stpolicy ([a-z]+)", path.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert set(lines) <= known | LATER


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target
