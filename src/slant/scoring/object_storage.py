"""Object storage (s3://…, gs://…, file://…): list, fetch and write by URL, through fsspec."""

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
_CHECK = "Check the bucket, the credentials and, for an S3 server other than Amazon's, AWS_ENDPOINT_URL."


def is_storage(path: str) -> bool:
    """Return whether a path is a storage URL; web addresses are not."""
    return bool(_URL.match(path))


def refuse_options(url: str) -> None:
    """Raise UsageError for keys and options in a URL. pyarrow accepts them, but messages would show the keys."""
    if is_storage(url) and _KEY_OR_OPTION.match(url):
        raise UsageError(
            f"{url.partition('://')[0]}://…: a URL may hold a bucket and a path, but no keys and no options. Set "
            "AWS_ENDPOINT_URL=http://HOST:PORT, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, on every node."
        )


def filesystem(url: str) -> tuple[Any, str]:
    """Return `(fsspec file system, path in it)`. Uses pyarrow's file system if fsspec's package (s3fs, gcsfs) is missing.

    Raises UsageError for a scheme that neither supports.
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
        path = f"{path}/{below}".rstrip("/")  # joined as a path: in a URI, ?, # and % would be special
    return found, path


@lru_cache
def _arrow(root: str) -> tuple[Any, str]:
    """Open a bucket, once: each file system has its own connections."""
    from fsspec.implementations.arrow import ArrowFSWrapper
    from pyarrow.fs import FileSystem

    arrow, path = FileSystem.from_uri(root)
    return ArrowFSWrapper(arrow), path


def list_objects(url: str) -> Iterator[tuple[str, int] | Rejected]:
    """Yield `(url, bytes)` of each file that a URL names: an object, all files below a folder, or the matches of a pattern.

    Files are sorted by name. Hidden files and the empty objects that represent folders (`in/`) are skipped.
    If there is no file, or the storage refuses to list, yields a Rejected.
    """
    system, path = filesystem(url)
    path, pattern = path.rstrip("/"), glob.has_magic(path)
    above = re.split(r"[*?[]", path, maxsplit=1)[0].rpartition("/")[0] if pattern else path
    found: dict[str, Any] = {}
    try:
        # First, since find and glob return nothing for a folder that they may not list.
        info = system.info(above or system.root_marker)
        if pattern:
            found = system.glob(path, detail=True)
        elif info["type"] == "file":
            found = {path: info}
        else:
            found = _below(system, path)
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        yield Rejected(url, "unreadable", f"the storage cannot list it: {error}. {_CHECK}")
        return
    prefix = url.rstrip("/").removesuffix(path[len(above) :])
    sizes = {
        prefix + name[len(above) :]: info["size"] or 0
        for name, info in sorted(found.items())
        if info["type"] == "file" and not name.endswith("/") and not _hidden(name[len(above) :])
    }
    yield from sizes.items()
    if not sizes:
        yield Rejected(url, "missing", "there is no file under this URL. Check the bucket and the folder.")


def _below(system: Any, path: str) -> dict[str, Any]:
    """List a folder recursively. Calls pyarrow directly: one request, and an error if the folder may not be listed."""
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
    """Copy an object to a local file with the same name, which exists inside the context. Raises OSError."""
    system, path = filesystem(url)
    with tempfile.TemporaryDirectory(prefix="slant-") as folder:
        local = os.path.join(folder, os.path.basename(path))
        with system.open(path, "rb") as source, open(local, "wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
        yield local


@contextmanager
def storage_errors(place: str) -> Iterator[None]:
    """Raise OSErrors of the storage or the disk as SlantError."""
    try:
        yield
    except OSError as error:
        hint = _CHECK if is_storage(place) else "Is the disk full, or the folder write-protected?"
        raise SlantError(f"{place}: cannot be read or written ({error}). {hint}") from error


def replace_object(url: str, content: IO[bytes] | None) -> str | None:
    """Write `content`, from its beginning, to `url`, whole or not at all; None removes the object. Returns the URL or None.

    Raises SlantError if the storage fails.
    """
    system, path = filesystem(url)
    with storage_errors(url), ThreadPoolExecutor(1) as thread:
        if content is None:
            if system.exists(path):
                system.rm_file(path)
            return None
        # In a thread: Ctrl-C waits for the upload to end, and does not leave half an object.
        thread.submit(_put, system, path, content).result()
    return url


def _put(system: Any, path: str, content: IO[bytes]) -> None:
    content.seek(0)
    system.makedirs(path.rpartition("/")[0], exist_ok=True)
    with system.open(path, "wb") as target:
        shutil.copyfileobj(content, target, 1 << 20)
