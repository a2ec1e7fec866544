"""How well `slant targets suggest` finds the targets that people listed by hand, from the texts alone.

    python benchmarks/target_suggestions.py [--json FILE] [--show]

Targets are those of a targets file, or the actors of NewsWCL50 that its annotators coded at least MIN_MENTIONS times, which
occur in the corpus. Evaluated are the first 40 candidates:
- found: a candidate has an alias of the target. A candidate counts for the one target that most of its mentions name.
- in one piece: that candidate covers at least half of the mentions of the target that all candidates together cover.
- only one: no other candidate has an alias of the target, not even a leader's name.
The rules were made on FA-KES and RUWA, so their figures are not held-out figures; those of the other corpora are.
--show prints the candidates.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from slant.corpora.files import locate
from slant.corpora.sets import data_root, load_articles
from slant.labels.targets import Target, Targets, normalize
from slant.records import Article, Unit
from slant.scoring.account import Account
from slant.scoring.local_run import read_units
from slant.scoring.run_options import ReadOptions
from slant.segment.units import split
from slant.suggesting.suggest import Candidate, suggest

TOP, MIN_MENTIONS, HALF = 40, 5, 0.5
SEEDS = Path(__file__).parent.parent / "seeds"
ACTORS = ("ACTOR", "COUNTRY", "GROUP")


def of_set(name: str) -> list[Unit]:
    articles = {article.article_id: article for article in load_articles(name)}
    return [unit for article in articles.values() for unit in split(article)]


def of_files(*paths: Path) -> list[Unit]:
    return list(read_units(ReadOptions(tuple(map(str, paths)), quiet=True), Account(), output="-"))


def newswcl() -> Iterator[tuple[str, list[Unit], Targets]]:
    """Yield event, units of its five articles, and the coded actors as targets."""
    tokens: dict[str, list[str]] = defaultdict(list)
    last: dict[str, str] = {}
    with locate(data_root(), "newswcl50", "cdcr_conll_fulltext.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            at = row["doc_id"]
            if last.get(at) not in (None, row["sent_id"]):
                tokens[at].append("\n\n")
            last[at] = row["sent_id"]
            tokens[at].append(row["token"])
    coded: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    with locate(data_root(), "newswcl50", "Annotations.csv").open(encoding="utf-8-sig") as file:
        next(file)
        for row in csv.DictReader(file):
            if row["code_type"] in ACTORS:
                coded[row["event_id"]][row["code_name"]][row["code_mention"].strip()] += 1
    for event, actors in sorted(coded.items()):
        articles = [
            Article(text=_text(words), path=at, outlet=at.split("_")[1], markup="none")
            for at, words in tokens.items()
            if at.split("_")[0] == event
        ]
        owned: Counter[str] = Counter(normalize(m) for mentions in actors.values() for m in mentions)
        targets = []
        for number, (name, mentions) in enumerate(sorted(actors.items())):
            aliases = tuple(m for m in mentions if normalize(m) and owned[normalize(m)] == 1)
            if mentions.total() >= MIN_MENTIONS and aliases:
                targets.append(Target(f"t{number}", name, aliases))
        yield event, [unit for article in articles for unit in split(article)], Targets(tuple(targets))


def _text(words: list[str]) -> str:
    text = " ".join(word.replace("\\n", "\n") for word in words)
    for mark in (",", ".", ";", ":", "?", "!", ")", "’s", "'s", "n’t", "n't", "”"):
        text = text.replace(f" {mark}", mark)
    return text.replace("( ", "(").replace("“ ", "“").replace("\n\n ", "\n\n").replace(" \n\n", "\n\n")


def candidates_as_targets(candidates: Iterable[Candidate]) -> Targets:
    return Targets(
        tuple(
            Target(
                str(i),
                c.name,
                tuple(t for t, _ in c.aliases if t not in c.exact),
                tuple(c.exact),
                c.never,
            )
            for i, c in enumerate(candidates)
        )
    )


def judge(units: list[Unit], wanted: Targets, *, show: bool = False) -> dict[str, Any]:
    units = [unit for unit in units if unit.is_content]
    began = time.process_time()
    suggested = suggest(iter(units), top=TOP)
    seconds = time.process_time() - began
    if show:
        for number, candidate in enumerate(suggested.candidates, 1):
            aliases = " | ".join(text for text, _ in candidate.aliases[:8])
            print(f"  {number:>2} {candidate.name} ({candidate.articles}): {aliases}")
    given = candidates_as_targets(suggested.candidates)
    total, shared = Counter[str](), Counter[tuple[str, str]]()
    for unit in units:
        own, other = wanted.find(unit.text), given.find(unit.text)
        for target, places in own.items():
            total[target] += len(places)
            for candidate, spans in other.items():
                shared[target, candidate] += sum(
                    any(start < e and s < end for s, e in spans) for start, end in places
                )
    main = {c: max(total, key=lambda t, c=c: shared[t, c]) for c in given.ids if total}
    rows = [
        _row(target, wanted, suggested.candidates, shared, main) for target in wanted.ids if total[target]
    ]
    return {
        "articles": suggested.articles,
        "seconds": round(seconds, 1),
        "targets": len(rows),
        **{name: sum(row[name] for row in rows) for name in ("found", "in_one_piece", "only_one")},
        "rows": rows,
    }


def _row(
    target: str,
    wanted: Targets,
    candidates: tuple[Candidate, ...],
    shared: Counter[tuple[str, str]],
    main: dict[str, str],
) -> dict[str, Any]:
    found = next(t for t in wanted.targets if t.id == target)
    aliases = {normalize(text) for text in (*found.aliases, *found.exact)}
    with_alias = [
        str(i) for i, c in enumerate(candidates) if any(normalize(text) in aliases for text, _ in c.aliases)
    ]
    own = [c for c in with_alias if main[c] == target and shared[target, c]]
    best = max(own, key=lambda c: shared[target, c], default=None)
    covered = sum(n for (t, _), n in shared.items() if t == target)
    share = shared[target, best] / covered if best is not None else 0.0
    return {
        "target": found.name,
        "candidate": candidates[int(best)].name if best is not None else None,
        "rank": int(best) + 1 if best is not None else None,
        "share": round(share, 2),
        "found": best is not None,
        "in_one_piece": share >= HALF,
        "only_one": best is not None and len(with_alias) == 1,
    }


def corpora() -> Iterator[tuple[str, bool, list[Unit], Targets]]:
    """Yield name, whether the rules were made on it, units and targets."""
    war, ukraine = Targets.load(SEEDS / "targets.toml"), Targets.load(SEEDS / "targets_ukraine.toml")
    texts = data_root() / "texts"
    yield "FA-KES", True, of_set("fa_kes"), war
    yield "RUWA", True, of_set("ruwa"), ukraine
    yield "GDELT, war in Ukraine", False, of_files(texts / "gdelt_ukraine"), ukraine
    yield "Tehran Times", False, of_files(texts / "tehran_times" / "tehran_times_conflict.jsonl"), war
    yield (
        "demonstration set",
        False,
        of_files(SEEDS / "demo" / "articles"),
        Targets.load(SEEDS / "demo" / "targets.toml"),
    )
    for event, units, targets in newswcl():
        yield f"NewsWCL50, event {event}", False, units, targets


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--only", help="name of one corpus")
    given = parser.parse_args()
    results = {}
    for name, made_on, units, targets in corpora():
        if given.only and given.only not in name:
            continue
        print(name, flush=True)
        results[name] = {"made_on": made_on, **judge(units, targets, show=given.show)}
        shown = {key: value for key, value in results[name].items() if key != "rows"}
        print("  ", shown, flush=True)
        for row in results[name]["rows"]:
            print("    ", row, flush=True)
    if given.json:
        given.json.write_text(
            json.dumps({"top": TOP, "corpora": results}, indent=1, ensure_ascii=False) + "\n", "utf-8"
        )


if __name__ == "__main__":
    main()
