"""Which fields a row must have, and what users call them (`--field-map text=body,rating=stars`)."""

from collections.abc import Collection, Mapping
from typing import Final

from training.errors import DatasetError

REVIEW_FIELDS: Final = ("text", "rating", "title", "id", "source", "domain")
OF_REVIEWS: Final = ("text", "rating")
OF_SENTENCES: Final = ("text", "label")
_MAPPABLE: Final = (*REVIEW_FIELDS, "label")
_SHOWN: Final = 12


def parse_field_map(value: str) -> dict[str, str]:
    """`text=body,rating=stars` as a mapping of our names to theirs.

    Raises:
        ValueError: it is not of this form, or a name is none of ours.
    """
    pairs = [pair.partition("=") for pair in value.split(",") if pair.strip()]
    names = {ours.strip(): theirs.strip() for ours, _, theirs in pairs}
    for ours, theirs in names.items():
        if ours not in _MAPPABLE or not theirs:
            raise ValueError(
                f"expected OURS=THEIRS,… with OURS one of {', '.join(_MAPPABLE)}, got {ours}={theirs}"
            )
    return names


def check_fields(
    address: str, found: Collection[str], required: Collection[str], names: Mapping[str, str]
) -> None:
    """See to it that the rows have what they must.

    Raises:
        DatasetError: names the fields that are missing, those found and those expected.
    """
    missing = [names.get(field, field) for field in required if names.get(field, field) not in found]
    if missing:
        shown = ", ".join(sorted(found)[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
        expected = ", ".join(names.get(field, field) for field in required)
        raise DatasetError(
            f"{address}: no row has {' or '.join(map(repr, missing))}; found the fields {shown or 'none'}, "
            f"expected {expected}. Other names: --field-map {missing[0]}=THEIRS"
        )
