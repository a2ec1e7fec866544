"""Assign a role to each block of an article: title, subtitle, lead, heading, paragraph, metadata, boilerplate and so on.

`non_content_roles` marks the blocks that are recognizable by themselves, `join_broken_paragraphs` repairs page breaks and
`assign_roles` decides the rest from the order of the blocks.

Boilerplate (notes to readers, appeals, copyright, disclaimers, author blurbs) and headings are found by scored rules with
hand-set weights. A strong pattern is enough; weak patterns must add up, or appear after the end of the article.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from slant.segment.article_header import is_media, is_metadata, states_field
from slant.segment.comment_section import (
    commenter_name,
    is_clock_time,
    is_interface_text,
    is_section_marker,
)
from slant.segment.furniture import footnotes, furniture_role, teasers
from slant.segment.markdown import Block, merge_blocks
from slant.segment.speaker_turns import is_stage_direction

# ---- roles

_NON_CONTENT = ("metadata", "media", "boilerplate", "rule")
_END_MARKS = ".!?:…"
_CLOSERS = "\"'”’»)]*_"
_OPENERS = "\"'“‘«([*_"
# No sentence ends in these words, so the next block continues it even if it starts with a capital.
_NEVER_LAST = frozenset((
    "a", "an", "the", "of", "and", "or", "to", "in", "with", "for", "by", "from", "at", "on", "as",
    "than", "that", "which", "who", "whose", "is", "are", "was", "were", "be", "been", "has", "have",
    "had", "will", "would", "can", "could", "may", "might", "should", "its", "their", "his", "her", "our",
    "your", "my", "between", "into", "over", "under", "about", "against", "during", "President",
    "Minister", "General", "Mr", "Mrs", "Ms", "Dr",
))  # fmt: skip


def non_content_roles(blocks: Sequence[Block]) -> list[str]:
    """Per block "metadata", "media", "boilerplate" or "rule" if it is not article text, else "". Ignores positions."""
    roles = [_non_content_role(block) for block in blocks]
    texts = [block.text for block in blocks]
    for found, role in ((teasers(texts), "boilerplate"), (footnotes(texts), "metadata")):
        for i in found:
            roles[i] = roles[i] or role
    return roles


def stands_alone(line: str) -> bool:
    """Is a short line never a part of a wrapped paragraph: a button, a count, a byline, a date line?"""
    if is_interface_text(line) or is_section_marker(line) or is_clock_time(line):
        return True
    return not line[0].islower() and (states_field(line) or bool(furniture_role(line)))


def join_broken_paragraphs(
    blocks: Sequence[Block], non_content: Sequence[str]
) -> tuple[list[Block], list[str]]:
    """Join the halves of broken paragraphs. Returns the blocks and their non-content roles."""
    groups: list[list[Block]] = []
    kept: list[str] = []
    for block, role in zip(blocks, non_content, strict=True):
        last = groups[-1] if groups and not role and not kept[-1] else None
        if last and is_broken_paragraph(last[-1], block, continued=len(last) > 1):
            last.append(block)
        else:
            groups.append([block])
            kept.append(role)
    return [merge_blocks(group) for group in groups], kept


def assign_roles(
    blocks: Sequence[Block],
    non_content: Sequence[str],
    *,
    title: str | None,
    authors: tuple[str, ...],
) -> list[str]:
    """Role of each block of an article; "rule" for blocks without text.

    non_content: from `non_content_roles`, and "turn" for a turn of a conversation, which it stays.
    title: of the article if known, else it is looked for.
    authors: names that mark an author blurb at the end.
    """
    kinds = [role or _role_by_form(block) for block, role in zip(blocks, non_content, strict=True)]
    _mark_tail_boilerplate(blocks, kinds, authors)
    body = next(
        (i for i, b in enumerate(blocks) if not kinds[i].startswith(_NON_CONTENT) and is_paragraph(b)),
        len(blocks),
    )
    at = _find_title(blocks, kinds, body, title)
    if at is not None:
        kinds[at] = "title"
        _mark_names(blocks, kinds, at, authors)
        _mark_subtitle(blocks, kinds, at)
    elif title and body < len(blocks):
        _mark_standfirst(blocks, kinds, body)
    _mark_lead(blocks, kinds)
    for i, block in enumerate(blocks):
        if kinds[i] == "paragraph" and _heading_score(blocks, kinds, i, block) >= _HEADING_THRESHOLD:
            kinds[i] = "heading"
    return kinds


def is_paragraph(block: Block) -> bool:
    """Is a block certainly running text: long, or several words with a sentence end?"""
    text = block.text
    if block.form != "text" or len(text) < 40:
        return False
    return len(text) > 200 or (len(text.split()) >= 8 and text.rstrip(_CLOSERS)[-1:] in (".", "?", "!", "…"))


def is_short(text: str) -> bool:
    """Is a text short enough for a heading and without a final period, comma or colon?"""
    return (
        len(text) <= 120
        and len(text.split()) <= 16
        and text.rstrip(_CLOSERS)[-1:] not in (".", ",", ";", ":")
    )


def is_broken_paragraph(before: Block, after: Block, *, continued: bool = False) -> bool:
    """Are two blocks the halves of one paragraph, split by a page break in mid-sentence?

    continued: `before` already continues a broken paragraph, so it may be short.
    """
    if after.form not in ("text", before.form) or before.form not in ("text", "list_item", "quote"):
        return False
    if after.form == "list_item" or not 1 <= after.gap <= 3:
        return False
    end, start = before.text, after.text
    words = end.rsplit(None, 9)
    bare = end.rstrip(_CLOSERS)
    if (len(words) < 6 and not continued) or not start or not bare or bare[-1] in _END_MARKS:
        return False
    first = start.lstrip(_OPENERS)[:1]
    if first.islower() and not start.startswith(("http", "www.")):
        return True
    return len(words) == 10 and end[-1].isalpha() and words[-1] in _NEVER_LAST and first.isalnum()


def _non_content_role(block: Block) -> str:
    if block.form == "rule":
        return "rule"
    text = block.text
    if not text:
        return "media" if "![" in block.source else "rule"
    if is_media(text, block.source):
        return "media"
    if block.form in ("text", "heading") and not is_section_marker(text) and (role := furniture_role(text)):
        return role
    if block.form == "text" and boilerplate_score(text, tail=False) >= BOILERPLATE_THRESHOLD:
        return "boilerplate"
    if block.form in ("text", "heading") and (
        is_metadata(text) or is_stage_direction(text) or is_clock_time(text)
    ):
        return "metadata"
    return ""


def _role_by_form(block: Block) -> str:
    if block.form == "text":
        return "heading" if block.emphasis == "strong" and is_short(block.text) else "paragraph"
    return block.form


def _mark_tail_boilerplate(blocks: Sequence[Block], kinds: list[str], authors: tuple[str, ...]) -> None:
    """Mark boilerplate at the end of the article, going backwards from the last block."""
    for i in range(len(blocks) - 1, 0, -1):
        if kinds[i] in _NON_CONTENT:
            continue
        if is_section_marker(blocks[i].text):  # such as "Leave a reply" with no comments below
            kinds[i] = "metadata"
            continue
        if blocks[i].form not in ("text", "heading"):
            return
        source = blocks[i].source.strip("*_ ")
        link = source.startswith("[") and source.endswith(")") and source.count("](") == 1
        after = kinds[i - 1] in ("rule", "boilerplate") or _non_content_role(blocks[i - 1]) == "boilerplate"
        score = boilerplate_score(blocks[i].text, tail=True, after_rule=after, names=authors, link=link)
        score += 1.0 if blocks[i].emphasis == "em" and score else 0.0
        if score < BOILERPLATE_THRESHOLD:
            return
        kinds[i] = "boilerplate"


def _find_title(blocks: Sequence[Block], kinds: Sequence[str], body: int, title: str | None) -> int | None:
    head = [i for i in range(min(body + 1, len(blocks))) if kinds[i] in ("paragraph", "heading")]
    if title:
        wanted = _letters_and_digits(title)
        for i in head[:6]:
            if _letters_and_digits(_TITLE_LABEL.sub("", blocks[i].text)) == wanted:
                return i
        # The source states the title apart from the text; no other line is one, except in Markdown.
        return next(
            (i for i in head if i < body and blocks[i].form == "heading" and blocks[i].level == 1), None
        )
    head = [i for i in head if i < body]
    marked = [i for i in head if blocks[i].form == "heading"]
    top = [i for i in marked if blocks[i].level == 1]
    if top:
        return top[0]
    if not head:
        return None
    first = head[0]
    if blocks[first].form == "heading" or _is_title_candidate(blocks[first]):
        return first
    return marked[0] if marked else None


_TITLE_LABEL = re.compile(r"(?:title|headline):\s+", re.IGNORECASE)


def _is_title_candidate(block: Block) -> bool:
    text = block.text
    return (
        block.form == "text"
        and 2 <= len(text) <= 200
        and text.rstrip(_CLOSERS)[-1:] not in (".", ",", ";", ":")
    )


def _letters_and_digits(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def _mark_names(blocks: Sequence[Block], kinds: list[str], title: int, authors: tuple[str, ...]) -> None:
    """Mark as metadata a bare name next to a byline or date line, or the name of an author."""
    for i in range(title + 1, min(title + 6, len(blocks) - 1)):
        if kinds[i] not in ("paragraph", "metadata"):
            return
        name = commenter_name(blocks[i].text)
        near = "metadata" in (kinds[i + 1], kinds[i - 1]) and len(blocks[i].text.split()) <= 4
        if kinds[i] == "paragraph" and name and (near or name in authors):
            kinds[i] = "metadata"


def _mark_subtitle(blocks: Sequence[Block], kinds: list[str], title: int) -> None:
    """Mark as subtitle a line below the title that a byline follows or that does not end a sentence."""
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
        block.form == "text"
        and text[-1:] not in _END_MARKS
        and text[-1:] not in ",;"
        and after == "paragraph"
    ):
        long_enough = len(text.split()) > (3 if direct else 6)
        if long_enough and not block.emphasis and len(text) <= 250:
            kinds[at] = "subtitle"


def _mark_standfirst(blocks: Sequence[Block], kinds: list[str], body: int) -> None:
    """Mark as subtitle the one line above the text, where the title is stated apart from it."""
    above = [i for i in range(body) if not kinds[i].startswith(_NON_CONTENT)]
    if len(above) == 1 and kinds[above[0]] == "paragraph":
        block = blocks[above[0]]
        if _is_title_candidate(block) and len(block.text.split()) > 5 and " | " not in block.text:
            kinds[above[0]] = "subtitle"


def _mark_lead(blocks: Sequence[Block], kinds: list[str]) -> None:
    """Mark the first paragraph as the lead if all of it is in italics or bold."""
    for i, block in enumerate(blocks):
        if kinds[i] in ("paragraph", "heading", "list_item", "quote"):
            if kinds[i] == "paragraph" and block.emphasis and len(block.text) > 60:
                kinds[i] = "lead"
            return


# ---- headings without markup

_HEADING_THRESHOLD = 3.0
_HEADING_WEIGHTS = {
    "open_end": 2.0,  # no punctuation at the end
    "few_words": 1.0,  # at most six
    "title_case": 1.5,
    "before_paragraph": 1.0,  # running text follows
    "after_paragraph": 0.5,
    "question": 0.5,
    "quotes": -2.5,
    "lower_start": -4.0,
    "link": -3.0,
    "table_row": -4.0,
    "last": -4.0,
    "before_short": -2.0,
}


def _heading_score(blocks: Sequence[Block], kinds: Sequence[str], i: int, block: Block) -> float:
    """Score how much a short line without markup looks like a heading: it is, from _HEADING_THRESHOLD up."""
    text = block.text
    if not is_short(text) or len(text.split()) > 12 or len(text) > 90 or len(block.lines) > 1:
        return 0.0
    following = [k for k in range(i + 1, min(i + 3, len(blocks))) if kinds[k] not in _NON_CONTENT]
    after = blocks[following[0]] if following else None
    previous = blocks[i - 1].text if i and kinds[i - 1] not in _NON_CONTENT else ""
    longer = [word for word in re.findall(r"[^\W\d_][\w'’-]*", text) if len(word) > 3]
    features = {
        "open_end": text[-1].isalnum() or text[-1] in ")%",
        "few_words": len(text.split()) <= 6,
        "title_case": bool(longer) and sum(not word[0].islower() for word in longer) >= 0.7 * len(longer),
        "before_paragraph": after is not None and (is_paragraph(after) or after.form == "list_item"),
        "after_paragraph": previous.rstrip(_CLOSERS)[-1:] in (".", "!", "?"),
        "question": text[-1] == "?",
        "quotes": any(mark in text for mark in '"“”«»') or " said" in text,
        "lower_start": text.lstrip(_OPENERS)[:1].islower(),
        "link": "@" in text or "://" in text or "www." in text,
        "table_row": " | " in text,
        "last": after is None,
        "before_short": after is not None
        and after.form == "text"
        and is_short(after.text)
        and len(after.text) < 60,
    }
    return sum(_HEADING_WEIGHTS[name] for name, holds in features.items() if holds)


# ---- boilerplate

# Each of these reaches BOILERPLATE_THRESHOLD alone. A pattern with "^" must match at the start of the block. The
# others are searched in lower case.
_STRONG = {
    "note to readers": r"^(?:editor[’']?s? |publisher[’']?s? )?note to (?:our )?readers?\b",
    "share buttons": r"\b(?:share buttons?|crosspost)\b|^(?:please )?share this (?:article|story|post)\b",
    "copyright": r"^\W*(?:copyright|©|\(c\))\s*(?:©|\(c\)|\d{4}|[a-z\[])|©\s*\d{4}|\ball rights reserved\b",
    "copyright owner": (
        r"\bcopyright(?:ed)? (?:owner|holder|material)\b.*\b(?:permission|authori[sz]ed|fair use)\b"
    ),
    "original source": r"^the original (?:source|version) of this (?:article|story|post|report)\b",
    "disclaimer": r"^(?:legal )?disclaimer\s*:",
    "responsibility": (
        r"\bsole responsibility of the authors?\b"
        r"|^the (?:views|opinions) expressed (?:in|here|above|are|by)\b"
    ),
    "published before": (
        r"^(?:this|the) (?:article|story|piece|post|essay|report|column|work|commentary)\b.{0,40}"
        r"\b(?:originally |first |was )+(?:published|appeared|posted|ran)\b"
        r"|^(?:originally|first) (?:published|appeared|posted)\b"
        r"|^(?:republished|reprinted|reposted|syndicated) (?:with|by|from|here)\b"
    ),
    "license": r"^(?:this (?:work|article|content)|licensed|content) .{0,40}\bcreative commons\b",
    "featured image": r"^(?:featured|cover|header|top|feature) (?:image|photo|picture)\b",
    "image credit": (
        r"^(?:image|photo|picture)s? (?:credits?|courtesy|source)\b|^\(?(?:image|photo) (?:by|from|via)\b"
    ),
    "articles by": r"^(?:more )?(?:articles|stories|posts) by\s*:?\s*\S",
    "media inquiries": r"^(?:for )?(?:all )?(?:media|press) (?:inquir|enquir|contact|requests)",
    "comment link": (
        r"^comments? on (?:\S+ ){1,6}(?:page|facebook|twitter|site)\b|^join the (?:conversation|discussion)\b"
        r"|^(?:let us know|tell us|share your thoughts) .{0,40}\bcomments?\b"
        r"|^comments (?:are|have been) (?:now )?(?:closed|disabled)|^no comments(?: yet)?\W*$"
    ),
    "membership": r"^become an? (?:\w+ )?(?:member|subscriber|supporter|patron)\b",
    "subscribe": (
        r"^(?:please )?(?:subscribe|sign up)\b"
        r"(?=.{0,80}\b(?:newsletter|youtube|channel|now|updates|free|inbox|e-?mail|today|mailing|podcast|feed)\b)"
        r"|^(?:get|receive) .{0,60}\b(?:newsletter|in your inbox|by e-?mail)\b"
        r"|^keep up with (?:this|the latest) .{0,40}\bsubscrib"
    ),
    "follow us": (
        r"^(?:please )?(?:follow|like|find|join) (?:us|me|him|her|them|\S+(?: \S+)?) (?:on|at) "
        r"(?:twitter|facebook|instagram|telegram|youtube|x|linkedin|social)\b|^follow on (?:twitter|facebook)"
        r"|^(?:twitter|facebook|instagram|telegram|youtube)\s*:\s*(?:@|https?:|follow|www)"
    ),
    "donation": (
        r"^(?:please )?(?:consider )?donat(?:e|ing)\b"
        r"(?=.{0,60}\b(?:here|now|today|us|our|(?:web)?site|via)\b)"
        r"|^(?:please )?(?:consider )?support(?:ing)? "
        r"(?:us|our (?:work|(?:web)?site|journalism|project|mission)"
        r"|independent (?:media|journalism)|the site|this (?:site|project))\b"
        r"|^[^“”\"]*\bplease (?:consider )?(?:donat|support|giv)\w* .{0,12}\b(?:us|our)\b"
    ),
    "appeal": (
        r"\bsupport (?:the|this|our) (?:project|site|website|journalism|work)\b"
        r"|\bwithout your (?:help|support|donations?)\b"
        r"|\bmake a (?:tax-deductible )?donation (?:to|here|today)\b"
    ),
    "payment": (
        r"^(?:\W*(?:via\s+)?)?(?:paypal|patreon|bitcoin|btc|iban|ko-fi)\b\s*[:@]|\bpatreon\.com/|\bpaypal\.me/"
    ),
    "advertisement": (
        r"^(?:advertisement|advertising|sponsored(?: content)?|loading|"
        r"(?:story|article|reading)? ?continues? (?:reading )?below)\W*(?:advertisement)?\W*$"
    ),
    "read more": (
        r"^(?:read (?:more|also|next|the full (?:story|article))|see also"
        r"|related(?: articles?| stories?| posts?)?|also read|you may also like|more from|recommended)"
        r"\s*(?::|$|on\s)"
    ),
}
# Name: (weight, pattern). These decide only in sum.
_WEAK = {
    "button": (2.0, r"^(?:click|tap) here\b|^(?:download|print) (?:this|the) (?:article|app|page)\b"),
    "contact": (
        2.0,
        r"^(?:to )?(?:contact|e-?mail|write to|reach) (?:us|him|her|the (?:author|editors?|reporter))\b",
    ),
    "support name": (2.0, r"^support(?:\s+(?-i:[A-Z])\S*){1,3}(?:\s+in its\b|\s*:?$)"),
    "ask": (
        2.5,
        r"\bshare this (?:story|article|post)\b|\b(?:write|send|email) (?:to )?our tips?[ -]?line\b",
    ),
    "address": (1.5, r"\b[\w.+-]{1,64}@[\w-]{1,64}\.[\w.]{2,20}"),
    "money": (1.0, r"\b(?:paypal|patreon|donate|donation|subscribe|newsletter|e-?mail lists?)\b"),
    "permission": (1.0, r"\b(?:cross-?post|re-?publish|reprint|permission|hyperlink)\b"),
}
BOILERPLATE_THRESHOLD = 3.0
_ALTERNATIVES = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[()|]")


def _is_anchored(pattern: str) -> bool:
    """Does each alternative of a pattern begin with "^"?"""
    depth, starts = 0, [0]
    for part in _ALTERNATIVES.finditer(pattern):
        depth += {"(": 1, ")": -1}.get(part[0], 0)
        if part[0] == "|" and not depth:
            starts.append(part.end())
    return all(pattern[start : start + 1] == "^" for start in starts)


_WEIGHED = [*((BOILERPLATE_THRESHOLD, pattern) for pattern in _STRONG.values()), *_WEAK.values()]
# For speed, the first are tried at the start alone, and the others in lower case.
_AT_START = [(weight, re.compile(each, re.IGNORECASE)) for weight, each in _WEIGHED if _is_anchored(each)]
_ANYWHERE = [(weight, re.compile(each)) for weight, each in _WEIGHED if not _is_anchored(each)]
_PROFESSION = (
    r"(?:journalist|author|writer|reporter|columnist|correspondent|contributor|editor|blogger|analyst|fellow"
    r"|researcher|professor|lecturer|commentator|historian|broadcaster|filmmaker|photographer|producer"
    r"|freelancer|activist|lawyer)"
)
_BLURB = re.compile(
    r"(?:about the authors?\W*)?(?:(?:dr|prof|mr|mrs|ms|col|gen)\.? )?"
    r"(?-i:[A-Z][\w'’.-]+(?: (?:[A-Z][\w'’.-]*|de|von|van|al|bin|and)){0,4}),? "
    rf"(?:is|was|has been|are|writes|works|covers|reports|serves|teaches)\b.{{0,160}}?\b{_PROFESSION}s?\b",
    re.IGNORECASE,
)
_BLURB_PHRASES = re.compile(
    r"award-winning|(?:frequent|regular)(?:ly)? contribut|contributor to|writes (?:for|on|about)"
    r"|follow (?:him|her|them|me)\b|can be (?:reached|followed|contacted)|is the author of"
    r"|author of the (?:book|forthcoming)|(?:his|her|their) (?:latest |new |most recent )?book|at large\b"
    r"|(?:he|she) (?:tweets|blogs|writes)|is an? (?:\S+ ){0,3}(?:independent|freelance)",
    re.IGNORECASE,
)
_LONG_BLOCK = 350  # characters; inside the article, one pattern is not enough to reject a longer block


def boilerplate_score(
    text: str, *, tail: bool, after_rule: bool = False, names: tuple[str, ...] = (), link: bool = False
) -> float:
    """Score how much a block looks like boilerplate: it is, from BOILERPLATE_THRESHOLD up.

    tail: no article text follows. after_rule: a scene break or boilerplate comes directly before.
    names: the article's authors; a block that starts with one may be an author blurb. link: the block is a single link.
    """
    head = text[:2000]
    lower = head.lower()
    total = sum(weight for weight, pattern in _AT_START if pattern.match(head))
    total += sum(weight for weight, pattern in _ANYWHERE if pattern.search(lower))
    if len(text) <= 800 and _BLURB.match(head):
        total += (
            1
            + (2 if _BLURB_PHRASES.search(head) else 0)
            + (2 if tail else 0)
            - (0 if tail or after_rule else 2)
        )
        total += 2 if any(name and head.startswith(name) for name in names) else 0
    if not tail:
        return total - (1 if len(text) > _LONG_BLOCK else 0)
    if after_rule:
        total += 1.5 if total else 0.5
    elif total:
        total += 0.5
    return total + (1.5 if link else 0)
