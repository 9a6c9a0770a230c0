"""show: the policy in force for a domain."""

from stpolicy.cli import _door, _inputs, _options
from stpolicy.cli._app import app
from stpolicy.cli._command import LIST_DEFAULT, command
from stpolicy.document.codes import LARGEST


@command(
    app, "show", example="stpolicy show gmail.com\nstpolicy show gmail.com lists/policy.json --format json"
)
def show(
    domain: _options.Domain,
    list_path: _options.List = LIST_DEFAULT,
    format_: _options.Plain = _options.PlainFormat.TEXT,
    now: _options.Now = None,
    output: _options.Output = None,
    max_size: _options.MaxSize = LARGEST,
) -> int:
    """Show the policy in force for a domain, aliases resolved, and the line that Postfix would use.

    Exit code 1 for a domain that is not listed. The list's signature is not looked at: see verify.
    """
    from stpolicy.flows import show as flow
    from stpolicy.output import show as text

    _inputs.check_output(output, list_path)
    found = flow.show(
        _inputs.read(list_path, largest=max_size),
        domain,
        now=_door.now(now),
        largest=max_size,
    )
    as_text = format_ is _options.PlainFormat.TEXT
    _door.result(text.text(found) if as_text else text.as_json(found), output)
    return _door.DONE if found.listed else _door.FOUND
