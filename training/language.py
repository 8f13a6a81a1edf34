"""Whether a review is English. In doubt it is: short English reviews look like any language."""

import re
from functools import cache
from typing import Any, Final

from py3langid import langid

ENGLISH: Final = "en"
UNKNOWN: Final = "und"

_LOOKED_AT: Final = 300  # characters: more tell no more
_FUNCTION_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "a all and are as at be but by for from had has have he her i in is it me my no not of on she so "
        "that the their they this to very was we were with you your",
    )
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_LATIN: Final = re.compile(r"[A-Za-z\u00c0-\u024f]")
_MANY_FUNCTION_WORDS: Final = 3, 0.2  # so many, and such a share of the words
_ENOUGH_WORDS: Final = 5  # below, English in the Latin script is taken for French, Latin or Somali
_SURE: Final = 0.7
_WORDS_WITHOUT_ENGLISH: Final = 12, 0.05  # so many words with less than this share of function words


def language_of(title: str, text: str) -> str:
    """`en`, or the language that a review is surely in instead; `und` when it is only surely not English.

    Not English is what py3langid is sure of in five words or more; what is not written in Latin letters; and
    what has twelve words and more with hardly an English function word, if py3langid does not object.
    """
    shown = f"{title} {text}"[:_LOOKED_AT].lower()
    words = _WORD.findall(shown)
    functional = sum(word in _FUNCTION_WORDS for word in words)
    least, share = _MANY_FUNCTION_WORDS
    if not words or (functional >= least and functional >= share * len(words)):
        return ENGLISH
    language, confidence = _identifier().classify(shown)
    if language == ENGLISH:
        return ENGLISH
    if _is_foreign_script(words) or (len(words) >= _ENOUGH_WORDS and confidence >= _SURE):
        return str(language)
    least, share = _WORDS_WITHOUT_ENGLISH
    return UNKNOWN if len(words) >= least and functional < share * len(words) else ENGLISH


def _is_foreign_script(words: list[str]) -> bool:
    letters = "".join(words)
    return len(_LATIN.findall(letters)) < len(letters) / 2


@cache
def _identifier() -> Any:  # noqa: ANN401 - py3langid is untyped
    return langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
