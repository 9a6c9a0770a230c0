"""Rules about what lies in the list's folder on a mail server."""

from collections.abc import Iterator
from shlex import quote

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.mail_server import StateFolder
from stpolicy.model.state import is_running_out
from stpolicy.rules._register import rule


def _update(installed: StateFolder) -> str:
    return f"stpolicy update --dir {quote(installed.folder)}"


@rule("install.stale", Severity.WARNING)
def stale(installed: StateFolder) -> Iterator[Problem]:
    """The installed list has run out or soon will, or there is none.

    Less than a third of its life and less than four days are left. When a list runs out its domains go
    back to opportunistic TLS: who keeps a server from updating for long enough has switched it off.
    Run the update by hand and see what it says; if it finds nothing newer, ask who keeps the list.
    """
    there = installed.list
    if there is None:
        yield Problem(f"no list is installed in {installed.folder}", mend=_update(installed))
        return
    if there.expires <= installed.at:
        yield Problem(f"the list ran out at {there.expires}", mend=_update(installed))
    elif is_running_out(there.timestamp, there.expires, installed.at):
        yield Problem(f"the list runs out at {there.expires}", mend=_update(installed))


@rule("install.no_cron", Severity.WARNING)
def no_cron(installed: StateFolder) -> Iterator[Problem]:
    """No update has succeeded for 48 hours.

    Either nothing runs `stpolicy update`, or it fails each time. It should run several times a day, from
    cron or a timer; `stpolicy update --verbose` says what is wrong.
    """
    if installed.list is None:
        return  # install.stale says it
    last = installed.last_success
    if last is None:
        yield Problem("no update has ever succeeded", mend=_update(installed))
    elif installed.at - last > installed.max_age:
        yield Problem(f"the last update that succeeded was at {last}", mend=_update(installed))


@rule("install.modes", Severity.WARNING)
def modes(installed: StateFolder) -> Iterator[Problem]:
    """A file of the list may be written by others than its owner, or may not be read by everybody.

    Who can write to the list's folder, its map or the key ring decides where mail goes in clear. And
    Postfix, the update and `status` run as different users, who all must be able to read: a umask of
    077 is a common reason that they are not.
    """
    for seen in installed.seen:
        wanted = 0o005 if seen.folder else 0o004
        mend = f"chmod {'go-w,a+rx' if seen.folder else 'go-w,a+r'} {quote(seen.path)}"
        if seen.mode & 0o022:
            yield Problem(f"{seen.path} (mode {seen.mode:04o}) may be written by others", mend=mend)
        elif seen.mode & wanted != wanted:
            yield Problem(f"{seen.path} (mode {seen.mode:04o}) may not be read by everybody", mend=mend)


@rule("install.signer_unset", Severity.ERROR)
def signer_unset(installed: StateFolder) -> Iterator[Problem]:
    """The settings pin no signer.

    Without a fingerprint nothing says who may sign the list, and no update is accepted. Get the
    fingerprint from the maintainer of the list by another way than the list itself, and put it into
    /etc/stpolicy/stpolicy.toml: `signer = "FINGERPRINT"`.
    """
    if not installed.signers:
        mend = 'add the line signer = "FINGERPRINT" to /etc/stpolicy/stpolicy.toml'
        yield Problem("no signer is pinned in the settings", mend=mend)
