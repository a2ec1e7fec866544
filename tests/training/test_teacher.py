"""A teacher's logits: they reach the right rows and heads, are kept, and teach without any label."""

from __future__ import annotations

import shutil
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


def bare() -> list[Example]:
    """The examples without their labels."""
    nothing = dict.fromkeys(("loaded", "toxic", "biased", "subjective", "frames"))
    return [
        replace(e, targets=tuple(replace(t, label=None) for t in e.targets), **nothing)
        for e in examples()
        if e.reply is None
    ]


class BareSet:
    NAME, SPLITS = "tiny", ("train",)

    def read(self, root: Path, split: str) -> Iterator[Example]:
        yield from bare()


@pytest.mark.slow
def test_a_teacher_alone_teaches_what_it_knows(
    tiny_encoder: Path, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slant.corpora import LABELED_SETS
    from slant.training.train import train

    monkeypatch.setitem(LABELED_SETS, "tiny", BareSet())
    taught = recipe(tiny_encoder, teacher=str(tiny_checkpoint), teaching=1.0, loss_weights={"loaded": 4.0})
    student = open_torch(train(taught, tmp_path / "student")).predict(bare())
    for ours, theirs in zip(student, open_torch(tiny_checkpoint).predict(bare()), strict=True):
        for said, wanted in zip(ours.stance, theirs.stance, strict=True):
            assert max(said, key=said.__getitem__) == max(wanted, key=wanted.__getitem__)
        assert [(s.start, s.end, s.label) for s in ours.loaded] == [
            (s.start, s.end, s.label) for s in theirs.loaded
        ]
        assert set(theirs.toxic) <= set(ours.toxic)


def test_each_row_gets_its_own_logits_and_the_second_time_from_the_file(
    tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slant.training import teacher
    from slant.training.batches import make_rows

    texts = list(examples())
    rows = make_rows(texts, text_encoder(tmp_path))
    teacher.teach(rows, texts, tiny_checkpoint, tmp_path / "kept")
    readings = open_torch(tiny_checkpoint).run([teacher.encoder_request(e) for e in texts])
    for row, reading in zip(rows, readings, strict=True):
        assert row.soft is not None
        assert np.allclose(row.soft.token, reading.tokens, atol=2e-2)
        assert np.allclose(row.soft.unit, reading.unit, atol=2e-2)
        for named, soft, logits in zip(row.named, row.soft.stance, reading.stance, strict=True):
            assert logits is not None
            assert np.allclose(soft, logits[0 if named else 1], atol=2e-2)
    monkeypatch.setattr(teacher, "_read", lambda *_: pytest.fail("read again"))
    again = make_rows(texts, text_encoder(tmp_path))
    teacher.teach(again, texts, tiny_checkpoint, tmp_path / "kept")
    for one, two in zip(rows, again, strict=True):
        assert one.soft is not None
        assert two.soft is not None
        assert np.array_equal(one.soft.token, two.soft.token)
        assert np.array_equal(one.soft.stance, two.soft.stance)


def test_answers_are_kept_by_where_a_target_is_asked_about(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """By words a mention adds no column, so that two of them give the same tokens."""
    from slant.encoding.windows import WORDS, EncoderRequest
    from slant.training import teacher

    predictor, encoder = open_torch(tiny_checkpoint), text_encoder(tmp_path)
    encoder.queries = WORDS
    places = ((4, 8), (14, 18), (4, 8))
    one, other, again = (encoder.encode([EncoderRequest("The mill, the park.", [[at]])]) for at in places)
    assert one[0].input_ids == other[0].input_ids
    assert teacher._key(predictor, one) != teacher._key(predictor, other)
    assert teacher._key(predictor, one) == teacher._key(predictor, again)


def test_a_teacher_is_asked_in_its_own_way(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """By copies, as it was trained: asked by the marks of its student it would say something else."""
    from slant.encoding.windows import MARKS
    from slant.training import teacher
    from slant.training.batches import make_rows

    texts = list(examples())
    requests = [teacher.encoder_request(e) for e in texts]
    student = text_encoder(tmp_path)
    student.queries = MARKS
    rows = make_rows(texts, student)
    teacher.teach(rows, texts, tiny_checkpoint, tmp_path / "kept")
    teacher = open_torch(tiny_checkpoint)
    by_copies = [reading.stance for reading in teacher.run(requests)]
    teacher.encoder.queries = MARKS
    by_marks = [reading.stance for reading in teacher.run(requests)]
    apart = 0.0
    for row, theirs, other in zip(rows, by_copies, by_marks, strict=True):
        assert row.soft is not None
        for named, soft, logits, marked in zip(row.named, row.soft.stance, theirs, other, strict=True):
            assert logits is not None
            assert marked is not None
            assert np.allclose(soft, logits[0 if named else 1], atol=2e-2)
            apart = max(apart, float(np.abs(logits - marked).max()))
    assert apart > 0.1


def test_another_teacher_can_speak_on_topics_alone(tiny_checkpoint: Path, tmp_path: Path) -> None:
    from slant.training import teacher
    from slant.training.batches import make_rows
    from slant.training.network import SlantModel

    other = tmp_path / "other"
    shutil.copytree(tiny_checkpoint, other)
    model = SlantModel.from_pretrained(other)
    with torch.no_grad():
        for values in (model.stance[-1].bias, model.unit[-1].bias, model.tokens[-1].bias):
            values += 1.5
    model.save_pretrained(other)
    texts = list(examples())
    rows, alone = (make_rows(texts, text_encoder(tmp_path)) for _ in range(2))
    for chosen, topics in ((tiny_checkpoint, False), (other, True)):
        teacher.teach(rows, texts, chosen, tmp_path / "kept", topics=topics)
    teacher.teach(alone, texts, tiny_checkpoint, tmp_path / "kept")
    topics_seen = named_seen = 0
    for both, one in zip(rows, alone, strict=True):
        assert both.soft is not None
        assert one.soft is not None
        assert np.array_equal(both.soft.token, one.soft.token)
        assert np.array_equal(both.soft.unit, one.soft.unit)
        named = both.named
        assert np.array_equal(both.soft.stance[named], one.soft.stance[named])
        assert np.allclose(both.soft.stance[~named], one.soft.stance[~named] + 1.5, atol=2e-2)
        topics_seen, named_seen = topics_seen + int((~named).sum()), named_seen + int(named.sum())
    assert topics_seen
    assert named_seen


def test_a_topic_teacher_that_is_not_there_is_said_before_the_other_reads(
    tiny_encoder: Path, tiny_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slant.corpora import LABELED_SETS
    from slant.training.train import train

    monkeypatch.setitem(LABELED_SETS, "tiny", BareSet())
    taught = recipe(tiny_encoder, teacher=str(tiny_checkpoint), topic_teacher=str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="nowhere: neither a checkpoint"):
        train(taught, tmp_path / "run")
    assert not (tmp_path / "run" / "teaching").exists()


def test_who_says_the_same_as_the_teacher_has_nothing_to_learn(tiny_checkpoint: Path, tmp_path: Path) -> None:
    from slant.training import losses, teacher
    from slant.training.batches import Collator, make_rows

    texts = list(examples())
    rows = make_rows(texts, text_encoder(tmp_path))
    teacher.teach(rows, texts, tiny_checkpoint, tmp_path / "kept")
    model = open_torch(tiny_checkpoint).runtime.model.eval()  # type: ignore[attr-defined]
    batch = Collator(text_encoder(tmp_path).pad)(rows)
    with torch.no_grad():
        out = model(**batch)
        terms = losses.teacher_losses(out, batch["labels"])
        for name in ("token_logits", "unit_logits", "stance_logits"):
            out[name] = -out[name]
        turned = losses.teacher_losses(out, batch["labels"])
    assert all(float(term.abs().max()) < 1e-3 for term in terms.values()), terms
    assert all(float(term.max()) > 0.1 for term in turned.values()), turned
    answers_nothing = torch.tensor([e.reply is None for e in texts])
    assert float(turned["reply"][answers_nothing].abs().max()) == 0
    mixed = losses.total_loss(out, batch["labels"], loss_weights={}, class_weights={}, teaching=0.25)
    plain = losses.label_losses(out, batch["labels"], {})
    by_hand = sum(0.75 * plain[name].sum() + 0.25 * turned[name].sum() for name in plain) / len(texts)
    assert float(mixed) == pytest.approx(float(by_hand), rel=1e-5)


def test_a_teacher_that_cuts_words_otherwise_is_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    from slant.encoding.windows import TextEncoder
    from slant.training import teacher
    from slant.training.batches import make_rows

    texts = list(examples())
    rows = make_rows(
        texts, TextEncoder(write_tokenizer(tmp_path / "t.json"), max_length=14, stride=2, context_length=4)
    )
    with pytest.raises(SlantError, match="cuts the texts into other words"):
        teacher.teach(rows, texts, tiny_checkpoint, tmp_path / "kept")
    with pytest.raises(SlantError, match="no checkpoint there"):
        teacher.teach(rows, texts, tmp_path / "nowhere", tmp_path / "kept")


def test_what_a_recipe_may_say_of_teachers(tiny_encoder: Path) -> None:
    with pytest.raises(UsageError, match="teach nothing without a teacher"):
        recipe(tiny_encoder, unlabelled=[{"name": "fa_kes"}])
    with pytest.raises(UsageError, match="speaks on topics alone"):
        recipe(tiny_encoder, topic_teacher="runs/topics")
    with pytest.raises(UsageError, match="expected a share from 0 to 1"):
        recipe(tiny_encoder, teaching=1.5)


def test_unlabelled_texts_bring_targets_and_no_label(
    tmp_path: Path, tiny_encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slant.corpora import unlabeled
    from slant.training.batches import training_examples

    monkeypatch.setitem(unlabeled.SOURCES, "tiny_texts", lambda root: iter(bare()))
    use = {"train": [], "teacher": "any", "unlabelled": [{"name": "tiny_texts", "limit": 4}]}
    found = training_examples(recipe(tiny_encoder, **use))
    assert len(found) == 4
    assert {e.id for e in found} <= {e.id for e in bare()}
    with pytest.raises(UsageError, match=r"unknown unlabelled texts 'tiny_textz'.*tiny_texts"):
        training_examples(recipe(tiny_encoder, **{**use, "unlabelled": [{"name": "tiny_textz"}]}))


def test_a_set_may_heed_the_teacher_less_than_the_others(
    tiny_checkpoint: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    from slant.training import batches, losses, teacher

    texts = [e for e in examples() if e.toxic is None and e.context is None and e.loaded is not None]
    texts = [replace(e, source=name) for name in ("tiny", "vast") for e in texts]
    rows = batches.make_rows(texts, open_torch(tiny_checkpoint).encoder)
    teacher.teach(rows, texts, tiny_checkpoint, tmp_path / "kept")
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
    heeded = loss(own, 1.0)
    for row in own:
        row.teaching = None
    assert heeded == pytest.approx(loss(own, 0.0)), "the labels alone"
    assert heeded != pytest.approx(loss(own, 1.0))
