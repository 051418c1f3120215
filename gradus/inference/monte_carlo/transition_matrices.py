"""The samplers' chains on finitely many states, as matrices: what they do exactly, without a draw."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, refusal
from gradus.arguments.tensors import concrete, same_kind, tensor
from gradus.inference.monte_carlo.metropolis import log_acceptance
from gradus.text import Text

__all__ = ["MetropolisMatrix", "metropolis_matrix"]


class MetropolisMatrix(NamedTuple):
    """The chain of Metropolis and Hastings on finitely many states.

    Attributes:
        matrix: probability of going from a state (row) to another (… n n).
        acceptance: share of the proposals that are taken, once the chain is stationary (…).

    Example:
        >>> MetropolisMatrix(torch.eye(2), torch.tensor(1.0)).acceptance.item()
        1.0
    """

    matrix: Tensor
    acceptance: Tensor


def metropolis_matrix(target: Float[Tensor, "... n"], proposal: Float[Tensor, "... n n"]) -> MetropolisMatrix:
    r"""The transition matrix of Metropolis–Hastings on n states; it uses the very rule by which `sample` takes proposals.

    .. math:: P_{ij}=Q_{ij}\min\Bigl(1,\frac{\pi_jQ_{ji}}{\pi_iQ_{ij}}\Bigr),\quad i\ne j,\qquad P_{ii}=1-\sum_{j\ne i}P_{ij}

    From a state without mass every proposal is taken.

    Args:
        target: π (… n), not negative, up to a factor; some mass.
        proposal: Q (… n n), rows that sum to 1.

    Raises:
        GradusError: other shapes, negative or infinite numbers, no mass, or rows that do not sum to 1.

    Cost: O(n²).

    Source: Hastings 1970.

    Example:
        >>> found = metropolis_matrix(torch.tensor([1.0, 4.0]), torch.tensor([[0.0, 1.0], [1.0, 0.0]]))
        >>> found.matrix.tolist(), round(float(found.acceptance), 4)
        ([[0.0, 1.0], [0.25, 0.75]], 0.4)
    """
    sizes = Sizes()
    tensor("target", target, "*lead n", sizes, finite=True)
    tensor("proposal", proposal, "*lead n n", sizes, finite=True)
    same_kind(target=target, proposal=proposal)
    if concrete(target, proposal):
        _require_laws(target, proposal)
    log_target, log_proposal = target.log(), proposal.log()
    ratio = log_proposal.mT - log_proposal
    log = log_acceptance(log_target[..., :, None], log_target[..., None, :], ratio)
    log = torch.where((target == 0)[..., :, None], 0.0, log)
    taken = torch.where(proposal > 0, proposal * log.exp(), 0.0)
    apart = ~torch.eye(target.shape[-1], dtype=torch.bool, device=target.device)
    moves = torch.where(apart, taken, 0.0)
    stays = 1 - moves.sum(-1)
    matrix = moves + torch.diag_embed(stays.clamp(min=0))
    share = target / target.sum(-1, keepdim=True)
    held = proposal.diagonal(dim1=-2, dim2=-1)
    return MetropolisMatrix(matrix, (share * (moves.sum(-1) + held)).sum(-1))


def _require_laws(target: Tensor, proposal: Tensor) -> None:
    for name, value in (("target", target), ("proposal", proposal)):
        if bool((value < 0).any()):
            least = f"{float(value.min()):.3g}"
            raise refusal(name, ("numbers that are not negative", "非负数"), Text(least, least))
    if bool((target.sum(-1) <= 0).any()):
        raise refusal("target", ("some mass", "正的总质量"), Text("none", "无"))
    off = (proposal.sum(-1) - 1).abs()
    rounding = 0.02 if proposal.dtype in (torch.float16, torch.bfloat16) else 1e-5
    if off.numel() and bool(off.max() > rounding):
        worst = f"{float(proposal.sum(-1).flatten()[off.argmax()]):.6g}"
        raise refusal("proposal", ("rows that sum to 1", "和为 1 的行"), Text(worst, worst))
