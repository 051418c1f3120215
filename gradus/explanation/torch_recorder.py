"""What PyTorch does, written down call by call as it runs."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from gradus.errors import GradusError
from gradus.explanation.graph import Node
from gradus.explanation.program import folders, frames, line
from gradus.explanation.torch_call import Call, array_of, floating_tensors
from gradus.explanation.words import expression, local_derivatives, number, plain

_LIBRARIES = folders(torch)
_CHECKS = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")
_INSPECTIONS = (
    "__get__",
    "__set__",
    "size",
    "dim",
    "numel",
    "stride",
    "detach",
    "requires_grad_",
    "to_dense",
)
_TRANSPOSED = ("T", "mT", "H", "mH", "real", "imag")


class Recorder(TorchFunctionMode):
    """Writes down every call of PyTorch's that gives floating-point numbers computed from the inputs.

    A tensor is known by its identity; all that are met are kept alive, so that no identity is used twice.
    """

    def __init__(self, names: dict[int, str], modules: dict[int, str]) -> None:
        super().__init__()
        self.names, self.modules = names, modules
        self.nodes: list[Node] = []
        self.number: dict[int, int] = {}
        self.version: dict[int, int] = {}
        self.alive: list[Tensor] = []
        self.steps = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if _composite(func):
            with self:  # what it is made of is recorded, instead of the whole
                return _unwatched(func)(*args, **kwargs)
        name = plain(func.__name__)
        if func.__name__ in _INSPECTIONS:
            if func.__name__ != "__get__" or _property_name(func) not in _TRANSPOSED:
                return func(*args, **kwargs)
            name = "transpose"
        call = Call(func, args, kwargs, self.nodes, self.tracked, self.constant)
        result = func(*args, **kwargs)
        if name == "setitem":
            self.record("put", args[0], call)
            return result
        for i, output in enumerate(floating_tensors(result)):
            self.record(name, output, call, i if isinstance(result, (tuple, list)) else None)
        return result

    def tracked(self, tensor: Any, written: bool) -> int | None:
        """The node of a tensor; a parameter met for the first time becomes one.

        Raises:
            GradusError: it has been changed through a view of it, and is not `written` into now, as by x[i] += y.
        """
        if not isinstance(tensor, Tensor) or not tensor.is_floating_point():
            return None
        if id(tensor) in self.number:
            node = self.nodes[self.number[id(tensor)]]
            if self.version[id(tensor)] != tensor._version and not written:
                raise GradusError(
                    f"{node.name} = {node.label} has been changed in place through a view of it, which the graph cannot "
                    "show; change a clone of the view, or assign to a part of it: x[i] = y"
                )
            return self.number[id(tensor)]
        if tensor.is_leaf and tensor.requires_grad:
            name = self.names.get(id(tensor), f"p{sum(n.leaf for n in self.nodes) + 1}")
            return self.add(Node(name, name, [], [], array_of(tensor), path=self.path(), leaf=True), tensor)
        return None

    def constant(self, value: Any) -> str:
        """How what is not differentiated by reads: its name, the number, or its shape."""
        if not isinstance(value, Tensor):
            return number(value)
        return self.names.get(id(value)) or number(
            value.numpy(force=True) if value.dtype != torch.bfloat16 else array_of(value)
        )

    def add(self, node: Node, tensor: Tensor) -> int:
        """The number of a new node, whose value the tensor holds."""
        self.nodes.append(node)
        self.number[id(tensor)] = len(self.nodes) - 1
        self.version[id(tensor)] = tensor._version
        self.alive.append(tensor)
        return len(self.nodes) - 1

    def record(self, function: str, output: Tensor, call: Call, part: int | None = None) -> None:
        """Adds the node of a result, unless nothing that is differentiated by takes part in it."""
        if not call.inputs or (id(output) in self.number and not output.requires_grad):
            return
        self.steps += 1
        name, words = f"v{self.steps}", list(call.words.values())
        label = expression(function, words, call.options) + ("" if part is None else f"[{part}]")
        local = dict(zip(call.words, local_derivatives(function, name, words), strict=True))
        node = Node(
            name,
            label,
            [j for j in call.numbers if j is not None],
            [local[i] for i in call.inputs],
            array_of(output),
            [call.pull(i, part) for i in call.inputs],
            path=self.path(),
        )
        self.add(node, output)

    def path(self) -> tuple[str, ...]:
        """The modules and the user's functions that are running, outermost first."""
        names: list[str] = []
        for frame in frames():
            code = frame.f_code
            forward = code.co_name == "forward" and code.co_argcount > 0
            owner = frame.f_locals.get(code.co_varnames[0]) if forward else None
            if isinstance(owner, nn.Module):
                names.append(self.modules.get(id(owner), type(owner).__name__))
            elif not code.co_filename.startswith(_LIBRARIES):
                names.append(line(frame))
        return tuple(reversed(names))


def _property_name(getter: Any) -> str:
    """The name of the property of Tensor whose `__get__` is called."""
    return str(getattr(getattr(getter, "__self__", None), "__name__", ""))


def _composite(func: Any) -> bool:
    """Whether it is a function of torch.nn.functional written in Python, and asks whether somebody records it."""
    return (
        isinstance(func, FunctionType)
        and func.__module__ == "torch.nn.functional"
        and not set(_CHECKS).isdisjoint(func.__code__.co_names)
    )


def _unwatched(function: FunctionType) -> FunctionType:
    """The same function, which does not ask whether somebody records it as a whole."""
    world = {**function.__globals__, **dict.fromkeys(_CHECKS, lambda *a: False)}
    copy = FunctionType(
        function.__code__, world, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy
