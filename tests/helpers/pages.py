"""The code examples of a page of documentation, for the tests that run them."""

from __future__ import annotations

import re
from pathlib import Path


def examples(page: Path, *, language: str = "python") -> list[tuple[str, str]]:
    """(heading above it, code) of each fenced block in `language`, in order."""
    pattern = rf"^(#+ [^\n]*)$|^```{language}\n(.*?)^```$"
    heading, out = "", []
    for title, code in re.findall(pattern, page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        heading = title or heading
        if code:
            out.append((heading, code))
    return out
