"""Sections of scorecard.md: published figures, calibration, the ablation of targets, the compared model."""

import tomllib
from dataclasses import dataclass, replace

import pytest
from click.testing import CliRunner

from slant.assets import asset
from slant.errors import SlantError
from slant.judging import judged_sets, scorecard_records
from slant.judging.judged_items import mask_targets
from slant.judging.scorecard import Settings, judge
from slant.judging.scorecard_files import best_published, markdown, write
from slant.judging.scorecard_records import Figure, Published, Result, read
from slant.records import STANCES, Example, Prediction, TargetLabel

pytestmark = pytest.mark.train
TOY = judged_sets.SetSpec("toy/test", "Toy", "toy", "test", None, "stance", "macro_f1", STANCES, "posts")


@dataclass(frozen=True)
class Abstaining:
    stance_abstain: float = 0.7
    portrayal_abstain: float = 0.0


class ByTarget:
    """Predicts favor for trams (0.9) and buses (0.6), and against for any other target."""

    name = "by target"
    fingerprint = "b0"
    decoding = Abstaining()

    def predict(self, examples, *, gold_spans=False):
        return [Prediction(stance=tuple(map(self.stance, e.targets))) for e in examples]

    def stance(self, target):
        p = {"trams": 0.9, "buses": 0.6}.get(target.name)
        return {"favor": p, "neutral": 1 - p, "against": 0.0} if p else {"against": 1.0, "favor": 0.0}


class Mute(ByTarget):
    def predict(self, examples, *, gold_spans=False):
        return [Prediction() for _ in examples]


class Toy:
    NAME = "toy"
    SPLITS = ("test",)

    def read(self, root, split):
        for i in range(12):
            name, label = ("trams", "favor") if i % 2 else ("buses", "favor" if i % 4 else "against")
            yield Example(
                id=str(i), source="toy", split=split, group=str(i), text=f"{name} are here",
                targets=(TargetLabel(name, label, ((0, len(name)),)),),
            )  # fmt: skip


@pytest.fixture
def toy(monkeypatch, tmp_path):
    monkeypatch.setattr(judged_sets, "SPECS", (TOY,))
    monkeypatch.setitem(judged_sets.LABELED_SETS, "toy", Toy())
    return lambda who=ByTarget, **more: judge(
        who(), sets=None, root=tmp_path, settings=Settings(resamples=20, **more.pop("settings", {})), **more
    )


def test_calibration_has_bins_risks_and_the_share_kept_by_the_threshold(toy, tmp_path):
    card = toy()
    found = card.results[0].calibration
    # Six of six are right at 0.9, three of six at 0.6.
    assert (found.task, found.n) == ("stance", 12)
    assert found.ece == pytest.approx(0.5 * 0.1 + 0.5 * 0.1)
    assert [(round(b.high, 1), b.n, b.accuracy) for b in found.bins if b.n] == [(0.6, 6, 0.5), (0.9, 6, 1.0)]
    assert (found.risk_at(0.5), found.risk_at(0.8), found.risk_at(1.0)) == (0.0, 0.25, 0.25)
    # The six kept are right, but of one class: the other class has no item left and counts as missed.
    assert (found.kept, found.kept_figure) == (0.5, 0.5)
    assert "| Toy | 12 | 10.0 |" in markdown(card)
    write(card, tmp_path / "out")
    assert read(tmp_path / "out") == card
    picture = (tmp_path / "out" / "reliability.svg").read_text()
    assert "Toy (ECE 10.0)" in picture
    assert all(word in picture for word in ("confidence", "accuracy", ">6<"))
    write(card, tmp_path / "out")
    assert (tmp_path / "out" / "reliability.svg").read_text() == picture, "equal figures give equal bytes"


def test_without_a_threshold_all_items_are_kept(toy, monkeypatch):
    monkeypatch.setattr(ByTarget, "decoding", None)
    assert toy().results[0].calibration.kept == 1.0


def test_masking_lowers_the_figure_of_a_model_that_uses_only_the_target(toy):
    card = toy()
    (result,) = card.results
    # Always "against", which 3 of 12 are: P 1/4, R 1 → .4; favor 0.
    assert result.masked.value == pytest.approx(0.4 / 2)
    assert result.masked.low <= result.masked.value <= result.masked.high
    assert "| Toy | 42.9 | 20.0 [" in markdown(card)
    assert toy(settings={"full": False}).results[0].masked is None


def test_a_masked_mention_is_appended_to_the_text():
    text = "The mayor met them."
    example = Example(
        id="1", source="t", split="t", group="g", text=text,
        targets=(TargetLabel("mayor", "favor", ((4, 9),), "negative"), TargetLabel("ferries", "neutral")),
    )  # fmt: skip
    masked = mask_targets(example)
    named, topic = masked.targets
    assert masked.text == text + " it"
    assert [masked.text[a:b] for a, b in named.mentions] == ["it"]
    assert (named.name, named.label, named.portrayal) == ("it", "favor", "negative")
    assert (topic.name, topic.label, topic.portrayal) == ("this", "neutral", None)
    assert mask_targets(replace(example, targets=example.targets[1:])).text == text


def test_another_model_is_compared_on_the_same_items(toy):
    class Wrong(ByTarget):
        name, fingerprint = "wrong", "w0"

        def stance(self, target):
            return {"neutral": 1.0}

    card = toy(against=Wrong())
    found = card.results[0].against
    assert (found.other, found.difference.value) == (0.0, pytest.approx(card.results[0].figure.value))
    assert found.p < 0.01
    page = markdown(card)
    assert "## Against wrong (w0)" in page
    assert "| Toy | 42.9 | 0.0 | +42.9 [" in page
    assert toy(against=Mute()).results[0].against is None
    assert "## Against" not in markdown(toy())


def test_evaluate_against_compares_two_models(toy, monkeypatch, tmp_path):
    from slant.cli import cli
    from slant.training import release_check

    class Other(Mute):
        def predict(self, examples, *, gold_spans=False):
            return [Prediction(stance=({"favor": 1.0},)) for _ in examples]

    monkeypatch.setattr(release_check, "open_model", lambda model: Other() if model == "b" else ByTarget())
    arguments = ["evaluate", "a", "-o", str(tmp_path / "out"), "--resamples", "20"]
    assert "## Against" not in CliRunner().invoke(cli, arguments).output
    ran = CliRunner().invoke(cli, [*arguments, "--against", "b"])
    assert ran.exit_code == 0, ran.output
    assert "## Against by target (b0)" in ran.output
    assert read(tmp_path / "out").results[0].against.p == 1.0, "both predict favor throughout"


def test_published_figures_are_of_judged_sets_and_have_a_source():
    names = {spec.name for spec in judged_sets.SPECS} | {
        f"{spec.name}/{part}" for spec in judged_sets.SPECS for part, _, _ in spec.slices
    }
    found = scorecard_records.published_figures()
    assert set(found) <= names
    assert set(scorecard_records.human_agreement()) <= names
    assert all(0.2 < figure.value < 1 and figure.source for figures in found.values() for figure in figures)
    entries = tomllib.loads(asset("published.toml").read_text("utf-8"))["figure"]
    assert len({(e["set"], e["system"], e.get("split")) for e in entries}) == len(entries), "no duplicates"


def test_the_best_published_figure_of_the_judged_split_is_shown(toy, monkeypatch):
    here = Published("a", 0.7, "A 2020", confirmed=False)
    figures = (here, Published("b", 0.6, "B", True), Published("c", 0.8, "C", True, split="test"))
    masked = Published("d", 0.9, "D", True, masked=True)
    row = Result("toy/test", "Toy", "macro-F1", Figure(None), 0, 0, "posts")
    assert best_published(replace(row, published=(*figures, masked))) == "70.0*"
    assert best_published(replace(row, published=figures[2:])) == "80.0 (test)"
    assert best_published(row) == "—"
    monkeypatch.setattr("slant.judging.scorecard.published_figures", lambda: {"toy/test": (*figures, masked)})
    monkeypatch.setattr("slant.judging.scorecard.human_agreement", lambda: {"toy/test": "α = 0.7 (E)"})
    page = markdown(toy())
    assert "a 70.0* [A 2020]; b 60.0 [B]; c 80.0 (test) [C]" in page
    assert "agreement between people: α = 0.7 (E)" in page
    assert "90.0 (d) |" in page, "in the ablation section"


def test_an_entry_without_a_required_field_is_an_error(tmp_path, monkeypatch):
    (tmp_path / "published.toml").write_text('[[human]]\nset = "a"\nfigure = "1"\n')
    monkeypatch.setattr(scorecard_records, "asset", lambda name: tmp_path / name)
    with pytest.raises(SlantError, match=r"\[\[human\]\] number 1 has .*'source'"):
        scorecard_records._rows("human")
