"""render: a list as rows for Postfix, from a path or from what is installed."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.following import Following
from tests.needs import needs
from tests.pairs import dated
from tests.personas import SIGNED, stamp
from tests.postfix_room import postfix_room
from tests.program import NOW, Program, Ran

ENFORCE = {"mode": "enforce", "mxs": ["mx.a.com"]}
ROW = "a.com secure match=mx.a.com servername=hostname protocols=>=TLSv1.2\n"


def _list(**policies: Any) -> None:
    Path("policy.json").write_bytes(dated(SIGNED, policies=policies or {"a.com": ENFORCE}))


@pytest.fixture
def render(program: Program) -> Any:
    def run(*more: object, version: str = "3.7.11", now: str = NOW) -> Ran:
        options = ["--mta-version", version] if version else []
        return program("render", "postfix", "policy.json", *options, "--now", now, *more)

    return run


def test_a_path_is_not_verified_and_that_is_said(render: Any) -> None:
    _list()
    ran = render()
    assert (ran.code, ran.out.endswith(ROW)) == (0, True)
    assert "signature of policy.json was not looked at" in ran.err
    assert "1 enforced, 0 in testing" in ran.err
    assert render("-q").err == ""


def test_into_a_file(render: Any) -> None:
    _list()
    assert render("--output", "map").out == ""
    assert Path("map").read_text().endswith(ROW)
    assert render("--output", "policy.json").code == 2


def test_what_is_installed_is_verified(following: Following) -> None:
    following.install(dated(SIGNED, policies={"a.com": ENFORCE}))
    options = [*following.believing, "--dir", following.folder, "--now", NOW, "--mta-version", "3.7"]
    ran = following.program("render", "postfix", *options)
    assert (ran.code, ran.out.endswith(ROW), "not looked at" in ran.err) == (0, True, False)
    (following.folder / "current" / "policy.json.asc").write_bytes(b"x")
    ran = following.program("render", "postfix", *options)
    assert (ran.code, ran.out) == (1, "")
    assert following.program("render", "postfix", *options[2:]).code == 2


def test_a_list_that_has_run_out(render: Any) -> None:
    _list()
    ran = render(now=stamp(SIGNED + timedelta(days=15)))
    assert (ran.code, "secure" in ran.out, "NOT IN FORCE" in ran.out) == (1, False, True)
    assert "not in force" in ran.err


def test_no_active_row(render: Any) -> None:
    _list(**{"a.com": {"mode": "testing", "mxs": ["mx.a.com"]}})
    ran = render("-q")
    assert (ran.code, "no active row" in ran.err) == (0, True)


def test_what_is_refused_is_named(render: Any) -> None:
    wide = {"mode": "enforce", "mxs": [".co.uk"]}
    _list(**{f"n{number}.com": wide for number in range(12)}, **{"a.com": ENFORCE})
    ran = render("-q")
    assert ran.code == 0
    assert ran.err.count("public suffix") == 10
    assert "2 more domains have no row" in ran.err


def test_an_overlay_that_is_overdue(render: Any) -> None:
    _list()
    Path("o.json").write_text(json.dumps({"exclude": {"a.com": {"until": "2020-01-01"}}}))
    ran = render("--overlay", "o.json", "-q")
    assert (ran.code, ran.out.endswith(ROW)) == (0, True)
    assert "o.json: what it says of a.com was to end 2020-01-01" in ran.err


@pytest.mark.parametrize("version", ["3", "3.x", "3.7.11.2", "", "x", "3.7.1²"])
def test_versions_that_are_none(render: Any, version: str) -> None:
    _list()
    assert render(f"--mta-version={version}", version="").code == 2


@pytest.mark.parametrize("version", ["3.7", "3.7.11", "3.11-20260101"])
def test_versions(render: Any, version: str) -> None:
    _list()
    assert render(version=version).out.endswith(ROW)


def test_without_postfix_rows_are_for_the_oldest(render: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _list()
    monkeypatch.setattr("stpolicy.mta._program._path", lambda: os.devnull)
    ran = render(version="")
    assert ran.code == 0
    assert "for the oldest Postfix" in ran.err
    assert "servername" not in ran.out
    assert render("--match", "mx", version="").code == 2
    assert "mx_host_pattern=mx.a.com" in render("--match", "mx", version="3.11.0").out


@pytest.mark.parametrize(("override", "code"), [("smtp_tlsrpt_enable=yes", 2), ("smtp_tlsrpt_enable=no", 0)])
def test_one_service_that_sends_reports_is_enough(
    override: str, code: int, render: Any, tmp_path: Path
) -> None:
    """Though main.cf does not turn them on."""
    server = postfix_room(tmp_path)
    server.master(f"own unix - - y - - smtp -o {override}")
    _list()
    options = ["--match", "mx", "--postfix-config", server.etc]
    assert render(*options, version="3.11.0").code == code


def test_the_version_of_the_postfix_that_is_here(render: Any) -> None:
    needs("postconf", "postfix")
    _list()
    assert "of Postfix 3." in render(version="").out


@pytest.mark.parametrize("option", ["--facts", "--overlay", "--template"])
def test_files_that_are_not_there(render: Any, option: str) -> None:
    _list()
    ran = render(option, "nowhere")
    assert (ran.code, "nowhere" in ran.err) == (2, True)


def test_facts_and_settings(program: Program, room: Path) -> None:
    _list(**{"a.com": {"mode": "enforce", "mxs": [".a.com"]}})
    result = {"domain": "a.com", "results": {"mx7.a.com": {}}}
    (room / "facts.ndjson").write_text(json.dumps(result) + "\n")
    (room / "own.toml").write_text(
        '[render]\nmta-version = "3.7"\nsuffixes = "exact"\nfacts = "facts.ndjson"\noverlay = "o.json"\n'
    )
    (room / "o.json").write_text(json.dumps({"policies": {"b.com": ENFORCE}}))
    ran = program("render", "postfix", "policy.json", "--config", "own.toml", "--now", NOW)
    rows = [line.split(" ")[2] for line in ran.out.splitlines() if not line.startswith("#")]
    assert (ran.code, rows) == (0, ["match=mx.a.com", "match=mx7.a.com"])


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("fatal: open /etc/postfix/main.cf: Permission denied", 3),
        ("fatal: open /etc/postfix/main.cf: Input/output error", 3),
        ("fatal: open /etc/postfix/main.cf: No such file or directory", 0),
        (None, 0),
    ],
)
def test_match_mx_is_refused_where_nobody_can_say_whether_reports_are_sent(
    said: str | None, code: int, render: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A main.cf that may not be read may turn them on; without one, or without Postfix, nothing does."""
    _list()
    folder = tmp_path / "bin"
    folder.mkdir()
    if said:
        (folder / "postconf").write_text(f"#!/bin/sh\necho 'postconf: {said}' >&2\nexit 1\n")
        (folder / "postconf").chmod(0o755)
    monkeypatch.setattr("stpolicy.mta._program._path", lambda: str(folder))
    ran = render("--match", "mx", version="3.10.5")
    assert (ran.code, "policy_type=sts" in ran.out) == (code, code == 0)
