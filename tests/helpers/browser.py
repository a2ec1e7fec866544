"""Headless Chromium for the tests of pages, and what they measure there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed; it is in slant[dev]")
from selenium.webdriver.chrome.service import Service  # noqa: E402  (after importorskip)

_BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_DRIVER = shutil.which("chromedriver")
MARKS = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not _BROWSER, reason="no chromium or chrome found on the PATH"),
    pytest.mark.skipif(not _DRIVER, reason="no chromedriver found on the PATH"),
]
_QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip

# WCAG 2 contrast of every element that has text of its own, against the nearest opaque background.
CONTRAST = """
const lum = c => { const [r, g, b] = c.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
    .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b; };
const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
    if (!/, 0\\)$/.test(c)) return c; } return "rgb(255, 255, 255)"; };
return [...document.querySelectorAll("body *")]
  .filter(e => !["SCRIPT", "STYLE"].includes(e.tagName) && e.checkVisibility()
    && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
  .map(e => { const [a, b] = [lum(getComputedStyle(e).color), lum(behind(e))].sort((x, y) => y - x);
    return [(a + .05) / (b + .05), e.tagName + "." + e.className + " " + e.textContent.slice(0, 40)]; });
"""


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = _BROWSER
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for argument in _QUIET:
        options.add_argument(argument)
    browser = webdriver.Chrome(options=options, service=Service(_DRIVER))
    yield browser
    browser.quit()


def width(browser: Any, pixels: int) -> None:
    metrics = {"width": pixels, "height": 900, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
