"""The description of the API: complete, and true."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from stpolicy.web import api, health, lists
from tests.cli.following import Following
from tests.web.plain import settings
from tests.web.running import Running, pinned, running

ROOT = Path(__file__).parents[2]


@pytest.fixture
def service(following: Following, tmp_path: Path) -> Iterator[Running]:
    """With a list, and a scan that is done."""
    following.install()
    wanted = settings(
        tmp_path, at_once=4, limit="100000/hour", folder=following.folder, who=pinned(following.people)
    )
    with running(wanted) as found:
        assert found.client().post("/api/scan", json={"domain": "example.com"}).status_code == 200
        yield found


def test_schemathesis_finds_nothing(service: Running, tmp_path: Path) -> None:
    """All its checks, in all its phases."""
    command = [sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run"]
    asked = ["--checks", "all", "--max-examples", "25", "--seed", "1", "--no-shrink", "--no-color"]
    done = subprocess.run(
        [*command, f"{service.url}/openapi.json", *asked, "--continue-on-failure"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.web.formats", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Selected: 13/13" in done.stdout
    for phase in ("Examples", "Coverage", "Fuzzing", "Stateful"):
        assert f"✅ {phase}" in done.stdout


def test_every_route_is_described(service: Running) -> None:
    described = service.description["paths"]
    for router in (api.router, lists.router, health.router):
        for route in router.routes:
            for method in route.methods - {"HEAD"}:  # type: ignore[attr-defined]
                operation = described[route.path][method.lower()]  # type: ignore[attr-defined]
                assert operation["summary"]
                assert operation["description"]


def test_nothing_is_described_that_is_never_answered(service: Running) -> None:
    assert "422" not in str([list(one["responses"]) for _, one in operations(service.description)])
    assert "ValidationError" not in str(service.description)


def test_examples_are_there_and_fit(service: Running) -> None:
    description = service.description
    fitted = 0
    for where, operation in operations(description):
        bodies = [operation["requestBody"]["content"]] if "requestBody" in operation else []
        for status, answer in operation["responses"].items():
            content = answer.get("content", {})
            assert content or status == "304", (where, status)
            bodies += [content]
        for kind, body in (pair for content in bodies for pair in content.items()):
            schema = body.get("schema", {})
            example = body.get("example", schema.get("example"))
            assert example is not None or kind in ("text/plain", "text/html"), (where, kind)
            if schema and example is not None:
                whole = {**schema, "components": description["components"]}
                errors = [error.message for error in Draft202012Validator(whole).iter_errors(example)]
                assert not errors, (where, kind, errors)
                fitted += 1
    assert fitted > 50


def test_a_domain_may_be_named_in_the_query_or_in_the_body(service: Running) -> None:
    """Where there is a body, it counts; what is no domain is refused wherever it stands."""
    described = service.description["paths"]["/api/scan"]["post"]
    (asked,) = (one for one in described["parameters"] if one["name"] == "domain")
    assert (asked["in"], asked["required"]) == ("query", False)
    assert not described["requestBody"]["required"]
    client, other = service.client(), {"domain": "example.com"}
    for query, body, status in (("?domain=EXAMPLE.com", None, 200), ("", other, 200), ("", None, 400)):
        assert client.post(f"/api/scan{query}", json=body).status_code == status
    both = client.post("/api/scan?domain=example.net", json=other)
    assert both.json()["response"]["domain"] == "example.com"
    unnamed: list[dict[str, Any]] = [{"json": {}}, {"files": {"x": b""}}, {"data": {"x": "y"}}]
    for body_without in unnamed:
        assert client.post("/api/scan?domain=example.net", **body_without).status_code == 400
    for wrong in ("", "a%20b", "example"):
        assert client.post(f"/api/scan?domain={wrong}", json=other).status_code == 400


def test_the_status_in_an_example_is_that_of_the_answer(service: Running) -> None:
    for where, operation in operations(service.description):
        for status, answer in operation["responses"].items():
            example = answer.get("content", {}).get("application/json", {}).get("example", {})
            if "status_code" in example:
                assert example["status_code"] == int(status), where


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/scan", {"GET", "HEAD", "POST"}),
        ("DELETE", "/api/scans", {"POST"}),
        ("POST", "/policy.json", {"GET", "HEAD"}),
        ("TRACE", "/api/stats", {"GET", "HEAD"}),
    ],
)
def test_what_cannot_be_done_says_what_can(
    service: Running, method: str, path: str, allowed: set[str]
) -> None:
    answer = service.client().request(method, path)
    assert answer.status_code == 405
    assert set(re.split(", *", answer.headers["allow"])) == allowed


def operations(description: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each with its method and path."""
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation
