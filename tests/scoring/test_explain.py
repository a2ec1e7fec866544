"""Explanations: planted words are found with their weights, and the deletion score shows which explanations are bad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import exp
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planted import Rule, planted_predictor, weights
from slant import Scorer, Targets, read_articles
from slant.errors import UsageError
from slant.records import Score, Stance, Unit
from slant.scoring.explain import DRAWS, MOST, Explainer, Explanation, choose, pieces, without

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "seeds" / "demo"
TEXT = "The corrupt council met on Monday and wrecked the old mill, but it praised all people of the town."
RULE = weights(corrupt=3.0, wrecked=2.0, praised=-1.0)


def scorer(tmp_path: Path, rule: Rule, **options: str) -> Scorer:
    return Scorer(planted_predictor(tmp_path, rule, **options), Targets.from_names(["council", "mayor"]))


def explained(tmp_path: Path, rule: Rule, text: str = TEXT, *, target: str = "council") -> Explanation:
    made = scorer(tmp_path, rule)
    (score,) = made.score([{"text": text, "targets": [target]}])
    return Explainer(made.predictor, made.targets).explain(score, target)


def by_word(explanation: Explanation) -> dict[str, float]:
    return {word.text: word.weight for word in explanation.words}


def p(odds: float) -> float:
    return 1 / (1 + exp(-odds))


# ---- weights and the deletion score


def test_planted_words_have_their_weights_and_the_deletion_score_follows(tmp_path: Path) -> None:
    found = explained(tmp_path, RULE)
    assert (found.label, found.target, found.mentions) == ("against", "council", ((12, 19),))
    assert found.probability == pytest.approx(p(4), abs=1e-4)
    weight = by_word(found)
    assert [weight.pop(word) for word in ("corrupt", "wrecked", "praised")] == pytest.approx(
        [3, 2, -1], abs=1e-3
    )
    assert max(map(abs, weight.values())) < 1e-3
    assert "council" not in weight, "the target's mention stays"
    assert [word.text for word in found.top] == ["corrupt", "wrecked"], (
        "words without weight are not added to fill up"
    )
    deletion = found.deletion
    assert (deletion.words, deletion.without, deletion.only) == pytest.approx((2, p(-1), p(5)), abs=1e-4)
    assert found.comprehensiveness == pytest.approx(p(4) - p(-1), abs=2e-4)
    assert found.sufficiency == pytest.approx(p(4) - p(5), abs=2e-4)
    assert deletion.random_without is not None
    assert deletion.random_only is not None
    assert deletion.random_without > 0.9
    assert deletion.random_only < 0.7
    assert (deletion.less, found.verdict) == (1.0, "good")


def test_a_constant_model_has_no_explanation(tmp_path: Path) -> None:
    found = explained(tmp_path, lambda words: 2.0)
    assert set(by_word(found).values()) == {0.0}
    assert (found.comprehensiveness, found.sufficiency) == (0, 0)
    assert (found.deletion.words, found.verdict, found.top) == (0, "none", [])


def test_words_that_hide_each_other_are_seen_by_the_check(tmp_path: Path) -> None:
    """Either word is enough, so neither has a weight of its own; a third, which adds little, is all that is found."""

    def either(words: list[str]) -> float:
        return 3.0 * bool({"corrupt", "wrecked"} & set(words)) + 0.2 * ("met" in words)

    found = explained(tmp_path, either)
    assert [word.text for word in found.top] == ["met"]
    assert 0 < found.comprehensiveness < 0.05
    assert found.verdict == "weak"


def test_words_that_matter_no_more_than_others_are_called_random(tmp_path: Path) -> None:
    found = explained(tmp_path, lambda words: 0.4 * len(words) - 5.0)
    assert len({weight for word, weight in by_word(found).items() if word.isalpha()}) == 1
    assert found.comprehensiveness > 0.1
    assert found.verdict == "random"


def test_random_words_depend_on_the_seed_alone(tmp_path: Path) -> None:
    by_place = {word: 0.1 * n for n, word in enumerate(TEXT.lower().split())}
    made = scorer(tmp_path, lambda words: weights(**by_place)(words) - 11)
    (score,) = made.score([{"text": TEXT, "targets": ["council"]}])
    one, again, other = (
        Explainer(made.predictor, made.targets, seed=seed).explain(score, "council") for seed in (1, 1, 2)
    )
    assert one == again
    assert one.words == other.words
    assert one.deletion.random_without != other.deletion.random_without


@pytest.mark.parametrize(
    ("text", "words"), [("Council!", 0), ("Corrupt council.", 1), ("The corrupt council.", 2)]
)
def test_short_units(tmp_path: Path, text: str, words: int) -> None:
    found = explained(tmp_path, RULE, text)
    assert len(found.words) == words
    assert found.deletion.words == (words > 0)
    assert (found.deletion.random_without is None) == (words < 2), "there is no other choice of words"
    assert found.verdict == ("good" if words else "none")


# ---- cost


def test_a_long_unit_is_cut_into_phrases_and_the_number_of_passes_is_bounded(tmp_path: Path) -> None:
    made = scorer(tmp_path, RULE)
    text = " ".join([*["the old mill"] * 150, "corrupt council wrecked", *["the new town"] * 150])
    (score,) = made.score([{"text": text, "targets": ["council"]}])
    runtime = made.predictor.runtime
    runtime.rows = 0  # type: ignore[attr-defined]
    counted: list[int] = []
    found = Explainer(made.predictor, made.targets, done=counted.append).explain(score, "council")
    assert MOST / 2 < len(found.words) <= MOST
    assert found.has_phrases
    windows = int(score.flags[0].removeprefix("windows:"))
    assert sum(counted) == runtime.rows <= windows * (MOST + 2 * DRAWS + 3)  # type: ignore[attr-defined]
    (across,) = [word for word in found.words if len(word.spans) == 2]
    assert across.text.split(" … ")[1].startswith("wrecked"), (
        "a phrase goes on behind the mention, which stays"
    )
    for word in found.words:
        assert " … ".join(text[a:b] for a, b in word.spans) == word.text
    assert {word.text for word in found.top} <= {word.text for word in found.words if word.weight > 0.05}


# ---- targets


def test_a_topic_is_explained_without_mentions(tmp_path: Path) -> None:
    found = explained(tmp_path, RULE, target="boats")
    assert found.mentions == ()
    assert by_word(found)["corrupt"] == pytest.approx(3, abs=1e-3)
    assert "council" in by_word(found)


def test_a_stance_toward_the_article_follows_the_reply(tmp_path: Path) -> None:
    made = scorer(tmp_path, weights(lie=3.0, true=-3.0))
    story = {
        "title": "Bridge opens",
        "text": "The bridge opens in June.",
        "comments": ["That is a lie, I know it."],
    }
    rows = list(made.score([story]))
    comment = rows[-1]
    units = [row.unit for row in rows]
    found = Explainer(made.predictor, made.targets).explain(comment, "article", article=units)
    assert found.label == "against"
    assert found.probability == comment.stance[-1].scores["against"]
    assert [word.text for word in found.top] == ["lie,"]
    with pytest.raises(UsageError, match="its article is not among the rows"):
        Explainer(made.predictor, made.targets).explain(comment, "article")


def test_all_sides_of_an_article_are_explained(tmp_path: Path) -> None:
    made = scorer(tmp_path, RULE)
    story = {
        "text": "The corrupt council met the mayor.\n\nThe council met.\n\nThe mayor wrecked it all, they say."
    }
    rows = list(made.score([story]))
    found = Explainer(made.predictor, made.targets).sides(rows)
    assert [(each.unit_id, each.target) for each in found] == [
        (rows[0].unit.unit_id, "council"), (rows[0].unit.unit_id, "mayor"), (rows[2].unit.unit_id, "mayor"),
    ]  # fmt: skip


# ---- errors


@pytest.fixture
def scored(tmp_path: Path) -> tuple[Explainer, Score]:
    made = scorer(tmp_path, RULE)
    (score,) = made.score([TEXT])
    return Explainer(made.predictor, made.targets), score


def test_an_unknown_target_names_the_known_ones(scored: tuple[Explainer, Score]) -> None:
    explainer, score = scored
    with pytest.raises(
        UsageError, match=r"no stance toward 'councill'\. Did you mean 'council'\? It has: council\."
    ):
        explainer.explain(score, "councill")


def test_a_unit_without_a_label_is_refused_with_its_flags(scored: tuple[Explainer, Score]) -> None:
    explainer, score = scored
    withheld = replace(score.stance[0], label=None)
    with pytest.raises(
        UsageError, match=r"the model abstained \(best: against 0\.98\).*Its flags: windows:2\."
    ):
        explainer.explain(replace(score, stance=(withheld,), flags=("windows:2",)), "council")
    with pytest.raises(UsageError, match=r"It has none at all\. Its flags: language:de\."):
        explainer.explain(replace(score, stance=(), flags=("language:de",)), "council")


def test_scores_of_another_model_are_refused(scored: tuple[Explainer, Score]) -> None:
    explainer, score = scored
    with pytest.raises(UsageError, match=r"scored with model other, this is planted\. Give --model"):
        explainer.explain(replace(score, model="other"), "council")


def test_a_probability_that_comes_out_otherwise_is_refused(scored: tuple[Explainer, Score]) -> None:
    explainer, score = scored
    changed = replace(score.stance[0], scores={"against": 0.6, "neutral": 0.3, "favor": 0.1})
    with pytest.raises(
        UsageError, match=r"its row says against 0\.60 toward 'council', computed again it is 0\.98"
    ):
        explainer.explain(replace(score, stance=(changed,)), "council")


# ---- which units


def row(number: int, label: str | None, *, target: str = "council", article: str = "a") -> Score:
    unit = Unit(article, f"{article}{number}", "paragraph", "text", 0, 4, number)
    return Score(unit, stance=(Stance(target, label, {}),))


ROWS = [row(0, "neutral"), row(1, "against"), row(2, None), row(3, "favor"), row(4, "favor", article="b")]


def ids(chosen: Sequence[tuple[Score, list[Unit]]]) -> list[str]:
    return [score.unit.unit_id for score, _ in chosen]


def test_units_that_take_a_side_are_chosen_in_order_with_their_article() -> None:
    chosen = list(choose(ROWS, "council"))
    assert ids(chosen) == ["a1", "a3", "b4"]
    assert [unit.unit_id for unit in chosen[0][1]] == ["a0", "a1", "a2", "a3"]
    assert ids(list(choose(ROWS, "council", most=2))) == ["a1", "a3"]
    assert ids(list(choose(ROWS, "council", units=["b4", "a0"], most=1))) == ["a0", "b4"]


def test_no_more_rows_are_read_than_needed() -> None:
    rows = iter([*ROWS, row(5, "against", article="c"), row(6, "against", article="d")])
    assert ids(list(choose(rows, "council", most=2))) == ["a1", "a3"]
    assert [left.unit.article_id for left in rows] == ["c", "d"]


@pytest.mark.parametrize(
    ("target", "units", "message"),
    [
        ("councils", [], r"no unit has a stance toward 'councils'\. Did you mean 'council'\? Targets .*: council, mayor\."),
        ("mayor", [], r"no unit is against or in favor of 'mayor' \(1 unrelated\)\. Name a unit with --unit"),
        ("council", ["x", "a1"], r"no unit x\. Ids are in the column unit_id"),
    ],
)  # fmt: skip
def test_nothing_to_explain_is_an_error(target: str, units: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        list(choose([*ROWS, row(7, "unrelated", target="mayor")], target, units=units))


# ---- pieces of a text


def removable(text: str, *names: str) -> list[str]:
    mentions = tuple((text.index(name), text.index(name) + len(name)) for name in names)
    return [text[piece.start : piece.end] for piece in pieces(text, mentions) if not piece.stays]


def test_words_keep_their_punctuation_and_mentions_stay_whole() -> None:
    assert removable("“So-called” help, 20 % – of the U.S. aid!", "aid") == [
        "“So-called”", "help,", "20", "of", "the", "U.S.",
    ]  # fmt: skip
    assert removable("The anti-council vote—corrupt, lazy—of the COUNCIL’S men 👏", "council", "COUNCIL") == [
        "The", "anti-", "vote—", "corrupt,", "lazy—", "of", "the", "men", "👏",
    ]  # fmt: skip
    assert removable("Port Ellis's mayor", "Port Ellis") == ["mayor"]


@settings(max_examples=200, deadline=None)
@given(text=st.text("ab’s ,—\n", max_size=40), data=st.data())
def test_removing_words_keeps_the_mentions_and_nothing_that_was_removed(
    text: str, data: st.DataObject
) -> None:
    edges = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=4)))
    mentions = tuple(
        (a, b)
        for a, b in zip(edges[::2], edges[1::2], strict=False)
        if text[a] not in " \n" and text[a:b].strip()
    )
    cut = pieces(text, mentions)
    removed = [i for i, piece in enumerate(cut) if not piece.stays and data.draw(st.booleans())]
    left, places = without(text, mentions, cut, removed)
    assert [left[a:b] for a, b in places] == [text[a:b] for a, b in mentions]
    kept = [text[piece.start : piece.end] for i, piece in enumerate(cut) if i not in removed]
    assert "".join(left.split()) == "".join("".join(kept).split())


# ---- the explained stance is the scored one


def test_the_explained_probability_is_the_scored_one(tmp_path: Path) -> None:
    made = scorer(tmp_path, RULE)
    (score,) = made.score([{"text": TEXT + " The mayor met.", "targets": ["mayor", "boats", "council"]}])
    for stance in score.stance:
        found = Explainer(made.predictor, made.targets).explain(score, stance.target)
        assert (found.label, found.probability) == (stance.label, stance.scores[str(stance.label)])


@pytest.mark.slow
def test_the_shipped_model_is_explained_as_it_scored() -> None:
    """Short units of an article with comments; some have several targets, of which one is explained."""
    made = Scorer.load(targets=Targets.load(DEMO / "targets.toml"), threads=1)
    rows = list(made.score(list(read_articles([str(DEMO / "articles" / "2_siren_bullies.txt")]))))
    units = [each.unit for each in rows]
    explainer = Explainer(made.predictor, made.targets)
    targets = set()
    for score in rows:
        for stance in score.stance[-1:]:
            if stance.label is not None and len(score.unit.text) < 120:
                found = explainer.explain(score, stance.target, article=units)
                assert (found.label, found.probability) == (stance.label, stance.scores[stance.label])
                targets.add(stance.target)
    assert "article" in targets
    assert len(targets) > 1


@pytest.mark.slow
def test_the_shipped_model_needs_the_words_that_are_loaded() -> None:
    made = Scorer.load(threads=1)
    text = "The corrupt council lied to us about the fees on Monday."
    (score,) = made.score([text], targets=["council"])
    found = Explainer(made.predictor, made.targets).explain(score, "council")
    assert found.label == "against"
    assert {word.text for word in found.top} == {"corrupt", "lied"}
    assert found.verdict == "good"
    assert found.comprehensiveness > 0.5
