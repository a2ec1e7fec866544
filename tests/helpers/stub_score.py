"""`slant score` with a stub model, in a process that can be killed.

The logits of a window are computed from its tokens alone, so they are batch-invariant; everything around the model is the
real code. The processes are forked from one that has imported slant, so that they start in milliseconds.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import resource
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slant.encoding.decode import Decoding, Floats
from slant.encoding.label_ids import TARGET_LABELS, TOKEN_LABELS, UNIT_LABELS
from slant.encoding.predictor import Predictor
from tiny import text_encoder

WORDS = (
    "the council mayor ferry harbour greedy thieves honest great stupid clown lie said told asked opened closed cost "
    "crowns bridge mill library good bad corrupt brave"
)


class Arithmetic:
    """A Runtime whose logits are sines of token ids. pause: additional seconds for each batch."""

    def __init__(self, pause: float) -> None:
        self.pause = pause

    def __call__(self, batch: dict[str, NDArray[np.int64]]) -> tuple[Floats, Floats, Floats]:
        time.sleep(self.pause)
        ids, columns = batch["input_ids"], batch["query_columns"]
        token = 4 * np.sin(ids[..., None] * np.arange(1, len(TOKEN_LABELS) + 1))
        total = ids.sum(1)  # the id of padding is 0
        unit = 3 * np.sin(total[:, None] * np.arange(1, len(UNIT_LABELS) + 1))
        asked = np.take_along_axis(ids, np.minimum(columns + 1, ids.shape[1] - 1), 1)
        target = 2 * np.sin((asked + total[:, None])[..., None] * np.arange(1, len(TARGET_LABELS) + 1))
        return token.astype(np.float32), unit.astype(np.float32), target.astype(np.float32)


def stub_predictor(pause: float = 0.0, *, fingerprint: str = "rules-1") -> Predictor:
    with tempfile.TemporaryDirectory() as folder:
        encoder = text_encoder(Path(folder))
    decoding = Decoding(loaded_seed=0.8, loaded_threshold=0.8)
    return Predictor(
        Arithmetic(pause), encoder, decoding, name="rules", fingerprint=fingerprint, codebook="book-1"
    )


_USED = ("slant.cli", "slant.scoring.local_run", "slant.ingest.article_rows", "slant.ingest.tables", "slant.scoring.resume",
         "slant.scoring.runtimes", "slant.scoring.python_api", "tqdm", "duckdb")  # fmt: skip


@dataclass(frozen=True)
class How:
    """How to run a process. pause: see Arithmetic. file_limit: maximum size of a file in bytes, as on a full disk.

    die_at: "module.name" of a function before which the process is killed, e.g. "slant.scoring.resume.Journal.remove".
    die_after: number of rows in the journal after which it is killed. no_stderr: standard error is closed.
    real: use the model of --model instead of the stub.
    """

    pause: float = 0.0
    file_limit: int = 0
    die_at: str = ""
    die_after: int = 0
    no_stderr: bool = False
    real: bool = False
    commit_units: int = 16


def start(arguments: list[str], how: How, *, cwd: Path) -> BaseProcess:
    """Start a process that runs `slant ARGUMENTS`; standard error goes to the file `stderr` in `cwd`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["stub_score", "loaded_language", *_USED])
    process = context.Process(target=_slant, args=(arguments, how, str(cwd)))
    process.start()
    return process


def finished(arguments: list[str], how: How | None = None, *, cwd: Path) -> tuple[int | None, str]:
    """Run to the end; returns exit code (negative: the signal that ended it) and standard error."""
    process = start(arguments, how or How(), cwd=cwd)
    process.join(120)
    return process.exitcode, (cwd / "stderr").read_text("utf-8")


def _slant(arguments: list[str], how: How, cwd: str) -> None:
    from slant.cli import main

    os.chdir(cwd)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # test suites in the background ignore it
    _replace_model(how)
    if how.file_limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (how.file_limit, how.file_limit))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    if how.die_at:
        _die_before(how.die_at)
    if how.die_after:
        _die_after(how.die_after)
    _direct_stderr(how)
    try:
        main(arguments)
    except SystemExit as ended:  # multiprocessing would write to standard error
        os._exit(ended.code if isinstance(ended.code, int) else 1)


def _replace_model(how: How) -> None:
    from slant.scoring import resume, runtimes
    from slant.scoring import score as scoring

    def load(model: str | Path | None = None, **_: Any) -> Predictor:
        return stub_predictor(how.pause, fingerprint=Path(model).name if model else "rules-1")

    if not how.real:
        runtimes.load = load
    scoring.LOOK_AHEAD = 16
    resume.COMMIT_UNITS = how.commit_units


def _direct_stderr(how: How) -> None:
    if how.no_stderr:
        read, write = os.pipe()
        os.close(read)
    else:
        write = os.open("stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(write, 2)
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)  # noqa: SIM115


def _die_before(name: str) -> None:
    from pkgutil import resolve_name

    owner_name, _, attribute = name.rpartition(".")
    owner: Any = resolve_name(owner_name)

    def die(*_: Any, **__: Any) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, attribute, die)


def _die_after(rows: int) -> None:
    from slant.scoring.resume import Journal

    add = Journal.add

    def add_or_die(self: Journal, *given: Any) -> None:
        add(self, *given)
        if self.added == rows:
            os.kill(os.getpid(), signal.SIGKILL)

    Journal.add = add_or_die  # type: ignore[method-assign]


def write_articles(folder: Path, *, files: int = 3, articles: int = 12, seed: int = 0) -> None:
    """Write invented articles with comments, an empty file and a duplicate article."""
    rng = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []

    def sentence() -> str:
        return " ".join(rng.choices(WORDS.split(), k=rng.randint(4, 18))).capitalize() + "."

    for number in range(files):
        rows = [
            {
                "text": "\n\n".join(sentence() for _ in range(3)),
                "title": f"Story {i} of {number}",
                "outlet": f"Paper {number}",
                "comments": [sentence(), "A lie…"],
            }
            for i in range(articles)
        ]
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"articles-{number}.jsonl").write_text(lines, "utf-8")
    (folder / "empty.txt").write_text("")
    (folder / "twice.jsonl").write_text(json.dumps(rows[-1], ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    _replace_model(How())
    from slant.cli import main

    main(sys.argv[1:])
