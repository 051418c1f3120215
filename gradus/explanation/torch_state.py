"""What a run of the user's PyTorch function may change, put back afterwards."""

from __future__ import annotations

import copy
import functools
import inspect
import random
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

_CONTAINERS = (dict, OrderedDict, list, set, deque)
_DEPTH = 4  # functions that call functions that hold a module


class State:
    """Modules, tensors and random generators as they were when first met; `restore` puts them back.

    Of a module: its attributes and what its containers hold (parameters, buffers, hooks, training flags); of a tensor:
    its bits, `requires_grad` and `.grad`.
    """

    def __init__(self) -> None:
        self._met: dict[int, Any] = {}
        self._put_back: list[Callable[[], object]] = []
        self._keep_generators()

    def keep(self, value: Any) -> None:
        """Notes a module with all within it, a tensor, or a random generator, if it has not been met."""
        if isinstance(value, nn.Module):
            for module in value.modules():
                self._keep_module(module)
        elif id(value) in self._met:
            return
        elif isinstance(value, Tensor):
            self._met[id(value)] = value
            self._put_back.append(_restoring_tensor(value))
        elif isinstance(value, torch.Generator):
            self._met[id(value)] = value
            self._put_back.append(functools.partial(value.set_state, value.get_state()))
        elif isinstance(value, np.random.Generator):
            self._met[id(value)] = value
            bits = value.bit_generator
            self._put_back.append(functools.partial(setattr, bits, "state", bits.state))

    def restore(self) -> None:
        """Puts everything back, what was met last first."""
        for put_back in reversed(self._put_back):
            put_back()

    def _keep_module(self, module: nn.Module) -> None:
        if id(module) in self._met:
            return
        self._met[id(module)] = module
        if isinstance(module, torch.jit.ScriptModule):
            self._put_back.append(functools.partial(module.train, module.training))
            for tensor in [*module.parameters(), *module.buffers()]:
                self.keep(tensor)
            return
        attributes = dict(vars(module))
        contents = [(v, copy.copy(v)) for v in attributes.values() if type(v) in _CONTAINERS]
        self._put_back.append(functools.partial(_restore_module, module, type(module), attributes, contents))
        held: list[Any] = [*attributes.values()]
        for container, _ in contents:
            held += container.values() if isinstance(container, dict) else container
        for value in held:
            if not isinstance(value, nn.Module):
                self.keep(value)

    def _keep_generators(self) -> None:
        self._put_back.append(functools.partial(torch.set_rng_state, torch.get_rng_state()))
        self._put_back.append(functools.partial(torch.set_default_dtype, torch.get_default_dtype()))
        self._put_back.append(functools.partial(np.random.set_state, np.random.get_state()))
        self._put_back.append(functools.partial(random.setstate, random.getstate()))
        if torch.cuda.is_available() and torch.cuda.is_initialized():
            self._put_back.append(
                functools.partial(torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all())
            )


def _restore_module(
    module: nn.Module, kind: type, attributes: dict[str, Any], contents: list[tuple[Any, Any]]
) -> None:
    if type(module) is not kind:
        module.__class__ = kind
    vars(module).clear()
    vars(module).update(attributes)
    for container, old in contents:
        if isinstance(container, (list, deque)):
            if len(container) != len(old) or any(a is not b for a, b in zip(container, old, strict=True)):
                container.clear()
                container.extend(old)
        else:
            container.clear()
            container.update(old)


def _restoring_tensor(tensor: Tensor) -> Callable[[], None]:
    """What puts back the bits, `requires_grad` and `.grad` of a tensor."""
    same, bits, leaf = tensor.data, tensor.detach().clone(), tensor.is_leaf
    wanted, grad = tensor.requires_grad, tensor.grad if leaf else None
    slope = None if grad is None else _restoring_tensor(grad)

    def put_back() -> None:
        if (
            tensor.data.data_ptr() != same.data_ptr()
            or tensor.shape != same.shape
            or tensor.dtype != same.dtype
        ):
            tensor.data = same
        if not same_bits(same, bits):
            same.copy_(bits)  # through .data, unseen by autograd: what it has remembered stays valid
        if leaf:
            if tensor.requires_grad != wanted:
                tensor.requires_grad_(wanted)
            if tensor.grad is not grad:
                tensor.grad = grad
            if slope is not None:
                slope()

    return put_back


def same_bits(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors hold the same bits, NaN and −0 too; False where that cannot be told."""
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    try:
        return torch.equal(
            *(t.resolve_conj().resolve_neg().contiguous().reshape(-1).view(torch.uint8) for t in (a, b))
        )
    except (RuntimeError, NotImplementedError):
        return False


def holdings(f: Any) -> Iterator[tuple[str, Any]]:
    """The modules, tensors and generators that a function stands for or holds on to, each with its name."""
    seen: set[int] = set()
    waiting = [("", f, 0)]
    while waiting:
        name, value, depth = waiting.pop(0)
        if id(value) in seen or depth > _DEPTH:
            continue
        seen.add(id(value))
        if isinstance(value, (nn.Module, Tensor, torch.Generator, np.random.Generator)):
            yield name or type(value).__name__, value
        else:
            waiting += [(n or name, v, depth + 1) for n, v in _parts(value)]


def libraries(f: Any) -> set[str]:
    """Which of torch and numpy the code of a function names."""
    if not isinstance(f, FunctionType):
        kind = type(f).__module__.partition(".")[0]
        return {kind} & {"torch", "numpy"}
    named = inspect.getclosurevars(f)
    roots = {
        (v.__name__ if isinstance(v, ModuleType) else getattr(v, "__module__", None) or "").partition(".")[0]
        for v in [*named.globals.values(), *named.nonlocals.values()]
    }
    return roots & {"torch", "numpy"}


def _parts(value: Any) -> list[tuple[str, Any]]:
    """What a callable or a container refers to, by name."""
    if isinstance(value, functools.partial):
        return [("", value.func), *(("", a) for a in value.args), *value.keywords.items()]
    if inspect.ismethod(value):
        return [("self", value.__self__), ("", value.__func__)]
    if isinstance(value, FunctionType):
        if value.__module__ and value.__module__.partition(".")[0] in ("torch", "numpy", "gradus"):
            return []
        names = inspect.getclosurevars(value)
        wrapped = [("", value.__wrapped__)] if hasattr(value, "__wrapped__") else []
        defaults = [("", d) for d in value.__defaults__ or ()]
        return [*names.nonlocals.items(), *names.globals.items(), *wrapped, *defaults]
    if isinstance(value, dict):
        return [(str(k), v) for k, v in value.items()] if len(value) <= 1000 else []
    if isinstance(value, (list, tuple)):
        return [("", v) for v in value[:1000]]
    if isinstance(value, (type, ModuleType)) or not hasattr(value, "__dict__"):
        return []
    foreign = type(value).__module__.partition(".")[0] in ("torch", "numpy", "builtins", "gradus")
    return [] if foreign else list(vars(value).items())
