"""PolNeAR 1.0: attributions (source, cue, content) in US campaign news, in brat annotation files.

Source: Newell, Margolin and Ruths, "An Attribution Relations Corpus for Political News", LREC 2018.
License: none stated; research use, the texts must not be republished.
Layout: `<split>/text/<name>.txt` and `<split>/attributions/<name>_<annotator>.ann`, splits "train" and "dev".
Mapping: each `E` line with a content is one Attribution; `Content2` and further contents are merged into the content.

Pitfalls
- A span may have several fragments (`120 131;140 151`).
- An article may have up to six annotators. Do not add up their attributions.
- The surface text of three spans contains a line break and continues on the next line. These spans are read.
- `Discuss` and `Discard` are notes that the annotators wrote for themselves; lines starting with `#` are their remarks.
- Content includes paraphrase and belief ("she doubts that …"), not only quotation.
- Spans whose offsets do not fit the text are skipped and counted in `Annotated.bad`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from slant.errors import Rejected, UsageError

Fragments = tuple[tuple[int, int], ...]

_SPAN = re.compile(r"(T\d+)\t([\w-]+) ([\d ;]+)(?:\t(.*))?$")
_RELATION = re.compile(r"(E\d+)\t(.+)$")
_ROLES = ("Source", "Cue", "Content")


@dataclass(frozen=True, slots=True)
class Attribution:
    """One attribution: the fragments of each role, in order; empty if the annotator marked none."""

    id: str
    source: Fragments
    cue: Fragments
    content: Fragments


@dataclass(frozen=True, slots=True)
class Annotated:
    """An article with the attributions of one annotator. bad: spans skipped because their offsets do not fit the text."""

    name: str
    annotator: str
    text: str
    attributions: tuple[Attribution, ...]
    bad: int = 0


def read_polnear(folder: Path, split: str, *, all_annotators: bool = False) -> Iterator[Annotated]:
    """Yield the articles of a split, sorted by name.

    folder: contains `train/` and `dev/`.
    all_annotators: yield an article once per annotator; by default only for the first annotator by name.
    Raises UsageError if the split is missing, Rejected if an annotation file has no text file.
    """
    files = sorted((folder / split / "attributions").glob("*.ann"))
    if not files:
        raise UsageError(
            f"No PolNeAR annotations (*.ann) in {folder / split / 'attributions'}. "
            "Expected the corpus' own layout: train/ and dev/, each with text/ and attributions/."
        )
    previous = None
    for path in files:
        name, _, annotator = path.stem.rpartition("_")
        if name == previous and not all_annotators:
            continue
        previous = name
        source = folder / split / "text" / f"{name}.txt"
        if not source.is_file():
            raise Rejected(
                str(path), "missing", f"its text {source} does not exist; copy text/ beside attributions/."
            )
        text = source.read_bytes().decode("utf-8")
        attributions, bad = parse_ann(path.read_bytes().decode("utf-8"), text)
        yield Annotated(name, annotator, text, attributions, bad)


def parse_ann(ann: str, text: str) -> tuple[tuple[Attribution, ...], int]:
    """Return the attributions of one .ann file, and the number of spans whose offsets do not fit `text`."""
    spans: dict[str, Fragments] = {}
    attributions: list[Attribution] = []
    bad = 0
    for line in ann.split("\n"):
        if found := _SPAN.match(line):
            key, _, offsets, surface = found.groups()
            fragments = _fragments(offsets)
            if _fits(fragments, surface or "", text):
                spans[key] = fragments
            else:
                bad += 1
        elif found := _RELATION.match(line):
            roles = _roles(found[2], spans)
            if roles["Content"]:
                attributions.append(Attribution(found[1], roles["Source"], roles["Cue"], roles["Content"]))
    return tuple(attributions), bad


def _fragments(offsets: str) -> Fragments:
    pairs = [part.split() for part in offsets.split(";")]
    return tuple((int(pair[0]), int(pair[1])) if len(pair) == 2 else (-1, -1) for pair in pairs)


def _fits(fragments: Fragments, surface: str, text: str) -> bool:
    """Check that the offsets lie inside the text and give the words of `surface`, the text stored with the span.

    Words after the end of `surface` are not compared: it is cut at the first line break of the span.
    """
    if any(not 0 <= start < end <= len(text) for start, end in fragments):
        return False
    words = " ".join(text[start:end] for start, end in fragments).split()
    expected = surface.split()
    return words[: len(expected)] == expected


def _roles(relation: str, spans: dict[str, Fragments]) -> dict[str, Fragments]:
    """Parse `Attribution:T4 Content:T3 Cue:T2 Content2:T7` into fragments per role; skipped spans are ignored."""
    roles: dict[str, Fragments] = dict.fromkeys(_ROLES, ())
    for part in relation.split():
        role, _, key = part.partition(":")
        role = role.rstrip("0123456789")
        if role in roles:
            roles[role] = tuple(sorted(roles[role] + spans.get(key, ())))
    return roles
