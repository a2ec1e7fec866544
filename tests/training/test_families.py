"""Encoders of every supported family: the caller gives the token positions, and exports compute the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slant.encoding.decode import Decoding, TextLogits
from slant.encoding.predictor import Predictor
from slant.encoding.windows import EncoderRequest, Target, TextEncoder, collate
from slant.errors import SlantError, UsageError
from slant.scoring.runtimes import load
from tiny import WINDOWS, text_encoder, write_tokenizer

torch = pytest.importorskip("torch", reason="needs the [train] install")
transformers = pytest.importorskip("transformers", reason="needs the [train] install")
pytestmark = pytest.mark.train

TEXT = "The corrupt council met at the mill. The mayor praised the council, and the ferry opened in June."
COUNCIL: Target = [(12, 19), (59, 66)]
MAYOR: Target = [(41, 46)]
WORDS = 300  # ids of the tiny tokenizer, and some
SIZES: dict[str, Any] = {
    "vocab_size": WORDS, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64,
    "max_position_embeddings": 160, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
}  # fmt: skip
FAMILIES: dict[str, dict[str, Any]] = {
    "bert": {},
    "electra": {"embedding_size": 16},
    "roberta": {"type_vocab_size": 1, "pad_token_id": 1},
    "xlm-roberta": {"type_vocab_size": 1, "pad_token_id": 1},
    "camembert": {"type_vocab_size": 1, "pad_token_id": 1},
    "mpnet": {"pad_token_id": 1},
}


def configuration(family: str) -> Any:
    return transformers.AutoConfig.for_model(family, **SIZES, **FAMILIES[family])


@pytest.fixture(scope="module", params=list(FAMILIES))
def model(request: pytest.FixtureRequest) -> Any:
    """Weights large enough for every visible token to change the logits."""
    from slant.labels.codebook import Codebook
    from slant.training.network import SlantConfig, SlantModel

    config = SlantConfig(encoder=configuration(request.param).to_dict(), codebook=Codebook.load().fingerprint)
    made = SlantModel(config).eval()
    torch.manual_seed(7)
    with torch.no_grad():
        for parameter in made.parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 0.3)
    return made


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> TextEncoder:
    return text_encoder(tmp_path_factory.mktemp("families"))


@pytest.fixture(scope="module")
def predictor(model: Any, encoder: TextEncoder) -> Predictor:
    from slant.training.torch_runtime import TorchRuntime

    return Predictor(TorchRuntime(model), encoder, Decoding(), name="random", fingerprint="random")


def read(predictor: Predictor, targets: list[Target]) -> TextLogits:
    return predictor.run([EncoderRequest(TEXT, targets)])[0]


def same(a: Any, b: Any) -> None:
    np.testing.assert_allclose(a, b, atol=1e-4)


def test_every_supported_family_is_tested() -> None:
    from slant.training.network import FIRST_POSITION

    assert set(FAMILIES) == set(FIRST_POSITION)


def test_a_text_without_queries_is_encoded_as_by_the_original_model(model: Any) -> None:
    """With the absolute and relative positions, token types and mask that the weights were pretrained with."""
    from slant.training.network import run_encoder

    family = model.encoder.config.model_type
    own = transformers.AutoModel.from_config(configuration(family), attn_implementation="eager").eval()
    own.load_state_dict(model.encoder.state_dict())
    pad = own.config.pad_token_id
    ids = torch.arange(5, 35).reshape(2, 15)
    ids[1, 9:] = pad
    known = (ids != pad).long()
    positions = torch.arange(15).expand(2, 15)
    hidden = run_encoder(
        model.encoder,
        model.encoder.get_input_embeddings()(ids),
        (1 - known[:, None, None, :].expand(2, 1, 15, 15)) * torch.finfo(torch.float32).min,
        positions,
        torch.zeros_like(ids) if model.has_types else None,
    )
    with torch.no_grad():
        expected = own(input_ids=ids, attention_mask=known).last_hidden_state
    same(hidden.detach()[known == 1], expected[known == 1])


@pytest.mark.parametrize("targets", [[COUNCIL], ["more boats"], [MAYOR, COUNCIL, "more boats"]])
def test_the_text_does_not_see_its_queries(predictor: Predictor, targets: list[Target]) -> None:
    plain, queried = read(predictor, []), read(predictor, targets)
    same(queried.tokens, plain.tokens)
    same(queried.unit, plain.unit)


@pytest.mark.parametrize("target", [COUNCIL, "more boats"])
def test_a_query_does_not_see_other_queries(predictor: Predictor, target: Target) -> None:
    others: list[Target] = [MAYOR, "free swimming", COUNCIL]
    alone = read(predictor, [target]).targets[0]
    for place in (0, 2, 3):
        same(read(predictor, [*others[:place], target, *others[place:]]).targets[place], alone)
    assert alone is not None
    assert np.abs(alone - read(predictor, [MAYOR]).targets[0]).max() > 1e-2, "queries are not ignored"


def test_padding_changes_nothing(predictor: Predictor) -> None:
    requests = [
        EncoderRequest("Boats."),
        EncoderRequest(TEXT, [COUNCIL, "more boats"]),
        EncoderRequest("So it is.", context="The bridge opens in June."),
    ]
    for one, found in zip(requests, predictor.run(requests), strict=True):
        (alone,) = predictor.run([one])
        same(found.tokens, alone.tokens)
        same(found.unit, alone.unit)
        for a, b in zip(found.targets, alone.targets, strict=True):
            same(a, b)


def moved(batch: dict[str, Any], *, at: int, by: int) -> dict[str, Any]:
    """The batch with `by` columns of padding between the text and the queries, which start at column `at`."""
    layout = np.insert(batch["layout"], [at] * by, 0, axis=1)
    layout[:, at : at + by, 3] = -1
    return {
        "input_ids": np.insert(batch["input_ids"], [at] * by, 0, axis=1),
        "layout": layout,
        "query_columns": batch["query_columns"] + by,
    }


def test_a_query_has_the_position_of_its_mention_not_of_its_column(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    from slant.training.network import MPNetEncoder, PositionedEncoder

    windows = predictor.encoder.encode([EncoderRequest(TEXT, [COUNCIL])])
    batch = collate(windows, pad=predictor.encoder.pad)
    further = moved(batch, at=len(windows[0].offsets) + 2, by=20)
    near, far = predictor.runtime(batch)[2][:, :1], predictor.runtime(further)[2][:, :1]
    same(far, near)
    if predictor.runtime.model.encoder.config.model_type == "mpnet":  # type: ignore[attr-defined]
        monkeypatch.setattr(
            PositionedEncoder, "compute_position_bias", MPNetEncoder.compute_position_bias
        )  # the library's own, by column
        assert np.abs(predictor.runtime(further)[2] - predictor.runtime(batch)[2]).max() > 1e-2


def test_other_positions_change_the_logits(predictor: Predictor) -> None:
    """An encoder without positions would pass the test above."""
    (window,) = predictor.encoder.encode([EncoderRequest(TEXT, [COUNCIL])])
    batch = collate([window], pad=predictor.encoder.pad)
    elsewhere = {**batch, "layout": batch["layout"].copy()}
    elsewhere["layout"][:, len(window.offsets) + 2 :, 0] += 9
    assert np.abs(predictor.runtime(elsewhere)[2] - predictor.runtime(batch)[2]).max() > 1e-2


def test_a_family_that_does_not_accept_positions_is_refused_with_those_that_do() -> None:
    from slant.training.network import SlantConfig, SlantModel

    config = transformers.AutoConfig.for_model("deberta-v2", **SIZES)
    message = r"'deberta-v2' do not accept token positions from slant; use one of type bert, .*roberta.*mpnet"
    with pytest.raises(UsageError, match=message):
        SlantModel(SlantConfig(encoder=config.to_dict()))


def test_byte_level_tokens_have_the_offsets_of_their_words(tmp_path: Path) -> None:
    """RoBERTa's tokens include the space before a word, which does not belong to a span."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet)
    tokenizer.train_from_iterator([TEXT] * 3, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    encoder = TextEncoder(tmp_path / "tokenizer.json", **WINDOWS)
    assert (encoder.cls, encoder.pad, encoder.sep, encoder.mask) == (0, 1, 2, 4)
    (window,) = encoder.encode([EncoderRequest(TEXT, [MAYOR])])
    pieces = [TEXT[a:b] for a, b in window.offsets]
    assert "mayor" in pieces
    assert not [p for p in pieces if p != p.strip()]
    (_, column), *_ = window.queries
    assert [tokenizer.id_to_token(i) for i in window.input_ids[column + 1 :]] == ["Ġmayor"]


def test_mpnet_gets_the_special_tokens_it_was_pretrained_with(tmp_path: Path) -> None:
    """Its vocabulary also contains those of BERT, unused."""
    path = write_tokenizer(tmp_path / "tokenizer.json")
    stored = json.loads(path.read_text())
    vocabulary = stored["model"]["vocab"]
    own = {name: len(vocabulary) + i for i, name in enumerate(("<s>", "</s>", "<pad>", "<mask>"))}
    vocabulary |= own
    path.write_text(json.dumps(stored))
    encoder = TextEncoder(path, **WINDOWS)
    assert [encoder.cls, encoder.sep, encoder.pad, encoder.mask] == list(own.values())


# ---- finding encoders


@pytest.mark.parametrize("weights", ["model.safetensors", "pytorch_model.bin"])
def test_a_hub_id_is_downloaded_to_a_folder_with_all_files_for_training(
    weights: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training opens tokenizer.json by path."""
    from slant.training import initial_model

    on_hub = {"config.json", "tokenizer.json", weights}

    def cached_file(
        name: str, file: str, *, _raise_exceptions_for_missing_entries: bool = True
    ) -> str | None:
        if file not in on_hub:
            if _raise_exceptions_for_missing_entries:
                raise OSError(f"{name} does not appear to have a file named {file}.\nMore.")
            return None
        (tmp_path / file).touch()
        return str(tmp_path / file)

    monkeypatch.setattr(initial_model, "cached_file", cached_file)
    assert initial_model.find_encoder("someone/encoder") == (str(tmp_path), "hub id someone/encoder")
    assert {p.name for p in tmp_path.iterdir()} == on_hub
    on_hub.remove("tokenizer.json")
    with pytest.raises(SlantError, match=r"from the hub: .* named tokenizer\.json\. Give a folder with"):
        initial_model.find_encoder("someone/encoder")


# ---- export


@pytest.mark.slow
def test_onnx_computes_the_logits_of_torch(model: Any, predictor: Predictor, tmp_path: Path) -> None:
    from slant.training.export_onnx import export

    model.save_pretrained(tmp_path)
    text_encoder(tmp_path)  # writes tokenizer.json
    (tmp_path / "slant.json").write_text(json.dumps({"windows": WINDOWS, "run": "0", "recipe": "random"}))
    folder = export(tmp_path, tmp_path / "export")
    requests = [
        EncoderRequest(""),
        EncoderRequest("Boats."),
        EncoderRequest(TEXT, [COUNCIL, "more boats", MAYOR]),
        EncoderRequest(TEXT * 3, [COUNCIL]),  # several windows
        EncoderRequest("So it is.", context="The bridge opens in June."),
    ]
    expected = flat(predictor.run(requests))
    fp32 = load(folder, file="model.onnx", threads=1).run(requests)
    int8 = load(folder, threads=1).run(requests)
    assert np.abs(flat(fp32) - expected).max() < 1e-3 * np.abs(expected).max()
    assert np.corrcoef(flat(int8), expected)[0, 1] > 0.98


def flat(outputs: list[TextLogits]) -> np.ndarray[Any, Any]:
    parts = [p for r in outputs for p in (r.tokens, r.unit, *r.targets) if p is not None]
    return np.concatenate([p.ravel() for p in parts])
