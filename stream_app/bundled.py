"""Files that come with the package: in a wheel beside the code, in a checkout in their own folders."""

from importlib import resources
from pathlib import Path
from typing import Final

_IN_CHECKOUT: Final = {
    "champion": "models/champion",
    "schemas": "schemas",
    "womens_clothing_sample.jsonl.gz": "data/bronze/womens_clothing_sample.jsonl.gz",
}


def bundled(name: str) -> Path:
    """The path of the champion's folder, the schemas' folder or the sample of reviews."""
    package = Path(str(resources.files("stream_app")))
    in_wheel = package / "bundled" / name
    return in_wheel if in_wheel.exists() else package.parent / _IN_CHECKOUT[name]
