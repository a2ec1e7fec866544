"""SemEval-2021 task 6, subtask 2: texts of memes with spans of 20 techniques (Dimitrov et al.).

Licence: "free for general research use".
Mapping: onto the 14 techniques of PTC where there is one, see TECHNIQUES; the others (Smears, Glittering
generalities, Obfuscation) have no counterpart: their spans are dropped and counted in meta `dropped`.
Group: the meme.

Traps
- Texts are short lines in capitals: no news prose. Straw man, red herring and whataboutism are one class in
  PTC, as are bandwagon and reductio ad Hitlerum.
- "Smears" often covers the whole text; without it a text may look clean that its annotators did not find
  clean.
- In test, five spans differ from their `text_fragment` by a character; the offsets are taken, the fragment
  is not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from slant.errors import SlantError
from slant.labels.public.files import check_split, locate
from slant.records import Example, Span

NAME: str = "semeval2021"
FOLDER = "semeval2021_task6"
SPLITS: tuple[str, ...] = ("train", "dev", "test")
_FILES = {"train": "training_set_task2.txt", "dev": "dev_set_task2.txt", "test": "test_set_task2.txt"}

TECHNIQUES = {
    "Appeal to authority": "appeal_to_authority",
    "Appeal to fear/prejudice": "appeal_to_fear_prejudice",
    "Bandwagon": "bandwagon_reductio_ad_hitlerum",
    "Black-and-white Fallacy/Dictatorship": "black_and_white_fallacy",
    "Causal Oversimplification": "causal_oversimplification",
    "Doubt": "doubt",
    "Exaggeration/Minimisation": "exaggeration_minimisation",
    "Flag-waving": "flag_waving",
    "Loaded Language": "loaded_language",
    "Misrepresentation of Someone's Position (Straw Man)": "whataboutism_straw_men_red_herring",
    "Name calling/Labeling": "name_calling_labeling",
    "Presenting Irrelevant Data (Red Herring)": "whataboutism_straw_men_red_herring",
    "Reductio ad hitlerum": "bandwagon_reductio_ad_hitlerum",
    "Repetition": "repetition",
    "Slogans": "slogans",
    "Thought-terminating cliché": "thought_terminating_cliches",
    "Whataboutism": "whataboutism_straw_men_red_herring",
}
WITHOUT_COUNTERPART = (
    "Glittering generalities (Virtue)",
    "Obfuscation, Intentional vagueness, Confusion",
    "Smears",
)


def read(root: Path, split: str) -> Iterator[Example]:
    """One Example per meme; meta `dropped` counts its spans without a counterpart, where there are any."""
    check_split(NAME, split, SPLITS)
    path = locate(root, FOLDER, _FILES[split])
    for row in json.loads(path.read_text(encoding="utf-8")):
        spans = []
        dropped = 0
        for label in row["labels"]:
            technique = label["technique"]
            if technique in WITHOUT_COUNTERPART:
                dropped += 1
            elif technique not in TECHNIQUES or not 0 <= label["start"] < label["end"] <= len(row["text"]):
                raise SlantError(
                    f"{path}, id {row['id']}: {technique!r} from {label['start']} to {label['end']} is "
                    f"unknown or does not fit a text of {len(row['text'])} characters."
                )
            else:
                spans.append(Span(label["start"], label["end"], TECHNIQUES[technique]))
        yield Example(
            id=row["id"],
            source=NAME,
            split=split,
            group=row["id"],
            text=row["text"],
            loaded=tuple(sorted(spans, key=lambda span: (span.start, span.end, span.label))),
            meta={"dropped": str(dropped)} if dropped else {},
        )
