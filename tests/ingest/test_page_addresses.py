"""Addresses of one page have one form, and those of two pages have two."""

from __future__ import annotations

import pytest

from slant.ingest.page_addresses import page_key

PAGE = "gull.example/2023/quay-opens"


@pytest.mark.parametrize(
    "address",
    [
        "https://gull.example/2023/quay-opens",
        "http://www.gull.example/2023/quay-opens/",
        "//gull.example/2023/quay-opens",
        "www.gull.example/2023/quay-opens",
        "https://GULL.example:443/2023//quay-opens#comments",
        "https://m.gull.example/2023/quay-opens?utm_source=x&utm_medium=y&fbclid=9",
        "https://amp.gull.example/2023/quay-opens",
        "https://gull.example/2023/quay-opens/amp/",
        "https://gull.example/amp/2023/quay-opens",
        "https://gull.example/2023/quay-opens?amp",
        "https://gull.example/2023/quay-opens?outputType=amp&CMP=share",
        "https://www.google.com/amp/s/gull.example/2023/quay-opens/amp/",
        "https://gull-example.cdn.ampproject.org/c/s/gull.example/2023/quay-opens?usqp=1",
        "https://web.archive.org/web/20230314090000id_/https://www.gull.example/2023/quay-opens/",
        "https://gull.example/2023/quay-opens/comment-page-2/#comment-77",
        "https://gull.example/2023/quay-opens/?replytocom=77#respond",
        "https://gull.example/2023/quay-opens/index.html",
        "https://gull.example/2023/quay%2Dopens",
    ],
)
def test_addresses_of_one_page_have_one_form(address: str) -> None:
    assert page_key(address) == PAGE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://gull.example/a?id=1", "https://gull.example/a?id=2"),
        ("https://gull.example/?p=7", "https://gull.example/?p=8"),
        ("https://gull.example/a?cid=1", "https://gull.example/a?cid=2"),
        ("https://gull.example/a?gallery=1", "https://gull.example/a"),
        ("https://north.gull.example/a", "https://south.gull.example/a"),
        ("https://gull.example/a", "https://gull.example/A"),
        ("https://gull.example/a.html", "https://gull.example/a/b.html"),
        ("https://gull.example:8080/a", "https://gull.example/a"),
        ("https://m.co.uk/a", "https://amp.co.uk/a"),
        ("https://gull.example/#!/a", "https://gull.example/#!/b"),
    ],
)
def test_addresses_of_two_pages_have_two_forms(one: str, other: str) -> None:
    assert page_key(one) != page_key(other)
    assert page_key(one)


def test_the_order_of_parameters_makes_no_difference() -> None:
    assert page_key("https://gull.example/a?x=1&id=2&utm_id=3") == page_key("http://gull.example/a/?id=2&x=1")


@pytest.mark.parametrize(
    "address",
    ["", "v1", "https://gull.example", "https://www.gull.example/?utm_source=x", "ftp://gull.example/a", "http://[/a",
     "mailto:a@gull.example", "https://gull.example:port/a", "quay opens"],
)  # fmt: skip
def test_what_names_no_page_has_no_form(address: str) -> None:
    assert page_key(address) is None


def test_a_deeply_nested_copy_ends() -> None:
    assert page_key("https://web.archive.org/web/2023/" * 50 + "https://gull.example/a")
