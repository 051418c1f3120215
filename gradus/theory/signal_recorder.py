"""A forward pass that is listened to: what layers and activations put out, what flows back into them, what feeds what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

#: Elementwise functions by PyTorch's name; those with two flat ends can saturate.
SIGMOIDAL = frozenset({"tanh", "sigmoid", "softsign", "erf", "hardtanh", "hardsigmoid", "atan", "arctan"})
ACTIVATIONS = SIGMOIDAL | frozenset(
    [
        "relu",
        "relu6",
        "leaky_relu",
        "elu",
        "selu",
        "celu",
        "gelu",
        "silu",
        "mish",
        "hardswish",
        "softplus",
        "log_sigmoid",
        "logsigmoid",
        "threshold",
        "prelu",
        "softshrink",
        "hardshrink",
        "tanhshrink",
        "sin",
        "cos",
    ]
)
CHANNELS_SECOND = (
    nn.modules.conv._ConvNd,
    nn.modules.batchnorm._NormBase,
    nn.GroupNorm,
)
FLAT = 0.01  # share of the slope at 0 below which a sigmoidal function counts as saturated


class Place(NamedTuple):
    """Where a signal is: the module's path, what acts there, and which of its calls in a pass it is."""

    module: str
    kind: str
    call: int


INPUT = Place("", "input", 0)


@dataclass
class Heard:
    """Sums over batches at one place."""

    phi: Callable[[Tensor], Tensor] | None = None  # of an activation
    layer: nn.Module | None = None
    source: Place | None = None  # whose output came in, unaltered
    uses: int = 0  # functions that took the output in
    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    gradients: float | None = None  # sum of squares
    steepest: Tensor | None = None  # per unit, the largest |φ'|
    flat: float | None = None  # values at which a sigmoidal function is flat
    silent: bool = False  # the module put out no tensor of real numbers


@dataclass
class _Pass:
    """What is known within one forward pass: whose output lies where; the tensors stay alive, so that places stay apart."""

    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    owners: dict[int, tuple[Place, int]] = field(default_factory=dict)
    alive: list[Tensor] = field(default_factory=list)
    uses: Counter[Place] = field(default_factory=Counter)


class SignalRecorder(TorchFunctionMode):
    """Hears every module with parameters of its own and every elementwise activation, called as a module or a function."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.places: dict[Place, Heard] = {}
        self._path: list[str] = []
        self._axis: int | None = None
        self._busy = False
        self._pass = _Pass()

    @contextmanager
    def listening(self, inputs: Tensor) -> Iterator[None]:
        """Hears one forward pass on these inputs."""
        self._pass, self._path, self._axis = _Pass(), [], None
        self._add(self.places.setdefault(INPUT, Heard()), inputs.detach())
        self._own(INPUT, inputs)
        handles = []
        for name, module in self.model.named_modules():
            handles.append(module.register_forward_pre_hook(self._enter(name), with_kwargs=True))
            handles.append(
                module.register_forward_hook(self._leave(name), with_kwargs=True, always_call=True)
            )
        try:
            with self:
                yield
        finally:
            for handle in handles:
                handle.remove()
            for place, uses in self._pass.uses.items():
                self.places[place].uses = max(self.places[place].uses, uses)
            self._pass = _Pass()

    def _enter(self, name: str) -> Callable[..., None]:
        return lambda *_: self._path.append(name)

    def _leave(self, name: str) -> Callable[..., None]:
        def leave(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
            self._path.pop()
            if not any(True for _ in module.parameters(recurse=False)) or type(module) is nn.PReLU:
                return
            self._busy = True
            try:
                heard = self._at(
                    name, type(module).__name__, _first_tensor((args, kwargs)), _first_tensor(output)
                )
                heard.layer = module
                self._axis = 1 if isinstance(module, CHANNELS_SECOND) else -1
            finally:
                self._busy = False

        return leave

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Every function of PyTorch that the model calls."""
        kwargs = kwargs or {}
        if self._busy or torch.compiler.is_compiling():
            return func(*args, **kwargs)
        name = getattr(func, "__name__", "").rstrip("_")
        entering = args[0] if args and isinstance(args[0], Tensor) else kwargs.get("input")
        if name in ACTIVATIONS and isinstance(entering, Tensor) and entering.is_floating_point():
            return self._activation(name, func, entering, args[1:] if args else (), kwargs)
        result = func(*args, **kwargs)
        if isinstance(result, (Tensor, tuple, list)):
            self._count(result, (*args, *kwargs.values()))
        return result

    def _activation(
        self,
        name: str,
        func: Callable[..., Any],
        entering: Tensor,
        rest: tuple[Any, ...],
        kwargs: Mapping[str, Any],
    ) -> Any:
        options = {k: v for k, v in kwargs.items() if k != "input"}
        before = entering.detach().clone()  # the function may work in place
        source = self._owner(entering)
        result = func(entering, *rest, **options)
        self._busy = True
        try:
            phi = _elementwise(func, rest, options)
            heard = self._at(self._path[-1] if self._path else "", name, entering, result, source)
            alike = all(v.numel() == 1 for v in (*rest, *options.values()) if isinstance(v, Tensor))
            heard.phi = phi if alike else None
            self._slopes(heard, name, phi, before)
        finally:
            self._busy = False
        return result

    def _at(
        self,
        module: str,
        kind: str,
        entering: Tensor | None,
        output: Tensor | None,
        source: Place | None = None,
    ) -> Heard:
        """The sums of this call, with its output added."""
        place = Place(module, kind, self._pass.calls[module, kind])
        self._pass.calls[module, kind] += 1
        heard = self.places.setdefault(place, Heard())
        if source is None and entering is not None:
            source = self._owner(entering)
        if source is not None and kind in ACTIVATIONS:
            self._pass.uses[source] += 1
        heard.source = source
        if output is None:
            heard.silent = True
            return heard
        self._add(heard, output.detach())
        self._own(place, output)
        if output.requires_grad:
            output.register_hook(lambda gradient: _back(heard, gradient))
        return heard

    def _owner(self, entering: Tensor) -> Place | None:
        """Whose output this is, whole; a part of one is none."""
        place, size = self._pass.owners.get(entering.data_ptr(), (None, 0))
        return place if size == entering.numel() else None

    def _own(self, place: Place, output: Tensor) -> None:
        self._pass.owners[output.data_ptr()] = place, output.numel()
        self._pass.alive.append(output)

    def _count(self, result: Any, arguments: tuple[Any, ...]) -> None:
        """Notes who takes an output in; a view is none of its own."""
        outputs = {result.data_ptr()} if isinstance(result, Tensor) and _dense(result) else set()
        for value in arguments:
            for part in value if isinstance(value, (tuple, list)) else (value,):
                if isinstance(part, Tensor) and _dense(part) and part.data_ptr() not in outputs:
                    owner = self._pass.owners.get(part.data_ptr())
                    if owner is not None:
                        self._pass.uses[owner[0]] += 1

    def _slopes(self, heard: Heard, name: str, phi: Callable[[Tensor], Tensor], before: Tensor) -> None:
        with torch.enable_grad():
            x = before.requires_grad_()
            (slope,) = torch.autograd.grad(phi(x).sum(), x)
            if name in SIGMOIDAL:
                zero = torch.zeros(1, dtype=x.dtype, device=x.device, requires_grad=True)
                (most,) = torch.autograd.grad(phi(zero).sum(), zero)
                heard.flat = (heard.flat or 0.0) + float((slope.abs() < FLAT * most.abs()).sum())
        axis = self._axis if self._axis is not None else (1 if x.dim() > 3 else -1)
        units = slope.abs().movedim(axis, 0).flatten(1).amax(1) if x.dim() > 1 else slope.abs()
        same = heard.steepest is not None and heard.steepest.shape == units.shape
        heard.steepest = torch.maximum(heard.steepest, units) if same else units  # type: ignore[arg-type]

    @staticmethod
    def _add(heard: Heard, output: Tensor) -> None:
        if output.is_floating_point():
            wide = output.double()
            heard.count += output.numel()
            heard.total += float(wide.sum())
            heard.squares += float(wide.square().sum())


def _back(heard: Heard, gradient: Tensor) -> None:
    heard.gradients = (heard.gradients or 0.0) + float(gradient.detach().double().square().sum())


def _elementwise(
    func: Callable[..., Any], rest: tuple[Any, ...], options: Mapping[str, Any]
) -> Callable[[Tensor], Tensor]:
    """The activation as a function of its input alone, which it leaves as it is."""
    fixed = tuple(r.detach() if isinstance(r, Tensor) else r for r in rest)
    named = {k: v.detach() if isinstance(v, Tensor) else v for k, v in options.items() if k != "out"}

    def phi(x: Tensor) -> Tensor:
        def like(v: Any) -> Any:
            return v.to(x) if isinstance(v, Tensor) else v

        return func(x.clone(), *map(like, fixed), **{k: like(v) for k, v in named.items()})  # type: ignore[no-any-return]

    return phi


def _first_tensor(value: Any) -> Tensor | None:
    """The first tensor of floating-point numbers in nested tuples, lists and dictionaries."""
    if isinstance(value, Tensor):
        return value if value.is_floating_point() and _dense(value) else None
    parts = (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, (tuple, list)) else ()
    )
    return next((t for part in parts if (t := _first_tensor(part)) is not None), None)


def _dense(value: Tensor) -> bool:
    return value.layout is torch.strided and not value.is_nested
