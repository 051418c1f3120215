"""Which arrays a sweep may add to in place, and which it must copy: bookkeeping beside the mathematics of `sweep`.

A rule may hand on a view of the adjoint that it was given, or one and the same array to several inputs. So the first
share of a step is never written to. A sum of two shares is a new array that nothing else refers to, and so are the
zeros into which a part that was taken was put back: these are added to in place.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.foundations.autodiff.rules import taken_once
from gradus.foundations.autodiff.variable import Step, Variable

__all__ = ["Adjoints", "owned"]


class Adjoints:
    """For each step the sum of the shares that have come in so far.

    Args:
        in_place: whether sums may be added to in place; not where the sweep is itself differentiated.
    """

    __slots__ = ("_in_place", "_own", "_sums")

    def __init__(self, in_place: bool) -> None:
        self._in_place = in_place
        self._sums: dict[int, Any] = {}
        self._own: set[int] = set()  # the steps whose sum is an array that nothing else refers to

    def add(self, step: Step, share: Any, fresh: bool = False) -> None:
        """One more share of a step's adjoint; `fresh` says that nothing else refers to its array."""
        time = step.time
        total = self._sums.get(time)
        if total is None:
            self._sums[time] = share
        elif time in self._own and total.dtype == share.dtype:
            total += share
            return
        else:
            share = self._sums[time] = total + share
            fresh = True
        if fresh and self._in_place and isinstance(share, np.ndarray):
            self._own.add(time)

    def put_back(self, part: Step, share: Any) -> bool:
        """Adds the adjoint of a part `a[index]` right into that of a, and says whether that could be done.

        It saves an array of zeros for each part.
        """
        whole, index = part.inputs[0].time, part.options["index"]
        if whole not in self._own or not taken_once(index) or self._sums[whole].dtype != share.dtype:
            return False
        self._sums[whole][index] += share
        return True

    def pop(self, step: Step) -> Any:
        """The adjoint of a step, which is then forgotten; None if no share has come in."""
        return self._sums.pop(step.time, None)

    def get(self, step: Step) -> Any:
        """The adjoint of a step; None if no share has come in."""
        return self._sums.get(step.time)


def owned(adjoint: Any, shape: tuple[int, ...], handed_out: set[int]) -> Any:
    """An array of the caller's own, with zeros for None.

    Args:
        adjoint: an array, None, or a Variable, which is returned as it is: nobody writes into it.
        shape: of the zeros.
        handed_out: identities of the arrays that the caller has already; this one is added.
    """
    if adjoint is None:
        return np.zeros(shape)
    if isinstance(adjoint, Variable):
        return adjoint
    if isinstance(adjoint, np.ndarray) and (not adjoint.flags.owndata or id(adjoint) in handed_out):
        adjoint = np.array(adjoint, subok=True)
    handed_out.add(id(adjoint))
    return adjoint if np.ndim(adjoint) else adjoint[()]
