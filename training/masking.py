"""What a review's text loses on its way to silver: markup, control characters, and how to reach people."""

import html
import re
from typing import Final

EMAIL: Final = "[email]"
URL: Final = "[url]"
PHONE: Final = "[phone]"

# Tags by their names, since "<3" and "a < b > c" are none.
_INLINE = (
    "a|abbr|b|big|blockquote|center|cite|code|del|em|font|h[1-6]|i|img|ins|mark|small|span|strike|strong|sub|"
    "sup|tt|u"
)
_BLOCK = "br|div|dd|dl|dt|hr|li|ol|p|pre|section|table|tbody|td|th|thead|tr|ul"
_INLINE_TAG: Final = re.compile(rf"</?(?:{_INLINE})(?:\s[^<>]{{0,1000}})?/?>", re.IGNORECASE)
_BLOCK_TAG: Final = re.compile(rf"</?(?:{_BLOCK})(?:\s[^<>]{{0,1000}})?/?>", re.IGNORECASE)
# Each stops where the next one opens, so that many without an end take linear time.
_INVISIBLE: Final = re.compile(
    r"<!--(?:(?!<!--|-->).)*-->|<(script|style)\b[^<>]*>(?:(?!</?\1\b).)*</\1>", re.IGNORECASE | re.DOTALL
)
# With the semicolon alone: without it "&notable" would lose its first letters.
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\u200b]")
_LINE_END: Final = re.compile(r"\r\n?")

_EMAIL: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,8}\.[A-Za-z]{2,24}(?![\w-])"
)
_URL: Final = re.compile(r"\b(?:https?://|www\.)[^\s<>\"']*[^\s<>\"'.,;:!?)\]]", re.IGNORECASE)
# At least ten digits with a separator or a plus: years, prices, sizes and scores have fewer.
_PHONE: Final = re.compile(
    r"(?<![\w.+-])(?:"
    r"(?:\+?\d{1,3}[-. ])?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}"
    r"|\+\d(?:[-. ]?\d){8,14}"
    r"|[6-9]\d{9}"
    r")(?![\w-])"
)


def clean_text(text: str) -> str:
    """The text without HTML and control characters, addresses and phone numbers masked, trimmed."""
    return masked(without_controls(without_html(text))).strip()


def without_html(text: str) -> str:
    """Entities become their characters, even when escaped twice; tags vanish, those of blocks break lines."""
    if "&" in text:
        text = _ENTITY.sub(_character, _ENTITY.sub(_character, text))
    if "<" in text:
        text = _INLINE_TAG.sub("", _BLOCK_TAG.sub("\n", _INVISIBLE.sub(" ", text)))
    return text


def without_controls(text: str) -> str:
    """Control characters become spaces, but for tabs and line breaks."""
    if text.isprintable():
        return text
    return _CONTROL.sub(" ", _LINE_END.sub("\n", text))


def masked(text: str) -> str:
    """E-mail addresses, links and phone numbers as `[email]`, `[url]` and `[phone]`."""
    if "@" in text:
        text = _EMAIL.sub(EMAIL, text)
    return _PHONE.sub(PHONE, _URL.sub(URL, text))


def _character(entity: re.Match[str]) -> str:
    return html.unescape(entity[0])
