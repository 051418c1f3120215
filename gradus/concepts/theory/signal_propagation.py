"""Signal propagation: mean-field theory of random networks, vanishing and exploding gradients."""

import numpy as np

from gradus.frameworks import namespace
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import bound, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(mean_field, phi, slope, sigma_w, sigma_b, q, c, layers):
    import torch

    return torch.stack(tuple(mean_field(phi, sigma_w, sigma_b, q, c, layers)))


SIGNAL_PROPAGATION = Concept(
    key="signal-propagation",
    kind="definition",
    title="Signal propagation: vanishing and exploding gradients",
    summary=r"In wide random networks three numbers a layer say what becomes of a signal: its second moment $q$, the correlation "
    r"$c$ of two inputs, and $\chi$, the factor by which the square of a gradient changes on its way back. $\chi<1$: gradients "
    r"vanish and all inputs become alike; $\chi>1$: gradients explode. Deep plain nets train near $\chi=1$.",
    formulas=(
        r"q_1=\sigma_w^2q_0+\sigma_b^2,\qquad q_{l+1}=\sigma_w^2\,\mathbb E\,\phi(\sqrt{q_l}\,z)^2+\sigma_b^2",
        r"q_1c_1=\sigma_w^2q_0c_0+\sigma_b^2,\qquad q_{l+1}c_{l+1}=\sigma_w^2\,\mathbb E\,\phi(u)\phi(v)+\sigma_b^2",
        r"\chi_l=\sigma_w^2\,\mathbb E\,\phi'(\sqrt{q_l}\,z)^2,\qquad \mathbb E\lVert\delta_l\rVert^2=\chi_l\,\mathbb E\lVert\delta_{l+1}\rVert^2",
        r"\lvert c_l-c^*\rvert\sim e^{-l/\xi},\qquad \xi^{-1}=-\log\bigl(\sigma_w^2\,\mathbb E\,\phi'(u)\phi'(v)\bigr)\Big|_{q^*,\,c^*},\qquad c^*=1:\ \xi^{-1}=-\log\chi",
    ),
    symbols=(
        Symbol(r"\phi", "phi", "function", "activation, applied entry by entry", "function"),
        Symbol(r"\phi'", "slope", "function", "its derivative", "function"),
        Symbol(r"\sigma_w", "sigma_w", "", r"root of $n_{\text{in}}$ times the variance of a weight", "positive"),
        Symbol(r"\sigma_b", "sigma_b", "", "standard deviation of a bias", "nonnegative"),
        Symbol(
            "q_0",
            "q",
            "",
            r"mean square of the entries of an input, $\lVert x\rVert^2/n$, the same for both",
            "positive",
        ),
        Symbol("c_0", "c", "", "cosine of the angle between the two inputs, from −1 to 1"),
        Symbol("L", "layers", "", "number of layers", "natural"),
        Symbol("q_l", "", "", "second moment of a pre-activation of layer l, biases included"),
        Symbol("c_l", "", "", "correlation of the two inputs' pre-activations"),
        Symbol("z", "", "", "a standard normal number"),
        Symbol("u,\\ v", "", "", r"normal numbers of variance $q_l$ and correlation $c_l$"),
        Symbol(r"\chi_l", "", "", "factor of the squared gradient from layer l+1 to layer l"),
        Symbol(r"\delta_l", "", "n", "derivative of the loss with respect to the pre-activations of layer l"),
        Symbol("q^*,\\ c^*", "", "", "fixed points"),
        Symbol(r"\xi", "", "", "depth scale: layers in which the distance to the fixed point falls by the factor e"),
    ),
    needs=("initialization", "residual"),
    source="poole2016exponential",
    year=2016,
    people=("Ben Poole", "Samuel S. Schoenholz", "Surya Ganguli", "Jascha Sohl-Dickstein"),
    aliases="vanishing gradient, vanishing gradients, exploding gradient, exploding gradients, mean-field theory of networks, "
    "edge of chaos, order-to-chaos transition, depth scale, 梯度消失, 梯度爆炸, 信号传播, 混沌边缘, "
    "深度尺度, 动力学等距",
    implementations=(Implementation("gradus.theory:mean_field", "torch", _ours, "the slope from autograd"),),
    readings="poole2016exponential §2–3; schoenholz2017deep §3–5; pennington2017resurrecting; yang2017mean; "
    "glorot2010understanding; hochreiter1998vanishing",
    hypotheses=(
        Hypothesis(
            "weights and biases are independent draws of mean 0, of variance $\\sigma_w^2/n_{\\text{in}}$ and $\\sigma_b^2$",
            "sigma-not-squared, bias-in-the-first-layer-only",
        ),
        Hypothesis(
            "many units for the depth: of one net with $n$ units the logarithm of the gradient scatters by about $\\sqrt{L/n}$",
            "one-narrow-net-is-not-the-mean",
        ),
        Hypothesis(r"the depth scale: off the line $\chi=1$", "slow-on-the-line"),
        Hypothesis(
            r"$\chi<1$ makes inputs alike: $q^*>0$, the signal does not die out", "a-dying-signal-keeps-its-angle"
        ),
        Hypothesis(
            r"$\chi$ alone: dense layers one after the other, no shortcut and no normalisation",
            "shortcuts-tame-the-product, normalisation-cancels-the-gain",
        ),
    ),
    conventions=(
        Convention(
            "what counts as the gradient's factor",
            r"$\chi$ belongs to the squared norm; the norm changes by $\sqrt\chi$ a layer",
            r"some texts bound the norm by $\lVert W\rVert\max\lvert\phi'\rvert$: a bound, above the typical factor",
        ),
        Convention(
            "at which weights a net starts",
            r"$\sigma_w$, $\sigma_b$ are chosen; He's rule for ReLU is $(\sqrt2,0)$, Xavier's for tanh in a net of equal widths $(1,0)$, "
            r"both on the line $\chi=1$ in the limit",
            r"`torch.nn.Linear` draws weights and biases evenly from $\pm1/\sqrt{n_{\text{in}}}$: $\sigma_w^2=\tfrac13$, and "
            r"$\sigma_b^2=\tfrac1{3n_{\text{in}}}$, not 0; then $\chi\le\tfrac13$ under tanh, about $\tfrac16$ under ReLU",
        ),
        Convention(
            "what is called $q$",
            "the second moment before the activation, as in both papers",
            "others follow that of the activations themselves, which enters a layer",
        ),
    ),
    unverified="That the way back may treat the transposed weights as drawn anew, if the last layer's weights are independent "
    "of all before, is proved by Yang (2020, Tensor Programs II and III); here it is measured.",
    differentiable=False,
    longest_sum=170,
)


@SIGNAL_PROPAGATION.definition
def signal_propagation(phi, slope, sigma_w, sigma_b, q, c, layers):
    q, k = sigma_w**2 * q + sigma_b**2, sigma_w**2 * c * q + sigma_b**2
    rows = np.zeros((layers, 3))
    for layer in range(layers):
        h = np.clip(0.3 / np.sqrt(q), 0.02, 0.1)  # means over normal numbers: sums in steps of h
        z = h * (np.arange(-int(8.5 / h), int(8.5 / h)) + 0.5)
        p = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
        c = np.clip(k / q, -1, 1)
        u = np.sqrt(q) * z
        v = c * u[:, None] + np.sqrt(1 - c**2) * u
        rows[layer] = q, c, sigma_w**2 * p @ slope(u) ** 2
        k = sigma_w**2 * (p * phi(u)) @ phi(v) @ p + sigma_b**2
        q = sigma_w**2 * p @ phi(u) ** 2 + sigma_b**2
    return rows.T  # (3, layers): q, c, χ


@generic
def tanh(u):
    return namespace(u).tanh(u)


@generic
def tanh_slope(u):
    return 1 - namespace(u).tanh(u) ** 2


@generic
def sine(u):
    return namespace(u).sin(u)


@generic
def cosine(u):
    return namespace(u).cos(u)


@generic
def relu(u):
    return namespace(u).where(u > 0, u, 0 * u)


@generic
def step(u):
    return namespace(u).where(u > 0, 1 + 0 * u, 0 * u)


@generic
def sigmoid(u):
    return (1 + namespace(u).tanh(u / 2)) / 2


@generic
def sigmoid_slope(u):
    return (1 - namespace(u).tanh(u / 2) ** 2) / 4


TANH, SINE, RELU, SIGMOID = (tanh, tanh_slope), (sine, cosine), (relu, step), (sigmoid, sigmoid_slope)


@SIGNAL_PROPAGATION.example
def example():
    phi, slope = SINE
    sigma_w, sigma_b, q, c, layers = np.sqrt(2.0), 0.0, 0.5, 0.6, 4
    rows = signal_propagation(phi, slope, sigma_w, sigma_b, q, c, layers)
    weak = signal_propagation(phi, slope, 0.9, 0.3, q, c, 40)
    return (
        dict(phi=phi, slope=slope, sigma_w=sigma_w, sigma_b=sigma_b, q=q, c=c, layers=layers, w=2.0)
        | dict(
            moment=rows[0], cosine=rows[1], chi=rows[2], back=np.prod(rows[2, :3]), root=np.sqrt(np.prod(rows[2, :3]))
        )
        | dict(k=rows[0] * rows[1], weak=weak[2, -1], product=np.prod(weak[2, :39]), fixed=rows[0, 0])
        | dict(without=rows[2, 0] / 2, near=1 - weak[1, -1])
    )


@SIGNAL_PROPAGATION.exercise
def twenty_rectifiers():
    chi = 1.5 / 2
    return number(chi**20, without_the_weights=0.5**20, of_the_norm=chi**10, weights_alone=1.5**20)


@SIGNAL_PROPAGATION.exercise
def how_deep():
    return number(-1 / np.log(0.8), one_over_chi=1 / 0.8, half_life=np.log(0.5) / np.log(0.8), linear=1 / (1 - 0.8))


@SIGNAL_PROPAGATION.exercise
def doubled_gain():
    factors = [normalised_factor(signal_propagation, sigma_w) for sigma_w in (1.0, 2.0)]
    same = bool(np.isclose(*factors))
    return choice(
        same=same, fourfold=bool(np.isclose(factors[1], 4 * factors[0])), smaller=factors[1] < 0.99 * factors[0]
    )


@SIGNAL_PROPAGATION.cases
def cases(rng):
    def of(pair, sigma_w, sigma_b, q, c, layers):
        return dict(phi=pair[0], slope=pair[1], sigma_w=sigma_w, sigma_b=sigma_b, q=q, c=c, layers=layers)

    yield "ordered", of(TANH, 0.8, 0.3, 1.0, 0.2, 6)
    yield "chaotic", of(TANH, 2.5, 0.1, 0.5, 0.9, 6)
    yield "sine", of(SINE, 1.2, 0.2, 2.0, -0.5, 5)
    yield "rectifier", of(RELU, np.sqrt(2.0), 0.3, 3.0, 1.0, 4)
    yield "logistic", of(SIGMOID, 3.0, 1.0, 1.0, 0.3, 3)
    yield "the same input twice", of(TANH, 1.5, 0.2, 1.0, 1.0, 4)
    yield "opposite inputs", of(TANH, 1.5, 0.0, 1.0, -1.0, 4)
    yield "a tiny signal", of(TANH, 1.0, 0.0, 1e-6, 0.5, 3)
    yield "no layer", of(TANH, 1.0, 0.1, 1.0, 0.5, 0)


@SIGNAL_PROPAGATION.invalid
def invalid(rng):
    yield "a cosine above 1", dict(phi=tanh, slope=tanh_slope, sigma_w=1.0, sigma_b=0.1, q=1.0, c=1.5, layers=2)
    yield (
        "a negative second moment",
        dict(phi=tanh, slope=tanh_slope, sigma_w=1.0, sigma_b=0.1, q=-1.0, c=0.5, layers=2),
    )


def sine_means(w, b, q, c, layers):
    """The maps for φ = sin, whose means over normal numbers are closed."""
    k, q, rows = w * c * q + b, w * q + b, []
    for _ in range(layers):
        rows.append((q, k / q, w * (1 + np.exp(-2 * q)) / 2))
        k, q = w * np.exp(-q) * np.sinh(k) + b, w * (1 - np.exp(-2 * q)) / 2 + b
    return np.array(rows).T


@SIGNAL_PROPAGATION.claim
def sine_in_closed_form(signal_propagation, rng):
    r"""For $\phi=\sin$ the means are closed: $\mathbb E\sin u\sin v=e^{-q}\sinh(qc)$ and
    $\mathbb E\cos^2u=\tfrac12(1+e^{-2q})$; all three maps agree with them"""
    for sigma_w, sigma_b, q, c in ((1.1, 0.0, 1.0, 0.3), (0.7, 0.5, 4.0, -0.9), (1.4, 0.2, 0.2, 0.0)):
        want = sine_means(sigma_w**2, sigma_b**2, q, c, 4)
        yield roundoff(signal_propagation(*SINE, sigma_w, sigma_b, q, c, 4), want, terms=4 * 170)


@SIGNAL_PROPAGATION.claim
def rectifier_halves(signal_propagation, rng):
    r"""For ReLU $q_{l+1}=\tfrac12\sigma_w^2q_l+\sigma_b^2$ and $\chi=\tfrac12\sigma_w^2$, whatever $q$: $\sigma_w^2=2$ is He's rule"""
    sigma_w, sigma_b = rng.uniform(0.5, 2), rng.uniform(0, 1)
    q, _, chi = signal_propagation(*RELU, sigma_w, sigma_b, 1.7, 0.5, 6)
    yield roundoff(q[1:], sigma_w**2 * q[:-1] / 2 + sigma_b**2, terms=170)
    yield roundoff(chi, np.full(6, sigma_w**2 / 2), terms=170)


def random_nets(rng, pair, sigma_w, sigma_b, n, layers, count, c=0.5):
    """Second moments and correlations (layers, count) of two inputs of second moment 1, and |δ_l|²/|δ_L|² of the first's."""
    phi, slope = pair
    x = rng.standard_normal((count, n, 2))
    x = np.linalg.qr(x)[0] * np.sqrt(n)
    x[..., 1] = c * x[..., 0] + np.sqrt(1 - c**2) * x[..., 1]
    W = rng.standard_normal((layers, count, n, n)) * (sigma_w / np.sqrt(n))
    b = sigma_b * rng.standard_normal((layers, count, n, 1))
    h = []
    for layer in range(layers):
        h.append(W[layer] @ (phi(h[-1]) if layer else x) + b[layer])
    h = np.array(h)
    q = (h**2).mean(2)
    back = [rng.standard_normal((count, n))]
    for layer in range(layers - 2, -1, -1):
        back.append(slope(h[layer, ..., 0]) * (np.swapaxes(W[layer + 1], 1, 2) @ back[-1][..., None])[..., 0])
    sizes = (np.array(back[::-1]) ** 2).sum(2)
    return q, (h[..., 0] * h[..., 1]).mean(2) / np.sqrt(q[..., 0] * q[..., 1]), sizes / sizes[-1]


@SIGNAL_PROPAGATION.claim
def wide_nets_follow(signal_propagation, rng):
    r"""Tanh nets of 64 units: the means of $q_l$ and $c_l$ over 100 nets are within 10 % and 0.1 of the maps through 5 layers,
    from $q_0=1$, $c_0=\tfrac12$, with $(\sigma_w,\sigma_b)$ of (0.8, 0.5) and of (1.8, 0.4)"""
    why = Text(
        "the bias of finite width is of order L/n = 0.08, the scatter of the mean 0.02",
        "有限宽度的偏差为 L/n = 0.08 量级，均值的散布为 0.02",
    )
    for sigma_w, sigma_b in ((0.8, 0.5), (1.8, 0.4)):
        q, c, _ = random_nets(rng, TANH, sigma_w, sigma_b, 64, 5, 100)
        want = signal_propagation(*TANH, sigma_w, sigma_b, 1.0, 0.5, 5)
        yield near(np.abs(q.mean((1, 2)) / want[0] - 1).max(), 0.0, 0.1, why, "statistical")
        yield near(np.abs(c.mean(1) - want[1]).max(), 0.0, 0.1, why, "statistical")


def gradient_ratio(signal_propagation, rng, n, layers, count, sigma_w):
    """Root mean square over nets of |δ_l|/|δ_L|, as a multiple of the prediction, by layer."""
    g = np.concatenate([random_nets(rng, TANH, sigma_w, 0.3, n, layers, 25)[2] for _ in range(count // 25)], 1)
    chi = signal_propagation(*TANH, sigma_w, 0.3, 1.0, 0.5, layers)[2]
    return np.sqrt(g.mean(1)[:-1] / np.cumprod(chi[:-1][::-1])[::-1])


@SIGNAL_PROPAGATION.claim
def gradients_of_wide_nets(signal_propagation, rng):
    r"""The root mean square over 100 tanh nets of $\lVert\delta_l\rVert$ is within 10 % of $\prod\chi$'s root at every layer: 64
    units, 6 layers, $\sigma_w=1.3$, $\sigma_b=0.3$, $q_0=1$"""
    why = Text("the stated share: three times the scatter of the mean", "所述的比例：均值散布的三倍")
    ratio = gradient_ratio(signal_propagation, rng, 64, 6, 100, 1.3)
    return near(np.abs(ratio - 1).max(), 0.0, 0.1, why, "statistical")


@SIGNAL_PROPAGATION.claim(cost="slow")
def gradients_through_ten_layers(signal_propagation, rng):
    r"""The same with 200 units through 10 layers, $\sigma_b=0.3$ and $q_0=1$, where gradients vanish ($\sigma_w=0.8$), hardly change (1.3)
    and explode (2.2)"""
    why = Text("the stated share", "所述的比例")
    for sigma_w in (0.8, 1.3, 2.2):
        ratio = gradient_ratio(signal_propagation, rng, 200, 10, 100, sigma_w)
        yield near(np.abs(ratio - 1).max(), 0.0, 0.1, why, "statistical")


@SIGNAL_PROPAGATION.claim
def one_narrow_net_is_not_the_mean(signal_propagation, rng):
    r"""The prediction is a mean over nets: in ReLU nets of $n=32$ units and $L=17$ layers without biases the logarithm of
    $\lVert\delta_1\rVert^2/\lVert\delta_L\rVert^2$ is lower by $\tfrac{5(L-1)}{2n}$ on average, with a standard deviation of
    about $\sqrt{5(L-1)/n}$"""
    n, layers = 32, 17
    g = random_nets(rng, RELU, 1.5, 0.0, n, layers, 150)[2][0]
    expected = np.log(signal_propagation(*RELU, 1.5, 0.0, 1.0, 0.5, layers)[2][:-1]).sum()
    off = np.log(g) - expected
    scatter = 5 * (layers - 1) / n
    yield statistical(off, -scatter / 2)
    why = Text("five standard errors of the deviation of 150 numbers", "150 个数的标准差的五倍标准误")
    yield near(off.std() / np.sqrt(scatter), 1.0, 0.3, why, "statistical")


@SIGNAL_PROPAGATION.claim
def depth_scale_is_predicted(signal_propagation, rng):
    r"""Near the fixed point the correlation's distance shrinks by $e^{-1/\xi}$ a layer: by $\chi$ in the ordered phase, by
    $\sigma_w^2\,\mathbb E\,\phi'(u)\phi'(v)$ at $c^*<1$ in the chaotic one"""
    why = Text("the next order, of the size of the distance", "下一阶的量，与该距离同量级")
    _, c, chi = signal_propagation(*SINE, 0.9, 0.3, 1.0, 0.9, 22)
    apart = 1 - sine_means(0.9**2, 0.3**2, 1.0, 0.9, 21)[1, -1]
    yield near((1 - c[21]) / (1 - c[20]) / chi[21], 1.0, 5 * apart, why)
    _, c, _ = signal_propagation(*SINE, 1.8, 0.3, 1.0, 0.6, 16)
    limit = sine_means(1.8**2, 0.3**2, 1.0, 0.6, 300)[:, -1]
    apart = abs(sine_means(1.8**2, 0.3**2, 1.0, 0.6, 15)[1, -1] - limit[1])
    factor = 1.8**2 * np.exp(-limit[0]) * np.cosh(limit[0] * limit[1])
    yield near((c[15] - limit[1]) / (c[14] - limit[1]), factor, 5 * apart, why)


def critical_sine(q):
    """σ_w and σ_b at which χ = 1 and q stays, for φ = sin."""
    w = 2 / (1 + np.exp(-2 * q))
    return np.sqrt(w), np.sqrt(q - w * (1 - np.exp(-2 * q)) / 2)


def parting(signal_propagation, sigma_w, sigma_b):
    """By what a layer multiplies 1 − c of two nearly equal inputs that have reached q*."""
    q = sine_means(sigma_w**2, sigma_b**2, 1.0, 1.0, 200)[0, -1]
    c = 1 - 1e-5
    k = ((c * q - sigma_b**2) / sigma_w**2, (q - sigma_b**2) / sigma_w**2)
    after = signal_propagation(*SINE, sigma_w, sigma_b, k[1], k[0] / k[1], 2)[1]
    return (1 - after[1]) / 1e-5


@SIGNAL_PROPAGATION.claim
def chi_one_divides(signal_propagation, rng):
    r"""Two nearly equal inputs approach each other where $\chi<1$ and part where $\chi>1$: the bisected $\sigma_w$ is that of
    $\chi=1$"""
    critical, sigma_b = critical_sine(0.5)
    low, high = 0.6 * critical, 1.6 * critical
    if not parting(signal_propagation, low, sigma_b) < 1 < parting(signal_propagation, high, sigma_b):
        return bound(np.nan, 1.0)
    for _ in range(14):
        middle = (low + high) / 2
        low, high = (middle, high) if parting(signal_propagation, middle, sigma_b) < 1 else (low, middle)
    return near(
        low / critical,
        1.0,
        2e-4,
        Text("2⁻¹⁴, and the second order of 1 − c = 10⁻⁵", "2⁻¹⁴，以及 1 − c = 10⁻⁵ 的二阶项"),
    )


@SIGNAL_PROPAGATION.claim
def slow_on_the_line(signal_propagation, rng):
    r"""On the line $\chi=1$ there is no depth scale: for smooth $\phi$ the distance $1-c_l$ falls as $2/(al)$ with
    $a=\sigma_w^2q^*\,\mathbb E\,\phi''(\sqrt{q^*}z)^2$; its inverse grows by $a/2$ a layer"""
    for q in (0.3, 0.8):
        sigma_w, sigma_b = critical_sine(q)
        w, b = sigma_w**2, sigma_b**2
        c = 1 - 1e-3
        c = signal_propagation(*SINE, sigma_w, sigma_b, (q - b) / w, (c * q - b) / (q - b), 6)[1]
        why = Text("the third order in 1 − c = 10⁻³", "1 − c = 10⁻³ 的三阶项")
        a = w * q * (1 - np.exp(-2 * q)) / 2
        yield near(np.diff(1 / (1 - c)).mean() / (a / 2), 1.0, 0.01, why)


@SIGNAL_PROPAGATION.claim
def a_dying_signal_keeps_its_angle(signal_propagation, rng):
    r"""Without biases and with $\sigma_w<1$ a tanh net's signal dies out, $q^*=0$: it is linear in the end, $\chi\to\sigma_w^2$, and
    two inputs of $q_0=0.01$ keep their correlation to 0.01 though $\chi<1$"""
    q, c, chi = signal_propagation(*TANH, 0.7, 0.0, 0.01, 0.5, 20)
    why = Text("the cubic term of tanh is of the order q₀", "tanh 的三次项为 q₀ 量级")
    yield near(c[-1], 0.5, 0.01, why)
    yield near(chi[-1], 0.49, 1e-6, Text("2σ_w²q₀·0.49²⁰ is below 10⁻⁸", "2σ_w²q₀·0.49²⁰ 小于 10⁻⁸"))
    yield bound(q[-1], 0.01 * 0.49**20, "≤", Text("|tanh u| ≤ |u|", "|tanh u| ≤ |u|"))


@SIGNAL_PROPAGATION.claim
def weights_enter_the_factor(signal_propagation, rng):
    r"""The logistic function's slope is at most $\tfrac14$, yet $\chi$ is 0.056 for $\sigma_w=1$ and 1.93 for $\sigma_w=20$, the limits
    at $\sigma_b=0$: in nets of 64 units, too, gradients grow"""
    chi = [signal_propagation(*SIGMOID, s, 0.0, 1.0, 0.5, 6)[2] for s in (1.0, 20.0)]
    yield near(chi[0][-1], 0.0557, 5e-5, Text("half a unit of the last digit", "末位的半个单位"))
    yield near(chi[1][-1], 1.9307, 5e-5, Text("half a unit of the last digit", "末位的半个单位"))
    g = random_nets(rng, SIGMOID, 20.0, 0.0, 64, 3, 80)[2][0]
    why = Text(
        "five times the scatter of the mean of 80 nets, and the bias of their width",
        "80 个网络均值散布的五倍，加上宽度的偏差",
    )
    yield near(np.log(g.mean()), np.log(chi[1][:2]).sum(), 0.5, why, "statistical")


def branch(signal_propagation, pair, sigma_w, q):
    """Second moment and factor of one layer without bias whose activation meets the second moment q."""
    rows = signal_propagation(*pair, sigma_w, 0.0, q / sigma_w**2, 0.0, 2)
    return rows[0][1], rows[2][0]


@SIGNAL_PROPAGATION.claim
def shortcuts_tame_the_product(signal_propagation, rng):
    r"""With $h_{l+1}=h_l+W\phi(h_l)$ the second moment grows by $\sigma_w^2\,\mathbb E\,\phi^2$ a block and the factor is
    $1+\chi_l$; under tanh both slow down: of 12 blocks at $\sigma_w=2$, from the second moment 1, the last six multiply the squared gradient by less than
    a third of what the first six do"""
    n, blocks, count, sigma_w = 64, 12, 60, 2.0
    moments, factors = [1.0], []
    for _ in range(blocks):
        more, chi = branch(signal_propagation, TANH, sigma_w, moments[-1])
        moments.append(moments[-1] + more)
        factors.append(1 + chi)
    h = rng.standard_normal((count, n, 1))
    h /= np.sqrt((h**2).mean(1, keepdims=True))
    W = rng.standard_normal((blocks, count, n, n)) * (sigma_w / np.sqrt(n))
    slopes = []
    for A in W:
        slopes.append(tanh_slope(h))
        h = h + A @ np.tanh(h)
    d = rng.standard_normal((count, n, 1))
    first = (d**2).sum((1, 2))
    for A, slope in zip(W[::-1], slopes[::-1], strict=True):
        d = d + slope * (np.swapaxes(A, 1, 2) @ d)
    yield statistical((h**2).mean((1, 2)) / moments[-1], 1.0)
    yield statistical((d**2).sum((1, 2)) / first / np.prod(factors), 1.0)
    yield bound(np.prod(factors[6:]) / np.prod(factors[:6]), 1 / 3, "≤", Text("the stated share", "所述的比例"))


def normalised_factor(signal_propagation, sigma_w):
    """Of h → W tanh(h/rms(h)): the factor of the squared gradient."""
    after, chi = branch(signal_propagation, TANH, sigma_w, 1.0)
    return chi / after


@SIGNAL_PROPAGATION.claim
def normalisation_cancels_the_gain(signal_propagation, rng):
    r"""Divided by its root mean square before each tanh, a net without biases has the factor
    $\mathbb E\,\phi'^2/\mathbb E\,\phi^2=1.178$ at $q=1$, whatever $\sigma_w$: nothing vanishes, gradients explode slowly"""
    n, layers, count, why = 64, 9, 120, Text("half a unit of the last digit", "末位的半个单位")
    yield near(normalised_factor(signal_propagation, 0.5), 1.178, 5e-4, why)
    W = rng.standard_normal((layers, count, n, n)) * (3.0 / np.sqrt(n))
    h, kept = W[0] @ np.tanh(rng.standard_normal((count, n, 1))), []
    for A in W[1:]:
        r = np.sqrt((h**2).mean(1, keepdims=True))
        kept.append((A, h / r, r))
        h = A @ np.tanh(h / r)
    d = rng.standard_normal((count, n, 1))
    first = (d**2).sum((1, 2))
    for A, s, r in kept[::-1]:
        d = tanh_slope(s) * (np.swapaxes(A, 1, 2) @ d)
        d = (d - s * (s * d).mean(1, keepdims=True)) / r
    why = Text("the bias of finite width, about 1/n a layer, and the scatter", "有限宽度的偏差（每层约 1/n）以及散布")
    measured = ((d**2).sum((1, 2)) / first).mean() ** (1 / (layers - 1))
    yield near(measured, normalised_factor(signal_propagation, 3.0), 0.06, why, "statistical")


@SIGNAL_PROPAGATION.claim
def orthogonal_weights_narrow_the_spectrum(signal_propagation, rng):
    r"""Orthogonal weights leave $\chi$ as it is and narrow the singular values of $\partial h_L/\partial h_1$: in tanh nets of 48 units
    and 6 layers, $\sigma_w=1.1$, $q_0=0.1$, their mean square is $\prod\chi$ to 30 % for both, and the relative variance of the squares five
    times as large or more with normal weights"""
    n, layers, count, sigma_w = 48, 6, 24, 1.1
    chi = signal_propagation(*TANH, sigma_w, 0.0, 0.1, 0.5, layers)[2]
    spread = []
    for orthogonal in (True, False):
        W = rng.standard_normal((layers, count, n, n))
        W = sigma_w * np.linalg.qr(W)[0] if orthogonal else W * (sigma_w / np.sqrt(n))
        x = rng.standard_normal((count, n, 1))
        h = W[0] @ (x * np.sqrt(0.1 / (x**2).mean(1, keepdims=True)))
        J = np.broadcast_to(np.eye(n), (count, n, n))
        for A in W[1:]:
            J, h = A @ (tanh_slope(h) * J), A @ np.tanh(h)
        squares = np.linalg.svd(J, compute_uv=False) ** 2
        why = Text("five times the scatter of the mean over 24 nets", "24 个网络均值散布的五倍")
        yield near(squares.mean() / np.prod(chi[:-1]), 1.0, 0.3, why, "statistical")
        spread.append((squares.var(1) / squares.mean(1) ** 2).mean())
    yield bound(spread[1] / spread[0], 5.0, "≥", Text("several times", "数倍"))


@SIGNAL_PROPAGATION.mutant(
    caught_by="sine-in-closed-form, a-dying-signal-keeps-its-angle, gradients-of-wide-nets, weights-enter-the-factor"
)
def chi_without_the_weights(phi, slope, sigma_w, sigma_b, q, c, layers):
    r"""χ without σ_w²: the slopes alone"""
    rows = signal_propagation(phi, slope, sigma_w, sigma_b, q, c, layers)
    return rows / np.array([[1.0], [1.0], [sigma_w**2]])


@SIGNAL_PROPAGATION.mutant(caught_by="equals-definition, wide-nets-follow, shortcuts-tame-the-product, chi-one-divides")
def sigma_not_squared(phi, slope, sigma_w, sigma_b, q, c, layers):
    """the weights' standard deviation taken for their variance"""
    return signal_propagation(phi, slope, np.sqrt(sigma_w), sigma_b, q, c, layers)


@SIGNAL_PROPAGATION.mutant(
    caught_by="sine-in-closed-form, one-narrow-net-is-not-the-mean, normalisation-cancels-the-gain"
)
def square_of_the_mean_slope(phi, slope, sigma_w, sigma_b, q, c, layers):
    """the mean slope is squared, not the slope"""
    rows = signal_propagation(phi, slope, sigma_w, sigma_b, q, c, layers)
    z = 0.1 * (np.arange(-85, 85) + 0.5)
    p = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    chi = [sigma_w**2 * (p @ slope(np.sqrt(s) * z)) ** 2 for s in rows[0]]
    return np.stack([rows[0], rows[1], np.array(chi).reshape(-1)])


@SIGNAL_PROPAGATION.mutant(caught_by="wide-nets-follow, depth-scale-is-predicted, chi-one-divides, slow-on-the-line")
def angle_kept(phi, slope, sigma_w, sigma_b, q, c, layers):
    """the weights alone turn the inputs: the activation leaves their angle as it is"""
    rows = signal_propagation(phi, slope, sigma_w, sigma_b, q, c, layers)
    for layer in range(1, layers):
        before = rows[0, layer - 1]
        part = (rows[0, layer] - sigma_b**2) / rows[0, layer]
        rows[1, layer] = part * rows[1, layer - 1] + (1 - part) if before else c
    return rows


@SIGNAL_PROPAGATION.mutant(
    caught_by="equals-definition, wide-nets-follow, sine-in-closed-form, depth-scale-is-predicted"
)
def bias_in_the_first_layer_only(phi, slope, sigma_w, sigma_b, q, c, layers):
    """biases in the first layer only"""
    rows = []
    for layer in range(layers):
        row = signal_propagation(phi, slope, sigma_w, sigma_b if layer == 0 else 0.0, q, c, 2)
        rows.append(row[:, 0])
        after = signal_propagation(phi, slope, sigma_w, 0.0, row[0, 0] / sigma_w**2, row[1, 0], 2)
        q, c = after[0, 1] / sigma_w**2, after[1, 1]
    return np.array(rows).reshape(-1, 3).T


@SIGNAL_PROPAGATION.mutant(caught_by="rectifier-halves, wide-nets-follow, orthogonal-weights-narrow-the-spectrum")
def one_typical_value(phi, slope, sigma_w, sigma_b, q, c, layers):
    r"""no mean: the activation and its slope at √q alone"""
    rows = []
    q, k = sigma_w**2 * q + sigma_b**2, sigma_w**2 * c * q + sigma_b**2
    for _ in range(layers):
        u = np.sqrt(q) * np.ones(1)
        rows.append((q, k / q, sigma_w**2 * slope(u)[0] ** 2))
        k = sigma_w**2 * phi(u)[0] * phi(k / q * u)[0] + sigma_b**2
        q = sigma_w**2 * phi(u)[0] ** 2 + sigma_b**2
    return np.array(rows).reshape(-1, 3).T


@SIGNAL_PROPAGATION.mutant(caught_by="equals-definition, gradients-of-wide-nets, gradients-through-ten-layers")
def root_of_chi(phi, slope, sigma_w, sigma_b, q, c, layers):
    """the factor of the norm, sold as that of its square"""
    rows = signal_propagation(phi, slope, sigma_w, sigma_b, q, c, layers)
    return np.stack([rows[0], rows[1], np.sqrt(rows[2])])


SIGNAL_PROPAGATION.erratum(
    "E191",
    common=r"With the logistic function gradients must vanish, since its slope is at most $\tfrac14$ (a common argument)",
    why=r"The weights stand in the same factor: $\chi=\sigma_w^2\,\mathbb E\,\phi'^2$ is 0.056 for $\sigma_w=1$, but 1.93 for "
    r"$\sigma_w=20$, and there gradients explode.",
    right=r"Gradients vanish where $\chi<1$; the slope's bound alone decides nothing",
    claims="weights-enter-the-factor",
)


@SIGNAL_PROPAGATION.figure(
    sigma_w=Slider(0.5, 3.0, 1.9, "size of the weights"),
    sigma_b=Slider(0.0, 1.0, 0.3, "size of the biases"),
    width=Slider(16, 96, 96, "units a layer n", log=True, integer=True),
)
def figure(sigma_w, sigma_b, width):
    n, layers, count = int(width), 24, 6
    rng = np.random.default_rng(3)
    _, c, g = random_nets(rng, TANH, sigma_w, sigma_b, n, layers, count)
    rows = signal_propagation(*TANH, sigma_w, sigma_b, 1.0, 0.5, layers)
    chi, depth = rows[2], np.arange(1, layers + 1)
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    left.plot(depth, c, color=COLOURS[5], lw=0.8)
    for start in (0.0, 0.5, 0.95):
        cosines = signal_propagation(*TANH, sigma_w, sigma_b, 1.0, start, layers)[1]
        left.plot(depth, cosines, color=COLOURS[0], lw=2.2 if start == 0.5 else 1.0, ls="-" if start == 0.5 else "--")
    left.set(xlabel="layer l", ylabel="correlation of two inputs", ylim=(min(-0.05, c.min() - 0.05), 1.05))
    right.semilogy(depth, np.sqrt(g), color=COLOURS[5], lw=0.8)
    predicted = np.sqrt(np.append(np.cumprod(chi[:-1][::-1])[::-1], 1.0))
    right.semilogy(depth, predicted, color=COLOURS[0], lw=2.2, label="mean field")
    right.plot([], [], color=COLOURS[5], lw=0.8, label="six nets")
    right.axhline(1, color="0.6", lw=0.8, ls=":")
    right.set(xlabel="layer l", ylabel="gradient norm / last layer's")
    if max(predicted.max(), 1 / predicted.min()) < 30:
        right.set_ylim(1 / 30, 30)
    right.legend(frameon=False)
    alike = rows[1, -1] > 0.9  # without biases a signal that dies out keeps its angles
    en = "gradients explode and inputs part"
    zh = "梯度爆炸，各输入彼此分开"
    if chi[-1] < 1:
        en = "gradients vanish and " + ("inputs become alike" if alike else "inputs keep their angle")
        zh = "梯度消失，" + ("各输入趋于相同" if alike else "各输入保持夹角")
    words = Text(
        f"Tanh nets of {n} units, weights {sigma_w:.2f}, biases {sigma_b:.2f}. χ comes to {chi[-1]:.3f}: {en}. From layer {layers} back to layer 1 mean field multiplies "
        f"the gradient's norm by {predicted[0]:.3g}; in six nets it is {np.sqrt(g[0].min()):.3g} to {np.sqrt(g[0].max()):.3g}. The correlation ends at "
        f"{rows[1, -1]:.3f}; dashed, from 0.95 and from 0.",
        f"每层 {n} 个单元的 tanh 网络，权重尺度 {sigma_w:.2f}，偏置尺度 {sigma_b:.2f}。χ 趋于 {chi[-1]:.3f}：{zh}。从第 {layers} 层回到第 1 层，平均场预测梯度范数乘以 "
        f"{predicted[0]:.3g}；六个网络中为 {np.sqrt(g[0].min()):.3g} 到 {np.sqrt(g[0].max()):.3g}。相关系数最终为 {rows[1, -1]:.3f}；虚线自 0.95 与 0 出发。",
    )
    return Drawing(fig, words)
