"""ADALINE and the least-mean-squares rule: where the mean converges, where the mean square does, and what noise remains."""

from itertools import product

import numpy as np

from gradus.page import Concept, Drawing, Implementation, Reading, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, rate, roundoff, statistical
from gradus.page.figures import COLOURS, canvas

ADALINE = Concept(
    key="adaline",
    kind="algorithm",
    title=Text("ADALINE and the LMS rule", "自适应线性单元（ADALINE）与LMS规则"),
    summary=Text(
        "A linear unit that learns from its error before the threshold: each input, times the error, is added to the weights. "
        r"The mean of the weights converges for $\mu<2/\lambda_{\max}$, but their mean square needs a smaller step, and with a "
        "constant step a noise floor in proportion to it remains.",
        r"根据阈值之前的误差学习的线性单元：把输入乘以误差加到权重上。权重的均值在 $\mu<2/\lambda_{\max}$ 时收敛，"
        "但均方收敛需要更小的步长；步长不变时，会留下与步长成正比的噪声底。",
    ),
    formulas=(
        r"e_t=y_t-w_t^{\mathsf T}x_t,\qquad w_{t+1}=w_t+\mu_t\,e_t\,x_t",
        r"\mathbb E\,v_{t+1}=(I-\mu R)\,\mathbb E\,v_t,\qquad v_t=w_t-R^{-1}\mathbb E\,yx,\quad R=\mathbb E\,xx^{\mathsf T},\qquad "
        r"\text{the mean converges}\iff 0<\mu<\frac{2}{\lambda_{\max}(R)}",
        r"\mathbb E\,v_{t+1}v_{t+1}^{\mathsf T}=C-\mu(RC+CR)+\mu^2\bigl(2RCR+R\operatorname{tr}RC\bigr)+\mu^2\sigma^2R\quad\text{(normal inputs)},\qquad "
        r"0<\mu<\frac{2}{3\operatorname{tr}R}",
        r"d=1:\qquad \mathbb E\,v_t^2\to\frac{\mu\,\sigma^2}{2-3\mu R}",
    ),
    symbols=(
        Symbol("x_t", "X", "... T p", Text("inputs, one a row, in the order in which they come", "输入，每行一个，按到来的顺序")),
        Symbol("y_t", "y", "... T", Text("desired responses", "期望响应")),
        Symbol(r"\mu_t", "mu", "", Text("step size: one for all steps, or T of them", "步长：所有步共用一个，或每步一个共 T 个"), "nonnegative"),
        Symbol("w_0", "w0", "p", Text("the start", "起点")),
        Symbol("w_t", "", "... T+1 p", Text("all weights on the way", "一路上的所有权重")),
        Symbol("e_t", "", "", Text("error, before the threshold", "误差（阈值之前）")),
        Symbol("v_t", "", "p", Text("distance from the best weights", "与最优权重之差")),
        Symbol("C", "", "p p", Text(r"second moments of the distance, $\mathbb E\,v_tv_t^{\mathsf T}$", r"该差的二阶矩 $\mathbb E\,v_tv_t^{\mathsf T}$")),
        Symbol("R", "", "p p", Text("second moments of the inputs", "输入的二阶矩矩阵")),
        Symbol(r"\lambda_{\max}", "", "", Text("its largest eigenvalue", "其最大特征值")),
        Symbol(r"\sigma^2", "", "", Text("variance of the noise in y", "y 中噪声的方差")),
    ),
    needs=("linear-regression", "expectation", "gradient", "perceptron"),
    source="widrow1960adaptive",
    year=1960,
    people=("Bernard Widrow", "Marcian Hoff"),
    implementations=(
        Implementation("gradus.foundations.adaline:lms", "numpy", None, Text("also the estimator `Adaline`, a classifier", "另有分类估计器 `Adaline`")),
    ),
    readings=(
        Reading("widrow1985adaptive"),
        Reading("feuer1985convergence"),
        Reading("bishop2006pattern", "§3.1.3"),
    ),
    deviations=(
        Text(r"Widrow writes $2\mu$ for $\mu$: the limits are then $1/\lambda_{\max}$ and $1/(3\operatorname{tr}R)$.",
             r"Widrow 把这里的 $\mu$ 写作 $2\mu$：界便成为 $1/\lambda_{\max}$ 与 $1/(3\operatorname{tr}R)$。"),
        Text(r"Normalised LMS divides the step by $\lVert x_t\rVert^2$; it converges for every $0<\mu<2$.",
             r"归一化 LMS 将步长除以 $\lVert x_t\rVert^2$；对任意 $0<\mu<2$ 收敛。"),
    ),
    unverified=(
        Text("The limits assume inputs that are independent of one another; successive inputs of a filter overlap, and theory then holds for small steps only.",
             "这些界假设各输入相互独立；滤波器的相邻输入彼此重叠，此时理论只对小步长成立。"),
    ),
    differentiable=False,
)  # fmt: skip


@ADALINE.definition
def adaline(X, y, mu, w0):
    w = [np.broadcast_to(w0, (*X.shape[:-2], X.shape[-1]))]
    for t, step in enumerate(np.broadcast_to(mu, X.shape[-2])):
        x = X[..., t, :]
        e = y[..., t] - (w[-1] * x).sum(-1)
        w.append(w[-1] + step * e[..., None] * x)
    return np.stack(w, -2)  # (..., T + 1, p)


@ADALINE.cases
def cases(rng):
    X, w = rng.standard_normal((12, 3)), rng.standard_normal(3)
    yield "random", dict(X=X, y=X @ w + 0.1 * rng.standard_normal(12), mu=0.1, w0=np.zeros(3))
    yield "a step size for each step", dict(X=X, y=X @ w, mu=0.5 / np.arange(1.0, 13), w0=w + 1)
    yield "two sequences", dict(X=rng.standard_normal((2, 6, 4)), y=rng.standard_normal((2, 6)), mu=0.05, w0=np.ones(4))  # fmt: skip
    yield "labels", dict(X=X, y=np.sign(X @ w), mu=0.05, w0=np.zeros(3))
    yield "one weight", dict(X=np.ones((5, 1)), y=np.arange(5.0), mu=0.25, w0=np.array([2.0]))
    yield "no step", dict(X=np.ones((0, 2)), y=np.ones(0), mu=0.1, w0=np.array([1.0, -1.0]))
    yield "a step of 0", dict(X=X, y=X @ w, mu=0.0, w0=w)


@ADALINE.invalid
def invalid(rng):
    yield "fewer responses than inputs", dict(X=np.ones((5, 2)), y=np.ones(4), mu=0.1, w0=np.ones(2))
    yield "a start of another width", dict(X=np.ones((5, 2)), y=np.ones(5), mu=0.1, w0=np.ones(3))
    yield "fewer steps than inputs", dict(X=np.ones((5, 2)), y=np.ones(5), mu=np.ones(4), w0=np.ones(2))


NODES, WEIGHTS = np.array([-np.sqrt(3.0), 0.0, np.sqrt(3.0)]), np.array([1 / 6, 2 / 3, 1 / 6])


def normal_inputs(R):
    """Points and weights that integrate polynomials of degree 5 in x ~ N(0, R) exactly (Gauss–Hermite)."""
    L = np.linalg.cholesky(R)
    points = np.array(list(product(NODES, repeat=len(R)))) @ L.T
    return points, np.array([np.prod(c) for c in product(WEIGHTS, repeat=len(R))])


def correlated(rng, p):
    """A random matrix of second moments."""
    A = rng.standard_normal((p, p + 2))
    return A @ A.T / p


def growth(adaline, R, mu):
    """Factor by which E v vᵀ grows for normal inputs: spectral radius of the map that one step makes of it, exactly."""
    points, chance = normal_inputs(R)
    p = len(R)
    X = np.broadcast_to(points[:, None, None, :], (len(points), p, 1, p))
    # from each unit vector as the error: the step is linear in it
    steps = np.stack(
        [adaline(X[:, j], np.zeros((len(points), 1)), mu, np.eye(p)[j])[:, 1] for j in range(p)], -1
    )
    return np.abs(np.linalg.eigvals(sum(c * np.kron(M, M) for c, M in zip(chance, steps, strict=True)))).max()


@ADALINE.claim(
    Text(
        r"The mean error is $(I-\mu R)^t v_0$ exactly: all sequences of 5 inputs out of 3 enumerated",
        r"平均误差恰为 $(I-\mu R)^t v_0$：枚举 3 个输入构成的全部 5 步序列",
    )
)
def mean_follows_the_matrix_power(adaline, rng):
    points, best = rng.standard_normal((3, 2)), rng.standard_normal(2)
    R, mu, v0 = points.T @ points / 3, 0.3, rng.standard_normal(2)
    X = points[np.array(list(product(range(3), repeat=5)))]  # (243, 5, 2)
    mean = adaline(X, X @ best, mu, best + v0).mean(0) - best
    powers = [np.linalg.matrix_power(np.eye(2) - mu * R, t) @ v0 for t in range(6)]
    return roundoff(mean, np.array(powers), terms=243, scale=10.0)


@ADALINE.claim(
    Text(
        r"The mean converges below $2/\lambda_{\max}$ and not above: its slowest part shrinks at 0.99 of it, grows at 1.01, turns over at it",
        r"均值在 $2/\lambda_{\max}$ 以下收敛、以上发散：最慢的分量在 0.99 倍处缩小，在 1.01 倍处增大，恰在该处翻转符号",
    )
)
def mean_limit_is_two_over_the_largest_eigenvalue(adaline, rng):
    R = correlated(rng, 3)
    points, chance = normal_inputs(R)
    value, vectors = np.linalg.eigh(R)
    v0 = vectors[:, -1]

    def after(part):
        w = adaline(points[:, None, :], np.zeros((len(points), 1)), part * 2 / value[-1], v0)[:, 1]
        return chance @ w

    sharp = [roundoff(after(c), (1 - 2 * c) * v0, terms=27, c=16, scale=20.0) for c in (0.5, 0.99, 1.0, 1.01)]
    why = Text("length of the mean error, from 1", "平均误差的长度，初始为 1")
    return all_of(
        *sharp,
        bound(np.linalg.norm(after(0.99)), 0.981, "≤", why),
        bound(np.linalg.norm(after(1.01)), 1.019, "≥", why),
    )


@ADALINE.claim(
    Text(
        r"Normal inputs: the mean square converges whenever $\mu<2/(3\operatorname{tr}R)$ (random $R$ in 1 to 3 dimensions, moments integrated exactly)",
        r"正态输入：只要 $\mu<2/(3\operatorname{tr}R)$，均方就收敛（1 到 3 维的随机 $R$，矩精确积分）",
    )
)
def mean_square_converges_below_the_trace_bound(adaline, rng):
    why = Text("growth of the mean square in one step at 0.99 of the limit", "取界的 0.99 倍时均方每步的增长")
    return all_of(
        *[
            bound(growth(adaline, R, 0.99 * 2 / (3 * np.trace(R))), 1.0, "≤", why)
            for p in (1, 2, 2, 3, 3)
            for R in [correlated(rng, p)]
        ]
    )


@ADALINE.claim(
    Text(
        r"In one dimension that limit is sharp: the growth is $1-2\mu R+3\mu^2R^2$, which is 1 at $\mu=2/(3R)$ and 2 at $\mu=1/R$",
        r"一维时该界是精确的：增长率为 $1-2\mu R+3\mu^2R^2$，在 $\mu=2/(3R)$ 处为 1，在 $\mu=1/R$ 处为 2",
    )
)
def sharp_in_one_dimension(adaline, rng):
    found = []
    for R in (0.25, 1.0, 7.0):
        for part in (0.5, 2 / 3, 1.0, 1.9):
            growing = growth(adaline, np.array([[R]]), part / R)
            found.append(roundoff(growing, 1 - 2 * part + 3 * part**2, terms=8))
    return all_of(*found)


@ADALINE.claim(
    Text(
        r"$\mu<2/\operatorname{tr}R$ is not enough: at $\mu=1/R$ the mean is right after one step, while the mean square doubles with every step",
        r"$\mu<2/\operatorname{tr}R$ 不够：$\mu=1/R$ 时均值一步到位，均方却每步加倍",
    )
)
def mean_may_converge_while_the_mean_square_diverges(adaline, rng):
    steps = 6
    X = np.array(list(product(NODES, repeat=steps)))[..., None]  # (729, 6, 1): R = 1
    chance = np.prod(np.array(list(product(WEIGHTS, repeat=steps))), -1)
    v = adaline(X, np.zeros(X.shape[:-1]), 1.0, np.ones(1))[..., 0]  # (729, 7)
    mean = roundoff(chance @ v[:, 1:], np.zeros(steps), terms=729, scale=64.0)
    return all_of(mean, roundoff(chance @ v**2, 2.0 ** np.arange(steps + 1), terms=729))


def squared_errors(adaline, rng, mu, steps, runs, noise=1.0):
    """v² of independent runs in one dimension, x normal with R = 1, from the best weight."""
    X, e = rng.standard_normal((runs, steps, 1)), noise * rng.standard_normal((runs, steps))
    return adaline(X, e, mu, np.zeros(1))[..., 0] ** 2


@ADALINE.claim(
    Text(
        r"With a constant step a noise floor $\frac{\mu\sigma^2}{2-3\mu R}$ remains, in proportion to $\mu$ (slope 1 over small steps)",
        r"步长不变时留下噪声底 $\frac{\mu\sigma^2}{2-3\mu R}$，小步长时与 $\mu$ 成正比（斜率 1）",
    )
)
def noise_floor_is_proportional_to_the_step(adaline, rng):
    sizes, floors, found = (0.1, 0.05, 0.025, 0.0125), [], []
    for mu in sizes:
        steps = int(1.2 / mu)
        squares = squared_errors(adaline, rng, mu, steps, 1500)[:, -1]
        reached = 1 - (1 - 2 * mu + 3 * mu**2) ** steps  # how near to the floor so many steps come, exactly
        found.append(statistical(squares, mu / (2 - 3 * mu) * reached))
        floors.append(squares.mean() / reached * (2 - 3 * mu) / 2)
    return all_of(*found, rate(sizes, floors, 1.0, 0.2))


@ADALINE.claim(
    Text(
        r"With $\mu_t=1/(t+8)$ the floor is gone: the mean square falls in proportion to $1/t$",
        r"取 $\mu_t=1/(t+8)$ 时噪声底消失：均方与 $1/t$ 成正比地下降",
    )
)
def decreasing_steps_remove_the_floor(adaline, rng):
    steps, runs = 400, 800
    mu = 1 / (np.arange(steps) + 8.0)
    squares = squared_errors(adaline, rng, mu, steps, runs)
    exact = [0.0]
    for m in mu:
        exact.append(exact[-1] * (1 - 2 * m + 3 * m**2) + m**2)
    found = [statistical(squares[:, t], exact[t]) for t in (50, 100, 200, 400)]
    why = Text("eight times as many steps, about an eighth", "步数为八倍，均方约为八分之一")
    return all_of(*found, bound(squares[:, 400].mean() / squares[:, 50].mean(), 0.2, "≤", why))


@ADALINE.claim(
    Text(
        r"After a step, the error on the same input is $(1-\mu\lVert x\rVert^2)e$: it is 0 for $\mu=1/\lVert x\rVert^2$",
        r"走一步后，同一输入上的误差为 $(1-\mu\lVert x\rVert^2)e$：$\mu=1/\lVert x\rVert^2$ 时为 0",
    )
)
def error_on_the_same_input(adaline, rng):
    x, y, w0 = rng.standard_normal(4), 2.0, rng.standard_normal(4)
    found = []
    for part in (0.3, 1.0, 2.0):
        w = adaline(x[None], np.array([y]), part / (x @ x), w0)[1]
        found.append(roundoff(y - w @ x, (1 - part) * (y - w0 @ x), terms=8, scale=8.0))
    return all_of(*found)


@ADALINE.claim(
    Text(
        r"Averaged over the samples, a step is a step of descent on $\frac1{2n}\lVert Xw-y\rVert^2$",
        r"对样本取平均，一步就是在 $\frac1{2n}\lVert Xw-y\rVert^2$ 上的一步下降",
    )
)
def descends_on_average(adaline, rng):
    X, y, w0 = rng.standard_normal((9, 3)), rng.standard_normal(9), rng.standard_normal(3)
    after = adaline(X[:, None], y[:, None], 0.2, w0)[:, 1].mean(0)
    return roundoff(after, w0 - 0.2 * X.T @ (X @ w0 - y) / 9, terms=9, scale=4.0)


@ADALINE.claim(
    Text(
        "On XOR it settles, unlike the perceptron, and on nothing: with steps in proportion to 1/k the weights go to 0",
        "在异或上它与感知机不同，会稳定下来，却一无所获：步长按 1/k 缩小时权重趋于 0",
    )
)
def xor_gives_nothing(adaline, rng):
    X = np.array([[1.0, -1, -1], [1, -1, 1], [1, 1, -1], [1, 1, 1]])  # with a column of ones
    y = np.array([-1.0, 1, 1, -1])
    passes = 160
    mu = np.repeat(1 / (4.0 + 4 * np.arange(passes)), 4)
    w = adaline(np.tile(X, (passes, 1)), np.tile(y, passes), mu, np.ones(3))
    # a pass multiplies w by about 1 − 1/(k + 1) and, the points coming one after another, adds a multiple of 1/k²
    why = Text("log k/k, the solution of that recursion; it began at 1", "该递推的解 log k/k；起初为 1")
    return all_of(*[bound(np.abs(w[4 * k]).max(), np.log(k) / k, "≤", why) for k in (20, 40, 80, 160)])


@ADALINE.mutant(
    Text("Widrow's factor 2 kept, with the limits of this page", "保留 Widrow 的因子 2，却用本页的界"),
    caught_by=["equals-definition", "mean-follows-the-matrix-power", "mean-limit-is-two-over-the-largest-eigenvalue", "sharp-in-one-dimension", "error-on-the-same-input"],
)  # fmt: skip
def factor_two(X, y, mu, w0):
    return adaline(X, y, 2 * np.asarray(mu), w0)


@ADALINE.mutant(
    Text(r"μ < 2/tr R sold as the limit of the mean square: a step three times as long", "把 μ < 2/tr R 当作均方收敛的界：步长大到三倍"),
    caught_by=["mean-square-converges-below-the-trace-bound", "sharp-in-one-dimension", "mean-may-converge-while-the-mean-square-diverges"],
)  # fmt: skip
def trace_bound_without_the_three(X, y, mu, w0):
    return adaline(X, y, 3 * np.asarray(mu), w0)


@ADALINE.mutant(
    Text("learns from the error after the threshold, as the perceptron does", "像感知机那样用阈值之后的误差学习"),
    caught_by=["equals-definition", "descends-on-average", "error-on-the-same-input", "mean-follows-the-matrix-power"],
)  # fmt: skip
def error_after_the_threshold(X, y, mu, w0):
    w = [np.broadcast_to(w0, (*X.shape[:-2], X.shape[-1]))]
    for t, step in enumerate(np.broadcast_to(mu, X.shape[-2])):
        x = X[..., t, :]
        e = y[..., t] - np.sign((w[-1] * x).sum(-1))
        w.append(w[-1] + step * e[..., None] * x)
    return np.stack(w, -2)


@ADALINE.mutant(
    Text("the step divided by the length of the input (normalised LMS)", "步长除以输入的长度平方（归一化LMS）"),
    caught_by=["equals-definition", "mean-may-converge-while-the-mean-square-diverges", "noise-floor-is-proportional-to-the-step", "sharp-in-one-dimension"],
)  # fmt: skip
def normalised(X, y, mu, w0):
    w = [np.broadcast_to(w0, (*X.shape[:-2], X.shape[-1]))]
    for t, step in enumerate(np.broadcast_to(mu, X.shape[-2])):
        x = X[..., t, :]
        e = y[..., t] - (w[-1] * x).sum(-1)
        w.append(w[-1] + step * e[..., None] * x / np.maximum((x**2).sum(-1, keepdims=True), 1e-12))
    return np.stack(w, -2)


@ADALINE.mutant(
    Text("the first step size for ever: the schedule is ignored", "始终用第一个步长：忽略步长计划"),
    caught_by=["equals-definition", "decreasing-steps-remove-the-floor", "xor-gives-nothing"],
)
def schedule_ignored(X, y, mu, w0):
    return adaline(X, y, np.ravel(mu)[0] if X.shape[-2] else mu, w0)


@ADALINE.mutant(
    Text("away from the error", "朝误差的反方向"),
    caught_by=["equals-definition", "descends-on-average", "xor-gives-nothing", "mean-limit-is-two-over-the-largest-eigenvalue"],
)  # fmt: skip
def wrong_sign(X, y, mu, w0):
    return adaline(X, y, -np.asarray(mu), w0)


@ADALINE.figure(
    mu=Slider(0.01, 1.2, 0.2, Text("step size μ (inputs of variance 1)", "步长 μ（输入方差为 1）"), log=True),
    noise=Slider(0.0, 1.0, 0.3, Text("standard deviation of the noise σ", "噪声标准差 σ")),
)
def figure(mu, noise):
    rng = np.random.default_rng(1)
    steps, runs = 80, 400
    X, e = rng.standard_normal((runs, steps, 1)), noise * rng.standard_normal((runs, steps))
    with np.errstate(over="ignore"):
        v = adaline(X, e, mu, np.ones(1))[..., 0]
        settled = adaline(X, e, 1 / (1 / mu + np.arange(steps)), np.ones(1))[..., 0]
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    t = np.arange(steps + 1)
    left.plot(t, v[:12].T, color=COLOURS[0], lw=0.6, alpha=0.5)
    left.plot(t, (1 - mu) ** t, color="0.1", lw=1.6, label=r"mean $(1-\mu)^t$")
    left.set(xlabel="step", ylabel="error of the weight", ylim=(-2.2, 2.2))
    left.legend(frameon=False, fontsize=8)
    factor = 1 - 2 * mu + 3 * mu**2
    exact = [1.0]
    for _ in range(steps):
        exact.append(min(exact[-1] * factor + mu**2 * noise**2, 1e30))
    right.plot(t, (v**2).mean(0), lw=1.4, label=f"μ = {mu:.2g}, {runs} runs")
    right.plot(t, exact, "--", color="0.2", lw=1.2, label="theory")
    right.plot(t, (settled**2).mean(0), color=COLOURS[1], lw=1.4, label=r"$\mu_t$ falling as 1/t")
    right.set(yscale="log", ylim=(1e-5, 1e4), xlabel="step", ylabel=r"mean square $\mathbb{E}\,v_t^2$")
    right.legend(frameon=False, fontsize=8, loc="upper right")
    grows = factor >= 1
    floor = np.inf if grows else mu * noise**2 / (2 - 3 * mu)
    verdict = ("it grows for ever: μ is above 2/3", "会无限增长：μ 大于 2/3") if grows else (
        f"it settles on {floor:.2g}", f"稳定在 {floor:.2g}")  # fmt: skip
    return Drawing(
        fig,
        Text(
            f"μ = {mu:.2g}, σ = {noise:.2g}. Each step multiplies the mean error by {1 - mu:.2g} and the mean square by {factor:.2g}; {verdict[0]}. "
            f"After {steps} steps {runs} runs have {(v[:, -1] ** 2).mean():.2g}, with a falling step {(settled[:, -1] ** 2).mean():.2g}.",
            f"μ = {mu:.2g}，σ = {noise:.2g}。每一步把平均误差乘以 {1 - mu:.2g}，把均方乘以 {factor:.2g}；均方{verdict[1]}。"
            f"{steps} 步之后，{runs} 次运行的均方为 {(v[:, -1] ** 2).mean():.2g}，步长递减时为 {(settled[:, -1] ** 2).mean():.2g}。",
        ),
    )
