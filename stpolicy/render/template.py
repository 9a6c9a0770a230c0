"""A table to text, by a template in a sandbox; and a look at every line that came out of it."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from stpolicy.errors import Misuse, StpolicyError
from stpolicy.render.postfix import Comment, Row

_ADDED = re.compile(r"(?:ciphers|exclude|connection_reuse|enable_rpk)=[A-Za-z0-9.:+@!_-]+")
"""What a site's template may add to a row (postconf(5), smtp_tls_policy_maps)."""


def text(template: Path, header: Sequence[str], lines: Sequence[Row | Comment]) -> str:
    """The lines laid out by a template, which gets `header`, `lines` and `rows`.

    Misuse when the template cannot be used, or makes anything else of the rows than rows.
    """
    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True, trim_blocks=True, autoescape=False
    )
    rows = [line for line in lines if isinstance(line, Row)]
    written = [str(line) if isinstance(line, Row) else _on_one_line(str(line)) for line in lines]
    try:
        source = template.read_text(encoding="utf-8")
        made = environment.from_string(source).render(
            header=[_on_one_line(line) for line in header], lines=written, rows=rows
        )
    except (OSError, UnicodeDecodeError) as wrong:
        raise Misuse(f"the template {template} cannot be read: {wrong}") from wrong
    except jinja2.TemplateError as wrong:
        raise Misuse(f"the template {template} fails: {wrong}") from wrong
    except Exception as wrong:
        raise Misuse(f"the template {template} fails: {type(wrong).__name__}: {wrong}") from wrong
    check(made, rows, str(template))
    return made


def check(made: str, rows: Iterable[Row], name: str) -> None:
    """Whether each row, with nothing lost of it, has one line, and nothing else is an entry; else Misuse.

    Postfix takes a line that begins with white space for more of the one before, even of a comment,
    and of two lines with one key the first.
    """
    wanted = {row.key: row.value for row in rows}
    for number, line in enumerate(made.split("\n"), start=1):
        if not line or line.startswith("#"):
            if "\r" in line or "\0" in line:
                raise _wrong(name, number, "holds a control character")
            continue
        key, _, value = line.partition(" ")
        own = wanted.pop(key, None)
        if own is None:
            raise _wrong(
                name, number, f"is no row that was to be written, or is written twice: {line[:80]!r}"
            )
        if value != own:
            added = [word for word in value.split(" ") if word not in own.split(" ")]
            lost = set(own.split(" ")).difference(value.split(" "))
            if lost or not all(_ADDED.fullmatch(word) for word in added) or value.split(" ")[0] != "secure":
                raise _wrong(name, number, f"does not say what was to be written: {line[:80]!r}")
    if wanted:
        raise _wrong(name, 0, f"leaves out {len(wanted)} rows, {next(iter(wanted))} among them")
    if not made.endswith("\n"):
        raise _wrong(name, 0, "does not end its last line")


def _wrong(name: str, number: int, message: str) -> StpolicyError:
    place = f"line {number} of its text" if number else "its text"
    return Misuse(f"the template {name}: {place} {message}", "templates lay out; they decide nothing")


def _on_one_line(said: str) -> str:
    """The text without what would end the line; comments tell of names and reasons that others wrote."""
    return said if said.isprintable() else "".join(c if c.isprintable() else "?" for c in said)
