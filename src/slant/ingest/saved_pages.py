"""The folder that a browser saves beside a page: "NAME_files" with the scripts, styles, pictures and frames of NAME.html."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from slant.errors import Rejected
from slant.ingest.decoding import decode_page

_PAGES = (".html", ".htm", ".xhtml")
# What browsers add to the name of the page, in the language of the reader.
_ADDED = (
    "_files", ".files", "-files", "_file", "-Dateien", "_fichiers", "-fichiers", "_archivos", "_ficheros", "_arquivos",
    "-bestanden", "_bestanden", "-filer", "_filer", "_elemei", "_soubory", "_pliki", "_tiedostot", "_dosyalar",
)  # fmt: skip


def page_of(folder: str, names: Iterable[str]) -> str | None:
    """The page among `names` (of the files beside it) whose pictures and scripts a folder holds, or None."""
    added = next((each for each in _ADDED if folder.endswith(each)), None)
    if added is None:
        return None
    stem = folder.removesuffix(added)
    pages = {stem + ending for ending in _PAGES}
    return next(
        (name for name in names if name in pages or name.lower() in {page.lower() for page in pages}), None
    )


def page_files(path: str, page: str, *, in_archive: bool = False) -> Rejected:
    """The one rejection of such a folder at `path`."""
    detail = f"this folder holds the scripts, styles, pictures and frames of {page}, so it was left out"
    detail += (
        ", with any comments in its frames. Unpack the archive to read these."
        if in_archive
        else ", except for comments in its frames."
    )
    return Rejected(path, "page_files", detail)


def companion_folders(members: Iterable[str]) -> dict[str, str]:
    """Folder → its page, for the folders of saved pages among the members of an archive."""
    pages: set[str] = set()
    folders: set[str] = set()
    for member in members:
        if member.lower().endswith(_PAGES):
            pages.add(member)
        folders.update(folder for folder in enclosing_folders(member) if folder.endswith(_ADDED))
    found = {}
    for folder in sorted(folders):
        parent, _, name = folder.rpartition("/")
        before = f"{parent}/" if parent else ""
        stem = next(name.removesuffix(each) for each in _ADDED if name.endswith(each))
        page = next((stem + ending for ending in _PAGES if f"{before}{stem}{ending}" in pages), None)
        if page:
            found[folder] = page
    return found


def enclosing_folders(member: str) -> Iterator[str]:
    """The folders that a member of an archive is in, from the outermost."""
    at = member.find("/")
    while 0 <= at < 4096:
        yield member[:at]
        at = member.find("/", at + 1)


_FRAME = re.compile(
    rb"<iframe\b[^>]{0,4000}?\ssrc\s*=\s*(?:\"([^\"<>]{1,500})\"|'([^'<>]{1,500})')[^>]{0,4000}>", re.I
)
_MAX_FRAMES = 50
_MAX_FRAME = 5_000_000  # bytes


def with_frames(data: bytes, path: str) -> bytes:
    """Return the page saved at `path` with the content of the frames in its folder as `srcdoc`, as if it were one file.

    Nothing outside of the folder is read. html_comments.py keeps the frames that hold comments.
    """
    if b"<iframe" not in data.lower() or not os.path.isfile(path):
        return data
    count = 0

    def inlined(found: re.Match[bytes]) -> bytes:
        nonlocal count
        frame = _frame_file(path, html.unescape((found[1] or found[2]).decode("utf-8", "replace")))
        if frame is None or count >= _MAX_FRAMES or b"srcdoc" in found.group().lower():
            return found.group()
        count += 1
        try:
            with open(frame, "rb") as file:
                content = file.read(_MAX_FRAME + 1)
        except OSError:
            return found.group()
        if len(content) > _MAX_FRAME:
            return found.group()
        words = html.escape(decode_page(content)).encode("ascii", "xmlcharrefreplace")
        return b'<iframe srcdoc="' + words + b'">'

    return _FRAME.sub(inlined, data)


def _frame_file(page: str, source: str) -> str | None:
    """Path of a frame in the folder of a saved page, or None if its source is anything else."""
    parts = [
        each
        for each in unquote(source.partition("#")[0].partition("?")[0]).replace("\\", "/").split("/")
        if each != "."
    ]
    if len(parts) < 2 or ".." in parts or "" in parts or "\x00" in source:
        return None
    folder, name = os.path.split(page)
    if page_of(parts[0], [name]) is None:
        return None
    inside = os.path.realpath(os.path.join(folder, parts[0]))
    frame = os.path.realpath(os.path.join(folder, *parts))
    return frame if frame.startswith(os.path.join(inside, "")) and os.path.isfile(frame) else None
