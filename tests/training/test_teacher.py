"""Distillation: a teacher's logits get to the right rows and heads, are cached, and can be learned without labels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from slant.errors import SlantError, UsageError
from slant.records import Example
from tiny import examples, open_torch, recipe, text_encoder, write_tokenizer

torch = pytest.importorskip("torch", reason="needs the [train] install")
pytest.importorskip("transformers", reason="needs the [train] install")
pytestmark = pytest.mark.train


def unlabeled_examples() -> list[Example]:
    """The examples without their labels."""
    nothing = dict.fromkeys(("loaded", "toxic", "biased", "subjective", "frames"))
    return [
        replace(e, targets=tuple(replace(t, label=None, portrayal=None) for t in e.targets), **nothing)
        for e in examples()
        if e.reply is None
    ]


class UnlabeledSet:
    NAME, SPLITS = "tiny", ("train",)
    test_only = False

    def read(self, root: Path, split: str) -> Iterator[Example]:
        yield from unlabeled_examples()


@pytest.mark.slow
def test_a_student_without_labels_learns_the_predictions_of_its_teacher(
    tiny_encoder: Path, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slant.corpora.sets import LABELED_SETS
    from slant.training.train import train

    monkeypatch.setitem(LABELED_SETS, "tiny", UnlabeledSet())
    taught = recipe(tiny_encoder, teacher=str(tiny_checkpoint), teaching=1.0, loss_weights={"loaded": 4.0})
    student = open_torch(train(taught, tmp_path / "student")).predict(unlabeled_examples())
    known = open_torch(tiny_checkpoint).predict(unlabeled_examples())
    for e, ours, theirs in zip(unlabeled_examples(), student, known, strict=True):
        for own, expected in zip(ours.stance, theirs.stance, strict=True):
            assert max(own, key=own.__getitem__) == max(expected, key=expected.__getitem__)
        for target, own, expected in zip(e.targets, ours.portrayal, theirs.portrayal, strict=True):
            if target.mentions:  # portrayals of topics are not taught
                assert max(own, key=own.__getitem__) == max(expected, key=expected.__getitem__)
        assert [(s.start, s.end, s.label) for s in ours.loaded] == [
            (s.start, s.end, s.label) for s in theirs.loaded
        ]
        assert set(theirs.toxic) <= set(ours.toxic)


def test_each_row_gets_its_logits_and_the_second_time_from_the_cache(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slant.training import teacher
    from slant.training.batches import make_rows

    texts = list(examples())
    rows = make_rows(texts, text_encoder(tmp_path))
    teacher.add_teacher_logits(rows, texts, tiny_checkpoint, tmp_path / "cache")
    outputs = open_torch(tiny_checkpoint).run([teacher.encoder_request(e) for e in texts])
    for row, output in zip(rows, outputs, strict=True):
        assert row.teacher is not None
        assert np.allclose(row.teacher.token, output.tokens, atol=2e-2)
        assert np.allclose(row.teacher.unit, output.unit, atol=2e-2)
        for taught, logits in zip(row.teacher.target, output.targets, strict=True):
            assert logits is not None
            assert np.allclose(taught, logits, atol=2e-2)
    monkeypatch.setattr(teacher, "_compute", lambda *_: pytest.fail("computed again"))
    again = make_rows(texts, text_encoder(tmp_path))
    teacher.add_teacher_logits(again, texts, tiny_checkpoint, tmp_path / "cache")
    for one, two in zip(rows, again, strict=True):
        assert one.teacher is not None
        assert two.teacher is not None
        assert np.array_equal(one.teacher.token, two.teacher.token)
        assert np.array_equal(one.teacher.target, two.teacher.target)


def test_the_cache_distinguishes_targets_at_different_mentions(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """With queries by words, a mention adds no column, so different targets give the same tokens."""
    from slant.encoding.windows import WORDS, EncoderRequest
    from slant.training import teacher

    predictor, encoder = open_torch(tiny_checkpoint), text_encoder(tmp_path)
    encoder.queries = WORDS
    places = ((4, 8), (14, 18), (4, 8))
    one, other, again = (encoder.encode([EncoderRequest("The mill, the park.", [[at]])]) for at in places)
    assert one[0].input_ids == other[0].input_ids
    assert teacher._key(predictor, one) != teacher._key(predictor, other)
    assert teacher._key(predictor, one) == teacher._key(predictor, again)


def test_a_teacher_gets_queries_as_it_was_trained_with(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """The teacher uses copies. With the marks of its student, its logits would differ."""
    from slant.encoding.windows import MARKS
    from slant.training import teacher
    from slant.training.batches import make_rows

    texts = list(examples())
    requests = [teacher.encoder_request(e) for e in texts]
    student = text_encoder(tmp_path)
    student.queries = MARKS
    rows = make_rows(texts, student)
    teacher.add_teacher_logits(rows, texts, tiny_checkpoint, tmp_path / "cache")
    teacher = open_torch(tiny_checkpoint)
    by_copies = [output.targets for output in teacher.run(requests)]
    teacher.encoder.queries = MARKS
    by_marks = [output.targets for output in teacher.run(requests)]
    apart = 0.0
    for row, theirs, other in zip(rows, by_copies, by_marks, strict=True):
        assert row.teacher is not None
        for taught, logits, marked in zip(row.teacher.target, theirs, other, strict=True):
            assert logits is not None
            assert marked is not None
            assert np.allclose(taught, logits, atol=2e-2)
            apart = max(apart, float(np.abs(logits - marked).max()))
    assert apart > 0.1


def test_the_distillation_loss_is_zero_for_the_logits_of_the_teacher(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    from slant.training import losses, teacher
    from slant.training.batches import Collator, make_rows

    texts = list(examples())
    rows = make_rows(texts, text_encoder(tmp_path))
    teacher.add_teacher_logits(rows, texts, tiny_checkpoint, tmp_path / "cache")
    model = open_torch(tiny_checkpoint).runtime.model.eval()  # type: ignore[attr-defined]
    batch = Collator(text_encoder(tmp_path).pad)(rows)
    with torch.no_grad():
        out = model(**batch)
        terms = losses.teacher_losses(out, batch["labels"])
        for name in ("token_logits", "unit_logits", "target_logits"):
            out[name] = -out[name]
        turned = losses.teacher_losses(out, batch["labels"])
    assert all(float(term.abs().max()) < 1e-3 for term in terms.values()), terms
    assert all(float(term.max()) > 0.1 for term in turned.values()), turned
    no_reply = torch.tensor([e.reply is None for e in texts])
    assert float(turned["reply"][no_reply].abs().max()) == 0
    topics_only = torch.tensor([not any(t.mentions for t in e.targets) for e in texts])
    assert float(turned["portrayal"][topics_only].abs().max()) == 0, "portrayal is of named targets only"
    no_targets = torch.tensor([not e.targets for e in texts])
    assert float(turned["stance"][no_targets].abs().max()) == 0
    assert float(turned["stance"][topics_only & ~no_targets].min()) > 0
    mixed = losses.total_loss(out, batch["labels"], loss_weights={}, class_weights={}, teaching=0.25)
    plain = losses.label_losses(out, batch["labels"], {})
    by_hand = sum(0.75 * plain[name].sum() + 0.25 * turned[name].sum() for name in plain) / len(texts)
    assert float(mixed) == pytest.approx(float(by_hand), rel=1e-5)


def test_a_teacher_with_other_tokens_or_windows_is_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    from slant.encoding.windows import TextEncoder
    from slant.training import teacher
    from slant.training.batches import make_rows

    texts = list(examples())
    rows = make_rows(
        texts, TextEncoder(write_tokenizer(tmp_path / "t.json"), max_length=14, stride=2, context_length=4)
    )
    with pytest.raises(SlantError, match="has other tokens or windows"):
        teacher.add_teacher_logits(rows, texts, tiny_checkpoint, tmp_path / "cache")
    with pytest.raises(SlantError, match="no checkpoint there"):
        teacher.add_teacher_logits(rows, texts, tmp_path / "nowhere", tmp_path / "cache")


def test_invalid_teacher_settings_are_errors(tiny_encoder: Path) -> None:
    with pytest.raises(UsageError, match="only be used with a teacher"):
        recipe(tiny_encoder, unlabeled=[{"name": "mixed"}])
    with pytest.raises(UsageError, match="expected a share from 0 to 1"):
        recipe(tiny_encoder, teaching=1.5)


def test_unlabeled_texts_are_sampled_and_have_no_labels(
    tmp_path: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slant.corpora import unlabeled
    from slant.training.batches import training_examples

    monkeypatch.setitem(unlabeled.SOURCES, "tiny_texts", lambda root: iter(unlabeled_examples()))
    use = {"train": [], "teacher": "any", "unlabeled": [{"name": "tiny_texts", "limit": 4}]}
    found = training_examples(recipe(tiny_encoder, **use))
    assert len(found) == 4
    assert {e.id for e in found} <= {e.id for e in unlabeled_examples()}
    with pytest.raises(UsageError, match=r"unknown unlabeled texts 'tiny_textz'.*tiny_texts"):
        training_examples(recipe(tiny_encoder, **{**use, "unlabeled": [{"name": "tiny_textz"}]}))


def test_a_set_can_have_its_own_weight_of_the_teacher(
    tiny_checkpoint: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    from slant.training import batches, losses, teacher

    texts = [e for e in examples() if e.toxic is None and e.context is None and e.loaded is not None]
    texts = [replace(e, source=name) for name in ("tiny", "vast") for e in texts]
    rows = batches.make_rows(texts, open_torch(tiny_checkpoint).encoder)
    teacher.add_teacher_logits(rows, texts, tiny_checkpoint, tmp_path / "cache")
    used = recipe(tiny_encoder, teaching=0.5, train=[{"name": "tiny", "teaching": 0.0}, {"name": "vast"}])
    batches.set_teaching(rows, texts, used)
    assert {(texts[r.window.request].source, r.teaching) for r in rows} == {("tiny", 0.0), ("vast", 0.5)}
    model = open_torch(tiny_checkpoint).runtime.model  # type: ignore[attr-defined]

    def loss(some: list[batches.Row], share: float) -> float:
        batch = batches.Collator(0)(some)
        out = model(**{k: v for k, v in batch.items() if k != "labels"})
        return float(
            losses.total_loss(out, batch["labels"], loss_weights={}, class_weights={}, teaching=share)
        )

    own = [r for r in rows if r.teaching == 0.0]
    own_weight = loss(own, 1.0)
    for row in own:
        row.teaching = None
    assert own_weight == pytest.approx(loss(own, 0.0)), "only the labels"
    assert own_weight != pytest.approx(loss(own, 1.0))
