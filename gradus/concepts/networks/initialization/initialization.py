"""Initialization: Xavier, He, orthogonal, and what becomes of a signal under each."""

import functools
import itertools

import numpy as np

from gradus.concepts.networks.initialization.draws import orthogonalized, scaled_draws
from gradus.concepts.networks.initialization.he import he
from gradus.concepts.networks.initialization.orthogonal import orthogonal
from gradus.concepts.networks.initialization.xavier import xavier
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, identical, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _forward(linear, x, Z, scheme, activation, gain):
    import torch
    from torch.nn import init

    weights = {
        "xavier": lambda z: scaled_draws(init.xavier_normal_, z),
        "he": lambda z: scaled_draws(init.kaiming_normal_, z, nonlinearity="relu"),
        "orthogonal": lambda z: orthogonalized(torch.linalg.qr, z, 1.0),
    }[scheme]
    sigma = {"relu": torch.relu, "tanh": torch.tanh, "linear": lambda z: z}[activation]
    a, q = x, [x.square().mean()]
    for z in Z:
        a = sigma(linear(a, gain * weights(z)))
        q.append(a.square().mean())
    return torch.stack(q)


INITIALIZATION = Concept(
    key="initialization",
    kind="definition",
    title="Initialization",
    summary="The size of the first weights decides whether a signal reaches the end of a deep net: each layer "
    "multiplies its second moment by a factor, and only a factor of 1 survives fifty layers. Which scheme gives 1 "
    "depends on the activation.",
    formulas=(
        r"a^{(0)}=x,\qquad a^{(l)}=\sigma\bigl(c\,W^{(l)}a^{(l-1)}\bigr)",
        r"q_l=\frac1n\lVert a^{(l)}\rVert^2,\qquad l=1,\dots,L",
        r"\frac{\mathbb E\,q_{l}}{\mathbb E\,q_{l-1}}=c^2\cdot\begin{array}{c|ccc}&\text{Xavier}&Q&\text{He}\\\hline z&1&1&2\\\operatorname{ReLU}(z)&\frac12&\frac12&1\end{array}",
    ),
    symbols=(
        Symbol("x", "x", "n", "input"),
        Symbol("Z", "Z", "L n n", "standard normal draws, from which the scheme makes $W^{(l)}$"),
        Symbol("W^{(l)}", "scheme", "", "weights by “xavier”, “he” or “orthogonal”", "other"),
        Symbol(r"\sigma", "activation", "", "“relu”, “tanh” or “linear”", "other"),
        Symbol("c", "gain", "", "a further factor on the weights", "positive"),
        Symbol("q_l", "", "L+1", "second moment of layer l's activations"),
        Symbol("a^{(l)}", "", "n", "activations of layer l"),
        Symbol("Q", "", "n n", "orthogonal weights"),
        Symbol("z", "", "", "the linear activation"),
        Symbol("n", "", "", "units per layer"),
        Symbol("L", "", "", "number of layers"),
    ),
    needs=("xavier", "he", "orthogonal", "tanh"),
    source="glorot2010understanding",
    year=2010,
    people=("Xavier Glorot", "Yoshua Bengio", "Kaiming He", "Andrew Saxe"),
    aliases="weight initialization, parameter initialization, weight init, 权重初始化, 初始化, 参数初值",
    implementations=(
        Implementation("torch.nn.functional:linear", "torch", _forward, "on weights scaled by `torch.nn.init`"),
    ),
    readings="glorot2010understanding; he2015delving §2.2; saxe2014exact; goodfellow2016deep §8.4",
    hypotheses=(
        Hypothesis(
            "the table: weights drawn anew for every layer, all layers equally wide, no biases",
            "equal-layers-are-no-random-net",
        ),
        Hypothesis("a constant factor: the activation is positively homogeneous", "tanh-fades-slowly"),
    ),
    conventions=(
        Convention(
            "the weights where nothing is said",
            "one of the three schemes, by name",
            "PyTorch's `nn.Linear`: none of them, of variance $1/(3n)$, under which a ReLU net dies as $6^{-L}$ unless "
            "biases or normalisation hold it up",
        ),
    ),
    nonfinite="nan",
)


@INITIALIZATION.definition
def initialization(x, Z, scheme="he", activation="relu", gain=1.0):
    weights = {"xavier": xavier, "he": he, "orthogonal": orthogonal}[scheme]
    sigma = {"relu": lambda z: np.where(np.real(z) > 0, z, 0 * z), "tanh": np.tanh, "linear": lambda z: z}[activation]
    a = x
    q = [(a * a).mean()]
    for z in Z:
        a = sigma(gain * weights(z) @ a)
        q.append((a * a).mean())
    return np.stack(q)


@INITIALIZATION.example
def example():
    x = np.array([2.0, 1.0])
    Z = np.array([[[1.0, -1.0], [1.0, 1.0]], [[1.0, -1.0], [0.5, 0.5]], [[0.5, 1.0], [-1.0, 2.0]]])
    q = initialization(x, Z)
    first, second = np.maximum(Z[0] @ x, 0), np.maximum(Z[1] @ np.maximum(Z[0] @ x, 0), 0)
    slow = tanh_recursion(1.0, 50)
    return (
        dict(x=x, Z=Z, q=q, scheme="he", factor=np.sqrt(2 / 2), z1=Z[0] @ x, z2=Z[1] @ first)
        | dict(z3=Z[2] @ second, a1=first, a2=second, a3=np.maximum(Z[2] @ second, 0))
        | dict(xavier=initialization(x, Z, "xavier"), half=initialization(x, Z, "he", gain=0.5))
        | dict(linear=initialization(x, Z, "orthogonal", "linear"), deep=0.5**50, c=0.9**100, tanh10=slow[10])
        | dict(tanh50=slow[50], rule=1 / 100)
    )


@INITIALIZATION.exercise
def all_alike():
    x, y, a, b = np.array([1.0, -2.0]), 1.0, 0.3, 0.5
    W, v = np.full((3, 2), a), np.full(3, b)
    for _ in range(5):
        h = np.tanh(W @ x)
        r = v @ h - y
        W, v = W - 0.1 * np.outer(r * v * (1 - h**2), x), v - 0.1 * r * h
    alike, moved = bool(np.allclose(W, W[0])), not np.allclose(W, a)
    return choice(stay_alike=alike and moved, part=not alike, never_move=not moved)


@INITIALIZATION.exercise
def rescue():
    return number(np.sqrt(2), factor_of_the_square=2, wrong_way=np.sqrt(0.5))


@INITIALIZATION.exercise
def tanh_after_fifty():
    return number(tanh_recursion(1.0, 50)[-1], 0.25, halved_each_time=0.5**50, untouched=1)


@INITIALIZATION.cases
def initialization_cases(rng):
    for scheme in ("xavier", "he", "orthogonal"):
        for activation in ("relu", "tanh", "linear"):
            args = dict(x=rng.standard_normal(6), Z=rng.standard_normal((3, 6, 6)))
            yield f"{scheme}, {activation}", dict(**args, scheme=scheme, activation=activation)
    yield "gain", dict(x=rng.standard_normal(9), Z=rng.standard_normal((2, 9, 9)), gain=1.3)
    yield "one unit", dict(x=np.array([2.0]), Z=np.array([[[1.5]], [[0.5]]]))
    yield "wide", dict(x=rng.standard_normal(20), Z=rng.standard_normal((3, 20, 20)), activation="tanh")


@INITIALIZATION.invalid
def initialization_invalid(rng):
    yield "input of another width", dict(x=np.ones(4), Z=np.ones((2, 3, 3)))
    yield "unknown scheme", dict(x=np.ones(3), Z=np.ones((2, 3, 3)), scheme="lucky?")
    yield "unknown activation", dict(x=np.ones(3), Z=np.ones((2, 3, 3)), activation="step?")


TABLE = {  # factor of the second moment per layer
    ("xavier", "linear"): 1.0,
    ("orthogonal", "linear"): 1.0,
    ("he", "linear"): 2.0,
    ("xavier", "relu"): 0.5,
    ("orthogonal", "relu"): 0.5,
    ("he", "relu"): 1.0,
}


@INITIALIZATION.claim
def each_scheme_has_its_activation(initialization, rng):
    """Through 20 layers each scheme keeps, halves or doubles the second moment per layer as the table says, up to the
    scatter of a single net"""
    L, n = 20, 64
    why = Text("5 standard deviations √(5L/n) of the logarithm", "对数的 5 倍标准差，标准差 √(5L/n)")
    for (scheme, activation), factor in TABLE.items():
        q = initialization(rng.standard_normal(n), rng.standard_normal((L, n, n)), scheme, activation)
        expected = L * np.log(factor) - (5 if activation == "relu" else 2) * L / (2 * n)
        yield near(np.log(q[-1] / q[0]), expected, 5 * np.sqrt(5 * L / n), why, "statistical")


@INITIALIZATION.claim
def orthogonal_is_exact(initialization, rng):
    """Orthogonal weights without a further factor keep the second moment of a linear net exactly, layer by layer"""
    L, n = 20, 16
    x = rng.standard_normal(n)
    q = initialization(x, rng.standard_normal((L, n, n)), "orthogonal", "linear")
    return roundoff(q, np.full(L + 1, (x * x).mean()), terms=n * L)


@INITIALIZATION.claim
def equal_layers_are_no_random_net(initialization, rng):
    r"""Layers that share one draw follow no table: with the same orthogonal $Q$ in all of them a ReLU net loses nothing after
    the first layer for $Q=I$, and everything within two for $Q=-I$"""
    n, L = 16, 200
    x = rng.choice([-1.0, 1.0], n)
    shared = initialization(x, np.broadcast_to(np.eye(n), (L, n, n)), "orthogonal", "relu")
    folded = initialization(x, np.broadcast_to(-np.eye(n), (2, n, n)), "orthogonal", "relu")
    return all_of(identical(shared[1:], np.full(L, (x > 0).mean())), identical(folded[2], 0.0))


@INITIALIZATION.claim
def gain_is_a_power(initialization, rng):
    """On the same draws a factor $c$ on the weights changes ReLU layer $l$ by exactly $c^{2l}$: after 50 layers 0.9 is
    about 0.00003, 1.1 about 14,000"""
    L, n = 50, 12
    x, Z = rng.standard_normal(n), rng.standard_normal((L, n, n))
    base = initialization(x, Z)
    for c in (0.9, 1.1):
        ratio = initialization(x, Z, gain=c) / base
        yield roundoff(ratio / c ** (2.0 * np.arange(L + 1)), np.ones(L + 1), terms=n * L)
    size = identical([round(0.9**100, 5), round(1.1**100, -3)], [0.00003, 14000.0])
    yield size


def tanh_recursion(q, L):
    """q_{l+1} = E tanh²(√q_l z) for standard normal z, by Gauss–Hermite quadrature: the limit of infinite width."""
    values = [q]
    for _ in range(L):
        values.append(tanh_moment(values[-1], 2))
    return np.array(values)


@functools.cache
def quadrature():
    return np.polynomial.hermite_e.hermegauss(40)


def tanh_moment(q, power):
    nodes, weights = quadrature()
    return float(weights @ np.tanh(np.sqrt(q) * nodes) ** power / weights.sum())


def tanh_scatter(q, n):
    """Standard deviation of log q_L at width n: each layer adds Var tanh²/(n q²) and damps what came before."""
    variance = 0.0
    for before, after in itertools.pairwise(q):
        slope = (tanh_moment(1.001 * before, 2) - tanh_moment(before, 2)) / 0.001 / after
        variance = slope**2 * variance + (tanh_moment(before, 4) / after**2 - 1) / n
    return np.sqrt(variance)


@INITIALIZATION.claim
def tanh_fades_slowly(initialization, rng):
    r"""Under tanh a signal in a wide net with Xavier's weights and gain 1 fades slowly, as $q_l\approx1/(2l)$: the net
    follows $q_{l+1}=\mathbb{E}\tanh^2(\sqrt{q_l}\,z)$"""
    L, n = 15, 128
    x = rng.choice([-1.0, 1.0], n)
    q = initialization(x, rng.standard_normal((L, n, n)), "xavier", "tanh")
    want = tanh_recursion(1.0, L)
    why = Text(
        "5 standard deviations of the logarithm, carried through the recursion", "对数的 5 倍标准差，由递推逐层传递得到"
    )
    met = near(np.log(q[-1] / want[-1]), 0.0, 5 * tanh_scatter(want, n), why, "statistical")
    long = tanh_recursion(1.0, 1000)
    slow = near(1 / long[-1] / (2 * 1000), 1.0, 0.01, Text("1/q_l = 2l + O(log l)", "1/q_l = 2l + O(log l)"))
    return all_of(met, slow)


@INITIALIZATION.mutant(
    caught_by="equals-definition, each-scheme-has-its-activation, tanh-fades-slowly, equal-layers-are-no-random-net"
)
def small_random_numbers(x, Z, scheme="he", activation="relu", gain=1.0):
    """small random numbers, whatever the width"""
    return initialization(x, Z, "he", activation, 0.01 * gain * np.sqrt(len(x) / 2))


@INITIALIZATION.mutant(
    caught_by="equals-definition, each-scheme-has-its-activation, orthogonal-is-exact, tanh-fades-slowly"
)
def always_he(x, Z, scheme="he", activation="relu", gain=1.0):
    """He's weights for every scheme"""
    return initialization(x, Z, "he", activation, gain)


@INITIALIZATION.mutant(caught_by="equals-definition, gain-is-a-power")
def gain_once(x, Z, scheme="he", activation="relu", gain=1.0):
    """the factor on the first layer only"""
    first = initialization(x, Z, scheme, activation)
    return np.concatenate([first[:1], gain**2 * first[1:]])


@INITIALIZATION.figure(
    gain=Slider(0.7, 1.4, 1.0, "factor c on the weights", log=True),
    width=Slider(8, 96, 64, "units per layer n", log=True, integer=True),
)
def initialization_figure(gain, width):
    n, L = int(width), 30
    rng = np.random.default_rng(5)
    x, Z = rng.choice([-1.0, 1.0], n), rng.standard_normal((L, n, n))
    fig, axes = canvas(columns=3, width=8.4, height=3.2)
    end = {}
    for ax, activation in zip(axes, ("linear", "relu", "tanh"), strict=True):
        for scheme, colour in zip(("xavier", "he", "orthogonal"), COLOURS, strict=False):
            q = initialization(x, Z, scheme, activation, gain)
            end[scheme, activation] = q[-1]
            ax.plot(np.log10(np.maximum(q, 1e-30)), color=colour, lw=1.8, label=scheme)
        ax.axhline(0, color="black", lw=0.6, zorder=0)
        ax.set(title=activation, xlabel="layer l")
    axes[0].set_ylabel(r"$\log_{10} q_l$")
    axes[0].legend(frameon=False, fontsize=9.5)

    def row(activation):
        return ", ".join(f"{end[s, activation]:.1g}" for s in ("xavier", "he", "orthogonal"))

    words = Text(
        f"Second moment after {L} layers of {n} units, weights times {gain:.2f}, for Xavier, He, orthogonal. "
        f"Linear: {row('linear')}. ReLU: {row('relu')}. tanh: {row('tanh')}.",
        f"经过 {L} 层（每层 {n} 个单元，权重乘 {gain:.2f}）后的二阶矩，依次为 Xavier、He、正交。线性：{row('linear')}。ReLU：{row('relu')}。tanh：{row('tanh')}。",
    )
    return Drawing(fig, words)
