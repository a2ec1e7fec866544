"""slant.Scorer: its inputs, its outputs, and its errors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import slant
from pages import examples
from slant.records import Article, Unit
from slant.scoring.output_files import read_scores, write_rows

ROOT = Path(__file__).resolve().parents[2]
SAID = "The council praised the ferry."
STORY = {
    "title": "Council meets",
    "outlet": "Courier",
    "text": "The council met on Monday.\n\nNobody objects to it, they say.",
    "comments": ["Liars!"],
}
TARGETS = slant.Targets.from_names(["ferry", "mayor"])


@pytest.fixture(scope="module")
def scorer() -> slant.Scorer:
    return slant.Scorer.load(targets=TARGETS, threads=1)


def asked(scores: slant.Scores) -> list[list[str]]:
    return [[s.target for s in row.stance] for row in scores]


def test_importing_slant_imports_nothing_else() -> None:
    code = "import sys, slant; print(sorted(m for m in sys.modules if m.partition('.')[0] in ('slant', 'numpy')))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "['slant']\n"


def test_every_public_name_can_be_imported() -> None:
    assert {"Scorer", "Article", "read_articles"} <= set(dir(slant))
    for name in dir(slant):
        assert getattr(slant, name) is not None or name.startswith("__")
    with pytest.raises(AttributeError, match="has no attribute 'Skorer'"):
        slant.Skorer  # noqa: B018


# ---- what may be given


def test_a_string_is_one_unit_scored_for_the_targets_that_it_names(scorer: slant.Scorer) -> None:
    (row,) = scorer.score([SAID])
    assert (row.unit.text, row.unit.kind) == (SAID, "paragraph")
    assert [(s.target, s.mentions) for s in row.stance] == [("ferry", ((24, 29),))]
    assert (row.model, row.codebook) == (scorer.predictor.fingerprint, scorer.predictor.codebook)


def test_targets_apply_to_every_string_but_only_to_units_of_articles_that_name_them(
    scorer: slant.Scorer,
) -> None:
    assert asked(scorer.score([SAID, "Why?"], targets=["council"])) == [["council"], ["council"]]
    rows = list(scorer.score([STORY], targets=["council", "mayor"]))
    assert [(r.unit.kind, [s.target for s in r.stance]) for r in rows] == [
        ("title", ["council"]), ("paragraph", ["council"]), ("paragraph", []), ("comment", ["article"]),
    ]  # fmt: skip
    assert rows[3].reply is not None
    assert rows[0].unit.outlet == "Courier"


def test_a_ready_made_unit_has_its_own_targets_and_parent(scorer: slant.Scorer) -> None:
    units = [
        {"text": "No.", "parent_text": SAID},
        {"text": "The mayor met.", "targets": ["boats"], "unit_id": "u7"},
        {"text": "The mayor met.", "kind": "heading", "targets": None},
    ]
    first, second, third = scorer.score(units, targets=["council"])
    assert first.unit.kind == "comment"
    assert first.reply is not None
    assert (second.unit.unit_id, [s.target for s in second.stance]) == ("u7", ["boats"])
    assert (third.unit.kind, [s.target for s in third.stance]) == ("heading", ["council"])


def test_an_article_and_its_units_give_the_rows_of_its_dict(scorer: slant.Scorer) -> None:
    from slant.ingest.article_rows import article_from_row

    article = article_from_row(STORY, "texts[0]")
    units = slant.split(article)
    expected = [row.to_dict() for row in scorer.score([STORY])]
    assert [row.to_dict() for row in scorer.score([article])] == expected
    assert [row.to_dict() for row in scorer.score(units)] == expected
    both = list(scorer.score([SAID, *units, SAID, article]))
    assert [row.unit.text for row in both][:2] == [SAID, "Council meets"]
    assert len(both) == 2 + 2 * len(expected)


def test_targets_may_be_a_file(scorer: slant.Scorer, tmp_path: Path) -> None:
    path = tmp_path / "t.toml"
    path.write_text('[[target]]\nid = "council"\nname = "the council"\naliases = ["council"]\n')
    for given in (path, str(path), slant.Targets.load(path)):
        assert asked(scorer.score([SAID], targets=given)) == [["council"]]


# ---- lazily, and once


def test_scores_are_computed_as_they_are_consumed(scorer: slant.Scorer) -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield f"At {taken}."

    scores = scorer.score(endless())
    assert taken == 0
    assert next(scores).unit.text == "At 1."
    assert taken < 5_000


@pytest.mark.slow
def test_tables_hold_all_rows_or_are_refused(scorer: slant.Scorer, tmp_path: Path) -> None:
    rows = [row.to_dict() for row in scorer.score([SAID, STORY])]
    frame = scorer.score([SAID, STORY]).to_pandas()
    assert frame["text"].tolist() == [row["text"] for row in rows]
    assert list(frame.columns) == list(rows[0])
    assert frame.loc[0, "stance"][0]["target"] == "ferry"
    table = scorer.score([SAID, STORY]).to_arrow()
    write_rows(scorer.score([SAID, STORY]), str(tmp_path / "s.parquet"))
    assert len(list(read_scores([str(tmp_path / "s.parquet")]))) == table.num_rows == len(rows)
    assert table.column("text").to_pylist() == frame["text"].tolist()

    scores = scorer.score([SAID, STORY])
    scores.to_arrow()
    with pytest.raises(slant.SlantError, match=r"consumed before.*Call score\(\) again"):
        scores.to_pandas()
    begun = scorer.score([SAID, STORY])
    next(begun)
    with pytest.raises(slant.SlantError, match="in whole or in part"):
        begun.to_arrow()


def test_no_texts_give_an_empty_table_with_columns(scorer: slant.Scorer) -> None:
    assert "stance" in scorer.score([]).to_pandas().columns
    assert scorer.score([]).to_arrow().num_rows == 0


def test_without_pandas_or_pyarrow_the_message_says_what_to_install(
    scorer: slant.Scorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(slant.SlantError, match=r"needs pyarrow: pip install 'slant\[compare\]'"):
        scorer.score([SAID]).to_arrow()
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(slant.SlantError, match="pip install pandas"):
        scorer.score([SAID]).to_pandas()


# ---- what cannot be scored


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (None, "bad_text: this is NoneType None; expected a string, a dict"),
        (float("nan"), "bad_text: this is float nan"),
        ("  ", "no_text"),
        ("half \ud83d", "undecodable: .ud83d at character 5"),
        ({"txt": "The ferry."}, "no_text: .*Is it 'txt'"),
        ({"text": "The ferry.", "targets": "ferry"}, "bad_targets: .*expected a list of names"),
        ({"text": "The ferry.", "kind": "poem"}, "bad_kind"),
    ],
)
def test_a_bad_text_is_raised_or_listed(scorer: slant.Scorer, item: Any, reason: str) -> None:
    with pytest.raises(slant.Rejected, match=rf"texts\[1\]: {reason}"):
        list(scorer.score([SAID, item]))
    rejected: list[slant.Rejected] = []
    rows = list(scorer.score([SAID, item, SAID], rejected=rejected))
    assert (len(rows), [r.path for r in rejected]) == (2, ["texts[1]"])


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (SAID, r"not one str. Write score\(\[text\]\)"),
        (STORY, "not one dict"),
        (Article("Words."), "not one Article"),
        (Unit("a", "u", "title", "Words", 0, 5, 0), "not one Unit"),
        (7, "takes a list of texts, not int 7"),
    ],
)
def test_a_single_text_is_refused(scorer: slant.Scorer, texts: Any, message: str) -> None:
    with pytest.raises(slant.UsageError, match=message):
        scorer.score(texts)


def test_a_data_frame_is_refused_with_a_hint(scorer: slant.Scorer) -> None:
    pandas = pytest.importorskip("pandas", reason="needs pandas")
    frame = pandas.DataFrame({"text": [SAID]})
    with pytest.raises(slant.UsageError, match=r'score\(frame\["text"\]\)'):
        scorer.score(frame)
    assert len(list(scorer.score(frame["text"]))) == len(list(scorer.score(frame.to_dict("records")))) == 1


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ("council", r"Expected a list of names, such as \['council'\]"),
        (["council", 3], r"targets contains 3 \(int\)"),
        (["council", " "], "is not a name of a target"),
        ("none.toml", "none.toml: no such targets file"),
    ],
)
def test_bad_targets_are_refused_at_once(scorer: slant.Scorer, targets: Any, message: str) -> None:
    with pytest.raises(slant.UsageError, match=message):
        scorer.score([SAID], targets=targets)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(slant.UsageError, match=r"config\.json is missing"):
        slant.Scorer.load(tmp_path)


# ---- the page


@pytest.mark.slow
def test_the_examples_in_docs_python_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All but those that need torch, which tests/training/test_pipeline.py runs."""
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    here = [(h, code) for h, code in examples(ROOT / "docs" / "python.md") if h != "## In transformers"]
    assert len(here) > 4
    for _, code in here:
        exec(code, names)
    assert "corrupt" in capsys.readouterr().out
