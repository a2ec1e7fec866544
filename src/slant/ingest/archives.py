"""Read compressed streams and the members of zip and tar archives, without unpacking to named files.

Output is produced piece by piece and checked against a budget, which stops decompression bombs. Members that would be unsafe
to unpack (paths out of the archive, links, devices) are rejected with a reason.
"""

from __future__ import annotations

import io
import stat
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, BinaryIO

from slant.errors import Rejected
from slant.ingest.decoding import Limits
from slant.ingest.saved_pages import companion_folders, enclosing_folders, page_files

CHUNK = 1 << 16  # bytes


Members = Iterator[tuple[str, BinaryIO] | Rejected]
"""Per file in the archive `(archive!name, stream)`, to be read before the next one, or the Rejected."""


# ---- archives

_MAX_NAME = 1024  # characters; systems allow paths of at most 4,096 bytes
ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
    RuntimeError,
)


def zip_members(stream: BinaryIO, path: str, limits: Limits) -> Members:
    """Files of a zip in the order of its directory, which is held in memory (half a kilobyte per member)."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    try:
        archive = zipfile.ZipFile(stream)
    except ZIP_ERRORS as error:
        raise Rejected(
            path, "bad_archive", f"this zip archive cannot be read ({error}). Is it complete?"
        ) from None
    companions = companion_folders(info.filename for info in archive.infolist())
    for folder, page in companions.items():
        yield page_files(f"{path}!{_printable(folder)}", page, in_archive=True)
    budget = OutputBudget(path, limits, lambda: size, factor=10)
    for info in archive.infolist():
        where = f"{path}!{_printable(info.filename)}"
        kind = stat.S_IFMT(info.external_attr >> 16)
        if info.filename.endswith("/") or _hidden(info.filename):
            continue
        if companions and not companions.keys().isdisjoint(enclosing_folders(info.filename)):
            continue
        try:
            _check_name(info.filename, where)
            if kind not in (0, stat.S_IFREG):
                raise _not_a_file(where, "link" if stat.S_ISLNK(kind) else "device or pipe")
            if info.flag_bits & 1:
                raise Rejected(where, "encrypted", "it is encrypted. Unpack it with its password first.")
            own = OutputBudget(where, limits, lambda size=info.compress_size: size)  # type: ignore[misc]
            with archive.open(info) as opened:
                yield where, io.BufferedReader(_ZipMember(opened, (own, budget)), CHUNK)
        except Rejected as rejected:
            yield rejected
        except ZIP_ERRORS as error:
            yield _unreadable_member(where, error)


def tar_members(stream: BinaryIO, path: str) -> Members:
    """Files of a tar in order; nothing is held in memory.

    Raises Rejected "bad_archive" if the next member cannot be found or the end mark is missing.
    """
    forward = _ForwardStream(stream)
    for member in _tar_headers(forward, path):
        where = f"{path}!{_printable(member.name)}"
        if member.isdir() or (member.isreg() and _hidden(member.name)):
            continue
        try:
            _check_name(member.name, where)
            if not member.isreg() or member.issparse():
                raise _not_a_file(where, _tar_kind(member))
        except Rejected as rejected:
            yield rejected
            continue
        forward.seek(member.offset_data)
        yield where, io.BufferedReader(_TarMember(forward, member.size, where), CHUNK)


def _tar_headers(forward: _ForwardStream, path: str) -> Iterator[tarfile.TarInfo]:
    """Yield headers one by one. TarFile.next() would keep them all in memory and stop silently at a damaged one."""
    end_of_archive: type[Exception] = tarfile.EOFHeaderError  # type: ignore[attr-defined]
    archive: Any = None
    try:
        archive = tarfile.TarFile(fileobj=forward, mode="r", errors="surrogateescape")  # type: ignore[arg-type]
        member = archive.firstmember
        while member is not None:
            if member.size < 0:
                raise tarfile.ReadError("a member of negative size")
            yield member
            forward.seek(archive.offset)
            member = tarfile.TarInfo.fromtarfile(archive)
    except end_of_archive:
        return
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        detail = f"this tar archive cannot be read further ({error}); the rest was skipped. Is it complete?"
        raise Rejected(path, "bad_archive", detail) from None


def _tar_kind(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return "link"
    return "sparse file" if member.issparse() else "device or pipe"


def _printable(name: str) -> str:
    """Make a member name printable: replace control characters and lone surrogates, cut a long name."""
    kept = "".join(c if c.isprintable() else "\ufffd" for c in name[: _MAX_NAME + 1])
    return kept if len(kept) <= _MAX_NAME else kept[:80] + "…"


def _hidden(name: str) -> bool:
    """Is a member hidden, or added by macOS?"""
    return any(
        (part.startswith(".") and part not in (".", "..")) or part == "__MACOSX" for part in name.split("/")
    )


def _check_name(name: str, where: str) -> None:
    if len(name) > _MAX_NAME:
        detail = (
            f"its name has {len(name):,} characters. Expected at most {_MAX_NAME:,}. Give it a shorter name."
        )
        raise Rejected(where, "long_name", detail)
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or name[:1] in ("/", "\\") or parts[0][1:2] == ":":
        detail = (
            "its path points outside the archive, so it was skipped. Is this archive from a source you trust?"
        )
        raise Rejected(where, "unsafe_path", detail)


def _not_a_file(where: str, kind: str) -> Rejected:
    return Rejected(where, "not_a_file", f"it is a {kind} in an archive, so it was skipped. Expected a file.")


def _unreadable_member(where: str, error: Exception) -> Rejected:
    detail = f"this member cannot be unpacked ({_first_line(error)}). Is the archive complete?"
    return Rejected(where, "bad_archive", detail)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:160] if str(error) else type(error).__name__


class _ZipMember(io.RawIOBase):
    """A member of a zip whose output counts against budgets."""

    def __init__(self, inner: Any, budgets: tuple[OutputBudget, ...]) -> None:
        self._inner, self._budgets = inner, budgets

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = self._inner.read(min(len(buffer), CHUNK))
        except ZIP_ERRORS as error:
            raise _unreadable_member(self._budgets[0].path, error) from None
        for budget in self._budgets:
            budget.spend(len(data))
        buffer[: len(data)] = data
        return len(data)


class _ForwardStream:
    """A forward-only stream with the interface that tarfile needs. Rejects headers over a megabyte as damaged."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._at = stream, 0

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int) -> None:
        if offset < self._at:
            raise tarfile.ReadError("its members overlap")
        while self._at < offset:
            if not self.take(min(offset - self._at, CHUNK)):
                raise tarfile.ReadError("unexpected end of data")

    def read(self, size: int) -> bytes:
        if size > 1 << 20:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        return self.take(size)

    def take(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._at += len(data)
        return data


class _TarMember(io.RawIOBase):
    """The next `size` bytes of a tar archive: one member."""

    def __init__(self, forward: _ForwardStream, size: int, where: str) -> None:
        self._forward, self._left, self._where = forward, size, where

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._forward.take(min(len(buffer), self._left))
        if self._left and not data and len(buffer):
            detail = f"the archive ends {self._left:,} bytes before the end of this member. Is it complete?"
            raise Rejected(self._where, "bad_archive", detail)
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)


# ---- compressed streams

_DECOMPRESSED_CHUNK = 1 << 13  # bytes; small, since output is lost if the decompressor fails within a read


def decompress(stream: BinaryIO, kind: str, path: str, limits: Limits) -> BinaryIO:
    """Stream of the decompressed bytes, in constant memory. kind: "gzip" or "zstd".

    Reading raises Rejected "bomb" over the limits, and "torn" if the data is damaged or truncated.
    """
    counted = _CountingStream(stream)
    budget = OutputBudget(path, limits, lambda: counted.size)
    return io.BufferedReader(_Decompressed(*_open_decompressor(counted, kind), budget), CHUNK)


class OutputBudget:
    """Limits the output of one archive or compressed file.

    Only bytes actually read and produced count; sizes stated in headers are ignored.
    bytes_read: returns the input size so far.
    factor: multiplies the limit; above 1 for a whole archive, so that a bomb in one member does not end the others.
    """

    def __init__(self, path: str, limits: Limits, bytes_read: Callable[[], int], *, factor: int = 1) -> None:
        self.path, self._limits, self._read, self._out, self._factor = path, limits, bytes_read, 0, factor

    def spend(self, size: int) -> None:
        """Count `size` bytes of output. Raises Rejected "bomb" beyond the limit."""
        self._out += size
        allowed = self._factor * max(self._limits.slack, self._limits.ratio * self._read())
        if self._out > min(allowed, self._limits.unpacked):
            detail = (
                f"{self._read() / 1e6:,.2f} MB unpacked to more than {self._out / 1e6:,.0f} MB, like a decompression bomb; "
                f"the rest was not read. Expected at most {self._limits.ratio} times the size. If the file is as intended, "
                "unpack it first."
            )
            raise Rejected(self.path, "bomb", detail)


class _CountingStream:
    """A stream that counts the bytes read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.size = stream, 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.size += len(data)
        return data


def _open_decompressor(counted: Any, kind: str) -> tuple[Any, type[Exception]]:
    """Return the decompressed stream, and the exception that it raises for damaged bytes."""
    if kind == "gzip":
        import gzip

        return gzip.GzipFile(fileobj=counted, mode="rb"), zlib.error
    zstd = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    return zstd.ZstdFile(counted, "rb"), zstd.ZstdError


class _Decompressed(io.RawIOBase):
    def __init__(self, inner: Any, damage: type[Exception], budget: OutputBudget) -> None:
        self._inner, self._damage, self._budget = inner, damage, budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = self._inner.read(min(len(buffer), _DECOMPRESSED_CHUNK))
        except (OSError, EOFError, self._damage) as error:
            detail = f"it cannot be unpacked to its end ({_first_line(error)}). Is it complete? Create or download it again."
            raise Rejected(self._budget.path, "torn", detail) from None
        self._budget.spend(len(data))
        buffer[: len(data)] = data
        return len(data)


# ---- streams that cannot seek


def read_head(stream: BinaryIO, size: int) -> tuple[bytes, BinaryIO]:
    """Read `size` bytes, or fewer if the stream ends or is damaged. Returns them and a stream that still begins with them."""
    head = b""
    try:
        while len(head) < size and (data := stream.read(min(size - len(head), 1 << 12))):
            head += data
    except Rejected:  # the next read raises it again
        if not head:
            raise
    return head, io.BufferedReader(_HeadAndRest(head, stream), CHUNK)


def to_seekable(stream: BinaryIO, path: str, limits: Limits) -> BinaryIO:
    """Return `stream` if it can seek, else a copy in an unnamed temporary file.

    Raises Rejected "too_large" over `limits.spooled`.
    """
    if stream.seekable():
        return stream
    copy = tempfile.TemporaryFile()  # noqa: SIM115 (closed when the reader releases it)
    size = 0
    while data := stream.read(1 << 20):
        size += len(data)
        if size > limits.spooled:
            copy.close()
            detail = f"it is over {limits.spooled / 1e9:g} GB and cannot be read from a stream. Unpack it and pass the file."
            raise Rejected(path, "too_large", detail)
        copy.write(data)
    copy.seek(0)
    return copy


class _HeadAndRest(io.RawIOBase):
    """A head that was already read, then the rest of a stream that cannot seek."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = head, rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if self._head:
            data, self._head = self._head[: len(buffer)], self._head[len(buffer) :]
        else:
            data = self._rest.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
