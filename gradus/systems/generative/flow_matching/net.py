"""The network of the flow matching system: what it learns, and how images are made with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from gradus.generative import DenoisingUNet, flow_matching_loss, flow_matching_sample, guided
from gradus.systems.image_models import parted
from gradus.systems.sampler import Sampler

TIMES = 1000.0  # the U-Net's waves are made for times of this order
MOST_STEPS = 1000


class VelocityMatching(nn.Module):
    """Images with their classes, as `images_with_classes` gives them, to the loss of each, with a time and noise drawn for each.

    Args:
        net: the U-Net.
        dropped: how often the class is kept from the network.
    """

    def __init__(self, net: DenoisingUNet, dropped: float) -> None:
        super().__init__()
        self.net, self.dropped = net, dropped

    def forward(self, batch: Tensor) -> Tensor:
        """The loss of each, (n,)."""
        x, classes = parted(batch)
        hidden = torch.rand(len(x), device=x.device) < self.dropped
        told = torch.where(hidden, self.net.no_class, classes)
        return flow_matching_loss(lambda y, t: self.net(y, TIMES * t, told), x, reduction="none")


def sampler_of(net: DenoisingUNet, settings: Mapping[str, Any]) -> Sampler:
    """Euler's method along the velocity, led by the class."""

    def make(start: Tensor, condition: Tensor | None, steps: int, guidance: float) -> Tensor:
        start = start.to(next(net.parameters()).device)
        velocity = led(net, condition, guidance)
        return (flow_matching_sample(velocity, tuple(start.shape), steps=steps, start=start) + 1) / 2

    shape = tuple(settings["shape"])
    return Sampler(
        (shape[0], shape[1], shape[2]),
        shape,
        make,
        tuple(settings["classes"]),
        (settings["sampling_steps"], MOST_STEPS),
        settings["guidance"],
    )


def led(net: DenoisingUNet, condition: Tensor | None, guidance: float) -> Callable[[Tensor, Tensor], Tensor]:
    """The network, led by the class, with times from 0 to 1."""
    net.eval()
    of = None if condition is None else condition.to(next(net.parameters()).device)
    told = net if of is None else guided(net, of, guidance)
    return lambda x, t: told(x, TIMES * t)
