"""Rates by hand: a few scores whose shares can be counted on fingers."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from slant.comparing.rates import Rate, rates, write_rates
from slant.errors import UsageError
from slant.records import Frame, Loaded, Reply, Score, Stance, Unit


def score(article: str, outlet: str | None = "Courier", **fields: Any) -> Score:
    """A unit of ten words. stance: label toward the council; spans: (start, label, voice); frames: labels."""
    text = "one two three four five six seven eight nine ten"
    unit_fields = {k: fields.pop(k) for k in ("kind", "published", "author", "title") if k in fields}
    unit = Unit(
        article, "u", unit_fields.pop("kind", "paragraph"), text, 0, 48, 0, outlet=outlet, **unit_fields
    )
    stance = fields.pop("stance", "none")
    made: dict[str, Any] = {"model": "m", "codebook": "c", **fields}
    if stance != "none":
        made["stance"] = (Stance("council", stance, {"against": 0.4, "neutral": 0.3, "favor": 0.3}),)
    made["loaded"] = tuple(
        Loaded(s, s + 3, "one", label, 0.9, voice) for s, label, voice in made.pop("spans", ())
    )
    made["frames"] = tuple(Frame(label, 0.9) for label in made.get("frames", ()))
    return Score(unit, **made)


def table(
    *rows: Score, by: str = "outlet", min_articles: int = 1, **options: Any
) -> dict[tuple[str, str], Rate]:
    found = rates(rows, by=by, min_articles=min_articles, resamples=200, **options)
    return {(r.group, r.measure): r for r in found.rates}


def test_stance_is_a_share_of_the_units_that_speak_of_the_target() -> None:
    found = table(
        score("a", stance="against"), score("a", stance="against"), score("a", stance="favor"),
        score("b", stance="against"), score("b"), score("c"),
    )  # fmt: skip
    against = found["Courier", "stance/council/against"]
    assert (against.value, against.units, against.articles) == (0.75, 4, 2)
    assert found["Courier", "stance/council/favor"].value == 0.25
    assert found["Courier", "stance/council/neutral"].value == 0


def test_a_stance_that_the_model_abstained_from_is_in_the_denominator() -> None:
    found = table(score("a", stance=None), score("a", stance="against"))
    assert found["Courier", "stance/council/against"].value == 0.5
    assert sum(found["Courier", f"stance/council/{x}"].value for x in ("against", "neutral", "favor")) == 0.5


def test_loaded_language_is_stretches_per_thousand_words_by_voice() -> None:
    twice = ((0, "doubt", "outlet"), (0, "slogans", "outlet"), (4, "doubt", "quoted"))
    found = table(score("a", spans=twice), score("a"), score("b", spans=((0, "doubt", "outlet"),)))
    outlet = found["Courier", "loaded/outlet"]
    assert outlet.value == pytest.approx(1000 * 2 / 30), "two techniques on one stretch are one stretch"
    assert outlet.units == 30
    assert found["Courier", "loaded/quoted"].value == pytest.approx(1000 / 30)


def test_comments_are_counted_apart_from_the_article() -> None:
    found = table(
        score("a", stance="favor", frames=("political",)),
        score("a", kind="comment", stance="against", spans=((0, "doubt", "reader"),),
              reply=Reply("deny", {"support": 0.1, "deny": 0.9, "query": 0.0, "comment": 0.0})),
        score("a", kind="comment", stance="against"),
    )  # fmt: skip
    assert found["Courier", "stance/council/against"].value == 0
    assert found["Courier", "comments/stance/council/against"].value == 1
    assert found["Courier", "comments/loaded/reader"].value == pytest.approx(50)
    assert found["Courier", "comments/reply/deny"].value == 1
    assert found["Courier", "comments/reply/query"].value == 0
    assert found["Courier", "frame/political"].value == 1
    assert found["Courier", "comments/frame/political"].value == 0
    assert ("Courier", "loaded/reader") not in found


def test_intervals_resample_articles_and_not_units() -> None:
    """The same eight units once as two articles of one mind each, once as eight: the former says less."""
    labels = ["against"] * 4 + ["favor"] * 4
    two = table(*(score("ab"[i // 4], stance=x) for i, x in enumerate(labels)))[
        "Courier", "stance/council/against"
    ]
    eight = table(*(score(str(i), stance=x) for i, x in enumerate(labels)))[
        "Courier", "stance/council/against"
    ]
    assert two.value == eight.value == 0.5
    assert (two.low, two.high) == (0, 1)
    assert 0 < eight.low < 0.5 < eight.high < 1
    one = table(*(score("a", stance=x) for x in labels))["Courier", "stance/council/against"]
    assert (one.low, one.high) == (None, None), "one article says nothing of the spread"
    again = table(*(score(str(i), stance=x) for i, x in enumerate(labels)))[
        "Courier", "stance/council/against"
    ]
    assert again == eight, "the same seed, the same interval"


def test_a_share_that_never_varies_is_not_certain() -> None:
    """The exact bound for none in four draws: 1 - 0.025 ** (1/4)."""
    rows = [score(str(i), stance="favor") for i in range(4)]
    none, all_ = (table(*rows)["Courier", f"stance/council/{label}"] for label in ("against", "favor"))
    assert (none.value, none.low, none.high) == (0, 0, pytest.approx(0.6024, abs=1e-4))
    assert (all_.value, all_.low, all_.high) == (1, pytest.approx(0.3976, abs=1e-4), 1)
    silent = table(*rows)["Courier", "loaded/outlet"]
    assert (silent.value, silent.low, silent.high) == (0, None, None)


def test_groups_with_few_articles_are_named_and_left_out() -> None:
    rows = [score(str(i)) for i in range(3)] + [score("x", "Siren"), score("y", None)]
    found = rates(rows, by="outlet", min_articles=2)
    assert found.groups == ("Courier",)
    assert found.left_out == {"(not stated)": 1, "Siren": 1}
    assert {r.group for r in found.rates} == {"Courier"}


@pytest.mark.parametrize(
    ("by", "group"), [("author", "Quill"), ("kind", "lead"), ("title", "Ferry"), ("month", "2023-05")]
)
def test_other_columns(by: str, group: str) -> None:
    row = score("a", author="Quill", kind="lead", title="Ferry", published="2023-05-17")
    assert rates([row], by=by, min_articles=1).groups == (group,)


def test_a_date_in_the_sources_own_words_is_no_month() -> None:
    for words in ("03/04/2023", "spring 2023", "2023-0", None):
        assert rates([score("a", published=words)], by="month", min_articles=1).groups == ("(not stated)",)


def test_what_cannot_be_compared_is_said() -> None:
    with pytest.raises(UsageError, match=r"--by outlets: no such column.*Did you mean 'outlet'\?"):
        rates([score("a")], by="outlets")
    with pytest.raises(UsageError, match="hold no units"):
        rates([], by="outlet")
    for other in ({"model": "n"}, {"codebook": "d"}):
        with pytest.raises(UsageError, match=r"different models or codebooks.*Score all with one"):
            rates([score("a"), score("a", **other)], by="outlet")


def test_the_tables_on_disk_say_what_they_are(tmp_path: Path) -> None:
    found = rates([score("a", stance="favor"), score("b", "Siren")], by="outlet", min_articles=1)
    folder = write_rates(found, tmp_path / "new" / "compare")
    with (folder / "rates.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(found.rates)
    assert {r["group"] for r in rows} == {"Courier", "Siren"}
    content = json.loads((folder / "rates.json").read_text())
    assert (content["model"], content["codebook"], content["by"]) == ("m", "c", "outlet")
    assert "not corrected" in content["caution"]
