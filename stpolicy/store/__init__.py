"""Files on disk: read, replaced as one switch, and pairs published or installed as one switch."""

from stpolicy.store.files import MODE, locked, read_if_there, replace, write, write_all
from stpolicy.store.versions import CURRENT, VERSIONS, current, install, publish, version_name

__all__ = [
    "CURRENT",
    "MODE",
    "VERSIONS",
    "current",
    "install",
    "locked",
    "publish",
    "read_if_there",
    "replace",
    "version_name",
    "write",
    "write_all",
]
