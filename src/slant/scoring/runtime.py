"""The shipped model without torch: which runtime runs it here, and on how many cores."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from slant.assets import asset
from slant.encoding.decode import Decoding
from slant.encoding.labels import check_labels
from slant.encoding.reader import Reader
from slant.encoding.windows import TextEncoder
from slant.errors import SlantError, UsageError
from slant.labels.codebook import Codebook
from slant.scoring.runtimes import (
    ONNX,
    OPENVINO,
    RUNTIMES,
    OnnxRuntime,
    OpenVino,
    cuda_providers,
    has_openvino,
)

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
