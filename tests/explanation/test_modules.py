"""Modules: the gradients that are shown are autograd's, and everything about the module stays as it was."""

import copy
import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations
from torch.utils.checkpoint import checkpoint

from gradus import explain

X = torch.linspace(-1, 2, 24, dtype=torch.float64).reshape(2, 3, 4)
IMAGE = torch.linspace(-1, 1, 2 * 3 * 6 * 6, dtype=torch.float64).sin().reshape(2, 3, 6, 6)
TOKENS = torch.tensor([[1, 2, 2], [0, 4, 1]])


def everything(module):
    """All that must not change: bits, flags, hooks, requires_grad and .grad, attributes, generators."""
    hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_state_dict_hooks")
    return (
        {k: v.clone() for k, v in module.state_dict().items()},
        {
            n: (m.training, [len(getattr(m, h)) for h in hooks], sorted(vars(m)))
            for n, m in module.named_modules()
        },
        {
            n: (p.requires_grad, None if p.grad is None else p.grad.clone())
            for n, p in module.named_parameters()
        },
        {n: b.clone() for n, b in module.named_buffers()},
        (
            torch.get_rng_state(),
            np.random.get_state()[1].copy(),
            random.getstate(),
            torch.get_default_dtype(),
        ),
    )


def assert_same(before, after):
    state, flags, gradients, buffers, generators = before
    assert flags == after[1]
    for old, new in ((state, after[0]), (buffers, after[3])):
        assert old.keys() == new.keys()
        for key in (k for k in old if not old[k].is_meta):
            assert torch.equal(
                old[key].reshape(-1).view(torch.uint8), new[key].reshape(-1).view(torch.uint8)
            ), key
    for key, (wanted, grad) in gradients.items():
        assert after[2][key][0] == wanted
        assert (grad is None) == (after[2][key][1] is None)
        assert grad is None or torch.equal(grad, after[2][key][1])
    assert torch.equal(generators[0], after[4][0]) and np.array_equal(generators[1], after[4][1])
    assert generators[2:] == after[4][2:]


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(5, 4)
        self.out = nn.Linear(4, 5, bias=False)
        self.out.weight = self.table.weight

    def forward(self, tokens):
        return self.out(self.table(tokens).tanh())


class TwoResults(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.a, self.b, self.kind = nn.Linear(4, 4), nn.Linear(4, 2), kind

    def forward(self, x):
        a, b = self.a(x), self.b(x)
        return {"a": a, "b": b} if self.kind is dict else self.kind((a, b))


class Checkpointed(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(3), nn.Dropout(0.4), nn.Tanh())

    def forward(self, x):
        return checkpoint(self.body, x, use_reentrant=False)


class ComplexWeight(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(4, dtype=torch.complex128))

    def forward(self, x):
        return (self.w * x).abs()


class Counting(nn.Module):
    """Changes its attributes, a buffer, a list and its own flag as it runs."""

    def __init__(self):
        super().__init__()
        self.lin, self.calls, self.seen = nn.Linear(4, 4), 0, []
        self.register_buffer("mean", torch.zeros(4))

    def forward(self, x):
        self.calls += 1
        self.seen.append(x)
        self.last = x
        self.mean.mul_(0.9).add_(x.detach().mean((0, 1)), alpha=0.1)
        self.train(False)
        return self.lin(x - self.mean)


class Masked(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, dropout=0.3, batch_first=True)

    def forward(self, x):
        return self.attention(
            x, x, x, attn_mask=nn.Transformer.generate_square_subsequent_mask(3, dtype=x.dtype)
        )[0]


def hooked():
    module = nn.Linear(4, 4)
    module.register_forward_hook(lambda m, inputs, output: output * 2)
    module.register_forward_pre_hook(lambda m, inputs: (inputs[0].sin(),))
    return module


def frozen():
    module = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    module[0].requires_grad_(False)
    return module


MODULES = {
    "linear": (lambda: nn.Linear(4, 2), X),
    "batch norm in training": (lambda: nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()), IMAGE),
    "batch norm in evaluation": (lambda: nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 2, 2)).eval(), IMAGE),
    "batch norm, cumulative": (lambda: nn.BatchNorm1d(3, momentum=None), X),
    "instance norm": (lambda: nn.InstanceNorm2d(3, affine=True, track_running_stats=True), IMAGE),
    "group norm": (lambda: nn.GroupNorm(3, 3), IMAGE),
    "layer norm": (lambda: nn.LayerNorm(4), X),
    "dropout": (lambda: nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 1)), X),
    "alpha dropout": (lambda: nn.Sequential(nn.SELU(), nn.AlphaDropout(0.5)), X),
    "in place": (lambda: nn.Sequential(nn.Linear(4, 4), nn.ReLU(inplace=True), nn.Linear(4, 4), nn.ELU(inplace=True)), X),
    "pooling": (lambda: nn.Sequential(nn.MaxPool2d(2), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(3, 2)), IMAGE),
    "transposed convolution": (lambda: nn.ConvTranspose2d(3, 2, 3, stride=2), IMAGE),
    "rnn": (lambda: nn.RNN(4, 3, batch_first=True), X),
    "lstm of two layers": (lambda: nn.LSTM(4, 3, 2, batch_first=True, dropout=0.5, bidirectional=True), X),
    "gru": (lambda: nn.GRU(4, 3), X),
    "lstm cell": (lambda: nn.LSTMCell(4, 3), X[0]),
    "attention": (Masked, X),
    "encoder layer": (lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), X),
    "encoder in evaluation": (lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, batch_first=True), 2, enable_nested_tensor=False).eval(), X),
    "embedding": (lambda: nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 2)), TOKENS),
    "sparse embedding": (lambda: nn.Embedding(5, 4, sparse=True), TOKENS),
    "embedding bag": (lambda: nn.EmbeddingBag(5, 4, mode="sum"), TOKENS),
    "tied": (Tied, TOKENS),
    "dict": (lambda: TwoResults(dict), X),
    "tuple": (lambda: TwoResults(tuple), X),
    "list": (lambda: TwoResults(list), X),
    "checkpointed": (Checkpointed, X),
    "complex parameter": (ComplexWeight, X),
    "spectral norm": (lambda: parametrizations.spectral_norm(nn.Linear(4, 3)), X),
    "weight norm": (lambda: parametrizations.weight_norm(nn.Linear(4, 3)), X),
    "orthogonal": (lambda: parametrizations.orthogonal(nn.Linear(4, 4)), X),
    "counting": (Counting, X),
    "hooks": (hooked, X),
    "frozen": (frozen, X),
    "PReLU, softplus": (lambda: nn.Sequential(nn.PReLU(), nn.Softplus(), nn.GLU()), X),
    "rrelu": (lambda: nn.RReLU(), X),
    "bilinear": (lambda: nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(3, 1, 3)), IMAGE),
    "half": (lambda: nn.Linear(4, 2).half(), X.half()),
    "bfloat16": (lambda: nn.Sequential(nn.Linear(4, 2), nn.GELU()).bfloat16(), X.bfloat16()),
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_gradients_and_state(name):
    build, x = MODULES[name]
    torch.manual_seed(0)
    module = build()
    if name not in ("half", "bfloat16", "complex parameter"):
        module = module.double()
    for i, p in enumerate(module.parameters()):
        if i % 2 and p.requires_grad:
            p.grad = torch.ones_like(p)
    twin = copy.deepcopy(module)
    before = everything(module)
    explanation = explain(module, x)
    explanation.along(next(n.name for n in explanation.nodes if n.leaf))
    assert_same(before, everything(module))

    leaf = x.clone().requires_grad_() if x.is_floating_point() else x
    result = next(r for r in torch.utils._pytree.tree_leaves(twin(leaf)) if r.requires_grad)
    named = dict(twin.named_parameters())
    if x.is_floating_point():
        named[next(n.name for n in explanation.nodes if n.leaf and not n.path)] = leaf
    named = {k: p for k, p in named.items() if p.requires_grad}
    wanted = torch.autograd.grad(result.sum(), list(named.values()), allow_unused=True)
    shown = {n.name: n for n in explanation.nodes if n.leaf}
    for key, g in zip(named, wanted, strict=True):
        if g is None:
            assert key not in shown, key
        else:
            g = g.to_dense() if g.layout != torch.strided else g
            kind = torch.complex128 if g.is_complex() else torch.float64
            np.testing.assert_array_equal(shown[key].adjoint, g.to(kind).numpy(), err_msg=key)
    assert len(shown) == sum(g is not None for g in wanted)
