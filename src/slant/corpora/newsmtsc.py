"""NewsMTSC: sentences of US political news with one marked mention each (Hamborg & Donnay, EACL 2021; MIT).

Mapping: polarity -1/0/1 → stance against/neutral/favor toward the mention; offsets are code points.
Group: the article, parsed from the id, so that its rows are resampled together.

Pitfalls
- The multi-target splits (`dev_mt`, `test_mt`) are for judging, never for training.
- A row is one mention: a sentence with two mentions has two rows.
- Polarity is what the sentence conveys, including quoted opinions.
- The splits share articles (about half of the articles of the judged rows are also in train), but hardly any sentence.
- The offsets inside the ids differ from `from`/`to`; use the fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from slant.corpora.files import check_split, json_lines, locate
from slant.errors import SlantError
from slant.records import Example, TargetLabel

NAME: str = "newsmtsc"
SPLITS: tuple[str, ...] = ("train", "dev_rw", "test_rw", "dev_mt", "test_mt")
LABELS = {-1: "negative", 0: "neutral", 1: "positive"}

# allsides_<event>_<article>_<sentence>_<mention>_<from>_<to>, polusa_v1_<article>_-1_<sentence>_…
_ARTICLE = re.compile(r"(allsides_\d+_\d+|polusa_v\d+_\d+_-?\d+)_\d+_")


def read_newsmtsc(root: Path, split: str) -> Iterator[Example]:
    """Yield one Example per row. Raises SlantError if the file is missing or the offsets do not give the mention."""
    check_split(NAME, split, SPLITS)
    path = locate(root, NAME, f"{split}.jsonl")
    for number, row in json_lines(path):
        text, start, end = row["sentence"], row["from"], row["to"]
        if text[start:end] != row["mention"]:
            raise SlantError(
                f"{path} line {number}: characters {start} to {end} are {text[start:end]!r}, not the mention "
                f"{row['mention']!r}. Offsets must count the code points of `sentence`."
            )
        article = _ARTICLE.match(row["id"])
        yield Example(
            id=row["id"],
            source=NAME,
            split=split,
            group=article[1] if article else text,
            text=text,
            targets=(TargetLabel(row["mention"], None, ((start, end),), portrayal=LABELS[row["polarity"]]),),
        )
