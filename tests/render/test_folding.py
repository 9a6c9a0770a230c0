"""Postfix folds keys in full, IDNA 2008 does not: which names that touches, and what becomes of them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import idna
import pytest

from stpolicy.errors import StpolicyError
from stpolicy.model.names import canonical
from stpolicy.model.table import INDEXED, Table
from stpolicy.mta import maps
from stpolicy.mta.postfix import Postfix
from tests.needs import needs
from tests.postfix_room import PostfixRoom, postfix_room
from tests.render.made import enforce, rendered

SHARP, FINAL = "straße.de", "ευρωπαίος.gr"
OTHER = {SHARP: "strasse.de", FINAL: "ευρωπαίοσ.gr"}
COMPOSED = "ΐΰǰẖẗẘẙὐὒὔὖᾶῆῒῖῗῢῤῦῧῶ"
"""All other letters of IDNA that folding changes: it takes them apart, and IDNA puts them together again."""


def _letters() -> Iterator[str]:
    """All that a label of IDNA 2008 may hold beside ASCII, in whatever company."""
    for kind in ("PVALID", "CONTEXTJ", "CONTEXTO"):
        for both in idna.idnadata.codepoint_classes[kind]:  # the first, and the one after the last
            yield from map(chr, range(max(both >> 32, 0x80), both & 0xFFFFFFFF))


@pytest.fixture
def server(tmp_path: Path) -> PostfixRoom:
    """A Postfix with a configuration that says little."""
    return postfix_room(tmp_path)


def _postmap(server: PostfixRoom, *arguments: str) -> str:
    command = [needs("postmap", "postfix"), "-c", str(server.etc), *arguments]
    return subprocess.run(command, capture_output=True, check=False).stdout.decode()


def _made(server: PostfixRoom, rows: list[str]) -> Table:
    """A table of these rows, as `update` makes it."""
    text = server.etc.parent / "map"
    text.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    table = Table("hash", str(text))
    maps.build(table, rows, Postfix(server.etc))
    assert Path(table.name + INDEXED["hash"]).is_file()
    return table


def test_no_letter_is_folded_otherwise_than_we_think(server: PostfixRoom) -> None:
    """All that IDNA allows, in one table: what Postfix has made of them is what `casefold` makes of them."""
    letters = list(_letters())
    assert len(letters) > 100_000
    text = server.etc.parent / "letters"
    text.write_text("".join(f"a{letter}b.de x\n" for letter in letters), encoding="utf-8")
    _postmap(server, f"hash:{text}")
    keys = {line.partition("\t")[0] for line in _postmap(server, "-s", f"hash:{text}").split("\n") if line}
    assert keys == {f"a{letter}b.de".casefold() for letter in letters}
    changed = {letter for letter in letters if letter.casefold() != letter}
    assert changed == {"ß", "ς", *COMPOSED}


@pytest.mark.parametrize("name", [SHARP, FINAL, f"mail.{SHARP}"])
def test_what_is_another_domain_to_postfix_has_no_row(name: str, server: PostfixRoom) -> None:
    """Neither is it bound by a row of its own that Postfix would take for the other's, nor is the other."""
    domain, folded = canonical(name), name.casefold()
    rows, table, text = rendered({domain: enforce("mx.a.com")})
    assert (list(rows), table.enforced, [key for key, _ in table.refused]) == ([domain], 1, [name])
    assert "1 refused" in text
    built = _made(server, table.rows)
    assert _postmap(server, "-q", domain, str(built)) == f"{rows[domain]}\n"
    assert [_postmap(server, "-q", key, str(built)) for key in (name, folded)] == ["", ""]


@pytest.mark.parametrize("name", OTHER)
def test_the_row_of_the_other_domain_is_found_for_it(name: str, server: PostfixRoom) -> None:
    """No table can part the two; USAGE.md says so."""
    rows, table, _ = rendered(
        {canonical(OTHER[name]): enforce("mx.b.com"), canonical(name): enforce("mx.a.com")}
    )
    built = _made(server, table.rows)
    assert _postmap(server, "-q", name, str(built)) == f"{rows[OTHER[name]]}\n"


@pytest.mark.parametrize("smtputf8", ["yes", ""])
@pytest.mark.parametrize("letter", [*COMPOSED, "ü", "字"])
def test_what_folding_leaves_the_same_domain_is_found_as_it_is_typed(
    letter: str, smtputf8: str, server: PostfixRoom
) -> None:
    if smtputf8:
        server.set(smtputf8_enable=smtputf8)
    name = f"a{letter}b.de"
    rows, table, _ = rendered({canonical(name): enforce("mx.a.com")})
    assert (len(rows), table.refused) == (2, [])
    built = _made(server, table.rows)
    assert _postmap(server, "-q", name, str(built)) == f"{rows[canonical(name)]}\n"


def test_what_a_map_answers_is_proved_as_postfix_will_ask(server: PostfixRoom) -> None:
    """With the site's own folding: a key that it changes to another is no longer found, and is told of."""
    rows = ["straße.de secure match=mx.a.com", "strasse.de secure match=mx.b.com"]
    with pytest.raises(StpolicyError, match="duplicate"):
        _made(server, rows)
    server.set(smtputf8_enable="no")
    _made(server, rows)
    (server.etc / "main.cf").unlink()
    with pytest.raises(StpolicyError, match="duplicate"):  # where nobody says how, as by default
        _made(server, rows)
