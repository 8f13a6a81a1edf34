import pytest

from training.language import language_of

SHORT = "Produit très décevant"


@pytest.mark.parametrize(
    "text",
    [
        "Great!",
        "Ok",
        "👍👍",
        "!!!",
        "Nice dress",
        "excellent comapny",
        "Excellent service client",
        "Paneer tikka, dal makhani and biryani were very good",
        "WORST INSURANCE EVER!!! THIS IS NOT WHAT WE PAID FOR",
        "Très chic! I love this dress.",
        "They are awesome! They are awesome!",
        "Fantastic and immediate coverage",
    ],
)
def test_english_stays_english_however_short(text: str) -> None:
    assert language_of("", text) == "en"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Das Kleid ist wunderschön und passt perfekt, sehr zu empfehlen.", "de"),
        ("Muy buena calidad, lo recomiendo mucho. Llegó a tiempo", "es"),
        ("Zeer goed product, snel geleverd en mooie kwaliteit", "nl"),
        ("很好", "zh"),
        ("Отличный товар, рекомендую", "ru"),
    ],
)
def test_what_is_surely_not_english_is_named(text: str, language: str) -> None:
    assert language_of("", text) == language


def test_many_words_without_an_english_one_are_of_no_known_language() -> None:
    text = "Khana bahut accha tha lekin seva thodi dhimi thi phir bhi maza aa gaya dost"
    assert language_of("", text) == "und"


@pytest.mark.parametrize(("text", "language"), [(SHORT, "en"), (f"{SHORT}, {SHORT.lower()}", "fr")])
def test_below_five_words_not_even_certainty_counts(text: str, language: str) -> None:
    assert language_of("", text) == language


def test_the_title_counts() -> None:
    assert language_of("Sehr schönes Kleid für den Sommer", "Passt perfekt.") == "de"
