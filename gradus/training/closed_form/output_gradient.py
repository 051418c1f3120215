"""Where the backward pass begins: the loss, and its gradient by the model's outputs."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradus.training.known_losses import known_loss
from gradus.training.settings import Loss, one_number


class OutputGradient:
    """The loss and its gradient by the outputs z.

    For the cross-entropy of class numbers that is (softmax(z) − onehot(y))/N; of any other loss PyTorch records the
    graph, which ends at z.
    """

    def __init__(self, loss: Loss, *, like: Tensor) -> None:
        known = known_loss(loss)
        self.loss, self.cross_entropy = loss, known is not None and known.is_plain_cross_entropy
        self.minus = like.new_tensor(-1.0)

    def __call__(self, z: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """The loss, and the gradient in memory of its own."""
        numbers = self.cross_entropy and targets.dtype == torch.int64 and targets.dim() == 1
        if not numbers or int(targets.min()) < 0:  # −100 is ignored
            with torch.enable_grad():
                z = z.detach().requires_grad_()
                loss = one_number(self.loss(z, targets))
                return loss.detach(), torch.autograd.grad(loss, z)[0].contiguous()
        g = torch.log_softmax(z, 1)
        loss = nn.functional.nll_loss(g, targets)
        g.exp_().scatter_add_(1, targets[:, None], self.minus.expand(len(z), 1)).mul_(1 / len(z))
        return loss, g
