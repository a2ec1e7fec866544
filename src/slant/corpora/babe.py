"""BABE (SG2): sentences of US news, biased or not, by trained annotators (Spinde et al., EMNLP 2021).

Licence: the repository says AGPL-3.0, the group's data cards CC BY-NC.
Mapping: label_bias → biased. Group: the article's link, or the row where it has none.
There is one split, "all"; figures are five-fold, see `folds.py`.

Traps
- "No agreement" is no label: the one such row is dropped, 3,673 of 3,674 remain.
- The biased words are word types without offsets; they stay in meta as a JSON list and train nothing here.
- SG2 contains SG1 and MBIC: never test on these after training on it.
- `outlet` and `type` (left, right) are input for slices, never a label to learn.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

from slant.corpora.files import check_split, locate, table
from slant.records import Example

NAME: str = "babe"
SPLITS: tuple[str, ...] = ("all",)
LABELS = {"Biased": True, "Non-biased": False}
_COLUMNS = ("text", "news_link", "outlet", "topic", "label_bias", "label_opinion", "biased_words")


def read_babe(root: Path, split: str = "all") -> Iterator[Example]:
    """One Example per sentence with a majority; meta `outlet`, `topic`, `opinion`, `biased_words`."""
    check_split(NAME, split, SPLITS)
    for number, row in table(locate(root, NAME, "final_labels_SG2.csv"), _COLUMNS, delimiter=";"):
        if row["label_bias"] in LABELS:
            name = f"{NAME}-{number}"
            yield Example(
                id=name,
                source=NAME,
                split=split,
                group=row["news_link"] or name,
                text=row["text"],
                biased=LABELS[row["label_bias"]],
                meta={
                    "outlet": row["outlet"],
                    "topic": row["topic"],
                    "opinion": row["label_opinion"],
                    "biased_words": json.dumps(ast.literal_eval(row["biased_words"]), ensure_ascii=False),
                },
            )
