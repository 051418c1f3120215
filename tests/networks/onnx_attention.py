"""ONNX's attention and rotary embedding made of the pages' definitions.

A mask is put around the definition as what it means: each query is asked beside the keys that it may see alone; a finite
bias of a score is one more coordinate of query and key. So are caches, grouped heads, windows and rows of several lengths.
"""

import numpy as np

from gradus.concepts.networks.attention import attention
from gradus.concepts.networks.positional_encoding import positional_encoding
from tests.networks.onnx_cases import BeyondThePage, Case


def attended(case: Case):
    """Y, the keys and values with those of the cache, and the weights where the case gives them.

    Raw scores are no result of the page, and not compared.
    """
    Q, K, V, mask, past_K, past_V, filled = [*case.inputs, *[None] * (7 - len(case.inputs))]
    options = case.attributes
    if options.get("softcap") or "<graph>" in options.values():
        raise BeyondThePage("the scores are bent between product and softmax")
    flat = Q.ndim == 3
    if flat:
        Q = heads_apart(Q, options["q_num_heads"])
        K, V = (heads_apart(A, options["kv_num_heads"]) for A in (K, V))
    if past_K is not None:
        K, V = np.concatenate([past_K, K], -2), np.concatenate([past_V, V], -2)
    present = K, V
    group = Q.shape[1] // K.shape[1]
    K, V = (np.repeat(A, group, axis=1) for A in (K, V))
    shown, bias = _seen(Q, K, mask, 0 if past_K is None else past_K.shape[-2], filled, options)
    scale = options.get("scale")
    if bias is None and (shown is None or _is_causal(shown)):
        Y, A = (attention(Q, K, values, shown is not None, scale) for values in (V, _unit(K)))
    else:
        Y, A = (_row_by_row(Q, K, values, shown, bias, scale) for values in (V, _unit(K)))
    weights = A if options.get("qk_matmul_output_mode") == 3 else None
    return [np.moveaxis(Y, 1, 2).reshape(*Y.shape[::2], -1) if flat else Y, *present, weights]


def heads_apart(x, heads):
    """(B, n, h·d) as (B, h, n, d)."""
    return np.moveaxis(x.reshape(*x.shape[:2], heads, -1), 2, 1)


def _unit(K):
    return np.broadcast_to(np.eye(K.shape[-2]), (*K.shape[:-1], K.shape[-2]))


def _is_causal(shown):
    return (shown == np.tril(np.ones(shown.shape[-2:], bool))).all()


def _seen(Q, K, mask, offset, filled, options):
    """Which keys each query sees, (B, h, n, m), or None for all; and what is added to the scores, or None."""
    (B, h, n), m = Q.shape[:3], K.shape[-2]
    shown, bias = np.ones((B, h, n, m), bool), None
    start = np.full(B, offset) if filled is None else filled - n
    distance = (
        np.arange(m) - np.arange(n)[:, None] - start[:, None, None, None]
    )  # of the key behind the query
    if options.get("is_causal"):
        shown &= distance <= 0
    left, right = options.get("left_window_size", -1), options.get("right_window_size", -1)
    shown &= (distance >= -left if left >= 0 else True) & (distance <= right if right >= 0 else True)
    if filled is not None:
        shown &= np.arange(m) < filled[:, None, None, None]
    if mask is not None:
        missing = [(0, 0)] * (mask.ndim - 1) + [(0, m - mask.shape[-1])]
        mask = np.pad(mask, missing, constant_values=False if mask.dtype == bool else -np.inf)
        shown &= mask if mask.dtype == bool else mask > -np.inf
        bias = None if mask.dtype == bool else np.broadcast_to(mask, shown.shape)
    return (None if shown.all() else shown), bias


def _row_by_row(Q, K, V, shown, bias, scale):
    """Every query beside the keys that it sees."""
    scale = 1 / np.sqrt(Q.shape[-1]) if scale is None else scale
    Y = np.zeros((*Q.shape[:-1], V.shape[-1]))
    for place in np.ndindex(Q.shape[:3]):
        keys = np.ones(K.shape[-2], bool) if shown is None else shown[place]
        if not keys.any():
            raise BeyondThePage("a query that sees no key")
        q, k = Q[place][None], K[place[:2]][keys]
        if bias is not None:
            q = np.append(q, [[1 / scale]], -1)
            k = np.append(k, bias[place][keys][:, None], -1)
        Y[place] = attention(q, k, V[place[:2]][keys], scale=scale)[0]
    return Y


def rotated(case: Case):
    """ONNX's tables hold any sines and cosines: a pair alone is turned by the definition, at the position that is its angle."""
    x, cos, sin = case.inputs[:3]
    shape, attributes = x.shape, case.attributes
    if x.ndim == 3:
        x = heads_apart(x, attributes["num_heads"])
    if len(case.inputs) > 3:
        cos, sin = cos[case.inputs[3]], sin[case.inputs[3]]
    d = attributes.get("rotary_embedding_dim", 0) or x.shape[-1]
    y, half = x.copy(), d // 2
    for i in range(half):
        pair = [2 * i, 2 * i + 1] if attributes.get("interleaved") else [i, i + half]
        angle, size = np.arctan2(sin[..., i], cos[..., i]), np.hypot(sin[..., i], cos[..., i])
        turned = positional_encoding(x[..., pair], np.broadcast_to(angle[:, None], x.shape[:-1]), rotary=True)
        y[..., pair] = turned * size[:, None, :, None]
    return [y.swapaxes(1, 2).reshape(shape) if len(shape) == 3 else y]


OPERATORS = {"Attention": attended, "FlexAttention": attended, "RotaryEmbedding": rotated}
