"""The JSON Schemas: equal to their files, valid themselves, and true of real rows."""

import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator

from slant.assets import asset
from slant.records import (
    PORTRAYALS,
    REPLIES,
    STANCE_ANSWERS,
    Frame,
    Loaded,
    Portrayal,
    Reply,
    Score,
    Stance,
    Unit,
)
from slant.schemas import (
    all_schemas,
    arrow_fields,
    article_schema,
    csv_columns,
    duckdb_types,
    printed,
    row_fields,
    score_schema,
    unit_schema,
)
from slant.scoring.output_files import write_rows

UNIT = Unit(
    article_id="0" * 16,
    unit_id="0a-1",
    kind="comment",
    text="That eel again!",
    start=10,
    end=25,
    position=3,
    author="Ternau",
    parent_id="0a-0",
    flags=("duplicate_of:0a-0",),
    voices=((0, 15, "reader"),),
    pieces=((0, 10, 15),),
    source="a.csv:7",
    source_id="n-1",
    extra={"section": "rivers"},
)
SCORE = Score(
    unit=UNIT,
    stance=(
        Stance("article", None, {"against": 0.4, "neutral": 0.3, "favor": 0.3, "unrelated": 0}),
        Stance("eels", "against", {"against": 1, "neutral": 0, "favor": 0, "unrelated": 0}, ((5, 8),)),
    ),
    portrayal=(Portrayal("eels", "negative", {"negative": 1, "neutral": 0, "positive": 0}),),
    loaded=(Loaded(5, 8, "eel", "name_calling_labeling", 0.8, "reader"),),
    frames=(Frame("morality", 0.6),),
    reply=Reply("comment", {"support": 0.1, "deny": 0.1, "query": 0.1, "comment": 0.7}),
    toxic=((5, 8),),
    biased=0.5,
    flags=("windows",),
    model="abc",
    codebook="def",
)


def row_of(record):
    return json.loads(json.dumps(record.to_dict()))


def errors(schema, row):
    return [error.message for error in Draft202012Validator(schema).iter_errors(row)]


@pytest.mark.parametrize("name", ["article.schema.json", "unit.schema.json", "score.schema.json"])
def test_files_are_what_the_module_prints_and_valid(name):
    schema = all_schemas()[name]
    Draft202012Validator.check_schema(schema)
    assert (asset("schemas") / name).read_text(encoding="utf-8") == printed(schema), (
        "run: python -m slant.schemas data/schemas"
    )


def test_real_rows_are_valid():
    assert errors(unit_schema(), row_of(UNIT)) == []
    assert errors(score_schema(), row_of(SCORE)) == []
    assert errors(score_schema(), row_of(Score(replace(UNIT, kind="paragraph", parent_id=None)))) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "poem"}, "'poem' is not one of"),
        ({"start": -1}, "-1 is less than the minimum"),
        ({"text": None}, "None is not of type 'string'"),
        ({"biased": 1.5}, "1.5 is greater than the maximum"),
        ({"outlets": "x"}, "'outlets' was unexpected"),
        ({"toxic": [[1]]}, "[1] is too short"),
        ({"reply": {"label": "agree", "scores": {}}}, "'agree' is not one of"),
        ({"stance": [{"target": "x", "label": "pro", "scores": {}, "mentions": []}]}, "'pro' is not one of"),
        ({"portrayal": [{"target": "x", "label": "favor", "scores": {}}]}, "'favor' is not one of"),
    ],
)
def test_wrong_rows_are_not(changes, message):
    found = errors(score_schema(), row_of(SCORE) | changes)
    assert any(message in error for error in found), found


def test_a_row_without_its_fields_is_not_valid():
    row = row_of(SCORE)
    del row["model"]
    assert errors(score_schema(), row) == ["'model' is a required property"]


def test_articles_with_comments_of_either_form_are_valid():
    row = {
        "text": "The dam broke.",
        "outlet": None,
        "published": "2030-01-02",
        "sections": ["dams"],
        "comments": [
            "At last.",
            {"text": "No!", "author": "Ternau", "parent": 0, "replies": [{"text": "Yes!"}]},
        ],
        "our_own_column": 7,
    }
    assert errors(article_schema(), row) == []
    assert errors(article_schema(), {"title": "x"}) == ["'text' is a required property"]
    assert errors(article_schema(), {"text": "x", "comments": [{"author": "x"}]}) != []
    assert errors(article_schema(), {"text": "  "}) != []


@pytest.mark.parametrize("record", [UNIT, SCORE], ids=["unit", "score"])
def test_every_format_has_the_columns_of_a_row_with_duckdb_types_as_duckdb_names_them(tmp_path, record):
    import duckdb

    names = list(record.to_dict())
    assert list(row_fields(type(record))) == names
    assert [name for name, _ in arrow_fields(type(record))] == names
    flat = {"target", "target_name", "mentions", *(f"p_{label}" for label in STANCE_ANSWERS)}
    flat |= {f"p_portrayal_{label}" for label in PORTRAYALS} | {f"p_reply_{label}" for label in REPLIES}
    assert set(csv_columns(type(record))) == {*names, *(flat if record is SCORE else ())}
    write_rows([record], str(tmp_path / "rows.parquet"))
    described = duckdb.sql(f"DESCRIBE SELECT * FROM '{tmp_path / 'rows.parquet'}'").fetchall()
    found = {name: kind.replace('"', "") for name, kind, *_ in described}
    assert found == {name: kind.replace('"', "") for name, kind in duckdb_types(type(record)).items()}
