"""The description of the API, once FastAPI has made it: without what is never answered, examples whole."""

from collections.abc import Iterable
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

_NEVER = ("HTTPValidationError", "ValidationError")


def mend(description: dict[str, Any], routes: Iterable[BaseRoute]) -> None:
    """In place. FastAPI describes a 422 of its own, and leaves out what is null in examples."""
    for operations in description["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
    for name in _NEVER:
        description["components"]["schemas"].pop(name, None)
    for route in routes:
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in route.methods or ():
                _give_examples(description["paths"][route.path][method.lower()], route)


def _give_examples(operation: dict[str, Any], route: APIRoute) -> None:
    for status, answer in route.responses.items():
        for kind, content in answer.get("content", {}).items():
            if "example" in content:
                operation["responses"][str(status)]["content"][kind]["example"] = content["example"]
