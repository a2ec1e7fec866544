"""`python -m pytest` puts the root on sys.path, where evaluate.py hides the library: take it off by value."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != ROOT]
os.environ["SLANT_MODEL"] = "small"  # the fast one, except in tests that name another


# The tiny model (tests/tiny.py) is trained and exported once per session; what needs it carries the mark `train`.


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="needs the [train] install")
    pytest.importorskip("transformers", reason="needs the [train] install")
    import torch

    from tiny import write_encoder

    torch.set_num_threads(1)
    return write_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="session")
def tiny_checkpoint(tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from slant.encoding.decode import Decoding
    from slant.training.torch_runtime import store_decoding
    from tiny import train_tiny

    checkpoint = train_tiny(tiny_encoder, tmp_path_factory.mktemp("tiny-run"))
    store_decoding(checkpoint, Decoding(loaded_seed=0.4, loaded_threshold=0.4))
    return checkpoint


@pytest.fixture(scope="session")
def tiny_export(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder as shipped, with the fp32 ONNX beside the two int8."""
    from slant.encoding.predictor import encoder_request
    from slant.training.export_onnx import export
    from tiny import examples

    texts = [encoder_request(e) for e in examples()]
    return export(tiny_checkpoint, tmp_path_factory.mktemp("tiny-export") / "model", texts=texts)


@pytest.fixture
def site() -> Iterator[object]:
    """A served.Site on this machine, ended after the test."""
    from served import Site

    served = Site()
    yield served
    served.server.shutdown()
    served.server.server_close()
