"""Scores made by hand for the tests of the report: an invented quarrel over a lighthouse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from slant.records import Frame, Loaded, Reply, Score, Stance, Unit
from slant.scoring.explain import Deletion, Explanation, Word

TITLE = "Shameful delay darkens a proud coast"
HOSTILE = 'A <script>document.title = "taken"</script> & "quoted" <b>headline</b>'


def unit(position: int, kind: str, text: str, *, article: str = "a1", **facts: object) -> Unit:
    base = Unit(
        article_id=article,
        unit_id=f"{article}-{position}",
        kind=kind,
        text=text,
        start=position * 1000,
        end=position * 1000 + len(text),
        position=position,
        outlet="The Lamp",
        published="2019-06-02",
        title=TITLE,
        url="https://lamp.example/delay",
    )
    return replace(base, **facts)  # type: ignore[arg-type]


def span(text: str, words: str, label: str, score: float, voice: str) -> Loaded:
    start = text.index(words)
    return Loaded(start, start + len(words), words, label, score, voice)


def stance(target: str, label: str | None, against: float, neutral: float, favor: float) -> Stance:
    return Stance(target, label, {"against": against, "neutral": neutral, "favor": favor})


def article(name: str = "a1", outlet: str = "The Lamp") -> Iterator[Score]:
    """Seven units: overlapping spans, a quoted one, a call, no call, a thread and a duplicate."""

    def row(position: int, kind: str, text: str, **more: object) -> Score:
        facts = {k: more.pop(k) for k in ("author", "parent_id") if k in more}
        made = unit(position, kind, text, article=name, outlet=outlet, **facts)
        return Score(made, model="m-1234", codebook="c-5678", **more)  # type: ignore[arg-type]

    lead = "The keepers said that the board had “sold the light for a dinner”, and left."
    rude = "These clowns never saw a storm.\n\nShame on them!"
    yield row(
        0, "title", TITLE,
        loaded=(
            span(TITLE, "Shameful delay darkens", "loaded_language", 0.91, "outlet"),
            span(TITLE, "darkens a proud coast", "flag_waving", 0.55, "outlet"),
            span(TITLE, "proud", "exaggeration_minimisation", 0.31, "outlet"),
        ),
        stance=(stance("light_board", "against", 0.81, 0.15, 0.04), stance("keepers", None, 0.4, 0.35, 0.25)),
    )  # fmt: skip
    yield row(
        1, "lead", lead, flags=("windows",), frames=(Frame("economic", 0.72),), subjective=0.4,
        loaded=(span(lead, "sold the light", "appeal_to_fear_prejudice", 0.66, "quoted"),),
        stance=(stance("keepers", "favor", 0.1, 0.2, 0.7),),
    )  # fmt: skip
    yield row(2, "list_item", "one lamp, " + "unbroken" * 30)
    yield row(3, "paragraph", "Nobody was hurt.")
    yield row(
        4, "comment", rude, author="Ida", toxic=((6, 12),),
        loaded=(span(rude, "These clowns", "name_calling_labeling", 0.8, "reader"),),
        stance=(stance("article", "against", 0.7, 0.2, 0.1),),
        reply=Reply("deny", {"support": 0.1, "deny": 0.7, "query": 0.1, "comment": 0.1}),
    )  # fmt: skip
    yield row(5, "comment", rude, flags=(f"duplicate_of:{name}-4",))
    yield row(
        6, "comment", "Which storm do you mean?", author="Ole", parent_id=f"{name}-4",
        reply=Reply("query", {"support": 0.1, "deny": 0.1, "query": 0.6, "comment": 0.2}),
    )  # fmt: skip


_WORDS = "“Shameful keepers, again!” wrote the board."
EXPLANATION = Explanation(
    article_id="a1",
    unit_id="a1-0",
    kind="title",
    text=_WORDS,
    target="light_board",
    label="against",
    probability=0.82,
    mentions=((37, 42),),
    words=(
        Word("“Shameful", ((0, 9),), 2.31, True),
        Word("keepers,", ((10, 18),), 0.4, True),
        Word("again!”", ((19, 26),), 0.2, False),
        Word("wrote", ((27, 32),), -0.7, False),
        Word("the", ((33, 36),), 0.01, False),
    ),
    deletion=Deletion(2, 0.31, 0.86, 0.79, 0.4, 1.0),
    model="m-1234",
)
