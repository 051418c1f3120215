"""A forward pass followed operation by operation: how much each part of it can differ for a difference of the input."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from gradus.text import Text
from gradus.theory.lipschitz_rules import BESIDE, RULES, normalised
from gradus.theory.operation_call import Call, Factor, NoBoundError

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
INSTANCE_NORMS = (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)
DRAWS = torch.Tag.nondeterministic_seeded
#: Read the shape of what they are given, nothing else.
SHAPED = (
    "empty_like",
    "zeros_like",
    "ones_like",
    "full_like",
    "new_empty",
    "new_zeros",
    "new_ones",
    "new_full",
    "new_empty_strided",
)
#: In place, but only in how the memory is read.
TURNED = ("transpose", "t", "squeeze", "unsqueeze")


class Node(NamedTuple):
    """An operation: of which earlier ones it takes results in, and what each is stretched by.

    Attributes:
        module: path of the module in which it happened.
        operation: its name.
        sources: numbers of the nodes, with the factor of each; a module stands for its linear map.
        beside: whether the parts end up side by side.
        inputs: how many numbers went in.
    """

    module: str
    operation: str
    sources: tuple[tuple[int, Factor | nn.Module, float], ...]
    beside: bool = False
    shape: tuple[int, ...] = ()


class RefusedError(Exception):
    """The operation, the module, and why there is no constant."""

    def __init__(self, operation: str, module: str, reason: Text) -> None:
        super().__init__(f"{operation} in {module!r}")
        self.operation, self.module, self.reason = operation, module, reason


class LipschitzRecorder(TorchDispatchMode):
    """Follows one sample; memory counts as a whole, so that views and writing in place are seen for what they are."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.nodes: list[Node] = [Node("", "input", ())]
        self._of: dict[int, int | None] = {}  # by storage; None: nothing is known of a by-product
        self._alive: list[Any] = []
        self._path: list[str] = []
        self._whole: tuple[nn.Module, Tensor] | None = None

    @contextmanager
    def following(self, inputs: Tensor) -> Iterator[None]:
        """Operations inside depend on these inputs."""
        self._set(inputs, 0)
        handles = []
        for name, module in self.model.named_modules():
            handles.append(module.register_forward_pre_hook(self._enter(name)))
            handles.append(module.register_forward_hook(self._leave, always_call=True))
        try:
            with self:
                yield
        finally:
            for handle in handles:
                handle.remove()

    def node_of(self, output: Tensor) -> tuple[int, float] | None:
        """The node of a tensor, with √ of how often it repeats an entry; None where it does not depend on the input.

        Raises:
            RefusedError: it is a by-product of which nothing is known.
        """
        key = _key(output)
        if key not in self._of:
            return None
        node = self._of[key]
        if node is None:
            raise self._refused("output", Text("a by-product of another operation", "另一运算的副产品"))
        return node, _repeats(output)

    def _enter(self, name: str) -> Callable[..., None]:
        def enter(module: nn.Module, inputs: tuple[Any, ...]) -> None:
            self._path.append(name)
            if self._whole is None and len(inputs) == 1 and isinstance(inputs[0], Tensor) and _known(module):
                self._whole = module, inputs[0]

        return enter

    def _leave(self, module: nn.Module, _: Any, output: Any) -> None:
        if self._whole is not None and self._whole[0] is module:
            (_, entering), self._whole = self._whole, None
            found = self.node_of(entering)
            if found is not None and isinstance(output, Tensor):
                source, repeats = found
                self._add(
                    type(module).__name__,
                    ((source, self._of_module(module), repeats),),
                    output,
                    shape=tuple(entering.shape),
                )
        self._path.pop()

    def _of_module(self, module: nn.Module) -> Factor | nn.Module:
        if isinstance(module, CONVOLUTIONS):
            return module
        if isinstance(module, nn.Softsign):
            return 1.0
        eps = module.eps if module.eps is not None else torch.finfo(module.weight.dtype).eps
        try:
            return normalised(module.weight, float(eps))  # type: ignore[arg-type]
        except NoBoundError as error:
            raise self._refused(type(module).__name__, error.reason) from None

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if self._whole is not None:
            return func(*args, **kwargs)
        schema = func._schema
        arguments = {
            a.name: args[i] if i < len(args) else kwargs.get(a.name, a.default_value)
            for i, a in enumerate(schema.arguments)
        }
        moving = tuple(
            name for name, value in arguments.items() if any(_key(t) in self._of for t in _tensors(value))
        )
        name = schema.name.partition("::")[2]
        if DRAWS in func.tags:
            raise self._refused(name, Text("it draws at random", "它随机抽取"))
        result = func(*args, **kwargs)
        if not moving or name in SHAPED:
            return result
        first = result[0] if isinstance(result, (tuple, list)) and result else result
        if schema.is_mutable:
            self._written(name.rstrip("_") if name.endswith("_") else name, func, arguments, moving, first)
        elif isinstance(first, Tensor) and any(
            _key(first) == _key(t) for t in _tensors(list(arguments.values()))
        ):
            pass  # a view: the same memory
        else:
            sources, beside = self._stretched(name, func, arguments, moving, first)
            self._add(name, sources, first, beside)
            for other in result[1:] if isinstance(result, (tuple, list)) else ():
                self._set(other, None)
        return result

    def _written(
        self, name: str, func: Any, arguments: dict[str, Any], moving: tuple[str, ...], target: Any
    ) -> None:
        """In place: what stood in the rest of the memory is still there."""
        if name in TURNED:
            return
        if not isinstance(target, Tensor) or "out" in arguments or target is not arguments.get("self"):
            raise self._refused(name, Text("its constant is not known", "其常数未知"))
        assert isinstance(target, Tensor)
        old = self._of.get(_key(target))
        if name == "copy":
            moving = tuple(n for n in moving if n == "src")
            sources: tuple[tuple[int, Factor | nn.Module, float], ...] = tuple(
                (node, 1.0, repeats * math.sqrt(target.numel() / max(arguments["src"].numel(), 1)))
                for node, repeats in (self._source(t) for t in _tensors(arguments["src"]) if moving)
            )
            beside = False
        else:
            sources, beside = self._stretched(name, func, arguments, moving, target)
        covers = target.numel() * target.element_size() >= target.untyped_storage().nbytes()
        if old is None or covers:
            self._add(name, sources, target, beside)
        else:
            self._add(name, sources, target, beside)
            new = len(self.nodes) - 1
            self._add(name, ((old, 1.0, 1.0), (new, 1.0, 1.0)), target, True)

    def _stretched(
        self, name: str, func: Any, arguments: dict[str, Any], moving: tuple[str, ...], first: Any
    ) -> tuple[tuple[tuple[int, Factor | nn.Module, float], ...], bool]:
        reason = Text("its constant is not known, or it has none", "其常数未知或不存在")
        if name in ("cat", "stack"):
            parts = _tensors(list(arguments.values()))
            found = [self._source(t) for t in parts if _key(t) in self._of]
            return tuple((node, 1.0, repeats) for node, repeats in found), True
        if name not in RULES or not isinstance(first, Tensor) or not first.is_floating_point():
            raise self._refused(name, reason)
        try:
            factors = RULES[name](Call(name, func, arguments, moving, first))
        except NoBoundError as error:
            raise self._refused(name, error.reason) from None
        sources = []
        for argument, factor in factors.items():
            node, repeats = self._source(arguments[argument])
            sources.append((node, factor, repeats))
        return tuple(sources), name in BESIDE

    def _source(self, tensor: Tensor) -> tuple[int, float]:
        found = self.node_of(tensor)
        assert found is not None
        return found

    def _add(self, operation: str, sources: Any, output: Any, beside: bool = False, shape: Any = ()) -> None:
        self.nodes.append(Node(self._path[-1] if self._path else "", operation, sources, beside, shape))
        self._set(output, len(self.nodes) - 1)

    def _set(self, output: Any, node: int | None) -> None:
        if isinstance(output, Tensor):
            self._of[_key(output)] = node
            self._alive.append(output)

    def _refused(self, operation: str, reason: Text) -> RefusedError:
        return RefusedError(operation, self._path[-1] if self._path else "", reason)


def _known(module: nn.Module) -> bool:
    """Modules whose constant is better, or only, known of the whole."""
    kind = type(module)
    if kind in CONVOLUTIONS:
        return module.padding_mode != "zeros"
    if kind in INSTANCE_NORMS:
        return module.training or module.running_mean is None
    return kind in (nn.Softsign, nn.RMSNorm)


def _key(tensor: Tensor) -> int:
    return tensor.untyped_storage()._cdata if tensor.layout is torch.strided else id(tensor)


def _tensors(value: Any) -> list[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    return [t for v in value for t in _tensors(v)] if isinstance(value, (tuple, list)) else []


def _repeats(tensor: Tensor) -> float:
    """√ of how often an entry of the memory occurs in this view of it, at most."""
    if tensor.is_contiguous() or not tensor.numel():
        return 1.0
    sizes = [(s, n) for s, n in zip(tensor.stride(), tensor.shape, strict=True) if n > 1]
    reach = 1
    for stride, n in sorted(sizes):
        if stride < reach:
            break
        reach = stride * (n - 1) + reach
    else:
        return 1.0
    places = torch.zeros(1, dtype=torch.long)
    for stride, n in sizes:
        places = (places[:, None] + stride * torch.arange(n)).reshape(-1)
    return math.sqrt(float(places.bincount().max()))
