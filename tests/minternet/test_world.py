"""The mini-internet as a whole: apart from this machine, quickly there, and gone with nothing left."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

from stpolicy import load
from tests.minternet import bulk
from tests.minternet.clients import Client, ask, finger
from tests.minternet.personalities import ROWS, policy_list
from tests.minternet.row import PLAIN, ZONE
from tests.minternet.world import ROOT, Crowd, World, world


def test_the_table_is_a_list(tmp_path: Path) -> None:
    """Each row has a name of its own, and all entries together are a list that can be read."""
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(policy_list()))
    assert len(load(path).entries) == len(ROWS) == len({row.name for row in ROWS}) > 100
    assert all(row.status in range(7) for row in ROWS)
    assert next(row for row in ROWS if row.name == "plain").codes == PLAIN


def test_connections_are_counted(internet: World) -> None:
    internet.connections(reset=True)
    host = f"mx.plain.{ZONE}"
    with Client(internet, host) as client:
        client.reply()
        client.say("EHLO counted.example.net")
        count = internet.connections()[internet.addresses(host)[0], 25]
    assert count == {"connections": 1, "open": 1, "most": 1, "greeted": ["counted.example.net"]}


def test_a_crowd_with_a_round_trip() -> None:
    """Thirty domains on ten hosts, of which one is dead and one drips."""
    with world(latency=0.05, rows=(), crowd=Crowd(30, 10, sick=0.2)) as made:
        host = bulk.host(3)
        assert ask(made, f"{bulk.domain(23)} MX") == {f"{bulk.domain(23)} MX": [1, False, f"10 {host}."]}
        begin = time.monotonic()
        assert "Verified TLS" in finger(made, host, host)
        assert time.monotonic() - begin > 0.05 * 4  # banner, EHLO, STARTTLS, handshake
        first = [ask(made, f"{bulk.host(n)} A")[f"{bulk.host(n)} A"] for n in (0, 5)]
        assert [answer[2] for answer in first] == [str(bulk.DEAD), str(bulk.DRIPS + 5)]


def test_it_ends_on_a_signal_and_leaves_nothing() -> None:
    for signals in (signal.SIGTERM, signal.SIGINT):
        with subprocess.Popen(
            [sys.executable, "-m", "tests.minternet"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as started:
            assert started.stdout
            try:
                command = next(Path(line.split()[0]) for line in started.stdout if "runs a command" in line)
                asked = subprocess.run(
                    [command, "dirname", "/there/is/one"], capture_output=True, text=True, check=True
                )
                assert asked.stdout == "/there/is\n"
                inside = [os.pidfd_open(process) for process in _children(started.pid)]
                os.killpg(started.pid, signals)
                assert started.wait(120) == 0
            finally:
                started.kill()
        assert not command.parent.exists()
        for process in inside:
            assert select.select([process], [], [], 120)[0]
            os.close(process)


def _children(process: int) -> list[int]:
    return [
        int(child)
        for path in Path(f"/proc/{process}/task").glob("*/children")
        for child in path.read_text().split()
    ]
