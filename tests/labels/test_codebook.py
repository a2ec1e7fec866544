"""The codebook: complete, validated on loading, with the same labels as the records and the model."""

import pytest

from slant.encoding.label_ids import FRAMES, TECHNIQUES
from slant.errors import UsageError
from slant.labels.codebook import Codebook
from slant.records import PORTRAYALS, REPLIES, STANCE_ANSWERS

ENTRY = 'definition = "d"\nexample = "e"\ncounter_example = "c"\n'


@pytest.fixture
def book():
    return Codebook.load()


def load(tmp_path, text):
    path = tmp_path / "codebook.toml"
    path.write_text(text, encoding="utf-8")
    return Codebook.load(path)


def test_its_labels_are_those_of_the_records_and_the_model(book):
    assert book.labels("stance") == STANCE_ANSWERS
    assert book.labels("portrayal") == PORTRAYALS
    assert book.labels("reply") == REPLIES
    assert book.labels("loaded") == TECHNIQUES
    assert book.labels("frames") == FRAMES
    assert [book.labels(task) for task in ("toxic", "biased", "subjective")] == [
        ("toxic",),
        ("biased",),
        ("subjective",),
    ]


def test_every_task_has_a_rule_and_every_text_is_unique_in_its_task(book):
    assert set(book.rules) == set(book.tasks)
    sizes = {}
    for task, labels in book.tasks.items():
        texts = [
            text for each in labels.values() for text in (each.definition, each.example, each.counter_example)
        ]
        assert len(texts) == len(set(texts)), task
        sizes[task] = len(texts) // 3
    assert sizes == {
        "stance": 4, "portrayal": 3, "loaded": 14, "frames": 15, "reply": 4, "toxic": 1, "biased": 1, "subjective": 1,
    }  # fmt: skip


def test_notes_of_frames_state_their_frac_labels(book):
    assert all(book.entry("frames", label).note.startswith("FrAC: ") for label in book.labels("frames"))


def test_unknown_labels_and_tasks_get_a_suggestion(book):
    with pytest.raises(UsageError, match=r"no label 'favour' for stance\. Did you mean 'favor'\?"):
        book.entry("stance", "favour")
    with pytest.raises(UsageError, match=r"no task 'frame'\. Did you mean 'frames'\?"):
        book.labels("frame")


def test_the_fingerprint_depends_only_on_the_content(tmp_path):
    first = load(tmp_path, f"version = 1\n[stance.a]\n{ENTRY}[stance.b]\n{ENTRY}").fingerprint
    shuffled = load(tmp_path, f"# a remark\nversion = 1\n[stance.b]\n{ENTRY}[stance.a]\n{ENTRY}").fingerprint
    changed = load(tmp_path, f"version = 1\n[stance.a]\n{ENTRY}[stance.b]\n{ENTRY}note = 'n'").fingerprint
    assert first == shuffled != changed
    assert len(first) == 12
    assert int(first, 16) >= 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "version = 1\n[stance.favor]\ndefinition = 'd'\nexample = 'e'",
            r"\[stance\.favor\]: counter_example is missing",
        ),
        (
            f"version = 1\n[stance.favor]\n{ENTRY}exmple = 'x'",
            r"unknown key 'exmple'\. Did you mean 'example'",
        ),
        ("version = 1\n[stance.favor]\ndefinition = ' '", r"\[stance\.favor\]: 'definition' has no text"),
        (f"[stance.favor]\n{ENTRY}", '"version" is None'),
        ("version = 1", "no labels"),
        ("version = 1\nstance = 'favor'", "'stance' is not a table of labels"),
        ("version = 1\n[stance]\nfavor = 'x'", r"\[stance\.favor\]: expected a table"),
        ("version =", "not a TOML file"),
    ],
)
def test_an_invalid_file_is_reported_with_the_place(tmp_path, text, message):
    with pytest.raises(UsageError, match=message):
        load(tmp_path, text)


def test_a_missing_file_is_reported_with_its_path(tmp_path):
    with pytest.raises(UsageError, match=r"none\.toml: no such codebook"):
        Codebook.load(tmp_path / "none.toml")
