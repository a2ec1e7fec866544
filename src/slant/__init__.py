"""slant: stance, loaded language and frames in news articles and reader comments.

    scorer = slant.Scorer.load()
    for row in scorer.score(["The mayor's reckless council wrecked the harbour."], targets=["the council"]):
        print(row.stance, row.loaded)

What is named here is imported when it is first asked for: `import slant` itself takes a few milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from slant.errors import Rejected as Rejected
    from slant.errors import SlantError as SlantError
    from slant.errors import UsageError as UsageError
    from slant.ingest.inputs import read_articles as read_articles
    from slant.labels.targets import Targets as Targets
    from slant.records import Article as Article
    from slant.records import Score as Score
    from slant.records import Unit as Unit
    from slant.reports import plot as plot
    from slant.reports.notebook import html as html
    from slant.reports.python_comparison import Comparison as Comparison
    from slant.reports.python_comparison import compare as compare
    from slant.scoring.python_api import Scorer as Scorer
    from slant.scoring.python_tables import Scores as Scores
    from slant.segment.units import split as split

__version__ = "0.1.0"

_HOME = {
    "Article": "slant.records",
    "Rejected": "slant.errors",
    "Score": "slant.records",
    "Scorer": "slant.scoring.python_api",
    "Scores": "slant.scoring.python_tables",
    "SlantError": "slant.errors",
    "Targets": "slant.labels.targets",
    "Unit": "slant.records",
    "UsageError": "slant.errors",
    "Comparison": "slant.reports.python_comparison",
    "compare": "slant.reports.python_comparison",
    "html": "slant.reports.notebook",
    "plot": "slant.reports",
    "read_articles": "slant.ingest.inputs",
    "split": "slant.segment.units",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'slant' has no attribute {name!r}. It has: {', '.join(_HOME)}.")
    from importlib import import_module

    home = import_module(_HOME[name])
    return import_module(f"{_HOME[name]}.{name}") if name == "plot" else getattr(home, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
