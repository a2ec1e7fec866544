"""What each block of an article is: title, subtitle, lead, heading, paragraph … or metadata, boilerplate."""

from __future__ import annotations

import re
from collections.abc import Sequence

from slant.reading.blocks import Block, joined
from slant.reading.boilerplate import THRESHOLD, boilerplate_score
from slant.reading.margins import is_media, is_metadata
from slant.reading.names import commenter, is_marker

_FURNITURE = ("metadata", "media", "boilerplate", "rule")
_STOPPED = ".!?:…"
_CLOSERS = "\"'”’»)]*_"
_OPENERS = "\"'“‘«([*_"
# A sentence does not end in one of these: what follows belongs to it even if it begins with a capital.
_UNFINISHED = frozenset((
    "a", "an", "the", "of", "and", "or", "to", "in", "with", "for", "by", "from", "at", "on", "as",
    "than", "that", "which", "who", "whose", "is", "are", "was", "were", "be", "been", "has", "have",
    "had", "will", "would", "can", "could", "may", "might", "should", "its", "their", "his", "her", "our",
    "your", "my", "between", "into", "over", "under", "about", "against", "during", "President",
    "Minister", "General", "Mr", "Mrs", "Ms", "Dr",
))  # fmt: skip


def furniture(blocks: Sequence[Block]) -> list[str]:
    """Per block "metadata", "media", "boilerplate", "rule" or "", judged without regard to its place."""
    return [_furniture(block) for block in blocks]


def _furniture(block: Block) -> str:
    if block.form == "rule":
        return "rule"
    text = block.text
    if not text:
        return "media" if "![" in block.source else "rule"
    if is_media(text, block.source):
        return "media"
    if block.form == "text" and boilerplate_score(text, tail=False) >= THRESHOLD:
        return "boilerplate"
    if block.form in ("text", "heading") and is_metadata(text):
        return "metadata"
    return ""


def is_torn(before: Block, then: Block, *, again: bool = False) -> bool:
    """Did a page break tear a paragraph in two, mid-sentence, between these blocks?

    again: `before` is itself the end of a torn paragraph, so it may be short.
    """
    if then.form not in ("text", before.form) or before.form not in ("text", "list_item", "quote"):
        return False
    if then.form == "list_item" or not 1 <= then.gap <= 3:
        return False
    end, start = before.text, then.text
    words = end.rsplit(None, 9)
    bare = end.rstrip(_CLOSERS)
    if (len(words) < 6 and not again) or not start or not bare or bare[-1] in _STOPPED:
        return False
    first = start.lstrip(_OPENERS)[:1]
    if first.islower() and not start.startswith(("http", "www.")):
        return True
    return len(words) == 10 and end[-1].isalpha() and words[-1] in _UNFINISHED and first.isalnum()


def mend(blocks: Sequence[Block], signs: Sequence[str]) -> tuple[list[Block], list[str]]:
    """Blocks with torn paragraphs joined, and the furniture signs that go with them."""
    groups: list[list[Block]] = []
    kept: list[str] = []
    for block, sign in zip(blocks, signs, strict=True):
        last = groups[-1] if groups and not sign and not kept[-1] else None
        if last and is_torn(last[-1], block, again=len(last) > 1):
            last.append(block)
        else:
            groups.append([block])
            kept.append(sign)
    return [joined(group) for group in groups], kept


def roles(
    blocks: Sequence[Block], signs: Sequence[str], *, title: str | None, authors: tuple[str, ...]
) -> list[str]:
    """The kind of each block of an article; "rule" for those without a text.

    title: of the article where known, else found here. authors: names whose blurb at the end is boilerplate.
    """
    kinds = [sign or _by_form(block) for block, sign in zip(blocks, signs, strict=True)]
    _tail(blocks, kinds, authors)
    body = next(
        (i for i, b in enumerate(blocks) if not kinds[i].startswith(_FURNITURE) and is_paragraph(b)),
        len(blocks),
    )
    at = _title(blocks, kinds, body, title)
    if at is not None:
        kinds[at] = "title"
        _names_in_head(blocks, kinds, at, authors)
        _subtitle(blocks, kinds, at)
    _lead(blocks, kinds)
    for i, block in enumerate(blocks):
        if kinds[i] == "paragraph" and _heading_score(blocks, kinds, i, block) >= _HEADING_THRESHOLD:
            kinds[i] = "heading"
    return kinds


def _by_form(block: Block) -> str:
    if block.form == "text":
        return "heading" if block.emphasis == "strong" and is_short(block.text) else "paragraph"
    return block.form


def is_short(text: str) -> bool:
    """Short enough for a heading, and without the end of a sentence."""
    return (
        len(text) <= 120
        and len(text.split()) <= 16
        and text.rstrip(_CLOSERS)[-1:] not in (".", ",", ";", ":")
    )


def is_paragraph(block: Block) -> bool:
    """Running text for sure: long, or several words that end as a sentence does."""
    text = block.text
    if block.form != "text" or len(text) < 40:
        return False
    return len(text) > 200 or (len(text.split()) >= 8 and text.rstrip(_CLOSERS)[-1:] in (".", "?", "!", "…"))


def _tail(blocks: Sequence[Block], kinds: list[str], authors: tuple[str, ...]) -> None:
    """Mark the boilerplate at the end of the article, from the last block backwards."""
    for i in range(len(blocks) - 1, 0, -1):
        if kinds[i] in _FURNITURE:
            continue
        if is_marker(blocks[i].text):  # "Leave a reply", with no reply below
            kinds[i] = "metadata"
            continue
        if blocks[i].form not in ("text", "heading"):
            return
        source = blocks[i].source.strip("*_ ")
        link = source.startswith("[") and source.endswith(")") and source.count("](") == 1
        after = kinds[i - 1] in ("rule", "boilerplate") or _furniture(blocks[i - 1]) == "boilerplate"
        score = boilerplate_score(blocks[i].text, tail=True, after_rule=after, names=authors, link=link)
        score += 1.0 if blocks[i].emphasis == "em" and score else 0.0
        if score < THRESHOLD:
            return
        kinds[i] = "boilerplate"


def _title(blocks: Sequence[Block], kinds: Sequence[str], body: int, title: str | None) -> int | None:
    head = [i for i in range(min(body + 1, len(blocks))) if kinds[i] in ("paragraph", "heading")]
    if title:
        wanted = _squeezed(title)
        for i in head[:6]:
            if _squeezed(blocks[i].text) == wanted:
                return i
    head = [i for i in head if i < body]
    marked = [i for i in head if blocks[i].form == "heading"]
    top = [i for i in marked if blocks[i].level == 1]
    if top:
        return top[0]
    if not head:
        return None
    first = head[0]
    if blocks[first].form == "heading" or _could_be_title(blocks[first]):
        return first
    return marked[0] if marked else None


def _could_be_title(block: Block) -> bool:
    text = block.text
    return (
        block.form == "text"
        and 2 <= len(text) <= 200
        and text.rstrip(_CLOSERS)[-1:] not in (".", ",", ";", ":")
    )


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _names_in_head(blocks: Sequence[Block], kinds: list[str], title: int, authors: tuple[str, ...]) -> None:
    """A bare name next to a byline or date line, or the author's own, is metadata too."""
    for i in range(title + 1, min(title + 6, len(blocks) - 1)):
        if kinds[i] not in ("paragraph", "metadata"):
            return
        name = commenter(blocks[i].text)
        near = "metadata" in (kinds[i + 1], kinds[i - 1]) and len(blocks[i].text.split()) <= 4
        if kinds[i] == "paragraph" and name and (near or name in authors):
            kinds[i] = "metadata"


def _subtitle(blocks: Sequence[Block], kinds: list[str], title: int) -> None:
    """The line below the title, when a byline follows it or it does not end as a sentence."""
    at = next(
        (i for i in range(title + 1, len(blocks)) if kinds[i] not in ("metadata", "rule", "media")), None
    )
    if at is None or kinds[at] not in ("paragraph", "heading") or at + 1 >= len(blocks):
        return
    block, after = blocks[at], kinds[at + 1]
    text = block.text
    direct = at == title + 1
    if len(text) > 300:
        return
    if direct and after == "metadata":
        kinds[at] = "subtitle"
    elif (
        block.form == "text" and text[-1:] not in _STOPPED and text[-1:] not in ",;" and after == "paragraph"
    ):
        long_enough = len(text.split()) > (3 if direct else 6)
        if long_enough and not block.emphasis and len(text) <= 250:
            kinds[at] = "subtitle"


def _lead(blocks: Sequence[Block], kinds: list[str]) -> None:
    """The first paragraph is the lead if all of it is set in italics or bold."""
    for i, block in enumerate(blocks):
        if kinds[i] in ("paragraph", "heading", "list_item", "quote"):
            if kinds[i] == "paragraph" and block.emphasis and len(block.text) > 60:
                kinds[i] = "lead"
            return


_HEADING_THRESHOLD = 3.0
_HEADING_WEIGHTS = {
    "open_end": 2.0,  # no punctuation at the end
    "few_words": 1.0,  # at most six
    "title_case": 1.5,
    "before_paragraph": 1.0,  # what follows is running text
    "after_paragraph": 0.5,
    "asks": 0.5,
    "quotes": -2.5,
    "lower_start": -4.0,
    "link": -3.0,
    "last": -4.0,
    "before_short": -2.0,
}


def _heading_score(blocks: Sequence[Block], kinds: Sequence[str], i: int, block: Block) -> float:
    """How much an unmarked short line looks like a heading; from _HEADING_THRESHOLD on it is one."""
    text = block.text
    if not is_short(text) or len(text.split()) > 12 or len(text) > 90 or len(block.lines) > 1:
        return 0.0
    following = [k for k in range(i + 1, min(i + 3, len(blocks))) if kinds[k] not in _FURNITURE]
    after = blocks[following[0]] if following else None
    previous = blocks[i - 1].text if i and kinds[i - 1] not in _FURNITURE else ""
    longer = [word for word in re.findall(r"[^\W\d_][\w'’-]*", text) if len(word) > 3]
    features = {
        "open_end": text[-1].isalnum() or text[-1] in ")%",
        "few_words": len(text.split()) <= 6,
        "title_case": bool(longer) and sum(not word[0].islower() for word in longer) >= 0.7 * len(longer),
        "before_paragraph": after is not None and (is_paragraph(after) or after.form == "list_item"),
        "after_paragraph": previous.rstrip(_CLOSERS)[-1:] in (".", "!", "?"),
        "asks": text[-1] == "?",
        "quotes": any(mark in text for mark in '"“”«»') or " said" in text,
        "lower_start": text.lstrip(_OPENERS)[:1].islower(),
        "link": "@" in text or "://" in text or "www." in text,
        "last": after is None,
        "before_short": after is not None
        and after.form == "text"
        and is_short(after.text)
        and len(after.text) < 60,
    }
    return sum(_HEADING_WEIGHTS[name] for name, holds in features.items() if holds)
