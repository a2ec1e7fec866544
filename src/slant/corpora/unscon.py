"""UNSCon: sentences of speeches in the UN Security Council with negative evaluations of states (Zaczynska et al., 2024).

License: CC BY-SA. Trained annotators marked where a speaker criticizes, or distances himself from, another state that is
present at the debate, and which state that is. Debates on Ukraine in 2014, and on women, peace and security in 2016.

Mapping: the author is the speaker. The targets are the states that the sentence names: those that can be criticized in
every debate, as they are permanent members, and Ukraine (STATES).
- In a sentence with a negative evaluation: "against" toward the evaluated state. Its other states have no label, as the
  file keeps one evaluation per sentence.
- In a sentence without one: "neutral" toward all states but the speaker's own, which means no more than *not against*. Nobody
  marked praise, so a state may also be favored, or only named as a place. It is judged as "against" or "not_against"
  (judging/judged_sets.py).
Group: the speech.

Never train on this set: it is one of two in which people labeled the author's stance on texts unlike the training texts.

Pitfalls
- Negative evaluations of a state that the sentence does not name ("that is a farce"), or of none, are skipped: the sentence
  alone does not say who is meant, and all such targets would be "against", since only evaluated states are known unnamed.
- Sentences in which a statement is challenged or corrected, but nobody evaluated, are skipped: they are hardly neutral.
- The annotators marked clauses; the label of a sentence is the first of its clauses.
- A fifth of the rows are empty lines of the speeches.
- Most negative evaluations are of Russia, and most sentences without one name Ukraine: see also the figures per state.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slant.corpora.files import check_split, locate, table
from slant.errors import SlantError
from slant.labels.targets import Target, Targets
from slant.records import Example, TargetLabel

NAME: str = "unscon"
SPLITS: tuple[str, ...] = ("all",)
NO_LABEL = "_"
EVALUATIONS = {"Direct_NegEval": "direct", "Indirect_NegEval": "indirect"}
# With adjectives, as evaluations also name a state in them ("Russian-backed").
STATES = Targets((
    Target("russian_federation", "Russia", ("Russia", "Russian Federation", "Russian", "Russians", "Moscow", "Kremlin")),
    Target("ukraine", "Ukraine", ("Ukraine", "Ukrainian", "Ukrainians", "Kyiv", "Kiev")),
    Target(
        "united_states_of_america", "United States",
        ("United States", "United States of America", "American", "Americans", "Washington"),
    ),
    Target("united_kingdom_of_great_britain_and_northern_ireland", "United Kingdom", ("United Kingdom", "British")),
    Target("france", "France", ("France", "French")),
    Target("china", "China", ("China", "Chinese")),
))  # fmt: skip
_COLUMNS = (
    "filename", "fileid", "text", "A0_Negative_Evaluation", "A4_Country_Name", "A4_Country_Name_2", "B1_ChallengeType",
)  # fmt: skip


def read_unscon(root: Path, split: str = "all") -> Iterator[Example]:
    """Yield one Example per sentence that has a target; meta: `speaker`, `evaluation` "direct", "indirect" or "none"."""
    check_split(NAME, split, SPLITS)
    path = locate(root, NAME, "main_conflicts_sents.csv")
    for number, row in table(path, _COLUMNS):
        speaker = row["filename"].rpartition("_preproc_")[2].removesuffix(".txt").lower()
        kind = row["A0_Negative_Evaluation"]
        if kind not in (NO_LABEL, *EVALUATIONS):
            raise SlantError(
                f"{path} row {number}: no evaluation {kind!r}; known: {', '.join((NO_LABEL, *EVALUATIONS))}. "
                "Use the file as its authors publish it."
            )
        if targets := _targets(row, speaker):
            yield Example(
                id=f"{NAME}-{number}",
                source=NAME,
                split=split,
                group=row["fileid"],
                text=row["text"],
                targets=targets,
                meta={"speaker": speaker, "evaluation": EVALUATIONS.get(kind, "none")},
            )


def _targets(row: dict[str, str], speaker: str) -> tuple[TargetLabel, ...]:
    """Return the labeled states of a sentence; none if it only challenges or corrects."""
    named = STATES.find(row["text"])
    if row["A0_Negative_Evaluation"] != NO_LABEL:
        evaluated = (row["A4_Country_Name"], row["A4_Country_Name_2"])
        found = [(state, "against") for state in named if state in evaluated]
    elif row["B1_ChallengeType"] == NO_LABEL:
        found = [(state, "neutral") for state in named if state != speaker]
    else:
        found = []
    return tuple(TargetLabel(STATES.name(state), label, named[state]) for state, label in found)
