"""What went wrong in a command, as a message for a person and an exit code for a script."""

from stream_app.commands.worker_process import WorkerFailed
from stream_app.core.errors import ModelError
from stream_app.dead_letter_reader import LetterNotFoundError
from stream_app.dead_letters import NotADeadLetterError
from stream_app.exit_codes import ExitCode
from stream_app.kafka.broker_errors import BrokerUnavailable
from stream_app.kafka.connection import BrokerUnavailableError, KafkaRequestError
from stream_app.kafka.topic_writer import DeliveryError
from stream_app.review_files import ReviewFileError
from stream_app.settings import SettingsError

_CODES: dict[type[Exception], ExitCode] = {
    SettingsError: ExitCode.CONFIGURATION,
    ModelError: ExitCode.CONFIGURATION,
    BrokerUnavailableError: ExitCode.BROKER_UNAVAILABLE,
    BrokerUnavailable: ExitCode.BROKER_UNAVAILABLE,
    DeliveryError: ExitCode.KAFKA_FAILED,
    KafkaRequestError: ExitCode.CONFIGURATION,
    WorkerFailed: ExitCode.INTERNAL_ERROR,
    ReviewFileError: ExitCode.USAGE,
    LetterNotFoundError: ExitCode.INPUT_WRONG,
    NotADeadLetterError: ExitCode.INPUT_WRONG,
    OSError: ExitCode.INPUT_WRONG,
}


def explain(error: Exception) -> tuple[str | None, ExitCode]:
    """The message and the exit code; no message for an error that nobody foresaw."""
    for kind, code in _CODES.items():
        if isinstance(error, kind):
            return str(error), code
    return None, ExitCode.INTERNAL_ERROR
