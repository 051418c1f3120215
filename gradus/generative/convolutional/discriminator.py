"""The discriminator of a DCGAN: images to logits, by convolutions that halve the size."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from gradus.arguments import choice, refusal, whole
from gradus.arguments.tensors import same_kind, tensor
from gradus.generative.convolutional.parts import SLOPE, described, halvings, kernel_size, one_hot, start
from gradus.text import Text

__all__ = ["DCDiscriminator"]

NORMS = ("batch", "layer", "spectral", "none")


class DCDiscriminator(nn.Module):
    r"""The discriminator of a DCGAN, or a critic: images, and a class if there are classes, to one logit each.

    .. math:: x\mapsto w*\varphi(\mathrm{BN}(W_k*\cdots\varphi(\mathrm{BN}(W_2*\varphi(W_1*x)))))+b,\qquad\varphi(a)=\max(a,0.2\,a)

    Each layer halves the side and doubles the channels; the last takes in what is left, 4 to 7 pixels a side. Neither the first layer nor the last is normalised.

    Batch normalisation couples the images of a batch while it trains: real and generated ones in one batch are told apart by other statistics than in two. For
    a gradient penalty take "layer" or "none", for spectral normalisation "spectral".

    Args:
        channels: of the images.
        size: height and width: 4, 5, 6 or 7 times a power of two, such as 8, 28, 32 or 64.
        width: channels after the first layer.
        kernel: side of the kernels.
        classes: how many; the class is given as maps beside the image. None: it takes no class.
        norm: "batch", "layer" (each image for itself), "spectral" (each kernel as a table of numbers has largest singular value 1, all layers) or "none".

    Raises:
        GradusError: sizes that cannot be halved so, another norm, numbers below 1.

    Source: Radford, Metz and Chintala 2016; Gulrajani et al. 2017 for "layer"; Miyato et al. 2018 for "spectral".

    Deviates: kernels of 4 in place of 5, as has become usual.

    Example:
        >>> import torch
        >>> discriminator = DCDiscriminator(1, 28, width=16, norm="layer")
        >>> discriminator(torch.zeros(5, 1, 28, 28)).shape
        torch.Size([5])
    """

    def __init__(
        self,
        channels: int = 1,
        size: int = 28,
        *,
        width: int = 64,
        kernel: int = 4,
        classes: int | None = None,
        norm: str = "batch",
    ) -> None:
        super().__init__()
        channels, width = whole("channels", channels, least=1), whole("width", width, least=1, most=2**16)
        self.classes = None if classes is None else whole("classes", classes, least=1)
        self.norm = choice("norm", norm, NORMS)
        base, times = halvings(size)
        k, padding, _ = kernel_size(kernel)
        self.shape = (channels, base * 2**times, base * 2**times)
        bias = self.norm in ("spectral", "none")
        layers: list[nn.Module] = [nn.Conv2d(channels + (self.classes or 0), width, k, 2, padding)]
        here = width
        for _ in range(times - 1):
            layers += [nn.LeakyReLU(SLOPE), nn.Conv2d(here, 2 * here, k, 2, padding, bias=bias)]
            here *= 2
            if self.norm == "batch":
                layers.append(nn.BatchNorm2d(here))
            elif self.norm == "layer":
                layers.append(nn.GroupNorm(1, here))
        self.layers = nn.Sequential(*layers, nn.LeakyReLU(SLOPE), nn.Conv2d(here, 1, base))
        start(self)
        if self.norm == "spectral":
            for layer in self.layers:
                if isinstance(layer, nn.Conv2d):
                    spectral_norm(layer)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Logits that the images are real, before any sigmoid; a critic's scores with a Wasserstein loss.

        Args:
            x: (n, channels, size, size), as a rule between −1 and 1.
            condition: (n,), the classes, whole numbers from 0; for a discriminator that knows classes only.

        Returns:
            (n,).

        Raises:
            GradusError: images of another shape, precision or device; a class too much, too little, or that there is not.

        Cost: as the generator's.
        """
        tensor("x", x, finite=True)
        same_kind(parameters=next(self.parameters()), x=x)
        if x.dim() != 4 or tuple(x.shape[1:]) != self.shape:
            want, came = f"(n, {', '.join(map(str, self.shape))})", str(tuple(x.shape))
            raise refusal("x", (f"images of the shape {want}", f"形状为 {want} 的图像"), Text(came, came))
        told = one_hot(condition, self.classes, x)
        if told is not None:
            x = torch.cat((x, told[:, :, None, None].expand(-1, -1, *self.shape[1:])), 1)
        scores: Tensor = self.layers(x)
        return scores.flatten()

    def __repr__(self) -> str:
        norm = "no normalisation" if self.norm == "none" else f"{self.norm} normalisation"
        return described(self, self.shape, self.classes, f", {norm}")
