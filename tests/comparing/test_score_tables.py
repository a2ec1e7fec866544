"""Score files as tables: what is kept, what is refused, and the messages."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from compared import store_of, unit
from slant.comparing.score_tables import open_store
from slant.errors import UsageError
from slant.records import score_from_dict
from slant.schemas import duckdb_types
from slant.scoring.output_files import read_scores, write_rows


@pytest.mark.parametrize("ending", [".jsonl", ".parquet", ".duckdb", ".csv"])
def test_articles_are_compared_by_any_column_that_travelled_along(tmp_path: Path, ending: str) -> None:
    rows = [
        unit("a", extra={"topic": "Port, sea", "it's": "x"}, source="a.csv:2", source_id="n-1"),
        unit("b", extra={"topic": "Town"}, source="a.csv:3"),
        unit("c"),
    ]
    path = str(tmp_path / f"s{ending}")
    write_rows(map(score_from_dict, rows), path)
    groups = {}
    for by in ("topic", "it's", "source", "source_id"):
        with open_store([path], by=by) as store:
            groups[by] = [group for (group,) in store.rows('SELECT "group" FROM units ORDER BY article_id')]
    assert groups == {
        "topic": ["Port, sea", "Town", "(not stated)"],
        "it's": ["x", "(not stated)", "(not stated)"],
        "source": ["a.csv:2", "a.csv:3", "(not stated)"],
        "source_id": ["n-1", "(not stated)", "(not stated)"],
    }
    with (
        pytest.raises(
            UsageError, match=r"--by topics: no such column.*source_id, it's, topic\..*Did you mean 'topic'"
        ),
        open_store([path], by="topics"),
    ):
        pass


def test_names_of_targets_are_those_of_the_scores(tmp_path: Path) -> None:
    rows = [unit("a", stance={"council": "against", "mill": "favor"})]
    rows[0]["stance"][0]["name"] = "the Council"
    with store_of(tmp_path, rows) as store:
        assert store.names == {"council": "the Council"}


def test_tables_hold_what_the_rows_say(tmp_path: Path) -> None:
    rows = [
        unit(
            "a",
            "The vile council met twice.",
            stance={"council": "against", "mill": "unrelated"},
            portrayal={"council": "negative"},
            loaded=["vile"],
            frames=["political"],
        ),
        unit(
            "a",
            "Well said.",
            kind="comment",
            position=1,
            stance={"council": None},
            reply="support",
            author="Finch",
        ),
    ]
    with store_of(tmp_path, rows) as store:
        assert (store.model, store.codebook, store.repeated) == ("m", "c", 0)
        assert store.rows('SELECT "group", is_comment, month, words, text FROM units ORDER BY position') == [
            ("Gazette", False, "2026-03", 5, "The vile council met twice."),
            ("Gazette", True, "2026-03", 2, "Well said."),
        ]
        query = (
            "SELECT target, label, p_neutral, p_unrelated, mentions FROM stances ORDER BY is_comment, target"
        )
        assert store.rows(query) == [
            ("council", "against", 0.6, 0.1, 1),
            ("mill", "unrelated", 0.6, 0.1, 1),
            ("council", None, 0.6, 0.1, 1),
        ]
        query = "SELECT target, label, p_negative, p_neutral, p_positive, is_comment FROM portrayals"
        assert store.rows(query) == [("council", "negative", 0.3, 0.5, 0.2, False)]
        assert store.rows('SELECT "start", "end", "text", label, voice FROM loaded') == [
            (4, 8, "vile", "name_calling", "outlet")
        ]
        assert store.rows("SELECT label, score FROM frames") == [("political", 0.9)]
        assert store.rows("SELECT label, p_deny FROM replies") == [("support", 0.25)]


def test_every_format_gives_the_same_tables(tmp_path: Path) -> None:
    rows = [
        unit(
            "a",
            "Mill’s “pride”",
            stance={"mill": "favor", "dam": None},
            portrayal={"mill": "positive"},
            loaded=["pride"],
        ),
        unit("b", 'Two\nlines, "so"', outlet="Courier", frames=["political"], author="Ann"),
        unit(
            "b",
            "Yes!",
            kind="comment",
            position=1,
            outlet="Courier",
            reply="support",
            stance={"mill": "unrelated"},
        ),
    ]
    scores = [score_from_dict(row) for row in rows]
    found = []
    for name in ("s.jsonl", "s.parquet", "s.duckdb", "s.csv"):
        path = str(tmp_path / name)
        if name.endswith(".duckdb"):
            with duckdb.connect(path) as made:
                made.execute(f"CREATE TABLE scores AS SELECT * FROM '{tmp_path / 's.parquet'}'")
        else:
            write_rows(scores, path)
        with open_store([path]) as store:
            found.append(
                [
                    store.rows(f"SELECT * FROM {table} ORDER BY ALL")
                    for table in ("units", "stances", "portrayals", "loaded", "frames", "replies")
                ]
            )
    assert found[0] == found[1] == found[2] == found[3]
    assert list(map(len, found[0])) == [3, 3, 1, 1, 1, 1]


def test_csv_that_lost_something_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    rows = [unit("12345678e9", "Yes!", kind="comment", reply="support")]
    write_rows(map(score_from_dict, rows), str(path))
    written = path.read_text("utf-8")
    path.write_text(written.replace("12345678e9,", "1.23E+16,"), "utf-8")
    with pytest.raises(UsageError, match="a spreadsheet has rounded the id"), open_store([str(path)]):
        pass
    path.write_text(written.replace(",p_reply_", ",old_"), "utf-8")
    with pytest.raises(UsageError, match="without the probabilities of replies"), open_store([str(path)]):
        pass
    path.write_text("article_id,text\n1,Yes!\n", "utf-8")
    with pytest.raises(UsageError, match="holds no scores"), open_store([str(path)]):
        pass


@pytest.mark.parametrize("ending", [".jsonl", ".parquet", ".duckdb"])
def test_scores_made_before_portrayal_and_unrelated_are_read(tmp_path: Path, ending: str) -> None:
    """They have no column `portrayal`, and three probabilities of a stance."""
    row = unit("a", "The mill.", stance={"mill": "favor"})
    row["stance"][0]["scores"] = {"against": 0.1, "neutral": 0.2, "favor": 0.7}
    del row["portrayal"]
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    path = tmp_path / f"scores{ending}"
    types = {**duckdb_types(), "stance": duckdb_types()["stance"].replace(', "unrelated" DOUBLE', "")}
    columns = ", ".join(f'"{name}": {types[name]!r}' for name in row)
    rows = f"FROM read_json('{tmp_path / 'rows.jsonl'}', columns = {{{columns}}})"
    with duckdb.connect(str(path) if ending == ".duckdb" else ":memory:") as made:
        made.execute(f"CREATE TABLE scores AS {rows}")
        if ending != ".duckdb":
            made.execute(f"COPY scores TO '{path}'")
    with open_store([str(path)]) as store:
        query = "SELECT target, label, p_against, p_favor, p_unrelated FROM stances"
        assert store.rows(query) == [("mill", "favor", 0.1, 0.7, None)]
        assert store.rows("SELECT count(*) FROM portrayals") == [(0,)]
    (score,) = read_scores([str(path)])
    assert (score.stance[0].label, score.portrayal) == ("favor", ())


@pytest.mark.parametrize(
    ("by", "group"),
    [("author", "Quill"), ("kind", "lead"), ("title", "Ferry"), ("month", "2023-05"), ("outlet", "Gazette")],
)
def test_any_column_may_be_compared_by(tmp_path: Path, by: str, group: str) -> None:
    row = unit("a", author="Quill", kind="lead", title="Ferry", published="2023-05-17")
    with store_of(tmp_path, [row], by=by) as store:
        assert store.articles() == {group: 1}


@pytest.mark.parametrize("words", ["03/04/2023", "spring 2023", "2023-0", None, ""])
def test_a_date_in_the_sources_own_words_is_no_month(tmp_path: Path, words: str | None) -> None:
    with store_of(tmp_path, [unit("a", published=words)], by="month") as store:
        assert store.articles() == {"(not stated)": 1}


def test_repeated_comments_and_units_given_twice_count_once(tmp_path: Path) -> None:
    rows = [
        unit("a"),
        unit("a"),
        unit("a", "Shame.", kind="comment", position=1),
        unit("a", "Shame.", kind="comment", position=2, flags=["windows", "duplicate_of:a-0001"]),
    ]
    with store_of(tmp_path, rows) as store:
        assert store.rows("SELECT unit_id FROM units ORDER BY 1") == [("a-0000",), ("a-0001",)]
        assert store.repeated == 2


def test_units_in_other_languages_are_counted_apart(tmp_path: Path) -> None:
    rows = [
        unit("a", "The mill."),
        unit("a", "Die Mühle.", position=1, flags=["windows:2", "language:de"]),
        unit("a", "Schade.", kind="comment", position=2, flags=["language:de"]),
        unit("a", "Schade.", kind="comment", position=3, flags=["language:de", "duplicate_of:a-0002"]),
        unit(
            "b",
            "Le moulin.",
            outlet="Courier",
            flags=["language:fr"],
            stance={"mill": "favor"},
            loaded=["moulin"],
        ),
    ]
    with store_of(tmp_path, rows) as store:
        assert store.rows("SELECT unit_id FROM units") == [("a-0000",)]
        assert store.rows("SELECT * FROM other_languages ORDER BY ALL") == [
            ("Courier", "fr", 1),
            ("Gazette", "de", 2),
        ]
        assert store.repeated == 1
        assert (
            store.rows("SELECT count(*) FROM stances") == store.rows("SELECT count(*) FROM loaded") == [(0,)]
        )


def test_scores_without_a_unit_in_english_are_refused(tmp_path: Path) -> None:
    rows = [unit(name, flags=[f"language:{name}"]) for name in ("de", "fr")]
    with (
        pytest.raises(
            UsageError, match=r"no unit is in English \(de 1, fr 1\), .* `slant score --any-language`"
        ),
        store_of(tmp_path, rows),
    ):
        pass


def test_files_without_scores_are_refused_with_the_row(tmp_path: Path) -> None:
    def refused(message: str, *names: str, by: str = "outlet") -> None:
        with (
            pytest.raises(UsageError, match=message),
            open_store([str(tmp_path / name) for name in names], by=by),
        ):
            pass

    def write(name: str, *rows: Any) -> None:
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")

    write("good.jsonl", unit("a"))
    write("units.jsonl", unit("a"), {"unit_id": "b", "text": "No stance here."})
    write("empty.jsonl")
    write("other.jsonl", unit("b", model="n"))
    write("book.jsonl", unit("b", codebook="d"))
    (tmp_path / "broken.jsonl").write_text(json.dumps(unit("a")) + "\n{\n", "utf-8")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and then nothing")
    (tmp_path / "flat.xlsx").write_text("unit_id\n", "utf-8")
    refused(r"--by outlets: no such column.*Did you mean 'outlet'\?", "good.jsonl", by="outlets")
    refused("no such file. Expected score files", "none.jsonl")
    refused("expected scores that `slant score` wrote as .jsonl, .parquet, .duckdb, .csv", "flat.xlsx")
    refused(r"units.jsonl row 2 is not a score \(ValueError", "units.jsonl")
    refused("broken.jsonl line 2 is not JSON", "broken.jsonl")
    refused("broken.parquet cannot be read as parquet", "broken.parquet")
    refused("no scored units, so nothing", "empty.jsonl")
    refused("is the same file as .*good.jsonl", "good.jsonl", "good.jsonl")
    refused(
        r"different models or codebooks: model m, codebook c .*; model n.*other.jsonl\)",
        "good.jsonl",
        "other.jsonl",
    )
    refused("different models or codebooks", "good.jsonl", "book.jsonl")


def test_a_file_larger_than_the_memory_that_duckdb_may_take(tmp_path: Path) -> None:
    rows = [unit(f"{i:04d}", f"Word {i} " + "and more " * 200, stance={"mill": "favor"}) for i in range(2000)]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    with open_store([str(tmp_path / "s.jsonl")], memory="100MB", threads=1) as store:
        assert store.articles() == {"Gazette": 2000}


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
def test_folders_and_names_that_look_like_columns_or_patterns_change_nothing(
    tmp_path: Path, ending: str
) -> None:
    folder = tmp_path / "outlet=Elsewhere"
    folder.mkdir()
    path = folder / f"scores[1]{ending}"
    write_rows([score_from_dict(unit("a", outlet="Gazette"))], str(path))
    write_rows([score_from_dict(unit("b", outlet="Courier"))], str(folder / f"scores1{ending}"))
    with open_store([str(path)]) as store:
        assert store.rows("SELECT article_id, outlet FROM units") == [("a", "Gazette")]
