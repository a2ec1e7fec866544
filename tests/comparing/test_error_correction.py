"""The sample for people to label, the labels, the corrected rates, and errors by group."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from compared import prepare, store_of, unit
from slant.assets import SIZES, model_folder, size_folder
from slant.comparing import error_correction
from slant.comparing.clusters import Clusters, by_article
from slant.comparing.counts import Counts, count_hits
from slant.comparing.differences import find_all_sides, find_differences
from slant.comparing.error_audit import errors_table
from slant.comparing.error_correction import (
    Estimate,
    Labeled,
    corrected_notes,
    corrected_rate,
    corrected_table,
    estimate_difference,
    labeled_measures,
    prediction_powered_mean,
)
from slant.comparing.gold_sample import allocate, draw_sample, load_gold, systematic, write_sample
from slant.comparing.measures import Measure
from slant.comparing.options import Options
from slant.comparing.rates import find_groups, rates_table
from slant.comparing.score_tables import Store
from slant.comparing.sensitivity import SETS, published_errors, sensitivity_table
from slant.errors import SlantError, UsageError
from slant.judging.judged_sets import choose_sets
from slant.reports.methods_text import _EVALUATED, _EVALUATED_PORTRAYAL


def scored() -> list[dict[str, Any]]:
    """Two outlets, 60 and 30 articles of two units; of four stances toward the mill one is against, one favor."""
    rows = []
    for outlet, articles in (("Gazette", 60), ("Siren", 30)):
        for a in range(articles):
            for i in range(2):
                label = ("against", "neutral", "favor", "neutral")[(a + i) % 4]
                text = f"{outlet} {a}.{i} on the mill, vile as ever."
                loaded = ["vile"] if a % 3 == 0 else []
                rows.append(
                    unit(
                        f"{outlet}{a:02d}",
                        text,
                        outlet=outlet,
                        position=i,
                        stance={"mill": label},
                        loaded=loaded,
                    )
                )
    return rows


def test_weights_add_up_to_all_units_and_model_labels_are_hidden(tmp_path: Path) -> None:
    with store_of(tmp_path, scored()) as store:
        drawn = draw_sample(store, size=40, tasks=("stance", "loaded"), seed=1)
        again = draw_sample(store, size=40, tasks=("stance", "loaded"), seed=1)
        shown = draw_sample(store, size=40, tasks=("stance",), seed=1, show_labels=True)
        other = draw_sample(store, size=40, tasks=("stance",), seed=2)
    weights = {row["unit_id"]: row["weight"] for row in drawn.rows}
    assert drawn.groups == {"Gazette": 20, "Siren": 20}
    assert (len(weights), len(drawn.rows)) == (40, 80)
    assert sum(weights.values()) == pytest.approx(180)
    assert drawn.rows == again.rows
    assert {row["unit_id"] for row in other.rows} != weights.keys()
    assert "model_label" not in drawn.rows[0]
    assert {row["label"] for row in drawn.rows} == {""}
    assert Counter(row["model_label"] for row in shown.rows).keys() == {"against", "neutral", "favor"}
    assert [row["unit_id"][:5] for row in shown.rows] != sorted(row["unit_id"][:5] for row in shown.rows)


def test_every_unit_is_drawn_with_the_probability_of_its_weight() -> None:
    rng = np.random.default_rng(0)
    drawn = Counter(int(i) for _ in range(4000) for i in systematic(7, 3, rng))
    assert all(drawn[i] / 4000 == pytest.approx(3 / 7, abs=0.04) for i in range(7))
    assert allocate(np.array([3, 100, 50]), 63).tolist() == [3, 30, 30]
    assert allocate(np.array([3, 4]), 63).tolist() == [3, 4]


def test_a_sample_that_cannot_be_drawn_is_an_error(tmp_path: Path) -> None:
    with store_of(tmp_path, scored()) as store:
        with pytest.raises(UsageError, match="no scored unit has a question of reply"):
            draw_sample(store, size=40, tasks=("reply",), seed=0)
        with pytest.raises(UsageError, match="-n 3: 2 groups need at least 4 units"):
            draw_sample(store, size=3, seed=0)


def answered(store: Store, path: Path, **changed: Any) -> str:
    """A sample filled in: people see every second “favor” of the Siren as against."""
    drawn = draw_sample(store, size=80, tasks=("stance", "loaded"), seed=0, show_labels=True)
    flip = 0
    for row in drawn.rows:
        row["label"] = row["model_label"]
        if row["text"].startswith("Siren") and row["label"] == "favor":
            flip += 1
            row["label"] = ("against", "favor")[flip % 2]
    for name, value in changed.items():
        drawn.rows[0][name] = value
    write_sample(drawn, str(path))
    return str(path)


def test_gold_is_read_from_csv_and_json_lines(tmp_path: Path) -> None:
    with store_of(tmp_path, scored()) as store:
        query = "SELECT unit_id, task, target, label, weight FROM gold ORDER BY ALL"
        load_gold(store, answered(store, tmp_path / "g.csv"))
        first = store.rows(query)
        assert len(first) == 160
        load_gold(store, answered(store, tmp_path / "g.jsonl"))
        assert store.rows(query) == first
        semicolons = (tmp_path / "g.csv").read_text("utf-8-sig")
        rows = list(csv.reader(semicolons.splitlines()))
        with (tmp_path / "s.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, delimiter=";").writerows(rows)
        load_gold(store, str(tmp_path / "s.csv"))
        assert store.rows(query) == first


def test_gold_that_does_not_match_is_refused_with_the_row(tmp_path: Path) -> None:
    with store_of(tmp_path, scored()) as store:
        for changed, message in (
            ({"codebook": "d"}, "labeled for codebook d, but the scores have codebook c"),
            ({"label": "agianst"}, r"no label 'agianst' for stance.*Did you mean 'against'\?"),
            (
                {"label": "negative"},
                "no label 'negative' for stance. Use one of against, neutral, favor, unrelated",
            ),
            ({"task": "portrayal", "target": ""}, "a portrayal needs its target"),
            ({"task": "frame"}, r"no task 'frame'.*Did you mean 'frames'\?"),
        ):
            with pytest.raises(UsageError, match=message):
                load_gold(store, answered(store, tmp_path / "g.csv", **changed))
        write_sample(draw_sample(store, size=8, seed=0), str(tmp_path / "blank.csv"))
        with pytest.raises(UsageError, match="no row has a label"):
            load_gold(store, str(tmp_path / "blank.csv"))
        (tmp_path / "two.jsonl").write_text(
            "".join(
                json.dumps({"unit_id": "Siren00-0000", "target": "mill", "label": x}) + "\n"
                for x in ("against", "favor")
            )
        )
        with pytest.raises(UsageError, match="has two labels for one question"):
            load_gold(store, str(tmp_path / "two.jsonl"))
        with pytest.raises(UsageError, match=r"no such file. `slant sample` writes one"):
            load_gold(store, "nothing.csv")


CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"unit_id": "elsewhere"}, "row 1: unit elsewhere .*is not among the scored units"),
    ({"text": "#NAME?"}, "has another text there than in the scores"),
    ({"target": "ferry"}, r"\(target ferry\) was not scored for that target"),
    ({"task": "portrayal", "label": "negative"}, "has no portrayal of that target. Does the unit name it"),
    ({"weight": "0,0"}, "weight is '0,0'"),
]


@pytest.mark.parametrize(("changed", "message"), CHANGES)
def test_a_changed_cell_costs_its_row_by_name_and_not_the_file(
    tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    with store_of(tmp_path, scored()) as store:
        assert load_gold(store, answered(store, tmp_path / "g.csv")) == []
        (note,) = load_gold(store, answered(store, tmp_path / "g.csv", **changed))
        assert note.startswith("1 labeled row was left out, since a cell was changed: ")
        assert re.search(message, note)
        ((kept, others),) = store.rows("SELECT count(*), count(*) FILTER (row = 1) FROM gold")
        assert (kept, others) == (159, 0)
        # With no other row the file is a wrong one.
        one = csv.DictReader((tmp_path / "g.csv").read_text("utf-8-sig").splitlines())
        (tmp_path / "one.jsonl").write_text(json.dumps(next(one)) + "\n")
        with pytest.raises(UsageError, match=message):
            load_gold(store, str(tmp_path / "one.jsonl"))


def test_cells_that_a_spreadsheet_would_calculate_are_guarded(tmp_path: Path) -> None:
    texts = [
        "=well said",
        "+1 the mayor is right",
        "-5 votes",
        "@mill stop",
        "'=quoted",
        "'tis done",
        "plain, as ever",
    ]
    rows = [unit(f"a{n}", text, stance={"mill": "against"}) for n, text in enumerate(texts)]
    with store_of(tmp_path, rows) as store:
        drawn = draw_sample(store, size=len(texts), seed=0)
        for row in drawn.rows:
            row["label"] = "against"
        write_sample(drawn, str(tmp_path / "g.csv"))
        with (tmp_path / "g.csv").open(encoding="utf-8-sig", newline="") as file:
            cells = {row["text"] for row in csv.DictReader(file)}
        assert cells == {"'=well said", "'+1 the mayor is right", "'-5 votes", "'@mill stop", "''=quoted", "'tis done",
                         "plain, as ever"}  # fmt: skip
        assert load_gold(store, str(tmp_path / "g.csv")) == []
        assert store.rows("SELECT count(*) FROM gold") == [(len(texts),)]
        # Some spreadsheets take the apostrophe away when they save the file.
        bare = (tmp_path / "g.csv").read_text("utf-8-sig").replace("'=well", "=well")
        (tmp_path / "bare.csv").write_text(bare, "utf-8")
        assert load_gold(store, str(tmp_path / "bare.csv")) == []


def test_annotators_see_the_name_of_a_target_and_either_is_read(tmp_path: Path) -> None:
    rows = scored()
    for row in rows:
        row["stance"][0]["name"] = "the Old Mill"
    with store_of(tmp_path, rows) as store:
        assert store.names == {"mill": "the Old Mill"}
        drawn = draw_sample(store, size=8, seed=0)
        assert "“the Old Mill”" in drawn.rows[0]["question"]
        for row, target in zip(drawn.rows, ("mill", "the Old Mill") * 4, strict=True):
            row |= {"label": "favor", "target": target}
        write_sample(drawn, str(tmp_path / "g.csv"))
        assert load_gold(store, str(tmp_path / "g.csv")) == []
        assert store.rows("SELECT DISTINCT target FROM gold") == [("mill",)]


def compared_tables(
    counted: Counts, kept: list[str], options: Options
) -> tuple[Clusters, dict[str, pa.Table]]:
    """The tables that the correction needs, with articles as clusters."""
    clusters = by_article(counted)
    sides = find_all_sides(clusters, kept=kept)
    rates = rates_table(counted, sides, kept=kept, level=0.95)
    return clusters, {
        "rates": rates,
        "differences": find_differences(sides, kept=kept, options=options).differences,
    }


def test_naive_and_corrected_are_side_by_side(tmp_path: Path) -> None:
    with store_of(tmp_path, scored()) as store:
        load_gold(store, answered(store, tmp_path / "g.csv"))
        prepare(store, events=False)
        counted, groups = count_hits(store), find_groups(store, min_articles=5)
        kept, options = list(groups.kept), Options(permutations=200, gold="g")
        clusters, tables = compared_tables(counted, kept, options)
        labels = labeled_measures(store, counted)
        found = corrected_table(labels, clusters, counted, tables, kept=kept, options=options)
        rows = {(r["group"], r["other"], r["measure"]): r for r in found.to_pylist()}
        notes = " ".join(corrected_notes(found, groups=groups))
    siren, gazette = (rows[g, None, "stance/mill/against"] for g in ("Siren", "Gazette"))
    assert gazette["corrected"] == pytest.approx(gazette["naive"])
    assert siren["naive"] == pytest.approx(0.25)
    assert siren["corrected"] == pytest.approx(0.375, abs=0.02), "half of the favor quarter is against"
    assert siren["low"] < 0.375 < siren["high"]
    assert (siren["gold_units"], siren["disagree"]) == (40, not siren["low"] <= 0.25 <= siren["high"])
    apart = rows["Gazette", "Siren", "stance/mill/against"]
    assert apart["corrected"] == pytest.approx(gazette["corrected"] - siren["corrected"])
    assert 0 < apart["p"] <= apart["p_adjusted"] <= 1
    assert rows["Siren", None, "loaded/outlet/units"]["corrected"] == pytest.approx(1 / 3, abs=0.05)
    assert "rates and differences were corrected" in notes


def test_a_group_without_labels_is_named_and_not_corrected(tmp_path: Path) -> None:
    with store_of(tmp_path, scored()) as store:
        answered(store, tmp_path / "g.jsonl")
        lines = [line for line in (tmp_path / "g.jsonl").read_text("utf-8").splitlines() if "Siren" in line]
        (tmp_path / "siren.jsonl").write_text("\n".join(lines), "utf-8")
        load_gold(store, str(tmp_path / "siren.jsonl"))
        prepare(store, events=False)
        counted, groups = count_hits(store), find_groups(store, min_articles=5)
        clusters, tables = compared_tables(counted, list(groups.kept), Options(permutations=200))
        labels = labeled_measures(store, counted)
        found = corrected_table(labels, clusters, counted, tables, kept=list(groups.kept), options=Options())
        assert set(found["group"].to_pylist()) == {"Siren"}
        assert "as part of all others: Gazette." in " ".join(corrected_notes(found, groups=groups))


def labeled(gold: list[int], model: list[int]) -> Labeled:
    n = len(gold)
    return Labeled(
        np.zeros(n, np.int64),
        np.arange(n),
        np.array(gold, float),
        np.array(model, float),
        *np.ones((3, n)),
    )


def test_units_that_only_people_or_only_the_model_find_unrelated_are_corrected() -> None:
    """A third of the units is about something else; the model calls half of these against, and misses some of the others."""
    rng = np.random.default_rng(1)
    truth = rng.choice(["against", "neutral", "unrelated"], 3000, p=[0.2, 0.47, 0.33])
    said = np.where((truth == "unrelated") & (rng.random(3000) < 0.5), "against", truth)
    said = np.where((truth != "unrelated") & (rng.random(3000) < 0.1), "unrelated", said)
    gold, total, model, model_total = (
        column.astype(float)
        for column in (truth == "against", truth != "unrelated", said == "against", said != "unrelated")
    )

    def first(n: int) -> Labeled:
        columns = (column[:n] for column in (gold, model, total, model_total))
        return Labeled(np.zeros(n, np.int64), np.arange(n), *columns, np.ones(n))

    everything = (np.arange(3000), model, model_total)
    true, naive = gold.sum() / total.sum(), model.sum() / model_total.sum()
    assert abs(naive - true) > 0.1
    assert corrected_rate(first(3000), *everything).value == pytest.approx(true)
    found = corrected_rate(first(500), *everything)
    low, high = found.interval(0.95) or (1, 0)
    assert low < true < high < naive


def test_gold_with_unrelated_and_with_portrayal(tmp_path: Path) -> None:
    """The model finds half of the articles unrelated to the mill; of these, people find half against it."""
    rows = [
        unit(f"a{i:02d}", f"Text {i} on the mill.", portrayal={"mill": ("negative", "neutral")[i % 2]},
             stance={"mill": ("against", "neutral", "unrelated", "unrelated")[i % 4], "fees": "against"})
        for i in range(40)
    ]  # fmt: skip
    stances = ("against", "neutral", "against", "unrelated")
    answers = [
        {"unit_id": f"a{i:02d}-0000", "task": task, "target": target, "label": label}
        for i in range(40)
        for task, target, label in (
            ("stance", "mill", stances[i % 4]), ("stance", "fees", "unrelated"), ("portrayal", "mill", "neutral"),
        )
    ]  # fmt: skip
    (tmp_path / "g.jsonl").write_text("".join(json.dumps(row) + "\n" for row in answers), "utf-8")
    with store_of(tmp_path, rows) as store:
        load_gold(store, str(tmp_path / "g.jsonl"))
        prepare(store, events=False, portrayal=True)
        counted = count_hits(store, measures=["*"])
        clusters, tables = compared_tables(counted, ["Gazette"], Options())
        labels = labeled_measures(store, counted)
        found = corrected_table(labels, clusters, counted, tables, kept=["Gazette"], options=Options())
        errors_table(labels, counted, options=Options(permutations=100))
    values = {
        r["measure"]: (r["naive"], r["corrected"]) for r in found.to_pylist() if r["group"] == "Gazette"
    }
    assert values["stance/mill/against"] == (0.5, pytest.approx(2 / 3))
    assert values["stance/mill/net"] == (-0.5, pytest.approx(-2 / 3))
    assert values["portrayal/mill/negative"] == (0.5, pytest.approx(0))
    assert not [name for name in values if "fees" in name], "no unit is about the fees"


def test_a_sample_asks_about_stance_and_portrayal(tmp_path: Path) -> None:
    rows = [
        unit(f"a{i}", f"Text {i}.", stance={"mill": "unrelated"}, portrayal={"mill": "negative"} if i % 2 else {})
        for i in range(20)
    ]  # fmt: skip
    with store_of(tmp_path, rows) as store:
        both = draw_sample(store, size=20, tasks=("stance", "portrayal"), seed=0, show_labels=True).rows
        portrayals = draw_sample(store, size=10, tasks=("portrayal",), seed=0).rows
    asked = Counter((row["task"], row["question"], row["model_label"]) for row in both)
    assert asked == {
        ("stance", "The author’s stance toward “mill”: against, neutral, favor, or unrelated if nothing is said about it?",
         "unrelated"): 20,
        ("portrayal", "How does this text make “mill” look: negative, neutral or positive?", "negative"): 10,
    }  # fmt: skip
    assert {row["unit_id"] for row in portrayals} == {f"a{i}-0000" for i in range(1, 20, 2)}


def test_a_perfect_model_keeps_its_interval_and_a_useless_one_leaves_that_of_the_labels() -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random(2000) < 0.3).astype(float)
    everything = (np.arange(2000), truth, np.ones(2000))
    perfect = corrected_rate(labeled(list(truth[:200]), list(truth[:200])), *everything)
    own = np.sqrt(truth.mean() * (1 - truth.mean()) / 2000)
    assert perfect.error == pytest.approx(own, rel=0.15)
    useless = corrected_rate(
        labeled(list(truth[:200]), [0] * 200), np.arange(2000), np.zeros(2000), np.ones(2000)
    )
    assert useless.value == pytest.approx(truth[:200].mean())
    assert useless.error == pytest.approx(np.sqrt(useless.value * (1 - useless.value) / 199), rel=0.02)


def test_the_estimate_equals_that_of_the_authors_library() -> None:
    ppi_py = pytest.importorskip("ppi_py", reason="needs the [dev] install")
    rng = np.random.default_rng(0)
    for _ in range(50):
        people, model = rng.normal(size=(2, rng.integers(1, 300)))
        everywhere, weight = rng.normal(size=rng.integers(1, 3000)), float(rng.random())
        theirs = ppi_py.ppi_mean_pointestimate(people, model, everywhere, lam=weight)
        assert prediction_powered_mean(people, model, everywhere, weight=weight) == float(np.squeeze(theirs))


def test_too_few_labels_give_a_value_and_a_reason_but_no_interval() -> None:
    everything = (np.arange(50), np.ones(50), np.ones(50))
    few = corrected_rate(labeled([1, 0, 1], [1, 1, 1]), *everything)
    assert (few.interval(0.95), few.note) == (None, "labels in 3 articles only; 5 or more are needed")
    rare = corrected_rate(labeled([1] * 18 + [0] * 2, [1] * 20), *everything)
    assert rare.note.startswith("2 of 20 labels are of the rarer kind")
    assert estimate_difference(few, rare).interval(0.95) is None


def test_without_gold_the_band_follows_the_published_errors(tmp_path: Path) -> None:
    """Recall 0.8 and one false positive in ten: a naive 0.45 is a true 0.5."""
    label = {"precision": 80 / 90, "recall": 0.8, "support": 100, "n": 200}
    label["precision"] = 80 / (80 + 10)
    errors = {
        "newsmtsc/test_rw": {"negative": label},
        "newsmtsc/test_mt": {"negative": {**label, "recall": 0.0}},
        "seeds/stance/articles": {"against": label},
    }
    rows = [
        unit(f"a{i}", stance={"mill": stance}, portrayal={"mill": portrayal})
        for i in range(20)
        for stance, portrayal in [("against", "negative") if i < 9 else ("neutral", "neutral")]
    ]
    with store_of(tmp_path, rows) as store:
        prepare(store, events=False, portrayal=True)
        counted = count_hits(store, measures=["*"])
        rates = compared_tables(counted, ["Gazette"], Options())[1]["rates"]
    found = {r["measure"]: r for r in sensitivity_table(rates, errors).to_pylist() if r["group"] == "Gazette"}
    row = found["stance/mill/against"]
    assert (row["low"], row["high"], row["sets"]) == (
        pytest.approx(0.5),
        pytest.approx(0.5),
        "seeds/stance/articles",
    )
    wide = found["portrayal/mill/negative"]
    assert wide["sets"] == "newsmtsc/test_rw, newsmtsc/test_mt"
    assert (wide["low"], wide["high"]) == (0, 1), "on one of the sets the model cannot tell"


def test_bands_and_known_errors_name_sets_that_are_judged() -> None:
    known = {spec.name for spec in choose_sets(None)}
    sliced = {f"{spec.name}/{name}" for spec in choose_sets(None) for name, *_ in (*spec.slices, *spec.views)}
    assert {name for names in SETS.values() for name in names} <= known | sliced
    assert {*_EVALUATED, *_EVALUATED_PORTRAYAL} <= known


def test_the_errors_are_those_of_the_model_that_scored() -> None:
    """Without --model, the size with the fingerprint of the scores is taken."""
    for size in filter(size_folder, SIZES):
        fingerprint = json.loads((model_folder(size) / "scores/scorecard.json").read_text())["fingerprint"]
        assert "against" in published_errors(fingerprint, model=None)["vast/test"]
    with pytest.raises(SlantError, match=r"the scores are of another\. Name it with --model"):
        published_errors("another", model=None)


def test_gold_can_be_loaded_into_a_store_without_other_tables(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    with store_of(tmp_path, [unit("a", stance={"council": "against"})]) as store:
        gold.write_text('{"unit_id": "a-0000", "target": "council", "label": "favor"}\n', "utf-8")
        load_gold(store, str(gold))
        assert store.rows("SELECT unit_id, label FROM gold") == [("a-0000", "favor")]


AGAINST = Measure.parse("stance/council/against")


def _by_group(*, wrong: tuple[float, float], articles: int = 40) -> Labeled:
    """Two groups of articles with five labels each, `wrong` of which the model has wrong (always too much)."""
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1], 5 * articles)
    article = np.repeat(np.arange(2 * articles), 5)
    gold = np.zeros(len(group))
    model = (rng.random(len(group)) < np.array(wrong)[group]).astype(float)
    return Labeled(group, article, gold, model, *np.ones((3, len(group))))


def _counts() -> Any:
    return SimpleNamespace(groups=("Gazette", "Siren"))


def test_an_error_that_differs_between_outlets_is_found() -> None:
    found = errors_table(
        {AGAINST: _by_group(wrong=(0.05, 0.4))}, _counts(), options=Options(resamples=200, permutations=500)
    ).to_pylist()
    gazette, siren = found
    assert gazette["p"] == siren["p"] < 0.01
    assert siren["error"] == pytest.approx(siren["bias"])
    assert siren["bias_low"] < 0.4 < siren["bias_high"]
    assert siren["left_out"] == pytest.approx(siren["bias"] - gazette["bias"])
    assert siren["left_out_low"] > 0
    assert (siren["labels"], siren["articles"]) == (200, 40)


def test_the_same_error_everywhere_is_no_difference() -> None:
    p = [
        errors_table(
            {AGAINST: _by_group(wrong=(rate, rate))},
            _counts(),
            options=Options(resamples=200, permutations=500),
        ).to_pylist()[0]["p"]
        for rate in (0.1, 0.2, 0.3, 0.4)
    ]
    assert min(p) > 0.01


def test_labels_of_one_group_show_no_difference() -> None:
    found = _by_group(wrong=(0.1, 0.2), articles=6)
    only = Labeled(*(getattr(found, name)[found.group == 0] for name in Labeled.__dataclass_fields__))
    assert (
        errors_table({AGAINST: only}, _counts(), options=Options(resamples=200, permutations=500)).num_rows
        == 0
    )


def test_the_interval_of_a_share_stays_within_it_in_order() -> None:
    """The estimator may fall below zero, with all of its interval."""
    row = {"measure": "stance/mill/against", "low": 0.0, "high": 0.1}
    found = error_correction._row(
        row, ("Siren", None), 0.05, Estimate(-0.2, 0.01, 20, 40, 20, share=True), Options()
    )
    assert (found["corrected"], found["low"], found["high"]) == (0, 0, 0)
