"""FIGNEWS 2024: posts of news media on the war in Gaza with votes on their bias (Zaghouani et al., 2024).

License: MIT (repository), CC BY-SA 4.0 (texts). Posts in five languages, in English as the organizers' machine translation
has them. Annotators of several teams said which side a post is biased against. Here: posts for which two thirds of the
votes agree.

Mapping (VOTES): "against Palestine" → against the Palestinians; "against Israel" → against Israel; "against both" → against
both; "unbiased" → neutral toward both. The target is called as in the annotators' question, which has no target for Hamas:
votes against Palestine include posts against Hamas alone. Group: the post's text; a few are in the file twice.

What the mapping cannot say
- Bias against one side says nothing about the other: it has no label, since such a post may favor it or be neutral.
- There is no "favor": nobody was asked whom a post favors.
- Bias is the annotators' impression of a whole post, also from what it selects, leaves out or quotes. The codebook asks for
  the author's own words. Readings by the codebook agree well with two-thirds majorities (data/README.md).
- Only 11 posts have a majority for bias against Israel: too few to judge that class by itself.
- Votes for "against others", "not applicable" and "unclear" count in the two thirds, but such posts are skipped.

Never train on this set: it is one of two in which people labeled the author's stance on texts unlike the training texts.

Pitfalls
- The authors do not publish this file as such. It joins the vote counts (FIGNEWS-2024-ALL-CLEAN-FLAT.tsv) with the English
  texts (FIGNEWS-2024-TEXT-MAIN.tsv and -IAA.tsv) by batch, language, id and type.
- Tab separated without quoting: with it, a quotation mark at the beginning of a post swallows the rows below.
- The teams wrote guidelines of their own, and single votes agree poorly. A third of the posts has a two-thirds majority.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from slant.corpora.files import check_split, digest, locate, table
from slant.errors import SlantError
from slant.labels.targets import Target, Targets
from slant.records import Example, TargetLabel

NAME: str = "fignews"
SPLITS: tuple[str, ...] = ("majority",)
PALESTINIANS = "Palestinians (Palestine, Gaza, Hamas)"
ISRAEL = "Israel"
# Column of votes → (stance toward the Palestinians, stance toward Israel); None: the vote does not say.
VOTES: dict[str, tuple[str | None, str | None]] = {
    "against_palestine": ("against", None),
    "against_israel": (None, "against"),
    "against_both": ("against", "against"),
    "unbiased": ("neutral", "neutral"),
}
OTHER_VOTES = ("against_others", "na", "unclear")
SIDES = Targets((
    Target(PALESTINIANS, PALESTINIANS, ("Palestine", "Palestinian", "Palestinians", "Hamas")),
    Target(ISRAEL, ISRAEL, ("Israel", "Israeli", "Israelis"), exact=("IDF",)),
))  # fmt: skip


def read_fignews(root: Path, split: str = "majority") -> Iterator[Example]:
    """Yield one Example per post with a two-thirds majority in VOTES; meta: `language` of the post, `batch`, `votes`."""
    check_split(NAME, split, SPLITS)
    path = locate(root, NAME, "joined_english_text_votes.tsv")
    columns = (*VOTES, *OTHER_VOTES, "batch", "source_language", "text_en")
    for number, row in table(path, columns, delimiter="\t", quoted=False):
        vote, n = _majority(path, number, row)
        if vote not in VOTES:
            continue
        named = SIDES.find(row["text_en"])
        yield Example(
            id=f"{NAME}-{number}",
            source=NAME,
            split=split,
            group=digest(row["text_en"]),
            text=row["text_en"],
            targets=tuple(
                TargetLabel(side, label, named.get(side, ()))
                for side, label in zip((PALESTINIANS, ISRAEL), VOTES[vote], strict=True)
                if label is not None
            ),
            meta={"language": row["source_language"], "batch": row["batch"], "votes": str(n)},
        )


def _majority(path: Path, number: int, row: dict[str, str]) -> tuple[str, int]:
    """Return what at least two thirds voted, "" without such a majority, and the number of votes."""
    try:
        votes = {name: int(row[name]) for name in (*VOTES, *OTHER_VOTES)}
    except ValueError as error:
        raise SlantError(
            f"{path} row {number}: a number of votes expected ({error}). Use the file as its authors publish it."
        ) from None
    n = sum(votes.values())
    return next((name for name, count in votes.items() if n and 3 * count >= 2 * n), ""), n
