"""Which programs are measured that tests start: those whose lines nothing else goes over.

It takes as long as they do.
"""

import os

_NAME = "COVERAGE_PROCESS_CONFIG"
_TOLD: dict[str, str] = {}


def stop() -> None:
    """From now on none is measured."""
    if _NAME in os.environ:
        _TOLD[_NAME] = os.environ.pop(_NAME)


def told() -> dict[str, str]:
    """The environment of one that is measured all the same; empty where nothing is."""
    return dict(_TOLD)
