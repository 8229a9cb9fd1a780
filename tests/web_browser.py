"""A browser without a window, for tests of pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
DRAWN = "return document.querySelectorAll('.chart svg').length == document.querySelectorAll('.chart').length"
FITS = "return document.documentElement.scrollWidth <= window.innerWidth"


def open_browser() -> Iterator[Any]:
    """Yield a browser that keeps what pages say on its console; the test is skipped where there is none."""
    if BROWSER is None or DRIVER is None:
        pytest.skip("chromium or its driver is not installed")
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = BROWSER
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,1000"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=ChromeService(DRIVER))
    yield driver
    driver.quit()


def open_page(browser: Any, page: Path, width: int) -> None:
    """Open a page in a window of a width, wait until its charts are drawn, and see that nothing stands out of it."""
    from selenium.webdriver.support.wait import WebDriverWait

    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(page.as_uri())
    WebDriverWait(browser, 20).until(lambda driver: driver.execute_script(DRAWN))
    assert browser.execute_script(FITS), f"{page.name} is wider than {width} pixels"


def complaints(browser: Any) -> list[Any]:
    """Return what pages said on the console since the last call."""
    return [one for one in browser.get_log("browser") if one["level"] in ("SEVERE", "WARNING")]
