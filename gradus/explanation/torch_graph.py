"""The graph of a PyTorch function or module, recorded as PyTorch runs it."""

from __future__ import annotations

import contextlib
import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from gradus.errors import GradusError
from gradus.explanation.graph import Node, differentiate, given_names, reached
from gradus.explanation.words import expression, local_derivatives, number, plain

_LIBRARIES = (str(Path(torch.__file__).parent), str(Path(__file__).parent))
_CHECKS = ("has_torch_function", "has_torch_function_unary", "has_torch_function_variadic")
_QUESTIONS = ("__get__", "__set__", "size", "dim", "numel", "stride", "detach", "requires_grad_", "to_dense")

_TRANSPOSED = ("T", "mT", "H", "mH", "real", "imag")


class _Recorder(TorchFunctionMode):
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
                return _unasked(func)(*args, **kwargs)
        name = plain(func.__name__)
        if func.__name__ in _QUESTIONS:
            if func.__name__ != "__get__" or name_of_property(func) not in _TRANSPOSED:
                return func(*args, **kwargs)
            name = "transpose"
        call = _Call(func, args, kwargs, self)
        result = func(*args, **kwargs)
        if name == "setitem":
            self.record("put", args[0], call)
            return result
        for i, output in enumerate(_floating(result)):
            self.record(name, output, call, i if isinstance(result, (tuple, list)) else None)
        return result

    def tracked(self, tensor: Any, written: bool = False) -> int | None:
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
            name = self.names.get(id(tensor), f"p{sum(n.given for n in self.nodes) + 1}")
            return self.add(Node(name, name, [], [], _array(tensor), path=self.path(), given=True), tensor)
        return None

    def constant(self, value: Any) -> str:
        """How what is not differentiated by reads: its name, the number, or its shape."""
        if not isinstance(value, Tensor):
            return number(value)
        return self.names.get(id(value)) or number(
            value.numpy(force=True) if value.dtype != torch.bfloat16 else _array(value)
        )

    def add(self, node: Node, tensor: Tensor) -> int:
        self.nodes.append(node)
        self.number[id(tensor)] = len(self.nodes) - 1
        self.version[id(tensor)] = tensor._version
        self.alive.append(tensor)
        return len(self.nodes) - 1

    def record(self, function: str, output: Tensor, call: _Call, part: int | None = None) -> None:
        if not call.inputs or (id(output) in self.number and not output.requires_grad):
            return
        self.steps += 1
        name = f"v{self.steps}"
        label = expression(function, call.words, call.options) + ("" if part is None else f"[{part}]")
        words = local_derivatives(function, name, call.words)
        inputs = [j for j in call.numbers if j is not None]
        node = Node(
            name,
            label,
            inputs,
            [words[call.places[i]] for i in call.inputs],
            _array(output),
            path=self.path(),
        )
        node.pulls = [call.pull(i, part) for i in call.inputs]
        self.add(node, output)

    def path(self) -> tuple[str, ...]:
        """The modules and the user's functions that are running, outermost first."""
        found: list[str] = []
        frame: Any = sys._getframe(1)
        while frame is not None and frame.f_code is not _evaluated.__code__:
            code = frame.f_code
            owner = (
                frame.f_locals.get(code.co_varnames[0])
                if code.co_name == "forward" and code.co_argcount
                else None
            )
            if isinstance(owner, nn.Module):
                found.append(self.modules.get(id(owner), type(owner).__name__))
            elif not code.co_filename.startswith(_LIBRARIES):
                found.append(f"{code.co_name}:{frame.f_lineno}")
            frame = frame.f_back
        return tuple(reversed(found))


class _Call:
    """One call: what it depends on, and how an adjoint is pulled back through it alone.

    Attributes:
        leaves: everything that was handed over, flat.
        numbers: the node of each leaf, None for constants.
        inputs: positions of the leaves that are nodes.
        words: how the leaves read; `places` says which word is which leaf's.
    """

    def __init__(self, func: Any, args: Any, kwargs: Any, recorder: _Recorder) -> None:
        self.func, self.nodes = func, recorder.nodes
        self.leaves, self.spec = pytree.tree_flatten((args, kwargs))
        self.writes = plain(func.__name__) == "setitem"  # gives nothing back; its first argument has changed
        self.numbers = [recorder.tracked(a, written=self.writes) for a in self.leaves]
        self.inputs = [i for i, j in enumerate(self.numbers) if j is not None]
        self.random = _Random(self.leaves)
        self.options = {"index": args[1]} if plain(func.__name__) in ("getitem", "setitem") else {}
        self.words: list[str] = []
        self.places: dict[int, int] = {}
        for i, (a, j) in enumerate(zip(self.leaves, self.numbers, strict=True)):
            if isinstance(a, Tensor) or (
                type(a) in (int, float) and not self.options and len(self.leaves) <= 3
            ):
                self.places[i] = len(self.words)
                self.words.append(recorder.nodes[j].name if j is not None else recorder.constant(a))

    def _as_given(self, leaf: Any, node: int | None) -> Any:
        """A leaf as it was handed over; the call may write into it, as batch normalisation does into its means."""
        if node is not None:
            return torch.tensor(self.nodes[node].value).to(leaf)
        return leaf.detach().clone() if isinstance(leaf, Tensor) else leaf

    def pull(self, by: int, part: int | None) -> Callable[[np.ndarray], np.ndarray]:
        """The map g ↦ g·∂(result)/∂(leaf `by`), by running this one call again with the values it was given."""

        def pulled(g: np.ndarray) -> np.ndarray:
            with self.random.again(), torch.enable_grad():
                leaves = [self._as_given(a, j) for a, j in zip(self.leaves, self.numbers, strict=True)]
                x = leaves[by].requires_grad_()
                leaves[by] = x.clone()  # a call that works in place may overwrite it
                args, kwargs = pytree.tree_unflatten(leaves, self.spec)
                result = self.func(*args, **kwargs)
                y = args[0] if self.writes else result if part is None else _floating(result)[part]
                (share,) = torch.autograd.grad(y, x, torch.as_tensor(g).to(y), allow_unused=True)
            return np.zeros(x.shape) if share is None else _array(share)

        return pulled


class _Random:
    """The state of the random generators that a call may draw from."""

    def __init__(self, leaves: Sequence[Any]) -> None:
        self.state = torch.get_rng_state()
        devices = {a.device.index for a in leaves if isinstance(a, Tensor) and a.is_cuda}
        self.cuda = {d: torch.cuda.get_rng_state(d) for d in devices}

    @contextlib.contextmanager
    def again(self) -> Iterator[None]:
        """The same draws once more, and nothing changed afterwards."""
        with torch.random.fork_rng(devices=list(self.cuda)):
            torch.set_rng_state(self.state)
            for device, state in self.cuda.items():
                torch.cuda.set_rng_state(state, device)
            yield


def name_of_property(getter: Any) -> str:
    """The name of the property of Tensor whose `__get__` is called."""
    return str(getattr(getattr(getter, "__self__", None), "__name__", ""))


def _floating(result: Any) -> list[Tensor]:
    return [r for r in pytree.tree_leaves(result) if isinstance(r, Tensor) and r.is_floating_point()]


def _array(tensor: Tensor) -> np.ndarray:
    return np.array(tensor.detach().double().numpy(force=True))


def _composite(func: Any) -> bool:
    """Whether it is a function of torch.nn.functional written in Python, and asks whether it is watched."""
    return (
        isinstance(func, FunctionType)
        and func.__module__ == "torch.nn.functional"
        and not set(_CHECKS).isdisjoint(func.__code__.co_names)
    )


def _unasked(function: FunctionType) -> FunctionType:
    """A function of PyTorch's written in Python that does not ask whether somebody wants to see it whole."""
    world = {**function.__globals__, **dict.fromkeys(_CHECKS, lambda *a: False)}
    copy = FunctionType(
        function.__code__, world, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def _evaluated(f: Callable[..., Any], inputs: Sequence[Any]) -> Any:
    return f(*inputs)


def torch_graph(f: Callable[..., Any], inputs: Sequence[Any]) -> list[Node]:
    """The nodes of f(*inputs), the result last; floating-point tensors and parameters are differentiated by.

    Raises:
        GradusError: nothing to differentiate by, or a result that does not depend on it.
    """
    held = list(owners(f))
    names = {id(t): name for m, _ in held for name, t in [*m.named_parameters(), *m.named_buffers()]}
    modules = {
        id(m): f"{name or prefix} ({type(m).__name__})"
        for top, prefix in held
        for name, m in top.named_modules()
    }
    recorder = _Recorder(names, modules)
    kind = next((p.dtype for m, _ in held for p in m.parameters() if p.is_floating_point()), None)
    inputs = [_tensor(v, kind) for v in inputs]
    fresh = [
        _given(recorder, *pair) for pair in zip(given_names(_signature(f), len(inputs)), inputs, strict=True)
    ]
    with torch.enable_grad():
        with recorder:
            result = _evaluated(f, fresh)
        outputs = [r for r in pytree.tree_leaves(_plain(result)) if isinstance(r, Tensor) and r.requires_grad]
        if not outputs:
            raise GradusError(
                "the result does not depend on any floating-point tensor by operations that PyTorch differentiates; "
                "expected a tensor computed from the inputs or parameters"
            )
        result = outputs[0]
        if result.numel() != 1:
            with recorder:
                result = result.sum()
    nodes = reached(recorder.nodes, recorder.number[id(result)])
    differentiate(nodes)
    return nodes


def _plain(result: Any) -> Any:
    return dict(result) if hasattr(result, "keys") else result


def _signature(f: Any) -> Any:
    return f.forward if isinstance(f, nn.Module) else f


def owners(f: Any) -> Iterator[tuple[nn.Module, str]]:
    """The modules that a function stands for or holds on to."""
    bound = getattr(f, "__self__", None)
    try:
        held = {**inspect.getclosurevars(f).nonlocals, **inspect.getclosurevars(f).globals}
    except TypeError:
        held = {}
    for name, value in {"": f, "self": bound, **held}.items():
        if isinstance(value, nn.Module):
            yield value, name or type(value).__name__


def _tensor(value: Any, kind: torch.dtype | None) -> Any:
    """An array as a tensor, its floating-point numbers in the type of the parameters."""
    if isinstance(value, (list, tuple)):
        return type(value)([_tensor(v, kind) for v in value])
    if not isinstance(value, np.ndarray):
        return value
    tensor = torch.as_tensor(value)
    return tensor.to(kind) if kind and tensor.is_floating_point() else tensor


def _given(recorder: _Recorder, name: str, value: Any) -> Any:
    if isinstance(value, (list, tuple)) and any(isinstance(v, Tensor) for v in value):
        return type(value)([_given(recorder, f"{name}[{i}]", v) for i, v in enumerate(value)])
    if not isinstance(value, Tensor):
        return value
    if not value.is_floating_point():
        recorder.names[id(value)] = name
        return value
    tensor = value.detach().clone().requires_grad_()
    recorder.add(Node(name, name, [], [], _array(tensor), given=True), tensor)
    return tensor
