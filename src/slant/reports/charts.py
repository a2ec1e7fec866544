"""Charts as small inline SVG: dots with intervals, and lines over time, drawn by matplotlib.

No information depends on color: series differ by the shape of their marks, have rows of their own, and their values are
printed beside them. Ink takes the page's colors, light or dark. Text stays text.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

ROW = 19
FONT = 11
LETTER = 6.1  # width of a letter of that size, rounded up
BELOW = 38  # height of the horizontal axis


@dataclass(frozen=True, slots=True)
class Look:
    """Colors of a chart, its width in points, and the longest name of a row in characters."""

    ink: str
    soft: str
    line: str
    width: float
    letters: int


# Shown 1:1 on a phone; `_clean` replaces the colors with the page's own.
PAGE = Look("#010203", "#040506", "#070809", 353, 18)
_PAGE_COLORS = {PAGE.ink: "currentColor", PAGE.soft: "var(--soft)", PAGE.line: "var(--line)"}


@dataclass(frozen=True, slots=True)
class Point:
    """low, high: interval, None if there is none. label: printed beside the mark."""

    value: float
    low: float | None
    high: float | None
    label: str


@dataclass(frozen=True, slots=True)
class Series:
    """marker: matplotlib's name ("o", "s", "v", "^", "D"). points: one per row (or month), None where there is none.

    filled: filled or hollow marks.
    """

    name: str
    marker: str
    points: Sequence[Point | None]
    filled: bool = True


def dots(rows: Sequence[str], series: Sequence[Series], *, axis: str, label: str, zero: bool = False) -> str:
    """SVG of `draw_dots`. label: for screen readers."""
    return _svg(draw_dots(rows, series, axis=axis, zero=zero), label)


def draw_dots(
    rows: Sequence[str], series: Sequence[Series], *, axis: str, zero: bool = False, look: Look = PAGE
) -> Any:
    """Figure with one row per name, and in it a dot with its interval per series. A line separates a last row "All".

    axis: title of the horizontal axis, with its unit. zero: draw a line at 0.
    """
    names = [_clip(name, look.letters) for name in rows]
    values = [_beside([one.points[row] for one in series]) for row in range(len(rows))]
    left, right = (LETTER * max(map(len, texts), default=0) + 8 for texts in (names, values))
    figure, plot = _canvas(ROW * len(rows) * (1 + 0.25 * (len(series) - 1)), look, left=left, right=right)
    step = 0.6 / max(len(series), 1)
    for number, one in enumerate(series):
        shift = (number - (len(series) - 1) / 2) * step
        _marks(plot, [(row + shift, p) for row, p in enumerate(one.points) if p is not None], one, look)
    for row, text in enumerate(values):
        at = {
            "xycoords": ("axes fraction", "data"),
            "va": "center",
            "ha": "right",
            "fontsize": FONT,
            "color": look.ink,
        }
        plot.annotate(text, (1 + (right - 2) / (look.width - left - right), row), **at)
    if zero:
        plot.axvline(0, color=look.soft, linewidth=0.8, zorder=0)
    if len(rows) > 1 and rows[-1] == "All":
        plot.axhline(len(rows) - 1.5, color=look.line, linewidth=0.8, zorder=0)
    plot.set_yticks(range(len(rows)), names)
    plot.set_ylim(len(rows) - 0.45, -0.55)
    plot.set_xlabel(axis)
    plot.locator_params(axis="x", nbins=4)
    plot.grid(axis="x", color=look.line, linewidth=0.5)
    return figure


def _beside(points: Sequence[Point | None]) -> str:
    return " / ".join("—" if point is None else point.label for point in points)


def _marks(plot: Any, points: Sequence[tuple[float, Point]], series: Series, look: Look) -> None:
    ends = [(y, p.low, p.high) for y, p in points if p.low is not None and p.high is not None]
    if ends:
        plot.hlines(*zip(*ends, strict=True), color=look.ink, linewidth=1.1, zorder=2)
    face = look.ink if series.filled else "white"
    at = ([p.value for _, p in points], [y for y, _ in points])
    plot.plot(
        *at, series.marker, color=look.ink, markerfacecolor=face, markersize=5, zorder=3, label=series.name
    )


def lines(
    steps: Sequence[str],
    series: Sequence[Series],
    *,
    axis: str,
    label: str,
    marks: Sequence[tuple[int, str]] = (),
) -> str:
    """SVG with one line over months per series, with whiskers.

    marks: (index into steps, number): events, drawn as numbered lines; the page lists their titles.
    """
    figure, plot = _canvas(130, PAGE, left=46, right=8, top=16)
    for number, one in enumerate(series):
        shift = (number - (len(series) - 1) / 2) * 0.12
        there = [(i + shift, p) for i, p in enumerate(one.points) if p is not None]
        ends = [(x, p.low, p.high) for x, p in there if p.low is not None and p.high is not None]
        if ends:
            plot.vlines(*zip(*ends, strict=True), color=PAGE.soft, linewidth=0.9, zorder=1)
        at = ([x for x, _ in there], [p.value for _, p in there])
        face = PAGE.ink if one.filled else "white"
        plot.plot(
            *at, f"{one.marker}-", color=PAGE.ink, linewidth=1, markerfacecolor=face, markersize=4.5, zorder=3
        )
    for step, text in marks:
        plot.axvline(step, color=PAGE.soft, linewidth=0.8, linestyle="--", zorder=0)
        plot.annotate(
            text, (step, 1.02), xycoords=("data", "axes fraction"), ha="center", fontsize=FONT, color=PAGE.ink
        )
    every = max(1, -(-len(steps) // 5))
    plot.set_xticks(range(0, len(steps), every), steps[::every])
    plot.set_ylabel(axis)
    plot.locator_params(axis="y", nbins=5)
    plot.grid(axis="y", color=PAGE.line, linewidth=0.5)
    return _svg(figure, label)


def _canvas(height: float, look: Look, *, left: float, right: float, top: float = 2) -> tuple[Any, Any]:
    """A figure with one plot of this height; margins in points. Matplotlib's own layout takes ten times as long."""
    full = height + BELOW + top
    figure = _figure_class()(figsize=(look.width / 72, full / 72))
    plot = figure.add_axes(
        (left / look.width, BELOW / full, (look.width - left - right) / look.width, height / full)
    )
    plot.tick_params(labelsize=FONT, color=look.line, labelcolor=look.ink)
    plot.xaxis.label.set(size=FONT, color=look.soft)
    plot.yaxis.label.set(size=FONT, color=look.soft)
    for side in ("top", "right", "left"):
        plot.spines[side].set_visible(False)
    plot.spines["bottom"].set_color(look.line)
    return figure, plot


@cache
def _figure_class() -> Any:
    from matplotlib.figure import Figure

    class Chart(Figure):
        """A figure that notebooks show without pyplot."""

        def _repr_svg_(self) -> str:
            return _saved(self, bbox_inches="tight", facecolor="white")

    return Chart


def _saved(figure: Any, **how: Any) -> str:
    import matplotlib

    file = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "slant", "path.simplify": False}):
        figure.savefig(file, format="svg", metadata={"Date": None}, **how)
    return file.getvalue()


def _svg(figure: Any, label: str) -> str:
    return _clean(_saved(figure, transparent=True), label)


def _clean(source: str, label: str) -> str:
    """Make matplotlib's SVG fit for the page.

    Removes ids (they would collide with those of other charts) and styles (the page's security policy allows none), uses the
    page's colors and font, and rounds to a tenth of a point.
    """
    from lxml import etree

    root = etree.fromstring(source.encode())
    namespace = "{http://www.w3.org/2000/svg}"
    paths = {e.get("id"): e.get("d") for e in root.iter(namespace + "path") if e.get("id")}
    for element in list(root.iter(namespace + "use")):
        _inline(element, paths)
    for name in ("metadata", "defs"):
        for element in list(root.iter(namespace + name)):
            element.getparent().remove(element)
    for element in root.iter(etree.Element):
        for name in ("id", "clip-path"):
            element.attrib.pop(name, None)
        _restyle(element)
        _shorten(element)
    size = root.get("viewBox")
    root.attrib.clear()
    root.attrib.update({"viewBox": size or "", "role": "img", "aria-label": label, "class": "plot"})
    etree.cleanup_namespaces(root)
    etree.strip_tags(root, etree.Comment)
    return re.sub(r">\s+<", "><", etree.tostring(root, encoding="unicode", with_tail=False))


_NUMBER = re.compile(r"-?\d+\.\d{2,}")


def _shorten(element: Any) -> None:
    """Round coordinates to a tenth of a point; text stays as it is."""
    for name in ("d", "x", "y", "transform"):
        if value := element.get(name):
            short = _NUMBER.sub(lambda m: f"{float(m[0]):.1f}".removesuffix(".0"), value)
            element.set(name, " ".join(short.split()).replace("rotate(-0", "rotate(0"))


def _inline(element: Any, paths: dict[str | None, str | None]) -> None:
    """Turn a mark used by reference into a path of its own, so no id is needed."""
    href = next(value for name, value in element.attrib.items() if name.endswith("href"))
    element.tag = element.tag.replace("use", "path")
    x, y, style = element.get("x", "0"), element.get("y", "0"), element.get("style", "")
    element.attrib.clear()
    element.attrib.update({"d": paths[href[1:]] or "", "transform": f"translate({x} {y})", "style": style})


def _restyle(element: Any) -> None:
    for declaration in filter(None, element.attrib.pop("style", "").split(";")):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font":
            size = re.search(r"([\d.]+)px", value)
            element.set("font-size", size[1] if size else "9")
        elif name.startswith("font"):
            element.set(name, value.removesuffix("px")) if name == "font-size" else None
        else:
            element.set(name, _PAGE_COLORS.get(value.lower(), "var(--card)" if value == "#ffffff" else value))


def _clip(name: str, letters: int) -> str:
    return name if len(name) <= letters else name[: letters - 1] + "…"
