"""Generators and discriminators of images in other styles: zeros between the pixels, matrices, one call for both batches."""

import numpy as np
import torch
from torch.nn import functional as F


# dcgan: torch, zeros between the pixels and a convolution with the flipped kernel
def dcgan_by_zeros(z, real, up, up_norms, down, down_norms, mixed=False):
    def bn(h, norm):
        return F.batch_norm(h, None, None, norm[0], norm[1], True, 0.1, 1e-5)

    maps = torch.einsum("nd,dcij->ncij", z, up[0])
    for kernel, norm in zip(up[1:], up_norms, strict=True):
        maps, t = bn(maps, norm).clamp_min(0), kernel.shape[-1]
        n, c, h, w = maps.shape
        apart = maps.new_zeros(n, c, 2 * h, 2 * w)
        apart[:, :, ::2, ::2] = maps
        before = t - 1 - (t - 1) // 2
        apart = F.pad(apart, (before, t - 1 - before, before, t - 1 - before))
        maps = F.conv2d(apart, kernel.flip(2, 3).transpose(0, 1))
    fake = torch.tanh(maps)

    def logit(x):
        for i, kernel in enumerate(down[:-1]):
            x = F.conv2d(x, kernel, stride=2, padding=(kernel.shape[-1] - 1) // 2)
            x = F.leaky_relu(bn(x, down_norms[i - 1]) if i else x, 0.2)
        return x.flatten(1) @ down[-1].flatten()

    if len(down_norms) != len(down) - 2 or real.shape[1:] != fake.shape[1:]:
        raise ValueError("layers or images that do not fit")
    if mixed:
        both = logit(torch.cat([fake, real]))
        return fake, both[: len(fake)], both[len(fake) :]
    return fake, logit(fake), logit(real)


# dcgan: NumPy, each layer as a matrix that is transposed on the way up
def dcgan_by_matrices(z, real, up, up_norms, down, down_norms, mixed=False):
    def matrix(kernel, side):
        """From images of this side to maps of half of it; kernel (out, in, t, t)."""
        out, given, t, _ = kernel.shape
        M, half = np.zeros((out, side // 2, side // 2, given, side, side), kernel.dtype), side // 2
        for i, j, k, l in np.ndindex(half, half, t, t):
            u, v = 2 * i + k - (t - 1) // 2, 2 * j + l - (t - 1) // 2
            if 0 <= u < side and 0 <= v < side:
                M[:, i, j, :, u, v] = kernel[:, :, k, l]
        return M.reshape(out * half**2, given * side**2)

    def bn(h, norm):
        flat = np.moveaxis(h, 1, -1)
        axes = (0, 1, 2)
        flat = (flat - flat.mean(axes)) / np.sqrt(flat.var(axes) + 1e-5)
        return np.moveaxis(flat * norm[0] + norm[1], -1, 1)

    if len(up) != len(down) or len(down_norms) != len(down) - 2:
        raise ValueError("layers")
    maps = np.tensordot(z, up[0], 1)
    for kernel, norm in zip(up[1:], up_norms, strict=True):
        maps = np.maximum(bn(maps, norm), 0)
        side = 2 * maps.shape[-1]
        maps = (maps.reshape(len(z), -1) @ matrix(kernel, side)).reshape(len(z), -1, side, side)
    fake = np.tanh(maps)
    if real.shape[1:] != fake.shape[1:]:
        raise ValueError("images")

    def logit(x):
        for i, kernel in enumerate(down[:-1]):
            half = x.shape[-1] // 2
            x = (x.reshape(len(x), -1) @ matrix(kernel, 2 * half).T).reshape(len(x), -1, half, half)
            x = bn(x, down_norms[i - 1]) if i else x
            x = np.maximum(x, 0.2 * x)
        return x.reshape(len(x), -1) @ down[-1].reshape(-1)

    groups = [np.concatenate([fake, real])] if mixed else [fake, real]
    scores = np.concatenate([logit(g) for g in groups])
    return fake, scores[: len(z)], scores[len(z) :]
