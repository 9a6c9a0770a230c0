"""A look at one mail server, friendly or hostile (H8 to H17 of the list of attacks)."""

from pathlib import Path

from stpolicy.checker.tls import Client
from stpolicy.model.observation import Reply
from tests.checker.authority import Party
from tests.checker.peer import Wire, meet, server


def test_a_healthy_server_is_seen_whole(client: Client, good: Party, tmp_path: Path) -> None:
    context = server(tmp_path, good)

    async def script(wire: Wire) -> None:
        await wire.to_tls(context)
        await wire.answer("250-mx.example.com", "250 SIZE 1000")

    met = meet(script, client)
    seen = met.session
    assert seen.ended is None
    assert seen.banner == Reply(220, ("mx.example.com ESMTP",))
    assert seen.ehlo == Reply(250, ("mx.example.com", "STARTTLS"))
    assert seen.starttls == Reply(220, ("go ahead",))
    assert seen.secure == Reply(250, ("mx.example.com", "SIZE 1000"))
    assert not seen.injected
    assert seen.tls is not None
    assert (seen.tls.version, seen.tls.faults) == ("TLSv1.3", ())
    assert [one.common_name for one in seen.tls.chain] == ["mx.example.com"]
    assert met.heard == ["EHLO probe.example.net", "STARTTLS", "EHLO probe.example.net", "QUIT"]
