"""The Lipschitz constant of a model, bounded from above by its operations and from below by secants."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gradus.arguments import refusal, whole
from gradus.arguments.tensors import tensor
from gradus.errors import GradusError
from gradus.optimization.unchanged_model import outside_of_inference, unchanged
from gradus.text import Text
from gradus.theory.affine_map import AffineMap
from gradus.theory.data_batches import require_determined
from gradus.theory.lent_model import require_lendable
from gradus.theory.lipschitz_recorder import LipschitzRecorder, Node, RefusedError
from gradus.theory.operation_call import Linear
from gradus.theory.sample_outputs import outputs_of, require_independent
from gradus.theory.secant_slopes import steepest_secant
from gradus.theory.spectral_norm import norm_of_module


class LipschitzStep(NamedTuple):
    """An operation of the forward pass.

    Attributes:
        module: path of the module in which it happens.
        operation: its name in PyTorch.
        constant: by how much it can stretch a difference of what goes in, the largest where several parts do.
        bound: by how much everything up to it can stretch a difference of the input.

    Example:
        >>> LipschitzStep("0", "addmm", 2.0, 2.0).bound
        2.0
    """

    module: str
    operation: str
    constant: float
    bound: float


class LipschitzBound(NamedTuple):
    """The Lipschitz constant of a model from both sides, in Euclidean norms.

    Attributes:
        upper: nowhere does the output move by more than this times the input.
        lower: somewhere it does by this, but for rounding: the slope of a secant.
        pair: the two inputs of that secant.
        steps: the operations that the upper bound is made of, in their order.

    Example:
        >>> LipschitzBound(2.0, 1.5, (), ()).lower
        1.5
    """

    upper: float
    lower: float
    pair: tuple[Any, ...]
    steps: tuple[LipschitzStep, ...]


@torch.inference_mode(False)
def lipschitz_bound(
    model: nn.Module, inputs: Tensor, *, products: int = 100, steps: int = 15, seed: int = 0
) -> LipschitzBound:
    r"""How much a model can stretch a difference of two inputs: an upper bound for all of space, a lower one that was found.

    .. math:: \max_{x\ne x'\text{ found}}\frac{\lVert f(x)-f(x')\rVert}{\lVert x-x'\rVert}\;\le\;\operatorname{Lip}f\;\le\;
        \prod_l\rho_l\lVert A_l\rVert_2\quad\text{(in a chain)}

    One sample is sent through the model, and every operation is followed: linear ones get their largest singular value
    (`spectral_norm`), elementwise ones their largest slope, normalisation by the sample's own statistics γ/√ε, sums the sum of their
    branches, parts side by side the root of the sum of squares. Operations without a constant are refused by name: products of two parts that depend on the input, as in attention and gates, powers,
    jumps, branching on values. The bound is of the
    path of operations that this sample takes; a model whose path depends on values is refused. The lower bound comes from a
    search that starts at the inputs.

    Args:
        model: maps a batch (n, …) to one tensor with a row for each sample; in the mode in which it stands, which has to be eval
            where that matters.
        inputs: real numbers (n, …), of which the first goes through; the search starts from all.
        products: of Lanczos' method for each layer whose matrix is not formed.
        steps: of the search, three times.
        seed: of the starts.

    Returns:
        The `LipschitzBound`. Where matrices are not formed, each norm is above with probability 1 − 10⁻⁹.

    Raises:
        GradusError: an operation that has no constant, by name, with the module in which it happens; inputs that are no real
            numbers; a model that is random or mixes the samples.

    Cost: a forward pass with one sample and all its outputs in memory, `products` forward and backward passes with one sample,
        9 `steps` forward and 3 backward ones with all inputs.

    Source: Szegedy et al. 2014, §4.3; Gouk et al. 2021 for the constants of layers; Kim, Papamakarios and Mnih 2021 for attention, which has none.

    Example:
        >>> import torch
        >>> model = torch.nn.Sequential(torch.nn.Linear(1, 2, bias=False), torch.nn.ReLU(), torch.nn.Linear(2, 1, bias=False))
        >>> with torch.no_grad():
        ...     _ = model[0].weight.copy_(torch.tensor([[1.0], [-1.0]])), model[2].weight.copy_(torch.ones(1, 2))
        >>> found = lipschitz_bound(model, torch.tensor([[0.3], [-2.0]]))  # |x|
        >>> round(found.upper, 4), round(found.lower, 4), [step.operation for step in found.steps]
        (2.0, 1.0, ['mm', 'relu', 'mm'])
    """
    require_lendable(model)
    tensor("inputs", inputs, finite=True, meta=False)
    if inputs.dim() < 2 or not inputs.numel() or not inputs.is_floating_point():
        raise refusal(
            "inputs", ("real numbers (n, …), a row for each sample", "实数 (n, …)，每个样本一行"), inputs
        )
    k = whole("products", products, least=1)
    rounds = whole("steps", steps, least=1)
    start = whole("seed", seed, least=0, most=2**63 - 1)
    require_determined(model)
    x = outside_of_inference(inputs).detach()
    with unchanged(model):
        nodes, last = _followed(model, x[:1])
        require_independent(model, [x])
        bounds = _bounds(nodes, last, x, k, start)
        secant = steepest_secant(model, x, rounds, start)
    upper = 0.0 if last is None else (bounds[-1].bound if bounds else 1.0) * last[1]
    if secant.slope > upper * (1 + 1e-3):
        steep = f"{secant.slope:.4g} > {upper:.4g}"
        came = Text(f"a secant steeper than the bound, {steep}", f"比界更陡的割线，{steep}")
        raise refusal("model", ("one whose numbers stay in PyTorch", "数值始终在 PyTorch 中的模型"), came)
    return LipschitzBound(upper, secant.slope, (secant.first, secant.second), tuple(bounds))


def _followed(model: nn.Module, x: Tensor) -> tuple[list[Node], tuple[int, float] | None]:
    recorder = LipschitzRecorder(model)
    try:
        with torch.no_grad():
            seen = x.clone()
            with recorder.following(seen):
                outputs = model(seen)
        last = recorder.node_of(outputs) if isinstance(outputs, Tensor) else None
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        if isinstance(error, GradusError):
            raise
        line = str(error).partition("\n")[0]
        came = f"{type(error).__name__}: {line}"
        raise refusal(
            "inputs", ("inputs that the model takes", "模型可接受的输入"), Text(came, came)
        ) from error
    except RefusedError as error:
        where = error.module or type(model).__name__
        raise _refused(error.operation, where, error.reason) from None
    outputs_of(lambda _: outputs, x)  # type: ignore[arg-type]
    return recorder.nodes, last


def _bounds(
    nodes: list[Node], last: tuple[int, float] | None, x: Tensor, k: int, seed: int
) -> list[LipschitzStep]:
    """Along the operations that the output depends on."""
    needed = set[int]() if last is None else {last[0]}
    for i in range(len(nodes) - 1, 0, -1):
        if i in needed:
            needed |= {source for source, _, _ in nodes[i].sources}
    bounds, steps = {0: 1.0}, []
    for i in sorted(needed - {0}):
        node = nodes[i]
        factors = [_factor(node, factor, x, k, seed) for _, factor, _ in node.sources]
        parts = [
            factor * repeats * bounds[source]
            for factor, (source, _, repeats) in zip(factors, node.sources, strict=True)
        ]
        bounds[i] = math.hypot(*parts) if node.beside else sum(parts)
        steps.append(LipschitzStep(node.module, node.operation, max(factors, default=0.0), bounds[i]))
    return steps


def _factor(node: Node, factor: Any, x: Tensor, k: int, seed: int) -> float:
    if isinstance(factor, nn.Module):
        return norm_of_module(node.module, factor, node.shape[1:], k, seed).upper
    if isinstance(factor, Linear):
        dtype = torch.float32 if x.device.type == "mps" else torch.float64
        return AffineMap(factor.function, factor.shape, dtype, x.device).norm(k, seed)[1]
    if not math.isfinite(factor):
        raise _refused(node.operation, node.module, Text("a constant that is not finite", "常数不是有限数"))
    return float(factor)


def _refused(operation: str, where: str, reason: Text) -> GradusError:
    return refusal(
        "model",
        ("operations whose Lipschitz constant is known", "利普希茨常数已知的运算"),
        Text(f"{operation} in {where}: {reason.en}", f"{where} 中的 {operation}：{reason.zh}"),
    )
