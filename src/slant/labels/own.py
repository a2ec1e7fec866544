"""Frame labels made for this project: 960 sentences and comments of public sets, one reading each **by a language model**.

Two sessions of a language model (readers "A" and "B") each read half of the texts under the codebook's frame definitions.
Nobody read a text twice, so there is no agreement figure; how far the labels carry is told by FrAC, which people labelled
and which nothing is trained on. Stand-off: the texts are looked up in the sets by checksum (data/frames.jsonl).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from slant.assets import asset
from slant.errors import SlantError
from slant.labels.public import babe, fa_kes, newsmtsc, vast
from slant.labels.public.files import check_split, digest
from slant.records import Example

NAME: str = "slant_frames"
SPLITS: tuple[str, ...] = ("all", "fit", "tune")


def read(root: Path, split: str = "fit") -> Iterator[Example]:
    """One Example per text with its frames, the first one the main frame; "tune" is a fifth of them, by checksum.

    Raises SlantError if a text is not found: the sets in `root` differ from those that were annotated.
    """
    check_split(NAME, split, SPLITS)
    texts: dict[str, dict[str, str]] = {}
    for line in asset("frames.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        tune = int(row["text"], 16) % 5 == 0
        if split != "all" and tune != (split == "tune"):
            continue
        name = row["set"]
        if name not in texts:
            texts[name] = {digest(t): t for t in _TEXTS[name](root)}
        found = texts[name].get(row.get("document", row["text"]))
        text = found[row["start"] : row["end"]] if found is not None and "document" in row else found
        if text is None or digest(text) != row["text"]:
            raise SlantError(
                f"frames.jsonl: text {row['text']} is not in set {name!r} under {root}. Check `slant data check`."
            )
        yield Example(
            id=f"{NAME}-{row['text']}",
            source=NAME,
            split=split,
            group=row.get("document", row["text"]),
            text=text,
            frames=tuple(row["frames"]),
            meta={"reader": row["reader"]},
        )


_TEXTS = {
    "babe": lambda root: (e.text for e in babe.read(root, "all")),
    "newsmtsc": lambda root: (e.text for e in newsmtsc.read(root, "train")),
    "vast": lambda root: (e.text for e in vast.read(root, "train")),
    "fa_kes": lambda root: (a.text for a in fa_kes.read_articles(root)),
}
