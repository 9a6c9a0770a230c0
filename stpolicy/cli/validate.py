"""validate: what is wrong with a list."""

from stpolicy.cli import _door, _options
from stpolicy.cli._app import app
from stpolicy.cli._command import LIST_DEFAULT, command
from stpolicy.document.list import LARGEST
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

    Every problem is reported at once, worst first. Exit code 0: no error; 1: there are errors (or,
    with --strict, warnings); 2: used wrongly; 3: could not look.
    """
    from stpolicy.flows import validate as flow
    from stpolicy.suffixes import PublicSuffixes

    _options.check_stdin(str(list_path), previous)
    choice = _options.choice(select, ignore, accept)
    report = flow.validate(
        _options.read(list_path, largest=max_size),
        now=_door.now(now),
        suffixes=PublicSuffixes(),
        previous=_options.read_spec(previous, list_path, largest=max_size) if previous else None,
        choice=choice,
        largest=max_size,
    )
    _door.result(_options.rendered(report, format_, to_file=output is not None), output)
    _door.say(f"{list_path}: {summary(report)}", quiet=quiet)
    return _door.verdict(report, strict=strict)
