"""Consent walls, checks for robots and paywalls in texts and rows. Invented texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slant.errors import Rejected
from slant.ingest.inputs import read_articles
from slant.records import Article

BODY = "The council of Aldermoor voted on Monday to rebuild the old mill. The wheel should turn again soon."
CONSENT = (
    "By clicking Accept you agree that our sites use cookies and similar technologies.\n\n"
    "Your information is shared with advertising partners, who show you personalised ads.\n\n"
    "See our Cookie Policy."
)
ROBOTS = "Checking your browser.\n\nPlease enable JavaScript and cookies to continue."


def read(folder: Path, text: str, kind: str) -> Article | Rejected:
    path = folder / f"a.{kind}"
    path.write_text(text if kind == "txt" else json.dumps({"text": text}) + "\n", encoding="utf-8")
    (found,) = read_articles([str(path)])
    return found


@pytest.mark.parametrize("kind", ["txt", "jsonl"])
@pytest.mark.parametrize(("text", "reason"), [(CONSENT, "consent_page"), (ROBOTS, "blocked_page")])
def test_walls_are_rejected_by_name(tmp_path: Path, kind: str, text: str, reason: str) -> None:
    found = read(tmp_path, text, kind)
    assert isinstance(found, Rejected)
    assert found.reason == reason


@pytest.mark.parametrize("kind", ["txt", "jsonl"])
def test_a_stub_has_a_note(tmp_path: Path, kind: str) -> None:
    stub = read(tmp_path, f"{BODY}\n\nSubscribe to continue reading", kind)
    assert isinstance(stub, Article)
    assert [note.reason for note in stub.notes] == ["stub"]


@pytest.mark.parametrize("kind", ["txt", "jsonl"])
def test_an_article_about_cookies_is_read(tmp_path: Path, kind: str) -> None:
    story = "Many sites use cookies without consent, a regulator said. Readers agree that this is wrong."
    article = read(tmp_path, f"{BODY}\n\n{BODY}\n\n{story}\n\n{BODY}", kind)
    assert isinstance(article, Article)
    assert not article.notes
