"""Where the schema and the templates lie: in a checkout, an editable install and a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def _folder(name: str) -> Path:
    """A wheel carries the folder inside the package; a checkout and an editable install beside it."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def schema() -> str:
    """The text of the JSON Schema of the list format."""
    return (_folder("schema") / "policy-0.1.schema.json").read_text(encoding="utf-8")


def templates() -> Path:
    """The folder of the templates."""
    return _folder("templates")


def policy_map() -> Path:
    """The template of Postfix's map, for who has none of their own."""
    return templates() / "postfix" / "policy_map.j2"
