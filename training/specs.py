"""data/data_specs.md: what each layer holds, field by field, from the schemas that check it."""

from typing import Final

from pandera.pandas import Column, DataFrameSchema

from training.layer_schemas import BRONZE, GOLD, HUMAN, LABELLED, QUARANTINE, SILVER

_DTYPES: Final = {"string[pyarrow]": "string", "object": "bytes", "float64": "float"}

_SPECS: Final = """\
# Data

Written by `stream-train specs --write data/data_specs.md` from the schemas that check each layer
(`training/layer_schemas.py`).

```
a source ──ingest──► data/bronze/NAME ──clean──► data/silver/NAME ──dataset──► data/gold/NAME ──► train
```

Each layer is Parquet, is checked row by row as it is written, and takes its place only when it is whole. A
layer is made anew when what it is made of has changed, or the code that makes it; else it is used as it is.

## What is tracked

Only one file; the layers made from it, and all others, are left out of the repository.

| file | rows | what | licence |
|---|---|---|---|
| bronze/womens_clothing_sample.jsonl.gz | 2,000 | reviews of a women's clothing shop, a fixed draw from \
the set `womens_clothing` | the repository it came from is MIT; the set is commonly cited as CC0 |

The demo feeds this file, `make train` without DATA trains on it, and the champion's golden set is drawn
from it.

## What can be ingested

`stream-train ingest SOURCE` takes a file, a folder or a pattern, here or at an address of fsspec
(`s3://…`); a table or a query of a database that SQLAlchemy reaches; or a Kafka topic
(`kafka://host:port/topic`). Files are JSON lines, CSV or Parquet, as they are or compressed (.gz, .bz2,
.xz, .zst). `stream-train train --data FOLDER` does all steps for a folder at once.

`text` and `rating` are required; `--field-map text=body,rating=stars` names them as the source does.
Without `id` or `review_id` a row is named after its file and number, without `source` after its file, and
without `domain` it is a group of its own. Files named `sentences_…` hold human-labelled sentences (`text`,
`label`, `source`): one half is trained on and tunes the preset `human`, the other only measures. Files named
`sbd_…` are about sentence boundaries and are left out. A file of reviews whose name ends in `_dev` is
measured on, never trained on.

## Bronze: `data/bronze/NAME/SOURCE.parquet`

{bronze}

## Silver: `data/silver/NAME/`

HTML tags and entities and control characters are removed; e-mail addresses, links and phone numbers become
`[email]`, `[url]` and `[phone]`. Ratings are read from 4, "4", "4.0", "4,5", "4/5", "4 out of 5" and "4
stars"; a word is none. Duplicates, reviews that are not English and titles that only repeat the text are
marked and counted. In doubt a review is English, since short ones look like any language.

### reviews.parquet

{silver}

### labelled.parquet

{labelled}

### quarantine.parquet

{quarantine}

## Gold: `data/gold/NAME/`

A review is split as the stream splits it; the title is a sentence of its own unless the text starts with
it. Each sentence inherits the class of its review. The thirds of `target` are the classes: 1-2 stars
negative, 2.5-3.5 neutral, 4-5 positive; a value on a cut is neutral.

Sides are decided by hashes (`training/split.py`), so a review never changes sides. About 12 % of the
domains are held out as wholes; half of their reviews tune the decisions (`tune`), half measure (`test`).
Dev reviews of the other domains are `familiar`: measured on, never trained on.

Left out are reviews that are not English; reviews to train on whose text is held out as well; and, among
those to train on and among the others, all but the first of a text of eight words or more.

### sentences.parquet

Row groups of at most 65,536 rows, sorted by side, then review; each group is of one side.

{gold}

### human.parquet

{human}

## What the champion was trained on

Texts of these sets are not part of the project; a model trained on them may be shipped and names them in
its [card](../models/champion/MODEL_CARD.md), with the licences as found: `trustpilot_petins`,
`womens_clothing`, `restaurants_hyd`, `amazon_books`, `amazon_dvd`, `amazon_electronics`, `amazon_kitchen`
(Blitzer, Dredze and Pereira, ACL 2007). Human-labelled sentences that tuned the preset `human`: SemEval
laptops 2014 and 2016, course evaluations, UCI Amazon cells and IMDB; VADER's film snippets only measured.
"""


def render() -> str:
    """The document as Markdown."""
    return _SPECS.format(
        **{schema.name: _section(schema) for schema in (BRONZE, SILVER, LABELLED, QUARANTINE, GOLD, HUMAN)}
    )


def _section(schema: DataFrameSchema) -> str:
    rows = (_row(name, column) for name, column in schema.columns.items())
    return "\n".join(
        [str(schema.description), "", "| field | type | | checked |", "|---|---|---|---|", *rows]
    )


def _row(name: str, column: Column) -> str:
    dtype = str(column.dtype)
    checks = ", ".join(str(check.name) for check in column.checks)
    kind = _DTYPES.get(dtype, dtype) + (" or null" if column.nullable else "")
    return f"| {name} | {kind} | {column.description} | {checks} |"
