"""Reading sets with spans, from tiny invented files in the same formats."""

import pytest

from slant.corpora import ptc, toxic_spans
from slant.errors import SlantError
from slant.records import Span

ARTICLE = "\ufeffThe dam, the glorious dam\n\nEvery true Hesker loves it.\u2028Or not\nBuild it now 🦫!\n"


def ptc_folder(root, *, tc, si=(), text=ARTICLE):
    folder = root / "ptc"
    (folder / "train-articles").mkdir(parents=True)
    (folder / "train-articles/article42.txt").write_bytes(text.encode("utf-8"))
    lines = "".join("\t".join(map(str, ("42", *row))) + "\n" for row in tc)
    (folder / "train-task-flc-tc.labels").write_text(lines, encoding="utf-8")
    (folder / "train-task-si.labels").write_text("".join(f"42\t{a}\t{b}\n" for a, b in si), encoding="utf-8")


def place(words):
    start = ARTICLE.index(words)
    return start, start + len(words)


def test_ptc_counts_the_byte_order_mark_and_clips_spans_to_lines(tmp_path):
    crossing = place("it.\u2028Or not\nBuild")
    tc = [
        ("Loaded_Language", *place("glorious")),
        ("Flag-Waving", *crossing),
        ("Slogans", *place("Build it now 🦫!")),
    ]
    ptc_folder(tmp_path, tc=tc)
    first, second, third = ptc.read_ptc(tmp_path, "train")
    marked = [[(row.text[s.start : s.end], s.label) for s in row.loaded] for row in (first, second, third)]
    assert marked[0] == [("glorious", "loaded_language")]
    assert marked[1] == [("it.\u2028Or not", "flag_waving")]
    assert marked[2] == [("Build", "flag_waving"), ("Build it now 🦫!", "slogans")]
    for row in (first, second, third):
        assert ARTICLE[row.offset : row.offset + len(row.text)] == row.text
        assert row.group == "42"


def test_ptc_official_gold_has_offsets_in_the_article(tmp_path):
    ptc_folder(tmp_path, tc=[("Name_Calling,Labeling", 4, 9), ("Doubt", 1, 9)], si=[(1, 9)])
    assert ptc.spans(tmp_path, "train", task="si") == {"42": [Span(1, 9, "any")]}
    assert ptc.spans(tmp_path, "train", task="tc") == {
        "42": [Span(1, 9, "doubt"), Span(4, 9, "name_calling_labeling")]
    }


@pytest.mark.parametrize("row", [("Sarcasm", 1, 4), ("Doubt", 5, 4), ("Doubt", 1, 4000)])
def test_ptc_rejects_invalid_spans(tmp_path, row):
    ptc_folder(tmp_path, tc=[row])
    with pytest.raises(SlantError, match=r"train-task-flc-tc\.labels line 1.*article 42"):
        list(ptc.read_ptc(tmp_path, "train"))


def test_ptc_fit_and_tune_partition_train(tmp_path):
    folder = tmp_path / "ptc"
    (folder / "train-articles").mkdir(parents=True)
    for number in range(200):
        (folder / f"train-articles/article{number}.txt").write_text(f"Dam {number}\n", encoding="utf-8")
    (folder / "train-task-flc-tc.labels").write_text("7\tDoubt\t0\t3\n", encoding="utf-8")
    groups = {
        split: {row.group for row in ptc.read_ptc(tmp_path, split)} for split in ("train", "fit", "tune")
    }
    assert groups["fit"] | groups["tune"] == groups["train"]
    assert not groups["fit"] & groups["tune"]
    assert 10 <= len(groups["tune"]) <= 40
    assert ptc.held_out(sorted(groups["train"], reverse=True)) == groups["tune"]
    assert ptc.held_out(list(groups["tune"])[:1]) == frozenset(list(groups["tune"])[:1])


def test_toxic_offsets_are_merged_into_runs(tmp_path):
    (tmp_path / "toxic_spans").mkdir()
    rows = 'spans,text\n"[0, 1, 2, 5, 6]","Eel\r\nyou 🦫"\n[],"Good morning, ""Port"""\n'
    (tmp_path / "toxic_spans/tsd_trial.csv").write_bytes(rows.encode("utf-8"))
    first, second = toxic_spans.read_toxic_spans(tmp_path, "trial")
    assert first.toxic == ((0, 3), (5, 7))
    assert first.text == "Eel\r\nyou 🦫"
    assert second.toxic == ()
    assert second.text == 'Good morning, "Port"'


def test_toxic_runs_do_not_depend_on_order_or_repeats():
    assert toxic_spans.runs([4, 3, 9, 4]) == ((3, 5), (9, 10))


def test_all_techniques_are_in_the_codebook():
    from slant.labels.codebook import Codebook

    known = set(Codebook.load().labels("loaded"))
    assert set(ptc.TECHNIQUES.values()) == known
