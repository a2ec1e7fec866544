"""What can go wrong, in words that say what came, what was expected, where, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from importlib.util import find_spec
from typing import Protocol


class SlantError(Exception):
    """An error of ours, or of the run as a whole: the command line ends with exit code 1."""


class UsageError(SlantError):
    """Wrong usage or configuration: the command line ends with exit code 2."""


class Rejected(SlantError):
    """One document that cannot be read. A run notes it in the rejected file and goes on.

    path: where the document came from, with `:line` or `#row` where it is part of a file.
    reason: a short, stable name such as "empty", "binary", "pdf", "undecodable", "missing".
    detail: a sentence for a person: what came, what was expected, what to do next.
    """

    def __init__(self, path: str, reason: str, detail: str) -> None:
        super().__init__(f"{path}: {reason}: {detail}")
        self.path = path
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type[Rejected], tuple[str, str, str]]:
        """An exception is pickled by its message alone; what another process rejects arrives whole."""
        return Rejected, (self.path, self.reason, self.detail)

    def to_dict(self) -> dict[str, str]:
        return {"path": self.path, "reason": self.reason, "detail": self.detail}


class TakesRejected(Protocol):
    """Where a run puts what it cannot read: a list, or the file that lists them."""

    def append(self, rejected: Rejected, /) -> None: ...


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` for the nearest known word, or an empty string."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""


_PACKAGES = {"sklearn": "scikit-learn"}  # where a module has another name than its package


def require(extra: str, *modules: str, what: str) -> None:
    """Raise UsageError, naming the extra, unless all modules are installed. Imports none of them."""
    missing = [_PACKAGES.get(name, name) for name in modules if find_spec(name) is None]
    if missing:
        raise UsageError(f"{what} needs {', '.join(missing)}: pip install 'slant[{extra}]'")
