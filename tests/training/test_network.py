"""The network: queries change no other output, and tasks without labels have no loss."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slant.encoding.decode import TextLogits
from slant.encoding.label_ids import IGNORED
from slant.encoding.predictor import Predictor
from slant.encoding.windows import EncoderRequest, Target
from tiny import examples, open_torch, text_encoder

torch = pytest.importorskip("torch", reason="needs the [train] install")
pytest.importorskip("transformers", reason="needs the [train] install")
pytestmark = pytest.mark.train

TEXT = "The corrupt council met at the mill. The mayor praised the council, and the ferry opened in June."
COUNCIL: Target = [(12, 19), (59, 66)]
MAYOR: Target = [(41, 46)]
LONG = " ".join([TEXT] * 8)  # several windows


@pytest.fixture(scope="module")
def predictor(tiny_checkpoint: Path) -> Predictor:
    return open_torch(tiny_checkpoint)


def read(predictor: Predictor, targets: Sequence[Target], text: str = TEXT) -> TextLogits:
    return predictor.run([EncoderRequest(text, targets)])[0]


def same(a: Any, b: Any) -> None:
    np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.parametrize("text", [TEXT, LONG], ids=["one window", "several windows"])
@pytest.mark.parametrize("targets", [[COUNCIL], ["more boats"], [MAYOR, COUNCIL, "more boats"]])
def test_targets_do_not_change_token_and_unit_logits(
    predictor: Predictor, text: str, targets: list[Target]
) -> None:
    plain, queried = read(predictor, [], text), read(predictor, targets, text)
    assert (plain.windows > 1) == (text == LONG)
    same(queried.tokens, plain.tokens)
    same(queried.unit, plain.unit)


@pytest.mark.parametrize("target", [COUNCIL, MAYOR, "more boats"])
def test_stance_toward_a_target_does_not_depend_on_other_targets(
    predictor: Predictor, target: Target
) -> None:
    others: list[Target] = [MAYOR, "free swimming", COUNCIL, "the ferry"]
    alone = read(predictor, [target]).targets[0]
    for place in (0, 2, len(others)):
        among = read(predictor, [*others[:place], target, *others[place:]]).targets[place]
        same(among, alone)


def test_logits_are_batch_invariant(predictor: Predictor) -> None:
    requests = [
        EncoderRequest("Boats."),
        EncoderRequest(TEXT, [COUNCIL, "more boats"]),
        EncoderRequest("", ["more boats"]),
        EncoderRequest(LONG, [MAYOR]),
        EncoderRequest("So it is.", context="The bridge opens in June."),
    ]
    together = predictor.run(requests)
    for one, found in zip(requests, together, strict=True):
        (alone,) = predictor.run([one])
        same(found.tokens, alone.tokens)
        same(found.unit, alone.unit)
        for a, b in zip(found.targets, alone.targets, strict=True):
            same(a, b)


def test_target_and_parent_text_change_the_logits(predictor: Predictor) -> None:
    """A model that ignores them would pass the tests above."""
    one, other = read(predictor, [COUNCIL]).targets[0], read(predictor, [MAYOR]).targets[0]
    assert one is not None
    assert np.abs(one - other).max() > 1e-3
    reply, elsewhere = predictor.run(
        [EncoderRequest("So it is.", context=c) for c in ("A lie.", "The ferry opened.")]
    )
    assert np.abs(reply.unit - elsewhere.unit).max() > 1e-3


# ---- the loss


def batch(tmp_path: Path, which: slice = slice(None)) -> dict[str, Any]:
    from slant.training.batches import Collator, make_rows

    encoder = text_encoder(tmp_path)
    return Collator(encoder.pad)(make_rows(examples()[which], encoder))


def test_tasks_without_labels_get_no_gradient(predictor: Predictor, tmp_path: Path) -> None:
    """Rows with stance only change the target head and the encoder, but no other head."""
    model = predictor.runtime.model  # type: ignore[attr-defined]
    model.zero_grad()
    model(**batch(tmp_path, slice(4, 6))).loss.backward()
    moved = {
        n.split(".")[0] for n, p in model.named_parameters() if p.grad is not None and p.grad.abs().sum() > 0
    }
    model.zero_grad()
    assert moved == {"encoder", "roles", "target"}


def test_padding_and_unlabeled_rows_have_no_loss(predictor: Predictor, tmp_path: Path) -> None:
    from slant.training.batches import Collator, make_rows

    model = predictor.runtime.model  # type: ignore[attr-defined]
    encoder = text_encoder(tmp_path)
    rows = make_rows(examples(), encoder)
    each = [float(model(**Collator(encoder.pad)([row])).loss.detach()) for row in rows]
    together = float(model(**Collator(encoder.pad)(rows)).loss.detach())
    assert together == pytest.approx(np.mean(each), abs=1e-5)
    nothing = batch(tmp_path)
    labels = nothing["labels"]
    nothing["labels"] = {k: v if k == "weight" else v * 0 + IGNORED for k, v in labels.items()}
    nothing["labels"]["spans"] = labels["spans"][:0]
    assert float(model(**nothing).loss.detach()) == 0


def test_the_loss_is_proportional_to_the_weight_of_a_row(predictor: Predictor, tmp_path: Path) -> None:
    model = predictor.runtime.model  # type: ignore[attr-defined]
    rows = batch(tmp_path)
    once = float(model(**rows).loss.detach())
    rows["labels"]["weight"] *= 3
    assert float(model(**rows).loss.detach()) == pytest.approx(3 * once, rel=1e-5)


def test_the_loss_uses_class_weights(predictor: Predictor, tmp_path: Path) -> None:
    """With weight 0 for the other classes, only the "against" row of two stance rows counts."""
    model = predictor.runtime.model  # type: ignore[attr-defined]
    rows = batch(tmp_path, slice(4, 6))
    before = model.config.class_weights
    try:
        model.config.class_weights = {"stance": [1.0, 0.0, 0.0, 0.0]}
        against_only = float(model(**rows).loss.detach())
    finally:
        model.config.class_weights = before
    alone = float(model(**batch(tmp_path, slice(5, 6))).loss.detach())
    assert against_only == pytest.approx(alone / 2, rel=1e-4)


# ---- save and load


def test_a_saved_and_loaded_model_is_the_same(predictor: Predictor, tmp_path: Path) -> None:
    from transformers import AutoModel

    from slant.training.network import SlantModel

    model = predictor.runtime.model  # type: ignore[attr-defined]
    model.save_pretrained(tmp_path / "saved")
    rows = {k: v for k, v in batch(tmp_path).items() if k != "labels"}
    for loaded in (
        SlantModel.from_pretrained(tmp_path / "saved"),
        AutoModel.from_pretrained(tmp_path / "saved"),
    ):
        assert type(loaded) is SlantModel
        assert loaded.config.decoding == model.config.decoding
        with torch.no_grad():
            for a, b in zip(loaded.eval()(**rows).to_tuple(), model.eval()(**rows).to_tuple(), strict=True):
                assert torch.equal(a, b)
