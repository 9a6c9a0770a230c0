"""Every command, in the order in which the help lists them."""

from stpolicy.cli import validate
from stpolicy.cli._app import app

__all__ = ["app", "validate"]
