import gzip
import json
import random
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.core.sentence_scan import (
    ANSWER_COLUMNS,
    BEYOND,
    COLUMNS,
    END,
    FIRST,
    FOLDED_FIRST,
    FOLDED_LAST,
    FOLLOWS,
    LAST,
    MOST_QUESTIONS,
    PART,
    START,
    TITLE,
    scan,
)
from stream_app.core.sentences import split_review
from stream_app.core.slice_sentences import SliceSentences, split_slice
from tests.texts import encodable

ROOT = Path(__file__).parents[3]
reviews = st.lists(st.tuples(encodable, encodable.filter(str.strip)), max_size=5)


def spans_of(split: SliceSentences) -> list[list[tuple[str, int, int]]]:
    rows = iter(split.spans.tolist())
    return [
        [("title" if row[PART] == TITLE else "text", row[START], row[END]) for row in islice(rows, count)]
        for count in split.counts.tolist()
    ]


def words_of(split: SliceSentences, first: int, last: int) -> list[str]:
    text = split.text.tobytes()
    return [text[row[first] : row[last]].decode() for row in split.spans.tolist()]


@given(reviews)
def test_a_slice_has_the_spans_of_its_reviews(slice_of: list[tuple[str, str]]) -> None:
    assert spans_of(split_slice(slice_of)) == [split_review(title, text) for title, text in slice_of]


@given(reviews)
def test_the_bytes_of_a_span_are_those_of_its_sentence(slice_of: list[tuple[str, str]]) -> None:
    split = split_slice(slice_of)
    sentences = [
        (title if part == "title" else text)[start:end]
        for title, text in slice_of
        for part, start, end in split_review(title, text)
    ]
    assert words_of(split, FIRST, LAST) == sentences
    folded = [word.lower() for word in words_of(split, FOLDED_FIRST, FOLDED_LAST)]
    assert folded == [sentence.lower() for sentence in sentences]


def sample() -> list[tuple[str, str]]:
    with gzip.open(ROOT / "data/bronze/womens_clothing_sample.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [(row.get("title") or "", row["text"]) for row in map(json.loads, lines)]


def test_the_sample_is_split_as_by_the_expression() -> None:
    found = sample()
    assert spans_of(split_slice(found)) == [split_review(title, text) for title, text in found]


TOKENS = """
    the It we Our food I a b 2 12 100 8) 2. 2) 1. a) b. etc Mr vs inc feb No p com www Yahoo U.S e.g min lbs
    5'6 3D a@b.de it's don't we\u2019re caf\u00e9 \u00b0 $ % ( ) [ ] " ' \u201c \u201d * - \u2014 \u2026 ...
    .. . ! ? ?! , ; : :) :( :-) ;) :D =) \U0001f44d \u2764\ufe0f \u2022 _ / @ the, \U0001f389 .\u2026 \u263a
    \u200d \u203c \u0416
"""
BETWEEN = [" "] * 20 + ["."] * 12 + ["\n"] * 3 + [". ", "! ", "\u00a0", "\t", "\r\n"]


def test_texts_of_what_the_rules_look_at_are_split_as_by_the_expression() -> None:
    chance, tokens = random.Random(7), TOKENS.split()

    def text() -> str:
        return "".join(chance.choice(tokens) + chance.choice(BETWEEN) for _ in range(chance.randint(1, 8)))

    found = [(text() if chance.random() < 0.3 else "", text()) for _ in range(20_000)]
    assert spans_of(split_slice(found)) == [split_review(title, text) for title, text in found]


ALPHABETS = (
    "aAbI .!\n'",
    "ab.A\U0001f600 \ufe0f\u200d!x",
    "wwwco m.comnet .,@-+_=1A/",
    "stmdlvre?! =_1\u2019'A. ",
    "etc.Mr.Dr.lbsmin ThTHEheit's 1\U0001f600).\"\n",
    "12 .\n:;3aA)i",
    "\u2764\u263a\u203c\u2740\u2767\u2768\u2795\U0001fae0\U0001fb00.!A a\n",
    "a.b A.\n\t\r .!?,",
    "\u2026a.A !? \U0001f600\u00e9\u00a0",
    "I'm it's the don't well A.U.S. J.x ",
)
PIECES = """
    etc. Mr. Dr. J. www. good. it.The lbs. U.S. 1. !It ?s good.thanks a.com ok\U0001f600 ok!\U0001f600
"""


def test_texts_of_few_characters_are_split_as_by_the_expression() -> None:
    chance = random.Random(3)

    def text() -> str:
        alphabet = "".join(chance.sample(ALPHABETS, chance.choice([1, 1, 2])))
        letters = chance.choices(alphabet, k=chance.randint(1, chance.choice([6, 14, 40])))
        letters.insert(chance.randint(0, len(letters)), chance.choice(["", *PIECES.split()]))
        return "".join(letters)

    found = [("", made) for made in (text() for _ in range(20_000)) if made.strip()]
    assert spans_of(split_slice(found)) == [split_review(title, text) for title, text in found]


@pytest.mark.parametrize(
    "text",
    [
        "It was ok.\u201d Then it broke",  # only a closing quote is wide
        "- .\n' !\n",  # the last line break is none between lines
        " ... ~ ",
        "Met the U.S ",
    ],
)
def test_the_edges_of_a_text_are_not_taken_for_its_inside(text: str) -> None:
    assert spans_of(split_slice([("", text)])) == [split_review("", text)]


def questions(text: str) -> int:
    """How many places the compiled pass leaves open, or BEYOND."""
    encoded = np.frombuffer(b"\xff" + text.encode() + b"\xff", np.uint8)
    spans, count = np.empty((len(encoded), COLUMNS), np.int32), np.empty(1, np.int64)
    asked, answers = np.empty(MOST_QUESTIONS, np.int64), np.empty((0, ANSWER_COLUMNS), np.int64)
    scan(encoded, answers, np.array([FOLLOWS]), count, spans, asked)
    return BEYOND if count[0] == BEYOND else max(-int(count[0]), 0)


def test_the_compiled_pass_decides_nearly_every_text_by_itself() -> None:
    counts = [questions(text) for _, text in sample()]
    assert sum(count != 0 for count in counts) < len(counts) / 25
    assert sum(count == BEYOND for count in counts) < len(counts) / 100


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The zip can\u2019t close. It broke!!! Caf\u00e9\nWe sent it back... Never again", 0),
        ("Nice staff, i paid $12.50 :) all is fine ... really. 100% yes", 0),
        ("Good food.Nice staff etc. Mr. Lee is fine.they are", 0),
        ("Dr. Lee came!He left. Etc. J. K. Smith, too", 0),
        ("Great \U0001f44d\U0001f44d thanks \u2764\ufe0f Nice! \U0001f600 ok", 0),
        ("1. Good food", 0),
        ("It broke\n.\nNever again!!\n.\nNo", 0),
        ("See amazon.com for it. Ask Dr. The U.S. We did", 3),
        ("Great?. It broke. . It didn?t work", 4),
        ("a. First of all 2. It broke", 2),
        ("Good. \u0416", BEYOND),
        ("Is it?. No" * MOST_QUESTIONS, MOST_QUESTIONS),
        ("Is it?. No" * (MOST_QUESTIONS + 1), BEYOND),
    ],
)
def test_what_is_no_plain_end_is_asked_about(text: str, expected: int) -> None:
    assert questions(text) == expected
    assert spans_of(split_slice([("", text)])) == [split_review("", text)]


def test_no_review_gives_no_sentence() -> None:
    split = split_slice([])
    assert (len(split.spans), len(split.counts)) == (0, 0)
