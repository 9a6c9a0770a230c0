"""The MTA-STS of a domain: its record, and the policy file over HTTPS (RFC 8461 section 3)."""

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import certifi

from stpolicy.checker._policy import Ended, Fetch
from stpolicy.checker.dns import Resolver, is_global
from stpolicy.checker.patience import DEAD, Account, Patience
from stpolicy.checker.turns import Turns
from stpolicy.errors import Misuse
from stpolicy.model import mta_sts
from stpolicy.model.names import canonical
from stpolicy.model.observation import Fault, Records, Step, StsObservation, Unreachable


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Whom to trust: the authorities of a PEM file, or Mozilla's. One for a run, since it takes long to make.

    Names count only as dNSName, not as CN (RFC 8461 section 3.3). Misuse for a file without certificates.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.hostname_checks_common_name = False
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        context.load_verify_locations(ca_file or certifi.where())
    except (ssl.SSLError, OSError) as wrong:
        raise Misuse(f"{ca_file} holds no certificates in PEM") from wrong
    return context


async def look(
    domain: str,
    resolver: Resolver,
    *,
    context: ssl.SSLContext,
    port: int = 443,
    timeout: float = 60,
    allow_private: bool = False,
    families: Sequence[Literal["A", "AAAA"]] = ("A", "AAAA"),
    servers: "Servers | None" = None,
) -> StsObservation:
    """The record of a domain, and where it is a right one, what https://mta-sts.DOMAIN/ answers.

    Only addresses of the global internet are connected to, unless `allow_private`, and only literally: no
    name is looked up twice. Redirects are not followed. `timeout` is in seconds, for all but DNS and for
    waiting for a turn. Whatever a server does stands in `ended`; nothing is raised.
    """
    name = canonical(domain)
    record = await resolver.records(f"_mta-sts.{name}", "TXT")
    try:
        mta_sts.record(record.values)
    except ValueError:
        return StsObservation(record)
    host = f"mta-sts.{name}"
    found = await asyncio.gather(*(resolver.records(host, family) for family in families))
    fetch = Fetch(host, port, context, timeout)
    try:
        addresses = _dialled(host, found, allow_private=allow_private)
        await (servers or Servers(Turns(1, 1, 0), timeout)).fetched(fetch, addresses)
    except Ended as wrong:
        return StsObservation(record, fetch.status, fetch.content_type, ended=wrong.why)
    return StsObservation(record, fetch.status, fetch.content_type, bytes(fetch.body))


def _dialled(host: str, found: Sequence[Records], *, allow_private: bool) -> list[str]:
    """The addresses that may be connected to; Ended where there are none."""
    addresses = [address for one in found for address in one.values]
    usable = [address for address in addresses if allow_private or is_global(address)][:4]
    if usable:
        return usable
    if addresses:
        told = f"{host} has the address {addresses[0]}, which is not of the internet"
        raise Ended(Unreachable(Step.CONNECT, Fault.NOT_GLOBAL, told))
    for one in found:
        if not one.how.known:
            told = f"no answer for {host} from DNS: {one.message or one.how}"
            raise Ended(Unreachable(Step.CONNECT, Fault.TIME_OUT, told[:512]))
    raise Ended(Unreachable(Step.CONNECT, Fault.NO_ROUTE, f"{host} has no address"))


class Servers:
    """Web servers as a run has come to know them: met in turn, and those that are dead not asked again."""

    def __init__(self, turns: Turns, timeout: float, *, strangers: bool = False) -> None:
        """`turns` are shared with others who connect to addresses; `timeout` is that of one policy.

        `strangers`: as for `Addresses`.
        """
        self._turns = turns
        self._accounts: tuple[Account, ...] = ({},) if strangers else ()  # a domain asks for one policy only
        self._patience: Patience[Unreachable] = Patience(timeout)

    async def fetched(self, fetch: Fetch, addresses: Sequence[str]) -> None:
        """From the first address that takes a connection; Ended says why from none."""
        share = fetch.left / len(addresses)
        for address in addresses[:-1]:
            try:
                return await self._met(fetch, address, share)
            except Ended as wrong:
                if wrong.why.step is not Step.CONNECT:
                    raise
        return await self._met(fetch, addresses[-1], fetch.left)

    async def _met(self, fetch: Fetch, address: str, share: float) -> None:
        async with self._turns.at(address) as connected:
            if dead := self._patience.dead(address):
                raise Ended(dead)
            if not self._patience.left(address, self._accounts):
                raise Ended(Unreachable(Step.CONNECT, Fault.TIME_OUT, "took too long in all"))
            async with connected:
                await self._asked(fetch, address, share)

    async def _asked(self, fetch: Fetch, address: str, share: float) -> None:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            await fetch.at(address, share, min(fetch.left, self._patience.left(address, self._accounts)))
        except Ended as wrong:
            if wrong.why.step is Step.CONNECT and wrong.why.fault in DEAD:
                self._patience.remember(address, wrong.why)
            raise
        finally:
            fetch.left -= clock() - began
            self._patience.waited(address, clock() - began)
            if fetch.status:
                self._patience.greeted(address)
