"""Scores → one HTML file that opens anywhere: no network, no other file, readable without JavaScript."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slant.errors import SlantError
from slant.labels.codebook import Codebook
from slant.records import Score
from slant.reports import pages, words
from slant.reports.segments import segments
from slant.reports.tallies import Collected, Tally, collect
from slant.reports.threads import Entry, threaded

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.environment import TemplateModule

TITLE = "Articles as the model reads them"
# What surrounds the articles (style, script, legend, list of articles): measured at 200 articles, with room.
_SHELL_BYTES = 300_000
_OUTLETS_LISTED = 40


@dataclass(frozen=True, slots=True)
class _Shown:
    """An article as it goes into the file: its facts for the list, and its HTML."""

    article_id: str
    title: str
    outlet: str | None
    published: str | None
    tally: Tally
    html: str


def write_report(
    scores: Iterable[Score],
    path: Path,
    *,
    title: str = TITLE,
    generated: dict[str, str] | None = None,
    max_articles: int = 200,
    max_bytes: int = 5_000_000,
) -> None:
    """Write the scores as one HTML file, article by article, comments under their article.

    scores: rows of one article may lie apart; articles keep the order in which they first appear.
    generated: what to say of the file's making, name → value, e.g. {"from": "scores.jsonl"}.
    max_articles, max_bytes: what goes beyond is counted and named in the file, never left out in silence.
    Raises SlantError if there are no scores, or if a span does not stand in its unit's text.
    """
    found = collect(scores, max_articles=max_articles)
    if not found.articles:
        raise SlantError(
            "There is nothing to report: no scored unit came in. Give articles, or scores of `slant score`."
        )
    environment = _environment(words.codes(found.total.labels()))
    shown = _shown(found, environment, max_bytes - _SHELL_BYTES)
    style, script = (pages.source(environment, name) for name in ("report.css", "report.js"))
    stream = environment.get_template("report.html.j2").stream(
        title=title,
        found=found,
        shown=shown,
        outlets=found.outlets.most_common(_OUTLETS_LISTED),
        labels=found.total.labels(),
        targets=found.total.targets()[:200],
        meanings=_meanings(found),
        generated=generated or {},
        style=style,
        script=script,
        style_hash=pages.hashed(style),
        script_hash=pages.hashed(script),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        stream.dump(file, encoding="utf-8")
    os.replace(partial, path)


def _shown(found: Collected, environment: Environment, budget: int) -> list[_Shown]:
    """The kept articles as HTML until the budget (bytes) is spent; the last may be cut between two units."""
    module = environment.get_template("article.html.j2").make_module()
    shown: list[_Shown] = []
    for article_id, rows in found.kept.items():
        rows.sort(key=lambda score: score.unit.position)
        article = _article(article_id, rows, module, budget)
        if article is None:
            break
        shown.append(article)
        budget -= len(article.html.encode())
    return shown


def _article(article_id: str, rows: Sequence[Score], module: TemplateModule, budget: int) -> _Shown | None:
    """One article's HTML within the budget (bytes), or None if not even its first unit fits any more."""
    text = [Entry(score, 0) for score in rows if score.unit.kind != "comment"]
    comments = threaded([score for score in rows if score.unit.kind == "comment"])
    tally = Tally()
    for score in rows:
        tally.add(score)
    facts = rows[0].unit
    heads = [score.unit.text for score in rows if score.unit.kind == "title"]
    title = facts.title or (heads[0] if heads else f"Untitled {article_id}")
    author = next((score.unit.author for score in rows if score.unit.kind != "comment"), None)
    unit_ids = {score.unit.unit_id for score in rows}
    macros: Any = module
    pieces: dict[bool, list[str]] = {False: [], True: []}
    head = macros.head(facts, pages.clip(title), author, tally, titled=bool(heads))
    budget -= len(head.encode()) + 500
    for entry in (*text, *comments):
        html = macros.unit(entry, unit_ids)
        budget -= len(html.encode())
        if budget < 0:
            break
        pieces[entry.score.unit.kind == "comment"].append(html)
    left_out = len(rows) - len(pieces[False]) - len(pieces[True])
    if left_out == len(rows):
        return None
    html = macros.article(facts, head, pieces[False], pieces[True], tally, left_out)
    return _Shown(article_id, pages.clip(title), facts.outlet, facts.published, tally, html)


def _environment(codes: dict[str, str]) -> Environment:
    made = pages.environment()
    made.filters.update(segments=segments)
    made.globals.update(
        codes=codes, voices=words.VOICE_WORDS, signs=words.STANCE_SIGNS, replies=words.REPLY_WORDS,
        toxic_code=words.TOXIC_CODE, toxic_name=words.TOXIC_NAME,
    )  # fmt: skip
    return made


def _meanings(found: Collected) -> dict[str, str]:
    """Definition per label that was met; none where the scores are of another codebook than the shipped."""
    book = Codebook.load()
    if set(found.codebooks) != {book.fingerprint}:
        return {}
    met = [("loaded", label) for label in found.total.labels()] + [
        ("frames", name) for name in found.total.frames
    ]
    return {
        label: entries[label].definition
        for task, label in met
        if label in (entries := book.tasks.get(task, {}))
    }
