"""Files with planted losses: JSON, tables and dumps of comments."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lossy_file import Loss, MadeFile, Writer, table


def json_lines(w: Writer) -> Iterator[MadeFile]:
    rows: list[str] = []
    losses: list[Loss] = []
    good = comments = 0

    def put(row: object, loss: Loss | None = None, *, said: int = 0, read: bool = True) -> None:
        nonlocal good, comments
        rows.append(row if isinstance(row, str) else json.dumps(row))
        good, comments = good + read, comments + said
        if loss:
            losses.append(Loss(loss.what, loss.reasons, f":{len(rows)}", loss.number, loss.account))

    put(w.article())
    put('{"title": "Broken", "text": "It ends here', Loss("a broken line", ("bad_json",)), read=False)
    put({**w.article(), "text": "  "}, Loss("a row with an empty text", ("empty",)), read=False)
    put(
        {k: v for k, v in w.article().items() if k != "text"},
        Loss("a row without a text", ("no_text",)),
        read=False,
    )
    unknown = [{"wording": w.comment(0).text, "who": w.handle()} for _ in range(3)]
    put(
        {**w.article(), "comments": unknown},
        Loss("comments of an unknown shape", ("bad_comments",)),
        read=False,
    )
    said = w.listed(4)
    gone = [*said, {"id": 8, "text": "[deleted]", "author": "[deleted]"}, {"id": 9, "text": "[removed]"}]
    put({**w.article(), "comments": gone}, Loss("deleted comments", ("deleted_comments",), number=2), said=4)
    orphan = [*w.listed(2), {"id": 3, "text": "To whom?", "parent": 77}]
    put({**w.article(), "comments": orphan}, Loss("a reply to nobody", ("unknown_parent",), number=1), said=3)
    put({**w.article(), "comments": 17})
    blank = [*w.listed(2), {"id": 3, "text": "  "}]
    put(
        {**w.article(), "comments": blank},
        Loss("a comment without text", ("empty_comments",), number=1),
        said=2,
    )
    put({**w.article(), "date": "soon"}, Loss("a date that is none", ("dates",)))
    article = w.article()
    put(article)
    put(article, Loss("a duplicate", ("duplicate",)), read=False)
    put({k: v for k, v in w.article().items() if k != "outlet"})
    losses.append(Loss("no outlet", account="no outlet"))
    put(
        {**w.article(), "text": " ".join(w.body()).replace(" the ", " theâ€™s ")},
        Loss("garbled characters", ("encoding",)),
    )
    put(json.dumps(w.article())[:-30], Loss("the last line cut off", ("bad_json",)), read=False)
    yield MadeFile("JSON lines", w.path(".jsonl"), "\n".join(rows).encode(), tuple(losses), good, comments)


def json_answers(w: Writer) -> Iterator[MadeFile]:
    results = [
        {"webTitle": w.title(), "webPublicationDate": f"{w.date()}T08:00:00Z", "webUrl": f"https://www.marlow.example/{n}",
         "fields": {"bodyText": " ".join(w.body())}}
        for n in range(5)
    ]  # fmt: skip
    results[2]["fields"] = {"bodyText": ""}
    yield MadeFile(
        "API answer", w.path(".json"), json.dumps({"response": {"status": "ok", "results": results}}).encode(),
        (Loss("an article without a body", ("empty", "no_text")),), articles=4,
    )  # fmt: skip
    short = [
        {"source": {"name": w.outlet()}, "title": w.title(), "publishedAt": w.date(), "url": f"https://a.example/{n}",
         "content": w.paragraph(2, 2)[:200] + "… [+2310 chars]"}
        for n in range(3)
    ]  # fmt: skip
    yield MadeFile(
        "API answer", w.path(".json"), json.dumps({"status": "ok", "articles": short}).encode(),
        tuple(Loss("only the beginning of a text", ("stub",)) for _ in short), articles=3,
    )  # fmt: skip
    addresses = [
        {"url": f"https://a.example/{n}", "title": w.title(), "domain": "a.example"} for n in range(4)
    ]
    yield MadeFile(
        "API answer", w.path(".json"), json.dumps({"articles": addresses}).encode(),
        tuple(Loss("an address only", ("no_text",)) for _ in addresses), articles=0,
    )  # fmt: skip
    whole = json.dumps([w.article() for _ in range(4)])
    yield MadeFile(
        "JSON", w.path(".json"), whole[: len(whole) * 3 // 4].encode(),
        (Loss("a file cut off", ("bad_json", "torn")),), articles=whole[: len(whole) * 3 // 4].count("}"),
    )  # fmt: skip


def tables(w: Writer) -> Iterator[MadeFile]:
    for kind, ending, mark in (("CSV", ".csv", ","), ("TSV", ".tsv", "\t")):
        head = ["title", "text", "outlet", "date", "comments"]

        def row(text: str | None = None, date: str = "", outlet: str = "", comments: str = "") -> list[str]:
            made = w.article()
            stated = made["text"].replace("\n\n", " ") if text is None else text
            return [made["title"], stated, outlet or made["outlet"], date or made["date"], comments]

        rows = [
            head,
            row(),
            row(text=""),
            row(date="whenever"),
            row(comments="12"),
            row(comments='[{"wording": "No"}]'),
        ]
        losses = [
            Loss("a row with an empty text", ("empty",), ":3"), Loss("a date that is none", ("dates",)),
            Loss("comments of an unknown shape", ("bad_comments",), ":6"),
        ]  # fmt: skip
        said = json.dumps([*w.listed(3), {"id": 9, "text": "[removed]"}])
        rows += [row(comments=said), row()]
        losses.append(Loss("a deleted comment", ("deleted_comments",), ":7", number=1))
        rows.append(list(rows[-1]))
        losses.append(Loss("a duplicate", ("duplicate",), ":9"))
        lone = row()
        lone[2] = ""
        rows.append(lone)
        losses.append(Loss("no outlet", account="no outlet"))
        yield MadeFile(kind, w.path(ending), table(rows, mark), tuple(losses), 6, 3)
        unsure = [head, *(row(date=f"0{n}/0{n + 1}/2023") for n in range(1, 4))]
        yield MadeFile(
            kind,
            w.path(ending),
            table(unsure, mark),
            (Loss("dates whose day may be the month", ("dates",)),),
            3,
        )
        other = [["headline", "when"], *([w.title(), w.date()] for _ in range(3))]
        yield MadeFile(
            kind,
            w.path(ending),
            table(other, mark),
            (Loss("a table without texts", ("no_text_column",)),),
            0,
        )
    torn = table(
        [["title", "text"], [w.title(), w.paragraph()], [w.title(), f"{w.paragraph()}, {w.paragraph()}"]], ","
    )
    yield MadeFile(
        "CSV",
        w.path(".csv"),
        torn.rstrip()[:-20],
        (Loss("a file cut off in a quoted cell", ("bad_row", "torn")),),
        1,
    )
    spread = table([["title", "text"], [w.title(), w.paragraph()]], ",") + b"One,two,three,four\r\n"
    yield MadeFile("CSV", w.path(".csv"), spread, (Loss("a row with too many cells", ("bad_row",)),), 1)


def dumps(w: Writer) -> Iterator[MadeFile]:
    rows: list[dict[str, Any]] = [
        {"id": f"c{n}", "link_id": "t3_p1", "parent_id": "t3_p1", "author": w.handle(), "body": w.comment(0).text, "created_utc": 1_680_000_000 + n}
        for n in range(6)
    ]  # fmt: skip
    yield MadeFile(
        "comment dump", w.path(".jsonl"), "\n".join(map(json.dumps, rows)).encode(),
        (Loss("comments in place of articles", ("looks_like_comments",)),), 0,
    )  # fmt: skip
    rows[1] |= {"body": "[deleted]", "author": "[deleted]"}
    rows[3] |= {"body": "[removed]"}
    rows[4] |= {"parent_id": "t1_zz"}
    rows.append({**rows[0], "id": "c9", "body": " "})
    yield MadeFile(
        "comment dump", w.path(".jsonl"), "\n".join(map(json.dumps, rows)).encode(),
        (Loss("deleted comments", ("deleted_comments",), number=2), Loss("a reply to nobody", ("unknown_parent",), number=1),
         Loss("a comment without text", ("empty_comments",), number=1)), 1, 4, comment_file=True,
    )  # fmt: skip
    odd = [{"cid": n, "wording": w.comment(0).text} for n in range(3)]
    yield MadeFile(
        "comment dump", w.path(".json"), json.dumps({"comments": odd}).encode(),
        (Loss("comments of an unknown shape", ("bad_comments", "no_text", "no_text_column")),), 0, comment_file=True, also=("no_comments",),
    )  # fmt: skip
    flat = [
        ["comment_id", "parent_id", "author", "text"],
        *([str(n), "", w.handle(), w.comment(0).text] for n in range(4)),
        ["9", "", "x", ""],
    ]
    yield MadeFile(
        "comment dump", w.path(".csv"), table(flat, ","), (Loss("a comment without text", ("empty_comments", "empty")),), 1, 4,
        comment_file=True,
    )  # fmt: skip
    listing = [
        {"kind": "Listing", "data": {"children": [{"kind": "t3", "data": {"id": "p9", "title": w.title(), "selftext": w.paragraph(3, 4), "subreddit": "marlow"}}]}},
        {"kind": "Listing", "data": {"children": [{"kind": "t1", "data": {"id": "a1", "body": w.comment(0).text, "author": w.handle(), "parent_id": "t3_p9", "replies": ""}},
                                                  {"kind": "more", "data": {"count": 7, "children": []}}]}},
    ]  # fmt: skip
    yield MadeFile(
        "comment dump",
        w.path(".json"),
        json.dumps(listing).encode(),
        (Loss("comments that are only counted", ("comments_not_loaded",), number=7),),
        1,
        1,
    )
