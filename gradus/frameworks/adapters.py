"""One way to call NumPy, PyTorch, JAX and plain Python implementations: NumPy arrays in, NumPy arrays out.

A claim is written once, against NumPy float64. An `Adapted` implementation converts the arguments to its
framework, calls, and converts the result back; it can also run in a lower precision and, where the framework
differentiates, give a vector–Jacobian product.
"""

from __future__ import annotations

import contextlib
import importlib.util
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.page import Concept, Implementation
from gradus.page.evidence import NotApplicable, no_argument, no_gradient
from gradus.text import Text

FRAMEWORKS = ("numpy", "torch", "jax", "python")
PRECISIONS = {"float64": 2.0**-52, "float32": 2.0**-23, "bfloat16": 2.0**-7, "float16": 2.0**-10}


class Adapted:
    """An implementation that takes and returns NumPy arrays, whatever framework it is written in.

    Args:
        function: the implementation.
        concept: whose signature it is called with.
        framework: "numpy", "torch", "jax" or "python".
        call: bridge for an implementation whose own signature differs (see `Implementation`).
        dtype: precision in which it computes.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        concept: Concept,
        framework: str,
        call: Callable[..., Any] | None = None,
        dtype: str = "float64",
        name: str = "",
    ) -> None:
        if framework not in FRAMEWORKS:
            raise GradusError(
                f"no framework is called {framework!r}; expected one of {', '.join(FRAMEWORKS)}"
            )
        if framework == "jax" and importlib.util.find_spec("jax") is None:
            raise GradusError("the implementation needs JAX, which is not installed: pip install jax")
        self.function, self.concept, self.framework = function, concept, framework
        self.bridge, self.dtype = call, dtype
        self.name = name or getattr(function, "__name__", repr(function))
        self._signature = inspect.signature(concept.definition)
        self._accepted = None if call else _accepted(function)

    def cast(self, dtype: str) -> Adapted:
        """The same implementation computing in another precision."""
        return Adapted(self.function, self.concept, self.framework, self.bridge, dtype, self.name)

    @property
    def differentiates(self) -> bool:
        """Whether the framework can differentiate it."""
        return self.framework in ("torch", "jax")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The implementation's result on NumPy arguments, as NumPy arrays (a tuple when there are several)."""
        arguments = self._bind(args, kwargs)
        with self._precision():
            return self.to_numpy(self.raw({k: self.from_numpy(v) for k, v in arguments.items()}))

    def raw(self, arguments: Mapping[str, Any]) -> Any:
        """The result in the implementation's own framework, on arguments of that framework."""
        if self.bridge is not None:
            result = self.bridge(self.function, **arguments)
        else:
            required, optional = self._split(arguments)
            result = self.function(*required, **optional)
        return self.concept.canonical(result) if self.concept.canonical else result

    def vjp(
        self, arguments: Mapping[str, Any], cotangent: Any, wanted: tuple[str, ...]
    ) -> dict[str, np.ndarray]:
        """Gradient of ⟨cotangent, result⟩ with respect to each wanted argument.

        Raises:
            NotApplicable: the framework does not differentiate, or the result does not depend on the arguments.
        """
        bound = self._bind((), dict(arguments))
        with self._precision():
            if self.framework == "torch":
                return self._torch_vjp(bound, cotangent, wanted)
            if self.framework == "jax":
                return self._jax_vjp(bound, cotangent, wanted)
        raise no_gradient(self.framework)

    def from_numpy(self, value: Any) -> Any:
        """A NumPy argument in the framework's own type; numbers, strings and functions pass as they are."""
        if isinstance(value, (tuple, list)) and any(isinstance(v, np.ndarray) for v in value):
            return type(value)(self.from_numpy(v) for v in value)
        if not isinstance(value, np.ndarray):
            return value
        if self.framework == "torch":
            import torch

            tensor = torch.from_numpy(np.array(value)) if _plain(value) else torch.from_numpy(value)
            return tensor.to(getattr(torch, self.dtype)) if tensor.is_floating_point() else tensor
        if self.framework == "jax":
            import jax.numpy as jnp

            return jnp.asarray(value, getattr(jnp, self.dtype) if value.dtype.kind == "f" else None)
        if self.framework == "python":
            return value.tolist()
        return value.astype(self.dtype) if value.dtype.kind == "f" and self.dtype != "float64" else value

    def to_numpy(self, value: Any) -> Any:
        """A result as NumPy: tensors detached and moved to the processor, low precision widened."""
        if isinstance(value, (tuple, list)) and any(hasattr(v, "__array__") or _is_tensor(v) for v in value):
            return tuple(self.to_numpy(v) for v in value)
        if isinstance(value, dict):
            return tuple(self.to_numpy(v) for v in value.values())
        if _is_tensor(value):
            value = value.detach().cpu()
            return (value.double() if value.is_floating_point() else value).numpy()
        array = np.asarray(value)
        if array.dtype.name == "bfloat16":
            return array.astype(np.float64)
        if array.dtype == object:
            raise GradusError(f"{self.name} returned {type(value).__name__}, expected an array or a number")
        return array.astype(np.float64) if array.dtype.kind == "f" else array

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)

    def _split(self, arguments: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Required arguments by position, so that their names are free; optional ones by name, defaults left out."""
        required, optional = [], {}
        for name, parameter in self._signature.parameters.items():
            if name not in arguments:
                continue
            value = arguments[name]
            if parameter.default is parameter.empty:
                required.append(value)
            elif self._accepted is None or name in self._accepted:
                optional[name] = value
            elif not _same(value, parameter.default):
                raise no_argument(self.name, name)
        return required, optional

    def _torch_vjp(
        self, bound: dict[str, Any], cotangent: Any, wanted: tuple[str, ...]
    ) -> dict[str, np.ndarray]:
        import torch

        tensors = {k: self.from_numpy(v) for k, v in bound.items()}
        for name in wanted:
            tensors[name] = tensors[name].detach().clone().requires_grad_()
        with torch.enable_grad():
            results = _flatten(self.raw(tensors))
        pairs = [
            (r, w)
            for r, w in zip(results, _flatten(cotangent), strict=True)
            if _is_tensor(r) and r.requires_grad
        ]
        if not pairs:
            raise NotApplicable(Text("the result carries no gradient", "结果不带梯度"))
        grads = torch.autograd.grad(
            [r for r, _ in pairs],
            [tensors[n] for n in wanted],
            [torch.as_tensor(w, dtype=r.dtype).reshape(r.shape) for r, w in pairs],
            allow_unused=True,
        )
        zero = {n: np.zeros(np.shape(bound[n])) for n in wanted}
        return {
            n: zero[n] if g is None else g.detach().double().numpy()
            for n, g in zip(wanted, grads, strict=True)
        }

    def _jax_vjp(
        self, bound: dict[str, Any], cotangent: Any, wanted: tuple[str, ...]
    ) -> dict[str, np.ndarray]:
        import jax
        import jax.numpy as jnp

        arrays = {k: self.from_numpy(v) for k, v in bound.items()}

        def of_wanted(chosen: dict[str, Any]) -> Any:
            return _flatten(self.raw({**arrays, **chosen}))

        results, pull = jax.vjp(of_wanted, {n: arrays[n] for n in wanted})
        (grads,) = pull(
            [
                jnp.asarray(w, r.dtype).reshape(r.shape)
                for r, w in zip(results, _flatten(cotangent), strict=True)
            ]
        )
        return {n: np.asarray(g, np.float64) for n, g in grads.items()}

    @contextlib.contextmanager
    def _precision(self) -> Iterator[None]:
        if self.framework != "jax":
            yield
            return
        import jax

        with jax.enable_x64(True):
            yield


def adapt(concept: Concept, implementation: Implementation) -> Adapted:
    """The recorded implementation, imported now."""
    function = resolve(implementation.path)
    return Adapted(function, concept, implementation.framework, implementation.call, name=implementation.path)


def adapt_function(
    concept: Concept, function: Callable[..., Any], framework: str | None = None, name: str = ""
) -> Adapted:
    """A user's function; the framework is detected unless given.

    A function that the page already names, and any class (an optimiser, a module), is called as the page calls it;
    on an optimiser's page a factory of Optax gradient transformations is driven along its trajectory.
    """
    if not callable(function):
        raise GradusError(
            f"{name or function!r} is not callable: expected a function, got {type(function).__name__}"
        )
    for recorded in concept.implementations:
        same = recorded.call is not None and isinstance(function, type)
        with contextlib.suppress(GradusError):
            same = same or resolve(recorded.path) is function
        if same:
            return Adapted(function, concept, framework or recorded.framework, recorded.call, name=name)
    from gradus.frameworks.optax import adapt_factory

    factory = adapt_factory(concept, function, framework, name)
    return factory or Adapted(function, concept, framework or detect(function), name=name)


def resolve(path: str) -> Any:
    """The object that "module:name" or "module:outer.name" stands for.

    Raises:
        GradusError: the module cannot be imported or has no such name.
    """
    module, _, name = path.partition(":")
    try:
        value: Any = importlib.import_module(module)
    except ImportError as error:
        raise GradusError(f"cannot import {module!r}: {error}") from None
    for part in name.split("."):
        if not hasattr(value, part):
            raise GradusError(f"module {module} has no {name!r}")
        value = getattr(value, part)
    return value


def detect(function: Callable[..., Any]) -> str:
    """The framework that a function is written in, from the modules that its code names; NumPy when none is named."""
    named = _modules(function, depth=3)
    for framework in ("torch", "jax"):
        if framework in named:
            return framework
    return "numpy"


def _modules(function: Any, depth: int) -> set[str]:
    """Top-level modules that a function's code, and the functions of its own module that it calls, refer to."""
    top = {(getattr(function, "__module__", None) or "").partition(".")[0]}
    if isinstance(function, type) or not hasattr(function, "__code__"):
        for base in type.mro(function) if isinstance(function, type) else type(function).__mro__:
            top.add(base.__module__.partition(".")[0])
        return top
    names = set(function.__code__.co_names)
    for const in function.__code__.co_consts:
        if hasattr(const, "co_names"):
            names |= set(const.co_names)
    for name in names:
        value = function.__globals__.get(name)
        if inspect.ismodule(value):
            top.add(value.__name__.partition(".")[0])
        elif value is None and name.partition(".")[0] in ("torch", "jax", "numpy"):
            top.add(name.partition(".")[0])  # imported inside the function
        elif callable(value) and depth:
            top |= _modules(value, depth - 1)
    return top


def _accepted(function: Callable[..., Any]) -> set[str] | None:
    """Names that the function accepts by keyword; None when any name, or when it does not tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return None
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    return {p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY}


def _flatten(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, (tuple, list)):
        return [leaf for v in value for leaf in _flatten(v)]
    return [value]


def _is_tensor(value: Any) -> bool:
    return type(value).__module__.startswith("torch") and hasattr(value, "detach")


def _plain(array: np.ndarray) -> bool:
    """Whether PyTorch cannot take the array's memory as it is (negative strides, read-only)."""
    return not array.flags.writeable or any(s < 0 for s in array.strides)


def _same(value: Any, default: Any) -> bool:
    if value is default:
        return True
    try:
        return bool(np.array_equal(value, default))
    except Exception:
        return False
