"""Nothing that is fed to the program brings out a traceback or a code of its own."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests import lists
from tests.program import NOW, Program

relaxed = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
    max_examples=15,
)
VALID = lists.data(
    {"example.com": lists.ONE_HOST, "b.example.com": {"policy-alias": "a"}}, {"a": lists.ONE_HOST}, author="x"
)

spoilt = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda at, cut, new: VALID[: at % len(VALID)] + new + VALID[at % len(VALID) + cut :],
        st.integers(0, 1000),
        st.integers(0, 40),
        st.one_of(
            st.binary(max_size=6), st.sampled_from([b"{", b"]", b'"', b"\\u0000", b"1e999", b"null", b"\xff"])
        ),
    ),
)
COMMANDS = [
    ["validate", "-", "--now", NOW],
    ["validate", "-", "--format", "sarif"],
    ["validate", "-", "--previous", "valid.json", "--format", "github"],
    ["fmt", "-"],
    ["diff", "-", "valid.json", "--format", "markdown"],
    ["show", "example.com", "-"],
]


@pytest.fixture
def listed(room: Path) -> None:
    (room / "valid.json").write_bytes(VALID)
    (room / "policy.json").write_bytes(VALID)


@pytest.mark.usefixtures("listed")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@given(data=spoilt)
@relaxed
def test_bytes(program: Program, command: list[str], data: bytes) -> None:
    ran = program(*command, stdin=data)
    assert ran.code in {0, 1}
    assert ran.out or ran.err
    assert "internal error" not in ran.err


words = st.one_of(
    st.text(st.characters(exclude_characters="\0/", exclude_categories=()), max_size=12),
    st.sampled_from(
        [
            *(
                "--format",
                "--now",
                "--mx",
                "--mode",
                "--list",
                "--days",
                "--select",
                "--accept",
                "--previous",
                "--",
            ),
            *(
                "json",
                "policy.json",
                "valid.json",
                "-",
                "git:HEAD",
                "example.com",
                "1",
                "--output",
                "new",
                "*",
            ),
        ]
    ),
)


@pytest.mark.usefixtures("listed")
@given(
    command=st.sampled_from(
        [
            *("validate", "fmt", "diff", "show", "add", "set", "remove", "bump", "explain", "init"),
            *("alias add", "alias set", ""),
        ]
    ),
    arguments=st.lists(words, max_size=4),
)
@example(command="validate", arguments=["policy.json/x"])
@example(command="init", arguments=[".."])
@example(command="show", arguments=["\udcff"])
@example(command="explain", arguments=["x" * 5000])
@settings(relaxed, max_examples=120)
def test_arguments(program: Program, command: str, arguments: list[str]) -> None:
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        inner = Path(folder) / "a" / "b"
        inner.mkdir(parents=True)
        os.chdir(inner)
        try:
            Path("policy.json").write_bytes(VALID)
            Path("valid.json").write_bytes(VALID)
            ran = program(*command.split(), *arguments)
        finally:
            os.chdir(here)
    assert ran.code in {0, 1, 2, 3}
    assert "internal error" not in ran.err


@pytest.mark.usefixtures("listed")
@given(text=st.text(max_size=60))
@example(text="days = 99999999999999999999999999999999")
@example(text="list = ''")
@example(text='list = "\\u0000"')
@example(text="days = nan")
@example(text="ignore = [[]]")
@example(text="[[validate]]\nformat = 'json'")
@relaxed
def test_settings(program: Program, text: str) -> None:
    Path("stpolicy.toml").write_text(text, encoding="utf-8", errors="replace")
    assert program("validate", "--now", NOW).code in {0, 2, 3}
    assert program("bump", "--now", NOW, "--dry-run").code in {0, 1, 2, 3}
