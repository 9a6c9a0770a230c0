"""Commands that mend what lies in the list's folder, as a person types them."""

from shlex import join, quote

from stpolicy.model.mail_server import Seen, StateFolder


def update(installed: StateFolder, *options: str) -> str:
    """A run of `update`: by whose the folder is, for what root leaves there they could not replace."""
    words = ["stpolicy", "update", *options, "--dir", installed.folder]
    return as_owner(installed, join([*words, *(["--config", installed.config] if installed.config else [])]))


def as_owner(installed: StateFolder, command: str) -> str:
    """A command, run by whose the folder is."""
    return f"runuser -u {quote(installed.owner)} -- {command}" if installed.foreign else command


def chmod(installed: StateFolder, seen: Seen) -> str:
    """What makes a file readable for everybody and writable for its owner only."""
    command = f"chmod {'go-w,a+rx' if seen.folder else 'go-w,a+r'} {quote(seen.path)}"
    if not seen.path.startswith(f"{installed.folder}/"):
        return command
    # Root must not follow a link that somebody else may have put there, to a file of root's own.
    own = as_owner(installed, command)
    return own if seen.owner == installed.owner or own == command else f"{chown(installed, seen)} && {own}"


def chown(installed: StateFolder, seen: Seen) -> str:
    """What gives a file to whose it should be: root, or whose the list's folder is."""
    inside = seen.path.startswith(f"{installed.folder}/")
    return f"chown -h {quote(installed.owner if inside else 'root')} {quote(seen.path)}"
