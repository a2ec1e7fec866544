"""Write scores as one HTML file (`slant report`): no network, no other file, readable without JavaScript.

The file is counted in one pass over the scores and in bounded memory: the first articles are kept whole, of the others
only counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slant.atomic_files import atomic_path
from slant.errors import SlantError
from slant.labels.codebook import Codebook
from slant.records import UNRELATED, Score
from slant.reports import page_parts
from slant.reports.explanation_page import sentences, words

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.environment import TemplateModule

    from slant.scoring.explain import Explanation


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a unit's text that the same spans cover throughout.

    spans: indices into `Score.loaded`. inner: the shortest of them, whose tint is shown. toxic: indices into `Score.toxic`.
    ends: those of `spans` that end here, whose codes are shown after it. toxic_ends: whether a toxic span ends here.
    """

    text: str
    spans: tuple[int, ...]
    toxic: tuple[int, ...]
    ends: tuple[int, ...]
    toxic_ends: bool
    inner: int | None


def segments(score: Score) -> list[Segment]:
    """Cut a unit's text wherever a span starts or ends; the joined pieces are the unit's text.

    Raises SlantError if a span does not match the text: a wrong highlight is worse than none.
    """
    text = score.unit.text
    spans = [(span.start, span.end) for span in score.loaded]
    _check(score, spans)
    cuts = sorted({0, len(text), *(edge for pair in (*spans, *score.toxic) for edge in pair)})
    return [
        Segment(
            text=text[start:end],
            spans=_covering(spans, start, end),
            toxic=_covering(score.toxic, start, end),
            ends=tuple(i for i, pair in enumerate(spans) if pair[1] == end),
            toxic_ends=any(pair[1] == end for pair in score.toxic),
            inner=min(_covering(spans, start, end), key=lambda i: spans[i][1] - spans[i][0], default=None),
        )
        for start, end in pairwise(cuts)
    ]


def _covering(pairs: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, ...]:
    return tuple(i for i, (a, b) in enumerate(pairs) if a <= start and end <= b)


def _check(score: Score, spans: Sequence[tuple[int, int]]) -> None:
    text, where = score.unit.text, f"unit {score.unit.unit_id} of article {score.unit.article_id}"
    for start, end in (*spans, *score.toxic):
        if not 0 <= start < end <= len(text):
            raise SlantError(
                f"{where}: a span goes from {start} to {end}, but the text has {len(text)} characters. "
                "Score the articles again, or repair the file."
            )
    for span in score.loaded:
        if text[span.start : span.end] != span.text:
            raise SlantError(
                f"{where}: the span {span.start}-{span.end} says {span.text!r}, but there the text "
                f"reads {text[span.start : span.end]!r}. The file was changed after scoring; score again."
            )


Labels = dict[str, Counter[str | None]]  # target → label (None: no call) → units


@dataclass(slots=True)
class Tally:
    """Counts over a set of scores, of content units only.

    units: of articles. comments: all comments; duplicates: those that repeat an earlier comment, which `slant compare` skips.
    other_languages: language → units and comments without labels because they are not in English.
    stance, portrayal: separate for articles and comments, since these have different authors. loaded: spans per (label,
    voice). frames: units per frame.
    """

    units: int = 0
    comments: int = 0
    duplicates: int = 0
    spans: int = 0
    toxic: int = 0
    stance: dict[str, Labels] = field(default_factory=lambda: {"article": {}, "comments": {}})
    portrayal: dict[str, Labels] = field(default_factory=lambda: {"article": {}, "comments": {}})
    loaded: Counter[tuple[str, str]] = field(default_factory=Counter)
    frames: Counter[str] = field(default_factory=Counter)
    other_languages: Counter[str] = field(default_factory=Counter)

    def add(self, score: Score) -> None:
        if not score.unit.is_content:
            return
        is_comment = score.unit.kind == "comment"
        self.units += not is_comment
        self.comments += is_comment
        flags = (*score.unit.flags, *score.flags)
        self.duplicates += any(flag.startswith("duplicate_of:") for flag in flags)
        if language := score.unit.other_language:
            self.other_languages[language] += 1
        self.spans += len(score.loaded)
        self.toxic += len(score.toxic)
        side = "comments" if is_comment else "article"
        for counts, labeled in ((self.stance, score.stance), (self.portrayal, score.portrayal)):
            for one in labeled:
                counts[side].setdefault(one.target, Counter())[one.label] += 1
        self.loaded.update((span.label, span.voice) for span in score.loaded)
        self.frames.update(frame.label for frame in score.frames)

    @property
    def unrelated(self) -> bool:
        """Whether some unit says nothing about a target for which it was scored."""
        return any(labels[UNRELATED] for side in self.stance.values() for labels in side.values())

    def targets(self) -> list[str]:
        """Targets of articles and comments, the most frequent first."""
        count: Counter[str] = Counter()
        for side in self.stance.values():
            count.update({target: labels.total() for target, labels in side.items()})
        return [target for target, _ in sorted(count.items(), key=lambda item: (-item[1], item[0]))]

    def labels(self) -> list[str]:
        return sorted({label for label, _ in self.loaded})


@dataclass(slots=True)
class Collected:
    """The first articles of the scores with all their rows, and counts over all articles.

    outlets: articles per outlet. names: target id → how the target is called. repeated: skipped rows whose unit was there
    already. models, codebooks: rows per fingerprint; more than one means that scores which cannot be compared were mixed.
    """

    kept: dict[str, list[Score]] = field(default_factory=dict)
    total: Tally = field(default_factory=Tally)
    articles: int = 0
    repeated: int = 0
    outlets: Counter[str | None] = field(default_factory=Counter)
    models: Counter[str] = field(default_factory=Counter)
    codebooks: Counter[str] = field(default_factory=Counter)
    names: dict[str, str] = field(default_factory=dict)


def collect(scores: Iterable[Score], *, max_articles: int) -> Collected:
    """Group scores by article, in order of first appearance; the rows of one article need not be consecutive."""
    found, articles, units = Collected(), set[str](), set[str]()
    for score in scores:
        unit = score.unit
        if unit.article_id not in articles:
            articles.add(unit.article_id)
            found.outlets[unit.outlet] += 1
            if len(found.kept) < max_articles:
                found.kept[unit.article_id] = []
        rows = found.kept.get(unit.article_id)
        if rows is not None:
            if unit.unit_id in units:
                found.repeated += 1
                continue
            units.add(unit.unit_id)
            rows.append(score)
        found.total.add(score)
        found.names.update((stance.target, stance.name) for stance in score.stance if stance.name)
        found.models[score.model] += 1
        found.codebooks[score.codebook] += 1
    found.articles = len(articles)
    return found


@dataclass(frozen=True, slots=True)
class Entry:
    """A comment in its thread.

    depth: 0 for replies to the article. parent: the comment that it answers, if shown. orphan: that comment is missing.
    """

    score: Score
    depth: int
    parent: Score | None = None
    orphan: bool = False


def threaded(comments: Sequence[Score]) -> list[Entry]:
    """Comments in reading order, each once: parents before children, siblings by position, at any depth.

    Comments that answer each other in a circle start at the first.
    """
    by_id = {score.unit.unit_id: score for score in comments}
    children: dict[str | None, list[Score]] = {}
    for score in sorted(comments, key=lambda s: s.unit.position):
        above = score.unit.parent_id
        children.setdefault(above if above in by_id else None, []).append(score)
    entries: list[Entry] = []
    seen: set[str] = set()
    # The roots first, then what no root reaches: circles.
    for root in (*children.get(None, ()), *sorted(comments, key=lambda s: s.unit.position)):
        stack = [(root, 0)]
        while stack:
            score, depth = stack.pop()
            unit = score.unit
            if unit.unit_id in seen:
                continue
            seen.add(unit.unit_id)
            parent = by_id.get(unit.parent_id) if unit.parent_id and depth else None
            entries.append(Entry(score, depth, parent, orphan=bool(unit.parent_id) and parent is None))
            stack.extend((child, depth + 1) for child in reversed(children.get(unit.unit_id, ())))
    return entries


TITLE = "Articles as the model reads them"
Explain = Callable[
    [Sequence[Score]], "Sequence[Explanation]"
]  # rows of one article → explanations of its stances
# Size of everything but the articles (style, script, legend, list of articles); measured at 200 articles, with a margin.
_SHELL_BYTES = 300_000
_OUTLETS_LISTED = 40


@dataclass(frozen=True, slots=True)
class _Shown:
    """An article in the file: its entry in the list, and its HTML."""

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
    explain: Explain | None = None,
) -> None:
    """Write the scores as one HTML file, article by article, with comments under their article.

    scores: in any order; articles keep the order in which they first appear. generated: lines for the footer, name → value,
    e.g. {"from": "scores.jsonl"}. max_articles, max_bytes: limits of the file; it says how many articles it leaves out.
    explain: explains stances in the rows of an article that is shown; the words are added to the notes of its units.
    Raises SlantError if there are no scores, or if a span does not match its unit's text.
    """
    found = collect(scores, max_articles=max_articles)
    if not found.articles:
        raise SlantError(
            "There is nothing to report: no scored units. Give articles, or scores written by `slant score`."
        )
    with page_parts.called(found.names), atomic_path(path) as part:
        _write(found, part, title, generated or {}, max_bytes, explain)


def _write(
    found: Collected,
    path: Path,
    title: str,
    generated: dict[str, str],
    max_bytes: int,
    explain: Explain | None,
) -> None:
    environment = page_environment(page_parts.codes(found.total.labels()))
    shown = shown_articles(found, environment, max_bytes - _SHELL_BYTES, explain)
    style, script = (page_parts.source(environment, name) for name in ("report.css", "report.js"))
    stream = environment.get_template("report.html.j2").stream(
        title=title,
        found=found,
        shown=shown,
        outlets=found.outlets.most_common(_OUTLETS_LISTED),
        labels=found.total.labels(),
        targets=found.total.targets()[:200],
        meanings=_meanings(found),
        explained=explain is not None,
        generated=generated,
        style=style,
        script=script,
        style_hash=page_parts.policy_hash(style),
        script_hash=page_parts.policy_hash(script),
    )
    with path.open("wb") as file:
        stream.dump(file, encoding="utf-8")


def shown_articles(
    found: Collected, environment: Environment, budget: int, explain: Explain | None
) -> list[_Shown]:
    """The kept articles as HTML within the budget (bytes); the last one may be cut between two units."""
    module = environment.get_template("article.html.j2").make_module()
    shown: list[_Shown] = []
    for article_id, rows in found.kept.items():
        rows.sort(key=lambda score: score.unit.position)
        by_unit: dict[str, list[Explanation]] = {}
        for explanation in explain(rows) if explain else ():
            by_unit.setdefault(explanation.unit_id, []).append(explanation)
        article = _article(article_id, rows, module, budget, by_unit)
        if article is None:
            break
        shown.append(article)
        budget -= len(article.html.encode())
    return shown


def _article(
    article_id: str,
    rows: Sequence[Score],
    module: TemplateModule,
    budget: int,
    explanations: Mapping[str, Sequence[Explanation]],
) -> _Shown | None:
    """One article as HTML within the budget (bytes), or None if not even its first unit fits. explanations: by unit id."""
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
    head = macros.head(facts, page_parts.clip(title), author, tally, titled=bool(heads))
    budget -= len(head.encode()) + 500
    for entry in (*text, *comments):
        html = macros.unit(entry, unit_ids, explanations.get(entry.score.unit.unit_id, ()))
        budget -= len(html.encode())
        if budget < 0:
            break
        pieces[entry.score.unit.kind == "comment"].append(html)
    left_out = len(rows) - len(pieces[False]) - len(pieces[True])
    if left_out == len(rows):
        return None
    html = macros.article(facts, head, pieces[False], pieces[True], tally, left_out)
    return _Shown(article_id, page_parts.clip(title), facts.outlet, facts.published, tally, html)


def page_environment(codes: dict[str, str]) -> Environment:
    """The environment of templates that show marked units. codes: label → its letters."""
    environment = page_parts.environment()
    environment.filters.update(segments=segments, sentences=sentences, words=words)
    environment.globals.update(
        codes=codes, voices=page_parts.VOICE_WORDS, signs=page_parts.STANCE_SIGNS, replies=page_parts.REPLY_WORDS,
        stance_heads=page_parts.STANCE_HEADS, portrayal_heads=page_parts.PORTRAYAL_HEADS,
        toxic_code=page_parts.TOXIC_CODE, toxic_name=page_parts.TOXIC_NAME,
    )  # fmt: skip
    return environment


def _meanings(found: Collected) -> dict[str, str]:
    """Definition per label in the scores; none if their codebook is not the shipped one."""
    book = Codebook.load()
    if set(found.codebooks) != {book.fingerprint}:
        return {}
    labels = [("loaded", label) for label in found.total.labels()]
    labels += [("frames", name) for name in found.total.frames]
    return {
        label: entries[label].definition
        for task, label in labels
        if label in (entries := book.tasks.get(task, {}))
    }
