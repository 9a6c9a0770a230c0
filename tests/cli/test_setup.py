"""setup: from a URL and a fingerprint to a server that follows."""

import os
import pwd
import tomllib
from pathlib import Path

import pytest

from stpolicy import openpgp
from tests.cli.following import Following
from tests.cli.setting_up import publish_keys, quiet_postfix, set_up
from tests.needs import lacking
from tests.pairs import LATER, dated
from tests.personas import SIGNED
from tests.postfix_room import PostfixRoom
from tests.program import NOW, Ran
from tests.webserver import answer, ok


def test_without_postfix(published: Following, etc: Path) -> None:
    ran = set_up(published, etc)
    assert ran.code == 0
    assert str(published.folder / "current" / "policy.json") in ran.out
    settings = tomllib.loads((etc / "stpolicy.toml").read_text())
    assert settings == {
        "url": [f"{published.server.url}/policy.json"],
        "keyring": "trusted.asc",
        "signer": [published.people.alice.fingerprint],
        "ca-file": str(published.authority / "ca.pem"),
        "dir": str(published.folder),
    }
    ring = openpgp.key_ring((etc / "trusted.asc").read_bytes())
    assert openpgp.primary_fingerprints(ring) == {published.people.alice.fingerprint}
    assert published.state["reason"] == "installed"
    published.offer(dated(LATER), at=LATER)
    assert published.program("update", "--config", etc / "stpolicy.toml", "--now", NOW) == Ran(0, "", "")


def test_with_postfix(following: Following, etc: Path, tmp_path: Path) -> None:
    postfix = quiet_postfix(following, tmp_path)
    following.offer()
    publish_keys(following, following.people.alice)
    ran = set_up(
        following, etc, "--postfix-config", postfix.etc, "--map", f"hash:{following.folder}/maps/policy"
    )
    assert (ran.code, f"smtp_tls_policy_maps = hash:{following.folder}/maps/policy" in ran.out) == (0, True)
    assert (following.folder / "maps" / "policy.db").is_file()
    assert tomllib.loads((etc / "stpolicy.toml").read_text())["render"] == "postfix"


def test_a_map_that_postfix_asks_and_that_is_ours_is_kept(
    served: Following, postfix: PostfixRoom, etc: Path
) -> None:
    own = postfix.etc / "tls_policy"
    postfix.set(smtp_tls_policy_maps=f"hash:{own}")
    own.write_text("# made by stpolicy\n")
    assert set_up(served, etc, "--postfix-config", postfix.etc).code == 0
    assert tomllib.loads((etc / "stpolicy.toml").read_text())["map"] == f"hash:{own}"


def test_a_table_of_somebody_else_stays_and_nothing_is_written(
    served: Following, postfix: PostfixRoom, etc: Path
) -> None:
    theirs = postfix.etc / "tls_policy"
    theirs.write_text("partner.example secure match=mx.partner.example\n")
    for more in ((), ("--overwrite",), ("--dry-run",)):
        ran = set_up(served, etc, "--postfix-config", postfix.etc, "--map", f"hash:{theirs}", *more)
        assert (ran.code, "next: " in ran.err) == (2, True)
    assert (theirs.read_text()[:7], etc.exists(), served.folder.exists()) == ("partner", False, False)


def test_a_map_that_cannot_be_made_is_misuse_and_nothing_is_written(published: Following, etc: Path) -> None:
    assert (set_up(published, etc, "--map", "socketmap:/x").code, etc.exists()) == (2, False)


def test_the_key_may_lie_elsewhere_as_the_list_may(published: Following, etc: Path) -> None:
    """The fingerprint decides, not the place."""
    answers = published.server.answers
    for name in ("policy.json", "policy.json.asc", "trusted.asc"):
        answers[f"/there/{name}"] = answers[f"/{name}"]
        leads = f"Location: {published.server.url}/there/{name}"
        answers[f"/{name}"] = answer("302 Found", b"", leads, "Content-Length: 0")
    assert set_up(published, etc).code == 0


def test_a_password_in_the_url_is_misuse(published: Following, etc: Path) -> None:
    ran = published.program("setup", "https://u:secret@127.0.0.1:9/", "--signer", "A" * 40, "--etc", etc)
    assert (ran.code, "secret" in ran.out + ran.err, etc.exists()) == (2, False, False)


def test_the_folder_is_given_to_who_will_update(published: Following, etc: Path) -> None:
    """What root leaves there, nobody else could replace."""
    if os.geteuid():
        lacking("a folder can be given away by root only")
    assert set_up(published, etc, "--user", "nobody").code == 0
    owners = {path.lstat().st_uid for path in (published.folder, *published.folder.rglob("*"))}
    assert owners == {pwd.getpwnam("nobody").pw_uid}
    ran = set_up(published, etc, "--user", "no-such-account")
    assert (ran.code, "no account" in ran.err) == (0, True)


def test_t26_everybody_may_read_what_setup_writes_whatever_the_umask(
    following: Following, etc: Path, tmp_path: Path
) -> None:
    """Also the folders on the way: an account that cannot get in can never update."""
    postfix = quiet_postfix(following, tmp_path)
    following.offer()
    publish_keys(following, following.people.alice)
    deep = etc / "a" / "b"
    folder = Following(
        following.server, following.people, following.authority, deep / "state", following.program
    )
    before = os.umask(0o077)
    try:
        more = ["--postfix-config", postfix.etc, "--map", f"hash:{folder.folder}/maps/policy"]
        ran = set_up(folder, deep, *more)
    finally:
        os.umask(before)
    assert (ran.code, "install.modes" in ran.err) == (0, False)
    modes = {path: path.stat().st_mode & 0o777 for path in (etc, *etc.rglob("*"))}
    assert modes == {path: 0o755 if path.is_dir() else 0o644 for path in modes}
    assert {path.name for path in modes} >= {"stpolicy.toml", "trusted.asc", "policy.db", "state.json"}


def test_what_keeps_the_account_out_is_found(following: Following, etc: Path, tmp_path: Path) -> None:
    """Settings that were there before stay as they are, with their modes."""
    postfix = quiet_postfix(following, tmp_path)
    following.offer()
    publish_keys(following, following.people.alice)
    etc.mkdir(mode=0o700)
    more = ["--postfix-config", postfix.etc, "--map", f"hash:{following.folder}/maps/policy"]
    ran = set_up(following, etc, *more)
    assert (ran.code, f"(chmod go-w,a+rx {etc})" in ran.err) == (0, True)


def test_a_dry_run_writes_nothing(published: Following, etc: Path) -> None:
    ran = set_up(published, etc, "--dry-run")
    assert (ran.code, etc.exists(), published.folder.exists()) == (0, False, False)
    assert "BEGIN PGP PUBLIC KEY BLOCK" in ran.out
    assert 'keyring = "trusted.asc"' in ran.out


def test_t23_a_key_that_was_not_named_is_not_trusted(published: Following, etc: Path) -> None:
    """Whoever publishes another list publishes another key beside it."""
    published.offer(dated(SIGNED), published.people.mallory)
    ran = set_up(published, etc)
    assert (ran.code, etc.exists()) == (1, False)
    assert "signature.unknown_signer" in ran.out
    publish_keys(published, published.people.mallory)
    ran = set_up(published, etc)
    assert (ran.code, etc.exists()) == (1, False)
    assert published.people.mallory.fingerprint in ran.err


@pytest.mark.parametrize("signer", ["0123456789ABCDEF", "alice@example.org", "x"])
def test_a_short_fingerprint_is_refused(published: Following, etc: Path, signer: str) -> None:
    assert (set_up(published, etc, signer=signer).code, etc.exists()) == (2, False)


def test_settings_that_are_there_stay(published: Following, etc: Path) -> None:
    etc.mkdir()
    (etc / "stpolicy.toml").write_text("# mine\n")
    ran = set_up(published, etc)
    assert (ran.code, (etc / "stpolicy.toml").read_text()) == (1, "# mine\n")
    assert not (etc / "trusted.asc").exists()
    assert set_up(published, etc, "--overwrite").code == 0
    assert set_up(published, etc).code == 0, "the same again is no difference"


@pytest.mark.parametrize("ring", [b"", b"no key", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n"])
def test_what_is_published_is_no_key(published: Following, etc: Path, ring: bytes) -> None:
    published.server.answers["/trusted.asc"] = ok(ring)
    assert (set_up(published, etc).code, etc.exists()) == (1, False)


def test_nobody_answers(following: Following, etc: Path) -> None:
    assert (set_up(following, etc).code, etc.exists()) == (3, False)
    assert following.program("setup", following.server.url).code == 2
