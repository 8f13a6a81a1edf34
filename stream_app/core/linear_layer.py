"""One linear layer over hashed terms, as compiled loops: the probabilities of each sentence of a batch.

The weights of a term are a row of a table of megabytes, and where that row lies is up to the hash. A loop
that waits for each row spends four fifths of its time waiting. So each step asks for a row that is needed
`_AHEAD` terms later, and finds its own in the cache.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload, register_jitable
from numpy.typing import NDArray

from stream_app.core.compilation import compiled
from stream_app.core.terms import Buckets, Ends

_AHEAD: Final = 64  # terms, a sentence or two; from 32 to 512 it makes little difference

_FIRST, _SECOND, _THIRD = np.uint32(0), np.uint32(1), np.uint32(2)
_READ, _KEEP, _DATA = 0, 3, 1  # https://llvm.org/docs/LangRef.html#llvm-prefetch-intrinsic

_Weights = types.Array(types.float32, 2, "C", readonly=True)
_Biases = types.Array(types.float64, 1, "C", readonly=True)
_Rows = types.float64[:, ::1]


def _fetch(address: np.uint64) -> None:
    """Ask for the cache line of an address, any address, and do not wait for it. Interpreted: do nothing."""


def _prefetch_instruction(_typing: Any, _address: Any) -> Any:  # noqa: ANN401 - numba's and llvmlite's types
    def generate(_target: Any, builder: Any, _signature: Any, arguments: Any) -> Any:  # noqa: ANN401
        pointer, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        signature = ir.FunctionType(ir.VoidType(), [pointer, number, number, number])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [pointer], signature)
        hints = (ir.Constant(number, hint) for hint in (_READ, _KEEP, _DATA))
        return builder.call(prefetch, [builder.inttoptr(arguments[0], pointer), *hints])

    return types.void(types.uintp), generate


_prefetch: Any = intrinsic(_prefetch_instruction)


@overload(_fetch, inline="always")
def _compiled_fetch(address: Any) -> Callable[[Any], None]:  # noqa: ANN401, ARG001 - numba goes by the name
    def fetch(address: Any) -> None:  # noqa: ANN401
        _prefetch(address)

    return fetch


@register_jitable
def _count_terms(ends: NDArray[np.int64]) -> int:
    return ends[-1] if len(ends) else 0


@register_jitable
def _fetch_ahead(buckets: NDArray[np.int32], weights: NDArray[np.float32], term: int, terms: int) -> None:
    """Ask for the weights of the term that comes `_AHEAD` of this one, or of the last."""
    bucket = np.uint32(buckets[np.uint32(min(term + _AHEAD, terms - 1))])
    _fetch(weights.ctypes.data + bucket * np.uint64(weights.strides[0]))


def _softmax_rows(
    buckets: NDArray[np.int32],
    ends: NDArray[np.int64],
    weights: NDArray[np.float32],
    biases: NDArray[np.float64],
    rows: NDArray[np.float64],
) -> None:
    """Fill `rows` with the three probabilities of each sentence."""
    start, terms = 0, _count_terms(ends)
    for sentence in range(len(ends)):
        end = ends[sentence]
        negative, neutral, positive = 0.0, 0.0, 0.0
        for term in range(start, end):
            _fetch_ahead(buckets, weights, term, terms)
            bucket = np.uint32(buckets[term])  # at a signed place the loop would check whether it is negative
            negative += weights[bucket, _FIRST]
            neutral += weights[bucket, _SECOND]
            positive += weights[bucket, _THIRD]
        root = np.sqrt(max(end - start, 1))
        negative = negative / root + biases[0]
        neutral = neutral / root + biases[1]
        positive = positive / root + biases[2]
        top = max(negative, neutral, positive)
        negative, neutral, positive = np.exp(negative - top), np.exp(neutral - top), np.exp(positive - top)
        total = negative + neutral + positive
        rows[sentence, 0] = negative / total
        rows[sentence, 1] = neutral / total
        rows[sentence, 2] = positive / total
        start = end


def _sigmoid_rows(
    buckets: NDArray[np.int32],
    ends: NDArray[np.int64],
    weights: NDArray[np.float32],
    biases: NDArray[np.float64],
    rows: NDArray[np.float64],
) -> None:
    """Fill `rows` with the one score of each sentence."""
    start, terms = 0, _count_terms(ends)
    for sentence in range(len(ends)):
        end = ends[sentence]
        total = 0.0
        for term in range(start, end):
            _fetch_ahead(buckets, weights, term, terms)
            total += weights[np.uint32(buckets[term]), _FIRST]
        root = np.sqrt(max(end - start, 1))
        rows[sentence, 0] = 1 / (1 + np.exp(-(total / root + biases[0])))
        start = end


@cache
def compiled_rows(outputs: int) -> Callable[..., None]:
    """The loop for three outputs (softmax) or one (sigmoid).

    It takes `buckets` and `ends` of `Terms`; weights, float32 of shape (buckets, outputs and padding),
    C-contiguous; biases, float64 of shape (outputs,); and fills float64 of shape (sentences, outputs).
    """
    loop = _softmax_rows if outputs > 1 else _sigmoid_rows
    return compiled(loop, Buckets, Ends, _Weights, _Biases, _Rows)
