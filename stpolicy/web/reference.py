"""The API, from its OpenAPI description, for people to read."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any


@dataclass(frozen=True, slots=True)
class Parameter:
    """`place` is path, query or header."""

    name: str
    place: str
    required: bool
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, when it comes, and what it looks like; no example where all refusals look the same."""

    status: str
    text: str
    example: str


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path."""

    anchor: str
    method: str
    path: str
    summary: str
    text: str
    parameters: tuple[Parameter, ...]
    body: str
    """An example of what is sent; empty where nothing is."""
    answers: tuple[Answer, ...]


def operations(described: Mapping[str, Any]) -> tuple[Operation, ...]:
    """Every operation, in the order in which the application has them."""
    return tuple(
        _operation(path, method, one)
        for path, methods in described["paths"].items()
        for method, one in methods.items()
        if method != "head"
    )


def _operation(path: str, method: str, one: Mapping[str, Any]) -> Operation:
    anchor = f"{method}-{path.strip('/')}".translate(str.maketrans("/{}.", "-___"))
    return Operation(
        anchor,
        method.upper(),
        path,
        one["summary"],
        one.get("description", ""),
        tuple(_parameter(parameter) for parameter in one.get("parameters", ())),
        _body(one.get("requestBody", {})),
        tuple(_answers(one["responses"])),
    )


def _parameter(one: Mapping[str, Any]) -> Parameter:
    return Parameter(one["name"], one["in"], one.get("required", False), one.get("description", ""))


def _body(body: Mapping[str, Any]) -> str:
    example = body.get("content", {}).get("application/json", {}).get("schema", {}).get("example")
    return "" if example is None else json.dumps(example, indent=2)


def _answers(responses: Mapping[str, Any]) -> Iterator[Answer]:
    for status, one in responses.items():
        if int(status) == HTTPStatus.UNPROCESSABLE_ENTITY:  # FastAPI describes it of itself; none is sent
            continue
        yield Answer(status, one["description"], _example(one) if status.startswith("2") else "")


def _example(one: Mapping[str, Any]) -> str:
    for content in one.get("content", {}).values():
        if (example := content.get("example")) is not None:
            return example if isinstance(example, str) else json.dumps(example, indent=2)
    return ""
