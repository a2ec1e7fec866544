"""Scores, articles and comparisons as small HTML, as a notebook shows them (`_repr_html_`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from slant.comparing.measures import ALL
from slant.errors import UsageError
from slant.records import Article, Score
from slant.reports import findings, page_parts
from slant.reports.article_page import page_environment
from slant.reports.evidence import Keys
from slant.reports.python_comparison import Comparison
from slant.scoring.python_tables import Scores

UNITS = 20  # shown of scores
CHARACTERS = 3_000  # shown of a unit or an article


def html(thing: Any) -> str:
    """Return HTML that shows Scores, a Score, a list of Scores, an Article or a Comparison; all texts are escaped.

    Of Scores, the first UNITS are computed and shown; they are not consumed. Raises UsageError for anything else.
    """
    if isinstance(thing, Scores):
        return _units(*thing.first(UNITS))
    if isinstance(thing, Score):
        return _units([thing], False)
    if isinstance(thing, list | tuple) and all(isinstance(each, Score) for each in thing):
        return _units(list(thing[:UNITS]), len(thing) > UNITS)
    if isinstance(thing, Article):
        return _page({}, "article", thing, thing.text[:CHARACTERS], max(0, len(thing.text) - CHARACTERS))
    if isinstance(thing, Comparison):
        return _comparison(thing)
    raise UsageError(
        f"html() shows Scores, a Score, an Article or a Comparison, not {type(thing).__name__} {thing!r:.60}."
    )


def _units(scores: Sequence[Score], more: bool) -> str:
    shown = [_shortened(score) for score in scores]
    codes = page_parts.codes(sorted({span.label for score in shown for span in score.loaded}))
    with page_parts.called({s.target: s.name for score in shown for s in score.stance if s.name}):
        return _page(codes, "units", shown, more)


def _shortened(score: Score) -> Score:
    """The score with the first CHARACTERS of its text, and the spans in them."""
    text = score.unit.text
    if len(text) <= CHARACTERS:
        return score
    return replace(
        score,
        unit=replace(score.unit, text=text[:CHARACTERS] + "…"),
        loaded=tuple(span for span in score.loaded if span.end <= CHARACTERS),
        toxic=tuple(pair for pair in score.toxic if pair[1] <= CHARACTERS),
    )


def _comparison(comparison: Comparison) -> str:
    results = comparison.results
    tables = {name: table.to_pylist() for name, table in results.tables.items() if name in _SUMMARIZED}
    noun = results.options.by.replace("_", " ")
    with page_parts.called(comparison.names):
        keys = Keys([*results.groups.kept, ALL])
        summary = findings.summary(tables, keys=keys, adjust=results.options.adjust, noun=noun)
        return _page({}, "comparison", results, summary, noun, comparison.notes)


_SUMMARIZED = ("differences", "detectable", "corrected")


def _page(codes: dict[str, str], macro: str, *given: Any) -> str:
    environment = page_environment(codes)
    module: Any = environment.get_template("notebook.html.j2").make_module()
    body = getattr(module, macro)(*given)
    style = page_parts.source(environment, "notebook.css")
    return f'<div class="slant-out"><style>{style}</style>{body}</div>'
