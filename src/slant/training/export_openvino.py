"""Quantize an fp32 ONNX model to int8 for OpenVINO with NNCF, with static or dynamic scales of activations.

Static scales are calibrated on real texts and used for most products. They are the same for every batch, so that scores are
batch-invariant. SmoothQuant (Xiao et al. 2023) moves outliers of these activations into the weights, and the bias of each
product is corrected for rounding.
Dynamic scales are computed at run time per token and block of its activations (scoring/runtimes.py). They are used for the
products that lost most with static scales (model/history/LOG-2026.md, 14, 15 and 19); for MPNet, for all products.
"""

from __future__ import annotations

import logging
import os
import random
import re
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from slant.corpora.sets import LABELED_SETS, OWN_SETS, data_root
from slant.encoding.predictor import columns, encoder_request
from slant.encoding.windows import EncoderRequest, TextEncoder, collate
from slant.errors import SlantError
from slant.labels.codebook import Codebook

# Only training splits: calibration data must not be judged data.
CALIBRATION_SETS = (
    ("newsmtsc", "train"),
    ("vast", "train"),
    ("rumoureval", "train"),
    ("ptc", "fit"),
    ("toxic_spans", "train"),
    ("slant_domain", "fit"),
)
TEXTS_PER_SET = 60
SEED = 13
MIN_HALF_SIZE = 50_000  # fp32 constants with as many numbers are stored in half precision; computed in fp32
NOT_QUANTIZED = ".*/model/(tokens|unit|target)/.*"  # the heads: small, and thresholds apply to their outputs
SMALL_TABLES = ".*/(roles|position_embeddings|relative_attention_bias)/Gather"
DYNAMIC_SCALES = (
    ".*/model/queries/.*",  # query layers
    r".*/encoder/layer\.\d+/(intermediate|output)/dense/.*",  # feed-forward blocks: three quarters of the loss
)
ALL_DYNAMIC = ("mpnet",)  # encoder types whose products lose too much with static scales (R² of logits .94)
SMOOTHED = "nncf_smooth_quant"  # NNCF's name of the products that divide activations for SmoothQuant


def calibration_texts() -> tuple[list[EncoderRequest], str]:
    """Return a seeded sample of train splits, with targets and contexts, and the names of the sets.

    Without these sets, returns the examples of the codebook: few and short, but enough to quantize a model.
    """
    found: list[EncoderRequest] = []
    names = []
    for name, split in CALIBRATION_SETS:
        try:
            examples = list({**LABELED_SETS, **OWN_SETS}[name].read(data_root(), split))
        except SlantError:
            continue
        found += [
            encoder_request(e)
            for e in random.Random(SEED).sample(examples, min(TEXTS_PER_SET, len(examples)))
        ]
        names.append(name)
    if found:
        return found, ", ".join(names)
    book = Codebook.load()
    texts = [
        t for labels in book.tasks.values() for e in labels.values() for t in (e.example, e.counter_example)
    ]
    return [
        EncoderRequest(text, [[(0, len(text.split()[0]))], "the council"]) for text in texts
    ], "the codebook's examples"


def quantize_openvino(
    source: Path,
    target: Path,
    *,
    encoder: TextEncoder,
    encoder_type: str = "bert",
    texts: Sequence[EncoderRequest] | None = None,
) -> None:
    """Write `target` (.xml, with .bin beside it) from the fp32 ONNX model `source`.

    encoder_type: as in the encoder's configuration; it decides which products have static scales.
    texts: to calibrate static scales; default: `calibration_texts()`, whose origin is printed.
    """
    os.environ.setdefault("NNCF_CI", "1")  # turns off NNCF's usage reports
    import nncf
    import openvino

    nncf.set_log_level(logging.ERROR)
    model = openvino.Core().read_model(str(source))
    names = [op.get_friendly_name() for op in model.get_ops()]
    patterns = (".*",) if encoder_type in ALL_DYNAMIC else DYNAMIC_SCALES
    dynamic = [p for p in patterns if any(re.fullmatch(p, name) for name in names)]
    batches = [] if encoder_type in ALL_DYNAMIC else _calibration_batches(encoder, texts)
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):  # hides four progress bars per layer
        if batches:
            model = _with_static_scales(model, batches, dynamic)
        if dynamic:
            model = nncf.compress_weights(
                model,
                mode=nncf.CompressWeightsMode.INT8_ASYM,
                ignored_scope=nncf.IgnoredScope(patterns=[NOT_QUANTIZED, SMALL_TABLES]),
            )
    _store_half(model)
    target.parent.mkdir(parents=True, exist_ok=True)
    openvino.save_model(model, str(target), compress_to_fp16=False)


def _calibration_batches(
    encoder: TextEncoder, texts: Sequence[EncoderRequest] | None
) -> list[dict[str, np.ndarray]]:
    if texts is None:
        texts, origin = calibration_texts()
        print(f"calibrated on {len(texts)} texts of {origin}", flush=True)
    return [collate([w], pad=encoder.pad, width=columns(len(w))) for w in encoder.encode(texts)]


def _with_static_scales(model: Any, batches: Sequence[dict[str, np.ndarray]], dynamic: Sequence[str]) -> Any:
    """Quantize all products but those of the heads and those with names in `dynamic` (patterns)."""
    import nncf

    quantized = nncf.quantize(
        model.clone(),
        nncf.Dataset(batches),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(batches),
        ignored_scope=nncf.IgnoredScope(patterns=[NOT_QUANTIZED, *dynamic]),
    )
    if dynamic:
        _undo_smoothing(quantized, model, dynamic)
    return quantized


def _undo_smoothing(quantized: Any, source: Any, patterns: Sequence[str]) -> None:
    """Restore activations and weights of `source` in the products with dynamic scales.

    NNCF's SmoothQuant ignores `ignored_scope`, and outliers moved into weights increase their rounding errors.
    """
    from openvino import opset13 as nodes

    products = {op.get_friendly_name(): op for op in source.get_ops() if op.get_type_name() == "MatMul"}
    for op in quantized.get_ops():
        name = op.get_friendly_name()
        if name not in products or not any(re.fullmatch(p, name) for p in patterns):
            continue
        smoothed = op.input_value(0).get_node()
        if SMOOTHED in smoothed.get_friendly_name():
            weights = nodes.constant(np.array(products[name].input_value(1).get_node().data))
            op.input(0).replace_source_output(smoothed.input_value(0))
            op.input(1).replace_source_output(weights.output(0))
    quantized.validate_nodes_and_infer_types()


def _store_half(model: Any) -> None:
    """Store large fp32 constants in half precision. OpenVINO's own option for this does not apply to quantized models."""
    import openvino
    from openvino import opset13 as nodes

    for node in model.get_ops():
        if node.get_type_name() != "Constant" or node.get_element_type() != openvino.Type.f32:
            continue
        if np.prod(node.shape) >= MIN_HALF_SIZE:
            half = nodes.constant(np.asarray(node.data, np.float16))
            half.set_friendly_name(node.get_friendly_name())  # by which exported_weights.py finds it
            node.output(0).replace(nodes.convert(half, "f32").output(0))
