"""Limits of a reader process, see child_process.py. Imports nothing of slant, so that such a process starts fast."""

from __future__ import annotations

import json
import sys
from typing import Any

_MEMORY = 4_000_000_000  # bytes
_SECONDS = 600  # of computing


def limit() -> None:
    """Limit memory and computing time of this process, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def send(value: Any) -> None:
    """Print a value as one line of JSON."""
    sys.stdout.write(json.dumps(value) + "\n")


def reject(reason: str, detail: str) -> None:
    """Print why the document cannot be read."""
    send({"rejected": [reason, detail]})
