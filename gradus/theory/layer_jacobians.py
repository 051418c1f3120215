"""Singular values of the Jacobians of a network's layers: of each by its own input, and of the stack up to it by the network's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from gradus.arguments import refusal, whole
from gradus.arguments.tensors import module, tensor
from gradus.optimization.model_inputs import taking
from gradus.optimization.unchanged_model import outside_of_inference, unchanged
from gradus.text import Text
from gradus.theory.data_batches import require_determined

PLAIN = (nn.Flatten, nn.Unflatten, nn.Identity, nn.modules.dropout._DropoutNd)
CHUNK = 64  # rows that are pulled back in one call


class Singular(NamedTuple):
    """The singular values of a Jacobian, over samples.

    Attributes:
        largest: over all samples.
        smallest: over all samples, of the min(d_out, d_in) values; None where they were not all computed.
        mean_square: of them, over all samples.
        exact: whether all were computed; else `largest` is a lower bound and `mean_square` an estimate.

    Example:
        >>> Singular(largest=2.0, smallest=1.0, mean_square=2.5, exact=True).largest
        2.0
    """

    largest: float
    smallest: float | None
    mean_square: float
    exact: bool


class LayerJacobian(NamedTuple):
    """One call of a layer.

    Attributes:
        name: of the module; "" is the model itself.
        kind: its class.
        call: which of its calls in a pass it is, from 0.
        stack: of the Jacobian of its output by the network's input; None with a reason.
        own: of the Jacobian of its output by its own input; None with a reason.
        reason: why one of them is missing; empty otherwise.

    Example:
        >>> LayerJacobian("0", "Linear", 0, Singular(1.0, 1.0, 1.0, True), None, Text("", "")).kind
        'Linear'
    """

    name: str
    kind: str
    call: int
    stack: Singular | None
    own: Singular | None
    reason: Text


@torch.inference_mode(False)
def layer_jacobians(
    model: nn.Module, inputs: Tensor, *, most: int = 512, iterations: int = 30, seed: int = 0
) -> list[LayerJacobian]:
    r"""Largest, smallest and mean square singular value of the Jacobian of each layer, and of the stack up to it, at the inputs.

    .. math:: J_l(x)=\frac{\partial h_l}{\partial x},\qquad A_l(x)=\frac{\partial h_l}{\partial h_{l-1}},\qquad
        \frac1m\sum_{k=1}^m\sigma_k^2=\frac1m\lVert J\rVert_F^2,\qquad m=\min(d_{\text{out}},d_{\text{in}})

    of one sample at a time, all its numbers in a row. A stack is isometric where all its singular values are near 1; where the
    largest grows or the smallest shrinks with depth, signals and gradients do along some directions. Rows are all modules with
    parameters of their own, and those without that contain no others (activations, pooling), but for what only passes numbers
    on. The model is left as it was, and evaluated in the mode in which it stands.

    Args:
        model: any module that draws nothing at random and treats samples alone (dropout and batch norm in evaluation mode).
        inputs: a few, samples along the first axis.
        most: m up to which all singular values are computed; of larger Jacobians the largest by power iteration, the mean
            square by Hutchinson's estimate, and no smallest.
        iterations: of both.
        seed: of their starts.

    Returns:
        A row for each call of a layer, in their order.

    Raises:
        GradusError: inputs that are no tensor with samples, or a layer that draws at random or mixes samples.

    Cost: m passes backward for each row, all samples together (3 `iterations` where m is above `most`), and O(n m² d).

    Source: Saxe, McClelland and Ganguli 2014; Pennington, Schoenholz and Ganguli 2017.

    Example:
        >>> import torch
        >>> model = torch.nn.Sequential(torch.nn.Linear(2, 2, bias=False), torch.nn.ReLU()).double()
        >>> _ = model[0].weight.data.copy_(torch.tensor([[3.0, 0.0], [0.0, 2.0]]))
        >>> rows = layer_jacobians(model, torch.tensor([[1.0, -1.0]], dtype=torch.float64))
        >>> [(row.kind, round(row.stack.largest, 6), round(row.stack.smallest, 6), round(row.own.mean_square, 6)) for row in rows]
        [('Linear', 3.0, 2.0, 6.5), ('ReLU', 3.0, 0.0, 0.5)]
    """
    module("model", model)
    inputs = outside_of_inference(tensor("inputs", inputs, dtype="any", meta=False))
    if not inputs.dim() or not len(inputs):
        raise refusal("inputs", ("at least one sample", "至少一个样本"), inputs)
    whole("most", most, least=1)
    whole("iterations", iterations, least=1)
    generator = torch.Generator().manual_seed(whole("seed", seed, least=0, most=2**63 - 1))
    require_determined(model)
    x = inputs.detach().clone()
    real = x.is_floating_point()
    if real:
        x.requires_grad_()
    found: list[LayerJacobian] = []
    with (
        unchanged(model),
        sdpa_kernel(SDPBackend.MATH),
        torch.backends.cudnn.flags(enabled=not any(isinstance(m, nn.RNNBase) for m in model.modules())),
    ):
        with _listening(model) as calls, taking("inputs"):
            model(x)
        for name, kind, call, entering, output in calls:
            of = _Jacobian(output, len(x), most, iterations, generator)
            if output is None or len(output) != len(x):
                reason = Text("it puts out no tensor of real numbers with a row for each sample", "其输出不是每个样本一行的实数张量")  # fmt: skip
                found.append(LayerJacobian(name, kind, call, None, None, reason))
                continue
            stack = of.by(x) if real else None
            own = of.by(entering) if entering is not None and len(entering) == len(x) else None
            reason = Text("", "")
            if stack is None:
                reason = Text("the output does not depend on real inputs", "输出不依赖于实数输入")
            elif own is None:
                reason = Text("its own input is no tensor of real numbers with a row for each sample", "其自身的输入不是每个样本一行的实数张量")  # fmt: skip
            found.append(LayerJacobian(name, kind, call, stack, own, reason))
    return found


Call = tuple[str, str, int, Tensor | None, Tensor | None]


@contextmanager
def _listening(model: nn.Module) -> Iterator[list[Call]]:
    """The calls of layers in their order, with what entered and left; later layers get copies, and may change them in place."""
    calls: list[Call] = []
    count: dict[str, int] = {}
    entered: dict[str, list[Tensor | None]] = {}

    def enter(name: str) -> Callable[..., Any]:
        def hear(m: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            first = args[0] if args and _real(args[0]) else None
            entered.setdefault(name, []).append(first)
            return None if first is None else ((first.clone(), *args[1:]), kwargs)

        return hear

    def leave(name: str) -> Callable[..., Any]:
        def hear(m: nn.Module, args: Any, output: Any) -> Any:
            first = output[0] if isinstance(output, (tuple, list)) and output else output
            whole_ = first if _real(first) else None
            number = count.get(name, 0)
            count[name] = number + 1
            calls.append((name, type(m).__name__, number, entered[name].pop(), whole_))
            return whole_.clone() if whole_ is output and whole_ is not None else None

        return hear

    with ExitStack() as stack:
        for name, m in model.named_modules():
            own = any(True for _ in m.parameters(recurse=False))
            if "parametrizations." in name or isinstance(m, PLAIN) or not (own or not list(m.children())):
                continue
            stack.callback(m.register_forward_pre_hook(enter(name), with_kwargs=True).remove)
            stack.callback(m.register_forward_hook(leave(name)).remove)
        yield calls


def _real(value: Any) -> TypeGuard[Tensor]:
    return (
        isinstance(value, Tensor)
        and value.is_floating_point()
        and value.dim() > 0
        and value.layout is torch.strided
    )


class _Jacobian:
    """Of one output, by several tensors that it was computed from."""

    def __init__(
        self, output: Tensor | None, n: int, most: int, iterations: int, generator: torch.Generator
    ) -> None:
        self._output = None if output is None or len(output) != n else output.reshape(n, -1)
        self._most, self._iterations, self._generator = most, iterations, generator

    def by(self, entering: Tensor) -> Singular | None:
        """The singular values; None where it does not depend on it."""
        h = self._output
        if h is None or not h.requires_grad or not entering.requires_grad:
            return None
        if torch.autograd.grad(h.sum(), entering, retain_graph=True, allow_unused=True)[0] is None:
            return None
        rows, columns = h.shape[1], entering[0].numel()
        if min(rows, columns) > self._most:
            return self._estimated(h, entering, min(rows, columns))
        if rows <= columns:
            J = self._pulled(h, entering, rows)  # (rows, n, columns)
        else:
            u = torch.zeros_like(h, requires_grad=True)
            (back,) = torch.autograd.grad(h, entering, u, create_graph=True)
            if not back.requires_grad:
                return None
            J = self._pulled(back.reshape(len(h), -1), u, columns)
        values = torch.linalg.svdvals(J.transpose(0, 1).double())
        return Singular(float(values.max()), float(values.min()), float(values.square().mean()), True)

    def _pulled(self, h: Tensor, entering: Tensor, rows: int) -> Tensor:
        """Rows of the Jacobian (rows, n, entries), of all samples at once: each output depends on its own sample alone."""
        parts = []
        for start in range(0, rows, CHUNK):
            index = torch.arange(start, min(start + CHUNK, rows), device=h.device)
            unit = torch.zeros(len(index), *h.shape, dtype=h.dtype, device=h.device)
            unit[torch.arange(len(index), device=h.device), :, index] = 1
            parts.append(_many(h, entering, unit).detach().reshape(len(index), len(h), -1))
        return torch.cat(parts)

    def _estimated(self, h: Tensor, entering: Tensor, m: int) -> Singular:
        """The largest by power iteration, the mean square from random directions."""
        n = len(h)
        u = torch.zeros_like(h, requires_grad=True)
        (back,) = torch.autograd.grad(h, entering, u, create_graph=True)

        def drawn(like: Tensor) -> Tensor:
            return torch.randn(like.shape, generator=self._generator, dtype=torch.float64).to(like)

        squares, v = 0.0, drawn(entering)
        largest = torch.zeros(n, device=h.device)
        for _ in range(self._iterations):
            signs = drawn(h).sign()
            (pulled,) = torch.autograd.grad(h, entering, signs, retain_graph=True)
            squares += float(pulled.double().square().sum()) / n
            v = v / v.reshape(n, -1).norm(dim=1).clamp_min(1e-30).reshape(n, *[1] * (v.dim() - 1))
            if not back.requires_grad:
                break
            (pushed,) = torch.autograd.grad(back, u, v, retain_graph=True)
            largest = pushed.norm(dim=1)
            (v,) = torch.autograd.grad(h, entering, pushed, retain_graph=True)
        return Singular(float(largest.max()), None, squares / self._iterations / m, False)


def _many(h: Tensor, entering: Tensor, vectors: Tensor) -> Tensor:
    """The products of several vectors with the Jacobian, in one call where every operation can be batched."""
    try:
        (rows,) = torch.autograd.grad(
            h, entering, vectors, retain_graph=True, is_grads_batched=True, materialize_grads=True
        )
    except RuntimeError:
        made = [
            torch.autograd.grad(h, entering, v, retain_graph=True, materialize_grads=True)[0] for v in vectors
        ]
        rows = torch.stack(made)
    return rows
