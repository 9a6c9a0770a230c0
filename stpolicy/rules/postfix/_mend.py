"""The commands that mend what the rules find."""

from shlex import quote

from stpolicy.model.mail_server import MailServer, Service
from stpolicy.rules._commands import update


def set_to(server: MailServer, name: str, value: str = "") -> str:
    """The command that sets a parameter of main.cf."""
    return f"{server.postconf} -e {quote(f'{name} = {value}'.rstrip())}"


def unset(server: MailServer, service: Service, name: str) -> str:
    """The command that takes a `-o` from a service, so that main.cf counts."""
    return f"{server.postconf} -PX {quote(f'{service.name}/{service.kind}/{name}')}"


def render(server: MailServer, table: str) -> str:
    """The command that makes the map anew; never `postmap`, which leaves it empty when it is ended."""
    where = ["--postfix-config", server.configuration] if server.configuration else []
    return update(server.installed, "--render", "postfix", "--map", table, *where)
