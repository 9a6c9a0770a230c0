"""validate: what is wrong with a list."""

from collections.abc import Iterable

from stpolicy import config
from stpolicy.cli import _door, _inputs, _options
from stpolicy.cli._app import app
from stpolicy.cli._command import LIST_DEFAULT, command
from stpolicy.document.codes import LARGEST
from stpolicy.errors import Misuse
from stpolicy.flows.validate import Choice
from stpolicy.model.names import canonical
from stpolicy.output.report import summary


@command(
    app,
    "validate",
    example="""
    stpolicy validate
    stpolicy validate --previous git:HEAD~1 --strict
    stpolicy validate --format github --previous git:origin/main lists/policy.json
    """,
)
def validate(
    list_path: _options.List = LIST_DEFAULT,
    previous: _options.Previous = None,
    format_: _options.Format = _options.ReportFormat.TEXT,
    select: _options.Select = None,
    ignore: _options.Ignore = None,
    accept: _options.Accept = None,
    strict: _options.Strict = False,
    now: _options.Now = None,
    output: _options.Output = None,
    max_size: _options.MaxSize = LARGEST,
    quiet: bool = False,
) -> int:
    """Judge a list against the format and its rules.

    Of a file that has not the shape of a list, everything that is wrong with its shape is reported;
    the rules are asked once it has. Each time all problems at once, worst first. Exit code 0: no
    error; 1: there are errors (or, with --strict, warnings); 2: used wrongly; 3: could not look.
    """
    from stpolicy.flows import validate as flow
    from stpolicy.suffixes import PublicSuffixes

    _inputs.check_stdin(str(list_path), previous)
    choice = _choice(select, ignore, accept)
    _inputs.check_output(output, list_path, previous or list_path)
    report = flow.validate(
        _inputs.read(list_path, largest=max_size),
        now=_door.now(now),
        suffixes=PublicSuffixes(),
        previous=_inputs.read_spec(previous, list_path, largest=max_size) if previous else None,
        choice=choice,
        largest=max_size,
    )
    _door.result(_options.rendered(report, format_, to_file=output is not None), output)
    for pair in flow.unused(choice, report):
        _door.say(f"nothing to accept: {pair}", quiet=quiet)
    _door.say(f"{list_path}: {summary(report)}", quiet=quiet)
    return _door.verdict(report, strict=strict)


def _choice(
    select: Iterable[str] | None, ignore: Iterable[str] | None, accept: Iterable[str] | None
) -> Choice:
    """What a person wants to see; Misuse for a code that does not exist or cannot be accepted."""
    accepted = tuple(map(_accepted, accept or ()))
    return Choice(config.checked_codes(select or ()), config.checked_codes(ignore or ()), accepted)


def _accepted(pair: str) -> str:
    """CODE:DOMAIN with the domain in canonical form."""
    code, _, where = pair.partition(":")
    config.checked_codes([code])
    if code not in config.known_codes():
        raise Misuse(
            f"{code} is a family of codes", f"accept one code at a time; see stpolicy explain {code}"
        )
    if not code.startswith("history.") or code == "history.rolled_back":
        raise Misuse(f"{code} cannot be accepted", "only findings about what changed can be reviewed away")
    if not where:
        raise Misuse(f"--accept {pair!r} names no domain", f"write {code}:example.com, or {code}:*")
    return f"{code}:{canonical(where)}"
