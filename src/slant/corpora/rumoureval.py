"""RumourEval 2019 task A: replies in threads on breaking news (Gorrell et al., SemEval 2019).

License: CC BY; Twitter's terms also apply to the tweets.
Mapping: support/deny/query/comment are used unchanged. The context of a reply is the post that it answers, followed on the
next line by the thread's source post if that is another post. Group: the thread.

Pitfalls
- The label is the reply's attitude toward the thread's *source* post, not toward the parent.
- A source post has no parent: `context` is None, and its label is its attitude toward the rumor itself.
- 81 % of test is "comment": use macro-F1.
- 90 posts are empty (deleted, or a picture only) and 7 replies have no parent text. They are kept, since the official
  metric counts them.
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
    """Yield one Example per post, text unchanged; meta: `event`, `platform`, `is_source` "0" or "1"."""
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
    """Return the parent, then the source post on its own line if its text differs; None for a source post."""
    if row["is_source"]:
        return None
    posts = dict.fromkeys((row["parent_text"], row["source_text"]))  # ordered, without duplicates
    return "\n".join(post for post in posts if post) or None
