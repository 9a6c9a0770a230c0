"""Text of others made safe to print: no control character reaches a terminal or a log."""

import json
import re
import unicodedata

LONGEST = 8192
"""Longer texts are cut: what a person reads has an end, and no list has a name of that length."""

_COMMAND = re.compile(r"##(?=\[|vso\[)")
"""CI systems look for commands like this anywhere in a line."""


def shown(text: str) -> str:
    """The text on one line, control, format and surrogate characters as escapes, at most 8192 long."""
    safe = "".join(_escaped(c) for c in text[: LONGEST + 1])
    return _disarmed(safe if len(text) <= LONGEST else safe[:LONGEST] + "…")


def _disarmed(text: str) -> str:
    return _COMMAND.sub(r"#\\x23", text) if "##" in text else text


def printable(text: str) -> str:
    """Lines of any length, with what a terminal would obey as escapes; tabs and line feeds stay."""
    return _disarmed("\n".join(line if line.isprintable() else _line(line) for line in text.split("\n")))


def json_text(value: object) -> str:
    """JSON for programs that a person can also read: names as they are, but nothing that a terminal obeys."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    if not text.replace("\n", "").isprintable():
        text = "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
    return text + "\n"


def _line(text: str) -> str:
    return "".join(c if c == "\t" else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    if character.isprintable() or character == " ":
        return character
    if unicodedata.category(character) in ("Zs",):
        return " "
    return character.encode("unicode_escape").decode("ascii")
