import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.masking import clean_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<p>Good.</p><p>Really<br/>good.</p>", "Good.\n\nReally\ngood."),
        ("It is <b>so</b> <a href='x'>good</a>", "It is so good"),
        ("Fish &amp; chips &#39;n&#x27; &quot;peas&quot;", "Fish & chips 'n' \"peas\""),
        ("escaped twice: it&amp;#39;s", "escaped twice: it's"),
        ("&lt;br&gt;escaped tag", "escaped tag"),
        ("a<script>var x = '<b>';</script>b<!-- no -->c", "a b c"),
        ("I <3 it, 5 < 6 > 4, AT&T, this&notable", "I <3 it, 5 < 6 > 4, AT&T, this&notable"),
    ],
)
def test_markup_goes_and_what_only_looks_like_it_stays(text: str, expected: str) -> None:
    assert clean_text(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x07c\x9d", "a b c"),
        ("\ufeffone\r\ntwo\rthree\tfour", "one\ntwo\nthree\tfour"),
        ("👩\u200d🔧 naïve", "👩\u200d🔧 naïve"),
    ],
)
def test_control_characters_go(text: str, expected: str) -> None:
    assert clean_text(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("write to jo.do+x@mail.example.com.", "write to [email]."),
        ("see https://example.com/a?b=c, or www.example.com!", "see [url], or [url]!"),
        ("call 314 555 2669 or (314) 555-2669", "call [phone] or [phone]"),
        ("call +91 98765 43210 or 9876543210", "call [phone] or [phone]"),
        ("+1-314-555-2669", "[phone]"),
    ],
)
def test_ways_to_reach_people_are_masked(text: str, expected: str) -> None:
    assert clean_text(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2015-2016 and 12.11.2016, 10/10, 5'4\", 130 lbs, $1,299.99, 100% @ home, size 34-36-38",
        "order 1234567890123, isbn 0-306-40615-2, [email] and [phone]",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert clean_text(text) == text


@given(st.text())
def test_what_is_clean_stays_clean_of_controls_and_space(text: str) -> None:
    cleaned = clean_text(text)
    assert cleaned == cleaned.strip()
    assert not any(character < " " and character not in "\n\t" for character in cleaned)


def test_a_million_characters_take_no_time_to_speak_of() -> None:
    """The work is linear: quadratic, it would not end within the tests' limit."""
    for text in ("<b ", "a@", "&#", "<!--", "1 ", "www.", "+1-", "<script>", "a.b."):
        assert clean_text(text * (1_000_000 // len(text)))
