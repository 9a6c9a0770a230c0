"""Time, and what lies in the folder."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

from tests import lists, packets
from tests.conformance.case import Case, Change, nothing
from tests.conformance.changes import (
    DAY,
    HOUR,
    NOW,
    OLDER,
    SECOND,
    at,
    changed,
    gone,
    installed,
    offer,
    several,
    unlink,
    write,
)
from tests.conformance.world import BEFORE, OLD, WARM, Pair, World
from tests.pairs import dated
from tests.personas import LIST, SIGNED, People, stamp

_unchanged = offer(OLD, at=BEFORE)
_replay = offer(dated(OLDER, BEFORE + 20 * DAY), at=OLDER)
"""An older list, signed when it was made, that is still in force."""


def _replayed(around: Callable[[bytes], bytes]) -> Change:
    """The same, with its signature file changed."""

    def change(world: World) -> None:
        pair = world.pair(dated(OLDER, BEFORE + 20 * DAY), at=OLDER)
        world.serve(Pair(pair.data, around(pair.asc)))

    return change


def _twice(asc: bytes) -> bytes:
    (raw,) = packets.dearmoured(asc)
    return packets.asc(raw, raw)


def _future_key(world: World) -> None:
    """R7: to gpgv the clock says that this key is not made yet."""

    def make(people: People) -> bytes:
        home, then = people.home(), datetime(2050, 1, 1, tzinfo=UTC)
        home.gpg(
            "--pinentry-mode",
            "loopback",
            "--passphrase",
            "",
            "--quick-gen-key",
            "Fay",
            "ed25519",
            "sign",
            at=then,
        )
        (fay,) = home.fingerprints("Fay")
        asc = home.gpg("--armor", "--detach-sign", data=LIST, at=then + DAY)
        return json.dumps([fay, home.gpg("--export").hex(), asc.decode()]).encode()

    fingerprint, ring, asc = json.loads(world.made("Fay", make))
    world.settings.signers.append(fingerprint)
    world.settings.keyring.write_bytes(world.people.ring + bytes.fromhex(ring))
    world.serve(Pair(LIST, asc.encode()))


TIME = {
    "good": Case(nothing, "installed"),
    "T7 timestamp 25 hours ahead": Case(offer(dated(NOW + 25 * HOUR)), "future"),
    "T7 timestamp a second too far ahead": Case(offer(dated(NOW + DAY + SECOND)), "future"),
    "T7 timestamp in 2040": Case(offer(dated(datetime(2040, 1, 1, tzinfo=UTC))), "future"),
    "T7 timestamp in 285 million years": Case(
        offer(
            LIST.replace(f'"{stamp(SIGNED)}"'.encode(), str(2**53 - 1).encode()).replace(
                f'"{lists.EXPIRES}"'.encode(), str(2**53).encode()
            )
        ),
        "future",
    ),
    "T9 run out": Case(offer(dated(NOW - 2 * DAY, NOW - DAY)), "expired"),
    "T9 runs out now": Case(offer(dated(SIGNED, NOW)), "expired"),
    "T9 ran out a nanosecond ago": Case(
        several(
            offer(dated(SIGNED, NOW).replace(b":00:00Z", b":00:00.000000001Z")),
            lambda world: setattr(world.settings, "now", "2026-11-01T12:00:00.000000002Z"),
        ),
        "expired",
    ),
    "now in another zone": Case(
        lambda world: setattr(world.settings, "now", "2026-11-01T21:00:00+09:00"), "installed"
    ),
    "R7 a clock that key and signature are ahead of": Case(_future_key, "clock"),
    "R7 clock put back": Case(
        at(datetime(2020, 1, 1, tzinfo=UTC), offer(dated(BEFORE + HOUR), at=BEFORE + HOUR)),
        "installed",
        starts=(WARM,),
        said=1,
        signed=BEFORE + HOUR,
    ),
    "R7 clock put back does not revive": Case(
        several(installed(NOW - 30 * DAY, 60 * DAY), at(NOW - 60 * DAY, offer(OLD, at=BEFORE))),
        "future",
        starts=(WARM,),
        said=2,
    ),
}

ROLLBACK = {
    "unchanged": Case(_unchanged, "unchanged"),
    "T2 replay": Case(_replay, "rolled_back"),
    "T2 replay, signature twice in one armour": Case(_replayed(_twice), "rolled_back"),
    "T2 replay, two armours": Case(_replayed(lambda asc: asc + asc), "malformed_signature", "jajaja"),
    "T2 replay, binary": Case(
        _replayed(lambda asc: b"".join(packets.dearmoured(asc))), "malformed_signature", "jajaja"
    ),
    "T2 replay, with the new signature too": Case(
        lambda world: world.serve(
            Pair(
                (old := world.pair(dated(OLDER), at=OLDER)).data,
                packets.asc(*packets.dearmoured(old.asc), *packets.dearmoured(world.offered.asc)),
            )
        ),
        "bad_signature",
        "jajaja",
    ),
    "T5 an older list, signed now": Case(offer(dated(BEFORE - SECOND, NOW + DAY)), "rolled_back"),
    "T5 a nanosecond older": Case(
        several(
            lambda world: world.install(
                world.pair(dated(BEFORE).replace(b"00:00Z", b"00:00.000000002Z", 1), at=BEFORE), BEFORE
            ),
            offer(dated(BEFORE).replace(b"00:00Z", b"00:00.000000001Z", 1)),
        ),
        "rolled_back",
    ),
    "T5 a nanosecond newer": Case(
        offer(dated(BEFORE).replace(b"00:00Z", b"00:00.000000001Z", 1)), "installed"
    ),
    "T6 same date, other bytes": Case(offer(OLD + b"\n"), "equivocation"),
    "T6 same date, written otherwise": Case(
        offer(dated(BEFORE).replace(stamp(BEFORE).encode(), b"2026-10-27T14:00:00.0+02:00")), "equivocation"
    ),
    "a newer list with an older signature": Case(
        offer(dated(BEFORE + HOUR), at=BEFORE - SECOND), "rolled_back"
    ),
    "same list, older signature": Case(offer(OLD, at=BEFORE - SECOND), "rolled_back"),
    "same list, later signature": Case(offer(OLD, at=BEFORE + HOUR), "installed", signed=BEFORE + HOUR),
    "same list, another signer of that second": Case(
        several(lambda world: world.pin("alice", "bob"), offer(OLD, "bob", at=BEFORE)), "unchanged"
    ),
    "same list, one more signer, later": Case(
        several(
            lambda world: world.pin("alice", "bob"),
            lambda world: world.serve(
                Pair(
                    OLD,
                    packets.asc(
                        *packets.dearmoured(world.pair(OLD, at=BEFORE).asc),
                        *packets.dearmoured(world.pair(OLD, "bob", at=BEFORE + HOUR).asc),
                    ),
                )
            ),
        ),
        "installed",
        signed=BEFORE + HOUR,
    ),
    "T3 signature deleted": Case(changed(unlink("current/policy.json.asc"), _replay), "rolled_back"),
    "T3 list deleted": Case(changed(unlink("current/policy.json"), _replay), "rolled_back"),
    "T3 both deleted": Case(changed(unlink("versions"), _replay), "rolled_back"),
    "T3 link deleted": Case(changed(unlink("current"), _replay), "rolled_back"),
    "T3 mark deleted": Case(changed(unlink("mark"), _replay), "rolled_back").marking(),
    "T3 mark deleted, same date": Case(changed(unlink("mark"), offer(OLD + b"\n")), "equivocation").marking(),
    "T3 mark deleted, older signature": Case(
        changed(unlink("mark"), offer(OLD, at=BEFORE - SECOND)), "rolled_back"
    ).marking(),
    "T3 mark deleted, nothing new": Case(changed(unlink("mark"), _unchanged), "unchanged").marking(),
    "T3 mark emptied, nothing new": Case(changed(write("mark", ""), _unchanged), "unchanged").marking(),
    "T3 mark cut off, nothing new": Case(
        changed(write("mark", "timestamp 1795305555\n"), _unchanged), "unchanged"
    ).marking(),
    "T3 mark deleted, and nobody answers": Case(changed(unlink("mark"), gone), "network", "j").marking(),
    "T3 mark deleted, and a forged list": Case(
        changed(unlink("mark"), offer(LIST, "mallory")), "unknown_signer"
    ).marking(),
    "T3 mark behind the pair": Case(
        changed(write("mark", f"timestamp 1\nsigned 1\nsha256 {'0' * 64}\n"), _replay), "rolled_back"
    ).marking(),
    "T3 mark behind the pair, nothing new": Case(
        changed(write("mark", f"timestamp 1\nsigned 1\nsha256 {'0' * 64}\n"), _unchanged), "unchanged"
    ).marking(),
    "T3 all but the mark deleted": Case(
        changed(unlink("versions", "current", "state.json"), _replay), "rolled_back"
    ),
    "T4 mark with two dates": Case(
        changed(write("mark", f"timestamp 1 1\nsigned 1\nsha256 {'0' * 64}\n"), _replay), "rolled_back"
    ).marking(),
    "T4 mark without a date": Case(
        changed(write("mark", f"timestamp \nsigned \nsha256 {'0' * 64}\n"), _replay), "rolled_back"
    ).marking(),
    "mark ahead of the pair, as a crash leaves it": Case(
        lambda world: write("mark", _mark_of_offered(world))(world.state), "installed"
    ),
    "mark ahead of the pair, and the pair again": Case(
        several(lambda world: write("mark", _mark_of_offered(world))(world.state), offer(OLD, at=BEFORE)),
        "rolled_back",
    ),
}
ROLLBACK = {name: case.only(WARM) for name, case in ROLLBACK.items()}


def _mark_of_offered(world: World) -> str:
    from tests.conformance.world import mark

    return mark(world.offered, SIGNED)


_RUN_OUT = installed(NOW - 20 * DAY, 14 * DAY)
"""What is installed has run out."""

_SAME = offer(dated(NOW - 20 * DAY, NOW - 6 * DAY), at=NOW - 20 * DAY)

RUN_OUT = {
    "G16 installed run out, a new one": Case(_RUN_OUT, "installed"),
    "installed run out, no network": Case(several(_RUN_OUT, gone), "expired", "j"),
    "installed run out, the same again": Case(several(_RUN_OUT, _SAME), "expired"),
    "installed run out, the clock": Case(several(_RUN_OUT, _future_key), "expired"),
    "installed run out, a forged one": Case(several(_RUN_OUT, offer(LIST, "mallory")), "unknown_signer"),
    "no network, a third of the life left, and more than 4 days": Case(
        several(installed(NOW - 25 * DAY, 30 * DAY), gone), "network", "j", said=0
    ),
    "no network, less than 4 days, and more than a third": Case(
        several(installed(NOW - DAY, 4 * DAY), gone), "network", "j", said=0
    ),
    "no network, less than 4 days and than a third": Case(
        several(installed(NOW - 11 * DAY, 14 * DAY), gone), "network", "j", said=1
    ),
    "T11 nothing new, less than 4 days and than a third": Case(
        several(installed(NOW - 11 * DAY, 14 * DAY), offer(dated(NOW - 11 * DAY), at=NOW - 11 * DAY)),
        "unchanged",
        said=1,
    ),
    "T11 nothing new, a third of the life left": Case(
        several(installed(NOW - 9 * DAY, 14 * DAY), offer(dated(NOW - 9 * DAY), at=NOW - 9 * DAY)),
        "unchanged",
        said=0,
    ),
    "T10 no network, and none for 49 hours": Case(
        several(installed(BEFORE, 14 * DAY, 49 * HOUR), gone), "network", "j", said=1
    ),
    "no network, and none for 47 hours": Case(
        several(installed(BEFORE, 14 * DAY, 47 * HOUR), gone), "network", "j", said=0
    ),
    "no network, and nobody knows since when": Case(
        changed(unlink("state.json"), gone), "network", "j", said=1
    ),
}
RUN_OUT = {name: case.only(WARM) for name, case in RUN_OUT.items()}
