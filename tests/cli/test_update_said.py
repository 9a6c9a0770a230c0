"""What `update` says, to people and to programs."""

import json
from datetime import timedelta

import pytest

from tests import lists
from tests.cli.following import Following, Maps
from tests.pairs import LATER, dated
from tests.personas import SIGNED, stamp
from tests.webserver import ok

LATE = SIGNED + timedelta(days=15)


def _told(following: Following, *more: object, **when: str) -> tuple[int, list[tuple[str, str]]]:
    """The exit code, and codes and severities of the findings, which are what the summary counts."""
    ran = following.update("--format", "json", *more, **when)
    told = json.loads(ran.out)
    found = [(finding["code"], finding["severity"]) for finding in told["findings"]]
    severities = [severity for _, severity in found]
    assert told["summary"] == {f"{kind}s": severities.count(kind) for kind in ("error", "warning", "note")}
    assert (ran.code == 1) is ("error" in severities)
    return ran.code, found


def test_nothing_to_find(following: Following) -> None:
    following.offer()
    assert _told(following) == (0, [])
    following.server.answers.clear()
    assert _told(following) == (3, [])


REFUSED = {
    "history.rolled_back": lambda f: f.offer(dated(SIGNED - timedelta(days=1)), at=SIGNED),
    "signature.unknown_signer": lambda f: f.offer(dated(LATER), f.people.mallory),
    "signature.malformed": lambda f: f.server.answers.update({"/policy.json.asc": ok(b"")}),
    "signature.bad": lambda f: f.server.answers.update({"/policy.json": ok(b"{}")}),
    "dates.expired": lambda f: f.offer(dated(LATER, SIGNED + timedelta(minutes=11)), at=LATER),
    "dates.future": lambda f: f.offer(dated(LATER + timedelta(days=9)), at=LATER),
    "document.syntax": lambda f: f.offer(b"no list", at=LATER),
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_was_refused_is_listed(code: str, following: Following) -> None:
    following.install()
    REFUSED[code](following)
    assert _told(following) == (1, [(code, "error")])


def test_too_large(following: Following) -> None:
    following.install()
    following.offer(dated(LATER), at=LATER)
    assert _told(following, "--max-size", "10") == (1, [("document.too_large", "error")])


def test_what_another_mirror_makes_good_is_a_warning(following: Following) -> None:
    following.offer()
    forged = ("/forged/policy.json", "/forged/policy.json.asc")
    following.server.answers |= {forged[0]: following.server.answers["/policy.json"], forged[1]: ok(b"")}
    there = following.update
    ran = there("--format", "json", "--url", following.server.url, url=f"{following.server.url}/forged")
    told = json.loads(ran.out)
    assert (ran.code, told["summary"]["errors"], told["summary"]["warnings"]) == (0, 0, 1)
    assert [finding["file"] for finding in told["findings"]] == [f"{following.server.url}/forged/policy.json"]


def test_an_installed_list_that_ran_out_is_listed(following: Following) -> None:
    following.install()
    assert _told(following, now=stamp(LATE)) == (1, [("dates.expired", "error")])
    following.server.answers.clear()
    assert _told(following, now=stamp(LATE)) == (1, [("dates.expired", "error")])


def test_a_run_that_never_began_has_the_same_form(following: Following) -> None:
    assert json.loads(following.update("--signer", "0123", "--format", "json").out)["findings"] == []


@pytest.mark.parametrize("gone", [False, True])
def test_t9_that_a_list_ran_out_is_said_once(gone: bool, maps: Maps) -> None:
    maps.following.install()
    if gone:
        maps.following.server.answers.clear()
    for _ in range(2):
        ran = maps.update(now=stamp(LATE))
        assert (ran.code, ran.err.count(lists.EXPIRES)) == (1, 1)


def test_t14_a_limit_below_the_installed_list_loses_nothing(following: Following) -> None:
    following.install()
    ran = following.update("--format", "json", "--max-size", "10")
    assert json.loads(ran.out)["list"]["sha256"] == following.state["list"]["sha256"]
    following.offer(dated(LATER), at=LATER)
    ran = following.update("--format", "json", "--max-size", "10")
    told = json.loads(ran.out)
    assert (ran.code, told["reason"], told["list"] is not None) == (1, "too_large", True)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:secret@127.0.0.1:9/",
        "https://secret@127.0.0.1:9",
        "https:/user:secret@127.0.0.1",
        "user:secret@127.0.0.1",
        "http://user:secret@127.0.0.1:9/x",
        "https://user:sec ret@127.0.0.1/",
    ],
)
def test_a_password_in_a_url_is_misuse_and_is_not_told_on(url: str, following: Following) -> None:
    following.install()
    ran = following.update("--format", "json", url=url)
    assert (ran.code, following.state["reason"]) == (2, "configuration")
    texts = ran.out + ran.err + (following.folder / "state.json").read_text()
    assert "ret@" not in texts
    assert "user:" not in texts


def test_a_redirect_to_a_url_with_a_password_is_not_told_on(following: Following) -> None:
    following.install()
    leads = b"HTTP/1.1 302 Found\r\nLocation: https://user:secret@127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    following.server.answers["/policy.json"] = leads
    ran = following.update("--verbose")
    assert (ran.code, "secret" in ran.err) == (3, False)


def test_an_at_sign_in_a_path_is_no_password(following: Following) -> None:
    following.offer()
    for name in ("", ".asc"):
        answers = following.server.answers
        answers[f"/gh/list@v1/policy.json{name}"] = answers[f"/policy.json{name}"]
    assert following.update(url=f"{following.server.url}/gh/list@v1").code == 0
