"""The graph of a PyTorch function or module, recorded as PyTorch runs it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from gradus.errors import GradusError
from gradus.explanation.graph import Node, argument_names, differentiate, reached
from gradus.explanation.program import run
from gradus.explanation.torch_call import array_of
from gradus.explanation.torch_recorder import Recorder


def torch_graph(f: Callable[..., Any], inputs: Sequence[Any]) -> list[Node]:
    """The nodes of f(*inputs), the result last; floating-point tensors and parameters are differentiated by.

    Raises:
        GradusError: nothing to differentiate by, or a result that does not depend on it.
    """
    top_modules = list(owners(f))
    names = {id(t): name for m, _ in top_modules for name, t in [*m.named_parameters(), *m.named_buffers()]}
    modules = {
        id(m): f"{name or prefix} ({type(m).__name__})"
        for top, prefix in top_modules
        for name, m in top.named_modules()
    }
    recorder = Recorder(names, modules)
    kind = next((p.dtype for m, _ in top_modules for p in m.parameters() if p.is_floating_point()), None)
    inputs = [_tensor(v, kind) for v in inputs]
    argument = argument_names(f.forward if isinstance(f, nn.Module) else f, len(inputs))
    leaves = [_leaf(recorder, name, value) for name, value in zip(argument, inputs, strict=True)]
    with torch.enable_grad():
        with recorder:
            result = run(f, leaves)
        outputs = [
            r for r in pytree.tree_leaves(_as_dict(result)) if isinstance(r, Tensor) and r.requires_grad
        ]
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


def _as_dict(result: Any) -> Any:
    return dict(result) if hasattr(result, "keys") else result


def owners(f: Any) -> Iterator[tuple[nn.Module, str]]:
    """The modules that a function stands for or holds on to."""
    bound = getattr(f, "__self__", None)
    try:
        names = {**inspect.getclosurevars(f).nonlocals, **inspect.getclosurevars(f).globals}
    except TypeError:
        names = {}
    for name, value in {"": f, "self": bound, **names}.items():
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


def _leaf(recorder: Recorder, name: str, value: Any) -> Any:
    if isinstance(value, (list, tuple)) and any(isinstance(v, Tensor) for v in value):
        return type(value)([_leaf(recorder, f"{name}[{i}]", v) for i, v in enumerate(value)])
    if not isinstance(value, Tensor):
        return value
    if not value.is_floating_point():
        recorder.names[id(value)] = name
        return value
    tensor = value.detach().clone().requires_grad_()
    recorder.add(Node(name, name, [], [], array_of(tensor), leaf=True), tensor)
    return tensor
