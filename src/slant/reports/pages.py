"""What the pages share: templates, style and script, and the policy that nothing else may act in them."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

from slant.reports import words

if TYPE_CHECKING:
    from jinja2 import Environment

# Not allowed in HTML, or not encodable: shown as the replacement character rather than breaking the page.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def environment() -> Environment:
    import jinja2  # here, since it is not needed to score

    made = jinja2.Environment(
        loader=jinja2.PackageLoader("slant.reports"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    made.filters.update(
        plain=words.plain, percent=words.percent, family=words.family, target=words.target, plural=words.plural,
        flag=words.flag_words, web=web, clip=clip,
    )  # fmt: skip
    return made


def printable(text: str) -> str:
    return _UNPRINTABLE.sub("�", text)


def source(made: Environment, name: str) -> str:
    loader = made.loader
    assert loader is not None
    return loader.get_source(made, name)[0]


def hashed(text: str) -> str:
    """For the content security policy: only this very style and script may act in the page."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def web(url: str | None) -> str | None:
    """The address if it is one of the web: `javascript:` and the like never become a link."""
    return url if url and re.match(r"https?://", url, re.IGNORECASE) else None


def clip(text: str, length: int = 240) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
