"""Comments as platforms give them: in the column `comments` of articles, and in files of their own (`--comments`)."""

from __future__ import annotations

import csv
import io
import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from slant.cli import main
from slant.errors import Rejected, UsageError
from slant.ingest import comment_threads
from slant.ingest.article_rows import Columns, article_from_row, parse_column_map
from slant.ingest.comment_rows import parse_comments
from slant.ingest.decoding import Limits
from slant.ingest.inputs import read_articles
from slant.records import Article
from slant.segment.units import split

Said = tuple[str, str | None, str | None]
THREAD: list[Said] = [
    ("The pier is a wreck.", "Ada", None),
    ("It is not!", "Bo", "The pier is a wreck."),
    ("Then go and swim there.", "Cy", "It is not!"),
]


def said(comments: Any) -> list[Said]:
    """`(text, author, text of its parent)` per comment."""
    read, _ = parse_comments(comments, "a")
    return [(c.text, c.author, None if c.parent is None else read[c.parent].text) for c in read]


def notes(comments: Any) -> dict[str, str]:
    return {note.reason: note.detail for note in parse_comments(comments, "a").notes}


def said_in(article: Article) -> list[Said]:
    def words(index: int | None) -> str | None:
        part = None if index is None else article.parts[index]
        return None if part is None else article.text[part.start : part.end]

    return [
        (words(i) or "", p.author, words(p.parent))
        for i, p in enumerate(article.parts)
        if p.role == "comment"
    ]


# ---- platforms


def youtube_api() -> list[Any]:
    def snippet(text: str, author: str, **more: str) -> dict[str, Any]:
        shown = text.replace("!", "&#33;")
        return {"videoId": "v1", "textDisplay": shown, "textOriginal": text, "authorDisplayName": author,
                "authorChannelId": {"value": "UC1"}, "publishedAt": "2023-03-14T09:00:00Z", **more}  # fmt: skip

    replies = [
        {"kind": "youtube#comment", "id": "UgA.1", "snippet": snippet("It is not!", "Bo", parentId="UgA")},
        {
            "kind": "youtube#comment",
            "id": "UgA.2",
            "snippet": snippet("Then go and swim there.", "Cy", parentId="UgA.1"),
        },
    ]
    top = {"kind": "youtube#comment", "id": "UgA", "snippet": snippet("The pier is a wreck.", "Ada")}
    return [
        {"kind": "youtube#commentThread", "id": "UgA", "replies": {"comments": replies},
         "snippet": {"videoId": "v1", "topLevelComment": top, "canReply": True, "totalReplyCount": 2}}
    ]  # fmt: skip


def reddit_listing() -> dict[str, Any]:
    def comment(number: int, parent: str, replies: Any) -> dict[str, Any]:
        text, author, _ = THREAD[number]
        data = {"id": f"c{number}", "name": f"t1_c{number}", "author": author, "body": text, "body_html": f"<p>{text}</p>",
                "parent_id": parent, "link_id": "t3_x", "created_utc": 1678788000.0, "replies": replies}  # fmt: skip
        return {"kind": "t1", "data": data}

    def listing(*children: Any) -> dict[str, Any]:
        return {"kind": "Listing", "data": {"after": None, "children": list(children)}}

    more = {
        "kind": "more",
        "data": {"count": 4, "id": "d", "name": "t1_d", "parent_id": "t1_c2", "children": ["d", "e"]},
    }
    return listing(comment(0, "t3_x", listing(comment(1, "t1_c0", listing(comment(2, "t1_c1", ""), more)))))


def flat(
    *, text: str, id: str, parent: str, author: str, ids: list[Any], parents: list[Any]
) -> list[dict[str, Any]]:
    return [
        {id: own, parent: above, author: name, text: words}
        for (words, name, _), own, above in zip(THREAD, ids, parents, strict=True)
    ]


def nested(
    text: str, author: str, replies: str, wrap: Any = lambda entries: entries, **more: Any
) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for number, (words, name, _) in reversed(list(enumerate(THREAD, 1))):
        found = [{"id": number, text: words, author: name, replies: wrap(found), **more}]
    return found


PLATFORMS: dict[str, Any] = {
    "youtube data api": youtube_api(),
    "yt-dlp": [
        {"id": own, "text": words, "author": name, "parent": parent, "timestamp": 1678788000, "like_count": 1}
        for (words, name, _), own, parent in zip(THREAD, ["UgA", "UgA.1", "UgA.2"], ["root", "UgA", "UgA.1"], strict=True)
    ],
    "youtube comment suite": nested("commentText", "user", "replies"),
    "youtube-comment-downloader": [
        {"cid": own, "text": words, "time": "2 days ago", "author": name, "votes": "3", "reply": "." in own, "heart": False}
        for (words, name, _), own in zip(THREAD, ["UgA", "UgA.1", "UgA.1.7"], strict=True)
    ],
    "reddit api": reddit_listing(),
    "pushshift": flat(text="body", id="id", parent="parent_id", author="author", ids=["a", "b", "c"],
                      parents=["t3_x", "t1_a", "t1_b"]),
    "disqus api": [
        {"id": own, "parent": parent, "raw_message": words, "message": f"<p>{words}</p>", "isDeleted": False, "thread": "9",
         "author": {"username": name.lower(), "name": name}, "createdAt": "2023-03-14T09:00:00", "isSpam": False}
        for (words, name, _), own, parent in zip(THREAD, ["11", "12", "13"], [None, 11, 12], strict=True)
    ],
    "coral": [
        {"node": {"id": "u1", "body": "<div>The pier is a wreck.</div>", "author": {"id": "a", "username": "Ada"},
         "parent": None, "replies": {"edges": [{"node":
         {"id": "u2", "body": "It is not!", "author": {"username": "Bo"}, "parent": {"id": "u1"},
          "replies": {"edges": [{"node": {"id": "u3", "body": THREAD[2][0], "author": {"username": "Cy"}}}]}}}]}}}
    ],
    "guardian": nested("body", "userProfile", "responses", status="visible"),
    "nyt": [
        {"commentID": own, "commentBody": words, "userDisplayName": name, "parentID": parent, "status": "approved",
         "createDate": "1678788000", "replies": []}
        for (words, name, _), own, parent in zip(THREAD, [1.0, 2.0, 3.0], [None, 1, "2.0"], strict=True)
    ],
    "wordpress rest": [
        {"id": own, "post": 7, "parent": parent, "author": 0, "author_name": name, "date": "2023-03-14T09:00:00",
         "content": {"rendered": f"<p>{words}</p>\n"}, "link": f"https://m.example/a/#comment-{own}", "status": "approved",
         "type": "comment"}
        for (words, name, _), own, parent in zip(THREAD, [1, 2, 3], [0, 1, 2], strict=True)
    ],
    "wordpress export": [
        {"comment_id": str(own), "comment_author": name, "comment_content": words, "comment_approved": "1",
         "comment_parent": str(parent), "comment_type": "comment"}
        for (words, name, _), own, parent in zip(THREAD, [1, 2, 3], [0, 1, 2], strict=True)
    ],
    "hacker news, algolia": nested("text", "author", "children", story_id=900, parent_id=900, created_at_i=1678788000),
    "hacker news, firebase": [
        {"by": name, "id": own, "kids": [own + 1], "parent": parent, "text": words, "time": 1678788000, "type": "comment"}
        for (words, name, _), own, parent in zip(THREAD, [1, 2, 3], [0, 1, 2], strict=True)
    ],
    "telegram": [
        {"id": own, "type": "message", "date": "2023-03-14T09:00:00", "from": name, "from_id": f"user{own}", "text": text,
         "reply_to_message_id": parent}
        for (_, name, _), own, parent, text in zip(
            THREAD, [1, 2, 3], [None, 1, 2],
            ["The pier is a wreck.", ["It is ", {"type": "bold", "text": "not!"}, ""], THREAD[2][0]], strict=True)
    ],
    "x api": [
        {"id": "1", "text": THREAD[0][0], "author": {"username": "Ada"}, "conversation_id": "1"},
        {"id": "2", "text": THREAD[1][0], "author": {"username": "Bo"}, "conversation_id": "1",
         "referenced_tweets": [{"type": "quoted", "id": "77"}, {"type": "replied_to", "id": "1"}]},
        {"id": "3", "full_text": THREAD[2][0], "text": "Then go…", "user": {"name": "Cy"}, "in_reply_to_status_id": 2},
    ],
    "tiktok": [
        {"cid": own, "text": words, "user": {"nickname": name, "uid": "5"}, "aweme_id": "9", "reply_id": parent,
         "reply_to_reply_id": answered, "create_time": 1678788000}
        for (words, name, _), own, parent, answered in zip(
            THREAD, ["1", "2", "3"], ["0", "1", "1"], ["0", "0", "2"], strict=True)
    ],
    "instagram graphql": [
        {"node": {"id": "1", "text": THREAD[0][0], "owner": {"username": "Ada"}, "edge_threaded_comments": {"edges": [
            {"node": {"id": "2", "text": THREAD[1][0], "owner": {"username": "Bo"}, "edge_threaded_comments": {"edges": [
                {"node": {"id": "3", "text": THREAD[2][0], "owner": {"username": "Cy"}}}]}}}]}}}
    ],
    "facebook graph": {"data": nested("message", "from", "comments", lambda entries: {"data": entries})},
    "mastodon": flat(text="content", id="id", parent="in_reply_to_id", author="account", ids=["1", "2", "3"],
                     parents=[None, "1", "2"]),
    "discourse": [
        {"id": 40 + number, "post_number": number, "reply_to_post_number": number - 1 or None, "cooked": f"<p>{words}</p>",
         "username": name, "topic_id": 3}
        for number, (words, name, _) in enumerate(THREAD, 1)
    ],
    "flattened by pandas": flat(text="snippet.textDisplay", id="id", parent="snippet.parentId",
                                author="snippet.authorDisplayName", ids=["1", "2", "3"], parents=[float("nan"), "1", "2"]),
    "by id": {"k1": {"text": THREAD[0][0], "author": "Ada"}, "k2": {"text": THREAD[1][0], "author": "Bo", "parent": "k1"},
              "k3": {"text": THREAD[2][0], "author": "Cy", "parent": "k2"}},
    "pages of an api": [{"page": 1, "comments": nested("text", "author", "replies")}],
    "numbered places": flat(text="text", id="note", parent="parent", author="author", ids=["", "", ""], parents=[None, 0, 1]),
}  # fmt: skip


@pytest.mark.parametrize("platform", PLATFORMS)
def test_all_comments_of_a_platform_are_read_with_author_and_parent(platform: str) -> None:
    assert said(PLATFORMS[platform]) == THREAD


@pytest.mark.parametrize("platform", set(PLATFORMS) - {"reddit api"})
def test_nothing_is_left_out_or_unlinked_where_nothing_is_wrong(platform: str) -> None:
    assert notes(PLATFORMS[platform]) == {}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_same_comments_are_read_from_a_text_cell(platform: str) -> None:
    row = {"text": "The pier closed.", "comments": json.dumps(PLATFORMS[platform])}
    assert said_in(article_from_row(row, "a")) == THREAD


def test_comments_that_are_only_counted_are_noted() -> None:
    assert notes(reddit_listing())["comments_not_loaded"].endswith(": 4.")


@pytest.mark.parametrize(
    ("stated", "published"),
    [
        ({"created_utc": 1678788000}, "2023-03-14T10:00:00+00:00"),
        ({"createTime": "1678788000"}, "2023-03-14T10:00:00+00:00"),
        ({"timestamp": 1678788000000}, "2023-03-14T10:00:00+00:00"),
        ({"publishedAt": "2023-03-14T10:00:00Z"}, "2023-03-14T10:00:00+00:00"),
        ({"time": "2 days ago"}, "2 days ago"),
        ({"time": None}, None),
        ({"date": float("nan")}, None),
    ],
)
def test_a_comment_keeps_its_own_time(stated: dict[str, Any], published: str | None) -> None:
    article = article_from_row(
        {"text": "The pier closed.", "date": "2023-03-13", "comments": [{"text": "Good.", **stated}]}, "a"
    )
    body, comment = split(article)
    assert (body.published, comment.published) == ("2023-03-13", published or "2023-03-13")


@pytest.mark.parametrize(
    "counted",
    [
        {"count": 2}, {"count": "2"}, {"total": 2.0}, {"commentCount": 2, "enabled": True, "status": "open"},
        {"count": 2, "url": "https://gull.example/quay-to-be-widened-in-spring#comments", "items": [], "next": None},
        {"data": {"num_comments": 2}}, {"total_count": 2, "page": 1, "comments": []}, '{"count": 2}',
    ],
)  # fmt: skip
def test_a_count_in_an_object_is_no_comment_and_the_row_is_read_with_a_note(counted: Any) -> None:
    article = article_from_row({"text": "The pier closed.", "comments": counted}, "a")
    assert article.text == "The pier closed."
    (note,) = article.notes
    assert (note.reason, note.detail[-4:]) == ("comments_not_loaded", ": 2.")


@pytest.mark.parametrize("none", [{"count": 0}, {"count": 0, "items": []}, {}])
def test_a_count_of_none_needs_no_note(none: Any) -> None:
    assert article_from_row({"text": "The pier closed.", "comments": none}, "a").notes == ()


@pytest.mark.parametrize(
    "unknown",
    [{"user": "Ann", "wording": "I like the old pier."}, {"count": 2, "wording": "I like the old pier."},
     {"id": 7, "user": "Ann"}, {"likes": 2, "by": "Ann"}],
)  # fmt: skip
def test_an_object_that_may_hold_a_comment_is_refused(unknown: Any) -> None:
    with pytest.raises(Rejected, match="bad_comments"):
        parse_comments(unknown, "a")


# ---- ids and parents


@pytest.mark.parametrize(
    ("first", "parent"),
    [
        (501, 501), (501, 501.0), (501, "501.0"), ("501", 501), ("501.0", "501"), ("t1_c1", "c1"), ("c1", "t1_c1"),
        ({"$oid": "6f"}, {"$oid": "6f"}), ("a", {"id": "a"}), (0, 0), (" 7 ", 7),
    ],
)  # fmt: skip
def test_ids_are_the_same_in_every_form(first: Any, parent: Any) -> None:
    comments = [{"id": first, "text": "A."}, {"id": 900, "text": "B.", "parent_id": parent}]
    assert said(comments)[1] == ("B.", None, "A.")
    assert notes(comments) == {}


@pytest.mark.parametrize(
    "top", [0, "0", 0.0, "0.0", "", None, -1, "-1", "root", "null", "nan", float("nan"), "t3_x", "none"]
)
def test_a_marker_of_the_top_level_is_no_parent(top: Any) -> None:
    comments = [{"id": 501, "parent": top, "text": "A."}, {"id": 502, "parent": top, "text": "B."}]
    assert said(comments) == [("A.", None, None), ("B.", None, None)]
    assert notes(comments) == {}


def test_a_parent_that_is_the_post_is_no_parent() -> None:
    comments = [{"id": 3, "post_id": "88_9", "parent_id": "88_9", "message": "A."}]
    assert (said(comments), notes(comments)) == ([("A.", None, None)], {})


def test_an_unknown_parent_is_none_and_counted_and_never_a_place() -> None:
    comments = [
        {"id": 1, "text": "A."}, {"id": 5, "parent": 2, "text": "B."}, {"id": 6, "text": "C."},
        {"id": 7, "parent": 3, "text": "D."}, {"id": "UgA.9", "text": "E."},
    ]  # fmt: skip
    assert [parent for _, _, parent in said(comments)] == [None] * 5
    assert notes(comments) == {
        "unknown_parent": "Replies to a comment that is not in the file, which have no parent here: 3."
    }


def test_places_that_cannot_be_places_are_unknown_parents() -> None:
    comments = [{"text": "A.", "parent": 7}, {"text": "B.", "parent": 0}]
    assert said(comments) == [("A.", None, None), ("B.", None, None)]
    assert notes(comments).keys() == {"unknown_parent"}


def test_cycles_and_copies_and_equal_ids_are_named() -> None:
    circle = [{"id": n, "text": f"{n}.", "parent": (n + 1) % 3} for n in range(3)] + [
        {"id": 9, "text": "9.", "parent": 1}
    ]
    assert [parent for _, _, parent in said(circle)] == [None, None, None, "1."]
    assert notes(circle)["parent_cycle"].endswith(": 3.")
    copies = [
        {"id": 1, "text": "A."},
        {"id": 1, "text": "A."},
        {"id": 1, "text": "Other."},
        {"id": 2, "text": "B.", "parent": 1},
    ]
    assert said(copies) == [("A.", None, None), ("Other.", None, None), ("B.", None, "A.")]
    assert {reason: detail[-2] for reason, detail in notes(copies).items()} == {
        "duplicate_comments": "1",
        "duplicate_ids": "1",
    }


@pytest.mark.parametrize(
    ("gone", "reason"),
    [
        ({"body": "[deleted]"}, "deleted_comments"),
        ({"body": "[removed]"}, "deleted_comments"),
        ({"body": "[ Removed by Reddit ]"}, "deleted_comments"),
        ({"body": "Rude.", "isDeleted": True}, "deleted_comments"),
        ({"deleted": True, "type": "comment"}, "deleted_comments"),
        ({"text": "Buy!", "dead": True}, "deleted_comments"),
        ({"body": "Rude.", "status": "REJECTED"}, "deleted_comments"),
        ({"comment_content": "Buy!", "comment_approved": "spam"}, "deleted_comments"),
        ({"comment_content": "Early.", "comment_approved": "0"}, "deleted_comments"),
        ({"comment_content": "A link.", "comment_type": "pingback"}, "pingbacks"),
        ({"text": None, "author": None}, "empty_comments"),
        ({"text": " "}, "empty_comments"),
    ],
)
def test_what_is_no_comment_is_left_out_and_counted(gone: dict[str, Any], reason: str) -> None:
    comments = [{"id": 1, "text": "A."}, {"id": 2, "parent": 1, **gone}, {"id": 3, "parent": 2, "text": "C."}]
    assert said(comments) == [("A.", None, None), ("C.", None, "A.")]
    assert {name: detail[-2] for name, detail in notes(comments).items()} == {reason: "1"}


@pytest.mark.parametrize(
    "unknown",
    [
        [{"id": 1, "remark": "A.", "who": "Ada"}],
        [{"id": 1, "remark": "A.", "replies": [{"text": "B."}]}],
        [{"text": "A."}, 7],
        [{"text": {"nodes": []}}],
        {"remark": "A.", "who": "Ada"},
    ],
)
def test_an_unknown_shape_is_refused_with_its_keys(unknown: Any) -> None:
    with pytest.raises(Rejected) as refused:
        parse_comments(unknown, "a.jsonl:3")
    assert refused.value.reason == "bad_comments"
    assert (
        "remark" in refused.value.detail
        or "comment 1 is 7" in refused.value.detail
        or "text" in refused.value.detail
    )


def test_replies_under_an_unknown_name_are_not_lost() -> None:
    comments = [
        {
            "text": "A.",
            "user_replies": [{"text": "B."}],
            "childItems": [{"text": "C."}],
            "edit_history": [{"text": "old"}],
        }
    ]
    assert said(comments) == [("A.", None, None), ("B.", None, "A."), ("C.", None, "A.")]


def test_ids_of_replies_are_not_texts() -> None:
    comments = [{"id": "a", "text": "A.", "children": ["b"]}, {"id": "b", "text": "B.", "parent": "a"}]
    assert said(comments) == [("A.", None, None), ("B.", None, "A.")]


# ---- texts


@pytest.mark.parametrize(
    ("stated", "text"),
    [
        ("<p>One.</p><p>Two &amp; <b>three</b>.</p>", "One.\n\nTwo & three."),
        ("One.<br>Two.", "One.\nTwo."),
        ("One &gt; two &#x27;so&#39;", "One > two 'so'"),
        ("First.\n\nA <a href='https://m.example'>link</a>.", "First.\n\nA link."),
        ("a < b > c, <3 and <Ada>", "a < b > c, <3 and <Ada>"),
        ("AT&T &copy", "AT&T &copy"),
    ],
)
def test_html_becomes_text_and_other_text_stays(stated: str, text: str) -> None:
    assert said([{"text": stated}]) == [(text, None, None)]
    assert said([{"textOriginal": stated}])[0][0] == stated


@pytest.mark.parametrize(
    ("cell", "texts"),
    [
        ("['Shame!', \"It's late.\"]", ["Shame!", "It's late."]),
        ("['One\\ntwo']", ["One\ntwo"]),
        ("[{'text': 'A.', 'author': None, 'votes': nan}]", ["A."]),
        ("['A, b.' 'C.'\n 'D.']", ["A, b.", "C.", "D."]),
        ("array(['A.', 'B.'], dtype=object)", ["A.", "B."]),
        ("[{'text': 'A.', 'at': datetime.datetime(2023, 3, 14, 9, 0)}]", ["A."]),
        ("[]", []), ("nan", []), ("NaN", []), ("None", []), ("0", []), ("12", []), ("12.0", []), ("1,204", []),
        ("3 comments", []),
        ("[Edited] Fine by me.", ["[Edited] Fine by me."]),
        ("...", ["..."]),
    ],
)  # fmt: skip
def test_a_cell_holds_a_list_a_comment_or_nothing(cell: str, texts: list[str]) -> None:
    assert [text for text, _, _ in said(cell)] == texts


@pytest.mark.parametrize(
    "cell",
    [
        "['Never closed",
        "[{'text': 'A.', 'n': open('x')}, 3]",
        "['A.' 'B.', 'C.']",
        "[{'text': __import__('os').getcwd()}]",
        "[" * 5000 + "'a'" + "]" * 5000,
        "['a', " + "-" * 50_000 + "1]",
        "['" + "a" * 3_000_000,
    ],
)
def test_a_list_that_cannot_be_read_is_refused_and_never_run(cell: str) -> None:
    with pytest.raises(Rejected, match="bad_comments"):
        parse_comments(cell, "a")


@pytest.mark.parametrize("count", [3, 3.0, float("nan"), None, True])
def test_a_count_is_no_comment(count: Any) -> None:
    assert said(count) == []


# ---- size


def test_replies_10_000_levels_deep_are_read_in_linear_time() -> None:
    deep: list[Any] = []
    for number in range(10_000):
        deep = [{"text": f"{number}.", "replies": deep}]
    flat = [{"id": n, "text": f"{n}.", "parent": n - 1 or None} for n in range(1, 20_001)]
    gone = [{"id": n, "text": "", "parent": n - 1 or None} for n in range(1, 20_001)]
    hanging = [{"id": f"x{n}", "text": "X.", "parent": 20_000} for n in range(2_000)]
    started = time.process_time()
    assert len(said(deep)) == 10_000
    assert said(flat)[-1] == ("20000.", None, "19999.")
    assert said(gone + hanging) == [("X.", None, None)] * 2_000
    assert time.process_time() - started < 20


# ---- dumps: --comments


def write(folder: Path, name: str, rows: list[Any]) -> str:
    path = folder / name
    if name.endswith(".csv"):
        file = io.StringIO(newline="")
        writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)
        path.write_text(file.getvalue(), encoding="utf-8")
    elif name.endswith(".parquet"):
        parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    elif name.endswith(".json"):
        path.write_text(json.dumps(rows), encoding="utf-8")
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def read(path: str, *mapped: str, **options: Any) -> list[Article | Rejected]:
    return list(read_articles([path], columns=parse_column_map(mapped, comments=True), **options))


def threads(path: str, *mapped: str) -> dict[str | None, list[Said]]:
    found = read(path, *mapped)
    assert all(isinstance(one, Article) for one in found), found
    return {one.url: said_in(one) for one in found if isinstance(one, Article)}


DUMP = [
    {"id": "a", "author": "Ada", "body": "The pier is a wreck.", "link_id": "t3_x", "parent_id": "t3_x",
     "created_utc": 1678788000},
    {"id": "p", "author": "Di", "body": "Trams, please.", "link_id": "t3_y", "parent_id": "t3_y",
     "created_utc": 1678788001},
    {"id": "b", "author": "Bo", "body": "It is not!", "link_id": "t3_x", "parent_id": "t1_a",
     "created_utc": 1678788002},
    {"id": "q", "author": "[deleted]", "body": "[removed]", "link_id": "t3_y", "parent_id": "t1_p",
     "created_utc": 1678788003},
    {"id": "c", "author": "Cy", "body": "Then go and swim there.", "link_id": "t3_x", "parent_id": "t1_b",
     "created_utc": 1678788004},
]  # fmt: skip


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.parquet"])
def test_a_dump_becomes_an_article_per_thread_in_any_format_and_order(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name, DUMP)
    assert threads(path) == {"t3_x": THREAD, "t3_y": [("Trams, please.", "Di", None)]}
    first, second = read(path)
    assert isinstance(first, Article)
    assert isinstance(second, Article)
    units = split(first)
    assert [(unit.kind, unit.author, unit.parent_id) for unit in units] == [
        ("comment", "Ada", None), ("comment", "Bo", units[0].unit_id), ("comment", "Cy", units[1].unit_id),
    ]  # fmt: skip
    assert units[0].published == "2023-03-14T10:00:00+00:00"
    assert [note.reason for note in second.notes] == ["deleted_comments"]


EXPORTS: dict[str, list[dict[str, Any]]] = {
    "youtube csv": [
        {"Video ID": "v1", "Comment ID": own, "Parent ID": parent, "Author": name, "Comment": words,
         "Published At": "2023-03-14"}
        for (words, name, _), own, parent in zip(THREAD, "123", ["", "1", "2"], strict=True)
    ],
    "facebook csv": [
        {"post_id": "88", "comment_id": own, "parent_comment_id": parent, "name": name, "message": words,
         "created_time": "2023-03-14"}
        for (words, name, _), own, parent in zip(THREAD, "123", ["", "1.0", "2.0"], strict=True)
    ],
    "instagram csv": [
        {"media_id": "88", "pk": own, "replied_to": parent, "username": name, "text": words, "timestamp": "1678788000"}
        for (words, name, _), own, parent in zip(THREAD, "123", ["", "1", "2"], strict=True)
    ],
    "x csv": [
        {"conversation_id": "1", "id": own, "in_reply_to_status_id": parent, "username": name, "tweet": words,
         "date": "2023-03-14"}
        for (words, name, _), own, parent in zip(THREAD, "123", ["", "1", "2"], strict=True)
    ],
    "tiktok csv": [
        {"video_url": "https://t.example/v/1", "cid": own, "reply_id": parent, "nickname": name, "text": words}
        for (words, name, _), own, parent in zip(THREAD, "123", ["0", "1", "2"], strict=True)
    ],
    "nyt csv": [
        {"articleID": "nyt://1", "commentID": own, "parentID": parent, "userDisplayName": name,
         "commentBody": f"{words}<br/>", "status": "approved", "commentType": "comment"}
        for (words, name, _), own, parent in zip(THREAD, ["1.0", "2.0", "3.0"], ["0.0", "1.0", "2.0"], strict=True)
    ],
}  # fmt: skip


@pytest.mark.parametrize("export", EXPORTS)
def test_columns_of_exports_are_known(tmp_path: Path, export: str) -> None:
    (found,) = threads(write(tmp_path, "a.csv", EXPORTS[export])).values()
    assert found == THREAD


WHOLE: dict[str, tuple[Any, str | None, str | None]] = {
    "youtube": ({"kind": "youtube#commentThreadListResponse", "items": youtube_api()}, None, "v1"),
    "yt-dlp": ({"id": "v1", "title": "Pier", "description": "Our pier.", "webpage_url": "https://v.example/v1", "tags": ["a"],
                "comments": PLATFORMS["yt-dlp"]}, "Pier", "https://v.example/v1"),
    "disqus": ({"cursor": {"hasNext": False}, "code": 0, "response": PLATFORMS["disqus api"]}, None, "9"),
    "coral": ({"data": {"story": {"id": "s1", "url": "https://m.example/a",
               "comments": {"edges": PLATFORMS["coral"]}}}}, None,
              "https://m.example/a"),
    "guardian": ({"status": "ok", "discussion": {"key": "/p/4", "webUrl": "https://m.example/p/4", "title": "Pier",
                  "comments": PLATFORMS["guardian"]}}, "Pier", "https://m.example/p/4"),
    "nyt": ({"status": "OK", "results": {"totalCommentsFound": 3, "comments": PLATFORMS["nyt"]}}, None, None),
    "telegram": ({"name": "Pier talk", "type": "public_supergroup", "id": 55, "messages": PLATFORMS["telegram"]}, None, "55"),
    "hacker news": ({"id": 900, "title": "Pier", "url": "https://m.example/a", "author": "zed", "text": None, "type": "story",
                     "children": PLATFORMS["hacker news, algolia"]}, "Pier", "https://m.example/a"),
    "reddit": ([{"kind": "Listing", "data": {"children": [{"kind": "t3", "data": {"id": "x", "title": "Pier", "selftext": "",
                "author": "zed", "url": "https://m.example/a"}}]}}, reddit_listing()], "Pier", "https://m.example/a"),
}  # fmt: skip


@pytest.mark.parametrize("platform", WHOLE)
def test_an_answer_of_an_api_is_read_whole(tmp_path: Path, platform: str) -> None:
    value, title, url = WHOLE[platform]
    for name, text in (("a.json", json.dumps(value, indent=1)), ("b.jsonl", json.dumps(value) + "\n")):
        (tmp_path / name).write_text(text)
        (found,) = read(str(tmp_path / name))
        assert isinstance(found, Article), found
        assert (said_in(found), found.title, found.url) == (THREAD, title, url)
        assert [part.role for part in found.parts] == ["comment"] * 3


def test_a_post_with_a_text_is_the_body_of_its_thread(tmp_path: Path) -> None:
    post = {
        "title": "Pier closes",
        "selftext": "It shut on Monday.",
        "id": "x",
        "name": "t3_x",
        "author": "zed",
    }
    found = {
        one.url: one for one in read(write(tmp_path, "a.jsonl", [*DUMP, post])) if isinstance(one, Article)
    }
    assert [part.role for part in found["x"].parts] == ["title", "body", "comment", "comment", "comment"]
    assert said_in(found["x"]) == THREAD


def test_columns_of_a_dump_can_be_mapped(tmp_path: Path) -> None:
    rows = [{"Kommentar": "A.", "Wer": "Ada", "Seite": "https://m.example/a", "text": "not this"}]
    assert threads(write(tmp_path, "a.csv", rows), "text=Kommentar", "author=Wer", "url=Seite") == {
        "https://m.example/a": [("A.", "Ada", None)]
    }


def test_the_link_to_a_comment_is_no_thread_of_its_own(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "a.jsonl",
        [{"text": f"{n}.", "url": f"https://m.example/a?p=1&lc=U{n}#comment-{n}"} for n in range(3)],
    )
    assert [len(comments) for comments in threads(path).values()] == [3]


def test_without_a_thread_a_file_is_one_thread(tmp_path: Path) -> None:
    rows = [{key: value for key, value in row.items() if key != "link_id"} for row in DUMP]
    assert [len(comments) for comments in threads(write(tmp_path, "a.jsonl", rows)).values()] == [4]


def test_a_row_that_is_no_comment_is_rejected_with_its_place_and_the_rest_is_read(tmp_path: Path) -> None:
    path = write(
        tmp_path, "a.jsonl", [DUMP[0], {"remark": "A."}, {"body": "Half \ud83d.", "link_id": "t3_x"}, DUMP[2]]
    )
    *bad, found = read(path)
    assert [(one.path.rpartition(":")[2], one.reason) for one in bad if isinstance(one, Rejected)] == [
        ("2", "bad_comments"), ("3", "undecodable"),
    ]  # fmt: skip
    assert isinstance(found, Article)
    assert said_in(found) == THREAD[:2]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", "The pier closed.", "not_comments"),
        ("a.html", "<html><body><p>The pier closed.</p></body></html>", "no_comments"),
        ("a.csv", "id,parent_id\n1,0\n", "no_text_column"),
        ("a.csv", "id,body\n", "empty"),
        ("a.json", '{"items": []}', "empty"),
        ("a.jsonl", '{"id": 1, "body": "[deleted]"}', "no_comments"),
        ("a.jsonl", '{"title": "Pier", "id": "x"}', "no_comments"),
    ],
)
def test_files_without_comments_are_named(tmp_path: Path, name: str, content: str, reason: str) -> None:
    (tmp_path / name).write_text(content)
    assert [one.reason for one in read(str(tmp_path / name)) if isinstance(one, Rejected)] == [reason]


def test_a_long_thread_is_cut_between_conversations_and_no_comment_is_lost(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(comment_threads, "PIECE", 4)
    rows = [
        {"id": n, "text": f"{n}.", "parent": n % 3 if n > 2 else None, "thread_id": "t"} for n in range(9)
    ]
    found = read(write(tmp_path, "a.jsonl", rows))
    assert all(isinstance(one, Article) for one in found)
    pieces = [said_in(one) for one in found if isinstance(one, Article)]
    assert sorted(text for piece in pieces for text, _, _ in piece) == [f"{n}." for n in range(9)]
    assert [[parent for _, _, parent in piece] for piece in pieces] == [
        [None, "0.", "0."],
        [None, "1.", "1."],
        [None, "2.", "2."],
    ]
    assert isinstance(found[0], Article)
    assert "thread_split" in [note.reason for note in found[0].notes]
    small = read(write(tmp_path, "b.jsonl", rows), limits=Limits(text=200))
    assert sum(len(said_in(one)) for one in small if isinstance(one, Article)) == 9


@pytest.mark.slow
def test_a_dump_of_many_threads_is_read_in_constant_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("w") as file:
        for number in range(8_000):
            row = {
                "id": str(number),
                "body": f"Comment {number}. " + "word " * 60,
                "link_id": f"t3_{number % 4_000}",
            }
            file.write(json.dumps(row) + "\n")
    tracemalloc.start()
    count = sum(
        len(said_in(one))
        for one in read_articles([str(path)], columns=Columns(comments=True))
        if isinstance(one, Article)
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 8_000
    assert peak < 1_500_000, "the file has 3 MB"


# ---- dumps without --comments


@pytest.mark.parametrize(
    "rows", [DUMP, youtube_api(), PLATFORMS["youtube-comment-downloader"], PLATFORMS["youtube comment suite"]]
)
@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_comments_are_not_read_as_articles(tmp_path: Path, rows: list[Any], name: str) -> None:
    (found,) = read_articles([write(tmp_path, name, rows)])
    assert isinstance(found, Rejected)
    assert found.reason == "looks_like_comments"
    assert "--comments" in found.detail


def test_a_table_of_comments_without_a_text_column_names_the_option(tmp_path: Path) -> None:
    (found,) = read_articles([write(tmp_path, "a.csv", EXPORTS["nyt csv"])])
    assert isinstance(found, Rejected)
    assert "--comments" in found.detail


def test_a_comment_among_articles_is_rejected_and_a_mapped_text_is_an_article(tmp_path: Path) -> None:
    article = {"title": "Pier closes", "text": "It shut.", "parent_id": ""}
    mixed = list(
        read_articles([write(tmp_path, "a.jsonl", [article, DUMP[0], article | {"text": "It opened."}])])
    )
    assert [one.reason if isinstance(one, Rejected) else one.text.rpartition("\n")[2] for one in mixed] == [
        "It shut.", "looks_like_comments", "It opened.",
    ]  # fmt: skip
    tweets = read_articles([write(tmp_path, "b.jsonl", DUMP)], columns=parse_column_map(["text=body"]))
    assert sum(isinstance(one, Article) for one in tweets) == 5


# ---- the command


def test_split_reads_a_dump(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "a.jsonl", DUMP)
    output = str(tmp_path / "out.jsonl")
    for options, code, kinds in (([], 3, []), (["--comments"], 0, ["comment"] * 4)):
        with pytest.raises(SystemExit) as ended:
            main(["split", *options, "--overwrite", path, "-o", output])
        assert ended.value.code == code
        assert [json.loads(line)["kind"] for line in Path(output).read_text().splitlines()] == kinds
    assert "looks_like_comments" in capsys.readouterr().err


def test_comments_are_not_fetched() -> None:
    from slant.scoring.local_run import read_units
    from slant.scoring.run_options import ReadOptions

    with pytest.raises(UsageError, match="--comments reads files"):
        list(
            read_units(
                ReadOptions(("https://m.example",), comments=True, urls=True, quiet=True), [], output="-"
            )
        )
