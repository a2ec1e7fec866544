"""From fp32 ONNX to OpenVINO in int8, by NNCF, with scales of activations that are fixed or each token's own.

Fixed: found on real texts for most of what reads the text, the same for every batch, so that a unit's scores do not depend on
its company. SmoothQuant (Xiao et al. 2023) moves outliers of these activations into the weights, and the bias of each product
is corrected for what rounding shifts. Each token's own: found as they come for each stretch of its numbers
(scoring/runtimes.py), for the products that lost most by fixed ones (model/LOG.md, 14, 15 and 19).
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

from slant.corpora import data_root, load
from slant.corpora.unlabeled import fa_kes_pieces
from slant.encoding.predictor import columns, encoder_request
from slant.encoding.windows import EncoderRequest, TextEncoder, collate
from slant.errors import SlantError
from slant.labels.codebook import Codebook

# Train splits alone: what a scale is found on must not be judged.
CALIBRATION = (
    ("newsmtsc", "train"),
    ("vast", "train"),
    ("rumoureval", "train"),
    ("ptc", "fit"),
    ("toxic_spans", "train"),
)
TEXTS_EACH = 60
SEED = 13
LARGE = (
    50_000  # numbers from which what is left in fp32 is kept in half precision; computed in fp32 all the same
)
UNQUANTISED = ".*/model/(tokens|unit|stance)/.*"  # the heads: small, and thresholds sit on their outputs
OWN_SCALES = (
    ".*/model/queries/.*",  # layers that queries have for themselves
    r".*/encoder/layer\.\d+/(intermediate|output)/dense/.*",  # feed-forward blocks: three quarters of what was lost
)
SMOOTHED = "nncf_smooth_quant"  # what NNCF names the products that take outliers out of activations


def calibration_texts() -> tuple[list[EncoderRequest], str]:
    """Seeded texts of the public train splits and FA-KES, each with its targets and what it answers, and where they are from.

    Where none of these sets is at hand, the examples of the codebook: few and short, but a model can be quantised.
    """
    found: list[EncoderRequest] = []
    names = []
    for name, split in CALIBRATION:
        try:
            examples = load(name, split)
        except SlantError:
            continue
        found += [
            encoder_request(e) for e in random.Random(SEED).sample(examples, min(TEXTS_EACH, len(examples)))
        ]
        names.append(name)
    try:
        pieces = list(fa_kes_pieces(data_root()))
        found += [
            encoder_request(e) for e in random.Random(SEED).sample(pieces, min(TEXTS_EACH, len(pieces)))
        ]
        names.append("fa_kes")
    except SlantError:
        pass
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
    source: Path, target: Path, *, encoder: TextEncoder, texts: Sequence[EncoderRequest] | None = None
) -> None:
    """Write `target` (.xml, and .bin beside it) from the fp32 ONNX model `source`; says which texts it was calibrated on.

    texts: to be calibrated on; by default `calibration_texts()`.
    """
    os.environ.setdefault("NNCF_CI", "1")  # it reports its use to its makers otherwise
    import nncf
    import openvino

    if texts is None:
        texts, origin = calibration_texts()
        print(f"calibrated on {len(texts)} texts of {origin}", flush=True)
    windows = encoder.encode(texts)
    batches = [collate([w], pad=encoder.pad, width=columns(len(w))) for w in windows]
    model = openvino.Core().read_model(str(source))
    own = [p for p in OWN_SCALES if any(re.fullmatch(p, op.get_friendly_name()) for op in model.get_ops())]
    nncf.set_log_level(logging.ERROR)
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):  # four bars for each layer
        quantized = nncf.quantize(
            model.clone(),
            nncf.Dataset(batches),
            model_type=nncf.ModelType.TRANSFORMER,
            subset_size=len(batches),
            ignored_scope=nncf.IgnoredScope(patterns=[UNQUANTISED, *own]),
        )
        if own:
            _unsmooth(quantized, model, own)
            quantized = nncf.compress_weights(
                quantized,
                mode=nncf.CompressWeightsMode.INT8_ASYM,
                ignored_scope=nncf.IgnoredScope(patterns=[UNQUANTISED]),
            )
    _halve(quantized)
    target.parent.mkdir(parents=True, exist_ok=True)
    openvino.save_model(quantized, str(target), compress_to_fp16=False)


def _unsmooth(quantized: Any, source: Any, patterns: Sequence[str]) -> None:
    """Gives products of `patterns` the activations and weights of `source` again.

    SmoothQuant heeds no ignored scope, and outliers that it put into weights make these round worse.
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


def _halve(model: Any) -> None:
    """Keeps the heads' large products in half the bytes. OpenVINO's own switch for this leaves a quantised model as it is."""
    import openvino
    from openvino import opset13 as nodes

    for node in model.get_ops():
        if node.get_type_name() != "Constant" or node.get_element_type() != openvino.Type.f32:
            continue
        if np.prod(node.shape) >= LARGE:
            half = nodes.constant(np.asarray(node.data, np.float16))
            node.output(0).replace(nodes.convert(half, "f32").output(0))
