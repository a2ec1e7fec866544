"""Unlabeled texts with targets, from tiny invented files in the formats of the public sets."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from slant.corpora import unlabeled
from slant.corpora.files import digest
from slant.corpora.reading_set import HELD_OUT_SOURCES
from slant.corpora.sets import LABELED_SETS, LabeledSet
from slant.corpora.unlabeled import COMMENTS, MAX_WORDS, MIN_WORDS, NEWS, mixed_texts
from slant.records import Example

SENTENCE = "The Harbour Board told the ferry crews of Ostrava that their pay will not rise this year. "


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Replace the reading set by the given rows, and nothing is judged; by default it has one unit of `ucc`."""
    monkeypatch.setattr(unlabeled, "HELD_OUT_SOURCES", ())
    monkeypatch.setattr(unlabeled, "LABELED_SETS", {})

    def replace(*rows: dict[str, object]) -> None:
        first = {
            "source": "ucc",
            "split": "fit",
            "stance": [{"target": "ferry crews"}, {"target": "higher pay"}],
        }
        monkeypatch.setattr(
            unlabeled, "reading_rows", lambda split: (r for r in (first, *rows) if r["split"] == split)
        )

    replace()
    return replace


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, reading: object) -> Callable[..., None]:
    """Restrict the sources."""

    def restrict(*names: str) -> None:
        for table in ("COMMENTS", "NEWS"):
            known = getattr(unlabeled, table)
            monkeypatch.setattr(unlabeled, table, {n: known[n] for n in names if n in known})

    return restrict


def write_csv(path: Path, header: str, rows: Sequence[Sequence[str]], delimiter: str = ",") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows([header.split(), *rows])


def write_comments(root: Path, *texts: str) -> None:
    write_csv(root / "texts/ucc/val.csv", "comment", [[text] for text in texts])
    write_csv(root / "texts/ucc/test.csv", "comment", [])


def texts(root: Path) -> list[str]:
    return [e.text for e in mixed_texts(root)]


def test_comments_are_whole_and_once_and_have_targets_and_a_source(
    tmp_path: Path, use: Callable[..., None]
) -> None:
    use("ucc")
    long = SENTENCE * 10
    comments = [f"The ferry crews of pier {i} hate Ostrava and the Harbour Board. Why?" for i in range(9)]
    write_comments(tmp_path, *comments, comments[0], long, "Too short.", "паром " * 20, SENTENCE * 30)
    found = list(mixed_texts(tmp_path))
    assert sorted(e.text for e in found) == sorted([*comments, long])
    assert {e.source for e in found} == {"mixed"}
    assert {(e.meta["origin"], e.meta["kind"]) for e in found} == {("ucc", "comment")}
    assert all(len(e.meta["targets"].split()) == len(e.targets) >= 2 for e in found)
    assert "ferry crews" in {t.name for e in found for t in e.targets}
    assert found == list(mixed_texts(tmp_path)), "seeded"


def test_long_news_becomes_paragraphs_and_sentence_runs(tmp_path: Path, use: Callable[..., None]) -> None:
    use("zelenskyy")
    paragraphs = [SENTENCE * 3, "A short line.", SENTENCE * 12, "Ostrava is cold. " * 20]
    write_csv(
        tmp_path / "texts/presidents/zelenskyy.csv", "headline body",
        [["Harbour Board meets crews of Ostrava", "\n".join(paragraphs)], ["", SENTENCE * 60]],
    )  # fmt: skip
    found = texts(tmp_path)
    assert "Harbour Board meets crews of Ostrava" in found
    assert (SENTENCE * 3).strip() in found, "a paragraph is whole"
    others = [text for text in found if not text.startswith("Harbour")]
    assert all(MIN_WORDS <= len(text.split()) <= MAX_WORDS for text in others)
    assert len(others) <= 2 * unlabeled.PIECES_PER_DOCUMENT
    assert max(Counter(found).values()) == 1


def test_a_source_has_a_largest_number_of_texts(
    tmp_path: Path, use: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    use("ucc", "checkthat_train")
    monkeypatch.setattr(unlabeled, "COMMENTS_PER_SET", 7)
    monkeypatch.setattr(unlabeled, "NEWS_PER_SET", 4)
    lines = [f"Number {i}: the ferry crews of Ostrava trust the Harbour Board." for i in range(30)]
    write_comments(tmp_path, *lines)
    path = tmp_path / "checkthat_subjectivity/train_en.tsv"
    write_csv(path, "sentence_id sentence label", [["1", f"News {line}", "OBJ"] for line in lines], "\t")
    assert Counter(e.meta["origin"] for e in mixed_texts(tmp_path)) == {"ucc": 7, "checkthat_train": 4}


def test_reserved_texts_and_documents_are_left_out(
    tmp_path: Path, use: Callable[..., None], reading: Callable[..., None]
) -> None:
    use("ucc", "zelenskyy")
    comments = [f"The ferry crews of pier {i} hate Ostrava." for i in range(4)]
    write_comments(tmp_path, *comments)
    unit = f"{SENTENCE}{SENTENCE}".strip()
    documents = [
        f"{unit}\n{SENTENCE} Nobody in Ostrava has seen a ferry.",
        f"Everybody in Ostrava is angry at the ferry crews.\n{unit}",
    ]
    write_csv(tmp_path / "texts/presidents/zelenskyy.csv", "headline body", [["", d] for d in documents])
    assert {*comments, unit} <= set(texts(tmp_path))
    reading(
        {"source": "socc", "split": "tune", "document": digest(comments[1]), "text": digest(comments[1])},
        {"source": "us_gov", "split": "held_out", "document": digest(documents[0]), "text": "0" * 12},
        {"source": "us_gov", "split": "held_out", "document": "0" * 12, "text": digest(unit)},
    )
    found = set(texts(tmp_path))
    assert found == {comments[0], *comments[2:], "Everybody in Ostrava is angry at the ferry crews."}


def test_texts_with_the_words_of_a_judged_or_held_out_text_are_left_out(
    tmp_path: Path, use: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    use("ucc", "checkthat_train")
    first, second, third, fourth = (f"The ferry crews of pier {i} hate Ostrava." for i in range(4))
    write_comments(tmp_path, first, second, third, fourth)
    folder = tmp_path / "checkthat_subjectivity"
    for split, rows in (("train", [third, "Board fears crews of Ostrava"]), ("dev", [second.upper()])):
        write_csv(
            folder / f"{split}_en.tsv", "sentence_id sentence label", [[split, r, "OBJ"] for r in rows], "\t"
        )
    write_csv(tmp_path / "texts/socc_ctc/SFU_constructiveness_toxicity.csv", "comment", [[f"  {first} "]])
    monkeypatch.setattr(unlabeled, "HELD_OUT_SOURCES", ("socc",))
    judged = Example(id="j", source="unscon", split="all", group="j", text=fourth)
    for_tests = LabeledSet(lambda root, split: iter([judged]), ("all",), test_only=True)
    known = {"checkthat": LABELED_SETS["checkthat"], "unscon": for_tests}
    monkeypatch.setattr(unlabeled, "LABELED_SETS", known)
    assert sorted(texts(tmp_path)) == ["Board fears crews of Ostrava", third]


def test_parts_for_thresholds_and_judging_are_left_out(tmp_path: Path, use: Callable[..., None]) -> None:
    """BABE's fold 0 is judged, the tune part of PTC train chooses thresholds; of the others only the train part is read."""
    from slant.corpora import babe, ptc
    from slant.corpora.files import folds

    use("babe", "ptc_train", "usvsthem", "rumoureval_train")
    sentences = [
        f"Sentence {i} says that the ferry crews of Ostrava fear the Harbour Board." for i in range(20)
    ]
    header = "text news_link outlet topic type label_bias label_opinion biased_words"
    rows = [[s, "", "", "", "", "Biased", "", "[]"] for s in sentences]
    write_csv(tmp_path / "babe/final_labels_SG2.csv", header, rows, ";")
    names = [f"{number}" for number in range(40)]
    for name in names:
        path = tmp_path / f"ptc/train-articles/article{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Article {name} says the ferry crews of Ostrava left.", "utf-8")
    write_csv(
        tmp_path / "texts/usvsthem/UsVsThem_train_public.csv",
        "body",
        [["We in Ostrava love our ferry crews."]],
    )
    columns = ("source_text", "parent_text", "event", "platform", "thread")
    tweets = [
        {**dict.fromkeys(columns, ""), "id": part, "label": "comment", "split": part, "is_source": False,
         "text": f"They {part} the ferry crews of Ostrava!"}
        for part in ("train", "dev", "test")
    ]  # fmt: skip
    (tmp_path / "rumoureval2019").mkdir()
    (tmp_path / "rumoureval2019/task_a.jsonl").write_text("\n".join(map(json.dumps, tweets)), "utf-8")
    found: dict[str, set[str]] = {}
    for e in mixed_texts(tmp_path):
        found.setdefault(e.meta["origin"], set()).add(e.text)
    examples = list(babe.read_babe(tmp_path))
    judged = {e.text for e, fold in zip(examples, folds(examples), strict=True) if fold == 0}
    assert judged
    assert found["babe"] == set(sentences) - judged
    tune = ptc.held_out(names)
    assert tune
    assert {text.split()[1] for text in found["ptc_train"]} == set(names) - tune
    assert found["rumoureval_train"] == {"They train the ferry crews of Ostrava!"}
    assert len(found["usvsthem"]) == 1


def test_no_source_is_held_out() -> None:
    assert not {*COMMENTS, *NEWS} & {*HELD_OUT_SOURCES}
    assert not {*COMMENTS} & {*NEWS}


@pytest.mark.data
@pytest.mark.slow
def test_the_public_sets_give_enough_balanced_pairs_and_no_text_of_a_held_out_source() -> None:
    from slant.corpora.draw_targets import SHARES
    from slant.corpora.reading_set import read_reading_set
    from slant.corpora.sets import data_root
    from slant.errors import SlantError

    try:
        public = list(mixed_texts(data_root()))
        held_out = {e.text for split in ("tune", "held_out") for e in read_reading_set(data_root(), split)}
    except SlantError as error:
        pytest.skip(str(error))
    pairs = Counter[str]()
    for e in public:
        pairs.update({e.meta["origin"]: len(e.targets), e.meta["kind"]: len(e.targets)})
    total = sum(len(e.targets) for e in public)
    assert total >= 150_000
    assert max(pairs[origin] for origin in (*COMMENTS, *NEWS)) <= 0.2 * total
    assert pairs["comment"] >= total / 3
    kinds = Counter(kind for e in public for kind in e.meta["targets"].split())
    assert {kind: count / total for kind, count in kinds.items()} == pytest.approx(SHARES, abs=0.03)
    assert held_out
    assert not held_out & {e.text for e in public}
