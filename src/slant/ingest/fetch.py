"""Fetch pages from the web and read them as articles, for `--urls`.

robots.txt is obeyed, and each host gets one request at a time with a delay in between. Connections are direct (no proxies),
carry no cookies and go only to public addresses unless private ones are allowed.
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
from slant.ingest.archives import read_head
from slant.ingest.decoding import DEFAULT_LIMITS, Limits, bounded_lines, decode, too_long
from slant.ingest.documents import ArticleStream, Settings, decompress_if_needed, read_all, read_documents
from slant.ingest.feeds import FeedEntry, feed_entries, reject_entry, sitemap_addresses
from slant.ingest.file_kinds import HEAD_SIZE
from slant.ingest.html_pages import read_page

AGENT = "slant"
USER_AGENT = f"{AGENT}/{__version__} (reads news articles for research; obeys robots.txt)"


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """How to fetch. Times are in seconds."""

    delay: float = 1.0  # minimum between two requests to a host; its Crawl-delay if that is longer
    attempts: int = 4  # per address, with waits of delay × 2, 4, 8 … or as Retry-After says
    max_wait: float = 300.0  # a host that asks for a longer wait is not requested again
    read_timeout: float = 30.0  # without receiving a byte
    total_timeout: float = 120.0  # for one page
    max_redirects: int = 5  # the same rules apply to each
    allow_private: bool = False  # also fetch from private networks and this machine


# ---- lists of addresses

_MAX_LIST_DEPTH = 2  # nested lists: a sitemap index lists sitemaps, which list pages
_HTML = ("text/html", "application/xhtml+xml")


class UrlReader:
    """Fetches the addresses in lists, feeds and sitemaps, each once per run, and yields their articles."""

    def __init__(self, fetcher: Fetcher, settings: Settings) -> None:
        self._fetcher, self._settings = fetcher, settings
        self._visited: set[str] = set()

    def from_list(self, stream: BinaryIO, path: str) -> ArticleStream:
        """The Article or Rejected of every address in a list file. path: of the file, for messages."""
        head, stream = read_head(stream, HEAD_SIZE)
        kind, head, stream = decompress_if_needed(stream, head, path, self._settings.limits)
        yield from self._read_list(stream, kind, path, 0)

    def visit(self, address: str, depth: int = 0) -> ArticleStream:
        """The article at `address`; if it is a list, the articles of its addresses. depth: of nested lists."""
        if address in self._visited:
            return
        self._visited.add(address)
        try:
            response = self._fetcher.fetch(address)
            yield from self._read(response, address, depth)
        except Rejected as rejected:
            yield rejected

    def _read(self, response: Response, address: str, depth: int) -> ArticleStream:
        body = io.BytesIO(response.body)
        kind, head, stream = decompress_if_needed(
            body, response.body[:HEAD_SIZE], address, self._settings.limits
        )
        if kind in ("feed", "sitemap"):
            if depth >= _MAX_LIST_DEPTH:
                detail = (
                    f"it is a list nested over {_MAX_LIST_DEPTH} deep and was skipped. Pass this list itself."
                )
                raise Rejected(address, "too_deep", detail)
            yield from self._read_list(stream, kind, address, depth + 1)
        elif kind == "html" or (response.kind in _HTML and kind == "text"):
            page = read_all(stream, address, self._settings.limits)
            yield read_page(
                page, address, outlet=self._settings.outlet, charset=response.charset, url=response.url
            )
        else:
            yield from read_documents(stream, head, address, self._settings)

    def _read_list(self, stream: BinaryIO, kind: str, path: str, depth: int) -> ArticleStream:
        for found in self._listed_items(stream, kind, path):
            if isinstance(found, Rejected):
                yield found
            elif isinstance(found, str):
                yield from self.visit(found, depth)
            elif found.article is not None:
                yield found.article
            elif found.link:
                yield from self.visit(found.link, depth)
            else:
                yield reject_entry(found)

    def _listed_items(self, stream: BinaryIO, kind: str, path: str) -> Iterator[str | FeedEntry | Rejected]:
        limits = self._settings.limits
        if kind == "sitemap":
            yield from sitemap_addresses(stream, path)
        elif kind == "feed":
            yield from feed_entries(read_all(stream, path, limits), path, outlet=self._settings.outlet)
        elif kind in ("text", "csv"):
            yield from _listed_addresses(stream, path, limits.document)
        else:
            detail = f"this is {kind}. With --urls, expected a text file with one address per line, a feed or a sitemap."
            raise Rejected(path, "no_addresses", detail)


def _listed_addresses(stream: BinaryIO, path: str, limit: int) -> Iterator[str | Rejected]:
    """Yield one address per line; blank lines and lines that start with # are skipped."""
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
            detail = (
                f"{words[:100]!r} is not a web address. Expected one http:// or https:// address per line."
            )
            yield Rejected(where, "bad_address", detail)
    if not count:
        yield Rejected(path, "empty", "there is no address in this file. Expected one per line.")


# ---- single pages

_ROBOTS_SIZE = 500_000  # bytes of robots.txt that are read, see RFC 9309, 2.5
_RETRY_STATUS = (429, 500, 502, 503, 504)
_REDIRECT_STATUS = (301, 302, 303, 307, 308)


class Response(NamedTuple):
    """A page as sent by a server. url: after redirects. kind: media type in lower case, or ""."""

    url: str
    body: bytes
    kind: str
    charset: str | None


class Fetcher:
    """Fetches pages; remembers the robots.txt rules of each host and when it was last requested."""

    def __init__(
        self,
        options: FetchOptions | None = None,
        *,
        limits: Limits = DEFAULT_LIMITS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._options, self._limits, self._sleep = options or FetchOptions(), limits, sleep
        self._pool = _pool(self._options)
        self._rules: dict[str, Any] = {}
        self._last_request: dict[str, float] = {}  # host → time of its last request

    def fetch(self, address: str) -> Response:
        """Fetch the page at `address`.

        Raises Rejected: bad_address, private_address, robots, http_STATUS, unreachable, too_large, too_slow or redirects.
        """
        url = address
        for _ in range(self._options.max_redirects + 1):
            self._check_rules(url, address)
            found = self._with_retries(url, address, self._limits.document)
            if isinstance(found, Response):
                return found
            url = found
        detail = f"it was redirected more than {self._options.max_redirects} times, last to {url[:200]}. Check the address."
        raise Rejected(address, "redirects", detail)

    def _check_rules(self, url: str, address: str) -> None:
        """Raises Rejected if the host's robots.txt disallows the page or cannot be read."""
        origin = _origin(url, address)
        if origin not in self._rules:
            self._rules[origin] = self._robots(origin, address)
        rules = self._rules[origin]
        if isinstance(rules, str):
            detail = f"{origin}/robots.txt cannot be read ({rules}), so the page was not fetched."
            raise Rejected(address, "robots", detail)
        if not rules.can_fetch(url, AGENT):
            raise Rejected(address, "robots", f"{origin}/robots.txt disallows this page for programs.")
        pause = rules.crawl_delay(AGENT) or 0.0
        if pause > self._options.max_wait:
            detail = f"{origin}/robots.txt asks for {pause:,.0f} seconds between requests, so the page was not fetched."
            raise Rejected(address, "robots", detail)

    def _robots(self, origin: str, address: str) -> Any:
        """Rules of a host, or the reason why they cannot be read. Without rules (4xx) all is allowed (RFC 9309, 2.3.1)."""
        from protego import Protego

        url = f"{origin}/robots.txt"
        try:
            for _ in range(self._options.max_redirects + 1):
                found = self._with_retries(url, address, _ROBOTS_SIZE, cut=True)
                if isinstance(found, Response):
                    return Protego.parse(found.body.decode("utf-8", "replace"))
                url = found
            return Protego.parse("")  # after too many redirects, as the RFC allows
        except Rejected as rejected:
            if rejected.reason.startswith("http_4") and rejected.reason != "http_429":
                return Protego.parse("")
            if rejected.reason in ("private_address", "bad_address"):
                raise
            return f"{rejected.reason}: {rejected.detail}"

    def _with_retries(self, url: str, address: str, limit: int, *, cut: bool = False) -> Response | str:
        """Fetch with retries. Returns the response or the redirect target. Raises Rejected after the last attempt."""
        options = self._options
        for attempt in range(1, options.attempts + 1):
            try:
                return self._request(url, address, limit, cut)
            except _Retry as failure:
                wait = failure.wait if failure.wait is not None else options.delay * 2**attempt
                if attempt == options.attempts or wait > options.max_wait:
                    tried = f" Tried {attempt} times." if attempt > 1 else ""
                    raise Rejected(address, failure.reason, f"{failure.detail}{tried}") from None
                self._sleep(wait)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _request(self, url: str, address: str, limit: int, cut: bool) -> Response | str:
        from urllib3 import Timeout, exceptions

        origin, host = _origin(url, address), urlsplit(url).hostname or ""
        self._wait_turn(host, origin)
        try:
            response: Any = self._pool.request(
                "GET",
                url,
                preload_content=False,
                redirect=False,
                retries=False,
                timeout=Timeout(connect=self._options.read_timeout, read=self._options.read_timeout),
            )
            with contextlib.closing(response):
                return self._read(response, url, address, limit, cut)
        except _PrivateAddress as private:
            detail = f"{host} is {private}, in a private network. Add --allow-private to fetch from it."
            raise Rejected(address, "private_address", detail) from None
        except exceptions.NameResolutionError:
            raise Rejected(
                address, "unreachable", f"there is no host with the name {host[:100]!r}. Check the address."
            ) from None
        except (exceptions.LocationValueError, exceptions.SSLError) as error:
            raise Rejected(address, "unreachable", f"{host[:100]}: {_brief(error)}.") from None
        except (exceptions.HTTPError, OSError) as error:
            raise _Retry("unreachable", f"{host[:100]} does not answer ({_brief(error)}).") from None
        except ValueError as error:  # http.client, for characters not allowed in a header
            raise Rejected(
                address, "bad_address", f"it cannot be requested ({_brief(error)}). Check the address."
            ) from None
        finally:
            self._last_request[host] = time.monotonic()

    def _wait_turn(self, host: str, origin: str) -> None:
        """Wait until the delay since the last request to the host has passed."""
        rules = self._rules.get(origin)
        crawl_delay = (
            (rules.crawl_delay(AGENT) or 0.0) if rules is not None and not isinstance(rules, str) else 0.0
        )
        wait = self._last_request.get(host, -1e9) + max(self._options.delay, crawl_delay) - time.monotonic()
        if wait > 0:
            self._sleep(wait)

    def _read(self, response: Any, url: str, address: str, limit: int, cut: bool) -> Response | str:
        status, location = response.status, response.headers.get("Location")
        if status in _REDIRECT_STATUS and location:
            return str(urljoin(url, location))
        if status != 200:
            detail = f"the server answers {status} {response.reason or ''}".rstrip() + "."
            if status in _RETRY_STATUS:
                raise _Retry(f"http_{status}", detail, _retry_after(response))
            raise Rejected(address, f"http_{status}", detail)
        body, ends = bytearray(), time.monotonic() + self._options.total_timeout
        while len(body) <= limit and (piece := response.read1(1 << 16, decode_content=True)):
            body += piece
            if time.monotonic() > ends:
                raise Rejected(
                    address, "too_slow", f"it took over {self._options.total_timeout:g} seconds to load."
                )
        if len(body) > limit and not cut:
            raise Rejected(
                address, "too_large", f"this page is over {limit / 1e6:g} MB. Expected one article."
            )
        kind, _, rest = response.headers.get("Content-Type", "").partition(";")
        charset = re.search(r"charset\s*=\s*[\"']?([\w.:-]{2,40})", rest, re.I)
        return Response(url, bytes(body[:limit]), kind.strip().lower(), charset and charset[1])


class _Retry(Exception):
    """A failure worth another attempt. wait: seconds, if the server states them."""

    def __init__(self, reason: str, detail: str, wait: float | None = None) -> None:
        self.reason, self.detail, self.wait = reason, detail, wait


class _PrivateAddress(Exception):
    """The address that a host name resolved to is not public."""


def _pool(options: FetchOptions) -> Any:
    """Connection pool that checks the address of each open connection, so that a second DNS look-up cannot differ."""
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
    from urllib3.connection import HTTPConnection, HTTPSConnection

    def check(connection: Any) -> None:
        peer = ipaddress.ip_address(connection.sock.getpeername()[0].partition("%")[0])
        peer = getattr(peer, "ipv4_mapped", None) or peer
        if not (options.allow_private or peer.is_global):
            connection.close()
            raise _PrivateAddress(str(peer))

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


def _origin(url: str, address: str) -> str:
    """Scheme, host and port. Raises Rejected "bad_address" if `url` is not a web address."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and not parts.username
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        good = False
    if not good:
        subject = f"it redirects to {url[:200]!r}, which" if url != address else "it"
        detail = f"{subject} is not a web address. Expected http:// or https://, a host, and no password."
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
    """Shorten urllib3's message: only the last part, without memory addresses."""
    return re.sub(r"^<?[\w.]*\(.*?\)>?: |<[^<>]* at 0x\w+>:? ?", "", str(error))[:160] or type(error).__name__
