"""The gradient of a step cut to a length, whichever way its parts are stored."""

from collections.abc import Sequence

import torch
from torch.nn.utils import clip_grad_norm_, get_total_norm


def clip_gradients(parameters: Sequence[torch.Tensor], most: float) -> None:
    """Scales all gradients by one factor, so that their common Euclidean norm is at most `most`.

    PyTorch's own function refuses the sparse gradients of `Embedding(sparse=True)`: theirs are scaled by their values, after
    rows that stand several times have been added up.
    """
    if not any(p.grad is not None and p.grad.is_sparse for p in parameters):
        clip_grad_norm_(parameters, most)
        return
    parts: list[torch.Tensor] = []
    for p in parameters:
        if p.grad is not None and p.grad.is_sparse:
            p.grad = p.grad.coalesce()
            parts.append(p.grad.values())
        elif p.grad is not None:
            parts.append(p.grad)
    shorten(parts, most)


def shorten(parts: Sequence[torch.Tensor], most: float) -> None:
    """Scales tensors by one factor, so that their common Euclidean norm is at most `most`."""
    factor = (most / (get_total_norm(parts) + 1e-6)).clamp(max=1.0)  # as PyTorch does it
    for part in parts:
        part.mul_(factor.to(part.device))
