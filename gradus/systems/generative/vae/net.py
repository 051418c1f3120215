"""The network of the variational autoencoder: one hidden layer on either side, as in the paper."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gradus.generative import VAE
from gradus.systems.sampler import Sampler


class NegativeBound(nn.Module):
    """Images in [0, 1] to minus their bound, (n,); grey ones are drawn anew as pixels 0 and 1 each time.

    Args:
        vae: the autoencoder.
    """

    def __init__(self, vae: VAE) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, x: Tensor) -> Tensor:
        """Minus the bound of each, in nats."""
        return -self.vae.elbo(observed(self.vae, x)).value

    def gradient_writer(self) -> Callable[[Tensor, Sequence[Tensor]], Tensor] | None:
        """What writes the gradients of the mean loss of a batch (see `gradus.training.closed_form`); None for another network."""
        return Gradients(self.vae) if is_plain(self.vae) else None


class Gradients:
    r"""The gradients of minus the bound of one draw, in closed form: for one hidden layer of tanh units on either side and pixels 0 and 1.

    With :math:`z=m+e^{s/2}\varepsilon` and the logits y they are, of the mean over n samples, :math:`(\sigma(y)-x)/n` by the logits,
    :math:`g_z+m/n` by m and :math:`\tfrac12(g_z\,\varepsilon e^{s/2}+(e^s-1)/n)` by s, where g_z is what comes back through the decoder.

    Args:
        vae: the autoencoder of `network`, for grey images.
    """

    def __init__(self, vae: VAE) -> None:
        self.vae = vae
        self.layers = [vae.encoder[1], vae.encoder[3], vae.decoder[0], vae.decoder[2]]  # type: ignore[index]
        self.buffers: dict[int, list[Tensor]] = {}

    def __call__(self, images: Tensor, gradients: Sequence[Tensor]) -> Tensor:
        """Writes the gradients, in the order of the parameters; returns minus the bound of each."""
        x = drawn_pixels(images).flatten(1)
        n, d = len(x), self.vae.latents
        epsilon = torch.randn(1, n, d, dtype=x.dtype)[0]
        h, codes, k, y = self._buffers(n, x)
        (W1, b1), (W2, b2), (W3, b3), (W4, b4) = ((layer.weight, layer.bias) for layer in self.layers)
        torch.addmm(b1, x, W1.T, out=h).tanh_()
        torch.addmm(b2, h, W2.T, out=codes)
        m, s = codes[:, :d], codes[:, d:]
        spread = torch.exp(s / 2)
        z = torch.addcmul(m, spread, epsilon)
        torch.addmm(b3, z, W3.T, out=k).tanh_()
        torch.addmm(b4, k, W4.T, out=y)
        variance = spread * spread
        price = (m * m + variance - s - 1).sum(1) / 2
        # −ln p = softplus(y) − x y, from which the sigmoid is left
        found = price + torch.nn.functional.softplus(y).sum(1) - torch.linalg.vecdot(x, y)
        by_y = y.sigmoid_().sub_(x).div_(n)
        gW1, gb1, gW2, gb2, gW3, gb3, gW4, gb4 = gradients
        torch.mm(by_y.T, k, out=gW4)
        torch.sum(by_y, 0, out=gb4)
        by_k = torch.mm(by_y, W4).mul_(k.square_().neg_().add_(1))
        torch.mm(by_k.T, z, out=gW3)
        torch.sum(by_k, 0, out=gb3)
        by_z = torch.mm(by_k, W3)
        by_codes = torch.cat((by_z + m / n, (by_z * spread * epsilon + (variance - 1) / n) / 2), 1)
        torch.mm(by_codes.T, h, out=gW2)
        torch.sum(by_codes, 0, out=gb2)
        by_h = torch.mm(by_codes, W2).mul_(h.square_().neg_().add_(1))
        torch.mm(by_h.T, x, out=gW1)
        torch.sum(by_h, 0, out=gb1)
        return found

    def _buffers(self, n: int, like: Tensor) -> list[Tensor]:
        if n not in self.buffers:
            self.buffers[n] = [like.new_empty(n, layer.out_features) for layer in self.layers]
        return self.buffers[n]


def is_plain(vae: VAE) -> bool:
    """Whether it is the autoencoder that `network` makes for grey images, and nothing beside."""
    parts: list[Any] = [vae.encoder, vae.decoder]
    kinds = [[nn.Flatten, nn.Linear, nn.Tanh, nn.Linear], [nn.Linear, nn.Tanh, nn.Linear, nn.Unflatten]]
    right = (
        all(type(part) is nn.Sequential for part in parts)
        and [[type(m) for m in part] for part in parts] == kinds
    )
    names = [name for name, _ in vae.named_parameters()]
    wanted = [
        f"{part}.{i}.{kind}"
        for part, at in (("encoder", (1, 3)), ("decoder", (0, 2)))
        for i in at
        for kind in ("weight", "bias")
    ]
    return type(vae) is VAE and vae.likelihood == "bernoulli" and right and names == wanted


def observed(vae: VAE, x: Tensor) -> Tensor:
    """What the model explains: of probabilities of pixels 1 a draw; of numbers these themselves."""
    return drawn_pixels(x) if vae.likelihood == "bernoulli" else x


def drawn_pixels(x: Tensor) -> Tensor:
    """Pixels 0 and 1 with the probabilities x; four times as fast on a CPU as `torch.bernoulli`."""
    return (torch.rand_like(x) < x).to(x.dtype)


def network(settings: Mapping[str, Any]) -> VAE:
    """The autoencoder of these settings."""
    shape, units, latents = tuple(settings["shape"]), settings["units"], settings["latents"]
    pixels = math.prod(shape)
    encoder = nn.Sequential(nn.Flatten(), nn.Linear(pixels, units), nn.Tanh(), nn.Linear(units, 2 * latents))
    decoder = nn.Sequential(
        nn.Linear(latents, units), nn.Tanh(), nn.Linear(units, pixels), nn.Unflatten(1, shape)
    )
    if shape[0] == 1:
        return VAE(encoder, decoder, latents)
    return VAE(encoder, decoder, latents, likelihood="gaussian", scale=0.1, learn_scale=True)


def sampler_of(vae: VAE, settings: Mapping[str, Any]) -> Sampler:
    """The decoder's means of draws from the prior."""
    channels, height, width = settings["shape"]

    def make(noise: Tensor, condition: Tensor | None, steps: int, guidance: float) -> Tensor:
        return vae.decode(noise.to(next(vae.parameters()).device))

    return Sampler((channels, height, width), (settings["latents"],), make)
