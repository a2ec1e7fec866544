"""Directed sentiment: news sentences with the attitude of one entity toward another (Park et al., ACL Findings 2021).

License: "use by citing the paper".
Mapping: label 0 → both entities neutral; 1/3 → second entity favor/against; 2/4 → first entity favor/against. The brackets
around the entities are removed from the text and become the mentions. Group: the sentence.

Pitfalls
- The label is the attitude of one entity (meta `holder`) toward the other, not that of the author: give it less weight
  than sets that label the author. Label 0 only says that neither entity has an attitude toward the other.
- Hundreds of rows of valid and test duplicate training rows or their sentences. Duplicates are skipped: train keeps one
  of each row; valid drops sentences of train or test; test drops sentences of train and keeps the other 1,223 rows,
  including duplicates among them.
- A bracket often ends before a plural or possessive s: the mention is widened to the end of the word, without a trailing
  apostrophe or blank.
- Tab separated without quoting, but quotation marks in some sentences are doubled as if quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from slant.corpora.files import check_split, digest, locate
from slant.errors import SlantError
from slant.records import Example, TargetLabel

NAME: str = "directed_sentiment"
SPLITS: tuple[str, ...] = ("train", "valid", "test")

# label → (index of the holder, index of the target, stance)
DIRECTED = {"1": (0, 1, "favor"), "2": (1, 0, "favor"), "3": (0, 1, "against"), "4": (1, 0, "against")}
_BRACKETED = re.compile(r"\[([^\[\]]*)\]")
_REST_OF_WORD = re.compile(r"\w*")


def read_directed_sentiment(root: Path, split: str) -> Iterator[Example]:
    """Yield one Example per row, without duplicates; meta: the published `label`, and `holder` if there is one."""
    check_split(NAME, split, SPLITS)
    elsewhere: set[str] = set()  # sentences of the splits that this one must not share
    for other in {"train": (), "valid": ("train", "test"), "test": ("train",)}[split]:
        elsewhere |= {plain(row[1][0])[0] for row in _rows(root, other)}
    seen: set[tuple[str, ...]] = set()
    for number, row in _rows(root, split):
        text, mentions = plain(row[0])
        if text in elsewhere or (row in seen and split != "test"):
            continue
        seen.add(row)
        yield _example(split, number, text, mentions, row[3])


def plain(sentence: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return the sentence without its brackets, and the (start, end) of each bracketed entity in it, in order."""
    text, cursor, marked = "", 0, []
    for found in _BRACKETED.finditer(sentence):
        text += sentence[cursor : found.start()]
        marked.append((len(text), len(text) + len(found[1])))
        text += found[1]
        cursor = found.end()
    text += sentence[cursor:]
    return text, tuple(_whole_words(text, start, end) for start, end in marked)


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    if text[start:end][-1:].isalnum() and (rest := _REST_OF_WORD.match(text, end)):
        end = rest.end()
    while end > start + 1 and text[end - 1] in " '’":
        end -= 1
    while start < end - 1 and text[start] == " ":
        start += 1
    return start, end


def _example(
    split: str, number: int, text: str, mentions: tuple[tuple[int, int], ...], label: str
) -> Example:
    meta = {"label": label}
    names = [text[start:end] for start, end in mentions]
    if label in DIRECTED:
        holder, target, stance = DIRECTED[label]
        meta["holder"] = names[holder]
        targets: tuple[TargetLabel, ...] = (TargetLabel(names[target], stance, (mentions[target],)),)
    else:
        targets = tuple(
            TargetLabel(name, "neutral", (mention,)) for name, mention in zip(names, mentions, strict=True)
        )
    name = f"{NAME}-{split}-{number}"
    return Example(
        id=name, source=NAME, split=split, group=digest(text), text=text, targets=targets, meta=meta
    )


def _rows(root: Path, split: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    path = locate(root, NAME, f"{split}.txt")
    with path.open(encoding="utf-8", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            row = tuple(line.rstrip("\n").split("\t"))
            if len(row) != 4 or len(_BRACKETED.findall(row[0])) != 2 or row[3] not in "01234":
                raise SlantError(
                    f"{path} line {number}: expected a sentence with two [bracketed] entities, the entities "
                    f"and a label 0 to 4, separated by tabs; got {len(row)} columns: {line[:80]!r}. "
                    "Use the file as its authors publish it."
                )
            yield number, row
