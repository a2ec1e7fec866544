"""methods.md: a methods paragraph for a paper with this run's numbers, and the model's known errors for the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import slant
from slant.comparing.clusters import MIN_CLUSTERS, NOUNS
from slant.comparing.measures import Measure
from slant.comparing.sensitivity import published_results
from slant.errors import SlantError
from slant.reports import page_parts

if TYPE_CHECKING:
    from slant.comparing.compare import Results

Row = Mapping[str, Any]
# Evaluation sets whose labels are the labels counted here.
_EVALUATED = {
    "reading/polnear_train": "Stance in news", "reading/gdelt_ukraine": "Stance in news of a war",
    "seeds/stance": "Stance by the codebook, in five documents of war news", "reading/socc": "Stance in comments",
    "vast/test": "Stance in comments, toward topics", "ptc/si": "Loaded spans, found and named", "frac/gold": "Frames",
    "rumoureval/test": "Replies",
}  # fmt: skip
_EVALUATED_PORTRAYAL = {"newsmtsc/test_rw": "Portrayal in news"}
INTERVALS = ("jackknife", "effective", "shares", "jeffreys")
REFERENCES = {
    "multiway": "Cameron, A. C., Gelbach, J. B., & Miller, D. L. (2011). Robust inference with multiway clustering. *Journal "
    "of Business & Economic Statistics*, 29(2), 238–249.",
    "jackknife": "MacKinnon, J. G., Nielsen, M. Ø., & Webb, M. D. (2023). Fast and reliable jackknife and bootstrap methods "
    "for cluster-robust inference. *Journal of Applied Econometrics*, 38(5), 671–694.",
    "effective": "Carter, A. V., Schnepel, K. T., & Steigerwald, D. G. (2017). Asymptotic behavior of a t-test robust to "
    "cluster heterogeneity. *Review of Economics and Statistics*, 99(4), 698–709.",
    "shares": "Korn, E. L., & Graubard, B. I. (1998). Confidence intervals for proportions with small expected number of "
    "positive counts estimated from survey data. *Survey Methodology*, 24(2), 193–201.",
    "jeffreys": "Brown, L. D., Cai, T. T., & DasGupta, A. (2001). Interval estimation for a binomial proportion. "
    "*Statistical Science*, 16(2), 101–133.",
    "mover": "Zou, G. Y., & Donner, A. (2008). Construction of confidence limits about effect measures: A general approach. "
    "*Statistics in Medicine*, 27(10), 1693–1702.",
    "permutation": "Chung, E., & Romano, J. P. (2013). Exact and asymptotically robust permutation tests. *Annals of "
    "Statistics*, 41(2), 484–507.",
    "bh": "Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate. *Journal of the Royal "
    "Statistical Society B*, 57(1), 289–300.",
    "holm": "Holm, S. (1979). A simple sequentially rejective multiple test procedure. *Scandinavian Journal of "
    "Statistics*, 6(2), 65–70.",
    "ppi": "Angelopoulos, A. N., Bates, S., Fannjiang, C., Jordan, M. I., & Zrnic, T. (2023). Prediction-powered"
    " inference. *Science*, 382(6671), 669–674.",
    "ppi++": "Angelopoulos, A. N., Duchi, J. C., & Zrnic, T. (2023). PPI++: Efficient prediction-powered "
    "inference. arXiv:2311.01453.",
    "words": "Monroe, B. L., Colaresi, M. P., & Quinn, K. M. (2008). Fightin’ words: Lexical feature selection and"
    " evaluation for identifying the content of political conflict. *Political Analysis*, 16(4), 372–403.",
    "decomposition": "Kitagawa, E. M. (1955). Components of a difference between two rates. *Journal of the American "
    "Statistical Association*, 50(272), 1168–1194.",
    "wire": "Broder, A. Z. (1997). On the resemblance and containment of documents. *Proceedings of SEQUENCES "
    "’97*, 21–29.",
    "techniques": "Da San Martino, G., Yu, S., Barrón-Cedeño, A., Petrov, R., & Nakov, P. (2019). Fine-grained analysis"
    " of propaganda in news articles. *EMNLP-IJCNLP 2019*, 5636–5646.",
    "frames": "Card, D., Boydstun, A. E., Gross, J. H., Resnik, P., & Smith, N. A. (2015). The Media Frames Corpus."
    " *ACL-IJCNLP 2015*, 438–444.",
    "stance": "Allaway, E., & McKeown, K. (2020). Zero-shot stance detection: A dataset and model using generalized topic "
    "representations. *EMNLP 2020*, 8913–8931.",
    "portrayal": "Hamborg, F., & Donnay, K. (2021). NewsMTSC: A dataset for (multi-)target-dependent sentiment "
    "classification in political news articles. *EACL 2021*, 1663–1675.",
}


def methods(results: Results) -> str:
    """Markdown: the methods paragraph, its references, and the notes of this run."""
    used = {name for name, table in results.tables.items() if table.num_rows}
    noun = results.options.by
    cited = ["stance", *["portrayal"] * portrayed(results), "techniques", "frames", *INTERVALS]
    if len(results.clustered) > 1:
        cited.append("multiway")
    sentences = [_sample(results), _model(results), _intervals(results), _tests(results)]
    if "differences" in used:
        cited += ["mover", "permutation", results.options.adjust]
    if "corrected" in used:
        gold = results.tables["corrected"].column("gold_units").to_pylist()
        sentences.append(
            "Rates and differences were corrected for the model’s errors by prediction-powered inference (Angelopoulos et "
            f"al. 2023a, 2023b), over the same clusters, with labels by people for up to {max(gold, default=0):,} units per "
            "number; corrected and uncorrected figures are reported side by side."
        )
        cited += ["ppi", "ppi++"]
    else:
        sentences.append(
            "The figures are rates of the model’s own labels. They were not corrected for its errors, which may differ "
            f"between {noun}s."
        )
    if "events" in used:
        sentences.append(
            f"Articles were grouped into {results.tables['events'].num_rows:,} events of two or more texts by date and "
            f"content (average linkage over TF-IDF vectors). {_copies(results)}"
        )
        cited.append("wire")
    if "decomposition" in used:
        sentences.append(
            "Differences were split into the choice of events and the coverage of the same events after Kitagawa (1955), "
            f"with intervals from {results.options.resamples:,} bootstrap resamples of whole events."
        )
        cited.append("decomposition")
    if "words" in used:
        sentences.append(
            "Phrases that set a group apart were found by log-odds with an informative Dirichlet prior (Monroe et al. 2008)."
        )
        cited.append("words")
    references = "\n".join(f"- {REFERENCES[name]}" for name in cited)
    return (
        f"# Methods\n\n{' '.join(sentences)}\n\n## References\n\n{references}\n\n## Notes on this run\n\n"
        + ("".join(f"- {note}\n" for note in results.notes) or "None.\n")
    )


def _copies(results: Results) -> str:
    table = results.tables.get("copies")
    left_out = sum(table.column("articles").to_pylist()) if table else 0
    noun, were = results.options.by, "article was" if left_out == 1 else "articles were"
    return (
        "Near-identical texts published within days of one another (three-word shingles, resemblance of 0.6 or more; Broder "
        f"1997) counted once in each {noun} ({left_out:,} {were} left out); texts that several {noun}s published were "
        "resampled and permuted together."
    )


def _sample(results: Results) -> str:
    comments = f", and {results.comments:,} reader comments" if results.comments else ""
    units = results.units - results.comments
    left = len(results.groups.left_out)
    text = (
        f"We compared {results.articles:,} articles by {results.options.by}: {units:,} text units, such as headlines and "
        f"paragraphs{comments}. {len(results.groups.kept):,} groups had at least {results.options.min_articles} articles"
    )
    text = f"{text}; {left:,} with fewer {'was' if left == 1 else 'were'} left out." if left else f"{text}."
    table = results.tables.get("other_languages")
    if others := sum(table.column("units").to_pylist()) if table else 0:
        are = "unit that is" if others == 1 else "units that are"
        text += f" {others:,} {are} not in English (recognized with py3langid) {'was' if others == 1 else 'were'} left out."
    return text


def portrayed(results: Results) -> bool:
    """Whether portrayal was compared."""
    names = results.tables["rates"].column("measure").unique().to_pylist()
    return any(Measure.parse(name).family == "portrayal" for name in names)


def _model(results: Results) -> str:
    portrayal = "how units make the targets look that they name, quoted words included (portrayal; Hamborg & Donnay 2021), "
    return (
        f"Units were labeled by slant {slant.__version__} (model {results.model}, codebook {results.codebook}): the author’s "
        f"stance toward targets (Allaway & McKeown 2020), {portrayal if portrayed(results) else ''}spans of loaded language "
        "by technique (Da San Martino et al. 2019) and by voice (author, quoted or reader), and frames (Card et al. 2015)."
        f"{_unrelated(results)}"
    )


def _unrelated(results: Results) -> str:
    table = results.tables.get("unrelated")
    if table is None or not table.num_rows:
        return ""
    unrelated, counted = (sum(table.column(name).to_pylist()) for name in ("unrelated", "counted"))
    return (
        f" Units that say nothing about a target are in no rate of stance toward it: {unrelated:,} of "
        f"{unrelated + counted:,} pairs of a unit and a target for which it was scored."
    )


def _intervals(results: Results) -> str:
    nouns = " and ".join(NOUNS[name] for name in results.clustered)
    return (
        f"{results.estimand} Units that share one of these are not independent: standard errors are those of the "
        f"cluster jackknife (MacKinnon et al. 2023){_multiway(results)}, with Student’s t over the effective number of "
        f"clusters (Carter et al. 2017). Intervals ({results.options.level:.0%}) of rates are binomial ones of the effective "
        "sample size (Korn & Graubard 1998, with Jeffreys limits; Brown et al. 2001); with fewer than "
        f"{MIN_CLUSTERS} {nouns.replace(' and ', ' or ')} there is none.{_cluster_numbers(results)}"
    ).strip()


def _multiway(results: Results) -> str:
    return ", two-way (Cameron et al. 2011)" if len(results.clustered) > 1 else ""


def _cluster_numbers(results: Results) -> str:
    """How many clusters a group has, from the smallest to the largest number."""
    table = results.tables.get("clusters")
    if table is None or not table.num_rows:
        return ""
    found: dict[tuple[str, str], list[int]] = {}
    for row in table.to_pylist():
        if row["used"]:
            found.setdefault((row["of"], row["dimension"]), []).append(row["clusters"])
    spans = [
        f"{min(own):,} to {max(own):,} {NOUNS[dimension]}{' (comments)' if of == 'comments' else ''}"
        for (of, dimension), own in found.items()
    ]
    return f" Each {results.options.by} has {', '.join(spans)}."


def _tests(results: Results) -> str:
    table = results.tables["differences"]
    if not table.num_rows:
        return "No differences were tested."
    how = {"bh": "Benjamini and Hochberg (1995)", "holm": "Holm (1979)"}[results.options.adjust]
    significant = sum(table.column("significant").to_pylist())
    return (
        f"All {table.num_rows:,} differences between pairs of groups, and between each group and all others, were tested. p "
        "is the level at which the interval of the difference (MOVER; Zou & Donner 2008) touches zero, or that of a "
        f"permutation of whole clusters (Chung & Romano 2013; {results.options.permutations:,} permutations, more where "
        f"these were too few; seed {results.options.seed}), whichever is larger.{_untestable(results)} p was adjusted over "
        f"all tests after {how}; {significant:,} {'was' if significant == 1 else 'were'} significant at 5 %."
    )


def _untestable(results: Results) -> str:
    table = results.tables.get("untested")
    reasons = table["reason"].to_pylist() if table is not None and "reason" in table.column_names else []
    few = sum(reason.startswith("cannot be tested") for reason in reasons)
    return f" {few:,} more could not be tested with so few clusters." if few else ""


@dataclass(frozen=True, slots=True)
class Known:
    """How often the model is right with one label on one public set.

    support: examples with the label. precision, recall, f1, and its interval low, high: in [0, 1] or None.
    """

    label: str
    support: int
    precision: float | None
    recall: float | None
    f1: float | None
    low: float | None
    high: float | None


def known_errors(results: Results) -> dict[str, list[Known]]:
    """Heading → figures per label, from the model's scorecard; empty if there is none for this model."""
    try:
        evaluated = published_results(results.model, model=results.options.model)
    except SlantError:
        return {}
    titles = {**_EVALUATED, **(_EVALUATED_PORTRAYAL if portrayed(results) else {})}
    by_set = {result["set"]: result for result in evaluated}
    return {
        f"{title} ({by_set[name]['title']}, {by_set[name]['n']:,} examples)": [
            _known(label) for label in by_set[name]["labels"]
        ]
        for name, title in titles.items()
        if name in by_set
    }


def _known(entry: Row) -> Known:
    precision, recall, f1 = (entry.get(name) or {} for name in ("precision", "recall", "f1"))
    values = precision.get("value"), recall.get("value"), f1.get("value")
    return Known(page_parts.plain(entry["label"]), entry["support"], *values, f1.get("low"), f1.get("high"))
