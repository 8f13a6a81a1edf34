"""The model and the rules that the settings name."""

from dataclasses import replace
from pathlib import Path

from stream_app.bundled import bundled
from stream_app.core.messages import RESULT_SCHEMA, ReviewDecoder
from stream_app.core.pipeline import Rules
from stream_app.core.wire_format import framing
from stream_app.schema_registry import SchemaRegistry
from stream_app.settings import Settings


def model_folder(settings: Settings) -> Path:
    """The folder of the model that the settings name, else that of the champion in the package."""
    return settings.model_path or bundled("champion")


def rules_of(settings: Settings) -> Rules:
    """The rules that the settings name."""
    return Rules(
        decoder=ReviewDecoder(settings.field_map, settings.max_text_chars),
        include_text=settings.include_text,
    )


def framed_rules_of(settings: Settings, registry: SchemaRegistry) -> Rules:
    """The rules that the settings name, for Confluent's wire format: the result's schema gets registered.

    Raises:
        SchemaRegistryError: the registry refuses.
        SchemaRegistryUnavailableError: it does not answer.
    """
    schema = (bundled("schemas") / f"{RESULT_SCHEMA}.schema.json").read_text()
    decoder = ReviewDecoder(settings.field_map, settings.max_text_chars, framed=True)
    schema_id = registry.register(settings.result_topic, schema)
    return replace(rules_of(settings), decoder=decoder, framing=framing(schema_id))
