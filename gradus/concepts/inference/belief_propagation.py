"""Belief propagation: marginals by messages on a factor graph."""

import itertools
import warnings

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, near, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(propagate, phi, factors, scopes, steps, damping, mode):
    from gradus.inference import MarkovNetwork

    states = {f"v{i}": [str(s) for s in range(phi.shape[1])] for i in range(len(phi))}
    own = [(f"v{i}", phi[i]) for i in range(len(phi))]
    tables = [(tuple(f"v{i}" for i in scope), table) for scope, table in zip(scopes, factors, strict=True)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that so few steps are not enough
        found = propagate(
            MarkovNetwork(states, own + tables),
            mode=mode,
            damping=damping,
            schedule="flooding",
            tolerance=1e-300,
            iterations=steps,
        )
    c = [found.factor(len(phi) + a).table.ravel() for a in range(len(factors))]
    return np.array([found[v] for v in states]), np.concatenate([np.zeros(0), *c]), found.log_evidence


BELIEF_PROPAGATION = Concept(
    key="belief-propagation",
    kind="algorithm",
    title="Belief propagation",
    summary="Every table of a network tells each of its variables what all the others say through it; the product of what a variable "
    "hears is its belief. Without cycles the beliefs are the exact marginals, at a cost that grows with the tables only. With cycles "
    "they are an approximation, with weak ties the better the longer the cycles, and the messages need not settle.",
    formulas=(
        r"m_{a\to i}(x_i)\propto\sum_{x_a\setminus x_i}\psi_a(x_a)\prod_{j\in a\setminus i}n_{j\to a}(x_j),\qquad n_{i\to a}(x_i)=\phi_i(x_i)\prod_{b\ni i,\ b\ne a}m_{b\to i}(x_i)",
        r"b_i(x_i)\propto\phi_i(x_i)\prod_{a\ni i}m_{a\to i}(x_i),\qquad c_a(x_a)\propto\psi_a(x_a)\prod_{i\in a}n_{i\to a}(x_i)",
        r"\ln Z_B=\sum_i\ln\sum_{x_i}\phi_i\prod_{a\ni i}m_{a\to i}+\sum_a\ln\sum_{x_a}\psi_a\prod_{i\in a}n_{i\to a}-\sum_a\sum_{i\in a}\ln\sum_{x_i}n_{i\to a}\,m_{a\to i}",
        r"F(b,c)=\sum_a\sum_{x_a}c_a\ln\frac{c_a}{\psi_a}+\sum_i\sum_{x_i}\Bigl(b_i\ln\frac{b_i}{\phi_i}-d_i\,b_i\ln b_i\Bigr),\qquad \ln Z_B=-F\ \text{ at a fixed point}",
    ),
    symbols=(
        Symbol(r"\phi_i", "phi", "n k", "table of each variable alone: prior, likelihood or evidence", "nonnegative"),
        Symbol(
            r"\psi_a", "factors", "k ... k", "tables over several variables, an axis a variable, in a tuple", "other"
        ),
        Symbol(
            "a", "scopes", "", "the variables of each table in the order of its axes, in a tuple of tuples", "other"
        ),
        Symbol("T", "steps", "", "how many times all messages are sent, all at once", "natural"),
        Symbol(
            r"\delta",
            "damping",
            "",
            r"share of the old message that is kept: $m^\delta\,m'^{\,1-\delta}$, scaled to sum 1",
            "unit",
        ),
        Symbol(
            r"\textstyle\sum",
            "mode",
            "",
            "“sum” for marginals; “max”: maxima take the place of the sums over states",
            "other",
        ),
        Symbol("m_{a\\to i}", "", "k", "message from a table to a variable; equal for all states at first"),
        Symbol("n_{i\\to a}", "", "k", "message from a variable to a table"),
        Symbol("b_i", "", "n k", "belief of variable i, sums to 1"),
        Symbol("c_a", "", "", "joint belief of the variables of table a"),
        Symbol("Z_B", "", "", r"Bethe's estimate of $Z=\sum_x\prod_i\phi_i\prod_a\psi_a$"),
        Symbol("F", "", "", "Bethe's free energy"),
        Symbol("d_i", "", "", "number of tables over several variables that hold i"),
        Symbol("x_i", "", "", "state of variable i, one of k"),
    ),
    needs=("bayes", "entropy"),
    source="kschischang2001factor",
    year=1982,
    people=("Judea Pearl", "Hans Bethe", "Robert Gallager", "Jonathan Yedidia", "William Freeman", "Yair Weiss"),
    returns=(
        Result("b", "n k", "the beliefs of the variables"),
        Result("c", "cells", "the beliefs of the tables, one table after another, each row by row"),
        Result("ln_Z", "", "Bethe's estimate of ln Z; with maxima, of the largest ln of the product"),
    ),
    aliases="sum-product algorithm, max-product, loopy BP, loopy belief propagation, factor graph, Bethe free energy, message passing "
    "in graphical models, 和积算法, 信念传播, 最大积算法, 因子图, 环状置信传播, Bethe 自由能",
    implementations=(
        Implementation(
            "gradus.inference:belief_propagation",
            "numpy",
            _ours,
            "in logarithms, of any sizes, also one block after another",
        ),
    ),
    readings="pearl1988probabilistic ch. 4; yedidia2005constructing §III–IV; weiss2000correctness; murphy1999loopy; murphy2012machine ch. 20, 22",
    hypotheses=(
        Hypothesis(
            "exact beliefs: the graph of tables and variables has no cycle",
            "error-of-the-shortest-cycle, strong-ties-overstate",
        ),
        Hypothesis(
            "exact after $T$ steps: no cycle, and no two variables more than $T$ tables apart", "within-the-diameter"
        ),
        Hypothesis(
            "a stationary point of $F$: the messages have settled, and all tables are positive",
            "one-step-only, damping-cures-an-oscillation",
        ),
        Hypothesis(
            "best states read off one by one: only one joint state is the most probable", "ties-may-be-broken-apart"
        ),
    ),
    conventions=(
        Convention(
            "what is damped",
            "the logarithm of a message",
            r"the message itself, $\delta\,m+(1-\delta)\,m'$, in other programs; the fixed points are the same",
        ),
        Convention(
            "in which order messages are sent",
            "all at once (flooding)",
            "one after another, each with the newest, as by default in `gradus.inference.belief_propagation`: fewer steps, and it settles more often",
        ),
        Convention(
            "where a variable's own table stands",
            r"$\phi_i$ enters its messages directly",
            "as one more table of the graph, with a message that never changes",
        ),
    ),
    deviations="The implementation works with logarithms; it multiplies a table whose variables all stand in another into that one, "
    "where the definition has messages go round between the two.",
    unverified="That a stable fixed point is a local minimum of $F$, not a stationary point of another kind, is proved by Heskes (2003).",
    differentiable=False,
)


@BELIEF_PROPAGATION.definition
def belief_propagation(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    total = {"sum": np.sum, "max": np.max}[mode]
    edges = [(a, i) for a, scope in enumerate(scopes) for i in scope]
    m = {edge: np.ones(phi.shape[1]) / phi.shape[1] for edge in edges}

    def n(i, a=None):  # what variable i says to table a: all it hears but from a itself
        said = phi[i]
        for b, j in edges:
            if j == i and b != a:
                said = said * m[b, i]
        return said

    def product(a, but=None):  # table a times what its variables say, but for one of them
        table = factors[a]
        for axis, j in enumerate(scopes[a]):
            if j != but:
                table = table * n(j, a).reshape([-1 if k == axis else 1 for k in range(table.ndim)])
        return table

    for _ in range(steps):
        new = {(a, i): total(product(a, i), axis=tuple(k for k, j in enumerate(scopes[a]) if j != i)) for a, i in edges}
        new = {e: m[e] ** damping * (new[e] / new[e].sum()) ** (1 - damping) for e in edges}
        m = {e: new[e] / new[e].sum() for e in edges}
    of_variables = [n(i) for i in range(len(phi))]
    of_tables = [product(a) for a in range(len(factors))]
    log_z = sum(np.log(total(x)) for x in of_variables + of_tables)
    log_z = log_z - sum(np.log(total(n(i, a) * m[a, i])) for a, i in edges)
    b = np.array([x / x.sum() for x in of_variables])
    c = np.concatenate([np.zeros(0)] + [np.ravel(x / x.sum()) for x in of_tables])
    return b, c, log_z


def enumerated(phi, factors, scopes):
    """The product of all tables, an axis a variable."""
    n, k = phi.shape
    joint = np.ones((k,) * n)
    for i in range(n):
        joint = joint * phi[i].reshape([k if j == i else 1 for j in range(n)])
    for table, scope in zip(factors, scopes, strict=True):
        turned = table.transpose(np.argsort(scope))
        joint = joint * turned.reshape([k if j in scope else 1 for j in range(n)])
    return joint


def exact(phi, factors, scopes):
    """b, c and ln Z by enumeration."""
    joint = enumerated(phi, factors, scopes)
    axes, Z = range(len(phi)), joint.sum()
    b = np.array([joint.sum(tuple(j for j in axes if j != i)) for i in axes]) / Z
    c = [np.einsum(joint / Z, list(axes), list(scope)).ravel() for scope in scopes]
    return b, np.concatenate([np.zeros(0), *c]), np.log(Z)


def tree(rng, k=3):
    """Seven variables joined by tables of two and three variables without a cycle; their order is drawn."""
    place = rng.permutation(7)
    scopes = tuple(tuple(int(place[i]) for i in rng.permutation(s)) for s in ((0, 1, 2), (2, 3), (3, 4, 5), (1, 6)))
    factors = tuple(rng.gamma(2.0, size=(k,) * len(s)) + 0.05 for s in scopes)
    return rng.gamma(2.0, size=(7, k)) + 0.05, factors, scopes


TREE_DEPTH = 4  # tables between the variables 6 and 4 of `tree`: (1 6), (0 1 2), (2 3), (3 4 5)


def spins(edges, J, h):
    """Two states a variable, +1 and −1: fields h, and the coupling J along each edge."""
    h = np.asarray(h)
    pair = np.exp(np.array([[J, -J], [-J, J]]))
    return np.exp(np.stack([h, -h], 1)), tuple(pair for _ in edges), tuple(edges)


SQUARES = tuple((3 * i + j, 3 * i + j + 1) for i in range(3) for j in range(2)) + tuple((j, j + 3) for j in range(6))
TRIANGLE = ((0, 1), (1, 2), (2, 0))
ALL_PAIRS = tuple(itertools.combinations(range(4), 2))
ALIKE = np.array([[3.0, 1.0], [1.0, 3.0]])


@BELIEF_PROPAGATION.example
def example():
    phi = np.array([[2.0, 1.0], [1.0, 1.0], [1.0, 1.0]])
    factors, scopes, steps = (ALIKE, ALIKE), ((0, 1), (1, 2)), 2
    b, _, log_z = belief_propagation(phi, factors, scopes, steps)
    ring = (phi, (*factors, ALIKE), (*scopes, (2, 0)))
    loopy, _, log_ring = belief_propagation(*ring, 60)
    true, _, log_true = exact(*ring)
    first = ALIKE.T @ phi[0]
    turn = np.linalg.matrix_power(ALIKE, 3) * phi[0]
    return (
        dict(phi=phi, factors=factors, scopes=scopes, steps=steps, psi=ALIKE, first=first, m1=first / first.sum())
        | dict(second=ALIKE.T @ first, b=b[2], Z=np.exp(log_z), loopy=loopy[0], true=true[0], Z_ring=np.exp(log_true))
        | dict(Z_bethe=np.exp(log_ring), turn=turn, eigen=np.sort(np.linalg.eigvals(turn).real)[::-1])
    )


@BELIEF_PROPAGATION.exercise
def ring_of_four():
    eigen = np.array([3.0, 1.0])
    return number(
        eigen[0] ** 4 / (eigen**4).sum(), opened=2 * eigen[0] ** 3 / (eigen**4).sum(), one_table=eigen[0] / eigen.sum()
    )


@BELIEF_PROPAGATION.exercise
def an_echo():
    phi, factors, scopes = np.array([[2.0, 1.0], [1.0, 1.0]]), (ALIKE,), ((0, 1),)
    right = belief_propagation(phi, factors, scopes, 12)[0][0]
    echoed = own_message_included(phi, factors, scopes, 12)[0][0]
    surer = echoed.max() > right.max() + 1e-3
    return choice(surer=surer, same=bool(np.allclose(echoed, right)), unsure=echoed.max() < right.max() - 1e-3)


@BELIEF_PROPAGATION.exercise
def four_opponents():
    return number(np.arctanh(1 / 2), all_three=np.arctanh(1 / 3), no_tanh=1 / 2)


@BELIEF_PROPAGATION.cases
def cases(rng):
    def of(network, steps, damping=0.0, mode="sum"):
        phi, factors, scopes = network
        return dict(phi=phi, factors=factors, scopes=scopes, steps=steps, damping=damping, mode=mode)

    yield "tree", of(tree(rng), 4)
    ring = (
        rng.gamma(2.0, size=(4, 3)),
        tuple(rng.gamma(2.0, size=(3, 3)) for _ in range(4)),
        ((0, 1), (2, 1), (2, 3), (3, 0)),
    )
    yield "ring", of(ring, 5, 0.3)
    triples = tuple(rng.gamma(2.0, size=(2, 2, 2)) for _ in range(3))
    yield "tables of three", of((rng.gamma(2.0, size=(5, 2)), triples, ((0, 1, 2), (2, 4, 3), (1, 3, 0))), 3, 0.6)
    yield "maxima", of((ring[0], ring[1], ring[2]), 3, 0.0, "max")
    known = rng.gamma(2.0, size=(3, 2))
    known[1] = [0.0, 1.0]
    yield "evidence", of((known, (rng.gamma(2.0, size=(2, 2)), rng.gamma(2.0, size=(2, 2))), ((0, 1), (1, 2))), 3)
    yield "nobody talks", of((rng.gamma(2.0, size=(2, 3)), (), ()), 1)


@BELIEF_PROPAGATION.invalid
def invalid(rng):
    phi, table = np.ones((2, 2)), np.ones((2, 2))
    yield "a table over a variable that is not there", dict(phi=phi, factors=(table,), scopes=((0, 2),), steps=1)
    yield "a table with an axis too many", dict(phi=phi, factors=(np.ones((2, 2, 2)),), scopes=((0, 1),), steps=1)


@BELIEF_PROPAGATION.claim
def exact_on_trees(propagate, rng):
    """Seven variables, tables over two and three of them, no cycle, no two variables more than four tables apart: after four steps $b$, $c$ and $Z_B$ are what the enumeration of
    all $3^7$ states gives"""
    for _ in range(2):
        network = tree(rng)
        b, c, log_z = propagate(*network, TREE_DEPTH)
        for got, want in zip((b, c, log_z), exact(*network), strict=True):
            yield roundoff(got, want, terms=60, scale=max(1.0, float(np.abs(want).max())))


@BELIEF_PROPAGATION.claim
def within_the_diameter(propagate, rng):
    """Along a chain of six variables, tables of 3 for equal states and 1 for different ones up to a fifth, news travels one table a step:
    before the fifth step the far end has heard nothing of the first variable, at the fifth its belief is exact"""
    scopes = tuple((i, i + 1) for i in range(5))
    factors = tuple(ALIKE * rng.uniform(0.8, 1.2, (2, 2)) for _ in scopes)
    phi = rng.uniform(0.5, 1.0, (6, 2))
    other = phi.copy()
    other[0] = phi[0] * [1.0, 3.0]
    for steps in (1, 4):
        ends = [np.asarray(propagate(start, factors, scopes, steps)[0])[5] for start in (phi, other)]
        yield roundoff(ends[0], ends[1], terms=40)
    ends = [np.asarray(propagate(start, factors, scopes, 5)[0])[5] for start in (phi, other)]
    for start, end in zip((phi, other), ends, strict=True):
        yield roundoff(end, exact(start, factors, scopes)[0][5], terms=40)
    yield bound(np.abs(ends[0] - ends[1]).max(), 1e-6, "≥", Text("the news arrives", "消息已经到达"))


def bethe(b, c, phi, factors, scopes):
    """F of beliefs; c as a list of tables."""
    degree = np.bincount([i for scope in scopes for i in scope], minlength=len(phi))
    tables = sum((x * np.log(x / table)).sum() for x, table in zip(c, factors, strict=True))
    return tables + (b * np.log(b / phi)).sum() - (degree[:, None] * b * np.log(b)).sum()


@BELIEF_PROPAGATION.claim
def stationary_point_of_bethe(propagate, rng):
    r"""Where messages have settled on a grid of $3\times3$ variables of two states, $|\ln\psi|\le\tfrac14$, the tables' beliefs have the
    variables' beliefs as their marginals, $\ln Z_B=-F$, and $F$ does not change to first order in any of eight random directions
    that keep those marginals consistent"""
    phi = np.exp(rng.uniform(-0.5, 0.5, (9, 2)))
    factors = tuple(np.exp(rng.uniform(-0.25, 0.25, (2, 2))) for _ in SQUARES)
    b, c, log_z = propagate(phi, factors, SQUARES, 80)
    b, c = np.asarray(b, float), np.asarray(c, float).reshape(-1, 2, 2)
    ends = np.array(SQUARES)
    settled = Text(
        "distances of log-odds shrink by 3 tanh ¼ a step or more: 0.74⁸⁰ < 10⁻¹⁰",
        "对数几率的距离每步至少缩小到 3 tanh ¼ 倍：0.74⁸⁰ < 10⁻¹⁰",
    )
    yield near(np.abs(c.sum(2) - b[ends[:, 0]]).max(), 0.0, 1e-9, settled)
    yield near(np.abs(c.sum(1) - b[ends[:, 1]]).max(), 0.0, 1e-9, settled)
    yield near(float(log_z), -bethe(b, c, phi, factors, SQUARES), 1e-9, settled)
    why = Text("h²F‴ and ε/h for h = 10⁻⁵", "h = 10⁻⁵ 时的 h²F‴ 与 ε/h")
    for _ in range(8):
        db = rng.uniform(-1, 1, (9, 1)) * [1, -1]
        dc = (db[ends[:, 0]][:, :, None] + db[ends[:, 1]][:, None, :]) / 2
        dc = dc + rng.uniform(-1, 1, (12, 1, 1)) * np.array([[1, -1], [-1, 1]])
        up, down = (bethe(b + t * db, c + t * dc, phi, factors, SQUARES) for t in (1e-5, -1e-5))
        yield near((up - down) / 2e-5, 0.0, 1e-6, why)


@BELIEF_PROPAGATION.claim
def slope_is_the_belief(propagate, rng):
    r"""On a ring of three variables with three states, messages settled, $\partial\ln Z_B/\partial\ln\phi_i(x_i)=b_i(x_i)$ and
    $\partial\ln Z_B/\partial\ln\psi_a(x_a)=c_a(x_a)$, as of the true $\ln Z$ and the true marginals"""
    phi, factors = np.exp(rng.uniform(-1, 1, (3, 3))), tuple(np.exp(rng.uniform(-0.5, 0.5, (3, 3))) for _ in range(3))
    b, c, _ = propagate(phi, factors, TRIANGLE, 50)
    yield roundoff(np.asarray(b).sum(1), np.ones(3), terms=8)
    why = Text("h² for h = 10⁻⁴, and ε/h", "h = 10⁻⁴ 时的 h²，以及 ε/h")
    for i, s in ((0, 0), (1, 2), (2, 1)):
        change = np.zeros((3, 3))
        change[i, s] = 1e-4
        up, down = (float(propagate(phi * np.exp(t * change), factors, TRIANGLE, 50)[2]) for t in (1, -1))
        yield near((up - down) / 2e-4, float(np.asarray(b)[i, s]), 1e-7, why)
    change = np.zeros((3, 3))
    change[1, 2] = 1e-4
    up, down = (
        float(propagate(phi, (factors[0] * np.exp(t * change), *factors[1:]), TRIANGLE, 50)[2]) for t in (1, -1)
    )
    yield near((up - down) / 2e-4, float(np.asarray(c)[5]), 1e-7, why)


@BELIEF_PROPAGATION.claim
def one_cycle(propagate, rng):
    r"""On one cycle of positive tables $Z=\operatorname{tr}M=\sum_k\lambda_k$ for the product $M$ of the tables once round, and, messages settled, $Z_B=\lambda_1$, the
    largest eigenvalue alone; with 3, 4 and 6 variables of three states, $|\ln\psi|\le0.8$"""
    for length in (3, 4, 6):
        phi = np.exp(rng.uniform(-0.3, 0.3, (length, 3)))
        scopes = tuple((i, (i + 1) % length) for i in range(length))
        factors = tuple(np.exp(rng.uniform(-0.8, 0.8, (3, 3))) for _ in scopes)
        M = np.eye(3)
        for i in range(length):
            M = M @ (phi[i][:, None] * factors[i])
        eigen = np.linalg.eigvals(M)
        yield roundoff(np.log(eigen.sum().real), exact(phi, factors, scopes)[2], terms=60)
        log_z = float(propagate(phi, factors, scopes, 60)[2])
        yield near(
            log_z,
            np.log(np.abs(eigen).max()),
            1e-9,
            Text(
                "distances shrink by tanh 0.8 < 0.7 a step, and count squared: 0.7¹²⁰",
                "距离每步缩小到 tanh 0.8 < 0.7 倍，且以平方计入：0.7¹²⁰",
            ),
        )


@BELIEF_PROPAGATION.claim
def error_of_the_shortest_cycle(propagate, rng):
    """With weak couplings J the error of the beliefs of spins in drawn fields is of the order J to the length of the shortest cycle: $J^4$ on a grid of
    3 × 3, $J^3$ on a triangle; without fields it is 0"""
    h = rng.uniform(0.2, 0.8, 9)
    sizes = [0.005, 0.01, 0.02, 0.04]
    for edges, n, order in ((SQUARES, 9, 4), (TRIANGLE, 3, 3)):
        errors = []
        for J in sizes:
            network = spins(edges, J, h[:n])
            errors.append(np.abs(np.asarray(propagate(*network, 9)[0]) - exact(*network)[0]).max())
        yield rate(sizes, errors, order, 0.25)
        network = spins(edges, sizes[-1], np.zeros(n))
        yield roundoff(propagate(*network, 9)[0], np.full((n, 2), 0.5), terms=40)
        yield roundoff(exact(*network)[0], np.full((n, 2), 0.5), terms=2**n)


@BELIEF_PROPAGATION.claim
def strong_ties_overstate(propagate, rng):
    """A grid of 3 × 3 spins with couplings 0.8 in fields of 0.05: the belief of the middle one is 0.98, the truth is 0.69. The messages
    have settled; that says nothing about the error"""
    network = spins(SQUARES, 0.8, np.full(9, 0.05))
    b, b_before = (np.asarray(propagate(*network, steps)[0])[4, 0] for steps in (60, 59))
    digits = Text("half a unit of the last digit", "末位的半个单位")
    yield near(float(b), 0.98, 0.005, digits)
    yield near(exact(*network)[0][4, 0], 0.69, 0.005, digits)
    yield near(float(b - b_before), 0.0, 1e-6, Text("settled", "已稳定"))


@BELIEF_PROPAGATION.claim
def known_variable_cuts_the_cycle(propagate, rng):
    r"""A ring of four with one variable known ($\phi=0$ for its other states) is a chain: the beliefs of the others are exact"""
    phi, scopes = rng.gamma(2.0, size=(4, 3)) + 0.1, ((0, 1), (1, 2), (2, 3), (3, 0))
    factors = tuple(rng.gamma(2.0, size=(3, 3)) + 0.1 for _ in scopes)
    phi[0, :2] = 0
    b, _, log_z = propagate(phi, factors, scopes, 4)
    want, _, log_want = exact(phi, factors, scopes)
    yield roundoff(b, want, terms=40, scale=1.0)
    yield roundoff(log_z, log_want, terms=40, scale=max(1.0, abs(log_want)))


@BELIEF_PROPAGATION.claim
def damping_cures_an_oscillation(propagate, rng):
    """Four spins, each of which would differ from the other three (J = −1, fields 0.2): undamped, the beliefs of all swing between
    above 0.99 and below 0.01 from step to step; with δ = ½ they settle at 0.5095, where the truth is 0.5155"""
    network = spins(ALL_PAIRS, -1.0, np.full(4, 0.2))
    swing = np.array([np.asarray(propagate(*network, steps)[0])[:, 0] for steps in (60, 61)])
    yield bound(swing.max(0).min(), 0.99, "≥", Text("measured", "实测"))
    yield bound(swing.min(0).max(), 0.01, "≤", Text("measured", "实测"))
    calm = np.array([np.asarray(propagate(*network, steps, 0.5)[0])[:, 0] for steps in (60, 61)])
    yield near(np.abs(calm[0] - calm[1]).max(), 0.0, 1e-9, Text("settled", "已稳定"))
    digits = Text("half a unit of the last digit", "末位的半个单位")
    yield near(calm[0, 0], 0.5095, 5e-5, digits)
    yield near(exact(*network)[0][0, 0], 0.5155, 5e-5, digits)


@BELIEF_PROPAGATION.claim
def maxima_find_the_best_states(propagate, rng):
    """With maxima in place of sums, on a tree: the largest entry of each $b_i$ stands at the state of the most probable joint state
    (drawn tables have only one), and the estimate is the ln of its product; it need not be the joint state of the largest marginals"""
    for _ in range(3):
        network = tree(rng)
        b, _, log_best = propagate(*network, TREE_DEPTH, 0.0, "max")
        joint = enumerated(*network)
        yield identical(np.asarray(b).argmax(1), np.array(np.unravel_index(joint.argmax(), joint.shape)))
        yield roundoff(log_best, np.log(joint.max()), terms=60)
    phi, psi = np.array([[0.4, 0.6], [1.0, 1.0]]), np.array([[0.9, 0.1], [0.5, 0.5]])
    tops = [np.asarray(propagate(phi, (psi,), ((0, 1),), 2, 0.0, mode)[0])[0].argmax() for mode in ("sum", "max")]
    yield identical(np.array(tops), np.array([1, 0]))


@BELIEF_PROPAGATION.claim
def ties_may_be_broken_apart(propagate, rng):
    """Two variables that must differ, nothing else known: all max-marginals are ½, and so do not tell the two best joint states from
    the two of probability 0; the belief of their table does, 0, ½, ½, 0"""
    psi = np.array([[0.0, 1.0], [1.0, 0.0]])
    b, c, _ = propagate(np.ones((2, 2)), (psi,), ((0, 1),), 2, 0.0, "max")
    yield roundoff(b, np.full((2, 2), 0.5), terms=4)
    yield roundoff(c, np.array([0.0, 0.5, 0.5, 0.0]), terms=4)


@BELIEF_PROPAGATION.claim(of_definition=False)
def sixty_sensors_do_not_underflow(propagate, rng):
    r"""Sixty sensors of one variable, each wrong with probability 10⁻¹², thirty say yes, thirty no: the belief is the prior, and
    $\ln Z=30\ln(10^{-12}(1-10^{-12}))$. Products of messages would both be 0"""
    wrong = 1e-12
    psi = np.array([[1 - wrong, wrong], [wrong, 1 - wrong]])
    phi = np.zeros((61, 2))
    phi[0], phi[1:31, 0], phi[31:, 1] = [0.2, 0.8], 1, 1
    with np.errstate(all="ignore"):
        b, _, log_z = propagate(phi, (psi,) * 60, tuple((0, i) for i in range(1, 61)), 2)
    yield roundoff(np.asarray(b)[0], np.array([0.2, 0.8]), terms=60 * 30)
    # 241 terms, the sums of which reach sixty times the result
    yield roundoff(log_z, 30 * np.log(wrong * (1 - wrong)), terms=241, scale=60 * 829)


def variant(
    phi,
    factors,
    scopes,
    steps,
    damping=0.0,
    mode="sum",
    *,
    own=False,
    newest=False,
    arithmetic=False,
    silent=False,
    edge_terms=True,
    turned=False,
):
    """The definition with faults that can be switched on."""
    total = {"sum": np.sum, "max": np.max}[mode]
    edges = [(a, i) for a, scope in enumerate(scopes) for i in scope]
    m = {edge: np.ones(phi.shape[1]) / phi.shape[1] for edge in edges}
    factors = [t.transpose(range(t.ndim)[::-1]) if turned else t for t in factors]

    def n(i, a=None):
        said = np.ones_like(phi[i]) if silent and a is not None else phi[i]
        for b, j in edges:
            if j == i and (b != a or own):
                said = said * m[b, i]
        return said

    def product(a, but=None):
        table = factors[a]
        for axis, j in enumerate(scopes[a]):
            if j != but:
                table = table * n(j, a).reshape([-1 if k == axis else 1 for k in range(table.ndim)])
        return table

    for _ in range(steps):
        fresh = m if newest else dict(m)
        for a, i in edges:
            new = total(product(a, i), axis=tuple(k for k, j in enumerate(scopes[a]) if j != i))
            new = new / new.sum()
            old = m[a, i]
            new = damping * old + (1 - damping) * new if arithmetic else old**damping * new ** (1 - damping)
            fresh[a, i] = new / new.sum()
        m = fresh
    of_variables, of_tables = [n(i) for i in range(len(phi))], [product(a) for a in range(len(factors))]
    log_z = sum(np.log(total(x)) for x in of_variables + of_tables)
    if edge_terms:
        log_z = log_z - sum(np.log(total(n(i, a) * m[a, i])) for a, i in edges)
    b = np.array([x / x.sum() for x in of_variables])
    return b, np.concatenate([np.zeros(0)] + [np.ravel(x / x.sum()) for x in of_tables]), log_z


@BELIEF_PROPAGATION.mutant(
    caught_by="exact-on-trees, within-the-diameter, stationary-point-of-bethe, error-of-the-shortest-cycle"
)
def own_message_included(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    """what a variable says to a table includes what it heard from that table"""
    return variant(phi, factors, scopes, steps, damping, mode, own=True)


@BELIEF_PROPAGATION.mutant(caught_by="within-the-diameter, equals-definition")
def newest_messages(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    """each message uses the newest, where all were to be sent at once"""
    return variant(phi, factors, scopes, steps, damping, mode, newest=True)


@BELIEF_PROPAGATION.mutant(caught_by="equals-definition")
def messages_averaged(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    """damping by the mean of messages, not of their logarithms"""
    return variant(phi, factors, scopes, steps, damping, mode, arithmetic=True)


@BELIEF_PROPAGATION.mutant(caught_by="damping-cures-an-oscillation, equals-definition")
def not_damped(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    """the damping left out"""
    return belief_propagation(phi, factors, scopes, steps, 0.0, mode)


@BELIEF_PROPAGATION.mutant(
    caught_by="exact-on-trees, known-variable-cuts-the-cycle, slope-is-the-belief, within-the-diameter"
)
def own_table_not_passed_on(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    """a variable's own table, and with it the evidence, enters its belief but not its messages"""
    return variant(phi, factors, scopes, steps, damping, mode, silent=True)


@BELIEF_PROPAGATION.mutant(caught_by="exact-on-trees, stationary-point-of-bethe, one-cycle, slope-is-the-belief")
def counted_twice(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    """ln Z without the terms of the edges: what variables and tables share is counted twice"""
    return variant(phi, factors, scopes, steps, damping, mode, edge_terms=False)


@BELIEF_PROPAGATION.mutant(caught_by="exact-on-trees, stationary-point-of-bethe, maxima-find-the-best-states")
def axes_reversed(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    """the tables read with their axes in the opposite order"""
    return variant(phi, factors, scopes, steps, damping, mode, turned=True)


@BELIEF_PROPAGATION.mutant(
    caught_by="exact-on-trees, within-the-diameter, stationary-point-of-bethe, one-cycle, error-of-the-shortest-cycle, strong-ties-overstate"
)
def one_step_only(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    """one step, whatever was asked for"""
    return belief_propagation(phi, factors, scopes, min(steps, 1), damping, mode)


@BELIEF_PROPAGATION.mutant(caught_by="maxima-find-the-best-states, equals-definition")
def sums_for_maxima(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    """sums, also where maxima were asked for"""
    return belief_propagation(phi, factors, scopes, steps, damping)


@BELIEF_PROPAGATION.mutant(
    caught_by="one-cycle, error-of-the-shortest-cycle, strong-ties-overstate, damping-cures-an-oscillation, within-the-diameter"
)
def truth_sold_as_belief(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    """the exact marginals, by enumeration"""
    return exact(phi, factors, scopes)


@BELIEF_PROPAGATION.mutant(caught_by="ties-may-be-broken-apart, equals-definition")
def first_best_state(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    """with maxima, all belief on the first of the best states"""
    b, c, log_z = belief_propagation(phi, factors, scopes, steps, damping, mode)
    return (np.eye(phi.shape[1])[b.argmax(1)] if mode == "max" else b), c, log_z


@BELIEF_PROPAGATION.mutant(caught_by="sixty-sensors-do-not-underflow")
def literal_products(phi, factors, scopes, steps, damping=0.0, mode="sum"):
    """products of probabilities, as the definition has them"""
    return belief_propagation(phi, factors, scopes, steps, damping, mode)


BELIEF_PROPAGATION.erratum(
    "E298",
    common="When loopy belief propagation has converged, its marginals can be trusted (a common slip)",
    why="Settled messages are a stationary point of Bethe's free energy, no more. On a grid of 3 × 3 spins they settle at 0.98 where the truth is 0.69.",
    right="Convergence says that the messages agree with each other. How wrong they are only exact inference tells; fixing a variable at each of its states "
    "gives an estimate",
    claims="strong-ties-overstate",
)
BELIEF_PROPAGATION.erratum(
    "E299",
    common="Belief propagation is exact if and only if the network is a tree (a common slip)",
    why="What counts is the graph of tables and unknown variables. A ring with one variable known is exact.",
    right="If the graph of tables and of variables that are not known has no cycle, it is exact",
    claims="known-variable-cuts-the-cycle",
)


ROWS, COLUMNS = 3, 4


def lattice():
    """The edges of a small grid with one diagonal in each square."""
    at = [(r, c) for r in range(ROWS) for c in range(COLUMNS)]
    steps = ((0, 1), (1, 0), (1, 1))
    return [(r * COLUMNS + c, (r + u) * COLUMNS + c + v) for r, c in at for u, v in steps if (r + u, c + v) in at]


def spin_beliefs(J, h, steps, damping):
    """P(+1) of the sixth spin by belief propagation after each step, for many J at once; a message is half its log-odds."""
    ends = np.array(lattice())
    source, target = np.concatenate([ends, ends[:, ::-1]]).T
    hears = (target[:, None] == np.arange(ROWS * COLUMNS)).astype(float)
    back = np.r_[len(ends) : 2 * len(ends), 0 : len(ends)]
    u, history = np.zeros((len(J), len(source))), []
    for _ in range(steps):
        field = h + u @ hears
        new = np.arctanh(np.tanh(J)[:, None] * np.tanh(field[:, source] - u[:, back]))
        u = damping * u + (1 - damping) * new
        history.append(1 / (1 + np.exp(-2 * (h + u @ hears)[:, 5])))
    return np.array(history)


@BELIEF_PROPAGATION.figure(
    J=Slider(-1.0, 1.0, 0.6, "coupling J"),
    h=Slider(0.01, 0.5, 0.05, "field h", log=True),
    damping=Slider(0.0, 0.9, 0.0, "damping δ"),
)
def figure(J, h, damping):
    grid = np.linspace(-1, 1, 41)
    states = 1 - 2 * ((np.arange(2 ** (ROWS * COLUMNS))[:, None] >> np.arange(ROWS * COLUMNS)) & 1)
    tied = sum(states[:, i] * states[:, j] for i, j in lattice())

    def truth(J):
        weight = np.exp(J * tied + h * states.sum(1) - abs(J) * len(lattice()))
        return weight[states[:, 5] > 0].sum() / weight.sum()

    calm = spin_beliefs(grid, h, 400, 0.7)[-1]
    path = spin_beliefs(np.array([J]), h, 40, damping)[:, 0]
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.4)
    left.plot(grid, [truth(x) for x in grid], color=COLOURS[2], label="exact")
    left.plot(grid, calm, color=COLOURS[0], label="belief")
    left.axvline(J, color="0.5", lw=1, ls=":")
    left.set(xlabel="J", ylabel="probability of +1", ylim=(0, 1.02), xticks=[-1, -0.5, 0, 0.5, 1])
    left.legend(fontsize=9.5, loc="upper left", frameon=False)
    right.plot(np.arange(1, 41), path, color=COLOURS[0], marker=".", ms=5, lw=1, label="belief")
    right.axhline(truth(J), color=COLOURS[2], label="exact")
    right.set(xlabel="step", ylim=(0, 1.02))
    settled = bool(np.abs(np.diff(path[-4:])).max() < 1e-3)
    en = "the beliefs settle" if settled else "the beliefs do not settle in 40 steps"
    zh = "信念趋于稳定" if settled else "40 步内信念没有稳定"
    words = Text(
        f"Twelve spins on a grid with one diagonal in each square, fields {h:.2g}. At J = {J:.2f} and damping {damping:.2f} {en}; the last is {path[-1]:.3f}, "
        f"the exact probability {truth(J):.3f}. The curve over J shows the beliefs with damping 0.7 after 400 steps.",
        f"十二个自旋，网格的每个方格有一条对角线，外场 {h:.2g}。J = {J:.2f}、阻尼 {damping:.2f} 时{zh}；最后一步为 {path[-1]:.3f}，精确概率为 {truth(J):.3f}。"
        "随 J 变化的曲线是阻尼 0.7、400 步之后的信念。",
    )
    return Drawing(fig, words)
