"""Heads taught on a user's labels (`slant teach`): linear answers from the states of a frozen model, with numpy alone.

A head is a folder: head.json, the card, and weights.npz. It answers for the labels that it was taught, from the states and
logits of one model, to whose fingerprint it is bound; all other labels stay those of the model.

Each answer has the weights learned from all labels and those of every fold, learned without the labels of that fold. A text
whose labels were learned from is always answered by the fold that did not see its article (cross-fitting). So labels that
taught can also correct rates: the head's errors on the labeled texts are like those on all others.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slant.encoding.decode import Decoding, Floats, TextLogits, sigmoid
from slant.encoding.label_ids import ANY, FRAME_INDEX, FRAMES, STANCE, TARGET_LABELS, UNIT_LABELS
from slant.encoding.predictor import Predictor
from slant.errors import SlantError, UsageError

CARD, WEIGHTS = "head.json", "weights.npz"
STANCE_TASK, LOADED_TASK, FRAME_PREFIX = "stance", "loaded", "frame:"
FORMAT = 1
# Features that are logits; the states follow them.
TARGET_LOGITS, UNIT_LOGITS = len(TARGET_LABELS), len(UNIT_LABELS) + 2


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights [folds + 1, answers, features] and biases [folds + 1, answers]; the first ones are learned from all labels."""

    weights: Floats
    biases: Floats

    def answer(self, features: Floats, fold: int) -> Floats:
        found: Floats = self.weights[fold] @ features + self.biases[fold]
        return found


class TaughtHead:
    """A head.

    answers: task ("stance", "loaded" or "frame:NAME") → weights. folds: key of a text of an article that taught → its fold,
    from 1. card: see `slant teach`.
    """

    def __init__(
        self, answers: Mapping[str, Linear], folds: Mapping[str, int], card: Mapping[str, Any]
    ) -> None:
        self.answers, self.folds, self.card = dict(answers), dict(folds), dict(card)
        self._frames = {
            task.removeprefix(FRAME_PREFIX): linear
            for task, linear in self.answers.items()
            if task.startswith(FRAME_PREFIX)
        }

    def apply(self, text: str, logits: TextLogits) -> TextLogits:
        """Return the logits of a text with the head's answers, without the states behind them."""
        fold = self.folds.get(text_key(text), 0) if self.folds else 0
        stance, loaded = self.answers.get(STANCE_TASK), self.answers.get(LOADED_TASK)
        targets = [None if x is None else self._target(x, stance, fold) for x in logits.targets]
        frames: dict[str, float] = {}
        probability = None
        if self._frames or loaded:
            features = unit_features(logits)
            frames = {name: _probability(linear, features, fold) for name, linear in self._frames.items()}
            probability = _probability(loaded, features, fold) if loaded else None
        unit = logits.unit[: len(UNIT_LABELS)]
        return replace(logits, unit=unit, targets=targets, frames=frames, loaded=probability)

    @staticmethod
    def _target(target: Floats, stance: Linear | None, fold: int) -> Floats:
        found = target[: len(TARGET_LABELS)]
        if stance is not None:
            found = found.copy()
            found[STANCE] = stance.answer(target, fold)
        return found

    def decoding(self, base: Decoding) -> Decoding:
        """Return the model's decoding without its priors and thresholds where the head answers."""
        made = base
        if STANCE_TASK in self.answers:
            made = replace(made, stance_bias=(0.0,) * 4, stance_temperature=1.0, stance_abstain=0.0)
        own = [FRAME_INDEX[name] for name in self._frames if name in FRAME_INDEX]
        if own:
            thresholds = list(base.frame_thresholds or (base.frame_threshold,) * len(FRAMES))
            for i in own:
                thresholds[i] = 0.5
            made = replace(made, frame_thresholds=tuple(thresholds))
        return made

    def save(self, folder: Path) -> None:
        """Write the head. Raises UsageError if the folder cannot be made."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"-o {folder}: cannot make the folder ({error.strerror}).") from None
        arrays: dict[str, NDArray[Any]] = {
            "fold_keys": np.array(list(self.folds), dtype="U16"),
            "fold_numbers": np.array(list(self.folds.values()), dtype=np.int16),
        }
        for number, linear in enumerate(self.answers.values()):
            arrays |= {f"weights_{number}": linear.weights, f"biases_{number}": linear.biases}
        np.savez(folder / WEIGHTS, allow_pickle=False, **arrays)
        card = {**self.card, "answers": list(self.answers), "fingerprint": self.fingerprint}
        (folder / CARD).write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", "utf-8")

    @property
    def fingerprint(self) -> str:
        """12 hex digits of the model's fingerprint, the weights and the folds."""
        made = hashlib.sha256(self.card["model"]["fingerprint"].encode())
        for task, linear in self.answers.items():
            made.update(task.encode() + linear.weights.tobytes() + linear.biases.tobytes())
        made.update(json.dumps(self.folds, sort_keys=True).encode())
        return made.hexdigest()[:12]


def text_key(text: str) -> str:
    """Return 16 hex digits of a text, whatever its spaces and line breaks are."""
    return hashlib.blake2b(" ".join(text.split()).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def unit_features(logits: TextLogits) -> Floats:
    """Return the features of a unit: the largest and mean token logit of loaded language, its logits and its embedding."""
    values = logits.tokens[:, ANY]
    summary = [values.max(), values.mean()] if len(values) else [0.0, 0.0]
    return np.concatenate([np.asarray(summary, np.float32), logits.unit])


def _probability(linear: Linear, features: Floats, fold: int) -> float:
    return float(sigmoid(linear.answer(features, fold)[0]))


# ---- from a folder


def is_head(folder: Path) -> bool:
    return (folder / CARD).is_file()


def load_head(folder: Path) -> TaughtHead:
    """Read a head. Raises SlantError if it is damaged or was made by another version of slant."""
    try:
        card = json.loads((folder / CARD).read_text("utf-8"))
        if card["format"] != FORMAT:
            raise SlantError(
                f"{folder}: made by another version of slant (format {card['format']}). Teach it again."
            )
        with np.load(folder / WEIGHTS, allow_pickle=False) as arrays:
            answers = {
                task: Linear(arrays[f"weights_{n}"], arrays[f"biases_{n}"])
                for n, task in enumerate(card["answers"])
            }
            folds = dict(zip(arrays["fold_keys"].tolist(), arrays["fold_numbers"].tolist(), strict=True))
        head = TaughtHead(answers, folds, card)
        whole = head.fingerprint == card["fingerprint"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SlantError(f"{folder}: this head cannot be read ({error!r}). Teach it again.") from None
    if not whole:
        raise SlantError(f"{folder}: {WEIGHTS} and {CARD} do not belong together. Teach the head again.")
    return head


def with_head(base: Predictor, head: TaughtHead, folder: Path, workers: int) -> Predictor:
    """Return the model with the head. base: loaded with states. Raises UsageError if the head was taught on another model."""
    stated = head.card["model"]
    if base.fingerprint != stated["fingerprint"]:
        raise UsageError(
            f"{folder}: this head was taught on model {stated['name']} ({stated['fingerprint']}), and this is {base.name} "
            f"({base.fingerprint}). Use that model, or teach the head again on this one."
        )
    made = Predictor(
        base.runtime,
        base.encoder,
        head.decoding(base.decoding),
        name=folder.name,
        fingerprint=head.fingerprint,
        codebook=base.codebook,
        workers=workers,
    )
    made.head = head
    return made
