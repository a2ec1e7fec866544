"""Dropping reserved vocabulary entries does not change the logits of any text."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from slant.encoding.windows import EncoderRequest
from tiny import examples, open_torch

torch = pytest.importorskip("torch", reason="needs the [train] install")
pytestmark = pytest.mark.train

RESERVED = {1: "[unused0]", 2: "[unused1]", 5: "[unused27]"}  # id → vocabulary entry


def requests() -> list[EncoderRequest]:
    """Some contain a reserved entry, which is split at its brackets."""
    texts = [
        EncoderRequest("The council met.", ["[unused1]"], "[unused0] [MASK]"),
        EncoderRequest("A [unused27] boat", [[(2, 12)]]),
    ]
    return texts + [
        EncoderRequest(e.text, [t.mentions or t.name for t in e.targets], e.context) for e in examples()
    ]


@pytest.fixture(params=["BERT", "MPNet"])
def reserved(request: pytest.FixtureRequest, tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """The tiny checkpoint with reserved entries in its vocabulary and with special tokens as in that family's tokenizer."""
    from tokenizers import Tokenizer, models
    from tokenizers.processors import RobertaProcessing, TemplateProcessing

    from slant.training.network import SlantModel

    folder = shutil.copytree(tiny_checkpoint, tmp_path / "reserved", ignore=shutil.ignore_patterns("export"))
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    pieces = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)  # type: ignore[arg-type]
    for number, piece in RESERVED.items():
        pieces.insert(number, piece)
    tokenizer.model = models.WordPiece({p: n for n, p in enumerate(pieces)}, unk_token="[UNK]")
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[(p, pieces.index(p)) for p in ("[CLS]", "[SEP]")]
    )
    if request.param == "MPNet":
        sep, cls = ((p, pieces.index(p)) for p in ("[SEP]", "[CLS]"))
        tokenizer.post_processor = RobertaProcessing(sep, cls, add_prefix_space=False)
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
    tokenizer.save(str(folder / "tokenizer.json"))

    model = SlantModel.from_pretrained(folder)
    weights = model.encoder.get_input_embeddings().weight.data
    rows = iter(weights)
    more = torch.stack(
        [torch.full_like(weights[0], 9.0) if n in RESERVED else next(rows) for n in range(len(pieces))]
    )
    model.encoder.set_input_embeddings(torch.nn.Embedding.from_pretrained(more, padding_idx=0))
    model.encoder.config.vocab_size = model.config.encoder["vocab_size"] = len(pieces)
    model.save_pretrained(folder)
    return folder


def without_reserved(folder: Path) -> Path:
    from slant.training.export_onnx import drop_reserved_pieces
    from slant.training.network import SlantModel

    out = shutil.copytree(folder, folder.parent / "smaller")
    model = SlantModel.from_pretrained(folder)
    drop_reserved_pieces(model, folder / "tokenizer.json", out / "tokenizer.json")
    model.save_pretrained(out)
    return out


def test_a_model_without_reserved_entries_computes_the_same_logits(reserved: Path) -> None:
    from tokenizers import Tokenizer

    smaller = without_reserved(reserved)
    before, after = open_torch(reserved), open_torch(smaller)
    for old, new in zip(before.run(requests()), after.run(requests()), strict=True):
        assert np.array_equal(old.tokens, new.tokens)
        assert np.array_equal(old.unit, new.unit)
        for a, b in zip(old.targets, new.targets, strict=True):
            assert (a is None and b is None) or np.array_equal(a, b)

    old, new = (Tokenizer.from_file(str(f / "tokenizer.json")) for f in (reserved, smaller))
    assert new.get_vocab_size() == old.get_vocab_size() - len(RESERVED)
    sizes = json.loads((smaller / "config.json").read_text("utf-8"))["encoder"]["vocab_size"]
    assert sizes == new.get_vocab_size()
    for text in ("The council [MASK] met", "[unused1] boat"):  # with special tokens, as other tools encode
        assert new.encode(text).tokens == old.encode(text).tokens
        assert new.encode(text).ids != old.encode(text).ids


def test_a_model_without_reserved_entries_is_not_changed(tiny_checkpoint: Path, tmp_path: Path) -> None:
    from slant.training.export_onnx import drop_reserved_pieces
    from slant.training.network import SlantModel

    model = SlantModel.from_pretrained(tiny_checkpoint)
    before = model.encoder.get_input_embeddings()
    drop_reserved_pieces(model, tiny_checkpoint / "tokenizer.json", tmp_path / "t.json")
    assert (tmp_path / "t.json").read_bytes() == (tiny_checkpoint / "tokenizer.json").read_bytes()
    assert model.encoder.get_input_embeddings() is before


@pytest.mark.parametrize("kind", ["byte pairs", "split at blanks"])
def test_a_tokenizer_of_another_kind_is_copied(kind: str, tiny_checkpoint: Path, tmp_path: Path) -> None:
    """If texts are split only at blanks, reserved entries are reachable."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    from slant.training.export_onnx import drop_reserved_pieces
    from slant.training.network import SlantModel

    vocabulary = {"[unused1]": 0, "a": 1, "[UNK]": 2}
    if kind == "byte pairs":
        tokenizer = Tokenizer(models.BPE(vocabulary, []))
    else:
        tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        assert tokenizer.encode("a [unused1]").ids == [1, 0]
    tokenizer.save(str(tmp_path / "other.json"))
    model = SlantModel.from_pretrained(tiny_checkpoint)
    before = model.encoder.get_input_embeddings()
    drop_reserved_pieces(model, tmp_path / "other.json", tmp_path / "t.json")
    assert (tmp_path / "t.json").read_bytes() == (tmp_path / "other.json").read_bytes()
    assert model.encoder.get_input_embeddings() is before
