"""What building and switching a table relies on: what postmap does with each type that is here."""

import os
from pathlib import Path
from subprocess import CompletedProcess

import idna
import pytest

from tests.lab.room import Lab, at, mx
from tests.needs import lacking, needs

PACKAGES = {"hash": "postfix", "btree": "postfix", "lmdb": "postfix-lmdb", "cdb": "postfix-cdb"}
SUFFIXES = {"hash": ".db", "btree": ".db", "lmdb": ".lmdb", "cdb": ".cdb"}


class Table:
    """One table of a type."""

    def __init__(self, lab: Lab, kind: str, text: Path) -> None:
        self.text, self.kind, self._lab = text, kind, lab
        self.name = f"{kind}:{text}"
        self.file = text.with_name(text.name + SUFFIXES.get(kind, ""))

    def build(self, content: str, *before: str) -> CompletedProcess[str]:
        self.text.write_text(content, "utf-8")
        return self._lab.run([*before, "postmap", self.name])

    def ask(self, key: str) -> str | None:
        """The value of a key, or none; `unreadable` if Postfix cannot tell."""
        done = self._lab.run(["postmap", "-q", key, self.name])
        if done.stderr:
            return "unreadable"
        assert done.returncode in {0, 1}
        return done.stdout.rstrip("\n") if done.returncode == 0 else None


@pytest.fixture(params=PACKAGES)
def table(request: pytest.FixtureRequest, lab: Lab, tmp_path: Path) -> Table:
    """An empty folder with a table to be built in it."""
    if request.param not in lab.run(["postconf", "-m"]).stdout.split():
        lacking(f"Postfix has no {request.param} tables: apt-get install {PACKAGES[request.param]}")
    return Table(lab, request.param, tmp_path / "policy")


def test_a_good_table_is_built_without_a_word(table: Table) -> None:
    done = table.build("a.net secure match=mx.a.net\nbücher.net may\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [table.ask(key) for key in ("a.net", "A.Net", "bücher.net", "BÜCHER.net", "b.net")] == [
        "secure match=mx.a.net",
        "secure match=mx.a.net",
        "may",
        "may",
        None,
    ]


def test_an_empty_table_is_a_table(table: Table) -> None:
    done = table.build("")
    assert (done.returncode, done.stderr) == (0, "")
    assert table.ask("a.net") is None


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("a.net first\na.net second\n", "duplicate"),
        ("a.net first\nA.NET second\n", "duplicate"),
        ("a.net first\nb.net\n", "format"),
    ],
)
def test_the_exit_code_of_a_faulty_table_is_0(table: Table, content: str, word: str) -> None:
    """Only standard error tells."""
    done = table.build(content)
    assert done.returncode == 0
    assert "warning" in done.stderr
    assert word in done.stderr
    assert table.ask("a.net") == "first"


def test_a_value_ends_at_nul_without_a_word(table: Table) -> None:
    done = table.build("a.net secure match=mx.a.net\0protocols=>=TLSv1.2\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert table.ask("a.net") == "secure match=mx.a.net"


def test_a_line_that_begins_with_space_belongs_to_the_row_above_a_comment(table: Table) -> None:
    done = table.build("a.net secure\n# a remark\n match=mx.a.net\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert table.ask("a.net") == "secure match=mx.a.net"


def test_what_an_ascii_control_character_or_a_quote_does(table: Table) -> None:
    """None of these ends a line but the line feed, so a check of whole lines sees what postmap sees."""
    done = table.build('a.net x\rb.net y\vc.net\n"d.net" z\n')
    assert (done.returncode, done.stderr) == (0, "")
    assert [table.ask(key) for key in ("a.net", "b.net", "c.net", "d.net")] == [
        "x\rb.net y\vc.net",
        None,
        None,
        None,
    ]


def test_the_longest_key(table: Table) -> None:
    """One row too long for lmdb, and nothing is built; in the other form a well-formed domain can be so."""
    table.build("a.net old\n")
    assert table.build(f"{'k' * 510} longest\n").returncode == 0
    assert table.ask("k" * 510) == "longest"
    domain = ".".join(["\u5b57" * 57] * 3 + ["net"])
    assert len(idna.encode(domain)) < 253
    done = table.build(f"a.net new\n{domain} longer\n")
    if table.kind == "lmdb":
        assert done.returncode == 1
        assert "MDB_BAD_VALSIZE" in done.stderr
        assert table.ask("a.net") is None
        assert table.ask("k" * 510) == "longest"
    else:
        assert (done.returncode, done.stderr, table.ask("a.net")) == (0, "", "new")


def test_killed_half_way_hash_leaves_no_policy_at_all(table: Table) -> None:
    """Fail open: so no table that is in use is ever built in place."""
    table.build("a.net old\n")
    strace = needs("strace", "strace")
    found = []
    for number in range(1, 40):
        table.build("a.net old\n")
        call = f"inject=write,pwrite64,fsync,fdatasync,rename:signal=KILL:when={number}"
        done = table.build("a.net new\n", strace, "-f", "-o", "/dev/null", "-e", call)
        if done.returncode == 0:
            break
        assert done.returncode in {-9, 137}, done.stderr  # killed, nothing else
        found.append(table.ask("a.net"))
    assert found
    harm: dict[str, str | None] = {"hash": None, "btree": "unreadable"}
    if table.kind in harm:
        assert harm[table.kind] in found
    else:
        assert set(found) <= {"old", "new"}


def test_a_table_that_is_renamed_into_place_is_seen_at_once(lab: Lab, table: Table) -> None:
    """Without a reload, and with the file's own time stamp the same."""
    fresh = Table(lab, table.kind, table.text.with_name("fresh"))
    for content in ("", f"{at('wrong')} secure match={mx('two')}\n", ""):
        assert fresh.build(content).stderr == ""
        os.utime(fresh.file, (1_000_000_000, 1_000_000_000))
        fresh.file.rename(table.file)
        if not content and table.name not in lab.run(["postconf", "-h", "smtp_tls_policy_maps"]).stdout:
            lab.main_cf(smtp_tls_policy_maps=table.name)
        assert lab.deliver(f"u@{at('wrong')}").status == ("deferred" if content else "sent")


def test_texthash_needs_a_reload(lab: Lab, tmp_path: Path) -> None:
    text = tmp_path / "policy"

    def write(content: str) -> None:
        text.write_text(content)
        os.utime(text, (1_000_000_000, 1_000_000_000))

    write("")
    lab.main_cf(smtp_tls_policy_maps=f"texthash:{text}")
    assert lab.deliver(f"u@{at('wrong')}").status == "sent"
    write(f"{at('wrong')} secure match={mx('two')}\n")
    assert lab.deliver(f"u@{at('wrong')}").status == "sent"
    lab.reload()
    assert lab.deliver(f"u@{at('wrong')}").status == "deferred"
