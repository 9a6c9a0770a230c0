"""Files of settings: what they may say, and what they may say from where."""

from pathlib import Path
from typing import Any

import pytest

from stpolicy import config
from stpolicy.errors import Misuse

COMMANDS = {"validate": {"format", "ignore", "strict"}, "bump": {"days"}, "keys-export": {"key", "to"}}


def chosen(folder: Path, text: str) -> config.Settings:
    file = folder / "chosen.toml"
    file.write_text(text, encoding="utf-8")
    return config.trusted(COMMANDS, file)[0]


def harmless(text: str) -> config.Settings:
    return config.harmless(COMMANDS, "stpolicy.toml", text.encode(), Path("lists"))


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("days = 21", "days", 21),
        ('format = "json"', "format", "json"),
        ("strict = true", "strict", True),
        ('signer = ["A", "B"]', "signer", ["A", "B"]),
        ('signer = "A"', "signer", ["A"]),
        ('check-url = "https://list.example.org"', "check-url", "https://list.example.org"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_settings_are_read(room: Path, text: str, key: str, value: object) -> None:
    assert chosen(room, text).value("validate", key) == value


@pytest.mark.parametrize("key", [key for key, kind in config.KEYS.items() if kind is Path])
def test_paths_are_relative_to_their_file(tmp_path: Path, key: str) -> None:
    assert chosen(tmp_path, f'{key} = "a/b"').value("x", key) == tmp_path / "a" / "b"
    assert chosen(tmp_path, f'{key} = "/a/b"').value("x", key) == Path("/a/b")


def test_a_table_holds_for_its_command_only_and_wins_there(room: Path) -> None:
    settings = chosen(room, "days = 7\n[bump]\ndays = 21\n[keys_export]\nto = 'x'")
    assert settings.value("bump", "days") == 21
    assert settings.value("validate", "days") == 7
    assert settings.value("keys-export", "to") == room / "x"
    assert settings.value("validate", "to") is None


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("day = 3", "did you mean days?"),
        ("max_size = 3", "did you mean max-size?"),
        ("zzzzzzzz = 3", ""),
        ("[validat]", "did you mean validate?"),
        ("[qqqq]", ""),
        ("[bump]\nsigners = []", "did you mean signer?"),
        ("[bump]\nsigner = []", ""),
        ("days = '3'", ""),
        ("days = true", ""),
        ("days = 3.0", ""),
        ("strict = 1", ""),
        ("signer = 3", ""),
        ("signer = [3]", ""),
        ("keyring = 3", ""),
        ("format = 3", ""),
        ("format = 'xml'", "choose one of: github, json, markdown, nagios, ndjson, prometheus, sarif, text"),
        ("days = ", ""),
        ("days = 1\ndays = 2", ""),
        ("[days]\nx = 1", ""),
    ],
    ids=repr,
)
def test_what_is_wrong_is_misuse(room: Path, text: str, mend: str) -> None:
    with pytest.raises(Misuse, match=r"chosen\.toml") as wrong:
        chosen(room, text)
    assert wrong.value.mend == mend


def test_what_is_not_utf8_is_misuse() -> None:
    with pytest.raises(Misuse, match="TOML"):
        config.harmless(COMMANDS, "stpolicy.toml", b"\xff", Path())


def test_a_file_that_is_named_and_not_there_is_misuse(room: Path) -> None:
    with pytest.raises(Misuse, match="no-such"):
        config.trusted(COMMANDS, room / "no-such.toml")


@pytest.mark.parametrize(
    "text", ['list = "a.json"', "days = 9", 'format = "json"', "ignore = []", "[bump]\ndays = 9"]
)
def test_harmless_settings_may_lie_beside_the_list(text: str) -> None:
    assert harmless(text)


_VALUES: dict[type, Any] = {str: "'x'", int: "1", bool: "true", list: "['x']", Path: "'x'"}
HARMFUL = sorted(set(config.KEYS) - {"list", "days", "format", "ignore"})


@pytest.mark.parametrize("key", HARMFUL)
def test_anything_else_beside_the_list_is_misuse(key: str) -> None:
    with pytest.raises(Misuse) as wrong:
        harmless(f"{key} = {_VALUES[config.KEYS[key]]}")
    assert "--config" in wrong.value.mend


def test_nor_may_a_table_beside_the_list_set_it() -> None:
    with pytest.raises(Misuse) as wrong:
        harmless("[validate]\nstrict = false")
    assert "--config" in wrong.value.mend


@pytest.mark.parametrize("code", ["mxs.pattern.shared_provider", "policies.alias.single_use"])
def test_notes_may_be_ignored_beside_the_list(code: str) -> None:
    assert harmless(f"ignore = ['{code}']").value("validate", "ignore") == [code]


@pytest.mark.parametrize(
    "code", ["dates.stale", "mxs.pattern.malformed", "mxs", "policies.alias", "document"]
)
def test_warnings_and_errors_may_not_be_ignored_beside_the_list(code: str) -> None:
    with pytest.raises(Misuse) as wrong:
        harmless(f"ignore = ['{code}']")
    assert "--config" in wrong.value.mend


@pytest.mark.parametrize(
    ("code", "mend"),
    [("dates.stail", "did you mean dates.stale?"), ("date", "did you mean dates?"), ("", ""), ("dates.", "")],
)
def test_unknown_codes_are_misuse(code: str, mend: str) -> None:
    with pytest.raises(Misuse) as wrong:
        config.checked_codes([code])
    assert wrong.value.mend.startswith(mend)


@pytest.mark.parametrize("code", [*config.known_codes(), "dates", "mxs.pattern", "history", "document"])
def test_codes_and_their_families_are_known(code: str) -> None:
    assert config.checked_codes([code]) == (code,)
