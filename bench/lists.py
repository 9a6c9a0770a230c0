"""What a list costs: ratios of whole processes that are measured in one run, against the bounds we promise.

python bench/lists.py [ENTRIES [ROUNDS]]     exit code 1 when a bound is broken
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import idna

STPOLICY = [sys.executable, "-m", "stpolicy"]
NOW = "2030-01-01T12:00:00Z"
LOAD = [sys.executable, "-c", "import json, sys; [json.load(open(name)) for name in sys.argv[1:]]"]
JSONSCHEMA = [
    sys.executable,
    "-c",
    "import json, sys, jsonschema; s, d = map(json.load, map(open, sys.argv[1:]));"
    "jsonschema.Draft7Validator(s).validate(d)",
]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of wall and processor, and the peak of memory in MB."""

    wall: float
    cpu: float
    peak: float


@dataclass(frozen=True, slots=True)
class Promise:
    """`what` costs at most `bound` times what `against` costs."""

    what: str
    against: str
    bound: float


PROMISES = [
    Promise("validate", "json.load", 6),
    Promise("validate", "jsonschema", 1 / 8),
    Promise("fmt", "json.load", 8),
    Promise("diff", "json.load of both", 8),
    Promise("validate 1,000", "start-up", 1.5),
    Promise("validate", "validate a third", 3.3),
    Promise("render", "json.load of enforced", 3),
]
MOST_MEMORY = {"validate": 600, "render": 500}


def measure(command: list[str], fine: tuple[int, ...] = (0, 1)) -> Cost:
    """Runs a command, which must end with a code that is `fine`, and asks the system what it took."""
    started = perf_counter()
    quiet = [
        (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    process = os.posix_spawnp(command[0], command, os.environ, file_actions=quiet)
    _, status, usage = os.wait4(process, 0)
    code = os.waitstatus_to_exitcode(status)
    if code not in fine:
        sys.exit(f"{' '.join(command)} ended with {code}")
    return Cost(perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def write_list(path: Path, entries: int, *, changed: bool = False) -> None:
    """A canonical list of distinct domains with one to three hosts of their own; a tenth use an alias."""
    chance = random.Random(entries)
    policies: dict[str, object] = {}
    for number in range(entries):
        word, tld = (
            chance.choice(["mail", "shop", "town", "school"]),
            chance.choice(["com", "org", "de", "nl"]),
        )
        domain = f"{word}-{number}.{tld}"
        if chance.random() < 0.1:
            policies[domain] = {"policy-alias": f"provider-{number % 20}"}
            continue
        hosts = [f"mx{host}.{domain}" for host in range(1, chance.randint(1, 3) + 1)]
        if changed and number % 100 == 0:
            hosts.append("mx.example.net")
        policies[domain] = {"mode": chance.choice(["testing", "enforce"]), "mxs": hosts}
    aliases = {f"provider-{n}": {"mode": "testing", "mxs": [f".provider-{n}.net"]} for n in range(20)}
    document = {
        "timestamp": "2030-01-01T00:00:00Z",
        "expires": "2030-01-15T00:00:00Z",
        "version": "0.1",
        "policy-aliases": {name: aliases[name] for name in sorted(aliases)},
        "policies": {name: policies[name] for name in sorted(policies)},
    }
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def write_enforced(folder: Path, entries: int) -> None:
    """What render has most to do with: all domains enforced, some with a U-label, and an overlay."""
    path = folder / "enforced.json"
    write_list(path, entries)
    document = json.loads(path.read_text(encoding="utf-8"))
    policies, aliases = document["policies"], document["policy-aliases"]
    for entry in (*policies.values(), *aliases.values()):
        entry.update({"mode": "enforce"} if "mxs" in entry else {})
    names = list(policies)
    for number, name in enumerate(names[:: max(entries // 150, 1)]):
        policies[idna.encode(f"bücher-{number}.de").decode()] = policies.pop(name)
    document["policies"] = {name: policies[name] for name in sorted(policies)}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    own = {name: {"mode": "enforce", "mxs": [f".{name}"]} for name in (names[1], "partner.net")}
    overlay = {"policies": own, "exclude": {names[2]: {"reason": "a ticket"}}}
    (folder / "overlay.json").write_text(json.dumps(overlay), encoding="utf-8")


def write_lists(folder: Path, entries: int) -> None:
    """Every list that a command reads."""
    write_list(folder / "big.json", entries)
    write_list(folder / "changed.json", entries, changed=True)
    write_list(folder / "third.json", entries // 3)
    write_list(folder / "small.json", 1000)
    write_enforced(folder, entries)
    broken = json.loads((folder / "big.json").read_text(encoding="utf-8"))
    for domain in list(broken["policies"])[:: max(entries // 50, 1)]:
        broken["policies"][domain] = {"mode": "enforce", "mxs": [".co.uk", f"MX1.{domain}"]}
    (folder / "findings.json").write_text(json.dumps(broken, indent=2), encoding="utf-8")


def commands(folder: Path) -> dict[str, list[str]]:
    """Name to command."""
    schema = Path(__file__).parent.parent / "schema" / "policy-0.1.schema.json"
    big, changed, enforced = (str(folder / name) for name in ("big.json", "changed.json", "enforced.json"))
    render = [*STPOLICY, "render", "postfix", "--mta-version", "3.7", "--now", NOW]
    validate = [*STPOLICY, "validate", "--now", NOW]
    return {
        "json.load": [*LOAD, big],
        "json.load of both": [*LOAD, big, changed],
        "json.load of enforced": [*LOAD, enforced],
        "jsonschema": [*JSONSCHEMA, str(schema), big],
        "validate": [*validate, big],
        "validate a third": [*validate, str(folder / "third.json")],
        "validate with findings": [*validate, str(folder / "findings.json")],
        "fmt": [*STPOLICY, "fmt", "--check", big],
        "diff": [*STPOLICY, "diff", big, changed],
        "render": [*render, enforced, "--overlay", str(folder / "overlay.json")],
        "start-up": [*STPOLICY, "validate", "--help"],
        "validate 1,000": [*validate, str(folder / "small.json")],
    }


def report(costs: Mapping[str, list[Cost]]) -> bool:
    """Prints what was measured, and whether every promise holds."""
    print(f"{'':<24}{'wall s':>8}{'cpu s':>8}{'MB':>7}   (medians)")
    for name, runs in costs.items():
        parts = ("wall", "cpu", "peak")
        middle = [statistics.median(getattr(run, part) for run in runs) for part in parts]
        print(f"{name:<24}{middle[0]:>8.3f}{middle[1]:>8.3f}{middle[2]:>7.0f}")
    kept = True
    print()
    for promise in PROMISES:
        pairs = zip(costs[promise.what], costs[promise.against], strict=True)
        ratio = statistics.median(ours.wall / theirs.wall for ours, theirs in pairs)
        kept &= ratio <= promise.bound
        verdict = "kept" if ratio <= promise.bound else "BROKEN"
        print(f"{promise.what} / {promise.against}: {ratio:.3f}, at most {promise.bound:.3f}: {verdict}")
    for name, most in MOST_MEMORY.items():
        peak = max(run.peak for run in costs[name])
        kept &= peak <= most
        print(f"memory of {name}: {peak:.0f} MB, at most {most} MB: {'kept' if peak <= most else 'BROKEN'}")
    return kept


def main() -> None:
    if sys.argv[1:2] == ["--write"]:
        write_lists(Path(sys.argv[2]), int(sys.argv[3]))
        return
    entries = int(sys.argv[1]) if len(sys.argv) > 1 else 150_000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own: a child inherits the peak of memory of who starts it.
        subprocess.run([sys.executable, __file__, "--write", folder, str(entries)], check=True)
        wanted = commands(Path(folder))
        costs: dict[str, list[Cost]] = {name: [] for name in wanted}
        for _ in range(rounds):
            for name, command in wanted.items():
                costs[name].append(measure(command))
        print(f"{entries} entries, {rounds} rounds, Python {sys.version.split()[0]}\n")
        sys.exit(0 if report(costs) else 1)


if __name__ == "__main__":
    main()
