"""Packed bytes to plain ones, piece by piece, with an eye on how much comes out of how little.

Members of zip and tar archives, one after the other, never unpacked to disk under a name of theirs.

What could do harm if someone unpacked it (a name that climbs out, a link, a device) is refused by name.
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
from pathlib import PurePath
from typing import Any, BinaryIO

from slant.errors import Rejected
from slant.ingest.decoding import Limits

PIECE = 1 << 16
_SOME = 1 << 13  # bytes asked of a decompressor at once; what it had of them when it fails is lost


class Joined(io.RawIOBase):
    """The head that was looked at, then the rest of the stream, which cannot be wound back."""

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


def with_head(stream: BinaryIO, size: int) -> tuple[bytes, BinaryIO]:
    """`(the first bytes, a stream that begins with them)`; fewer than `size` only where the stream ends or is torn."""
    head = b""
    try:
        while len(head) < size and (piece := stream.read(min(size - len(head), 1 << 12))):
            head += piece
    except Rejected:  # comes again, after what could be read
        if not head:
            raise
    return head, io.BufferedReader(Joined(head, stream), PIECE)


class Budget:
    """How much may still come out of one archive or packed file. Raises Rejected "bomb" once it is spent.

    What a header says of sizes is not asked: only what went in and what came out is counted.
    times: for a whole archive, so that the rest of it is read though a member or two is a bomb.
    """

    def __init__(self, path: str, limits: Limits, went_in: Callable[[], int], *, times: int = 1) -> None:
        self.path, self._limits, self._in, self._out, self._times = path, limits, went_in, 0, times

    def spend(self, size: int) -> None:
        self._out += size
        allowed = self._times * max(self._limits.slack, self._limits.ratio * self._in())
        if self._out > min(allowed, self._limits.unpacked):
            detail = (
                f"more than {self._out / 1e6:,.0f} MB came out of {self._in() / 1e6:,.2f} MB, as out of a decompression "
                f"bomb; the rest was not read. Expected at most {self._limits.ratio} times the size. If it is "
                "what you want, unpack it first."
            )
            raise Rejected(self.path, "bomb", detail)


class _Counted:
    """A stream that knows how much was read from it."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self.size = stream, 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.size += len(data)
        return data


def unpacked(stream: BinaryIO, kind: str, path: str, limits: Limits) -> BinaryIO:
    """What "gzip" or "zstd" bytes unpack to, in constant memory.

    Reading from it raises Rejected "bomb", or "torn" where it is damaged or cut off.
    """
    counted = _Counted(stream)
    budget = Budget(path, limits, lambda: counted.size)
    return io.BufferedReader(_Unpacked(*_opened(counted, kind), budget), PIECE)


def _opened(counted: Any, kind: str) -> tuple[Any, type[Exception]]:
    """The unpacked stream, and what it raises where the bytes are damaged."""
    if kind == "gzip":
        import gzip

        return gzip.GzipFile(fileobj=counted, mode="rb"), zlib.error
    zstd = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    return zstd.ZstdFile(counted, "rb"), zstd.ZstdError


class _Unpacked(io.RawIOBase):
    def __init__(self, inner: Any, damage: type[Exception], budget: Budget) -> None:
        self._inner, self._damage, self._budget = inner, damage, budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = self._inner.read(min(len(buffer), _SOME))
        except (OSError, EOFError, self._damage) as error:
            why = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
            detail = f"it cannot be unpacked to its end ({why}). Is it complete? Make or fetch it again."
            raise Rejected(self._budget.path, "torn", detail) from None
        self._budget.spend(len(data))
        buffer[: len(data)] = data
        return len(data)


def seekable(stream: BinaryIO, path: str, limits: Limits) -> BinaryIO:
    """`stream` itself if it can be wound back, else a copy of it in a file without a name.

    Raises Rejected "too_large" over `limits.spooled`.
    """
    if stream.seekable():
        return stream
    copy = tempfile.TemporaryFile()  # noqa: SIM115 (the reader closes it by letting go)
    size = 0
    while data := stream.read(1 << 20):
        size += len(data)
        if size > limits.spooled:
            copy.close()
            detail = f"it is over {limits.spooled / 1e9:g} GB and has to be wound back. Unpack it and name the file."
            raise Rejected(path, "too_large", detail)
        copy.write(data)
    copy.seek(0)
    return copy


Members = Iterator[tuple[str, BinaryIO] | Rejected]
"""`(archive!name, its bytes)` per file in the archive, to be read before the next is asked for; or why there is none."""

_LONGEST = 1024  # characters of a name; the longest path that a system takes is 4,096 bytes
_OFFICE = (".docx", ".xlsx", ".pptx", ".odt", ".ods", ".odp", ".epub")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError)


def zip_members(stream: BinaryIO, path: str, limits: Limits) -> Members:
    """Files in a zip, in the order of its directory, which is held in memory (half a kilobyte a member)."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    try:
        archive = zipfile.ZipFile(stream)
    except _BROKEN as error:
        raise Rejected(path, "bad_archive", f"this zip cannot be read ({error}). Is it complete?") from None
    names = {info.filename for info in archive.infolist()}
    if PurePath(path).suffix.lower() in _OFFICE or names & {"[Content_Types].xml", "META-INF/container.xml"}:
        raise Rejected(
            path, "archive", "this is an office document or e-book. Export it as text, HTML or CSV."
        )
    budget = Budget(path, limits, lambda: size, times=10)
    for info in archive.infolist():
        where = f"{path}!{_shown(info.filename)}"
        kind = stat.S_IFMT(info.external_attr >> 16)
        if info.filename.endswith("/") or _hidden(info.filename):
            continue
        try:
            _check_name(info.filename, where)
            if kind not in (0, stat.S_IFREG):
                raise _no_file(where, "link" if stat.S_ISLNK(kind) else "device or pipe")
            if info.flag_bits & 1:
                raise Rejected(where, "encrypted", "it is locked with a password. Unpack it first.")
            own = Budget(where, limits, lambda size=info.compress_size: size)  # type: ignore[misc]
            with archive.open(info) as opened:
                yield where, io.BufferedReader(_Member(opened, (own, budget)), PIECE)
        except Rejected as rejected:
            yield rejected
        except _BROKEN as error:
            yield _broken(where, error)


def tar_members(stream: BinaryIO, path: str) -> Members:
    """Files in a tar, as they come; nothing is held.

    Raises Rejected "bad_archive" where what follows cannot be found, or the mark at the end is missing.
    """
    forward = _Forward(stream)
    for member in _tar_headers(forward, path):
        where = f"{path}!{_shown(member.name)}"
        if member.isdir() or (member.isreg() and _hidden(member.name)):
            continue
        try:
            _check_name(member.name, where)
            if not member.isreg() or member.issparse():
                raise _no_file(where, _tar_kind(member))
        except Rejected as rejected:
            yield rejected
            continue
        forward.seek(member.offset_data)
        yield where, io.BufferedReader(_Slice(forward, member.size, where), PIECE)


def _tar_headers(forward: _Forward, path: str) -> Iterator[tarfile.TarInfo]:
    """Headers one by one; TarFile.next() would keep them all, and end in silence at one that is damaged."""
    end: type[Exception] = tarfile.EOFHeaderError  # type: ignore[attr-defined]
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
    except end:
        return
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        detail = f"this tar cannot be read on here ({error}); what follows was not read. Is it complete?"
        raise Rejected(path, "bad_archive", detail) from None


def _tar_kind(member: tarfile.TarInfo) -> str:
    if member.issym() or member.islnk():
        return "link"
    return "file with holes (sparse)" if member.issparse() else "device or pipe"


def _shown(name: str) -> str:
    """A name that can be printed and written: no control characters, no half characters, not endless."""
    kept = "".join(c if c.isprintable() else "\ufffd" for c in name[: _LONGEST + 1])
    return kept if len(kept) <= _LONGEST else kept[:80] + "…"


def _hidden(name: str) -> bool:
    """As in folders, and what macOS adds."""
    return any(
        (part.startswith(".") and part not in (".", "..")) or part == "__MACOSX" for part in name.split("/")
    )


def _check_name(name: str, where: str) -> None:
    if len(name) > _LONGEST:
        detail = f"its name has {len(name):,} characters, over {_LONGEST:,}. Give it a shorter one."
        raise Rejected(where, "long_name", detail)
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or name[:1] in ("/", "\\") or parts[0][1:2] == ":":
        detail = (
            "its name leads out of the archive, so it was not read. Is this archive from a source you trust?"
        )
        raise Rejected(where, "unsafe_path", detail)


def _no_file(where: str, kind: str) -> Rejected:
    return Rejected(where, "not_a_file", f"it is a {kind} in an archive, and not followed. Expected a file.")


def _broken(where: str, error: Exception) -> Rejected:
    why = str(error).splitlines()[0][:160] if str(error) else type(error).__name__
    return Rejected(where, "bad_archive", f"this member cannot be unpacked ({why}). Is the archive complete?")


class _Member(io.RawIOBase):
    """A member of a zip, counted as it comes out."""

    def __init__(self, inner: Any, budgets: tuple[Budget, ...]) -> None:
        self._inner, self._budgets = inner, budgets

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = self._inner.read(min(len(buffer), PIECE))
        except _BROKEN as error:
            raise _broken(self._budgets[0].path, error) from None
        for budget in self._budgets:
            budget.spend(len(data))
        buffer[: len(data)] = data
        return len(data)


class _Forward:
    """What tarfile needs of a stream that cannot be wound back. A header that asks for a megabyte is no header."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream, self._at = stream, 0

    def tell(self) -> int:
        return self._at

    def seek(self, place: int) -> None:
        if place < self._at:
            raise tarfile.ReadError("its members overlap")
        while self._at < place:
            if not self.take(min(place - self._at, PIECE)):
                raise tarfile.ReadError("unexpected end of data")

    def read(self, size: int) -> bytes:
        if size > 1 << 20:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        return self.take(size)

    def take(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._at += len(data)
        return data


class _Slice(io.RawIOBase):
    """The next `size` bytes of a tar: one member."""

    def __init__(self, forward: _Forward, size: int, where: str) -> None:
        self._forward, self._left, self._where = forward, size, where

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._forward.take(min(len(buffer), self._left))
        if self._left and not data and len(buffer):
            detail = f"the archive ends {self._left:,} bytes too early. Is it complete?"
            raise Rejected(self._where, "bad_archive", detail)
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)
