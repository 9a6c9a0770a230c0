"""A real browser without a screen: Debian's Chromium, asked by way of its driver."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from selenium.common.exceptions import (
    NoSuchElementException,
    StaleElementReferenceException,
    WebDriverException,
)
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.support.ui import WebDriverWait

from tests.needs import needs

_QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--disable-dev-shm-usage", "--force-device-scale-factor=1", "--hide-scrollbars"),
)

PHONE, DESK = (360, 740), (1280, 900)
"""Width and height of what is seen of a page."""

ENOUGH = 60
"""Seconds that nothing takes unless it hangs."""

_OTHER_PAGE = "does not belong to the document"
"""What the driver says, as a fault without a class of its own, of a page that went at the wrong moment."""


@contextmanager
def browser(*, scripts: bool = True) -> Iterator[Chrome]:
    """A browser with nothing in it."""
    program, driver = needs("chromium", "chromium"), needs("chromedriver", "chromium-driver")
    with tempfile.TemporaryDirectory(prefix="stp-web-", ignore_cleanup_errors=True) as folder:
        options = ChromeOptions()
        options.binary_location = program
        for option in (*_QUIET, f"--user-data-dir={folder}"):
            options.add_argument(option)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        if not scripts:
            never = {"profile.managed_default_content_settings.javascript": 2}
            options.add_experimental_option("prefs", never)
        with Chrome(options=options, service=ChromeService(driver)) as made:
            made.set_page_load_timeout(ENOUGH)
            resize(made, DESK)
            yield made


def until(seen: Chrome, condition: Callable[[Chrome], object]) -> None:
    """Waits for a condition; a page may go, and another come, while it is looked at."""

    def met(seen: Chrome) -> object:
        try:
            return condition(seen)
        except (NoSuchElementException, StaleElementReferenceException):
            return False
        except WebDriverException as wrong:
            if _OTHER_PAGE not in str(wrong.msg):
                raise
            return False

    WebDriverWait(seen, ENOUGH, 0.05).until(met)


def resize(seen: Chrome, size: tuple[int, int]) -> None:
    """A window of this inner size: one of the desk is never narrower than 500."""
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    seen.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def prefer(seen: Chrome, **wishes: str) -> None:
    """What the reader prefers: `color_scheme`, `reduced_motion`."""
    features = [
        {"name": f"prefers-{name.replace('_', '-')}", "value": value} for name, value in wishes.items()
    ]
    seen.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def complaints(seen: Chrome) -> list[dict[str, Any]]:
    """What the console says, errors and violations of the policy of contents; then it is empty."""
    log: list[dict[str, Any]] = seen.get_log("browser")  # type: ignore[no-untyped-call]
    return [one for one in log if one["level"] in ("SEVERE", "WARNING")]
