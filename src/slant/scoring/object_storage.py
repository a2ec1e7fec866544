"""Object storage and other places named by a URL (s3://…, gs://…, file://…): listed, fetched, written, by way of fsspec."""

from __future__ import annotations

import glob
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from typing import IO, Any

from slant.errors import Rejected, SlantError, UsageError

_URL = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]+://")
_KEY_OR_OPTION = re.compile(r"(s3a?|gs|gcs)://[^/]*@|.*[?&](endpoint_override|region|scheme)=")
_CHECK = "Check the bucket, the credentials and, for another S3 than Amazon's, AWS_ENDPOINT_URL."


def is_storage(path: str) -> bool:
    """Whether it is a URL of a storage, and no page of the web."""
    return bool(_URL.match(path))


def refuse_options(url: str) -> None:
    """Raises UsageError for keys and options in a URL (pyarrow takes them): messages would show, listings lose them."""
    if is_storage(url) and _KEY_OR_OPTION.match(url):
        raise UsageError(
            f"{url.partition('://')[0]}://…: a URL names a bucket and what is in it; it takes no keys and no options. Set "
            "AWS_ENDPOINT_URL=http://HOST:PORT, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, on every node."
        )


def filesystem(url: str) -> tuple[Any, str]:
    """`(fsspec file system, path in it)`; where fsspec lacks the package for it (s3fs, gcsfs), pyarrow's own is taken.

    Raises UsageError for a scheme that neither knows.
    """
    import fsspec

    try:
        found, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        scheme, _, name = url.partition("://")
        root, _, below = name.partition("/")
        try:
            found, path = _arrow(f"{scheme}://{root}")
        except (ValueError, OSError) as also:
            raise UsageError(f"{url}: cannot be opened ({error}; pyarrow: {also}).") from None
        path = f"{path}/{below}".rstrip("/")  # as it is: as a part of a URI, ?, # and % would mean something
    return found, path


@lru_cache
def _arrow(root: str) -> tuple[Any, str]:
    """Once for a bucket: each has connections of its own."""
    from fsspec.implementations.arrow import ArrowFSWrapper
    from pyarrow.fs import FileSystem

    arrow, path = FileSystem.from_uri(root)
    return ArrowFSWrapper(arrow), path


def listed(url: str) -> Iterator[tuple[str, int] | Rejected]:
    """`(url, bytes)` of each file that a URL names: an object, all below a folder by name, or what matches a pattern.

    Hidden files are left out, as below a folder of this machine, and the empty objects that stand for folders (`in/`).
    Nothing found is a Rejected, never an error.
    """
    system, path = filesystem(url)
    path, pattern = path.rstrip("/"), glob.has_magic(path)
    above = re.split(r"[*?[]", path, maxsplit=1)[0].rpartition("/")[0] if pattern else path
    found: dict[str, Any] = {}
    try:
        # Asked first, since find and glob take a folder that is refused for an empty one.
        there = system.info(above or system.root_marker)
        if pattern:
            found = system.glob(path, detail=True)
        elif there["type"] == "file":
            found = {path: there}
        else:
            found = _below(system, path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        yield Rejected(url, "unreadable", f"the storage refuses to list it: {error}. {_CHECK}")
        return
    before = url.rstrip("/").removesuffix(path[len(above) :])
    shown = {
        before + name[len(above) :]: info["size"] or 0
        for name, info in sorted(found.items())
        if info["type"] == "file" and not name.endswith("/") and not _hidden(name[len(above) :])
    }
    yield from shown.items()
    if not shown:
        yield Rejected(url, "missing", "there is nothing under this name. Check the bucket and the folder.")


def _below(system: Any, path: str) -> dict[str, Any]:
    """All in a folder and its folders. pyarrow is asked itself: in one go, and an error is not taken for an empty folder."""
    from fsspec.implementations.arrow import ArrowFSWrapper
    from pyarrow.fs import FileSelector

    if not isinstance(system, ArrowFSWrapper):
        return dict(system.find(path, detail=True))
    found = system.fs.get_file_info(FileSelector(path, recursive=True))
    return {file.path: {"type": "file", "size": file.size} for file in found if file.is_file}


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


@contextmanager
def refusals(place: str) -> Iterator[None]:
    """Raises SlantError for what the storage, or the disk, refuses meanwhile."""
    try:
        yield
    except OSError as error:
        hint = _CHECK if is_storage(place) else "Is the disk full, or the folder somebody else's?"
        raise SlantError(f"{place}: cannot be read or written ({error}). {hint}") from error


def replace_object(url: str, content: IO[bytes] | None) -> str | None:
    """Puts `content`, from its beginning, under `url`, whole or not at all, or removes what is there. Returns the url.

    Raises SlantError where the storage refuses.
    """
    system, path = filesystem(url)
    with refusals(url), ThreadPoolExecutor(1) as thread:
        if content is None:
            if system.exists(path):
                system.rm_file(path)
            return None
        # In a thread, since Ctrl-C would close the object half written: so it waits for the end.
        thread.submit(_put, system, path, content).result()
    return url


def _put(system: Any, path: str, content: IO[bytes]) -> None:
    content.seek(0)
    system.makedirs(path.rpartition("/")[0], exist_ok=True)
    with system.open(path, "wb") as target:
        shutil.copyfileobj(content, target, 1 << 20)
