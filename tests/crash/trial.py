"""One trial: a fault at a point of a run, what somebody finds then, and whether the next run heals it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.crash import clients
from tests.crash.clients import Client, Ran
from tests.crash.strace import Fault, Point, inject
from tests.crash.world import Seen, World, last, look

INSTALLED, STAYED, NOTHING, MISSED = "new pair", "old pair", "no pair", "call not made"


@dataclass(frozen=True)
class Trial:
    """What was done, what came of it, and what is wrong with that."""

    point: Point
    fault: Fault
    ran: Ran
    outcome: str
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        return "\n  ".join(
            [f"{self.fault.name} at {self.point}: exit {self.ran.code}, {self.outcome}", *self.wrong]
        )


def attempt(client: Client, world: World, point: Point, fault: Fault, scratch: Path) -> Trial:
    """Makes one trial."""
    world.reset()
    ran, happened = inject(client, world, point, fault, scratch)
    seen = look(world)
    wrong = list(after_fault(world, seen))
    if happened:
        wrong += of_code(client, world, seen, ran, fault, own=point.is_own)
        left = set(seen.leftovers) - may_stay(point, fault, world.kind)
        if fault.name != "KILL" and point.is_own and left and is_of_writing(point):
            wrong.append(f"left behind: {left}")
    elif client.hears_all and not (point.program and world.kind == "texthash"):
        # (of a texthash of this second, postmap reads the file again until it is older: how often, is chance)
        wrong.append("the fault did not happen: the call was not made")
    again = clients.run(client, world)
    wrong += healed(world, look(world), again)
    outcome = INSTALLED if seen.is_of(world.new) else STAYED if seen.pair else NOTHING
    return Trial(point, fault, ran, outcome if happened else MISSED, tuple(wrong))


def is_of_writing(point: Point) -> bool:
    """What cannot be removed stays, so a failing removal is no reason to complain of what is left."""
    return not point.call.startswith(("unlink", "rmdir"))


def may_stay(point: Point, fault: Fault, kind: str | None) -> set[str]:
    """The text of a map that did not follow its compiled file: it says whose that file is.

    Because that failed, or because the run was ended when the compiled one was in its place.
    """
    text = ".policy.new"
    moved = Path(point.path).name if point.call == "rename" else ""
    alone = moved == text or (fault.name == "TERM" and moved.startswith(text))
    return {text} if alone and kind != "texthash" else set()


def after_fault(world: World, seen: Seen) -> Iterator[str]:
    """What must hold whatever has happened."""
    whole = [edition for edition in (world.before, world.new) if seen.is_of(edition)]
    if not whole:
        yield "the pair is neither that from before nor the new one"
    if seen.pair and not seen.verifies:
        yield "gpgv does not find the pair good"
    if seen.mark not in (world.before and world.before.mark, world.new.mark):
        yield f"the mark is {seen.mark!r}"
    if seen.is_of(world.new) and seen.mark != world.new.mark:
        yield "the new pair is there, and the mark is not its"
    if world.kind and seen.rows not in (world.before.rows if world.before else frozenset(), world.new.rows):
        yield f"the map answers {sorted(seen.rows)}"
    if seen.rows == world.new.rows and not seen.is_of(world.new):
        yield "the map is of a list that is not installed"
    try:
        last(seen)
    except ValueError:
        yield f"state.json is torn: {seen.state!r}"


def of_code(client: Client, world: World, seen: Seen, ran: Ran, fault: Fault, *, own: bool) -> Iterator[str]:
    """What the client says of it. `own`: the fault was in the client, not in a program that it runs."""
    if "Traceback" in ran.err or "internal error" in ran.err:
        yield f"it shows its inside: {ran.err}"
    ended = {"KILL": 137, "TERM": 143}.get(fault.name)
    if own and ended:
        if ran.code != ended:
            yield f"ended by a signal, its exit code is {ran.code}"
        return
    if ran.code not in ((0, 3) if own or client.hears_all else (0, 1, 2, 3)):
        yield f"its exit code is {ran.code}: {ran.err}"
    if ran.code == 0 and not seen.is_of(world.new):
        yield "its exit code is 0, and the new pair is not installed"
    if ran.code == 0 and world.kind and seen.rows != world.new.rows:
        yield "its exit code is 0, and the map is not the new one"
    if ran.code and not ran.err and last(seen) != "network":
        yield f"its exit code is {ran.code}, and it says nothing"
    if ran.code == 0 and ran.err and client.hears_all:
        yield f"its exit code is 0, and it says {ran.err!r}"


def healed(world: World, seen: Seen, ran: Ran) -> Iterator[str]:
    """What must hold after a run that nothing has disturbed."""
    if ran != Ran(0, ""):
        yield f"the next run ends with {ran.code}: {ran.err}"
    if not seen.is_of(world.new) or not seen.verifies or seen.mark != world.new.mark:
        yield "after the next run the new pair is not installed"
    if world.kind and seen.rows != world.new.rows:
        yield f"after the next run the map answers {sorted(seen.rows)}"
    if last(seen) not in ("installed", "unchanged"):
        yield f"after the next run its reason is {last(seen)}"
    if seen.leftovers:
        yield f"after the next run there is left: {seen.leftovers}"
    if not seen.modes <= {0o755, 0o644}:
        yield f"after the next run there are modes {sorted(map(oct, seen.modes))}"
