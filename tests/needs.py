"""What a test needs beside Python."""

import os
import shutil
from typing import NoReturn

import pytest


def needs(program: str, package: str) -> str:
    """Where a program is; without it the test is skipped, and fails where CI has promised the package."""
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        lacking(f"{program} is not installed: apt-get install {package}")
    return found


def lacking(message: str) -> NoReturn:
    """Skips the test for want of something, and fails it where CI has promised all of it."""
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)
