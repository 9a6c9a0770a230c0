"""Does a JSON value have the shape of the format? A fast yes or no, and for a no, why.

The fast answer is jsonschema-rs's. The explanation is jsonschema's, asked only about the members
that the fast one refuses, so that it costs what is wrong and not what the list holds.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from stpolicy import resources
from stpolicy.model.finding import Place
from stpolicy.model.names import canonical

_NAMED = ("policies", "policy-aliases")


@dataclass(frozen=True, slots=True)
class Misfit:
    """One deviation from the schema. `is_name`: only the characters of a name, which rules judge closer."""

    code: str
    message: str
    place: Place
    is_name: bool = False


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(resources.schema())
    return schema


@cache
def _validator(definition: str | None = None) -> Any:
    import jsonschema_rs

    schema = _schema()
    if definition:
        schema = {
            "$schema": schema["$schema"],
            "$ref": f"#/definitions/{definition}",
            "definitions": schema["definitions"],
        }
    return jsonschema_rs.validator_for(schema)


def fits(value: Any) -> bool:
    """Whether the value fits the schema."""
    answer: bool = _validator().is_valid(value)
    return answer


def entry_fits(value: Any) -> bool:
    """Whether the value fits as a member of `policies` or `policy-aliases`."""
    answer: bool = _validator("entry").is_valid(value)
    return answer


def misfits(value: Any) -> list[Misfit]:
    """Everything that keeps the value from fitting the schema; never empty when `fits` said no."""
    import jsonschema

    reduced = _refused_only(_in_ascii(value))
    # jsonschema compares every item with every other when they cannot be sorted.
    extend: Any = jsonschema.validators.extend
    explaining = extend(jsonschema.Draft7Validator, {"uniqueItems": _unique_items})
    errors = explaining(_schema()).iter_errors(reduced)
    found = list(dict.fromkeys(misfit for error in errors for misfit in _explain(error)))
    if not found and not fits(_in_ascii(value)):
        found = [Misfit("document.shape", "does not have the shape of a policy list", ())]
    return found


def _unique_items(_: Any, wanted: bool, items: Any, __: Any) -> Iterator[Any]:
    import jsonschema

    if wanted and isinstance(items, list) and len({json.dumps(item) for item in items}) < len(items):
        yield jsonschema.ValidationError("repeated")


def _in_ascii(value: Any) -> Any:
    """The value with its U-labels as A-labels: they are readable, `fmt` mends them; the schema is ASCII."""
    if not isinstance(value, dict):
        return value
    return {
        key: (
            _members_in_ascii(member)
            if key in _NAMED and isinstance(member, dict) and not _is_ascii(member)
            else member
        )
        for key, member in value.items()
    }


def _members_in_ascii(members: Mapping[str, Any]) -> dict[str, Any]:
    """Two names that become one keep one of their spellings, so that each entry is looked at."""
    found: dict[str, Any] = {}
    for name, entry in members.items():
        folded = _name_in_ascii(name)
        found[name if folded in members or folded in found else folded] = _entry_in_ascii(entry)
    return found


def _is_ascii(members: Mapping[str, Any]) -> bool:
    return all(
        name.isascii() and all(mx.isascii() for mx in _texts(entry)) for name, entry in members.items()
    )


def _texts(entry: Any) -> list[str]:
    mxs = entry.get("mxs") if isinstance(entry, dict) else None
    return [mx for mx in mxs if isinstance(mx, str)] if isinstance(mxs, list) else []


def _name_in_ascii(name: str) -> str:
    return name if name.isascii() else canonical(name)


def _entry_in_ascii(entry: Any) -> Any:
    if not _texts(entry):
        return entry
    return {**entry, "mxs": [_name_in_ascii(mx) if isinstance(mx, str) else mx for mx in entry["mxs"]]}


def _refused_only(value: Any) -> Any:
    """The value without the members that fit: explaining is slow, and they need no explanation."""
    if not isinstance(value, dict):
        return value
    name_fits, entry_fits = _validator("name").is_valid, _validator("entry").is_valid
    return {
        key: (
            {name: entry for name, entry in member.items() if not (entry_fits(entry) and name_fits(name))}
            if key in _NAMED and isinstance(member, dict)
            else member
        )
        for key, member in value.items()
    }


def _explain(error: Any) -> Iterator[Misfit]:
    place: Place = tuple(error.absolute_path)
    keyword, instance = error.validator, error.instance
    in_name = "propertyNames" in error.absolute_schema_path
    if in_name:
        place = (*place, instance)
    if keyword == "not" and not isinstance(instance, str):
        return  # that its type is wrong is said already
    if place[:1] in (("timestamp",), ("expires",)):
        yield Misfit("document.date", f"{place[0]} {_shown(instance)} is not a date of this format", place)
    elif keyword == "additionalProperties":
        for name in instance:
            if name not in error.schema.get("properties", {}):
                message = f"the field {_shown(name)} is not part of the format"
                if "policy-alias" in instance:
                    message = f"the field {_shown(name)} cannot stand beside 'policy-alias'"
                yield Misfit("document.unknown_field", message, (*place, name))
    elif keyword == "required":
        missing = next(name for name in error.validator_value if f"'{name}'" in error.message)
        yield Misfit("document.missing_field", f"the field '{missing}' is missing", place)
    elif place == ("version",):
        message = f"version {_shown(instance)} of the format is unknown; this is for 0.1"
        yield Misfit("document.version", message, place)
    elif keyword in ("not", "minLength"):
        message = f"{_shown(instance)} is not a name in ASCII letters, digits, hyphens and dots"
        yield Misfit("document.shape", message, place, is_name=True)
    else:
        yield Misfit("document.shape", _sentence(keyword, error), place)


def _sentence(keyword: str, error: Any) -> str:
    shown = _shown(error.instance)
    match keyword:
        case "type":
            return f"{shown} should be of type {error.validator_value}"
        case "enum":
            return f"{shown} should be one of: {', '.join(error.validator_value)}"
        case "minItems":
            return "an empty array; at least one pattern should stand here"
        case "uniqueItems":
            return f"{shown} holds a repeated pattern"
    return f"{shown} does not fit the schema ({keyword})"


def _shown(value: Any) -> str:
    text = json.dumps(value) if not isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
