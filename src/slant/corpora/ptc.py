"""Propaganda Techniques Corpus v2: news with spans of 14 techniques (Da San Martino et al., SemEval 2020).

License: none stated; research use.
Mapping: the 14 technique names in snake case; one Example per non-blank line, since a line is a sentence.
Group: the article. The function `spans` returns the official gold (task SI: spans; task TC: spans with technique).

Pitfalls
- Offsets count the code points of the raw file: a byte order mark at its start counts as one, and lines end at LF only,
  whatever other separators the text contains.
- Some spans cross line breaks (244 in train, 35 in dev). Each line gets its part, so the lines have more spans than the
  gold.
- Spans may overlap or coincide. SI merges overlapping spans, TC does not.
- "Repetition" can be recognized only from the whole article.
- The test gold is not public, so papers report dev. Choose thresholds on `tune`, a part of train, never on dev.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from slant.corpora.files import check_split, locate
from slant.errors import SlantError
from slant.records import Example, Span

NAME: str = "ptc"
SPLITS: tuple[str, ...] = ("train", "dev", "fit", "tune")
TUNE_SHARE = 0.12

TECHNIQUES = {
    "Appeal_to_Authority": "appeal_to_authority",
    "Appeal_to_fear-prejudice": "appeal_to_fear_prejudice",
    "Bandwagon,Reductio_ad_hitlerum": "bandwagon_reductio_ad_hitlerum",
    "Black-and-White_Fallacy": "black_and_white_fallacy",
    "Causal_Oversimplification": "causal_oversimplification",
    "Doubt": "doubt",
    "Exaggeration,Minimisation": "exaggeration_minimisation",
    "Flag-Waving": "flag_waving",
    "Loaded_Language": "loaded_language",
    "Name_Calling,Labeling": "name_calling_labeling",
    "Repetition": "repetition",
    "Slogans": "slogans",
    "Thought-terminating_Cliches": "thought_terminating_cliches",
    "Whataboutism,Straw_Men,Red_Herring": "whataboutism_straw_men_red_herring",
}


def read_ptc(root: Path, split: str) -> Iterator[Example]:
    """Yield one Example per non-blank line; `offset` is the start of the line in its article."""
    gold = spans(root, split, task="tc")
    for article_id, text in articles(root, split).items():
        start = 0
        for line in text.split("\n"):
            if line.strip("\ufeff \t\xa0"):
                yield Example(
                    id=f"{article_id}:{start}",
                    source=NAME,
                    split=split,
                    group=article_id,
                    text=line,
                    loaded=clip(gold[article_id], start, start + len(line)),
                    offset=start,
                )
            start += len(line) + 1


def articles(root: Path, split: str) -> dict[str, str]:
    """Return article id → text exactly as in its file, sorted by id; "fit" and "tune" are the parts of "train"."""
    check_split(NAME, split, SPLITS)
    folder = locate(root, NAME, f"{_files_of(split)}-articles")
    texts = {
        path.stem.removeprefix("article"): path.read_bytes().decode(
            "utf-8"
        )  # bytes, so that no newline is converted
        for path in sorted(folder.glob("article*.txt"))
    }
    if split in ("fit", "tune"):
        tune = held_out(texts)
        return {name: text for name, text in texts.items() if (name in tune) == (split == "tune")}
    return texts


def spans(root: Path, split: str, task: str = "si") -> dict[str, list[Span]]:
    """Return the official gold: article id → spans in the article's text, sorted; articles without spans are included.

    task: "si" for spans only (label "any"), "tc" for spans with their technique.
    Raises SlantError if a span has an unknown technique or does not fit its article.
    """
    texts = articles(root, split)
    suffix = {"si": "si", "tc": "flc-tc"}[task]
    path = locate(root, NAME, f"{_files_of(split)}-task-{suffix}.labels")
    gold: dict[str, list[Span]] = {article_id: [] for article_id in texts}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        article_id, *name, start, end = line.split("\t")
        if article_id not in texts:  # it belongs to the other part of train
            continue
        span = Span(int(start), int(end), TECHNIQUES.get(name[0], "") if name else "any")
        if not span.label or not 0 <= span.start < span.end <= len(texts[article_id]):
            raise SlantError(
                f"{path} line {number}: {line!r} has an unknown technique or does not fit article "
                f"{article_id} of {len(texts[article_id])} characters. Use version 2 of the corpus."
            )
        gold[article_id].append(span)
    return {article_id: sorted(found, key=lambda s: (s.start, s.end)) for article_id, found in gold.items()}


def held_out(article_ids: Iterable[str]) -> frozenset[str]:
    """Return the articles (about 12 %) for choosing thresholds. Membership depends on the article id alone."""
    return frozenset(name for name in article_ids if _fraction(name) < TUNE_SHARE)


def clip(gold: Iterable[Span], start: int, end: int) -> tuple[Span, ...]:
    """Cut `gold` to [start, end); offsets of the result count from `start`."""
    return tuple(
        Span(max(span.start, start) - start, min(span.end, end) - start, span.label)
        for span in gold
        if span.start < end and span.end > start
    )


def _files_of(split: str) -> str:
    return "dev" if split == "dev" else "train"


def _fraction(name: str) -> float:
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 2**32
