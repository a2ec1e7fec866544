"""Packed bytes to plain ones, piece by piece, with an eye on how much comes out of how little."""

from __future__ import annotations

import io
import tempfile
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO

from slant.errors import Rejected
from slant.reading.limits import Limits

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
        self._stream, self.size, self.closed = stream, 0, False

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.size += len(data)
        return data

    def close(self) -> None:
        """For Arrow, which closes what it read from; the stream is somebody else's."""


def unpacked(stream: BinaryIO, kind: str, path: str, limits: Limits) -> BinaryIO:
    """What "gzip" or "zstd" bytes unpack to, in constant memory.

    Reading from it raises Rejected "bomb", or "torn" where it is damaged or cut off.
    """
    counted = _Counted(stream)
    budget = Budget(path, limits, lambda: counted.size)
    return io.BufferedReader(_Unpacked(_opened(counted, kind), budget), PIECE)


def _opened(counted: Any, kind: str) -> Any:
    if kind == "gzip":
        import gzip

        return gzip.GzipFile(fileobj=counted, mode="rb")
    # Arrow is there anyway, and unlike python-zstandard it says when a file is cut off.
    import pyarrow

    return pyarrow.CompressedInputStream(pyarrow.PythonFile(counted, "r"), "zstd")


class _Unpacked(io.RawIOBase):
    def __init__(self, inner: Any, budget: Budget) -> None:
        self._inner, self._budget = inner, budget

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = self._inner.read(min(len(buffer), _SOME))
        except (OSError, EOFError, zlib.error) as error:
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
