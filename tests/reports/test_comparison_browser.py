"""The page of a comparison in headless Chromium: charts, drill-down, matrix, phone width, names for everything (axe-core)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browser import CONTRAST, MARKS, driver, width
from comparison_cases import AGAINST, OUTLETS, opened, results
from slant.reports.comparison_page import write

__all__ = ["driver"]
pytestmark = MARKS


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("comparison")
    with opened(folder) as store:
        return write(results(), folder / "out", store=store).as_uri()


@pytest.fixture
def page(driver: Any, address: str) -> Iterator[Any]:
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    driver.get(address)
    yield driver
    assert driver.get_log("browser") == []


def test_charts_are_drawn_and_named(page: Any) -> None:
    charts = page.execute_script(
        "return [...document.querySelectorAll('svg[role=img]')].map(s => [s.getAttribute('aria-label'),"
        "s.getBoundingClientRect().height, s.querySelectorAll('path').length])"
    )
    assert len(charts) >= 6
    against = next(name for name, _, _ in charts if "Toward Light Board" in name and "months" not in name)
    assert "against from 20 (Coast Post) to 40 (Tide & <b>Times</b>)" in against
    assert all(height > 50 and paths > 5 for _, height, paths in charts)


def _press(page: Any, selector: str) -> str:
    page.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    button = page.find_element("css selector", selector)
    page.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
    button.click()
    dialog = page.find_element("css selector", "dialog")
    assert dialog.is_displayed()
    return str(dialog.text)


def test_a_number_opens_its_sentences(page: Any) -> None:
    text = _press(page, "#stance tbody tr:nth-child(2) button")
    assert "In spring the board gutted the light of pier 0." in text
    assert "▼ Light Board against 80 %" in text
    assert "2019-01-02" in text
    assert f"measure = “{AGAINST}” and group = “The Lamp”" in text
    mark = page.find_element("css selector", "dialog mark")
    assert (mark.text, mark.value_of_css_property("text-decoration-style")) == ("gutted", "solid")
    page.find_element("css selector", "dialog .close").click()
    assert not page.find_element("css selector", "dialog").is_displayed()


def test_text_of_others_is_only_text(page: Any) -> None:
    text = _press(page, "#stance tbody tr:nth-child(3) button")
    assert 'The board </script><script>document.title="taken"</script> gutted the light. 🗼' in text
    assert page.title == "3 outlets compared"
    assert page.find_element("css selector", "dialog mark").text == "gutted"


def test_a_phrase_opens_its_sentence(page: Any) -> None:
    assert "In spring the board gutted the light of pier 0." in _press(page, "#words button")


def test_a_finding_opens_the_sentences_of_its_side(page: Any) -> None:
    assert "In spring the board gutted" in _press(page, ".found button.link")


def test_the_matrix_says_who_differs(page: Any) -> None:
    rows = page.execute_script(
        "return [...document.querySelectorAll('.matrix tr')].map(r => [...r.children].map(c => c.textContent))"
    )
    assert rows == [
        ["", "all others", OUTLETS[0], OUTLETS[1]],
        [OUTLETS[0], "▲ +23", "", "▲ +20"],
        [OUTLETS[1], "·", "▼ −20", ""],
    ]
    text = _press(page, ".matrix tbody tr:nth-child(2) button")
    assert (
        "The Lamp minus Coast Post: −20 points (95 % interval −30 to −10), p = 0.004 after adjustment" in text
    )
    assert text.count("pier 0") == 2
    page.find_element("css selector", "dialog .close").click()
    page.execute_script(
        "const s = document.querySelector('select[name=measure]'); s.value = 'stance/light_board/net';"
        "s.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    assert "Not significant; between these two this sample could have detected" in _press(
        page, ".matrix tbody button"
    )


@pytest.mark.parametrize("pixels", [1280, 390, 320])
def test_nothing_overflows_the_page(page: Any, pixels: int) -> None:
    width(page, pixels)
    page.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert page.execute_script("return [innerWidth, document.documentElement.scrollWidth]") == [
        pixels,
        pixels,
    ]
    if pixels < 1280:
        _press(page, "#stance tbody button")
        left, right = page.execute_script(
            "const r = document.querySelector('dialog').getBoundingClientRect(); return [r.left, r.right]"
        )
        assert left >= 0
        assert right <= pixels


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(page: Any, scheme: str) -> None:
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    page.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    measured = [m for m in page.execute_script(CONTRAST) if not m[1].startswith("text")]
    inks = page.execute_script(
        "return [...document.querySelectorAll('svg text')].map(t => getComputedStyle(t).fill)"
    )
    allowed = page.execute_script(
        "const d = document.createElement('i'); document.body.append(d);"
        "return ['--ink', '--soft'].map(n => {d.style.setProperty('color', `var(${n})`); return getComputedStyle(d).color; })"
    )
    assert len(measured) > 100
    assert [(round(ratio, 2), where) for ratio, where in measured if ratio < 4.5] == []
    assert set(inks) <= set(allowed)


def test_everything_has_a_name(page: Any) -> None:
    selenium = pytest.importorskip(
        "axe_core_python.selenium", reason="axe-core-python is not installed; it is in slant[dev]"
    )
    page.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = selenium.Axe().run(page)["violations"]
    assert [(v["id"], [node["html"][:100] for node in v["nodes"]]) for v in found] == []


def test_all_numbers_are_there_without_javascript(driver: Any, address: str) -> None:
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        driver.get(address)
        driver.find_element("css selector", "#stance .panel summary").click()
        assert "20 %" in driver.find_element("css selector", "#stance table").text
        assert "tables/differences.csv" in driver.find_element("css selector", "noscript").text
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_pages_folder_is_complete(address: str) -> None:
    folder = Path(address.removeprefix("file://")).parent
    assert {p.name for p in folder.iterdir()} == {"index.html", "methods.md", "tables"}
