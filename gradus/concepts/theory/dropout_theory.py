"""Dropout as an ensemble, as a penalty, and as what it is not: a posterior."""

from itertools import product

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, near, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(dropout_predictions, x, W, V, p, q, activation="relu"):
    """A network of torch.nn with dropout before both layers, over all its masks."""
    from torch import nn

    from gradus.errors import GradusError
    from gradus.theory import class_averages

    if p == 1 or q == 1:
        raise GradusError(Text(f"expected p and q below 1, got {p}, {q}", f"p 与 q 应小于 1，得到 {p}、{q}"))
    first, second = (nn.Linear(*A.shape[::-1], bias=False, dtype=A.dtype) for A in (W, V))
    first.weight.data, second.weight.data = W.clone(), V.clone()
    between = {"linear": nn.Identity, "relu": nn.ReLU, "tanh": nn.Tanh}[activation]()
    model = nn.Sequential(nn.Dropout(p), first, between, nn.Dropout(q), second)
    found = dropout_predictions(model, x, samples=None)
    return found.mean, found.variance, found.bound, found.scaled, *class_averages(found.outputs, found.weights)


DROPOUT_THEORY = Concept(
    key="dropout-theory",
    kind="theorem",
    title="Theory of dropout",
    summary="Over all masks a network with dropout is an ensemble of networks with shared weights. Weight scaling gives its mean exactly "
    "where the outputs are linear in each mask, and for a softmax on top of these its geometric mean; behind a ReLU neither. The mean "
    "cross-entropy in training is that of the mean logits plus a penalty. The scatter over the masks has a bound; it is no posterior: in linear regression more data do not shrink it.",
    formulas=(
        r"f_m(x)=V\Bigl(\frac{m_2}{1-q}\odot\phi\Bigl(W\Bigl(\frac{m_1}{1-p}\odot x\Bigr)\Bigr)\Bigr),\qquad \bar f=\sum_mP(m)f_m,\qquad f=V\phi(Wx)",
        r"\operatorname{Var}f_m\le S=\sum_br_b(1-r_b)\,\mathbb E\bigl(f_{m_b=1}-f_{m_b=0}\bigr)^2",
        r"M=\sum_mP(m)\operatorname{softmax}(f_m),\qquad G=\frac1Z\prod_m\operatorname{softmax}(f_m)^{P(m)}=\operatorname{softmax}(\bar f),\qquad Z=\sum_k\prod_m\operatorname{softmax}(f_m)_k^{P(m)}",
        r"R=\mathbb E\log\sum_ke^{f_{mk}}-\log\sum_ke^{\bar f_k}=-\log Z,\qquad Q=\tfrac12\,\mathbb E\operatorname{Var}_{k\sim G}\bigl(f_{mk}-\bar f_k\bigr)",
        r"\phi(u)=u,\ q=0:\qquad\sum_i\mathbb E\bigl(t_i-f_m(x_i)\bigr)^2=\sum_i\bigl(t_i-f(x_i)\bigr)^2+\frac p{1-p}\sum_j\theta_j^2\sum_ix_{ij}^2,\qquad\theta=W^{\mathsf T}V^{\mathsf T}",
    ),
    symbols=(
        Symbol("x", "x", "n d", "inputs, one row a sample"),
        Symbol("W", "W", "h d", "weights of the first layer"),
        Symbol("V", "V", "k h", "weights of the second layer"),
        Symbol("p", "p", "", "probability that an input is dropped, below 1", "unit"),
        Symbol("q", "q", "", "probability that a hidden unit is dropped, below 1", "unit"),
        Symbol(r"\phi", "activation", "", '"linear", "relu" or "tanh"', "other"),
        Symbol("m=(m_1,m_2)", "", "d+h", "mask: independent bits, 1 where a unit is left"),
        Symbol("P(m),\\ \\mathbb E", "", "", "probability of a mask, and the mean over the masks"),
        Symbol(
            r"f_m,\ \bar f,\ f",
            "",
            "n k",
            "outputs under a mask, their mean, and the output in evaluation (weight scaling)",
        ),
        Symbol("b,\\ r_b", "", "", "a bit of the mask, and the probability that it is 0: $p$ or $q$"),
        Symbol("S", "", "n k", "bound on the variance"),
        Symbol("M,\\ G", "", "n k", "arithmetic and normalised geometric mean of the probabilities"),
        Symbol("Z", "", "n", "what the geometric means sum to before they are normalised"),
        Symbol("R,\\ Q", "", "n", "penalty, and its quadratic approximation"),
        Symbol(r"t,\ \theta", "", "", "targets, and the weights of a linear model with one output"),
        Symbol("i,\\ j,\\ k", "", "", "a sample, an input, a class", "natural"),
    ),
    returns=(
        Result("mean", "n k", r"$\bar f$"),
        Result("variance", "n k", "of the outputs over the masks"),
        Result("bound", "n k", "$S$"),
        Result("scaled", "n k", "$f$, the output in evaluation"),
        Result("mixture", "n k", "$M$"),
        Result("geometric", "n k", "$G$"),
        Result("penalty", "n", "$R$"),
        Result("quadratic", "n", "$Q$"),
    ),
    needs=("dropout", "regularization", "softmax"),
    source="srivastava2014dropout",
    year=2013,
    people=(
        "Nitish Srivastava",
        "Stefan Wager",
        "Pierre Baldi",
        "Yarin Gal",
        "Zoubin Ghahramani",
        "Ian Osband",
        "Bradley Efron",
        "Charles Stein",
    ),
    aliases="Monte Carlo dropout, weight scaling rule, dropout as a penalty, dropout as Bayesian approximation, dropout uncertainty, "
    "Efron-Stein inequality, 蒙特卡洛随机失活, 权重缩放, 随机失活的不确定性, 随机失活作为正则化, Efron–Stein 不等式",
    implementations=(
        Implementation(
            "gradus.theory:dropout_predictions",
            "torch",
            _torch,
            "of any module, over all masks or over drawn ones; probabilities by `gradus.theory.class_averages`",
        ),
    ),
    readings="srivastava2014dropout §7.5, §9; wager2013dropout §2; baldi2013understanding; gal2016dropout; osband2016risk; hron2018variational; efron1981jackknife",
    hypotheses=(
        Hypothesis("weight scaling is the mean: the outputs are linear in each mask", "relu-breaks-the-mean"),
        Hypothesis("the mean is not below weight scaling: $V\\ge0$", "the-sign-of-the-gap-is-the-weights"),
        Hypothesis("the bound: the bits are independent", "shared-masks-break-the-bound"),
        Hypothesis(
            "$Q$ is near $R$: every mask, even a rare one, moves the logits by far less than 1", "small-p-is-not-enough"
        ),
    ),
    conventions=(
        Convention(
            "what p and q are",
            "probabilities of being dropped, the others divided by $1-p$ in training, as in PyTorch",
            "probabilities of being left, as in Srivastava et al. and in Gal and Ghahramani",
        ),
        Convention(
            "predictive variance",
            "that of the network's output over the masks",
            r"Gal and Ghahramani add a noise of the targets, $\tau^{-1}=\frac{2N\lambda}{(1-p)\ell^2}$, of $N$ samples, weight decay λ and a length scale ℓ",
        ),
        Convention(
            "the penalty of a classifier",
            r"beside the loss of the mean logits $\bar f$: it is the same for every label",
            "beside the loss in evaluation, $f$: the same where the outputs are linear in each mask (Wager et al.); elsewhere it depends on the label",
        ),
    ),
    deviations="The implementation draws masks unless it is told to take all of them, as it is here.",
    unverified="Gal and Ghahramani read dropout with weight decay as variational inference in a deep Gaussian process. Hron, Matthews and Ghahramani "
    "(2018) show that its objective is not well defined: the approximating law has point masses, which the posterior has not.",
    differentiable=False,
    carries_gradient=False,
    longest_sum=256,
)


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def logsumexp(z):
    top = z.max(-1, keepdims=True)
    return (top + np.log(np.exp(z - top).sum(-1, keepdims=True)))[..., 0]


@DROPOUT_THEORY.definition
def dropout_theory(x, W, V, p, q, activation="relu"):
    inputs, h = x.shape[1], len(W)
    if W.shape[1] != inputs or V.shape[1] != h or not (0 <= p < 1 and 0 <= q < 1):
        raise ValueError("layers that fit, and p, q from 0 to below 1")
    phi = {"linear": lambda u: u, "relu": lambda u: np.maximum(u, 0), "tanh": np.tanh}[activation]
    r = np.array([p] * inputs + [q] * h)
    f, P = {}, {}
    for bits in product([0, 1], repeat=inputs + h):
        m1, m2 = np.array(bits[:inputs]), np.array(bits[inputs:])
        f[bits] = (m2 / (1 - q) * phi((m1 / (1 - p) * x) @ W.T)) @ V.T
        P[bits] = np.where(bits, 1 - r, r).prod()
    mean = sum(P[m] * f[m] for m in f)
    variance = sum(P[m] * (f[m] - mean) ** 2 for m in f)
    S = np.zeros_like(mean)
    for b in range(inputs + h):
        for m in f:
            one, none = m[:b] + (1,) + m[b + 1 :], m[:b] + (0,) + m[b + 1 :]
            S = S + r[b] * (1 - r[b]) * P[m] * (f[one] - f[none]) ** 2
    M = sum(P[m] * softmax(f[m]) for m in f)
    G = np.exp(sum(P[m] * (f[m] - logsumexp(f[m])[:, None]) for m in f))
    G = G / G.sum(1, keepdims=True)
    R = sum(P[m] * logsumexp(f[m]) for m in f) - logsumexp(mean)
    d = {m: f[m] - mean for m in f}
    Q = sum(P[m] * (G * (d[m] - (G * d[m]).sum(1, keepdims=True)) ** 2).sum(1) for m in f) / 2
    return mean, variance, S, phi(x @ W.T) @ V.T, M, G, R, Q


@DROPOUT_THEORY.example
def example():
    x, p, q = np.log([[2.0, 3.0]]), 0.5, 0.0
    W, V = np.array([[1.0, 1.0], [0.0, 0.0]]), np.eye(2)
    found = dropout_theory(x, W, V, p, q, "linear")
    mean, variance, S, _scaled, M, G, R, Q = (v[0] for v in found)
    z = np.array([0.0, *(2 * x[0]), 2 * x[0].sum()])  # under the four masks
    first = 1 / (1 + np.exp(-z))
    roots = np.array([first.prod() ** 0.25, (1 - first).prod() ** 0.25])
    rectified = dropout_theory(x, np.array([[1.0, -1.0]]), np.ones((1, 1)), p, q, "relu")
    theta, t = np.array([2.0, 1.0]), 5.0
    regression = dropout_theory(np.array([[1.0, 3.0]]), theta[None], np.ones((1, 1)), p, q, "linear")
    return (
        dict(x=x, p=p, q=q, W=W, V=V, activation="linear", first=first, mean=mean[0], variance=variance[0])
        | dict(bound=S[0], evaluation=G[0], mixture=M[0], roots=roots, Z=roots.sum(), R=R, Q=Q)
        | dict(slope=G[0] * (1 - G[0]), relu_mean=rectified[0][0, 0], relu_scaled=rectified[3][0, 0])
        | dict(relu_variance=rectified[1][0, 0], relu_bound=rectified[2][0, 0], t=t, fitted=regression[0][0, 0])
        | dict(penalty=regression[1][0, 0], parts=(theta * np.array([1.0, 3.0])) ** 2)
    )


@DROPOUT_THEORY.exercise
def scatter_of_a_sum():
    variance = dropout_theory(np.array([[3.0, 4.0]]), np.ones((1, 2)), np.ones((1, 1)), 0.2, 0.0, "linear")[1][0, 0]
    return number(np.sqrt(variance), variance=variance, left_for_dropped=np.sqrt(0.8 / 0.2 * 25))


@DROPOUT_THEORY.exercise
def certain_logit():
    *_, R, Q = dropout_theory(np.array([[6.0]]), np.array([[1.0], [0.0]]), np.eye(2), 0.5, 0.0, "linear")
    return number(R[0], quadratic=Q[0], not_rescaled=(np.logaddexp(6, 0) + np.log(2)) / 2 - np.logaddexp(6, 0))


@DROPOUT_THEORY.exercise
def ten_times_the_data():
    rng = np.random.default_rng(2)
    X, t = rng.standard_normal((20, 2)), rng.standard_normal(20)
    found = []
    for k in (1, 10):
        w = least(np.tile(X, (k, 1)), np.tile(t, k), 0.5)
        found.append(dropout_theory(np.ones((1, 2)), w[None], np.ones((1, 1)), 0.5, 0.0, "linear")[1][0, 0])
    same = abs(found[1] / found[0] - 1) < 1e-9
    return choice(same=same, a_tenth=abs(found[1] / found[0] - 0.1) < 0.02, a_hundredth=found[1] < 0.02 * found[0])


def least(X, t, p):
    """Where the mean loss of a linear model with dropout is least."""
    G = X.T @ X
    return np.linalg.solve(G + p / (1 - p) * np.diag(np.diag(G)), X.T @ t)


@DROPOUT_THEORY.cases
def cases(rng):
    def case(n, d, h, k, p, q, activation="relu"):
        return dict(
            x=rng.standard_normal((n, d)), W=rng.standard_normal((h, d)), V=rng.standard_normal((k, h)), p=p, q=q
        ) | dict(activation=activation)

    yield "both layers", case(3, 2, 3, 2, 0.3, 0.5)
    yield "linear", case(2, 3, 2, 3, 0.25, 0.4, "linear")
    yield "tanh, inputs alone", case(4, 3, 2, 2, 0.6, 0.0, "tanh")
    yield "tanh, hidden units alone", case(2, 2, 3, 2, 0.0, 0.2, "tanh")
    yield "nothing is dropped", case(2, 2, 2, 2, 0.0, 0.0)
    yield "nearly all are dropped", case(2, 2, 2, 3, 0.95, 0.9)
    yield "one output", case(5, 2, 2, 1, 0.5, 0.5)
    yield "one of each", case(1, 1, 1, 1, 0.5, 0.25, "tanh")
    yield "many samples", case(60, 2, 2, 2, 0.1, 0.2)
    yield "many classes", case(1, 1, 2, 40, 0.5, 0.5, "tanh")
    yield "large logits", dict(case(4, 2, 2, 2, 0.2, 0.2, "tanh"), V=40 * rng.standard_normal((2, 2)))
    yield "square", case(2, 2, 2, 2, 0.4, 0.3, "linear")


@DROPOUT_THEORY.invalid
def invalid(rng):
    yield "all are dropped", dict(x=np.ones((1, 2)), W=np.ones((2, 2)), V=np.ones((1, 2)), p=1.0, q=0.0)
    yield "layers that do not fit", dict(x=np.ones((1, 2)), W=np.ones((2, 3)), V=np.ones((1, 2)), p=0.5, q=0.0)


def of_logits(f, X, W, p, activation="linear"):
    """Of the logits W x, dropout on the inputs alone."""
    return f(X, W, np.eye(len(W)), p, 0.0, activation)


@DROPOUT_THEORY.claim
def linear_networks_are_averaged_exactly(f, rng):
    r"""With $\phi(u)=u$ evaluation is the mean, with dropout before both layers too. With $a_{hj}=V_{kh}W_{hj}x_j$, $c=\frac p{1-p}$ and $e=\frac q{1-q}$ the variance of output
    k is $c\sum_j(\sum_ha_{hj})^2+e\sum_h(\sum_ja_{hj})^2+ce\sum_{hj}a_{hj}^2$; in $S$ the last term stands twice"""
    p, q = 0.3, 0.6
    x, W, V = rng.standard_normal((3, 3)), rng.standard_normal((2, 3)), rng.standard_normal((2, 2))
    mean, variance, S, scaled, *_ = f(x, W, V, p, q, "linear")
    a, c, e = np.einsum("kh,hj,nj->nkhj", V, W, x), p / (1 - p), q / (1 - q)
    both = c * e * (a**2).sum((2, 3))
    alone = c * (a.sum(2) ** 2).sum(2) + e * (a.sum(3) ** 2).sum(2)
    yield roundoff(mean, x @ W.T @ V.T, terms=64, scale=10.0)
    yield roundoff(scaled, x @ W.T @ V.T, terms=8, scale=10.0)
    yield roundoff(variance, alone + both, terms=64)
    yield roundoff(S, alone + 2 * both, terms=64)


@DROPOUT_THEORY.claim
def a_softmax_keeps_the_geometric_mean(f, rng):
    r"""For a softmax of linear logits evaluation is the normalised geometric mean of the probabilities, $G=\operatorname{softmax}(f)$. The arithmetic mean is another: for the
    logits 3 and 0 with p = ½ the first class has 0.953 in evaluation and $\frac12(\sigma(6)+\frac12)=0.749$ in the mean"""
    X, W = rng.standard_normal((4, 3)), 2 * rng.standard_normal((3, 3))
    *_, G, _, _ = of_logits(f, X, W, 0.4)
    yield roundoff(G, softmax(X @ W.T), terms=64)
    _, _, _, _scaled, M, G, _, _ = of_logits(f, np.ones((1, 1)), np.array([[3.0], [0.0]]), 0.5)
    sigma = 1 / (1 + np.exp(-6.0))
    yield roundoff(M, [[(sigma + 0.5) / 2, (1.5 - sigma) / 2]], terms=8)
    yield near(M[0, 0] - G[0, 0], -0.2038, 5e-5, Text("half a unit of the last digit", "末位的半个单位"))


@DROPOUT_THEORY.claim
def relu_breaks_the_mean(f, rng):
    r"""Behind a ReLU evaluation is not the mean: $\operatorname{relu}(x_1-x_2)$ at $x=(1,1)$ and p = ½ is ½ in the mean and 0 in evaluation. Where $V\ge0$ the mean is never below, by
    Jensen; and the geometric mean of a softmax on top is not evaluation's either"""
    mean, _, _, scaled, *_ = f(np.ones((1, 2)), np.array([[1.0, -1.0]]), np.ones((1, 1)), 0.5, 0.0)
    yield identical([mean[0, 0], scaled[0, 0]], [0.5, 0.0])
    x, W, V = rng.standard_normal((6, 3)), rng.standard_normal((3, 3)), rng.random((2, 3))
    mean, _, _, scaled, *_ = f(x, W, V, 0.4, 0.3)
    yield bound((mean - scaled).min(), -1e-14, "≥", Text("Jensen; rounding of 64 terms", "Jensen 不等式；64 项的舍入"))
    W, V = np.array([[1.0, -1.0]]), np.array([[4.0], [0.0]])
    _, _, _, scaled, _, G, *_ = f(np.ones((1, 2)), W, V, 0.5, 0.0)
    yield roundoff([G[0, 0], softmax(scaled)[0, 0]], [1 / (1 + np.exp(-2)), 0.5], terms=8)


@DROPOUT_THEORY.claim
def the_sign_of_the_gap_is_the_weights(f, rng):
    r"""Without $V\ge0$ the mean may lie below: $-\operatorname{relu}(x_1-x_2)$ has the mean −½, and 0 in evaluation"""
    mean, _, _, scaled, *_ = f(np.ones((1, 2)), np.array([[1.0, -1.0]]), -np.ones((1, 1)), 0.5, 0.0)
    return identical([mean[0, 0], scaled[0, 0]], [-0.5, 0.0])


@DROPOUT_THEORY.claim
def a_smooth_unit_is_off_by_its_curvature(f, rng):
    r"""For tanh $\lvert\bar f_k-f_k\rvert\le\frac{2}{3\sqrt3}\frac p{1-p}\sum_h\lvert V_{kh}\rvert\sum_jW_{hj}^2x_j^2$, by Taylor's theorem with $\lvert\phi''\rvert\le\frac4{3\sqrt3}$; a unit of one input has
    the mean $(1-p)\tanh\frac{wx}{1-p}$"""
    p, steepest = 0.2, 4 / (3 * np.sqrt(3))
    mean, _, _, scaled, *_ = f(np.array([[0.6]]), np.ones((1, 1)), np.ones((1, 1)), p, 0.0, "tanh")
    yield roundoff(mean[0, 0], (1 - p) * np.tanh(0.6 / (1 - p)), terms=8)
    limit = steepest / 2 * p / (1 - p) * 0.36
    yield bound((scaled - mean)[0, 0], limit, "≤")
    yield bound((scaled - mean)[0, 0], limit / 2, "≥", Text("the bound is not idle", "该界并非虚设"))
    x, W, V = rng.standard_normal((5, 3)), rng.standard_normal((3, 3)), rng.standard_normal((2, 3))
    mean, _, _, scaled, *_ = f(x, W, V, p, 0.5, "tanh")
    limits = steepest / 2 * p / (1 - p) * (x**2) @ (W**2).T @ np.abs(V).T
    yield bound((np.abs(mean - scaled) / limits).max(), 1.0, "≤")


@DROPOUT_THEORY.claim
def the_scatter_has_a_bound(f, rng):
    r"""$\operatorname{Var}f_m\le S$ (Efron and Stein), with equality where the output is linear in all bits together; and for inputs alone, with ReLU or tanh,
    $S\le\frac p{1-p}\sum_jx_j^2(\sum_h\lvert V_{kh}W_{hj}\rvert)^2$"""
    x, W, V = rng.standard_normal((4, 3)), rng.standard_normal((3, 3)), rng.standard_normal((2, 3))
    for activation in ("relu", "tanh"):
        _, variance, S, *_ = f(x, W, V, 0.4, 0.5, activation)
        yield bound((variance - S).max(), 1e-14, "≤", Text("rounding where both are equal", "两者相等处的舍入"))
        yield bound(variance.sum() / S.sum(), 0.3, "≥", Text("of the size of the variance", "与方差同量级"))
        S = f(x, W, V, 0.4, 0.0, activation)[2]
        yield bound((S / (0.4 / 0.6 * x**2 @ (np.abs(V) @ np.abs(W)).T ** 2)).max(), 1.0, "≤")
    theta = rng.standard_normal((1, 3))
    _, variance, S, *_ = f(x, theta, np.ones((1, 1)), 0.4, 0.0, "linear")
    want = 0.4 / 0.6 * x**2 @ theta.T**2
    yield roundoff(variance, want, terms=64)
    yield roundoff(S, want, terms=64)


@DROPOUT_THEORY.claim
def shared_masks_break_the_bound(f, rng):
    r"""The bits must be independent: two inputs 1 behind one bit are one input 2, and their sum has the variance $\frac{4p}{1-p}$, twice the $S$ of two bits"""
    one = f(np.array([[2.0]]), np.ones((1, 1)), np.ones((1, 1)), 0.3, 0.0, "linear")[1][0, 0]
    two = f(np.ones((1, 2)), np.ones((1, 2)), np.ones((1, 1)), 0.3, 0.0, "linear")[2][0, 0]
    yield roundoff(one, 4 * 0.3 / 0.7, terms=8)
    yield roundoff(one / two, 2.0, terms=16)


def mean_loss(f, X, t, theta, p):
    """Σ E(t − f_m(x))² of a linear model: the square of the mean error, and the variance."""
    mean, variance, *_ = f(X, theta[None], np.ones((1, 1)), p, 0.0, "linear")
    return ((t - mean[:, 0]) ** 2 + variance[:, 0]).sum()


@DROPOUT_THEORY.claim
def least_squares_gets_a_penalty(f, rng):
    r"""$\sum_i\mathbb E(t_i-f_m(x_i))^2$ is the squared error plus $\frac p{1-p}\sum_j\theta_j^2\sum_ix_{ij}^2$, at any targets"""
    X, t, theta = rng.standard_normal((6, 3)) * [1.0, 3.0, 0.5], rng.standard_normal(6), rng.standard_normal(3)
    for p in (0.2, 0.5):
        want = ((t - X @ theta) ** 2).sum() + p / (1 - p) * (theta**2 * (X**2).sum(0)).sum()
        yield roundoff(mean_loss(f, X, t, theta, p), want, terms=64)


@DROPOUT_THEORY.claim
def the_penalty_is_in_the_normaliser(f, rng):
    r"""$R=-\log Z$: with a logit w of one input beside 0, $R=(1-p)\log(1+e^{w/(1-p)})+p\log2-\log(1+e^w)$, and the geometric means
    $\sigma^{1-p}2^{-p}$ and $(1-\sigma)^{1-p}2^{-p}$, $\sigma=\sigma(\frac w{1-p})$, sum to $e^{-R}$"""
    for p, w in ((0.5, 3.0), (0.2, -5.0)):
        *_, R, _ = of_logits(f, np.ones((1, 1)), np.array([[w], [0.0]]), p)
        A = lambda u: np.logaddexp(u, 0.0)
        yield roundoff(R[0], (1 - p) * A(w / (1 - p)) + p * np.log(2) - A(w), terms=8, scale=6.0)
        sigma = 1 / (1 + np.exp(-w / (1 - p)))
        yield roundoff(np.exp(-R[0]), (sigma ** (1 - p) + (1 - sigma) ** (1 - p)) * 2**-p, terms=8, scale=6.0)


@DROPOUT_THEORY.claim
def small_p_is_not_enough(f, rng):
    r"""A small p does not bring $Q$ near $R$: for the logit 6 beside 0, of one input, $R/Q$ is 7.75 at p = ½, and as p falls to 0 it tends to
    $\frac{A(0)-A(6)+6A'(6)}{18A''(6)}=15.22$ with $A(u)=\log(1+e^u)$"""
    why = Text("half a unit of the last digit", "末位的半个单位")
    for p, want in ((0.5, 7.75), (1e-6, 15.22)):
        *_, R, Q = of_logits(f, np.ones((1, 1)), np.array([[6.0], [0.0]]), p)
        yield near(R[0] / Q[0], want, 5e-3, why)


@DROPOUT_THEORY.claim
def small_logits_are_enough(f, rng):
    r"""With logits scaled by s, $Q/R-1$ falls like $s^2$ for two classes, one of which has the logit 0"""
    X, W = np.array([[1.0, -0.5, 0.8]]), np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    sizes = 2.0 ** -np.arange(3, 8)
    off = []
    for s in sizes:
        *_, R, Q = of_logits(f, s * X, W, 0.3)
        off.append(abs(Q[0] / R[0] - 1))
    return rate(sizes, off, 2.0)


@DROPOUT_THEORY.claim
def more_data_do_not_shrink_it(f, rng):
    r"""In linear regression with dropout the least mean loss of the data, of every sample four times, and of targets whose least-squares residuals are ten times as large, stands at the same weights,
    and so the variance over the masks at any input stays"""
    X, p = rng.standard_normal((9, 2)), 0.4
    t = X @ rng.standard_normal(2) + rng.standard_normal(9)
    w, new = least(X, t, p), np.array([[1.0, 2.0]])
    residual = t - X @ np.linalg.lstsq(X, t, rcond=None)[0]  # what no weights fit
    h = 2.0**-4
    for data, targets in ((X, t), (np.tile(X, (4, 1)), np.tile(t, 4)), (X, t + 9 * residual)):
        ends = [[mean_loss(f, data, targets, w + s * h * e, p) for s in (1, -1)] for e in np.eye(2)]
        slope = [(a - b) / (2 * h) for a, b in ends]  # exact for a quadratic, but for rounding
        yield roundoff(slope, np.zeros(2), terms=64, scale=np.max(ends) / h)
    yield roundoff(
        f(new, w[None], np.ones((1, 1)), p, 0.0, "linear")[1][0, 0], 0.4 / 0.6 * ((w * new) ** 2).sum(), terms=16
    )


@DROPOUT_THEORY.claim
def far_from_zero_not_from_the_data(f, rng):
    """Without biases a ReLU net is certain at the input 0, wherever its data were, and at 8x the variance is 64 times that at x, bit for bit"""
    x, W, V = rng.standard_normal((3, 3)), rng.standard_normal((3, 3)), rng.standard_normal((1, 3))
    at = [f(s * x, W, V, 0.5, 0.5)[1] for s in (0.0, 1.0, 8.0)]
    yield identical(at[0], np.zeros((3, 1)))
    yield identical(at[2], 64 * at[1])
    yield bound(at[1].max(), 1e-3, "≥", Text("it scatters", "它有波动"))


def under_masks(x, W, V, p, q, activation, scale=True, alike=False, one_bit=False):
    """Outputs under all masks, one a row, and the masks' probabilities."""
    d, h = x.shape[1], len(W)
    phi = {"linear": lambda u: u, "relu": lambda u: np.maximum(u, 0), "tanh": np.tanh}[activation]
    bits = np.array(list(product([0, 1], repeat=2 if one_bit else d + h)))
    r = np.array([p, q] if one_bit else [p] * d + [q] * h)
    P = np.full(len(bits), 1 / len(bits)) if alike else np.where(bits, 1 - r, r).prod(1)
    m = np.repeat(bits, [d, h], 1) if one_bit else bits
    keep = (1 - p, 1 - q) if scale else (1, 1)
    hidden = phi((m[:, None, :d] / keep[0] * x) @ W.T)
    return (m[:, None, d:] / keep[1] * hidden) @ V.T, P, r


def averaged(f, P, r, scaled):
    """The eight results from outputs under masks."""
    mean = np.tensordot(P, f, 1)
    S, n = np.zeros_like(mean), len(r)
    for b in range(n):
        pairs, w = (a.reshape(2**b, 2, -1, *a.shape[1:]) for a in (f, P))
        S = S + r[b] * (1 - r[b]) * np.tensordot(w.sum(1), (pairs[:, 1] - pairs[:, 0]) ** 2, 2)
    G = softmax(mean)
    d = f - mean
    Q = P @ (G * (d - (G * d).sum(-1, keepdims=True)) ** 2).sum(-1) / 2
    return (
        mean,
        np.tensordot(P, d**2, 1),
        S,
        scaled,
        np.tensordot(P, softmax(f), 1),
        G,
        P @ logsumexp(f) - logsumexp(mean),
        Q,
    )


def changed(found, **given):
    """The definition's results, some of them replaced."""
    names = ("mean", "variance", "bound", "scaled", "mixture", "geometric", "penalty", "quadratic")
    return tuple(given.get(name, value) for name, value in zip(names, found, strict=True))


@DROPOUT_THEORY.mutant(
    caught_by="relu-breaks-the-mean, linear-networks-are-averaged-exactly, shared-masks-break-the-bound"
)
def not_rescaled(x, W, V, p, q, activation="relu"):
    """what is left is not divided by 1 − p"""
    scaled = dropout_theory(x, W, V, 0.0, 0.0, activation)[3]
    return averaged(*under_masks(x, W, V, p, q, activation, scale=False), scaled)


@DROPOUT_THEORY.mutant(
    caught_by="linear-networks-are-averaged-exactly, a-softmax-keeps-the-geometric-mean, least-squares-gets-a-penalty"
)
def masks_alike(x, W, V, p, q, activation="relu"):
    """every mask weighs the same, whatever p"""
    scaled = dropout_theory(x, W, V, 0.0, 0.0, activation)[3]
    return averaged(*under_masks(x, W, V, p, q, activation, alike=True), scaled)


@DROPOUT_THEORY.mutant(
    caught_by="shared-masks-break-the-bound, the-scatter-has-a-bound, linear-networks-are-averaged-exactly"
)
def one_bit_a_layer(x, W, V, p, q, activation="relu"):
    """one bit drops a whole layer"""
    scaled = dropout_theory(x, W, V, 0.0, 0.0, activation)[3]
    return averaged(*under_masks(x, W, V, p, q, activation, one_bit=True), scaled)


@DROPOUT_THEORY.mutant(
    caught_by="relu-breaks-the-mean, a-smooth-unit-is-off-by-its-curvature, the-sign-of-the-gap-is-the-weights"
)
def evaluation_sold_as_the_mean(x, W, V, p, q, activation="relu"):
    """evaluation is taken for the mean"""
    found = dropout_theory(x, W, V, p, q, activation)
    return changed(found, mean=found[3])


@DROPOUT_THEORY.mutant(caught_by="the-sign-of-the-gap-is-the-weights")
def never_below_evaluation(x, W, V, p, q, activation="relu"):
    """Jensen's inequality without its hypothesis: the mean is never below evaluation"""
    found = dropout_theory(x, W, V, p, q, activation)
    return changed(found, mean=np.maximum(found[0], found[3]))


@DROPOUT_THEORY.mutant(caught_by="linear-networks-are-averaged-exactly, equals-definition")
def scaled_twice(x, W, V, p, q, activation="relu"):
    """divided in training and multiplied by the share left in evaluation, too"""
    found = dropout_theory(x, W, V, p, q, activation)
    return changed(found, scaled=dropout_theory((1 - p) * x, W, (1 - q) * V, 0.0, 0.0, activation)[3])


@DROPOUT_THEORY.mutant(caught_by="a-softmax-keeps-the-geometric-mean, relu-breaks-the-mean")
def arithmetic_for_geometric(x, W, V, p, q, activation="relu"):
    """the mean of the probabilities for the geometric one"""
    found = dropout_theory(x, W, V, p, q, activation)
    return changed(found, geometric=found[4])


@DROPOUT_THEORY.mutant(caught_by="a-softmax-keeps-the-geometric-mean, relu-breaks-the-mean")
def not_normalised(x, W, V, p, q, activation="relu"):
    """the geometric means as they are, with a sum below 1"""
    found = dropout_theory(x, W, V, p, q, activation)
    return changed(found, geometric=found[5] * np.exp(-found[6])[:, None])


@DROPOUT_THEORY.mutant(caught_by="the-penalty-is-in-the-normaliser, small-p-is-not-enough, small-logits-are-enough")
def beside_the_mixture(x, W, V, p, q, activation="relu"):
    """the penalty beside the loss of the mixture, at label 0, for that of the mean logits"""
    found = dropout_theory(x, W, V, p, q, activation)
    return changed(found, penalty=found[6] + np.log(found[4][:, 0] / found[5][:, 0]))


@DROPOUT_THEORY.mutant(caught_by="small-p-is-not-enough, the-penalty-is-in-the-normaliser")
def quadratic_sold_as_exact(x, W, V, p, q, activation="relu"):
    """the quadratic approximation for the penalty"""
    found = dropout_theory(x, W, V, p, q, activation)
    return changed(found, penalty=found[7] * (1 + 1e-9))


@DROPOUT_THEORY.mutant(caught_by="small-logits-are-enough, small-p-is-not-enough")
def half_forgotten(x, W, V, p, q, activation="relu"):
    """the second-order term without its half"""
    found = dropout_theory(x, W, V, p, q, activation)
    return changed(found, quadratic=2 * found[7])


@DROPOUT_THEORY.mutant(
    caught_by="the-scatter-has-a-bound, linear-networks-are-averaged-exactly, shared-masks-break-the-bound"
)
def flips_without_their_rates(x, W, V, p, q, activation="relu"):
    """a half of all flips, whatever p: the bound of fair coins"""
    found = dropout_theory(x, W, V, p, q, activation)
    f, P, r = under_masks(x, W, V, p, q, activation)
    return changed(found, bound=averaged(f, P, np.full(len(r), 0.5), found[3])[2])


@DROPOUT_THEORY.mutant(caught_by="the-scatter-has-a-bound, linear-networks-are-averaged-exactly")
def inputs_alone(x, W, V, p, q, activation="relu"):
    """the bound counts the bits of the inputs, not those of the hidden units"""
    found = dropout_theory(x, W, V, p, q, activation)
    f, P, r = under_masks(x, W, V, p, q, activation)
    return changed(found, bound=averaged(f, P, np.where(np.arange(len(r)) < x.shape[1], r, 0.0), found[3])[2])


@DROPOUT_THEORY.mutant(
    caught_by="least-squares-gets-a-penalty, far-from-zero-not-from-the-data, shared-masks-break-the-bound"
)
def deviation_for_variance(x, W, V, p, q, activation="relu"):
    """the standard deviation for the variance"""
    found = dropout_theory(x, W, V, p, q, activation)
    return changed(found, variance=np.sqrt(found[1]))


@DROPOUT_THEORY.mutant(caught_by="more-data-do-not-shrink-it, least-squares-gets-a-penalty")
def posterior_of_the_batch(x, W, V, p, q, activation="relu"):
    """the variance is divided by the number of samples, as if they were data"""
    found = dropout_theory(x, W, V, p, q, activation)
    return changed(found, variance=found[1] / len(x))


@DROPOUT_THEORY.mutant(caught_by="least-squares-gets-a-penalty, more-data-do-not-shrink-it")
def noise_of_one_size(x, W, V, p, q, activation="relu"):
    """all inputs of a row get noise of one size, that of their root mean square: plain ridge"""
    found = dropout_theory(x, W, V, p, q, activation)
    size = (x**2).mean(1, keepdims=True) * np.ones_like(x)
    return changed(found, variance=found[1] + p / (1 - p) * (size - x**2) @ (V @ W).T ** 2)


DROPOUT_THEORY.erratum(
    "E280",
    common="For small p dropout on logistic regression is an adaptive quadratic penalty (a common reading of Wager et al.)",
    why=r"What must be small is how far a dropped unit moves the logits, not how often: as p falls, dropping becomes rare, but no gentler. For one logit 6 the penalty is 7.75 times its quadratic approximation at p = ½, and 15.2 "
    "times as p falls to 0.",
    right=r"The quadratic approximation needs logits that every mask moves by far less than 1; for large terms $\theta_jx_j$ the penalty is computed over the masks",
    claims="small-p-is-not-enough, small-logits-are-enough",
)


DROPOUT_THEORY.erratum(
    "E281",
    common="The variance of Monte Carlo dropout is the network's uncertainty about its weights: it is large where data are few, and falls as they grow (a common reading of Gal and Ghahramani)",
    why="In linear regression the weights of least mean loss are the same for the data and for every sample four times, and the variance over the masks with them; it ignores how noisy the targets are: a posterior does the opposite in both. And without biases it is 0 at the input 0 and grows with the distance from there, "
    "wherever the data have been; a bias behind the last layer changes nothing of that, where a posterior of the bias is not certain.",
    right="It is the scatter of an ensemble; p, the weights and the input set its size. It can rank inputs, and must be checked against held-out data like any other score",
    claims="more-data-do-not-shrink-it, far-from-zero-not-from-the-data",
)


@DROPOUT_THEORY.figure(
    p=Slider(0.02, 0.9, 0.5, "probability p of being dropped"), sigma=Slider(0.2, 4.0, 1.0, "noise of the targets σ")
)
def figure(p, sigma):
    p, sigma = float(p), float(sigma)
    u = np.arange(1, 101) / 10
    *_, R, Q = dropout_theory(u[:, None], np.array([[1.0], [0.0]]), np.eye(2), p, 0.0, "linear")
    rng = np.random.default_rng(5)
    sizes = 2 ** np.arange(4, 12)
    X, noise, new = rng.standard_normal((sizes[-1], 3)), rng.standard_normal(sizes[-1]), np.array([[1.0, -1.0, 1.0]])
    t = X @ np.array([1.0, -0.5, 0.5]) + sigma * noise
    over_masks, posterior = [], []
    for n in sizes:
        w = least(X[:n], t[:n], p)
        over_masks.append(np.sqrt(dropout_theory(new, w[None], np.ones((1, 1)), p, 0.0, "linear")[1][0, 0]))
        posterior.append(sigma * np.sqrt(new[0] @ np.linalg.solve(X[:n].T @ X[:n], new[0])))
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    left.plot(u, R, color=COLOURS[0], lw=2.2, label="penalty R")
    left.plot(u, Q, color=COLOURS[1], lw=2.2, ls="--", label="approximation Q")
    left.set(xlabel="logit θx", ylabel="in nats", ylim=(0, 1.1 * max(R.max(), Q.max())))
    left.yaxis.labelpad = 9
    left.legend(frameon=False, fontsize=9.5)
    right.loglog(sizes, over_masks, color=COLOURS[0], lw=2.2, marker="o", ms=4, label="over the masks")
    right.loglog(sizes, posterior, color=COLOURS[1], lw=2.2, ls="--", marker="s", ms=4, label="posterior")
    right.set(xlabel="samples n", ylabel="standard deviation")
    right.legend(frameon=False, fontsize=9.5)
    k = 59  # a logit of 6
    words = Text(
        f"p = {p:.2f}. For a logit of 6 the penalty is {R[k]:.3g} nats, its quadratic approximation {Q[k]:.3g}. In a regression with noise {sigma:.2g} the output at one input scatters over the masks by {over_masks[0]:.3g} after {sizes[0]} samples and by "
        f"{over_masks[-1]:.3g} after {sizes[-1]}; the posterior's deviation falls from {posterior[0]:.3g} to {posterior[-1]:.3g}.",
        f"p = {p:.2f}。logit 为 6 时，惩罚为 {R[k]:.3g} nat，其二次近似为 {Q[k]:.3g}。在噪声为 {sigma:.2g} 的回归中，某一输入处的输出在掩码间的标准差，{sizes[0]} 个样本后为 {over_masks[0]:.3g}，{sizes[-1]} 个样本后为 "
        f"{over_masks[-1]:.3g}；后验的标准差则从 {posterior[0]:.3g} 降到 {posterior[-1]:.3g}。",
    )
    return Drawing(fig, words)
