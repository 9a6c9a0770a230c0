"""Which URLs are fetched: https, and http on the loopback interface where that is allowed."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from stpolicy.errors import Misuse

_WITH_USER = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?[/\\]*[^/?#\\]*@")


def check_url(url: str, *, allow_http: bool) -> None:
    """Misuse for a URL that is not https; `allow_http` is for the loopback interface only.

    And for one with a password in it: URLs are shown, mailed and kept where everybody may read them.
    """
    if _WITH_USER.match(url):
        raise Misuse(
            "a URL has a user or a password in it, which everybody could read in what is kept and said",
            "a list is signed and needs neither: let its server ask for none, or know us by our address",
        )
    found = parts(url)
    if found.scheme == "https" and found.hostname:
        return
    if found.scheme == "http" and allow_http and _is_loopback(found.hostname or ""):
        return
    raise Misuse(
        f"{url} is not an https URL", "http is for tests on the loopback interface, with --allow-http"
    )


def parts(url: str) -> SplitResult:
    """Its parts; Misuse for what is no URL."""
    try:
        found = urlsplit(url)
        sound = url.isprintable() and " " not in url and found.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise Misuse(f"{url!r} is no URL")
    return found


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
