"""The tables of cron/, read and run by Debian's own cron."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.cron_room import cron_room
from tests.needs import needs
from tests.test_cron import TABLES, text


def test_debians_cron_runs_them_and_mails_what_is_said() -> None:
    """Real cron, as the real account, at a time that is not now. Names with a dot it passes over (A8)."""
    with cron_room() as room:
        room.table("stpolicy", text("stpolicy"))
        room.table("stpolicy-sh", text("stpolicy-sh"))
        room.table("stpolicy.cron", text("stpolicy").replace("update", "never"))
        room.table("writable", text("stpolicy").replace("update", "never"), mode=0o664)
        with room.running("2026-11-21 04:16:58") as said:
            heard = [next(said) for _ in range(5)]
    jobs = sorted(line for line in heard if not line.startswith("mail "))
    assert [re.sub(r"sleep \d{3}$", "sleep N", line) for line in jobs] == [
        "stpolicy sleep N",
        "stpolicy stpolicy update --render postfix --splay 3600",
        "stpolicy update_and_verify.sh ",
    ]
    mails = [line for line in heard if line.startswith("mail ")]
    assert len(mails) == 2
    assert all(" To: root " in mail and "something to say" in mail for mail in mails)


@pytest.mark.parametrize(
    ("name", "since", "expected"),
    [
        ("stpolicy-published", "2026-11-21 07:42:58", "nobody stpolicy publish --quiet --config "),
        ("stpolicy-metrics", "2026-11-21 09:44:58", "stpolicy stpolicy status --format prometheus "),
    ],
)
def test_debians_cron_runs_the_others(name: str, since: str, expected: str) -> None:
    with cron_room() as room:
        room.table(name, text(name))
        with room.running(since) as said:
            assert next(said).startswith(expected)


def test_debians_cron_takes_every_table(tmp_path: Path) -> None:
    """`crontab -n` checks what it would install; such a table has no accounts."""
    for name in TABLES:
        table = tmp_path / name
        table.write_text(re.sub(r"(?m)^((?:\S+ +){4}\S+) +(?:stpolicy|nobody) ", r"\1 ", text(name)))
        done = subprocess.run(
            [needs("crontab", "cron"), "-n", str(table)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
