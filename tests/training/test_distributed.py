"""Training with two processes, started by torchrun: each row once per epoch, the same weights, and only one process writes.

The two processes run this file.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from slant.encoding.decode import Decoding
from slant.records import Example
from tiny import TinySet, examples, open_torch

HELPERS = str(Path(__file__).parents[1] / "helpers")

STEPS, SAVED = (
    5,
    7,
)  # 40 rows, 2 processes with 4 rows each: 5 steps per epoch; a checkpoint in the second epoch
SETTINGS = {
    "epochs": 2, "batch_size": 4, "learning_rate": 1e-3, "save_steps": SAVED, "bf16": False, "max_length": 64, "stride": 16,
    "context_length": 24,
}  # fmt: skip


class Forty(TinySet):
    """The tiny examples and further ones: 40 rows with different texts and tasks."""

    def read(self, root: Path, split: str) -> Iterator[Example]:
        yield from examples()
        for n in range(40 - len(examples())):
            text = f"The ferry cost {n} crowns" + " and more" * (n % 7) + "."
            yield Example(id=str(n), source="tiny", split="train", group=str(n), text=text, biased=n % 2 == 0)


# ---- in each of the two processes


def work(recipe: Path, out: Path, resume: bool) -> None:
    import torch

    from slant.corpora.sets import LABELED_SETS
    from slant.training import train as train_module
    from slant.training.train import SlantTrainer, run

    torch.set_num_threads(1)
    rank, seen = int(os.environ["RANK"]), []
    LABELED_SETS["tiny"] = Forty()
    step, train, save = SlantTrainer.training_step, SlantTrainer.train, train_module.save

    def training_step(self: Any, model: Any, inputs: dict[str, Any], *args: Any) -> Any:
        at = self.state.global_step
        rows = [tuple(i for i in row if i) for row in inputs["input_ids"].tolist()]
        seen.append({"step": at, "rows": rows})
        if rank == 0 and not resume and at == SAVED + 1:  # what a run interrupted here would leave
            interrupted = out.parent / "interrupted"
            name = f"checkpoints/checkpoint-{SAVED}"
            shutil.copytree(out / name, interrupted / name)
            shutil.copyfile(out / "recipe.json", interrupted / "recipe.json")
        return step(self, model, inputs, *args)

    def train_and_record(self: Any, **kwargs: Any) -> Any:
        done = train(self, **kwargs)
        digest = hashlib.sha256()
        for value in self.model.state_dict().values():
            digest.update(value.numpy().tobytes())
        record = {"seen": seen, "weights": digest.hexdigest()}
        (out / f"rank{rank}.json").write_text(json.dumps(record))
        return done

    def save_and_print(*args: Any, **kwargs: Any) -> None:
        print(f"saved by {rank}", file=sys.__stdout__, flush=True)
        save(*args, **kwargs)

    SlantTrainer.training_step, SlantTrainer.train = training_step, train_and_record
    train_module.save = save_and_print
    assert run(recipe, [], out, resume=resume) == out / "export"
    assert not torch.distributed.is_initialized()


# ---- in the test


def launch(recipe: Path, out: Path, *flags: str) -> str:
    """Run two processes; returns their standard output. Fails with all output if one fails or hangs for two minutes."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    process = subprocess.Popen(
        [*command, __file__, str(recipe), str(out), *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "SLANT_PROGRESS": "0", "PYTHONPATH": HELPERS},
    )
    try:
        stdout, stderr = process.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        process.terminate()  # ends its two processes, which a kill would leave running
        stdout, stderr = process.communicate()
    assert process.returncode == 0, stdout + stderr
    return stdout


def records(out: Path) -> list[dict[str, Any]]:
    return [json.loads((out / f"rank{rank}.json").read_text()) for rank in (0, 1)]


def rows(out: Path, first: int, last: int) -> list[Counter[tuple[int, ...]]]:
    """Per process, the rows it saw in the steps from `first` up to `last`."""
    return [
        Counter(tuple(r) for step in each["seen"] if first <= step["step"] < last for r in step["rows"])
        for each in records(out)
    ]


@pytest.fixture(scope="module")
def runs(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """An uninterrupted run, one resumed in the second epoch, and the output of the first."""
    folder = tmp_path_factory.mktemp("distributed")
    lines = [f"encoder = {json.dumps(str(tiny_encoder))}", 'train = [{ name = "tiny" }]']
    lines += [f"{key} = {json.dumps(value)}" for key, value in SETTINGS.items()]
    (folder / "recipe.toml").write_text("\n".join(lines))
    stdout = launch(folder / "recipe.toml", folder / "uninterrupted")
    launch(folder / "recipe.toml", folder / "interrupted", "--resume")
    return folder / "uninterrupted", folder / "interrupted", stdout


@pytest.mark.train
@pytest.mark.slow
def test_each_process_sees_its_own_half_of_every_epoch(runs: tuple[Path, Path, str]) -> None:
    out, _, _ = runs
    epochs = [rows(out, 0, STEPS), rows(out, STEPS, 2 * STEPS)]
    for one, other in epochs:
        assert not one & other
        assert len(one) == len(other) == 20
        assert set((one + other).values()) == {1}
    assert epochs[0] != epochs[1], "another order in the second epoch"


@pytest.mark.train
@pytest.mark.slow
def test_both_end_with_the_same_weights_and_only_one_writes_and_prints(
    runs: tuple[Path, Path, str], tiny_encoder: Path
) -> None:
    from slant.scoring.runtimes import load
    from slant.training.network import SlantModel

    out, _, stdout = runs
    one, other = records(out)
    assert one["weights"] == other["weights"]
    digest = hashlib.sha256()
    for value in SlantModel.from_pretrained(out).state_dict().values():
        digest.update(value.numpy().tobytes())
    assert digest.hexdigest() == one["weights"], "the saved weights are the trained ones"
    assert stdout.count("saved by") == stdout.count("saved by 0") == 1
    for words in ("encoder: ", "rows: 40;", "exported to"):
        assert stdout.count(words) == 1
    assert [p.name for p in (out / "checkpoints").iterdir()] == [f"checkpoint-{2 * STEPS}"]
    assert open_torch(out).decoding == load(out / "export").decoding == Decoding()


@pytest.mark.train
@pytest.mark.slow
def test_an_interrupted_run_of_two_processes_resumes_within_the_epoch(runs: tuple[Path, Path, str]) -> None:
    out, resumed, _ = runs
    assert rows(resumed, 0, 2 * STEPS) == rows(out, SAVED, 2 * STEPS)
    assert records(resumed)[0]["weights"] == records(out)[0]["weights"]


if __name__ == "__main__":
    work(Path(sys.argv[1]), Path(sys.argv[2]), "--resume" in sys.argv)
