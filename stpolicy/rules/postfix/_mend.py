"""The commands that mend what the rules find."""

from collections.abc import Sequence
from shlex import quote

from stpolicy.model.mail_server import MailServer, Service
from stpolicy.model.table import PLAIN, Table
from stpolicy.rules._commands import update


def set_to(server: MailServer, name: str, value: str = "") -> str:
    """The command that sets a parameter of main.cf."""
    return f"{server.postconf} -e {quote(f'{name} = {value}'.rstrip())}"


def unset(server: MailServer, service: Service, name: str) -> str:
    """The command that takes a `-o` from a service, so that main.cf counts."""
    return f"{server.postconf} -PX {quote(f'{service.name}/{service.kind}/{name}')}"


def render(server: MailServer, table: str, *more: str) -> str:
    """The command that makes the map anew; never `postmap`, which leaves it empty when it is ended."""
    where = ["--postfix-config", server.configuration] if server.configuration else []
    return update(server.installed, "--render", "postfix", "--map", table, *more, *where)


def without_entry(table: Table, key: str) -> str:
    """What a person does about an entry: tables of patterns do not have the key in them."""
    if table.has_patterns:
        return f"change the pattern in {table.name} that matches {key}, then postfix reload"
    if table.kind in PLAIN:
        return f"take {key} out of {table.name}, then postfix reload"
    if table.file:
        return f"take {key} out of {table.name}, then postmap {table}"
    return f"change what {table} answers for {key}"


def and_more(domains: Sequence[str]) -> str:
    """The first of some listed domains, and how many more there are."""
    return domains[0] if len(domains) == 1 else f"{domains[0]} and {len(domains) - 1} more listed domains"
