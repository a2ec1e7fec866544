"""Key and column names of comments, as platforms give them: one table for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

# Names without case and punctuation ("parent_id", "parentId" and "Parent ID" are "parentid"), in order of precedence.
_NAMES: dict[str, tuple[str, ...]] = {
    "text": ("textoriginal", "rawmessage", "commenttext", "commentbody", "commentcontent", "fulltext", "text", "body",
             "content", "comment", "message", "textdisplay", "cooked", "bodyhtml", "texthtml", "tweet"),
    "id": ("postnumber", "commentid", "cid", "id", "idstr", "messageid", "tweetid", "pk", "uuid", "objectid", "uri"),
    "parent": ("replytoreplyid", "parentcommentid", "parentid", "commentparent", "parentcomment", "parent",
               "inreplytocommentid", "inreplytoid", "inreplytostatusidstr", "inreplytostatusid", "inreplyto",
               "replytocommentid", "replytoid", "replytomessageid", "replytopostnumber", "replyto", "responseto",
               "repliedto", "referencedtweets", "replyid"),
    "author": ("authordisplayname", "userdisplayname", "authorname", "commentauthor", "displayname", "author", "user",
               "username", "nickname", "screenname", "userprofile", "account", "commenter", "owner", "from", "by",
               "acct", "profilename", "uniqueid", "name"),
    "published": ("createdutc", "createdat", "publishedat", "published", "createtime", "createdtime", "createdate",
                  "commentdategmt", "commentdate", "timeparsed", "timestamp", "isodatetime", "dategmt", "date",
                  "datetime", "time", "updatedat"),
    "thread": ("linkid", "threadid", "thread", "videoid", "storyid", "story", "submissionid", "discussionid",
               "conversationid", "topicid", "articleid", "newsid", "docid", "documentid", "contentid",
               "assetid", "mediaid", "awemeid", "postid", "post",
               "articleurl", "posturl", "videourl", "threadurl", "storyurl", "asseturl", "pageurl", "url", "link"),
    "url": ("articleurl", "posturl", "videourl", "threadurl", "storyurl", "asseturl", "pageurl", "weburl",
            "webpageurl", "url", "link"),
    "thread_title": ("linktitle", "threadtitle", "videotitle", "articletitle", "storytitle", "posttitle",
                     "submissiontitle"),
    "title": ("title", "headline", "cleantitle"),
    "outlet": ("outlet", "publisher", "publication", "newspaper", "newsoutlet", "sitename"),
    "status": ("status", "commentstatus", "messagestatus", "moderationstatus"),
    "approved": ("commentapproved", "isapproved", "approved"),
    "deleted": ("deleted", "isdeleted", "removed", "isremoved", "isspam", "dead"),
    "kind": ("kind", "commenttype", "type"),
}  # fmt: skip
_ROLES: dict[str, tuple[tuple[str, int], ...]] = {}
for _role, _names in _NAMES.items():
    for _rank, _name in enumerate(_names):
        _ROLES[_name] = (*_ROLES.get(_name, ()), (_role, _rank))
RAW_TEXT = ("textoriginal", "rawmessage")  # never HTML, whatever it looks like
# Objects that hold the comment, or the list of comments, one level deeper.
WRAPPERS = ("snippet", "toplevelcomment", "node", "data", "attributes", "record", "comment", "fields", "legacy", "tweet",
             "discussion", "story", "asset", "thread", "response", "results", "post", "metadata")  # fmt: skip
ALWAYS_UNWRAPPED = ("snippet", "toplevelcomment", "node")
LISTS = ("comments", "replies", "responses", "children", "edges", "nodes", "items", "data", "results", "response",
          "messages", "answers", "comment", "hits", "threads", "kids", "commentsv2", "rows", "chats", "list")  # fmt: skip
# A list under any such name is the replies of a comment, so that no unknown name loses them.
_REPLIES = re.compile(r".*(?:repl(?:y|ies)|respon[sd]|child|comment|answer|kids)[a-z]*")
_NO_REPLIES = re.compile(r".*(?:history|edit|version|tags|entit)[a-z]*")
INNER_TEXT = ("rendered", "raw", "plain", "simpletext", "text", "html", "content", "body", "value")
INNER_NAME = ("displayname", "name", "username", "nickname", "screenname", "acct", "handle", "login", "title",
               "simpletext", "fullname", "uniqueid")  # fmt: skip
INNER_ID = ("commentid", "id", "oid", "messageid", "uri", "numberlong")
_KNOWN_BY = ("parentid", "linkid", "parentcommentid", "commentparent", "inreplyto", "inreplytoid", "inreplytocommentid",
             "inreplytostatusid", "inreplytostatusidstr", "replytoid", "replytocommentid", "replytomessageid",
             "replytopostnumber", "responseto", "commentid", "commenttext", "commentbody", "commentcontent",
             "commentauthor", "toplevelcomment")  # fmt: skip
MAX_WRAPPED = 6  # objects around one comment


@lru_cache(maxsize=8192)
def plain_name(name: object) -> str:
    """Return a name without case and punctuation."""
    return "".join(character for character in str(name).lower() if character.isalnum())


@lru_cache(maxsize=8192)
def roles(name: object) -> tuple[tuple[str, int], ...]:
    """Return `(role, rank)` per role of a key; a lower rank takes precedence. Flattened names are known by their end.

    "snippet.textDisplay" is a text, "author.name" an author and "parent.id" a parent, but "author.id" is nothing.
    """
    above, dot, last = str(name).rpartition(".")
    if not dot:
        return _ROLES.get(plain_name(name), ())
    holder, last = plain_name(above.rpartition(".")[2]), plain_name(last)
    held = dict(_ROLES.get(holder, ()))
    if "author" in held:
        return (("author", 100 + held["author"]),) if last in INNER_NAME else ()
    if "parent" in held:
        return (("parent", 100 + held["parent"]),) if last in INNER_ID else ()
    if "text" in held and last in INNER_TEXT:
        return (("text", 100 + held["text"]),)
    if holder in ("thread", "story", "post", "video", "article"):
        return {"id": (("thread", 0),), "url": (("url", 0), ("thread", 100)), "title": (("title", 0),)}.get(
            last, ()
        )
    return tuple((role, 100 + rank) for role, rank in _ROLES.get(last, ()))


class Shape(NamedTuple):
    """What the keys of an object may hold. Objects of one file share a few shapes, so that each is worked out once.

    roles: role and its keys, by precedence. texts: keys of the text. wrappers: keys of objects that hold the comment.
    """

    roles: tuple[tuple[str, tuple[Any, ...]], ...]
    texts: tuple[Any, ...]
    wrappers: tuple[Any, ...]
    replies: tuple[Any, ...]


@lru_cache(maxsize=1024)
def shape_of(names: tuple[Any, ...]) -> Shape:
    """Return what an object with these keys may hold."""
    found: dict[str, list[tuple[int, int]]] = {}
    for place, name in enumerate(names):
        for role, rank in roles(name):
            found.setdefault(role, []).append((rank, place))
    ordered = {role: tuple(names[place] for _, place in sorted(each)) for role, each in found.items()}
    wrappers = [name for name in names if plain_name(name) in WRAPPERS]
    replies = [
        name
        for name in names
        if _REPLIES.fullmatch(plain_name(name))
        and not _NO_REPLIES.fullmatch(plain_name(name))
        and name not in ordered.get("parent", ())
    ]
    return Shape(
        tuple(ordered.items()),
        ordered.get("text", ()),
        tuple(sorted(wrappers, key=lambda name: WRAPPERS.index(plain_name(name)))),
        tuple(replies),
    )


def column_role(name: object) -> str | None:
    """Return what a column of a table of comments holds: "text", another role, "nested", or None."""
    found = [role for role, _ in roles(name)]
    plain = plain_name(name)
    nested = plain in WRAPPERS or plain in LISTS or _REPLIES.fullmatch(plain)
    return "text" if "text" in found else found[0] if found else "nested" if nested else None


def looks_like_comments(row: Mapping[str, Any] | Iterable[object]) -> bool:
    """Return whether the keys of a row (or the columns of a table) are those of one comment rather than an article.

    A row with a title is an article.
    """
    names = set(map(plain_name, row))
    if isinstance(row, Mapping):
        if any(plain_name(name) in ("title", "headline", "comments") and row[name] for name in row):
            return False
    elif names & {"title", "headline"}:
        return False
    return not names.isdisjoint(_KNOWN_BY) or ("cid" in names and "votes" in names)
