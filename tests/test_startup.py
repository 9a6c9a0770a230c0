"""What most runs do not need is not imported; nothing here is timed."""

import subprocess
import sys
from pathlib import Path

import pytest

from stpolicy import cli
from tests.program import NOW, canonical_list, commands

EXTRA = (
    "alembic",
    "fastapi",
    "limits",
    "procrastinate",
    "prometheus_client",
    "psycopg",
    "pydantic",
    "python_multipart",
    "sqlalchemy",
    "starlette",
    "uvicorn",
)
"""What only `pip install 'stpolicy[web]'` brings."""
HEAVY = (
    *EXTRA,
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
    assert "stpolicy.cli._app" in loaded
    assert loaded.isdisjoint(HEAVY)


_WITHOUT = """
import sys
for name in {extra}:
    sys.modules[name] = None  # as if it were not installed
sys.argv = ["stpolicy", *{arguments}]
from stpolicy.cli import main
main()
"""


def without_extra(*arguments: str) -> "subprocess.CompletedProcess[str]":
    code = _WITHOUT.format(extra=EXTRA, arguments=arguments)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", sorted(commands()))
def test_help_needs_nothing_of_the_extra(command: str) -> None:
    done = without_extra(*command.split(), "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: stpolicy {command}")


def test_what_is_not_served_needs_nothing_of_the_extra(room: Path) -> None:
    canonical_list(room / "policy.json")
    for arguments in (
        ["validate", "--now", NOW],
        ["show", "example.com"],
        ["diff", "policy.json", "policy.json"],
    ):
        done = without_extra(*arguments)
        assert done.returncode in (0, 1), done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["serve"], ["serve", "--worker"], ["db", "upgrade"]], ids=" ".join)
def test_what_is_served_says_what_to_install(room: Path, arguments: list[str]) -> None:
    done = without_extra(*arguments)
    assert done.returncode == 3
    assert "pip install 'stpolicy[web]'" in done.stderr
    assert done.stdout == ""
    assert not list((room.parent / "home").rglob("*.db"))


def test_one_command_is_loaded_to_run_one() -> None:
    """cron runs `update` often, and it rarely has anything to judge."""
    loaded = modules_after(_RUN.format(arguments=["update", "--help"]))
    commands = {f"stpolicy.cli.{name}" for name in cli.ALONE}
    assert loaded & commands == {"stpolicy.cli.update"}
    assert loaded.isdisjoint({"stpolicy.rules", "stpolicy.model.finding", "stpolicy.document.list"})


@pytest.mark.parametrize("name", cli.ALONE)
def test_a_command_alone_has_the_help_that_it_has_among_all(name: str) -> None:
    def said(code: str) -> str:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    run = "from stpolicy.cli import _door; import sys; sys.exit(_door.run(app, [{name!r}, '--help']))"
    alone = f"from importlib import import_module; import_module('stpolicy.cli.{name}');"
    alone += "from stpolicy.cli._app import app;" + run.format(name=name)
    assert said(alone) == said("from stpolicy.cli._commands import app;" + run.format(name=name))


def test_importing_the_package_imports_nothing_else() -> None:
    before = "import sys; sys.stderr.write(' '.join(sys.modules))"
    after = "import sys, stpolicy; sys.stderr.write(' '.join(sys.modules))"
    added = modules_after(after) - modules_after(before)
    assert {name for name in added if name.startswith("stpolicy")} == {"stpolicy"}
    assert added.isdisjoint({*HEAVY, "idna", "typer"})
