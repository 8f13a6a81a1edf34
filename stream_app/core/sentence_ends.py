"""The expression that finds where sentences end, by rules for what reviewers write.

* A full stop ends a sentence unless it belongs to an abbreviation, an initial, a number, the number of a list
  item or an address. Glued between two words it ends one too ("good.Our").
* "!" and "?" end one before white space, whatever the case of the next letter, and before a glued letter.
* An ellipsis ends one only before a capital, and not when set off by a space (" ... "), as an omission.
* Closing quotes and brackets, emoticons and emoji belong to the sentence before them. An emoticon or emoji
  without a mark before it ends one before a capital.
* A line break ends one, unless the line plainly goes on: it ends in a word like "the", or in a comma before a
  small letter.

The work is linear in the length of the text: repetitions are possessive or bounded, and a run of marks is
entered only at its first character.
"""

import re
from collections.abc import Iterable
from typing import Final

# Abbreviations, in small letters, without their last full stop.
# These want a word after them and never end a sentence.
LEADING = (
    "mr mrs ms messrs prof rev hon capt sgt lt cmdr vs cf viz fig vol pp approx eg ie e.g i.e esp incl rs"
)
# These may end one: they do when the next word is one that opens sentences.
OPEN = "dr st ave blvd rd ft mt jr sr inc co corp ltd dept bros univ gov sen gen col"
# These end one before a capital, and never before a small letter.
CLOSING = """etc min mins hr hrs sec lb lbs oz pkg ins tel ext misc temp appt
    jan feb mar apr jun jul aug sep sept oct nov dec"""
_ABBREVIATIONS = f"{LEADING} {OPEN} {CLOSING}"
# These go with the number after them.
COUNTING = "no nos n° p pg"
# Words that open sentences and are no names: they tell "in the U.S. We" from "the U.S. Army".
OPENERS = """the this that these those there they their it its it's i i'm i've we our you your he she his her
    my but and so if when what where why how who did do does can could would should not no in on at for from
    with as after before very just also then now great good only please thank thanks love loved some even once
    overall however well never don't"""
# What follows the last full stop of an address or a file name.
DOMAINS = """com net org edu gov info biz co uk us io ca au tv app blog
    htm html php asp aspx jpg jpeg png gif pdf"""
# A line that ends in one of these goes on in the next.
UNFINISHED = "the a an of and or my your our their its very with"

_MARKS = ".!?…"
_BREAKS = r"\n\r"
BULLETS = r"\u2022\u2023\u2043\u25aa\u25cf\u25e6"
_EMOJI = r"\u203c\u2049\u2600-\u2767\u2795-\u2797\u2b50\u2b55\U0001f000-\U0001faff"
_EMOJI_PARTS = rf"{_EMOJI}\ufe0f\u200d"
_EMOJI_REST = rf"(?:[ ]?[{_EMOJI_PARTS}])*+"


def _any(words: str) -> str:
    """One of the words, in any case; `(?i:...)` is several times slower in a lookbehind."""
    return "|".join(
        "".join(f"[{c.upper()}{c}]" if c.isalpha() else re.escape(c) for c in word) for word in words.split()
    )


def _by_length(words: str) -> Iterable[str]:
    """The words in groups of one length: `re` wants one width in a lookbehind."""
    groups: dict[int, str] = {}
    for word in words.split():
        groups[len(word)] = f"{groups.get(len(word), '')} {word}"
    return groups.values()


def _after(words: str) -> str:
    return "(?:" + "|".join(rf"(?<=\b(?:{_any(group)}).)" for group in _by_length(words)) + ")"


def _not_after(words: str) -> str:
    return "".join(rf"(?<!\b(?:{_any(group)}).)" for group in _by_length(words))


_CLOSERS = r"""['"\u201d\u2019)\]*]*+"""
_EMOTICON = r"(?:[:;=8]['\u2019]?-?[()DPp\[\]/|*](?!\w))"
_FACES = rf"(?:\s?(?:{_EMOTICON}|[{_EMOJI}]{_EMOJI_REST})){{0,4}}+"
_SMALL_NEXT = r"(?=\s++[a-z])"
_CAPITAL_NEXT = r"(?=\s++[A-Z])"
# A capital, a digit, an opening quote or bracket, ...: anything but what goes on with the sentence.
_NEW_NEXT = r"(?=\s++(?![a-z,;:.)\]]))"
_OPENER_NEXT = rf"(?=\s++(?:{_any(OPENERS)})\b)"
_AFTER_MARK = rf"{_CLOSERS} {_FACES} {_NEW_NEXT}"

# A single letter is an initial, unless it ends a phrase ("vitamin C. It") before a word that opens sentences.
_NO_INITIAL = rf"""(?:
    (?<![\s.("][A-Za-z]\.) (?<!\A[A-Za-z]\.)
  | (?<=\w\s[A-Za-z]\.) {_OPENER_NEXT}
  | (?<=\w\.[A-Za-z]\.) {_CAPITAL_NEXT} {_OPENER_NEXT}
)"""
_NO_ITEM_NUMBER = rf"""(?: (?<!\d\.)
  | (?<!\A\d\.) (?<!\A\d\d\.)
    (?<![{_BREAKS}{BULLETS}]\d\.) (?<![{_BREAKS}{BULLETS}]\d\d\.)
    (?<![{_MARKS}:;{BULLETS}]\s\d\.) (?<![{_MARKS}:;{BULLETS}]\s\d\d\.)
)"""
_GLUED_CAPITAL = r"""(?: (?<=[a-z]{2}\.) (?=[A-Z])
  | (?:(?<=[\w)"\u201d\u2019%]\.)|(?<=\w\s\.)) (?=[A-Z][a-z\s'\u2019])
)"""
_GLUED_SMALL = r"""(?<=[a-z]{2}\.) (?<!\bwww\.)
    (?=[a-z]++(?:['\u2019][a-z]++)?(?:[\s,!?]|\.(?!\w)|\Z))"""
_NO_ADDRESS = rf"(?!(?:{_any(DOMAINS)})\b) (?![\w.+-]{{0,40}}@)"
_FULL_STOP = rf"""(?<=\.) (?![ ]?[{_MARKS}]) (?:
    {_NO_INITIAL} {_NO_ITEM_NUMBER} {_not_after(_ABBREVIATIONS)} (?:
        {_FACES} {_SMALL_NEXT}
      | (?:(?!\s++\d) | {_not_after(COUNTING)}) {_AFTER_MARK}
      | (?:{_GLUED_CAPITAL} | {_GLUED_SMALL}) {_NO_ADDRESS}
    )
  | (?:{_after(CLOSING)} | {_after(OPEN)} {_OPENER_NEXT}) (?!\s++\d) {_AFTER_MARK}
)"""
# "?" also stands for an apostrophe lost to a wrong encoding ("it?s"), and before the query of an address.
_LOUD = rf"""(?:[ ]?[{_MARKS}])*+ (?:(?<=[!?])|(?<=[!?]\.)|(?<=[!?]\.\.)|(?<=[!?]\.\.\.)) (?<!\bYahoo!) (?:
    {_FACES} (?=\s++(?![,;:)\]]))
  | {_AFTER_MARK}
  | (?=[A-Za-z]) (?!(?:s|t|m|d|ll|ve|re)\b) (?!\w{{0,20}}=)
)"""
_ELLIPSIS = rf"""(?:[ ]?[.…])*+ (?:(?<=[.…]\.)|(?<=\.\s\.)|(?<=…))
    (?<![\s\[]\.\.\.) (?<![^.]\s\.\s\.\s\.) (?<![\s\[]…)
    (?:{_AFTER_MARK} | (?=[A-Z]))"""
_FACE = rf"""(?:
    (?<=[:;]) ['\u2019]?-?[()D](?!\w) {_FACES} {_CAPITAL_NEXT}
  | (?:(?<=\S[{_EMOJI}])|(?<=\S\s[{_EMOJI}])) {_EMOJI_REST} (?=\s*+[A-Z])
)"""
_NOT_UNFINISHED = "".join(rf"(?<!\b{word}.)" for word in UNFINISHED.split())
_LINE_END = rf"(?<=[{_BREAKS}]) (?!(?<=,.)\s*+[a-z]) {_NOT_UNFINISHED}"

# Most ends are these: four small letters that do not end an abbreviation, a mark, one space, a letter.
_LONG = 4
_TAILS = "|".join(word[-_LONG:] for word in _ABBREVIATIONS.split() if len(word) >= _LONG)
_SURE = rf"(?<=[a-z]{{{_LONG}}}[.!?]) (?=\s[A-Za-z]) (?<!(?:{_TAILS}).) (?<!Yahoo!)"

_FIRST_OF_RUN = rf"(?<![{_MARKS}{_EMOJI_PARTS}].) (?<![{_MARKS}{_EMOJI_PARTS}][ ].)"

# Two groups, so that `split` gives: sentence, its marks, white space, sentence, its marks, white space, ...
SENTENCE_END: Final = re.compile(
    rf"""(
      [{_MARKS}:;{_BREAKS}{_EMOJI}] (?!\Z) (?:
        {_SURE}
      | {_LINE_END}
      | {_FIRST_OF_RUN} (?: {_FULL_STOP} | (?<=[{_MARKS}]) (?:{_LOUD} | {_ELLIPSIS}) | {_FACE} )
    )) (\s*+)""",
    re.VERBOSE | re.DOTALL,
)
