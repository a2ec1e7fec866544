"""How well pages are read: text and comments of made-up pages in the markup of real content systems, beside other tools.

    pip install trafilatura newspaper4k
    python benchmarks/html_pages.py --json benchmarks/results/html_pages.json

What slant makes of the templates held out was never looked at while its reader was changed. Text: words matched in order,
without title and standfirst, which tools treat differently; macro averages over pages. Comments: a comment is found if nine
tenths of its words and of those of its counterpart match. newspaper4k reads no comments; trafilatura gives their paragraphs,
without authors and replies.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import random
import re
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from page_shell import MadePage, Writer
from page_templates_held_out import HELD_OUT
from page_templates_open import OPEN

SEED, PAGES = 20261201, 8  # pages of a template
SAME = 0.9  # share of the words of a comment, and of its counterpart, that must match
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class ReadComment:
    """parent: index of the comment it answers, None for the article."""

    text: str
    author: str | None = None
    parent: int | None = None


@dataclass(frozen=True)
class ReadPage:
    """What a tool read. text: lines of the article. comments: None if the tool reads none."""

    text: list[str]
    comments: list[ReadComment] | None


def made_pages(seed: int = SEED, pages: int = PAGES) -> list[tuple[str, MadePage]]:
    """`(half, page)` of all templates; the half is "held_out" or "open"."""
    return [
        (half, template(Writer(random.Random(f"{seed} {template.__name__} {number}"))))
        for half, templates in (("held_out", HELD_OUT), ("open", OPEN))
        for template in templates
        for number in range(pages)
    ]


# ---- tools


def by_slant(html: str) -> ReadPage:
    """What `slant split` gives."""
    from slant.errors import Rejected
    from slant.ingest.html_pages import read_page
    from slant.segment.units import split

    try:
        units = split(read_page(html.encode(), "page.html"))
    except Rejected:
        return ReadPage([], [])
    said = [unit for unit in units if unit.kind == "comment"]
    place = {unit.unit_id: index for index, unit in enumerate(said)}
    comments = [
        ReadComment(unit.text, unit.author, place.get(unit.parent_id) if unit.parent_id else None)
        for unit in said
    ]
    return ReadPage([unit.text for unit in units if unit.is_content and unit.kind != "comment"], comments)


def by_trafilatura(html: str) -> ReadPage:
    """As it comes, with comments."""
    import trafilatura

    found = trafilatura.bare_extraction(html, include_comments=True)
    if found is None:
        return ReadPage([], [])
    said = (found.comments or "").splitlines()
    return ReadPage((found.text or "").splitlines(), [ReadComment(line) for line in said if line.strip()])


def by_newspaper(html: str) -> ReadPage:
    """As it comes."""
    import newspaper

    article = newspaper.Article("https://example.org/news/2024/a", language="en", fetch_images=False)
    article.download(input_html=html)
    article.parse()
    return ReadPage((article.text or "").splitlines(), None)


TOOLS: dict[str, Callable[[str], ReadPage]] = {
    "slant": by_slant,
    "trafilatura": by_trafilatura,
    "newspaper4k": by_newspaper,
}


# ---- scores


def words(lines: Iterable[str]) -> list[str]:
    return [word for line in lines for word in _WORD.findall(line.lower())]


def rates(hits: float, found: float, true: float) -> tuple[float, float, float]:
    """`(precision, recall, F1)`; all 1 if there is nothing to find and nothing was found."""
    precision = hits / found if found else float(not true)
    recall = hits / true if true else 1.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def text_rates(page: MadePage, read: ReadPage) -> tuple[float, float, float]:
    """Precision, recall and F1 of the words of the article, matched in order."""
    aside = {" ".join(words([line])) for line in page.left_aside} - {" ".join(words([t])) for t in page.text}
    found = words(line for line in read.text if " ".join(words([line])) not in aside)
    true = words(page.text)
    blocks = SequenceMatcher(None, found, true, autojunk=False).get_matching_blocks()
    return rates(sum(block.size for block in blocks), len(found), len(true))


def matches(page: MadePage, found: Sequence[ReadComment]) -> dict[int, int]:
    """Index of a true comment → index of what was found of it, each used once."""
    free = {index: Counter(words([each.text])) for index, each in enumerate(found)}
    matched: dict[int, int] = {}
    for index, comment in enumerate(page.comments):
        true = Counter(words([comment.text]))
        for other, counted in free.items():
            shared = sum((true & counted).values())
            if shared >= SAME * true.total() and shared >= SAME * counted.total():
                matched[index] = other
                del free[other]
                break
    return matched


def judged(pages: Sequence[MadePage], read: Sequence[ReadPage]) -> dict[str, Any]:
    """Figures of a tool over pages: text, comments, and the share of authors and parents of found comments that are right."""
    texts = [text_rates(page, one) for page, one in zip(pages, read, strict=True)]
    out: dict[str, Any] = {
        "pages": len(pages),
        "text": dict(zip(("precision", "recall", "f1"), map(statistics.fmean, zip(*texts, strict=True)), strict=True)),
    }  # fmt: skip
    if any(one.comments is None for one in read):
        return out
    hits = found = true = authors = parents = stated = 0
    for page, one in zip(pages, read, strict=True):
        said = one.comments or []
        matched = matches(page, said)
        hits, found, true = hits + len(matched), found + len(said), true + len(page.comments)
        stated += sum(each.author is not None for each in said)
        for index, other in matched.items():
            comment = page.comments[index]
            authors += said[other].author == comment.author
            above = said[other].parent
            parents += above == (None if comment.parent is None else matched.get(comment.parent, -1))
    precision, recall, f1 = rates(hits, found, true)
    out["comments"] = {"true": true, "found": found, "precision": precision, "recall": recall, "f1": f1}
    if stated:
        out["comments"] |= {
            "authors": authors / hits if hits else 0.0,
            "parents": parents / hits if hits else 0.0,
        }
    return out


def measure(tools: Sequence[str], seed: int = SEED, pages: int = PAGES) -> dict[str, Any]:
    """The whole result: per tool over all pages, over each half, and per template."""
    made = made_pages(seed, pages)
    all_read = {tool: [TOOLS[tool](page.html) for _, page in made] for tool in tools}
    result: dict[str, Any] = {
        "pages": len(made),
        "templates": len({page.template for _, page in made}),
        "comments": sum(len(page.comments) for _, page in made),
        "seed": seed,
        "python": platform.python_version(),
        "versions": {tool: _version(tool) for tool in tools},
        "command": "python benchmarks/html_pages.py " + " ".join(sys.argv[1:]),
        "tools": {},
    }
    for tool, read in all_read.items():

        def over(keep: Callable[[str, MadePage], bool], read: Sequence[ReadPage] = read) -> dict[str, Any]:
            kept = [(page, one) for (half, page), one in zip(made, read, strict=True) if keep(half, page)]
            return judged([page for page, _ in kept], [one for _, one in kept])

        names = dict.fromkeys(page.template for _, page in made)
        result["tools"][tool] = {
            "all": over(lambda half, page: True),
            "held_out": over(lambda half, page: half == "held_out"),
            "open": over(lambda half, page: half == "open"),
            "templates": {name: over(lambda half, page, name=name: page.template == name) for name in names},  # type: ignore[misc]
        }
    return _rounded(result)


def _version(tool: str) -> str:
    try:
        return version(tool)
    except PackageNotFoundError:
        return "unknown"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return round(value, 4) if isinstance(value, float) else value


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path, help="result file")
    parser.add_argument("--tools", default=",".join(TOOLS), help="comma-separated; default: all")
    parser.add_argument("--pages", type=int, default=PAGES, help="pages of a template")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--write", type=Path, help="folder for the pages, to look at")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)
    if options.write:
        options.write.mkdir(parents=True, exist_ok=True)
        for number, (_, page) in enumerate(made_pages(options.seed, options.pages)):
            (options.write / f"{number:03}.html").write_text(page.html, "utf-8")
    result = measure(options.tools.split(","), options.seed, options.pages)
    for tool, found in result["tools"].items():
        for part in ("all", "held_out", "open"):
            print(tool, part, json.dumps(found[part]))
    print(json.dumps({t: f["templates"] for t, f in result["tools"].items()}, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
