"""scan: what was seen of a domain until its time was over is its result."""

import asyncio
import json
import time
from pathlib import Path

from stpolicy.checker.looks import Limits
from stpolicy.checker.smtp import Manner
from stpolicy.checker.survey import Scope
from stpolicy.flows.check import Network
from stpolicy.flows.rounds import Rounds
from stpolicy.flows.scan import DEADLINE, Scanner
from stpolicy.ledger import Ledger, address
from stpolicy.model.names import Domain
from stpolicy.model.scanned import Part, State
from tests.checker import nameserver
from tests.checker.knocking import clear, silent
from tests.checker.peer import ENOUGH, Wire, serving
from tests.lists import NOW

HOSTS = {"mx1.one.org": "127.0.1.1", "mx2.one.org": "127.0.2.1", "mx3.one.org": "127.0.2.2"}
"""One without STARTTLS, and two that say nothing."""


async def by_address(wire: Wire) -> None:
    here = wire.writer.get_extra_info("sockname")[0]
    await (clear if here == "127.0.1.1" else silent)(wire)


def test_what_was_seen_when_the_time_of_a_domain_is_over_is_judged(authority: Path, tmp_path: Path) -> None:
    """The clock jumps once one mail server has been seen, while two others have still said nothing."""
    ledger = Ledger(address(f"sqlite:///{tmp_path / 'scans.db'}"))
    ledger.upgrade()
    ledger.submit(Domain("one.org"), "one", NOW, most=1)

    async def main() -> None:
        passed = 0.0
        asyncio.get_running_loop().time = lambda: time.monotonic() + passed  # type: ignore[method-assign]
        async with nameserver.serving() as names, serving(by_address, "0.0.0.0") as mail:
            names.put("one.org", "MX", *(f"10 {host}." for host in HOSTS))
            for host, literal in HOSTS.items():
                names.put(host, "A", literal)
            manner = Manner("probe.example.net", mail.port, 10 * DEADLINE)
            scope = Scope(dane=False, allow_private=True)
            network = Network(
                manner,
                (names.address,),
                authority / "ca.pem",
                scope=scope,
                limits=Limits(pause=0),
                probes=False,
            )
            rounds = Rounds(network, lambda: NOW, 4)
            scan = asyncio.create_task(Scanner(ledger, rounds, lambda: None, lambda: NOW).run("one"))
            async with asyncio.timeout(ENOUGH):
                while not (one_is_seen(ledger) and len(mail.wires) == len(HOSTS)):
                    await asyncio.sleep(0.02)
            passed = DEADLINE
            await scan
            await rounds.end()

    asyncio.run(main())
    found = ledger.scan("one")
    ledger.close()
    assert found
    assert found.state is State.DONE, found.message
    data = json.loads(found.result)["scandata"]
    said = {(finding["code"], finding["where"]) for finding in data["findings"]}
    assert {("starttls.not_offered", "mx1.one.org"), ("smtp.time_out", "mx2.one.org")} <= said, said


def one_is_seen(ledger: Ledger) -> bool:
    scan = ledger.scan("one")
    return scan is not None and scan.progress.get("mx1.one.org") is Part.SEEN
