"""What is left to do on a mail server that follows a list: lines for a person to look at, and for `sh -e`."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

CRON_FILE = "/etc/cron.d/stpolicy"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Left:
    """`program` is the command with its absolute path, `options` name its settings, `user` is who runs it.

    `policy_maps` is the value for main.cf, None without a Postfix, whose folder, if it is not the usual one,
    is `postfix_config`. `list` is where the verified list lies.
    """

    program: Sequence[str]
    options: Sequence[str]
    user: str
    list: str
    policy_maps: str | None = None
    postfix_config: str | None = None


def text(left: Left) -> str:
    """One step a line, in the order that matters: nothing is told to Postfix that `doctor` objects to."""
    return "".join(f"{line}\n" for line in _lines(left))


def cron_line(left: Left) -> str:
    """A line of cron.d. cron knows hardly a PATH, and takes `%` for the end of the command (crontab(5))."""
    command = shlex.join([*left.program, "update", "--splay", "3600", *left.options])
    return f"17 */6 * * * {left.user} {command}".replace("%", r"\%")


def _lines(left: Left) -> Iterator[str]:
    chosen = ["-c", left.postfix_config] if left.postfix_config else []
    yield "# What is left to do. Look at it, then let root do it, line by line or by `sh -e`."
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
