"""Arithmetic operations of one NumPy computation: counted, not timed, so that every machine says the same."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Counted"]


class Counted(np.ndarray):
    """An array that counts the scalar operations done on it and on what is computed from it.

    An entrywise function counts one operation per entry of its result, a sum one per entry of its input, a matrix
    product two per multiply and add. Moving entries about (reshape, transpose, index) counts nothing.

        x = Counted.of(np.ones(3)); f(x); x.operations[0]
    """

    operations: list[int]

    @classmethod
    def of(cls, array: Any) -> Counted:
        """A copy of the array, its counter at 0."""
        own = np.array(array, float).view(cls)
        own.operations = [0]
        return own

    def __array_finalize__(self, source: Any) -> None:
        self.operations = getattr(source, "operations", [0])

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        plain = [np.asarray(a) if isinstance(a, Counted) else a for a in inputs]
        if out is not None:
            options["out"] = tuple(np.asarray(o) if isinstance(o, Counted) else o for o in out)
        result = getattr(ufunc, method)(*plain, **options)
        self.operations[0] += _work(ufunc, method, plain, result)
        if result is None or np.asarray(result).dtype.kind != "f":
            return result
        counted = np.asarray(result).view(Counted)
        counted.operations = self.operations
        return counted


def _work(ufunc: Any, method: str, inputs: list[Any], result: Any) -> int:
    if method == "at":
        return int(np.size(inputs[-1]))
    if method == "reduce":
        return int(np.size(inputs[0]))
    if ufunc is np.matmul:
        return 2 * int(np.size(result)) * int(np.shape(inputs[0])[-1])
    return int(np.size(result))
