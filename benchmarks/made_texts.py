"""Made-up articles and comments: the same seed gives the same texts. No text is anyone else's."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

_PLACES = ["Port Ellis", "Marlow", "Tarn Bridge", "Orsund", "Keld Valley", "Upper Hask", "Brannock", "Sele", "Vintry", "Colm Head", "Dunmere", "Arran Cross", "Lowick", "Pell"]  # fmt: skip
_BODIES = ["the harbor board", "the county council", "the water company", "the teachers' union", "the hospital trust", "the ferry line", "the planning office", "the farmers' league", "the police authority", "the tenants' group", "the port workers", "the mayor's office", "the school board", "the grid operator"]  # fmt: skip
_FIRST = ["Oda", "Jonas", "Mirela", "Tobin", "Asha", "Pelle", "Wren", "Casimir", "Ines", "Dougal", "Tamsin", "Yusra", "Ruben", "Petra", "Hale", "Nadine", "Omar", "Signe"]  # fmt: skip
_LAST = ["Marr", "Tesk", "Quill", "Varga", "Holm", "Brandt", "Osei", "Lindqvist", "Farrow", "Kestrel", "Abara", "Novak", "Penrose", "Sato", "Whitlow", "Dray"]  # fmt: skip
_JOBS = [
    "chair",
    "treasurer",
    "spokeswoman",
    "director",
    "former head",
    "deputy",
    "lawyer",
    "engineer",
    "secretary",
    "adviser",
]
_THINGS = ["new quay", "bridge tolls", "night ferry", "reservoir wall", "bus contract", "rent freeze", "fish quota", "clinic wing", "flood barrier", "school merger", "grain depot", "wind lease", "market hall", "rail spur", "parking levy", "coastal path"]  # fmt: skip
_DID = ["approved", "delayed", "rejected", "defended", "scrapped", "reopened", "questioned", "doubled the budget of", "withdrew from", "promised to finish", "refused to fund", "quietly sold"]  # fmt: skip
_WHEN = ["on Monday", "late on Tuesday", "before the vote", "after months of talks", "in a closed session", "within a week", "over the winter", "at the last moment", "during the storm", "without a debate"]  # fmt: skip
_WHY = ["costs had tripled", "nobody had asked the residents", "the survey was out of date", "two contractors had pulled out", "the law leaves no choice", "the money was needed elsewhere", "the old plan was unsafe", "the figures did not add up"]  # fmt: skip
_ADJECTIVES = [
    "reckless",
    "careful",
    "overdue",
    "costly",
    "popular",
    "hollow",
    "brave",
    "shameful",
    "modest",
    "muddled",
    "fair",
    "cynical",
]
_HANDLES = ["quayside_{n}", "ferryman{n}", "MarlowMum", "J. Penrose", "old_salt_{n}", "Wren H.", "tarnwatcher", "Keld{n}", "rationalist", "Aunt Sele", "bridge-troll", "K. Abara", "northbank{n}", "ms_varga", "Dougal F.", "seagull{n}"]  # fmt: skip

_REPORT = (
    "{Body} {did} the {thing} {when}, saying that {why}.",
    "“The {thing} was a {adj} idea from the start,” said {name}, {job} of {body}.",
    "Residents of {place} had waited {n} years for the {thing}, and {n2} of them came to hear the news.",
    "According to papers seen by this newspaper, {body} spent {n} million crowns on the {thing} in {place}.",
    "{name}, the {job} of {body}, called the decision {adj} and asked for a review {when}.",
    "A report published in {place} found that {why}, although {body} disputes the count of {n2} cases.",
    "The {thing} would link {place} with {place2}, {n} kilometers up the coast.",
    "Opponents, among them {body}, say that the {thing} is {adj} and that {why}.",
    "By {when2}, {n2} people had signed a petition against the {thing}.",
    "It is not clear who will pay for the {thing} if {body} leaves {when}.",
    "{name} told reporters in {place} that {body} had “no plan and no shame”, a charge that {name2} rejected.",
    "Work on the {thing} began in {place2} {when}, but stopped because {why}.",
    "Figures from {body} show {n2} complaints about the {thing}, up from {n} the year before.",
    "The dispute over the {thing} has split {place}, where {body} holds {n} of the seats.",
)
_REMARKS = (
    "{Body} could not run a bath, let alone the {thing}.",
    "I have lived in {place} for {n} years and nobody ever asked us about the {thing}.",
    "Why does {body} always get away with it?",
    "That is simply not true, the {thing} was paid for long ago.",
    "{name} is right: it was a {adj} decision, and everyone in {place} knows it.",
    "Thank you for this report, more of the same about {body} please.",
    "Another {adj} article, and not a word about the {n2} jobs in {place2}.",
    "Ask the people of {place2} what they think of the {thing}!",
    "My brother worked for {body} and says that {why}.",
    "You forget that {body} {did} the {thing} {when}.",
    "No wonder, {why}.",
    "I voted for {name} once. Never again.",
)
_SHORT = ("Agreed!", "No, it never did.", "Well said.", "Source?", "Rubbish.", "Same here in {place}.")


@dataclass(frozen=True)
class MadeComment:
    """parent: index in the list of comments, None for a comment on the article."""

    paragraphs: tuple[str, ...]
    author: str
    parent: int | None
    date: str

    @property
    def text(self) -> str:
        return "\n\n".join(self.paragraphs)


@dataclass(frozen=True)
class Block:
    """tag: p, h2, li or blockquote."""

    tag: str
    text: str


@dataclass
class Story:
    """An article and its comments. others: titles and teasers of other articles of the site."""

    title: str
    standfirst: str
    author: str
    outlet: str
    section: str
    date: str
    blocks: list[Block]
    comments: list[MadeComment]
    others: list[tuple[str, str]] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)


class Maker:
    """Draws texts from a random generator."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng

    def pick(self, options: Sequence[str]) -> str:
        return self.rng.choice(options)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def fill(self, pattern: str) -> str:
        body, place = self.pick(_BODIES), self.pick(_PLACES)
        return pattern.format(
            body=body, Body=body[0].upper() + body[1:], did=self.pick(_DID), thing=self.pick(_THINGS),
            when=self.pick(_WHEN), when2=self.pick(("noon", "Friday", "the end of the month", "spring")),
            why=self.pick(_WHY), adj=self.pick(_ADJECTIVES), job=self.pick(_JOBS), name=self.name(), name2=self.name(),
            place=place, place2=self.pick(_PLACES), n=self.rng.randint(2, 48), n2=self.rng.randint(60, 9800),
        )  # fmt: skip

    def name(self) -> str:
        return f"{self.pick(_FIRST)} {self.pick(_LAST)}"

    def sentence(self) -> str:
        return self.fill(self.pick(_REPORT))

    def paragraph(self, least: int = 1, most: int = 4) -> str:
        return " ".join(self.sentence() for _ in range(self.rng.randint(least, most)))

    def title(self) -> str:
        return self.fill(
            self.pick(("{Body} {did} the {thing}", "{place} argues over the {thing}", "Who pays for the {thing}?",
                       "{name}: the {thing} is {adj}", "How {place} lost its {thing}"))
        )  # fmt: skip

    def date(self) -> str:
        return f"20{self.rng.randint(18, 25)}-{self.rng.randint(1, 12):02}-{self.rng.randint(1, 28):02}"

    def outlet(self) -> str:
        return (
            f"{self.pick(_PLACES)} {self.pick(('Courier', 'Gazette', 'Post', 'Herald', 'Observer', 'Echo'))}"
        )

    def handle(self) -> str:
        return self.pick(_HANDLES).format(n=self.rng.randint(2, 99))

    def blocks(self, least: int = 5, most: int = 14) -> list[Block]:
        found = [Block("p", self.paragraph(1, 3)) for _ in range(self.rng.randint(least, most))]
        if len(found) > 6 and self.chance(0.6):
            found.insert(self.rng.randint(3, 5), Block("h2", self.fill("What {body} wants from the {thing}")))
        if self.chance(0.4):
            found.insert(self.rng.randint(2, len(found) - 1), Block("blockquote", self.sentence()))
        if self.chance(0.35):
            at = self.rng.randint(2, len(found) - 1)
            found[at:at] = [Block("li", self.sentence()) for _ in range(self.rng.randint(2, 4))]
        return found

    def comment(self, number: int) -> MadeComment:
        if self.chance(0.12):
            said: tuple[str, ...] = (self.fill(self.pick(_SHORT)),)
        else:
            count = 2 if self.chance(0.2) else 1
            said = tuple(
                " ".join(self.fill(self.pick(_REMARKS)) for _ in range(self.rng.randint(1, 3)))
                for _ in range(count)
            )
        parent = self.rng.randrange(number) if number and self.chance(0.45) else None
        return MadeComment(said, self.handle(), parent, self.date())

    def comments(self, least: int = 3, most: int = 9) -> list[MadeComment]:
        drawn = [self.comment(number) for number in range(self.rng.randint(least, most))]
        return _in_page_order(drawn)

    def story(self) -> Story:
        return Story(
            title=self.title(), standfirst=self.sentence(), author=self.name(), outlet=self.outlet(),
            section=self.pick(("News", "Politics", "Opinion", "Region")), date=self.date(), blocks=self.blocks(),
            comments=self.comments(),
            others=[(self.title(), self.sentence()) for _ in range(self.rng.randint(4, 8))],
            captions=[self.fill("The {thing} in {place}, seen from the air") for _ in range(2)],
        )  # fmt: skip


def _in_page_order(drawn: list[MadeComment]) -> list[MadeComment]:
    """Each reply after its parent, as a page shows them: depth first."""
    order: list[int] = []

    def visit(parent: int | None) -> None:
        for index, comment in enumerate(drawn):
            if comment.parent == parent:
                order.append(index)
                visit(index)

    visit(None)
    place = {old: new for new, old in enumerate(order)}
    return [
        MadeComment(c.paragraphs, c.author, None if c.parent is None else place[c.parent], c.date)
        for c in (drawn[index] for index in order)
    ]
