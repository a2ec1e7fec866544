"""BABE (SG2): sentences of US news labeled biased or not by trained annotators (Spinde et al., EMNLP 2021).

License: AGPL-3.0 in the repository, CC BY-NC on the group's data cards.
Mapping: label_bias → biased. Group: the article's link, or the row if it has none.
The set has one split, "all". Published figures are means of five folds (see files.folds).

Pitfalls
- "No agreement" is not a label: the one such row is dropped, 3,673 of 3,674 remain.
- The biased words are word types without offsets. They are kept in meta as a JSON list and are not trained on.
- SG2 contains SG1 and MBIC: never test on these after training on it.
- `outlet` and `type` (left, right) are for slices only, never labels to learn.
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
    """Yield one Example per sentence with a majority label; meta: `outlet`, `topic`, `opinion`, `biased_words`."""
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
