"""The junction tree: the posteriors of all variables at once, by messages between clusters."""

import itertools
import math

import numpy as np

from gradus.concepts.inference.factors_by_axes import (
    EDGES,
    ORDERS,
    PLACES,
    RAIN,
    SLIPPERY,
    SPRINKLER,
    WET,
    drawn,
    garden,
    pairs,
    spread,
)
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, raises, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _beliefs(compile_network, tables, clusters, edges, evidence=()):
    from gradus.inference import JunctionTree, MarkovNetwork

    sizes = np.max([f.shape for f in tables], 0)
    states = {str(i): [str(x) for x in range(k)] for i, k in enumerate(sizes)}
    factors = [([str(i) for i in np.flatnonzero(np.array(f.shape) > 1)], f.squeeze()) for f in tables]
    network = MarkovNetwork(states, factors)
    tree = JunctionTree([[str(i) for i in np.flatnonzero(c)] for c in clusters], [(int(c), int(d)) for c, d in edges])
    known = {}
    for i, x in evidence:  # a second state of one variable stands under its number, so that the library sees it
        known[str(int(i)) if known.get(str(int(i)), str(int(x))) == str(int(x)) else int(i)] = str(int(x))
    found = compile_network(network, tree=tree).beliefs(known)
    made = []
    for variables, table in found.clusters:
        shape = [1] * len(sizes)
        for v in variables:
            shape[int(v)] = sizes[int(v)]
        made.append(table.transpose(np.argsort([int(v) for v in variables])).reshape(shape))
    return tuple(made), math.exp(found.log_evidence)


JUNCTION_TREE = Concept(
    key="junction-tree",
    kind="algorithm",
    title="Junction tree",
    summary="Elimination answers one question; the next one would repeat most of its sums. Joined to a tree in which the clusters that hold a variable "
    "hang together, the tables of an elimination keep what they found: one message each way over every edge, and each cluster holds its own joint posterior.",
    formulas=(
        r"\mu_{c\to d}(x_{c\cap d})=\sum_{x_{c\setminus d}}\psi_c(x_c)\prod_{b\in N(c)\setminus d}\mu_{b\to c}(x_{b\cap c})",
        r"P(x_c\mid e)=\frac1Z\,\psi_c(x_c)\prod_{b\in N(c)}\mu_{b\to c}(x_{b\cap c}),\qquad Z=\sum_{x_c}\psi_c(x_c)\prod_{b\in N(c)}\mu_{b\to c}(x_{b\cap c})",
        r"P(x\mid e)=\frac{\prod_cP(x_c\mid e)}{\prod_{(c,d)}P(x_{c\cap d}\mid e)}\qquad(0/0=0)",
        r"v\in c\cap d\ \Rightarrow\ v\in b\quad\forall b\in\operatorname{path}(c,d)",
    ),
    symbols=(
        Symbol(
            r"\psi",
            "tables",
            "m",
            "the factors, in a tuple: arrays ≥ 0 with an axis for each variable of the network, of length 1 where the factor does not depend on it",
            "other",
        ),
        Symbol("c,\\ d,\\ b", "clusters", "C n", "the clusters, a row each: which variables they hold", "boolean"),
        Symbol("(c,d)", "edges", "C-1 2", "the edges of the tree, pairs of clusters", "index"),
        Symbol("e", "evidence", "r 2", "findings, pairs of a variable and its state", "index"),
        Symbol(
            r"\psi_c",
            "",
            "",
            "product of the factors that were given to cluster c, each to one cluster that holds all its variables, and of the findings, 1 at the state found and 0 elsewhere",
        ),
        Symbol(r"\mu_{c\to d}", "", "", "message from c to its neighbour d, a table over the separator"),
        Symbol(r"c\cap d", "", "", "separator: the variables of both"),
        Symbol(r"\operatorname{path}(c,d)", "", "", "the clusters on the way from c to d in the tree"),
        Symbol("N(c)", "", "", "neighbours of c in the tree"),
        Symbol("Z", "", "", "probability of the evidence, if the factors are the tables of a Bayesian network"),
        Symbol("x,\\ x_c", "", "", "states of all variables, and of those of a cluster"),
        Symbol("v", "", "", "a variable"),
    ),
    returns=(
        Result(
            "beliefs",
            "",
            "a tuple with $P(x_c\\mid e)$ of each cluster: arrays with an axis for each variable, of length 1 where the cluster does not hold it; and $Z$",
        ),
    ),
    needs=("variable-elimination",),
    source="lauritzen1988local",
    year=1988,
    people=("Steffen Lauritzen", "David Spiegelhalter", "Glenn Shafer", "Prakash Shenoy", "Finn Jensen"),
    aliases="clique tree, join tree, Shafer-Shenoy, Hugin, running intersection property, calibrated tree, "
    "联结树, 连接树, 联合树, 团树算法, 执行相交性质",
    implementations=(
        Implementation(
            "gradus.inference:CompiledNetwork",
            "numpy",
            _beliefs,
            "`.beliefs(evidence)` of named variables; all marginals: `infer`; the tree: `junction_tree`",
        ),
    ),
    readings="koller2009probabilistic ch. 10; shafer1990probability; jensen1994optimal; darwiche2003differential",
    hypotheses=(
        Hypothesis(
            "the clusters that hold a variable hang together: running intersection",
            "running-intersection-is-needed, running-intersection-unchecked",
        ),
        Hypothesis("the edges make a tree", "what-is-no-tree-is-refused"),
        Hypothesis(
            "some cluster holds all variables of each factor", "what-is-no-tree-is-refused, homeless-factor-dropped"
        ),
        Hypothesis("the evidence is possible: $Z>0$", "impossible-evidence-is-refused"),
        Hypothesis(
            "$Z=P(e)$: the factors are the tables of a Bayesian network", "beliefs-are-the-posteriors-of-the-joint"
        ),
    ),
    conventions=(
        Convention(
            "what is sent back",
            "the product of all that came from elsewhere (Shafer and Shenoy): no division",
            "the cluster's whole table, divided by what had come from there (Lauritzen and Spiegelhalter; Hugin): fewer products, and 0/0 is 0. The library does this",
        ),
        Convention(
            "findings",
            "multiplied in as 0 and 1, so that the clusters keep their axes",
            "the variables taken out beforehand: smaller tables, and another tree",
        ),
    ),
    deviations="The definition multiplies numbers as they are: with hundreds of factors the product may underflow. The library scales, or adds logarithms.",
    differentiable=False,
    carries_gradient=False,
)


@JUNCTION_TREE.definition
def calibrate(tables, clusters, edges, evidence=()):
    n = tables[0].ndim
    sizes = [max(f.shape[i] for f in tables) for i in range(n)]
    held = [{i for i in range(n) if row[i]} for row in clusters]
    near = [{int(d) for edge in edges for d in edge if c in edge and d != c} for c in range(len(held))]

    def reached(c, among):
        """The clusters that hang together with c among some."""
        found, new = set(), {c}
        while new:
            found |= new
            new = {d for b in new for d in near[b] & among} - found
        return found

    everything = {*range(len(held))}
    if len(edges) != len(held) - 1 or reached(0, everything) != everything:
        raise ValueError("edges: a tree that joins all clusters")
    for i in range(n):
        holding = {c for c in everything if i in held[c]}
        if holding and reached(min(holding), holding) != holding:
            raise ValueError(f"running intersection: the clusters that hold variable {i} do not hang together")
    psi = [np.ones([sizes[i] if i in held[c] else 1 for i in range(n)]) for c in everything]
    for f in tables:
        scope = {i for i in range(n) if f.shape[i] > 1}
        home = next((c for c in everything if scope <= held[c]), None)
        if home is None:
            raise ValueError(f"no cluster holds the variables {sorted(scope)} of a factor")
        psi[home] = psi[home] * f
    known = {}
    for i, x in evidence:
        if not (0 <= i < n and 0 <= x < sizes[i]) or known.setdefault(int(i), int(x)) != x:
            raise ValueError(f"variable {i} cannot be in state {x}")
    for i, x in known.items():
        home = next((c for c in everything if i in held[c]), 0)
        psi[home] = psi[home] * (np.arange(sizes[i]) == x).reshape([-1 if j == i else 1 for j in range(n)])

    sent = {}

    def message(c, d):
        if (c, d) not in sent:
            product = psi[c]
            for b in near[c] - {d}:
                product = product * message(b, c)
            sent[c, d] = product.sum(tuple(held[c] - held[d]), keepdims=True)
        return sent[c, d]

    beliefs = []
    for c in everything:
        belief = psi[c]
        for b in near[c]:
            belief = belief * message(b, c)
        beliefs.append(belief)
    Z = beliefs[0].sum()
    if not Z > 0:
        raise ValueError("impossible evidence: " + ", ".join(f"variable {i} in state {x}" for i, x in known.items()))
    return tuple(belief / Z for belief in beliefs), Z


def rows(clusters, n):
    """Clusters by their variables, as rows of yes and no."""
    return np.array([[i in c for i in range(n)] for c in clusters])


def grown(near, order):
    """The clusters of an order of elimination, those in others left out, and edges of the tree."""
    near, made, place = {i: set(a) for i, a in near.items()}, [], {v: k for k, v in enumerate(order)}
    for v in order:
        around = near.pop(v)
        made.append({v, *around})
        for u in around:
            near[u] = (near[u] | around) - {u, v}
    home, clusters, edges = {}, [], []
    for v, cluster in reversed(list(zip(order, made, strict=True))):  # the last one first: parents before children
        above = home[min(cluster - {v}, key=place.__getitem__)] if len(cluster) > 1 else 0 if clusters else None
        if above is not None and clusters[above] < cluster:
            clusters[above] = cluster  # it holds its parent
            home[v] = above
            continue
        home[v] = len(clusters)
        clusters.append(cluster)
        if above is not None:
            edges.append((above, home[v]))
    return clusters, edges


def joined(tables, order):
    """The tree of an order for factors."""
    n = tables[0].ndim
    near = {i: set() for i in range(n)}
    for f in tables:
        scope = {i for i in range(n) if f.shape[i] > 1}
        for i in scope:
            near[i] |= scope - {i}
    clusters, edges = grown(near, order)
    return rows(clusters, n), np.array(edges, int).reshape(-1, 2)


GARDEN = rows([{RAIN, SPRINKLER, WET}, {WET, SLIPPERY}], 4)


def marginal(beliefs, clusters, i):
    """The posterior of a variable from each cluster that holds it."""
    held = [np.asarray(b, float) for b, c in zip(beliefs, clusters, strict=True) if c[i]]
    return [b.sum(tuple(j for j in range(b.ndim) if j != i)) for b in held]


@JUNCTION_TREE.example
def example():
    tables, edges, evidence = garden(), np.array([[0, 1]]), np.array([[SLIPPERY, 1]])
    (big, small), Z = calibrate(tables, GARDEN, edges, evidence)
    psi = (tables[0] * tables[1] * tables[2])[..., 0]
    forward = psi.sum((0, 1))
    back = np.array([0.1, 0.6])
    product = psi * back
    return (
        dict(tables=tables, clusters=GARDEN, edges=edges, evidence=evidence, beliefs=(big, small), Z=Z)
        | dict(psi=psi, up=back, down=forward, product=product, at_wet=forward * back, total=product.sum())
        | dict(
            rain=big.sum((1, 2, 3)), sprinkler=big.sum((0, 2, 3)), wet=big.sum((0, 1, 3)), again=small.sum((0, 1, 3))
        )
        | dict(rain_product=product.sum((1, 2)), sprinkler_product=product.sum((0, 2)), prior=np.array([0.2, 0.5]))
    )


@JUNCTION_TREE.exercise
def messages():
    clusters = 7
    return number(
        2 * (clusters - 1),
        one_pass=clusters - 1,
        one_for_each_cluster=clusters,
        each_by_itself=clusters * (clusters - 1),
    )


@JUNCTION_TREE.exercise
def product_of_beliefs():
    """A chain a – b – c: a and c fair coins whatever b is, and b is 1 with probability 0.1."""
    tables = (
        spread([0.9, 0.1], [1], 3),
        spread(np.full((2, 2), 0.5), [0, 1], 3),
        spread(np.full((2, 2), 0.5), [1, 2], 3),
    )
    (first, second), _ = calibrate(tables, rows([{0, 1}, {1, 2}], 3), [(0, 1)])
    return number((first * second).sum(), a_distribution=1.0, largest=0.9, once=0.9 * 0.1)


@JUNCTION_TREE.exercise
def which_tree():
    clusters = [{0, 1}, {1, 2}, {1, 3}, {3, 4}]
    tables = tuple(spread(np.ones((2, 2)), sorted(c), 5) for c in clusters)

    def right(*edges):
        return accepted(calibrate, tables, rows(clusters, 5), edges)

    return choice(
        star=right((0, 1), (1, 2), (2, 3)),
        through_the_end=right((0, 1), (1, 3), (3, 2)),
        ring=right((0, 1), (1, 2), (2, 0)),
    )


def accepted(calibrate, *arguments):
    """Whether the tree is taken."""
    try:
        calibrate(*arguments)
    except ValueError:
        return False
    return True


def with_tree(rng, sizes, markov=False):
    """A random network and the tree of a random order, drawn until there are three clusters: of a Bayesian network, or of a Markov network with factors of the same variables."""
    while True:
        tables = drawn(rng, sizes)
        clusters, edges = joined(tables, rng.permutation(len(sizes)).tolist())
        if len(clusters) >= 3:
            return tuple(rng.uniform(0.1, 1, t.shape) for t in tables) if markov else tables, clusters, edges


@JUNCTION_TREE.cases
def cases(rng):
    def case(tables, order, **given):
        clusters, edges = joined(tables, order)
        return dict(tables=tables, clusters=clusters, edges=edges, **given)

    yield "two clusters", dict(tables=garden(), clusters=GARDEN, edges=np.array([[0, 1]]), evidence=np.array([[3, 1]]))
    yield "a chain", case(pairs([(i, i + 1) for i in range(5)], 6, rng, 3), (0, 5, 1, 4, 2, 3))
    yield (
        "a ring",
        case(pairs([(i, (i + 1) % 6) for i in range(6)], 6, rng), (0, 2, 4, 1, 3, 5), evidence=np.array([[1, 0]])),
    )
    tables = drawn(rng, [2, 3, 2, 4, 2, 3, 2])
    yield (
        "states of many numbers",
        case(tables, tuple(rng.permutation(7).tolist()), evidence=np.array([[6, 1], [2, 0]])),
    )
    yield "a finding twice", case(tables, (6, 5, 4, 3, 2, 1, 0), evidence=np.array([[5, 2], [5, 2]]))
    yield (
        "a star of clusters",
        dict(
            tables=pairs([(0, 1), (0, 2), (0, 3)], 4, rng),
            clusters=rows([{0, 1}, {0, 2}, {0, 3}], 4),
            edges=np.array([[1, 0], [1, 2]]),
        ),
    )
    yield (
        "a cluster in another",
        dict(
            tables=pairs([(0, 1)], 3, rng) + pairs([(1, 2)], 3, rng),
            clusters=rows([{1}, {0, 1}, {1, 2}, {2}], 3),
            edges=np.array([[0, 1], [2, 0], [3, 2]]),
        ),
    )
    yield (
        "parts that are not joined",
        dict(
            tables=pairs([(0, 1)], 4, rng) + pairs([(2, 3)], 4, rng),
            clusters=rows([{0, 1}, {2, 3}], 4),
            edges=np.array([[0, 1]]),
            evidence=np.array([[2, 1]]),
        ),
    )
    yield "one cluster", dict(tables=pairs([(0, 1)], 2, rng), clusters=rows([{0, 1}], 2), edges=np.zeros((0, 2), int))
    yield (
        "a long chain",
        case(pairs([(i, i + 1) for i in range(15)], 16, rng), tuple(range(16)), evidence=np.array([[15, 1]])),
    )
    hard = (spread([[1.0, 0.0], [0.0, 1.0]], [0, 1], 3), spread([[0.0, 0.5], [1.0, 0.5]], [1, 2], 3))
    yield (
        "zeros in the tables",
        dict(tables=hard, clusters=rows([{0, 1}, {1, 2}], 3), edges=np.array([[0, 1]]), evidence=np.array([[0, 1]])),
    )


RING = ((0, 1), (1, 2), (2, 3), (3, 0))


@JUNCTION_TREE.invalid
def invalid(rng):
    ring = pairs(RING, 4, rng)
    yield (
        "clusters of a variable that do not hang together",
        dict(tables=ring, clusters=rows(RING, 4), edges=np.array([[0, 1], [1, 2], [2, 3]])),
    )
    yield "a factor without a cluster", dict(tables=ring, clusters=rows(RING[:3], 4), edges=np.array([[0, 1], [1, 2]]))
    yield (
        "edges that are no tree",
        dict(tables=garden(), clusters=GARDEN[[0, 1, 1]], edges=np.array([[0, 1], [1, 2], [2, 0]])),
    )
    hard = (spread([[1.0, 0.0], [0.0, 1.0]], [0, 1], 3), spread([[0.5, 0.5], [0.5, 0.5]], [1, 2], 3))
    yield (
        "impossible evidence",
        dict(
            tables=hard,
            clusters=rows([{0, 1}, {1, 2}], 3),
            edges=np.array([[0, 1]]),
            evidence=np.array([[0, 0], [1, 1]]),
        ),
    )
    yield (
        "one variable in two states",
        dict(tables=garden(), clusters=GARDEN, edges=np.array([[0, 1]]), evidence=np.array([[3, 0], [3, 1]])),
    )


def conditioned(tables, evidence=()):
    """The product of all tables as one array, 0 beside the findings: the sum over all states, written out."""
    product = math.prod(tables)
    for i, x in evidence:
        product = product * (np.arange(product.shape[i]) == x).reshape(
            [-1 if j == i else 1 for j in range(product.ndim)]
        )
    return product


def over(joint, cluster):
    """The sum over all variables that a cluster does not hold."""
    return joint.sum(tuple(np.flatnonzero(~np.asarray(cluster))), keepdims=True)


def ring_with_a_bias(rng):
    """A ring of four and a table of one of them."""
    return (*pairs(RING, 4, rng), spread([1.0, 3.0], [0], 4))


@JUNCTION_TREE.claim
def beliefs_are_the_posteriors_of_the_joint(calibrate, rng):
    """Each belief is the joint posterior of its cluster, and $Z$ the sum over all states, on random Bayesian networks of seven variables with two findings, in trees
    of random orders with three clusters or more; without evidence $Z$ of a Bayesian network is 1, and 1.5 if one of its tables is multiplied by 1.5"""
    for _ in range(3):
        tables, clusters, edges = with_tree(rng, [2, 3, 2, 2, 3, 2, 2])
        evidence = np.array([[6, int(rng.integers(2))], [2, int(rng.integers(2))]])
        joint = conditioned(tables, evidence)
        beliefs, Z = calibrate(tables, clusters, edges, evidence)
        yield roundoff(float(Z) / joint.sum(), 1.0, terms=288)
        for belief, cluster in zip(beliefs, clusters, strict=True):
            yield roundoff(np.asarray(belief, float), over(joint, cluster) / joint.sum(), terms=288, scale=1.0)
        yield roundoff(float(calibrate(tables, clusters, edges)[1]), 1.0, terms=288)
    heavier = (*tables[:-1], 1.5 * tables[-1])
    yield roundoff(float(calibrate(heavier, clusters, edges)[1]), 1.5, terms=288)


@JUNCTION_TREE.claim
def every_variable_as_by_elimination(calibrate, rng):
    """Of every variable, from every cluster that holds it, the posterior is that of elimination, here `numpy.einsum` over all factors, once for each variable: on a
    ring of eight with three states each and one finding"""
    tables, evidence = pairs([(i, (i + 1) % 8) for i in range(8)], 8, rng, 3), np.array([[4, 2]])
    clusters, edges = joined(tables, (0, 2, 4, 6, 1, 5, 3, 7))
    beliefs, _ = calibrate(tables, clusters, edges, evidence)
    finding = np.array([0.0, 0.0, 1.0])
    operands = [
        part for i, f in enumerate(tables) for part in (f.squeeze() if i < 7 else f.squeeze().T, [i, (i + 1) % 8])
    ]
    for i in range(8):
        want = np.einsum(*operands, finding, [4], [i], optimize=True)
        for got in marginal(beliefs, clusters, i):
            yield roundoff(got, want / want.sum(), terms=200, scale=1.0)


@JUNCTION_TREE.claim
def separators_agree(calibrate, rng):
    """On every edge both clusters say the same of what they share: of a random Markov network of seven variables with a finding"""
    tables, clusters, edges = with_tree(rng, [2, 3, 2, 2, 3, 2, 2], markov=True)
    beliefs, _ = calibrate(tables, clusters, edges, np.array([[6, 1]]))
    beliefs = [np.asarray(b, float) for b in beliefs]
    yield roundoff([b.sum() for b in beliefs], np.ones(len(beliefs)), terms=288)
    apart = 0.0
    for c, d in edges:
        shared = clusters[c] & clusters[d]
        yield roundoff(over(beliefs[c], shared), over(beliefs[d], shared), terms=288, scale=1.0)
        apart = max(apart, *(abs(over(b, shared).max() - 1 / over(b, shared).size) for b in (beliefs[c], beliefs[d])))
    yield bound(apart, 1e-3, "≥", Text("they are not uniform", "它们不是均匀分布"))


@JUNCTION_TREE.claim
def beliefs_over_separators_are_the_joint(calibrate, rng):
    r"""The product of the beliefs divided by that of the separators is the joint posterior, state by state, of a random Markov network with a finding; the product alone counts what is shared twice: on the chain a – b – c
    its sum is $\sum_bP(b)^2$, 0.82 for $P(b)=(0.9,0.1)$"""
    tables, clusters, edges = with_tree(rng, [2, 3, 2, 2, 3, 2], markov=True)
    evidence = np.array([[5, 0]])
    beliefs = [np.asarray(b, float) for b in calibrate(tables, clusters, edges, evidence)[0]]
    joint = conditioned(tables, evidence)
    below = math.prod(over(beliefs[c], clusters[c] & clusters[d]) for c, d in edges)
    with np.errstate(invalid="ignore", divide="ignore"):
        quotient = np.where(below > 0, math.prod(beliefs) / below, 0.0)
    yield roundoff(quotient, joint / joint.sum(), terms=288, scale=1.0)
    chain = (
        spread([0.9, 0.1], [1], 3),
        spread(rng.dirichlet([1, 1], 2), [1, 0], 3),
        spread(rng.dirichlet([1, 1], 2), [1, 2], 3),
    )
    first, second = calibrate(chain, rows([{0, 1}, {1, 2}], 3), np.array([[0, 1]]))[0]
    yield roundoff((np.asarray(first, float) * np.asarray(second, float)).sum(), 0.82, terms=16)


@JUNCTION_TREE.claim
def running_intersection_is_needed(calibrate, rng):
    """Four clusters, the pairs of a ring a – b – c – d, are joined to a tree by leaving one edge out; then the two clusters with a do not hang together, and the tree is refused. Messages
    over it would answer for another network, in which the ring is cut open at a: with pair tables (3, 1; 1, 3) and a table (1, 2) of b, the second state of a has
    probability 0.598 in the ring, and 0.583 and 0.521 in the first and the last cluster of the open one"""
    pair = np.array([[3.0, 1.0], [1.0, 3.0]])
    ring = (*(spread(pair, edge, 4) for edge in RING), spread([1.0, 2.0], [1], 4))
    chain = np.array([[0, 1], [1, 2], [2, 3]])
    yield raises(lambda: calibrate(ring, rows(RING, 4), chain), ValueError)
    closed = rows([{0, 1, 2}, {0, 2, 3}], 4)
    for got in marginal(calibrate(ring, closed, np.array([[0, 1]]))[0], closed, 0):
        yield roundoff(got, [41 / 102, 61 / 102], terms=64)
    open_ = (*(spread(pair, (i, i + 1), 5) for i in range(4)), spread([1.0, 2.0], [1], 5))
    cut = rows([(i, i + 1) for i in range(4)], 5)
    beliefs = calibrate(open_, cut, chain)[0]
    yield roundoff(marginal(beliefs, cut, 0)[0], [5 / 12, 7 / 12], terms=64)
    yield roundoff(marginal(beliefs, cut, 4)[0], [23 / 48, 25 / 48], terms=64)


def spanning_trees(n):
    """All trees on n ≤ 4 nodes, as lists of edges."""
    for edges in itertools.combinations(itertools.combinations(range(n), 2), n - 1):
        parts = [{i} for i in range(n)]
        for a, b in edges:
            first, second = (next(p for p in parts if i in p) for i in (a, b))
            if first is second:
                break
            parts = [p for p in parts if p is not first and p is not second] + [first | second]
        else:
            yield np.array(edges)


@JUNCTION_TREE.claim
def heaviest_spanning_trees(calibrate, rng):
    r"""Where an order of elimination has four clusters, of the 16 ways to join them to a tree those are taken in which $\sum\lvert c\cap d\rvert$ is the largest, and no others; all
    give the same beliefs"""
    for scopes in ([{0, 1, 2}, {1, 2, 3}, {2, 3, 4}, {2, 5}], [{0, 1}, {1, 2}, {1, 3}, {3, 4}]):
        clusters = rows(scopes, 6)
        tables = tuple(spread(rng.uniform(0.1, 1, [2] * len(s)), sorted(s), 6) for s in scopes)
        trees = list(spanning_trees(4))
        weights = [sum(len(scopes[c] & scopes[d]) for c, d in edges) for edges in trees]
        taken = [accepted(calibrate, tables, clusters, edges) for edges in trees]
        yield identical(taken, [w == max(weights) for w in weights])
        several = [calibrate(tables, clusters, edges) for edges, right in zip(trees, taken, strict=True) if right]
        joint = conditioned(tables, ())
        for belief, cluster in zip(several[0][0], clusters, strict=True):
            yield roundoff(np.asarray(belief, float), over(joint, cluster) / joint.sum(), terms=128, scale=1.0)
        for beliefs, Z in several[1:]:
            yield roundoff(float(Z) / float(several[0][1]), 1.0, terms=128)
            for one, other in zip(beliefs, several[0][0], strict=True):
                yield invariance(np.asarray(one, float), np.asarray(other, float), terms=128)


@JUNCTION_TREE.claim
def doubled_entries_tell_their_posteriors(calibrate, rng):
    r"""$Z$ is linear in each entry of a table: doubled, it raises $Z$ by the share $\theta\,\partial\log Z/\partial\theta$, which is the posterior of that entry's states, as the belief of the table's
    cluster says"""
    tables, evidence = ring_with_a_bias(rng), np.array([[2, 1]])
    clusters, edges = rows([{0, 1, 2}, {0, 2, 3}], 4), np.array([[0, 1]])
    beliefs, Z = calibrate(tables, clusters, edges, evidence)
    for k, (i, j) in enumerate(RING):
        c = next(c for c in range(2) if clusters[c][i] and clusters[c][j])
        share = np.zeros((2, 2))
        for at in itertools.product((0, 1), repeat=2):
            more = tables[k].squeeze().copy()
            more[at] *= 2
            more = more.reshape(tables[k].shape)
            share[at] = (
                float(calibrate((*tables[:k], more, *tables[k + 1 :]), clusters, edges, evidence)[1]) / float(Z) - 1
            )
        want = over(np.asarray(beliefs[c], float), np.isin(np.arange(4), (i, j))).squeeze()
        yield roundoff(share, want, terms=64, scale=1.0)


@JUNCTION_TREE.claim
def what_is_no_tree_is_refused(calibrate, rng):
    """Edges that close a circle, edges that leave a cluster out, and a factor whose variables no cluster holds together are refused; the clusters of the
    circle, joined to a tree, are taken, and hold their posteriors"""
    ring = pairs(RING, 4, rng)
    three = rows([{0, 1, 2}, {0, 2, 3}, {0, 2}], 4)
    yield raises(lambda: calibrate(ring, three, np.array([[0, 1], [1, 2], [2, 0]])), ValueError)
    yield raises(lambda: calibrate(ring, three, np.array([[0, 1]])), ValueError)
    yield raises(lambda: calibrate(ring, rows(RING[:3], 4), np.array([[0, 1], [1, 2]])), ValueError)
    joint = conditioned(ring)
    for belief, cluster in zip(calibrate(ring, three, np.array([[0, 2], [2, 1]]))[0], three, strict=True):
        yield roundoff(np.asarray(belief, float), over(joint, cluster) / joint.sum(), terms=64, scale=1.0)


@JUNCTION_TREE.claim
def impossible_evidence_is_refused(calibrate, rng):
    """Evidence of probability 0 is refused, wherever in the tree its findings stand; each of them alone is possible"""
    same, cluster, chain = np.eye(2), rows([{0, 1}, {1, 2}, {2, 3}], 4), np.array([[0, 1], [1, 2]])
    tables = tuple(spread(same, (i, i + 1), 4) for i in range(3))
    for i, j in itertools.combinations(range(4), 2):  # in one cluster, in two next to each other, or at both ends
        findings = np.array([[i, 0], [j, 1]])
        yield raises(lambda e=findings: calibrate(tables, cluster, chain, e), ValueError)
    for i, x in ((0, 0), (3, 1)):
        beliefs, Z = calibrate(tables, cluster, chain, np.array([[i, x]]))
        yield roundoff(float(Z), 1.0, terms=16)
        yield identical([float(m[x]) for b in range(4) for m in marginal(beliefs, cluster, b)], [1.0] * 6)


def wrongly(
    tables,
    clusters,
    edges,
    evidence=(),
    *,
    down=True,
    echo=False,
    everywhere=False,
    total=np.sum,
    deaf=False,
    loose=False,
):
    """The definition with one thing wrong at a time."""
    n = tables[0].ndim
    if not loose:
        calibrate(tables, clusters, edges, evidence)  # what it refuses is refused
    sizes = [max(f.shape[i] for f in tables) for i in range(n)]
    held = [{i for i in range(n) if row[i]} for row in clusters]
    near = [{int(d) for edge in edges for d in edge if c in edge and d != c} for c in range(len(held))]
    psi = [np.ones([sizes[i] if i in h else 1 for i in range(n)]) for h in held]
    for f in tables:
        homes = [c for c in range(len(held)) if {i for i in range(n) if f.shape[i] > 1} <= held[c]]
        for home in homes if everywhere else homes[:1]:
            psi[home] = psi[home] * f
    for i, x in dict(np.asarray(evidence, int).reshape(-1, 2)).items():
        home = next((c for c in range(len(held)) if i in held[c]), 0)
        psi[home] = psi[home] * (np.arange(sizes[i]) == x).reshape([-1 if j == i else 1 for j in range(n)])
    sent = {}

    def message(c, d, seen=frozenset()):
        if (c, d) not in sent:
            product = psi[c]
            for b in near[c] - {d} - seen:
                product = product * message(b, c, seen | {c, d})
            sent[c, d] = total(product, axis=tuple(held[c] - held[d]), keepdims=True)
        return sent[c, d]

    def behind(c, d):
        """Whether d is nearer to the root, cluster 0, than c."""
        way, new = {0: 0}, [0]
        while new:
            a = new.pop()
            for b in near[a] - set(way):
                way[b] = way[a] + 1
                new.append(b)
        return way.get(d, 0) < way.get(c, 0)

    beliefs = []
    for c in range(len(held)):
        belief = psi[c]
        for b in near[c]:
            if down or behind(b, c):
                came = message(b, c)
                if echo and not behind(b, c):
                    came = came * message(c, b)  # what c had sent comes back with it
                if deaf:
                    came = np.full(came.shape, came.mean())
                belief = belief * came
        beliefs.append(belief)
    Z = beliefs[0].sum()
    if not Z > 0:
        raise ValueError("impossible evidence")
    return tuple(belief / belief.sum() for belief in beliefs), Z


@JUNCTION_TREE.mutant(
    caught_by="beliefs-are-the-posteriors-of-the-joint, separators-agree, every-variable-as-by-elimination, doubled-entries-tell-their-posteriors, beliefs-over-separators-are-the-joint"
)
def one_pass(tables, clusters, edges, evidence=()):
    """messages to the root alone: all other clusters know only what lies behind them"""
    return wrongly(tables, clusters, edges, evidence, down=False)


@JUNCTION_TREE.mutant(
    caught_by="beliefs-are-the-posteriors-of-the-joint, separators-agree, every-variable-as-by-elimination, beliefs-over-separators-are-the-joint"
)
def echoes(tables, clusters, edges, evidence=()):
    """what a cluster had sent comes back to it, not divided out, and is counted twice"""
    return wrongly(tables, clusters, edges, evidence, echo=True)


@JUNCTION_TREE.mutant(caught_by="beliefs-are-the-posteriors-of-the-joint, running-intersection-is-needed")
def a_factor_in_every_cluster(tables, clusters, edges, evidence=()):
    """a factor is multiplied into every cluster that holds its variables"""
    return wrongly(tables, clusters, edges, evidence, everywhere=True)


@JUNCTION_TREE.mutant(
    caught_by="beliefs-are-the-posteriors-of-the-joint, every-variable-as-by-elimination, beliefs-over-separators-are-the-joint"
)
def largest_for_sum(tables, clusters, edges, evidence=()):
    """the largest entry for the sum in the messages"""
    return wrongly(tables, clusters, edges, evidence, total=np.max)


@JUNCTION_TREE.mutant(
    caught_by="beliefs-are-the-posteriors-of-the-joint, every-variable-as-by-elimination, separators-agree"
)
def messages_without_their_states(tables, clusters, edges, evidence=()):
    """a message is summed over the separator, too: a number, which tells nothing"""
    return wrongly(tables, clusters, edges, evidence, deaf=True)


@JUNCTION_TREE.mutant(caught_by="running-intersection-is-needed, heaviest-spanning-trees")
def running_intersection_unchecked(tables, clusters, edges, evidence=()):
    """whatever tree is given, messages run over it"""
    if len(edges) != len(clusters) - 1:
        return calibrate(tables, clusters, edges, evidence)
    try:
        return calibrate(tables, clusters, edges, evidence)
    except ValueError as error:
        if "running" not in str(error):
            raise
        return wrongly(tables, clusters, edges, evidence, loose=True)


@JUNCTION_TREE.mutant(caught_by="what-is-no-tree-is-refused")
def homeless_factor_dropped(tables, clusters, edges, evidence=()):
    """a factor that fits into no cluster is left out without a word"""
    clusters = np.asarray(clusters, bool)
    fits = [f for f in tables if any(all(c[i] for i in range(f.ndim) if f.shape[i] > 1) for c in clusters)]
    whole = np.ones([max(f.shape[i] for f in tables) for i in range(tables[0].ndim)])
    ones = [over(whole, np.arange(whole.ndim) == i) * 0 + 1 for i in range(whole.ndim)]
    return calibrate((*fits, *(o for i, o in enumerate(ones) if clusters[:, i].any())), clusters, edges, evidence)


@JUNCTION_TREE.mutant(caught_by="what-is-no-tree-is-refused")
def edges_that_fit_are_taken(tables, clusters, edges, evidence=()):
    """of edges that close a circle, or leave clusters out, a tree is made in silence"""
    n = len(clusters)
    edges = [tuple(map(int, e)) for e in edges] + list(itertools.pairwise(range(n)))
    parts, taken = {i: i for i in range(n)}, []
    for c, d in edges:
        if parts[c] != parts[d]:
            taken.append((c, d))
            parts = {i: parts[d] if p == parts[c] else p for i, p in parts.items()}
    return calibrate(tables, clusters, taken, evidence)


@JUNCTION_TREE.mutant(caught_by="impossible-evidence-is-refused")
def impossible_evidence_as_zeros(tables, clusters, edges, evidence=()):
    """impossible evidence gives beliefs of zeros"""
    try:
        return calibrate(tables, clusters, edges, evidence)
    except ValueError as error:
        if "impossible" not in str(error):
            raise
        return tuple(0 * b for b in calibrate(tables, clusters, edges)[0]), 0.0


@JUNCTION_TREE.mutant(
    caught_by="beliefs-are-the-posteriors-of-the-joint, beliefs-over-separators-are-the-joint, every-variable-as-by-elimination, impossible-evidence-is-refused"
)
def evidence_summed_out(tables, clusters, edges, evidence=()):
    """what is known is summed out like all others"""
    return calibrate(tables, clusters, edges)


@JUNCTION_TREE.mutant(
    caught_by="beliefs-are-the-posteriors-of-the-joint, doubled-entries-tell-their-posteriors, equals-definition"
)
def scale_forgotten(tables, clusters, edges, evidence=()):
    """messages are scaled to sum 1, and nobody keeps the scale: $Z$ is lost"""
    return calibrate(tables, clusters, edges, evidence)[0], 1.0


JUNCTION_TREE.erratum(
    "E294",
    common="Any tree over clusters that cover all factors will do, for messages on a tree are exact (a common slip)",
    why="Cut open, a ring of four pairs is such a tree, but the two clusters that hold variable a do not hang together: with tables (3, 1; 1, 3) and a table (1, 2) of its neighbour b, they would say 0.583 and 0.521 for the second state of a; it is 0.598.",
    right="The clusters of each variable must hang together; the clusters of an elimination can always be joined so, by a spanning tree with the largest sum of separators' sizes",
    claims="running-intersection-is-needed, heaviest-spanning-trees",
)
JUNCTION_TREE.erratum(
    "E295",
    common="Calibrated, the product of the clusters' posteriors is the joint posterior (a common slip)",
    why="What two clusters share is counted twice: on the chain a – b – c the product of two beliefs has the sum $\\sum_bP(b)^2$, 0.82 for $P(b)=(0.9,0.1)$.",
    right="The joint posterior is the product of the clusters' beliefs divided by the product of the separators'",
    claims="beliefs-over-separators-are-the-joint",
)


def laid(edges, count):
    """Where the clusters stand: the first at the top, each below its parent; and the order in which messages go, upwards and back."""
    below = {c: [d for a, d in edges if a == c] for c in range(count)}
    places, free = {}, [0.0]

    def put(c, depth):
        for d in below[c]:
            put(d, depth + 1)
        xs = [places[d][0] for d in below[c]]
        if not xs:
            free[0] += 1
        places[c] = (float(np.mean(xs)) if xs else free[0], -depth)

    put(0, 0)
    down = sorted(edges, key=lambda edge: -places[edge[1]][1])
    return places, [*((d, c) for c, d in reversed(down)), *down]


@JUNCTION_TREE.figure(
    sent=Slider(0, 10, 6, "messages sent", integer=True), order=Slider(1, 3, 1, "order", integer=True)
)
def figure(sent, order):
    near = {i: {b if a == i else a for a, b in EDGES if i in (a, b)} for i in range(8)}
    clusters, edges = grown(near, ORDERS[int(order) - 1])
    places, ways = laid(edges, len(clusters))
    sent = min(int(sent), len(ways))
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.9)
    joined_ = {tuple(sorted(pair)) for c in clusters for pair in itertools.combinations(c, 2)}
    for a, b in sorted(joined_):
        fill = (a, b) not in {tuple(sorted(e)) for e in EDGES}
        left.plot(*PLACES[[a, b]].T, color=COLOURS[1] if fill else "0.5", ls="--" if fill else "-", lw=1.4, zorder=1)
    for i, (x, y) in enumerate(PLACES):
        left.scatter([x], [y], s=250, color=COLOURS[5], zorder=2, edgecolors="none")
        left.text(x, y, str(i + 1), ha="center", va="center", fontsize=10, color="#14171a", zorder=3)
    left.set(xlim=(-0.35, 3.35), ylim=(-1.3, 1.3), title="network, fill-in dashed")
    left.set_axis_off()
    for c, d in edges:
        (x, y), (u, v) = places[c], places[d]
        right.plot([x, u], [y, v], color="0.6", lw=1, zorder=1)
        shared = " ".join(str(i + 1) for i in sorted(clusters[c] & clusters[d]))
        right.text((x + u) / 2 + 0.09, (y + v) / 2, shared, fontsize=9.5, va="center", color="0.45")
    for k, (c, d) in enumerate(ways[:sent]):
        upward = k < len(edges)
        (x, y), (u, v) = places[c], places[d]
        shift = -0.05 if upward else 0.03
        start, end = (0.72, 0.28) if upward else (0.28, 0.72)
        top, low = (d, c) if upward else (c, d)
        (a, b), (e, f) = places[top], places[low]
        right.annotate(
            "",
            (a + (e - a) * end + shift, b + (f - b) * end),
            (a + (e - a) * start + shift, b + (f - b) * start),
            arrowprops=dict(arrowstyle="-|>", color=COLOURS[0] if upward else COLOURS[2], lw=2),
        )
    for c, variables in enumerate(clusters):
        x, y = places[c]
        done = {b for b, d in ways[:sent] if d == c}
        full = done == {b for b, d in ways if d == c}
        right.text(
            x,
            y,
            " ".join(str(i + 1) for i in sorted(variables)),
            ha="center",
            va="center",
            fontsize=10,
            zorder=3,
            color="#14171a",
            bbox=dict(boxstyle="round,pad=0.35", fc=COLOURS[4] if full else "#DDDDDD", ec="none"),
        )
    xs, ys = zip(*places.values(), strict=True)
    right.set(
        xlim=(min(xs) - 0.7, max(xs) + 0.7), ylim=(min(ys) - 0.35, 0.35), title="clusters; filled: belief complete"
    )
    right.set_axis_off()
    complete = sum(
        {b for b, d in ways[:sent] if d == c} == {b for b, d in ways if d == c} for c in range(len(clusters))
    )
    sizes = sorted((len(c) for c in clusters), reverse=True)
    words = Text(
        f"Order {int(order)} gives {len(clusters)} clusters of {', '.join(map(str, sizes))} variables. Of {len(ways)} messages {sent} are sent (upwards first), and {complete} clusters know their posteriors.",
        f"次序 {int(order)} 得到 {len(clusters)} 个团，变量数为 {'、'.join(map(str, sizes))}。{len(ways)} 条消息已发出 {sent} 条（先向上），{complete} 个团已知道自己的后验。",
    )
    return Drawing(fig, words)
