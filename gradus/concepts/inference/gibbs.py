"""Gibbs sampling: each variable in turn from its distribution given all others."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(gibbs_matrix, p):
    from gradus.inference import MarkovNetwork

    names = ("a", "b", "c")
    states = {v: [str(i) for i in range(n)] for v, n in zip(names, [*p.shape, 1, 1, 1], strict=False)}
    network = MarkovNetwork(states, [(names, p)])
    return gibbs_matrix(network), gibbs_matrix(network, scan="random")


GIBBS = Concept(
    key="gibbs",
    kind="algorithm",
    title="Gibbs sampling",
    summary="Draws from a joint distribution of many variables by drawing one variable at a time from its distribution given all others, which is often easy where the joint distribution is not. "
    "Nothing is ever rejected. But only one variable moves at a time: the stronger they hang together, the shorter are the steps, and where tables hold zeros the "
    "chain may never leave the region where it began.",
    formulas=(
        r"K_i(x,x')=\pi(x_i'\mid x_{-i})\,[x'_{-i}=x_{-i}],\qquad \pi(x_i\mid x_{-i})=\frac{\pi(x)}{\sum_{y_i}\pi(y_i,x_{-i})}",
        r"P_{\text{sweep}}=K_1K_2\cdots K_n,\qquad P_{\text{random}}=\frac1n\sum_{i=1}^nK_i,\qquad \pi P=\pi",
        r"n=2:\qquad \lambda_2(P_{\text{sweep}})=\sigma_2^2,\qquad \sigma_2\ \text{the second singular value of}\ \frac{\pi(x_1,x_2)}{\sqrt{\pi(x_1)\,\pi(x_2)}}",
        r"\text{bivariate normal distribution of correlation}\ \rho:\qquad \lambda_2=\rho^2,\qquad \tau=\frac{1+\rho^2}{1-\rho^2}",
    ),
    symbols=(
        Symbol(
            r"\pi", "p", "a b c", "joint distribution of three variables, an axis each, up to a factor", "nonnegative"
        ),
        Symbol(
            "x,\\ x'",
            "",
            "",
            "a joint state, and the next one; of the states of the matrices the last variable moves fastest",
        ),
        Symbol("x_i,\\ x_{-i}", "", "", "a variable, and all others"),
        Symbol("y_i", "", "", "any state of a variable"),
        Symbol("K_i", "", "N N", r"draws the variable $i$ anew; where $\pi$ is 0 for all its states, it stays"),
        Symbol(
            "P",
            "",
            "N N",
            "transition matrix on the $N$ joint states, of a sweep through all variables or of one chosen by chance",
        ),
        Symbol("n", "", "", "number of variables", "natural"),
        Symbol(
            r"\lambda_2",
            "",
            "",
            "second largest eigenvalue, in absolute value: the factor by which the slowest function forgets, in one sweep",
        ),
        Symbol(
            r"\sigma_2",
            "",
            "",
            "largest correlation of a function of one variable with a function of the other",
            "unit",
        ),
        Symbol(r"\rho", "", "", "correlation, between −1 and 1, neither of them"),
        Symbol(r"\tau", "", "", "autocorrelation time of a coordinate: sweeps for one independent draw"),
    ),
    returns=(
        Result("sweep", "a*b*c a*b*c", "transition matrix of a sweep through the axes in their order"),
        Result("random", "a*b*c a*b*c", "transition matrix of one step, of an axis chosen by chance"),
    ),
    needs=("metropolis", "probability"),
    source="geman1984stochastic",
    year=1984,
    people=("Stuart Geman", "Donald Geman", "Alan Gelfand", "Adrian Smith", "Roy Glauber"),
    aliases="Gibbs sampler, heat bath, Glauber dynamics, systematic scan, random scan, 吉布斯抽样, 热浴算法, 系统扫描, 随机扫描",
    implementations=(
        Implementation(
            "gradus.inference:gibbs_matrix",
            "numpy",
            call=_ours,
            note="of any network; the draws themselves, of Bayesian and Markov networks with evidence: `gradus.inference.gibbs`",
        ),
    ),
    readings="geman1984stochastic; gelfand1990sampling; liu1994covariance; roberts1997updating",
    hypotheses=(
        Hypothesis(
            "from every possible start the distribution tends to the joint distribution: each possible state is reached from each other one, through possible states, by changing one variable at a time; every table positive will do",
            "copies-never-change",
        ),
        Hypothesis(
            "balance of every two states: an axis chosen by chance", "a-sweep-keeps-the-law-but-not-the-balance"
        ),
        Hypothesis(r"$\lambda_2=\sigma_2^2$: two variables", "two-variables-forget-by-their-correlation"),
    ),
    conventions=(
        Convention(
            "one step",
            "a sweep: every variable once, in order (BUGS, JAGS)",
            "one variable, chosen by chance (Glauber dynamics): n such steps cost a sweep",
        ),
        Convention(
            "which values a variable sees",
            "those already drawn in this sweep",
            "all from before the sweep (parallel updates), which is another chain with another law",
        ),
        Convention("states that cannot be", "stay where no state of the variable is possible", "undefined: 0/0"),
    ),
    differentiable=False,
    carries_gradient=False,
)


def kernels(p):
    """K_i for each axis, on the joint states in NumPy's order."""
    states = list(np.ndindex(p.shape))
    place = {x: k for k, x in enumerate(states)}
    for axis in range(p.ndim):
        K = np.zeros((p.size, p.size))
        for x in states:
            options = [(*x[:axis], y, *x[axis + 1 :]) for y in range(p.shape[axis])]
            total = sum(p[o] for o in options)
            for o in options:
                K[place[x], place[o]] = p[o] / total if total > 0 else float(o == x)
        yield K


@GIBBS.definition
def gibbs(p):
    if p.ndim != 3 or not np.isfinite(p).all() or (p < 0).any() or not p.sum() > 0:
        raise ValueError("p: three axes, weights that are not negative, some of them above 0")
    first, second, third = kernels(p)
    return first @ second @ third, (first + second + third) / 3


@GIBBS.example
def example():
    p = np.array([[[4.0], [1.0]], [[1.0], [2.0]]])
    sweep, _ = gibbs(p)
    flow = p.ravel()[:, None] * sweep
    m = p[:, :, 0] / p.sum()
    scaled = m / np.sqrt(m.sum(1)[:, None] * m.sum(0))
    return dict(
        p=p, sweep=sweep, there=flow[0, 3], back=flow[3, 0], flow=flow, sigma=np.linalg.svd(scaled)[1][1]
    ) | dict(eigenvalue=np.sort(np.linalg.eigvals(sweep).real)[-2], after=p.ravel() @ sweep)


@GIBBS.exercise
def conditional():
    p = np.array([[4.0, 1], [2, 3]])
    return number(p[1, 1] / p[:, 1].sum(), joint=p[1, 1] / p.sum(), wrong_way=p[1, 1] / p[1].sum())


@GIBBS.exercise
def sweeps():
    rho = 0.99
    return number(
        (1 + rho**2) / (1 - rho**2), one_correlation=(1 + rho) / (1 - rho), inverse=(1 - rho**2) / (1 + rho**2)
    )


@GIBBS.exercise
def copies():
    p = np.zeros((2, 2, 1))
    p[0, 0], p[1, 1] = 0.5, 0.5
    return choice(stays=bool((gibbs(p)[0][0] == [1, 0, 0, 0]).all()), reaches=gibbs(p)[0][0, 3] > 0)


@GIBBS.cases
def cases(rng):
    yield "three variables", dict(p=rng.random((2, 3, 2)) + 0.05)
    yield "two variables", dict(p=rng.random((3, 4, 1)) + 0.05)
    yield "one variable", dict(p=rng.random((4, 1, 1)) + 0.05)
    yield "one state", dict(p=np.full((1, 1, 1), 2.0))
    yield (
        "some states impossible",
        dict(p=rng.random((2, 3, 2)) * (rng.random((2, 3, 2)) < 0.6) + np.eye(1, 12).reshape(2, 3, 2)),
    )
    yield "a copy", dict(p=np.eye(2)[:, :, None] * np.array([1.0, 3.0]))
    yield "exactly one of two", dict(p=np.array([[0.0, 1.0], [1.0, 0.0]])[None])
    yield "large and small weights", dict(p=10.0 ** rng.integers(-6, 6, (2, 2, 3)))
    yield "long", dict(p=rng.random((4, 3, 3)))


@GIBBS.invalid
def invalid(rng):
    yield "a negative weight", dict(p=np.array([[[1.0, -1.0]]]))
    yield "no mass at all", dict(p=np.zeros((2, 2, 1)))
    yield "two axes", dict(p=np.ones((2, 2)))
    yield "a weight that is NaN", dict(p=np.array([[[1.0, np.nan]]]))


def run(gibbs, p):
    sweep, random = gibbs(p)
    return np.asarray(sweep), np.asarray(random)


@GIBBS.claim
def the_joint_law_is_stationary(gibbs, rng):
    r"""$\pi P=\pi$ for a sweep and for an axis chosen by chance, whatever the table, zeros too, and each row of $P$ is a distribution; with a table above 0 every state is reached in a sweep; of 12 states, none of more than eleven times the weight of another, the distribution after 300 sweeps is $\pi$ from any state"""
    p = rng.random((2, 3, 2)) + 0.1
    holes = p * (rng.random(p.shape) < 0.7)
    holes[0, 0, 0] = 1
    for table in (p, holes):
        q = table.ravel() / table.sum()
        for P in run(gibbs, table):
            yield roundoff(q @ P, q, terms=12, scale=1.0)
            yield roundoff(P.sum(1), np.ones(12), terms=12)
    sweep, _ = run(gibbs, p)
    yield bound(sweep.min(), 1e-6, "≥", Text("products of conditional probabilities above 0", "大于 0 的条件概率之积"))
    yield roundoff(np.linalg.matrix_power(sweep, 300), np.tile(p.ravel() / p.sum(), (12, 1)), terms=300 * 12, scale=1.0)


@GIBBS.claim
def what_is_drawn_is_seen_at_once(gibbs, rng):
    r"""A sweep goes through the axes in order, and each sees what was drawn before it: of two variables $P=\pi(a'\mid b)\,\pi(b'\mid a')$; of independent ones a single sweep forgets everything: $P(x,x')=\pi(x')$. Two dependent ones that are drawn at once keep the product of their own distributions, and not $\pi$, which a sweep keeps"""
    p = rng.random((3, 2, 1)) + 0.1
    m = p[:, :, 0]
    of_a, of_b = m / m.sum(0), m / m.sum(1, keepdims=True)
    want = np.einsum("ab,ac->bac", of_a, of_b)  # old b, new a, new b
    sweep, _ = run(gibbs, p)
    yield roundoff(sweep.reshape(3, 2, 3, 2), np.broadcast_to(want, (3, 2, 3, 2)), terms=6)
    q, at_once = m / m.sum(), np.einsum("ab,dc->dbac", of_a, of_b).reshape(6, 6)  # from d, b to a, c
    product = np.outer(q.sum(1), q.sum(0))
    yield roundoff(product.ravel() @ at_once, product.ravel(), terms=12)
    apart = np.abs(q.ravel() @ at_once - q.ravel()).max()
    yield bound(apart, 1e-5, "≥", Text("the table is no product", "该表不是乘积"))
    yield roundoff(q.ravel() @ sweep, q.ravel(), terms=12)
    parts = [rng.random(k) + 0.1 for k in (2, 3, 2)]
    p = np.einsum("i,j,k->ijk", *parts)
    sweep, _ = run(gibbs, p)
    yield roundoff(sweep, np.tile(p.ravel() / p.sum(), (12, 1)), terms=24)


@GIBBS.claim
def a_sweep_keeps_the_law_but_not_the_balance(gibbs, rng):
    r"""With an axis chosen by chance the flows $\pi(x)P(x,x')$ are the same both ways. A sweep need not be so: of the weights 4, 1, 1, 2 the flow from the first
    state to the third is $\frac4{15}$, and $\frac{16}{25}$ back; its reversal in time is
    the sweep in the opposite order"""
    p = rng.random((2, 3, 2)) + 0.1
    q = p.ravel() / p.sum()
    sweep, random = run(gibbs, p)
    flow = q[:, None] * random
    yield roundoff(flow, flow.T, terms=12, scale=1.0)
    backwards, _ = run(gibbs, np.ascontiguousarray(p.transpose(2, 1, 0)))
    order = (
        np.arange(12).reshape(2, 3, 2).transpose(2, 1, 0).ravel()
    )  # where the states of the turned table stand in the other
    turned = np.empty((12, 12))
    turned[np.ix_(order, order)] = backwards
    yield roundoff(q[:, None] * sweep, (q[:, None] * turned).T, terms=24, scale=1.0)
    table = np.array([[[4.0], [1.0]], [[1.0], [2.0]]])
    sweep, _ = run(gibbs, table)
    flow = table.ravel()[:, None] * sweep
    yield roundoff([flow[0, 3], flow[3, 0]], [8 / 15, 8 / 15], terms=8)
    yield roundoff([flow[0, 2], flow[2, 0]], [4 * (1 / 5) * (1 / 3), 1 * (4 / 5) * (4 / 5)], terms=8)


@GIBBS.claim
def two_variables_forget_by_their_correlation(gibbs, rng):
    r"""Of two variables the eigenvalues of a sweep are the squares of the singular values of $\pi(x_1,x_2)/\sqrt{\pi(x_1)\pi(x_2)}$, and zeros: the second largest is the square of the largest correlation. With three variables it is not:
    where the third is a copy of the first, $\lambda_2=1$, though the first two are independent"""
    p = rng.random((3, 4, 1)) + 0.02
    m = p[:, :, 0] / p.sum()
    singular = np.linalg.svd(m / np.sqrt(m.sum(1)[:, None] * m.sum(0)))[1]
    found = np.linalg.eigvals(run(gibbs, p)[0])
    found = found[np.argsort(-np.abs(found))]
    yield near(
        np.abs(found - np.concatenate([singular**2, np.zeros(9)])).max(),
        0.0,
        1e-10,
        Text("eigenvalues of a matrix that is not symmetric", "非对称矩阵的特征值"),
    )
    yield bound(found[1].real, 1e-4, "≥", Text("the table is no product", "该表不是乘积"))
    copy = np.einsum("i,j,ik->ijk", [0.5, 0.5], [0.5, 0.5], np.eye(2))
    yield near(np.sort(np.linalg.eigvals(run(gibbs, copy)[0]).real)[-2], 1.0, 1e-10, Text("two regions", "两个区域"))


def normal(rho):
    """A bivariate normal distribution on a grid of 17 × 17 places."""
    x = np.linspace(-6, 6, 17)
    return x, np.exp(-(x[:, None] ** 2 - 2 * rho * x[:, None] * x + x**2) / (2 * (1 - rho**2)))[:, :, None]


@GIBBS.claim
def the_normal_law_forgets_by_rho_squared(gibbs, rng):
    r"""A bivariate normal distribution: in a sweep the autocorrelation of either coordinate is $\rho^2$, exactly: at $\rho=0.3$, −0.5 and 0.7; of $t$ sweeps $\rho^{2t}$. The sign of $\rho$ does not matter"""
    why = Text("17 × 17 places for the plane", "以 17 × 17 个点代替平面")
    for rho in (0.3, -0.5, 0.7):
        x, p = normal(rho)
        sweep, _ = run(gibbs, p)
        q = p.ravel() / p.sum()
        for f in (np.repeat(x, 17), np.tile(x, 17)):
            after = sweep @ f
            yield near((q * f * after).sum() / (q * f * f).sum(), rho**2, 1e-6, why)
            yield near((q * f * (sweep @ (sweep @ after))).sum() / (q * f * f).sum(), rho**6, 1e-6, why)


@GIBBS.claim
def copies_never_change(gibbs, rng):
    r"""Where one variable is a copy of another, neither can change alone: both stay for ever, $P=I$ on the possible states, however likely the other value is, and the chain's law is that of its start. An impossible state none of whose neighbours by one change is possible is kept for ever, too. A third variable that
    is independent of them moves as it should. Of a fair coin and a copy that is wrong with probability ε the second eigenvalue is $(1-2ε)^2$"""
    third = np.array([0.25, 0.75])
    sweep, random = run(gibbs, np.einsum("ij,k->ijk", np.diag([1.0, 9.0]), third))
    possible = [0, 1, 6, 7]
    yield roundoff(sweep[np.ix_(possible, possible)], np.kron(np.eye(2), np.tile(third, (2, 1))), terms=4)
    yield roundoff(
        random[np.ix_(possible, possible)], np.kron(np.eye(2), (2 * np.eye(2) + np.tile(third, (2, 1))) / 3), terms=4
    )
    corner = np.zeros((2, 2, 2))
    corner[0, 0] = 0.25, 0.75
    for P in run(gibbs, corner):
        yield identical(P[6:], np.eye(8)[6:])
        yield roundoff(P[:2].sum(), 2.0, terms=8)
    for wrong in (0.1, 0.01):
        table = np.array([[1 - wrong, wrong], [wrong, 1 - wrong]])[:, :, None]
        second = np.sort(np.linalg.eigvals(run(gibbs, table)[0]).real)[-2]
        yield near(second, (1 - 2 * wrong) ** 2, 1e-10, Text("eigenvalues", "特征值"))


@GIBBS.claim
def only_ratios_count(gibbs, rng):
    """A factor of the whole table changes nothing; a single variable is drawn from its distribution at once, and forgets where it was"""
    p = rng.random((2, 2, 3)) + 0.1
    for mine, theirs in zip(run(gibbs, 1e-4 * p), run(gibbs, p), strict=True):
        yield invariance(mine, theirs, terms=12)
    single = rng.random((4, 1, 1)) + 0.1
    yield identical(len(run(gibbs, single)[0]), 4)
    yield roundoff(run(gibbs, single)[0], np.tile(single.ravel() / single.sum(), (4, 1)), terms=8)


def order_of(p, axes):
    K = list(kernels(p))
    product = np.eye(p.size)
    for axis in axes:
        product = product @ K[axis]
    return product


@GIBBS.mutant(
    caught_by="the-joint-law-is-stationary, what-is-drawn-is-seen-at-once, the-normal-law-forgets-by-rho-squared, two-variables-forget-by-their-correlation, copies-never-change"
)
def all_at_once(p):
    """all variables drawn at once, each from what the others were before"""
    K = [k.reshape(*p.shape, *p.shape) for k in kernels(p)]
    laws = [k.sum(axis=tuple(3 + a for a in range(3) if a != i)) for i, k in enumerate(K)]
    return np.einsum("abci,abcj,abck->abcijk", *laws).reshape(p.size, p.size), gibbs(p)[1]


@GIBBS.mutant(caught_by="what-is-drawn-is-seen-at-once, a-sweep-keeps-the-law-but-not-the-balance")
def last_axis_first(p):
    """the axes in the opposite order"""
    return order_of(p, (2, 1, 0)), gibbs(p)[1]


@GIBBS.mutant(caught_by="the-normal-law-forgets-by-rho-squared, copies-never-change, the-joint-law-is-stationary")
def marginals(p):
    """each variable from its own distribution, the others forgotten"""
    laws = [p.sum(axis=tuple(a for a in range(3) if a != i)) / p.sum() for i in range(3)]
    product = np.einsum("i,j,k->ijk", *laws).ravel()
    return np.tile(product, (p.size, 1)), gibbs(p)[1]


@GIBBS.mutant(caught_by="a-sweep-keeps-the-law-but-not-the-balance, copies-never-change")
def a_sweep_for_a_step(p):
    """a whole sweep sold as one step of an axis chosen by chance"""
    sweep, _ = gibbs(p)
    return sweep, sweep


@GIBBS.mutant(caught_by="the-joint-law-is-stationary, a-sweep-keeps-the-law-but-not-the-balance, only-ratios-count")
def joint_for_conditional(p):
    """the joint weights without their sum over the variable, the rest staying"""
    K = []
    for k in kernels(p):
        states = p.ravel()
        open_ = np.where(k > 0, states[None, :], 0.0)
        open_ = open_ - np.diag(np.diag(open_))
        K.append(open_ + np.diag(1 - open_.sum(1)))
    return K[0] @ K[1] @ K[2], sum(K) / 3


@GIBBS.mutant(caught_by="copies-never-change, the-joint-law-is-stationary")
def a_little_everywhere(p):
    """a little weight added to every state, so that no zero is left: another law, which no longer stalls"""
    return gibbs(p + 1e-3 * p.sum())


@GIBBS.mutant(
    caught_by="two-variables-forget-by-their-correlation, what-is-drawn-is-seen-at-once, the-normal-law-forgets-by-rho-squared"
)
def twice_for_a_sweep(p):
    """two sweeps sold as one"""
    sweep, random = gibbs(p)
    return sweep @ sweep, random


GIBBS.erratum(
    "E326",
    common="A Gibbs sampler is reversible: it is in detailed balance (a common slip)",
    why="Each draw of one variable is, and so is a step of a variable chosen by chance. A sweep in fixed order need not be: of the weights 4, 1, 1, 2 the flow from the first to the third state is 4/15 and 16/25 back. "
    "It keeps the distribution all the same.",
    right="A sweep in fixed order keeps the joint distribution; its reversal in time is the sweep in the opposite order. What supposes reversible chains (Geyer's sums of two autocorrelations) holds for it by experience, not by that proof",
    claims="a-sweep-keeps-the-law-but-not-the-balance, the-joint-law-is-stationary",
)
GIBBS.erratum(
    "E327",
    common="All variables can be drawn at once, in parallel, from what they were: it is the same sampler, only faster (a common slip)",
    why="Variables that are drawn at once do not see each other. Of two variables the joint distribution that then stays is the product of their own distributions, as if they were independent.",
    right="In parallel only variables that are independent given the rest: those of one colour of the graph",
    claims="what-is-drawn-is-seen-at-once, the-joint-law-is-stationary",
)


@GIBBS.figure(rho=Slider(-0.99, 0.99, 0.9, "correlation ρ"), sweeps=Slider(1, 60, 12, "sweeps shown", integer=True))
def figure(rho, sweeps):
    rng = np.random.default_rng(6)
    spread = np.sqrt(1 - rho**2)
    long = [(-2.2, -2.2 if rho > 0 else 2.2)]
    for _ in range(1000):
        a = rho * long[-1][1] + spread * rng.standard_normal()
        long.append((a, rho * a + spread * rng.standard_normal()))
    long = np.array(long)
    n = int(sweeps)
    path = np.repeat(long[: n + 1], 2, axis=0)[:-1]
    path[1::2, 0] = long[1 : n + 1, 0]
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    turn = np.linspace(0, 2 * np.pi, 200)
    for r in (1, 2):
        left.plot(r * np.cos(turn), r * (rho * np.cos(turn) + spread * np.sin(turn)), color="0.6", lw=1)
    left.plot(path[:, 0], path[:, 1], color=COLOURS[0], lw=1)
    left.plot(long[: n + 1, 0], long[: n + 1, 1], "o", ms=3.5, color=COLOURS[1])
    left.set(xlabel="first variable", ylabel="second variable", xlim=(-3.2, 3.2), ylim=(-3.2, 3.2))
    lag = np.arange(31)
    right.plot(lag, rho ** (2 * lag), color=COLOURS[0], label="theory")
    x = long[20:, 0] - long[20:, 0].mean()
    right.plot(
        lag, [(x[: len(x) - t] * x[t:]).sum() / (x @ x) for t in lag], "o", ms=3.5, color=COLOURS[1], label="measured"
    )
    right.set(xlabel="sweeps apart", ylabel="autocorrelation", xlim=(0, 30), ylim=(-0.25, 1.05))
    right.legend(fontsize=9.5, loc="upper right", frameon=False)
    tau = (1 + rho**2) / (1 - rho**2)
    words = Text(
        f"Gibbs sampling of a bivariate normal distribution with correlation {rho:.2f}: each sweep is one move along the first axis and one along the second. The autocorrelation is multiplied by "
        f"{rho**2:.3f} a sweep, and {tau:.1f} sweeps are worth one independent draw.",
        f"对相关系数为 {rho:.2f} 的二元正态分布作吉布斯采样：每次扫描先沿第一个轴移动，再沿第二个轴移动。自相关每次扫描乘以 {rho**2:.3f}，{tau:.1f} 次扫描相当于一个独立样本。",
    )
    return Drawing(fig, words)
