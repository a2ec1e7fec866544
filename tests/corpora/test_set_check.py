"""Finding, listing and checking the public sets."""

import dataclasses

import pytest

from slant.corpora import sets
from slant.corpora.set_check import all_ok, check_sets, list_sets, load_registry, render
from slant.corpora.sets import ARTICLE_SETS, LABELED_SETS
from slant.errors import SlantError, UsageError

CHECKTHAT = "sentence_id\tsentence\tlabel\tsolved_conflict\nx\tA dam.\tOBJ\tFalse\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "checkthat_subjectivity").mkdir()
    for split in ("train", "dev"):
        (tmp_path / f"checkthat_subjectivity/{split}_en.tsv").write_text(CHECKTHAT, encoding="utf-8")
    return tmp_path


def entry(**changes):
    (found,) = [each for each in load_registry() if each.name == "checkthat"]
    return dataclasses.replace(found, **changes)


def test_data_root_is_slant_data_or_the_shared_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("SLANT_DATA", str(tmp_path))
    assert sets.data_root() == tmp_path
    monkeypatch.delenv("SLANT_DATA")
    assert sets.data_root().parts[-2:] == ("shared", "data")


def test_load_errors_name_the_missing_file_or_a_similar_set(monkeypatch, tmp_path):
    monkeypatch.setenv("SLANT_DATA", str(tmp_path))
    with pytest.raises(SlantError, match=r"babe.final_labels_SG2\.csv is missing.*set SLANT_DATA"):
        sets.load("babe", "all")
    with pytest.raises(UsageError, match="Did you mean 'newsmtsc'"):
        sets.load("newsmtcs", "train")
    with pytest.raises(UsageError, match="known: fa_kes, ruwa"):
        sets.load_articles("fakes")


def test_a_missing_column_is_named(root):
    (root / "checkthat_subjectivity/dev_en.tsv").write_text("sentence\tlabel\n", encoding="utf-8")
    with pytest.raises(SlantError, match=r"dev_en\.tsv: no column 'sentence_id'; the header has"):
        list(LABELED_SETS["checkthat"].read(root, "dev"))


def test_bad_json_is_reported_with_its_line(tmp_path):
    (tmp_path / "newsmtsc").mkdir()
    (tmp_path / "newsmtsc/train.jsonl").write_text('{"id":\n', encoding="utf-8")
    with pytest.raises(SlantError, match=r"train\.jsonl line 1: not JSON"):
        list(LABELED_SETS["newsmtsc"].read(tmp_path, "train"))


def test_every_set_that_can_be_read_is_registered_once():
    names = [each.name for each in load_registry()]
    assert sorted(names) == sorted((*LABELED_SETS, *ARTICLE_SETS, "polnear"))


def test_list_marks_sets_as_found_or_missing(root):
    states = {row.set: row.state for row in list_sets(root)}
    assert states.pop("checkthat") == "found"
    assert set(states.values()) == {"missing"}


@pytest.mark.parametrize(
    ("counts", "states", "fine"),
    [
        ({"train": 1, "dev": 1}, ["ok", "ok"], True),
        ({"train": 2, "dev": 1}, ["mismatch", "ok"], False),
        ({"train": 1}, ["ok", "mismatch"], False),
    ],
)
def test_check_compares_every_count(root, counts, states, fine):
    rows = check_sets(root, [entry(counts=counts)])
    assert [row.state for row in rows] == states
    assert all_ok(rows) is fine


def test_check_reports_missing_and_unreadable_sets(root, tmp_path):
    (missing,) = check_sets(tmp_path / "elsewhere", [entry()])
    assert (missing.state, all_ok([missing])) == ("missing", True)
    assert "train_en.tsv" in missing.detail
    (root / "checkthat_subjectivity/dev_en.tsv").write_text("sentence\n", encoding="utf-8")
    (unreadable,) = check_sets(root, [entry()])
    assert (unreadable.state, all_ok([unreadable])) == ("unreadable", False)
    assert "no column" in unreadable.detail


def test_check_suggests_a_similar_name_for_an_unknown_set(root):
    (row,) = check_sets(root, [entry(name="checkthis")])
    assert "Did you mean 'checkthat'" in row.detail


def test_render_pads_columns_and_leaves_out_empty_ones(root):
    lines = render(check_sets(root, [entry(counts={"train": 1, "dev": 20})])).splitlines()
    assert lines[0].split() == ["set", "what", "expected", "found", "state"]
    assert lines[2].split() == ["checkthat", "dev", "20", "1", "mismatch"]
    assert len({line.index(word) for line, word in zip(lines, ("state", "ok", "mismatch"), strict=True)}) == 1
    assert render([]) == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[set]]\nname = 'x'\ncount = 1\n", r"set 1: unknown key 'count'.*'counts'"),
        ("[[set]]\nname = 'x'\n", r"set 1 \(x\): title, citation.* is missing"),
        ("[[set\n", "not a valid registry"),
    ],
)
def test_a_bad_registry_is_rejected_with_the_entry(tmp_path, text, message):
    path = tmp_path / "registry.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=message):
        load_registry(path)


@pytest.mark.data
@pytest.mark.slow
def test_the_public_sets_present_have_the_registered_counts():
    rows = check_sets()
    if all(row.state == "missing" for row in rows):
        pytest.skip(f"no public sets in {sets.data_root()}; set SLANT_DATA to their folder")
    assert [row for row in rows if row.state not in ("ok", "missing")] == []
    assert all_ok(rows)
