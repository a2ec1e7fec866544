"""How often `slant.segment.speakers` names who says quoted words, and how often rightly, against PolNeAR.

    python benchmarks/speakers.py [--split dev] [--json FILE] [--misses 20]

Of every attribution whose content is quoted, at least in part, the words in quotation marks are looked up: the speaker that
most of these characters have. Scores are shares of attributions:

found      share with a speaker
precision  of those with a speaker, share whose speaker is right
recall     share whose speaker is right

A speaker is right if its head word is a head word of the annotated source. The head is the last word before a
preposition or relative clause ("a spokesman for Karvi": spokesman); a source with commas has a head per part ("the
mayor, Maria Karvi": mayor and karvi), and where both have a first name before the head, these must be equal, too. So "Karvi"
is right for "Maria Karvi", and "Maria Karvi" is wrong for "the Karvi campaign" and for "Jan Karvi". Sources that
are a pronoun have no name that could be compared: how many get a speaker is counted apart. Attributions without a
source are left out. Intervals (95 %) are from resampling articles.

The baseline takes the nearest run of capitalized words outside quotation marks, before or after, in the same paragraph.
Rules were written on train; dev is other articles and the default. The corpus' own test part is not in the folder.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from slant.corpora.polnear import Annotated, Attribution, Fragments, read_polnear
from slant.segment.speaker_phrases import word_set
from slant.segment.speakers import speakers_of
from slant.segment.voices import voices_of
from voice import DOUBLE, in_marks, polnear_options

RESAMPLES = 2000
PRONOUN = re.compile(
    r"(?:he|she|they|it|i|we|you|who|that|which|this|those|these|him|her|them|one|some|others|many|both)\b.{0,12}",
    re.IGNORECASE,
)
CUT = re.compile(
    r"\s+(?:of|for|in|at|from|with|on|to|by|about|who|whose|that|which|and|as|during|after|before|against)\b.*",
    re.DOTALL,
)
PART = re.compile(r",\s|\s[—–-]\s|[()—–]")
NAME = re.compile(r"[A-Z][\w’'-]*(?: (?:[A-Z]\.|de|la|von|van|al|bin))?(?: [A-Z][\w’'-]*)*")
Said = list[str | None]  # a speaker per character of the text


def words(phrase: str) -> list[str]:
    bare = re.sub(r"[’']s\b", "", phrase)
    return [word.casefold().strip(".'’-") for word in re.findall(r"[\w.'’-]+", bare) if word.strip(".'’-")]


def heads(phrase: str) -> set[tuple[str, str]]:
    """(word before the head, head) of each part of a source; the first is "" if it is no part of a name."""
    found = set()
    for part in PART.split(phrase):
        tokens = re.findall(r"[\w.'’-]+", CUT.sub("", f" {part}").strip())
        if not tokens:
            continue
        keys = words(" ".join(tokens))
        if keys and keys[-1] in ("jr", "sr") and len(keys) > 1:
            keys, tokens = keys[:-1], tokens[:-1]
        named = len(keys) > 1 and len(tokens) > 1 and tokens[-1][:1].isupper() and tokens[-2][:1].isupper()
        if keys:
            found.add((keys[-2] if named else "", keys[-1]))
    return found


TITLES = word_set(
    "mr mrs ms dr sen rep gov gen president senator governor secretary mayor speaker republican democrat candidate judge"
    " justice chairman chairwoman director pope professor prof former vice"
)


# Words with which sentences begin, for the baseline.
NO_NAMES = TITLES | word_set(
    "he she they it we i you but and the a an in on at when if as while after that this his her monday tuesday wednesday"
    " thursday friday saturday sunday"
)


def is_right(speaker: str, source: str) -> bool:
    for first, head in heads(speaker):
        for gold_first, gold_head in heads(source):
            names = {first, gold_first} - TITLES - {""}
            if head == gold_head and (len(names) < 2 or any(len(name) == 1 for name in names)):
                return True
    return False


def by_slant(text: str) -> Said:
    lines = [match.span() for match in re.finditer(r"[^\n]+", text) if match[0].strip()]
    texts = [(text[start:end], "paragraph") for start, end in lines]
    stretches = voices_of(texts)
    said: Said = [None] * len(text)
    found = speakers_of([(t, kind, s) for (t, kind), s in zip(texts, stretches, strict=True)])
    for (offset, _), own, speakers in zip(lines, stretches, found, strict=True):
        for (start, end, _), speaker in zip(own, speakers, strict=False):
            said[offset + start : offset + end] = [speaker] * (end - start)
    return said


def by_nearest_name(text: str) -> Said:
    said: Said = [None] * len(text)
    for line in re.finditer(r"[^\n]+", text):
        quoted = [m.span() for m in DOUBLE.finditer(line[0])]
        covered = np.zeros(len(line[0]), dtype=bool)
        for start, end in quoted:
            covered[start:end] = True
        names = [
            m.span()
            for m in NAME.finditer(line[0])
            if not covered[m.start()] and m[0].casefold() not in NO_NAMES
        ]
        for start, end in quoted:
            near = min(
                names, key=lambda n: start - n[1] if n[1] <= start else max(0, n[0] - end), default=None
            )
            if near is not None:
                at = line.start()
                said[at + start : at + end] = [line[0][slice(*near)]] * (end - start)
    return said


@dataclass(frozen=True)
class Case:
    """A quoted attribution: its article, source, whether that is a pronoun, and the speaker given to it."""

    article: int
    source: str
    pronoun: bool
    speaker: str | None
    start: int

    @property
    def right(self) -> bool:
        return self.speaker is not None and is_right(self.speaker, self.source)


def surface(text: str, fragments: Fragments) -> str:
    return " ".join(" ".join(text[start:end] for start, end in fragments).split())


def quoted_places(attribution: Attribution, mask: np.ndarray) -> list[int]:
    return [at for start, end in attribution.content for at in range(start, end) if mask[at]]


def cases(articles: Sequence[Annotated], speakers: Callable[[str], Said]) -> list[Case]:
    found = []
    for number, article in enumerate(articles):
        mask, said = in_marks(article.text), speakers(article.text)
        for attribution in article.attributions:
            places = quoted_places(attribution, mask)
            source = surface(article.text, attribution.source)
            if not places or not source:
                continue
            speaker = Counter(said[at] for at in places).most_common(1)[0][0]
            pronoun = PRONOUN.fullmatch(source) is not None
            found.append(Case(number, source, pronoun, speaker, places[0]))
    return found


def figures(found: Sequence[Case], articles: int) -> dict[str, object]:
    """Shares in percent with their intervals, and numbers."""
    counts = np.zeros((articles, 3))
    for case in found:
        counts[case.article] += (1, case.speaker is not None, case.right)
    draws = np.random.default_rng(0).integers(articles, size=(RESAMPLES, articles))

    def shares(sums: np.ndarray) -> np.ndarray:
        total, named, right = sums[..., 0], sums[..., 1], sums[..., 2]
        return 100 * np.stack([named / total, right / np.maximum(named, 1), right / total], axis=-1)

    low, high = np.percentile(shares(counts[draws].sum(axis=1)), [2.5, 97.5], axis=0)
    triples = np.stack([shares(counts.sum(axis=0)), low, high], axis=1)
    return {
        "attributions": len(found),
        "with_speaker": int(counts[:, 1].sum()),
        "right": int(counts[:, 2].sum()),
        **{
            name: [round(float(x), 1) for x in triple]
            for name, triple in zip(("found", "precision", "recall"), triples, strict=True)
        },
    }


def measure(articles: Sequence[Annotated]) -> dict[str, dict[str, object]]:
    result = {}
    for name, method in (("slant", by_slant), ("nearest name", by_nearest_name)):
        found = cases(articles, method)
        pronouns = [case for case in found if case.pronoun]
        result[name] = {
            "named": figures([case for case in found if not case.pronoun], len(articles)),
            "pronouns": {
                "attributions": len(pronouns),
                "with_speaker": sum(case.speaker is not None for case in pronouns),
            },
        }
    return result


def show_some(articles: Sequence[Annotated], number: int, pronouns: bool) -> None:
    """Print wrong cases (or cases of pronouns), to read."""
    found = cases(articles, by_slant)
    chosen = [c for c in found if c.pronoun == pronouns and c.speaker and (pronouns or not c.right)]
    missed = [c for c in found if c.pronoun == pronouns and not c.speaker]
    for title, group in (("GIVEN", chosen), ("NONE", missed)):
        print(f"== {title} {len(group)}")
        for case in random.Random(1).sample(group, min(number, len(group))):
            text = articles[case.article].text
            print(
                f"-- {case.source!r} given {case.speaker!r}\n{text[max(0, case.start - 350) : case.start + 300]}\n"
            )


def main() -> None:
    parser = polnear_options(__doc__)
    parser.add_argument("--misses", type=int, default=0, help="print so many cases without the right speaker")
    parser.add_argument(
        "--pronouns", action="store_true", help="with --misses: those whose source is a pronoun"
    )
    options = parser.parse_args()
    articles = list(read_polnear(options.data, options.split))
    if options.misses:
        show_some(articles, options.misses, options.pronouns)
        return
    result = measure(articles)
    print(
        f"| PolNeAR {options.split}, {len(articles)} articles | attributions | found | precision | recall "
        "| pronouns with a speaker |"
    )
    print("|---|--:|--:|--:|--:|--:|")
    for name, row in result.items():
        named, pronouns = row["named"], row["pronouns"]
        cells = ["{} ({}–{})".format(*named[key]) for key in ("found", "precision", "recall")]
        share = f"{pronouns['with_speaker']} of {pronouns['attributions']}"
        print(f"| {name} | {named['attributions']} | {' | '.join(cells)} | {share} |")
    if options.json:
        record = {"split": options.split, "articles": len(articles), "methods": result}
        options.json.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
