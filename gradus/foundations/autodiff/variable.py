"""What the tape of `gradus.foundations.autodiff` is made of: arrays that remember the calls that made them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.autodiff.array_like import ArrayLike, value_of
from gradus.foundations.autodiff.call import applied, call
from gradus.foundations.autodiff.rules import assign, reshape, take
from gradus.text import Text

__all__ = ["Step", "Variable", "floating"]

_clock = itertools.count()  # numbers the steps, so that "latest first" is a sort


def floating(x: Any) -> Any:
    """The array in float64 or complex128."""
    array = np.asanyarray(x)
    return array if array.dtype.kind == "c" else np.asanyarray(array, dtype=float)


class Step:
    """One call: its value, and what it was computed from.

    Attributes:
        value: the array, float64 or complex128.
        function, inputs, options: the call; None and () for one that was given. Inputs are steps or constants.
        time: number of the call.
        live: whether what is, or was, differentiated takes part in it.
        open: whether it is an argument of a function that is being evaluated in order to be differentiated.
    """

    __slots__ = ("function", "inputs", "live", "open", "options", "time", "value")

    def __init__(self, value: Any, function: Any = None, inputs: Any = (), options: Any = None) -> None:
        self.value, self.function, self.inputs, self.options = value, function, inputs, options
        self.time, self.open = next(_clock), False
        self.live: bool = any(isinstance(a, Step) and a.live for a in inputs)
        if not self.live:
            self.function, self.inputs = None, ()


V = TypeVar("V", bound="Variable")


class Variable(ArrayLike):
    """An array that remembers how it was computed: a name for a step, and after `x[i] = y` for another one.

    As in NumPy a part of an array is a view: it changes with the array, and the array with it.
    """

    __slots__ = ("_step", "_view")

    _step: Step
    _view: Any

    def __init__(self, value: Any) -> None:
        array = np.asanyarray(value)
        if array.dtype.kind not in "fiub":
            got = f"{value!r}, a {type(value).__name__}" if array.dtype.kind == "O" else str(array.dtype)
            raise GradusError(
                Text(f"the tape differentiates real numbers, got {got}", f"梯度带只对实数求导，得到 {got}")
            )
        if isinstance(array, (np.matrix, np.ma.MaskedArray)):
            raise GradusError(
                Text(
                    f"the tape differentiates by plain arrays, got a {type(array).__name__}; "
                    "hand over np.asarray(x), and a mask beside it",
                    f"梯度带只对普通数组求导，得到 {type(array).__name__}；请传入 np.asarray(x)，掩码另行传入",
                )
            )
        self._step, self._view = Step(np.asanyarray(array, dtype=float)), None

    @classmethod
    def of(cls: type[V], step: Step) -> V:
        """The name of a step."""
        v = cls.__new__(cls)
        v._step, v._view = step, None
        return v

    @property
    def step(self) -> Step:
        """The call that it now stands for; a view follows its array."""
        if self._view is not None:
            base, function, options, then = self._view
            if base.step is not then:
                self._step = base.record(function, (base,), options)._step
                self._view = (base, function, options, base.step)
        return self._step

    @property
    def value(self) -> Any:
        """The array."""
        return self.step.value

    def record(self, function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Variable:
        """The result of a call that has a rule."""
        steps = [a.step if isinstance(a, Variable) else a for a in inputs]
        value = applied(function, [a.value if isinstance(a, Step) else a for a in steps], options)
        if not hasattr(value, "dtype") or value.dtype.kind not in "fc":
            value = np.asanyarray(value, dtype=float)
        y = self.result(Step(value, function, steps, options))
        if function in _VIEWS and np.may_share_memory(value, steps[0].value):
            y._view = (inputs[0], function, options, steps[0])
        return y

    def result(self, step: Step) -> Variable:
        """The name of a step that was computed from this one: where to note more about each step."""
        return Variable.of(step)

    def become(self, y: Any) -> Variable:
        """Takes the value of y in place, as `x += …` does; a single number, which NumPy never changes, gives a new one."""
        if self._view is None and not isinstance(self.value, np.ndarray):
            return y
        if np.shape(y) != self.shape:
            raise GradusError(
                Text(
                    f"a result of shape {np.shape(y)} does not fit into an array of {self.shape}",
                    f"形状为 {np.shape(y)} 的结果放不进形状为 {self.shape} 的数组",
                )
            )
        self._step = y.step if isinstance(y, Variable) else Step(floating(y))
        if self._view is not None:
            base, function, options, _ = self._view
            base.become(_VIEWS[function](base, self, **options))
            self._view = (base, function, options, base.step)
        return self

    def constant(self, value: Any) -> Any:
        """An array that may be written into; whole numbers and truth values stay as they are."""
        return Variable.of(Step(value)) if value.dtype.kind in "fc" else value

    def __setitem__(self, index: Any, value: Any) -> None:
        key = tuple(map(value_of, index)) if isinstance(index, tuple) else value_of(index)
        self.become(call(assign, self, value, index=key))

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        return super().__array__() if self.step.live else np.array(self.value, *args, **kwargs)

    def __float__(self) -> float:
        return super().__float__() if self.step.live else float(self.value)

    def __repr__(self) -> str:
        return f"Variable({self.value!r})"


_VIEWS: dict[Any, Callable[..., Any]] = {  # what an array becomes when its view v is written to
    take: lambda a, v, index: call(assign, a, v, index=index),
    reshape: lambda a, v, shape: np.reshape(v, np.shape(a)),
    np.transpose: lambda a, v, axes: np.transpose(v, axes and np.argsort([i % len(axes) for i in axes])),
}
