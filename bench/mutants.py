"""How many broken copies of the code do the tests notice? rules, document and trust, by cosmic-ray.

python bench/mutants.py [NAME ...]      names of TARGETS; all by default. Works in a copy of the checkout.
Prints each survivor and the share that was killed; exit code 1 below 90 %.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ENOUGH = 0.90
ROOT = Path(__file__).parent.parent
QUICK = " ".join(
    f"tests/document/test_{name}.py"
    for name in ("fast", "strict", "duplicates", "load", "source", "shape_places", "shape")
)
"""The properties are left out: they are slow, and what they alone notice counts as not noticed."""

TARGETS = {
    "rules": (["stpolicy/rules"], "tests/rules"),
    "document": (
        [f"stpolicy/document/{name}.py" for name in ("list", "build", "dump")],
        f"{QUICK} tests/rules",
    ),
    "reading": ([f"stpolicy/document/{name}.py" for name in ("scan", "source", "shape")], QUICK),
    "trust": (["stpolicy/trust.py"], "tests/test_trust.py tests/test_trust_edges.py"),
}
"""Name to the code that is broken and the tests that should notice."""

CONFIG = """[cosmic-ray]
module-path = {modules}
timeout = 60.0
test-command = "{python} -m pytest -x -q -p no:cacheprovider -p no:xdist {tests}"

[cosmic-ray.distributor]
name = "local"
"""


def run(target: str, folder: Path) -> tuple[int, int, str]:
    """Survivors, mutants, and what cosmic-ray reports of the survivors."""
    modules, tests = TARGETS[target]
    copy = folder / target
    ignored = shutil.ignore_patterns(".git", ".venv*", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, copy, ignore=ignored)
    config, session = copy / "mutants.toml", str(copy / "mutants.sqlite")
    there = " ".join(test for test in tests.split() if (copy / test).exists())
    config.write_text(
        CONFIG.format(modules=json.dumps(modules), python=sys.executable, tests=there), encoding="utf-8"
    )
    # The copy's own package, not the one that is installed.
    environment = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(copy),
        "HYPOTHESIS_PROFILE": "mutants",
    }

    def cosmic_ray(*arguments: str) -> str:
        command = [sys.executable, "-m", "cosmic_ray.cli", *arguments]
        done = subprocess.run(
            command, cwd=copy, env=environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout

    cosmic_ray("baseline", str(config))
    cosmic_ray("init", str(config), session)
    cosmic_ray("exec", str(config), session)
    tool = [sys.executable, "-m", "cosmic_ray.tools.report", "--surviving-only", "--show-diff", session]
    said = subprocess.run(tool, cwd=copy, env=environment, check=True, capture_output=True, text=True).stdout
    total = _number(said, "total jobs")
    survivors = _number(said, "surviving mutants")
    return survivors, total, said


def _number(text: str, label: str) -> int:
    line = next(line for line in text.splitlines() if line.startswith(label))
    return int(line.split(":")[1].split()[0])


def main() -> None:
    targets = sys.argv[1:] or list(TARGETS)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda target: run(target, Path(folder)), targets))
    for target, (_, _, text) in zip(targets, found, strict=True):
        print(f"== {target}\n{text}")
    survivors, total = sum(f[0] for f in found), sum(f[1] for f in found)
    for target, (alive, count, _) in zip(targets, found, strict=True):
        print(f"{target}: {count - alive} of {count} killed")
    share = (total - survivors) / total
    print(f"all: {total - survivors} of {total} killed, {share:.1%}; at least {ENOUGH:.0%} are wanted")
    sys.exit(0 if share >= ENOUGH else 1)


if __name__ == "__main__":
    main()
