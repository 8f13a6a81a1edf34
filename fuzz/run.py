"""One target under atheris, as a process of its own: libFuzzer ends the process when it is done."""

import os
import shlex
import sys
from typing import Final

import atheris

# numba cannot compile what atheris has instrumented.
_COMPILED: Final = tuple(
    f"stream_app.core.{name}"
    for name in ("compilation", "linear_layer", "result_json", "sentence_scan", "terms", "verdicts")
)


def main() -> None:
    """`python -m fuzz.run TARGET LIBFUZZER-OPTION…`."""
    interpreted = os.environ.get("NUMBA_DISABLE_JIT") == "1"
    excluded = [] if interpreted else list(_COMPILED)
    with atheris.instrument_imports(include=["stream_app.core"], exclude=excluded):
        from fuzz.targets import TARGETS, champion  # noqa: PLC0415 - imports are what is instrumented
    champion()
    target = sys.argv[1]
    itself = f"{shlex.quote(sys.executable)} -m fuzz.run {target}"  # a merge runs it anew, by a shell
    atheris.Setup([itself, *sys.argv[2:]], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
