"""Parameters of Bayesian networks: shares, Dirichlet priors, and EM where values are missing."""

import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, near, raises, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(fit_parameters, G, x, start, alpha, steps):
    from gradus.inference import BayesianNetwork

    n = len(start)
    states = {str(i): [str(k) for k in range(t.shape[-1])] for i, t in enumerate(start)}
    own = {str(i): ([str(j) for j in np.flatnonzero(G[:, i])], t) if G[:, i].any() else t for i, t in enumerate(start)}
    first = BayesianNetwork(states, own)
    cases = {str(i): [None if s < 0 else str(int(s)) for s in np.asarray(x)[:, i]] for i in range(n)}
    weights = {str(i): float(a) for i, a in enumerate(np.asarray(alpha))}
    found = fit_parameters(first, cases, start=first, pseudo_counts=weights, steps=int(steps), tolerance=0)
    return (*(found.network.tables[str(i)].probabilities for i in range(n)), found.history)


PARAMETERS = Concept(
    key="bn-parameters",
    kind="algorithm",
    title="Parameter learning of Bayesian networks",
    summary="Given the graph and cases of which every value is known, the most likely tables are shares: of the cases with these states of the parents, how many have this state. "
    "A Dirichlet prior adds pseudo-counts to them. Where values are missing the EM algorithm counts what is expected of them, and takes shares again: what it climbs never falls. It is right where "
    "values are missing at random; where whether a value is missing depends on the value itself, the tables settle at something else, however many cases there are.",
    formulas=(
        r"\hat\theta_{ijk}=\frac{N_{ijk}+\alpha_i}{\sum_l(N_{ijl}+\alpha_i)},\qquad N_{ijk}=\#\{\text{cases with}\ x_i=k,\ x_{\operatorname{pa}(i)}=j\}",
        r"\theta^{(t+1)}_{ijk}=\frac{N^{(t)}_{ijk}+\alpha_i}{\sum_l(N^{(t)}_{ijl}+\alpha_i)},\qquad N^{(t)}_{ijk}=\sum_cP\bigl(x_i=k,x_{\operatorname{pa}(i)}=j\mid o_c;\theta^{(t)}\bigr),\qquad t=0,\dots,T-1",
        r"F(\theta)=\sum_c\ln P(o_c;\theta)+\sum_{ijk}\alpha_i\ln\theta_{ijk},\qquad F\bigl(\theta^{(t+1)}\bigr)\ge F\bigl(\theta^{(t)}\bigr)",
        r"\frac{\partial}{\partial\theta_{ijk}}\sum_c\ln P(o_c;\theta)=\frac{N_{ijk}(\theta)}{\theta_{ijk}}",
    ),
    symbols=(
        Symbol("G", "G", "n n", "the graph: $g_{ij}=1$ where an arrow leads from $i$ to $j$, else 0", "other"),
        Symbol("o_c", "x", "N n", "the cases, a row each: the state of each variable, −1 where it is missing", "other"),
        Symbol(
            r"\theta^{(0)}",
            "start",
            "",
            "the tables that EM starts at, in a tuple: an axis for each parent, in the order of their numbers, and the variable's own last",
            "other",
        ),
        Symbol(
            r"\alpha_i",
            "alpha",
            "n",
            "pseudo-count of each entry of the table of $i$; 0 for maximum likelihood",
            "other",
        ),
        Symbol("T", "steps", "", "number of steps; one is enough where nothing is missing", "other"),
        Symbol(
            r"\theta_{ijk},\ \hat\theta_{ijk}",
            "",
            "",
            r"$P(x_i=k\mid x_{\operatorname{pa}(i)}=j)$, and its estimate where nothing is missing",
        ),
        Symbol(
            "N_{ijk},\\ N_{ijk}(\\theta),\\ N^{(t)}_{ijk}",
            "",
            "",
            r"how often the state came with these states of the parents; expected where values are missing, under $\theta$ and under $\theta^{(t)}$",
        ),
        Symbol(r"\operatorname{pa}(i)", "", "", "the parents of $i$", "other"),
        Symbol(
            "F",
            "",
            "",
            r"what EM climbs: the logarithm of the likelihood, plus that of a Dirichlet density with the parameters $\alpha_i+1$ for each row, up to a constant",
        ),
        Symbol(
            "i,\\ j,\\ k,\\ l,\\ c,\\ t",
            "",
            "",
            "a variable, states of its parents, a state of it, another one, a case, a step",
            "natural",
        ),
        Symbol("n,\\ N", "", "", "number of variables, of cases", "natural"),
    ),
    returns=(
        Result(
            "tables_and_history",
            "",
            r"a tuple: the tables $\theta^{(T)}$ of all variables, and last the numbers $F(\theta^{(0)}),\dots,F(\theta^{(T)})$",
        ),
    ),
    needs=("bayesian-network", "mle", "bn-sampling"),
    source="lauritzen1995em",
    year=1990,
    people=(
        "David Spiegelhalter",
        "Steffen Lauritzen",
        "Arthur P. Dempster",
        "Nan M. Laird",
        "Donald Rubin",
        "David Heckerman",
    ),
    aliases="conditional probability table, CPT, missing data, missing at random, MAR, expected counts, BDeu, K2 prior, Laplace smoothing of tables, 条件概率表, 缺失数据, 随机缺失, 期望计数, 伪计数",
    implementations=(
        Implementation(
            "gradus.inference:fit_parameters",
            "numpy",
            call=_ours,
            note="by names, from data frames, lists or draws; of a graph alone, too; expected counts by one batch of exact inference",
        ),
    ),
    readings="spiegelhalter1990sequential; lauritzen1995em; dempster1977maximum; heckerman1995learning; rubin1976inference; koller2009probabilistic ch. 17, 19",
    hypotheses=(
        Hypothesis(
            "values are missing at random: given what was seen, whether the others are missing does not depend on what they are",
            "what-is-missing-at-random",
        ),
        Hypothesis("the estimate in one step: no value is missing", "gaps-slow-it-by-their-share"),
        Hypothesis("what never falls has the prior in it", "what-never-falls"),
        Hypothesis("an entry can be reached: it is above 0 at the start", "a-zero-stays"),
        Hypothesis(
            "EM leads on: the start is no stationary point, such as one with equal rows of a hidden variable's children",
            "a-hidden-class-needs-a-start",
        ),
    ),
    conventions=(
        Convention(
            "a row that no case tells of, without pseudo-counts",
            "uniform, and `fit_parameters` says which; it can refuse instead",
            "uniform in silence (pgmpy), or 0/0",
        ),
        Convention(
            "pseudo-counts",
            r"the posterior mean, $N+\alpha$; where values are missing the maximum under $\prod\theta^\alpha$, the Dirichlet distribution with the parameters $\alpha+1$",
            r"$N+\alpha-1$, the mode under the Dirichlet distribution with the parameters $\alpha$",
        ),
        Convention(
            "how many pseudo-counts",
            "the same for each entry of a table, given by variable; `equivalent_size=S` shares out S cases over each table (BDeu)",
            r"$\alpha=1$ everywhere (K2, Laplace): a table with more parents then has more of them",
        ),
    ),
    unverified="That tables of the network alarm are recovered from its samples with an error that falls like the root of their number is measured outside the quick claims, in a slow test, where the network's file is at hand.",
    differentiable=False,
    carries_gradient=False,
)


@PARAMETERS.definition
def bn_parameters(G, x, start, alpha, steps):
    G, x, alpha, n = np.asarray(G), np.asarray(x), np.asarray(alpha), len(G)
    if G.shape != (n, n) or len(start) != n or np.linalg.matrix_power((G != 0).astype(int), n).any():
        raise ValueError("G: a square matrix without cycles, and a table for each variable")
    axes = [[*np.flatnonzero(G[:, i]), i] for i in range(n)]
    k = [np.shape(t)[-1] for t in start]
    for i, t in enumerate(start):
        if np.shape(t) != tuple(k[a] for a in axes[i]) or (t < 0).any() or (abs(t.sum(-1) - 1) > 1e-3).any():
            raise ValueError("start: an axis for each parent, and rows of probabilities that sum to 1")
    if x.ndim != 2 or x.shape[1] != n or not len(x) or ((x < -1) | (x >= k)).any():
        raise ValueError("x: for each case a state of each variable, or −1")
    if alpha.shape != (n,) or not (np.isfinite(alpha) & (alpha >= 0)).all() or steps < 0:
        raise ValueError("alpha: a number for each variable, 0 or more; steps: 0 or more")
    tables, F = list(start), []
    for t in range(int(steps) + 1):
        P = np.ones(k)
        for i in range(n):
            P = P * tables[i].transpose(np.argsort(axes[i])).reshape([k[a] if a in axes[i] else 1 for a in range(n)])
        N = np.zeros(k)  # expected number of cases with each joint state
        F.append(sum(a * np.log(p).sum() for a, p in zip(alpha, tables, strict=True) if a > 0))
        for o in x:
            open_ = tuple(slice(None) if s == -1 else int(s) for s in o)
            if not P[open_].sum() > 0:
                raise ValueError("start: a case of probability 0")
            N[open_] += P[open_] / P[open_].sum()
            F[t] += np.log(P[open_].sum())
        if t < steps:
            for i in range(n):
                of_family = N.sum(tuple(a for a in range(n) if a not in axes[i]))
                mass = of_family.transpose(np.argsort(np.argsort(axes[i]))) + alpha[i]
                total = mass.sum(-1, keepdims=True)
                tables[i] = np.where(total > 0, mass / np.where(total > 0, total, 1), 1 / k[i])
    return (*tables, np.array(F, float))


ONE, ARROW = np.array([[0]]), np.array([[0, 1], [0, 0]])
NONE_ADDED = np.zeros(2)


@PARAMETERS.example
def example():
    x = np.array([[0, 0], [0, 1], [0, 1], [1, 1], [1, -1], [1, 0]])
    start = (np.full(2, 0.5), np.full((2, 2), 0.5))
    one = bn_parameters(ARROW, x, start, NONE_ADDED, 1)
    skewed = (np.full(2, 0.5), np.array([[0.5, 0.5], [0.2, 0.8]]))
    far = [bn_parameters(ARROW, x, skewed, NONE_ADDED, t) for t in (1, 2)]
    prior = bn_parameters(ARROW, x, start, np.ones(2), 1)
    return dict(G=ARROW, x=x, start=skewed, alpha=NONE_ADDED, steps=2, first_row=one[1][0]) | dict(
        begun=skewed[1][1],
        expected=1 + 0.8,
        once=far[0][1][1, 1],
        again=1 + far[0][1][1, 1],
        twice=far[1][1][1, 1],
        added=prior[1][0, 1],
        added_root=prior[0][0],
        left=np.array([skewed[1][1, 1], far[0][1][1, 1], far[1][1][1, 1]]) - 0.5,
        history=far[1][2],
    )


@PARAMETERS.exercise
def laplace():
    """Three successes in three trials, one pseudo-count each."""
    tables = bn_parameters(ONE, np.ones((3, 1), int), (np.full(2, 0.5),), np.ones(1), 1)
    return number(tables[0][1], maximum_likelihood=1.0, one_trial_more=3 / 4)


@PARAMETERS.exercise
def speed():
    """Ninety of a hundred values are missing; by how much does the error shrink in a step?"""
    return number(0.9, the_known_share=0.1, square=0.81)


@PARAMETERS.exercise
def income():
    """Incomes above a bound are left blank by half of those who have them; of twenty people ten lie above."""
    x = np.array([[0]] * 10 + [[1]] * 5 + [[-1]] * 5)
    found = bn_parameters(ONE, x, (np.full(2, 0.5),), np.zeros(1), 60)[0][1]
    return choice(too_low=found < 0.5 - 1e-3, right=abs(found - 0.5) < 1e-3, too_high=found > 0.5 + 1e-3)


def random_tables(rng, G, k):
    return tuple(rng.dirichlet(np.ones(k[i]) * 2, [k[j] for j in np.flatnonzero(G[:, i])]) for i in range(len(G)))


CHAIN = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]])
COLLIDER = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 0]])  # 1 → 0 ← 2
FOUR = np.array([[0, 1, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]])


def joint(G, tables):
    P = np.ones([t.shape[-1] for t in tables])
    for at in np.ndindex(P.shape):
        for i, t in enumerate(tables):
            P[at] *= t[(*(at[j] for j in np.flatnonzero(G[:, i])), at[i])]
    return P


def log_likelihood(G, tables, x):
    P, total = joint(G, tables), 0.0
    for o in x:
        p = P
        for axis in range(len(G))[::-1]:
            p = p.sum(axis) if o[axis] < 0 else p.take(int(o[axis]), axis)
        total += math.log(p)
    return total


def drawn(rng, G, tables, N):
    P = joint(G, tables)
    return np.stack(np.unravel_index(rng.choice(P.size, N, p=P.ravel() / P.sum()), P.shape), 1)


def with_gaps(rng, x, share):
    return np.where(rng.random(x.shape) < share, -1, x)


@PARAMETERS.cases
def cases(rng):
    def of(G, k, N=25, share=0.0, alpha=0.0, steps=1):
        G = np.array(G)
        x = drawn(rng, G, random_tables(rng, G, k), N)
        return dict(
            G=G, x=with_gaps(rng, x, share), start=random_tables(rng, G, k), alpha=np.full(len(k), alpha), steps=steps
        )

    yield "a coin", of(ONE, [2])
    yield "nothing missing", of(CHAIN, [2, 3, 2])
    yield "nothing missing, two steps", of(COLLIDER, [2, 2, 3], steps=2)
    yield "pseudo-counts", of(COLLIDER, [2, 2, 3], alpha=0.5)
    yield "gaps", of(CHAIN, [2, 3, 2], share=0.3, steps=3)
    yield "gaps and pseudo-counts", of(FOUR, [2, 2, 3, 2], share=0.3, alpha=1.0, steps=4)
    yield "pseudo-counts by variable", of(CHAIN, [2, 2, 2], share=0.2, steps=2) | dict(alpha=np.array([0.0, 1.0, 0.25]))
    hidden = of(CHAIN.T, [2, 2, 2], steps=5)
    hidden["x"][:, 1] = -1
    yield "a hidden variable", hidden
    yield "no step", of(CHAIN, [2, 3, 2], share=0.3, steps=0)
    yield (
        "a row that no case tells of",
        dict(G=ARROW, x=np.array([[0, 1], [0, 0]]), start=random_tables(rng, ARROW, [2, 3]), alpha=NONE_ADDED, steps=2),
    )
    yield (
        "nothing known",
        dict(G=ARROW, x=np.full((3, 2), -1), start=random_tables(rng, ARROW, [2, 3]), alpha=np.full(2, 0.5), steps=2),
    )
    yield "one case", of(CHAIN, [2, 3, 2], N=1)
    yield "a variable of one state", of(CHAIN, [2, 1, 2], share=0.3, steps=2)


@PARAMETERS.invalid
def invalid(rng):
    start = random_tables(rng, ARROW, [2, 2])
    x = np.array([[0, 1], [1, -1]])
    good = dict(G=ARROW, x=x, start=start, alpha=NONE_ADDED, steps=1)
    yield "a cycle", good | dict(G=np.array([[0, 1], [1, 0]]), start=(np.full((2, 2), 0.5),) * 2)
    yield "a state that is none", good | dict(x=np.array([[0, 2]]))
    yield "a negative pseudo-count", good | dict(alpha=np.array([0.0, -0.5]))
    yield "rows that sum to 1.2", good | dict(start=(np.array([0.6, 0.6]), start[1]))
    yield "a case of probability 0", good | dict(start=(np.array([1.0, 0.0]), start[1]))


def run(fit, G, x, start, alpha, steps):
    *tables, history = fit(G, x, tuple(start), np.asarray(alpha, float), steps)
    return [np.asarray(t, float) for t in tables], np.asarray(history, float)


def table_counts(G, x, k):
    found = []
    for i in range(len(G)):
        axes = [*np.flatnonzero(G[:, i]), i]
        count = np.zeros([k[a] for a in axes])
        for o in x:
            count[tuple(o[axes])] += 1
        found.append(count)
    return found


@PARAMETERS.claim
def whole_cases_need_one_step(fit, rng):
    r"""Without pseudo-counts, where nothing is missing and each row is met, one step from any positive tables gives the shares, and another one changes nothing. No tables are more likely: the logarithm of the likelihood gains $\sum_{ij}N_{ij}\operatorname{KL}(\hat\theta_{ij}\Vert\theta_{ij})$ over the start's, with $N_{ij}$ the cases with those states of the parents, and reaches $\sum_{ijk}N_{ijk}\ln\hat\theta_{ijk}$"""
    k = [2, 3, 2]
    for G in (CHAIN, COLLIDER):
        x = np.concatenate([drawn(rng, G, random_tables(rng, G, k), 30), np.array(list(np.ndindex(*k)))])
        counts = table_counts(G, x, k)
        start = random_tables(rng, G, k)
        want = [c / c.sum(-1, keepdims=True) for c in counts]
        for steps in (1, 2):
            tables, history = run(fit, G, x, start, np.zeros(3), steps)
            for table, share in zip(tables, want, strict=True):
                yield roundoff(table, share, terms=42)
        best = sum((c * np.log(w)).sum() for c, w in zip(counts, want, strict=True))
        gain = sum((c * np.log(w / s)).sum() for c, w, s in zip(counts, want, start, strict=True))
        yield roundoff(history[1:], [best, best], terms=3 * 42)
        yield roundoff(history[1] - history[0], gain, terms=3 * 42, scale=abs(best))
        yield bound(gain, 1.0, "≥", Text("the start is another", "起点与之不同"))


@PARAMETERS.claim
def pseudo_counts_are_the_posterior_mean(fit, rng):
    r"""Where nothing is missing, with pseudo-counts $\alpha$ a step gives $(N_{ijk}+\alpha)/\sum_l(N_{ijl}+\alpha)$: the mean of $\theta$ under the density $\theta^{N_1+\alpha-1}(1-\theta)^{N_0+\alpha-1}$, integrated. For $\alpha=1$ it is the rule of succession, $(N_1+1)/(N+2)$; a row that no case tells of is uniform, with $\alpha$ and without"""
    k, alpha = [2, 3, 2], np.array([0.5, 2.0, 1.0])
    x = drawn(rng, COLLIDER, random_tables(rng, COLLIDER, k), 30)
    tables, _ = run(fit, COLLIDER, x, random_tables(rng, COLLIDER, k), alpha, 1)
    for table, count, a in zip(tables, table_counts(COLLIDER, x, k), alpha, strict=True):
        yield roundoff(table, (count + a) / (count + a).sum(-1, keepdims=True), terms=40)
    theta = (np.arange(4000) + 0.5) / 4000
    for ones, zeros, a in ((3, 5, 1.0), (2, 6, 2.5)):
        x = np.array([[1]] * ones + [[0]] * zeros)
        tables, _ = run(fit, ONE, x, (np.array([0.3, 0.7]),), [a], 1)
        density = theta ** (ones + a - 1) * (1 - theta) ** (zeros + a - 1)
        why = Text("midpoints of 4000 parts", "4000 等分的中点")
        yield near(tables[0][1], (density @ theta) / density.sum(), 1e-6, why)
        if a == 1:
            yield roundoff(tables[0][1], (ones + 1) / (ones + zeros + 2), terms=8)
    for a in (0.0, 0.7):
        tables, _ = run(fit, ARROW, np.array([[0, 2], [0, 1], [0, 2]]), random_tables(rng, ARROW, [2, 3]), [a, a], 1)
        yield roundoff(tables[1][1], np.full(3, 1 / 3), terms=4)
        yield roundoff(tables[1][0], (np.array([0, 1, 2]) + a) / (3 + 3 * a), terms=4)


@PARAMETERS.claim
def turned_arrows_need_shared_counts(fit, rng):
    r"""$a\to b$ and $b\to a$ say the same of two variables. With $S$ cases shared out evenly over each table ($\alpha_i=S$ over its number of entries) they give the same joint distribution, $(N_{ab}+S/6)/(N+S)$ for two and three states; with $\alpha=1$ for each entry they do not"""
    x = np.array([[0, 0]] * 7 + [[0, 1]] * 2 + [[1, 2]] * 3 + [[1, 0]])
    turned = np.ascontiguousarray(ARROW.T)
    N = np.zeros((2, 3))
    np.add.at(N, tuple(x.T), 1)
    for S in (1.0, 6.0):
        one, _ = run(fit, ARROW, x, random_tables(rng, ARROW, [2, 3]), [S / 2, S / 6], 1)
        other, _ = run(fit, turned, x, random_tables(rng, turned, [2, 3]), [S / 6, S / 3], 1)
        want = (N + S / 6) / (13 + S)
        yield roundoff(joint(ARROW, one), want, terms=30)
        yield roundoff(joint(turned, other), want, terms=30)
    one, _ = run(fit, ARROW, x, random_tables(rng, ARROW, [2, 3]), [1, 1], 1)
    other, _ = run(fit, turned, x, random_tables(rng, turned, [2, 3]), [1, 1], 1)
    apart = np.abs(joint(ARROW, one) - joint(turned, other)).max()
    yield bound(
        apart, 0.005, "≥", Text("P(1, 2) is (5/15)(4/7), or (4/16)(4/5)", "P(1, 2) 为 (5/15)(4/7) 或 (4/16)(4/5)")
    )


@PARAMETERS.claim
def what_never_falls(fit, rng):
    r"""With three values in ten missing, $F$ never falls in twelve steps, with pseudo-counts and without; it is the logarithm of the likelihood of what was seen, with $\sum\alpha\ln\theta$. The likelihood alone falls, from its maximum, when pseudo-counts come in"""
    k = [2, 2, 3, 2]
    x = with_gaps(rng, drawn(rng, FOUR, random_tables(rng, FOUR, k), 30), 0.3)
    start = random_tables(rng, FOUR, k)
    for a in (0.0, 0.7):
        tables, history = run(fit, FOUR, x, start, np.full(4, a), 12)
        yield bound(
            np.diff(history).min(), -1e-11, "≥", Text("rounding of sums of 30 logarithms", "30 个对数之和的舍入")
        )
        yield bound(history[1] - history[0], 0.1, "≥", Text("a random start", "随机的起点"))
        for at, of in ((0, start), (-1, tables)):
            prior = a * sum(np.log(t).sum() for t in of) if a else 0.0  # a state that no case has is 0 without
            yield roundoff(history[at], log_likelihood(FOUR, of, x) + prior, terms=400)
    coin = np.array([[1]] * 9 + [[0]])
    tables, history = run(fit, ONE, coin, (np.array([0.1, 0.9]),), [5.0], 1)
    yield bound(history[1] - history[0], 0.1, "≥", Text("at shares of 6/20 and 14/20", "比例为 6/20 与 14/20"))
    fell = log_likelihood(ONE, tables, coin) - log_likelihood(ONE, (np.array([0.1, 0.9]),), coin)
    yield roundoff(fell, math.log(0.3 / 0.1) + 9 * math.log(0.7 / 0.9), terms=40, scale=4.0)
    yield bound(fell, -0.5, "≤", Text("it falls", "下降"))


@PARAMETERS.claim
def a_step_follows_the_gradient(fit, rng):
    r"""The expected counts are $\theta\,\partial\ln P/\partial\theta$: from any positive tables a step gives, of each row, what is proportional to that derivative times the entry, plus $\alpha$: by differences of the likelihood, each entry moved alone"""
    k, h = [2, 2, 3, 2], 1e-5
    x = with_gaps(rng, drawn(rng, FOUR, random_tables(rng, FOUR, k), 14), 0.35)
    start = [0.1 + 0.9 * t for t in random_tables(rng, FOUR, k)]
    start = [t / t.sum(-1, keepdims=True) for t in start]
    alpha = np.array([0.0, 0.5, 1.0, 0.25])
    tables, _ = run(fit, FOUR, x, start, alpha, 1)
    for i in range(4):
        expected = np.empty_like(start[i])
        for entry in np.ndindex(start[i].shape):
            sides = []
            for sign in (1, -1):
                moved = [t.copy() for t in start]
                moved[i][entry] *= 1 + sign * h
                sides.append(log_likelihood(FOUR, moved, x))
            expected[entry] = (sides[0] - sides[1]) / (2 * h)
        want = (expected + alpha[i]) / (expected + alpha[i]).sum(-1, keepdims=True)
        error = np.abs(tables[i] - want).max()
        yield near(error, 0.0, 1e-7, Text("central differences of step 1e-5", "步长 1e-5 的中心差分"))


@PARAMETERS.claim
def gaps_slow_it_by_their_share(fit, rng):
    r"""A coin of which $m$ of $N$ throws are missing, without pseudo-counts: the limit is the share among those that are known, and each step multiplies the distance to it by $m/N$, exactly: nine of twelve known throws are heads, and 0, 8 or 48 more are missing"""
    for missing in (0, 8, 48):
        x = np.array([[1]] * 9 + [[0]] * 3 + [[-1]] * missing)
        N = 12 + missing
        for steps in (1, 2, 5):
            tables, history = run(fit, ONE, x, (np.array([0.6, 0.4]),), [0.0], steps)
            yield roundoff(tables[0][1], 0.75 + (missing / N) ** steps * (0.4 - 0.75), terms=4 * N)
            p = 0.75 + (missing / N) ** np.arange(steps + 1) * (0.4 - 0.75)
            yield roundoff(history, 9 * np.log(p) + 3 * np.log(1 - p), terms=4 * N)


#: x → y in twenty cases, as often as they are probable: P(x=1) = ½, P(y=1 | x) = ⅕ and ⅘.
TRUE_CASES = [(0, 0)] * 8 + [(0, 1)] * 2 + [(1, 0)] * 2 + [(1, 1)] * 8


def hidden(what, when):
    """Of the cases of each kind for which `when` is true every second has the value `what` missing."""
    x, seen = [], {}
    for case in TRUE_CASES:
        seen[case] = seen.get(case, 0) + 1
        row = list(case)
        if when(*case) and seen[case] % 2 == 0:
            row[what] = -1
        x.append(row)
    return np.array(x)


@PARAMETERS.claim
def what_is_missing_at_random(fit, rng):
    r"""Twenty cases of $x\to y$ in the proportions of $P(x=1)=\frac12$, $P(y=1\mid x)=\frac15,\frac45$. With every second $y$ missing where $x=1$, or every second $x$ missing where $y=1$, EM leads to these tables; shares of the whole cases alone would say $P(x=1)=\frac13$ in the first case, and $P(y=1\mid x=1)=\frac23$ in the second.
    With every second $y$ missing where $y=1$, it depends on the missing value itself, and EM leads to $P(y=1\mid x)=\frac19,\frac23$, just as firmly"""
    start = (np.array([0.4, 0.6]), np.array([[0.6, 0.4], [0.3, 0.7]]))
    right = ([0.5, 0.5], [[0.8, 0.2], [0.2, 0.8]])
    why = Text("the error at least halved in each of 45 steps", "45 步中每步误差至少减半")
    for x in (hidden(1, lambda x, y: x == 1), hidden(0, lambda x, y: y == 1)):
        tables, _ = run(fit, ARROW, x, start, NONE_ADDED, 45)
        for table, want in zip(tables, right, strict=True):
            yield near(np.abs(table - want).max(), 0.0, 1e-9, why)
    for (what, when), share, want in (
        ((1, lambda x, y: x == 1), lambda whole: whole[:, 0].mean(), 1 / 3),
        ((0, lambda x, y: y == 1), lambda whole: whole[whole[:, 0] == 1, 1].mean(), 2 / 3),
    ):
        x = hidden(what, when)
        yield roundoff(share(x[(x >= 0).all(1)]), want, terms=20)
    tables, _ = run(fit, ARROW, hidden(1, lambda x, y: y == 1), start, NONE_ADDED, 45)
    yield near(np.abs(tables[1][:, 1] - [1 / 9, 2 / 3]).max(), 0.0, 1e-9, why)


@PARAMETERS.claim
def the_error_falls_like_the_root(fit, rng):
    r"""The root mean square error of a coin's estimate from $n$ throws is $\sqrt{\theta(1-\theta)/n}$, over all that 4, 8, 16 and 32 throws can be: it falls like $n^{-1/2}$. In a chain of three variables of two states the squared errors of the entries in rows that are met, each over $\theta(1-\theta)/N_{ij}$, have the mean 1: in 30 samples of 40 cases, within the error of their mean"""
    theta, sizes, errors = 0.3, (4, 8, 16, 32), []
    for n in sizes:
        square = 0.0
        for ones in range(n + 1):
            x = (np.arange(n) < ones).astype(int)[:, None]
            estimate = run(fit, ONE, x, (np.array([0.5, 0.5]),), [0.0], 1)[0][0][1]
            square += math.comb(n, ones) * theta**ones * (1 - theta) ** (n - ones) * (estimate - theta) ** 2
        errors.append(math.sqrt(square))
    yield roundoff(errors, np.sqrt(theta * (1 - theta) / np.array(sizes)), terms=4 * 32)
    yield rate(sizes, errors, -0.5, 1e-9)
    true = (np.array([0.4, 0.6]), np.array([[0.7, 0.3], [0.2, 0.8]]), np.array([[0.5, 0.5], [0.1, 0.9]]))
    squares = []
    for _ in range(30):
        x = drawn(rng, CHAIN, true, 40)
        tables, _ = run(fit, CHAIN, x, true, np.zeros(3), 1)
        of_sample = []
        for table, want, count in zip(tables, true, table_counts(CHAIN, x, [2, 2, 2]), strict=True):
            N = count.sum(-1)
            p, q = table.reshape(-1, 2)[:, 1], want.reshape(-1, 2)[:, 1]
            of_sample += ((p - q) ** 2 * N.ravel() / (q * (1 - q)))[N.ravel() > 0].tolist()
        squares.append(np.mean(of_sample))
    yield statistical(squares, 1.0)


@PARAMETERS.claim
def a_hidden_class_needs_a_start(fit, rng):
    r"""Of a hidden variable with two children: from equal rows EM takes their shares and stays there, though it is not the highest point: from rows that differ it climbs higher; with the hidden states' names exchanged it leads to the exchanged tables, as likely"""
    G = np.array([[0, 1, 1], [0, 0, 0], [0, 0, 0]])
    x = np.array([[-1, 0, 0]] * 6 + [[-1, 1, 1]] * 5 + [[-1, 0, 1]] * 2 + [[-1, 1, 0]])
    equal = (np.array([0.3, 0.7]), np.full((2, 2), 0.5), np.full((2, 2), 0.5))
    tables, history = run(fit, G, x, equal, np.zeros(3), 6)
    yield roundoff(tables[1], np.tile([8 / 14, 6 / 14], (2, 1)), terms=60)
    yield roundoff(tables[2], np.tile([7 / 14, 7 / 14], (2, 1)), terms=60)
    yield roundoff(history[1:], np.full(6, history[1]), terms=60)
    apart = (np.array([0.4, 0.6]), np.array([[0.7, 0.3], [0.2, 0.8]]), np.array([[0.6, 0.4], [0.3, 0.7]]))
    higher, climbed = run(fit, G, x, apart, np.zeros(3), 25)
    yield bound(climbed[-1] - history[-1], 0.5, "≥", Text("a higher point", "更高的点"))
    exchanged = tuple(t[::-1].copy() for t in apart)
    other, as_high = run(fit, G, x, exchanged, np.zeros(3), 25)
    for mine, theirs in zip(other, higher, strict=True):
        yield invariance(mine, theirs[::-1], terms=2000)
    yield roundoff(as_high, climbed, terms=200)


@PARAMETERS.claim
def a_zero_stays(fit, rng):
    r"""An entry that is 0 at the start stays 0 where no pseudo-counts are added and cases tell of its row (a row of which none tells becomes uniform): with all $y$ missing for $x=1$, the row $(1,0)$ stays, as any other row would; a case that the start excludes is refused. With a 0 EM can stand still where the likelihood is not stationary: of a hidden variable with two children that begins as $(1,0)$, it rises with the share of the second state, which EM leaves at 0"""
    x = np.array([[0, 0], [0, 1], [1, -1], [1, -1], [1, -1]])
    for row in ([1.0, 0.0], [0.25, 0.75]):
        start = (np.array([0.5, 0.5]), np.array([[0.5, 0.5], row]))
        tables, _ = run(fit, ARROW, x, start, NONE_ADDED, 4)
        yield roundoff(tables[1][1], row, terms=20)
        yield roundoff(tables[0], [0.4, 0.6], terms=20)
    start = (np.array([0.5, 0.5]), np.array([[0.5, 0.5], [1.0, 0.0]]))
    tables, _ = run(fit, ARROW, x[:2], start, NONE_ADDED, 1)
    yield roundoff(tables[1][1], [0.5, 0.5], terms=4)
    tables, _ = run(fit, ARROW, x, start, [0.0, 1.0], 1)
    yield roundoff(tables[1][1], [4 / 5, 1 / 5], terms=20)
    yield raises(lambda: fit(ARROW, np.array([[1, 1], [0, -1]]), start, NONE_ADDED, 3), ValueError)
    G, sure = np.array([[0, 1, 1], [0, 0, 0], [0, 0, 0]]), np.array([1.0, 0.0])
    x = np.array([[-1, 0, 0]] * 8 + [[-1, 1, 1]] * 4 + [[-1, 0, 1]] * 2 + [[-1, 1, 0]])
    start = (sure, np.array([[0.7, 0.3], [0.2, 0.8]]), np.array([[0.6, 0.4], [0.3, 0.7]]))
    tables, history = run(fit, G, x, start, np.zeros(3), 3)
    yield roundoff(tables[0], sure, terms=30)
    yield roundoff(tables[1], [[2 / 3, 1 / 3], [1 / 2, 1 / 2]], terms=30)
    yield roundoff(history[1:], np.full(3, history[1]), terms=60)
    moved = log_likelihood(G, (np.array([0.99, 0.01]), *tables[1:]), x)
    yield bound(moved - history[-1], 0.005, "≥", Text("a hundredth in the second state", "第二个状态占百分之一"))


@PARAMETERS.claim
def order_is_nothing_and_number_is(fit, rng):
    r"""The order of the cases changes nothing. Every case twice: without pseudo-counts the same tables, $F$ doubled. A case of which nothing is known is of probability 1: $F$ at the start is the same with it and without. A coin that showed one side five times, the other three, has the shares $\frac58$ and $\frac38$"""
    k = [2, 3, 2]
    x = with_gaps(rng, drawn(rng, CHAIN, random_tables(rng, CHAIN, k), 20), 0.3)
    x[0] = 0
    start = random_tables(rng, CHAIN, k)
    tables, history = run(fit, CHAIN, x, start, np.zeros(3), 3)
    for other, times in ((x[rng.permutation(20)], 1), (np.concatenate([x, x]), 2)):
        again, climbed = run(fit, CHAIN, other, start, np.zeros(3), 3)
        for mine, theirs in zip(again, tables, strict=True):
            yield invariance(mine, theirs, terms=400)
        yield roundoff(climbed, times * history, terms=400)
    yield roundoff(history[0], log_likelihood(CHAIN, start, x), terms=100)
    _, more = run(fit, CHAIN, np.concatenate([x, np.full((4, 3), -1)]), start, np.zeros(3), 1)
    yield roundoff(more[0], history[0], terms=100)
    coin, _ = run(fit, ONE, np.array([[1]] * 5 + [[0]] * 3), (np.array([0.5, 0.5]),), [0.0], 1)
    yield roundoff(coin[0], [3 / 8, 5 / 8], terms=8)


def steps_with(G, x, start, alpha, steps, expect=None, maximize=None):
    """EM with another E step `expect(P, case)`, or another M step `maximize(counts, alpha)`."""
    n, k = len(G), [t.shape[-1] for t in start]
    axes = [[*np.flatnonzero(G[:, i]), i] for i in range(n)]
    tables, F = list(start), []
    for t in range(int(steps) + 1):
        P, N = joint(G, tables), np.zeros(k)
        F.append(sum(a * np.log(p).sum() for a, p in zip(alpha, tables, strict=True) if a > 0))
        for o in x:
            at = tuple(slice(None) if s == -1 else int(s) for s in o)
            if not P[at].sum() > 0:
                raise ValueError("a case of probability 0")
            F[t] += np.log(P[at].sum())
            if expect is None:
                N[at] += P[at] / P[at].sum()
            else:
                N += expect(P, o, at)
        if t < steps:
            for i in range(n):
                count = N.sum(tuple(a for a in range(n) if a not in axes[i]))
                count = count.transpose(np.argsort(np.argsort(axes[i])))
                if maximize is not None:
                    tables[i] = maximize(count, alpha[i])
                    continue
                mass = count + alpha[i]
                total = mass.sum(-1, keepdims=True)
                tables[i] = np.where(total > 0, mass / np.where(total > 0, total, 1), 1 / k[i])
    return (*tables, np.array(F, float))


def indicator(P, at):
    found = np.zeros_like(P)
    found[at] = 1
    return found


@PARAMETERS.mutant(caught_by="what-is-missing-at-random, gaps-slow-it-by-their-share, a-step-follows-the-gradient")
def whole_cases_alone(G, x, start, alpha, steps):
    """cases with a missing value thrown away"""
    return steps_with(
        G, x, start, alpha, steps, lambda P, o, at: indicator(P, at) if (o >= 0).all() else np.zeros_like(P)
    )


@PARAMETERS.mutant(caught_by="gaps-slow-it-by-their-share, a-step-follows-the-gradient")
def filled_with_the_likeliest(G, x, start, alpha, steps):
    """missing values filled in with the most probable ones, as if they had been seen"""

    def expect(P, o, at):
        inside = indicator(P, at) * P
        return (np.arange(P.size) == inside.argmax()).reshape(P.shape).astype(float)

    return steps_with(G, x, start, alpha, steps, expect)


@PARAMETERS.mutant(caught_by="what-is-missing-at-random, a-step-follows-the-gradient")
def filled_without_the_case(G, x, start, alpha, steps):
    """missing values expected from their own distribution, whatever else is known of the case"""

    def expect(P, o, at):
        found = np.ones_like(P)
        for i, s in enumerate(o):
            own = P.sum(tuple(a for a in range(P.ndim) if a != i))
            one = own / own.sum() if s < 0 else (np.arange(len(own)) == s).astype(float)
            found = found * one.reshape([-1 if a == i else 1 for a in range(P.ndim)])
        return found

    return steps_with(G, x, start, alpha, steps, expect)


@PARAMETERS.mutant(caught_by="gaps-slow-it-by-their-share, a-step-follows-the-gradient, a-zero-stays")
def missing_is_the_first_state(G, x, start, alpha, steps):
    """what is missing read as the first state"""
    return steps_with(G, np.maximum(x, 0), start, alpha, steps)


@PARAMETERS.mutant(caught_by="pseudo-counts-are-the-posterior-mean, turned-arrows-need-shared-counts")
def the_mode(G, x, start, alpha, steps):
    """N + α − 1 where α is above 0: the mode in place of the mean"""

    def maximize(count, a):
        mass = np.maximum(count + a - (a > 0), 1e-12)
        return mass / mass.sum(-1, keepdims=True)

    return steps_with(G, x, start, alpha, steps, maximize=maximize)


@PARAMETERS.mutant(
    caught_by="pseudo-counts-are-the-posterior-mean, turned-arrows-need-shared-counts, a-step-follows-the-gradient"
)
def pseudo_counts_of_a_row(G, x, start, alpha, steps):
    """α shared out over the states of a row, in place of α for each"""

    def maximize(count, a):
        mass = count + a / count.shape[-1]
        total = mass.sum(-1, keepdims=True)
        return np.where(total > 0, mass / np.where(total > 0, total, 1), 1 / count.shape[-1])

    return steps_with(G, x, start, alpha, steps, maximize=maximize)


@PARAMETERS.mutant(
    caught_by="whole-cases-need-one-step, turned-arrows-need-shared-counts, the-error-falls-like-the-root"
)
def shares_the_other_way(G, x, start, alpha, steps):
    """shares of the parents' states given the variable's, each row then divided by its sum"""

    def maximize(count, a):
        mass = count + a
        column = mass.reshape(-1, mass.shape[-1]).sum(0)
        turned = mass / np.where(column > 0, column, 1)
        total = turned.sum(-1, keepdims=True)
        return np.where(total > 0, turned / np.where(total > 0, total, 1), 1 / mass.shape[-1])

    return steps_with(G, x, start, alpha, steps, maximize=maximize)


@PARAMETERS.mutant(caught_by="pseudo-counts-are-the-posterior-mean")
def unseen_rows_keep_the_first_state(G, x, start, alpha, steps):
    """a row that no case tells of gets its first state for certain"""

    def maximize(count, a):
        mass = count + a
        mass = mass + (mass.sum(-1, keepdims=True) == 0) * (np.arange(mass.shape[-1]) == 0)
        return mass / mass.sum(-1, keepdims=True)

    return steps_with(G, x, start, alpha, steps, maximize=maximize)


@PARAMETERS.mutant(caught_by="what-never-falls")
def the_likelihood_alone(G, x, start, alpha, steps):
    """the history without the prior: with pseudo-counts it can fall"""
    *tables, _ = bn_parameters(G, x, start, alpha, steps)
    history = [log_likelihood(G, bn_parameters(G, x, start, alpha, t)[:-1], x) for t in range(int(steps) + 1)]
    return (*tables, np.array(history))


@PARAMETERS.mutant(caught_by="order-is-nothing-and-number-is, whole-cases-need-one-step, gaps-slow-it-by-their-share")
def each_kind_once(G, x, start, alpha, steps):
    """cases that are alike counted once"""
    return bn_parameters(G, np.unique(x, axis=0), start, alpha, steps)


@PARAMETERS.mutant(caught_by="what-never-falls, whole-cases-need-one-step, gaps-slow-it-by-their-share")
def a_step_late(G, x, start, alpha, steps):
    """the history of the tables after each step only, the first one twice"""
    *tables, history = bn_parameters(G, x, start, alpha, steps)
    return (*tables, np.append(history[1:], history[-1]))


@PARAMETERS.mutant(caught_by="a-zero-stays, a-hidden-class-needs-a-start")
def a_start_that_is_shaken(G, x, start, alpha, steps):
    """the start moved a little, so that no entry is 0 and no rows are equal"""
    rng = np.random.default_rng(0)
    moved = [t + 0.05 * rng.random(t.shape) for t in start]
    return bn_parameters(G, x, tuple(t / t.sum(-1, keepdims=True) for t in moved), alpha, steps)


PARAMETERS.erratum(
    "E335",
    common="With missing values EM finds the maximum-likelihood tables (often said)",
    why="It never lowers the likelihood, and that is all. From equal rows of a hidden variable's children it does not move, though other tables are more likely; and where the rows of a hidden variable's children differ, exchanging its states' names makes another maximum, as high.",
    right="From tables without zeros EM leads, as a rule, to a stationary point of the likelihood; several random starts, and the highest of them, are the usual guard",
    claims="a-hidden-class-needs-a-start, what-never-falls",
)
PARAMETERS.erratum(
    "E336",
    common="Missing values do no harm once EM is used (a common hope)",
    why="If every second y = 1 is left blank, EM leads from 20 cases of the proportions ⅕, ⅘ to 1/9 and 2/3, and from any number of cases in these proportions to the same.",
    right="It is right where, given what was seen, whether a value is missing does not depend on it; data cannot show that it is so",
    claims="what-is-missing-at-random",
)
PARAMETERS.erratum(
    "E337",
    common="One pseudo-count for each entry favours nothing (a common slip)",
    why="For two variables, a → b and b → a then give different joint distributions from the same cases, though the graphs say the same.",
    right="S cases shared out evenly over each table (BDeu) give equal joints for graphs that say the same; the answer depends on S",
    claims="turned-arrows-need-shared-counts",
)


@PARAMETERS.figure(
    share=Slider(0.1, 0.9, 0.5, "share of values missing"), strength=Slider(0.5, 0.95, 0.8, "P(y = 1 | x = 1)")
)
def figure(share, strength):
    r, p1 = float(share), float(strength)
    rng, p0 = np.random.default_rng(3), 0.2
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    t = np.arange(41)
    left.semilogy(t, np.maximum(r**t, 1e-12), color=COLOURS[0], label="this share missing")
    for other, style in ((0.2, ":"), (0.9, "--")):
        left.semilogy(t, np.maximum(other**t, 1e-12), color="0.55", ls=style, label=f"{other:.1f} missing")
    left.set(xlabel="step of EM", ylabel="distance that is left", xlim=(0, 40), ylim=(1e-10, 1e4))
    left.legend(fontsize=9, frameon=False, loc="upper right")
    sizes = np.unique(np.round(np.geomspace(30, 30000, 9)).astype(int))
    truth = (p0 + p1) / 2
    errors = {name: [] for name in ("all", "EM", "whole", "itself")}
    for n in sizes:
        found = {name: [] for name in errors}
        for _ in range(60):
            N = rng.multinomial(n, [(1 - p0) / 2, p0 / 2, (1 - p1) / 2, p1 / 2]).reshape(2, 2)
            at_random = np.stack([N[0], rng.binomial(N[1], 1 - r)])
            by_itself = np.stack([N[:, 0], rng.binomial(N[:, 1], 1 - r)], 1)
            x = N.sum(1) / n
            found["all"].append(N[:, 1].sum() / n)
            found["EM"].append(x @ (at_random[:, 1] / np.maximum(at_random.sum(1), 1)))
            found["whole"].append(at_random[:, 1].sum() / at_random.sum())
            found["itself"].append(x @ (by_itself[:, 1] / np.maximum(by_itself.sum(1), 1)))
        for name, values in found.items():
            errors[name].append(np.sqrt(np.mean((np.array(values) - truth) ** 2)))
    for name, colour, style, label in (
        ("all", "0.55", ":", "nothing missing"),
        ("EM", COLOURS[0], "-", "missing at random, EM"),
        ("whole", COLOURS[2], "--", "missing at random, whole cases"),
        ("itself", COLOURS[1], "-.", "missing by its own value, EM"),
    ):
        right.loglog(sizes, errors[name], color=colour, ls=style, label=label)
    right.set(xlabel="number of cases", ylabel="error of P(y = 1)", ylim=(8e-4, 4))
    right.legend(fontsize=8.5, frameon=False, loc="upper right")
    words = Text(
        f"EM on a coin: with {100 * r:.0f} % of its throws missing, each step leaves {r:.2f} of the distance. Of x → y, y missing in {100 * r:.0f} % of the cases with x = 1: at 30000 cases EM is off by {errors['EM'][-1]:.4f}, "
        f"the whole cases alone by {errors['whole'][-1]:.3f}; with {100 * r:.0f} % of the y = 1 missing EM is off by {errors['itself'][-1]:.3f}, and more cases do not help.",
        f"对一枚硬币作 EM：有 {100 * r:.0f}% 的结果缺失时，每步剩下距离的 {r:.2f}。对 x → y，若 x = 1 的案例中有 {100 * r:.0f}% 的 y 缺失：30000 个案例时 EM 的误差为 {errors['EM'][-1]:.4f}，"
        f"只用完整案例的误差为 {errors['whole'][-1]:.3f}；若 y = 1 中有 {100 * r:.0f}% 缺失，EM 的误差为 {errors['itself'][-1]:.3f}，案例再多也无济于事。",
    )
    return Drawing(fig, words)
