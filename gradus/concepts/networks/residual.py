"""The residual connection."""

from functools import cache

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, identical, metric, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

RESIDUAL = Concept(
    key="residual",
    kind="layer",
    title="Residual connection",
    summary="A block adds what it computes to its input, so that doing nothing is easy and every layer is a "
    "small correction. Plain networks train worse as they become deeper; residual ones hardly do.",
    formulas=(
        r"y=W_sx+\alpha\,F(x),\qquad F(x)=W_2\operatorname{ReLU}(W_1x+b_1)+b_2,\qquad W_s=I\ \ (m=n)",
        r"\frac{\partial y}{\partial x}=W_s+\alpha\frac{\partial F}{\partial x}",
        r"W_s=I,\quad (W_1)_{ij}\sim N(0,\tfrac1n),\quad (W_2)_{ij}\sim N(0,\tfrac2n),\quad b=0:\qquad\mathbb E\|x_L\|^2=(1+\alpha^2)^L\,\|x_0\|^2",
        r"(1+\alpha^2)^L=2^L\ \ (\alpha=1),\qquad\left(1+\tfrac1L\right)^L<e\ \ (\alpha=1/\sqrt L)",
    ),
    symbols=(
        Symbol("x", "x", "... n", "inputs"),
        Symbol("W_1", "W1", "h n", "weights of the first layer"),
        Symbol("b_1", "b1", "h", "its bias"),
        Symbol("W_2", "W2", "m h", "weights of the second layer"),
        Symbol("b_2", "b2", "m", "its bias"),
        Symbol("W_s", "W_s", "m n", "shortcut; the identity unless given"),
        Symbol(r"\alpha", "alpha", "", "factor of the branch", "positive"),
        Symbol("F", "", "... m", "the branch"),
        Symbol("y", "", "... m", "outputs"),
        Symbol("I", "", "n n", "identity matrix"),
        Symbol("n,\\ m", "", "", "numbers of inputs and outputs; in the last two lines all widths are n"),
        Symbol("L", "", "", "number of blocks", "natural"),
        Symbol("x_L", "", "... n", "after L blocks"),
    ),
    needs=("mlp", "jacobian", "relu", "initialization"),
    source="he2016deep",
    year=2015,
    people=("Kaiming He", "Xiangyu Zhang", "Shaoqing Ren", "Jian Sun"),
    aliases="skip connection, ResNet block, residual network, shortcut connection, residual block, "
    "identity mapping, "
    "残差, 跳跃连接, 残差网络, 残差块, 捷径连接, 恒等映射",
    implementations=(Implementation("gradus.networks.residual:residual_block", "torch"),),
    readings="he2016deep §3.1, §4.2; he2016identity §2; zhang2019fixup §2",
    hypotheses=(
        Hypothesis(r"the Jacobian: no entry of $W_1x+b_1$ is 0", "kink-has-two-slopes"),
        Hypothesis("the growth: random weights, independent from block to block", "a-branch-that-repeats-its-input"),
        Hypothesis(
            "the growth: weights of these variances",
            "zero-branch-is-the-identity, zero-initialised-blocks-pass-gradients",
        ),
    ),
    conventions=(
        Convention(
            "where ReLU and normalisation stand",
            "a ReLU between the two layers, nothing after the sum, no normalisation",
            "He et al. 2015: normalisation after each layer and a ReLU after the sum; 2016 (pre-activation): both before "
            "each layer, nothing after the sum",
        ),
    ),
    nonfinite="nan",
)


@RESIDUAL.definition
def residual(x, W1, b1, W2, b2, W_s=None, alpha=1.0):
    S = np.eye(W2.shape[0]) if W_s is None else W_s
    F = np.maximum(x @ W1.T + b1, 0) @ W2.T + b2
    return x @ S.T + alpha * F


@RESIDUAL.example
def example():
    x = np.array([1.0, 2.0])
    W1, b1 = np.array([[1.0, 1.0], [1.0, -1.0], [0.0, 1.0]]), np.array([0.0, 0.0, -1.0])
    W2, b2 = np.array([[0.5, 1.0, 0.0], [-0.5, 0.0, 2.0]]), np.array([0.0, 0.5])
    z = W1 @ x + b1
    JF = W2 @ np.diag(1.0 * (z > 0)) @ W1
    u = np.array([1.0, -2.0])
    return (
        dict(x=x, W1=W1, b1=b1, W2=W2, b2=b2, z=z, a=np.maximum(z, 0), F=W2 @ np.maximum(z, 0) + b2)
        | dict(y=residual(x, W1, b1, W2, b2), JF=JF, J=np.eye(2) + JF, wrong=1 + JF, u=u)
        | dict(through=u @ (np.eye(2) + JF), branch=u @ JF, half=residual(x, W1, b1, W2, b2, alpha=0.1))
        | dict(small=np.eye(2) + 0.1 * JF, silent=residual(x, W1, b1, 0 * W2, 0 * b2), L=50, doubled=2.0**50)
        | dict(kept=(1 + 1 / 50) ** 50, halves=0.9**50)
    )


@RESIDUAL.exercise
def a_hundred_small_branches():
    return number((1 + 0.1**2) ** 100, not_squared=(1 + 0.1) ** 100, no_factor=2.0**100)


@RESIDUAL.exercise
def paths_through_two_branches():
    chosen = [sum(path) for path in np.ndindex(*[2] * 12)]
    return number(chosen.count(2), in_order=12 * 11, all_paths=len(chosen), tolerance=1e-6)


@RESIDUAL.exercise
def last_layer_of_zeros():
    x, g = np.array([1.0, -2.0]), np.array([0.5, 1.0])
    W1, W2 = np.array([[1.0, 0.5], [-1.0, -1.0]]), np.zeros((2, 2))
    a = np.maximum(W1 @ x, 0)
    dW2, dW1 = np.outer(g, a), np.outer((W2.T @ g) * (W1 @ x > 0), x)
    return choice(
        neither=not dW2.any() and not dW1.any(), outer=dW2.any() and not dW1.any(), both=bool(dW2.any() and dW1.any())
    )


@RESIDUAL.cases
def cases(rng):
    def block(n, h, m):
        return {k: rng.standard_normal(s) for k, s in dict(W1=(h, n), b1=h, W2=(m, h), b2=m).items()}

    yield "one vector", dict(x=rng.standard_normal(4), **block(4, 6, 4))
    yield "a batch", dict(x=rng.standard_normal((2, 3, 4)), **block(4, 3, 4))
    yield "another width", dict(x=rng.standard_normal(4), **block(4, 5, 3), W_s=rng.standard_normal((3, 4)))
    yield "scaled", dict(x=rng.standard_normal(5), **block(5, 5, 5), alpha=0.1)
    yield "silent branch", dict(x=rng.standard_normal(3), **{**block(3, 4, 3), "b1": np.full(4, -50.0)})
    yield "zero last layer", dict(x=rng.standard_normal(3), **{**block(3, 4, 3), "W2": np.zeros((3, 4))})
    yield "many rows", dict(x=rng.standard_normal((200, 3)), **block(3, 3, 3))
    yield "square", dict(x=rng.standard_normal((4, 4)), **block(4, 4, 4), W_s=rng.standard_normal((4, 4)))


@RESIDUAL.invalid
def invalid(rng):
    n = dict(x=np.ones(4), W1=np.ones((5, 4)), b1=np.ones(5), W2=np.ones((4, 5)), b2=np.ones(4))
    yield "the width changes without a shortcut", {**n, "W2": np.ones((3, 5)), "b2": np.ones(3)}
    yield "inputs of another width", {**n, "x": np.ones(3)}
    yield "shortcut of another shape", {**n, "W_s": np.ones((3, 4))}


def keeping(rng, d, zero=False):
    """A branch that keeps the norm in the mean: variance 1/d, and 2/d behind the ReLU (He); or silent at first."""
    W1, W2 = rng.standard_normal((d, d)) / np.sqrt(d), rng.standard_normal((d, d)) * np.sqrt(2 / d)
    return dict(W1=W1, b1=np.zeros(d), W2=0 * W2 if zero else W2, b2=np.zeros(d))


def growth(block, rng, nets=6, L=50, d=64, **options):
    """Ratios of ‖x_{l+1}‖² to ‖x_l‖² along networks of L blocks; independent, for each block is isotropic."""
    ratios = []
    for _ in range(nets):
        x = rng.standard_normal(d)
        for _ in range(L):
            y = block(x, **keeping(rng, d), **options)
            ratios.append((y @ y) / (x @ x))
            x = y
    return np.array(ratios)


def clear_of_kinks(rng, d=6):
    """A block and a point at which no pre-activation is near 0, so that differences are derivatives; half are
    active."""
    weights = {k: rng.standard_normal(s) for k, s in dict(W1=(d, d), W2=(d, d), b2=d).items()}
    x = rng.standard_normal(d)
    sign = (-1.0) ** np.arange(d)
    return x, dict(weights, b1=sign * (2 + np.abs(weights["W1"] @ x)))


def jacobian(block, x, weights, h=2.0**-6, **options):
    steps = h * np.eye(x.size)
    return (block(x + steps, **weights, **options) - block(x - steps, **weights, **options)).T / (2 * h)


@RESIDUAL.claim
def jacobian_is_identity_plus(block, rng):
    r"""The Jacobian is $I+\alpha\,\partial F/\partial x$ where the shortcut is the identity"""
    x, w = clear_of_kinks(rng)
    slopes = w["W2"] @ np.diag(w["W1"] @ x + w["b1"] > 0) @ w["W1"]
    each = [
        roundoff(jacobian(block, x, w, alpha=a), np.eye(6) + a * slopes, terms=6, scale=2.0**12) for a in (1.0, 0.3)
    ]
    return all_of(*each)


@RESIDUAL.claim
def kink_has_two_slopes(block, rng):
    r"""Where a pre-activation is 0 there need be no Jacobian: $x+\alpha\operatorname{ReLU}(x)$ has the slopes 1 and $1+\alpha$
    at 0"""
    w = dict(W1=np.ones((1, 1)), b1=np.zeros(1), W2=np.ones((1, 1)), b2=np.zeros(1))
    left, right = (block(np.array([h]), **w, alpha=0.5)[0] / h for h in (-0.25, 0.25))
    return identical([left, right], [1.0, 1.5])


@RESIDUAL.claim
def not_one_in_every_entry(block, rng):
    """Adding 1 to every entry of ∂F/∂x is wrong: of 36 entries 30 are off by exactly 1"""
    x, w = clear_of_kinks(rng)
    slopes = w["W2"] @ np.diag(w["W1"] @ x + w["b1"] > 0) @ w["W1"]
    off = (slopes + 1) - jacobian(block, x, w)
    return roundoff(off, 1 - np.eye(6), terms=6, scale=2.0**12)


@RESIDUAL.claim
def zero_branch_is_the_identity(block, rng):
    """A silent branch leaves the input, or its shortcut, bit for bit: the identity is easy to represent"""
    x = rng.standard_normal((5, 16))
    deep = x
    for _ in range(50):
        deep = block(deep, **keeping(rng, 16, zero=True))
    S, weights = rng.standard_normal((3, 16)), keeping(rng, 16)
    narrow = dict(weights, W2=np.zeros((3, 16)), b2=np.zeros(3))
    return all_of(identical(deep, x), roundoff(block(x, **narrow, W_s=S), x @ S.T, terms=16))


@RESIDUAL.claim
def variance_doubles_in_every_block(block, rng):
    r"""A random branch that keeps the squared norm in the mean doubles it in the mean in every block: 50 blocks multiply
    $\|x\|^2$ by $2^{50}\approx10^{15}$"""
    ratios = growth(block, rng)
    total = np.log2(ratios.reshape(6, 50)).sum(1).mean()
    v = ratios.var() / 4  # relative spread of a ratio: its logarithm has the mean ln 2 − v/2 and the variance v
    expected, deviation = 50 - 50 * v / 2 / np.log(2), np.sqrt(50 * v / 6) / np.log(2)
    why = Text(
        "5 standard errors of 6 networks; the expected value is 50 less what the logarithm loses by the spread of the ratios",
        "6 个网络的 5 倍标准误；期望值为 50 减去比值离散带来的对数损失",
    )
    return all_of(statistical(ratios, 2.0), near(total, expected, 5 * deviation, why, "statistical"))


@RESIDUAL.claim
def a_branch_that_repeats_its_input(block, rng):
    """A branch that keeps the norm by repeating its input is not independent of it: two blocks multiply the squared norm
    by 16, not by 4"""
    x, shift = rng.integers(-9, 10, 6) * 1.0, np.full(6, 16.0)
    w = dict(W1=np.eye(6), b1=shift, W2=np.eye(6), b2=-shift)  # far to the right of the kinks
    return identical((block(block(x, **w), **w) ** 2).sum(), 16 * (x**2).sum())


@RESIDUAL.claim
def scaled_branches_keep_the_variance(block, rng):
    r"""First cure: $\alpha=1/\sqrt L$. In the mean each block multiplies by $1+\frac1L$, all of them by less than e"""
    ratios = growth(block, rng, alpha=1 / np.sqrt(50))
    return statistical(ratios, 1 + 1 / 50)  # independent, so that the mean of the product is (1 + 1/50)⁵⁰ < e


@RESIDUAL.claim
def zero_initialised_blocks_pass_gradients(block, rng):
    """Second cure: a last layer of zeros. The network begins as the identity, gradients included"""
    x = rng.standard_normal(8)

    def network(x, seed):
        weights = np.random.default_rng(seed)
        for _ in range(20):
            x = block(x, **keeping(weights, 8, zero=True))
        return x

    h = 2.0**-6
    J = (network(x + h * np.eye(8), 1) - network(x - h * np.eye(8), 1)) / (2 * h)
    return roundoff(J, np.eye(8), scale=2.0**8)


@RESIDUAL.claim
def normalised_branches_grow_linearly(block, rng):
    """Third cure: normalised branches. Each adds 1 to the variance, so that from 1 it grows to $L+1$, not to $2^L$"""
    sizes, d, L = [], 64, 30
    for _ in range(16):
        x = rng.standard_normal(d)
        x /= np.sqrt((x @ x) / d)
        for _ in range(L):
            w = keeping(rng, d)
            x = block(x, **{**w, "W1": w["W1"] / np.sqrt((x @ x) / d)})  # the norm divided out of the first layer
        sizes.append((x @ x) / d)
    return statistical(sizes, L + 1)


@RESIDUAL.claim
def sum_over_paths(block, rng):
    r"""Three blocks are a sum over $2^3$ paths: $\prod_l(I+A_l)=\sum_{S}\prod_{l\in S}A_l$ where the branches are
    linear"""
    x, blocks = rng.standard_normal(5), []
    for _ in range(3):
        W1, W2, shift = rng.standard_normal((5, 5)), rng.standard_normal((5, 5)), np.full(5, 1e3)
        blocks.append(dict(W1=W1, b1=shift, W2=W2, b2=-W2 @ shift))  # far to the right of the kink
    y = x
    for w in blocks:
        y = block(y, **w)
    paths = np.zeros(5)
    for chosen in np.ndindex(2, 2, 2):
        z = x
        for taken, w in zip(chosen, blocks, strict=True):
            z = w["W2"] @ w["W1"] @ z if taken else z
        paths = paths + z
    return roundoff(y, paths, terms=15, scale=1e3 * 50.0)


def with_batch_norm(block, rng, plain, L=40, d=128, n=128):
    """Growth of a small difference, ‖δ‖², through L blocks whose branch sees normalised inputs."""
    x = rng.standard_normal((n, d))
    z = x + 1e-7 * rng.standard_normal((n, d))
    before = np.square(z - x).sum()
    for _ in range(L):
        w, both = keeping(rng, d), []
        for u in (x, z):
            mean, deviation = u.mean(0), u.std(0)
            normed = {**w, "W1": w["W1"] / deviation, "b1": -w["W1"] @ (mean / deviation)}
            y = block(u, **normed)
            both.append(y - u if plain else y)
        x, z = both
    return np.square(z - x).sum() / before


@RESIDUAL.claim
def plain_batch_norm_explodes(block, rng):
    r"""Batch norm does not make random plain nets vanish but explode: in wide layers and large batches a small difference
    $\|\delta\|^2$, and with it in the mean the squared gradient, which passes the same Jacobians transposed, grows by
    $\pi/(\pi-1)\approx1.467$ a layer. With the shortcut it grows like a power of the depth only"""
    L, chi = 40, np.pi / (np.pi - 1)
    plain, ours = (np.log(with_batch_norm(block, rng, p, L)) for p in (True, False))
    # The mean of ReLU is taken out by the norm: each branch adds the variance 1/χ, and passes ‖δ‖² over the variance.
    theory = np.log(1 + 1 / (1 + np.arange(L) / chi)).sum()
    # Over seeds the logarithms scatter by 0.3 and 0.03; widths of 128 to 256 lie up to 2 % a layer off the mean field.
    why = Text(
        "mean field: 5 standard deviations over seeds, and 2 % for the finite width",
        "平均场理论：5 倍种子间标准差，外加有限宽度带来的 2 %",
    )
    rate = near(np.exp(plain / L), chi, chi * (5 * 0.3 / L + 0.02), why)
    return all_of(rate, near(ours, theory, 5 * 0.03 + 0.02 * theory, why))


@cache
def trained_on_digits(depth, shortcuts):
    """A network of `depth` layers with batch norm, trained on 8×8 digits: weights with the norms folded in."""
    import torch
    from torch import nn

    from gradus.data import load
    from gradus.networks.residual import Residual
    from gradus.training import fit

    def dense(n, m):
        layer = nn.Linear(n, m)
        nn.init.zeros_(layer.bias)
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        return layer

    def branch(d=32):
        return nn.Sequential(dense(d, d), nn.BatchNorm1d(d), nn.ReLU(), dense(d, d), nn.BatchNorm1d(d))

    data = load("digits")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        blocks = [
            nn.Sequential(Residual(b) if shortcuts else b, nn.ReLU()) for b in (branch() for _ in range(depth // 2 - 1))
        ]
        model = nn.Sequential(nn.Flatten(), dense(64, 32), nn.ReLU(), *blocks, dense(32, 10))
    optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)
    fit(
        model,
        nn.functional.cross_entropy,
        (data.train_inputs, data.train_targets),
        epochs=15,
        batch_size=64,
        optimizer=optimizer,
        schedule="warmup-cosine",
        progress="silent",
    )
    model.eval()
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm1d)]
    layers = [m for m in model.modules() if isinstance(m, nn.Linear)]
    folded = [(m.weight.detach().double().numpy(), m.bias.detach().double().numpy()) for m in layers]
    for k, norm in enumerate(norms, start=1):
        scale = (norm.weight / torch.sqrt(norm.running_var + norm.eps)).detach().double().numpy()
        shift = norm.bias.detach().double().numpy() - scale * norm.running_mean.double().numpy()
        folded[k] = (scale[:, None] * folded[k][0], scale * folded[k][1] + shift)
    return folded


def accuracy_on_digits(block, depth, shortcuts, part):
    """Accuracy of the trained network when the given block computes its blocks."""
    from gradus.data import load

    data = load("digits")
    images, labels = (
        (data.train_inputs, data.train_targets) if part == "train" else (data.test_inputs, data.test_targets)
    )
    (W, b), *inner, (V, c) = trained_on_digits(depth, shortcuts)
    x = np.maximum(images.reshape(len(images), -1).astype(float) @ W.T + b, 0)
    for (W1, b1), (W2, b2) in zip(inner[::2], inner[1::2], strict=True):
        y = block(x, W1, b1, W2, b2)
        x = np.maximum(y if shortcuts else y - x, 0)
    return float(((x @ V.T + c).argmax(-1) == labels).mean())


@RESIDUAL.claim(cost="slow")
def degradation_and_its_cure(block, rng):
    """Degradation and its cure, on digits: from depth 8 to 56 the plain network's training accuracy falls from over 95%
    to below 50%, the residual one's stays above 95%"""
    plain, ours = ([accuracy_on_digits(block, depth, s, "train") for depth in (8, 20, 32, 56)] for s in (False, True))
    test = accuracy_on_digits(block, 56, True, "test")
    said = Text(
        f"training accuracy at depth 8, 20, 32, 56: plain {', '.join(f'{a:.3f}' for a in plain)}; residual {', '.join(f'{a:.3f}' for a in ours)}",
        f"深度 8、20、32、56 的训练准确率：普通网络 {', '.join(f'{a:.3f}' for a in plain)}；残差网络 {', '.join(f'{a:.3f}' for a in ours)}",
    )
    yield metric(plain[0], 0.95, "≥", said)
    yield metric(plain[-1], 0.5, "≤", said)
    yield metric(min(ours), 0.95, "≥", said)
    yield metric(test, 0.92, "≥", said)


@RESIDUAL.mutant(
    caught_by="jacobian-is-identity-plus, zero-branch-is-the-identity, variance-doubles-in-every-block, "
    "plain-batch-norm-explodes, degradation-and-its-cure, zero-initialised-blocks-pass-gradients"
)
def no_shortcut(x, W1, b1, W2, b2, W_s=None, alpha=1.0):
    """no shortcut: the plain network"""
    return alpha * (np.maximum(x @ W1.T + b1, 0) @ W2.T + b2)


@RESIDUAL.mutant(
    caught_by="jacobian-is-identity-plus, not-one-in-every-entry, sum-over-paths, a-branch-that-repeats-its-input"
)
def plus_one(x, W1, b1, W2, b2, W_s=None, alpha=1.0):
    """+1 for +I: the sum of the inputs is added to every output"""
    return residual(x, W1, b1, W2, b2, np.ones((len(W2), x.shape[-1])), alpha)


@RESIDUAL.mutant(caught_by="scaled-branches-keep-the-variance, jacobian-is-identity-plus, kink-has-two-slopes")
def factor_ignored(x, W1, b1, W2, b2, W_s=None, alpha=1.0):
    """the factor of the branch is ignored"""
    return residual(x, W1, b1, W2, b2, W_s)


@RESIDUAL.mutant(
    caught_by="variance-doubles-in-every-block, normalised-branches-grow-linearly, sum-over-paths, "
    "zero-initialised-blocks-pass-gradients"
)
def input_twice(x, W1, b1, W2, b2, W_s=None, alpha=1.0):
    """the input is added twice"""
    S = np.eye(len(W2)) if W_s is None else W_s
    return residual(x, W1, b1, W2, b2, 2 * S, alpha)


@RESIDUAL.mutant(caught_by="zero-branch-is-the-identity, equals-definition")
def joins_before_the_activation(x, W1, b1, W2, b2, W_s=None, alpha=1.0):
    """the shortcut joins before the ReLU"""
    return np.maximum(residual(x, W1, b1, W2, b2, W_s, alpha), 0)


RESIDUAL.erratum(
    "E28",
    common="Residual connections solve the vanishing gradient (a common slip)",
    why="Plain networks with batch norm do not vanish: a small difference grows by π/(π−1) ≈ 1.467 a layer. And "
    "$x+F(x)$ by itself is no cure: with norm-keeping branches 50 blocks multiply the variance by "
    r"$2^{50}\approx10^{15}$.",
    right="It cures degradation, nearly: deeper networks train hardly worse. The variance needs normalisation, "
    r"$\alpha=1/\sqrt L$, or a last layer of zeros.",
    claims="plain-batch-norm-explodes, variance-doubles-in-every-block, degradation-and-its-cure",
)
RESIDUAL.erratum(
    "E29",
    common="Against vanishing gradients: residual connections, batch normalisation, the choice of activation (a common slip)",
    why="Batch norm alone makes it worse: without shortcuts the squared gradient grows exponentially with depth, "
    "about 1.467 a layer.",
    right="Normalisation together with shortcuts: then the growth is a power of the depth",
    claims="plain-batch-norm-explodes, normalised-branches-grow-linearly",
)
RESIDUAL.erratum(
    "E30",
    common=r"$\frac{\partial H}{\partial x}=\frac{\partial F}{\partial x}+1$ (a common slip)",
    why="True for numbers only. For vectors ∂F/∂x is a matrix, and adding 1 to every entry is off by 1 everywhere "
    "but on the diagonal.",
    right=r"$I+\frac{\partial F}{\partial x}$",
    claims="not-one-in-every-entry, jacobian-is-identity-plus",
)


@RESIDUAL.figure(
    depth=Slider(2, 60, 30, "number of blocks L", integer=True),
    alpha=Slider(0.05, 1.5, 0.5, "factor α of the branch", log=True),
)
def figure(depth, alpha):
    L, d = int(depth), 48
    curves = {}
    for name, options in [
        ("x + F(x)", dict()),
        ("x + αF(x)", dict(alpha=alpha)),
        ("x + F(x)/√L", dict(alpha=1 / np.sqrt(L))),
        ("F(x) alone", None),
    ]:
        rng, sizes = np.random.default_rng(1), []
        for _ in range(8):
            x = rng.standard_normal(d)
            path = [x @ x]
            for _ in range(L):
                w = keeping(rng, d)
                x = no_shortcut(x, **w) if options is None else residual(x, **w, **options)
                path.append(x @ x)
            sizes.append(np.array(path) / path[0])
        curves[name] = np.exp(np.log(np.array(sizes) + 1e-300).mean(0))
    fig, ax = canvas(width=6.4, height=3.4)
    for (name, y), colour in zip(curves.items(), (*COLOURS[1:3], COLOURS[0], COLOURS[6]), strict=True):
        ax.semilogy(y, color=colour, label=name)
    ax.semilogy(2.0 ** np.arange(L + 1), ":", color="#7F7F7F", label=r"$2^l$")
    ax.set(xlabel="block l", ylabel=r"$\|x_l\|^2/\|x_0\|^2$", title="geometric mean of 8 nets")
    ax.legend(frameon=False, fontsize=9.5)
    plain, own, scaled = (curves[k][-1] for k in ("x + F(x)", "x + αF(x)", "x + F(x)/√L"))
    words = Text(
        f"After {L} blocks with norm-keeping branches the squared norm is {plain:.3g} times what it was (2ᴸ = {2.0**L:.3g}); "
        f"with the factor α = {alpha:.3g} it is {own:.3g}, with 1/√L {scaled:.3g}.",
        f"残差分支保持范数时，经过 {L} 个残差块后范数平方变为原来的 {plain:.3g} 倍（2ᴸ = {2.0**L:.3g}）；系数 α = {alpha:.3g} 时为 {own:.3g} 倍，取 1/√L 时为 {scaled:.3g} 倍。",
    )
    return Drawing(fig, words)
