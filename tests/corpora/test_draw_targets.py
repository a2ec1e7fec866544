"""Targets for unlabeled texts: names in the text, other names of what it names, and random ones."""

from collections import Counter

import pytest

from slant.corpora.draw_targets import (
    NAMED,
    OTHER_NAME,
    OTHER_NAMES,
    RANDOM,
    SHARES,
    TargetDrawer,
    other_names,
)
from slant.labels.targets import Targets

# Texts from which the drawer learns that these words are names and others are not.
USAGE = [
    "Yesterday morning they met Mayor Harlow and the Harbour Board, then Harlow left early for Ostrava.",
    "They say the mayor may go, and will May go, he may.",
    "It was Will who, of the crews, will stay, as they will.",
]
NAMES = ("ferry crews", "May", "NATO", "Ostrava", "Will", "they")


def drawer(texts: list[str] = USAGE, **options: object) -> TargetDrawer:
    return TargetDrawer("invented", texts, **{"names": NAMES, "topics": ("closing the port",), **options})  # type: ignore[arg-type]


def drawn(text: str, of: TargetDrawer | None = None) -> dict[str, set[str]]:
    """Kind → names drawn from many copies of a text."""
    found: dict[str, set[str]] = {kind: set() for kind in SHARES}
    of = of or drawer()
    for _ in range(60):
        for target, kind in zip(*of.draw(text), strict=True):
            found[kind].add(target.name)
    return found


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Yesterday Harlow praised the ferry crews of Ostrava.", {"Harlow", "ferry crews", "Ostrava"}),
        ("Harlow’s men don't trust the Harbour Board officials.", {"Harlow", "Harbour Board officials"}),
        ("In Ostrava the U.S. envoy spoke.", {"Ostrava", "U.S."}),
        ("He may go to Ostrava on Monday.", {"Ostrava"}),
        ("Don't tell ostrava that May left.", {"Ostrava"}),
        ("Ostrava: see https://example.org/Harlow now", {"Ostrava"}),
        ("WHY ARE NATO PEOPLE ALWAYS QUIET ABOUT OSTRAVA", {"Ostrava"}),
        ("Why is NATO so quiet about Ostrava?", {"NATO", "Ostrava"}),
        ("Ferry Crews Defy Everyone In Big Strike", {"ferry crews"}),
    ],
)
def test_names_are_found_by_capital_letters_and_from_the_list(text: str, named: set[str]) -> None:
    assert drawn(text)[NAMED] == named


def test_a_word_before_a_noun_is_no_name() -> None:
    usage = [
        *USAGE,
        "We saw Ostravans and an Ostravan, and some Ostravans.",
        "We like the British, they said.",
    ]
    found = drawn("Harlow met Ostravan sailors and British sailors, then an Ostravan.", drawer(usage))
    assert found[NAMED] == {"Harlow", "Ostravan"}
    assert drawn("Harlow met British sailors near Ostrava.", drawer(usage))[NAMED] == {"Harlow", "Ostrava"}


def test_a_name_is_asked_by_another_name_unless_the_text_uses_that_too() -> None:
    found = drawn("Officials in Kyiv thanked the ferry crews.")
    assert found[OTHER_NAME] == {"Ukraine", "Ukrainian government"}
    assert drawn("Officials in Kyiv said Ukraine thanks the ferry crews.")[OTHER_NAME] == {
        "Ukrainian government"
    }
    assert not drawn("The rebels thanked the ferry crews.")[OTHER_NAME], "rebels are Syrian only beside Syria"
    assert drawn("In Syria the rebels thanked the ferry crews.")[OTHER_NAME] == {"Syrian opposition"}


def test_kinds_have_their_shares_and_mentions_are_those_of_the_search() -> None:
    places = ("Ostrava", "Harlow", "the Kremlin", "Kyiv", "Tehran")
    texts = [
        f"Number {i}: {places[i % 5]} blames the ferry crews, the Harbour Board and NATO for it."
        for i in range(400)
    ]
    of, counts = drawer([*USAGE, *texts]), Counter[str]()
    for text in texts:
        targets, kinds = of.draw(text)
        assert 2 <= len(targets) <= 5
        assert len({t.name for t in targets}) == len(targets)
        found = Targets.from_names([t.name for t in targets]).find(text)
        for target, kind in zip(targets, kinds, strict=True):
            assert target.label is None
            assert target.mentions == found.get(target.name, ())
            assert bool(target.mentions) == (kind == NAMED), (text, target)
        counts.update(kinds)
    for kind, share in SHARES.items():
        assert counts[kind] / counts.total() == pytest.approx(share, abs=0.02), kind


def test_random_targets_are_topics_and_names_of_earlier_texts() -> None:
    of = drawer()
    assert not drawn("Nothing to see.", of)[NAMED]
    drawn("The ferry crews wait for Harlow.", of)
    assert "Harlow" in drawn("Ostrava has ferry crews.", of)[RANDOM]
    assert "closing the port" in drawn("Ostrava has ferry crews.", of)[RANDOM]


def test_texts_that_name_nothing_are_kept_only_while_random_targets_are_missing() -> None:
    of = drawer()
    drawn("Ostrava and the Harbour Board blame the ferry crews.", of)
    kept = [of.draw("So it goes.")[0] for _ in range(60)]
    assert not any(kept[-30:])


def test_the_same_texts_get_the_same_targets() -> None:
    texts = [f"In {place} the ferry crews wait for Harlow." for place in ("Ostrava", "Kyiv", "Tehran") * 9]
    first, second = drawer(), drawer()
    assert [first.draw(t) for t in texts] == [second.draw(t) for t in texts]


def test_the_table_of_other_names_is_sound() -> None:
    pairs = [(target, name) for entries in other_names().values() for target, name, _ in entries]
    assert len(pairs) > 60
    assert "" not in other_names()
    assert len(pairs) == len(set(pairs))
    assert not [pair for pair in pairs if Targets.from_names(pair[:1]).find(pair[1])], "not another name"
    assert set(OTHER_NAMES) == {target for target, _ in pairs}
