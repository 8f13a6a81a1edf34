"""Texts for properties of what reads sentences."""

from typing import Final

from hypothesis import strategies as st

# What the rules look at, to be strung together in every order.
WORDS = "good The i I U Dr etc e.g www com the Yahoo no it's é ß 1 2 12 4.5 1. 2) a. b)"
SIGNS = ". ! ? … ... , : ; :) ;-( :D ' \" ( ) [ ] * - _ / = @ \u2019 \u201d \u2022 \u2043 😀 ❤️ \u200d \ufe0f"
GAPS = [" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u2028", "\u3000", "\x1c", "\x00", "\ud800", ". . ."]
PIECES: Final = [*WORDS.split(), *SIGNS.split(), *GAPS]
texts = st.text(st.characters()) | st.lists(st.sampled_from(PIECES), max_size=40).map("".join)

# Strings that may be encoded, mostly of what the compiled pass decides by itself.
_WORDS_AND_MARKS: Final = """good The zip can't we oo Yahoo! etc min approx no it\u2019s é
    É \u00d7 1 12 345 8 A x
    of the . .. ... ! !! ?! , ; : - ( ) " ' * ] [ = \u201d \u2013 2. a. :) … 😀 \u00b5 Σ İ"""
_PLAIN: Final = _WORDS_AND_MARKS.split()
_GAPS: Final = [" ", " ", " ", "  ", "\n", "\r\n", " \n", "\t", "", "", "\u00a0"]
plain_texts = st.lists(st.sampled_from(_PLAIN) | st.sampled_from(_GAPS), max_size=40).map("".join)
encodable = (texts | plain_texts).map(lambda text: text.encode("utf-8", "ignore").decode())
