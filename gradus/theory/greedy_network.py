"""One hidden layer built unit by unit, each time the best of many: the error falls with the number of units in any dimension."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from gradus.arguments import Sizes, number, refusal, whole
from gradus.arguments.tensors import same_device, tensor
from gradus.text import Text

LARGEST = 2 * 10**8  # values of the candidates at the samples
EPSILON = 2.0**-52


class GreedyNetwork(NamedTuple):
    """A network of one hidden layer, with the course of its error.

    Attributes:
        model: Linear, ReLU, Linear: from (…, d) to (…, 1).
        errors: mean squared error on the samples after each unit (units).
        least: what no combination of the candidates with Σ|c| ≤ V can go below, however many of them it takes.

    Example:
        >>> GreedyNetwork(None, [0.5, 0.25], 0.0).errors[-1]
        0.25
    """

    model: Any
    errors: Any
    least: Any


@torch.inference_mode(False)
def greedy_network(
    inputs: Float[Tensor, "m d"],
    targets: Float[Tensor, " m"],
    units: int,
    *,
    variation: float,
    candidates: int = 1000,
    seed: int = 0,
) -> GreedyNetwork:
    r"""A network of ReLU units fitted one at a time, with a guarantee that holds in every dimension.

    .. math:: g_k=(1-\alpha_k)g_{k-1}+\alpha_k s_kV\sigma(w_k^{\mathsf T}x+b_k),\qquad
        (s_k,w_k,b_k,\alpha_k)=\arg\min\ \tfrac1m\sum_i\bigl(y_i-g_k(x_i)\bigr)^2,\qquad g_0=0

    over both signs, all candidates and α from 0 to 1; y are the targets less their mean, which is the network's last bias. Candidates have
    directions w drawn evenly from the sphere and their kink at a sample. Let e² be the least mean squared error of any combination
    Σ c_j σ_j of the candidates with Σ|c_j| ≤ V, and B² the mean square of a candidate, the largest. Then

    .. math:: \text{errors}_k\le e^2+\frac{4V^2B^2}{k+2},\qquad e=0:\ \text{errors}_k\le\frac{V^2B^2-\overline{y^2}}k .

    Args:
        inputs: x (m ≥ 1, d), best scaled so that all coordinates vary alike.
        targets: y (m).
        units: n; where no candidate improves the fit any more, units of weight 0 follow.
        variation: V > 0, the largest Σ|c_j|.
        candidates: how many are drawn.
        seed: of the draws.

    Returns:
        The `GreedyNetwork`, on the inputs' device and in their precision; computed in double precision where the device has it.

    Raises:
        GradusError: no samples, values that are not finite, or more than 2e8 values of candidates at samples.

    Cost: O(m · candidates) a unit, in time and in memory.

    Source: Jones 1992; Barron 1993; Jaggi 2013 for the lower bound `least`.

    Example:
        >>> import torch
        >>> x = torch.linspace(-1, 1, 101)[:, None]
        >>> found = greedy_network(x, x[:, 0].abs(), 20, variation=4.0)
        >>> bool(found.errors[-1] < 1e-2), len(found.model)
        (True, 3)
    """
    sizes = Sizes()
    tensor("inputs", inputs, "m>=1 d>=1", sizes, finite=True, meta=False)
    tensor("targets", targets, "m", sizes, finite=True, meta=False)
    same_device(inputs=inputs, targets=targets)
    n = whole("units", units, least=1, most=10**6)
    V = number("variation", variation, above=0)
    K = whole("candidates", candidates, least=1, most=10**9)
    if K * len(inputs) > LARGEST:
        raise refusal("candidates", ("at most 2e8 values at the samples", "在样本处至多 2e8 个值"), Text(f"{K} · {len(inputs)}", f"{K} · {len(inputs)}"))  # fmt: skip
    seed = whole("seed", seed, least=0, most=2**63 - 1)
    wide = torch.float32 if inputs.device.type == "mps" else torch.float64
    with torch.no_grad():
        x, y = inputs.detach().to(wide), targets.detach().to(wide)
        center = y.mean()
        w, b = _candidates(x, K, seed)
        chosen, weights, errors, least = _course(torch.relu(x @ w.T + b), y - center, n, V)
        model = _model(w[chosen], b[chosen], weights, center).to(inputs.dtype)
    return GreedyNetwork(model=model, errors=errors, least=least)


def _candidates(x: Tensor, K: int, seed: int) -> tuple[Tensor, Tensor]:
    """Directions (K, d) of length 1, and offsets that put each kink at a sample."""
    generator = torch.Generator().manual_seed(seed)
    w = torch.randn(K, x.shape[1], generator=generator, dtype=torch.float64)
    w = (w / w.norm(dim=1, keepdim=True)).to(x.device, x.dtype)
    at = x[torch.randint(len(x), (K,), generator=generator).to(x.device)]
    return w, -(w * at).sum(1)


def _course(G: Tensor, y: Tensor, n: int, V: float) -> tuple[Tensor, Tensor, Tensor, float]:
    """Which candidates (n) are taken, their weights (n), the errors (n) and the best lower bound of the error."""
    m = len(y)
    squares = V * V * G.square().mean(0)  # (K)
    with_y = V * (y @ G) / m
    u, with_u = torch.zeros_like(y), torch.zeros_like(with_y)  # the network so far, and its mean products
    chosen = torch.zeros(n, dtype=torch.long, device=y.device)
    weights = torch.zeros(n, dtype=y.dtype, device=y.device)
    errors = torch.zeros(n, dtype=y.dtype, device=y.device)
    error, least = float(y.square().mean()), 0.0
    for k in range(n):
        e = y - u
        own, uu = float((e * u).mean()), float(u.square().mean())
        signs = torch.stack([torch.ones_like(squares), -torch.ones_like(squares)])  # (2, K)
        down = signs * (with_y - with_u) - own  # mean products of e with ±Vσ − u
        least = max(least, error - 2 * float(down.max()))
        length = squares - 2 * signs * with_u + uu
        alpha = torch.where(length > 4 * EPSILON * squares, down / length, 0.0).clamp(0, 1)
        gain = 2 * alpha * down - alpha.square() * length
        best = int(gain.argmax())
        sign, j = (1.0, best) if best < len(squares) else (-1.0, best - len(squares))
        a = float(alpha.flatten()[best])
        weights *= 1 - a
        chosen[k], weights[k] = j, a * sign * V
        u = (1 - a) * u + weights[k] * G[:, j]
        with_u = V * (u @ G) / m
        error = float((y - u).square().mean())
        errors[k] = error
    return chosen, weights, errors, least


def _model(w: Tensor, b: Tensor, weights: Tensor, center: Tensor) -> nn.Sequential:
    first = nn.utils.skip_init(nn.Linear, w.shape[1], len(w), dtype=w.dtype, device=w.device)
    last = nn.utils.skip_init(nn.Linear, len(w), 1, dtype=w.dtype, device=w.device)
    first.weight.copy_(w)
    first.bias.copy_(b)
    last.weight.copy_(weights[None])
    last.bias.copy_(center[None])
    return nn.Sequential(first, nn.ReLU(), last)
