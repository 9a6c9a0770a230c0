"""The first door: what people type. Each module is one command: parse, call one flow, print, exit."""

import sys


def main() -> None:
    """Runs the program on the command line's arguments and exits."""
    try:
        from stpolicy.cli import _commands, _door
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(_door.run(_commands.app, sys.argv[1:]))
