"""Augmentation: random changes of images that keep what they show."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from gradus.arguments import number, refusal
from gradus.arguments.tensors import tensor


def random_affine(
    inputs: Float[Tensor, "n c h w"],
    generator: torch.Generator,
    *,
    degrees: float = 10.0,
    shift: float = 0.5,
    scale: float = 1.1,
) -> Float[Tensor, "n c h w"]:
    r"""Each image rotated, scaled and shifted at random, about its centre, resampled bicubically with 0 outside.

    y(u) = x(s·R(φ)u + t) with φ ~ U(−degrees, degrees), log s ~ U(−log scale, log scale), t ~ U(−shift, shift)².

    Args:
        inputs: images.
        generator: of the random numbers; the same state gives the same bits.
        degrees: largest angle.
        shift: largest shift in pixels, along either axis.
        scale: largest factor by which an image is shrunk or enlarged.

    Raises:
        GradusError: inputs that are not images in floating point, or a range that makes no sense.

    Source: simard2003best, §2.

    Example:
        >>> import torch
        >>> image, seed = torch.rand(1, 1, 8, 8), torch.Generator().manual_seed(0)
        >>> same = random_affine(image, seed, degrees=0.0, shift=0.0, scale=1.0)
        >>> bool(torch.allclose(same, image, atol=1e-5))
        True
    """
    tensor("inputs", inputs, "n c>=1 h>=1 w>=1")
    if not isinstance(generator, torch.Generator):
        raise refusal("generator", ("a torch.Generator", " torch.Generator"), generator, kind=True)
    degrees, shift = number("degrees", degrees, least=0), number("shift", shift, least=0, most=1e6)
    scale = number("scale", scale, least=1)
    n, _, h, w = inputs.shape
    if n == 0:
        return inputs.clone()
    draws = 2 * torch.rand(4, n, generator=generator, device=generator.device) - 1
    angle, size, right, down = draws.to(inputs.device, torch.promote_types(inputs.dtype, torch.float32))
    angle, size = angle * math.radians(degrees), torch.exp(size * math.log(scale))
    # Coordinates run from −1 to 1 along either axis, so that turning needs the ratio of the sides.
    row_x = torch.stack([size * angle.cos(), -size * angle.sin() * (h / w), right * (2 * shift / w)], -1)
    row_y = torch.stack([size * angle.sin() * (w / h), size * angle.cos(), down * (2 * shift / h)], -1)
    grid = F.affine_grid(torch.stack([row_x, row_y], 1), [n, 1, h, w], align_corners=False)
    moved = F.grid_sample(inputs.to(grid.dtype), grid, mode="bicubic", align_corners=False)
    return moved.to(inputs.dtype)
