"""Recognize files that are never articles although they are text: programs, styles, settings, licenses."""

from __future__ import annotations

import re
from pathlib import PurePath

from slant.errors import Rejected


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_CODE = _set(""".js .mjs .cjs .jsx .ts .tsx .css .scss .less .map .py .pyc .ipynb
    .r .rmd .do .sps .m .java .c .h .cc .cpp
    .hpp .cs .go .rs .rb .pl .sh .bash .bat .cmd .ps1 .sql .vbs .lua .swift .kt .wasm .tex .bst .cls .sty""")
_SETTINGS = _set(""".ini .cfg .conf .toml .yml .yaml .properties .env .lock
    .plist .url .webloc .desktop .lnk .reg .htaccess .manifest .xsd .dtd .xsl .xslt .log .part
    .crdownload .tmp .bak .download""")
_STATISTICS = _set(""".sav .dta .rds .rda .rdata .sas7bdat .por .mat .pkl .pickle
    .npy .npz .feather""")
_CITATIONS = _set(""".ris .bib .enw .enl .nbib .ciw""")
_MEDIA = _set(""".woff .woff2 .ttf .otf .eot .ico .webp .avif .bmp .svg .png .jpg
    .jpeg .gif .tif .tiff .mp3 .mp4 .m4a .wav .ogg .webm .avi .mov
    .swf .psd .heic""")
_NAMES = _set("""thumbs.db desktop.ini .ds_store makefile dockerfile gemfile
    jenkinsfile robots.txt ads.txt humans.txt security.txt""")
# Files about a collection, as a folder of articles from a repository holds them.
_ABOUT = re.compile(
    r"(?:licen[cs]e|copying|changelog|readme|code_of_conduct|codebook)(?:[-_.](?:mit|apache|gpl|bsd|en))?(?:\.(?:txt|md|rst))?"
    r"|notice|authors|contributors|contributing|changes|citation\.cff",
    re.I,
)

# How the text of a program, a style sheet or settings starts, comments passed over.
_COMMENT = re.compile(r"(?:\s++|/\*.{0,20000}?\*/|//[^\n]*+(?:\n|\Z)|<!--.{0,2000}?-->)", re.S)
_CODE_START = re.compile(
    r"""["']use\ strict["']|[;!+(]{0,3}\s*(?:async\s+)?function\b\s*[\w$]*\s*\(|[;!]?\(\s*\([\w\s,$]*\)\s*=>
    |(?:var|let|const)\s+[\w${\[][^\n=]{0,200}=|(?:window|document|self|globalThis|module|exports|jQuery|\$)\s*[.\[(=]
    |import\s*(?:[\w*{$][^\n]{0,200}\bfrom\s*)?["']|export\s+(?:default|const|function|class|\{)|define\s*\(|try\s*\{
    |\#!\s*/|<\?php|\#include\s*[<"]|package\s+[\w.]+;|from\s+[\w.]+\s+import\s|import\s+[\w.]+(?:\s+as\s+\w+)?\s*\n
    |if\s*\(\s*(?:typeof|!?window|!?document)""",
    re.X,
)
_STYLE_START = re.compile(
    r"@(?:charset|import|media|font-face|keyframes|namespace|supports|layer)\b[^\n]{0,300}[;{]"
    r"|[\w.#*:\[\]\"'=>+~, ()\n-]{1,500}\{\s*(?:--|[a-z-])[\w-]*\s*:[^{}]{1,2000}[;}]"
)
_SETTINGS_START = re.compile(r"\[[\w .:/-]{1,60}\]\s*\n(?:\s*[;#][^\n]*\n)*\s*[\w.@-]{1,60}\s*=")
_CODE_MARKS = re.compile(r"[{}();=]")
_CODE_SHARE = 0.025  # of the characters of a program are such marks; prose has a tenth of that


def reject_by_name(path: str) -> None:
    """Raises Rejected not_text or citation for a name that no article has."""
    name = PurePath(path.rpartition("!")[2]).name.lower()
    ending = PurePath(name).suffix
    if ending in (".gz", ".zst", ".zstd"):
        return
    if ending in _CODE:
        raise Rejected(
            path, "not_text", f"{name[-60:]} is a program, style sheet or data of one, not an article."
        )
    if ending in _SETTINGS or name in _NAMES:
        raise Rejected(
            path,
            "not_text",
            f"{name[-60:]} holds settings, an address or part of a download, not an article.",
        )
    if ending in _STATISTICS:
        raise Rejected(
            path,
            "not_text",
            f"{name[-60:]} is a data file of a statistics program. Export it as CSV or Parquet.",
        )
    if ending in _CITATIONS:
        raise Rejected(
            path, "citation", f"{name[-60:]} holds references, not articles. Export the full text instead."
        )
    if ending in _MEDIA:
        raise Rejected(path, "not_text", f"{name[-60:]} is a picture, font, sound or film, not an article.")


def reject_about(path: str) -> None:
    """Raises Rejected "not_text" for a license, README or the like."""
    name = PurePath(path.rpartition("!")[2]).name
    if _ABOUT.fullmatch(name):
        detail = f"{name} describes a collection or its license, it is no article. Give it another name if it is one."
        raise Rejected(path, "not_text", detail)


def reject_code(start: str, path: str) -> None:
    """Raises Rejected "code" for text that starts like a program, style sheet or settings, and is full of their marks."""
    at = 0
    while at < 30_000 and (comment := _COMMENT.match(start, at)):
        at = comment.end()
    part = start[at : at + 4000]
    if _SETTINGS_START.match(part):
        raise Rejected(
            path, "code", "this is a file of settings, not prose. Expected the text of an article."
        )
    dense = len(_CODE_MARKS.findall(part)) > _CODE_SHARE * max(len(part), 1)
    if dense and (_CODE_START.match(part) or _STYLE_START.match(part)):
        detail = "this is a program or style sheet, not prose. Expected the text of an article."
        raise Rejected(path, "code", detail)
