"""Root-mean-square normalisation."""

import numpy as np

from gradus.concepts.networks.layer_norm.layer_norm import layer_norm
from gradus.concepts.networks.layer_norm.tables import batch, before_and_after
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, roundoff
from gradus.page.exercises import choice, number

TINY = 1e-30  # an ε that no mean square feels


def _torch(rms_norm, x, gamma, eps):
    return rms_norm(x, gamma.shape, gamma, eps)


RMS_NORM = Concept(
    key="rms-norm",
    kind="layer",
    title="RMS normalisation",
    summary="Layer norm without the mean: each sample is divided by the root of its mean square. With γ = 1 and but for ε the "
    "direction stays and the length becomes $\\sqrt d$; one sum less, and in large language models it does as well.",
    formulas=(
        r"r=\sqrt{\frac1d\sum_{j=1}^{d}x_j^2+\varepsilon},\qquad y_j=\gamma_j\,\frac{x_j}{r}",
        r"\gamma=1,\ \varepsilon=0:\qquad\|y\|^2=d,\qquad\operatorname{RMSNorm}(Qx)=Q\operatorname{RMSNorm}(x)\quad(Q^{\mathsf T}Q=I)",
        r"\operatorname{LN}(x)=\operatorname{RMSNorm}(x-\bar x\,\mathbf 1)\quad(\gamma=1,\ \beta=0)",
        r"\frac{\partial\ell}{\partial x_j}=\frac1r\Bigl(h_j-\frac{x_j}{d\,r^2}\sum_kh_kx_k\Bigr),\qquad h_k=\gamma_k\frac{\partial\ell}{\partial y_k}",
    ),
    symbols=(
        Symbol("x", "x", "... d", "inputs, a sample (a token) a row"),
        Symbol(r"\gamma", "gamma", "d", "learnt scale, one a feature"),
        Symbol(r"\varepsilon", "eps", "", "added to the mean square", "positive"),
        Symbol("r", "", "", "root mean square of the row"),
        Symbol("y", "", "... d", "outputs, $\\operatorname{RMSNorm}(x)$; LN is layer norm"),
        Symbol("d", "", "", "number of features"),
        Symbol("Q", "", "d d", "an orthogonal matrix"),
        Symbol(r"\bar x", "", "", "mean of the row"),
        Symbol(r"\ell,\ h", "", "", "loss, and its gradient by x/r"),
        Symbol("j,\\ k", "", "", "indices of features, from 1"),
    ),
    needs=("layer-norm", "norm"),
    source="zhang2019root",
    year=2019,
    people=("Biao Zhang", "Rico Sennrich"),
    aliases="RMSNorm, root mean square normalization, RMS 归一化",
    implementations=(Implementation("torch.nn.functional:rms_norm", "torch", _torch),),
    readings="zhang2019root §3, §4",
    hypotheses=(
        Hypothesis("the length is √d: ε = 0 (beside the mean square)", "length-is-the-root-of-d"),
        Hypothesis("rotations pass through: γ = 1", "a-scale-per-feature-stops-rotations"),
        Hypothesis("layer norm is RMS norm: of rows with mean 0", "a-shift-does-not-cancel"),
    ),
    conventions=(
        Convention(
            "ε",
            "1e-6 unless given, inside the root",
            "PyTorch: where none is given, the spacing at 1 of the numbers it computes with (1.2e-7 for float32, bfloat16 and "
            "float16, 2.2e-16 for float64); 1e-5 in ONNX, 1e-5 or 1e-6 in language models",
        ),
        Convention("what the weight stores", "γ itself", "Gemma: γ − 1, so that a weight of 0 changes nothing"),
    ),
    nonfinite="nan",
)


@RMS_NORM.definition
def rms_norm(x, gamma, eps=1e-6):
    r = np.sqrt((x**2).mean(-1, keepdims=True) + eps)
    return gamma * x / r


@RMS_NORM.example
def example():
    x, gamma = np.array([1.0, 1.0, 3.0, 5.0]), np.array([1.0, 2.0, 1.0, 0.5])
    y = rms_norm(x, np.ones(4))
    return (
        dict(x=x, gamma=gamma, squares=x**2, ms=(x**2).mean(), r=np.sqrt((x**2).mean()), hat=y)
        | dict(length=(y**2).sum(), y=rms_norm(x, gamma), moved=rms_norm(x + 10, np.ones(4)))
        | dict(layer=layer_norm(x, np.ones(4), np.zeros(4)))
        | dict(layer_moved=layer_norm(x + 10, np.ones(4), np.zeros(4)), tenfold=rms_norm(10 * x, np.ones(4)))
        | dict(mean=x.mean())
    )


@RMS_NORM.exercise
def three_and_four():
    x = np.array([3.0, 4.0])
    return number(rms_norm(x, np.ones(2), TINY)[1], length=0.8, layer_norm=1.0, squared=4 / 12.5)


@RMS_NORM.exercise
def one_hot():
    x = np.eye(64)[5] * 100
    return number(rms_norm(x, np.ones(64), TINY).max(), one=1.0, unchanged=100.0, features=64.0)


@RMS_NORM.exercise
def a_bias_before():
    rng = np.random.default_rng(0)
    x, b = rng.standard_normal(6), np.full(6, 5.0)
    ln = np.allclose(layer_norm(x + b, np.ones(6), np.zeros(6)), layer_norm(x, np.ones(6), np.zeros(6)), atol=1e-3)
    rms = np.allclose(rms_norm(x + b, np.ones(6)), rms_norm(x, np.ones(6)), atol=1e-3)
    return choice(layer_norm_alone=ln and not rms, both=ln and rms, neither=not ln and not rms)


@RMS_NORM.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    yield "a row", dict(x=normal(4), gamma=normal(4))
    yield "a batch of tokens", dict(x=normal(2, 3, 5), gamma=normal(5))
    yield "one feature", dict(x=normal(3, 1), gamma=normal(1))
    yield "a row of zeros", dict(x=np.stack([np.zeros(4), normal(4)]), gamma=normal(4))
    yield "far from 0", dict(x=100 + normal(3, 6), gamma=normal(6))
    yield "large ε", dict(x=normal(3, 6), gamma=normal(6), eps=0.5)
    yield "many features", dict(x=normal(2, 100), gamma=normal(100))
    yield "many rows", dict(x=normal(200, 3), gamma=normal(3))
    yield "square", dict(x=normal(4, 4), gamma=normal(4))


@RMS_NORM.invalid
def invalid(rng):
    yield "scale of another width", dict(x=np.ones((3, 4)), gamma=np.ones(3))
    yield "a scale too wide", dict(x=np.ones((3, 4)), gamma=np.ones(8))


def bare(norm, x, eps=TINY):
    """Without learnt scale."""
    return norm(x, np.ones(x.shape[-1]), eps=eps)


@RMS_NORM.claim
def length_is_the_root_of_d(norm, rng):
    r"""With γ = 1 every row gets the squared length $d\,m/(m+\varepsilon)$, m its mean square: d for ε = 0, and $\frac
    d{11}$ at m = 1e-6, ε = 1e-5"""
    x = rng.standard_normal((3, 40)) + 1
    m = (x**2).mean(-1)
    yield roundoff((bare(norm, x) ** 2).sum(-1), np.full(3, 40.0), terms=40)
    yield roundoff((bare(norm, x, eps=0.5) ** 2).sum(-1), 40 * m / (m + 0.5), terms=40)
    small = 1e-3 * x / np.sqrt(m)[:, None]
    yield roundoff((bare(norm, small, eps=1e-5) ** 2).sum(-1), np.full(3, 40 / 11), terms=40)


@RMS_NORM.claim
def scale_cancels(norm, rng):
    r"""$\operatorname{RMSNorm}(ax)=\operatorname{sign}(a)\operatorname{RMSNorm}(x)$ for ε = 0, or if ε grows by $a^2$"""
    x = rng.standard_normal((4, 16))
    yield invariance(bare(norm, -300 * x), -bare(norm, x), terms=16)
    yield invariance(bare(norm, 0.25 * x, eps=1e-5 / 16), bare(norm, x, eps=1e-5), terms=16)


@RMS_NORM.claim
def direction_stays(norm, rng):
    """With γ = 1 the output is the input times one positive number a row: no sign turns, no 0 moves"""
    x = rng.standard_normal((5, 7))
    x[:, 2] = 0
    ratio = bare(norm, x)[:, [0, 1, 3, 4, 5, 6]] / x[:, [0, 1, 3, 4, 5, 6]]
    one = roundoff(ratio, np.repeat(ratio[:, :1], 6, 1), terms=4)
    return all_of(
        identical(bare(norm, x)[:, 2], np.zeros(5)), one, bound(ratio.min(), 0.1, "≥", Text("a factor 1/r", "因子 1/r"))
    )


@RMS_NORM.claim
def rotations_pass_through(norm, rng):
    r"""$\operatorname{RMSNorm}(Qx)=Q\operatorname{RMSNorm}(x)$ for orthogonal Q and γ = 1: no feature is singled out"""
    x, Q = rng.standard_normal((4, 6)), np.linalg.qr(rng.standard_normal((6, 6)))[0]
    return invariance(bare(norm, x @ Q.T), bare(norm, x) @ Q.T, terms=12, scale=3.0)


@RMS_NORM.claim
def a_scale_per_feature_stops_rotations(norm, rng):
    """With γ = (1, 2) a quarter turn does not pass through: of (3, 4) turned first the output has other lengths"""
    gamma, turn = np.array([1.0, 2.0]), np.array([[0.0, -1.0], [1.0, 0.0]])
    x, r = np.array([3.0, 4.0]), np.sqrt(12.5)
    first, then = norm(turn @ x, gamma, eps=TINY), turn @ norm(x, gamma, eps=TINY)
    return all_of(roundoff(first, np.array([-4.0, 6.0]) / r), roundoff(then, np.array([-8.0, 3.0]) / r))


@RMS_NORM.claim
def layer_norm_of_centred_rows(norm, rng):
    """Of rows with mean 0 it is layer norm: layer norm is RMS norm after the mean is taken away"""
    import torch

    x = rng.standard_normal((4, 12)) + 3
    want = torch.nn.functional.layer_norm(torch.from_numpy(x), (12,), eps=1e-3).numpy()
    return roundoff(bare(norm, x - x.mean(-1, keepdims=True), eps=1e-3), want, terms=24, scale=12.0)


@RMS_NORM.claim
def a_shift_does_not_cancel(norm, rng):
    """A shift of the whole row changes the result, which layer norm's is free of: far above 0 all entries come near
    γ"""
    x, gamma = rng.standard_normal((3, 8)), rng.uniform(0.5, 2, 8)
    far = norm(x + 1e6, gamma, eps=TINY) / gamma
    why = Text("spread over 1e6, second order included", "离散程度与 1e6 之比，含二阶项")
    return all_of(
        bound(np.abs(far - 1).max(), 1e-5, "≤", why),
        bound(
            np.abs(bare(norm, x + 1) - bare(norm, x)).max(),
            0.1,
            "≥",
            Text("of the size of the outputs", "与输出同量级"),
        ),
    )


@RMS_NORM.claim
def rows_see_no_neighbour(norm, rng):
    """A row's output does not depend on the other rows, on their number, or on padding rows, bit for bit"""
    x, gamma = rng.standard_normal((5, 12)), rng.standard_normal(12)
    padded = np.concatenate([np.full((3, 12), 1e4), x, np.zeros((2, 12))])
    y = norm(x, gamma)
    return all_of(identical(norm(padded, gamma)[3:8], y), identical(norm(x[2:3], gamma), y[2:3]))


@RMS_NORM.claim
def gradient_of_the_inputs(norm, rng):
    r"""The gradient is $\frac1r\bigl(h-\frac{x}{d\,r^2}\sum_kh_kx_k\bigr)$ with
    $h=\gamma\odot\partial\ell/\partial y$: rows that are large get small gradients"""
    x, g, gamma, eps = rng.standard_normal((3, 7)), rng.standard_normal((3, 7)), rng.standard_normal(7), 0.1
    h = gamma * g
    r = np.sqrt((x**2).mean(-1, keepdims=True) + eps)
    want = (h - x / (7 * r**2) * (h * x).sum(-1, keepdims=True)) / r
    if norm.differentiates:
        got = norm.vjp(dict(x=x, gamma=gamma, eps=eps), (g,), ("x",))["x"]
        return roundoff(got, want, terms=14)
    step, got = 2.0**-10, np.zeros_like(x)
    for place in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[place] = step
        ahead, back, near_by, near_back = ((g * norm(x + s * e, gamma, eps=eps)).sum() for s in (1, -1, 0.5, -0.5))
        got[place] = (8 * (near_by - near_back) - (ahead - back)) / (6 * step)
    # rounding of the sum over the step; the five-point rule itself errs by step⁴ f⁽⁵⁾/480 ≈ 1e-14
    return roundoff(got, want, terms=14, scale=8 / step)


@RMS_NORM.mutant(
    caught_by="a-shift-does-not-cancel, gradient-of-the-inputs, direction-stays, rotations-pass-through, equals-definition"
)
def mean_subtracted(x, gamma, eps=1e-6):
    """the mean is subtracted first: layer norm"""
    return rms_norm(x - x.mean(-1, keepdims=True), gamma, eps)


@RMS_NORM.mutant(caught_by="length-is-the-root-of-d, layer-norm-of-centred-rows, equals-definition")
def divided_by_the_length(x, gamma, eps=1e-6):
    """divided by the length, not by the root of the mean square"""
    return gamma * x / np.sqrt((x**2).sum(-1, keepdims=True) + eps)


@RMS_NORM.mutant(caught_by="rotations-pass-through, length-is-the-root-of-d, equals-definition")
def mean_of_absolutes(x, gamma, eps=1e-6):
    """divided by the mean of the absolute values"""
    return gamma * x / (np.abs(x).mean(-1, keepdims=True) + eps)


@RMS_NORM.mutant(caught_by="length-is-the-root-of-d, scale-cancels, equals-definition")
def eps_outside_the_root(x, gamma, eps=1e-6):
    """ε is added to the root"""
    return gamma * x / (np.sqrt((x**2).mean(-1, keepdims=True)) + eps)


@RMS_NORM.mutant(caught_by="rows-see-no-neighbour, equals-definition")
def over_the_whole_batch(x, gamma, eps=1e-6):
    """one root mean square for the whole batch"""
    return gamma * x / np.sqrt((x**2).mean() + eps)


@RMS_NORM.mutant(caught_by="a-scale-per-feature-stops-rotations, equals-definition")
def one_plus_the_weight(x, gamma, eps=1e-6):
    """the weight is read as γ − 1, as in Gemma"""
    return rms_norm(x, 1 + gamma, eps)


@RMS_NORM.figure(
    sample=Slider(0.1, 10, 3.0, "scale of the first sample", log=True),
    shift=Slider(-5, 5, 2.0, "shift of all features"),
)
def figure(sample, shift):
    x = batch(sample, 1.0, places=1) + shift
    flat = x[..., 0]
    y = rms_norm(flat, np.ones(6))
    fig = before_and_after(x, y[..., None], "RMS norm of each sample")
    words = Text(
        f"Six samples of six features, all shifted by {shift:.2g}. The first sample's root mean square was "
        f"{np.sqrt((flat[0] ** 2).mean()):.2f} and is {np.sqrt((y[0] ** 2).mean()):.2f}; its mean, which layer norm would take away, "
        f"was {flat[0].mean():.2f} and is {y[0].mean():.2f}.",
        f"六个样本，各六个特征，全部平移 {shift:.2g}。第一个样本的均方根由 {np.sqrt((flat[0] ** 2).mean()):.2f} 变为 {np.sqrt((y[0] ** 2).mean()):.2f}；它的均值（层归一化会减去它）由 {flat[0].mean():.2f} 变为 {y[0].mean():.2f}。",
    )
    return Drawing(fig, words)
