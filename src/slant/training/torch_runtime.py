"""The torch model as a Runtime: what training judges itself with, and what an export is compared to.

`transformers.pipeline("slant")`: the torch model, for those who live in transformers. Importing this registers the task.

What it says goes through the reader and the decoding that `slant score` uses: the same rows, but for what int8 costs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import Pipeline, PreTrainedTokenizerFast
from transformers.pipelines import PIPELINE_REGISTRY

from slant.assets import asset
from slant.encoding.decode import Decoding, Floats
from slant.encoding.label_ids import check_labels
from slant.encoding.predictor import Reader
from slant.encoding.windows import TextEncoder
from slant.errors import Rejected, UsageError
from slant.labels.targets import Targets
from slant.scoring.score import score
from slant.scoring.scorer import Asking
from slant.training.network import SlantModel


class TorchRuntime:
    """Runs a SlantModel without gradients, on its own device; bf16 for speed where only dev scores are wanted."""

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
        parts = (out.token_logits, out.unit_logits, out.stance_logits)
        return tuple(part.float().cpu().numpy() for part in parts)  # type: ignore[return-value]


def load_checkpoint(folder: Path, *, bf16: bool = False) -> Reader:
    """A Reader over the torch checkpoint in `folder` (as written by training)."""
    model = SlantModel.from_pretrained(folder).to("cuda" if torch.cuda.is_available() else "cpu")
    return reader_of(model, folder, bf16=bf16)


def reader_of(model: SlantModel, folder: Path, *, bf16: bool = False) -> Reader:
    """A Reader over a model that was loaded from the checkpoint in `folder`, on whatever device it is."""
    check_labels(model.config.to_dict(), f"checkpoint {folder}")
    settings = json.loads((folder / "slant.json").read_text("utf-8"))
    encoder = TextEncoder(folder / "tokenizer.json", **settings["windows"])
    decoding = Decoding.from_dict(model.config.decoding)
    return Reader(
        TorchRuntime(model, bf16=bf16), encoder, decoding, name=str(folder), fingerprint=settings["run"]
    )


def store_decoding(folder: Path, decoding: Decoding) -> None:
    """Write the thresholds and priors into the checkpoint's config."""
    path = folder / "config.json"
    config = json.loads(path.read_text("utf-8"))
    config["decoding"] = asdict(decoding)
    path.write_text(json.dumps(config, indent=2) + "\n", "utf-8")


def has_bf16() -> bool:
    """Whether bfloat16 products are native here: on a GPU, or on a CPU with the instructions for it."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported())


class SlantPipeline(Pipeline):  # type: ignore[misc]
    """Strings or ready-made units in (`text`; optional `targets`, `parent_text`, `kind`), a score's row each out, as a dict.

    targets: as in `Scorer.score`, given to the pipeline or to a call. batch_size: units that the model reads at once.
    Raises Rejected for an input that cannot be scored.
    """

    _load_processor = _load_image_processor = _load_video_processor = _load_feature_extractor = False
    _load_tokenizer = False

    def __init__(self, model: SlantModel, **kwargs: Any) -> None:
        folder = Path(model.name_or_path)
        if not (folder / "slant.json").exists():
            raise UsageError(
                f"this model came from {folder}, where slant.json is missing. Give its folder, not the model: "
                'pipeline("slant", model="FOLDER").'
            )
        self._known = Targets.load()
        self.reader = reader_of(model, folder)
        text = self.reader.encoder.tokenizer
        # Nothing here reads text with it, but transformers makes no batches for a pipeline without a padding token.
        kwargs["tokenizer"] = PreTrainedTokenizerFast(
            tokenizer_object=text, pad_token=text.id_to_token(self.reader.encoder.pad)
        )
        super().__init__(model, **kwargs)

    def _sanitize_parameters(self, **given: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        unknown = given.keys() - {"targets", "dtype"}
        if unknown:
            raise UsageError(
                f"pipeline('slant') takes targets and batch_size, not {', '.join(sorted(unknown))}."
            )
        asking = Asking(self._known, given["targets"]) if given.get("targets") is not None else None
        return ({"asking": asking} if asking else {}), {}, {}

    def preprocess(self, item: Any, asking: Asking | None = None) -> dict[str, Any]:
        if not isinstance(item, str | Mapping):
            came = f"this is {type(item).__name__} {item!r:.60}"
            raise Rejected("input", "bad_text", f"{came}; expected a string or a dict with text.")
        return {"question": (asking or Asking(self._known, None)).unit(item, "input")}

    def _forward(self, batch: dict[str, Any]) -> dict[str, Any]:
        asked = batch["question"]
        alone = not isinstance(asked, list)  # transformers collates batches of two or more
        rows = list(
            score([asked] if alone else asked, reader=self.reader, codebook=self.model.config.codebook)
        )
        return {"score": rows[0] if alone else rows}

    def postprocess(self, output: dict[str, Any]) -> dict[str, Any]:
        row: dict[str, Any] = output["score"].to_dict()
        return row


class _Weights:
    """Opens what `model=` names: a torch checkpoint, or a folder that was exported and holds int8 weights alone."""

    @classmethod
    def from_pretrained(cls, folder: str, **kwargs: Any) -> SlantModel:
        if (Path(folder) / "slant.json").exists():
            model: SlantModel = SlantModel.from_pretrained(folder, **kwargs)
            return model
        from slant.training.initial_model import as_checkpoint  # type: ignore[import-untyped, unused-ignore]

        restored = TemporaryDirectory(prefix="slant-")
        model = SlantModel.from_pretrained(as_checkpoint(folder, Path(restored.name)), **kwargs)
        model.restored = (
            restored  # there for as long as the model, whose pipeline reads its tokenizer and settings
        )
        return model


PIPELINE_REGISTRY.register_pipeline(
    "slant", SlantPipeline, pt_model=_Weights, default={"model": (str(asset("model")), None)}, type="text"
)
