"""The table: every case, by name."""

from tests.conformance.case import Case
from tests.conformance.list_cases import LISTS
from tests.conformance.mark_cases import MARK
from tests.conformance.server_cases import SERVERS
from tests.conformance.state_cases import ROLLBACK, RUN_OUT, TIME
from tests.conformance.trust_cases import MIRRORS, SET, SIGNATURES

CASES: dict[str, Case] = {}
for family, cases in {
    "time": TIME,
    "rollback": ROLLBACK,
    "run out": RUN_OUT,
    "mark": MARK,
    "mirrors": MIRRORS,
    "settings": SET,
    "signature": SIGNATURES,
    "list": LISTS,
    "server": SERVERS,
}.items():
    CASES |= {f"{family}: {name}": case for name, case in cases.items()}

REPRESENTATIVE = (
    "time: good",
    "time: T9 ran out a nanosecond ago",
    "rollback: unchanged",
    "rollback: T2 replay, signature twice in one armour",
    "rollback: T5 a nanosecond older",
    "mark: ahead, but signed before the pair",
    "run out: no network, less than 4 days and than a third",
    "settings: key ring in armours",
    "settings: G12 key ring without the signer",
    "signature: two signers",
    "signature: T7 dated 2040",
    "signature: G14 good and a marker",
    "signature: wrong checksum",
    "list: an author in escapes",
    "list: timestamp before 1970",
    "list: C11 the last second",
    "list: L2 expires twice, escaped",
    "list: L4 NUL",
    "list: C11 expires on no leap day of a century",
    "server: T14 endless",
    "server: R12 a body that drips",
    "server: T16 publisher switches",
)
"""What is asked on every host too."""
