"""The page of `slant serve` in headless Chromium: by keyboard alone, on a phone, without complaints of the browser."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn", reason="needs the [serve] install")
from browser import MARKS, driver, width
from served_scores import Served, serving

ActionChains = pytest.importorskip("selenium.webdriver.common.action_chains").ActionChains
Keys = pytest.importorskip("selenium.webdriver.common.keys").Keys

__all__ = ["driver"]
pytestmark = MARKS
TEXT = (
    "Council meets\n\nThe council praised the ferry. “Greedy thieves”, said the honest mayor.\n\n"
    + "harbour" * 40
)
SHOTS = os.environ.get("SLANT_SCREENSHOTS")  # a folder: keep pictures of the page there


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(fetch=True) as running:
        yield running


@pytest.fixture
def page(driver: Any, served: Served) -> Iterator[Any]:
    driver.get_log("browser")
    driver.get(f"http://127.0.0.1:{served.port}/")
    yield driver
    # Browsers ask for an icon, which the policy of the page forbids and nobody misses.
    assert [line for line in driver.get_log("browser") if "favicon" not in line["message"]] == []


def keys(browser: Any, *pressed: str) -> None:
    ActionChains(browser).send_keys(*pressed).perform()


def paste(browser: Any, text: str, targets: str = "") -> None:
    """Score a text by keyboard alone: the first field has the focus, and the button is three tabs away."""
    keys(browser, *text.split("\n")[0])
    for line in text.split("\n")[1:]:
        keys(browser, Keys.ENTER, line)
    keys(browser, Keys.TAB, Keys.TAB)
    for line in filter(None, targets.split("\n")):
        keys(browser, line, Keys.ENTER)
    keys(browser, Keys.TAB)
    assert browser.switch_to.active_element.tag_name == "button"
    keys(browser, Keys.ENTER)
    ends = time.monotonic() + 20
    while "Marked text" not in browser.title:
        assert time.monotonic() < ends, browser.title
        time.sleep(0.05)


def test_a_text_is_scored_by_keyboard_alone(page: Any) -> None:
    paste(page, TEXT, "mayor\ncouncil\n")
    text = page.execute_script(
        "return [...document.querySelectorAll('.txt')].map(e => e.textContent).join('\\n\\n')"
    )
    assert text == TEXT
    note = page.find_element("css selector", "details.notes summary")
    page.execute_script("arguments[0].focus()", note)
    keys(page, Keys.ENTER)
    assert page.find_element("css selector", "details.notes").get_attribute("open")


@pytest.mark.parametrize("pixels", [1280, 390, 320])
def test_nothing_overflows_and_axe_finds_nothing(page: Any, pixels: int) -> None:
    axe = pytest.importorskip(
        "axe_core_python.selenium", reason="axe-core-python is not installed; it is in slant[dev]"
    )
    width(page, pixels)
    try:
        for name in ("empty", "marked"):
            if name == "marked":
                paste(page, TEXT, "mayor\n")
                page.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
            widths = page.execute_script("return [innerWidth, document.documentElement.scrollWidth]")
            assert widths == [pixels, pixels]
            if SHOTS:
                Path(SHOTS).mkdir(parents=True, exist_ok=True)
                page.save_screenshot(str(Path(SHOTS) / f"{name}-{pixels}.png"))
            found = axe.Axe().run(page)["violations"]
            assert [(each["id"], each["nodes"][0]["html"][:100]) for each in found] == []
    finally:
        page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
