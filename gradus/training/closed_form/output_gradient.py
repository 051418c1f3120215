"""Where the backward pass begins: the loss, and its gradient by the model's outputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradus.training.closed_form.hooks import has_hooks
from gradus.training.settings import Loss, one_number


class OutputGradient:
    """The loss and its gradient by the outputs z.

    For the cross-entropy of class numbers that is (softmax(z) − onehot(y))/N; of any other loss PyTorch records the
    graph, which ends at z.
    """

    def __init__(self, loss: Loss, *, like: Tensor) -> None:
        self.loss, self.cross_entropy = loss, is_cross_entropy(loss)
        self.minus = like.new_tensor(-1.0)

    def __call__(self, z: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The loss, and the gradient in memory of its own."""
        if not (self.cross_entropy and targets.dtype == torch.int64 and targets.dim() == 1):
            with torch.enable_grad():
                z = z.detach().requires_grad_()
                loss = one_number(self.loss(z, targets))
                return loss.detach(), torch.autograd.grad(loss, z)[0].contiguous()
        g = torch.log_softmax(z, 1)
        loss = nn.functional.nll_loss(g, targets)
        g.exp_().scatter_add_(1, targets[:, None], self.minus.expand(len(z), 1)).mul_(1 / len(z))
        return loss, g


def is_cross_entropy(loss: Loss) -> bool:
    """Whether a loss is PyTorch's cross-entropy with its default settings, and nobody watches its calls."""
    if type(loss) is nn.CrossEntropyLoss:
        plain = loss.weight is None and loss.ignore_index == -100 and loss.label_smoothing == 0.0
        return plain and loss.reduction == "mean" and not has_hooks(loss)
    return loss is nn.functional.cross_entropy
