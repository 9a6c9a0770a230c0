"""The help: every command explains itself, with an example that is right."""

import re
import shlex

import pytest

from tests.program import Program, commands

COMMANDS = commands()


def examples(name: str) -> list[str]:
    """The commands in the example of a command's help."""
    _, _, after = COMMANDS[name].help.partition("Example:\n")
    return [part.strip() for line in after.strip().splitlines() for part in line.split("&&")]


def test_every_command_of_the_first_issue_is_there() -> None:
    assert set(COMMANDS) >= {
        *("validate", "fmt", "diff", "show", "add", "set", "remove", "bump", "sign", "verify", "publish"),
        *("alias add", "alias set", "alias remove", "keys new", "keys export", "explain", "init"),
    }


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example_and_says_what_each_option_does(name: str, program: Program) -> None:
    ran = program(*name.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    assert f"Usage: stpolicy {name} " in ran.out
    assert re.search(rf"Example:\n    .*stpolicy {name}\b", ran.out)
    assert all(getattr(p, "help", None) for p in COMMANDS[name].params if p.param_type_name == "option")


@pytest.mark.parametrize("group", sorted({name.split()[0] for name in COMMANDS if " " in name}))
def test_help_of_a_group_shows_an_example_that_parses(group: str, program: Program) -> None:
    ran = program(group, "--help")
    assert ran.code == 0
    lines = re.findall(r"^    stpolicy (.*)$", ran.out.partition("Example:\n")[2], re.MULTILINE)
    assert any(line.startswith(f"{group} ") for line in lines)
    for line in lines:
        words = shlex.split(line)
        called = next(known for known in COMMANDS if words[: len(known.split())] == known.split())
        assert COMMANDS[called].make_context(called, words[len(called.split()) :])


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_parse(name: str) -> None:
    for example in examples(name):
        program, *words = shlex.split(example)
        called = next(known for known in COMMANDS if words[: len(known.split())] == known.split())
        arguments = words[len(called.split()) :]
        assert program == "stpolicy"
        assert COMMANDS[called].make_context(called, arguments)


@pytest.mark.parametrize("name", COMMANDS)
def test_first_sentence_says_what_the_command_is_for(name: str) -> None:
    first = COMMANDS[name].help.split("\n\n")[0].replace("\n", " ")
    assert re.fullmatch(r"[A-Z][^.]*\..*", first)


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_of_the_program(option: str, program: Program) -> None:
    ran = program(option)
    assert ran.code == 0
    assert all(f"\n  {name.split()[0]} " in ran.out for name in COMMANDS)


def test_without_a_command_the_help_goes_to_standard_error(program: Program) -> None:
    ran = program()
    assert (ran.code, ran.out) == (2, "")
    assert "Usage: stpolicy" in ran.err


def test_version(program: Program) -> None:
    assert re.fullmatch(r"stpolicy \d+\.\d+\.\d+\n", program("--version").out)
