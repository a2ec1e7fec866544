"""FrAC: sentences of articles and reader comments with one frame each (Guida et al., 2025).

Licence: CC BY 4.0 and CC BY-NC-SA 4.0, by the corpora that the sentences come from.
Mapping: the file's numbers are those of the Media Frames Corpus, see CODES. FrAC merges what the codebook
keeps apart; fold a prediction with FOLD before comparing it. Group: the sentence; `type` (article, comment)
is in meta.

Never trained on: these 252 sentences are half of the gold and there is nothing else that frames are judged
on.

Traps
- The list in its README is numbered 1 to 10, but the file's labels are 1 to 15 with gaps: not the same
  numbers.
- One label a sentence, although frames of the codebook may stand side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slant.corpora.files import check_split, locate, table
from slant.errors import SlantError
from slant.records import Example

NAME: str = "frac"
SPLITS: tuple[str, ...] = ("gold",)

CODES = {
    "1": "economic",
    "3": "morality",
    "4": "fairness_and_equality",
    "5": "legality_constitutionality_and_jurisprudence",  # FrAC: legality and crime
    "6": "policy_prescription_and_evaluation",  # FrAC: political and policies
    "8": "security_and_defense",
    "9": "health_and_safety",
    "11": "cultural_identity",
    "12": "public_opinion",
    "15": "other",
}
# Frames of the codebook that FrAC has no class of its own for → the class that takes them in.
FOLD = {
    "crime_and_punishment": "legality_constitutionality_and_jurisprudence",
    "political": "policy_prescription_and_evaluation",
    "capacity_and_resources": "other",
    "quality_of_life": "other",
    "external_regulation_and_reputation": "other",
}


def read_frac(root: Path, split: str = "gold") -> Iterator[Example]:
    """One Example per sentence with exactly one frame; meta `type` "article" or "comment"."""
    check_split(NAME, split, SPLITS)
    path = locate(root, NAME, "gold_half.csv")
    for number, row in table(path, ("sentence", "label", "id", "type")):
        if row["label"] not in CODES:
            raise SlantError(f"{path} row {number}: no frame {row['label']!r}; known: {', '.join(CODES)}.")
        yield Example(
            id=f"{NAME}-{number}",
            source=NAME,
            split=split,
            group=row["id"],
            text=row["sentence"],
            frames=(CODES[row["label"]],),
            meta={"type": row["type"]},
        )
