"""What a page says of a result: every finding there is, in words, and none of it able to act."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from stpolicy import rules
from stpolicy.model.observation import StsObservation
from stpolicy.model.result import scan as scan_object
from stpolicy.model.scanned import Scan, State
from stpolicy.web.page import environment, prose
from stpolicy.web.static import addresses
from stpolicy.web.told import Mood, Told, told
from tests.observations import DOMAIN, GOOD, NO_DATA, NOW, judged
from tests.rules.server_cases import CASES, WELL

JARGON = re.compile(r"\b(MX|SMTP|TLS|TXT|EHLO|TLSA|STARTTLS|DNSSEC|RFC|DNS|A-label)\b")
HOSTILE = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>'",
    "</pre></details><h1>all is well</h1>",
    "\x1b[2J\x1b]0;title\x07::set-env name=x::y",
    "\u202egro.live\u2066\u200f\u2028\x85",
    "{{ 7 * 7 }}{% raw %}&lt;b&gt;",
    "`code`` `</code><b>",
    "javascript:alert(1)",
)


def of(result: dict[str, Any]) -> Told:
    text = json.dumps(scan_object(result))
    done = Scan("Zr3v0q4kT1m2n3o4p5q6r7", DOMAIN, State.DONE, NOW, status=result["status"], result=text)
    return told(done, None, NOW)


def page(said: Told) -> str:
    wanted = environment().get_template("result.html.j2")
    return wanted.render(result=said, fresh=("10 minutes", "a minute"), notice="", static=addresses())


class Elements(HTMLParser):
    """The elements of a page with the names of their attributes; whether each is closed."""

    VOID = frozenset({"meta", "link", "img", "input", "br", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, ...]] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, *(name for name, _ in attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", [*WELL, *CASES])
def test_every_finding_stands_once_on_a_whole_page(name: str) -> None:
    result = judged((WELL | {key: observed for key, (_, observed) in CASES.items()})[name]).result
    said = of(result)
    shown = [
        *said.findings,
        *(one for host in said.hosts for one in host.findings),
        *(one for each in said.protections for one in each.findings),
    ]
    assert sorted(one.code for one in shown) == sorted(one["code"] for one in result["findings"])
    for one in shown:
        assert one.rule
        assert one.rule.code == one.code
        assert one.mend or one.command or one.code == "mx.unreachable"
        assert "--" not in one.mend  # options of the command line are nothing to a visitor
    Elements(page(said))


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_is_for_who_does_not_know_the_words(name: str) -> None:
    verdict = of(judged(CASES[name][1]).result).verdict
    plain = re.sub(r"\([^)]*\)", "", f"{verdict.sentence} {verdict.meaning}")
    assert not JARGON.search(plain), plain
    assert verdict.sentence.endswith((".", "?"))


@pytest.mark.parametrize("name", CASES)
def test_the_mood_is_that_of_the_status(name: str) -> None:
    status, observed = CASES[name]
    moods = {0: Mood.GOOD, 1: Mood.WARNING, 3: Mood.UNKNOWN}
    assert of(judged(observed).result).verdict.mood is moods.get(status, Mood.BAD)


def test_every_code_that_decides_has_words_of_its_own() -> None:
    """But for those that the status says enough of."""
    said = {}
    for name, (status, observed) in CASES.items():
        if status not in (0, 1):
            said[name.partition("/")[0]] = of(judged(observed).result).verdict.sentence
    plain = {code for code, sentence in said.items() if sentence.startswith("Something is wrong")}
    assert plain <= {"smtp.oversized_reply"}
    assert len(set(said.values())) >= 15


def test_nothing_that_insists_is_said_so() -> None:
    said = of(judged(GOOD).result)
    assert "by DANE and MTA-STS" in said.verdict.more[-1]
    bare = judged(CASES["mta_sts.absent"][1]).result
    bare["extra_results"]["dane"]["usable"] = False
    assert "could still switch the encryption off" in of(bare).verdict.more[-1]


@pytest.mark.parametrize("code", ["mx.nxdomain", "mx.no_data", "mx.null"])
def test_a_domain_that_takes_no_mail_publishes_nothing_that_is_broken(code: str) -> None:
    """No rule speaks of what it publishes, so there is no code that says so."""
    observed = CASES[code][1]
    bare = replace(observed, seen=replace(observed.seen, mta_sts=StsObservation(NO_DATA)))
    result = judged(bare).result
    assert not [one for one in result["findings"] if one["code"].startswith("mta_sts.")]
    (sts,) = [one for one in of(result).protections if one.name == "MTA-STS"]
    assert (sts.mood, sts.word) == (Mood.NOTE, "none")


@pytest.mark.parametrize("code", ["mta_sts.invalid", "mta_sts.unreachable"])
def test_a_policy_that_senders_do_not_take_is_said_not_to_work(code: str) -> None:
    for name in (one for one in CASES if one.partition("/")[0] == code):
        (sts,) = [one for one in of(judged(CASES[name][1]).result).protections if one.name == "MTA-STS"]
        assert (sts.mood, sts.word) in ((Mood.WARNING, "does not work"), (Mood.UNKNOWN, "not known")), name
        assert not sts.insists


def test_a_check_asks_so_that_no_answer_contradicts_it() -> None:
    """A sentence that all is well would stand beside "failed"."""
    for name in CASES:
        for host in of(judged(CASES[name][1]).result).hosts:
            assert all(check.asks.endswith("?") for check in host.checks)


def test_what_could_not_be_looked_at_is_no_failure_of_the_domain() -> None:
    for code in rules.INCONCLUSIVE:
        said = of(judged(CASES[code][1]).result)
        assert said.verdict.mood is Mood.UNKNOWN
        everything = [*said.findings, *(one for host in said.hosts for one in host.findings)]
        assert {one.word for one in everything if one.code == code} == {"could not look"}


def replaced(value: Any, payload: str) -> Any:
    """The same shape, in which each text that others may have written is another one."""
    keep = {"domain", "timestamp", "severity", "code", "status_text", "step", "fault", "mode"}
    match value:
        case dict():
            return {
                key: inner if key in keep and isinstance(inner, str) else replaced(inner, payload)
                for key, inner in value.items()
            }
        case list():
            return [replaced(inner, payload) for inner in value]
        case str():
            return payload
    return value


def renamed(result: dict[str, Any], payload: str) -> dict[str, Any]:
    """With a mail server and an address of this name too."""
    (host, server), *rest = result["results"].items()
    address = next(iter(server["addresses"]))
    server["addresses"] = {payload: server["addresses"][address]}
    return {**result, "results": {payload: server, **dict(rest)}, "domain": host and result["domain"]}


def hostile(payload: str) -> Iterator[str]:
    for name in ("certificate.untrusted", "smtp.not_smtp", "mta_sts.invalid", "mx.unlisted"):
        (key,) = [one for one in CASES if one.partition("/")[0] == name][:1]
        yield page(of(renamed(replaced(judged(CASES[key][1]).result, payload), payload)))


def elements(text: str) -> list[tuple[str, ...]]:
    """Without what backticks in a sentence make."""
    return [one for one in Elements(text).found if one != ("code",)]


@pytest.mark.parametrize("payload", HOSTILE)
def test_texts_of_others_are_texts(payload: str) -> None:
    """H14: whatever stands in a banner, a name or a certificate, the page has the same elements."""
    for bad, good in zip(hostile(payload), hostile("harmless"), strict=True):
        assert elements(bad) == elements(good)
        assert [c for c in bad if not c.isprintable() and c != "\n"] == []


def test_code_in_a_sentence() -> None:
    assert prose("set `a<b` or `c`") == "set <code>a&lt;b</code> or <code>c</code>"
    assert prose("one ` alone <b>") == "one ` alone &lt;b&gt;"
