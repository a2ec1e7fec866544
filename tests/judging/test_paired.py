"""The paired test of two models, and the spread of a recipe over random seeds."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from slant.errors import SlantError
from slant.judging.figures import paired
from slant.judging.metrics import macro_f1, tally_classes, tally_overlap
from slant.judging.scorecard_files import markdown, write
from slant.judging.scorecard_records import Figure, Result, Scorecard, spread

ROOT = Path(__file__).resolve().parents[2]
LABELS = ("against", "neutral", "favor")


def tally(predicted, groups=None):
    gold = [LABELS[i % 3] for i in range(len(predicted))]
    return tally_classes(groups or [f"g{i}" for i in range(len(predicted))], gold, predicted, labels=LABELS)


def predictions(wrong):
    return [LABELS[(i + (i in wrong)) % 3] for i in range(60)]


def test_a_model_does_not_differ_from_itself():
    found = paired(
        "macro_f1", tally(predictions({1})), tally(predictions({1})), resamples=50, seed=0, swaps=50
    )
    assert (found.difference, found.p) == (Figure(0.0, 0.0, 0.0), 1.0)


def test_a_clear_difference_is_significant_and_a_slight_one_is_not():
    good, fair, bad = (
        tally(predictions({1})),
        tally(predictions({2, 3})),
        tally(predictions(set(range(0, 60, 2)))),
    )
    clear = paired("macro_f1", good, bad, resamples=200, seed=0, swaps=500)
    slight = paired("macro_f1", good, fair, resamples=200, seed=0, swaps=500)
    assert clear.difference.value == pytest.approx(
        float(macro_f1(good.by_label.sum(0)) - macro_f1(bad.by_label.sum(0)))
    )
    assert clear.p == pytest.approx(1 / 501)
    assert 0 < clear.difference.low < clear.difference.value < clear.difference.high
    assert slight.p > 0.2
    assert slight.difference.low < 0 < slight.difference.high
    back = paired("macro_f1", bad, good, resamples=200, seed=0, swaps=500)
    assert (back.difference.value, back.p) == (-clear.difference.value, clear.p)


def test_p_is_near_the_exact_p_over_all_swaps():
    """Six groups have only 64 swaps."""
    groups = [f"g{i // 4}" for i in range(24)]
    gold = [LABELS[i % 3] for i in range(24)]
    a = [LABELS[(i + (i in {0, 9})) % 3] for i in range(24)]
    b = [LABELS[(i + (i in {0, 1, 5, 6, 10, 14, 20})) % 3] for i in range(24)]
    ours, theirs = (tally_classes(groups, gold, predicted, labels=LABELS) for predicted in (a, b))

    def difference(swap):
        keep = np.array(swap)[:, None, None]
        first, second = (
            x.by_label * (1 - keep) + y.by_label * keep for x, y in ((ours, theirs), (theirs, ours))
        )
        return float(macro_f1(first.sum(0)) - macro_f1(second.sum(0)))

    every = [difference(swap) for swap in itertools.product((0, 1), repeat=6)]
    exact = np.mean([abs(d) >= abs(every[0]) - 1e-12 for d in every])
    assert 0.02 < exact < 0.9
    assert paired("macro_f1", ours, theirs, resamples=20, seed=1).p == pytest.approx(exact, abs=0.04)


def test_whole_groups_are_swapped():
    """Thirty better predictions in one thread are no more evidence than one."""
    good, bad = predictions({0}), predictions(set(range(31)))
    threads = ["big"] * 31 + [f"g{i}" for i in range(29)]
    alone = paired("macro_f1", tally(good), tally(bad), resamples=20, seed=0, swaps=300)
    together = paired("macro_f1", tally(good, threads), tally(bad, threads), resamples=20, seed=0, swaps=300)
    assert alone.p < 0.01 < together.p == 1.0


def test_spans_are_compared_by_article():
    gold = {f"a{i}": [(0, 10, "doubt")] for i in range(12)}
    ours, theirs = (
        tally_overlap(gold, found, labels=("doubt",))
        for found in (gold, {a: [(0, 5, "doubt"), (20, 25, "doubt")] for a in gold})
    )
    found = paired("overlap_f1", ours, theirs, resamples=20, seed=0, swaps=400)
    assert (found.other, found.difference.value) == (pytest.approx(0.5), pytest.approx(0.5))
    assert found.p < 0.01


def test_tallies_with_different_groups_are_an_error():
    with pytest.raises(SlantError, match=r"different groups \(60 and 3\)"):
        paired("macro_f1", tally(predictions({1})), tally(["favor"] * 3), resamples=20, seed=0)


def card(fingerprint, value, *, data="d"):
    row = Result(
        "toy/test", "Toy", "macro-F1", Figure(value), 6, 3, "threads", signature=f"set:toy|data:{data}|n:6"
    )
    return Scorecard(
        "m", fingerprint, "0", 0, 10, None, (row, Result("no", "No", "F1", Figure(None), 0, 0, ""))
    )


def test_spread_has_mean_and_standard_deviation(tmp_path):
    (row,) = spread([card("a", 0.7), card("b", 0.72), card("c", 0.74)])
    assert (row.mean, row.sd) == (pytest.approx(0.72), pytest.approx(0.02))
    assert "| Toy | macro-F1 | 72.0 ± 2.0 | 70.0, 72.0, 74.0 |" in markdown(card("a", 0.7), [row])
    with pytest.raises(SlantError, match=r"at least two different models"):
        spread([card("a", 0.7), card("a", 0.7)])
    with pytest.raises(SlantError, match=r"Toy: judged on .*Judge all models on the same data"):
        spread([card("a", 0.7), card("b", 0.7, data="e")])


@pytest.mark.slow
def test_the_script_writes_the_spread_and_adds_it_to_a_scorecard(tmp_path):
    for name, value in (("a", 0.7), ("b", 0.74)):
        write(card(name, value), tmp_path / name)
    result = tmp_path / "results" / "seed_spread.json"
    command = [sys.executable, ROOT / "benchmarks" / "seed_spread.py", tmp_path / "a", tmp_path / "b"]
    ran = subprocess.run(
        [*command, "--json", result, "--beside", tmp_path / "a"], capture_output=True, text=True, check=True
    )
    assert "72.0 ± 2.8  (70.0, 74.0)" in ran.stdout
    assert '"mean": 0.72' in result.read_text()
    assert "72.0 ± 2.8" in (tmp_path / "a" / "scorecard.md").read_text()
