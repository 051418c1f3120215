"""The determinant: signed volume, by permutations, recursion and elimination."""

import math

import numpy as np

from gradus.page import Concept, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

DETERMINANT = Concept(
    key="determinant",
    kind="definition",
    title="Determinant",
    summary="The factor by which a linear map multiplies volumes, negative when it turns left into right. It is 0 "
    "exactly when the map flattens space, that is when the columns are dependent. The formula sums over all $n!$ "
    "permutations; elimination needs about $n^3/3$ multiplications.",
    formulas=(
        r"\det A=\sum_{\sigma\in S_n}\operatorname{sgn}(\sigma)\prod_{i=1}^{n}a_{i\sigma(i)}",
        r"\det A=\sum_{j=1}^{n}(-1)^{1+j}a_{1j}\det A_{1j},\qquad PA=LU\;\Rightarrow\;\det A=\det P\prod_{i=1}^{n}u_{ii}",
        r"\det(AB)=\det A\,\det B,\qquad \det A^{\mathsf T}=\det A,\qquad \det(cA)=c^n\det A",
        r"\operatorname{vol}(A[0,1]^n)=\lvert\det A\rvert,\qquad \lvert\det A\rvert\le\prod_{j=1}^{n}\lVert a_j\rVert",
    ),
    symbols=(
        Symbol("A", "A", "... n n", "square matrix"),
        Symbol("n", "", "", "its size"),
        Symbol(r"\sigma", "", "", "a permutation of 1 … n; $S_n$ is the set of all"),
        Symbol(r"\operatorname{sgn}", "", "", "+1 for an even number of inversions, −1 for an odd one"),
        Symbol("A_{1j}", "", "", "A without row 1 and column j"),
        Symbol("B", "", "n n", "another matrix"),
        Symbol("P", "", "n n", "permutation matrix of the row exchanges"),
        Symbol("L", "", "n n", "lower triangular, ones on the diagonal"),
        Symbol("U", "", "n n", "upper triangular, with diagonal $u_{ii}$"),
        Symbol("a_j", "", "n", "column j"),
        Symbol("c", "", "", "a number"),
    ),
    needs=("linear-map", "basis"),
    source="cauchy1815memoire",
    year=1815,
    people=("Seki Takakazu", "Gottfried Wilhelm Leibniz", "Augustin-Louis Cauchy", "Pierre-Simon Laplace"),
    aliases="det, volume ratio, Leibniz formula, cofactor expansion, 体积比, 代数余子式, 莱布尼茨公式",
    implementations=(
        Implementation("torch.linalg:det", "torch", None, "elimination with row exchanges (LU)"),
        Implementation(
            "gradus.foundations.exact_determinant:exact_determinant",
            "numpy",
            None,
            "correctly rounded; integers stay exact",
        ),
    ),
    readings="strang2016introduction ch. 5; axler2024linear ch. 9; deisenroth2020mathematics §4.1; "
    "bareiss1968sylvester",
    hypotheses=(Hypothesis("For Hadamard's equality: the columns are orthogonal, or one of them is 0", "hadamard"),),
    deviations=(
        r"Determinants overflow and underflow early: that of $0.1\,I$ is 0 in float64 from $n=324$ on. Log-densities "
        r"need `slogdet`, which gives the sign and $\log\lvert\det A\rvert$.",
        "A small determinant does not mean nearly singular, nor a large one well-conditioned: "
        r"$\det(0.1\,I)=10^{-n}$, with condition number 1.",
    ),
    nonfinite="nan",
)


def permutations(n):
    """Every order of 0 … n−1 with its sign: n−1 is put before the last m of a shorter one, past m entries."""
    if n == 0:
        yield (), 1
        return
    for s, sign in permutations(n - 1):
        for m in range(n):
            yield (*s[: n - 1 - m], n - 1, *s[n - 1 - m :]), sign * (-1) ** m


@DETERMINANT.definition
def determinant(A):
    n = A.shape[-1]
    total = 0
    for s, sign in permutations(n):
        product = A[..., 0, s[0]]
        for i in range(1, n):
            product = product * A[..., i, s[i]]
        total = total + sign * product
    return total


@DETERMINANT.example
def example():
    A = np.array([[1.0, 2.0, 1.0], [3.0, 1.0, -1.0], [2.0, -1.0, 2.0]])
    products = np.array([np.prod([A[i, j] for i, j in enumerate(s)]) for s, _ in permutations(3)])
    orders = [" ".join(str(j + 1) for j in s) for s, _ in permutations(3)]
    signs = np.array([sign for _, sign in permutations(3)])
    first = A - np.outer([0.0, 3.0, 2.0], A[0])
    U = first - np.outer([0.0, 0.0, 1.0], first[1])
    exchanged, near = A[[1, 0, 2]], np.array([[1.0, 1.0], [1.0, 1.001]])
    return (
        dict(A=A, d=determinant(A), orders=orders, signs=signs, products=products, signed=signs * products)
        | dict(first=first, U=U, pivots=np.diag(U), exchanged=determinant(exchanged))
        | dict(doubled=determinant(2 * A), one_row=determinant(A * [[2.0], [1.0], [1.0]]))
        | dict(bound=np.prod(np.linalg.norm(A, axis=0)), near=near, d_near=determinant(near))
        | dict(cond_near=np.linalg.cond(near), d_tenth=determinant(0.1 * np.eye(3)))
    )


@DETERMINANT.exercise
def doubled_matrix():
    A = np.diag([1.0, 2.0, -1.0])
    return number(determinant(2 * A), one_factor=2 * determinant(A), sign_lost=-determinant(2 * A))


@DETERMINANT.exercise
def nearly_singular():
    P, Q = 0.01 * np.eye(3), np.array([[1.0, 1.0], [1.0, 1.001]])
    smaller, larger = (P, Q) if determinant(P) < determinant(Q) else (Q, P)
    worse = np.linalg.cond(smaller) > np.linalg.cond(larger)
    return choice(smaller_determinant=worse, larger_determinant=not worse)


@DETERMINANT.exercise
def flow_layer():
    s, x1, x2 = 0.7, 0.5, 2.0
    J = np.array([[1.0, 0.0], [s * x2 * np.exp(s * x1) + 2 * x1, np.exp(s * x1)]])
    return number(np.log(determinant(J)), logarithm_forgotten=determinant(J), slope_for_exponent=s)


@DETERMINANT.cases
def cases(rng):
    for n in (1, 2, 3, 5):
        yield f"random, n = {n}", dict(A=rng.standard_normal((n, n)))
    yield "batch", dict(A=rng.standard_normal((2, 3, 3)))
    yield "row exchanges needed", dict(A=np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 3.0], [5.0, 0.0, 0.0]]))
    yield "negative", dict(A=np.diag([1.0, -2.0, 3.0]))
    yield "a tiny pivot", dict(A=np.array([[1e-20, 1.0], [1.0, 1.0]]))
    yield "scales apart", dict(A=rng.standard_normal((3, 3)) * [[1e-8], [1.0], [1e8]])


@DETERMINANT.invalid
def invalid(rng):
    yield "more columns than rows", dict(A=np.ones((2, 3)))
    yield "one axis", dict(A=np.ones(3))


def lengths(A):
    """The product of the rows' 1-norms: what rounding errors of relative size ε are multiplied by."""
    return float(np.abs(A).sum(axis=-1).prod(axis=-1).max())


def laplace(A):
    """By recursion along the first row."""
    if len(A) == 1:
        return A[0, 0]
    rest = [laplace(np.delete(A[1:], j, axis=1)) for j in range(len(A))]
    return sum((-1) ** j * A[0, j] * rest[j] for j in range(len(A)))


@DETERMINANT.claim
def permutations_recursion_and_lu_agree(det, rng):
    """Permutations, recursion and LU give the same number"""
    from scipy.linalg import lu

    A = rng.integers(-9, 10, (6, 6))
    P, _, U = lu(A.astype(float))
    order = np.argmax(P, axis=0)
    inversions = sum(int(order[i] > order[j]) for i in range(6) for j in range(i + 1, 6))
    exact = laplace(A.astype(object))  # Python's integers
    scale = lengths(A)
    yield roundoff(det(A.astype(float)), float(exact), terms=6, scale=scale)
    yield roundoff((-1) ** inversions * np.diag(U).prod(), float(exact), terms=6, scale=scale)


@DETERMINANT.claim
def multiplicative(det, rng):
    r"""$\det(AB)=\det A\,\det B$"""
    A, B = rng.standard_normal((2, 5, 5))
    return roundoff(det(A @ B), det(A) * det(B), terms=10, scale=lengths(A) * lengths(B))


@DETERMINANT.claim
def transpose_and_scale(det, rng):
    r"""$\det A^{\mathsf T}=\det A$ and $\det(cA)=c^n\det A$: $\det(0.1\,I)=10^{-n}$ says nothing of singularity"""
    A = rng.standard_normal((5, 5))
    yield roundoff(det(A.T), det(A), terms=5, scale=lengths(A))
    yield roundoff(det(-2.0 * A), -32 * det(A), terms=5, scale=32 * lengths(A))
    yield roundoff(det(0.1 * np.eye(6)), 1e-6, terms=6)


@DETERMINANT.claim
def alternating_and_multilinear(det, rng):
    """Linear in each row, and alternating: an exchange of two rows changes the sign, equal rows give 0, adding one row
    to another changes nothing"""
    A, row = rng.standard_normal((5, 5)), rng.standard_normal(5)
    exchanged, equal, sheared, mixed, other = (A.copy() for _ in range(5))
    exchanged[[1, 3]] = A[[3, 1]]
    equal[2] = A[0]
    sheared[4] += 3 * A[1]
    other[2], mixed[2] = row, 2 * A[2] - 3 * row
    scale = 5 * max(lengths(M) for M in (A, sheared, mixed, other))
    yield roundoff(det(exchanged), -det(A), terms=5, scale=scale)
    yield roundoff(det(equal), 0.0, terms=5, scale=scale)
    yield roundoff(det(sheared), det(A), terms=5, scale=scale)
    yield roundoff(det(mixed), 2 * det(A) - 3 * det(other), terms=5, scale=scale)


@DETERMINANT.claim
def sign_is_orientation(det, rng):
    """Its sign is the orientation: −1 for a reflection, +1 for two, which is a rotation; and it tells on which side of
    a line a point lies"""
    for n in (2, 3, 5):
        Q = np.eye(n)
        for k in range(1, n + 1):
            u = rng.standard_normal(n)
            Q = Q @ (np.eye(n) - 2 * np.outer(u, u) / (u @ u))  # one reflection more
            yield roundoff(det(Q), (-1.0) ** k, terms=n * n)
    a, along = rng.standard_normal(2), rng.uniform(0, 2 * np.pi)
    angles = along + np.append(0.0, rng.uniform(0.3, 2.8, 2) * [1, -1])
    b, left, right = (a + np.array([np.cos(t), np.sin(t)]) for t in angles)  # seen from a towards b
    for point, side in ((left, 1.0), (right, -1.0)):
        M = np.stack([np.append(p, 1.0) for p in (a, b, point)])
        yield identical(np.sign(det(M)), side)


@DETERMINANT.claim
def volume_of_the_image_of_the_cube(det, rng):
    r"""$\lvert\det A\rvert$ is the volume of the image of the unit cube, by Monte Carlo with 20 000 points"""
    for n in (2, 3, 4):
        A = rng.standard_normal((n, n)) + np.diag(np.full(n, 2.0))
        low, high = np.minimum(A, 0).sum(axis=1), np.maximum(A, 0).sum(axis=1)
        points = rng.uniform(low, high, (20_000, n))
        inside = np.linalg.solve(A, points.T)
        hits = ((inside >= 0) & (inside <= 1)).all(axis=0)
        yield statistical(hits * np.prod(high - low), abs(det(A)))


@DETERMINANT.claim
def closed_forms(det, rng):
    r"""Closed forms: triangular matrices, Vandermonde $\prod_{i<j}(x_j-x_i)$, Cauchy matrices $\frac{1}{x_i+y_j}$"""
    T = np.triu(rng.standard_normal((6, 6)))
    x, y = np.sort(rng.uniform(-1, 1, 5)), rng.uniform(1.5, 3, 4)
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    V = np.vander(x, increasing=True)
    z = x[:4]
    C = 1 / (z[:, None] + y)
    inner = [(i, j) for i, j in pairs if j < 4]
    top = math.prod((z[j] - z[i]) * (y[j] - y[i]) for i, j in inner)
    yield roundoff(det(T), np.diag(T).prod(), terms=6, scale=lengths(T))
    yield roundoff(det(V), math.prod(x[j] - x[i] for i, j in pairs), terms=10, scale=lengths(V))
    yield roundoff(det(C), top / (z[:, None] + y).prod(), terms=10, scale=lengths(C))


@DETERMINANT.claim
def hadamard(det, rng):
    r"""Hadamard: $\lvert\det A\rvert\le\prod\lVert a_j\rVert$, with equality for orthogonal columns, and less for random
    ones"""
    A = rng.standard_normal((50, 4, 4))
    ratio = np.abs(det(A)) / np.linalg.norm(A, axis=-2).prod(axis=-1)
    H = np.array([[1.0, 1.0], [1.0, -1.0]])
    H = np.kron(H, H)  # entries ±1: the largest determinant of its size
    lengths_of_columns = np.array([1.0, 2.0, 0.5, 3.0])
    why = Text("Hadamard's inequality, and rounding", "阿达马不等式，以及舍入")
    less = bound(ratio.max(), 1 - 1e-6, "≤", Text("oblique columns", "不正交的列"))
    return all_of(
        bound(ratio.max(), 1 + 64 * 2.0**-52, "≤", why), less, roundoff(det(H * lengths_of_columns), 48.0, terms=4)
    )


class Counted(int):
    """An integer that counts the multiplications and divisions in which it takes part."""

    done = 0

    def __mul__(self, other):
        Counted.done += 1
        return Counted(int(self) * int(other))

    def __floordiv__(self, other):
        Counted.done += 1
        return Counted(int(self) // int(other))

    def __rmul__(self, sign):  # the sign of a permutation is no multiplication
        return Counted(int(sign) * int(self))

    def __add__(self, other):
        return Counted(int(self) + int(other))

    def __sub__(self, other):
        return Counted(int(self) - int(other))

    __radd__ = __add__


def counted(function, n):
    """Multiplications and divisions for a random n × n matrix of integers."""
    entries = np.random.default_rng(n).integers(1, 9, (n, n)).tolist()
    A = np.empty((n, n), object)
    A[:] = [[Counted(v) for v in row] for row in entries]
    Counted.done = 0
    function(A)
    return Counted.done


def seconds(det, n):
    """The shortest of seven runs on an n × n matrix."""
    from time import perf_counter

    A, times = np.eye(n) + 0.1, []
    for _ in range(7):
        start = perf_counter()
        det(A)
        times.append(perf_counter() - start)
    return min(times)


@DETERMINANT.claim(of_definition=False)
def cost_is_cubic(det, rng):
    r"""The cost of an implementation grows like $n^3$, not like $n!$: permutations take exactly $(n-1)\,n!$
    multiplications, recursion $M_n=n(M_{n-1}+1)$. Operations are counted where numbers that count can be given, else
    the time from n = 5 to 6 may grow 4.5-fold at most; and n = 40 is done"""
    recursion = [0]
    for n in range(2, 6):
        recursion.append(n * (recursion[-1] + 1))
    known = [
        identical([counted(determinant, n) for n in range(2, 6)], [(n - 1) * math.factorial(n) for n in range(2, 6)]),
        # the signs count here as well
        identical([counted(laplace, n) for n in range(1, 6)], recursion),
    ]
    try:
        sizes = (3, 4, 5, 6)
        counts = [counted(lambda A: det.raw(dict(A=A)), n) for n in sizes]
        most = Text("n³ multiplications and divisions at n = 6", "n = 6 时 n³ 次乘除")
        known.append(bound(counts[-1], 6**3, "≤", most))
    except Exception:  # it takes no Python integers
        counts = [0]
    if not counts[0]:
        growth = seconds(det, 6) / seconds(det, 5)
        known.append(bound(growth, 4.5, "≤", Text("n³ gives 1.7, permutations 7.2", "n³ 为 1.7，排列求和为 7.2")))
    elif known[-1].holds:
        sizes = (5, 10, 20, 40)
        known.append(rate(sizes, [counted(lambda A: det.raw(dict(A=A)), n) for n in sizes], 3.0, 0.25))
    if known[-1].holds:
        L, U = np.tril(rng.integers(-1, 2, (40, 40)), -1) + np.eye(40), np.triu(rng.integers(-1, 2, (40, 40)))
        np.fill_diagonal(U, rng.choice([1.0, 2.0], 40))
        A = L @ U  # integers
        known.append(roundoff(det(A), np.diag(U).prod(), terms=40, scale=float(np.diag(U).prod() * np.linalg.cond(A))))
    return all_of(*known)


@DETERMINANT.mutant(
    caught_by="equals-definition, permutations-recursion-and-lu-agree, multiplicative, alternating-and-multilinear, "
    "volume-of-the-image-of-the-cube, hadamard"
)
def sign_lost(A):
    """the sign of the permutation is lost"""
    total = 0
    for s, _ in permutations(A.shape[-1]):
        total = total + np.prod(np.stack([A[..., i, j] for i, j in enumerate(s)]), axis=0)
    return total


@DETERMINANT.mutant(caught_by="sign-is-orientation, equals-definition")
def exchanges_not_counted(A):
    """row exchanges of the elimination are not counted"""
    pivot = np.abs(A[..., :, 0]).argmax(axis=-1)
    return determinant(A) * np.where(pivot == 0, 1.0, -1.0)


@DETERMINANT.mutant(caught_by="sign-is-orientation, alternating-and-multilinear, transpose-and-scale")
def unsigned_volume(A):
    """the volume without its sign"""
    return np.linalg.svd(A, compute_uv=False).prod(axis=-1)


@DETERMINANT.mutant(caught_by="multiplicative, alternating-and-multilinear, volume-of-the-image-of-the-cube")
def product_of_the_diagonal(A):
    """the product of the diagonal, without elimination"""
    return np.diagonal(A, 0, -2, -1).prod(axis=-1)


@DETERMINANT.mutant(caught_by="transpose-and-scale, closed-forms, volume-of-the-image-of-the-cube")
def gram_determinant(A):
    r"""the Gram determinant $\det A^{\mathsf T}A$"""
    return determinant(A) ** 2


@DETERMINANT.mutant(caught_by="cost-is-cubic")
def sum_over_permutations(A):
    """the sum over permutations, as the formula stands"""
    return determinant(A)


@DETERMINANT.figure(
    angle=Slider(-180, 180, 60, "direction of the second column (degrees)"),
    length=Slider(0.2, 2.5, 1.6, "length of the second column"),
    n=Slider(2, 30, 12, "size of the matrix n", integer=True),
)
def figure(angle, length, n):
    t, n = np.radians(angle), int(n)
    A = np.array([[1.6, length * np.cos(t)], [0.3, length * np.sin(t)]])
    d = float(determinant(A))
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.8)
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]).T
    colour = COLOURS[0] if d > 0 else COLOURS[1]
    left.fill(*corners, color=COLOURS[6], alpha=0.25)
    left.fill(*(A @ corners), color=colour, alpha=0.4)
    for j, name in enumerate(("$a_1$", "$a_2$")):
        left.annotate("", A[:, j], (0, 0), arrowprops={"arrowstyle": "->", "color": colour, "lw": 2})
        left.annotate(name, A[:, j], textcoords="offset points", xytext=(5, 4), color=colour)
    left.set(aspect="equal", xlim=(-3, 4.4), ylim=(-3, 3.2), title=f"signed area: det A = {d:.2f}")
    sizes = np.arange(2, 31)
    permuted = [(k - 1) * float(math.factorial(k)) for k in sizes]
    eliminated = [k * (k - 1) * (2 * k - 1) / 6 + k * (k - 1) / 2 + k - 1 for k in sizes]
    right.semilogy(sizes, permuted, label="permutations $(n-1)\\,n!$")
    right.semilogy(sizes, eliminated, label="elimination $\\approx n^3/3$")
    right.axvline(n, color=COLOURS[6], lw=0.8)
    right.axhline(1e9, color=COLOURS[6], lw=0.8, ls=":")
    right.text(2, 1.6e9, "1 second", fontsize=9.5)
    right.axhline(1e9 * 3.15e7 * 1.38e10, color=COLOURS[6], lw=0.8, ls=":")
    right.text(2, 8e26, "age of the universe", fontsize=9.5)
    right.set(xlabel="n", ylabel="multiplications", ylim=(1, 1e36))
    right.legend(frameon=False, fontsize=9.5, loc="lower right", bbox_to_anchor=(1, 0.12))
    slow, fast = permuted[n - 2], eliminated[n - 2]
    side = ("keeps", "保持") if d > 0 else ("reverses", "反转")
    words = Text(
        f"The unit square becomes a parallelogram of area {abs(d):.2f}; the map {side[0]} orientation. For n = {n} the sum over permutations "
        f"takes {slow:.2g} multiplications, {slow / 1e9:.2g} s at 10⁹ a second; elimination {fast:.3g}.",
        f"单位正方形变为面积 {abs(d):.2f} 的平行四边形；该变换{side[1]}定向。n = {n} 时，对排列求和需要 {slow:.2g} 次乘法，"
        f"按每秒 10⁹ 次计为 {slow / 1e9:.2g} 秒；消元需要 {fast:.3g} 次。",
    )
    return Drawing(fig, words)
