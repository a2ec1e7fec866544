"""Export a model for release, if int8 costs at most a point of any official metric (`slant export`)."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from slant.assets import model_folder
from slant.corpora.sets import data_root
from slant.corpora.sets import load as load_set
from slant.encoding.predictor import Predictor, encoder_request
from slant.errors import SlantError
from slant.judging.scorecard import Settings, judge
from slant.judging.scorecard_files import write
from slant.judging.scorecard_records import QualityLoss, Scorecard, quality_loss
from slant.records import Example
from slant.scoring.runtimes import FILES, RUNTIMES, load

FP32 = (
    "model.onnx"  # equals the torch model within 1e-4 (tests/training/test_export.py), and is twice as fast
)
NO_SETS = (
    "none of the public sets is in {root}, so the quality loss of int8 cannot be measured. Nothing was written. "
    "Set SLANT_DATA to their folder; `slant data list` shows which sets are found."
)


def open_model(model: str | Path | None) -> Predictor:
    """Open a model as runtimes.load does, or a torch checkpoint in the folder `model`."""
    folder = model_folder(model)
    if (folder / "slant.json").exists():
        from slant.training.torch_runtime import load_checkpoint

        return load_checkpoint(folder)
    return load(folder)


def ship(
    checkpoint: Path,
    out: Path,
    *,
    most: float = 1.0,
    limit: int | None = None,
    runtimes: Sequence[str] = RUNTIMES,
) -> list[QualityLoss]:
    """Export `checkpoint` to `out` with its scorecard, if int8 costs at most `most` points of every official metric.

    fp32 and the int8 model of each of `runtimes` are judged on the same examples (limit: per set, for trials). Writes the
    losses to `out/quantisation.json` and standard output, and how near int8 logits are to those of torch to
    `out/parity.json`. The scorecard is that of the first runtime; it compares the new model with one that is already in
    `out`, whose files for other runtimes are removed. Returns the losses of the first runtime.
    Raises SlantError, without changing `out`, if int8 costs more or the public sets are missing.
    """
    from slant.training.export_onnx import export

    with tempfile.TemporaryDirectory() as folder:
        made = export(checkpoint, Path(folder) / "model", runtimes=runtimes)
        if not (texts := _real_texts()):
            raise SlantError(NO_SETS.format(root=data_root()))
        torch = open_model(checkpoint)
        near = {runtime: parity(torch, load(made, runtime=runtime), texts) for runtime in runtimes}
        for runtime, found in near.items():
            print(
                f"torch and {runtime} int8 on {found['texts']} texts: R² of logits {found['r2']:.4f}, "
                f"largest difference {found['largest']:.3f}"
            )
        losses, card = _judged(made, runtimes, previous=_previous(out), limit=limit)
        first, *others = runtimes
        if not losses[first]:
            raise SlantError(NO_SETS.format(root=data_root()))
        _check_losses(losses, most)
        (made / "onnx" / FP32).unlink()  # large, and not needed for scoring
        rows = [
            {"set": x.set, "metric": x.metric, "fp32": x.before, "int8": x.after}
            | {runtime: losses[runtime][i].after for runtime in others}
            for i, x in enumerate(losses[first])
        ]
        (made / "quantisation.json").write_text(json.dumps(rows, indent=2) + "\n", "utf-8")
        nearness = {**near[first], **{runtime: near[runtime] for runtime in others}}
        (made / "parity.json").write_text(json.dumps(nearness, indent=2) + "\n", "utf-8")
        write(card, made / "scores")
        for runtime in RUNTIMES:
            for place in (made, out) if runtime not in runtimes else (out,):
                shutil.rmtree((place / FILES[runtime]).parent, ignore_errors=True)
        out.mkdir(parents=True, exist_ok=True)
        shutil.copytree(made, out, dirs_exist_ok=True)
    return losses[first]


def parity(ours: Predictor, theirs: Predictor, examples: Sequence[Example]) -> dict[str, float]:
    """Compare the logits of two models on the same texts: R² over all logits, and the largest absolute difference."""
    requests = [encoder_request(example) for example in examples]
    flat = [
        np.concatenate(
            [
                part.ravel()
                for r in predictor.run(requests)
                for part in (r.tokens, r.unit, *r.targets)
                if part is not None
            ]
        )
        for predictor in (ours, theirs)
    ]
    r = float(np.corrcoef(flat[0], flat[1])[0, 1])
    return {"texts": len(requests), "r2": r * r, "largest": float(np.abs(flat[0] - flat[1]).max())}


def _real_texts(each: int = 60) -> list[Example]:
    """Return news sentences and comments of dev splits; empty without the public sets."""
    try:
        return (
            load_set("newsmtsc", "dev_rw")[:each]
            + load_set("vast", "dev")[:each]
            + load_set("ptc", "tune")[:each]
        )
    except SlantError:
        return []


def _previous(out: Path) -> Predictor | None:
    """Return the model in `out`; None if there is none or it is of an incompatible version of slant."""
    if not (out / "config.json").exists():
        return None
    try:
        return load(out)
    except SlantError as error:
        print(f"no comparison with the model in {out}: {error}")
        return None


def _judged(
    made: Path, runtimes: Sequence[str], *, previous: Predictor | None, limit: int | None
) -> tuple[dict[str, list[QualityLoss]], Scorecard]:
    """Return the losses of each runtime's int8 against fp32, and the scorecard of the first runtime."""
    plain, full = Settings(limit=limit, full=False), Settings(limit=limit)
    before = judge(load(made, file=FP32), sets=None, root=data_root(), settings=plain)
    first, *others = runtimes
    card = judge(load(made, runtime=first), sets=None, root=data_root(), settings=full, against=previous)
    losses = {first: quality_loss(before, card)}
    for runtime in others:
        found = judge(load(made, runtime=runtime), sets=None, root=data_root(), settings=plain)
        losses[runtime] = quality_loss(before, found)
    return losses, card


def _check_losses(losses: dict[str, list[QualityLoss]], most: float) -> None:
    """Print all losses. Raises SlantError if one is larger than `most` points."""
    for runtime, found in losses.items():
        for loss in found:
            print(
                f"{runtime:9} {loss.set:24} {loss.metric:12} {100 * loss.before:6.1f} → {100 * loss.after:6.1f}  "
                f"({-loss.points:+.2f})"
            )
        worst = max(found, key=lambda loss: loss.points)
        if worst.points > most:
            raise SlantError(
                f"int8 costs {worst.points:.2f} points of {worst.metric} on {worst.set}, more than {most} ({runtime}). "
                "Nothing was written. Train longer, or keep more of the model in fp32 (training/export_onnx.py, "
                "training/export_openvino.py)."
            )
