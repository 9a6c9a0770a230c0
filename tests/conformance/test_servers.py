"""What is trusted of a server and of a host, and what is kept of it."""

import json
import socket
from pathlib import Path

import pytest

from tests import webserver
from tests.conformance.clients import CLIENTS, VARIANTS, Client, client, own_script, run
from tests.conformance.world import WARM, World, begin
from tests.webserver import answer

who = pytest.mark.parametrize("who", CLIENTS)


@pytest.mark.parametrize("host", [*CLIENTS, "script, wget"])
def test_r14_settings_of_a_user_trust_nobody(host: str, world: World, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".curlrc").write_text("insecure\nlocation-trusted\n")
    (home / ".wgetrc").write_text("check_certificate = off\n")
    (home / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    world.settings.ca_file = world.authority / "another.pem"
    names = ("HOME", "CURL_HOME", "XDG_CONFIG_HOME")
    world.settings.environment = dict.fromkeys(names, str(home)) | {"WGETRC": str(home / ".wgetrc")}
    ran = run(client(host, tmp_path / "programs"), world.settings)
    assert (ran.code, ran.state["reason"]) == (3, "network")
    assert world.asked() == ""
    world.settings.ca_file = world.authority / "ca.pem"
    assert run(client(host, tmp_path / "programs"), world.settings).code == 0
    assert not [head for head in world.server.requests if "authorization" in head.lower()]


@pytest.mark.parametrize("host", [*CLIENTS, "script, wget"])
def test_a_certificate_of_another_host(host: str, world: World, tmp_path: Path) -> None:
    with webserver.serving(world.authority / "other.pem") as other:
        world.settings.urls = [f"{other.url}/policy.json"]
        ran = run(client(host, tmp_path / "programs"), world.settings)
        assert (ran.code, other.requests) == (3, [])


@pytest.mark.parametrize("host", [*CLIENTS, "script, wget"])
def test_http_is_for_this_host_alone_and_on_demand(host: str, world: World, tmp_path: Path) -> None:
    asked = client(host, tmp_path / "programs")
    with webserver.serving() as plain:
        plain.answers = dict(world.server.answers)
        world.settings.urls = [f"{plain.url}/policy.json"]
        assert run(asked, world.settings).code == 2
        world.settings.allow_http = True
        assert run(asked, world.settings).code == 0
        plain.answers["/policy.json"] = answer("302 Found", b"", "Location: /x", "Content-Length: 0")
        assert run(asked, world.settings).code == 3, "R13: a redirect leads to https alone"


@pytest.mark.parametrize("host", [*CLIENTS, "script, wget"])
def test_r13_no_redirect_leads_from_https_to_http(host: str, world: World, tmp_path: Path) -> None:
    with webserver.serving() as plain:
        plain.answers = dict(world.server.answers)
        moved = answer("302 Found", b"", f"Location: {plain.url}/policy.json", "Content-Length: 0")
        world.answers(data=moved)
        for allowed in (False, True):
            world.settings.allow_http = allowed
            ran = run(client(host, tmp_path / "programs"), world.settings)
            assert (ran.code, ran.state["reason"], plain.requests) == (3, "network", [])


@pytest.mark.parametrize("host", [*CLIENTS, "script, wget"])
def test_t14_no_more_is_taken_than_the_limit(host: str, world: World, tmp_path: Path) -> None:
    """And no more than pipes and sockets hold: the answer is given up, not thrown away."""
    given: list[int] = []

    def talk(connection: socket.socket) -> None:
        connection.sendall(answer("200 OK", b""))
        while sum(given) < 200_000_000:
            connection.sendall(bytes(65536))
            given.append(65536)

    world.answers(data=talk)
    ran = run(client(host, tmp_path / "programs"), world.settings)
    assert ran.state["reason"] == "too_large"
    assert sum(given) < 50_000_000


@who
@pytest.mark.parametrize("home", ["", "/nonexistent", "/proc"])
def test_g10_homes_do_not_matter(home: str, asked: Client, world: World) -> None:
    world.settings.environment = {"HOME": home, "GNUPGHOME": home}
    assert run(asked, world.settings).code == 0


@who
def test_what_a_server_says_does_not_reach_a_terminal(asked: Client, world: World) -> None:
    world.settings.urls = [f"{world.server.url}/\u00e9\u001b[2J/policy.json"]
    ran = run(asked, world.settings)
    assert ran.code in (2, 3)
    assert "\u001b" not in "".join(ran.said)


@who
@pytest.mark.parametrize("url", ["https://user:secret@127.0.0.1/", "https:/user:secret@127.0.0.1"])
def test_a_password_in_a_url_is_neither_kept_nor_said(url: str, asked: Client, world: World) -> None:
    begin(world, WARM)
    world.settings.urls = [url]
    ran = run(asked, world.settings)
    assert (ran.code, ran.state["reason"]) == (2, "configuration")
    assert "secret" not in "".join(ran.said) + (world.state / "state.json").read_text()


KEPT = {
    "map": {
        "name": 'hash:/etc/postfix/a b [{\\"}],',
        "stamp": "0" * 64,
        "seal": "1:2:3",
        "expires": "1795305555.25",
        "counts": {"enforced": 2, "overlay": 0},
        "reload_pending": True,
    },
    "validators": {"https://127.0.0.1:9/policy.json": ["20261101T113000Z-0123456789ab", '"a"', "", "{", "]"]},
}


@pytest.mark.parametrize("host", ["script", *VARIANTS])
@pytest.mark.parametrize("kept", [KEPT, {"map": None, "validators": {}}, {"validators": KEPT["validators"]}])
def test_what_the_other_client_keeps_outlasts_the_script(
    host: str, kept: dict[str, object], world: World, tmp_path: Path
) -> None:
    """Where a map is named on the command line only, this is all that is known of it."""
    begin(world, WARM)
    written = {"reason": "unchanged", "list": {"map": {"name": "x"}}, **kept}
    (world.state / "state.json").write_text(json.dumps(written, indent=2) + "\n")
    script = client(host, tmp_path / "programs")
    for reason in ("installed", "unchanged"):
        ran = run(script, world.settings)
        assert ran.state["reason"] == reason
        assert {key: ran.state[key] for key in kept} == kept


@pytest.mark.parametrize(
    "text", ['{\n  "map": {\n', '{\n  "map": {\n}\n', '  "map": 1\n}\n', '{\n  "map": "\u00e9"\n}\n', "\0\n"]
)
def test_t24_no_garbage_is_kept_of_a_state(text: str, world: World, tmp_path: Path) -> None:
    begin(world, WARM)
    (world.state / "state.json").write_text(text)
    assert "map" not in run(own_script(tmp_path), world.settings).state
