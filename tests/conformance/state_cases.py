"""Time, what lies in the folder, mirrors and settings."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stpolicy import openpgp
from tests import lists, packets
from tests.conformance.case import Case, Change, nothing
from tests.conformance.world import BEFORE, COLD, OLD, WARM, Pair, World
from tests.gpg import corpus
from tests.pairs import dated
from tests.personas import LIST, SIGNED, People, stamp
from tests.web import answer, drip, endless, ok

NOW = lists.NOW
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
OLDER = BEFORE - 7 * DAY
GONE = answer("404 Not Found", b"", "Content-Length: 0")


def _offer(data: bytes, *signers: str, at: datetime = SIGNED) -> Change:
    return lambda world: world.offer(data, *signers, at=at)


def _at(now: datetime, then: Change = nothing) -> Change:
    def change(world: World) -> None:
        world.settings.now = stamp(now)
        then(world)

    return change


def _with(change: Callable[[Path], object], then: Change) -> Change:
    """The folder changed, and then something offered."""

    def both(world: World) -> None:
        change(world.state)
        then(world)

    return both


def _all(*changes: Change) -> Change:
    def change(world: World) -> None:
        for each in changes:
            each(world)

    return change


def _gone(world: World) -> None:
    world.answers(GONE, GONE)


def _installed(timestamp: datetime, life: timedelta, since: timedelta = HOUR) -> Change:
    """Another list was installed before."""

    def change(world: World) -> None:
        shutil.rmtree(world.state / "versions")
        data = dated(timestamp, timestamp + life)
        world.install(world.pair(data, at=timestamp), timestamp, succeeded=since)

    return change


def _unlink(*names: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for name in names:
            path = folder / name
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    return change


def _write(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text)


_unchanged = _offer(OLD, at=BEFORE)
_replay = _offer(dated(OLDER, BEFORE + 20 * DAY), at=OLDER)
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
    "T7 timestamp 25 hours ahead": Case(_offer(dated(NOW + 25 * HOUR)), "future"),
    "T7 timestamp a second too far ahead": Case(_offer(dated(NOW + DAY + SECOND)), "future"),
    "T7 timestamp in 2040": Case(_offer(dated(datetime(2040, 1, 1, tzinfo=UTC))), "future"),
    "T7 timestamp in 285 million years": Case(
        _offer(
            LIST.replace(f'"{stamp(SIGNED)}"'.encode(), str(2**53 - 1).encode()).replace(
                f'"{lists.EXPIRES}"'.encode(), str(2**53).encode()
            )
        ),
        "future",
    ),
    "T9 run out": Case(_offer(dated(NOW - 2 * DAY, NOW - DAY)), "expired"),
    "T9 runs out now": Case(_offer(dated(SIGNED, NOW)), "expired"),
    "T9 ran out a nanosecond ago": Case(
        _all(
            _offer(dated(SIGNED, NOW).replace(b":00:00Z", b":00:00.000000001Z")),
            lambda world: setattr(world.settings, "now", "2026-11-01T12:00:00.000000002Z"),
        ),
        "expired",
    ),
    "now in another zone": Case(
        lambda world: setattr(world.settings, "now", "2026-11-01T21:00:00+09:00"), "installed"
    ),
    "R7 a clock that key and signature are ahead of": Case(_future_key, "clock"),
    "R7 clock put back": Case(
        _at(datetime(2020, 1, 1, tzinfo=UTC), _offer(dated(BEFORE + HOUR), at=BEFORE + HOUR)),
        "installed",
        starts=(WARM,),
        said=1,
        signed=BEFORE + HOUR,
    ),
    "R7 clock put back does not revive": Case(
        _all(_installed(NOW - 30 * DAY, 60 * DAY), _at(NOW - 60 * DAY, _offer(OLD, at=BEFORE))),
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
    "T5 an older list, signed now": Case(_offer(dated(BEFORE - SECOND, NOW + DAY)), "rolled_back"),
    "T5 a nanosecond older": Case(
        _all(
            lambda world: world.install(
                world.pair(dated(BEFORE).replace(b"00:00Z", b"00:00.000000002Z", 1), at=BEFORE), BEFORE
            ),
            _offer(dated(BEFORE).replace(b"00:00Z", b"00:00.000000001Z", 1)),
        ),
        "rolled_back",
    ),
    "T5 a nanosecond newer": Case(
        _offer(dated(BEFORE).replace(b"00:00Z", b"00:00.000000001Z", 1)), "installed"
    ),
    "T6 same date, other bytes": Case(_offer(OLD + b"\n"), "equivocation"),
    "T6 same date, written otherwise": Case(
        _offer(dated(BEFORE).replace(stamp(BEFORE).encode(), b"2026-10-27T14:00:00.0+02:00")), "equivocation"
    ),
    "a newer list with an older signature": Case(
        _offer(dated(BEFORE + HOUR), at=BEFORE - SECOND), "rolled_back"
    ),
    "same list, older signature": Case(_offer(OLD, at=BEFORE - SECOND), "rolled_back"),
    "same list, later signature": Case(_offer(OLD, at=BEFORE + HOUR), "installed", signed=BEFORE + HOUR),
    "same list, another signer of that second": Case(
        _all(lambda world: world.pin("alice", "bob"), _offer(OLD, "bob", at=BEFORE)), "unchanged"
    ),
    "same list, one more signer, later": Case(
        _all(
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
    "T3 signature deleted": Case(_with(_unlink("current/policy.json.asc"), _replay), "rolled_back"),
    "T3 list deleted": Case(_with(_unlink("current/policy.json"), _replay), "rolled_back"),
    "T3 both deleted": Case(_with(_unlink("versions"), _replay), "rolled_back"),
    "T3 link deleted": Case(_with(_unlink("current"), _replay), "rolled_back"),
    "T3 mark deleted": Case(_with(_unlink("mark"), _replay), "rolled_back").marking(),
    "T3 mark deleted, same date": Case(_with(_unlink("mark"), _offer(OLD + b"\n")), "equivocation").marking(),
    "T3 mark deleted, older signature": Case(
        _with(_unlink("mark"), _offer(OLD, at=BEFORE - SECOND)), "rolled_back"
    ).marking(),
    "T3 mark deleted, nothing new": Case(_with(_unlink("mark"), _unchanged), "unchanged").marking(),
    "T3 mark emptied, nothing new": Case(_with(_write("mark", ""), _unchanged), "unchanged").marking(),
    "T3 mark cut off, nothing new": Case(
        _with(_write("mark", "timestamp 1795305555\n"), _unchanged), "unchanged"
    ).marking(),
    "T3 mark deleted, and nobody answers": Case(_with(_unlink("mark"), _gone), "network", "j").marking(),
    "T3 mark deleted, and a forged list": Case(
        _with(_unlink("mark"), _offer(LIST, "mallory")), "unknown_signer"
    ).marking(),
    "T3 mark behind the pair": Case(
        _with(_write("mark", f"timestamp 1\nsigned 1\nsha256 {'0' * 64}\n"), _replay), "rolled_back"
    ).marking(),
    "T3 mark behind the pair, nothing new": Case(
        _with(_write("mark", f"timestamp 1\nsigned 1\nsha256 {'0' * 64}\n"), _unchanged), "unchanged"
    ).marking(),
    "T3 all but the mark deleted": Case(
        _with(_unlink("versions", "current", "state.json"), _replay), "rolled_back"
    ),
    "T4 mark with two dates": Case(
        _with(_write("mark", f"timestamp 1 1\nsigned 1\nsha256 {'0' * 64}\n"), _replay), "rolled_back"
    ).marking(),
    "T4 mark without a date": Case(
        _with(_write("mark", f"timestamp \nsigned \nsha256 {'0' * 64}\n"), _replay), "rolled_back"
    ).marking(),
    "mark ahead of the pair, as a crash leaves it": Case(
        lambda world: _write("mark", _mark_of_offered(world))(world.state), "installed"
    ),
    "mark ahead of the pair, and the pair again": Case(
        _all(lambda world: _write("mark", _mark_of_offered(world))(world.state), _offer(OLD, at=BEFORE)),
        "rolled_back",
    ),
}
ROLLBACK = {name: case.only(WARM) for name, case in ROLLBACK.items()}


def _mark_of_offered(world: World) -> str:
    from tests.conformance.world import mark

    return mark(world.offered, SIGNED)


_RUN_OUT = _installed(NOW - 20 * DAY, 14 * DAY)
"""What is installed has run out."""

_SAME = _offer(dated(NOW - 20 * DAY, NOW - 6 * DAY), at=NOW - 20 * DAY)

RUN_OUT = {
    "G16 installed run out, a new one": Case(_RUN_OUT, "installed"),
    "installed run out, no network": Case(_all(_RUN_OUT, _gone), "expired", "j"),
    "installed run out, the same again": Case(_all(_RUN_OUT, _SAME), "expired"),
    "installed run out, the clock": Case(_all(_RUN_OUT, _future_key), "expired"),
    "installed run out, a forged one": Case(_all(_RUN_OUT, _offer(LIST, "mallory")), "unknown_signer"),
    "no network, a third of the life left, and more than 4 days": Case(
        _all(_installed(NOW - 25 * DAY, 30 * DAY), _gone), "network", "j", said=0
    ),
    "no network, less than 4 days, and more than a third": Case(
        _all(_installed(NOW - DAY, 4 * DAY), _gone), "network", "j", said=0
    ),
    "no network, less than 4 days and than a third": Case(
        _all(_installed(NOW - 11 * DAY, 14 * DAY), _gone), "network", "j", said=1
    ),
    "T11 nothing new, less than 4 days and than a third": Case(
        _all(_installed(NOW - 11 * DAY, 14 * DAY), _offer(dated(NOW - 11 * DAY), at=NOW - 11 * DAY)),
        "unchanged",
        said=1,
    ),
    "T11 nothing new, a third of the life left": Case(
        _all(_installed(NOW - 9 * DAY, 14 * DAY), _offer(dated(NOW - 9 * DAY), at=NOW - 9 * DAY)),
        "unchanged",
        said=0,
    ),
    "T10 no network, and none for 49 hours": Case(
        _all(_installed(BEFORE, 14 * DAY, 49 * HOUR), _gone), "network", "j", said=1
    ),
    "no network, and none for 47 hours": Case(
        _all(_installed(BEFORE, 14 * DAY, 47 * HOUR), _gone), "network", "j", said=0
    ),
    "no network, and nobody knows since when": Case(
        _with(_unlink("state.json"), _gone), "network", "j", said=1
    ),
}
RUN_OUT = {name: case.only(WARM) for name, case in RUN_OUT.items()}


def _mirrors(first: Callable[[World], tuple[object, object]]) -> Change:
    """Another mirror is asked first."""

    def change(world: World) -> None:
        data, asc = first(world)
        world.server.answers["/mirror/policy.json"] = data  # type: ignore[assignment]
        world.server.answers["/mirror/policy.json.asc"] = asc  # type: ignore[assignment]
        world.settings.urls.insert(0, f"{world.server.url}/mirror/")
        world.settings.timeout = "2"

    return change


def _both(pair: Pair) -> tuple[object, object]:
    return ok(pair.data), ok(pair.asc)


MIRRORS = {
    "T20 the first has it": Case(_mirrors(lambda world: _both(world.offered)), "installed", "JA"),
    "T20 the first is gone": Case(_mirrors(lambda _: (GONE, GONE)), "installed", "Jja"),
    "T20 the first is slow": Case(
        _mirrors(lambda _: (drip(answer("200 OK", b""), b"x"), GONE)), "installed", "Jja"
    ),
    "T20 the first is too large": Case(
        _mirrors(lambda _: (endless(answer("200 OK", b"")), GONE)), "installed", "Jja", said=1
    ),
    "T20 the first is forged": Case(
        _mirrors(lambda world: _both(world.pair(LIST, "mallory"))), "installed", "JAja", said=1
    ),
    "T20 the first is torn": Case(
        _mirrors(lambda world: (ok(LIST + b" "), ok(world.offered.asc))), "installed", "JAJAJAja", said=1
    ),
    "T20 the first is late": Case(
        _mirrors(lambda world: _both(world.pair(dated(NOW - 30 * DAY, NOW - DAY), at=NOW - 30 * DAY))),
        "installed",
        "JAja",
        said=1,
    ),
    "T20 forged and gone": Case(
        _all(_mirrors(lambda world: _both(world.pair(LIST, "mallory"))), _gone), "unknown_signer", "JAj"
    ),
    "T20 gone and forged": Case(
        _all(_mirrors(lambda _: (GONE, GONE)), _offer(LIST, "mallory")), "unknown_signer", "Jja"
    ),
    "T20 both forged, in two ways": Case(
        _all(
            _mirrors(lambda world: _both(world.pair(LIST, "mallory"))),
            lambda world: world.answers(asc=ok(b"")),
        ),
        "unknown_signer",
        "JAjajaja",
        said=2,
    ),
    "T20 both gone": Case(_all(_mirrors(lambda _: (GONE, GONE)), _gone), "network", "Jj"),
    "T20 the first is not newer, early in its life": Case(
        _mirrors(lambda world: _both(world.pair(OLD, at=BEFORE))), "unchanged", "JA", (WARM,)
    ),
    "T9 the first is frozen, late in its life": Case(
        _all(
            _installed(NOW - 8 * DAY, 14 * DAY),
            _mirrors(lambda world: _both(world.pair(dated(NOW - 8 * DAY), at=NOW - 8 * DAY))),
        ),
        "installed",
        "JAja",
        (WARM,),
    ),
    "T9 both frozen, late in their life": Case(
        _all(
            _installed(NOW - 8 * DAY, 14 * DAY),
            _mirrors(lambda world: _both(world.pair(dated(NOW - 8 * DAY), at=NOW - 8 * DAY))),
            _offer(dated(NOW - 8 * DAY), at=NOW - 8 * DAY),
        ),
        "unchanged",
        "JAja",
        (WARM,),
    ),
    "T9 frozen late in its life, and the other gone": Case(
        _all(
            _installed(NOW - 8 * DAY, 14 * DAY),
            _mirrors(lambda world: _both(world.pair(dated(NOW - 8 * DAY), at=NOW - 8 * DAY))),
            _gone,
        ),
        "unchanged",
        "JAj",
        (WARM,),
    ),
}


def _set(**fields: object) -> Change:
    def change(world: World) -> None:
        for name, value in fields.items():
            setattr(world.settings, name, value)

    return change


def _ring(make: Callable[[People], bytes]) -> Change:
    return lambda world: world.settings.keyring.write_bytes(make(world.people))


def _secret(people: People) -> bytes:
    return people.alice.home.gpg("--pinentry-mode", "loopback", "--passphrase", "", "--export-secret-keys")


def _armours(people: People) -> bytes:
    made = [openpgp.armoured(openpgp.PUBLIC_KEY, person.public) for person in (people.bob, people.alice)]
    return b"\n\n".join(made).replace(b"BLOCK-----\n\n", b"BLOCK-----\nComment: hers\n\n", 1)


_urls = {
    "http": "http://127.0.0.1:9/policy.json",
    "ftp": "ftp://127.0.0.1/policy.json",
    "file": "file:///etc/passwd",
    "no scheme": "example.org/policy.json",
    "no host": "https:///policy.json",
    "an option": "--output=/etc/x",
    "a password": "https://user:secret@127.0.0.1/policy.json",
    "a user": "https://user@127.0.0.1/policy.json",
}

SETTINGS = {
    "no URL": _set(urls=[]),
    **{f"URL with {name}": _set(urls=[url]) for name, url in _urls.items()},
    "http elsewhere, though http is allowed": _set(urls=["http://192.0.2.1/policy.json"], allow_http=True),
    "http on a host that looks like this one": _set(
        urls=["http://127.0.0.1.example.org/policy.json"], allow_http=True
    ),
    "the second URL is none": lambda world: world.settings.urls.append("http://192.0.2.1/"),
    "no signer": _set(signers=[]),
    "a key id": lambda world: _set(signers=[world.people.alice.fingerprint[-16:]])(world),
    "39 digits": lambda world: _set(signers=[world.people.alice.fingerprint[1:]])(world),
    "no digits": _set(signers=["z" * 40]),
    "an e-mail address": _set(signers=["alice@example.org"]),
    "threshold 0": _set(threshold="0"),
    "threshold 2 of 1": _set(threshold="2"),
    "threshold 2 of the same": lambda world: _set(threshold="2", signers=world.settings.signers * 2)(world),
    "threshold x": _set(threshold="x"),
    "no time": _set(timeout="0"),
    "time x": _set(timeout="x"),
    "size x": _set(max_size="x"),
    "now x": _set(now="x"),
    "now without a zone": _set(now="2026-11-01T12:00:00"),
    "no CA file": lambda world: _set(ca_file=world.folder / "none.pem")(world),
    "G12 no key ring": lambda world: _set(keyring=world.folder / "none.gpg")(world),
    "G12 key ring is a folder": lambda world: _set(keyring=world.folder)(world),
    "G12 key ring without the signer": _ring(lambda people: people.bob.public),
    "G12 key ring with the signer's sub-key alone": _all(
        lambda world: world.pin("carol"),
        lambda world: _set(signers=[world.people.carol.subkeys()[0]])(world),
    ),
    "G12 empty key ring": _ring(lambda _: b""),
    "G12 key ring cut off": _ring(lambda people: people.ring[:-1]),
    "G12 key ring of garbage": _ring(lambda _: bytes(range(256))),
    "G12 key ring of high garbage": _ring(lambda _: bytes(range(128, 256))),
    "G12 key ring is a signature": _ring(lambda people: people.alice.sign(LIST)),
    "G12 key ring with text before": _ring(lambda people: b"hello\n" + _armours(people)),
    "G12 key ring with text between": _ring(lambda people: _armours(people).replace(b"\n\n\n", b"\nx\n\n")),
    "G12 key ring with a secret key": _ring(_secret),
    "two pinned and needed, one in the ring": _all(
        lambda world: world.pin("alice", "mallory", threshold=2), nothing
    ),
}

ACCEPTED = {
    "key ring in armours": _ring(_armours),
    "key ring in armours with CRLF": _ring(lambda people: b"\r\n" + _armours(people).replace(b"\n", b"\r\n")),
    "two pinned, one in the ring and needed": lambda world: world.pin("alice", "mallory"),
    "small digits": lambda world: _set(signers=[f.lower() for f in world.settings.signers])(world),
    "URL of a folder": lambda world: _set(urls=[world.server.url])(world),
    "URL of a folder with a slash": lambda world: _set(urls=[f"{world.server.url}/"])(world),
    "URL by name": lambda world: _set(urls=[f"https://localhost:{world.server.port}"])(world),
    "G21 a long name": lambda world: _set(folder=world.state.parent / ("long" * 50) / "$(touch x) 'y'*")(
        world
    ),
}

SET = {
    name: Case(change, "configuration", "", (COLD, WARM)[at % 2 :][:1])
    for at, (name, change) in enumerate(SETTINGS.items())
}
SET |= {name: Case(change, "installed", starts=(COLD,)) for name, change in ACCEPTED.items()}


def _of_corpus(name: str) -> Case:
    case = corpus.CASES[name]

    def change(world: World) -> None:
        world.pin(*case.pinned, threshold=case.threshold)
        world.serve(Pair(case.data, world.made(("corpus", name), case.make)))

    if not case.codes:
        return Case(change, "installed", signed=None)
    reason, again = _REASONS[case.codes[0].partition(".")[2]]
    if name in _NO_BADSIG:
        again = 1
    if name == "G14 65 KiB":
        reason, again = "too_large", 1
    return Case(change, reason, "ja" * again)


_REASONS = {
    "malformed": ("malformed_signature", 3),
    "extra_data": ("malformed_signature", 3),
    "bad": ("bad_signature", 3),
    "weak_digest": ("bad_signature", 1),
    "unknown_signer": ("unknown_signer", 1),
    "bad_key": ("bad_key", 1),
    "future": ("future", 1),
    "threshold": ("threshold", 1),
}
"""What a client calls it, and how often it fetches both files."""

_NO_BADSIG = {"G2 expired signature", "G7 status line in a signature without key"}
"""Bad, and not because list and signature might belong to two releases."""

SIGNATURES = {name: _of_corpus(name) for name in corpus.CASES}
