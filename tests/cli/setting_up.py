"""What the tests of `setup` begin with: a published key, a Postfix, and the command."""

from pathlib import Path

from stpolicy import openpgp
from tests.cli.following import Following
from tests.needs import needs
from tests.personas import Person
from tests.postfix_room import MAIN, MASTER, PostfixRoom, authority
from tests.program import NOW, Ran
from tests.webserver import ok


def publish_keys(following: Following, *people: Person) -> None:
    keys = b"".join(person.public for person in people)
    following.server.answers["/trusted.asc"] = ok(openpgp.armoured(openpgp.PUBLIC_KEY, keys))


def set_up(following: Following, etc: Path, *more: object, signer: str = "") -> Ran:
    options = ["--signer", signer or following.people.alice.fingerprint, "--dir", following.folder]
    where = ["--etc", etc, "--ca-file", following.authority / "ca.pem", "--now", NOW]
    return following.program("setup", following.server.url, *options, *where, *more)


def quiet_postfix(following: Following, folder: Path) -> PostfixRoom:
    needs("postconf", "postfix")
    postfix = PostfixRoom(folder / "postfix", following.folder)
    postfix.etc.mkdir()
    postfix.main(MAIN)
    postfix.master(*MASTER.splitlines())
    (postfix.etc / "ca.pem").write_text(authority())
    return postfix
