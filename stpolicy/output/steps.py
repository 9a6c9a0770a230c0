"""What is left to do on a mail server that follows a list: lines for a person to look at, and for `sh -e`."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CRON_FILE = "/etc/cron.d/stpolicy"
_TOP = "# What is left to do. Look at it, then let root do it, line by line or by `sh -e`."
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Left:
    """`program` is the command with its absolute path, `options` name its settings, `user` is who runs it.

    `policy_maps` is the value for main.cf, None without a Postfix, whose folder, if it is not the usual one,
    is `postfix_config`. `list` is where the verified list lies. `answers` says whether the map is there.
    """

    program: Sequence[str]
    options: Sequence[str]
    user: str
    list: str
    policy_maps: str | None = None
    postfix_config: str | None = None
    answers: bool = True


def text(left: Left) -> str:
    """One step a line, in the order that matters: nothing is told to Postfix that `doctor` objects to.

    And nothing at all before there is a map: its next process would read main.cf without any reload, and
    defer all mail for want of the table.
    """
    return "".join(f"{line}\n" for line in [_TOP, *(_lines(left) if left.answers else _map_first(left))])


def _map_first(left: Left) -> Iterator[str]:
    """What is to be done where the map gives no answer; `doctor` then ends with what main.cf lacks."""
    run = ["runuser", "-u", left.user, "--"] if left.user != "root" else []
    yield "# The map gives no answer yet. Named in main.cf as it is, it would stop all mail: first make it."
    yield shlex.join([*run, *left.program, "update", "--verbose", *left.options])
    yield "# Then run the same `stpolicy setup` again, which prints the rest."
    yield shlex.join([*left.program, "doctor", *left.options])


def cron_line(left: Left) -> str:
    """A line of cron.d. cron knows hardly a PATH, and takes `%` for the end of the command (crontab(5))."""
    command = shlex.join([*left.program, "update", "--splay", "3600", *left.options])
    return f"17 */6 * * * {left.user} {command}".replace("%", r"\%")


def _lines(left: Left) -> Iterator[str]:
    chosen = ["-c", left.postfix_config] if left.postfix_config else []
    if left.policy_maps is None:
        yield f"# The verified list is {left.list}"
    else:
        yield "# Maps of DANE and MTA-STS stand before this one."
        yield shlex.join(["postconf", *chosen, "-e", f"smtp_tls_policy_maps = {left.policy_maps}"])
        yield shlex.join([*left.program, "doctor", *left.options])
    yield "# Several times a day; instead of it, the timers of cron/ will do."
    yield f"cat >{CRON_FILE} <<'END'"
    yield "MAILTO=root"
    yield f"PATH={_PATH}"
    yield cron_line(left)
    yield "END"
    if left.policy_maps is not None:
        yield shlex.join(["postfix", *chosen, "reload"])
