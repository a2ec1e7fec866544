"""docs/notebook.ipynb: its cells run in order, and each that ends in a value shows it."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = json.loads((ROOT / "docs/notebook.ipynb").read_text("utf-8"))


def run(source: str, names: dict[str, Any]) -> Any:
    """Run a cell; return the value of a last line that is an expression, as a notebook does."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "<cell>", "exec"), names)
    return eval(compile(ast.Expression(last.value), "<cell>", "eval"), names) if last else None


def shown(value: Any) -> str:
    for name in ("_repr_html_", "_repr_svg_"):  # None: not shown in this way
        if hasattr(value, name) and (found := getattr(value, name)()):
            return str(found)
    return repr(value)


@pytest.mark.slow
def test_the_notebook_runs_and_shows_its_values(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas", reason="needs pandas")
    pytest.importorskip("statsmodels", reason="needs the [compare] install")
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    outputs = [
        run("".join(cell["source"]), names) for cell in NOTEBOOK["cells"] if cell["cell_type"] == "code"
    ]
    html = [shown(value) for value in outputs if value is not None]
    marked, joined, article, counts, compared, figure = html
    assert 'class="slant-unit"' in marked
    assert "<mark" in marked
    assert "Harbour Board" in joined
    assert 'class="slant-text"' in article
    assert "outlet" in counts
    assert "outlets compared" in compared
    assert "<svg" in figure


def test_the_notebook_is_kept_without_outputs_and_is_valid() -> None:
    for cell in NOTEBOOK["cells"]:
        assert not cell.get("outputs"), "outputs grow old: clear them before you commit"
        assert cell["id"]
    assert (NOTEBOOK["nbformat"], NOTEBOOK["nbformat_minor"]) == (4, 5)
