"""Run the torch model as a Runtime, to choose thresholds after training and to compare exports with it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from slant.encoding.decode import Decoding, Floats
from slant.encoding.label_ids import check_labels
from slant.encoding.predictor import Predictor
from slant.encoding.windows import TextEncoder
from slant.training.network import SlantModel


class TorchRuntime:
    """Run a SlantModel without gradients on its device. bf16: faster, precise enough for dev scores."""

    def __init__(self, model: SlantModel, *, bf16: bool = False) -> None:
        self.model, self.bf16 = model, bf16

    def __call__(self, batch: dict[str, NDArray[np.int64]]) -> tuple[Floats, Floats, Floats]:
        device = self.model.device
        tensors = {name: torch.from_numpy(value).to(device) for name, value in batch.items()}
        training = self.model.training
        self.model.eval()
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=self.bf16):
            out = self.model(**tensors)
        self.model.train(training)
        parts = (out.token_logits, out.unit_logits, out.target_logits)
        return tuple(part.float().cpu().numpy() for part in parts)  # type: ignore[return-value]


def load_checkpoint(folder: Path, *, bf16: bool = False) -> Predictor:
    """Open the torch checkpoint in `folder`, on a GPU if there is one."""
    model = SlantModel.from_pretrained(folder).to("cuda" if torch.cuda.is_available() else "cpu")
    return predictor_of(model, folder, bf16=bf16)


def predictor_of(model: SlantModel, folder: Path, *, bf16: bool = False) -> Predictor:
    """Wrap a model loaded from the checkpoint in `folder`; it stays on its device."""
    check_labels(model.config.to_dict(), f"checkpoint {folder}")
    settings = json.loads((folder / "slant.json").read_text("utf-8"))
    encoder = TextEncoder(folder / "tokenizer.json", **settings["windows"])
    decoding = Decoding.from_dict(model.config.decoding)
    return Predictor(
        TorchRuntime(model, bf16=bf16), encoder, decoding, name=str(folder), fingerprint=settings["run"]
    )


def store_decoding(folder: Path, decoding: Decoding) -> None:
    """Write thresholds and priors to the config of the checkpoint in `folder`."""
    path = folder / "config.json"
    config = json.loads(path.read_text("utf-8"))
    config["decoding"] = asdict(decoding)
    path.write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def has_bf16() -> bool:
    """Return whether the hardware, GPU or CPU, supports bfloat16 natively."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported())
