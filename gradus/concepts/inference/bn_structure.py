"""Structure of Bayesian networks from cases: the graphs of highest BIC, and the likeliest tree."""

import itertools
import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(hill_climbing, x, k, G):
    from gradus.inference import chow_liu, essential_graph

    x, G, n = np.asarray(x), np.asarray(G), len(k)
    names = [str(i) for i in range(n)]
    data = {v: x[:, i].astype(str).tolist() for i, v in enumerate(names)}
    states = {v: [str(s) for s in range(int(k[i]))] for i, v in enumerate(names)}
    pairs = list(itertools.permutations(range(n), 2))
    fixed = [(names[a], names[b]) for a, b in pairs if G[a, b]]
    others = [(names[a], names[b]) for a, b in pairs if not G[a, b]]
    given = hill_climbing(data, states=states, required=fixed, forbidden=others)
    orders = [names[i:] + names[:i] for i in range(n)]
    starts = [None, *({v: order[:place] for place, v in enumerate(order)} for order in orders)]
    found = [hill_climbing(data, states=states, start=s) for s in starts]
    highest, E, tree = max(f.score for f in found), np.zeros((n, n)), np.zeros((n, n))
    for f in found:
        if f.score > highest - 1e-9 * len(x):
            graph = essential_graph(f.graph)
            for a, b in (*graph.arrows, *graph.lines, *((b, a) for a, b in graph.lines)):
                E[int(a), int(b)] = 1
    best_tree = chow_liu(data, states=states)
    for a, b in best_tree.graph.graph.edges:
        tree[int(a), int(b)] = tree[int(b), int(a)] = 1
    return np.array([given.scores[v] for v in names]), highest, E, tree, best_tree.score


STRUCTURE = Concept(
    key="bn-structure",
    kind="algorithm",
    title="Structure learning",
    summary="Given cases of which every value is known, which graph? The likelihood alone says: all arrows that can be drawn, for none lowers it. "
    "The Bayesian information criterion (BIC) takes ½ ln N from it for each free parameter, and an arrow stays only if it says more. It is a sum over the variables, each with its parents; "
    "graphs that say the same have the same score, so of some arrows the direction stays open. The likeliest tree is found without any search: it is a spanning tree whose mutual informations have the largest sum.",
    formulas=(
        r"\operatorname{BIC}(G)=\sum_is_i(\operatorname{pa}(i)),\qquad s_i(\operatorname{pa}(i))=\sum_{j,l}N_{ijl}\ln\frac{N_{ijl}}{N_{ij}}-\frac{\ln N}2\,q_i(r_i-1)",
        r"e_{ij}=1\iff\text{some graph of the highest score has the arrow}\ i\to j",
        r"\hat I_{ij}=\sum_{a,b}\frac{N_{ab}}N\ln\frac{N_{ab}\,N}{N_a\,N_b},\qquad T=\arg\max_{\text{spanning trees}}\sum_{\{i,j\}\in T}\hat I_{ij}",
        r"\ln L(T)=N\sum_{\{i,j\}\in T}\hat I_{ij}-N\sum_i\hat H_i",
    ),
    symbols=(
        Symbol("x", "x", "N n", "the cases, a row each: the state of each variable, from 0", "other"),
        Symbol("r_i", "k", "n", "number of states of each variable, of those too that no case has", "natural"),
        Symbol(
            "G", "G", "n n", "a graph to be scored: $g_{ij}=1$ where an arrow leads from $i$ to $j$, else 0", "other"
        ),
        Symbol(r"\operatorname{pa}(i)", "", "", "the parents of $i$", "other"),
        Symbol("s_i", "", "", "score of the variable $i$ with these parents, in nats"),
        Symbol(
            "N_{ijl},\\ N_{ij}",
            "",
            "",
            "cases in which $i$ is in its $l$-th state and its parents in their $j$-th configuration; in which the parents are in it. Terms with $N_{ijl}=0$ are 0",
            "natural",
        ),
        Symbol(
            "q_i", "", "", "number of configurations of the parents, the product of their numbers of states", "natural"
        ),
        Symbol("e_{ij}", "", "", "1 both ways where the highest score leaves the direction open", "natural"),
        Symbol(
            r"\hat I_{ij},\ N_{ab},\ N_a,\ N_b",
            "",
            "",
            "mutual information of two variables in the cases; cases with the states $a$ and $b$, with $a$, with $b$",
        ),
        Symbol(r"\hat H_i", "", "", "entropy of a variable in the cases"),
        Symbol(
            r"T,\ L(T)",
            "",
            "",
            "the likeliest tree in which no variable has two parents, and its likelihood with the shares as its tables",
            "other",
        ),
        Symbol(
            "i,\\ j,\\ l,\\ a,\\ b",
            "",
            "",
            "variables or, of $N_{ijl}$, a configuration and a state; states",
            "natural",
        ),
        Symbol("n,\\ N", "", "", "number of variables, of cases", "natural"),
    ),
    returns=(
        Result("scores", "n", r"$s_i(\operatorname{pa}(i))$ with the parents that $G$ gives"),
        Result("highest", "", "the highest BIC of any graph without directed cycles"),
        Result("essential", "n n", r"$e_{ij}$"),
        Result("tree", "n n", r"1 where $T$ joins the two, both ways"),
        Result("log_likelihood", "", r"$\ln L(T)$"),
    ),
    needs=("bayesian-network", "mle", "mutual-information"),
    source="chow1968approximating",
    year=1968,
    people=(
        "C. K. Chow",
        "C. N. Liu",
        "Gideon Schwarz",
        "Thomas Verma",
        "Judea Pearl",
        "Peter Spirtes",
        "Clark Glymour",
    ),
    aliases="Chow-Liu tree, PC algorithm, BIC, causal discovery, essential graph, CPDAG, 因果发现, 贝叶斯信息准则, 本质图",
    implementations=(
        Implementation(
            "gradus.inference:hill_climbing",
            "numpy",
            call=_ours,
            note="one arrow at a time, so for many variables, too: a local maximum; several starts here. Also `chow_liu`, `essential_graph`, and `pc`, which tests independence",
        ),
    ),
    readings="schwarz1978estimating; verma1990equivalence; spirtes1991algorithm; chickering1995transformational; heckerman1995learning; silander2006simple; koller2009probabilistic ch. 18",
    hypotheses=(
        Hypothesis(
            "enough cases: $N$ times the information of each arrow exceeds ½ ln N times its parameters",
            "an-arrow-pays-from-so-many-cases",
        ),
        Hypothesis(
            "an arrow shows in pairs: the distribution is faithful to a graph, so that no two variables that an arrow joins are independent (a climb by single arrows may end below the highest score even then)",
            "exclusive-or-hides",
        ),
        Hypothesis("the tree is one tree: no two of the weights that it compares are equal", "exclusive-or-hides"),
        Hypothesis("arrows are read as causes: no common cause of two variables is left out", "a-hidden-cause-joins"),
    ),
    conventions=(
        Convention(
            "sign and scale",
            "higher is better, in nats",
            r"$-2\operatorname{BIC}$, lower is better (statistics); per case",
        ),
        Convention(
            "parameters of a variable",
            "$q_i(r_i-1)$ with all configurations of the parents",
            "with those that occur in the cases: graphs that say the same can then have unequal scores",
        ),
        Convention(
            "a direction that is open",
            "1 both ways, in $E$",
            "one graph of the class, with directions that mean nothing",
        ),
    ),
    deviations="Scores within $10^{-10}N$ of each other count as equal, so that rounding parts no ties.",
    unverified="For a general number of variables, finding the highest score is NP-hard, with two parents allowed for BDe (Chickering 1996), with three for every consistent score such as BIC, however many the cases (Chickering, Heckerman and Meek 2004); the definition goes through all orders. "
    "How much of a known network is found again (asia, sachs, alarm) is measured outside the quick claims, in a slow test, where the networks' files are at hand.",
    differentiable=False,
    carries_gradient=False,
)


@STRUCTURE.definition
def bn_structure(x, k, G):
    x, k, G, n = np.asarray(x), np.asarray(k), np.asarray(G), len(k)
    if x.ndim != 2 or x.shape[1] != n or not len(x) or ((x < 0) | (x >= k)).any():
        raise ValueError("x: for each case a state of each variable, from 0 and below its number of states")
    if G.shape != (n, n) or np.linalg.matrix_power((G != 0).astype(int), n).any():
        raise ValueError("G: a square matrix without cycles")
    N = len(x)

    def fit(i, parents):
        counts = np.zeros([*k[parents], k[i]])
        np.add.at(counts, tuple(x[:, [*parents, i]].T), 1)
        of_row = np.broadcast_to(counts.sum(-1, keepdims=True), counts.shape)
        seen = counts > 0
        return (counts[seen] * np.log(counts[seen] / of_row[seen])).sum()

    def score(i, parents):
        return fit(i, parents) - np.log(N) / 2 * np.prod(k[parents]) * (k[i] - 1)

    sets = [np.flatnonzero([m >> j & 1 for j in range(n)]) for m in range(2**n)]
    local = {(i, m): score(i, sets[m]) for i in range(n) for m in range(2**n) if i not in sets[m]}
    highest, E, tie = -np.inf, np.zeros((n, n)), 1e-10 * N
    orders = [[]]
    for _ in range(n):
        orders = [[*o, i] for o in orders for i in range(n) if i not in o]
    for order in orders:  # each graph without cycles fits one at least: parents come before
        total, arrows = 0.0, np.zeros((n, n))
        for place, i in enumerate(order):
            possible = [m for m in range(2**n) if set(sets[m]) <= set(order[:place])]
            best = max(local[i, m] for m in possible)
            total += best
            for m in possible:
                if local[i, m] >= best - tie:
                    arrows[sets[m], i] = 1
        if total > highest + tie:
            highest, E = total, arrows
        elif total >= highest - tie:
            E = np.maximum(E, arrows)

    information = {(i, j): (fit(j, [i]) - fit(j, [])) / N for i in range(n) for j in range(i + 1, n)}
    T, part = np.zeros((n, n)), np.arange(n)
    log_likelihood = sum(fit(i, []) for i in range(n))
    for i, j in sorted(information, key=information.get, reverse=True):
        if part[i] != part[j]:
            T[i, j] = T[j, i] = 1
            part[part == part[j]] = part[i]
            log_likelihood += N * information[i, j]
    return np.array([score(i, np.flatnonzero(G[:, i])) for i in range(n)]), highest, E, T, log_likelihood


def graph(n, *arrows):
    G = np.zeros((n, n), int)
    for i, j in arrows:
        G[i, j] = 1
    return G


def repeated(kinds):
    """Cases of the kinds in the dictionary, each so many times."""
    return np.array([case for case, times in kinds.items() for _ in range(times)])


CHAIN, FORK, BACK = graph(3, (0, 1), (1, 2)), graph(3, (1, 0), (1, 2)), graph(3, (2, 1), (1, 0))
COLLIDER = graph(3, (0, 1), (2, 1))
#: Ten cases of three coins that follow each other: b is a in eight of them, c is b in eight others.
TEN = repeated({(0, 0, 0): 3, (0, 0, 1): 1, (0, 1, 1): 1, (1, 0, 0): 1, (1, 1, 0): 1, (1, 1, 1): 3})


@STRUCTURE.example
def example():
    k = np.array([2, 2, 2])
    scores, highest, _, _, log_likelihood = bn_structure(TEN, k, CHAIN)
    apart = bn_structure(TEN, k, graph(3))[0]
    near = bn_structure(TEN[:, :2], k[:2], graph(2, (0, 1)))[-1] - bn_structure(TEN[:, :2], k[:2], graph(2))[0].sum()
    far = bn_structure(TEN[:, [0, 2]], k[:2], graph(2, (0, 1)))[0]
    collider = bn_structure(TEN, k, COLLIDER)[0]
    price = math.log(10) / 2
    return dict(x=TEN, k=k, G=CHAIN, scores=scores, price=price, alone=apart[0], fit_alone=apart[0] + price) | dict(
        gain=near - 2 * price,
        net=scores[1] - apart[1],
        far_gain=far[1] - apart[2] + price,
        far_net=far[1] - apart[2],
        total=scores.sum(),
        apart=apart.sum(),
        collider=collider.sum(),
        highest=highest,
        likelihood=log_likelihood,
    )


@STRUCTURE.exercise
def penalty():
    """100 cases, three states, parents of two and four."""
    each = math.log(100) / 2
    return number(
        each * 2 * 4 * (3 - 1), all_entries=each * 2 * 4 * 3, parents_added=each * (2 + 4) * (3 - 1), aic=2 * 4 * 2.0
    )


@STRUCTURE.exercise
def different():
    """Which of four graphs says something else?"""
    x = np.array(list(itertools.product([0, 1], repeat=3)) * 2 + [(0, 0, 0), (1, 1, 1), (0, 0, 1)] * 3)
    totals = {
        name: bn_structure(x, np.array([2, 2, 2]), G)[0].sum()
        for name, G in dict(chain=CHAIN, back=BACK, fork=FORK, collider=COLLIDER).items()
    }
    middle = np.median(list(totals.values()))
    return choice(**{name: abs(total - middle) > 1e-6 for name, total in totals.items()})


@STRUCTURE.exercise
def enough():
    """The first number of cases from which on an arrow between two coins pays, for information of 0.02 nats a case."""
    first = next(N for N in range(2, 10000) if math.log(N) / 2 < 0.02 * N)
    aic = next(N for N in range(2, 10000) if N > 50)
    return number(first, by_aic=aic, one_nat_twice=2 * aic)


def all_graphs(n):
    pairs = list(itertools.combinations(range(n), 2))
    for ways in itertools.product(range(3), repeat=len(pairs)):
        G = graph(n, *((p if w == 1 else p[::-1]) for p, w in zip(pairs, ways, strict=True) if w))
        if not np.linalg.matrix_power(G, n).any():
            yield G


def entropy(x, variables):
    """In nats, of these columns together."""
    if not len(variables):
        return 0.0
    _, times = np.unique(x[:, list(variables)], axis=0, return_counts=True)
    p = times / times.sum()
    return float(-(p * np.log(p)).sum())


def information(x, a, b, *given):
    """Of two columns given others."""
    return entropy(x, (a, *given)) + entropy(x, (b, *given)) - entropy(x, (a, b, *given)) - entropy(x, given)


def scored(x, k, G):
    """BIC of each variable by entropies."""
    found = []
    for i in range(len(k)):
        parents = np.flatnonzero(G[:, i])
        gap = entropy(x, (*parents, i)) - entropy(x, parents)
        found.append(-len(x) * gap - math.log(len(x)) / 2 * math.prod(k[p] for p in parents) * (k[i] - 1))
    return np.array(found)


def drawn(rng, G, k, N):
    """Cases of a network with random tables; the variables are numbered along the arrows."""
    x = np.zeros((N, len(k)), int)
    for i in range(len(k)):
        parents = np.flatnonzero(G[:, i])
        tables = rng.dirichlet(np.full(k[i], 1.2), [k[p] for p in parents])
        rows = np.broadcast_to(tables[tuple(x[:, parents].T)], (N, k[i]))
        x[:, i] = np.minimum((rng.random((N, 1)) > rows.cumsum(1)).sum(1), k[i] - 1)
    return x


def untied(rng, G, k, N):
    """Cases as above, of which no two pairs of variables have the same information."""
    while True:
        x = drawn(rng, G, k, N)
        weights = sorted(information(x, i, j) for i, j in itertools.combinations(range(len(k)), 2))
        if (np.diff(weights) > 1e-6).all():
            return x


def in_proportion(n, probability, of):
    """Cases of coins, each kind `of` times its probability, which must be whole."""
    kinds = {}
    for case in itertools.product([0, 1], repeat=n):
        times = probability(*case) * of
        assert abs(times - round(times)) < 1e-9
        kinds[case] = round(times)
    return repeated(kinds)


def agree(a, b):
    return 0.8 if a == b else 0.2


def both(a, c, b):
    """P(b | a, c) of a child that follows both."""
    return (0.8 if b else 0.2) if a and c else (0.2 if b else 0.8)


@STRUCTURE.cases
def cases(rng):
    def of(G, k, N, scored_graph=None):
        return dict(x=untied(rng, G, k, N), k=np.array(k), G=G if scored_graph is None else scored_graph)

    diamond = graph(4, (0, 1), (0, 2), (1, 3), (2, 3))
    yield "two coins", of(graph(2, (0, 1)), [2, 2], 83)
    yield "a chain", of(CHAIN, [2, 3, 2], 117)
    yield "a chain, scored as a collider", of(CHAIN, [3, 2, 2], 131, COLLIDER)
    yield "a collider", of(graph(3, (0, 2), (1, 2)), [2, 3, 2], 211)
    yield "a diamond", of(diamond, [2, 2, 3, 2], 307)
    yield "four states, few cases", of(diamond, [4, 2, 4, 3], 41)
    yield "a star", of(graph(4, (0, 1), (0, 2), (0, 3)), [3, 2, 2, 2], 173)
    yield "more states than any case has", of(CHAIN, [2, 3, 2], 97) | dict(k=np.array([2, 5, 3]))
    yield "nothing joined", of(graph(3), [2, 2, 3], 71, CHAIN)


@STRUCTURE.invalid
def invalid(rng):
    k = np.array([2, 2])
    yield "a cycle", dict(x=rng.integers(0, 2, (9, 2)), k=k, G=np.array([[0, 1], [1, 0]]))
    yield "a state that is none", dict(x=np.array([[0, 1], [2, 0]]), k=k, G=graph(2))
    yield "a gap", dict(x=np.array([[0, 1], [-1, 0]]), k=k, G=graph(2))


def run(learn, x, k, G=None):
    k = np.asarray(k)
    scores, highest, E, T, log_likelihood = learn(np.asarray(x), k, graph(len(k)) if G is None else G)
    return (
        np.asarray(scores, float),
        float(highest),
        np.asarray(E, float),
        np.asarray(T, float),
        float(log_likelihood),
    )  # a line each would be no clearer


@STRUCTURE.claim
def a_sum_over_variables(learn, rng):
    r"""The score of a variable is $-N$ times its entropy given its parents, less ½ ln N for each of the $q_i(r_i-1)$ parameters, all configurations and all states counted, those that no case has too. A further parent of one variable changes no other's score"""
    x, k = drawn(rng, graph(4, (0, 1), (0, 2), (1, 3), (2, 3)), [2, 3, 2, 2], 60), [3, 3, 2, 4]
    smaller, larger = graph(4, (0, 1), (2, 3)), graph(4, (0, 1), (2, 3), (0, 3), (1, 3))
    one, other = run(learn, x, k, smaller)[0], run(learn, x, k, larger)[0]
    for found, G in ((one, smaller), (other, larger)):
        yield roundoff(found, scored(x, k, G), terms=60)
    yield invariance(other[:3], one[:3], terms=60)
    yield bound(
        abs(other[3] - one[3]),
        56.0,
        "≥",
        Text(
            "48 parameters more at ½ ln 60 are 98; two states occur, so the fit gains 60 ln 2 at most, 42",
            "多 48 个参数，每个 ½ ln 60，共 98；只出现两个状态，拟合至多增加 60 ln 2，即 42",
        ),
    )


@STRUCTURE.claim
def graphs_that_say_the_same_score_the_same(learn, rng):
    r"""$a\to b\to c$, $a\leftarrow b\to c$ and $a\leftarrow b\leftarrow c$ have one score. That of the collider $a\to b\leftarrow c$ is higher by $N(\hat I_{bc\mid a}-\hat I_{bc})-\frac{\ln N}2\bigl[r_c-1+r_ar_c(r_b-1)-r_a(r_b-1)-r_b(r_c-1)\bigr]$"""
    for k in ([2, 2, 2], [3, 2, 4]):
        x = drawn(rng, CHAIN, k, 80)
        ra, rb, rc = k
        totals = [run(learn, x, k, G)[0].sum() for G in (CHAIN, FORK, BACK, COLLIDER)]
        size = abs(totals[0])
        yield invariance(totals[1:3], [totals[0]] * 2, terms=80)
        more = rc - 1 + ra * rc * (rb - 1) - ra * (rb - 1) - rb * (rc - 1)
        want = 80 * (information(x, 1, 2, 0) - information(x, 1, 2)) - math.log(80) / 2 * more
        yield roundoff(totals[3] - totals[0], want, terms=80, scale=size)
        yield roundoff(totals[0], scored(x, k, CHAIN).sum(), terms=80)


@STRUCTURE.claim
def no_graph_scores_higher(learn, rng):
    r"""Beside all 25 graphs of three variables and all 543 of four: the highest score is that of the best of them, and $e_{ij}=1$ exactly where one of the best has the arrow"""
    for G, k in ((graph(3, (0, 2), (1, 2)), [2, 2, 3]), (graph(4, (0, 1), (1, 3), (2, 3)), [2, 2, 2, 2])):
        n = len(k)
        x = drawn(rng, G, k, 150)
        local, totals, graphs = {}, [], list(all_graphs(n))
        for g in graphs:
            total = 0.0
            for i in range(n):
                key = (i, tuple(np.flatnonzero(g[:, i])))
                if key not in local:
                    local[key] = scored(x, k, g)[i]
                total += local[key]
            totals.append(total)
        _, highest, E, *_ = run(learn, x, k)
        yield identical(len(graphs), {3: 25, 4: 543}[n])
        yield roundoff(highest, max(totals), terms=150)
        best = [g for g, t in zip(graphs, totals, strict=True) if t > max(totals) - 1e-8]
        yield identical(E, np.max(best, 0).astype(float))


@STRUCTURE.claim
def no_tree_is_likelier(learn, rng):
    r"""Beside all 125 trees of five variables, by their Prüfer sequences: $T$ is one of them, and has the highest likelihood, $N\sum_T\hat I_{ij}-N\sum_i\hat H_i$"""
    k = [2, 3, 2, 2, 3]
    x = drawn(rng, graph(5, (0, 1), (1, 2), (1, 3), (3, 4), (0, 4)), k, 90)
    pair = {(i, j): information(x, i, j) for i, j in itertools.combinations(range(5), 2)}
    weights = {}
    for code in itertools.product(range(5), repeat=3):
        degree, edges, rest = [1 + code.count(i) for i in range(5)], [], set(range(5))
        for v in code:
            leaf = min(i for i in rest if degree[i] == 1)
            edges.append(tuple(sorted((leaf, v))))
            rest.discard(leaf)
            degree[v] -= 1
        edges.append(tuple(sorted(rest)))
        weights[frozenset(edges)] = sum(pair[e] for e in edges)
    *_, T, log_likelihood = run(learn, x, k)
    found = frozenset(e for e in pair if T[e] == 1)
    yield identical(T, graph(5, *found, *(e[::-1] for e in found)).astype(float))
    yield identical([len(weights), found in weights], [125, True])
    yield roundoff(weights.get(found, 0.0), max(weights.values()), terms=90)
    best = max(weights.values()) - sum(entropy(x, [i]) for i in range(5))
    yield roundoff(log_likelihood, 90 * best, terms=90)


@STRUCTURE.claim
def an_arrow_pays_from_so_many_cases(learn, rng):
    r"""Two variables are joined, both ways, exactly if $N\hat I\ge\frac{\ln N}2(r_a-1)(r_b-1)$; where the two are equal, as for a single case, no arrow is as good. The same 20 cases of two coins repeated 5 times leave them apart, and 6 times join them, though the likelihood gains from the first. Columns of all combinations of two states or more, each as often, stay apart however many"""
    tables = (
        ([[6, 4], [4, 6]], (1, 5, 6, 40)),
        ([[3, 2, 1], [1, 2, 3]], (1, 2, 3, 12)),
        ([[4, 1, 1], [1, 4, 1], [1, 1, 4]], (1, 2, 8)),
    )
    for table, times in tables:
        table = np.array(table)
        once = repeated({at: int(table[at]) for at in np.ndindex(table.shape)})
        worth = information(once, 0, 1)
        yield bound(worth, 0.02, "≥", Text("the gain of the likelihood, a case", "每个案例使似然的对数增加"))
        for m in times:
            x, N = np.tile(once, (m, 1)), m * len(once)
            lead = N * worth - math.log(N) / 2 * (table.shape[0] - 1) * (table.shape[1] - 1)
            _, highest, E, *_ = run(learn, x, table.shape)
            yield identical(E, np.full((2, 2), float(lead > 0)) * (1 - np.eye(2)))
            alone = scored(x, table.shape, graph(2)).sum()
            yield roundoff(highest, alone + max(lead, 0), terms=N)
            joined = run(learn, x, table.shape, graph(2, (1, 0)))[0].sum()
            yield roundoff(joined - alone, lead, terms=N, scale=abs(alone))
    _, highest, E, *_ = run(learn, np.array([[0, 2]]), [2, 3])
    yield identical([highest, *E.ravel()], [0.0, 0.0, 1.0, 1.0, 0.0])
    for m in (1, 30):
        x = np.tile(list(itertools.product(range(2), range(3), range(2))), (m, 1))
        _, highest, E, *_ = run(learn, x, [2, 3, 2])
        yield identical(E, np.zeros((3, 3)))
        N = 12 * m
        yield roundoff(highest, -N * math.log(12) - math.log(N) / 2 * (1 + 2 + 1), terms=N)


@STRUCTURE.claim
def the_right_graph_in_the_end(learn, rng):
    r"""400 cases, 800 of four coins, in the exact proportions of a network of coins, each of which is as its parent in four of five cases, or with two parents is 1 in four of five where both are, else in one of five: of a chain and a fork the lines are found with both directions open, of a collider both arrows, and of $a\to c\leftarrow b$, $c\to d$ the third arrow as well, since its opposite would be another collider. In the chain $a\to b\to c$ a further arrow $a\to c$ costs $\ln N$, and leaving out $b\to c$ costs $N\hat I_{bc}-\frac{\ln N}2$"""
    chain = in_proportion(3, lambda a, b, c: agree(a, b) * agree(b, c) / 2, 400)
    collider = in_proportion(3, lambda a, b, c: both(a, c, b) / 4, 400)
    tail = in_proportion(4, lambda a, b, c, d: both(a, b, c) * agree(c, d) / 4, 800)
    for x, want in (
        (chain, CHAIN + CHAIN.T),
        (chain[:, [1, 0, 2]], graph(3, (0, 1), (1, 0), (0, 2), (2, 0))),
        (collider, COLLIDER),
        (tail, graph(4, (0, 2), (1, 2), (2, 3))),
    ):
        k = [2] * x.shape[1]
        yield identical(run(learn, x, k)[2], want.astype(float))
    half = math.log(400) / 2
    right = run(learn, chain, [2, 2, 2], CHAIN)
    more = run(learn, chain, [2, 2, 2], CHAIN + graph(3, (0, 2)))
    less = run(learn, chain, [2, 2, 2], graph(3, (0, 1)))
    size = abs(right[1])
    yield roundoff(right[0].sum(), right[1], terms=400)
    yield roundoff(right[0].sum() - more[0].sum(), 2 * half, terms=400, scale=size)
    told = 400 * (math.log(2) + 0.8 * math.log(0.8) + 0.2 * math.log(0.2))
    yield roundoff(right[0].sum() - less[0].sum(), told - half, terms=400, scale=size)


@STRUCTURE.claim
def exclusive_or_hides(learn, rng):
    r"""Of two fair coins and whether they differ, in exact proportions, any two are independent: every arrow drawn alone lowers the score by ½ ln N, so that a climb by single arrows stays where it is, and every tree in which no variable has two parents has the likelihood of no arrow, $(\frac12)^{3N}$. Yet two arrows to one variable raise the score: the highest score is $-2N\ln2-3\ln N$, of three colliders, so that all of $E$ is 1"""
    N = 40
    x = np.tile([(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)], (N // 4, 1))
    nothing, highest, E, _, log_likelihood = run(learn, x, [2, 2, 2])
    yield roundoff(highest, -2 * N * math.log(2) - 3 * math.log(N), terms=N)
    yield roundoff(log_likelihood, -3 * N * math.log(2), terms=N)
    yield identical(E, 1 - np.eye(3))
    for pair in itertools.permutations(range(3), 2):
        lower = run(learn, x, [2, 2, 2], graph(3, pair))[0].sum() - nothing.sum()
        yield roundoff(lower, -math.log(N) / 2, terms=N, scale=abs(highest))
    gain = N * math.log(2) - 1.5 * math.log(N)
    yield roundoff(highest - nothing.sum(), gain, terms=N, scale=abs(highest))


@STRUCTURE.claim
def a_hidden_cause_joins(learn, rng):
    r"""400 cases in the exact proportions of two coins that are each as a third one in four of five cases: with it among the variables they are not joined; without it they are, both ways, though neither acts on the other. Their information is that of coins which agree in 17 of 25 cases"""
    x = in_proportion(3, lambda h, a, b: agree(h, a) * agree(h, b) / 2, 400)
    yield identical(run(learn, x, [2, 2, 2])[2], (FORK + FORK.T)[[1, 0, 2]][:, [1, 0, 2]].astype(float))
    _, highest, E, _, log_likelihood = run(learn, x[:, 1:], [2, 2])
    yield identical(E, 1 - np.eye(2))
    told = -2 * math.log(2) + math.log(2) + 0.68 * math.log(0.68) + 0.32 * math.log(0.32)
    yield roundoff(log_likelihood, 400 * told, terms=400)
    yield roundoff(highest, 400 * told - 1.5 * math.log(400), terms=400)


@STRUCTURE.claim
def names_and_order_are_nothing(learn, rng):
    r"""Cases in another order and states with other numbers change nothing; variables in another order are found in that order, the tree too, no two informations being equal"""
    k = np.array([2, 3, 2, 2])
    G = graph(4, (0, 2), (1, 2), (2, 3))
    x = untied(rng, G, k, 120)
    first = run(learn, x, k, G)
    for other in (x[rng.permutation(120)], k - 1 - x):
        again = run(learn, other, k, G)
        for mine, theirs in zip(again, first, strict=True):
            yield invariance(mine, theirs, terms=120)
    p = np.array([2, 0, 3, 1])
    turned = run(learn, x[:, p], k[p], G[np.ix_(p, p)])
    yield invariance(turned[0], first[0][p], terms=120)
    yield identical(turned[2], first[2][np.ix_(p, p)])
    yield identical(turned[3], first[3][np.ix_(p, p)])
    yield invariance([turned[1], turned[4]], [first[1], first[4]], terms=120)
    yield roundoff(first[0], scored(x, k, G), terms=120)


def counted(x, k, i, parents):
    counts = np.zeros([*k[list(parents)], k[i]])
    np.add.at(counts, tuple(x[:, [*parents, i]].T), 1)
    return counts.reshape(-1, k[i])


def fitted(counts):
    of_row = np.broadcast_to(counts.sum(1, keepdims=True), counts.shape)
    return float((counts[counts > 0] * np.log(counts[counts > 0] / of_row[counts > 0])).sum())


def learned(x, k, G, price=None, fit=fitted, score=None, tree=None):
    """As the definition, with another price of the parameters of `counts`, another fit, another way to weigh pairs."""
    x, k, n = np.asarray(x), np.asarray(k), len(k)
    bn_structure(x, k, G)  # refuses
    half = math.log(len(x)) / 2
    price = price or (lambda counts: half * len(counts) * (counts.shape[1] - 1))

    def of(i, parents):
        counts = counted(x, k, i, parents)
        return fit(counts) - price(counts)

    local = {
        (i, p): of(i, p)
        for i in range(n)
        for size in range(n)
        for p in itertools.combinations([j for j in range(n) if j != i], size)
    }
    highest, E = -np.inf, np.zeros((n, n))
    for order in itertools.permutations(range(n)):
        total, arrows = 0.0, np.zeros((n, n))
        for place, i in enumerate(order):
            possible = [p for p in local if p[0] == i and set(p[1]) <= set(order[:place])]
            best = max(local[p] for p in possible)
            total += best
            for p in possible:
                if local[p] >= best - 1e-10 * len(x):
                    arrows[list(p[1]), i] = 1
        if total > highest + 1e-10 * len(x):
            highest, E = total, arrows
        elif total >= highest - 1e-10 * len(x):
            E = np.maximum(E, arrows)
    weight = {
        (i, j): fit(counted(x, k, j, [i])) - fit(counted(x, k, j, [])) for i, j in itertools.combinations(range(n), 2)
    }
    T, part = np.zeros((n, n)), np.arange(n)
    log_likelihood = sum(fit(counted(x, k, i, [])) for i in range(n))
    for i, j in sorted(weight, key=tree or weight.get, reverse=True):
        if part[i] != part[j]:
            T[i, j] = T[j, i] = 1
            part[part == part[j]] = part[i]
            log_likelihood += weight[i, j]
    scores = np.array([local[i, tuple(np.flatnonzero(np.asarray(G)[:, i]))] for i in range(n)])
    return scores, highest, E, T, log_likelihood


@STRUCTURE.mutant(
    caught_by="an-arrow-pays-from-so-many-cases, the-right-graph-in-the-end, a-sum-over-variables, exclusive-or-hides"
)
def no_penalty(x, k, G):
    """the penalty dropped: the likelihood alone"""
    return learned(x, k, G, price=lambda counts: 0.0)


@STRUCTURE.mutant(caught_by="a-sum-over-variables, graphs-that-say-the-same-score-the-same, no-graph-scores-higher")
def all_entries_counted(x, k, G):
    """a parameter for each entry of a table, q r in place of q (r − 1)"""
    return learned(x, k, G, price=lambda counts: math.log(len(x)) / 2 * counts.size)


@STRUCTURE.mutant(caught_by="an-arrow-pays-from-so-many-cases, the-right-graph-in-the-end, a-hidden-cause-joins")
def akaike(x, k, G):
    """one nat a parameter, whatever the number of cases"""
    return learned(x, k, G, price=lambda counts: 1.0 * len(counts) * (counts.shape[1] - 1))


@STRUCTURE.mutant(caught_by="an-arrow-pays-from-so-many-cases, a-sum-over-variables, exclusive-or-hides")
def without_the_half(x, k, G):
    """ln N a parameter, not ½ ln N"""
    return learned(x, k, G, price=lambda counts: math.log(len(x)) * len(counts) * (counts.shape[1] - 1))


@STRUCTURE.mutant(caught_by="a-sum-over-variables")
def configurations_that_occur(x, k, G):
    """parameters of those configurations of the parents alone that some case has"""
    return learned(x, k, G, price=lambda c: math.log(len(x)) / 2 * (c.sum(1) > 0).sum() * (c.shape[1] - 1))


@STRUCTURE.mutant(caught_by="a-sum-over-variables, graphs-that-say-the-same-score-the-same, no-graph-scores-higher")
def shares_the_other_way(x, k, G):
    """shares of the parents' configurations given the variable's state"""
    return learned(x, k, G, fit=lambda counts: fitted(counts.T) if len(counts) > 1 else fitted(counts))


@STRUCTURE.mutant(caught_by="no-tree-is-likelier, names-and-order-are-nothing")
def a_chain_in_order_of_number(x, k, G):
    """the tree that joins each variable to the next one"""
    return learned(x, k, G, tree=lambda pair: pair[0] - pair[1])


@STRUCTURE.mutant(caught_by="no-tree-is-likelier")
def the_smallest_tree(x, k, G):
    """the minimum spanning tree"""
    found = learned(x, k, G)
    pairs = {(i, j): information(np.asarray(x), i, j) for i, j in itertools.combinations(range(len(k)), 2)}
    return (*found[:3], *learned(x, k, G, tree=lambda pair: -pairs[pair])[3:])


@STRUCTURE.mutant(caught_by="no-tree-is-likelier, a-hidden-cause-joins")
def entropies_left_out(x, k, G):
    """the likelihood of the tree is that of its arrows alone"""
    *found, log_likelihood = bn_structure(x, k, G)
    return (*found, log_likelihood + len(x) * sum(entropy(np.asarray(x), [i]) for i in range(len(k))))


@STRUCTURE.mutant(caught_by="exclusive-or-hides")
def climbing(x, k, G):
    """from no arrow on, one arrow at a time is added, as long as that raises the score: the graph where no arrow does is the best"""
    x, k, n = np.asarray(x), np.asarray(k), len(k)
    found = bn_structure(x, k, G)
    own = graph(n)
    while True:
        now = scored(x, k, own).sum()
        steps = [own + graph(n, pair) for pair in itertools.permutations(range(n), 2) if not own[pair]]
        steps = [g for g in steps if not np.linalg.matrix_power(g, n).any()]
        best = max(steps, key=lambda g: scored(x, k, g).sum(), default=own)
        if scored(x, k, best).sum() <= now + 1e-9:
            break
        own = best
    if now > found[1] - 1e-8:
        return found
    return found[0], now, own.astype(float), *found[3:]


@STRUCTURE.mutant(caught_by="the-right-graph-in-the-end, a-hidden-cause-joins")
def one_of_the_best(x, k, G):
    """one graph of the highest score, with all its arrows, as if their directions were known"""
    scores, highest, E, *rest = bn_structure(x, k, G)
    n = len(k)
    one = (
        next(g for g in all_graphs(n) if scored(np.asarray(x), np.asarray(k), g).sum() > highest - 1e-8) if n < 4 else E
    )
    return scores, highest, one.astype(float), *rest


@STRUCTURE.mutant(caught_by="no-graph-scores-higher, an-arrow-pays-from-so-many-cases, the-right-graph-in-the-end")
def parents_without_regard_to_cycles(x, k, G):
    """for each variable the best parents among all others, cycles or not"""
    x, k, n = np.asarray(x), np.asarray(k), len(k)
    scores, _, _, *rest = bn_structure(x, k, G)
    total, E = 0.0, np.zeros((n, n))
    for i in range(n):
        others = [j for j in range(n) if j != i]
        options = {
            p: scored(x, k, graph(n, *((j, i) for j in p)))[i]
            for size in range(n)
            for p in itertools.combinations(others, size)
        }
        best = max(options, key=options.get)
        total += options[best]
        E[list(best), i] = 1
    return scores, total, E, *rest


@STRUCTURE.mutant(caught_by="names-and-order-are-nothing, a-sum-over-variables, no-tree-is-likelier")
def each_kind_once(x, k, G):
    """cases that are alike counted once"""
    return bn_structure(np.unique(np.asarray(x), axis=0), k, G)


STRUCTURE.erratum(
    "E328",
    common="The graph that fits the cases best is the right one (a common slip)",
    why="No arrow lowers the likelihood: of two coins, each heads in half of 20 cases, that agree in 12 it is higher with an arrow, though chance often brings that about, and a complete graph always has the highest. BIC joins them only if the share holds for 120 cases.",
    right="Each parameter has a price: ½ ln N in BIC, for which the right graph wins as N grows",
    claims="an-arrow-pays-from-so-many-cases, the-right-graph-in-the-end",
)
STRUCTURE.erratum(
    "E329",
    common="The arrows that were learned show which variable acts on which (often read so)",
    why="a → b → c, a ← b → c and a ← b ← c have the same score whatever the cases. And two variables whose common cause was not recorded are joined, though neither acts on the other.",
    right="Cases settle the arrows of the essential graph, and these are causes only if no common cause is left out",
    claims="graphs-that-say-the-same-score-the-same, a-hidden-cause-joins",
)
STRUCTURE.erratum(
    "E330",
    common="Variables that are independent pair by pair have nothing to say of each other (a common slip)",
    why="Of two fair coins and their exclusive or, any two are independent and the three are not. Each arrow alone lowers the score, two to one variable raise it by N ln 2 − 1.5 ln N.",
    right="Tests of pairs, and single steps uphill, miss what no pair shows; a climb may start elsewhere, or go downhill for a while",
    claims="exclusive-or-hides",
)


NAMES = ("cloudy", "sprinkler", "rain", "wet")
PLACES = ((0.5, 0.95), (0.08, 0.5), (0.92, 0.5), (0.5, 0.05))
LAWN = graph(4, (0, 1), (0, 2), (1, 3), (2, 3))


def lawn(rng, N, strength):
    """Cloudy → sprinkler, rain → wet grass."""
    cloudy = rng.random(N) < 0.5
    sprinkler = rng.random(N) < np.where(cloudy, 1 - strength, strength)
    rain = rng.random(N) < np.where(cloudy, strength, 1 - strength)
    wet = rng.random(N) < np.where(sprinkler | rain, 0.9, 0.05)
    return np.stack([cloudy, sprinkler, rain, wet], 1).astype(int)


@STRUCTURE.figure(
    N=Slider(20, 2000, 50, "number of cases", log=True, integer=True),
    strength=Slider(0.6, 0.95, 0.8, "P(rain | cloudy)"),
)
def figure(N, strength):
    N, strength = int(N), float(strength)
    fig, axes = canvas(columns=3, width=9.6, height=3.6)
    k = np.array([2, 2, 2, 2])
    true = graph(4, (0, 1), (1, 0), (0, 2), (2, 0), (1, 3), (2, 3))
    found = bn_structure(lawn(np.random.default_rng(8), N, strength), k, LAWN)[2]
    for ax, E, title in ((axes[0], true, "true graph"), (axes[1], found, "learned")):
        for i, j in itertools.permutations(range(4), 2):
            if not E[i, j] or (E[j, i] and i > j):
                continue
            right = bool(true[i, j] == E[i, j] and true[j, i] == E[j, i])
            ax.annotate(
                "",
                PLACES[j],
                PLACES[i],
                arrowprops=dict(
                    arrowstyle="-" if E[j, i] else "-|>",
                    color=COLOURS[0] if right else COLOURS[1],
                    lw=2,
                    ls="-" if right else "--",
                    shrinkA=22,
                    shrinkB=22,
                ),
            )  # a line each would hide the shape of the call
        for name, at in zip(NAMES, PLACES, strict=True):
            ax.text(*at, name, ha="center", va="center", fontsize=10)
        ax.set(xlim=(-0.2, 1.2), ylim=(-0.08, 1.08), title=title)
        ax.set_axis_off()
    sizes = np.unique(np.round(np.geomspace(20, 800, 5)).astype(int))
    share = []
    for n in sizes:
        rng = np.random.default_rng(int(n))
        share.append(np.mean([(bn_structure(lawn(rng, n, strength), k, LAWN)[2] == true).all() for _ in range(6)]))
    axes[2].semilogx(sizes, share, color=COLOURS[0], marker="o", label="all right")
    axes[2].axvline(N, color="0.55", ls=":", label="shown")
    axes[2].set(xlabel="number of cases", ylabel="share of 6 samples", ylim=(-0.05, 1.08), title="how often found")
    axes[2].set_xticks([20, 100, 500, 2000], ["20", "100", "500", "2000"])
    axes[2].minorticks_off()
    axes[2].legend(fontsize=9, frameon=False, loc="lower right")
    off = sum((found[i, j], found[j, i]) != (true[i, j], true[j, i]) for i, j in itertools.combinations(range(4), 2))
    words = Text(
        f"From {N} cases the highest BIC leaves {off} of six pairs unlike the true graph (dashed: not so in the true graph). Lines have both directions open. With {sizes[-1]} cases all is right in {6 * share[-1]:.0f} of 6 samples.",
        f"由 {N} 个案例，最高 BIC 的图在六对变量中有 {off} 对与真实的图不同（虚线：与真实的图不符的边）。无箭头的边两个方向都可能。有 {sizes[-1]} 个案例时，6 个样本中有 {6 * share[-1]:.0f} 个完全正确。",
    )
    return Drawing(fig, words)
