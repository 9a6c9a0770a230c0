"""The mark and the pair are of different lists, as a crash between the two or a folder put back leaves them.

A pair behind the mark is in force until it runs out, so that mail keeps the last good policy; whoever offers
it, or another one behind the mark, is refused. Of two marks the higher one counts as a whole: its
timestamp first, then its signature's date.
"""

from datetime import datetime

from tests.conformance.case import Case, Change
from tests.conformance.changes import DAY, HOUR, NOW, OLDER, gone, installed, offer, several
from tests.conformance.world import BEFORE, OLD, WARM, mark
from tests.pairs import dated
from tests.personas import LIST, SIGNED


def _put(data: bytes, signed: datetime) -> Change:
    """This pair is installed, whatever the mark."""
    return lambda world: world.install(world.pair(data, at=signed), signed)


def _marked(data: bytes, signed: datetime) -> Change:
    """The mark is of this pair, whatever is installed."""
    return lambda world: (world.state / "mark").write_text(mark(world.pair(data, at=signed), signed))


_CRASHED = _marked(LIST, SIGNED)
_RUN_OUT = several(installed(NOW - 20 * DAY, 14 * DAY), _CRASHED)
_LATE = several(_put(OLD, SIGNED + HOUR), _CRASHED)
"""An older list, signed later than the newest."""


MARK = {
    "ahead, and nobody answers": Case(several(_CRASHED, gone), "network", "j"),
    "ahead, and a forged list": Case(several(_CRASHED, offer(LIST, "mallory")), "unknown_signer"),
    "ahead, and one older than either": Case(
        several(_CRASHED, offer(dated(OLDER, BEFORE + 20 * DAY), at=OLDER)), "rolled_back"
    ),
    "ahead, and the pair run out": Case(several(_RUN_OUT, gone), "expired", "j"),
    "ahead by the signature alone, and nobody answers": Case(
        several(_marked(OLD, BEFORE + HOUR), gone), "network", "j"
    ),
    "ahead by the signature alone, and the pair again": Case(
        several(_marked(OLD, BEFORE + HOUR), offer(OLD, at=BEFORE)), "rolled_back"
    ),
    "ahead, but signed before the pair": Case(_LATE, "installed"),
    "ahead, but signed before the pair, and that again": Case(
        several(_LATE, offer(OLD, at=SIGNED + HOUR)), "rolled_back"
    ),
    "ahead, but signed before the pair, and nobody answers": Case(several(_LATE, gone), "network", "j"),
    "behind, but signed after the pair": Case(
        several(_marked(dated(OLDER), BEFORE + HOUR), offer(OLD, at=BEFORE)), "unchanged"
    ).marking(),
}
MARK = {name: case.only(WARM) for name, case in MARK.items()}
