"""The feed-forward network: layers of neurons, one after another."""

import itertools
import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, all_of, bound, identical, invariance, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(Sequential, x, Ws, bs, activation):
    import torch
    from torch import nn

    between = {"tanh": nn.Tanh, "relu": nn.ReLU, "sigmoid": nn.Sigmoid, "identity": nn.Identity}[activation]
    layers, parameters = [], {}
    for W, b in zip(Ws, bs, strict=True):
        layers += [between()] if layers else []
        parameters |= {f"{len(layers)}.weight": W, f"{len(layers)}.bias": b}
        # on the meta device: no memory, and no draw from the global generator
        layers.append(nn.Linear(*W.shape[::-1], device="meta"))
    return torch.func.functional_call(Sequential(*layers), parameters, (x,))


MLP = Concept(
    key="mlp",
    kind="model",
    title="Feed-forward network",
    summary="Layer after layer, each unit adds up what the layer before it says, weighted, and passes the sum "
    "through an activation function. If that is continuous and no polynomial, width lets the net approximate any continuous function "
    "on a bounded closed set; depth lets it fold the input space, and each fold can double the pieces.",
    formulas=(
        r"a^{(0)}=x,\qquad z_j^{(l)}=\sum_{i=1}^{n_{l-1}}w_{ji}^{(l)}a_i^{(l-1)}+b_j^{(l)},\quad j=1,\dots,n_l,\quad l=1,\dots,L",
        r"a_j^{(l)}=\sigma\bigl(z_j^{(l)}\bigr)\quad(l<L),\qquad f(x)=z^{(L)}",
        r"f=A_L\circ\sigma\circ A_{L-1}\circ\cdots\circ\sigma\circ A_1,\qquad A_l(a)=W^{(l)}a+b^{(l)}",
    ),
    symbols=(
        Symbol("x", "x", "... n_0", "input"),
        Symbol(
            "W^{(l)}",
            "Ws",
            "n_l n_{l-1}",
            "weights of each layer, in a tuple: row j belongs to unit j of layer l, column i to unit i of layer l−1",
            "other",
        ),
        Symbol("b^{(l)}", "bs", "n_l", "biases of each layer, in a tuple", "other"),
        Symbol(
            r"\sigma",
            "activation",
            "",
            "activation of the hidden layers: “tanh”, “relu”, “sigmoid” or “identity”",
            "other",
        ),
        Symbol("z^{(l)}", "", "... n_l", "weighted sums of layer l; the last layer's are the output"),
        Symbol("a^{(l)}", "", "... n_l", "activations of layer l"),
        Symbol("n_l", "", "", "number of units of layer l"),
        Symbol("L", "", "", "number of layers with weights"),
        Symbol("A_l", "", "function", "affine map of layer l"),
        Symbol("f", "", "... n_L", "output of the net"),
        Symbol("i, j", "", "", "indices of units"),
    ),
    needs=("neuron", "activations", "matrix-product"),
    source="rumelhart1986learning",
    year=1986,
    people=("David Rumelhart", "Geoffrey Hinton", "Ronald Williams"),
    aliases="multilayer perceptron, feedforward neural network, FFN, deep neural network, neural network, hidden layer, "
    "多层感知机, 多层感知器, 前馈神经网络, 神经网络, 深度神经网络, 隐藏层",
    implementations=(Implementation("torch.nn:Sequential", "torch", _torch, "of `torch.nn.Linear` and activations"),),
    readings="goodfellow2016deep ch. 6; murphy2022probabilistic §13.2; cybenko1989approximation; "
    "hornik1989multilayer; telgarsky2016benefits; sussmann1992uniqueness",
    hypotheses=(
        Hypothesis(
            "approximation: the activation is continuous and no polynomial", "linear-layers-collapse, no-activation"
        ),
        Hypothesis(r"the rate $n^{-2}$: $g$ has a bounded second derivative", "a-steep-end-costs-the-rate"),
        Hypothesis("the Lipschitz bound: no activation is steeper than 1", "steep-activation"),
    ),
    conventions=(
        Convention("how weights are stored", "(out, in), as in PyTorch", "the transpose, (in, out), in Keras and Flax"),
        Convention(
            "what counts as a layer",
            "each of the L weight matrices",
            "with some the input too: the same net then has L + 1 layers",
        ),
    ),
    unverified="With a continuous activation that is no polynomial, one hidden layer suffices on every compact set in any dimension "
    "(Cybenko; Hornik; Leshno et al.): only the one-dimensional case is constructed here.",
    nonfinite="nan",
)


def sigma(z, activation):
    return {
        "tanh": np.tanh,
        "relu": lambda z: np.where(np.real(z) > 0, z, 0 * z),
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "identity": lambda z: z,
    }[activation](z)


@MLP.definition
def mlp(x, Ws, bs, activation="tanh"):
    a = x
    for l in range(1, len(Ws) + 1):
        W, b = Ws[l - 1], bs[l - 1]
        z = a @ W.T + b  # (..., n_l): z_j = Σ_i w_ji a_i + b_j, i = 1 … n_{l−1}
        a = sigma(z, activation)
    return z


def random_net(rng, *widths):
    """Weights and biases of a net with these widths, n_0 first."""
    Ws = tuple(rng.standard_normal((m, n)) / np.sqrt(n) for n, m in itertools.pairwise(widths))
    return Ws, tuple(0.3 * rng.standard_normal(m) for m in widths[1:])


def size_of(x, Ws, bs):
    """A bound on every intermediate value, for activations with |σ(z)| ≤ |z| or ≤ 1: what is rounded."""
    a = np.abs(x)
    for W, b in zip(Ws, bs, strict=True):
        a = np.maximum(a, 1) @ np.abs(W).T + np.abs(b)
    return float(a.max())


@MLP.example
def example():
    x, activation = np.array([1.0, 2.0]), "relu"
    Ws = (np.array([[1.0, 1.0], [1.0, -1.0], [-2.0, 2.0]]), np.array([[1.0, 2.0, -0.5]]))
    bs = (np.array([0.0, 0.5, -1.0]), np.array([0.5]))
    z = Ws[0] @ x + bs[0]
    a = np.maximum(z, 0)
    W, b = Ws[1] @ Ws[0], Ws[1] @ bs[0] + bs[1]
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    xor = mlp(corners, (np.ones((2, 2)), np.array([[1.0, -2.0]])), (np.array([0.0, -1.0]), np.zeros(1)), "relu")[:, 0]
    return (
        dict(x=x, Ws=Ws, bs=bs, activation=activation, W1=Ws[0], b1=bs[0], w2=Ws[1][0], b2=bs[1][0], z=z)
        | dict(a=a, y=mlp(x, Ws, bs, activation)[0], flat=W[0], flat_b=b[0])
        | dict(linear=mlp(x, Ws, bs, "identity")[0], negative=mlp(-x, Ws, bs, activation)[0])
        | dict(doubled=mlp(2 * x, Ws, bs, activation)[0], xor=xor, parameters=sum(p.size for p in (*Ws, *bs)))
    )


@MLP.exercise
def parameters_of_a_net():
    widths = (784, 128, 10)
    weights = sum(n * m for n, m in itertools.pairwise(widths))
    return number(weights + sum(widths[1:]), no_biases=weights, biases_of_inputs=weights + sum(widths), tolerance=1e-6)


@MLP.exercise
def units_for_a_sawtooth():
    x = np.linspace(0, 1, 2**7 + 1)
    made = pieces(x, mlp(x[:, None], *folding_net(5), "relu")[:, 0])
    return number(made - 1, deep_net=10, as_many_as_pieces=made, tolerance=1e-6)


@MLP.exercise
def started_at_zero():
    x, y, steps = np.array([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0]]), np.array([3.0, 1.0, 4.0]), 200
    W1, b1, w2, b2 = np.zeros((4, 2)), np.zeros(4), np.zeros(4), 0.0
    for _ in range(steps):
        z = x @ W1.T + b1
        a = np.maximum(z, 0)
        d = (a @ w2 + b2 - y) / 3
        back = d[:, None] * w2 * (z > 0)
        W1, b1, w2, b2 = W1 - 0.1 * back.T @ x, b1 - 0.1 * back.sum(0), w2 - 0.1 * d @ a, b2 - 0.1 * d.sum()
    moved = np.abs(W1).max() > 0
    constant = np.ptp(mlp(x, (W1, w2[None]), (b1, np.array([b2])), "relu")) == 0
    return choice(learns=moved and not constant, one_unit=moved and constant, mean_only=not moved and constant)


@MLP.cases
def cases(rng):
    def case(x, *widths, **options):
        Ws, bs = random_net(rng, *widths)
        return dict(x=x, Ws=Ws, bs=bs, **options)

    yield "3-4-2", case(rng.standard_normal(3), 3, 4, 2)
    yield "no hidden layer", case(rng.standard_normal(4), 4, 3)
    yield "deep", case(rng.standard_normal((5, 6)), 6, 8, 8, 7, 3)
    yield "widths one", case(rng.standard_normal((3, 1)), 1, 1, 1)
    yield "ReLU", case(rng.standard_normal((2, 3, 5)), 5, 7, 4, activation="relu")
    yield "sigmoid", case(rng.standard_normal(4), 4, 5, 5, 2, activation="sigmoid")
    yield "linear", case(rng.standard_normal((4, 3)), 3, 6, 2, activation="identity")
    yield "saturated", case(40 * rng.standard_normal((4, 3)), 3, 6, 2)
    yield "many rows", case(rng.standard_normal((200, 3)), 3, 3, 2)
    yield "square", case(rng.standard_normal((4, 4)), 4, 4, 4)


@MLP.invalid
def invalid(rng):
    Ws, bs = random_net(rng, 3, 4, 2)
    yield "input of another width", dict(x=np.ones(4), Ws=Ws, bs=bs)
    yield "layers that do not fit", dict(x=np.ones(3), Ws=(Ws[0], np.ones((2, 5))), bs=bs)
    yield "weights transposed", dict(x=np.ones(3), Ws=tuple(W.T for W in Ws), bs=bs)
    yield "bias of another width", dict(x=np.ones(3), Ws=Ws, bs=(np.ones(3), bs[1]))
    yield "unknown activation", dict(x=np.ones(3), Ws=Ws, bs=bs, activation="step?")


VARIES = Text("the output depends on the input", "输出随输入而变")


@MLP.claim
def sums_run_over_the_layer_before(mlp, rng):
    """Each unit sums over the units of the layer before: written out index by index, the 3-4-2 net, the 5-3-2 net and
    a square one agree"""

    def written_out(x, Ws, bs):
        a = list(x)
        for l, (W, b) in enumerate(zip(Ws, bs, strict=True), 1):
            z = [math.fsum(W[j, i] * a[i] for i in range(W.shape[1])) + b[j] for j in range(W.shape[0])]
            a = [math.tanh(t) for t in z] if l < len(Ws) else z
        return np.array(a)

    for widths in ((3, 4, 2), (5, 3, 2), (3, 3, 3, 3)):
        x, (Ws, bs) = rng.standard_normal(widths[0]), random_net(rng, *widths)
        yield roundoff(mlp(x, Ws, bs), written_out(x, Ws, bs), terms=max(widths) * len(Ws), scale=size_of(x, Ws, bs))


@MLP.claim
def layers_compose(mlp, rng):
    """The net is the composition of its layers: cut behind any hidden layer, the two halves give the whole"""
    x, (Ws, bs) = rng.standard_normal((6, 5)), random_net(rng, 5, 7, 4, 6, 2)
    whole = mlp(x, Ws, bs)
    halves = [mlp(np.tanh(mlp(x, Ws[:k], bs[:k])), Ws[k:], bs[k:]) for k in (1, 2, 3)]
    yield roundoff(np.stack(halves), np.stack([whole] * 3), terms=28, scale=size_of(x, Ws, bs))
    yield bound(np.ptp(whole, axis=0).min(), 0.01, "≥", VARIES)


@MLP.claim
def linear_layers_collapse(mlp, rng):
    """Without activations the layers collapse to one: $W=W^{(3)}W^{(2)}W^{(1)}$, whatever the depth"""
    x, (Ws, bs) = rng.standard_normal((9, 4)), random_net(rng, 4, 6, 5, 3)
    W = Ws[2] @ Ws[1] @ Ws[0]
    b = Ws[2] @ (Ws[1] @ bs[0] + bs[1]) + bs[2]
    deep, flat = mlp(x, Ws, bs, "identity"), x @ W.T + b
    return roundoff(deep, flat, terms=18, scale=size_of(x, Ws, bs))


@MLP.claim
def hidden_units_permute(mlp, rng):
    """Hidden units are interchangeable: all 24 orders of four units give the same function"""
    x, (Ws, bs) = rng.standard_normal((7, 3)), random_net(rng, 3, 4, 5, 2)
    orders = [list(p) for p in itertools.permutations(range(4))]
    got = [mlp(x, (Ws[0][p], Ws[1][:, p], Ws[2]), (bs[0][p], bs[1], bs[2])) for p in orders]
    yield invariance(np.stack(got), np.stack([mlp(x, Ws, bs)] * 24), terms=12, scale=size_of(x, Ws, bs))
    halfway = mlp(x, (Ws[0][::-1].copy(), *Ws[1:]), bs)
    yield bound(np.abs(halfway - mlp(x, Ws, bs)).max(), 0.01, "≥", Text("weights in alone", "只换输入权重"))


@MLP.claim
def tanh_units_flip_sign(mlp, rng):
    """tanh is odd, so a hidden unit may change the sign of all its weights, in and out: with $n$ units $2^n n!$
    settings give one function"""
    x, (Ws, bs) = rng.standard_normal((7, 3)), random_net(rng, 3, 4, 2)
    signs = [np.array(s) for s in itertools.product((-1.0, 1.0), repeat=4)]
    got = [mlp(x, (s[:, None] * Ws[0], Ws[1] * s), (s * bs[0], bs[1])) for s in signs]
    yield invariance(np.stack(got), np.stack([mlp(x, Ws, bs)] * 16), terms=8, scale=size_of(x, Ws, bs))
    halfway = mlp(x, (-Ws[0], Ws[1]), (-bs[0], bs[1]))
    yield bound(np.abs(halfway - mlp(x, Ws, bs)).max(), 0.01, "≥", Text("weights in alone", "只变输入权重"))


@MLP.claim
def relu_nets_are_homogeneous(mlp, rng):
    """A ReLU unit may be scaled by $c>0$ on its way in and by $1/c$ on its way out; and if layer $l$ has weights
    $cW^{(l)}$ and biases $c^l b^{(l)}$, the output is $c^L f(x)$"""
    x, (Ws, bs) = rng.standard_normal((7, 3)), random_net(rng, 3, 5, 4, 2)
    want = mlp(x, Ws, bs, "relu")
    c, d = rng.uniform(0.2, 5, 5), 1.7
    unit = mlp(x, (c[:, None] * Ws[0], Ws[1] / c, Ws[2]), (c * bs[0], bs[1], bs[2]), "relu")
    scaled = mlp(x, [d * W for W in Ws], [d**l * b for l, b in enumerate(bs, 1)], "relu")
    size = size_of(x, Ws, bs)
    yield invariance(unit, want, terms=15, scale=size)
    yield invariance(scaled / d**3, want, terms=15, scale=size)
    yield bound(np.ptp(want, axis=0).max(), 0.01, "≥", VARIES)


@MLP.claim
def hidden_units_compute_xor(mlp, rng):
    """Two hidden ReLU units compute XOR exactly, which no single neuron can"""
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    Ws = (np.ones((2, 2)), np.array([[1.0, -2.0]]))
    y = mlp(x, Ws, (np.array([0.0, -1.0]), np.zeros(1)), "relu")
    return identical(y[:, 0], np.array([0.0, 1.0, 1.0, 0.0]))


def interpolant(f, n):
    """The ReLU net with n hidden units that joins f's values at n + 1 even points of [0, 1] by straight lines."""
    t = np.linspace(0, 1, n + 1)
    slopes = np.diff(f(t)) * n
    Ws = (np.ones((n, 1)), np.diff(slopes, prepend=0.0)[None])
    return Ws, (-t[:-1], f(t[:1]))


@MLP.claim
def width_approximates(mlp, rng):
    r"""One hidden layer of $n$ ReLU units approximates a twice differentiable function on $[0,1]$ to within $\max|g''|/(8n^2)$, and
    the error falls as $n^{-2}$"""

    def g(t):
        return np.sin(2 * np.pi * t) + 0.5 * np.cos(5 * t)

    x = np.linspace(0, 1, 2049)[:, None]
    sizes = (8, 16, 32, 64, 128)
    errors = [np.abs(mlp(x, *interpolant(g, n), "relu")[:, 0] - g(x[:, 0])).max() for n in sizes]
    steepest = 4 * np.pi**2 + 12.5  # ≥ |g''|
    kept = [bound(e, steepest / (8 * n * n)) for n, e in zip(sizes, errors, strict=True)]
    return all_of(rate(sizes, errors, -2.0), *kept)


@MLP.claim
def a_steep_end_costs_the_rate(mlp, rng):
    r"""$\sqrt x$, whose slope at 0 is infinite, is missed by exactly $1/(4\sqrt n)$: the same net loses the rate"""
    sizes = (4, 16, 64, 256)
    errors = [mlp(np.array([[0.25 / n]]), *interpolant(np.sqrt, n), "relu")[0, 0] - 0.5 / np.sqrt(n) for n in sizes]
    return roundoff(errors, -0.25 / np.sqrt(sizes), terms=256)  # a quarter of the first chord's length from 0


def folding_net(k):
    """A net of k layers of two ReLU units, each of which folds [0, 1] by the tent map 2 relu(a) − 4 relu(a − ½)."""
    fold, first = np.array([[2.0, -4.0]]), np.ones((2, 1))
    Ws = (first, *[first @ fold] * (k - 1), fold)
    return Ws, (*[np.array([0.0, -0.5])] * k, np.zeros(1))


def pieces(x, y):
    """How many straight pieces the graph has, its knots lying on the grid."""
    slopes = np.diff(y) / np.diff(x)
    return 1 + int((slopes[1:] != slopes[:-1]).sum())


@MLP.claim
def depth_folds(mlp, rng):
    """Depth folds: $k$ layers of two ReLU units give $2^k$ straight pieces; one hidden layer needs $2^k-1$ units for
    as many"""
    x = np.arange(2**11 + 1) / 2**11  # dyadic: every value of the net is exact
    counted = [pieces(x, mlp(x[:, None], *folding_net(k), "relu")[:, 0]) for k in range(1, 10)]

    def shallow(n, k):
        """Pieces of one hidden layer of n units that bend at the first n inner multiples of 2⁻ᵏ, up and down in turn."""
        bends = np.arange(1, n + 1) / 2**k
        Ws = (np.ones((n, 1)), (-1.0) ** np.arange(n)[None])
        return pieces(x, mlp(x[:, None], Ws, (-bends, np.zeros(1)), "relu")[:, 0])

    enough = [shallow(2**k - 1, k) for k in range(2, 10)]
    fewer = [shallow(2**k - 2, k) for k in range(2, 10)]  # one unit less, one piece less
    yield identical(np.array(counted), 2 ** np.arange(1, 10))
    yield identical(np.array([enough, fewer]), 2 ** np.arange(2, 10) - np.array([[0], [1]]))


@MLP.claim
def lipschitz_by_the_norms(mlp, rng):
    r"""The net stretches no distance by more than $\prod_l\lVert W^{(l)}\rVert_2$, its activations having slopes of at
    most 1"""
    for _ in range(4):
        Ws, bs = random_net(rng, 3, 4, 2)
        limit = float(np.prod([np.linalg.norm(W, 2) for W in Ws]))
        x = 0.3 * rng.standard_normal((500, 3))
        step = 1e-3 * rng.standard_normal((500, 3))
        moved = np.linalg.norm(mlp(x + step, Ws, bs) - mlp(x, Ws, bs), axis=-1)
        rounding = 64 * EPSILON * size_of(x, Ws, bs) / 1e-4
        yield bound((moved / np.linalg.norm(step, axis=-1)).max(), limit + rounding)
        yield bound(moved.max(), 1e-5, "≥", VARIES)


@MLP.mutant(caught_by="equals-definition, layers-compose, sums-run-over-the-layer-before")
def activated_output(x, Ws, bs, activation="tanh"):
    """the output passes through the activation too"""
    return sigma(mlp(x, Ws, bs, activation), activation)


@MLP.mutant(caught_by="equals-definition, sums-run-over-the-layer-before, width-approximates")
def sum_to_own_width(x, Ws, bs, activation="tanh"):
    """the sum runs to $n_l$: beyond the layer before, or short of it"""
    a = x
    for W, b in zip(Ws, bs, strict=True):
        z = sum(a[..., i, None] * W[:, i] for i in range(len(W))) + b
        a = sigma(z, activation)
    return z


@MLP.mutant(caught_by="equals-definition, layers-compose, sums-run-over-the-layer-before")
def weights_of_the_layer_before(x, Ws, bs, activation="tanh"):
    """layer l takes the weights of layer l − 1"""
    return mlp(x, (Ws[0], *Ws[:-1]), bs, activation)


@MLP.mutant(
    caught_by="hidden-units-compute-xor, depth-folds, width-approximates, layers-compose, a-steep-end-costs-the-rate"
)
def no_activation(x, Ws, bs, activation="tanh"):
    """the activations are left out"""
    return mlp(x, Ws, bs, "identity")


@MLP.mutant(caught_by="linear-layers-collapse, relu-nets-are-homogeneous")
def always_tanh(x, Ws, bs, activation="tanh"):
    """always tanh, whichever is asked for"""
    return mlp(x, Ws, bs)


@MLP.mutant(caught_by="tanh-units-flip-sign, equals-definition")
def sigmoid_for_tanh(x, Ws, bs, activation="tanh"):
    """sigmoid in place of tanh"""
    return mlp(x, Ws, bs, "sigmoid" if activation == "tanh" else activation)


@MLP.mutant(caught_by="hidden-units-permute")
def gains_by_position(x, Ws, bs, activation="tanh"):
    """each hidden unit has a gain of its own"""
    gained = [W * (1 + np.arange(W.shape[1]) / 10) for W in Ws[1:]]
    return mlp(x, (Ws[0], *gained), bs, activation)


@MLP.mutant(caught_by="lipschitz-by-the-norms, equals-definition")
def steep_activation(x, Ws, bs, activation="tanh"):
    """the sums are multiplied by 4 before the activation"""
    return mlp(x, (*[4 * W for W in Ws[:-1]], Ws[-1]), bs, activation)


MLP.erratum(
    "E17",
    common=r"$z_j^{(l)}=\sum_{i=1}^{n_l}w_{ji}^{(l-1)}a_i^{(l-1)}+b_j^{(l)}$ (a common slip)",
    why="With 3 inputs and 4 hidden units the sum asks for a fourth input, which does not exist; with 5 inputs and 3 "
    "hidden units it silently drops the last two. And the weights that lead into layer l bear its number, as its "
    "biases do: shifted by one, a net of equal widths computes something else without any error.",
    right=r"$z_j^{(l)}=\sum_{i=1}^{n_{l-1}}w_{ji}^{(l)}a_i^{(l-1)}+b_j^{(l)}$",
    claims="sums-run-over-the-layer-before",
)


@MLP.figure(
    units=Slider(1, 40, 6, "hidden units of the shallow net", integer=True),
    depth=Slider(1, 6, 4, "hidden layers of the folding net", integer=True),
)
def figure(units, depth):
    def g(t):
        return np.sin(2 * np.pi * t) + 0.5 * np.cos(5 * t)

    n, k = int(units), int(depth)
    x = np.linspace(0, 1, 2049)[:, None]
    wide = mlp(x, *interpolant(g, n), "relu")[:, 0]
    fig, (left, right) = canvas(columns=2, width=7.2, height=3.0)
    left.plot(x, g(x), color=COLOURS[6], lw=3, alpha=0.5, label="g")
    left.plot(x, wide, color=COLOURS[0], lw=1.5, label=f"f, n = {n}")
    knots = np.linspace(0, 1, n + 1)
    left.plot(knots, g(knots), "o", color=COLOURS[0], ms=3)
    left.set(title="width: one layer of n units", xlabel="x")
    left.legend(frameon=False)
    for j in range(1, k):
        right.plot(x, mlp(x, *folding_net(j), "relu"), color=COLOURS[5], lw=0.8, alpha=0.35 + 0.4 * j / k)
    deep = mlp(x, *folding_net(k), "relu")[:, 0]
    right.plot(x, deep, color=COLOURS[1], lw=1.5)
    right.set(title=f"depth: {k} layers of 2 units", xlabel="x", ylim=(-0.03, 1.05))
    error = np.abs(wide - g(x[:, 0])).max()
    counted = pieces(x[:, 0], deep)
    words = Text(
        f"{n} hidden units in one layer follow the function g to within {error:.2g}. {2 * k} units in {k} layers of "
        f"two fold the interval into {counted} straight pieces; one layer would need {counted - 1} units at least.",
        f"一层 {n} 个隐藏单元逼近函数 g 的最大误差为 {error:.2g}。{k} 层、每层两个（共 {2 * k} 个）单元把区间折成 {counted} 个线性片段；"
        f"只用一层则至少需要 {counted - 1} 个单元。",
    )
    return Drawing(fig, words)
