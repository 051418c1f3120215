"""Backpropagation in a layered network."""

import itertools

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, all_of, bound, identical, invariance, near, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _autograd(grad, x, y, Ws, bs, activation, loss):
    import torch
    from torch.nn import functional as F

    sigma = {"tanh": torch.tanh, "relu": torch.relu, "sigmoid": torch.sigmoid, "identity": lambda z: z}[activation]
    with torch.enable_grad():
        parameters = [p.detach().requires_grad_() for pair in zip(Ws, bs, strict=True) for p in pair]
        a = x
        for W, b in zip(parameters[::2], parameters[1::2], strict=True):
            z = F.linear(a, W, b)
            a = sigma(z)
        mean = {
            "cross-entropy": lambda: F.cross_entropy(z, y),
            "squared": lambda: 0.5 * F.mse_loss(z, y, reduction="sum") / len(x),
        }[loss]()
        return grad(mean, parameters, create_graph=x.requires_grad)


def _tape(grad, x, y, Ws, bs, activation, loss):
    n = len(Ws)
    of = grad(lambda *p: loss_of(x, y, p[:n], p[n:], activation, loss), tuple(range(2 * n)))
    gradients = of(*Ws, *bs)
    return tuple(g for pair in zip(gradients[:n], gradients[n:], strict=True) for g in pair)


BACKPROP_MLP = Concept(
    key="backprop-mlp",
    kind="algorithm",
    title="Backpropagation in a layered net",
    summary="The gradient of the loss by every weight of the net, for the price of about two more passes: the error "
    "of the output is carried back layer by layer, through the transposed weights and the slopes of the activations.",
    formulas=(
        r"\delta_j^{(L)}=\frac{\partial\ell}{\partial z_j^{(L)}}=\begin{cases}\operatorname{softmax}(z^{(L)})_j-y_j&\ell=-\sum_k y_k\log\operatorname{softmax}(z^{(L)})_k\\ z_j^{(L)}-y_j&\ell=\frac12\lVert z^{(L)}-y\rVert^2\end{cases}\qquad j=1,\dots,n_L",
        r"\delta_j^{(l)}=\sigma'\bigl(z_j^{(l)}\bigr)\sum_{i=1}^{n_{l+1}}w_{ij}^{(l+1)}\delta_i^{(l+1)},\qquad j=1,\dots,n_l,\quad l=L-1,\dots,1",
        r"\frac{\partial\ell}{\partial w_{ji}^{(l)}}=\delta_j^{(l)}a_i^{(l-1)},\qquad \frac{\partial\ell}{\partial b_j^{(l)}}=\delta_j^{(l)},\qquad j=1,\dots,n_l,\quad i=1,\dots,n_{l-1},\quad l=1,\dots,L",
    ),
    symbols=(
        Symbol("x", "x", "N n_0", "a batch of inputs; losses and gradients are averaged over it"),
        Symbol("y", "y", "N n_L", "targets; for the cross-entropy each row is a distribution", "other"),
        Symbol("W^{(l)}", "Ws", "n_l n_{l-1}", "weights of each layer, in a tuple", "other"),
        Symbol("b^{(l)}", "bs", "n_l", "biases of each layer, in a tuple", "other"),
        Symbol(
            r"\sigma",
            "activation",
            "",
            "activation of the hidden layers: “tanh”, “relu”, “sigmoid” or “identity”",
            "other",
        ),
        Symbol(r"\ell", "loss", "", "loss of one example: “cross-entropy” (of a softmax) or “squared”", "other"),
        Symbol(r"\delta^{(l)}", "", "N n_l", "derivative of the loss by the weighted sums of layer l"),
        Symbol("z^{(l)}", "", "N n_l", "weighted sums of layer l"),
        Symbol("a^{(l)}", "", "N n_l", "activations of layer l; $a^{(0)}=x$"),
        Symbol("N", "", "", "number of examples"),
        Symbol("n_l", "", "", "number of units of layer l"),
        Symbol("L", "", "", "number of layers with weights"),
        Symbol("i, j, k", "", "", "indices of units"),
    ),
    returns=(
        Result(
            "gradients",
            "",
            "a tuple, as many as layers twice: mean gradient of the weights of layer 1, of its biases, of the weights of layer 2, and so on, each of its parameter's shape",
        ),
    ),
    carries_gradient=False,
    needs=("reverse-mode", "mlp", "softmax-cross-entropy", "gradient-check"),
    source="rumelhart1986learning",
    year=1986,
    people=("David Rumelhart", "Geoffrey Hinton", "Ronald Williams", "Paul Werbos"),
    aliases="generalized delta rule, backpropagation in an MLP, error backpropagation, BP algorithm, BP, "
    "BP 算法, 误差反向传播, 误差逆传播, BP 神经网络",
    implementations=(
        Implementation("torch.autograd:grad", "torch", _autograd, "of the loss, by every weight and bias"),
    ),
    readings="rumelhart1986learning; goodfellow2016deep §6.5; murphy2022probabilistic §13.3; "
    "griewank2008evaluating ch. 3; du2018algorithmic",
    hypotheses=(
        Hypothesis("softmax minus target: the targets of an example sum to 1", "targets-that-do-not-sum-to-one"),
        Hypothesis("the balance of hidden units: ReLU or no activation", "balance-fails-for-tanh"),
    ),
    conventions=(
        Convention(
            "the factor of the squared loss",
            "½, and the outputs are added",
            "PyTorch's `mse_loss`: no ½, and the mean over the outputs too",
        ),
        Convention(
            "what δ is",
            "the derivative by the weighted sum z",
            "in some texts the derivative by the activation a; σ′ then stands in the gradients of the weights",
        ),
        Convention("the slope of ReLU at 0", "0, as in PyTorch", "any number of [0, 1] would be a subgradient"),
    ),
)


def sigma(z, activation):
    return {
        "tanh": np.tanh,
        "relu": lambda z: np.where(np.real(z) > 0, z, 0 * z),
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "identity": lambda z: z,
    }[activation](z)


def sigma_prime(z, activation):
    return {
        "tanh": lambda z: 1 - np.tanh(z) ** 2,
        "relu": lambda z: np.where(np.real(z) > 0, 1.0, 0.0),
        "sigmoid": lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
        "identity": np.ones_like,
    }[activation](z)


@BACKPROP_MLP.definition
def backprop_mlp(x, y, Ws, bs, activation="tanh", loss="cross-entropy"):
    N, L = len(x), len(Ws)
    W, b = dict(enumerate(Ws, 1)), dict(enumerate(bs, 1))  # numbered 1 … L as in the formulas
    a, z, dW, db = {0: x}, {}, {}, {}
    for l in range(1, L + 1):
        z[l] = a[l - 1] @ W[l].T + b[l]  # (N, n_l)
        a[l] = sigma(z[l], activation)
    p = np.exp(z[L] - z[L].max(-1, keepdims=True))
    p = p / p.sum(-1, keepdims=True)
    delta = {L: {"cross-entropy": p, "squared": z[L]}[loss] - y}
    for l in range(L - 1, 0, -1):
        delta[l] = sigma_prime(z[l], activation) * (delta[l + 1] @ W[l + 1])  # Σ_i w_ij δ_i, i = 1 … n_{l+1}
    for l in range(1, L + 1):
        dW[l] = delta[l].T @ a[l - 1] / N  # (n_l, n_{l-1})
        db[l] = delta[l].sum(0) / N  # (n_l,)
    return tuple(g for l in range(1, L + 1) for g in (dW[l], db[l]))


@BACKPROP_MLP.example
def example():
    x, y, activation, loss = np.array([[1.0, 2.0]]), np.array([[1.0]]), "relu", "squared"
    Ws = (np.array([[1.0, 1.0], [1.0, -1.0], [-2.0, 2.0]]), np.array([[1.0, 2.0, -0.5]]))
    bs = (np.array([0.0, 0.5, -1.0]), np.array([0.5]))
    dW1, db1, dW2, db2 = backprop_mlp(x, y, Ws, bs, activation, loss)
    z = Ws[0] @ x[0] + bs[0]
    a = np.maximum(z, 0)
    f, h, step = (Ws[1] @ a + bs[1])[0], 0.01, 0.02
    moved = [(Ws[0] + s * h * np.outer([1, 0, 0], [0, 1]), Ws[1]) for s in (1, -1)]
    up, down = (loss_of(x, y, W, bs, activation, loss) for W in moved)
    stepped = (Ws[0] - step * dW1, Ws[1] - step * dW2), (bs[0] - step * db1, bs[1] - step * db2)
    return (
        dict(x=x, y=y, Ws=Ws, bs=bs, activation=activation, loss=loss, x0=x[0], target=y[0, 0], W1=Ws[0])
        | dict(b1=bs[0], w2=Ws[1][0], b2=bs[1][0], z=z, a=a, f=f)
        | dict(cost=loss_of(x, y, Ws, bs, activation, loss), delta2=db2[0], dw2=dW2[0], db1=db1, db2=db2[0])
        | dict(back=Ws[1][0] * db2[0], delta1=db1, dW1=dW1, unsloped=np.outer(Ws[1][0] * db2[0], x[0])[1])
        | dict(h=h, up=up, down=down, difference=(up - down) / (2 * h), step=step)
        | dict(after=loss_of(x, y, *stepped, activation, loss), smooth=1 - np.tanh(a[0]) ** 2)
    )


@BACKPROP_MLP.exercise
def multiplications_backwards():
    n = (784, 128, 10)
    forwards = n[0] * n[1] + n[1] * n[2]
    return number(2 * forwards - n[0] * n[1], twice=2 * forwards, as_forwards=forwards, tolerance=1e-3)


@BACKPROP_MLP.exercise
def error_of_a_hidden_layer():
    W, delta, a = np.array([[1.0, -2.0], [3.0, 0.5]]), np.array([1.0, -1.0]), np.array([0.5, 0.0])
    slope = 1 - a**2
    return array(
        slope * (W.T @ delta),
        transposed=slope * (W @ delta),
        no_slope=W.T @ delta,
        slope_of_the_activation=(1 - np.tanh(a) ** 2) * (W.T @ delta),
    )


@BACKPROP_MLP.exercise
def twice_the_batch():
    rng = np.random.default_rng(0)
    sizes = []
    for N in (3, 6):
        x, y, Ws, bs = problem(rng, (4, 5, 2), N)
        a = [x]
        for W, b in zip(Ws, bs, strict=True):
            a.append(np.tanh(a[-1] @ W.T + b))
        sizes.append((flat(backprop_mlp(x, y, Ws, bs)).size, sum(layer.size for layer in a)))
    (g3, a3), (g6, a6) = sizes
    return choice(
        activations=g3 == g6 and a6 == 2 * a3, gradients=g6 == 2 * g3 and a3 == a6, both=g6 == 2 * g3 and a6 == 2 * a3
    )


def loss_of(x, y, Ws, bs, activation="tanh", loss="cross-entropy"):
    """The mean loss, forwards only: what finite differences and the tape differentiate."""
    a = x
    for W, b in zip(Ws, bs, strict=True):
        z = a @ W.T + b
        a = {
            "tanh": lambda z: np.tanh(z),
            "relu": lambda z: np.maximum(z, 0),
            "sigmoid": lambda z: 0.5 * (1 + np.tanh(0.5 * z)),
            "identity": lambda z: z,
        }[activation](z)
    if loss == "squared":
        return 0.5 * ((z - y) ** 2).sum() / len(x)
    if loss != "cross-entropy":
        raise KeyError(loss)
    top = z.max(-1, keepdims=True)
    log_p = z - top - np.log(np.exp(z - top).sum(-1, keepdims=True))
    return -(y * log_p).sum() / len(x)


def problem(rng, widths, N=6, loss="cross-entropy"):
    """A batch, targets for the loss, and a net with these widths."""
    Ws = tuple(rng.standard_normal((m, n)) / np.sqrt(n) for n, m in itertools.pairwise(widths))
    bs = tuple(0.3 * rng.standard_normal(m) for m in widths[1:])
    x, n = rng.standard_normal((N, widths[0])), widths[-1]
    y = np.eye(n)[rng.integers(n, size=N)] if loss == "cross-entropy" else rng.standard_normal((N, n))
    return x, y, Ws, bs


def flat(gradients):
    return np.concatenate([np.ravel(g) for g in gradients])


@BACKPROP_MLP.cases
def cases(rng):
    def case(widths, N=6, **options):
        x, y, Ws, bs = problem(rng, widths, N, options.get("loss", "cross-entropy"))
        return dict(x=x, y=y, Ws=Ws, bs=bs, **options)

    yield "3-4-2", case((3, 4, 2))
    yield "one example", case((3, 4, 2), 1)
    yield "no hidden layer", case((4, 3))
    yield "deep", case((5, 6, 6, 5, 3), 9)
    yield "widths one", case((1, 1, 1), loss="squared")
    yield "squared", case((4, 5, 2), loss="squared")
    yield "ReLU", case((4, 6, 5, 3), activation="relu")
    yield "sigmoid, squared", case((3, 4, 4, 2), activation="sigmoid", loss="squared")
    yield "linear", case((3, 5, 2), activation="identity")
    soft = case((3, 4, 4))
    yield "soft targets", {**soft, "y": rng.dirichlet(np.ones(4), 6)}
    yield "square", case((4, 4, 4), 4)
    yield "many examples", case((3, 2, 2), 200)


@BACKPROP_MLP.invalid
def invalid(rng):
    x, y, Ws, bs = problem(rng, (3, 4, 2))
    yield "input of another width", dict(x=np.ones((6, 4)), y=y, Ws=Ws, bs=bs)
    yield "targets of another width", dict(x=x, y=np.ones((6, 3)) / 3, Ws=Ws, bs=bs)
    yield "layers that do not fit", dict(x=x, y=y, Ws=(Ws[0], np.ones((2, 5))), bs=bs)
    yield "unknown loss", dict(x=x, y=y, Ws=Ws, bs=bs, loss="cosine?")


@BACKPROP_MLP.claim
def equals_the_tape(backprop, rng):
    """The δ-recursion gives what the tape of reverse mode gives, for every activation and both losses"""
    from gradus.foundations.autodiff import grad

    for activation, loss in itertools.product(("tanh", "relu", "sigmoid", "identity"), ("cross-entropy", "squared")):
        x, y, Ws, bs = problem(rng, (4, 6, 5, 3), loss=loss)
        got = flat(backprop(x, y, Ws, bs, activation, loss))
        yield roundoff(got, flat(_tape(grad, x, y, Ws, bs, activation, loss)), terms=6 * 6)


def differences(f, parameters, h=2.0**-9):
    """Every partial derivative by central differences, extrapolated, with a bound estimated from two step sizes."""

    def central(p, at, step):
        old = p[at]
        values = []
        for s in (step, -step, step / 2, -step / 2):
            p[at] = old + s
            values.append(f(*parameters))
        p[at] = old
        return (8 * (values[2] - values[3]) - (values[0] - values[1])) / (6 * step)

    places = [(p, at) for p in parameters for at in np.ndindex(p.shape)]
    fine = np.array([central(p, at, h) for p, at in places])
    coarse = np.array([central(p, at, 2 * h) for p, at in places])
    return fine, float(np.abs(fine - coarse).max() + 64 * EPSILON * abs(f(*parameters)) / h)


@BACKPROP_MLP.claim
def passes_the_gradient_check(backprop, rng):
    """It passes the gradient check: every partial derivative equals the finite difference of the loss"""
    why = Text("two step sizes, and rounding / h", "由两个步长与舍入误差 / h 估计")
    for widths, loss in (((3, 4, 2), "cross-entropy"), ((2, 3, 3, 2), "squared")):
        x, y, Ws, bs = problem(rng, widths, 4, loss)
        parameters = [p.copy() for pair in zip(Ws, bs, strict=True) for p in pair]
        want, tolerance = differences(lambda *p, a=(x, y), k=loss: loss_of(*a, p[::2], p[1::2], "tanh", k), parameters)
        error = np.abs(flat(backprop(x, y, Ws, bs, "tanh", loss)) - want).max()
        yield near(error, 0.0, tolerance, why, "roundoff")


NET_342 = dict(  # the 3-4-2 net of the erratum: half its hidden units are nearly saturated
    x=np.array([[1.0, -2.0, 0.5]]),
    y=np.array([[1.0, 0.0]]),
    Ws=(
        np.array([[0.9, -0.7, 0.4], [0.2, 0.1, -0.6], [-0.5, 0.8, 0.3], [0.6, 0.4, -0.2]]),
        np.array([[0.3, -0.8, 0.5, 0.1], [-0.4, 0.6, 0.2, -0.9]]),
    ),
    bs=(np.array([0.1, -0.2, 0.3, 0.0]), np.array([0.05, -0.05])),
)
RIGHT_342 = (-0.00451, 0.32524, -0.01216, -0.27033)  # ∂ℓ/∂b of the hidden layer, to the digits shown in the erratum
WRONG_342 = (-0.20678, 0.41356, -0.08862, -0.29540)  # without σ′


@BACKPROP_MLP.claim
def every_part_of_delta_counts(backprop, rng):
    """Each part of the recursion counts, σ′, the order of the weight's indices and the range of the sum: the 3-4-2 net
    beside differences of its loss, a square net and a 4-2-4-3 net beside the tape"""
    from gradus.foundations.autodiff import grad

    x, y, Ws, bs = NET_342.values()
    hidden = backprop(x, y, Ws, bs)[1]
    b = [bs[0].copy()]
    want, tolerance = differences(lambda b1: loss_of(x, y, Ws, (b1, bs[1])), b)
    why = Text("two step sizes, and rounding / h", "由两个步长与舍入误差 / h 估计")
    evidence = [near(np.abs(hidden - want).max(), 0.0, tolerance, why, "roundoff")]
    printed = Text("half a unit of the last digit printed", "所印最后一位的半个单位")
    evidence += [near(np.abs(hidden - RIGHT_342).max(), 0.0, 5e-6, printed, "roundoff")]
    unsloped = hidden / (1 - np.tanh(Ws[0] @ x[0] + bs[0]) ** 2)  # σ′ taken away again
    evidence += [near(np.abs(unsloped - WRONG_342).max(), 0.0, 5e-6, printed, "roundoff")]
    for widths in ((3, 3, 3, 3), (4, 2, 4, 3)):
        args = problem(rng, widths)
        evidence.append(
            roundoff(flat(backprop(*args)), flat(_tape(grad, *args, "tanh", "cross-entropy")), terms=6 * max(widths))
        )
    return all_of(*evidence)


@BACKPROP_MLP.claim
def batch_is_the_mean(backprop, rng):
    """The gradient of a batch is the mean of its examples' gradients"""
    x, y, Ws, bs = problem(rng, (4, 5, 5, 3), N=8)
    single = np.mean([flat(backprop(x[i : i + 1], y[i : i + 1], Ws, bs)) for i in range(8)], 0)
    return invariance(flat(backprop(x, y, Ws, bs)), single, terms=8 * 5)


@BACKPROP_MLP.claim
def output_errors_sum_to_zero(backprop, rng):
    """Under the softmax the output errors of every example, whose targets sum to 1, sum to 0"""
    sums = []
    for _ in range(8):
        x, y, Ws, bs = problem(rng, (4, 5, 6), N=1)
        sums.append(backprop(x, y, Ws, bs)[-1].sum())
    return roundoff(np.array(sums), np.zeros(8), terms=6, scale=1.0)


@BACKPROP_MLP.claim
def targets_that_do_not_sum_to_one(backprop, rng):
    r"""Softmax minus target is the output error of targets that sum to 1: where they sum to $s$, it is
    $s\operatorname{softmax}(z)-y$ instead"""
    x, y, Ws, bs = problem(rng, (4, 5, 3), N=1)
    p = backprop(x, y, Ws, bs)[-1] + y[0]  # the softmax
    b = [bs[1].copy()]
    want, tolerance = differences(lambda b2: loss_of(x, 2 * y, Ws, (bs[0], b2)), b)
    why = Text("two step sizes, and rounding / h", "由两个步长与舍入误差 / h 估计")
    return near(np.abs(2 * p - 2 * y[0] - want).max(), 0.0, tolerance, why, "roundoff")


@BACKPROP_MLP.claim
def linear_net_is_least_squares(backprop, rng):
    r"""With two layers, without activations and biases, it is the least-squares gradient:
    $\nabla_{W^{(1)}}=W^{(2)\mathsf T}(W^{(2)}W^{(1)}X-Y)X^{\mathsf T}/N$"""
    x, y, Ws, bs = problem(rng, (4, 6, 3), loss="squared")
    zero = tuple(0 * b for b in bs)
    dW1, _, dW2, _ = backprop(x, y, Ws, zero, "identity", "squared")
    E = (Ws[1] @ Ws[0] @ x.T - y.T) / len(x)
    want = flat((Ws[1].T @ E @ x, E @ x @ Ws[0].T))
    return roundoff(flat((dW1, dW2)), want, terms=6 * 6)


@BACKPROP_MLP.claim
def relu_units_are_in_balance(backprop, rng):
    r"""In a ReLU net every hidden unit is in balance: $\sum_i w_{ji}^{(l)}\frac{\partial\ell}{\partial
    w_{ji}^{(l)}}+b_j^{(l)}\frac{\partial\ell}{\partial b_j^{(l)}}=\sum_k w_{kj}^{(l+1)}\frac{\partial\ell}{\partial
    w_{kj}^{(l+1)}}$"""
    x, y, Ws, bs = problem(rng, (4, 6, 5, 3), N=12)
    g = backprop(x, y, Ws, bs, "relu")
    dWs, dbs = g[::2], g[1::2]
    into = [(Ws[l] * dWs[l]).sum(1) + bs[l] * dbs[l] for l in (0, 1)]
    out = [(Ws[l + 1] * dWs[l + 1]).sum(0) for l in (0, 1)]
    size = max(float(np.abs(W * d).sum()) for W, d in zip(Ws, dWs, strict=True))
    return invariance(flat(into), flat(out), terms=12 * 6, scale=size)


@BACKPROP_MLP.claim
def balance_fails_for_tanh(backprop, rng):
    r"""Under tanh a hidden unit is in no such balance: with $x=w_1=w_2=1$, $b=y=0$ and the squared loss, in comes
    $\tanh1\cdot(1-\tanh^21)$, out goes $\tanh^21$"""
    one, zero = np.ones((1, 1)), np.zeros(1)
    into, _, out, _ = backprop(one, 0 * one, (one, one), (zero, zero), "tanh", "squared")
    t = np.tanh(1.0)
    return roundoff(flat((into, out)), [t * (1 - t * t), t * t], terms=4)


@BACKPROP_MLP.claim
def twins_stay_twins(backprop, rng):
    """Twins stay twins: hidden units of a layer with equal biases and equal weights, in and out, get equal gradients, so a
    net must not start symmetric"""
    x, y, Ws, bs = problem(rng, (3, 4, 2))
    W1, W2, b1 = Ws[0].copy(), Ws[1].copy(), bs[0].copy()
    W1[2], W2[:, 2], b1[2] = W1[1], W2[:, 1], b1[1]
    dW1, db1, dW2, _ = backprop(x, y, (W1, W2), (b1, bs[1]))
    first, second = flat((dW1[1], db1[1], dW2[:, 1])), flat((dW1[2], db1[2], dW2[:, 2]))
    dead = backprop(x, y, (0 * W1, 0 * W2), (0 * b1, bs[1]))  # all zero: the hidden layer never moves
    yield roundoff(second, first, terms=12, scale=float(np.abs(first).max()))
    yield identical(dead[0], np.zeros_like(W1))


@BACKPROP_MLP.claim
def sigmoids_let_the_error_vanish(backprop, rng):
    r"""Sigmoids let the error vanish: $\lVert\delta^{(l)}\rVert\le\frac14\lVert
    W^{(l+1)}\rVert_2\lVert\delta^{(l+1)}\rVert$, so over 9 orthogonal layers at most $4^{-9}$ of it is left"""
    Ws = tuple(np.linalg.qr(rng.standard_normal((5, 5)))[0] for _ in range(10))
    bs = tuple(-Ws[l].sum(1) / 2 for l in range(10))  # keeps the sums near 0, where the slope is ¼
    x, y = 0.1 * rng.standard_normal((1, 5)), np.eye(5)[:1]
    g = backprop(x, y, Ws, bs, "sigmoid")
    return bound(np.linalg.norm(g[1]) / np.linalg.norm(g[-1]), 4.0**-9)


def recursion(x, y, Ws, bs, activation, loss, back):
    """The recursion with another backward step, for the wrong variants."""
    a, z = [x], []
    for W, b in zip(Ws, bs, strict=True):
        z.append(a[-1] @ W.T + b)
        a.append(sigma(z[-1], activation))
    delta = backprop_deltas(z[-1], y, loss)
    gradients = []
    for l in range(len(Ws) - 1, -1, -1):
        gradients[:0] = [delta.T @ a[l] / len(x), delta.mean(0)]
        if l:
            delta = back(delta, z[l - 1], Ws[l], activation)
    return tuple(gradients)


def backprop_deltas(z, y, loss):
    if loss == "squared":
        return z - y
    p = np.exp(z - z.max(-1, keepdims=True))
    return p / p.sum(-1, keepdims=True) - y


ALL = ["equals-definition", "equals-the-tape", "passes-the-gradient-check", "every-part-of-delta-counts"]


@BACKPROP_MLP.mutant(caught_by=[*ALL, "sigmoids-let-the-error-vanish", "balance-fails-for-tanh"])
def without_slope(x, y, Ws, bs, activation="tanh", loss="cross-entropy"):
    """σ′ is left out"""
    return recursion(x, y, Ws, bs, activation, loss, lambda d, z, W, s: d @ W)


@BACKPROP_MLP.mutant(caught_by=[*ALL, "relu-units-are-in-balance"])
def weights_transposed(x, y, Ws, bs, activation="tanh", loss="cross-entropy"):
    """the weight's indices are exchanged, $w_{ji}$ for $w_{ij}$"""
    return recursion(x, y, Ws, bs, activation, loss, lambda d, z, W, s: sigma_prime(z, s) * (d @ W.T))


@BACKPROP_MLP.mutant(caught_by=ALL)
def sum_over_the_wrong_layer(x, y, Ws, bs, activation="tanh", loss="cross-entropy"):
    """the sum runs to $n_l$ instead of $n_{l+1}$"""

    def back(d, z, W, s):
        return sigma_prime(z, s) * sum(d[:, i, None] * W[i] for i in range(z.shape[1]))

    return recursion(x, y, Ws, bs, activation, loss, back)


@BACKPROP_MLP.mutant(caught_by=ALL)
def slope_at_the_activation(x, y, Ws, bs, activation="tanh", loss="cross-entropy"):
    """σ′ is taken at the activation instead of the sum"""

    def back(d, z, W, s):
        return sigma_prime(sigma(z, s), s) * (d @ W)

    return recursion(x, y, Ws, bs, activation, loss, back)


@BACKPROP_MLP.mutant(caught_by="equals-definition, batch-is-the-mean, linear-net-is-least-squares")
def sum_over_the_batch(x, y, Ws, bs, activation="tanh", loss="cross-entropy"):
    """the sum over the batch instead of its mean"""
    return tuple(len(x) * g for g in backprop_mlp(x, y, Ws, bs, activation, loss))


@BACKPROP_MLP.mutant(
    caught_by="equals-definition, output-errors-sum-to-zero, passes-the-gradient-check, targets-that-do-not-sum-to-one"
)
def softmax_not_differentiated(x, y, Ws, bs, activation="tanh", loss="cross-entropy"):
    """the cross-entropy by the probabilities: the softmax's own Jacobian is left out"""
    if loss == "squared":
        return backprop_mlp(x, y, Ws, bs, activation, loss)
    z = sum_of_last_layer(x, Ws, bs, activation)
    p = backprop_deltas(z, 0 * y, loss)
    return backprop_mlp(x, z + y / p, Ws, bs, activation, "squared")  # δ = −y/p


def sum_of_last_layer(x, Ws, bs, activation):
    for W, b in zip(Ws, bs, strict=True):
        z = x @ W.T + b
        x = sigma(z, activation)
    return z


@BACKPROP_MLP.mutant(caught_by="twins-stay-twins, relu-units-are-in-balance")
def factors_by_position(x, y, Ws, bs, activation="tanh", loss="cross-entropy"):
    """hidden units have learning factors of their own"""

    def back(d, z, W, s):
        return sigma_prime(z, s) * (d @ W) * (1 + np.arange(z.shape[1]) / 10)

    return recursion(x, y, Ws, bs, activation, loss, back)


BACKPROP_MLP.erratum(
    "E18",
    common=r"$\delta_j^{(l)}=\frac{\partial}{\partial z_j^{(l)}}\sum_{i=1}^{n_l}\delta_i^{(l+1)}w_{ij}^{(l)}$ (a common slip)",
    why="Taken literally it is 0: nothing under the derivative depends on z. Without σ′, a 3-4-2 net whose hidden "
    "layer has the gradient (−0.00451, 0.32524, −0.01216, −0.27033) is given (−0.20678, 0.41356, −0.08862, "
    "−0.29540): 46 times too much at the unit that is nearly saturated. The sum must run over the units of the layer "
    "after, here 2; there is no third and no fourth, and in a net that widens some are silently dropped. With "
    "$w_{ji}$ the sizes do not fit, unless all layers are equally wide, and then the result is silently wrong.",
    right=r"$\delta_j^{(l)}=\sigma'(z_j^{(l)})\sum_{i=1}^{n_{l+1}}w_{ij}^{(l+1)}\delta_i^{(l+1)}$",
    claims="every-part-of-delta-counts, passes-the-gradient-check",
)


@BACKPROP_MLP.figure(
    gain=Slider(0.3, 2, 1.2, "size of the weights (× 1/√n)", log=True),
    depth=Slider(2, 12, 6, "number of layers", integer=True),
)
def figure(gain, depth):
    L, n = int(depth), 8
    rng = np.random.default_rng(3)
    x, y, Ws, bs = problem(rng, (n,) * (L + 1), N=4)
    Ws = tuple(gain * W for W in Ws)
    forms = {"backpropagation": backprop_mlp, "without σ′": without_slope, "indices exchanged": weights_transposed}
    errors = {}
    b = [p.copy() for p in bs]
    want, _ = differences(lambda *p: loss_of(x, y, Ws, p), b, h=2.0**-14)
    fig, (left, right) = canvas(columns=2, width=7.2, height=3.2)
    for (name, form), colour in zip(forms.items(), COLOURS, strict=False):
        got = flat(form(x, y, Ws, bs)[1::2])
        errors[name] = float(np.linalg.norm(got - want) / np.linalg.norm(want))
        left.plot(want, got, "o", ms=3, color=colour, alpha=0.7, label=name, zorder=3 - len(errors) / 10)
    reach = 1.1 * np.abs(want).max()
    left.plot([-reach, reach], [-reach, reach], color="black", lw=0.7, zorder=0)
    left.set(
        xlabel="finite difference", ylabel="∂ℓ/∂b by the formula", xlim=(-reach, reach), ylim=(-2 * reach, 2 * reach)
    )
    left.legend(frameon=False, fontsize=9.5)
    layers, left_over = np.arange(1, L + 1), {}
    for activation, colour in zip(("tanh", "sigmoid", "relu"), COLOURS, strict=False):
        norms = [np.linalg.norm(g) for g in backprop_mlp(x, y, Ws, bs, activation)[1::2]]
        left_over[activation] = norms[0] / norms[-1]
        right.semilogy(layers, np.maximum(norms, 1e-300), "o-", ms=3, color=colour, label=activation)
    right.set(xlabel="layer l", ylabel="norm of ∂ℓ/∂b", xticks=layers[:: max(1, L // 6)])
    right.legend(frameon=False, fontsize=9.5)
    words = Text(
        f"Beside finite differences the relative error is {errors['backpropagation']:.1g} for backpropagation, "
        f"{errors['without σ′']:.2g} without σ′ and {errors['indices exchanged']:.2g} with exchanged indices. From the last layer to the first the "
        f"gradient changes by the factor {left_over['tanh']:.2g} (tanh), {left_over['sigmoid']:.2g} (sigmoid), {left_over['relu']:.2g} (ReLU).",
        f"与有限差分相比，反向传播的相对误差为 {errors['backpropagation']:.1g}，漏掉 σ′ 时为 {errors['without σ′']:.2g}，下标颠倒时为 {errors['indices exchanged']:.2g}。"
        f"从最后一层到第一层，梯度变为原来的 {left_over['tanh']:.2g} 倍（tanh）、{left_over['sigmoid']:.2g} 倍（sigmoid）、{left_over['relu']:.2g} 倍（ReLU）。",
    )
    return Drawing(fig, words)
