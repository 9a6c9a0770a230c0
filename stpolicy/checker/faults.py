"""What an error of the system says about a connection: the peer's fault, the way's, or ours."""

import errno
import os

from stpolicy.model.observation import Fault

_FAULTS = {
    errno.ECONNREFUSED: Fault.REFUSED,
    errno.ENETUNREACH: Fault.NO_ROUTE,
    errno.EHOSTUNREACH: Fault.NO_ROUTE,
    errno.EHOSTDOWN: Fault.NO_ROUTE,
    errno.ENETDOWN: Fault.NO_ROUTE,
    errno.ETIMEDOUT: Fault.TIME_OUT,
    errno.ECONNRESET: Fault.CLOSED,
    errno.ECONNABORTED: Fault.CLOSED,
    errno.EPIPE: Fault.CLOSED,
}
"""Any other is ours: descriptors, memory, families, a firewall."""


def fault(wrong: OSError) -> tuple[Fault, str]:
    """Whose fault it is, and what it is in words."""
    number = wrong.errno or 0
    return _FAULTS.get(number, Fault.OURS), os.strerror(number) if number else str(wrong)
