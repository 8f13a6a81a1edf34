"""Read the numbers of a fitted pipeline out of an artifact, without the library that fitted it.

An artifact is a pipeline of scikit-learn as `joblib.dump` writes it, so that people may open it as such.
Serving needs its numbers only: every estimator is read as an object with the same attributes and no
behaviour. That spares importing scikit-learn, the largest part of a worker's memory and start, and nothing in
an artifact can run code.
"""

import lzma
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from joblib.numpy_pickle import NumpyUnpickler

from stream_app.core.errors import ModelError

ARRAYS: Final = {
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy._core.multiarray", "scalar"),
}
ESTIMATORS: Final = ("sklearn.", "stream_app.core.")


class Fitted:
    """The attributes of a fitted pipeline or of one of its steps."""

    steps: Sequence[tuple[str, Any]]


class ArtifactReader(NumpyUnpickler):  # type: ignore[misc] # joblib ships no types
    """joblib's unpickler, for arrays and fitted estimators."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - pickle's signature
        """The class under a name: an array's own, and Fitted for an estimator's.

        Raises:
            ModelError: it is neither.
        """
        if (module, name) in ARRAYS:
            return super().find_class(module, name)
        if module.startswith(ESTIMATORS):
            return Fitted
        raise ModelError(f"it holds {module}.{name}, expected arrays and estimators of scikit-learn only")


def read_artifact(content: bytes, path: Path) -> Fitted:
    """The attributes of the fitted pipeline in an artifact written by `joblib.dump` with `compress="xz"`.

    Args:
        content: the bytes.
        path: where they came from, for messages.

    Raises:
        ModelError: not such a file, or it holds something else.
    """
    try:
        reader = ArtifactReader("", BytesIO(lzma.decompress(content)), ensure_native_byte_order=True)
        found: Fitted = reader.load()
    except Exception as error:  # a broken pickle raises whatever its instructions lead to
        raise ModelError(f"{path}: cannot be opened: {error}; promote the model again") from error
    return found
