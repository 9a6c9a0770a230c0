"""The command `sign`: which key it takes, and what it says of keys that cannot sign."""

from datetime import datetime
from pathlib import Path

import pytest

from stpolicy import openpgp
from tests import packets
from tests.cli.test_sign import ASC, POLICY, by, made, refused
from tests.needs import needs
from tests.pairs import believing_in, codes, place, trusts
from tests.personas import LIST, LOOPBACK, Home, People, Person
from tests.program import NOW, Program


@pytest.fixture(autouse=True)
def signed_before(room: Path, people: People) -> None:
    """A signature lies there already: whoever fails leaves it as it is (G17)."""
    place(room, people.alice)


def issuer(signature: openpgp.SignaturePacket) -> str:
    """The key that made a signature, primary or not: the first hashed sub-packet that gpg writes."""
    content = packets.body(signature.raw)
    assert content[7] == 33
    return content[9:29].hex().upper()


def test_no_secret_key(people: People, home: Home, program: Program) -> None:
    home.learn(people.alice)
    assert "keys new" in refused(program, 3, "--homedir", str(home.path)).err


def test_one_of_two_keys_must_be_chosen(home: Home, room: Path, program: Program) -> None:
    first, second = home.make("First"), home.make("Second")
    ran = refused(program, 2, *by(first))
    assert first.fingerprint in ran.err
    assert second.fingerprint in ran.err
    assert program("sign", *by(first, "--key", second.fingerprint.lower())).code == 0
    assert trusts(room, second)


def test_the_only_key_that_can_sign_is_chosen(
    home: Home, room: Path, people: People, program: Program
) -> None:
    able = home.make("First")
    expired = home.make("Second", life="2024-06-01")
    assert program("sign", *by(able)).code == 0
    assert trusts(room, able)
    assert "expired" in refused(program, 3, *by(able, "--key", expired.fingerprint)).err


@pytest.mark.parametrize(
    "key", ["0123ABCD", "0123456789ABCDEF", "Alice", "alice@example.org", "A" * 39, "--x"]
)
def test_g18_only_whole_fingerprints_name_a_key(key: str, people: People, program: Program) -> None:
    refused(program, 2, *by(people.alice, f"--key={key}"))


def test_a_key_that_is_not_there(people: People, program: Program) -> None:
    assert (
        people.bob.fingerprint in refused(program, 3, *by(people.alice, "--key", people.bob.fingerprint)).err
    )


def test_an_expired_key(home: Home, program: Program) -> None:
    erin = home.make("Erina", life="2024-06-01")
    step = f"gpg --quick-set-expire {erin.fingerprint} 2y"
    assert step in refused(program, 3, *by(erin)).err
    assert step in refused(program, 3, *by(erin, "--key", erin.fingerprint)).err


def test_a_revoked_key(people: People, home: Home, program: Program) -> None:
    rex = home.make("Rexie")
    rex.revoked(home)
    assert "revoked" in refused(program, 3, *by(rex)).err
    assert "revoked" in refused(program, 3, *by(rex, "--key", rex.fingerprint)).err


def test_sub_keys_sign_for_their_primary_key(room: Path, people: People, program: Program) -> None:
    carol = people.carol
    ran = program("sign", *by(carol))
    assert ran.code == 0
    assert carol.fingerprint in ran.err
    assert issuer(made()[0]) in carol.subkeys()
    assert trusts(room, carol)


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("mark", ["", "!"])
def test_a_sub_key_that_is_named_is_taken_exactly(
    position: int, mark: str, people: People, program: Program
) -> None:
    wanted = people.carol.subkeys()[position]
    assert program("sign", *by(people.carol, "--key", f"{wanted}{mark}")).code == 0
    assert [issuer(signature) for signature in made()] == [wanted]


def test_a_sub_key_that_has_expired(home: Home, program: Program) -> None:
    """The key can sign with another one; the one that was asked for is not replaced by it."""
    carol = home.make("Carol", usage="cert")
    for life in ("2024-06-01", "never"):
        made_in = datetime.fromisoformat("2024-01-01T00:00:00Z")
        home.gpg(*LOOPBACK, "--quick-add-key", carol.fingerprint, "ed25519", "sign", life, at=made_in)
    expired, able = carol.subkeys()
    refused(program, 3, *by(carol, "--key", expired))
    assert program("sign", *by(carol, "--key", able)).code == 0


def test_a_primary_key_that_is_kept_elsewhere(
    room: Path, people: People, home: Home, program: Program
) -> None:
    secret = people.carol.home.gpg("--export-secret-subkeys", people.carol.fingerprint)
    home.gpg("--import", data=secret)
    assert program("sign", "--homedir", home.path, "--now", NOW).code == 0
    assert trusts(room, people.carol)


def _forget(person: Person) -> Path:
    """Deletes the secret part of a key, as on the machine of somebody who keeps it elsewhere."""
    (file,) = (person.home.path / "private-keys-v1.d").glob("*.key")
    file.unlink()
    return file


def test_a_key_of_which_only_a_stub_is_there(people: People, home: Home, program: Program) -> None:
    person = home.make("Alice")
    home.gpg(*LOOPBACK, "--quick-add-key", person.fingerprint, "cv25519", "encr")
    secret = home.gpg("--export-secret-subkeys", person.fingerprint)
    other = people.home()
    other.gpg("--import", data=secret)
    assert "elsewhere" in refused(program, 3, "--homedir", str(other.path), "--now", NOW).err


def test_a_secret_key_whose_file_is_gone(home: Home, program: Program) -> None:
    person = home.make("Alice")
    _forget(person)
    refused(program, 3, *by(person))
    refused(program, 3, *by(person, "--key", person.fingerprint))


def test_g19_a_card_that_is_not_there(home: Home, program: Program) -> None:
    needs("/usr/lib/gnupg/scdaemon", "scdaemon")
    person = home.make("Alice")
    key = next(packet for packet in openpgp.packets(person.public) if packet.tag == packets.PUBLIC_KEY)
    parts = [b"(20:shadowed-private-key(3:ecc(5:curve7:Ed25519)(5:flags5:eddsa)(1:q33:", key.body[-33:]]
    parts += [
        b")(8:shadowed5:t1-v1(16:",
        bytes.fromhex("D2760001240102010006123456780000"),
        b"9:OPENPGP.1))))",
    ]
    _forget(person).write_bytes(b"".join(parts))
    assert "card" in refused(program, 3, *by(person)).err


@pytest.fixture
def locked(home: Home) -> Person:
    """Somebody whose key has a passphrase."""
    (home.path / "gpg-agent.conf").write_text(
        "default-cache-ttl 0\ns2k-count 65536\npinentry-program /nonexistent\n"
    )
    return home.make("Alice", passphrase="correct horse ü")


@pytest.mark.parametrize(
    "text", ["correct horse ü", "correct horse ü\n", "correct horse ü\r\n", "correct horse ü\nmore\n"]
)
def test_a_passphrase_from_a_file(
    text: str, locked: Person, room: Path, tmp_path: Path, program: Program
) -> None:
    secret = tmp_path / "passphrase"
    secret.write_bytes(text.encode())
    assert program("sign", *by(locked, "--passphrase-file", secret)).code == 0
    assert trusts(room, locked)


def test_g17_a_wrong_passphrase(locked: Person, tmp_path: Path, program: Program) -> None:
    secret = tmp_path / "passphrase"
    secret.write_text("wrong horse\n")
    ran = refused(program, 3, *by(locked, "--passphrase-file", secret))
    assert "the passphrase is wrong" in ran.err
    assert "horse" not in ran.err


def test_g19_a_passphrase_and_nobody_to_ask(locked: Person, program: Program) -> None:
    assert "--passphrase-file" in refused(program, 3, *by(locked)).err


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", None], ids=str)
def test_a_passphrase_file_without_a_passphrase(
    content: bytes | None, locked: Person, tmp_path: Path, program: Program
) -> None:
    secret = tmp_path / "passphrase"
    if content is not None:
        secret.write_bytes(content)
    ran = refused(program, 2, *by(locked, "--passphrase-file", secret))
    assert ran.err.count(str(secret)) == 1
    assert "[Errno" not in ran.err


def test_a_home_that_is_none(program: Program, tmp_path: Path) -> None:
    refused(program, 2, "--homedir", str(tmp_path / "none"))
    (tmp_path / "file").touch()
    refused(program, 2, "--homedir", str(tmp_path / "file"))


def test_the_usual_home(home: Home, room: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    person = home.make("Alice")
    monkeypatch.setenv("GNUPGHOME", str(home.path))
    assert program("sign", "--now", NOW).code == 0
    assert trusts(room, person)


SETTINGS = [
    "comment hello",
    "emit-version",
    "textmode",
    "digest-algo SHA1",
    "default-sig-expire 1d",
    "no-armor",
    "sig-notation list@example.org=x",
    "verbose",
    "charset iso-8859-1",
]


@pytest.mark.parametrize("setting", SETTINGS)
def test_g11_settings_in_a_gpg_conf_do_not_spoil_the_signature(
    setting: str, home: Home, room: Path, people: People, program: Program
) -> None:
    person = home.make("Alice")
    (home.path / "gpg.conf").write_text(f"{setting}\n")
    ran = program("sign", *by(person))
    assert ran.code == 0, ran.err
    assert trusts(room, person)
    content = packets.body(made()[0].raw)
    assert (content[1], content[3]) == (0, 10)
    ran = program("verify", *believing_in(person), "--now", "2027-01-01T00:00:00Z")
    assert codes(ran.out) == ["dates.expired"], "the signature itself does not expire (G16)"


def test_g11_a_gpg_conf_that_adds_a_signer(home: Home, program: Program) -> None:
    person, other = home.make("Alice"), home.make("Other")
    (home.path / "gpg.conf").write_text(f"local-user {other.fingerprint}\n")
    refused(program, 3, *by(person, "--key", person.fingerprint))
    assert POLICY.read_bytes() == LIST
    assert ASC.exists()


def test_a_gpg_conf_with_which_gpg_does_not_run(people: People, home: Home, program: Program) -> None:
    person = home.make("Alice")
    (home.path / "gpg.conf").write_text("clearsign\n")
    refused(program, 3, *by(person))
