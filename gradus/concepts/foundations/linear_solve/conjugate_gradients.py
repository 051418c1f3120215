"""Conjugate gradients: a linear system by matrix–vector products alone."""

import numpy as np

from gradus.concepts.foundations.linear_solve.matrices import positive_definite, with_spectrum
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, all_of, bound, identical, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _scipy(cg, A, b, steps):
    path = [np.zeros(len(b))]
    cg(A, b, rtol=0.0, atol=1e-300, maxiter=steps, callback=lambda x: path.append(x.copy()))
    return np.stack(path + [path[-1]] * (steps + 1 - len(path)))  # it stops at an exact solution


CONJUGATE_GRADIENTS = Concept(
    key="conjugate-gradients",
    kind="algorithm",
    title="Conjugate gradients",
    summary="Solves $Ax=b$ for a positive definite A that is known only by its products with vectors. Each step "
    r"minimises $\frac12x^{\mathsf T}Ax-b^{\mathsf T}x$ over all directions used so far at the price of one product. "
    r"The steps needed grow at most like $\sqrt\kappa$, those of gradient descent like κ; without rounding it ends after "
    "at most as many as A has distinct eigenvalues.",
    formulas=(
        r"r_0=p_0=b,\quad x_0=0;\qquad \alpha_k=\frac{r_k^{\mathsf T}r_k}{p_k^{\mathsf T}Ap_k},\quad x_{k+1}=x_k+\alpha_kp_k,\quad r_{k+1}=r_k-\alpha_kAp_k",
        r"\beta_k=\frac{r_{k+1}^{\mathsf T}r_{k+1}}{r_k^{\mathsf T}r_k},\qquad p_{k+1}=r_{k+1}+\beta_kp_k",
        r"\lVert x_k-x\rVert_A\le2\left(\frac{\sqrt\kappa-1}{\sqrt\kappa+1}\right)^{k}\lVert x_0-x\rVert_A,\qquad \lVert v\rVert_A=\sqrt{v^{\mathsf T}Av}",
    ),
    symbols=(
        Symbol("A", "A", "n n", "symmetric positive definite matrix"),
        Symbol("b", "b", "n", "right side"),
        Symbol("k", "steps", "", "number of steps", "natural"),
        Symbol("x", "", "n", "the solution"),
        Symbol("x_k", "", "k n", "iterates; all are returned, the start 0 first"),
        Symbol("r_k", "", "n", "residual $b-Ax_k$"),
        Symbol("p_k", "", "n", "direction, A-orthogonal to those before"),
        Symbol(r"\alpha_k", "", "", "step size"),
        Symbol(r"\beta_k", "", "", "share of the old direction"),
        Symbol(r"\kappa", "", "", "largest over smallest eigenvalue"),
    ),
    needs=("linear-solve", "inner-product", "gradient"),
    source="hestenes1952methods",
    year=1952,
    people=("Magnus Hestenes", "Eduard Stiefel", "Cornelius Lanczos"),
    aliases="CG, conjugate gradient method, Krylov method, Hestenes-Stiefel, 共轭梯度, CG 法, Krylov 子空间法",
    implementations=(
        Implementation(
            "scipy.sparse.linalg:cg", "numpy", _scipy, "also for sparse matrices and operators; `M` preconditions"
        ),
    ),
    readings="hestenes1952methods; trefethen1997numerical lecture 38; golub2013matrix §11.3; nocedal2006numerical §5.1",
    hypotheses=(
        Hypothesis("A is symmetric positive definite", "steps-have-no-bound-where-a-is-indefinite"),
        Hypothesis(
            "For an end after exactly as many steps as A has distinct eigenvalues: b has a part in each of its eigenspaces",
            "fewer-steps-for-fewer-parts",
        ),
    ),
    deviations=(
        r"SciPy stops when $\lVert r\rVert<\max(\mathtt{rtol}\lVert b\rVert,\mathtt{atol})$ with rtol = 1e-5 unless "
        "told; here the number of steps is given.",
        "In floating point the directions lose their A-orthogonality, and an ill-conditioned system takes more than "
        "n steps.",
    ),
)


@CONJUGATE_GRADIENTS.definition
def conjugate_gradients(A, b, steps):
    x, r, p = np.zeros(len(b)), b, b
    path = [x]
    for _ in range(steps):
        if r @ r > 0:
            alpha = (r @ r) / (p @ A @ p)
            x, old, r = x + alpha * p, r, r - alpha * (A @ p)
            p = r + (r @ r) / (old @ old) * p
        path.append(x)
    return np.stack(path)


@CONJUGATE_GRADIENTS.example
def example():
    A, b, steps = np.array([[4.0, 1.0], [1.0, 3.0]]), np.array([1.0, 2.0]), 2
    path = conjugate_gradients(A, b, steps)
    r = b - path @ A
    Ab, alpha = A @ b, (b @ b) / (b @ A @ b)
    beta = (r[1] @ r[1]) / (r[0] @ r[0])
    p = r[1] + beta * b
    descent = path[1] + (r[1] @ r[1]) / (r[1] @ A @ r[1]) * r[1]
    kappa = np.linalg.cond(A)
    errors = energy_errors(A, path, path[2])
    return (
        dict(A=A, b=b, steps=steps, rr=b @ b, Ab=Ab, bAb=b @ Ab, alpha=alpha, x1=path[1], r1=r[1])
        | dict(r1r1=r[1] @ r[1], beta=beta, p=p, Ap=A @ p, pAp=p @ A @ p, conjugate=b @ A @ p)
        | dict(alpha2=(r[1] @ r[1]) / (p @ A @ p), x2=path[2], r0r1=b @ r[1], descent=descent)
        | dict(descent_rest=b - A @ descent, kappa=kappa, error=errors[1] / errors[0])
        | dict(limit=2 * (np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1))
    )


@CONJUGATE_GRADIENTS.exercise
def three_eigenvalues():
    lam = np.array([2.0, 2.0, 5.0, 5.0, 5.0, 9.0])
    x = np.ones(6)
    errors = energy_errors(np.diag(lam), conjugate_gradients(np.diag(lam), lam * x, 6), x)
    return number(int(np.argmax(errors < 1e-10)), dimension=len(lam), repeated_ones_alone=2)


@CONJUGATE_GRADIENTS.exercise
def steps_for_six_digits():
    kappa = 1e4

    def steps(ratio):
        return np.ceil(np.log(2e6) / np.log((ratio + 1) / (ratio - 1)))

    return number(steps(np.sqrt(kappa)), 0.02, kappa_not_rooted=steps(kappa), root_alone=np.sqrt(kappa))


@CONJUGATE_GRADIENTS.exercise
def damping():
    lam, x = np.geomspace(1e-3, 1, 60), np.ones(60)

    def needed(lam):
        errors = energy_errors(np.diag(lam), conjugate_gradients(np.diag(lam), lam * x, 120), x)
        return int(np.argmax(errors <= 1e-6 * errors[0]))

    before, after = needed(lam), needed(lam + 0.1)
    return choice(fewer=after < before, as_many=after == before, more=after > before)


@CONJUGATE_GRADIENTS.cases
def cases(rng):
    yield "random", dict(A=positive_definite(rng, 5), b=rng.standard_normal(5), steps=3)
    yield (
        "as many steps as unknowns",
        dict(A=with_spectrum(rng, np.linspace(1, 4, 4)), b=rng.standard_normal(4), steps=4),
    )
    yield "one unknown", dict(A=np.array([[2.0]]), b=np.array([3.0]), steps=1)
    yield "start is the solution", dict(A=np.eye(3), b=np.zeros(3), steps=2)
    yield "no step", dict(A=np.eye(2), b=np.ones(2), steps=0)


@CONJUGATE_GRADIENTS.invalid
def invalid(rng):
    yield "right side of another length", dict(A=np.eye(3), b=np.ones(4), steps=1)
    yield "matrix that is not square", dict(A=np.ones((3, 2)), b=np.ones(3), steps=1)


def energy_errors(A, path, x):
    e = path - x
    return np.sqrt(np.maximum(np.einsum("ki,ij,kj->k", e, A, e), 0))


@CONJUGATE_GRADIENTS.claim
def error_within_the_bound(cg, rng):
    r"""$\lVert x_k-x\rVert_A\le2\left(\frac{\sqrt\kappa-1}{\sqrt\kappa+1}\right)^k\lVert
    x\rVert_A$ for $\kappa=10,100,1000$ and $k\le40$"""
    for kappa in (10.0, 100.0, 1000.0):
        A = with_spectrum(rng, np.linspace(1, kappa, 60))
        x = rng.standard_normal(60)
        errors = energy_errors(A, cg(A, A @ x, 40), x)
        rate = (np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)
        limit = 2 * rate ** np.arange(41) * errors[0] + 60 * EPSILON * kappa * errors[0]
        worst = 1 + int(np.argmax((errors / limit)[1:]))
        why = Text(f"Chebyshev's bound at step {worst}, κ={kappa:g}", f"第 {worst} 步的切比雪夫界，κ={kappa:g}")
        yield bound(errors[worst], limit[worst], "≤", why)


@CONJUGATE_GRADIENTS.claim
def ends_after_distinct_eigenvalues(cg, rng):
    """Ends after as many steps as there are distinct eigenvalues in whose spaces b has a part, and not before: 3 of them
    in 30 dimensions"""
    A = with_spectrum(rng, np.repeat([1.0, 3.0, 10.0], 10))
    x = rng.standard_normal(30)
    errors = energy_errors(A, cg(A, A @ x, 3), x) / np.sqrt(x @ A @ x)
    why = Text("c·n·ε·κ with c=8", "c·n·ε·κ，c=8")
    left = Text("one eigenvalue is not yet met", "尚有一个特征值未被处理")
    return all_of(bound(errors[2], 1e-3, "≥", left), near(errors[3], 0.0, 8 * 30 * EPSILON * 10, why, "roundoff"))


@CONJUGATE_GRADIENTS.claim
def fewer_steps_for_fewer_parts(cg, rng):
    r"""Where b is an eigenvector one step is enough: $\operatorname{diag}(1,2,4)$ and $b=e_2$; where it is the sum of two,
    two"""
    A = np.diag([1.0, 2.0, 4.0])
    yield identical(cg(A, np.array([0.0, 1.0, 0.0]), 1)[-1], np.array([0.0, 0.5, 0.0]))
    path = cg(A, np.array([1.0, 0.0, 1.0]), 2)
    yield roundoff(path[-1], np.array([1.0, 0.0, 0.25]), terms=12, scale=4.0)
    yield bound(np.abs(path[1] - [1.0, 0.0, 0.25]).max(), 0.1, "≥", Text("one step is not enough", "一步不够"))


@CONJUGATE_GRADIENTS.claim
def steps_have_no_bound_where_a_is_indefinite(cg, rng):
    r"""Where A is indefinite a step may be as long as it likes: for $\operatorname{diag}(1,-1+\delta)$ and $b=(1,1)$ the
    first goes $\frac2\delta$ along both axes, while the solution has entries near 1 and −1; at $\delta=0$ it divides by 0"""
    for delta in (2.0**-4, 2.0**-8, 2.0**-12):
        path = cg(np.diag([1.0, delta - 1]), np.ones(2), 2)
        yield roundoff(path[1], np.full(2, 2 / delta), terms=4)
        solution = np.array([1.0, 1 / (delta - 1)])  # what the second step comes back to, less the digits of the detour
        yield roundoff(path[2], solution, terms=4, scale=(2 / delta) ** 2)


@CONJUGATE_GRADIENTS.claim
def best_in_the_krylov_space(cg, rng):
    r"""$x_k$ is the best in the Krylov space of $b,Ab,\dots,A^{k-1}b$: equal to the projection, solved densely"""
    A, b = with_spectrum(rng, np.linspace(1, 20, 12)), rng.standard_normal(12)
    path, basis = cg(A, b, 6), b[:, None] / np.linalg.norm(b)
    for k in range(1, 7):
        want = basis @ np.linalg.solve(basis.T @ A @ basis, basis.T @ b)
        yield roundoff(path[k], want, terms=12 * k, scale=20 * float(np.linalg.norm(want)))
        basis = np.linalg.qr(np.column_stack([basis, A @ basis[:, -1]]))[0]


@CONJUGATE_GRADIENTS.claim
def residuals_and_directions_are_orthogonal(cg, rng):
    r"""Residuals are orthogonal, $r_i^{\mathsf T}r_j=0$, steps A-orthogonal,
    $(x_{i+1}-x_i)^{\mathsf T}A(x_{j+1}-x_j)=0$"""
    A, b = with_spectrum(rng, np.linspace(1, 5, 8)), rng.standard_normal(8)
    path = cg(A, b, 5)
    r, d = b - path @ A, np.diff(path, axis=0)
    residuals, steps = r @ r.T, d @ A @ d.T
    off = [M - np.diag(np.diag(M)) for M in (residuals, steps)]
    zero = [np.zeros_like(M) for M in off]
    yield roundoff(off[0], zero[0], terms=40, scale=5 * float(residuals.max()))
    yield roundoff(off[1], zero[1], terms=40, scale=5 * float(steps.max()))


@CONJUGATE_GRADIENTS.claim
def fewer_steps_than_descent(cg, rng):
    r"""Beats gradient descent with its best constant step: for 50 eigenvalues evenly spread from 1 to 400 and a random
    solution it needs fewer than a tenth of its steps for an error of $10^{-6}$"""
    kappa = 400.0
    A = np.diag(np.linspace(1, kappa, 50))
    x = rng.standard_normal(50)
    errors = energy_errors(A, cg(A, A @ x, 200), x)
    needed = int(np.argmax(errors <= 1e-6 * errors[0])) if (errors <= 1e-6 * errors[0]).any() else 10**6
    # with the best constant step 2/(λ₁+λₙ) the error in eigendirection i shrinks by 1 − 2λ_i/(λ₁+λₙ)
    lam, k = np.diag(A), 0
    shrink = np.abs(1 - 2 * lam / (1 + kappa))
    while np.sqrt((lam * (shrink**k * x) ** 2).sum()) > 1e-6 * errors[0]:
        k += 10
    return bound(needed, k / 10, "≤", Text(f"a tenth of the {k} steps of descent", f"梯度下降 {k} 步的十分之一"))


@CONJUGATE_GRADIENTS.mutant(
    caught_by="equals-definition, error-within-the-bound, ends-after-distinct-eigenvalues, best-in-the-krylov-space, "
    "fewer-steps-for-fewer-parts, steps-have-no-bound-where-a-is-indefinite"
)
def beta_inverted(A, b, steps):
    """β inverted"""
    return _with_beta(A, b, steps, lambda new, old: (old @ old) / (new @ new))


@CONJUGATE_GRADIENTS.mutant(
    caught_by="ends-after-distinct-eigenvalues, best-in-the-krylov-space, residuals-and-directions-are-orthogonal, "
    "fewer-steps-than-descent, error-within-the-bound"
)
def steepest_descent(A, b, steps):
    """β = 0: steepest descent"""
    return _with_beta(A, b, steps, lambda new, old: 0.0)


@CONJUGATE_GRADIENTS.mutant(
    caught_by="equals-definition, residuals-and-directions-are-orthogonal, best-in-the-krylov-space"
)
def beta_of_the_wrong_sign(A, b, steps):
    """β with the wrong sign"""
    return _with_beta(A, b, steps, lambda new, old: -(new @ new) / (old @ old))


def _with_beta(A, b, steps, beta):
    x, r, p = np.zeros(len(b)), b, b
    path = [x]
    with np.errstate(all="ignore"):
        for _ in range(steps):
            if 0 < r @ r < 1e200:
                alpha = (r @ r) / (p @ A @ p)
                x, old, r = x + alpha * p, r, r - alpha * A @ p
                p = r + beta(r, old) * p
            path.append(x)
    return np.stack(path)


@CONJUGATE_GRADIENTS.figure(
    kappa=Slider(2, 10_000, 100, "condition number κ", log=True),
    distinct=Slider(2, 60, 60, "distinct eigenvalues", integer=True),
)
def figure(kappa, distinct):
    rng, distinct, n, steps = np.random.default_rng(2), int(distinct), 60, 60
    lam = np.linspace(1, kappa, distinct)[np.arange(n) % distinct]
    x = rng.standard_normal(n)
    cg = energy_errors(np.diag(lam), conjugate_gradients(np.diag(lam), lam * x, steps), x)
    shrink = np.abs(1 - 2 * lam / (1 + kappa))
    descent = np.array([np.sqrt((lam * (shrink**k * x) ** 2).sum()) for k in range(steps + 1)])
    k = np.arange(steps + 1)
    limit = np.minimum(1, 2 * ((np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)) ** k)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    A = np.array([[1.0, 0.0], [0.0, min(kappa, 30.0)]])
    start = np.array([-np.sqrt(A[1, 1]), -1.0]) * 1.5
    u, v = np.meshgrid(np.linspace(-1.3, 1.3, 120) * abs(start[0]), np.linspace(-2, 2, 120))
    left.contour(u, v, np.sqrt(u**2 + A[1, 1] * v**2), levels=10, colors="0.85", linewidths=0.8)
    b = -A @ start  # start + y solves A(start + y) = 0
    plane = start + conjugate_gradients(A, b, 2)
    zigzag = start + steepest_descent(A, b, 12)
    left.plot(*zigzag.T, "o-", ms=3, lw=1, color=COLOURS[1], label="steepest descent")
    left.plot(*plane.T, "o-", ms=5, color=COLOURS[0], label="conjugate gradients")
    left.set(title=f"two dimensions, κ = {A[1, 1]:.3g}", xlabel="$x_1$", ylabel="$x_2$")
    left.legend(frameon=False, fontsize=9.5, loc="upper right")
    right.semilogy(k, np.maximum(cg / cg[0], 1e-16), color=COLOURS[0], label="conjugate gradients")
    right.semilogy(k, descent / descent[0], color=COLOURS[1], label="descent, best constant step")
    right.semilogy(k, limit, ls="--", color=COLOURS[6], label="bound")
    right.set(xlabel="step k", ylabel=r"$\|x_k-x\|_A\,/\,\|x\|_A$", ylim=(1e-16, 3))
    right.legend(frameon=False, fontsize=9.5)
    done = int(np.argmax(cg <= 1e-10 * cg[0])) if (cg <= 1e-10 * cg[0]).any() else 0
    en = f"an error of 1e-10 after {done} steps" if done else f"an error of {cg[-1] / cg[0]:.1e} after {steps} steps"
    zh = f"{done} 步后误差降到 1e-10" if done else f"{steps} 步后误差为 {cg[-1] / cg[0]:.1e}"
    words = Text(
        f"κ = {kappa:.4g}, {distinct} distinct eigenvalues in {n} dimensions: conjugate gradients reach {en}; descent is then at {descent[done or steps] / descent[0]:.1e}, "
        f"the bound at {limit[done or steps]:.1e}.",
        f"κ = {kappa:.4g}，{n} 维，{distinct} 个互异特征值：共轭梯度法 {zh}；此时梯度下降为 {descent[done or steps] / descent[0]:.1e}，理论界为 {limit[done or steps]:.1e}。",
    )
    return Drawing(fig, words)
