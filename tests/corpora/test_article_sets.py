"""Reading FrAC and the unlabeled article sets, from tiny invented files in the same formats."""

import json

import pytest
from click.testing import CliRunner

from slant.cli import cli
from slant.corpora import fa_kes, frac, ruwa
from slant.errors import SlantError
from slant.labels.codebook import Codebook


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="")


def test_frac_labels_are_numbers_of_the_media_frames_corpus(tmp_path):
    rows = 'sentence,label,id,type\n"The lock costs us, again",1,a,article\nThree were jailed.,5,b,comment\n'
    write(tmp_path / "frac/gold_half.csv", rows)
    first, second = frac.read_frac(tmp_path)
    assert (first.frames, first.meta) == (("economic",), {"type": "article"})
    assert second.frames == ("legality_constitutionality_and_jurisprudence",)


def test_every_frame_of_the_codebook_maps_to_a_class_of_frac():
    frames = set(Codebook.load().labels("frames"))
    assert set(frac.CODES.values()) | set(frac.FOLD) == frames
    assert not set(frac.CODES.values()) & set(frac.FOLD)
    assert set(frac.FOLD.values()) <= set(frac.CODES.values())


def test_frac_rejects_an_unknown_number(tmp_path):
    write(tmp_path / "frac/gold_half.csv", "sentence,label,id,type\nA dam.,7,a,article\n")
    with pytest.raises(SlantError, match=r"gold_half\.csv row 1: no frame '7'"):
        list(frac.read_frac(tmp_path))


def test_fa_kes_articles_have_a_title_and_a_body(tmp_path):
    rows = "unit_id,article_title,article_content,source,date,location,labels\n"
    rows += '1, Dam reopens ,"Tue 2 May 2017 Dam reopens. ""At last"" they said",gull,5/2/2017,port hesk,1\n'
    write(tmp_path / "fa_kes/FA-KES-Dataset.csv", rows)
    (article,) = fa_kes.read_fa_kes(tmp_path)
    words = {part.role: article.text[part.start : part.end] for part in article.parts}
    assert words == {"title": "Dam reopens", "body": 'Tue 2 May 2017 Dam reopens. "At last" they said'}
    assert (article.outlet, article.published, article.sections) == ("gull", "2017-05-02", ("port hesk",))
    assert article.markup == "none"


def test_ruwa_uses_the_subheading_if_the_title_is_empty(tmp_path):
    rows = ",Unnamed: 0,src,desc,title,ref,Date,Site,Event,KW\n"
    rows += "0,1,http://gull.example/1,Longer words,Dam bursts,[],02/28/2030,www.gull.example,dam,[]\n"
    rows += "1,2,http://tern.example/1,Only a subheading, ,[],03/01/2030,tern.example,dam,[]\n"
    rows += "2,3,http://tern.example/2,,,[],03/01/2030,tern.example,dam,[]\n"
    write(tmp_path / "ruwa/RUWA.csv", rows)
    first, second = ruwa.read_ruwa(tmp_path)
    assert (first.text, first.outlet, first.published) == ("Dam bursts", "gull.example", "2030-02-28")
    assert (second.text, second.sections) == ("Only a subheading", ("dam",))


def test_data_articles_writes_rows_to_score_without_duplicates_and_creates_the_folder(tmp_path, monkeypatch):
    header = "unit_id,article_title,article_content,source,date,location,labels\n"
    row = "Weir opens,The weir opened on Monday.,gull,3/9/2030,Sarn,1\n"
    write(tmp_path / "fa_kes/FA-KES-Dataset.csv", f"{header}1,{row}2,{row}")
    monkeypatch.setenv("SLANT_DATA", str(tmp_path))
    out = tmp_path / "new" / "rows.jsonl"
    ran = CliRunner().invoke(cli, ["data", "articles", "fa_kes", "-o", str(out)], standalone_mode=False)
    assert ran.return_value == 0, ran.output
    assert "(1 duplicates skipped)" in ran.stderr
    assert [json.loads(line)["title"] for line in out.read_text("utf-8").splitlines()] == ["Weir opens"]
