"""CheckThat! 2023 task 2, English: news sentences, subjective or objective (Antici et al.; CC BY-NC-SA 4.0).

Mapping: SUBJ/OBJ → subjective. Group: the sentence, since a few sentences appear twice in the file.

Pitfalls
- Tab separated, but with CSV quoting: a sentence that starts with a quotation mark is quoted and its marks are doubled.
- The labels of the test split are not in the folder. Models are judged on dev, so dev must not choose thresholds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slant.corpora.files import check_split, digest, locate, table
from slant.records import Example

NAME: str = "checkthat"
FOLDER = "checkthat_subjectivity"
SPLITS: tuple[str, ...] = ("train", "dev")
LABELS = {"SUBJ": True, "OBJ": False}


def read_checkthat(root: Path, split: str) -> Iterator[Example]:
    """Yield one Example per sentence."""
    check_split(NAME, split, SPLITS)
    path = locate(root, FOLDER, f"{split}_en.tsv")
    for _, row in table(path, ("sentence_id", "sentence", "label"), delimiter="\t"):
        yield Example(
            id=row["sentence_id"],
            source=NAME,
            split=split,
            group=digest(row["sentence"]),
            text=row["sentence"],
            subjective=LABELS[row["label"]],
        )
