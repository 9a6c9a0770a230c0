"""Every command, in the order in which the help lists them."""

# isort: off
from stpolicy.cli import init, validate, fmt, diff, show, edit, alias, check, sign, keys, verify, publish
from stpolicy.cli import setup, update, status, lookup, render, doctor, explain, serve, db

# isort: on
from stpolicy.cli._app import alias as alias_group
from stpolicy.cli._app import app
from stpolicy.cli._app import db as db_group
from stpolicy.cli._app import keys as keys_group
from stpolicy.cli._command import examples

ALIAS = "stpolicy alias add provider --mx mx1.example.net\nstpolicy add example.com --alias provider"
KEYS = 'stpolicy keys new --name "Example policy list"\nstpolicy keys export --to .'
app.add_typer(alias_group, name="alias", help=f"Edit the named policies of a list.{examples(ALIAS)}")
DB = "stpolicy db upgrade --database postgresql+psycopg://stpolicy@db.example.org/scans"
app.add_typer(db_group, name="db", help=f"Keep the database of `serve` in shape.{examples(DB)}")
app.add_typer(keys_group, name="keys", help=f"Make and export the signing key.{examples(KEYS)}")

__all__ = [
    "alias",
    "app",
    "check",
    "db",
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
    "serve",
    "setup",
    "show",
    "sign",
    "status",
    "update",
    "validate",
    "verify",
]
