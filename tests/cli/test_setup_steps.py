"""What `setup` prints is left to do: for main.cf and for cron, in an order that never stops mail."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from stpolicy.mta.postfix import Postfix
from tests.cli.following import Following
from tests.cli.setting_up import set_up
from tests.pairs import LATER, dated
from tests.postfix_room import PostfixRoom
from tests.program import NOW

MAPS = "smtp_tls_policy_maps"


def _cron_command(out: str) -> str:
    """What cron gives a shell: its line without the times and the account, `%` unescaped (crontab(5))."""
    (line,) = [line for line in out.splitlines() if re.match(r"[0-9*]", line)]
    return line.split(maxsplit=6)[6].replace(r"\%", "%")


def _as_cron_does(command: str, published: Following) -> int:
    """Runs it with no other environment than cron's, at once and at the time of the tests."""
    more = f"{command} --splay 0 --now {NOW}"
    cron = ["env", "-i", "PATH=/usr/bin:/bin", "sh", "-c", more]
    published.offer(dated(LATER), at=LATER)
    code = subprocess.run(cron, cwd="/", check=False).returncode
    assert published.installed == dated(LATER)
    return code


def test_the_printed_cron_line_runs_without_a_path(published: Following, etc: Path) -> None:
    assert _as_cron_does(_cron_command(set_up(published, etc).out), published) == 0


@pytest.mark.parametrize("name", ["bin", "a 'b' 100% c"])
def test_the_printed_cron_line_names_the_program_that_runs(
    name: str, published: Following, etc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As pip installs it, wherever that is."""
    program = tmp_path / name / "stpolicy"
    program.parent.mkdir()
    python = "import sys; sys.path.insert(0, sys.argv.pop(1)); import runpy; runpy.run_module('stpolicy')"
    words = [sys.executable, "-c", python, str(Path(__file__).parents[2])]
    program.write_text(f'#!/bin/sh\necho >"{tmp_path}/ran"\nexec {shlex.join(words)} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program)])
    ran = set_up(published, etc.with_name(f"etc {name}"))
    assert _as_cron_does(_cron_command(ran.out), published) == 0
    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "there", ["", "socketmap:inet:127.0.0.1:8461:postfix", "hash:/x/y, hash:@LIB@/maps/policy"]
)
def test_what_is_left_to_do_names_the_map_behind_those_that_are_there(
    there: str, served: Following, postfix: PostfixRoom, etc: Path
) -> None:
    postfix.set(smtp_tls_policy_maps=there)
    own = f"hash:{served.folder}/maps/policy"
    ran = set_up(served, etc, "--postfix-config", postfix.etc, "--map", own)
    (command,) = [line for line in ran.out.splitlines() if line.startswith("postconf ")]
    done = subprocess.run(["sh", "-ec", command], check=False)
    assert done.returncode == 0
    value = Postfix(postfix.etc).settings(["smtp_tls_policy_maps"])["smtp_tls_policy_maps"]
    here = postfix.filled(there)
    assert value == (here if own in here else f"{here}, {own}".removeprefix(", "))
    assert ran.out.index("postconf ") < ran.out.index(" doctor ") < ran.out.index(" reload")


def test_main_cf_is_left_alone_while_the_map_gives_no_answer(
    served: Following, postfix: PostfixRoom, etc: Path
) -> None:
    """No reload is needed: the next process would read main.cf, and defer all mail for want of the table."""
    postfix.set(smtp_tls_policy_maps="")
    blocked = served.folder / "blocked"
    blocked.mkdir(parents=True)
    (blocked / "maps").write_text("no folder")
    own = f"hash:{blocked}/maps/policy"
    ran = set_up(served, etc, "--postfix-config", postfix.etc, "--map", own)
    assert (ran.code, "postconf" in ran.out, " reload" in ran.out) == (3, False, False)
    typed = _typed(ran.out)
    assert typed.returncode != 0, "it still cannot be made"
    assert Postfix(postfix.etc).settings([MAPS]) == {MAPS: ""}
    (blocked / "maps").unlink()
    typed = _typed(ran.out)
    assert (typed.returncode, b"postfix.map_missing" in typed.stdout) == (1, True), "main.cf lacks it still"
    assert Postfix(postfix.etc).settings([MAPS]) == {MAPS: ""}
    again = set_up(served, etc, "--postfix-config", postfix.etc, "--map", own)
    assert (again.code, f"-e '{MAPS} = {own}'" in again.out) == (0, True)


def _typed(text: str) -> "subprocess.CompletedProcess[bytes]":
    """`sh -e`, as README has it; at the time of the tests."""
    now = {**os.environ, "STPOLICY_NOW": NOW}
    return subprocess.run(["sh", "-e"], input=text.encode(), check=False, env=now, capture_output=True)
