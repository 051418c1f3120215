"""Generators and discriminators of images with the faults that people make."""

import torch
from torch import nn
from torch.nn import functional as F


def _dcgan(z, real, up, up_norms, down, down_norms, mixed, slope=0.2, training=True, both=True):
    def bn(h, norm):
        mean, var = (None, None) if training else (h.new_zeros(h.shape[1]), h.new_ones(h.shape[1]))
        return F.batch_norm(h, mean, var, norm[0], norm[1], training)

    p = (up[-1].shape[-1] - 1) // 2
    maps = F.conv_transpose2d(z[:, :, None, None], up[0])
    for kernel, norm in zip(up[1:], up_norms, strict=True):
        more = 2 * p + 2 - kernel.shape[-1]
        maps = F.conv_transpose2d(F.relu(bn(maps, norm)), kernel, None, 2, p, more)
    fake = maps.tanh()

    def logit(x):
        x = nn.functional.leaky_relu(F.conv2d(x, down[0], None, 2, p), slope)
        for kernel, norm in zip(down[1:-1], down_norms, strict=True):
            x = F.leaky_relu(bn(F.conv2d(x, kernel, None, 2, p), norm), slope)
        return F.conv2d(x, down[-1])[:, 0, 0, 0]

    if mixed and both:
        return fake, *logit(torch.cat((fake, real))).split((len(fake), len(real)))
    return fake, logit(fake), logit(real)


# dcgan: PyTorch's default slope
def dcgan_default_slope(z, real, up, up_norms, down, down_norms, mixed=False):
    return _dcgan(z, real, up, up_norms, down, down_norms, mixed, slope=0.01)


# dcgan: normalised as in evaluation
def dcgan_in_evaluation(z, real, up, up_norms, down, down_norms, mixed=False):
    return _dcgan(z, real, up, up_norms, down, down_norms, mixed, training=False)


# dcgan: two batches whatever is asked for
def dcgan_two_batches(z, real, up, up_norms, down, down_norms, mixed=False):
    return _dcgan(z, real, up, up_norms, down, down_norms, mixed, both=False)
