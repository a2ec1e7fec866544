"""Candidates for targets: what is found, what is put together, what is left out, and how it is ranked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from slant.labels.targets import normalize
from slant.records import Article, Part, Unit
from slant.segment.units import split
from slant.suggesting import census
from slant.suggesting.suggest import Candidate, Suggestions, suggest

OUTLETS = ("Valley Courier", "The Lantern", "Coast Gazette")


def units_of(
    texts: Sequence[str], *, titles: Sequence[str] = (), outlets: Sequence[str] = OUTLETS
) -> list[Unit]:
    """Units of one article per text; outlets take turns, months follow each other."""
    found: list[Unit] = []
    for number, text in enumerate(texts):
        title = titles[number] if titles else ""
        whole = f"{title}\n\n{text}" if title else text
        parts = (
            (Part(0, len(title), "title"), Part(len(whole) - len(text), len(whole), "body")) if title else ()
        )
        article = Article(
            whole, path=f"{number}.txt", title=title or None, outlet=outlets[number % len(outlets)],
            published=f"2021-{1 + number % 12:02}-03", parts=parts, markup="none",
        )  # fmt: skip
        found += split(article)
    return found


def suggested(
    texts: Sequence[str], *, min_articles: int = 2, top: int = 40, **more: Sequence[str]
) -> Suggestions:
    return suggest(iter(units_of(texts, **more)), top=top, min_articles=min_articles)


def with_alias(found: Suggestions, alias: str) -> Candidate | None:
    """The only candidate with this alias, or None."""
    rows = [c for c in found.candidates if normalize(alias) in {normalize(text) for text, _ in c.aliases}]
    assert len(rows) < 2
    return rows[0] if rows else None


def together(found: Suggestions, *aliases: str) -> Candidate:
    """The candidate that has all these aliases."""
    rows = {id(row): row for row in (with_alias(found, alias) for alias in aliases) if row}
    assert len(rows) == 1, [(alias, with_alias(found, alias)) for alias in aliases]
    return next(iter(rows.values()))


def repeat(*sentences: str, times: int = 2) -> list[str]:
    """Texts of one sentence each, every sentence several times with another ending."""
    endings = ("on the pier", "in the square", "at the gate", "by the mill", "on the quay", "at noon")
    return [
        f"{sentence.rstrip('.')}, people said {endings[i]}." for i in range(times) for sentence in sentences
    ]


def test_an_acronym_is_one_target_with_its_long_form() -> None:
    found = suggested(repeat(
        "The dockers of the Free Harbor Union (FHU) stayed away from work.",
        "A speaker said that FHU would not accept the offer.",
    ))  # fmt: skip
    union = together(found, "Free Harbor Union", "FHU")
    assert "FHU" in union.exact
    assert any("FHU" in reason for reason in union.reasons)


def test_an_acronym_without_a_definition_has_the_only_name_with_its_initials() -> None:
    texts = repeat("We heard that Northern Port Council met again.", "We heard that NPC met again.", times=3)
    assert together(suggested(texts), "Northern Port Council", "NPC").articles == 6


def test_full_name_surname_and_forms_of_address_are_one_target() -> None:
    found = suggested(repeat(
        "Last week Governor Ada van Brandt opened the bridge.",
        "Later on van Brandt’s plan was read out, and Ms. van Brandt was thanked.",
        times=3,
    ))  # fmt: skip
    brandt = together(found, "Ada van Brandt", "van Brandt")
    assert brandt.name == "Ada van Brandt"
    assert brandt.articles == 6
    assert not any("Governor" in text or "Ms" in text for text, _ in brandt.aliases)


def test_a_surname_that_two_people_share_is_left_alone() -> None:
    found = suggested(repeat(
        "Then Senator Ole Brandt spoke of the mill.",
        "Then Senator Ida Brandt spoke of the mill.",
        "Then Senator Brandt spoke of the mill.",
        times=3,
    ))  # fmt: skip
    assert with_alias(found, "Ole Brandt") is not with_alias(found, "Ida Brandt")
    assert [text for text, _ in with_alias(found, "Brandt").aliases] == ["Brandt"]  # type: ignore[union-attr]


def test_a_state_has_its_people_its_army_and_its_capital_where_it_acts() -> None:
    found = suggested(repeat(
        "We read that Denmark sent a ship, and that Danish troops followed.",
        "We read that Copenhagen denied it, and the Danes waited.",
        "A ferry sank near Oslo while Norwegian fishermen slept in Oslo.",
        times=3,
    ))  # fmt: skip
    denmark = together(found, "Denmark", "Danish troops", "Danes", "Copenhagen")
    assert denmark.name == "Denmark"
    assert "Danes" not in denmark.exact
    norway = with_alias(found, "Oslo")
    assert norway is None  # a place here


def test_two_spellings_of_a_name_are_one_target() -> None:
    texts = repeat("They waited for Zelimkhanov again.", "They waited for Zelimkhanow again.", times=3)
    assert together(suggested(texts), "Zelimkhanov", "Zelimkhanow").articles == 6


def test_similar_names_that_occur_together_are_two_targets() -> None:
    found = suggested(repeat("They waited for Marlowe and then for Marlows again.", times=4))
    assert {"Marlowe", "Marlows"} <= {text for c in found.candidates for text, _ in c.aliases}
    assert with_alias(found, "Marlowe") is not with_alias(found, "Marlows")


def test_particles_and_accents_do_not_make_another_name() -> None:
    texts = repeat(
        "They asked al-Kasim about it.", "They asked Kasim about it.", "They asked Kásim about it.", times=2
    )
    assert together(suggested(texts), "al-Kasim", "Kasim", "Kásim").articles == 6


def test_groups_have_singular_and_plural_and_open_ones_are_found_too() -> None:
    found = suggested(repeat(
        "The nurses walked out and a nurse wept.", "The landlords complained.", "The eelers complained.", times=3
    ))  # fmt: skip
    assert together(found, "nurses", "nurse").articles == 3
    assert with_alias(found, "landlords")
    assert with_alias(found, "eelers")


def test_names_that_outlets_give_to_the_same_fighters_are_one_target() -> None:
    found = suggested(repeat("Then the rebels withdrew.", "Then the terrorists withdrew.", times=3))
    fighters = together(found, "rebels", "terrorists")
    assert fighters.name == "rebels"
    assert fighters.articles == 6


def test_recurring_phrases_are_candidates_and_their_rarer_parts_are_not() -> None:
    texts = [
        *repeat("They argue about a carbon tax again.", "They argue about the border bill again.", times=4),
        *repeat("They argue about the tide again.", times=4),
    ]
    found = suggested(texts)
    assert with_alias(found, "carbon tax")
    assert with_alias(found, "border bill")
    assert not with_alias(found, "carbon")


def test_what_is_no_target() -> None:
    texts = repeat(
        "Yesterday we met on Tuesday in March. Nobody came. Again Monday was quiet, and Tuesdays are worse.",
        "We asked the Courier and the Lantern. Sign up for our Newsletter. We read it in Reuters.",
        times=4,
    )
    assert not suggested(texts).candidates


def test_capitals_in_headlines_and_shouted_lines_make_no_names() -> None:
    titles = ["Crowd Gathers Near Broken Bridge Again", "STORM HITS THE OLD COAST AGAIN"] * 3
    found = suggested(repeat("It was quiet.", times=6), titles=titles)
    names = {word for c in found.candidates for text, _ in c.aliases for word in text.lower().split()}
    assert not names & {"gathers", "broken", "storm", "hits", "coast"}
    assert found.unread > 0.3


def test_datelines_are_not_read() -> None:
    texts = [
        f"SARNHOLM, May {day} (Reuters) — The boats stayed out for the {day}th night." for day in range(4, 10)
    ]
    assert not with_alias(suggested(texts), "Sarnholm")


def test_places_are_left_out_and_listed() -> None:
    texts = repeat("A fire broke out in Sarnholm.", "Snow fell near Sarnholm.", times=3)
    found = suggested(texts)
    assert not with_alias(found, "Sarnholm")
    assert found.left.places["Sarnholm"] == 6


def test_an_outlet_is_left_out_and_listed() -> None:
    found = suggested(repeat("A reader wrote to Valley Courier about it.", times=4))
    assert not with_alias(found, "Valley Courier")
    assert found.left.outlets["Valley Courier"] == 4


def test_a_name_that_one_outlet_prints_all_the_time_is_left_out_and_listed() -> None:
    texts = [f"They wrote to Pellworm again. Line {i}." for i in range(8)] + ["No name here."] * 4
    outlets = ["Valley Courier"] * 8 + ["The Lantern"] * 4
    found = suggested(texts, outlets=outlets)
    assert not with_alias(found, "Pellworm")
    assert found.left.house["Pellworm"] == 8


def test_a_name_that_is_also_a_word_counts_only_as_written() -> None:
    texts = repeat("We asked Green about the green field, and Green wept.", times=4)
    green = with_alias(suggested(texts), "Green")
    assert green is not None
    assert green.exact == {"Green"}
    assert dict(green.aliases) == {"Green": 8}


def test_a_target_of_all_outlets_comes_before_one_of_a_single_outlet() -> None:
    one, three = "They wrote to Ostrander again.", "They wrote to Pellworm again."
    texts = [f"{one} Line {i}." for i in range(5)] + [f"{three} Line {i}." for i in range(4)]
    outlets = ["Valley Courier"] * 5 + ["Valley Courier", "The Lantern", "Coast Gazette", "The Lantern"]
    units = units_of(texts, outlets=outlets)
    names = [c.name for c in suggest(iter(units)).candidates]
    assert names.index("Pellworm") < names.index("Ostrander")


def test_figures_and_aliases_are_those_of_the_texts() -> None:
    texts = repeat("They wrote to Pellworm. Pellworm’s men came.", "They wrote to PELLWORM again.", times=3)
    found = suggested([*texts, "No name here."])
    pellworm = with_alias(found, "Pellworm")
    assert pellworm is not None
    assert (pellworm.articles, pellworm.outlets, found.articles) == (6, 3, 7)
    assert sum(times for _, times in pellworm.aliases) == 9
    whole = "\n".join(texts)
    assert all(text in whole for c in found.candidates for text, _ in c.aliases)


def test_examples_are_of_different_articles_and_as_many_outlets_as_there_are() -> None:
    texts = [
        f"They wrote to Pellworm about the {i}th boat. They wrote to Pellworm again." for i in range(4, 16)
    ]
    pellworm = with_alias(suggested(texts), "Pellworm")
    assert pellworm is not None
    assert len(pellworm.examples) == len({example.article for example in pellworm.examples}) == 5
    assert {example.outlet for example in pellworm.examples} == set(OUTLETS)
    assert all("Pellworm" in example.text for example in pellworm.examples)


def test_long_sentences_are_cut_around_the_mention() -> None:
    texts = repeat(f"{'so ' * 200} and then they wrote to Pellworm {'and on ' * 200}", times=3)
    example = with_alias(suggested(texts), "Pellworm").examples[0]  # type: ignore[union-attr]
    assert "Pellworm" in example.text
    assert len(example.text) < 340
    assert example.text.startswith("… ")
    assert example.text.endswith(" …")


def test_articles_in_other_languages_are_counted_and_not_read() -> None:
    german = "Die Fischer von der Küste haben gestern den ganzen Tag auf das Schiff der Reederei gewartet und nichts gesehen."
    found = suggested(
        [*repeat("They wrote to Pellworm again.", times=3), german, german + " Und heute auch."]
    )
    assert (found.articles, found.other_languages) == (3, 2)
    assert not with_alias(found, "Reederei")


def test_top_and_min_articles() -> None:
    texts = repeat("They wrote to Pellworm again.", times=4) + repeat(
        "They wrote to Ostrander again.", times=2
    )
    assert [c.name for c in suggested(texts, top=1).candidates] == ["Pellworm"]
    assert with_alias(suggested(texts, min_articles=2), "Ostrander")
    assert not with_alias(suggested(texts, min_articles=3), "Ostrander")


def test_the_same_units_give_the_same_candidates() -> None:
    texts = repeat("They wrote to Pellworm again.", "Then nurses came to Ostrander’s mill.", times=4)
    assert suggested(texts) == suggested(texts)


def test_frequent_names_stay_when_counts_are_pruned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(census, "MOST_NAMES", 10)
    monkeypatch.setattr(census, "MOST_PHRASES", 20)
    rare = [
        f"They wrote to {'Ab' + 'cdefghijklmnop'[i]}ton and counted {i} sheep{'abcdefghijklmnop'[i]}."
        for i in range(14)
    ]
    texts = repeat("They wrote to Pellworm and to the nurses again.", times=4)
    found = suggested([*texts, *rare, *texts[:1]])
    assert with_alias(found, "Pellworm")
    assert with_alias(found, "nurses")


@pytest.mark.parametrize(
    "texts", [[], ["."], ["\ud800 Pellworm"], ["A" * 5000], ["Ada " * 3000], ["(" * 3000 + "Ada (" * 500]]
)
def test_odd_texts_are_no_error(texts: Iterable[str]) -> None:
    suggested([*texts])
