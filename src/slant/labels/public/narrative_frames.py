"""Narrative media frames: climate news with five generic frames (Frermann et al., ACL 2023; labels MIT).

Mapping: RE/HI/CO/MO/EC → FRAMES, any number of them. They are the generic frames of Semetko and Valkenburg
(2000) and not the issue-specific dimensions of the codebook, hence the prefix: never train one head on
both.
Group: the article. One split, "all"; figures are five-fold, see `folds.py`.

Traps
- One of the 428 rows breaks off in its text and has no labels: dropped, 427 remain.
- One label carries a stray parenthesis, "False)".
- One text stands twice with different labels; both rows get the same group.
- Outlet names come in two spellings ("cnn", "CNN"); they are left as they are. Texts have no paragraphs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slant.labels.public.files import check_split, digest, locate, table
from slant.records import Example

NAME: str = "narrative_frames"
SPLITS: tuple[str, ...] = ("all",)
FRAMES = {
    "RE": "generic_resolution",
    "HI": "generic_human_interest",
    "CO": "generic_conflict",
    "MO": "generic_morality",
    "EC": "generic_economic",
}


def read(root: Path, split: str = "all") -> Iterator[Example]:
    """One Example per labelled article; `frames` may be empty; meta `outlet`, `published`, `side` (MBFC)."""
    check_split(NAME, split, SPLITS)
    path = locate(root, NAME, "articles_metadata.tsv")
    for _, row in table(path, ("ID", "source", "mbfc", "date", "text", *FRAMES), delimiter="\t"):
        if any(row[code] is None for code in FRAMES):
            continue
        yield Example(
            id=row["ID"],
            source=NAME,
            split=split,
            group=digest(row["text"]),
            text=row["text"],
            frames=tuple(frame for code, frame in FRAMES.items() if row[code].startswith("True")),
            meta={"outlet": row["source"], "published": row["date"], "side": row["mbfc"]},
        )
