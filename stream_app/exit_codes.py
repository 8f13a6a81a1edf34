"""What the exit code of a command says, in sysexits' numbers where there is one."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The contract with scripts and supervisors."""

    DONE = 0
    INPUT_WRONG = 1  # it ran, but something in the input was wrong, or `demo` lost something
    USAGE = 2
    LIMIT_CROSSED = 3
    BROKER_UNAVAILABLE = 69
    INTERNAL_ERROR = 70
    KAFKA_FAILED = 75  # after the start: try again
    CONFIGURATION = 78
