"""The journal of an interrupted run and its use by the next one: order, memory, locks, in one process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slant.errors import SlantError, UsageError
from slant.ingest.inputs import SeenDocuments
from slant.records import Score, Unit
from slant.scoring import local_run as local_run
from slant.scoring.local_run import resumed
from slant.scoring.resume import Journal, digest, journal_path
from slant.scoring.score import ScoreRequest

MADE = {"model": "m", "targets": "t"}


def request(number: int) -> ScoreRequest:
    return ScoreRequest(Unit("a", f"u{number}", "paragraph", f"text {number}", 0, 9, number))


class Model:
    """A scorer that records its requests, and how many it had consumed. ahead: requests that it consumes at a time."""

    def __init__(self, ahead: int = 4) -> None:
        self.ahead = ahead
        self.asked: list[int] = []

    def __call__(self, requests: Iterable[ScoreRequest]) -> Iterator[Score]:
        stream = iter(requests)
        while chunk := list(islice(stream, self.ahead)):
            self.asked += [q.unit.position for q in chunk]
            yield from (Score(q.unit, model="m", codebook="c") for q in chunk)


def run(output: Path, numbers: Iterable[int], model: Model, *, stop: int | None = None) -> list[int]:
    """Return the positions of the rows in order. stop: number of rows after which the run is killed."""
    came: list[int] = []
    with Journal(output, resume=True) as journal:
        journal.begin(MADE)
        for row in resumed(map(request, numbers), journal=journal, score=model):
            came.append(row.unit.position)
            if len(came) == stop:
                break
        else:
            journal.remove()
    return came


@pytest.mark.slow
@given(
    before=st.lists(st.integers(0, 40), max_size=40),
    now=st.lists(st.integers(0, 40), max_size=60),
    stop=st.integers(0, 40),
    ahead=st.integers(1, 9),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_after_any_change_of_the_input_rows_are_in_its_order(
    tmp_path: Path, before: list[int], now: list[int], stop: int, ahead: int
) -> None:
    output = tmp_path / "s.jsonl"
    journal_path(output).unlink(missing_ok=True)
    held, local_run.HELD = local_run.HELD, 5
    try:
        done = set(run(output, before, Model(ahead), stop=stop)) if stop and len(before) >= stop else set()
        model = Model(ahead)
        assert run(output, now, model) == now
    finally:
        local_run.HELD = held
    assert set(model.asked) == set(now) - done, "only units without a score are scored"
    assert not journal_path(output).exists()


def test_few_resumed_rows_wait_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """HELD rows are yielded before more are read, even if the scorer waits for the next request."""
    monkeypatch.setattr(local_run, "HELD", 10)
    output, looked = tmp_path / "s.jsonl", 0
    run(output, range(100), Model(), stop=96)

    def watched() -> Iterator[int]:
        nonlocal looked
        while looked < 100:
            looked += 1
            yield looked - 1

    with Journal(output, resume=True) as journal:
        journal.begin(MADE)
        for came, _ in enumerate(resumed(map(request, watched()), journal=journal, score=Model())):
            assert looked - came <= 10 + Model().ahead
    assert journal.taken >= 96


def test_the_digest_changes_with_every_field() -> None:
    asked = ScoreRequest(
        Unit("a", "u", "comment", "text", 0, 4, 1, outlet="Courier", voices=((0, 4, "reader"),)),
        mentions={"x": ((0, 1),)},
        article="Ferry returns",
    )
    others = [
        replace(asked, unit=replace(asked.unit, outlet="Herald")),
        replace(asked, unit=replace(asked.unit, text="texT")),
        replace(asked, unit=replace(asked.unit, voices=((0, 4, "quoted"),))),
        replace(asked, mentions={"x": ((0, 2),)}),
        replace(asked, topics=(("y", "the y"),)),
        replace(asked, article="Ferry lost"),
        replace(asked, parent="No."),
    ]
    assert len({digest(q) for q in (asked, *others)}) == 8
    assert digest(replace(asked)) == digest(asked)


def test_a_run_without_units_leaves_no_journal(tmp_path: Path) -> None:
    output = tmp_path / "new" / "s.jsonl"
    for _ in range(2):
        with pytest.raises(SlantError, match="no model"), Journal(output):
            raise SlantError("no model")
    assert list(output.parent.iterdir()) == []


def test_kept_rows_need_resume_and_the_message_counts_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "s.jsonl"
    run(output, range(9), Model(), stop=5)
    assert "5 scored units are kept in " in capsys.readouterr().err
    with pytest.raises(
        UsageError,
        match=r"interrupted after 5 units, which are kept in .*\.s\.jsonl\.unfinished\. Add --resume",
    ):
        Journal(output)
    with (
        pytest.raises(
            UsageError,
            match=r"scored with other settings:\n  model: m then, n now\n  --outlet: none then, X now",
        ),
        Journal(output, resume=True) as journal,
    ):
        journal.begin({**MADE, "model": "n", "--outlet": "X"})
    model = Model()
    assert run(output, range(9), model) == [*range(9)]
    assert model.asked == [5, 6, 7, 8]


def test_a_second_run_and_a_folder_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    output = tmp_path / "s.jsonl"
    with Journal(output), pytest.raises(UsageError, match="another run is writing it now"):
        Journal(output)
    with pytest.raises(UsageError, match="cannot be written"):
        Journal(tmp_path / f"{'x' * 300}.jsonl")


def test_documents_have_the_same_digest_in_every_process() -> None:
    seen = SeenDocuments()
    assert seen.add("a1", "one.txt") is None
    assert seen.add("b2", "caf\udce9.txt") is None
    assert seen.add("a1", "two.txt") == "one.txt"
    assert seen.add("b2", "x") == "caf?.txt"
