"""Outlets: by name where one is stated, else by the address; an address is never an outlet."""

from __future__ import annotations

import pytest

from slant.ingest.article_rows import article_from_row
from slant.ingest.html_pages import read_page
from slant.ingest.outlets import is_address, outlet_from_url


@pytest.mark.parametrize(
    ("url", "outlet"),
    [
        ("https://www.nytimes.com/2024/02/05/a.html", "The New York Times"),
        ("http://edition.cnn.com/a", "CNN"),
        ("https://news.sky.com/story", "Sky News"),
        ("https://www.mill-courier.co.uk/a", "mill-courier.co.uk"),
        ("//sport.mill.example/a", "mill.example"),
        ("www.mill.example", "mill.example"),
        ("https://ann:pw@mill.example:8080/a?b", "mill.example"),
        ("https://web.archive.org/web/2024/https://mill.example/", None),
        ("http://127.0.0.1:8000/a", None),
        ("http://localhost/a", None),
        ("file:///home/ann/a.html", None),
        ("Mill Courier", None),
        ("", None),
    ],
)
def test_an_address_names_its_outlet(url: str, outlet: str | None) -> None:
    assert outlet_from_url(url) == outlet


@pytest.mark.parametrize(
    "words", ["https://mill.example", "www.mill.example", "mill.example/a", "//mill.example/a"]
)
def test_addresses(words: str) -> None:
    assert is_address(words)


@pytest.mark.parametrize("words", ["Mill Courier", "mill.example", "A/B News", "", None, 7, "news.com.au"])
def test_names_are_no_addresses(words: object) -> None:
    assert not is_address(words)


URL = "https://www.mill.example/news/weir"


@pytest.mark.parametrize(
    ("row", "outlet", "url"),
    [
        ({"source": URL, "source-hostname": "Mill Courier", "hostname": "mill.example"}, "Mill Courier", URL),
        ({"source": URL, "hostname": "mill.example"}, "mill.example", URL),
        ({"source": URL}, "mill.example", URL),
        ({"outlet": URL, "url": "https://other.example/a"}, "mill.example", "https://other.example/a"),
        ({"source": "Mill Courier", "url": URL}, "Mill Courier", URL),
        ({"url": URL}, "mill.example", URL),
        ({"Site-Name": "Mill Courier"}, "Mill Courier", None),
    ],
)
def test_the_outlet_of_a_row(row: dict[str, str], outlet: str, url: str | None) -> None:
    article = article_from_row({"text": "Rain fell.", **row}, "a:1")
    assert (article.outlet, article.url) == (outlet, url)


def test_a_page_without_site_name_has_the_outlet_of_its_address() -> None:
    words = (
        "The weir at the old mill broke on Monday after a week of rain, and the road below it was closed. "
        * 4
    )
    page = f"<html><head><title>Weir breaks</title></head><body><article><h1>Weir breaks</h1><p>{words}</p></article>"
    assert read_page(page.encode(), "a.html", url=URL).outlet == "mill.example"
