"""Load a model without torch and run its batches with OpenVINO or ONNX Runtime, behind one interface.

Each batch runs on one core; several threads may call a runtime at once. A row's numbers are batch-invariant: the same to the
last bit whatever rows share the batch, or a resumed run would write other bytes. So no batch is split over cores, activations
have scales that are fixed or per token, and nothing is computed in bfloat16 because a processor has it. OpenVINO's kernels
then keep rows apart. Those of ONNX Runtime round differently for other numbers of rows, so it gets one row at a time
(tests/scoring/test_batch_independence.py).
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slant.assets import SIZES, model_folder, size_folder
from slant.encoding.decode import Decoding, Floats
from slant.encoding.label_ids import check_labels
from slant.encoding.predictor import BatchLogits, Predictor
from slant.encoding.windows import TextEncoder
from slant.errors import SlantError, UsageError
from slant.labels.codebook import Codebook
from slant.scoring import heads
from slant.scoring.hidden_states import (
    EMBEDDING,
    QUERY_STATES,
    add_openvino_states,
    onnx_with_outputs,
    state_tensors,
)

OPENVINO, ONNX = RUNTIMES = ("openvino", "onnx")
FILES = {OPENVINO: Path("openvino") / "model.xml", ONNX: Path("onnx") / "model_quantized.onnx"}
INPUTS = ("input_ids", "layout", "query_columns")
LOGITS = ("token_logits", "unit_logits", "target_logits")
GROUP = 128  # activations of a token that share a scale; fewer are slightly nearer to fp32 and slower
Batch = dict[str, NDArray[np.int64]]


class OpenVino:
    """A model in OpenVINO's format, on `threads` cores. The compiled model is cached in the user's cache folder.

    has_embedding: whether the model has the output EMBEDDING; models exported before it was added do not.
    states: put hidden states behind the logits, see `load`.
    """

    def __init__(self, path: Path, *, threads: int, states: bool = False) -> None:
        import openvino

        core = openvino.Core()
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": threads,
            "INFERENCE_PRECISION_HINT": "f32",
            "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(GROUP),
        }
        if cache := cache_folder():
            settings["CACHE_DIR"] = str(cache)
        source: Any = str(path)
        if states:
            source = core.read_model(source)
            add_openvino_states(source, path)
        self.states = (EMBEDDING, QUERY_STATES) if states else ()
        self.model: Any = core.compile_model(source, "CPU", settings)
        self.has_embedding = any(EMBEDDING in output.get_names() for output in self.model.outputs)
        # The first tensor made from an array sets up OpenVINO's bridge to numpy. Two threads that do so at once deadlock
        # (pybind11's gil_safe_call_once inside a static's guard), so it is done here, by one.
        openvino.Tensor(np.zeros(1, np.int64), shared_memory=True)
        self._per_thread = threading.local()

    def __call__(self, batch: Batch) -> BatchLogits:
        return _logits(self._infer(batch, (*LOGITS, *self.states)))

    def with_embedding(self, batch: Batch) -> tuple[BatchLogits, Floats]:
        """Return the logits of a batch and its embedding. Only if `has_embedding`."""
        *logits, embedding = self._infer(batch, (*LOGITS, EMBEDDING))
        return _logits(logits), embedding

    def _infer(self, batch: Batch, outputs: Sequence[str]) -> list[Floats]:
        if not hasattr(self._per_thread, "request"):
            self._per_thread.request = self.model.create_infer_request()
        request = self._per_thread.request
        request.infer({name: batch[name] for name in INPUTS}, share_inputs=True, share_outputs=True)
        return [np.array(request.get_tensor(name).data) for name in outputs]


class OnnxRuntime:
    """An ONNX model: one row at a time on one core; with device "cuda", where onnxruntime-gpu finds one, whole batches.

    has_embedding: whether the model has the output EMBEDDING; models exported before it was added do not.
    states: put hidden states behind the logits, see `load`.
    """

    def __init__(self, path: Path, *, device: str = "cpu", states: bool = False) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        providers = ["CPUExecutionProvider"] if device == "cpu" else cuda_providers()
        self.states: tuple[str, ...] = ()
        source: str | bytes = str(path)
        if states:
            data = path.read_bytes()
            self.states = state_tensors(data, path)
            source = onnx_with_outputs(data, self.states)
        self.session = onnxruntime.InferenceSession(source, options, providers=providers)
        self.has_embedding = any(output.name == EMBEDDING for output in self.session.get_outputs())
        self.whole_batches = device != "cpu"

    def __call__(self, batch: Batch) -> BatchLogits:
        return _logits(self._infer(batch, (*LOGITS, *self.states)))

    def with_embedding(self, batch: Batch) -> tuple[BatchLogits, Floats]:
        """Return the logits of a batch and its embedding. Only if `has_embedding`."""
        *logits, embedding = self._infer(batch, (*LOGITS, EMBEDDING))
        return _logits(logits), embedding

    def _infer(self, batch: Batch, outputs: Sequence[str]) -> list[Floats]:
        columns = batch["query_columns"]
        if self.whole_batches:
            return self._run(batch, outputs)
        rows = [
            self._row(batch, i, max(1, int(np.count_nonzero(columns[i]))), outputs)
            for i in range(len(columns))
        ]
        return [np.concatenate(parts) for parts in zip(*rows, strict=True)]

    def _row(self, batch: Batch, row: int, queries: int, outputs: Sequence[str]) -> list[Floats]:
        """Run one row with its own queries only; logits and states of the batch's other query columns are zero."""
        one = {name: batch[name][row : row + 1] for name in INPUTS}
        most = one["query_columns"].shape[1]
        found = self._run({**one, "query_columns": one["query_columns"][:, :queries]}, outputs)
        for i, name in enumerate(outputs):
            if name in (LOGITS[2], *self.states[1:]):  # those with a column per query
                beside = ((0, 0),) * (found[i].ndim - 2)
                found[i] = np.pad(found[i], ((0, 0), (0, most - queries), *beside))
        return found

    def _run(self, batch: Batch, outputs: Sequence[str]) -> list[Floats]:
        found: list[Floats] = self.session.run(list(outputs), {name: batch[name] for name in INPUTS})
        return found


def _logits(found: Sequence[Floats]) -> BatchLogits:
    token, unit, target, *states = found
    if states:
        pooled, queries = states
        unit, target = np.concatenate([unit, pooled], -1), np.concatenate([target, queries], -1)
    return token, unit, target


def has_openvino() -> bool:
    return find_spec("openvino") is not None


def cuda_providers() -> list[str]:
    """Return the providers for a GPU. Raises UsageError if ONNX Runtime has no CUDA."""
    import onnxruntime

    found = onnxruntime.get_available_providers()
    if "CUDAExecutionProvider" not in found:
        raise UsageError(
            f"--device cuda: ONNX Runtime {onnxruntime.__version__} has no CUDA here ({', '.join(found)}). On a machine with "
            "an NVIDIA GPU: pip uninstall onnxruntime, then pip install onnxruntime-gpu. Or leave out --device."
        )
    return ["CUDAExecutionProvider", "CPUExecutionProvider"]


def cache_folder() -> Path | None:
    """Return the folder of compiled models (under XDG_CACHE_HOME, LOCALAPPDATA or ~/.cache), or None if not writable."""
    with suppress(OSError, RuntimeError):
        base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
        folder = Path(base) / "slant" / "openvino"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    return None


def available_cores() -> int:
    """Return the number of cores that this process may use; a container or scheduler may grant fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load(
    model: str | Path | None = None,
    *,
    threads: int | None = None,
    runtime: str | None = None,
    device: str = "cpu",
    file: str | None = None,
    states: bool = False,
) -> Predictor:
    """Load a model: a size ("small", "base"), a folder, or None for SLANT_MODEL or the default (assets.chosen_model).

    The folder may hold a head made by `slant teach`, which is run with its model.

    threads: cores to use; default: all that this process may use. runtime: "openvino" or "onnx"; default: OpenVINO if it is
    installed and the folder has a model for it. device: "cpu", or "cuda" with ONNX Runtime. file: ONNX file in `onnx/` other
    than the quantized one. states: put hidden states behind the logits: the embedding behind the unit logits, the state of
    each target's query behind its logits.
    Raises UsageError if this installation lacks the size, the folder holds no slant model or the runtime cannot run it here,
    SlantError if the model was made with other labels, or has no such states.
    """
    folder = model_folder(model)
    if threads is not None and threads < 1:
        raise UsageError(f"threads is {threads}; expected 1 or more.")
    if heads.is_head(folder):
        return _load_taught(folder, threads, runtime, device)
    chosen = ONNX if file else _choose(folder, runtime, device)
    path = folder / "onnx" / file if file else folder / FILES[chosen]
    for needed in (folder / "config.json", path, folder / "tokenizer.json"):
        if not needed.exists():
            raise UsageError(
                f"model folder {folder}: {needed.relative_to(folder)} is missing. A folder exported by `slant train` or "
                "`slant export` has config.json, tokenizer.json, and openvino/ or onnx/ or both."
            )
    settings = _settings(folder / "config.json")
    _check_labels(folder, settings)
    encoder = TextEncoder(folder / "tokenizer.json", **settings["windows"])
    cores = threads or available_cores()
    return Predictor(
        _open(chosen, path, cores, device, states),
        encoder,
        Decoding.from_dict(settings["decoding"]),
        name=folder.name,
        fingerprint=settings.get("fingerprints", {}).get(chosen, settings["fingerprint"]),
        codebook=settings["codebook"],
        workers=cores if device == "cpu" else 1,
    )


def _load_taught(folder: Path, threads: int | None, runtime: str | None, device: str) -> Predictor:
    """Load a head with its model: the installed size with that fingerprint, else the folder that the head names."""
    head = heads.load_head(folder)
    stated = head.card["model"]
    base = size_of(stated["fingerprint"]) or stated["name"]
    try:
        loaded = load(base, threads=threads, runtime=runtime or stated["runtime"], device=device, states=True)
    except UsageError as error:
        raise UsageError(f"{folder}: this head needs model {stated['name']}. {error}") from None
    return heads.with_head(loaded, head, folder, (threads or available_cores()) if device == "cpu" else 1)


def size_of(fingerprint: str) -> str | None:
    """Return the installed size whose scores have this fingerprint, with either runtime, or None."""
    for size in SIZES:
        if folder := size_folder(size):
            settings = _settings(folder / "config.json")
            if fingerprint in (settings["fingerprint"], *settings.get("fingerprints", {}).values()):
                return size
    return None


def _choose(folder: Path, runtime: str | None, device: str) -> str:
    if runtime not in (None, *RUNTIMES):
        raise UsageError(f"runtime {runtime!r} is unknown; there are {' and '.join(RUNTIMES)}.")
    if device not in ("cpu", "cuda"):
        raise UsageError(f"device {device!r} is unknown; there are cpu and cuda.")
    if device == "cuda":
        if runtime == OPENVINO:
            raise UsageError("--runtime openvino runs on CPUs only. Leave it out with --device cuda.")
        runtime = ONNX
    for_openvino, for_onnx = ((folder / FILES[name]).exists() for name in RUNTIMES)
    only_openvino = for_openvino and not for_onnx
    if not has_openvino() and (runtime == OPENVINO or (runtime is None and only_openvino)):
        instead = "choose a model with an ONNX file" if only_openvino else "use --runtime onnx"
        raise UsageError(
            f"model folder {folder}: OpenVINO is to run this model, but is not installed. pip install openvino, or {instead}."
        )
    if runtime == ONNX and only_openvino:
        raise UsageError(
            f"model folder {folder} has files for OpenVINO only. --runtime onnx and --device cuda need an ONNX file: choose "
            "another model, such as --model small."
        )
    return runtime or (OPENVINO if for_openvino and has_openvino() else ONNX)


def _open(runtime: str, path: Path, cores: int, device: str, states: bool) -> OnnxRuntime | OpenVino:
    if runtime == ONNX and find_spec("onnxruntime") is None:
        raise UsageError(
            f"{path} needs ONNX Runtime, which is not installed here: pip install 'slant[onnx]'. For --device cuda, on a "
            "machine with an NVIDIA GPU: pip install onnxruntime-gpu."
        )
    if device == "cuda":
        cuda_providers()
    try:
        if runtime == OPENVINO:
            return OpenVino(path, threads=cores, states=states)
        return OnnxRuntime(path, device=device, states=states)
    except SlantError:
        raise
    except Exception as error:  # both runtimes raise many classes of their own
        names = {OPENVINO: "OpenVINO", ONNX: "ONNX Runtime"}
        raise SlantError(
            f"{path} ({path.stat().st_size:,} bytes) cannot be loaded by {names[runtime]}: {error}. "
            "Was the download or checkout complete? Get the model folder again."
        ) from None


def _settings(config_path: Path) -> dict[str, Any]:
    try:
        config = json.loads(config_path.read_text("utf-8"))
        settings = config.get("slant")
    except (ValueError, AttributeError):
        settings = None
    if not isinstance(settings, dict):
        raise UsageError(
            f'{config_path} has no "slant" settings, so it is not a slant model. Make one with `slant train`, or leave out '
            "--model to use the one that ships with slant."
        )
    return {"target_labels": config.get("target_labels"), **settings}


def _check_labels(folder: Path, settings: dict[str, Any]) -> None:
    check_labels(settings, f"model folder {folder}")
    codebook = Codebook.load(folder / "codebook.toml" if (folder / "codebook.toml").exists() else None)
    if settings["codebook"] != codebook.fingerprint:
        raise SlantError(
            f"model folder {folder}: made with codebook {settings['codebook']}, but its codebook.toml is "
            f"{codebook.fingerprint}. The label definitions have changed; export the model again."
        )
