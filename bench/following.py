"""What a run of `update` costs that changes nothing: a ratio of whole processes measured in one run.

python bench/following.py [ROUNDS]     exit code 1 when a bound is broken

A loopback web server publishes a signed list of the size that real ones have; the map is a real one, where
Postfix is installed. Our modules are compiled beforehand, as those of requests and typer are: pip does so.
"""

import compileall
import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from lists import STPOLICY, measure, write_list

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests import packets, personas, webserver

BOUND = 1.5
ROOT = Path(__file__).parent.parent
NOW = "2030-01-01T12:00:00Z"
FLOOR = [sys.executable, "-c", "import requests, typer"]


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    compileall.compile_dir(ROOT / "stpolicy", quiet=1)
    with tempfile.TemporaryDirectory() as name, personas.people() as people:
        folder = Path(name)
        webserver.certificates(folder)
        write_list(folder / "policy.json", 1000)
        data = (folder / "policy.json").read_bytes()
        (folder / "ring").write_bytes(people.alice.public)
        with webserver.serving(folder / "good.pem") as server:
            asc = packets.asc(people.alice.packet(data, at=personas.SIGNED))
            server.answers |= {"/policy.json": webserver.ok(data, 'ETag: "1"')}
            server.answers |= {"/policy.json.asc": webserver.ok(asc, 'ETag: "2"')}
            server.conditional = set(server.answers)
            ours = [
                *STPOLICY,
                "update",
                "--url",
                server.url,
                "--ca-file",
                str(folder / "ca.pem"),
                "--now",
                NOW,
            ]
            ours += ["--dir", str(folder / "state"), "--keyring", str(folder / "ring")]
            ours += ["--signer", people.alice.fingerprint]
            if shutil.which("postmap", path="/usr/sbin:/usr/bin"):
                ours += ["--render", "postfix", "--map", f"hash:{folder / 'state' / 'maps' / 'policy'}"]
            measure(ours)  # installs the list
            server.requests.clear()
            pairs = [(measure(FLOOR), measure(ours)) for _ in range(rounds)]
            assert json.loads((folder / "state" / "state.json").read_text())["reason"] == "unchanged"
            assert len(server.requests) == 2 * rounds, "one conditional request a file"
    ratio = statistics.median(ours.wall / floor.wall for floor, ours in pairs)
    middle = [statistics.median(cost.wall for cost in column) for column in zip(*pairs, strict=True)]
    print(
        f"update when nothing has changed {middle[1]:.3f} s, import of requests and typer {middle[0]:.3f} s"
    )
    verdict = "kept" if ratio <= BOUND else "BROKEN"
    print(f"update / imports: {ratio:.3f}, at most {BOUND}: {verdict}")
    sys.exit(0 if ratio <= BOUND else 1)


if __name__ == "__main__":
    main()
