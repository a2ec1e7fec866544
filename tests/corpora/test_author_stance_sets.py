"""UNSCon and FIGNEWS, from tiny invented files in the same formats, and the refusal of test sets in recipes."""

import csv
from pathlib import Path

import pytest

from slant.corpora import fignews, unscon
from slant.corpora.set_check import check_sets, load_registry
from slant.corpora.sets import LABELED_SETS, OWN_SETS
from slant.errors import SlantError, UsageError
from slant.training.batches import load_use
from slant.training.recipe import SetUse

NONE = "_"


def write_unscon(root: Path, *rows: dict[str, str]) -> None:
    folder = root / "unscon"
    folder.mkdir(exist_ok=True)
    columns = [
        "filename", "fileid", "text", "A0_Negative_Evaluation", "A4_Country_Name", "A4_Country_Name_2", "B1_ChallengeType",
    ]  # fmt: skip
    with (folder / "main_conflicts_sents.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval=NONE)
        writer.writeheader()
        writer.writerows(rows)


def sentence(text: str, speaker: str = "Chile", evaluation: str = NONE, *states: str) -> dict[str, str]:
    row = {"filename": f"S1_spch01_preproc_{speaker}.txt", "fileid": "S1_spch01", "text": text}
    names = dict(zip(("A4_Country_Name", "A4_Country_Name_2"), states, strict=False))
    return {**row, "A0_Negative_Evaluation": evaluation, **names}


def labels(example) -> dict[str, str]:
    return {target.name: target.label for target in example.targets}


def test_only_the_evaluated_state_is_against_and_the_others_have_no_label(tmp_path):
    write_unscon(
        tmp_path,
        sentence("Russia sank a ferry of Ukraine.", "Chile", "Direct_NegEval", "russian_federation"),
        sentence("Russian and Ukrainian guns fell silent.", "Chile", "Indirect_NegEval", "russian_federation", "ukraine"),
    )  # fmt: skip
    first, second = unscon.read_unscon(tmp_path)
    assert labels(first) == {"Russia": "against"}
    assert [first.text[a:b] for a, b in first.targets[0].mentions] == ["Russia"]
    assert labels(second) == {"Russia": "against", "Ukraine": "against"}
    assert (first.meta["evaluation"], second.meta["evaluation"]) == ("direct", "indirect")
    assert first.group == "S1_spch01"


def test_without_an_evaluation_named_states_are_not_against_except_the_speakers_own(tmp_path):
    write_unscon(
        tmp_path,
        sentence("France thanks Ukraine and China.", "France"),
        sentence("France is ready.", "France"),
        sentence("We met in Velmora.", "France"),
        sentence("", "France"),
    )
    (only,) = unscon.read_unscon(tmp_path)
    assert labels(only) == {"Ukraine": "neutral", "China": "neutral"}
    assert only.meta == {"speaker": "france", "evaluation": "none"}


def test_sentences_that_do_not_name_the_evaluated_state_or_only_challenge_are_skipped(tmp_path):
    write_unscon(
        tmp_path,
        sentence("That is a farce.", "Chile", "Direct_NegEval", "russian_federation"),
        sentence("Ukraine knows that this is a farce.", "Chile", "Direct_NegEval", "-NONE-"),
        sentence("What Russia said is untrue.") | {"B1_ChallengeType": "Challenge"},
    )
    assert list(unscon.read_unscon(tmp_path)) == []


def test_an_unknown_evaluation_is_an_error(tmp_path):
    write_unscon(tmp_path, sentence("Russia spoke.", "Chile", "Praise"))
    with pytest.raises(SlantError, match=r"main_conflicts_sents\.csv row 1: no evaluation 'Praise'"):
        list(unscon.read_unscon(tmp_path))


VOTES = (*fignews.VOTES, *fignews.OTHER_VOTES)


def write_fignews(root: Path, *rows: tuple[str, dict[str, int | str]]) -> None:
    (root / "fignews").mkdir(exist_ok=True)
    lines = ["\t".join(("batch", "source_language", *VOTES, "text_en"))]
    lines += [
        "\t".join(("B01", "Hindi", *(str(votes.get(v, 0)) for v in VOTES), text)) for text, votes in rows
    ]
    (root / "fignews/joined_english_text_votes.tsv").write_text("\n".join(lines) + "\n", "utf-8")


def test_votes_with_a_two_thirds_majority_become_stances(tmp_path):
    write_fignews(
        tmp_path,
        ('"Hamas must go." The IDF moved on.', {"against_palestine": 4, "unbiased": 2}),
        ('"Talks" went on in Cairo', {"unbiased": 5, "against_both": 1}),
        ("Israeli planes again.", {"against_israel": 6}),
        ("A plague on both.", {"against_both": 6}),
        ("Split.", {"against_palestine": 3, "unbiased": 2}),
        ("What?", {"unclear": 6}),
        ("Nobody voted.", {}),
    )
    found = list(fignews.read_fignews(tmp_path))
    palestinians, israel = fignews.PALESTINIANS, fignews.ISRAEL
    assert [labels(e) for e in found] == [
        {palestinians: "against"},
        {palestinians: "neutral", israel: "neutral"},
        {israel: "against"},
        {palestinians: "against", israel: "against"},
    ]
    assert found[0].text.startswith('"Hamas'), "a quotation mark does not swallow the next rows"
    assert [found[0].text[a:b] for a, b in found[0].targets[0].mentions] == ["Hamas"]
    assert all(target.mentions == () for target in found[1].targets)
    assert found[0].meta == {"language": "Hindi", "batch": "B01", "votes": "6"}


def test_votes_that_are_no_numbers_are_an_error(tmp_path):
    write_fignews(tmp_path, ("Rain.", {"unbiased": "many"}))
    with pytest.raises(SlantError, match=r"votes\.tsv row 1: a number of votes expected"):
        list(fignews.read_fignews(tmp_path))


def test_the_two_sets_are_registered_and_counted(tmp_path):
    write_fignews(tmp_path, ("Rain.", {"unbiased": 1}))
    registry = [entry for entry in load_registry() if entry.name in ("unscon", "fignews")]
    rows = {row.set: row for row in check_sets(tmp_path, registry)}
    assert rows["unscon"].state == "missing"
    assert (rows["fignews"].expected, rows["fignews"].found, rows["fignews"].state) == (
        "1,056",
        "1",
        "mismatch",
    )


def test_sets_for_testing_only_are_refused_in_recipes():
    known = {**LABELED_SETS, **OWN_SETS}
    refused = {name for name, labeled in known.items() if labeled.test_only}
    assert refused == {"frac", "unscon", "fignews", "seeds_gold"}
    for name in refused:
        with pytest.raises(UsageError, match=f"{name} is for testing only"):
            load_use(SetUse(name, known[name].splits[0]))


@pytest.mark.train
@pytest.mark.parametrize("split", ["held_out", "held_out/socc", "all"])
def test_held_out_parts_of_the_reading_set_are_refused_as_judged(split):
    pytest.importorskip("torch", reason="needs the [train] install")
    from slant.training.recipe import Recipe
    from slant.training.train import refuse_judged

    with pytest.raises(UsageError, match=f"slant_reading {split} is judged"):
        refuse_judged(Recipe(train=(SetUse("slant_reading", split),)))
    refuse_judged(Recipe(train=(SetUse("slant_reading", "fit"),), dev=(SetUse("slant_reading", "tune"),)))
