"""Networks from NumPy alone: equal to PyTorch step by step, and to the pages."""

from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gradus.catalogue import load as catalogue
from gradus.data import load, load_characters
from gradus.data.characters import windows
from gradus.errors import GradusError
from gradus.foundations.from_scratch import networks
from gradus.foundations.from_scratch.adam import Moments, adam_step
from gradus.foundations.from_scratch.blocks import conv, pool
from gradus.foundations.from_scratch.gradient import loss_and_gradient

STEPS, RATE = 20, 3e-3


def definition(key):
    """The definition that stands on a page."""
    return catalogue().get(key).definition


def network(name):
    return networks.network(name, definition)


def tensor(value):
    return torch.from_numpy(np.array(value, np.float64))


def module(layer, **values):
    """The layer with these parameters, in float64."""
    with torch.no_grad():
        for name, value in values.items():
            layer.get_parameter(name.replace("__", ".")).copy_(tensor(value))
    return layer


class Recurrent(nn.Module):
    """PyTorch's own embedding, LSTM and linear layer."""

    def __init__(self, p):
        super().__init__()
        k, n = p["E"].shape
        self.embedding = module(nn.Embedding(k, n), weight=p["E"])
        self.lstm = module(
            nn.LSTM(n, n, batch_first=True),
            weight_ih_l0=p["W"],
            weight_hh_l0=p["U"],
            bias_ih_l0=p["b"],
            bias_hh_l0=0 * p["b"],
        )
        self.lstm.bias_hh_l0.requires_grad_(False)  # PyTorch has two biases that add up
        self.output = module(nn.Linear(n, k), weight=p["V"], bias=p["c"])

    def forward(self, ids):
        return self.output(self.lstm(self.embedding(ids))[0])

    def named(self):
        lstm = self.lstm
        return {"E": self.embedding.weight, "W": lstm.weight_ih_l0, "U": lstm.weight_hh_l0, "b": lstm.bias_ih_l0,
                "V": self.output.weight, "c": self.output.bias}  # fmt: skip


class Decoder(nn.Module):
    """PyTorch's own encoder layers with the norm first and a causal mask."""

    PARTS: ClassVar = {
        "gain1": "norm1.weight", "bias1": "norm1.bias", "gain2": "norm2.weight", "bias2": "norm2.bias",
        "W_qkv": "self_attn.in_proj_weight", "b_qkv": "self_attn.in_proj_bias",
        "W_o": "self_attn.out_proj.weight", "b_o": "self_attn.out_proj.bias",
        "W_1": "linear1.weight", "b_1": "linear1.bias", "W_2": "linear2.weight", "b_2": "linear2.bias",
    }  # fmt: skip

    def __init__(self, p):
        super().__init__()
        k, d = p["E"].shape
        self.embedding = module(nn.Embedding(k, d), weight=p["E"])
        self.position = nn.Parameter(tensor(p["P"]))
        self.blocks = nn.ModuleList()
        for i in range(networks.BLOCKS):
            block = nn.TransformerEncoderLayer(
                d, networks.HEADS, 4 * d, dropout=0.0, batch_first=True, norm_first=True
            )
            values = {theirs.replace(".", "__"): p[f"{i}.{ours}"] for ours, theirs in self.PARTS.items()}
            self.blocks.append(module(block, **values))
        self.norm = module(nn.LayerNorm(d), weight=p["gain"], bias=p["bias"])
        self.output = module(nn.Linear(d, k), weight=p["V"], bias=p["c"])

    def forward(self, ids):
        x = self.embedding(ids) + self.position
        mask = nn.Transformer.generate_square_subsequent_mask(ids.shape[1], dtype=torch.float64)
        for block in self.blocks:
            x = block(x, src_mask=mask, is_causal=True)
        return self.output(self.norm(x))

    def named(self):
        found = {f"{i}.{ours}": block.get_parameter(theirs)
                 for i, block in enumerate(self.blocks) for ours, theirs in self.PARTS.items()}  # fmt: skip
        return found | {"E": self.embedding.weight, "P": self.position, "gain": self.norm.weight,
                        "bias": self.norm.bias, "V": self.output.weight, "c": self.output.bias}  # fmt: skip


class Functional(nn.Module):
    """The MLP and LeNet, written with PyTorch's functions."""

    def __init__(self, p):
        super().__init__()
        self.p = nn.ParameterDict({name: nn.Parameter(tensor(value)) for name, value in p.items()})

    def forward(self, x):
        p = self.p
        if "K1" not in p:
            return F.linear(torch.tanh(F.linear(x, p["W1"], p["b1"])), p["W2"], p["b2"])
        h = F.max_pool2d(torch.relu(F.conv2d(x, p["K1"], p["b1"])), 2)
        h = F.max_pool2d(torch.relu(F.conv2d(h, p["K3"], p["b3"])), 2).flatten(1)
        h = torch.relu(F.linear(h, p["W5"], p["b5"]))
        return F.linear(torch.relu(F.linear(h, p["W6"], p["b6"])), p["W7"], p["b7"])

    def named(self):
        return dict(self.p)


TWINS = {"mlp": Functional, "lenet": Functional, "lstm": Recurrent, "transformer": Decoder}


def batches_of(name, rng):
    """Real inputs: 20 batches of 16 digits, or of 4 pieces of text."""
    if network(name).task == "digits":
        data = load("digits")
        order = rng.permutation(len(data.train_targets))[: 16 * STEPS].reshape(STEPS, 16)
        x = network(name).prepare(data.train_inputs)
        return [(x[i], data.train_targets[i]) for i in order], 10
    text = load_characters("alice")
    x, y = windows(text.train, 32, rng)
    return [(x[4 * i : 4 * i + 4], y[4 * i : 4 * i + 4]) for i in range(STEPS)], len(text.alphabet)


@pytest.mark.parametrize("name", list(TWINS))
def test_equals_pytorch_after_20_steps(name):
    """The same start, the same batches: loss and parameters agree to 1e-9 after every one of 20 steps of Adam."""
    net, cross_entropy = network(name), definition("softmax-cross-entropy")
    batches, classes = batches_of(name, np.random.default_rng(5))
    start = net.initial(np.random.default_rng(1), classes)
    twin = TWINS[name](start).double()
    with torch.no_grad():
        for key, parameter in twin.named().items():
            parameter.copy_(tensor(start[key]))  # .double() came after float32
    assert set(twin.named()) == set(start)
    optimiser = torch.optim.Adam(twin.named().values(), RATE)
    parameters, moments = start, Moments.zeros(start)
    for x, y in batches:
        loss, gradient, _ = loss_and_gradient(net.logits, cross_entropy, parameters, x, y)
        parameters, moments = adam_step(parameters, gradient, moments, RATE)
        z = twin(torch.from_numpy(x))
        theirs = F.cross_entropy(z.reshape(-1, z.shape[-1]), torch.from_numpy(y.ravel()))
        optimiser.zero_grad()
        theirs.backward()
        optimiser.step()
        assert abs(loss - theirs.item()) < 1e-9
        worst = {k: np.abs(parameters[k] - p.detach().numpy()).max() for k, p in twin.named().items()}
        assert max(worst.values()) < 1e-9, worst
    assert max(np.abs(parameters[k] - start[k]).max() for k in start) > 0.01, "nothing was learned"


def test_adam_step_is_the_page_s():
    """A step at a time gives the trajectory of the page's definition, bit for bit."""
    A = np.diag([1.0, 10.0, 0.1])
    trajectory = catalogue().get("adam").definition(lambda x: A @ x, np.array([1.0, -2.0, 3.0]), 50, 0.1)
    parameters = {"x": np.array([1.0, -2.0, 3.0])}
    moments = Moments.zeros(parameters)
    for expected in trajectory[1:]:
        parameters, moments = adam_step(parameters, {"x": A @ parameters["x"]}, moments, 0.1)
        np.testing.assert_allclose(parameters["x"], expected, rtol=1e-14)


def test_enlarged_is_pytorch_s_bilinear():
    images = np.random.default_rng(0).random((2, 1, 8, 8))
    theirs = F.interpolate(torch.from_numpy(images), size=(32, 32), mode="bilinear").numpy()
    np.testing.assert_allclose(networks.enlarged(images), theirs, atol=1e-15)


def test_convolution_pooling_and_lenet_are_the_pages():
    rng = np.random.default_rng(0)
    x, K, b = rng.standard_normal((2, 3, 12, 10)), rng.standard_normal((4, 3, 5, 3)), rng.standard_normal(4)
    np.testing.assert_allclose(conv(x, K, b), definition("conv-layer")(x, K, b), atol=1e-13)
    np.testing.assert_allclose(pool(x), definition("pooling")(x), atol=0)
    p = network("lenet").initial(rng, 10)
    names = ("K1", "b1", "K3", "b3", "W5", "b5", "W6", "b6", "W7", "b7")
    images = rng.random((2, 1, 32, 32))
    page = definition("lenet")(images, *[p[k] for k in names], 0)
    np.testing.assert_allclose(network("lenet").logits(p, images), page, atol=1e-12)


def test_unknown_model():
    with pytest.raises(GradusError, match="mlp, lenet, lstm, transformer, got 'gru'"):
        network("gru")
