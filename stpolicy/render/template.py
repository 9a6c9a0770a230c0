"""A table to text, by a template in a sandbox; and a look at every line that came out of it."""

import re
from collections.abc import Sequence
from pathlib import Path

from stpolicy.document.table import MADE_BY, is_ours
from stpolicy.errors import Misuse
from stpolicy.render.postfix import PolicyMap, Row

_ADDED = re.compile(r"(?:ciphers|exclude|connection_reuse|enable_rpk)=[A-Za-z0-9.:+@!_-]+")
"""What a site's template may add to a row (postconf(5), smtp_tls_policy_maps)."""


def text(template: Path, header: Sequence[str], found: PolicyMap) -> str:
    """A map laid out by a template, which gets `header`, `lines`, and `rows` with `key` and `value`.

    Misuse when the template cannot be used, or makes anything else of the rows than rows. Where it leaves
    out who made the map, that is put before it: a file that does not say so is never replaced.
    """
    import jinja2
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True, trim_blocks=True, autoescape=False
    )
    try:
        source = template.read_text(encoding="utf-8")
        more = {"rows": list(map(Row.read, found.rows))} if "rows" in source else {}
        made = environment.from_string(source).render(header=header, lines=found.lines, **more)
    except (OSError, UnicodeDecodeError) as wrong:
        raise Misuse(f"the template {template} cannot be read: {wrong}") from wrong
    except Exception as wrong:  # whatever a site's template does
        raise Misuse(f"the template {template} fails: {type(wrong).__name__}: {wrong}") from wrong
    check(made, found.lines, str(template))
    return made if is_ours(made.encode("utf-8", "replace")) else f"# {MADE_BY}\n{made}"


def check(made: str, lines: Sequence[str], name: str) -> None:
    """Whether each row of `lines` has one line, with nothing lost, and no other is an entry; else Misuse.

    Postfix takes a line that begins with white space for more of the one before, even of a comment,
    and of two lines with one key the first.
    """
    if "\r" in made or "\0" in made:
        raise _wrong(name, 0, "holds a control character")
    if not made.endswith("\n"):
        raise _wrong(name, 0, "does not end its last line")
    if _says_exactly(made, lines):
        return
    wanted = dict(Row.read(line) for line in lines if not line.startswith("#"))
    for number, line in enumerate(made.split("\n"), start=1):
        if line and not line.startswith("#"):
            key, value = Row.read(line)
            _compare(name, number, value, wanted.pop(key, None))
    if wanted:
        raise _wrong(name, 0, f"leaves out {len(wanted)} rows, {next(iter(wanted))} among them")


def _says_exactly(made: str, lines: Sequence[str]) -> bool:
    """Whether comments come first and then the lines as they are: nearly always so, and quickly seen."""
    body = "\n".join([*lines, ""])
    before = made[: len(made) - len(body)]
    return made.endswith(body) and all(line[:1] in ("", "#") for line in before.split("\n"))


def _compare(name: str, number: int, value: str, own: str | None) -> None:
    if own is None:
        raise _wrong(name, number, "is no row that was to be written, or is written a second time")
    words, wanted = value.split(" "), own.split(" ")
    added = [word for word in words if word not in wanted]
    lost = set(wanted).difference(words)
    if lost or words[0] != wanted[0] or not all(map(_ADDED.fullmatch, added)):
        raise _wrong(name, number, f"does not say what was to be written: {value[:80]!r}")


def _wrong(name: str, number: int, message: str) -> Misuse:
    place = f"line {number} of its text" if number else "its text"
    return Misuse(f"the template {name}: {place} {message}", "templates lay out; they decide nothing")
