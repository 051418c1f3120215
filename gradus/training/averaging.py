"""The exponential moving average of the parameters."""

import contextlib
from collections.abc import Iterator

import torch


class Average:
    """θ̄ ← β θ̄ + (1 - β) θ after every step, starting from the first parameters.

    Source: polyak1992averaging in its exponential form.
    """

    def __init__(self, model: torch.nn.Module, decay: float) -> None:
        self.decay = decay
        self.live = dict(model.named_parameters())
        self.mean = {name: parameter.detach().clone() for name, parameter in self.live.items()}
        self.pairs = [(self.mean[name], self.live[name]) for name in self.live]

    @torch.no_grad()
    def update(self) -> None:
        """Take in the parameters of a step."""
        for mean, value in self.pairs:
            mean.lerp_(value, 1.0 - self.decay)

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Let the model compute with the average within the block."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for mean, value in self.pairs:
            live = value.clone()
            value.copy_(mean)
            mean.copy_(live)
