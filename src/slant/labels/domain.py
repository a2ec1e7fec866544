"""The domain training set: pieces of FA-KES with stance, loaded language and frames, labelled **by a language model**.

Pieces of 209 articles of all 15 outlets, drawn by outlet and date with a seed (labels/annotation.py), each read once under
the codebook; a part was read a second time by another session (data/domain_second.jsonl), which is for agreement only. How
far this way of labelling agrees with people is measured on public sets (benchmarks/agreement.py, data/README.md).
Stand-off: a text is looked up by the checksum of its article, which is not in the repository.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slant.assets import asset
from slant.errors import SlantError
from slant.labels.public import fa_kes
from slant.labels.public.files import check_split, digest
from slant.labels.targets import Targets
from slant.records import Example, Span, TargetLabel

NAME: str = "slant_domain"
SPLITS: tuple[str, ...] = ("all", "fit", "tune")


def read(root: Path, split: str = "fit") -> Iterator[Example]:
    """One Example per piece; "tune" is a fifth of the articles, by checksum. meta: `outlet`, `published`, `kind`.

    Targets are those that the piece names and that carry a label; what it only means is in the file, not in the Example.
    Raises SlantError if an article is not found: the set in `root` differs from the one that was annotated.
    """
    check_split(NAME, split, SPLITS)
    yield from examples(root, asset("domain.jsonl"), split)


def examples(root: Path, file: Path, split: str = "all") -> Iterator[Example]:
    """The rows of `file` with their texts. Raises SlantError for an article or a piece that is not there."""
    articles = {digest(a.text): a for a in fa_kes.read_articles(root)}
    targets = Targets.load()
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        tune = int(row["document"], 16) % 5 == 0
        if split != "all" and tune != (split == "tune"):
            continue
        article = articles.get(row["document"])
        text = article.text[row["start"] : row["end"]] if article else ""
        if article is None or digest(text) != row["text"]:
            raise SlantError(
                f"{file.name}: the piece {row['text']} is not in fa_kes under {root}. Check `slant data check`."
            )
        yield Example(
            id=f"{NAME}-{row['text']}",
            source=NAME,
            split=split,
            group=row["document"],
            text=text,
            targets=named(text, row["stance"], targets),
            loaded=spans(row["loaded"]),
            frames=tuple(row["frames"]),
            meta={
                "outlet": str(article.outlet),
                "published": str(article.published),
                "kind": row["kind"],
                "reader": row["reader"],
            },
        )


def named(text: str, stance: dict[str, str], targets: Targets) -> tuple[TargetLabel, ...]:
    """The targets that `text` names among those that have a label in `stance`."""
    return tuple(
        TargetLabel(targets.name(target), stance[target], mentions)
        for target, mentions in targets.find(text).items()
        if target in stance
    )


def spans(loaded: list[dict[str, Any]]) -> tuple[Span, ...]:
    return tuple(Span(s["start"], s["end"], s["label"]) for s in loaded)
