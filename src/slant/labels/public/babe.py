"""BABE (SG2): sentences of US news, biased or not, by trained annotators (Spinde et al., EMNLP 2021).

Licence: the repository says AGPL-3.0, the group's data cards CC BY-NC.
Mapping: label_bias → biased. Group: the article's link, or the row where it has none.
There is one split, "all"; figures are five-fold, see `folds.py`. "words" are the same rows with their biased words as weak
spans of loaded language, without a technique.

Traps
- "No agreement" is no label: the one such row is dropped, 3,673 of 3,674 remain.
- The biased words are word types without offsets: they stay in meta as a JSON list, and in "words" every place of one counts.
  The 2 % that stand nowhere are lost there.
- SG2 contains SG1 and MBIC: never test on these after training on it.
- `outlet` and `type` (left, right) are input for slices, never a label to learn.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from slant.labels.public.files import check_split, locate, table
from slant.records import Example, Span

NAME: str = "babe"
SPLITS: tuple[str, ...] = ("all", "words")
LABELS = {"Biased": True, "Non-biased": False}
_COLUMNS = ("text", "news_link", "outlet", "topic", "label_bias", "label_opinion", "biased_words")


def read(root: Path, split: str = "all") -> Iterator[Example]:
    """One Example per sentence with a majority; meta `outlet`, `topic`, `opinion`, `biased_words`."""
    check_split(NAME, split, SPLITS)
    for number, row in table(locate(root, NAME, "final_labels_SG2.csv"), _COLUMNS, delimiter=";"):
        if row["label_bias"] in LABELS:
            name, words = f"{NAME}-{number}", ast.literal_eval(row["biased_words"])
            yield Example(
                id=name,
                source=NAME,
                split=split,
                group=row["news_link"] or name,
                text=row["text"],
                biased=LABELS[row["label_bias"]],
                loaded=places(words, row["text"]) if split == "words" else None,
                meta={
                    "outlet": row["outlet"],
                    "topic": row["topic"],
                    "opinion": row["label_opinion"],
                    "biased_words": json.dumps(words, ensure_ascii=False),
                },
            )


def places(words: Iterable[str], text: str) -> tuple[Span, ...]:
    """Where any of `words` stands in `text` as whole words, in any case, with the label "any"."""
    found = {
        (place.start(), place.end())
        for word in words
        if word.strip()
        for place in re.finditer(rf"(?<!\w){re.escape(word.strip())}(?!\w)", text, re.IGNORECASE)
    }
    return tuple(Span(start, end, "any") for start, end in sorted(found))
