"""The model and the rules that the settings name."""

from pathlib import Path

from stream_app.bundled import bundled
from stream_app.core.messages import ReviewDecoder
from stream_app.core.pipeline import Rules
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
