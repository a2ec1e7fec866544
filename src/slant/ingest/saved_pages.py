"""The folder that a browser saves beside a page: "NAME_files" with the scripts, styles, pictures and frames of NAME.html."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slant.errors import Rejected

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


def page_files(path: str, page: str) -> Rejected:
    """The one rejection of such a folder at `path`."""
    detail = f"this folder holds the scripts, styles, pictures and frames of {page}, so it was left out."
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
