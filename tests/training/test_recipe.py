"""Recipes: reading them, and errors that name the place and the fix."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from slant.assets import SIZES
from slant.errors import UsageError
from slant.records import PORTRAYALS, REPLIES, STANCE_ANSWERS
from slant.training.recipe import Recipe, SetUse, load_recipe, recipe_from, to_dict

MODEL = Path(__file__).parents[2] / "model"
RECIPES = sorted((MODEL / "recipes").glob("*.toml"))


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "r.toml"
    path.write_text(text)
    return path


def test_a_recipe_is_read_with_its_sets_and_overrides(tmp_path: Path) -> None:
    path = write(
        tmp_path, 'epochs = 2\ntrain = [{ name = "vast", repeat = 2 }]\n[loss_weights]\ntoxic = 2.0\n'
    )
    found = load_recipe(path, ["seed=5", "encoder=some/where", "learning_rate=1e-3", "bf16=false"])
    assert found.name == "r"
    assert (found.epochs, found.seed, found.encoder) == (2.0, 5, "some/where")
    assert (found.learning_rate, found.bf16) == (1e-3, False)
    assert found.train == (SetUse("vast", repeat=2),)
    assert found.loss_weights == {"toxic": 2.0}


def test_a_saved_recipe_is_read_back_as_the_same(tmp_path: Path) -> None:
    found = load_recipe(write(tmp_path, 'epochs = 2\ndev = [{ name = "vast", split = "dev" }]'))
    assert recipe_from(to_dict(found), where="saved") == found


@pytest.mark.parametrize(
    ("text", "overrides", "message"),
    [
        ("learning_rat = 1", [], r"r\.toml: unknown setting 'learning_rat'\. Did you mean 'learning_rate'\?"),
        (
            'train = [{ name = "vast", spilt = "dev" }]',
            [],
            r"train: unknown setting 'spilt'\. Did you mean 'split'",
        ),
        ("train = [{ split = 'dev' }]", [], "train: {'split': 'dev'} has no name"),
        ("epochs = 'two'", [], "epochs = 'two' is a str; expected a float"),
        ("batch_size = 2.5", [], "batch_size = 2.5 is a float; expected a int"),
        ("batch_size = true", [], "batch_size = True is a bool; expected a int"),
        ("loss_weights = 2", [], "loss_weights = 2 is a int"),
        ("train = 'vast'", [], "train = 'vast' is a str; expected a list"),
        ("train = ['vast']", [], "train: 'vast' has no name; every entry needs the name of a set"),
        ('train = [{ name = "vast", limit = "many" }]', [], "train: limit = 'many' is a str; expected a int"),
        ("epochs = ", [], "is not valid TOML"),
        ("", ["epochs"], "expected key=value"),
        ("", ["epoch=1"], "unknown setting 'epoch'. Did you mean 'epochs'"),
        ("topic_teacher = 'runs/topics'", [], r"r\.toml: unknown setting 'topic_teacher'"),
        ("unlabelled = []", [], r"r\.toml: setting 'unlabelled' was renamed; use 'unlabeled' instead"),
    ],
)
def test_mistakes_are_reported_with_the_place_and_the_expected_value(
    tmp_path: Path, text: str, overrides: list[str], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        load_recipe(write(tmp_path, text), overrides)


def test_a_missing_recipe_is_reported(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such file. Recipes are in model/recipes/"):
        load_recipe(tmp_path / "none.toml")


def test_the_recipes_behind_the_shipped_models_are_kept() -> None:
    """In the model's folder or by name; and the recipes say how to make each `start` and teacher."""
    assert [path.stem for path in RECIPES] == ["base", "base_continued", "gpu", "quick", "small"]
    for folder in filter(Path.exists, (MODEL / size for size in SIZES)):
        named = json.loads((folder / "config.json").read_text("utf-8"))["slant"]["recipe"].split(", ")
        kept = [
            recipe_from(r, where="kept") for r in json.loads((folder / "recipes.json").read_text("utf-8"))
        ]
        assert [recipe.name for recipe in kept] == named
        assert kept[0].train
    commands = "\n".join(path.read_text("utf-8") for path in (*RECIPES, MODEL.parent / "Makefile"))
    for path in RECIPES:
        recipe = load_recipe(path)
        for needed in filter(None, (recipe.start, recipe.teacher)):
            assert f"-o {needed}\n" in commands, f"{path.name}: no command makes {needed}"


def test_small_learns_from_the_sets_of_its_teacher_as_base_does() -> None:
    names = ("base", "base_continued", "small", "gpu")
    base, continued, small, gpu = (load_recipe(MODEL / "recipes" / f"{name}.toml") for name in names)
    assert (continued.start, small.teacher) == ("runs/base", "runs/base_mean")
    assert {use.name for use in continued.train} <= {use.name for use in base.train}
    once = [replace(use, repeat=1) for use in base.train]
    assert sorted(small.train, key=str) == sorted(once, key=str)
    assert (gpu.train, gpu.dev, small.dev, continued.dev) == (base.train, base.dev, base.dev, base.dev)
    for name in ("max_length", "stride", "context_length"):
        assert getattr(small, name) == getattr(base, name), "the teacher needs the same windows"


def test_class_weights_are_of_tasks_that_have_them() -> None:
    """The loss ignores others."""
    classes = {"stance": len(STANCE_ANSWERS), "portrayal": len(PORTRAYALS), "reply": len(REPLIES)}
    for path in RECIPES:
        for task, weights in load_recipe(path).class_weights.items():
            assert len(weights) == classes[task], path.name


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_shipped_recipes_use_known_sets_and_no_test_or_judged_split(path: Path) -> None:
    from slant.corpora import unlabeled
    from slant.corpora.sets import LABELED_SETS, OWN_SETS

    found: Recipe = load_recipe(path)
    assert found.train
    assert found.dev
    assert {use.name for use in found.unlabeled} <= set(unlabeled.SOURCES)
    for use in (*found.train, *found.dev):
        assert use.split in {**LABELED_SETS, **OWN_SETS}[use.name].splits, use
        assert "test" not in use.split, use
        assert use.name != "frac"


@pytest.mark.train
@pytest.mark.parametrize(
    "use",
    [
        'train = [{ name = "vast", split = "test" }]',
        'train = [{ name = "ptc", split = "dev" }]',
        'dev = [{ name = "checkthat", split = "dev" }]',
        'dev = [{ name = "newsmtsc", split = "test_mt" }]',
        'train = [{ name = "babe", split = "all" }]',
        'train = [{ name = "babe", split = "all", without_fold = 1 }]',
        'train = [{ name = "frac", split = "gold" }]',
    ],
)
def test_judged_splits_cannot_be_used_for_training_or_thresholds(tmp_path: Path, use: str) -> None:
    pytest.importorskip("torch", reason="needs the [train] install")
    from slant.training.train import refuse_judged

    with pytest.raises(UsageError, match="judged"):
        refuse_judged(load_recipe(write(tmp_path, use)))


@pytest.mark.train
def test_test_splits_cannot_be_used_even_if_no_model_is_judged_on_them(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the [train] install")
    from slant.training.train import refuse_judged

    for use in (
        'train = [{ name = "semeval2021", split = "test" }]',
        'dev = [{ name = "directed_sentiment", split = "test" }]',
    ):
        with pytest.raises(UsageError, match="is a test split"):
            refuse_judged(load_recipe(write(tmp_path, use)))


@pytest.mark.train
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_shipped_recipes_do_not_use_judged_splits(path: Path) -> None:
    pytest.importorskip("torch", reason="needs the [train] install")
    from slant.training.train import refuse_judged

    refuse_judged(load_recipe(path))


@pytest.mark.parametrize(
    ("setting", "name"),
    [("loss_weights", "spans"), ("class_weights", "stance_topic"), ("class_weights", "loaded")],
)
def test_weights_of_an_unknown_task_are_refused(tmp_path: Path, setting: str, name: str) -> None:
    values = f"{name} = 2.0" if setting == "loss_weights" else f"{name} = [1.0, 2.0, 1.0]"
    with pytest.raises(UsageError, match=f"{setting} has no task '{name}'; known: stance, portrayal"):
        load_recipe(write(tmp_path, f"[{setting}]\n{values}\n"))
