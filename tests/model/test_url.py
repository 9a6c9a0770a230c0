"""Which URLs a list may be fetched from."""

import pytest

from stpolicy.errors import Misuse
from stpolicy.model.url import check_url


@pytest.mark.parametrize(
    "url", ["https://example.org", "https://127.0.0.1:1/x", "https://[::1]/x", "HTTPS://x/y"]
)
def test_urls(url: str) -> None:
    check_url(url, allow_http=False)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/x", "http://[::1]:80/", "http://localhost/", "http://127.9.9.9/"]
)
def test_urls_for_tests(url: str) -> None:
    check_url(url, allow_http=True)
    with pytest.raises(Misuse):
        check_url(url, allow_http=False)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "https://",
        "https:///x",
        "https:x",
        "https://:443/",
        "https://[::1",
        "https://[x]/",
        "https://example.org:99999/",
        "https://example.org:x/",
        "https://exa\nmple.org/",
        "https://exa mple.org/",
        "ftp://example.org/",
        "file:///etc/passwd",
        "http://example.org/",
        "http://127.0.0.1.example.org/",
        "http://127.0.0.1@example.org/",
        "http://example.org#@127.0.0.1/",
        "http://192.0.2.1/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://localhost.example.org/",
    ],
)
@pytest.mark.parametrize("allow_http", [False, True])
def test_urls_that_are_refused(url: str, allow_http: bool) -> None:
    with pytest.raises(Misuse):
        check_url(url, allow_http=allow_http)
