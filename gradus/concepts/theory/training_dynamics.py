"""Training dynamics: gradient flow, the modes of deep linear networks, and what a finite step changes."""

import itertools

import numpy as np

from gradus.frameworks import namespace
from gradus.optimization.problems import as_like, quadratic
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import bound, identical, near, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(gradient_flow, gradient, theta0, times):
    return gradient_flow(gradient, theta0, times, tolerance=1e-12)


DYNAMICS = Concept(
    key="training-dynamics",
    kind="definition",
    title="Training dynamics: gradient flow and deep linear networks",
    summary="As its step goes to 0, descent over a given time becomes a curve, gradient flow. On it linear networks can be solved: two "
    "layers that start equal and along the singular vectors of the task learn each singular value along its own logistic curve, a "
    "plateau and then a rise, from equal small starts the largest first; and at any depth neighbouring layers keep their balance. "
    "A finite step is off by $O(\\alpha)$.",
    formulas=(
        r"\dot\theta=-\nabla f(\theta),\quad\theta(0)=\theta_0:\qquad\theta(t)=\lim_{n\to\infty}\theta_n,\quad\theta_{k+1}=\theta_k-\tfrac tn\nabla f(\theta_k)",
        r"\max_{k\alpha\le T}\lVert\theta_k-\theta(k\alpha)\rVert=O(\alpha),\qquad \frac{\mathrm d}{\mathrm dt}f(\theta(t))=-\lVert\nabla f(\theta(t))\rVert^2",
        r"f=\tfrac12\lVert W_N\cdots W_1-A\rVert_F^2:\qquad\frac{\mathrm d}{\mathrm dt}\bigl(W_{l+1}^{\mathsf T}W_{l+1}-W_lW_l^{\mathsf T}\bigr)=0",
        r"N=2,\ W_1=D(0)V^{\mathsf T},\ W_2=UD(0),\ A=US V^{\mathsf T}:\qquad W_2W_1=U\operatorname{diag}(u_i)V^{\mathsf T},\quad \dot u_i=2u_i(s_i-u_i),\quad u_i(t)=\frac{s_i}{1+(s_i/u_i(0)-1)e^{-2s_it}}",
    ),
    symbols=(
        Symbol(r"\nabla f", "gradient", "function", "gradient of the loss", "function"),
        Symbol(r"\theta_0", "theta0", "d", "the start"),
        Symbol("t", "times", "m", "times from 0 on that do not fall, one for each point of the answer", "nonnegative"),
        Symbol(r"\theta(t)", "", "m d", "the points of the flow at these times"),
        Symbol(r"\alpha,\ k", "", "", r"step and number of steps of descent, which has then used the time $k\alpha$"),
        Symbol("T", "", "", "a time that is fixed while the step falls"),
        Symbol("W_l", "", "", "weights of layer l of N, without biases or activations"),
        Symbol("A", "", "", "what the whole net is to become"),
        Symbol("U,\\ V", "", "", r"singular vectors of $A$, orthonormal columns"),
        Symbol("S,\\ s_i", "", "", r"its singular values, $s_i>0$"),
        Symbol("D(0)", "", "", r"diagonal, with the roots of $u_i(0)$"),
        Symbol("u_i", "", "", "mode i of the net, from a start above 0"),
    ),
    needs=("gradient-descent", "svd"),
    source="saxe2014exact",
    year=2014,
    people=("Andrew Saxe", "James McClelland", "Surya Ganguli", "Kenji Fukumizu"),
    aliases="gradient flow, deep linear network, deep linear networks, balancedness, learning plateau, saddle-to-saddle dynamics, "
    "梯度流, 深度线性网络, 优化动力学, 训练动力学, 平衡性, 学习平台期",
    implementations=(
        Implementation(
            "gradus.theory:gradient_flow",
            "torch",
            _ours,
            "beside it `linear_mode`, a mode in closed form, and `compare_with_flow`, for any module",
        ),
    ),
    readings="saxe2014exact §1, appendix A; fukumizu1998effect; arora2018optimization; du2018algorithmic; "
    "elkabetz2021continuous; barrett2021implicit; hairer1993solving §II.9",
    hypotheses=(
        Hypothesis("one flow from each start: $\\nabla f$ is locally Lipschitz", "two-flows-from-one-point"),
        Hypothesis(
            "the distance $O(\\alpha)$: $f$ is twice continuously differentiable near the flow, which lasts until $T$; and $T$ is fixed, for the constant may grow like $e^{LT}$, with $L$ the largest curvature in size near the flow",
            "the-constant-grows-with-time",
        ),
        Hypothesis(
            "the logistic curve: inputs with $XX^{\\mathsf T}=I$, and weights that start along the singular vectors of the task",
            "inputs-and-start-fit-the-task",
        ),
        Hypothesis("the logistic curve: both layers start with the same $D(0)$", "unequal-layers-another-curve"),
        Hypothesis(
            "a mode is learnt: it starts above 0", "a-saddle-holds-what-starts-there, opposite-signs-end-at-the-saddle"
        ),
        Hypothesis(
            "balance is kept: the same step for all layers, and an infinitely small one",
            "unequal-steps, a-step-breaks-the-balance",
        ),
        Hypothesis("the largest first: equal starts, below a fifth of every $s_i$", "modes-learn-one-after-another"),
    ),
    conventions=(
        Convention(
            "unit of time",
            r"$t=k\alpha$, and the loss has a factor ½",
            r"Saxe, McClelland and Ganguli count epochs and write $\tau\dot u=2u(s-u)$, with $\tau$ one over the step; a mean over $n$ samples, or a loss without the ½, stretches or shrinks time by $n$ or 2",
        ),
        Convention(
            "momentum",
            "none",
            r"with momentum $\beta$ (PyTorch's `SGD`) the flow is the same and the clock another: $t=k\alpha/(1-\beta)$, to $O(\alpha)$ over a fixed time",
        ),
    ),
    deviations="The limit is computed: from descent with 1, 2, 3, … steps over a short piece, extrapolated to infinitely many.",
    differentiable=False,
    longest_sum=100_000,  # an integration to 1e-12 a piece, of some hundred pieces
)


@DYNAMICS.definition
def training_dynamics(gradient, theta0, times):
    if np.any(np.diff(times, prepend=0.0) < 0):
        raise ValueError("times must begin at 0 or later, and not fall")
    theta, now, h, path = np.array(theta0, float), 0.0, np.inf, []
    for t in np.array(times, float):
        while now < t:
            h = min(h, t - now)
            last = []
            for n in range(1, 13):
                x = theta
                for _ in range(n):
                    x = x - h / n * gradient(x)  # descent, n steps
                row = [x]
                for k in range(1, n):  # n → ∞, by the polynomial in 1/n
                    row.append(row[-1] + (row[-1] - last[k - 1]) * (n - k) / k)
                settled = n > 1 and np.abs(row[-1] - row[-2]).max() <= 1e-12 * np.abs(row[-1]).max()
                if settled or not np.isfinite(row[-1]).all():
                    break
                last = row
            if settled:
                theta, now, h = row[-1], (t if h == t - now else now + h), h * (2 if n < 10 else 1)
            else:
                h = h / 2
                if h < 1e-13 * t:
                    raise ValueError(f"the flow ends at t = {now}")
        path.append(theta)
    return np.stack(path)  # (m, d)


def matrices(theta, sizes):
    """The weights of a net with these widths, from one long vector."""
    W, at = [], 0
    for n, m in itertools.pairwise(sizes):
        W.append(theta[at : at + n * m].reshape(m, n))
        at += n * m
    return W


def deep_linear(sizes, target, covariance=None):
    """Gradient of ½ tr (P − A) C (P − A)ᵀ with P = W_N … W_1, by all weights in one long vector; C = I unless given."""

    @generic
    def gradient(theta):
        W = matrices(theta, sizes)
        below = [W[0]]
        for w in W[1:]:
            below.append(w @ below[-1])
        error = below[-1] - as_like(target, theta)
        above = error if covariance is None else error @ as_like(covariance, theta)
        parts = []
        for w, b in zip(W[:0:-1], below[-2::-1], strict=True):
            parts.append((above @ b.T).reshape(-1))
            above = w.T @ above
        return namespace(theta).concatenate([above.reshape(-1), *parts[::-1]])

    gradient.__name__ = f"deep_linear({list(sizes)})"
    return gradient


def mode(s):
    """Gradient of ½(s − ab)² by (a, b)."""

    @generic
    def gradient(theta):
        a, b = theta
        return namespace(theta).stack([b * (a * b - s), a * (a * b - s)])

    gradient.__name__ = f"mode({s})"
    return gradient


def logistic(s, u, t):
    return s / (1 + (s / u - 1) * np.exp(-2 * s * np.asarray(t)))


@DYNAMICS.example
def example():
    start, half = np.array([0.5, 0.5]), np.log(3) / 2
    times = np.array([0.0, half, 2 * half])
    theta = training_dynamics(mode(1.0), start, times)
    one = [training_dynamics(mode(1.0), start, np.array([1.0]))[0].prod()]
    for n in (1, 2, 4, 8):
        one.append(descent(mode(1.0), start, n, 1 / n)[-1].prod())
    uneven = training_dynamics(mode(1.0), np.array([1.0, 0.25]), times)
    return (
        dict(gradient=mode(1.0), theta0=start, times=times, s=1.0, weight=theta[:, 0], u=theta.prod(1), half=half)
        | dict(flow=one[0], steps=np.array(one[1:]), off=np.array(one[1:]) - one[0], plain=1 - 0.75 * np.exp(-times))
        | dict(uneven=uneven.prod(1), kept=uneven[:, 0] ** 2 - uneven[:, 1] ** 2, first=0.5 + 0.5 * 0.75)
    )


@DYNAMICS.exercise
def time_to_half():
    s, u = 2.0, 0.002
    return number(np.log(s / u - 1) / (2 * s), one_layer=np.log(2 * (1 - u / s)), without_the_two=np.log(s / u - 1) / s)


@DYNAMICS.exercise
def which_first():
    halves = [np.log(s / 1e-4 - 1) / (2 * s) for s in (1.0, 3.0)]
    ratio = halves[0] / halves[1]
    return choice(three_times=2 < ratio < 3.2, together=ratio < 1.2, nine_times=ratio > 8)


@DYNAMICS.exercise
def balance_after_a_step():
    a, b = descent(mode(4.0), np.array([2.0, 1.0]), 1, 0.1)[-1]
    return number(a**2 - b**2, of_the_flow=3.0, other_sign=3 + 0.1**2 * 12, first_order=3 - 0.1 * 12)


@DYNAMICS.cases
def cases(rng):
    def of(gradient, theta0, *times):
        return dict(gradient=gradient, theta0=np.asarray(theta0, float), times=np.array(times, float))

    yield "one mode", of(mode(2.0), [0.1, 0.3], 0, 0.5, 1)
    yield "a mode with a falling start", of(mode(1.0), [1.5, 1.2], 0.2, 0.2, 0.6)
    yield "two layers of matrices", of(deep_linear((2, 1, 2), [[1, 0.5], [0, -1]]), 0.4 * rng.standard_normal(4), 0.5)
    yield "a quadratic function", of(quadratic([3.0, 1.0, 0.0]), [1, -2, 3], 0, 0.3, 0.7)
    yield "away from a maximum", of(quadratic([-1.0, 0.5]), [0.5, 1], 1)
    yield "log cosh", of(any_tanh, [3.0, -0.25], 0.5)
    yield "at a saddle", of(mode(2.0), [0, 0], 1)
    yield "no time", of(mode(2.0), [0.1, 0.3], 0)


@generic
def any_tanh(theta):
    return namespace(theta).tanh(theta)


@generic
def runs_off(theta):
    return -theta * theta


@DYNAMICS.invalid
def invalid(rng):
    yield "times that fall", dict(gradient=mode(1.0), theta0=np.array([0.5, 0.5]), times=np.array([1.0, 0.5]))
    yield "a flow that ends before the time", dict(gradient=runs_off, theta0=np.array([1.0]), times=np.array([1.5]))


DIGITS = Text("eight digits, of an integration to ten or more", "八位数字；积分精确到十位以上")


def agrees(got, want, scale=None):
    """Equal to eight digits of the scale."""
    got, want = np.asarray(got), np.asarray(want)
    if got.shape != want.shape:
        return identical(got, want)
    return near(np.abs(got - want).max() / (scale or np.abs(want).max()), 0.0, 1e-8, DIGITS)


def descent(gradient, theta0, steps, alpha, beta=0.0):
    theta, v = [theta0], 0 * theta0
    for _ in range(steps):
        v = beta * v + gradient(theta[-1])
        theta.append(theta[-1] - alpha * v)
    return np.array(theta)


STEPS = np.array([32, 64, 128, 256])


@DYNAMICS.claim
def descent_becomes_the_flow(flow, rng):
    r"""Over a fixed time descent is $O(\alpha)$ from the flow: the fitted order of the largest distance is 1, for a net of two
    layers and for $\log\cosh$"""
    net = deep_linear((2, 2, 2), np.diag([2.0, 1.0]))
    for gradient, theta0 in ((net, rng.uniform(0.2, 0.8, 8)), (any_tanh, np.array([2.0, -1.0]))):
        points = flow(gradient, theta0, np.arange(33) / 16)
        far = [np.abs(descent(gradient, theta0, n, 2 / n)[:: n // 32] - points).max() for n in STEPS]
        yield rate(2 / STEPS, far, 1, 0.1)


@DYNAMICS.claim
def descent_has_a_flow_of_its_own(flow, rng):
    r"""Descent is only $O(\alpha^2)$ from the flow of $f+\tfrac\alpha4\lVert\nabla f\rVert^2$: the step adds a penalty on the slope.
    The fitted order is 2, for $\log\cosh$"""
    theta0, far = np.array([2.0, -1.0]), []
    for n in STEPS:
        alpha = 2 / n

        @generic
        def penalised(x, half=alpha / 2):
            y = namespace(x).tanh(x)
            return y + half * (1 - y * y) * y  # ∇f + α/2 ∇²f ∇f

        far.append(np.abs(descent(any_tanh, theta0, n, alpha)[-1] - flow(penalised, theta0, np.array([2.0]))[-1]).max())
    return rate(2 / STEPS, far, 2, 0.1)


@DYNAMICS.claim
def momentum_turns_the_clock_faster(flow, rng):
    r"""With momentum $\beta=0.5$ it is the same flow at the time $k\alpha/(1-\beta)$: the distance after a fixed time is of
    order 1 in $\alpha$, for $\log\cosh$"""
    theta0 = np.array([2.0, -1.0])
    end = flow(any_tanh, theta0, np.array([2.0]))[-1]
    return rate(1 / STEPS, [np.abs(descent(any_tanh, theta0, n, 1 / n, 0.5)[-1] - end).max() for n in STEPS], 1, 0.1)


@DYNAMICS.claim
def quadratics_fade_mode_by_mode(flow, rng):
    r"""On $\tfrac12\theta^{\mathsf T}H\theta$ the flow is $e^{-Ht}\theta_0$: each eigenvector on its own, exponentially, also away from
    the origin where the eigenvalue is negative"""
    lam, Q = np.array([2.5, 0.4, -0.6]), np.linalg.qr(rng.standard_normal((3, 3)))[0]
    theta0, t = rng.standard_normal(3), np.array([0.0, 0.7, 1.9])
    want = (np.exp(-lam * t[:, None]) * (theta0 @ Q)) @ Q.T
    return agrees(flow(quadratic(Q @ np.diag(lam) @ Q.T), theta0, t), want)


@DYNAMICS.claim
def a_mode_follows_the_logistic_curve(flow, rng):
    r"""A mode of two layers with $a_0=b_0$ follows the logistic curve: $\tfrac{s}{1+(s/u_0-1)e^{-2st}}$ from below, and from above,
    too"""
    t = np.array([0.0, 1.0, 3.0])
    for s, u in ((2.0, 0.01), (1.0, 0.3), (0.8, 2.5)):
        yield agrees(flow(mode(s), np.full(2, np.sqrt(u)), t).prod(1), logistic(s, u, t))


def aligned(rng, s, u):
    """A task with these singular values, and weights of two layers along its singular vectors."""
    U, V = (np.linalg.qr(rng.standard_normal((n, len(s))))[0] for n in (4, 3))
    D = np.diag(np.sqrt(u))
    return U, V, np.concatenate([(D @ V.T).ravel(), (U @ D).ravel()])


@DYNAMICS.claim
def modes_learn_one_after_another(flow, rng):
    r"""A whole net along the singular vectors of its task keeps them: $W_2W_1=U\operatorname{diag}(u_i(t))V^{\mathsf T}$ at all times, and
    mode i is half learnt at $\tfrac1{2s_i}\log(s_i/u_i(0)-1)$: from equal starts below a fifth of every $s_i$ the largest first. From
    $10^{-5}$ and $0.2$ the mode of $s=3$ comes after that of $s=1.2$"""
    s, x = np.array([3.0, 1.2]), np.geomspace(5, 1e6, 200)
    yield bound(np.diff(np.log(x - 1) / x).max(), 0.0, "≤", Text("falls with x = s/u₀", "随 x = s/u₀ 下降"))
    for u, first in (([0.02, 0.02], 0), ([1e-5, 0.2], 1)):
        U, V, theta0 = aligned(rng, s, np.array(u))
        halves = np.log(s / u - 1) / (2 * s)
        yield identical(np.argmin(halves), np.intp(first))
        times = np.sort(halves)
        for t, theta in zip(times, flow(deep_linear((3, 2, 4), U @ np.diag(s) @ V.T), theta0, times), strict=True):
            W1, W2 = matrices(theta, (3, 2, 4))
            yield agrees(W2 @ W1, U @ np.diag(logistic(s, u, t)) @ V.T)
            yield near(np.diag(U.T @ W2 @ W1 @ V)[t == halves].sum(), s[t == halves].sum() / 2, 1e-6, DIGITS)


def closed_mode(s, a, b, t):
    """U = ab at t for any a ≥ b ≥ 0, a > 0, s > 0, by the equation of Riccati of P = (a + b)²."""
    c = a * a - b * b
    rho = np.sqrt(4 * s * s + c * c)
    high, low, P = 2 * s + rho, 2 * s - rho, (a + b) ** 2
    E = (P - high) / (P - low) * np.exp(-rho * t)
    P = (high - low * E) / (1 - E)
    return (P - c * c / P) / 4


@DYNAMICS.claim
def unequal_layers_another_curve(flow, rng):
    r"""With $a_0\ne b_0$ the curve is another: $(a+b)^2$ solves $\dot P=2sP-\tfrac12P^2+\tfrac12(a_0^2-b_0^2)^2$, which is closed; for
    $(a_0,b_0)=(0.9,0.1)$ and $s=2$, and for $(1,0.02)$ and $s=1$, the logistic curve from the same $u_0$ is at some time more than
    0.1 s away"""
    t = np.array([0.0, 0.4, 0.8, 1.2])
    for s, a, b in ((2.0, 0.9, 0.1), (1.0, 1.0, 0.02)):
        u = flow(mode(s), np.array([a, b]), t).prod(1)
        yield agrees(u, closed_mode(s, a, b, t))
        yield bound(np.abs(u - logistic(s, a * b, t)).max(), 0.1 * s, "≥", Text("the stated share", "所述的比例"))


def imbalance(theta, sizes):
    W = matrices(theta, sizes)
    return np.concatenate([(b.T @ b - a @ a.T).ravel() for a, b in itertools.pairwise(W)])


@DYNAMICS.claim
def balance_is_kept(flow, rng):
    r"""Along the flow of a linear net of three layers $W_{l+1}^{\mathsf T}W_{l+1}-W_lW_l^{\mathsf T}$ stays what it was, from any start and
    for any target, while the weights move"""
    sizes = (3, 4, 2, 3)
    theta0 = 0.6 * rng.standard_normal(26)
    end = flow(deep_linear(sizes, rng.standard_normal((3, 3))), theta0, np.array([1.5]))[-1]
    yield agrees(imbalance(end, sizes), imbalance(theta0, sizes))
    yield bound(np.abs(end - theta0).max(), 0.1, "≥", Text("the weights have moved", "权重确实移动了"))


@DYNAMICS.claim
def a_step_breaks_the_balance(flow, rng):
    r"""A step of descent changes it by $\alpha^2(G_{l+1}^{\mathsf T}G_{l+1}-G_lG_l^{\mathsf T})$ exactly, $G_l$ being the gradient by $W_l$; over a fixed
    time the changes add up to $\alpha$ times the integral of this bracket along the flow, up to $O(\alpha^2)$"""
    sizes, theta0 = (2, 2, 2), rng.uniform(0.2, 0.8, 8)
    gradient = deep_linear(sizes, np.diag([2.0, 1.0]))
    step = descent(gradient, theta0, 1, 0.1)[-1]
    change = imbalance(step, sizes) - imbalance(theta0, sizes)
    yield roundoff(change, 0.01 * imbalance(gradient(theta0), sizes), terms=8, scale=2.0)
    nodes, weights = np.polynomial.legendre.leggauss(16)
    along = flow(gradient, theta0, nodes + 1)
    drift = sum(w * imbalance(gradient(x), sizes) for w, x in zip(weights, along, strict=True))
    left = [
        np.abs(
            imbalance(descent(gradient, theta0, n, 2 / n)[-1], sizes) - imbalance(theta0, sizes) - 2 / n * drift
        ).max()
        for n in 2 * STEPS
    ]
    yield rate(1 / STEPS, left, 2, 0.15)


@DYNAMICS.claim
def the_loss_falls_by_the_squared_slope(flow, rng):
    r"""The loss falls by the integral of $\lVert\nabla f\rVert^2$ along the flow, by no more and no less"""
    sizes, A = (2, 2, 2), np.diag([2.0, 1.0])
    theta0, gradient = rng.uniform(0.2, 0.8, 8), deep_linear((2, 2, 2), A)
    nodes, weights = np.polynomial.legendre.leggauss(20)
    points = flow(gradient, theta0, np.append(nodes + 1, 2.0))
    fallen = weights @ [gradient(x) @ gradient(x) for x in points[:-1]]
    f = [((W[1] @ W[0] - A) ** 2).sum() / 2 for W in (matrices(x, sizes) for x in (theta0, points[-1]))]
    return agrees(f[0] - f[1], fallen)


@DYNAMICS.claim
def it_goes_on_where_it_was(flow, rng):
    r"""It goes on from where it is: the flow from $\theta(t)$ for a time $r$ ends at $\theta(t+r)$, and a time asked for twice has the same
    point"""
    theta0 = rng.uniform(0.2, 0.8, 8)
    gradient = deep_linear((2, 2, 2), np.diag([2.0, 1.0]))
    points = flow(gradient, theta0, np.array([0.8, 2.0, 2.0]))
    yield agrees(flow(gradient, points[0], np.array([1.2]))[0], points[1])
    yield identical(points[2], points[1])
    yield bound(np.abs(points[1] - points[0]).max(), 0.05, "≥", Text("it has moved meanwhile", "其间确实移动了"))


@DYNAMICS.claim
def inputs_and_start_fit_the_task(flow, rng):
    r"""The logistic curve needs both: for $s=2$ and $1$ from $u_0=0.1$ it holds with inputs of covariance $I$; with covariance
    $\operatorname{diag}(1,\tfrac14)$ in axes turned by 1 radian, or with a first layer that starts in axes turned so, the leading mode is off it by
    more than 0.1 at some time"""
    s, u, t = np.array([2.0, 1.0]), np.array([0.1, 0.1]), np.array([0.0, 0.5, 1.0, 1.5])
    R = np.array([[np.cos(1.0), -np.sin(1.0)], [np.sin(1.0), np.cos(1.0)]])
    D = np.diag(np.sqrt(u))
    fitting = np.concatenate([D.ravel(), D.ravel()])
    turned = np.concatenate([(D @ R).ravel(), D.ravel()])

    def leading(theta0, covariance):
        path = flow(deep_linear((2, 2, 2), np.diag(s), covariance), theta0, t)
        return np.array([(W[1] @ W[0])[0, 0] for W in (matrices(x, (2, 2, 2)) for x in path)])

    yield agrees(leading(fitting, np.eye(2)), logistic(s[0], u[0], t))
    for theta0, covariance in ((fitting, R @ np.diag([1.0, 0.25]) @ R.T), (turned, np.eye(2))):
        off = np.abs(leading(theta0, covariance) - logistic(s[0], u[0], t)).max()
        yield bound(off, 0.1, "≥", Text("the stated distance", "所述的距离"))


@DYNAMICS.claim
def a_saddle_holds_what_starts_there(flow, rng):
    """At weights of zero the flow stays for ever, though the loss is not the least: every product has a factor 0. From a thousandth
    of the identity in both layers it leaves, and learns a diagonal task of positive entries"""
    gradient = deep_linear((2, 2, 2), np.diag([2.0, 1.0]))
    yield identical(flow(gradient, np.zeros(8), np.array([1.0, 50.0])), np.zeros((2, 8)))
    W = matrices(flow(gradient, np.tile([1e-3, 0.0, 0.0, 1e-3], 2), np.array([20.0]))[0], (2, 2, 2))
    yield agrees(W[1] @ W[0], np.diag(logistic(np.array([2.0, 1.0]), 1e-6, 20.0)))


@DYNAMICS.claim
def opposite_signs_end_at_the_saddle(flow, rng):
    r"""With $b_0=-a_0$ a mode of $s>0$ is never learnt: it ends at the saddle, $u=-a^2\to0$, along the logistic curve run
    backwards"""
    t = np.array([0.0, 0.5, 2.0, 5.0])
    u = flow(mode(1.5), np.array([0.8, -0.8]), t).prod(1)
    yield agrees(u, logistic(1.5, -0.64, -t))
    yield bound(abs(u[-1]), 1e-6, "≤", Text("nearly at 0", "接近 0"))


def wait(N, s, start, end):
    """Time from one strength to another by N equal layers: ∫ du/(N u^{2−2/N}(s − u)), in log u."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    half = np.log(end / start) / 2
    u = np.exp(half * nodes) * np.sqrt(start * end)
    return half * (weights @ (u ** (2 / N - 1) / (N * (s - u))))


@DYNAMICS.claim
def deeper_nets_wait_longer(flow, rng):
    r"""With $N$ equal weights $\dot u=Nu^{2-2/N}(s-u)$: what a smaller start adds to the wait of three layers
    grows like $u_0^{-1/3}$"""
    starts = 10.0 ** np.array([-1.5, -2, -2.5, -3, -3.5])
    waits = np.array([wait(3, 1.0, u, 0.5) for u in starts])
    for N, u, t in ((4, 0.05, wait(4, 1.0, 0.05, 0.5)), *zip((3,) * 5, starts, waits, strict=True)):
        end = flow(deep_linear((1,) * (N + 1), [[1.0]]), np.full(N, u ** (1 / N)), np.array([t]))[0].prod()
        why = Text("eight digits of the time, times t du/dt at the end", "时间的八位数字，乘以终点处的 t du/dt")
        yield near(end, 0.5, 1e-8 * t, why)
    yield rate(starts[1:], np.diff(waits), -1 / 3, 0.01)


@generic
def root_slope(x):
    """Gradient of −⅔ |x|^{3/2}."""
    xp = namespace(x)
    return -xp.sign(x) * xp.sqrt(xp.abs(x))


@DYNAMICS.claim
def two_flows_from_one_point(flow, rng):
    r"""Where $\nabla f$ is not Lipschitz the start does not decide: on $-\tfrac23\lvert x\rvert^{3/2}$ the limit of descent from 0 stays at
    0, while from $10^{-6}$ it is at $(10^{-3}+t/2)^2$, near the other solution $t^2/4$"""
    yield identical(flow(root_slope, np.array([0.0]), np.array([2.0])), [[0.0]])
    yield agrees(flow(root_slope, np.array([1e-6]), np.array([2.0])), [[1.001**2]])


@DYNAMICS.claim
def the_constant_grows_with_time(flow, rng):
    r"""The constant of $O(\alpha)$ grows with time: away from a maximum, on $-\tfrac12\theta^2$, descent lags by
    $\tfrac\alpha2te^t$ to first order"""
    t, n = np.array([1.0, 2.0, 4.0]), 4096
    path = descent(lambda x: -x, np.array([1.0]), n, 4 / n)[(t * n / 4).astype(int), 0]
    lag = flow(quadratic([-1.0]), np.array([1.0]), t)[:, 0] - path
    for time, behind in zip(t, lag, strict=True):
        why = Text("the next order, t/4 + 2/3 times α = 10⁻³", "下一阶：t/4 + 2/3 乘以 α = 10⁻³")
        yield near(behind / (2 / n * time * np.exp(time)), 1.0, (time / 4 + 2 / 3) * 1e-3, why)


@DYNAMICS.mutant(
    caught_by="balance-is-kept, a-mode-follows-the-logistic-curve, unequal-layers-another-curve, modes-learn-one-after-another"
)
def unequal_steps(gradient, theta0, times):
    """the first half of the parameters with twice the step"""
    speed = np.where(np.arange(len(theta0)) < len(theta0) // 2, 2.0, 1.0)
    return training_dynamics(lambda x: speed * gradient(x), theta0, times)


@DYNAMICS.mutant(caught_by="quadratics-fade-mode-by-mode, balance-is-kept, the-constant-grows-with-time")
def a_thousand_steps(gradient, theta0, times):
    """descent with a thousand steps to each time, and no limit"""
    theta, now, path = theta0, 0.0, []
    for t in times:
        for _ in range(1000):
            theta = theta - (t - now) / 1000 * gradient(theta)
        now = t
        path.append(theta)
    return np.stack(path)


@DYNAMICS.mutant(
    caught_by="the-loss-falls-by-the-squared-slope, equals-definition, opposite-signs-end-at-the-saddle, deeper-nets-wait-longer"
)
def ascent(gradient, theta0, times):
    """up the slope, one unit of time at most"""
    return training_dynamics(lambda x: -gradient(x), theta0, np.minimum(times, 0.3))


@DYNAMICS.mutant(caught_by="momentum-turns-the-clock-faster, descent-becomes-the-flow, inputs-and-start-fit-the-task")
def without_the_half(gradient, theta0, times):
    """time twice as fast: the loss without its ½"""
    return training_dynamics(lambda x: 2 * gradient(x), theta0, times)


@DYNAMICS.mutant(caught_by="equals-definition, descent-has-a-flow-of-its-own")
def inertia(gradient, theta0, times):
    """the slope sets the acceleration in place of the velocity"""
    n = len(theta0)
    both = training_dynamics(
        lambda z: np.concatenate([-z[n:], gradient(z[:n])]), np.concatenate([theta0, 0 * theta0]), times
    )
    return both[:, :n]


@DYNAMICS.mutant(caught_by="it-goes-on-where-it-was, a-step-breaks-the-balance")
def clock_set_back(gradient, theta0, times):
    """each time is counted from the one before it"""
    path = [theta0]
    for t in times:
        path.append(training_dynamics(gradient, path[-1], np.array([t]))[0])
    return np.stack(path[1:])


@DYNAMICS.mutant(caught_by="a-saddle-holds-what-starts-there, two-flows-from-one-point")
def kicked_off(gradient, theta0, times):
    """the start is moved by a thousandth, so that it is no saddle"""
    return training_dynamics(gradient, theta0 + 1e-3, times)


DYNAMICS.erratum(
    "E240",
    common="A deep linear network computes a linear map, so gradient descent trains it as it trains linear regression (often heard)",
    why=r"The functions are the same, the loss as a function of the weights is not. One layer closes the gap to $s$ like $e^{-t}$, whatever "
    r"$s$, from the first moment on; two wait a time of about $\tfrac1{2s}\log(s/u_0)$, then rise along a logistic curve, and at "
    "weights of zero, a saddle, they never move.",
    right="the same functions with another metric: logistic modes, one after the other, with plateaus between",
    claims="a-mode-follows-the-logistic-curve, modes-learn-one-after-another, a-saddle-holds-what-starts-there, quadratics-fade-mode-by-mode",
)
DYNAMICS.erratum(
    "E241",
    common=r"Gradient descent conserves $W_{l+1}^{\mathsf T}W_{l+1}-W_lW_l^{\mathsf T}$ (said of descent in place of flow)",
    why=r"Gradient flow does. A step of descent changes it by exactly $\alpha^2(G_{l+1}^{\mathsf T}G_{l+1}-G_lG_l^{\mathsf T})$, $G_l$ being the gradient by $W_l$; over a fixed time that "
    r"adds up to $O(\alpha)$.",
    right=r"conserved by the flow, and by descent up to $O(\alpha)$ over a fixed time",
    claims="balance-is-kept, a-step-breaks-the-balance",
)


@DYNAMICS.figure(
    start=Slider(1e-6, 0.1, 1e-3, "start u₀ of every mode", log=True),
    step=Slider(0.005, 0.45, 0.15, "step α", log=True),
)
def figure(start, step):
    s, end = np.array([3.0, 2.0, 1.0]), 8.0
    t = np.linspace(0, end, 241)
    n = int(end / step)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.4)
    top = 4.4
    for value, colour in zip(s, COLOURS[:3], strict=True):
        left.plot(t, logistic(value, start, t), color=colour, lw=1.8)
        left.plot(t, value + (start - value) * np.exp(-t), color=colour, lw=0.9, ls=":")
        path = descent(mode(value), np.full(2, np.sqrt(start)), n, step).prod(1)
        top = max(top, 1.2 * path.max())
        left.plot(step * np.arange(n + 1), path, ".", color=colour, ms=4)
        left.text(end, value + 0.06, f"s = {value:g}", color=colour, ha="right", fontsize=9)
    left.plot([], [], color="0.35", lw=1.8, label="flow, two layers")
    left.plot([], [], ".", color="0.35", ms=4, label="descent")
    left.plot([], [], color="0.35", lw=0.9, ls=":", label="flow, one layer")
    left.set(xlabel="time t = kα", ylabel="learnt strength u", ylim=(-0.1, top))
    left.legend(frameon=False, fontsize=8, ncols=3, loc="upper right", columnspacing=0.8, handlelength=1.2)
    alphas = np.geomspace(0.005, 0.45, 12)
    far = []
    for a in [*alphas, step]:
        k = int(end / a)
        path = descent(mode(3.0), np.full(2, np.sqrt(start)), k, a)[:, 0]
        far.append(np.abs(path - np.sqrt(logistic(3.0, start, a * np.arange(k + 1)))).max())
    right.loglog(alphas, far[:-1], color=COLOURS[0], lw=1.6, label="largest distance from the flow")
    right.loglog(alphas, far[0] * alphas / alphas[0], color="0.5", lw=1, ls="--", label="proportional to α")
    right.loglog(step, far[-1], "o", color=COLOURS[1], ms=8, mec="white")
    right.axvline(1 / 3, color="0.7", lw=0.8)
    right.text(0.325, far[0], "stable to 1/s", ha="right", va="bottom", color="0.4", fontsize=9)
    right.set(xlabel="step α", ylabel="largest distance, s = 3")
    right.legend(frameon=False, fontsize=8.5, loc="upper left")
    halves = np.log(s / start - 1) / (2 * s)
    words = Text(
        f"Every mode starts at {start:.2g}. In two layers s = 3, 2, 1 are half learnt at t = {halves[0]:.2f}, {halves[1]:.2f}, {halves[2]:.2f}, one after the "
        f"other; in one layer (dotted) all begin at once, and are half learnt by t = 0.69. With α = {step:.3g} the weights of s = 3 are off the flow by {far[-1]:.2g} at most.",
        f"每个模态从 {start:.2g} 开始。两层网络中 s = 3、2、1 依次在 t = {halves[0]:.2f}、{halves[1]:.2f}、{halves[2]:.2f} 学会一半；"
        f"一层网络（点线）中它们同时起步，不迟于 t = 0.69 学会一半。取 α = {step:.3g} 时，s = 3 的权重与梯度流最多相差 {far[-1]:.2g}。",
    )
    return Drawing(fig, words)
