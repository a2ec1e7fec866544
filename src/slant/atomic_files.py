"""Files that appear under their name when they are complete, or not at all."""

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
def whole(path: Path) -> Iterator[Path]:
    """A sibling to write to, that takes the name of `path` when all went well, and is removed otherwise.

    Raises UsageError where nothing can be written, SlantError where the disk is full or fails.
    """
    make_folder(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        sync(part)
        part.replace(path)
        sync(path.parent)
    except OSError as error:
        if error.errno in _FULL:
            raise SlantError(
                f"-o {path}: it could not be written to its end ({error.strerror}), and nothing was put in its place. "
                "Make room and run it again."
            ) from error
        raise UsageError(f"-o {path}: cannot be written ({error.strerror}).") from error
    finally:
        _remove(f"{glob.escape(str(part))}*")  # DuckDB puts more beside a database while it writes


def make_folder(path: Path) -> None:
    """The folder that `path` goes into. Raises UsageError, now and not when the last row is written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"-o {path}: cannot make the folder ({error.strerror}).") from None
    if os.path.isdir(path):
        raise UsageError(f"-o {path}: cannot be written (it is a folder).")


def remove_stale(path: Path) -> None:
    """Removes the siblings that killed runs left; only for who alone may write `path`."""
    _remove(f"{glob.escape(str(path.with_name('.' + path.name)))}.[0-9]*.part*")


def _remove(pattern: str) -> None:
    for found in glob.glob(pattern):
        with suppress(OSError):
            shutil.rmtree(found) if os.path.isdir(found) else os.unlink(found)


def sync(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        if not path.is_dir():  # some file systems cannot do this for a folder
            raise
    finally:
        os.close(handle)
