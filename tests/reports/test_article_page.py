"""The report's file: complete, escaped, self-contained, and open about what it leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report_cases import HOSTILE, TITLE, article, span, stance, unit
from slant.errors import SlantError
from slant.labels.codebook import Codebook
from slant.records import Loaded, Portrayal, Score, Stance
from slant.reports.article_page import Tally, collect, segments, threaded, write_report
from slant.reports.page_parts import codes, flag_words, percent, target


def report(tmp_path: Path, scores: Iterable[Score], **options: object) -> str:
    path = tmp_path / "out" / "report.html"
    write_report(scores, path, **options)  # type: ignore[arg-type]
    return path.read_text(encoding="utf-8")


class _Elements(HTMLParser):
    """Every element with its attributes, and the text that a person reads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._skipped = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._skipped += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._skipped -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        self.text += "" if self._skipped else data


def test_the_page_shows_counts_labels_and_threads(tmp_path: Path) -> None:
    page = _Elements(report(tmp_path, article(), generated={"from": "scores.jsonl"}))
    words = " ".join(page.text.split())
    for expected in (
        "1 article", "4 units", "3 comments", "Light Board against 81 %", "Keepers no call", "Economic 72 %",
        "in reply to Ida", "disagrees 70 %", "asks 60 %", "Repeats an earlier unit word for word",
        "scored in overlapping windows", "m-1234", "c-5678", "scores.jsonl", "slant compare", "Author unknown",
    ):  # fmt: skip
        # Figures stand as term and value; the parser joins them without a blank.
        number, _, noun = expected.partition(" ")
        assert expected in words or f"{noun} {number}" in words or f"{noun}{number}" in words, expected


def test_the_page_shows_the_names_of_targets_and_keeps_their_ids_as_keys(tmp_path: Path) -> None:
    rows = list(article())
    named = [
        replace(row, stance=tuple(replace(one, name=f"the <{one.target}>") for one in row.stance))
        for row in rows
    ]
    page = report(tmp_path, named)
    ids = {one.target for row in rows for one in row.stance if one.target != "article"}
    assert ids
    for one in ids:
        assert f"the &lt;{one}&gt;" in page
        assert f'<option value="{one}">the &lt;{one}&gt;</option>' in page
    assert "the &lt;" not in report(tmp_path, rows), "names are those of one page"


def test_nothing_is_fetched_and_nothing_else_may_run(tmp_path: Path) -> None:
    html = report(tmp_path, article())
    elements = _Elements(html).elements
    fetching = ("link", "img", "iframe", "object", "base")
    assert not [(tag, a) for tag, a in elements if "src" in a or tag in fetching]
    assert not [a for _, a in elements for name in a if name.startswith("on") or name == "style"]
    links = [str(a["href"]) for tag, a in elements if tag == "a"]
    assert all(link.startswith(("#", "https://lamp.example/")) for link in links)
    policy = next(str(a["content"]) for _, a in elements if a.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "@import" not in html
    assert "url(" not in html


def test_every_internal_link_has_its_place(tmp_path: Path) -> None:
    elements = _Elements(report(tmp_path, [*article("a1"), *article("a2")])).elements
    ids = [a["id"] for _, a in elements if "id" in a]
    assert len(ids) == len(set(ids))
    internal = {str(a["href"])[1:] for tag, a in elements if tag == "a" and str(a["href"]).startswith("#")}
    assert internal
    assert internal <= set(ids)


def test_markup_in_the_material_stays_text(tmp_path: Path) -> None:
    scores = [
        Score(unit(0, "title", HOSTILE, title=HOSTILE, outlet=HOSTILE, author=HOSTILE, published=HOSTILE)),
        Score(unit(1, "comment", HOSTILE, author=HOSTILE), stance=(stance(HOSTILE, "favor", 0.1, 0.1, 0.8),),
              loaded=(span(HOSTILE, "<script>", HOSTILE, 0.5, "reader"),), flags=(HOSTILE,), model=HOSTILE),
    ]  # fmt: skip
    page = _Elements(report(tmp_path, scores, title=HOSTILE, generated={HOSTILE: HOSTILE}))
    assert [tag for tag, _ in page.elements].count("script") == 1
    assert all('"taken"' not in str(name) for _, a in page.elements for name in a)
    assert page.text.count(HOSTILE) >= 8


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "JAVASCRIPT:alert(1)", "file:///etc/passwd"]
)
def test_only_web_addresses_become_links(tmp_path: Path, url: str) -> None:
    html = report(tmp_path, [Score(unit(0, "title", TITLE, url=url))])
    assert url not in html


def test_characters_that_break_a_page_are_replaced(tmp_path: Path) -> None:
    html = report(tmp_path, [Score(unit(0, "paragraph", "a\x00b\ud800c\x85d"))])
    assert "a�b�c�d" in html


def test_no_scores_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SlantError, match=r"no scored units\. Give articles"):
        write_report([], tmp_path / "report.html")
    assert not list(tmp_path.iterdir())


def test_a_span_that_does_not_match_the_text_is_refused() -> None:
    made = unit(0, "paragraph", "A calm day.")
    with pytest.raises(SlantError, match=r"says 'storm', but there the text reads 'calm'.*score again"):
        segments(Score(made, loaded=(Loaded(2, 6, "storm", "doubt", 0.5, "outlet"),)))
    with pytest.raises(SlantError, match="goes from 2 to 60, but the text has 11 characters"):
        segments(Score(made, toxic=((2, 60),)))


def test_a_failed_report_leaves_the_old_one(tmp_path: Path) -> None:
    before = report(tmp_path, article())
    broken = Score(unit(0, "paragraph", "A calm day."), toxic=((2, 60),))
    with pytest.raises(SlantError):
        report(tmp_path, [broken])
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8") == before


def test_articles_beyond_the_limit_are_counted_and_named(tmp_path: Path) -> None:
    html = report(tmp_path, (row for n in range(5) for row in article(f"a{n}")), max_articles=2)
    assert html.count("<article ") == 2
    words = " ".join(_Elements(html).text.split())
    assert "3 of 5 articles are not shown." in words
    assert "20" in re.findall(r"units\s*(\d+)", words) or "units20" in words
    assert "--max-articles" in words


@pytest.mark.slow
def test_a_big_input_gives_a_file_under_five_megabytes(tmp_path: Path) -> None:
    long = [Score(unit(n, "paragraph", f"{n} " + "word " * 2000, article="long")) for n in range(900)]
    last = [Score(unit(0, "paragraph", "word " * 20_000, article="last"))]
    html = report(tmp_path, [*article("a0"), *long, *last])
    assert len(html.encode()) < 5_000_000
    words = " ".join(_Elements(html).text.split())
    left_out = re.search(r"(\d+) more units of this article did not fit", words)
    assert left_out
    assert int(left_out[1]) + html.count('id="u-long-') == 900
    assert "1 of 3 articles are not shown." in words


def test_units_in_other_languages_are_counted_and_marked(tmp_path: Path) -> None:
    german = Score(
        unit(7, "paragraph", "Das Licht ging aus.", flags=("language:de",)), model="m-1234", codebook="c-5678"
    )
    unsure = Score(unit(8, "comment", "Ach so.", flags=("language:und",)), model="m-1234", codebook="c-5678")
    html = report(tmp_path, [*article(), german, german, unsure])
    words = " ".join(_Elements(html).text.split())
    assert "2 units are not in English (de 1, und 1), so they have no labels. --any-language scores" in words
    assert "Not in English (de), so it has no labels" in words
    assert "Not in English, so it has no labels" in words
    assert [e["lang"] for tag, e in _Elements(html).elements if "lang" in e] == ["en", "de", "und"]
    assert "1 unit is not in English (de 1), so it has no labels." in " ".join(
        _Elements(report(tmp_path, [german])).text.split()
    )
    assert "not in English" not in report(tmp_path, article())


def test_rows_of_an_article_may_be_scattered_and_repeated(tmp_path: Path) -> None:
    first, second = list(article("a1")), list(article("a2"))
    mixed = [row for pair in zip(first, second, strict=True) for row in pair]
    assert report(tmp_path, mixed) == report(tmp_path, [*first, *second])
    found = collect([*first, *first], max_articles=9)
    assert (found.articles, found.repeated, found.total.units) == (1, len(first), 4)
    assert f"{len(first)} duplicate rows were skipped" in report(tmp_path, [*first, *first])


def test_repeated_comments_are_counted_and_named(tmp_path: Path) -> None:
    words = " ".join(_Elements(report(tmp_path, article())).text.split())
    assert "1 of the 3 comments repeats an earlier comment of the same author" in words
    assert "slant compare skips them" in words
    without = [row for row in article() if not any(flag.startswith("duplicate_of") for flag in row.flags)]
    assert "an earlier comment of the same author" not in report(tmp_path, without)


def test_mixed_models_are_named(tmp_path: Path) -> None:
    rows = [replace(row, model="other") for row in article("a2")]
    assert "Rows of 2 models and 1 codebook are mixed" in report(tmp_path, [*article(), *rows])


def test_labels_are_explained_by_the_codebook_that_made_them(tmp_path: Path) -> None:
    book = Codebook.load()
    meaning = book.entry("loaded", "flag_waving").definition
    own = [replace(row, codebook=book.fingerprint) for row in article()]
    assert meaning in _Elements(report(tmp_path, own)).text
    assert meaning not in _Elements(report(tmp_path, article())).text


def test_counts_keep_readers_and_article_apart() -> None:
    tally = Tally()
    for row in article():
        tally.add(row)
    rights = unit(7, "boilerplate", "All rights reserved.")
    tally.add(Score(rights, stance=(stance("keepers", "favor", 0, 0, 1),)))
    assert (tally.units, tally.comments, tally.duplicates, tally.spans, tally.toxic) == (4, 3, 1, 5, 1)
    assert tally.stance["article"] == {"light_board": {"against": 1}, "keepers": {None: 1, "favor": 1}}
    assert tally.stance["comments"] == {"article": {"against": 1}}
    assert tally.loaded[("appeal_to_fear_prejudice", "quoted")] == 1


def two_questions() -> Iterator[Score]:
    """A unit that attacks a board in a quotation, and one in which its name is only a place."""
    quoted = "“The board sold the light”, said a keeper."
    yield Score(
        unit(0, "paragraph", quoted),
        stance=(Stance("light_board", "neutral", {"against": 0.2, "neutral": 0.7, "favor": 0.06, "unrelated": 0.04}),),
        portrayal=(Portrayal("light_board", "negative", {"negative": 0.83, "neutral": 0.12, "positive": 0.05}),),
    )  # fmt: skip
    yield Score(
        unit(1, "paragraph", "Board Street was dark."),
        stance=(
            Stance("light_board", "unrelated", {"against": 0.01, "neutral": 0.2, "favor": 0.01, "unrelated": 0.78}),
            Stance("keepers", "unrelated", {"against": 0.01, "neutral": 0.1, "favor": 0.01, "unrelated": 0.88}),
        ),
        portrayal=(Portrayal("light_board", None, {"negative": 0.3, "neutral": 0.4, "positive": 0.3}),),
    )  # fmt: skip


def test_stance_comes_first_and_portrayal_behind_a_click(tmp_path: Path) -> None:
    html = report(tmp_path, two_questions())
    words = " ".join(_Elements(html).text.split())
    assert "Light Board neutral 70 %" in words
    note = "against 20 % · neutral 70 % · favor 6 % · unrelated 4 %"
    portrayal = "negative 83 % · neutral 12 % · positive 5 %"
    assert words.index(note) < words.index("Portrayal of Light Board") < words.index(portrayal)
    assert "negative 30 % · neutral 40 % · positive 30 %; too close to call" in words
    chips = re.findall(r"<summary>(.*?)</summary>", html, re.DOTALL)
    assert not [chip for chip in chips if "83 %" in chip]
    hidden = re.search(r'<details class="portrayal">(.*?)</details>', html, re.DOTALL)
    assert hidden
    cells = re.findall(r"<td[^>]*>(\d+)</td>", hidden[1])
    assert cells == ["1", "0", "0", "1", "2"], "negative, neutral, positive, no call, all"


def test_unrelated_is_shown_in_one_quiet_note_and_is_no_stance(tmp_path: Path) -> None:
    html = report(tmp_path, two_questions())
    assert " ".join(_Elements(html).text.split()).count("· unrelated to Light Board, Keepers") == 1
    assert 'class="chip s-unrelated"' in html
    assert ".s-unrelated" in html.partition("</style>")[0]
    filtered = dict(re.findall(r'id="u-(a1-\d)" data-t="([^"]*)"', html))
    assert filtered == {"a1-0": "|light_board|", "a1-1": "|"}, "found by no filter for a stance"
    counted = re.search(
        r"<caption>Stance: units per target and label</caption>(.*?)</table>", html, re.DOTALL
    )
    assert counted
    assert re.findall(r'<th scope="col">([^<]*)</th>', counted[1])[4] == "· unrelated"
    board, keepers = ["0", "1", "0", "1", "0", "2"], ["0", "0", "0", "1", "0", "1"]
    assert re.findall(r"<td[^>]*>(\d+)</td>", counted[1]) == [*board, *keepers]


def test_scores_of_before_have_neither_portrayal_nor_unrelated(tmp_path: Path) -> None:
    html = report(tmp_path, article())
    assert "Portrayal of" not in html
    assert "against 81 % · neutral 15 % · favor 4 %<" in html
    assert "· unrelated</th>" not in html


def test_threads_put_answers_under_what_they_answer() -> None:
    def comment(position: int, parent: int | None) -> Score:
        above = None if parent is None else f"a1-{parent}"
        return Score(unit(position, "comment", str(position), parent_id=above))

    entries = threaded([comment(0, None), comment(1, None), comment(2, 0), comment(3, 2), comment(4, 99)])
    assert [(e.score.unit.position, e.depth) for e in entries] == [(0, 0), (2, 1), (3, 2), (1, 0), (4, 0)]
    assert [e.orphan for e in entries] == [False, False, False, False, True]
    assert [e.parent and e.parent.unit.position for e in entries] == [None, 0, 2, None, None]
    ring = threaded([comment(0, 1), comment(1, 0)])
    assert sorted(e.score.unit.position for e in ring) == [0, 1]
    chain = threaded([comment(n, n - 1 if n else None) for n in range(3000)])
    assert chain[-1].depth == 2999


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(min_size=1, max_size=30),
    pairs=st.lists(st.tuples(st.integers(0, 29), st.integers(1, 30)), max_size=6),
)
def test_segments_tile_the_text_and_give_every_span_back(text: str, pairs: list[tuple[int, int]]) -> None:
    spans = [(a % len(text), min(len(text), a % len(text) + n)) for a, n in pairs]
    score = Score(
        unit(0, "paragraph", text),
        loaded=tuple(Loaded(a, b, text[a:b], "doubt", 0.5, "outlet") for a, b in spans[::2]),
        toxic=tuple(spans[1::2]),
    )
    cut = segments(score)
    assert "".join(segment.text for segment in cut) == text
    for index, loaded in enumerate(score.loaded):
        assert "".join(s.text for s in cut if index in s.spans) == loaded.text
        assert sum(index in s.ends for s in cut) == 1
    for index, (a, b) in enumerate(score.toxic):
        assert "".join(s.text for s in cut if index in s.toxic) == text[a:b]


def test_words_for_people() -> None:
    assert [percent(p) for p in (0, 0.001, 0.5, 0.996, 1)] == ["0 %", "<1 %", "50 %", ">99 %", "100 %"]
    made = codes(["loaded_language", "long_lines", "lazy_labels", "tx"])
    assert made["loaded_language"] == "LL"
    assert len({*made.values(), "TX"}) == 5
    assert flag_words("duplicate_of:x") == "Repeats an earlier unit word for word"
    named = ["light_board", "US", "Mr de Vries", "article"]
    assert [target(name) for name in named] == ["Light Board", "US", "Mr de Vries", "the article"]
    assert flag_words("windows:3") == "Long unit: scored in 3 overlapping windows, then joined"
    assert flag_words("never_seen") == "Flag: never_seen"


def test_a_quoted_unit_and_its_spans_name_their_speaker(tmp_path: Path) -> None:
    said = "“The board sold us out,” said Maria Karvi."
    loaded = replace(
        span(said, "sold us out", "Loaded_Language", 0.9, "quoted"), speaker="Maria Karvi <mayor>"
    )
    quoted = Score(replace(unit(1, "paragraph", said), speaker="Maria Karvi <mayor>"), loaded=(loaded,))
    page = report(tmp_path, [quoted, Score(unit(2, "paragraph", "The board met on Monday."))])
    assert page.count('<p class="speaker">') == 1
    assert "Maria Karvi &lt;mayor&gt;</p>" in page
    assert "quoted (Maria Karvi &lt;mayor&gt;)" in page
