"""Names that are taken for other names."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stpolicy.model.confusable import mixes_scripts, skeleton


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        pytest.param("аррӏе.com", "apple.com", id="Cyrillic"),
        pytest.param("gооgle.com", "google.com", id="Cyrillic among Latin"),
        pytest.param("ехаmрlе.com", "example.com", id="Cyrillic e"),
        pytest.param("ρay.com", "pay.com", id="Greek"),
        pytest.param("օrange.com", "orange.com", id="Armenian"),
        pytest.param("exämplé.com", "example.com", id="accents"),
        pytest.param("ıstanbul.com", "istanbul.com", id="dotless i"),
        pytest.param("ђ.com", "ђ.com", id="a letter that looks like no other"),
        pytest.param("example.com", "example.com", id="ASCII"),
    ],
)
def test_skeleton(name: str, twin: str) -> None:
    assert skeleton(name) == twin


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        pytest.param("example", False, id="Latin"),
        pytest.param("bücher", False, id="Latin with an accent"),
        pytest.param("пример", False, id="Cyrillic"),
        pytest.param("пример-24", False, id="digits and hyphens are of no script"),
        pytest.param("аpple", True, id="L8 Cyrillic and Latin"),
        pytest.param("αpple", True, id="L8 Greek and Latin"),
        pytest.param("αпример", True, id="L8 Greek and Cyrillic"),
        pytest.param("例えばテスト", False, id="Japanese"),
        pytest.param("abcカード", False, id="Japanese with Latin and a long vowel"),
        pytest.param("한국어漢字", False, id="Korean"),
        pytest.param("漢字ㄅ", False, id="Bopomofo"),
        pytest.param("カ한", True, id="Japanese and Korean"),
        pytest.param("漢字пример", True, id="CJK and Cyrillic"),
        pytest.param("", False, id="empty"),
        pytest.param("123", False, id="digits"),
    ],
)
def test_mixes_scripts(label: str, expected: bool) -> None:
    assert mixes_scripts(label) is expected


@settings(deadline=None, max_examples=100)
@given(st.text())
def test_any_text_has_a_skeleton(name: str) -> None:
    assert isinstance(skeleton(name), str)
    assert isinstance(mixes_scripts(name), bool)


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(codec="ascii")))
def test_ascii_looks_like_itself(name: str) -> None:
    assert skeleton(name) == name
    assert not mixes_scripts(name)
