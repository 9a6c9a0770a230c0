"""MTA-STS: a domain -> its published policy -> the policy that a list would carry."""

from pathlib import Path

from stpolicy import fetch
from stpolicy.errors import Refused, StpolicyError
from stpolicy.model.mta_sts import LARGEST, parse
from stpolicy.model.names import canonical
from stpolicy.model.policy import Mode, Policy


def published(domain: str, mode: Mode, *, ca_file: Path | None = None, port: int = 443) -> Policy:
    """The policy that a domain publishes (RFC 8461 section 3.3), in the mode that the list gives it.

    Refused when the policy asks not to be relied on (mode none); StpolicyError when there is none.
    """
    name = canonical(domain)
    where = f"mta-sts.{name}" if port == 443 else f"mta-sts.{name}:{port}"
    url = f"https://{where}/.well-known/mta-sts.txt"
    try:
        found = parse(fetch.get(url, largest=LARGEST, ca_file=ca_file))
    except ValueError as wrong:
        raise StpolicyError(f"the MTA-STS policy of {name} {wrong}", url) from wrong
    if found.mode == "none":
        raise Refused(f"the MTA-STS policy of {name} has mode none: its owner asks not to be listed", url)
    return Policy(mode, found.mxs)
