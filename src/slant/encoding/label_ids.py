"""Labels as columns: the order of a checkpoint's outputs. Only in this file are labels integers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slant.errors import SlantError
from slant.records import PORTRAYALS, REPLIES, STANCE_ANSWERS

TECHNIQUES = (
    "loaded_language", "name_calling_labeling", "repetition", "exaggeration_minimisation", "doubt",
    "appeal_to_fear_prejudice", "flag_waving", "causal_oversimplification", "slogans", "appeal_to_authority",
    "black_and_white_fallacy", "thought_terminating_cliches", "whataboutism_straw_men_red_herring",
    "bandwagon_reductio_ad_hitlerum",
)  # fmt: skip
FRAMES = (
    "economic", "capacity_and_resources", "morality", "fairness_and_equality",
    "legality_constitutionality_and_jurisprudence", "policy_prescription_and_evaluation", "crime_and_punishment",
    "security_and_defense", "health_and_safety", "quality_of_life", "cultural_identity", "public_opinion",
    "political", "external_regulation_and_reputation", "other",
)  # fmt: skip

# Columns of the token logits: any loaded language, each technique (given loaded language), toxic.
TOKEN_LABELS = ("any", *TECHNIQUES, "toxic")
ANY, TOXIC = 0, len(TOKEN_LABELS) - 1
# Columns of the unit logits.
UNIT_LABELS = ("biased", "subjective", *REPLIES, *FRAMES)
BIASED, SUBJECTIVE = 0, 1
REPLY = slice(2, 2 + len(REPLIES))
FRAME = slice(REPLY.stop, REPLY.stop + len(FRAMES))
# Columns of the target logits: the author's stance toward the target, then how the text portrays it.
TARGET_LABELS = (*STANCE_ANSWERS, *PORTRAYALS)
STANCE = slice(0, len(STANCE_ANSWERS))
PORTRAYAL = slice(STANCE.stop, STANCE.stop + len(PORTRAYALS))
IGNORED = -100


def check_labels(stated: Mapping[str, Any], where: str) -> None:
    """Raise SlantError, with both lists, if a checkpoint's labels or their order differ from this version's.

    where: name of the checkpoint in the message.
    """
    ours = {"token_labels": TOKEN_LABELS, "unit_labels": UNIT_LABELS, "target_labels": TARGET_LABELS}
    for name, labels in ours.items():
        if stated.get(name) != list(labels):
            raise SlantError(
                f"{where}: its {name} are {stated.get(name)}, this version of slant has {list(labels)}. "
                "Use the version of slant that made the model, or train it again."
            )


def span_tags(offsets: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """Return for each token whether at least half of its characters are in one of the spans."""
    tags = np.zeros(len(offsets), bool)
    if not spans or not offsets:
        return tags
    table = np.asarray(offsets)
    for start, end in spans:
        overlap = np.minimum(table[:, 1], end) - np.maximum(table[:, 0], start)
        tags |= 2 * overlap >= np.maximum(1, table[:, 1] - table[:, 0])
    return tags


STANCE_INDEX = {label: i for i, label in enumerate(STANCE_ANSWERS)}
# Label of sets that do not tell neutral texts from unrelated ones (batches.MERGES_UNRELATED): either answer is right.
NEUTRAL_OR_UNRELATED = len(STANCE_ANSWERS)
PORTRAYAL_INDEX = {label: i for i, label in enumerate(PORTRAYALS)}
REPLY_INDEX = {label: i for i, label in enumerate(REPLIES)}
FRAME_INDEX = {label: i for i, label in enumerate(FRAMES)}
TECHNIQUE_INDEX = {label: i for i, label in enumerate(TECHNIQUES)}
