"""Pieces along a segment: of networks known, beside dense sampling, through every kink of PyTorch; what bends is refused."""

import copy

import pytest
import torch
from torch import nn

from gradus.errors import GradusError
from gradus.theory import linear_pieces, sawtooth_network

ZERO, ONE = torch.tensor([0.0]), torch.tensor([1.0])


@pytest.mark.parametrize(
    ("depth", "folds", "walkers"), [(1, 2, 1), (4, 2, 1), (7, 2, 64), (2, 16, 64), (4, 3, 10)]
)
def test_a_sawtooth_has_its_pieces(depth, folds, walkers):
    found = linear_pieces(sawtooth_network(depth, folds), ZERO, ONE, walkers=walkers)
    assert found.pieces == found.regions == folds**depth
    grid = torch.arange(folds**depth + 1, dtype=torch.float64) / folds**depth
    assert torch.allclose(found.breaks, grid, atol=1e-12 if folds == 2 else 1e-7)
    assert torch.allclose(found.values[:, 0], (torch.arange(len(grid)) % 2).double(), atol=1e-4)


class Shortcut(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return torch.maximum(x, self.inner(x)) + x.clamp(-0.5, 0.4)


class Own(nn.Module):
    def __init__(self):
        super().__init__()
        self.shift = nn.Parameter(torch.tensor(0.1))

    def forward(self, x):
        y = torch.where(x > 0.1, x + x, x + self.shift)
        return torch.stack([y.max(1).values, y.amin(1), x.abs().sum(1), x.max(-1, keepdim=True)[0][:, 0]], 1)


def models():
    torch.manual_seed(3)
    image = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(inplace=True), nn.MaxPool2d(2, padding=1),
        nn.Conv2d(3, 4, 2), nn.LeakyReLU(0.1), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(4, 2),
    )  # fmt: skip
    image[1].running_mean.uniform_(-1, 1)
    image[1].running_var.uniform_(0.5, 2)
    line = nn.Sequential(
        nn.Conv1d(1, 3, 3), nn.PReLU(3), nn.MaxPool1d(2, stride=1), nn.Flatten(), nn.Linear(15, 3)
    )
    kinks = nn.Sequential(
        nn.Linear(6, 9),
        nn.Hardtanh(-0.3, 0.8),
        nn.Linear(9, 7),
        nn.ReLU6(),
        nn.Threshold(0.2, 0.2),
        nn.Linear(7, 2),
    )
    return {
        "image": (image.eval(), (1, 6, 6)),
        "line": (line, (1, 8)),
        "kinks": (kinks, (6,)),
        "shortcut": (nn.Sequential(Shortcut(nn.Linear(5, 5)), nn.ReLU(), nn.Linear(5, 1)), (5,)),
        "own": (Own(), (4,)),
        "affine": (nn.Linear(3, 2), (3,)),
        "no outputs' slope": (nn.Sequential(nn.Linear(2, 2), nn.Threshold(1e9, 1e9)), (2,)),
    }


@pytest.mark.parametrize("name", models())
def test_the_broken_line_is_the_network(name):
    model, shape = models()[name]
    generator = torch.Generator().manual_seed(1)
    start, end = 2 * torch.randn(2, *shape, generator=generator).double()
    state, mode = copy.deepcopy(model.state_dict()), [m.training for m in model.modules()]
    found = linear_pieces(model, start, end, walkers=5)
    t = torch.linspace(0, 1, 4001, dtype=torch.float64)
    wide = copy.deepcopy(model).double()
    with torch.no_grad():
        y = wide(start + t.reshape(-1, *[1] * len(shape)) * (end - start)).flatten(1)
    place = (torch.searchsorted(found.breaks, t, right=True) - 1).clamp(0, found.pieces - 1)
    share = ((t - found.breaks[place]) / found.breaks.diff()[place])[:, None]
    line = (1 - share) * found.values[place] + share * found.values[place + 1]
    assert torch.allclose(line, y, atol=1e-9 * float(y.abs().max()))
    bends = ((y[2:] - 2 * y[1:-1] + y[:-2]).abs().amax(1) > 1e-9 * float(y.abs().max())).sum()
    assert found.pieces - 1 >= int(bends) / 2 and found.pieces <= found.regions
    assert all(torch.equal(state[k], v) for k, v in model.state_dict().items())
    assert [m.training for m in model.modules()] == mode
    again = linear_pieces(model, end, start, walkers=64)
    assert (again.pieces, again.regions) == (found.pieces, found.regions)
    assert torch.allclose(1 - again.breaks.flip(0), found.breaks, atol=1e-9)


def test_single_precision_and_no_gradients_are_left():
    model = sawtooth_network(3)
    out = model(torch.tensor([[0.3]]))
    found = linear_pieces(model, ZERO, ONE)
    assert found.breaks.dtype == torch.float64
    assert torch.equal(model(torch.tensor([[0.3]])), out)
    assert all(p.grad is None and p.dtype == torch.float32 for p in model.parameters())


class Jump(nn.Module):
    def forward(self, x):
        return torch.where(x > 0.3, x + 1, x)


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (nn.Sequential(nn.Linear(1, 3), nn.Tanh()), "Tanh"),
        (nn.Sequential(nn.Linear(1, 3), nn.ReLU(), nn.LayerNorm(3)), "NativeLayerNorm"),
        (nn.Sequential(nn.Linear(1, 3), nn.Softmax(1)), "Softmax"),
        (nn.Sequential(nn.Linear(1, 3), nn.AdaptiveMaxPool1d(1)), "AdaptiveMaxPool"),
        (nn.Sequential(nn.Linear(1, 50), nn.Dropout(0.5), nn.Linear(50, 1)), "off from its broken line"),
        (Jump(), "off from its broken line"),
        (nn.Sequential(nn.Linear(1, 3), nn.BatchNorm1d(3)), "BatchNorm"),
    ],
)
def test_what_is_no_broken_line_is_refused(model, words):
    with pytest.raises(GradusError, match=words):
        linear_pieces(model, ZERO, ONE)


def test_other_refusals():
    with pytest.raises(GradusError, match="raise most"):
        linear_pieces(sawtooth_network(6), ZERO, ONE, most=20)
    with pytest.raises(GradusError, match="end"):
        linear_pieces(nn.Linear(2, 1), torch.zeros(2), torch.zeros(3))
