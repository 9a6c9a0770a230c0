"""The web server of the tests: its certificates are such as a real authority makes."""

import subprocess
from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["good", "other"])
def test_certificates_stand_a_strict_look(authority: Path, name: str) -> None:
    """Python looks as closely from 3.13 on."""
    command = ["openssl", "verify", "-x509_strict", "-CAfile", "ca.pem", f"{name}.pem"]
    done = subprocess.run(command, cwd=authority, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
