"""What made-up pages share: head, menu, adverts, links to other articles, nested comments."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from html import escape
from typing import Any

from made_texts import Block, MadeComment, Maker


@dataclass(frozen=True)
class MadePage:
    """A page whose contents are known. left_aside: lines that count neither as text nor as an error (title, standfirst)."""

    template: str
    html: str
    text: list[str]
    comments: list[MadeComment]
    left_aside: list[str] = field(default_factory=list)


class Writer(Maker):
    """Draws texts and the variants of markup."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__(rng)
        self.made = self.story()
        self.numbers = rng.randint(1_000, 900_000)

    def number(self) -> int:
        self.numbers += self.rng.randint(1, 40)
        return self.numbers

    def maybe(self, markup: str, share: float = 0.5) -> str:
        return markup if self.chance(share) else ""

    def head(self, *, extra: str = "", body: str = "", linked: bool | None = None) -> str:
        """Everything up to and with <body>."""
        story = self.made
        meta = f'<meta property="og:title" content="{escape(story.title)}"><meta property="og:type" content="article">'
        meta += self.maybe(f'<meta property="og:site_name" content="{story.outlet}">', 0.8)
        meta += self.maybe(f'<meta name="author" content="{story.author}">')
        meta += self.maybe(
            f'<meta property="article:published_time" content="{story.date}T08:10:00+00:00">', 0.7
        )
        meta += self.maybe(f'<meta name="description" content="{escape(story.standfirst)}">')
        if linked if linked is not None else self.chance(0.5):
            data = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": story.title,
                    "datePublished": story.date, "author": {"@type": "Person", "name": story.author}}  # fmt: skip
            meta += f'<script type="application/ld+json">{json.dumps(data)}</script>'
        script = "<script>window.dataLayer=window.dataLayer||[];function gtag(){dataLayer.push(arguments);}</script>"
        title = f"{escape(story.title)}{self.pick((' - ', ' | ', ' – '))}{story.outlet}"
        return (
            f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>{meta}{extra}{script}'
            f"<style>.x{{color:#333}}</style></head><body{body}>"
        )

    def menu(self, tag: str = "nav", names: str = "main-navigation") -> str:
        items = "".join(
            f'<li class="menu-item"><a href="/{word.lower()}">{word}</a></li>'
            for word in ("Home", "News", "Politics", "Opinion", "Sport", "Culture", "Weather", "Subscribe")
        )
        return f'<{tag} class="{names}"><ul class="menu">{items}</ul></{tag}>'

    def cookie_banner(self) -> str:
        names = self.pick(("cookie-banner", "cc-window cc-banner", "onetrust-consent-sdk", "gdpr-notice"))
        words = (
            "We and our partners use cookies to improve your visit and to show you personalized ads. Read our cookie "
            "policy to learn more."
        )
        return self.maybe(
            f'<div class="{names}" id="{names.split()[0]}" role="dialog"><p>{words}</p><button>Accept all</button>'
            '<button>Manage choices</button></div>'
        )  # fmt: skip

    def newsletter(self) -> str:
        names = self.pick(("newsletter-signup", "mc4wp-form", "nl-promo", "inline-newsletter widget"))
        words = f"Get the {self.made.outlet} briefing in your inbox every morning."
        return (
            f'<div class="{names}"><h3>Sign up for our newsletter</h3><p>{words}</p>'
            '<form><input type="email" placeholder="Your email"><button>Sign up</button></form></div>'
        )

    def advert(self) -> str:
        names = self.pick(("ad-container", "advert", "ad-slot ad-slot--inline", "dfp-ad", "htlad-inline"))
        return f'<div class="{names}"><span class="ad-label">Advertisement</span><div id="ad-{self.number()}"></div></div>'

    def share(self) -> str:
        names = self.pick(("share-buttons", "social-share", "sharedaddy sd-sharing-enabled", "article-share"))
        links = "".join(
            f'<li><a href="#">{word}</a></li>'
            for word in ("Share on Facebook", "Share on X", "Email", "Copy link")
        )
        return f'<div class="{names}"><ul>{links}</ul></div>'

    def others(self, names: str = "", heading: str = "", *, tag: str = "div") -> str:
        """Links to other articles, with or without teasers."""
        names = names or self.pick(("related-posts", "more-stories", "recommended", "yarpp-related"))
        heading = heading or self.pick(
            ("Related stories", "More from the region", "Most read", "You may also like")
        )
        teasers = self.chance(0.5)
        cards = "".join(
            f'<article class="card"><a href="/{self.number()}"><h4>{escape(title)}</h4></a>'
            f"{f'<p>{escape(teaser)}</p>' if teasers else ''}</article>"
            for title, teaser in self.made.others[:4]
        )
        return f'<{tag} class="{names}"><h3>{heading}</h3>{cards}</{tag}>'

    def figure(self, names: str = "wp-block-image") -> str:
        caption = escape(self.pick(self.made.captions))
        credit = self.maybe(f' <span class="credit">Photo: {self.name()}</span>')
        return f'<figure class="{names}"><img src="a.jpg" alt=""><figcaption>{caption}{credit}</figcaption></figure>'

    def footer(self) -> str:
        links = "".join(
            f'<a href="#">{word}</a> ' for word in ("About us", "Contact", "Privacy policy", "Terms of use")
        )
        return (
            f'<footer class="site-footer"><p>© 2025 {self.made.outlet}. All rights reserved.</p><div>{links}</div></footer>'
            f'{self.cookie_banner()}<script src="/app.js"></script></body></html>'
        )

    def body(self, insert: Callable[[int], str] = lambda at: "", names: str = "") -> str:
        """The article's blocks as HTML. insert: furniture after the block with this index."""
        parts: list[str] = []
        blocks = self.made.blocks
        for index, block in enumerate(blocks):
            parts.append(self.block(block, index, names))
            parts.append(insert(index))
        return "".join(parts)

    def block(self, block: Block, index: int, names: str = "") -> str:
        shown = escape(block.text)
        if block.tag == "p" and self.chance(0.15):
            words = shown.split(" ")
            at = self.rng.randrange(len(words))
            words[at] = self.pick(('<a href="/x">%s</a>', "<em>%s</em>", "<strong>%s</strong>")) % words[at]
            shown = " ".join(words)
        tag_names = f' class="{names}"' if names and block.tag == "p" else ""
        if block.tag == "li":
            blocks = self.made.blocks
            opens = "<ul>" if blocks[index - 1].tag != "li" else ""
            closes = "</ul>" if index + 1 == len(blocks) or blocks[index + 1].tag != "li" else ""
            return f"{opens}<li>{shown}</li>{closes}"
        if block.tag == "blockquote":
            return f"<blockquote><p>{shown}</p></blockquote>"
        return f"<{block.tag}{tag_names}>{shown}</{block.tag}>"

    def furnished(self, names: str = "") -> str:
        """The blocks with adverts, a picture, a newsletter box and links between them."""
        count = len(self.made.blocks)
        places = [
            at for at in range(count - 1) if {self.made.blocks[at].tag, self.made.blocks[at + 1].tag} == {"p"}
        ]
        drawn = self.rng.sample(places, min(3, len(places)))
        things: list[Callable[[], str]] = [self.advert, self.figure, self.newsletter, self._also]
        put = dict(zip(drawn, self.rng.sample(things, len(drawn)), strict=True))
        return self.body(lambda at: put[at]() if at in put else "", names)

    def _also(self) -> str:
        title = escape(self.made.others[-1][0])
        return self.pick(
            (f'<p class="read-more"><strong>Read more: </strong><a href="/y">{title}</a></p>',
             f'<aside class="related-inline"><span>See also</span><a href="/y">{title}</a></aside>',
             f'<div class="inline-related"><p><a href="/y">{title}</a></p></div>')
        )  # fmt: skip

    def nested(
        self, show: Callable[[MadeComment, int, int], str], wrap: Callable[[str], str] = lambda inner: inner
    ) -> str:
        """Comments inside each other. show: takes a comment, its index and depth; "@@" in its markup is for the replies.

        wrap: the markup around replies.
        """
        comments = self.made.comments

        def level(parent: int | None, depth: int) -> str:
            shown = ""
            for index, comment in enumerate(comments):
                if comment.parent == parent:
                    inner = level(index, depth + 1)
                    shown += show(comment, index, depth).replace("@@", wrap(inner) if inner else "")
            return shown

        return level(None, 1)

    def forum(self) -> tuple[MadeComment, list[MadeComment]]:
        """The first post of a thread, which is the article, and the other posts."""
        opening = tuple(self.paragraph(1, 2) for _ in range(self.rng.randint(2, 3)))
        return MadeComment(opening, self.handle(), None, self.made.date), flat(self.made.comments)

    def updates(self, most: int, *, headed: float) -> Iterator[tuple[str, list[str]]]:
        """Heading ("" for none) and paragraphs of each entry of a live blog. most: paragraphs. headed: share with a heading."""
        for _ in range(self.rng.randint(5, 9)):
            said = [self.paragraph(1, 2) for _ in range(self.rng.randint(1, most))]
            yield self.title() if self.chance(headed) else "", said

    def depths(self) -> list[int]:
        """How deep each comment is, from 0."""
        found: list[int] = []
        for comment in self.made.comments:
            found.append(0 if comment.parent is None else found[comment.parent] + 1)
        return found

    def page(self, template: str, html: str, **changes: Any) -> MadePage:
        story = self.made
        kept: dict[str, Any] = {
            "text": [block.text for block in story.blocks],
            "comments": story.comments,
            "left_aside": [story.title, story.standfirst],
        }
        return MadePage(template, html, **{**kept, **changes})


def flat(comments: Sequence[MadeComment]) -> list[MadeComment]:
    """The comments as comments on the article, for markup that does not say what they answer."""
    return [replace(comment, parent=None) for comment in comments]


def paragraphs(comment: MadeComment, tag: str = "p", names: str = "") -> str:
    """The text of a comment as HTML."""
    opened = f"<{tag} {names}>" if names else f"<{tag}>"
    return "".join(f"{opened}{escape(each)}</{tag}>" for each in comment.paragraphs)


def broken(comment: MadeComment) -> str:
    """The text of a comment with line breaks between its paragraphs."""
    return "<br><br>".join(escape(each) for each in comment.paragraphs)


def initials(name: str) -> str:
    return "".join(word[0] for word in name.split())[:2].upper()


def wordy_date(stated: str) -> str:
    day = date.fromisoformat(stated)
    return f"{day:%B} {day.day}, {day.year}"


Template = Callable[[Writer], MadePage]
