"""A tiny model for the tests: made from a config and a fixed seed, trained in seconds on a dozen invented sentences."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from slant.encoding.predictor import Predictor
from slant.encoding.windows import TextEncoder
from slant.records import Example, Span, TargetLabel

# Words of the invented Port Ellis; what is not here is read letter by letter.
_WORDS = """
the a an of to and in is was are be it its on at for with that this he she they you we i not no do did does has have
will would should can could who what where when why how all every one two four new old more most by from as but or if so
harbour council mayor ferry mill bridge river library school park port ellis town people road market boat boats island
said called told asked opened opens closed meets meet read know think want wants says paid cost costs crowns million
praised gift brave corrupt wrecked stupid clown liar lie shame disaster glorious traitors greedy thieves honest great bad
good free swim swimming fees met tuesday monday sunday june court judge law police jobs money health water story photo true
"""
WINDOWS = {"max_length": 64, "stride": 16, "context_length": 24}
SETTINGS: dict[str, Any] = {
    "epochs": 140, "batch_size": 8, "learning_rate": 2e-3, "head_learning_rate": 4e-3, "warmup": 0.0, "weight_decay": 0.0,
    "bf16": False, "save_steps": 100_000, **WINDOWS,
}  # fmt: skip


def write_tokenizer(path: Path) -> Path:
    """An uncased WordPiece tokenizer with a vocabulary of about 300 pieces."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    pieces += [*".,;:!?'\"()-’“”…$%&", *dict.fromkeys(w for w in _WORDS.split() if len(w) > 1)]
    vocab = {piece: number for number, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.save(str(path))
    return path


def text_encoder(folder: Path, **windows: int) -> TextEncoder:
    return TextEncoder(write_tokenizer(folder / "tokenizer.json"), **{**WINDOWS, **windows})


def write_encoder(folder: Path) -> Path:
    """A BERT of two layers, 32 wide, with random weights: config.json, model.safetensors, tokenizer.json."""
    import torch
    from transformers import BertConfig, BertModel

    folder.mkdir(parents=True, exist_ok=True)
    text = text_encoder(folder)
    config = BertConfig(
        vocab_size=text.tokenizer.get_vocab_size(), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=160, initializer_range=0.1,
    )  # fmt: skip
    torch.manual_seed(7)
    BertModel(config).save_pretrained(folder)
    return folder


def _named(text: str, name: str, label: str, portrayal: str) -> TargetLabel:
    start = text.index(name)
    return TargetLabel(name, label, ((start, start + len(name)),), portrayal)


def _spans(text: str, found: dict[str, str]) -> tuple[Span, ...]:
    return tuple(Span(text.index(words), text.index(words) + len(words), t) for words, t in found.items())


@cache
def examples() -> tuple[Example, ...]:
    """Each label of each task in at least one invented text."""

    def example(text: str, **labels: Any) -> Example:
        return Example(id=text[:20], source="tiny", split="train", group=text[:20], text=text, **labels)

    praised = "The mayor praised the honest council and the new ferry."
    wrecked = "The corrupt council met and wrecked the old mill, said the greedy mayor."
    meets = "The council meets on Tuesday at the library of Port Ellis."
    traitors = "Traitors! They closed the school and the park."
    clown = "You stupid clown, read the story."
    return (
        example(
            praised,
            targets=(_named(praised, "council", "favor", "positive"), _named(praised, "ferry", "favor", "positive")),
            loaded=(),
        ),
        example(
            wrecked,
            targets=(_named(wrecked, "council", "against", "negative"), _named(wrecked, "mayor", "against", "negative")),
            loaded=_spans(wrecked, {"corrupt council": "name_calling_labeling", "wrecked": "loaded_language"}),
            biased=True,
        ),
        example(meets, targets=(_named(meets, "council", "neutral", "neutral"),), loaded=(), biased=False, subjective=False),
        example(traitors, loaded=_spans(traitors, {"Traitors": "name_calling_labeling"}), subjective=True),
        example("Every island should have a ferry.", targets=(TargetLabel("more boats", "favor"),)),
        example("I do not want more boats on the river.", targets=(TargetLabel("more boats", "against"),)),
        example("The market is on Sunday.", targets=(TargetLabel("more boats", "unrelated"),), toxic=()),
        example(clown, toxic=((clown.index("stupid"), clown.index(",")),)),
        example("No, that is a lie.", context="The bridge opens in June.", reply="deny"),
        example("Where did you read that?", context="The bridge opens in June.", reply="query"),
        example("So it is, I know it.", context="The bridge opens in June.", reply="support"),
        example("The bridge cost four million crowns.", frames=("economic",)),
        example("The judge told the court of the law.", frames=("legality_constitutionality_and_jurisprudence",)),
    )  # fmt: skip


class TinySet:
    """The examples as a public set would give them."""

    NAME = "tiny"
    SPLITS = ("train",)
    test_only = False

    def read(self, root: Path, split: str) -> Iterator[Example]:
        yield from examples()


def recipe(encoder: Path, **changes: Any) -> Any:
    from slant.training.recipe import recipe_from

    values = {"encoder": str(encoder), "train": [{"name": "tiny"}], **SETTINGS, **changes}
    return recipe_from(values, where="tests")


def train_tiny(encoder: Path, out: Path, *, resume: bool = False, **changes: Any) -> Path:
    """A checkpoint trained on `examples()`; registers the set for the time of the run."""
    from slant.corpora.sets import LABELED_SETS
    from slant.training.train import train

    LABELED_SETS["tiny"] = TinySet()
    try:
        return train(recipe(encoder, **changes), out, resume=resume)
    finally:
        del LABELED_SETS["tiny"]


def open_torch(checkpoint: Path) -> Predictor:
    from slant.training.torch_runtime import load_checkpoint

    return load_checkpoint(checkpoint)
