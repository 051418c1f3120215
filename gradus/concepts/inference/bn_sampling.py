"""Sampling in Bayesian networks: ancestral draws, likelihood weighting, rejection, and where each of them fails."""

import math

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, raises, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(likelihood_weighting, G, tables, likelihoods, u):
    from gradus.inference import BayesianNetwork

    n = len(tables)
    states = {str(i): [str(k) for k in range(t.shape[-1])] for i, t in enumerate(tables)}
    own = {str(i): ([str(j) for j in np.flatnonzero(G[:, i])], t) if G[:, i].any() else t for i, t in enumerate(tables)}
    soft = {str(i): v for i, v in enumerate(likelihoods) if (np.asarray(v) != 1).any()}
    found = likelihood_weighting(BayesianNetwork(states, own), soft=soft, uniforms=u)
    shares, errors = (np.zeros((n, max(t.shape[-1] for t in tables))) for _ in range(2))
    for i in range(n):
        shares[i, : len(states[str(i)])] = found.posterior[str(i)]
        errors[i, : len(states[str(i)])] = found.standard_errors[str(i)]
    x = np.stack([found[str(i)] for i in range(n)], 1)
    return x, found.log_weights, found.log_evidence, shares, errors, found.effective_size


SAMPLING = Concept(
    key="bn-sampling",
    kind="algorithm",
    title="Sampling in Bayesian networks",
    summary="Without evidence a network is sampled from parents to children, and the draws are independent. With evidence the known "
    "variables are not drawn but held, and each draw is weighted by the probability of what was held (likelihood weighting): however wide the network, the cost is a "
    "few operations a variable and draw. The mean weight estimates the probability of the evidence without bias; what the draws are worth, their effective "
    "size tells. Where little of the evidence is felt by what was drawn before it, nearly all weight falls to few draws.",
    formulas=(
        r"x_i\sim\frac{P(x_i\mid x_{\operatorname{pa}(i)})\,\lambda_i(x_i)}{w_i(x_{\operatorname{pa}(i)})},\qquad w_i(x_{\operatorname{pa}(i)})=\sum_sP(x_i=s\mid x_{\operatorname{pa}(i)})\,\lambda_i(s),\qquad w(x)=\prod_{i=1}^nw_i(x_{\operatorname{pa}(i)})",
        r"\hat Z=\frac1N\sum_jw(x^{(j)}),\quad\mathbb E\,\hat Z=P(e);\qquad \hat\mu=\sum_jv_jf(x^{(j)}),\quad v_j=\frac{w(x^{(j)})}{\sum_kw(x^{(k)})},\qquad \hat\mu\to\mathbb E[f\mid e]",
        r"\operatorname{se}^2=\frac N{N-1}\sum_jv_j^2\bigl(f(x^{(j)})-\hat\mu\bigr)^2,\qquad N_{\text{eff}}=\frac1{\sum_jv_j^2}",
        r"\frac N{N_{\text{eff}}}\to\frac{\mathbb E\,w^2}{(\mathbb E\,w)^2}\le\frac{\max w}{P(e)}",
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
            r"\lambda_i",
            "likelihoods",
            "",
            "the evidence, in a tuple: for each variable a likelihood for each of its states; all 1 where nothing is known, 1 at the state found and 0 elsewhere where it was seen for certain",
            "other",
        ),
        Symbol(
            "u",
            "u",
            "N n",
            "independent numbers, uniform in [0, 1): of $x_i$, the first state at which the sum of the probabilities exceeds $u_{ji}$ is taken",
            "other",
        ),
        Symbol("x,\\ x^{(j)}", "", "", "a joint state, and the one drawn as the $j$-th"),
        Symbol(r"\operatorname{pa}(i)", "", "", "the parents of $i$", "other"),
        Symbol("w,\\ w_i", "", "", "weight of a draw, and the factor that the variable $i$ gives to it"),
        Symbol(
            "P(e)", "", "", r"probability of the evidence, $\sum_xP(x)\prod_i\lambda_i(x_i)$; supposed to be above 0"
        ),
        Symbol(r"\hat Z", "", "", "its estimate, the mean weight"),
        Symbol(
            r"f,\ \hat\mu",
            "",
            "",
            r"a function of the states, and the estimate of its mean given the evidence, for $f$ the indicator of a state: of its probability",
        ),
        Symbol("v_j", "", "", "weight of a draw, as a share of all"),
        Symbol(r"\operatorname{se}", "", "", r"standard error of $\hat\mu$, estimated"),
        Symbol(
            r"N,\ N_{\text{eff}}", "", "", "number of draws, and how many of equal weight they are worth", "natural"
        ),
        Symbol(
            "i,\\ j,\\ k,\\ s,\\ n", "", "", "a variable, a draw, another one, a state, number of variables", "natural"
        ),
    ),
    returns=(
        Result("states", "N n", "the states that were drawn; the first one where a draw of weight 0 has none to take"),
        Result("log_weights", "N", r"$\ln w(x^{(j)})$"),
        Result("log_evidence", "", r"$\ln\hat Z$"),
        Result(
            "shares",
            "n K",
            "of each variable (row) the weighted share of each state; 0 for states that it does not have",
        ),
        Result("errors", "n K", "standard errors of the shares; not a number for a single draw"),
        Result("effective_size", "", r"$N_{\text{eff}}$"),
    ),
    needs=("bayesian-network", "lln", "gibbs"),
    source="shachter1990simulation",
    year=1988,
    people=("Max Henrion", "Robert Fung", "Kuo-Chu Chang", "Ross Shachter", "Mark Peot"),
    aliases="ancestral sampling, weighting by likelihood, logic sampling, forward sampling, "
    "祖先采样, 似然加权, 前向采样, 逻辑采样",
    implementations=(
        Implementation(
            "gradus.inference:likelihood_weighting",
            "numpy",
            call=_ours,
            note="with random numbers of its own, or yours; without evidence: `BayesianNetwork.sample`; also `rejection_sampling` and `gibbs`",
        ),
    ),
    readings="henrion1988propagating; fung1990weighing; shachter1990simulation; koller2009probabilistic ch. 12; owen2013monte ch. 9; dagum1993approximating",
    hypotheses=(
        Hypothesis("parents are drawn before their children: the graph has no directed cycle", "in-order-of-number"),
        Hypothesis(r"$\mathbb E\,\hat Z=P(e)$: the mean of the weights, not a ratio of means", "a-ratio-is-biased"),
        Hypothesis(
            "the standard error is the scatter of the estimate: many draws share the weight", "an-error-of-nothing"
        ),
        Hypothesis("evidence costs draws: what is drawn before it bears on it", "evidence-at-the-roots-is-free"),
    ),
    conventions=(
        Convention(
            "a known variable",
            "is held, and its probability given its parents is the weight",
            "is drawn, and the draw thrown away where it disagrees (rejection, logic sampling): the share $P(e)$ is left",
        ),
        Convention(
            "soft evidence",
            "the variable is drawn in proportion to probability times likelihood, and their sum is the weight",
            r"the variable is drawn by its probability, and $\lambda_i(x_i)$ is the weight: unbiased too; where no other evidence depends on the variable, the mean weight then varies more or as much",
        ),
        Convention("weights", "in logarithms", "products, which are 0 in double precision below $10^{-324}$"),
    ),
    unverified="In the worst case no method, by draws or otherwise, approximates a posterior probability within a given absolute error below one half in polynomial time, "
    "unless NP = P (for draws: NP ⊆ RP; Dagum and Luby 1993).",
    differentiable=False,
    carries_gradient=False,
)


@SAMPLING.definition
def bn_sampling(G, tables, likelihoods, u):
    G, u, n = np.asarray(G), np.asarray(u), len(G)
    if G.shape != (n, n) or len(tables) != n or np.linalg.matrix_power((G != 0).astype(int), n).any():
        raise ValueError("G: a square matrix without cycles, and a table for each variable")
    parents = [np.flatnonzero(G[:, i]) for i in range(n)]
    k = [np.shape(t)[-1] for t in tables]
    for i, t in enumerate(tables):
        if np.shape(t) != (*(k[j] for j in parents[i]), k[i]) or (t < 0).any() or (abs(t.sum(-1) - 1) > 1e-3).any():
            raise ValueError("tables: an axis for each parent, and rows of probabilities that sum to 1")
    if [len(v) for v in likelihoods] != k or any((v < 0).any() or not np.isfinite(v).all() for v in likelihoods):
        raise ValueError("likelihoods: of each variable one number a state, none negative")
    if u.ndim != 2 or u.shape[1] != n or not len(u) or not ((u >= 0) & (u < 1)).all():
        raise ValueError("u: for each draw a number in [0, 1) for each variable")
    order = []
    while len(order) < n:
        order.append(next(i for i in range(n) if i not in order and set(parents[i]) <= set(order)))
    N = len(u)
    x, log_w = np.zeros((N, n), int), np.zeros(N)
    for j in range(N):
        for i in order:
            q = np.cumsum(tables[i][tuple(x[j, parents[i]])] * likelihoods[i])
            if q[-1] > 0:
                x[j, i] = np.searchsorted(q / q[-1], u[j, i], side="right")
                log_w[j] += np.log(q[-1])
            else:
                log_w[j] = -np.inf
    if not np.isfinite(log_w).any():
        raise ValueError("likelihoods: no draw has any weight")
    w = np.exp(log_w - log_w.max())
    v = w / w.sum()
    shares, errors = np.zeros((n, max(k))), np.zeros((n, max(k)))
    for i in range(n):
        mass = np.bincount(x[:, i], v, k[i])
        for s in range(k[i]):
            f = (x[:, i] == s).astype(float)
            shares[i, s] = mass[s] / mass.sum()  # exactly 1 where all draws agree
            errors[i, s] = np.sqrt(v**2 @ (f - shares[i, s]) ** 2 * N / (N - 1)) if N > 1 else np.nan
    return x, log_w, np.log(w.mean()) + log_w.max(), shares, errors, 1 / (v @ v)


#: Rain → grass: rain one time in five; wet grass with 0.9 after rain, with 0.2 without.
RAIN = np.array([[0, 1], [0, 0]])
RAIN_TABLES = (np.array([0.2, 0.8]), np.array([[0.9, 0.1], [0.2, 0.8]]))
WET = (np.ones(2), np.array([1.0, 0.0]))


@SAMPLING.example
def example():
    u = np.array([[0.1, 0.5], [0.3, 0.5], [0.5, 0.5], [0.7, 0.5], [0.9, 0.5]])
    x, log_w, log_z, shares, errors, worth = bn_sampling(RAIN, RAIN_TABLES, WET, u)
    given = dict(G=RAIN, tables=RAIN_TABLES, likelihoods=WET, u=u)
    return (
        given
        | dict(first=u[:, 0], rain=RAIN_TABLES[0], wet=RAIN_TABLES[1][:, 0], x=x[:, 0], w=np.exp(log_w))
        | dict(z=np.exp(log_z), share=shares[0, 0], error=errors[0, 0], worth=worth, total=np.exp(log_w).sum())
    )


@SAMPLING.exercise
def weight():
    """Three findings, of which the parents are drawn: 0.5, 0.1 and 0.4; a fourth variable is drawn itself, with 0.3."""
    return number(0.5 * 0.1 * 0.4, of_all=0.5 * 0.1 * 0.4 * 0.3, sum_of_three=0.5 + 0.1 + 0.4)


@SAMPLING.exercise
def worth():
    w = np.array([0.8, 0.8, 0.1, 0.1, 0.1, 0.1])
    return number(w.sum() ** 2 / (w @ w), draws=6, by_the_largest=w.sum() / w.max())


@SAMPLING.exercise
def at_the_root():
    """A finding of probability 10⁻⁶ at a variable without parents."""
    G, tables = RAIN, (np.array([1e-6, 1 - 1e-6]), RAIN_TABLES[1])
    u = np.tile(np.arange(0.05, 1, 0.1)[:, None], (1, 2))
    worth = bn_sampling(G, tables, (np.array([1.0, 0.0]), np.ones(2)), u)[-1]
    return choice(all_of_them=np.isclose(worth, 10), one=worth < 1.5, none_at_all=False)


def known(tables, **found):
    """Likelihoods of findings by number: `_0=1` is state 1 of the variable 0."""
    at = {int(name[1:]): s for name, s in found.items()}
    return tuple(
        (np.arange(t.shape[-1]) == at[i]).astype(float) if i in at else np.ones(t.shape[-1])
        for i, t in enumerate(tables)
    )


def in_fifths(rng, shape):
    """Rows of two probabilities that are fifths, neither of them 0."""
    p = rng.integers(1, 5, shape) / 5
    return np.stack([p, 1 - p], -1)


def drawn_tables(rng, G, k):
    return tuple(rng.dirichlet(np.full(k[i], 3.0), [k[j] for j in np.flatnonzero(G[:, i])]) for i in range(len(G)))


def grid(columns, points=10):
    """All combinations of the middles of so many equal parts of [0, 1)."""
    middle = (np.arange(points) + 0.5) / points
    return np.stack(np.meshgrid(*[middle] * columns, indexing="ij"), -1).reshape(-1, columns)


def weighted_joint(G, tables, likelihoods):
    """P(x) times all likelihoods, an axis a variable."""
    P = np.ones([t.shape[-1] for t in tables])
    for x in np.ndindex(P.shape):
        for i, t in enumerate(tables):
            P[x] *= t[(*(x[j] for j in np.flatnonzero(G[:, i])), x[i])] * likelihoods[i][x[i]]
    return P


COLLIDER = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 0]])  # 1 → 0 ← 2: the child has the first number
CHAIN = np.array([[0, 0, 0], [0, 0, 1], [1, 0, 0]])  # 1 → 2 → 0


@SAMPLING.cases
def cases(rng):
    def of(G, k, *, soft=(), N=40, **found):
        G = np.array(G)
        tables = drawn_tables(rng, G, k)
        given = list(known(tables, **found))
        for i in soft:
            given[i] = rng.random(k[i]) + 0.05
        return dict(G=G, tables=tables, likelihoods=tuple(given), u=rng.random((N, len(k))))

    yield "rain and grass", dict(G=RAIN, tables=RAIN_TABLES, likelihoods=WET, u=rng.random((30, 2)))
    yield "one variable", of([[0]], [3])
    yield "nothing known", of(CHAIN, [2, 3, 2])
    yield "a finding at the end", of(CHAIN, [2, 3, 2], _0=1)
    yield "a finding at the root", of(CHAIN, [2, 3, 2], _1=2)
    yield "collider", of(COLLIDER, [2, 2, 3], _0=0)
    yield "soft", of(COLLIDER, [2, 2, 3], soft=(0, 2))
    yield "soft and a finding", of([[0, 1, 1], [0, 0, 1], [0, 0, 0]], [3, 2, 4], soft=(1,), _2=3)
    yield "many states", of([[0, 1], [0, 0]], [13, 16], soft=(1,))
    yield "a variable of one state", of([[0, 1, 0], [0, 0, 1], [0, 0, 0]], [2, 1, 2], _2=0)
    yield (
        "large likelihoods",
        dict(
            G=RAIN,
            tables=RAIN_TABLES,
            likelihoods=(np.array([1e30, 2e29]), np.array([1e25, 0.0])),
            u=rng.random((40, 2)),
        ),
    )
    copy = (np.array([0.5, 0.5]), np.eye(2))
    yield "some draws without weight", dict(G=RAIN, tables=copy, likelihoods=WET, u=(np.arange(12).reshape(6, 2) / 12))
    yield (
        "numbers at the ends",
        dict(
            G=RAIN,
            tables=(np.array([0.0, 1.0]), np.array([[0.5, 0.5], [0.3, 0.7]])),
            likelihoods=known(RAIN_TABLES),
            u=np.array([[0.0, 0.0], [1 - 2.0**-24, 1 - 2.0**-24], [0.5, 0.3]]),
        ),
    )
    yield "many draws", of(np.eye(4, k=1, dtype=int), [2, 3, 2, 2], N=300, _3=1)


@SAMPLING.invalid
def invalid(rng):
    u = rng.random((4, 2))
    yield "a cycle", dict(G=np.array([[0, 1], [1, 0]]), tables=(np.full((2, 2), 0.5),) * 2, likelihoods=WET, u=u)
    yield "rows that sum to 1.2", dict(G=RAIN, tables=(np.array([0.6, 0.6]), RAIN_TABLES[1]), likelihoods=WET, u=u)
    yield (
        "a negative likelihood",
        dict(G=RAIN, tables=RAIN_TABLES, likelihoods=(np.ones(2), np.array([1.0, -1.0])), u=u),
    )
    yield (
        "impossible evidence",
        dict(G=RAIN, tables=(np.array([0.5, 0.5]), np.eye(2)), likelihoods=known(RAIN_TABLES, _0=0, _1=1), u=u),
    )
    yield "a number that is 1", dict(G=RAIN, tables=RAIN_TABLES, likelihoods=WET, u=np.ones((4, 2)))
    yield "numbers for one variable alone", dict(G=RAIN, tables=RAIN_TABLES, likelihoods=WET, u=u[:, :1])


def run(sample, G, tables, likelihoods, u):
    return [np.asarray(a, float) for a in sample(G, tuple(tables), tuple(likelihoods), u)]


@SAMPLING.claim
def the_mean_weight_is_unbiased(sample, rng):
    r"""Exactly: where all rows of three variables of two states are fifths and findings are certain, the 125 combinations of the middles of five equal parts are all that matters of $u$, each as likely as the others. Over them the weights have the mean $P(e)$,
    those of the draws with a joint state $x$ sum to 125 times $P(x,e)$, and the shares are the posteriors; without evidence every weight is 1 and each joint state comes as often as it is probable"""
    for G in (COLLIDER, CHAIN):
        tables = [in_fifths(rng, [2] * int(G[:, i].sum())) for i in range(3)]
        for given in (known(tables), known(tables, _0=1), known(tables, _0=0, _2=1)):
            P = weighted_joint(G, tables, given)
            x, log_w, log_z, shares, _, _ = run(sample, G, tables, given, grid(3, 5))
            yield roundoff(log_z, math.log(P.sum()), terms=125, scale=1.0)
            if all((v == 1).all() for v in given):
                yield roundoff(log_w, np.zeros(125), terms=4, scale=1.0)
            mass = np.zeros((2, 2, 2))
            np.add.at(mass, tuple(x.T.astype(int)), np.exp(log_w) / 125)
            yield roundoff(mass, P, terms=125, scale=1.0)
            posterior = [P.sum(tuple(a for a in range(3) if a != i)) / P.sum() for i in range(3)]
            yield roundoff(shares, np.array(posterior), terms=375, scale=1.0)


@SAMPLING.claim
def a_draw_and_its_weight_are_one(sample, rng):
    r"""For any likelihoods the weight of a draw is $\prod_i\sum_sP(s\mid x_{\operatorname{pa}(i)})\lambda_i(s)$ at the parents that it drew, and each state is the first at which the sum of $P\lambda/w_i$ exceeds its $u$"""
    G = np.array([[0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0]])
    k = (3, 2, 4, 2)
    tables = drawn_tables(rng, G, k)
    given = tuple(rng.random(n) * (1.0 if n < 4 else np.array([0, 1, 0, 1])) + (n == 2) for n in k)
    u = rng.random((60, 4))
    x, log_w = run(sample, G, tables, given, u)[:2]
    x = x.astype(int)
    want, below, above = np.zeros(60), np.empty((60, 4)), np.empty((60, 4))
    for i in range(4):
        q = tables[i][tuple(x[:, np.flatnonzero(G[:, i])].T)] * given[i] + np.zeros((60, 1))  # (60, k_i)
        want += np.log(q.sum(1))
        ends = np.cumsum(q / q.sum(1, keepdims=True), 1)
        above[:, i] = ends[np.arange(60), x[:, i]]
        below[:, i] = above[:, i] - (q / q.sum(1, keepdims=True))[np.arange(60), x[:, i]]
    yield roundoff(log_w, want, terms=8, scale=max(1.0, np.abs(want).max()))
    why = Text("rounding of sums of four", "四项之和的舍入")
    yield near(np.maximum(below - u, 0).max() + np.maximum(u - above, 0).max(), 0.0, 1e-14, why)
    yield bound(np.std(want), 0.01, "≥", Text("the weights differ", "权重不全相同"))


@SAMPLING.claim
def a_ratio_is_biased(sample, rng):
    r"""Of a single draw the share is the distribution from which it was drawn, and not the posterior: with $P(a=1)=\frac12$ and the finding of probability $\frac45$ after $a=1$, $\frac25$ after $a=0$, it has the mean $\frac12$, while the
    posterior is $\frac23$. The exact bias falls like $1/N$ and the root mean square error like $N^{-1/2}$, here at 8, 12, 18 and 27 draws, and the mean weight has no bias at any of them"""
    tables, given = (np.array([0.5, 0.5]), np.array([[0.6, 0.4], [0.2, 0.8]])), (np.ones(2), np.array([0.0, 1.0]))
    numbers, biases, errors = (1, 8, 12, 18, 27), [], []
    for N in numbers:
        mean, square, z = 0.0, 0.0, 0.0
        for ones in range(N + 1):  # only how many draws have a = 1 matters
            u = np.full((N, 2), 0.25)
            u[:ones, 0] = 0.75
            _, _, log_z, shares, _, _ = run(sample, RAIN, tables, given, u)
            chance = math.comb(N, ones) / 2**N
            mean, square = mean + chance * shares[0, 1], square + chance * (shares[0, 1] - 2 / 3) ** 2
            z += chance * math.exp(log_z)
        yield roundoff(z, 0.6, terms=4 * N)
        biases.append(mean - 2 / 3)
        errors.append(math.sqrt(square))
    yield roundoff(biases[0] + 2 / 3, 0.5, terms=4)
    yield rate(numbers[1:], np.abs(biases[1:]), -1.0, 0.05)
    yield rate(numbers[1:], errors[1:], -0.5, 0.05)


@SAMPLING.claim
def the_errors_are_the_scatter(sample, rng):
    r"""The standard error is that of a ratio of means: of a coin, heads with probability 0.3, and two findings of the probabilities 0.9 and 0.8 after heads, $\frac14$ and $\frac25$ after tails, the mean of $\mathrm{se}^2$ over all that 60 draws can be is the mean square error
    of the share of heads within 3 %. Of draws of equal weight it is $\sqrt{p(1-p)/(N-1)}$, exactly, with $p$ the share"""
    tables = (np.array([0.3, 0.7]), np.array([[0.9, 0.1], [0.25, 0.75]]), np.array([[0.2, 0.8], [0.6, 0.4]]))
    given, G, N = known(tables, _1=0, _2=1), np.array([[0, 1, 1], [0, 0, 0], [0, 0, 0]]), 60
    heads = np.arange(N + 1)
    a, b = heads * 0.9 * 0.8, (N - heads) * 0.25 * 0.4
    share = a / (a + b)
    square = np.where(heads > 0, (0.72**2 * b**2 * heads + 0.1**2 * a**2 * (N - heads)) / (a + b) ** 4, 0) * N / (N - 1)
    for k in (1, 9, 20, 31, 59):
        u = np.full((N, 3), 0.9)
        u[:k, 0] = 0.1
        _, _, _, shares, errors, _ = run(sample, G, tables, given, u)
        yield roundoff([shares[0, 0], errors[0, 0]], [share[k], np.sqrt(square[k])], terms=4 * N)
    chance = np.array([math.comb(N, int(k)) for k in heads]) * 0.3**heads * 0.7 ** (N - heads)
    p = 0.3 * 0.72 / (0.3 * 0.72 + 0.7 * 0.1)
    ratio = (chance @ square) / (chance @ (share - p) ** 2)
    yield near(ratio, 1.0, 0.03, Text("the linear part of a ratio of means of 60", "60 个值的均值之比的线性部分"))
    N = 40
    x, _, _, shares, errors, worth = run(sample, G, tables, known(tables), rng.random((N, 3)))
    share = x.mean(0)
    yield roundoff(errors[:, 1], np.sqrt(share * (1 - share) / (N - 1)), terms=4 * N)
    yield roundoff(shares[:, 1], share, terms=N)
    yield roundoff(worth, N, terms=N)


def pairs(m):
    """m coins, each with a finding of its own: 0.9 after heads, 0.3 after tails."""
    G = np.zeros((2 * m, 2 * m), int)
    G[np.arange(m), m + np.arange(m)] = 1
    return G, (np.array([0.5, 0.5]),) * m + (np.array([[0.9, 0.1], [0.3, 0.7]]),) * m


@SAMPLING.claim
def findings_multiply_the_loss(sample, rng):
    r"""$N/N_{\text{eff}}$ over all that can be drawn is $\mathbb E w^2/(\mathbb E w)^2$: of $m$ fair coins, each with a finding below it of probability $\frac9{10}$ after heads and $\frac3{10}$ after tails, $(\frac54)^m$, for $m=1,\dots,6$. The same question costs
    [Gibbs sampling](gibbs) nothing: given its finding each coin is independent of the rest, so that every sweep is an independent draw from the posterior"""
    for m in range(1, 7):
        G, tables = pairs(m)
        u = np.concatenate([grid(m, 2), np.full((2**m, m), 0.5)], 1)
        found = run(sample, G, tables, (np.ones(2),) * m + (np.array([1.0, 0.0]),) * m, u)
        yield roundoff(2**m / found[5], 1.25**m, terms=4 * 2**m)
        yield roundoff(found[3][:m], np.tile([0.75, 0.25], (m, 1)), terms=4 * 2**m)
        if m == 2:  # the coins, given the findings and each other
            P = weighted_joint(G, tables, known(tables, _2=0, _3=0)).sum((2, 3))
            yield roundoff((P / P.sum(0)).T, found[3][[0, 0]], terms=64)
            yield roundoff(P / P.sum(1, keepdims=True), found[3][[1, 1]], terms=64)


@SAMPLING.claim
def never_worse_than_rejection(sample, rng):
    r"""Over all that can be drawn $N_{\text{eff}}/N\ge P(e)/\max w\ge P(e)$ for findings, and $P(e)$ is what rejection keeps. Rejection is the same method on a network in which each finding is a copy of what was seen: weights 0 and 1, $N_{\text{eff}}$ the number of draws that agree, and the share $P(e)$ of all"""
    for G in (COLLIDER, CHAIN):
        tables = [in_fifths(rng, [2] * int(G[:, i].sum())) for i in range(3)]
        given = known(tables, _0=1)
        p = weighted_joint(G, tables, given).sum()
        _, log_w, _, shares, _, worth = run(sample, G, tables, given, grid(3, 5))
        yield bound(worth / 125, p / np.exp(log_w.max()), "≥")
        yield bound(np.exp(log_w.max()), 1.0, "≤", Text("a product of probabilities", "概率之积"))
        copied = np.zeros((4, 4), int)
        copied[:3, :3] = G
        copied[0, 3] = 1
        u = np.concatenate([grid(3, 5), np.full((125, 1), 0.5)], 1)
        x, log_w, log_z, again, _, worth = run(
            sample, copied, (*tables, np.eye(2)), (*known(tables), np.array([0.0, 1.0])), u
        )
        yield identical(np.exp(log_w), (x[:, 0] == 1).astype(float))
        yield roundoff(worth / 125, p, terms=125)
        yield roundoff(math.exp(log_z), p, terms=125)
        yield roundoff(again[:3], shares, terms=500, scale=1.0)


@SAMPLING.claim
def evidence_at_the_roots_is_free(sample, rng):
    r"""A finding at a variable without parents costs nothing, however improbable: with one of probability $10^{-1}$, $10^{-4}$, $10^{-8}$ at the root of a chain all weights are that number, and $N_{\text{eff}}=N$. Below, where the rest was drawn without it, improbability is felt: with
    a finding of probability 1 after a state of probability $ε=\frac1{10}$, $\frac1{50}$, $\frac1{100}$, and $ε$ after the other, $N_{\text{eff}}/N=\frac{(2-ε)^2ε}{1+ε-ε^2}$ over all that can be drawn"""
    for p in (1e-1, 1e-4, 1e-8):
        tables = (np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([p, 1 - p]), np.array([[0.7, 0.3], [0.4, 0.6]]))
        x, log_w, log_z, _, _, worth = run(sample, CHAIN, tables, known(tables, _1=0), rng.random((50, 3)))
        yield roundoff(log_w, np.full(50, math.log(p)), terms=2)
        yield roundoff([worth, log_z], [50, math.log(p)], terms=50)
        yield bound(x[:, 0].std(), 0.1, "≥", Text("the rest is drawn", "其余变量被抽取"))
    for points in (10, 50, 100):
        e = 1 / points
        tables = (np.array([e, 1 - e]), np.array([[1.0, 0.0], [e, 1 - e]]))
        u = np.stack([(np.arange(points) + 0.5) / points, np.full(points, 0.5)], 1)
        worth = run(sample, RAIN, tables, WET, u)[5] / points
        yield roundoff(worth, (2 - e) ** 2 * e / (1 + e - e**2), terms=8 * points)


@SAMPLING.claim
def where_gibbs_stalls(sample, rng):
    r"""A fair coin and a copy of it that is wrong with probability $ε=\frac1{10}$ or 0: without evidence the draws are independent, all of weight 1, and over the grid of tenths the joint state comes as often as it is probable; [Gibbs sampling](gibbs) forgets by the factor $(1-2ε)^2$ a sweep, and for $ε=0$ never leaves the state where it
    began. With the copy seen the coin is drawn all the same, and the weight is what its state gives to the finding"""
    for wrong in (0.1, 0.0):
        tables = (np.array([0.5, 0.5]), np.array([[1 - wrong, wrong], [wrong, 1 - wrong]]))
        P = tables[0][:, None] * tables[1]
        x, log_w, _, _, _, worth = run(sample, RAIN, tables, known(tables), grid(2))
        counts = np.zeros((2, 2))
        np.add.at(counts, tuple(x.T.astype(int)), 1)
        yield roundoff(counts / 100, P, terms=4)
        yield roundoff(log_w, np.zeros(100), terms=4, scale=1.0)
        yield roundoff(worth, 100, terms=100)
        row, column = P / P.sum(0), P / P.sum(1, keepdims=True)  # the coin given the copy, the copy given the coin
        sweep = np.einsum("xb,xy->bxy", row, column).reshape(2, 4)  # from the copy's old state
        memory = np.linalg.eigvals(sweep.reshape(2, 2, 2).sum(1))
        yield near(np.sort(memory.real)[0], (1 - 2 * wrong) ** 2, 1e-10, Text("eigenvalues", "特征值"))
        seen = run(sample, RAIN, tables, known(tables, _1=0), grid(2))
        yield roundoff(np.exp(seen[1]), tables[1][seen[0][:, 0].astype(int), 0], terms=4)
        yield roundoff(seen[3][0], [1 - wrong, wrong], terms=400, scale=1.0)


@SAMPLING.claim
def an_error_of_nothing(sample, rng):
    r"""Where one draw has all the weight the standard errors are 0 and $N_{\text{eff}}=1$: the error says nothing then, and the effective size says so. Of 20 draws of a coin that is heads in one of a hundred, one of them heads, with a finding that only heads allows, every share is 0 or 1; with
    one that tails allows in one of $10^6$, the share of heads is 0.99998, and the posterior $\frac1{1+99\cdot10^{-6}}$: right by chance. Of 20 draws without heads, the share is 0 with the error 0 and $N_{\text{eff}}=20$: what no draw met neither of them shows"""
    u = np.full((20, 2), 0.5)
    u[3, 0] = 0.005
    coin = np.array([0.01, 0.99])
    _, _, log_z, shares, errors, worth = run(sample, RAIN, (coin, np.array([[1.0, 0.0], [0.0, 1.0]])), WET, u)
    yield identical(shares, np.array([[1.0, 0.0], [1.0, 0.0]]))
    yield roundoff([log_z, worth], [math.log(1 / 20), 1.0], terms=20)
    yield identical(errors, np.zeros((2, 2)))
    rare = (coin, np.array([[1.0, 0.0], [1e-6, 1 - 1e-6]]))
    _, _, _, shares, errors, worth = run(sample, RAIN, rare, WET, u)
    yield roundoff(shares[0, 0], 1 / (1 + 19e-6), terms=20)
    yield bound(worth, 1.0001, "≤", Text("one draw has the weight", "权重集中于一个样本"))
    yield bound(errors[0, 0], 1e-4, "≤", Text("near 0, and without meaning", "接近 0，且没有意义"))
    u[3, 0] = 0.5
    _, _, _, shares, errors, worth = run(sample, RAIN, rare, WET, u)
    yield identical([shares[0, 0], errors[0, 0]], [0.0, 0.0])
    yield roundoff(worth, 20, terms=20)


@SAMPLING.claim
def what_cannot_be(sample, rng):
    """No draw with any weight is in a state of probability 0, at the ends of [0, 1) neither; where no draw has any weight there is nothing to divide, and this is refused. With a single one that has some, the answer is that one's"""
    tables = (np.array([0.0, 0.25, 0.0, 0.75, 0.0]), np.array([[0.0, 1.0, 0.0]] * 5) * 0.5 + np.array([0.5, 0.0, 0.0]))
    ends = np.array([0.0, 0.25 - 2.0**-54, 0.25, 0.5 - 2.0**-54, 0.5, 1 - 2.0**-53])
    u = np.stack(np.meshgrid(ends, ends), -1).reshape(-1, 2)
    x = run(sample, RAIN, tables, known(tables), u)[0]
    yield identical(x[:, 0], np.where(u[:, 0] < 0.25, 1.0, 3.0))
    yield identical(x[:, 1], np.where(u[:, 1] < 0.5, 0.0, 1.0))
    copy = (np.array([0.5, 0.5]), np.eye(2))
    tails = np.tile([[0.75, 0.5]], (5, 1))
    yield raises(lambda: sample(RAIN, copy, known(copy, _1=0), tails), ValueError)
    yield raises(lambda: sample(RAIN, copy, known(copy, _0=0, _1=1), rng.random((9, 2))), ValueError)
    tails[2, 0] = 0.25
    x, log_w, log_z, shares, _, _ = run(sample, RAIN, copy, known(copy, _1=0), tails)
    yield identical(np.exp(log_w), [0, 0, 1, 0, 0])
    yield identical(shares, np.array([[1.0, 0.0], [1.0, 0.0]]))
    yield roundoff(log_z, math.log(1 / 5), terms=5)


@SAMPLING.claim
def many_findings_need_logarithms(sample, rng):
    r"""Of 60 findings below one coin, each of probability $10^{-6}$ after tails and $1.02\cdot10^{-6}$ after heads, the weights are $10^{-360}$ and less than $4\cdot10^{-360}$: as products both are 0. The share of heads is $\frac{1.02^{60}}{1+1.02^{60}}$ with as many heads as tails among the draws"""
    n = 61
    G = np.zeros((n, n), int)
    G[0, 1:] = 1
    tables = (np.array([0.5, 0.5]), *[np.array([[1.02e-6, 1 - 1.02e-6], [1e-6, 1 - 1e-6]])] * 60)
    u = np.full((2, n), 0.5)
    u[0, 0] = 0.25
    _, log_w, log_z, shares, _, _ = run(sample, G, tables, (np.ones(2), *[np.array([1.0, 0.0])] * 60), u)
    yield roundoff(log_w, 60 * np.log([1.02e-6, 1e-6]), terms=60)
    heads = 1.02**60 / (1 + 1.02**60)
    yield near(
        shares[0, 0], heads, 1e-11, Text("rounding of sums of logarithms near −829", "约为 −829 的对数之和的舍入")
    )
    yield roundoff(log_z, 60 * math.log(1e-6) + math.log((1 + 1.02**60) / 2), terms=60)


@SAMPLING.claim
def numbers_and_scales_are_nothing(sample, rng):
    """Variables in another order, the columns of $u$ and the axes of each table moved with them, give the same draws; likelihoods times a number move the weights by it, and nothing else; a variable that nothing is known of, below all others, changes no weight"""
    G = np.array([[0, 1, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0], [1, 0, 0, 0]])
    k = (3, 2, 2, 2)
    tables, u = drawn_tables(rng, G, k), rng.random((30, 4))
    given = (np.ones(3), np.array([0.3, 0.8]), np.array([0.0, 1.0]), np.ones(2))
    x, log_w, log_z, shares, errors, worth = run(sample, G, tables, given, u)
    order = np.array([2, 0, 3, 1])
    place = np.argsort(order)
    moved = [tables[i].transpose([*np.argsort(place[np.flatnonzero(G[:, i])]), int(G[:, i].sum())]) for i in order]
    again = run(sample, G[np.ix_(order, order)], moved, [given[i] for i in order], u[:, order])
    yield identical(again[0], x[:, order])
    yield invariance(again[1], log_w, terms=8, scale=max(1.0, np.abs(log_w).max()))
    yield invariance(again[3], shares[order], terms=60, scale=1.0)
    yield invariance(again[4], errors[order], terms=60, scale=1.0)
    scaled = run(sample, G, tables, (np.full(3, 7.0), *given[1:]), u)
    yield identical(scaled[0], x)
    yield roundoff(scaled[1] - math.log(7), log_w, terms=8, scale=8.0)
    yield roundoff([scaled[2] - math.log(7), scaled[5]], [log_z, worth], terms=60, scale=30.0)
    leaf = np.zeros((5, 5), int)
    leaf[:4, :4], leaf[2, 4] = G, 1
    below = run(sample, leaf, (*tables, np.array([[0.3, 0.7], [0.9, 0.1]])), (*given, np.ones(2)), np.c_[u, u[:, 0]])
    yield invariance(below[1], log_w, terms=8, scale=max(1.0, np.abs(log_w).max()))
    yield bound(np.std(log_w), 0.01, "≥", Text("the weights differ", "权重不全相同"))


def summed_up(x, log_w, k, power=2, of_mean=True):
    """Estimates from draws and logarithms of weights; `power` and `of_mean` only for what is wrong."""
    if not np.isfinite(log_w).any():
        raise ValueError("no draw has any weight")
    N, w = len(x), np.exp(log_w - log_w.max())
    v = w / w.sum() if of_mean else np.exp(log_w) / len(x)
    shares, errors = np.zeros((len(k), max(k))), np.zeros((len(k), max(k)))
    for i in range(len(k)):
        for s in range(k[i]):
            f = (x[:, i] == s).astype(float)
            shares[i, s] = v @ f
            errors[i, s] = np.sqrt(v**power @ (f - v @ f) ** 2 * N / (N - 1)) if N > 1 else np.nan
    return shares, errors


def sizes(tables):
    return [t.shape[-1] for t in tables]


@SAMPLING.mutant(
    caught_by="the-mean-weight-is-unbiased, a-draw-and-its-weight-are-one, a-ratio-is-biased, findings-multiply-the-loss, evidence-at-the-roots-is-free, where-gibbs-stalls, never-worse-than-rejection"
)
def weights_dropped(G, tables, likelihoods, u):
    """the known variables held, and the weights forgotten"""
    x, log_w, *_ = bn_sampling(G, tables, likelihoods, u)
    return x, 0 * np.exp(log_w), 0.0, *summed_up(x, np.zeros(len(u)), sizes(tables)), float(len(u))


def forwards(G, tables, likelihoods, u, order, factor):
    """As the definition, in an order given, with the factor of a weight computed by `factor(row, likelihood, state)`."""
    N, n = u.shape
    x, log_w = np.zeros((N, n), int), np.zeros(N)
    for j in range(N):
        for i in order:
            row = tables[i][tuple(x[j, np.flatnonzero(G[:, i])])]
            q = np.cumsum(row * likelihoods[i])
            x[j, i] = np.searchsorted(q / q[-1], u[j, i], side="right") if q[-1] > 0 else 0
            with np.errstate(divide="ignore"):
                log_w[j] += np.log(factor(row, likelihoods[i], x[j, i]))
    return x, log_w


def finished(x, log_w, tables):
    shares, errors = summed_up(x, log_w, sizes(tables))
    w = np.exp(log_w - log_w.max())
    return x, log_w, np.log(w.mean()) + log_w.max(), shares, errors, w.sum() ** 2 / (w @ w)


def topological(G):
    return sorted(
        range(len(G)), key=lambda i: np.linalg.matrix_power(np.eye(len(G)) + (G != 0), len(G))[:, i].astype(bool).sum()
    )


@SAMPLING.mutant(
    caught_by="the-mean-weight-is-unbiased, numbers-and-scales-are-nothing, a-draw-and-its-weight-are-one, never-worse-than-rejection"
)
def in_order_of_number(G, tables, likelihoods, u):
    """variables drawn in the order of their numbers, children before parents, which then count as in their first state"""
    return finished(*forwards(G, tables, likelihoods, u, range(len(G)), lambda p, v, s: (p * v).sum()), tables)


@SAMPLING.mutant(caught_by="the-mean-weight-is-unbiased, a-draw-and-its-weight-are-one, a-ratio-is-biased")
def weight_of_the_whole_draw(G, tables, likelihoods, u):
    """the weight is the joint probability of the draw, of the variables that were drawn as well"""
    return finished(*forwards(G, tables, likelihoods, u, topological(G), lambda p, v, s: p[s] * v[s]), tables)


@SAMPLING.mutant(caught_by="the-mean-weight-is-unbiased, findings-multiply-the-loss, many-findings-need-logarithms")
def only_the_last_finding(G, tables, likelihoods, u):
    """the weight of the last finding only, in place of the product"""
    x, _ = forwards(G, tables, likelihoods, u, topological(G), lambda p, v, s: 1.0)
    log_w = np.zeros(len(u))
    for i in topological(G):
        if (likelihoods[i] != 1).any():
            rows = tables[i][tuple(x[:, np.flatnonzero(G[:, i])].T)] * likelihoods[i] + np.zeros((len(u), 1))
            with np.errstate(divide="ignore"):
                log_w = np.log(rows.sum(1))
    return finished(x, log_w, tables)


@SAMPLING.mutant(caught_by="the-mean-weight-is-unbiased, a-ratio-is-biased, findings-multiply-the-loss")
def divided_by_the_draws(G, tables, likelihoods, u):
    """shares divided by the number of draws in place of the sum of the weights: the joint probability with the evidence"""
    x, log_w, log_z, _, _, worth = bn_sampling(G, tables, likelihoods, u)
    return x, log_w, log_z, *summed_up(x, log_w, sizes(tables), of_mean=False), worth


@SAMPLING.mutant(caught_by="the-errors-are-the-scatter")
def errors_of_equal_weights(G, tables, likelihoods, u):
    """standard errors as if all draws had the same weight, √(p(1−p)/(N−1))"""
    x, log_w, log_z, shares, _, worth = bn_sampling(G, tables, likelihoods, u)
    return x, log_w, log_z, shares, np.sqrt(shares * (1 - shares) / max(len(u) - 1, 1)), worth


@SAMPLING.mutant(caught_by="an-error-of-nothing")
def errors_never_nothing(G, tables, likelihoods, u):
    """standard errors held above half a draw over the number of draws, so that none is 0"""
    x, log_w, log_z, shares, errors, worth = bn_sampling(G, tables, likelihoods, u)
    return x, log_w, log_z, shares, np.maximum(errors, 0.5 / len(u)), worth


@SAMPLING.mutant(caught_by="findings-multiply-the-loss, evidence-at-the-roots-is-free")
def worth_by_the_largest(G, tables, likelihoods, u):
    """the effective size as the sum of the weights over the largest"""
    *rest, _ = bn_sampling(G, tables, likelihoods, u)
    w = np.exp(rest[1] - rest[1].max())
    return *rest, w.sum()


@SAMPLING.mutant(caught_by="what-cannot-be")
def the_other_side(G, tables, likelihoods, u):
    """the first state whose sum reaches u, so that at the ends a state of probability 0 is drawn"""
    x, log_w, *rest = bn_sampling(G, tables, likelihoods, u)
    x = x.copy()
    for i in range(len(G)):
        if not G[:, i].any():
            q = np.cumsum(tables[i] * likelihoods[i])
            x[:, i] = np.searchsorted(q / q[-1], u[:, i], side="left")
    return x, log_w, *rest


@SAMPLING.mutant(caught_by="many-findings-need-logarithms")
def products(G, tables, likelihoods, u):
    """weights as products, and the logarithm taken at the end"""
    x, log_w, *_ = bn_sampling(G, tables, likelihoods, u)
    w = np.exp(log_w)
    if not w.any():
        w = np.full(len(u), 5e-324)
    with np.errstate(divide="ignore"):
        return finished(x, np.log(w), tables)


@SAMPLING.mutant(caught_by="what-cannot-be, an-error-of-nothing, where-gibbs-stalls, never-worse-than-rejection")
def a_little_everywhere(G, tables, likelihoods, u):
    """a little probability added to every entry, so that no weight is 0"""
    soft = tuple((t + 1e-9) / (t + 1e-9).sum(-1, keepdims=True) for t in tables)
    return bn_sampling(G, soft, likelihoods, u)


@SAMPLING.mutant(caught_by="a-draw-and-its-weight-are-one, numbers-and-scales-are-nothing")
def soft_evidence_made_certain(G, tables, likelihoods, u):
    """of a likelihood only the largest entry, as if that state had been seen"""
    hard = tuple(
        np.where((v == 1).all(), 1.0, (np.arange(len(v)) == np.argmax(v)) * 1.0) * np.ones(len(v)) for v in likelihoods
    )
    return bn_sampling(G, tables, hard, u)


SAMPLING.erratum(
    "E333",
    common="Likelihood weighting is an unbiased estimate of the posterior (a common slip)",
    why="Its mean weight is an unbiased estimate of the probability of the evidence; a posterior is a ratio of two such means. With a single draw it is the state that was drawn, whatever its weight: with a posterior of ⅔ its mean is ½ in the claim.",
    right="The posterior's estimate is consistent; its bias falls like 1/N, and is small beside the standard error, which falls like 1/√N",
    claims="a-ratio-is-biased, the-mean-weight-is-unbiased",
)
SAMPLING.erratum(
    "E334",
    common="Likelihood weighting gets worse as the evidence gets less probable (textbooks)",
    why="A finding without parents can have the probability 10⁻⁸, and all draws keep the same weight. What counts is how much the weight varies among the draws, E w²/(E w)², not how small it is.",
    right="It gets worse where what is drawn first makes the evidence now likely, now unlikely; the share of draws it is worth is in the limit never less than the evidence's probability over the largest weight",
    claims="evidence-at-the-roots-is-free, never-worse-than-rejection",
)


@SAMPLING.figure(
    findings=Slider(1, 20, 8, "number of findings", integer=True),
    sharpness=Slider(1.5, 12, 3, "likelihood ratio of a finding"),
)
def figure(findings, sharpness):
    m, r = int(findings), float(sharpness)
    rng, N = np.random.default_rng(1), 2000
    low = 0.9 / r  # a finding has probability 0.9 after heads, 0.9/r after tails
    coins = rng.random((N, 20)) < 0.5
    logs = np.where(coins, math.log(0.9), math.log(low))
    worth, kept = [], []
    for i in range(1, 21):
        w = np.exp(logs[:, :i].sum(1) - logs[:, :i].sum(1).max())
        worth.append(w.sum() ** 2 / (w @ w) / N)
        kept.append(((0.9 + low) / 2) ** i)
    w = np.exp(logs[:, :m].sum(1) - logs[:, :m].sum(1).max())
    share = np.sort(w / w.sum())[::-1]
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    count = np.arange(1, 21)
    left.plot(
        count,
        (2 * (1 + r**2) / (1 + r) ** 2) ** -count.astype(float),
        color=COLOURS[0],
        label="likelihood weighting, limit",
    )
    left.plot(count, worth, "o", ms=4, color=COLOURS[0], label="likelihood weighting, 2000 draws")
    left.plot(count, kept, color=COLOURS[1], ls="--", label="rejection: accepted")
    left.axvline(m, color="0.6", lw=1)
    left.set(xlabel="number of findings", ylabel="share of the draws that count", yscale="log", ylim=(1e-7, 5))
    left.legend(fontsize=8.5, loc="lower left", frameon=False)
    right.plot(np.arange(1, N + 1) / N, np.cumsum(share), color=COLOURS[0])
    right.plot([0, 1], [0, 1], color="0.6", lw=1)
    right.text(0.6, 0.52, "equal weights", fontsize=9.5, color="0.45")
    right.set(xlabel="draws, the heaviest first", ylabel="share of the weight", xlim=(0, 1), ylim=(0, 1.03))
    heaviest = float(np.cumsum(share)[N // 100 - 1])
    words = Text(
        f"Coins with a finding below each, {r:.1f} times as probable after heads as after tails. With {m} findings 2000 draws by likelihood weighting are worth {worth[m - 1] * N:.0f}, "
        f"and of 2000 made by rejection {kept[m - 1] * N:.2g} are kept on average. The heaviest hundredth of the draws has {100 * heaviest:.0f} % of the weight.",
        f"若干硬币，每枚下面有一个证据，正面时其概率是反面时的 {r:.1f} 倍。有 {m} 个证据时，似然加权的 2000 个样本相当于 {worth[m - 1] * N:.0f} 个等权样本，"
        f"而拒绝采样的 2000 个样本平均保留 {kept[m - 1] * N:.2g} 个。最重的百分之一样本占总权重的 {100 * heaviest:.0f}%。",
    )
    return Drawing(fig, words)
