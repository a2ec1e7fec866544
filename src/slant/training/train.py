"""Several runs' weights averaged into one model (a uniform "soup": Wortsman et al. 2022).

It serves runs that started from the same trained model, with other seeds or rates: their weights lie in one valley. Runs
from new heads do not, and their mean is worth nothing.

From a recipe to a checkpoint, through the Trainer: seeds that reach everything, resume, bf16 where it is fast.

`slant train`: a recipe to a model folder: train, choose thresholds on dev data, export.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import Sampler
from transformers import Trainer, TrainerCallback, TrainingArguments, set_seed
from transformers.trainer_pt_utils import get_length_grouped_indices
from transformers.trainer_utils import get_last_checkpoint

from slant.assets import asset
from slant.encoding.windows import TextEncoder
from slant.errors import SlantError, UsageError
from slant.judging.judged_sets import SPECS
from slant.records import Example
from slant.training.batches import Collator, Rows, load_use, make_rows, set_teaching, training_examples
from slant.training.export_onnx import export
from slant.training.initial_model import as_checkpoint, first_model
from slant.training.network import SlantModel
from slant.training.recipe import Recipe, load_recipe, recipe_from, to_dict
from slant.training.teacher import teach
from slant.training.thresholds import choose_decoding
from slant.training.torch_runtime import has_bf16, load_checkpoint, store_decoding


def average(checkpoints: Sequence[Path], out: Path) -> Path:
    """Write the mean of the checkpoints' weights as a checkpoint, all else as in the first but for the names of
    recipes, which are those of all, the first checkpoint's last; decoding is to be chosen anew.

    Raises UsageError for fewer than two or for a folder without one, SlantError if they are of different make.
    """
    if len(checkpoints) < 2:
        raise UsageError(f"an average needs two checkpoints or more, got {len(checkpoints)}.")
    for folder in checkpoints:
        if not (folder / "slant.json").exists():
            raise UsageError(
                f"{folder}: no checkpoint there (slant.json). Give run folders that `slant train` made."
            )
    first = checkpoints[0]
    model = SlantModel.from_pretrained(first)
    total = {name: value.double() for name, value in model.state_dict().items()}
    for folder in checkpoints[1:]:
        _check_alike(first, folder)
        for name, value in SlantModel.from_pretrained(folder).state_dict().items():
            if name not in total or total[name].shape != value.shape:
                raise SlantError(
                    f"{folder} and {first} differ in {name}; only runs of one encoder can be averaged."
                )
            total[name] += value
    model.load_state_dict(
        {name: (value / len(checkpoints)).to(torch.float32) for name, value in total.items()}
    )
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    shutil.copyfile(first / "tokenizer.json", out / "tokenizer.json")
    settings = json.loads((first / "slant.json").read_text("utf-8"))
    made_by = [json.loads((f / "slant.json").read_text("utf-8"))["recipe"].split(", ") for f in checkpoints]
    settings["recipe"] = ", ".join(dict.fromkeys(name for names in reversed(made_by) for name in names))
    settings["run"] = hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest()[:12]
    (out / "slant.json").write_text(json.dumps(settings, indent=2), "utf-8")
    return out


def _check_alike(first: Path, other: Path) -> None:
    if (first / "tokenizer.json").read_bytes() != (other / "tokenizer.json").read_bytes():
        raise SlantError(
            f"{other} and {first} cut words differently; only runs of one encoder can be averaged."
        )
    windows = [json.loads((f / "slant.json").read_text("utf-8"))["windows"] for f in (first, other)]
    if windows[0] != windows[1]:
        raise SlantError(
            f"{other} reads windows of {windows[1]}, {first} of {windows[0]}; they must be the same."
        )


class EpochOrder(Sampler[int]):
    """Rows of like length together, in an order that depends on the seed and the epoch alone.

    A run that is resumed in the middle of an epoch then goes on with the rows that an undisturbed run would have seen.
    """

    def __init__(self, lengths: Sequence[int], *, batch_size: int, seed: int) -> None:
        self.lengths, self.batch_size, self.seed, self.epoch = lengths, batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the data loader at the start of every epoch, resumed ones included."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(1_000_003 * self.seed + self.epoch)
        return iter(get_length_grouped_indices(list(self.lengths), self.batch_size, generator=generator))


class TellEpoch(TrainerCallback):
    """Tells the order of rows its epoch. With several processes the data loader does not, where an epoch is resumed."""

    def __init__(self, order: EpochOrder) -> None:
        self.order = order

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.order.set_epoch(int(state.epoch or 0))


class SlantTrainer(Trainer):
    """Trainer with batches of like length, a higher rate for the new heads, and no decay of biases and norms."""

    recipe: Recipe
    optimizer: torch.optim.Optimizer | None

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        rows: Rows = self.train_dataset
        order = EpochOrder(rows.lengths, batch_size=self.recipe.batch_size, seed=self.recipe.seed)
        self.add_callback(TellEpoch(order))
        return order

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        if self.optimizer is None:
            self.optimizer = torch.optim.AdamW(_parameter_groups(self.model, self.recipe), fused=True)
        return self.optimizer


def _parameter_groups(model: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    depth = int(getattr(getattr(model, "encoder", model).config, "num_hidden_layers", 0))
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            rate = recipe.head_learning_rate
            if name.startswith("encoder."):
                rate = recipe.learning_rate * recipe.layer_decay ** (depth - _layer(name, depth))
            decay = 0.0 if parameter.ndim < 2 else recipe.weight_decay
            groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": p, "lr": rate, "weight_decay": decay} for (rate, decay), p in groups.items()]


def _layer(name: str, depth: int) -> int:
    """1 to `depth` for a layer's parameters, 0 for the embeddings, `depth` for what stands above the layers."""
    found = re.search(r"\.layer\.(\d+)\.", name)
    return int(found[1]) + 1 if found else 0 if ".embeddings." in name else depth


def train(recipe: Recipe, out: Path, *, root: Path | None = None, resume: bool = False) -> Path:
    """Train as the recipe says into `out`: weights, tokenizer, recipe; checkpoints in `out/checkpoints`.

    resume: go on from the last checkpoint there. A run that was stopped and resumed ends with the weights of an
    undisturbed one, as the order of rows depends on the recipe's seed only.
    Raises SlantError if `out` holds another recipe's run and `resume` is set.
    """
    arguments = _arguments(recipe, out / "checkpoints")  # joins the run's other processes, if any
    with arguments.main_process_first(local=False):
        last = _open_folder(recipe, out, resume=resume, writes=arguments.should_save)
    set_seed(recipe.seed)
    with arguments.main_process_first(local=False):
        model, source = first_model(recipe, out)
    windows = {name: getattr(recipe, name) for name in ("max_length", "stride", "context_length", "queries")}
    tokenizer = Path(source) / "tokenizer.json"
    encoder = TextEncoder(tokenizer, **windows)
    examples = training_examples(recipe, root=root)
    rows = Rows(make_rows(examples, encoder))
    if not len(rows):
        raise SlantError("the recipe's sets hold no examples: nothing to train on. Check `slant data list`.")
    print(
        f"rows: {len(rows):,}; tokens: {sum(rows.lengths):,}; parameters: {model.num_parameters():,}",
        flush=True,
    )
    if recipe.teacher:
        with arguments.main_process_first(local=False):  # the others find the answers in its files
            bf16 = recipe.bf16 and has_bf16()
            teachers = [as_checkpoint(recipe.teacher, out / "teacher")]
            if recipe.topic_teacher:
                teachers.append(as_checkpoint(recipe.topic_teacher, out / "topic_teacher"))
            for teacher, topics in zip(teachers, (False, True), strict=False):
                teach(rows.rows, examples, teacher, out / "teaching", bf16=bf16, topics=topics)
        set_teaching(rows.rows, examples, recipe)
    trainer = SlantTrainer(
        model=model,
        args=arguments,
        train_dataset=rows,
        data_collator=Collator(encoder.pad),
    )
    trainer.recipe = recipe
    trainer.train(resume_from_checkpoint=last if resume else None)
    if arguments.should_save:
        save(model, out, tokenizer=tokenizer, windows=windows, recipe=recipe)
    if arguments.world_size > 1:
        _part(trainer)
    return out


def _part(trainer: SlantTrainer) -> None:
    """Ends the group of processes: the first goes on alone, the others may leave.

    The wrapped model lets go of the group first: freed after it, it waits under the interpreter's lock for a thread of the
    group that waits for that lock (seen with gloo in torch 2.13).
    """
    trainer.model_wrapped = trainer.model
    trainer.accelerator.free_memory()
    torch.distributed.destroy_process_group()


def _open_folder(recipe: Recipe, out: Path, *, resume: bool, writes: bool) -> str | None:
    """The last checkpoint of an earlier run in `out`, if there is one. Only a process that `writes` changes `out`."""
    out.mkdir(parents=True, exist_ok=True)
    checkpoints = out / "checkpoints"
    last = get_last_checkpoint(str(checkpoints)) if checkpoints.exists() else None
    _check_resume(recipe, out, resume=resume, last=last)
    if not writes:
        return last
    if last and not resume:  # else a later --resume would take up the old run, whose steps count higher
        print(f"starting again: the checkpoints of an earlier run in {out} are removed", flush=True)
        shutil.rmtree(checkpoints)
    (out / "recipe.json").write_text(json.dumps(to_dict(recipe), indent=2), "utf-8")
    return last


def save(model: SlantModel, out: Path, *, tokenizer: Path, windows: dict[str, Any], recipe: Recipe) -> None:
    model.save_pretrained(out)
    shutil.copyfile(tokenizer, out / "tokenizer.json")
    run = hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest()[:12]
    (out / "slant.json").write_text(
        json.dumps({"windows": windows, "run": run, "recipe": _made_by(recipe, tokenizer.parent)}, indent=2),
        "utf-8",
    )


def _made_by(recipe: Recipe, begun: Path) -> str:
    """The recipe's name behind those of the model that it started from, oldest first; `begun`: that model's checkpoint."""
    if not recipe.start:
        return recipe.name
    before = json.loads((begun / "slant.json").read_text("utf-8"))["recipe"]
    return f"{before}, {recipe.name}"


def _check_resume(recipe: Recipe, out: Path, *, resume: bool, last: str | None) -> None:
    saved = out / "recipe.json"
    if resume and last is None:
        print(f"nothing to resume in {out}: starting from the beginning", flush=True)
    if last is None or not resume or not saved.exists():
        return
    before, now = json.loads(saved.read_text("utf-8")), json.loads(json.dumps(to_dict(recipe)))
    usual = json.loads(json.dumps(to_dict(Recipe())))  # what a run of a version without the setting did
    changed = sorted(k for k in now if before.get(k, usual[k]) != now[k])
    if changed:
        raise SlantError(
            f"{out} holds a run of another recipe (different: {', '.join(changed)}). "
            "Give another folder with -o, or train without --resume to start again."
        )


def _arguments(recipe: Recipe, checkpoints: Path) -> TrainingArguments:
    arguments = TrainingArguments(
        output_dir=str(checkpoints),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        learning_rate=recipe.learning_rate,
        warmup_steps=recipe.warmup,
        lr_scheduler_type="linear",
        max_grad_norm=1.0,
        bf16=recipe.bf16 and has_bf16(),
        use_cpu=not torch.cuda.is_available(),  # the Trainer wants it said, or it refuses bf16 on a CPU
        ddp_find_unused_parameters=True,  # the encoder's pooler is used by no head
        ddp_timeout=6 * 3600,  # seconds: the others wait while the first listens to a teacher
        seed=recipe.seed,
        data_seed=recipe.seed,
        save_strategy="steps",
        save_steps=recipe.save_steps,
        save_total_limit=1,
        logging_steps=50,
        report_to="none",
        remove_unused_columns=False,
        label_names=["labels"],
        dataloader_pin_memory=False,
        disable_tqdm=os.environ.get("SLANT_PROGRESS") == "0",
    )
    if arguments.n_gpu > 1:
        # The Trainer would cut batches in pieces (DataParallel), and span labels name rows of a whole batch.
        print(f"one of {arguments.n_gpu} GPUs is used; for all see model/recipes/gpu.toml", flush=True)
        arguments._n_gpu = 1
    return arguments


def refuse_judged(recipe: Recipe) -> None:
    """Raises UsageError if the recipe would learn from, or choose by, what its model is judged on, or any set's test part."""
    for use in (*recipe.train, *recipe.dev):
        for spec in SPECS:
            if use.name != spec.source or spec.on_demand:
                continue
            fold_held_out = spec.held_out_fold is not None and use.without_fold == spec.held_out_fold
            if use.split == spec.split and not fold_held_out:
                cure = f" Add without_fold = {spec.held_out_fold}." if spec.held_out_fold is not None else ""
                raise UsageError(f"{recipe.name}: {use.name} {use.split} is what a model is judged on.{cure}")
        if use.split.startswith("test"):
            raise UsageError(
                f"{recipe.name}: {use.name} {use.split} is a test part; nothing is learned from it or chosen by it."
            )


def run(recipe_path: Path | None, overrides: Sequence[str], out: Path | None, *, resume: bool) -> Path:
    """Everything between a recipe and `out/export`; returns that folder. Says what it does on standard output.

    Of several processes (torchrun, accelerate launch) the first alone speaks, chooses thresholds and exports; the others
    return as soon as training is done, when the folder is not there yet.
    """
    recipe = load_recipe(recipe_path or asset("recipes") / "quick.toml", overrides)
    refuse_judged(recipe)
    out = out or Path("runs") / recipe.name
    if int(os.environ.get("RANK", "0")) > 0:  # as the launchers number the processes of a run
        os.environ["SLANT_PROGRESS"] = "0"
        with redirect_stdout(None):
            train(recipe, out, resume=resume)
        return out / "export"
    return _finish(train(recipe, out, resume=resume), recipe, out)


def average_runs(runs: Sequence[Path], out: Path) -> Path:
    """Average what several runs ended with, choose its thresholds as the first run's recipe says, and export it.

    Returns `out/export`. Raises UsageError for a run without its recipe.json.
    """
    saved = runs[0] / "recipe.json"
    if not saved.exists():
        raise UsageError(
            f"{saved} is missing; it says by which dev sets to choose. Give folders that `slant train` made."
        )
    recipe = recipe_from(json.loads(saved.read_text("utf-8")), where=str(saved))
    refuse_judged(recipe)
    checkpoint = average(runs, out)
    shutil.copyfile(saved, out / "recipe.json")
    return _finish(checkpoint, recipe, out)


def _finish(checkpoint: Path, recipe: Recipe, out: Path) -> Path:
    """Chooses thresholds on the recipe's dev sets, and exports."""
    dev: dict[str, list[Example]] = {}
    for use in recipe.dev:
        dev.setdefault(use.name, []).extend(load_use(use, seed=recipe.seed))
    if dev:
        predictor = load_checkpoint(checkpoint, bf16=has_bf16())
        store_decoding(checkpoint, choose_decoding(predictor, dev))
    else:
        print("the recipe names no dev sets: thresholds stay as they are, 0.5", flush=True)
    folder = export(checkpoint, out / "export")
    print(f"exported to {folder}; judge it with: slant evaluate {folder} -o {out / 'scores'}", flush=True)
    return folder
