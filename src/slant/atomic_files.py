"""Write files atomically: a file appears under its name when it is complete, or not at all."""

from __future__ import annotations

import errno
import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from slant.errors import SlantError, UsageError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling to write to; rename it to `path` on success, remove it on failure.

    Raises UsageError if `path` cannot be written, SlantError if the disk is full or fails.
    """
    make_folder(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        fsync(part)
        part.replace(path)
        fsync(path.parent)
    except OSError as error:
        if error.errno in _FULL:
            raise SlantError(
                f"-o {path}: not written completely ({error.strerror}); the old file, if any, is unchanged. "
                "Free disk space and run it again."
            ) from error
        raise UsageError(f"-o {path}: cannot be written ({error.strerror}).") from error
    finally:
        _remove(f"{glob.escape(str(part))}*")  # DuckDB writes further files beside a database


def make_folder(path: Path) -> None:
    """Create the parent folder of `path`. Raises UsageError early, before any row is computed."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"-o {path}: cannot make the folder ({error.strerror}).") from None
    if os.path.isdir(path):
        raise UsageError(f"-o {path}: cannot be written (it is a folder).")


def remove_stale(path: Path) -> None:
    """Remove temporary siblings of killed runs. Call only while no other process may write `path`."""
    _remove(f"{glob.escape(str(path.with_name('.' + path.name)))}.[0-9]*.part*")


def _remove(pattern: str) -> None:
    for found in glob.glob(pattern):
        with suppress(OSError):
            shutil.rmtree(found) if os.path.isdir(found) else os.unlink(found)


def fsync(path: Path) -> None:
    """Wait until a file, or the entries of a folder, are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        if not path.is_dir():  # not supported for folders on some file systems
            raise
    finally:
        os.close(handle)


def write_text(path: Path, text: str, *, errors: str = "strict") -> Path:
    """Write a UTF-8 text file atomically. errors: for characters that cannot be encoded, as in `str.encode`."""
    with atomic_path(path) as part:
        part.write_text(text, encoding="utf-8", errors=errors, newline="\n")
    return path
