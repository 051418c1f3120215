"""He initialization."""

import numpy as np

from gradus.concepts.networks.initialization.draws import DRAWS, N_IN, N_OUT, W_OUT, draw_cases, scaled_draws
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, near, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _kaiming(init, Z, a, mode):
    return scaled_draws(init, Z, a=a, mode=mode)


HE = Concept(
    key="he",
    kind="definition",
    title="He initialization",
    summary="A ReLU throws away half of a symmetric signal's second moment; He's factor 2 gives it back. The mean "
    r"over nets is then kept at every depth, while a single net wanders: its logarithm by about $\sqrt{5L/n}$.",
    formulas=(
        r"W=\sqrt{\frac{2}{(1+\alpha^2)\,n}}\;Z,\qquad n=n_{\text{in}}\ \text{ or }\ n_{\text{out}}",
        r"\mathbb{E}\lVert a^{(l)}\rVert^2=\mathbb{E}\lVert a^{(l-1)}\rVert^2\qquad(n=n_{\text{in}}=n_{\text{out}})",
        r"\operatorname{Var}\log\frac{\lVert a^{(L)}\rVert^2}{\lVert a^{(0)}\rVert^2}\approx\frac{5L}{n}\quad(\alpha=0)",
    ),
    symbols=(
        DRAWS,
        Symbol(r"\alpha", "a", "", "slope of the leaky ReLU below 0; 0 for ReLU", "nonnegative"),
        Symbol("n", "mode", "", "“fan_in” keeps signals, “fan_out” gradients", "other"),
        W_OUT,
        N_IN,
        N_OUT,
        Symbol("a^{(l)}", "", "n", "activations of layer l, in a net of equal widths n"),
        Symbol("L", "", "", "number of layers"),
    ),
    needs=("relu", "leaky-relu", "xavier"),
    source="he2015delving",
    year=2015,
    people=("Kaiming He", "Xiangyu Zhang", "Shaoqing Ren", "Jian Sun"),
    aliases="He init, Kaiming, Kaiming initialization, kaiming_normal, Kaiming 初始化, 何恺明初始化",
    implementations=(
        Implementation(
            "torch.nn.init:kaiming_normal_", "torch", _kaiming, "its factor, measured on its own draws, applied to Z"
        ),
    ),
    readings="he2015delving §2.2; hanin2020products",
    hypotheses=(
        Hypothesis(
            "the mean is kept: fan-in, and the slope of the activation that follows; no bias",
            "fans-exchanged, slope-ignored",
        ),
        Hypothesis(
            "the 5 of the scatter: normal draws, independent from unit to unit",
            "uniform-draws-scatter-less, units-in-pairs",
        ),
    ),
    conventions=(
        Convention(
            "the slope for which PyTorch's `nn.Linear` draws",
            r"α is the slope of the activation that follows: 0 for ReLU",
            r"`nn.Linear` calls `kaiming_uniform_` (PyTorch's name of it) with $\alpha=\sqrt5$ whatever follows, which makes "
            r"the variance $1/(3n_{\text{in}})$, six times less than He's for ReLU",
        ),
    ),
)


@HE.definition
def he(Z, a=0.0, mode="fan_in"):
    n_out, n_in, *kernel = Z.shape
    n = {"fan_in": n_in, "fan_out": n_out}[mode] * np.prod(kernel)
    return np.sqrt(2 / ((1 + a**2) * n)) * Z


@HE.example
def example():
    Z = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0]])
    W, x = he(Z), np.array([2.0, 1.0])
    signs = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    z = he(signs) @ x
    half, q = np.maximum(z, 0), (x**2).mean()
    out = np.maximum(W @ x, 0)
    return (
        dict(Z=Z, x=x, z=z, half=half, q=q, mean_z=(z**2).mean(), mean_half=(half**2).mean())
        | dict(factor=np.sqrt(2 / 2), one=(half**2).mean() / 2, net=out, q_net=(out**2).mean())
        | dict(ratio=(out**2).mean() / q, leaky=he(Z, 0.5)[0, 0], fifty=2.0**-50, default=6.0**-50)
        | dict(out_factor=he(Z, mode="fan_out")[0, 0])
    )


@HE.exercise
def kernel_of_nine():
    fan = 64 * 9
    return number(
        np.sqrt(2 / fan), kernel_forgotten=np.sqrt(2 / 64), without_the_two=np.sqrt(1 / fan), variance=2 / fan
    )


@HE.exercise
def twenty_halves():
    return number(2.0**-10, squared=2.0**-20, unchanged=1)


@HE.exercise
def deeper_and_wider():
    before, after = np.sqrt(5 * 50 / 100), np.sqrt(5 * 100 / 200)
    return choice(same=bool(np.isclose(before, after)), more=after > 1.1 * before, less=after < 0.9 * before)


@HE.cases
def he_cases(rng):
    yield from draw_cases(rng)
    yield "leaky", dict(Z=rng.standard_normal((5, 8)), a=0.3)
    yield "fan-out", dict(Z=rng.standard_normal((5, 8)), mode="fan_out")
    yield "kernel, fan-out", dict(Z=rng.standard_normal((4, 3, 2, 2)), mode="fan_out")


@HE.invalid
def he_invalid(rng):
    yield "a vector has no fans", dict(Z=np.ones(5))
    yield "unknown mode", dict(Z=np.ones((3, 4)), mode="fan_sum?")


def relu_nets(he, rng, M, L, n, a=0.0):
    """Growth of log ‖a^(l)‖² by layer in M ReLU nets, from 0 at the input; all the weights from one call, whose fan-in
    is n."""
    W = he(rng.standard_normal((M * L * n, n)), a).reshape(L, M, n, n)
    x = rng.standard_normal((M, n, 1))
    logs = [np.log((x**2).sum((1, 2)))]
    for layer in W:
        x = np.maximum(layer @ x, 0)
        logs.append(np.log((x**2).sum((1, 2)) + 1e-300))
    return np.array(logs) - logs[0]  # (L+1, M)


@HE.claim
def mean_over_nets_is_kept(he, rng):
    """The mean over nets of the squared norm is kept through ReLU layers of equal width: its expectation at depth 4,
    relative to the input's, is exactly 1"""
    return statistical(np.exp(relu_nets(he, rng, 500, 4, 24)[-1]), 1.0)


@HE.claim
def one_net_wanders(he, rng):
    r"""In one net of 50 layers the logarithm of the squared norm drifts by about $-\tfrac{5L}{2n}$, with a standard
    deviation of about $\sqrt{5L/n}$: within three of them"""
    L, n = 50, 128
    growth = relu_nets(he, rng, 1, L, n)[-1, 0]
    why = Text("3√(5L/n): each layer adds variance 5/n to the logarithm", "3√(5L/n)：每层使对数的方差增加 5/n")
    return near(growth, -5 * L / (2 * n), 3 * np.sqrt(5 * L / n), why, "statistical")


@HE.claim
def each_layer_adds_five_over_n(he, rng):
    """Each layer multiplies the squared norm by a random factor of mean 1 and variance exactly $5/n$: that is why the logarithm
    wanders by $5L/n$"""
    n = 12
    factor = np.exp(relu_nets(he, rng, 5000, 1, n)[-1])
    return all_of(statistical(factor, 1.0), statistical((factor - 1) ** 2, 5 / n))


@HE.claim
def uniform_draws_scatter_less(he, rng):
    r"""The 5 belongs to normal draws: with uniform ones, and a single input that is not 0, the variance of the factor is
    $13/(5n)$"""
    n, M = 12, 5000
    W = he(rng.uniform(-(3**0.5), 3**0.5, (M * n, n))).reshape(M, n, n)
    factor = np.square(np.maximum(W[:, :, 0], 0)).sum(1)
    return all_of(statistical(factor, 1.0), statistical((factor - 1) ** 2, 13 / (5 * n)))


@HE.claim
def wrong_gain_dies_or_explodes(he, rng):
    r"""The wrong gain dies or explodes at the predicted rate: gain 1 as $2^{-L}$, `nn.Linear`'s $\alpha=\sqrt5$ as
    $6^{-L}$, a factor $c$ too much as $c^{2L}$"""
    L, n = 50, 128
    why = Text("5√(5L/n), the scatter of one net", "5√(5L/n)，单个网络的散布")
    for a, c in ((1.0, 1.0), (5**0.5, 1.0), (0.0, 1.3)):
        growth = relu_nets(lambda Z, a, c=c: c * he(Z, a), rng, 1, L, n, a)[-1, 0]
        rate = 2 * np.log(c) - np.log(1 + a**2)
        yield near(growth, L * rate - 5 * L / (2 * n), 5 * np.sqrt(5 * L / n), why, "statistical")


@HE.claim
def leaky_relu_keeps_the_moment(he, rng):
    r"""With $\alpha$ its own slope, a leaky ReLU keeps the second moment too"""
    for a in (0.01, 0.3, 1.0):
        z = he(rng.standard_normal((4000, 50)), a) @ rng.choice([-1.0, 1.0], 50)
        yield statistical(np.where(z > 0, z, a * z) ** 2, 1.0)


@HE.claim
def fan_out_keeps_the_gradient(he, rng):
    r"""With fan-out it is the gradient that is kept: $\mathbb{E}\lVert W^{\mathsf T}d\rVert^2/n_{\text{in}}=2\lVert
    d\rVert^2/n_{\text{out}}$, half of whose $d$ the ReLU has put to 0"""
    n_out, n_in = 60, 3000
    d = rng.standard_normal(n_out) * (rng.permutation(n_out) % 2)
    back = he(rng.standard_normal((n_out, n_in)), 0.0, "fan_out").T @ d
    return statistical(back**2 / (d @ d), 2 / n_out)


@HE.mutant(caught_by="equals-definition, mean-over-nets-is-kept, one-net-wanders, wrong-gain-dies-or-explodes")
def gain_one(Z, a=0.0, mode="fan_in"):
    """gain 1 for ReLU"""
    return he(Z, a, mode) / np.sqrt(2)


@HE.mutant(caught_by="equals-definition, fan-out-keeps-the-gradient, leaky-relu-keeps-the-moment")
def fans_exchanged(Z, a=0.0, mode="fan_in"):
    """fan-in and fan-out exchanged"""
    return he(Z, a, "fan_out" if mode == "fan_in" else "fan_in")


@HE.mutant(caught_by="equals-definition, leaky-relu-keeps-the-moment, wrong-gain-dies-or-explodes")
def slope_ignored(Z, a=0.0, mode="fan_in"):
    """the slope below 0 is ignored"""
    return he(Z, 0.0, mode)


@HE.mutant(caught_by="equals-definition, each-layer-adds-five-over-n, uniform-draws-scatter-less")
def units_in_pairs(Z, a=0.0, mode="fan_in"):
    """every unit stands twice: half as many are independent"""
    return he(Z[np.arange(len(Z)) // 2 * 2], a, mode)


@HE.figure(
    gain=Slider(0.8, 1.25, 1.0, "factor on He's weights", log=True),
    width=Slider(16, 128, 48, "units per layer n", log=True, integer=True),
)
def he_figure(gain, width):
    n, L = int(width), 50
    M = max(4, min(24, 2**20 // (n * n * L)))
    logs = relu_nets(lambda Z, a: gain * he(Z, a), np.random.default_rng(2), M, L, n)
    fig, ax = canvas(width=6.4, height=3.6)
    depth = np.arange(L + 1)
    ax.plot(depth, logs / np.log(10), color=COLOURS[5], lw=0.8, alpha=0.8)
    centre = depth * (2 * np.log(gain) - 5 / (2 * n))
    spread = 3 * np.sqrt(5 * depth / n)
    ax.plot(depth, centre / np.log(10), color=COLOURS[0], lw=2, label="predicted middle")
    ax.fill_between(
        depth,
        (centre - spread) / np.log(10),
        (centre + spread) / np.log(10),
        color=COLOURS[0],
        alpha=0.12,
        lw=0,
        label=r"$\pm3\sqrt{5l/n}$",
    )
    ax.plot(depth, depth * np.log10(0.5), color=COLOURS[1], ls="--", label="gain 1")
    ax.set(xlabel="layer l", ylabel=r"$\log_{10}$ of squared norm / input's")
    ax.legend(frameon=False, loc="lower left")
    inside = float((np.abs(logs[-1] - centre[-1]) <= spread[-1]).mean())
    low, high = 10 ** (logs[-1].min() / np.log(10)), 10 ** (logs[-1].max() / np.log(10))
    words = Text(
        f"{M} ReLU nets of {n} units and 50 layers, He's weights times {gain:.2f}. At the last layer the squared norm is between {low:.2g} and "
        f"{high:.2g} times the input's; {inside:.0%} of the nets lie in the predicted band. With gain 1 it would be {2.0**-50:.1g}.",
        f"{M} 个 50 层、每层 {n} 个单元的 ReLU 网络，权重为 He 初始化的 {gain:.2f} 倍。最后一层的范数平方为输入的 {low:.2g} 到 {high:.2g} 倍；"
        f"{inside:.0%} 的网络落在预测的带内。若增益为 1，则为 {2.0**-50:.1g}。",
    )
    return Drawing(fig, words)
