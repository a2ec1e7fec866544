"""What a paper has to say of how it was done, with this run's numbers, and what the model is known to get wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import slant
from slant.comparing.error_correction import published_card
from slant.errors import SlantError
from slant.reports import page_parts

if TYPE_CHECKING:
    from slant.comparing.compare import Results

Row = Mapping[str, Any]
# Of the sets that the model is judged on, those whose labels are the labels counted here.
_JUDGED = {
    "newsmtsc/test_rw": "Stance in news", "vast/test": "Stance in comments", "ptc/si": "Loaded spans, found and named",
    "seeds/stance": "Stance by the codebook, in five documents of war news",
    "frac/gold": "Frames", "rumoureval/test": "Replies",
}  # fmt: skip
# The same where stances of news are held to the author's own words, as no set of people's labels is.
_JUDGED_IN_OWN_WORDS = {
    **{name: title for name, title in _JUDGED.items() if name not in ("newsmtsc/test_rw", "seeds/stance")},
    "seeds/stance_in_own_words": "Stance in own words, in five documents of war news",
}
REFERENCES = {
    "bootstrap": "Cameron, A. C., Gelbach, J. B., & Miller, D. L. (2008). Bootstrap-based "
    "improvements for inference with clustered "
    "errors. *Review of Economics and Statistics*, 90(3), 414–427.",
    "poisson": "Chamandy, N., Muralidharan, O., Najmi, A., & Naidu, S. (2012). Estimating "
    "uncertainty for massive data streams. "
    "Google technical report.",
    "bh": "Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. *Journal "
    "of the Royal Statistical Society B*, "
    "57(1), 289–300.",
    "holm": "Holm, S. (1979). A simple sequentially rejective multiple test procedure. "
    "*Scandinavian Journal of Statistics*, 6(2), 65–70.",
    "ppi": "Angelopoulos, A. N., Bates, S., Fannjiang, C., Jordan, M. I., & Zrnic, T. (2023). "
    "Prediction-powered inference. "
    "*Science*, 382(6671), 669–674.",
    "ppi++": "Angelopoulos, A. N., Duchi, J. C., & Zrnic, T. (2023). PPI++: Efficient "
    "prediction-powered inference. arXiv:2311.01453.",
    "words": "Monroe, B. L., Colaresi, M. P., & Quinn, K. M. (2008). Fightin’ words: Lexical "
    "feature selection and evaluation for "
    "identifying the content of political conflict. *Political Analysis*, 16(4), 372–403.",
    "decomposition": "Kitagawa, E. M. (1955). Components of a difference between two rates. "
    "*Journal of the American Statistical "
    "Association*, 50(272), 1168–1194.",
    "wire": "Broder, A. Z. (1997). On the resemblance and containment of documents. *Proceedings "
    "of SEQUENCES ’97*, 21–29.",
    "techniques": "Da San Martino, G., Yu, S., Barrón-Cedeño, A., Petrov, R., & Nakov, P. "
    "(2019). Fine-grained analysis of propaganda "
    "in news articles. *EMNLP-IJCNLP 2019*, 5636–5646.",
    "frames": "Card, D., Boydstun, A. E., Gross, J. H., Resnik, P., & Smith, N. A. (2015). The "
    "Media Frames Corpus. *ACL-IJCNLP 2015*, "
    "438–444.",
    "stance": "Hamborg, F., & Donnay, K. (2021). NewsMTSC: A dataset for "
    "(multi-)target-dependent sentiment classification in political "
    "news articles. *EACL 2021*, 1663–1675.",
}


def methods(results: Results) -> str:
    """Markdown: a paragraph and its references, with the numbers of this run."""
    used = _used(results.tables)
    cited = ["stance", "techniques", "frames", "bootstrap", "poisson"]
    sentences = [_sample(results), _model(results), _intervals(results), _tests(results)]
    if "differences" in used:
        cited.append(results.options.adjust)
    if "corrected" in used:
        gold = results.tables["corrected"].column("gold_units").to_pylist()
        sentences.append(
            "Rates and differences were corrected for the model’s errors by prediction-powered "
            "inference (Angelopoulos et al. 2023a, "
            f"2023b), clustered by article, with labels by people for up to "
            f"{max(gold, default=0):,} units of one number; corrected "
            "and uncorrected figures are reported side by side."
        )
        cited += ["ppi", "ppi++"]
    else:
        sentences.append(
            "The figures are rates of the model’s own labels: they were not corrected for its "
            "errors, which may differ between "
            f"{_noun(results)}s."
        )
    if "events" in used:
        count = results.tables["events"].num_rows
        sentences.append(
            f"Articles were grouped into {count:,} events of two or more texts by date and "
            f"content (average linkage over TF-IDF "
            f"vectors); {_copies(results)}"
        )
        cited.append("wire")
    if "decomposition" in used:
        sentences.append(
            "Differences were split into the choice of events and their telling after Kitagawa "
            "(1955), with intervals that "
            "resample whole events."
        )
        cited.append("decomposition")
    if "words" in used:
        sentences.append(
            "Phrases that set a group apart were found by log-odds with an informative Dirichlet "
            "prior (Monroe et al. 2008)."
        )
        cited.append("words")
    references = "\n".join(f"- {REFERENCES[name]}" for name in cited)
    return (
        f"# Methods\n\n{' '.join(sentences)}\n\n## References\n\n{references}\n\n## Notes of this run\n\n"
        + ("".join(f"- {note}\n" for note in results.notes) or "None.\n")
    )


def _copies(results: Results) -> str:
    table = results.tables.get("copies")
    left_out = sum(table.column("articles").to_pylist()) if table else 0
    return (
        f"near-identical texts within days of one another (three-word shingles, resemblance of 0.6 or more; "
        f"Broder 1997) counted once in each "
        f"{_noun(results)} ({left_out:,} {'article' if left_out == 1 else 'articles'} left out), and what several "
        f"{_noun(results)}s ran was resampled and permuted as one."
    )


def _used(tables: Mapping[str, Any]) -> set[str]:
    return {name for name, table in tables.items() if table.num_rows}


def _noun(results: Results) -> str:
    return "outlet" if results.options.by == "outlet" else results.options.by


def _sample(results: Results) -> str:
    comments = f" and {results.comments:,} reader comments" if results.comments else ""
    units = results.units - results.comments
    left = len(results.groups.left_out)
    text = (
        f"We compared {results.articles:,} articles ({units:,} text units, such as headlines and "
        f"paragraphs{comments}) by "
        f"{results.options.by}; {len(results.groups.kept):,} groups had at least "
        f"{results.options.min_articles} articles"
    )
    return f"{text}, {left:,} with fewer {'was' if left == 1 else 'were'} left out." if left else f"{text}."


def _model(results: Results) -> str:
    own = (
        " A stance of news counted where the author’s own words, outside quotations, carried loaded "
        "language, and as neutral elsewhere."
    )
    return (
        f"Units were labelled by slant {slant.__version__} (model {results.model}, codebook "
        f"{results.codebook}): stance toward named "
        "targets (trained among others on NewsMTSC; Hamborg & Donnay 2021), spans of loaded "
        "language by technique (Da San Martino "
        "et al. 2019) and by whose voice they are in, and frames (Card et al. 2015)."
        + (own if results.options.own_words else "")
    )


def _intervals(results: Results) -> str:
    return (
        f"Intervals ({results.options.level:.0%}) are percentiles of "
        f"{results.options.resamples:,} bootstrap resamples of whole "
        "articles (Cameron et al. 2008) with Poisson weights (Chamandy et al. 2012), since the "
        "units of one article, and the "
        "comments under it, are not independent."
    )


def _tests(results: Results) -> str:
    table = results.tables["differences"]
    if not table.num_rows:
        return "No differences were tested."
    how = {"bh": "Benjamini and Hochberg (1995)", "holm": "Holm (1979)"}[results.options.adjust]
    standing = sum(table.column("significant").to_pylist())
    return (
        f"All {table.num_rows:,} differences between pairs of groups, and between each group and "
        f"all others, were tested by "
        f"permutation of whole articles ({results.options.permutations:,} arrangements, more where "
        f"only their number kept a p from being small enough) and p "
        f"adjusted over the whole family after "
        f"{how}; {standing:,} {'was' if standing == 1 else 'were'} significant at 5 %."
    )


@dataclass(frozen=True, slots=True)
class Known:
    """How often the model is right with one label on one public set. precision, recall, low, "
    "high: in [0, 1] or None."""

    label: str
    support: int
    precision: float | None
    recall: float | None
    f1: float | None
    low: float | None
    high: float | None


def known_errors(results: Results) -> dict[str, list[Known]]:
    """Heading → figures per label, of the model's own scorecard; none if that is not at hand for this very model."""
    try:
        judged = published_card(results.model, folder=results.options.model)
    except SlantError:
        return {}
    stated = _JUDGED_IN_OWN_WORDS if results.options.own_words else _JUDGED
    return {
        f"{stated[result['set']]} ({result['title']}, {result['n']:,} examples)": [
            _known(x) for x in result["labels"]
        ]
        for result in judged
        if result["set"] in stated
    }


def _known(entry: Row) -> Known:
    precision, recall, f1 = (entry.get(name) or {} for name in ("precision", "recall", "f1"))
    ends = f1.get("low"), f1.get("high")
    values = precision.get("value"), recall.get("value"), f1.get("value")
    return Known(page_parts.plain(entry["label"]), entry["support"], *values, *ends)
