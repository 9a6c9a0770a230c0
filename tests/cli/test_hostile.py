"""What somebody who proposes a change, or who shares a machine, could try: each attack is one test."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from stpolicy import openpgp
from tests import lists
from tests.cli.test_sign import ASC, POLICY, by
from tests.lists import ONE_HOST
from tests.pairs import believing, dated, place
from tests.personas import LIST, LOOPBACK, SIGNED, People
from tests.program import NOW, Program, canonical_list

ENFORCE = {"mode": "enforce", "mxs": ["mx.example.com"]}
EVIL = {"mode": "testing", "mxs": ["mx.evil.net"]}


@pytest.mark.parametrize("name", ["A.org", "a.org.", "a.ORG."])
def test_a_twin_in_another_spelling_is_not_hidden_from_diff(name: str, room: Path, program: Program) -> None:
    Path("old.json").write_bytes(lists.data({"a.org": ENFORCE}))
    Path("new.json").write_bytes(lists.data({"a.org": ENFORCE, name: EVIL}))
    assert program("diff", "old.json", "new.json", "--exit-code").code == 1


def test_a_twin_in_the_old_list_can_be_mended(room: Path, program: Program) -> None:
    Path("old.json").write_bytes(
        lists.data({"a.org": ENFORCE}).replace(b'{"a.org":', b'{"a.org": %b, "a.org":' % _json(EVIL))
    )
    Path("new.json").write_bytes(lists.data({"a.org": ENFORCE}))
    assert program("diff", "old.json", "new.json").code == 0
    assert program("validate", "new.json", "--previous", "old.json", "--now", NOW).code == 0


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize("format_", ["text", "markdown", "json"])
def test_long_changes_are_shown_whole(format_: str, room: Path, program: Program) -> None:
    hosts = [f"{'a' * 60}.{'b' * 60}.n{number}.com" for number in range(12)]
    Path("old.json").write_bytes(lists.data({"a.org": ENFORCE}))
    more = {"mode": "enforce", "mxs": [*ENFORCE["mxs"], *hosts, "zz.evil.net"]}
    Path("new.json").write_bytes(lists.data({"a.org": more}))
    assert "zz.evil.net" in program("diff", "old.json", "new.json", "--format", format_).out
    judged = program("validate", "new.json", "--previous", "old.json", "--now", NOW)
    assert "zz.evil.net" in judged.out


def test_an_alias_that_nobody_uses_yet_is_shown(room: Path, program: Program) -> None:
    Path("old.json").write_bytes(lists.data({"a.org": ENFORCE}))
    Path("new.json").write_bytes(lists.data({"a.org": ENFORCE}, {"idle": EVIL}))
    ran = program("diff", "old.json", "new.json", "--exit-code")
    assert ran.code == 1
    assert "mx.evil.net" in ran.out


def test_use_of_an_alias_is_still_no_difference(room: Path, program: Program) -> None:
    Path("old.json").write_bytes(lists.data({"a.org": ENFORCE}))
    Path("new.json").write_bytes(lists.data({"a.org": {"policy-alias": "x"}}, {"x": ENFORCE}))
    assert program("diff", "old.json", "new.json", "--exit-code").code == 0


@pytest.mark.parametrize("value", ["../decoy.json", "/etc/passwd", "..", "lists/../../x"])
def test_settings_beside_the_list_lead_nowhere_else(value: str, room: Path, program: Program) -> None:
    Path("stpolicy.toml").write_text(f'list = "{value}"\n')
    canonical_list(POLICY)
    assert program("validate").code == 2


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 100_000, "days = " + "9" * 5000, "a." * 30_000 + "b = 1", "x" * 70_000]
)
def test_settings_that_exhaust_a_reader(text: str, room: Path, program: Program) -> None:
    Path("stpolicy.toml").write_text(text)
    canonical_list(POLICY)
    assert program("validate").code == 2


def test_commands_of_ci_systems_in_a_text(room: Path, program: Program) -> None:
    canonical_list(Path("old.json"))
    author = "##vso[task.setvariable variable=PATH]/tmp ##[add-mask]x"
    canonical_list(POLICY, author=author)
    for format_ in ("text", "github"):
        ran = program("validate", "--previous", "old.json", "--now", NOW, "--format", format_)
        assert "setvariable" in ran.out
        assert "##[" not in ran.out + ran.err
        assert "##vso[" not in ran.out + ran.err


@pytest.mark.parametrize("target", ["precious", "../precious"])
def test_a_signature_that_is_a_link_is_replaced_and_not_followed(
    target: str, room: Path, people: People, program: Program
) -> None:
    POLICY.write_bytes(LIST)
    Path(target).write_bytes(b"precious")
    ASC.symlink_to(target)
    assert program("sign", *by(people.alice)).code == 0
    assert Path(target).read_bytes() == b"precious"
    assert not ASC.is_symlink()


def test_a_signature_that_never_ends(room: Path, people: People, program: Program) -> None:
    POLICY.write_bytes(LIST)
    ASC.symlink_to("/dev/zero")
    assert program("sign", *by(people.alice)).code == 3
    assert POLICY.read_bytes() == LIST


def test_output_is_no_other_file(room: Path, people: People, program: Program) -> None:
    POLICY.write_bytes(LIST)
    Path("notes.txt").write_text("notes")
    assert program("sign", *by(people.alice, "--output", "notes.txt")).code == 2
    for arguments in (["validate"], ["show", "example.com"], ["diff", "policy.json"]):
        assert program(*arguments, "--output", "policy.json").code == 2
    assert POLICY.read_bytes() == LIST


def test_a_secret_key_is_never_published(room: Path, people: People, program: Program) -> None:
    place(room, people.alice)
    (room / "web").mkdir()
    secret = people.alice.home.gpg(*LOOPBACK, "--export-secret-keys", people.alice.fingerprint)
    Path("ring.gpg").write_bytes(people.alice.public + secret)
    who = ["--keyring", "ring.gpg", "--signer", people.alice.fingerprint]
    assert program("verify", *who, "--now", NOW).code == 2
    assert program("publish", "--to", "web", *who, "--now", NOW).code == 2
    assert list((room / "web").iterdir()) == []


def test_only_pinned_keys_are_published(room: Path, people: People, program: Program) -> None:
    place(room, people.alice)
    (room / "web").mkdir()
    who = believing(people, people.alice)
    assert program("publish", "--to", "web", *who, "--now", NOW).code == 0
    ring = openpgp.key_ring(Path("web/trusted.asc").read_bytes())
    assert openpgp.primary_fingerprints(ring) == {people.alice.fingerprint}
    assert program("verify", "--keyring", "web/trusted.asc", *who[2:], "--now", NOW).code == 0


def test_publishing_for_machines(room: Path, people: People, program: Program) -> None:
    place(room, people.alice)
    (room / "web").mkdir()
    publish = ["publish", "--to", "web", "--now", NOW, "--format", "json"]
    done = json.loads(program(*publish, *believing(people, people.alice)).out)
    assert done["published"] == (room / "web" / "current").resolve().name
    assert done["findings"] == []
    refused = json.loads(program(*publish, *believing(people, people.bob)).out)
    assert refused["published"] is None
    assert [finding["code"] for finding in refused["findings"]] == ["signature.unknown_signer"]


def test_a_web_root_that_is_not_ours_is_left_alone(room: Path, people: People, program: Program) -> None:
    place(room, people.alice)
    (room / "web" / "versions" / "1.0").mkdir(parents=True)
    (room / "web" / "versions" / "1.0" / "kept").write_text("kept")
    publish = ["publish", "--to", "web", *believing(people, people.alice), "--now", NOW]
    assert program(*publish).code == 0
    assert (room / "web" / "versions" / "1.0" / "kept").exists()
    for name in ("trusted.asc", "current", "policy.json"):
        other = room / "other" / name
        other.mkdir(parents=True)
        (other / name).write_text("not ours") if name != "current" else (other / name).symlink_to("../rel5")
        before = sorted(path.name for path in other.iterdir())
        assert program("publish", "--to", other, *publish[3:]).code == 3
        assert [name for name in sorted(path.name for path in other.iterdir()) if name != ".lock"] == before


def test_co_signed_lists_can_be_edited_and_signed(room: Path, people: People, program: Program) -> None:
    """A colleague's signature bears the list's own date, so an edit is no sign of something newer."""
    POLICY.write_bytes(LIST)
    people.bob.home.learn(people.alice)
    people.alice.home.learn(people.bob)
    assert program("sign", *by(people.alice)).code == 0
    assert program("sign", "--add", *by(people.bob)).code == 0
    both = ASC.read_bytes()
    assert len({signature.made for signature in openpgp.signatures(both)}) == 1
    POLICY.write_bytes(LIST.replace(b"mx.example.com", b"mx.example.org"))
    assert program("sign", *by(people.alice)).code == 0
    assert len(openpgp.signatures(ASC.read_bytes())) == 1


def test_a_colleagues_signature_is_not_dropped_in_silence(
    room: Path, people: People, program: Program
) -> None:
    people.alice.home.learn(people.bob)
    place(room, people.alice, people.bob)
    ran = program("sign", *by(people.alice, "--no-bump"))
    assert (ran.code, people.bob.fingerprint in ran.err) == (1, True)
    ran = program("sign", *by(people.alice))
    assert (ran.code, people.bob.fingerprint in ran.err) == (0, True)
    assert POLICY.read_bytes() != LIST, "dated anew: the signature's date goes forward with it"


def test_what_is_live_is_not_measured_by_a_working_copy(room: Path, people: People, program: Program) -> None:
    """Without --to only a list that is signed here says how old what is live may be."""
    POLICY.write_bytes(dated(SIGNED + timedelta(minutes=1)))
    assert program("publish", "--check-url", "http://127.0.0.1:9/x", "--now", NOW).code == 2
    who = believing(people, people.alice)
    dead = program("publish", "--check-url", "https://127.0.0.1:9/x", *who, "--now", NOW)
    assert dead.code == 3
    POLICY.unlink()
    gone = program("publish", "--check-url", "https://127.0.0.1:9/x", *who, "--now", NOW)
    assert (gone.code, "policy.json is not there" in gone.err) == (3, False)


def test_places_are_those_of_the_file(room: Path, people: People, program: Program) -> None:
    """What is wrong with the content of a stale list is found in the file as it lies there."""
    stale = dated(SIGNED - timedelta(days=90), policies={"a.com": {"mode": "testing", "mxs": [".co.uk"]}})
    POLICY.write_bytes(stale)
    judged = program("validate", "--now", NOW).out.splitlines()[0]
    assert program("sign", *by(people.alice)).out.splitlines()[0] == judged


def test_ignoring_does_not_make_a_list_of_what_is_none(room: Path, program: Program) -> None:
    POLICY.write_bytes(lists.data({"a.com": ONE_HOST}, pinsets={}))
    for options in (["--ignore", "document"], ["--select", "history"]):
        assert program("validate", *options, "--now", NOW).code == 1
