"""The generator of a DCGAN: noise to images, by transposed convolutions that double the size."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gradus.arguments import refusal, whole
from gradus.arguments.tensors import same_kind, tensor
from gradus.generative.convolutional.parts import described, halvings, kernel_size, one_hot, start
from gradus.text import Text

__all__ = ["DCGenerator"]


class DCGenerator(nn.Module):
    r"""The generator of a DCGAN: standard normal noise, and a class if there are classes, to images between −1 and 1.

    .. math:: z\mapsto\tanh\bigl(W_k*^{\mathsf T}\mathrm{ReLU}(\mathrm{BN}(\cdots W_1*^{\mathsf T}\mathrm{ReLU}(\mathrm{BN}(V z))))\bigr)

    A first layer makes maps of 4 to 7 pixels a side; each that follows doubles the side and halves the channels, down to `width` before the last.
    There is no pooling and no other dense layer. Images to train on are to lie between −1 and 1, too: `2 * x - 1` for pixels from 0 to 1.

    While it trains, batch normalisation couples the images of a batch; `eval()` takes the running statistics, and each image is for itself.

    Args:
        latent: how many numbers the noise of an image has.
        channels: of the images.
        size: height and width: 4, 5, 6 or 7 times a power of two, such as 8, 28, 32 or 64.
        width: channels before the last layer.
        kernel: side of the kernels; an even one has each pixel made by equally many.
        classes: how many; the class is given beside the noise. None: it takes no class.

    Raises:
        GradusError: sizes that cannot be reached by doubling, numbers below 1.

    Source: Radford, Metz and Chintala 2016; Mirza and Osindero 2014 for the class.

    Deviates: kernels of 4 in place of 5, as has become usual.

    Example:
        >>> import torch
        >>> generator = DCGenerator(100, 1, 28, width=16, classes=10)
        >>> generator(torch.randn(5, 100), torch.tensor([0, 1, 2, 3, 4])).shape
        torch.Size([5, 1, 28, 28])
    """

    def __init__(
        self,
        latent: int = 100,
        channels: int = 1,
        size: int = 28,
        *,
        width: int = 64,
        kernel: int = 4,
        classes: int | None = None,
    ) -> None:
        super().__init__()
        self.latent, channels = whole("latent", latent, least=1), whole("channels", channels, least=1)
        width = whole("width", width, least=1, most=2**16)
        self.classes = None if classes is None else whole("classes", classes, least=1)
        base, doublings = halvings(size)
        k, padding, more = kernel_size(kernel)
        self.shape = (channels, base * 2**doublings, base * 2**doublings)
        here = width * 2 ** (doublings - 1)
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(self.latent + (self.classes or 0), here, base, bias=False),
            nn.BatchNorm2d(here),
            nn.ReLU(),
        ]
        for _ in range(doublings - 1):
            layers += [
                nn.ConvTranspose2d(here, here // 2, k, 2, padding, more, bias=False),
                nn.BatchNorm2d(here // 2),
                nn.ReLU(),
            ]
            here //= 2
        self.layers = nn.Sequential(
            *layers, nn.ConvTranspose2d(here, channels, k, 2, padding, more), nn.Tanh()
        )
        start(self)

    def forward(self, z: Tensor, condition: Tensor | None = None) -> Tensor:
        """Images of the noise.

        Args:
            z: (n, latent), standard normal.
            condition: (n,), the classes, whole numbers from 0; for a generator that knows classes only.

        Returns:
            (n, channels, size, size), between −1 and 1.

        Raises:
            GradusError: noise of another shape, precision or device; a class too much, too little, or that there is not.

        Cost: some 20 width² kernel² size² operations an image in the usual case that the layers weigh alike.
        """
        tensor("z", z, finite=True)
        same_kind(parameters=next(self.parameters()), z=z)
        if z.dim() != 2 or z.shape[1] != self.latent:
            came = str(tuple(z.shape))
            noun = (f"noise of the shape (n, {self.latent})", f"形状为 (n, {self.latent}) 的噪声")
            raise refusal("z", noun, Text(came, came))
        told = one_hot(condition, self.classes, z)
        images: Tensor = self.layers((z if told is None else torch.cat((z, told), 1))[:, :, None, None])
        return images

    def __repr__(self) -> str:
        return described(self, (self.latent,), self.classes, f" → {'×'.join(map(str, self.shape))}")
