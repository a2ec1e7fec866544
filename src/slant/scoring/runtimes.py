"""OpenVINO and ONNX Runtime behind one interface. Each batch is run by one core; several threads may call at once.

A row's numbers have to be the same to the last bit whatever rows it stands among, or a run that is resumed would end with
other bytes. So no batch is split over cores, activations have scales that are fixed or each token's own,
and nothing is computed in bfloat16 because this processor happens to have it. OpenVINO's kernels then keep rows apart; those
of ONNX Runtime round differently for other numbers of rows, so it is given one at a time (tests/test_company.py).

The shipped model without torch: which runtime runs it here, and on how many cores.
"""

from __future__ import annotations

import json
import os
import threading
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slant.assets import asset
from slant.encoding.decode import Decoding
from slant.encoding.label_ids import check_labels
from slant.encoding.predictor import Logits, Reader
from slant.encoding.windows import TextEncoder
from slant.errors import SlantError, UsageError
from slant.labels.codebook import Codebook

OPENVINO, ONNX = RUNTIMES = ("openvino", "onnx")
INPUTS = ("input_ids", "layout", "query_columns")
GROUP = 128  # numbers of one token that share a scale; fewer are a little nearer to fp32 and slower
Batch = dict[str, NDArray[np.int64]]


def has_openvino() -> bool:
    return find_spec("openvino") is not None


class OpenVino:
    """A model in OpenVINO's format, on `threads` cores. What was compiled is kept in the user's cache folder."""

    def __init__(self, path: Path, *, threads: int) -> None:
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
        self.model: Any = core.compile_model(str(path), "CPU", settings)
        # The first tensor made of an array sets up OpenVINO's bridge to numpy. Two threads that do so at once wait for each
        # other for ever (pybind11's gil_safe_call_once inside a static's guard), so it is done here, by one.
        openvino.Tensor(np.zeros(1, np.int64), shared_memory=True)
        self._own = threading.local()

    def __call__(self, batch: Batch) -> Logits:
        if not hasattr(self._own, "request"):
            self._own.request = self.model.create_infer_request()
        found = self._own.request.infer({name: batch[name] for name in INPUTS}, share_inputs=True)
        token, unit, stance = (np.array(found[i]) for i in range(3))
        return token, unit, stance


class OnnxRuntime:
    """An ONNX model, a row at a time on one core; on device "cuda", where onnxruntime-gpu finds one, whole batches."""

    def __init__(self, path: Path, *, device: str = "cpu") -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        providers = ["CPUExecutionProvider"] if device == "cpu" else cuda_providers()
        self.session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        self.whole = device != "cpu"

    def __call__(self, batch: Batch) -> Logits:
        columns = batch["query_columns"]
        if self.whole:
            return self._run(batch)
        rows = [self._row(batch, i, max(1, int(np.count_nonzero(columns[i])))) for i in range(len(columns))]
        token, unit, stance = (np.concatenate(parts) for parts in zip(*rows, strict=True))
        return token, unit, stance

    def _row(self, batch: Batch, row: int, queries: int) -> Logits:
        """The row with its own queries alone; those that others of its batch have more are zero in the answer."""
        one = {name: batch[name][row : row + 1] for name in INPUTS}
        most = one["query_columns"].shape[1]
        token, unit, stance = self._run({**one, "query_columns": one["query_columns"][:, :queries]})
        return token, unit, np.pad(stance, ((0, 0), (0, most - queries), (0, 0), (0, 0)))

    def _run(self, batch: Batch) -> Logits:
        token, unit, stance = self.session.run(None, {name: batch[name] for name in INPUTS})
        return token, unit, stance


def cuda_providers() -> list[str]:
    """Raises UsageError where ONNX Runtime has no CUDA."""
    import onnxruntime

    found = onnxruntime.get_available_providers()
    if "CUDAExecutionProvider" not in found:
        raise UsageError(
            f"--device cuda: ONNX Runtime {onnxruntime.__version__} has no CUDA here ({', '.join(found)}). On a machine with "
            "an NVIDIA GPU: pip uninstall onnxruntime, then pip install onnxruntime-gpu. Or leave --device out."
        )
    return ["CUDAExecutionProvider", "CPUExecutionProvider"]


def cache_folder() -> Path | None:
    """Where compiled models are kept (XDG_CACHE_HOME, LOCALAPPDATA, or ~/.cache); None where nothing can be written."""
    with suppress(OSError, RuntimeError):
        base = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA") or Path.home() / ".cache"
        folder = Path(base) / "slant" / "openvino"
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    return None


FILES = {OPENVINO: Path("openvino") / "model.xml", ONNX: Path("onnx") / "model_quantized.onnx"}


def available_cores() -> int:
    """Cores that this process may use (a container or a job scheduler may grant fewer than the machine has)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load(
    folder: Path | None = None,
    *,
    threads: int | None = None,
    runtime: str | None = None,
    device: str = "cpu",
    file: str | None = None,
) -> Reader:
    """The model in `folder` (default: the shipped one) as a Reader.

    threads: cores to use, by default all that this process may. runtime: "openvino" or "onnx", by default OpenVINO where it
    is installed and the model has been quantised for it. device: "cpu", or "cuda" by way of ONNX Runtime. file: another
    file of `onnx/` than the quantised one.
    Raises UsageError if the folder is no slant model or the runtime cannot run it here, SlantError if its labels are not
    those of this version.
    """
    folder = folder or asset("model")
    if threads is not None and threads < 1:
        raise UsageError(f"threads is {threads}; expected 1 or more.")
    chosen = ONNX if file else _choose(folder, runtime, device)
    path = folder / "onnx" / file if file else folder / FILES[chosen]
    for needed in (folder / "config.json", path, folder / "tokenizer.json"):
        if not needed.exists():
            raise UsageError(
                f"model folder {folder}: {needed.relative_to(folder)} is missing. A model made by `slant train` and "
                "exported holds config.json, tokenizer.json and onnx/."
            )
    settings = _settings(folder / "config.json")
    _check_labels(folder, settings)
    encoder = TextEncoder(folder / "tokenizer.json", **settings["windows"])
    cores = threads or available_cores()
    return Reader(
        _open(chosen, path, cores, device),
        encoder,
        Decoding.from_dict(settings["decoding"]),
        name=folder.name,
        fingerprint=settings.get("fingerprints", {}).get(chosen, settings["fingerprint"]),
        codebook=settings["codebook"],
        workers=cores if device == "cpu" else 1,
    )


def _choose(folder: Path, runtime: str | None, device: str) -> str:
    if runtime not in (None, *RUNTIMES):
        raise UsageError(f"runtime {runtime!r} is unknown; there are {' and '.join(RUNTIMES)}.")
    if device not in ("cpu", "cuda"):
        raise UsageError(f"device {device!r} is unknown; there are cpu and cuda.")
    if device == "cuda":
        if runtime == OPENVINO:
            raise UsageError("--runtime openvino runs on processors. Leave it out with --device cuda.")
        return ONNX
    if runtime == OPENVINO and not has_openvino():
        raise UsageError(
            "--runtime openvino: it is not installed here. pip install openvino, or --runtime onnx."
        )
    if runtime:
        return runtime
    return OPENVINO if has_openvino() and (folder / FILES[OPENVINO]).exists() else ONNX


def _open(runtime: str, path: Path, cores: int, device: str) -> OnnxRuntime | OpenVino:
    if runtime == ONNX and find_spec("onnxruntime") is None:
        raise UsageError(
            f"{path} needs ONNX Runtime, which is not installed here: pip install 'slant[onnx]'. For --device cuda, on a "
            "machine with an NVIDIA GPU: pip install onnxruntime-gpu."
        )
    if device == "cuda":
        cuda_providers()
    try:
        if runtime == OPENVINO:
            return OpenVino(path, threads=cores)
        return OnnxRuntime(path, device=device)
    except Exception as error:  # both runtimes have classes of their own for each thing that may be wrong
        names = {OPENVINO: "OpenVINO", ONNX: "ONNX Runtime"}
        raise SlantError(
            f"{path} ({path.stat().st_size:,} bytes) is no model that {names[runtime]} can load: {error}. "
            "Was it downloaded or checked out in full? Get the model folder again."
        ) from None


def _settings(config_path: Path) -> dict[str, Any]:
    try:
        config = json.loads(config_path.read_text("utf-8"))
        settings = config.get("slant")
    except (ValueError, AttributeError):
        settings = None
    if not isinstance(settings, dict):
        raise UsageError(
            f'{config_path} has no "slant" settings: this is another kind of model. Make one with `slant train`, or '
            "leave --model out for the one that ships."
        )
    return {"stance_labels": config.get("stance_labels"), **settings}


def _check_labels(folder: Path, settings: dict[str, Any]) -> None:
    check_labels(settings, f"model folder {folder}")
    codebook = Codebook.load(folder / "codebook.toml" if (folder / "codebook.toml").exists() else None)
    if settings["codebook"] != codebook.fingerprint:
        raise SlantError(
            f"model folder {folder}: made with codebook {settings['codebook']}, but its codebook.toml "
            f"is {codebook.fingerprint}. The definitions of the labels changed; export the model again."
        )
