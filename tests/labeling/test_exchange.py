"""Labels to files and back: nothing is lost in any format, and what does not fit is named and costs nothing else."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labeled import BOOK, ITEMS, TEXT, coded, mark, project
from slant.cli.labels import TOOL_FORMATS
from slant.errors import UsageError
from slant.labeling.exchange import _FORMATS as FORMATS  # to write without a project file
from slant.labeling.exchange import Found, check_given, read_labels, write_labels
from slant.labeling.project import Project, Utf16
from slant.labeling.questions import TASKS, Answer, Coded, Item, Mark, missing, parse_answer
from slant.records import VOICES

pytest.importorskip("cassis", reason="needs the [label] install")
pytest.importorskip("openpyxl", reason="needs the [label] install")

NAMES = {"csv": "l.csv", "xlsx": "l.xlsx", "label-studio": "l.json", "doccano": "l.jsonl", "prodigy": "l.jsonl",
         "cas": "l.zip", "potato": "folder"}  # fmt: skip

# ---- projects of every shape

CHARACTERS = st.characters(exclude_categories=("Cs", "Cn", "Co"), exclude_characters="\x00")
TEXTS = st.one_of(
    st.text(CHARACTERS, min_size=1, max_size=40),
    st.lists(st.sampled_from(["🗼", "é", "e\u0301", "=1+1", "\n", "'", '"', ",", ";", "<b>", "word", "\r\n", "\t", " "]),
             min_size=1, max_size=12).map("".join),
).filter(str.strip)  # fmt: skip
TARGETS = st.dictionaries(
    st.sampled_from(["board", "the crews", "a/b", "=x", "42", "none", "é, 🗼"])
    | st.from_regex(r"[A-Za-z][\w/ ,-]{0,8}[a-z]", fullmatch=True),
    st.text("abc ", min_size=1, max_size=5), max_size=3,
)  # fmt: skip


@st.composite
def items(draw: Any, number: int) -> Item:
    targets = draw(TARGETS)
    tasks = draw(st.lists(st.sampled_from(TASKS), unique=True, min_size=1))
    return Item(
        unit_id=f"a{number}-000{number}", document=f"a{number}", kind=draw(st.sampled_from(["paragraph", "comment"])),
        text=draw(TEXTS), title=draw(st.none() | TEXTS), before=draw(st.none() | TEXTS), parent=draw(st.none() | TEXTS),
        targets=targets, toward=tuple(targets), portrayed=tuple(t for t in targets if draw(st.booleans())),
        tasks=tuple(t for t in TASKS if t in tasks), weight=draw(st.none() | st.floats(0.5, 100)),
    )  # fmt: skip


@st.composite
def answers(draw: Any, item: Item) -> tuple[str, Answer]:
    """An answer with its status, complete or not."""

    def some(task: str) -> dict[str, str]:
        return {
            t: draw(st.sampled_from(BOOK.labels(task))) for t in item.asked(task) if draw(st.integers(0, 4))
        }

    ends = st.integers(0, len(item.text))
    spans = st.lists(
        st.builds(Mark, ends, ends, st.sampled_from(BOOK.labels("loaded")), st.sampled_from(VOICES)).filter(
            lambda m: m.start < m.end
        ),
        max_size=4,
    )
    frames = st.lists(st.sampled_from(BOOK.labels("frames")), max_size=3)
    given = Answer(
        stance=some("stance"), portrayal=some("portrayal"),
        loaded=tuple(draw(spans)) if "loaded" in item.tasks and draw(st.booleans()) else None,
        frames=tuple(draw(frames)) if "frames" in item.tasks and draw(st.booleans()) else None,
        reply=draw(st.none() | st.sampled_from(BOOK.labels("reply"))) if "reply" in item.tasks else None,
        note=draw(st.text(CHARACTERS, max_size=20)), flagged=draw(st.booleans()),
    )  # fmt: skip
    tidy = parse_answer(given, item, BOOK)
    return draw(
        st.sampled_from(["draft", "skipped"] if missing(tidy, item) else ["draft", "skipped", "done"])
    ), tidy


@st.composite
def projects(draw: Any) -> Project:
    units = [draw(items(number)) for number in range(draw(st.integers(1, 3)))]
    coders = draw(
        st.lists(
            st.sampled_from(["ida", "Ole Ness", "=eva", "adjudicated", "a/b:c", "é🗼"]),
            unique=True,
            max_size=3,
        )
    )
    out = []
    for unit in units:
        for coder in sorted(coders):
            if draw(st.integers(0, 3)):
                status, given = draw(answers(unit))
                out.append(Coded(unit.unit_id, coder, status, given))
    return Project(units, out, BOOK, "c0ffee")


def in_order(found: list[Coded]) -> list[Coded]:
    return sorted(found, key=lambda one: (one.unit_id, one.coder))


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(given=projects())
def test_what_is_written_is_read_again(given: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("x")
    for name in TOOL_FORMATS:
        if name == "potato" and not given.coded:
            continue  # without a coder it has no file of answers
        path = folder / name / NAMES[name]
        FORMATS[name].write(given, path)
        found = check_given(given, name, path)
        assert [(r.path, r.detail) for r in found.rejected] == [], name
        assert in_order(found.coded) == in_order(list(given.coded)), name


# ---- one project, written by hand

CODED = [
    coded(ITEMS[0], "ida"),
    coded(
        ITEMS[1], "ida", loaded=(mark(TEXT, "“gutted” the"), mark(TEXT, "gutted", "doubt", "quoted")),
        frames=("political", "economic"),
    ),
    coded(ITEMS[1], "ole", stance={"board": "against"}, status="draft", note="=unsure"),
    Coded("a2-0003", "ole", "skipped", Answer(flagged=True)),
]  # fmt: skip


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    def write(name: str) -> Path:
        (tmp_path / name / "p.labels.sqlite").unlink(missing_ok=True)
        with project(tmp_path / name) as state:
            state.add(CODED)
            path = tmp_path / NAMES[name]
            (line,) = write_labels(state, name, path)
            assert line.startswith("3 units, 4 answers (done 2, skipped 1, draft 1)")
        return path

    (tmp_path / "again").mkdir()
    for name in TOOL_FORMATS:
        (tmp_path / name).mkdir()
    return write


def read(path: Path, name: str, coder: str = "") -> Found:
    with project(path.parent / "again") as state:
        return read_labels(state, name, path, coder=coder)


def test_places_are_counted_as_each_tool_counts_them(written: Callable[[str], Path]) -> None:
    """One character beyond U+FFFF is before the words: code point 13 is UTF-16 unit 14."""
    start = TEXT.index("gutted")
    studio = json.loads(written("label-studio").read_text("utf-8"))
    results = studio[1]["annotations"][0]["result"]
    assert [r["value"]["start"] for r in results if r["from_name"] == "technique"] == [start - 1, start]
    assert results[2]["value"]["text"] == "gutted"
    rows = [json.loads(line) for line in written("doccano").read_text("utf-8").splitlines()]
    assert rows[1]["entities"] == [
        [start, start + 12, "loaded_language/outlet"],
        [start + 1, start + 7, "doubt/quoted"],
    ]
    prodigy = [json.loads(line) for line in written("prodigy").read_text("utf-8").splitlines()]
    assert [span["start"] for span in prodigy[1]["spans"]] == [start - 1, start]
    with zipfile.ZipFile(written("cas")) as archive:
        cas = json.loads(archive.read("00002-0.json"))
    begins = [f["begin"] for f in cas["%FEATURE_STRUCTURES"] if f["%TYPE"] == "slant.LoadedLanguage"]
    assert sorted(begins) == [start, start + 1]


def test_utf16_places_inside_a_character_are_no_places() -> None:
    places = Utf16("a🗼b")
    assert [places.units(p) for p in range(4)] == [0, 1, 3, 4]
    assert [places.point(u) for u in (0, 1, 3, 4)] == [0, 1, 2, 3]
    for wrong in (2, 5, -1, None, "1"):
        with pytest.raises(Exception, match="no place"):
            places.point(wrong)


def test_old_label_studio_places_are_understood(written: Callable[[str], Path]) -> None:
    path = written("label-studio")
    tasks = json.loads(path.read_text("utf-8"))
    for result in tasks[1]["annotations"][0]["result"]:
        if "start" in result["value"]:
            result["value"]["start"] += 1
            result["value"]["end"] += 1
    path.write_text(json.dumps(tasks), "utf-8")
    found = read(path, "label-studio")
    assert found.rejected == []
    assert in_order(found.coded) == in_order(CODED)


def test_files_as_the_tools_write_them_are_read(tmp_path: Path) -> None:
    """Spans and labels that were made in the tool: a voice is added, and a coder is named by the tool or by the user."""
    start = TEXT.index("gutted")
    quay = {"start": start, "end": start + 6, "text": "gutted"}
    studio = [{
        "id": 7, "project": 3, "data": {"text": TEXT, "unit_id": "a1-0001"}, "predictions": [],
        "annotations": [{
            "id": 5, "completed_by": {"id": 2, "email": "eva@x.org"}, "was_cancelled": False, "lead_time": 3.1,
            "result": [
                {"id": "x1", "from_name": "technique", "type": "labels", "value": {**quay, "labels": ["doubt"]}},
                {"id": "x2", "from_name": "stance-board", "type": "choices", "value": {"choices": ["favor"]}},
            ],
        }],
    }]  # fmt: skip
    doccano = {"id": 9, "data": TEXT, "unit_id": "a1-0001", "cats": ["stance/board/favor"],
               "entities": [{"id": 1, "label": "doubt", "start_offset": start + 1, "end_offset": start + 7}]}  # fmt: skip
    prodigy = {"text": TEXT, "meta": {"unit_id": "a1-0001"}, "accept": ["stance/board/favor"], "answer": "accept",
               "spans": [{"start": start, "end": start + 6, "label": "doubt", "token_start": 4, "token_end": 4}],
               "_annotator_id": "eva@x.org", "_view_id": "blocks"}  # fmt: skip
    (tmp_path / "again").mkdir()
    for name, content in (
        ("label-studio", json.dumps(studio)), ("doccano", json.dumps(doccano)), ("prodigy", json.dumps(prodigy)),
    ):  # fmt: skip
        path = tmp_path / NAMES[name]
        path.write_text(content, "utf-8")
        (tmp_path / "again" / "p.labels.sqlite").unlink(missing_ok=True)
        found = read(path, name, coder="eva@x.org")
        assert found.rejected == [], name
        (one,) = found.coded
        assert (one.coder, one.status) == ("eva@x.org", "draft")
        assert one.answer == Answer(
            stance={"board": "favor"}, loaded=(mark(TEXT, "gutted", "doubt", "outlet"),)
        ), name


@pytest.mark.parametrize("name", ["csv", "xlsx"])
def test_one_changed_cell_costs_its_row(written: Callable[[str], Path], name: str) -> None:
    path = written(name)
    rows = table(path)
    assert len(rows) == 19
    spans = next(i for i, row in enumerate(rows) if row["task"] == "loaded" and row["unit_id"] == "a1-0001")
    assert rows[spans]["label"] == "12-24 loaded_language outlet; 13-19 doubt quoted"
    assert rows[spans]["words"] == "“gutted” the | gutted"
    rows[0]["label"] = "agianst"
    rows[spans]["text"] = "Another text."
    save(path, rows)
    found = read(path, name)
    assert [r.path.rpartition(" ")[2] for r in found.rejected] == ["2", str(spans + 2)]
    assert "no label 'agianst' for stance. Did you mean 'against'?" in found.rejected[0].detail
    assert "another text here" in found.rejected[1].detail
    kept = {(one.unit_id, one.coder): one for one in found.coded}
    assert len(kept) == 4
    assert (kept["a1-0000", "ida"].status, kept["a1-0000", "ida"].answer) == ("draft", Answer(loaded=()))
    assert kept["a1-0001", "ida"].answer == replace(CODED[1].answer, loaded=None)
    assert kept["a1-0001", "ole"] == CODED[2]


def test_formulas_are_guarded_in_csv_and_texts_in_xlsx(written: Callable[[str], Path]) -> None:
    raw = written("csv").read_text("utf-8-sig")
    assert "\"'=Nonsense" in raw
    assert ",'=unsure" in raw
    from openpyxl import load_workbook

    book = load_workbook(written("xlsx"))
    cells = [
        cell for row in book.worksheets[0].iter_rows() for cell in row if str(cell.value).startswith("=")
    ]
    assert len(cells) >= 4
    assert {cell.data_type for cell in cells} == {"s"}


def test_a_table_may_be_filled_in_by_hand(tmp_path: Path) -> None:
    """Empty rows are not read, and numbers are no places."""
    (tmp_path / "again").mkdir()
    with project(tmp_path) as state:
        write_labels(state, "csv", tmp_path / "l.csv")
    rows = table(tmp_path / "l.csv")
    assert [row["label"] for row in rows] == [""] * 10
    wanted = {
        ("a1-0000", "stance"): "favor",
        ("a1-0000", "loaded"): "0",
        ("a2-0003", "loaded"): "2",
        ("a2-0003", "reply"): "deny",
    }
    for row in rows:
        row["label"] = wanted.get((row["unit_id"], row["task"]), "")
    save(tmp_path / "l.csv", rows)
    found = read(tmp_path / "l.csv", "csv", coder="ida")
    assert [(c.unit_id, c.status, c.answer) for c in found.coded] == [
        ("a1-0000", "done", Answer(stance={"board": "favor"}, loaded=())),
        ("a2-0003", "draft", Answer(reply="deny")),
    ]
    assert ["says how many spans there are, but not where" in r.detail for r in found.rejected] == [True]
    assert "nobody is named as the coder" in read_again(tmp_path).rejected[-1].detail


def read_again(folder: Path) -> Found:
    (folder / "again" / "p.labels.sqlite").unlink()
    return read(folder / "l.csv", "csv")


def test_broken_rows_of_tools_are_named(written: Callable[[str], Path]) -> None:
    path = written("doccano")
    lines = path.read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    rows[0]["unit_id"] = "gone"
    rows[1]["entities"][0][0] = 5  # inside the first character
    rows[2]["cats"] = ["stance/board/agianst"]
    path.write_text("\n".join([*map(json.dumps, rows), '{"torn', "[]"]), "utf-8")
    found = read(path, "doccano")
    assert [one.unit_id for one in found.coded] == ["a2-0003"]
    details = [r.detail for r in found.rejected]
    for detail, reason in zip(
        details,
        ("unit 'gone' is not", "no place in a text", "no label 'agianst'", "not JSON", "an object"),
        strict=True,
    ):
        assert reason in detail


def test_files_of_another_kind_are_refused(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    wrong = tmp_path / "x.csv"
    wrong.write_text("name,age\nida,4\n")
    for name, reason in (
        ("csv", "expected the columns unit_id, task and label"), ("xlsx", "cannot be read as a workbook"),
        ("label-studio", "cannot be read as JSON"), ("cas", "expected a ZIP"), ("potato", "no user_state.json"),
    ):  # fmt: skip
        (tmp_path / "again" / "p.labels.sqlite").unlink(missing_ok=True)
        with pytest.raises(UsageError, match=reason):
            read(wrong, name)
    (tmp_path / "again" / "p.labels.sqlite").unlink()
    with pytest.raises(UsageError, match="no such file"):
        read(tmp_path / "gone.csv", "csv")


def test_label_studio_gets_its_interface(written: Callable[[str], Path]) -> None:
    from xml.etree import ElementTree

    view = ElementTree.fromstring(written("label-studio").with_suffix(".xml").read_text("utf-8"))
    names = {element.get("name") for element in view if element.get("name")}
    results = json.loads(written("label-studio").read_text("utf-8"))
    used = {r["from_name"] for task in results for a in task["annotations"] for r in a["result"]}
    assert used <= names


def test_a_cas_that_unpacks_to_too_much_is_refused_by_name(
    written: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from slant.labeling import cas_files

    monkeypatch.setattr(cas_files, "MOST_BYTES", 10)
    found = read(written("cas"), "cas")
    assert found.rejected
    assert {each.reason for each in found.rejected} == {"too_large"}


def test_cas_files_are_valid_for_uima(written: Callable[[str], Path]) -> None:
    import cassis

    with zipfile.ZipFile(written("cas")) as archive:
        types = cassis.load_typesystem(io.BytesIO(archive.read("TypeSystem.xml")))
        assert types.get_type("slant.LoadedLanguage").supertype.name == "uima.tcas.Annotation"
        cas = cassis.load_cas_from_json(io.BytesIO(archive.read("00002-0.json")))
    assert cas.typecheck() == []
    assert sorted(a.get_covered_text() for a in cas.select("slant.LoadedLanguage")) == [
        "gutted",
        "“gutted” the",
    ]


def table(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    from openpyxl import load_workbook

    head, *rows = load_workbook(path).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(head, row, strict=True)) for row in rows]


def save(path: Path, rows: list[dict[str, Any]]) -> None:
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return
    from openpyxl import Workbook

    book = Workbook()
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append(list(row.values()))
        for cell in book.active[book.active.max_row]:
            if isinstance(cell.value, str):
                cell.data_type = "s"
    book.save(path)
