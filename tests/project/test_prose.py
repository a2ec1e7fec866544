"""Plain English: phrases that read like riddles are kept out of docstrings, comments, messages and documents."""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BANNED = re.compile(
    r"\b(told|whom (stance|it|is|a target)|comes again|gives? away|giving away|said of|in truth|the road"
    r"|what is (said|asked|told|read|there|not|left|meant)|stands? (for itself|there|here|in|on|at|under|behind|beside|by"
    r"|alone|first|where|apart|so)|standing in|a word on|let alone|nobody asked)\b",
    re.IGNORECASE,
)
# Lists of words in the language of news, which are data.
WORD_LISTS = {
    "voices.py",
    "comment_section.py",
    "article_header.py",
    "block_roles.py",
    "furniture.py",
    "speakers.py",
    "speaker_phrases.py",
}
DOCUMENTS = (
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/**/*.md", "model/*/README.md", "model/LOG.md",
    "data/README.md", "seeds/README.md", "benchmarks/README.md",
)  # fmt: skip


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Line and text of each comment and each string that holds a sentence."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
        elif token.type == tokenize.STRING and " " in token.string.strip("rbfu\"'"):
            docstring = token.string.startswith('"""')
            if docstring or path.name not in WORD_LISTS:
                yield token.start[0], token.string


@pytest.mark.parametrize("path", sorted((ROOT / "src").rglob("*.py")), ids=lambda path: path.stem)
def test_no_riddles_in_code(path: Path) -> None:
    found = [(line, hit.group()) for line, text in prose(path) for hit in BANNED.finditer(text)]
    assert not found, f"{path.relative_to(ROOT)}: say it in plain English (CONTRIBUTING.md)"


@pytest.mark.parametrize("pattern", DOCUMENTS)
def test_no_riddles_in_documents(pattern: str) -> None:
    paths = sorted(ROOT.glob(pattern))
    assert paths, f"no document {pattern}"
    found = [
        (str(path.relative_to(ROOT)), number, hit.group())
        for path in paths
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        for hit in BANNED.finditer(re.sub(r"`[^`]*`|“[^”]*”", "", line))
    ]
    assert not found


def test_the_rule_finds_what_it_bans() -> None:
    assert BANNED.search("whom stance is asked about")
    assert BANNED.search("What stands in the file")
    assert not BANNED.search("a stand-off annotation; understand; the company sold its stake")
