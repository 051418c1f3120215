"""Power iteration."""

import numpy as np

from gradus.concepts.foundations.eigen.symmetric_matrices import rotated, symmetric
from gradus.page import Concept, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, rate, roundoff
from gradus.page.exercises import choice, function, number
from gradus.page.figures import COLOURS, canvas

POWER_ITERATION = Concept(
    key="power-iteration",
    kind="algorithm",
    title="Power iteration",
    summary="Multiply a vector by the matrix again and again: from almost every start it turns towards the "
    r"eigenvector whose eigenvalue is largest in size, if there is one such. In the end a step multiplies the error of the direction by "
    r"$\lvert\lambda_2/\lambda_1\rvert$; for a symmetric matrix that of the Rayleigh quotient by its square. PageRank is "
    "computed so.",
    formulas=(
        r"x_{k+1}=\frac{Ax_k}{\lVert Ax_k\rVert},\qquad \mu_k=x_k^{\mathsf T}Ax_k,\qquad \lVert x_0\rVert=1",
        r"\lvert\lambda_1\rvert>\lvert\lambda_2\rvert,\ w_1^{\mathsf T}x_0\ne0:\qquad \sin\angle(x_k,v_1)=O\!\left(\left\lvert\frac{\lambda_2}{\lambda_1}\right\rvert^{k}\right),\qquad "
        r"A=A^{\mathsf T}:\;\lvert\mu_k-\lambda_1\rvert=O\!\left(\left\lvert\frac{\lambda_2}{\lambda_1}\right\rvert^{2k}\right)",
    ),
    symbols=(
        Symbol("A", "A", "... n n", "square matrix"),
        Symbol("x_0", "x0", "... n", "start, brought to length 1"),
        Symbol("k", "steps", "", "number of steps", "natural"),
        Symbol("x_k", "", "... k n", "unit vectors, the start first"),
        Symbol(r"\mu_k", "", "... k", "Rayleigh quotients"),
        Symbol(r"\lambda_1", "", "", r"eigenvalue of largest absolute value; $\lambda_2$ is the next"),
        Symbol("v_1", "", "n", r"eigenvector of $\lambda_1$"),
        Symbol(
            "w_1",
            "",
            "n",
            r"left eigenvector, $w_1^{\mathsf T}A=\lambda_1w_1^{\mathsf T}$; for a symmetric A it is $v_1$",
        ),
    ),
    returns=(
        Result("lam", "... steps+1", "Rayleigh quotient at the start and after every step"),
        Result("v", "... steps+1 n", "unit vector at the start and after every step"),
    ),
    needs=("eigen",),
    source="mises1929praktische",
    year=1929,
    people=("Richard von Mises", "Hilda Geiringer"),
    aliases="power method, dominant eigenvalue, Rayleigh quotient, PageRank, 幂法, 乘幂法, 主特征值, 瑞利商",
    implementations=(Implementation("gradus.foundations.power_iteration:power_iteration", "torch"),),
    readings="golub2013matrix §7.3, §8.2; strang2016introduction ch. 11",
    hypotheses=(
        Hypothesis(
            r"$\lvert\lambda_1\rvert>\lvert\lambda_2\rvert$: one eigenvalue is largest in size",
            "tie-never-settles, rotation-turns-for-ever",
        ),
        Hypothesis(r"the start has a part along $v_1$: $w_1^{\mathsf T}x_0\ne0$", "start-without-a-part-stays-without"),
        Hypothesis(
            r"$\lambda_1$ and the eigenvalues of the size of $\lambda_2$ have as many eigenvectors as their multiplicity",
            "jordan-block-is-slow",
        ),
        Hypothesis("For the square: A is symmetric", "no-square-without-symmetry"),
    ),
    deviations="SciPy's `eigsh` and `eigs` keep all the iterates (Lanczos, Arnoldi) and need far fewer steps.",
)


@POWER_ITERATION.definition
def power_iteration(A, x0, steps):
    x = x0 / np.sqrt((x0 * x0).sum(axis=-1, keepdims=True))
    values, vectors = [], []
    for _ in range(steps + 1):
        y = (A @ x[..., None])[..., 0]
        values.append((x * y).sum(axis=-1))
        vectors.append(x)
        x = y / np.sqrt((y * y).sum(axis=-1, keepdims=True))
    return np.stack(values, axis=-1), np.stack(vectors, axis=-2)


@POWER_ITERATION.example
def example():
    A, x0, steps = np.array([[5.0, 2.0], [2.0, 2.0]]), np.array([1.0, -1.0]), 4
    mu, X = power_iteration(A, x0, steps)
    sine, lam = sines(X, np.array([2.0, 1.0])), np.linalg.eigvalsh(A).round(9)
    plain = [x0]
    for _ in range(3):
        plain.append(A @ plain[-1])
    R = np.array([[0.0, 1.0], [1.0, 0.0]])
    swapped = power_iteration(R, np.array([2.0, 1.0]), 2)
    return (
        dict(A=A, x0=x0, steps=steps, plain=np.stack(plain), slope=np.array([p[1] / p[0] for p in plain]))
        | dict(mu=mu, sine=sine, error=lam[1] - mu, ratio=sine[4] / sine[3])
        | dict(ratio_mu=(lam[1] - mu[4]) / (lam[1] - mu[3]), lam1=lam[1], lam2=lam[0], swap=R, tie=swapped[1])
        | dict(tie_mu=swapped[0][0])
    )


@POWER_ITERATION.exercise
def steps_for_six_digits():
    def steps(factor):
        return np.ceil(np.log(1e-6) / np.log(factor))

    return number(steps(0.9), rayleigh_quotient=steps(0.81), one_step_a_digit=6)


@POWER_ITERATION.exercise
def plus_and_minus():
    _, X = power_iteration(np.diag([3.0, -3.0, 1.0]), np.ones(3), 80)
    still, back = np.abs(X[-1] - X[-2]).max() < 1e-9, np.abs(X[-1] - X[-3]).max() < 1e-9
    return choice(first=still and abs(X[-1][0]) > 0.999, swings=back and not still, dies=np.abs(X[-1]).max() < 1e-9)


@POWER_ITERATION.exercise
def after_a_shift():
    values, _ = power_iteration(np.diag([10.0, 9.0, 1.0]) - 6 * np.eye(3), np.ones(3), 200)
    return number(values[-1] + 6, 1e-3, largest=10.0, not_shifted_back=values[-1])


@POWER_ITERATION.exercise
def towards_the_largest_singular_value():
    def step(A, x):
        y = A.T @ (A @ x)
        return y / np.linalg.norm(y)

    A = np.array([[4.0, 0.0], [5.0, 3.0], [2.0, 6.0]])
    return function(step, (A, np.array([1.0, 0.0])), (A.T, np.array([0.6, 0.0, -0.8])))


@POWER_ITERATION.cases
def starts(rng):
    yield "symmetric", dict(A=symmetric(rng, 4), x0=rng.standard_normal(4), steps=6)
    yield "not symmetric", dict(A=rng.standard_normal((3, 3)), x0=rng.standard_normal(3), steps=4)
    yield "batch", dict(A=rng.standard_normal((2, 3, 3)), x0=rng.standard_normal((2, 3)), steps=3)
    yield "negative", dict(A=np.diag([-3.0, 1.0]), x0=np.array([1.0, 1.0]), steps=5)
    yield "no step", dict(A=symmetric(rng, 3), x0=rng.standard_normal(3), steps=0)


@POWER_ITERATION.invalid
def unfit(rng):
    yield "start of another size", dict(A=np.eye(3), x0=np.ones(4), steps=2)
    yield "matrix not square", dict(A=np.ones((3, 2)), x0=np.ones(2), steps=2)


def sines(X, v):
    """Sine of the angle between each row and v."""
    v = v / np.linalg.norm(v)
    return np.linalg.norm(X - np.outer(X @ v, v), axis=-1)


SPECTRUM = np.array([5.0, 4.0, -2.0, 1.0, 0.5])


@POWER_ITERATION.claim
def vectors_converge_at_the_ratio(iterate, rng):
    r"""From a start with a part along $v_2$ as well the vectors converge at the rate $\lvert\lambda_2/\lambda_1\rvert$, here
    ⅘, not at its square"""
    A, Q = rotated(rng, SPECTRUM)
    _, X = iterate(A, Q @ np.ones(5), steps=40)
    k = np.arange(15, 41)
    return rate(0.8**k, sines(X, Q[:, 0])[k], 1.0, 0.01)


@POWER_ITERATION.claim
def rayleigh_quotients_converge_at_its_square(iterate, rng):
    """For a symmetric matrix, from such a start, the Rayleigh quotients converge at its square"""
    A, Q = rotated(rng, SPECTRUM)
    values, _ = iterate(A, Q @ np.ones(5), steps=40)
    k = np.arange(15, 41)
    return rate(0.8**k, np.abs(values[k] - 5), 2.0, 0.02)


@POWER_ITERATION.claim
def no_square_without_symmetry(iterate, rng):
    """Without symmetry they need not converge faster than the vectors: a triangular matrix with eigenvalues 5, 4, 1"""
    A = np.array([[5.0, 3.0, 0.0], [0.0, 4.0, 1.0], [0.0, 0.0, 1.0]])  # eigenvalues 5, 4, 1
    values, X = iterate(A, np.array([1.0, 0.3, 0.2]), steps=60)
    k = np.arange(35, 61)
    return all_of(rate(0.8**k, np.abs(values[k] - 5), 1.0, 0.02), rate(0.8**k, sines(X, np.eye(3)[0])[k], 1.0, 0.02))


@POWER_ITERATION.claim
def negative_eigenvalue_alternates(iterate, rng):
    r"""A negative $\lambda_1$ turns the vector round at every step; the line converges, and $\mu$ is negative"""
    A, Q = rotated(rng, np.array([-4.0, 1.0, 0.5]))
    values, X = iterate(A, Q @ np.ones(3), steps=60)
    return all_of(roundoff(X[-1], -X[-2], terms=6, scale=1.0), roundoff(values[-1], -4.0, terms=6))


@POWER_ITERATION.claim
def tie_never_settles(iterate, rng):
    r"""Two eigenvalues of the same size, $\pm1$: from equal parts along both it swings for ever, and $\mu=0$ is none of
    them"""
    values, X = iterate(np.diag([1.0, -1.0]), np.array([1.0, 1.0]), steps=101)
    apart = np.linalg.norm(X[-1] - X[-2])
    yield roundoff(values, np.zeros(102), terms=2, scale=1.0)
    yield roundoff(apart, np.sqrt(2), terms=4)
    yield roundoff(X[2:], X[:-2], terms=4, scale=1.0)


@POWER_ITERATION.claim
def lengths_stay_one(iterate, rng):
    r"""As long as $Ax_k\ne0$ every vector has length 1: nothing overflows, though $A^{30}$ would"""
    A = symmetric(rng, 4) * 1e20
    values, X = iterate(A, rng.standard_normal(4), steps=30)
    with np.errstate(over="ignore", invalid="ignore"):
        overflows = not np.isfinite(np.linalg.matrix_power(A, 30)).all()
    largest = np.linalg.norm(A, 2)
    yield roundoff(np.linalg.norm(X, axis=-1), np.ones(31), terms=4)
    yield bound(np.abs(values).max(), largest, "≤", Text("‖A‖₂", "‖A‖₂"))
    yield identical(overflows, True)


@POWER_ITERATION.claim
def stationary_distribution(iterate, rng):
    r"""A Markov chain with positive transition probabilities: columns that sum to 1 have $\lambda_1=1$, and the vector becomes the stationary distribution
    (as in PageRank)"""
    P = rng.uniform(0.1, 1, (4, 4))
    P = P / P.sum(axis=0)
    values, X = iterate(P, np.ones(4), steps=300)
    # (P − I)π = 0 with the last equation replaced by Σπ = 1
    M = P - np.eye(4)
    M[-1] = 1
    pi = np.linalg.solve(M, np.eye(4)[-1])
    scale = float(np.linalg.cond(M))
    yield roundoff(X[-1] / X[-1].sum(), pi, terms=8, scale=scale)
    yield roundoff(values[-1], 1.0, terms=8, scale=scale)


@POWER_ITERATION.claim
def start_without_a_part_stays_without(iterate, rng):
    r"""From a start without a part along $v_1$ it never turns there: $\operatorname{diag}(2,-1)$ from $e_2$ stays on the
    second axis, $\mu=-1$"""
    values, X = iterate(np.diag([2.0, -1.0]), np.array([0.0, 1.0]), steps=60)
    return all_of(identical(X[:, 0], np.zeros(61)), identical(values, -np.ones(61)))


@POWER_ITERATION.claim
def jordan_block_is_slow(iterate, rng):
    r"""A Jordan block, with one eigenvector only: of $\lambda_1$, the angle falls like $1/k$, no longer geometrically; of
    $\lambda_2=1$ beside $\lambda_1=2$, like $k\,2^{-k}$"""
    _, X = iterate(np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([1.0, 1.0]), steps=400)
    k = np.array([50, 100, 200, 400])
    yield rate(k, np.abs(X[k, 1]), -1.0, 0.02)
    _, X = iterate(np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]), np.array([1.0, 0.0, 1.0]), steps=320)
    k = np.array([40, 80, 160, 320])
    yield rate(k, sines(X, np.eye(3)[0])[k] * 2.0**k, 1.0, 0.01)


@POWER_ITERATION.claim
def rotation_turns_for_ever(iterate, rng):
    r"""A rotation of the plane by φ, no multiple of π, has no real eigenvalue: the vector turns on for ever, and
    $\mu_k=\cos\varphi$ at every step"""
    angle = rng.uniform(0.5, 1.5)
    R = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    values, X = iterate(R, np.array([1.0, 0.0]), steps=50)
    k = np.arange(51)
    circle = np.stack([np.cos(k * angle), np.sin(k * angle)], axis=-1)
    yield roundoff(values, np.full(51, np.cos(angle)), terms=4, scale=1.0)
    yield roundoff(X, circle, terms=100, scale=1.0)


@POWER_ITERATION.mutant(caught_by="vectors-converge-at-the-ratio, equals-definition, negative-eigenvalue-alternates")
def squared_rate(A, x0, steps):
    """two multiplications a step: the rate is squared for the vectors"""
    values, vectors = power_iteration(A, x0, 2 * steps)
    return values[..., ::2], vectors[..., ::2, :]


@POWER_ITERATION.mutant(caught_by="lengths-stay-one, equals-definition, rayleigh-quotients-converge-at-its-square")
def not_normalised(A, x0, steps):
    """the vectors are not brought to length 1"""
    x, values, vectors = x0, [], []
    for _ in range(steps + 1):
        y = (A @ x[..., None])[..., 0]
        values.append((x * y).sum(axis=-1))
        vectors.append(x)
        x = y
    return np.stack(values, axis=-1), np.stack(vectors, axis=-2)


@POWER_ITERATION.mutant(
    caught_by="negative-eigenvalue-alternates, tie-never-settles, start-without-a-part-stays-without"
)
def length_for_value(A, x0, steps):
    r"""$\lVert Ax\rVert$ for the eigenvalue: its sign is lost"""
    _, X = power_iteration(A, x0, steps)
    return np.linalg.norm(X @ np.swapaxes(A, -1, -2), axis=-1), X


@POWER_ITERATION.mutant(caught_by="rayleigh-quotients-converge-at-its-square, equals-definition")
def ratio_of_entries(A, x0, steps):
    """the ratio of the first entries for the Rayleigh quotient"""
    _, X = power_iteration(A, x0, steps)
    return (X @ np.swapaxes(A, -1, -2))[..., 0] / X[..., 0], X


@POWER_ITERATION.mutant(
    caught_by="no-square-without-symmetry, stationary-distribution, jordan-block-is-slow, rotation-turns-for-ever"
)
def symmetric_part(A, x0, steps):
    """the symmetric part of A"""
    return power_iteration((A + np.swapaxes(A, -1, -2)) / 2, x0, steps)


@POWER_ITERATION.figure(
    ratio=Slider(0.05, 0.99, 0.8, "ratio |λ₂/λ₁|"),
    skew=Slider(0.0, 3.0, 0.0, "entry above the diagonal: 0 is symmetric"),
)
def convergence(ratio, skew):
    A = np.array([[1.0, skew, 0.0], [0.0, ratio, skew / 2], [0.0, 0.0, ratio / 2]])
    steps = 60
    values, X = power_iteration(A, np.array([1.0, 1.0, 1.0]), steps)
    k, sine = np.arange(steps + 1), sines(X, np.eye(3)[0])
    error = np.abs(values - 1)
    fig, ax = canvas(width=6.2, height=3.8)
    ax.semilogy(k, np.maximum(sine, 1e-17), label=r"vector: $\sin\angle(x_k, v_1)$")
    ax.semilogy(k, np.maximum(error, 1e-17), label=r"value: $|\mu_k - \lambda_1|$")
    ax.semilogy(k, ratio**k, ":", color=COLOURS[6], lw=1.2)
    ax.semilogy(k, ratio ** (2 * k), ":", color=COLOURS[6], lw=1.2)
    for power in (1, 2):
        at = min(steps - 6, int(np.log(1e-12) / (power * np.log(ratio))))
        ax.annotate(
            rf"$|\lambda_2/\lambda_1|^{{{'2k' if power == 2 else 'k'}}}$",
            (at, ratio ** (power * at)),
            textcoords="offset points",
            xytext=(6, 4),
            fontsize=9.5,
            color=COLOURS[6],
        )
    ax.set(xlabel="step k", ylabel="error", ylim=(1e-17, 10))
    ax.legend(frameon=False, fontsize=9.5, loc="upper right")
    need = int(np.ceil(np.log(1e-6) / np.log(ratio)))
    kind = ("symmetric", "对称") if skew == 0 else ("not symmetric", "不对称")
    words = Text(
        f"Ratio {ratio:.2f}, {kind[0]}: after {steps} steps the vector is off by {sine[-1]:.1e}, the Rayleigh quotient by {error[-1]:.1e}. "
        f"Six digits of the direction take about {need} steps.",
        f"比值 {ratio:.2f}，矩阵{kind[1]}：{steps} 步后向量的误差为 {sine[-1]:.1e}，瑞利商的误差为 {error[-1]:.1e}。方向精确到六位约需 {need} 步。",
    )
    return Drawing(fig, words)
