"""Judging as a whole, on toy sets and, if present, on the public sets."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from slant.corpora.sets import data_root
from slant.errors import SlantError
from slant.judging import judged_sets
from slant.judging import scorecard as cards
from slant.judging.baselines import Lexicon, simple_baseline
from slant.judging.scorecard import Settings
from slant.judging.scorecard_files import markdown, percent, write
from slant.judging.scorecard_records import quality_loss, read
from slant.records import PORTRAYALS, REPLIES, STANCE_ANSWERS, Example, Loaded, Prediction, TargetLabel

TOY = judged_sets.SetSpec("toy/test", "Toy", "toy", "test", "train", "reply", "macro_f1", REPLIES, "threads")
HAVE_DATA = (data_root() / "vast" / "vast_test.csv").exists()


def judge(predictor, *, root, against=None, **settings):
    return cards.judge(predictor, sets=None, root=root, settings=Settings(**settings), against=against)


class Perfect:
    """Predicts the gold."""

    name = "perfect"
    fingerprint = "p0"

    def predict(self, examples, *, gold_spans=False):
        return [self.prediction(example, gold_spans) for example in examples]

    def prediction(self, e, gold_spans):
        spans = e.loaded or ()
        return Prediction(
            stance=tuple({label: float(label == t.label) for label in STANCE_ANSWERS} for t in e.targets),
            portrayal=tuple({label: float(label == t.portrayal) for label in PORTRAYALS} for t in e.targets),
            loaded=tuple(
                Loaded(s.start, s.end, e.text[s.start : s.end], s.label, 1.0, "outlet") for s in spans
            ),
            toxic=e.toxic or (),
            span_scores=tuple({s.label: 1.0} for s in spans) if gold_spans else (),
            reply=None if e.reply is None else {e.reply: 1.0},
            frames=dict.fromkeys(e.frames or (), 1.0),
            biased=None if e.biased is None else float(e.biased),
            subjective=None if e.subjective is None else float(e.subjective),
        )


class Always:
    """Predicts always the same reply, or none."""

    fingerprint = "a0"

    def __init__(self, label):
        self.name = f"always {label}"
        self.prediction = Prediction(reply={label: 1.0} if label else None)

    def predict(self, examples, *, gold_spans=False):
        return [self.prediction] * len(examples)


def post(i, label, thread, split):
    words = {"support": "yes exactly", "deny": "no wrong", "query": "really, why", "comment": "the harbour"}
    return Example(
        id=f"{split}{i}", source="toy", split=split, group=thread, text=f"{words[label]} {i}",
        context="The harbour is closed.", reply=label, meta={"part": str(i % 2)},
    )  # fmt: skip


class ToyReader:
    NAME = "toy"
    SPLITS = ("train", "test")

    def __init__(self, labels=("comment", "comment", "deny", "support", "query", "comment")):
        self.labels = labels

    def read(self, root, split):
        if not root.exists():
            raise SlantError(f"{root} is missing. Set SLANT_DATA.")
        rows = [*REPLIES, "comment"] * 6 if split == "train" else self.labels
        return [post(i, label, f"{split}{i // 2}", split) for i, label in enumerate(rows)]


@pytest.fixture
def toy(monkeypatch):
    def use(spec=TOY, reader=None):
        monkeypatch.setattr(judged_sets, "SPECS", (spec,))
        monkeypatch.setitem(judged_sets.LABELED_SETS, "toy", reader or ToyReader())

    use()
    return use


@pytest.mark.train
def test_a_perfect_predictor_has_f1_one_everywhere(toy, tmp_path):
    card = judge(Perfect(), root=tmp_path, resamples=50)
    (result,) = card.results
    assert (result.figure.value, result.figure.low, result.figure.high) == (1.0, 1.0, 1.0)
    assert (result.n, result.groups) == (6, 3)
    assert [(row.label, row.f1.value, row.support) for row in result.labels] == [
        ("support", 1.0, 1), ("deny", 1.0, 1), ("query", 1.0, 1), ("comment", 1.0, 3),
    ]  # fmt: skip
    assert 0 < result.floor < result.baseline <= 1


@pytest.mark.train
def test_the_floor_is_the_majority_label_of_train(toy, tmp_path):
    (result,) = judge(Always("comment"), root=tmp_path, resamples=50).results
    # comment: P 3/6, R 1 → 2/3; three labels of four at 0.
    assert result.figure.value == pytest.approx(2 / 3 / 4)
    assert result.floor == pytest.approx(result.figure.value)
    assert result.figure.low <= result.figure.value <= result.figure.high
    deny = result.labels[1]
    assert (deny.precision.value, deny.recall.value, deny.support) == (None, 0.0, 1)


@pytest.mark.train
def test_the_same_seed_gives_the_same_scorecard(toy, tmp_path):
    first, again, other = (
        judge(Always("comment"), root=tmp_path, resamples=60, seed=seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert first.results[0].figure.value == other.results[0].figure.value
    assert first.results[0].signature != other.results[0].signature


@pytest.mark.train
def test_slices_use_the_same_predictions(toy, tmp_path):
    toy(replace(TOY, slices=(("even", "part", "0"),), views=(("none", "part", "9"),)))
    whole, even, none = judge(Perfect(), root=tmp_path, resamples=20, full=False).results
    assert (whole.n, even.n, none.n) == (6, 3, 0)
    assert (even.set, even.title) == ("toy/test/even", "Toy, even")
    assert (whole.official, even.official, none.official) == (True, True, False)
    assert none.figure.value is None
    assert "no gold item" in none.reason


@pytest.mark.train
def test_rows_without_figure_have_a_dash_and_a_reason(toy, tmp_path):
    card = judge(Always(None), root=tmp_path, resamples=20, full=False)
    assert card.results[0].figure.value is None
    assert card.results[0].reason == "the model has no prediction for this task"
    toy(reader=ToyReader(labels=()))
    empty = judge(Perfect(), root=tmp_path, resamples=20)
    assert (empty.results[0].figure.value, empty.results[0].n) == (None, 0)
    assert empty.results[0].floor is None
    missing = judge(Perfect(), root=tmp_path / "nowhere", resamples=20)
    assert "nowhere is missing. Set SLANT_DATA." in missing.results[0].reason
    for page in map(markdown, (card, empty, missing)):
        assert "| Toy [1] | macro-F1 | — |" in page
        assert "no figure: " in page
        assert "0.0" not in page.split("## Per label")[0]


@pytest.mark.train
def test_a_trial_keeps_groups_whole_and_is_marked(toy, tmp_path):
    card = judge(Perfect(), root=tmp_path, resamples=20, full=False, limit=3)
    assert (card.results[0].n, card.results[0].groups) == (4, 2)
    assert "limit:3" in card.results[0].signature
    assert "Trial on about 3 examples" in markdown(card)


@pytest.mark.train
def test_files_are_written_and_read_back(toy, tmp_path):
    card = judge(Always("comment"), root=tmp_path, resamples=20)
    paths = write(card, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "per_label.csv",
        "reliability.svg",
        "scorecard.json",
        "scorecard.md",
    ]
    assert read(tmp_path / "out") == read(paths[0]) == card
    header, support, *_ = (tmp_path / "out" / "per_label.csv").read_text().splitlines()
    assert header.startswith("set,label,support,precision,precision_low,precision_high,recall")
    assert support.startswith("toy/test,support,1,,,,0.0000")
    assert json.loads(paths[0].read_text())["results"][0]["metric"] == "macro-F1"
    with pytest.raises(SlantError, match=r"scorecard\.json is not a scorecard"):
        read(tmp_path)


@pytest.mark.train
def test_quality_loss_is_in_points_of_the_official_metric(toy, tmp_path):
    before = judge(Perfect(), root=tmp_path, resamples=20, full=False)
    after = judge(Always("comment"), root=tmp_path, resamples=20, full=False)
    (loss,) = quality_loss(before, after)
    assert (loss.set, loss.metric, loss.before) == ("toy/test", "macro-F1", 1.0)
    assert loss.points == pytest.approx(100 * (1 - 1 / 6))
    assert quality_loss(after, before)[0].points < 0
    toy(replace(TOY, official=False))
    ours = judge(Perfect(), root=tmp_path, resamples=20, full=False)
    assert quality_loss(ours, ours) == [], "unofficial rows are not compared"
    toy()
    silent = judge(Always(None), root=tmp_path, resamples=20, full=False)
    assert quality_loss(silent, before) == []
    with pytest.raises(SlantError, match=r"none for always None: the model has no prediction"):
        quality_loss(before, silent)
    part = judge(Perfect(), root=tmp_path, resamples=20, full=False, limit=3)
    with pytest.raises(SlantError, match=r"Judge both on the same data"):
        quality_loss(before, part)


def test_percent_formats_figures_times_one_hundred():
    assert [percent(x) for x in (0.7314, 1.0, 0.0, None)] == ["73.1", "100.0", "0.0", "—"]


def test_the_lexicon_joins_neighbors_and_excludes_rare_or_plain_words():
    train = [
        Example(id=str(i), source="t", split="train", group=str(i), text=text, toxic=toxic)
        for i, (text, toxic) in enumerate(
            [
                ("you silly goose", ((4, 15),)),
                ("silly goose again", ((0, 11),)),
                ("you odd fellow", ((4, 7),)),
            ]
        )
    ]
    spec = next(spec for spec in judged_sets.SPECS if spec.task == "toxic")
    lexicon = simple_baseline(spec, train)
    assert isinstance(lexicon, Lexicon)
    assert sorted(lexicon.words) == ["goose", "silly"]
    (prediction,) = lexicon.predict([replace(train[0], text="A Silly goose, a goose.")])
    assert prediction.toxic == ((2, 13), (17, 22))


@pytest.mark.train
def test_the_svm_uses_the_target_as_well_as_the_text():
    def comment(i, name, label):
        return Example(
            id=str(i), source="t", split="train", group=str(i), text="they should be built",
            targets=(TargetLabel(name, label),),
        )  # fmt: skip

    train = [comment(i, *pair) for i, pair in enumerate([("trams", "favor"), ("dams", "against")] * 5)]
    spec = next(spec for spec in judged_sets.SPECS if spec.name == "vast/test")
    predictions = simple_baseline(spec, train).predict([comment(0, "dams", None), comment(1, "trams", None)])
    assert [max(p.stance[0], key=p.stance[0].get) for p in predictions] == ["against", "favor"]


@pytest.mark.train
def test_the_svm_of_portrayals_learns_them_and_not_the_stance():
    def sentence(i, name, portrayal, label=None):
        return Example(
            id=str(i), source="t", split="train", group=str(i), text=f"{name} met",
            targets=(TargetLabel(name, label, ((0, len(name)),), portrayal),),
        )  # fmt: skip

    pairs = [("Ada", "positive", "against"), ("Bo", "negative", "favor")] * 5
    spec = next(spec for spec in judged_sets.SPECS if spec.name == "newsmtsc/test_rw")
    model = simple_baseline(spec, [sentence(i, *pair) for i, pair in enumerate(pairs)])
    predictions = model.predict([sentence(0, "Bo", None), sentence(1, "Ada", None)])
    assert [max(p.portrayal[0], key=p.portrayal[0].get) for p in predictions] == ["negative", "positive"]
    assert {p.stance for p in predictions} == {()}


def test_importing_the_judging_room_needs_only_the_base_install():
    code = (
        "import sys; import slant.judging.scorecard, slant.judging.figures, slant.judging.metrics; "
        "bad = {'evaluate', 'datasets', 'sklearn', 'pandas', 'torch', 'transformers', 'matplotlib'} & set(sys.modules); "
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


MIN_FIGURE = {
    # A gold span that crosses a line end loses that one character, which is in no line.
    "ptc/si": 0.999,
}


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.train
@pytest.mark.skipif(not HAVE_DATA, reason=f"the public sets are not in {data_root()}; set SLANT_DATA")
def test_a_perfect_predictor_on_every_public_set():
    card = judge(Perfect(), root=data_root(), resamples=20, full=False)
    assert {r.set for r in card.results} >= {spec.name for spec in judged_sets.choose_sets(None)}
    for result in card.results:
        if result.reason:
            assert not result.official, result.reason  # the seed documents may be missing
            continue
        assert result.figure.value >= MIN_FIGURE.get(result.set, 1.0), result
    sizes = {r.set: r.n for r in card.results}
    assert (sizes["ptc/si"], sizes["ptc/tc"], sizes["vast/test"]) == (940, 1063, 3006)
