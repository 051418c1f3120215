"""The networks of a DCGAN against plain convolutions, and the great circle against its closed form."""

import math

import numpy as np
import pytest
import torch
from scipy.signal import correlate2d

from gradus.errors import GradusError
from gradus.generative import (
    DCDiscriminator,
    DCGenerator,
    gradient_penalty,
    spherical_interpolation,
    train_gan,
)

SIZES = (8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64)


def pair(**given):
    torch.manual_seed(0)
    shape = {"channels": 1, "size": 8, "width": 4} | given
    norm = shape.pop("norm", "batch")
    return DCGenerator(5, **shape), DCDiscriminator(**shape, norm=norm)


@pytest.mark.parametrize("kernel", [2, 3, 4, 5, 6])
@pytest.mark.parametrize("size", SIZES)
def test_every_layer_doubles_and_halves(size, kernel):
    generator, discriminator = pair(size=size, channels=3, kernel=kernel, width=2)
    images = generator(torch.randn(2, 5))
    assert images.shape == (2, 3, size, size)
    assert discriminator(images).shape == (2,)
    base = generator.layers[0].kernel_size[0]
    assert 4 <= base <= 7
    assert discriminator.layers[-1].kernel_size == (base, base)


def test_the_generator_by_sums():
    """Two layers by hand: each pixel of the first map is spread out by the kernel."""
    generator, _ = pair(channels=2, kernel=5)
    generator.double()
    z = torch.randn(3, 5, dtype=torch.float64)
    V, bn, W = generator.layers[0].weight, generator.layers[1], generator.layers[3].weight
    h = torch.einsum("nd,dcij->ncij", z, V)
    variance, mean = torch.var_mean(h, (0, 2, 3), correction=0, keepdim=True)
    h = (h - mean) / (variance + bn.eps).sqrt()
    h = (h * bn.weight[:, None, None] + bn.bias[:, None, None]).clamp(min=0)
    spread = torch.zeros(3, 2, 11 + 1, 11 + 1, dtype=torch.float64)
    for i in range(4):
        for j in range(4):
            spread[:, :, 2 * i : 2 * i + 5, 2 * j : 2 * j + 5] += torch.einsum(
                "nc,cokl->nokl", h[:, :, i, j], W
            )
    want = torch.tanh(spread[:, :, 2:10, 2:10] + generator.layers[3].bias[:, None, None])
    torch.testing.assert_close(generator(z), want, rtol=1e-12, atol=1e-14)


def test_the_discriminator_by_scipy():
    _, discriminator = pair(kernel=4, norm="none")
    discriminator.double()
    x = torch.randn(8, 8, dtype=torch.float64)
    first, last = discriminator.layers[0], discriminator.layers[-1]
    padded = np.pad(x.numpy(), 1)
    h = np.stack(
        [correlate2d(padded, w[0].detach().numpy(), "valid")[::2, ::2] for w in first.weight]
    ) + first.bias.detach().numpy().reshape(-1, 1, 1)
    h = np.where(h > 0, h, 0.2 * h)
    want = (h * last.weight[0].detach().numpy()).sum() + last.bias.item()
    assert math.isclose(discriminator(x[None, None]).item(), want, rel_tol=1e-12, abs_tol=1e-15)


def test_first_weights_and_range():
    generator, discriminator = pair(size=32, width=32)
    weights = torch.cat([p.flatten() for p in generator.parameters() if p.dim() == 4])
    assert abs(weights.std().item() - 0.02) < 1e-3
    assert abs(weights.mean().item()) < 1e-3
    for module in (*generator.modules(), *discriminator.modules()):
        if isinstance(module, torch.nn.BatchNorm2d):
            assert 0 < module.weight.std() < 0.04
            assert not module.bias.any()
    assert generator(100 * torch.randn(4, 5)).abs().max() <= 1


def test_a_batch_couples_its_images_in_training_only():
    generator, discriminator = pair(size=16)
    z = torch.randn(6, 5)
    together, apart = generator(z), torch.cat([generator(z[:3]), generator(z[3:])])
    assert (together - apart).abs().max() > 1e-4
    generator.eval()
    torch.testing.assert_close(
        generator(z), torch.cat([generator(z[:1]), generator(z[1:])]), rtol=1e-4, atol=1e-6
    )
    x = torch.randn(6, 1, 16, 16)
    assert (discriminator(x) - torch.cat([discriminator(x[:3]), discriminator(x[3:])])).abs().max() > 1e-5
    for norm in ("layer", "none"):
        _, each = pair(size=16, norm=norm)
        torch.testing.assert_close(each(x), torch.cat([each(x[:3]), each(x[3:])]), rtol=1e-4, atol=1e-6)


def test_a_class_matters():
    generator, discriminator = pair(classes=3)
    generator.eval()
    z, x = torch.randn(2, 5), torch.randn(2, 1, 8, 8)
    one, other = torch.tensor([0, 1]), torch.tensor([2, 1])
    for found, again in (
        (generator(z, one), generator(z, other)),
        (discriminator(x, one), discriminator(x, other)),
    ):
        assert not torch.equal(found[0], again[0])
        torch.testing.assert_close(found[1], again[1])


def test_spectral_normalisation_is_of_the_kernel_as_a_table():
    _, discriminator = pair(size=28, width=16, norm="spectral")
    for _ in range(30):
        discriminator(torch.zeros(1, 1, 28, 28))
    discriminator.eval()
    for layer in discriminator.layers:
        if isinstance(layer, torch.nn.Conv2d):
            assert abs(torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() - 1) < 1e-2


def test_penalty_and_training():
    generator, discriminator = pair(norm="layer", size=16)
    x = torch.rand(32, 1, 16, 16) * 2 - 1
    gradient_penalty(discriminator, x, generator(torch.randn(32, 5)).detach(), seed=0).backward()
    assert all(p.grad.any() for p in discriminator.parameters() if p.dim() == 4)
    generator, discriminator = pair()
    bright = torch.full((64, 1, 8, 8), 0.8) + 0.05 * torch.randn(64, 1, 8, 8)
    train_gan(generator, discriminator, bright, latent=5, steps=150, batch=16, learning_rate=2e-3)
    assert generator(torch.randn(64, 5)).mean() > 0.4


def test_the_great_circle():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 7, 30))
    b *= np.linalg.norm(a, axis=1, keepdims=True) / np.linalg.norm(b, axis=1, keepdims=True)
    t = np.linspace(0, 1, 5)
    angle = np.arccos((a * b).sum(1) / (a * a).sum(1))[:, None]
    want = [(np.sin((1 - s) * angle) * a + np.sin(s * angle) * b) / np.sin(angle) for s in t]
    found = spherical_interpolation(*map(torch.as_tensor, (a, b, t)))
    torch.testing.assert_close(found, torch.as_tensor(np.array(want)), rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(found.norm(dim=-1), torch.as_tensor(a).norm(dim=-1).expand(5, 7))


def test_close_vectors_and_extreme_lengths():
    a = torch.randn(50, generator=torch.Generator().manual_seed(0))
    b = a + 1e-4 * torch.randn(50, generator=torch.Generator().manual_seed(1))
    fine = spherical_interpolation(a.double(), b.double(), 0.3)
    torch.testing.assert_close(spherical_interpolation(a, b, 0.3).double(), fine, rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(spherical_interpolation(a, a, 0.3), a)
    for scale in (1e-30, 1e30):
        found = spherical_interpolation(scale * a, scale * b, 0.3) / scale
        torch.testing.assert_close(found.double(), fine, rtol=1e-5, atol=1e-6)
    point = a.clone().requires_grad_()
    spherical_interpolation(point, b, 0.3).sum().backward()
    assert point.grad.isfinite().all()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: DCGenerator(5, 1, 9), "power of two"),
        (lambda: DCGenerator(5, 1, 4), "power of two"),
        (lambda: DCGenerator(0), "latent"),
        (lambda: DCDiscriminator(1, 8, norm="instance"), "norm"),
        (lambda: DCDiscriminator(1, 8, kernel=1), "kernel"),
        (lambda: pair()[0](torch.zeros(2, 4)), r"\(n, 5\)"),
        (lambda: pair()[0](torch.zeros(2, 5), torch.tensor([0, 0])), "knows no classes"),
        (lambda: pair(classes=3)[0](torch.zeros(2, 5)), "from 0 to 2"),
        (lambda: pair(classes=3)[0](torch.zeros(2, 5), torch.tensor([0, 3])), "from 0 to 2"),
        (lambda: pair(classes=3)[1](torch.zeros(2, 1, 8, 8), torch.tensor([0])), "one class a sample"),
        (lambda: pair()[1](torch.zeros(2, 1, 7, 8)), "images of the shape"),
        (lambda: pair()[1](torch.zeros(2, 1, 8, 8).double()), "float64"),
        (lambda: spherical_interpolation(torch.ones(3), -torch.ones(3), 0.5), "opposite"),
        (lambda: spherical_interpolation(torch.ones(3), torch.zeros(3), 0.5), "length above 0"),
        (
            lambda: spherical_interpolation(torch.ones(3), torch.ones(3), torch.tensor([0.5, 1.5])),
            "from 0 to 1",
        ),
        (lambda: spherical_interpolation(torch.ones(2, 3), torch.ones(3), 0.5), "shape"),
    ],
)
def test_what_does_not_fit(call, says):
    with pytest.raises(GradusError, match=says):
        call()
