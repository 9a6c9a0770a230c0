"""What `doctor` tells people to type about a map: each command is run as it is printed, and mends."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from stpolicy.mta.postfix import Postfix
from tests.cli.following import Following
from tests.needs import lacking, needs
from tests.pairs import codes, dated
from tests.personas import SIGNED, stamp
from tests.postfix_room import MAIN, MASTER, PostfixRoom, authority
from tests.program import NOW, Ran

ROOT = Path(__file__).parents[2]
ENFORCE = {"mode": "enforce", "mxs": ["mx.a.com"]}


class Followed:
    """A server that follows a list by a real Postfix's map, with a file of settings of its own."""

    def __init__(self, following: Following, folder: Path) -> None:
        self.following, self.settings = following, folder / "etc" / "own.toml"
        self.postfix = PostfixRoom(folder / "etc", following.folder)
        self.postfix.etc.mkdir()
        self.postfix.main(MAIN)
        self.postfix.master(*MASTER.splitlines())
        (self.postfix.etc / "ca.pem").write_text(authority())
        self.text = following.folder / "maps" / "policy"
        self.compiled = self.text.with_name("policy.db")
        _, ring, _, signer = following.believing
        lines = {"url": following.server.url, "keyring": ring, "signer": signer, "mta-version": "3.7"}
        lines |= {"ca-file": str(following.authority / "ca.pem"), "dir": str(following.folder)}
        self.settings.write_text("".join(f'{key} = "{value}"\n' for key, value in lines.items()))
        bin_ = folder / "bin"
        bin_.mkdir()
        (bin_ / "stpolicy").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m stpolicy "$@"\n')
        (bin_ / "stpolicy").chmod(0o755)
        self.path = f"{bin_}:{os.environ['PATH']}:/usr/sbin:/sbin"

    def update(self) -> Ran:
        options = ["--config", self.settings, "--postfix-config", self.postfix.etc, "--now", NOW]
        return self.following.program("update", "--render", "postfix", "--map", self.postfix.table, *options)

    def doctor(self, *more: object, folder: object = None, now: str = NOW) -> Ran:
        options = ["--config", self.settings, "--postfix-config", self.postfix.etc, "--now", now, *more]
        return self.following.program("doctor", "--dir", folder or self.following.folder, *options)

    def mends(self, *more: object, folder: object = None, now: str = NOW) -> list[str]:
        """What is printed for each finding."""
        found = json.loads(self.doctor("--format", "json", *more, folder=folder, now=now).out)["findings"]
        return [finding["mend"] for finding in found]

    def run(self, mend: str, now: str = NOW) -> int:
        """Somebody types it, somewhere else."""
        environment = {"PATH": self.path, "LC_ALL": "C", "PYTHONPATH": str(ROOT), "STPOLICY_NOW": now}
        done = subprocess.run(
            ["sh", "-c", mend], check=False, env=environment, capture_output=True, cwd="/", timeout=60
        )
        self.postfix.settle()
        return done.returncode

    def mend_all(self) -> None:
        """Each in its turn, until nothing is found."""
        for _ in range(3):
            mends = self.mends()
            assert [self.run(mend) for mend in mends] == [0] * len(mends)
        assert self.doctor().out == ""


@pytest.fixture
def followed(following: Following, tmp_path: Path) -> Followed:
    needs("postmap", "postfix")
    found = Followed(following, tmp_path)
    following.offer(dated(SIGNED, policies={"a.com": ENFORCE, "xn--bcher-kva.de": ENFORCE}))
    assert found.update() == Ran(0, "", "")
    assert found.doctor().out == ""
    return found


def _garbage(there: Followed) -> None:
    there.compiled.write_bytes(random.Random(3).randbytes(5000))


def _empty(there: Followed) -> None:
    """What a `postmap hash:` in place leaves that is ended half-way."""
    other = there.text.with_name("other")
    other.write_text("")
    subprocess.run([needs("postmap", "postfix"), "-c", there.postfix.etc, f"hash:{other}"], check=True)
    other.with_name("other.db").replace(there.compiled)


def _another_list(there: Followed) -> None:
    text = there.text.read_text()
    digest = text.partition("sha256 ")[2][:64]
    there.text.write_text(text.replace(digest, "0" * 64))


def _newer_text(there: Followed) -> None:
    later = there.compiled.stat().st_mtime + 1000
    os.utime(there.text, (later, later))


def _unnamed(there: Followed) -> None:
    there.postfix.set(smtp_tls_policy_maps="")
    shutil.rmtree(there.text.parent)


BREAKS: dict[str, Callable[[Followed], object]] = {
    "garbage": _garbage,
    "empty": _empty,
    "gone": lambda there: there.compiled.unlink(),
    "no folder": lambda there: shutil.rmtree(there.text.parent),
    "header of another list": _another_list,
    "newer text": _newer_text,
    "no text": lambda there: there.text.unlink(),
    "edited row": lambda there: there.text.write_text(there.text.read_text().replace("secure", "may")),
    "not named": lambda there: there.postfix.set(smtp_tls_policy_maps=""),
    "no map at all": _unnamed,
    "another table is missing": lambda there: there.postfix.set(
        smtp_tls_policy_maps="hash:/nonexist/x, hash:@LIB@/maps/policy"
    ),
    "unknown type": lambda there: there.postfix.set(smtp_tls_policy_maps="nosuch:@LIB@/maps/policy"),
    "wrong order": lambda there: there.postfix.set(
        smtp_tls_policy_maps="hash:@LIB@/maps/policy, socketmap:inet:127.0.0.1:1:x"
    ),
}


@pytest.mark.parametrize("how", BREAKS)
def test_the_mends_of_a_map_mend(how: str, followed: Followed) -> None:
    BREAKS[how](followed)
    ran = followed.doctor()
    assert codes(ran.out), how
    assert "postmap " not in " ".join(followed.mends())
    followed.mend_all()


def _compiled_by_hand(there: Followed) -> None:
    """Text and table agree, and the header is that of the list."""
    there.text.write_text(there.text.read_text().replace("mx.a.com", "mx.evil.example"))
    command = [needs("postmap", "postfix"), "-c", str(there.postfix.etc), str(there.postfix.table)]
    subprocess.run(command, check=True)


def test_a_map_that_is_not_what_the_last_update_left(followed: Followed) -> None:
    _compiled_by_hand(followed)
    assert codes(followed.doctor().out) == ["install.map_changed"]
    followed.mend_all()


@pytest.mark.parametrize("how", ["gone", "garbage", "no folder", "type"])
def test_main_cf_never_names_a_map_that_gives_no_answer(how: str, followed: Followed) -> None:
    """Its next process would read main.cf and stop all mail: what is made and what names it are one mend."""
    if how in BREAKS:
        BREAKS[how](followed)
    followed.postfix.set(smtp_tls_policy_maps="")
    kind = "nosuch" if how == "type" else "hash"
    mends = followed.mends("--map", f"{kind}:{followed.text}")
    shutil.rmtree(followed.text.parent, ignore_errors=True)
    followed.text.parent.write_text("where no map can be made")
    ended = [followed.run(mend) for mend in mends]
    assert 0 not in ended
    assert Postfix(followed.postfix.etc).settings(["smtp_tls_policy_maps"]) == {"smtp_tls_policy_maps": ""}


def test_a_map_of_a_list_that_ran_out(followed: Followed) -> None:
    """The list is still old after the mend; the map is not any more."""
    now = stamp(SIGNED + timedelta(days=15))
    for file in (followed.text, followed.compiled):
        os.utime(file, (SIGNED.timestamp(), SIGNED.timestamp()))
    assert "postfix.map_stale" in codes(followed.doctor(now=now).out)
    for mend in followed.mends(now=now):
        assert followed.run(mend, now) == 1
    assert "postfix.map_stale" not in codes(followed.doctor(now=now).out)


def test_a_text_that_was_edited_is_made_anew_by_any_update(followed: Followed) -> None:
    for change in (_another_list, _newer_text, BREAKS["no text"]):
        change(followed)
        assert followed.update() == Ran(0, "", "")
        assert followed.doctor().out == ""


@pytest.mark.parametrize("named", ["", "hash:@LIB@/maps/policy"])
def test_a_folder_by_any_name(
    named: str, followed: Followed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Relative, or a link: nothing is wrong, and what is printed leads to the same place from elsewhere."""
    folder = followed.following.folder
    link = tmp_path / "link"
    link.symlink_to(folder)
    monkeypatch.chdir(folder.parent)
    followed.postfix.set(smtp_tls_policy_maps=named)
    for name in (folder.name, f"./{folder.name}/../{folder.name}", link, f"{link}/."):
        for more in ([], ["--map", f"hash:{name}/maps/policy"]):
            mends = followed.mends(*more, folder=name)
            assert bool(mends) is not bool(named)
            for mend in mends:
                value = mend.partition(" = hash:")[2].removesuffix("'")
                assert Path(value).is_absolute()
                assert Path(value).samefile(followed.text)


def test_a_map_that_main_cf_names_by_a_link(followed: Followed, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(followed.following.folder)
    followed.postfix.set(smtp_tls_policy_maps=f"hash:{tmp_path}/link/maps/policy")
    assert followed.doctor().out == ""
    assert followed.doctor("--map", followed.postfix.table).out == ""


@pytest.fixture
def accounts(followed: Followed) -> Followed:
    """The folder is that of the account `nobody`, and root looks."""
    if os.geteuid():
        lacking("a folder can be given away by root only")
    for path in (followed.following.folder, *followed.following.folder.rglob("*")):
        shutil.chown(path, "nobody")
    return followed


@pytest.mark.parametrize("how", ["gone", "empty", "no text"])
def test_root_does_not_write_in_the_folder_of_an_account(how: str, accounts: Followed) -> None:
    BREAKS[how](accounts)
    mends = accounts.mends()
    assert [mend for mend in mends if "stpolicy update" in mend]
    assert all(mend.startswith(("runuser -u nobody -- ", "chown ")) for mend in mends)
    (accounts.following.folder / "state.json").unlink()
    assert "runuser -u nobody -- stpolicy update" in " ".join(accounts.mends())
