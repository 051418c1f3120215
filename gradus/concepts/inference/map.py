"""Maximum a posteriori: the most probable states together, of all variables or of some, and the mode of a posterior density."""

import itertools
import math

import numpy as np

from gradus.concepts.inference.factors_by_axes import drawn, spread
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import EPSILON, bound, identical, invariance, raises, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _most_probable(most_probable, tables, summed=(), evidence=()):
    from gradus.inference import MarkovNetwork, infer

    sizes = np.max([f.shape for f in tables], 0)
    states = {str(i): [str(x) for x in range(k)] for i, k in enumerate(sizes)}
    factors = [([str(i) for i in np.flatnonzero(np.array(f.shape) > 1)], f.squeeze()) for f in tables]
    network = MarkovNetwork(states, factors)
    known = {}
    for i, x in evidence:  # a second state of one variable stands under its number, so that the library sees it
        known[str(int(i)) if known.get(str(int(i)), str(int(x))) == str(int(x)) else int(i)] = str(int(x))
    away = {str(int(i)) for i in summed}
    best = most_probable(network, known, variables=[v for v in states if v not in away] if away else None)
    probability = math.exp(best.log_probability - infer(network, known).log_evidence)
    return (
        np.array([int(best.assignment.get(v, -1)) for v in states]),
        probability,
        np.array([v in best.ties for v in states]),
    )


MAP = Concept(
    key="map",
    kind="definition",
    title="Maximum a posteriori and the most probable explanation",
    summary="Which states of all variables together explain the findings best? It is one argmax over joint states, found by elimination with the maximum for the sum. "
    "It need not be the vector of each variable's most probable state, nor need what is left when variables are dropped from it be the best without them. Of a continuous parameter the posterior's mode "
    "depends on how the parameter is written.",
    formulas=(
        r"x^*\in\arg\max_xP(x\mid e),\qquad y^*\in\arg\max_y\sum_zP(y,z\mid e)",
        r"\max_{x_i}\prod_{\psi}\psi=\Bigl(\prod_{\psi\not\ni i}\psi\Bigr)\max_{x_i}\prod_{\psi\ni i}\psi\qquad(\psi\ge0)",
        r"\max_y\sum_zP(y,z\mid e)\ \le\ \sum_z\max_yP(y,z\mid e)",
        r"\hat\theta\in\arg\max_\theta\,p(D\mid\theta)\,p(\theta),\qquad p_\varphi(\varphi)=p_\theta(\theta)\left\lvert\frac{d\theta}{d\varphi}\right\rvert",
    ),
    symbols=(
        Symbol(
            r"\psi",
            "tables",
            "m",
            "the factors, in a tuple: arrays with an axis for each variable of the network, of length 1 where the factor does not depend on it; $P(x)$ is their product, scaled",
            "other",
        ),
        Symbol(
            "z", "summed", "s", "the variables that are summed out; none for the most probable explanation", "index"
        ),
        Symbol("e", "evidence", "r 2", "findings, pairs of a variable and its state", "index"),
        Symbol("x", "", "", "states of all variables that are not known", "other"),
        Symbol("y", "", "", "states of those that are wanted; with $z$ and the known ones, all", "other"),
        Symbol(r"x^*,\ y^*", "", "", "the most probable ones", "other"),
        Symbol(
            r"\theta,\ \varphi",
            "",
            "",
            "a parameter with a density, and a function of it that is smooth, strictly rising or falling, and written for it",
        ),
        Symbol(
            "p",
            "",
            "",
            "densities: of the data $D$, of the prior, and, with an index, of $\\theta$ or of $\\varphi$, of one and the same distribution",
        ),
        Symbol("i", "", "", "a variable", "natural"),
    ),
    returns=(
        Result("states", "n", "the states of $y^*$, known ones as they were found; −1 for those summed out"),
        Result("probability", "", "$P(y^*\\mid e)$"),
        Result(
            "tied",
            "n",
            "whether another choice, equally probable within a relative $10^{-12}$, gives the variable another state; then the states are one of several",
        ),
    ),
    needs=("variable-elimination", "bayes", "mle", "regularization"),
    source="pearl1988probabilistic",
    year=1988,
    people=("Andrew Viterbi", "Judea Pearl", "Philip Dawid", "James Park", "Adnan Darwiche"),
    aliases="MAP estimate, maximum a posteriori estimation, MAP inference, most probable explanation, MPE, marginal MAP, posterior mode, "
    "最大后验, 最大后验估计, 最大后验推断, 最可能解释, 边缘最大后验, 后验众数",
    implementations=(
        Implementation(
            "gradus.inference:most_probable",
            "numpy",
            _most_probable,
            "of named variables; what each other state would cost: `max_marginals`",
        ),
    ),
    readings="dawid1992applications; park2004complexity; koller2009probabilistic ch. 13; viterbi1967error; murphy2012machine §5.2.1",
    hypotheses=(
        Hypothesis("maxima move inwards: no factor is negative", "maxima-move-inwards"),
        Hypothesis("the evidence is possible", "impossible-evidence-is-refused"),
        Hypothesis("$x^*$ is unique: no ties", "ties-are-named"),
        Hypothesis(
            "of a density: one fixed way to write the parameter", "the-mode-depends-on-how-the-parameter-is-written"
        ),
    ),
    conventions=(
        Convention(
            "what “MAP” names",
            "the mode of any posterior; of all variables it is the most probable explanation (MPE), of some, the rest summed out, marginal MAP",
            "MAP for all variables (Koller and Friedman), MAP for some and MPE for all (Park and Darwiche)",
        ),
        Convention(
            "equally probable ones",
            "one is returned, and the variables in which others differ are marked",
            "one is returned and nothing said: pyAgrum's `mpe`",
        ),
    ),
    deviations="The definition writes all joint states out. The library takes maxima one variable at a time, in scaled numbers or logarithms, and counts as ties what differs by its rounding alone.",
    unverified="Marginal MAP is harder than marginals and the most probable explanation: its order of elimination must have all sums before all maxima, and it stays NP-hard on polytrees, where those two are easy if no variable has many parents (Park and Darwiche 2004).",
    differentiable=False,
    carries_gradient=False,
)


@MAP.definition
def explain(tables, summed=(), evidence=()):
    n = tables[0].ndim
    joint = np.ones([max(f.shape[i] for f in tables) for i in range(n)])
    for f in tables:
        joint = joint * f
    known = {}
    for i, x in evidence:
        if not (0 <= i < n and 0 <= x < joint.shape[i]) or known.setdefault(int(i), int(x)) != x:
            raise ValueError(f"variable {i} cannot be in state {x}")
    away = {int(i) for i in summed}
    if away & set(known) or len(away) == n:
        raise ValueError("summed: variables that are not known, and not all")
    for i, x in known.items():
        joint = joint * (np.arange(joint.shape[i]) == x).reshape([-1 if j == i else 1 for j in range(n)])
    Z = joint.sum()
    if not Z > 0:
        raise ValueError("impossible evidence: " + ", ".join(f"variable {i} in state {x}" for i, x in known.items()))
    posterior = joint.sum(tuple(away), keepdims=True) / Z
    best = posterior.max()
    alike = np.argwhere(posterior >= best * (1 - 1e-12))
    states = np.array([-1 if i in away else x for i, x in enumerate(alike[0])])
    return states, best, (alike != alike[0]).any(0)


WEATHER, PLAN = 0, 1


def weekend():
    """A storm (0) or calm (1); then one stays in (0), walks (1) or swims (2)."""
    return spread([0.4, 0.6], [WEATHER], 2), spread([[1.0, 0.0, 0.0], [0.3, 0.3, 0.4]], [WEATHER, PLAN], 2)


def modes(tables, evidence=()):
    """Each variable's most probable state by itself."""
    joint = math.prod(tables)
    for i, x in evidence:
        joint = joint * (np.arange(joint.shape[i]) == x).reshape([-1 if j == i else 1 for j in range(joint.ndim)])
    return np.array([joint.sum(tuple(j for j in range(joint.ndim) if j != i)).argmax() for i in range(joint.ndim)])


@MAP.example
def example():
    tables = weekend()
    states, probability, tied = explain(tables)
    joint = tables[0] * tables[1]
    alone = modes(tables)
    return (
        dict(tables=tables, summed=(), evidence=(), states=states, probability=probability, tied=tied, joint=joint)
        | dict(weather=joint.sum(1), plan=joint.sum(0), alone=alone, together=joint[tuple(alone)])
        | dict(best=joint.max(1), best_plan=joint.max(0), marginal=explain(tables, (PLAN,))[0][0])
        | dict(given=explain(tables, (), ((PLAN, 2),))[0][0], wrong=2 - np.array([0.6 + 0.58, 0.4 + 0.58]))
    )


@MAP.exercise
def two_steps():
    tables = (spread([0.45, 0.55], [0], 2), spread([[0.9, 0.1], [0.5, 0.5]], [0, 1], 2))
    joint, alone = tables[0] * tables[1], modes(tables)
    return number(
        explain(tables)[1],
        modes=joint[tuple(alone)],
        product_of_modes=joint.sum(1).max() * joint.sum(0).max(),
        last_step_only=0.9,
    )


@MAP.exercise
def seven_of_ten():
    """A uniform prior, seven successes of ten: the mode of the density of the log-odds, as a probability."""
    theta = np.arange(1, 1200) / 1200
    at = theta[(theta**8 * (1 - theta) ** 4).argmax()]
    return number(at, mode_in_theta=0.7, half_a_success=7.5 / 11, divided=theta[(theta**6 * (1 - theta) ** 2).argmax()])


@MAP.exercise
def fewest_mistakes():
    joint = suspects()[0]
    expected = {
        name: sum(joint[x] * np.sum(np.array(x) != guess) for x in itertools.product((0, 1), repeat=3))
        for name, guess in (
            ("explanation", explain(suspects())[0]),
            ("modes", modes(suspects())),
            ("last", np.array([1, 1, 0])),
        )
    }
    least = min(expected, key=expected.get)
    return choice(**{name: name == least for name in expected})


def suspects():
    """Of three suspects exactly one did it (state 1)."""
    joint = np.zeros((2, 2, 2))
    joint[1, 0, 0], joint[0, 1, 0], joint[0, 0, 1] = 0.4, 0.35, 0.25
    return (joint,)


@MAP.cases
def cases(rng):
    yield "a storm, or not", dict(tables=weekend())
    yield "the weather alone", dict(tables=weekend(), summed=(PLAN,))
    yield "one of three", dict(tables=suspects())
    tables = drawn(rng, [2, 3, 2, 4, 2])
    yield "a Bayesian network", dict(tables=tables)
    yield "some found", dict(tables=tables, evidence=((4, 1), (1, 2)))
    yield "some summed out", dict(tables=tables, summed=(0, 3))
    yield "some found, some summed out, a finding twice", dict(tables=tables, summed=(1,), evidence=((3, 2), (3, 2)))
    yield "a chain", dict(tables=tuple(spread(rng.uniform(0.1, 1, (3, 3)), (i, i + 1), 6) for i in range(5)))
    yield "a variable of one state", dict(tables=drawn(rng, [2, 1, 3]))
    yield "one variable", dict(tables=(spread(rng.random(7), [0], 1), spread(rng.random(7), [0], 1)))


@MAP.invalid
def invalid(rng):
    yield "impossible evidence", dict(tables=suspects(), evidence=((0, 1), (1, 1)))
    yield "one variable in two states", dict(tables=weekend(), evidence=((0, 1), (0, 0)))


@MAP.claim
def enumeration_finds_the_same(explain, rng):
    """States and probability are those of the largest term, looked for among all of them: on random networks of six variables, with and without two findings, and with two
    variables summed out"""
    sizes = [2, 3, 2, 2, 3, 2]
    for evidence, summed in (((), ()), (((5, 1), (0, 0)), ()), (((4, 2),), (1, 3))):
        tables = drawn(rng, sizes)
        shares = {}
        for x in itertools.product(*(range(k) for k in sizes)):
            if all(x[i] == state for i, state in evidence):
                term = math.prod(f[tuple(a if k > 1 else 0 for a, k in zip(x, f.shape, strict=True))] for f in tables)
                y = tuple(-1 if i in summed else a for i, a in enumerate(x))
                shares[y] = shares.get(y, 0.0) + term
        best = max(shares, key=shares.get)
        states, probability, tied = explain(tables, summed, evidence)
        yield identical(np.asarray(states, float), np.array(best, float))
        yield roundoff(float(probability), shares[best] / sum(shares.values()), terms=144)
        yield identical(np.asarray(tied, bool), np.zeros(6, bool))


@MAP.claim
def maxima_move_inwards(explain, rng):
    r"""On a chain of eight variables the largest term is found by taking the maximum over one variable at a time, $m_{i+1}(x_{i+1})=\max_{x_i}\psi_i(x_i,x_{i+1})\,m_i(x_i)$, and the states by going
    back. With a negative factor it would not be: $\max_x\bigl(-f(x)\bigr)$ is not $-\max_xf(x)$"""
    plans = np.zeros((3, 3))  # the weekend, and six that copy the plan
    plans[:2] = math.prod(weekend())
    for psi in (rng.uniform(0.1, 1, (7, 3, 3)), np.array([plans, *[np.eye(3)] * 6])):
        tables = tuple(spread(p, (i, i + 1), 8) for i, p in enumerate(psi))
        m, chosen, total = np.ones(3), [], np.ones(3)
        for p in psi:
            chosen.append((m[:, None] * p).argmax(0))
            m, total = (m[:, None] * p).max(0), total @ p
        path = [int(m.argmax())]
        for back in reversed(chosen):
            path.append(int(back[path[-1]]))
        states, probability, _ = explain(tables)
        yield identical(np.asarray(states, float), np.array(path[::-1], float))
        yield roundoff(float(probability), m.max() / total.sum(), terms=3**8)
    f = rng.uniform(0.1, 1, 5)
    yield bound((-f).max() - (-1 * f.max()), 1e-3, "≥", Text("the smallest, not the largest", "是最小的，而不是最大的"))


@MAP.claim
def not_the_vector_of_modes(explain, rng):
    """The most probable states together need not be those that are most probable one by one. Of the weekend it is storm and staying in, 0.4; one by one calm (0.6) and staying in (0.58) are, which together
    have 0.18. Where one of three suspects did it, with 0.4, 0.35 and 0.25, each by himself is more probably innocent, and that all are is impossible"""
    states, probability, _ = explain(weekend())
    yield identical(np.asarray(states, float), np.zeros(2))
    yield roundoff(float(probability), 0.4, terms=8)
    yield identical(modes(weekend()), np.array([1, 0]))
    yield roundoff(math.prod(weekend())[1, 0], 0.18, terms=8)
    states, probability, _ = explain(suspects())
    yield identical(np.asarray(states, float), np.array([1.0, 0, 0]))
    yield roundoff(float(probability), 0.4, terms=8)
    yield identical([suspects()[0][tuple(modes(suspects()))], *modes(suspects())], [0.0, 0, 0, 0])
    for i, p in enumerate((0.6, 0.65, 0.75)):
        alone, most, _ = explain(suspects(), tuple(j for j in range(3) if j != i))
        yield identical(int(alone[i]), 0)
        yield roundoff(float(most), p, terms=8)


@MAP.claim
def marginal_is_not_projected(explain, rng):
    r"""With the plan summed out the weather's most probable state is calm, 0.6, though the most probable explanation holds a storm. The maximum may not be taken before the sum: $\sum_z\max_y$ of the
    weekend is 0.82, the probability of no states of $y$: it is that of naming the weather rightly when the plan has been seen, which may be another guess for each $z$; on 20 random networks it is never below $\max_y\sum_z$"""
    projected = int(explain(weekend())[0][WEATHER])
    states, probability, _ = explain(weekend(), (PLAN,))
    yield identical([projected, int(states[WEATHER]), int(states[PLAN])], [0, 1, -1])
    yield roundoff(float(probability), 0.6, terms=8)
    joint = math.prod(weekend())
    yield roundoff(joint.max(0).sum(), 0.82, terms=8)
    right = joint.argmax(0)[None] == np.arange(2)[:, None]  # the event that the weather is the one named for the plan
    yield roundoff(joint[right].sum(), 0.82, terms=8)
    for _ in range(20):
        tables = drawn(rng, [3, 2, 3])
        most, later = float(explain(tables, (0,))[1]), math.prod(tables).max((1, 2)).sum()
        yield bound(most / later, 1 + 18 * EPSILON, "≤", Text("rounding of sums of 18", "18 项求和的舍入"))


@MAP.claim
def each_is_best_for_its_own_loss(explain, rng):
    """Of all guesses the explanation is right in everything most often, and the vector of modes has the fewest variables wrong on average: of three suspects 0.4 against 0 for all right, and
    1.2 against 1 wrong"""
    for tables in (suspects(), drawn(rng, [2, 3, 2, 2])):
        joint = math.prod(tables)
        guesses = list(itertools.product(*(range(k) for k in joint.shape)))
        wrong = {g: sum(joint[x] * sum(a != b for a, b in zip(x, g, strict=True)) for x in guesses) for g in guesses}
        states, probability, _ = explain(tables)
        mine = tuple(int(x) for x in states)
        yield identical(joint[mine], max(joint[g] for g in guesses))
        yield roundoff(float(probability), joint[mine], terms=24)
        yield roundoff(wrong[tuple(modes(tables).tolist())], min(wrong.values()), terms=24)
        if len(tables) == 1:
            yield roundoff([wrong[mine], wrong[0, 0, 0]], [1.2, 1.0], terms=24)


@MAP.claim
def ties_are_named(explain, rng):
    """Where several are equally probable, the one returned is one of them, and the variables in which they differ are marked: of two coins that always agree both are, a third that is
    biased is not. States chosen one by one among the tied ones could mix two explanations: heads and tails has probability 0. A difference of one in a billion is no tie, one of
    rounding, as between 0.1 + 0.2 and 0.3, is"""
    tables = (spread([0.5, 0.5], [0], 3), spread(np.eye(2), [0, 1], 3), spread([0.3, 0.7], [2], 3))
    states, probability, tied = explain(tables)
    yield identical(np.asarray(tied, bool), np.array([True, True, False]))
    yield identical([int(states[0] == states[1]), int(states[2])], [1, 1])
    yield roundoff(float(probability), 0.35, terms=8)
    nearly = (spread([0.5, 0.5 * (1 + 1e-9)], [0], 3), *tables[1:])
    states, _, tied = explain(nearly)
    yield identical(np.asarray(tied, bool), np.zeros(3, bool))
    yield identical(np.asarray(states, float), np.ones(3))
    states, _, tied = explain(tables, (1,))
    yield identical(np.asarray(tied, bool), np.array([True, False, False]))
    _, _, tied = explain(tables, (), ((0, 1),))
    yield identical(np.asarray(tied, bool), np.zeros(3, bool))
    # three of four pairs are equally probable: the marginals, 0.6 and 0.4, differ, the maxima do not
    three = (np.array([[0.3, 0.3], [0.3, 0.1]]),)
    yield identical(np.asarray(explain(three)[2], bool), np.array([True, True]))
    rounded = (spread([0.1 + 0.2, 0.3], [0], 2), spread([0.4, 0.6], [1], 2))
    yield identical(np.asarray(explain(rounded)[2], bool), np.array([True, False]))


@MAP.claim
def findings_that_agree_change_nothing(explain, rng):
    r"""A finding that the explanation had foreseen leaves it as it is, and divides its probability by that finding's: $P(x^*\mid e,x_i^*)=P(x^*\mid e)/P(x_i^*\mid e)$; the same finding twice is one, and a factor multiplied
    by 7 changes nothing"""
    tables = drawn(rng, [2, 3, 2, 2])
    for known in ((), ((3, 1),)):
        states, probability, _ = explain(tables, (), known)
        joint = math.prod(tables) * (np.arange(2) == 1 if known else 1)
        joint = joint / joint.sum()
        for i in range(4):
            x = int(states[i])
            finding = (*known, (i, x), (i, x))
            again, more, _ = explain((7 * tables[0], *tables[1:]), (), finding)
            yield identical(np.asarray(again, float), np.asarray(states, float))
            share = joint.sum(tuple(j for j in range(4) if j != i))[x]
            yield invariance(float(more) * share, float(probability), terms=48)


def successes(s, n, a, b):
    """Points of θ, the density of a Beta(a, b) prior there, and the likelihood of 0 … n successes."""
    theta = np.arange(1, 240) / 240
    k = np.arange(n + 1)
    likelihood = np.array([math.comb(n, int(j)) for j in k]) * theta[:, None] ** k * (1 - theta[:, None]) ** (n - k)
    return theta, theta ** (a - 1) * (1 - theta) ** (b - 1), likelihood


@MAP.claim
def the_mode_depends_on_how_the_parameter_is_written(explain, rng):
    r"""A uniform prior and three successes of four: the density of $\theta$ is largest at 0.75, that of the log-odds $\varphi$ of the same posterior at $\theta=2/3$, that of $\sqrt\theta$ at 0.778. In general $\frac{a+s-1}{a+b+n-2}$ against $\frac{a+s}{a+b+n}$ for a
    Beta(a, b) prior, the first if $a+s>1$ and $b+n-s>1$; with $a=b=\frac12$ and no success of four the density of $\theta$ is largest at the end, 0"""
    theta, prior, likelihood = successes(3, 4, 1, 1)

    def at(density):
        states, _, _ = explain((spread(density, [0], 2), spread(likelihood, [0, 1], 2)), (), ((1, 3),))
        return float(theta[int(states[0])])

    yield identical(at(prior), 0.75)
    yield identical(at(prior * theta * (1 - theta)), theta[159])
    yield roundoff(theta[159], 2 / 3, terms=4)
    # of √θ the density has the factor dθ/d√θ = 2√θ: θ^{3.5}(1 − θ), at 7/9, between two points
    yield bound(abs(at(prior * np.sqrt(theta)) - 7 / 9), 1 / 240, "≤", Text("distance of two points", "两点的间距"))
    theta, prior, likelihood = successes(5, 8, 3, 4)
    points = Text("distance of two points", "两点的间距")
    yield bound(abs(at_of(explain, prior, likelihood, 5, theta) - 7 / 13), 1 / 240, "≤", points)
    yield roundoff(at_of(explain, prior * theta * (1 - theta), likelihood, 5, theta), 8 / 15, terms=4)
    theta, prior, likelihood = successes(0, 4, 0.5, 0.5)
    yield identical(at_of(explain, prior, likelihood, 0, theta), theta[0])
    at_end = at_of(explain, prior * theta * (1 - theta), likelihood, 0, theta)
    yield bound(abs(at_end - 0.1), 1 / 240, "≤", points)


def at_of(explain, density, likelihood, s, theta):
    """The point that is the most probable after s successes."""
    states, _, _ = explain((spread(density, [0], 2), spread(likelihood, [0, 1], 2)), (), ((1, s),))
    return float(theta[int(states[0])])


@MAP.claim
def a_normal_prior_is_weight_decay(explain, rng):
    r"""Normal observations, independent, of variance $\sigma^2$, and a prior $\mathcal N(0,\tau^2)$ of their mean $\theta$: the mode minimises $\frac1{2\sigma^2}\sum_i(x_i-\theta)^2+\frac1{2\tau^2}\theta^2$ and is $\bar x\,n/(n+\sigma^2/\tau^2)$; with a flat prior it is $\bar x$"""
    theta = np.arange(-300, 301) / 100
    for x, sigma, tau in (([0.5, 1.5, 0.4], 1.0, 1.0), ([2.0, 1.0], 2.0, 2.0), ([1.2, 1.2], 1.0, 0.5)):
        x = np.array(x)
        likelihood = np.exp(-((x[:, None] - theta) ** 2).sum(0) / (2 * sigma**2))
        prior = np.exp(-(theta**2) / (2 * tau**2))
        for density, want in ((prior, x.mean() * len(x) / (len(x) + sigma**2 / tau**2)), (np.ones(601), x.mean())):
            states, _, _ = explain((spread(density, [0], 1), spread(likelihood, [0], 1)))
            yield identical(round(100 * float(theta[int(states[0])])), round(100 * want))


@MAP.claim
def impossible_evidence_is_refused(explain, rng):
    """Findings that exclude each other have no explanation and are refused; each alone has one"""
    yield raises(lambda: explain(suspects(), (), ((0, 1), (2, 1))), ValueError)
    for i in (0, 2):
        states, probability, _ = explain(suspects(), (), ((i, 1),))
        yield identical(np.asarray(states, float), np.eye(3)[i])
        yield roundoff(float(probability), 1.0, terms=8)


def worked(tables, summed=(), evidence=()):
    """The posterior of what is wanted, after all that the definition refuses."""
    explain(tables, summed, evidence)
    joint = math.prod(tables)
    for i, x in dict(evidence).items():
        joint = joint * (np.arange(joint.shape[i]) == x).reshape([-1 if j == i else 1 for j in range(joint.ndim)])
    return joint / joint.sum()


@MAP.mutant(caught_by="not-the-vector-of-modes, each-is-best-for-its-own-loss, maxima-move-inwards")
def modes_one_by_one(tables, summed=(), evidence=()):
    """each variable's most probable state by itself"""
    posterior = worked(tables, summed, evidence)
    n = posterior.ndim
    each = [posterior.sum(tuple(j for j in range(n) if j != i)) for i in range(n)]
    states = np.array([-1 if i in summed else p.argmax() for i, p in enumerate(each)])
    at = tuple(slice(None) if i in summed else x for i, x in enumerate(states))
    tied = [i not in summed and np.sum(p >= p.max() * (1 - 1e-12)) > 1 for i, p in enumerate(each)]
    return states, posterior[at].sum(), np.array(tied)


@MAP.mutant(caught_by="enumeration-finds-the-same, marginal-is-not-projected")
def projected(tables, summed=(), evidence=()):
    """the most probable explanation, with the variables that were to be summed out left out of it"""
    states, probability, tied = explain(tables, (), evidence)
    away = np.isin(np.arange(len(states)), summed)
    return np.where(away, -1, states), probability, tied & ~away


@MAP.mutant(caught_by="marginal-is-not-projected, enumeration-finds-the-same")
def maximum_before_the_sum(tables, summed=(), evidence=()):
    """the maximum is taken first, and then summed: the probability of a choice of $y$ for each $z$, not of one $y$"""
    states, _, tied = explain(tables, summed, evidence)
    wanted = tuple(i for i in range(len(states)) if i not in summed)
    return states, worked(tables, summed, evidence).max(wanted).sum(), tied


@MAP.mutant(caught_by="not-the-vector-of-modes, each-is-best-for-its-own-loss")
def one_after_another(tables, summed=(), evidence=()):
    """greedy: the first variable's most probable state, then the second's given it, and so on"""
    states, known = np.full(tables[0].ndim, -1), list(evidence)
    for i in range(len(states)):
        if i not in summed:
            posterior = worked(tables, summed, known)
            states[i] = posterior.sum(tuple(j for j in range(len(states)) if j != i)).argmax()
            known.append((i, states[i]))
    posterior = worked(tables, summed, evidence)
    at = tuple(slice(None) if i in summed else x for i, x in enumerate(states))
    return states, posterior[at].sum(), explain(tables, summed, evidence)[2]


@MAP.mutant(
    caught_by="enumeration-finds-the-same, impossible-evidence-is-refused, the-mode-depends-on-how-the-parameter-is-written"
)
def evidence_ignored(tables, summed=(), evidence=()):
    """the findings are not put in"""
    return explain(tables, summed)


@MAP.mutant(caught_by="enumeration-finds-the-same, findings-that-agree-change-nothing, impossible-evidence-is-refused")
def joint_for_posterior(tables, summed=(), evidence=()):
    """P(x, e), not divided by P(e)"""
    states, probability, tied = explain(tables, summed, evidence)
    return states, probability * (worked_total(tables, evidence)), tied


def worked_total(tables, evidence):
    joint = math.prod(tables)
    for i, x in dict(evidence).items():
        joint = joint.take([x], axis=i)
    return joint.sum()


@MAP.mutant(caught_by="ties-are-named")
def ties_kept_silent(tables, summed=(), evidence=()):
    """one of several is returned, and nothing said"""
    states, probability, tied = explain(tables, summed, evidence)
    return states, probability, np.zeros(len(tied), bool)


@MAP.mutant(caught_by="ties-are-named")
def equal_to_the_last_bit(tables, summed=(), evidence=()):
    """only numbers that are equal to the last bit count as ties: rounding chooses, and nobody is told"""
    states, probability, _ = explain(tables, summed, evidence)
    posterior = worked(tables, summed, evidence).sum(tuple(int(i) for i in summed), keepdims=True)
    alike = np.argwhere(posterior == posterior.max())
    return states, probability, (alike != alike[0]).any(0)


@MAP.mutant(caught_by="ties-are-named")
def mixed_explanations(tables, summed=(), evidence=()):
    """the first variable that is tied takes its next state, by itself: a mixture of two explanations"""
    states, probability, tied = explain(tables, summed, evidence)
    first = next((i for i in range(len(tied)) if tied[i]), None)
    if first is not None:
        states = states.copy()
        states[first] = (states[first] + 1) % max(f.shape[first] for f in tables)
    return states, probability, tied


@MAP.mutant(caught_by="ties-are-named")
def ties_of_marginals(tables, summed=(), evidence=()):
    """a variable counts as tied if its own two states are equally probable"""
    states, probability, _ = explain(tables, summed, evidence)
    return states, probability, modes_one_by_one(tables, summed, evidence)[2]


@MAP.mutant(
    caught_by="a-normal-prior-is-weight-decay, the-mode-depends-on-how-the-parameter-is-written, enumeration-finds-the-same"
)
def prior_forgotten(tables, summed=(), evidence=()):
    """the first table is left out: maximum likelihood"""
    return explain((np.ones_like(tables[0]), *tables[1:]), summed, evidence)


@MAP.mutant(caught_by="impossible-evidence-is-refused")
def any_state_for_the_impossible(tables, summed=(), evidence=()):
    """impossible findings get the first states, with probability 0"""
    try:
        return explain(tables, summed, evidence)
    except ValueError as error:
        if "impossible" not in str(error):
            raise
        n = tables[0].ndim
        return np.array([-1 if i in summed else dict(evidence).get(i, 0) for i in range(n)]), 0.0, np.zeros(n, bool)


MAP.erratum(
    "E296",
    common="The most probable explanation is found by taking each variable's most probable state (a common slip)",
    why="Of three suspects with 0.4, 0.35 and 0.25, each is more probably innocent; but exactly one did it, so the vector of modes has probability 0, and the explanation 0.4. Of the weekend "
    "the explanation holds a storm, though calm has probability 0.6.",
    right="One argmax over joint states; the vector of modes answers another question, the fewest variables wrong on average",
    claims="not-the-vector-of-modes, marginal-is-not-projected, each-is-best-for-its-own-loss",
)
MAP.erratum(
    "E297",
    common="The MAP estimate is invariant under reparametrisation, like maximum likelihood (a common slip)",
    why="A density brings a factor |dθ/dφ|: with a uniform prior and three successes of four the mode of θ is 0.75, that of the log-odds is at 0.667, and that of the root of θ at 0.778, for one and the same posterior.",
    right="State the parameter in which the mode is taken; posterior probabilities of events do not depend on it, nor do quantiles of a single parameter, under a rising change of it",
    claims="the-mode-depends-on-how-the-parameter-is-written",
)


@MAP.figure(
    peak=Slider(0.05, 0.6, 0.2, "weight of the peak"),
    n=Slider(4, 40, 4, "observations n", integer=True, values=(4, 8, 20, 40)),
)
def figure(peak, n):
    k = np.arange(8)
    lump = np.exp(-((k[:, None] - 5) ** 2 + (k - 2) ** 2) / 3.4)
    joint = (1 - peak) * lump / lump.sum()
    joint[1, 6] += peak
    states, probability, _ = explain((joint,))
    alone = modes((joint,))
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    left.imshow(joint.T, origin="lower", cmap="Blues", vmin=0, vmax=joint.max() * 1.15)
    sides = np.linspace(-0.5, 7.5, 9)
    for values, swap in ((joint.sum(1), False), (joint.sum(0), True)):
        line = (np.repeat(sides, 2)[1:-1], 7.7 + 2.2 * np.repeat(values, 2) / values.max())
        left.plot(*(line[::-1] if swap else line), color=COLOURS[1])
    left.plot(*states, "o", ms=13, mfc="none", mec=COLOURS[2], mew=2.6, label="explanation")
    left.plot(*alone, "s", ms=11, mfc="none", mec=COLOURS[1], mew=2.6, label="modes one by one")
    left.set(
        xlim=(-0.5, 10), ylim=(-0.5, 10), xticks=k, yticks=k, xlabel="x", ylabel="y", title="joint; marginals outside"
    )
    left.legend(fontsize=9.5, frameon=False, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)
    theta = np.linspace(0.002, 0.998, 400)
    s = 3 * int(n) // 4
    for label, power, colour in (("of θ", 0.0, COLOURS[0]), ("of the log-odds", 1.0, COLOURS[1])):
        log = (s + power) * np.log(theta) + (int(n) - s + power) * np.log(1 - theta)
        density = np.exp(log - log.max())
        right.plot(theta, density, color=colour, label=label)
        right.vlines(theta[density.argmax()], 0, 1, color=colour, lw=1, ls="--")
    right.set(xlabel="θ", yticks=[], xlim=(0, 1), ylim=(0, 1.28), title="one posterior, two densities")
    right.legend(fontsize=9.5, frameon=False, loc="upper left")
    words = Text(
        f"The most probable pair is ({states[0]}, {states[1]}) with probability {probability:.3f}; the modes one by one are ({alone[0]}, {alone[1]}), together {joint[tuple(alone)]:.3f}. "
        f"Uniform prior, {s} of {int(n)} successes: the density of θ is largest at {s / int(n):.3f}, that of the log-odds at θ = {(s + 1) / (int(n) + 2):.3f}.",
        f"最可能的一对是 ({states[0]}, {states[1]})，概率 {probability:.3f}；逐个的众数是 ({alone[0]}, {alone[1]})，合起来为 {joint[tuple(alone)]:.3f}。"
        f"均匀先验，{int(n)} 次中成功 {s} 次：θ 的密度在 {s / int(n):.3f} 处最大，对数几率的密度在 θ = {(s + 1) / (int(n) + 2):.3f} 处最大。",
    )
    return Drawing(fig, words)
