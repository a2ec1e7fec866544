"""Finding targets: word boundaries, possessives, overlaps, spellings; and invalid targets files."""

import itertools
import re
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slant.errors import UsageError
from slant.labels.targets import Targets

FILE = """
version = 1
[[target]]
id = "velmora"
name = "Velmora"
exact = ["VU", "Owl"]
aliases = ["Velmora", "Velmoran", "Doña Inés", "Velmoran {army,fleet}", "O'Hara"]
never = ["Velmoran tea"]

[[target]]
id = "smugglers"
name = "the smugglers"
aliases = ["smuggler{,s}", "Velmoran-backed smugglers", "fleet of smugglers", "oil ring"]

[[target]]
id = "article"
name = "the article"
always = ["comment"]
"""


@pytest.fixture(scope="module")
def shipped():
    return Targets.load()


@pytest.fixture
def load(tmp_path):
    def load_text(text):
        path = tmp_path / "targets.toml"
        path.write_text(text, encoding="utf-8")
        return Targets.load(path)

    return load_text


@pytest.fixture
def named(load):
    targets = load(FILE)

    def find(text):
        return {target: [text[a:b] for a, b in places] for target, places in targets.find(text).items()}

    return find


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Velmora's fleet left.", {"velmora": ["Velmora"]}),
        ("Velmora’s and the smugglers’ boats", {"velmora": ["Velmora"], "smugglers": ["smugglers"]}),
        ("anti-Velmora, pro-VELMORAN", {"velmora": ["Velmora", "VELMORAN"]}),
        ("Velmoras, Velmora_x, NewVelmora, 2Velmora", {}),
        ("“Velmora”, (Velmora) Velmora.", {"velmora": ["Velmora"] * 3}),
        ("The Owl and an owl; VU, not vu; OWL", {"velmora": ["Owl", "VU", "OWL"]}),
        ("Velmoran-backed smugglers", {"smugglers": ["Velmoran-backed smugglers"]}),
        ("Velmoran backed smugglers", {"smugglers": ["Velmoran backed smugglers"]}),
        ("Velmoran-backed traders", {"velmora": ["Velmoran"]}),
        ("the Velmoran fleet of smugglers", {"velmora": ["Velmoran"], "smugglers": ["fleet of smugglers"]}),
        ("a cup of Velmoran tea", {}),
        ("Doña Inés, DOÑA INÉS", {"velmora": ["Doña Inés", "DOÑA INÉS"]}),
        ("O'Hara and O’Hara’s", {"velmora": ["O'Hara", "O’Hara"]}),
        ("the Velmoran  army,\nthe Velmoran\narmy", {"velmora": ["Velmoran  army", "Velmoran\narmy"]}),
        ("🦫 Velmora 🦫", {"velmora": ["Velmora"]}),
        ("İ and Velmora", {"velmora": ["Velmora"]}),
        ("", {}),
    ],
)
def test_names_are_found_as_whole_words(named, text, expected):
    assert named(text) == expected


def test_a_decomposed_text_keeps_its_own_offsets(named):
    text = unicodedata.normalize("NFD", "ñ Doña Inés")
    assert named(text) == {"velmora": [unicodedata.normalize("NFD", "Doña Inés")]}
    assert named("Velmora\u0301") == {}  # another letter


def test_targets_scored_for_every_comment(load):
    targets = load(FILE)
    assert targets.always("comment") == ("article",)
    assert targets.always("paragraph") == ()
    assert targets.name("article") == "the article"
    with pytest.raises(UsageError, match=r"No target 'velmorra'\. Did you mean 'velmora'"):
        targets.name("velmorra")


def test_ad_hoc_names_are_their_own_ids():
    targets = Targets.from_names(["US", "the Dam (old)", "Ann-Marie", "US"])
    text = "The dam (old) fell on us, said US envoy Ann Marie."
    assert targets.ids == ("US", "the Dam (old)", "Ann-Marie")
    assert {name: [text[a:b] for a, b in places] for name, places in targets.find(text).items()} == {
        "the Dam (old)": ["The dam (old)"],
        "US": ["US"],
        "Ann-Marie": ["Ann Marie"],
    }
    assert Targets.from_names([]).find(text) == {}
    with pytest.raises(UsageError, match="' ' is not a name"):
        Targets.from_names([" "])


def test_a_target_is_known_by_id_name_and_alias_in_any_spelling(load):
    targets = load(FILE)
    for target in targets.targets:
        for name in (target.id, target.name, target.name.upper(), *target.aliases, *target.exact):
            assert targets.id_of(name) == target.id
    assert targets.id_of("no such name") is None


def test_two_ad_hoc_names_with_one_spelling_are_both_found():
    assert set(Targets.from_names(["Owl", "owl"]).find("An owl.")) == {"Owl", "owl"}


def test_the_fingerprint_depends_only_on_the_content(load):
    assert load(FILE).fingerprint == load("# remark\n" + FILE).fingerprint
    assert load(FILE).fingerprint != load(FILE.replace("oil ring", "lamp oil ring")).fingerprint
    assert re.fullmatch("[0-9a-f]{12}", load(FILE).fingerprint)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[[target]]\nid = 'a'\nname = 'A'\nalias = ['A']",
            r"target 1: unknown key 'alias'\. Did you mean 'aliases'",
        ),
        ("[[target]]\nname = 'A'", "target 1: 'id' is missing"),
        ("[[target]]\nid = 'a'\naliases = ['A']", "target 1: 'name' is missing"),
        (
            "[[target]]\nid = 'The A'\nname = 'A'",
            r"target 1 \(The A\): invalid id\. Expected lower-case letters",
        ),
        ("[[target]]\nid = 'a'\nname = 'A'\nsearch_name = false", r"target 1 \(a\): no text could name it"),
        ("[[target]]\nid = 'a'\nname = 'A'\naliases = 'A'", r"aliases is 'A'\. Expected a list"),
        ("[[target]]\nid = 'a'\nname = 'A'\naliases = ['A{,}', '-']", "aliases holds '-'"),
        (
            "[[target]]\nid = 'a'\nname = 'A'\nalways = ['comments']",
            "'comments', which is not a kind of unit.*'comment'",
        ),
        ("[[target]]\nid = 'a'\nname = 'A'\naliases = ['A']\n" * 2, "two targets have the id 'a'"),
        (
            "[[target]]\nid = 'a'\nname = 'A'\naliases = ['X y']\n"
            "[[target]]\nid = 'b'\nname = 'B'\naliases = ['x-Y']",
            "'x-Y' names both 'a' and 'b'",
        ),
        ("target = 1", "no targets"),
        ("[[target", "not a TOML file"),
    ],
)
def test_an_invalid_file_is_reported_with_the_place(load, text, message):
    with pytest.raises(UsageError, match=message):
        load(text)


@pytest.mark.parametrize(
    ("fields", "text", "found"),
    [
        ("name = 'Karvia'", "So karvia, and Karvia's port.", ["karvia", "Karvia"]),
        (
            "name = 'the Harbour Board'\naliases = ['Marr']",
            "The Harbour Board and Marr.",
            ["Harbour Board", "Marr"],
        ),
        ("name = 'US'", "The US asked us.", ["US"]),
        ("name = 'Reform'\nexact = ['Reform']", "Reform wants reform.", ["Reform"]),
        ("name = 'Reform'\nnever = ['Reform']\nalways = ['comment']", "Reform wants reform.", []),
        ("name = 'Karvia'\naliases = ['port']\nsearch_name = false", "Karvia and its port.", ["port"]),
        ("name = 'higher fees'\nalways = ['comment']", "Higher fees again.", ["Higher fees"]),
    ],
)
def test_the_name_of_a_target_is_an_alias(load, fields, text, found):
    targets = load(f"[[target]]\nid = 'a'\n{fields}\n")
    assert [text[a:b] for a, b in targets.find(text).get("a", ())] == found


def test_a_name_that_another_target_claims_is_not_searched(load):
    both = "[[target]]\nid = 'a'\nname = 'Marr'\naliases = ['board']\n[[target]]\nid = 'b'\nname = 'Oda'\naliases = ['Marr']"
    assert load(both).find("Marr and Oda of the board").keys() == {"a", "b"}
    assert load(both).find("Marr").keys() == {"b"}
    twins = "[[target]]\nid = 'a'\nname = 'Marr'\naliases = ['x']\n[[target]]\nid = 'b'\nname = 'the Marr'\naliases = ['y']"
    assert load(twins).find("Marr") == {}


def test_the_article_under_a_comment_is_no_name(load):
    assert load(FILE).find("The article lies.") == {}


def test_search_name_is_true_or_false(load):
    with pytest.raises(UsageError, match=r"search_name is 'no'\. Expected true or false"):
        load("[[target]]\nid = 'a'\nname = 'A'\nsearch_name = 'no'")


def test_a_file_with_a_byte_order_mark_is_read(load):
    assert load("\ufeff" + FILE).fingerprint == load(FILE).fingerprint


def test_a_missing_file_is_reported_with_its_path(tmp_path):
    with pytest.raises(UsageError, match=r"none\.toml: no such targets file"):
        Targets.load(tmp_path / "none.toml")


def test_the_shipped_targets(shipped):
    needed = {
        "turkey",
        "russia",
        "syrian_government",
        "militants",
        "iran",
        "united_states",
        "white_helmets",
        "ceasefire",
    }
    assert needed | {"article"} == set(shipped.ids)
    text = "Turkish-backed rebels and the SAA told us that US jets and HTS broke the truce; a turkey ran."
    assert {target: [text[a:b] for a, b in places] for target, places in shipped.find(text).items()} == {
        "militants": ["Turkish-backed rebels", "HTS"],
        "syrian_government": ["SAA"],
        "united_states": ["US"],
        "ceasefire": ["truce"],
    }


@pytest.mark.slow
def test_finding_is_fast(shipped):
    words = "The council of Port Hesk met Turkish envoys about the herring tax and went home again. "
    text = words * 20_000
    shipped.find(words)  # compiles
    start = time.process_time()
    found = shipped.find(text)
    megabytes_a_second = len(text) / 1e6 / (time.process_time() - start)
    assert len(found["turkey"]) == 20_000
    assert megabytes_a_second > 2  # 9 on an idle core; the bound only catches a quadratic search


LETTERS = "aAbÉéñß'’- .İ\u0301ς🦫"
names_in = st.lists(st.text(LETTERS, min_size=1, max_size=6), min_size=1, max_size=6)


def usable(names):
    return [name for name in names if name[0].isalnum() and name[-1].isalnum()]


@given(names_in, st.text(LETTERS, max_size=60))
@settings(max_examples=80, deadline=None)
def test_mentions_are_whole_words_in_order_without_overlap(names, text):
    targets = Targets.from_names(usable(names))
    places = sorted({place for found in targets.find(text).values() for place in found})
    for start, end in places:
        assert start < end
        assert not text[start - 1 : start].isalnum()
        assert not text[end : end + 1].isalnum()
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(places))


@given(names_in, st.sampled_from(["", "'s", "’s", ",", " 🦫", "-led"]))
@settings(max_examples=80, deadline=None)
def test_a_name_is_found_between_other_words(names, after):
    for name in usable(names):
        text = f"🦫 “ {name}{after}"
        assert Targets.from_names([name]).find(text) == {name: ((4, 4 + len(name)),)}


@given(names_in, st.text(LETTERS, max_size=40))
@settings(max_examples=80, deadline=None)
def test_every_mention_is_a_spelling_of_its_name(names, text):
    def plain(words):
        words = (
            unicodedata.normalize("NFC", words).replace("’", "'").replace("-", " ").lower().replace("ς", "σ")
        )
        return " ".join(words.split())

    for name, places in Targets.from_names(usable(names)).find(text).items():
        for start, end in places:
            assert plain(text[start:end]) == plain(name)


WORDS = st.lists(st.sampled_from(["ab", "cd", "ef"]), min_size=1, max_size=4).map(" ".join)


def longest_first(names, text):
    """Reference search: all matches of all names; longer ones first, then earlier ones, without overlap."""
    found = [(m.start(1), m.end(1)) for name in names for m in re.finditer(rf"\b(?=({name})\b)", text)]
    taken = []
    for start, end in sorted(found, key=lambda place: (place[0] - place[1], place[0])):
        if all(end <= a or b <= start for a, b in taken):
            taken.append((start, end))
    return sorted(taken)


@given(st.lists(WORDS, min_size=1, max_size=6, unique=True), st.lists(WORDS, max_size=5).map(" ".join))
@settings(max_examples=50, deadline=None)
def test_overlaps_are_resolved_as_by_a_simple_search(names, text):
    found = Targets.from_names(names).find(text)
    assert sorted(place for places in found.values() for place in places) == longest_first(names, text)


@pytest.mark.parametrize(
    "unseen", ["\u00ad", "\u200b", "\u200c", "\u2060", "\ufeff", "\u200e", "\u202a", "\u00ad\u200b"]
)
def test_characters_that_are_not_seen_are_skipped(unseen):
    targets = Targets.from_names(["Tern League", f"Mill{unseen}ers"])
    text = f"The T{unseen}ern {unseen}Lea{unseen}gue met the Mill{unseen}ers."
    assert {name: [text[a:b] for a, b in places] for name, places in targets.find(text).items()} == {
        "Tern League": [f"T{unseen}ern {unseen}Lea{unseen}gue"],
        f"Mill{unseen}ers": [f"Mill{unseen}ers"],
    }
    assert targets.find("The Millers met.") == {f"Mill{unseen}ers": ((4, 11),)}
