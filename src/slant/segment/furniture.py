"""Recognize the furniture of copied pages: counters, buttons, captions, links to other articles, notes of news agencies.

Also the texts of consent walls and paywalls. Only whole blocks are matched, so a sentence that begins with the same words
stays in the article.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = r"\d[\d,.]{0,9}\s?[km]?"
_COUNTER = re.compile(
    rf"(?:{_NUMBER} (?:shares?|views?|comments?|likes?|retweets?|reposts?|reactions?|reads?|people|readers|users"
    rf"|(?:people )?viewing now"
    rf"|watching(?: now)?|followers?)(?: (?:viewing|watching|reading)(?: (?:this|now))*)?|shares? {_NUMBER}"
    rf"|(?:shares?|views?|comments?)\s?:\s?{_NUMBER}"
    r"|\d{1,4}|page \d{1,4}(?:(?: of |\s?/\s?)\d{1,4})?"
    r"|(?:view|show|see|read|hide|add|leave|post) (?:\d+ |all |your |a )*comments?)",
    re.IGNORECASE,
)
_MEDIA = re.compile(
    r"scroll down for (?:the )?(?:video|photos?|pictures|more|gallery)|\+\s?\d{1,3}|(?:view|open|see) (?:full"
    r" )?(?:gallery|slideshow|image|photos)"
    r"|(?:play|watch|pause|replay)(?: the)? (?:video|again|live)|(?:toggle|hide|show) caption|enlarge(?:"
    r" this)?(?: image)?|image source, .{2,60}"
    r"|image caption,? .{2,300}|(?:click|tap) (?:here )?to (?:enlarge|view|play).{0,60}|\d{1,2} (?:/|of) \d{1,3}"
    r"|video (?:loading|player|unavailable).{0,40}"
    r"|(?:loaded|duration|current time)\s?:?\s?[\d:.%]+|pictures?\s?: .{2,80}|pictured(?:"
    r" \([^)]{1,20}\))?\s?: .{2,300}",
    re.IGNORECASE,
)
# A caption points into its picture and ends without a period.
_CAPTION = re.compile(
    r"[^\n]{0,200}\((?:(?:pictured|file (?:photo|picture|image)|stock (?:photo|image))\b[^()]{0,80}"
    r"|(?:above|left|right|cent(?:er|re)|top|bottom|inset)(?:, [^()]{1,60})?)\)"
    r"[^\n]{0,200}(?<![.!?…\"'”’:;,])(?<! (?:the|and|for|its|his|her|was|has|had|are))"
    r"(?<! (?:of|to|in|on|at|by|is|as|an|or))(?<! a)(?<! (?:that|with|from|said|were|will|have))",  # torn
    re.IGNORECASE,
)
_BOILERPLATE = re.compile(
    r"\W*(?:advertise?ment|advert|sponsored(?: content)?|promoted(?: content)?|ad feedback)\W*"
    r"|\W*(?:(?:the )?(?:story|article) continues (?:below|after).{0,40}|(?:continue reading|scroll to"
    r" continue).{0,60}"
    r"|advertisement\s*[-–—:].{0,60}|loading\W*|skip (?:advert(?:isement)?|ad|past .{0,60}|to .{0,30}))"
    r"|-?\s?(?-i:ENDS?)\s?-?|-\s?ends?\s?-|#\s?#\s?#|\(ends\)|(?-i:MORE TO COME|MTC)"
    r"|(?:trending(?: now)?|(?:most|more) (?:read|popular|viewed|shared|watched)(?: (?:stories|articles|in"
    r" .{1,30}))?|you may also like"
    r"|you might (?:also )?like|recommended(?: (?:for you|stories|reading|articles))?|related (?:stories|articles"
    r"|content|news|links|topics|reading|posts)"
    r"|don['’]t miss|editors?['’]?s? picks?|top stories|popular (?:stories|articles|now)|more (?:stories|from us"
    r"|on this story|news)|read next|up next"
    r"|what to read next|latest (?:stories|headlines)|promoted stories|around the web|from our partners)\s?:?"
    r"|(?:read|see|watch|learn|find out) (?:more|also|next|full story|the full (?:story|article)|now)\s?(?:[:"
    r"|>»→-].{0,160})?\W*"
    r"|(?:related|see also|more|also read|read|recommended|more on this|watch|listen|don['’]t miss)\s?[:"
    r"|»→>]\s?.{3,160}(?<![.])"
    r"|share (?:or comment on )?this (?:article|story).{0,200}"
    r"|(?:share|tweet|e-?mail|print|copy link|copy|save|facebook|twitter|whatsapp|linkedin|reddit|pinterest"
    r"|messenger|x|bluesky|telegram|link copied)"
    r"(?:(?: on| to| via| this)?[\s,|·•/]+(?:share|tweet|e-?mail|print|copy link|copy|save|facebook|twitter"
    r"|whatsapp|linkedin|reddit|pinterest|messenger"
    r"|x|bluesky|telegram|more)){1,8}|share (?:on|via|to) \w+|link copied\W*|copy(?: the)? link|add .{2,40} (?:on"
    r"|as a preferred source on) google"
    r"|our standards: the .{2,80} trust principles\W*"
    r"|back to top|top of page|go to (?:top|comments)|jump to .{2,30}",
    re.IGNORECASE,
)
_AGENCY_NOTE = (
    r"\(+\s?(?:(?:additional |further )?(?:reporting|writing|editing|edited|written|compiled|filming|graphics?"
    r"|production)(?: and (?:writing|editing))? "
    r"(?:by|and)\b|adds?|updates?|corrects?|recasts?|rewrites?|removes|new throughout|(?:US"
    r"|U\.S\.)?\s?[$€£¥]\s?\d+(?:\.\d+)?\s?=|[\w.+-]{1,60}@[\w.-]{3,60}\s?[;,)])"
    r"[^()\n]{0,300}(?:\([^()\n]{0,40}\)[^()\n]{0,100})?\)+\W?"
)
_AGENCY_NOTES = re.compile(
    rf"(?:{_AGENCY_NOTE}\s*){{1,5}}|(?:(?:additional )?reporting|editing) by"
    r"(?:[ ,;]+(?:(?:and|in|by|editing by|reporting by) )?(?-i:[A-Z])[\w.'’-]*){2,12}\W?",
    re.IGNORECASE,
)
_MAX_FURNITURE = 500  # characters


def furniture_role(text: str) -> str:
    """ "metadata", "media" or "boilerplate" for a block of page furniture, else ""."""
    if len(text) > _MAX_FURNITURE:
        return ""
    if len(text) <= 60 and _COUNTER.fullmatch(text):
        return "metadata"
    if _MEDIA.fullmatch(text) or (8 <= len(text.split()) <= 60 and "(" in text and _CAPTION.fullmatch(text)):
        return "media"
    if (len(text) <= 240 and _BOILERPLATE.fullmatch(text)) or _AGENCY_NOTES.fullmatch(text):
        return "boilerplate"
    return "boilerplate" if is_wall(text) else ""


_TEASERS = re.compile(
    r"(?:trending(?: now)?|most (?:read|popular|viewed|shared)(?: .{1,30})?|you (?:may|might) also like"
    r"|related (?:stories|articles|content|posts)|recommended(?: for you| stories)?|top stories|more stories"
    r"|read next|popular (?:stories|now)|don['’]t miss|promoted stories|around the web)\s?:?",
    re.IGNORECASE,
)
_VIEWERS = re.compile(
    r"[\d,.]+\s?[km]? (?:(?:people|readers) )?(?:viewing|watching|reading)(?: this)?(?: now)?", re.IGNORECASE
)
_FOOTNOTE = re.compile(r"(\[\d{1,3}\]) \S")
_MAX_FOOTNOTE = 200  # characters; a longer one is a part of the argument
_MAX_TEASER = 120  # characters


def teasers(texts: Sequence[str]) -> set[int]:
    """Indices of the links to other articles: two or more short lines below "Trending", or one above its viewers."""
    found: set[int] = set()
    for i, text in enumerate(texts):
        if len(text) <= 60 and _VIEWERS.fullmatch(text) and i and _is_teaser(texts[i - 1]):
            found.add(i - 1)
        if len(text) > 60 or not _TEASERS.fullmatch(text):
            continue
        end = i + 1
        while end < len(texts) and _is_teaser(texts[end]):
            end += 1
        if end - i > 2 and end < len(texts):  # the last line may be the heading of the text that follows
            end -= 1
        if end - i > 2 or end == len(texts):
            found.update(range(i + 1, end))
    return found


def _is_teaser(text: str) -> bool:
    return 0 < len(text) <= _MAX_TEASER and text.rstrip("\"'”’)")[-1:] not in (".", "!", ":", "…", ",", ";")


def footnotes(texts: Sequence[str]) -> set[int]:
    """Indices of the notes ("[1] …") to which a block above refers."""
    notes = {
        i: mark[1] for i, text in enumerate(texts) if text[:1] == "[" and (mark := _FOOTNOTE.match(text))
    }
    if not notes:
        return set()
    above = "\n".join(texts[: min(notes)])
    return {i for i, mark in notes.items() if mark in above and len(texts[i]) <= _MAX_FOOTNOTE}


_CONSENT = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bby (?:choosing|clicking|selecting|pressing|continuing|using|tapping)\b.{0,60}\b(?:agree|accept"
        r"|consent)\b|\byou (?:agree|consent) (?:that|to)\b.{0,80}\bcookies\b",
        r"\b(?:we|us|our sites?|partners?)\b.{0,60}\buses? (?:\w+ )?cookies\b|\buse of cookies\b|\bcookies(?:,|"
        r" and| or) (?:\w+ )?(?:similar|other) (?:\w+ )?(?:tracking|technologies|tools)|\b(?:such as|like) cookies\b",
        r"\b(?:cookie|privacy|consent) (?:choices|settings|preferences|options|policy|notice|consent)\b|\bcookie"
        r" consent\b",
        r"\bpersonali[sz]ed? (?:content|messages|ads|advertising)\b|\bads? (?:and content )?(?:measurement"
        r"|personali[sz]ation)\b|\baudience (?:research|insights|measurement)\b",
        r"\b(?:vendors?|third[- ]part(?:y|ies)|sponsors|partners)\b.{0,100}\b(?:data|information|advertising"
        r"|analytics|providers)\b|\binformation\b.{0,40}\bshared with\b.{0,60}\b(?:media|vendors|providers"
        r"|partners)",
        r"\b(?:store|access)\b.{0,40}\binformation (?:on|about) (?:a|your|the) device\b|\bpersonal"
        r" data\b.{0,60}\b(?:process|partners|such as)",
        r"^(?:accept|reject|agree|i agree|manage|allow|decline)(?: (?:all|and|or|to|accept|reject|cookies|continue"
        r"|options|settings|preferences|my choices|close|the (?:site|website))){1,9}\W*$|\bbefore you continue(?: to\b|\W*$)"
        r"|\bwe value your privacy\b"
        r"|\bwe care about your privacy\b",
    )
]
_ROBOT_CHECK = re.compile(
    r"(?:verify|confirm|checking)(?: that)? you are (?:a )?(?:human|not a robot)|checking (?:if the site"
    r" connection is secure|your browser)"
    r"|enable javascript(?: and cookies)? to continue|please (?:enable|turn on) (?:javascript|js)\b|unusual"
    r" (?:traffic|activity) from your"
    r"|complete the (?:captcha|security check)|performance (?:&|and) security by cloudflare",
    re.IGNORECASE,
)
_DENIED = re.compile(r"access (?:to this page has been )?denied|are you a robot", re.IGNORECASE)
# What else such a page says to the person in front of it. Each pattern counts once.
_ROBOT_SIGNS = [
    _ROBOT_CHECK,
    _DENIED,
    *(
        re.compile(pattern, re.IGNORECASE)
        for pattern in (
            r"\byou (?:don['’]t|do not) have (?:permission|access)\b"
            r"|\bnot authorized to (?:access|view)\b|\bon this server\b",
            r"\b(?:reference|ray|incident|request|event|block) ?(?:id|#|no\.?|number)\W"
            r"|\berror (?:code )?1\d{3}\b|\b[0-9a-f]{16}\b",
            r"\byour (?:ip|browser|request|connection|network|device|activity)\b",
            r"\b(?:you are|you['’]re|as) (?:a |an )?(?:bot|robot|human)\b"
            r"|\bautomated (?:requests?|traffic|tools?|software|access)\b",
            r"\bjavascript\b|\benable cookies\b|\bad[- ]?blocker\b",
            r"\bsecurity (?:service|check|solution|verification)\b|\bprotect (?:itself|us|our site)\b|\bcaptcha\b",
            r"\b(?:please )?(?:try again|refresh|reload|stand by|wait a|go back|press (?:&|and) hold)\b",
            r"\bcontact (?:us|support|(?:the )?(?:site|website|web) ?(?:owner|master|administrator))\b",
            r"\bwhy (?:have|was|am) i\b|\bwhat (?:can|should) i do\b|\bwhat happened\b",
        )
    ),
]
_REPORTED = re.compile(
    r"\b(?:said|says|told|tells|according to|announced|wrote|reported|claimed|argued)\b", re.IGNORECASE
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n")
_MAX_ROBOT_CHECK = 1200  # characters


def _asks_for_proof(text: str) -> bool:
    """Does nearly every sentence of a short text speak to a visitor who is taken for a robot? An article reports."""
    if not (_ROBOT_CHECK.search(text) or _DENIED.search(text)) or _REPORTED.search(text):
        return False
    sentences = _SENTENCE.split(text)
    found = [{i for i, sign in enumerate(_ROBOT_SIGNS) if sign.search(each)} for each in sentences]
    size = sum(len(each) for each, signs in zip(sentences, found, strict=True) if signs)
    enough = 1 if _ROBOT_CHECK.search(text) else 2
    return len(set().union(*found)) >= enough and size >= 0.6 * len(text)


_MAX_WALL = 6000  # characters; a wall is short


def wall_reason(paragraphs: Sequence[str]) -> str | None:
    """ "consent_page" or "blocked_page" if nearly all of a page asks for consent or for proof of being human, else None."""
    total = sum(len(text) for text in paragraphs)
    if not total or total > _MAX_WALL:
        return None
    lowered = "\n".join(paragraphs).lower()
    if total < _MAX_ROBOT_CHECK and _asks_for_proof("\n".join(paragraphs)):
        return "blocked_page"
    if "cookie" not in lowered and "consent" not in lowered:
        return None
    signs = [{i for i, pattern in enumerate(_CONSENT) if pattern.search(text[:2000])} for text in paragraphs]
    size = sum(len(text) for text, found in zip(paragraphs, signs, strict=True) if found)
    reported = any(re.search(r"\bsaid\b", text) for text in paragraphs)  # an article about cookies
    if len(set().union(*signs)) >= 3 and size >= 0.6 * total and not reported:
        return "consent_page"
    return None


_WALL = re.compile(
    r"\W*(?:(?:please )?(?:subscribe|sign up|register|log ?in|sign in|join|become a (?:member|subscriber))(?:"
    r" (?:now|today|or (?:log|sign) ?in|here))*"
    r" (?:to|and) (?:continue|keep|read|finish|unlock|access)\b.{0,120}"
    r"|(?:to )?(?:continue|keep) reading(?: this (?:article|story))?,? ?(?:with|for|please|by|subscribe|you|log"
    r"|sign|register).{0,120}"
    r"|to (?:read|view|access) (?:the (?:full|rest)|more|this) .{0,80}(?:subscri|log ?in|sign|register|regist).{0,60}"
    r"|(?:you(?:['’]ve| have)) (?:read|reached|used(?: up)?|viewed|hit|opened) (?:(?:all (?:of )?)?(?:your"
    r"|the|\d+)\b.{0,30}\b(?:free|complimentary)"
    r" (?:articles?|stories)|(?:your|the) (?:\w+ ){0,3}(?:article )?limit\b).{0,160}"
    r"|(?:you have )?\d+ (?:free )?(?:articles?|stories) (?:left|remaining).{0,80}"
    r"|(?:already|are you) (?:a |an )?(?:\w+ )?(?:subscriber|subscribed|member|registered)\W*(?:(?:please"
    r" )?(?:log|sign) ?in.{0,40})?"
    r"|this (?:article|story|content|post|page) is (?:only |exclusively )?(?:for|available (?:only )?to|reserved"
    r" for) (?:our )?(?:paying |paid |registered )*(?:subscribers?|registered users|paying members)"
    r".{0,120}"
    r"|(?:this is )?(?:subscriber|premium|member)s?[- ](?:only|exclusive)(?: (?:content|article|story))?"
    r"|(?:(?:get )?unlimited|full) (?:digital )?access\b.{0,40}\b(?:for (?:just |only )?[$€£]|[$€£]\s?\d|per"
    r" (?:week|month)|a (?:week|month)).{0,100}"
    r"|(?:try|subscribe|get \w+(?: \w+)?) .{0,40}(?:for (?:just|only) )[$€£]\s?\d.{0,100}|(?:from|only|just)"
    r" [$€£]\s?\d[\d.]* (?:a|per) (?:week|month).{0,60}"
    r"|(?:cancel (?:any ?time|at any time).{0,40})|(?:view|see) (?:our )?subscription (?:options|offers).{0,30}"
    r"|subscribe(?: now| today)?\W*)",
    re.IGNORECASE,
)


def is_wall(text: str) -> bool:
    """Is a block the text of a paywall: "Subscribe to continue reading", "You have read all of your free articles"?"""
    return len(text) <= 300 and _WALL.fullmatch(text) is not None


_STUB_WORDS = 300  # an article that is said not to be free and has fewer words is likely cut off


def stub_detail(paragraphs: Sequence[str], *, said_not_free: bool) -> str | None:
    """Why a page likely has only the beginning of its article, as a sentence, or None.

    said_not_free: the page's data say that its article is not free to read.
    """
    walls = [
        text
        for text in paragraphs
        if is_wall(text) and not re.match(r"\W*subscribe\W*$", text, re.IGNORECASE)
    ]
    words = sum(len(text.split()) for text in paragraphs)
    if walls:
        return f"The text has the line {walls[0][:80]!r} of a paywall, so the rest of the article is likely missing."
    if said_not_free and words < _STUB_WORDS:
        return f"The page says that its article is not free to read, and has only {words} words of it."
    return None
