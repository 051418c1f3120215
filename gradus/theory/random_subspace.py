"""Training in a random subspace of weight space: few coordinates, all weights move."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from gradus.arguments import choice, refusal, whole
from gradus.optimization.batch_loss import trainable
from gradus.text import Text
from gradus.theory.lent_model import require_lendable

__all__ = ["RandomSubspace"]

PROJECTIONS = ("sparse", "orthonormal")


class RandomSubspace(nn.Module):
    r"""A model that can be trained along few random directions only, away from its present weights.

    .. math:: \theta=\theta_0+Pz,\qquad z\in\mathbb R^k,\qquad \lVert P_{\cdot j}\rVert=1

    The columns of P have length 1, so that a step in z is as long a step in θ, nearly or exactly: "orthonormal" takes them from
    a QR factorisation of normal draws, and holds D k numbers; "sparse" gives each about √D entries, of which two columns share
    few. The model is copied and not touched; its copy's own parameters are held fast, and buffers such as
    running statistics are the copy's. The smallest k that trains to 90 % of the performance is the intrinsic dimension.

    Args:
        model: any module.
        dimension: k, at most the number D of trained parameters.
        projection: "sparse" or "orthonormal".
        seed: of the directions.

    Attributes:
        coordinates: z, the one parameter that is trained, 0 at first.
        base: the copy of the model, with θ₀.

    Raises:
        GradusError: a model that cannot be lent, or without trained parameters; a dimension out of range.

    Cost: O(k √D) beside a call of the model for "sparse", O(D k) for "orthonormal", O(D k²) once.

    Source: Li et al. 2018 (measuring the intrinsic dimension), §2 and S7.

    Example:
        >>> import torch
        >>> model = RandomSubspace(torch.nn.Linear(3, 2), 4)
        >>> [tuple(p.shape) for p in model.parameters() if p.requires_grad], model(torch.ones(5, 3)).shape
        ([(4,)], torch.Size([5, 2]))
    """

    def __init__(
        self, model: nn.Module, dimension: int, *, projection: str = "sparse", seed: int = 0
    ) -> None:
        super().__init__()
        require_lendable(model)
        parameters = trainable(model)
        D = sum(p.numel() for p in parameters)
        k = whole("dimension", dimension, least=1, most=D)
        choice("projection", projection, PROJECTIONS)
        if any(p.is_complex() for p in parameters):
            raise refusal("model", ("real parameters", "实参数"), Text("complex ones", "复参数"))
        generator = torch.Generator().manual_seed(whole("seed", seed, least=0, most=2**63 - 1))
        self.base = copy.deepcopy(model)
        self._names = [name for name, p in self.base.named_parameters() if p.requires_grad]
        self.base.requires_grad_(False)
        first = parameters[0]
        dtype = torch.promote_types(first.dtype, torch.float32)
        self.coordinates = nn.Parameter(torch.zeros(k, dtype=dtype, device=first.device))
        if projection == "orthonormal":
            columns = torch.linalg.qr(torch.randn(D, k, generator=generator, dtype=dtype))[0]
            self.register_buffer("_columns", columns.to(first.device), persistent=False)
            self._rows: Tensor | None = None
        else:
            entries = max(1, round(D**0.5))
            rows = torch.randint(D, (k, entries), generator=generator)
            values = torch.randn(k, entries, generator=generator, dtype=dtype)
            self.register_buffer("_rows", rows.to(first.device), persistent=False)
            self.register_buffer(
                "_columns", (values / _lengths(rows, values)).to(first.device), persistent=False
            )
        self._size = D

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """What the model gives at θ₀ + P z."""
        return functional_call(self.base, self.weights(), inputs, named)

    def weights(self) -> dict[str, Tensor]:
        """The trained parameters at θ₀ + P z, by their names."""
        base = dict(self.base.named_parameters())
        columns: Any = self._columns
        if self._rows is None:
            offset = columns @ self.coordinates
        else:
            moves = columns * self.coordinates[:, None]
            offset = moves.new_zeros(self._size).index_add(0, self._rows.reshape(-1), moves.reshape(-1))
        parts = offset.split([base[name].numel() for name in self._names])
        return {
            name: base[name] + part.reshape(base[name].shape).to(base[name])
            for name, part in zip(self._names, parts, strict=True)
        }


def _lengths(rows: Tensor, values: Tensor) -> Tensor:
    """(k, 1), the lengths of the columns; entries in one row add up."""
    sorted_rows, order = rows.sort(dim=1)
    sums = torch.zeros_like(values)
    new = torch.cat([torch.ones_like(rows[:, :1]), (sorted_rows.diff(dim=1) != 0).long()], 1)
    sums.scatter_add_(1, new.cumsum(1) - 1, values.gather(1, order))
    lengths: Tensor = sums.norm(dim=1, keepdim=True)
    return lengths
