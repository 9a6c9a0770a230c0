"""What docs/OPERATING.md has people type works when it is typed: its commands are run as they stand."""

import os
import re
import shlex
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from tests.needs import needs
from tests.pairs import dated
from tests.personas import Home, People
from tests.program import COMMAND

TEXT = (Path(__file__).parent.parent / "docs" / "OPERATING.md").read_text(encoding="utf-8")


def typed(section: str) -> list[str]:
    """The commands of a section, in their order."""
    _, _, after = TEXT.partition(f"## {section}\n")
    assert after
    return re.findall(r"^    (.+)$", after.partition("\n## ")[0], re.MULTILINE)


class Person:
    """Somebody at a shell, with a GnuPG home and a folder to be in."""

    def __init__(self, folder: Path, home: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        who = {
            f"GIT_{role}_{part}": "x@example.org"
            for role in ("AUTHOR", "COMMITTER")
            for part in ("NAME", "EMAIL")
        }
        alone = {"GNUPGHOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "STPOLICY_KEYS_NEW_NO_PASSPHRASE": "1"}
        self._environment = os.environ | who | alone

    def types(self, line: str) -> str:
        """What a line prints; it must succeed."""
        program = f'stpolicy() {{ {shlex.join(COMMAND)} "$@"; }}'
        done = subprocess.run(
            ["bash", "-c", f"{program}; {line}"],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(autouse=True)
def programs(room: Path) -> None:
    """What the commands need, without the settings of whoever runs the tests."""
    needs("git", "git")
    needs("gpg", "gnupg")


def test_one_maintainer(room: Path, home: Home) -> None:
    me = Person(room, home.path)
    for line in typed("Start"):
        if line.startswith("cd "):
            me.folder = me.folder / line.removeprefix("cd ")
        else:
            me.types(line)
    lines = typed("A key of its own")
    said = "".join(me.types(line) for line in lines)
    (pin,) = re.findall(r"^signer = .*$", said, re.MULTILINE)
    for line in (*typed("A change"), *typed("A review")):
        me.types(line)
    (room / "release.toml").write_text(f'{pin}\nkeyring = "trusted.asc"\n')
    (room / "trusted.asc").write_bytes((me.folder / "trusted.asc").read_bytes())
    (room / "www").mkdir()
    for line in typed("A release"):
        me.types(line.replace("/srv/www/list", "../www").replace("--check-url https://list.example.org ", ""))
    assert b"example.com" in (room / "www" / "policy.json").read_bytes()


def test_several_signers(room: Path, people: People) -> None:
    homes = [people.home() for _ in range(3)]
    makers = {
        name: home.make(name.title() + "-Signer") for name, home in zip(("alice", "bob"), homes, strict=False)
    }
    origin, first = room / "origin.git", room / "first"
    subprocess.run(["git", "init", "--quiet", "--bare", "-b", "main", str(origin)], check=True)
    seed = Person(first, homes[2].path)
    (first / "policy.json").write_bytes(dated(datetime.fromisoformat("2024-06-01T00:00:00Z")))
    seed.types(f"git init -q -b main && git add . && git commit -qm x && git push -q {origin} main")
    everybody = {}
    for name, home in zip(("alice", "bob", "carol"), homes, strict=True):
        (room / name).mkdir()
        somebody = Person(room / name, home.path)
        somebody.types(f"git clone -q {origin} list")
        somebody.folder = room / name / "list"
        everybody[name] = somebody
    for line in typed("Several signers"):
        name, _, command = line.partition("$")
        for signer, made in makers.items():
            command = command.replace(signer.upper(), made.fingerprint)
        everybody[name].types(command)
    assert (room / "carol" / "list" / "policy.json.asc").exists()
