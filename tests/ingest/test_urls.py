"""Lists of web addresses, fetched from a server on this machine: rules, retries and rejections."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from containers import INDEX, RSS, SAID, SITEMAP, item, page
from served import Site
from slant import __version__
from slant.errors import Rejected
from slant.ingest.decoding import Limits
from slant.ingest.fetch import FetchOptions
from slant.ingest.inputs import read_articles
from slant.records import Article

QUICK = FetchOptions(delay=0.01, read_timeout=1.0, total_timeout=3.0, allow_private=True)


def fetch(*paths: str, how: FetchOptions = QUICK, **options: object) -> list[Article | Rejected]:
    return list(read_articles(list(paths), urls=how, **options))  # type: ignore[arg-type]


def reasons(found: list[Article | Rejected]) -> list[str]:
    return [one.reason if isinstance(one, Rejected) else "" for one in found]


def test_a_list_of_addresses_becomes_articles(site: Site, tmp_path: Path) -> None:
    first, second = site.put("/1", page("One.")), site.put("/2", page("Two."))
    lines = ["# mine", first, "", second, first, "ftp://mill.example/", "no address", f"{site.url}/3"]
    (tmp_path / "list.txt").write_text("\n".join(lines))
    found = fetch(str(tmp_path / "list.txt"))
    assert reasons(found) == ["", "", "bad_address", "bad_address", "http_404"]
    articles = [one for one in found if isinstance(one, Article)]
    assert [(one.path, one.url) for one in articles] == [(first, first), (second, second)]
    assert "One." in articles[0].text
    assert found[2].path.endswith("list.txt:6")
    assert site.paths() == ["/robots.txt", "/1", "/2", "/3"], "a duplicate address is fetched once"
    assert all(agent and agent.startswith(f"slant/{__version__} ") for agent in site.agents)


def test_addresses_may_be_given_as_paths_and_need_the_urls_option(site: Site) -> None:
    url = site.put("/1", page())
    assert reasons(fetch(url)) == [""]
    before = len(site.asked)
    (found,) = read_articles([url])
    assert isinstance(found, Rejected)
    assert "--urls" in found.detail
    assert len(site.asked) == before


def test_robots_txt_is_obeyed_with_wildcards_and_crawl_delay(site: Site) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /private\nDisallow: /*?print=\nCrawl-delay: 0.2\n")
    urls = [site.put(path, page(path)) for path in ("/a", "/private/b", "/c?print=1", "/d")]
    assert reasons(fetch(*urls)) == ["", "robots", "robots", ""]
    assert site.paths() == ["/robots.txt", "/a", "/d"]
    assert site.asked[2][1] - site.asked[1][1] >= 0.2


@pytest.mark.parametrize(("status", "reason"), [(404, ""), (403, ""), (500, "robots"), (429, "robots")])
def test_missing_rules_allow_everything_and_unavailable_rules_nothing(
    site: Site, status: int, reason: str
) -> None:
    site.put("/robots.txt", status=status)
    assert reasons(fetch(site.put("/a", page("a")), site.put("/b", page("b")))) == [reason, reason]


def test_rules_for_slant_and_overlong_crawl_delays(site: Site) -> None:
    site.put("/robots.txt", "User-agent: slant\nDisallow: /a\n\nUser-agent: *\nDisallow: /\n")
    assert reasons(fetch(site.put("/a", page()), site.put("/b", page()))) == ["robots", ""]
    other = Site()
    other.put("/robots.txt", "User-agent: *\nCrawl-delay: 100000\n")
    assert reasons(fetch(other.put("/a", page()))) == ["robots"]
    other.server.shutdown()


def test_requests_are_repeated_with_growing_waits_or_as_retry_after_says(site: Site) -> None:
    for status in (503, 429, 200):
        url = site.put("/1", page(), status=status)
    later = site.put("/2", status=503, Retry_After="1")
    site.put("/2", page("later"))
    options = FetchOptions(delay=0.05, allow_private=True)
    assert reasons(fetch(url, later, how=options)) == ["", ""]
    times = [moment for path, moment in site.asked if path == "/1"]
    assert 0.1 <= times[1] - times[0] < 1
    assert 0.2 <= times[2] - times[1] < 2
    first, second = [moment for path, moment in site.asked if path == "/2"]
    assert second - first >= 1


def test_permanent_failures_are_rejected_with_their_status(site: Site) -> None:
    gone, broken = site.put("/gone", status=410), site.put("/broken", status=500)
    patient = site.put("/patient", status=503, Retry_After="99999")
    found = fetch(gone, broken, patient)
    assert reasons(found) == ["http_410", "http_500", "http_503"]
    assert [site.paths().count(path) for path in ("/gone", "/broken", "/patient")] == [1, 4, 1]
    assert "Tried 4 times" in str(found[1])


def test_redirects_are_followed_a_few_times_under_the_same_rules(site: Site) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /secret\n")
    target = site.put("/new", page("New."))
    site.put("/old", status=301, Location="/new")
    site.put("/loop", status=302, Location="/loop")
    site.put("/sly", status=302, Location="/secret")
    site.put("/odd", status=302, Location="file:///etc/passwd")
    found = fetch(*(site.url + path for path in ("/old", "/loop", "/sly", "/odd")))
    assert reasons(found) == ["", "redirects", "robots", "bad_address"]
    assert isinstance(found[0], Article)
    assert found[0].url == target
    assert site.paths().count("/loop") == 6


def test_private_addresses_are_rejected_unless_allowed(site: Site) -> None:
    url = site.put("/1", page())
    (found,) = fetch(url, how=FetchOptions(delay=0.01))
    assert isinstance(found, Rejected)
    assert (found.reason, "--allow-private" in found.detail) == ("private_address", True)
    assert not site.asked, "no request was sent"


@pytest.mark.parametrize(
    ("address", "reason"),
    [("http://", "bad_address"), ("https://user:word@mill.example/", "bad_address"), ("http://[::1", "bad_address"),
     ("http://mill.example:99999/", "bad_address"), ("http://127.0.0.1:9/", "robots")],
)  # fmt: skip
def test_invalid_addresses_are_rejected(address: str, reason: str) -> None:
    assert reasons(fetch(address, how=FetchOptions(delay=0.01, attempts=2, allow_private=True))) == [reason]


def test_large_pages_and_bombs_are_rejected_and_compressed_pages_are_read(site: Site) -> None:
    large = site.put("/large", b"x" * 60_000)
    bomb = site.put("/bomb", gzip.compress(bytes(30_000_000)), Content_Encoding="gzip")
    packed = site.put("/packed", gzip.compress(page("Packed.").encode()), Content_Encoding="gzip")
    found = fetch(large, bomb, packed, limits=Limits(document=50_000))
    assert reasons(found) == ["too_large", "too_large", ""]


def drip(site: Site) -> Callable[[], None]:
    """A server that sends a byte at a time and never ends."""

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404 if "robots" in self.path else 200)
            self.end_headers()
            for _ in range(100 if "robots" not in self.path else 0):
                self.wfile.write(b"x")
                time.sleep(0.05)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    return server.shutdown


@pytest.mark.slow
def test_a_very_slow_server_is_abandoned(site: Site) -> None:
    stop = drip(site)
    start = time.monotonic()
    assert reasons(
        fetch(f"{site.url}/a", how=FetchOptions(delay=0.01, total_timeout=0.5, allow_private=True))
    ) == ["too_slow"]
    assert time.monotonic() - start < 3
    stop()


def test_feeds_and_sitemaps_are_lists_of_addresses(site: Site, tmp_path: Path) -> None:
    urls = [site.put(f"/{i}", page(f"Page {i}.")) for i in range(4)]
    locs = "".join(f"<url><loc>{url}</loc></url>" for url in urls[:2])
    site.put("/map.xml.gz", gzip.compress(SITEMAP.format(locs).encode()), Content_Type="application/gzip")
    (tmp_path / "index.xml").write_text(INDEX.format(f"<sitemap><loc>{site.url}/map.xml.gz</loc></sitemap>"))
    feed = item("Whole", link=urls[2], content=f"<p>{SAID}</p>") + item("Link", link=urls[3])
    site.put("/feed", RSS.format(feed), Content_Type="application/rss+xml")
    (tmp_path / "feeds.txt").write_text(f"{site.url}/feed\n")
    found = fetch(str(tmp_path / "index.xml"), str(tmp_path / "feeds.txt"))
    assert reasons(found) == [""] * 4
    assert [one.path for one in found] == [urls[0], urls[1], f"{site.url}/feed#1", urls[3]]
    assert "/2" not in site.paths(), "an entry that contains its article is not fetched"


def test_lists_nested_too_deeply_are_rejected(site: Site) -> None:
    for i in range(5):
        site.put(f"/{i}.xml", INDEX.format(f"<sitemap><loc>{site.url}/{i + 1}.xml</loc></sitemap>"))
    assert reasons(fetch(f"{site.url}/0.xml")) == ["too_deep"]


def test_files_without_addresses_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n')
    (tmp_path / "b.txt").write_text("# nothing\n")
    assert reasons(fetch(str(tmp_path / "a.jsonl"), str(tmp_path / "b.txt"))) == ["no_addresses", "empty"]


def test_the_charset_stated_by_the_server_is_used(site: Site) -> None:
    url = site.put("/1", page("Паром").encode("windows-1251"), Content_Type="text/html; charset=windows-1251")
    (found,) = fetch(url)
    assert isinstance(found, Article)
    assert "Паром" in found.text
