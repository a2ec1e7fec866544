"""The account of a run: what came in, what came out, and the notes beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slant.errors import Rejected
from slant.records import Article, Note, Part, Score, Stance, Unit
from slant.scoring import account as accounts
from slant.scoring.account import Account, count_document, summary, table
from slant.segment.units import split

BODY = "The ferry sails on Monday, the port said.\n\nNobody on the quay objects to it."


def taken(*articles: Article, by_file: bool = False) -> Account:
    account = Account(by_file=by_file)
    for article in articles:
        account.read(count_document(article, split(article)))
    return account


def reasons(article: Article) -> list[str]:
    return [note.reason for note in count_document(article, split(article)).notes]


def test_notes_are_listed_with_their_path_and_the_list_is_of_the_last_run(tmp_path: Path) -> None:
    out = str(tmp_path / "s.jsonl")
    account = taken(Article(BODY, "a\udce9.txt", notes=(Note("stub", "only the teaser."),)))
    account.write(out)
    listed = tmp_path / "s.jsonl.notes.jsonl"
    rows = [json.loads(line) for line in listed.read_text("ascii").splitlines()]
    assert rows == [{"path": "a\udce9.txt", "reason": "stub", "detail": "only the teaser."}]
    assert account.notes.reasons == {"stub": 1}
    Account().write(out)
    assert not listed.exists()


def test_what_is_kept_is_a_share_of_the_text() -> None:
    account = taken(Article(BODY, "a.txt", outlet="Courier"))
    assert account.total.kept == 1.0
    assert account.total.units == 2
    assert summary(account) == "1 document: 1 article, 2 units, 0 comments; 100% of the text kept"


def test_documents_without_outlet_and_rejected_ones_are_in_the_summary() -> None:
    account = taken(*(Article(f"{BODY} {n}", f"{n}.txt") for n in range(4)))
    account.append(Rejected("e.txt", "empty", "nothing in it."))
    assert summary(account) == (
        "5 documents: 4 articles, 1 rejected, 8 units, 0 comments; 100% of the text kept; "
        "4 documents state no outlet: 0.txt, 1.txt, 2.txt, …"
    )


def test_a_document_of_which_little_becomes_units_is_named() -> None:
    furniture = "\n\n".join(
        f"![A picture of quay {n}](https://port.test/images/quay-{n}.jpg)" for n in range(9)
    )
    assert "little_text" in reasons(Article(f"{BODY}\n\n{furniture}"))
    assert reasons(Article("\n\n".join(f"{n}. {BODY}" for n in range(9)))) == []


def test_a_document_without_units_is_named() -> None:
    assert reasons(Article("![Quay](quay.jpg)")) == ["no_units"]


@pytest.mark.parametrize(
    ("published", "noted"),
    [("2024-05-01", False), ("2024-05", False), ("2024-05-01T10:00:00Z", False), (None, False), ("last spring", True)],
)  # fmt: skip
def test_a_date_that_is_not_understood_is_named(published: str | None, noted: bool) -> None:
    assert reasons(Article(BODY, published=published)) == ["dates"] * noted


def test_one_note_on_the_date_is_enough() -> None:
    given = Article(BODY, published="03/04/2023", notes=(Note("dates", "day or month?"),))
    assert reasons(given) == ["dates"]


def test_the_table_has_a_row_per_file_and_the_reasons() -> None:
    comments = "Well said.\n\nNot at all."
    parts = (Part(0, len(BODY), "body"), Part(len(BODY) + 2, len(BODY) + 12, "comment"),
             Part(len(BODY) + 14, len(BODY) + 25, "comment"))  # fmt: skip
    account = taken(
        Article(f"{BODY}\n\n{comments}", "t.csv:2", markup="none", parts=parts),
        Article(BODY, "t.csv:9", notes=(Note("stub", "only the teaser."),)),
        Article(f"{BODY}\n\nBy Ann Quill\n", "b.txt"),
        by_file=True,
    )
    account.append(Rejected("t.csv:4", "empty", "nothing in it."))
    head, table_row, text_row, total = (line.split() for line in table(account))
    assert head[:5] == ["file", "documents", "articles", "units", "comments"]
    assert table_row[:5] == ["t.csv", "3", "2", "6", "2"]
    assert "no outlet: 2 articles; empty: 1 rejected; stub: 1 note" in " ".join(table_row)
    assert text_row[0] == "b.txt"
    assert total[:5] == ["total", "4", "3", *total[3:5]]
    assert int(total[3]) == int(table_row[3]) + int(text_row[3])


def test_comments_that_were_lost_show_in_the_table() -> None:
    parts = (Part(0, len(BODY), "body"), Part(len(BODY), len(BODY) + 2, "comment"))
    account = taken(Article(f"{BODY}  ", "a.json#1", markup="none", parts=parts), by_file=True)
    assert any("0 of 1" in line for line in table(account))


def test_more_files_than_are_listed_are_added_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "FILES", 2)
    account = taken(*(Article(BODY, f"{n}.txt") for n in range(5)), by_file=True)
    assert {name: counts.articles for name, counts in (account.files or {}).items()} == {
        "0.txt": 1, "1.txt": 1, accounts.MORE_FILES: 3,
    }  # fmt: skip


def test_targets_are_counted_where_units_name_them() -> None:
    def score(article: str, *named: str) -> Score:
        unit = Unit(article, f"{article}-0", "paragraph", "Words.", 0, 6, 0)
        stances = [Stance(t, "neutral", {}, ((0, 2),)) for t in named]
        return Score(unit, stance=(*stances, Stance("unnamed", "neutral", {})))

    account = Account()
    given = [score("a", "port"), score("a", "port", "mayor"), score("b", "port")]
    assert list(account.scored(given)) == given
    assert account.named == {"port": (3, 2), "mayor": (1, 1)}


@pytest.mark.parametrize("place", ["", ":7", "#2", ":1#2", "#Sheet#4"])
def test_places_in_a_file_add_up_to_the_file(place: str) -> None:
    account = taken(Article(BODY, f"answers.json{place}"), by_file=True)
    expected = "answers.json#Sheet" if "Sheet" in place else "answers.json"
    assert list(account.files or {}) == [expected]
