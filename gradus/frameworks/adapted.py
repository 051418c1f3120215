"""One way to call implementations in any framework: NumPy arrays in, NumPy arrays out.

A claim is written once, against NumPy float64. An `Adapted` implementation converts the arguments to its
framework, calls, and converts the result back; it can also run in a lower precision and, where the framework
differentiates, give a vector–Jacobian product.
"""

from __future__ import annotations

import contextlib
import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.frameworks.calls import Calls
from gradus.frameworks.registry import framework_named, framework_of
from gradus.frameworks.signatures import parameters_of, passed, unexpected
from gradus.frameworks.structure import flatten, map_arrays
from gradus.page import Arguments, Concept
from gradus.page.not_applicable import no_argument, not_offered
from gradus.text import Text

#: From the arguments of a call to the context in which it runs.
Watch = Callable[[Mapping[str, Any]], contextlib.AbstractContextManager[None]]
_NOTHING = contextlib.nullcontext()


def _unwatched(arguments: Mapping[str, Any]) -> contextlib.AbstractContextManager[None]:
    return _NOTHING


class Adapted:
    """An implementation that takes and returns NumPy arrays, whatever framework it is written in.

    Args:
        function: the implementation.
        concept: whose signature it is called with.
        framework: its name in `gradus.frameworks.registry`.
        call: bridge for an implementation whose own signature differs (see `Implementation`).
        dtype: precision in which it computes.
        watch: gives the context of each call from its arguments; nothing unless given.
        by_name: whether required arguments are passed by name, too.

    Attributes:
        calls: how its function is called; as it stands, unless it is `economical`.
        signature: the definition's.
        parameters: the implementation's own.

    Raises:
        GradusError: there is no such framework, or it is not installed.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        concept: Concept,
        framework: str,
        call: Callable[..., Any] | None = None,
        dtype: str = "float64",
        name: str = "",
        watch: Watch = _unwatched,
        by_name: bool = False,
    ) -> None:
        self.framework = framework_named(framework)
        self.framework.require()
        self.function, self.concept = function, concept
        self.bridge, self.dtype, self.watch, self.by_name = call, dtype, watch, by_name
        self.calls = Calls()
        self.name = name or getattr(function, "__name__", repr(function))
        self.signature = inspect.signature(concept.definition)
        self.parameters = parameters_of(function)

    def cast(self, dtype: str) -> Adapted:
        """The same implementation computing in another precision."""
        other = copy.copy(self)
        other.dtype = dtype
        return other

    def watched(self, watch: Watch) -> Adapted:
        """The same implementation, each call in the context that `watch` gives."""
        other = copy.copy(self)
        other.watch = watch
        return other

    def economical(self) -> Adapted:
        """The same implementation, called in the way that its framework has for many calls on few shapes."""
        other = copy.copy(self)
        other.calls = self.framework.calls()
        return other

    def as_written(self) -> Adapted:
        """The same implementation, each call as it stands."""
        other = copy.copy(self)
        other.calls = Calls()
        return other

    @property
    def differentiates(self) -> bool:
        """Whether the framework can differentiate it."""
        return self.framework.differentiates

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The implementation's result on NumPy arguments, as NumPy arrays (a tuple when there are several)."""
        arguments = self.bind(*args, **kwargs)
        with self.framework.full_precision():
            return self.to_numpy(self.raw(self.convert(arguments)))

    def bind(self, *args: Any, **kwargs: Any) -> Arguments:
        """The definition's arguments by name, its defaults filled in."""
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)

    def convert(self, arguments: Mapping[str, Any]) -> Arguments:
        """NumPy arguments in the framework's own arrays and the implementation's precision."""
        return {name: self.from_numpy(value) for name, value in arguments.items()}

    def raw(self, arguments: Mapping[str, Any]) -> Any:
        """The result in the implementation's own framework, on arguments of that framework, in the definition's choice."""
        result = self.answer(arguments)
        return self.concept.canonical(result) if self.concept.canonical else result

    def answer(self, arguments: Mapping[str, Any]) -> Any:
        """What the implementation itself returns, on arguments of its framework.

        Raises:
            NotOffered: it raises NotImplementedError.
        """
        try:
            return self._called(arguments)
        except NotImplementedError as error:
            if self.framework.lacks_kernel(error):
                raise
            raise not_offered(self.name, str(error)) from error

    def _called(self, arguments: Mapping[str, Any]) -> Any:
        bridge = self.bridge
        if bridge is not None:
            with self.watch(arguments):
                return self.calls(lambda own: bridge(self.function, **own), dict(arguments))
        required, named = passed(self.name, self.parameters, self.signature, arguments, self.by_name)
        with self.watch(arguments):
            try:
                return self.calls(lambda own: self.function(*own[0], **own[1]), (required, named))
            except TypeError as error:
                option = unexpected(error, self.parameters, named)
                if option is None:
                    raise
                raise no_argument(self.name, option) from error

    def vjp(
        self, arguments: Mapping[str, Any], cotangent: Any, wanted: tuple[str, ...]
    ) -> dict[str, np.ndarray]:
        """Gradient of ⟨cotangent, result⟩ with respect to each wanted argument.

        Raises:
            NotApplicable: the framework does not differentiate, or the result does not depend on the arguments.
        """
        bound = self.bind(**arguments)
        with self.framework.full_precision(), self.watch(bound):
            weights = [self.from_numpy(np.asarray(w)) for w in flatten(cotangent)]
            gradients = self.calls(
                lambda own: self.framework.vjp(lambda a: flatten(self.raw(a)), own[0], own[1], wanted),
                (self.convert(bound), weights),
                "gradients",
            )
            return {name: self.to_numpy(gradient) for name, gradient in gradients.items()}

    def from_numpy(self, value: Any) -> Any:
        """A NumPy argument in the framework's own type; numbers and strings pass as they are."""
        if callable(value) and not isinstance(value, type):
            return self.framework.from_function(value)
        return map_arrays(lambda array: self.framework.from_numpy(array, self.dtype), value)

    def to_numpy(self, value: Any) -> Any:
        """A result as NumPy: detached, on the processor, low precision widened; several as a tuple."""
        if isinstance(value, dict):
            return tuple(self.to_numpy(part) for part in value.values())
        if is_several(value):
            return tuple(self.to_numpy(part) for part in value)
        if isinstance(value, (tuple, list)) and any(_is_array(part) for part in value):
            return np.stack([self.to_numpy(part) for part in value])
        array = framework_of(value).to_numpy(value)
        if array.dtype == object:
            kind = type(value).__name__
            raise GradusError(
                Text(
                    f"{self.name} returned {kind}, expected an array or a number",
                    f"{self.name} 返回了 {kind}，应为数组或数",
                )
            )
        return array


def is_several(value: Any) -> bool:
    """Whether a result is several results: a tuple is, a list of arrays too; a list of numbers is one array."""
    if isinstance(value, tuple):
        return len(value) > 1 or any(_is_array(part) for part in value)
    return isinstance(value, list) and any(_is_array(part) and np.ndim(part) > 0 for part in value)


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__") or framework_of(value).is_array(value)
