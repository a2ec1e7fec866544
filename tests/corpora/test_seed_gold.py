"""The gold of the seed documents: documents are looked up by checksum, and no recipe can use it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from slant.corpora import own_labels
from slant.corpora.files import digest
from slant.corpora.own_labels import read_seed_gold
from slant.corpora.sets import data_root
from slant.errors import SlantError, UsageError

ROOT = Path(__file__).resolve().parents[2]
ARTICLE = """# Port Hesk closes its bridge

The Turkish government praised the brave builders of the bridge on Monday, and Russia said nothing about it at all.

Comments

Old Salt
A shame that it took nine years.
"""


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SLANT_SEEDS", str(tmp_path))
    (tmp_path / "one.txt").write_text(ARTICLE, "utf-8")
    return tmp_path


@pytest.fixture
def write_gold(document: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """write_gold(**changes): gold for a paragraph and a comment of the document, with these fields changed."""

    def write(**changes: object) -> None:
        file = document / "gold.jsonl"
        file.write_text("\n".join(map(json.dumps, gold_rows(changes))), "utf-8")
        monkeypatch.setattr(own_labels, "asset", lambda name: file)

    return write


def gold_rows(changes: dict[str, object]) -> list[dict[str, object]]:
    from slant.records import Article
    from slant.segment.units import split

    units = {u.kind: u for u in split(Article(text=ARTICLE))}
    rows = []
    for kind, stance, reply in (
        ("paragraph", {"turkey": "favor", "iran": "neutral"}, None),
        ("comment", {"article": "neutral"}, "comment"),
    ):
        unit = units.get(kind) or units["lead"]
        row = {
            "document": hashlib.sha256(ARTICLE.encode()).hexdigest()[:16], "start": unit.start, "end": unit.end,
            "text": digest(unit.text), "kind": unit.kind, "stance": stance, "frames": ["other"], "reply": reply,
            "loaded": [{"start": 0, "end": 5, "label": "doubt", "voice": "outlet"}], **changes,
        }  # fmt: skip
        rows.append(row)
    return rows


def test_units_have_targets_and_spans_and_comments_have_a_reply(
    document: Path, write_gold: Callable[..., None]
) -> None:
    write_gold()
    paragraph, comment, reply = read_seed_gold(document)
    named, implied = paragraph.targets
    assert (named.name, named.label) == ("Turkey", "favor")
    assert [paragraph.text[a:b] for a, b in named.mentions] == ["Turkish government"]
    assert (implied.name, implied.label, implied.mentions) == ("Iran", "neutral", ())
    assert paragraph.loaded is not None
    assert paragraph.loaded[0].label == "doubt"
    assert paragraph.meta["type"] == "article"
    assert comment.targets == (), "the stance toward the article is judged by the reply"
    assert comment.meta["type"] == "comment"
    assert reply.reply == "comment"
    assert reply.context is not None
    assert reply.context.startswith("Port Hesk closes its bridge")
    assert reply.loaded is None


def test_changed_units_and_missing_documents_are_errors(
    document: Path, write_gold: Callable[..., None]
) -> None:
    write_gold(text="0" * 12)
    with pytest.raises(SlantError, match="differs from the annotated one"):
        list(read_seed_gold(document))
    write_gold()
    (document / "one.txt").unlink()
    with pytest.raises(SlantError, match="Set SLANT_SEEDS to the folder"):
        list(read_seed_gold(document))


def test_no_recipe_can_use_the_gold() -> None:
    pytest.importorskip("torch", reason="needs the [train] install")
    from slant.corpora.sets import ARTICLE_SETS, LABELED_SETS
    from slant.corpora.unlabeled import SOURCES
    from slant.training.batches import load_use
    from slant.training.recipe import SetUse

    for name in (own_labels.SEED_GOLD, "seeds", "seeds/stance"):
        with pytest.raises(UsageError, match=r"unknown set|is for testing only"):
            load_use(SetUse(name))
        assert name not in {*LABELED_SETS, *ARTICLE_SETS, *SOURCES}
    from slant.training.recipe import load_recipe

    recipes = list((ROOT / "model/recipes").glob("*.toml"))
    assert len(recipes) > 3
    for path in recipes:
        recipe = load_recipe(path)
        assert not [u for u in (*recipe.train, *recipe.unlabeled, *recipe.dev) if "seed" in u.name]


@pytest.mark.data
def test_no_training_text_contains_a_unit_of_a_seed_document() -> None:
    """Checked by content, for units of ten words or more."""
    pytest.importorskip("torch", reason="needs the [train] install")
    from slant.training.batches import training_examples
    from slant.training.recipe import load_recipe

    try:
        held_out = {e.text for e in read_seed_gold(data_root()) if len(e.text.split()) >= 10}
    except SlantError as error:
        pytest.skip(str(error))
    recipe = dataclasses.replace(load_recipe(ROOT / "model/recipes/small.toml"), dev=())
    try:
        texts = {e.text for e in training_examples(recipe)}
    except SlantError as error:
        pytest.skip(str(error))
    joined = "\n".join(texts)
    assert held_out
    assert not [text for text in held_out if text in joined]
