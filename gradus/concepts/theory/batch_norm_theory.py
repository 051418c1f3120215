"""Why batch normalisation works: weights whose length sets the step, a loss that grows smooth, and no matter of covariate shift."""

import functools

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

TINY = 1e-30  # an ε that no variance feels; PyTorch refuses 0


def _torch(loss_smoothness, x, y, W, V, steps, normed=True, noise=None):
    """A network of torch.nn, of which the hidden weights are trained."""
    import torch
    from torch import nn
    from torch.nn import functional as F

    from gradus.errors import GradusError

    if W.shape[1:] != (x.shape[1], x.shape[1]):
        raise GradusError(Text("expected square layers as wide as the inputs", "各层应为与输入同宽的方阵"))

    class Plus(nn.Module):
        def __init__(self, values):
            super().__init__()
            self.values = values

        def forward(self, z):
            return z + self.values

    d, parts = W.shape[-1], []
    for layer, A in enumerate(W):
        linear = nn.Linear(d, d, bias=False, dtype=A.dtype)
        linear.weight.data = A.clone()
        norm = nn.BatchNorm1d(d, TINY, affine=False, track_running_stats=False) if normed else nn.Identity()
        parts += [linear, norm, nn.Identity() if noise is None else Plus(noise[layer]), nn.ReLU()]
    last = nn.Linear(d, len(V), bias=False, dtype=V.dtype).requires_grad_(False)
    last.weight.data = V.clone()
    found = loss_smoothness(nn.Sequential(*parts, last), F.cross_entropy, (x, y), steps.tolist())
    loss, losses, distances, betas = (x.new_tensor(v) for v in (found.loss, found.losses, found.distances, found.betas))
    return loss, torch.stack(found.gradient), losses, distances, betas


BATCH_NORM_THEORY = Concept(
    key="batch-norm-theory",
    kind="theorem",
    title="Why batch normalization works",
    summary="Batch normalisation was meant to keep the distributions of hidden layers in place, but noise that shifts them behind it does not undo its gain. "
    "What it does is to make the loss blind to the length of the weights before it. The gradient is orthogonal to them and falls as they grow: a step that is too large lengthens them until it is "
    "small enough. The loss is not smoother from the start, and in a fresh deep net it is rougher.",
    formulas=(
        r"z_l=h_{l-1}W_l^{\mathsf T},\qquad \hat z_l=\frac{z_l-\mu_l}{\sigma_l},\qquad h_l=\max(\hat z_l+\nu_l,0),\quad h_0=x,\qquad f=h_LV^{\mathsf T},\qquad \ell=-\frac1n\sum_{i=1}^n\log\operatorname{softmax}(f_i)_{y_i}",
        r"g=\nabla_W\ell(W),\qquad d(\eta)=\lVert\nabla_W\ell(W-\eta g)-g\rVert,\qquad \beta(\eta)=\frac{d(\eta)}{\eta\lVert g\rVert}",
        r"t=1:\qquad \ell(aW)=\ell(W),\qquad \nabla_W\ell(aW)=\frac1a\nabla_W\ell(W),\qquad \beta(a^2\eta)\big\rvert_{aW}=\frac1{a^2}\,\beta(\eta)\big\rvert_W,\qquad a>0",
        r"t=1:\qquad \langle w,\nabla_w\ell\rangle=0,\qquad \lVert W-\eta g\rVert^2=\lVert W\rVert^2+\eta^2\lVert g\rVert^2",
    ),
    symbols=(
        Symbol("x", "x", "n d", "inputs, one row a sample"),
        Symbol("y", "y", "n", "classes", "index"),
        Symbol("W_l", "W", "l d d", "hidden weights, those that are trained"),
        Symbol("V", "V", "c d", "weights of the logits, held fixed"),
        Symbol(r"\eta", "steps", "k", "sizes of steps along the negative gradient", "positive"),
        Symbol(r"t", "normed", "", "1 where the hidden layers are normalised; at 0 $\\hat z_l=z_l$", "boolean"),
        Symbol(r"\nu_l", "noise", "l n d", "noise that is added behind the normalisation; none unless given"),
        Symbol(r"\mu_l,\ \sigma_l", "", "d", "mean and standard deviation of each unit over the batch"),
        Symbol("h_l,\\ L", "", "n d", "outputs of layer $l$, and the number of layers"),
        Symbol(r"\ell,\ g", "", "", "loss, and its gradient by all hidden weights"),
        Symbol("d,\\ \\beta", "", "k", "how far the gradient moves in a step, and per length of the step"),
        Symbol("w", "", "d", "a row of a $W_l$: the weights of one unit"),
        Symbol("a", "", "", "a factor"),
        Symbol("i", "", "", "a sample", "natural"),
    ),
    returns=(
        Result("loss", "", r"$\ell$"),
        Result("gradient", "l d d", "$g$"),
        Result("losses", "k", r"$\ell(W-\eta g)$"),
        Result("distances", "k", r"$d(\eta)$"),
        Result("betas", "k", r"$\beta(\eta)$; NaN where $g=0$"),
    ),
    needs=("batch-norm", "sharpness", "gradient-descent"),
    source="santurkar2018how",
    year=2018,
    people=(
        "Shibani Santurkar",
        "Dimitris Tsipras",
        "Andrew Ilyas",
        "Aleksander Mądry",
        "Sanjeev Arora",
        "Twan van Laarhoven",
        "Greg Yang",
    ),
    aliases="why batch norm works, internal covariate shift, effective learning rate, scale-invariant weights, beta-smoothness, auto rate-tuning, "
    "内部协变量偏移, 有效学习率, 尺度不变权重, β-光滑性",
    implementations=(Implementation("gradus.theory:loss_smoothness", "torch", _torch, "of any module and loss"),),
    readings="santurkar2018how §2, §3; ioffe2015batch §1; arora2019theoretical §2; yang2019mean §3; vanlaarhoven2017l2",
    hypotheses=(
        Hypothesis("the scale cancels: ε = 0 (beside the variance)", "a-large-epsilon"),
        Hypothesis("orthogonality: the layer is normalised, by its own batch", "without-it-the-length-counts"),
        Hypothesis(
            "the square of the length grows by $\\eta^2\\lVert g\\rVert^2$: plain descent, no weight decay",
            "decay-shortens-them",
        ),
    ),
    conventions=(
        Convention(
            "β-smoothness",
            "at each step size; Santurkar et al. plot the largest over a range",
            r"a bound for all pairs of points: $\lVert\nabla\ell(u)-\nabla\ell(v)\rVert\le\beta\lVert u-v\rVert$. With $\ell(aW)=\ell(W)$ there is none near $W=0$",
        ),
        Convention(
            "scale and shift behind the normalisation",
            "none: $\\gamma=1$, $\\beta=0$",
            "learnt, one of each a unit; the weights before them stay scale invariant",
        ),
    ),
    deviations="ε is $10^{-30}$ in place of 0, which PyTorch refuses.",
    unverified="That internal covariate shift, as a change of the layers' gradients, does not fall with batch normalisation (Santurkar et al., figure 3) is not measured here.",
    differentiable=False,
    carries_gradient=False,
    longest_sum=400,
)


@BATCH_NORM_THEORY.definition
def batch_norm_theory(x, y, W, V, steps, normed=True, noise=None):
    n = len(x)
    if W.shape[1:] != (x.shape[1], x.shape[1]) or V.shape[1] != x.shape[1] or len(y) != n or np.min(steps) <= 0:
        raise ValueError("square layers as wide as the inputs, a class for each sample, steps above 0")

    def loss_and_gradient(W):
        h, kept = x, []
        for layer, A in enumerate(W):
            z = h @ A.T
            sigma = np.sqrt(z.var(0) + 1e-30) if normed else np.ones(z.shape[1])
            z_hat = (z - z.mean(0)) / sigma if normed else z
            u = z_hat if noise is None else z_hat + noise[layer]
            kept.append((h, z_hat, sigma, u > 0))
            h = np.maximum(u, 0)
        f = h @ V.T
        f = f - f.max(1, keepdims=True)
        log_p = f - np.log(np.exp(f).sum(1, keepdims=True))
        delta = (np.exp(log_p) - (np.arange(len(V)) == y[:, None])) / n @ V
        g = np.zeros_like(W)
        for layer in reversed(range(len(W))):
            h, z_hat, sigma, positive = kept[layer]
            delta = delta * positive
            if normed:
                delta = (delta - delta.mean(0) - z_hat * (delta * z_hat).mean(0)) / sigma
            g[layer] = delta.T @ h
            delta = delta @ W[layer]
        return -log_p[np.arange(n), y].mean(), g

    loss, g = loss_and_gradient(W)
    ahead = [loss_and_gradient(W - eta * g) for eta in steps]
    distances = np.array([np.linalg.norm(moved - g) for _, moved in ahead])
    with np.errstate(invalid="ignore"):
        betas = distances / (steps * np.linalg.norm(g))
    return loss, g, np.array([value for value, _ in ahead]), distances, betas


@BATCH_NORM_THEORY.example
def example():
    x, y = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]), np.array([0, 1, 0, 1])
    W, V, steps = np.array([[[3.0, 4.0], [4.0, -3.0]]]), np.eye(2), np.array([1.0])
    loss, g, losses, _, betas = batch_norm_theory(x, y, W, V, steps)
    longer = batch_norm_theory(x, y, 2 * W, V, 4 * steps)
    plain = batch_norm_theory(x, y, W, V, steps, False)
    w, row = W[0, 0], g[0, 0]
    return (
        dict(x=x, y=y, W=W, V=V, steps=steps, w=w, z=x @ w, deviation=(x @ w).std(), hat=x @ w / (x @ w).std())
        | dict(loss=loss, g=row, products=w * row, inner=np.round(w @ row, 12), ahead=losses[0], beta=betas[0])
        | dict(length=w @ w, grown=w @ w + row @ row, moved=((w - row) ** 2).sum(), g_longer=longer[1][0, 0])
        | dict(ahead_longer=longer[2][0], beta_longer=longer[4][0], plain_inner=w @ plain[1][0, 0])
    )


@BATCH_NORM_THEORY.exercise
def length_after_a_step():
    return number(np.sqrt(10**2 + (0.5 * 6) ** 2), added=10 + 0.5 * 6, kept=10.0)


@BATCH_NORM_THEORY.exercise
def tripled_weights():
    x, y, W, V = small(np.random.default_rng(0), 12, 4, 2, 3)
    one, three = (batch_norm_theory(x, y, a * W, V, a * a * np.array([0.1]))[4][0] for a in (1.0, 3.0))
    return number(18 * three / one, as_the_gradient=6.0, unchanged=18.0)


@BATCH_NORM_THEORY.exercise
def weight_decay():
    x, y, W, V = small(np.random.default_rng(0), 12, 4, 2, 3)
    turned = []
    for a in (1.0, 0.5):
        g = batch_norm_theory(x, y, a * W, V, np.array([1.0]))[1]
        turned.append(np.linalg.norm(g[0, 0]) / np.linalg.norm(a * W[0, 0]))
    return choice(larger=turned[1] > 1.01 * turned[0], smaller=turned[1] < 0.99 * turned[0], the_loss=False)


def small(rng, n, d, layers, classes):
    """Data without a pattern, hidden weights by He's rule, and weights of the logits."""
    x, y = rng.standard_normal((n, d)), rng.integers(0, classes, n)
    return x, y, rng.standard_normal((layers, d, d)) * np.sqrt(2 / d), rng.standard_normal((classes, d))


@BATCH_NORM_THEORY.cases
def cases(rng):
    def case(n, d, layers, classes, steps, **given):
        x, y, W, V = small(rng, n, d, layers, classes)
        return dict(x=x, y=y, W=W, V=V, steps=np.array(steps), **given)

    yield "one layer", case(9, 3, 1, 3, [1.0])
    yield "three layers, several steps", case(14, 4, 3, 2, [0.3, 1.0, 3.0])
    yield "without normalisation", case(12, 3, 2, 4, [0.2, 0.5], normed=False)
    yield "with noise", case(10, 3, 2, 3, [1.0], noise=rng.standard_normal((2, 10, 3)))
    yield "noise without normalisation", case(8, 4, 2, 3, [0.4], normed=False, noise=rng.standard_normal((2, 8, 4)))
    many = case(150, 2, 1, 2, [2.0])
    yield "many samples", dict(many, y=(many["x"][:, 0] > 0).astype(int))
    yield "many classes", case(12, 3, 1, 30, [1.0])
    yield "as many samples as units and classes", case(5, 5, 2, 5, [1.0])
    x, y, W, V = small(rng, 10, 3, 2, 3)
    yield "long weights", dict(x=x, y=y, W=50 * W, V=V, steps=np.array([2500.0]))


@BATCH_NORM_THEORY.invalid
def invalid(rng):
    x, y, W, V = small(rng, 6, 3, 2, 2)
    yield "layers that do not fit", dict(x=x, y=y, W=W[:, :, :2], V=V, steps=np.ones(1))
    yield "a step of 0", dict(x=x, y=y, W=W, V=V, steps=np.array([0.1, 0.0]))
    yield "fewer labels than points", dict(x=x, y=y[:4], W=W, V=V, steps=np.ones(1))


@BATCH_NORM_THEORY.claim
def a_step_of_descent_meets_it(f, rng):
    r"""What is measured ahead is what a step of descent meets: $\ell(W-\eta g)$ and the gradient there, with normalisation and without"""
    x, y, W, V = small(rng, 20, 4, 2, 3)
    steps = np.array([0.05, 0.4])
    for normed in (True, False):
        loss, g, losses, distances, betas = f(x, y, W, V, steps, normed)
        for k, eta in enumerate(steps):
            there = f(x, y, W - eta * g, V, steps, normed)
            yield roundoff(losses[k], there[0], terms=400)
            yield roundoff(distances[k], np.linalg.norm(there[1] - g), terms=400)
        yield roundoff(betas * steps * np.linalg.norm(g), distances, terms=400)
        yield bound(abs(losses[1] - loss), 1e-4, "≥", Text("a step changes the loss", "一步会改变损失"))


@BATCH_NORM_THEORY.claim
def the_gradient_is_the_losss(f, rng):
    r"""The slope of the loss along any direction E is $\langle g,E\rangle$, the statistics' dependence on the weights included: central differences agree"""
    x, y, W, V = small(rng, 20, 4, 2, 3)
    E, h, one = rng.standard_normal(W.shape), 1e-6, np.ones(1)
    E = E / np.linalg.norm(E)
    for normed in (True, False):
        g = f(x, y, W, V, one, normed)[1]
        slope = (f(x, y, W + h * E, V, one, normed)[0] - f(x, y, W - h * E, V, one, normed)[0]) / (2 * h)
        why = Text(
            "differences over 1e-6: their rounding, and a kink of a ReLU within",
            "步长 1e-6 的差分：舍入，以及其间 ReLU 的折点",
        )
        yield near(slope, (g * E).sum(), 1e-6 * np.linalg.norm(g), why)
        yield bound(np.linalg.norm(g), 1e-3, "≥", Text("a gradient there is", "梯度确实存在"))


@BATCH_NORM_THEORY.claim
def long_weights_make_a_smooth_loss(f, rng):
    r"""With normalisation and all hidden weights a times as large the loss is the same, the gradient $\frac1a$ and, for steps $a^2$ times as large, the losses ahead are the same and β is
    $\frac1{a^2}$ of what it was: a = 3 and ¼"""
    x, y, W, V = small(rng, 24, 4, 3, 3)
    steps = np.array([0.1, 1.0])
    loss, g, losses, distances, betas = f(x, y, W, V, steps)
    yield bound(np.linalg.norm(g), 1e-3, "≥", Text("a gradient there is", "梯度确实存在"))
    for a in (3.0, 0.25):
        there = f(x, y, a * W, V, a * a * steps)
        yield roundoff(there[0], loss, terms=400)
        yield roundoff(a * there[1], g, terms=4000)
        yield roundoff(there[2], losses, terms=4000)
        yield roundoff(a * there[3], distances, terms=4000)
        yield roundoff(a * a * there[4], betas, terms=4000)


@BATCH_NORM_THEORY.claim
def the_gradient_is_orthogonal(f, rng):
    r"""Behind each unit's weights w stands a normalisation, so $\langle w,\nabla_w\ell\rangle=0$, row by row; a step of descent lengthens them: $\lVert W\rVert^2$ grows by $\eta^2\lVert g\rVert^2$"""
    x, y, W, V = small(rng, 24, 4, 3, 3)
    for noise in (None, rng.standard_normal((3, 24, 4))):
        g = f(x, y, W, V, np.ones(1), True, noise)[1]
        yield roundoff((W * g).sum(2), np.zeros((3, 4)), terms=400, scale=np.abs(W).max() * np.abs(g).max())
        for eta in (0.1, 2.0):
            grown = ((W - eta * g) ** 2).sum() - (W**2).sum()
            yield roundoff(grown, eta**2 * (g**2).sum(), terms=400, scale=(W**2).sum())
        yield bound(np.linalg.norm(g), 1e-3, "≥", Text("a gradient there is", "梯度确实存在"))


@BATCH_NORM_THEORY.claim
def without_it_the_length_counts(f, rng):
    r"""Without normalisation and noise $\langle W_l,\nabla_{W_l}\ell\rangle$ is the same number for every layer, as the logits are homogeneous of degree 1 in each, and it is the loss's slope by the logarithm of the length of one layer's weights"""
    x, y, W, V = small(rng, 24, 10, 3, 3)
    _, g, *_ = f(x, y, W, V, np.ones(1), False)
    inner = (W * g).sum((1, 2))
    yield roundoff(inner, np.full(3, inner[0]), terms=400, scale=np.linalg.norm(W) * np.linalg.norm(g))
    h = 1e-5
    one = np.array([1.0, 0.0, 0.0])[:, None, None]  # the first layer alone
    ends = [f(x, y, (1 + s * h * one) * W, V, np.ones(1), False)[0] for s in (1, -1)]
    slope = (ends[0] - ends[1]) / (2 * h)
    yield near(
        slope, inner[0], 1e-6 * np.linalg.norm(W) * np.linalg.norm(g), Text("differences over 1e-5", "步长 1e-5 的差分")
    )
    yield bound(abs(inner[0]), 1e-3, "≥", Text("far above rounding", "远大于舍入"))


@functools.cache
def digits():
    """The digits along their first 16 principal directions, of mean square 1."""
    from sklearn.datasets import load_digits

    X, Y = load_digits(return_X_y=True)
    X = X - X.mean(0)
    U, S, _ = np.linalg.svd(X, full_matrices=False)
    X = U[:, :16] * S[:16]
    return X / X.std(), Y


def drawn(rng, n, layers):
    """Some of the digits, hidden weights by He's rule, and weights of the logits."""
    X, Y = digits()
    rows = rng.permutation(len(X))[:n]
    return (
        X[rows],
        Y[rows],
        rng.standard_normal((layers, 16, 16)) * np.sqrt(1 / 8),
        0.75 * rng.standard_normal((10, 16)),
    )


def shifting(rng, shape, size):
    """Noise of which every unit has its own mean and deviation, drawn anew at each step."""
    layers, _, d = shape
    return size * (rng.standard_normal((layers, 1, d)) + rng.random((layers, 1, d)) * rng.standard_normal(shape))


def trained(f, rng, x, y, W, V, step, count, normed, size=0.0):
    """The losses while descent goes, until it is lost; β at the step 0.01 on the way; and the weights at the end."""
    losses, betas = [], []
    for _ in range(count):
        noise = shifting(rng, (len(W), len(x), W.shape[1]), size) if size else None
        loss, g, _, _, beta = f(x, y, W, V, np.array([0.01]), normed, noise)
        losses.append(float(loss))
        betas.append(float(beta[0]))
        if not loss < 50:
            break
        W = W - step * g
    if losses[-1] < 50:
        losses.append(float(f(x, y, W, V, np.array([0.01]), normed)[0]))  # without noise
    return losses, betas, W


@BATCH_NORM_THEORY.claim
def noise_behind_it_does_not_undo_it(f, rng):
    """On 128 digits (their first 16 principal components), four layers of 16 units by He's rule, 30 steps of size 10: without normalisation the loss ends at 2 or more (log 10 is 2.3: it answers nothing; or it is lost above 50), with it at 1 or less, and at 1.5 or less
    with noise behind every normalisation in training, for each unit and each step of another mean, drawn with deviation ½, and another deviation, drawn between 0 and ½; all are measured without noise at the end"""
    x, y, W, V = drawn(rng, 128, 4)
    ways = ((False, 0.0), (True, 0.0), (True, 0.5))
    plain, normed, noisy = (trained(f, rng, x, y, W, V, 10.0, 30, *way)[0][-1] for way in ways)
    why = Text("stated beforehand", "事先设定")
    yield bound(plain, 2.0, "≥", why)
    yield bound(normed, 1.0, "≤", why)
    yield bound(noisy, 1.5, "≤", why)


@BATCH_NORM_THEORY.claim
def many_steps_work(f, rng):
    """In the same net, after 30 steps: with normalisation the loss is at 1.2 or less for the sizes 1, 10 and 100; without it a small step trains, too, to 1.6 or less at the size 0.3 in the median of three nets, and 10 fails, at 2 or more or above 50"""
    x, y, W, V = drawn(rng, 128, 4)
    why = Text("stated beforehand", "事先设定")
    for step in (1.0, 10.0, 100.0):
        yield bound(trained(f, rng, x, y, W, V, step, 30, True)[0][-1], 1.2, "≤", why)
    nets = ((x, y, W, V), drawn(rng, 128, 4), drawn(rng, 128, 4))
    small_steps = [trained(f, rng, *net, 0.3, 30, False)[0][-1] for net in nets]
    yield bound(np.median(small_steps), 1.6, "≤", why)
    yield bound(trained(f, rng, x, y, W, V, 10.0, 30, False)[0][-1], 2.0, "≥", why)


@BATCH_NORM_THEORY.claim
def too_large_a_step_makes_itself_small(f, rng):
    """In the same net steps of size 100 do not lose it: after 30 the loss is at 1.2 or less, the weights are ten times as long or more, and β at the step 0.01, in the median of the last ten, is a fiftieth of what it was, or less"""
    x, y, W, V = drawn(rng, 128, 4)
    losses, betas, after = trained(f, rng, x, y, W, V, 100.0, 30, True)
    why = Text("stated beforehand", "事先设定")
    yield bound(losses[-1], 1.2, "≤", why)
    yield bound(np.linalg.norm(after) / np.linalg.norm(W), 10.0, "≥", why)
    yield bound(
        np.median(betas[-10:]) / betas[0],
        0.02,
        "≤",
        Text("about one over the square of their length", "约为其长度平方的倒数"),
    )


@BATCH_NORM_THEORY.claim
def in_depth_it_is_rougher_at_the_start(f, rng):
    """By itself the loss is not smoother: in fresh nets of 16 layers of 16 units by He's rule, on 64 digits, β at the step 10⁻³ is twice as large or more with normalisation, in the median of five"""
    ratios = []
    for _ in range(5):
        x, y, W, V = drawn(rng, 64, 16)
        with_it, without = (f(x, y, W, V, np.array([1e-3]), normed)[4][0] for normed in (True, False))
        ratios.append(with_it / without)
    return bound(np.median(ratios), 2.0, "≥", Text("stated beforehand", "事先设定"))


@BATCH_NORM_THEORY.claim
def decay_shortens_them(f, rng):
    r"""Before a normalisation weight decay λ is no penalty on what the net computes: it multiplies the weights by $1-\eta\lambda$, here 0.8. The loss stays, and a step turns the shorter weights further: $\lVert g\rVert/\lVert W\rVert$ is $\frac1{(1-\eta\lambda)^2}$ times what it was"""
    x, y, W, V = small(rng, 24, 4, 2, 3)
    one = np.ones(1)
    before, after = (f(x, y, a * W, V, one) for a in (1.0, 0.8))
    yield roundoff(after[0], before[0], terms=400)
    turned = [np.linalg.norm(r[1]) / (a * np.linalg.norm(W)) for r, a in ((before, 1.0), (after, 0.8))]
    yield roundoff(turned[1] / turned[0], 1 / 0.64, terms=4000)


def changed(found, **given):
    """The definition's results, some of them replaced."""
    names = ("loss", "gradient", "losses", "distances", "betas")
    return tuple(given.get(name, value) for name, value in zip(names, found, strict=True))


def with_slope(loss_and_gradient, W, steps):
    """The five results from a function to loss and gradient."""
    loss, g = loss_and_gradient(W)
    ahead = [loss_and_gradient(W - eta * g) for eta in steps]
    distances = np.array([np.linalg.norm(moved - g) for _, moved in ahead])
    return loss, g, np.array([value for value, _ in ahead]), distances, distances / (steps * np.linalg.norm(g))


def passed(x, y, W, V, normed, noise, eps=1e-30, through=True, first=False):
    """Loss and gradient, with ε, without the statistics' gradient, or with the noise in front of the normalisation."""
    n, h, kept = len(x), x, []
    for layer, A in enumerate(W):
        z = h @ A.T + (noise[layer] if first and noise is not None else 0)
        sigma = np.sqrt(z.var(0) + eps) if normed else np.ones(z.shape[1])
        z_hat = (z - z.mean(0)) / sigma if normed else z
        u = z_hat + (noise[layer] if not first and noise is not None else 0)
        kept.append((h, z_hat, sigma, u > 0))
        h = np.maximum(u, 0)
    f = h @ V.T
    f = f - f.max(1, keepdims=True)
    log_p = f - np.log(np.exp(f).sum(1, keepdims=True))
    delta, g = (np.exp(log_p) - (np.arange(len(V)) == y[:, None])) / n @ V, np.zeros_like(W)
    for layer in reversed(range(len(W))):
        h, z_hat, sigma, positive = kept[layer]
        delta = delta * positive / sigma
        if normed and through:
            delta = delta - delta.mean(0) - z_hat * (delta * z_hat).mean(0)
        g[layer] = delta.T @ h
        delta = delta @ W[layer]
    return -log_p[np.arange(n), y].mean(), g


@BATCH_NORM_THEORY.mutant(caught_by="long-weights-make-a-smooth-loss, the-gradient-is-orthogonal, decay-shortens-them")
def a_large_epsilon(x, y, W, V, steps, normed=True, noise=None):
    """ε = 0.1 beside the variance"""
    return with_slope(lambda W: passed(x, y, W, V, normed, noise, eps=0.1), W, steps)


@BATCH_NORM_THEORY.mutant(caught_by="the-gradient-is-orthogonal, the-gradient-is-the-losss")
def statistics_held_constant(x, y, W, V, steps, normed=True, noise=None):
    """no gradient flows through mean and deviation"""
    return with_slope(lambda W: passed(x, y, W, V, normed, noise, through=False), W, steps)


@BATCH_NORM_THEORY.mutant(caught_by="equals-definition")
def noise_in_front(x, y, W, V, steps, normed=True, noise=None):
    """the noise stands in front of the normalisation, which removes most of it"""
    return with_slope(lambda W: passed(x, y, W, V, normed, noise, first=True), W, steps)


@BATCH_NORM_THEORY.mutant(
    caught_by="long-weights-make-a-smooth-loss, the-gradient-is-orthogonal, noise-behind-it-does-not-undo-it, too-large-a-step-makes-itself-small, in-depth-it-is-rougher-at-the-start, decay-shortens-them"
)
def never_normalised(x, y, W, V, steps, normed=True, noise=None):
    """no layer is normalised"""
    return batch_norm_theory(x, y, W, V, steps, False, noise)


@BATCH_NORM_THEORY.mutant(
    caught_by="without-it-the-length-counts, noise-behind-it-does-not-undo-it, many-steps-work, in-depth-it-is-rougher-at-the-start"
)
def always_normalised(x, y, W, V, steps, normed=True, noise=None):
    """every layer is normalised, also where it should not be"""
    return batch_norm_theory(x, y, W, V, steps, True, noise)


@BATCH_NORM_THEORY.mutant(caught_by="a-step-of-descent-meets-it, long-weights-make-a-smooth-loss")
def divided_by_the_step_alone(x, y, W, V, steps, normed=True, noise=None):
    """β is the distance over η, not over the length η‖g‖ of the step"""
    found = batch_norm_theory(x, y, W, V, steps, normed, noise)
    return changed(found, betas=found[3] / steps)


@BATCH_NORM_THEORY.mutant(caught_by="a-step-of-descent-meets-it")
def uphill(x, y, W, V, steps, normed=True, noise=None):
    """the steps lead along the gradient, uphill"""
    loss, g = passed(x, y, W, V, normed, noise)
    there = [passed(x, y, W + eta * g, V, normed, noise) for eta in steps]
    distances = np.array([np.linalg.norm(moved - g) for _, moved in there])
    return loss, g, np.array([v for v, _ in there]), distances, distances / (steps * np.linalg.norm(g))


@BATCH_NORM_THEORY.mutant(caught_by="a-step-of-descent-meets-it, long-weights-make-a-smooth-loss")
def unit_steps(x, y, W, V, steps, normed=True, noise=None):
    """steps of length η, whatever the gradient's length"""
    loss, g = passed(x, y, W, V, normed, noise)
    return changed(batch_norm_theory(x, y, W, V, steps / np.linalg.norm(g), normed, noise), loss=loss)


@BATCH_NORM_THEORY.mutant(caught_by="a-step-of-descent-meets-it")
def differences_of_lengths(x, y, W, V, steps, normed=True, noise=None):
    """how much longer the gradient has become, not how far it has moved"""
    found = batch_norm_theory(x, y, W, V, steps, normed, noise)
    lengths = np.array([np.linalg.norm(passed(x, y, W - eta * found[1], V, normed, noise)[1]) for eta in steps])
    distances = np.abs(lengths - np.linalg.norm(found[1]))
    return changed(found, distances=distances, betas=distances / (steps * np.linalg.norm(found[1])))


BATCH_NORM_THEORY.erratum(
    "E282",
    common="Batch normalisation makes the loss smoother: a smaller β, at the weights where one stands (a common summary of Santurkar et al.)",
    why="β depends on the length of the weights, which batch normalisation makes irrelevant: at weights ten times as long, and steps a hundred times as large, it is a hundredth, and the net is the same. In fresh nets of 16 layers by He's rule, on digits, it is twice as large and more with normalisation than without.",
    right="With batch normalisation β adapts to the step: where the step is too large, descent lengthens the weights and the loss becomes smooth enough for it",
    claims="long-weights-make-a-smooth-loss, in-depth-it-is-rougher-at-the-start, too-large-a-step-makes-itself-small",
)


BATCH_NORM_THEORY.erratum(
    "E283",
    common="Batch normalisation helps because it keeps the distributions of each layer's inputs from shifting (the reason given in 2015)",
    why="Noise behind every normalisation, whose mean and deviation jump at each step, shifts these distributions at every step; the net still trains at a step at which the net without normalisation fails.",
    right="What can be shown is that the scale of the weights cancels: the gradient is orthogonal to them, and shrinks as they grow",
    claims="noise-behind-it-does-not-undo-it, the-gradient-is-orthogonal, too-large-a-step-makes-itself-small",
)


@BATCH_NORM_THEORY.figure(
    step=Slider(0.03, 100.0, 10.0, "step size η", log=True), size=Slider(0.0, 1.0, 0.5, "size of the noise")
)
def figure(step, size):
    step, size, count = float(step), float(size), 30
    rng = np.random.default_rng(4)
    x, y, W, V = drawn(rng, 128, 4)
    with np.errstate(all="ignore"):
        plain, normed, noisy = (
            trained(batch_norm_theory, np.random.default_rng(1), x, y, W, V, step, count, n, s)[0]
            for n, s in ((False, 0.0), (True, 0.0), (True, size))
        )
    at, betas, lengths = W, [], []
    for _ in range(count + 1):
        _, g, _, _, beta = batch_norm_theory(x, y, at, V, np.array([0.1]))
        betas.append(beta[0])
        lengths.append(np.linalg.norm(at) / np.linalg.norm(W))
        at = at - step * g
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    for losses, name, colour, style in (
        (plain, "without", COLOURS[6], ":"),
        (normed, "batch norm", COLOURS[0], "-"),
        (noisy, "batch norm and noise", COLOURS[1], "--"),
    ):
        left.plot(losses, color=colour, lw=2.0, ls=style, label=name)
    left.set(xlabel="steps", ylabel="loss", ylim=(0, 6.5))
    left.legend(frameon=False, fontsize=9.5)
    right.semilogy(betas, color=COLOURS[0], lw=2.0, label="β at 0.1")
    right.semilogy(lengths, color=COLOURS[2], lw=2.0, ls="--", label="length of the weights")
    right.set(xlabel="steps", ylabel="with batch norm", ylim=(0.6 * min(betas), 8 * max(*betas, *lengths)))
    right.legend(frameon=False, fontsize=9.5, loc="upper right")
    end = f"is {plain[-1]:.2f}" if plain[-1] < 50 else "is above 50"
    ende = f"为 {plain[-1]:.2f}" if plain[-1] < 50 else "超过 50"
    words = Text(
        f"Digits, four layers, step {step:.3g}. After {count} steps the loss {end} without normalisation, {normed[-1]:.2f} with batch norm, and {noisy[-1]:.2f} with noise of size {size:.2g} behind it in training (the last point is without the noise). With batch norm the weights grow to "
        f"{lengths[-1]:.3g} times their length, and β at the step 0.1 goes from {betas[0]:.3g} to {betas[-1]:.2g}.",
        f"手写数字，四层，步长 {step:.3g}。{count} 步之后，没有归一化时损失{ende}，有批归一化时为 {normed[-1]:.2f}，训练时在其后加大小为 {size:.2g} 的噪声时为 {noisy[-1]:.2f}（最后一点不加噪声）。有批归一化时，权重长度增至原来的 "
        f"{lengths[-1]:.3g} 倍，步长 0.1 处的 β 从 {betas[0]:.3g} 变为 {betas[-1]:.2g}。",
    )
    return Drawing(fig, words)
