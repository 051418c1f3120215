"""The Ising model: what couplings of neighbours make of the whole, exactly and by sweeps of draws."""

import itertools
import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

CRITICAL = math.log1p(math.sqrt(2)) / 2  # β of the square lattice, J = 1


def _ours(model, J, h, beta, start, colours):
    spins = model(J, h)
    found = spins.exact(beta)
    sweeps = [spins.sweep_distribution(start, beta, rule=r, colours=colours) for r in ("heat-bath", "metropolis")]
    return found.log_partition, found.energy, found.magnetisation, found.correlations, found.binder, *sweeps


ISING = Concept(
    key="ising",
    kind="model",
    title="Ising model",
    summary="Spins that are −1 or +1, each pulled by its neighbours and by a field. On a line they never order above zero temperature; on the square lattice they do, below the temperature "
    "$2/\\ln(1+\\sqrt2)\\approx2.269$ in units of $J$. Small systems are summed exactly, strips row by row; large ones are drawn by sweeps, in which spins that see each other must take turns.",
    formulas=(
        r"E(s)=-\sum_{i<j}J_{ij}s_is_j-\sum_ih_is_i,\qquad P(s)=\frac{e^{-\beta E(s)}}Z,\qquad Z=\sum_{s\in\{-1,1\}^n}e^{-\beta E(s)},\qquad \langle E\rangle=-\frac{\partial\ln Z}{\partial\beta}",
        r"U=1-\frac{\langle M^4\rangle}{3\langle M^2\rangle^2},\qquad M=\sum_is_i",
        r"P(s\to s')=\prod_iq\bigl(s_i'\mid s_i,f_i\bigr),\qquad f_i=h_i+\sum_{j:\,c_j<c_i}J_{ij}s_j'+\sum_{j:\,c_j\ge c_i}J_{ij}s_j",
        r"q_{\text{heat bath}}(s'\mid s,f)=\frac1{1+e^{-2\beta s'f}},\qquad q_{\text{Metropolis}}(-s\mid s,f)=\min\bigl(1,e^{-2\beta sf}\bigr)",
        r"\text{ring}:\quad Z=\lambda_+^n+\lambda_-^n,\qquad \lambda_\pm=e^{\beta J}\cosh\beta h\pm\sqrt{e^{2\beta J}\sinh^2\beta h+e^{-2\beta J}}",
        r"\text{planar graph},\ h=0,\ \tanh\beta J_e=e^{-2K^*_e}:\quad \frac{Z_G}{2^n\prod_e\cosh\beta J_e}=\frac{Z_{G^*}}{2\prod_ee^{K^*_e}};\qquad \text{square lattice}:\ \beta_cJ=\tfrac12\ln(1+\sqrt2)",
    ),
    symbols=(
        Symbol("J", "J", "n n", "couplings: symmetric, 0 on the diagonal; above 0 they favour equal spins"),
        Symbol("h", "h", "n", "fields"),
        Symbol(
            r"\beta",
            "beta",
            "",
            "inverse of the temperature $T$, in units in which Boltzmann's constant is 1",
            "nonnegative",
        ),
        Symbol("s", "start", "n", "a state: spins −1 or +1; as the argument, the one before a sweep", "other"),
        Symbol(
            "c", "colours", "n", "colours: those with the lowest number are drawn first, all of one at once", "index"
        ),
        Symbol("s'", "", "", "state after a sweep"),
        Symbol("E", "", "", "energy"),
        Symbol("Z", "", "", "partition function"),
        Symbol("M", "", "", "magnetisation of the whole"),
        Symbol("U", "", "", "Binder's cumulant"),
        Symbol("f_i", "", "", "field that spin $i$ feels when it is drawn"),
        Symbol("q", "", "", "rule by which a spin is drawn"),
        Symbol(r"\lambda_\pm", "", "", "eigenvalues of the transfer matrix of a ring"),
        Symbol(
            "G,\\ G^*",
            "",
            "",
            "a graph drawn in the plane without crossings, and its dual: a spin in each face, the outer one too",
        ),
        Symbol("e,\\ K^*_e", "", "", r"an edge, and $\beta$ times the coupling of the two faces at its sides; $J_e>0$"),
        Symbol("n,\\ i,\\ j", "", "", "number of spins, and two of them", "natural"),
    ),
    returns=(
        Result("log_partition", "", r"$\ln Z$"),
        Result("energy", "", r"$\langle E\rangle$"),
        Result("magnetisation", "n", r"$\langle s_i\rangle$"),
        Result("correlations", "n n", r"$\langle s_is_j\rangle$"),
        Result("binder", "", "$U$"),
        Result(
            "heat_bath",
            "N",
            "distribution after one sweep by the heat bath, of the $N=2^n$ states; the last spin moves fastest, −1 before +1",
        ),
        Result("metropolis", "N", "the same by Metropolis's rule"),
    ),
    needs=("markov-network", "gibbs", "metropolis"),
    source="onsager1944crystal",
    year=1925,
    people=(
        "Ernst Ising",
        "Wilhelm Lenz",
        "Hendrik Kramers",
        "Gregory Wannier",
        "Lars Onsager",
        "Bruria Kaufman",
        "Roy Glauber",
        "Kurt Binder",
    ),
    aliases="Ising, Lenz-Ising model, spin glass, Boltzmann machine without hidden units, transfer matrix, Onsager solution, Binder cumulant, Kramers-Wannier duality, "
    "critical temperature, checkerboard update, Swendsen-Wang, 伊辛, 自旋玻璃, 传递矩阵, 昂萨格解, Binder 累积量, 克拉默斯–万尼尔对偶, 临界温度, 棋盘更新",
    implementations=(
        Implementation(
            "gradus.inference:IsingModel",
            "numpy",
            call=_ours,
            note="of up to 20 spins; `ising_strip` goes row by row, `infer(model.network(beta))` by clusters, `ising_sample` draws on any graph",
        ),
    ),
    readings="ising1925beitrag; kramers1941statistics; onsager1944crystal; kaufman1949crystal; yang1952spontaneous; binder1981finite; swendsen1987nonuniversal; ferrenberg1988new",
    hypotheses=(
        Hypothesis(
            "a sweep keeps the distribution: coupled spins have different colours",
            "drawn-all-at-once-neighbours-do-not-see-each-other",
        ),
        Hypothesis(
            "for Metropolis's sweeps to settle it takes $\\beta>0$, and no spins that feel nothing sweep after sweep, since these turn every time: one without couplings and field, or, where neighbours cancel, a set of states that is never left",
            "at-infinite-temperature-metropolis-swings",
        ),
        Hypothesis("duality: the graph is planar, no field, $J_e>0$", "duality-exchanges-hot-and-cold"),
        Hypothesis(
            "Onsager's energy, which the 3 × 3 torus leaves in the order $\\beta^2$ only, is that of no field",
            "the-torus-notices-its-size-late",
        ),
    ),
    conventions=(
        Convention(
            "the sum over pairs",
            "each pair once, $i<j$",
            "over both orders with ½ before it, or over the neighbours of each spin, which counts each pair twice",
        ),
        Convention(
            "sign of the coupling",
            "$J>0$ favours equal spins (ferromagnet)",
            "$E=+\\sum Jss$, with $J>0$ for unequal ones (annealers, QUBO)",
        ),
        Convention(
            "the temperature",
            "in $\\beta$, which multiplies couplings and fields",
            "inside: $K=\\beta J$, $H=\\beta h$; Boltzmann machines have $\\beta=1$",
        ),
        Convention("two rows on a torus", "the two bonds between neighbours add up", "one bond"),
    ),
    unverified="That the square lattice orders below $T_c$ in the limit of infinite size, and its spontaneous magnetisation $(1-\\sinh^{-4}2\\beta J)^{1/8}$, are theorems of Onsager and Yang; "
    "no finite system shows them exactly.",
    differentiable=False,
    carries_gradient=False,
)


@ISING.definition
def ising(J, h, beta, start, colours):
    if (J != J.T).any() or J.diagonal().any() or not beta >= 0 or not np.isfinite(J).all() or not np.isfinite(h).all():
        raise ValueError("J: symmetric, 0 on the diagonal; beta: 0 or more; nothing infinite")
    if (np.abs(start) != 1).any():
        raise ValueError("start: spins of -1 and +1")
    s = 2.0 * np.indices((2,) * len(h)).reshape(len(h), -1).T - 1  # all states
    E = -(s @ np.triu(J) * s).sum(1) - s @ h
    w = np.exp(-beta * (E - E.min()))
    p, M = w / w.sum(), s.sum(1)
    f = np.empty(s.shape)  # of each state after the sweep, the field that each spin saw
    for c in np.unique(colours):
        seen = np.where(colours < c, s, start)
        f[:, colours == c] = h[colours == c] + seen @ J[:, colours == c]
    bath = np.exp(-np.logaddexp(0, -2 * beta * s * f))
    turn = np.exp(-2 * beta * np.maximum(start * f, 0.0))
    metropolis = np.where(s == start, 1 - turn, turn)
    return (
        np.log(w.sum()) - beta * E.min(),
        p @ E,
        p @ s,
        (p[:, None] * s).T @ s,
        1 - (p @ M**4) / (3 * (p @ M**2) ** 2),
        bath.prod(1),
        metropolis.prod(1),
    )


def ring(n, coupling=1.0):
    J = np.zeros((n, n))
    for i in range(n):
        J[i, (i + 1) % n] += coupling
    return J + J.T


def torus(rows, columns):
    J = np.zeros((rows * columns, rows * columns))
    for r, c in itertools.product(range(rows), range(columns)):
        J[r * columns + c, r * columns + (c + 1) % columns] += 1
        J[r * columns + c, (r + 1) % rows * columns + c] += 1
    return J + J.T


NAMES = ("log_partition", "energy", "magnetisation", "correlations", "binder", "heat_bath", "metropolis")


def run(ising, J, beta, h=0.0, start=None, colours=None):
    n = len(J)
    h = np.zeros(n) + h
    start = np.ones(n) if start is None else start
    colours = np.arange(n) if colours is None else np.asarray(colours)
    found = ising(J, h, float(beta), start, colours)
    return dict(zip(NAMES, map(np.asarray, found), strict=True))


def states(n):
    return np.array(list(itertools.product((-1.0, 1.0), repeat=n)))


def matrices(ising, J, beta, h, colours):
    """The transition matrices of a sweep, a call for each state before it, and the distribution by the energies."""
    found = [run(ising, J, beta, h, x, colours) for x in states(len(J))]
    s = states(len(J))
    weight = np.exp(beta * (np.einsum("ki,ij,kj->k", s, J, s) / 2 + s @ (np.zeros(len(J)) + h)))
    return [np.stack([f[k] for f in found]) for k in ("heat_bath", "metropolis")], weight / weight.sum()


@ISING.example
def example():
    beta = np.log(3) / 4
    J, h, start, colours = ring(3), np.array([2.0, 0, 0]), np.array([1.0, 1, -1]), np.arange(3)
    found = dict(zip(NAMES, ising(J, h, beta, start, colours), strict=True))
    share = np.exp(beta * np.array([5.0, 1, -3])) * np.array([1, 4, 3]) / np.exp(found["log_partition"])
    return dict(J=J, h=h, beta=beta, start=start, colours=colours, share=share, energy=found["energy"]) | dict(
        spins=found["magnetisation"],
        pair=found["correlations"][0, 1],
        second=found["correlations"].sum(),
        binder=found["binder"],
        stays=1 / (1 + np.exp(-4 * beta)),
        turned=np.exp(-4 * beta),
        after=found["heat_bath"][7],
        never=found["metropolis"][7],
        most=found["metropolis"][5],
    )


@ISING.exercise
def flip():
    cost = 4 * np.log(3) / 4
    return number(
        1 / (1 + np.exp(cost)), metropolis=np.exp(-cost), half=1 / (1 + np.exp(cost / 2)), stays=1 / (1 + np.exp(-cost))
    )


@ISING.exercise
def four_ring():
    t = np.tanh(0.5)
    return number((t + t**3) / (1 + t**4), chain=t, no_divisor=t + t**3)


@ISING.exercise
def parallel():
    J = ring(4)
    (bath, _), _ = matrices(ising, J, 1.0, 0.0, np.zeros(4, int))
    law = np.linalg.matrix_power(bath, 2**12)[0]
    s = states(4)
    return choice(
        zero=bool(abs(law @ (s[:, 0] * s[:, 1])) < 1e-9), right=bool(abs(law @ (s[:, 0] * s[:, 1])) > 0.1), lower=False
    )


@ISING.cases
def cases(rng):
    def spins(n):
        return rng.choice([-1.0, 1.0], n)

    def drawn(n, beta, colours, coupled=1.0):
        while True:  # the cumulant is a difference: near 0 nothing would be left of it but rounding
            J = coupled * np.triu(rng.standard_normal((n, n)), 1)
            found = dict(J=J + J.T, h=rng.standard_normal(n), beta=beta, start=spins(n), colours=colours)
            if abs(ising(**found)[4]) > 0.2:
                return found

    yield "all coupled", drawn(5, 0.7, np.arange(5))
    yield (
        "a ring of six, two colours",
        dict(J=ring(6), h=rng.uniform(0.1, 1, 6), beta=0.4, start=spins(6), colours=np.arange(6) % 2),
    )
    yield "one spin", dict(J=np.zeros((1, 1)), h=np.array([0.3]), beta=1.0, start=np.ones(1), colours=np.zeros(1, int))
    yield "no couplings", drawn(4, 0.5, np.zeros(4, int), coupled=0.0)
    yield "very cold", dict(J=ring(5), h=np.full(5, 0.1), beta=200.0, start=spins(5), colours=np.arange(5))
    yield (
        "a frustrated triangle",
        dict(J=ring(3, -1.0), h=np.array([0.1, 0.2, 0.4]), beta=2.0, start=spins(3), colours=np.arange(3)),
    )
    yield "all of one colour", drawn(4, 0.6, np.zeros(4, int))
    yield "colours with gaps, from the last spin", drawn(4, 0.6, np.array([9, 5, 5, 0]))
    yield (
        "a torus of three by three",
        dict(J=torus(3, 3), h=np.full(9, 0.1), beta=0.44, start=spins(9), colours=np.arange(9)),
    )


@ISING.invalid
def invalid(rng):
    good = dict(h=np.zeros(2), beta=1.0, start=np.ones(2), colours=np.arange(2))
    yield "couplings that are not symmetric", good | dict(J=np.array([[0.0, 1.0], [0.0, 0.0]]))
    yield "a spin coupled with itself", good | dict(J=np.eye(2))
    yield "a coupling that is NaN", good | dict(J=np.array([[0.0, np.nan], [np.nan, 0.0]]))
    yield "a temperature below 0", good | dict(J=ring(2), beta=-1.0)
    yield "a spin of 0", good | dict(J=ring(2), start=np.array([0.0, 1.0]))


DIFFERENCE = Text(
    "a central difference of step 10⁻⁴: 10⁻⁸/6 times a third cumulant of a quantity that spreads over 30 at most, whose cube bounds it",
    "步长 10⁻⁴ 的中心差分：10⁻⁸/6 乘以一个取值跨度至多 30 的量的三阶累积量，后者不超过跨度的立方",
)


@ISING.claim
def everything_is_a_slope_of_the_partition_function(ising, rng):
    r"""With any couplings and fields, at $\beta=0.6$: $\langle E\rangle=-\partial\ln Z/\partial\beta=-\sum_{i<j}J_{ij}\langle s_is_j\rangle-\sum_ih_i\langle s_i\rangle$, $\langle s_i\rangle=\partial\ln Z/\partial(\beta h_i)$, and $\langle s_is_j\rangle-\langle s_i\rangle\langle s_j\rangle=\partial\langle s_i\rangle/\partial(\beta h_j)$; a spin without couplings has $Z=2\cosh\beta h$, and $U=\frac23$ in any field: $M$ is not taken about its mean"""
    J = np.triu(rng.uniform(-1, 1, (5, 5)), 1)
    J, h, beta, step = J + J.T, rng.uniform(-1, 1, 5), 0.6, 1e-4
    found = run(ising, J, beta, h)
    more, less = (run(ising, J, beta + d, h)["log_partition"] for d in (step, -step))
    yield near(found["energy"], -(more - less) / (2 * step), 1e-4, DIFFERENCE)
    direct = -(np.triu(J) * found["correlations"]).sum() - h @ found["magnetisation"]
    yield near(found["energy"], direct, 1e-12, Text("sums of a few terms", "若干项之和"))
    i = 2
    ends = [run(ising, J, beta, h + d / beta * np.eye(5)[i]) for d in (step, -step)]
    slope = [(ends[0][k] - ends[1][k]) / (2 * step) for k in ("log_partition", "magnetisation")]
    m = found["magnetisation"]
    yield near(
        m[i],
        slope[0],
        1e-7,
        Text(
            "a central difference of step 10⁻⁴ of a spin, which spreads over 2",
            "步长 10⁻⁴ 的中心差分，自旋的取值跨度为 2",
        ),
    )
    apart = np.abs(found["correlations"][i] - m[i] * m - slope[1]).max()
    yield near(
        apart,
        0.0,
        1e-7,
        Text(
            "a central difference of step 10⁻⁴ of spins, which spread over 2",
            "步长 10⁻⁴ 的中心差分，自旋的取值跨度为 2",
        ),
    )
    single = run(ising, np.zeros((1, 1)), 0.8, 0.7)
    yield roundoff([single["log_partition"], single["binder"]], [np.log(2 * np.cosh(0.56)), 2 / 3], terms=8)


@ISING.claim
def a_ring_in_closed_form(ising, rng):
    r"""Rings of 3 to 8 spins, $J$ above or below 0: $Z=\lambda_+^n+\lambda_-^n$ with any field; without one $\langle s_is_{i+r}\rangle=\frac{t^r+t^{n-r}}{1+t^n}$ and $\langle E\rangle=-nJ\frac{t+t^{n-1}}{1+t^n}$, $t=\tanh\beta J$; on an open line $t^r$. In a field each spin has $\langle s_i\rangle=\frac1n\partial\ln Z/\partial(\beta h)$"""
    for n in range(3, 9):
        beta, sign, H = rng.uniform(0.1, 1), rng.choice([-1.0, 1.0]), rng.uniform(-1, 1)
        K = beta * sign
        root = np.sqrt(np.exp(2 * K) * np.sinh(H) ** 2 + np.exp(-2 * K))
        centre = np.exp(K) * np.cosh(H)
        up, down = centre + root, centre - root
        found = run(ising, ring(n, sign), beta, H / beta)
        yield roundoff(found["log_partition"], np.log(up**n + down**n), terms=4 * n)
        of_root = np.exp(2 * K) * np.sinh(H) * np.cosh(H) / root
        slopes = np.exp(K) * np.sinh(H) + of_root, np.exp(K) * np.sinh(H) - of_root
        m = (up ** (n - 1) * slopes[0] + down ** (n - 1) * slopes[1]) / (up**n + down**n)
        yield roundoff(found["magnetisation"], np.full(n, m), terms=64 * n)
        t, r = np.tanh(K), np.arange(n)
        found = run(ising, ring(n, 2 * sign), beta / 2)
        yield roundoff(found["correlations"][0], (t**r + t ** (n - r)) / (1 + t**n), terms=64)
        yield roundoff(found["energy"], -2 * sign * n * (t + t ** (n - 1)) / (1 + t**n), terms=64)
        line = ring(n, sign)
        line[0, -1] = line[-1, 0] = 0
        yield roundoff(run(ising, line, beta)["correlations"][0], t**r, terms=64)


@ISING.claim
def a_row_at_a_time(ising, rng):
    r"""A torus of 3 rows and 4 columns in a field: $Z=\operatorname{tr}T^3$ with the $2^4\times2^4$ transfer matrix $T_{\sigma\sigma'}=v_\sigma e^{\beta\sum_x\sigma_x\sigma_x'}v_{\sigma'}$, where $v_\sigma^2$ is the weight of a row by itself; $\langle s_i\rangle$ is the same everywhere, the trace with a spin put in, over $Z$; with open ends, of three rows that close along themselves only, $Z=v^{\mathsf T}T^2v$"""
    beta, h = 0.35, 0.4
    s = states(4)
    within = beta * ((s * np.roll(s, 1, 1)).sum(1) + h * s.sum(1))
    T = np.exp(beta * s @ s.T + (within[:, None] + within) / 2)
    found = run(ising, torus(3, 4), beta, h)
    cube = np.linalg.matrix_power(T, 3)
    yield roundoff(found["log_partition"], np.log(np.trace(cube)), terms=200)
    yield roundoff(found["magnetisation"], np.full(12, (s[:, 0] * np.diag(cube)).sum() / np.trace(cube)), terms=800)
    strip = torus(3, 4)
    for c in range(4):
        strip[c, 8 + c] = strip[8 + c, c] = 0
    v = np.exp(within / 2)
    yield roundoff(run(ising, strip, beta, h)["log_partition"], np.log(v @ T @ T @ v), terms=200)


def kaufman(m, n, K):
    """ln Z of a torus of m by n, J = 1, no field."""
    first, terms = 2 * K + np.log(np.tanh(K)), []
    for odd in (1, 0):
        turn = np.pi * (2 * np.arange(1 - odd, n) + odd) / n
        gamma = np.arccosh(np.cosh(2 * K) ** 2 / np.sinh(2 * K) - np.cos(turn))
        gamma = gamma if odd else np.append(first, gamma)
        terms += [np.prod(2 * np.cosh(m * gamma / 2)), np.prod(2 * np.sinh(m * gamma / 2))]
    return np.log(sum(terms) / 2) + m * n / 2 * np.log(2 * np.sinh(2 * K))


@ISING.claim
def kaufmans_four_products(ising, rng):
    r"""Without a field the tori of 3 × 3 and 3 × 4 have the $Z$ of Kaufman's four products, above, at and below the critical temperature of the infinite lattice: at $\beta=0.2$, $\frac12\ln(1+\sqrt2)$ and 0.8"""
    for rows, columns in ((3, 3), (3, 4)):
        for K in (0.2, CRITICAL, 0.8):
            got = run(ising, torus(rows, columns), K)["log_partition"]
            yield near(
                got,
                kaufman(rows, columns, K),
                1e-11,
                Text("products of 24 factors, some small", "24 个因子之积，其中有小的"),
            )


def onsager(K):
    """Mean energy of a spin of the infinite square lattice, J = 1, by Onsager's formula; the elliptic integral by means."""
    a, b = 1.0, abs(np.sinh(2 * K) ** 2 - 1) / np.cosh(2 * K) ** 2
    for _ in range(40):
        a, b = (a + b) / 2, np.sqrt(a * b)
    return -(1 + (2 * np.tanh(2 * K) ** 2 - 1) / a) / np.tanh(2 * K)


@ISING.claim
def the_torus_notices_its_size_late(ising, rng):
    r"""Without a field the energy per spin of the 3 × 3 torus is Onsager's but for $-2\beta^2$ and smaller terms: only loops around it, of three bonds and more, know of its size. At $\beta=0.01$ to 0.08 the difference grows as $\beta^2$, and at $\beta=0.02$ it is $-2\beta^2$ to 5 %; Onsager's energy itself is there $-2\beta-\frac{10}3\beta^3$ to $4\cdot10^{-8}$. Onsager's is that of no field: one of $h=0.5$ lowers the torus's in the first order, at $\beta=0.02$ by $\beta h^2$ to 20 %"""
    betas = [0.01, 0.02, 0.04, 0.08]
    off = [run(ising, torus(3, 3), K)["energy"] / 9 - onsager(K) for K in betas]
    yield rate(betas, np.abs(off), 2, tolerance=0.1)
    yield near(off[1] / (-2 * 0.02**2), 1.0, 0.05, Text("the next order is β times larger", "下一阶多一个因子 β"))
    yield near(
        onsager(0.02),
        -2 * 0.02 - 10 / 3 * 0.02**3,
        4e-8,
        Text("the next term is of the order β⁵, of factor below 12", "下一项为 β⁵ 阶，系数小于 12"),
    )
    shifted = run(ising, torus(3, 3), 0.02, 0.5)["energy"] / 9 - onsager(0.02)
    yield near(
        (shifted - off[1]) / (-0.02 * 0.25),
        1.0,
        0.2,
        Text("the next order is 6β² h², 0.12 of it", "下一阶为 6β² h²，是它的 0.12 倍"),
    )


def grid_and_dual(rng):
    """The 3 × 3 grid with couplings for its 12 edges, and of each edge the faces at its sides; 4 is the outer one."""
    edges = []
    for r, c in itertools.product(range(3), range(3)):
        if c < 2:
            above, below = (r - 1) * 2 + c if r else 4, r * 2 + c if r < 2 else 4
            edges.append((3 * r + c, 3 * r + c + 1, above, below))
        if r < 2:
            left, right = r * 2 + c - 1 if c else 4, r * 2 + c if c < 2 else 4
            edges.append((3 * r + c, 3 * r + c + 3, left, right))
    return edges, rng.uniform(0.3, 1.5, len(edges))


@ISING.claim
def duality_exchanges_hot_and_cold(ising, rng):
    r"""The 3 × 3 grid with any couplings above 0, and the graph of its 4 faces and the outer one with $\tanh\beta J_e=e^{-2K^*_e}$: $\frac{Z_G}{2^n\prod\cosh\beta J_e}=\frac{Z_{G^*}}{2\prod e^{K_e^*}}$. $K^*=\beta J$ where $\sinh2\beta J=1$. In a field of ½ the left side is larger; so it is on the 3 × 3 torus with $K^*=\beta J$, which is its own dual but not planar"""
    edges, J = grid_and_dual(rng)
    beta = 0.7
    dual = -np.log(np.tanh(beta * J)) / 2
    G, D = np.zeros((9, 9)), np.zeros((5, 5))
    for (i, j, a, b), coupling, K in zip(edges, J, dual, strict=True):
        G[i, j] += coupling
        G[j, i] += coupling
        D[a, b] += K
        D[b, a] += K
    ours = run(ising, G, beta)["log_partition"] - 9 * np.log(2) - np.log(np.cosh(beta * J)).sum()
    theirs = run(ising, D, 1.0)["log_partition"] - np.log(2) - dual.sum()
    yield roundoff(ours, theirs, terms=200, scale=10.0)
    yield bound(ours, 1e-3, "≥", Text("every loop adds to it", "每个环都使它增大"))
    lifted = run(ising, G, beta, 0.5)["log_partition"] - 9 * np.log(2) - np.log(np.cosh(beta * J)).sum()
    yield bound(lifted - theirs, 0.1, "≥", Text("a field of ½", "场为 ½"))
    self_dual = CRITICAL
    digits = Text("ln(1+√2)/2 in doubles", "双精度的 ln(1+√2)/2")
    yield near(np.sinh(2 * self_dual), 1.0, 1e-14, digits)
    yield near(-np.log(np.tanh(self_dual)) / 2, self_dual, 1e-14, digits)
    log = run(ising, torus(3, 3), self_dual)["log_partition"]
    hot, cold = log - 9 * np.log(2) - 18 * np.log(np.cosh(self_dual)), log - np.log(2) - 18 * self_dual
    yield bound(hot - cold, 0.5, "≥", Text("loops around the torus bound nothing", "绕环面的环不围住任何区域"))


@ISING.claim
def hot_and_cold_limits(ising, rng):
    r"""Hot: $\ln Z=n\ln2+\frac{\beta^2}2\bigl(\sum_{i<j}J_{ij}^2+\sum_ih_i^2\bigr)$ but for $O(\beta^3)$; at $\beta=0$ all states count alike, and $U=\frac2{3n}$. Cold: a connected ferromagnet without a field has $\ln Z+\beta E_{\min}\to\ln2$ and $U\to\frac23$; the frustrated triangle keeps six ground states, $\ln6$, all with $M^2=1$, so that there, too, $U=\frac23$, though nothing is in order. Nothing overflows at $\beta=1000$"""
    J = np.triu(rng.uniform(0.5, 1, (5, 5)), 1)
    J, h = J + J.T, rng.uniform(0.5, 1, 5)
    betas = [0.01, 0.02, 0.04, 0.08]
    order = [(np.triu(J) ** 2).sum() / 2 + (h**2).sum() / 2] * 4
    off = [run(ising, J, b, h)["log_partition"] - 5 * np.log(2) - b * b * o for b, o in zip(betas, order, strict=True)]
    yield rate(betas, np.abs(off), 3, tolerance=0.1)
    found = run(ising, J, 0.0, h)
    yield roundoff([found["binder"], found["log_partition"]], [2 / 15, 5 * np.log(2)], terms=64)
    cold = run(ising, J, 1000.0)
    yield near(
        cold["log_partition"] - 1000 * np.triu(J).sum(),
        np.log(2),
        1e-9,
        Text("13 digits of a number of some thousands", "数千大小的数的 13 位"),
    )
    rounded = Text("βE of some thousands is rounded before the exponential", "数千大小的 βE 在取指数之前已舍入")
    yield near(cold["binder"], 2 / 3, 1e-11, rounded)
    triangle = run(ising, ring(3, -1.0), 1000.0)
    yield near(triangle["log_partition"] - 1000, np.log(6), 1e-9, Text("13 digits of a thousand", "一千的 13 位"))
    yield near(triangle["energy"], -1.0, 1e-11, rounded)
    yield near(triangle["binder"], 2 / 3, 1e-11, rounded)


@ISING.claim
def signs_may_be_turned(ising, rng):
    r"""With any signs $g$, $J'_{ij}=g_ig_jJ_{ij}$ and $h'_i=g_ih_i$ have the same $Z$ and energy, $\langle s_i's_j'\rangle=g_ig_j\langle s_is_j\rangle$ and $\langle s_i'\rangle=g_i\langle s_i\rangle$: an antiferromagnet on a ring of six is a ferromagnet seen with every second sign turned. Without a field $\langle s_i\rangle=0$"""
    J = np.triu(rng.uniform(-1, 1, (5, 5)), 1)
    J, h, g = J + J.T, rng.uniform(0.2, 1, 5), np.array([1, -1, -1, 1, -1.0])
    mine, theirs = run(ising, J, 0.8, h), run(ising, J * np.outer(g, g), 0.8, h * g)
    for name, signs in (
        ("log_partition", 1.0),
        ("energy", 1.0),
        ("magnetisation", g),
        ("correlations", np.outer(g, g)),
    ):
        yield invariance(theirs[name] * signs, mine[name], terms=128, scale=4.0)
    yield bound(np.abs(mine["magnetisation"]).max(), 0.1, "≥", Text("the fields pull", "场有作用"))
    alternate = run(ising, ring(6, -1.0), 0.5)
    t = np.tanh(0.5)
    yield roundoff(alternate["correlations"][0, 1], -(t + t**5) / (1 + t**6), terms=64)
    yield roundoff(alternate["magnetisation"], np.zeros(6), terms=64, scale=1.0)


@ISING.claim
def a_sweep_by_colours_keeps_the_distribution(ising, rng):
    r"""Where coupled spins have different colours, $\pi P=\pi$ for both rules, with any couplings and fields, and each row of $P$ is a distribution: on a ring of five with three colours, and on one of four with two. The sweep in the opposite order is its reversal in time: $\pi(s)P(s,s')=\pi(s')P'(s',s)$"""
    for n, colours in ((5, [0, 1, 0, 1, 2]), (4, [0, 1, 0, 1])):
        J = ring(n) * np.triu(rng.uniform(-1, 1, (n, n)), 1)
        J, h = J + J.T, rng.uniform(-1, 1, n)
        both, law = matrices(ising, J, 0.9, h, colours)
        other, _ = matrices(ising, J, 0.9, h, [2 - c for c in colours])
        for P, Q in zip(both, other, strict=True):
            yield roundoff(P.sum(1), np.ones(2**n), terms=2**n)
            yield bound(P.min(), 0.0, "≥", Text("no probability is negative", "没有负的概率"))
            yield roundoff(law @ P, law, terms=2**n, scale=1.0)
            yield roundoff(law[:, None] * P, (law[:, None] * Q).T, terms=2**n, scale=1.0)
            yield bound(np.abs(P - np.eye(2**n)).max(), 0.1, "≥", Text("the chain moves", "链会移动"))


@ISING.claim
def drawn_all_at_once_neighbours_do_not_see_each_other(ising, rng):
    r"""All of one colour, by the heat bath: the chain keeps $\nu(s)\propto\prod_ie^{\beta h_is_i}\cosh\beta\bigl(h_i+\sum_jJ_{ij}s_j\bigr)$, with any couplings and fields. It is not $P(s)$: on a ring of four with $J=1$ and no field neighbours are then uncorrelated at every temperature ($\beta=0.2$, 1, 2), and the mean energy is 0, where it should be $-4\frac{t+t^3}{1+t^4}$ with $t=\tanh\beta$: at $\beta=1$ that is −3.60"""
    J = np.triu(rng.uniform(-1, 1, (4, 4)), 1)
    J, h, beta, s = J + J.T, rng.uniform(-1, 1, 4), 0.9, states(4)
    (bath, _), _ = matrices(ising, J, beta, h, [0] * 4)
    keeps = np.exp(beta * s @ h) * np.cosh(beta * (s @ J + h)).prod(1)
    keeps /= keeps.sum()
    yield roundoff(keeps @ bath, keeps, terms=64, scale=1.0)
    E = -(s * np.roll(s, 1, 1)).sum(1)
    for beta in (0.2, 1.0, 2.0):
        (bath, _), _ = matrices(ising, ring(4), beta, 0.0, [0] * 4)
        keeps = np.cosh(beta * (s @ ring(4))).prod(1)
        keeps /= keeps.sum()  # it alone: every state can follow every other
        yield roundoff(keeps @ bath, keeps, terms=64, scale=1.0)
        yield roundoff(keeps @ bath @ E, 0.0, terms=64, scale=4.0)
    t = np.tanh(1.0)
    energy = run(ising, ring(4), 1.0)["energy"]
    yield roundoff(energy, -4 * (t + t**3) / (1 + t**4), terms=64)
    yield near(energy, -3.60, 0.005, Text("two digits after the point", "小数点后两位"))


@ISING.claim
def at_infinite_temperature_metropolis_swings(ising, rng):
    r"""At $\beta=0$ Metropolis's rule takes every proposal: a sweep turns all spins, and two bring the state back, for ever, while a sweep of the heat bath forgets all at once. At $\beta=\frac14\ln3$ a spin of a ring with $J=1$ and no field whose two neighbours are like it turns with $\frac13$ by Metropolis, $\frac14$ by the heat bath; one whose neighbours are unlike it turns for certain, and with $\frac34$. And where neighbours cancel it may swing at any temperature: on that ring, in two colours in turn, the four states in which no spin is pulled are turned whole by each sweep of Metropolis's rule ($\beta=\frac12$), and never left"""
    J = ring(4)
    for start in (np.array([1.0, 1, -1, 1]), -np.ones(4)):
        found = run(ising, J, 0.0, 0.3, start)
        yield identical(found["metropolis"], (states(4) == -start).all(1).astype(float))
        yield roundoff(found["heat_bath"], np.full(16, 1 / 16), terms=16)
    s, colours = states(4), [0, 1, 2, 3]
    for start, rates in ((np.ones(4), (1 / 3, 1 / 4)), (np.array([-1.0, 1, 1, 1]), (1.0, 3 / 4))):
        found = run(ising, J, np.log(3) / 4, 0.0, start, colours)
        turned = [found[k][s[:, 0] != start[0]].sum() for k in ("metropolis", "heat_bath")]
        yield roundoff(turned, rates, terms=32)
    for start in s[(s @ J == 0).all(1)]:
        found = run(ising, J, 0.5, 0.0, start, [0, 1, 0, 1])
        yield identical(found["metropolis"], (s == -start).all(1).astype(float))


@ISING.claim
def cumulants_of_two_sizes_cross(ising, rng):
    r"""Binder's cumulants of the 3 × 3 and the 4 × 4 torus cross between $T=2.16$ and 2.18, some 4 % below $2/\ln(1+\sqrt2)$: at the one the larger torus has more, at the other less. On the 3 × 3 torus $U$ is above 0.66 at $T=1$, and below 0.12 at $T=20$"""
    for T, sign in ((2.16, 1), (2.18, -1)):
        small, large = (run(ising, torus(L, L), 1 / T, colours=[0] * L**2)["binder"] for L in (3, 4))
        yield bound(sign * (large - small), 1e-4, "≥", Text("the cumulants differ", "累积量不同"))
    yield bound(
        run(ising, torus(3, 3), 1.0)["binder"], 0.66, "≥", Text("2/3 where all spins are alike", "所有自旋相同时为 2/3")
    )
    hot = run(ising, torus(3, 3), 0.05)["binder"]
    yield bound(hot, 0.12, "≤", Text("2/27 where all are independent", "各自旋独立时为 2/27"))


def with_(J, h, beta, start, colours, **changed):
    return tuple((dict(zip(NAMES, ising(J, h, beta, start, colours), strict=True)) | changed).values())


@ISING.mutant(caught_by="a-ring-in-closed-form, a-row-at-a-time, kaufmans-four-products, hot-and-cold-limits")
def each_pair_twice(J, h, beta, start, colours):
    """the sum over all neighbours of each spin: each pair counted twice"""
    return ising(2 * J, h, beta, start, colours)


@ISING.mutant(caught_by="a-ring-in-closed-form, a-row-at-a-time, everything-is-a-slope-of-the-partition-function")
def field_the_other_way(J, h, beta, start, colours):
    """+h s in the energy"""
    return ising(J, -h, beta, start, colours)


@ISING.mutant(
    caught_by="a-ring-in-closed-form, kaufmans-four-products, cumulants-of-two-sizes-cross, hot-and-cold-limits"
)
def couplings_the_other_way(J, h, beta, start, colours):
    """+J s s in the energy: an antiferromagnet"""
    return ising(-J, h, beta, start, colours)


@ISING.mutant(caught_by="everything-is-a-slope-of-the-partition-function, a-ring-in-closed-form, a-row-at-a-time")
def field_without_beta(J, h, beta, start, colours):
    """the temperature multiplies the couplings only"""
    return ising(J, h / beta if beta else h, beta, start, colours)


@ISING.mutant(caught_by="the-torus-notices-its-size-late, hot-and-cold-limits")
def a_bond_of_the_first_spin_left_out(J, h, beta, start, colours):
    """the bond between the first spin and the last that it has left out: the torus is not closed there"""
    near = np.flatnonzero(J[0])
    J = J.copy()
    if len(near) > 2:
        J[0, near[-1]] = J[near[-1], 0] = 0
    return ising(J, h, beta, start, colours)


@ISING.mutant(caught_by="hot-and-cold-limits, duality-exchanges-hot-and-cold, kaufmans-four-products")
def mean_over_states(J, h, beta, start, colours):
    """Z as a mean over the states, without 2ⁿ"""
    found = ising(J, h, beta, start, colours)
    return with_(J, h, beta, start, colours, log_partition=found[0] - len(h) * np.log(2))


@ISING.mutant(caught_by="a-ring-in-closed-form, everything-is-a-slope-of-the-partition-function")
def energy_without_sign(J, h, beta, start, colours):
    """the size of the energy"""
    return with_(J, h, beta, start, colours, energy=abs(ising(J, h, beta, start, colours)[1]))


@ISING.mutant(caught_by="everything-is-a-slope-of-the-partition-function")
def covariances(J, h, beta, start, colours):
    """covariances in place of the means of products"""
    m, c = ising(J, h, beta, start, colours)[2:4]
    return with_(J, h, beta, start, colours, correlations=c - np.outer(m, m))


@ISING.mutant(caught_by="signs-may-be-turned, everything-is-a-slope-of-the-partition-function")
def sizes_of_spins(J, h, beta, start, colours):
    """the mean of each spin without its sign"""
    return with_(J, h, beta, start, colours, magnetisation=abs(ising(J, h, beta, start, colours)[2]))


@ISING.mutant(caught_by="hot-and-cold-limits, cumulants-of-two-sizes-cross")
def kurtosis_without_three(J, h, beta, start, colours):
    """the cumulant without its 3"""
    return with_(J, h, beta, start, colours, binder=3 * ising(J, h, beta, start, colours)[4] - 2)


@ISING.mutant(
    caught_by="a-sweep-by-colours-keeps-the-distribution, drawn-all-at-once-neighbours-do-not-see-each-other, at-infinite-temperature-metropolis-swings"
)
def half_the_cost(J, h, beta, start, colours):
    """turning a spin costs s f in place of 2 s f"""
    swept = ising(J, h, beta / 2, start, colours)
    return with_(J, h, beta, start, colours, heat_bath=swept[5], metropolis=swept[6])


@ISING.mutant(caught_by="a-sweep-by-colours-keeps-the-distribution, at-infinite-temperature-metropolis-swings")
def uphill(J, h, beta, start, colours):
    """the sign of the cost turned: what costs energy is taken"""
    swept = ising(-J, -h, beta, start, colours)
    return with_(J, h, beta, start, colours, heat_bath=swept[5], metropolis=swept[6])


@ISING.mutant(caught_by="a-sweep-by-colours-keeps-the-distribution")
def all_spins_at_once(J, h, beta, start, colours):
    """all spins drawn at once, each from what the others were before"""
    return with_(
        J,
        h,
        beta,
        start,
        colours,
        heat_bath=ising(J, h, beta, start, 0 * colours)[5],
        metropolis=ising(J, h, beta, start, 0 * colours)[6],
    )


@ISING.mutant(caught_by="drawn-all-at-once-neighbours-do-not-see-each-other")
def one_after_the_other(J, h, beta, start, colours):
    """spins of one colour see what was drawn of each other"""
    order = np.argsort(colours, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    swept = ising(J, h, beta, start, rank)
    return with_(J, h, beta, start, colours, heat_bath=swept[5], metropolis=swept[6])


@ISING.mutant(caught_by="at-infinite-temperature-metropolis-swings")
def one_rule_for_both(J, h, beta, start, colours):
    """the heat bath called Metropolis"""
    return with_(J, h, beta, start, colours, metropolis=ising(J, h, beta, start, colours)[5])


ISING.erratum(
    "E356",
    common="On parallel hardware all spins are updated at once from the old lattice; one gets the same averages, only faster (a common slip)",
    why="Neighbours that are drawn at once do not see each other. By the heat bath, without a field, the even and the odd spins of a ring of four become independent: at β = 1 the mean energy is 0 in place of −3.60.",
    right="Spins of one colour at once, colour after colour: on a lattice with even sides the two of a checkerboard",
    claims="drawn-all-at-once-neighbours-do-not-see-each-other, a-sweep-by-colours-keeps-the-distribution",
)
ISING.erratum(
    "E357",
    common="The energy is −J Σᵢ sᵢ Σ_{j next to i} sⱼ (a common slip in programs)",
    why="That counts each pair twice. Used throughout it is a model with twice the coupling, and a square lattice would become critical at T = 4.54 in place of 2.27; used for the energy alone, the mean no longer is −∂ ln Z/∂β.",
    right="−J Σ sᵢsⱼ over pairs, or half the sum over neighbours; turning spin i costs 2 sᵢ(J Σ sⱼ + h), without the half",
    claims="everything-is-a-slope-of-the-partition-function, a-ring-in-closed-form, kaufmans-four-products",
)
ISING.erratum(
    "E358",
    common="At infinite temperature a Metropolis sweep makes every spin random (a common slip)",
    why="At β = 0 each proposal costs nothing and is taken: every spin turns in each sweep, and after two the lattice is what it was. Near β = 0 the chain forgets slowly for the same reason.",
    right="The heat bath draws each spin anew, and forgets in one sweep; or choose spins by chance",
    claims="at-infinite-temperature-metropolis-swings",
)


def swept_lattice(T, field, size=48, sweeps=150):
    """A lattice after sweeps by the heat bath on a checkerboard, from all spins up."""
    rng = np.random.default_rng(3)
    s = np.ones((size, size))
    even = np.add.outer(np.arange(size), np.arange(size)) % 2 == 0
    for colour in (even, ~even) * sweeps:
        f = field + np.roll(s, 1, 0) + np.roll(s, -1, 0) + np.roll(s, 1, 1) + np.roll(s, -1, 1)
        s = np.where(colour, np.where(rng.random(s.shape) < 1 / (1 + np.exp(-2 * f / T)), 1.0, -1.0), s)
    return s


@ISING.figure(temperature=Slider(1.2, 4.0, 2.1, "temperature T"), field=Slider(-0.5, 0.5, 0.0, "field h"))
def figure(temperature, field):
    s = swept_lattice(temperature, field)
    energy = -(s * (np.roll(s, 1, 0) + np.roll(s, 1, 1))).mean()
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    left.imshow(s, cmap="gray", vmin=-1.6, vmax=1.2, interpolation="nearest")
    left.set(xticks=[], yticks=[], xlabel="48 × 48 spins, light: +1")
    T = np.concatenate([np.linspace(1.0, 2.268, 90), np.linspace(2.27, 4.2, 90)])
    right.plot(T, -np.array([onsager(1 / t) for t in T]) / 2, color=COLOURS[0], label="product of neighbours, exact")
    cold = T[T < 1 / CRITICAL]
    order = (1 - np.sinh(2 / cold) ** -4) ** 0.125
    right.plot(
        np.append(cold, [1 / CRITICAL, 4.2]), np.append(order, [0, 0]), color=COLOURS[1], label="mean spin, exact"
    )
    right.plot([temperature], [-energy / 2], "o", color=COLOURS[0], ms=7, label="this lattice: neighbours")
    right.plot([temperature], [s.mean()], "s", color=COLOURS[1], ms=7, label="this lattice: mean spin")
    right.axvline(1 / CRITICAL, color="0.6", lw=1, ls=":")
    right.set(xlabel="temperature T", xlim=(1, 4.2), ylim=(min(-0.08, s.mean() - 0.1), 1.08))
    right.legend(fontsize=8, loc="upper right", frameon=False)
    side = ("below", "低于") if temperature < 1 / CRITICAL else ("above", "高于")
    exact = field == 0
    words = Text(
        f"A torus of 48 × 48 spins after 150 sweeps from all spins up, at T = {temperature:.2f}, {side[0]} the critical 2.269 (dotted), in the field {field:.2f}: the mean spin is {s.mean():.2f}, the mean product of neighbours {-energy / 2:.2f}. "
        + (
            "The lines are exact for the infinite lattice: the mean spin vanishes at the dotted line."
            if exact
            else "The lines are exact for the infinite lattice without a field; with one the lattice leaves them."
        ),
        f"48 × 48 个自旋的环面，从全部向上开始扫描 150 次之后：T = {temperature:.2f}，{side[1]}临界值 2.269（点线），场为 {field:.2f}；平均自旋为 {s.mean():.2f}，相邻自旋之积的平均为 {-energy / 2:.2f}。"
        + (
            "曲线是无限格点的精确结果：平均自旋在点线处消失。"
            if exact
            else "曲线是无场时无限格点的精确结果；有场时会偏离。"
        ),
    )
    return Drawing(fig, words)
