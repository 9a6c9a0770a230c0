"""Files on disk: read, replaced as one switch, and pairs published or installed as one switch."""

from stpolicy.store.files import (
    alone,
    create,
    discard,
    give,
    is_there,
    locked,
    make_folder,
    prove,
    read_if_there,
    replace,
    sync,
    write,
    write_all,
)
from stpolicy.store.versions import CURRENT, VERSIONS, current, install, publish, version_name

__all__ = [
    "CURRENT",
    "VERSIONS",
    "alone",
    "create",
    "current",
    "discard",
    "give",
    "install",
    "is_there",
    "locked",
    "make_folder",
    "prove",
    "publish",
    "read_if_there",
    "replace",
    "sync",
    "version_name",
    "write",
    "write_all",
]
