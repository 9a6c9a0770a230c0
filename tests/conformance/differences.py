"""Where a client does not do what the table says, and why. A row that is no longer true fails."""

_SHAPE = "without a JSON parser it looks at the top level and at the characters of names, not at entries"
_ESCAPE = "it reads no escapes where only names and dates stand; whatever writes lists for us uses none there"
_REDIRECT = "wget follows from https to http too (R13), so it is told to follow nothing"

_SCRIPT = {
    "list: an entry without mode": _SHAPE,
    "list: L9 mode none": _SHAPE,
    "list: L9 no pattern": _SHAPE,
    "list: B4 text for patterns": _SHAPE,
    "list: an unknown field in an entry": _SHAPE,
    "list: an entry that is text": _SHAPE,
    "list: a pattern twice": _SHAPE,
    "list: L2 a domain twice": _SHAPE,
    "list: L3 a domain twice but for case": _SHAPE,
    "list: L9 an alias that is not there": _SHAPE,
    "list: L9 an alias of an alias": _SHAPE,
    "list: L4 no UTF-8": "it does not look at the bytes of the author's name",
    "list: L4 a C1 control in UTF-8": "it does not look at the bytes of the author's name",
    "list: an escape in a field": _ESCAPE,
    "list: an escape in the version": _ESCAPE,
    "list: an escape in a date": _ESCAPE,
    "list: an escape in a domain": _ESCAPE,
}

_WGET = {
    "server: R13 elsewhere": _REDIRECT,
    "server: R13 elsewhere for good": _REDIRECT,
    "server: R13 elsewhere, by the whole URL": _REDIRECT,
    "server: R13 three steps": _REDIRECT,
    "server: R13 four steps": _REDIRECT,
    "server: R13 a loop": _REDIRECT,
    "server: R12 trailers for ever": "wget does not wait for them, and the signature decides",
}

_UPDATE = {"time: T9 ran out a nanosecond ago": "its clock counts microseconds"}

DIFFERENCES: dict[str, dict[str, str]] = {
    "script": _SCRIPT,
    "update": _UPDATE,
    "script, wget": _WGET,
}
