"""The commands `keys new` and `keys export`."""

import os
import shutil
from datetime import datetime
from pathlib import Path

import pytest

from stpolicy import openpgp
from tests.needs import needs
from tests.pairs import dated, place, snapshot, trusts
from tests.personas import Home, People, Person
from tests.program import Program


def _listing(home: Home, *options: str) -> list[list[str]]:
    listing = home.gpg(*options, "--with-colons").decode().splitlines()
    return [line.split(":") for line in listing]


def _new(program: Program, home: Home, *options: str | Path) -> Person:
    ran = program("keys", "new", "--homedir", home.path, *options)
    assert ran.code == 0, ran.err
    return Person(home, ran.out.strip())


def test_a_new_key_signs_and_nothing_else(home: Home, program: Program) -> None:
    person = _new(program, home, "--no-passphrase", "--name", "Example list", "--email", "list@example.org")
    (key,) = (fields for fields in _listing(home, "--list-secret-keys") if fields[0] == "sec")
    assert (key[3], key[11], key[16]) == ("22", "scSC", "ed25519")
    years = (int(key[6]) - int(key[5])) / 86400 / 365
    assert 1.99 < years < 2.01
    users = [fields[9] for fields in _listing(home, "--list-keys") if fields[0] == "uid"]
    assert users == ["Example list <list@example.org>"]
    assert home.fingerprints("list@example.org") == [person.fingerprint]


def test_from_a_new_key_to_a_verified_list(home: Home, room: Path, program: Program) -> None:
    """All that a maintainer types."""
    assert program("init").code == 0
    person = _new(program, home, "--no-passphrase")
    assert program("sign", "--homedir", home.path).code == 0
    ran = program("keys", "export", "--homedir", home.path)
    assert (ran.code, ran.out) == (0, f'signer = ["{person.fingerprint}"]\n')
    for ring in ("trusted.asc", "trusted.gpg"):
        assert program("verify", "--keyring", ring, "--signer", person.fingerprint).code == 0


@pytest.mark.parametrize("passphrase", ["secret", "correct horse", "ü€ 密", "%x", "a:b#c", "-", "x" * 200])
def test_a_passphrase_from_a_file(
    passphrase: str, home: Home, room: Path, tmp_path: Path, program: Program
) -> None:
    """What the file holds is what gpg asks for, to the letter."""
    secret, wrong = tmp_path / "secret", tmp_path / "wrong"
    secret.write_text(f"{passphrase}\n")
    wrong.write_text("wrong\n")
    person = _new(program, home, "--passphrase-file", secret)
    options = ["--pinentry-mode", "loopback", "--passphrase-file", str(secret)]
    assert home.gpg(*options, "--detach-sign", data=b"x")
    Path("policy.json").write_bytes(dated(datetime.fromisoformat("2024-06-01T00:00:00Z")))
    signing = ["sign", "--homedir", home.path]
    assert program(*signing, "--passphrase-file", wrong).code == 3
    assert program(*signing, "--passphrase-file", "/dev/zero").code == 2
    assert program(*signing, "--passphrase-file", secret).code == 0
    assert trusts(room, person)


@pytest.mark.parametrize("passphrase", [" secret", "secret ", "\tsecret"], ids=ascii)
def test_a_passphrase_that_gpg_would_take_for_another(
    passphrase: str, home: Home, tmp_path: Path, program: Program
) -> None:
    (tmp_path / "file").write_text(f"{passphrase}\n")
    ran = program("keys", "new", "--homedir", home.path, "--passphrase-file", tmp_path / "file")
    assert (ran.code, ran.out) == (2, "")
    assert "secret" not in ran.err


def test_no_passphrase_and_a_passphrase(home: Home, tmp_path: Path, program: Program) -> None:
    (tmp_path / "secret").write_text("secret\n")
    options = ["--no-passphrase", "--passphrase-file", tmp_path / "secret"]
    assert program("keys", "new", "--homedir", home.path, *options).code == 2


def test_g19_a_passphrase_and_nobody_to_ask(home: Home, program: Program) -> None:
    ran = program("keys", "new", "--homedir", home.path)
    assert (ran.code, ran.out) == (3, "")
    assert "--passphrase-file" in ran.err


@pytest.mark.parametrize(
    ("lifetime", "days"), [("30d", 30), ("2w", 14), ("18m", 540), ("1y", 365), ("10", 10)]
)
def test_lifetime(lifetime: str, days: int, home: Home, program: Program) -> None:
    _new(program, home, "--no-passphrase", "--lifetime", lifetime)
    (key,) = (fields for fields in _listing(home, "--list-keys") if fields[0] == "pub")
    assert round((int(key[6]) - int(key[5])) / 86400) in range(days - 1, days + 10)


def test_no_lifetime(home: Home, program: Program) -> None:
    _new(program, home, "--no-passphrase", "--lifetime", "0")
    (key,) = (fields for fields in _listing(home, "--list-keys") if fields[0] == "pub")
    assert key[6] == ""


WRONG = [
    ("--lifetime", "soon"),
    ("--lifetime", "2h"),
    ("--lifetime", "-1"),
    ("--lifetime", "1y\nPassphrase: x"),
    ("--lifetime", "2030-01-01"),
    ("--name", "Example\n%no-protection"),
    ("--name", "Example\r\nKey-Type: RSA"),
    ("--name", "Exa\x1bmple"),
    ("--name", "Example <list@example.org>"),
    ("--name", "Exa"),
    ("--name", ""),
    ("--name", "     "),
    ("--name", "Exa\u2028mple"),
    ("--email", "list@example.org\n%no-protection"),
    ("--email", "list@example.org>"),
    ("--email", "no address"),
    ("--email", "list"),
    ("--email", "@example.org"),
]


@pytest.mark.parametrize(("option", "value"), WRONG, ids=ascii)
def test_values_that_cannot_stand_in_a_key(option: str, value: str, home: Home, program: Program) -> None:
    ran = program("keys", "new", "--homedir", home.path, "--no-passphrase", option, value)
    assert (ran.code, ran.out) == (2, "")
    assert "pub" not in {fields[0] for fields in _listing(home, "--list-keys")}


@pytest.mark.parametrize(
    "name", ["Müller & Söhne", "Ångström 密码", "5 lists", "List (of policies)", "%Example", "Example: x"]
)
def test_names_of_every_kind(name: str, home: Home, program: Program) -> None:
    person = _new(program, home, "--no-passphrase", "--name", name, "--email", "list@example.org")
    users = [fields[9] for fields in _listing(home, "--list-keys") if fields[0] == "uid"]
    assert users == [f"{name} <list@example.org>".replace(":", "\\x3a")]
    assert person.public


def test_export_is_what_gpg_exports(people: People, room: Path, program: Program) -> None:
    before = snapshot(room)
    ran = program("keys", "export", "--homedir", people.carol.home.path)
    assert (ran.code, ran.out) == (0, f'signer = ["{people.carol.fingerprint}"]\n')
    assert Path("trusted.gpg").read_bytes() == people.carol.public
    armoured = people.carol.home.gpg("--armor", "--export", people.carol.fingerprint)
    assert Path("trusted.asc").read_bytes() == armoured
    assert sorted(snapshot(room).keys() - before.keys()) == ["trusted.asc", "trusted.gpg"]
    assert Path("trusted.asc").stat().st_mode & 0o777 == 0o644


def test_export_of_one_of_several_keys(home: Home, room: Path, program: Program) -> None:
    first, second = home.make("First"), home.make("Second")
    assert program("keys", "export", "--homedir", home.path).code == 2
    Path("out").mkdir()
    chosen = ["--key", second.fingerprint]
    assert program("keys", "export", "--homedir", home.path, "--to", "out", *chosen).code == 0
    assert openpgp.primary_fingerprints(Path("out/trusted.gpg").read_bytes()) == {second.fingerprint}
    both = ["--key", second.fingerprint, "--key", first.fingerprint]
    ran = program("keys", "export", "--homedir", home.path, "--to", "out", *both)
    assert ran.out == f'signer = ["{second.fingerprint}", "{first.fingerprint}"]\n'
    ring = Path("out/trusted.gpg").read_bytes()
    assert openpgp.primary_fingerprints(ring) == {first.fingerprint, second.fingerprint}


def test_export_of_what_is_not_there(people: People, home: Home, room: Path, program: Program) -> None:
    assert program("keys", "export", "--homedir", home.path).code == 3
    bob = ["--key", people.bob.fingerprint]
    assert program("keys", "export", "--homedir", people.alice.home.path, *bob).code == 3
    assert program("keys", "export", "--homedir", people.alice.home.path, "--key", "0123ABCD").code == 2
    assert snapshot(room) == {}


def test_export_into_a_folder_that_is_missing(people: People, room: Path, program: Program) -> None:
    alice = people.alice.home.path
    assert program("keys", "export", "--homedir", alice, "--to", "none").code == 2
    Path("trusted.gpg").mkdir()
    assert program("keys", "export", "--homedir", alice).code == 3


def test_export_into_a_file_is_not_told_to_make_a_folder(
    people: People, room: Path, program: Program
) -> None:
    Path("file").touch()
    ran = program("keys", "export", "--homedir", people.alice.home.path, "--to", "file")
    assert ran.code == 2
    assert "mkdir" not in ran.err
    assert "mkdir -p none" in program("keys", "export", "--to", "none").err


def test_export_of_a_revoked_key_warns(people: People, home: Home, room: Path, program: Program) -> None:
    """It is exported all the same: everybody must learn of it."""
    rex = home.make("Rexie")
    exporting = ["keys", "export", "--homedir", home.path, "--key", rex.fingerprint]
    assert "warning" not in program(*exporting).err
    rex.revoked(home)
    ran = program(*exporting)
    assert ran.code == 0
    assert f"warning: the key {rex.fingerprint} is revoked" in ran.err


@pytest.mark.parametrize("command", ["sign", "keys new", "keys export"])
@pytest.mark.parametrize("where", ["--homedir", "GNUPGHOME"])
@pytest.mark.parametrize("kind", ["none", "file"])
def test_a_home_that_is_not_there(
    command: str, where: str, kind: str, room: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """gpg would say that there is no key; to make one is not the next step."""
    place = room.parent / kind
    Path("policy.json").write_bytes(dated(datetime.fromisoformat("2024-06-01T00:00:00Z")))
    if kind == "file":
        place.touch()
    monkeypatch.setenv("GNUPGHOME", str(place))
    ran = program(*command.split(), *(["--homedir", place] if where == "--homedir" else []))
    assert ran.code == 2
    assert str(place) in ran.err
    assert ("mkdir" in ran.err) is (kind == "none")
    assert "keys new" not in ran.err


def test_a_home_that_is_named_stands_for_the_usual_one(
    people: People, room: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNUPGHOME", str(room / "none"))
    assert program("keys", "export", "--homedir", people.alice.home.path).code == 0


def test_g21_a_home_with_a_path_too_long_for_a_socket(room: Path, tmp_path: Path, program: Program) -> None:
    needs("gpg", "gnupg")
    home = tmp_path / ("x" * 110)
    home.mkdir(mode=0o700)
    ran = program("keys", "new", "--homedir", home, "--no-passphrase")
    if ran.code == 0:
        Home(home).end()
        pytest.skip("the sockets lie elsewhere on this machine")
    assert ran.code == 3
    assert "gpg-agent does not start" in ran.err
    assert "must be short" in ran.err


def test_a_home_that_may_not_be_written(
    home: Home, room: Path, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the words that gpg has for it: the administrator who runs the tests may write everywhere."""
    (room.parent / "bin").mkdir()
    gpg = room.parent / "bin" / "gpg"
    said = "gpg: can't connect to the agent: Permission denied\ngpg: key generation failed: No agent running"
    gpg.write_text(
        f'#!/bin/sh\ncase "$*" in *--gen-key*) printf "{said}\\n" >&2; exit 2;; esac\n'
        f'exec {shutil.which("gpg")} "$@"\n'
    )
    gpg.chmod(0o755)
    monkeypatch.setenv("PATH", f"{gpg.parent}:{os.environ['PATH']}")
    ran = program("keys", "new", "--homedir", home.path, "--no-passphrase")
    assert ran.code == 3
    assert "may not be read or written" in ran.err


def test_the_secret_key_is_not_exported(people: People, room: Path, program: Program) -> None:
    place(room, people.alice)
    assert program("keys", "export", "--homedir", people.alice.home.path).code == 0
    tags = {packet.tag for packet in openpgp.packets(Path("trusted.gpg").read_bytes())}
    assert tags <= {2, 6, 13, 14}
