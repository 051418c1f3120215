"""Models of every kind of layer with the same weights whoever ran before, and their kernels by plain gradients."""

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["DOUBLE", "MODELS", "example", "naive_jacobian", "naive_kernel", "normal"]

DOUBLE = torch.float64


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed))


class Attention(nn.Module):
    def __init__(self, batch_first):
        super().__init__()
        self.attention, self.last = nn.MultiheadAttention(8, 2, batch_first=batch_first), nn.Linear(8, 3)
        self.batch_first = batch_first

    def forward(self, x):
        x = x if self.batch_first else x.transpose(0, 1)
        h = self.last(self.attention(x, x, x, need_weights=False)[0])
        return h.mean(1 if self.batch_first else 0)


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.cell, self.last = kind(4, 5, batch_first=True), nn.Linear(5, 2)

    def forward(self, x):
        return self.last(self.cell(x)[0][:, -1])


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.last = nn.Embedding(7, 5), nn.Linear(5, 7, bias=False)
        self.last.weight = self.embedding.weight

    def forward(self, tokens):
        return self.last(torch.tanh(self.embedding(tokens)).sum(1))


class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 4)

    def forward(self, x):
        return self.layer(torch.tanh(self.layer(x)))


class WeightBesideItsLayer(Twice):
    def forward(self, x):
        return self.layer(x).tanh() + F.linear(x, self.layer.weight.mT)


class TwoBiases(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two, self.unused = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(2, 2)
        self.two.weight = self.one.weight

    def forward(self, x):
        return self.two(self.one(x).tanh())


class Experts(nn.Module):
    """Each sample goes through one of two layers: how many rows a layer sees depends on the values."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(4, 2), nn.Linear(4, 2)

    def forward(self, x):
        chosen = x[:, 0] > 0
        out = x.new_zeros(len(x), 2)
        return out.index_put((chosen,), self.one(x[chosen])).index_put((~chosen,), self.two(x[~chosen]))


class Frames(nn.Module):
    """A convolution and a dense layer over the frames of a film, samples and frames on one axis."""

    def __init__(self):
        super().__init__()
        self.convolution, self.last = nn.Conv2d(1, 2, 3), nn.Linear(8, 2)

    def forward(self, x):
        h = self.convolution(x.flatten(0, 1)[:, None]).tanh().flatten(1)
        return self.last(h).unflatten(0, x.shape[:2]).sum(1)


def _image():
    return nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.ReLU(inplace=True), nn.Conv2d(4, 3, 3, stride=2, padding="valid"),
        nn.GroupNorm(3, 3), nn.Flatten(), nn.Linear(12, 3, bias=False),
    )  # fmt: skip


MODELS = {
    "dense": (lambda: nn.Sequential(nn.Linear(6, 5), nn.ReLU(inplace=True), nn.Linear(5, 3)), (6,)),
    "an activation last, in place": (lambda: nn.Sequential(nn.Linear(6, 3), nn.ReLU(inplace=True)), (6,)),
    "one output without an axis": (lambda: nn.Sequential(nn.Linear(6, 1), nn.Flatten(0)), (6,)),
    "images, groups": (_image, (2, 6, 6)),
    "transposed convolution": (lambda: nn.Sequential(nn.ConvTranspose1d(2, 3, 3), nn.GELU(), nn.Conv1d(3, 2, 3, dilation=2), nn.Flatten()), (2, 6)),
    "norms": (lambda: nn.Sequential(nn.Linear(6, 5), nn.BatchNorm1d(5), nn.Tanh(), nn.LayerNorm(5), nn.Dropout(), nn.Linear(5, 3)), (6,)),
    "attention": (lambda: Attention(True), (4, 8)),
    "attention, sequence first": (lambda: Attention(False), (4, 8)),
    "encoder": (lambda: nn.Sequential(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), nn.Flatten(), nn.Linear(32, 2)), (4, 8)),
    "LSTM": (lambda: Recurrent(nn.LSTM), (3, 4)),
    "GRU": (lambda: Recurrent(nn.GRU), (3, 4)),
    "RNN": (lambda: Recurrent(nn.RNN), (3, 4)),
    "tokens": (lambda: nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Flatten(), nn.Linear(9, 2)), (3, 4)),
    "a layer twice": (Twice, (4,)),
    "a weight beside its layer": (WeightBesideItsLayer, (4,)),
    "a weight with two biases": (TwoBiases, (4,)),
    "an embedding tied to the last layer": (Tied, None),
    "weight norm": (lambda: nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)), nn.Tanh(), nn.Linear(3, 2)), (4,)),
    "frames": (Frames, (3, 4, 4)),
    "experts": (Experts, (4,)),
}  # fmt: skip


def example(name, n=5):
    """The model, in evaluation mode and float64, with n inputs and three others."""
    make, shape = MODELS[name]
    model = make().double().eval()
    with torch.no_grad():
        for k, p in enumerate(model.parameters()):
            p.copy_(0.5 * normal(*p.shape, seed=k))
    if shape is None:
        return model, torch.arange(3 * n).reshape(n, 3) % 7, torch.tensor([[1, 1, 2], [6, 0, 3], [5, 5, 5]])
    return model, normal(n, *shape, seed=100), normal(3, *shape, seed=101)


def naive_jacobian(model, x):
    """(n, C, P), one sample and one output at a time, all trained parameters."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    rows = []
    for i in range(len(x)):
        f = model(x[i : i + 1]).reshape(-1)
        gradients = [torch.autograd.grad(c, parameters, retain_graph=True, allow_unused=True) for c in f]
        rows.append(torch.stack([torch.cat([(torch.zeros_like(p) if g is None else g).reshape(-1) for p, g in zip(parameters, row, strict=True)]) for row in gradients]))  # fmt: skip
    return torch.stack(rows)


def naive_kernel(model, x, y=None):
    return torch.einsum(
        "icp,jdp->ijcd", naive_jacobian(model, x), naive_jacobian(model, x if y is None else y)
    )
