"""Score files: written whole or not at all, and read back unchanged."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slant.errors import Rejected, SlantError, UsageError
from slant.records import (
    CONTENT_KINDS,
    PORTRAYALS,
    REPLIES,
    STANCE_ANSWERS,
    VOICES,
    Frame,
    Loaded,
    Portrayal,
    Reply,
    Score,
    Stance,
    Unit,
    score_from_dict,
)
from slant.schemas import arrow_fields
from slant.scoring import output_files
from slant.scoring.output_files import check_format, is_score_file, read_scores, write_rows
from slant.scoring.rejections import Rejections

UNIT = Unit("a1", "u1", "paragraph", "The greedy council, they say.", 0, 29, 0, outlet="Courier")
SCORE = Score(
    UNIT,
    stance=(
        Stance(
            "council",
            "against",
            {"against": 0.7, "neutral": 0.1, "favor": 0.1, "unrelated": 0.1},
            ((11, 18),),
        ),
        Stance("ferry", None, {"against": 0.3, "neutral": 0.3, "favor": 0.3, "unrelated": 0.1}),
    ),
    portrayal=(Portrayal("council", "negative", {"negative": 0.8, "neutral": 0.15, "positive": 0.05}),),
    loaded=(Loaded(4, 10, "greedy", "name_calling_labeling", 0.9, "outlet"),),
    frames=(Frame("political", 0.8),),
    toxic=((4, 10),),
    biased=0.5,
    model="m",
    codebook="c",
)

words = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | st.just("\0 NUL")
maybe = st.none() | words
share = st.floats(0, 1, width=32)
place = st.integers(0, 10**6)
stances = st.builds(
    Stance, words, st.none() | st.sampled_from(STANCE_ANSWERS),
    st.fixed_dictionaries(dict.fromkeys(STANCE_ANSWERS, share)), st.lists(st.tuples(place, place), max_size=2).map(tuple),
)  # fmt: skip
portrayals = st.builds(
    Portrayal, words, st.none() | st.sampled_from(PORTRAYALS), st.fixed_dictionaries(dict.fromkeys(PORTRAYALS, share))
)  # fmt: skip
scores = st.builds(
    Score,
    st.builds(
        Unit, words, words, st.sampled_from(CONTENT_KINDS), words, place, place, place,
        outlet=maybe, published=maybe, title=maybe, url=maybe, author=maybe, parent_id=maybe,
        flags=st.lists(words, max_size=2).map(tuple), source=maybe, source_id=maybe,
        extra=st.dictionaries(words, words, max_size=2),
    ),
    stance=st.lists(stances, max_size=2).map(tuple), portrayal=st.lists(portrayals, max_size=2).map(tuple),
    loaded=st.lists(st.builds(Loaded, place, place, words, words, share, st.sampled_from(VOICES)), max_size=2).map(tuple),
    frames=st.lists(st.builds(Frame, words, share), max_size=2).map(tuple),
    reply=st.none() | st.builds(Reply, st.sampled_from(REPLIES), st.fixed_dictionaries(dict.fromkeys(REPLIES, share))),
    toxic=st.lists(st.tuples(place, place), max_size=2).map(tuple),
    biased=st.none() | share, subjective=st.none() | share, model=words, codebook=words,
)  # fmt: skip


@given(row=scores)
def test_a_score_survives_its_row(row: Score) -> None:
    assert score_from_dict(row.to_dict()) == row
    assert score_from_dict(json.loads(json.dumps(row.to_dict()))) == row


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".jsonl", ".parquet", ".duckdb"])
@given(rows=st.lists(scores, max_size=4))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_scores_survive_their_file(ending: str, tmp_path: Path, rows: list[Score]) -> None:
    path = str(tmp_path / f"scores{ending}")
    assert write_rows(rows, path) == len(rows)
    assert list(read_scores([path])) == rows


def test_parquet_is_written_in_groups_and_read_in_order(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    for text, group in (("Short.", 6_144), ("long " * 1_200, 2_048)):
        rows = [replace(SCORE, unit=replace(UNIT, text=text, position=i)) for i in range(10_000)]
        path = tmp_path / "s.parquet"
        write_rows(iter(rows), str(path))
        file = pq.ParquetFile(path)
        sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
        assert group <= max(sizes) < 2 * group
        assert [s.unit.position for s in read_scores([str(path)])] == list(range(10_000))


def test_every_parquet_file_has_the_same_schema(tmp_path: Path) -> None:
    """Also where a column holds no null, or the file no row."""
    import pyarrow
    import pyarrow.parquet as pq

    for record in (SCORE, UNIT):
        columns = pyarrow.schema(arrow_fields(type(record)))
        write_rows([record], str(tmp_path / "s.parquet"))
        assert pq.read_schema(tmp_path / "s.parquet").equals(columns)
    write_rows([], str(tmp_path / "none.parquet"))
    none = pq.read_table(tmp_path / "none.parquet")
    assert (none.schema.equals(pyarrow.schema(arrow_fields())), none.num_rows) == (True, 0)
    write_rows([], str(tmp_path / "none.duckdb"))
    assert list(read_scores([str(tmp_path / "none.duckdb")])) == []


@pytest.mark.parametrize("name", ["it's", "a[1]", "*", "outlet=x/s", "a{b,c}"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    """DuckDB would take some names for patterns, and some folders for columns."""
    (tmp_path / "a1.parquet").write_bytes(b"another file, which a pattern would match")
    for ending in (".parquet", ".duckdb"):
        path = str(tmp_path / f"{name}{ending}")
        write_rows([SCORE], path)
        assert list(read_scores([path])) == [SCORE]


def test_units_are_written_in_all_formats_with_the_same_columns(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    unit = Unit(
        "a",
        "u",
        "quote",
        'Said “so”,\n"no"',
        0,
        15,
        0,
        voices=((0, 15, "outlet"),),
        pieces=((0, 0, 15),),
        flags=("f",),
    )
    for ending in output_files.FORMATS:
        write_rows([unit], str(tmp_path / f"units{ending}"))
    (jsonl,) = map(json.loads, (tmp_path / "units.jsonl").read_text("utf-8").splitlines())
    (parquet,) = pq.read_table(tmp_path / "units.parquet").to_pylist()
    with (tmp_path / "units.csv").open(encoding="utf-8", newline="") as file:
        (flat,) = csv.DictReader(file)
    assert jsonl == {**parquet, "extra": json.loads(parquet["extra"])}
    assert list(flat) == [name for name in jsonl if name != "extra"]
    assert flat["text"] == unit.text
    assert json.loads(flat["voices"]) == [{"start": 0, "end": 15, "voice": "outlet", "speaker": None}]


def test_csv_has_a_row_per_target(tmp_path: Path) -> None:
    bare = Score(UNIT, reply=Reply("deny", dict.fromkeys(REPLIES, 0.25)), model="m", codebook="c")
    write_rows([SCORE, bare], str(tmp_path / "s.csv"))
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["target"], r["stance"], r["p_against"], r["mentions"]) for r in rows] == [
        ("council", "against", "0.7", "[[11, 18]]"), ("ferry", "", "0.3", "[]"), ("", "", "", ""),
    ]  # fmt: skip
    assert [(r["portrayal"], r["p_portrayal_negative"], r["p_unrelated"]) for r in rows] == [
        ("negative", "0.8", "0.1"), ("", "", "0.1"), ("", "", ""),
    ]  # fmt: skip
    assert json.loads(rows[0]["loaded"])[0]["text"] == "greedy"
    assert [r["reply"] for r in rows] == ["", "", "deny"]
    write_rows([], str(tmp_path / "none.csv"))
    assert (tmp_path / "none.csv").read_text().startswith("article_id,unit_id,outlet")


def test_other_columns_travel_along_in_every_format(tmp_path: Path) -> None:
    """In CSV as columns of their own, also if only a later row has them, and if slant has a column of that name."""
    later = replace(
        SCORE, unit=replace(UNIT, unit_id="u2", extra={"section": "Port, sea", "stance": "own", "№": "7"})
    )
    plain = replace(SCORE, unit=replace(UNIT, source="a.csv:2", source_id="n-1"))
    for ending in output_files.FORMATS:
        path = str(tmp_path / f"s{ending}")
        write_rows([plain, later], path)
        assert list(read_scores([path])) == [plain, later], ending
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["source"], r["section"], r["extra_stance"], r["№"]) for r in rows] == [
        *[("a.csv:2", "", "", "")] * 2, *[("", "Port, sea", "own", "7")] * 2,
    ]  # fmt: skip
    assert [r["stance"] for r in rows] == ["against", ""] * 2


def test_scores_in_csv_are_read_back(tmp_path: Path) -> None:
    reply = Score(UNIT, reply=Reply("deny", dict.fromkeys(REPLIES, 0.25)), model="m", codebook="c")
    named = replace(SCORE, stance=(replace(SCORE.stance[0], name="the council"), SCORE.stance[1]))
    path = tmp_path / "s.csv"
    write_rows([named, reply, reply, SCORE], str(path))
    portrayed = replace(named, portrayal=(replace(SCORE.portrayal[0], name="the council"),))
    assert list(read_scores([str(path)])) == [portrayed, reply, reply, SCORE]
    assert is_score_file(str(path))
    path.write_text("﻿" + path.read_text("utf-8"), "utf-8")  # a spreadsheet saved it again
    assert is_score_file(str(path))


def test_a_table_of_articles_is_no_score_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,unit_id\nThe ferry sails.,u1\n")
    assert not is_score_file(str(path))


@pytest.mark.parametrize("ending", output_files.FORMATS)
def test_a_run_that_fails_leaves_the_old_file_and_nothing_else(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"s{ending}"
    write_rows([SCORE], str(path))
    before = path.read_bytes()

    def torn() -> Iterator[Score]:
        yield SCORE
        raise SlantError("the model is gone")

    with pytest.raises(SlantError, match="the model is gone"):
        write_rows(torn(), str(path))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_the_output_folder_is_made_or_refused(tmp_path: Path) -> None:
    write_rows([SCORE], str(tmp_path / "new" / "folder" / "s.jsonl"))
    assert (tmp_path / "new" / "folder" / "s.jsonl").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match=r"-o .*file/s\.jsonl: cannot make the folder"):
        write_rows([SCORE], str(tmp_path / "file" / "s.jsonl"))
    (tmp_path / "taken.jsonl").mkdir()
    with pytest.raises(UsageError, match=r"taken\.jsonl: cannot be written"):
        write_rows([SCORE], str(tmp_path / "taken.jsonl"))
    with pytest.raises(UsageError, match="cannot be written"):
        write_rows([SCORE], str(tmp_path / f"{'x' * 300}.jsonl"))


def test_the_ending_is_the_format(tmp_path: Path) -> None:
    assert [check_format(p) for p in ("-", "a.JSONL", "x/y.parquet")] == [".jsonl", ".jsonl", ".parquet"]
    with pytest.raises(
        UsageError, match=r"-o a\.xlsx: the ending \.xlsx is no known format\. Use one of \.jsonl, \.csv"
    ):
        check_format("a.xlsx")
    with pytest.raises(UsageError, match=r"the ending \(none\) is no known format"):
        write_rows([SCORE], str(tmp_path / "scores"))


def test_standard_output_is_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    write_rows([SCORE, SCORE], "-")
    assert [json.loads(line)["unit_id"] for line in capsys.readouterr().out.splitlines()] == ["u1", "u1"]


def test_the_rejected_list_is_of_the_last_run(tmp_path: Path) -> None:
    out = str(tmp_path / "s.jsonl")
    rejections = Rejections()
    rejections.append(Rejected("caf\udce9.txt", "binary", "no text."))
    listed = rejections.write(out)
    assert listed == tmp_path / "s.jsonl.rejected.jsonl"
    assert json.loads(listed.read_text("ascii")) == {
        "path": "caf\udce9.txt",
        "reason": "binary",
        "detail": "no text.",
    }
    assert Rejections().write(out) is None
    assert not listed.exists()


# ---- reading back


def bad(tmp_path: Path, name: str, content: bytes) -> str:
    (tmp_path / name).write_bytes(content)
    return str(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("s.csv", b"", r"s\.csv holds no scores"),
        ("s.txt", b"", r"scores are read from \.jsonl, \.csv, \.parquet, \.duckdb files"),
        ("s.jsonl", b'{"unit_id": "u"}\n', r"row 1 is not a score \(ValueError: no 'stance'\)\. .*made by `slant split`"),
        ("s.jsonl", b"[1]\n", "row 1 is not a score"),
        ("s.jsonl", b'\n{"torn\n', r"s\.jsonl line 2 is not JSON"),
        ("s.jsonl", '{"a": "é"}'.encode("latin-1"), r"s\.jsonl cannot be read as jsonl"),
        ("s.jsonl", b"[" * 100_000, r"s\.jsonl cannot be read as jsonl"),
        ("s.parquet", b"PAR1 torn", r"s\.parquet cannot be read as parquet"),
    ],
)  # fmt: skip
def test_other_files_are_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = bad(tmp_path, name, content)
    with pytest.raises(UsageError, match=message):
        list(read_scores([path]))
    assert not is_score_file(path), "it may be an article, or be rejected as one"


def test_a_bad_row_is_named_by_its_number(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [SCORE.to_dict(), {**SCORE.to_dict(), "loaded": [{"start": 1}]}]
    path = bad(tmp_path, "s.jsonl", "\n".join(map(json.dumps, rows)).encode())
    with pytest.raises(
        UsageError,
        match=r"s\.jsonl row 2 is not a score \(ValidationError: Object missing required field `end` - at `\$.loaded\[0\]`",
    ):
        list(read_scores([path]))
    with pytest.raises(UsageError, match=r"no such file\. Give score files"):
        list(read_scores([str(tmp_path / "none.jsonl")]))


@pytest.mark.parametrize("ending", [".jsonl", ".parquet", ".duckdb"])
def test_a_score_file_is_recognized_by_its_first_row(tmp_path: Path, ending: str) -> None:
    write_rows([SCORE], str(tmp_path / f"s{ending}"))
    write_rows([UNIT], str(tmp_path / f"u{ending}"))
    write_rows([], str(tmp_path / f"none{ending}"))
    assert is_score_file(str(tmp_path / f"s{ending}"))
    for other in ("u", "none", "missing"):
        assert not is_score_file(str(tmp_path / f"{other}{ending}"))
    assert not is_score_file(str(tmp_path))


# ---- for every format


@pytest.mark.slow
@given(rows=st.lists(scores, max_size=3))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_csv_cells_hold_the_values_of_the_scores(tmp_path: Path, rows: list[Score]) -> None:
    """As in docs/outputs.md: null is empty, numbers are as in JSON, lists are JSON."""
    write_rows(rows, str(tmp_path / "s.csv"))
    with (tmp_path / "s.csv").open(encoding="utf-8", newline="") as file:
        cells = list(csv.DictReader(file))
    wanted = [(row, stance) for row in rows for stance in (row.stance or [None])]
    assert len(cells) == len(wanted)
    for cell, (row, stance) in zip(cells, wanted, strict=True):
        for name in (
            "article_id",
            "unit_id",
            "kind",
            "text",
            "outlet",
            "title",
            "author",
            "parent_id",
            "url",
        ):
            assert cell[name] == (getattr(row.unit, name) or "")
        assert [int(cell[name]) for name in ("start", "end", "position")] == [
            row.unit.start,
            row.unit.end,
            row.unit.position,
        ]
        full = row.to_dict()
        for name in ("loaded", "frames", "toxic", "flags"):
            assert json.loads(cell[name]) == json.loads(json.dumps(full[name]))
        assert cell["reply"] == (row.reply.label if row.reply else "")
        stated = {
            x: float(cell[f"p_reply_{x}"])
            for x in ("support", "deny", "query", "comment")
            if cell[f"p_reply_{x}"]
        }
        assert stated == (row.reply.scores if row.reply else {})
        assert cell["biased"] == ("" if row.biased is None else str(row.biased))
        assert (cell["target"], cell["stance"]) == (
            (stance.target, stance.label or "") if stance else ("", "")
        )
        if stance:
            assert {label: float(cell[f"p_{label}"]) for label in STANCE_ANSWERS} == stance.scores
            portrayal = next((p for p in reversed(row.portrayal) if p.target == stance.target), None)
            assert cell["portrayal"] == ((portrayal.label or "") if portrayal else "")
            for label in PORTRAYALS:
                assert cell[f"p_portrayal_{label}"] == (str(portrayal.scores[label]) if portrayal else "")
            assert json.loads(cell["mentions"]) == [list(place) for place in stance.mentions]


@pytest.mark.parametrize("ending", output_files.FORMATS)
@pytest.mark.parametrize("field", ["text", "outlet", "target"])
def test_a_lone_surrogate_is_refused_with_its_unit(tmp_path: Path, ending: str, field: str) -> None:
    row = SCORE.to_dict()
    if field == "target":
        row["stance"][0]["target"] = "council \ud83d"
    else:
        row[field] = "torn \ud83d"
    with pytest.raises(SlantError, match=r"unit 'u1' of article 'a1' contains a lone surrogate \('\\ud83d'"):
        write_rows([SCORE, score_from_dict(row)], str(tmp_path / f"s{ending}"))
    assert list(tmp_path.iterdir()) == []


def test_parquet_and_duckdb_store_what_made_the_rows(tmp_path: Path) -> None:
    import duckdb
    import pyarrow.parquet as pq

    made = {"model": "m", "codebook": "c", "targets": "t", "slant": "0.1.0"}
    said = {
        "slant.schema": "2",
        "slant.model": "m",
        "slant.codebook": "c",
        "slant.targets": "t",
        "slant.version": "0.1.0",
    }
    for ending in (".parquet", ".duckdb"):
        write_rows([SCORE], str(tmp_path / f"s{ending}"), made=made)
    file = pq.ParquetFile(tmp_path / "s.parquet")
    assert {
        key.decode(): value.decode()
        for key, value in file.metadata.metadata.items()
        if key != b"ARROW:schema"
    } == said
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    with duckdb.connect(str(tmp_path / "s.duckdb"), read_only=True) as connection:
        assert dict(connection.sql("SELECT name, value FROM run").fetchall()) == said
        query = "SELECT s.target, s.label, s.scores.against FROM (SELECT unnest(stance) AS s FROM scores)"
        assert connection.sql(query).fetchall() == [("council", "against", 0.7), ("ferry", None, 0.3)]


@pytest.mark.parametrize("ending", [".jsonl", ".parquet", ".duckdb"])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"s{ending}"
    write_rows([SCORE] * 50, str(path))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(UsageError, match=rf"s\{ending} .*cut off"):
        list(read_scores([str(path)]))
    assert is_score_file(str(path)) == (ending != ".parquet"), (
        "read as articles, it will be rejected with the reason"
    )


def test_a_database_without_scores_is_refused(tmp_path: Path) -> None:
    import duckdb

    with duckdb.connect(str(tmp_path / "s.duckdb")) as connection:
        connection.execute("CREATE TABLE prices AS SELECT 1")
    with pytest.raises(UsageError, match=r"no table `scores`, only \['prices'\]"):
        list(read_scores([str(tmp_path / "s.duckdb")]))


def test_many_rejections_are_kept_on_disk(tmp_path: Path) -> None:
    rejections = Rejections()
    for number in range(20_000):
        rejections.append(Rejected(f"{number}.txt", "empty", "blanks only. " * 9))
    listed = rejections.write(str(tmp_path / "s.jsonl"))
    assert (len(rejections), len(rejections.first)) == (20_000, 3)
    assert listed is not None
    lines = Path(listed).read_text("ascii").splitlines()
    assert [json.loads(line)["path"] for line in lines] == [f"{number}.txt" for number in range(20_000)]


@pytest.mark.slow
@pytest.mark.parametrize("ending", [".parquet", ".duckdb"])
def test_long_texts_fit(tmp_path: Path, ending: str) -> None:
    """Row groups are limited in characters too, and DuckDB gets enough memory for them."""
    rows = [replace(SCORE, unit=replace(UNIT, text=f"{number} {'x' * 4_500_000}")) for number in range(4)]
    path = str(tmp_path / f"s{ending}")
    assert write_rows(rows, path) == 4
    assert [s.unit.text[:2] for s in read_scores([path])] == ["0 ", "1 ", "2 ", "3 "]
