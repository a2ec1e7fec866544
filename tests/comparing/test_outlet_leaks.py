"""The leak probe, and the encoder's vectors."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from compared import prepare, store_of, unit
from slant.comparing import outlet_leaks
from slant.comparing.counts import count_hits
from slant.comparing.options import Options
from slant.comparing.score_tables import Store
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


def _leaks(store: Store) -> list[dict[str, Any]]:
    prepare(store)
    table = outlet_leaks.leaks_table(store, count_hits(store), groups=["Gazette", "Siren"], options=OPTIONS)
    return table.to_pylist()


def _fake(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model whose vector says nothing but whether the text names the Siren."""
    monkeypatch.setattr(outlet_leaks, "load", lambda folder: SimpleNamespace(fingerprint="m"))

    def vectors(texts: list[str], **_: Any) -> Embedded:
        made = np.array([["Siren" in text, len(text) % 7] for text in texts], np.float32)
        return Embedded(made, made[:, 1:])

    monkeypatch.setattr(outlet_leaks, "embed", vectors)


@pytest.mark.slow
def test_a_signature_is_recognized_unless_it_is_masked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fake(monkeypatch)
    with store_of(tmp_path, _signed(signature=True)) as store:
        found = _leaks(store)
    by_probe = {(r["probed"], r["text"]): r for r in found}
    assert set(by_probe) == {("scores in the file", "published")} | {
        (probed, text) for probed in ("words", "scores", "embedding") for text in ("published", "masked")
    }
    assert by_probe["embedding", "published"]["accuracy"] == 1
    assert by_probe["embedding", "masked"]["low"] <= 0.5
    assert "shows no leak" in by_probe["embedding", "masked"]["meaning"]
    assert by_probe["words", "published"]["accuracy"] > 0.9 > by_probe["words", "masked"]["accuracy"]
    assert (by_probe["words", "masked"]["chance"], by_probe["words", "masked"]["articles"]) == (0.5, 40)


@pytest.mark.slow
def test_identical_texts_are_not_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake(monkeypatch)
    with store_of(tmp_path, _signed(signature=False)) as store:
        found = _leaks(store)
    assert all(r["low"] <= 0.5 for r in found)


def test_scores_of_another_model_are_not_probed_with_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outlet_leaks, "load", lambda folder: SimpleNamespace(fingerprint="other"))
    with store_of(tmp_path, _signed(signature=True)) as store:
        found = _leaks(store)
    assert {r["probed"] for r in found} == {"scores in the file", "words", "embedding"}
    assert found[-1]["accuracy"] is None
    assert "the scores are of model m" in found[-1]["meaning"]
    assert "--model" in found[-1]["meaning"]


def test_too_few_articles_are_not_probed(tmp_path: Path) -> None:
    with store_of(tmp_path, [unit("a"), unit("b", outlet="Siren")]) as store:
        found = _leaks(store)
    assert [r["accuracy"] for r in found] == [None]
    assert "fewer than two groups have 10 articles" in found[0]["meaning"]


def test_articles_about_one_event_are_not_probed(tmp_path: Path) -> None:
    text = "The harbour matter was discussed at length by all of those who were present"
    rows = [unit(f"{o}{n}", text, outlet=o) for o in ("Gazette", "Siren") for n in range(12)]
    with store_of(tmp_path, rows) as store:
        found = _leaks(store)
    assert [r["accuracy"] for r in found] == [None]
    assert "too few events" in found[0]["meaning"]


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
