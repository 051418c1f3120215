"""The information plane: what a layer is said to know of inputs and labels, and what that depends on."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

BOTTLENECK = Concept(
    key="information-bottleneck",
    kind="definition",
    title="Information plane",
    summary="How much does a hidden layer still know of the input, how much of the label? The information plane draws the two mutual informations of each layer as training goes on. But for a deterministic network "
    "the first is the same for all layers that keep inputs apart, or infinite: what is plotted is the information of binned or of noisy outputs, and it follows the activation, the bins and the noise.",
    formulas=(
        r"\hat t_i=\Bigl\lfloor\frac{t_i-a}{b-a}\,k\Bigr\rfloor\ \text{held within}\ 0,\dots,k-1,\qquad I(X;\hat T)=H(\hat T),\qquad I(\hat T;Y)=H(\hat T)+H(Y)-H(\hat T,Y)",
        r"U(\sigma)=-\frac1n\sum_i\ln\frac1n\sum_je^{-\lVert t_i-t_j\rVert^2/2\sigma^2}",
        r"U(2\sigma)\le I(X;T+\sigma Z)\le U(\sigma)\le\ln n,\qquad Z\sim N(0,I)",
        r"I(T+\sigma Z;Y)\approx U(\sigma)-\sum_c\frac{n_c}nU_c(\sigma)",
    ),
    symbols=(
        Symbol("t_i,\\ T", "t", "n d", "outputs of the layer for $n$ inputs, one row each"),
        Symbol("y_i,\\ Y", "y", "n", "labels, whole numbers from 0", "index"),
        Symbol("k", "bins", "", "number of bins for each unit", "natural"),
        Symbol("a", "low", "", "where the first bin begins; what lies below is put into it", "other"),
        Symbol("b", "high", "", "where the last bin ends; what lies above is put into it", "other"),
        Symbol(
            r"\sigma",
            "noise",
            "",
            "standard deviation of the noise that is thought to be added to each unit",
            "positive",
        ),
        Symbol("X", "", "", "the input, each of the $n$ with probability $1/n$"),
        Symbol(r"\hat T,\ \hat t_i", "", "", "the bins of all units of the layer together"),
        Symbol("Z", "", "d", "normal noise, independent of all else"),
        Symbol("U_c,\\ n_c", "", "", "$U$ of the outputs with label $c$ alone; how many there are"),
        Symbol("H,\\ I", "", "", "entropy and mutual information, in nats"),
        Symbol("n,\\ i,\\ j,\\ c", "", "", "number of inputs; two of them, a label", "natural"),
    ),
    returns=(
        Result("binned_input", "", r"$I(X;\hat T)$"),
        Result("binned_label", "", r"$I(\hat T;Y)$"),
        Result("upper_input", "", r"$U(\sigma)$"),
        Result("lower_input", "", r"$U(2\sigma)$"),
        Result("noisy_label", "", r"$U(\sigma)-\sum_c\frac{n_c}nU_c(\sigma)$"),
    ),
    needs=("mutual-information", "entropy", "mlp"),
    source="saxe2018information",
    year=2018,
    people=("Naftali Tishby", "Ravid Shwartz-Ziv", "Andrew Saxe", "Artemy Kolchinsky", "Brendan Tracey"),
    aliases="information bottleneck, compression phase, mutual information of hidden layers, estimating mixture entropy, "
    "信息瓶颈, 信息平面, 压缩阶段, 隐藏层的互信息",
    implementations=(
        Implementation(
            "gradus.theory:information_plane",
            "torch",
            note="of all layers of a model under several settings: `gradus.theory.measure_information`",
        ),
    ),
    readings="shwartz2017opening; kolchinsky2017estimating; adilova2023information",
    hypotheses=(
        Hypothesis(
            r"$I(X;\hat T)=H(\hat T)$, and the bounds: the layer is deterministic", "a-random-layer-is-no-entropy"
        ),
    ),
    conventions=(
        Convention("unit of information", "nats", "bits: Shwartz-Ziv and Tishby 2017"),
        Convention(
            "range of the bins",
            "given: from −1 to 1 unless said otherwise, as for tanh",
            "from the smallest to the largest output of the layer, at each moment: common for ReLU, and then nothing is comparable over time",
        ),
        Convention(
            "noise",
            r"given in the units of $t$",
            r"a fixed variance such as $10^{-3}$ or $10^{-1}$, whatever the layer's scale: Saxe et al. 2018 and code after them",
        ),
    ),
    unverified="That networks in training show, or lack, a phase of compression is a matter of experiments that are not repeated here.",
    differentiable=False,
    carries_gradient=False,
    longest_sum=256,
)


@BOTTLENECK.definition
def information_bottleneck(t, y, bins=30, low=-1.0, high=1.0, noise=0.1):
    if bins < 1 or noise <= 0 or low >= high:
        raise ValueError("no bins, no noise, or bins that end before they begin")
    if len(y) != len(t):
        raise ValueError("a label for each row")
    n = len(t)

    def entropy(rows):
        counts = np.unique(rows, axis=0, return_counts=True)[1]
        return -(counts / n * np.log(counts / n)).sum()

    def spread(points, sigma):
        total = 0.0
        for row in points:
            total += np.log(np.exp(-((points - row) ** 2).sum(1) / (2 * sigma**2)).mean())
        return -total / len(points)

    cells = np.clip(np.floor((t - low) / (high - low) * bins), 0, bins - 1)
    label = y[:, None]
    binned_input = entropy(cells)
    binned_label = binned_input + entropy(label) - entropy(np.hstack([cells, label]))
    upper, lower = spread(t, noise), spread(t, 2 * noise)
    within = sum((y == c).mean() * spread(t[y == c], noise) for c in np.unique(y))
    return binned_input, binned_label, upper, lower, upper - within


@BOTTLENECK.example
def example():
    t, y = np.array([[-0.9], [-0.3], [0.1], [0.7]]), np.array([0, 0, 1, 1])
    coarse, fine = information_bottleneck(t, y, 2, noise=0.2), information_bottleneck(t, y, 20, noise=0.2)
    steep = information_bottleneck(np.tanh(8 * t), y, 20)
    return dict(t=t, y=y, coarse=coarse[0], coarse_label=coarse[1], fine=fine[0], all=np.log(4), half=np.log(2)) | dict(
        steep=steep[0],
        tanh=np.tanh(8 * t)[:, 0],
        upper=fine[2],
        lower=fine[3],
        noisy=fine[4],
        near=np.exp(-((0.6 / 0.2) ** 2) / 2),
        close=np.exp(-((0.4 / 0.2) ** 2) / 2),
    )


@BOTTLENECK.exercise
def two_bins():
    """Outputs −0.9, −0.1, 0.2, 0.25 and two bins from −1 to 1."""
    found = information_bottleneck(np.array([[-0.9], [-0.1], [0.2], [0.25]]), np.zeros(4, int), 2)
    return number(found[0], bits=1.0, all_differ=np.log(4), none=0.0)


@BOTTLENECK.exercise
def two_inputs():
    """Two outputs that lie two standard deviations of the noise apart."""
    found = information_bottleneck(np.array([[0.0], [2.0]]), np.zeros(2, int), noise=1.0)
    return number(found[2], lower=found[3], apart=np.log(2), self_left_out=2.0 + np.log(2))


@BOTTLENECK.exercise
def what_stays():
    rng = np.random.default_rng(2)
    t, y = rng.uniform(-1, 1, (60, 2)), rng.integers(0, 2, 60)
    first = information_bottleneck(t, y, 5)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])

    def same(other, place):
        return bool(np.isclose(information_bottleneck(other, y, 5)[place], first[place]))

    return choice(turned=same(t @ turn, 2), cubed=same(t**3, 2), halved=same(t / 2, 2))


@BOTTLENECK.cases
def cases(rng):
    yield "one unit", dict(t=rng.uniform(-1, 1, (12, 1)), y=rng.integers(0, 2, 12))
    yield "three units", dict(t=np.tanh(rng.standard_normal((15, 3))), y=rng.integers(0, 4, 15), bins=6, noise=0.4)
    yield (
        "another range",
        dict(t=3 * rng.standard_normal((14, 2)), y=rng.integers(0, 3, 14), bins=9, low=-2.0, high=5.0, noise=1.3),
    )
    yield "beyond the range", dict(t=2 * rng.standard_normal((11, 2)), y=rng.integers(0, 2, 11), bins=4, noise=0.9)
    yield "one bin", dict(t=rng.standard_normal((9, 2)), y=rng.integers(0, 2, 9), bins=1, noise=1.0)
    yield "one label", dict(t=rng.uniform(-1, 1, (10, 2)), y=np.zeros(10, int), bins=5, noise=0.5)
    yield (
        "outputs that agree",
        dict(t=np.repeat(rng.uniform(-1, 1, (4, 2)), 3, 0), y=np.arange(12) % 4, bins=7, noise=0.6),
    )
    yield "one input", dict(t=rng.standard_normal((1, 3)), y=np.zeros(1, int))
    t = rng.standard_normal((13, 2))
    yield "wide noise", dict(t=t, y=(t[:, 0] > np.median(t[:, 0])).astype(int), noise=3.0)


@BOTTLENECK.invalid
def invalid(rng):
    yield "no bins", dict(t=np.ones((2, 1)), y=np.zeros(2, int), bins=0)
    yield "noise of 0", dict(t=np.ones((2, 1)), y=np.zeros(2, int), noise=0.0)
    yield "bins that end before they begin", dict(t=np.ones((2, 1)), y=np.zeros(2, int), low=1.0, high=-1.0)
    yield "a label too few", dict(t=np.ones((3, 1)), y=np.zeros(2, int))


def plane(information_bottleneck, t, y=None, *given, **options):
    """The five estimates as numbers."""
    y = np.zeros(len(t), int) if y is None else y
    return [float(v) for v in information_bottleneck(t, y, *given, **options)]


def grid(k, d=1):
    """The middles of k bins from −1 to 1, in d units."""
    middles = (2 * np.arange(k) + 1) / k - 1
    return np.stack(np.meshgrid(*[middles] * d), -1).reshape(-1, d)


@BOTTLENECK.claim
def bins_are_counted_together(information_bottleneck, rng):
    r"""Inputs in $k$ bins, equally many in each: $\ln k$; all in one: 0. A second unit that repeats the first adds nothing; one that is independent of it adds its own entropy. What lies beyond the range is in the outer bins. A label that
    the bin fixes: $H(Y)$; one that is independent of the bins: 0"""
    for k in (2, 5):
        t, y = np.repeat(grid(k), 2, 0), np.tile([0, 1], k)
        found = plane(information_bottleneck, t, y, k)
        yield roundoff(found[:2], [np.log(k), 0.0], terms=16 * k, scale=np.log(k))
        yield roundoff(plane(information_bottleneck, np.hstack([t, t]), y, k)[0], np.log(k), terms=16 * k)
        yield roundoff(plane(information_bottleneck, grid(k, 2), None, k)[0], 2 * np.log(k), terms=16 * k)
        own = np.repeat(np.arange(k), 2) % 2
        share = np.bincount(own) / len(own)
        yield roundoff(plane(information_bottleneck, t, own, k)[1], -(share * np.log(share)).sum(), terms=16 * k)
    yield roundoff(plane(information_bottleneck, grid(8), None, 1)[0], 0.0, terms=64, scale=1.0)
    beyond = np.array([[-7.0], [-0.9], [0.9], [3.0]])
    yield roundoff(plane(information_bottleneck, beyond, None, 2)[0], np.log(2), terms=16)


@BOTTLENECK.claim
def finer_bins_tell_more(information_bottleneck, rng):
    r"""Bins cut in halves never tell less, of the input or of the label; the label's part is at most the input's, and at most $H(Y)$. Where no two outputs agree and none lies beyond the range, in the end every input has a bin of its own, and the first is $\ln n$: three layers that keep inputs apart agree. Outputs beyond the range share the outer bin, however fine the bins"""
    x, y = rng.uniform(-1, 1, (40, 2)), rng.integers(0, 3, 40)
    share = np.bincount(y) / 40
    share = share[share > 0]
    entropy = -(share * np.log(share)).sum()
    last = (0.0, 0.0)
    for bins in (2, 4, 8, 16):
        first, second, *_ = plane(information_bottleneck, x, y, bins)
        yield bound(first, last[0], "≥")
        yield bound(second, last[1], "≥")
        yield bound(second, min(first, entropy))
        last = first, second
    for t in (x, np.tanh(3 * x), x @ np.array([[1.0, 0.5], [-0.5, 1.0]]) / 2):
        yield roundoff(plane(information_bottleneck, t, y, 10**9)[:2], [np.log(40), entropy], terms=64)
    beyond = plane(information_bottleneck, np.array([[1.5], [2.0], [-0.5]]), None, 10**9)[0]
    yield roundoff(beyond, np.log(3) - 2 / 3 * np.log(2), terms=16)


@BOTTLENECK.claim
def the_activation_decides(information_bottleneck, rng):
    r"""256 inputs, evenly from −1 to 1, and $\tanh(wx)$, in 30 bins: the estimate falls from above 3.1 at $w=1$, where 24 bins are reached, to below 1.5 at $w=16$, though no two outputs agree and $I(X;T)=\ln256$ at both; of $\max(wx,0)$, in 30 bins from 0 to $w$, it is the same number at both"""
    x = grid(256)
    tanh = [plane(information_bottleneck, np.tanh(w * x), None, 30)[0] for w in (1, 16)]
    yield bound(tanh[0], 3.1, "≥", Text("of 24 bins, ln 24 = 3.18 at most", "24 个区间，至多 ln 24 = 3.18"))
    yield bound(tanh[0], np.log(24))
    yield bound(tanh[1], 1.5, "≤", Text("most outputs lie in the two outer bins", "多数输出落在最外两个区间"))
    yield bound(tanh[1], 0.7, "≥", Text("two outer bins alone", "仅最外两个区间"))
    fine = plane(information_bottleneck, np.tanh(16 * x), None, 10**15)[0]
    yield roundoff(fine, np.log(256), terms=256)
    relu = [plane(information_bottleneck, np.maximum(w * x, 0), None, 30, 0.0, float(w))[0] for w in (1, 16)]
    yield roundoff(relu[1], relu[0], terms=256)
    yield bound(relu[0], 1.5, "≥", Text("half of the inputs share an output", "一半输入的输出相同"))


@BOTTLENECK.claim
def a_continuous_input_has_no_limit(information_bottleneck, rng):
    r"""$k^d$ inputs, evenly over $[-1,1]^d$, and $T=X$ in $d$ units: with $k$ bins the estimate is $d\ln k$. With ever more inputs and bins it has no limit, since $I(X;T)=\infty$ for $X$ uniform"""
    for d, ks in ((1, (4, 16, 64, 256)), (2, (2, 4, 8, 16))):
        found = [plane(information_bottleneck, grid(k, d), None, k)[0] for k in ks]
        yield roundoff(found, [d * np.log(k) for k in ks], terms=512)


@BOTTLENECK.claim
def a_random_layer_is_no_entropy(information_bottleneck, rng):
    r"""The layer must be deterministic: outputs drawn from 16 bins whatever the input have $I(X;\hat T)=I(X;T+\sigma Z)=0$, but for 200 inputs the estimate and, at $\sigma=0.01$, even the lower bound are above 2.4"""
    t = grid(16)[rng.integers(0, 16, 200)]
    found = plane(information_bottleneck, t, None, 16, noise=0.01)
    yield bound(found[0], 2.4, "≥", Text("the truth is 0", "真值为 0"))
    yield bound(found[3], 2.4, "≥", Text("the truth is 0", "真值为 0"))
    yield bound(found[0], np.log(16))


@BOTTLENECK.claim
def many_units_part_all_inputs(information_bottleneck, rng):
    r"""Of many units a few bins are enough: 40 normal inputs in 30 units are all alone with $k=2$, and the estimate is $\ln40$. The bins must cut the outputs: of $\max(0,t)$ one of the two bins stays empty, and the estimate is 0"""
    t = rng.standard_normal((40, 30))
    yield roundoff(plane(information_bottleneck, t, None, 2)[0], np.log(40), terms=64)
    yield roundoff(plane(information_bottleneck, np.maximum(t, 0), None, 2)[0], 0.0, terms=64, scale=1.0)


@BOTTLENECK.claim
def dropped_units_hide_little(information_bottleneck, rng):
    r"""Dropping units is not enough of a noise: if $T$ is $X$ with each of 3 units set to 0 with probability ½, any unit that is left tells the inputs apart, and $I(X;T)$, the mean over the 8 masks of the estimate in fine bins, is $\frac78\ln n$: for ever more inputs without a limit"""
    for n in (20, 80):
        x = rng.uniform(0.1, 1, (n, 3))
        masks = (np.arange(8)[:, None] >> np.arange(3)) & 1
        found = np.mean([plane(information_bottleneck, x * mask, None, 10**9)[0] for mask in masks])
        yield roundoff(found, 7 / 8 * np.log(n), terms=64)


def truth(t, sigma):
    """I(X; T + σZ) of one unit, by the trapezoidal rule."""
    z = np.linspace(t.min() - 10 * sigma, t.max() + 10 * sigma, 4001)
    p = np.exp(-((z[:, None] - t) ** 2) / (2 * sigma**2)).mean(1) / np.sqrt(2 * np.pi) / sigma
    safe = np.where(p > 0, p, 1)
    return -(p * np.log(safe)).sum() * (z[1] - z[0]) - 0.5 * np.log(2 * np.pi * np.e * sigma**2)


@BOTTLENECK.claim
def noise_bounds_enclose(information_bottleneck, rng):
    r"""For one unit, the mutual information of input and noisy output, by quadrature, lies between $U(2\sigma)$ and $U(\sigma)$, for six inputs and noise from 0.05 to 2; for two outputs at the distance $\Delta$, $U(\sigma)=\ln2-\ln(1+e^{-\Delta^2/2\sigma^2})$"""
    t = rng.uniform(-1, 1, 6)
    for sigma in (0.05, 0.2, 0.6, 2.0):
        _, _, upper, lower, _ = plane(information_bottleneck, t[:, None], noise=sigma)
        value = truth(t, sigma)
        why = Text("quadrature, exact to 1e-12", "数值积分，精确到 1e-12")
        yield bound(value, upper + 1e-12, "≤", why)
        yield bound(value, lower - 1e-12, "≥", why)
    for sigma, apart in ((0.5, 0.7), (1.0, 2.0)):
        found = plane(information_bottleneck, np.array([[0.1], [0.1 + apart]]), noise=sigma)
        want = [np.log(2) - np.log1p(np.exp(-(apart**2) / c / sigma**2)) for c in (2, 8)]
        yield roundoff(found[2:4], want, terms=16)


@BOTTLENECK.claim
def noise_between_nothing_and_all(information_bottleneck, rng):
    r"""With noise a thousandth of the smallest distance both bounds are $\ln n$ for any layer that keeps the inputs apart, with noise a thousand times the largest both are below $10^{-6}$: the same outputs, the same network"""
    for t in (rng.uniform(-1, 1, (20, 2)), np.tanh(4 * rng.standard_normal((20, 3)))):
        apart = np.sqrt(((t[:, None] - t) ** 2).sum(2))
        near_ = apart[apart > 0].min()
        found = plane(information_bottleneck, t, noise=near_ / 1000)
        yield roundoff(found[2:4], [np.log(20), np.log(20)], terms=64)
        found = plane(information_bottleneck, t, noise=apart.max() * 1000)
        why = Text("mean of squares over 2σ² at most", "至多为均方除以 2σ²")
        for value in found[2:4]:
            yield near(value, 0.0, 1e-6, why)


@BOTTLENECK.claim
def noise_measures_the_size(information_bottleneck, rng):
    r"""Outputs and noise both times $c$, or outputs moved, or turned by an orthogonal matrix, leave the second estimator as it is. Outputs alone times 10 raise the upper bound, by more than 1 for 40 normal points in the plane and noise 1: under fixed noise the figure follows the scale of the layer"""
    t, y = rng.standard_normal((40, 2)), rng.integers(0, 2, 40)
    first = plane(information_bottleneck, t, y, noise=1.0)
    turn = np.linalg.qr(rng.standard_normal((2, 2)))[0]
    for other, noise in ((7 * t, 7.0), (t @ turn, 1.0), (t + 3, 1.0)):
        yield invariance(plane(information_bottleneck, other, y, noise=noise)[2:], first[2:], terms=1024)
    larger = plane(information_bottleneck, 10 * t, y, noise=1.0)
    yield bound(larger[2], first[2] + 1, "≥", Text("nothing but the scale has changed", "变的只有尺度"))


@BOTTLENECK.claim
def labels_and_clusters(information_bottleneck, rng):
    r"""Outputs at −0.9, 0 and 0.9, taken 5, 3 and 2 times, each place with a label of its own, three bins and noise 0.01: all five estimates are $H(Y)$; labels under other names and inputs in another order change nothing; one output for all: 0 throughout"""
    y = np.repeat([0, 1, 2], [5, 3, 2])
    t = np.array([[-0.9], [0.0], [0.9]])[y]
    share = np.array([0.5, 0.3, 0.2])
    entropy = -(share * np.log(share)).sum()
    yield roundoff(plane(information_bottleneck, t, y, 3, noise=0.01), [entropy] * 5, terms=64)
    u, order = rng.uniform(-1, 1, (10, 2)), rng.permutation(10)
    first = plane(information_bottleneck, u, y, 4, noise=0.5)
    yield invariance(plane(information_bottleneck, u[order], (2 - y)[order], 4, noise=0.5), first, terms=256)
    yield roundoff(plane(information_bottleneck, np.full((10, 2), 0.3), y), [0.0] * 5, terms=64, scale=1.0)


@BOTTLENECK.claim
def the_labels_estimate_is_no_bound(information_bottleneck, rng):
    r"""Where every input has a label of its own the label's estimate is $U(\sigma)$, above the truth: for six inputs and noise 0.5 by more than 0.01"""
    t = rng.uniform(-1, 1, 6)
    found = plane(information_bottleneck, t[:, None], np.arange(6), noise=0.5)
    yield roundoff(found[4], found[2], terms=64)
    yield roundoff(found[2], -np.log(np.exp(-2 * (t[:, None] - t) ** 2).mean(1)).mean(), terms=64)
    yield bound(
        found[4], truth(t, 0.5) + 0.01, "≥", Text("it is the difference of two upper bounds", "它是两个上界之差")
    )


def changed(t, y, bins=30, low=-1.0, high=1.0, noise=0.1, **new):
    """The definition's results, some of them replaced."""
    names = ("binned_input", "binned_label", "upper", "lower", "noisy")
    return tuple((dict(zip(names, information_bottleneck(t, y, bins, low, high, noise), strict=True)) | new).values())


@BOTTLENECK.mutant(
    caught_by="bins-are-counted-together, labels-and-clusters, a-continuous-input-has-no-limit, a-random-layer-is-no-entropy, many-units-part-all-inputs, dropped-units-hide-little"
)
def in_bits(t, y, **given):
    """bits for nats"""
    return tuple(np.log2(np.e) * v for v in information_bottleneck(t, y, **given))


@BOTTLENECK.mutant(caught_by="the-activation-decides, bins-are-counted-together")
def range_of_the_layer(t, y, bins=30, low=-1.0, high=1.0, noise=0.1):
    """bins from the smallest output to the largest, whatever range is given"""
    return information_bottleneck(t, y, bins, t.min() - 1e-9, t.max() + 1e-9, noise)


@BOTTLENECK.mutant(caught_by="bins-are-counted-together, many-units-part-all-inputs, equals-definition")
def units_one_by_one(t, y, bins=30, **given):
    """the sum of the units' entropies for that of all together"""
    each = [information_bottleneck(t[:, [j]], y, bins, **given)[0] for j in range(t.shape[1])]
    return changed(t, y, bins, **given, binned_input=sum(each))


@BOTTLENECK.mutant(caught_by="bins-are-counted-together, equals-definition")
def outside_has_bins_of_its_own(t, y, bins=30, low=-1.0, high=1.0, noise=0.1):
    """values beyond the range in further bins"""
    cells = np.floor((t - low) / (high - low) * bins)
    counts = np.unique(cells, axis=0, return_counts=True)[1] / len(t)
    return changed(t, y, bins, low, high, noise, binned_input=-(counts * np.log(counts)).sum())


@BOTTLENECK.mutant(caught_by="the-activation-decides, bins-are-counted-together")
def distinct_outputs(t, y, **given):
    """the entropy of the outputs as they are, ln n where they differ, for that of the bins"""
    counts = np.unique(t, axis=0, return_counts=True)[1] / len(t)
    return changed(t, y, **given, binned_input=-(counts * np.log(counts)).sum())


@BOTTLENECK.mutant(caught_by="bins-are-counted-together, finer-bins-tell-more")
def label_left_out(t, y, **given):
    """the input's part for the label's"""
    return changed(t, y, **given, binned_label=information_bottleneck(t, y, **given)[0])


@BOTTLENECK.mutant(caught_by="noise-bounds-enclose, equals-definition")
def one_bound_for_both(t, y, **given):
    """U(σ) as lower bound, too"""
    return changed(t, y, **given, lower=information_bottleneck(t, y, **given)[2])


@BOTTLENECK.mutant(caught_by="noise-bounds-enclose, equals-definition")
def bounds_swapped(t, y, **given):
    """U(2σ) above, U(σ) below"""
    _, _, upper, lower, _ = information_bottleneck(t, y, **given)
    return changed(t, y, **given, upper=lower, lower=upper)


@BOTTLENECK.mutant(caught_by="noise-bounds-enclose, equals-definition")
def variance_for_deviation(t, y, bins=30, low=-1.0, high=1.0, noise=0.1):
    """the noise's variance where its deviation is due"""
    return information_bottleneck(t, y, bins, low, high, np.sqrt(noise))


def without_itself(t, sigma):
    if len(t) < 2:
        return 0.0
    q = np.exp(-((t[:, None] - t) ** 2).sum(2) / (2 * sigma**2))
    rest = np.maximum((q.sum(1) - 1) / (len(t) - 1), 1e-300)
    return -np.log(rest).mean()


@BOTTLENECK.mutant(caught_by="noise-between-nothing-and-all, noise-bounds-enclose, labels-and-clusters")
def itself_left_out(t, y, bins=30, low=-1.0, high=1.0, noise=0.1):
    """each point judged by the others alone, as for a density: without a bound for small noise"""
    return changed(t, y, bins, low, high, noise, upper=without_itself(t, noise), lower=without_itself(t, 2 * noise))


@BOTTLENECK.mutant(caught_by="noise-measures-the-size, noise-bounds-enclose")
def noise_of_the_layers_size(t, y, bins=30, low=-1.0, high=1.0, noise=0.1):
    """noise in units of the layer's own deviation, in silence"""
    return information_bottleneck(t, y, bins, low, high, noise * (t.std() or 1.0))


@BOTTLENECK.mutant(caught_by="equals-definition")
def classes_not_weighted(t, y, bins=30, low=-1.0, high=1.0, noise=0.1):
    """the plain mean over the labels, whatever their share"""
    upper = information_bottleneck(t, y, bins, low, high, noise)[2]
    parts = [information_bottleneck(t[y == c], y[y == c], bins, low, high, noise)[2] for c in np.unique(y)]
    return changed(t, y, bins, low, high, noise, noisy=upper - np.mean(parts))


@BOTTLENECK.mutant(caught_by="the-labels-estimate-is-no-bound, equals-definition")
def lower_for_the_label(t, y, **given):
    """U(2σ) as the label's estimate"""
    return changed(t, y, **given, noisy=information_bottleneck(t, y, **given)[3])


BOTTLENECK.erratum(
    "E271",
    common="As training goes on, layers compress: $I(X;T)$ falls (articles on the information bottleneck)",
    why=r"The estimate falls because outputs of tanh gather in the outer bins: $\tanh(16x)$ keeps 256 inputs apart as $\tanh x$ does, but in 30 bins less than half of the nats are left. Of $\max(wx,0)$, in bins from 0 to $w$, it is the same at every $w$.",
    right=r"$I(X;\hat T)$ of binned outputs falls when most of them gather in the outer bins; $I(X;T)$ of a deterministic layer stays $\ln n$ as long as inputs have different outputs",
    claims="the-activation-decides, finer-bins-tell-more",
)
BOTTLENECK.erratum(
    "E272",
    common="$I(X;T)$ of a hidden layer can be measured by binning its outputs; finer bins are only more exact (tutorials)",
    why=r"For a continuous input and outputs with a density it is infinite: with $k$ bins for each of $d$ units the estimate is $d\ln k$ for a uniform output, without a limit; for a finite data set whose outputs differ, in bins that reach all of them, it ends at $\ln n$, whatever the layer.",
    right="Bins or noise define another variable, whose information is measured; their settings belong to the figure, several of them",
    claims="a-continuous-input-has-no-limit, finer-bins-tell-more",
)


@BOTTLENECK.figure(
    bins=Slider(4, 200, 30, "bins k", log=True, integer=True),
    weight=Slider(0.5, 16.0, 4.0, "weight w", log=True),
    inputs=Slider(20, 200, 100, "inputs n", integer=True),
)
def figure(bins, weight, inputs):
    n, k = int(inputs), int(bins)
    x, y = grid(n), np.zeros(n, int)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    weights = np.geomspace(0.5, 16, 16)
    curves = {
        "tanh": [information_bottleneck(np.tanh(w * x), y, k)[0] for w in weights],
        "ReLU, its own range": [information_bottleneck(np.maximum(w * x, 0), y, k, 0.0, w)[0] for w in weights],
    }
    for place, (name, values) in enumerate(curves.items()):
        left.semilogx(weights, values, color=COLOURS[place], label=name)
    left.axhline(np.log(n), color="0.4", ls="--", label=r"$\ln n$, all kept apart")
    left.set(xlabel="weight w", ylabel="information about the input (nats)", ylim=(0, 1.45 * np.log(n)))
    left.legend(fontsize=9.5, frameon=False, loc="upper left")
    sigmas = np.geomspace(1e-3, 3, 16)
    t = np.tanh(weight * x)
    found = [information_bottleneck(t, y, k, noise=s) for s in sigmas]
    right.semilogx(sigmas, [f[2] for f in found], color=COLOURS[2], label="upper bound")
    right.semilogx(sigmas, [f[3] for f in found], color=COLOURS[3], label="lower bound")
    right.axhline(np.log(n), color="0.4", ls="--")
    right.set(xlabel=r"noise $\sigma$", ylabel="information about the input (nats)", ylim=(0, 1.45 * np.log(n)))
    right.legend(fontsize=9.5, frameon=False, loc="upper right")
    a, b = curves["tanh"][0], curves["tanh"][-1]
    words = Text(
        f"One unit and {n} inputs, evenly from −1 to 1. In {k} bins from −1 to 1 the outputs of tanh tell {a:.3g} nats of the input at weight 0.5 and {b:.3g} at weight 16, though all outputs differ and the truth is {np.log(n):.3g} at both. "
        f"Under noise from 0.001 to 3 the upper bound for tanh with weight {weight:.3g} falls from {found[0][2]:.3g} to {found[-1][2]:.3g}: the choice of noise is the answer.",
        f"一个单元，{n} 个输入均匀分布在 −1 到 1。用 −1 到 1 之间的 {k} 个区间，tanh 的输出在权重 0.5 时含有关于输入的 {a:.3g} 奈特，权重 16 时为 {b:.3g} 奈特，而所有输出互不相同，真值在两处都是 {np.log(n):.3g}。"
        f"噪声从 0.001 增到 3，权重为 {weight:.3g} 的 tanh 的上界从 {found[0][2]:.3g} 降到 {found[-1][2]:.3g}：选什么噪声，就得到什么答案。",
    )
    return Drawing(fig, words)
