"""gpgv: what it says of a detached signature."""

import os
import subprocess
import tempfile
from pathlib import Path

from stpolicy.errors import StpolicyError
from stpolicy.model.signature import Answer

_SECONDS = 30
_MOST_STATUS = 1024 * 1024


def answer(data: bytes, signature: bytes, ring: bytes) -> Answer:
    """Asks gpgv whether `signature` (packets or armour) is one over `data` by a key of `ring` (binary).

    gpgv reads no configuration, no trust database and no agent; its home is a folder made for this
    run. The status lines come on a descriptor of their own, since messages can be made to look like them.
    """
    with tempfile.TemporaryDirectory(prefix="stpolicy-") as name:
        home = Path(name)
        for file, content in (("list", data), ("list.sig", signature), ("ring.gpg", ring)):
            (home / file).write_bytes(content)
        status = os.open(home / "status", os.O_CREAT | os.O_RDWR | os.O_EXCL, 0o600)
        try:
            done = _run(home, status)
            if os.fstat(status).st_size > _MOST_STATUS:
                raise StpolicyError(f"gpgv says more than {_MOST_STATUS} bytes of the signature")
            text = os.pread(status, _MOST_STATUS, 0).decode("utf-8", "replace")
        finally:
            os.close(status)
    return Answer(done, text)


def _run(home: Path, status: int) -> int:
    # Without the scheme, a colon anywhere in the path would make it a URL that gpgv does not know.
    command = ["gpgv", "--homedir", str(home), "--keyring", f"gnupg-ring:{home / 'ring.gpg'}"]
    command += ["--weak-digest", "SHA1", "--status-fd", str(status), "--"]
    try:
        done = subprocess.run(
            [*command, str(home / "list.sig"), str(home / "list")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(status,),
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError as wrong:
        raise StpolicyError("gpgv is not installed", "install the package gpgv") from wrong
    except subprocess.TimeoutExpired as wrong:
        raise StpolicyError(f"gpgv did not answer within {_SECONDS} s") from wrong
    if done.returncode < 0:
        raise StpolicyError(f"gpgv was ended by signal {-done.returncode}")
    return done.returncode
