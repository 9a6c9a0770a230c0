"""Every command, in the order in which the help lists them."""

# isort: off
from stpolicy.cli import init, validate, fmt, diff, show, edit, alias, sign, keys, verify, publish
from stpolicy.cli import setup, update, status, lookup, render, doctor, explain

# isort: on
from stpolicy.cli._app import alias as alias_group
from stpolicy.cli._app import app
from stpolicy.cli._app import keys as keys_group

app.add_typer(alias_group, name="alias", help="Edit the named policies of a list.")
app.add_typer(keys_group, name="keys", help="Make and export the signing key.")

__all__ = [
    "alias",
    "app",
    "diff",
    "doctor",
    "edit",
    "explain",
    "fmt",
    "init",
    "keys",
    "lookup",
    "publish",
    "render",
    "setup",
    "show",
    "sign",
    "status",
    "update",
    "validate",
    "verify",
]
