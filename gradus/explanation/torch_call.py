"""One call of PyTorch's: what it depends on, and how an adjoint is pulled back through it alone."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from gradus.explanation.graph import Node
from gradus.explanation.words import plain


def array_of(tensor: Tensor) -> np.ndarray:
    """The entries in float64, as a copy."""
    return np.array(tensor.detach().double().numpy(force=True))


def floating_tensors(result: Any) -> list[Tensor]:
    """The floating-point tensors in nested lists, tuples and dicts."""
    return [r for r in pytree.tree_leaves(result) if isinstance(r, Tensor) and r.is_floating_point()]


class Call:
    """One call.

    Args:
        func, args, kwargs: of the call.
        nodes: of the graph so far.
        tracked: (argument, whether it is written into) ↦ the number of its node, None for a constant.
        constant: how a constant reads.

    Attributes:
        leaves: everything that was handed over, flat.
        numbers: the node of each leaf, None for constants.
        inputs: positions of the leaves that are nodes.
        words: how the leaves that a formula shows read, by position.
        options: what a formula shows beside them.
    """

    def __init__(
        self,
        func: Any,
        args: Any,
        kwargs: Any,
        nodes: Sequence[Node],
        tracked: Callable[[Any, bool], int | None],
        constant: Callable[[Any], str],
    ) -> None:
        name = plain(func.__name__)
        self.func, self.nodes = func, nodes
        self.leaves, self.spec = pytree.tree_flatten((args, kwargs))
        self.writes = name == "setitem"  # gives nothing back; its first argument has changed
        self.numbers = [tracked(a, self.writes) for a in self.leaves]
        self.inputs = [i for i, j in enumerate(self.numbers) if j is not None]
        self.random = RandomState(self.leaves)
        self.options = {"index": args[1]} if name in ("getitem", "setitem") else {}
        short = not self.options and len(self.leaves) <= 3
        self.words = {
            i: nodes[j].name if j is not None else constant(a)
            for i, (a, j) in enumerate(zip(self.leaves, self.numbers, strict=True))
            if isinstance(a, Tensor) or (short and type(a) in (int, float))
        }

    def _fresh(self, leaf: Any, number: int | None) -> Any:
        """A leaf as it was handed over; the call may write into it, as batch normalisation does into its means."""
        if number is not None:
            return torch.tensor(self.nodes[number].value).to(leaf)
        return leaf.detach().clone() if isinstance(leaf, Tensor) else leaf

    def pull(self, by: int, part: int | None) -> Callable[[np.ndarray], np.ndarray]:
        """The map g ↦ g·∂(result)/∂(leaf `by`), by running this one call again with the same values.

        Args:
            by: position of the leaf.
            part: which of several results; None where there is one.
        """

        def pulled(g: np.ndarray) -> np.ndarray:
            with self.random.again(), torch.enable_grad():
                leaves = [self._fresh(a, j) for a, j in zip(self.leaves, self.numbers, strict=True)]
                x = leaves[by].requires_grad_()
                leaves[by] = x.clone()  # a call that works in place may overwrite it
                args, kwargs = pytree.tree_unflatten(leaves, self.spec)
                result = self.func(*args, **kwargs)
                y = args[0] if self.writes else result if part is None else floating_tensors(result)[part]
                (share,) = torch.autograd.grad(y, x, torch.as_tensor(g).to(y), allow_unused=True)
            return np.zeros(x.shape) if share is None else array_of(share)

        return pulled


class RandomState:
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
