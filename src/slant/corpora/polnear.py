"""PolNeAR 1.0: who says what in US campaign news, as brat stand-off files.

Source: Newell, Margolin and Ruths, "An Attribution Relations Corpus for Political News", LREC 2018.
Licence: none stated; for research, the texts are not to be republished.
Layout: `<split>/text/<name>.txt` and `<split>/attributions/<name>_<annotator>.ann`, splits "train" and "dev".
Mapping: each `E` line with a content is one Attribution; `Content2` and further ones join the content.
Traps: a span may have several fragments (`120 131;140 151`); an article may have up to six annotators, whose
attributions must not be added up; the surface text of three spans holds a line break and spills over to a
next line, these are read; `Discuss` and `Discard` are the annotators' notes to themselves, `#` lines their
remarks; content takes in paraphrase and belief ("she doubts that …"), not only quotation; spans whose offsets
do not fit the text are left out and counted in `Annotated.bad`.
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
    """One attribution. Each role is its fragments in order, empty where the annotator marked none."""

    id: str
    source: Fragments
    cue: Fragments
    content: Fragments


@dataclass(frozen=True, slots=True)
class Annotated:
    """An article as one annotator saw it. bad: spans left out because their offsets do not fit the text."""

    name: str
    annotator: str
    text: str
    attributions: tuple[Attribution, ...]
    bad: int = 0


def read_polnear(folder: Path, split: str, *, all_annotators: bool = False) -> Iterator[Annotated]:
    """The articles of a split, sorted by name.

    folder: the one that holds `train/` and `dev/`.
    all_annotators: give an article once per annotator; otherwise only with the first annotator by name.
    Raises UsageError if the split is not there, Rejected if an annotation file has no text file.
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
                str(path), "missing", f"its text {source} is not there; copy text/ beside attributions/."
            )
        text = source.read_bytes().decode("utf-8")
        attributions, bad = parse_ann(path.read_bytes().decode("utf-8"), text)
        yield Annotated(name, annotator, text, attributions, bad)


def parse_ann(ann: str, text: str) -> tuple[tuple[Attribution, ...], int]:
    """Attributions of one stand-off file, and the number of spans whose offsets do not fit `text`."""
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
    """Whether the offsets lie in the text and say what the annotator's tool wrote down beside them.

    Only as far as `surface` goes: it stops where the span's own text has a line break.
    """
    if any(not 0 <= start < end <= len(text) for start, end in fragments):
        return False
    said = " ".join(text[start:end] for start, end in fragments).split()
    noted = surface.split()
    return said[: len(noted)] == noted


def _roles(relation: str, spans: dict[str, Fragments]) -> dict[str, Fragments]:
    """Fragments per role from `Attribution:T4 Content:T3 Cue:T2 Content2:T7`; spans left out are skipped."""
    roles: dict[str, Fragments] = dict.fromkeys(_ROLES, ())
    for part in relation.split():
        role, _, key = part.partition(":")
        role = role.rstrip("0123456789")
        if role in roles:
            roles[role] = tuple(sorted(roles[role] + spans.get(key, ())))
    return roles
