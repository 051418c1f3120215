"""Networks that read a sequence and answer with one number: what the recipes of recurrent layers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from gradus.training import Fitted


class Reader(nn.Module):
    """A recurrent layer and a linear unit on its outputs: z_t = v·h_t + a.

    Args:
        layer: called as `torch.nn.LSTM(…, batch_first=True)` is.
        units: n, width of its outputs.
        every_step: whether it answers at every step, (B, T), or after the last, (B,).
    """

    def __init__(self, layer: nn.Module, units: int, every_step: bool = False) -> None:
        super().__init__()
        self.layer, self.readout, self.every_step = layer, nn.Linear(units, 1), every_step

    def forward(self, x: Tensor) -> Tensor:
        """The logits of a batch of sequences (B, T, d)."""
        h = self.layer(x)[0]
        z: Tensor = self.readout(h if self.every_step else h[:, -1])[..., 0]
        return z


def told(outputs: Tensor, targets: Tensor) -> Tensor:
    """The share of sequences that are answered rightly; of those with an answer at every step, at all of them."""
    right = (outputs > 0) == (targets > 0.5)
    return right.flatten(1).all(1).float().mean() if right.ndim > 1 else right.float().mean()


def steps_to(fitted: Fitted, level: float) -> int | None:
    """The optimisation steps until the validation accuracy first reached a level; None where it never did."""
    return next((row["step"] for row in fitted.history if row["validation_accuracy"] >= level), None)


def answers(net: nn.Module, x: np.ndarray) -> np.ndarray:
    """The network's logits on sequences, without gradients."""
    device = next(net.parameters()).device
    with torch.no_grad():
        z: np.ndarray = net(torch.from_numpy(x).to(device)).cpu().numpy()
    return z


def share_told(net: nn.Module, x: np.ndarray, y: np.ndarray) -> float:
    """The share of the sequences that are answered rightly."""
    return float(told(torch.from_numpy(answers(net, x)), torch.from_numpy(y)))


def sensitivity(net: nn.Module, x: np.ndarray) -> np.ndarray:
    """How much the last answer changes with each input, (T,): the mean of |∂z_T/∂x_t| over the sequences (B, T, 1)."""
    device, dtype = next(net.parameters()).device, next(net.parameters()).dtype
    inputs = torch.from_numpy(x).to(device).double().requires_grad_()
    net.double()
    try:
        (slope,) = torch.autograd.grad(net(inputs).sum(), inputs)
    finally:
        net.to(dtype)
    mean: np.ndarray = slope.abs().mean((0, 2)).cpu().numpy()
    return mean
