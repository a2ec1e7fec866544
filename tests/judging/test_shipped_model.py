"""The shipped model with the base install: small, light, and right on clear cases."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from slant.assets import size_folder
from slant.encoding.predictor import Predictor
from slant.errors import Rejected, UsageError
from slant.ingest.inputs import read_articles
from slant.labels.targets import Targets
from slant.records import Score, Unit
from slant.scoring.runtimes import load
from slant.scoring.score import ScoreRequest, score, score_requests
from slant.segment.units import split
from slant.segment.voices import voices

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "seeds" / "demo"


@cache
def shipped() -> Predictor:
    try:
        return load()
    except UsageError as error:
        pytest.fail(f"the default model is part of the repository: {error}")


def ask(text: str, *, target: str | None = None, answers: str | None = None) -> Score:
    """Score a text, toward `target` as named target if the text names it, else as topic; `answers`: the parent's text."""
    found = Targets.from_names([target]).find(text) if target else {}
    topics = ((target, target),) if target and not found else ()
    kind = "comment" if answers else "paragraph"
    unit = Unit("a", "u", kind, text, 0, len(text), 0, voices=voices(text, kind))
    (row,) = score([ScoreRequest(unit, found, topics, answers)], predictor=shipped(), codebook="")
    return row


@pytest.mark.parametrize(
    ("label", "target", "text"),
    [
        ("favor", "Tern League", "The minister praised the Tern League, a brave and honest group that saved the harbour."),
        ("favor", "Tern League", "The Tern League is a wonderful success and has done a great deal of good for the town."),
        ("against", "Tern League", "Once more the corrupt Tern League has betrayed the fishermen with its shameful lies."),
        ("against", "Nordal Lines", "Nordal Lines is a disgrace: it poisoned the river and lied to its victims’ families."),
        ("against", "harbour fees", "The fees at our harbour are unfair and should be abolished at once."),
        ("neutral", "Tern League", "The Tern League meets on Tuesday at the town library."),
    ],
)  # fmt: skip
def test_stance_is_right_on_clear_cases(label: str, target: str, text: str) -> None:
    (stance,) = ask(text, target=target).stance
    assert stance.label == label, stance.scores


def test_a_sentence_can_be_for_one_target_and_against_another() -> None:
    text = "The brave pilots of Sarnholm saved the crew, which the greedy and ruthless Nordal Lines had abandoned."
    pilots, nordal = (ask(text, target=name).stance[0] for name in ("pilots of Sarnholm", "Nordal Lines"))
    assert (pilots.label, nordal.label) == ("favor", "against")


def test_loaded_and_plain_sentences_differ() -> None:
    loaded = ask("These bloodthirsty savages and their treacherous puppets will destroy our glorious nation!")
    plain = ask("The bridge opens to traffic on Monday, the transport office said.")
    assert "bloodthirsty savages" in " ".join(span.text for span in loaded.loaded)
    assert plain.loaded == ()
    assert (loaded.biased or 0) > 0.7 > 0.3 > (plain.biased or 0)
    assert (loaded.subjective or 0) > 0.7 > 0.3 > (plain.subjective or 0)


def test_insults_questions_and_denials_are_recognized() -> None:
    resigned = "The mayor of Port Ellis has resigned."
    insult = ask("You are a stupid idiot and a pathetic moron.", answers=resigned)
    question = ask("Where did you read that? Do you have a source?", answers=resigned)
    denial = ask("That is false. The mayor has not resigned, this is a hoax.", answers=resigned)
    assert {"idiot", "moron"} <= set(" ".join(insult.unit.text[a:b] for a, b in insult.toxic).split())
    assert question.toxic == ()
    assert denial.reply
    assert denial.reply.label == "deny"


@pytest.mark.xfail(reason="replies of `small` had one pass over their training set (LOG, 22)", strict=True)
def test_questions_are_recognized() -> None:
    question = ask(
        "Where did you read that? Do you have a source?", answers="The mayor of Port Ellis has resigned."
    )
    assert question.reply
    assert question.reply.label == "query"


def test_every_unit_of_the_demonstration_set_is_scored() -> None:
    targets = Targets.load(DEMO / "targets.toml")
    articles = list(read_articles([str(DEMO / "articles")]))
    assert not [a for a in articles if isinstance(a, Rejected)]
    units = [u for a in articles if not isinstance(a, Rejected) for u in split(a)]
    rows = list(score(score_requests(units, targets), predictor=shipped(), codebook=""))
    gold = [json.loads(line) for line in (DEMO / "gold.jsonl").read_text("utf-8").splitlines()]
    assert Counter(r.unit.kind for r in rows) == Counter(g["kind"] for g in gold)
    for row in rows:
        assert all(row.unit.text[s.start : s.end] == s.text for s in row.loaded)
        assert all(s.label in (None, max(s.scores, key=s.scores.__getitem__)) for s in row.stance)
        if row.unit.kind == "comment":
            assert row.reply is not None
            assert row.stance[-1].target == "article"
    assert any(row.loaded for row in rows)
    assert {s.label for row in rows for s in row.stance} - {None} == {"against", "neutral", "favor"}


@pytest.mark.parametrize(
    ("size", "most_bytes", "most_parameters"), [("small", 60e6, 35e6), ("base", 130e6, 110e6)]
)
def test_each_model_has_its_size_and_int8_costs_little(
    size: str, most_bytes: float, most_parameters: float
) -> None:
    if (folder := size_folder(size)) is None:
        assert size != "small"
        pytest.skip(f"model/{size} is not there")
    assert sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) <= most_bytes
    settings = json.loads((folder / "config.json").read_text("utf-8"))["slant"]
    assert settings["parameters"] <= most_parameters
    assert json.loads((folder / "parity.json").read_text("utf-8"))["r2"] >= 0.999
    losses = json.loads((folder / "quantisation.json").read_text("utf-8"))
    assert len(losses) >= 5, "the judged public sets"
    for row in losses:
        # Both are judged on 100 to 150 examples of a set, where one answer can be a point (Makefile, OPTIONS_small).
        assert 100 * (row["fp32"] - row["int8"]) <= (3 if size == "small" else 1), row


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_scoring_needs_no_torch_and_at_most_600_mb(tmp_path: Path) -> None:
    """Scores the demonstration set in a new process."""
    code = f"""
import sys
from slant.cli import main
try:
    main(["score", {str(DEMO / "articles")!r}, "-o", "scores.jsonl", "--quiet"])
except SystemExit as ended:
    assert ended.code == 0
assert not {{"torch", "transformers"}} & set(sys.modules)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))  # of this process only
print(int(peak.split()[1]) // 1024)
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) <= 600
