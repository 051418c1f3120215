"""Vector spaces: linear combinations, and the eight axioms that they obey."""

import numpy as np

from gradus.page import Concept, Drawing, Implementation, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(matmul, a, V):
    return matmul(a[..., None, :], V)[..., 0, :]  # (..., n)


VECTOR_SPACE = Concept(
    key="vector-space",
    kind="definition",
    title="Vector spaces",
    summary="Things that can be added and multiplied by numbers: arrows, lists of numbers, polynomials, functions, "
    "the weights of a net. Eight axioms say what that means; what follows from them holds for all of these at once. "
    "Both operations are cases of one, the linear combination, and an implementation of it is judged here by the "
    "axioms.",
    formulas=(
        r"a_1v_1+\dots+a_kv_k=\sum_{i=1}^{k}a_iv_i",
        r"(u+v)+w=u+(v+w),\qquad u+v=v+u,\qquad v+0=v,\qquad v+(-v)=0",
        r"a(bv)=(ab)v,\qquad 1v=v,\qquad a(u+v)=au+av,\qquad (a+b)v=av+bv",
    ),
    symbols=(
        Symbol("a", "a", "... k", "coefficients: numbers"),
        Symbol("v", "V", "... k n", "vectors, one a row"),
        Symbol("k", "", "", "how many vectors are combined"),
        Symbol("u", "", "n", "another vector"),
        Symbol("w", "", "n", "a third vector"),
        Symbol("b", "", "", "another number"),
    ),
    needs=(),
    source="peano1888calcolo",
    year=1888,
    people=("Hermann Grassmann", "Giuseppe Peano"),
    aliases="linear space, vectors, subspace, linear combination, span, 线性空间, 向量, 子空间, 线性组合, 矢量空间",
    implementations=(Implementation("torch:matmul", "torch", _torch),),
    readings="axler2024linear ch. 1; strang2016introduction §3.1; deisenroth2020mathematics §2.4",
    deviations=(
        "Commutativity follows from the other seven axioms: expand $(1+1)(u+v)$ in both ways. A structure that lacks "
        "it alone does not exist; the mutant that lacks it breaks $a(u+v)=au+av$ too.",
        r"`numpy.average` divides by the sum of the weights: it equals $\sum a_iv_i$ only where $\sum a_i=1$.",
    ),
    nonfinite="nan",
)


@VECTOR_SPACE.definition
def linear_combination(a, V):
    batch = np.broadcast_shapes(a.shape[:-1], V.shape[:-2])
    w = np.zeros((*batch, V.shape[-1]))
    for i in range(V.shape[-2]):
        w = w + a[..., i, None] * V[..., i, :]
    return w


@VECTOR_SPACE.example
def example():
    a, V = np.array([2.0, -1.0]), np.array([[1.0, 2.0, 0.0], [3.0, 1.0, -2.0]])
    w, t, c = linear_combination(a, V), 2.0, np.array([1.0, 1.0, 1.0])
    p, q, r = (np.polynomial.polynomial.polyval(t, f) for f in (*V, w))
    x = np.array([3.0, 6.0])
    return (
        dict(a=a, V=V, w=w, t=t, p=p, q=q, r=r, x=x, z=np.exp(linear_combination(a, np.log(x)[:, None]))[0])
        | dict(c=c, moved=linear_combination(a, V + c), b=np.array([1.0, 1.0]), sum=V[0] + V[1])
        | dict(sum_moved=linear_combination(np.ones(2), V + c))
    )


@VECTOR_SPACE.exercise
def subspace():
    def closed(contains, v):
        kept = [linear_combination(np.array(a), np.stack(v)) for a in ((1.0, 1.0), (-1.0, 0.0), (0.0, 0.0))]
        return all(contains(u) for u in (*v, *kept))

    x, y = np.array([1.0, -1.0, 2.0]), np.array([0.0, 0.0, 5.0])
    return choice(
        plane=closed(lambda v: v[0] + v[1] == 0, (x, y)),
        shifted=closed(lambda v: v[0] + v[1] == 1, (x + [1, 0, 0], y + [1, 0, 0])),
        crossed=closed(lambda v: v[0] * v[1] == 0, (np.array([1.0, 0, 0]), np.array([0, 1.0, 0]))),
        octant=closed(lambda v: (v >= 0).all(), (np.array([1.0, 0, 0]), np.array([0, 1.0, 0]))),
    )


@VECTOR_SPACE.exercise
def opposite_of_four():
    opposite = np.exp(linear_combination(np.array([-1.0]), np.log([[4.0]])))[0]
    return number(opposite, ordinary=-4.0, the_zero=np.exp(0.0))


@VECTOR_SPACE.exercise
def averaged_nets():
    def net(w, x):
        return w[1] * max(w[0] * x, 0.0)

    half, W = np.array([0.5, 0.5]), np.array([[2.0, 1.0], [4.0, 3.0]])
    outputs = [net(w, 1.0) for w in W]
    return number(net(linear_combination(half, W), 1.0), mean_of_outputs=np.mean(outputs), summed=np.sum(outputs))


@VECTOR_SPACE.cases
def cases(rng):
    def normal(*shape):
        return rng.standard_normal(shape)

    yield "random", dict(a=normal(3), V=normal(3, 4))
    yield "batch", dict(a=normal(2, 3), V=normal(2, 3, 5))
    yield "one vector", dict(a=normal(1), V=normal(1, 4))
    yield "coefficients zero and one", dict(a=np.array([0.0, 1.0, -1.0]), V=normal(3, 4))
    yield "cancelling", dict(a=np.array([1.0, 1.0]), V=np.array([[1.0, 2.0], [-1.0, -2.0]]))
    yield "many", dict(a=normal(40), V=normal(40, 3))
    yield "square", dict(a=normal(4), V=normal(4, 4))
    yield "long", dict(a=normal(1500), V=normal(1500, 2))
    yield "square batch", dict(a=normal(4, 4), V=normal(4, 4, 4))


@VECTOR_SPACE.invalid
def invalid(rng):
    yield "more coefficients than vectors", dict(a=np.ones(4), V=np.ones((3, 2)))
    yield "fewer coefficients than vectors", dict(a=np.ones(2), V=np.ones((3, 2)))


POINTS = np.linspace(-1, 1, 7)


def spaces(combine, rng):
    """Four vector spaces as (combination of a list of elements, three random elements, what is compared, its size)."""

    def mix(a, elements):
        return combine(np.array(a, float), np.stack(elements))

    def mix_functions(a, f):
        return lambda t: combine(np.array(a, float), np.stack([g(t) for g in f]))

    def mix_positive(a, x):
        return np.exp(combine(np.array(a, float), np.log(np.stack(x))))

    def wave(p, q):
        return lambda t: p * np.cos(q * t) + q * np.exp(t)

    yield mix, rng.standard_normal((3, 6)), np.asarray, 3.0
    # polynomials by their coefficients, compared as functions
    yield mix, rng.standard_normal((3, 5)), lambda c: np.polynomial.polynomial.polyval(POINTS, c), 10.0
    yield mix_functions, [wave(*rng.uniform(-1, 1, 2)) for _ in range(3)], lambda f: f(POINTS), 5.0
    # positive numbers: the product is the sum, the power the multiple, 1 the zero vector
    yield mix_positive, np.exp(rng.uniform(-1, 1, (3, 4))), np.log, 1.0


def everywhere(combine, rng, axiom):
    """Both sides of an axiom, for random elements u, v, w and numbers a, b of each space."""
    for mix, (u, v, w), read, size in spaces(combine, rng):
        a, b = rng.uniform(0.3, 2, 2) * [1, -1]

        def add(x, y, mix=mix):
            return mix([1, 1], [x, y])

        def times(c, x, mix=mix):
            return mix([c], [x])

        left, right = axiom(add, times, u, v, w, a, b)
        # |a|, |b| ≤ 2: no term exceeds 4 times the size of an element
        yield roundoff(read(left), read(right), terms=6, scale=4 * size)
        yield roundoff(
            read(add(u, v)), read(u) + read(v), terms=6, scale=4 * size
        )  # 0 for everything obeys axioms, too


@VECTOR_SPACE.claim
def addition_is_associative(combine, rng):
    """$(u+v)+w=u+(v+w)$"""

    def axiom(add, times, u, v, w, a, b):
        return add(add(u, v), w), add(u, add(v, w))

    yield from everywhere(combine, rng, axiom)


@VECTOR_SPACE.claim
def addition_is_commutative(combine, rng):
    """$u+v=v+u$"""

    def axiom(add, times, u, v, w, a, b):
        return add(u, v), add(v, u)

    yield from everywhere(combine, rng, axiom)


@VECTOR_SPACE.claim
def there_is_a_zero(combine, rng):
    """There is a zero vector, $0w$ for every w: $v+0w=v$"""

    def axiom(add, times, u, v, w, a, b):
        return add(v, times(0, w)), v

    yield from everywhere(combine, rng, axiom)


@VECTOR_SPACE.claim
def every_vector_has_an_opposite(combine, rng):
    """Every vector has an opposite, $(-1)v$: $v+(-1)v=0w$"""

    def axiom(add, times, u, v, w, a, b):
        return add(v, times(-1, v)), times(0, w)

    yield from everywhere(combine, rng, axiom)


@VECTOR_SPACE.claim
def multiples_of_multiples(combine, rng):
    """$a(bv)=(ab)v$"""

    def axiom(add, times, u, v, w, a, b):
        return times(a, times(b, v)), times(a * b, v)

    yield from everywhere(combine, rng, axiom)


@VECTOR_SPACE.claim
def one_changes_nothing(combine, rng):
    """$1v=v$"""
    yield from everywhere(combine, rng, lambda add, times, u, v, w, a, b: (times(1, v), v))


@VECTOR_SPACE.claim
def distributes_over_vectors(combine, rng):
    """$a(u+v)=au+av$"""

    def axiom(add, times, u, v, w, a, b):
        return times(a, add(u, v)), add(times(a, u), times(a, v))

    yield from everywhere(combine, rng, axiom)


@VECTOR_SPACE.claim
def distributes_over_numbers(combine, rng):
    """$(a+b)v=av+bv$"""

    def axiom(add, times, u, v, w, a, b):
        return times(a + b, v), add(times(a, v), times(b, v))

    yield from everywhere(combine, rng, axiom)


@VECTOR_SPACE.claim
def built_of_sums_and_multiples(combine, rng):
    """A combination of many vectors is made of these two operations, one after the other, in any order"""
    a, V = rng.standard_normal(7), rng.standard_normal((7, 4))
    whole = combine(a, V)
    step = V[0] * 0
    for i in rng.permutation(7):
        step = combine(np.ones(2), np.stack([step, combine(a[i : i + 1], V[i : i + 1])]))
    return roundoff(step, whole, terms=8, scale=float((np.abs(a) @ np.abs(V)).max()))


@VECTOR_SPACE.claim(required=False)
def sum_of_nothing_is_zero(combine, rng):
    """The combination of no vectors is the zero vector"""
    return identical(combine(np.zeros(0), np.zeros((0, 4))), np.zeros(4))


@VECTOR_SPACE.claim
def solutions_superpose(combine, rng):
    r"""A subspace keeps its combinations: those of sines and cosines still solve $y''=-y$; the solutions of $y'=y^2$
    are no subspace: for $y\ne0$ already $2y$ is none"""
    t, h, a = np.linspace(0, 3, 9), 0.4, rng.standard_normal(2) * 3

    def y(s):
        return combine(a, np.stack([np.sin(s), np.cos(s)]))

    # y(t+h) + y(t−h) = 2 cos(h) y(t) holds for the solutions of y″ = −y, without any derivative
    linear = roundoff(y(t + h) + y(t - h), 2 * np.cos(h) * y(t), terms=4, scale=2 * float(np.abs(a).sum()))
    # y = 1/(2−s) solves y′ = y²; z = 2y has z′ = 2y² but z² = 4y²: the defect is 2y²
    s = np.linspace(0, 1, 5)
    doubled = combine(np.array([2.0]), 1 / (2 - s)[None])
    defect = doubled**2 - combine(np.array([2.0]), (1 / (2 - s) ** 2)[None])
    return all_of(linear, roundoff(defect, 2 / (2 - s) ** 2, terms=4, scale=4.0))


@VECTOR_SPACE.claim
def cone_and_sphere_are_no_subspaces(combine, rng):
    r"""Closed under sums is not enough: the vectors with entries $\ge0$ are no subspace, for $(-1)v$ leaves them; nor
    is the unit sphere, for $e_1+e_2$ has length $\sqrt2$"""
    V = rng.uniform(0.1, 1, (3, 5))
    inside = combine(np.array([2.0, 0.5, 1.0]), V).min()
    outside = combine(np.array([-1.0]), V[:1]).max()
    length = np.linalg.norm(combine(np.ones(2), np.eye(2)))
    why = Text("entries of a positive combination", "正系数组合的分量")
    yield bound(inside, 0.35, "≥", why)
    yield bound(outside, -0.1, "≤", Text("entries of the opposite", "负向量的分量"))
    yield roundoff(length, np.sqrt(2), terms=2)


@VECTOR_SPACE.claim
def shift_of_the_origin(combine, rng):
    r"""Weights that sum to 1 do not depend on the origin; others do: shifting all vectors by c shifts the result by
    $(\sum a_i)c$"""
    V, c = rng.standard_normal((4, 3)), rng.standard_normal(3)
    for total in (1.0, 0.0, 2.5):
        a = rng.standard_normal(4)
        a[-1] += total - a.sum()
        moved = combine(a, V + c) - combine(a, V)
        drift = float(np.abs(moved - total * c).max())
        why = Text("c·n·ε·Σ|aᵢ||vᵢ|, c=4, n=5", "c·n·ε·Σ|aᵢ||vᵢ|，c=4，n=5")
        size = float((np.abs(a) @ (np.abs(V) + np.abs(c))).max())
        yield near(drift, 0.0, 4 * 5 * 2.0**-52 * size, why, "roundoff")


@VECTOR_SPACE.mutant(caught_by="addition-is-associative, solutions-superpose")
def saturating(a, V):
    """entries are cut at ±1, as saturating arithmetic does"""
    return np.clip(linear_combination(a, V), -1, 1)


@VECTOR_SPACE.mutant(caught_by="addition-is-commutative, distributes-over-vectors")
def heisenberg(a, V):
    r"""the addition of the Heisenberg group, $u+v+\frac12(u_1v_2-u_2v_1)e_3$: seven axioms cannot hold without the
    eighth"""
    w = np.zeros(np.shape(linear_combination(a, V)))
    for i in range(V.shape[-2]):
        v = a[..., i, None] * V[..., i, :]
        twist = (w[..., 0] * v[..., 1] - w[..., 1] * v[..., 0]) / 2 if V.shape[-1] > 2 else 0.0
        w = w + v
        w[..., -1] += twist
    return w


@VECTOR_SPACE.mutant(caught_by="there-is-a-zero, every-vector-has-an-opposite, equals-definition")
def zero_taken_for_missing(a, V):
    """`a or 1`: a coefficient 0 is taken for a missing one"""
    return linear_combination(np.where(a == 0, 1.0, a), V)


@VECTOR_SPACE.mutant(
    caught_by="every-vector-has-an-opposite, cone-and-sphere-are-no-subspaces, distributes-over-numbers"
)
def signs_lost(a, V):
    """coefficients without their signs"""
    return linear_combination(np.abs(a), V)


@VECTOR_SPACE.mutant(caught_by="multiples-of-multiples, equals-definition")
def quantised_coefficients(a, V):
    """coefficients rounded to tenths, as by quantisation"""
    return linear_combination(np.round(a, 1), V)


@VECTOR_SPACE.mutant(caught_by="one-changes-nothing")
def last_entry_lost(a, V):
    """a vector alone loses its last entry"""
    w = linear_combination(a, V)
    return np.where(np.arange(V.shape[-1]) == V.shape[-1] - 1, 0.0, w) if V.shape[-2] == 1 else w


@VECTOR_SPACE.mutant(caught_by="distributes-over-vectors")
def clipped_multiples(a, V):
    """multiples are clipped to length 1"""
    M = a[..., None] * V
    M = M / np.maximum(1, np.linalg.norm(M, axis=-1, keepdims=True))
    return linear_combination(np.ones(np.shape(a)), M)


@VECTOR_SPACE.mutant(caught_by="distributes-over-numbers, shift-of-the-origin")
def squared_coefficients(a, V):
    """coefficients squared"""
    return linear_combination(a**2, V)


@VECTOR_SPACE.mutant(caught_by="addition-is-associative, shift-of-the-origin, built-of-sums-and-multiples")
def averaged(a, V):
    """divided by the sum of the coefficients: an average"""
    total = a.sum(axis=-1, keepdims=True)
    return linear_combination(a / np.where(total == 0, 1.0, total), V)


@VECTOR_SPACE.mutant(caught_by="built-of-sums-and-multiples")
def two_terms(a, V):
    """only the first two terms are added"""
    return linear_combination(a[..., :2], V[..., :2, :])


@VECTOR_SPACE.mutant(caught_by="sum-of-nothing-is-zero")
def empty_sum_is_one(a, V):
    """the sum of nothing is 1, as for a product"""
    return linear_combination(a, V) + (V.shape[-2] == 0)


@VECTOR_SPACE.figure(
    a=Slider(-2, 2, 1.2, "coefficient a"),
    b=Slider(-2, 2, -0.6, "coefficient b"),
    angle=Slider(0, 180, 70, "angle between the arrows u and v (degrees)"),
)
def figure(a, b, angle):
    turn = np.radians(angle)
    V = np.array([[1.4, 0.3], [1.2 * np.cos(turn), 1.2 * np.sin(turn)]])
    coefficients = np.array([a, b])
    w = linear_combination(coefficients, V)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.7)
    ends = {"u": V[0], "v": V[1], "au": a * V[0], "bv": b * V[1], "au+bv": w}
    for (name, end), colour in zip(ends.items(), (*COLOURS[:2], *COLOURS[:2], COLOURS[2]), strict=True):
        faint = 0.45 if name in ("au", "bv") else 1.0
        arrow = {"arrowstyle": "->", "color": colour, "lw": 3 if faint < 1 else 2, "alpha": faint}
        left.annotate("", end, (0, 0), arrowprops=arrow)
        if name not in ("au", "bv"):
            left.annotate(name, end, textcoords="offset points", xytext=(5, 4), color=colour)
    left.plot(*np.array([a * V[0], w, b * V[1]]).T, ":", color=COLOURS[6], lw=1)
    reach = 1.15 * max(2.0, np.abs([w, a * V[0], b * V[1]]).max())
    square = {"aspect": "equal", "xlim": (-reach, reach), "ylim": (-reach, reach)}
    left.set(**square, title="arrows", xlabel="$x_1$", ylabel="$x_2$")
    t = np.linspace(0, 2 * np.pi, 300)
    F = np.stack([np.sin(t), np.cos(3 * t) / 2 + 0.5])
    f = linear_combination(coefficients, F)
    right.plot(t, F[0], lw=1, label="u(t)")
    right.plot(t, F[1], lw=1, label="v(t)")
    right.plot(t, f, lw=2.4, label="a u + b v")
    right.set(xlabel="t", ylim=(-4.5, 4.5), title="functions")
    right.legend(frameon=False, ncols=3, loc="upper center", fontsize=9.5)
    area = abs(V[0, 0] * V[1, 1] - V[0, 1] * V[1, 0])
    flat = area < 0.05
    words = Text(
        f"The same coefficients a = {a:.2f}, b = {b:.2f} combine two arrows into ({w[0]:.2f}, {w[1]:.2f}) and two functions into one whose "
        f"values lie between {f.min():.2f} and {f.max():.2f}. The arrows span {'almost only a line' if flat else 'the whole plane'}.",
        f"同样的系数 a = {a:.2f}，b = {b:.2f} 把两个箭头组合成 ({w[0]:.2f}, {w[1]:.2f})，把两个函数组合成一个取值介于 {f.min():.2f} 与 {f.max():.2f} 之间的函数。"
        f"这两个箭头{'几乎只张成一条直线' if flat else '张成整个平面'}。",
    )
    return Drawing(fig, words)
