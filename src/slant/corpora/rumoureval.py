"""RumourEval 2019 task A: replies in threads on breaking news (Gorrell et al., SemEval 2019).

Licence: CC BY; the tweets also stand under Twitter's terms.
Mapping: support/deny/query/comment as they are. The context of a reply is the post that it answers and,
where that is not the thread's source post, the latter on the next line.
Group: the thread.

Traps
- The label is toward the thread's *source* post, not toward the parent.
- A source post has no parent: `context` is None; its label says how it treats the rumour itself.
- 81 % of test is "comment": judge by macro-F1.
- 90 posts are empty (deleted, or a picture alone) and 7 replies have no parent text. They are kept, since
  the official figure counts them.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from slant.corpora.files import check_split, json_lines, locate
from slant.records import Example

NAME: str = "rumoureval"
FOLDER = "rumoureval2019"
SPLITS: tuple[str, ...] = ("train", "dev", "test")


def read_rumoureval(root: Path, split: str) -> Iterator[Example]:
    """One Example per post; meta `event`, `platform` and `is_source` "0"/"1". The text is left as it is."""
    check_split(NAME, split, SPLITS)
    for _, row in json_lines(locate(root, FOLDER, "task_a.jsonl")):
        if row["split"] == split:
            yield Example(
                id=row["id"],
                source=NAME,
                split=split,
                group=row["thread"],
                text=row["text"],
                context=_context(row),
                reply=row["label"],
                meta={
                    "event": row["event"],
                    "platform": row["platform"],
                    "is_source": str(int(row["is_source"])),
                },
            )


def _context(row: dict[str, Any]) -> str | None:
    """Parent, then source post on a line of its own if it is another text; None for a source post."""
    if row["is_source"]:
        return None
    posts = dict.fromkeys((row["parent_text"], row["source_text"]))  # in order, each once
    return "\n".join(post for post in posts if post) or None
