"""`explain`: the computation graph of a function, drawn and multiplied out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gradus.errors import GradusError
from gradus.explanation.chain_rule import along, multiplied_out
from gradus.explanation.drawing import drawing
from gradus.explanation.graph import LEGIBLE, Node, grouped
from gradus.explanation.time_limit import time_limit as limited
from gradus.frameworks import framework_named
from gradus.frameworks.structure import flatten
from gradus.text import Text

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True)
class Explanation:
    """A computation graph with the value, the local derivatives and the adjoint of every node.

    Attributes:
        nodes: every step, each after those that it is computed from; the result comes last.
        lang: "en" or "zh".
        name: of the function.
    """

    nodes: Sequence[Node]
    lang: str
    name: str

    @property
    def svg(self) -> str:
        """The graph as SVG; more than a hundred nodes are grouped by module or function."""
        shown = grouped(self.nodes, LEGIBLE)
        return drawing(shown, self._title(len(shown)), self.text, self.lang)

    @property
    def text(self) -> str:
        """Every step forwards, and the chain rule backwards, multiplied out."""
        return multiplied_out(grouped(self.nodes, LEGIBLE), self.lang)

    def along(self, name: str, *through: str) -> str:
        """The chain rule along one path, from a node to the result.

        Args:
            name: of the node to differentiate by: an argument, a parameter, or v1, v2, …
            through: nodes that the path visits, in order.

        Raises:
            GradusError: there is no such node, or no such path.
        """
        return along(self.nodes, name, through, self.lang)

    def save(self, path: str | Path) -> Path:
        """Writes the SVG to a file.

        Raises:
            GradusError: the file cannot be written, or its name ends in another suffix than .svg.
        """
        from gradus.files import require_suffix, write_atomically, write_failed

        try:
            write_atomically(require_suffix(Path(path), ".svg"), [self.svg.encode()])
        except OSError as error:
            raise write_failed(Path(path), error) from None
        return Path(path)

    def _title(self, shown: int) -> str:
        count = len(self.nodes)
        if self.lang == "zh":
            return f"{self.name} 的计算图：{count} 个节点" + (f"，合并为 {shown} 个" if shown < count else "")
        return f"computation graph of {self.name}: {count} nodes" + (
            f", drawn as {shown}" if shown < count else ""
        )

    def _repr_html_(self) -> str:
        return f'<div style="overflow:auto">{self.svg}</div>'

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{self._title(len(self.nodes))}>"


def explain(
    f: Callable[..., Any], *inputs: Any, lang: str = "en", time_limit: float | None = 60.0
) -> Explanation:
    r"""The computation graph of f(*inputs), with values, local derivatives and adjoints.

    Each step v = φ(a, b, …) is a node; its adjoint is v̄ = ∂y/∂v, found from the result y backwards by the chain rule,

    $$\bar a = \sum_{v\ \text{uses}\ a} \bar v\,\frac{\partial v}{\partial a}.$$

    Of several results the first that depends on the inputs is taken; one of several numbers is summed, and of a complex
    one the real part is differentiated. Adjoints of complex values are PyTorch's, ∂y/∂Re v + i ∂y/∂Im v.

    Args:
        f: a function written in NumPy, a function of PyTorch tensors, or a module.
        inputs: what f is called with: floats, arrays or tensors, also in lists, tuples and dicts (a module is given
            tensors in the type of its parameters). Floating-point ones, and the parameters of modules, are
            differentiated by; the others, and floats beside tensors, are constants.
        lang: language of the words, "en" or "zh".
        time_limit: in seconds, for f and its graph; None for none.

    Returns:
        An `Explanation`: shows itself in a notebook; `.svg`, `.save(file)`, `.text`, `.along("x")`. The adjoints are
        those of autograd. Modules (parameters, buffers, hooks, flags), inputs and random generators are left as they were.

    Raises:
        GradusError: f cannot be called, raises, or is still running after `time_limit`; nothing in it is
            differentiable; its graph cannot show what autograd gives.

    Cost: one evaluation and two backward passes; memory for a copy of every intermediate value and of every parameter.

    Source: Griewank and Walther 2008, Evaluating Derivatives, ch. 2–3.
    """
    _check(f, lang, time_limit)
    name = getattr(f, "__name__", type(f).__name__)
    name = "f" if name == "<lambda>" else str(name)
    with limited(time_limit):
        nodes = _graph(f, inputs, name)
    return Explanation(nodes, lang, name)


def _check(f: Any, lang: Any, seconds: Any) -> None:
    if lang not in ("en", "zh"):
        raise GradusError(Text(f"lang={lang!r}: expected 'en' or 'zh'", f"lang={lang!r}：应为 'en' 或 'zh'"))
    if not callable(f):
        kind = type(f).__name__
        raise GradusError(
            Text(
                f"explain(f, *inputs): expected a function or a module first, got {kind}",
                f"explain(f, *inputs)：第一个参数应为函数或模块，得到 {kind}",
            )
        )
    number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
    if seconds is not None and not (number and 0 < seconds < float("inf")):
        raise GradusError(
            Text(
                f"time_limit={seconds!r}: expected a positive number of seconds, or None",
                f"time_limit={seconds!r}：应为正的秒数或 None",
            )
        )


def _graph(f: Callable[..., Any], inputs: Sequence[Any], name: str) -> list[Node]:
    if _is_torch(f, inputs):
        from gradus.explanation.torch_graph import torch_graph

        return torch_graph(f, inputs, name)
    from gradus.explanation.numpy_graph import numpy_graph

    return numpy_graph(f, inputs, name)


def _is_torch(f: Any, inputs: Sequence[Any]) -> bool:
    """Whether it is given tensors, is a module, or uses one, or PyTorch and not NumPy."""
    torch = framework_named("torch")
    if not torch.loaded:
        return False
    if any(torch.is_array(value) for value in flatten(list(inputs))):
        return True
    from gradus.explanation.torch_state import holdings, libraries

    return any(True for _ in holdings(f)) or libraries(f) == {"torch"}
