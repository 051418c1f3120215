"""Figures of merit for a batch."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gradus.arguments import Sizes
from gradus.arguments.tensors import same_device, tensor


def accuracy(outputs: Float[Tensor, "n classes"], targets: Int[Tensor, " n"]) -> Float[Tensor, ""]:
    """The share of samples whose largest output is the target's: (1/n) Σ [argmax_k o_ik = y_i]."""
    sizes = Sizes()
    tensor("outputs", outputs, "n>=1 classes>=1", sizes)
    tensor("targets", targets, "n", sizes, dtype="integer")
    same_device(outputs=outputs, targets=targets)
    return (outputs.argmax(dim=-1) == targets).to(torch.float32).mean()
