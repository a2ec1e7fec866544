"""Quality floors: the shipped model reaches them on the demonstration set, and no command lowers them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slant.assets import SIZES, size_folder
from slant.errors import SlantError
from slant.judging.quality_floor import Measured, check, raised

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("size", SIZES)
def test_the_shipped_model_reaches_its_floors(size: str) -> None:
    pytest.importorskip("evaluate", reason="needs the [train] install")
    from slant.judging.quality_floor import measure
    from slant.scoring.runtimes import load

    if (folder := size_folder(size)) is None:
        pytest.skip(f"model/{size} is not there")
    predictor = load(size)
    measured = measure(predictor, demo=ROOT / "seeds/demo", root=None)
    assert len(measured) == 3
    assert check(folder / "floor.json", predictor.fingerprint, measured) == []


def floors(path: Path, figure: float, model: str = "m1") -> Path:
    path.write_text(json.dumps({"model": model, "floors": {"a": {"figure": figure, "data": "d1"}}}), "utf-8")
    return path


@pytest.mark.parametrize(
    ("model", "measured", "message"),
    [
        ("m1", Measured("a", 0.77, "d1", 100), "below its floor of 0.8000"),
        ("m1", Measured("a", 0.9, "d2", 100), "the sample is d2"),
        ("m1", Measured("b", 0.9, "d1", 100), "b has no floor"),
        ("m2", Measured("a", 0.9, "d1", 100), "has the floors of model m1"),
    ],
)
def test_low_figures_and_other_samples_or_models_are_reported(
    tmp_path: Path, model: str, measured: Measured, message: str
) -> None:
    (wrong,) = check(floors(tmp_path / "floor.json", 0.8), model, [measured])
    assert message in wrong


def test_a_missing_floor_file_is_reported(tmp_path: Path) -> None:
    assert "does not exist. Create it" in check(tmp_path / "floor.json", "m1", [])[0]


def test_floors_only_rise(tmp_path: Path) -> None:
    file = floors(tmp_path / "floor.json", 0.8)
    assert check(file, "m1", [Measured("a", 0.79, "d1", 100)]) == []
    better = raised(file, "m2", [Measured("a", 0.85, "d1", 100), Measured("b", 0.5, "d1", 100)])
    assert better["model"] == "m2"
    assert [f["figure"] for f in better["floors"].values()] == [0.85, 0.5]
    slightly_worse = raised(file, "m2", [Measured("a", 0.79, "d1", 100)])
    assert slightly_worse["floors"]["a"]["figure"] == 0.8
    with pytest.raises(SlantError, match=r"is below its floor of 0\.8000\. Nothing was written"):
        raised(file, "m2", [Measured("a", 0.7, "d1", 100)])
    with pytest.raises(SlantError, match="its floor was measured on d1"):
        raised(file, "m2", [Measured("a", 0.9, "d2", 100)])
