"""`slant train` and `slant average`: train a recipe to a checkpoint, choose thresholds on dev sets, export."""

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
from slant.training.initial_model import as_checkpoint, initial_model
from slant.training.network import SlantModel
from slant.training.recipe import Recipe, load_recipe, recipe_from, to_dict
from slant.training.teacher import add_teacher_logits
from slant.training.thresholds import choose_decoding
from slant.training.torch_runtime import has_bf16, load_checkpoint, store_decoding

# oneDNN compiles a kernel per shape; its default cache of 1,024 is too small for batches of many widths.
os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "20000")

# ---- slant train, slant average


def run(recipe_path: Path | None, overrides: Sequence[str], out: Path | None, *, resume: bool) -> Path:
    """Train a recipe and export the model to `out/export`; returns that folder. Prints progress on standard output.

    With several processes (torchrun, accelerate launch), only the first prints, chooses thresholds and exports; the others
    return after training, when the export does not exist yet.
    """
    recipe = load_recipe(recipe_path or asset("recipes") / "quick.toml", overrides)
    refuse_judged(recipe)
    out = out or Path("runs") / recipe.name
    if int(os.environ.get("RANK", "0")) > 0:  # set by the launchers
        os.environ["SLANT_PROGRESS"] = "0"
        with redirect_stdout(None):
            train(recipe, out, resume=resume)
        return out / "export"
    return _finish(train(recipe, out, resume=resume), recipe, out)


def average_runs(runs: Sequence[Path], out: Path) -> Path:
    """Average the checkpoints of several runs, choose thresholds as the first run's recipe says, and export to `out/export`.

    Returns that folder. Raises UsageError if the first run has no recipe.json.
    """
    saved = runs[0] / "recipe.json"
    if not saved.exists():
        raise UsageError(
            f"{saved} is missing; it names the dev sets for choosing thresholds. Give folders written by `slant train`."
        )
    recipe = recipe_from(json.loads(saved.read_text("utf-8")), where=str(saved))
    refuse_judged(recipe)
    checkpoint = average(runs, out)
    shutil.copyfile(saved, out / "recipe.json")
    return _finish(checkpoint, recipe, out)


def refuse_judged(recipe: Recipe) -> None:
    """Raise UsageError if the recipe trains on, or chooses thresholds on, a judged split or any test split."""
    for use in (*recipe.train, *recipe.dev):
        for spec in SPECS:
            if use.name != spec.source or spec.on_demand:
                continue
            fold_held_out = spec.held_out_fold is not None and use.without_fold == spec.held_out_fold
            # A judged split may be a part ("held_out/socc") of a split that the recipe names.
            judged = (spec.split, spec.split.partition("/")[0], "all")
            if use.split in judged and not fold_held_out:
                fix = f" Add without_fold = {spec.held_out_fold}." if spec.held_out_fold is not None else ""
                raise UsageError(
                    f"{recipe.name}: {use.name} {use.split} is judged; it must not be used in `train` or `dev`.{fix}"
                )
        if use.split.startswith("test"):
            raise UsageError(
                f"{recipe.name}: {use.name} {use.split} is a test split; it must not be used in `train` or `dev`."
            )


def _finish(checkpoint: Path, recipe: Recipe, out: Path) -> Path:
    """Choose thresholds on the recipe's dev sets, and export."""
    dev: dict[str, list[Example]] = {}
    for use in recipe.dev:
        dev.setdefault(use.name, []).extend(load_use(use, seed=recipe.seed))
    if dev:
        predictor = load_checkpoint(checkpoint, bf16=has_bf16())
        store_decoding(checkpoint, choose_decoding(predictor, dev))
    else:
        print("the recipe has no dev sets: thresholds and priors are not changed", flush=True)
    folder = export(checkpoint, out / "export")
    print(f"exported to {folder}; judge it with: slant evaluate {folder} -o {out / 'scores'}", flush=True)
    return folder


# ---- from a recipe to a checkpoint


def train(recipe: Recipe, out: Path, *, root: Path | None = None, resume: bool = False) -> Path:
    """Train a recipe to the checkpoint folder `out`: weights, tokenizer, recipe; intermediate ones in `out/checkpoints`.

    root: folder of the public sets. resume: continue from the last intermediate checkpoint. An interrupted and resumed run
    ends with the same weights as an uninterrupted one, since the order of rows depends only on the recipe's seed and the
    epoch. Raises SlantError if `resume` is set and `out` has a run of another recipe, or if the recipe's sets are empty.
    """
    arguments = _arguments(recipe, out / "checkpoints")  # joins the other processes of the run, if any
    with arguments.main_process_first(local=False):
        last = _open_folder(recipe, out, resume=resume, writes=arguments.should_save)
    set_seed(recipe.seed)
    with arguments.main_process_first(local=False):
        model, source = initial_model(recipe, out)
    windows = {name: getattr(recipe, name) for name in ("max_length", "stride", "context_length", "queries")}
    tokenizer = Path(source) / "tokenizer.json"
    encoder = TextEncoder(tokenizer, **windows)
    examples = training_examples(recipe, root=root)
    rows = Rows(make_rows(examples, encoder))
    if not len(rows):
        raise SlantError("the recipe's sets have no examples: nothing to train on. Check `slant data list`.")
    print(
        f"rows: {len(rows):,}; tokens: {sum(rows.lengths):,}; parameters: {model.num_parameters():,}",
        flush=True,
    )
    if recipe.teacher:
        with arguments.main_process_first(local=False):  # the other processes read its cache
            _add_teachers(recipe, rows, examples, out)
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
        _leave_process_group(trainer)
    return out


def _add_teachers(recipe: Recipe, rows: Rows, examples: Sequence[Example], out: Path) -> None:
    bf16 = recipe.bf16 and has_bf16()
    teacher = as_checkpoint(recipe.teacher, out / "teacher")
    add_teacher_logits(rows.rows, examples, teacher, out / "teaching", bf16=bf16)
    set_teaching(rows.rows, examples, recipe)


def _open_folder(recipe: Recipe, out: Path, *, resume: bool, writes: bool) -> str | None:
    """Return the last checkpoint of an earlier run in `out`, or None. Only a process that `writes` changes `out`."""
    out.mkdir(parents=True, exist_ok=True)
    checkpoints = out / "checkpoints"
    last = get_last_checkpoint(str(checkpoints)) if checkpoints.exists() else None
    _check_resume(recipe, out, resume=resume, last=last)
    if not writes:
        return last
    if (
        last and not resume
    ):  # otherwise a later --resume would continue the old run, whose step numbers are higher
        print(f"starting anew: checkpoints of an earlier run in {out} are removed", flush=True)
        shutil.rmtree(checkpoints)
    (out / "recipe.json").write_text(json.dumps(to_dict(recipe), indent=2), "utf-8")
    return last


def _check_resume(recipe: Recipe, out: Path, *, resume: bool, last: str | None) -> None:
    saved = out / "recipe.json"
    if resume and last is None:
        print(f"nothing to resume in {out}: starting from the beginning", flush=True)
    if last is None or not resume or not saved.exists():
        return
    before, now = json.loads(saved.read_text("utf-8")), json.loads(json.dumps(to_dict(recipe)))
    defaults = json.loads(json.dumps(to_dict(Recipe())))  # for settings that a run of an older version lacks
    changed = sorted(k for k in now if before.get(k, defaults[k]) != now[k])
    if changed:
        raise SlantError(
            f"{out} has a run of another recipe (different: {', '.join(changed)}). "
            "Give another folder with -o, or train without --resume to start anew."
        )


def save(model: SlantModel, out: Path, *, tokenizer: Path, windows: dict[str, Any], recipe: Recipe) -> None:
    """Write weights, tokenizer and slant.json: windows, hash of the weights, names of the recipes."""
    model.save_pretrained(out)
    shutil.copyfile(tokenizer, out / "tokenizer.json")
    settings = {
        "windows": windows,
        "run": _hash_weights(out),
        "recipe": _recipe_names(recipe, tokenizer.parent),
    }
    (out / "slant.json").write_text(json.dumps(settings, indent=2), "utf-8")


def _hash_weights(checkpoint: Path) -> str:
    return hashlib.sha256((checkpoint / "model.safetensors").read_bytes()).hexdigest()[:12]


def _recipe_names(recipe: Recipe, start: Path) -> str:
    """Return the names of the recipes that made the model, oldest first. start: checkpoint that training started from."""
    if not recipe.start:
        return recipe.name
    before = json.loads((start / "slant.json").read_text("utf-8"))["recipe"]
    return f"{before}, {recipe.name}"


def _leave_process_group(trainer: SlantTrainer) -> None:
    """Destroy the process group: the first process continues alone, the others may exit.

    The wrapped model must be released before the group: released after it, it waits, holding the interpreter's lock, for a
    thread of the group that waits for that lock (seen with gloo in torch 2.13).
    """
    trainer.model_wrapped = trainer.model
    trainer.accelerator.free_memory()
    torch.distributed.destroy_process_group()


# ---- average of checkpoints


def average(checkpoints: Sequence[Path], out: Path) -> Path:
    """Write the mean of the checkpoints' weights to the checkpoint folder `out` (uniform soup: Wortsman et al. 2022).

    Useful for runs with other seeds or rates that started from the same trained model; the mean of runs that started from new
    heads is worthless. Everything else is taken from the first checkpoint, except the names of the recipes: those of all
    checkpoints, the first one's last. Choose the decoding anew. Returns `out`.
    Raises UsageError for fewer than two checkpoints or a folder without one, SlantError if they are incompatible.
    """
    if len(checkpoints) < 2:
        raise UsageError(f"an average needs at least two checkpoints, got {len(checkpoints)}.")
    for folder in checkpoints:
        if not (folder / "slant.json").exists():
            raise UsageError(
                f"{folder}: no checkpoint there (slant.json). Give run folders written by `slant train`."
            )
    first = checkpoints[0]
    model = SlantModel.from_pretrained(first)
    total = {name: value.double() for name, value in model.state_dict().items()}
    for folder in checkpoints[1:]:
        _check_compatible(first, folder)
        for name, value in SlantModel.from_pretrained(folder).state_dict().items():
            if name not in total or total[name].shape != value.shape:
                raise SlantError(
                    f"{folder} and {first} differ in {name}; only runs with the same encoder can be averaged."
                )
            total[name] += value
    model.load_state_dict(
        {name: (value / len(checkpoints)).to(torch.float32) for name, value in total.items()}
    )
    out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(out)
    shutil.copyfile(first / "tokenizer.json", out / "tokenizer.json")
    settings = json.loads((first / "slant.json").read_text("utf-8"))
    names = [json.loads((f / "slant.json").read_text("utf-8"))["recipe"].split(", ") for f in checkpoints]
    settings["recipe"] = ", ".join(dict.fromkeys(name for each in reversed(names) for name in each))
    settings["run"] = _hash_weights(out)
    (out / "slant.json").write_text(json.dumps(settings, indent=2), "utf-8")
    return out


def _check_compatible(first: Path, other: Path) -> None:
    if (first / "tokenizer.json").read_bytes() != (other / "tokenizer.json").read_bytes():
        raise SlantError(
            f"{other} and {first} have different tokenizers; only runs with the same encoder can be averaged."
        )
    windows = [json.loads((f / "slant.json").read_text("utf-8"))["windows"] for f in (first, other)]
    if windows[0] != windows[1]:
        raise SlantError(
            f"{other} has windows of {windows[1]}, {first} of {windows[0]}; they must be the same."
        )


# ---- the Trainer


class SlantTrainer(Trainer):
    """Trainer with batches of similar length, separate learning rates, and no weight decay of biases and norms."""

    recipe: Recipe
    optimizer: torch.optim.Optimizer | None

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        rows: Rows = self.train_dataset
        order = EpochOrder(rows.lengths, batch_size=self.recipe.batch_size, seed=self.recipe.seed)
        self.add_callback(SetEpoch(order))
        return order

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        if self.optimizer is None:
            self.optimizer = torch.optim.AdamW(_parameter_groups(self.model, self.recipe), fused=True)
        return self.optimizer


class EpochOrder(Sampler[int]):
    """Rows grouped by length, in an order that depends only on seed and epoch.

    A run that is resumed within an epoch therefore sees the same remaining rows as an uninterrupted one.
    """

    def __init__(self, lengths: Sequence[int], *, batch_size: int, seed: int) -> None:
        self.lengths, self.batch_size, self.seed, self.epoch = lengths, batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the data loader at the start of every epoch, also of a resumed one."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(1_000_003 * self.seed + self.epoch)
        return iter(get_length_grouped_indices(list(self.lengths), self.batch_size, generator=generator))


class SetEpoch(TrainerCallback):
    """Set the epoch of an EpochOrder. With several processes, the data loader does not do so for a resumed epoch."""

    def __init__(self, order: EpochOrder) -> None:
        self.order = order

    def on_epoch_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.order.set_epoch(int(state.epoch or 0))


def _parameter_groups(model: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """Group parameters by learning rate (heads, or encoder layer by layer) and weight decay (none for vectors)."""
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
    """Return the layer of a parameter: 1 to `depth`, 0 for embeddings, `depth` for parameters after the layers."""
    found = re.search(r"\.layer\.(\d+)\.", name)
    return int(found[1]) + 1 if found else 0 if ".embeddings." in name else depth


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
        use_cpu=not torch.cuda.is_available(),  # otherwise the Trainer refuses bf16 on a CPU
        ddp_find_unused_parameters=True,  # no head uses the encoder's pooler
        ddp_timeout=6 * 3600,  # seconds: the other processes wait while the first computes a teacher's logits
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
        # The Trainer would split batches (DataParallel), but span labels contain row numbers of the whole batch.
        print(f"one of {arguments.n_gpu} GPUs is used; to use all, see model/recipes/gpu.toml", flush=True)
        arguments._n_gpu = 1
    return arguments
