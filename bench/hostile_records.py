"""Records that do harm elsewhere and good ones, drawn from a seed, each with the ending it must have."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Literal, NamedTuple

Ending = Literal["result", "dead_letter"]
Draw = random.Random
Write = Callable[[Draw], bytes | None]

_WORDS = (
    "the",
    "zip",
    "broke",
    "soft",
    "warm",
    "never",
    "not",
    "good",
    "bad",
    "it",
    "fits",
    "I",
    "love",
    "size",
)
_ENDS = (".", "!", "?", "...", " :)", "!!", "")
_FAMILY, _HEART, _THUMB = "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u2764\ufe0f", "\U0001f44d\U0001f3fb"
_RIGHT_TO_LEFT = (
    "\u05d0\u05d4\u05d1\u05ea\u05d9.",
    "\u0631\u0627\u0626\u0639!",
    "\u202eevol\u202c",
    "\u2067x\u2069",
)
_ZALGO = "\u0301\u0323\u0489\u20dd"
_BLANKS = (" ", "\t", "\n", "\u00a0", "\u3000", "\u2028")
_LIMIT_CHARS = 20_000
_TITLE_LIMIT_CHARS = 1_000
_DEPTH = 20
_TOO_DEEP = 20_000


class Kind(NamedTuple):
    """A way to be hostile.

    Attributes:
        write: a record's value.
        ending: what every record of the kind must become.
        weight: how often it is drawn, beside the others; large ones are rare.
    """

    write: Write
    ending: Ending
    weight: int


class HostileRecord(NamedTuple):
    """A record to be produced. The key is its number."""

    kind: str
    ending: Ending
    key: bytes
    value: bytes | None


def hostile_records(count: int, seed: int) -> Iterator[HostileRecord]:
    """The same records for the same seed."""
    draw = random.Random(seed)
    kinds = draw.choices(list(KINDS), [kind.weight for kind in KINDS.values()], k=count)
    for number, name in enumerate(kinds):
        kind = KINDS[name]
        yield HostileRecord(name, kind.ending, b"%d" % number, kind.write(draw))


def _review(text: object, **fields: object) -> bytes:
    return json.dumps({"text": text, **fields}, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _with(member: str) -> bytes:
    """A good review with one member more, as JSON text."""
    return b'{"text": "It works. I like it.", %s}' % member.encode()


def _good(draw: Draw) -> bytes:
    sentences = (
        " ".join(draw.choices(_WORDS, k=draw.randint(1, 12))) + draw.choice(_ENDS)
        for _ in range(draw.randint(1, 8))
    )
    return _review(
        " ".join(sentences),
        title=draw.choice([None, "", "Fine"]),
        rating=draw.randint(1, 5),
        review_id=draw.randint(0, 9**9),
    )


def _broken_utf8(draw: Draw) -> bytes:
    value = bytearray(_good(draw))
    value[draw.randrange(len(value))] = draw.choice((0x80, 0xC0, 0xE2, 0xED, 0xF8, 0xFF))
    return bytes(value)


def _truncated(draw: Draw) -> bytes:
    value = _good(draw)
    return value[: draw.randrange(1, len(value))]


def _nested(depth: int) -> bytes:
    return _with(f'"other": {"[" * depth}{"]" * depth}')


def _raw_control_character(draw: Draw) -> bytes:
    return b'{"text": "It works%c"}' % draw.randrange(0x20)


def _of(draw: Draw, pieces: tuple[str, ...], most: int) -> bytes:
    """A text of pieces strung together."""
    return _review("".join(draw.choices(pieces, k=draw.randint(1, most))))


def _repeated(draw: Draw, *units: str) -> bytes:
    """A text of one unit, over and over, up to the limit."""
    unit = draw.choice(units)
    return _review(unit * (_LIMIT_CHARS // draw.choice((1, 10, 100)) // len(unit)))


_NUMBERS = ("9" * 400, "-1e400", "1e-400", "0.1e+9999", "123456789012345678901234567890")
_OTHER_JSON = (b"null", b"true", b"17", b'"text"', b"[]", b'["text"]', b"{}", b'{"Text": "Fine."}')

KINDS: Final[Mapping[str, Kind]] = {
    "good": Kind(_good, "result", 300),
    "random bytes": Kind(lambda draw: draw.randbytes(draw.randint(1, 300)), "dead_letter", 80),
    "broken UTF-8": Kind(_broken_utf8, "dead_letter", 60),
    "byte order mark": Kind(lambda draw: b"\xef\xbb\xbf" + _good(draw), "dead_letter", 10),
    "truncated": Kind(_truncated, "dead_letter", 80),
    "two in one": Kind(lambda draw: _good(draw) + _good(draw), "dead_letter", 10),
    "empty": Kind(lambda _: b"", "dead_letter", 20),
    "null value": Kind(lambda _: None, "dead_letter", 30),
    "nested": Kind(lambda _: _nested(_DEPTH), "result", 20),
    "nested deeply": Kind(lambda _: _nested(_TOO_DEEP), "dead_letter", 1),
    "huge number": Kind(lambda draw: _with(f'"other": {draw.choice(_NUMBERS)}'), "result", 20),
    "huge rating": Kind(lambda draw: _with(f'"rating": {draw.choice(_NUMBERS)}'), "dead_letter", 20),
    "not a number": Kind(
        lambda draw: _with(f'"rating": {draw.choice(("NaN", "Infinity", "-Infinity"))}'), "dead_letter", 20
    ),
    "rating out of range": Kind(
        lambda draw: _with(f'"rating": {draw.choice((0, 6, -1))}'), "dead_letter", 20
    ),
    "text of a wrong type": Kind(
        lambda draw: _review(draw.choice((1, 1.5, True, None, [], {}, ["Fine."]))), "dead_letter", 40
    ),
    "other JSON": Kind(lambda draw: draw.choice(_OTHER_JSON), "dead_letter", 40),
    "key twice": Kind(lambda _: _with('"text": "The last one counts."'), "result", 20),
    "lone surrogate": Kind(lambda _: _with(r'"other": "\ud800"'), "dead_letter", 20),
    "raw surrogate": Kind(lambda _: _review("\udfff"), "dead_letter", 10),
    "null character": Kind(lambda draw: _of(draw, ("\0", "a", ". "), 20) + b" ", "result", 20),
    "raw control character": Kind(_raw_control_character, "dead_letter", 20),
    "control characters": Kind(lambda _: _review("x" + "".join(map(chr, range(32)))), "result", 20),
    "one-letter sentences": Kind(lambda draw: _of(draw, ("a. ", "B. ", "c! ", "D? "), 600), "result", 20),
    "emoji": Kind(lambda draw: _of(draw, (_FAMILY, _HEART, _THUMB, " Good", "!"), 60), "result", 30),
    "right to left": Kind(lambda draw: _of(draw, _RIGHT_TO_LEFT, 40), "result", 20),
    "combining marks": Kind(lambda draw: _of(draw, (*_ZALGO, "e", ". "), 200) + b"\n", "result", 20),
    "repetition": Kind(
        lambda draw: _repeated(draw, "!", "a.", "...", '"', "\u2026", "\U0001f600"), "result", 3
    ),
    "blank": Kind(lambda draw: _of(draw, _BLANKS, 20), "dead_letter", 20),
    "too long": Kind(lambda draw: _review("x" * (_LIMIT_CHARS + draw.randint(1, 9))), "dead_letter", 1),
    "title too long": Kind(
        lambda _: _review("Fine.", title="x" * (_TITLE_LIMIT_CHARS + 1)), "dead_letter", 5
    ),
}
