"""The diagonal blocks of a loss's curvature, one a layer: the largest eigenvalue and the trace of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from gradus.arguments import choice, number, refusal, whole
from gradus.errors import GradusError
from gradus.optimization.batch_loss import Loss, trainable
from gradus.theory.curvature import KINDS, Curvature
from gradus.theory.curvature_diagonal import curvature_diagonal
from gradus.theory.data_batches import batches
from gradus.theory.lanczos import top_eigenpairs
from gradus.theory.symmetric_operator import SymmetricOperator, product
from gradus.theory.trace_estimate import estimate_trace

PARAMETRIZATIONS = ".parametrizations"
FEWEST = 6  # products of an estimate of a trace


class LayerCurvature(NamedTuple):
    """The block of one layer.

    Attributes:
        name: of the module that holds the parameters; "" is the model itself.
        size: how many numbers its trained parameters hold.
        eigenvalue: the largest of the block.
        residual: within this distance of it lies an eigenvalue of the block.
        trace: of the block.
        standard_error: of the trace; 0 where it is exact.

    Example:
        >>> LayerCurvature("0", 10, 2.0, 1e-4, 5.0, 0.0).eigenvalue
        2.0
    """

    name: str
    size: int
    eigenvalue: float
    residual: float
    trace: float
    standard_error: float


class _Block:
    """Rows and columns of a matrix of which only products are known."""

    def __init__(self, whole_: SymmetricOperator, index: Tensor) -> None:
        self._whole, self._index = whole_, index
        self.shape = (len(index), len(index))
        self.dtype, self.device = whole_.dtype, whole_.device

    def __matmul__(self, vectors: Tensor) -> Tensor:
        padded = vectors.new_zeros(self._whole.shape[0], *vectors.shape[1:])
        padded[self._index] = vectors
        return (self._whole @ padded)[self._index]


@torch.inference_mode(False)
def layer_curvatures(
    model: nn.Module,
    loss: Loss,
    data: Any,
    *,
    kind: str = "hessian",
    mean: bool = True,
    layers: Sequence[str] | None = None,
    tolerance: float = 1e-3,
    max_products: int = 60,
    probes: int = 30,
    memory: int = 2**30,
    seed: int = 0,
) -> list[LayerCurvature]:
    r"""The largest eigenvalue and the trace of each layer's block of the Hessian, Gauss–Newton or empirical Fisher matrix.

    .. math:: H_{ll}=\frac{\partial^2\bar\ell}{\partial\theta_l\,\partial\theta_l^{\mathsf T}},\qquad
        \max_l\lambda_1(H_{ll})\le\lambda_1(H),\qquad\sum_l\operatorname{tr}H_{ll}=\operatorname{tr}H

    with θ_l the trained parameters that the module l holds itself; parameters that two modules share belong to the first. What
    couples the layers is left out: λ₁(H) may be larger than every block's. Traces are exact where the diagonal is known
    without an estimate (see `curvature_diagonal`), and of blocks with no more rows than `probes`.

    Args:
        model: any module, as `Curvature` takes it.
        loss: `loss(outputs, targets)`, one number.
        data: a pair (inputs, targets) of tensors, or a list or loader of such pairs.
        kind: "hessian", "gauss-newton" or "empirical-fisher".
        mean: whether the loss is a mean over the samples of a batch, or a sum.
        layers: names of modules; all that hold trained parameters unless given.
        tolerance: of the residual, relative to the eigenvalue.
        max_products: with the whole matrix, for each layer's eigenvalue.
        probes: products with the whole matrix for each trace that is not exact, ≥ 6.
        memory: bytes for the exact diagonal.
        seed: of the starts and probes.

    Returns:
        The layers in the model's order.

    Raises:
        GradusError: what `Curvature` refuses, or a name of a module that holds no trained parameter.

    Cost: for each layer `max_products` at most, and `probes` where its trace is not exact.

    Source: Sankar et al. 2021, for the spectra of the blocks.

    Example:
        >>> import torch
        >>> model = torch.nn.Sequential(torch.nn.Linear(2, 1, bias=False), torch.nn.Linear(1, 1, bias=False)).double()
        >>> for p in model.parameters(): _ = torch.nn.init.ones_(p)
        >>> data = torch.eye(2, dtype=torch.float64), torch.zeros(2, 1, dtype=torch.float64)
        >>> rows = layer_curvatures(model, torch.nn.functional.mse_loss, data)
        >>> [(row.name, round(row.eigenvalue, 6), round(row.trace, 6), row.standard_error) for row in rows]
        [('0', 1.0, 2.0, 0.0), ('1', 2.0, 2.0, 0.0)]
    """
    number("tolerance", tolerance, above=0)
    whole("max_products", max_products, least=1)
    whole("probes", probes, least=FEWEST)
    whole("memory", memory, least=1)
    whole("seed", seed, least=0, most=2**63 - 1)
    data = batches(data, again=True)
    choice("kind", kind, KINDS)
    diagonal = _diagonal(
        model, loss, data, kind, mean, memory
    )  # puts the model back, which the curvature would notice
    H = Curvature(model, loss, data, kind=kind, mean=mean)
    blocks = _blocks(model)
    chosen = list(blocks) if layers is None else _named(layers, blocks)
    found = []
    for name in chosen:
        index = blocks[name].to(H.device)
        block = _Block(H, index)
        top = top_eigenpairs(block, 1, tolerance=tolerance, max_products=max_products, seed=seed)
        if diagonal is not None:
            trace, error = float(diagonal[index].double().sum()), 0.0
        else:
            trace, error = _trace(block, probes, seed)
        found.append(
            LayerCurvature(name, len(index), float(top.values[0]), float(top.residuals[0]), trace, error)
        )
    return found


def _blocks(model: nn.Module) -> dict[str, Tensor]:
    """Where the trained parameters of each module lie in the vector of all."""
    places: dict[int, Tensor] = {}
    start = 0
    for p in trainable(model):
        places[id(p)] = torch.arange(start, start + p.numel())
        start += p.numel()
    found: dict[str, list[Tensor]] = {}
    for name, module in model.named_modules():
        for p in module.parameters(recurse=False):
            if id(p) in places:
                found.setdefault(name.partition(PARAMETRIZATIONS)[0], []).append(places.pop(id(p)))
    return {name: torch.cat(parts) for name, parts in found.items()}


def _named(layers: Sequence[str], blocks: dict[str, Tensor]) -> list[str]:
    given = isinstance(layers, (list, tuple)) and len(layers) > 0
    if not given or not all(isinstance(name, str) and name in blocks for name in layers):
        shown = ", ".join(map(repr, list(blocks)[:6]))
        raise refusal("layers", (f"names of modules that hold trained parameters, such as {shown}", f"持有可训练参数的模块名，如 {shown}"), layers, kind=not given)  # fmt: skip
    return [name for name in blocks if name in layers]


def _diagonal(model: nn.Module, loss: Loss, data: Any, kind: str, mean: bool, memory: int) -> Tensor | None:
    """The exact diagonal; None where it is not to be had."""
    if kind == "empirical-fisher":
        return None
    try:
        return curvature_diagonal(model, loss, data, kind=kind, mean=mean, memory=memory)
    except GradusError:
        return None


def _trace(block: _Block, probes: int, seed: int) -> tuple[float, float]:
    n = block.shape[0]
    if n > probes:
        found = estimate_trace(block, products=probes, seed=seed)
        return found.value, found.standard_error
    unit = torch.eye(n, dtype=torch.promote_types(block.dtype, torch.float32), device=block.device)
    return sum(float(product(block, row)[k]) for k, row in enumerate(unit)), 0.0
