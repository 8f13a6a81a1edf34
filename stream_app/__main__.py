"""Entry point of `stream-app`: runs a command and turns what went wrong into a message and an exit code."""

import logging
import sys

from stream_app.exit_codes import ExitCode


def main() -> None:
    """Run the command line."""
    from stream_app.cli import app  # noqa: PLC0415 - nothing is read or built before a command is run
    from stream_app.commands.failures import explain  # noqa: PLC0415

    logging.getLogger("confluent_kafka").addHandler(
        logging.NullHandler()
    )  # a command says itself what failed
    try:
        app(prog_name="stream-app")
    except KeyboardInterrupt:
        sys.exit(128 + 2)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has gone, there is nobody to tell
        sys.exit(ExitCode.DONE)
    except Exception as error:
        message, code = explain(error)
        if message is None:
            raise
        sys.stderr.write(f"stream-app: {message}\n")
        sys.exit(code)


if __name__ == "__main__":
    main()
