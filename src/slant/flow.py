"""From the command line's options to units and scores, document by document."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slant.errors import Rejected, UsageError
from slant.labels.targets import Targets
from slant.reading.sources import read_articles
from slant.reading.units import split as split_article
from slant.scoring.files import made_by_slant, rejected_path


def units(options: dict[str, Any], rejected: list[Rejected]) -> Iterator[Any]:
    """All units of all documents, each once; what cannot be read or comes again goes to `rejected`."""
    found = read_articles(options["paths"], outlet=options["outlet"], stdin=sys.stdin.buffer)
    own = _own_files(options)
    seen: dict[str, str] = {}
    for document in _progress(found, "documents", options["quiet"]):
        if (path := os.path.realpath(_PLACE.sub("", document.path))) in own:
            _refuse_to_overwrite(path, document)
        elif isinstance(document, Rejected):
            rejected.append(document)
        elif first := seen.get(document.article_id):
            rejected.append(_repeated(document.path, first))
        else:
            seen[document.article_id] = document.path
            yield from split_article(document, comments_from=options["comments_from"])


def _repeated(path: str, first: str) -> Rejected:
    detail = (
        f"text, outlet, date and url are those of {first}; counted twice it would weigh double. Remove one."
    )
    return Rejected(path, "duplicate", detail)


_PLACE = re.compile(r"[:#]\d+\Z")  # line or row, behind the path of a document in a table


def _own_files(options: dict[str, Any]) -> set[str]:
    """What this run writes. Where it lies in an input folder it is the product of an earlier run, and no input.

    Raises UsageError if the output is itself named as input.
    """
    output = options["output"]
    own = {os.path.realpath(path) for path in (output, rejected_path(output)) if path != "-"}
    for path in options["paths"]:
        if path != "-" and os.path.realpath(path) in own:
            raise UsageError(f"-o {output}: {path} is read and would be overwritten. Give another name.")
    return own


def _refuse_to_overwrite(path: str, document: Any) -> None:
    if not isinstance(document, Rejected) and not made_by_slant(path):
        raise UsageError(f"-o {path}: it is one of the articles and would be overwritten. Give another name.")


def scores(options: dict[str, Any], rejected: list[Rejected]) -> Iterator[Any]:
    from slant.scoring.ready import ready_units
    from slant.scoring.runtime import load
    from slant.scoring.score import questions
    from slant.scoring.score import score as score_questions

    folder = Path(options["model"]) if options["model"] else None
    targets = Targets.load(Path(options["targets"]) if options["targets"] else None)
    reader = load(folder)
    if options["units"]:
        _own_files(options)
        asked = ready_units(options["paths"], targets, rejected, stdin=sys.stdin)
    else:
        asked = questions(units({**options, "quiet": True}, rejected), targets)
    return iter(
        _progress(score_questions(asked, reader=reader, codebook=reader.codebook), "units", options["quiet"])
    )


def _progress(rows: Any, unit: str, quiet: bool) -> Any:
    """Rows with count and rate on standard error, where someone may be looking."""
    if quiet:
        return rows
    from tqdm import tqdm

    return tqdm(rows, unit=f" {unit}", desc="slant", mininterval=0.5, file=sys.stderr)
