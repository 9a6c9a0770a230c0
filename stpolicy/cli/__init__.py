"""The first door: what people type. A command parses, calls one flow, prints, exits."""

import sys


def main() -> None:
    """Runs the program on the command line's arguments and exits."""
    try:
        from stpolicy.cli import _commands, _door
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(_door.run(_commands.app, sys.argv[1:]))
