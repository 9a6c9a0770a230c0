"""Rules about what lies in the list's folder on a mail server."""

from collections.abc import Iterator

from stpolicy.model.finding import Problem, Severity
from stpolicy.model.mail_server import StateFolder
from stpolicy.model.state import is_running_out
from stpolicy.rules._commands import chmod, chown, update
from stpolicy.rules._register import rule


@rule("install.stale", Severity.WARNING)
def stale(installed: StateFolder) -> Iterator[Problem]:
    """The installed list has run out or soon will, or there is none.

    Less than a third of its life and less than four days are left. When a list runs out its domains go
    back to opportunistic TLS: who keeps a server from updating for long enough has switched it off.
    Run the update by hand and see what it says; if it finds nothing newer, ask who keeps the list.
    """
    there = installed.list
    if there is None:
        yield Problem(f"no list is installed in {installed.folder}", mend=update(installed))
        return
    if there.expires <= installed.at:
        yield Problem(f"the list ran out at {there.expires}", mend=update(installed))
    elif is_running_out(there.timestamp, there.expires, installed.at):
        yield Problem(f"the list runs out at {there.expires}", mend=update(installed))


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
        yield Problem("no update has ever succeeded", mend=update(installed))
    elif installed.at - last > installed.max_age:
        yield Problem(f"the last update that succeeded was at {last}", mend=update(installed))


@rule("install.modes", Severity.WARNING)
def modes(installed: StateFolder) -> Iterator[Problem]:
    """A file of the list may be written by others, is somebody else's, or may not be read by everybody.

    Who can write to the list's folder, its map, the settings, the key ring or an overlay decides where mail
    goes in clear: that should be root, and whose the list's folder is. And Postfix, the update and `status`
    run as different users, who all must be able to read: a umask of 077 is a common reason that they are
    not.
    """
    for seen in installed.seen:
        wanted = 0o005 if seen.folder else 0o004
        if installed.owner and seen.owner not in ("root", installed.owner):
            yield Problem(f"{seen.path} belongs to {seen.owner}", mend=chown(installed, seen))
        if seen.mode & 0o022:
            message = f"{seen.path} (mode {seen.mode:04o}) may be written by others"
            yield Problem(message, mend=chmod(installed, seen))
        elif seen.mode & wanted != wanted:
            message = f"{seen.path} (mode {seen.mode:04o}) may not be read by everybody"
            yield Problem(message, mend=chmod(installed, seen))


@rule("install.map_changed", Severity.ERROR)
def changed_map(installed: StateFolder) -> Iterator[Problem]:
    """The map of the last update is not there any more, or something else lies in its place.

    Without it Postfix defers all mail. One that was put there by hand may be empty, or compiled from another
    text: then mail goes out as if there were no list, or waits without need. The next update makes it again.
    `status` looks at the files only; `doctor` asks the map what it says.
    """
    name = installed.gone_map or installed.changed_map
    mend = update(installed, "--render", "postfix", "--map", name)
    if installed.gone_map:
        yield Problem(f"the map {installed.gone_map} is not there any more", mend=mend)
    elif installed.changed_map:
        message = f"the map {installed.changed_map} is not what the last update left there"
        yield Problem(message, mend=mend, severity=Severity.WARNING)


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
