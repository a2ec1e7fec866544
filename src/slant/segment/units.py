"""Split an article into units (headings, paragraphs, list items, quotes, comments) with exact offsets.

Roles come from `Article.parts` where the source states them, else from the text: block_roles.py for the article,
comment_section.py for the comments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from slant.records import Article, Part, Unit
from slant.segment.block_roles import (
    assign_roles,
    is_paragraph,
    join_broken_paragraphs,
    non_content_roles,
    stands_alone,
)
from slant.segment.comment_section import (
    commenter_name,
    first_comment,
    group_comments,
    is_clock_time,
    is_entry_line,
    is_interface_text,
    is_section_marker,
)
from slant.segment.furniture import furniture_role
from slant.segment.letters import LettersPage, find_letters
from slant.segment.markdown import Block, PlainText, concat, drop_start, parse_blocks, to_plain_text
from slant.segment.speaker_turns import Turn, find_turns
from slant.segment.speakers import only_speaker, speakers_of
from slant.segment.voices import voices_of


def split(article: Article, *, comments_from: str | None = None) -> list[Unit]:
    """All units in document order, with metadata, media and boilerplate (see `Unit.is_content`).

    comments_from: text of the line where the comments begin: the first line that starts with it, else the first that
        contains it. Ignored if no line matches.
    Never raises, whatever the text. Time is linear in its length.
    """
    parts = [part for part in article.parts if part.source is None]  # the others are comments from elsewhere
    end = min((part.start for part in article.parts if part.source is not None), default=len(article.text))
    cut = _find_line(article.text[:end], comments_from) if comments_from else -1
    if parts or not end:
        drafts = list(_drafts_from_parts(article, cut))
    else:
        comments = [
            draft for i, part in enumerate(article.parts) for draft in _part_as_unit(article, part, i)
        ]
        drafts = [*_drafts_from_text(article, cut, end), *comments]
    drafts = sorted(
        (draft for draft in drafts if draft.plain.text), key=lambda draft: (draft.start, draft.end)
    )
    return _make_units(article, drafts)


OPENING_WORDS = 40  # words of the body after the title


def opening(units: Sequence[Unit]) -> str | None:
    """Title and first words of an article from the units of one document; None if it has neither title nor body.

    Scoring passes it as context for comments that do not say which comment they answer.
    """
    title = next((u.title for u in units if u.title), None)
    body = next((u.text for u in units if u.kind in ("lead", "paragraph")), None)
    return "\n".join(t for t in (title, " ".join((body or "").split()[:OPENING_WORDS])) if t) or None


# ---- drafts

_FRONT_MATTER = re.compile(
    r"\s*---[ \t]*\n(?P<fields>[\w-]+:[^\n]*\n(?:(?!---|\.\.\.)[^\n]*\n)*)(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A unit without position, ids and voices.

    part: index in `Article.parts` of the part it comes from, if any. turn: of a conversation, if it is one.
    reply_to: start of the comment that this one answers, if the text shows it.
    """

    kind: str
    start: int
    end: int
    plain: PlainText
    author: str | None = None
    part: int | None = None
    turn: Turn | None = None
    reply_to: int | None = None


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


def _drafts_from_text(article: Article, cut: int, end: int) -> Iterator[_Draft]:
    """Drafts of plain text or Markdown up to `end`; YAML front matter becomes one metadata unit."""
    front = _FRONT_MATTER.match(article.text, 0, end) if article.markup == "markdown" else None
    if front:
        yield from _part_as_unit(article, Part(*front.span("fields"), "metadata"), -1)
    yield from _infer_roles(article, front.end() if front else 0, end, cut if cut < end else -1)


def _drafts_from_parts(article: Article, cut: int) -> Iterator[_Draft]:
    """Drafts of an article whose source states the roles of its parts."""
    end = 0
    # If no known markup separated the comments of a page, they may be part of its body.
    own = [part for part in article.parts if part.source is None]
    unseparated = article.markup == "page" and all(part.role != "comment" for part in own)
    for index, part in sorted(enumerate(article.parts), key=lambda item: item[1].start):
        yield from _part_as_unit(article, Part(end, part.start, "metadata"), index)
        end = max(end, part.end)
        if part.role == "body":
            cut_in_body = cut if part.start <= cut < part.end else -1
            yield from _infer_roles(article, part.start, part.end, cut_in_body, search=unseparated)
        else:
            yield from _part_as_unit(article, part, index)
    yield from _part_as_unit(article, Part(end, len(article.text), "metadata"), len(article.parts))


def _part_as_unit(article: Article, part: Part, index: int) -> Iterator[_Draft]:
    """Draft of a part as one unit; a comment keeps its paragraph breaks."""
    if part.end <= part.start:
        return
    markdown = article.markup == "markdown" and part.source is None
    blocks = [b for b in parse_blocks(article.text, part.start, part.end, markdown=markdown) if b.text]
    if blocks:
        plain = concat([block.plain for block in blocks], "\n\n" if part.role == "comment" else " ")
        yield _Draft(part.role, blocks[0].start, blocks[-1].end, plain, part.author, index)


def _infer_roles(
    article: Article, start: int, end: int, cut: int, *, search: bool = True
) -> Iterator[_Draft]:
    """Drafts of a range whose roles are inferred from the text.

    cut: offset of the comments, or -1. search: whether to look for comments if `cut` is -1.
    """
    blocks = parse_blocks(
        article.text, start, end, markdown=article.markup == "markdown", cut=cut, alone=stands_alone
    )
    non_content = non_content_roles(blocks)
    if article.outlet:
        _mark_outlet(blocks[:10], non_content, article.outlet)
    _mark_live_blog(blocks, non_content)
    authors = _authors(article, blocks, non_content)
    at = len(blocks)
    if cut >= 0:
        at = next((i for i, block in enumerate(blocks) if block.start >= cut), at)
    stated = at if not search else min(at, _marker(blocks, non_content))
    if cut < 0 and (page := _letters_page(article, blocks[:stated], non_content)):
        yield from _letters(article, page, authors)
        rest = blocks[stated:]
        yield from _comments(rest, non_content[stated:])
        return
    neutral = [
        bool(role) or block.text == article.title
        for block, role in zip(blocks[:stated], non_content, strict=False)
    ]
    turns = find_turns(_in_bold(article, blocks[:stated]), neutral, authors=authors, outlet=article.outlet)
    for i, turn in turns.items():
        non_content[i] = "metadata" if turn.is_label else "turn"
    if cut < 0 and search:
        first = next(
            (i for i, block in enumerate(blocks) if not non_content[i] and is_paragraph(block)), None
        )
        if first is not None:
            begin = first_comment(blocks, [bool(role) for role in non_content], first, authors)
            at = at if begin is None else begin
    by_start = {blocks[i].start: turn for i, turn in turns.items() if not turn.is_label}
    yield from _article(article, blocks[:at], non_content[:at], authors, by_start)
    yield from _comments(blocks[at:], non_content[at:])


def _in_bold(article: Article, blocks: Sequence[Block]) -> Sequence[Block]:
    """The blocks, of which those are marked that a web page has in bold type."""
    if not article.emphasized:
        return blocks
    places = set(article.emphasized)
    return [replace(each, strong=True) if (each.start, each.end) in places else each for each in blocks]


def _letters_page(
    article: Article, blocks: Sequence[Block], non_content: Sequence[str]
) -> LettersPage | None:
    may = [
        not role or (role == "metadata" and not block.text.lower().startswith("by "))
        for block, role in zip(blocks, non_content, strict=False)
    ]
    return find_letters(blocks, may, title=article.title, sections=article.sections)


def _letters(article: Article, page: LettersPage, authors: tuple[str, ...]) -> Iterator[_Draft]:
    """Drafts of a letters page: its letters are comments; what is above and below them is the outlet's."""
    for blocks in (page.blocks[: page.before], page.blocks[page.after :]):
        if blocks:
            yield from _article(article, blocks, non_content_roles(blocks), authors, {})
    used: set[int] = set()
    for letter in page.letters:
        for block in letter.heading:
            yield _Draft("heading", block.start, block.end, block.plain)
        plain = concat([block.plain for block in letter.paragraphs], "\n\n")
        yield _Draft("comment", letter.paragraphs[0].start, letter.paragraphs[-1].end, plain, letter.author)
        for block in letter.signature:
            yield _Draft("metadata", block.start, block.end, block.plain)
        used.update(block.start for block in (*letter.heading, *letter.paragraphs, *letter.signature))
    for block in page.blocks[page.before : page.after]:
        if block.start not in used and block.text and block.form != "rule":
            (role,) = non_content_roles([block])
            yield _Draft(role or "metadata", block.start, block.end, block.plain)


def _mark_outlet(blocks: Sequence[Block], non_content: list[str], outlet: str) -> None:
    """Mark as metadata the lines with nothing but the outlet's name."""
    for i, block in enumerate(blocks):
        if block.text.casefold() == outlet.casefold():
            non_content[i] = non_content[i] or "metadata"


def _mark_live_blog(blocks: Sequence[Block], non_content: list[str]) -> None:
    """Mark as metadata the names beside times of day. Several such times are above the entries of a live blog."""
    times = [i for i, block in enumerate(blocks) if is_entry_line(block.text)]
    if len(times) < 2:
        return
    for at in times:
        if not is_clock_time(blocks[at].text):
            non_content[at] = non_content[at] or "metadata"
            continue
        for i in (at - 1, at + 1):
            near = 0 <= i < len(blocks) and blocks[max(i, at)].gap <= 1
            if near and not non_content[i] and commenter_name(blocks[i].text):
                non_content[i] = "metadata"
                break


def _marker(blocks: Sequence[Block], non_content: Sequence[str]) -> int:
    """Index of the first heading above comments that paragraphs precede, else the number of blocks."""
    seen = False
    for i, block in enumerate(blocks):
        seen = seen or (not non_content[i] and is_paragraph(block))
        if seen and is_section_marker(block.text):
            return i
    return len(blocks)


def _article(
    article: Article,
    blocks: Sequence[Block],
    non_content: Sequence[str],
    authors: tuple[str, ...],
    turns: dict[int, Turn],
) -> Iterator[_Draft]:
    """Drafts of the article. turns: by start of their blocks, which have the role "turn"."""
    # A count of comments above the article begins none.
    roles = [
        role or (furniture_role(block.text) if is_section_marker(block.text) else "")
        for block, role in zip(blocks, non_content, strict=True)
    ]
    joined, non_content = join_broken_paragraphs(blocks, roles)
    kinds = assign_roles(joined, non_content, title=article.title, authors=authors)
    for block, kind in zip(joined, kinds, strict=True):
        turn = turns.get(block.start) if kind == "turn" else None
        if kind != "rule":
            yield _Draft(
                "paragraph" if kind == "turn" else kind, block.start, block.end, block.plain, turn=turn
            )


def _authors(article: Article, blocks: Sequence[Block], non_content: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in (article.author, *_bylines(blocks, non_content)) if name)


def _bylines(blocks: Sequence[Block], non_content: Sequence[str]) -> Iterator[str]:
    for block, role in zip(blocks[:12], non_content, strict=False):
        if (
            role == "metadata"
            and block.text.lower().startswith("by ")
            and (name := commenter_name(block.text))
        ):
            yield name


def _comments(blocks: Sequence[Block], non_content: Sequence[str]) -> Iterator[_Draft]:
    neutral = [
        role in ("boilerplate", "rule", "media") or (role == "metadata" and not _is_name(block))
        for block, role in zip(blocks, non_content, strict=True)
    ]
    taken: set[int] = set()
    starts: list[int] = []
    for comment in group_comments(blocks, neutral):
        paragraphs = [blocks[i] for i in comment.paragraphs]
        taken.update(comment.paragraphs)
        plains = [block.plain for block in paragraphs]
        start = paragraphs[0].start
        if comment.skip:
            plains[0] = drop_start(plains[0], comment.skip)
            start = plains[0].pieces[0][1]
            first = paragraphs[0]
            label = to_plain_text(first.document, [(first.lines[0][0], start)], markdown=first.markdown)
            yield _Draft("metadata", first.start, start, label)
        starts.append(start)
        answered = None if comment.reply_to is None else starts[comment.reply_to]
        plain = concat(plains, "\n\n")
        yield _Draft("comment", start, paragraphs[-1].end, plain, comment.author, reply_to=answered)
    for i, block in enumerate(blocks):
        if i not in taken and block.form != "rule":
            yield _Draft(
                "boilerplate" if non_content[i] == "boilerplate" else "metadata",
                block.start,
                block.end,
                block.plain,
            )


def _is_name(block: Block) -> bool:
    text = block.text
    return commenter_name(text) is not None and not is_interface_text(text) and not is_section_marker(text)


# ---- units


def _make_units(article: Article, drafts: Sequence[_Draft]) -> list[Unit]:
    """Turn drafts into units with ids, voices, parents and flags."""
    article_id = article.article_id
    source = article.path.encode("utf-8", "replace").decode() or None
    extra = dict(article.extra)
    ids = [f"{article_id}-{position:04d}" for position in range(len(drafts))]
    by_start = {draft.start: ids[i] for i, draft in enumerate(drafts) if draft.kind == "comment"}
    by_part = {
        draft.part: ids[i]
        for i, draft in enumerate(drafts)
        if draft.kind == "comment" and draft.part is not None
    }
    title = article.title or next((draft.plain.text for draft in drafts if draft.kind == "title"), None)
    # A quotation may span units.
    stretches = voices_of(
        [(draft.plain.text, draft.kind) for draft in drafts],
        [draft.turn.said if draft.turn else -1 for draft in drafts],
    )
    speakers = speakers_of(
        [(draft.plain.text, draft.kind, own) for draft, own in zip(drafts, stretches, strict=True)],
        [(draft.turn.speaker or "") if draft.turn and draft.turn.said >= 0 else None for draft in drafts],
    )
    first_ids: dict[tuple[str | None, str], str] = {}
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
            speaker=only_speaker(stretches[position], speakers[position]),
            voices=stretches[position],
            speakers=speakers[position],
            pieces=draft.plain.pieces,
            source=source,
            source_id=article.source_id,
            extra=extra,
        )
        if draft.kind == "comment":
            unit = _link_comment(unit, article, draft, by_part, first_ids)
            if draft.reply_to is not None:
                unit = replace(unit, parent_id=by_start.get(draft.reply_to))
        units.append(unit)
    return units


def _link_comment(
    unit: Unit,
    article: Article,
    draft: _Draft,
    by_part: dict[int, str],
    first_ids: dict[tuple[str | None, str], str],
) -> Unit:
    """Set time and parent of a comment, and flag it if the same author posted the same text before."""
    part = article.parts[draft.part] if draft.part is not None else None
    parent = part.parent if part is not None else None
    published = (part.published if part is not None else None) or unit.published
    original = first_ids.setdefault((unit.author, " ".join(unit.text.split())), unit.unit_id)
    flags = (f"duplicate_of:{original}",) if original != unit.unit_id else ()
    parent_id = None if parent is None else by_part.get(parent)
    source = (
        part.source.encode("utf-8", "replace").decode() if part is not None and part.source else unit.source
    )
    return replace(unit, published=published, parent_id=parent_id, flags=flags, source=source)
