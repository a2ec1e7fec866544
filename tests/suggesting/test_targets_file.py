"""The targets file: can be used as it is, holds what a reader needs, and survives any name."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path

from slant.labels.targets import Targets
from slant.suggesting.entries import LeftOut
from slant.suggesting.mentions import Example
from slant.suggesting.suggest import Candidate, Suggestions
from slant.suggesting.targets_file import targets_toml


def candidate(
    name: str, *aliases: str, exact: tuple[str, ...] = (), never: tuple[str, ...] = ()
) -> Candidate:
    example = Example(b"", f"A line on {name}.\nAnd \x0b more", 3, "The Lantern", "2021-04")
    rows = tuple((text, 7 - i) for i, text in enumerate((*aliases, *exact)))
    return Candidate(name, rows, frozenset(exact), never, 1200, 2, 5, 9.0, ("two spellings",), (), (example,))


def suggestions(*candidates: Candidate, comments: bool = False, unread: float = 0.0) -> Suggestions:
    left = LeftOut(Counter({"Sarnholm": 40}), Counter({"Reuters": 9}), Counter({"Quay Notes": 8}))
    return Suggestions(candidates, left, 2000, 3, 12, 4, comments, unread)


def loaded(text: str, folder: Path) -> Targets:
    path = folder / "targets.toml"
    path.write_text(text, "utf-8")
    return Targets.load(path)


def test_the_file_can_be_used_and_finds_what_it_names(tmp_path: Path) -> None:
    board = candidate(
        "Harbour Board", "Harbour Board", "the board", exact=("HB",), never=("Harbour Board Street",)
    )
    text = targets_toml(suggestions(board), made_by="Made by a test.")
    targets = loaded(text, tmp_path)
    assert targets.ids == ("harbour_board",)
    assert targets.find("HB and the board")["harbour_board"] == ((0, 2), (7, 16))
    assert not targets.find("hb in Harbour Board Street")


def test_figures_reasons_and_examples_are_comments(tmp_path: Path) -> None:
    text = targets_toml(suggestions(candidate("Pellworm", "Pellworm")), made_by="Made by a test.")
    assert "# 1. Pellworm: 1,200 of 2,000 articles, 2 of 3 outlets, 5 of 12 months" in text
    assert "# put together: two spellings" in text
    assert "# - A line on Pellworm. And more (The Lantern, 2021-04)" in text
    assert "Sarnholm 40" in text
    assert "Reuters 9" in text
    assert "Quay Notes 8" in text
    assert "4 articles not in English" in text


def test_names_and_ids_of_any_kind(tmp_path: Path) -> None:
    names = ("Élan “X” \\ Co", "Elan X Co", "42nd Street Crew", "Зоря", 'The "Y"', "article")
    text = targets_toml(suggestions(*(candidate(name, name) for name in names)), made_by="\x00\n")
    targets = loaded(text, tmp_path)
    assert [target.name for target in targets.targets] == list(names)
    assert len(set(targets.ids)) == len(names)
    assert "article" not in targets.ids


def test_an_alias_belongs_to_the_first_target_that_has_it(tmp_path: Path) -> None:
    text = targets_toml(
        suggestions(candidate("A Ltd", "A Ltd", "Ann"), candidate("B Ltd", "B Ltd", "ann")), made_by=""
    )
    targets = loaded(text, tmp_path)
    assert set(targets.find("Ann met B Ltd")) == {"a_ltd", "b_ltd"}


def test_comments_are_asked_about_their_article(tmp_path: Path) -> None:
    text = targets_toml(suggestions(candidate("Ann", "Ann"), comments=True), made_by="")
    assert loaded(text, tmp_path).always("comment") == ("article",)


def test_headlines_in_title_case_are_warned_of() -> None:
    assert "60% of the sentences" in targets_toml(
        suggestions(candidate("Ann", "Ann"), unread=0.6), made_by=""
    )
    assert "capital on nearly" not in targets_toml(suggestions(candidate("Ann", "Ann")), made_by="")


def test_the_shipped_words_are_consistent() -> None:
    content = tomllib.loads((Path(__file__).parents[2] / "data/target_words.toml").read_text("utf-8"))
    forms = Counter(
        form.strip()
        for row in content["states"].values()
        for cell in row.split(";")
        for form in cell.split(",")
        if form.strip()
    )
    assert [form for form, times in forms.items() if times > 1] == []
    assert all(row.count(";") == 3 for row in content["states"].values())
