"""Monitoring plug-ins: `status --format nagios` answers on standard output whatever happens."""

import os
import sys
from contextlib import suppress

UNKNOWN = 3
"""What a plug-in ends with when it could not look; 2, our word for misuse, is its worst news."""


def is_asked(arguments: list[str]) -> bool:
    """Whether a monitoring system asks, as far as it can be told when nothing has been read."""
    if arguments[:1] != ["status"]:
        return False
    last = os.environ.get("STPOLICY_STATUS_FORMAT", "")
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if word == "--format":
            last = following
        elif word.startswith("--format="):
            last = word.removeprefix("--format=")
    return last == "nagios"


def answer(why: str) -> int:
    """Says that we could not look, and why; the exit code for that."""
    from stpolicy.output.status import unknown

    with suppress(OSError):
        sys.stdout.write(unknown(why))
        sys.stdout.flush()
    return UNKNOWN
