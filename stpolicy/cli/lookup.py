"""lookup: what this mail server does for a domain, and who decided it."""

from stpolicy.cli import _door, _inputs, _options, _rendering
from stpolicy.cli._app import app
from stpolicy.cli._command import command
from stpolicy.document.codes import LARGEST
from stpolicy.errors import Refused


@command(
    app,
    "lookup",
    example="stpolicy lookup example.com\nstpolicy lookup example.com --overlay overlay.json --format json",
)
def lookup(
    domain: _options.Domain,
    dir_: _options.Dir = _options.STATE,
    rows: _rendering.Rows = _rendering.ROWS,
    postfix_config: _options.PostfixConfig = None,
    keyring: _options.Keyring = None,
    signer: _options.Signer = None,
    threshold: _options.Threshold = 1,
    format_: _options.Plain = _options.PlainFormat.TEXT,
    now: _options.Now = None,
    output: _options.Output = None,
    max_size: _options.MaxSize = LARGEST,
    quiet: bool = False,
) -> int:
    """Show the rows that the installed list and the overlays give a domain, and which of them decides.

    Exit code 1 for a domain that nobody says anything of. The list is verified first; where none
    verifies, the overlays alone are looked into.
    """
    from stpolicy.document.list import load
    from stpolicy.flows import lookup as flow
    from stpolicy.mta.postfix import Postfix
    from stpolicy.output import lookup as text
    from stpolicy.suffixes import PublicSuffixes

    moment = _door.now(now)
    options = _rendering.options(
        Postfix(postfix_config),
        rows,
        quiet=quiet,
    )
    name, public = _inputs.domain(domain), PublicSuffixes()
    wanted = options.wanted(options.overlay_models())
    try:
        file = _inputs.installed(dir_, _inputs.pins(keyring, signer, threshold), moment, max_size)
    except Refused as wrong:
        found = flow.lookup_local(name, wanted, now=moment, suffixes=public)
        if not found.known:  # only the list could say
            raise
        _door.say(f"stpolicy: {wrong.message}; this is decided here", quiet=quiet)
    else:
        policies = load(file.data, file.name, largest=max_size)
        found = flow.lookup(name, policies, wanted, now=moment, suffixes=public)
    row = (found.domain, found.source, found.rows, found.refused)
    if format_ is _options.PlainFormat.JSON:
        _door.result(text.as_json(*row, found.listed, expired=found.expired), output)
    else:
        _door.result(text.text(*row), output)
    return _door.DONE if found.known else _door.FOUND
