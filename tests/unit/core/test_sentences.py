import sys

import pytest
from hypothesis import given

from stream_app.core.sentences import boundaries, ends_at, has_items, split_review
from tests.texts import texts

WHITE_SPACE = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isspace()]


def split(text: str) -> list[str]:
    return [text[start:end] for start, end in boundaries(text)]


def solid(text: str) -> str:
    return "".join(text.split())


# In the examples | marks where one sentence ends and the next begins.
EXAMPLES = {
    "marks": [
        "It broke.| We sent it back.",
        "It broke!| we sent it back?| yes",
        "the zip stuck.| the lining tore.| 3 buttons fell off.| $20 gone",
        "It never stuck .| The zip is fine !| lovely",
        "Only one sentence here",
        "no mark at the end.| of this",
    ],
    "runs of marks": [
        "So soft!!!| Will order again!!!| i mean it?!| Really!?| Yes",
        "So soft ! ! !| Will order again",
        "Oh no..!!| we left",
        "It is fixed!.| He was quick.",
    ],
    "glued": [
        "The bed was hard.|Our room was cold.",
        "the bed was hard.|our room was cold.|we left",
        "It was loud!|We left!|it was late?|Yes",
        "It cost us 5.|The rest was free (nearly).|We paid.|NEVER AGAIN",
        "The soup was good .|The bread was stale",
        "He called it “fine”.|We did not",
    ],
    "ellipses": [
        "Well... maybe not...see for yourself … or not",
        "I waited...| Nobody came....| I left..| It was late",
        "I waited...|Nobody came….|It was late",
        "the parts ... Anna said . . . I forget [...] which",
        "We waited for an hour . . . .| Nobody came",
    ],
    "abbreviations": [
        "Dr. Lee and Mr. Ray met Ms. Fay, e.g. on Oak St. near Mt. Hood, i.e. there",
        "We love Dr. Lee.| He lives on Oak St.| The house is blue",
        "Bring tea, milk, etc. and sugar, jam, etc.| Thanks",
        "It held approx. 5 lbs. of it, DR. LEE said, vs. 3 oz. before",
        "They sell to Acme Inc. and Foo Corp. Limited",
        "It took 20 min. to heat.| Not bad",
        "Arrived Sept. 3, sent Aug. 30, no. 12 of 20 on p. 4",
        "The univ. sent approx. five boxes, incl. misc. tools",
        "Was it good?| No.| It was not",
    ],
    "initials": [
        "J. R. Doe and Ann B. Roe wrote it",
        "It has vitamin C.| It helps.| I take size M.| this fits",
        "We moved to the U.S.| They ship to the U.S. Virgin Islands and the U.S. only",
        "We came at 5 p.m.| The shop shut at 6 p.m. sharp",
        "He and I.| Then Ann I. Roe",
    ],
    "numbers": [
        "Rated 4.5/5, cost $3.50, version 2.0.1 of it.| Fine",
        "It is 5.| The other is 10.| 2 are left",
        'A 15.6" screen, 5\' 6" tall and 32".| It fits',
    ],
    "lists inside a line": [
        "1. Cheap| 2. Quick| 3. Kind",
        "1. It is cheap.| 2. It is quick.| 3. it is kind.",
        "Why we stay:| 1) rooms| 2) food| 3) staff",
        "Good.| 1.) Rooms| 2.) Food",
        "a. Rooms are big| b. Food is hot| c. Staff is kind",
        "1. First| 2. Second and| 1. Again| 2. More",
        "• Rooms| • 2. Food| • Staff",
        "Room 2) was fine and 2.| Not so 4.| Much",
        "12. Floor.| 13. Floor",
    ],
    "lines": [
        "Lovely place|\nwould stay again|\r\n  \nFood 4/5 | \n- warm pool | \n- good bar",
        "we asked for the\nbig room and got it,\nbut then,|\nIt was cold",
        "Best.\n.\n---|\nEver. \n:)",
        "Lovely\n.\n.",
        "1. Rooms|\n2. Food is hot.| Bar is not.|\n3. Staff",
        "Great 😀|\nfood",
        "Well...|\nfine",
    ],
    "quotes and brackets": [
        'She said "It works." and left.| "It does."| He nodded',
        "“Really?” he asked.| \u2018Yes.\u2019| Fine",
        "We left (it was late.) and slept.| (It was late.)| Then (oh no!) it rained",
        "Warm (mostly!), dry (ha!).| Good",
        "**Wow!**| Good",
    ],
    "emoticons and emoji": [
        "So sad. :(| i cried! ;-)| Never mind :D| It works",
        "great fit :) and warm :( too",
        "Loved it 😀😀| Will return.😀| again 😀 and again❤️|Thanks",
        "Never again.👎🏻👎🏻| the food.. 🙂 was cold",
        "😀 Lovely 🍽️| Plates",
    ],
    "addresses": [
        "See www.example.org or https://example.net/a.b?c=d.html now.| Mail Jo.Roe@mail.example.org!| Done",
        "On Example.com and example.co.uk, not Example.Org",
        "Click page?id=3 of a.php",
    ],
    "names and lost apostrophes": [
        "I found it on Yahoo! in May",
        "it?s warm, i don?t mind?| ok",
    ],
}


@pytest.mark.parametrize(
    ("rule", "marked"), [(rule, text) for rule, group in EXAMPLES.items() for text in group]
)
def test_a_rule_by_example(rule: str, marked: str) -> None:
    expected = [sentence.strip() for sentence in marked.split("|")]
    assert split(marked.replace("|", "")) == expected, rule


@given(texts)
def test_spans_are_trimmed_in_order_and_hold_every_character(text: str) -> None:
    spans = boundaries(text)
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert not edges or (edges[0] >= 0 and edges[-1] <= len(text))
    sentences = [text[start:end] for start, end in spans]
    assert all(sentence and sentence == sentence.strip() for sentence in sentences)
    assert "".join(map(solid, sentences)) == solid(text)
    assert bool(sentences) == bool(text.strip())


@given(texts, texts)
def test_a_review_has_the_sentences_of_its_text_and_at_most_its_title_before(title: str, text: str) -> None:
    spans = split_review(title, text)
    assert [(start, end) for part, start, end in spans if part == "text"] == boundaries(text)
    assert [part for part, _, _ in spans[1:]] == ["text"] * (len(spans) - 1)
    assert all(title[start:end] == title.strip() != "" for part, start, end in spans if part == "title")


@pytest.mark.parametrize("space", WHITE_SPACE, ids=ascii)
def test_any_white_space_parts_sentences_and_is_part_of_none(space: str) -> None:
    assert split(f"{space}One.{space}Two {space}{space}three!{space}{space}") == [
        "One.",
        f"Two {space}{space}three!" if space not in "\n\r" else "Two",
        *(["three!"] if space in "\n\r" else []),
    ]
    assert boundaries(space * 3) == []


def test_there_are_19_spaces_beyond_ascii_to_try() -> None:
    assert len([space for space in WHITE_SPACE if not space.isascii()]) == 19


@pytest.mark.parametrize("text", ["", " ", "\n\t", "\u3000"])
def test_a_blank_text_has_no_sentence(text: str) -> None:
    assert boundaries(text) == []
    assert split_review("", text) == []


@pytest.mark.parametrize("text", [".", "...", "!?", "😀", "\ud800", "\x00", "•", "1.", ":)", "-\n-"])
def test_a_text_without_words_is_one_sentence(text: str) -> None:
    assert split(text) == [text]


def test_the_title_comes_first_as_one_sentence() -> None:
    title, text = " Warm. Light.\nCheap! ", "Fits well. Looks good."
    assert split_review(title, text) == [("title", 1, 20), ("text", 0, 10), ("text", 11, 22)]


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Fits well", "Fits well. Looks good."),
        ("FITS well.", "fits WELL. Looks good."),
        ("  Fits \n well ", "\tFits\u00a0 well. Looks good."),
        ("Fits well. Loo…", "Fits well. Looks good."),
        ("Fits well...", "Fits well. Looks good."),
        ("Fits well …", "Fits well and looks good."),
        ("Straße", "STRASSE in Berlin"),
        ("…", "Fits well."),
        ("", "Fits well."),
        (" \n", "Fits well."),
    ],
)
def test_a_title_that_is_blank_or_opens_the_text_is_left_out(title: str, text: str) -> None:
    assert {part for part, _, _ in split_review(title, text)} == {"text"}


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Fits well", "It fits well."),
        ("Fits well. Looks bad", "Fits well. Looks good."),
        ("Fits well", "Fits"),
        ("Fits.", "Fits well"),
        ("Fits", ""),
    ],
)
def test_a_title_that_says_something_else_is_kept(title: str, text: str) -> None:
    assert split_review(title, text)[0] == ("title", 0, len(title))


def test_a_long_text_keeps_every_character() -> None:
    sentence = "The quick brown fox jumped over the lazy dog, twice. "
    text = sentence * (20_000 // len(sentence))
    spans = boundaries(text)
    assert len(spans) == 20_000 // len(sentence)
    assert {text[start:end] for start, end in spans} == {sentence.strip()}
    assert spans[-1][1] == len(text) - 1


# Repeated to ten times the longest text that is let in: work that grew with the square of the length would
# not end in time.
SOLID = """. ! ? … .x ?x ?x= x.x xx.xx x@ .x@ .- :) .:) ; 😀 😀\u200d ❤️ .😀 😀. ( ) .) ."
    [...] ' \u201c \u2022 5. www. é.É \ud800"""
SPACED = "! . .x xx.xx :) 😀 ❤️ x😀 👍🏻 !) 5. \u2022 2. a. I. Dr. etc. U.S. e.g. Yahoo! \ud800. \x00."
HOSTILE = [
    *SOLID.split(),
    *(f"{unit} " for unit in SPACED.split()),
    *(
        "1. X ",
        "1) x ",
        "a. B ",
        "x. It ",
        "no. 5 ",
        "etc. X",
        "U.S. It ",
        ":) x",
        "Xx. x",
        ". . ",
        " \u2022",
    ),
    *(
        " ",
        "\t",
        "\n",
        "\r\n",
        "x\n",
        "the\n",
        ",\n",
        ",\nx",
        ".\n",
        "\n.",
        " \n",
        ". \n",
        "\u00a0",
        "\u00a0.",
    ),
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("unit", HOSTILE, ids=ascii)
def test_hostile_repetition_ends_and_loses_nothing(unit: str) -> None:
    for tail in ("x", "X"):
        text = unit * (200_000 // len(unit)) + tail
        sentences = split(text)
        assert "".join(map(solid, sentences)) == solid(text)
        assert all(sentence == sentence.strip() != "" for sentence in sentences)


def test_one_place_can_be_asked_about_alone() -> None:
    text = "  Dr. Lee came.  He left.\n"
    places = [place for place, character in enumerate(text) if character in ".\n"]
    assert ends_at(text, places) == [None, (15, 17), None, None]


@given(texts)
def test_places_asked_about_one_by_one_are_the_ends_of_the_whole(text: str) -> None:
    starts = {start for start, _ in boundaries(text)}
    asked = {found[1] for found in ends_at(text, range(len(text))) if found}
    if not has_items(text) and "\n" not in text and "\r" not in text:
        assert starts - {len(text) - len(text.lstrip())} <= asked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1) Room 2) Food", True),
        ("a. First. b. Next", True),
        ("Good: \u2022 one \u2022 two", True),
        ("It is a size 2. It fits", False),
        ("Paid 2. It fits. Not 1. Yes", False),
    ],
)
def test_a_list_is_told_from_numbers(text: str, expected: bool) -> None:
    assert has_items(text) == expected
