"""LeNet, the network: sizes, parameters, its options, the mistakes that it names."""

import pytest
import torch

from gradus.errors import GradusError
from gradus.vision.lenet import LeNet


def made(**options):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return LeNet(**options).double()


def images(*shape):
    return torch.rand(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("size", [28, 32, 8])
def test_parameters_of_the_modern_form(size):
    assert sum(p.numel() for p in LeNet(size=size).parameters()) == 61_706


def test_parameters_with_three_channels():
    assert sum(p.numel() for p in LeNet(channels=3, size=32).parameters()) == 61_706 + 2 * 6 * 25


def test_layer_sizes():
    model, shapes = made(), {}
    for name, layer in model.named_children():
        layer.register_forward_hook(lambda m, i, o, name=name: shapes.update({name: tuple(o.shape[1:])}))
    model(images(2, 1, 28, 28))
    assert shapes["c1"] == (6, 28, 28) and shapes["s2"] == (6, 14, 14)
    assert shapes["c3"] == (16, 10, 10) and shapes["s4"] == (16, 5, 5)
    assert (shapes["c5"], shapes["f6"], shapes["output"]) == ((120,), (84,), (10,))


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
def test_pooling_before_a_monotone_activation_gives_the_same_bits(activation):
    model, x = made(activation=activation), images(3, 1, 28, 28)
    f = getattr(torch, activation)
    y = model.s4(f(model.c3(model.s2(f(model.c1(x))))))
    y = model.output(f(model.f6(f(model.c5(y.flatten(1))))))
    assert torch.equal(model(x), y)


def test_average_pooling_comes_after_the_activation():
    model, x = made(activation="tanh", pooling="average"), images(3, 1, 28, 28)
    y = torch.nn.functional.avg_pool2d(torch.tanh(model.c1(x)), 2)
    y = torch.nn.functional.avg_pool2d(torch.tanh(model.c3(y)), 2).flatten(1)
    y = model.output(torch.tanh(model.f6(torch.tanh(model.c5(y)))))
    assert torch.equal(model(x), y)


def test_a_padded_28_is_a_32():
    small, large = made(), made(size=32)
    x = images(2, 1, 28, 28)
    torch.testing.assert_close(small(x), large(torch.nn.functional.pad(x, (2, 2, 2, 2))))


def test_digits_are_enlarged_to_the_1998_input():
    small, large = made(size=8), made(size=32)
    x = images(2, 1, 8, 8)
    wide = torch.nn.functional.interpolate(x, scale_factor=4, mode="bilinear")
    torch.testing.assert_close(small(x), large(wide))


def test_an_empty_batch_gives_an_empty_result():
    assert made()(images(0, 1, 28, 28)).shape == (0, 10)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (dict(size=16), "size: expected one of 28, 32, 8, got 16"),
        (dict(activation="swish"), "activation: expected one of relu, tanh, sigmoid, got 'swish'"),
        (dict(pooling="min"), "pooling: expected one of max, average, got 'min'"),
        (dict(classes=0), "classes: expected a whole number ≥ 1, got 0"),
        (dict(channels=True), "channels: expected a whole number ≥ 1, got True"),
    ],
)
def test_impossible_options_are_named(options, said):
    with pytest.raises(GradusError, match=said):
        LeNet(**options)


def test_images_of_another_shape_are_refused():
    with pytest.raises(GradusError, match=r"\(N, 1, 28, 28\), got \(2, 3, 28, 28\)"):
        made()(images(2, 3, 28, 28))
