"""L-BFGS: BFGS of the last pairs only, without a matrix."""

import numpy as np

from gradus.concepts.optimization.wolfe_search import wolfe_step
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, near, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _scipy(LbfgsInvHessProduct, S, Y, g, gamma):
    from gradus.page.not_applicable import NotApplicable

    if gamma != 1:
        raise NotApplicable(Text("SciPy begins at the identity", "SciPy 从单位矩阵开始"))
    if len(S) == 0:
        raise NotApplicable(Text("SciPy's operator needs a pair", "SciPy 的算子至少需要一对"))
    return LbfgsInvHessProduct(S, Y) @ g


LBFGS = Concept(
    key="lbfgs",
    kind="algorithm",
    title="L-BFGS",
    summary="BFGS of which only the last $m$ steps and changes of the gradient are remembered. The matrix is never formed: two "
    "loops over the pairs give its product with the gradient in $4mn$ multiplications and about $2mn$ numbers of memory, so that it runs "
    "with millions of variables.",
    formulas=(
        r"q_m=g;\qquad a_k=\frac{s_k^{\mathsf T}q_{k}}{s_k^{\mathsf T}y_k},\quad q_{k-1}=q_{k}-a_ky_k\qquad(k=m,\dots,1)",
        r"r_0=\gamma q_0;\qquad b_k=\frac{y_k^{\mathsf T}r_{k-1}}{s_k^{\mathsf T}y_k},\quad r_k=r_{k-1}+(a_k-b_k)s_k\qquad(k=1,\dots,m)",
        r"r_m=H_mg,\qquad H_0=\gamma I,\qquad H_k=(I-\rho_ks_ky_k^{\mathsf T})H_{k-1}(I-\rho_ky_ks_k^{\mathsf T})+\rho_ks_ks_k^{\mathsf T},\qquad \rho_k=\frac1{s_k^{\mathsf T}y_k}",
    ),
    symbols=(
        Symbol("S", "S", "m n", "the last steps as rows, the oldest first", "other"),
        Symbol("Y", "Y", "m n", "the changes of the gradient over them", "other"),
        Symbol("g", "g", "n", "gradient"),
        Symbol(r"\gamma", "gamma", "", "the inverse Hessian before all pairs, times the identity", "positive"),
        Symbol("s_k,\\ y_k", "", "n", "the pairs, rows of S and Y"),
        Symbol("q_k,\\ r_k", "", "n", "the vector in the first loop, and in the second"),
        Symbol("a_k,\\ b_k", "", "", "how much of a pair is taken out, and put in"),
        Symbol("H_k", "", "n n", "the matrix of BFGS after k pairs; never formed"),
        Symbol(r"\rho_k", "", "", r"the inverse of $s_k^{\mathsf T}y_k$"),
        Symbol("I", "", "n n", "identity"),
    ),
    needs=("bfgs",),
    source="nocedal1980updating",
    year=1980,
    people=("Jorge Nocedal",),
    aliases="limited-memory BFGS, two-loop recursion, LBFGS, L-BFGS 算法, 限域 BFGS, 双循环递归",
    implementations=(
        Implementation("gradus.optimization.minimize.lbfgs:lbfgs_product", "torch"),
        Implementation(
            "scipy.optimize:LbfgsInvHessProduct", "numpy", _scipy, "what its L-BFGS-B returns as `hess_inv`"
        ),
    ),
    readings="nocedal2006numerical §7.2; liu1989limited; byrd1994representations",
    hypotheses=(
        Hypothesis(
            "equal to BFGS: $m$ is at least the number of steps, and BFGS begins at the same γI",
            "what-was-forgotten-counts",
        ),
        Hypothesis(r"downhill: $s_k^{\mathsf T}y_k>0$ for every pair", "a-bad-pair-points-uphill"),
    ),
    conventions=(
        Convention(
            "γ",
            r"$s^{\mathsf T}y/y^{\mathsf T}y$ of the newest pair, as in SciPy's L-BFGS-B, PyTorch and `minimize`; here an argument",
            "SciPy's `hess_inv` has γ = 1",
        ),
        Convention("how many pairs", "20 in `minimize`", "10 in SciPy's L-BFGS-B, 100 in `torch.optim.LBFGS`"),
        Convention(
            "the line search",
            "to the Wolfe conditions in `minimize` and in SciPy",
            '`torch.optim.LBFGS` takes `lr` times the direction, at the first step at most `lr` in the 1-norm, unless `line_search_fn="strong_wolfe"` is given',
        ),
    ),
    unverified="For uniformly convex functions with bounded Hessians it converges linearly from every start, with a line search to the Wolfe "
    "conditions (Liu and Nocedal 1989).",
    differentiable=False,
)


@LBFGS.definition
def lbfgs(S, Y, g, gamma):
    q, a = g, {}
    for k in reversed(range(len(S))):
        a[k] = (S[k] @ q) / (S[k] @ Y[k])
        q = q - a[k] * Y[k]
    r = gamma * q
    for k in range(len(S)):
        b = (Y[k] @ r) / (S[k] @ Y[k])
        r = r + (a[k] - b) * S[k]
    return r  # (n,)


@LBFGS.example
def example():
    A = np.diag([2.0, 4.0])
    S = np.array([[1.0, 0.0], [1.0, 1.0]])
    Y, g, gamma = S @ A, np.array([4.0, 2.0]), 0.5
    a2 = (S[1] @ g) / (S[1] @ Y[1])
    q1 = g - a2 * Y[1]
    a1 = (S[0] @ q1) / (S[0] @ Y[0])
    q0 = q1 - a1 * Y[0]
    r0 = gamma * q0
    b1 = (Y[0] @ r0) / (S[0] @ Y[0])
    r1 = r0 + (a1 - b1) * S[0]
    b2 = (Y[1] @ r1) / (S[1] @ Y[1])
    return (
        dict(S=S, Y=Y, g=g, gamma=gamma, a2=a2, q1=q1, a1=a1, q0=q0, r0=r0, b1=b1 + 0.0, r1=r1, b2=b2)
        | dict(product=lbfgs(S, Y, g, gamma), exact=np.linalg.solve(A, g))
        | dict(of_newest=lbfgs(S, Y, Y[1], gamma), of_oldest=lbfgs(S, Y, Y[0], gamma))
        | dict(numbers=2 * 20 * 10**6, entries=10**12)
    )


@LBFGS.exercise
def memory():
    return number(2 * 10 * 1000, matrix=1000.0**2, one_kind=10.0 * 1000)


@LBFGS.exercise
def newest_pair():
    S, Y = np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([[3.0, 1.0], [1.0, 4.0]])
    return array(lbfgs(S, Y, Y[1], 0.5), scaled=0.5 * Y[1], oldest=S[0])


@LBFGS.exercise
def without_pairs():
    g = np.array([3.0, -1.0])
    got = lbfgs(np.zeros((0, 2)), np.zeros((0, 2)), g, 1.0)
    return choice(descent=np.array_equal(got, g), newton=not np.array_equal(got, g), nothing=not got.any())


def definite(n, rng, low=0.5, high=5.0):
    Q, _ = np.linalg.qr(rng.standard_normal((n, n)))
    A = (Q * np.geomspace(low, high, n)) @ Q.T
    return (A + A.T) / 2


def pairs(m, n, rng):
    """Steps on a quadratic, and the changes of its gradient."""
    S = rng.standard_normal((m, n))
    return S, S @ definite(n, rng)


@LBFGS.cases
def cases(rng):
    S, Y = pairs(3, 5, rng)
    yield "three pairs", dict(S=S, Y=Y, g=rng.standard_normal(5), gamma=0.5)
    yield "from the identity", dict(S=S, Y=Y, g=rng.standard_normal(5), gamma=1.0)
    yield "one pair", dict(S=np.array([[1.0, 2.0]]), Y=np.array([[2.0, 1.0]]), g=np.array([1.0, -1.0]), gamma=2.0)
    yield "one variable", dict(S=np.array([[0.5]]), Y=np.array([[2.0]]), g=np.array([3.0]), gamma=1.0)
    S, Y = pairs(12, 80, rng)
    yield "many variables", dict(S=S, Y=Y, g=rng.standard_normal(80), gamma=0.3)
    S, Y = pairs(6, 3, rng)
    yield "more pairs than variables", dict(S=S, Y=Y, g=rng.standard_normal(3), gamma=0.25)


@LBFGS.invalid
def invalid(rng):
    yield "a step without its change", dict(S=np.ones((2, 3)), Y=np.ones((1, 3)), g=np.ones(3), gamma=1.0)


def dense(S, Y, gamma):
    """H of BFGS by its formula, from γI."""
    n = S.shape[1]
    H = gamma * np.eye(n)
    for s, y in zip(S, Y, strict=True):
        V = np.eye(n) - np.outer(y, s) / (s @ y)
        H = V.T @ H @ V + np.outer(s, s) / (s @ y)
    return H


@LBFGS.claim
def equals_dense_bfgs(lbfgs, rng):
    r"""Gives $H_mg$, with $H_m$ the matrix of BFGS that began at $\gamma I$ and took in the same pairs, formed in full"""
    for m in (1, 4, 9):
        S, Y = pairs(m, 6, rng)
        G = rng.standard_normal((5, 6))
        H = dense(S, Y, 0.4)
        got = [lbfgs(S, Y, g, 0.4) for g in G]
        yield roundoff(got, G @ H, terms=10**5, scale=10.0)


@LBFGS.claim
def newest_secant_equation(lbfgs, rng):
    r"""Maps the change of the newest pair to its step, $H_my_m=s_m$; of older pairs only those that later ones leave alone"""
    S, Y = pairs(5, 7, rng)
    yield roundoff(lbfgs(S, Y, Y[-1], 0.7), S[-1], terms=10**5, scale=10.0)
    older = np.abs(lbfgs(S, Y, Y[0], 0.7) - S[0]).max()
    yield bound(older, 1e-3, "≥", Text("the oldest pair, overwritten in part", "最旧的一对，部分已被覆盖"))


@LBFGS.claim
def conjugate_steps_are_all_kept(lbfgs, rng):
    r"""On a quadratic with Hessian $A$ and steps with $s_i^{\mathsf T}As_j=0$ for $i\ne j$, every secant equation holds: $n$ of them give
    $A^{-1}g$"""
    A = definite(5, rng)
    S = np.linalg.inv(np.linalg.cholesky(A))  # its rows are A-orthogonal
    g = rng.standard_normal(5)
    return roundoff(lbfgs(S, S @ A, g, 0.2), np.linalg.solve(A, g), terms=10**4, scale=10.0)


@LBFGS.claim
def points_downhill(lbfgs, rng):
    r"""If every $s_k^{\mathsf T}y_k>0$, then $g^{\mathsf T}H_mg>0$: its negative is a direction of descent"""
    least = []
    for _ in range(50):
        S = rng.standard_normal((4, 5))
        Y = S + rng.standard_normal((4, 5))
        Y = np.where(((S * Y).sum(1) > 0)[:, None], Y, -Y)
        g = rng.standard_normal(5)
        least.append(g @ lbfgs(S, Y, g, 1.0) / (g @ g))
    return bound(min(least), 0.0, "≥", Text("50 sets of pairs", "50 组"))


@LBFGS.claim
def a_bad_pair_points_uphill(lbfgs, rng):
    r"""With $s^{\mathsf T}y<0$ in the newest pair there is a gradient $g=y$ with $g^{\mathsf T}H_mg=s^{\mathsf T}y<0$"""
    S, Y = pairs(3, 4, rng)
    Y[-1] *= -1
    return near(
        Y[-1] @ lbfgs(S, Y, Y[-1], 1.0), S[-1] @ Y[-1], 1e-9, Text("an identity, to rounding", "恒等式，至舍入误差")
    )


@LBFGS.claim
def what_was_forgotten_counts(lbfgs, rng):
    r"""Without the oldest of four pairs of random steps on a quadratic the product with a random $g$ is another one, by at least a thousandth of
    its length; with $g=y_m$, the newest change, it is $s_m$ either way"""
    change = []
    for _ in range(10):
        S, Y = pairs(4, 6, rng)
        g = rng.standard_normal(6)
        full, short = lbfgs(S, Y, g, 0.5), lbfgs(S[1:], Y[1:], g, 0.5)
        change.append(np.linalg.norm(full - short) / np.linalg.norm(full))
    yield bound(min(change), 1e-3, "≥", Text("10 sets of pairs", "10 组"))
    yield roundoff(lbfgs(S[1:], Y[1:], Y[-1], 0.5), S[-1], terms=10**5, scale=10.0)


@LBFGS.claim
def linear_work(lbfgs, rng):
    r"""No $n\times n$ matrix is formed: it runs with $n=2\cdot10^5$ variables, whose matrix would fill 320 GB"""
    n = 200_000
    S = np.zeros((2, n))
    S[0, 0], S[1, 1:] = 1.0, 1.0
    # g lies in the span of the two steps, on which the Hessian is twice the identity
    return roundoff(lbfgs(S, 2 * S, np.ones(n), 1.0), np.full(n, 0.5), terms=n, scale=1.0)


@LBFGS.mutant(caught_by="equals-definition, equals-dense-bfgs, newest-secant-equation, a-bad-pair-points-uphill")
def newest_dropped(S, Y, g, gamma):
    """a full memory keeps its oldest pair and drops the newest"""
    return lbfgs(S[:-1], Y[:-1], g, gamma)


@LBFGS.mutant(caught_by="equals-definition, equals-dense-bfgs, newest-secant-equation")
def oldest_first(S, Y, g, gamma):
    """both loops in the other order: the newest pair is taken for the oldest"""
    return lbfgs(S[::-1], Y[::-1], g, gamma)


@LBFGS.mutant(caught_by="equals-definition, equals-dense-bfgs, conjugate-steps-are-all-kept")
def swapped(S, Y, g, gamma):
    """s and y exchanged"""
    return lbfgs(Y, S, g, gamma)


@LBFGS.mutant(caught_by="equals-definition, points-downhill, equals-dense-bfgs")
def one_loop(S, Y, g, gamma):
    """the first loop only"""
    q = g
    for k in reversed(range(len(S))):
        q = q - (S[k] @ q) / (S[k] @ Y[k]) * Y[k]
    return gamma * q


@LBFGS.mutant(caught_by="equals-definition, linear-work, what-was-forgotten-counts")
def newest_only(S, Y, g, gamma):
    """one pair is remembered, however many came"""
    return lbfgs(S[-1:], Y[-1:], g, gamma)


def valley(theta):
    """The chained Rosenbrock function and its gradient."""
    rise, gap = theta[1:] - theta[:-1] ** 2, 1 - theta[:-1]
    g = np.zeros_like(theta)
    g[1:] += 20 * rise
    g[:-1] -= 40 * theta[:-1] * rise + 2 * gap
    return (10 * rise**2 + gap**2).sum(), g


def values(memory, n, most):
    """f after each step of L-BFGS with that memory; 0 is steepest descent."""
    theta = np.where(np.arange(n) % 2 == 0, -1.2, 1.0)
    f, g = valley(theta)
    S, Y, gamma, fs = np.zeros((0, n)), np.zeros((0, n)), 1 / np.linalg.norm(g), [f]
    for _ in range(most):
        found = wolfe_step(valley, theta, f, g, -lbfgs(S, Y, g, gamma)) if f > 1e-20 else None
        if found is None:
            break
        t, f, new = found
        s, y = -t * lbfgs(S, Y, g, gamma), new - g
        S, Y = np.vstack([S, s])[-memory:] if memory else S, np.vstack([Y, y])[-memory:] if memory else Y
        theta, g, gamma = theta + s, new, (s @ y) / (y @ y) if memory else t * gamma
        fs.append(f)
    return np.array(fs)


@LBFGS.figure(
    memory=Slider(1, 30, 5, "pairs remembered, m", integer=True),
    variables=Slider(10, 100, 30, "variables n", integer=True),
)
def figure(memory, variables):
    m, n, most = int(memory), int(variables), 150
    runs = [values(k, n, most) for k in (0, m, most)]
    fig, ax = canvas(width=5.6, height=3.5)
    labels = ("steepest descent", "the last m pairs", "all pairs")
    for f, colour, label, style in zip(runs, (COLOURS[6], COLOURS[1], COLOURS[0]), labels, "--:", strict=False):
        ax.semilogy(np.maximum(f, 1e-20), style if label != labels[1] else "-", color=colour, lw=1.7, label=label)
    ax.set(xlabel="t", ylabel=r"$f(\theta_t)$", xlim=(-2, most + 2), ylim=(1e-20, 1e4))
    ax.legend(fontsize=9.5, loc="lower left")

    def when(f):
        below = np.flatnonzero(f <= 1e-10)
        return (f"{below[0]} steps", f"{below[0]} 步") if below.size else (f"more than {most} steps", f"{most} 步以上")

    few, full = when(runs[1]), when(runs[2])
    words = Text(
        f"The chained Rosenbrock function of {n} variables. To 1e-10, L-BFGS with m = {m} takes {few[0]}, with all pairs "
        f"{full[0]}. Steepest descent with the same search stands at {runs[0][-1]:.1e} after {len(runs[0]) - 1}.",
        f"{n} 个变量的链式 Rosenbrock 函数。降到 1e-10，m = {m} 的 L-BFGS 用 {few[1]}，保存所有对时用 {full[1]}。"
        f"采用同样线搜索的最速下降在 {len(runs[0]) - 1} 步后仍为 {runs[0][-1]:.1e}。",
    )
    return Drawing(fig, words)
