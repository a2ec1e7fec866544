"""The page of a comparison as text: its claims, the sentences behind its numbers, its size."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compared import prepare
from comparison_cases import (
    AGAINST,
    NET,
    OUTLETS,
    OWN,
    detectable,
    difference,
    opened,
    rate,
    results,
    scores,
    tables,
    written,
)
from slant.comparing.options import Options
from slant.comparing.score_tables import open_store
from slant.records import Portrayal, Stance
from slant.reports.comparison_page import write
from slant.reports.evidence import Keys
from slant.reports.findings import summary
from slant.reports.page_parts import MeasureText, digits, p_value, signed

pytestmark = pytest.mark.slow
UNRELATED = Stance(
    "light_board", "unrelated", {"against": 0.1, "neutral": 0.2, "favor": 0.1, "unrelated": 0.6}
)
PORTRAYED = (Portrayal("light_board", "negative", {"negative": 0.8, "neutral": 0.1, "positive": 0.1}),)


def _made(folder: Path, **changed: Any) -> tuple[str, dict[str, Any]]:
    with opened(folder) as store:
        page = write(results({**tables(), **changed}), folder / "out", store=store)
    text = page.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    return text, json.loads(found[1])


def test_tables_are_the_same_in_both_formats(tmp_path: Path) -> None:
    _made(tmp_path)
    folder = tmp_path / "out" / "tables"
    for name, table in tables().items():
        assert pq.read_table(folder / f"{name}.parquet").to_pylist() == table.to_pylist()
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
        assert rows[0] == table.column_names
        assert len(rows) == table.num_rows + 1
    with (folder / "words.csv").open(encoding="utf-8") as file:
        assert next(csv.DictReader(file))["examples"] == "1-0-0"


def test_all_units_behind_a_number_are_in_the_evidence(tmp_path: Path) -> None:
    _made(tmp_path)
    rows = pq.read_table(tmp_path / "out" / "tables" / "evidence.parquet").to_pylist()
    found = {row["unit_id"] for row in rows if row["measure"] == AGAINST and row["group"] == "The Lamp"}
    assert found == {"1-0-0", "1-1-0", "1-2-0"}
    assert {row["measure"] for row in rows} == {
        AGAINST, "stance/light_board/favor", "stance/keepers/no_call", "loaded/outlet/units",
        "technique/loaded_language/outlet", "frame/economic", "comments/reply/query",
        "threads/reply/query",
    }  # fmt: skip


def test_a_number_leads_to_units_that_carry_its_label(tmp_path: Path) -> None:
    text, data = _made(tmp_path)
    measure, group = data["measures"].index(AGAINST), data["groups"].index("The Lamp")
    assert f'data-k="{group}.{measure}"' in text
    units = [data["units"][i] for i in data["of"][f"{group}.{measure}"]]
    assert sorted(unit[0] for unit in units) == [
        f"In spring the board gutted the light of pier {n}." for n in range(3)
    ]
    start, end, label, voice, probability = units[0][2][0]
    assert (units[0][0][start:end], data["words"][label], voice, probability) == (
        "gutted",
        "Loaded language",
        "o",
        90,
    )
    net = re.search(rf'data-k="({group}\.\d+ {group}\.\d+)"', text)
    assert net
    assert [data["measures"][int(key.split(".")[1])] for key in net[1].split()] == [
        AGAINST,
        "stance/light_board/favor",
    ]


def test_text_of_others_cannot_act(tmp_path: Path) -> None:
    text, data = _made(tmp_path)
    assert any("</script>" in unit[0] for unit in data["units"])
    assert text.count("</script>") == 2
    assert "<b>Times" not in text


def test_only_significant_differences_are_called_differences(tmp_path: Path) -> None:
    text, _ = _made(tmp_path)
    shown = text.partition("<nav")[0]
    assert "2 of 3 comparisons are significant" in shown
    assert "50 % in Coast Post (30 articles), 27 % in all others (60 articles): 23 points more" in shown
    assert "favor minus against: no difference found" in shown
    assert "could have detected 31 points" in shown
    assert shown.index(
        "This sample can show a difference between two typical outlets if it is at least 18 points in stance"
    ) < shown.index("What differs")
    assert "Not corrected for the model" in shown


def test_no_significant_difference() -> None:
    rows = [difference("A", "B", AGAINST, 0.02, significant=False)]
    own = {"differences": rows, "detectable": tables()["detectable"].to_pylist()}
    found = summary(own, keys=Keys(["A", "B", "(all)"]), adjust="bh", noun="outlet")
    assert found.found == []
    assert "this sample shows no difference between outlets" in found.lead
    assert len(found.none) == 2


def test_a_difference_may_disappear_with_correction() -> None:
    row = difference("A", "B", AGAINST, 0.23, significant=True)
    gold = {
        "group": "A",
        "other": "B",
        "measure": AGAINST,
        "naive": 0.23,
        "corrected": 0.04,
        "low": -0.1,
        "high": 0.18,
    }
    own = {"differences": [row], "detectable": tables()["detectable"].to_pylist(), "corrected": [gold]}
    found = summary(own, keys=Keys(["A", "B", "(all)"]), adjust="holm", noun="outlet")
    assert found.found[0].text.endswith(
        "Corrected for the model’s errors, there may be no difference: +4.0 (−10 to +18)."
    )


def test_naive_and_corrected_are_side_by_side(tmp_path: Path) -> None:
    gold = [
        {"group": g, "other": None, "measure": AGAINST, "naive": 0.3, "naive_low": 0.25, "naive_high": 0.35, "corrected": 0.2,
         "low": 0.1, "high": 0.31, "gold_units": 50, "gold_articles": 20, "disagree": True, "note": ""}
        for g in OUTLETS
    ]  # fmt: skip
    text, _ = _made(tmp_path, corrected=pa.Table.from_pylist(gold))
    assert "corrected 20 % (10–31)" in text
    assert "Trust the corrected rate where it has an interval." in text
    assert "disagree (30 %, corrected 20 %, 10–31)" in text
    assert "prediction-powered inference" in (tmp_path / "out" / "methods.md").read_text(encoding="utf-8")


def test_the_error_band(tmp_path: Path) -> None:
    rows = [
        {"group": OUTLETS[0], "measure": AGAINST, "value": 0.2, "low": 0.11, "high": 0.42, "sets": "NewsMTSC"}
    ]
    text, _ = _made(tmp_path, sensitivity=pa.Table.from_pylist(rows))
    assert "error band 11–42" in text


def test_each_part_of_the_comparison_is_shown(tmp_path: Path) -> None:
    text, _ = _made(tmp_path)
    for part in (
        "42 % (36–50)", "The mask takes most of it.", "covered differently", "−12", "readers go further", "asks",
        "Light goes out", "the same text in 3 outlets", "1 text appeared in several outlets", "Over time", "Gull (2)",
        "A note.",
    ):  # fmt: skip
        assert part in text


def test_errors_that_differ_are_shown_in_points(tmp_path: Path) -> None:
    row = {"measure": AGAINST, "group": "The Lamp", "error": 0.2, "error_low": 0.1, "error_high": 0.3, "bias": 0.12,
           "bias_low": 0.05, "bias_high": 0.2, "p_adjusted": 0.0004, "labels": 80}  # fmt: skip
    text, _ = _made(tmp_path, errors=pa.Table.from_pylist([row]))
    assert "20 (10 to 30) points" in text
    assert "+12 (+5.0 to +20)" in text
    assert "p &lt; 0.001 after adjustment" in text


def test_empty_parts_say_why(tmp_path: Path) -> None:
    empty = {name: pa.table({}) for name in ("words", "trends", "month_events", "events")}
    text, _ = _made(tmp_path, **empty)
    for why in (
        "No phrase sets a group apart",
        "No article states the month",
        "No two articles report the same event",
    ):
        assert why in text
    assert "This part was not run." not in text


def test_parts_that_were_not_run_are_named(tmp_path: Path) -> None:
    own = {name: table for name, table in tables().items() if name in ("rates", "differences", "detectable")}
    with opened(tmp_path) as store:
        text = write(results(own), tmp_path / "out", store=store).read_text(encoding="utf-8")
    assert text.count("This part was not run.") == 4


def test_a_rate_of_one_article_is_in_the_table_and_not_drawn(tmp_path: Path) -> None:
    rows = tables()["rates"].to_pylist()
    alone = {"articles": 1, "value": 0.87, "low": None, "high": None}
    rows = [r | alone if (r["group"], r["measure"]) == (OUTLETS[0], AGAINST) else r for r in rows]
    text, _ = _made(tmp_path, rates=pa.Table.from_pylist(rows, tables()["rates"].schema))
    drawn, listed = next(p for p in text.split("<figure")[1:] if "Not drawn" in p).split("</svg>")
    assert "87" in re.sub("<[^>]*>", " ", listed)
    assert "87" not in re.sub("<[^>]*>", " ", drawn)


def test_methods_hold_the_numbers_of_the_run(tmp_path: Path) -> None:
    _made(tmp_path)
    text = (tmp_path / "out" / "methods.md").read_text(encoding="utf-8")
    for part in (
        "92 articles", "90 reader comments", "model m-1, codebook c-1", "All 3 differences", "not corrected for its errors",
        f"{Options().resamples:,} bootstrap", f"{Options().permutations:,} permutations",
        "Benjamini, Y., & Hochberg, Y. (1995)",
    ):  # fmt: skip
        assert part in text


def test_one_group_alone_has_rates_and_no_differences(tmp_path: Path) -> None:
    own = tables()
    own |= {name: own[name].slice(0, 0) for name in ("differences", "detectable")}
    with opened(tmp_path) as store:
        path = write(results(own, groups={"The Lamp": 30}), tmp_path / "out", store=store)
    text = path.read_text(encoding="utf-8")
    assert "Nothing was tested" in text
    assert "1 outlet compared" in text


def test_a_hundred_thousand_units_stay_under_five_megabytes(tmp_path: Path) -> None:
    names = [f"Outlet {n}" for n in range(24)]
    made = [f"stance/{t}/{s}" for t in "abcdefgh" for s in ("against", "neutral", "favor", "no_call", "net")]
    made += [f"frame/f{n}" for n in range(15)] + [
        f"technique/t{n}/{v}" for n in range(14) for v in ("outlet", "quoted")
    ]
    pairs = [(a, b) for i, a in enumerate(names) for b in (*names[i + 1 :], "(rest)")]
    own = tables() | {
        "rates": pa.Table.from_pylist([rate(g, m, 0.123, hits=1) for m in made for g in (*names, "(all)")]),
        "differences": pa.Table.from_pylist(
            [difference(a, b, m, 0.1234, significant=False) for m in made for a, b in pairs]
        ),
    }
    path = tmp_path / "big.parquet"
    _many(path, names, made)
    with open_store([str(path)]) as store:
        prepare(store, events=False)
        page = write(results(own, groups=dict.fromkeys(names, 500)), tmp_path / "out", store=store)
    assert 1_000_000 < page.stat().st_size < 5_000_000
    text = page.read_text(encoding="utf-8")
    assert "4 of 24 outlets are not on this page" in text
    assert text.count('class="n" data-k="0.') >= len(made)


def _many(path: Path, names: list[str], made: list[str]) -> None:
    """100,000 units of 900 characters, each with the labels of its turn."""
    import duckdb

    targets = sorted({m.split("/")[1] for m in made if m.startswith("stance")})
    frames = sorted({m.split("/")[1] for m in made if m.startswith("frame")})
    label = "['against', 'neutral', 'favor', NULL][1 + i // 7 % 4]"
    techniques = "{'start': 0, 'end': 4, 'text': 'word', 'label': 't' || i % 14, 'score': .5, 'voice': voice}"
    p = "{'against': .3, 'neutral': .3, 'favor': .4}"
    duckdb.sql(f"""
        COPY (SELECT 'a' || i // 8 AS article_id, 'u' || i AS unit_id, 'paragraph' AS kind,
              'word ' || repeat(md5(i::VARCHAR) || ' ', 27) AS text, i AS position,
              {names}[1 + i // 8 % {len(names)}] AS outlet, ['outlet', 'quoted'][1 + i % 2] AS voice,
              '2019-01-01' AS published, 'Title ' || i // 8 AS title, NULL::VARCHAR AS url, NULL::VARCHAR AS author,
              NULL::VARCHAR AS parent_id,
              [{{'target': {targets}[1 + i % 8], 'label': {label}, 'scores': {p}, 'mentions': []::BIGINT[][]}}] AS stance,
              [{techniques}] AS loaded, [{{'label': {frames}[1 + i % 15], 'score': .6}}] AS frames,
              NULL::STRUCT(label VARCHAR, scores STRUCT(support DOUBLE, deny DOUBLE, query DOUBLE, "comment" DOUBLE))
              AS reply,
              .1 AS biased, .1 AS subjective, []::VARCHAR[] AS flags, 'm-1' AS model, 'c-1' AS codebook
              FROM range(100000) t(i)) TO '{path}' (FORMAT parquet)""")


def test_units_that_say_nothing_about_a_target_are_counted_and_open(tmp_path: Path) -> None:
    rows = [
        replace(row, stance=(UNRELATED, *row.stance[1:]))
        if row.unit.unit_id in ("1-0-1", "1-1-1", "0-0-1")
        else row
        for row in scores()
    ]
    left_out = [
        {"group": group, "target": "light_board", "comments": False, "unrelated": n, "counted": 9}
        for group, n in (("Coast Post", 1), ("The Lamp", 2))
    ]
    own = tables() | {"unrelated": pa.Table.from_pylist(left_out)}
    with opened(tmp_path, iter(rows)) as store:
        text = write(results(own), tmp_path / "out", store=store).read_text(encoding="utf-8")
    found = re.search(r'id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    data = json.loads(found[1])
    key = f"{data['groups'].index('The Lamp')}.{data['measures'].index('stance/light_board/unrelated')}"
    panel = text[text.index("Toward Light Board") : text.index("Toward Keepers")]
    assert '<th scope="col">units</th><th scope="col">unrelated</th><th scope="col">articles</th>' in panel
    assert f'data-k="{key}">2</button>' in panel
    assert sorted(data["units"][i][0] for i in data["of"][key]) == [
        f"“A fine light”, said keeper {n}." for n in (0, 1)
    ]
    assert '<th scope="col">unrelated</th>' not in text[text.index("Toward Keepers") :]
    assert "no rate of stance toward it: Light Board (3 of 21 scored for it)" in text
    methods = (tmp_path / "out" / "methods.md").read_text(encoding="utf-8")
    assert "no rate of stance toward it: 3 of 21 pairs" in methods


def test_portrayal_is_a_section_after_stance_where_it_was_compared(tmp_path: Path) -> None:
    groups = (*OUTLETS, "(all)")
    rates = [rate(g, f"portrayal/light_board/{p}", 0.3) for p in ("negative", "positive") for g in groups]
    own = tables() | {"rates": pa.concat_tables([tables()["rates"], pa.Table.from_pylist(rates)])}
    rows = [replace(row, portrayal=PORTRAYED) if row.loaded else row for row in scores()]
    with open_store([str(written(tmp_path, iter(rows)))]) as store:
        prepare(store, events=False, portrayal=True)
        text = write(results(own), tmp_path / "out", store=store).read_text(encoding="utf-8")
    assert text.index('<section id="stance"') < text.index('<section id="portrayal"')
    assert "Portrayal is how a unit makes a target that it names look" in text
    assert "% of units that name Light Board" in text
    found = re.search(r'id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    data = json.loads(found[1])
    shown = next(unit for unit in data["units"] if "gutted" in unit[0])
    assert [(data["words"][t], data["words"][label], p) for t, label, p in shown[4]] == [
        ("Light Board", "negative", 80)
    ]
    assert "Hamborg" in (tmp_path / "out" / "methods.md").read_text(encoding="utf-8")


def test_portrayal_is_not_on_a_page_that_did_not_compare_it(tmp_path: Path) -> None:
    text, data = _made(tmp_path)
    assert 'id="portrayal"' not in text
    assert "Portrayal is" not in text
    assert all(unit[4] == [] for unit in data["units"])
    assert "Hamborg" not in (tmp_path / "out" / "methods.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "title"),
    [
        (AGAINST, "Light Board: against"),
        (NET, "Light Board: favor minus against"),
        (OWN, "Loaded language, own voice, per 1,000 words"),
        ("comments/stance/a/b c/favor", "a/b c: in favor, in comments"),
        ("portrayal/light_board/negative", "Portrayal of Light Board: negative"),
        (
            "comments/portrayal/light_board/net",
            "Portrayal of Light Board: positive minus negative, in comments",
        ),
        ("technique/doubt/quoted", "Doubt, quoted, per 1,000 words"),
        ("frame/security_and_defense", "Frame: Security and defense"),
        ("comments/reply/deny", "Replies: disagrees"),
        ("threads/stance/article/against", "The article: against, in comments"),
    ],
)
def test_measures_in_words(name: str, title: str) -> None:
    assert MeasureText.of(name).title == title


def test_numbers_have_the_digits_that_matter() -> None:
    assert [digits(x) for x in (0, 0.04, 0.337, 3.37, 33.7)] == ["0", "<0.05", "0.3", "3.4", "34"]
    assert [digits(-33.7), digits(1234), digits(0.337, fine=True)] == ["−34", "1,234", "0.34"]
    assert [signed(x) for x in (0, 3.37, -33.7)] == ["0", "+3.4", "−34"]
    assert [p_value(x) for x in (0.0001, 0.0123, 0.25, None)] == ["p < 0.001", "p = 0.012", "p = 0.25", "—"]


def test_scores_are_as_the_store_reads_them(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        assert store.rows("SELECT count(*) FROM units") == [(len(list(scores())),)]


def test_a_chart_names_its_extremes_and_its_table_for_screen_readers(tmp_path: Path) -> None:
    text, _ = _made(tmp_path)
    labels = re.findall(r'aria-label="(Chart[^"]*)"', text)
    assert len(labels) >= 6
    assert all(label.endswith(". The table that follows has all numbers.") for label in labels)
    assert "against from 20 (Coast Post) to 40 (Tide &amp; &lt;b&gt;Times&lt;/b&gt;)" in labels[0]
    assert not any("(All)" in label for label in labels)


def test_skipped_duplicates_are_named_beside_the_counts(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        page = write(results(repeated=3), tmp_path / "out", store=store)
    head = page.read_text(encoding="utf-8").partition("</header>")[0]
    assert "Not counted: 3 duplicate rows (comments that repeat an earlier comment" in head
    assert "Not counted" not in _made(tmp_path)[0]


def test_units_in_other_languages_are_named_by_group(tmp_path: Path) -> None:
    rows = [{"group": OUTLETS[0], "language": x, "units": n} for x, n in (("de", 1200), ("fr", 3))]
    text, _ = _made(tmp_path, other_languages=pa.Table.from_pylist(rows))
    left_out = text.partition('id="left-out"')[2]
    assert (
        f"Units that are not in English, so they have no labels: {OUTLETS[0]} 1,203 (de 1,200, fr 3)."
        in left_out
    )
    assert "not in English" not in _made(tmp_path)[0]


def test_the_first_sentence_says_what_the_sample_can_show() -> None:
    def first(*rows: dict[str, Any]) -> str:
        own = {"differences": [], "detectable": rows}
        return summary(own, keys=Keys(["(all)"]), adjust="bh", noun="outlet").first

    against, loaded, frame = (
        detectable(AGAINST, 0.18),
        detectable(OWN, 2.5),
        detectable("frame/economic", 1.2),
    )
    assert first(against, loaded).startswith(
        "This sample can show a difference between two typical outlets if it is at least 18 points in stance toward a target "
        "or 2.5 per 1,000 words in loaded language. Smaller differences mostly go unnoticed."
    )
    assert "In frames, the sample is too small to show any difference." in first(against, frame)
    assert (
        first(frame)
        == "This sample is too small to show any difference between two typical outlets in frames."
    )
    assert first().startswith("Nothing was tested")
