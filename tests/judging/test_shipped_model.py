"""The model that ships, with the base install: small, light, and right where everyone would agree."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from slant.assets import asset
from slant.encoding.predictor import Predictor
from slant.errors import Rejected, SlantError
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
        asset("model")
    except SlantError:
        pytest.fail("model/default is missing: it is part of the repository (slant export)")
    return load()


def ask(text: str, *, target: str | None = None, answers: str | None = None) -> Score:
    """Asked about a target where the text names it, else by its name."""
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
def test_stance_where_everyone_would_agree(label: str, target: str, text: str) -> None:
    (stance,) = ask(text, target=target).stance
    assert stance.label == label, stance.scores


def test_one_sentence_may_praise_one_and_blame_the_other() -> None:
    text = "The brave pilots of Sarnholm saved the crew, which the greedy and ruthless Nordal Lines had abandoned."
    pilots, line = (ask(text, target=name).stance[0] for name in ("pilots of Sarnholm", "Nordal Lines"))
    assert (pilots.label, line.label) == ("favor", "against")


def test_loaded_and_plain_sentences() -> None:
    loaded = ask("These bloodthirsty savages and their treacherous puppets will destroy our glorious nation!")
    plain = ask("The bridge opens to traffic on Monday, the road office said.")
    assert "bloodthirsty savages" in " ".join(span.text for span in loaded.loaded)
    assert plain.loaded == ()
    assert (loaded.biased or 0) > 0.7 > 0.3 > (plain.biased or 0)
    assert (loaded.subjective or 0) > 0.7 > 0.3 > (plain.subjective or 0)


def test_comments_that_insult_ask_and_deny() -> None:
    resigned = "The mayor of Port Ellis has resigned."
    insult = ask("You are a stupid idiot and a pathetic moron.", answers=resigned)
    question = ask("Where did you read that? Do you have a source?", answers=resigned)
    denial = ask("That is false. The mayor has not resigned, this is a hoax.", answers=resigned)
    assert {"idiot", "moron"} <= set(" ".join(insult.unit.text[a:b] for a, b in insult.toxic).split())
    assert question.toxic == ()
    assert [r.reply.label for r in (question, denial) if r.reply] == ["query", "deny"]


def test_the_demonstration_set_is_scored_as_a_whole() -> None:
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


def test_it_is_small_and_lost_little_through_int8() -> None:
    folder = asset("model")
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    assert size <= 60_000_000
    settings = json.loads((folder / "config.json").read_text("utf-8"))["slant"]
    assert settings["parameters"] <= 35_000_000
    losses = json.loads((folder / "quantisation.json").read_text("utf-8"))
    assert len(losses) >= 5, "the public sets that it is judged on"
    for row in losses:
        assert 100 * (row["fp32"] - row["int8"]) <= 1, row


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read as Linux gives it")
def test_scoring_is_light(tmp_path: Path) -> None:
    """The demonstration set from a cold start: no torch, and at most 600 MB."""
    code = f"""
import sys
from slant.cli import main
try:
    main(["score", {str(DEMO / "articles")!r}, "-o", "scores.jsonl", "--quiet"])
except SystemExit as ended:
    assert ended.code == 0
assert not {{"torch", "transformers"}} & set(sys.modules)
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))  # of this program alone
print(int(peak.split()[1]) // 1024)
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) <= 600
