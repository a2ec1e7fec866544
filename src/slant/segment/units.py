"""What a comment on an article is read with, where nobody says which comment it answers.

An article in, its units out: headings, paragraphs, list items, quotes, comments, with exact offsets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from slant.records import Article, Part, Unit
from slant.segment.block_roles import furniture, is_paragraph, mend, roles
from slant.segment.comment_section import commenter, comments, first_comment, is_aside, is_marker
from slant.segment.markdown import Block, Plain, blocks, concat
from slant.segment.voices import voices_of

OPENING_WORDS = 40  # of an article's body, after its title


def opening(units: Sequence[Unit]) -> str | None:
    """Title and first words of the article that these units of one document belong to; None if it has neither."""
    title = next((u.title for u in units if u.title), None)
    body = next((u.text for u in units if u.kind in ("lead", "paragraph")), None)
    return "\n".join(t for t in (title, " ".join((body or "").split()[:OPENING_WORDS])) if t) or None


_FRONT_MATTER = re.compile(
    r"\s*---[ \t]*\n(?P<fields>[\w-]+:[^\n]*\n(?:(?!---|\.\.\.)[^\n]*\n)*)(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A unit before it has its place; `part` is the index of the `Article.parts` entry that it came from."""

    kind: str
    start: int
    end: int
    plain: Plain
    author: str | None = None
    part: int | None = None


def split(article: Article, *, comments_from: str | None = None) -> list[Unit]:
    """All units in document order, metadata, media and boilerplate included (see `Unit.is_content`).

    comments_from: the comments begin at the first line that starts with this text, or else contains it;
        where no line does, the document is read as if nothing had been said.
    Never raises on any text; the time is linear in its length.
    """
    cut = _find_line(article.text, comments_from)
    drafts = list(_stated(article, cut) if article.parts else _plain(article, cut))
    drafts = sorted(
        (draft for draft in drafts if draft.plain.text), key=lambda draft: (draft.start, draft.end)
    )
    return _finished(article, drafts)


def _find_line(text: str, wanted: str | None) -> int:
    """Offset of the first line that starts with `wanted`, else of the first that contains it, else -1."""
    if not wanted or not wanted.strip():
        return -1
    wanted = wanted.strip()
    first, at = -1, text.find(wanted)
    while at >= 0:
        start = text.rfind("\n", 0, at) + 1
        if not text[start:at].strip():
            return start
        first = start if first < 0 else first
        stop = text.find("\n", at)
        at = text.find(wanted, stop) if stop >= 0 else -1
    return first


def _plain(article: Article, cut: int) -> Iterator[_Draft]:
    """Drafts of plain text or Markdown, with YAML front matter as one piece of metadata."""
    front = _FRONT_MATTER.match(article.text) if article.markup == "markdown" else None
    if front:
        yield from _whole(article, Part(*front.span("fields"), "metadata"), -1)
    yield from _found(article, front.end() if front else 0, len(article.text), cut)


def _found(article: Article, start: int, end: int, cut: int, *, search: bool = True) -> Iterator[_Draft]:
    """Drafts of a stretch where the text alone tells what is what. search: look for comments."""
    found = blocks(article.text, start, end, markdown=article.markup == "markdown", cut=cut)
    signs = furniture(found)
    at = len(found)
    if cut >= 0:
        at = next((i for i, block in enumerate(found) if block.start >= cut), at)
    elif search:
        first = next((i for i, block in enumerate(found) if not signs[i] and is_paragraph(block)), None)
        if first is not None:
            begin = first_comment(found, [bool(sign) for sign in signs], first)
            at = at if begin is None else begin
    yield from _article(article, found[:at], signs[:at])
    yield from _comments(found[at:], signs[at:])


def _article(article: Article, found: Sequence[Block], signs: Sequence[str]) -> Iterator[_Draft]:
    whole, signs = mend(found, signs)
    authors = tuple(name for name in (article.author, *_bylines(whole, signs)) if name)
    for block, kind in zip(whole, roles(whole, signs, title=article.title, authors=authors), strict=True):
        if kind != "rule":
            yield _Draft(kind, block.start, block.end, block.plain)


def _bylines(found: Sequence[Block], signs: Sequence[str]) -> Iterator[str]:
    for block, sign in zip(found[:12], signs, strict=False):
        if sign == "metadata" and block.text.lower().startswith("by ") and (name := commenter(block.text)):
            yield name


def _comments(found: Sequence[Block], signs: Sequence[str]) -> Iterator[_Draft]:
    neutral = [
        sign in ("boilerplate", "rule") or (sign == "metadata" and not _is_name(block))
        for block, sign in zip(found, signs, strict=True)
    ]
    taken: set[int] = set()
    for comment in comments(found, neutral):
        inside = [found[i] for i in comment.paragraphs]
        taken.update(comment.paragraphs)
        plain = concat([block.plain for block in inside], "\n\n")
        yield _Draft("comment", inside[0].start, inside[-1].end, plain, comment.author)
    for i, block in enumerate(found):
        if i not in taken and block.form != "rule":
            yield _Draft(
                "boilerplate" if signs[i] == "boilerplate" else "metadata",
                block.start,
                block.end,
                block.plain,
            )


def _is_name(block: Block) -> bool:
    return commenter(block.text) is not None and not is_aside(block.text) and not is_marker(block.text)


def _stated(article: Article, cut: int) -> Iterator[_Draft]:
    """Drafts of an article whose source tells the roles of its parts."""
    end = 0
    # A page whose comments no known markup told apart may hold them in its body.
    hidden = article.markup == "page" and all(part.role != "comment" for part in article.parts)
    for index, part in sorted(enumerate(article.parts), key=lambda item: item[1].start):
        yield from _whole(article, Part(end, part.start, "metadata"), index)
        end = max(end, part.end)
        if part.role == "body":  # a line of the title or of a comment is no place to cut the body
            here = cut if part.start <= cut < part.end else -1
            yield from _found(article, part.start, part.end, here, search=hidden)
        else:
            yield from _whole(article, part, index)
    yield from _whole(article, Part(end, len(article.text), "metadata"), len(article.parts))


def _whole(article: Article, part: Part, index: int) -> Iterator[_Draft]:
    """A part as one unit; the paragraphs of a comment are kept apart."""
    if part.end <= part.start:
        return
    inside = [
        b for b in blocks(article.text, part.start, part.end, markdown=article.markup == "markdown") if b.text
    ]
    if inside:
        plain = concat([block.plain for block in inside], "\n\n" if part.role == "comment" else " ")
        yield _Draft(part.role, inside[0].start, inside[-1].end, plain, part.author, index)


def _finished(article: Article, drafts: Sequence[_Draft]) -> list[Unit]:
    """The units with ids, voices, parents and flags."""
    article_id = article.article_id
    ids = [f"{article_id}-{position:04d}" for position in range(len(drafts))]
    by_part = {
        draft.part: ids[i]
        for i, draft in enumerate(drafts)
        if draft.kind == "comment" and draft.part is not None
    }
    title = article.title or next((draft.plain.text for draft in drafts if draft.kind == "title"), None)
    stretches = voices_of([(draft.plain.text, draft.kind) for draft in drafts])  # quotations cross paragraphs
    seen: dict[tuple[str | None, str], str] = {}
    units: list[Unit] = []
    for position, draft in enumerate(drafts):
        text = draft.plain.text
        unit = Unit(
            article_id=article_id,
            unit_id=ids[position],
            kind=draft.kind,
            text=text,
            start=draft.start,
            end=draft.end,
            position=position,
            outlet=article.outlet,
            published=article.published,
            title=title,
            url=article.url,
            author=draft.author if draft.kind == "comment" else article.author,
            voices=stretches[position],
            pieces=draft.plain.pieces,
        )
        if draft.kind == "comment":
            unit = _threaded(unit, article, draft, by_part, seen)
        units.append(unit)
    return units


def _threaded(
    unit: Unit,
    article: Article,
    draft: _Draft,
    by_part: dict[int, str],
    seen: dict[tuple[str | None, str], str],
) -> Unit:
    """A comment with its parent, and with a flag if its author wrote the same before."""
    parent = article.parts[draft.part].parent if draft.part is not None else None
    original = seen.setdefault((unit.author, " ".join(unit.text.split())), unit.unit_id)
    flags = (f"duplicate_of:{original}",) if original != unit.unit_id else ()
    return replace(unit, parent_id=None if parent is None else by_part.get(parent), flags=flags)
