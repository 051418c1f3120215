"""Multi-head attention beside ONNX's operator and JAX, and what the page says of PyTorch's layer."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from gradus.concepts.networks.multi_head import layer, multi_head

PLAIN = {
    "q_num_heads",
    "kv_num_heads",
    "is_causal",
}  # grouped queries, soft caps, caches and windows are no part of the page


def three_axes(oracles):
    """ONNX's cases with the heads side by side in one axis, as many of keys as of queries, no mask but the causal one."""
    folder = oracles / "onnx_node"
    with np.load(folder / "Attention.npz") as arrays:
        for e in json.loads((folder / "index.json").read_text()):
            attributes = e["attrs"]
            if (
                e["op"] != "Attention"
                or not {"q_num_heads"} <= set(attributes) <= PLAIN
                or len(e["inputs"]) != 3
            ):
                continue
            if attributes["q_num_heads"] == attributes["kv_num_heads"]:
                read = [arrays[f"{e['name']}/{part}"].astype(float) for part in ("in0", "in1", "in2", "out0")]
                yield e["name"], attributes, *read


def test_onnx_agrees(oracles):
    seen = 0
    for name, attributes, Q, K, V, want in three_axes(oracles):
        eyes = [np.eye(A.shape[-1]) for A in (Q, K, V, V)]
        # keys and values of their own: the sequence that is asked holds both side by side
        Z = np.concatenate([K, V], -1)
        W_K, W_V = np.eye(K.shape[-1], Z.shape[-1]), np.eye(V.shape[-1], Z.shape[-1], k=K.shape[-1])
        causal = bool(attributes.get("is_causal", 0))
        got = multi_head(Q, Z, eyes[0], W_K, W_V, eyes[3], attributes["q_num_heads"], causal=causal)
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6, err_msg=name)
        seen += 1
    assert seen == 5


def test_jax_agrees():
    jax = pytest.importorskip("jax")
    rng = np.random.default_rng(0)
    X, Z, w, heads = rng.standard_normal((3, 6)), rng.standard_normal((5, 6)), layer(rng, 6), 3
    split = [(A @ w[k].T).reshape(1, len(A), heads, -1) for A, k in ((X, "W_Q"), (Z, "W_K"), (Z, "W_V"))]
    theirs = jax.nn.dot_product_attention(*split)
    got = np.asarray(theirs).reshape(3, -1) @ w["W_O"].T
    np.testing.assert_allclose(got, multi_head(X, Z, **w, heads=heads), rtol=2e-4, atol=1e-5)


def trained(heads=2):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.MultiheadAttention(4, heads, batch_first=True).double()


X = torch.linspace(-1, 1, 24, dtype=torch.float64).reshape(2, 3, 4)


def test_a_blind_row_is_nan_where_the_page_says():
    pad, m = torch.tensor([[False] * 3, [True] * 3]), trained()

    def blind(weights):
        return m(X, X, X, key_padding_mask=pad, need_weights=weights)[0][1]

    assert blind(True).isnan().all()
    assert torch.equal(blind(False), m.out_proj.bias.expand(3, 4))
    with torch.no_grad():
        assert torch.equal(blind(False), m.out_proj.bias.expand(3, 4))
        m.eval()
        assert blind(False).isnan().all()


def test_a_nan_row_spoils_the_gradients_of_the_weights():
    pad, m = torch.tensor([[False] * 3, [True] * 3]), trained()
    m(X, X, X, key_padding_mask=pad)[0][0].sum().backward()
    assert m.in_proj_weight.grad.isnan().any()


def test_without_batch_first_it_attends_across_the_batch():
    right, wrong = trained(), trained()
    wrong.batch_first = False
    other = X.clone()
    other[1] += 1
    assert torch.equal(right(X, X, X)[0][0], right(other, other, other)[0][0])
    assert not torch.allclose(wrong(X, X, X)[0][0], wrong(other, other, other)[0][0])


def test_booleans_mean_the_opposite():
    mask = torch.tensor([True, False, False])
    one = nn.functional.scaled_dot_product_attention(X, X, X, attn_mask=mask)
    torch.testing.assert_close(one, X[:, :1].expand_as(X))
    w = {"in_proj_weight": torch.eye(4).repeat(3, 1).double(), "out_proj.weight": torch.eye(4).double()}
    m = nn.MultiheadAttention(4, 1, bias=False, batch_first=True, device="meta")
    two, _ = torch.func.functional_call(m, w, (X, X, X), dict(key_padding_mask=mask.expand(2, 3)))
    torch.testing.assert_close(two, nn.functional.scaled_dot_product_attention(X, X, X, attn_mask=~mask))


def test_a_mask_for_every_head_lies_row_by_row():
    m, mask = trained(), torch.zeros(4, 3, 3, dtype=torch.bool)
    mask[1, :, 1:] = True  # the second head of the first row sees the first key alone
    weights = m(X, X, X, attn_mask=mask, average_attn_weights=False)[1]
    assert torch.equal(weights[0, 1, :, 0], torch.ones(3).double())
    assert (weights[1] > 0).all() and (weights[0, 0] > 0).all()


def test_the_bias_of_the_keys_gets_no_gradient():
    m = trained()
    m(X, X, X)[0].square().sum().backward()
    queries, keys, values = m.in_proj_bias.grad.abs().reshape(3, 4).amax(1).tolist()
    assert keys < 1e-14 < queries and keys < 1e-14 < values


def test_an_empty_batch_with_a_mask_is_refused():
    empty = X[:0]
    assert trained()(empty, empty, empty)[0].shape == (0, 3, 4)
    with pytest.raises(RuntimeError, match="cannot reshape tensor of 0 elements"):
        trained()(
            empty, empty, empty, key_padding_mask=torch.zeros(0, 3, dtype=torch.bool), need_weights=False
        )
