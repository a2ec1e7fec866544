"""Draw targets for unlabeled texts: names in the text, other names of what the text names, and random ones.

A drawn target has mentions where `Targets.find` finds it, as when slant scores a text.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from slant.labels.capitals import GROUP, INNER_WORD, NOT_TARGETS, is_capitalized, run_of_capitals
from slant.labels.targets import Targets
from slant.records import TargetLabel

NAMED, OTHER_NAME, RANDOM = "named", "other_name", "random"
# Share of each kind among the targets. Where a text has none of a kind, another one is drawn.
SHARES = {NAMED: 0.60, OTHER_NAME: 0.15, RANDOM: 0.25}
TARGET_COUNTS = {2: 4, 3: 3, 4: 2, 5: 1}  # targets per text → weight
TOPIC_SHARE = 0.3  # of random targets that are topics; the others are named in earlier texts of the source
MAX_NAME_WORDS = 5
OFTEN = 100  # a name that was drawn as often is drawn again only from texts that name nothing else

# Target → what texts call it, separated by commas. A name in capitals matches only as written. A word in parentheses must
# occur in the text as well.
OTHER_NAMES = {
    "Syrian government": "Damascus, Assad regime, Syrian regime, the regime (Syria), government forces (Syria), Assad",
    "Syrian army": "SAA, regime forces, regime troops, army units (Syria), government troops (Syria)",
    "Syrian opposition": "rebels (Syria), Free Syrian Army, FSA, opposition fighters, opposition forces, militants (Aleppo)",
    "Islamic State": "ISIS, ISIL, Daesh, IS militants, the caliphate",
    "Kurdish forces": "YPG, SDF, Peshmerga, Kurdish fighters, Syrian Democratic Forces",
    "Russian government": "Moscow, Kremlin, Putin, Lavrov, Russian leadership",
    "Russia": "Moscow, Kremlin, Russian Federation, Russian forces, Putin",
    "Russian army": "Russian troops, Russian forces, Russian soldiers, the occupiers, the invaders, Russian military",
    "Russia's invasion of Ukraine": "full-scale war, special military operation, war in Ukraine, Russian aggression",
    "Ukraine": "Kyiv, Kiev, Zelensky, Zelenskyy, Ukrainians, our state (Ukrainian)",
    "Ukrainian government": "Kyiv, Kiev, Zelensky, Zelenskyy, Office of the President",
    "Volodymyr Zelenskyy": "Zelensky, Zelenskiy, President of Ukraine, Ukrainian president, Head of State",
    "Vladimir Putin": "Putin, President of Russia, Russian president, Kremlin",
    "Ukrainian army": "Armed Forces of Ukraine, Ukrainian forces, Ukrainian troops, our defenders, our warriors",
    "Donbas separatists": "Donetsk People's Republic, DPR, LPR, pro-Russian rebels, pro-Russian separatists",
    "United States": "Washington, America, U.S., USA, White House, Americans",
    "US government": "White House, Trump administration, Obama administration, Biden administration, Washington, Pentagon",
    "the West": "NATO, Western countries, Western powers, European Union, Europeans",
    "North Atlantic Treaty Organization": "NATO, the Alliance",
    "European Union": "EU, Brussels, European Commission",
    "Iran": "Tehran, Islamic Republic, Persians, the mullahs",
    "Iranian government": "Tehran, Islamic Republic, Rouhani, Khamenei, Zarif, the ayatollahs",
    "Iran's Revolutionary Guards": "IRGC, Quds Force, Soleimani, Sepah",
    "Iran nuclear deal": "JCPOA, 2015 nuclear deal, nuclear agreement, nuclear accord",
    "Israel": "Zionist regime, Zionist entity, Tel Aviv, Zionists, Jewish state, IDF, Netanyahu",
    "Israeli government": "Tel Aviv, Netanyahu, Zionist regime, Bibi",
    "Israeli army": "IDF, IOF, Israeli forces, Israeli soldiers, occupation forces, Zionist forces",
    "Palestinians": "Gazans, people of Gaza, Palestine, West Bank, Gaza",
    "Hamas": "Qassam Brigades, Palestinian resistance, Sinwar, Haniyeh",
    "Hezbollah": "Nasrallah, Lebanese resistance, Hizbullah, Hizballah",
    "Houthis": "Ansarullah, Ansar Allah, Yemeni army, Popular Committees",
    "Saudi Arabia": "Riyadh, Saudis, Al Saud, bin Salman, MBS",
    "Turkish government": "Ankara, Erdogan",
    "Chinese government": "Beijing, CCP, Xi Jinping, communist China",
    "North Korea": "Pyongyang, Kim Jong Un, DPRK",
    "Iraqi government": "Baghdad",
    "French government": "Macron, Elysee, Hollande",
    "German government": "Berlin, Merkel, Scholz",
    "Belarus": "Minsk, Lukashenko",
    "British government": "Downing Street, Boris Johnson, Theresa May, Cameron, Westminster",
    "United Nations": "UN, Security Council, UNRWA, Guterres",
    "terrorists": "ISIS, al-Qaeda, jihadists, extremists, Nusra Front, gunmen",
    "Donald Trump": "Trump, POTUS, The Donald, the president-elect",
    "Barack Obama": "Obama, Obummer",
    "Hillary Clinton": "Hillary, Clinton, HRC",
    "Joe Biden": "Biden",
    "Bernie Sanders": "Bernie, Sanders",
    "Elizabeth Warren": "Warren, Pocahontas",
    "Brett Kavanaugh": "Kavanaugh",
    "Republican Party": "GOP, Republicans, Repubs, RNC",
    "Democratic Party": "Democrats, Dems, DNC",
    "conservatives": "right-wing, the right, GOP, Tories, Breitbart",
    "progressives": "liberals, leftists, the left, libs, left-wing",
    "Affordable Care Act": "Obamacare, ACA",
    "climate change": "global warming, climate crisis, greenhouse gases, carbon emissions, rising temperatures",
    "fossil fuel industry": "oil companies, Big Oil, Exxon, coal industry, coal plants, pipelines",
    "environmentalists": "activists (climate), Greta Thunberg, Sierra Club, Greenpeace, greenies",
    "Green New Deal": "GND, Ocasio-Cortez (climate), AOC",
    "gun rights": "Second Amendment, 2nd Amendment, NRA, gun owners",
    "gun control": "gun laws, assault weapons, background checks",
    "news media": "the media, MSM, mainstream media, the press, fake news, journalists, CNN, Fox News",
    "police": "cops, law enforcement, the officer, policeman",
    "undocumented immigrants": "illegal immigrants, illegals, illegal aliens, migrant caravan, Dreamers",
    "refugees": "asylum seekers, migrants",
    "immigration": "immigrants, migrants, open borders, border wall",
    "Black Americans": "African Americans, African-Americans, blacks, black people, Black Lives Matter",
    "Black Lives Matter": "BLM, protesters in Ferguson",
    "Islam": "Muslims, Muslim, Quran, Koran, mosque, Sharia",
    "the Catholic Church": "Vatican, the Pope, Pope Francis, priests, bishops, Catholics",
    "Christianity": "Christians, Jesus, the Bible, evangelicals",
    "Jewish people": "Jews, Jew, Zionists",
    "Justin Trudeau": "Trudeau, Trudope, the PM",
    "Canadian government": "Ottawa, Trudeau, Harper, Liberals, Feds",
    "Liberal Party of Canada": "Liberals, Grits, Trudeau",
    "Conservative Party of Canada": "Conservatives, Tories, CPC, Harper, Scheer",
    "The Globe and Mail": "the Globe, G&M, G and M, this paper",
    "same-sex marriage": "gay marriage, gays, LGBT, homosexuals",
    "abortion rights": "pro-choice, pro-life, Planned Parenthood, abortions",
    "the wealthy": "the rich, billionaires, millionaires, one percent",
    "public education": "public schools, teachers, schools",
    "welfare state": "welfare, social security, medicare, entitlements",
    "Darren Wilson": "Officer Wilson, the officer (Ferguson), Wilson (Brown)",
    "Charlie Hebdo attackers": "gunmen (Paris), suspects (Paris), terrorists (Paris)",
    "hostage-taker in Sydney": "gunman (Sydney), hostages (Sydney), siege (Sydney)",
}  # fmt: skip
TOPICS = (
    "a ceasefire", "peace talks", "military intervention", "economic sanctions", "arms deliveries", "foreign aid",
    "a no-fly zone", "prisoner exchanges", "evacuation of civilians", "press freedom", "free trade", "raising taxes",
    "cutting public spending", "a higher minimum wage", "gun control", "the death penalty", "legalizing drugs",
    "stricter immigration rules", "taking in refugees", "nuclear power", "a carbon tax", "vaccination", "abortion rights",
    "same-sex marriage", "affirmative action", "privatizing schools", "universal health care", "police reform",
    "online censorship", "boycotts", "mass protests", "early elections", "a second referendum", "religion in public life",
    "claim that the election was stolen", "claim that the media lie", "claim that the war is justified",
    "claim that the climate is warming", "claim that sanctions work", "claim that both sides are to blame",
    "claim that civilians were targeted", "claim that the government is corrupt",
)  # fmt: skip
_RUN = run_of_capitals()
_ADJECTIVE = re.compile(r"(?:ian|ean|rican|lican|xican|ish|ese|ench|tic|mic|aeli|audi)\Z")
_LINK = re.compile(r"https?://\S+")
_WORD = re.compile(r"\w+(?:-\w+)*")
_PARTICLES = ("of", "for", "the")

Place = tuple[int, int]


class TargetDrawer:
    """Draws the targets of the texts of one source, one text after the other.

    texts: all texts of the source, from which it learns which words are names. names: targets to look for in texts; the first
    spelling of a name is used. topics: to draw from at random besides the names in earlier texts. The same texts in the same
    order get the same targets.
    """

    def __init__(
        self, source: str, texts: Iterable[str], *, names: Iterable[str], topics: Iterable[str]
    ) -> None:
        self._counts: Counter[str] = Counter()
        self._random = random.Random(source)
        self._topics = [*TOPICS, *topics]
        self._earlier: list[str] = []
        self._drawn: Counter[str] = Counter()
        self._names: dict[str, str] = {}
        for name in names:
            if (core := _core(name)) and core.split()[0] not in NOT_TARGETS and name[0] != "@":
                self._names.setdefault(_key(name), name)
        self._other_names = other_names()
        self._inner_words = Counter(
            word for text in texts if not is_capitalized(text) for word in INNER_WORD.findall(text)
        )

    def draw(self, text: str) -> tuple[tuple[TargetLabel, ...], tuple[str, ...]]:
        """Return 2 to 5 targets and the kind of each (a key of SHARES); none if the text names nothing and enough targets are
        random already, or if fewer than two are left."""
        named, others = self._find(text)
        options = {NAMED: self._shuffled(named), OTHER_NAME: self._shuffled(others)}
        chosen: dict[str, str] = {}
        size = self._random.choices([*TARGET_COUNTS], [*TARGET_COUNTS.values()])[0]
        drawn: Counter[str] = Counter()
        while len(chosen) < size:
            kind = self._next_kind([k for k in options if options[k]], drawn)
            enough = len(chosen) > 1 or not named + others
            if kind == RANDOM and enough and self._missing(RANDOM, drawn) <= 0:
                break
            name = options[kind].pop() if kind in options else self._random_name()
            if all(_core(name) != _core(other) for other in chosen):
                chosen[name] = kind
                drawn[kind] += 1
        found = Targets.from_names(chosen).find(text) if chosen else {}
        kinds = {name: NAMED if name in found else kind for name, kind in chosen.items()}
        kinds = {name: kind for name, kind in kinds.items() if kind != NAMED or name in found}
        self._earlier += named
        if len(kinds) < 2:
            return (), ()
        self._counts.update(kinds.values())
        self._drawn.update(kinds.keys())
        return tuple(TargetLabel(name, None, found.get(name, ())) for name in kinds), tuple(kinds.values())

    def _missing(self, kind: str, drawn: Counter[str]) -> float:
        """How many targets of this kind are missing to its share of all that were drawn."""
        counts = self._counts + drawn
        return SHARES[kind] * (counts.total() + 1) - counts[kind]

    def _next_kind(self, available: list[str], drawn: Counter[str]) -> str:
        return max([*available, RANDOM], key=lambda kind: self._missing(kind, drawn))

    def _random_name(self) -> str:
        if not self._earlier or self._random.random() < TOPIC_SHARE:
            return self._random.choice(self._topics)
        return self._random.choice(self._earlier)

    def _shuffled(self, names: list[str]) -> list[str]:
        """Names in random order, often drawn ones first, since names are taken from the end."""
        return sorted(self._random.sample(names, len(names)), key=lambda name: self._drawn[name] < OFTEN)

    def _find(self, text: str) -> tuple[list[str], list[str]]:
        """Return the names in the text, and other names of what it names; of names that overlap only the longest."""
        text = _LINK.sub(lambda found: " " * len(found[0]), text)
        capitalized = is_capitalized(text)
        places = {} if capitalized else dict(self._capitalized_names(text))
        others: dict[str, None] = {}
        words = f" {_key(text)} "
        for (start, end), key in _stretches(text):
            surface = text[start:end]
            if (name := self._names.get(key)) and self._is_spelled(name, surface, capitalized):
                places.setdefault((start, end), name)
            for target, name, condition in self._other_names.get(key, ()):
                if (
                    self._is_spelled(name, surface, capitalized)
                    and condition in text
                    and f" {_key(target)} " not in words
                ):
                    others[target] = None
        kept: list[Place] = []
        for place in sorted(places, key=lambda p: (p[0] - p[1], p)):
            if all(place[1] <= start or place[0] >= end for start, end in kept):
                kept.append(place)
        names = {_core(places[p]): places[p] for p in sorted(kept) if not self._is_adjective(text, *p)}
        return [*names.values()], [*others]

    def _is_spelled(self, name: str, surface: str, capitalized: bool) -> bool:
        """Whether the words are this name and no common word: "may" is not "May", but "trump" is "Trump" if the source mostly
        writes it in upper case."""
        if name.isupper():
            return surface == name.rstrip(".") and not capitalized
        if name.islower() or " " in name:
            return True
        upper, lower = self._inner_words[name], self._inner_words[name.lower()]
        return upper >= lower if name == surface else upper > lower

    def _capitalized_names(self, text: str) -> Iterator[tuple[Place, str]]:
        for found in _RUN.finditer(text):
            words, start = found[0].split(" "), found.start()
            while words and (
                words[0] in _PARTICLES or words[0].lower() in NOT_TARGETS or self._is_common(words[0])
            ):
                start += len(words.pop(0)) + 1
            end = found.end()
            if (
                not 1 <= len(words) <= MAX_NAME_WORDS
                or len(words[-1]) < 2
                or words[-1].lower() in NOT_TARGETS
                or words[-1] in ("Mr.", "Mrs.", "Ms.", "Dr.")
            ):
                continue
            if group := GROUP.match(text, end):
                end = group.end()
            yield (start, end), text[start:end]

    def _is_common(self, word: str) -> bool:
        """Whether the source writes the word mostly in lower case, or never inside a sentence."""
        in_lower_case = self._inner_words[word] <= self._inner_words[word.lower()]
        return len(word) < 2 or (word.isalpha() and in_lower_case)

    def _is_adjective(self, text: str, start: int, end: int) -> bool:
        """Whether a word such as "Canadian" or "British" stands before a noun."""
        word = text[start:end]
        if not (word[0].isupper() and word.isalpha() and re.match(r" [a-z]", text[end : end + 2])):
            return False
        plural = self._inner_words[word + "s"]  # "Canadians" is frequent, "Clintons" is not
        return bool(_ADJECTIVE.search(word)) or plural > 0.1 * self._inner_words[word]


def other_names() -> dict[str, list[tuple[str, str, str]]]:
    """Return what texts call a target, as words in lower case → (target, name as written, word that must occur as well)."""
    found = defaultdict(list)
    for target, names in OTHER_NAMES.items():
        for entry in names.split(", "):
            name, _, condition = entry.rstrip(")").partition(" (")
            found[_key(name)].append((target, name, condition))
    return found


def _key(name: str) -> str:
    """Words in lower case, without punctuation."""
    return " ".join(_WORD.findall(name.lower()))


def _core(name: str) -> str:
    return _key(name).removeprefix("the ")


def _stretches(text: str) -> Iterator[tuple[Place, str]]:
    """Yield all runs of up to MAX_NAME_WORDS words: place and words in lower case."""
    words = [(found.start(), found.end()) for found in _WORD.finditer(text)]
    lowered = [text[start:end].lower() for start, end in words]
    for i, (start, _) in enumerate(words):
        key = ""
        for j in range(i, min(i + MAX_NAME_WORDS, len(words))):
            key = f"{key} {lowered[j]}" if key else lowered[j]
            yield (start, words[j][1]), key
