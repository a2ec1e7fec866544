"""Units to label, written for the tests of labeling, and answers about them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from slant.labeling.questions import Answer, Coded, Item, Mark
from slant.labeling.state import State
from slant.labels.codebook import Codebook

BOOK = Codebook.load()
BOARD = {"board": "the Harbour Board", "crews": "the crews"}
TEXT = "The 🗼 board “gutted” the old quay; the crews cheered."
ITEMS = (
    Item("a1-0000", "a1", "title", "Quay gutted again", targets=BOARD, toward=("board",), tasks=("stance", "loaded")),
    Item(
        "a1-0001", "a1", "paragraph", TEXT, title="Quay gutted again", before="Quay gutted again", targets=BOARD,
        toward=("board", "crews"), portrayed=("crews",), tasks=("stance", "portrayal", "loaded", "frames"), weight=2.5,
    ),
    Item(
        "a2-0003", "a2", "comment", "=Nonsense, nobody cheered!\n+1", title="Quay", parent="The crews cheered.",
        targets={"article": "the article"}, toward=("article",), tasks=("stance", "loaded", "reply"), weight=40.0,
    ),
)  # fmt: skip


def mark(text: str, words: str, label: str = "loaded_language", voice: str = "outlet") -> Mark:
    start = text.index(words)
    return Mark(start, start + len(words), label, voice)


def answer(item: Item, **changed: Any) -> Answer:
    """A complete answer, the same for everybody."""
    full = Answer(
        stance={target: "neutral" for target in item.toward},
        portrayal={target: "positive" for target in item.portrayed if "portrayal" in item.tasks},
        loaded=() if "loaded" in item.tasks else None,
        frames=("economic",) if "frames" in item.tasks else None,
        reply="deny" if "reply" in item.tasks else None,
    )
    return replace(full, **changed)


def coded(item: Item, coder: str, status: str = "done", **changed: Any) -> Coded:
    return Coded(item.unit_id, coder, status, answer(item, **changed))


def project(
    folder: Path, items: tuple[Item, ...] = ITEMS, *, second_share: float = 0.0, **more: Any
) -> State:
    return State.create(
        folder / "p.labels.sqlite",
        items,
        codebook=more.pop("codebook", BOOK),
        second_share=second_share,
        **more,
    )
