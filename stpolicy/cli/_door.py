"""The door: what time it is, what is printed where, and which exit code it all comes to."""

import gc
import io
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import typer

from stpolicy.cli import _plugin, _streams
from stpolicy.errors import Busy, Misuse, Refused, StpolicyError
from stpolicy.model.dates import Date
from stpolicy.output.escape import printable, shown

if TYPE_CHECKING:
    from stpolicy.model.finding import Report

DONE, FOUND, MISUSED, FAILED, BUSY = 0, 1, 2, 3, 75


class _Ended(BaseException):
    """A signal asked us to end; whoever is writing a file cleans up on the way out."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class _Closed(BaseException):
    """Whoever read our output has had enough."""


def now(given: str | None) -> datetime:
    """The time to judge by: `--now`, else the clock."""
    if given is None:
        return datetime.now(UTC)
    try:
        instant = Date.read(int(given) if given.isdecimal() and given.isascii() else given).instant
        return datetime.fromtimestamp(instant.seconds, UTC).replace(
            microsecond=int((instant.fraction + "000000")[:6])
        )
    except (ValueError, OverflowError) as wrong:
        raise Misuse(f"--now {given!r} {wrong}", "write it like 2030-01-31T12:00:00Z") from wrong


def wait(most: int) -> None:
    """Waits a random time of up to `most` seconds, so that not every server asks at the same moment."""
    if most:
        import random

        time.sleep(random.uniform(0, most))  # noqa: S311  (nobody has to be unable to guess it)


def colour() -> bool:
    """Whether results go to a terminal that shows colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def result(text: str, output: Path | None = None) -> None:
    """Prints a result, or writes it to a file as one switch; to a device or a pipe as it comes."""
    if output is None:
        _print(text)
        return
    from stpolicy.store import write

    data = text.encode("utf-8", "backslashreplace")
    if output.exists() and not output.is_file():
        output.write_bytes(data)
    else:
        write(output, data)


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise _Closed from None
    except OSError as wrong:
        raise StpolicyError(f"standard output: {wrong.strerror}") from wrong


@contextmanager
def after(done: str, mend: str = "") -> Iterator[None]:
    """What fails from here on does not undo what is `done`, which is therefore said with it."""
    try:
        yield
    except (StpolicyError, OSError) as wrong:
        if not done:
            raise
        why, step = (
            (wrong.message, wrong.mend) if isinstance(wrong, StpolicyError) else (_sentence(wrong), "")
        )
        raise StpolicyError(f"{why}; all the same, {done}", step or mend) from wrong


def say(text: str, *, quiet: bool = False) -> None:
    """Tells the person something that is no result."""
    if not quiet:
        with suppress(OSError):
            sys.stderr.write(f"{printable(text)}\n")


def verdict(report: "Report", *, strict: bool = False) -> int:
    """1 when something was found that counts, else 0."""
    from stpolicy.model.finding import Severity

    if report.worst is None:
        return DONE
    return FOUND if report.worst >= (Severity.WARNING if strict else Severity.ERROR) else DONE


def run(app: Callable[..., object], arguments: list[str]) -> int:
    """Runs the program and answers for everything that can happen; never a traceback."""
    _streams.open_all()
    with _heeding_signals():
        try:
            code = _answer(app, arguments)
            _print("")
        except BaseException as raised:  # noqa: BLE001  (this is where everything ends)
            code = _failure(raised, arguments)
        _streams.let_go()
    return code


def asynchronously(work: Coroutine[object, object, None]) -> None:
    """Runs it in an event loop; a signal cancels it, so that it ends in order, and then us.

    Connections leave cycles behind that only the collector finds.
    """
    import asyncio

    gc.freeze()
    gc.enable()

    ended_by: list[int] = []

    async def main() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        if task is None:
            raise AssertionError

        def end(number: int) -> None:
            ended_by.append(number)
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                loop.add_signal_handler(number, end, number)
        await work

    try:
        asyncio.run(main())
    except (asyncio.CancelledError, StpolicyError):
        if not ended_by:
            raise
        raise _Ended(ended_by[0]) from None


@contextmanager
def _heeding_signals() -> Iterator[None]:
    """Ends in order on TERM and HUP, unless the caller had them ignored, as nohup does."""
    numbers = [n for n in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) is not signal.SIG_IGN]
    before = [(number, signal.signal(number, _end)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _answer(app: Callable[..., object], arguments: list[str]) -> int:
    try:
        code = app(args=arguments, prog_name="stpolicy", standalone_mode=False)
    except typer.TyperException as wrong:
        code = MISUSED if wrong.exit_code == 1 else wrong.exit_code
        return _told(_usage(wrong), code, arguments, str(wrong))
    return code if isinstance(code, int) else DONE


def _usage(wrong: typer.TyperException) -> str:
    show = getattr(wrong, "show", None)
    if show is None:
        return f"Error: {wrong}"
    text = io.StringIO()
    show(text)
    return text.getvalue().rstrip("\n")


def _failure(raised: BaseException, arguments: list[str]) -> int:
    match raised:
        case _Ended(number=number):
            return 128 + number
        case KeyboardInterrupt() | typer.Abort():
            return 128 + signal.SIGINT
        case _Closed() | SystemExit(__context__=BrokenPipeError()):  # Typer exits so when printing help
            return DONE
        case SystemExit(code=int() as code):
            return code
        case Misuse():
            code = MISUSED
        case Busy():
            code = BUSY
        case Refused():
            code = FOUND
        case _:
            code = FAILED
    said = _sentence(raised)
    return _told(f"stpolicy: {said}", code, arguments, said)


def _told(text: str, code: int, arguments: list[str], why: str) -> int:
    """Says what went wrong and returns the exit code; monitoring is answered in its own way."""
    say(text)
    return _plugin.answer(why) if _plugin.is_asked(arguments) else code


def _sentence(raised: BaseException) -> str:
    if isinstance(raised, StpolicyError):
        return shown(raised.message) + (f"\n  next: {shown(raised.mend)}" if raised.mend else "")
    if isinstance(raised, OSError) and raised.strerror:
        return shown(f"{raised.filename or 'the system'}: {raised.strerror}")
    return shown(f"internal error: {type(raised).__name__}: {raised}; --debug shows where")


def _end(number: int, _frame: FrameType | None) -> NoReturn:
    raise _Ended(number)
