"""Markov networks: a joint distribution as a product of tables over cliques."""

import itertools

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Proof, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(Network, sizes, factors, scopes, x, i):
    from gradus.inference import CompiledNetwork

    names = [f"v{j}" for j in range(len(sizes))]
    states = {v: [str(s) for s in range(size)] for v, size in zip(names, sizes, strict=True)}
    tables = [(tuple(f"v{j}" for j in scope), table) for scope, table in zip(scopes, factors, strict=True)]
    network = Network(states, tables)
    compiled = CompiledNetwork(network)
    joint = dict(zip(names, map(int, x), strict=True))
    log_z = compiled.log_evidence()
    p = np.exp(compiled.log_evidence(joint) - log_z)
    return log_z, p, network.conditional(names[i], joint)


MARKOV_NETWORK = Concept(
    key="markov-network",
    kind="model",
    title="Markov network",
    summary="A joint distribution as a product of tables, each over a few variables that are directly tied, divided by one number Z that makes it "
    "sum to 1. Given its neighbours a variable is independent of all others, and its distribution there needs no Z. Conversely every positive law "
    "with these independences is such a product (Hammersley and Clifford); a law with zeros need not be.",
    formulas=(
        r"P(x)=\frac1Z\prod_c\psi_c(x_c),\qquad Z=\sum_x\prod_c\psi_c(x_c)",
        r"P(x_i\mid x_{\text{rest}})=\frac{\prod_{c\ni i}\psi_c(x_c)}{\sum_{x_i}\prod_{c\ni i}\psi_c(x_c)}",
        r"\psi_c(x_c)=\exp\sum_k\theta_kf_k(x_c):\qquad\frac{\partial\ln Z}{\partial\theta_k}=\mathbb E\,f_k",
        r"P>0:\qquad \ln\psi_A(x_A)=\sum_{B\subseteq A}(-1)^{|A\setminus B|}\ln P(x_B,0),\qquad \ln P(x)=\sum_A\ln\psi_A(x_A)",
    ),
    symbols=(
        Symbol("k_i", "sizes", "", "how many states each variable has, in a tuple", "other"),
        Symbol(
            r"\psi_c", "factors", "", "tables of numbers that are not negative, an axis a variable, in a tuple", "other"
        ),
        Symbol(
            "c", "scopes", "", "the variables of each table in the order of its axes, in a tuple of tuples", "other"
        ),
        Symbol("x", "x", "n", "a joint state: the place of each variable's state", "index"),
        Symbol("i", "i", "", "the variable whose conditional distribution is wanted", "index"),
        Symbol("Z", "", "", "partition function"),
        Symbol(r"\theta_k,\ f_k", "", "", "weights and features of the log-linear form"),
        Symbol("A,\\ B", "", "", "sets of variables"),
        Symbol("0", "", "", "one state of each variable, chosen once for all"),
    ),
    needs=("bayes", "softmax"),
    source="besag1974spatial",
    year=1971,
    people=("John Hammersley", "Peter Clifford", "Julian Besag", "Josiah Willard Gibbs", "Ernst Ising"),
    returns=(
        Result("ln_Z", "", "logarithm of the partition function"),
        Result("p", "", "probability of the joint state x"),
        Result(
            "conditional",
            "k_i",
            "probabilities of the states of $X_i$, all others as in x, where one of them must be possible",
        ),
    ),
    aliases="Markov random field, MRF, undirected graphical model, Gibbs distribution, log-linear model, Markov blanket, clique potential, "
    "partition function, Hammersley-Clifford theorem, 马尔可夫随机场, 无向图模型, 势函数, 配分函数, 马尔可夫毯, 吉布斯分布, 对数线性模型",
    implementations=(
        Implementation(
            "gradus.inference:MarkovNetwork",
            "numpy",
            _ours,
            "`conditional`, and `CompiledNetwork` for Z and all marginals",
        ),
    ),
    readings="besag1974spatial §3; moussouris1974gibbs; koller2009probabilistic ch. 4; murphy2012machine ch. 19",
    hypotheses=(
        Hypothesis(
            "a distribution with the independences of a graph is a product over its cliques: it is positive",
            "zeros-break-the-converse",
        ),
        Hypothesis(
            "the graph of the independences joins all variables that stand in a table together",
            "tables-of-three-left-out, parents-are-joined",
        ),
        Hypothesis(r"log-linear with finite $\theta$: all tables are positive", "no-finite-weight-forbids"),
    ),
    conventions=(
        Convention(
            "what is written down",
            r"tables $\psi$",
            r"energies $E_c=-T\ln\psi_c$ in physics, $P=e^{-E/T}/Z$ at temperature $T$: a large number is then an unlikely state",
        ),
        Convention(
            "over which sets the tables stand",
            "over any sets of variables",
            "some texts allow maximal cliques only, and multiply smaller tables into those",
        ),
    ),
    proof=Proof(
        r"*The conditional distribution.* In $P(x_i\mid x_{\text{rest}})=P(x)/\sum_{x_i}P(x)$ cancel $Z$ and every table without $x_i$. *Hammersley and Clifford.* "
        r"Define $\ln\psi_A(x_A)$ by the alternating sum. Summing over all $A\subseteq V$ gives $\ln P(x)$, since a set $B\subsetneq V$ is met with signs that "
        r"cancel (Möbius inversion). Let $A$ hold two variables $i,j$ that are not joined. Pair the subsets: $B$, $B\cup i$, $B\cup j$, $B\cup ij$ for $B\subseteq "
        r"A\setminus ij$. Their signed sum is, up to sign, the logarithm of $\frac{P(x_i\mid x_j,x_B,0)\,P(0_i\mid0_j,x_B,0)}{P(0_i\mid x_j,x_B,0)\,P(x_i\mid0_j,x_B,0)}$. As $i$ "
        r"is independent of $j$ given all others, $x_j$ and $0_j$ make no difference, and it is $\ln1$. So $\psi_A=1$ unless $A$ is a clique. All "
        r"logarithms are finite because $P>0$."
    ),
    deviations="The implementation sums the variables out one after another, where the definition adds up all joint states.",
    unverified="Which laws with zeros are products over the cliques of their graph is known (Geiger, Meek and Sturmfels 2006); here one that is none is shown.",
    differentiable=False,
)


@MARKOV_NETWORK.definition
def markov_network(sizes, factors, scopes, x, i):
    def product(y, cliques):
        return np.prod([factors[c][tuple(y[j] for j in scopes[c])] for c in cliques])

    every = range(len(factors))
    Z = sum(product(y, every) for y in itertools.product(*map(range, sizes)))
    p = product(x, every) / Z
    own = [c for c in every if i in scopes[c]]
    weights = np.array([product([*x[:i], s, *x[i + 1 :]], own) for s in range(sizes[i])])
    return np.log(Z), p, weights / weights.sum()


def joint_of(network, sizes, factors, scopes):
    """P as an array, from the probabilities that an implementation gives one by one."""
    states = itertools.product(*map(range, sizes))
    return np.array([float(network(sizes, factors, scopes, np.array(x), 0)[1]) for x in states]).reshape(sizes)


def positive(rng, sizes, scopes):
    """Random positive tables."""
    return tuple(rng.gamma(2.0, size=[sizes[j] for j in scope]) + 0.1 for scope in scopes)


AB, BC = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[1.0, 2.0], [4.0, 1.0]])


@MARKOV_NETWORK.example
def example():
    sizes, factors, scopes, x, i = (2, 2, 2), (AB, BC), ((0, 1), (1, 2)), np.array([0, 1, 0]), 1
    log_z, p, conditional = markov_network(sizes, factors, scopes, x, i)
    joint = AB[:, :, None] * BC[None]
    return dict(
        sizes=sizes,
        factors=factors,
        scopes=scopes,
        x=x,
        i=i,
        ab=AB,
        bc=BC,
        Z=np.exp(log_z),
        p=p,
        conditional=conditional,
    ) | dict(to_a=AB.sum(0), to_c=BC.sum(1), pair=joint.sum(2)[0, 0] / joint.sum(), table=AB[0, 0] / AB.sum())


@MARKOV_NETWORK.exercise
def no_two_neighbours():
    table = np.array([[1.0, 1.0], [1.0, 0.0]])
    joint = table[:, :, None] * table[None]
    return number(joint[:, 1].sum() / joint.sum(), not_excluded=0.5, one_pair=table[1].sum() / table.sum())


@MARKOV_NETWORK.exercise
def doubled_table():
    one, two = (markov_network((2, 2, 2), (f * AB, BC), ((0, 1), (1, 2)), np.array([0, 1, 0]), 1) for f in (1.0, 2.0))
    z, p = not np.isclose(one[0], two[0]), not np.isclose(one[1], two[1])
    return choice(partition_only=z and not p, both=z and p, neither=not z and not p)


@MARKOV_NETWORK.exercise
def three_up_one_down():
    def logistic(u):
        return 1 / (1 + np.exp(-u))

    J = 0.5
    return number(logistic(2 * J * (3 - 1)), no_two=logistic(J * (3 - 1)), all_four=logistic(2 * J * 4))


@MARKOV_NETWORK.cases
def cases(rng):
    def of(sizes, scopes, i, zero=False):
        factors = positive(rng, sizes, scopes)
        if zero:
            factors[0][(0,) * factors[0].ndim] = 0.0
        x = np.array([rng.integers(1 if zero else 0, k) for k in sizes])
        return dict(sizes=sizes, factors=factors, scopes=scopes, x=x, i=i)

    yield "ring", of((2, 3, 2, 3), ((0, 1), (1, 2), (2, 3), (3, 0)), 2)
    yield "tables of three", of((2, 3, 2, 2, 2), ((0, 1, 2), (4, 2, 3), (3,)), 2)
    yield "a state excluded", of((2, 3, 2), ((0, 1), (1, 2)), 1, zero=True)
    yield "two tables over one pair, one over a variable", of((3, 2), ((0, 1), (1, 0), (0,)), 0)
    yield "many states", of((15, 2, 2), ((0, 1), (2, 0)), 0)
    yield "two parts", of((2, 2, 3), ((0, 1),), 2)


@MARKOV_NETWORK.invalid
def invalid(rng):
    table = np.ones((2, 2))
    common = dict(sizes=(2, 2), x=np.array([0, 1]), i=0)
    yield "a negative entry", dict(factors=(-table,), scopes=((0, 1),), **common)
    yield "a table over a variable that is not there", dict(factors=(table,), scopes=((0, 2),), **common)
    yield "tables that exclude every state", dict(factors=(0 * table,), scopes=((0, 1),), **common)


@MARKOV_NETWORK.claim
def rings_in_closed_form(network, rng):
    r"""For a ring of n spins with tables $e^{J}$ for equal and $e^{-J}$ for different neighbours $Z=(2\cosh J)^n+(2\sinh J)^n$;
    for the states 0 and 1 without two neighbouring ones, $Z$ is a Lucas number: 3, 4, 7, 11, 18, 29 for n = 2 … 7"""
    for n in (3, 5, 8):
        J = rng.uniform(0.3, 1.0)
        pair = np.exp(np.array([[J, -J], [-J, J]]))
        scopes = tuple((i, (i + 1) % n) for i in range(n))
        log_z = network((2,) * n, (pair,) * n, scopes, np.zeros(n, int), 0)[0]
        yield roundoff(log_z, np.log((2 * np.cosh(J)) ** n + (2 * np.sinh(J)) ** n), terms=2 * n)
    apart = np.array([[1.0, 1.0], [1.0, 0.0]])
    counts = []
    for n in range(2, 8):
        scopes = tuple((i, (i + 1) % n) for i in range(n))
        counts.append(np.exp(float(network((2,) * n, (apart,) * n, scopes, np.zeros(n, int), 0)[0])))
    yield roundoff(np.array(counts), np.array([3.0, 4, 7, 11, 18, 29]), terms=16)


@MARKOV_NETWORK.claim
def sums_to_one(network, rng):
    """The probabilities of all joint states sum to 1, and the ratio of two of them is that of their products of tables"""
    sizes, scopes = (2, 3, 2, 2), ((0, 1), (3, 1, 2), (2,))
    factors = positive(rng, sizes, scopes)
    P = joint_of(network, sizes, factors, scopes)
    yield roundoff(P.sum(), 1.0, terms=24)
    ratio = (
        factors[0][1, 2] / factors[0][0, 0] * factors[1][1, 2, 1] / factors[1][0, 0, 0] * factors[2][1] / factors[2][0]
    )
    yield roundoff(P[1, 2, 1, 1] / P[0, 0, 0, 0], ratio, terms=12)


@MARKOV_NETWORK.claim
def conditional_of_the_joint(network, rng):
    r"""The conditional distribution is $P(x)/\sum_{x_i}P(x)$ of the joint, for every variable of a random joint state of a network with tables of one to
    three variables"""
    sizes, scopes = (2, 3, 2, 2), ((0, 1), (1, 2, 3), (3,), (0, 2))
    factors = positive(rng, sizes, scopes)
    P = joint_of(network, sizes, factors, scopes)
    x = np.array([rng.integers(k) for k in sizes])
    for i in range(4):
        line = P[tuple(slice(None) if j == i else x[j] for j in range(4))]
        yield roundoff(network(sizes, factors, scopes, x, i)[2], line / line.sum(), terms=24)


@MARKOV_NETWORK.claim
def only_the_blanket_counts(network, rng):
    """On a chain of five with drawn tables the conditional distribution of the middle one is the same whatever the ends are and whatever stands in the tables without
    it; it changes with each neighbour, and with each table that holds it"""
    sizes, scopes = (3,) * 5, tuple((i, i + 1) for i in range(4))
    factors = positive(rng, sizes, scopes)
    x = np.array([0, 1, 0, 1, 0])
    middle = np.asarray(network(sizes, factors, scopes, x, 2)[2], float)
    own = factors[1][1] * factors[2][:, 1]
    yield roundoff(middle, own / own.sum(), terms=16)
    others = positive(rng, sizes, scopes)
    for same in (
        network(sizes, factors, scopes, np.array([2, 1, 0, 1, 1]), 2)[2],
        network(sizes, (others[0], factors[1], factors[2], others[3]), scopes, x, 2)[2],
    ):
        yield roundoff(same, middle, terms=16)
    for changed in (
        network(sizes, factors, scopes, np.array([0, 2, 0, 1, 0]), 2)[2],
        network(sizes, factors, scopes, np.array([0, 1, 0, 2, 0]), 2)[2],
        network(sizes, (factors[0], others[1], factors[2], factors[3]), scopes, x, 2)[2],
        network(sizes, (factors[0], factors[1], others[2], factors[3]), scopes, x, 2)[2],
    ):
        yield bound(
            np.abs(np.asarray(changed) - middle).max(), 1e-6, "≥", Text("drawn tables differ", "随机抽取的表各不相同")
        )


def dependence(P, left, right):
    """The largest distance of P(left, right | rest) from the product of both, over the states of the rest."""
    n = P.ndim
    rest = [j for j in range(n) if j not in left + right]
    T = P.transpose(rest + left + right).reshape(
        int(np.prod([P.shape[j] for j in rest])), int(np.prod([P.shape[j] for j in left])), -1
    )
    T = T[T.sum((1, 2)) > 0]
    T = T / T.sum((1, 2), keepdims=True)
    return np.abs(T - T.sum(2, keepdims=True) * T.sum(1, keepdims=True)).max()


@MARKOV_NETWORK.claim
def separated_is_independent(network, rng):
    """Six variables on a grid of two rows: given the middle column the first column is independent of the last, and two variables that
    are not joined are independent given all others; two that are joined, by drawn tables, are not"""
    sizes = (2,) * 6  # 0 1 2 above 3 4 5
    scopes = ((0, 1), (1, 2), (3, 4), (4, 5), (0, 3), (1, 4), (2, 5))
    P = joint_of(network, sizes, positive(rng, sizes, scopes), scopes)
    exact = Text("rounding of 64 probabilities", "64 个概率的舍入")
    yield near(dependence(P, [0, 3], [2, 5]), 0.0, 64 * 2.0**-52, exact)
    drawn = Text("drawn tables tie them", "随机抽取的表使二者相关")
    for pair in itertools.combinations(range(6), 2):
        found = dependence(P, [pair[0]], [pair[1]])
        yield bound(found, 1e-6, "≥", drawn) if pair in scopes else near(found, 0.0, 64 * 2.0**-52, exact)


@MARKOV_NETWORK.claim
def tables_are_no_marginals(network, rng):
    """A factor of the variable that two tables share, taken from one and given to the other, changes nothing: many tables make one distribution. For the chain of the example the table
    ab, scaled to sum 1, has 2/7 where the marginal is 6/29; and a table doubled doubles Z alone"""
    sizes, scopes, x = (2, 2, 2), ((0, 1), (1, 2)), np.array([0, 1, 0])
    given = rng.uniform(0.5, 2, 2)
    first = network(sizes, (AB, BC), scopes, x, 1)
    moved = network(sizes, (AB * given, BC / given[:, None]), scopes, x, 1)
    twice = network(sizes, (2 * AB, BC), scopes, x, 1)
    for a, b in zip(moved, first, strict=True):
        yield roundoff(a, b, terms=24)
    yield roundoff(twice[0], float(first[0]) + np.log(2), terms=8)
    yield roundoff(twice[1], first[1], terms=8)
    P = joint_of(network, sizes, (AB, BC), scopes)
    yield roundoff(P.sum(2)[0, 0], 6 / 29, terms=8)


@MARKOV_NETWORK.claim
def slope_is_the_expectation(network, rng):
    r"""Log-linear with two features, $f_1=x_ax_b$ and $f_2=x_bx_cx_d$ of states 0, 1, 2: $\partial\ln Z/\partial\theta_k=\mathbb E\,f_k$, and
    $\partial^2\ln Z/\partial\theta_1\partial\theta_2$ is their covariance"""
    s, sizes, scopes = np.arange(3.0), (3, 3, 3, 3), ((0, 1), (1, 2, 3))
    f1, f2 = s[:, None] * s, s[:, None, None] * s[:, None] * s
    theta = rng.uniform(-0.3, 0.3, 2)
    x = np.zeros(4, int)

    def log_z(a, b):
        return float(network(sizes, (np.exp((theta[0] + a) * f1), np.exp((theta[1] + b) * f2)), scopes, x, 0)[0])

    P = joint_of(network, sizes, (np.exp(theta[0] * f1), np.exp(theta[1] * f2)), scopes)
    F1, F2 = f1[:, :, None, None], f2[None]
    mean = (P * F1).sum(), (P * F2).sum()
    h = 1e-4
    steps = Text("h²/6 times the third derivative, at most 8³, and ε/h", "h²/6 乘三阶导数（至多 8³），以及 ε/h")
    yield near((log_z(h, 0) - log_z(-h, 0)) / (2 * h), mean[0], 2e-6, steps)
    yield near((log_z(0, h) - log_z(0, -h)) / (2 * h), mean[1], 2e-6, steps)
    yield roundoff(P.sum(), 1.0, terms=81)
    mixed = (log_z(h, h) - log_z(h, -h) - log_z(-h, h) + log_z(-h, -h)) / (4 * h * h)
    fourth = Text(
        "h²/3 times the fourth derivatives, at most 4 · 8⁴, and ε/h²", "h²/3 乘四阶导数（至多 4 · 8⁴），以及 ε/h²"
    )
    yield near(mixed, (P * F1 * F2).sum() - mean[0] * mean[1], 1e-4, fourth)


def canonical(P):
    """By set of variables, the logarithm of its canonical table, from the distribution alone; the state 0 stands for the absent ones."""
    n, logs = P.ndim, np.log(P)
    sets = [A for size in range(n + 1) for A in itertools.combinations(range(n), size)]
    made = {}
    for A in sets:
        total = np.zeros([P.shape[j] if j in A else 1 for j in range(n)])
        for B in sets:
            if set(B) <= set(A):
                total = (
                    total
                    + (-1) ** (len(A) - len(B)) * logs[tuple(slice(None) if j in B else slice(0, 1) for j in range(n))]
                )
        made[A] = total
    return made


@MARKOV_NETWORK.claim
def hammersley_clifford(network, rng):
    """From the positive law of a ring of four (2, 3, 2 and 2 states) alone: the canonical tables of all sets that are no cliques are 1, and
    those of the cliques multiply to the distribution. With a table of three variables added that set's is not 1"""
    sizes, scopes = (2, 3, 2, 2), ((0, 1), (1, 2), (2, 3), (3, 0))
    factors = positive(rng, sizes, scopes)
    P = joint_of(network, sizes, factors, scopes)
    tables = canonical(P)
    cliques = [A for A in tables if len(A) < 2 or set(A) in map(set, scopes)]
    size = float(np.abs(np.log(P)).max())
    for A, table in tables.items():
        if A not in cliques:
            yield roundoff(table, np.zeros(table.shape), terms=2 ** len(A), scale=size, c=16)
    yield roundoff(sum(tables[A] for A in cliques), np.log(P), terms=64, scale=size)
    third = positive(rng, sizes, ((0, 1, 2),))
    more = canonical(joint_of(network, sizes, factors + third, (*scopes, (0, 1, 2))))
    yield bound(
        np.abs(more[0, 1, 2]).max(),
        1e-3,
        "≥",
        Text("a drawn table of three ties all three", "随机抽取的三元表使三者相关"),
    )


MOUSSOURIS = (
    (0, 0, 0, 0),
    (1, 0, 0, 0),
    (1, 1, 0, 0),
    (1, 1, 1, 0),
    (0, 0, 0, 1),
    (0, 0, 1, 1),
    (0, 1, 1, 1),
    (1, 1, 1, 1),
)


@MARKOV_NETWORK.claim
def zeros_break_the_converse(network, rng):
    """Moussouris' law, ⅛ on eight states of four variables, has the independences of the ring: opposite variables are independent given the
    other two. Each pair of states of each edge occurs in it, so all tables would be positive, and so would be all 16 states: the network
    with 1 where it occurs gives 1/16 to 0101, where the distribution has 0"""
    law, scopes = np.zeros((2,) * 4), ((0, 1), (1, 2), (2, 3), (3, 0))
    for x in MOUSSOURIS:
        law[x] = 1 / 8
    yield identical(np.array([dependence(law, [0], [2]), dependence(law, [1], [3])]), np.zeros(2))
    occurs = tuple(np.zeros((2, 2)) for _ in scopes)
    for table, (a, b) in zip(occurs, scopes, strict=True):
        for x in MOUSSOURIS:
            table[x[a], x[b]] = 1.0
    log_z, p, _ = network((2,) * 4, occurs, scopes, np.array([0, 1, 0, 1]), 0)
    yield roundoff(log_z, np.log(16), terms=4)
    yield roundoff(p, 1 / 16, terms=4)
    yield identical(law[0, 1, 0, 1], 0.0)


@MARKOV_NETWORK.claim
def no_finite_weight_forbids(network, rng):
    r"""A table with 0 for two ones forbids them: $P(1,1)=0$ exactly. A weight $\theta=-\lambda$ on two ones, the other three
    entries being 1, leaves $e^{-\lambda}/(3+e^{-\lambda})$, above 0 for every finite λ"""
    x, scopes = np.array([1, 1]), ((0, 1),)
    hard = np.array([[1.0, 1.0], [1.0, 0.0]])
    yield identical(float(network((2, 2), (hard,), scopes, x, 0)[1]), 0.0)
    for weight in (1.0, 10.0, 30.0):
        soft = np.array([[1.0, 1.0], [1.0, np.exp(-weight)]])
        p = float(network((2, 2), (soft,), scopes, x, 0)[1])
        yield roundoff(p / np.exp(-weight), 1 / (3 + np.exp(-weight)), terms=16)


@MARKOV_NETWORK.claim
def parents_are_joined(network, rng):
    r"""The tables of a Bayesian network a → c ← b are a Markov network with Z = 1. Its graph must join the parents: a and b are independent,
    yet given c the distribution of a can change with b: if $P(c=1\mid ab)$ is 0.1, 0.6, 0.7, 0.8 for ab = 00, 01, 10, 11, the odds of a = 0 given c = 1 are at b = 0 only
    $\frac{0.1\cdot0.8}{0.7\cdot0.6}=\frac4{21}$ of those at b = 1"""
    a, b = rng.dirichlet(np.ones(2)), rng.dirichlet(np.ones(2))
    c = np.array([[[0.9, 0.1], [0.4, 0.6]], [[0.3, 0.7], [0.2, 0.8]]])
    sizes, scopes = (2, 2, 2), ((0,), (1,), (0, 1, 2))
    laws = [network(sizes, (a, b, c), scopes, np.array([0, s, 1]), 0) for s in (0, 1)]
    yield near(float(laws[0][0]), 0.0, 8 * 2.0**-52, Text("rounding of eight products", "八个乘积的舍入"))
    P = joint_of(network, sizes, (a, b, c), scopes).sum(2)
    yield roundoff(P, a[:, None] * b, terms=8)
    odds = [law[2][0] / law[2][1] for law in laws]
    yield roundoff(odds[0] / odds[1], (0.1 / 0.7) / (0.6 / 0.8), terms=16)


def with_conditional(i, sizes, weights, others):
    """The others' ln Z and p, and weights scaled to 1."""
    weights = np.asarray(weights, float)
    return others[0], others[1], weights / weights.sum()


@MARKOV_NETWORK.mutant(caught_by="conditional-of-the-joint, only-the-blanket-counts, equals-definition")
def cliques_without_it_counted(sizes, factors, scopes, x, i):
    """the state of $X_i$ is put on the first axis of the tables without it, too, so that these do not cancel"""
    others = markov_network(sizes, factors, scopes, x, i)
    weights = []
    for s in range(sizes[i]):
        at = [[s if j == i else x[j] for j in scope] for scope in scopes]
        for place, scope in zip(at, scopes, strict=True):
            if i not in scope:
                place[0] = s % sizes[scope[0]]
        weights.append(np.prod([table[tuple(place)] for table, place in zip(factors, at, strict=True)]))
    return with_conditional(i, sizes, weights, others)


@MARKOV_NETWORK.mutant(caught_by="conditional-of-the-joint, parents-are-joined")
def averaged_over_all_cliques(sizes, factors, scopes, x, i):
    """the mean logarithm over all tables for the sum: the tables without $X_i$ count in the number"""
    others = markov_network(sizes, factors, scopes, x, i)
    return with_conditional(i, sizes, others[2] ** (1 / max(len(factors), 1)), others)


@MARKOV_NETWORK.mutant(caught_by="conditional-of-the-joint, only-the-blanket-counts")
def first_clique_only(sizes, factors, scopes, x, i):
    """the first table that holds $X_i$, and no other"""
    others = markov_network(sizes, factors, scopes, x, i)
    own = [c for c in range(len(scopes)) if i in scopes[c]][:1]
    return others[0], others[1], markov_network(sizes, [factors[c] for c in own], [scopes[c] for c in own], x, i)[2]


@MARKOV_NETWORK.mutant(caught_by="only-the-blanket-counts, conditional-of-the-joint, parents-are-joined")
def marginal_for_conditional(sizes, factors, scopes, x, i):
    """the marginal distribution of $X_i$ for the conditional one"""
    others = markov_network(sizes, factors, scopes, x, i)
    weights = np.zeros(sizes[i])
    for y in itertools.product(*map(range, sizes)):
        weights[y[i]] += np.prod([t[tuple(y[j] for j in scope)] for t, scope in zip(factors, scopes, strict=True)])
    return with_conditional(i, sizes, weights, others)


@MARKOV_NETWORK.mutant(
    caught_by="rings-in-closed-form, sums-to-one, tables-are-no-marginals, slope-is-the-expectation, zeros-break-the-converse"
)
def product_of_sums(sizes, factors, scopes, x, i):
    """Z as the product of the tables' sums"""
    log_z, p, conditional = markov_network(sizes, factors, scopes, x, i)
    wrong = sum(np.log(table.sum()) for table in factors)
    return wrong, p * np.exp(log_z - wrong), conditional


@MARKOV_NETWORK.mutant(caught_by="separated-is-independent, sums-to-one, hammersley-clifford, rings-in-closed-form")
def sum_of_tables(sizes, factors, scopes, x, i):
    """the sum of the tables for their product"""

    def total(y):
        return sum(t[tuple(y[j] for j in scope)] for t, scope in zip(factors, scopes, strict=True))

    Z = sum(total(y) for y in itertools.product(*map(range, sizes)))
    weights = [total([*x[:i], s, *x[i + 1 :]]) for s in range(sizes[i])]
    return np.log(Z), total(list(x)) / Z, np.array(weights) / sum(weights)


@MARKOV_NETWORK.mutant(
    caught_by="rings-in-closed-form, sums-to-one, no-finite-weight-forbids, parents-are-joined, equals-definition"
)
def energies_for_tables(sizes, factors, scopes, x, i):
    """the tables read as energies"""
    return markov_network(sizes, [np.exp(-table) for table in factors], scopes, x, i)


@MARKOV_NETWORK.mutant(caught_by="no-finite-weight-forbids, rings-in-closed-form")
def zeros_lifted(sizes, factors, scopes, x, i):
    """zeros lifted to 10⁻⁶, so that all logarithms exist"""
    return markov_network(sizes, [np.maximum(table, 1e-6) for table in factors], scopes, x, i)


@MARKOV_NETWORK.mutant(caught_by="equals-definition, sums-to-one, hammersley-clifford, parents-are-joined")
def tables_of_three_left_out(sizes, factors, scopes, x, i):
    """only tables of one and two variables are counted"""
    few = [c for c in range(len(scopes)) if len(scopes[c]) < 3]
    return markov_network(sizes, [factors[c] for c in few], [scopes[c] for c in few], x, i)


MARKOV_NETWORK.erratum(
    "E300",
    common="The table of a clique is, up to scale, the marginal distribution of its variables (a common slip)",
    why="A factor of a variable that two tables share can be moved from one to the other without changing the distribution. In the example the table ab, scaled, has 2/7 where the marginal is 6/29.",
    right="Tables are weights; a marginal sums the product of all tables over the other variables, and divides by Z",
    claims="tables-are-no-marginals",
)
MARKOV_NETWORK.erratum(
    "E301",
    common="A law has the independences of a graph if and only if it is a product over its cliques (Hammersley–Clifford without its condition, a common slip)",
    why="A product always has them. The converse needs P > 0: Moussouris' law on eight states has those of the ring and is no product over its edges.",
    right="For positive laws, if and only if",
    claims="zeros-break-the-converse, hammersley-clifford, separated-is-independent",
)


@MARKOV_NETWORK.figure(
    J=Slider(-1.0, 1.0, 0.4, "coupling J"),
    h=Slider(-1.0, 1.0, 0.0, "field h"),
    up=Slider(0, 4, 3, "neighbours at +1", integer=True),
)
def figure(J, h, up):
    place = {j: (j % 3, 2 - j // 3) for j in range(9)}
    edges = [(j, j + 1) for j in range(9) if j % 3 < 2] + [(j, j + 3) for j in range(6)]
    blanket = (1, 3, 5, 7)
    states = 1 - 2 * ((np.arange(512)[:, None] >> np.arange(9)) & 1)
    weight = np.exp(J * sum(states[:, a] * states[:, b] for a, b in edges) + h * states.sum(1))
    marginal = weight[states[:, 4] > 0].sum() / weight.sum()
    counts = np.arange(5)
    given = 1 / (1 + np.exp(-2 * (h + J * (2 * counts - 4))))
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.4)
    for a, b in edges:
        left.plot(*zip(place[a], place[b], strict=True), color=COLOURS[0] if 4 in (a, b) else "0.75", lw=2.2, zorder=1)
    for j, (u, v) in place.items():
        colour = COLOURS[1] if j == 4 else COLOURS[0] if j in blanket else "0.7"
        filled = j in blanket[: int(up)]
        left.scatter(u, v, s=330, facecolor=colour if filled else "white", edgecolor=colour, lw=2, zorder=2)
        word = "?" if j == 4 else "" if j not in blanket else "+" if filled else "−"
        left.text(u, v, word, ha="center", va="center", fontsize=13, color="white" if filled else colour, zorder=3)
    left.set(xlim=(-0.4, 2.4), ylim=(-0.4, 2.4), aspect="equal")
    left.axis("off")
    right.plot(counts, given, color=COLOURS[0], marker="o", label="given the neighbours")
    right.plot([up], [given[int(up)]], "o", ms=11, color=COLOURS[1])
    right.axhline(marginal, color="0.5", ls="--", lw=1.2, label="with nothing known")
    right.set(xlabel="neighbours at +1", ylabel="probability of +1", ylim=(0, 1.02), xticks=counts)
    right.legend(fontsize=9.5, loc="lower right", frameon=False)
    words = Text(
        f"Nine spins on a grid, coupling {J:.2f}, field {h:.2f}. The middle one is tied to four neighbours, its Markov blanket; {int(up)} of them at +1 make it +1 with probability "
        f"{given[int(up)]:.3f}, whatever the corners are. With nothing known it is {marginal:.3f}.",
        f"网格上的九个自旋，耦合 {J:.2f}，外场 {h:.2f}。中间的自旋与四个邻居相连，它们是它的马尔可夫毯；其中 {int(up)} 个为 +1 时，它为 +1 的概率是 {given[int(up)]:.3f}，"
        f"与四角的状态无关。一无所知时，概率为 {marginal:.3f}。",
    )
    return Drawing(fig, words)
