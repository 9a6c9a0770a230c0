"""A signed pair goes into a web root: what is put there, and what is not put over what."""

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from stpolicy import openpgp, store
from stpolicy.errors import Busy, StpolicyError
from stpolicy.fetch import KEYS, LIST
from stpolicy.flows.believe import Pins, believe, pins
from stpolicy.flows.publish import SIGNATURE, Published, publish
from stpolicy.model.file import File
from stpolicy.suffixes import PublicSuffixes
from tests import lists
from tests.pairs import LATER, dated, snapshot
from tests.personas import LIST as DATA
from tests.personas import SIGNED, People, Person

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@dataclass(frozen=True)
class Site:
    """A web root, and who may put something there."""

    root: Path
    people: People
    who: Pins
    suffixes: PublicSuffixes

    def publish(self, data: bytes, signature: bytes | None = None, who: Pins | None = None) -> Published:
        asc = signature if signature is not None else self.people.alice.sign(data)
        files = File(LIST, data), File(SIGNATURE, asc)
        return publish(*files, who or self.who, self.root, now=lists.NOW, suffixes=self.suffixes)

    def refuses(self, code: str, data: bytes, signature: bytes | None = None) -> None:
        before = snapshot(self.root)
        done = self.publish(data, signature)
        assert done.version is None
        assert code in {finding.code for finding in done.report.findings}
        assert snapshot(self.root) == before

    def shows(self, data: bytes) -> None:
        assert (self.root / LIST).read_bytes() == data
        asc = (self.root / SIGNATURE).read_bytes()
        assert believe(data, asc, self.who, now=lists.NOW).trusted
        keys = openpgp.key_ring((self.root / KEYS).read_bytes())
        assert openpgp.primary_fingerprints(keys) == self.who.signers


@pytest.fixture
def site(tmp_path: Path, people: People, suffixes: PublicSuffixes) -> Site:
    root = tmp_path / "www"
    root.mkdir()
    return Site(root, people, pins(people.ring, "ring", [people.alice.fingerprint], 1), suffixes)


def test_first(site: Site) -> None:
    done = site.publish(DATA)
    assert done.version is not None
    assert done.version.startswith("20261101T113000Z-")
    site.shows(DATA)


def test_newer(site: Site) -> None:
    site.publish(DATA)
    assert site.publish(dated(LATER)).version
    site.shows(dated(LATER))


def test_again(site: Site) -> None:
    signature = site.people.alice.sign(DATA)
    first = site.publish(DATA, signature)
    before = {str(path): path.lstat() for path in site.root.rglob("*")}
    assert site.publish(DATA, signature).version == first.version
    after = {str(path): path.lstat() for path in site.root.rglob("*")}
    assert [str(path) for path in after] == [str(path) for path in before]
    assert {path: (it.st_ino, it.st_mtime_ns) for path, it in after.items()} == {
        path: (it.st_ino, it.st_mtime_ns) for path, it in before.items()
    }


def test_the_same_list_with_a_newer_signature(site: Site) -> None:
    site.publish(DATA)
    newer = site.people.alice.sign(DATA, at=LATER)
    assert site.publish(DATA, newer).version
    assert (site.root / SIGNATURE).read_bytes() == newer
    site.refuses("history.rolled_back", DATA)


def test_t2_an_older_list(site: Site) -> None:
    site.publish(dated(LATER), site.people.alice.sign(dated(LATER), at=LATER))
    site.refuses("history.rolled_back", DATA)
    site.refuses("history.rolled_back", DATA, site.people.alice.sign(DATA, at=LATER + SECOND))


def test_t6_another_list_of_the_same_date(site: Site) -> None:
    site.publish(DATA)
    site.refuses("history.rolled_back", DATA + b"\n")


def test_a_newer_list_with_an_older_signature(site: Site) -> None:
    """Clients that remember the signature's date would refuse it."""
    site.publish(DATA, site.people.alice.sign(DATA, at=LATER))
    newer = dated(SIGNED + SECOND)
    site.refuses("history.rolled_back", newer, site.people.alice.sign(newer, at=SIGNED + SECOND))
    assert site.publish(newer, site.people.alice.sign(newer, at=LATER)).version


REFUSED = {
    "another list": ("signature.bad", DATA, "other"),
    "unknown signer": ("signature.unknown_signer", DATA, "mallory"),
    "not pinned": ("signature.unknown_signer", DATA, "bob"),
    "t9 expired": ("dates.expired", dated(SIGNED - 20 * DAY), "alice"),
    "t7 ahead of the clock": ("dates.future", dated(lists.NOW + 2 * DAY), "alice"),
    "an alias that is not there": (
        "policies.alias.unknown",
        lists.data({"example.com": {"policy-alias": "x"}}),
        "alice",
    ),
    "a name that is none": ("policies.name.malformed", lists.data({"localhost": lists.ONE_HOST}), "alice"),
    "a life that is too long": (
        "dates.lifetime.too_long",
        dated(SIGNED - 40 * DAY, lists.NOW + DAY),
        "alice",
    ),
    "no list": ("document.syntax", b"hello", "alice"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("first", [True, False])
def test_what_verify_refuses_is_not_published(name: str, first: bool, site: Site) -> None:
    code, data, signer = REFUSED[name]
    if not first:
        site.publish(dated(SIGNED - DAY), site.people.alice.sign(dated(SIGNED - DAY), at=SIGNED - DAY))
    person: Person = site.people.alice if signer == "other" else getattr(site.people, signer)
    site.refuses(code, data, person.sign(b"other" if signer == "other" else data))
    if not first:
        site.shows(dated(SIGNED - DAY))


def test_another_key_ring(site: Site) -> None:
    """Keys are published with the list; who adds one publishes the same list again."""
    signature = site.people.alice.sign(DATA)
    site.publish(DATA, signature)
    alone = pins(site.people.alice.public, "ring", [site.people.alice.fingerprint], 1)
    assert site.publish(DATA, signature, alone).version
    assert openpgp.key_ring((site.root / KEYS).read_bytes()) == site.people.alice.public


THERE = [b"", b"garbage", lists.data(pinsets={}), b'{"timestamp": "2040-01-01T00:00:00Z"}']


@pytest.mark.parametrize("there", THERE, ids=range(len(THERE)))
@pytest.mark.parametrize("file", [LIST, SIGNATURE, KEYS])
def test_t24_garbage_in_the_web_root_is_replaced(there: bytes, file: str, site: Site) -> None:
    site.publish(dated(SIGNED - DAY), site.people.alice.sign(dated(SIGNED - DAY), at=SIGNED - DAY))
    (site.root / file).write_bytes(there)
    assert site.publish(DATA).version
    site.shows(DATA)


def test_r5_busy(site: Site) -> None:
    with store.locked(site.root), pytest.raises(Busy):
        site.publish(DATA)
    assert store.current(site.root) is None


def test_r4_a_full_disk(site: Site) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=32k", "none", str(site.root)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small file system cannot be mounted: run the tests as root")
    try:
        alone = pins(site.people.alice.public, "ring", [site.people.alice.fingerprint], 1)
        assert site.publish(DATA, who=alone).version
        big = dated(LATER, author="x" * 40000)
        with pytest.raises(StpolicyError, match="No space left"):
            site.publish(big, who=alone)
        assert (site.root / LIST).read_bytes() == DATA
        assert site.publish(dated(LATER), who=alone).version
        assert (site.root / LIST).read_bytes() == dated(LATER)
    finally:
        subprocess.run(["umount", str(site.root)], check=True)


def test_a_web_root_that_somebody_fills_by_hand(site: Site) -> None:
    (site.root / LIST).write_bytes(b"by hand")
    with pytest.raises(StpolicyError, match="no link of ours"):
        site.publish(DATA)
    assert (site.root / LIST).read_bytes() == b"by hand"


READER = """
import os, sys
root, good, gone = sys.argv[1], set(), 0
print("ready", flush=True)
while not os.path.exists(root + "/../stop"):
    current = os.open(root + "/current", os.O_RDONLY | os.O_DIRECTORY)
    try:
        parts = []
        for name in ("policy.json", "policy.json.asc"):
            with open(name, "rb", opener=lambda path, flags: os.open(path, flags, dir_fd=current)) as file:
                parts.append(file.read())
        good.add(tuple(parts))
    except FileNotFoundError:
        gone += 1  # two versions later: the reader was slower than two releases
    finally:
        os.close(current)
for data, signature in good:
    print(data.hex(), signature.hex())
"""


def test_t17_a_reader_always_finds_a_pair(site: Site) -> None:
    versions = [dated(SIGNED + number * SECOND) for number in range(30)]
    pairs = [(data, site.people.alice.sign(data)) for data in versions]
    site.publish(*pairs[0])
    with subprocess.Popen([sys.executable, "-c", READER, str(site.root)], stdout=subprocess.PIPE) as reader:
        assert reader.stdout
        assert reader.stdout.readline() == b"ready\n"
        for pair in pairs[1:]:
            assert site.publish(*pair).version
        (site.root.parent / "stop").touch()
        seen = [tuple(map(bytes.fromhex, line.decode().split())) for line in reader.stdout]
    assert reader.returncode == 0
    assert set(seen) <= set(pairs)
    assert len(seen) > 1
    assert os.path.lexists(site.root / LIST)
