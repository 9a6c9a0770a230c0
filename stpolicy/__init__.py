"""STARTTLS policy lists.

For programs: `load`, `verify`, `check_domain`, `PolicyList` and `MxPattern`; docs/API.md shows them. Each
is imported when it is asked for first, so that `import stpolicy` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stpolicy.api import check_domain, load, verify
    from stpolicy.model.names import MxPattern
    from stpolicy.model.policy import PolicyList

__all__ = ["MxPattern", "PolicyList", "check_domain", "load", "verify"]

_HOME = {
    "check_domain": "stpolicy.api",
    "load": "stpolicy.api",
    "verify": "stpolicy.api",
    "MxPattern": "stpolicy.model.names",
    "PolicyList": "stpolicy.model.policy",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
