"""The labeling page in headless Chromium: units labeled by keyboard and by mouse; phone width, contrast, axe-core."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from browser import CONTRAST, MARKS, driver, width
from labeled import ITEMS, answer, mark, project
from slant.labeling.questions import Item
from slant.labeling.state import State

pytest.importorskip("krippendorff", reason="needs the [label] install")
pytest.importorskip("uvicorn", reason="needs the [label] install")
keys = pytest.importorskip("selenium.webdriver.common.keys").Keys

from running import running  # noqa: E402  (after importorskip)
from slant.labeling.server import make_app  # noqa: E402

__all__ = ["driver"]
pytestmark = MARKS
HOSTILE = 'A <script>document.title = "taken"</script> & <b>bold</b> board.'


def units(count: int) -> list[Item]:
    """Paragraphs and comments that a coder could be given; every fifth has characters beyond U+FFFF before its words."""
    out = []
    for n in range(count):
        text = f"{'🗼🗼 ' * (n % 5 == 0)}In spring no. {n} the board “gutted” the old quay, shamefully."
        if n % 4 == 3:
            item = replace(ITEMS[2], text=f"{text} Nobody cheered.", kind="comment")
        else:
            item = replace(ITEMS[1], text=text, before="The board met on Monday.")
        out.append(replace(item, unit_id=f"d{n}-0000", document=f"d{n}"))
    return out


@dataclass
class Served:
    state: State
    address: str


@pytest.fixture
def served(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Served]:
    items = tuple(getattr(request, "param", units(20)))
    with (
        project(tmp_path, items) as state,
        running(make_app(state, token="t", coder="ida")) as (port, _),
    ):
        yield Served(state, f"http://127.0.0.1:{port}/t/")


@pytest.fixture
def page(driver: Any, served: Served) -> Iterator[Any]:
    driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    driver.get_log("browser")
    driver.get(served.address)
    wait(driver, "#asked fieldset")
    yield driver
    assert driver.get_log("browser") == []


def wait(page: Any, selector: str, text: str = "") -> Any:
    """The first element with this text, as soon as it is shown."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for found in page.find_elements("css selector", selector):
            try:
                if found.is_displayed() and text in found.text:
                    return found
            except Exception:  # redrawn meanwhile
                continue
        time.sleep(0.03)
    raise AssertionError(
        f"{selector} with {text!r} is not shown: {page.find_element('css selector', 'body').text[:500]}"
    )


def until(found: Callable[[], object], wanted: object) -> None:
    """Wait for what the page saves."""
    end = time.monotonic() + 20
    while found() != wanted and time.monotonic() < end:
        time.sleep(0.03)
    assert found() == wanted


def press(page: Any, *given: str) -> None:
    for each in given:
        page.switch_to.active_element.send_keys(each)


def test_twenty_units_are_labeled_by_keyboard(page: Any, served: Served) -> None:
    for n in range(20):
        wait(page, "#facts", f"Unit {n + 1} of 20")
        comment, marked = n % 4 == 3, n % 5 == 0 or n == 3
        # Stance toward the board, or toward the article; stance and portrayal of the crews.
        press(page, ("1" if n % 2 else "2") + ("" if comment else "33"))
        if marked:
            words = page.execute_script("return document.querySelector('#passage').textContent.split(/\\s+/)")
            at = words.index("“gutted”")
            press(
                page, "m", keys.ARROW_RIGHT * at + keys.SHIFT + keys.ARROW_RIGHT
            )  # Shift takes the next word in
            assert page.find_element("css selector", "#passage .cursor").text == "gutted” the"
            press(page, keys.ENTER)
            wait(page, "#techniques")
            press(page, "2")
            wait(page, "#passage mark", "gutted” the")
        # No loaded language, or on to the next question; query, or no frame; done.
        press(page, ("j" if marked else "0") + ("3" if comment else "0") + keys.ENTER)
    wait(page, "#facts", "All done")
    done = served.state.coded(coder="ida")
    assert [one.status for one in done] == ["done"] * 20
    for n, one in enumerate(done):
        item = served.state.item(one.unit_id)
        voice = "reader" if n % 4 == 3 else "outlet"
        marked = (
            (mark(item.text, "gutted” the", "name_calling_labeling", voice),) if n % 5 == 0 or n == 3 else ()
        )
        assert one.answer.loaded == marked
        label = "against" if n % 2 else "neutral"
        if n % 4 == 3:
            assert (one.answer.stance, one.answer.reply) == ({"article": label}, "query")
        else:
            assert one.answer.stance == {"board": label, "crews": "favor"}
            assert (one.answer.portrayal, one.answer.frames) == ({"crews": "positive"}, ())


def test_a_unit_with_questions_left_is_not_done(page: Any, served: Served) -> None:
    press(page, "1", keys.ENTER)
    wait(page, "fieldset.open-question legend", "Stance toward the crews")
    assert "4 questions have no answer yet" in wait(page, "#said", "no answer").text
    assert served.state.coded()[0].status == "draft"


def test_keys_after_enter_do_not_change_the_finished_unit(page: Any, served: Served) -> None:
    page.switch_to.active_element.send_keys("1133", "0", "0", keys.ENTER, "2")
    wait(page, "#facts", "Unit 2 of 20")
    one = served.state.coded(unit_id="d0-0000")[0]
    assert (one.status, one.answer.stance["board"]) == ("done", "against")


def test_a_key_does_not_remove_marked_spans(page: Any, served: Served) -> None:
    page.execute_script(_SELECT, "old quay", 0)
    wait(page, "#mark", "Mark “old quay”").click()
    wait(page, "#technique-list button", "Doubt").click()
    wait(page, "#passage mark", "old quay")
    page.find_element("css selector", ".spans").click()
    press(page, "0")
    wait(page, "#said", "Remove the marked spans first")
    assert page.find_elements("css selector", "#passage mark")


def test_undo_note_flag_skip_and_back(page: Any, served: Served) -> None:
    press(page, "1")
    wait(page, "#said", "Against")
    press(page, "z")
    wait(page, "#said", "Undone")
    assert page.find_elements("css selector", "#asked input:checked") == []
    press(page, "n")
    press(page, "unclear", keys.ESCAPE, "f")
    wait(page, "#flag[aria-pressed=true]")
    press(page, "s")
    wait(page, "#facts", "Unit 2 of 20")
    (one,) = served.state.coded()
    assert (one.status, one.answer.note, one.answer.flagged) == ("skipped", "unclear", True)
    press(page, "b")
    wait(page, "#facts", "Unit 1 of 20")
    assert page.find_element("css selector", "#note").get_attribute("value") == "unclear"
    page.find_element("css selector", "nav button[data-view=units]").click()
    wait(page, "#list .tag", "skipped · flagged · note: unclear")


_SELECT = """
const box = document.querySelector("#passage"), range = document.createRange();
const at = box.textContent.indexOf(arguments[0]);
range.setStart(box.firstChild, at + arguments[1]);
range.setEnd(box.firstChild, at + arguments[0].length - arguments[1]);
getSelection().removeAllRanges(); getSelection().addRange(range);
"""


def test_selected_words_are_marked_whole_by_mouse(page: Any, served: Served) -> None:
    page.execute_script(_SELECT, "old quay", 1)
    wait(page, "#mark", "Mark “old quay”").click()
    wait(page, "#technique-list button", "Doubt").click()
    wait(page, "#passage mark", "old quay")
    select = page.find_element("css selector", ".spans select[aria-label^=Voice]")
    select.find_element("css selector", "option[value=quoted]").click()
    wait(page, "#passage mark.v-quoted", "old quay")
    marked = mark(served.state.item("d0-0000").text, "old quay", "doubt", "quoted")
    until(lambda: served.state.coded()[0].answer.loaded, (marked,))
    page.find_element("css selector", ".spans button").click()
    wait(page, ".opt", "No loaded language")
    assert page.find_elements("css selector", "#passage mark") == []


@pytest.mark.parametrize(
    "served", [[replace(ITEMS[1], text=HOSTILE, title=HOSTILE, before=HOSTILE)]], indirect=True
)
def test_text_of_others_is_only_text(page: Any) -> None:
    assert page.find_element("css selector", "#passage").text == HOSTILE
    assert HOSTILE in page.find_element("css selector", "#context").text
    assert "taken" not in page.title


# Colors do not depend on the width.
@pytest.mark.parametrize(("pixels", "scheme"), [(1280, "light"), (390, "dark")])
def test_it_can_be_read_at_any_width(
    page: Any, served: Served, scheme: str, pixels: int, tmp_path: Path
) -> None:
    served.state.save("d1-0000", "ole", answer(served.state.item("d1-0000")), finish=True)
    width(page, pixels)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    press(page, "1", "1", "3")
    page.execute_script(_SELECT, "gutted", 0)
    page.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
    wait(page, "#mark")
    shots = [("label", None), ("techniques", "#mark"), ("help", "#help-open")]
    for name, opened in shots:
        if opened:
            page.execute_script("document.querySelector(arguments[0]).click()", opened)
        check(page, pixels)
        page.save_screenshot(str(tmp_path / f"{name}.png"))
        page.execute_script("document.querySelectorAll('dialog[open]').forEach(d => d.close())")


def check(page: Any, pixels: int) -> None:
    """Contrast, width and names for everything."""
    axe = pytest.importorskip("axe_core_python.selenium", reason="axe-core-python is in slant[dev]")
    widths = page.execute_script("return [innerWidth, document.documentElement.scrollWidth]")
    assert widths == [pixels, pixels]
    measured = page.execute_script(CONTRAST)
    assert len(measured) > 20
    assert [(round(ratio, 2), where) for ratio, where in measured if ratio < 4.5] == []
    found = axe.Axe().run(page)["violations"]
    assert [(v["id"], [node["html"][:100] for node in v["nodes"]]) for v in found] == []


def test_coders_agree_differ_and_are_adjudicated(page: Any, served: Served) -> None:
    state = served.state
    for n in range(12):
        item = state.item(f"d{n}-0000")
        for coder in ("ida", "ole"):
            changed = {"loaded": (mark(item.text, "old quay"),)} if coder == "ole" and n == 2 else {}
            state.save(item.unit_id, coder, answer(item, **changed), finish=True)
    page.find_element("css selector", "nav button[data-view=agreement]").click()
    wait(page, "#list", "12 units read by two or more coders (ida, ole)")
    assert "loaded language or none" in page.find_element("css selector", "#list table").text
    check(page, page.execute_script("return innerWidth"))
    page.find_element("css selector", "nav button[data-view=differences]").click()
    wait(page, "#list", "1 of 1 are open")
    page.find_element("css selector", ".rows button").click()
    wait(page, "#mode", "Final answer")
    wait(page, ".coder-notes button", "Take").click()
    wait(page, "#passage mark", "old quay")
    check(page, page.execute_script("return innerWidth"))
    press(page, keys.ENTER)
    wait(page, "#list", "0 of 1 are open")
    (final,) = state.coded(coder="adjudicated")
    assert (final.status, final.answer.loaded) == ("done", (mark(state.item("d2-0000").text, "old quay"),))


def test_a_server_that_is_gone_is_said(page: Any, served: Served) -> None:
    page.execute_cdp_cmd("Network.enable", {})
    page.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/api/*"]})
    press(page, "1")
    wait(page, "#trouble", "Not saved")
    page.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    press(page, "2")
    page.get_log("browser")
    until(lambda: [c.answer.stance for c in served.state.coded()], [{"board": "against", "crews": "neutral"}])
    until(page.find_element("css selector", "#trouble").is_displayed, False)
