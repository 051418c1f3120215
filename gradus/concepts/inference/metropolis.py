"""Metropolis–Hastings: a chain whose stationary distribution is known up to a factor."""

import functools
import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas

METROPOLIS = Concept(
    key="metropolis",
    kind="algorithm",
    title="Metropolis–Hastings",
    summary=r"Draws from a distribution of which only ratios are known: propose a place to go to, and go there with the probability that makes the flow between any two "
    "places the same in both directions; else stay, and count the place where you are once more. How long the steps of a random walk should be is a question of the "
    "dimension: of a normal distribution about 44 % of the proposals are taken at best in one, 23 % in many.",
    formulas=(
        r"\alpha_{ij}=\min\Bigl(1,\frac{\pi_jQ_{ji}}{\pi_iQ_{ij}}\Bigr),\qquad P_{ij}=Q_{ij}\alpha_{ij}\quad(i\ne j),\qquad P_{ii}=1-\sum_{j\ne i}P_{ij}",
        r"\pi_iP_{ij}=\pi_jP_{ji}\ \Rightarrow\ \sum_i\pi_iP_{ij}=\pi_j",
        r"A=\frac1{\sum_i\pi_i}\sum_i\pi_i\Bigl(Q_{ii}+\sum_{j\ne i}P_{ij}\Bigr)",
        r"x'=x+\tfrac\ell{\sqrt d}z,\ \pi=\mathcal N(0,I_d):\qquad A=\mathbb E\,2\Phi\Bigl(-\tfrac\ell2\sqrt{\tfrac{\chi^2_d}d}\Bigr)\to2\Phi\bigl(-\tfrac\ell2\bigr),\qquad "
        r"\mathbb E\lVert x_{t+1}-x_t\rVert^2=\ell^2\,\mathbb E\,\tfrac{\chi^2_d}d\,2\Phi\Bigl(-\tfrac\ell2\sqrt{\tfrac{\chi^2_d}d}\Bigr)\to2\ell^2\Phi\bigl(-\tfrac\ell2\bigr)",
    ),
    symbols=(
        Symbol(r"\pi", "p", "n", "target: the weights of the states, up to a factor", "nonnegative"),
        Symbol(
            "Q", "Q", "n n", "proposal: the probability of proposing a state (column) from another (row)", "simplex"
        ),
        Symbol(r"\alpha_{ij}", "", "", r"probability with which a proposal is taken; 1 where $\pi_i=0$"),
        Symbol("P", "", "n n", "transition matrix of the chain"),
        Symbol("A", "", "", "share of the proposals that are taken, in the stationary chain", "unit"),
        Symbol("x,\\ x_t", "", "d", "a place, and that of the chain at time $t$"),
        Symbol("z", "", "d", "independent standard normal numbers"),
        Symbol(
            r"\ell",
            "",
            "",
            "root mean square length of a step, in standard deviations of a coordinate of the target",
            "positive",
        ),
        Symbol("d", "", "", r"dimension; the limits are those for $d\to\infty$", "natural"),
        Symbol(r"\chi^2_d", "", "", "the sum of squares of $d$ independent standard normal numbers"),
        Symbol("i,\\ j,\\ t", "", "", "a state, another one, time", "natural"),
    ),
    returns=(Result("P", "n n", "transition matrix"), Result("acceptance", "", "$A$")),
    needs=("bayes", "lln"),
    source="hastings1970monte",
    year=1953,
    people=(
        "Nicholas Metropolis",
        "Arianna Rosenbluth",
        "Marshall Rosenbluth",
        "Augusta Teller",
        "Edward Teller",
        "Keith Hastings",
    ),
    aliases="MCMC, Markov chain Monte Carlo, MH, Metropolis algorithm, random walk Metropolis, detailed balance, acceptance rate, "
    "马尔可夫链蒙特卡洛, MH 采样, 细致平衡, 随机游走, 接受率",
    implementations=(
        Implementation(
            "gradus.inference:metropolis_matrix",
            "torch",
            note="the chain itself, of any log density: `gradus.inference.sample(log_density, start)`, which takes proposals by the same rule",
        ),
    ),
    readings="metropolis1953equation; hastings1970monte; peskun1973optimum; roberts1997weak; roberts2001optimal",
    hypotheses=(
        Hypothesis(
            "the chain can get from each state with mass to every other: else it keeps the target, and never finds it",
            "one-way-proposals-stand-still",
        ),
        Hypothesis(
            "its distribution tends to the target from any start: it is not periodic", "all-taken-may-swing-for-ever"
        ),
        Hypothesis(
            "the rate 0.234: many dimensions, of a normal distribution or of like factors",
            "one-dimension-takes-forty-four",
        ),
    ),
    conventions=(
        Convention(
            "how a proposal is taken",
            r"$\min(1,r)$, the largest that detailed balance allows (Metropolis, Hastings)",
            r"$\frac r{1+r}$ (Barker; heat bath), smaller everywhere",
        ),
        Convention(
            "what counts as taken",
            "a proposal of the very state where the chain is counts as taken",
            "it counts as a rejection, where moves are counted",
        ),
        Convention(
            "matrices",
            "rows are where the chain comes from: laws are row vectors, $\\pi P=\\pi$",
            "columns are: $P\\pi=\\pi$",
        ),
    ),
    unverified="That 0.234 is the best rate for targets of many independent factors in the limit of dimensions is a theorem of Roberts, Gelman and Gilks; "
    "for other targets it is a rule of thumb.",
    differentiable=False,
    carries_gradient=False,
)


@METROPOLIS.definition
def metropolis(p, Q):
    n = len(p)
    if Q.shape != (n, n) or (p < 0).any() or (Q < 0).any() or not p.sum() > 0 or np.abs(Q.sum(1) - 1).max() > 0.02:
        raise ValueError("p: weights, some of them above 0; Q: one row of probabilities for each")
    P = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if i != j and Q[i, j] > 0:
                taken = min(1.0, p[j] * Q[j, i] / (p[i] * Q[i, j])) if p[i] > 0 else 1.0
                P[i, j] = Q[i, j] * taken
        P[i, i] = max(1 - P[i].sum(), 0.0)
    moves = P.sum(1) - P.diagonal()
    return P, (p * (moves + Q.diagonal())).sum() / p.sum()


@METROPOLIS.example
def example():
    p = np.array([1.0, 2, 3])
    Q = np.array([[0, 0.5, 0.5], [0.25, 0.5, 0.25], [0.75, 0.25, 0]])
    P, A = metropolis(p, Q)
    flow = p[:, None] * P / p.sum()
    return dict(p=p, Q=Q, P=P, A=A, flow=flow, after=p @ P, without=p @ ratio_left_out(p, Q)[0])


@METROPOLIS.exercise
def down():
    """From weight 3 to weight 1 with a symmetric proposal."""
    return number(1 / 3, always=1.0, upside_down=3.0, barker=1 / 4)


@METROPOLIS.exercise
def asymmetric():
    """x = 2 to x' = 3 for the distribution e^{-x}, proposals x·e^z: q(x'→x)/q(x→x') = x'/x."""
    return number(math.exp(-1) * 3 / 2, no_ratio=math.exp(-1), inverse=math.exp(-1) * 2 / 3)


@METROPOLIS.exercise
def rejected():
    p, Q = np.array([1.0, 9]), np.array([[0.5, 0.5], [0.5, 0.5]])
    P, _ = metropolis(p, Q)
    moves = p * (Q.diagonal() + P.sum(1) - P.diagonal())
    return number(p[1] / p.sum(), dropped=moves[1] / moves.sum(), even=0.5)


@METROPOLIS.exercise
def rate():
    """A rate of 95 % in fifty dimensions: what to do with the steps?"""
    jump = [l * l * phi(-l / 2) for l in (0.125, 2.38)]
    return choice(longer=jump[0] < jump[1], fine=jump[0] >= jump[1], shorter=jump[0] >= jump[1])


def phi(x):
    """The normal distribution's distribution function."""
    return math.erfc(-x / math.sqrt(2)) / 2


def proposals(rng, n):
    """Rows of probabilities, none 0, not symmetric."""
    return rng.dirichlet(np.ones(n), n)


def balanced(rng, n):
    """A symmetric matrix of proposals."""
    S = rng.random((n, n))
    S = (S + S.T) / (2 * n)
    return S + np.diag(1 - S.sum(1))


@METROPOLIS.cases
def cases(rng):
    yield "asymmetric", dict(p=rng.random(5) + 0.1, Q=proposals(rng, 5))
    yield "symmetric", dict(p=rng.random(4) + 0.1, Q=balanced(rng, 4))
    yield "two states", dict(p=np.array([1.0, 7.0]), Q=np.array([[0.25, 0.75], [0.5, 0.5]]))
    yield "one state", dict(p=np.array([3.0]), Q=np.ones((1, 1)))
    yield "a state without mass", dict(p=np.array([2.0, 0.0, 1.0]), Q=proposals(rng, 3))
    yield (
        "some proposals only one way",
        dict(p=rng.random(3) + 0.1, Q=np.array([[0.5, 0.5, 0], [0, 0.5, 0.5], [0.5, 0.25, 0.25]])),
    )
    yield "all proposals the same", dict(p=rng.random(6) + 0.1, Q=np.tile(rng.dirichlet(np.ones(6)), (6, 1)))
    yield "neighbours on a line", dict(p=np.exp(-(np.linspace(-3, 3, 9) ** 2) / 2), Q=walk(9))
    yield "large and small weights", dict(p=10.0 ** rng.integers(-9, 9, 6), Q=proposals(rng, 6))
    yield "long", dict(p=rng.random(30), Q=proposals(rng, 30))


def walk(n):
    """One step left or right, or none at the ends."""
    Q = (np.eye(n, k=1) + np.eye(n, k=-1)) / 2
    return Q + np.diag(1 - Q.sum(1))


@METROPOLIS.invalid
def invalid(rng):
    yield "a negative weight", dict(p=np.array([1.0, -1.0]), Q=np.full((2, 2), 0.5))
    yield "no mass at all", dict(p=np.zeros(2), Q=np.full((2, 2), 0.5))
    yield "rows that do not sum to 1", dict(p=np.ones(2), Q=np.ones((2, 2)))
    yield "more proposals than states", dict(p=np.ones(2), Q=np.full((3, 3), 1 / 3))


def run(metropolis, p, Q):
    P, A = metropolis(p, Q)
    return np.asarray(P), float(A)


@METROPOLIS.claim
def flows_are_the_same_both_ways(metropolis, rng):
    r"""$\pi_iP_{ij}=\pi_jP_{ji}$ for all $i,\ j$, whatever $\pi$ and $Q$, also where some proposals go one way only and a state has no mass; each row of $P$ is a distribution. At random weights between 10 and 99 % of the proposals are taken"""
    one_way = proposals(rng, 6) * (rng.random((6, 6)) < 0.7)
    one_way += np.diag(1 - one_way.sum(1))
    for Q, mass in ((proposals(rng, 6), 1.0), (one_way, 1.0), (proposals(rng, 6), 0.0)):
        p = rng.random(6) + 0.05
        p[2] *= mass
        P, A = run(metropolis, p, Q)
        flow = p[:, None] * P / p.sum()
        yield roundoff(flow, flow.T, terms=8, scale=1.0)
        yield roundoff(P.sum(1), np.ones(6), terms=6)
        yield bound(P.min(), 0.0, "≥", Text("probabilities", "概率"))
        yield bound(A, 0.99, "≤", Text("at random weights", "随机的权重"))
        yield bound(A, 0.1, "≥", Text("at random weights", "随机的权重"))


@METROPOLIS.claim
def the_target_stays_and_is_reached(metropolis, rng):
    r"""$\pi P=\pi$, and from any state the distribution of the chain tends to $\pi$, where each is proposed from each: on 5 states, each proposed with 0.1 at least and none of more than five times the weight of another, nothing but rounding is left after 400 steps"""
    p = rng.random(5) + 0.3
    P, _ = run(metropolis, p, 0.5 * proposals(rng, 5) + 0.1)
    yield roundoff(p @ P, p, terms=8)
    yield roundoff(np.linalg.matrix_power(P, 400), np.tile(p / p.sum(), (5, 1)), terms=400 * 5)


@METROPOLIS.claim
def only_ratios_count(metropolis, rng):
    r"""A factor of all weights changes nothing, neither $P$ nor the share taken; where $Q$ is symmetric, $P_{ij}=Q_{ij}\min(1,\pi_j/\pi_i)$"""
    p, Q = rng.random(5) + 0.1, proposals(rng, 5)
    P, A = run(metropolis, p, Q)
    scaled, A_of_scaled = run(metropolis, 1e-3 * p, Q)
    yield invariance(scaled, P, terms=8)
    yield invariance(A_of_scaled, A, terms=8)
    S = balanced(rng, 5)
    P, _ = run(metropolis, p, S)
    off = ~np.eye(5, dtype=bool)
    yield roundoff(P[off], (S * np.minimum(1, p[None, :] / p[:, None]))[off], terms=8)


@METROPOLIS.claim
def the_largest_that_balance_allows(metropolis, rng):
    r"""Peskun: $\pi_iP_{ij}=\min(\pi_iQ_{ij},\pi_jQ_{ji})$ for $i\ne j$, and no chain in detailed balance that moves by the same proposals can have more; so means have the least asymptotic variance, of any
    function no more than with Barker's $\frac r{1+r}$"""
    p, Q = rng.random(5) + 0.1, proposals(rng, 5)
    p = p / p.sum()
    P, _ = run(metropolis, p, Q)
    F = p[:, None] * Q
    off = ~np.eye(5, dtype=bool)
    yield roundoff((p[:, None] * P)[off], np.minimum(F, F.T)[off], terms=8)
    B = Q * F.T / (F + F.T)
    B += np.diag(1 - B.sum(1))
    f = rng.standard_normal((5, 4))
    yield bound((variance(p, P, f) / variance(p, B, f)).max(), 1.0, "≤", Text("Peskun's order", "Peskun 次序"))
    yield bound(variance(p, P, f).min(), 0.0, "≥", Text("a variance", "方差"))


def variance(p, P, f):
    """Asymptotic variance of the mean of functions, one a column."""
    p = p / p.sum()
    f = f - p @ f
    g = np.linalg.solve(np.eye(len(p)) - P + np.outer(np.ones(len(p)), p), f)
    return (p[:, None] * f * (2 * g - f)).sum(0)


@METROPOLIS.claim
def staying_counts(metropolis, rng):
    r"""A rejection leaves the chain where it is for one step more: $P_{ii}=Q_{ii}+\sum_jQ_{ij}(1-\alpha_{ij})$, and $A=1-\frac{\sum_i\pi_i(P_{ii}-Q_{ii})}{\sum_i\pi_i}$. Of weights 1 and 9 and even proposals, $A=0.6$, and the
    places after taken proposals alone, without the rejections, would have the shares ⅙ and ⅚ for 0.1 and 0.9"""
    p, Q = rng.random(5) + 0.1, proposals(rng, 5)
    P, A = run(metropolis, p, Q)
    ratio = p * Q.T / (p[:, None] * Q)
    yield roundoff(P.diagonal(), Q.diagonal() + (Q * (1 - np.minimum(1, ratio))).sum(1), terms=10)
    yield roundoff(A, 1 - (p * (P.diagonal() - Q.diagonal())).sum() / p.sum(), terms=20)
    p, Q = np.array([1.0, 9.0]), np.full((2, 2), 0.5)
    P, A = run(metropolis, p, Q)
    yield roundoff(P, np.array([[0.5, 0.5], [1 / 18, 17 / 18]]), terms=4)
    yield roundoff(A, 0.6, terms=8)
    taken = p * (Q.diagonal() + P.sum(1) - P.diagonal())
    yield roundoff(taken / taken.sum(), np.array([1 / 6, 5 / 6]), terms=8)


@METROPOLIS.claim
def one_way_proposals_stand_still(metropolis, rng):
    r"""Proposals round a circle, from each state to the next only, have no way back: none is ever taken, $P=I$, which keeps every distribution and finds none"""
    Q = np.roll(np.eye(4), 1, axis=1)
    P, A = run(metropolis, np.array([1.0, 2.0, 3.0, 4.0]), Q)
    yield identical(P, np.eye(4))
    yield identical(A, 0.0)


@METROPOLIS.claim
def all_taken_may_swing_for_ever(metropolis, rng):
    r"""Two states of equal weight, each proposing the other: every proposal is taken, the mean over time is right, and the distribution of the chain swings for ever; where one proposal in a hundred from one of them is rejected, the distribution comes to rest"""
    flip = np.array([[0.0, 1.0], [1.0, 0.0]])
    P, A = run(metropolis, np.ones(2), flip)
    yield identical(np.linalg.matrix_power(P, 1001), flip)
    yield identical(A, 1.0)
    yield identical((np.eye(2) + P) / 2, np.full((2, 2), 0.5))
    P, _ = run(metropolis, np.array([1.0, 0.99]), flip)
    yield near(
        np.linalg.matrix_power(P, 4001)[0, 0], 1 / 1.99, 1e-8, Text("0.99 to the power 4001", "0.99 的 4001 次方")
    )


@functools.cache
def line(length):
    """Normal steps on a line of 81 places from −7 to 7; steps that would leave it stay."""
    x = np.linspace(-7, 7, 81)
    h = x[1] - x[0]
    Q = h * np.exp(-((x[:, None] - x) ** 2) / (2 * length**2)) / (length * math.sqrt(2 * math.pi))
    outside = 1 - Q.sum(1)
    return x, Q + np.diag(outside), outside


@METROPOLIS.claim
def one_dimension_takes_forty_four(metropolis, rng):
    r"""A normal distribution on a line with normal steps: the share taken is $\frac2\pi\arctan\frac2\ell$, and the mean squared jump the printed mean over $\chi^2_1$; of $\ell=0.5,\ 1.3,\ 2.43,\ 4.5,\ 9$ the jump is largest at 2.43, where 44 % are taken. With 84 % it is
    less than a third of that"""
    jumps = []
    why = Text("81 places for a line", "以 81 个点代替直线")
    for length in (0.5, 1.3, 2.43, 4.5, 9.0):
        x, Q, outside = line(length)
        p = np.exp(-x * x / 2)
        P, A = run(metropolis, p, Q)
        p = p / p.sum()
        yield near(A - p @ outside, 2 / math.pi * math.atan(2 / length), 0.003, why)
        jumps.append(p @ (P * (x[:, None] - x) ** 2).sum(1))
        yield near(jumps[-1], limits(length, 1)[1], 0.01, why)
    yield identical(int(np.argmax(jumps)), 2)
    yield bound(jumps[0], jumps[2] / 3, "≤", Text("steps too short", "步长太短"))


@functools.cache
def sphere(length, d=20):
    """The distance from the centre of a normal distribution in d dimensions, under steps of length ℓ/√d: places, proposals, weights, mean squared jumps."""
    from scipy.special import ive

    s, r = length / math.sqrt(d), np.linspace(1.2, 8, 80)
    k = np.outer(r, r) / s**2
    log = d / 2 * np.log(r) - (d / 2 - 1) * np.log(r)[:, None] - 2 * math.log(s) - (r[:, None] - r) ** 2 / (2 * s * s)
    Q = np.exp(log) * ive(d / 2 - 1, k)
    weight = (d - 1) * np.log(r) - r * r / 2
    jump = r[:, None] ** 2 + r**2 - 2 * np.outer(r, r) * ive(d / 2, k) / ive(d / 2 - 1, k)
    return np.exp(weight - weight.max()), Q / Q.sum(1, keepdims=True), jump


def limits(length, d):
    """Share taken and mean squared jump for the normal distribution in d dimensions, by the closed form: a mean over χ²."""
    r = (np.arange(1500) + 0.5) / 1500 * (math.sqrt(d) + 8)  # the root of χ², whose density has no pole at 0
    w = np.exp((d - 1) * np.log(r / math.sqrt(d)) - (r * r - d) / 2)
    taken = np.array([math.erfc(v) for v in (length / math.sqrt(8 * d) * r).tolist()])
    return (w * taken).sum() / w.sum(), length**2 * (w * taken * r * r / d).sum() / w.sum()


@METROPOLIS.claim
def many_dimensions_take_less(metropolis, rng):
    r"""A normal distribution in 20 dimensions with normal steps, by the chain of the distances from the centre, whose proposals are not symmetric: share taken and mean squared jump are the printed means over $\chi^2_{20}$, and of $\ell=1.35,\ 2.39,\ 3.4$ the
    jump is longest at 2.39, where 24.6 % are taken; at 1.35, where half of them are, it is less than 0.72 of that"""
    why = Text("80 places for the distances", "以 80 个点代替距离")
    jumps = []
    for length in (1.35, 2.39, 3.4):
        p, Q, jump = sphere(length)
        P, A = run(metropolis, p, Q)
        moves = P - np.diag(P.diagonal()) + np.diag(Q.diagonal())
        want_A, want_jump = limits(length, 20)
        jumps.append((p / p.sum()) @ (moves * jump).sum(1))
        yield near(A, want_A, 0.006, why)
        yield near(jumps[-1], want_jump, 0.03, why)
    yield identical(int(np.argmax(jumps)), 1)
    yield bound(jumps[0], 0.72 * jumps[1], "≤", Text("half of the proposals taken", "接受一半提议"))


def built(p, Q, rule):
    """A chain by another rule for taking proposals: of the ratio of weights and that of proposals."""
    with np.errstate(divide="ignore", invalid="ignore"):
        taken = np.where(Q > 0, rule(p[None, :] / p[:, None], Q.T / Q), 0.0)
    P = Q * np.nan_to_num(taken, nan=1.0, posinf=1.0)
    np.fill_diagonal(P, 0)
    A = (p * (P.sum(1) + Q.diagonal())).sum() / p.sum()
    np.fill_diagonal(P, 1 - P.sum(1))
    return P, A


@METROPOLIS.mutant(
    caught_by="flows-are-the-same-both-ways, the-target-stays-and-is-reached, many-dimensions-take-less, one-way-proposals-stand-still"
)
def ratio_left_out(p, Q):
    """the ratio of the proposals left out: min(1, π_j/π_i) for any Q"""
    return built(p, Q, lambda r, q: np.minimum(1, r))


@METROPOLIS.mutant(caught_by="flows-are-the-same-both-ways, the-target-stays-and-is-reached, many-dimensions-take-less")
def ratio_upside_down(p, Q):
    """the ratio of the proposals upside down"""
    return built(p, Q, lambda r, q: np.minimum(1, r / q))


@METROPOLIS.mutant(
    caught_by="the-largest-that-balance-allows, staying-counts, only-ratios-count, one-dimension-takes-forty-four, all-taken-may-swing-for-ever"
)
def barker(p, Q):
    """r/(1 + r) for min(1, r): in balance, and slower"""
    return built(p, Q, lambda r, q: np.where(np.isinf(r), 1, r * q / (1 + r * q)))


@METROPOLIS.mutant(caught_by="the-target-stays-and-is-reached, staying-counts, one-dimension-takes-forty-four")
def rejected_dropped(p, Q):
    """only taken proposals are kept as draws: the rows without the rejections, divided by their sums"""
    P, A = metropolis(p, Q)
    taken = P - np.diag(P.diagonal() - Q.diagonal())
    total = taken.sum(1, keepdims=True)
    return np.where(total > 0, taken / np.where(total > 0, total, 1), np.eye(len(p))), A


@METROPOLIS.mutant(
    caught_by="the-target-stays-and-is-reached, flows-are-the-same-both-ways, one-way-proposals-stand-still"
)
def every_proposal_taken(p, Q):
    """every proposal is taken"""
    return Q.copy(), 1.0


@METROPOLIS.mutant(caught_by="the-target-stays-and-is-reached, staying-counts, the-largest-that-balance-allows")
def uphill_alone(p, Q):
    """only proposals of no less weight are taken: a climber, not a sampler"""
    return built(p, Q, lambda r, q: (r * q >= 1).astype(float))


@METROPOLIS.mutant(caught_by="only-ratios-count")
def weights_as_probabilities(p, Q):
    """the weights taken for probabilities: their sum forgotten in the share taken"""
    P, A = metropolis(p, Q)
    return P, A * p.sum()


@METROPOLIS.mutant(caught_by="staying-counts, one-dimension-takes-forty-four")
def all_states_alike(p, Q):
    """the share taken as a mean over the states, not over the chain"""
    P, _ = metropolis(p, Q)
    return P, (P.sum(1) - P.diagonal() + Q.diagonal()).mean()


METROPOLIS.erratum(
    "E324",
    common="Rejected proposals are thrown away: the accepted ones are the sample (a common slip)",
    why="A place of high weight is one that the chain seldom leaves; whoever does not count the steps at which it stays loses just that. Of weights 0.1 and 0.9 "
    "the accepted places have the shares ⅙ and ⅚.",
    right="After a rejection the chain is where it was, and that place counts once more",
    claims="staying-counts, the-target-stays-and-is-reached",
)
METROPOLIS.erratum(
    "E325",
    common="The more proposals are accepted, the better the sampler; half of them is a good goal in general (a common slip)",
    why="Tiny steps are nearly always accepted and go nowhere: at 84 % in one dimension the mean squared jump is less than a third of the best, which lies at 44 %; "
    "in 20 dimensions the best is at 25 %, taking half of them makes less than 72 % of its jump, and the limit is 23.4 %.",
    right="For random walks on normal distributions, and as a rule of thumb on others, aim for 0.44 in one dimension and for 0.234 in many",
    claims="one-dimension-takes-forty-four, many-dimensions-take-less",
)


@METROPOLIS.figure(
    length=Slider(0.1, 30.0, 2.4, "length of the steps ℓ", log=True),
    dimension=Slider(1, 100, 1, "dimension d", integer=True),
)
def figure(length, dimension):
    d = int(dimension)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    rng = np.random.default_rng(4)
    steps = 300
    z, u = rng.standard_normal((steps, d)), rng.random(steps)
    place = rng.standard_normal(d)
    taken = 0
    x = [place[0]]
    for t in range(steps):
        new = place + length / math.sqrt(d) * z[t]
        if math.log(u[t]) < (place @ place - new @ new) / 2:
            place, taken = new, taken + 1
        x.append(place[0])
    left.plot(x, color=COLOURS[0], lw=1, drawstyle="steps-post")
    left.set(xlabel="step", ylabel="first coordinate", xlim=(0, steps), ylim=(-3.6, 3.6))
    lengths = np.geomspace(0.1, 30, 60)
    curve = np.array([limits(l, d) for l in lengths])
    best = int(curve[:, 1].argmax())
    A, jump = limits(length, d)
    right.plot(curve[:, 0], curve[:, 1] / curve[best, 1], color=COLOURS[1])
    right.plot([A], [jump / curve[best, 1]], "o", color=COLOURS[6])
    right.axvline(curve[best, 0], color="0.4", lw=1, ls="--", label="best")
    right.set(xlabel="share taken", ylabel="squared jump / largest", xlim=(0, 1), ylim=(0, 1.08))
    right.legend(fontsize=9.5, loc="upper right", frameon=False)
    words = Text(
        f"A normal distribution in {'one dimension' if d == 1 else f'{d} dimensions'}, steps of length ℓ = {length:.3g}: {taken} of {steps} proposals are taken, {A:.1%} in theory, and the mean squared jump is "
        f"{jump / curve[best, 1]:.1%} of the largest, which lies where {curve[best, 0]:.1%} are taken (dashed). The chain stays where a proposal is rejected.",
        f"{d} 维正态分布，步长 ℓ = {length:.3g}：{steps} 个提议中接受了 {taken} 个，理论上为 {A:.1%}；均方跳跃为最大值的 {jump / curve[best, 1]:.1%}，最大值位于接受率 "
        f"{curve[best, 0]:.1%} 处（虚线）。提议被拒绝时，链停在原处。",
    )
    return Drawing(fig, words)
