"""Gradient descent with a constant step."""

import numpy as np

from gradus.concepts.optimization.level_sets import level_sets, path
from gradus.optimization.problems import as_like, quadratic
from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text, generic, namespace
from gradus.page.evidence import EPSILON, all_of, bound, identical, near, roundoff
from gradus.page.figures import COLOURS, canvas


def _torch(SGD, gradient, theta0, steps, alpha):
    from gradus.optimization.trajectory import trajectory

    return trajectory(lambda p: SGD(p, lr=alpha), gradient, theta0, steps)


DESCENT = Concept(
    key="gradient-descent",
    kind="algorithm",
    title=Text("Gradient descent", "梯度下降"),
    summary=Text(
        r"Step against the gradient, all partial derivatives taken at the old point. With an $L$-Lipschitz gradient it converges for "
        r"$0<\alpha<2/L$ when $f$ is convex and has a minimiser; how fast is decided by the condition number.",
        r"沿负梯度方向走一步，所有偏导数都在旧点上计算。若梯度是 $L$-Lipschitz 的、$f$ 是凸函数且存在极小点，则当 $0<\alpha<2/L$ 时收敛；快慢由条件数决定。",
    ),
    formulas=(
        r"\theta_{t+1}=\theta_t-\alpha\,\nabla f(\theta_t)",
        r"f(\theta)=\tfrac12\theta^{\mathsf T}A\theta:\qquad \lVert\theta_t\rVert\le\rho^{\,t}\lVert\theta_0\rVert,\qquad "
        r"\rho=\max_i\lvert1-\alpha\lambda_i\rvert,\qquad \alpha^\star=\frac{2}{\mu+L},\qquad \rho^\star=\frac{\kappa-1}{\kappa+1}",
        r"f(\theta_{t+1})\le f(\theta_t)-\alpha\left(1-\frac{\alpha L}{2}\right)\lVert\nabla f(\theta_t)\rVert^2",
        r"f(\theta_t)-f^\star\le\frac{\lVert\theta_0-\theta^\star\rVert^2}{2\alpha t}\quad\text{for convex }f,\ \alpha\le\frac1L",
    ),
    symbols=(
        Symbol(r"\nabla f", "gradient", "function", Text("gradient of the function to be minimised", "待最小化函数的梯度"), "function"),
        Symbol(r"\theta_0", "theta0", "d", Text("the start", "起点")),
        Symbol("T", "steps", "", Text("number of steps", "步数"), "natural"),
        Symbol(r"\alpha", "alpha", "", Text("step size", "步长"), "positive"),
        Symbol("L", "", "", Text(r"Lipschitz constant of $\nabla f$; the largest eigenvalue of A", r"$\nabla f$ 的Lipschitz常数；A 的最大特征值")),
        Symbol(r"\mu", "", "", Text("smallest eigenvalue of A", "A 的最小特征值")),
        Symbol(r"\lambda_i", "", "", Text("eigenvalues of A", "A 的特征值")),
        Symbol(r"\rho", "", "", Text("factor by which the error shrinks in a step", "误差每步缩小的因子")),
        Symbol(r"\kappa", "", "", Text(r"condition number, $L/\mu$", r"条件数 $L/\mu$")),
    ),
    needs=("gradient", "norm"),
    source="cauchy1847methode",
    year=1847,
    people=("Augustin-Louis Cauchy",),
    implementations=(Implementation("torch.optim:SGD", "torch", _torch, Text("with the full gradient", "使用完整梯度")),),
    readings=(
        Reading("boyd2004convex", "§9.3"),
        Reading("nesterov2018lectures", "§2.1.5"),
        Reading("drori2014performance", "§3"),
        Reading("goodfellow2016deep", "§4.3"),
    ),
    deviations=(Text("PyTorch calls it SGD whether or not the gradient is stochastic.", "无论梯度是否随机，PyTorch 都称之为 SGD。"),),
    differentiable=False,
    longest_sum=64,
)  # fmt: skip


@DESCENT.definition
def gradient_descent(gradient, theta0, steps, alpha):
    theta = [theta0]
    for _ in range(steps):
        theta.append(theta[-1] - alpha * gradient(theta[-1]))
    return np.stack(theta)  # (steps + 1, d)


def symmetric(eigenvalues, rng):
    Q, _ = np.linalg.qr(rng.standard_normal((len(eigenvalues),) * 2))
    return (Q * np.asarray(eigenvalues, float)) @ Q.T


@generic
def any_tanh(theta):
    return namespace(theta).tanh(theta)


@generic
def any_sign(theta):
    return namespace(theta).sign(theta)


@generic
def twice(theta):
    return 2 * theta


@DESCENT.cases
def cases(rng):
    A = np.array([[2.0, 0.5], [0.5, 1.0]])
    yield "quadratic", dict(gradient=quadratic(A), theta0=np.array([1.0, -3.0]), steps=12, alpha=0.25)
    yield (
        "another minimiser",
        dict(gradient=quadratic([1.0, 2.0, 0.5], [1.0, 0.0, -2.0]), theta0=np.zeros(3), steps=9, alpha=0.5),
    )
    yield "log cosh", dict(gradient=any_tanh, theta0=np.array([3.0, -0.25]), steps=9, alpha=1.0)
    yield "a diverging step", dict(gradient=quadratic([1.0, 4.0]), theta0=np.ones(2), steps=6, alpha=1.0)
    yield "at a stationary point", dict(gradient=any_tanh, theta0=np.zeros(3), steps=4, alpha=0.5)
    yield "no step", dict(gradient=any_tanh, theta0=np.ones(3), steps=0, alpha=0.5)


@DESCENT.invalid
def invalid(rng):
    def four(theta):
        return as_like(np.ones(4), theta)

    yield "a gradient of another shape", dict(gradient=four, theta0=np.ones(3), steps=2, alpha=0.1)


def bisect(below, low, high):
    """Where `below` turns from true to false, to a bracket of 2⁻²² of the first."""
    for _ in range(22):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2


@DESCENT.claim(
    Text(
        r"On a quadratic it converges exactly for $0<\alpha<2/L$: the bisected threshold is $2/\lambda_{\max}$ to $10^{-6}$",
        r"在二次函数上当且仅当 $0<\alpha<2/L$ 时收敛：二分得到的阈值与 $2/\lambda_{\max}$ 相差不到 $10^{-6}$",
    )
)
def threshold_is_two_over_l(descend, rng):
    gradient, start = quadratic(symmetric([1.0, 2.0, 3.7], rng)), np.ones(3)

    def shrinks(alpha):
        size = np.linalg.norm(descend(gradient, start, 100, alpha), axis=1)
        return size[100] < size[50]

    why = Text("width 1.4/2²² of the last bracket, with room", "最后区间的宽度 1.4/2²²，留有余量")
    return near(bisect(shrinks, 0.1, 1.5), 2 / 3.7, 1e-6, why)


@DESCENT.claim(
    Text(r"The error shrinks by $\rho=\max_i\lvert1-\alpha\lambda_i\rvert$ a step", r"误差每步乘以 $\rho=\max_i\lvert1-\alpha\lambda_i\rvert$")
)  # fmt: skip
def rate_on_a_quadratic(descend, rng):
    eigenvalues = np.array([0.2, 1.0, 3.0])
    gradient, found = quadratic(symmetric(eigenvalues, rng)), []
    for alpha in (0.1, 0.4, 0.65):
        size = np.linalg.norm(descend(gradient, rng.standard_normal(3), 161, alpha), axis=1)
        second, rho = np.sort(np.abs(1 - alpha * eigenvalues))[-2:]
        rest = 100 * (second / rho) ** 320 + 1e-12
        why = Text(
            "squared ratio of the second mode to the slowest after 160 steps",
            "160 步后次慢模态与最慢模态之比的平方",
        )
        found.append(near(size[161] / size[160], rho, rest, why, "rate"))
    return all_of(*found)


@DESCENT.claim(
    Text(
        r"The best constant step is $2/(\mu+L)$, with $\rho^\star=\frac{\kappa-1}{\kappa+1}$: there the slowest mode changes from $\mu$ to $L$",
        r"最佳常数步长为 $2/(\mu+L)$，此时 $\rho^\star=\frac{\kappa-1}{\kappa+1}$：最慢的模态在那里由 $\mu$ 换成 $L$",
    )
)
def best_step(descend, rng):
    mu, L = 0.3, 2.1
    gradient = quadratic([mu, L])

    def flat_mode_is_slower(alpha):
        end = np.abs(descend(gradient, np.ones(2), 12, alpha)[-1])
        return end[0] > end[1]

    best = bisect(flat_mode_is_slower, 0.5, 0.95)
    size = np.linalg.norm(descend(gradient, np.ones(2), 40, 2 / (mu + L)), axis=1)
    why = Text("width 0.45/2²² of the last bracket, with room", "最后区间的宽度 0.45/2²²，留有余量")
    return all_of(near(best, 2 / (mu + L), 1e-6, why), roundoff(size[40] / size[39], 0.75, terms=40))


@DESCENT.claim(
    Text(
        r"It descends: each step lowers $f$ by at least $\alpha(1-\alpha L/2)\lVert\nabla f\rVert^2>0$ while $0<\alpha<2/L$",
        r"它是下降的：当 $0<\alpha<2/L$ 时，每步使 $f$ 至少降低 $\alpha(1-\alpha L/2)\lVert\nabla f\rVert^2>0$",
    )
)
def it_descends(descend, rng):
    def least(alpha, gradient, f, start, L):
        theta = descend(gradient, start, 25, alpha)
        gain = f(theta[:-1]) - f(theta[1:])
        promised = alpha * (1 - alpha * L / 2) * (gradient(theta[:-1]) ** 2).sum(-1)
        large = promised > 1e-6 * promised[0]  # beyond, the difference of two values of f is all rounding
        why = Text("gain over the promise, the least of 25 steps", "实际降幅与保证之比，25 步中最小者")
        return bound((gain / promised)[large].min(), 1 - 1e-7, "≥", why)

    def log_cosh(theta):
        return np.logaddexp(theta, -theta).sum(-1)

    def half_square(theta):
        return (np.array([0.2, 1.0, 3.0]) * theta**2).sum(-1) / 2

    start = 2 * rng.standard_normal(3)
    return all_of(
        *[least(a, any_tanh, log_cosh, start, 1.0) for a in (0.5, 1.0, 1.9)],
        *[least(a, quadratic([0.2, 1.0, 3.0]), half_square, start, 3.0) for a in (0.1, 1 / 3, 0.6)],
    )


@generic
def clipped(theta):
    return namespace(theta).clip(theta, -1, 1)


@DESCENT.claim(
    Text(
        r"For convex $f$ and $\alpha\le1/L$, $f(\theta_t)-f^\star\le\lVert\theta_0-\theta^\star\rVert^2/(2\alpha t)$ at every $t$",
        r"对凸函数 $f$ 和 $\alpha\le1/L$，在每个 $t$ 都有 $f(\theta_t)-f^\star\le\lVert\theta_0-\theta^\star\rVert^2/(2\alpha t)$",
    )
)
def convex_bound(descend, rng):
    t = np.arange(1, 151)

    def huber(x):
        return np.where(np.abs(x) <= 1, x**2 / 2, np.abs(x) - 0.5)

    def worst(gradient, f, start, alpha):
        error = f(descend(gradient, np.array([start]), 150, alpha)[1:, 0])
        return bound(
            (error * 2 * alpha * t).max() / start**2,
            1.0,
            because=Text("error · 2αt/R², the largest", "误差 · 2αt/R²，取最大者"),
        )

    return all_of(
        *[worst(clipped, huber, 30.0, a) for a in (1.0, 0.3)],
        worst(twice, np.square, 4.0, 0.5),
        worst(lambda x: x, lambda x: x**2 / 2, 2.0, 0.01),
    )


@DESCENT.claim(
    Text(
        r"The best bound for $\alpha=1/L$, $\frac{LR^2}{4T+2}$, is attained by a function that is linear up to $R/(2T+1)$ from its minimum",
        r"$\alpha=1/L$ 时的最佳界 $\frac{LR^2}{4T+2}$ 被一个离极小点 $R/(2T+1)$ 以外为线性的函数取到",
    )
)
def sharp_bound_is_attained(descend, rng):
    def one(T, R=8.0):
        e = R / (2 * T + 1)
        end = descend(generic(lambda x: namespace(x).clip(x, -e, e)), np.array([R]), T, 1.0)[-1, 0]
        value = e * abs(end) - e**2 / 2 if abs(end) > e else end**2 / 2
        return roundoff(value, R**2 / (4 * T + 2), terms=4 * T)

    return all_of(*[one(T) for T in (1, 2, 10, 60)])


@DESCENT.claim(
    Text(
        r"All partial derivatives are taken at the old point: from (1, 0) to (.2, −.76), not to (.2, −.152)",
        r"所有偏导数都取在旧点上：从 (1, 0) 走到 (.2, −.76)，而不是 (.2, −.152)",
    )
)
def update_is_simultaneous(descend, rng):
    A = np.array([[2.0, 1.9], [1.9, 2.0]])
    return roundoff(descend(quadratic(A), np.array([1.0, 0.0]), 1, 0.4)[1], [0.2, -0.76], terms=3)


@DESCENT.claim(
    Text(
        r"A Lipschitz $f$ is not enough: on $\lvert x\rvert$ from 1 with $\alpha=0.3<2/L=2$ the point is 0.1 after 1001 steps, and −0.2, 0.1, −0.2, … for ever",
        r"$f$ 是Lipschitz的还不够：在 $\lvert x\rvert$ 上从 1 出发，取 $\alpha=0.3<2/L=2$，1001 步后在 0.1 处，此后永远是 −0.2, 0.1, −0.2, …",
    )
)
def absolute_value_never_converges(descend, rng):
    x = descend(any_sign, np.array([1.0]), 1001, 0.3)[:, 0]
    return roundoff(x[4:], np.resize([-0.2, 0.1], 998), terms=5, scale=1.0)


@DESCENT.claim(
    Text(r"At $\alpha=2/L$ it oscillates for ever: 1, −1, 1, … on $x^2$", r"当 $\alpha=2/L$ 时永远振荡：在 $x^2$ 上为 1, −1, 1, …")
)  # fmt: skip
def two_over_l_itself_oscillates(descend, rng):
    return identical(descend(twice, np.array([1.0]), 7, 1.0)[:, 0], [1, -1, 1, -1, 1, -1, 1, -1])


@generic
def softplus_slope(x):
    """Slope of log(1 + e⁻ˣ), which has no minimiser."""
    return -1 / (1 + namespace(x).exp(x))


def runaway(descend, steps):
    """After so many steps on log(1 + e⁻ˣ), α = 4, x beside the continuous path, x + eˣ = 4t + 1."""
    x = descend(softplus_slope, np.array([0.0]), steps, 4.0)[:, 0]
    # a step Δ = 4/(1 + eˣ) adds 4 to the sum and, by second order, eˣΔ²/2 ≈ 8/(1 + eˣ) ≈ 2/t; the first adds 4.4
    ahead = 2 * np.log(steps) + 12
    exact = near(
        x[-1] + np.exp(x[-1]),
        4.0 * steps + 1,
        ahead,
        Text("second order of the steps, summed", "各步的二阶项之和"),
    )
    return all_of(bound(np.diff(x).min(), 0.0, "≥", Text("it only grows", "只增不减")), exact)


@DESCENT.claim(
    Text(
        r"Without a minimiser the iterates run away: $\log(1+e^{-x})$, $\alpha=4$: $x+e^x\approx4t+1$, growing like $\log t$",
        r"没有极小点时迭代跑向无穷：$\log(1+e^{-x})$，$\alpha=4$ 时 $x+e^x\approx4t+1$，按 $\log t$ 增长",
    )
)
def no_minimiser_no_convergence(descend, rng):
    return runaway(descend, 1500)


@DESCENT.claim(
    Text(
        r"There $x=12.9$ after $10^5$ steps, and still growing", r"在那里 $10^5$ 步后 $x=12.9$，并且仍在增长"
    ),
    cost="slow",
)
def a_hundred_thousand_steps_away(descend, rng):
    x = descend(softplus_slope, np.array([0.0]), 100_000, 4.0)[-1, 0]
    return near(x, 12.9, 0.05, Text("three digits", "三位数字"))


def stepping(rule):
    """Descent by another rule for one step."""

    def descend(gradient, theta0, steps, alpha):
        theta = [theta0]
        for t in range(steps):
            theta.append(rule(gradient, theta[-1], alpha, t))
        return np.stack(theta)

    return descend


@DESCENT.mutant(Text("ascent: the sign of the step", "上升：步的符号反了"), caught_by=["equals-definition", "threshold-is-two-over-l", "it-descends", "convex-bound"])  # fmt: skip
def ascent(gradient, theta0, steps, alpha):
    return stepping(lambda g, theta, a, t: theta + a * g(theta))(gradient, theta0, steps, alpha)


def one_by_one(gradient, theta, alpha, t):
    theta = theta.copy()
    for j in range(theta.size):
        theta[j] -= alpha * gradient(theta)[j]
    return theta


@DESCENT.mutant(Text("coordinates one after the other: Gauss–Seidel", "逐个坐标更新：高斯–赛德尔"), caught_by=["update-is-simultaneous", "equals-definition"])  # fmt: skip
def sequential_update(gradient, theta0, steps, alpha):
    return stepping(one_by_one)(gradient, theta0, steps, alpha)


@DESCENT.mutant(
    Text("half the step", "步长减半"),
    caught_by=["rate-on-a-quadratic", "best-step", "it-descends", "two-over-l-itself-oscillates", "sharp-bound-is-attained"],
)  # fmt: skip
def half_step(gradient, theta0, steps, alpha):
    return gradient_descent(gradient, theta0, steps, alpha / 2)


@DESCENT.mutant(
    Text("a step that shrinks with t", "步长随 t 缩小"),
    caught_by=[
        "absolute-value-never-converges",
        "no-minimiser-no-convergence",
        "a-hundred-thousand-steps-away",
    ],
)
def shrinking_step(gradient, theta0, steps, alpha):
    return stepping(lambda g, theta, a, t: theta - a / np.sqrt(t + 1) * g(theta))(
        gradient, theta0, steps, alpha
    )


@DESCENT.mutant(Text("the gradient's direction only", "只用梯度的方向"), caught_by=["equals-definition", "convex-bound", "rate-on-a-quadratic"])  # fmt: skip
def normalised(gradient, theta0, steps, alpha):
    def rule(g, theta, a, t):
        return theta - a * g(theta) / (np.linalg.norm(g(theta)) + EPSILON)

    return stepping(rule)(gradient, theta0, steps, alpha)


DESCENT.erratum(
    "E1",
    common=Text("If f is convex and Lipschitz continuous, it converges to the global optimum", "如果 $f$ 是凸函数且Lipschitz连续，则收敛到全局最优"),
    why=Text(
        r"$\lvert x\rvert$ is convex and Lipschitz, and a constant step never settles; $\log(1+e^{-x})$ has no minimiser, and the iterates run to infinity.",
        r"$\lvert x\rvert$ 是凸的且Lipschitz连续，但常数步长永不收敛；$\log(1+e^{-x})$ 没有极小点，迭代趋于无穷。",
    ),
    right=Text(
        r"$f$ convex, $\nabla f$ $L$-Lipschitz, a minimiser exists, $0<\alpha<2/L$",
        r"$f$ 是凸函数，$\nabla f$ 是 $L$-Lipschitz 的，存在极小点，且 $0<\alpha<2/L$",
    ),
    claims=("absolute-value-never-converges", "no-minimiser-no-convergence", "a-hundred-thousand-steps-away"),
)  # fmt: skip
DESCENT.erratum(
    "E2",
    common=Text(r"The step must satisfy $\alpha\le\frac{2}{L}$, with $L$ the Lipschitz constant of $f$", r"步长须满足 $\alpha\le\frac{2}{L}$，其中 $L$ 是 $f$ 的Lipschitz常数"),
    why=Text(
        r"At $\alpha=2/L$ the iterates on $x^2$ are 1, −1, 1, −1, …; and $L$ is the constant of $\nabla f$.",
        r"当 $\alpha=2/L$ 时，$x^2$ 上的迭代为 1, −1, 1, −1, …；并且 $L$ 是 $\nabla f$ 的常数。",
    ),
    right=Text(r"$0<\alpha<2/L$, $L$ the Lipschitz constant of $\nabla f$", r"$0<\alpha<2/L$，其中 $L$ 是 $\nabla f$ 的Lipschitz常数"),
    claims=("two-over-l-itself-oscillates", "threshold-is-two-over-l"),
)  # fmt: skip
DESCENT.erratum(
    "E8",
    common=Text(r"For each $j$: $\theta_j:=\theta_j-\alpha\,\partial f/\partial\theta_j$", r"对每个 $j$：$\theta_j:=\theta_j-\alpha\,\partial f/\partial\theta_j$"),
    why=Text(
        "Run as code, “:=” one coordinate after the other is another algorithm, Gauss–Seidel: (.2, −.152) instead of (.2, −.76).",
        "按代码逐个坐标执行“:=”就成了另一种算法，即高斯–赛德尔：得到 (.2, −.152) 而不是 (.2, −.76)。",
    ),
    right=Text(r"all partial derivatives at the old $\theta$, then assign", r"先在旧的 $\theta$ 上求出全部偏导数，再赋值"),
    claims=("update-is-simultaneous",),
)  # fmt: skip
DESCENT.erratum(
    "E10",
    common=Text("Gradient descent is an algorithm that maximises a function", "梯度下降是一种最大化函数的算法"),
    why=Text(
        r"A step of $-\alpha\nabla f$ lowers $f$, by at least $\alpha(1-\alpha L/2)\lVert\nabla f\rVert^2$; the mutant that steps along $+\nabla f$ fails this.",
        r"沿 $-\alpha\nabla f$ 走一步使 $f$ 至少降低 $\alpha(1-\alpha L/2)\lVert\nabla f\rVert^2$；沿 $+\nabla f$ 走的变异体不满足这一点。",
    ),
    right=Text(r"$\theta-\alpha\nabla f$ descends, $\theta+\alpha\nabla f$ ascends", r"$\theta-\alpha\nabla f$ 下降，$\theta+\alpha\nabla f$ 上升"),
    claims=("it-descends",),
)  # fmt: skip


@DESCENT.figure(
    step=Slider(0.02, 1.05, 0.93, Text("step size α (× 2/L)", "步长 α（× 2/L）")),
    condition=Slider(1, 100, 12, Text("condition number κ", "条件数 κ"), log=True),
)
def figure(step, condition):
    T, H, start = 60, np.array([1 / condition, 1.0]), np.array([-4.0, 1.6])
    theta = gradient_descent(quadratic(H), start, T, 2 * step)
    best = gradient_descent(quadratic(H), start, T, 2 / H.sum())
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    level_sets(left, lambda x, y: (H[0] * x**2 + y**2) / 2, (-4.6, 3.0), (-2.0, 2.2))
    path(left, theta, COLOURS[1])
    steps = np.linspace(0.01, 2.2, 200)
    for h, colour, name in zip(
        H, (COLOURS[2], COLOURS[0]), (r"$|1-\alpha\mu|$", r"$|1-\alpha L|$"), strict=True
    ):
        right.plot(steps, np.abs(1 - steps * h), color=colour, lw=1.1, ls="--", label=name)
    right.plot(steps, np.abs(1 - steps[:, None] * H).max(1), color="0.2", lw=1.8, label=r"$\rho(\alpha)$")
    rho = float(np.abs(1 - 2 * step * H).max())
    right.plot(2 * step, rho, "o", color=COLOURS[1], ms=8, mec="white", zorder=5)
    right.axhline(1, color="0.6", lw=0.8)
    right.set(xlabel=r"$\alpha L$", ylabel="factor a step", xlim=(0, 2.2), ylim=(0, 1.25))
    right.legend(frameon=False, fontsize=8, loc="lower left")
    ends = [float(np.linalg.norm(p[-1])) for p in (theta, best)]
    return Drawing(
        fig,
        Text(
            f"κ = {condition:.3g}, α = {2 * step:.3g}/L: the error changes by ρ = {rho:.4f} a step, at best by {(condition - 1) / (condition + 1):.4f}. "
            f"After {T} steps the distance is {ends[0]:.2e}; with the best constant step {ends[1]:.2e}.",
            f"κ = {condition:.3g}，α = {2 * step:.3g}/L：误差每步乘以 ρ = {rho:.4f}，最佳为 {(condition - 1) / (condition + 1):.4f}。"
            f"{T} 步后的距离为 {ends[0]:.2e}；用最佳常数步长则为 {ends[1]:.2e}。",
        ),
    )
