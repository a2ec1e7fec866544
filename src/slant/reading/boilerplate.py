"""Boilerplate: notes to readers, appeals, copyright, disclaimers, author blurbs.

Decided by a small scored rule set: a strong sign is enough, weak signs count only in the tail of a document
(nothing of the article follows) or add up. The weights are chosen by hand.
"""

from __future__ import annotations

import re

# Weight 3 decides alone (THRESHOLD). A pattern that begins with "^" must stand at the start of the block.
_STRONG = {
    "note to readers": r"^(?:editor[’']?s? |publisher[’']?s? )?note to (?:our )?readers?\b",
    "share buttons": r"\b(?:share buttons?|crosspost)\b|^(?:please )?share this (?:article|story|post)\b",
    "copyright": r"^\W*(?:copyright|©|\(c\))\s*(?:©|\(c\)|\d{4}|[A-Z\[])|©\s*\d{4}|\ball rights reserved\b",
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
    "licence": r"^(?:this (?:work|article|content)|licensed|content) .{0,40}\bcreative commons\b",
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
THRESHOLD = 3.0
_SIGNS = [(THRESHOLD, re.compile(pattern, re.IGNORECASE)) for pattern in _STRONG.values()]
_SIGNS += [(weight, re.compile(pattern, re.IGNORECASE)) for weight, pattern in _WEAK.values()]

_TRADE = (
    r"(?:journalist|author|writer|reporter|columnist|correspondent|contributor|editor|blogger|analyst|fellow"
    r"|researcher|professor|lecturer|commentator|historian|broadcaster|filmmaker|photographer|producer"
    r"|freelancer|activist|lawyer)"
)
_BLURB = re.compile(
    r"(?:about the authors?\W*)?(?:(?:dr|prof|mr|mrs|ms|col|gen)\.? )?"
    r"(?-i:[A-Z][\w'’.-]+(?: (?:[A-Z][\w'’.-]*|de|von|van|al|bin|and)){0,4}),? "
    rf"(?:is|was|has been|are|writes|works|covers|reports|serves|teaches)\b.{{0,160}}?\b{_TRADE}s?\b",
    re.IGNORECASE,
)
_BLURB_SIGNS = re.compile(
    r"award-winning|(?:frequent|regular)(?:ly)? contribut|contributor to|writes (?:for|on|about)"
    r"|follow (?:him|her|them|me)\b|can be (?:reached|followed|contacted)|is the author of"
    r"|author of the (?:book|forthcoming)|(?:his|her|their) (?:latest |new |most recent )?book|at large\b"
    r"|(?:he|she) (?:tweets|blogs|writes)|is an? (?:\S+ ){0,3}(?:independent|freelance)",
    re.IGNORECASE,
)
_LONG = (
    350  # characters: within the article, one sign at the start of so long a block may precede real content
)


def boilerplate_score(
    text: str, *, tail: bool, after_rule: bool = False, names: tuple[str, ...] = (), link: bool = False
) -> float:
    """How much a block looks like boilerplate; THRESHOLD and above means that it is.

    tail: nothing of the article follows. after_rule: a scene break or boilerplate stands right before it.
    names: the article's authors, whose mention at the start makes a blurb. link: the block is one link.
    """
    head = text[:2000]
    total = sum(weight for weight, pattern in _SIGNS if pattern.search(head))
    if len(text) <= 800 and _BLURB.match(head):
        total += (
            1
            + (2 if _BLURB_SIGNS.search(head) else 0)
            + (2 if tail else 0)
            - (0 if tail or after_rule else 2)
        )
        total += 2 if any(name and head.startswith(name) for name in names) else 0
    if not tail:
        return total - (1 if len(text) > _LONG else 0)
    if after_rule:
        total += 1.5 if total else 0.5
    elif total:
        total += 0.5
    return total + (1.5 if link else 0)
