"""Well-signed lists, each with one thing wrong or odd."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from tests import lists
from tests.conformance.case import Case, Change
from tests.conformance.world import COLD, WARM
from tests.pairs import dated
from tests.personas import LIST, SIGNED, stamp

_WHOLE: dict[str, Any] = json.loads(LIST)
_STAMP, _EXPIRES = stamp(SIGNED), lists.EXPIRES


def _with(**fields: object) -> bytes:
    return json.dumps(_WHOLE | {key.replace("_", "-"): value for key, value in fields.items()}).encode()


def _without(field: str) -> bytes:
    return json.dumps({key: value for key, value in _WHOLE.items() if key != field}).encode()


def _raw(old: str, new: str | bytes) -> bytes:
    """The text of the list with one piece replaced."""
    assert old.encode() in LIST
    return LIST.replace(old.encode(), new.encode() if isinstance(new, str) else new, 1)


def _date(field: str, text: str) -> bytes:
    """A date of the list, as JSON text."""
    return _raw(f'"{field}": "{_WHOLE[field]}"', f'"{field}": {text}')


def _entry(entry: object, name: str = "example.com", **aliases: object) -> bytes:
    return _with(policies={name: entry}, policy_aliases=aliases)


def _author(text: str | bytes) -> bytes:
    return _raw(
        '"version"', b'"author": "' + (text.encode() if isinstance(text, str) else text) + b'", "version"'
    )


_ONE = lists.ONE_HOST
_DEEP = json.loads('{"a":' * 16 + "{}" + "}" * 16)

GOOD = {
    "spread over lines": json.dumps(_WHOLE, indent=2).encode() + b"\n",
    "with CRLF and tabs": json.dumps(_WHOLE, indent="\t").replace("\n", "\r\n").encode(),
    "with no space": json.dumps(_WHOLE, separators=(",", ":")).encode(),
    "space around": b" \t\r\n" + LIST + b" \t\r\n",
    "fields in another order": json.dumps(dict(reversed(_WHOLE.items()))).encode(),
    "no entry": _with(policies={}),
    "an author": _with(author="The maintainers"),
    "an author with quotes and a backslash": _with(author='The "maintainers" \\'),
    "an author in UTF-8": _author("Günther ☃ 🐈"),
    "an author in escapes": _with(author="Günther ☃ 🐈"),
    "an author who looks like a list": _with(author='"},"expires":"2040-01-01T00:00:00Z",{["'),
    "an author who ends with a backslash": _with(author="\\"),
    "aliases": _entry({"policy-alias": "mine"}, mine=_ONE),
    "a suffix": _entry({"mode": "enforce", "mxs": [".example.com", "mx.example.com"]}),
    "C11 seconds": _date("timestamp", str(int(SIGNED.timestamp()))),
    "C11 seconds with a point": _date("timestamp", f"{int(SIGNED.timestamp())}.0"),
    "C11 seconds with an exponent": _date("timestamp", "1.7935326e9"),
    "C11 the last second": _date("expires", str(2**53)),
    "C11 small letters": _date("expires", '"2026-11-15t00:00:00z"'),
    "C11 a fraction of 123 digits": _date("expires", f'"2026-11-15T00:00:00.{"1234567890" * 12}123Z"'),
    "C11 the widest offset": _date("expires", '"2026-11-15T00:00:00+14:00"'),
    "C11 the widest offset west": _date("expires", '"2026-11-15T00:00:00-14:00"'),
    "C11 minus zero": _date("expires", '"2026-11-15T00:00:00-00:00"'),
    "C11 leap day": _date("expires", '"2028-02-29T23:59:59Z"'),
    "C11 leap day of a century": _date("expires", '"2400-02-29T00:00:00Z"'),
    "C11 the last year": _date("expires", '"9999-12-31T23:59:59Z"'),
    "R7 2038 is over": _date("expires", '"2040-01-01T00:00:00Z"'),
    "timestamp of 1970": _date("timestamp", "0"),
    "timestamp before 1970": _date("timestamp", '"1965-07-31T12:34:56.5-09:30"'),
    "timestamp of year 1": _date("timestamp", '"0001-01-02T00:00:00+14:00"'),
    "a day ahead of the clock": dated(lists.NOW + timedelta(hours=24)),
    "a nanosecond is left": dated(SIGNED, expires=lists.NOW).replace(b":00:00Z", b":00:00.000000001Z"),
    "a second is left": dated(SIGNED, expires=lists.NOW + timedelta(seconds=1)),
    "in force for a nanosecond": _date("timestamp", '"2026-11-01T12:00:00.0000000Z"').replace(
        b"2026-11-15T00:00:00Z", b"2026-11-01T12:00:00.000000001Z"
    ),
}
"""Accepted at a cold start; a few are older than what a warm start has."""

INVALID = {
    "empty": b"",
    "no JSON": b"hello",
    "HTML": b"<!DOCTYPE html><title>Sign in</title>",
    "T18 a letter": b"Dear all,\n\nthe list is late.\n",
    "an empty object": b"{}",
    "an array": b"[" + LIST + b"]",
    "a string": b'"list"',
    "a number": b"1",
    "cut off": LIST[:-1],
    "cut off in a string": LIST[:50],
    "cut off at a quote": LIST[: LIST.rindex(b'"') + 1],
    "something behind it": LIST + b"x",
    "a list behind it": LIST + LIST,
    "a comma behind it": LIST + b",",
    "a brace too many": LIST + b"}",
    "a comma before the end": LIST[:-1] + b",}",
    "two commas": _raw(", ", ",, "),
    "no comma": _raw(", ", " "),
    "no colon": _raw(": ", " "),
    "two colons": _raw(": ", ":: "),
    "a bracket for a brace": LIST[:-1] + b"]",
    "single quotes": LIST.replace(b'"', b"'"),
    "a key without quotes": _raw('"version"', "version"),
    "a number as key": _raw('"version"', "1"),
    "two values": _raw('"0.1"', '"0.1" "0.1"'),
    "two words": _raw('"0.1"', "true false"),
    "a comment": _raw("{", "{/* list */"),
    "L4 BOM": b"\xef\xbb\xbf" + LIST,
    "L4 UTF-16": LIST.decode().encode("utf-16"),
    "L4 NaN": _date("timestamp", "NaN"),
    "L4 an octal number": _date("timestamp", "01793532600"),
    "L4 a number with a plus": _date("timestamp", "+1793532600"),
    "L4 a number that ends with a point": _date("timestamp", "1793532600."),
    "L4 NUL": _author("a\0b"),
    "L4 NUL behind it": LIST + b"\0",
    "L4 form feed": b"\f" + LIST,
    "L4 a line feed in a string": _author("a\nb"),
    "L4 a tab in a string": _author("a\tb"),
    "L4 a carriage return in a string": _author("a\rb"),
    "L4 DEL in a string": _author("a\x7fb"),
    "L4 an escaped line feed": _author("a\\nb"),
    "L4 an escaped NUL": _author("a\\u0000b"),
    "L4 an escaped C1 control": _author("a\\u009bb"),
    "L4 half of a surrogate pair": _author("\\ud83d"),
    "L4 the other half": _author("\\ude00\\ud83d"),
    "L4 an unknown escape": _author("\\x41"),
    "L4 a short escape": _author("\\u041"),
    "L4 17 deep": _with(policies=_DEEP),
    "L2 timestamp twice": _raw("{", f'{{"timestamp": "{_STAMP}", '),
    "L2 expires twice": LIST[:-1] + b', "expires": "2040-01-01T00:00:00Z"}',
    "L2 expires twice, escaped": LIST[:-1] + b', "expire\\u0073": "2040-01-01T00:00:00Z"}',
    "L2 policies twice": LIST[:-1] + b', "policies": {}}',
    "an unknown field": _with(comment="x"),
    "an unknown field that is empty": _raw("{", '{"": 1, '),
    "no timestamp": _without("timestamp"),
    "no expires": _without("expires"),
    "no version": _without("version"),
    "no policies": _without("policies"),
    "no aliases": _without("policy-aliases"),
    "C13 another version": _with(version="0.2"),
    "C13 version as a number": _with(version=0.1),
    "C13 a longer version": _with(version="0.10"),
    "version null": _with(version=None),
    "author null": _with(author=None),
    "policies as a list": _with(policies=[_ONE]),
    "policies as text": _with(policies="{"),
    "policies null": _with(policies=None),
    "aliases as a list": _with(policy_aliases=[]),
    "L1 a line feed in a domain": _entry(_ONE, "evil.com\n"),
    "L1 rows in a domain": _entry(_ONE, "evil.com\nvictim.example none\nx.com"),
    "L1 a space in a domain": _entry(_ONE, "evil com"),
    "L1 attributes in a pattern": _entry({"mode": "enforce", "mxs": ["mx.a.com tafile=/tmp/evil.pem"]}),
    "L1 a colon in a pattern": _entry({"mode": "enforce", "mxs": ["mx.a.com:.com:hostname"]}),
    "L1 a quote in a domain": _entry(_ONE, 'evil".com'),
    "L1 an empty domain": _entry(_ONE, ""),
    "L8 a domain that is not ASCII": _entry(_ONE, "bücher.example"),
    "L3 the Kelvin sign": _entry(_ONE, "\u212a.example"),
    "dates in the wrong order": _date("expires", f'"{stamp(SIGNED - timedelta(seconds=1))}"'),
    "C12 expires at its own date": _date("expires", f'"{_STAMP}"'),
    "expires a nanosecond before its own date": _date(
        "timestamp", '"2026-11-01T12:00:00.000000002Z"'
    ).replace(b"2026-11-15T00:00:00Z", b"2026-11-01T12:00:00.000000001Z"),
}
INVALID |= {
    f"C11 expires {name}": _date("expires", text)
    for name, text in {
        "without a zone": '"2026-11-15T00:00:00"',
        "with ZZZZ": '"2026-11-15T00:00:00ZZZZ"',
        "with +0000": '"2026-11-15T00:00:00+0000"',
        "with a space": '"2026-11-15 00:00:00Z"',
        "with a line feed": '"2026-11-15T00:00:00Z\\n"',
        "with a line before": '"x\\n2026-11-15T00:00:00Z"',
        "at second 60": '"2026-12-31T23:59:60Z"',
        "at minute 60": '"2026-11-15T00:60:00Z"',
        "at hour 24": '"2026-11-15T24:00:00Z"',
        "on day 0": '"2026-11-00T00:00:00Z"',
        "in month 0": '"2026-00-15T00:00:00Z"',
        "in month 13": '"2026-13-15T00:00:00Z"',
        "on 31 November": '"2026-11-31T00:00:00Z"',
        "on 30 February": '"2028-02-30T00:00:00Z"',
        "on no leap day": '"2027-02-29T00:00:00Z"',
        "on no leap day of a century": '"2100-02-29T00:00:00Z"',
        "in year 0": '"0000-11-15T00:00:00Z"',
        "in year 10000": '"10000-11-15T00:00:00Z"',
        "with an offset too far": '"2026-11-15T00:00:00+14:01"',
        "with an offset of 60 minutes": '"2026-11-15T00:00:00+13:60"',
        "with a point alone": '"2026-11-15T00:00:00.Z"',
        "with a comma": '"2026-11-15T00:00:00,5Z"',
        "in Arabic digits": '"٢٠٢٦-11-15T00:00:00Z"',
        "in digits as text": '"1794700800"',
        "as words": '"tomorrow"',
        "empty": '""',
        "true": "true",
        "null": "null",
        "in an array": '["2026-11-15T00:00:00Z"]',
        "before 1970 in seconds": "-1",
        "in half a second": "1794700800.5",
        "after 2^53": str(2**53 + 1),
        "in 10^30": "1" + "0" * 30,
        "in 10^30, short": "1e30",
    }.items()
}

UNSEEN = {
    "an entry without mode": _entry({"mxs": ["mx.example.com"]}),
    "L9 mode none": _entry({"mode": "none", "mxs": ["mx.example.com"]}),
    "L9 no pattern": _entry({"mode": "enforce", "mxs": []}),
    "B4 text for patterns": _entry({"mode": "enforce", "mxs": "mx.example.com"}),
    "an unknown field in an entry": _entry(_ONE | {"comment": "x"}),
    "an entry that is text": _entry("enforce"),
    "a pattern twice": _entry({"mode": "enforce", "mxs": ["mx.example.com", "mx.example.com"]}),
    "L2 a domain twice": _raw(
        '"example.com": {', '"example.com": {"mode": "enforce", "mxs": ["a.b"]}, "example.com": {'
    ),
    "L3 a domain twice but for case": _with(policies={"example.com": _ONE, "Example.com": _ONE}),
    "L9 an alias that is not there": _entry({"policy-alias": "mine"}),
    "L9 an alias of an alias": _entry({"policy-alias": "a"}, a={"policy-alias": "b"}, b=_ONE),
    "L4 no UTF-8": _author(b"a\xffb"),
    "L4 a C1 control in UTF-8": _author("a\u009bb"),
}
"""Invalid in what the script does not look at: see differences.py."""

ESCAPED = {
    "an escape in a field": _raw('"version"', '"versio\\u006e"'),
    "an escape in the version": _raw('"0.1"', '"0\\u002e1"'),
    "an escape in a date": _date("expires", '"2026-11-15T00:00:00\\u005a"'),
    "an escape in a domain": _raw('"example.com"', '"example\\u002ecom"'),
}
"""Sound, in a spelling that nobody uses and the script does not read: see differences.py."""


def _offer(data: bytes) -> Change:
    return lambda world: world.offer(data)


def _cases(lists: dict[str, bytes], reason: str) -> dict[str, Case]:
    return {name: Case(_offer(data), reason) for name, data in lists.items()}


_OLDER = ("timestamp of 1970", "timestamp before 1970", "timestamp of year 1")

LISTS: dict[str, Case] = {
    **_cases(GOOD, "installed"),
    **_cases(INVALID | UNSEEN, "invalid"),
    **_cases(ESCAPED, "installed"),
}
_ONE_EACH = enumerate([*GOOD, *INVALID, *ESCAPED])
LISTS |= {
    name: LISTS[name].only((COLD, WARM)[at % 2]) for at, name in _ONE_EACH
}  # reading is done in one place
LISTS |= {name: LISTS[name].only(COLD) for name in _OLDER}
LISTS |= {name: replace(LISTS[name], said=1) for name in ("a nanosecond is left", "a second is left")}
