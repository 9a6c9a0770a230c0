"""A world for each file of tests, and what it takes to have one."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.crash.world import World, world
from tests.needs import lacking, needs
from tests.personas import People


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, people: People, authority: Path) -> Iterator[World]:
    """See world.world; with Postfix's programs, and strace that may trace."""
    knows("lmdb")
    possible([needs("strace", "strace"), "-f", "-o", os.devnull])
    with world(tmp_path_factory.mktemp("crash"), people, authority) as there:
        yield there


def knows(kind: str) -> None:
    """Whether Postfix makes maps of a type."""
    types = subprocess.run([needs("postconf", "postfix"), "-m"], capture_output=True, text=True, check=True)
    if kind not in types.stdout.split():
        lacking(f"Postfix has no {kind} tables: apt-get install postfix-{kind}")


def possible(words: Sequence[str]) -> None:
    """Whether a command can be run with these words before it, which may take root."""
    tried = subprocess.run([*words, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        lacking(f"{words[0]} does not work here: {tried.stderr.strip()}")
