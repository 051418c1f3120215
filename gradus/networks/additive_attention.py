"""Additive attention: scores from a layer of tanh units, as in the first attention of Bahdanau, Cho and Bengio."""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from gradus.arguments import Sizes, refusal, whole
from gradus.arguments.tensors import same_device, same_kind, tensor

__all__ = ["AdditiveAttention", "additive_attention"]


def additive_attention(
    S: Float[Tensor, "*batch n p"],
    H: Float[Tensor, "*batch m q"],
    W: Float[Tensor, "a p"],
    U: Float[Tensor, "a q"],
    v: Float[Tensor, " a"],
    pad: Bool[Tensor, "*batch m"] | None = None,
) -> tuple[Float[Tensor, "*batch n q"], Float[Tensor, "*batch n m"]]:
    r"""Contexts c_i = Σ_j α_ij h_j and weights α_ij = softmax_j vᵀ tanh(W s_i + U h_j).

    What stands in the padding, NaN included, changes nothing; a query all of whose annotations are padding gets the context 0,
    with weights and gradients 0.

    Args:
        S: states that ask (..., n, p).
        H: annotations (..., m, q); leading axes broadcast.
        W: weights of the states (a, p).
        U: weights of the annotations (a, q).
        v: weights of the units (a).
        pad: true where an annotation takes no part (..., m).

    Raises:
        GradusError: no tensors, or of several precisions; shapes that do not fit; padding that is not of booleans.

    Cost: O(n·m·a + n·p·a + m·q·a + n·m·q) operations, O(n·m·a) memory.

    Source: Bahdanau, Cho and Bengio 2015, §3.1 and A.1.2.

    Example:
        >>> import torch
        >>> one = torch.ones(1, 1)
        >>> context, weights = additive_attention(one, torch.tensor([[1.0], [1.0]]), one, one, one[0])
        >>> weights.tolist(), context.tolist()
        ([[0.5, 0.5]], [[1.0]])
    """
    sizes = Sizes()
    tensor("S", S, "*#batch n p", sizes)
    tensor("H", H, "*#batch m q", sizes)
    tensor("W", W, "a p", sizes)
    tensor("U", U, "a q", sizes)
    tensor("v", v, "a", sizes)
    same_kind(S=S, H=H, W=W, U=U, v=v)
    if pad is not None:
        _boolean(pad, sizes)
        same_device(S=S, pad=pad)
        H = H.masked_fill(pad[..., None], 0.0)
    units = torch.tanh((S @ W.mT)[..., :, None, :] + (H @ U.mT)[..., None, :, :])  # (..., n, m, a)
    scores = units @ v
    if pad is None:
        weights = scores.softmax(-1)
    else:
        unseen = pad[..., None, :]
        scores = scores.masked_fill(unseen, -math.inf).masked_fill(unseen.all(-1, keepdim=True), 0.0)
        weights = scores.softmax(-1).masked_fill(unseen, 0.0)
    return weights @ H, weights


class AdditiveAttention(nn.Module):
    r"""Additive attention with weights of its own: α = softmax_j vᵀ tanh(W s_i + U h_j), c_i = Σ_j α_ij h_j.

    Args:
        states: width p of the states that ask.
        annotations: width q of the annotations.
        units: number a of tanh units.

    Raises:
        GradusError: as `additive_attention`; a width below 1.

    Cost: (p + q + 1)·a weights; a call as `additive_attention`.

    Source: Bahdanau, Cho and Bengio 2015, §3.1 and A.1.2.

    Example:
        >>> import torch
        >>> layer = AdditiveAttention(states=3, annotations=2, units=4)
        >>> context, weights = layer(torch.ones(1, 3), torch.ones(5, 2))
        >>> context.shape, weights.shape
        (torch.Size([1, 2]), torch.Size([1, 5]))
    """

    def __init__(self, states: int, annotations: int, units: int) -> None:
        super().__init__()
        widths = dict(states=states, annotations=annotations, units=units)
        p, q, a = (whole(name, width, least=1) for name, width in widths.items())
        self.state, self.annotation, self.score = (
            nn.Linear(n, m, bias=False) for n, m in ((p, a), (q, a), (a, 1))
        )

    def forward(self, S: Tensor, H: Tensor, pad: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The contexts (..., n, q) of the states S (..., n, p) over H (..., m, q), and the weights (..., n, m)."""
        return additive_attention(S, H, self.state.weight, self.annotation.weight, self.score.weight[0], pad)


def _boolean(pad: Tensor, sizes: Sizes) -> None:
    tensor("pad", pad, "*#batch m", sizes, dtype="any")
    if pad.dtype != torch.bool:
        raise refusal("pad", ("a tensor of booleans", "布尔张量"), pad.dtype, kind=True)
