"""Name the outlet of an address. An address is never an outlet itself."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache

from slant.assets import asset

_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]*:)?//[^\s/]+\S*|www\.[^\s/]+\.[^\s/]+\S*|[\w-]+(?:\.[\w-]+)+/\S*", re.I
)
_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?(?://)?(?:[^\s/@]*@)?([^\s/:?#]+)", re.I)
# Copies and links of other outlets' articles, whose host says nothing about the outlet.
_NO_OUTLETS = frozenset(
    {"archive.org", "archive.today", "archive.ph", "archive.is", "google.com", "bing.com", "t.co", "bit.ly", "feedburner.com",
     "feedproxy.google.com", "webcache.googleusercontent.com", "amazonaws.com", "localhost"}
)  # fmt: skip


def is_address(words: object) -> bool:
    """Return whether the words are a web address rather than a name: "https://a.example/b", but not "a.example"."""
    return isinstance(words, str) and _ADDRESS.fullmatch(words.strip()) is not None


@lru_cache(maxsize=4096)
def outlet_from_url(url: str) -> str | None:
    """Return the usual name of the outlet at an address, else its registered domain; None for archives and no address."""
    found = _HOST.match(url.strip())
    host = found[1].lower().rstrip(".") if found else ""
    if "." not in host or host.replace(".", "").isdigit() or url.startswith("file:"):
        return None
    domain = _registered(host)
    if host in _NO_OUTLETS or domain in _NO_OUTLETS:
        return None
    names = _names()
    host = host.removeprefix("www.")
    while host:  # a part of a site may be an outlet of its own
        if host in names:
            return names[host]
        host = host.partition(".")[2]
    return domain


def _registered(host: str) -> str:
    from tld import get_fld

    found = get_fld(host, fail_silently=True, fix_protocol=True)
    return found or ".".join(host.split(".")[-2:])


@cache
def outlet_names() -> frozenset[str]:
    """Return the usual names of the known outlets, in lower case."""
    return frozenset(name.casefold() for name in _names().values())


@cache
def _names() -> dict[str, str]:
    stated = tomllib.loads(asset("outlets.toml").read_text("utf-8"))["outlets"]
    return {domain: name for name, domains in stated.items() for domain in domains}
