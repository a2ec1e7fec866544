"""The report as headless Chromium shows it: what is highlighted, readable, and within a phone's width."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from browser import CONTRAST, MARKS, driver, width
from report_cases import EXPLANATION, article
from slant.records import Score
from slant.reports.article_page import write_report
from slant.reports.explanation_page import write_explanations

__all__ = ["driver"]
pytestmark = MARKS
_MARKED = """
return [...document.querySelectorAll(".unit")].map(unit => {
  const found = {};
  for (const name of ["s", "x"]) for (const mark of unit.querySelectorAll(`.txt mark[data-${name}]`))
    for (const i of mark.dataset[name].split(" "))
      found[name + i] = (found[name + i] || "") + mark.textContent;
  const marks = [...unit.querySelectorAll(".txt mark[data-s]")];
  const look = marks.map(mark => getComputedStyle(mark).textDecorationStyle);
  return {id: unit.id, text: unit.querySelector(".txt").textContent, found, look};
});
"""


@pytest.fixture
def scores() -> list[Score]:
    return [*article("a1", "The Lamp"), *article("a2", "Coast Post")]


@pytest.fixture
def page(driver: Any, scores: list[Score], tmp_path: Path) -> Any:
    path = tmp_path / "report.html"
    write_report(scores, path)
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    driver.get(path.as_uri())
    yield driver
    complaints = driver.get_log("browser")
    assert complaints == []


def test_highlights_are_the_spans_of_the_records(page: Any, scores: list[Score]) -> None:
    seen = {row["id"]: row for row in page.execute_script(_MARKED)}
    assert len(seen) == len(scores)
    for score in scores:
        row, text = seen[f"u-{score.unit.unit_id}"], score.unit.text
        assert row["text"] == text
        expected = {f"s{i}": span.text for i, span in enumerate(score.loaded)}
        expected |= {f"x{i}": text[a:b] for i, (a, b) in enumerate(score.toxic)}
        assert row["found"] == expected


def test_voices_differ_without_color(page: Any, scores: list[Score]) -> None:
    looks = {row["id"]: set(row["look"]) for row in page.execute_script(_MARKED)}
    assert (looks["u-a1-0"], looks["u-a1-1"], looks["u-a1-4"]) == ({"solid"}, {"dotted"}, {"dashed"})
    codes = page.execute_script(
        "return [...document.querySelectorAll('#u-a1-0 mark[data-code]')]"
        ".map(m => getComputedStyle(m, '::after').content)"
    )
    # A word joiner stands before the letters, see report.css.
    assert [code.strip('"\u2060') for code in codes] == ["LL", "EM", "FW"]


def test_comments_are_under_their_article(page: Any, scores: list[Score]) -> None:
    held = page.execute_script(
        "return [...document.querySelectorAll('article')]"
        ".map(a => [a.id, [...a.querySelectorAll('.comments .unit')].map(u => u.id)])"
    )
    assert held == [[f"a-{n}", [f"u-{n}-4", f"u-{n}-6", f"u-{n}-5"]] for n in ("a1", "a2")]
    answer = page.find_element("css selector", "#u-a1-6")
    assert "Ole" in answer.text
    assert "in reply to Ida" in answer.text
    left = "return document.querySelector(arguments[0]).getBoundingClientRect().left"
    assert page.execute_script(left, "#u-a1-6") > page.execute_script(left, "#u-a1-4")


@pytest.mark.parametrize("pixels", [1280, 390, 360, 320])
def test_nothing_overflows_the_page(page: Any, pixels: int) -> None:
    width(page, pixels)
    page.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    widths = page.execute_script("return [innerWidth, document.documentElement.scrollWidth]")
    assert widths == [pixels, pixels]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(page: Any, scheme: str) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    page.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    measured = page.execute_script(CONTRAST)
    assert len(measured) > 100
    assert [(round(ratio, 2), where) for ratio, where in measured if ratio < 4.5] == []


@pytest.mark.parametrize(("scheme", "pixels"), [("light", 1280), ("dark", 320)])
def test_the_page_of_explanations_is_readable(page: Any, tmp_path: Path, scheme: str, pixels: int) -> None:
    failed = replace(EXPLANATION, deletion=replace(EXPLANATION.deletion, less=0.5))
    write_explanations([EXPLANATION, failed], tmp_path / "words.html", generated={"from": "s.jsonl"})
    page.get((tmp_path / "words.html").as_uri())
    width(page, pixels)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    page.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    measured = page.execute_script(CONTRAST)
    assert len(measured) > 40
    assert [(round(ratio, 2), where) for ratio, where in measured if ratio < 4.5] == []
    widths = page.execute_script("return [innerWidth, document.documentElement.scrollWidth]")
    assert widths == [pixels, pixels]


def test_filter_shows_what_is_asked_for(page: Any) -> None:
    def choose(name: str, value: str) -> tuple[str, list[str]]:
        page.execute_script(
            "const s = document.querySelector(`select[name=${arguments[0]}]`); s.value = arguments[1];"
            "s.dispatchEvent(new Event('change', {bubbles: true}))",
            name,
            value,
        )
        shown = page.execute_script(
            "return [...document.querySelectorAll('.unit')].filter(u => u.checkVisibility()).map(u => u.id)"
        )
        return page.find_element("css selector", "form.filter output").text, shown

    assert choose("label", "flag_waving") == ("2 of 14 units in 2 of 2 articles", ["u-a1-0", "u-a2-0"])
    assert choose("outlet", "Coast Post") == ("1 of 14 units in 1 of 2 articles", ["u-a2-0"])
    choose("label", "")
    assert choose("target", "article") == ("1 of 14 units in 1 of 2 articles", ["u-a2-4"])
    choose("target", "")
    assert len(choose("outlet", "")[1]) == 14


def test_all_is_there_without_javascript(driver: Any, scores: list[Score], tmp_path: Path) -> None:
    path = tmp_path / "plain.html"
    write_report(scores, path)
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        driver.get(path.as_uri())
        assert not driver.find_element("css selector", "form.filter").is_displayed()
        note = driver.find_element("css selector", "#u-a1-0 details.notes")
        assert "against 81 % · neutral 15 % · favor 4 %" not in note.text
        note.find_element("css selector", "summary").click()
        assert "against 81 % · neutral 15 % · favor 4 %" in note.text
    finally:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
