"""Text of others made safe to print: no control character reaches a terminal or a log."""

import unicodedata

LONGEST = 512


def shown(text: str) -> str:
    """The text with control, format and surrogate characters as escapes, and not longer than 512."""
    safe = "".join(_escaped(c) for c in text[: LONGEST + 1])
    return safe if len(text) <= LONGEST else safe[:LONGEST] + "…"


def _escaped(character: str) -> str:
    if character.isprintable() or character == " ":
        return character
    if unicodedata.category(character) in ("Zs",):
        return " "
    return character.encode("unicode_escape").decode("ascii")
