"""The transformer block: a decoder's layer put together from the page's parts, and what the page says of PyTorch's layers."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from gradus.concepts.networks.multi_head import multi_head
from gradus.concepts.networks.transformer_block import drawn, layer_norm, self_attention, transformer_block


def seeded(make):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make().double()


@pytest.mark.parametrize("pre_norm", [False, True])
def test_a_decoder_layer_has_a_third_branch(pre_norm):
    """Causal self-attention, cross-attention, network: each in a residual of its own, as in PyTorch's decoder layer."""
    layer = seeded(lambda: nn.TransformerDecoderLayer(4, 2, 6, 0.0, batch_first=True, norm_first=pre_norm))
    p = {k: v.detach().numpy() for k, v in layer.named_parameters()}
    rng = np.random.default_rng(0)
    x, memory = rng.standard_normal((1, 3, 4)), rng.standard_normal((1, 5, 4))

    def ask_itself(z):
        names = ("in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias")
        return self_attention(z, *[p[f"self_attn.{n}"] for n in names], 2, None, True)

    def ask_the_other(z):
        """The biases as a feature that is always 1."""
        W, b = p["multihead_attn.in_proj_weight"], p["multihead_attn.in_proj_bias"]
        W_Q, W_K, W_V = np.concatenate([W, b[:, None]], 1).reshape(3, 4, 5)
        X, Z = (np.concatenate([a, np.ones((*a.shape[:-1], 1))], -1) for a in (z, memory))
        W_O, b_O = p["multihead_attn.out_proj.weight"], p["multihead_attn.out_proj.bias"]
        return multi_head(X, Z, W_Q, W_K, W_V, W_O, 2) + b_O

    def feed(z):
        hidden = np.maximum(z @ p["linear1.weight"].T + p["linear1.bias"], 0)
        return hidden @ p["linear2.weight"].T + p["linear2.bias"]

    y = x
    for k, branch in enumerate((ask_itself, ask_the_other, feed), 1):
        gain, shift = p[f"norm{k}.weight"], p[f"norm{k}.bias"]
        if pre_norm:
            y = y + branch(layer_norm(y, gain, shift))
        else:
            y = layer_norm(y + branch(y), gain, shift)
    mask = nn.Transformer.generate_square_subsequent_mask(3, dtype=torch.float64)
    got = layer(torch.from_numpy(x), torch.from_numpy(memory), tgt_mask=mask)
    np.testing.assert_allclose(got.detach().numpy(), y, atol=1e-13)


PAD = torch.tensor([[False] * 5, [False, False, True, True, True]])


def test_padded_rows_are_zero_on_the_fast_path_of_the_encoder_only():
    layer = seeded(lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True)).eval()
    encoder = nn.TransformerEncoder(layer, 2).eval()
    x = torch.linspace(-1, 1, 40, dtype=torch.float64).reshape(2, 5, 4).sin()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # PyTorch calls nested tensors a prototype
        fast, single = encoder(x, src_key_padding_mask=PAD), layer(x, src_key_padding_mask=PAD)
    slow = encoder(x, src_key_padding_mask=PAD)
    assert (fast[PAD] == 0).all()
    assert (slow[PAD] != 0).all() and (single[PAD] != 0).all()
    torch.testing.assert_close(fast[~PAD], slow[~PAD])


def test_defaults_are_those_of_the_paper():
    layer = nn.TransformerEncoderLayer(8, 2, device="meta")
    assert not layer.norm_first and not layer.self_attn.batch_first
    assert layer.dropout.p == 0.1 and layer.linear1.out_features == 2048 and layer.norm1.eps == 1e-5
    assert layer.activation is nn.functional.relu
    assert nn.TransformerEncoder(layer, 2, enable_nested_tensor=False).norm is None


def test_what_comes_straight_through_is_halved_by_a_post_norm_block():
    """Two sums of independent parts of variance 1, each divided by √2: the input's share falls by 2 a block."""
    rng, d, n = np.random.default_rng(0), 256, 16
    x = rng.standard_normal((n, d))
    w = drawn(rng, d, 2 * d) | dict(gamma=np.ones((2, d)), beta=np.zeros((2, d)))
    w |= dict(
        W_O=np.zeros((d, d)), W2=np.zeros((d, 2 * d)), b_O=rng.standard_normal(d), b2=rng.standard_normal(d)
    )
    share = ((transformer_block(x, **w, heads=4) * x).sum(-1) / (x**2).sum(-1)).mean()
    assert share == pytest.approx(0.5, abs=0.05)
