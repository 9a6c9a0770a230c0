"""What most runs do not need is not imported; nothing here is timed."""

import subprocess
import sys

import pytest

HEAVY = (
    "jsonschema",
    "jsonschema_rs",
    "requests",
    "cryptography",
    "dns",
    "jinja2",
    "gnupg",
    "publicsuffixlist",
    "rich",
)
_RUN = """
import sys
sys.argv = ["stpolicy", *{arguments}]
from stpolicy.cli import main
try:
    main()
except SystemExit as ended:
    assert not ended.code
sys.stderr.write(" ".join(sorted(sys.modules)))
"""


def modules_after(code: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["validate", "--help"]], ids=" ".join)
def test_start_imports_nothing_heavy(arguments: list[str]) -> None:
    loaded = modules_after(_RUN.format(arguments=arguments))
    assert "stpolicy.cli._commands" in loaded
    assert loaded.isdisjoint(HEAVY)


def test_importing_the_package_imports_nothing_else() -> None:
    before = "import sys; sys.stderr.write(' '.join(sys.modules))"
    after = "import sys, stpolicy; sys.stderr.write(' '.join(sys.modules))"
    added = modules_after(after) - modules_after(before)
    assert {name for name in added if name.startswith("stpolicy")} == {"stpolicy"}
    assert added.isdisjoint({*HEAVY, "idna", "typer"})
