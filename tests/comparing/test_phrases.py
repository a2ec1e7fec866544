"""Phrases that set outlets apart, how readers answer, and the months."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compared import clusters_of, prepare, store_of, unit
from slant.comparing import comment_replies, coverage, phrases
from slant.comparing.measures import ANY_TARGET
from slant.comparing.options import Options

OPTIONS = Options(resamples=300, min_articles=2)


@pytest.mark.parametrize(
    ("phrase", "plain"),
    [
        ("The regime’s", "regime"),
        ("“these Vile  lies”", "vile lies"),
        ("a so-called deal", "so-called deal"),
        ("their", "their"),
        ("thespian", "thespian"),
    ],
)
def test_phrases_are_the_same_without_case_determiner_and_possessive(phrase: str, plain: str) -> None:
    assert phrases.normalize(phrase) == plain


def test_log_odds_by_hand() -> None:
    here, there, prior = np.array([6.0, 2.0]), np.array([1.0, 7.0]), np.array([3.5, 4.5])
    expected = np.log(9.5 / 6.5) - np.log(4.5 / 11.5)
    assert phrases.log_odds(here, there, prior)[0] == pytest.approx(expected)
    assert phrases.log_odds(here, there, prior).sum() == pytest.approx(
        0
    )  # of two phrases, one's gain is the other's loss


def _press() -> list[dict[str, Any]]:
    rows = []
    for n in range(12):
        own = "bullies" if n % 4 else "thugs"
        rows.append(
            unit(f"s{n}", f"The {own} spoke.", outlet="Siren", loaded=[own], stance={"council": "against"})
        )
        rows.append(
            unit(
                f"g{n}", "The thugs spoke.", outlet="Gazette", loaded=["thugs"], stance={"council": "neutral"}
            )
        )
        rows.append(unit(f"c{n}", "They spoke.", outlet="Courier", stance={"council": "neutral"}))
        quoted = unit(f"q{n}", "“Swine”, she said.", outlet="Gazette", loaded=["Swine"], voice="quoted")
        rows.append(quoted)
    return rows


def test_the_phrase_of_one_outlet_is_found_with_examples(tmp_path: Path) -> None:
    with store_of(tmp_path, _press()) as store:
        prepare(store)
        found = phrases.phrases_table(
            store, clusters_of(store), groups=["Courier", "Gazette", "Siren"], options=OPTIONS
        ).to_pylist()
    assert {(r["target"], r["group"], r["phrase"]) for r in found} == {
        (target, group, phrase)
        for target in (ANY_TARGET, "council")
        for group, phrase in (("Siren", "bullies"), ("Gazette", "thugs"))
    }
    top = next(r for r in found if r["phrase"] == "bullies" and r["target"] == "council")
    assert (top["count"], top["other_count"], top["texts"]) == (9, 0, 9)
    assert 0 < top["low"] < top["log_odds"] < top["high"]
    assert top["p_adjusted"] < 0.05
    assert len(top["examples"]) == phrases.EXAMPLES
    assert all(unit_id.startswith("s") for unit_id in top["examples"])


def test_phrases_used_equally_are_not_significant(tmp_path: Path) -> None:
    rows = [
        unit(f"{outlet}{n}", f"The {phrase} spoke.", outlet=outlet, loaded=[phrase])
        for outlet in ("Gazette", "Siren")
        for n in range(20)
        for phrase in (("bullies", "thugs")[n % 2],)
    ]
    with store_of(tmp_path, rows) as store:
        prepare(store)
        found = phrases.phrases_table(
            store, clusters_of(store), groups=["Gazette", "Siren"], options=OPTIONS
        ).to_pylist()
    assert all(r["p_adjusted"] > 0.5 for r in found)


def test_no_loaded_phrase_and_one_group_give_an_empty_table(tmp_path: Path) -> None:
    plain = [unit(f"a{n}") for n in range(4)]
    alone = [unit(f"b{n}", "The thugs and bullies.", loaded=["thugs", "bullies"]) for n in range(4)]
    for rows in (plain, alone):
        with store_of(tmp_path, rows) as store:
            prepare(store)
            assert (
                phrases.phrases_table(store, clusters_of(store), groups=["Gazette"], options=OPTIONS).num_rows
                == 0
            )


def _comment(
    article: str, n: int, label: str, *, reply: str = "deny", outlet: str = "Gazette"
) -> dict[str, Any]:
    stance = {"council": label, "article": "against"}
    return unit(article, "Well.", kind="comment", position=n, outlet=outlet, stance=stance, reply=reply)


def _threads(*, article: str, comments: str, outlet: str = "Gazette") -> list[dict[str, Any]]:
    rows = []
    for n in range(10):
        rows.append(unit(f"{outlet}{n}", outlet=outlet, stance={"council": article if n % 5 else "neutral"}))
        labels = ["neutral" if n % 2 else comments, comments, comments]
        rows += [_comment(f"{outlet}{n}", i, label, outlet=outlet) for i, label in enumerate(labels, 1)]
    return rows


@pytest.mark.parametrize(
    ("article", "comments", "verdict"),
    [
        ("against", "favor", "oppose"),
        ("favor", "against", "oppose"),
        ("against", "against", "unclear"),
        ("neutral", "against", "unclear"),
        ("against", "neutral", "unclear"),
    ],
)
def test_verdict_on_the_audience(tmp_path: Path, article: str, comments: str, verdict: str) -> None:
    with store_of(tmp_path, _threads(article=article, comments=comments)) as store:
        prepare(store, events=False)
        found = comment_replies.audience_table(
            store, clusters_of(store), groups=["Gazette"], options=OPTIONS
        ).to_pylist()
    row = next(r for r in found if r["group"] == "Gazette")
    assert (row["target"], row["threads"], row["units"], row["comments"]) == ("council", 10, 10, 30)
    assert row["gap"] == pytest.approx(row["comments_net"] - row["article_net"])
    assert row["verdict"] == verdict


@pytest.mark.parametrize(
    ("article", "comments", "gap", "near", "verdict"),
    [
        ((-0.5, -0.3), (-0.9, -0.7), (-0.5, -0.2), (-0.45, -0.25), "exceed"),
        ((-0.5, -0.3), (-0.3, -0.1), (0.1, 0.4), (0.15, 0.35), "fall short"),
        ((-0.5, -0.3), (-0.5, -0.2), (-0.1, 0.11), (-0.09, 0.09), "follow"),
        ((-0.5, -0.3), (-0.5, -0.3), (0.01, 0.09), (0.02, 0.08), "follow"),
        ((-0.5, -0.3), (-0.5, -0.2), (-0.1, 0.2), (-0.05, 0.15), "unclear"),
        ((-0.5, -0.3), (0.1, 0.4), (0.4, 0.9), (0.5, 0.8), "oppose"),
        ((-0.5, 0.1), (0.1, 0.4), (0.1, 0.9), (0.2, 0.8), "unclear"),
        ((-0.5, -0.3), (None, None), (None, None), (None, None), "unclear"),
    ],
)
def test_verdicts_claim_no_more_than_the_intervals(
    article: Any, comments: Any, gap: Any, near: Any, verdict: str
) -> None:
    assert comment_replies.verdict(article, comments, gap, near) == verdict


def test_readers_do_not_follow_because_there_are_few_of_them(tmp_path: Path) -> None:
    """A gap of 40 points over eight threads: not significant, and far from nothing."""
    rows = []
    for n in range(8):
        labels = ("against", "against", "against" if n % 2 else "neutral")
        rows += [unit(f"a{n}", position=i, stance={"council": label}) for i, label in enumerate(labels)]
        said = ("against", "against" if n % 4 == 0 else "favor" if n % 4 == 1 else "neutral", "against")
        rows += [_comment(f"a{n}", 5 + i, label) for i, label in enumerate(said)]
    with store_of(tmp_path, rows) as store:
        prepare(store, events=False)
        found = comment_replies.audience_table(store, clusters_of(store), groups=["Gazette"], options=OPTIONS)
    row = found.to_pylist()[0]
    assert row["gap"] > 0.15
    assert row["verdict"] != "follow"


def test_replies_and_stance_toward_the_article(tmp_path: Path) -> None:
    rows = [unit("a0"), unit("a1")]
    rows += [_comment("a0", n, "against", reply="support" if n == 1 else "deny") for n in range(1, 5)]
    rows += [_comment("a1", n, "against", reply="deny") for n in range(1, 5)]
    with store_of(tmp_path, rows) as store:
        prepare(store, events=False)
        found = {
            (r["group"], r["about"], r["label"]): r
            for r in comment_replies.answers_table(
                store, clusters_of(store), groups=["Gazette"], options=OPTIONS
            ).to_pylist()
        }
    support = found["Gazette", "reply", "support"]
    assert support["value"] == pytest.approx(1 / 8)
    assert (support["comments"], support["threads"]) == (8, 2)
    assert support["low"] is None
    assert found["(all)", "article", "net"]["value"] == -1


def test_replies_have_intervals_over_threads_and_commenters(tmp_path: Path) -> None:
    """Eight threads, in which two people write everything, each of one mind; or as many people as comments."""

    def rows(people: int) -> list[dict[str, Any]]:
        made = [unit(f"a{n}") for n in range(8)]
        for n in range(8):
            for i in range(4):
                person = (4 * n + i) % people
                reply = ("deny", "support")[i % 2]
                made.append(
                    {**_comment(f"a{n}", i + 1, "against", reply=reply), "author": f"Reader {person}"}
                )
        return made

    def deny(people: int) -> dict[str, Any]:
        with store_of(tmp_path, rows(people)) as store:
            prepare(store, events=False)
            found = comment_replies.answers_table(
                store, clusters_of(store), groups=["Gazette"], options=OPTIONS
            )
        return next(row for row in found.to_pylist() if row["label"] == "deny" and row["group"] == "Gazette")

    many, few = deny(32), deny(2)
    assert many["low"] < many["value"] == few["value"] == 0.5 < many["high"]
    assert (few["low"], few["high"]) == (None, None)


def test_one_thread_has_no_interval(tmp_path: Path) -> None:
    rows = [unit("a0"), _comment("a0", 1, "against"), _comment("a0", 2, "favor", reply="query")]
    with store_of(tmp_path, rows) as store:
        prepare(store, events=False)
        found = comment_replies.answers_table(
            store, clusters_of(store), groups=["Gazette"], options=OPTIONS
        ).to_pylist()
        beside = comment_replies.audience_table(
            store, clusters_of(store), groups=["Gazette"], options=OPTIONS
        ).to_pylist()
    assert all(r["low"] is None for r in found)
    assert beside == []  # the article itself was not scored for the council


def _varied_threads(count: int) -> list[dict[str, Any]]:
    """Articles and comments are against the council to the same degree on average, but not in the same threads."""
    rows = []
    for n in range(count):
        article, comments = ("neutral", "against") if n % 2 else ("against", "neutral")
        rows.append(unit(f"a{n}", stance={"council": "against"}))
        rows.append(unit(f"a{n}", position=1, stance={"council": article}))
        rows += [_comment(f"a{n}", i, label) for i, label in ((2, "against"), (3, comments))]
    return rows


@pytest.mark.parametrize(("threads", "verdict"), [(2, "unclear"), (6, "unclear"), (300, "follow")])
def test_few_threads_allow_no_verdict(tmp_path: Path, threads: int, verdict: str) -> None:
    """Readers follow if the gap is surely small; few threads cannot show that."""
    with store_of(tmp_path, _varied_threads(threads)) as store:
        prepare(store, events=False)
        found = comment_replies.audience_table(
            store, clusters_of(store), groups=["Gazette"], options=OPTIONS
        ).to_pylist()
    assert found[0]["threads"] == threads
    assert found[0]["gap"] == 0
    assert (found[0]["gap_low"] is None) == (threads < 6)
    assert {r["verdict"] for r in found} == {verdict}


def test_no_comments_no_rows(tmp_path: Path) -> None:
    with store_of(tmp_path, [unit("a0")]) as store:
        prepare(store, events=False)
        assert (
            comment_replies.answers_table(
                store, clusters_of(store), groups=["Gazette"], options=OPTIONS
            ).num_rows
            == 0
        )
        assert (
            comment_replies.audience_table(
                store, clusters_of(store), groups=["Gazette"], options=OPTIONS
            ).num_rows
            == 0
        )


def test_months_with_too_few_articles_claim_nothing(tmp_path: Path) -> None:
    rows = [
        unit(
            f"a{month}{n}", published=f"2026-{month}-02", stance={"council": "favor" if n % 2 else "against"}
        )
        for month, articles in (("01", 8), ("02", 1))
        for n in range(articles)
    ]
    rows.append(unit("undated", published="last spring", stance={"council": "favor"}))
    with store_of(tmp_path, rows) as store:
        prepare(store, events=False)
        found = coverage.trends_table(
            store, clusters_of(store), groups=["Gazette"], options=OPTIONS
        ).to_pylist()
    net = {(r["group"], r["month"]): r for r in found if r["measure"] == "stance/council/net"}
    assert set(net) == {(g, m) for g in ("Gazette", "(all)") for m in ("2026-01", "2026-02")}
    assert (
        net["Gazette", "2026-01"]["low"]
        < 0
        == net["Gazette", "2026-01"]["value"]
        < net["Gazette", "2026-01"]["high"]
    )
    assert net["Gazette", "2026-02"]["few"]
    assert net["Gazette", "2026-02"]["low"] is None


def test_copies_in_one_outlet_count_once_in_a_month(tmp_path: Path) -> None:
    """Ten copies of one text and one other article are two texts."""
    wire = "The council has voted to close the old bridge for two years while a new one is built beside it"
    other = "Nobody had expected that the museum would find a painting in its cellar after such a long time"
    copies = [unit(f"w{n}", wire, stance={"council": "against"}) for n in range(10)]
    with store_of(tmp_path, [*copies, unit("o", other, stance={"council": "favor"})]) as store:
        prepare(store)
        options = replace(OPTIONS, min_articles=2)
        found = coverage.trends_table(
            store, clusters_of(store), groups=["Gazette"], options=options
        ).to_pylist()
    net = next(r for r in found if r["measure"] == "stance/council/net" and r["group"] == "Gazette")
    assert (net["value"], net["low"], net["articles"], net["few"]) == (0, None, 2, True)


def test_a_month_counts_the_articles_of_the_measure(tmp_path: Path) -> None:
    """Ten articles in the month, one of which names the ferry: that is no point of a line."""
    rows = [
        unit(f"a{n}", f"No. {n}.", stance={"council": ("favor", "against")[n % 2], **({} if n else {"ferry": "favor"})})
        for n in range(10)
    ]  # fmt: skip
    with store_of(tmp_path, rows) as store:
        prepare(store, events=False)
        found = coverage.trends_table(
            store, clusters_of(store), groups=["Gazette"], options=OPTIONS
        ).to_pylist()
    one = {r["measure"]: (r["articles"], r["few"]) for r in found if r["group"] == "Gazette"}
    assert one == {"stance/council/net": (10, False), "stance/ferry/net": (1, True)}


def test_bursts_of_a_phrase_set_no_outlet_apart(tmp_path: Path) -> None:
    """Every article repeats its own phrase four times; which outlet runs it is chance."""
    rng = np.random.default_rng(3)
    words = [
        f"{a}{b}" for a in ("vile", "rotten", "crooked", "shabby") for b in ("ness", "ly", "ish", "est", "er")
    ]
    rows = []
    for outlet in ("Gazette", "Siren"):
        for n in range(40):
            phrase = str(rng.choice(words))
            text = f"The {phrase} council {n}."
            rows += [unit(f"{outlet}{n}", text, outlet=outlet, position=i, loaded=[phrase]) for i in range(4)]
    with store_of(tmp_path, rows) as store:
        prepare(store, events=False)
        found = phrases.phrases_table(store, clusters_of(store), groups=["Gazette", "Siren"], options=OPTIONS)
    assert found.num_rows > 5
    assert not [row for row in found.to_pylist() if row["p_adjusted"] < 0.05]


def test_events_of_a_month(tmp_path: Path) -> None:
    text = "Ferry runs aground in the harbour, forty passengers taken off by lifeboats before dawn on Sunday"
    rows = [
        unit("a", text, outlet="Gazette", published="2026-01-02"),
        unit("b", text.replace("Sunday", "the coast"), outlet="Siren", published="2026-01-03"),
    ]
    with store_of(tmp_path, rows) as store:
        prepare(store)
        found = coverage.month_events_table(store).to_pylist()
    assert [
        (r["month"], str(r["day"]), r["groups"]) for r in found
    ] == []  # the same text twice is one text, no event
    rows.append(
        unit(
            "c",
            "Lifeboats take passengers off the ferry in the harbour",
            outlet="Siren",
            published="2026-01-03",
        )
    )
    with store_of(tmp_path, rows) as store:
        prepare(store)
        found = coverage.month_events_table(store).to_pylist()
    assert [(r["month"], str(r["day"]), r["texts"], r["groups"]) for r in found] == [
        ("2026-01", "2026-01-02", 2, 2)
    ]
