"""Labels in files: gold for comparing, labels for training, and the formats of other labeling tools, in and out.

Every format of another tool can hold all that a project holds: the units, the answers of every coder with spans that overlap,
notes, flags, and which answers are unfinished. What comes in is checked against the project, answer by answer: what does not
fit is left out and named, and costs nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from slant.atomic_files import make_folder
from slant.errors import Rejected, UsageError
from slant.labeling import cas_files, potato_files, table_files, tool_files
from slant.labeling.coders import finals
from slant.labeling.final_files import write_gold, write_training
from slant.labeling.project import Given, Project, same_text
from slant.labeling.questions import (
    DONE,
    DRAFT,
    SKIPPED,
    Coded,
    WrongAnswer,
    check_coder,
    missing,
    parse_answer,
)
from slant.labeling.state import State


class Format(Protocol):
    def write(self, project: Project, path: Path) -> None: ...

    def read(self, project: Project, path: Path) -> Iterator[Given | Rejected]: ...


@dataclass(frozen=True, slots=True)
class Found:
    """coded: answers that fit. rejected: what was left out, with its place in the file."""

    coded: list[Coded]
    rejected: list[Rejected]


_FORMATS: dict[str, Format] = {
    "csv": table_files.CSV,
    "xlsx": table_files.XLSX,
    "label-studio": tool_files.LABEL_STUDIO,
    "doccano": tool_files.DOCCANO,
    "prodigy": tool_files.PRODIGY,
    "cas": cas_files.CAS,
    "potato": potato_files.POTATO,
}


def write_labels(state: State, name: str, output: Path) -> list[str]:
    """Write the labels of a project in a format. Returns lines for the user.

    Raises UsageError for gold and labels while coders differ on a unit that is not adjudicated: without its hard units a
    sample is no longer random.
    """
    items = list(state.items())
    project = Project(items, state.coded(), state.codebook, state.fingerprint)
    if name != "potato":
        make_folder(output)
    if name in _FORMATS:
        _FORMATS[name].write(project, output)
        statuses = Counter(one.status for one in project.coded)
        counts = ", ".join(
            f"{status} {statuses[status]:,}" for status in (DONE, SKIPPED, DRAFT) if statuses[status]
        )
        return [f"{len(items):,} units, {len(project.coded):,} answers ({counts or 'none yet'}) → {output}"]
    final = finals(project.coded, project.by_id)
    if final.open:
        questions = sum(map(len, final.open.values()))
        raise UsageError(
            f"coders differ on {len(final.open):,} units ({questions:,} questions) that nobody has decided. Decide them on "
            "the page, under Disagreements: without its hard units a sample is no longer random."
        )
    if not final.answers:
        raise UsageError(
            f"{state.path}: no unit has been labeled to the end yet, so there is nothing to write."
        )
    write = write_gold if name == "gold" else write_training
    count = write(project, final, output)
    lines = [
        f"{count:,} {'questions' if name == 'gold' else 'rows'} about {len(final.answers):,} units → {output}"
    ]
    if final.skipped:
        lines.append(
            f"{len(final.skipped):,} units were skipped and are not in it. If they are the hard ones, the rest is not random."
        )
    if final.begun:
        lines.append(f"{len(final.begun):,} units were begun and never finished, and are not in it.")
    return lines


def read_labels(state: State, name: str, path: Path, *, coder: str = "") -> Found:
    """Read labels of a project from a file in a format. Nothing is written yet.

    coder: whose the answers are where the file does not say. Raises UsageError if the file cannot be read as a whole.
    """
    project = Project(list(state.items()), [], state.codebook, state.fingerprint)
    return check_given(project, name, path, coder=coder)


def check_given(project: Project, name: str, path: Path, *, coder: str = "") -> Found:
    """Like `read_labels`, for a project that is not in a file."""
    if not path.exists():
        raise UsageError(f"--import {name} {path}: no such file.")
    found = Found([], [])
    seen: set[tuple[str, str]] = set()
    for given in _FORMATS[name].read(project, path):
        if isinstance(given, Rejected):
            found.rejected.append(given)
            continue
        try:
            coded = _checked(project, given, coder)
            if (coded.unit_id, coded.coder) in seen:
                raise WrongAnswer(
                    f"a second answer of {coded.coder} about unit {coded.unit_id}; the first one is kept"
                )
        except WrongAnswer as error:
            found.rejected.append(Rejected(given.where, "label", str(error)))
            continue
        seen.add((coded.unit_id, coded.coder))
        found.coded.append(coded)
    return found


def _checked(project: Project, given: Given, coder: str) -> Coded:
    item = project.by_id.get(given.unit_id)
    if item is None:
        raise WrongAnswer(f"unit {given.unit_id!r} is not in this project")
    if given.text is not None and not same_text(given.text, item.text):
        raise WrongAnswer(f"unit {given.unit_id} has another text here than in the project. Was it edited?")
    name = given.coder or coder
    if not name:
        raise WrongAnswer("nobody is named as the coder. Say who labeled with --coder NAME")
    answer = parse_answer(given.answer, item, project.codebook)
    status = given.status or DONE
    if status == DONE and missing(answer, item):
        status = DRAFT
    return Coded(item.unit_id, check_coder(name), status, answer)
