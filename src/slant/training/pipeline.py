"""Register the task "slant" of `transformers.pipeline`, which scores with the torch model, when this module is imported.

It uses the tokenization and decoding of `slant score` and returns the same rows, except for rounding differences of int8.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from transformers import Pipeline, PreTrainedTokenizerFast
from transformers.pipelines import PIPELINE_REGISTRY

from slant.assets import model_folder
from slant.errors import Rejected, UsageError
from slant.labels.targets import Targets
from slant.scoring.python_api import RequestBuilder
from slant.scoring.score import score
from slant.training.network import SlantModel
from slant.training.torch_runtime import predictor_of


class SlantPipeline(Pipeline):  # type: ignore[misc]
    """Score strings or units (dicts with `text`; optional `targets`, `parent_text`, `kind`), each to a row of `slant score`.

    targets, any_language: as in `Scorer.score`, given to the pipeline or to a call. batch_size: units per batch.
    Raises Rejected for an input that cannot be scored.
    """

    _load_processor = _load_image_processor = _load_video_processor = _load_feature_extractor = False
    _load_tokenizer = False

    def __init__(self, model: SlantModel, **kwargs: Any) -> None:
        folder = Path(model.name_or_path)
        if not (folder / "slant.json").exists():
            raise UsageError(
                f"this model was loaded from {folder}, which has no slant.json. Give its folder instead of the model: "
                'pipeline("slant", model="FOLDER").'
            )
        self._known = Targets.load()
        self.predictor = predictor_of(model, folder)
        text = self.predictor.encoder.tokenizer
        # Not used for tokenization, but transformers makes no batches without a padding token.
        kwargs["tokenizer"] = PreTrainedTokenizerFast(
            tokenizer_object=text, pad_token=text.id_to_token(self.predictor.encoder.pad)
        )
        super().__init__(model, **kwargs)

    def _sanitize_parameters(self, **given: Any) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        known = {"targets", "any_language"} & given.keys()
        unknown = given.keys() - known - {"dtype"}
        if unknown:
            raise UsageError(
                f"pipeline('slant') accepts targets, any_language and batch_size, not {', '.join(sorted(unknown))}."
            )
        if not known:
            return {}, {}, {}
        builder = RequestBuilder(
            self._known, given.get("targets"), any_language=given.get("any_language", False)
        )
        return {"builder": builder}, {}, {}

    def preprocess(self, item: Any, builder: RequestBuilder | None = None) -> dict[str, Any]:
        if not isinstance(item, str | Mapping):
            got = f"got {type(item).__name__} {item!r:.60}"
            raise Rejected("input", "bad_text", f"{got}; expected a string or a dict with text.")
        return {"request": (builder or RequestBuilder(self._known, None)).build_one(item, "input")}

    def _forward(self, batch: dict[str, Any]) -> dict[str, Any]:
        requests = batch["request"]
        single = not isinstance(requests, list)  # transformers collates only batches of two or more
        rows = list(
            score(
                [requests] if single else requests,
                predictor=self.predictor,
                codebook=self.model.config.codebook,
            )
        )
        return {"score": rows[0] if single else rows}

    def postprocess(self, output: dict[str, Any]) -> dict[str, Any]:
        row: dict[str, Any] = output["score"].to_dict()
        return row


class _Weights:
    """Load the folder given as `model=`: a torch checkpoint, or an export, whose int8 weights are restored."""

    @classmethod
    def from_pretrained(cls, folder: str, **kwargs: Any) -> SlantModel:
        if (Path(folder) / "slant.json").exists():
            model: SlantModel = SlantModel.from_pretrained(folder, **kwargs)
            return model
        from slant.training.initial_model import as_checkpoint  # type: ignore[import-untyped, unused-ignore]

        restored = TemporaryDirectory(prefix="slant-")
        model = SlantModel.from_pretrained(as_checkpoint(folder, Path(restored.name)), **kwargs)
        # The pipeline reads tokenizer and settings from this folder, so it must live as long as the model.
        model.restored = restored
        return model


PIPELINE_REGISTRY.register_pipeline(
    "slant",
    SlantPipeline,
    pt_model=_Weights,
    default={"model": (str(model_folder()), None)},
    type="text",
)
