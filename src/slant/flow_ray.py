"""From the command line's options to scores by way of a Ray cluster: what `flow` does on one machine, dealt out to many."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from slant import flow
from slant.errors import Rejected, SlantError, TakesRejected, UsageError
from slant.labels.targets import Targets
from slant.reading.columns import mapping
from slant.reading.seen import Seen
from slant.reading.sources import find_files, read_articles
from slant.reading.units import split
from slant.records import Score
from slant.scoring.cluster import Document, Found, deal, started
from slant.scoring.files import made_by_slant, write_rows
from slant.scoring.journal import journal_path
from slant.scoring.kept import Kept
from slant.scoring.ready import ready_units
from slant.scoring.rejections import Rejections
from slant.scoring.score import questions
from slant.scoring.storage import fetched, is_storage, listed, refusals, refuse_options, replace_object

GROUP_BYTES, GROUP_FILES = 8_000_000, 64  # what one task reads, whichever comes first


@dataclass(frozen=True, slots=True)
class File:
    """shown: its name in messages. place: what a node opens. here: whether it is there where the run began."""

    shown: str
    place: str
    size: int = 0
    here: bool = True


def write_scores(options: dict[str, Any], rejected: Rejections) -> int:
    """As `flow.write_scores`, with the same rows in the same order; PATHS and output may be URLs of object storage.

    Raises UsageError for what a cluster cannot be given: standard input, and pages to fetch.
    """
    from slant.scoring.runtime import load

    output = options["output"]
    _refuse(options)
    targets = Targets.load(Path(options["targets"]) if options["targets"] else None)
    folder = Path(options["model"]).absolute() if options["model"] else None
    chosen = {"runtime": options["runtime"]} if options.get("runtime") else {}
    model = partial(load, folder, threads=1, **chosen)
    made = flow.made_with(options, model(), targets)
    groups = list(grouped(_files(options)))
    with started():
        kept = None
        if output != "-":
            place = output if is_storage(output) else os.path.abspath(output)
            kept = Kept.begin(place, made, resume=options["resume"])
        read = partial(_read, options=options, targets=targets)
        try:
            with closing(deal(groups, read=read, load=model, made=made, kept=kept)) as found:
                rows = flow.counted(_once_each(found, rejected), options["quiet"])
                count = _write(rows, output, made)
        except BaseException:
            if kept and kept.chunks():
                said = f"what was scored is kept in {kept.folder}"
                print(f"slant: {said}; the same command with --resume goes on from there", file=sys.stderr)
            elif kept:
                kept.remove()
            raise
    rejected.write(output)  # before what was kept goes: a run that is stopped here can still be gone on with
    if kept:
        kept.remove()
    return count


def _refuse(options: dict[str, Any]) -> None:
    output = options["output"]
    for url in (*options["paths"], output):
        refuse_options(url)
    if options["urls"]:
        raise UsageError("--urls fetches pages with one machine's manners; it works with --engine local.")
    if options.get("device", "cpu") != "cpu":
        raise UsageError(
            "--device cuda works with --engine local; the actors of --engine ray have one core each."
        )
    if "-" in options["paths"]:
        raise UsageError(
            "--engine ray reads files that every node can open, not standard input. Save it to a file."
        )
    if output == "-" and options["resume"]:
        raise UsageError("--resume: what went to standard output cannot be taken back. Give -o FILE.")
    if not is_storage(output) and (journal := journal_path(Path(output))).exists():
        raise UsageError(
            f"-o {output}: an earlier run with --engine local was stopped, and its units are kept in {journal}. Go on with "
            "--engine local --resume, or delete that file to start over."
        )


def _write(rows: Iterable[Score], output: str, made: dict[str, str]) -> int:
    if not is_storage(output):
        return write_rows(rows, output, made=made)
    with tempfile.TemporaryDirectory(prefix="slant-") as folder:
        local = Path(folder) / output.rpartition("/")[2]
        count = write_rows(rows, str(local), made=made)
        with local.open("rb") as content:
            replace_object(output, content)
    return count


def _once_each(found: Iterable[Found], rejected: TakesRejected) -> Iterator[Score]:
    seen = Seen()
    for item in found:
        if isinstance(item, Rejected):
            rejected.append(item)
        elif item.article_id and (first := seen.first(item.article_id, item.path)):
            rejected.append(flow.repeated(item.path, first))
        else:
            yield from item.scores


def _files(options: dict[str, Any]) -> Iterator[File | Rejected]:
    """Every file once, in order; what this run writes is left out, as `flow.units` does."""
    own = flow.own_files(options)
    seen: set[str] = set()
    for path in options["paths"]:
        for found in _found(path, units=options["units"]):
            if isinstance(found, Rejected):
                yield found
            elif os.path.realpath(found.place) in own:
                if not _ours(found.place):
                    raise UsageError(
                        f"-o {options['output']}: {found.shown} is read and would be overwritten. Give another name."
                    )
            elif found.place not in seen:
                seen.add(found.place)
                yield found


def _ours(place: str) -> bool:
    if not is_storage(place):
        return made_by_slant(place)
    with refusals(place), fetched(place) as local:
        return made_by_slant(local)


def _found(path: str, *, units: bool) -> Iterator[File | Rejected]:
    if is_storage(path):
        for found in listed(path):
            yield found if isinstance(found, Rejected) else File(found[0], found[0], found[1])
        return
    for name in [path] if units else find_files([path]):  # ready-made units are in files that are named
        if isinstance(name, Rejected):
            yield name
        else:
            here = os.path.lexists(name)
            yield File(
                name, os.path.abspath(name), os.path.getsize(name) if os.path.isfile(name) else 0, here
            )


def grouped(files: Iterable[File | Rejected]) -> Iterator[list[File | Rejected]]:
    """Neighbours together, up to GROUP_BYTES and GROUP_FILES."""
    group: list[File | Rejected] = []
    for found in files:
        group.append(found)
        if len(group) == GROUP_FILES or sum(f.size for f in group if isinstance(f, File)) >= GROUP_BYTES:
            yield group
            group = []
    if group:
        yield group


# ---- on the nodes


def _read(group: Sequence[File | Rejected], *, options: dict[str, Any], targets: Targets) -> Iterator[Found]:
    """What is in the files of a group, in order, under the names that `flow` gives it."""
    for file in group:
        if isinstance(file, Rejected):
            yield file
        elif is_storage(file.place):
            try:
                with fetched(file.place) as local:
                    yield from _named(_documents(local, options, targets), local, file.shown)
            except OSError as error:
                detail = f"the storage refuses to read it: {error}. Check the credentials."
                yield Rejected(file.shown, "unreadable", detail)
        elif file.here and not os.path.lexists(file.place):
            raise SlantError(
                f"{file.place}: node {platform.node()} has no such file, and where the run began there is one. Put the input "
                "on storage that all nodes share, or name it by a URL (s3://…, gs://…)."
            )
        else:
            yield from _named(_documents(file.place, options, targets), file.place, file.shown)


def _documents(path: str, options: dict[str, Any], targets: Targets) -> Iterator[Found]:
    if options["units"]:
        rejected: list[Rejected] = []
        for question in ready_units([path], targets, rejected, stdin=sys.stdin):
            yield from rejected
            rejected.clear()
            yield Document(path, "", (question,))
        yield from rejected
        return
    for found in read_articles([path], outlet=options["outlet"], columns=mapping(options["mapped"])):
        if isinstance(found, Rejected):
            yield found
        else:
            units = split(found, comments_from=options["comments_from"])
            yield Document(found.path, found.article_id, tuple(questions(units, targets)))


def _named(found: Iterable[Found], place: str, shown: str) -> Iterator[Found]:
    """The same under the name that the user gave. A name that is no Unicode is shown with marks in place of its bytes."""
    place, shown = (os.fsencode(name).decode("utf-8", "replace") for name in (place, shown))
    for item in found:
        if isinstance(item, Rejected):
            yield Rejected(item.path.replace(place, shown), item.reason, item.detail.replace(place, shown))
        else:
            yield replace(item, path=item.path.replace(place, shown))
