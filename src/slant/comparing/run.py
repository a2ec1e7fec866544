"""All that `slant compare` looks at, in the order in which it is said: the tables that report and files are made of.

detectable   measure, tests, smallest, median, largest (detectable difference over pairs, 80 % power at `level`), median_alone (at
             0.05), articles_for_ten (articles a group for ten points; null for what is no share), level
rates        group ("(all)" for everything), measure, value, low, high, hits, total, articles, units
differences  group, other ("(rest)": all other groups), measure, value, other_value, difference, low, high, effect, effect_kind,
             p, p_adjusted, significant, articles, other_articles, detectable
corrected    group, other (null: a rate; else a difference), measure, naive, naive_low, naive_high, corrected, low, high, gold_units,
             gold_articles, disagree, note (with --gold)
sensitivity  group, measure, value, low, high, sets (without --gold)
left_out     group, articles
untested     group, other, measure, hits (too few to be tested)
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from slant.comparing.options import Options
from slant.comparing.store import Store

if TYPE_CHECKING:
    import pyarrow as pa

# Modules with `table(store, options) -> dict of name and Arrow table`; the names of their tables are theirs.
PARTS = ("events", "audit", "words", "readers", "trends")


@dataclass(frozen=True, slots=True)
class Results:
    """What was found, for the report and the files of the output folder.

    groups: those kept, by name → articles. tables: name → Arrow table. notes: sentences about the run as a whole, such
    as what was tested, or why a part is missing.
    """

    options: Options
    model: str
    codebook: str
    files: tuple[str, ...]
    groups: Mapping[str, int]
    articles: int
    units: int
    comments: int
    tables: Mapping[str, pa.Table]
    notes: tuple[str, ...] = field(default=())


def run(store: Store, options: Options, *, say: Callable[[str], None] = lambda _: None) -> Results:
    """say: is told of each step before it begins."""
    raise NotImplementedError
