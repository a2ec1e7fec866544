"""Stance by the own-words rule: the rule, and its use in judging and comparing."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from compared import prepare, store_of, unit
from slant.cli import main
from slant.comparing.counts import count_hits
from slant.comparing.options import Options
from slant.comparing.rates import rates_table, resample_groups
from slant.comparing.sensitivity import sensitivity_table
from slant.judging.judged_items import judge_items
from slant.judging.judged_sets import choose_sets
from slant.records import Example, Loaded, Prediction, TargetLabel, in_own_words, score_from_dict
from slant.reports.methods_text import known_errors
from slant.segment.voices import voice_at, voices

ROWS = [
    unit("a", "The vile mill met.", stance={"mill": "against"}, loaded=["vile"]),
    unit("b", "“The vile mill met,” she said.", stance={"mill": "against"}, loaded=["vile"], voice="quoted"),
    unit("c", "The mill burned down.", stance={"mill": "against"}),
    unit("d", "The mill met.", stance={"mill": None}),
    unit("e", "The mill is wrong.", kind="comment", stance={"mill": "against"}),
]
OWN = {"a": "against", "b": "neutral", "c": "neutral", "d": "neutral", "e": "against"}


def test_news_without_loaded_words_of_its_own_is_neutral() -> None:
    said = {}
    for row in ROWS:
        score = score_from_dict(row)
        (stance,) = score.stance
        said[row["article_id"]] = score.in_own_words(stance)
    assert said == OWN
    assert in_own_words(None, "paragraph", ["quoted", "outlet"]) is None, "the model abstained"


def test_compare_applies_the_rule_with_own_words(tmp_path: Path) -> None:
    query = "SELECT article_id, label FROM stances"
    with store_of(tmp_path, ROWS, own_words=True) as store:
        assert dict(store.rows(query)) == OWN
    with store_of(tmp_path, ROWS) as store:
        assert dict(store.rows(query)) == {**OWN, "b": "against", "c": "against", "d": None}


def test_judging_applies_the_rule_by_the_voice_of_the_loaded_spans() -> None:
    """The voice of a span follows from the text, not from the predictor."""
    (spec,) = choose_sets(["seeds/stance_in_own_words"])
    texts = {
        "The vile mill met.": "against",
        "“The vile mill will not be missed by anybody here,” she said.": "neutral",
        "The mill burned down.": "neutral",
    }
    examples = [
        Example(str(i), "seeds_gold", "gold", "d", text, targets=(TargetLabel("mill", "favor", ((4, 8),)),))
        for i, text in enumerate(texts)
    ]

    class Says:
        name = fingerprint = "says"

        def predict(self, examples: list[Example], *, gold_spans: bool = False) -> list[Prediction]:
            spans = [
                tuple(
                    Loaded(at, at + 4, "vile", "doubt", 0.9, voice_at(voices(e.text), at, at + 4))
                    for at in [e.text.find("vile")]
                    if at >= 0
                )
                for e in examples
            ]
            scores = ({"against": 0.8, "neutral": 0.1, "favor": 0.1},)
            return [Prediction(stance=scores, loaded=found) for found in spans]

    sheet = judge_items(spec, examples, Says())
    assert dict(zip(texts, sheet.predicted, strict=True)) == texts
    assert sheet.probability == [None] * 3, "stances by the rule have no probability"


def test_the_error_band_is_that_of_own_words(tmp_path: Path) -> None:
    label = {"precision": 0.8, "recall": 0.8, "support": 100, "n": 200}
    errors = {name: {"against": label} for name in ("newsmtsc/test_rw", "seeds/stance_in_own_words/articles")}
    with store_of(tmp_path, ROWS, own_words=True) as store:
        prepare(store, events=False)
        counted = count_hits(store)
        rates = rates_table(
            counted, resample_groups(counted, resamples=100, seed=0), kept=["Gazette"], level=0.95
        )
    for own_words, name in ((True, "seeds/stance_in_own_words/articles"), (False, "newsmtsc/test_rw")):
        rows = sensitivity_table(rates, errors, own_words=own_words).to_pylist()
        assert {r["sets"] for r in rows if r["measure"] == "stance/mill/against"} == {name}


def test_the_report_gives_the_errors_of_the_rule_in_use() -> None:
    folder = Path(__file__).parents[2] / "model/small/scores"
    model = json.loads((folder / "scorecard.json").read_text("utf-8"))["fingerprint"]

    def heads(*, own_words: bool) -> list[str]:
        results = SimpleNamespace(model=model, options=Options(own_words=own_words))
        return [head.partition(" (")[0] for head in known_errors(results)]

    own, called = heads(own_words=True), heads(own_words=False)
    assert "Stance in own words, in five documents of war news" in own
    assert "Stance in news" not in own
    assert "Stance in news" in called
    assert not [head for head in called if "own words" in head]
    assert "Stance in comments" in own, "comments are their writers' own words"


def test_the_command_line_notes_the_rule(tmp_path: Path) -> None:
    rows = [
        unit(f"{outlet}{i}", f"The vile mill met {i} times.", outlet=outlet, stance={"mill": "against"}, loaded=loaded)
        for outlet, loaded in (("Siren", ["vile"]), ("Gazette", []))
        for i in range(8)
    ]  # fmt: skip
    scores = tmp_path / "scores.jsonl"
    scores.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    def shares(*options: str) -> tuple[dict[str, float], str]:
        folder = tmp_path / f"compared{len(options)}"
        with pytest.raises(SystemExit) as exit_:
            main(["compare", str(scores), "-o", str(folder), *options])
        assert exit_.value.code == 0
        with (folder / "tables" / "rates.csv").open(encoding="utf-8-sig", newline="") as file:
            found = [row for row in csv.DictReader(file) if row["measure"] == "stance/mill/against"]
        return {row["group"]: float(row["value"]) for row in found}, (folder / "index.html").read_text(
            "utf-8"
        )

    plain, page = shares()
    assert (plain["Siren"], plain["Gazette"]) == (1.0, 1.0)
    assert "own words" not in page
    own, page = shares("--own-words")
    assert (own["Siren"], own["Gazette"]) == (1.0, 0.0)
    assert "Stance in own words" in page
    assert "counts only in the author" in page
