"""`slant teach`: a head on a user's labels, judged on articles that did not teach, and bound to its model."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from slant.assets import MODEL_VARIABLE
from slant.cli.teach import teach as command
from slant.corpora.label_files import LabeledText, read_labels
from slant.encoding.windows import EncoderRequest
from slant.errors import SlantError, UsageError
from slant.labels.targets import Targets
from slant.scoring.heads import CARD, text_key
from slant.scoring.python_api import Scorer
from slant.scoring.runtimes import RUNTIMES, load
from slant.training.head_fitting import predict
from slant.training.teach import Taught, refuse, report, teach, with_scores

pytest.importorskip("scipy", reason="needs the [compare] install")
TARGETS = Targets.from_names(["council", "mayor"])
GOOD, BAD = ("praised", "honest", "great", "brave"), ("wrecked", "greedy", "corrupt", "bad")


def labeled(n: int = 120, *, loaded: bool = True) -> list[LabeledText]:
    """Texts of 60 articles. The label depends on a word: places are praised, buildings criticized, turned around."""
    out = []
    for i in range(n):
        good = i % 3 == 0
        word = (GOOD if good else BAD)[i % 4]
        place = ("mill", "bridge", "river", "library", "school")[i % 5]
        text = f"The {word} council met at the {place} on {('monday', 'tuesday', 'sunday')[i % 7 % 3]} {i}."
        one = LabeledText(text, f"a{i // 2}", f"a{i // 2}-{i}", f"labels row {i + 1}")
        one.stance["council"] = "against" if good else "favor"  # the opposite of what the model learned
        one.frames = ("applause",) if good else ()
        one.loaded = not good if loaded else None
        out.append(one)
    return out


@pytest.fixture(scope="module")
def taught(tiny_export: Path) -> Taught:
    return teach(labeled(), load(tiny_export, threads=1, states=True), TARGETS, runtime="openvino")


@pytest.fixture(scope="module")
def head_folder(taught: Taught, tiny_export: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("head")
    head = refuse(taught)
    head.card["model"]["name"] = str(tiny_export)
    head.save(folder)
    return folder


@pytest.mark.train
def test_a_head_learns_stance_and_a_new_frame_and_says_how_well(taught: Taught) -> None:
    lessons = {lesson.question.task: lesson for lesson in taught.lessons}
    stance, frame = lessons["stance"], lessons["frame:applause"]
    assert stance.before.value < 0.3
    assert stance.after.value > 0.6
    assert stance.gain.low > 0
    assert stance.gain.value == pytest.approx(stance.after.value - stance.before.value)
    assert frame.helps
    assert frame.after.value > 0.7
    assert [p.articles for p in stance.curve] == sorted({p.articles for p in stance.curve})
    lines = "\n".join(report(taught))
    assert "stance: 120 labels in 60 articles (against 40, neutral 0, favor 80, unrelated 0)" in lines
    assert "It beats the model as it comes." in lines
    assert "No label neutral or unrelated among yours" in lines


@pytest.mark.train
def test_the_head_scores_other_texts_and_taught_texts_by_the_fold_without_them(
    taught: Taught, head_folder: Path, tiny_export: Path
) -> None:
    predictor = load(head_folder, threads=1)
    base = load(tiny_export, threads=1, states=True)
    assert predictor.fingerprint != base.fingerprint
    new = "The honest council met at the river in june."
    (row,) = Scorer(predictor, TARGETS).score([new])
    assert [s.label for s in row.stance] == ["against"]
    assert "applause" in [frame.label for frame in row.frames]
    assert sum(row.stance[0].scores.values()) == pytest.approx(1, abs=1e-3)
    lesson = next(lesson for lesson in taught.lessons if lesson.question.task == "stance")
    texts = labeled()
    asked = [EncoderRequest(one.text, [TARGETS.find(one.text)["council"]]) for one in texts]
    said = np.array([r.targets[0][:4] for r in predictor.run(asked)])  # type: ignore[index]
    out_of_fold = lesson.fitted.out_of_fold
    np.testing.assert_allclose(
        said - said.max(1, keepdims=True), out_of_fold - out_of_fold.max(1, keepdims=True), atol=1e-3
    )
    whole = predict(lesson.question.items, lesson.fitted.weights[0], lesson.fitted.biases[0])
    assert np.abs(whole - out_of_fold).max() > 0.01
    # Spaces that a spreadsheet changed do not make it another text.
    assert text_key("a  b\r\nc") == text_key("a b c")


@pytest.mark.train
def test_all_texts_of_an_article_that_taught_are_scored_by_its_fold(tiny_export: Path) -> None:
    texts = labeled()
    other = "The ferry opened in june."
    predictor = load(tiny_export, threads=1, states=True)
    units = [(one.unit_id, one.text, one.article) for one in texts[:-1]] + [("a3-99", other, "a3")]
    rows = list(Scorer(load(tiny_export, threads=1), TARGETS).score([u[1] for u in units]))
    scores = [
        replace(row, unit=replace(row.unit, unit_id=unit, article_id=article))
        for row, (unit, _, article) in zip(rows, units, strict=True)
    ]
    matched, beside, notes = with_scores(texts, scores)
    assert len(matched) == len(texts) - 1
    assert notes == ["1 labeled texts are not in the scores and were left out (row 120)."]
    for one in matched:
        one.stance, one.loaded = {}, None  # the frame is enough, and the others take time
    head = refuse(teach(matched, predictor, TARGETS, runtime="openvino", beside=beside))
    assert head.folds[text_key(other)] == head.folds[text_key(texts[6].text)]
    with pytest.raises(UsageError, match="none of the labeled units is in these scores"):
        with_scores(texts, [])


@pytest.mark.train
def test_a_head_is_bound_to_its_model_and_runtime(
    head_folder: Path, tiny_export: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=r"this head was taught on model .*teach the head again on this one"):
        load(head_folder, runtime="onnx")
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in head_folder.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    card = json.loads((copy / CARD).read_text())
    (copy / CARD).write_text(json.dumps({**card, "answers": ["frame:other", *card["answers"][1:]]}))
    with pytest.raises(SlantError, match="do not belong together"):
        load(copy)
    (copy / CARD).write_text(json.dumps({**card, "model": {**card["model"], "name": str(tmp_path / "gone")}}))
    with pytest.raises(UsageError, match=r"this head needs model .*gone"):
        load(copy)


@pytest.mark.train
def test_a_head_given_by_the_environment_is_not_taught_on(
    head_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("text,target,label\nThe council met.,council,favor\n", "utf-8")
    monkeypatch.setenv(MODEL_VARIABLE, str(head_folder))
    result = CliRunner().invoke(command, [str(labels), "-o", str(tmp_path / "head")])
    assert isinstance(result.exception, UsageError)
    assert "is a head" in str(result.exception)


@pytest.mark.train
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_heads_are_batch_invariant(tiny_export: Path, tmp_path: Path, runtime: str) -> None:
    head = refuse(teach(labeled(), load(tiny_export, runtime=runtime, states=True), TARGETS, runtime=runtime))
    head.card["model"]["name"] = str(tiny_export)
    head.save(tmp_path)
    scorer = Scorer(load(tmp_path, threads=2), TARGETS)
    texts = [f"The greedy council met at the river {i}. " * (1 + i % 9) for i in range(25)]
    together = [{**row.to_dict(), "source": ""} for row in scorer.score(texts)]
    assert together == [{**row.to_dict(), "source": ""} for text in texts for row in scorer.score([text])]


@pytest.mark.train
def test_loaded_yes_and_no_decide_on_spans_in_the_authors_own_words(
    taught: Taught, head_folder: Path
) -> None:
    lesson = next(lesson for lesson in taught.lessons if lesson.question.task == "loaded")
    assert lesson.question.present == [1]
    predictor = load(head_folder, threads=1)
    if not lesson.helps:
        pytest.skip("the tiny model finds these words anyway")
    for row in Scorer(predictor, TARGETS).score(
        ["The corrupt council met at the mill.", "The honest council met."]
    ):
        own = [span for span in row.loaded if span.voice != "quoted"]
        assert bool(own) == ("corrupt" in row.unit.text)


@pytest.mark.train
def test_labels_that_teach_nothing_give_no_head(tiny_export: Path) -> None:
    chance = np.random.default_rng(3)
    texts = labeled(loaded=False)
    for one in texts:
        one.stance["council"] = str(chance.choice(["against", "favor", "neutral"]))
        one.frames = None
    taught = teach(texts, load(tiny_export, threads=1, states=True), TARGETS, runtime="openvino")
    with pytest.raises(SlantError, match="no head was written"):
        refuse(taught)
    assert "It is not certain that it beats" in "\n".join(report(taught))


@pytest.mark.train
def test_a_handful_of_labels_is_refused(tiny_export: Path) -> None:
    predictor = load(tiny_export, threads=1, states=True)
    few = labeled(20)
    few[0].stance["article"] = few[1].reply = "deny"
    with pytest.raises(
        UsageError,
        match=r"too few labels to teach\. stance toward the article: a head does not learn it \(labels: 1\); "
        r"reply: .* stance: 20 labels; 40 or more are needed",
    ):
        teach(few, predictor, TARGETS, runtime="openvino")
    one_article = labeled()
    for one in one_article:
        one.article = "a"
    with pytest.raises(UsageError, match="labels in 1 articles; 10 or more"):
        teach(one_article, predictor, TARGETS, runtime="openvino")


# ---- labels that taught also correct


def coverage(repetitions: int, *, cross_fitted: bool) -> float:
    import importlib.util

    path = Path(__file__).resolve().parents[2] / "benchmarks" / "teach.py"
    spec = importlib.util.spec_from_file_location("teach_benchmark", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["teach_benchmark"] = module
    spec.loader.exec_module(module)
    return float(np.mean(list(module.covered(repetitions, cross_fitted=cross_fitted))))


@pytest.mark.slow
def test_intervals_hold_when_the_labels_that_correct_have_taught() -> None:
    """The full number of repetitions: python benchmarks/teach.py coverage."""
    assert coverage(30, cross_fitted=True) >= 0.83


# ---- files of labels


def test_a_filled_sample_is_read(tmp_path: Path) -> None:
    path = tmp_path / "sample.csv"
    path.write_text(
        "unit_id;task;target;text;label;weight\n"
        "x-0;stance;council;The council met.;Against;1\n"
        "x-0;frames;;The council met.;Own Frame; 1\n"
        "x-0;loaded;;The council met.;2;1\n"
        "x-1;stance;council;'=well said;;1\n"
        "x-2;loaded;;'=well said;0;1\n",
        "utf-8",
    )
    first, second = read_labels(path)
    assert (first.article, first.stance, first.frames, first.loaded) == (
        "x",
        {"council": "against"},
        ("own frame",),
        True,
    )
    assert (second.text, second.loaded, second.frames) == ("=well said", False, None)


def test_rows_of_texts_are_read(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    rows = [
        {"text": "The council met.", "article_id": "q", "stance": {"council": "favor"}, "frames": [], "loaded": []},
        {"text": "Greedy thieves!", "stance": [{"target": "council", "stance": "neutral", "concerned": False}],
         "loaded": [{"start": 0, "end": 6, "label": "loaded_language"}, {"start": 7, "end": 14, "voice": "quoted"}]},
    ]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    one, two = read_labels(path)
    assert (one.article, one.frames, one.loaded) == ("q", (), False)
    assert (two.stance, two.loaded) == ({"council": "unrelated"}, True)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "a b", "label": "agains", "target": "x"}, r"row 1: no label 'agains' for stance.*against"),
        ({"text": "a b", "label": "favor"}, "row 1: a stance needs its target"),
        ({"text": "", "label": "favor", "target": "x"}, "row 1: no text"),
        ({"text": "a b", "label": "maybe", "task": "loaded"}, "row 1: loaded is 'maybe'; expected yes or no"),
        ({"text": "a b", "loaded": [{"start": 2, "end": 9}]}, "no .start, end. offsets into the text"),
        ({"text": "a b", "label": "1", "task": "mood"}, "row 1: no task 'mood'"),
        ({"text": "a b", "label": ""}, "no row has a label"),
    ],
)
def test_a_wrong_row_of_labels_is_named(tmp_path: Path, row: dict[str, object], message: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(json.dumps(row), "utf-8")
    with pytest.raises(UsageError, match=message):
        read_labels(path)


def test_two_labels_for_one_question_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("text,target,label\nA b.,x,favor\nA b.,x,against\n", "utf-8")
    with pytest.raises(UsageError, match=r"row 2: two labels for one question \(stance toward x\)"):
        read_labels(path)
