"""Steps in closed form: the same gradients as the recorded graph gives, and only where they may stand in for it."""

import pytest
import torch
from torch import nn

from gradus.training import Callback, fit
from gradus.training.closed_form import convolution, layer_sequence
from gradus.vision.lenet import LeNet

cross_entropy = nn.functional.cross_entropy


def images(count=7, channels=1, size=28, dtype=torch.float64):
    generator = torch.Generator().manual_seed(count)
    x = torch.randn(count, channels, size, size, generator=generator, dtype=dtype)
    return x, torch.randint(0, 10, (count,), generator=generator)


def largest_difference(model, loss, x, y, precision=None):
    sequence = layer_sequence(model, loss=loss, example=x, precision=precision)
    assert sequence is not None
    recorded = loss(model(x), y)
    expected = torch.autograd.grad(recorded, list(model.parameters()))
    for _ in range(2):  # the buffers are used again
        value, outputs = sequence.gradients(x, y)
    assert torch.allclose(value, recorded, rtol=1e-12 if precision is None else 2e-2)
    assert outputs.shape == model(x).shape
    scale = max(float(g.abs().max()) for g in expected)
    return (
        max(float((g - p.grad).abs().max()) for g, p in zip(expected, model.parameters(), strict=True))
        / scale
    )


SEQUENCES = {
    "dense": lambda: [nn.Flatten(), nn.Linear(784, 30), nn.ReLU(), nn.Linear(30, 10, bias=False)],
    "padding and blocks": lambda: [
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 10),
    ],
    "other functions, uneven windows, no bias": lambda: [
        nn.Conv2d(1, 4, 3), nn.Tanh(), nn.AvgPool2d(2), nn.Conv2d(4, 5, 3, padding=1, bias=False), nn.Sigmoid(),
        nn.MaxPool2d((3, 2)), nn.Flatten(), nn.Linear(120, 20), nn.Tanh(), nn.Linear(20, 10),
    ],
    "convolutions in a row": lambda: [
        nn.Conv2d(1, 3, (3, 5), padding=(1, 0)), nn.ReLU(), nn.Conv2d(3, 4, 3, padding=1), nn.Tanh(),
        nn.Sequential(nn.Identity(), nn.Flatten(), nn.Linear(2688, 10)),
    ],
    "pooling that leaves a rest": lambda: [nn.MaxPool2d(3), nn.Conv2d(1, 2, 2), nn.MaxPool2d(3), nn.Flatten(), nn.Linear(8, 10)],
    "an input made larger first": lambda: [nn.Upsample((32, 32), mode="bilinear"), nn.Conv2d(1, 2, 5), nn.MaxPool2d(4), nn.Flatten(), nn.Linear(98, 10)],
}  # fmt: skip


@pytest.mark.parametrize("name", SEQUENCES)
@pytest.mark.parametrize(
    "loss",
    [
        cross_entropy,
        nn.CrossEntropyLoss(),
        nn.CrossEntropyLoss(label_smoothing=0.1),
        nn.functional.mse_loss,
    ],
    ids=["function", "module", "smoothed", "squared error"],
)
def test_gradients_are_those_of_the_graph(name, loss):
    torch.manual_seed(0)
    model = nn.Sequential(*SEQUENCES[name]()).double()
    x, y = images()
    y = nn.functional.one_hot(y, 10).double() if loss is nn.functional.mse_loss else y
    assert largest_difference(model, loss, x, y) < 1e-13


@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("size", [8, 28])
def test_lenet_is_a_sequence_of_layers(size, activation, pooling):
    torch.manual_seed(1)
    model = LeNet(size=size, activation=activation, pooling=pooling).double()
    assert largest_difference(model, cross_entropy, *images(5, size=size)) < 1e-13


def test_of_equal_entries_the_first_gets_the_gradient():
    torch.manual_seed(2)
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(507, 10)).double()
    x, y = images(4)
    x[:, :, :14] = 0.5  # windows whose entries are all alike, from inputs that are not zero
    x[:, :, 14:] = x[:, :, 14:].round()
    assert largest_difference(model, cross_entropy, x, y) < 1e-13


def test_bfloat16_is_as_near_as_autocast():
    torch.manual_seed(3)
    model = nn.Sequential(*SEQUENCES["padding and blocks"]())
    x, y = images(64, dtype=torch.float32)
    exact = torch.autograd.grad(cross_entropy(model(x), y), list(model.parameters()))
    with torch.autocast("cpu", torch.bfloat16):
        rounded = torch.autograd.grad(cross_entropy(model(x), y), list(model.parameters()))
    scale = max(float(g.abs().max()) for g in exact)
    theirs = max(float((a - b).abs().max()) for a, b in zip(exact, rounded, strict=True)) / scale
    assert 1e-4 < largest_difference(model, cross_entropy, x, y, torch.bfloat16) < 1.5 * theirs


class Forked(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 10)

    def forward(self, x):
        return self.layer(x) + self.layer(x).tanh()


def frozen():
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 10))
    model[0].weight.requires_grad_(False)
    return model


def watched():
    model = nn.Sequential(nn.Linear(4, 10))
    model[0].register_forward_hook(lambda *_: None)
    return model


def tied():
    layer = nn.Linear(4, 4)
    return nn.Sequential(layer, nn.ReLU(), layer)


class Doubled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


@pytest.mark.parametrize(
    "model",
    [
        Forked(), frozen(), watched(), tied(), nn.Sequential(Doubled(4, 10)), nn.Sequential(nn.Linear(4, 10), nn.Dropout(0.5)),
        nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 10)), nn.Sequential(nn.Linear(4, 10).half()),
        nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Tanh()), nn.Sequential(nn.Linear(5, 10)), nn.Sequential(nn.ReLU()),
    ],
    ids=lambda m: type(m).__name__,
)  # fmt: skip
def test_what_is_no_sequence_of_layers_is_left_alone(model):
    assert layer_sequence(model, loss=cross_entropy, example=torch.randn(3, 4)) is None


class Named(nn.Module):
    """A module whose method is what the library's own networks name their layers by, and even right about them."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 6), nn.Linear(6, 10)

    def forward(self, x):
        return self.second(self.first(x).tanh())

    def layers_in_order(self):
        return [self.first, nn.Tanh(), self.second]


class Chain(nn.Sequential):
    """A module with an attribute and a method of names that earlier versions looked for."""

    chain = ("a", "b")

    def layers_in_order(self):
        raise AssertionError("nobody asked for them")

    def forward(self, x):
        return super().forward(x) + 1


class Wide(LeNet):
    """A network of the library's with a forward pass of the user's."""

    def forward(self, x):
        return 2 * super().forward(x)


@pytest.mark.parametrize(
    "model",
    [
        Named(),
        nn.Sequential(nn.Identity(), Named()),
        Chain(nn.Linear(4, 10)),
        nn.Sequential(Chain(nn.Linear(4, 10))),
    ],
    ids=["named", "within", "chain", "chain within"],
)
def test_the_layers_of_a_class_of_the_users_are_not_taken_for_its_forward_pass(model):
    assert layer_sequence(model, loss=cross_entropy, example=torch.randn(3, 4)) is None
    assert (
        fit(model, cross_entropy, (torch.randn(6, 4), torch.arange(6)), epochs=1, progress="silent").steps
        == 1
    )


def test_a_class_derived_from_the_librarys_is_the_users():
    x, _ = images(3, dtype=torch.float32)
    assert layer_sequence(LeNet(), loss=cross_entropy, example=x) is not None
    assert layer_sequence(nn.Sequential(nn.Identity(), LeNet()), loss=cross_entropy, example=x) is not None
    assert layer_sequence(Wide(), loss=cross_entropy, example=x) is None
    assert (
        layer_sequence(LeNet(), loss=cross_entropy, example=x[:, :, 2:, 2:]) is None
    )  # refused by its forward pass


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(1, 2, 3, stride=2), nn.Conv2d(1, 2, 3, dilation=2), nn.Conv2d(1, 2, 3, padding="same"),
        nn.Conv2d(1, 2, 3, padding=1, padding_mode="circular"), nn.MaxPool2d(3, stride=2), nn.MaxPool2d(2, padding=1),
        nn.AvgPool2d(2, divisor_override=3), nn.MaxPool2d(3, ceil_mode=True), nn.Flatten(2),
    ],
    ids=str,
)  # fmt: skip
def test_other_settings_of_a_layer_are_left_alone(layer):
    x = torch.randn(2, 1, 9, 9)
    width = layer(x).flatten(1).shape[1]
    model = nn.Sequential(layer, nn.Flatten(), nn.Linear(width, 10))
    assert layer_sequence(model, loss=cross_entropy, example=x) is None


def test_large_buffers_are_not_made(monkeypatch):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(1352, 10)).double()
    x, _ = images(4)
    assert layer_sequence(model, loss=cross_entropy, example=x) is not None
    monkeypatch.setattr(convolution, "LARGEST", 1000)
    assert layer_sequence(model, loss=cross_entropy, example=x) is None


def trained(closed_form, **settings):
    torch.manual_seed(4)
    model = nn.Sequential(*SEQUENCES["padding and blocks"]()).double()
    x, y = images(50)
    # batches of 16, 16, 16 and 2
    fitted = fit(
        model, cross_entropy, (x, y), epochs=3, batch_size=16, closed_form=closed_form, progress="silent", **settings,
    )  # fmt: skip
    return fitted, list(model.parameters())


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "nesterov", "rmsprop"])
def test_fit_ends_where_it_ends_without(optimizer):
    ours, a = trained(True, optimizer=optimizer, clip_norm=1.0)
    theirs, b = trained(False, optimizer=optimizer, clip_norm=1.0)
    assert [row["loss"] for row in ours.history] == pytest.approx(
        [r["loss"] for r in theirs.history], rel=1e-7
    )
    assert max(float((p - q).detach().abs().max()) for p, q in zip(a, b, strict=True)) < 1e-7


def test_a_hook_of_a_callback_is_called():
    calls = []

    class Watch(Callback):
        def on_start(self, run):
            run.model[0].register_forward_hook(lambda *_: calls.append(1))

    trained(True, callbacks=[Watch()])
    assert len(calls) == 12


def test_a_loss_that_is_not_finite_is_named():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
    x = torch.zeros(8, 2)
    x[5, 1] = float("nan")
    from gradus.training import NonFiniteError

    with pytest.raises(NonFiniteError, match="step 1"):
        fit(model, cross_entropy, (x, torch.zeros(8, dtype=torch.long)), epochs=1, progress="silent")
