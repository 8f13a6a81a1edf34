"""Title and text of a review -> its sentences, as spans.

One compiled expression (`sentence_ends`) finds every place where a sentence ends, and the spans follow from
the lengths of the pieces it leaves. Bullets and numbered items inside a line begin a sentence as well
("1) Room 2) Food"). The work is linear in the length of the text.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import accumulate, pairwise, product, repeat
from string import ascii_letters, digits
from typing import Final, Literal, TypeAlias

from stream_app.core.sentence_ends import BULLETS, SENTENCE_END

__all__ = ["Part", "Span", "boundaries", "ends_at", "has_items", "split_review"]

Part: TypeAlias = Literal["title", "text"]

# Part of the review, start and end: character offsets into the part, half open, no white space at either end.
# A plain tuple, since building a class of its own per sentence would take a fifth of the whole split.
Span: TypeAlias = tuple[Part, int, int]

_TEXT: Final = "text"

_pieces = SENTENCE_END.split

_BULLET = re.compile(rf"(?<=\s)[{BULLETS}]")
# What the first character is stands first: `re` then looks at no other place.
_ITEM_NUMBER = re.compile(r"[0-9](?<!\S.)[0-9]?(?:\.?\)(?=\s++\w)|\.(?=\s++[A-Z]))")
_ITEM_NUMBER_OR_LETTER = re.compile(rf"{_ITEM_NUMBER.pattern}|[a-z](?<!\S.)(?:\.\)|[.)])(?=\s++[A-Z])")
_ALPHANUMERIC = ascii_letters + digits
# How title and text begin, for nearly every title that does not open its text.
_UNLIKE = frozenset(
    one + other for one, other in product(_ALPHANUMERIC, repeat=2) if one.lower() != other.lower()
)
_FIRST_LETTERS = frozenset(("a.", "a)"))
_PUNCTUATION = re.compile(r"[!-/:-@\[-`{-~\s]*")


def boundaries(text: str) -> list[tuple[int, int]]:
    """The sentences of one text, in order, as (start, end): character offsets, half open, trimmed.

    Every character that is not white space lies in exactly one sentence. Only a blank text has none.
    """
    return list(zip(*_edges(text), strict=True))


def split_review(title: str, text: str) -> list[Span]:
    """The sentences of a review: the title as one of its own, then those of the text.

    The title is left out when it is blank, or when the text starts with it (compared case-folded, white space
    collapsed, an ellipsis at its end ignored), since it would count twice.
    """
    starts, ends = _edges(text)
    spans: list[Span] = list(zip(repeat(_TEXT), starts, ends, strict=False))
    if title and is_heading(title, text):
        start, end = trimmed(title)
        spans.insert(0, ("title", start, end))
    return spans


def ends_at(text: str, places: Iterable[int]) -> list[tuple[int, int] | None]:
    """Where the sentence ends whose end begins at a place, and where the next begins; None where none does.

    Args:
        text: without a list in it (`has_items`).
        places: characters; a mark, a line break, an emoticon or an emoji, each the first of its run.
    """
    body = text.strip()
    offset = 0 if len(body) == len(text) else trimmed(text)[0]
    found = (SENTENCE_END.match(body, place - offset) for place in places)
    return [None if end is None else (end.end(1) + offset, end.end() + offset) for end in found]


def has_items(text: str) -> bool:
    """Whether the text has a list inside a line."""
    body = text.strip()
    return _may_list(body) and bool(_item_starts(body))


def trimmed(text: str) -> tuple[int, int]:
    """Start and end of the text without the white space around it."""
    start = len(text) - len(text.lstrip())
    return start, max(start, len(text.rstrip()))


def is_heading(title: str, text: str) -> bool:
    """Whether the title is a sentence of its own: it is not blank, and the text does not start with it."""
    if title[0] + text[:1] in _UNLIKE:
        return True
    heading = title.strip()
    if heading.endswith(("...", "…")):
        heading = heading.rstrip(".… ")
    return not (text.startswith(heading) or _opens(text, heading))


def _opens(text: str, heading: str) -> bool:
    """Whether the text starts with the heading, compared case-folded, white space collapsed."""
    words = heading.split()
    opening = " ".join(text.split(None, len(words))[: len(words)])
    return opening.casefold().startswith(" ".join(words).casefold())


def _edges(text: str) -> tuple[list[int], list[int]]:
    """Starts and ends of the sentences."""
    body = text.strip()
    if not body:
        return [], []
    offset = 0 if len(body) == len(text) else len(text) - len(text.lstrip())
    if _may_list(body) and (cuts := _item_starts(body)):
        return _edges_of_items(body, cuts, offset)
    return _edges_of_block(body, offset)


def _edges_of_block(block: str, offset: int) -> tuple[list[int], list[int]]:
    # The offsets of: a sentence, the end of its words, its end, the next sentence, ..., the end of the block.
    edges = list(accumulate(map(len, _pieces(block)), initial=offset))
    edges.append(edges[-1])
    starts, ends = edges[::3], edges[2::3]
    if "\n" in block or "\r" in block:
        return _edges_of_lines(block, offset, starts, ends)
    return starts, ends


def _edges_of_lines(
    block: str, offset: int, starts: list[int], ends: list[int]
) -> tuple[list[int], list[int]]:
    """The edges less white space before line breaks; a line of mere punctuation joins the one before."""
    kept_starts: list[int] = []
    kept_ends: list[int] = []
    for start, end in zip(starts, ends, strict=True):
        sentence = block[start - offset : end - offset].rstrip()
        if kept_ends and not sentence[0].isalnum() and _PUNCTUATION.fullmatch(sentence):
            kept_ends[-1] = start + len(sentence)
        else:
            kept_starts.append(start)
            kept_ends.append(start + len(sentence))
    return kept_starts, kept_ends


def _may_list(body: str) -> bool:
    """A cheap look, since nearly no text has a list inside a line."""
    return (
        ("2" in body and ("2." in body or "2)" in body) and ("1." in body or "1)" in body))
        or body[:2] in _FIRST_LETTERS
        or (not body.isascii() and _BULLET.search(body) is not None)
    )


def _edges_of_items(body: str, cuts: list[int], offset: int) -> tuple[list[int], list[int]]:
    starts: list[int] = []
    ends: list[int] = []
    for first, last in pairwise([0, *cuts, len(body)]):
        item_starts, item_ends = _edges_of_block(body[first:last].rstrip(), offset + first)
        starts += item_starts
        ends += item_ends
    return starts, ends


def _item_starts(body: str) -> list[int]:
    """Where the items of lists begin, the start of the text left out."""
    bullets = [] if body.isascii() else [match.start() for match in _BULLET.finditer(body)]
    return bullets or [start for start in _numbered_starts(body) if start]


def _numbered_starts(body: str) -> Iterator[int]:
    """Starts of items whose numbers (or letters) follow each other from the first: 1) 2) 3), a. b. c."""
    held: int | None = None
    expected = ""
    items = _ITEM_NUMBER_OR_LETTER if body[:2] in _FIRST_LETTERS else _ITEM_NUMBER
    for match in items.finditer(body):
        number = match[0].rstrip(".)")
        if number == expected:
            if held is not None:
                yield held
            yield match.start()
            held, expected = None, _following(number)
        elif number == "1" or (number == "a" and not match.start()):
            held, expected = match.start(), _following(number)


def _following(number: str) -> str:
    return str(int(number) + 1) if number.isdecimal() else chr(ord(number) + 1)
