"""The shipped model in ONNX Runtime: no torch, loads in well under a second."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slant.assets import asset
from slant.encoding.decode import Array, Decoding
from slant.encoding.labels import check_labels
from slant.encoding.reader import Reader
from slant.encoding.windows import TextEncoder
from slant.errors import SlantError, UsageError
from slant.labels.codebook import Codebook

INPUTS = ("input_ids", "layout", "query_columns")


class OnnxRuntime:
    """An ONNX model as a Runtime. threads: processor cores to use, by default those this process may run on."""

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or available_cores()
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def __call__(self, batch: dict[str, NDArray[np.int64]]) -> tuple[Array, Array, Array]:
        token, unit, stance = self.session.run(None, {name: batch[name] for name in INPUTS})
        return token, unit, stance


def available_cores() -> int:
    """Cores that this process may use (a container or a job scheduler may grant fewer than the machine has)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load(
    folder: Path | None = None, *, threads: int | None = None, file: str = "model_quantized.onnx"
) -> Reader:
    """The model in `folder` (default: the shipped one) as a Reader.

    Raises UsageError if the folder is no slant model, SlantError if its labels are not those of this version.
    """
    folder = folder or asset("model")
    config_path, onnx_path = folder / "config.json", folder / "onnx" / file
    for path in (config_path, onnx_path, folder / "tokenizer.json"):
        if not path.exists():
            raise UsageError(
                f"model folder {folder}: {path.relative_to(folder)} is missing. A model made by `slant train` and "
                "exported holds config.json, tokenizer.json and onnx/."
            )
    settings = _settings(config_path)
    _check_labels(folder, settings)
    encoder = TextEncoder(folder / "tokenizer.json", **settings["windows"])
    decoding = Decoding.from_dict(settings["decoding"])
    try:
        runtime = OnnxRuntime(onnx_path, threads=threads)
    except (
        Exception
    ) as error:  # ONNX Runtime has a class of its own for each thing that may be wrong with a file
        raise SlantError(
            f"{onnx_path} ({onnx_path.stat().st_size:,} bytes) is no model that ONNX Runtime can load: {error}. "
            "Was it downloaded or checked out in full? Get the model folder again."
        ) from None
    return Reader(
        runtime,
        encoder,
        decoding,
        name=folder.name,
        fingerprint=settings["fingerprint"],
        codebook=settings["codebook"],
    )


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
