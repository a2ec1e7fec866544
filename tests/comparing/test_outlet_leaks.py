"""The leak probe, errors by group, and the encoder's vectors."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from compared import store_of, unit
from slant.comparing import outlet_leaks
from slant.comparing.counts import cells
from slant.comparing.error_correction import Labelled
from slant.comparing.options import Options
from slant.comparing.outlet_leaks import errors
from slant.comparing.rates import groups_of
from slant.encoding.windows import EncoderRequest
from slant.scoring.embedding import Embedded, embed
from slant.scoring.runtimes import load

OPTIONS = Options(resamples=200, permutations=500)
SUBJECTS = (
    "harbour",
    "budget",
    "schools",
    "bridge",
    "hospital",
    "museum",
    "orchestra",
    "airport",
    "tram",
    "library",
)


def _signed(*, signature: bool) -> list[dict[str, Any]]:
    """Two outlets, the same texts but for the signature, each article an event of its own."""
    rows = []
    for outlet in ("Gazette", "Siren"):
        for n in range(20):
            text = (
                f"The {SUBJECTS[n % 10]} {SUBJECTS[n // 2]} matter was discussed at length by those present"
            )
            end = f" for the {outlet}" if signature else ""
            day = f"2026-{1 + n // 2:02d}-{1 + 14 * (n % 2):02d}"
            rows.append(
                unit(f"{outlet}{n}", text + end, outlet=outlet, published=day, stance={"council": "neutral"})
            )
    return rows


def _fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model whose vector says nothing but whether the text names the Siren."""
    monkeypatch.setattr(outlet_leaks, "load", lambda folder: SimpleNamespace(fingerprint="m"))

    def vectors(texts: list[str], **_: Any) -> Embedded:
        made = np.array([["Siren" in text, len(text) % 7] for text in texts], np.float32)
        return Embedded(made, made[:, 1:])

    monkeypatch.setattr(outlet_leaks, "embed", vectors)


@pytest.mark.slow
def test_a_signature_is_told_and_sinks_with_the_mask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake(monkeypatch)
    with store_of(tmp_path, _signed(signature=True)) as store:
        found = outlet_leaks.leaks(
            store, cells(store), groups=["Gazette", "Siren"], options=OPTIONS
        ).to_pylist()
    told = {(r["probed"], r["text"]): r for r in found}
    assert set(told) == {("scores in the file", "published")} | {
        (probed, text) for probed in ("words", "scores", "embedding") for text in ("published", "masked")
    }
    assert told["embedding", "published"]["accuracy"] == 1
    assert told["embedding", "masked"]["low"] <= 0.5
    assert "no leak to be seen" in told["embedding", "masked"]["meaning"]
    assert told["words", "published"]["accuracy"] > 0.9 > told["words", "masked"]["accuracy"]
    assert (told["words", "masked"]["chance"], told["words", "masked"]["articles"]) == (0.5, 40)


@pytest.mark.slow
def test_the_same_texts_are_not_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake(monkeypatch)
    with store_of(tmp_path, _signed(signature=False)) as store:
        found = outlet_leaks.leaks(
            store, cells(store), groups=["Gazette", "Siren"], options=OPTIONS
        ).to_pylist()
    assert all(r["low"] <= 0.5 for r in found)


def test_scores_of_another_model_are_not_probed_with_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlet_leaks, "load", lambda folder: SimpleNamespace(fingerprint="other"))
    with store_of(tmp_path, _signed(signature=True)) as store:
        groups = groups_of(store, min_articles=5)
        found = outlet_leaks.leak_tables(store, cells(store), options=OPTIONS, groups=groups)[
            "leaks"
        ].to_pylist()
    assert {r["probed"] for r in found} == {"scores in the file", "words", "embedding"}
    assert found[-1]["accuracy"] is None
    assert "made by model m" in found[-1]["meaning"]
    assert "--model" in found[-1]["meaning"]


def test_too_few_articles_are_said_not_probed(tmp_path: Path) -> None:
    with store_of(tmp_path, [unit("a"), unit("b", outlet="Siren")]) as store:
        found = outlet_leaks.leaks(
            store, cells(store), groups=["Gazette", "Siren"], options=OPTIONS
        ).to_pylist()
    assert [r["accuracy"] for r in found] == [None]
    assert "fewer than two groups have 10 articles" in found[0]["meaning"]


def test_articles_about_one_event_are_no_test_of_a_probe(tmp_path: Path) -> None:
    text = "The harbour matter was discussed at length by all of those who were present"
    rows = [unit(f"{o}{n}", text, outlet=o) for o in ("Gazette", "Siren") for n in range(12)]
    with store_of(tmp_path, rows) as store:
        found = outlet_leaks.leaks(
            store, cells(store), groups=["Gazette", "Siren"], options=OPTIONS
        ).to_pylist()
    assert [r["accuracy"] for r in found] == [None]
    assert "too few events" in found[0]["meaning"]


def _labelled(*, wrong: tuple[float, float], articles: int = 40) -> Labelled:
    """Two groups of articles with five labels each, `wrong` of which the model has wrong (always too much)."""
    rng = np.random.default_rng(0)
    group = np.repeat([0, 1], 5 * articles)
    article = np.repeat(np.arange(2 * articles), 5)
    gold = np.zeros(len(group))
    model = (rng.random(len(group)) < np.array(wrong)[group]).astype(float)
    return Labelled(group, article, gold, model, np.ones(len(group)), np.ones(len(group)))


def _cells() -> Any:
    return SimpleNamespace(
        groups=("Gazette", "Siren"), index=lambda name: 0, measures=[SimpleNamespace(scale=1.0)]
    )


def test_an_error_that_differs_between_outlets_is_found() -> None:
    found = errors(
        {"stance/council/against": _labelled(wrong=(0.05, 0.4))}, _cells(), options=OPTIONS
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
        errors({"m": _labelled(wrong=(rate, rate))}, _cells(), options=OPTIONS).to_pylist()[0]["p"]
        for rate in (0.1, 0.2, 0.3, 0.4)
    ]
    assert min(p) > 0.01


def test_labels_of_one_group_only_say_nothing() -> None:
    found = _labelled(wrong=(0.1, 0.2), articles=6)
    only = Labelled(*(getattr(found, name)[found.group == 0] for name in Labelled.__dataclass_fields__))
    assert errors({"m": only}, _cells(), options=OPTIONS).num_rows == 0


@pytest.mark.slow
def test_the_shipped_encoders_vectors() -> None:
    predictor = load(threads=1, runtime="onnx")  # the file that the vectors are taken from
    texts = ["The council met on Monday.", "A vile regime lies again.", ""]
    found = embed(texts, predictor=predictor)
    assert found.vectors.shape[0] == found.scores.shape[0] == 3
    readings = predictor.run([EncoderRequest(text) for text in texts])
    for i in (0, 1):
        np.testing.assert_allclose(found.scores[i, : len(readings[i].unit)], readings[i].unit, atol=1e-4)
    assert not np.allclose(found.vectors[0], found.vectors[1], atol=0.1)
