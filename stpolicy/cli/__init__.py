"""The first door: what people type. A command parses, calls one flow, prints, exits."""

import gc
import sys
from collections.abc import Callable
from importlib import import_module

ALONE = (
    *("init", "validate", "fmt", "diff", "show", "check", "sign", "verify", "publish"),
    *("setup", "update", "status", "lookup", "render", "doctor", "explain"),
)
"""Commands that have a module of their name; it alone is loaded to run one, since cron runs them often."""


def main() -> None:
    """Runs the program on the command line's arguments and exits."""
    gc.disable()  # a command lives for seconds, and reference counts free nearly everything
    try:
        from stpolicy.cli import _door

        app = _needed(sys.argv[1:2])
    except KeyboardInterrupt:
        sys.exit(130)
    code = _door.run(app, sys.argv[1:])
    gc.freeze()  # nor need what ends with the interpreter be searched
    sys.exit(code)


def _needed(first: list[str]) -> Callable[..., object]:
    """The program as far as it is needed: for help, groups and slips all of it."""
    if first and first[0] in ALONE:
        import_module(f"stpolicy.cli.{first[0]}")
        from stpolicy.cli._app import app

        return app
    from stpolicy.cli import _commands

    return _commands.app
