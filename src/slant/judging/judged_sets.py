"""Define the judged sets: one SetSpec per row of the scorecard's table, and the examples behind it.

slant.corpora reads the files. Nothing in this module uses a test split to choose anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from slant.corpora import fignews, frac, own_labels, ptc, reading_set, unscon
from slant.corpora.files import folds
from slant.corpora.sets import LABELED_SETS, OWN_SETS
from slant.encoding.label_ids import FRAMES
from slant.errors import SlantError, UsageError, did_you_mean
from slant.records import PORTRAYALS, REPLIES, STANCES, Example

TECHNIQUES = tuple(ptc.TECHNIQUES.values())
METRIC_NAMES = {
    "macro_f1": "macro-F1",
    "micro_f1": "micro-F1",
    "overlap_f1": "span-overlap F1",
    "character_f1": "mean character F1",
    "accuracy": "accuracy",
    "both_right": "both sides right",
}
AGAINST_OR_NOT = ("against", "not_against")  # labels of a set that does not tell neutral and favor apart
HELD_OUT = "held_out"  # selects the sets of stance on texts unlike the training texts

Slices = tuple[tuple[str, str, str], ...]
BY_VOICE: Slices = (("outlet voice", "voice", "outlet"), ("quoted voice", "voice", "quoted"))
BY_PLATFORM: Slices = (("Twitter", "platform", "twitter"), ("Reddit", "platform", "reddit"))
# The outlets with at least thirty sentences in BABE's fold 0. The other judged sets do not name their outlets.
BY_OUTLET: Slices = tuple(
    (name, "outlet", name)
    for name in (
        "Alternet",
        "Breitbart",
        "Federalist",
        "Fox News",
        "HuffPost",
        "MSNBC",
        "Reuters",
        "USA Today",
    )
)
BY_TYPE: Slices = (("articles", "type", "article"), ("comments", "type", "comment"))
BY_STATE: Slices = (("Russia", "target", "Russia"), ("Ukraine", "target", "Ukraine"))
BY_SIDE: Slices = (
    ("Palestinians", "target", fignews.PALESTINIANS), ("Israel", "target", fignews.ISRAEL),
)  # fmt: skip
# Roles of a text in its contrast group (`what`) with at least a dozen targets in the held-out groups.
BY_PHENOMENON: Slices = tuple(
    (name, "what", what)
    for name, what in (
        ("one side's account", "sides-A"),
        ("the other side's account", "sides-B"),
        ("wire report", "wire"),
        ("reader comment", "comment"),
        ("strong quotation", "quoted"),
        ("loaded words quoted", "loaded-quoted"),
        ("headline passes an attack on", "headline-passes-on"),
        ("slanted headline", "headline-slanted"),
        ("others' views reported", "reports-others"),
        ("speech", "speech"),
        ("criticism rejected", "rejected-criticism"),
        ("concession", "concession"),
        ("sarcasm", "sarcasm"),
        ("scare quotes", "scare-quotes"),
        ("faint praise", "faint-praise"),
        ("honest question", "question-honest"),
        ("accusing question", "question-accusing"),
        ("undecided author", "undecided"),
        ("sympathy with victims", "sympathy"),
        ("bad news for a liked side", "bad-news-for-liked"),
        ("good news for a disliked side", "good-news-for-disliked"),
        ("help in plain words", "plain-help"),
        ("harm in plain words", "plain-harm"),
        ("deed without a doer", "passive-no-doer"),
        ("attack on the opponent only", "attacks-opponent-only"),
    )
)
PHENOMENA = "contrast/phenomena"


@dataclass(frozen=True, slots=True)
class SetSpec:
    """One judged task on one split of one set.

    name: accepted by `--sets`; the part before the slash selects all tasks of a set. title: as displayed.
    source, split: name of the set in slant.corpora, and the judged split.
    train: the split that the baselines are trained on, None if there is none.
    task: the judged part of a Prediction (judged_items.py). metric: the official metric, a key of METRIC_NAMES.
    labels: in display order. group: the resampling unit, in the plural.
    slices: extra rows over a part of the items, as (name, key, value) with a key of JudgedItems.slices.
    views: slices defined by us, not by the authors of the set; release checks do not compare them.
    official: False for a set of our own. held_out_fold: for a set without a test split, the fold excluded from training.
    on_demand: judged only if named. note: what to know when reading the value.
    held_out: counts in the mean over the sets of stance on texts unlike the training texts (judging/held_out.py).
    """

    name: str
    title: str
    source: str
    split: str
    train: str | None
    task: str
    metric: str
    labels: tuple[str, ...]
    group: str
    slices: Slices = ()
    views: Slices = ()
    official: bool = True
    held_out_fold: int | None = None
    on_demand: bool = False
    note: str = ""
    held_out: bool = False

    @property
    def family(self) -> str:
        """Return the name shared by all tasks and splits of a set, e.g. "ptc"."""
        return self.name.split("/")[0]


def _newsmtsc(split: str, *, on_demand: bool = False) -> SetSpec:
    return SetSpec(
        name=f"newsmtsc/{split}",
        title=f"NewsMTSC {split}",
        source="newsmtsc",
        split=split,
        train="train",
        task="portrayal",
        metric="macro_f1",
        labels=PORTRAYALS,
        group="articles",
        views=BY_VOICE,
        on_demand=on_demand,
    )


def _reading(source: str, title: str) -> SetSpec:
    return SetSpec(
        name=f"reading/{source}",
        title=f"Reading set, {title}",
        source=reading_set.READING_SET,
        split=f"held_out/{source}",
        train="fit",
        task="stance",
        metric="macro_f1",
        labels=STANCES,
        group="documents",
        official=False,
        note="labeled by a language model",
        held_out=True,
    )


def _contrast(
    name: str, title: str, metric: str, note: str, *, views: Slices = (), task: str = "stance"
) -> SetSpec:
    return SetSpec(
        name=name,
        title=title,
        source=reading_set.CONTRAST_SET,
        split="held_out",
        train="fit" if task == "stance" else None,
        task=task,
        metric=metric,
        labels=("both_right",) if task == "sides" else STANCES,
        group="groups",
        views=views,
        official=False,
        note=f"written and labeled by a language model; {note}",
    )


def _ptc(name: str, title: str, task: str, metric: str, note: str) -> SetSpec:
    return SetSpec(name, title, "ptc", "dev", "train", task, metric, TECHNIQUES, "articles", note=note)


def _seeds(task: str, name: str, metric: str, labels: tuple[str, ...], note: str) -> SetSpec:
    return SetSpec(
        name=f"seeds/{name}",
        title=f"Seed documents, {name.replace('_', ' ')}",
        source=own_labels.SEED_GOLD,
        split="gold",
        train=None,
        task=task,
        metric=metric,
        labels=labels,
        group="articles and comments",
        views=() if task == "reply" else BY_TYPE,
        official=False,
        note=f"five documents, labeled by a language model; {note}",
    )


SPECS: tuple[SetSpec, ...] = (
    _newsmtsc("test_rw"),
    _newsmtsc("test_mt"),
    _newsmtsc("dev_rw", on_demand=True),
    _newsmtsc("dev_mt", on_demand=True),
    SetSpec(
        "vast/test", "VAST test", "vast", "test", "train", "stance", "macro_f1", STANCES, "posts",
        slices=(("zero-shot", "seen", "0"), ("few-shot", "seen", "1")),
    ),
    SetSpec(
        "vast/dev", "VAST dev", "vast", "dev", "train", "stance", "macro_f1", STANCES, "posts", on_demand=True
    ),
    SetSpec(
        "rumoureval/test", "RumourEval-2019 A test", "rumoureval", "test", "train", "reply", "macro_f1",
        REPLIES, "threads", views=BY_PLATFORM,
    ),
    SetSpec(
        "rumoureval/dev", "RumourEval-2019 A dev", "rumoureval", "dev", "train", "reply", "macro_f1", REPLIES,
        "threads", on_demand=True,
    ),
    _ptc(
        "ptc/si", "PTC SI dev", "spans", "overlap_f1",
        "the metric ignores techniques; figures per label use the spans of one technique only; floor: no spans predicted",
    ),
    _ptc(
        "ptc/tc", "PTC TC dev", "techniques", "micro_f1",
        "gold spans are given; k identical spans get the k best techniques",
    ),
    SetSpec(
        "toxic_spans/test", "Toxic spans test", "toxic_spans", "test", "train", "toxic", "character_f1",
        ("toxic",), "posts", note="figures per label pool the characters of all posts; floor: no spans predicted",
    ),
    SetSpec(
        "babe/fold0", "BABE fold 0", "babe", "all", "all", "biased", "macro_f1", ("biased", "non_biased"),
        "articles", views=BY_OUTLET, held_out_fold=0,
        note="fold 0 of five (by article), held out by the shipped recipe; published figures are means of five folds",
    ),
    SetSpec(
        "checkthat/dev", "CheckThat! subjectivity dev", "checkthat", "dev", "train", "subjective", "macro_f1",
        ("subjective", "objective"), "sentences",
    ),
    SetSpec(
        "frac/gold", "FrAC frames", "frac", "gold", None, "frames", "macro_f1", tuple(frac.CODES.values()),
        "sentences", slices=BY_TYPE,
        note="half of the gold, never trained on; no floor, since there is no training split; the likeliest frame counts, "
        "after mapping the codebook's frames to FrAC's ten",
    ),
    _reading("socc", "SOCC comments"),
    _reading("gdelt_ukraine", "GDELT news on Ukraine"),
    _reading("polnear_train", "PolNeAR news"),
    _reading("reddit_titles", "Reddit titles"),
    _reading("us_gov", "US government statements"),
    SetSpec(
        "unscon/all", "UNSCon", unscon.NAME, "all", None, "stance", "macro_f1", AGAINST_OR_NOT, "speeches", views=BY_STATE,
        official=False, held_out=True,
        note="labeled by people, mapped by us: a negative evaluation is against the state, all else is not_against it",
    ),
    SetSpec(
        "fignews/majority", "FIGNEWS", fignews.NAME, "majority", None, "stance", "macro_f1", ("against", "neutral"), "posts",
        views=BY_SIDE, official=False, held_out=True,
        note="labeled by people, mapped by us: posts with a two-thirds majority; nobody was asked for favor, so each answer "
        "“favor” is an error",
    ),
    _contrast("contrast/held_out", "Contrast groups", "macro_f1", "a fifth of the groups, never trained on"),
    _contrast(
        "contrast/sides", "Contrast groups, sides", "both_right",
        "share of targets, judged oppositely by the two sides' accounts of an event, with both predicted stances right",
        task="sides",
    ),
    _contrast(PHENOMENA, "Contrast groups, phenomena", "accuracy", "by the text's role in its group", views=BY_PHENOMENON),
    _seeds("stance", "stance", "macro_f1", STANCES, "targets that a unit only implies are given by name"),
    _seeds("spans", "loaded", "overlap_f1", TECHNIQUES, "the metric ignores techniques"),
    _seeds("frames", "frames", "macro_f1", FRAMES, "units with a frame; a unit with k frames gets the k likeliest"),
    _seeds("reply", "reply", "macro_f1", REPLIES, "comments only"),
)  # fmt: skip


def choose_sets(names: Sequence[str] | None) -> list[SetSpec]:
    """Return the specs with these names ("vast", "ptc/si", …), in the table's order; None: all that are not on demand.

    HELD_OUT selects all sets that count in the mean over held-out sets. Raises UsageError for an unknown name.
    """
    if names is None:
        return [spec for spec in SPECS if not spec.on_demand]
    known = [*dict.fromkeys(n for spec in SPECS for n in (spec.family, spec.name)), HELD_OUT]
    for name in names:
        if name not in known:
            raise UsageError(f"no judged set {name!r}; known: {', '.join(known)}.{did_you_mean(name, known)}")
    return [
        spec
        for spec in SPECS
        if spec.name in names
        or (spec.family in names and not spec.on_demand)
        or (spec.held_out and HELD_OUT in names)
    ]


def judged_examples(spec: SetSpec, root: Path, *, limit: int | None = None, seed: int = 0) -> list[Example]:
    """Return the examples to judge. Raises SlantError if the set is not under `root`.

    limit: for trials only, as figures are then not the official ones. Takes whole groups in random order (`seed`; files are
        sorted by thread or topic) until there are at least this many examples.
    """
    examples = _fold(spec, _read(spec.source, root, spec.split), inside=True)
    if limit is None or limit >= len(examples):
        return examples
    sizes: dict[str, int] = {}
    for example in examples:
        sizes[example.group] = sizes.get(example.group, 0) + 1
    names = sorted(sizes)
    kept: set[str] = set()
    for i in np.random.default_rng(seed).permutation(len(names)):
        if sum(sizes[name] for name in kept) >= limit:
            break
        kept.add(names[i])
    return [example for example in examples if example.group in kept]


def train_examples(spec: SetSpec, root: Path) -> list[Example]:
    """Return the examples that the baselines are trained on; empty if the set has no training split."""
    return _fold(spec, _read(spec.source, root, spec.train), inside=False) if spec.train else []


def data_fingerprint(examples: Sequence[Example]) -> str:
    """Return 12 hex digits of the texts and gold labels; they change with the file, split, mapping or limit."""
    digest = hashlib.sha256()
    for example in examples:
        # Without portrayals that are not labeled, so that sets have the fingerprint they had before there was this label.
        said = repr(replace(example, weight=1.0)).replace(", portrayal=None)", ")")
        digest.update(said.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:12]


def _read(source: str, root: Path, split: str) -> list[Example]:
    labeled = LABELED_SETS.get(source) or OWN_SETS.get(source)
    if labeled is None:
        raise SlantError(f"this version of slant cannot read the set {source!r}.")
    return list(labeled.read(root, split))


def _fold(spec: SetSpec, examples: list[Example], *, inside: bool) -> list[Example]:
    if spec.held_out_fold is None:
        return examples
    return [
        e for e, fold in zip(examples, folds(examples), strict=True) if (fold == spec.held_out_fold) == inside
    ]
