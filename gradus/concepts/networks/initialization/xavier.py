"""Xavier initialization."""

import numpy as np

from gradus.concepts.networks.initialization.draws import DRAWS, GAIN, N_IN, N_OUT, W_OUT, draw_cases, scaled_draws
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, near, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _xavier_normal(init, Z, gain):
    return scaled_draws(init, Z, gain=gain)


def _xavier_uniform(init, Z, gain):
    return scaled_draws(init, Z, True, gain=gain)


XAVIER = Concept(
    key="xavier",
    kind="definition",
    title="Xavier initialization",
    summary=r"Forwards a linear layer multiplies the mean square of a signal by $n_{\text{in}}\operatorname{Var}w$, backwards "
    r"that of the gradient by $n_{\text{out}}\operatorname{Var}w$. Both cannot be 1 unless the fans are equal; Xavier lets "
    "their mean be 1.",
    formulas=(
        r"W=g\sqrt{\frac{2}{n_{\text{in}}+n_{\text{out}}}}\;Z,\qquad \tfrac12\bigl(n_{\text{in}}+n_{\text{out}}\bigr)\operatorname{Var}w=g^2",
        r"Z_{ij}\sim U[-\sqrt3,\sqrt3]\ \Rightarrow\ w\sim U[-a,a]",
        r"a=g\sqrt{\frac{6}{n_{\text{in}}+n_{\text{out}}}}",
    ),
    symbols=(
        DRAWS,
        GAIN,
        W_OUT,
        N_IN,
        N_OUT,
        Symbol("w", "", "", "an entry of W"),
        Symbol("a", "", "", "bound of uniform weights"),
    ),
    needs=("mlp", "backprop-mlp", "expectation"),
    source="glorot2010understanding",
    year=2010,
    people=("Xavier Glorot", "Yoshua Bengio"),
    aliases="Glorot, Glorot initialization, Xavier init, Glorot 初始化, 泽维尔初始化",
    implementations=(
        Implementation(
            "torch.nn.init:xavier_normal_",
            "torch",
            _xavier_normal,
            "its factor, measured on its own draws, applied to Z",
        ),
        Implementation("torch.nn.init:xavier_uniform_", "torch", _xavier_uniform),
    ),
    readings="glorot2010understanding; goodfellow2016deep §8.4",
    hypotheses=(
        Hypothesis("the factors: independent weights of mean 0, and a layer that is linear", "a-relu-halves-it"),
    ),
    conventions=(
        Convention(
            "the distribution",
            "normal or uniform: the variance is the same",
            r"uniform in the paper; PyTorch's `nn.Linear` has another variance: uniform on $\pm1/\sqrt{n_{\text{in}}}$, "
            r"$1/(3n_{\text{in}})$",
        ),
    ),
)


@XAVIER.definition
def xavier(Z, gain=1.0):
    n_out, n_in, *kernel = Z.shape
    n_in, n_out = n_in * np.prod(kernel), n_out * np.prod(kernel)
    return gain * np.sqrt(2 / (n_in + n_out)) * Z


@XAVIER.example
def example():
    Z = np.array([[1.0, -1.0, 1.0, 1.0], [-1.0, -1.0, 1.0, -1.0]])
    W, factor = xavier(Z), np.sqrt(2 / 6)
    x, d = np.array([2.0, 1.0, -1.0, 0.0]), np.array([1.0, -2.0])
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * 4)).reshape(4, -1).T  # all 16 rows of signs
    back = np.array(np.meshgrid(*[[-1.0, 1.0]] * 2)).reshape(2, -1).T  # all 4 columns
    q, qd = (x**2).mean(), (d**2).mean()
    forwards, backwards = ((factor * signs @ x) ** 2).mean(), ((factor * back @ d) ** 2).mean()
    return (
        dict(Z=Z, factor=factor, variance=factor**2, limit=np.sqrt(6 / 6), x=x, y=W @ x, d=d, q=q, qd=qd)
        | dict(forwards=forwards, backwards=backwards, up=forwards / q, down=backwards / qd)
        | dict(both=forwards / q * backwards / qd, torch=1 / (3 * 4), lecun=2 / 4)
    )


@XAVIER.exercise
def which_one_grows():
    n_in, n_out = 100, 400
    forwards, backwards = 2 * n_in / (n_in + n_out), 2 * n_out / (n_in + n_out)
    return choice(
        signal=forwards > 1 > backwards,
        gradient=backwards > 1 > forwards,
        both=min(forwards, backwards) > 1,
        neither=forwards == backwards == 1,
    )


@XAVIER.exercise
def ten_default_layers():
    return number(3.0**-5, squared=3.0**-10, unchanged=1)


@XAVIER.exercise
def three_in_one():
    d = 64
    return number(np.sqrt((d + 3 * d) / (2 * d)), variance=(d + 3 * d) / (2 * d), three_parts=np.sqrt(3))


@XAVIER.cases
def xavier_cases(rng):
    yield from draw_cases(rng)
    yield "gain", dict(Z=rng.standard_normal((5, 8)), gain=5 / 3)
    yield "uniform", dict(Z=rng.uniform(-(3**0.5), 3**0.5, (4, 7)))


@XAVIER.invalid
def xavier_invalid(rng):
    yield "a vector has no fans", dict(Z=np.ones(5))
    yield "a number has no fans", dict(Z=np.array(1.0))


@XAVIER.claim
def variance_forwards_and_backwards(xavier, rng):
    r"""With gain 1, forwards the mean square is multiplied by $2n_{\text{in}}/(n_{\text{in}}+n_{\text{out}})$, backwards by
    $2n_{\text{out}}/(n_{\text{in}}+n_{\text{out}})$: together 2"""
    for n_in, n_out in ((300, 300), (200, 600), (600, 200)):
        W = xavier(rng.standard_normal((n_out, n_in)))
        x, g = rng.choice([-1.0, 1.0], n_in), rng.choice([-1.0, 1.0], n_out)
        yield statistical((W @ x) ** 2, 2 * n_in / (n_in + n_out))
        yield statistical((W.T @ g) ** 2, 2 * n_out / (n_in + n_out))


@XAVIER.claim
def a_relu_halves_it(xavier, rng):
    """A ReLU behind the layer halves the second moment that is handed on: the weights reckon with none"""
    W = xavier(rng.standard_normal((3000, 200)))
    x = rng.choice([-1.0, 1.0], 200)
    return statistical(np.maximum(W @ x, 0) ** 2, 200 / 3200)


@XAVIER.claim
def uniform_within_the_square_root_of_six(xavier, rng):
    r"""Uniform draws fill $\pm\sqrt{6/(n_{\text{in}}+n_{\text{out}})}$ and do not leave it"""
    W = xavier(rng.uniform(-(3**0.5), 3**0.5, (80, 120)))
    limit = np.sqrt(6 / 200)
    return all_of(bound(np.abs(W).max(), limit), bound(np.abs(W).max(), 0.99 * limit, "≥"))


@XAVIER.claim
def kernels_count(xavier, rng):
    r"""A convolution's fans count its kernel: $n_{\text{in}}=c_{\text{in}}k^2$, $n_{\text{out}}=c_{\text{out}}k^2$"""
    Z = rng.standard_normal((8, 6, 5, 5))
    v = (xavier(Z) / Z) ** 2
    return roundoff(v * (8 + 6) * 25 / 2, np.ones_like(Z), terms=8)


def linear_log_growth(weights, rng, L, n):
    """Change of log ‖a‖² from the input of L linear layers of n units to their output."""
    a = rng.standard_normal(n)
    start = np.log(a @ a)
    for _ in range(L):
        a = weights(rng.standard_normal((n, n))) @ a
    return np.log(a @ a) - start


@XAVIER.claim
def gain_sets_the_rate(xavier, rng):
    r"""Through 20 linear layers of equal width the squared length of a signal grows by about $g^{2L}$: with gain
    $1/\sqrt3$, which is `nn.Linear`'s variance, it dies as $3^{-L}$"""
    L, n = 20, 160
    why = Text(
        "5 standard deviations √(2L/n) of log ‖a‖² in one net", "单个网络 log ‖a‖² 的 5 倍标准差，标准差 √(2L/n)"
    )
    for g in (3**-0.5, 1.0, 1.4):
        growth = linear_log_growth(lambda Z, g=g: xavier(Z, g), rng, L, n)
        yield near(growth, 2 * L * np.log(g) - L / n, 5 * np.sqrt(2 * L / n), why, "statistical")


@XAVIER.mutant(caught_by="equals-definition, variance-forwards-and-backwards, a-relu-halves-it")
def fan_in_alone(Z, gain=1.0):
    """fan-in alone: the gradient is forgotten"""
    return gain * Z / np.sqrt(Z[0].size)


@XAVIER.mutant(caught_by="equals-definition, variance-forwards-and-backwards, gain-sets-the-rate")
def variance_for_deviation(Z, gain=1.0):
    """the variance taken for the standard deviation"""
    return gain * 2 / (Z[0].size + Z[:, 0].size) * Z


@XAVIER.mutant(caught_by="uniform-within-the-square-root-of-six, gain-sets-the-rate")
def six_for_two(Z, gain=1.0):
    """the uniform bound used as standard deviation: √6 for √2"""
    return np.sqrt(3) * xavier(Z, gain)


@XAVIER.mutant(caught_by="kernels-count, equals-definition")
def kernel_forgotten(Z, gain=1.0):
    """the kernel is not counted"""
    return gain * np.sqrt(2 / (Z.shape[0] + Z.shape[1])) * Z


@XAVIER.mutant(caught_by="gain-sets-the-rate, equals-definition")
def xavier_without_gain(Z, gain=1.0):
    """the gain is ignored"""
    return xavier(Z)


@XAVIER.figure(
    gain=Slider(0.3, 3, 1.0, "gain", log=True), depth=Slider(2, 12, 6, "number of tanh layers", integer=True)
)
def xavier_figure(gain, depth):
    L, n, N = int(depth), 100, 60
    rng = np.random.default_rng(1)
    Ws = [xavier(rng.standard_normal((n, n)), gain) for _ in range(L)]
    a = [rng.standard_normal((N, n))]
    for W in Ws:
        a.append(np.tanh(a[-1] @ W.T))
    g, back = rng.standard_normal((N, n)), []
    for W, h in zip(Ws[::-1], a[:0:-1], strict=True):
        g = (1 - h**2) * g
        back.insert(0, float(np.sqrt((g**2).mean())))
        g = g @ W
    fig, (left, right) = canvas(columns=2, width=7.2, height=3.2)
    edges = np.linspace(-1, 1, 61)
    for l in range(1, L + 1):
        density = np.histogram(a[l], edges)[0]
        height = 0.9 * density / density.max()
        left.fill_between((edges[1:] + edges[:-1]) / 2, -l, height - l, color=COLOURS[0], alpha=0.7, lw=0)
    left.set(title="activations", xlabel="a", ylabel="layer", yticks=range(-L, 0), yticklabels=range(L, 0, -1))
    layers = np.arange(1, L + 1)
    forward = [float(h.std()) for h in a[1:]]
    right.semilogy(layers, forward, "o-", ms=4, color=COLOURS[0], label="activation")
    right.semilogy(layers, back, "s-", ms=4, color=COLOURS[1], label="gradient")
    right.set(title="standard deviation", xlabel="layer")
    right.legend(frameon=False)
    full = float((np.abs(a[-1]) > 0.95).mean())
    words = Text(
        f"After {L} tanh layers of {n} units with gain {gain:.2f} the activations have standard deviation {forward[-1]:.2g}, "
        f"and {full:.0%} of them are saturated. The gradient shrinks or grows by the factor {back[0] / back[-1]:.2g} on its way back to layer 1.",
        f"增益 {gain:.2f}、每层 {n} 个单元，经过 {L} 个 tanh 层后激活值的标准差为 {forward[-1]:.2g}，{full:.0%} 已饱和。梯度传回第 1 层时变为原来的 {back[0] / back[-1]:.2g} 倍。",
    )
    return Drawing(fig, words)
