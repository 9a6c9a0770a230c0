"""init: templates -> the files of a new list repository."""

from datetime import datetime, timedelta
from pathlib import Path

import jinja2
from jinja2.sandbox import SandboxedEnvironment

from stpolicy import store
from stpolicy.document.dump import dump
from stpolicy.errors import Refused, StpolicyError
from stpolicy.model.dates import Date, instant
from stpolicy.model.policy import PolicyList

FILES = {
    "stpolicy.toml": "stpolicy.toml.j2",
    ".github/workflows/policy-list.yml": "workflow.yml.j2",
    ".pre-commit-config.yaml": "pre-commit.yaml.j2",
}
"""File to template; the list itself is made here."""

LIFE = timedelta(days=14)

NEXT = """next, in {folder}:
  stpolicy keys new --name "Your list"
  stpolicy add example.com --mx mx.example.com
  stpolicy validate && stpolicy sign"""


def init(folder: Path, *, now: datetime, templates: Path, version: str) -> list[Path]:
    """Writes the files of a new list repository; Refused, with nothing written, if one is there."""
    contents = {"policy.json": dump(_first_list(now))}
    environment = SandboxedEnvironment(
        loader=jinja2.FileSystemLoader(templates / "init"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        variable_start_string="<<",
        variable_end_string=">>",
        autoescape=False,
    )
    for name, template in FILES.items():
        contents[name] = environment.get_template(template).render(version=version).encode()
    there = [name for name in contents if store.is_there(folder / name)]
    if there:
        raise Refused(f"{', '.join(there)} in {folder} would be overwritten", "choose an empty folder")
    written: list[Path] = []
    try:
        for name, content in contents.items():
            _make((folder / name).parent)
            store.write(folder / name, content)
            written.append(folder / name)
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return written


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as wrong:
        why = f"{folder} cannot be made: {wrong.strerror}"
        raise StpolicyError(why, "name an empty folder, or one that is not there yet") from wrong


def _first_list(now: datetime) -> PolicyList:
    present = Date.at(instant(now))
    return PolicyList(present, Date.at(present.instant + LIFE), None, (), ())
