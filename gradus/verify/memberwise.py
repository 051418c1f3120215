"""A function of one member at a time, called once for each member of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from gradus.frameworks import Adapted
from gradus.frameworks.adapted import is_several
from gradus.frameworks.structure import flatten
from gradus.page import Concept, Symbol
from gradus.page.not_applicable import NotApplicable
from gradus.text import Text


class Memberwise(Adapted):
    """An implementation whose batches are taken apart before the call, and whose results are stacked again.

    Attributes:
        numbers: whether it is called once for each number, not for each member of the batch.
        remark: what the user is told of it.
    """

    numbers = False
    remark = Text(
        "it takes one member of a batch at a time: called once for each",
        "它每次只接受批量中的一个成员：逐个调用",
    )

    def _called(self, arguments: Mapping[str, Any]) -> Any:
        lead = leading_shape(self.concept, arguments, self.numbers)
        if not lead:
            return super()._called(arguments)
        if 0 in lead:
            raise NotApplicable(
                Text("it takes one member at a time, so no empty batch", "它逐个处理成员，没有空批量")
            )
        results = [
            super(Memberwise, self)._called(_member(self.concept, arguments, lead, i, self.numbers))
            for i in np.ndindex(lead)
        ]
        if not is_several(results[0]):
            return self._stacked(results, lead)
        return tuple(self._stacked(list(column), lead) for column in zip(*map(flatten, results), strict=True))

    def _stacked(self, results: list[Any], lead: tuple[int, ...]) -> Any:
        if self.framework.is_array(results[0]) and self.framework.namespace() is not np:
            stacked = self.framework.namespace().stack(results)
        else:
            stacked = np.stack([np.asarray(result) for result in results])
        return stacked.reshape((*lead, *stacked.shape[1:]))


class Numberwise(Memberwise):
    """An implementation of one number."""

    numbers = True
    remark = Text("it takes one number at a time: called once for each", "它每次只接受一个数：逐个调用")


def leading_shape(concept: Concept, arguments: Mapping[str, Any], numbers: bool = False) -> tuple[int, ...]:
    """The shape of the batch: what the arguments have before the dimensions that the symbol table names.

    With `numbers` all of it counts as a batch.
    """
    leads = []
    for symbol in concept.symbols:
        value = arguments.get(symbol.argument)
        if symbol.batched and value is not None and not isinstance(value, (str, bool)):
            shape = _shape(value)
            leads.append(shape[: _leading(shape, symbol, numbers)])
    return np.broadcast_shapes(*leads) if leads else ()


def _leading(shape: tuple[int, ...], symbol: Symbol, numbers: bool) -> int:
    return len(shape) if numbers else max(0, len(shape) - len(symbol.dimensions))


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(getattr(value, "shape", None) or np.shape(value))


def _member(
    concept: Concept,
    arguments: Mapping[str, Any],
    lead: tuple[int, ...],
    index: tuple[int, ...],
    numbers: bool,
) -> dict[str, Any]:
    """The arguments of one member of the batch."""
    member = dict(arguments)
    for symbol in concept.symbols:
        value = arguments.get(symbol.argument)
        if not symbol.batched or value is None or isinstance(value, (str, bool)):
            continue
        shape = _shape(value)
        own = shape[: _leading(shape, symbol, numbers)]
        # an axis of length 1 is shared by all members, as in broadcasting
        place = tuple(0 if n == 1 else i for n, i in zip(own, index[len(lead) - len(own) :], strict=True))
        if isinstance(value, list):
            for i in place:
                value = value[i]
            member[symbol.argument] = value
        elif own:
            member[symbol.argument] = value[place]
    return member
