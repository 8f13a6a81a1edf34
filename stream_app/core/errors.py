"""What can be wrong, as one tree.

ClassificationError
├── RecordError               the record is at fault: it becomes a dead letter with `reason`
│   ├── NotUtf8Error          not_utf8
│   ├── NotJsonError          not_json
│   ├── SchemaError           schema
│   ├── BlankTextError        blank_text
│   ├── TooLargeError         too_large
│   ├── TombstoneError        tombstone
│   ├── ResultTooLargeError   result_too_large
│   └── ScoringFailedError    scoring_failed
└── ModelError                the model is at fault: it is refused
    ├── ManifestError         the manifest does not say what it must
    └── NonFiniteScoreError   the model gave NaN or infinity

What names a reason ends as a dead letter; the worker goes on. A model that is at fault ends the worker.
"""

from typing import ClassVar, Literal, get_args

Reason = Literal[
    "not_utf8",
    "not_json",
    "schema",
    "blank_text",
    "too_large",
    "tombstone",
    "result_too_large",
    "scoring_failed",
]
REASONS: tuple[Reason, ...] = get_args(Reason)


class ClassificationError(Exception):
    """Root of everything this package raises about records and models."""


class RecordError(ClassificationError):
    """A record that cannot be classified. The message names the field and what was expected."""

    reason: ClassVar[Reason]


class NotUtf8Error(RecordError):
    """The value holds bytes that are not UTF-8."""

    reason = "not_utf8"


class NotJsonError(RecordError):
    """The value is not JSON."""

    reason = "not_json"


class SchemaError(RecordError):
    """The value is JSON, but a field is missing, of the wrong type or out of range."""

    reason = "schema"


class BlankTextError(RecordError):
    """The text holds nothing but white space."""

    reason = "blank_text"


class TooLargeError(RecordError):
    """A field is longer than its limit."""

    reason = "too_large"


class TombstoneError(RecordError):
    """The record has a null value."""

    reason = "tombstone"


class ResultTooLargeError(RecordError):
    """The result would not fit its topic."""

    reason = "result_too_large"


class ScoringFailedError(RecordError):
    """Scoring this one record fails, alone, while the model works on others."""

    reason = "scoring_failed"


class ModelError(ClassificationError):
    """A model that must not be used. The message says what is wrong with it."""


class ManifestError(ModelError):
    """A manifest that does not describe a model. The message names the field."""


class NonFiniteScoreError(ModelError):
    """The model gave a score that is not a finite number."""
