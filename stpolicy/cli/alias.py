"""alias add, set, remove: named policies, for domains that share one set of hosts."""

from typing import Annotated

import typer

from stpolicy.cli import _edit
from stpolicy.cli._app import alias as group
from stpolicy.cli._command import command
from stpolicy.cli.edit import ModeOption, Mx
from stpolicy.errors import Misuse, Refused
from stpolicy.model import edit
from stpolicy.model.names import alias_fault
from stpolicy.model.policy import PolicyList

Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]


@command(
    group,
    "add",
    group="alias",
    example="stpolicy alias add provider --mx mx1.example.net --mx mx2.example.net",
)
def add(
    name: Name,
    mx: Mx = None,
    mode: ModeOption = None,
    edited: _edit.Options = _edit.DEFAULTS,
    quiet: bool = False,
) -> int:
    """Define a named policy."""
    if fault := alias_fault(name):
        raise Misuse(f"the alias {name!r} {fault}")
    policy = _edit.own_policy(mode, mx)

    def change(policies: PolicyList) -> PolicyList:
        return edit.add_alias(policies, name, policy)

    return _edit.apply(edited, change, quiet=quiet)


@command(group, "set", group="alias", example="stpolicy alias set provider --mode enforce --dry-run")
def set_(
    name: Name,
    mx: Mx = None,
    mode: ModeOption = None,
    edited: _edit.Options = _edit.DEFAULTS,
    quiet: bool = False,
) -> int:
    """Change a named policy, for every domain that uses it; what is not named stays."""
    if not (mx or mode):
        raise Misuse("nothing to set", "name --mode or --mx")

    def change(policies: PolicyList) -> PolicyList:
        if name not in policies.alias_policies:
            raise Refused(f"the alias {name} is not defined", f"stpolicy alias add {name} --mx PATTERN")
        before = policies.alias_policies[name]
        return edit.change_alias(policies, name, _edit.own_policy(mode, mx, before))

    return _edit.apply(edited, change, quiet=quiet)


@command(group, "remove", group="alias", example="stpolicy alias remove provider")
def remove(
    name: Name,
    edited: _edit.Options = _edit.DEFAULTS,
    quiet: bool = False,
) -> int:
    """Take a named policy that no domain uses from the list."""

    def change(policies: PolicyList) -> PolicyList:
        return edit.remove_alias(policies, name)

    return _edit.apply(edited, change, quiet=quiet)
