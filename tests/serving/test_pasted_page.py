"""The page of `slant serve`: a pasted text comes back marked, and nothing of it is taken for markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

pytest.importorskip("uvicorn", reason="needs the [serve] install")

from served import Site
from served_scores import Answer, Served, serving
from slant.reports.page_parts import policy_hash
from slant.serving.app import FETCHING

HOSTILE = '</textarea><script>document.title="taken"</script> The council "lied" & <b>left</b>.'


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving() as running:
        yield running


def paste(served: Served, **fields: str) -> Answer:
    kind = "application/x-www-form-urlencoded"
    return served.post("/", urlencode(fields).encode(), Content_Type=kind)


def test_a_text_comes_back_marked_with_its_comments(served: Served) -> None:
    text = "# Council meets\n\nThe council praised the ferry and the honest mayor."
    text += "\n\n## Comments\n\nIda: Liars, all of them!\n"
    page = paste(served, text=text, targets="council\r\nmayor\r\n")
    words = page.body.decode()
    assert page.status == 200
    (title,) = re.findall('<h2 class="txt" dir="auto">(.*?)</h2>', words)
    assert re.sub("<[^>]*>", "", title) == "Council meets"
    assert "k-comment" in words
    assert "<dt>Toward council</dt>" in words
    assert "<dt>Toward mayor</dt>" in words
    assert "How to read the marks" in words
    assert re.search(r"<textarea id=\"text\"[^>]*>\n# Council meets", words), (
        "what was entered is still there"
    )


def test_targets_that_no_unit_names_are_said(served: Served) -> None:
    assert (
        "Named in no unit in English: mayor."
        in paste(served, text="The council met.", targets="council\nmayor").body.decode()
    )
    assert (
        "No unit in English names a target of the server." in paste(served, text="It rained.").body.decode()
    )
    named = paste(served, text="The council met.").body.decode()
    assert "no unit" not in named.lower()


def test_nothing_of_a_text_becomes_markup(served: Served) -> None:
    page = paste(served, text=HOSTILE, targets='"><img src=x onerror=alert(1)>').body.decode()
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("<textarea") == page.count("</textarea>") == 2


def test_the_policy_allows_the_style_of_the_page_alone(served: Served) -> None:
    for page in (served.ask("GET", "/"), paste(served, text=HOSTILE), paste(served, text="")):
        (style,) = re.findall("<style>(.*?)</style>", page.body.decode(), re.DOTALL)
        policy = page.headers["content-security-policy"]
        assert policy.startswith(f"default-src 'none'; style-src '{policy_hash(style)}'; form-action 'self'")
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({"text": " \n"}, 422, "Enter a text."),
        ({}, 422, "Enter a text."),
        ({"text": "a\x00b", "targets": ""}, 422, "NUL character"),
        ({"address": "http://127.0.0.1/"}, 422, "Enter a text."),
    ],
)
def test_what_cannot_be_scored_is_said_on_the_page(
    served: Served, fields: dict[str, str], status: int, message: str
) -> None:
    page = paste(served, **fields)
    assert page.status == status
    (alert,) = re.findall(r'role="alert">(.*?)</p>', page.body.decode())
    assert message in alert


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"text=a", "text/plain", 415),
        (b"text=%ff%fe", "application/x-www-form-urlencoded", 422),
        (b"text=\xff", "application/x-www-form-urlencoded", 422),
        (b"&".join(b"a=1" for _ in range(50)), "application/x-www-form-urlencoded", 422),
    ],
)
def test_what_is_no_form_of_ours_is_refused(served: Served, body: bytes, kind: str, status: int) -> None:
    assert served.post("/", body, Content_Type=kind).status == status


# ---- addresses


def test_addresses_are_not_fetched_unless_allowed(served: Served, site: Site) -> None:
    assert "address" not in served.ask("GET", "/").body.decode()
    paste(served, text="The ferry.", address=site.put("/a", "<p>The council.</p>"))
    assert site.paths() == []


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://0x7f.1/",
     "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1/", "file:///etc/passwd", "ftp://example.org/",
     "http://example.org:22/", "http://user:pw@example.org/", "gopher://x", "nonsense", "http://[bad"],
)  # fmt: skip
def test_private_addresses_are_never_fetched(address: str) -> None:
    with serving(fetch=True, fetching=replace(FETCHING, read_timeout=2, total_timeout=3)) as fetching:
        page = paste(fetching, address=address)
    assert page.status == 422
    assert 'role="alert"' in page.body.decode()
    assert "k-paragraph" not in page.body.decode()
    assert "allow-private" not in page.body.decode()


def test_a_page_is_fetched_and_marked(site: Site) -> None:
    body = "".join(
        f"<p>The council praised the ferry on day {i} of the long meeting, they say.</p>" for i in range(4)
    )
    address = site.put("/story", f"<html><body><article><h1>Ferry</h1>{body}</article></body></html>")
    image = site.put("/image", b"\x89PNG", Content_Type="image/png")
    away = site.put("/away", "", 302, Location="file:///etc/passwd")
    settings: Any = replace(FETCHING, allow_private=True, delay=0)
    with serving(fetch=True, fetching=settings) as fetching:
        assert "address" in fetching.ask("GET", "/").body.decode()
        page = paste(fetching, address=address).body.decode()
        assert "The council praised the ferry on day 3" in re.sub("<[^>]*>", "", page)
        assert "not both" in paste(fetching, address=address, text="The ferry.").body.decode()
        assert paste(fetching, address=image).status == 422
        assert "not a web address" in paste(fetching, address=away).body.decode()
        assert "404" in paste(fetching, address=site.url + "/gone").body.decode()
