"""Units a second against what a user would otherwise call, on the same texts, in one run, turn by turn.

    python benchmarks/throughput.py [--json FILE] [--headlines 2000] [--articles 120] [--runs 5] [--encoder NAME]

Texts are those of RUWA (headlines) and FA-KES (titles and bodies) under SLANT_DATA. slant: all heads, and of each unit 1, 4
or 8 targets, here the first long words that it names. The others: the same encoder in fp32 with one head of random weights
(speed does not ask what was learned), as `transformers.pipeline("text-classification")` in batches of 32 and one by one, as
SetFit's `predict`, and spaCy's en_core_web_sm, which is another, smaller network. Each figure is the median of the runs; in
each run everyone has a turn, first another one each time, since a processor that was busy is slower. One by one reads a
quarter of the texts; how many is stated as n.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import throughput_machine as machine
import throughput_others as others
from slant.corpora import load_articles
from slant.encoding.predictor import Predictor, columns
from slant.encoding.windows import EncoderRequest
from slant.records import Unit
from slant.scoring.runtimes import load
from slant.scoring.score import ScoreRequest, score
from slant.segment.units import split

TARGETS = (1, 4, 8)
ASKED = 4  # targets in the comparison
SEED = 13


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--headlines", type=int, default=2000)
    parser.add_argument("--articles", type=int, default=50)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--encoder", default="sentence-transformers/all-MiniLM-L6-v2")
    parser.add_argument("--without", default="", help="comma-separated: spacy, setfit, processes")
    given = parser.parse_args()
    without = set(filter(None, given.without.split(",")))
    result = measure(given, without)
    print(json.dumps(result, indent=2))
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


def measure(given: argparse.Namespace, without: set[str]) -> dict[str, Any]:
    predictor = load()
    texts = {"ruwa": units("ruwa", given.headlines), "fa_kes": units("fa_kes", given.articles)}
    callers = others.callers(given.encoder, without)
    found: dict[str, Any] = {}
    for name, chosen in texts.items():
        found[name] = {
            "units": len(chosen),
            "articles": len({unit.article_id for unit in chosen}),
            "characters": statistics.mean(len(unit.text) for unit in chosen),
            "padding": padding(predictor, chosen),
            "rates": paired(predictor, chosen, callers, runs=given.runs),
        }
        found[name]["operations"] = operations(predictor, chosen)
    command = f"python benchmarks/throughput.py --headlines {given.headlines} --articles {given.articles} --runs {given.runs}"
    result = {
        "command": command,
        "runs": given.runs,
        "model": predictor.fingerprint,
        **machine.described(),
        "sets": found,
    }
    result["peak"] = machine.peaks()
    for name in texts:
        rate, work = found[name]["rates"][f"slant, {ASKED} targets"]["median"], found[name]["operations"]
        found[name]["share_of_peak"] = {
            kind: rate * work / peak for kind, peak in result["peak"].items() if peak
        }
    if "processes" not in without:
        result["processes"] = {n: machine.processes(n, units=given.headlines) for n in (1, 2)}
    return result


def units(name: str, count: int) -> list[Unit]:
    """Content units of `count` articles, drawn with a seed. Of equal texts one: slant would read only that one."""
    articles = list({a.article_id: a for a in load_articles(name)}.values())
    chosen = random.Random(SEED).sample(articles, min(count, len(articles)))
    found = [unit for article in chosen for unit in split(article) if unit.is_content]
    return list({unit.text: unit for unit in found}.values())


def score_requests(chosen: Sequence[Unit], targets: int) -> list[ScoreRequest]:
    """Each unit with its first long words as targets, and topics for as many as it lacks."""
    asked = []
    for unit in chosen:
        words = [match.span() for match in re.finditer(r"\w{4,}", unit.text)][:targets]
        topics = tuple((f"t{i}", "the harbour council") for i in range(targets - len(words)))
        asked.append(ScoreRequest(unit, {f"w{i}": (span,) for i, span in enumerate(words)}, topics))
    return asked


def paired(
    predictor: Predictor,
    chosen: Sequence[Unit],
    callers: dict[str, tuple[Callable[[Sequence[str]], object], int]],
    *,
    runs: int,
) -> dict[str, dict[str, Any]]:
    """Units a second of everyone, turn by turn; a first turn on a few texts is not counted."""
    texts = [unit.text for unit in chosen]
    turns: dict[str, tuple[Callable[[], object], int]] = {}
    for targets in TARGETS:
        asked = score_requests(chosen, targets)
        turns[f"slant, {targets} target{'s' if targets > 1 else ''}"] = (
            lambda asked=asked: [s.to_dict() for s in score(asked, predictor=predictor, codebook="")],
            len(chosen),
        )
    for name, (call, share) in callers.items():
        few = texts[: max(32, len(texts) // share)]
        turns[name] = (lambda call=call, few=few: call(few), len(few))
        call(texts[:8])
    list(score(score_requests(chosen[:64], ASKED), predictor=predictor, codebook=""))
    rates: dict[str, list[float]] = {name: [] for name in turns}
    order = list(turns)
    for _ in range(runs):
        for name in order:
            turn, count = turns[name]
            started = time.perf_counter()
            turn()
            rates[name].append(count / (time.perf_counter() - started))
        order = order[1:] + order[:1]
    base = others.PIPELINE
    return {
        name: {
            "median": statistics.median(values),
            "min": min(values),
            "max": max(values),
            "n": turns[name][1],
            "times": statistics.median(a / b for a, b in zip(values, rates[base], strict=True)),
        }
        for name, values in rates.items()
    }


def padding(predictor: Predictor, chosen: Sequence[Unit]) -> float:
    """Share of the computed columns that hold no token."""
    lengths = _lengths(predictor, chosen)
    return 1 - sum(lengths) / sum(map(columns, lengths))


def operations(predictor: Predictor, chosen: Sequence[Unit]) -> float:
    """Multiplications and additions in the matrix products of the encoder, a unit, padding and heads left out."""
    config = json.loads((machine.model_folder() / "config.json").read_text("utf-8"))["encoder"]
    width, layers, inner = config["hidden_size"], config["num_hidden_layers"], config["intermediate_size"]
    each = [
        2 * n * layers * (4 * width * width + 2 * width * inner + 2 * n * width)
        for n in _lengths(predictor, chosen)
    ]
    return sum(each) / len(chosen)


def _lengths(predictor: Predictor, chosen: Sequence[Unit]) -> list[int]:
    asked = score_requests(chosen, ASKED)
    requests = [EncoderRequest(q.unit.text, [*q.mentions.values(), *(n for _, n in q.topics)]) for q in asked]
    return [len(window) for window in predictor.encoder.encode(requests)]


if __name__ == "__main__":
    main()
