"""Batch normalisation."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import canvas

TINY = 1e-30  # an ε that no variance feels; PyTorch refuses 0


def _torch(batch_norm, x, gamma, beta, mean, variance, training, momentum, eps):
    mean, variance = mean.detach().clone(), variance.detach().clone()  # written into
    y = batch_norm(x, mean, variance, gamma, beta, training, momentum, eps)
    return y, mean, variance


BATCH_NORM = Concept(
    key="batch-norm",
    kind="layer",
    title="Batch normalisation",
    summary="Each channel is shifted and scaled so that over the batch it has mean β and, but for ε, deviation |γ|. The "
    "scale of the weights before it no longer matters, and far larger steps are stable; but each output depends on the "
    "whole batch, training and evaluation differ, and in a fresh ReLU net without shortcuts gradients explode with depth.",
    formulas=(
        r"\mu_c=\frac1{nl}\sum_{i=1}^{n}\sum_{k=1}^{l}x_{ick},\qquad\sigma_c^2=\frac1{nl}\sum_{i=1}^{n}\sum_{k=1}^{l}(x_{ick}-\mu_c)^2",
        r"\hat x_{ick}=\frac{x_{ick}-\mu_c}{\sqrt{\sigma_c^2+\varepsilon}},\qquad y_{ick}=\gamma_c\hat x_{ick}+\beta_c",
        r"\bar\mu\leftarrow(1-m)\,\bar\mu+m\,\mu,\qquad\bar\sigma^2\leftarrow(1-m)\,\bar\sigma^2+m\,\frac{nl}{nl-1}\,\sigma^2",
        r"t=0:\qquad y_{ick}=\gamma_c\,\frac{x_{ick}-\bar\mu_c}{\sqrt{\bar\sigma_c^2+\varepsilon}}+\beta_c",
        r"t=1:\qquad\frac{\partial\ell}{\partial x_{ick}}=\frac{\gamma_c}{\sqrt{\sigma_c^2+\varepsilon}}\Bigl(g_{ick}-\frac1{nl}\sum_{i'k'}g_{i'ck'}-\frac{\hat x_{ick}}{nl}\sum_{i'k'}g_{i'ck'}\hat x_{i'ck'}\Bigr),\qquad g=\frac{\partial\ell}{\partial y}",
    ),
    symbols=(
        Symbol("x", "x", "n c l", "inputs: samples, channels, places (pixels in a row; one in a dense layer)"),
        Symbol(r"\gamma", "gamma", "c", "learnt scale, one a channel"),
        Symbol(r"\beta", "beta", "c", "learnt shift, one a channel"),
        Symbol(r"\bar\mu", "mean", "c", "running mean"),
        Symbol(r"\bar\sigma^2", "variance", "c", "running variance", "nonnegative"),
        Symbol(
            "t", "training", "", "1 in training: by the batch; 0 in evaluation: by the running statistics", "boolean"
        ),
        Symbol("m", "momentum", "", "weight of the new batch in the running statistics", "unit"),
        Symbol(r"\varepsilon", "eps", "", "added to the variance", "positive"),
        Symbol(r"\mu,\ \sigma^2", "", "c", "mean and population variance of the batch"),
        Symbol(r"\hat x", "", "n c l", "normalised inputs"),
        Symbol("y", "", "n c l", "outputs"),
        Symbol(r"\ell,\ g", "", "", "loss, and its gradient by the outputs"),
        Symbol("n,\\ l", "", "", "numbers of samples and of places; nl ≥ 2 in training", "natural"),
        Symbol("i,\\ c,\\ k", "", "", "indices of samples, channels and places, from 1"),
    ),
    returns=(
        Result("y", "n c l", "outputs"),
        Result("new_mean", "c", "running mean afterwards"),
        Result("new_variance", "c", "running variance afterwards"),
    ),
    needs=("residual", "initialization", "computed-variance"),
    source="ioffe2015batch",
    year=2015,
    people=("Sergey Ioffe", "Christian Szegedy"),
    aliases="batch normalization, BN, BatchNorm, BatchNorm2d, running statistics, normalization layer, "
    "归一化, 归一化层, 批量归一化, 批标准化, 批规范化, 批量规范化",
    implementations=(Implementation("torch.nn.functional:batch_norm", "torch", _torch),),
    readings="ioffe2015batch §3; santurkar2018how §3; arora2019theoretical §3; yang2019mean §3",
    hypotheses=(
        Hypothesis("the scale of the weights cancels: ε = 0 (beside the variance)", "scale-of-the-weights-cancels"),
        Hypothesis("the scale of the weights cancels: a > 0", "a-negative-factor-turns-the-sign"),
        Hypothesis("statistics of the batch: training, not evaluation", "evaluation-looks-at-no-neighbour"),
    ),
    conventions=(
        Convention(
            "what momentum weighs",
            "the new batch, 0.1 unless given, as in PyTorch",
            "the old average in Keras and Flax (0.99) and in ONNX (0.9): 1 minus this one",
        ),
        Convention(
            "which variance the running average takes",
            "the unbiased one, over nl − 1, as in the paper and in PyTorch; the batch itself is divided by the population's",
            "the population's, over nl, in Keras 3, Flax and ONNX: an evaluation under the other convention is off by "
            r"$\sqrt{nl/(nl-1)}$",
        ),
        Convention("ε", "1e-5, as in PyTorch, Flax and ONNX", "1e-3 in Keras"),
    ),
    deviations="PyTorch passes no gradient through the running statistics; in the definition they are functions of x like any "
    "other.",
    unverified="Why it helps is debated: the paper's reason (internal covariate shift) was not confirmed by Santurkar et al. "
    "(2018), who find a smoother loss instead.",
    differentiable=False,  # the running statistics carry no gradient; the outputs' is a claim of its own
    nonfinite="nan",
)


@BATCH_NORM.definition
def batch_norm(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    count = x.shape[0] * x.shape[2]
    if training:
        if count < 2:
            raise ValueError("one value a channel has no variance")
        mu = x.mean((0, 2))
        sigma2 = ((x - mu[:, None]) ** 2).mean((0, 2))
        mean = (1 - momentum) * mean + momentum * mu
        variance = (1 - momentum) * variance + momentum * count / (count - 1) * sigma2
    else:
        mu, sigma2 = mean, variance
    x_hat = (x - mu[:, None]) / np.sqrt(sigma2 + eps)[:, None]
    return gamma[:, None] * x_hat + beta[:, None], mean, variance


@BATCH_NORM.example
def example():
    values = np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0])
    x, gamma, beta = values[:, None, None], np.array([3.0]), np.array([1.0])
    mean, variance = np.zeros(1), np.ones(1)
    y, new_mean, new_variance = batch_norm(x, gamma, beta, mean, variance)
    hat = batch_norm(x, np.ones(1), np.zeros(1), mean, variance)[0]
    tested = batch_norm(x, gamma, beta, new_mean, new_variance, training=False)[0]
    g = np.zeros(8)
    g[6] = 1.0  # the loss is the output of the seventh sample
    h = hat.ravel()
    dx = gamma[0] / np.sqrt(values.var() + 1e-5) * (g - g.mean() - h * (g * h).mean())
    return (
        dict(x=x, gamma=gamma, beta=beta, mean=mean, variance=variance, values=values, mu=values.mean())
        | dict(s2=values.var(), unbiased=values.var(ddof=1), hat=h, y=y.ravel(), new_mean=new_mean[0])
        | dict(new_variance=new_variance[0], last=y[-1, 0, 0], tested=tested[-1, 0, 0], dx=dx)
        | dict(alone=gamma[0] / values.std())
    )


@BATCH_NORM.exercise
def a_batch_of_two():
    pairs = [(3.0, 8.0), (-1.0, 5.0), (100.0, 101.0)]
    ones = [
        batch_norm(np.array(p)[:, None, None], np.ones(1), np.zeros(1), np.zeros(1), np.ones(1), eps=TINY)[0].ravel()
        for p in pairs
    ]
    same = all(np.allclose(o, [-1, 1]) for o in ones)
    return choice(signs=same, distance=not same, zeros=not np.any(ones))


@BATCH_NORM.exercise
def after_one_step():
    new, old, n = 6.0, 1.0, 4
    unbiased = new * n / (n - 1)
    return number(0.9 * old + 0.1 * unbiased, population=0.9 * old + 0.1 * new, turned_round=0.1 * old + 0.9 * unbiased)


@BATCH_NORM.exercise
def tenfold_weights():
    gradient, length = 1 / 10, 10
    return number(gradient / length, gradient_alone=gradient, nothing_changes=1.0)


def fresh(c):
    """Scale 1, shift 0, running statistics as at the start."""
    return dict(gamma=np.ones(c), beta=np.zeros(c), mean=np.zeros(c), variance=np.ones(c))


@BATCH_NORM.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    def layer(c):
        return dict(gamma=normal(c), beta=normal(c), mean=normal(c), variance=0.5 + rng.random(c))

    yield "a dense layer", dict(x=normal(5, 3, 1), **layer(3))
    yield "an image's places", dict(x=normal(2, 3, 4), **layer(3))
    yield "evaluation", dict(x=normal(4, 3, 2), **layer(3), training=False)
    yield "evaluation of one sample", dict(x=normal(1, 2, 1), **layer(2), training=False)
    yield "one sample, many places", dict(x=normal(1, 2, 6), **layer(2))
    yield "two values", dict(x=normal(2, 4, 1), **layer(4))
    yield "far from 0", dict(x=100 + normal(6, 2, 2), **layer(2))
    yield "a constant channel", dict(x=np.stack([np.full((5, 1), 2.0), normal(5, 1)], 1), **layer(2))
    yield "averages of all batches", dict(x=normal(3, 2, 2), **layer(2), momentum=0.5, eps=0.1)
    yield "the last batch alone", dict(x=normal(3, 2, 2), **layer(2), momentum=1.0)
    yield "many samples", dict(x=normal(200, 2, 1), **layer(2))
    yield "many channels", dict(x=normal(3, 40, 2), **layer(40))
    yield "square", dict(x=normal(3, 3, 3), **layer(3))


@BATCH_NORM.invalid
def invalid(rng):
    yield "one value a channel", dict(x=np.ones((1, 3, 1)), **fresh(3))
    yield "scale of another width", {**fresh(3), "x": rng.standard_normal((4, 3, 2)), "gamma": np.ones(2)}
    yield "statistics of another width", {**fresh(3), "x": rng.standard_normal((4, 3, 2)), "mean": np.zeros(4)}


def dense(bn, x, eps=TINY, **options):
    """A batch of vectors (n, c), normalised without scale and shift."""
    return bn(x[:, :, None], **{**fresh(x.shape[1]), **options}, eps=eps)[0][:, :, 0]


def pulled(bn, x, g, eps=TINY, step=2.0**-14):
    """The gradient g by the outputs, carried to the inputs (n, c). A channel's Jacobian is symmetric, so that it is the
    derivative in the direction g."""
    h = step / max(float(np.abs(g).max()), 1e-300)
    return (dense(bn, x + h * g, eps) - dense(bn, x - h * g, eps)) / (2 * h)


@BATCH_NORM.claim
def mean_and_deviation_are_set(bn, rng):
    r"""Over the batch every channel has the mean β and the population variance $\gamma^2\sigma^2/(\sigma^2+\varepsilon)$"""
    x = np.array([1.0, 10.0, 0.01])[:, None] * rng.standard_normal((7, 3, 5)) + 3
    gamma, beta = rng.standard_normal(3), rng.standard_normal(3)
    y, s2 = bn(x, **{**fresh(3), "gamma": gamma, "beta": beta}, eps=1e-3)[0], x.var((0, 2))
    yield roundoff(y.mean((0, 2)), beta, terms=35, scale=300.0)  # 3/0.01: what is subtracted, divided
    yield roundoff(y.var((0, 2)), gamma**2 * s2 / (s2 + 1e-3), terms=35, scale=300.0)


@BATCH_NORM.claim
def identity_is_representable(bn, rng):
    r"""With $\gamma=\sqrt{\sigma^2+\varepsilon}$ and $\beta=\mu$ the layer is the identity; without γ and β every output
    has mean 0"""
    x = 5 + 2 * rng.standard_normal((6, 4, 3))
    learnt = dict(gamma=np.sqrt(x.var((0, 2)) + 1e-5), beta=x.mean((0, 2)))
    same = bn(x, **{**fresh(4), **learnt}, eps=1e-5)[0]
    bare = bn(x, **fresh(4), eps=1e-5)[0]
    return all_of(roundoff(same, x, terms=18), roundoff(bare.mean((0, 2)), np.zeros(4), terms=18, scale=5.0))


@BATCH_NORM.claim
def scale_of_the_weights_cancels(bn, rng):
    r"""$\operatorname{BN}(aWx+b)=\operatorname{BN}(Wx)$ for a > 0 and ε = 0. With ε it is so if ε grows by $a^2$ as well;
    else weights 1000 times too small lose: of the variance 1 a share of $10^{-6}/(10^{-6}+10^{-5})$ is left"""
    x, W = rng.standard_normal((16, 5)), rng.standard_normal((3, 5))
    z = x @ W.T
    z = (z - z.mean(0)) / z.std(0)
    for a in (0.01, 3.0, 500.0):
        yield invariance(dense(bn, a * z + 7), dense(bn, z), terms=16, scale=3 + 7 / a)
        yield invariance(dense(bn, a * z, eps=1e-5 * a**2), dense(bn, z, eps=1e-5), terms=16)
    yield roundoff(dense(bn, 1e-3 * z, eps=1e-5).var(0), np.full(3, 1 / 11), terms=32)


@BATCH_NORM.claim
def a_negative_factor_turns_the_sign(bn, rng):
    r"""$\operatorname{BN}(-z)=-\operatorname{BN}(z)$ where β = 0: the sign of the weights does not cancel"""
    z = rng.standard_normal((9, 4))
    return invariance(dense(bn, -z), -dense(bn, z), terms=9, scale=3.0)


@BATCH_NORM.claim
def gradient_of_the_inputs(bn, rng):
    r"""The gradient is $\frac{\gamma}{\sqrt{\sigma^2+\varepsilon}}\bigl(g-\overline g-\hat x\,\overline{g\hat x}\bigr)$:
    no part of it is constant over the batch, and next to none lies along $\hat x$. That by γ is $\sum g\hat x$, that by β
    $\sum g$; in evaluation g is only multiplied by the factor, that of the running variance"""
    x, g, eps = rng.standard_normal((6, 2, 3)), rng.standard_normal((6, 2, 3)), 0.1
    given = {**fresh(2), "gamma": np.array([1.5, -0.5])}
    factor = (given["gamma"] / np.sqrt(x.var((0, 2)) + eps))[:, None]
    hat = (x - x.mean((0, 2))[:, None]) / np.sqrt(x.var((0, 2)) + eps)[:, None]
    average = lambda t: t.mean((0, 2))[:, None]
    want = factor * (g - average(g) - hat * average(g * hat))
    if bn.differentiates:
        still, wanted = (np.zeros(2), np.zeros(2)), ("x", "gamma", "beta")
        got = bn.vjp(dict(x=x, **given, eps=eps), (g, *still), wanted)
        yield roundoff(got["x"], want, terms=18)
        yield roundoff(got["gamma"], (g * hat).sum((0, 2)), terms=18, scale=18.0)
        yield roundoff(got["beta"], g.sum((0, 2)), terms=18, scale=18.0)
        got = bn.vjp(dict(x=x, **given, training=False, eps=eps), (g, *still), ("x",))["x"]
        yield roundoff(got, (given["gamma"] / np.sqrt(1 + eps))[:, None] * g, terms=2)
        return
    h, got = 2.0**-10, np.zeros_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = h
        ahead, back, near_by, near_back = (
            (g * bn(x + s * step, **given, eps=eps)[0]).sum() for s in (1, -1, 0.5, -0.5)
        )
        got[place] = (8 * (near_by - near_back) - (ahead - back)) / (6 * h)
    # rounding of the sum over h; the five-point rule itself errs by h⁴ f⁽⁵⁾/480 ≈ 1e-14
    yield roundoff(got, want, terms=18, scale=8 / h)


@BATCH_NORM.claim
def gradient_falls_like_one_over_a(bn, rng):
    r"""The gradient by the weights is orthogonal to them, and at $aW$ it is that at $W$ divided by a (ε = 0): large weights
    learn slowly"""
    x, W, g = rng.standard_normal((32, 5)), rng.standard_normal((3, 5)), rng.standard_normal((32, 3))
    at = {a: pulled(bn, x @ (a * W).T, g, step=a * 2.0**-14).T @ x for a in (1.0, 8.0, 0.125)}
    size = 2.0**16 * float(np.abs(at[1.0]).max())  # differences over h = 2⁻¹⁴ lose 14 bits, and err by h²/6 of f‴
    for a in (8.0, 0.125):
        yield roundoff(a * at[a], at[1.0], terms=32, scale=size)
    yield roundoff((at[1.0] * W).sum(1), np.zeros(3), terms=32, scale=size)


@BATCH_NORM.claim
def evaluation_looks_at_no_neighbour(bn, rng):
    """In evaluation a sample's output does not depend on the batch, bit for bit, and the running statistics stay; in
    training another sample changes it"""
    x, other = rng.standard_normal((5, 3, 2)), rng.standard_normal((5, 3, 2))
    other[0] = x[0]
    given = {**fresh(3), "mean": rng.standard_normal(3), "variance": 1 + rng.random(3)}
    y, mean, variance = bn(x, **given, training=False)
    z = bn(other, **given, training=False)[0]
    yield identical(z[0], y[0])
    yield identical(np.stack([mean, variance]), np.stack([given["mean"], given["variance"]]))
    moved = np.abs(bn(x, **given)[0][0] - bn(other, **given)[0][0]).max()
    yield bound(moved, 0.05, "≥", Text("of the size of an output", "与输出同量级"))


@BATCH_NORM.claim
def running_average(bn, rng):
    r"""Momentum weighs the new batch: after T equal batches the running mean is $\bigl(1-(1-m)^T\bigr)\mu$ from 0, and so
    is the unbiased variance (from 1, which fades like $(1-m)^T$)"""
    x, state, m, T = 2 + rng.standard_normal((4, 3, 2)), fresh(3), 0.2, 5
    for _ in range(T):
        _, state["mean"], state["variance"] = bn(x, **state, momentum=m)
    faded = (1 - m) ** T
    yield roundoff(state["mean"], (1 - faded) * x.mean((0, 2)), terms=8 * T)
    yield roundoff(state["variance"], faded + (1 - faded) * x.var((0, 2), ddof=1), terms=8 * T, scale=9.0)


@BATCH_NORM.claim
def running_variance_is_unbiased(bn, rng):
    """The running variance is right on average also for small batches: of pairs with variance 1 it is 1, where the
    population's would be ½"""
    x = rng.standard_normal((2, 4000, 1))  # 4000 channels are 4000 batches
    return statistical(bn(x, **{**fresh(4000), "variance": np.zeros(4000)}, momentum=1.0)[2], 1.0)


@BATCH_NORM.claim
def halves_are_not_the_whole(bn, rng):
    r"""Two half batches are not the whole: $\sigma^2=\frac{\sigma_1^2+\sigma_2^2}2+\bigl(\frac{\mu_1-\mu_2}2\bigr)^2$.
    Gradients added up over small batches are those of another function"""
    x = rng.standard_normal((8, 3, 2)) + np.repeat([0.0, 4.0], 4)[:, None, None]

    def population(part):
        _, mean, variance = bn(part, **fresh(3), momentum=1.0)
        n = part.shape[0] * part.shape[2]
        return mean, variance * (n - 1) / n

    (_, v), (m1, v1), (m2, v2) = population(x), population(x[:4]), population(x[4:])
    yield roundoff(v, (v1 + v2) / 2 + ((m1 - m2) / 2) ** 2, terms=32, scale=16.0)
    whole = (x - x.mean((0, 2))[:, None]) / np.sqrt(x.var((0, 2)) + 1e-5)[:, None]
    first = (x[:4] - x[:4].mean((0, 2))[:, None]) / np.sqrt(x[:4].var((0, 2)) + 1e-5)[:, None]
    yield roundoff(bn(x, **fresh(3))[0], whole, terms=32, scale=9.0)
    yield bound(np.abs(first - whole[:4]).max(), 0.5, "≥", Text("of the size of the outputs", "与输出同量级"))


@BATCH_NORM.claim
def padding_counts(bn, rng):
    r"""Padded places count, for the layer knows no mask: as many zeros as there are values halve the mean and make of the
    variance $\frac{\sigma^2}2+\frac{\mu^2}4$, and the real outputs change"""
    x = 3 + rng.standard_normal((6, 2, 4))
    padded = np.concatenate([x, np.zeros_like(x)], -1)
    mu, s2 = x.mean((0, 2))[:, None], x.var((0, 2))[:, None]
    want = (x - mu / 2) / np.sqrt(s2 / 2 + mu**2 / 4 + 1e-5)
    return roundoff(bn(padded, **fresh(2))[0][..., :4], want, terms=48)


@BATCH_NORM.claim
def larger_steps_are_stable(bn, rng):
    r"""Larger steps are stable: least squares, here of a target that is linear in the inputs, diverges at 100 times its limit
    $2/\lambda$; with the layer behind the weights the same step converges, since every step, orthogonal to w, lengthens it: $\|w'\|^2=\|w\|^2+\alpha^2\|\nabla\|^2$"""
    X = rng.standard_normal((32, 3)) * np.array([1.0, 2.0, 3.0])
    target = X @ np.array([1.0, -1.0, 0.5])
    target = (target - target.mean()) / target.std()
    alpha = 200 / np.linalg.eigvalsh(X.T @ X / 32)[-1]
    plain, w = np.zeros(3), np.array([1.0, 1.0, 1.0])
    grown = []
    for _ in range(45):
        plain = plain - alpha * X.T @ (X @ plain - target) / 32
    for _ in range(250):
        z = (X @ w)[:, None]
        gradient = X.T @ pulled(bn, z, dense(bn, z) - target[:, None])[:, 0] / 32
        step = w - alpha * gradient
        grown.append((step @ step) / (w @ w + alpha**2 * gradient @ gradient))
        w = step
    loss = 0.5 * np.mean((dense(bn, (X @ w)[:, None])[:, 0] - target) ** 2)
    seen = Text("a hundredth of 0.5, the loss of an answer of 0", "0.5 的百分之一，0.5 为输出恒为 0 时的损失")
    yield bound(np.abs(plain).max(), 1e100, "≥", Text("diverges", "发散"))
    yield bound(loss, 5e-3, "≤", seen)
    # differences over h = 2⁻¹⁴ leave of the orthogonality 2⁻³⁶; beside the growth of w it enters by a factor up to 10³
    yield roundoff(np.array(grown), np.ones(250), terms=32, scale=2.0**20)


def backwards(bn, rng, L=40, n=128, d=128):
    """Factors of ‖gradient‖² from layer to layer, backwards through z ↦ BN(W ReLU(z))."""
    z, inputs, weights = rng.standard_normal((n, d)), [], []
    for _ in range(L):
        W = rng.standard_normal((d, d)) * np.sqrt(2 / d)
        a = np.maximum(z, 0) @ W.T
        inputs.append((z, a))
        weights.append(W)
        z = dense(bn, a)
    g, factors = rng.standard_normal((n, d)), []
    for (z, a), W in zip(reversed(inputs), reversed(weights), strict=True):
        back = (pulled(bn, a, g) @ W) * (z > 0)
        factors.append(np.square(back).sum() / np.square(g).sum())
        g = back / np.linalg.norm(back)
    return np.array(factors)


@BATCH_NORM.claim
def gradients_explode_with_depth(bn, rng):
    r"""By itself it makes gradients explode: backwards through random layers of ReLU and batch norm each layer multiplies the
    squared norm by about $\frac{\pi}{\pi-1}\approx1.467$, if layers are wide and batches large"""
    factors, chi = backwards(bn, rng), np.pi / (np.pi - 1)
    # over 30 seeds the rate is 1.465 ± 0.007
    why = Text(
        "mean field: 4 %, 8 deviations over seeds at width and batch of 128",
        "平均场理论：容差 4 %，即宽度与批量均为 128 时种子间标准差的 8 倍",
    )
    return near(float(np.exp(np.log(factors[4:]).mean())), chi, 0.04 * chi, why)


@BATCH_NORM.claim
def shortcuts_tame_the_growth(bn, rng):
    r"""With shortcuts the growth is a power of the depth: backwards through 40 random layers
    $z\mapsto z+W\operatorname{ReLU}(\operatorname{BN}(z))$ with weights of variance 2/d and a first input of variance 1, of
    large width d and with large batches, the squared norm becomes about
    $\prod_{l=0}^{39}\bigl(1+\frac1{1+l(1-1/\pi)}\bigr)\approx112$ times as large, which grows like $L^{\pi/(\pi-1)}$"""
    n = d = 128
    z, inputs = rng.standard_normal((n, d)), []
    for _ in range(40):
        W, a = rng.standard_normal((d, d)) * np.sqrt(2 / d), dense(bn, z)
        inputs.append((z, a, W))
        z = z + np.maximum(a, 0) @ W.T
    g = rng.standard_normal((n, d))
    start = np.square(g).sum()
    for z, a, W in reversed(inputs):
        g = g + pulled(bn, z, (g @ W) * (a > 0))
    want = np.log(1 + 1 / (1 + np.arange(40) * (1 - 1 / np.pi))).sum()
    # over 12 seeds the logarithm is 4.77 ± 0.05, that of the product 4.72; without shortcuts it is 15
    why = Text(
        "mean field: 10 deviations over seeds at width and batch of 128",
        "平均场理论：宽度与批量均为 128 时种子间标准差的 10 倍",
    )
    return near(float(np.log(np.square(g).sum() / start)), want, 0.5, why)


@BATCH_NORM.mutant(caught_by="identity-is-representable, mean-and-deviation-are-set, equals-definition")
def no_scale_and_shift(x, gamma, beta, mean, variance, **given):
    """γ and β left out"""
    return batch_norm(x, np.ones_like(gamma), np.zeros_like(beta), mean, variance, **given)


@BATCH_NORM.mutant(caught_by="mean-and-deviation-are-set, scale-of-the-weights-cancels, equals-definition")
def divided_by_the_unbiased(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    """the batch is divided by its unbiased deviation"""
    n = x.shape[0] * x.shape[2]
    y, mean, variance = batch_norm(x, gamma, beta, mean, variance, training, momentum, eps)
    if not training:
        return y, mean, variance
    mu, s2 = x.mean((0, 2))[:, None], (x.var((0, 2)) * n / (n - 1))[:, None]
    return gamma[:, None] * (x - mu) / np.sqrt(s2 + eps) + beta[:, None], mean, variance


@BATCH_NORM.mutant(caught_by="running-variance-is-unbiased, running-average, equals-definition")
def running_variance_of_the_population(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    """the running variance takes the population's, as in ONNX and Keras"""
    y, new_mean, _ = batch_norm(x, gamma, beta, mean, variance, training, momentum, eps)
    return y, new_mean, (1 - momentum) * variance + momentum * x.var((0, 2)) if training else variance


@BATCH_NORM.mutant(caught_by="running-average, equals-definition")
def momentum_of_the_old(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    """momentum weighs the old average, as in ONNX and Keras"""
    return batch_norm(x, gamma, beta, mean, variance, training, 1 - momentum, eps)


@BATCH_NORM.mutant(caught_by="running-average, running-variance-is-unbiased, halves-are-not-the-whole")
def statistics_frozen(x, gamma, beta, mean, variance, **given):
    """the running statistics are never updated"""
    return batch_norm(x, gamma, beta, mean, variance, **given)[0], mean, variance


@BATCH_NORM.mutant(caught_by="evaluation-looks-at-no-neighbour, equals-definition")
def batch_in_evaluation(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    """the batch's statistics in evaluation too"""
    if training or x.shape[0] * x.shape[2] < 2:
        return batch_norm(x, gamma, beta, mean, variance, training, momentum, eps)
    return batch_norm(x, gamma, beta, mean, variance, True, 0.0, eps)[0], mean, variance


@BATCH_NORM.mutant(
    caught_by="scale-of-the-weights-cancels, gradient-falls-like-one-over-a, larger-steps-are-stable, gradient-of-the-inputs, "
    "gradients-explode-with-depth, shortcuts-tame-the-growth, evaluation-looks-at-no-neighbour"
)
def running_statistics_in_training(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    """the running statistics divide in training too: an affine map"""
    _, new_mean, new_variance = batch_norm(x, gamma, beta, mean, variance, training, momentum, eps)
    return batch_norm(x, gamma, beta, mean, variance, False, momentum, eps)[0], new_mean, new_variance


@BATCH_NORM.mutant(caught_by="halves-are-not-the-whole, equals-definition")
def each_half_by_itself(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    """each half of the batch is normalised by itself"""
    y, *state = batch_norm(x, gamma, beta, mean, variance, training, momentum, eps)
    half = x.shape[0] // 2
    if training and half * x.shape[2] > 1:
        parts = [batch_norm(p, gamma, beta, mean, variance, True, momentum, eps)[0] for p in (x[:half], x[half:])]
        y = np.concatenate(parts)
    return y, *state


@BATCH_NORM.mutant(caught_by="padding-counts, equals-definition")
def each_place_by_itself(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    """statistics of each place over the samples alone"""
    y, *state = batch_norm(x, gamma, beta, mean, variance, training, momentum, eps)
    if training and len(x) > 1:
        parts = [
            batch_norm(x[..., k : k + 1], gamma, beta, mean, variance, True, momentum, eps)[0]
            for k in range(x.shape[2])
        ]
        y = np.concatenate(parts, -1)
    return y, *state


@BATCH_NORM.mutant(caught_by="scale-of-the-weights-cancels, mean-and-deviation-are-set, equals-definition")
def eps_outside_the_root(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    """ε is added to the deviation, not to the variance"""
    _, *state = batch_norm(x, gamma, beta, mean, variance, training, momentum, eps)
    mu, s2 = (x.mean((0, 2)), x.var((0, 2))) if training else (mean, variance)
    return gamma[:, None] * (x - mu[:, None]) / (np.sqrt(s2) + eps)[:, None] + beta[:, None], *state


@BATCH_NORM.mutant(caught_by="gradient-of-the-inputs, equals-definition, a-negative-factor-turns-the-sign")
def absolute_deviation(x, gamma, beta, mean, variance, training=True, momentum=0.1, eps=1e-5):
    """the absolute value of what is normalised"""
    y, *state = batch_norm(x, np.ones_like(gamma), 0 * beta, mean, variance, training, momentum, eps)
    return gamma[:, None] * np.abs(y) + beta[:, None], *state


BATCH_NORM.erratum(
    "E31",
    common=r"$\hat x=\frac{x-\mu_B}{\sqrt{\sigma_B^2+\epsilon}}$ as the whole of batch normalisation (a common slip)",
    why="Without γ and β the layer cannot be the identity: every output has mean 0 and a deviation of at most 1. And nothing is "
    "said of evaluation, where a sample may come alone and the batch has no statistics.",
    right=r"$y=\gamma\hat x+\beta$, with the batch's statistics in training and the running ones in evaluation",
    claims="identity-is-representable, evaluation-looks-at-no-neighbour",
)
BATCH_NORM.erratum(
    "E29",
    common="Batch normalisation solves vanishing and exploding gradients (a common slip)",
    why="By itself it makes them explode: backwards through wide random layers of ReLU, with large batches, each layer multiplies the "
    "squared gradient by about 1.467.",
    right="Normalisation together with shortcuts: then the growth is a power of the depth",
    claims="gradients-explode-with-depth, shortcuts-tame-the-growth",
)


def without_norm(rng, L, n, d):
    """The same factors for He's weights without a norm."""
    z, inputs = rng.standard_normal((n, d)), []
    for _ in range(L):
        W = rng.standard_normal((d, d)) * np.sqrt(2 / d)
        inputs.append((z, W))
        z = np.maximum(z, 0) @ W.T
    g, factors = rng.standard_normal((n, d)), []
    for z, W in reversed(inputs):
        back = (g @ W) * (z > 0)
        factors.append(np.square(back).sum() / np.square(g).sum())
        g = back
    return np.array(factors)


@BATCH_NORM.figure(
    depth=Slider(2, 40, 30, "number of layers L", integer=True),
    batch=Slider(4, 64, 64, "samples n in the batch", integer=True),
)
def figure(depth, batch):
    L, n, d = int(depth), int(batch), 48
    ours = np.cumprod(backwards(batch_norm, np.random.default_rng(0), L, n, d))
    bare = np.cumprod(without_norm(np.random.default_rng(0), L, n, d))
    fig, ax = canvas(width=6.4, height=3.4)
    steps, chi = np.arange(L + 1), np.pi / (np.pi - 1)
    ax.semilogy(steps, np.r_[1, ours], color="#D55E00", label="batch norm")
    ax.semilogy(steps, np.r_[1, bare], color="#0072B2", label="no norm, weights of He")
    ax.semilogy(steps, chi**steps, ":", color="#7F7F7F", label=r"$(\pi/(\pi-1))^l$")
    ax.set(xlabel="layers passed, backwards", ylabel=r"$\|g\|^2$", title="squared gradient in a random ReLU net")
    ax.legend(frameon=False, fontsize=9.5)
    words = Text(
        f"Backwards through {L} random layers of width {d} with batch norm over {n} samples the squared gradient becomes "
        f"{ours[-1]:.3g} times as large, {ours[-1] ** (1 / L):.3f} a layer (limit {chi:.3f}); without a norm {bare[-1]:.3g}.",
        f"反向穿过 {L} 个宽度为 {d} 的随机层，批量为 {n}：有批归一化时，梯度平方变为 {ours[-1]:.3g} 倍，平均每层乘以 {ours[-1] ** (1 / L):.3f}（极限为 {chi:.3f}）；没有归一化时为 {bare[-1]:.3g} 倍。",
    )
    return Drawing(fig, words)
