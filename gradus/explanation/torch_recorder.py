"""What PyTorch does, written down call by call as it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch._C._functorch import peek_interpreter_stack
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree

from gradus.errors import GradusError
from gradus.explanation.autograd_section import Edge, Section, array_of, edge_of, is_leaf, name_of
from gradus.explanation.graph import Node
from gradus.explanation.program import folders, frames, line
from gradus.explanation.torch_call import Call, composite, function_name, matched, unwatched
from gradus.explanation.words import expression, local_derivatives, number
from gradus.text import Text

MOST_STEPS = 100_000
MOST_BYTES = 2 * 1024**3  # of the values of all steps
_LIBRARIES = folders(torch)


class Recorder(TorchFunctionMode):
    """Writes down every call of PyTorch's whose result autograd differentiates.

    A value is known by its edge in autograd's graph, so that what is detached, computed without gradients or changed in
    place is linked as autograd links it.

    Attributes:
        nodes: the graph so far.
        edges: of each node; None where its gradient is not autograd's at that edge: where only the values were
            replaced, and where an earlier step has gone through it unseen.
        constants: copies of inputs that are not differentiated by, kept so that their names stay theirs.
        recomputes: whether a step was made under `checkpoint`, and is run again by a pullback.
    """

    def __init__(self, names: dict[int, str], modules: dict[int, str]) -> None:
        super().__init__()
        self.names, self.modules = names, modules
        self.nodes: list[Node] = []
        self.edges: list[Edge | None] = []
        self.sections: list[Section] = []
        self.constants: list[Tensor] = []
        self.recomputes = False
        self._number: dict[Edge, int] = {}
        self._passed: set[Edge] = set()
        self._steps = self._bytes = 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if composite(func):
            with self:  # what it is made of is recorded, instead of the whole
                return unwatched(func)(*args, **kwargs)
        if peek_interpreter_stack() is not None:
            return func(*args, **kwargs)  # within a transform of torch.func; what comes out of it is a step
        self._look_at([a for a in pytree.tree_leaves((args, kwargs)) if isinstance(a, Tensor)])
        name = function_name(func)
        call = Call(name, args, kwargs, self.constant)
        result = func(*args, **kwargs)
        if name == "setitem":  # gives nothing back; its first argument has changed
            self._record("put", args[0], call)
        elif result is not NotImplemented:
            for i, output in enumerate(_tensors(result)):
                self._record(name, output, call, i if isinstance(result, (tuple, list)) else None)
        return result

    def number_of(self, tensor: Tensor) -> int:
        """The node of a tensor that autograd differentiates by."""
        self._look_at([tensor])
        edge = edge_of(tensor)
        assert edge is not None
        return self._numbered(edge)

    def constant(self, value: Any) -> str:
        """How what is not differentiated by reads: its name, the number, or its shape."""
        if not isinstance(value, Tensor):
            return number(value)
        if name := self.names.get(id(value)):
            return name
        if value.ndim or value.is_meta or value.is_quantized:
            return f"[{'×'.join(map(str, value.shape))}]"
        return number(value.item())

    def leaf(self, name: str, tensor: Tensor, path: tuple[str, ...] = ()) -> None:
        """Adds the node of an argument or a parameter."""
        self._add(Node(name, name, [], [], array_of(tensor), path=path, leaf=True), edge_of(tensor))

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
            elif code.co_filename.endswith("checkpoint.py"):
                self.recomputes = True
        return tuple(reversed(names))

    def _look_at(self, tensors: Sequence[Tensor]) -> None:
        """Writes down those whose origin was not seen, and new values that were put where autograd does not look."""
        for tensor in tensors:
            edge = edge_of(tensor)
            if edge is None:
                continue
            if edge not in self._number and not is_leaf(edge[0]):
                self._record_unseen(tensor, edge)
            node = self.nodes[self._numbered(edge)]
            value = array_of(tensor)
            if not np.array_equal(value, node.value, equal_nan=True):
                self._record_replaced(edge, node, value)

    def _look_at_base(self, tensor: Tensor) -> bool:
        """Whether it is a view of a tensor with new values, which a write into the view has put there."""
        base = tensor._base
        edge = edge_of(base)
        if base is None or edge is None or edge in self._number or is_leaf(edge[0]):
            return False
        self._look_at([base])
        return True

    def _numbered(self, edge: Edge) -> int:
        if edge not in self._number:
            tensor = edge[0].variable
            name = self.names.get(id(tensor), f"p{sum(n.leaf for n in self.nodes) + 1}")
            self.leaf(name, tensor, self.path())
        return self._number[edge]

    def _add(self, node: Node, edge: Edge | None) -> None:
        self._bytes += node.value.nbytes
        if self._steps > MOST_STEPS or self._bytes > MOST_BYTES:
            raise GradusError(
                Text(
                    f"the computation has more than {MOST_STEPS:,} steps, or their values take more than "
                    f"{MOST_BYTES / 1024**3:g} GiB; explain it on a smaller input",
                    f"计算超过 {MOST_STEPS:,} 步，或各步的值超过 {MOST_BYTES / 1024**3:g} GiB；请换用较小的输入",
                )
            )
        self.nodes.append(node)
        self.edges.append(None if edge in self._passed else edge)
        if edge is not None:
            self._number[edge] = len(self.nodes) - 1

    def _next_name(self) -> str:
        self._steps += 1
        return f"v{self._steps}"

    def _record_replaced(self, edge: Edge, node: Node, value: np.ndarray) -> None:
        """A step for values that were written without autograd: for it, they are the same."""
        self.nodes.append(
            Node(
                self._next_name(),
                f"assigned({node.name})",
                [self._number[edge]],
                ["1"],
                value,
                [np.array],
                path=self.path(),
            )
        )
        self.edges.append(None)
        self._number[edge] = len(self.nodes) - 1

    def _record_unseen(self, tensor: Tensor, edge: Edge) -> None:
        """A step for a tensor that came out of what is not seen call by call, such as a Function of the user's."""
        self._look_at_base(tensor)
        section, numbers = self._section(edge)
        inputs = list(dict.fromkeys(numbers))
        name = name_of(edge[0]) + ("" if section.size == 1 else "∘…")
        label = expression(name, [self.nodes[j].name for j in inputs], {})
        pulls = [_pull(section, [u for u, k in enumerate(numbers) if k == j]) for j in inputs]
        words = ["∂"] * len(inputs)
        node = Node(
            self._next_name(),
            label,
            inputs,
            words,
            array_of(tensor),
            pulls,
            path=self.path(),
            count=section.size,
        )
        self._add(node, edge)

    def _record(self, function: str, output: Tensor, call: Call, part: int | None = None) -> None:
        """Adds the node of a result, unless autograd sees nothing new in it."""
        edge = edge_of(output)
        if edge is None or edge in self._number or is_leaf(edge[0]):
            return
        if self._look_at_base(output):
            self._record_unseen(output, edge)
            return
        section, numbers = self._section(edge)
        if not numbers:
            return
        name, value, path = self._next_name(), array_of(output), self.path()
        shown = {i: w if w is not None else self._name(call.edges[i]) for i, w in call.words.items()}
        words = list(shown.values())
        label = expression(function, words, call.options) + ("" if part is None else f"[{part}]")
        local = dict(zip(shown, local_derivatives(function, name, words), strict=True))
        node = Node(name, label, [], [], value, path=path)
        uses = list(matched([e and self._number.get(e) for e in call.edges], numbers))
        dull = call.scaled or any(
            np.iscomplexobj(v) for v in (value, *(self.nodes[j].value for j in numbers))
        )
        for argument, j, which in uses:
            node.inputs.append(j)
            node.locals.append("∂" if argument is None or dull else local.get(argument, "∂"))
            node.pulls.append(_pull(section, which))
        self._add(node, edge)

    def _name(self, edge: Edge | None) -> str:
        assert edge is not None
        return self.nodes[self._numbered(edge)].name

    def _section(self, edge: Edge) -> tuple[Section, list[int]]:
        """The part of autograd's graph behind an edge, and the nodes that it begins at."""
        section = Section(edge, self._number.__contains__)
        self.sections.append(section)
        self._passed.update(section.inside)
        return section, [self._numbered(e) for e in section.uses]


def _pull(section: Section, uses: Sequence[int]) -> Callable[[np.ndarray], np.ndarray]:
    """The map g ↦ g·∂(result)/∂(input), summed over the uses of that input."""

    def pulled(g: np.ndarray) -> np.ndarray:
        shares = section.pulled(g)
        met = [s for s in (shares[u] for u in uses) if s is not None]
        return sum(met[1:], met[0]) if met else section.nothing(uses[0])

    return pulled


def _tensors(result: Any) -> list[Tensor]:
    """The floating-point and complex tensors in nested lists, tuples and dicts."""
    return [
        r
        for r in pytree.tree_leaves(result)
        if isinstance(r, Tensor) and (r.is_floating_point() or r.is_complex())
    ]
