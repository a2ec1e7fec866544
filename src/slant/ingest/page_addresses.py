"""One form for all addresses of a page, so that comments find their article."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

# Labels of a host that lead to the same page in another layout.
_VARIANTS = frozenset(("www", "www2", "www3", "m", "mobile", "mobil", "amp", "touch", "wap"))
_SECOND_LEVEL = frozenset(("co", "com", "org", "net", "gov", "ac", "edu", "or", "ne"))  # as in co.uk
# Parameters that say where a reader came from, how a page is shown, or which of its comments is meant. Courlan's longer list
# takes parameters such as "cid" and "gallery", too, which are the article's own id on some sites.
_TRACKERS = frozenset(
    {"fbclid", "gclid", "gclsrc", "dclid", "gbraid", "wbraid", "msclkid", "yclid", "twclid", "ttclid", "igshid", "igsh",
     "li_fat_id",
     "mkt_tok", "ref", "ref_src", "ref_url", "referrer", "referer", "cmp", "cmpid", "cmp_id", "icid", "intcid", "ncid", "ito",
     "ocid", "smid", "smtyp", "smprod", "sref", "sr_share", "share", "xtor", "spm", "guccounter", "guce_referrer",
     "guce_referrer_sig", "commentid", "comment_id", "lc", "showcomment", "replytocom", "amp", "outputtype", "usqp",
     "amp_js_v",
     "amp_gsa", "feature", "mbid", "s_cid", "__twitter_impression", "partner", "amphtml", "taboola", "tblci"}
)  # fmt: skip
_TRACKER_PREFIXES = (
    "utm_",
    "at_",
    "mc_",
    "pk_",
    "mtm_",
    "hsa_",
    "itm_",
    "oly_",
    "vero_",
    "ns_",
    "wt.",
    "wt_",
    "_ga",
    "_gl",
)
_ARCHIVED = re.compile(r"/web/\d{4,14}[a-z_*]{0,4}/(.+)", re.S)
_AMP_CACHE = re.compile(r"/(?:amp|[cvi])/(?:s/)?(.+)", re.S)
_INDEX = re.compile(r"(?:index|default)\.(?:html?|php|aspx?)", re.I)
_MAX_ADDRESS = 4000  # characters


@lru_cache(maxsize=8192)
def page_key(address: str) -> str | None:
    """Return one form of the address of a page; None for no web address, and for the front page of a site.

    Scheme, "www", mobile and AMP variants, copies in AMP caches and in the Wayback Machine, tracking parameters, the
    fragment, the number of the page of comments and a slash at the end make no difference. The path keeps its case.
    """
    words = address.strip()
    for _ in range(3):  # a cache may hold the page of another
        if len(words) > _MAX_ADDRESS:
            return None
        try:
            parts = urlsplit(words if "//" in words[:10] else f"//{words}")
            host, port = (parts.hostname or "").rstrip("."), parts.port
        except ValueError:
            return None
        if parts.scheme not in ("http", "https", "") or "." not in host:
            return None
        inner = _inner(host, f"{parts.path}?{parts.query}" if parts.query else parts.path)
        if inner is None:
            break
        words = inner
    path = _path(parts.path)
    kept = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if _is_kept(name, value)
    )
    query = f"?{urlencode(kept)}" if kept else ""
    if parts.fragment.startswith("!"):  # pages that a script shows
        query += f"#{parts.fragment}"
    if not path and not query:
        return None
    return f"{_host(host)}{'' if port in (None, 80, 443) else f':{port}'}{path}{query}"


def _inner(host: str, rest: str) -> str | None:
    """The address that a copy of a page holds, or None."""
    if host == "web.archive.org":
        found = _ARCHIVED.match(rest)
    elif host.endswith(".cdn.ampproject.org") or re.fullmatch(r"(?:www\.)?google\.[a-z.]{2,6}", host):
        found = _AMP_CACHE.match(rest)
    else:
        return None
    return found[1] if found else None


def _host(host: str) -> str:
    labels = host.lower().split(".")
    domain = 3 if len(labels) > 2 and labels[-2] in _SECOND_LEVEL and len(labels[-1]) == 2 else 2
    return ".".join([label for label in labels[:-domain] if label not in _VARIANTS] + labels[-domain:])


def _path(path: str) -> str:
    segments = [each for each in unquote(path.partition(";jsessionid")[0]).split("/") if each]
    segments = [each for each in segments if each != "amp" and not re.fullmatch(r"comment-page-\d+", each)]
    if segments:
        segments[-1] = re.sub(r"\.amp(?=\.html?\Z|\Z)", "", segments[-1])
        if _INDEX.fullmatch(segments[-1]):
            segments.pop()
    return "".join(f"/{each}" for each in segments)


def _is_kept(name: str, value: str) -> bool:
    name = name.lower()
    if name in _TRACKERS or name.startswith(_TRACKER_PREFIXES):
        return False
    return not (name == "output" and value == "amp") and not (name == "m" and value in ("0", "1"))
