"""Word pieces that no text can ask for, left out of what is shipped.

BERT's vocabulary holds a thousand pieces in reserve ("[unused7]"). A text that names one is cut at its brackets, so that
their embeddings are never read; without them the model is smaller and says the same. Rare words are another matter: a text
that holds one would be cut into other pieces.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from torch import nn

from slant.learning.network import SlantModel

RESERVED = re.compile(r"\[unused\d+\]")


def trim(model: SlantModel, tokenizer: Path, target: Path) -> None:
    """Takes reserved pieces out of the model's word embeddings, in place, and writes the tokenizer without them to `target`.

    A tokenizer of another kind than BERT's may give such a piece: it is copied, and the model left as it is.
    """
    settings = json.loads(tokenizer.read_text("utf-8"))
    kept = _kept(settings)
    table = model.encoder.get_input_embeddings()
    if kept is None or len(kept) == table.num_embeddings:
        target.write_bytes(tokenizer.read_bytes())
        return
    rows = list(kept)  # in the order of their new numbers
    smaller = nn.Embedding(len(rows), table.embedding_dim, padding_idx=kept.get(table.padding_idx))
    smaller.weight.data.copy_(table.weight.data[rows])
    model.encoder.set_input_embeddings(smaller)
    model.encoder.config.vocab_size = model.config.encoder["vocab_size"] = len(rows)
    smaller_settings = json.dumps(_renumbered(settings, kept), ensure_ascii=False, separators=(",", ":"))
    target.write_text(smaller_settings, "utf-8")


def _kept(settings: dict[str, Any]) -> dict[int, int] | None:
    """Number → new number of every piece that stays, by rising numbers; None if they cannot be told."""
    before, after = (settings[part] or {"type": None} for part in ("pre_tokenizer", "post_processor"))
    cuts_brackets = settings["model"]["type"] == "WordPiece" and before["type"] == "BertPreTokenizer"
    if not cuts_brackets or after["type"] not in (None, "TemplateProcessing"):
        return None
    added = {token["content"] for token in settings["added_tokens"]}
    pieces = {n: p for p, n in settings["model"]["vocab"].items()}
    pieces |= {token["id"]: token["content"] for token in settings["added_tokens"]}
    stay = sorted(n for n, piece in pieces.items() if piece in added or not RESERVED.fullmatch(piece))
    return {number: new for new, number in enumerate(stay)}


def _renumbered(settings: dict[str, Any], kept: dict[int, int]) -> dict[str, Any]:
    vocabulary = settings["model"]["vocab"]
    settings["model"]["vocab"] = {piece: kept[n] for piece, n in vocabulary.items() if n in kept}
    for token in settings["added_tokens"]:
        token["id"] = kept[token["id"]]
    if settings["padding"]:
        settings["padding"]["pad_id"] = kept[settings["padding"]["pad_id"]]
    for token in (settings["post_processor"] or {}).get("special_tokens", {}).values():
        token["ids"] = [kept[n] for n in token["ids"]]
    return settings
