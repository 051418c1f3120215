"""BFGS: the inverse Hessian, learnt from the changes of the gradient."""

import numpy as np

from gradus.concepts.optimization.level_sets import level_sets, path
from gradus.concepts.optimization.wolfe_search import wolfe_step
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, bound, metric, near, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _scipy(BFGS, H, s, y):
    from gradus.page.not_applicable import NotApplicable

    if s @ y <= 1e-8 * (s @ np.linalg.solve(H, s)):
        raise NotApplicable(Text("SciPy skips updates without positive curvature", "没有正曲率时 SciPy 跳过更新"))
    strategy = BFGS(init_scale=1.0)
    strategy.initialize(len(s), "inv_hess")
    strategy.H, strategy.first_iteration = H.copy(), False
    strategy.update(s, y)
    return strategy.get_matrix()


BFGS = Concept(
    key="bfgs",
    kind="algorithm",
    title="BFGS",
    summary="Newton's method without second derivatives: the inverse Hessian is learnt from how the gradient changes along "
    "the steps. Each step adds one condition, that the matrix must map the change of the gradient to the step, and "
    "changes the matrix as little as that allows; near a regular minimum the convergence is superlinear.",
    formulas=(
        r"H_+=(I-\rho\,sy^{\mathsf T})\,H\,(I-\rho\,ys^{\mathsf T})+\rho\,ss^{\mathsf T},\qquad \rho=\frac{1}{s^{\mathsf T}y}",
        r"s=\theta_{t+1}-\theta_t,\qquad y=\nabla f(\theta_{t+1})-\nabla f(\theta_t),\qquad \theta_{t+1}=\theta_t-\alpha_tH\,\nabla f(\theta_t)",
        r"H_+y=s,\qquad H_+=H_+^{\mathsf T},\qquad H_+\succ0\iff s^{\mathsf T}y>0\quad(H\succ0)",
    ),
    symbols=(
        Symbol("H", "H", "n n", "inverse Hessian as far as it is known, symmetric", "other"),
        Symbol("s", "s", "n", "the step", "other"),
        Symbol("y", "y", "n", "the change of the gradient over the step", "other"),
        Symbol("H_+", "", "n n", "inverse Hessian after the step"),
        Symbol(r"\rho", "", "", r"the inverse of $s^{\mathsf T}y$"),
        Symbol("I", "", "n n", "identity"),
        Symbol(r"\theta_t", "", "n", "iterate"),
        Symbol(r"\nabla f", "", "", "gradient of the function to be minimised"),
        Symbol(r"\alpha_t", "", "", "step length, from a line search"),
    ),
    needs=("hessian", "gradient-descent"),
    source="fletcher1970new",
    year=1970,
    people=("Charles George Broyden", "Roger Fletcher", "Donald Goldfarb", "David Shanno"),
    aliases="Broyden–Fletcher–Goldfarb–Shanno, quasi-Newton, variable metric method, secant equation, BFGS 算法, 拟牛顿法, "
    "变尺度法, 割线方程",
    implementations=(
        Implementation("gradus.optimization.minimize.bfgs:bfgs_update", "torch"),
        Implementation("scipy.optimize:BFGS", "numpy", _scipy, "a strategy of its trust-region methods"),
    ),
    readings="nocedal2006numerical §6.1; dennis1977quasi; more1981testing",
    hypotheses=(
        Hypothesis(
            r"positive definite: $s^{\mathsf T}y>0$, as the curvature condition of a line search ensures",
            "curvature-decides",
        ),
        Hypothesis(
            r"the inverse Hessian after n steps: $f$ is quadratic with a positive definite Hessian, each step goes to the minimum along "
            "its direction, and the minimum of $f$ is not reached before",
            "short-steps-do-not-end",
        ),
        Hypothesis(
            "superlinear, with steps $\\alpha_t=1$: the Hessian is Lipschitz, at the minimum positive definite; the start is near, "
            "and the first $H$ not too large",
            "linear-on-a-quartic",
        ),
    ),
    conventions=(
        Convention(
            "which matrix is learnt",
            "the inverse Hessian: the direction is a product",
            "the Hessian, in trust-region codes: the same step, with $H_+$ inverted; this formula with $s$ and $y$ exchanged, applied to the Hessian, is DFP's",
        ),
        Convention(
            "the first matrix",
            r"Gradus's `minimize` multiplies the identity by $s^{\mathsf T}y/y^{\mathsf T}y$ before the first update",
            "SciPy's `minimize` keeps the identity",
        ),
        Convention(
            "the memory",
            "a whole matrix",
            "`torch.optim.LBFGS` and SciPy's L-BFGS-B hold the last pairs only: PyTorch has no BFGS",
        ),
    ),
    unverified="For smooth convex functions with bounded level sets BFGS with a Wolfe line search converges from every start (Powell 1976); for others there are "
    "counterexamples (Dai 2002).",
    differentiable=False,
)


@BFGS.definition
def bfgs(H, s, y):
    rho = 1 / (s @ y)
    V = np.eye(len(s)) - rho * np.outer(y, s)
    return V.T @ H @ V + rho * np.outer(s, s)  # (n, n)


@BFGS.example
def example():
    A, theta0 = np.diag([1.0, 4.0]), np.array([4.0, 1.0])
    theta, H, shown = theta0, np.eye(2), dict(A=A, theta0=theta0)
    for k in range(2):
        g = A @ theta
        d = -H @ g
        alpha = -(g @ d) / (d @ A @ d)
        s, y = alpha * d, alpha * A @ d
        before, theta, H = H, theta + s, bfgs(H, s, y)
        if k == 0:
            shown |= dict(H=before, s=s, y=y)
        shown |= {f"g{k}": g, f"alpha{k}": alpha, f"s{k}": s, f"y{k}": y, f"theta{k + 1}": theta, f"H{k + 1}": H}
        shown |= {f"sy{k}": s @ y, f"d{k}": d}
    # the two exact steps end at the minimum up to rounding, which is not shown
    rounded = {name: np.round(shown[name], 12) + 0.0 for name in ("theta2", "H2")}
    return shown | rounded | dict(inverse=np.linalg.inv(A))


@BFGS.exercise
def one_number():
    H = bfgs(np.array([[1.0]]), np.array([0.5]), np.array([2.0]))
    return number(H[0, 0], hessian=4.0, unchanged=1.0)


@BFGS.exercise
def second_column():
    s, y = np.array([1.0, 0.0]), np.array([2.0, 1.0])
    swapped = bfgs(np.eye(2), y, s)
    return array(bfgs(np.eye(2), s, y) @ y, swapped=swapped @ y, as_before=y)


@BFGS.exercise
def which_search():
    s, y = np.array([1.0, 0.0]), np.array([-0.5, 1.0])
    definite = np.linalg.eigvalsh(bfgs(np.eye(2), s, y))[0] > 0
    return choice(decrease=definite, curvature=not definite, neither=False)


def definite(n, rng, low=0.1, high=10.0):
    Q, _ = np.linalg.qr(rng.standard_normal((n, n)))
    A = (Q * np.geomspace(low, high, n)) @ Q.T
    return (A + A.T) / 2


@BFGS.cases
def cases(rng):
    H = definite(4, rng)
    s = rng.standard_normal(4)
    yield "a step on a quadratic", dict(H=H, s=s, y=definite(4, rng) @ s)
    yield "from the identity", dict(H=np.eye(3), s=np.array([1.0, 2.0, -1.0]), y=np.array([2.0, 1.0, -3.0]))
    s = rng.standard_normal(60)
    yield "many variables", dict(H=definite(60, rng), s=s, y=definite(60, rng, 0.5, 2.0) @ s)
    yield "one variable", dict(H=np.array([[0.5]]), s=np.array([-0.25]), y=np.array([-1.0]))
    yield "already right", dict(H=np.diag([1.0, 0.5]), s=np.array([1.0, 1.0]), y=np.array([1.0, 2.0]))
    yield "negative curvature", dict(H=np.eye(2), s=np.array([1.0, 0.5]), y=np.array([-1.0, 0.25]))
    yield "tiny steps", dict(H=np.eye(3), s=1e-6 * np.array([1.0, -2.0, 0.5]), y=1e-6 * np.array([3.0, -1.0, 2.0]))


@BFGS.invalid
def invalid(rng):
    yield "a change of another length", dict(H=np.eye(3), s=np.ones(3), y=np.ones(2))


def pairs(n, rng, count=20):
    """Matrices, steps and changes of gradients of quadratics."""
    for _ in range(count):
        s = rng.standard_normal(n)
        yield definite(n, rng), s, definite(n, rng) @ s


@BFGS.claim
def secant_equation(bfgs, rng):
    r"""The new matrix maps the change of the gradient to the step, $H_+y=s$, and is symmetric"""
    got, want, turned = [], [], []
    for H, s, y in pairs(5, rng):
        new = bfgs(H, s, y)
        got.append(new @ y)
        want.append(s)
        turned.append(new - new.T)
    yield roundoff(got, want, terms=2000, scale=10.0)
    yield roundoff(turned, np.zeros((20, 5, 5)), terms=2000, scale=10.0)


@BFGS.claim
def curvature_decides(bfgs, rng):
    r"""From a positive definite $H$, $H_+$ is positive definite if $s^{\mathsf T}y>0$, and never if $s^{\mathsf T}y<0$"""
    kept, lost = [], []
    for H, s, y in pairs(4, rng):
        y = y + rng.standard_normal(4)
        y = y if s @ y > 0.1 else y + (0.5 - s @ y) * s / (s @ s)
        kept.append(np.linalg.eigvalsh(bfgs(H, s, y))[0])
        lost.append(np.linalg.eigvalsh(bfgs(H, s, -y))[0])
    yield bound(min(kept), 0.0, "≥", Text("the smallest eigenvalue, sᵀy > 0", "最小特征值，sᵀy > 0"))
    yield bound(max(lost), 0.0, "≤", Text("the smallest eigenvalue, sᵀy < 0", "最小特征值，sᵀy < 0"))


@BFGS.claim
def inverse_of_the_direct_update(bfgs, rng):
    r"""It is the inverse of $B-\frac{Bss^{\mathsf T}B}{s^{\mathsf T}Bs}+\frac{yy^{\mathsf T}}{s^{\mathsf T}y}$, the update of $B=H^{-1}$"""
    got, want = [], []
    for H, s, y in pairs(4, rng):
        B = np.linalg.inv(H)
        direct = B - np.outer(B @ s, B @ s) / (s @ B @ s) + np.outer(y, y) / (s @ y)
        got.append(bfgs(H, s, y) @ direct)
        want.append(np.eye(4))
    return roundoff(got, want, terms=5000, scale=100.0)


@BFGS.claim
def least_change(bfgs, rng):
    r"""Of all symmetric matrices with $H_+y=s$ none is nearer to $H$ in the norm $\lVert W^{1/2}(H_+-H)W^{1/2}\rVert_F$, for a
    positive definite $W$ with $Ws=y$"""
    excess = []
    for _ in range(20):
        W, H, s = definite(4, rng), definite(4, rng), rng.standard_normal(4)
        y = W @ s
        new, P = bfgs(H, s, y), np.eye(4) - np.outer(y, y) / (y @ y)

        def change(M, H=H, W=W):
            return np.sqrt(np.trace(W @ (M - H) @ W @ (M - H)))

        for size in (1e-2, 1.0):
            E = rng.standard_normal((4, 4))
            other = new + size * P @ (E + E.T) @ P  # symmetric, and maps y to the same vector
            excess.append((change(other) ** 2 - change(new) ** 2) / change(other - new + H) ** 2)
    # Pythagoras: the squares differ by the square of the distance
    return near(
        float(np.ptp(excess)) + abs(excess[0] - 1), 0.0, 1e-6, Text("Pythagoras, to rounding", "勾股定理，至舍入误差")
    )


def exactly(bfgs, A, theta, steps, share=1.0):
    """Steps to the minimum along each direction, or to a share of the way, on ½θᵀAθ: the last matrix and point."""
    H = np.eye(len(theta))
    for _ in range(steps):
        g = A @ theta
        d = -H @ g
        s = -share * (g @ d) / (d @ A @ d) * d
        theta, H = theta + s, bfgs(H, s, A @ s)
    return H, theta


@BFGS.claim
def newton_after_n_steps(bfgs, rng):
    r"""On a quadratic in $n$ variables with a positive definite Hessian $A$, exact line searches reach the minimum in at most $n$ steps; where it
    takes all $n$, $H=A^{-1}$ at the end. From an eigenvector one step does, and $H$ has learnt nothing of the rest"""
    for n in (2, 4, 6):
        A, theta = definite(n, rng, 1.0, 10.0), rng.standard_normal(n)
        H, last = exactly(bfgs, A, theta, n)
        yield roundoff(H @ A, np.eye(n), terms=10**7, scale=1.0)
        yield roundoff(last, np.zeros(n), terms=10**5, scale=1.0)
    A = np.diag([2.0, 4.0])
    H, last = exactly(bfgs, A, np.array([1.0, 0.0]), 1)
    yield roundoff(last, np.zeros(2), terms=10)
    why = Text(
        "‖HA − I‖ after the one step from (1, 0) for A = diag(2, 4)", "A = diag(2, 4)，从 (1, 0) 走一步之后的 ‖HA − I‖"
    )
    yield bound(np.linalg.norm(H @ A - np.eye(2)), 1.0, "≥", why)


@BFGS.claim
def short_steps_do_not_end(bfgs, rng):
    r"""With steps of half the way to the minimum along each direction, from random starts on quadratics in 4 variables with $\kappa=10$, 4 steps
    leave $\lVert HA-I\rVert_F\ge0.01$"""
    left = []
    for _ in range(10):
        A = definite(4, rng, 1.0, 10.0)
        H, _theta = exactly(bfgs, A, rng.standard_normal(4), 4, 0.5)
        left.append(np.linalg.norm(H @ A - np.eye(4)))
    return bound(
        min(left), 0.01, "≥", Text("10 quadratics; exact steps leave rounding", "10 个二次函数；精确步只剩舍入误差")
    )


def unit_steps(bfgs, gradient, theta, H, most=60, least=1e-13):
    """The distances to the minimum at 0 of steps −H∇f."""
    g, distance = gradient(theta), [np.linalg.norm(theta)]
    while len(distance) <= most and distance[-1] > least:
        s = -H @ g
        new = gradient(theta + s)
        theta, H, g = theta + s, bfgs(H, s, new - g), new
        distance.append(np.linalg.norm(theta))
    return np.array(distance)


@BFGS.claim
def golden_order_in_one_dimension(bfgs, rng):
    r"""In one dimension, with steps $\alpha=1$, it is the secant method: at a minimum with $f''>0$ and $f'''\ne0$ the order is
    $\frac{1+\sqrt5}{2}=1.618$; at that of $\cosh$, where $f'''=0$, it is 2"""
    e = unit_steps(bfgs, lambda t: np.exp(t) - 1, np.array([1.0]), np.array([[np.exp(-1.0)]]))
    log = np.log(e[3:8])
    orders = (log[2:] - log[1:-1]) / (log[1:-1] - log[:-2])
    why = Text("the next term of the expansion, from errors of 1e-5 on", "误差小于 1e-5 后展开式的下一项")
    yield near(orders[-1], (1 + np.sqrt(5)) / 2, 0.02, why, "rate")
    e = np.log(unit_steps(bfgs, np.sinh, np.array([1.0]), np.array([[np.exp(-1.0)]]))[4:7])
    yield near((e[2] - e[1]) / (e[1] - e[0]), 2, 0.05, why, "rate")


@BFGS.claim
def superlinear(bfgs, rng):
    r"""Near a minimum with a positive definite, Lipschitz Hessian, from a first $H$ of $\tfrac1{31}I$, where 31 is the largest curvature there, steps
    $\alpha=1$ converge superlinearly: over the last $n$ steps the distance shrinks to less than a thousandth, where gradient descent at its
    best step has the factor $(\kappa-1)/(\kappa+1)=0.88$ a step"""
    last = []
    for _ in range(10):
        A = definite(4, rng, 1.0, 30.0)
        e = unit_steps(bfgs, lambda t, A=A: A @ t + np.sinh(t), 0.2 * rng.standard_normal(4), np.eye(4) / 31)
        last.append(e[-1] / e[-5] if e[-1] < 1e-9 else np.inf)
    return bound(max(last), 1e-3, "≤", Text("10 functions of 4 variables, κ about 16", "10 个四元函数，κ 约为 16"))


@BFGS.claim
def linear_on_a_quartic(bfgs, rng):
    r"""At the minimum of $\theta^4$, where the Hessian vanishes, steps $\alpha=1$ converge linearly only: the factor is the root 0.7549 of
    $r^3+r^2=1$"""
    e = unit_steps(bfgs, lambda t: 4 * t**3, np.array([1.0]), np.array([[1 / 12]]), most=60)
    root = np.roots([1, 1, 0, -1]).real.max()
    return near(
        e[60] / e[59], root, 1e-6, Text("the transient has died out after 60 steps", "60 步后过渡项已消失"), "rate"
    )


@BFGS.claim
def affine_invariance(bfgs, rng):
    r"""Under a change of variables $\theta=T\phi$ it does the same: $H_+$ of $T^{-1}HT^{-\mathsf T}$, $T^{-1}s$, $T^{\mathsf T}y$ is
    $T^{-1}H_+T^{-\mathsf T}$"""
    got, want = [], []
    for H, s, y in pairs(4, rng):
        T = definite(4, rng, 0.5, 4.0) + np.triu(rng.standard_normal((4, 4)), 1) / 4
        inverse = np.linalg.inv(T)
        got.append(bfgs(inverse @ H @ inverse.T, inverse @ s, T.T @ y))
        want.append(inverse @ bfgs(H, s, y) @ inverse.T)
    return roundoff(got, want, terms=10**5, scale=10.0)


def minimum(bfgs, both, theta, most=400):
    """The lowest value that BFGS reaches with that search, its first step no longer than 1."""
    f, g = both(theta)
    H = np.eye(len(theta)) / max(1.0, np.abs(g).max())
    for k in range(most):
        if np.abs(g).max() <= 1e-8:
            break
        found = wolfe_step(both, theta, f, g, -H @ g) if g @ H @ g > 0 else None
        if found is None:
            break
        t, value, new = found
        s, y = -t * H @ g, new - g
        if s @ y <= 1e-300:
            break
        H = np.eye(len(theta)) * (s @ y) / (y @ y) if k == 0 else H
        theta, H, f, g = theta + s, bfgs(H, s, y), value, new
    return f


@BFGS.claim(cost="slow")
def more_garbow_hillstrom(bfgs, rng):
    r"""With a line search to the Wolfe conditions it ends at a published minimum of at least 30 of the 35 problems of Moré, Garbow
    and Hillstrom, from the standard starts"""
    import torch

    from gradus.optimization import mgh_problems

    solved = 0
    for problem in mgh_problems():

        def both(theta, problem=problem):
            x = torch.tensor(theta, requires_grad=True)
            value = problem(x)
            return value.item(), torch.autograd.grad(value, x)[0].numpy()

        solved += problem.solved(minimum(bfgs, both, problem.start().numpy()))
    return metric(solved, 30, "≥", Text("of 35, to five digits", "35 题中，精确到五位"))


@BFGS.mutant(
    caught_by="equals-definition, secant-equation, newton-after-n-steps, superlinear, affine-invariance, golden-order-in-one-dimension, linear-on-a-quartic, more-garbow-hillstrom"
)
def swapped(H, s, y):
    """s and y exchanged: DFP's update of the Hessian, sold as one of its inverse"""
    return bfgs(H, y, s)


@BFGS.mutant(caught_by="equals-definition, inverse-of-the-direct-update, least-change")
def dfp(H, s, y):
    """the update of Davidon, Fletcher and Powell"""
    Hy = H @ y
    return H - np.outer(Hy, Hy) / (y @ Hy) + np.outer(s, s) / (s @ y)


@BFGS.mutant(caught_by="equals-definition, curvature-decides, short-steps-do-not-end")
def rank_one(H, s, y):
    """symmetric rank one: the secant equation without definiteness"""
    r = s - H @ y
    size = r @ y
    return H + np.outer(r, r) / size if abs(size) > EPSILON * (r @ r) else H.copy()


@BFGS.mutant(caught_by="equals-definition, secant-equation, newton-after-n-steps")
def without_the_step(H, s, y):
    """ρssᵀ forgotten: nothing is known along the step"""
    rho = 1 / (s @ y)
    V = np.eye(len(s)) - rho * np.outer(y, s)
    return V.T @ H @ V


@BFGS.mutant(caught_by="equals-definition, secant-equation, curvature-decides")
def one_side(H, s, y):
    """the factor on one side only: no longer symmetric"""
    rho = 1 / (s @ y)
    return (np.eye(len(s)) - rho * np.outer(s, y)) @ H + rho * np.outer(s, s)


def walk(both, theta, steps, learns):
    """Points of BFGS, or of steepest descent, with the same line search, and the last matrix."""
    points, H = [theta], np.eye(2) / 10
    f, g = both(theta)
    for _ in range(steps):
        d = -(H @ g if learns else g / 10)
        found = wolfe_step(both, theta, f, g, d) if np.abs(g).max() > 1e-12 else None
        if found is None:
            break
        t, f, new = found
        H = bfgs(H, t * d, new - g) if learns else H
        theta, g = theta + t * d, new
        points.append(theta)
    return np.array(points), H


def ellipse(B, centre, size):
    """The points at which (x − centre)ᵀB(x − centre) = size²."""
    angle = np.linspace(0, 2 * np.pi, 121)
    half = np.linalg.inv(np.linalg.cholesky(B)).T
    return centre[:, None] + size * half @ np.array([np.cos(angle), np.sin(angle)])


@BFGS.figure(
    steps=Slider(1, 16, 5, "steps", integer=True),
    condition=Slider(2, 100, 30, "condition number κ", log=True),
    turn=Slider(0, 90, 35, "turn of the valley, in degrees"),
)
def figure(steps, condition, turn):
    steps, angle = int(steps), np.radians(turn)
    Q = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    A = (Q * np.array([1.0, condition])) @ Q.T

    def value(x, y):
        return (A[0, 0] * x * x + 2 * A[0, 1] * x * y + A[1, 1] * y * y) / 2 + (x**4 + y**4) / 20

    def both(theta):
        return value(*theta), A @ theta + theta**3 / 5

    start = Q @ np.array([-2.2, 0.8])
    points, H = walk(both, start, steps, True)
    plain, _ = walk(both, start, steps, False)
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.5)
    level_sets(left, value, (-2.9, 2.9), (-2.9, 2.9))
    path(left, plain, COLOURS[6], "descent", width=0.8)
    path(left, points, COLOURS[1], "quasi-Newton")
    at = points[-1]
    true, learnt = A + np.diag(0.6 * at**2), np.linalg.inv(H)
    left.plot(*ellipse(true, at, 0.8), "--", color="0.25", lw=1.2, label="true curvature")
    left.plot(*ellipse(learnt, at, 0.8), "-", color=COLOURS[1], lw=1.2, label="learnt curvature")
    left.set(aspect="equal")
    left.legend(fontsize=9, loc="upper left")
    runs = [walk(both, start, 16, learns)[0] for learns in (True, False)]
    far = [np.maximum(np.linalg.norm(run, axis=1), 1e-16) for run in runs]
    right.semilogy(far[1], color=COLOURS[6], lw=1.4)
    right.semilogy(far[0], color=COLOURS[1], lw=1.6)
    right.semilogy(len(points) - 1, far[0][len(points) - 1], "o", color=COLOURS[1], ms=6)
    right.set(xlabel="t", ylabel=r"$\|\theta_t\|$", xlim=(-0.5, 16.5), ylim=(1e-16, 10))
    off = np.linalg.norm(H - np.linalg.inv(true))
    words = Text(
        f"κ = {condition:.3g}. After {len(points) - 1} steps BFGS is {np.linalg.norm(at):.1e} from the minimum, descent with the same line "
        f"search {np.linalg.norm(plain[-1]):.1e}; the learnt matrix differs from the true inverse Hessian by {off:.1e}.",
        f"κ = {condition:.3g}。{len(points) - 1} 步之后，BFGS 距极小点 {np.linalg.norm(at):.1e}，用同样线搜索的梯度下降为 "
        f"{np.linalg.norm(plain[-1]):.1e}；学到的矩阵与真实黑塞矩阵的逆相差 {off:.1e}。",
    )
    return Drawing(fig, words)
