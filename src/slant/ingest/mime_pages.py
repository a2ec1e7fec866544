"""Read mail (.eml, newsletters) and pages that a browser saved as one file (.mhtml): both are MIME messages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime
from typing import Any

from slant.errors import Rejected
from slant.ingest.article_rows import assemble
from slant.ingest.decoding import DEFAULT_LIMITS, Limits, check_characters, convert_newlines, decode_page
from slant.records import Article, Note

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]{1,60}):(?=[ \t\r\n])")
_OF_MIME = frozenset({"mime-version", "content-type", "content-transfer-encoding"})
_OF_MAIL = frozenset(
    {"from", "to", "subject", "date", "message-id", "received", "return-path", "delivered-to", "reply-to", "sender",
     "list-id", "list-unsubscribe", "snapshot-content-location", "dkim-signature", "x-mailer"}
)  # fmt: skip
_MAX_PARTS = 1000
_KEPT_SHARE = 0.6  # of the words of a mail that its article must have, else all of the mail is its text


def is_message(start: str) -> bool:
    """Does a text start with the header of a MIME message? Two of its fields must be those of a mail, one that of MIME."""
    names = {name.lower() for name in _header_fields(start)}
    return bool(names & _OF_MIME) and len(names & _OF_MAIL) >= 2


def _header_fields(start: str) -> Iterator[str]:
    lines = start.split("\n", 200)[:200]
    if lines[0].startswith("From ") or lines[0].strip().isdigit():  # of a mailbox; of Apple Mail
        lines = lines[1:]
    for line in lines:
        field = _FIELD.match(line)
        if field:
            yield field[1]
        elif not line.startswith((" ", "\t")):
            return


def read_message(data: bytes, path: str, *, outlet: str | None = None) -> Article:
    """Article of a mail or of a page saved as one file: its HTML part, else its plain text.

    A mail gives its subject as title, its sender as outlet and its date; a saved page what the page itself states.
    Raises Rejected: empty, bad_message or what html_pages.read_page raises.
    """
    try:
        message = message_from_bytes(_without_envelope(data))
        parts = _leaves(message, path)
        if "Snapshot-Content-Location" in message or message.get_content_type() == "multipart/related":
            saved = _saved_page(message, parts, path, outlet)
            if saved is not None:
                return saved
        return _mail(message, parts, path, outlet)
    except (MessageError, ValueError, LookupError, TypeError, AttributeError) as error:
        detail = f"this message cannot be read ({type(error).__name__}: {str(error)[:120]}). Is it complete?"
        raise Rejected(path, "bad_message", detail) from None


def read_messages(
    data: bytes, path: str, *, outlet: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Iterator[Article | Rejected]:
    """The articles of the export of a news database that a mail brings, or its one article.

    Raises Rejected as `read_message` does.
    """
    found = _export(data, path, outlet, limits)
    if len(found) > 1:
        yield from found
    else:
        yield read_message(data, path, outlet=outlet)


def _export(data: bytes, path: str, outlet: str | None, limits: Limits) -> list[Article | Rejected]:
    """The articles of an export in the text of a mail; empty for any other."""
    from slant.ingest.database_exports import split_text_export
    from slant.ingest.database_pages import read_pages

    try:
        message = message_from_bytes(_without_envelope(data))
        if "Snapshot-Content-Location" in message or message.get_content_type() == "multipart/related":
            return []
        parts = _leaves(message, path)
        texts = [part for part in parts if part.get_content_maintype() == "text" and not _is_attached(part)]
        texts.sort(key=lambda part: part.get_content_type() != "text/html")
        if not texts:
            return []
        first = texts[0]
        text = convert_newlines(decode_page(_body(first), first.get_content_charset()))
    except (Rejected, MessageError, ValueError, LookupError, TypeError, AttributeError):
        return []  # read_message says why
    found: list[Article | Rejected]
    try:
        if first.get_content_type() == "text/html":
            found = list(read_pages(text.encode("utf-8-sig", "replace"), path, outlet=outlet, limits=limits))
        else:
            found = split_text_export(text, path, outlet=outlet, limits=limits) or []
    except Rejected as rejected:
        if rejected.reason == "several_articles":
            raise
        return []
    if found and isinstance(found[0], Article) and (note := _attachments(parts)):
        found[0] = replace(found[0], notes=(*found[0].notes, note))
    return found


def _attachments(parts: list[Message]) -> Note | None:
    attached = [_header_name(part) for part in parts if _is_attached(part)]
    if not attached:
        return None
    names = ", ".join(attached[:5]) + (", …" if len(attached) > 5 else "")
    return Note("attachments", f"attachments were not read: {names}. Save them as files of their own.")


def _without_envelope(data: bytes) -> bytes:
    """Drop the line before the header: "From …" in a mailbox, a number in Apple Mail."""
    first, _, rest = data.partition(b"\n")
    return rest if first.startswith(b"From ") or first.strip().isdigit() else data


def _leaves(message: Message, path: str) -> list[Message]:
    found: list[Message] = []
    for part in message.walk():
        if not part.is_multipart():
            found.append(part)
        if len(found) > _MAX_PARTS:
            raise Rejected(
                path, "too_large", f"this message has over {_MAX_PARTS:,} parts. Expected one mail or page."
            )
    return found


def _saved_page(message: Message, parts: list[Message], path: str, outlet: str | None) -> Article | None:
    """The page of a saved file, or None if it is a mail. Frames in it are adverts as a rule; a note counts them."""
    from slant.ingest.html_pages import read_page

    address = _header(message, "Snapshot-Content-Location")
    pages = [part for part in parts if part.get_content_type() in ("text/html", "application/xhtml+xml")]
    if not pages or not (address or "Content-Location" in pages[0]):
        return None
    start = str(message.get_param("start") or "").strip()
    main = next((part for part in pages if address and _header(part, "Content-Location") == address), None)
    main = main or next((part for part in pages if start and part.get("Content-ID") == start), pages[0])
    url = address or _header(main, "Content-Location")
    article = read_page(
        _body(main), path, outlet=outlet, charset=main.get_content_charset(),
        url=url if url and url.startswith("http") else None,
    )  # fmt: skip
    frames = len(pages) - 1
    if not frames:
        return article
    note = Note("frames", f"{frames} frames of this saved page (adverts, widgets) were not read.")
    return replace(article, notes=(*article.notes, note))


def _mail(message: Message, parts: list[Message], path: str, outlet: str | None) -> Article:
    texts = [part for part in parts if part.get_content_maintype() == "text" and not _is_attached(part)]
    page = next((part for part in texts if part.get_content_type() == "text/html"), None)
    plain = next(
        (part for part in texts if part.get_content_type() == "text/plain" and _body(part).strip()), None
    )
    subject = _header(message, "Subject")
    if page is not None and _body(page).strip():
        try:
            article = _mail_page(page, path, subject)
        except Rejected:
            if plain is None:
                raise
            article = _mail_text(plain, path, subject)
    elif plain is not None:
        article = _mail_text(plain, path, subject)
    else:
        raise Rejected(path, "empty", "this message has no text. Expected a mail with text or HTML.")
    note = _attachments(parts)
    sender = parseaddr(_header(message, "From") or "")[0] or None
    return replace(
        article,
        outlet=outlet or sender or article.outlet,
        published=_date(message) or article.published,
        notes=(*article.notes, note) if note else article.notes,
    )


def _mail_page(part: Message, path: str, subject: str | None) -> Article:
    """Article of an HTML mail. All of its text, where too little of it would be left: a mail has no menu around it."""
    from slant.ingest.html_pages import check_size, parse_html, read_page
    from slant.ingest.html_text import join_blocks, text_blocks

    data, charset = _body(part), part.get_content_charset()
    found: Article | None = None
    failed: Rejected | None = None
    try:
        found = read_page(data, path, charset=charset)
    except Rejected as rejected:
        if rejected.reason != "no_article_text":
            raise
        failed = rejected
    tree = parse_html(convert_newlines(decode_page(data, charset)), path)
    body = None if tree is None else tree.find("body")
    if body is None:
        raise failed or Rejected(path, "empty", "the HTML of this message is empty.")
    check_size(tree, path)
    everything = join_blocks(text_blocks(body))
    if found is not None and len(found.text.split()) >= _KEPT_SHARE * len(everything.split()):
        return replace(found, title=subject or found.title)
    if not everything:
        raise failed or Rejected(path, "empty", "the HTML of this message has no text.")
    text, parts = assemble(subject, None, everything, [])
    return Article(
        text=text,
        path=path,
        title=subject,
        markup="page",
        parts=parts,
        url=None if found is None else found.url,
    )


def _mail_text(part: Message, path: str, subject: str | None) -> Article:
    body = convert_newlines(decode_page(_body(part), part.get_content_charset())).strip("\n")
    text, parts = assemble(subject, None, body, [])
    check_characters(text, path)
    return Article(text=text, path=path, title=subject, markup="markdown", parts=parts)


def _body(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment"


def _header_name(part: Message) -> str:
    return _decoded(part.get_filename()) or part.get_content_type()


def _header(message: Message, name: str) -> str | None:
    return _decoded(message.get(name))


def _decoded(value: Any) -> str | None:
    """A header as one line, with encoded words decoded; None if it is missing or blank."""
    if value is None:
        return None
    try:
        words = str(make_header(decode_header(str(value))))
    except (MessageError, ValueError, LookupError):
        words = str(value)
    return " ".join(words.encode("utf-8", "replace").decode().split()) or None


def _date(message: Message) -> str | None:
    try:
        return parsedate_to_datetime(str(message.get("Date"))).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
