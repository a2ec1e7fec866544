"""Find the turns of transcripts and interviews, whose speech has no quotation marks.

Four styles are read: labels ("TESK: …", "Q: …", "**Petra Quill:** …"), lines with a bare name, questions in bold type, and
dashes. A document must repeat its style; a single "Note: …" is no turn. The words after a label are quoted, and so are the
paragraphs that follow in the same turn. What the article's author or its outlet asks ("Q:") is in the outlet's voice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from slant.segment.comment_section import commenter_name
from slant.segment.markdown import Block


@dataclass(frozen=True, slots=True)
class Turn:
    """A block of a conversation.

    said: offset in the block's text from which it is a speaker's words; -1 if all of it is the outlet's.
    is_label: the block is nothing but the name of the next one's speaker.
    speaker: name of who says these words, as the longest label has it; None if the document names nobody.
    """

    said: int
    is_label: bool = False
    speaker: str | None = None


Turns = dict[int, Turn]  # by index of the block


def find_turns(
    blocks: Sequence[Block], neutral: Sequence[bool], *, authors: Sequence[str], outlet: str | None
) -> Turns:
    """Turns by block index; empty for an article that is no conversation.

    neutral: blocks that are no article text. authors, outlet: of the article, whose questions are not quoted.
    """
    interviewers = _Interviewers(tuple(authors), outlet)
    for style in (_labeled, _named, _asked_in_bold, _dashed):
        if found := style(blocks, neutral, interviewers):
            return found
    return {}


_DIRECTION = re.compile(
    r"(?P<open>[(\[])(?:[^\W\d_a-z][^\Wa-z_]*(?:[ ,.'’/–-]+[^\Wa-z_]+)*|(?i:(?:cross-?talk|inaudible|applause"
    r"|laughter|laughs"
    r"|(?:audience |general )?laughter|pause|silence|music(?: playing)?|overtalk(?:ing)?|cheers?|booing|sighs"
    r"|unintelligible"
    r"|(?:commercial )?break|speaking \w+|through (?:an )?(?:interpreter|translator))))[.]?[)\]]"
)


def is_stage_direction(text: str) -> bool:
    """Is a block a remark of a transcript: "(CROSSTALK)", "[laughter]"?"""
    return 4 <= len(text) <= 80 and _DIRECTION.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class _Interviewers:
    authors: tuple[str, ...]
    outlet: str | None

    def include(self, name: str) -> bool:
        """Is a speaker the article's author, the outlet, or a bare "Q"?"""
        plain = name.casefold()
        if re.fullmatch(r"q(?:uestion)?\d*|interviewer", plain):
            return True
        stated = self.outlet.casefold().removeprefix("the ") if self.outlet else ""
        if stated and plain.removeprefix("the ") == stated:
            return True
        return any(plain in (author.casefold(), _key(author)) for author in self.authors)


# ---- labels

_LABEL = re.compile(r"(?P<name>[^\W\d_][^\n:?!\"“”]{0,79}?)\s?:\s+(?=\S)")
_ANSWER = re.compile(r"(?P<name>[QA]|Question|Answer)\d{0,3}\s?[.:]\s+(?=\S)")
_BOLD_LABEL = re.compile(r"(?P<mark>\*\*|__)(?P<name>[^\W\d_][^*_\n:?!.\"“”]{1,50}):?(?P=mark):?\s+(?=\S)")
_NAME_WORD = re.compile(r"[^\W\d_][\w.'’-]*")
_PARTICLES = frozenset(
    {"de", "la", "le", "da", "di", "von", "van", "der", "den", "al", "el", "bin", "ibn", "of", "the", "and"}
)
# Words that begin lines of other lists than those of speakers.
_NOT_SPEAKERS = frozenset((
    "what", "when", "where", "who", "why", "how", "which", "myth", "fact", "facts", "claim", "verdict", "pro",
    "pros", "con", "cons", "note", "notes", "update", "updated", "breaking", "correction", "summary", "read",
    "watch", "listen", "related", "photo", "photos", "picture", "caption", "image", "video", "winner", "loser",
    "home", "away", "price", "prices", "tickets", "info", "information", "details", "step", "day", "phase", "tip",
    "tips", "rule", "lesson", "source", "sources", "date", "time", "venue", "place", "warning", "advice",
    "result", "results", "score", "scores", "goals", "teams", "referee", "attendance", "rating", "strengths",
    "weaknesses", "for", "against", "positives", "negatives", "background", "context", "example", "problem",
    "solution", "cause", "effect", "before", "after", "then", "now", "today", "yesterday", "tomorrow", "monday",
    "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "more", "also", "see", "theme", "region",
    "topic", "tags", "author", "title", "headline", "by", "subject", "from", "to", "cc", "re", "address", "phone",
    "email", "website", "contact", "mp3", "pdf", "url", "link", "true", "false", "rumour", "rumor", "reality",
    "evidence", "conclusion", "p.s", "ps", "edit", "editor", "disclaimer", "disclosure", "cast", "director",
    "starring", "running", "duration", "genre", "label", "format", "publisher", "pages", "isbn", "age",
    "occupation", "born", "died", "salary", "we", "are", "you", "it", "is", "this", "that", "the",
))  # fmt: skip
_MAX_CONTINUATION = 12  # paragraphs of one turn after its first
_WHOLE_TRANSCRIPT = 0.6  # share of paragraphs with a label; an article that quotes a transcript has fewer
_PERSONAL = re.compile(
    r"\b(?:I|I['’](?:m|ve|d|ll)|my|me|we|our|us|We|My|Our|[Yy]ou|[Yy]our|[Yy]ou['’](?:re|ve|ll|d))\b"
)
_CITES = re.compile(
    r"[\"“”].{0,300}\b(?:said|says|t(?:old|ells)|wrote|writes|added|points? out|according to)\b"
    r"|\b(?:said|says|t(?:old|ells)|wrote|added|according to)\b.{0,80}[\"“]"
)


@dataclass(frozen=True, slots=True)
class _Label:
    index: int
    key: str
    name: str
    said: int
    loud: bool  # in capitals, or Q and A

    @property
    def last_name(self) -> str:
        """As a text spells it outside its labels."""
        word = next((w for w in reversed(self.name.split()) if w.casefold() == self.key), self.key)
        return word.title() if word.isupper() else word


def _key(name: str) -> str:
    words = _NAME_WORD.findall(name)
    words = [word for word in words if word.casefold().strip(".") not in ("jr", "sr")] or words
    return words[-1].casefold() if words else ""


def _label(index: int, block: Block) -> _Label | None:
    text = block.text
    if found := _ANSWER.match(text):
        name = found["name"][0]
        return _Label(index, name.casefold(), name, found.end(), True)
    bold = _BOLD_LABEL.match(block.source) if block.markdown else None
    if bold and not text.startswith(bold["name"]):
        bold = None
    found = _LABEL.match(text[:160])
    if bold and (found is None or found.end() > len(bold["name"]) + 4):
        name = bold["name"]
        rest = text[len(name) :]
        said = len(text) - len(rest.lstrip(" :"))
    elif found:
        name, said = found["name"], found.end()
    else:
        return None
    name = re.sub(r"\s*[(\[][^()\[\]]*[)\]]", "", name).partition(",")[0].strip()
    words = name.split()
    if not 1 <= len(words) <= 5 or any(word.casefold().strip(".") in _NOT_SPEAKERS for word in words):
        return None
    bare = [word for word in words if word.casefold() not in _PARTICLES]
    if not bare or not all(word[0].isupper() and _NAME_WORD.fullmatch(word) for word in bare):
        return None
    return _Label(index, _key(name), name, said, name.isupper() and len(name) > 1)


def _labeled(blocks: Sequence[Block], neutral: Sequence[bool], interviewers: _Interviewers) -> Turns:
    labels = [
        label
        for i, block in enumerate(blocks)
        if not neutral[i] and block.form == "text" and (label := _label(i, block))
    ]
    labels = _speakers(labels, blocks, interviewers)
    if not labels:
        return {}
    turns = {
        each.index: Turn(
            -1 if interviewers.include(_full_name(each, labels)) else each.said,
            speaker=_speaker(each, labels),
        )
        for each in labels
    }
    owners = {each.index: each for each in labels}
    questions_only = all(each.key == "q" for each in labels)
    names = {each.last_name for each in labels if len(each.key) > 1}
    first, last = labels[0].index, labels[-1].index
    content = sum(not neutral[i] and bool(blocks[i].text) for i in range(first, last + 1))
    whole = len(labels) >= _WHOLE_TRANSCRIPT * content

    def continues(start: int, block: Block) -> Turn | None:
        text = block.text
        if questions_only:
            return Turn(0)  # the answers, of someone whom the labels do not name
        # Between the turns an article may go on: about the speakers, or in the third person.
        if not whole and any(_mentions(text, name) for name in names):
            return None
        if _mentions(text, owners[start].last_name) or _CITES.search(text):
            return None
        if not (whole and start != last) and not _PERSONAL.search(text):
            return None
        turn = turns[start]
        return Turn(0 if turn.said >= 0 else -1, speaker=turn.speaker)

    return _with_continuations(blocks, neutral, turns, continues)


def _speakers(labels: list[_Label], blocks: Sequence[Block], interviewers: _Interviewers) -> list[_Label]:
    """The labels that are speakers', or none if the document is no conversation."""
    counts = Counter(label.key for label in labels)
    answers = [label for label in labels if label.key in ("q", "a")]
    if (counts["q"] and counts["a"]) or counts["q"] >= 2:
        labels = answers
    else:
        labels = [label for label in labels if label.key not in ("q", "a")]
        loud = [label for label in labels if label.loud]
        labels = loud if 2 * len(loud) >= len(labels) else labels
        counts = Counter(label.key for label in labels)
        if len(labels) < 3 or len(counts) < 2 or max(counts.values()) < 2:
            return []
        if not loud:  # ordinary words with a colon are often no names
            once = "\n".join(block.text for block in blocks)
            known = {
                key
                for key in counts
                if any(interviewers.include(label.name) for label in labels if label.key == key)
                or any(
                    _mentions(once, label.last_name, beside_labels=True)
                    for label in labels
                    if label.key == key
                )
            }
            labels = [label for label in labels if label.key in known]
            repeated = sum(counts[label.key] > 1 for label in labels)
            if len(labels) < 4 or not known or 2 * repeated < len(labels):
                return []
    span = labels[-1].index - labels[0].index + 1
    return labels if len(labels) >= 0.3 * span else []


def _mentions(text: str, name: str, *, beside_labels: bool = False) -> bool:
    """Does a text name a speaker? beside_labels: other than before a colon."""
    if len(name) < 2:
        return False
    after = r"(?!\s*(?:[(\[][^()\[\]]*[)\]])?\s*:)" if beside_labels else ""
    name = re.escape(name)
    return re.search(rf"(?<=[a-z,“‘\"'] ){name}\b{after}|\b[A-Z][a-z]+ {name}\b{after}", text) is not None


def _full_name(label: _Label, labels: Sequence[_Label]) -> str:
    """The longest name with the same last word."""
    return max((each.name for each in labels if each.key == label.key), key=len)


def _speaker(label: _Label, labels: Sequence[_Label]) -> str | None:
    """Name of a label's speaker, not in capitals; None for "Q" and "A"."""
    if label.key in ("q", "a"):
        return None
    name = _full_name(label, labels)
    return name.title() if name.isupper() and len(name) > 3 else name


def _with_continuations(
    blocks: Sequence[Block],
    neutral: Sequence[bool],
    turns: Turns,
    continues: Callable[[int, Block], Turn | None],
) -> Turns:
    """Add the further paragraphs of each turn; after the last label, no more than an earlier turn has."""
    starts = sorted(turns)
    found = dict(turns)
    longest = 0
    for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
        limit = longest if end == len(blocks) else _MAX_CONTINUATION
        count = 0
        for i in range(start + 1, end):
            if neutral[i] or not blocks[i].text:
                continue
            turn = continues(start, blocks[i]) if blocks[i].form != "heading" and count < limit else None
            if turn is None or _is_initials(blocks[i].text):
                break
            found[i] = turn
            count += 1
        longest = max(longest, count)
    return found


def _is_initials(text: str) -> bool:
    """Is a block the initials of who wrote the article down?"""
    bare = text.strip("()/")
    return len(bare) <= 4 and bare.isalpha() and bare.isupper()


# ---- lines with a bare name


def _named(blocks: Sequence[Block], neutral: Sequence[bool], interviewers: _Interviewers) -> Turns:
    """Lines that name the next paragraph's speaker: only persons that the article names, or its author."""
    lines: dict[int, str] = {}
    for i, block in enumerate(blocks[:-1]):
        text = block.text
        if neutral[i] or neutral[i + 1] or len(text) > 40 or block.form not in ("text", "heading"):
            continue
        name = text.rstrip(" :")
        if commenter_name(name) == name and i - 1 not in lines:
            lines[i] = name
    counts = Counter(lines.values())
    repeated = {name for name, count in counts.items() if count > 1}
    if len(repeated) < 2 or len(lines) < 4:
        return {}
    first = min(i for i, name in lines.items() if name in repeated)
    before = "\n".join(block.text for block in blocks[:first] if len(block.text) > 60)
    if not all(interviewers.include(name) or _named_before(name, before) for name in repeated):
        return {}
    labels = {i: name for i, name in lines.items() if i >= first and name in repeated}
    turns = {
        i: Turn(-1 if interviewers.include(name) else 0, is_label=True, speaker=name)
        for i, name in labels.items()
    }

    def continues(start: int, block: Block) -> Turn | None:
        return Turn(turns[start].said, speaker=turns[start].speaker)

    found = _with_continuations(blocks, neutral, turns, continues)
    last = max(labels)
    found.setdefault(last + 1, Turn(turns[last].said, speaker=turns[last].speaker))
    return found


def _named_before(name: str, text: str) -> bool:
    return len(name.split()) > 1 and name in text


# ---- questions in bold type

_YOU = re.compile(r"\b(?:you|your|yours|yourself)\b", re.IGNORECASE)
_FIRST_PERSON = re.compile(r"\b(?:I|I['’](?:m|ve|d|ll)|my|me|mine|myself|we|our|us|We|My|Our)\b")


def _asked_in_bold(blocks: Sequence[Block], neutral: Sequence[bool], interviewers: _Interviewers) -> Turns:
    """Questions in bold type or as headings, and answers in the first person. In an explainer no one says "I"."""
    asked = [
        i
        for i, block in enumerate(blocks)
        if not neutral[i]
        and (block.emphasis == "strong" or (block.form == "heading" and block.level > 1))
        and len(block.text) <= 400
    ]
    answers = [_answer(blocks, neutral, i) for i in asked]
    asked = [i for i, answer in zip(asked, answers, strict=True) if answer is not None]
    texts = [blocks[answer].text for answer in answers if answer is not None]
    if len(asked) < 2:
        return {}
    first = next((i for i in asked if blocks[i].text.endswith("?")), asked[0])
    kept = [(i, text) for i, text in zip(asked, texts, strict=True) if i >= first]
    questions = sum(blocks[i].text.endswith("?") for i, _ in kept)
    to_you = sum(bool(_YOU.search(blocks[i].text)) for i, _ in kept)
    personal = sum(bool(_FIRST_PERSON.search(text)) for _, text in kept)
    if questions < 2 or 2 * questions < len(kept) or 3 * to_you < len(kept) or 2 * personal < len(kept):
        return {}
    turns = {i: Turn(-1) for i, _ in kept}
    return _with_continuations(
        blocks, neutral, turns, lambda _, block: None if block.emphasis == "em" else Turn(0)
    ) | {index: Turn(0) for i, _ in kept if (index := _answer(blocks, neutral, i)) is not None}


def _answer(blocks: Sequence[Block], neutral: Sequence[bool], question: int) -> int | None:
    """The paragraph below a question, if it is not in bold itself."""
    following = (i for i in range(question + 1, len(blocks)) if not neutral[i] and blocks[i].text)
    at = next(following, None)
    return at if at is not None and blocks[at].form == "text" and blocks[at].emphasis != "strong" else None


# ---- dashes

_DASH = re.compile(r"[—–―]\s*(?=[^\W\d_a-z¿¡]|[¿¡\"“'‘])")


def _dashed(blocks: Sequence[Block], neutral: Sequence[bool], interviewers: _Interviewers) -> Turns:
    """Speech after a dash. Where the dashes are before questions alone, the paragraphs below them are the answers."""
    found = {
        i: dash.end()
        for i, block in enumerate(blocks)
        if not neutral[i] and block.form == "text" and (dash := _DASH.match(block.text))
    }
    asked = [i for i in found if blocks[i].text.endswith("?")]
    ended = [i for i in found if blocks[i].text.rstrip("\"'”’")[-1:] in (".", "!", "?", "…")]
    if len(found) < 3 or not asked or len(ended) < 0.8 * len(found):
        return {}
    if len(found) < 0.4 * (max(found) - min(found) + 1):
        return {}
    if len(asked) > 0.7 * len(found) and all(i + 1 not in found for i in asked):
        answers = [i + 1 for i in asked if i + 1 < len(blocks) and not neutral[i + 1]]
        return {i: Turn(-1) for i in found} | {i: Turn(0) for i in answers}
    return {i: Turn(end) for i, end in found.items()}
