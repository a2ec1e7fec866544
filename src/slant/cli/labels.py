"""label: people label units in the browser, and their labels go to and from other tools."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from slant.cli.options import DONE, SOME_REJECTED, keep_finished, overwrite, say, stoppable
from slant.errors import UsageError, require

if TYPE_CHECKING:
    from slant.labeling.state import State

SUFFIX = ".labels.sqlite"
TOOL_FORMATS = ("csv", "xlsx", "label-studio", "doccano", "prodigy", "cas", "potato")
FORMATS = ("gold", "labels", *TOOL_FORMATS)
SECOND_SHARE = 0.2
SHOWN = 10  # rejected rows that are printed
_TASKS = ("stance", "portrayal", "loaded", "frames", "reply")


@click.command()
@click.argument("source", type=click.Path(dir_okay=False))
@click.option(
    "--state", type=click.Path(dir_okay=False), help=f"File of the project. Default: SOURCE{SUFFIX}."
)
@click.option(
    "--coder",
    default="",
    help="Who labels. Default: the page asks. With --import: where the file names nobody.",
)
@click.option(
    "--task",
    "tasks",
    multiple=True,
    type=click.Choice(_TASKS),
    help="Questions to ask. May be repeated. Default: all but portrayal; of a sample, those that it was drawn for.",
)
@click.option(
    "--targets",
    type=click.Path(dir_okay=False),
    help="Targets file (TOML), in place of the targets in SOURCE.",
)
@click.option(
    "--codebook",
    type=click.Path(dir_okay=False),
    help="Your own labels with their definitions, and targets (TOML).",
)
@click.option(
    "--second-share",
    type=click.FloatRange(0, 1),
    help=f"Share of the units, drawn at random, that a second coder labels, too. Default: {SECOND_SHARE}.",
)
@click.option(
    "--port", default=0, type=click.IntRange(0, 65535), help="Port of the page. Default: any free one."
)
@click.option("--export", "exported", type=click.Choice(FORMATS), help="Write the labels to -o and end.")
@click.option("-o", "--output", help="With --export: the file (potato: the folder).")
@click.option(
    "--import",
    "imported",
    nargs=2,
    type=(click.Choice(TOOL_FORMATS), click.Path()),
    metavar="FORMAT FILE",
    help="Take over labels from a file and end.",
)
@overwrite
def label(
    source: str, exported: str | None, output: str | None, imported: tuple[str, str] | None, **given: Any
) -> int:
    """Label units in the browser, on this machine alone.

    SOURCE is a file of slant sample, score or split, or the file of a project. The project is one SQLite file; every answer
    is saved at once. Formats: gold is for slant compare --gold, labels for training; the others go to other tools and back.
    """
    require("label", "krippendorff", what="slant label")
    overwritten = given.pop("overwrite")
    if bool(exported) != bool(output):
        raise UsageError("--export and -o belong together: slant label SOURCE --export csv -o labels.csv")
    if exported and imported:
        raise UsageError("--export and --import cannot be done in one call.")
    if output:
        keep_finished(output, overwrite=overwritten)
        if exported == "potato" and Path(output).is_dir() and not overwritten:
            raise UsageError(
                f"-o {output}: it is there already. Add --overwrite to replace it, or give another name."
            )
    with _open(
        Path(source),
        **{name: given[name] for name in ("state", "tasks", "targets", "codebook", "second_share")},
    ) as state:
        if exported and output:
            return _export(state, exported, Path(output))
        if imported:
            return _import(state, *imported, coder=given["coder"])
        return _serve(state, given["coder"], given["port"])


def _open(
    source: Path, *, state: str | None, tasks: tuple[str, ...], targets: str | None, codebook: str | None,
    second_share: float | None,
) -> State:  # fmt: skip
    """Open the project of a source, or make it."""
    from slant.labeling.questions import check_codebook
    from slant.labeling.sources import read_source, source_texts
    from slant.labeling.state import State
    from slant.labels.codebook import Codebook
    from slant.labels.targets import Targets

    is_project = source.name.endswith(SUFFIX) and not state
    path = source if is_project else Path(state or f"{source}{SUFFIX}")
    if is_project or path.exists():
        if tasks or targets or codebook or second_share is not None:
            raise UsageError(
                f"{path} is there already, and --task, --targets, --codebook and --second-share are decided when a project "
                "begins. Leave them out to go on with it, or give another --state to begin anew."
            )
        opened = State.open(path)
        if not is_project:
            opened.check_texts(source_texts(source))
        return opened
    own = check_codebook(Codebook.load(Path(codebook), own=True)) if codebook else None
    named = targets or (codebook if codebook and _has_targets(Path(codebook)) else None)
    book = own or Codebook.load()
    found = read_source(
        source, tasks=tasks, targets=Targets.load(Path(named)) if named else None, codebook=book
    )
    for note in found.notes:
        say(note)
    say(f"{len(found.items):,} units to label → {path}")
    return State.create(
        path,
        found.items,
        codebook=book,
        fingerprint=own.fingerprint if own else found.codebook,
        second_share=SECOND_SHARE if second_share is None else second_share,
    )


def _has_targets(path: Path) -> bool:
    import tomllib

    return "target" in tomllib.loads(path.read_text("utf-8-sig"))


def _serve(state: State, coder: str, port: int) -> int:
    require("label", "starlette", "uvicorn", what="the page of slant label")
    from slant.labeling.questions import check_coder
    from slant.labeling.server import serve

    with stoppable(), suppress(KeyboardInterrupt):
        serve(state, coder=check_coder(coder) if coder else "", port=port, say=say)
    say(f"labels are in {state.path}")
    return DONE


def _export(state: State, name: str, output: Path) -> int:
    from slant.labeling.exchange import write_labels

    for line in write_labels(state, name, output):
        say(line)
    return DONE


def _import(state: State, name: str, path: str, *, coder: str) -> int:
    from slant.labeling.exchange import read_labels

    found = read_labels(state, name, Path(path), coder=coder)
    state.add(found.coded)
    units = len({one.unit_id for one in found.coded})
    coders = sorted({one.coder for one in found.coded})
    say(
        f"{len(found.coded):,} answers about {units:,} units by {', '.join(coders) or 'nobody'} → {state.path}"
    )
    for rejected in found.rejected[:SHOWN]:
        say(f"  not taken over: {rejected.path}: {rejected.detail}")
    if len(found.rejected) > SHOWN:
        say(f"  and {len(found.rejected) - SHOWN:,} more")
    return SOME_REJECTED if found.rejected else DONE
