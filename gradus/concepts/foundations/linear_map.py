"""Linear maps, and the matrices that they are in a basis."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, invariance, near, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(linear, A, x):
    return linear(x, A)


LINEAR_MAP = Concept(
    key="linear-map",
    kind="definition",
    title="Linear maps and matrices",
    summary="A map that respects sums and multiples. In finite dimension it is known everywhere once it is known on a basis: the images "
    "of the basis vectors are the columns of its matrix, and applying it is the linear combination of these columns "
    "with the entries of x. Rotation, projection, differentiation and convolution are linear; a translation is not, "
    "nor is a layer with a bias.",
    formulas=(
        r"L(u+v)=L(u)+L(v),\qquad L(cv)=c\,L(v)",
        r"Ax=\sum_{j=1}^{n}x_j\,a_j,\qquad a_j=L(e_j)",
        r"(AB)x=A(Bx),\qquad (AB)^{\mathsf T}=B^{\mathsf T}A^{\mathsf T},\qquad \langle Ax,y\rangle=\langle x,A^{\mathsf T}y\rangle",
        r"\operatorname{rank}A+\dim\ker A=n,\qquad A'=S^{-1}AS",
    ),
    symbols=(
        Symbol("A", "A", "m n", "matrix of the map"),
        Symbol("x", "x", "... n", "vector"),
        Symbol("L", "", "function", "linear map"),
        Symbol("a_j", "", "m", "column j of A: the image of the basis vector $e_j$"),
        Symbol("c", "", "", "a number"),
        Symbol("u", "", "n", "another vector"),
        Symbol("v", "", "n", "a third vector"),
        Symbol("y", "", "m", "vector of the space that is mapped into"),
        Symbol("B", "", "n k", "matrix of a map applied before"),
        Symbol("S", "", "n n", "columns: a new basis; A is square then"),
    ),
    needs=("vector-space", "inner-product", "matrix-product"),
    source="peano1888calcolo",
    year=1888,
    people=("Giuseppe Peano", "Arthur Cayley"),
    aliases="linear transformation, linear operator, matrices, rotation matrix, "
    "线性变换, 线性映射, 线性算子, 矩阵, 旋转矩阵",
    implementations=(Implementation("torch.nn.functional:linear", "torch", _torch),),
    readings="axler2024linear ch. 3; strang2016introduction §8.1; deisenroth2020mathematics §2.7",
    hypotheses=(
        Hypothesis(
            "additive and homogeneous: a map that is not has no matrix", "translation-is-not-linear, slightly-curved"
        ),
    ),
    conventions=(
        Convention(
            "vectors as columns or rows",
            "columns: $Ax$",
            r"PyTorch's layers hold vectors as rows and compute $xA^{\mathsf T}$",
        ),
    ),
    deviations=(
        "`torch.nn.Linear` adds a bias unless `bias=False`: an affine map, linear only in one dimension more, "
        r"$(x,1)\mapsto(Ax+b,1)$.",
    ),
    nonfinite="nan",
)


@LINEAR_MAP.definition
def linear_map(A, x):
    y = np.zeros((*x.shape[:-1], A.shape[0]))
    for j in range(A.shape[1]):
        y = y + x[..., j, None] * A[:, j]
    return y


@LINEAR_MAP.example
def example():
    A, x, z = np.array([[1.0, -1.0, 2.0], [0.0, 3.0, 1.0]]), np.array([2.0, 1.0, -1.0]), np.array([-7.0, -1.0, 3.0])
    y, u, b = linear_map(A, x), np.array([1.0, 2.0]), np.array([4.0, 5.0])
    return (
        dict(A=A, x=x, a=A.T, y=y, y2=linear_map(A, 2 * x), z=z, lost=linear_map(A, z), other=x + z)
        | dict(y_other=linear_map(A, x + z), rank=np.linalg.matrix_rank(A), u=u, back=linear_map(A.T, u))
        | dict(left=y @ u, right=x @ linear_map(A.T, u), b=b, biased=y + b, biased2=linear_map(A, 2 * x) + b)
    )


@LINEAR_MAP.exercise
def from_two_images():
    sources, targets = np.array([[1.0, 1.0], [1.0, -1.0]]), np.array([[3.0, 1.0], [1.0, -1.0]])  # as columns
    A = np.linalg.solve(sources.T, targets.T).T
    return array(A, images_as_columns=targets, rows_for_columns=A.T)


@LINEAR_MAP.exercise
def not_linear():
    u, v = np.array([1.0, 5.0, 2.0]), np.array([4.0, 0.0, 3.0])

    def bends(f):
        return bool(np.abs(f(u + v) - f(u) - f(v)).max() > 1e-9)

    return choice(
        reversed=bends(lambda x: x[::-1]), summed=bends(np.cumsum), sorted=bends(np.sort), differences=bends(np.diff)
    )


@LINEAR_MAP.exercise
def solutions():
    rng = np.random.default_rng(0)
    A = rng.integers(-3, 4, (4, 2)) @ rng.integers(-3, 4, (2, 7))
    rank = np.linalg.matrix_rank(A)
    return number(A.shape[1] - rank, equations_counted=A.shape[1] - A.shape[0], rank=rank)


@LINEAR_MAP.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    yield "random", dict(A=normal(3, 4), x=normal(4))
    yield "square", dict(A=normal(4, 4), x=normal(4))
    yield "batch", dict(A=normal(2, 3), x=normal(5, 3))
    yield "one output", dict(A=normal(1, 6), x=normal(6))
    yield "one input", dict(A=normal(3, 1), x=normal(1))
    yield "zero vector", dict(A=normal(3, 3), x=np.zeros(3))
    yield "cancelling", dict(A=np.array([[3e7, 1.0, -3e7], [1.0, 1.0, 1.0]]), x=np.array([1e8, 1.0, 1e8]))
    yield "long", dict(A=normal(2, 1500), x=normal(1500))
    yield "square batch", dict(A=normal(4, 4), x=normal(4, 4))


@LINEAR_MAP.invalid
def invalid(rng):
    yield "vector longer than the rows", dict(A=np.ones((3, 4)), x=np.ones(5))
    yield "vector as long as the columns", dict(A=np.ones((3, 4)), x=np.ones(3))


def turn(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def images(apply, A):
    """The matrix of the map as it is applied: the images of the basis vectors as columns."""
    return np.stack([apply(A, e) for e in np.eye(A.shape[1])], axis=1)


@LINEAR_MAP.claim
def additive(apply, rng):
    """Additive: $A(u+v)=Au+Av$"""
    A, u, v = rng.standard_normal((4, 6)), rng.standard_normal((20, 6)), rng.standard_normal((20, 6))
    scale = float(((np.abs(u) + np.abs(v)) @ np.abs(A).T).max())
    return roundoff(apply(A, u + v), apply(A, u) + apply(A, v), terms=7, scale=scale)


@LINEAR_MAP.claim
def homogeneous(apply, rng):
    r"""Homogeneous: $A(cv)=c\,Av$, also for negative c and for $c=0$"""
    A, v = rng.standard_normal((4, 6)), rng.standard_normal(6)
    scale = float((np.abs(A) @ np.abs(v)).max())
    found = [roundoff(apply(A, c * v), c * apply(A, v), terms=7, scale=abs(c) * scale) for c in (-3.7, 0.1, 1e6)]
    return all_of(identical(apply(A, 0 * v), np.zeros(4)), *found)


@LINEAR_MAP.claim
def columns_are_images(apply, rng):
    """Column j is the image of $e_j$, and these images determine the map"""
    A, x = rng.standard_normal((3, 5)), rng.standard_normal(5)
    found = images(apply, A)
    yield identical(found, A)
    yield roundoff(apply(A, x), found @ x, terms=5, scale=float((np.abs(A) @ np.abs(x)).max()))


@LINEAR_MAP.claim
def product_is_composition(apply, rng):
    """The product of matrices is the composition of maps, the right one first"""
    A, B, x = rng.standard_normal((4, 3)), rng.standard_normal((3, 5)), rng.standard_normal(5)
    scale = float((np.abs(A) @ np.abs(B) @ np.abs(x)).max())
    return roundoff(apply(A, apply(B, x)), apply(A @ B, x), terms=8, scale=scale)


@LINEAR_MAP.claim
def transpose_is_adjoint(apply, rng):
    r"""The transpose is the adjoint, $\langle Ax,y\rangle=\langle x,A^{\mathsf T}y\rangle$, and reverses a
    composition, $(AB)^{\mathsf T}=B^{\mathsf T}A^{\mathsf T}$"""
    A, B = rng.standard_normal((4, 3)), rng.standard_normal((3, 5))
    x, y = rng.standard_normal(3), rng.standard_normal(4)
    size = float(np.abs(y) @ np.abs(A) @ np.abs(x))
    scale = float((np.abs(B).T @ np.abs(A).T @ np.abs(y)).max())
    yield roundoff(apply(A, x) @ y, x @ apply(A.T, y), terms=7, scale=size)
    yield roundoff(apply(B.T, apply(A.T, y)), apply((A @ B).T, y), terms=8, scale=scale)


@LINEAR_MAP.claim
def rotation(apply, rng):
    """Rotation is linear: it keeps lengths, and angles add when it is repeated"""
    a, b = rng.uniform(0.2, 1.5, 2)
    x = rng.standard_normal((10, 2))
    yield invariance(np.linalg.norm(apply(turn(a), x), axis=-1), np.linalg.norm(x, axis=-1), terms=4)
    yield roundoff(apply(turn(a), apply(turn(b), x)), apply(turn(a + b), x), terms=8, scale=8.0)


@LINEAR_MAP.claim
def translation_is_not_linear(apply, rng):
    r"""A translation is not linear: $T(u+v)-T(u)-T(v)=-c\ne0$ and $T(0)=c$. In one dimension more it is:
    $\begin{pmatrix}I&c\\0&1\end{pmatrix}$ maps $(x,1)$ to $(x+c,1)$"""
    c, u, v = rng.standard_normal((3, 3)) + 2

    def T(x):
        return apply(np.eye(3), x) + c

    M = np.eye(4)
    M[:3, 3] = c
    defect = T(u + v) - T(u) - T(v)
    moved = apply(M, np.append(u, 1.0))
    yield roundoff(defect, -c, terms=4, scale=float(np.abs([u, v, c]).sum(0).max()))
    yield identical(T(np.zeros(3)), c)
    yield roundoff(moved, np.append(u + c, 1.0), terms=4, scale=8.0)


@LINEAR_MAP.claim
def differentiation_is_linear(apply, rng):
    """Differentiation of polynomials of degree below n is linear: its matrix has 1, 2, 3 … above the diagonal, kills the constants, and
    its nth power is 0"""
    n = 6
    D = np.diag(np.arange(1.0, n), 1)
    p = rng.integers(-9, 9, n).astype(float)
    derived = np.append(np.polynomial.polynomial.polyder(p), 0.0)
    again = p
    for _ in range(n):
        again = apply(D, again)
    constant = apply(D, np.eye(n)[0])
    return all_of(identical(apply(D, p), derived), identical(again, np.zeros(n)), identical(constant, np.zeros(n)))


@LINEAR_MAP.claim
def rank_and_nullity(apply, rng):
    """Rank and nullity: of n dimensions, as many are kept in the image as are not lost in the kernel"""
    from scipy.linalg import null_space

    m, n, r = 7, 6, 2
    B, C = rng.integers(-3, 4, (m, r)) + 4 * np.eye(m, r), rng.integers(-3, 4, (r, n)) + 5 * np.eye(r, n)
    A = B @ C  # integers, of rank r; its kernel is that of C
    kernel = null_space(C)
    lost = np.abs(apply(A, kernel.T)).max()
    why = Text("c·n·ε·Σ|A|, c=4, n=6", "c·n·ε·Σ|A|，c=4，n=6")
    image = apply(A, rng.standard_normal((20, n)))
    yield near(lost, 0.0, 4 * n * 2.0**-52 * float(np.abs(A).sum(1).max()), why, "roundoff")
    yield identical(np.linalg.matrix_rank(image) + kernel.shape[1], n)


@LINEAR_MAP.claim
def change_of_basis(apply, rng):
    """In another basis S the same map has the matrix $S^{-1}AS$: coordinates go through it as vectors go through A"""
    A, S, x = rng.standard_normal((4, 4)), rng.standard_normal((4, 4)) + 3 * np.eye(4), rng.standard_normal(4)
    other = np.linalg.solve(S, A @ S)
    scale = float((np.abs(A) @ np.abs(S) @ np.abs(x)).max()) * np.linalg.cond(S)
    return roundoff(apply(S, apply(other, x)), apply(A, apply(S, x)), terms=12, scale=scale)


@LINEAR_MAP.claim
def largest_stretch(apply, rng):
    """It stretches no vector by more than the largest singular value, and one by exactly that; with at least as many rows
    as columns none by less than the smallest"""
    A, X = rng.standard_normal((5, 4)), rng.standard_normal((300, 4))
    _, s, Vt = np.linalg.svd(A)
    ratio = np.linalg.norm(apply(A, X), axis=-1) / np.linalg.norm(X, axis=-1)
    yield bound(ratio.max(), s[0] * (1 + 16 * 2.0**-52), "≤", Text("σ₁, and rounding", "σ₁，以及舍入"))
    yield roundoff(np.linalg.norm(apply(A, Vt[0])), s[0], terms=8)
    yield bound(ratio.min(), s[-1] * (1 - 16 * 2.0**-52), "≥", Text("σ₄, and rounding", "σ₄，以及舍入"))


@LINEAR_MAP.mutant(caught_by="additive, homogeneous, translation-is-not-linear, product-is-composition")
def with_bias(A, x):
    """a bias is added"""
    return linear_map(A, x) + 0.5


@LINEAR_MAP.mutant(caught_by="additive, homogeneous, columns-are-images, rotation, rank-and-nullity")
def rectified(A, x):
    """negative results are cut off (ReLU)"""
    return np.maximum(linear_map(A, x), 0)


@LINEAR_MAP.mutant(caught_by="additive, rank-and-nullity, change-of-basis")
def sign_lost(A, x):
    """the sign of x is lost"""
    return linear_map(A, np.abs(x))


@LINEAR_MAP.mutant(caught_by="equals-definition, change-of-basis, differentiation-is-linear")
def transposed(A, x):
    """the transpose, where it fits"""
    return linear_map(A.T if A.shape[0] == A.shape[1] else A, x)


@LINEAR_MAP.mutant(caught_by="columns-are-images, product-is-composition, transpose-is-adjoint, largest-stretch")
def normalised_columns(A, x):
    """every column is brought to length 1"""
    return linear_map(A / np.maximum(np.linalg.norm(A, axis=0), 1e-300), x)


@LINEAR_MAP.mutant(caught_by="homogeneous, rotation, largest-stretch, translation-is-not-linear")
def normalised_result(A, x):
    """the result is brought to length 1"""
    y = linear_map(A, x)
    return y / np.maximum(np.linalg.norm(y, axis=-1, keepdims=True), 1e-300)


@LINEAR_MAP.mutant(caught_by="additive, homogeneous, rotation")
def slightly_curved(A, x):
    """a square is slipped in, small near 0"""
    return linear_map(A, x + 1e-3 * x**2)


@LINEAR_MAP.figure(
    angle=Slider(-180, 180, 30, "A rotates by (degrees)"),
    stretch=Slider(-2, 2, 1.5, "A stretches the first axis by"),
    shear=Slider(-2, 2, 0.5, "A shears by"),
    bend=Slider(0, 0.25, 0.0, "a square added: no longer linear"),
)
def figure(angle, stretch, shear, bend):
    A = turn(np.radians(angle)) @ np.array([[stretch, shear], [0.0, 1.0]])

    def f(x):
        return linear_map(A, x + bend * (x[..., ::-1] - x / 2) ** 2)

    fig, (left, right) = canvas(columns=2, width=7.8, height=3.8)
    fine = np.linspace(-2, 2, 41)
    for k in np.linspace(-2, 2, 9):
        for line in (np.stack([fine, 0 * fine + k], -1), np.stack([0 * fine + k, fine], -1)):
            left.plot(*line.T, color=COLOURS[6], lw=0.6)
            right.plot(*f(line).T, color=COLOURS[6], lw=0.6)
    u, v = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    for ax, g in ((left, lambda x: x), (right, f)):
        corners = np.stack([0 * u, u, u + v, v])
        ax.fill(*g(corners).T, color=COLOURS[4], alpha=0.4)
        for vector, colour in ((u, COLOURS[0]), (v, COLOURS[1]), (u + v, COLOURS[2])):
            ax.annotate("", g(vector), (0, 0), arrowprops={"arrowstyle": "->", "color": colour, "lw": 2})
        reach = 1.05 * max(2.0, np.abs(g(np.array([[2, 2], [2, -2], [-2, 2], [-2, -2.0]]))).max())
        ax.set(aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach))
    left.set_title("$e_1$, $e_2$ and their sum")
    right.plot(*(f(u) + f(v)), "x", color=COLOURS[3], ms=9, mew=2, label="$L(e_1)+L(e_2)$")
    right.legend(frameon=False, fontsize=9.5, loc="upper left")
    right.set_title("their images")
    defect = f(u + v) - f(u) - f(v)
    size = float(np.linalg.norm(defect))
    columns = f"({A[0, 0]:.2f}, {A[1, 0]:.2f}), ({A[0, 1]:.2f}, {A[1, 1]:.2f})"
    words = Text(
        f"The columns of A are the images of e₁ and e₂: {columns}. L(e₁+e₂) and L(e₁)+L(e₂) are {size:.2f} apart: "
        f"{'linear, lines of the grid stay straight and evenly spaced' if size < 1e-12 else 'not linear'}.",
        f"A 的列是 e₁ 与 e₂ 的像：{columns}。L(e₁+e₂) 与 L(e₁)+L(e₂) 相距 {size:.2f}："
        f"{'是线性的，网格线仍是等距的直线' if size < 1e-12 else '不是线性的'}。",
    )
    return Drawing(fig, words)
