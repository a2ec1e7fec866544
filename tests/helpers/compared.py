"""Scored units written for the tests of comparing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from slant.comparing.clusters import Clusters, find_clusters
from slant.comparing.counts import count_hits, make_hits, make_text_parts
from slant.comparing.events import group_articles
from slant.comparing.score_tables import Store, open_store


def unit(article: str, text: str = "Council met.", *, outlet: str = "Gazette", **more: Any) -> dict[str, Any]:
    """A row of a score file. stance, portrayal: target → label. loaded: phrases of the text, in its kind's own voice."""
    kind = more.pop("kind", "paragraph")
    position = more.pop("position", 0)
    stance, portrayal = more.pop("stance", {}), more.pop("portrayal", {})
    phrases: Sequence[str] = more.pop("loaded", ())
    voice = more.pop("voice", "reader" if kind == "comment" else "outlet")
    reply = more.pop("reply", None)
    frames = more.pop("frames", ())
    row = {
        "article_id": article, "unit_id": f"{article}-{position:04d}", "kind": kind, "text": text, "start": 0,
        "end": len(text), "position": position, "outlet": outlet, "published": "2026-03-01", "title": None, "url": None,
        "author": None, "parent_id": None, "toxic": [], "biased": 0.1, "subjective": 0.1, "flags": [], "model": "m",
        "codebook": "c",
    }  # fmt: skip
    row["stance"] = [
        {
            "target": target,
            "label": label,
            "scores": {"against": 0.2, "neutral": 0.6, "favor": 0.1, "unrelated": 0.1},
            "mentions": [[0, 1]],
        }
        for target, label in stance.items()
    ]
    row["portrayal"] = [
        {"target": target, "label": label, "scores": {"negative": 0.3, "neutral": 0.5, "positive": 0.2}}
        for target, label in portrayal.items()
    ]
    spans = [(text.index(phrase), phrase) for phrase in phrases]
    row["loaded"] = [
        {"start": at, "end": at + len(p), "text": p, "label": "name_calling", "score": 0.9, "voice": voice}
        for at, p in spans
    ]
    row["frames"] = [{"label": label, "score": 0.9} for label in frames]
    scores = {label: 0.25 for label in ("support", "deny", "query", "comment")}
    row["reply"] = {"label": reply, "scores": scores} if reply else None
    return {**row, **more}


@contextmanager
def store_of(folder: Path, rows: Sequence[dict[str, Any]], *, by: str = "outlet") -> Iterator[Store]:
    path = folder / "scores.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    with open_store([str(path)], by=by) as store:
        yield store


def prepare(store: Store, *, events: bool = True, merge_copies: bool = True, portrayal: bool = False) -> None:
    """Make the tables that the parts of a comparison read. Without `events`, the table `grouped` is left out."""
    if events:
        group_articles(store)
    make_text_parts(store, merge_copies=merge_copies and events)
    make_hits(store, portrayal=portrayal)


def clusters_of(store: Store, *wanted: str) -> Clusters:
    """The clusters of a store that was prepared."""
    return find_clusters(store, count_hits(store), wanted=wanted)
