"""Domain results, for people and for programs, and what many of them come to."""

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from stpolicy.model.names import to_unicode
from stpolicy.model.result import Result
from stpolicy.model.verdict import Status, rank
from stpolicy.output.escape import json_text, shown

LONGEST_LINE = 1024 * 1024
"""Bytes of a line of ndjson; `render --facts` reads none that is longer."""

_COLOUR = {"error": "31", "warning": "33", "note": "36"}
_WIDEST = 48
"""Columns of a name; a longer one pushes the rest of its line."""


def text(results: Iterable[Result], *, colour: bool = False) -> str:
    """A block a domain, worst first: its name and status, then its findings, each with its mend below."""
    worst_first = sorted(results, key=lambda found: (-rank(Status(found["status"])), found["domain"]))
    names = _widest(_name(found) for found in worst_first)
    return "".join(block(found, names, colour=colour) for found in worst_first)


def block(result: Result, names: int = 0, *, colour: bool = False) -> str:
    """One domain; `names` is the width of the column of names."""
    status = Status(result["status"])
    said = _painted(_words(status), _severity(status), colour=colour)
    lines = [f"{_padded(_name(result), names)}  {said}"]
    findings = result["findings"]
    places = _widest(_place(result, finding) for finding in findings)
    for finding in findings:
        severity = _painted(f"{finding['severity']:<7}", finding["severity"], colour=colour)
        place = _padded(_place(result, finding), places)
        lines.append(f"  {severity}  {place}  {shown(finding['message'])} [{finding['code']}]")
        if finding["mend"]:
            lines.append(f"  {'':7}  {'':{places}}  -> {shown(finding['mend'])}")
    lines += _narrowest(result)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _narrowest(result: Result) -> Iterator[str]:
    """The narrowest entry that passes, where patterns were tried; what else is wrong, no entry mends."""
    found = result["extra_results"].get("narrowest")
    if found and found["mxs"]:
        passes = found["status"] in (Status.SUCCESS, Status.WARNING)
        yield f"  the narrowest entry that {'passes' if passes else 'could, once the rest is mended'}:"
        listed = result["extra_results"]["policylist"]["status"] == Status.SUCCESS
        patterns = " ".join(f"--mx {shown(pattern)}" for pattern in found["mxs"])
        yield f"    stpolicy {'set' if listed else 'add'} {shown(result['domain'])} {patterns}"


def as_json(results: Iterable[Result]) -> str:
    """One object, keyed by domain."""
    return _disarmed(json_text({found["domain"]: found for found in results}))


def line(result: Result) -> str:
    """A line of ndjson, plain ASCII. What was seen of the addresses is left out where it has no end."""
    written = _line(result)
    if len(written) <= LONGEST_LINE:
        return written
    hosts: Mapping[str, Result] = result["results"]
    bare = {name: {**host, "addresses": {}} for name, host in hosts.items()}
    return _line({**result, "results": bare})


def _line(value: Result) -> str:
    return _disarmed(json.dumps(value, separators=(",", ":"))) + "\n"


def _disarmed(written: str) -> str:
    """The same JSON, without what CI systems take for a command anywhere in a line."""
    return written.replace("##", "#\\u0023")


def traits(result: Result) -> Iterator[str]:
    """What a domain counts as in the totals; one of them is the text of its status."""
    yield "domains"
    yield Status(result["status"]).text
    hosts = result["results"].values()
    met = [host["checks"] for host in hosts if "starttls" in host["checks"]]
    if met:
        yield "reached"
    for check, trait in (("starttls", "without_starttls"), ("certificate", "without_valid_certificate")):
        if any(checks.get(check, {}).get("status") == Status.FAILURE for checks in met):
            yield trait
    mta_sts = result["mta_sts"] or {}
    if mta_sts.get("status") in (Status.SUCCESS, Status.WARNING) and mta_sts["mode"] in (
        "enforce",
        "testing",
    ):
        yield "mta_sts"
    dane = result["extra_results"]["dane"] or {}
    if dane.get("usable"):
        yield "dane"


def totals_json(counts: Mapping[str, int]) -> str:
    """How many domains have each trait, counted as they came, for programs."""
    wanted = ("domains", "reached", *(trait for _, trait, _ in _SHARES))
    document: dict[str, object] = {trait: counts.get(trait, 0) for trait in wanted}
    return json_text(document | {"statuses": {status.text: counts.get(status.text, 0) for status in Status}})


_SHARES = (
    ("  without STARTTLS", "without_starttls", "reached"),
    ("  without a valid certificate", "without_valid_certificate", "reached"),
    ("with MTA-STS", "mta_sts", "domains"),
    ("with DANE", "dane", "domains"),
)
"""Label, trait, and of what it is the share."""


def totals(counts: Mapping[str, int]) -> str:
    """The same for people: how many came to what, and the shares that say how far TLS has come."""
    ranked = sorted(Status, key=rank, reverse=True)
    found = [status for status in ranked if counts.get(status.text)]
    rows = [("domains", str(counts.get("domains", 0)))]
    rows += [(f"  {_words(status)}", str(counts[status.text])) for status in found]
    rows.append(("reached", str(counts.get("reached", 0))))
    rows += [(label, _share(counts.get(part, 0), counts.get(whole, 0))) for label, part, whole in _SHARES]
    width = max(len(label) for label, _ in rows)
    return "".join(f"{label:<{width}}  {value}\n" for label, value in rows)


def _share(part: int, whole: int) -> str:
    return f"{part} ({100 * part / whole:.1f} %)" if whole else "0"


def _words(status: Status) -> str:
    return "could not look" if status is Status.ERROR else status.text


def _severity(status: Status) -> str:
    if status.failed:
        return "error"
    return "" if status is Status.SUCCESS else "warning"


def _painted(words: str, severity: str, *, colour: bool) -> str:
    return f"\033[{_COLOUR[severity]}m{words}\033[0m" if colour and severity else words


def _name(result: Result) -> str:
    name, written = result["domain"], to_unicode(result["domain"])
    return shown(name if name == written else f"{name} ({written})")


def _place(result: Result, finding: Result) -> str:
    """Where, unless it is the domain itself, which stands above."""
    where = finding["where"] or ""
    return "" if where == result["domain"] else shown(where)


def _padded(words: str, width: int) -> str:
    return words + " " * (width - _columns(words))


def _widest(words: Iterable[str]) -> int:
    return min(_WIDEST, max(map(_columns, words), default=0))


def _columns(words: str) -> int:
    """How many columns of a terminal a text takes (Unicode Standard Annex 11)."""
    if words.isascii():
        return len(words)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in words)
    return len(words) + wide - sum(unicodedata.combining(c) > 0 for c in words)
