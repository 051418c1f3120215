"""Universal approximation: the theorem as a network that is built, what it costs, and what it does not say."""

import itertools

import numpy as np

from gradus.frameworks import namespace
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import bound, identical, invariance, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(bump_network, f, cells, x):
    return bump_network(f, x.shape[-1], cells, dtype=x.dtype).to(x.device)(x)[..., 0]


UNIVERSAL = Concept(
    key="universal-approximation",
    kind="theorem",
    title="Universal approximation",
    summary="On a compact set, networks come as near as one likes to any continuous function, if the activation is continuous and no polynomial and there are enough units. "
    "For ReLU the network can be written down: bumps on a grid. Its error falls with the width, the more slowly the more dimensions; for functions that are a mean of units it falls like $k^{-1/2}$ in any.",
    formulas=(
        r"\sigma\ \text{continuous, no polynomial};\ K\ \text{compact},\ f\ \text{continuous on}\ K,\ \varepsilon>0:\qquad \exists\,k,c,w,b:\ \max_{x\in K}\Bigl\lvert f(x)-\sum_{j=1}^kc_j\sigma(w_j^{\mathsf T}x+b_j)\Bigr\rvert<\varepsilon",
        r"g(x)=\sum_{m\in\{0,\dots,N\}^n}\Delta_mf\;\sigma\Bigl(\sum_{i:m_i>0}r_{m_i}(x_i)-\#\{i:m_i>0\}+1\Bigr),\qquad r_j(t)=\sigma(Nt-j+1)-\sigma(Nt-j),\qquad\sigma(z)=\max(0,z)",
        r"\Delta_mf=\sum_{v\in\{0,1\}^n,\,v\le m}(-1)^{v_1+\dots+v_n}f\Bigl(\frac{m-v}N\Bigr)",
        r"\max_{x\in[0,1]^n}\lvert f-g\rvert\le\Lambda_n\,\omega\bigl(\tfrac1N\bigr),\qquad\omega(\delta)=\sup_{\lVert x-y\rVert_\infty\le\delta}\lvert f(x)-f(y)\rvert,\qquad\Lambda_1=\Lambda_2=1,\ \Lambda_3=2",
        r"\omega(\delta)\le C\delta^a:\qquad N=\bigl\lceil(\Lambda_nC/\varepsilon)^{1/a}\bigr\rceil,\quad(N+1)^n\sim\varepsilon^{-n/a}\ \text{units};\qquad n=1:\ \max\lvert f-g\rvert\le C(2N)^{-a}",
        r"f=\mathbb E\,h_\theta:\qquad \mathbb E\Bigl\lVert f-\frac1k\sum_{j=1}^kh_{\theta_j}\Bigr\rVert^2=\frac{\mathbb E\lVert h_\theta\rVert^2-\lVert f\rVert^2}k",
    ),
    symbols=(
        Symbol("f", "f", "function", "what is approximated: from points (…, n) to values (…)", "function"),
        Symbol("N", "cells", "", "cells of the grid along each axis", "natural"),
        Symbol("x", "x", "... n", "points; the promise holds in $[0,1]^n$"),
        Symbol("g", "", "...", "the network, with one hidden layer for $n=1$, with two for $n\\ge2$"),
        Symbol(r"\sigma", "", "function", "activation; in the construction ReLU"),
        Symbol("r_j", "", "", "ramp from 0 at $\\frac{j-1}N$ to 1 at $\\frac jN$: two units of the first layer"),
        Symbol(
            r"\Delta_mf", "", "", "mixed difference: what the value at node $m$ adds to what lower nodes account for"
        ),
        Symbol("v", "", "n", "which axes step back by one node; $v\\le m$ axis by axis"),
        Symbol(r"\omega", "", "", "modulus of continuity in the maximum norm"),
        Symbol(r"\Lambda_n", "", "", "largest sum of the sizes of the weights with which the nodes of a cell count"),
        Symbol("C,\\ a", "", "", r"Hölder constant and exponent, $0<a\le1$; Lipschitz for $a=1$"),
        Symbol(r"\varepsilon", "", "", "error that is allowed"),
        Symbol("k,\\ c_j,\\ w_j,\\ b_j", "", "", "number of units, their outer weights, weights and biases"),
        Symbol(r"h_\theta", "", "", r"a unit with its outer weight and sign, drawn at random; $\theta_j$ independent"),
        Symbol(r"\lVert\cdot\rVert", "", "", "root of the mean square over any law of $x$"),
    ),
    needs=("mlp", "activations"),
    source="cybenko1989approximation",
    year=1989,
    people=("George Cybenko", "Kurt Hornik", "Moshe Leshno", "Allan Pinkus", "Andrew Barron", "Lee Jones"),
    aliases="universal approximation theorem, universal approximator, Cybenko, bump network, Barron space, Barron's theorem, curse of dimensionality of networks, "
    "greedy approximation, 万能逼近定理, 通用近似定理, 普适逼近定理, 万能近似定理, Barron 空间, 贪婪逼近",
    implementations=(
        Implementation(
            "gradus.theory:bump_network",
            "torch",
            _ours,
            "for any box; its bound is `bump_error`; unit by unit on data: `greedy_network`",
        ),
    ),
    readings="leshno1993multilayer; hornik1989multilayer; pinkus1999approximation §3; barron1993universal; jones1992simple; hardy1916weierstrass",
    hypotheses=(
        Hypothesis("the activation is no polynomial", "polynomial-units-do-not, polynomial-activation"),
        Hypothesis("$K$ is compact; the construction: $x$ lies in the cube", "outside-nothing-is-promised"),
        Hypothesis("$f$ is continuous", "a-step-is-not-reached"),
        Hypothesis(r"width $\varepsilon^{-n}$: $f$ is Lipschitz ($a=1$)", "rough-functions-need-more"),
        Hypothesis(r"$\Lambda_n=1$, no overshoot: $n\le2$", "three-dimensions-overshoot"),
        Hypothesis(r"$k^{-1/2}$: $f$ is a mean of units of bounded size", "with-too-little-weight-an-error-stays"),
    ),
    conventions=(
        Convention(
            "distance of points",
            r"maximum norm: a Lipschitz constant $C_2$ of the Euclidean norm gives $C\le\sqrt n\,C_2$",
            "Euclidean norm",
        ),
        Convention(
            "hidden layers of the construction",
            "two for $n\\ge2$, so that bumps are local; for the theorem itself one is enough in every dimension",
            "one: sums of ridge functions, by Fourier series or Hahn–Banach",
        ),
        Convention("outside of the cube", "the value at the nearest point of the cube", "the outermost pieces go on"),
    ),
    deviations=(
        "The definition adds up all $(N+1)^n$ terms; the implementation puts $\\Delta_0f=f(0)$ into the bias of the last layer.",
    ),
    unverified="That one hidden layer suffices for every $n$ and every continuous activation that is no polynomial (Leshno, Lin, Pinkus and Schocken 1993) is "
    "measured only for ReLU and $n=1$. That no choice of units that depends continuously on $f$ needs fewer than $c\\,\\varepsilon^{-n}$ parameters for all Lipschitz functions (DeVore, Howard and Micchelli 1989) is not measured.",
    differentiable=False,
    carries_gradient=False,
    longest_sum=128,
)


def relu(z):
    return np.where(z > 0, z, 0 * z)


@UNIVERSAL.definition
def approximation(f, cells, x):
    N, n = cells, x.shape[-1]
    if N < 1:
        raise ValueError("no cell")

    def relu(z):
        return np.where(z > 0, z, 0 * z)

    def ramp(j, t):
        return relu(N * t - j + 1) - relu(N * t - j)  # first layer

    g = np.zeros(x.shape[:-1])
    for m in itertools.product(range(N + 1), repeat=n):
        axes = [i for i in range(n) if m[i] > 0]
        beyond = relu(sum(ramp(m[i], x[..., i]) for i in axes) - len(axes) + 1)  # second layer
        back = itertools.product(*[(0, 1) if k > 0 else (0,) for k in m])
        g = g + sum((-1) ** sum(v) * f((np.array(m) - v) / N) for v in back) * beyond
    return g


@generic
def product(x):
    y = 1.0
    for i in range(x.shape[-1]):
        y = y * x[..., i]
    return y


@generic
def waves(x):
    """A sum of sines with all axes in it."""
    u = sum((i + 1) * x[..., i] for i in range(x.shape[-1]))
    return namespace(x).sin(2 * u) + 0.5 * namespace(x).cos(3 * x[..., 0])


@generic
def highest(x):
    y = x[..., 0]
    for i in range(1, x.shape[-1]):
        y = namespace(x).maximum(y, x[..., i])
    return y


@generic
def ridge(x):
    return abs(x[..., 0] - x[..., 1])


def peak(centre, a=1.0):
    """max|x_i − c_i|^a: Hölder with exponent a and constant 1."""

    @generic
    def f(x):
        return highest(namespace(x).stack([abs(x[..., i] - c) for i, c in enumerate(centre)], -1)) ** a

    return f


def plane(slopes, offset):
    @generic
    def f(x):
        return sum(s * x[..., i] for i, s in enumerate(slopes)) + offset

    return f


@generic
def weierstrass(x):
    """Σ 2^{−k/2} cos 2ᵏπx: Hölder ½ and nowhere smoother, up to scales of 2⁻¹³."""
    return sum(2 ** (-k / 2) * namespace(x).cos(2**k * np.pi * x[..., 0]) for k in range(14))


@generic
def half_step(x):
    return namespace(x).where(x[..., 0] > 0.5, 1 + 0 * x[..., 0], 0 * x[..., 0])


@generic
def square(x):
    return x[..., 0] ** 2


@UNIVERSAL.example
def example():
    f, cells, x = product, 2, np.array([[0.7, 0.6], [0.9, 0.8]])
    g = approximation(f, cells, x)
    one = np.array([[0.25]])
    return (
        dict(f=f, cells=cells, x=x, g=g, value=f(x), low=cells * x[0] - 1, high=cells * x[1] - 1)
        | dict(corner=f(np.array([0.5, 0.5])), edge=f(np.array([1.0, 0.5])), step=0.25)
        | dict(second=cells * x[1].sum() - 3, sure=1 - f(np.array([0.5, 0.5])), away=np.abs(f(x) - g).max())
        | dict(t=one[0, 0], chord=approximation(square, 2, one)[0], true=square(one)[0])
        | dict(line=2 / (2 * cells), off=approximation(square, 2, one)[0] - square(one)[0])
    )


@UNIVERSAL.exercise
def three_dimensions():
    N = round(2 * 1 / 0.1)
    return number((N + 1) ** 3, without_the_factor=11**3, cells=N**3, one_axis=3 * (N + 1))


@UNIVERSAL.exercise
def half_the_error():
    return number(2 ** (1 / 0.5), as_if_lipschitz=2, the_other_way=2**0.5)


@UNIVERSAL.exercise
def which_one():
    t = np.linspace(0, 1, 2001)[:, None]
    far = {}
    for name, f in dict(step=half_step, root=peak((0.0,), 0.5), rough=weierstrass).items():
        far[name] = [np.abs(f(t) - approximation(f, N, t)).max() for N in (7, 63)]
    return choice(
        step=far["step"][1] > 0.99 * far["step"][0],
        root=far["root"][1] > 0.99 * far["root"][0],
        rough=far["rough"][1] > 0.99 * far["rough"][0],
    )


@UNIVERSAL.cases
def cases(rng):
    yield "one axis", dict(f=waves, cells=7, x=rng.random((12, 1)))
    yield "two axes", dict(f=waves, cells=3, x=rng.random((8, 2)))
    yield "three axes", dict(f=waves, cells=2, x=rng.random((8, 3)))
    yield "four axes, one cell", dict(f=product, cells=1, x=rng.random((6, 4)))
    yield "a kink", dict(f=peak((0.3, 0.6)), cells=3, x=rng.random((3, 4, 2)))
    yield "a step", dict(f=half_step, cells=3, x=rng.random((9, 2)))
    yield "outside", dict(f=waves, cells=2, x=rng.uniform(-1, 2, (15, 2)))
    yield "a single point", dict(f=square, cells=2, x=np.array([0.4]))


@UNIVERSAL.invalid
def invalid(rng):
    yield "no cell", dict(f=square, cells=0, x=rng.random((3, 1)))


def nodes(n, N):
    return np.array(list(itertools.product(range(N + 1), repeat=n))) / N


@UNIVERSAL.claim
def nodes_are_met(approximation, rng):
    """At all nodes of the grid the network is equal to the function, in one, two, three and four dimensions"""
    for n, N in ((1, 9), (2, 4), (3, 2), (4, 1)):
        at = nodes(n, N)
        yield roundoff(approximation(waves, N, at), waves(at), terms=len(at) * 2**n)


@UNIVERSAL.claim
def planes_and_sums_over_axes(approximation, rng):
    """Affine functions come out as they are, in any dimension. A sum of functions of one coordinate each becomes the sum of their broken lines"""
    for n, N in ((1, 3), (2, 3), (3, 2)):
        slopes, x = rng.standard_normal(n), rng.random((15, n))
        f = plane(slopes, 0.7)
        yield roundoff(approximation(f, N, x), f(x), terms=(N + 1) ** n * 2**n)
    x, f = rng.random((15, 2)), generic(lambda x: square(x) + namespace(x).sin(5 * x[..., 1]))
    t = np.arange(5) / 4
    lines = np.interp(x[:, 0], t, t**2) + np.interp(x[:, 1], t, np.sin(5 * t))
    yield roundoff(approximation(f, 4, x), lines, terms=100)


@UNIVERSAL.claim
def error_is_bounded(approximation, rng):
    r"""For $f=\lVert x-c\rVert_\infty^a$, whose Hölder constant is 1, the error is at most $(2N)^{-a}$ on the line, $N^{-a}$ in the plane and $2N^{-a}$ in space: at 300 points, $a=1$ and $\tfrac12$. On the line the bound is attained,
    where $c$ lies in the middle of a cell"""
    for a in (1.0, 0.5):
        for n, N, limit in ((1, 6, 12**-a), (2, 4, 4**-a), (3, 3, 2 * 3**-a)):
            f, x = peak(rng.random(n), a), rng.random((300, n))
            yield bound(np.abs(f(x) - approximation(f, N, x)).max(), limit)
        middle = np.array([[2.5 / 6]])
        yield roundoff(approximation(peak(middle[0], a), 6, middle), np.array([12**-a]), terms=50, scale=1.0)


@UNIVERSAL.claim
def three_dimensions_overshoot(approximation, rng):
    r"""Up to two dimensions the network stays between the least and the greatest value at the nodes of the cell. In three it does not: $f=\max_ix_i$ is at most $\tfrac1N$ on the first cell, and the network is $\tfrac3{2N}$ in its middle, which is off by $\tfrac1N$, twice as much as $f$
    at any node of the cell differs from $f$ in the middle: the sizes of the weights add up to $\Lambda_3=2$"""
    for n, N in ((1, 4), (2, 2)):
        x = rng.random((200, n))
        g = approximation(waves, N, x)
        cell = np.floor(x * N)
        corners = np.array([waves((cell + v) / N) for v in itertools.product((0, 1), repeat=n)])
        yield bound((g - corners.max(0)).max(), 1e-12)
        yield bound((corners.min(0) - g).max(), 1e-12)
    for N in (1, 2):
        middle = np.full((1, 3), 0.5 / N)
        yield roundoff(approximation(highest, N, middle), np.array([1.5 / N]), terms=64 * 8)


@UNIVERSAL.claim
def width_grows_with_the_dimension(approximation, rng):
    r"""The bound $\Lambda_n/N$ for Lipschitz constant 1 cannot fall faster: of $\lVert x-c\rVert_\infty$, $c$ in the middle of the cube and of a cell, the error at $c$ is $\tfrac1{2N}$, half the number of cells to the power $-\tfrac1n$, on the line, in the plane and in space"""
    for n, sizes in ((1, (5, 9, 17, 33)), (2, (3, 5, 7, 9)), (3, (1, 3))):
        f, errors = peak((0.5,) * n), []
        for N in sizes:
            errors.append(np.abs(f(np.full((1, n), 0.5)) - approximation(f, N, np.full((1, n), 0.5)))[0])
            yield roundoff(errors[-1], 0.5 / N, terms=N**n, scale=1.0)
        if n < 3:
            yield rate([N**n for N in sizes], errors, -1 / n, tolerance=1e-6)


@UNIVERSAL.claim
def rough_functions_need_more(approximation, rng):
    r"""Weierstrass' function $\sum_{k\le13}2^{-k/2}\cos2^k\pi x$ is Hölder with exponent ½: with $N=4,8,\dots,64$ cells its error falls like $N^{-1/2}$, where that of $\lvert x-\tfrac12\rvert$ is $\tfrac1{2N}$ for odd $N$ (for even ones ½ is a node, and it is 0). For half the error it takes four times the width, not twice"""
    t = np.linspace(0, 1, 2**13 + 1)[:, None]
    sizes = (4, 8, 16, 32, 64)
    far = [np.abs(weierstrass(t) - approximation(weierstrass, N, t)).max() for N in sizes]
    yield rate(sizes, far, -0.5, tolerance=0.03)
    for N in (5, 9, 17, 33, 65, 8, 64):
        off = np.abs(peak((0.5,))(t) - approximation(peak((0.5,)), N, t)).max()
        yield roundoff(off, 0.5 / N if N % 2 else 0.0, terms=N, scale=1.0)


@UNIVERSAL.claim
def a_step_is_not_reached(approximation, rng):
    """A continuous function is off by ½ or more beside a unit step: so is the network, however many cells. Its root mean square error does fall, like one over the root of the number of cells, when the step lies in the middle of a cell"""
    sizes, t = (3, 7, 15, 31), (np.arange(8000)[:, None] + 0.5) / 8000
    edge = np.array([[0.5 - 1e-9], [0.5 + 1e-9]])
    square_error = []
    for N in sizes:
        yield bound(np.abs(half_step(edge) - approximation(half_step, N, edge)).max(), 0.5 - 1e-7, "≥", Text("½", "½"))
        square_error.append(np.sqrt(np.mean((half_step(t) - approximation(half_step, N, t)) ** 2)))
    yield rate(sizes, square_error, -0.5, tolerance=0.01)


@UNIVERSAL.claim
def outside_nothing_is_promised(approximation, rng):
    r"""Outside of the cube the network is what it is at the nearest point of the cube. So on all of $\mathbb R$ it is off from $x^2$ by any amount: $s^2-1$ at $s\ge1$; every network of ReLU units is affine far out"""
    x = rng.uniform(-3, 4, (30, 2))
    inside = approximation(waves, 3, np.clip(x, 0, 1))
    yield invariance(approximation(waves, 3, x), inside, terms=16 * 4 * 30)
    far, near = np.array([[2.0, 3.0], [-1.0, 5.0], [-0.5, -7.0]]), np.array([[1.0, 1.0], [0.0, 1.0], [0.0, 0.0]])
    yield roundoff(approximation(waves, 3, far), waves(near), terms=16 * 4 * 30)
    s = np.array([[1.0], [10.0], [1000.0]])
    yield roundoff(square(s) - approximation(square, 4, s), s[:, 0] ** 2 - 1, terms=100)


@UNIVERSAL.claim
def polynomial_units_do_not(approximation, rng):
    r"""Units $(wt+b)^2$ span the polynomials up to degree 2 and no more: rank 3 for 60 of them. The fourth difference $\sum_i(-1)^i\binom4iq(\tfrac i4)$ of any polynomial $q$ of degree 3 or less is 0, but that of $\lvert2t-1\rvert$ is $-2$, with weights of total size 16: no such $q$ comes
    nearer than $\tfrac18$. The ReLU network with four cells is equal to it"""
    t = np.linspace(0, 1, 41)[:, None]
    w, b = rng.standard_normal((2, 60))
    units = (t * w + b) ** 2
    yield identical(np.linalg.matrix_rank(units, tol=1e-10), 3)
    f = peak((0.5,))
    fit = units @ np.linalg.lstsq(units, 2 * f(t), rcond=1e-12)[0]
    yield bound(np.abs(fit - 2 * f(t)).max(), 1 / 8, "≥")
    five, signs = np.arange(5)[:, None] / 4, np.array([1.0, -4, 6, -4, 1])
    yield roundoff(signs @ fit[::10], 0.0, terms=200, scale=16 * np.abs(fit).max())
    twice = generic(lambda x: 2 * f(x))
    yield roundoff(signs @ approximation(twice, 4, five), -2.0, terms=100, scale=16.0)
    yield roundoff(approximation(twice, 4, t), 2 * f(t), terms=100)


@UNIVERSAL.claim
def linear_in_the_function(approximation, rng):
    """The network depends linearly on the function, with which it agrees at the corners of the cube. Exchanged coordinates of the function and of the points cancel out"""
    x, mixed = rng.random((12, 2)), generic(lambda x: 2 * waves(x) - 3 * product(x))
    want = 2 * approximation(waves, 3, x) - 3 * approximation(product, 3, x)
    yield invariance(approximation(mixed, 3, x), want, terms=64, scale=6.0)
    yield roundoff(approximation(mixed, 3, x.round()), mixed(x.round()), terms=64, scale=6.0)
    turned = generic(lambda x: waves(namespace(x).stack([x[..., 1], x[..., 0]], -1)))
    yield invariance(approximation(turned, 3, x[:, ::-1].copy()), approximation(waves, 3, x), terms=64)


def many_units(rng, count, d, points):
    """Values (points, count) of ±ReLU units with weights of length 1 and kinks within the cube."""
    x, w = rng.random((points, d)), rng.standard_normal((d, count))
    w = w / np.linalg.norm(w, axis=0)
    values = relu((x - 0.5) @ w - rng.uniform(-0.5, 0.5, count))
    return values * rng.choice((-1.0, 1.0), count)


def greedily(h, f, k):
    """Mean square errors of 1, …, k units, chosen from the columns of h one after the other, each with the best share."""
    g, errors = np.zeros_like(f), []
    for _ in range(k):
        d = h - g[:, None]
        share = np.clip((f - g) @ d / np.maximum((d * d).sum(0), 1e-300), 0, 1)
        left = (((f - g)[:, None] - share * d) ** 2).mean(0)
        best = left.argmin()
        g = g + share[best] * d[:, best]
        errors.append(left[best])
    return np.array(errors)


@UNIVERSAL.claim
def means_of_units_know_no_dimension(approximation, rng):
    r"""Of a mean of 50 units, $k=8$ drawn with replacement have the mean square error $(\mathbb E\lVert h\rVert^2-\lVert f\rVert^2)/k$ over 200 draws, in 2, 8 and 32 dimensions. Chosen one by one, each with the best share, they never have a larger one, for any $k\le40$.
    The grid does not see that $\lvert x_1-x_2\rvert$ is a sum of two units: right at its nodes, it is off by $\tfrac1N$ in the middle of a cell on the diagonal, in the plane and in space"""
    for d in (2, 8, 32):
        h = many_units(rng, 50, d, 200)
        f = h.mean(1)
        left = (h**2).mean() - (f**2).mean()
        draws = [((h[:, rng.integers(50, size=8)].mean(1) - f) ** 2).mean() for _ in range(200)]
        yield statistical(draws, left / 8)
        yield bound((greedily(h, f, 40) * np.arange(1, 41)).max(), left)
    for n, N in ((2, 3), (2, 5), (3, 1)):
        yield roundoff(approximation(ridge, N, np.full((1, n), 0.5)), np.array([1 / N]), terms=64 * 8)
        at = nodes(n, N)
        yield roundoff(approximation(ridge, N, at), ridge(at), terms=64 * 8)


@UNIVERSAL.claim
def with_too_little_weight_an_error_stays(approximation, rng):
    r"""The mean must have the weight: a zigzag of 8 teeth on $[0,1]$ is a broken line on 16 cells, which the network meets exactly. Means of units $\pm4\sigma(\pm(t-b))$ with kinks $b$ at the sixteenths and of constants $\pm4$, however many, leave a mean square error of more than a tenth of the zigzag's variance, at 161 points: by convexity no mean comes
    below $\lVert f-g\rVert^2-2\max_h\langle f-g,h-g\rangle$, whatever $g$"""
    t = np.linspace(0, 1, 161)[:, None]

    @generic
    def zigzag(x):
        s = 8 * x[..., 0]
        return 2 * abs(s - namespace(x).floor(s + 0.5))

    f = zigzag(t)
    yield roundoff(approximation(zigzag, 16, t), f, terms=200)
    b = np.arange(17) / 16
    h = np.hstack([relu(t - b), relu(b - t), np.ones((161, 1))]) * 4
    h = np.hstack([h, -h])
    g, floor = np.zeros_like(f), 0.0
    for k in range(60):
        slopes = (f - g) @ (h - g[:, None]) / len(f)
        floor = max(floor, ((f - g) ** 2).mean() - 2 * slopes.max())
        g = g + 2 / (k + 2) * (h[:, slopes.argmax()] - g)
    yield bound(floor, 0.1 * f.var(), "≥", Text("a tenth", "十分之一"))


def assembled(f, cells, x, ramp=None, join=None, difference=None):
    """The construction with one of its parts exchanged."""
    N, n = cells, x.shape[-1]
    ramp = ramp or (lambda N, j, t: relu(N * t - j + 1) - relu(N * t - j))
    join = join or (lambda r: relu(sum(r) - len(r) + 1))
    g = np.zeros(x.shape[:-1])
    for m in itertools.product(range(N + 1), repeat=n):
        back = list(itertools.product(*[(0, 1) if k > 0 else (0,) for k in m]))
        value = sum((-1) ** sum(v) * f((np.array(m) - v) / N) for v in back)
        if difference is not None:
            value = difference(f, np.array(m), N)
        ones = np.ones(x.shape[:-1])
        g = g + value * join([ramp(N, k, x[..., i]) for i, k in enumerate(m) if k > 0] or [ones])
    return g


@UNIVERSAL.mutant(
    caught_by="polynomial-units-do-not, nodes-are-met, error-is-bounded, rough-functions-need-more, outside-nothing-is-promised"
)
def polynomial_activation(f, cells, x):
    """squares for ReLUs: a polynomial of degree 2, on the line of degree 1"""
    return assembled(
        f,
        cells,
        x,
        lambda N, j, t: (N * t - j + 1) ** 2 - (N * t - j) ** 2,
        lambda r: (sum(r) - len(r) + 1) ** 2 if len(r) > 1 else r[0],
    )


@UNIVERSAL.mutant(caught_by="three-dimensions-overshoot, nodes-are-met, means-of-units-know-no-dimension")
def one_hidden_layer(f, cells, x):
    """no second layer: the ramps are added up and never cut off"""
    return assembled(f, cells, x, join=lambda r: sum(r) - len(r) + 1)


@UNIVERSAL.mutant(caught_by="equals-definition, nodes-are-met, means-of-units-know-no-dimension")
def without_a_threshold(f, cells, x):
    """the second layer has no bias"""
    return assembled(f, cells, x, join=lambda r: relu(sum(r)))


@UNIVERSAL.mutant(caught_by="three-dimensions-overshoot, equals-definition")
def products_of_ramps(f, cells, x):
    """ramps are multiplied, which no ReLU layer does: multilinear interpolation"""
    return assembled(f, cells, x, join=lambda r: np.prod(r, 0))


@UNIVERSAL.mutant(caught_by="three-dimensions-overshoot, equals-definition")
def least_of_the_ramps(f, cells, x):
    """the least ramp, which takes more layers from three axes on"""
    return assembled(f, cells, x, join=lambda r: np.min(r, 0))


@UNIVERSAL.mutant(caught_by="error-is-bounded, planes-and-sums-over-axes, equals-definition")
def steps_for_ramps(f, cells, x):
    """steps for ramps: a staircase, no continuous function"""
    return assembled(f, cells, x, ramp=lambda N, j, t: (N * t >= j - 1e-9).astype(float))


@UNIVERSAL.mutant(caught_by="nodes-are-met, three-dimensions-overshoot, error-is-bounded")
def values_for_differences(f, cells, x):
    """each node adds its value over the first one's, and not only what is new"""
    return assembled(f, cells, x, difference=lambda f, m, N: f(m / N) - f(0 * m / N) + (m.max() == 0) * f(0 * m / N))


@UNIVERSAL.mutant(caught_by="nodes-are-met, means-of-units-know-no-dimension, with-too-little-weight-an-error-stays")
def middles_of_cells(f, cells, x):
    """the value at the middle of the cell, on all of it"""
    return f((np.floor(np.clip(x, 0, 1 - 1e-12) * cells) + 0.5) / cells)


@UNIVERSAL.mutant(caught_by="outside-nothing-is-promised, equals-definition")
def goes_on_outside(f, cells, x):
    """the last unit of each axis is missing: outside, the last piece goes on"""
    return assembled(f, cells, x, ramp=lambda N, j, t: relu(N * t - j + 1) - (relu(N * t - j) if j < N else 0 * t))


@UNIVERSAL.mutant(
    caught_by="rough-functions-need-more, a-step-is-not-reached, width-grows-with-the-dimension, error-is-bounded"
)
def always_three_cells(f, cells, x):
    """width does nothing: three cells at most"""
    return approximation(f, min(cells, 3), x)


@UNIVERSAL.mutant(caught_by="linear-in-the-function, nodes-are-met, equals-definition")
def axes_exchanged(f, cells, x):
    """the axes of the grid and those of the points in opposite order"""
    return approximation(f, cells, x[..., ::-1] * np.linspace(1, 0.9, x.shape[-1]))


UNIVERSAL.erratum(
    "E72",
    common="A network with one hidden layer can approximate any continuous function (course notes)",
    why=r"On a compact set, with an activation that is no polynomial, and with as many units as it takes. On all of $\mathbb R$ a ReLU network is affine far out, and off from $x^2$ by any amount; units $(wt+b)^2$ never come nearer than $\tfrac18$ to $\lvert2t-1\rvert$ on $[0,1]$.",
    right="Any continuous function on a compact set, uniformly, with an activation that is no polynomial and a width that depends on function and error",
    claims="outside-nothing-is-promised, polynomial-units-do-not",
)
UNIVERSAL.erratum(
    "E73",
    common="Why a neural network can approximate any function (course notes)",
    why="A unit step is at least ½ away from every continuous function, and so from every network with a continuous activation, in the maximum norm. In the mean square it can be approached.",
    right="Continuous functions on compact sets uniformly; others, if they are square-integrable, in the mean only",
    claims="a-step-is-not-reached",
)
UNIVERSAL.erratum(
    "E74",
    common=r"An error of $\varepsilon$ takes $O(1/\varepsilon^n)$ units (course notes)",
    why=r"For Lipschitz functions only. Weierstrass' function with exponent ½ has an error that falls like $N^{-1/2}$ on the line: $\varepsilon^{-2}$ units.",
    right=r"$\varepsilon^{-n/a}$ for a Hölder function with exponent $a$",
    claims="rough-functions-need-more",
)
UNIVERSAL.erratum(
    "E256",
    common="Shallow networks need a number of units that is exponential in the dimension (a common slip)",
    why=r"On a grid, for the worst Lipschitz function, it is so. Of a mean of units $k$ drawn ones leave a mean square error that falls like $\tfrac1k$, with a factor that knows no dimension: measured in 2, 8 and 32.",
    right="Say for which functions: all Lipschitz ones, or means of units of bounded size",
    claims="means-of-units-know-no-dimension, width-grows-with-the-dimension",
)


@UNIVERSAL.figure(
    cells=Slider(2, 40, 6, "cells N", integer=True, log=True), roughness=Slider(0.3, 1.0, 0.5, "Hölder exponent a")
)
def figure(cells, roughness):
    N, a = int(cells), float(roughness)

    def rough(x):
        return sum(2 ** (-k * a) * np.cos(2**k * np.pi * x[..., 0]) for k in range(12)) / 2

    t = np.linspace(0, 1, 1025)[:, None]
    g = approximation(rough, N, t)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    left.plot(t[:, 0], rough(t), color=COLOURS[5], lw=1.2, label="f")
    left.plot(t[:, 0], g, color=COLOURS[1], lw=2, label="network")
    left.plot(np.arange(N + 1) / N, rough(np.arange(N + 1)[:, None] / N), "o", color=COLOURS[1], ms=4)
    left.set(xlabel="x", xlim=(0, 1))
    left.legend(fontsize=9.5, frameon=False, loc="upper right")
    names = ("one dimension", "two", "three")
    for n, name in enumerate(names, 1):
        sizes = np.array(((1, 3, 9, 27, 81, 243), (1, 3, 5, 9), (1, 3, 5))[n - 1])
        middle = np.full((1, n), 0.5)
        errors = [approximation(peak((0.5,) * n, a), int(s), middle)[0] for s in sizes]
        right.loglog(sizes**n, errors, "o-", color=COLOURS[n - 1], ms=3.5, lw=1.6, label=name)
    rng = np.random.default_rng(1)
    h = many_units(rng, 300, 50, 200)
    f = h.mean(1)
    k = np.array([1, 3, 10, 30, 100])
    draws = [
        np.sqrt(np.mean([((h[:, rng.integers(300, size=s)].mean(1) - f) ** 2).mean() for _ in range(20)])) for s in k
    ]
    right.loglog(
        k,
        draws / np.sqrt((h**2).mean() - (f**2).mean()),
        "s--",
        color=COLOURS[3],
        ms=3.5,
        lw=1.6,
        label="means of units",
    )
    right.set(xlabel="cells (dashed: units)", ylabel="error")
    right.legend(fontsize=9, frameon=False, loc="lower left")
    off = np.abs(rough(t) - g).max()
    words = Text(
        f"A function with Hölder exponent {a:.2f} and the network with {N} cells, equal to it at {N + 1} nodes; elsewhere they differ by up to {off:.3f}. Error against the cells of the grid, for max|x − ½| to the power {a:.2f}: it falls like their number to the power "
        f"−{a:.2f} in one dimension, −{a / 2:.2f} in two, −{a / 3:.2f} in three. Dashed: means of drawn units in 50 dimensions, beside the error of a single one, like the number of units to the power −0.5.",
        f"Hölder 指数为 {a:.2f} 的函数，与 {N} 个格子的网络，二者在 {N + 1} 个节点相等，在其他点相差至多 {off:.3f}。误差与网格的格子数的关系（函数为 max|x − ½| 的 {a:.2f} 次幂）：一维时按格子数的 −{a:.2f} 次幂下降，"
        f"二维 −{a / 2:.2f}，三维 −{a / 3:.2f}。虚线：50 维中随机抽取的单元的平均，相对于单个单元的误差，按单元数的 −0.5 次幂下降。",
    )
    return Drawing(fig, words)
