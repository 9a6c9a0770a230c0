"""Who is asked and who is believed: mirrors, settings, signatures."""

from collections.abc import Callable

from stpolicy import openpgp
from tests.conformance.case import Case, Change, nothing
from tests.conformance.changes import DAY, GONE, NOW, gone, installed, offer, several
from tests.conformance.world import BEFORE, COLD, OLD, WARM, Pair, World
from tests.gpg import corpus
from tests.pairs import dated
from tests.personas import LIST, People
from tests.webserver import answer, drip, endless, ok


def _set(**fields: object) -> Change:
    def change(world: World) -> None:
        for name, value in fields.items():
            setattr(world.settings, name, value)

    return change


def _mirrors(first: Callable[[World], tuple[object, object]]) -> Change:
    """Another mirror is asked first."""

    def change(world: World) -> None:
        data, asc = first(world)
        world.server.answers["/mirror/policy.json"] = data  # type: ignore[assignment]
        world.server.answers["/mirror/policy.json.asc"] = asc  # type: ignore[assignment]
        world.settings.urls.insert(0, f"{world.server.url}/mirror/")

    return change


def _both(pair: Pair) -> tuple[object, object]:
    return ok(pair.data), ok(pair.asc)


_frozen = several(
    installed(NOW - 8 * DAY, 14 * DAY),
    _mirrors(lambda world: _both(world.pair(dated(NOW - 8 * DAY), at=NOW - 8 * DAY))),
)
"""What is installed is late in its life, and the first mirror has nothing newer."""

MIRRORS = {
    "T20 the first has it": Case(_mirrors(lambda world: _both(world.offered)), "installed", "JA"),
    "T20 the first is gone": Case(_mirrors(lambda _: (GONE, GONE)), "installed", "Jja"),
    "T20 the first is slow": Case(
        several(_mirrors(lambda _: (drip(answer("200 OK", b""), b"x"), GONE)), _set(timeout="4")),
        "installed",
        "Jja",
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
        several(_mirrors(lambda world: _both(world.pair(LIST, "mallory"))), gone), "unknown_signer", "JAj"
    ),
    "T20 gone and forged": Case(
        several(_mirrors(lambda _: (GONE, GONE)), offer(LIST, "mallory")), "unknown_signer", "Jja"
    ),
    "T20 both forged, in two ways": Case(
        several(
            _mirrors(lambda world: _both(world.pair(LIST, "mallory"))),
            lambda world: world.answers(asc=ok(b"")),
        ),
        "unknown_signer",
        "JAjajaja",
        said=2,
    ),
    "T20 both gone": Case(several(_mirrors(lambda _: (GONE, GONE)), gone), "network", "Jj"),
    "T20 the first is not newer, early in its life": Case(
        _mirrors(lambda world: _both(world.pair(OLD, at=BEFORE))), "unchanged", "JA", (WARM,)
    ),
    "T9 the first is frozen, late in its life": Case(
        _frozen,
        "installed",
        "JAja",
        (WARM,),
    ),
    "T9 both frozen, late in their life": Case(
        several(
            _frozen,
            offer(dated(NOW - 8 * DAY), at=NOW - 8 * DAY),
        ),
        "unchanged",
        "JAja",
        (WARM,),
    ),
    "T9 frozen late in its life, and the other gone": Case(
        several(
            _frozen,
            gone,
        ),
        "unchanged",
        "JAj",
        (WARM,),
    ),
}


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
    "G12 key ring with the signer's sub-key alone": several(
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
    "two pinned and needed, one in the ring": several(
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
