"""Run a reader of a complex format in a process of its own, with limits on memory and time.

Spreadsheets and PDFs are read by compiled libraries. A hostile file may make them crash, or take all memory; here that
ends the one document, not the run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from slant.errors import Rejected, UsageError, require


def read_in_child(script: str, stream: BinaryIO, path: str, *, module: str, what: str) -> Iterator[Any]:
    """JSON values that `script`, a file beside this one, prints one per line for the document on its standard input.

    module: that the script needs, in the extra "office". what: the kind of document, for messages.
    Raises Rejected: needs_office, or unreadable if the process fails. A line {"rejected": [reason, detail]} is raised too.
    """
    try:
        require("office", module, what=what)
    except UsageError as error:
        raise Rejected(path, "needs_office", str(error)) from None
    with tempfile.TemporaryFile() as copy:
        while data := stream.read(1 << 20):
            copy.write(data)
        copy.seek(0)
        command = [sys.executable, "-P", str(Path(__file__).with_name(script))]
        child = subprocess.Popen(command, stdin=copy, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            assert child.stdout is not None
            for line in child.stdout:
                value = json.loads(line)
                if isinstance(value, dict) and "rejected" in value:
                    raise Rejected(path, *value["rejected"])
                yield value
            failed = child.wait() != 0
        finally:
            child.kill()
            child.wait()
            if child.stdout:
                child.stdout.close()
    if failed:
        detail = f"{what} cannot be read: it is damaged, or needs too much memory. Open it and save it again."
        raise Rejected(path, "unreadable", detail)
