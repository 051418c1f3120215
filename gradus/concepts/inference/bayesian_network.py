"""Bayesian networks: a joint distribution as a product of small tables along a graph, what it implies, and what setting does."""

import itertools
from fractions import Fraction

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, raises, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _network(G, tables, do):
    """The library's own network, with variables and states named by their numbers, after the intervention."""
    from gradus.inference import BayesianNetwork

    states = {str(i): [str(k) for k in range(table.shape[-1])] for i, table in enumerate(tables)}
    own = {
        str(i): ([str(j) for j in np.flatnonzero(G[:, i])], table) if G[:, i].any() else table
        for i, table in enumerate(tables)
    }
    network = BayesianNetwork(states, own)
    return network if do is None else network.do({i: int(s) for i, s in enumerate(do) if s != -1})


def _joint(BayesianNetwork, G, tables, do=None):
    return _network(G, tables, do).joint()


def _by_elimination(query, G, tables, do=None):
    network = _network(G, tables, do)
    return query(network, list(network.variables)).table


def _by_file(read_bif, G, tables, do=None):
    """Written as BIF, and read again."""
    import tempfile
    from pathlib import Path

    from gradus.inference import write_bif

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "network.bif"
        write_bif(_network(G, tables, do), file)
        return read_bif(file).joint()


BN = Concept(
    key="bayesian-network",
    kind="model",
    title="Bayesian network",
    summary="A joint distribution of many variables as a product of small tables: each variable given its parents in a directed "
    "graph without cycles. Where each has few parents, the tables need far fewer numbers than the joint. The graph alone says what is "
    "independent of what, whatever the tables; and, where the arrows are causes and no common cause is left out, the network says what happens if a variable is set "
    "by hand instead of seen.",
    formulas=(
        r"P(x_1,\dots,x_n)=\prod_{i=1}^nP\bigl(x_i\mid x_{\operatorname{pa}(i)}\bigr)",
        r"P\bigl(x_i\mid x_{\operatorname{pa}(i)},x_{\operatorname{nd}(i)}\bigr)=P\bigl(x_i\mid x_{\operatorname{pa}(i)}\bigr)\quad\text{if}\quad P\bigl(x_{\operatorname{pa}(i)},x_{\operatorname{nd}(i)}\bigr)>0",
        r"P\bigl(x_i\mid x_{\setminus i}\bigr)\ \propto\ P\bigl(x_i\mid x_{\operatorname{pa}(i)}\bigr)\prod_{j\in\operatorname{ch}(i)}P\bigl(x_j\mid x_{\operatorname{pa}(j)}\bigr)\quad\text{if}\quad P\bigl(x_{\setminus i}\bigr)>0",
        r"P\bigl(x\mid\operatorname{do}(x_S=s)\bigr)=[x_S=s]\prod_{i\notin S}P\bigl(x_i\mid x_{\operatorname{pa}(i)}\bigr)",
    ),
    symbols=(
        Symbol("G", "G", "n n", "the graph: $g_{ij}=1$ where an arrow leads from $i$ to $j$, else 0", "other"),
        Symbol(
            r"P(x_i\mid x_{\operatorname{pa}(i)})",
            "tables",
            "",
            "a table for each variable, in a tuple: an axis for each parent, in the order of their numbers, and the variable's own last",
            "other",
        ),
        Symbol(
            r"\operatorname{do}(x_S=s)",
            "do",
            "n",
            "the state that each variable is set to, −1 where it is left alone; nothing is set unless given",
            "other",
        ),
        Symbol("S,\\ s", "", "", "the variables that are set, and their states", "other"),
        Symbol("[x_S=s]", "", "", "1 where those variables have these states, else 0", "natural"),
        Symbol(
            "P(x_1,\\dots,x_n)",
            "",
            "k_1 … k_n",
            "the result: the probability of each joint state, after setting if anything is set; an axis for each variable, as long as it has states",
        ),
        Symbol("x_i,\\ x_j", "", "", "state of a variable", "natural"),
        Symbol(r"x_{\setminus i}", "", "", "states of all variables but $i$", "other"),
        Symbol(r"\operatorname{pa}(i),\ \operatorname{ch}(i)", "", "", "parents and children of $i$", "other"),
        Symbol(
            r"\operatorname{nd}(i)",
            "",
            "",
            "variables that are neither $i$, nor its parents, nor its descendants",
            "other",
        ),
        Symbol("n", "", "", "number of variables", "natural"),
    ),
    needs=("probability", "bayes", "naive-bayes"),
    source="pearl1988probabilistic",
    year=1985,
    people=("Judea Pearl", "Steffen Lauritzen", "David Spiegelhalter", "Sewall Wright"),
    aliases="belief network, Bayes net, DAG, directed graphical model, probabilistic graphical model, do-calculus, intervention, confounding, "
    "explaining away, Simpson's paradox, BIF, 信念网络, 贝叶斯网, 有向图模型, 概率图模型, 因果图, 干预, 混杂, 辛普森悖论",
    implementations=(
        Implementation("gradus.inference:BayesianNetwork", "numpy", _joint, note="`joint()`, for small networks"),
        Implementation("gradus.inference:query", "numpy", _by_elimination, note="by elimination, of all variables"),
        Implementation("gradus.inference:read_bif", "numpy", _by_file, note="of a file that `write_bif` has written"),
    ),
    readings="koller2009probabilistic ch. 3, 21; pearl2009causality ch. 1, 3; lauritzen1990independence; meek1995strong; charig1986comparison",
    hypotheses=(
        Hypothesis("the graph has no directed cycle", "a-cycle-has-no-joint"),
        Hypothesis(
            "that variables which an active trail connects are dependent: the tables are generic, no effects cancel",
            "effects-can-cancel",
        ),
        Hypothesis(
            "setting: the arrows are causes, so that the other tables stay as they are when a variable is set",
            "an-arrow-turned-round",
        ),
        Hypothesis("setting is read off the graph: common causes are variables of the network", "a-cause-left-out"),
    ),
    conventions=(
        Convention(
            "axes of a table",
            "parents first, the variable itself last, as in a UAI file and pyAgrum: rows sum to 1",
            "the variable itself first: pgmpy's `TabularCPD`, with the parents' states in columns, and `table` in a BIF file",
        ),
        Convention(
            "order of the parents' axes",
            "by their numbers in the definition; in the order in which they are named in `gradus.inference`",
            "in the order of the file or of the call that added them; in pyAgrum's arrays the other way round",
        ),
        Convention(
            "a row that does not sum to 1",
            "is refused where it misses 1 by more than $10^{-3}$; else the definition takes it as it is, and `gradus.inference` divides it by its sum, "
            "and says so where it misses 1 by more than $10^{-6}$",
            "kept as it is, or normalised in silence",
        ),
    ),
    unverified="Tables for which a variable is independent of another that an active trail connects it with have measure 0 among all tables "
    "of the graph, if every variable has two states or more (Meek 1995): here it is measured for one draw of tables, of sixty the one whose smallest dependence is the largest, "
    r"$2.7\cdot10^{-6}$ nats; in the median draw that is $9\cdot10^{-9}$, in the least $1.6\cdot10^{-13}$: there, and no data of usual size would show it.",
    differentiable=False,
    carries_gradient=False,
)


@BN.definition
def bayesian_network(G, tables, do=None):
    G, tables, n = np.asarray(G), [np.asarray(t) for t in tables], len(G)
    if G.shape != (n, n) or len(tables) != n or np.linalg.matrix_power((G != 0).astype(int), n).any():
        raise ValueError("G: a square matrix without cycles, and a table for each variable")
    parents = [np.flatnonzero(G[:, i]) for i in range(n)]
    k = [t.shape[-1] for t in tables]
    for i, t in enumerate(tables):
        if t.shape != (*(k[j] for j in parents[i]), k[i]) or (t < 0).any() or (abs(t.sum(-1) - 1) > 1e-3).any():
            raise ValueError("tables: an axis for each parent, and rows of probabilities that sum to 1")
    s = [-1] * n if do is None else [int(state) for state in do]
    if len(s) != n or any(not -1 <= s[i] < k[i] for i in range(n)):
        raise ValueError("do: for each variable one of its states, or −1")
    P = np.empty(k)
    for x in itertools.product(*map(range, k)):
        p = 1.0
        for i in range(n):
            if s[i] == -1:
                p *= tables[i][(*(x[j] for j in parents[i]), x[i])]
            else:
                p *= float(x[i] == s[i])
        P[x] = p
    return P  # (k_1, …, k_n)


#: Rain (yes, no) → sprinkler (on, off), and both → grass (wet, dry).
GARDEN = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]])
RAIN, SPRINKLER = np.array([0.2, 0.8]), np.array([[0.1, 0.9], [0.5, 0.5]])
GRASS = np.array([[[1.0, 0.0], [0.8, 0.2]], [[0.8, 0.2], [0.0, 1.0]]])
GARDEN_TABLES = (RAIN, SPRINKLER, GRASS)


@BN.example
def example():
    P = bayesian_network(GARDEN, GARDEN_TABLES)
    set_on = bayesian_network(GARDEN, GARDEN_TABLES, np.array([-1, 0, -1]))
    wet = P[:, :, 0]
    return (
        dict(G=GARDEN, tables=GARDEN_TABLES, rain=RAIN, sprinkler=SPRINKLER, grass=GRASS[..., 0], joint=wet)
        | dict(wet=wet.sum(), rain_wet=wet[0].sum(), rain_given_wet=wet[0].sum() / wet.sum())
        | dict(on_wet=wet[:, 0].sum(), rain_given_both=wet[0, 0] / wet[:, 0].sum())
        | dict(on=P[:, 0].sum(), rain_on=P[0, 0].sum(), rain_given_on=P[0, 0].sum() / P[:, 0].sum())
        | dict(rain_do_on=set_on[0].sum(), wet_given_on=wet[:, 0].sum() / P[:, 0].sum(), wet_do_on=set_on[..., 0].sum())
    )


@BN.exercise
def alarm():
    """Burglary and earthquake, a tenth each; the alarm rings if and only if there is either."""
    G = np.array([[0, 0, 1], [0, 0, 1], [0, 0, 0]])
    rings = np.array([[[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]])
    P = bayesian_network(G, (np.array([0.1, 0.9]), np.array([0.1, 0.9]), rings))[:, :, 0]
    return number(P[0, 0] / P[:, 0].sum(), not_explained=P[0].sum() / P.sum(), joint=P[0, 0])


@BN.exercise
def numbers_to_state():
    """A chain of ten variables of two states each."""
    k, n = 2, 10
    return number(k - 1 + (n - 1) * k * (k - 1), with_the_rests=k + (n - 1) * k * k, whole_joint=k**n - 1)


@BN.exercise
def barometer():
    """Pressure (low, high) → barometer (low, high), and pressure → storm (yes, no)."""
    G = np.array([[0, 1, 1], [0, 0, 0], [0, 0, 0]])
    tables = (np.array([0.3, 0.7]), np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([[0.8, 0.2], [0.1, 0.9]]))
    P, turned = bayesian_network(G, tables), bayesian_network(G, tables, np.array([-1, 0, -1]))
    before, seen, after = P[..., 0].sum(), P[:, 0, 0].sum() / P[:, 0].sum(), turned[..., 0].sum()
    return choice(
        more=np.isclose(after, seen) and after > before,
        the_same=np.isclose(after, before),
        certain=np.isclose(after, 1),
    )


def random_dag(rng, n, density=0.5):
    """Arrows along a random order of the variables."""
    G = np.triu(rng.random((n, n)) < density, 1).astype(int)
    order = rng.permutation(n)
    return G[np.ix_(order, order)]


def random_tables(rng, G, k):
    """Rows drawn from the uniform distribution on all distributions."""
    return tuple(rng.dirichlet(np.ones(k[i]), [k[j] for j in np.flatnonzero(G[:, i])]) for i in range(len(G)))


def first_states(tables):
    """The probability that all are in their first states, from the tables' first entries."""
    return np.prod([t.flat[0] for t in tables])


def random_network(rng, n, density=0.5, most=3):
    G, k = random_dag(rng, n, density), rng.integers(2, most + 1, n)
    return G, random_tables(rng, G, k)


@BN.cases
def cases(rng):
    def of(G, *k):
        G = np.array(G)
        return dict(G=G, tables=random_tables(rng, G, k))

    yield "one variable", of([[0]], 3)
    yield "two that are independent", of([[0, 0], [0, 0]], 2, 3)
    yield "an arrow", of([[0, 1], [0, 0]], 2, 3)
    yield "many states", of([[0, 1], [0, 0]], 13, 16)
    yield "an arrow to an earlier one", of([[0, 0], [1, 0]], 3, 2)
    yield "chain", of(np.eye(4, k=1, dtype=int), 2, 3, 2, 2)
    yield "fork", of([[0, 1, 1], [0, 0, 0], [0, 0, 0]], 3, 2, 2)
    yield "collider", of([[0, 0, 1], [0, 0, 1], [0, 0, 0]], 2, 3, 2)
    yield "two parents of as many states", of([[0, 1, 1], [0, 0, 1], [0, 0, 0]], 2, 2, 2)
    yield "a variable of one state", of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], 2, 1, 2)
    yield "rain, sprinkler, grass", dict(G=GARDEN, tables=GARDEN_TABLES)
    G, tables = random_network(rng, 5)
    yield "at random", dict(G=G, tables=tables)
    yield "several set", dict(G=G, tables=tables, do=np.array([1, -1, 0, -1, -1]))
    yield "all set", dict(G=G, tables=tables, do=np.array([1, 0, 0, 1, 1]))
    yield "set in the middle", dict(**of(np.eye(3, k=1, dtype=int), 2, 2, 3), do=np.array([-1, 1, -1]))
    yield "nothing set", dict(**of([[0, 1], [0, 0]], 2, 2), do=np.array([-1, -1]))
    yield (
        "certainties",
        dict(G=np.array([[0, 1], [0, 0]]), tables=(np.array([0.0, 1.0]), np.array([[1.0, 0.0], [0.5, 0.5]]))),
    )


@BN.invalid
def invalid(rng):
    G, half = np.array([[0, 1], [0, 0]]), np.full(2, 0.5)
    square = np.full((2, 2), 0.5)
    yield "a cycle", dict(G=np.array([[0, 1], [1, 0]]), tables=(square, square))
    yield "rows that sum to 1.2", dict(G=G, tables=(half, square + 0.1))
    yield "a negative probability", dict(G=G, tables=(half, np.array([[1.5, -0.5], [0.5, 0.5]])))
    yield "a table without its parent", dict(G=G, tables=(half, half))
    yield "set to a state that is none", dict(G=G, tables=(half, square), do=np.array([2, -1]))


def over(P, keep):
    """The law of some variables, the axes of the others kept at length 1."""
    return P.sum(tuple(a for a in range(P.ndim) if a not in keep), keepdims=True)


def informations(P, x, y, z):
    """Conditional mutual information I(x; y | z) of two variables given several, in nats, of each of a stack of joints."""
    x, y, z = x + 1, y + 1, {0, *(i + 1 for i in z)}
    joint, of_z = over(P, {x, y, *z}), over(P, z)
    of_x, of_y = over(P, {x, *z}), over(P, {y, *z})
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = joint * np.log(joint * of_z / (of_x * of_y))
    return np.where(joint > 0, terms, 0.0).reshape(len(P), -1).sum(1)


def information(P, x, y, z):
    return float(informations(P[None], x, y, z)[0])


def reach(G):
    """Whether j is i or a descendant of it; of one graph or a stack of them."""
    n = G.shape[-1]
    return np.linalg.matrix_power(np.eye(n, dtype=int) + (G != 0), n) > 0


def separated(G, x, y, z):
    """d-separation by the moral graph of the ancestors: with z taken out, x and y hang together no longer."""
    kept = reach(G)[..., [x, y, *z]].any(-1)
    A = G * (kept[..., None] & kept[..., None, :])
    moral = A + A.swapaxes(-1, -2) + A @ A.swapaxes(-1, -2)  # arrows without heads, and parents of a common child
    kept[..., list(z)] = False
    return ~reach(moral * (kept[..., None] & kept[..., None, :]))[..., x, y]


def triples(n):
    """Two variables, and a set of others."""
    for x, y in itertools.combinations(range(n), 2):
        rest = [i for i in range(n) if i not in (x, y)]
        for size in range(n - 1):
            for z in itertools.combinations(rest, size):
                yield x, y, z


@BN.claim
def explaining_away(joint, rng):
    """Rain and sprinkler, exactly: wet grass raises the probability of rain from ⅕ to 41/121, and hearing that the sprinkler
    was on lowers it to 1/17. That this is below ⅕ is the doing of the arrow between the two, for when it rains the sprinkler is seldom on: with the sprinkler
    alone known it is 1/21, and if it were on in half of all cases, rain or not, wet grass and sprinkler would leave 5/21"""
    P = np.asarray(joint(GARDEN, GARDEN_TABLES), float)
    rain, on, wet = Fraction(1, 5), (Fraction(1, 10), Fraction(1, 2)), ((1, Fraction(4, 5)), (Fraction(4, 5), 0))
    both = [rain * on[0] * wet[0][0], (1 - rain) * on[1] * wet[1][0]]
    either = [rain * (1 - on[0]) * wet[0][1], (1 - rain) * (1 - on[1]) * wet[1][1]]
    want = [rain, (both[0] + either[0]) / sum(both + either), both[0] / sum(both)]
    want.append(rain * on[0] / (rain * on[0] + (1 - rain) * on[1]))
    yield identical([float(w) for w in want], [1 / 5, 41 / 121, 1 / 17, 1 / 21])
    got = [P[0].sum(), P[0, :, 0].sum() / P[:, :, 0].sum(), P[0, 0, 0] / P[:, 0, 0].sum()]
    got.append(P[0, 0].sum() / P[:, 0].sum())
    yield roundoff(got, [float(w) for w in want], terms=16)
    cut = np.array([[0, 0, 1], [0, 0, 1], [0, 0, 0]])
    without = np.asarray(joint(cut, (RAIN, SPRINKLER[1], GRASS)), float)
    yield roundoff(without[0, 0, 0] / without[:, 0, 0].sum(), 5 / 21, terms=16)


@BN.claim
def tables_are_the_conditionals(joint, rng):
    r"""Summed up, the joint gives back each table as $P(x_i\mid x_{\operatorname{pa}(i)})$, and to know of more variables that are no descendants changes nothing, wherever
    what is known has a positive probability"""
    for density in (0.4, 0.8):
        G, tables = random_network(rng, 5, density)
        P, below = np.asarray(joint(G, tables), float), reach(G)
        yield roundoff(P.sum(), 1.0, terms=P.size)
        for i in range(5):
            parents = list(np.flatnonzero(G[:, i]))
            order = np.argsort([*parents, i])  # its own axis need not be the last in the joint
            table = tables[i].transpose(order).reshape([P.shape[a] if a in (i, *parents) else 1 for a in range(5)])
            for known in ({*parents}, set(np.flatnonzero(~below[i]))):
                conditional = over(P, {i, *known}) / over(P, known)
                yield roundoff(conditional, np.broadcast_to(table, conditional.shape), terms=2 * P.size)


@BN.claim
def leaves_sum_out(joint, rng):
    """A variable without children, summed out, leaves the network of the others, and in the end the table of one without parents"""
    G, tables = random_network(rng, 5)
    P, left = np.asarray(joint(G, tables), float), list(range(5))
    while len(left) > 1:
        leaf = next(i for i in left if not G[i, left].any())
        P = P.sum(left.index(leaf))
        left.remove(leaf)
        rest = joint(G[np.ix_(left, left)], tuple(tables[i] for i in left))
        yield roundoff(P, rest, terms=3 * 5 + 3 ** (5 - len(left)), scale=1.0)
    yield roundoff(P, tables[left[0]], terms=3**5, scale=1.0)


@BN.claim
def the_order_is_nothing(joint, rng):
    """Variables in another order, the axes of each table moved with their parents, give the same joint with its axes moved"""
    G, tables = random_network(rng, 5, 0.8)
    order = rng.permutation(5)
    place = np.argsort(order)
    moved = []
    for i in order:
        parents = np.flatnonzero(G[:, i])
        moved.append(tables[i].transpose([*np.argsort(place[parents]), len(parents)]))
    got = np.asarray(joint(G[np.ix_(order, order)], tuple(moved)), float)
    P = np.asarray(joint(G, tables), float)
    yield roundoff(P.flat[0], first_states(tables), terms=5)
    yield invariance(got, P.transpose(order), terms=5, scale=1.0)


@BN.claim
def the_blanket_shields(joint, rng):
    """A variable given all others depends on its parents, its children and their other parents alone: it is its own table times
    those of its children, divided by the sum, wherever what is known has a positive probability"""
    G, tables = random_network(rng, 5, 0.4)
    P = np.asarray(joint(G, tables), float)
    for x in itertools.islice(itertools.product(*map(range, P.shape)), 0, None, 5):
        for i in range(5):
            states = [(*x[:i], s, *x[i + 1 :]) for s in range(P.shape[i])]
            product = np.ones(P.shape[i])
            for j in (i, *np.flatnonzero(G[i])):
                product *= [tables[j][(*(y[p] for p in np.flatnonzero(G[:, j])), y[j])] for y in states]
            given = np.array([P[y] for y in states])
            yield roundoff(given / given.sum(), product / product.sum(), terms=16)


@BN.claim
def every_separation_is_an_independence(joint, rng):
    """Whatever the tables, two variables that a set d-separates are independent given it: on three random graphs of five variables, with certainties in one, all
    pairs and all sets, the conditional mutual information is 0"""
    connected = []
    for k in range(3):
        G, tables = random_network(rng, 5, 0.4)
        if k == 2:  # what has parents follows from them for certain
            tables = tuple((t == t.max(-1, keepdims=True)).astype(float) if t.ndim > 1 else t for t in tables)
        P = np.asarray(joint(G, tables), float)
        yield roundoff(P.sum(), 1.0, terms=P.size)
        apart = []
        for x, y, z in triples(5):
            (apart if separated(G, x, y, z) else connected).append(abs(information(P, x, y, z)))
        # each logarithm of a ratio of four sums is off by their roundings, and they weigh 1 together
        yield roundoff(apart, np.zeros(len(apart)), terms=P.size, scale=1.0)
    yield bound(max(connected), 1e-3, "≥", Text("and not all are independent", "而并非全都独立"))


def ordered_dags(n):
    """All graphs whose arrows lead from a lower number to a higher one: every DAG of n variables but for their names."""
    pairs = list(itertools.combinations(range(n), 2))
    for bits in itertools.product((0, 1), repeat=len(pairs)):
        G = np.zeros((n, n), int)
        for (i, j), bit in zip(pairs, bits, strict=True):
            G[i, j] = bit
        yield G


LEAST = 1e-6  # nats: the smallest dependence of `generic_tables_show_every_trail` is above it


@BN.claim
def generic_tables_show_every_trail(joint, rng):
    r"""With tables drawn at random the converse holds as well: on all 64 graphs of four variables in order, of two states each, every pair that a set does
    not d-separate is dependent given it, by $10^{-6}$ nats or more for the draw taken, of sixty the one whose smallest dependence is the largest"""
    # seeds 0 … 59: the smallest dependence is 2.7e-6 with 32, 9e-9 in the median, 1.6e-13 at least
    drawn, graphs = np.random.default_rng(32), np.array(list(ordered_dags(4)))
    P = np.array([np.asarray(joint(G, random_tables(drawn, G, [2] * 4)), float) for G in graphs])
    least = []
    for x, y, z in triples(4):
        least.append(informations(P[~separated(graphs, x, y, z)], x, y, z).min())
    return bound(min(least), LEAST, "≥", Text("far above rounding, 1e-15", "远大于舍入误差 1e-15"))


@BN.claim
def effects_can_cancel(joint, rng):
    r"""The tables have to be generic: with arrows $1\to2\to3$ and $1\to3$ the effects can cancel, and 1 and 3 are independent though an arrow
    joins them; given 2 they are dependent"""
    G = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]])
    # from 1, x₂ = 1 gains ½; x₃ = 1 gains ¼ from x₂, and loses ⅛ by 1 itself
    third = np.array([[[0.625, 0.375], [0.375, 0.625]], [[0.75, 0.25], [0.5, 0.5]]])
    tables = (np.array([0.5, 0.5]), np.array([[0.75, 0.25], [0.25, 0.75]]), third)
    P = np.asarray(joint(G, tables), float)
    yield roundoff(P.sum(1)[:, 1], [0.21875, 0.21875], terms=8)
    yield roundoff(information(P, 0, 2, ()), 0.0, terms=8, scale=1.0)
    yield bound(information(P, 0, 2, (1,)), 1e-3, "≥", Text("far above rounding", "远大于舍入误差"))


#: Kidney stones (Charig et al. 1986): successes and patients by size (small, large) and treatment (open surgery, percutaneous).
SUCCESSES = np.array([[81, 234], [192, 55]])
PATIENTS = np.array([[87, 270], [263, 80]])
STONES = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]])  # size → treatment, and both → success


def stones():
    success = SUCCESSES / PATIENTS
    size = PATIENTS.sum(1) / PATIENTS.sum()
    return size, PATIENTS / PATIENTS.sum(1, keepdims=True), np.stack([success, 1 - success], -1)


@BN.claim
def setting_is_not_seeing(joint, rng):
    r"""What was seen is not what setting does: of 700 patients with kidney stones those operated on openly were cured in 78 % of the cases, of the others 83 %; had all been
    operated on openly it would have been 83 %, had none been 78 %, if the size of the stones is the only common cause"""
    tables = stones()
    P = np.asarray(joint(STONES, tables), float)
    seen = [P[:, t, 0].sum() / P[:, t].sum() for t in (0, 1)]
    done = [np.asarray(joint(STONES, tables, np.array([-1, t, -1])), float)[..., 0].sum() for t in (0, 1)]
    share = [Fraction(int(n), int(PATIENTS.sum())) for n in PATIENTS.sum(1)]
    cured = [
        [Fraction(int(a), int(b)) for a, b in zip(*rows, strict=True)] for rows in zip(SUCCESSES, PATIENTS, strict=True)
    ]
    yield roundoff(seen, [float(Fraction(273, 350)), float(Fraction(289, 350))], terms=16)
    yield roundoff(done, [float(share[0] * cured[0][t] + share[1] * cured[1][t]) for t in (0, 1)], terms=16)
    yield identical(np.round(100 * np.array([*seen, *done])), np.array([78.0, 83.0, 83.0, 78.0]))


@BN.claim
def what_setting_leaves(joint, rng):
    r"""Setting a variable divides the joint by its table where it has that state, unless the table is 0 there, and is 0 for its other states; what is no descendant keeps its distribution; for a variable without parents
    it is the same as seeing it, if the state is possible; two set at once are the same as one after the other, in either order"""
    G, tables = random_network(rng, 5, 0.6)
    P = np.asarray(joint(G, tables), float)
    for i in range(5):
        do = np.where(np.arange(5) == i, 1, -1)
        got = np.asarray(joint(G, tables, do), float)
        parents = [int(j) for j in np.flatnonzero(G[:, i])]
        row = [
            over(P, {i, *parents}) / over(P, {*parents}),
            np.arange(P.shape[i]).reshape([-1 if a == i else 1 for a in range(5)]) == 1,
        ]
        yield roundoff(got, np.where(row[1], P / row[0], 0.0), terms=2 * P.size, scale=1.0)
        others = {int(j) for j in np.flatnonzero(~reach(G)[i])}
        yield roundoff(over(got, others), over(P, others), terms=P.size, scale=1.0)
        if not parents:
            yield roundoff(got, np.where(row[1], P / over(P, {i}), 0.0), terms=2 * P.size, scale=1.0)
    both = np.asarray(joint(G, tables, np.array([1, -1, 0, -1, -1])), float)
    yield roundoff(both.sum(), 1.0, terms=P.size)
    for (i, s), (j, t) in (((0, 1), (2, 0)), ((2, 0), (0, 1))):
        cut, replaced = np.array(G), list(tables)
        cut[:, i], replaced[i] = 0, np.eye(P.shape[i])[s]
        then = joint(cut, tuple(replaced), np.where(np.arange(5) == j, t, -1))
        yield roundoff(then, both, terms=5, scale=1.0)
    yield roundoff(over(both, {0, 2})[1, 0, 0, 0, 0] if both.shape == P.shape else 0.0, 1.0, terms=P.size)


@BN.claim
def adjusting_for_parents(joint, rng):
    r"""What setting $i$ does to another variable is what is seen, the parents held: $P(x_j\mid\operatorname{do}(x_i))=\sum P(x_j\mid x_i,x_{\operatorname{pa}(i)})\,P(x_{\operatorname{pa}(i)})$,
    for every $j$ that is no parent of $i$, if no entry of the
    table of $i$ is 0"""
    G, tables = random_network(rng, 5, 0.6)
    P = np.asarray(joint(G, tables), float)
    yield roundoff(P.flat[0], first_states(tables), terms=5)
    for i, j in itertools.permutations(range(5), 2):
        parents = {int(p) for p in np.flatnonzero(G[:, i])}
        if j in parents:
            continue
        done = over(np.asarray(joint(G, tables, np.where(np.arange(5) == i, 0, -1)), float), {j})
        adjusted = over(P, {i, j, *parents}) / over(P, {i, *parents}) * over(P, parents)
        yield roundoff(done.ravel(), over(adjusted, {i, j}).take(0, i).ravel(), terms=2 * P.size, scale=1.0)


@BN.claim
def an_arrow_turned_round(joint, rng):
    r"""An arrow need not be a cause: $1\to2$ and $2\to1$ have the same joints, and no observations tell them apart; but setting 2 never changes 1 in the first, and in the second some setting does, unless the two are
    independent"""
    p = rng.uniform(0.2, 0.8)
    first, given = np.array([p, 1 - p]), np.array([[0.9, 0.1], [0.3, 0.7]])
    P = first[:, None] * given
    forward, back = np.array([[0, 1], [0, 0]]), np.array([[0, 0], [1, 0]])
    second, turned = P.sum(0), (P / P.sum(0)).T
    yield roundoff(joint(forward, (first, given)), P, terms=4, scale=1.0)
    yield roundoff(joint(back, (turned, second)), P, terms=8, scale=1.0)
    do = np.array([-1, 0])
    yield roundoff(np.asarray(joint(forward, (first, given), do), float).sum(1), first, terms=8, scale=1.0)
    changed = np.asarray(joint(back, (turned, second), do), float).sum(1)
    yield roundoff(changed, turned[0], terms=8, scale=1.0)
    # p (1 − p) 0.6/(0.3 + 0.6 p), smallest at p = 0.8
    yield bound(changed[0] - first[0], 0.12, "≥", Text("1 has changed", "1 改变了"))
    for table in (given[[0, 0]], given[[1, 1]]):  # rows that are equal: independent
        P = first[:, None] * table
        same = joint(back, ((P / P.sum(0)).T, P.sum(0)), do)
        yield roundoff(np.asarray(same, float).sum(1), first, terms=8, scale=1.0)


@BN.claim
def a_cause_left_out(joint, rng):
    """Common causes must be in the network: with the size of the stones left out, the same patients' treatment → success fits them as well, and says the opposite
    of what setting does, if size is the only common cause"""
    size, treatment, success = stones()
    P = np.asarray(joint(STONES, (size, treatment, success)), float)
    seen = P.sum(0)
    short = (seen.sum(1), seen / seen.sum(1, keepdims=True))
    arrow = np.array([[0, 1], [0, 0]])
    yield roundoff(joint(arrow, short), seen, terms=16, scale=1.0)
    wrong = [np.asarray(joint(arrow, short, np.array([t, -1])), float)[..., 0].sum() for t in (0, 1)]
    right = [
        np.asarray(joint(STONES, (size, treatment, success), np.array([-1, t, -1])), float)[..., 0].sum()
        for t in (0, 1)
    ]
    yield bound(wrong[1] - wrong[0], 0.04, "≥", Text("as seen", "即所见"))
    yield bound(right[0] - right[1], 0.05, "≥", Text("as set", "即干预"))


@BN.claim
def every_joint_is_a_network(joint, rng):
    """Any joint of four variables factorises along the graph of all arrows, in any order of the variables: such a graph separates no two, and its tables have as many
    free numbers as the joint"""
    P = rng.dirichlet(np.ones(24)).reshape(2, 3, 2, 2)
    for _ in range(2):
        place = rng.permutation(4)
        G = (place[:, None] < place).astype(int)
        tables = []
        for i in range(4):
            parents = [int(p) for p in np.flatnonzero(G[:, i])]
            table = (over(P, {i, *parents}) / over(P, {*parents})).squeeze(
                tuple(a for a in range(4) if a not in (i, *parents))
            )
            tables.append(np.moveaxis(table, sorted([i, *parents]).index(i), -1))
        yield roundoff(joint(G, tuple(tables)), P, terms=48, scale=P.max())
        yield identical(sum(t.size - t.size // t.shape[-1] for t in tables), P.size - 1)
        yield identical(any(bool(separated(G, x, y, z)) for x, y, z in triples(4)), False)


@BN.claim
def a_cycle_has_no_joint(joint, rng):
    """Round a cycle the product need not be a distribution: of two variables that copy each other it sums to 2, of one that copies and one that negates to 0, and to 1 of two whose tables have
    equal rows; such a graph is refused"""
    copy, negate, cycle = np.eye(2), 1 - np.eye(2), np.array([[0, 1], [1, 0]])
    rows = np.array([[0.25, 0.75], [0.25, 0.75]])  # whatever the other is
    yield identical([(b.T * a).sum() for a, b in ((copy, copy), (negate, copy), (rows, rows))], [2.0, 0.0, 1.0])
    yield raises(lambda: joint(cycle, (copy, copy)), ValueError)
    yield raises(lambda: joint(np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0]]), (copy, copy, negate)), ValueError)
    P = np.asarray(joint(np.array([[0, 1], [0, 0]]), (np.array([0.25, 0.75]), copy)), float)
    yield identical(P, np.diag([0.25, 0.75]))


@BN.mutant(
    caught_by="explaining-away, tables-are-the-conditionals, leaves-sum-out, an-arrow-turned-round, equals-definition"
)
def axes_swapped(G, tables, do=None):
    """the axes of a table swapped: the numbers are read with the variable itself first, as pgmpy has them"""
    swapped = [np.moveaxis(np.reshape(t, (t.shape[-1], *t.shape[:-1])), 0, -1) for t in tables]
    return unchecked(G, swapped, do)


@BN.mutant(caught_by="tables-are-the-conditionals, the-order-is-nothing, equals-definition")
def axes_by_number(G, tables, do=None):
    """all axes of a table are taken in the order of the variables' numbers, its own among them, though it is the last"""
    taken, k = [], [t.shape[-1] for t in tables]
    for i, t in enumerate(tables):
        parents = list(np.flatnonzero(np.asarray(G)[:, i]))
        axes = sorted([*parents, i])
        taken.append(np.moveaxis(np.reshape(t, [k[a] for a in axes]), axes.index(i), -1))
    return unchecked(G, taken, do)


@BN.mutant(caught_by="tables-are-the-conditionals, every-joint-is-a-network, equals-definition")
def parents_in_reverse(G, tables, do=None):
    """the numbers are read with the parents' axes in the reverse order"""
    turned = []
    for t in tables:
        *k, own = t.shape
        turned.append(np.transpose(np.reshape(t, (*k[::-1], own)), [*range(len(k))[::-1], len(k)]))
    return bayesian_network(G, turned, do)


@BN.mutant(
    caught_by="explaining-away, tables-are-the-conditionals, the-blanket-shields, generic-tables-show-every-trail, effects-can-cancel, every-joint-is-a-network"
)
def marginals_multiplied(G, tables, do=None):
    """the marginals multiplied, as if all were independent"""
    P = bayesian_network(G, tables, do)
    product = np.ones_like(P)
    for i in range(P.ndim):
        product = product * over(P, {i})
    return product


@BN.mutant(
    caught_by="every-separation-is-an-independence, tables-are-the-conditionals, the-blanket-shields, every-joint-is-a-network"
)
def joint_smoothed(G, tables, do=None):
    """the joint smoothed in place of the tables: every state gets a little, and independences are gone"""
    P = bayesian_network(G, tables, do)
    return 0.9 * P + 0.1 / P.size


@BN.mutant(caught_by="setting-is-not-seeing, what-setting-leaves, adjusting-for-parents, an-arrow-turned-round")
def seeing_for_setting(G, tables, do=None):
    """seeing for setting: the joint given that the variables have these states"""
    P = bayesian_network(G, tables)
    if do is None:
        return P
    kept = P * (bayesian_network(G, tables, do) > 0)
    return kept / kept.sum()


@BN.mutant(caught_by="setting-is-not-seeing, what-setting-leaves, adjusting-for-parents")
def its_table_kept(G, tables, do=None):
    """the table of what is set is kept: the joint, 0 for all other states"""
    P = bayesian_network(G, tables)
    return P if do is None else P * (bayesian_network(G, tables, do) > 0)


@BN.mutant(caught_by="what-setting-leaves, adjusting-for-parents, an-arrow-turned-round, a-cause-left-out")
def its_arrows_cut(G, tables, do=None):
    """the arrows that leave the variable are cut, instead of those that enter it: its children see the mean over its states"""
    if do is None:
        return bayesian_network(G, tables)
    G, tables = np.array(G), [np.asarray(t) for t in tables]
    for i in np.flatnonzero(np.asarray(do) != -1):
        for j in np.flatnonzero(G[i]):
            tables[j] = tables[j].mean(list(np.flatnonzero(G[:, j])).index(i))
            G[i, j] = 0
    return bayesian_network(G, tables, do)


@BN.mutant(caught_by="a-cycle-has-no-joint")
def cycles_taken(G, tables, do=None):
    """the graph is not looked at: round a cycle the product is taken for a distribution"""
    return unchecked(G, tables, do)


def unchecked(G, tables, do=None):
    n, k = len(G), [np.shape(t)[-1] for t in tables]
    P = np.ones(k)
    for i, t in enumerate(tables):
        parents = list(np.flatnonzero(np.asarray(G)[:, i]))
        if do is not None and do[i] != -1:
            parents, t = [], np.eye(k[i])[int(do[i])]
        axes = [*parents, i]
        P = P * np.transpose(t, np.argsort(axes)).reshape([k[a] if a in axes else 1 for a in range(n)])
    return P


BN.erratum(
    "E286",
    common=r"$P(y\mid x)$ says what happens to $y$ when $x$ is set (a common slip)",
    why="Those with $x$ may differ from the others in what decides on $y$, too. Of 700 patients with kidney stones the open operation cured fewer than the percutaneous one, "
    "78 % and 83 %, because it was given mostly to those with large stones; of either size it cured more, and so it would on all patients alike, if size is the only common cause.",
    right=r"$P(y\mid\operatorname{do}(x))$: the table of $x$ is taken out of the product; with $z$ all common causes, if they are known, $\sum_zP(y\mid x,z)P(z)$",
    claims="setting-is-not-seeing, adjusting-for-parents",
)
BN.erratum(
    "E287",
    common="In a Bayesian network that fits the data the arrows are causes (a common slip)",
    why=r"$1\to2$ and $2\to1$ have the same joints with suitable tables, so that no number of observations prefers either, and the graph of all arrows fits everything. They differ in what setting does.",
    right="A Bayesian network states independences; that its arrows are causes is an assumption besides, which interventions can test",
    claims="an-arrow-turned-round, every-joint-is-a-network",
)


#: What is known at each position of the slider: states of the garden that are seen, and what is set.
QUESTIONS: tuple[tuple[dict[int, int], np.ndarray | None], ...] = (
    ({}, None),
    ({2: 0}, None),
    ({1: 0, 2: 0}, None),
    ({1: 0}, None),
    ({}, np.array([-1, 0, -1])),
)


@BN.figure(
    evidence=Slider(
        0,
        4,
        1,
        "evidence: none, grass wet, grass wet and sprinkler on, sprinkler on, sprinkler switched on by hand",
        integer=True,
    )
)
def figure(evidence):
    seen, do = QUESTIONS[int(evidence)]
    prior = bayesian_network(GARDEN, GARDEN_TABLES)
    P = bayesian_network(GARDEN, GARDEN_TABLES, do)
    for i, state in seen.items():
        P = P * (np.arange(2) == state).reshape([2 if a == i else 1 for a in range(3)])
    P = P / P.sum()
    now, before = ([float(over(p, {i}).ravel()[0]) for i in range(3)] for p in (P, prior))
    known = {*seen, *(() if do is None else (1,))}
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.7)
    where = {0: (0.22, 0.72), 1: (0.78, 0.72), 2: (0.5, 0.39)}
    for i, j in zip(*np.nonzero(GARDEN), strict=True):
        cut = do is not None and do[j] != -1
        style = {"arrowstyle": "-|>", "mutation_scale": 14, "shrinkA": 26, "shrinkB": 27, "lw": 1.4}
        style |= {"color": "0.75", "ls": ":"} if cut else {"color": "0.4"}
        left.annotate("", where[int(j)], where[int(i)], arrowprops=style)
    for i, name in enumerate(("rain", "sprinkler", "grass")):
        full = {"facecolor": COLOURS[1], "alpha": 0.35} if i in known else {"facecolor": "none"}
        left.text(
            *where[i],
            name,
            ha="center",
            va="center",
            fontsize=10.5,
            bbox={"boxstyle": "round,pad=0.5", "edgecolor": COLOURS[0], **full},
        )
    tables = {
        (0.22, 0.845): (("rain: 0.2", "k"),),
        (0.78, 0.92 if do is None else 0.845): (("rain: on 0.1", "k"), ("no rain: on 0.5", "k"))
        if do is None
        else (("on 1", COLOURS[1]),),
        (0.5, 0.265): (
            ("rain, on: wet 1", "k"),
            ("rain, off: wet 0.8", "k"),
            ("no rain, on: wet 0.8", "k"),
            ("no rain, off: wet 0", "k"),
        ),
    }
    for (x, y), rows in tables.items():
        for row, (words, colour) in enumerate(rows):
            left.text(
                x,
                y - 0.075 * row,
                words,
                ha="center",
                va="center",
                fontsize=9.5,
                color="0.35" if colour == "k" else colour,
            )
    left.set(xlim=(0, 1), ylim=(0, 1))
    left.axis("off")
    names = ["rain", "sprinkler on", "grass wet"]
    colours = [COLOURS[1] if i in known else COLOURS[0] for i in range(3)]
    right.barh(names, now, color=colours, height=0.55)
    right.vlines(before, np.arange(3) - 0.38, np.arange(3) + 0.38, color="0.4", lw=1.6, ls="--", label="nothing known")
    for i, p in enumerate(now):
        right.text(min(p + 0.02, 0.86), i, f"{p:.3f}", va="center", fontsize=9.5, color="white" if p > 0.86 else None)
    right.set(xlim=(0, 1), xlabel="probability")
    right.invert_yaxis()
    right.legend(fontsize=9.5, loc="lower right", frameon=False, bbox_to_anchor=(1, 1))
    told = (
        Text("Nothing is known", "一无所知"),
        Text("The grass is wet", "草地湿了"),
        Text("The grass is wet and the sprinkler was on", "草地湿了，且洒水器开着"),
        Text("The sprinkler was seen on", "看见洒水器开着"),
        Text("The sprinkler was switched on by hand, whatever the weather", "不论天气，用手打开洒水器"),
    )[int(evidence)]
    words = Text(
        f"{told.en}: rain with probability {now[0]:.3f} (before {before[0]:.3f}), the sprinkler on with {now[1]:.3f} ({before[1]:.3f}), the grass wet with {now[2]:.3f} ({before[2]:.3f}).",
        f"{told.zh}：下雨的概率为 {now[0]:.3f}（原为 {before[0]:.3f}），洒水器开着的概率为 {now[1]:.3f}（{before[1]:.3f}），草地湿的概率为 {now[2]:.3f}（{before[2]:.3f}）。",
    )
    return Drawing(fig, words)
