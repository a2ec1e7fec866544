"""Reading sets of sentences and posts, from tiny invented files in the same formats."""

import json

import pytest

from slant.corpora import babe, checkthat, directed_sentiment, newsmtsc, rumoureval, vast
from slant.corpora.files import folds
from slant.errors import SlantError, UsageError
from slant.records import Example


def write(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def json_lines(path, *rows):
    write(path, *(json.dumps(row, ensure_ascii=False) for row in rows))


def mtsc_row(name, text, mention, polarity):
    start = text.index(mention)
    end = start + len(mention)
    return {"id": name, "sentence": text, "mention": mention, "polarity": polarity, "from": start, "to": end}


def test_newsmtsc_maps_polarity_to_portrayal_and_groups_by_article(tmp_path):
    text = "🦉 Mayor Ulvik praised the Gulls, who jeered."
    json_lines(
        tmp_path / "newsmtsc/train.jsonl",
        mtsc_row("allsides_7_12_3_Ulvik_2_7", text, "Ulvik", 0),
        mtsc_row("allsides_7_12_9_Gulls_0_5", text, "Gulls", 1),
        mtsc_row("polusa_v1_55_-1_4_the_Gulls_x_1_2", text, "who", -1),
    )
    rows = list(newsmtsc.read_newsmtsc(tmp_path, "train"))
    assert [row.targets[0].portrayal for row in rows] == ["neutral", "positive", "negative"]
    assert {row.targets[0].label for row in rows} == {None}, (
        "its annotators were not asked for the author's stance"
    )
    assert [row.group for row in rows] == ["allsides_7_12", "allsides_7_12", "polusa_v1_55_-1"]
    for row in rows:
        ((start, end),) = row.targets[0].mentions
        assert row.text[start:end] == row.targets[0].name


def test_newsmtsc_rejects_offsets_that_miss_the_mention(tmp_path):
    row = mtsc_row("allsides_1_1_1_x_0_1", "Mayor Ulvik slept.", "Ulvik", 0) | {"from": 7}
    json_lines(tmp_path / "newsmtsc/train.jsonl", row)
    with pytest.raises(
        SlantError, match=r"train\.jsonl line 1: characters 7 to 11 are 'lvik', not the mention"
    ):
        list(newsmtsc.read_newsmtsc(tmp_path, "train"))


VAST_TRAIN = """\
post,ori_topic,new_topic,label,type_idx,new_id,arc_id,topic_str,seen?,contains_topic?
"Owls need towers, ""tall"" ones.",owl towers,owl towers,1,1,1,9,owl tower,1,1
"Owls need towers, ""tall"" ones.",owl towers,owl towers,2,4,2,9,herring tax,1,0
"""


def test_vast_uses_the_random_topic_of_a_synthetic_row(tmp_path):
    write(tmp_path / "vast/vast_train.csv", VAST_TRAIN.rstrip())
    real, synthetic = vast.read_vast(tmp_path, "train")
    assert (real.targets[0].name, real.targets[0].label) == ("owl towers", "favor")
    assert (synthetic.targets[0].name, synthetic.targets[0].label) == ("herring tax", "neutral")
    assert synthetic.meta == {"seen": "1", "type_idx": "4", "synthetic": "1"}
    assert "synthetic" not in real.meta
    assert real.group == synthetic.group
    assert real.targets[0].mentions == ()
    assert real.text == 'Owls need towers, "tall" ones.'


def test_vast_test_split_has_fewer_columns(tmp_path):
    write(tmp_path / "vast/vast_test.csv", "post,new_topic,label,seen?", "No more owls,owl towers,0,0")
    (row,) = vast.read_vast(tmp_path, "test")
    assert row.targets[0].label == "against"
    assert row.meta == {"seen": "0"}


def rumour(name, split="train", **fields):
    row = {
        "split": split,
        "platform": "twitter",
        "id": name,
        "thread": "t1",
        "event": "flood",
        "label": "deny",
    }
    texts = {
        "is_source": False,
        "parent_id": "",
        "text": "No!",
        "parent_text": "",
        "source_text": "Dam broke.",
    }
    return row | texts | fields


def test_rumoureval_context_is_parent_then_source(tmp_path):
    json_lines(
        tmp_path / "rumoureval2019/task_a.jsonl",
        rumour("s", is_source=True, text="Dam broke.", label="support"),
        rumour("a", parent_text="Really?"),
        rumour("b", parent_text="Dam broke."),
        rumour("c", text=""),
        rumour("d", split="dev"),
    )
    rows = {row.id: row for row in rumoureval.read_rumoureval(tmp_path, "train")}
    contexts = {name: row.context for name, row in rows.items()}
    assert contexts == {"s": None, "a": "Really?\nDam broke.", "b": "Dam broke.", "c": "Dam broke."}
    assert rows["c"].text == ""
    assert {row.group for row in rows.values()} == {"t1"}
    assert rows["s"].meta == {"event": "flood", "platform": "twitter", "is_source": "1"}
    assert (rows["s"].reply, rows["a"].reply) == ("support", "deny")


def test_directed_sentiment_removes_brackets_and_maps_directions(tmp_path):
    write(
        tmp_path / "directed_sentiment/train.txt",
        "[Ulvik] thanked the [Gull]s.\tUlvik\tGull\t1",
        "[Ulvik’]s aide was scolded by [Ternau ].\tUlvik’\tTernau \t4",
        "[Ulvik] met [Ternau].\tUlvik\tTernau\t0",
        "[Ulvik] met [Ternau].\tUlvik\tTernau\t0",
    )
    first, second, third = directed_sentiment.read_directed_sentiment(tmp_path, "train")
    assert first.text == "Ulvik thanked the Gulls."
    assert [(t.name, t.label, t.mentions) for t in first.targets] == [("Gulls", "favor", ((18, 23),))]
    assert first.meta["holder"] == "Ulvik"
    assert second.text == "Ulvik’s aide was scolded by Ternau ."
    assert [(t.name, t.label) for t in second.targets] == [("Ulvik", "against")]
    assert second.meta["holder"] == "Ternau"
    assert [(t.name, t.label) for t in third.targets] == [("Ulvik", "neutral"), ("Ternau", "neutral")]


def test_directed_sentiment_skips_duplicates_across_splits(tmp_path):
    folder = tmp_path / "directed_sentiment"
    a, b, c, d = (f"[Ulvik] met [{name}].\tUlvik\t{name}\t0" for name in ("Ann", "Bo", "Cy", "Di"))
    write(folder / "train.txt", a)
    write(folder / "valid.txt", a, b, c)
    write(folder / "test.txt", a, b, d, d)
    kept = {
        s: [row.targets[1].name for row in directed_sentiment.read_directed_sentiment(tmp_path, s)]
        for s in ("valid", "test")
    }
    assert kept == {"valid": ["Cy"], "test": ["Bo", "Di", "Di"]}


def test_directed_sentiment_reports_the_bad_line(tmp_path):
    write(tmp_path / "directed_sentiment/train.txt", "[Ulvik] slept.\tUlvik\t\t0")
    with pytest.raises(SlantError, match=r"train\.txt line 1: expected a sentence with two \[bracketed\]"):
        list(directed_sentiment.read_directed_sentiment(tmp_path, "train"))


def test_checkthat_undoes_csv_quoting(tmp_path):
    write(
        tmp_path / "checkthat_subjectivity/train_en.tsv",
        "sentence_id\tsentence\tlabel\tsolved_conflict",
        'x1\t"""Never again,"" she wrote."\tOBJ\tFalse',
        "x2\tWhat a silly dam!\tSUBJ\tTrue",
    )
    quoted, plain = checkthat.read_checkthat(tmp_path, "train")
    assert (quoted.text, quoted.subjective) == ('"Never again," she wrote.', False)
    assert (plain.text, plain.subjective) == ("What a silly dam!", True)


BABE = """\
\ufefftext;news_link;outlet;topic;type;label_bias;label_opinion;biased_words
The silly dam; http://gull.example/1;The Gull;dams;left;Biased;Expresses;['silly']
"A ""dam""; closed";;The Gull;dams;;Non-biased;Entirely factual;[]
Dam or no dam;http://gull.example/1;The Gull;dams;left;No agreement;No agreement;[]
"""


def test_babe_skips_rows_without_agreement(tmp_path):
    write(tmp_path / "babe/final_labels_SG2.csv", BABE.rstrip())
    first, second = babe.read_babe(tmp_path)
    assert (first.biased, second.biased) == (True, False)
    assert json.loads(first.meta["biased_words"]) == ["silly"]
    assert second.text == 'A "dam"; closed'
    assert second.group == second.id  # no link: a group of its own


def test_folds_keep_groups_whole_and_have_even_sizes():
    rows = [Example(id=str(i), source="", split="", group=f"g{i // 3}", text="") for i in range(61)]
    numbers = folds(rows, k=5, seed=1)
    fold_of = {}
    for row, number in zip(rows, numbers, strict=True):
        assert fold_of.setdefault(row.group, number) == number
    sizes = [numbers.count(number) for number in range(5)]
    assert max(sizes) - min(sizes) <= 3
    assert folds(rows, k=5, seed=1) == numbers
    assert folds(rows, k=5, seed=2) != numbers


def test_an_unknown_split_is_reported_with_a_similar_one(tmp_path):
    with pytest.raises(UsageError, match=r"newsmtsc has no split 'test_rv'.*Did you mean 'test_rw'\?"):
        list(newsmtsc.read_newsmtsc(tmp_path, "test_rv"))
