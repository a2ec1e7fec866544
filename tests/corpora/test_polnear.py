"""Reading PolNeAR's brat files, from a tiny corpus in the same format, and from the real one if present."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from slant.corpora.polnear import Attribution, parse_ann, read_polnear
from slant.errors import Rejected, UsageError

TEXT = "The pier is safe, the mayor said. “We like it,” she added, “very much.”\n\nNobody came."
ANN = """T1\tContent 0 16\tThe pier is safe
T2\tSource 18 27\tthe mayor
T3\tCue 28 32\tsaid
T4\tAttribution 28 32\tsaid
E1\tAttribution:T4 Content:T1 Cue:T3 Source:T2
T5\tContent 34 47;59 71\t“We like it,” “very much.”
T6\tCue 52 57\tadded
T7\tSource 48 51\tshe
T8\tAttribution 52 57\tadded
E2\tAttribution:T8 Cue:T6 Source:T7 Content:T5
T9\tDiscuss 0 3\tThe
#1\tAnnotatorNotes T9\tIs this one?
"""


def write(root: Path, annotations: dict[str, str], text: str = TEXT) -> Path:
    for folder in ("text", "attributions"):
        (root / "train" / folder).mkdir(parents=True)
    (root / "train" / "text" / "gazette_2031-01-02_the-pier.txt").write_bytes(text.encode())
    for annotator, ann in annotations.items():
        path = root / "train" / "attributions" / f"gazette_2031-01-02_the-pier_{annotator}.ann"
        path.write_bytes(ann.encode())
    return root


def test_attributions_have_fragments_per_role(tmp_path: Path) -> None:
    (article,) = read_polnear(write(tmp_path, {"ab12": ANN}), "train")
    assert (article.name, article.annotator, article.bad) == ("gazette_2031-01-02_the-pier", "ab12", 0)
    assert article.text == TEXT
    assert article.attributions == (
        Attribution("E1", ((18, 27),), ((28, 32),), ((0, 16),)),
        Attribution("E2", ((48, 51),), ((52, 57),), ((34, 47), (59, 71))),
    )


def test_only_the_first_annotator_is_read_unless_all_are_requested(tmp_path: Path) -> None:
    root = write(tmp_path, {"cd34": "", "ab12": ANN})
    assert [a.annotator for a in read_polnear(root, "train")] == ["ab12"]
    assert [a.annotator for a in read_polnear(root, "train", all_annotators=True)] == ["ab12", "cd34"]


@pytest.mark.parametrize(
    "span",
    [
        "T1\tContent 0 999\tThe pier",
        "T1\tContent 5 5\t",
        "T1\tContent 4 16\tThe pier is safe",
        "T1\tContent 12\tx",
    ],
)
def test_spans_with_bad_offsets_are_skipped_and_counted(span: str) -> None:
    attributions, bad = parse_ann(f"{span}\nE1\tAttribution:T4 Content:T1\n", TEXT)
    assert (attributions, bad) == ((), 1)


def test_a_surface_text_with_a_line_break_is_read() -> None:
    ann = "T1\tContent 59 85\t“very much.”\n\nNobody came.\nT2\tCue 28 32\tsaid\nE1\tCue:T2 Content:T1\n"
    attributions, bad = parse_ann(ann, TEXT)
    assert bad == 0
    assert attributions == (Attribution("E1", (), ((28, 32),), ((59, 85),)),)


def test_further_contents_are_merged_into_the_first() -> None:
    ann = "T1\tContent 34 47\t“We like it,”\nT2\tContent 0 16\tThe pier is safe\nE1\tContent:T1 Content2:T2\n"
    assert parse_ann(ann, TEXT)[0][0].content == ((0, 16), (34, 47))


def test_missing_annotations_and_texts_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"No PolNeAR annotations .*dev.*text/ and attributions/"):
        list(read_polnear(tmp_path, "dev"))
    root = write(tmp_path, {"ab12": ANN})
    (root / "train" / "text" / "gazette_2031-01-02_the-pier.txt").unlink()
    with pytest.raises(Rejected, match=r"the-pier\.txt does not exist"):
        list(read_polnear(root, "train"))


@pytest.mark.data
@pytest.mark.slow
def test_the_real_corpus_has_its_known_counts() -> None:
    folder = Path(os.environ.get("SLANT_DATA", Path(__file__).parents[3] / "shared" / "data")) / "polnear"
    if not folder.is_dir():
        pytest.skip(f"PolNeAR is not in {folder}; set SLANT_DATA to the folder of the public sets.")
    articles = list(read_polnear(folder, "dev", all_annotators=True))
    assert len(articles) == 94
    assert len({article.name for article in articles}) == 84
    assert sum(article.bad for article in articles) == 0
    assert all(article.attributions for article in articles)
