"""The options of `slant split`, `score` and `report`, and what both engines derive from them."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slant import __version__
from slant.errors import UsageError
from slant.labels.targets import Targets
from slant.scoring.rejections import notes_path, rejected_path

if TYPE_CHECKING:
    from slant.encoding.predictor import Predictor


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Which documents to read, and how."""

    paths: tuple[str, ...]  # files, folders, globs, "-" (standard input); with engine "ray" also storage URLs
    outlet: str | None = None  # outlet of documents that name none
    comments: bool = False  # rows of tables are comments, not articles
    join_comments: tuple[str, ...] = ()  # files of comments that are joined to the articles
    comments_from: str | None = None  # reader comments begin at the line that contains this text
    mapped: tuple[str, ...] = ()  # FIELD=COLUMN, for tables with other column names
    keep: tuple[str, ...] = ()  # other columns of tables that travel along; empty: all
    urls: bool = False  # `paths` are web addresses, or files that list them: fetch the pages
    allow_private: bool = False  # with `urls`: also fetch from private networks and this machine
    quiet: bool = False  # no progress on standard error


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """What to score, with which model, and where to write the scores."""

    reading: ReadOptions  # the documents
    output: str  # file to write, "-" for standard output
    targets: str | None = None  # targets file (TOML); None: the one that ships with slant
    units: bool = False  # the documents are ready-made units, one JSON object a line
    any_language: bool = False  # score units that are not in English, too
    model: str | None = None  # a size or a folder; None: SLANT_MODEL or the default (assets.chosen_model)
    runtime: str | None = (
        None  # "openvino" or "onnx"; None: OpenVINO where it is installed, else ONNX Runtime
    )
    device: str = "cpu"  # "cpu" or "cuda"
    threads: int | None = None  # cores to use; None: all that this process may use
    resume: bool = False  # continue an interrupted run of the same output
    engine: str = "local"  # "local", or "ray" for a Ray cluster


def own_files(output: str, inputs: Collection[str] = ()) -> set[str]:
    """Return the real paths of the files that a run writes. Found in an input folder, they are not read as articles.

    Raises UsageError if one of them is named in `inputs`.
    """
    written = (output, rejected_path(output), notes_path(output))
    own = {os.path.realpath(path) for path in written if path != "-"}
    for path in inputs:
        if path != "-" and os.path.realpath(path) in own:
            raise UsageError(f"-o {output}: {path} is read and would be overwritten. Give another name.")
    return own


def made_with(options: ScoreOptions, predictor: Predictor, targets: Targets) -> dict[str, str]:
    """Return all that the rows depend on besides the inputs: name → version, fingerprint or value."""
    reading = options.reading
    changing = {  # options that change the rows, beside model and targets
        "--units": options.units,
        "--any-language": options.any_language,
        "--outlet": reading.outlet,
        "--comments": reading.comments,
        "--join-comments": reading.join_comments,
        "--comments-from": reading.comments_from,
        "--map": reading.mapped,
        "--keep": reading.keep,
    }
    return {
        "slant": __version__,
        "model": predictor.fingerprint,
        "codebook": predictor.codebook,
        "targets": targets.fingerprint,
        **{name: str(value) for name, value in changing.items() if value},
    }


def refuse_resume_to_stdout(options: ScoreOptions) -> None:
    """Raise UsageError if a run that writes to standard output is to be resumed."""
    if options.output == "-" and options.resume:
        raise UsageError("--resume: output on standard output cannot be continued. Give -o FILE.")
