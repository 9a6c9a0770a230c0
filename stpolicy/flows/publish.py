"""publish: verify the pair as a server would -> compare with what is there -> one switch -> look live."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from stpolicy import fetch, openpgp, rules, store
from stpolicy.document.list import LARGEST, parse
from stpolicy.errors import StpolicyError
from stpolicy.fetch import KEYS, LIST
from stpolicy.flows.believe import Pins
from stpolicy.flows.validate import judged
from stpolicy.flows.verify import Verdict, verify
from stpolicy.model.dates import Instant
from stpolicy.model.file import File
from stpolicy.model.finding import Candidate, Finding, Report, Severity, Suffixes

SIGNATURE = f"{LIST}.asc"

_MERGE = "fetch what is published and merge it, then sign"
"""What to do about a newer list that is there already: dating the older one anew would take it back."""


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing came to; `version` is None when nothing was switched."""

    report: Report
    version: str | None = None


def publish(
    file: File,
    signature: File,
    who: Pins,
    folder: Path,
    *,
    now: datetime,
    suffixes: Suffixes,
    largest: int = LARGEST,
) -> Published:
    """Puts the pair and the public keys into a web root, unless it should not have been signed."""
    verdict = verify(file, signature, who, now=now, largest=largest)
    if not verdict.good or verdict.policies is None:
        return Published(verdict.report)
    document = parse(file.data, file.name, largest=largest)
    report = verdict.report + judged(document, rules.SIGN, Candidate(verdict.policies, now, suffixes))
    with _writing(folder), store.locked(folder):
        report += _against_what_is_there(folder, file, signature, verdict, who, now=now, largest=largest)
        if report.failed:
            return Published(report)
        label = str(verdict.policies.timestamp.instant).replace("-", "").replace(":", "")
        files = {
            LIST: file.data,
            SIGNATURE: signature.data,
            KEYS: openpgp.armoured(openpgp.PUBLIC_KEY, openpgp.only(who.ring, who.signers)),
        }
        return Published(report, store.publish(folder, label, files))


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Says what is in the way, and what to do about it, when a web root cannot be written."""
    versions = folder / store.VERSIONS
    if versions.exists() and not versions.is_dir():
        raise StpolicyError(f"{versions} is there and is no folder", "move it away, then publish again")
    try:
        yield
    except OSError as wrong:
        closed = wrong.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
        mend = f"let who runs this write to {folder}" if closed else ""
        raise StpolicyError(f"{wrong.filename or folder}: {wrong.strerror}", mend) from wrong


def look(source: fetch.Source, published: File | None, who: Pins, *, now: datetime) -> Verdict:
    """Fetches what is live and verifies it as a server would; older than `published` is a rollback."""
    found = fetch.pair(source)
    file, signature = File(source.url, found.data), File(f"{source.url}.asc", found.signature)
    return verify(file, signature, who, now=now, newer_than=published, largest=source.largest)


def _against_what_is_there(
    folder: Path, file: File, signature: File, verdict: Verdict, who: Pins, *, now: datetime, largest: int
) -> Report:
    """Whether the new pair is older than the one that is published; one that cannot be read is none."""
    there = store.read_if_there(folder / store.CURRENT / LIST, largest)
    if there is None:
        return Report()
    if parse(there, LIST, largest=largest).policies is None:
        return Report()
    name = str(folder / LIST)
    report = verify(file, signature, who, now=now, newer_than=File(name, there), largest=largest).report
    older = (replace(f, mend=_MERGE) if f.code == "history.rolled_back" else f for f in report.findings)
    report = Report.of(older)
    signed = _newest(store.read_if_there(folder / store.CURRENT / SIGNATURE, openpgp.LARGEST))
    if signed and verdict.signatures.newest < signed and not report.failed:
        message = f"the signature is older than the one that is published ({signed})"
        report += Report.of(
            [Finding("history.rolled_back", Severity.ERROR, message, None, signature.name, mend=_MERGE)]
        )
    return report


def _newest(armoured: bytes | None) -> Instant | None:
    try:
        made = [packet.made for packet in openpgp.signatures(armoured or b"") if packet.made]
    except openpgp.NotAsExpected:
        return None
    return max(made, default=None)
