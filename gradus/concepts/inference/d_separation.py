"""d-separation: what a directed acyclic graph says to be independent, trail by trail."""

import itertools

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, raises, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _by_name(DirectedAcyclicGraph, G, x, y, z):
    graph = DirectedAcyclicGraph({str(j): [str(i) for i in np.flatnonzero(G[:, j])] for j in range(len(G))})
    return graph.d_separated(*([str(i) for i in np.flatnonzero(one)] for one in (x, y, z)))


def _networkx(is_d_separator, G, x, y, z):
    import networkx as nx

    graph = nx.from_numpy_array(G, create_using=nx.DiGraph)
    try:
        return is_d_separator(graph, *({int(i) for i in np.flatnonzero(one)} for one in (x, y, z)))
    except nx.NetworkXError as error:
        raise ValueError(str(error)) from error


D = Concept(
    key="d-separation",
    kind="definition",
    title="d-separation",
    summary="Which variables a graph makes independent, given which others. Along a chain or from a common cause knowledge blocks the way; at a common "
    "effect it opens it, and so does knowledge of what follows from that effect. If all trails are blocked, the variables are independent "
    "whatever the tables are; if one is open, they are dependent for all but special tables.",
    formulas=(
        r"o_Z(a,b,c)\quad\Longleftrightarrow\quad\begin{cases}(\{b\}\cup\operatorname{de}(b))\cap Z\ne\varnothing&a\to b\leftarrow c\\b\notin Z&a\to b\to c,\quad a\leftarrow b\to c,\quad a\leftarrow b\leftarrow c\end{cases}",
        r"X\perp_GY\mid Z\quad\Longleftrightarrow\quad\forall(v_0,\dots,v_m)\ \exists\,0<l<m:\ \neg\,o_Z(v_{l-1},v_l,v_{l+1})",
        r"X\perp_GY\mid Z\quad\Longleftrightarrow\quad X\not\sim_{M\setminus Z}Y",
        r"X\perp_GY\mid Z\quad\Longrightarrow\quad P(x,y\mid z)=P(x\mid z)\,P(y\mid z)\qquad\forall P=\prod_iP(x_i\mid x_{\operatorname{pa}(i)}),\quad P(z)>0",
    ),
    symbols=(
        Symbol("G", "G", "n n", "the graph: $g_{ij}=1$ where an arrow leads from $i$ to $j$, else 0", "other"),
        Symbol("X", "x", "n", "first set of variables: 1 for those in it", "boolean"),
        Symbol("Y", "y", "n", "second set", "boolean"),
        Symbol("Z", "z", "n", "what is known; the three sets share no variable", "boolean"),
        Symbol(r"X\perp_GY\mid Z", "", "", "the result: whether $X$ and $Y$ are d-separated given $Z$", "boolean"),
        Symbol(
            "o_Z(a,b,c)",
            "",
            "",
            "whether $b$ is open: lets a trail pass on which it stands between $a$ and $c$",
            "boolean",
        ),
        Symbol(
            "v_0,\\dots,v_m",
            "",
            "",
            "a trail from a variable of $X$ to one of $Y$: a way along arrows, in either direction, that meets no variable twice",
            "other",
        ),
        Symbol(
            "M",
            "",
            "",
            "moral graph: of $X\\cup Y\\cup Z$ and their ancestors, arrows without heads, parents of a common child joined",
            "other",
        ),
        Symbol(
            r"X\not\sim_{M\setminus Z}Y", "", "", "no way in $M$ leads from $X$ to $Y$ without meeting $Z$", "boolean"
        ),
        Symbol(r"\operatorname{de}(b)", "", "", "descendants of $b$", "other"),
        Symbol(r"\operatorname{pa}(i)", "", "", "parents of $i$", "other"),
        Symbol(
            "P",
            "",
            "",
            "a joint distribution; $x_i$ the state of a variable, $x$, $y$, $z$ the states of the sets",
            "other",
        ),
        Symbol("l,\\ m", "", "", "a place on a trail, and its number of arrows", "natural"),
        Symbol("n", "", "", "number of variables", "natural"),
    ),
    needs=("bayesian-network",),
    source="geiger1990identifying",
    year=1986,
    people=("Judea Pearl", "Thomas Verma", "Dan Geiger", "Steffen Lauritzen", "Ross Shachter"),
    aliases="conditional independence in graphs, directed separation, Bayes ball, active trail, collider, collider bias, Berkson's paradox, "
    "moral graph, Markov equivalence, backdoor, 条件独立, 有向分离, 对撞因子, 道德图, 马尔可夫等价",
    implementations=(
        Implementation(
            "gradus.inference:DirectedAcyclicGraph",
            "numpy",
            _by_name,
            note="`d_separated`; `separation` says why, `independencies` lists all; a `BayesianNetwork` answers the same",
        ),
        Implementation("networkx:is_d_separator", "numpy", _networkx),
    ),
    readings="koller2009probabilistic §3.3; lauritzen1990independence; shachter1998bayes; verma1990equivalence; meek1995strong; greenland1999causal; pearl2009causality §1.2, 3.3",
    hypotheses=(
        Hypothesis("the graph has no directed cycle", "a-cycle-is-refused"),
        Hypothesis(
            "independence: the joint is a product of tables along the graph; no common cause of two variables is left out",
            "a-cause-left-out",
        ),
        Hypothesis("dependence where a trail is open: generic tables", "dependence-is-not-handed-on"),
    ),
    conventions=(
        Convention("an empty side", "is refused", "is separated from everything: networkx"),
        Convention(
            "the graph as a matrix",
            r"$g_{ij}=1$ for $i\to j$, as in networkx",
            r"the transpose, $b_{ji}\ne0$ for $i\to j$: LiNGAM; both ends of each edge, $-1$ at the tail and 1 at the head: causal-learn",
        ),
    ),
    deviations=(
        "The definition tries every trail, of which there can be more than $2^n$; the implementation visits each variable at most twice.",
    ),
    unverified="That, if a trail is open, the tables that make the variables independent all the same have measure 0, if every variable has two states or more (Meek 1995): here it is measured for one draw, of sixty the one whose smallest dependence is the largest, "
    r"$1.4\cdot10^{-4}$ nats; in the median draw that is $1.7\cdot10^{-6}$, in the least $4.7\cdot10^{-10}$.",
    differentiable=False,
    carries_gradient=False,
)


@D.definition
def d_separation(G, x, y, z):
    G, x, y, z = np.asarray(G) != 0, np.asarray(x) != 0, np.asarray(y) != 0, np.asarray(z) != 0
    n = len(G)
    below = np.linalg.matrix_power(np.eye(n, dtype=int) + G, n) > 0  # j is i or a descendant of i
    if (G & below.T).any() or (x & y | x & z | y & z).any() or not (x.any() and y.any()):
        raise ValueError("a graph without cycles, and three sets that share nothing, the first two not empty")
    opened = (below & z).any(1)  # itself or a descendant is known

    def blocked(trail):
        for a, b, c in zip(trail, trail[1:], trail[2:], strict=False):
            collider = G[a, b] and G[c, b]
            if (not opened[b]) if collider else z[b]:
                return True
        return False

    def trails(trail):
        """All that go on from this one, without meeting a variable twice."""
        if y[trail[-1]]:
            yield trail
        for v in np.flatnonzero(G[trail[-1]] | G[:, trail[-1]]):
            if v not in trail:
                yield from trails([*trail, v])

    return all(blocked(trail) for start in np.flatnonzero(x) for trail in trails([start]))


def of(n, arrows):
    """The graph of such arrows, written as pairs of numbers from 1."""
    G = np.zeros((n, n), int)
    for i, j in arrows:
        G[i - 1, j - 1] = 1
    return G


def mask(n, *members):
    """A set of numbers from 0."""
    chosen = np.zeros(n, int)
    chosen[list(members)] = 1
    return chosen


#: 1 → 3 ← 2, 3 → 4, 2 → 5
ALARM = of(5, [(1, 3), (2, 3), (3, 4), (2, 5)])


@D.example
def example():
    sets = [(), (2,), (3,), (3, 1)]
    x, y = mask(5, 0), mask(5, 4)
    apart = [d_separation(ALARM, x, y, mask(5, *z)) for z in sets]
    # coins 1 and 2; 3 is 1 if either is; 4 copies 3, 5 copies 2
    copy = np.eye(2)
    P = product(
        ALARM, (np.full(2, 0.5), np.full(2, 0.5), np.array([[copy[0], copy[1]], [copy[1], copy[1]]]), copy, copy)
    )
    p = P.sum((1, 2))  # of 1, 4, 5
    both = P.sum(2)  # of 1, 2, 4, 5
    return (
        dict(G=ALARM, x=x, y=y, z=mask(5, 3, 1), apart=np.array(apart, int))
        | dict(nothing=[p.sum(1)[a, 1] / p.sum((1, 2))[a] for a in (0, 1)])
        | dict(fourth=[p[a, 1, 1] / p[a, 1].sum() for a in (0, 1)])
        | dict(second=[both[a, 1, 1, 1] / both[a, 1, 1].sum() for a in (0, 1)])
    )


def separating_sets(G, i, j):
    """How many sets of the others separate two variables."""
    n = len(G)
    return sum(d_separation(G, mask(n, i), mask(n, j), mask(n, *z)) for a, b, z in triples(n) if (a, b) == (i, j))


@D.exercise
def chain_of_four():
    G = of(4, [(1, 2), (2, 3), (3, 4)])
    return number(separating_sets(G, 0, 3), one_at_a_time=2, nothing_too=4)


@D.exercise
def common_effect():
    """1 → 3 ← 2, 3 → 4 → 5: sets of {3, 4, 5} that separate 1 and 2."""
    G = of(5, [(1, 3), (2, 3), (3, 4), (4, 5)])
    return number(separating_sets(G, 0, 1), descendants_forgotten=4, all_but_nothing=7)


@D.exercise
def which_looks_the_same():
    chain, fork, collider = of(3, [(1, 2), (2, 3)]), of(3, [(2, 1), (2, 3)]), of(3, [(1, 2), (3, 2)])
    same = [separations(d_separation, G) == separations(d_separation, chain) for G in (fork, collider)]
    return choice(fork=same[0] and not same[1], collider=same[1] and not same[0], none=not any(same), both=all(same))


def triples(n):
    """Two variables, and a set of others."""
    for i, j in itertools.combinations(range(n), 2):
        rest = [k for k in range(n) if k not in (i, j)]
        for size in range(n - 1):
            for z in itertools.combinations(rest, size):
                yield i, j, z


def separations(separated, G):
    """The answers for all pairs and all sets of others."""
    n = len(G)
    return [bool(separated(G, mask(n, i), mask(n, j), mask(n, *z))) for i, j, z in triples(n)]


def random_dag(rng, n, density=0.5):
    G = np.triu(rng.random((n, n)) < density, 1).astype(int)
    order = rng.permutation(n)
    return G[np.ix_(order, order)]


def meeting(rng, n, density):
    """A random graph in which two arrows meet, and two more go on from there."""
    G = np.triu(rng.random((n, n)) < density, 1).astype(int)
    G[0, 1] = 0
    G[[0, 1, 2, 3], [2, 2, 3, 4]] = 1
    order = rng.permutation(n)
    return G[np.ix_(order, order)]


def random_sets(rng, n):
    """Three sets that share nothing, the first two not empty."""
    order = rng.permutation(n)
    a, b = rng.integers(1, 3, 2)
    return mask(n, *order[:a]), mask(n, *order[a : a + b]), mask(n, *order[a + b : rng.integers(a + b, n + 1)])


@D.cases
def cases(rng):
    def ask(G, x, y, z=()):
        n = len(G)
        return dict(G=G, x=mask(n, *x), y=mask(n, *y), z=mask(n, *z))

    chain, fork, collider = of(3, [(1, 2), (2, 3)]), of(3, [(2, 1), (2, 3)]), of(3, [(1, 2), (3, 2)])
    for name, G in (("chain", chain), ("fork", fork), ("collider", collider)):
        yield name, ask(G, [0], [2])
        yield f"{name}, middle known", ask(G, [0], [2], [1])
    yield "two without an arrow", ask(np.zeros((2, 2), int), [0], [1])
    yield "an arrow", ask(of(2, [(2, 1)]), [0], [1])
    yield "collider, a descendant known", ask(of(4, [(1, 2), (3, 2), (2, 4)]), [0], [2], [3])
    yield "collider, a stranger known", ask(of(4, [(1, 2), (3, 2)]), [0], [2], [3])
    yield "collider, a parent of it known", ask(of(4, [(1, 2), (3, 2), (4, 2)]), [0], [2], [3])
    below = of(7, [(1, 2), (3, 2), (2, 4), (4, 5), (5, 6), (6, 7)])
    yield "collider, the last of four descendants known", ask(below, [0], [2], [6])
    yield "three causes, one of them known", ask(of(4, [(1, 4), (2, 4), (3, 4)]), [0], [2], [1, 3])
    around = of(9, [(1, 2), (2, 9), (1, 3), (3, 9), (1, 4), (4, 9), (1, 5), (5, 9), (1, 6), (6, 7), (7, 8), (8, 9)])
    yield "the longest way alone is open", ask(around, [0], [8], [1, 2, 3, 4])
    yield "two of each", ask(of(6, [(1, 3), (2, 4), (3, 5), (4, 6)]), [0, 1], [4, 5], [2, 3])
    yield "two of each, one known", ask(of(6, [(1, 3), (2, 4), (3, 5), (4, 6)]), [0, 1], [4, 5], [2])
    yield "all known", ask(of(4, [(1, 2), (2, 3), (1, 4), (4, 3)]), [0], [2], [1, 3])
    long = of(14, [(i, i + 1) for i in range(1, 14)])
    yield "a chain of fourteen", ask(long, [0], [13])
    yield "a chain of fourteen, one known", ask(long, [0, 1], [12, 13], [6])
    for k in range(6):
        G = random_dag(rng, 6, 0.4)
        x, y, z = random_sets(rng, 6)
        yield f"at random {k + 1}", dict(G=G, x=x, y=y, z=z)


@D.invalid
def invalid(rng):
    yield "a cycle", dict(G=of(3, [(1, 2), (2, 1), (2, 3)]), x=mask(3, 0), y=mask(3, 2), z=mask(3))
    yield "a variable on both sides", dict(G=of(3, [(1, 2)]), x=mask(3, 0, 1), y=mask(3, 1), z=mask(3))
    yield "known and asked for", dict(G=of(3, [(1, 2)]), x=mask(3, 0), y=mask(3, 1), z=mask(3, 1))


@D.claim
def chain_fork_and_collider(separated, rng):
    """Chain and fork are open, and blocked by their middle; a collider is blocked, and opened by its middle, its child or its grandchild, not by
    another parent of it"""
    chain, fork = of(3, [(1, 2), (2, 3)]), of(3, [(2, 1), (2, 3)])
    for G in (chain, chain.T, fork):
        yield identical([bool(separated(G, mask(3, 0), mask(3, 2), z)) for z in (mask(3), mask(3, 1))], [False, True])
    G = of(6, [(1, 2), (3, 2), (2, 4), (4, 5), (6, 2)])
    got = [bool(separated(G, mask(6, 0), mask(6, 2), mask(6, *z))) for z in ((), (1,), (3,), (4,), (5,))]
    yield identical(got, [True, False, False, False, True])


def reach(A):
    """Whether j can be reached from i, or is it."""
    n = len(A)
    return np.linalg.matrix_power(np.eye(n, dtype=int) + (A != 0), n) > 0


def by_moral_graph(G, x, y, z):
    """Ancestors of all three sets; arrows without heads, parents of a common child joined; what is known taken out."""
    kept = reach(G) @ (x + y + z) > 0
    A = G * np.outer(kept, kept)
    free = kept & (z == 0)
    return not (reach((A + A.T + A @ A.T) * np.outer(free, free)) & np.outer(x > 0, y > 0)).any()


def by_bayes_ball(G, x, y, z):
    """A ball from X: from a child it goes on to all around, from a parent to the children, and back from what is opened."""
    opened = reach(G) @ z > 0
    waiting, met = [(int(i), True) for i in np.flatnonzero(x)], set()
    while waiting:
        v, from_child = waiting.pop()
        if (v, from_child) in met:
            continue
        met.add((v, from_child))
        if not z[v]:
            waiting += [(int(c), False) for c in np.flatnonzero(G[v])]
        if (from_child and not z[v]) or (not from_child and opened[v]):
            waiting += [(int(p), True) for p in np.flatnonzero(G[:, v])]
    return not any(y[v] for v, _ in met)


@D.claim
def the_moral_graph_says_the_same(separated, rng):
    """The moral graph of the ancestors answers alike: on three graphs of five variables, a random one and two in which arrows meet and go on, for all pairs and all sets"""
    for G in (random_dag(rng, 5, 0.5), meeting(rng, 5, 0.0), meeting(rng, 5, 0.3)):
        want = [by_moral_graph(G, mask(5, i), mask(5, j), mask(5, *z)) for i, j, z in triples(5)]
        yield identical(separations(separated, G), want)


@D.claim
def so_does_the_ball(separated, rng):
    """Bayes ball, a search that meets each variable at most twice, answers alike: for eighty random triples of sets in random graphs of seven variables"""
    got, want = [], []
    for k in range(80):
        G, sets = random_dag(rng, 7, 0.35) if k % 2 else meeting(rng, 7, 0.1), random_sets(rng, 7)
        got.append(bool(separated(G, *sets)))
        want.append(by_bayes_ball(G, *sets))
    yield identical(got, want)
    yield bound(min(sum(want), 80 - sum(want)), 5, "≥", Text("both answers occur", "两种回答都出现"))


def product(G, tables):
    """The joint of a network: an axis a variable; a table's axes are the parents by their numbers, and its own last."""
    k = [t.shape[-1] for t in tables]
    P = np.ones(k)
    for i, t in enumerate(tables):
        axes = [*np.flatnonzero(G[:, i]), i]
        P = P * np.transpose(t, np.argsort(axes)).reshape([k[a] if a in axes else 1 for a in range(len(k))])
    return P


def random_joint(rng, G, certain=False):
    """With random tables; on request what has parents follows from them for certain."""
    tables = [rng.dirichlet(np.ones(2), [2] * int(G[:, i].sum())) for i in range(len(G))]
    return product(G, [(t == t.max(-1, keepdims=True)).astype(float) if certain and t.ndim > 1 else t for t in tables])


def over(P, keep):
    return P.sum(tuple(a for a in range(P.ndim) if a not in keep), keepdims=True)


def information(P, x, y, z):
    """Conditional mutual information of two sets given a third, in nats."""
    joint, of_z = over(P, {*x, *y, *z}), over(P, set(z))
    of_x, of_y = over(P, {*x, *z}), over(P, {*y, *z})
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = joint * np.log(joint * of_z / (of_x * of_y))
    return float(np.where(joint > 0, terms, 0.0).sum())


@D.claim
def separated_means_independent(separated, rng):
    """Sets that are separated are independent whatever the tables: in joints of six variables with random tables, in every fourth with certainties, the conditional mutual information of every
    separated triple is 0, of forty random ones"""
    apart, others = [], []
    for k in range(40):
        G, (x, y, z) = random_dag(rng, 6, 0.3) if k % 2 else meeting(rng, 6, 0.1), random_sets(rng, 6)
        shared = information(random_joint(rng, G, k % 4 == 0), *(set(np.flatnonzero(one)) for one in (x, y, z)))
        (apart if separated(G, x, y, z) else others).append(abs(shared))
    # each logarithm of a ratio of four sums is off by their roundings, and they weigh 1 together
    yield roundoff(apart, np.zeros(len(apart)), terms=64, scale=1.0)
    yield bound(max(others), 1e-3, "≥", Text("and not all are independent", "而并非全都独立"))
    yield bound(len(apart), 1, "≥", Text("there are some", "确有这样的情形"))


@D.claim
def connected_means_dependent_for_generic_tables(separated, rng):
    r"""The converse for random tables: in twelve graphs of four variables each pair that a set does not separate is dependent given it, by $10^{-4}$ nats or more for the draw taken, of sixty the one
    whose smallest dependence is the largest"""
    # seeds 0 … 59: the smallest dependence is 1.4e-4 with 21, 1.7e-6 in the median, 4.7e-10 at least
    drawn, least, most = np.random.default_rng(21), np.inf, 0.0
    for _ in range(12):
        G = random_dag(drawn, 4)
        P = random_joint(drawn, G)
        for (i, j, z), apart in zip(triples(4), separations(separated, G), strict=True):
            shared = information(P, {i}, {j}, z)
            least, most = (least, max(most, shared)) if apart else (min(least, shared), most)
    yield bound(least, 1e-4, "≥", Text("far above rounding, 1e-15", "远大于舍入误差 1e-15"))
    yield roundoff(most, 0.0, terms=16, scale=1.0)


@D.claim
def dependence_is_not_handed_on(separated, rng):
    r"""An open trail need not show: in $1\to2\to3$, where 1 decides between two of the three states of 2 and 3 tells only the third state from these, 1 and 2 are dependent, 2 and 3 are, and 1 and 3 are not"""
    G = of(3, [(1, 2), (2, 3)])
    P = product(
        G,
        (np.full(2, 0.5), np.array([[0.5, 0.0, 0.5], [0.0, 0.5, 0.5]]), np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])),
    )
    yield identical([bool(separated(G, mask(3, 0), mask(3, 2), z)) for z in (mask(3), mask(3, 1))], [False, True])
    yield roundoff([information(P, {0}, {1}, ()), information(P, {1}, {2}, ())], [np.log(2) / 2, np.log(2)], terms=16)
    yield roundoff(information(P, {0}, {2}, ()), 0.0, terms=16, scale=1.0)


@D.claim
def a_cause_left_out(separated, rng):
    r"""A common cause must not be left out: of $2\leftarrow1\to3$ without 1 no arrow is left, and the graph would say that 2 and 3 are independent; they share $\ln2$ nats if both copy a fair coin"""
    G = of(3, [(1, 2), (1, 3)])
    P = product(G, (np.full(2, 0.5), np.eye(2), np.eye(2)))
    yield identical(bool(separated(G, mask(3, 1), mask(3, 2), mask(3))), False)
    yield identical(bool(separated(np.zeros((2, 2), int), mask(2, 0), mask(2, 1), mask(2))), True)
    yield roundoff(information(P, {1}, {2}, ()), np.log(2), terms=8)


@D.claim
def knowing_more_may_connect(separated, rng):
    r"""Knowing more may connect, also what came before: in $1\leftarrow2\to3\leftarrow4\to5$ 1 and 5 are separated with nothing known, connected by 3, separated by 3 and 2; 1 has no effect on 5, but with the tables
    taken, adjusting for 3 makes it look as if it had one, of more than a tenth; adjusting for 3 and 2 does not"""
    G = of(5, [(2, 1), (2, 3), (4, 3), (4, 5)])
    ends = mask(5, 0), mask(5, 4)
    yield identical(
        [bool(separated(G, *ends, mask(5, *z))) for z in ((), (2,), (2, 1), (2, 3))], [True, False, True, True]
    )
    noisy, coin = np.array([[0.9, 0.1], [0.1, 0.9]]), np.full(2, 0.5)
    either = np.array([[[1.0, 0.0], [0.0, 1.0]], [[0.0, 1.0], [0.0, 1.0]]])
    whole = product(G, (noisy, coin, either, coin, noisy))
    P = whole.sum((1, 3))  # of 1, 3, 5
    plain = P.sum(1) / P.sum((1, 2))[:, None]
    adjusted = (P / P.sum(2, keepdims=True) * P.sum((0, 2))[:, None]).sum(1)
    yield roundoff(plain[0], plain[1], terms=32)
    yield bound(adjusted[0, 1] - adjusted[1, 1], 0.1, "≥", Text("an effect that is none", "并不存在的作用"))
    Q = whole.sum(3)  # of 1, 2, 3, 5; where 2 is 1, 3 is 1, so that one pair of 2 and 3 does not occur
    of_z, rows = Q.sum((0, 3)), Q.sum(3, keepdims=True)
    both = (np.divide(Q, rows, where=rows > 0, out=np.zeros_like(Q)) * of_z[..., None]).sum((1, 2))
    yield roundoff(both[0], both[1], terms=32)
    yield roundoff(both[0], plain[0], terms=32)


@D.claim
def sets_by_their_pairs(separated, rng):
    """Sets are separated exactly if all their pairs are, and the two sides may change places: forty random triples of sets in graphs of six variables"""
    got, pairs, turned = [], [], []
    for _ in range(40):
        G, (x, y, z) = random_dag(rng, 6, 0.35), random_sets(rng, 6)
        got.append(bool(separated(G, x, y, z)))
        turned.append(bool(separated(G, y, x, z)))
        pairs.append(all(separated(G, mask(6, i), mask(6, j), z) for i in np.flatnonzero(x) for j in np.flatnonzero(y)))
    yield identical(got, pairs)
    yield identical(got, turned)
    yield bound(min(sum(got), 40 - sum(got)), 2, "≥", Text("both answers occur", "两种回答都出现"))


@D.claim
def only_neighbours_cannot_be_separated(separated, rng):
    """Variables joined by an arrow are separated by no set; any two others are separated by the parents of one that is no ancestor of the other"""
    for density in (0.4, 0.6):
        G = random_dag(rng, 5, density)
        below = reach(G)
        for i, j in itertools.permutations(range(5), 2):
            if not G[i, j] and not G[j, i] and not below[j, i]:
                yield identical(bool(separated(G, mask(5, i), mask(5, j), G[:, j])), True)
        some = [t for t in triples(5) if G[t[0], t[1]] or G[t[1], t[0]]]
        yield identical(
            [bool(separated(G, mask(5, i), mask(5, j), mask(5, *z))) for i, j, z in some], [False] * len(some)
        )


@D.claim
def parents_and_blanket(separated, rng):
    """Given its parents a variable is separated from all other variables that are no descendants; given parents, children and the children's other parents, from all the rest, and no
    one of these can be left out"""
    for G in (meeting(rng, 5, 0.0), random_dag(rng, 7, 0.35)):
        yield from shielded(separated, G)


def shielded(separated, G):
    """What parents and blanket separate, and that nothing of the blanket can be left out."""
    n, below, moral = len(G), reach(G), G + G.T + G @ G.T
    for i in range(n):
        itself, parents = mask(n, i), G[:, i]
        others = (~below[i]).astype(int) * (1 - parents)
        if others.any():
            yield identical(bool(separated(G, itself, others, parents)), True)
        blanket = (moral[i] > 0).astype(int) * (1 - itself)
        if (rest := 1 - itself - blanket).any():
            yield identical(bool(separated(G, itself, rest, blanket)), True)
        for b in np.flatnonzero(blanket):
            yield identical(bool(separated(G, itself, mask(n, b), blanket - mask(n, b))), False)


@D.claim
def with_nothing_known(separated, rng):
    """With nothing known two variables are separated exactly if neither is an ancestor of the other and they have no ancestor in common"""
    for G in (random_dag(rng, 6, 0.3), random_dag(rng, 6, 0.5), meeting(rng, 6, 0.1)):
        below = reach(G)
        pairs = list(itertools.combinations(range(6), 2))
        got = [bool(separated(G, mask(6, i), mask(6, j), mask(6))) for i, j in pairs]
        yield identical(got, [not (below[:, i] & below[:, j]).any() for i, j in pairs])


def all_dags_of_three():
    pairs = [(1, 2), (1, 3), (2, 3)]
    for ways in itertools.product((0, 1, 2), repeat=3):
        G = of(3, [(i, j) if way == 1 else (j, i) for (i, j), way in zip(pairs, ways, strict=True) if way])
        if not np.linalg.matrix_power(G, 3).any():
            yield G


def skeleton_and_immoralities(G):
    """Which are joined by an arrow, and the colliders between two that are not."""
    joined = G + G.T
    n = len(G)
    v = [
        (i, k, j)
        for i, j in itertools.combinations(range(n), 2)
        if not joined[i, j]
        for k in range(n)
        if G[i, k] and G[j, k]
    ]
    return (tuple(joined.ravel().tolist()), tuple(v))


@D.claim
def what_arrows_show(separated, rng):
    """Two graphs have the same separations exactly if they have the same arrows but for direction and the same colliders between variables that no arrow joins: of all 25 graphs of three
    named variables, which make 11 classes"""
    graphs = list(all_dags_of_three())
    answers = [tuple(separations(separated, G)) for G in graphs]
    looks = [skeleton_and_immoralities(G) for G in graphs]
    yield identical([len(graphs), len(set(answers)), len(set(looks))], [25, 11, 11])
    yield identical(len(set(zip(answers, looks, strict=True))), 11)


@D.claim
def a_cycle_is_refused(separated, rng):
    """A graph with a directed cycle is refused: the product of its tables need not be a distribution; two variables that copy each other make it sum to 2"""
    yield identical(float((np.eye(2) * np.eye(2).T).sum()), 2.0)
    for G in (of(3, [(1, 2), (2, 1), (2, 3)]), of(4, [(1, 2), (2, 3), (3, 1), (3, 4)])):
        n = len(G)
        yield raises(lambda G=G, n=n: separated(G, mask(n, 0), mask(n, n - 1), mask(n)), ValueError)
    G = of(4, [(1, 2), (2, 3), (1, 3), (3, 4)])  # round, but no cycle
    yield identical([bool(separated(G, mask(4, 0), mask(4, 3), mask(4, *z))) for z in ((), (2,))], [False, True])


def variant(collider_open, chain_open, some=lambda trails: trails, firsts=False):
    """The definition with other rules: whether a collider b is open, whether another b is, which trails are looked at."""

    def separated(G, x, y, z):
        G, x, y, z = np.asarray(G), np.asarray(x), np.asarray(y), np.asarray(z)
        below = reach(G)
        starts, ends = np.flatnonzero(x), np.flatnonzero(y)
        if firsts:
            starts, ends = starts[:1], ends[:1]

        def trails(trail):
            if trail[-1] in ends:
                yield trail
            for v in np.flatnonzero(G[trail[-1]] + G[:, trail[-1]]):
                if v not in trail:
                    yield from trails([*trail, v])

        def is_open(trail):
            return all(
                collider_open(b, z, below) if G[a, b] and G[c, b] else chain_open(b, z)
                for a, b, c in zip(trail, trail[1:], trail[2:], strict=False)
            )

        found = [t for start in starts for t in trails([start])]
        return not any(is_open(t) for t in some(found))

    return separated


def right_collider(b, z, below):
    return (below[b] & (z > 0)).any()


def right_chain(b, z):
    return not z[b]


@D.mutant(caught_by="chain-fork-and-collider, with-nothing-known, the-moral-graph-says-the-same, equals-definition")
def colliders_open(G, x, y, z):
    """colliders are open without evidence: every way counts that no known chain or fork blocks"""
    return variant(lambda b, z, below: True, right_chain)(G, x, y, z)


@D.mutant(caught_by="chain-fork-and-collider, knowing-more-may-connect, what-arrows-show, so-does-the-ball")
def separation_without_heads(G, x, y, z):
    """the arrows' heads are not looked at: what is known blocks, colliders too"""
    return variant(lambda b, z, below: not z[b], right_chain)(G, x, y, z)


@D.mutant(caught_by="chain-fork-and-collider, the-moral-graph-says-the-same")
def descendants_forgotten(G, x, y, z):
    """a collider is opened by itself alone, not by its descendants"""
    return variant(lambda b, z, below: z[b] > 0, right_chain)(G, x, y, z)


@D.mutant(caught_by="chain-fork-and-collider, the-moral-graph-says-the-same")
def opened_from_above(G, x, y, z):
    """a collider is opened by itself or an ancestor, not by a descendant"""
    return variant(lambda b, z, below: (below[:, b] & (z > 0)).any(), right_chain)(G, x, y, z)


@D.mutant(
    caught_by="chain-fork-and-collider, only-neighbours-cannot-be-separated, knowing-more-may-connect, what-arrows-show, parents-and-blanket"
)
def known_lets_through(G, x, y, z):
    """what is known does not block chains and forks"""
    return variant(right_collider, lambda b, z: True)(G, x, y, z)


@D.mutant(
    caught_by="chain-fork-and-collider, with-nothing-known, a-cause-left-out, connected-means-dependent-for-generic-tables"
)
def along_arrows_only(G, x, y, z):
    """only directed paths are looked at, not common causes"""
    known, A = np.asarray(z) > 0, np.asarray(G)
    ways = reach(A * np.outer(~known, ~known))
    return not ((ways | ways.T) & np.outer(np.asarray(x) > 0, np.asarray(y) > 0)).any()


@D.mutant(
    caught_by="chain-fork-and-collider, with-nothing-known, the-moral-graph-says-the-same, knowing-more-may-connect"
)
def moral_graph_of_all(G, x, y, z):
    """the moral graph of all variables in place of the ancestors'"""
    G, free = np.asarray(G), np.asarray(z) == 0
    moral = G + G.T + G @ G.T
    return not (reach(moral * np.outer(free, free)) & np.outer(np.asarray(x) > 0, np.asarray(y) > 0)).any()


@D.mutant(caught_by="chain-fork-and-collider, the-moral-graph-says-the-same, so-does-the-ball")
def parents_not_joined(G, x, y, z):
    """the graph of the ancestors without its parents joined"""
    G, x, y, z = np.asarray(G), np.asarray(x), np.asarray(y), np.asarray(z)
    kept = reach(G) @ (x + y + z) > 0
    free = kept & (z == 0)
    return not (reach((G + G.T) * np.outer(free, free)) & np.outer(x > 0, y > 0)).any()


@D.mutant(caught_by="so-does-the-ball, sets-by-their-pairs")
def first_pair_alone(G, x, y, z):
    """of sets only the first variables are looked at"""
    return variant(right_collider, right_chain, firsts=True)(G, x, y, z)


@D.mutant(
    caught_by="the-moral-graph-says-the-same, separated-means-independent, dependence-is-not-handed-on, a-cycle-is-refused"
)
def independent_unless_joined(G, x, y, z):
    """only an arrow between them connects two variables"""
    A = np.asarray(G)
    return not ((A + A.T > 0) & np.outer(np.asarray(x) > 0, np.asarray(y) > 0)).any()


@D.mutant(caught_by="a-cycle-is-refused")
def cycles_taken(G, x, y, z):
    """the graph is not looked at: one with a cycle is answered, too"""
    return by_bayes_ball(np.asarray(G), *(np.asarray(one) for one in (x, y, z)))


D.erratum(
    "E288",
    common="Control for all that was measured before the treatment: knowing more can only remove bias (a common slip)",
    why=r"In $1\leftarrow2\to3\leftarrow4\to5$ nothing connects treatment 1 and outcome 5 until 3, which came before both, is known: then 2 and 4 may explain each other away, and an effect appears that is none.",
    right="Control for a set that blocks every trail into the treatment, opens none, and holds no descendant of the treatment",
    claims="knowing-more-may-connect",
)
D.erratum(
    "E289",
    common="A collider stays blocked as long as it is not observed itself (a common slip)",
    why="What follows from it tells of it: a child or a grandchild that is known opens it, too. Patients in a hospital, members of a club, games that were won are such consequences.",
    right="A collider is blocked as long as neither it nor any of its descendants is known",
    claims="chain-fork-and-collider",
)
D.erratum(
    "E290",
    common="Variables that are not d-separated are dependent (met in an online lexicon, infinitelexicon.com/Dseparation)",
    why=r"For special tables they are not: in $1\to2\to3$ the first may decide between two states of the second between which the third makes no difference.",
    right="Separation implies independence for all tables; an open trail implies dependence for generic ones (Meek 1995), so for some",
    claims="dependence-is-not-handed-on, connected-means-dependent-for-generic-tables",
)


#: X → M → Y, X ← U → Y, X → C ← Y, C → D
PICTURE = of(6, [(1, 2), (2, 3), (4, 1), (4, 3), (1, 5), (3, 5), (5, 6)])
NAMES = ("X", "M", "Y", "U", "C", "D")
WAYS = ((0, 3, 2), (0, 1, 2), (0, 4, 2))  # by U, M and C
CHOICES = (None, 3, 1, 4, 5)


@D.figure(
    first=Slider(0, 4, 1, "observed: none, U, M, C, D", integer=True),
    second=Slider(0, 4, 3, "also observed: none, U, M, C, D", integer=True),
)
def figure(first, second):
    known = {v for v in (CHOICES[int(first)], CHOICES[int(second)]) if v is not None}
    z = mask(6, *known)
    apart = d_separation(PICTURE, mask(6, 0), mask(6, 2), z)
    opened = reach(PICTURE) @ z > 0
    active = [opened[b] if b == 4 else not z[b] for _, b, _ in WAYS]
    fig, ax = canvas(width=6.6, height=4.0)
    where = {0: (0.1, 0.62), 2: (0.9, 0.62), 3: (0.5, 0.93), 1: (0.5, 0.62), 4: (0.5, 0.31), 5: (0.5, 0.05)}
    for i, j in zip(*np.nonzero(PICTURE), strict=True):
        way = next((k for k, trail in enumerate(WAYS) if {int(i), int(j)} <= set(trail)), None)
        on = way is not None and active[way]
        style = (
            {"color": COLOURS[way], "lw": 2.6}
            if on
            else {"color": "0.6", "lw": 1.2, "ls": "--" if way is not None else "-"}
        )
        ax.annotate(
            "",
            where[int(j)],
            where[int(i)],
            arrowprops={"arrowstyle": "-|>", "mutation_scale": 15, "shrinkA": 15, "shrinkB": 15, **style},
        )
    for v, (px, py) in where.items():
        face = {"facecolor": COLOURS[4], "alpha": 0.8} if v in known else {"facecolor": "none"}
        ax.text(
            px,
            py,
            NAMES[v],
            ha="center",
            va="center",
            fontsize=12,
            bbox={"boxstyle": "circle,pad=0.35", "edgecolor": "0.4", **face},
        )
    for k, (on, word) in enumerate(zip(active, ("common cause", "chain", "common effect"), strict=True)):
        y = (0.93, 0.68, 0.31)[k]
        ax.text(0.6 if k != 1 else 0.56, y, word, fontsize=9.5, color=COLOURS[k] if on else "0.5", va="center")
    ax.text(0.02, 0.05, "X and Y: separated" if apart else "X and Y: connected", fontsize=11)
    ax.set(xlim=(0, 1), ylim=(-0.05, 1.03))
    ax.axis("off")
    names = " and ".join(NAMES[v] for v in sorted(known))
    names_zh = names.replace(" and ", " 与 ")
    en = [
        w
        for on, w in zip(
            active, ("by the common cause U", "along the chain by M", "by the common effect C"), strict=True
        )
        if on
    ]
    zh = [w for on, w in zip(active, ("经共同原因 U", "沿链经 M", "经共同结果 C"), strict=True) if on]
    words = Text(
        f"{f'{names} observed' if known else 'Nothing observed'}: X and Y are "
        f"{'d-separated, every trail is blocked' if apart else 'connected ' + ' and '.join(en)}.",
        f"{f'已观测 {names_zh}' if known else '什么也没有观测'}：X 与 Y {'被 d-分离，每条路径都被阻断' if apart else '相连：' + '，'.join(zh)}。",
    )
    return Drawing(fig, words)
