"""FrAC: sentences of articles and reader comments with one frame each (Guida et al., 2025).

License: CC BY 4.0 or CC BY-NC-SA 4.0, depending on the corpus that a sentence comes from.
Mapping: the file uses the numbers of the Media Frames Corpus (CODES). FrAC merges some frames of the codebook: map
predictions with FOLD before comparing them. Group: the sentence. meta: `type` "article" or "comment".

Never train on this set: these 252 sentences (half of the gold) are the only public test of frames.

Pitfalls
- The list in its README is numbered 1 to 10; the labels in the file are 1 to 15 with gaps. The numbers do not match.
- Each sentence has one label, although several frames of the codebook may apply.
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
# Frame of the codebook without a class of its own in FrAC → the class that FrAC counts it under.
FOLD = {
    "crime_and_punishment": "legality_constitutionality_and_jurisprudence",
    "political": "policy_prescription_and_evaluation",
    "capacity_and_resources": "other",
    "quality_of_life": "other",
    "external_regulation_and_reputation": "other",
}


def read_frac(root: Path, split: str = "gold") -> Iterator[Example]:
    """Yield one Example per sentence, with exactly one frame; meta: `type` "article" or "comment"."""
    check_split(NAME, split, SPLITS)
    path = locate(root, NAME, "gold_half.csv")
    for number, row in table(path, ("sentence", "label", "id", "type")):
        if row["label"] not in CODES:
            raise SlantError(
                f"{path} row {number}: no frame {row['label']!r}; known: {', '.join(CODES)}. "
                "Use the file as its authors publish it."
            )
        yield Example(
            id=f"{NAME}-{number}",
            source=NAME,
            split=split,
            group=row["id"],
            text=row["sentence"],
            frames=(CODES[row["label"]],),
            meta={"type": row["type"]},
        )
