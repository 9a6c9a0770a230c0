"""The TLSA records of a mail server (RFC 7672 section 2.2)."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from stpolicy.checker.dns import Resolver
from stpolicy.model.observation import Dns, Records


async def tlsa(host: str, resolver: Resolver, addresses: Sequence[Records] = ()) -> Records:
    """The records at _25._tcp of a host; `validated` only where its addresses are so too (section 2.1.1).

    `addresses` are the answers about A and AAAA, asked for here where they are not given. Where validated
    ones lead through CNAMEs, the name at the end comes first, then the host's own (section 2.2.2). Records
    are looked for where nothing is validated too: no sender heeds them, their owner should know.
    """
    known = addresses or await asyncio.gather(resolver.records(host, "A"), resolver.records(host, "AAAA"))
    found = [one for one in known if one.values]
    secure = bool(found) and all(one.validated for one in found)
    ends = [one.alias for one in found if one.alias and secure]
    for name in dict.fromkeys([*ends, host]):
        records = await resolver.records(f"_25._tcp.{name}", "TLSA")
        if records.how not in (Dns.NO_DATA, Dns.NXDOMAIN):
            break
    return replace(records, validated=records.validated and secure)
