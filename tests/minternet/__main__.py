"""The mini-internet by hand: `make minternet`, or `python -m tests.minternet --help`."""

import argparse
import json
import shlex
import signal
import sys
import time

import pytest

from tests.minternet.bulk import policies
from tests.minternet.personalities import ROWS, policy_list
from tests.minternet.row import ZONE
from tests.minternet.world import Crowd, World, world

_HOW = """\
The mini-internet is up: {rows} domains under {zone} (tests/minternet/personalities.py).

    {run} COMMAND      runs a command in there, like
    {run} posttls-finger -c -l secure -s hostname -F {ca} mx.plain.{zone}
    {run} {us} check {list} --ca-file {ca} --helo checker.{zone}
    {run} {us} serve --ca-file {ca} --helo checker.{zone}
    {run} chromium --no-sandbox http://127.0.0.1:8080/      while that serves

    {list}   a list of all of them
    {ca}   the root to trust

It goes on until it is interrupted.
"""


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.minternet", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies the delays of greetings")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds of a round trip")
    parser.add_argument("--domains", type=int, default=0, help="healthy domains more, for measurements")
    parser.add_argument("--hosts", type=int, default=0, help="on so many hosts (default: one each)")
    parser.add_argument(
        "--sick", type=float, default=0.0, help="the share of those hosts that is dead or drips"
    )
    return parser.parse_args()


def _prepare(made: World, crowd: Crowd) -> str:
    """Leaves a list and a command in the folder; says how to use them."""
    listed, run = made.folder / "policy.json", made.folder / "in"
    document = policy_list()
    if crowd.domains:
        document["policies"] = policies(crowd.domains, crowd.hosts)
    listed.write_text(json.dumps(document, indent=2) + "\n")
    run.write_text(f'#!/bin/sh\nexec {shlex.join(made.prefix)} --chdir="$PWD" "$@"\n')
    run.chmod(0o755)
    us = shlex.join([sys.executable, "-m", "stpolicy"])
    return _HOW.format(rows=len(ROWS), run=run, us=us, ca=made.ca_file, list=listed, zone=ZONE)


def main() -> int:
    """Runs until INT or TERM."""
    given = _arguments()
    crowd = Crowd(given.domains, given.hosts or given.domains, given.sick)
    for number in (signal.SIGTERM, signal.SIGINT):  # which a shell has ignored in what it runs beside itself
        signal.signal(number, signal.default_int_handler)
    try:
        with world(given.scale, given.latency, crowd=crowd) as made:
            print(_prepare(made, crowd), flush=True)
            while True:
                time.sleep(1)  # signal.pause() would miss a signal that comes just before it
    except KeyboardInterrupt:
        return 0
    except pytest.skip.Exception as lacking:
        print(lacking, file=sys.stderr)
    return 3


if __name__ == "__main__":
    sys.exit(main())
