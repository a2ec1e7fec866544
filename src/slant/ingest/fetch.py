"""Pages from the net, politely: robots.txt is obeyed, a host is asked one thing at a time and never in a hurry.

Connections are direct (no proxies), to public addresses only unless told otherwise, and carry no cookies.

Lists of web addresses (`--urls`): text with one a line, feeds, sitemaps; each page fetched is an article.
"""

from __future__ import annotations

import contextlib
import io
import ipaddress
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, NamedTuple
from urllib.parse import urljoin, urlsplit

from slant import __version__
from slant.errors import Rejected
from slant.ingest.archives import with_head
from slant.ingest.decoding import DEFAULT_LIMITS, Limits, bounded_lines, decode, too_long
from slant.ingest.documents import Found, Settings, documents, packed_or_plain, whole
from slant.ingest.feeds import Item, feed_items, no_text, sitemap_addresses
from slant.ingest.file_kinds import HEAD
from slant.ingest.html_pages import read_page

AGENT = "slant"
USER_AGENT = f"{AGENT}/{__version__} (reads news articles for research; obeys robots.txt)"
_ROBOTS_SIZE = 500_000  # bytes; RFC 9309 asks for at least 500 kibibytes
_AGAIN = (429, 500, 502, 503, 504)
_MOVED = (301, 302, 303, 307, 308)


@dataclass(frozen=True, slots=True)
class Manners:
    """delay: seconds between two requests to a host, at least; its Crawl-delay if that is longer.

    tries: of one address, with waits of delay × 2, 4, 8 … or what Retry-After says.
    longest_wait: seconds; a host that asks for more is not asked again.
    silence: seconds without a byte. total: seconds for one page. redirects: followed, each under the same rules.
    private: also addresses of private networks and of this machine.
    """

    delay: float = 1.0
    tries: int = 4
    longest_wait: float = 300.0
    silence: float = 30.0
    total: float = 120.0
    redirects: int = 5
    private: bool = False


class Answer(NamedTuple):
    """What a server sent. url: where it was found, after redirects. kind: its media type, lower-case, or ""."""

    url: str
    body: bytes
    kind: str
    charset: str | None


class _Later(Exception):
    """Worth another try, after `wait` seconds if the server says so."""

    def __init__(self, reason: str, detail: str, wait: float | None = None) -> None:
        self.reason, self.detail, self.wait = reason, detail, wait


class Fetcher:
    """One visitor: it remembers the rules of each host and when it last was there."""

    def __init__(
        self,
        manners: Manners | None = None,
        *,
        limits: Limits = DEFAULT_LIMITS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._manners, self._limits, self._sleep = manners or Manners(), limits, sleep
        self._pool = _pool(self._manners)
        self._rules: dict[str, Any] = {}
        self._free: dict[str, float] = {}  # host → when it may be asked again

    def fetch(self, address: str) -> Answer:
        """The page at `address`.

        Raises Rejected: bad_address, private_address, robots, http_STATUS, unreachable, too_large, too_slow or redirects.
        """
        url = address
        for _ in range(self._manners.redirects + 1):
            self._check_rules(url, address)
            found = self._patiently(url, address, self._limits.document)
            if isinstance(found, Answer):
                return found
            url = found
        detail = f"it was passed on more than {self._manners.redirects} times, at last to {url[:200]}; not followed."
        raise Rejected(address, "redirects", detail)

    def _check_rules(self, url: str, address: str) -> None:
        """Raises Rejected where the host's robots.txt says no, or its rules are not to be had."""
        origin = _origin(url, address)
        if origin not in self._rules:
            self._rules[origin] = self._robots(origin, address)
        rules = self._rules[origin]
        if isinstance(rules, str):
            raise Rejected(
                address, "robots", f"{origin}/robots.txt cannot be read ({rules}); so it was left."
            )
        if not rules.can_fetch(url, AGENT):
            raise Rejected(address, "robots", f"{origin}/robots.txt asks programs not to read this page.")
        pause = rules.crawl_delay(AGENT) or 0.0
        if pause > self._manners.longest_wait:
            detail = f"{origin}/robots.txt asks for {pause:,.0f} seconds between requests; it was left."
            raise Rejected(address, "robots", detail)

    def _robots(self, origin: str, address: str) -> Any:
        """The host's rules; all is allowed where it has none (4xx), or why they cannot be read (RFC 9309, 2.3.1)."""
        from protego import Protego

        url = f"{origin}/robots.txt"
        try:
            for _ in range(self._manners.redirects + 1):
                found = self._patiently(url, address, _ROBOTS_SIZE, cut=True)
                if isinstance(found, Answer):
                    return Protego.parse(found.body.decode("utf-8", "replace"))
                url = found
            return Protego.parse("")  # as the RFC allows where it is passed on without end
        except Rejected as rejected:
            if rejected.reason.startswith("http_4") and rejected.reason != "http_429":
                return Protego.parse("")
            if rejected.reason in ("private_address", "bad_address"):
                raise
            return f"{rejected.reason}: {rejected.detail}"

    def _patiently(self, url: str, address: str, limit: int, *, cut: bool = False) -> Answer | str:
        """The answer, or where the page moved to. Raises Rejected after the last try."""
        manners = self._manners
        for trial in range(1, manners.tries + 1):
            try:
                return self._once(url, address, limit, cut)
            except _Later as later:
                wait = later.wait if later.wait is not None else manners.delay * 2**trial
                if trial == manners.tries or wait > manners.longest_wait:
                    tried = f" Tried {trial} times." if trial > 1 else ""
                    raise Rejected(address, later.reason, f"{later.detail}{tried}") from None
                self._sleep(wait)
        raise AssertionError("unreachable: the last trial returns or raises")

    def _once(self, url: str, address: str, limit: int, cut: bool) -> Answer | str:
        from urllib3 import Timeout, exceptions

        origin, host = _origin(url, address), urlsplit(url).hostname or ""
        self._await(host, origin)
        try:
            response: Any = self._pool.request(
                "GET",
                url,
                preload_content=False,
                redirect=False,
                retries=False,
                timeout=Timeout(connect=self._manners.silence, read=self._manners.silence),
            )
            with contextlib.closing(response):
                return self._read(response, url, address, limit, cut)
        except _Private as private:
            detail = f"{host} is {private}, in a private network. Add --allow-private if you mean it."
            raise Rejected(address, "private_address", detail) from None
        except exceptions.NameResolutionError:
            raise Rejected(address, "unreachable", f"no host is known by the name {host[:100]!r}.") from None
        except (exceptions.LocationValueError, exceptions.SSLError) as error:
            raise Rejected(address, "unreachable", f"{host[:100]}: {_brief(error)}.") from None
        except (exceptions.HTTPError, OSError) as error:
            raise _Later("unreachable", f"{host[:100]} does not answer ({_brief(error)}).") from None
        except ValueError as error:  # http.client on characters that no header may hold
            raise Rejected(address, "bad_address", f"it cannot be asked for ({_brief(error)}).") from None
        finally:
            self._free[host] = time.monotonic()

    def _await(self, host: str, origin: str) -> None:
        rules = self._rules.get(origin)
        asked = (rules.crawl_delay(AGENT) or 0.0) if rules is not None and not isinstance(rules, str) else 0.0
        wait = self._free.get(host, -1e9) + max(self._manners.delay, asked) - time.monotonic()
        if wait > 0:
            self._sleep(wait)

    def _read(self, response: Any, url: str, address: str, limit: int, cut: bool) -> Answer | str:
        status, place = response.status, response.headers.get("Location")
        if status in _MOVED and place:
            return str(urljoin(url, place))
        if status != 200:
            detail = f"the server answers {status} {response.reason or ''}".rstrip() + "."
            if status in _AGAIN:
                raise _Later(f"http_{status}", detail, _retry_after(response))
            raise Rejected(address, f"http_{status}", detail)
        body, ends = bytearray(), time.monotonic() + self._manners.total
        while len(body) <= limit and (piece := response.read1(1 << 16, decode_content=True)):
            body += piece
            if time.monotonic() > ends:
                raise Rejected(address, "too_slow", f"it took over {self._manners.total:g} seconds to come.")
        if len(body) > limit and not cut:
            raise Rejected(
                address, "too_large", f"this page is over {limit / 1e6:g} MB. Expected one article."
            )
        kind, _, rest = response.headers.get("Content-Type", "").partition(";")
        charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]{2,40})", rest, re.I)
        return Answer(url, bytes(body[:limit]), kind.strip().lower(), charset and charset[1])


def _origin(url: str, address: str) -> str:
    """Scheme, host and port. Raises Rejected "bad_address" for what is no web address."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and not parts.username
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        good = False
    if not good:
        passed = f"passed on to {url[:200]!r}, which" if url != address else "it"
        detail = f"{passed} is no web address. Expected http:// or https://, a host, and no password."
        raise Rejected(address, "bad_address", detail)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}{port}"


def _retry_after(response: Any) -> float | None:
    from urllib3 import Retry
    from urllib3.exceptions import InvalidHeader

    try:
        return Retry(retry_after_max=10**9).get_retry_after(response)
    except (InvalidHeader, ValueError, OverflowError):
        return None


def _brief(error: BaseException) -> str:
    """The last part of urllib3's long messages, without addresses of objects in memory."""
    return re.sub(r"^<?[\w.]*\(.*?\)>?: |<[^<>]* at 0x\w+>:? ?", "", str(error))[:160] or type(error).__name__


class _Private(Exception):
    """The host turned out to be an address that is not public."""


def _pool(manners: Manners) -> Any:
    """A pool that looks at the address that it is connected to, so that no second look-up can differ from the first."""
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
    from urllib3.connection import HTTPConnection, HTTPSConnection

    def check(connection: Any) -> None:
        met = ipaddress.ip_address(connection.sock.getpeername()[0].partition("%")[0])
        met = getattr(met, "ipv4_mapped", None) or met
        if not (manners.private or met.is_global):
            connection.close()
            raise _Private(str(met))

    class Plain(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            check(self)

    class Secure(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            check(self)

    pool = PoolManager(num_pools=50, maxsize=1, headers={"User-Agent": USER_AGENT})
    plain = type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": Plain})
    secure = type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": Secure})
    pool.pool_classes_by_scheme = {"http": plain, "https": secure}
    return pool


_DEEPEST = 2  # lists that name lists: a sitemap index, its sitemaps, their pages
_HTML = ("text/html", "application/xhtml+xml")


class Visitor:
    """Fetches what lists name, each address once in a run, and hands back articles."""

    def __init__(self, fetcher: Fetcher, settings: Settings) -> None:
        self._fetcher, self._settings = fetcher, settings
        self._seen: set[str] = set()

    def from_list(self, stream: BinaryIO, path: str) -> Found:
        """Every address that the file at `path` names, as the Article found there or the Rejected that says why none."""
        head, stream = with_head(stream, HEAD)
        kind, head, stream = packed_or_plain(stream, head, path, self._settings.limits)
        yield from self._each(stream, kind, path, 0)

    def visit(self, address: str, depth: int = 0) -> Found:
        """The article at `address`; where a list is found there, what that names."""
        if address in self._seen:
            return
        self._seen.add(address)
        try:
            answer = self._fetcher.fetch(address)
            yield from self._read(answer, address, depth)
        except Rejected as rejected:
            yield rejected

    def _read(self, answer: Answer, address: str, depth: int) -> Found:
        body = io.BytesIO(answer.body)
        kind, head, stream = packed_or_plain(body, answer.body[:HEAD], address, self._settings.limits)
        if kind in ("feed", "sitemap"):
            if depth >= _DEEPEST:
                detail = f"it is a list in a list in a list, over {_DEEPEST} deep; it was not followed."
                raise Rejected(address, "too_deep", detail)
            yield from self._each(stream, kind, address, depth + 1)
        elif kind == "html" or (answer.kind in _HTML and kind == "text"):
            page = whole(stream, address, self._settings.limits)
            yield read_page(
                page, address, outlet=self._settings.outlet, charset=answer.charset, url=answer.url
            )
        else:
            yield from documents(stream, head, address, self._settings)

    def _each(self, stream: BinaryIO, kind: str, path: str, depth: int) -> Found:
        for found in self._named(stream, kind, path):
            if isinstance(found, Rejected):
                yield found
            elif isinstance(found, str):
                yield from self.visit(found, depth)
            elif found.article is not None:
                yield found.article
            elif found.link:
                yield from self.visit(found.link, depth)
            else:
                yield no_text(found)

    def _named(self, stream: BinaryIO, kind: str, path: str) -> Iterator[str | Item | Rejected]:
        limits = self._settings.limits
        if kind == "sitemap":
            yield from sitemap_addresses(stream, path)
        elif kind == "feed":
            yield from feed_items(whole(stream, path, limits), path, outlet=self._settings.outlet)
        elif kind in ("text", "csv"):
            yield from _lines(stream, path, limits.document)
        else:
            detail = (
                f"this is {kind}. With --urls, expected: text with one address a line, a feed or a sitemap."
            )
            raise Rejected(path, "no_addresses", detail)


def _lines(stream: BinaryIO, path: str, limit: int) -> Iterator[str | Rejected]:
    """One address a line; blank lines and lines that begin with # are no addresses."""
    count = 0
    for number, offset, line in bounded_lines(stream, limit):
        if line is not None and line.isspace():
            continue
        where = f"{path}:{number}"
        if line is None:
            yield too_long(where, limit)
            continue
        try:
            words = decode(line, where, offset=offset).strip()
        except Rejected as rejected:
            yield rejected
            continue
        if not words or words.startswith("#"):
            continue
        count += 1
        if words.startswith(("http://", "https://")) and len(words.split()) == 1:
            yield words
        else:
            detail = f"{words[:100]!r} is no web address. Expected one http:// or https:// address a line."
            yield Rejected(where, "bad_address", detail)
    if not count:
        yield Rejected(path, "empty", "no address stands in this file. Expected one a line.")
