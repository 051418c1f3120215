"""The transformer block."""

from itertools import product

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import identical, invariance, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

EPS = 1e-5


def _torch(Layer, x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm, pad, causal):
    import torch

    n, d = x.shape[-2:]
    # on the meta device: no memory, and no draw from the global generator
    options = dict(dropout=0.0, batch_first=True, norm_first=pre_norm, layer_norm_eps=EPS, device="meta")
    layer = Layer(d, heads, len(b1), **options)
    weights = {"self_attn.in_proj_weight": W_in, "self_attn.in_proj_bias": b_in, "self_attn.out_proj.weight": W_O}
    weights |= {"self_attn.out_proj.bias": b_O, "linear1.weight": W1, "linear1.bias": b1, "linear2.weight": W2}
    weights |= {"linear2.bias": b2, "norm1.weight": gamma[0], "norm1.bias": beta[0]}
    weights |= {"norm2.weight": gamma[1], "norm2.bias": beta[1]}
    batch = torch.broadcast_shapes(x.shape[:-2], () if pad is None else pad.shape[:-1])
    if 0 in batch and (causal or pad is not None):
        raise NotImplementedError("an empty batch with a mask")
    x = x.expand(*batch, n, d).reshape(-1, n, d)
    pad = None if pad is None else pad.expand(*batch, n).reshape(-1, n)
    later = torch.ones(n, n, dtype=torch.bool).triu(1) if causal else None
    masks = dict(src_mask=later, src_key_padding_mask=pad)
    return torch.func.functional_call(layer, weights, (x,), masks).reshape(*batch, n, d)


TRANSFORMER_BLOCK = Concept(
    key="transformer-block",
    kind="layer",
    title="Transformer block",
    summary="Attention lets the positions exchange, a small network then thinks at each of them alone; each of the two is "
    "added to what was there, and layer normalisation keeps the sizes. Where the norm stands decides how deep networks "
    "train: behind the sum, as in the paper, or before the branch, where the way straight through stays free.",
    formulas=(
        r"\text{post-norm}:\qquad u=\operatorname{LN}_1(x+\operatorname{Att}(x)),\qquad y=\operatorname{LN}_2(u+\operatorname{FFN}(u))",
        r"\text{pre-norm}:\qquad u=x+\operatorname{Att}(\operatorname{LN}_1x),\qquad y=u+\operatorname{FFN}(\operatorname{LN}_2u)",
        r"\operatorname{FFN}(z)=W_2\operatorname{ReLU}(W_1z+b_1)+b_2,\qquad \operatorname{LN}_k(z)=\gamma_k\odot"
        r"\frac{z-\mu}{\sqrt{\sigma^2+\varepsilon}}+\beta_k,\quad \mu=\tfrac1d\sum_cz_c,\ \ \sigma^2=\tfrac1d\sum_c(z_c-\mu)^2",
        r"\operatorname{Att}(z)=[H_1,\dots,H_h]W_O^{\mathsf T}+b_O,\qquad "
        r"H_i=\operatorname{softmax}\!\left(\frac{Q_iK_i^{\mathsf T}}{\sqrt{d/h}}+M\right)V_i,\qquad [Q,K,V]=zW_{in}^{\mathsf T}+b_{in}",
    ),
    symbols=(
        Symbol("x", "x", "... n d", "the sequence, a position a row"),
        Symbol(
            "W_{in}", "W_in", "3d d", "weights of queries, keys and values below each other; heads are consecutive rows"
        ),
        Symbol("b_{in}", "b_in", "3d", "their biases"),
        Symbol("W_O", "W_O", "d d", "weights that mix the heads"),
        Symbol("b_O", "b_O", "d", "their bias"),
        Symbol("W_1", "W1", "f d", "weights of the first layer at each position"),
        Symbol("b_1", "b1", "f", "its bias"),
        Symbol("W_2", "W2", "d f", "weights of the second layer"),
        Symbol("b_2", "b2", "d", "its bias"),
        Symbol(r"\gamma", "gamma", "2 d", "gains of the two norms, that of attention first"),
        Symbol(r"\beta", "beta", "2 d", "shifts of the two norms"),
        Symbol("h", "heads", "", "number of heads; it divides d", "natural"),
        Symbol(r"\text{pre-norm}", "pre_norm", "", "norms before the branches; else behind the sums", "boolean"),
        Symbol(
            "P", "pad", "... n", "padding: true where a position is not to be seen; nowhere unless given", "boolean"
        ),
        Symbol(
            "j>p", "causal", "", "position p sees only j ≤ p: a block of a decoder without cross-attention", "boolean"
        ),
        Symbol(
            "M",
            "",
            "n n",
            "mask: −∞ at padding and, if causal, at later positions; else 0. Heads give 0 to a position that sees nothing",
        ),
        Symbol("u", "", "... n d", "between the branches"),
        Symbol("y", "", "... n d", "outputs"),
        Symbol(r"\mu,\ \sigma^2", "", "", "mean and variance of a row, over its d entries"),
        Symbol(r"\varepsilon", "", "", "0.00001"),
        Symbol("d,\\ f,\\ n", "", "", "width of the model and of the inner layer; length of the sequence"),
        Symbol("z,\\ k,\\ c,\\ i", "", "", "input of a part; index of the norm, of a coordinate, of a head"),
    ),
    needs=("multi-head", "residual", "mlp", "relu"),
    source="vaswani2017attention",
    year=2017,
    people=("Ashish Vaswani", "Noam Shazeer", "Niki Parmar", "Jakob Uszkoreit"),
    aliases="Transformer, transformer encoder layer, transformer decoder, TransformerEncoderLayer, pre-norm, post-norm, "
    "pre-LN, post-LN, attention is all you need, 变换器, Transformer 编码器层, Transformer 解码器, 前置归一化, 后置归一化",
    implementations=(
        Implementation("torch.nn:TransformerEncoderLayer", "torch", _torch, "with `batch_first=True, dropout=0.0`"),
    ),
    readings="vaswani2017attention §3.1, §3.3; xiong2020layer §3; ba2016layer §3; murphy2022probabilistic §15.5.4",
    hypotheses=(
        Hypothesis("equivariance: no mask and no positions", "order-enters-by-the-causal-mask"),
        Hypothesis("the identity of silent branches: pre-norm", "post-norm-normalises-its-output"),
    ),
    conventions=(
        Convention(
            "where the norms stand",
            "behind the sums (post-norm) unless `pre_norm`, as in the paper and PyTorch",
            "before the branches (pre-norm) in GPT-2, Llama and nearly all later models, with one more norm behind the last block",
        ),
        Convention(
            "activation",
            "ReLU, as in the paper and PyTorch's default",
            "GELU in BERT and GPT-2; gated SiLU with three matrices in Llama",
        ),
        Convention("ε of the norm, inside the root", "0.00001, as in PyTorch", "0.001 in Keras, 0.000001 in Flax"),
        Convention(
            "the two branches",
            "one after the other: the second reads what the first has added",
            "side by side from the same input in GPT-J and PaLM",
        ),
    ),
)


def layer_norm(z, gamma, beta):
    """Each row with mean 0 and variance 1, then scaled and shifted."""
    centred = z - z.mean(-1, keepdims=True)
    return gamma * centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) + beta


def self_attention(z, W_in, b_in, W_O, b_O, heads, pad, causal):
    """Attention of all heads, one after the other."""
    n, d = z.shape[-2:]
    k = d // heads
    seen = np.tril(np.ones((n, n), bool)) if causal else np.ones((n, n), bool)
    seen = seen if pad is None else seen & ~pad[..., None, :]
    QKV, H = z @ W_in.T + b_in, []  # (..., n, 3d)
    for i in range(heads):
        Q, K, V = (QKV[..., part * d + i * k : part * d + (i + 1) * k] for part in range(3))
        E = np.where(seen, Q @ np.swapaxes(K, -1, -2) / np.sqrt(k), -np.inf)
        A = np.exp(E - np.where(seen.any(-1, keepdims=True), E.max(-1, keepdims=True), 0))
        H.append(A / np.where(seen.any(-1, keepdims=True), A.sum(-1, keepdims=True), 1) @ V)
    return np.concatenate(H, -1) @ W_O.T + b_O


@TRANSFORMER_BLOCK.definition
def transformer_block(
    x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm=False, pad=None, causal=False
):
    if x.shape[-1] % heads:
        raise ValueError(f"{heads} heads do not divide the width {x.shape[-1]}")

    def attend(z):
        return self_attention(z, W_in, b_in, W_O, b_O, heads, pad, causal)

    def feed(z):
        return np.maximum(z @ W1.T + b1, 0) @ W2.T + b2

    if pre_norm:
        u = x + attend(layer_norm(x, gamma[0], beta[0]))
        return u + feed(layer_norm(u, gamma[1], beta[1]))
    u = layer_norm(x + attend(x), gamma[0], beta[0])
    return layer_norm(u + feed(u), gamma[1], beta[1])


@TRANSFORMER_BLOCK.example
def example():
    x = np.array([[3.0, 1.0], [0.0, 2.0]])
    W_in = np.concatenate([np.eye(2), np.eye(2), [[1.0, 0.0], [1.0, 1.0]]])
    w = dict(
        W_in=W_in,
        b_in=np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.0]),
        W_O=np.eye(2),
        b_O=np.zeros(2),
        W1=np.array([[1.0, 0.0]]),
        b1=np.zeros(1),
        W2=np.array([[0.0], [2.0]]),
        b2=np.zeros(2),
        gamma=np.array([[1.0, 1.0], [1.0, 2.0]]),
        beta=np.array([[0.0, 0.0], [0.0, 1.0]]),
        heads=1,
        pre_norm=True,
    )
    z = layer_norm(x, w["gamma"][0], w["beta"][0])
    V = z @ W_in[4:].T + w["b_in"][4:]
    E = z @ z.T / np.sqrt(2)
    A = np.exp(E) / np.exp(E).sum(-1, keepdims=True)
    u = x + A @ V
    t = layer_norm(u, w["gamma"][1], w["beta"][1])
    hidden = np.maximum(t[:, 0], 0)
    d = 512
    return (
        dict(x=x, **w, z=z, V=V, E=E, A=A, answer=A @ V, u=u, t=t, hidden=hidden)
        | dict(added=np.outer(hidden, [0.0, 2.0]), y=transformer_block(x, **w))
        | dict(post=transformer_block(x, **{**w, "pre_norm": False}), d=d, f=4 * d)
        | dict(attention_weights=4 * d * d, ffn_weights=8 * d * d)
    )


@TRANSFORMER_BLOCK.exercise
def weights_of_a_block():
    d = 768
    return number(
        12 * d * d, attention_alone=4 * d * d, network_alone=8 * d * d, inner_as_wide=6 * d * d, tolerance=1e-6
    )


@TRANSFORMER_BLOCK.exercise
def circular():
    x = 1.0
    return number(x + 2 * x, fixed_point=-x, branch_alone=2 * x)


@TRANSFORMER_BLOCK.exercise
def silent_block():
    rng = np.random.default_rng(0)
    x = 3 + 2 * rng.standard_normal((4, 6))
    w = silent(drawn(rng, 6))
    pre, post = (transformer_block(x, **w, heads=2, pre_norm=p) for p in (True, False))
    through, normed = np.array_equal(pre, x), np.allclose(post.std(-1), 1, atol=1e-3)
    return choice(both_identity=through and not normed, pre_only=through and normed, neither=not through)


def drawn(rng, d=4, f=6):
    """Weights of a block: gains near 1, all else random."""
    shapes = dict(W_in=(3 * d, d), b_in=(3 * d,), W_O=(d, d), b_O=(d,), W1=(f, d), b1=(f,), W2=(d, f), b2=(d,))
    w = {name: rng.standard_normal(s) / np.sqrt(s[-1]) for name, s in shapes.items()}
    return w | dict(gamma=1 + 0.3 * rng.standard_normal((2, d)), beta=0.3 * rng.standard_normal((2, d)))


def silent(w, *branches):
    """The same weights with the last layers of the branches at 0 (of both unless named), and plain norms."""
    names = dict(attention=("W_O", "b_O"), network=("W2", "b2"))
    zero = {k: 0 * w[k] for branch in branches or names for k in names[branch]}
    plain = {} if branches else dict(gamma=np.ones_like(w["gamma"]), beta=0 * w["beta"])
    return w | zero | plain


@TRANSFORMER_BLOCK.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    yield "post-norm", dict(x=normal(3, 4), **drawn(rng), heads=2)
    yield "pre-norm", dict(x=normal(3, 4), **drawn(rng), heads=2, pre_norm=True)
    yield "a batch, post-norm", dict(x=normal(2, 5, 4), **drawn(rng, 4, 3), heads=1)
    yield "a batch, pre-norm", dict(x=normal(2, 2, 6), **drawn(rng, 6, 3), heads=3, pre_norm=True)
    yield "one position", dict(x=normal(1, 4), **drawn(rng), heads=4, pre_norm=True)
    yield "causal", dict(x=normal(5, 4), **drawn(rng), heads=2, causal=True)
    yield "causal, pre-norm", dict(x=normal(5, 4), **drawn(rng), heads=2, pre_norm=True, causal=True)
    pad = np.array([[False, False, True], [True, False, False]])
    yield "padding", dict(x=normal(2, 3, 4), **drawn(rng), heads=2, pad=pad)
    yield "padding, pre-norm", dict(x=normal(2, 3, 4), **drawn(rng), heads=2, pre_norm=True, pad=pad)
    yield "small entries, where ε counts", dict(x=0.005 * normal(3, 4), **drawn(rng), heads=2, pre_norm=True)
    yield "large entries", dict(x=100 * normal(3, 4), **drawn(rng), heads=2, pre_norm=True)
    yield "silent branches", dict(x=normal(3, 4), **silent(drawn(rng)), heads=2, pre_norm=True)
    yield "long", dict(x=normal(120, 4), **drawn(rng, 4, 3), heads=1, causal=True)


@TRANSFORMER_BLOCK.invalid
def invalid(rng):
    yield "heads that do not divide the width", dict(x=np.ones((3, 4)), **drawn(rng), heads=3)
    yield "another width", dict(x=np.ones((3, 5)), **drawn(rng), heads=2)


@TRANSFORMER_BLOCK.claim
def second_branch_reads_the_first(block, rng):
    """The second branch reads what the first has added: a pre-norm block is a block with a silent network, and behind it
    one with silent attention"""
    x, w = rng.standard_normal((5, 4)), drawn(rng)
    u = block(x, **silent(w, "network"), heads=2, pre_norm=True)
    y = block(u, **silent(w, "attention"), heads=2, pre_norm=True)
    return roundoff(block(x, **w, heads=2, pre_norm=True), y, terms=24, scale=10.0)


@TRANSFORMER_BLOCK.claim
def no_equation_to_solve(block, rng):
    r"""$x'=x+\operatorname{Att}(x)+\operatorname{FFN}(x')$ is not meant: what is added is FFN of the norm of $u$, known before,
    not of the result"""
    x, w = rng.standard_normal((5, 4)), silent(drawn(rng), "attention")
    y = block(x, **w, heads=2, pre_norm=True)

    def added(z):
        centred = z - z.mean(-1, keepdims=True)
        t = w["gamma"][1] * centred / np.sqrt((centred**2).mean(-1, keepdims=True) + EPS) + w["beta"][1]
        return np.maximum(t @ w["W1"].T + w["b1"], 0) @ w["W2"].T + w["b2"]

    yield roundoff(y - x, added(x), terms=12, scale=10.0)
    yield identical(float(np.abs(y - x - added(y)).max() > 1e-2), 1.0)


@TRANSFORMER_BLOCK.claim
def pre_norm_lets_the_input_through(block, rng):
    """With silent branches a pre-norm block is the identity, bit for bit, through fifty blocks, too"""
    x = rng.standard_normal((5, 4))
    y = x
    for _ in range(50):
        y = block(y, **silent(drawn(rng)), heads=2, pre_norm=True)
    return identical(y, x)


@TRANSFORMER_BLOCK.claim
def post_norm_normalises_its_output(block, rng):
    """A post-norm block is no identity, even with silent branches: every row comes out with the mean 0 and the variance
    1 (but for ε), however large the input is; with all gains 2 and all shifts 3 in the last norm, with the mean 3 and
    the variance 4"""
    w = silent(drawn(rng), "network")
    plain = w | dict(gamma=np.ones((2, 4)), beta=np.zeros((2, 4)))
    x = 50 * rng.standard_normal((6, 4))
    y = block(x, **plain, heads=2)
    why = Text("ε in both norms, each at variances ≥ 0.9", "两次归一化中的 ε，方差均不小于 0.9")
    yield roundoff(y.mean(-1), np.zeros(6), terms=8, scale=2.0)
    yield near(np.abs((y**2).mean(-1) - 1).max(), 0.0, 2 * EPS / 0.9, why)
    shifted = block(
        x, **(plain | dict(gamma=np.array([[1.0] * 4, [2.0] * 4]), beta=np.array([[0.0] * 4, [3.0] * 4]))), heads=2
    )
    yield roundoff(shifted, 2 * y + 3, terms=8, scale=6.0)


@TRANSFORMER_BLOCK.claim
def the_variance_is_over_the_width(block, rng):
    """The norm divides by the root of the mean square over d entries, ε inside: of the row $(2t,-2t)$, down to a thousandth
    in size, silent post-norm makes what two such norms make"""
    t = np.array([1.0, 1e-2, 1e-3])
    x, w = np.stack([2 * t, -2 * t], -1), silent(drawn(rng, 2, 3))

    def normed(a):  # of the row (a, −a)
        return a / np.sqrt(a**2 + EPS)

    want = normed(normed(2 * t))
    return roundoff(block(x, **w, heads=1), np.stack([want, -want], -1), terms=8)


@TRANSFORMER_BLOCK.claim
def positions_meet_in_attention_alone(block, rng):
    """Positions meet in attention alone: where it is silent, each row gives what it gives by itself"""
    x, w = rng.standard_normal((5, 4)), silent(drawn(rng), "attention")
    for pre in (True, False):
        alone = np.concatenate([block(x[i : i + 1], **w, heads=2, pre_norm=pre) for i in range(5)])
        yield invariance(block(x, **w, heads=2, pre_norm=pre), alone, terms=24, scale=10.0)


@TRANSFORMER_BLOCK.claim
def order_enters_by_the_causal_mask(block, rng):
    """Without a mask the block is equivariant: positions permuted give the outputs permuted. Under the causal mask the
    first position gives what it gives alone, whichever it is"""
    x, w, p = rng.standard_normal((6, 4)), drawn(rng), np.roll(np.arange(6), 2)
    for pre in (True, False):
        y = block(x, **w, heads=2, pre_norm=pre)
        yield invariance(block(x[p], **w, heads=2, pre_norm=pre), y[p], terms=24, scale=10.0)
        first = block(x[p], **w, heads=2, pre_norm=pre, causal=True)[:1]
        yield roundoff(first, block(x[p][:1], **w, heads=2, pre_norm=pre), terms=24, scale=10.0)


@TRANSFORMER_BLOCK.claim
def later_positions_do_not_leak(block, rng):
    """Whatever changes at later positions, the causal outputs before stay the same"""
    x, w = rng.standard_normal((6, 4)), drawn(rng)
    later = x.copy()
    later[3:] = 5 * rng.standard_normal((3, 4))
    for pre in (True, False):
        a, b = (block(z, **w, heads=2, pre_norm=pre, causal=True)[:3] for z in (x, later))
        yield invariance(b, a, terms=24, scale=10.0)


@TRANSFORMER_BLOCK.claim
def padding_is_not_seen(block, rng):
    """A row's tokens depend neither on its neighbours nor on its padding: whatever stands in the padding, on whichever
    side, they get what they get alone and without padding"""
    w, rows = drawn(rng), [rng.standard_normal((n, 4)) for n in (2, 5, 3)]
    for left, filling, pre in product((False, True), (0.0, 1e3), (False, True)):
        want = np.concatenate([block(z, **w, heads=2, pre_norm=pre) for z in rows])
        x, pad = filling * (1 + rng.random((3, 5, 4))), np.ones((3, 5), bool)
        for i, z in enumerate(rows):
            place = slice(5 - len(z), 5) if left else slice(0, len(z))
            x[i, place], pad[i, place] = z, False
        yield invariance(block(x, **w, heads=2, pre_norm=pre, pad=pad)[~pad], want, terms=24, scale=10.0)


@TRANSFORMER_BLOCK.claim(required=False)
def a_position_that_sees_nothing_gets_the_bias(block, rng):
    """A position that sees nothing, as padding before the row under the causal mask, gets the bias alone from attention, not
    NaN; the row's own positions get what they get alone"""
    w, x, pad = drawn(rng), rng.standard_normal((4, 4)), np.array([True, False, False, False])
    for pre in (True, False):
        y = block(x, **w, heads=2, pre_norm=pre, pad=pad, causal=True)
        yield roundoff(y[:1], block(x[:1], **w | dict(W_O=0 * w["W_O"]), heads=2, pre_norm=pre), terms=24, scale=10.0)
        yield invariance(y[1:], block(x[1:], **w, heads=2, pre_norm=pre, causal=True), terms=24, scale=10.0)


@TRANSFORMER_BLOCK.claim
def a_decoder_attends_between_the_two(block, rng):
    """A decoder's block is this one cut in two, with cross-attention and a norm of its own in between: causal and pre-norm it
    equals PyTorch's TransformerDecoderLayer"""
    import torch

    d, f, k = 4, 6, 2
    own, cross = drawn(rng, d, f), drawn(rng, d)
    x, memory = rng.standard_normal((2, 5, d)), rng.standard_normal((2, 3, d))
    u = block(x, **silent(own, "network"), heads=d // k, pre_norm=True, causal=True)
    z, W, b = layer_norm(u, cross["gamma"][0], cross["beta"][0]), cross["W_in"], cross["b_in"]
    Q, KV = z @ W[:d].T + b[:d], memory @ W[d:].T + b[d:]
    heads = []
    for i in range(0, d, k):
        E = np.exp(Q[..., i : i + k] @ np.swapaxes(KV[..., i : i + k], -1, -2) / np.sqrt(k))
        heads.append(E / E.sum(-1, keepdims=True) @ KV[..., d + i : d + i + k])
    u = u + np.concatenate(heads, -1) @ cross["W_O"].T + cross["b_O"]
    y = block(u, **silent(own, "attention"), heads=d // k, pre_norm=True)

    layer = torch.nn.TransformerDecoderLayer(
        d, d // k, f, dropout=0.0, batch_first=True, norm_first=True, device="meta"
    )
    weights = {
        "linear1.weight": own["W1"],
        "linear1.bias": own["b1"],
        "linear2.weight": own["W2"],
        "linear2.bias": own["b2"],
    }
    for part, w in (("self_attn", own), ("multihead_attn", cross)):
        weights |= {f"{part}.in_proj_weight": w["W_in"], f"{part}.in_proj_bias": w["b_in"]}
        weights |= {f"{part}.out_proj.weight": w["W_O"], f"{part}.out_proj.bias": w["b_O"]}
    for norm, w, i in (("norm1", own, 0), ("norm2", cross, 0), ("norm3", own, 1)):
        weights |= {f"{norm}.weight": w["gamma"][i], f"{norm}.bias": w["beta"][i]}
    tensors = {name: torch.from_numpy(np.ascontiguousarray(w)) for name, w in weights.items()}
    later = torch.ones(5, 5, dtype=torch.bool).triu(1)
    inputs = torch.from_numpy(x), torch.from_numpy(memory)
    with torch.no_grad():
        want = torch.func.functional_call(layer, tensors, inputs, dict(tgt_mask=later)).numpy()
    return roundoff(y, want, terms=48, scale=10.0)


@TRANSFORMER_BLOCK.mutant(caught_by="second-branch-reads-the-first, equals-definition")
def side_by_side(x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm=False, pad=None, causal=False):
    """both branches read the input"""
    w = dict(W_in=W_in, b_in=b_in, W_O=W_O, b_O=b_O, W1=W1, b1=b1, W2=W2, b2=b2, gamma=gamma, beta=beta)
    if not pre_norm:
        return transformer_block(x, **w, heads=heads, pad=pad, causal=causal)
    first, second = (
        transformer_block(x, **silent(w, b), heads=heads, pre_norm=True, pad=pad, causal=causal)
        for b in ("network", "attention")
    )
    return first + second - x


@TRANSFORMER_BLOCK.mutant(caught_by="no-equation-to-solve, equals-definition")
def circular_sum(x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm=False, **given):
    """the network reads its own result: the equation is iterated three times"""
    w = dict(W_in=W_in, b_in=b_in, W_O=W_O, b_O=b_O, W1=W1, b1=b1, W2=W2, b2=b2, gamma=gamma, beta=beta)
    y = transformer_block(x, **w, heads=heads, pre_norm=pre_norm, **given)
    if pre_norm:
        u = transformer_block(x, **silent(w, "network"), heads=heads, pre_norm=True, **given)
        for _ in range(3):
            y = u + np.maximum(layer_norm(y, gamma[1], beta[1]) @ W1.T + b1, 0) @ W2.T + b2
    return y


@TRANSFORMER_BLOCK.mutant(caught_by="pre-norm-lets-the-input-through, second-branch-reads-the-first")
def always_behind(x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm=False, **given):
    """the norms stand behind the sums in any case"""
    return transformer_block(x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, **given)


@TRANSFORMER_BLOCK.mutant(caught_by="post-norm-normalises-its-output, the-variance-is-over-the-width")
def always_before(x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm=False, **given):
    """the norms stand before the branches in any case"""
    return transformer_block(x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, True, **given)


@TRANSFORMER_BLOCK.mutant(caught_by="pre-norm-lets-the-input-through, no-equation-to-solve")
def no_way_round(x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm=False, **given):
    """no shortcut around the network"""
    w = dict(W_in=W_in, b_in=b_in, W_O=W_O, b_O=b_O, W1=W1, b1=b1, W2=W2, b2=b2, gamma=gamma, beta=beta)
    y = transformer_block(x, **w, heads=heads, pre_norm=pre_norm, **given)
    return y - transformer_block(x, **silent(w, "network"), heads=heads, pre_norm=True, **given) if pre_norm else y


@TRANSFORMER_BLOCK.mutant(caught_by="the-variance-is-over-the-width, post-norm-normalises-its-output")
def unbiased_variance(x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm=False, **given):
    """the variance is divided by d − 1"""
    d = x.shape[-1]
    return transformer_block(
        x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma * np.sqrt((d - 1) / d), beta, heads, pre_norm, **given
    )


@TRANSFORMER_BLOCK.mutant(
    caught_by="later-positions-do-not-leak, order-enters-by-the-causal-mask, a-decoder-attends-between-the-two"
)
def mask_forgotten(x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm=False, pad=None, causal=False):
    """the causal mask is forgotten"""
    return transformer_block(x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm, pad)


@TRANSFORMER_BLOCK.mutant(
    caught_by="padding-is-not-seen, a-position-that-sees-nothing-gets-the-bias, equals-definition"
)
def padding_seen(x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm=False, pad=None, causal=False):
    """the padding is set to 0 and seen"""
    x = x if pad is None else np.where(pad[..., None], 0, x)
    return transformer_block(x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm, None, causal)


@TRANSFORMER_BLOCK.mutant(caught_by="positions-meet-in-attention-alone, order-enters-by-the-causal-mask")
def mean_of_the_sequence(x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm=False, **given):
    """each position is told the mean of all before it begins"""
    x = x + x.mean(-2, keepdims=True)
    return transformer_block(x, W_in, b_in, W_O, b_O, W1, b1, W2, b2, gamma, beta, heads, pre_norm, **given)


TRANSFORMER_BLOCK.erratum(
    "E27",
    common=r"$x'=x+\operatorname{Attention}(x)+\operatorname{FFN}(x')$ (a common slip)",
    why=r"The result stands on both sides. With a silent attention and $\operatorname{FFN}(z)=2z$ the equation gives $x'=-x$, two "
    "residuals one after the other give $3x$. The normalisations are missing, too.",
    right=r"$u=x+\operatorname{Att}(\operatorname{LN}_1x)$, $x'=u+\operatorname{FFN}(\operatorname{LN}_2u)$",
    claims="no-equation-to-solve, second-branch-reads-the-first",
)


def sizes_through(depth, gain, pre_norm, d=32, n=8, nets=4):
    """Root mean square of the entries after each block, and of the last gradient's way back, of random blocks."""
    sizes = []
    for seed in range(nets):
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((n, d))
        near_by = x + 1e-6 * rng.standard_normal((n, d))
        path = []
        for _ in range(depth):
            w = silent(drawn(rng, d, 2 * d)) | dict(
                W_O=gain * rng.standard_normal((d, d)) / np.sqrt(d),
                W2=gain * rng.standard_normal((d, 2 * d)) / np.sqrt(d),
            )
            x, near_by = (transformer_block(z, **w, heads=4, pre_norm=pre_norm) for z in (x, near_by))
            path.append((np.sqrt((x**2).mean()), np.sqrt(((near_by - x) ** 2).mean()) / 1e-6))
        sizes.append(path)
    return np.exp(np.log(np.array(sizes)).mean(0))


@TRANSFORMER_BLOCK.figure(
    depth=Slider(2, 24, 12, "number of blocks", integer=True), gain=Slider(0.2, 2.0, 1.0, "size of the branches")
)
def figure(depth, gain):
    L = int(depth)
    pre, post = (sizes_through(L, gain, p) for p in (True, False))
    fig, axes = canvas(columns=2, width=7.2, height=3.2)
    blocks = np.arange(1, L + 1)
    for i, (ax, title) in enumerate(zip(axes, ("size of the entries", "size of a small difference"), strict=True)):
        for A, name, colour in ((pre, "pre-norm", COLOURS[0]), (post, "post-norm", COLOURS[1])):
            ax.plot(blocks, A[:, i], color=colour, marker=".", label=name)
        ax.set(xlabel="block", title=title, xticks=blocks[:: 1 + L // 8])
    axes[1].set(yscale="log")
    axes[0].legend(frameon=False)
    words = Text(
        f"Random blocks, branches of size {gain:.2g}. After {L} of them entries have the size {pre[-1, 0]:.2f} with pre-norm, and "
        f"{post[-1, 0]:.2f} with post-norm, which sets it anew each time. A small difference of the inputs has become "
        f"{pre[-1, 1]:.3g} and {post[-1, 1]:.3g} times as large.",
        f"随机的 Transformer 块，分支大小为 {gain:.2g}。经过 {L} 个块之后，前置归一化时元素的大小为 {pre[-1, 0]:.2f}，后置归一化时为 {post[-1, 0]:.2f}，因为它每次都重新归一。输入的微小差异分别变为原来的 {pre[-1, 1]:.3g} 倍和 {post[-1, 1]:.3g} 倍。",
    )
    return Drawing(fig, words)
