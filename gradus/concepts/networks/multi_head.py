"""Multi-head attention."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas


def _torch(MultiheadAttention, X, Z, W_Q, W_K, W_V, W_O, heads, pad, causal):
    import torch

    d, c = X.shape[-1], Z.shape[-1]
    if not W_Q.shape == W_O.shape == (d, d):
        raise NotImplementedError("heads that are together wider or narrower than the model")
    # on the meta device: no memory, and no draw from the global generator
    layer = MultiheadAttention(d, heads, bias=False, kdim=c, vdim=c, batch_first=True, device="meta")
    apart = dict(q_proj_weight=W_Q, k_proj_weight=W_K, v_proj_weight=W_V)
    weights = dict(in_proj_weight=torch.cat([W_Q, W_K, W_V])) if c == d else apart
    batch = torch.broadcast_shapes(X.shape[:-2], Z.shape[:-2], () if pad is None else pad.shape[:-1])
    if 0 in batch and (causal or pad is not None):
        raise NotImplementedError("an empty batch with a mask")
    X, Z = (A.expand(*batch, *A.shape[-2:]).reshape(-1, *A.shape[-2:]) for A in (X, Z))
    if pad is not None:
        pad = pad.expand(*batch, pad.shape[-1]).reshape(-1, pad.shape[-1])
    later = torch.ones(X.shape[-2], Z.shape[-2], dtype=torch.bool).triu(1) if causal else None
    options = dict(key_padding_mask=pad, attn_mask=later, need_weights=False)
    Y, _ = torch.func.functional_call(layer, weights | {"out_proj.weight": W_O}, (X, Z, Z), options)
    return Y.reshape(*batch, *Y.shape[-2:])


MULTI_HEAD = Concept(
    key="multi-head",
    kind="layer",
    title="Multi-head attention",
    summary="Several attentions side by side, each in a narrow projection of its own: one position can look at several "
    "places at once, each for another reason, and the answers stay apart until the last projection mixes them. In "
    "self-attention a sequence asks itself, in cross-attention it asks another one.",
    formulas=(
        r"Q_i=XW_{Q,i}^{\mathsf T},\qquad K_i=ZW_{K,i}^{\mathsf T},\qquad V_i=ZW_{V,i}^{\mathsf T},\qquad i=1,\dots,h",
        r"H_i=\operatorname{softmax}\!\left(\frac{Q_iK_i^{\mathsf T}}{\sqrt{d_k}}+M\right)V_i,\qquad "
        r"M_{pj}=\begin{cases}-\infty&j\in P\ \text{or (causal)}\ j>p\\0&\text{otherwise}\end{cases}",
        r"Y=[H_1,\dots,H_h]\,W_O^{\mathsf T}=\sum_{i=1}^{h}H_iW_{O,i}^{\mathsf T}",
        r"h\,d_k=h\,d_v=d:\qquad\underbrace{4d^2}_{\text{weights}},\qquad\underbrace{2d^2(n+m)+2\,n\,m\,d}_{\text{multiplications}}\quad\text{for every}\ h",
    ),
    symbols=(
        Symbol("X", "X", "... n d", "the sequence that asks, a position a row"),
        Symbol("Z", "Z", "... m c", "the sequence that is asked; self-attention: $Z=X$, cross-attention: another one"),
        Symbol("W_Q", "W_Q", "u d", "weights of the queries; $W_{Q,i}$ are its rows $(i-1)d_k+1,\\dots,i\\,d_k$"),
        Symbol("W_K", "W_K", "u c", "weights of the keys, by rows likewise"),
        Symbol("W_V", "W_V", "r c", "weights of the values, $d_v$ rows for each head"),
        Symbol("W_O", "W_O", "o r", "weights of the output; $W_{O,i}$ are its columns $(i-1)d_v+1,\\dots,i\\,d_v$"),
        Symbol("h", "heads", "", "number of heads; it divides the rows of $W_Q$ and of $W_V$", "natural"),
        Symbol("P", "pad", "... m", "padding: true where a key takes no part; nowhere unless given", "boolean"),
        Symbol("j>p", "causal", "", "query p sees only keys j ≤ p", "boolean"),
        Symbol("M", "", "n m", "mask; a query that sees no key gets 0 from every head"),
        Symbol("Q_i,\\ K_i,\\ V_i", "", "", "queries, keys and values of head i"),
        Symbol("H_i", "", "... n d_v", "answers of head i"),
        Symbol("Y", "", "... n o", "outputs"),
        Symbol("d_k,\\ d_v", "", "", "widths of a head's keys and values"),
        Symbol("n,\\ m,\\ d", "", "", "numbers of queries and keys; width of the model, here of $X$, $Z$ and $Y$"),
        Symbol("i,\\ p,\\ j", "", "", "indices of heads, queries and keys, from 1"),
    ),
    needs=("attention", "matrix-product", "fully-connected"),
    source="vaswani2017attention",
    year=2017,
    people=("Ashish Vaswani", "Noam Shazeer", "Niki Parmar", "Jakob Uszkoreit"),
    aliases="MHA, MultiheadAttention, nn.MultiheadAttention, multi-head self-attention, cross-attention, attention heads, "
    "key padding mask, 多头自注意力, 交叉注意力, 注意力头, 填充掩码",
    implementations=(
        Implementation("torch.nn:MultiheadAttention", "torch", _torch, "with `bias=False, batch_first=True`"),
    ),
    readings="vaswani2017attention §3.2.2; michel2019sixteen §3; bhojanapalli2020low §3; murphy2022probabilistic §15.5.2",
    hypotheses=(Hypothesis("equivariance: no causal mask and no positions", "order-enters-by-the-causal-mask"),),
    conventions=(
        Convention(
            "biases",
            "none, as in the paper",
            "PyTorch, Keras and Flax add one to each of the four projections unless told not to; that of the keys changes "
            "nothing",
        ),
        Convention(
            "what True in a mask means",
            "padding: the key takes no part, as `key_padding_mask` of `MultiheadAttention`",
            "the key does take part: `scaled_dot_product_attention`, `jax.nn.dot_product_attention`, Keras, Flax",
        ),
        Convention(
            "order of the axes",
            "batch, position, feature",
            "position, batch, feature: `MultiheadAttention` unless `batch_first=True`; the other order is no error there, but "
            "attends across the batch",
        ),
        Convention(
            "a query all of whose keys are padding",
            "0 from every head, as `scaled_dot_product_attention`",
            "`MultiheadAttention`: NaN where it returns the weights, as by default, and without them in evaluation without "
            "gradients; else 0",
        ),
        Convention(
            "how the weights are stored",
            "a row for each output, the rows of a head together, as in PyTorch, which stacks the first three matrices in one",
            "an array d × h × d_k for each of the three: Keras, Flax",
        ),
    ),
    unverified="the number of multiplications",
)


@MULTI_HEAD.definition
def multi_head(X, Z, W_Q, W_K, W_V, W_O, heads, pad=None, causal=False):
    n, m, k, v = X.shape[-2], Z.shape[-2], len(W_Q) // heads, len(W_V) // heads
    seen = np.tril(np.ones((n, m), bool)) if causal else np.ones((n, m), bool)
    if pad is not None:
        seen = seen & ~pad[..., None, :]  # (..., n, m)
    H = []
    for i in range(heads):
        Q, K = X @ W_Q[i * k : (i + 1) * k].T, Z @ W_K[i * k : (i + 1) * k].T
        V = Z @ W_V[i * v : (i + 1) * v].T
        E = np.where(seen, Q @ np.swapaxes(K, -1, -2) / np.sqrt(k), -np.inf)  # (..., n, m)
        A = np.exp(E - np.where(seen.any(-1, keepdims=True), E.max(-1, keepdims=True), 0))
        A = A / np.where(seen.any(-1, keepdims=True), A.sum(-1, keepdims=True), 1)
        H.append(A @ V)
    return np.concatenate(H, -1) @ W_O.T


@MULTI_HEAD.example
def example():
    X, Z = np.array([[2.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]])
    W_Q, W_K, W_V = np.eye(2), np.eye(2), np.array([[0.0, 1.0], [1.0, 0.0]])
    W_O = np.array([[1.0, 1.0], [1.0, -1.0]])
    E = X[0][:, None] * Z.T
    A = np.exp(E) / np.exp(E).sum(-1, keepdims=True)
    H = np.array([A[0] @ Z[:, 1], A[1] @ Z[:, 0]])
    arguments = dict(X=X, Z=Z, W_Q=W_Q, W_K=W_K, W_V=W_V, W_O=W_O, heads=2)
    one = multi_head(**{**arguments, "heads": 1})
    s = (Z @ X[0]) / np.sqrt(2)
    a = np.exp(s) / np.exp(s).sum()
    return dict(**arguments, E=E, exp=np.exp(E), A=A, H=H, Y=multi_head(**arguments)[0], s=s, a=a, one=one[0]) | dict(
        mixed=a @ Z[:, ::-1], d=512, h=8, width=64, weights=4 * 512**2
    )


@MULTI_HEAD.exercise
def weights_of_a_layer():
    d, h = 768, 12
    return number(
        4 * d * d, three=3 * d * d, a_whole_layer_each=4 * d * d * h, of_one_head=4 * d * d // h, tolerance=1e-6
    )


@MULTI_HEAD.exercise
def scale_of_a_head():
    d, h = 512, 8
    return number(np.sqrt(d // h), of_the_model=np.sqrt(d), not_rooted=d // h)


@MULTI_HEAD.exercise
def bias_of_the_keys():
    rng = np.random.default_rng(0)
    X, ones = rng.standard_normal((3, 4)), np.ones((3, 1))
    weights = {name: rng.standard_normal((4, 5)) for name in ("W_Q", "W_K", "W_V")} | dict(
        W_O=rng.standard_normal((4, 4))
    )
    X = np.concatenate([X, ones], 1)  # the fifth column of each matrix is a bias
    before = multi_head(X, X, **weights, heads=2)
    idle = {}
    for name in ("W_Q", "W_K", "W_V"):
        changed = weights[name] + np.array([0, 0, 0, 0, 1.0]) * rng.standard_normal((4, 1))
        idle[name] = np.allclose(multi_head(X, X, **{**weights, name: changed}, heads=2), before)
    return choice(of_queries=idle["W_Q"], of_keys=idle["W_K"], of_values=idle["W_V"], none=not any(idle.values()))


def layer(rng, d=4, c=None, p=None, o=None):
    """Weights of a layer: a model of width d asks a sequence of width c; heads of p rows together."""
    c, p, o = c or d, p or d, o or d
    shapes = dict(W_Q=(p, d), W_K=(p, c), W_V=(p, c), W_O=(o, p))
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


@MULTI_HEAD.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    X = normal(3, 4)
    yield "self-attention", dict(X=X, Z=X.copy(), **layer(rng), heads=2)
    yield "cross-attention", dict(X=normal(3, 4), Z=normal(5, 4), **layer(rng), heads=2)
    yield "another width is asked", dict(X=normal(2, 3, 4), Z=normal(2, 5, 3), **layer(rng, 4, 3), heads=2)
    yield "one head", dict(X=normal(3, 5), Z=normal(4, 5), **layer(rng, 5), heads=1)
    yield "heads of width one", dict(X=normal(3, 4), Z=normal(4, 4), **layer(rng), heads=4)
    yield "heads wider than the model", dict(X=normal(3, 4), Z=normal(4, 4), **layer(rng, 4, 4, 12, 5), heads=3)
    X = normal(5, 6)
    yield "causal", dict(X=X, Z=X.copy(), **layer(rng, 6), heads=3, causal=True)
    yield "causal, more keys than queries", dict(X=normal(2, 4), Z=normal(5, 4), **layer(rng), heads=2, causal=True)
    yield "causal, more queries than keys", dict(X=normal(4, 4), Z=normal(2, 4), **layer(rng), heads=2, causal=True)
    pad = np.array([[False, False, True, True], [True, False, False, False]])
    yield "padding right and left", dict(X=normal(2, 3, 4), Z=normal(2, 4, 4), **layer(rng), heads=2, pad=pad)
    blind = np.array([[True] * 4, [False] * 4])
    yield "a row of padding alone", dict(X=normal(2, 3, 4), Z=normal(2, 4, 4), **layer(rng), heads=2, pad=blind)
    yield (
        "causal, padding at the end",
        dict(
            X=normal(4, 4),
            Z=normal(4, 4),
            **layer(rng),
            heads=2,
            pad=np.array([False, False, False, True]),
            causal=True,
        ),
    )
    yield "one key", dict(X=normal(2, 2, 4), Z=normal(2, 1, 4), **layer(rng), heads=2)
    yield "sharp", dict(X=20 * normal(3, 4), Z=20 * normal(5, 4), **layer(rng), heads=2)
    yield "many keys", dict(X=normal(3, 2), Z=normal(150, 2), **layer(rng, 2), heads=2)
    yield "many queries", dict(X=normal(200, 2), Z=normal(3, 2), **layer(rng, 2), heads=1)


@MULTI_HEAD.invalid
def invalid(rng):
    given = dict(X=np.ones((3, 4)), Z=np.ones((5, 4)), **layer(rng), heads=2)
    yield "a width that the heads do not divide", {**given, "heads": 3}
    yield "queries of another width", {**given, "X": np.ones((3, 5))}
    yield "padding of another length", {**given, "pad": np.zeros(4, bool)}


def single(X, Z, W_Q, W_K, W_V):
    """One head by itself, written with sums over named indices."""
    q, k = np.einsum("nd,kd->nk", X, W_Q), np.einsum("mc,kc->mk", Z, W_K)
    e = np.exp(np.einsum("nk,mk->nm", q, k) / len(W_Q) ** 0.5)
    return np.einsum("nm,mc,vc->nv", e / e.sum(1, keepdims=True), Z, W_V)


@MULTI_HEAD.claim
def heads_are_blocks(layer_of, rng):
    """Each head is a [single attention](attention) with its own rows of the weights, and the output is the sum of what
    the columns of $W_O$ make of them"""
    X, Z, w = rng.standard_normal((3, 6)), rng.standard_normal((5, 6)), layer(rng, 6)
    for h in (1, 2, 3, 6):
        blocks = np.arange(6).reshape(h, -1)
        parts = [single(X, Z, w["W_Q"][b], w["W_K"][b], w["W_V"][b]) @ w["W_O"][:, b].T for b in blocks]
        yield roundoff(layer_of(X, Z, **w, heads=h), sum(parts), terms=18, scale=40.0)


@MULTI_HEAD.claim
def heads_have_no_order(layer_of, rng):
    """Heads have no order: whole blocks of rows of $W_Q$, $W_K$, $W_V$ permuted together with the blocks of columns of
    $W_O$ give the same output; rows exchanged between heads do not"""
    X, Z, w = rng.standard_normal((3, 6)), rng.standard_normal((5, 6)), layer(rng, 6)
    before = layer_of(X, Z, **w, heads=3)

    def permuted(p):
        rows = {name: w[name][p] for name in ("W_Q", "W_K", "W_V")}
        return layer_of(X, Z, **rows, W_O=w["W_O"][:, p], heads=3)

    yield invariance(permuted([2, 3, 0, 1, 4, 5]), before, terms=18, scale=40.0)
    changed = np.abs(permuted([2, 1, 0, 3, 4, 5]) - before).max() > 1e-3
    yield identical(float(changed), 1.0)


@MULTI_HEAD.claim
def scores_are_scaled_by_the_heads_width(layer_of, rng):
    r"""The scores are divided by $\sqrt{d_k}$, the root of a head's width, not of the model's: of two keys whose products
    with the query are $d_k$ and 0 the first gets the weight $1/(1+e^{-\sqrt{d_k}})$"""
    X, Z, eye = np.ones((1, 8)), np.array([[1.0] * 8, [0.0] * 8]), np.eye(8)
    for h in (1, 2, 4):
        want = np.full((1, 8), 1 / (1 + np.exp(-np.sqrt(8 / h))))
        yield roundoff(layer_of(X, Z, eye, eye, eye, eye, heads=h), want, terms=8)


@MULTI_HEAD.claim
def two_heads_look_at_two_places(layer_of, rng):
    """Two heads look at two places at once: the position that fits the first half of the query gives the first half of
    the answer, the one that fits the second half the second; a single head answers both from one place"""
    X, eye = np.array([[60.0, 0.0, 0.0, 50.0]]), np.eye(4)
    Z = np.array([[1.0, 2.0, -1.0, -1.0], [-1.0, -1.0, 3.0, 1.0], [-1.0, 0.0, 0.0, -1.0]])
    two, one = (layer_of(X, Z, eye, eye, eye, eye, heads=h)[0] for h in (2, 1))
    # the losing keys get at most exp(−50·2/√2) of the weight of two heads, exp(−20/√4) of that of the one
    rest = 3 * 2 * np.exp(-20 / 2)
    apart = roundoff(two, np.array([1.0, 2.0, 3.0, 1.0]), terms=4)
    nearest = np.abs(Z - one).max(-1).min()
    why = Text("rest of the weight on the other keys", "其余键上剩下的权重")
    return all_of(apart, bound(nearest, rest, "≤", why))


@MULTI_HEAD.claim
def order_enters_by_the_causal_mask(layer_of, rng):
    """Self-attention without a mask is equivariant: positions permuted give the outputs permuted. Under the causal mask
    it is not: there the first position sees itself alone"""
    X, w, p = rng.standard_normal((6, 4)), layer(rng), np.roll(np.arange(6), 2)
    free = invariance(layer_of(X[p], X[p], **w, heads=2), layer_of(X, X, **w, heads=2)[p], terms=24, scale=20.0)
    first = layer_of(X[p], X[p], **w, heads=2, causal=True)[0]
    return all_of(free, roundoff(first, w["W_O"] @ w["W_V"] @ X[p][0], terms=8, scale=20.0))


@MULTI_HEAD.claim
def the_sequence_asked_is_a_set(layer_of, rng):
    """Cross-attention reads keys and values from the other sequence, as a set: permuting it changes nothing"""
    X, Z, w, p = rng.standard_normal((3, 4)), rng.standard_normal((7, 4)), layer(rng), np.roll(np.arange(7), 3)
    same = invariance(layer_of(X, Z[p], **w, heads=2), layer_of(X, Z, **w, heads=2), terms=24, scale=20.0)
    alone = layer_of(X, Z[:1], **w, heads=2)  # one key: its value, whatever is asked
    want = np.broadcast_to(w["W_O"] @ w["W_V"] @ Z[0], alone.shape)
    return all_of(same, roundoff(alone, want, terms=8, scale=20.0))


@MULTI_HEAD.claim
def padding_is_not_seen(layer_of, rng):
    """A row's result depends neither on its neighbours nor on its padding: whatever stands in the padding, on whichever
    side, it is what the row gives alone and without padding"""
    w, lengths = layer(rng), (2, 5, 3)
    rows = [rng.standard_normal((n, 4)) for n in lengths]
    want = [layer_of(z, z, **w, heads=2) for z in rows]
    for left in (False, True):
        for filling in (0.0, 1e6):
            X, pad = np.full((3, 5, 4), filling), np.ones((3, 5), bool)
            for i, (z, n) in enumerate(zip(rows, lengths, strict=True)):
                place = slice(5 - n, 5) if left else slice(0, n)
                X[i, place], pad[i, place] = z, False
            got = layer_of(X, X, **w, heads=2, pad=pad)
            got = np.concatenate([g[5 - n :] if left else g[:n] for g, n in zip(got, lengths, strict=True)])
            yield invariance(got, np.concatenate(want), terms=24, scale=20.0)


@MULTI_HEAD.claim
def later_positions_do_not_leak(layer_of, rng):
    """Whatever changes at later positions, the causal outputs before stay the same"""
    X, w = rng.standard_normal((6, 4)), layer(rng)
    later = X.copy()
    later[3:] = 5 * rng.standard_normal((3, 4))
    before, after = (layer_of(z, z, **w, heads=2, causal=True)[:3] for z in (X, later))
    return invariance(after, before, terms=24, scale=20.0)


@MULTI_HEAD.claim
def a_bias_of_the_keys_does_nothing(layer_of, rng):
    """A bias of the keys does nothing: it adds the same to all scores of a query. One of the queries does"""
    X, Z = (np.concatenate([rng.standard_normal((n, 4)), np.ones((n, 1)), np.zeros((n, 1))], 1) for n in (3, 5))
    w, bias = layer(rng, 6), np.zeros((6, 6))
    bias[:, 4] = rng.standard_normal(6)  # the fifth feature is 1 everywhere
    before = layer_of(X, Z, **w, heads=2)
    same = layer_of(X, Z, **{**w, "W_K": w["W_K"] + bias}, heads=2)
    other = layer_of(X, Z, **{**w, "W_Q": w["W_Q"] + bias}, heads=2)
    yield invariance(same, before, terms=36, scale=40.0)
    yield identical(float(np.abs(other - before).max() > 1e-3), 1.0)


@MULTI_HEAD.claim(required=False)
def a_query_without_keys_gets_zero(layer_of, rng):
    """A query all of whose keys are padding gets 0, not NaN, whatever it and the keys are, and passes no gradient on; its
    neighbours in the batch get what they get alone"""
    X, Z, w = rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 5, 4)), layer(rng)
    pad = np.array([[True] * 5, [False] * 5])
    blind, other = layer_of(X, Z, **w, heads=2, pad=pad)
    yield identical(blind, np.zeros((3, 4)))
    yield identical(layer_of(3 * X, -Z, **w, heads=2, pad=pad)[0], np.zeros((3, 4)))
    yield roundoff(other, layer_of(X[1], Z[1], **w, heads=2), terms=24, scale=20.0)
    if layer_of.differentiates:
        gradients = layer_of.vjp(dict(X=X, Z=Z, **w, heads=2, pad=pad), (np.ones((2, 3, 4)),), ("X", "Z"))
        yield identical(np.concatenate([gradients["X"][0], gradients["Z"][0]]), np.zeros((8, 4)))


@MULTI_HEAD.claim
def the_same_weights_serve_any_number_of_heads(layer_of, rng):
    """The same four matrices, $4d^2$ weights, serve every number of heads that divides the width, and each number gives
    another answer: with $W_O=I$ the columns of head i are its own attention"""
    X, w = rng.standard_normal((3, 6)), layer(rng, 6) | dict(W_O=np.eye(6))
    answers = []
    for h in (1, 2, 3, 6):
        answers.append(layer_of(X, X, **w, heads=h))
        for b in np.arange(6).reshape(h, -1):
            yield roundoff(answers[-1][:, b], single(X, X, w["W_Q"][b], w["W_K"][b], w["W_V"][b]), terms=18, scale=10.0)
    apart = min(np.abs(a - b).max() for i, a in enumerate(answers) for b in answers[:i])
    yield identical(float(apart > 1e-3), 1.0)


@MULTI_HEAD.mutant(caught_by="heads-are-blocks, the-same-weights-serve-any-number-of-heads, equals-definition")
def concatenated_on_the_wrong_axis(X, Z, W_Q, W_K, W_V, W_O, heads, pad=None, causal=False):
    """heads put together on the wrong axis: reshaped without exchanging heads and positions"""
    H = multi_head(X, Z, W_Q, W_K, W_V, np.eye(len(W_V)), heads, pad, causal)
    apart = np.swapaxes(H.reshape(*H.shape[:-1], heads, -1), -3, -2)  # (..., h, n, d_v)
    return apart.reshape(H.shape) @ W_O.T


@MULTI_HEAD.mutant(caught_by="scores-are-scaled-by-the-heads-width, heads-are-blocks")
def scaled_by_the_models_width(X, Z, W_Q, W_K, W_V, W_O, heads, **given):
    """the scores are divided by the root of the model's width"""
    return multi_head(X, Z, W_Q / np.sqrt(heads), W_K, W_V, W_O, heads, **given)


@MULTI_HEAD.mutant(caught_by="heads-have-no-order, heads-are-blocks, two-heads-look-at-two-places")
def every_hth_feature(X, Z, W_Q, W_K, W_V, W_O, heads, **given):
    """a head takes every h-th feature in place of consecutive ones"""
    order = [np.arange(len(W)).reshape(-1, heads).T.ravel() for W in (W_Q, W_V)]
    p, r = order
    return multi_head(X, Z, W_Q[p], W_K[p], W_V[r], W_O[:, r], heads, **given)


@MULTI_HEAD.mutant(caught_by="two-heads-look-at-two-places, heads-are-blocks")
def one_map_of_weights(X, Z, W_Q, W_K, W_V, W_O, heads, **given):
    """all heads use the scores of the first"""
    k = len(W_Q) // heads
    return multi_head(X, Z, np.tile(W_Q[:k], (heads, 1)), np.tile(W_K[:k], (heads, 1)), W_V, W_O, heads, **given)


@MULTI_HEAD.mutant(caught_by="heads-are-blocks, the-sequence-asked-is-a-set, order-enters-by-the-causal-mask")
def heads_averaged(X, Z, W_Q, W_K, W_V, W_O, heads, **given):
    """the heads are averaged in place of put side by side"""
    H = multi_head(X, Z, W_Q, W_K, W_V, np.eye(len(W_V)), heads, **given)
    mean = H.reshape(*H.shape[:-1], heads, -1).mean(-2)
    return np.concatenate([mean] * heads, -1) @ W_O.T


@MULTI_HEAD.mutant(caught_by="the-sequence-asked-is-a-set, equals-definition")
def asks_itself(X, Z, W_Q, W_K, W_V, W_O, heads, pad=None, causal=False):
    """the keys come from the sequence that asks, where the widths allow it"""
    if X.shape[-1] != Z.shape[-1]:
        return multi_head(X, Z, W_Q, W_K, W_V, W_O, heads, pad, causal)
    pad = None if X.shape[-2] != Z.shape[-2] else pad
    return multi_head(X, X, W_Q, W_K, W_V, W_O, heads, pad, causal)


@MULTI_HEAD.mutant(caught_by="padding-is-not-seen, a-query-without-keys-gets-zero, equals-definition")
def mask_turned_round(X, Z, W_Q, W_K, W_V, W_O, heads, pad=None, causal=False):
    """the padding mask is read the other way round: true where a key takes part"""
    return multi_head(X, Z, W_Q, W_K, W_V, W_O, heads, None if pad is None else ~pad, causal)


@MULTI_HEAD.mutant(caught_by="padding-is-not-seen")
def masks_of_the_neighbours(X, Z, W_Q, W_K, W_V, W_O, heads, pad=None, causal=False):
    """one mask for each pair of row and head, laid out head by head for an array laid out row by row"""
    if pad is None or pad.ndim != 2:
        return multi_head(X, Z, W_Q, W_K, W_V, W_O, heads, pad, causal)
    rows, v = len(pad), len(W_V) // heads
    Y = []
    for i in range(heads):
        mine = np.tile(pad, (heads, 1))[i::heads][:rows]
        H = multi_head(X, Z, W_Q, W_K, W_V, np.eye(len(W_V)), heads, mine, causal)
        Y.append(H[..., i * v : (i + 1) * v])
    return np.concatenate(Y, -1) @ W_O.T


@MULTI_HEAD.mutant(caught_by="accepts-batches, padding-is-not-seen")
def across_the_batch(X, Z, W_Q, W_K, W_V, W_O, heads, pad=None, causal=False):
    """the batch is taken for the sequence, where the shapes allow it"""
    if X.ndim < 3 or X.shape != Z.shape:
        return multi_head(X, Z, W_Q, W_K, W_V, W_O, heads, pad, causal)
    pad = None if pad is None else np.swapaxes(np.broadcast_to(pad, Z.shape[:-1]), -1, -2)
    Y = multi_head(*[np.swapaxes(A, -2, -3) for A in (X, Z)], W_Q, W_K, W_V, W_O, heads, pad, causal)
    return np.swapaxes(Y, -2, -3)


@MULTI_HEAD.mutant(caught_by="later-positions-do-not-leak, order-enters-by-the-causal-mask")
def mask_forgotten(X, Z, W_Q, W_K, W_V, W_O, heads, pad=None, causal=False):
    """the causal mask is forgotten"""
    return multi_head(X, Z, W_Q, W_K, W_V, W_O, heads, pad)


@MULTI_HEAD.mutant(caught_by="order-enters-by-the-causal-mask, the-sequence-asked-is-a-set")
def positions_added(X, Z, W_Q, W_K, W_V, W_O, heads, **given):
    """positions are added inside"""
    return multi_head(X, Z + np.arange(Z.shape[-2])[:, None] / 4, W_Q, W_K, W_V, W_O, heads, **given)


@MULTI_HEAD.mutant(caught_by="a-bias-of-the-keys-does-nothing, equals-definition")
def keys_of_length_one(X, Z, W_Q, W_K, W_V, W_O, heads, **given):
    """the keys are brought to length 1"""
    length = np.linalg.norm(Z @ W_K.T, axis=-1, keepdims=True)
    return multi_head(X, Z / length, W_Q, W_K, W_V, W_O, heads, **given)


MULTI_HEAD.erratum(
    "E26",
    common=r"$\operatorname{MultiHead}(Q,K,V)=\operatorname{Concat}(\text{head}_1,\dots,\text{head}_h)W^O$ and no more (a common "
    "slip)",
    why=r"$\text{head}_i$ is not defined. Without projections of their own all heads would be the same attention, and $h$ "
    "copies side by side say no more than one.",
    right=r"$\text{head}_i=\operatorname{Attention}(QW_i^Q,KW_i^K,VW_i^V)$",
    claims="heads-are-blocks, two-heads-look-at-two-places",
)


LETTERS = "ABCABDABCD"


def scores_of_two_heads(strength, back):
    """Scores of a head that looks for the same letter earlier on, and of one that looks `back` places back."""
    n = len(LETTERS)
    same = np.array([[float(a == b) for b in LETTERS] for a in LETTERS]) - np.eye(n)
    place = np.eye(n, k=-back)
    return strength * same, strength * place


@MULTI_HEAD.figure(
    strength=Slider(0.5, 12, 6.0, "largest score"),
    back=Slider(1, 3, 1, "how far back the second head looks", integer=True),  # 4 back stands the earlier D
)
def figure(strength, back):
    n, first = len(LETTERS), scores_of_two_heads(strength, int(back))
    later = np.triu(np.ones((n, n), bool), 1)
    maps = []
    for E in (*first, sum(first)):
        E = np.where(later, -np.inf, E)
        A = np.exp(E - E.max(-1, keepdims=True))
        maps.append(A / A.sum(-1, keepdims=True))
    fig, axes = canvas(columns=3, width=7.6, height=3.0)
    titles = ("head 1: the same letter", f"head 2: {int(back)} back", "one head for both")
    for ax, A, title in zip(axes, maps, titles, strict=True):
        shown = ax.imshow(A, vmin=0, vmax=1, cmap="Blues")
        ax.set(title=title, xlabel="key", xticks=range(n), yticks=range(n))
        ax.set_xticklabels(list(LETTERS))
        ax.set_yticklabels(list(LETTERS))
    axes[0].set(ylabel="query")
    fig.colorbar(shown, ax=list(axes), shrink=0.8)
    q = n - 1  # the last query
    letter, place = LETTERS.index("D"), n - 1 - int(back)
    pair = [(float(A[q, letter]), float(A[q, place])) for A in maps]
    words = Text(
        f"Causal weights over {n} letters. The last query, a D, gives the earlier D the weight {pair[0][0]:.2f} in head 1, and "
        f"the position {int(back)} back {pair[1][1]:.2f} in head 2. One head whose scores are the sum has only one softmax "
        f"for both: {pair[2][0]:.2f} and {pair[2][1]:.2f}.",
        f"{n} 个字母上的因果注意力权重。最后一个查询是 D：头 1 给前面的 D 的权重为 {pair[0][0]:.2f}，头 2 给往前第 {int(back)} 个位置的权重为 {pair[1][1]:.2f}。"
        f"若只有一个头、得分取两者之和，则两处共用一个 softmax：权重为 {pair[2][0]:.2f} 与 {pair[2][1]:.2f}。",
    )
    return Drawing(fig, words)
