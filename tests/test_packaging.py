"""The wheel: built without a network, put elsewhere, and used from there."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.program import NOW, canonical_list

ROOT = Path(__file__).parent.parent
_PARTS = ("stpolicy", "schema", "templates")
_FILES = ("pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkout")
    for part in _PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in _FILES:
        shutil.copy(ROOT / file, folder)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (built,) = (folder / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("elsewhere")
    zipfile.ZipFile(wheel).extractall(target)
    return target


def run(installed: Path, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The program of the wheel, with the dependencies of these tests and not with this checkout."""
    boot = (
        "import sys; sys.path[:] = [p for p in sys.path if p not in {checkout!r}];"
        "from stpolicy.cli import main; main()"
    ).format(checkout=["", str(ROOT)])
    path = f"{installed}{os.pathsep}{sysconfig.get_path('purelib')}"
    return subprocess.run(
        [sys.executable, "-c", boot, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": path, "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_what_the_program_needs(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert names >= {
        "stpolicy/py.typed",
        "stpolicy/schema/policy-0.1.schema.json",
        "stpolicy/templates/postfix/policy_map.j2",
        "stpolicy/templates/init/workflow.yml.j2",
        "stpolicy/templates/web/layout.html.j2",
        "stpolicy/templates/web/style.css",
        "stpolicy/templates/web/watch.js",
        "stpolicy/templates/web/icon.svg",
    }
    assert not any(name.startswith(("tests", "bench", "docs")) for name in names)


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    """Migrations, templates and what pages are made of are no Python, and easily left out."""
    names = set(zipfile.ZipFile(wheel).namelist())
    parts = {ROOT / "stpolicy": "stpolicy"} | {ROOT / part: f"stpolicy/{part}" for part in _PARTS[1:]}
    there = {
        f"{to}/{path.relative_to(folder)}"
        for folder, to in parts.items()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert there <= names
    assert "stpolicy/ledger/migrations/versions/0001_scans.py" in there
    assert "stpolicy/ledger/migrations/script.py.mako" in there


def test_the_wheel_says_what_serving_takes(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = (name for name in archive.namelist() if name.endswith("METADATA"))
    metadata = archive.read(name).decode()
    assert "Provides-Extra: web\n" in metadata
    needed = re.findall(r"^Requires-Dist: ([a-z-]+)\S*; extra == 'web'$", metadata, re.MULTILINE)
    for package in ("alembic", "fastapi", "limits", "prometheus-client", "sqlalchemy", "uvicorn"):
        assert package in needed
    plain = re.findall(r"^Requires-Dist: ([a-z-]+)[^;\n]*$", metadata, re.MULTILINE)
    assert not set(plain) & set(needed)
    assert "typer" in plain


def test_the_wheel_serves(installed: Path, tmp_path: Path) -> None:
    """It makes its database by the migrations that it holds."""
    database = f"sqlite:///{tmp_path / 'scans.db'}"
    done = run(installed, tmp_path, "db", "upgrade", "--database", database)
    assert (done.returncode, done.stderr) == (0, "the tables are up to date now\n")
    assert (
        run(installed, tmp_path, "db", "upgrade", "--database", database).stderr
        == "the tables were up to date\n"
    )


def test_the_source_archive_holds_what_documents_speak_of(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(built) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    folders = [ROOT / name for name in ("cron", "docs", "schema", "scripts", "templates")]
    there = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    assert {str(path.relative_to(ROOT)) for path in there if path.suffix != ".pyc"} <= names


def test_it_runs_from_an_unrelated_folder(installed: Path, tmp_path: Path) -> None:
    canonical_list(
        tmp_path / "policy.json", policies={"example.com": {"mode": "enforce", "mxs": ["a.example.com"]}}
    )
    (tmp_path / "broken.json").write_text('{"policies": []}')
    assert run(installed, tmp_path, "validate", "--now", NOW).stderr == "policy.json: no findings\n"
    broken = run(installed, tmp_path, "validate", "broken.json")
    assert broken.returncode == 1
    assert "[document.shape]" in broken.stdout
    assert "secure match=a.example.com" in run(installed, tmp_path, "show", "example.com").stdout
    assert run(installed, tmp_path, "init", "new").returncode == 0


def test_it_is_the_wheel_that_runs(installed: Path, tmp_path: Path) -> None:
    (installed / "stpolicy" / "schema").rename(tmp_path / "schema")
    canonical_list(
        tmp_path / "policy.json", author="\\t"
    )  # an escape needs the closer look, and the schema's text
    try:
        assert run(installed, tmp_path, "validate").returncode == 3
    finally:
        (tmp_path / "schema").rename(installed / "stpolicy" / "schema")


def test_the_version_is_that_of_the_metadata(installed: Path, wheel: Path, tmp_path: Path) -> None:
    assert run(installed, tmp_path, "--version").stdout == f"stpolicy {wheel.name.split('-')[1]}\n"


def test_both_entry_points_are_the_same_program(room: Path) -> None:
    script = Path(sys.executable).with_name("stpolicy")
    for command in ([str(script)], [sys.executable, "-m", "stpolicy"]):
        done = subprocess.run([*command, "validate"], capture_output=True, text=True, check=False)
        assert done.returncode == 3
