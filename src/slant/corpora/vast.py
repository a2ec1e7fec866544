"""VAST: reader comments of a newspaper's debate pages with free-text topics (Allaway & McKeown, EMNLP 2020).

License: none stated; research use, the texts must not be republished.
Mapping: label 0/1/2 → stance against/favor/neutral toward the topic, encoded as a text pair (no mentions).
Group: the post, since a post has several rows with different topics.

Pitfalls
- Most neutral training rows are synthetic (`type_idx` 4): a post with a random topic. That topic is in `topic_str`;
  `new_topic` still has the original topic of the post. These rows have meta `synthetic`; give them less weight.
- In all other rows `topic_str` is a reduced form (lemmas without stop words); `new_topic` has the full wording.
- `dev` and `test` have only the columns `post, new_topic, label, seen?`. `seen?` = 0 is the zero-shot part.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slant.corpora.files import check_split, digest, locate, table
from slant.records import Example, TargetLabel

NAME: str = "vast"
SPLITS: tuple[str, ...] = ("train", "dev", "test")
LABELS = {"0": "against", "1": "favor", "2": "neutral"}
SYNTHETIC = "4"


def read_vast(root: Path, split: str) -> Iterator[Example]:
    """Yield one Example per post and topic; meta: `seen` "0" or "1", `type_idx`, and `synthetic` "1" if it is."""
    check_split(NAME, split, SPLITS)
    path = locate(root, NAME, f"vast_{split}.csv")
    for number, row in table(path, ("post", "new_topic", "label", "seen?")):
        kind = row.get("type_idx", "")
        meta = {"seen": row["seen?"]}
        if kind:
            meta["type_idx"] = kind
        if kind == SYNTHETIC:
            meta["synthetic"] = "1"
        topic = row["topic_str"] if kind == SYNTHETIC else row["new_topic"]
        yield Example(
            id=f"{NAME}-{split}-{number}",
            source=NAME,
            split=split,
            group=digest(row["post"]),
            text=row["post"],
            targets=(TargetLabel(topic, LABELS[row["label"]]),),
            meta=meta,
        )
