"""The network of the diffusion system: what it learns, and how images are made with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from gradus.generative import DenoisingUNet, NoiseSchedule, ddim_sample, diffusion_loss, guided
from gradus.systems.image_models import parted
from gradus.systems.sampler import Sampler


class NoisePrediction(nn.Module):
    """Images with their classes, as `images_with_classes` gives them, to the loss of each, with a time and noise drawn for each.

    Args:
        net: the U-Net.
        schedule: of the noise.
        dropped: how often the class is kept from the network.
    """

    def __init__(self, net: DenoisingUNet, schedule: NoiseSchedule, dropped: float) -> None:
        super().__init__()
        self.net, self.schedule, self.dropped = net, schedule, dropped

    def forward(self, batch: Tensor) -> Tensor:
        """The loss of each, (n,)."""
        x, classes = parted(batch)
        hidden = torch.rand(len(x), device=x.device) < self.dropped
        told = torch.where(hidden, self.net.no_class, classes)
        return diffusion_loss(
            lambda y, t: self.net(y, t, told), x, self.schedule, prediction="velocity", reduction="none"
        )


def network(settings: Mapping[str, Any]) -> DenoisingUNet:
    """The U-Net of these settings."""
    channels, size, _ = settings["shape"]
    return DenoisingUNet(
        channels,
        size,
        width=settings["base_channels"],
        multipliers=tuple(settings["multipliers"]),
        classes=len(settings["classes"]),
    )


def schedule(settings: Mapping[str, Any]) -> NoiseSchedule:
    """How the noise grows."""
    return NoiseSchedule.cosine(settings["times"])


def sampler_of(net: DenoisingUNet, settings: Mapping[str, Any]) -> Sampler:
    """DDIM without new noise, so that the image is a function of where it begins; led by the class."""
    noise = schedule(settings)

    def make(start: Tensor, condition: Tensor | None, steps: int, guidance: float) -> Tensor:
        device = next(net.parameters()).device
        start = start.to(device)
        made = ddim_sample(
            led(net, condition, guidance),
            tuple(start.shape),
            noise,
            steps=steps,
            prediction="velocity",
            clip=(-1, 1),
            start=start,
        )
        return (made + 1) / 2

    shape = tuple(settings["shape"])
    return Sampler(
        (shape[0], shape[1], shape[2]),
        shape,
        make,
        tuple(settings["classes"]),
        (settings["sampling_steps"], settings["times"]),
        settings["guidance"],
    )


def led(net: DenoisingUNet, condition: Tensor | None, guidance: float) -> Callable[[Tensor, Tensor], Tensor]:
    """The network, led by the class."""
    net.eval()
    if condition is None:
        return lambda x, t: net(x, t)
    return guided(net, condition.to(next(net.parameters()).device), guidance)
