"""What a domain publishes about TLS: an MTA-STS policy (RFC 8461 section 3), TLSRPT (RFC 8460)."""

from dataclasses import dataclass
from enum import StrEnum

from stpolicy.model import mta_sts, tlsrpt, txt
from stpolicy.model.mta_sts import StsPolicy
from stpolicy.model.observation import Fault, Records, StsObservation


class Standing(StrEnum):
    """Whether a sender would find a policy."""

    UNKNOWN = "unknown"
    """DNS gave no answer."""
    ABSENT = "absent"
    INVALID = "invalid"
    """Something is published that senders do not take, or need not take."""
    UNREACHABLE = "unreachable"
    """There is a record, and the policy it promises cannot be fetched."""
    VALID = "valid"


@dataclass(frozen=True, slots=True)
class Published:
    """The policy, where one could be read, and what is wrong with it, in words."""

    standing: Standing
    why: str = ""
    id: str = ""
    """Of the record, where there is one, and no more than one."""
    policy: StsPolicy | None = None


def published(seen: StsObservation) -> Published:
    """The policy that a sender would have found."""
    if not seen.record.how.known:
        return Published(Standing.UNKNOWN, f"cannot be looked for: DNS gives no answer ({seen.record.how})")
    try:
        name = mta_sts.record(seen.record.values)
    except txt.Absent:
        return Published(Standing.ABSENT)
    except ValueError as wrong:
        return Published(Standing.INVALID, f"has a record that {wrong}")
    return _fetched(seen, name)


def _fetched(seen: StsObservation, name: str) -> Published:
    if seen.ended:
        detail = f": {seen.ended.message[:120]!r}" if seen.ended.message else ""
        why = f"cannot be fetched: {seen.ended.fault} at {seen.ended.step}{detail}"
        too_large = seen.ended.fault is Fault.OVERSIZED
        return Published(Standing.INVALID if too_large else Standing.UNREACHABLE, why, name)
    if seen.status != 200:
        return Published(Standing.UNREACHABLE, f"is answered with {seen.status}, and only 200 counts", name)
    try:
        policy = mta_sts.parse(seen.body)
    except ValueError as wrong:
        return Published(Standing.INVALID, str(wrong), name)
    kind = seen.content_type.partition(";")[0].strip()
    if kind.lower() != "text/plain":
        return Published(Standing.INVALID, f"is sent as {kind[:60]!r}, not as text/plain", name, policy)
    return Published(Standing.VALID, "", name, policy)


def reports(found: Records) -> tuple[str, ...]:
    """The texts of the TLSRPT records among TXT records."""
    return tuple(text for text in found.values if tlsrpt.is_one(text))


def reports_fault(found: Records) -> str:
    """What is wrong with them; empty when nothing is, or there is none."""
    try:
        tlsrpt.record(found.values)
    except txt.Absent:
        return ""
    except ValueError as wrong:
        return str(wrong)
    return ""
