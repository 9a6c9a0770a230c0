"""Every option of every command has an environment variable of its own name."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.program import NOW, Program, canonical_list, commands

SHARED = {
    *("url", "dir", "keyring", "signer", "threshold", "ca-file", "timeout", "max-size", "allow-http", "now")
}
OPTIONS = [
    (name, option)
    for name, command in commands().items()
    for option in command.params
    if option.param_type_name == "option" and option.name != "help"
]
EACH_OPTION = pytest.mark.parametrize(
    ("name", "option"), OPTIONS, ids=[f"{name} {option.name}" for name, option in OPTIONS]
)


def long_name(option: Any) -> str:
    (name,) = [text.removeprefix("--") for text in option.opts if text.startswith("--")]
    return str(name)


@EACH_OPTION
def test_option_has_its_variable(name: str, option: Any) -> None:
    variables = [f"STPOLICY_{name}_{long_name(option)}".upper().replace("-", "_").replace(" ", "_")]
    if long_name(option) in SHARED:
        variables.append(f"STPOLICY_{long_name(option)}".upper().replace("-", "_"))
    assert option.envvar == variables


@EACH_OPTION
def test_option_is_long_and_hyphenated(name: str, option: Any) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z]+)*", long_name(option))


VALUED = [(name, option) for name, option in OPTIONS if not option.is_flag]


@pytest.mark.parametrize(("name", "option"), VALUED, ids=[f"{name} {option.name}" for name, option in VALUED])
@pytest.mark.parametrize("spelling", ["apart", "together"])
def test_an_empty_value_is_misuse_and_named(program: Program, name: str, option: Any, spelling: str) -> None:
    """What was meant to be there would be left out without a word."""
    long = f"--{long_name(option)}"
    ran = program(*name.split(), *([long, ""] if spelling == "apart" else [f"{long}="]))
    assert (ran.code, ran.out) == (2, "")
    assert f"{long} is empty" in ran.err


ARGUMENTS = [
    (name, parameter)
    for name, command in commands().items()
    for parameter in command.params
    if parameter.param_type_name == "argument"
]


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS, ids=lambda value: getattr(value, "name", value))
def test_an_empty_argument_is_misuse_and_named(program: Program, name: str, argument: Any) -> None:
    before = [p for n, p in ARGUMENTS if n == name][: [p for n, p in ARGUMENTS if n == name].index(argument)]
    ran = program(*name.split(), *["x.example.com"] * len(before), "")
    assert (ran.code, ran.out) == (2, "")
    assert f"{argument.metavar} is empty" in ran.err


def test_an_empty_variable_is_one_that_is_not_set(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    canonical_list(Path("policy.json"))
    for name in ("PREVIOUS", "NOW", "FORMAT", "STRICT", "MAX_SIZE", "SELECT"):
        monkeypatch.setenv(f"STPOLICY_VALIDATE_{name}", "")
    assert program("validate", "--now", NOW).code == 0


PATHS = [
    (name, parameter)
    for name, command in commands().items()
    for parameter in command.params
    if hasattr(parameter.type, "readable")
]


@pytest.mark.parametrize(("name", "parameter"), PATHS, ids=lambda value: getattr(value, "name", value))
def test_whether_a_file_can_be_read_is_found_out_by_the_command(name: str, parameter: Any) -> None:
    """The parser would call it misuse (2) that we could not look (3)."""
    assert parameter.type.readable is False


def test_no_two_options_share_a_variable_but_the_shared_ones() -> None:
    first = [option.envvar[0] for _, option in OPTIONS]
    assert len(first) == len(set(first))


def test_common_options_are_everywhere() -> None:
    for command in commands().values():
        names = {long_name(p) for p in command.params if p.param_type_name == "option" and p.name != "help"}
        assert names >= {"config", "quiet", "debug"}


@pytest.mark.parametrize(
    ("variables", "code", "says"),
    [
        ({"STPOLICY_VALIDATE_FORMAT": "json"}, 0, '"findings": []'),
        ({"STPOLICY_VALIDATE_NOW": "2027-01-01T00:00:00Z"}, 0, "dates.stale"),
        (
            {"STPOLICY_VALIDATE_STRICT": "1", "STPOLICY_VALIDATE_NOW": "2027-01-01T00:00:00Z"},
            1,
            "dates.stale",
        ),
        ({"STPOLICY_VALIDATE_MAX_SIZE": "10"}, 1, "document.too_large"),
        ({"STPOLICY_MAX_SIZE": "10"}, 1, "document.too_large"),
        ({"STPOLICY_MAX_SIZE": "10", "STPOLICY_VALIDATE_MAX_SIZE": "100000"}, 0, ""),
        ({"STPOLICY_VALIDATE_MAX_SIZE": "many"}, 2, ""),
        ({"STPOLICY_VALIDATE_FORMAT": "xml"}, 2, ""),
        (
            {
                "STPOLICY_VALIDATE_SELECT": "dates mxs",
                "STPOLICY_VALIDATE_IGNORE": "dates.future",
                "STPOLICY_VALIDATE_NOW": "2020-01-01T00:00:00Z",
            },
            0,
            "",
        ),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else None,
)
def test_variables_count(
    program: Program, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], code: int, says: str
) -> None:
    canonical_list(Path("policy.json"))
    monkeypatch.setenv("STPOLICY_VALIDATE_NOW", NOW)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    ran = program("validate")
    assert ran.code == code
    assert says in ran.out
    assert says or not ran.out


def test_a_flag_wins_over_a_variable(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    canonical_list(Path("policy.json"))
    monkeypatch.setenv("STPOLICY_VALIDATE_FORMAT", "json")
    assert program("validate", "--now", NOW, "--format", "text").out == ""
