"""Autoencoders around any encoder and decoder; what a denoiser says of the density; decibels."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import number, refusal
from gradus.arguments.tensors import module, same_kind, tensor
from gradus.generative.variational.inputs import parameter_of
from gradus.inference.variational.draws import seeded

__all__ = ["Autoencoder", "peak_signal_to_noise"]


class Autoencoder(nn.Module):
    r"""An autoencoder; with noise, a denoising one.

    .. math:: \hat x=g(f(\tilde x)),\qquad \tilde x=x+\sigma\varepsilon,\qquad e=\lVert x-\hat x\rVert^2

    Train it by `model.error(x).mean().backward()`.

    Args:
        encoder: f, a module that takes (n, …).
        decoder: g, a module that takes what f gives, and gives the shape of x.
        noise: σ, the deviation of the normal noise of training; 0 for none.

    Raises:
        GradusError: no modules; a negative deviation.

    Source: Baldi and Hornik 1989; Vincent et al. 2008.

    Example:
        >>> from torch import nn
        >>> model = Autoencoder(nn.Linear(6, 2), nn.Linear(2, 6), noise=0.5)
        >>> model
        Autoencoder(noise 0.5, 32 parameters)
        >>> model.error(torch.zeros(3, 6), seed=0).shape
        torch.Size([3])
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, *, noise: float = 0.0) -> None:
        super().__init__()
        module("encoder", encoder)
        module("decoder", decoder)
        self.noise = number("noise", noise, least=0)
        self.encoder, self.decoder = encoder, decoder

    def encode(self, x: Tensor) -> Tensor:
        """The code of x.

        Args:
            x: (n, …).

        Raises:
            GradusError: no batch of finite numbers of the model's precision; samples that the encoder does not take.

        Example:
            >>> Autoencoder(nn.Linear(6, 2), nn.Linear(2, 6)).encode(torch.zeros(3, 6)).shape
            torch.Size([3, 2])
        """
        return self._applied("x", self.encoder, self._samples("x", x))

    def forward(self, x: Tensor) -> Tensor:
        """What comes out, (n, …), of x as it is: no noise is added.

        Args:
            x: (n, …).

        Raises:
            GradusError: as `encode`; a decoder that gives another shape.

        Example:
            >>> Autoencoder(nn.Linear(6, 2), nn.Linear(2, 6))(torch.zeros(3, 6)).shape
            torch.Size([3, 6])
        """
        return self._output("x", x)

    def error(self, x: Tensor, *, corrupted: Tensor | None = None, seed: int | None = None) -> Tensor:
        """The squared error of each sample, summed over its numbers: what comes out for a corrupted x against x itself.

        Args:
            x: (n, …).
            corrupted: of the same shape; None adds normal noise of the model's deviation.
            seed: of the noise; None draws from PyTorch's own generator.

        Returns:
            (n,).

        Raises:
            GradusError: as `forward`; shapes that differ.

        Example:
            >>> x = torch.zeros(3, 6)
            >>> Autoencoder(nn.Linear(6, 2), nn.Linear(2, 6)).error(x, corrupted=x + 1).shape
            torch.Size([3])
        """
        self._samples("x", x)
        with seeded(seed):
            if corrupted is None:
                seen = x + self.noise * torch.randn_like(x) if self.noise else x
            else:
                seen = tensor("corrupted", corrupted, finite=True)
        if seen.shape != x.shape:
            raise refusal(
                "corrupted", (f"the shape {tuple(x.shape)} of x", f"与 x 相同的形状 {tuple(x.shape)}"), seen
            )
        return (
            (x - self._output("corrupted" if corrupted is not None else "x", seen))
            .square()
            .flatten(1)
            .sum(-1)
        )

    def score(self, x: Tensor) -> Tensor:
        r"""The slope of the log-density of noisy samples that the denoiser stands for, by Tweedie's formula.

        .. math:: \nabla\ln p_\sigma(\tilde x)\approx\frac{g(f(\tilde x))-\tilde x}{\sigma^2}

        Exact where the denoiser is the mean of x given the noisy one.

        Args:
            x: noisy samples, (n, …).

        Raises:
            GradusError: as `forward`; a model without noise.

        Source: Efron 2011; Vincent 2011.

        Example:
            >>> Autoencoder(nn.Linear(6, 2), nn.Linear(2, 6), noise=0.5).score(torch.zeros(3, 6)).shape
            torch.Size([3, 6])
        """
        if not self.noise:
            raise refusal(
                "noise",
                ("a deviation above 0, at which the model was trained", "大于 0 的、模型训练时的标准差"),
                self.noise,
            )
        return (self._output("x", x) - x) / self.noise**2

    def _samples(self, name: str, x: Tensor) -> Tensor:
        tensor(name, x, finite=True, meta=False)
        if x.ndim < 2:
            raise refusal(name, ("a batch (n, …) of samples", "一批样本 (n, …)"), x)
        same_kind(parameters=parameter_of(self), **{name: x})
        return x

    def _applied(self, name: str, part: nn.Module, x: Tensor) -> Tensor:
        try:
            found: Any = part(x)
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:  # another number of pixels
            raise refusal(
                name, ("samples that the modules take", "各模块能接受的样本"), x, (str(error), str(error))
            ) from error
        return tensor(f"what is made of {name}", found, finite=True)

    def _output(self, name: str, x: Tensor) -> Tensor:
        found = self._applied(name, self.decoder, self._applied(name, self.encoder, self._samples(name, x)))
        if found.shape != x.shape:
            noun = (
                f"a module that gives the shape {tuple(x.shape)} of {name}",
                f"输出 {name} 的形状 {tuple(x.shape)} 的模块",
            )
            raise refusal("decoder", noun, found)
        return found

    def __repr__(self) -> str:
        count = sum(p.numel() for p in self.parameters())
        return f"{type(self).__name__}(noise {self.noise:g}, {count} parameters)"


def peak_signal_to_noise(x: Tensor, reference: Tensor, *, peak: float = 1.0) -> Tensor:
    r"""The peak signal-to-noise ratio of all numbers together, in decibels.

    .. math:: 10\log_{10}\frac{\text{peak}^2}{\text{mean}\,(x-\text{reference})^2}

    The ratio of a whole set is not the mean of its images' ratios, which is never smaller.

    Args:
        x: what was made, (…).
        reference: what it should be, (…).
        peak: the largest value that a number may have.

    Returns:
        A number; +∞ where both are equal.

    Raises:
        GradusError: shapes, precisions or devices that differ, NaN or ±∞, nothing; a peak that is not positive.

    Example:
        >>> peak_signal_to_noise(torch.full((4,), 0.1), torch.zeros(4))
        tensor(20.)
    """
    tensor("x", x, finite=True)
    tensor("reference", reference, finite=True)
    same_kind(x=x, reference=reference)
    if x.shape != reference.shape or not x.numel():
        raise refusal(
            "reference",
            (f"the shape {tuple(x.shape)} of x, not empty", f"与 x 相同的非空形状 {tuple(x.shape)}"),
            reference,
        )
    most = number("peak", peak, above=0)
    return -10 * torch.log10(((x - reference) / most).square().mean())
