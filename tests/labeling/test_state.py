"""The project file: what is saved, who labels what, undo, and a killed process."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from labeled import BOOK, ITEMS, TEXT, answer, coded, mark, project
from slant.errors import UsageError
from slant.labeling.questions import Answer, Mark, WrongAnswer, parse_answer
from slant.labeling.state import State


def test_answers_are_there_after_the_file_is_opened_again(tmp_path: Path) -> None:
    full = answer(
        ITEMS[1], loaded=(mark(TEXT, "gutted"), mark(TEXT, "“gutted” the old")), note="why?", flagged=True
    )
    with project(tmp_path) as state:
        assert state.save("a1-0001", "ida", full, finish=True) == "done"
        assert state.save("a1-0000", "ida", Answer(stance={"board": "against"})) == "draft"
    with State.open(tmp_path / "p.labels.sqlite") as state:
        assert list(state.items()) == list(ITEMS)
        assert state.codebook == BOOK
        kept = {one.unit_id: one for one in state.coded()}
        assert kept["a1-0001"].answer == replace(full, loaded=tuple(sorted(full.loaded or ())))
        assert (kept["a1-0000"].status, kept["a1-0000"].answer.stance) == ("draft", {"board": "against"})


def test_every_change_is_kept_and_can_be_undone(tmp_path: Path) -> None:
    with project(tmp_path) as state:
        for label in ("against", "neutral", "neutral", "favor"):
            state.save("a1-0000", "ida", Answer(stance={"board": label}))
        assert len(state.history("a1-0000")) == 3  # the same answer again is no change
        assert state.undo("ida") == "a1-0000"
        assert state.coded()[0].answer.stance == {"board": "neutral"}
        assert [state.undo("ida"), state.undo("ida"), state.undo("ida")] == ["a1-0000", "a1-0000", None]
        assert state.coded() == []
        assert state.undo("ole") is None
        assert [undone for *_, undone in state.history("a1-0000")] == [True, True, True]


def test_an_answer_must_fit_its_unit(tmp_path: Path) -> None:
    with project(tmp_path) as state:
        for wrong, reason in (
            ({"stance": {"board": "agianst"}}, "no label 'agianst' for stance. Did you mean 'against'?"),
            ({"stance": {"king": "favor"}}, "stance toward 'king' is not asked"),
            ({"portrayal": {"board": "positive"}}, "portrayal toward 'board' is not asked"),
            (
                {"loaded": [{"start": 3, "end": 99, "label": "doubt", "voice": "outlet"}]},
                "span 3-99 is not in the text",
            ),
            ({"loaded": [{"start": 0, "end": 3, "label": "doubt", "voice": "king"}]}, "no voice 'king'"),
            ({"frames": ["economic"]}, "frames are not asked"),
            ({"reply": "deny"}, "reply is not asked"),
            ({"stance": 3}, "not an answer"),
            ([], "not an answer"),
        ):
            with pytest.raises(WrongAnswer, match=reason.replace("?", r"\?")):
                state.save("a1-0000", "ida", wrong)
        with pytest.raises(WrongAnswer, match="1 question has no answer yet"):
            state.save("a1-0000", "ida", {"stance": {"board": "favor"}}, finish=True)
        with pytest.raises(WrongAnswer, match="no unit 'x'"):
            state.save("x", "ida", {})
        with pytest.raises(WrongAnswer, match="no name of a coder"):
            state.save("a1-0000", "  ", {})
        assert state.coded() == []


def test_answers_are_made_tidy() -> None:
    spans = [Mark(8, 9, "doubt", "outlet"), Mark(2, 5, "doubt", "outlet"), Mark(2, 5, "doubt", "outlet")]
    given = Answer(stance={"board": "favor"}, loaded=tuple(spans), note=" a\x00b\r\nc\ud83d ")
    found = parse_answer(given, ITEMS[0], BOOK)
    assert found.loaded == (spans[1], spans[0])
    assert found.note == "ab\nc"


def test_second_readings_go_to_another_coder(tmp_path: Path) -> None:
    items = tuple(replace(ITEMS[0], unit_id=f"a{n}-0000", document=f"a{n}") for n in range(10))
    with project(tmp_path, items, second_share=0.3) as state:
        seen = []
        while unit := state.next_unit("ida"):
            seen.append(unit)
            state.save(unit, "ida", answer(ITEMS[0]), finish=True)
        assert seen == [item.unit_id for item in items]
        second = []
        while unit := state.next_unit("ole"):
            second.append(unit)
            state.save(unit, "ole", answer(ITEMS[0]), finish=True)
        assert len(second) == 3
        assert state.next_unit("eva") is None
        progress = state.progress("ole")
        assert (progress.done, progress.open, progress.total) == (3, 0, 10)
        assert (progress.readings, progress.wanted) == (13, 13)
        assert state.coders() == ["ida", "ole"]


def test_a_skipped_unit_stays_open_for_others(tmp_path: Path) -> None:
    with project(tmp_path) as state:
        assert state.save("a1-0000", "ida", {}, skip=True) == "skipped"
        assert state.next_unit("ida") == "a1-0001"
        assert state.next_unit("ole") == "a1-0000"
        assert state.progress("ida").skipped == 1


def test_files_that_are_no_project_are_refused(tmp_path: Path) -> None:
    text, other = tmp_path / "t.sqlite", tmp_path / "o.sqlite"
    text.write_text("no database, but long enough to be looked at" * 40)
    sqlite3.connect(other).execute("CREATE TABLE t (x)")
    for path, reason in (
        (text, "no file of slant label"),
        (other, "no file of slant label"),
        (tmp_path / "gone", "no such"),
    ):
        with pytest.raises(UsageError, match=reason):
            State.open(path)
    with project(tmp_path) as state:
        with pytest.raises(UsageError, match="2 of its 3 units are not in this one"):
            state.check_texts({"a1-0000": "Quay gutted again", "a1-0001": "another text"})
        state.check_texts({item.unit_id: item.text for item in ITEMS} | {"more": "x"})
    db = sqlite3.connect(tmp_path / "p.labels.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(UsageError, match="made by a newer slant"):
        State.open(tmp_path / "p.labels.sqlite")


_SAVES = """
import sys
from pathlib import Path
from labeled import ITEMS, answer, project
state = project(Path(sys.argv[1]))
for n in range(100_000):
    state.save("a1-0000", "ida", answer(ITEMS[0], note=f"no. {n}"), finish=True)
    print(n, flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="no SIGKILL")
def test_what_was_saved_survives_a_kill(tmp_path: Path) -> None:
    helpers = Path(__file__).parents[1] / "helpers"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(helpers), *sys.path])}
    command = [sys.executable, "-c", _SAVES, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        for line in process.stdout:
            if int(line) >= 20:
                break
        process.send_signal(signal.SIGKILL)
        last = int(([line, *process.stdout])[-1])
    with State.open(tmp_path / "p.labels.sqlite") as state:
        note = state.coded()[0].answer.note
        assert int(note.removeprefix("no. ")) >= last
        assert len(state.history("a1-0000")) >= last + 1
        state.save("a1-0000", "ida", answer(ITEMS[0], note="after"), finish=True)


def test_answers_of_a_batch_are_written_together_or_not_at_all(tmp_path: Path) -> None:
    with project(tmp_path) as state:
        good, bad = coded(ITEMS[0], "ida"), replace(coded(ITEMS[0], "ida"), coder="")
        with pytest.raises(WrongAnswer):
            state.add([good, bad])
        assert state.coded() == []
        state.add([good, good])
        assert len(state.history("a1-0000")) == 1
