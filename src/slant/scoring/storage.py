"""Object storage and other places named by a URL (s3://…, gs://…, file://…): listed, fetched, written, by way of fsspec."""

from __future__ import annotations

import glob
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from slant.errors import Rejected, SlantError, UsageError

_URL = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]+://")


def is_storage(path: str) -> bool:
    """Whether it is a URL of a storage, and no page of the web."""
    return bool(_URL.match(path))


def filesystem(url: str) -> tuple[Any, str]:
    """`(fsspec file system, path in it)`; where fsspec lacks the package for it (s3fs, gcsfs), pyarrow's own is taken.

    Raises UsageError for a scheme that neither knows.
    """
    import fsspec
    from fsspec.implementations.arrow import ArrowFSWrapper
    from pyarrow.fs import FileSystem

    try:
        found, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        try:
            arrow, path = FileSystem.from_uri(url)
        except (ValueError, OSError) as also:
            raise UsageError(f"{url}: cannot be opened ({error}; pyarrow: {also}).") from None
        found = ArrowFSWrapper(arrow)
    return found, path


def listed(url: str) -> Iterator[tuple[str, int] | Rejected]:
    """`(url, bytes)` of each file that a URL names: an object, all below a folder by name, or what matches a pattern.

    Hidden files are left out, as below a folder of this machine. Nothing found is a Rejected, never an error.
    """
    system, path = filesystem(url)
    scheme = url.partition("://")[0]
    try:
        if glob.has_magic(path):
            found = system.glob(path, detail=True)
        elif system.isfile(path):
            found = {path: system.info(path)}
        else:
            found = system.find(path, detail=True)
    except (OSError, ValueError) as error:
        yield Rejected(url, "unreadable", f"the storage refuses to list it: {error}. Check the credentials.")
        return
    files = [(name, info["size"] or 0) for name, info in sorted(found.items()) if info["type"] == "file"]
    above = re.split(r"[*?[]", path, maxsplit=1)[0].rpartition("/")[0] if glob.has_magic(path) else path
    shown = [row for row in files if not _hidden(row[0][len(above.rstrip("/")) :])]
    for name, size in shown:
        yield f"{scheme}://{name}" if not _URL.match(name) else name, size
    if not shown:
        yield Rejected(url, "missing", "there is nothing under this name. Check the bucket and the folder.")


def _hidden(below: str) -> bool:
    return any(part.startswith(".") for part in below.split("/"))


@contextmanager
def fetched(url: str) -> Iterator[str]:
    """The object as a file of this machine under its own name, for as long as the context lasts. Raises OSError."""
    system, path = filesystem(url)
    with tempfile.TemporaryDirectory(prefix="slant-") as folder:
        local = os.path.join(folder, os.path.basename(path))
        with system.open(path, "rb") as source, open(local, "wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        yield local


def replace_object(url: str, content: IO[bytes] | None) -> str | None:
    """Puts `content`, from its beginning, under `url`, whole or not at all, or removes what is there. Returns the url.

    Raises SlantError where the storage refuses.
    """
    system, path = filesystem(url)
    try:
        if content is None:
            if system.exists(path):
                system.rm_file(path)
            return None
        content.seek(0)
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        with system.open(path, "wb") as target:
            shutil.copyfileobj(content, target, 1 << 20)
    except OSError as error:
        raise SlantError(
            f"-o {url}: the storage refuses to write it ({error}). Check the credentials."
        ) from error
    return url
