"""Exact inference by elimination: a sum over all states, taken one variable at a time."""

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
from gradus.page.evidence import identical, invariance, raises, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _network(tables):
    """The tables as a network whose variables and states are named by their numbers."""
    from gradus.inference import MarkovNetwork

    sizes = np.max([f.shape for f in tables], 0)
    states = {str(i): [str(x) for x in range(k)] for i, k in enumerate(sizes)}
    return MarkovNetwork(
        states, [([str(i) for i in np.flatnonzero(np.array(f.shape) > 1)], f.squeeze()) for f in tables]
    )


def _findings(evidence):
    """Pairs as a dictionary; a second finding of a variable stands under its number, so that the library sees it."""
    found = {}
    for i, x in evidence:
        found[str(int(i)) if found.get(str(int(i)), str(int(x))) == str(int(x)) else int(i)] = str(int(x))
    return found


def _query(query_of, tables, query, order, evidence=()):
    from gradus.inference import elimination_order, infer

    network, known = _network(tables), _findings(evidence)
    p = query_of(network, str(int(query)), known).table
    rest = network.given(known)
    last = [str(int(i)) for i in order if str(int(i)) in rest.states] + [str(int(query))]
    return p, math.exp(infer(network, known).log_evidence), elimination_order(rest, last).width


VARIABLE_ELIMINATION = Concept(
    key="variable-elimination",
    kind="algorithm",
    title="Variable elimination",
    summary="The posterior of one variable is a sum over the states of all others: exponentially many terms. If the joint is a product of "
    "small tables, the sum can be taken one variable at a time: multiply the tables that hold it, sum it out, put the result back. The order "
    "does not change the answer, but it decides how large the tables become.",
    formulas=(
        r"P(x_q\mid e)=\frac1Z\sum_{x':\,x'_E=e,\ x'_q=x_q}\ \prod_{c}\psi_c(x'_c),\qquad Z=\sum_{x':\,x'_E=e}\ \prod_c\psi_c(x'_c)",
        r"\tau_i(x_{N_i})=\sum_{x_i}\ \prod_{\psi\in\Psi:\,\psi\ni i}\psi,\qquad \Psi\leftarrow\{\psi\in\Psi:\psi\not\ni i\}\cup\{\tau_i\}",
        r"w(\pi)=\max_{i\in\pi}\lvert N_i\rvert,\qquad \text{numbers made}=\sum_{i\in\pi}k_i\prod_{j\in N_i}k_j",
    ),
    symbols=(
        Symbol(
            r"\psi_c",
            "tables",
            "m",
            "the factors, in a tuple: arrays ≥ 0 with an axis for each variable of the network, of length 1 where the factor does not depend on it",
            "other",
        ),
        Symbol("q", "query", "", "the variable asked for; none of the evidence", "natural"),
        Symbol(
            r"\pi",
            "order",
            "s",
            "the other variables, in the order in which they go; those of the evidence may be left out",
            "index",
        ),
        Symbol("e", "evidence", "r 2", "findings, pairs of a variable $i\\in E$ and its state", "index"),
        Symbol("k_i", "", "", "number of states of variable i, 1 if it is known", "natural"),
        Symbol(r"\Psi", "", "", "the factors that are there at the moment"),
        Symbol("N_i", "", "", "the variables that stand with i in some factor when it goes: its neighbours"),
        Symbol(r"\tau_i", "", "", "what is put back"),
        Symbol("Z", "", "", "probability of the evidence, if the factors are the tables of a Bayesian network"),
        Symbol("x',\\ x'_c", "", "", "states of all variables, and of those of one factor"),
        Symbol("w", "", "", "width of the order", "natural"),
        Symbol("i,\\ j,\\ c", "", "", "variables, and a factor"),
    ),
    returns=(
        Result("posterior", "k_q", "$P(x_q\\mid e)$"),
        Result("evidence", "", "$Z$"),
        Result("width", "", "$w(\\pi)$, the evidence put in"),
    ),
    needs=("bayes", "probability"),
    source="zhang1994simple",
    year=1994,
    people=("Umberto Bertelè", "Francesco Brioschi", "Nevin Zhang", "David Poole", "Rina Dechter"),
    aliases="exact inference, bucket elimination, sum-product elimination, elimination order, induced width, treewidth, fill-in, "
    "精确推断, 变量消除, 消元次序, 诱导宽度, 树宽",
    implementations=(
        Implementation(
            "gradus.inference:query",
            "numpy",
            _query,
            "of named variables; all posteriors at once: `infer`, an order and its width: `elimination_order`",
        ),
    ),
    readings="koller2009probabilistic ch. 9; dechter1999bucket; bertele1972nonserial; arnborg1987complexity; cooper1990computational",
    hypotheses=(
        Hypothesis(
            "the evidence is possible: $Z>0$", "impossible-evidence-is-refused, impossible-evidence-as-not-a-number"
        ),
        Hypothesis(
            "$Z=P(e)$: each variable has one table, conditional on some of those before it in one order of all, whose rows sum to 1",
            "barren-variables-change-nothing",
        ),
    ),
    conventions=(
        Convention(
            "width of an order",
            "the most neighbours: variables of the largest product less one, so that a chain taken from its ends has 1",
            "the variables of the largest product (“induced width + 1”, clique size); or its number of entries",
        ),
        Convention(
            "where evidence is put in",
            "before all sums: each factor at the states found, which takes the variables out of the graph",
            "multiplied by a table of 0 and 1, and the variable summed out like others: the same answer, tables that may be wider",
        ),
    ),
    deviations="The definition multiplies numbers as they are: with hundreds of factors the product may underflow. The library scales, or adds logarithms, and chooses the order itself.",
    unverified="The narrowest order is NP-hard to find (Arnborg et al. 1987), and so is exact inference itself in general (Cooper 1990).",
    differentiable=False,
    carries_gradient=False,
)


def findings(evidence, sizes):
    """Evidence as a state by variable; the same finding twice is one."""
    known = {}
    for i, x in evidence:
        if not (0 <= i < len(sizes) and 0 <= x < sizes[i]):
            raise ValueError(f"no variable {i} with a state {x}")
        if known.setdefault(int(i), int(x)) != x:
            raise ValueError(f"variable {i} is found in two states, {known[int(i)]} and {x}")
    return known


@VARIABLE_ELIMINATION.definition
def eliminate(tables, query, order, evidence=()):
    sizes = [max(f.shape[i] for f in tables) for i in range(tables[0].ndim)]
    known = findings(evidence, sizes)
    asked = {*range(len(sizes))} - {query, *known}
    if query in known or len(set(order)) < len(order) or not asked <= set(order) <= {*range(len(sizes))} - {query}:
        raise ValueError("order: every variable once but the query; the query is not among the evidence")
    factors = list(tables)
    for i, x in known.items():
        factors = [f.take([x], axis=i) if f.shape[i] > 1 else f for f in factors]
    width = 0
    for i in order:
        product, rest = np.ones([1] * len(sizes)), []
        for f in factors:
            if f.shape[i] > 1:
                product = product * f
            else:
                rest.append(f)
        width = max(width, sum(k > 1 for k in product.shape) - 1)
        factors = [*rest, product.sum(axis=i, keepdims=True)]
    answer = np.ones([1] * len(sizes))
    for f in factors:
        answer = answer * f  # the query's axis alone is left
    Z = answer.sum()
    if not Z > 0:
        raise ValueError("impossible evidence: " + ", ".join(f"variable {i} in state {x}" for i, x in known.items()))
    return np.broadcast_to(answer / Z, [k if i == query else 1 for i, k in enumerate(sizes)]).ravel() / 1.0, Z, width


@VARIABLE_ELIMINATION.example
def example():
    tables, evidence = garden(), ((SLIPPERY, 1),)
    p, Z, width = eliminate(tables, RAIN, (WET, SPRINKLER), evidence)
    slippery = tables[3][0, 0, :, 1]
    first = (tables[2][..., 0] * slippery).sum(2)  # by rain and sprinkler
    second = 0.5 * first.sum(1)
    return (
        dict(tables=tables, query=RAIN, order=(WET, SPRINKLER), evidence=evidence, posterior=p, Z=Z, width=width)
        | dict(wet=tables[2][:, :, 1, 0], slippery=slippery, first=first, second=second, prior=np.array([0.8, 0.2]))
        | dict(products=np.array([0.8, 0.2]) * second, other=eliminate(tables, RAIN, (SPRINKLER, WET), evidence)[2])
        | dict(terms=2**3, products_of=np.array([(tables[2] * tables[3][..., 1:]).size, (0.5 * first).size]))
    )


@VARIABLE_ELIMINATION.exercise
def wet_grass():
    p, Z, _ = eliminate(garden(), RAIN, (SPRINKLER, SLIPPERY), ((WET, 1),))
    likelihood = np.array([0.4, 0.95])
    return number(p[1], crossed_out=0.2, not_scaled=p[1] * Z, prior_forgotten=likelihood[1] / likelihood.sum())


@VARIABLE_ELIMINATION.exercise
def hub_first():
    """A hub with ten leaves, two states each: the product that is made when the hub goes first."""
    tables = star(10)
    width = eliminate(tables, 10, range(10))[2]
    return number(2 ** (width + 1), after_the_sum=2**width, leaves_first=4, one_table=11 * 2)


@VARIABLE_ELIMINATION.exercise
def a_ring():
    tables = pairs([(i, (i + 1) % 6) for i in range(6)], 6, np.random.default_rng(0))
    widths = {eliminate(tables, 0, order)[2] for order in itertools.permutations(range(1, 6))}
    return choice(two=widths == {2}, one=widths == {1}, order=len(widths) > 1)


def star(leaves, rng=None):
    """A hub, variable 0, joined to each leaf."""
    return pairs([(0, i) for i in range(1, leaves + 1)], leaves + 1, rng or np.random.default_rng(0))


def grid(side, rng):
    """Variables on a square, each joined to its neighbours."""
    here = [(i, i + 1) for i in range(side * side) if (i + 1) % side]
    return pairs([*here, *((i, i + side) for i in range(side * (side - 1)))], side * side, rng)


@VARIABLE_ELIMINATION.cases
def cases(rng):
    yield "a small Bayesian network", dict(tables=garden(), query=RAIN, order=(2, 1), evidence=((SLIPPERY, 1),))
    yield "a chain", dict(tables=pairs([(i, i + 1) for i in range(5)], 6, rng, 3), query=3, order=(0, 1, 2, 5, 4))
    yield "a star, its hub first", dict(tables=star(5, rng), query=2, order=(0, 1, 3, 4, 5))
    yield "a star, its hub last", dict(tables=star(5, rng), query=2, order=(5, 4, 3, 1, 0))
    yield "a ring", dict(tables=pairs([(i, (i + 1) % 5) for i in range(5)], 5, rng), query=0, order=(2, 4, 1, 3))
    yield "a grid", dict(tables=grid(3, rng), query=8, order=tuple(range(8)), evidence=((4, 1),))
    tables = drawn(rng, [2, 3, 1, 4, 2, 3])
    yield (
        "states of many numbers, one of a single",
        dict(tables=tables, query=3, order=(5, 0, 2, 1, 4), evidence=((5, 2),)),
    )
    yield (
        "a finding twice",
        dict(tables=garden(), query=RAIN, order=(1, 2), evidence=((SLIPPERY, 1), (WET, 1), (SLIPPERY, 1))),
    )
    yield (
        "known ones in the order",
        dict(tables=garden(), query=SPRINKLER, order=(3, 2, 0), evidence=((RAIN, 0), (SLIPPERY, 0))),
    )
    yield (
        "all others known",
        dict(tables=garden(), query=WET, order=(), evidence=((RAIN, 1), (SPRINKLER, 0), (SLIPPERY, 1))),
    )
    yield (
        "parts that are not joined",
        dict(
            tables=(*(spread(t, [0], 2) for t in rng.random((2, 3))), spread([1.0, 3.0], [1], 2)), query=0, order=(1,)
        ),
    )
    hard = (spread([[1.0, 0.0], [0.0, 1.0]], [0, 1], 3), spread([[0.0, 0.5], [1.0, 0.5]], [1, 2], 3))
    yield "zeros in the tables", dict(tables=hard, query=0, order=(1,), evidence=((2, 1),))


@VARIABLE_ELIMINATION.invalid
def invalid(rng):
    hard = (spread([[1.0, 0.0], [0.0, 1.0]], [0, 1], 3), spread([0.5, 0.5], [2], 3))
    yield "impossible evidence", dict(tables=hard, query=2, order=(), evidence=((0, 0), (1, 1)))
    yield (
        "one variable in two states",
        dict(tables=garden(), query=RAIN, order=(1, 2), evidence=((SLIPPERY, 0), (SLIPPERY, 1))),
    )
    yield "a state that there is not", dict(tables=garden(), query=RAIN, order=(1, 2), evidence=((SLIPPERY, 2),))


def enumerated(tables, query, evidence=()):
    """Every term of the sum, one after another: the posterior and Z."""
    sizes = [max(f.shape[i] for f in tables) for i in range(tables[0].ndim)]
    total = np.zeros(sizes[query])
    for x in itertools.product(*(range(k) for k in sizes)):
        if all(x[i] == state for i, state in evidence):
            total[x[query]] += math.prod(
                f[tuple(a if k > 1 else 0 for a, k in zip(x, f.shape, strict=True))] for f in tables
            )
    return total / total.sum(), total.sum()


def close(got, want, terms):
    """Posterior and Z beside others, relative to Z."""
    return roundoff(np.append(np.asarray(got[0], float), float(got[1]) / want[1]), np.append(want[0], 1.0), terms=terms)


@VARIABLE_ELIMINATION.claim
def every_order_gives_the_enumerated_sum(eliminate, rng):
    """In every order posterior and $Z$ are those of the sum over all states, term by term: of a random network of five variables with up to two
    parents each and one finding, in all six orders, and of two random Markov networks with three-variable factors, in a random
    order each"""
    sizes = [2, 3, 2, 2, 3]
    tables, evidence = drawn(rng, sizes), ((4, int(rng.integers(3))),)
    want = enumerated(tables, 0, evidence)
    for order in itertools.permutations((1, 2, 3)):
        yield close(eliminate(tables, 0, order, evidence), want, 72)
    for _ in range(2):
        scopes = [sorted(rng.choice(5, 3, replace=False)) for _ in range(4)] + [[i] for i in range(5)]
        tables = tuple(spread(rng.gamma(1, 1, [sizes[i] for i in s]), s, 5) for s in scopes)
        yield close(eliminate(tables, 1, tuple(rng.permutation([0, 2, 3, 4]).tolist())), enumerated(tables, 1), 72)


@VARIABLE_ELIMINATION.claim
def the_order_decides_the_width(eliminate, rng):
    """A hub joined to each of ten leaves, all of two states, has width 1 if all leaves but the one asked for go before it, and 10 if it goes first: a product of $2^{11}$ numbers for
    one of 4; in between it is the number of leaves not gone yet"""
    tables = star(10, rng)
    for before in (0, 3, 9):
        order = (*range(1, before + 1), 0, *range(before + 1, 10))
        yield identical(int(eliminate(tables, 10, order)[2]), 10 - before)


@VARIABLE_ELIMINATION.claim
def small_tables_do_not_make_small_sums(eliminate, rng):
    """Where no factor holds more than two variables the width may still be large: a ring of five has 2 in all 24 orders, a grid of 3 × 3 taken row by row
    3, one of 4 × 4 has 4"""
    ring = pairs([(i, (i + 1) % 5) for i in range(5)], 5, rng)
    yield identical([int(eliminate(ring, 0, order)[2]) for order in itertools.permutations(range(1, 5))], [2] * 24)
    yield identical([int(eliminate(grid(n, rng), n * n - 1, tuple(range(n * n - 1)))[2]) for n in (3, 4)], [3, 4])


@VARIABLE_ELIMINATION.claim
def evidence_cuts_the_graph(eliminate, rng):
    """What is known leaves the graph: of the ring of five with one variable known a chain is left, of width 1 if it is taken from its ends towards the query, and 2 in all other orders; of the star
    with the hub known single leaves, of width 0. The factors of the known variable stay, at its state: 0.2 for rain becomes 0.373 when the grass is wet"""
    ring, chain = pairs([(i, (i + 1) % 5) for i in range(5)], 5, rng), list(itertools.permutations((1, 2, 4)))
    yield identical(  # 2 – 1 – 0 – 4 is left
        [int(eliminate(ring, 0, order, ((3, 1),))[2]) for order in chain],
        [1 if order.index(2) < order.index(1) else 2 for order in chain],
    )
    yield identical(int(eliminate(star(6, rng), 1, range(2, 7), ((0, 1),))[2]), 0)
    p, Z, _ = eliminate(garden(), RAIN, (SPRINKLER, SLIPPERY), ((WET, 1),))
    yield roundoff([float(p[1]), float(Z)], [0.19 / 0.51, 0.51], terms=20)
    yield roundoff(float(eliminate(garden(), RAIN, (SPRINKLER, WET, SLIPPERY))[0][1]), 0.2, terms=20)


@VARIABLE_ELIMINATION.claim
def a_finding_twice_is_one(eliminate, rng):
    """The same finding given again, or the findings in another order, change nothing; one variable found in two states is refused"""
    tables = drawn(rng, [2, 3, 2, 2, 3])
    once = eliminate(tables, 0, (1, 2), ((3, 1), (4, 2)))
    for evidence in (((3, 1), (3, 1), (4, 2)), ((4, 2), (3, 1), (4, 2), (4, 2))):
        again = eliminate(tables, 0, (1, 2), evidence)
        yield invariance(np.append(again[0], float(again[1])), np.append(once[0], float(once[1])), terms=72)
    yield close(once, enumerated(tables, 0, ((3, 1), (4, 2))), 72)
    yield raises(lambda: eliminate(tables, 0, (1, 2, 4), ((3, 1), (3, 0))), ValueError)


@VARIABLE_ELIMINATION.claim
def answers_agree_with_each_other(eliminate, rng):
    r"""Run on its own answers it obeys total probability, $P(x_q\mid e)=\sum_uP(x_q\mid u,e)\,P(u\mid e)$, and the product rule, $Z(e,u)=P(u\mid e)\,Z(e)$, on a network of
    nine variables in other orders each time"""
    tables, e = grid(3, rng), ((8, 1),)
    p, Z, _ = eliminate(tables, 0, rng.permutation(np.arange(1, 8)).tolist(), e)
    u, Zu, _ = eliminate(tables, 5, rng.permutation([0, 1, 2, 3, 4, 6, 7]).tolist(), e)
    parts = [eliminate(tables, 0, rng.permutation([1, 2, 3, 4, 6, 7]).tolist(), (*e, (5, x))) for x in (0, 1)]
    yield roundoff(
        sum(float(u[x]) * np.asarray(parts[x][0], float) for x in (0, 1)), np.asarray(p, float), terms=512, scale=1.0
    )
    yield roundoff([float(parts[x][1]) / float(Z) for x in (0, 1)], np.asarray(u, float), terms=512, scale=1.0)
    yield roundoff(float(Zu) / float(Z), 1.0, terms=512)


@VARIABLE_ELIMINATION.claim
def barren_variables_change_nothing(eliminate, rng):
    """Of a Bayesian network $Z$ is 1 without evidence, and a variable that is not asked for, not known and has no children drops out with its table: the sum over its
    rows is 1. A factor whose rows have different sums does not drop out: with sums 1 and 3 it changes the odds by 3. Nor need $Z$ be 1 where the tables are conditional on one another in a
    circle: of two coins, each a copy of the other, it is 2"""
    tables = garden()
    with_it = eliminate(tables, RAIN, (SPRINKLER, SLIPPERY), ((WET, 1),))
    without = eliminate(tables[:3], RAIN, (SPRINKLER, SLIPPERY), ((WET, 1),))
    yield invariance(np.append(without[0], float(without[1])), np.append(with_it[0], float(with_it[1])), terms=20)
    yield roundoff(float(eliminate(tables, RAIN, (SPRINKLER, WET, SLIPPERY))[1]), 1.0, terms=20)
    free = (spread([0.5, 0.5], [0], 2), spread([[0.5, 0.5], [1.0, 2.0]], [0, 1], 2))
    yield roundoff(np.asarray(eliminate(free, 0, (1,))[0], float), [0.25, 0.75], terms=8)
    copies = (spread(np.eye(2), [0, 1], 2), spread(np.eye(2), [1, 0], 2))
    yield roundoff(float(eliminate(copies, 0, (1,))[1]), 2.0, terms=8)


@VARIABLE_ELIMINATION.claim
def units_of_a_factor_do_not_matter(eliminate, rng):
    """A factor multiplied by 7 multiplies $Z$ by 7 and leaves the posterior; numbers of the variables in another order change nothing but their names"""
    tables = drawn(rng, [2, 3, 2, 3])
    p, Z, width = eliminate(tables, 2, (0, 3), ((1, 2),))
    q, Y, _ = eliminate((tables[0], 7 * tables[1], *tables[2:]), 2, (0, 3), ((1, 2),))
    yield invariance(np.append(q, float(Y) / 7), np.append(p, float(Z)), terms=36)
    place = [2, 0, 3, 1]  # axis k of the new tables is the old variable place[k]
    r, X, other = eliminate(tuple(f.transpose(place) for f in tables), 0, (1, 2), ((3, 2),))
    yield invariance(np.append(r, float(X)), np.append(p, float(Z)), terms=36)
    yield identical(int(other), int(width))
    yield close((p, Z, width), enumerated(tables, 2, ((1, 2),)), 36)


@VARIABLE_ELIMINATION.claim
def impossible_evidence_is_refused(eliminate, rng):
    """Evidence of probability 0 has no posterior, 0/0, and is refused, while each of its findings alone is possible"""
    tables = (spread([[0.5, 0.0], [0.0, 0.5]], [0, 1], 3), spread([0.25, 0.75], [2], 3))
    yield raises(lambda: eliminate(tables, 2, (), ((0, 0), (1, 1))), ValueError)
    for finding, rest in (((0, 0), 1), ((1, 1), 0)):
        p, Z, _ = eliminate(tables, 2, (rest,), (finding,))
        yield roundoff(np.append(p, float(Z)), [0.25, 0.75, 0.5], terms=8)


def run(tables, query, order, evidence=(), *, total=np.sum, keep=False, apart=False, scaled=False, width=None):
    """The definition with one thing wrong at a time, on tables in which the evidence stands already."""
    n = tables[0].ndim
    sizes = [max(f.shape[i] for f in tables) for i in range(n)]
    factors, widest = list(tables), 0
    for i, x in findings(evidence, sizes).items():
        factors = [f.take([x], axis=i) if f.shape[i] > 1 else f for f in factors]
    for i in order:
        near, rest = [f for f in factors if f.shape[i] > 1], [f for f in factors if f.shape[i] == 1]
        product = math.prod(near, start=np.ones([1] * n))
        widest = max(widest, sum(k > 1 for k in product.shape) - 1)
        if apart:
            product = math.prod([f.sum(axis=i, keepdims=True) for f in near], start=np.ones([1] * n))
        else:
            product = total(product, axis=i, keepdims=True)
        factors = [*(factors if keep else rest), product / product.sum() if scaled else product]
    answer = math.prod(factors, start=np.ones([1] * n))
    answer = answer.sum(tuple(i for i in range(n) if i != query))
    Z = answer.sum()
    if not Z > 0:
        raise ValueError("impossible evidence")
    return np.broadcast_to(answer / Z, sizes[query]) / 1.0, Z, widest if width is None else width


@VARIABLE_ELIMINATION.mutant(
    caught_by="evidence-cuts-the-graph, every-order-gives-the-enumerated-sum, a-finding-twice-is-one, equals-definition"
)
def evidence_summed_out(tables, query, order, evidence=()):
    """what is known is summed out like all others: the prior for the posterior"""
    return eliminate(tables, query, (*order, *({i for i, _ in evidence} - set(order))))


@VARIABLE_ELIMINATION.mutant(
    caught_by="evidence-cuts-the-graph, every-order-gives-the-enumerated-sum, answers-agree-with-each-other"
)
def known_variable_crossed_out(tables, query, order, evidence=()):
    """the known variable is crossed out, and every factor that holds it with it"""
    left = [f for f in tables if all(f.shape[i] == 1 for i, _ in evidence)]
    return eliminate(
        (np.ones([1 if i != query else max(f.shape[i] for f in tables) for i in range(tables[0].ndim)]), *left),
        query,
        [i for i in order if i not in {j for j, _ in evidence}]
        + [i for i, _ in dict.fromkeys(evidence) if i not in order],
    )


@VARIABLE_ELIMINATION.mutant(caught_by="a-finding-twice-is-one")
def each_finding_multiplied_in(tables, query, order, evidence=()):
    """each finding multiplies the factors at its state once more: given twice it counts twice"""
    times = {i: sum(j == i for j, _ in evidence) for i, _ in evidence}
    return eliminate(
        tuple(f ** max([times[i] for i in times if f.shape[i] > 1], default=1) for f in tables), query, order, evidence
    )


@VARIABLE_ELIMINATION.mutant(
    caught_by="every-order-gives-the-enumerated-sum, evidence-cuts-the-graph, answers-agree-with-each-other"
)
def sums_before_products(tables, query, order, evidence=()):
    """each factor is summed by itself, then multiplied: a product of sums for a sum of products"""
    return run(tables, query, order, evidence, apart=True)


@VARIABLE_ELIMINATION.mutant(
    caught_by="every-order-gives-the-enumerated-sum, barren-variables-change-nothing, answers-agree-with-each-other"
)
def largest_for_sum(tables, query, order, evidence=()):
    """the largest term for the sum"""
    return run(tables, query, order, evidence, total=np.max)


@VARIABLE_ELIMINATION.mutant(
    caught_by="every-order-gives-the-enumerated-sum, answers-agree-with-each-other, units-of-a-factor-do-not-matter"
)
def factors_left_behind(tables, query, order, evidence=()):
    """the factors that were multiplied stay where they were, and count again"""
    return run(tables, query, order, evidence, keep=True)


@VARIABLE_ELIMINATION.mutant(
    caught_by="every-order-gives-the-enumerated-sum, answers-agree-with-each-other, units-of-a-factor-do-not-matter, impossible-evidence-is-refused"
)
def each_table_scaled(tables, query, order, evidence=()):
    """each table is scaled to sum 1 when it is put back, and nobody keeps the scale: $Z$ is lost"""
    return run(tables, query, order, evidence, scaled=True)


@VARIABLE_ELIMINATION.mutant(caught_by="impossible-evidence-is-refused")
def impossible_evidence_as_not_a_number(tables, query, order, evidence=()):
    """impossible evidence gives NaN without a word"""
    try:
        return eliminate(tables, query, order, evidence)
    except ValueError as error:
        if "impossible" not in str(error):
            raise
        return np.full(max(f.shape[query] for f in tables), np.nan), 0.0, 0


@VARIABLE_ELIMINATION.mutant(caught_by="a-finding-twice-is-one")
def the_last_finding_counts(tables, query, order, evidence=()):
    """of two findings that exclude each other the last one is believed"""
    return eliminate(tables, query, order, tuple(dict(evidence).items()))


@VARIABLE_ELIMINATION.mutant(
    caught_by="the-order-decides-the-width, small-tables-do-not-make-small-sums, evidence-cuts-the-graph"
)
def the_largest_table_given(tables, query, order, evidence=()):
    """the width is read from the largest table that was given"""
    return run(tables, query, order, evidence, width=max(sum(k > 1 for k in f.shape) for f in tables) - 1)


@VARIABLE_ELIMINATION.mutant(
    caught_by="the-order-decides-the-width, small-tables-do-not-make-small-sums, evidence-cuts-the-graph"
)
def counts_itself(tables, query, order, evidence=()):
    """the variable that goes is counted among its neighbours"""
    p, Z, width = eliminate(tables, query, order, evidence)
    return p, Z, width + 1


@VARIABLE_ELIMINATION.mutant(caught_by="evidence-cuts-the-graph")
def width_without_the_evidence(tables, query, order, evidence=()):
    """the width of the graph as it was before anything was known"""
    p, Z, _ = eliminate(tables, query, order, evidence)
    return p, Z, eliminate(tables, query, (*({i for i, _ in evidence} - set(order)), *order))[2]


VARIABLE_ELIMINATION.erratum(
    "E292",
    common="Exact inference is cheap in a sparse network, where every table is small: its cost is that of the largest table (a common slip)",
    why="A ring of five pairs makes tables of three variables in every order, and a grid of 4 × 4 variables, taken row by row, of five; a hub that goes first makes one of itself and all its leaves.",
    right="The cost is exponential in the width of the order, which belongs to the graph with its fill-in, not to the tables given",
    claims="small-tables-do-not-make-small-sums, the-order-decides-the-width",
)
VARIABLE_ELIMINATION.erratum(
    "E293",
    common="A variable that is known need not be summed over any more, so it may be crossed out of the network (a common slip)",
    why="Its table at the state found is still a factor of its parents: crossed out, wet grass would leave the probability of rain at 0.2; it is 0.373.",
    right="Evidence takes the variable's axis out of the factors that hold it, not the factors out of the product",
    claims="evidence-cuts-the-graph",
)


def steps(order):
    """For each variable that goes, its neighbours then and the edges that are put in."""
    near = {i: {b if a == i else a for a, b in EDGES if i in (a, b)} for i in range(8)}
    made = []
    for i in order:
        around = near.pop(i)
        fill = [(a, b) for a, b in itertools.combinations(sorted(around), 2) if b not in near[a]]
        for a in around:
            near[a] = (near[a] | around) - {a, i}
        made.append((around, fill))
    return made


@VARIABLE_ELIMINATION.figure(step=Slider(1, 8, 3, "step", integer=True), order=Slider(1, 3, 2, "order", integer=True))
def figure(step, order):
    step, order = int(step), int(order)
    made = steps(ORDERS[order - 1])
    gone, now = set(ORDERS[order - 1][: step - 1]), ORDERS[order - 1][step - 1]
    around, fresh = made[step - 1]
    old = [edge for _, fill in made[: step - 1] for edge in fill]
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.4)

    def line(edges, **how):
        for a, b in edges:
            left.plot(*PLACES[[a, b]].T, zorder=1, **how)

    alive = [e for e in (*EDGES, *old) if not gone & set(e)]
    line([e for e in EDGES if gone & set(e)], color="0.5", lw=0.8, ls=":", alpha=0.6)
    line([e for e in alive if e in EDGES], color="0.5", lw=1.4)
    line([e for e in alive if e not in EDGES], color=COLOURS[1], lw=1.4, ls="--", alpha=0.6)
    line(fresh, color=COLOURS[1], lw=2.6, ls="--")
    for i, (x, y) in enumerate(PLACES):
        colour = COLOURS[0] if i == now else COLOURS[4] if i in around else "#BBBBBB" if i in gone else COLOURS[5]
        left.scatter([x], [y], s=270, color=colour, alpha=0.35 if i in gone else 1, zorder=2, edgecolors="none")
        left.text(
            x,
            y,
            str(i + 1),
            ha="center",
            va="center",
            fontsize=10,
            color="#14171a" if i != now else "#fdfdfb",
            zorder=3,
        )
    left.set(xlim=(-0.35, 3.35), ylim=(-1.25, 1.25), title="going, neighbours, new edges (dashed)")
    left.set_axis_off()
    for k, steps_ in enumerate(map(steps, ORDERS)):
        sizes = [len(a) + 1 for a, _ in steps_]
        right.plot(
            range(1, 9),
            sizes,
            "o-",
            color=COLOURS[k],
            lw=2.4 if k == order - 1 else 1,
            alpha=1 if k == order - 1 else 0.55,
            label=f"order {k + 1}",
        )
    right.plot([step], [len(around) + 1], "o", ms=12, mfc="none", mec="0.4")
    right.set(xlabel="step", ylabel="variables in the product", ylim=(0, 6.6), xticks=range(1, 9))
    right.legend(fontsize=9.5, frameon=False, loc="lower left", ncols=1)
    widths = [max(len(a) for a, _ in steps(o)) for o in ORDERS]
    names = ", ".join(str(i + 1) for i in sorted(around)) or "–"
    names_zh = names.replace(", ", "、")
    words = Text(
        f"Order {order}, step {step}: variable {now + 1} goes, its neighbours are {names}; {len(fresh)} edges are new. The orders have the widths {widths[0]}, {widths[1]} and {widths[2]}.",
        f"次序 {order}，第 {step} 步：消去变量 {now + 1}，其邻居为 {names_zh}；新增 {len(fresh)} 条边。三种次序的宽度为 {widths[0]}、{widths[1]} 与 {widths[2]}。",
    )
    return Drawing(fig, words)
