"""The grid of nets, how they are trained, and how a signal travels through them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.systems.plain_rows import Rows

if TYPE_CHECKING:
    from torch import Tensor

SETTINGS: dict[str, Any] = {
    "weight_variances": [0.6, 0.8, 1.0, 1.2, 1.5, 1.76, 2.2, 3.0, 4.0, 6.0],
    "bias_variance": 0.05,
    "depths": [5, 10, 15, 20, 30, 40],
    "units": 64,
    "activation": "tanh",
    "optimizer": "sgd",
    "learning_rate": 0.05,
    "batch_size": 64,
    "steps": 150,
}
TRAINED = 0.5  # accuracy on the training data from which a net counts as trained
WIDE, SEEN = 512, 20  # units and layers of the nets in which correlations are followed
REACH = 6  # depth scales: where Schoenholz and others found the end of what trains


def depth_scales() -> list[float]:
    """ξ of mean field at each variance of the weights; ∞ where correlations do not settle exponentially."""
    return [_depth_scale(w, SETTINGS["bias_variance"]) for w in SETTINGS["weight_variances"]]


@cache
def _depth_scale(weight_variance: float, bias_variance: float) -> float:
    import torch

    from gradus.theory import mean_field_limit

    return mean_field_limit(torch.tanh, weight_variance**0.5, bias_variance**0.5).depth_scale


def drawn(widths: Sequence[int], seed: int) -> tuple[list[Tensor], list[Tensor]]:
    """Weights (variances, n, m) and biases (variances, 1, m) of each layer: one net for each variance, side by side, from the same draw."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    size = torch.tensor(SETTINGS["weight_variances"]).sqrt()[:, None, None]
    bias = SETTINGS["bias_variance"] ** 0.5
    weights, biases = [], []
    for n, m in pairwise(widths):
        weights.append(size * torch.randn(n, m, generator=generator) / n**0.5)
        biases.append(bias * torch.randn(1, 1, m, generator=generator).repeat(len(size), 1, 1))
    return weights, biases


def outputs(x: Tensor, weights: Sequence[Tensor], biases: Sequence[Tensor]) -> Tensor:
    """Of all nets side by side: (variances, rows, classes)."""
    import torch

    h = x.expand(len(weights[0]), -1, -1)
    for i, (w, b) in enumerate(zip(weights, biases, strict=True)):
        h = torch.baddbmm(b, torch.tanh(h) if i else h, w)
    return h


def trained(rows: Rows, depth: int, seed: int) -> list[float]:
    """Accuracy on the training data of nets of this depth, one for each variance of the weights, after the steps."""
    import torch

    x, y = torch.from_numpy(rows.inputs), torch.from_numpy(rows.targets)
    weights, biases = drawn([x.shape[1], *[SETTINGS["units"]] * depth, rows.classes], seed)
    parameters = [p.requires_grad_() for p in (*weights, *biases)]
    order = torch.Generator().manual_seed(seed + 1)
    for _ in range(SETTINGS["steps"]):
        batch = torch.randint(len(x), (SETTINGS["batch_size"],), generator=order)
        z = outputs(x[batch], weights, biases)
        each = torch.nn.functional.cross_entropy(z.flatten(0, 1), y[batch].repeat(len(z)), reduction="sum")
        gradients = torch.autograd.grad(each / len(batch), parameters)
        with torch.no_grad():
            for p, g in zip(parameters, gradients, strict=True):
                p.sub_(g, alpha=SETTINGS["learning_rate"])
    with torch.no_grad():
        z = outputs(x, weights, biases)
        right = (z.argmax(-1) == y) & z.isfinite().all(-1)
    return [float(share) for share in right.double().mean(1)]


def told_apart(accuracy: np.ndarray, scales: Sequence[float]) -> float:
    """Of all pairs of a net that trained and one that did not, the share in which the first has the smaller depth over ξ; 0 without pairs."""
    ratio = ratios(scales).ravel()
    good = np.asarray(accuracy).ravel() >= TRAINED
    if good.all() or not good.any():
        return 0.0
    yes, no = ratio[good][:, None], ratio[~good]
    return float(((yes < no) + 0.5 * (yes == no)).mean())


def ratios(scales: Sequence[float]) -> np.ndarray:
    """Depth over depth scale: (depths, variances)."""
    return np.array(SETTINGS["depths"], float)[:, None] / np.array(scales)


def correlations(rows: Rows, variance: float, seed: int) -> tuple[list[float], list[float]]:
    """Of two inputs, layer by layer: in one wide net, and by mean field."""
    import torch

    from gradus.theory import mean_field

    x = torch.from_numpy(rows.inputs[:2]).double()
    x = x / x.square().mean(1, keepdim=True).sqrt()
    start, n = float((x[0] * x[1]).mean()), x.shape[1]
    w, b = variance**0.5, SETTINGS["bias_variance"] ** 0.5
    told = mean_field(torch.tanh, w, b, q=1.0, c=max(-1.0, min(1.0, start)), layers=SEEN)
    generator = torch.Generator().manual_seed(seed)
    found, h = [], x
    for _ in range(SEEN):
        weights = torch.randn(n, WIDE, generator=generator, dtype=x.dtype) * w / n**0.5
        z = h @ weights + b * torch.randn(WIDE, generator=generator, dtype=x.dtype)
        found.append(float((z[0] * z[1]).sum() / (z[0].norm() * z[1].norm())))
        h, n = torch.tanh(z), WIDE
    return found, told.correlation.tolist()
