"""Layer normalisation."""

import numpy as np

from gradus.concepts.networks.layer_norm.tables import batch, before_and_after
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, roundoff
from gradus.page.exercises import choice, number

TINY = 1e-30  # an ε that no variance feels


def _torch(layer_norm, x, gamma, beta, eps):
    return layer_norm(x, gamma.shape, gamma, beta, eps)


LAYER_NORM = Concept(
    key="layer-norm",
    kind="layer",
    title="Layer normalisation",
    summary="Each sample is shifted and scaled by the mean and the deviation of its own features. No batch, no running "
    "statistics, no difference between training and evaluation: the norm of sequences and transformers.",
    formulas=(
        r"\mu=\frac1d\sum_{j=1}^{d}x_j,\qquad\sigma^2=\frac1d\sum_{j=1}^{d}(x_j-\mu)^2",
        r"\hat x_j=\frac{x_j-\mu}{\sqrt{\sigma^2+\varepsilon}},\qquad y_j=\gamma_j\hat x_j+\beta_j",
        r"\sum_{j}\hat x_j=0,\qquad\sum_{j}\hat x_j^2=d\,\frac{\sigma^2}{\sigma^2+\varepsilon}\le d",
        r"\frac{\partial\ell}{\partial x_j}=\frac1{\sqrt{\sigma^2+\varepsilon}}\Bigl(h_j-\frac1d\sum_kh_k-\frac{\hat x_j}d\sum_kh_k\hat x_k\Bigr),\qquad h_k=\gamma_k\frac{\partial\ell}{\partial y_k}",
    ),
    symbols=(
        Symbol("x", "x", "... d", "inputs, a sample (a token) a row"),
        Symbol(r"\gamma", "gamma", "d", "learnt scale, one a feature"),
        Symbol(r"\beta", "beta", "d", "learnt shift, one a feature"),
        Symbol(r"\varepsilon", "eps", "", "added to the variance", "positive"),
        Symbol(r"\mu,\ \sigma^2", "", "", "mean and population variance of the row"),
        Symbol(r"\hat x", "", "... d", "normalised row"),
        Symbol("y", "", "... d", "outputs"),
        Symbol("d", "", "", "number of features"),
        Symbol(r"\ell,\ h", "", "", "loss, and its gradient by the normalised row"),
        Symbol("j,\\ k", "", "", "indices of features, from 1"),
    ),
    needs=("batch-norm", "attention", "computed-variance"),
    source="ba2016layer",
    year=2016,
    people=("Jimmy Ba", "Jamie Ryan Kiros", "Geoffrey Hinton"),
    aliases="LayerNorm, layer normalization, 层标准化, 层规范化",
    implementations=(Implementation("torch.nn.functional:layer_norm", "torch", _torch),),
    readings="ba2016layer §3, §5; xiong2020layer §3",
    hypotheses=(
        Hypothesis("scale and shift cancel: ε = 0 (beside the variance)", "scale-and-shift-of-a-sample-cancel"),
        Hypothesis(
            "scale and shift cancel: one factor for the whole row, and it is positive", "one-unit-does-not-cancel"
        ),
    ),
    conventions=(
        Convention("ε", "1e-5, as in PyTorch and ONNX", "1e-3 in Keras, 1e-6 in Flax"),
        Convention(
            "over which axes",
            "the last one",
            "PyTorch: the axes named by `normalized_shape`, from the last; ONNX: from `axis` to the end; the scale has the "
            "shape of all of them",
        ),
        Convention(
            "where it stands in a block",
            "in front of the branch (pre-norm), as in most transformers since 2019",
            "behind the sum of input and branch (post-norm) in the transformer of 2017, which needs a warm-up",
        ),
    ),
    nonfinite="nan",
)


@LAYER_NORM.definition
def layer_norm(x, gamma, beta, eps=1e-5):
    mu = x.mean(-1, keepdims=True)
    sigma2 = ((x - mu) ** 2).mean(-1, keepdims=True)
    x_hat = (x - mu) / np.sqrt(sigma2 + eps)
    return gamma * x_hat + beta


@LAYER_NORM.example
def example():
    x = np.array([[1.0, 3.0, 5.0, 7.0], [2.0, 2.0, 2.0, 10.0]])
    gamma, beta = np.array([1.0, 2.0, 1.0, 0.5]), np.array([0.0, 1.0, 0.0, 0.0])
    bare = layer_norm(x, np.ones(4), np.zeros(4))
    scaled = layer_norm(10 * x[0] + 3, np.ones(4), np.zeros(4))
    one = layer_norm(x[0] * np.array([1, 1, 1, 10.0]), np.ones(4), np.zeros(4))
    return dict(x=x, gamma=gamma, beta=beta, first=x[0], second=x[1], mu=x.mean(-1), s2=x.var(-1), s=x.std(-1)) | dict(
        hat=bare[0], hat2=bare[1], y=layer_norm(x, gamma, beta)[0], scaled=scaled, one=one
    )


@LAYER_NORM.exercise
def squared_length():
    x = np.random.default_rng(0).standard_normal(64)
    return number(
        (layer_norm(x, np.ones(64), np.zeros(64), TINY) ** 2).sum(), root=8.0, one=1.0, unbiased=63.0, tolerance=1e-6
    )


@LAYER_NORM.exercise
def largest_entry():
    x = np.zeros(17)
    x[3] = 1e6
    return number(layer_norm(x, np.ones(17), np.zeros(17), TINY).max(), length=np.sqrt(17), unbounded=1e6)


@LAYER_NORM.exercise
def padded_tokens():
    rng = np.random.default_rng(0)
    x, bad = rng.standard_normal((5, 8)), np.full((3, 8), 1e4)
    y = layer_norm(np.concatenate([x, bad]), np.ones(8), np.zeros(8))[:5]
    same = np.array_equal(y, layer_norm(x, np.ones(8), np.zeros(8)))
    return choice(none=same, a_little=not same, all_of_them=False)


@LAYER_NORM.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    def affine(d):
        return dict(gamma=normal(d), beta=normal(d))

    yield "a row", dict(x=normal(4), **affine(4))
    yield "a batch of tokens", dict(x=normal(2, 3, 5), **affine(5))
    yield "two features", dict(x=normal(3, 2), **affine(2))
    yield "a constant row", dict(x=np.stack([np.full(4, 2.0), normal(4)]), **affine(4))
    yield "far from 0", dict(x=100 + normal(3, 6), **affine(6))
    yield "large ε", dict(x=normal(3, 6), **affine(6), eps=0.5)
    yield "many features", dict(x=normal(2, 100), **affine(100))
    yield "many rows", dict(x=normal(200, 3), **affine(3))
    yield "square", dict(x=normal(4, 4), **affine(4))


@LAYER_NORM.invalid
def invalid(rng):
    yield "scale of another width", dict(x=np.ones((3, 4)), gamma=np.ones(3), beta=np.zeros(4))
    yield "shift of another width", dict(x=np.ones((3, 4)), gamma=np.ones(4), beta=np.zeros(5))


def bare(norm, x, eps=TINY):
    """Without learnt scale and shift."""
    return norm(x, np.ones(x.shape[-1]), np.zeros(x.shape[-1]), eps=eps)


@LAYER_NORM.claim
def rows_lie_on_a_sphere(norm, rng):
    r"""Every normalised row $\hat x$ has the sum 0 and the squared length $d\,\sigma^2/(\sigma^2+\varepsilon)$: just
    below d where ε is small beside $\sigma^2$"""
    x = np.array([1.0, 10.0, 0.1])[:, None] * rng.standard_normal((3, 40)) + 2
    y, s2 = bare(norm, x, eps=1e-3), x.var(-1)
    yield roundoff(y.sum(-1), np.zeros(3), terms=40, scale=30.0)
    yield roundoff((y**2).sum(-1), 40 * s2 / (s2 + 1e-3), terms=40, scale=40.0 * 20)


@LAYER_NORM.claim
def scale_and_shift_of_a_sample_cancel(norm, rng):
    r"""A sample's brightness and contrast do not matter: $\operatorname{LN}(ax+c)=\operatorname{LN}(x)$ for a > 0 if ε = 0,
    or if ε grows by $a^2$; at ε = 1e-5 a row of deviation 0.001 keeps $\frac1{11}$ of its variance"""
    x = rng.standard_normal((4, 16))
    for a, c in ((0.01, 3.0), (200.0, -5.0)):
        size = 4 + abs(c) / a
        yield invariance(bare(norm, a * x + c), bare(norm, x), terms=16, scale=size)
        yield invariance(bare(norm, a * x + c, eps=1e-5 * a**2), bare(norm, x, eps=1e-5), terms=16, scale=size)
    unit = (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True)
    yield roundoff(bare(norm, 1e-3 * unit, eps=1e-5).var(-1), np.full(4, 1 / 11), terms=32)


@LAYER_NORM.claim
def one_unit_does_not_cancel(norm, rng):
    """Scaled as a whole (ε = 0), the weights in front of it cancel; a single unit's do not (batch norm cancels these),
    and a negative factor turns the sign where β = 0"""
    x, W = rng.standard_normal((5, 6)), rng.standard_normal((8, 6))
    one = W.copy()
    one[0] *= 10
    same, moved = bare(norm, x @ (3 * W).T), bare(norm, x @ one.T)
    yield invariance(same, bare(norm, x @ W.T), terms=16, scale=4.0)
    yield bound(np.abs(moved - same)[:, 1:].max(), 0.3, "≥", Text("of the size of the outputs", "与输出同量级"))
    yield invariance(bare(norm, -x), -bare(norm, x), terms=16, scale=4.0)


@LAYER_NORM.claim
def rows_see_no_neighbour(norm, rng):
    """A row's output does not depend on the other rows, on their number, or on padding rows, bit for bit"""
    x, gamma, beta = rng.standard_normal((5, 12)), rng.standard_normal(12), rng.standard_normal(12)
    padded = np.concatenate([np.full((3, 12), 1e4), x, np.zeros((2, 12))])
    y = norm(x, gamma, beta)
    return all_of(identical(norm(padded, gamma, beta)[3:8], y), identical(norm(x[2:3], gamma, beta), y[2:3]))


@LAYER_NORM.claim
def padded_features_count(norm, rng):
    r"""Padding within the row is another matter: as many zeros as there are features halve μ and make of the variance
    $\frac{\sigma^2}2+\frac{\mu^2}4$"""
    x = 2 + rng.standard_normal((3, 8))
    mu, s2 = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    got = bare(norm, np.concatenate([x, 0 * x], -1), eps=1e-5)[:, :8]
    return roundoff(got, (x - mu / 2) / np.sqrt(s2 / 2 + mu**2 / 4 + 1e-5), terms=32)


@LAYER_NORM.claim
def two_features_leave_a_sign(norm, rng):
    """Of two different features only the order is left (γ = 1, β = 0, ε = 0): the outputs are −1 and 1; of one feature
    nothing, the output is β"""
    x = np.array([[3.0, 8.0], [1.0, -4.0], [100.0, 101.0]])
    two = roundoff(bare(norm, x), np.array([[-1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]]), terms=4, scale=200.0)
    one = norm(np.array([[7.0]]), np.array([2.0]), np.array([0.5]))
    return all_of(two, identical(one, [[0.5]]))


@LAYER_NORM.claim
def features_may_be_relabelled(norm, rng):
    """Permuting the features together with γ and β permutes the outputs: γ and β belong to features, not to rows"""
    x, gamma, beta = rng.standard_normal((3, 9)), rng.standard_normal(9), rng.standard_normal(9)
    p = np.roll(np.arange(9), 2)
    return invariance(norm(x[:, p], gamma[p], beta[p]), norm(x, gamma, beta)[:, p], terms=9, scale=4.0)


@LAYER_NORM.claim
def a_large_mean_costs_its_own_digits_only(norm, rng):
    r"""Beside a mean of $2^{30}$ a deviation of 2 is known up to the spacing of numbers of that size, and so are the outputs:
    the variance is taken of $x-\mu$, not as $\overline{x^2}-\mu^2$, which would lose all digits"""
    x = np.array([[-3.0, -1.0, 0.0, 3.0, 2.0, -2.0, -1.0, 2.0]])  # of mean 0 and deviation 2
    return roundoff(bare(norm, 2.0**30 + x), x / 2, terms=8, scale=2.0**30)


@LAYER_NORM.claim
def gradient_of_the_inputs(norm, rng):
    r"""The gradient is $\frac1{\sqrt{\sigma^2+\varepsilon}}\bigl(h-\overline h-\hat x\,\overline{h\hat x}\bigr)$ with
    $h=\gamma\odot\partial\ell/\partial y$: its sum over a row is 0, and rows that are large get small gradients"""
    x, g, gamma, eps = rng.standard_normal((3, 7)), rng.standard_normal((3, 7)), rng.standard_normal(7), 0.1
    h = gamma * g
    s = np.sqrt(x.var(-1, keepdims=True) + eps)
    hat = (x - x.mean(-1, keepdims=True)) / s
    want = (h - h.mean(-1, keepdims=True) - hat * (h * hat).mean(-1, keepdims=True)) / s
    if norm.differentiates:
        got = norm.vjp(dict(x=x, gamma=gamma, beta=np.zeros(7), eps=eps), (g,), ("x",))["x"]
        return roundoff(got, want, terms=14)
    step, got = 2.0**-10, np.zeros_like(x)
    for place in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[place] = step
        ahead, back, near_by, near_back = (
            (g * norm(x + s * e, gamma, np.zeros(7), eps=eps)).sum() for s in (1, -1, 0.5, -0.5)
        )
        got[place] = (8 * (near_by - near_back) - (ahead - back)) / (6 * step)
    # rounding of the sum over the step; the five-point rule itself errs by step⁴ f⁽⁵⁾/480 ≈ 1e-14
    return roundoff(got, want, terms=14, scale=8 / step)


@LAYER_NORM.mutant(caught_by="a-large-mean-costs-its-own-digits-only")
def difference_of_squares(x, gamma, beta, eps=1e-5):
    """the variance as mean square minus square of the mean"""
    mu = x.mean(-1, keepdims=True)
    s2 = np.maximum((x**2).mean(-1, keepdims=True) - mu**2, 0)
    return gamma * (x - mu) / np.sqrt(s2 + eps) + beta


@LAYER_NORM.mutant(caught_by="rows-lie-on-a-sphere, two-features-leave-a-sign, equals-definition")
def unbiased_variance(x, gamma, beta, eps=1e-5):
    """the unbiased variance, over d − 1"""
    d = x.shape[-1]
    s2 = x.var(-1, keepdims=True) * d / max(d - 1, 1)
    return gamma * (x - x.mean(-1, keepdims=True)) / np.sqrt(s2 + eps) + beta


@LAYER_NORM.mutant(
    caught_by="rows-lie-on-a-sphere, scale-and-shift-of-a-sample-cancel, padded-features-count, gradient-of-the-inputs"
)
def mean_left_in(x, gamma, beta, eps=1e-5):
    """the mean is not subtracted: RMS norm"""
    return gamma * x / np.sqrt((x**2).mean(-1, keepdims=True) + eps) + beta


@LAYER_NORM.mutant(caught_by="rows-see-no-neighbour, one-unit-does-not-cancel, equals-definition")
def over_the_batch(x, gamma, beta, eps=1e-5):
    """each feature is normalised over the rows, as in batch norm"""
    if x.ndim < 2:
        return gamma * (x - x.mean()) / np.sqrt(x.var() + eps) + beta
    axes = tuple(range(x.ndim - 1))
    return gamma * (x - x.mean(axes)) / np.sqrt(x.var(axes) + eps) + beta


@LAYER_NORM.mutant(caught_by="scale-and-shift-of-a-sample-cancel, equals-definition")
def eps_outside_the_root(x, gamma, beta, eps=1e-5):
    """ε is added to the deviation, not to the variance"""
    return gamma * (x - x.mean(-1, keepdims=True)) / (x.std(-1, keepdims=True) + eps) + beta


@LAYER_NORM.mutant(caught_by="features-may-be-relabelled, equals-definition")
def scale_in_the_opposite_order(x, gamma, beta, eps=1e-5):
    """γ and β are read in the opposite order"""
    return layer_norm(x, gamma[::-1], beta[::-1], eps)


@LAYER_NORM.figure(
    sample=Slider(0.1, 10, 3.0, "scale of the first sample", log=True),
    channel=Slider(0.1, 10, 3.0, "scale of the last channel", log=True),
)
def figure(sample, channel):
    x = batch(sample, channel, places=1)
    flat = x[..., 0]
    y = layer_norm(flat, np.ones(6), np.zeros(6))
    fig = before_and_after(x, y[..., None], "layer norm of each sample")
    words = Text(
        f"Six samples of six features. The first sample's deviation was {flat[0].std():.2f} and is {y[0].std():.2f}, as every "
        f"sample's. Over the samples the last feature has the mean {y[:, -1].mean():.2f} and the deviation {y[:, -1].std():.2f} afterwards, "
        f"not 0 and 1: these the layer does not set.",
        f"六个样本，各六个特征。第一个样本的标准差由 {flat[0].std():.2f} 变为 {y[0].std():.2f}，每个样本都变为同一个值。最后一个特征在样本间的均值变为 {y[:, -1].mean():.2f}，"
        f"标准差变为 {y[:, -1].std():.2f}，而不是 0 和 1：层归一化不管这两个量。",
    )
    return Drawing(fig, words)
