"""What went wrong in a command, as an exit code for a script."""

from typing import Final

from stream_app.core.errors import ModelError
from stream_app.kafka.connection import BrokerUnavailableError, KafkaRequestError
from stream_app.settings import SettingsError
from training.errors import DatasetError
from training.registry import NoComparisonError, RefusedError
from training.result_window import WindowError
from training.retrain import AlreadyRefusedError
from training.run_lock import LockHeldError
from training.tracking import TrackingError

# The contract with scripts, as the README states it.
INPUT_WRONG, USAGE, LIMIT_CROSSED, BROKER_UNAVAILABLE, TRY_AGAIN, CONFIGURATION = 1, 2, 3, 69, 75, 78

CODES: Final[dict[type[Exception], int]] = {
    DatasetError: INPUT_WRONG,
    WindowError: INPUT_WRONG,
    TrackingError: INPUT_WRONG,
    OSError: INPUT_WRONG,
    NoComparisonError: USAGE,
    RefusedError: LIMIT_CROSSED,
    AlreadyRefusedError: LIMIT_CROSSED,
    BrokerUnavailableError: BROKER_UNAVAILABLE,
    LockHeldError: TRY_AGAIN,
    KafkaRequestError: CONFIGURATION,
    ModelError: CONFIGURATION,
    SettingsError: CONFIGURATION,
}


def exit_code(error: Exception) -> int:
    """The code of the first kind in CODES that the error is of."""
    return next(code for kind, code in CODES.items() if isinstance(error, kind))
