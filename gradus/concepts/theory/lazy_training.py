"""Lazy training: a network whose tangent kernel stays as it is learns like kernel regression, mode by mode."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Proof, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, near, rate, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(predicted_training, K, y, f, alpha, steps, k, g):
    given = dict(steps=range(steps + 1), step_size=alpha, test_kernel=k, test_outputs=g)
    result = predicted_training(K, y, f, **given)
    return result.outputs, result.predictions


LAZY_TRAINING = Concept(
    key="lazy-training",
    kind="theorem",
    title="Lazy training: constancy of the kernel",
    summary=r"While the tangent kernel stays as it is, training by descent on squared error is a linear process: along each eigenvector of the "
    r"kernel the error decays at its own rate, and the end is kernel regression. Wide networks come near it where the output is scaled by $1/\sqrt n$, the kernel moving by "
    r"order $1/n$; scaled by $1/n$, with steps in proportion to $n$, they leave it at any width, and learn features.",
    formulas=(
        r"f_{t+1}=f_t-\alpha K(f_t-y),\qquad f_{t+1}(x)=f_t(x)-\alpha\,k(x)(f_t-y),\qquad \text{loss }\ \tfrac12\sum_j(f(x_j)-y_j)^2",
        r"q_i\cdot(f_t-y)=(1-\alpha\lambda_i)^t\,q_i\cdot(f_0-y),\qquad Kq_i=\lambda_iq_i",
        r"f_\infty(x)=f_0(x)+k(x)K^{-1}(y-f_0)\qquad(0<\alpha\lambda_i<2)",
        r"f(x)=\frac1{\sqrt n}\sum_{i=1}^nv_i\tanh(w_i\cdot x),\ \alpha=O(1):\qquad \frac{\lVert K_t-K_0\rVert}{\lVert K_0\rVert}=O\bigl(\tfrac1n\bigr);\qquad f(x)=\frac1n\sum_{i=1}^nv_i\tanh(w_i\cdot x),\ \alpha\propto n:\qquad \frac{\lVert K_t-K_0\rVert}{\lVert K_0\rVert}\asymp1",
    ),
    symbols=(
        Symbol(
            "K",
            "K",
            "N N",
            "tangent kernel of the training inputs, the empirical one at the start or the infinite one; positive semidefinite",
        ),
        Symbol("y", "y", "N", "targets"),
        Symbol("f_0", "f", "N", "outputs on the training inputs before training"),
        Symbol(r"\alpha", "alpha", "", "step size", "positive"),
        Symbol("t", "steps", "", "number of steps", "natural"),
        Symbol("k(x)", "k", "M N", "tangent kernel between test inputs and training inputs"),
        Symbol("f_0(x)", "g", "M", "outputs on the test inputs before training"),
        Symbol(r"\lambda_i,\ q_i", "", "", "eigenvalues and orthonormal eigenvectors of $K$: the modes"),
        Symbol("n", "", "", "width"),
        Symbol("v_i,\\ w_i", "", "", "weights, standard normal at the start, all trained"),
        Symbol(
            "K_t",
            "",
            "N N",
            "the network's tangent kernel after $t\\ge1$ steps, from outputs that miss the targets; $t$ does not grow with $n$",
        ),
    ),
    returns=(
        Result("outputs", "steps+1 N", "outputs on the training inputs at each step"),
        Result("predictions", "steps+1 M", "outputs on the test inputs"),
    ),
    needs=("ntk-empirical", "kernel-ridge", "ntk-analytic"),
    source="jacot2018neural",
    year=2018,
    people=("Arthur Jacot", "Jaehoon Lee", "Lénaïc Chizat", "Francis Bach"),
    aliases="lazy regime, kernel regime, linearised network, linearized network, linearised training, feature learning, kernel drift, "
    "mean-field scaling, 懒惰训练, 惰性训练, 核机制, 线性化网络, 特征学习",
    implementations=(
        Implementation(
            "gradus.theory:predicted_training", "torch", _ours, "all modes at once, at any times, gradient flow too"
        ),
    ),
    readings="jacot2018neural §5; lee2019wide §2; chizat2019lazy; huang2020dynamics; yang2021tensor",
    hypotheses=(
        Hypothesis(
            "the kernel stays as it is: the model is linear in its parameters, or wide at the scale $1/\\sqrt n$, or its output has a large factor and its first outputs are subtracted",
            "mean-field-scale-is-never-lazy, a-factor-on-the-output-is-enough",
        ),
        Hypothesis("squared error, plain descent over all samples", "other-losses-and-optimisers"),
        Hypothesis(r"the end: $\alpha\lambda_1<2$, and $K$ definite", "too-large-steps-grow, each-mode-by-itself"),
    ),
    conventions=(
        Convention(
            "the loss",
            r"$\tfrac12\sum_j$: a step multiplies mode $i$ by $1-\alpha\lambda_i$",
            r"`torch.nn.MSELoss` takes the mean without ½: the same with $\tfrac{2\alpha}{N}$; `predicted_training(…, loss='mse')`",
        ),
        Convention(
            "the first outputs",
            "they belong to the prediction",
            r"many papers set $f_0=0$, by a doubled net of opposite signs or by subtraction; `neural_tangents.predict` takes them as arguments, on the training inputs 0 unless given",
        ),
        Convention(
            "time", "$t$ counts steps", r"gradient flow has $e^{-\lambda t}$, $t$ being the sum of the step sizes"
        ),
    ),
    proof=Proof(
        r"Where the outputs are linear in the parameters, $f=f_0+J(\theta-\theta_0)$, a step $\theta\leftarrow\theta-\alpha J^{\mathsf T}(f-y)$ changes them by "
        r"exactly $-\alpha JJ^{\mathsf T}(f-y)$, with $K=JJ^{\mathsf T}$; the same on a test input with $k=J(x)J^{\mathsf T}$. Hence $f_t-y=(I-\alpha K)^t(f_0-y)$, "
        r"diagonal in the eigenvectors of $K$. Summing the changes at $x$ gives $f_t(x)=f_0(x)-k\sum_{s<t}\alpha(I-\alpha K)^s(f_0-y)$, and the geometric series is "
        r"$K^{-1}$ in the limit, if all $\lvert1-\alpha\lambda_i\rvert<1$."
    ),
    unverified="That the kernel moves by $1/n$ at every depth (Huang and Yau 2020), where the first proofs gave $n^{-1/2}$, is measured for one hidden layer only.",
    differentiable=False,
    longest_sum=200,
)


@LAZY_TRAINING.definition
def lazy_training(K, y, f, alpha, steps, k, g):
    F, G = [f], [g]
    for _ in range(steps):
        error = F[-1] - y
        F, G = [*F, F[-1] - alpha * K @ error], [*G, G[-1] - alpha * k @ error]
    return np.stack(F), np.stack(G)


def drawn(rng, N=5, M=3, p=9, steps=8):
    J, Z = rng.standard_normal((N, p)) / np.sqrt(p), rng.standard_normal((M, p)) / np.sqrt(p)
    given = dict(K=J @ J.T, y=rng.standard_normal(N), f=rng.standard_normal(N), alpha=0.4)
    return given | dict(steps=steps, k=Z @ J.T, g=rng.standard_normal(M))


@LAZY_TRAINING.example
def example():
    K, y, alpha = np.array([[2.0, 1.0], [1.0, 2.0]]), np.array([1.0, 0.0]), 0.25
    given = dict(K=K, y=y, f=0 * y, alpha=alpha, steps=60, k=np.array([[1.0, 1.0]]), g=np.zeros(1))
    F, G = lazy_training(**given)
    lam, Q = np.linalg.eigh(K)
    left = 1 - alpha * lam[::-1]
    share = (Q.T @ y)[::-1] ** 2
    return (
        given
        | dict(eigenvalues=lam[::-1], left=left, share=share, f1=F[1], f2=F[2])
        | dict(g1=G[1, 0], g2=G[2, 0], end=G[-1, 0], loss=[0.5 * ((f - y) ** 2).sum() for f in F[:3]])
        | dict(ratio=left[1] ** 4, fast=left[0] ** 4, limit=2 / lam[-1], weights=np.linalg.solve(K, y))
    )


@LAZY_TRAINING.exercise
def slow_mode():
    left = 1 - 0.5 * 0.1
    return number(np.log(0.01) / np.log(left), flow=np.log(100) / 0.05, half=np.log(0.5) / np.log(left), one_over=20.0)


@LAZY_TRAINING.exercise
def half_way():
    K, y = np.array([[2.0, 0.0], [0.0, 0.5]]), np.array([1.0, 1.0])
    F, _ = lazy_training(K, y, 0 * y, 0.5, 2, K[:1], np.zeros(1))
    return array(F[2], the_errors=y - F[2], one_step=F[1], at_the_end=y)


@LAZY_TRAINING.exercise
def first_outputs():
    K, y, f = np.array([[2.0]]), np.array([1.0]), np.array([0.5])
    G = lazy_training(K, y, f, 0.5, 60, np.array([[1.0]]), np.array([3.0]))[1]
    return number(G[-1, 0], forgotten=0.5, only_the_targets=3.5, not_moved=3.0)


@LAZY_TRAINING.exercise
def which_scale():
    slope = deviations(lazy_training, np.random.default_rng(0), "mean field", (24, 48, 96, 192), (12, 12, 12, 12))[2]
    return choice(features=slope > -0.3, kernel=slope < -0.7, neither=-0.7 <= slope <= -0.3)


@LAZY_TRAINING.cases
def cases(rng):
    yield "regression", drawn(rng)
    yield "of low rank", drawn(rng, N=6, p=3)
    yield "one sample, one step", drawn(rng, N=1, M=1, p=2, steps=1)
    yield "no step", drawn(rng, steps=0)
    yield "many steps", drawn(rng, steps=150)
    yield "more test inputs", drawn(rng, N=2, M=9)
    yield "already there", (lambda d: d | dict(f=d["y"]))(drawn(rng))
    yield "steps that swing", drawn(rng) | dict(alpha=0.9)
    yield "equal eigenvalues", drawn(rng) | dict(K=np.eye(5))
    yield "kernel of zeros", drawn(rng) | dict(K=np.zeros((5, 5)), k=np.zeros((3, 5)))


@LAZY_TRAINING.invalid
def invalid(rng):
    given = drawn(rng)
    yield "targets of other inputs", given | dict(y=np.ones(4))
    yield "a kernel that is not square", given | dict(K=np.ones((5, 4)))
    yield "a test kernel of other inputs", given | dict(k=np.ones((3, 4)))


@LAZY_TRAINING.claim
def linear_models_exactly(predict, rng):
    r"""Of a model linear in its parameters it is the truth: descent on 7 parameters by the gradients of 5 samples, at every one of 12
    steps, on training and test inputs"""
    J, Z = rng.standard_normal((5, 7)) / 2, rng.standard_normal((3, 7)) / 2
    y, f, g, alpha = rng.standard_normal(5), rng.standard_normal(5), rng.standard_normal(3), 0.2
    theta, want = np.zeros(7), []
    for _ in range(13):
        want.append((f + J @ theta, g + Z @ theta))
        theta = theta - alpha * J.T @ (f + J @ theta - y)
    got = predict(J @ J.T, y, f, alpha, 12, Z @ J.T, g)
    for curve, true in zip(got, zip(*want, strict=True), strict=True):
        yield roundoff(curve, np.array(true), terms=200)


@LAZY_TRAINING.claim
def each_mode_by_itself(predict, rng):
    r"""The error along each eigenvector of the kernel is multiplied by $1-\alpha\lambda_i$ a step, whatever the others do; where
    $\lambda_i=0$ it stays, as with 6 samples and 4 parameters"""
    given = drawn(rng, N=6, p=4, steps=9)
    lam, Q = np.linalg.eigh(given["K"])
    lam[:2] = 0
    want = (Q.T @ (given["f"] - given["y"])) * (1 - given["alpha"] * lam) ** np.arange(10)[:, None]
    yield roundoff((predict(**given)[0] - given["y"]) @ Q, want, terms=200)


@LAZY_TRAINING.claim
def ends_at_kernel_regression(predict, rng):
    r"""After 400 steps with $\alpha\lambda_i$ from 0.1 to 1.9 the targets are met, and the test outputs are $f_0(x)+k(x)K^{-1}(y-f_0)$: kernel
    regression of what the first outputs left over, added to them"""
    Q = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    K, given = Q @ np.diag([1.9, 1.2, 0.7, 0.3, 0.1]) @ Q.T, drawn(rng) | dict(alpha=1.0, steps=400)
    F, G = predict(**(given | dict(K=K)))
    want = given["g"] + given["k"] @ np.linalg.solve(K, given["y"] - given["f"])
    why = Text("0.9⁴⁰⁰ = 5·10⁻¹⁹, and rounding times the condition 19", "0.9⁴⁰⁰ = 5·10⁻¹⁹，以及舍入误差乘以条件数 19")
    yield near(np.abs(F[-1] - given["y"]).max(), 0.0, 1e-12, why)
    yield near(np.abs(G[-1] - want).max(), 0.0, 1e-11, why)


X = np.array([[1.0, 0.0, 0.0], [0.3, 0.9, 0.0], [-0.3, 0.2, 0.9]])
TESTS = np.array([[0.5, 0.5, 0.5], [0.0, -0.8, 0.6]])
Y = np.array([1.0, -1.0, 0.5])


def tangents(W, v, x, z, s):
    """Tangent kernels (count, N, M) of count nets s Σ v tanh(w·x)."""
    a, b = np.tanh(W @ x.T), np.tanh(W @ z.T)
    d, e = v[..., None] * (1 - a**2), v[..., None] * (1 - b**2)
    return s**2 * (np.swapaxes(a, 1, 2) @ b + (np.swapaxes(d, 1, 2) @ e) * (x @ z.T))


def outputs(W, v, x, s):
    return s * np.einsum("cn,cnj->cj", v, np.tanh(W @ x.T))


def trained(W, v, s, alpha, steps, off=0.0):
    """Descent on all weights; `off` is taken from the outputs."""
    for _ in range(steps):
        u = np.tanh(W @ X.T)
        error = s * np.einsum("cn,cnj->cj", v, u) - off - Y
        step = s * (v[..., None] * (1 - u**2) * error[:, None]) @ X
        W, v = W - alpha * step, v - alpha * s * np.einsum("cnj,cj->cn", u, error)
    return W, v


def stacked(blocks):
    """Matrices of several nets as one, with zeros between."""
    count, N, M = blocks.shape
    result = np.zeros((count, N, count, M))
    result[np.arange(count), :, np.arange(count)] = blocks
    return result.reshape(count * N, count * M)


def gap(predict, W, v, s, alpha, steps, centred=False):
    """By how much each net's trained outputs miss the prediction by its first kernel, and the kernel's relative change."""
    count, K = len(W), tangents(W, v, X, X, s)
    f, g = outputs(W, v, X, s), outputs(W, v, TESTS, s)
    off, off_tests = (f, g) if centred else (0 * f, 0 * g)
    k = stacked(tangents(W, v, TESTS, X, s))
    F, G = predict(stacked(K), np.tile(Y, count), (f - off).ravel(), alpha, steps, k, (g - off_tests).ravel())
    W, v = trained(W, v, s, alpha, steps, off)
    f, g = outputs(W, v, X, s) - off, outputs(W, v, TESTS, s) - off_tests
    miss = np.concatenate([f - F[-1].reshape(f.shape), g - G[-1].reshape(g.shape)], 1)
    change = np.linalg.norm(tangents(W, v, X, X, s) - K, axis=(1, 2)) / np.linalg.norm(K, axis=(1, 2))
    return np.sqrt((miss**2).mean(1)), change


def deviations(predict, rng, scale, sizes, counts):
    """Geometric means over nets by width, and the slopes of both in log n."""
    rows = []
    for n, count in zip(sizes, counts, strict=True):
        W, v = rng.standard_normal((count, n, 3)), rng.standard_normal((count, n))
        s, alpha = (n**-0.5, 0.4) if scale == "lazy" else (1 / n, 0.4 * n)
        rows.append([np.exp(np.log(part).mean()) for part in gap(predict, W, v, s, alpha, 25)])
    rows = np.array(rows)
    return rows, *np.polyfit(np.log(sizes), np.log(rows), 1)[0]


SIZES = (24, 48, 96, 192)


@LAZY_TRAINING.claim
def wide_nets_as_predicted(predict, rng):
    r"""Tanh nets of 24 to 192 units at the scale $1/\sqrt n$, 25 steps of $\alpha=0.4$ on three samples: the trained outputs miss the prediction by the first
    kernel by order $1/n$, and the kernel changes by order $1/n$ (geometric means over nets)"""
    rows = deviations(predict, rng, "lazy", SIZES, (120, 90, 60, 45))[0]
    yield rate(SIZES, rows[:, 0], -1.0, 0.3)
    yield rate(SIZES, rows[:, 1], -1.0, 0.2)


@LAZY_TRAINING.claim
def mean_field_scale_is_never_lazy(predict, rng):
    r"""Tanh nets at the scale $1/n$, 25 steps of $\alpha=0.4n$ on three samples: more width brings no net nearer to the prediction, which misses by 0.05 or more at every width
    from 24 to 192, and the kernel has changed by a third or more (geometric means over nets); one step of $0.01n$ it gives to 5 %"""
    rows, slope, _ = deviations(predict, rng, "mean field", SIZES, (20, 20, 20, 20))
    yield near(slope, 0.0, 0.3, Text("five times the scatter over draws", "各次抽取散布的五倍"), "statistical")
    yield bound(rows[:, 0].min(), 0.05, "≥", Text("the stated size", "所述的大小"))
    yield bound(rows[:, 1].min(), 1 / 3, "≥", Text("the stated share", "所述的比例"))
    W, v = rng.standard_normal((20, 96, 3)), rng.standard_normal((20, 96))
    alpha = 0.01 * 96
    moved = outputs(*trained(W, v, 1 / 96, alpha, 1), TESTS, 1 / 96) - outputs(W, v, TESTS, 1 / 96)
    miss = gap(predict, W, v, 1 / 96, alpha, 1)[0]
    yield bound(np.median(miss) / np.sqrt(np.median(moved**2)), 0.05, "≤", Text("second order", "二阶项"))


@LAZY_TRAINING.claim
def a_factor_on_the_output_is_enough(predict, rng):
    r"""Width is not needed: of 40 tanh nets of 48 units whose first outputs are subtracted, with the output $s$ times as large and 25 steps of $0.4\,s^{-2}$, the
    deviation and the kernel's change fall like $1/s$, from 1 to 16; without the subtraction the deviation is larger at 16 than at 1"""
    W, v = rng.standard_normal((40, 48, 3)), rng.standard_normal((40, 48))
    factors = (1.0, 2.0, 4.0, 8.0, 16.0)
    rows = [gap(predict, W, v, s * 48**-0.5, 0.4 / s**2, 25, centred=True) for s in factors]
    for part in zip(*rows, strict=True):
        yield rate(factors, [np.exp(np.log(values).mean()) for values in part], -1.0, 0.15)
    kept = [np.log(gap(predict, W, v, s * 48**-0.5, 0.4 / s**2, 25)[0]).mean() for s in (1.0, 16.0)]
    yield bound(np.exp(kept[1] - kept[0]), 1.0, "≥", Text("larger, not smaller", "更大，而不是更小"))


@LAZY_TRAINING.claim
def too_large_steps_grow(predict, rng):
    r"""The step must be below $2/\lambda_1$: at $\alpha\lambda_1=2.5$ the first mode grows by 1.5 a step, changing sign, while one with
    $\alpha\lambda=0.5$ is halved"""
    Q = np.linalg.qr(rng.standard_normal((2, 2)))[0]
    given = drawn(rng, N=2, M=1) | dict(K=Q @ np.diag([2.5, 0.5]) @ Q.T, alpha=1.0, steps=6)
    errors = (predict(**given)[0] - given["y"]) @ Q
    yield roundoff(errors, errors[0] * np.array([-1.5, 0.5]) ** np.arange(7)[:, None], terms=200)
    yield roundoff(errors[0], (given["f"] - given["y"]) @ Q, terms=20)


@LAZY_TRAINING.claim
def other_losses_and_optimisers(predict, rng):
    r"""Of other losses and optimisers it does not speak, even for linear models, here four samples, $\lambda$ from 0.5 to 1 and $\alpha=0.5$: where it has the outputs at their targets ±1 to $10^{-6}$,
    descent on the logistic loss has gone on past 2 on every sample, and at the tenth step momentum 0.9, and descent on one sample after the other, are elsewhere by 0.1 or more"""
    Q = np.linalg.qr(rng.standard_normal((4, 4)))[0]
    K, y, alpha = Q @ np.diag([1.0, 0.8, 0.6, 0.5]) @ Q.T, np.array([1.0, -1.0, 1.0, -1.0]), 0.5
    F, G = predict(K, y, 0 * y, alpha, 80, K[:1], np.zeros(1))
    yield roundoff(F[1], alpha * K @ y, terms=20)
    yield roundoff(G[1:], F[1:, :1], terms=200)
    yield bound(np.abs(F[-1] - y).max(), 1e-6, "≤", Text("0.75⁸⁰ = 10⁻¹⁰", "0.75⁸⁰ = 10⁻¹⁰"))
    logistic, heavy, pace, single = 0 * y, 0 * y, 0 * y, 0 * y
    for _ in range(80):
        logistic = logistic + alpha * K @ (y / (1 + np.exp(y * logistic)))
    for t in range(10):
        pace = 0.9 * pace - alpha * K @ (heavy - y)
        heavy = heavy + pace
        single = single - alpha * K[:, t % 4] * (single - y)[t % 4]
    yield bound((y * logistic).min(), 2.0, "≥", Text("the logistic loss has no minimum", "逻辑损失没有最小值点"))
    for other in (heavy, single):
        yield bound(np.linalg.norm(other - F[10]), 0.1, "≥", Text("the stated distance", "所述的距离"))


@LAZY_TRAINING.mutant(caught_by="linear-models-exactly, each-mode-by-itself, too-large-steps-grow")
def flow_for_steps(K, y, f, alpha, steps, k, g):
    """gradient flow's e^{−αλt} for steps of finite size"""
    lam, Q = np.linalg.eigh(K)
    t = np.arange(steps + 1)[:, None]
    left = np.exp(-alpha * np.maximum(lam, 0) * t)
    safe = np.where(lam > 1e-12, lam, 1)
    done = np.where(lam > 1e-12, (1 - left) / safe, alpha * t)
    r = Q.T @ (f - y)
    return y + (left * r) @ Q.T, g - (done * r) @ Q.T @ k.T


@LAZY_TRAINING.mutant(caught_by="linear-models-exactly, each-mode-by-itself, wide-nets-as-predicted")
def mean_for_the_sum(K, y, f, alpha, steps, k, g):
    """the step divided by the number of samples"""
    return lazy_training(K, y, f, alpha / len(y), steps, k, g)


@LAZY_TRAINING.mutant(
    caught_by="linear-models-exactly, a-factor-on-the-output-is-enough, mean-field-scale-is-never-lazy"
)
def loss_without_the_half(K, y, f, alpha, steps, k, g):
    """the squared error's factor 2 kept"""
    return lazy_training(K, y, f, 2 * alpha, steps, k, g)


@LAZY_TRAINING.mutant(caught_by="ends-at-kernel-regression, linear-models-exactly, wide-nets-as-predicted")
def first_outputs_forgotten(K, y, f, alpha, steps, k, g):
    """the net taken to start at outputs 0"""
    return lazy_training(K, y, 0 * f, alpha, steps, k, 0 * g)


@LAZY_TRAINING.mutant(caught_by="ends-at-kernel-regression, linear-models-exactly")
def regression_on_the_targets(K, y, f, alpha, steps, k, g):
    """on test inputs the regression of y, not of y − f₀, added to the first outputs"""
    return lazy_training(K, y, f, alpha, steps, k, g)[0], lazy_training(K, y, 0 * f, alpha, steps, k, g)[1]


@LAZY_TRAINING.mutant(caught_by="each-mode-by-itself, too-large-steps-grow, linear-models-exactly")
def one_rate_for_all(K, y, f, alpha, steps, k, g):
    """all modes decay as the first"""
    lam = np.linalg.eigvalsh(K)[-1]
    return lazy_training(lam * np.eye(len(y)), y, f, alpha, steps, k, g)


@LAZY_TRAINING.mutant(caught_by="too-large-steps-grow, equals-definition")
def clipped_at_zero(K, y, f, alpha, steps, k, g):
    """1 − αλ cut off at 0, so that nothing swings or grows"""
    lam, Q = np.linalg.eigh(K)
    return lazy_training(Q @ np.diag(np.minimum(lam, 1 / alpha)) @ Q.T, y, f, alpha, steps, k, g)


@LAZY_TRAINING.mutant(caught_by="ends-at-kernel-regression, other-losses-and-optimisers, equals-definition")
def ridge_for_descent(K, y, f, alpha, steps, k, g):
    """weight decay added that is not there: it ends at a ridge regression"""
    F, G = [f], [g]
    for _ in range(steps):
        error = F[-1] - y
        F.append(F[-1] - alpha * (K @ error + 0.1 * (F[-1] - f)))
        G.append(G[-1] - alpha * (k @ error + 0.1 * (G[-1] - g)))
    return np.stack(F), np.stack(G)


@LAZY_TRAINING.mutant(caught_by="linear-models-exactly, equals-definition")
def tests_a_step_ahead(K, y, f, alpha, steps, k, g):
    """the test outputs moved by the error after the step"""
    F, _ = lazy_training(K, y, f, alpha, steps, k, g)
    moves = [alpha * k @ (row - y) for row in F[1:]]
    return F, g - np.cumsum([0 * g, *moves], 0)


LAZY_TRAINING.erratum(
    "E231",
    common="Wide networks train as kernel machines, and do not learn features (a common reading of the limit)",
    why=r"Width alone decides nothing: with the output scaled by $1/n$ in place of $1/\sqrt n$, and 25 steps of $0.4n$, the kernel of tanh nets changes by a third or more at "
    r"every width from 24 to 192; and nets of 48 units become lazy by a factor on their output, the first outputs subtracted.",
    right=r"The scale of the output against the width, with the step that fits it, decides: lazy at $1/\sqrt n$ as $n\to\infty$, feature learning at $1/n$",
    claims="mean-field-scale-is-never-lazy, a-factor-on-the-output-is-enough",
)


@LAZY_TRAINING.figure(
    width=Slider(8, 512, 64, "width n", log=True, integer=True), step=Slider(0.05, 1.0, 0.4, "step size α")
)
def figure(width, step):
    n, steps = int(width), 40
    rng = np.random.default_rng(1)
    W, v = rng.standard_normal((1, n, 3)), rng.standard_normal((1, n))
    s = n**-0.5
    K, f = tangents(W, v, X, X, s)[0], outputs(W, v, X, s)[0]
    lam, Q = np.linalg.eigh(K)
    lam, Q = lam[::-1], Q[:, ::-1]
    F, _ = lazy_training(K, Y, f, step, steps, K, f)
    net, now = [f], (W, v)
    for _ in range(steps):
        now = trained(*now, s, step, 1)
        net.append(outputs(*now, X, s)[0])
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.3)
    predicted, true = (np.abs((np.array(rows) - Y) @ Q) for rows in (F, net))
    for i in range(3):
        left.semilogy(predicted[:, i], color=COLOURS[i], label=rf"$\lambda={lam[i]:.2f}$")
        left.semilogy(true[:, i], "o", ms=2.5, color=COLOURS[i])
    left.set(xlabel="step t", ylabel="error along a mode", ylim=(1e-4, 100))
    left.legend(frameon=False, loc="upper right")
    sizes = (16, 32, 64, 128, 256)
    kept = {}
    for k, (scale, name) in enumerate((("lazy", r"scale $1/\sqrt{n}$"), ("mean field", "scale $1/n$"))):
        rows = deviations(lazy_training, np.random.default_rng(0), scale, sizes, (24, 24, 16, 12, 8))[0]
        right.loglog(sizes, rows[:, 0], "o-", color=COLOURS[k], label=name)
        kept[scale] = rows[:, 0]
    right.axvline(n, color="0.6", lw=0.8)
    right.set(xlabel="width n", ylabel="miss of the prediction", xlim=(7, 600), ylim=(1e-3, 1))
    right.minorticks_off()
    right.set_xticks([8, 32, 128, 512], ["8", "32", "128", "512"])
    right.legend(frameon=False, loc="lower left")
    miss = np.abs(np.array(net)[-1] - F[-1]).max()
    words = Text(
        f"A tanh net of {n} units on three samples, α = {step:.2g}: lines, the error along the three modes of its first kernel as predicted; dots, the trained net. "
        f"After {steps} steps its outputs miss the prediction by {miss:.2g} at most. The other picture: the miss after 25 steps of 0.4, or of 0.4n, falls from {kept['lazy'][0]:.2g} at width 16 to "
        f"{kept['lazy'][-1]:.2g} at 256 where the output is scaled by 1/√n, and goes from {kept['mean field'][0]:.2g} to {kept['mean field'][-1]:.2g} where it is scaled by 1/n.",
        f"一个有 {n} 个单元的 tanh 网络，三个样本，α = {step:.2g}：线为按初始核预测的三个模态上的误差，点为实际训练的网络。{steps} 步之后，输出与预测至多相差 {miss:.2g}。"
        f"另一图：步长取 0.4（或 0.4n），输出按 1/√n 缩放时，25 步后的偏差由宽度 16 处的 {kept['lazy'][0]:.2g} 降到 256 处的 {kept['lazy'][-1]:.2g}；按 1/n 缩放时则由 {kept['mean field'][0]:.2g} 变为 {kept['mean field'][-1]:.2g}。",
    )
    return Drawing(fig, words)
