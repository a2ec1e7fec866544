"""The sections of scorecard.md behind its main table; each is "" where there is nothing to show."""

from __future__ import annotations

from collections.abc import Sequence

from slant.judging.ablation import NOTE
from slant.judging.card import Published, Result, Scorecard
from slant.judging.cells import NONE, percent, table, with_interval
from slant.judging.paired import SWAPS
from slant.judging.spread import Spread


def best_published(result: Result) -> str:
    """The highest published figure: on the judged split if there is one, else with the split that it is of."""
    told = [figure for figure in result.published if not figure.masked]
    for figures in ([f for f in told if not f.split], told):
        if figures:
            best = max(figures, key=lambda figure: figure.value)
            return _shown(best)
    return NONE


def published(results: Sequence[Result]) -> str:
    lines = []
    for result in results:
        said = [_system(figure) for figure in result.published]
        said += [f"agreement between people: {result.human}"] if result.human else []
        if said:
            lines.append(f"- **{result.title}**: {'; '.join(said)}")
    if not lines:
        return ""
    return (
        "## Published figures\n\nFrom data/published.toml, by the set's official metric; a star marks what is quoted at "
        "second hand. In parentheses what a figure was measured on where that is not what is judged here.\n\n"
        + "\n".join(lines)
    )


def _system(figure: Published) -> str:
    return f"{figure.system} {_shown(figure)} [{figure.source}]"


def _shown(figure: Published) -> str:
    """ "61.9", with a star if quoted at second hand, and the split if it is another one."""
    split = f" ({figure.split})" if figure.split else ""
    return f"{percent(figure.value)}{'' if figure.confirmed else '*'}{split}"


def ablation(results: Sequence[Result]) -> str:
    rows = []
    for result in results:
        if result.masked is None or result.figure.value is None or result.masked.value is None:
            continue
        others = ", ".join(f"{_shown(f)} ({f.system})" for f in result.published if f.masked)
        lost = result.masked.value - result.figure.value
        rows.append(
            [
                result.title,
                percent(result.figure.value),
                with_interval(result.masked),
                percent(lost, signed=True),
                others or NONE,
            ]
        )
    if not rows:
        return ""
    head = ["set", "with the target", "target masked", "difference", "published, masked"]
    return f"## Ablation: the target masked\n\n{NOTE}\n\n{table(head, rows, left=1)}"


def calibration(results: Sequence[Result]) -> str:
    rows = []
    for result in results:
        if (found := result.calibration) is not None:
            rows.append(
                [
                    result.title,
                    f"{found.n:,}",
                    percent(found.ece),
                    percent(found.aurc),
                    percent(found.risk_at(0.8)),
                    percent(found.risk_at(1.0)),
                    percent(found.kept),
                    percent(found.kept_figure),
                ]
            )
    if not rows:
        return ""
    head = ["set", "n", "ECE", "AURC", "risk at 80 %", "risk at 100 %", "kept", "metric on the kept"]
    picture = "\n\n![Reliability diagrams](reliability.svg)" if any(map(in_diagram, results)) else ""
    return (
        "## Calibration\n\nConfidence is the probability of the label given. ECE: expected calibration error, 15 bins. Risk: "
        "share wrong among the most confident 80 % or all of the items; AURC: its mean over every coverage. Kept: share of "
        "the items at or above the abstention threshold that the model carries, and the official metric on these alone. Bins "
        f"and curves are in scorecard.json. All × 100.\n\n{table(head, rows, left=1)}{picture}"
    )


def in_diagram(result: Result) -> bool:
    """Whether the set has a panel in reliability.svg."""
    return result.calibration is not None and result.calibration.task in ("stance", "reply")


def against(scorecard: Scorecard) -> str:
    rows = [
        [
            result.title,
            percent(result.figure.value),
            percent(found.other),
            with_interval(found.difference, signed=True),
            f"{found.p:.4f}",
        ]
        for result in scorecard.results
        if (found := result.against) is not None
    ]
    if not rows:
        return ""
    head = ["set", "this model", "the other", "difference", "p"]
    return (
        f"## Against {scorecard.against}\n\nBoth models on the same items; > 0 is better than the other. Interval: paired "
        f"bootstrap over groups, {scorecard.resamples} resamples. p: two-sided, {SWAPS:,} random swaps of whole groups, not "
        f"corrected for the number of rows.\n\n{table(head, rows, left=1)}"
    )


def seeds(rows: Sequence[Spread]) -> str:
    if not rows:
        return ""
    lines = [
        [r.title, r.metric, f"{percent(r.mean)} ± {percent(r.sd)}", ", ".join(map(percent, r.values))]
        for r in rows
    ]
    head = ["set", "metric", "mean ± sd", "each"]
    return (
        f"## Seeds of the recipe\n\nThe recipe trained with {len(rows[0].values)} seeds: mean and sample standard "
        f"deviation.\n\n{table(head, lines, left=2)}"
    )
