"""add, set, remove, bump: edits of a list, in place."""

from datetime import timedelta
from functools import reduce
from typing import Annotated

import typer

from stpolicy.cli import _door, _edit, _mta_sts, _options
from stpolicy.cli._app import app
from stpolicy.cli._command import LIST_DEFAULT, command
from stpolicy.document.codes import LARGEST
from stpolicy.errors import Misuse, Refused
from stpolicy.model import edit
from stpolicy.model.names import canonical, domain_fault
from stpolicy.model.policy import Alias, Mode, Policy, PolicyList

Domains = Annotated[list[str], typer.Argument(metavar="DOMAIN...", show_default=False)]
Mx = Annotated[
    list[str] | None,
    typer.Option("--mx", metavar="PATTERN", help="A host name, or .suffix for one label more. Repeatable."),
]
ModeOption = Annotated[Mode | None, typer.Option("--mode", help="What a sender does when a session fails.")]
AliasName = Annotated[str | None, typer.Option("--alias", metavar="NAME", help="Use this named policy.")]


@command(
    app,
    "add",
    example="""
    stpolicy add example.com --mx mx1.example.net --mx .example.org
    stpolicy add example.com example.net --alias provider
    stpolicy add example.org --from-mta-sts
    """,
)
def add(
    domains: Domains,
    mta_sts: _mta_sts.Options,
    mx: Mx = None,
    mode: ModeOption = None,
    alias: AliasName = None,
    edited: _edit.Options = _edit.DEFAULTS,
    quiet: bool = False,
) -> int:
    """List domains that are not listed yet, in mode testing unless --mode says otherwise."""
    _check_names(domains)
    wanted: dict[str, Policy | Alias]
    if mta_sts.from_mta_sts:
        _mta_sts.check_alone(mx, alias)
        wanted = {name: _mta_sts.published(name, mode or Mode.TESTING, mta_sts) for name in domains}
    else:
        wanted = dict.fromkeys(domains, _edit.policy(mode, mx, alias))

    def change(policies: PolicyList) -> PolicyList:
        return reduce(lambda so_far, domain: edit.add(so_far, domain, wanted[domain]), domains, policies)

    return _edit.apply(edited, change, quiet=quiet)


@command(
    app,
    "set",
    example="""
    stpolicy set example.com --mode enforce
    stpolicy set example.com --mx mx.example.net --dry-run
    """,
)
def set_(
    domain: _options.Domain,
    mta_sts: _mta_sts.Options,
    mx: Mx = None,
    mode: ModeOption = None,
    alias: AliasName = None,
    edited: _edit.Options = _edit.DEFAULTS,
    quiet: bool = False,
) -> int:
    """Give a listed domain another policy; what is not named stays.

    --mx replaces all patterns. A domain that uses an alias needs --mx to get a policy of its own.
    """
    if not (mx or mode or alias or mta_sts.from_mta_sts):
        raise Misuse("nothing to set", "name --mode, --mx, --alias or --from-mta-sts")
    if mta_sts.from_mta_sts:
        _check_names([domain])
        _mta_sts.check_alone(mx, alias)

    def change(policies: PolicyList) -> PolicyList:
        entry = policies.by_domain.get(canonical(domain))
        if entry is None:
            raise Refused(f"{domain} is not listed", f"stpolicy add {domain} --mx PATTERN")
        if mta_sts.from_mta_sts:
            before = policies.resolve(entry.policy)
            kept = mode or (before.mode if before else Mode.TESTING)
            return edit.change(policies, domain, _mta_sts.published(domain, kept, mta_sts))
        return edit.change(policies, domain, _edit.policy(mode, mx, alias, entry.policy))

    return _edit.apply(edited, change, quiet=quiet)


@command(app, "remove", example="stpolicy remove example.com example.net")
def remove(
    domains: Domains,
    edited: _edit.Options = _edit.DEFAULTS,
    quiet: bool = False,
) -> int:
    """Take domains from the list. Their mail goes back to opportunistic TLS."""

    def change(policies: PolicyList) -> PolicyList:
        return reduce(edit.remove, domains, policies)

    return _edit.apply(edited, change, quiet=quiet)


@command(
    app,
    "bump",
    example="""
    stpolicy bump
    stpolicy bump --days 21
    """,
)
def bump(
    list_path: _options.ListInPlace = LIST_DEFAULT,
    days: _options.Days = 14,
    now: _options.Now = None,
    dry_run: _options.DryRun = False,
    max_size: _options.MaxSize = LARGEST,
    quiet: bool = False,
) -> int:
    """Date a list anew: timestamp now, strictly newer than before; expiry --days later."""
    moment = _door.now(now)

    def change(policies: PolicyList) -> PolicyList:
        return edit.bump(policies, moment, timedelta(days=days))

    return _edit.apply(_edit.Options(list_path, dry_run, max_size), change, quiet=quiet)


def _check_names(domains: list[str]) -> None:
    for domain in domains:
        if fault := domain_fault(canonical(domain)):
            raise Misuse(f"{domain!r} {fault}")
