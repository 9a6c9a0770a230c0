"""python-gnupg in a child process with a deadline.

gpg can wait for ever, for a card to be touched or a passphrase to be typed, and python-gnupg has no
deadline. So it runs in a process of its own, which is ended together with all that it started.
"""

import base64
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stpolicy.errors import StpolicyError

_BOOT = (
    "import json, sys; request = json.load(sys.stdin); sys.path[:] = request['path'];"
    "from stpolicy.gpg import child; child.answer(request)"
)


def ask(task: str, deadline: float, homedir: Path | None, **arguments: Any) -> Any:
    """What the function `task` of this module's child side returns; `deadline` in seconds.

    StpolicyError when gpg is missing, fails to start or does not answer in time. Bytes travel as base64.
    """
    # -I: neither the current folder nor the environment decides which code runs.
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _BOOT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
        env=_environment(),
    )
    request = {
        "path": sys.path,
        "task": task,
        "homedir": str(homedir) if homedir else None,
        "arguments": arguments,
    }
    try:
        out, err = process.communicate(json.dumps(request).encode(), timeout=deadline)
    except subprocess.TimeoutExpired as wrong:
        raise StpolicyError(
            f"gpg did not answer within {deadline:g} s",
            "does a card wait to be touched, or a passphrase to be typed? --gpg-timeout sets the time",
        ) from wrong
    finally:
        _end(process)
    if process.returncode:
        said = [line for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
        last = ([line for line in said if not line.startswith("[GNUPG:]")] or ["no message"])[-1]
        raise StpolicyError(f"gpg cannot be run: {last}", "install gnupg, or name its folder with --homedir")
    return json.loads(out)


def _environment() -> dict[str, str]:
    """Ours, and the terminal on which a pinentry may ask.

    gpg speaks English in UTF-8, whatever the language here: home.py looks for its words.
    """
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    if "GPG_TTY" not in environment and sys.stdin and sys.stdin.isatty():
        environment["GPG_TTY"] = os.ttyname(sys.stdin.fileno())
    return environment


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends the child and what it started, if it is still there."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


# The child's side ---------------------------------------------------------------------------------


def answer(request: dict[str, Any]) -> None:
    """Runs one task and writes its result to standard output as JSON."""
    import gnupg

    options = request["arguments"].pop("options", [])
    try:
        gpg = gnupg.GPG(gnupghome=request["homedir"], options=options)
    except (OSError, ValueError) as wrong:
        sys.exit(str(wrong))
    gpg.encoding, gpg.decode_errors = "utf-8", "replace"  # of passphrases and names; it would be Latin-1
    tasks: dict[str, Callable[..., Any]] = {"sign": _sign, "keys": _keys, "export": _export, "make": _make}
    json.dump(tasks[request["task"]](gpg, **request["arguments"]), sys.stdout)


def _sign(gpg: Any, *, data: str, signer: str, passphrase: str | None) -> dict[str, Any]:
    extra = ["--local-user", signer, "--digest-algo", "SHA512", "--no-textmode", "--default-sig-expire", "0"]
    extra += ["--no-comments", "--no-emit-version"]  # a user's gpg.conf may ask for what verifiers refuse
    result = gpg.sign(
        base64.b64decode(data), passphrase=passphrase, detach=True, clearsign=False, extra_args=extra
    )
    return {
        "signature": str(result),
        "kind": result.type,
        "code": result.returncode,
        "status": result.status,
        "said": result.stderr,
    }


def _keys(gpg: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = gpg.list_keys(secret=True)
    return [
        {
            "fingerprint": key["fingerprint"],
            "name": (key["uids"] or [""])[0],
            "validity": key["trust"],
            "created": key["date"],
            "expires": key["expires"],
            "capabilities": key["cap"],
            "token": key["token"],
            "subkeys": [
                {
                    "fingerprint": info["fingerprint"],
                    "created": info["date"],
                    "validity": info["trust"],
                    "capabilities": info["cap"],
                    "token": info["token"],
                }
                for info in _subkeys(key)
            ],
        }
        for key in found
    ]


def _subkeys(key: dict[str, Any]) -> list[dict[str, Any]]:
    fingerprints = {entry[0]: entry[2] for entry in key["subkeys"]}
    return [
        {**info, "fingerprint": fingerprints[keyid]} for keyid, info in key.get("subkey_info", {}).items()
    ]


def _export(gpg: Any, *, fingerprints: list[str]) -> str:
    """The public keys, binary, as base64; all of them when none is named."""
    wanted = fingerprints or [key["fingerprint"] for key in gpg.list_keys()]
    data = gpg.export_keys(wanted, armor=False) if wanted else b""
    return base64.b64encode(data).decode("ascii")


def _make(gpg: Any, *, wanted: str) -> dict[str, Any]:
    result = gpg.gen_key(wanted)
    return {"fingerprint": result.fingerprint, "said": result.stderr}
