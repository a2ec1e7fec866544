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


@pytest.mark.parametrize(
    "text",
    [
        'Access Denied\n\nYou don\'t have permission to access "http://gull.example/a" on this server.\n\nReference #18.5f2e',
        "Just a moment...\n\nVerify you are human by completing the action below.",
        "Are you a robot? Please make sure your browser supports JavaScript and cookies. Reference ID: 7",
        "Access to this page has been denied because we believe you are using automation tools to browse. Your browser does"
        " not"
        " support JavaScript. Reference ID: #12-ab",
        "Access denied\nError code 1020\nYou do not have access to gull.example.\nThe site owner may have set restrictions."
        "\nRay ID: 7f3a\nYour IP: 1.2.3.4\nPerformance & security by Cloudflare",
    ],
)
def test_checks_for_robots_of_several_makers_are_rejected(tmp_path: Path, text: str) -> None:
    found = read(tmp_path, text, "txt")
    assert isinstance(found, Rejected)
    assert found.reason == "blocked_page"


@pytest.mark.parametrize("kind", ["txt", "jsonl"])
@pytest.mark.parametrize(
    "text",
    [
        "Access denied\n\nTwo reporters were turned away at the gates of the quay on Monday. The board gave no reason.",
        "Press banned from harbour\n\nThe board denied access to the quay. “Access denied” was all that its door showed.",
        "Hospital staff locked out\n\nNurses found “access denied” on their screens for a second day. Nobody knows why.",
        "Are you a robot?\n\nThe question greets more and more readers. Most of them fail it once a week.",
        "The puzzle wars\n\nShop owners hate the line “complete the captcha”. It costs one customer in ten.",
        "Outage\n\nThe firm said that a page with the words “checking your browser” was shown to all visitors.",
    ],
)
def test_a_short_article_about_denied_access_is_read(tmp_path: Path, kind: str, text: str) -> None:
    found = read(tmp_path, text, kind)
    assert isinstance(found, Article), found
