"""Writes the parts of README.md that come from the code: help texts and the table of rules."""

import io
import os
import re
import sys
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

from stpolicy import config, rules
from stpolicy.cli import _commands, _door
from stpolicy.output import explain

README = Path(__file__).parent.parent / "README.md"
_RULES = re.compile(r"(<!-- rules -->\n).*?(<!-- /rules -->)", re.DOTALL)
_HELP = re.compile(r"(<!-- help ?(?P<command>[a-z -]*) -->\n).*?(<!-- /help -->)", re.DOTALL)


def updated(text: str) -> str:
    """The text with everything between the markers made anew."""
    text = _HELP.sub(lambda found: f"{found[1]}```text\n{helped(found['command'])}```\n{found[3]}", text)
    table = explain.markdown(explain.documentation(rules.ALL), config.known_codes())
    return _RULES.sub(lambda found: f"{found[1]}{table}{found[2]}", text)


def helped(command: str) -> str:
    """The help of a command, of the program for an empty one."""
    printed = io.StringIO()
    plain = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    with mock.patch.dict(os.environ, plain, clear=True), redirect_stdout(printed):
        _door.run(_commands.app, [*command.split(), "--help"])
    return printed.getvalue()


if __name__ == "__main__":
    before = README.read_text(encoding="utf-8")
    after = updated(before)
    README.write_text(after, encoding="utf-8")
    sys.stderr.write(f"README.md: {'written' if after != before else 'up to date'}\n")
