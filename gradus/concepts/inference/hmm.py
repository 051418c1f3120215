"""Hidden Markov models: forward, backward, Viterbi and Baum–Welch."""

from itertools import product

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(HiddenMarkovModel, start, transition, emission, x, lengths):
    dtype = "float32" if np.asarray(start).dtype == np.float32 else "float64"
    model = HiddenMarkovModel(start, transition, emission, dtype=dtype)
    x, K = np.asarray(x), len(start)
    rows = x.reshape(-1, x.shape[-1])
    ends = np.full(len(rows), x.shape[-1]) if lengths is None else np.asarray(lengths, int).reshape(-1)
    logs = model.log_likelihood(rows, ends)
    gamma, counts, best = (
        np.full((*rows.shape, K), np.nan),
        np.full((len(rows), K, K), np.nan),
        np.full(len(rows), -np.inf),
    )
    if can := np.flatnonzero(np.isfinite(logs)).tolist():  # `posterior` refuses what cannot be
        gamma[can] = model.posterior(rows[can], ends[can]).states
        paths = model.viterbi(rows[can], ends[can]).states
        for i, path in zip(can, paths, strict=True):
            counts[i] = model.posterior(rows[i, : ends[i]], transitions=True).transitions
            best[i] = path_score(start, transition, emission, rows[i, : ends[i]], path[: ends[i]])
    shapes, found = ((), (x.shape[-1], K), (K, K), ()), (logs, gamma, counts, best)
    return tuple(r.reshape(x.shape[:-1] + s).astype(dtype) for r, s in zip(found, shapes, strict=True))


def path_score(start, A, B, x, z):
    """log p(z, x) of a path."""
    with np.errstate(divide="ignore"):
        return np.log(start[z[0]]) + np.log(A[z[:-1], z[1:]]).sum() + np.log(B[z, x]).sum()


HMM = Concept(
    key="hmm",
    kind="model",
    title="Hidden Markov model",
    summary="A state that is never seen moves as a Markov chain; each step shows a symbol that depends on the state alone. One pass "
    "forwards gives the probability of what was seen, one more backwards the posterior of every state, a maximum for the sum the "
    "most probable path; expected counts of states and transitions give a model that is no worse. All this takes time linear in the length, though the paths are exponentially many.",
    formulas=(
        r"p(z,x)=\pi_{z_1}\prod_{t=2}^TA_{z_{t-1}z_t}\prod_{t=1}^TB_{z_tx_t},\qquad p(x)=\sum_zp(z,x)",
        r"\alpha_1(k)=\pi_kB_{kx_1},\qquad\alpha_t(k)=\sum_i\alpha_{t-1}(i)A_{ik}B_{kx_t},\qquad p(x)=\sum_k\alpha_T(k)",
        r"\beta_T(k)=1,\qquad\beta_t(k)=\sum_jA_{kj}B_{jx_{t+1}}\beta_{t+1}(j),\qquad\gamma_t(k)=P(z_t=k\mid x)=\frac{\alpha_t(k)\,\beta_t(k)}{p(x)}",
        r"N_{ij}=\sum_{t=1}^{T-1}P(z_t=i,z_{t+1}=j\mid x)=\sum_{t=1}^{T-1}\frac{\alpha_t(i)A_{ij}B_{jx_{t+1}}\beta_{t+1}(j)}{p(x)}",
        r"\delta_1(k)=\pi_kB_{kx_1},\qquad\delta_t(k)=\max_i\delta_{t-1}(i)A_{ik}B_{kx_t},\qquad p(\hat z,x)=\max_zp(z,x)=\max_k\delta_T(k)",
        r"\pi_k'=\gamma_1(k),\qquad A_{ij}'=\frac{N_{ij}}{\sum_lN_{il}},\qquad B_{ks}'=\frac{\sum_{t:x_t=s}\gamma_t(k)}{\sum_t\gamma_t(k)}:\qquad p'(x)\ge p(x)",
    ),
    symbols=(
        Symbol(r"\pi", "start", "K", "distribution of the first state", "simplex"),
        Symbol("A", "transition", "K K", "transition probabilities, a row the state that is left", "simplex"),
        Symbol("B", "emission", "K M", "probabilities of the symbols, a row a state", "simplex"),
        Symbol("x", "x", "... T", "what is seen, one symbol a step", "index"),
        Symbol(r"\text{lengths}", "lengths", "...", "steps of each row, where rows are padded at their end", "natural"),
        Symbol("z", "", "T", "path of states"),
        Symbol("k,i,j,l", "", "", "states"),
        Symbol("s", "", "", "a symbol"),
        Symbol("t", "", "", "a step"),
        Symbol("T,K,M", "", "", "numbers of steps, states and symbols"),
        Symbol(r"\alpha", "", "T K", "forward: $p(z_t=k,x_1,\\dots,x_t)$"),
        Symbol(r"\beta", "", "T K", "backward: $p(x_{t+1},\\dots,x_T\\mid z_t=k)$"),
        Symbol(r"\gamma", "", "T K", "posterior of the state at each step"),
        Symbol("N", "", "K K", "expected numbers of transitions"),
        Symbol(r"\delta", "", "T K", "probability of the best path that ends in k"),
        Symbol(r"\hat z", "", "T", "the most probable path"),
        Symbol("\\pi',A',B',p'", "", "", "the model after one step of Baum–Welch, and its probability"),
    ),
    returns=(
        Result("log_likelihood", "...", r"$\log p(x)$"),
        Result("posterior", "... T K", r"$\gamma$; 0 after the end of a row"),
        Result("transitions", "... K K", "$N$"),
        Result("best", "...", r"$\log p(\hat z,x)$"),
    ),
    needs=("bayes", "mle"),
    source="rabiner1989tutorial",
    year=1966,
    people=("Leonard Baum", "Ted Petrie", "Lloyd Welch", "Andrew Viterbi", "Ruslan Stratonovich", "Lawrence Rabiner"),
    aliases="HMM, Viterbi, Viterbi algorithm, forward-backward algorithm, forward algorithm, Baum-Welch, Baum-Welch algorithm, Markov chain, "
    "label switching, 维特比算法, 马尔可夫链, 前向后向算法, 前向算法, 鲍姆-韦尔奇算法, 标签交换",
    implementations=(
        Implementation(
            "gradus.inference:HiddenMarkovModel",
            "numpy",
            _ours,
            "its `posterior`, `viterbi` and `fit` take lists of sequences",
        ),
    ),
    readings="rabiner1989tutorial §III, §V; baum1970maximization; viterbi1967error; bishop2006pattern §13.2; murphy2012machine §17",
    hypotheses=(
        Hypothesis(
            "the next state depends on the present one alone: durations are geometric", "durations-are-geometric"
        ),
        Hypothesis("a symbol depends on the state of its own step alone", "emission-of-the-state-before"),
        Hypothesis("posterior, counts and path: $p(x)>0$", "what-cannot-be"),
        Hypothesis("$p'(x)\\ge p(x)$: the counts are those of the exact posterior of pairs", "neighbours-multiplied"),
        Hypothesis(
            "a gain at every step: the model is no fixed point, such as one of alike states with the symbols' frequencies",
            "alike-states-stay-alike",
        ),
    ),
    conventions=(
        Convention(
            "the index of $A$",
            "row: from, column: to; rows sum to 1",
            "column-stochastic in texts that multiply from the left, $p_{t+1}=Ap_t$",
        ),
        Convention(
            "the end",
            "none: $\\beta_T=1$",
            "an end state with probabilities of its own, as in speech and in pomegranate, whose default lowers the log-likelihood",
        ),
        Convention(
            "posterior",
            r"smoothed, $P(z_t\mid x_1,\dots,x_T)$",
            r"in tracking often the filtered $P(z_t\mid x_1,\dots,x_t)$",
        ),
        Convention(
            "several most probable paths",
            "only their probability is judged",
            "which one comes out depends on the order of the comparisons, and on rounding",
        ),
    ),
    deviations=(
        "The definition adds logarithms, so that nothing underflows; the formulas multiply.",
        "For several sequences Baum–Welch adds their counts, and a row of which nothing is expected stays as it is.",
        "Where $p(x)=0$ the definition gives −∞ and NaN; `HiddenMarkovModel.posterior` refuses, and names the sequence and the step.",
    ),
    differentiable=False,
    longest_sum=64,
)


@HMM.definition
def hmm(start, transition, emission, x, lengths=None):
    K, T = len(start), x.shape[-1]
    if (
        transition.shape != (K, K)
        or len(emission) != K
        or x.max(initial=0) >= emission.shape[1]
        or x.min(initial=0) < 0
    ):
        raise ValueError("one row a state, and symbols that the table has")
    batch = x.shape[:-1]
    log_p, gamma = np.zeros(batch), np.zeros((*batch, T, K))
    N, best = np.zeros((*batch, K, K)), np.zeros(batch)
    with np.errstate(divide="ignore", invalid="ignore"):
        pi, A, B = np.log(start), np.log(transition), np.log(emission)
        for row in np.ndindex(*batch):
            n = T if lengths is None else int(lengths[row])
            b = B[:, x[row][:n]].T  # (n, K)
            alpha, delta, beta = np.empty((n, K)), np.empty((n, K)), np.zeros((n, K))
            alpha[0] = delta[0] = pi + b[0]
            for t in range(1, n):
                alpha[t] = np.logaddexp.reduce(alpha[t - 1][:, None] + A, 0) + b[t]
                delta[t] = np.max(delta[t - 1][:, None] + A, 0) + b[t]
            for t in range(n - 2, -1, -1):
                beta[t] = np.logaddexp.reduce(A + b[t + 1] + beta[t + 1], 1)
            log_p[row] = np.logaddexp.reduce(alpha[n - 1])
            gamma[row][:n] = np.exp(alpha + beta - log_p[row])
            for t in range(n - 1):
                N[row] += np.exp(alpha[t][:, None] + A + b[t + 1] + beta[t + 1] - log_p[row])
            best[row] = delta[n - 1].max()
    return log_p, gamma, N, best


def best_path(start, A, B, x):
    """The states behind the best score, found from the last backwards."""
    with np.errstate(divide="ignore"):
        delta, A, b = [np.log(start) + np.log(B[:, x[0]])], np.log(A), np.log(B[:, x].T)
    for t in range(1, len(x)):
        delta.append(np.max(delta[-1][:, None] + A, 0) + b[t])
    path = [int(np.argmax(delta[-1]))]
    for d in delta[-2::-1]:
        path.append(int(np.argmax(d + A[:, path[-1]])))
    return np.array(path[::-1])


@HMM.example
def example():
    start, transition = np.array([0.5, 0.5]), np.array([[0.8, 0.2], [0.4, 0.6]])
    emission, x = np.array([[0.9, 0.1], [0.3, 0.7]]), np.array([0, 1, 0])
    b = emission[:, x].T
    a1 = start * b[0]
    a2 = (a1 @ transition) * b[1]
    a3 = (a2 @ transition) * b[2]
    b2 = transition @ b[2]
    b1 = transition @ (b[1] * b2)
    log_p, gamma, N, _ = hmm(start, transition, emission, x)
    path = best_path(start, transition, emission, x)
    d2 = (a1[:, None] * transition).max(0) * b[1]
    d3 = (d2[:, None] * transition).max(0) * b[2]
    return (
        dict(start=start, transition=transition, emission=emission, x=x, a1=a1, a2=a2, a3=a3, p=np.exp(log_p))
        | dict(
            b1=b1,
            b2=b2,
            gamma=gamma,
            filtered=a2 / a2.sum(),
            N=N,
            d2=d2,
            d3=d3,
            path=path + 1,
            stay=N[0, 0] / N[0].sum(),
        )
        | dict(before=a1 @ transition, by_two=np.exp(path_score(start, transition, emission, x, np.array([0, 1, 0]))))
    )


@HMM.exercise
def first_two_symbols():
    return number(
        np.exp(
            hmm(
                np.array([0.5, 0.5]),
                np.array([[0.8, 0.2], [0.4, 0.6]]),
                np.array([[0.9, 0.1], [0.3, 0.7]]),
                np.array([1, 1]),
            )[0]
        ),
        independent=0.4 * (0.6 * 0.1 + 0.4 * 0.7),
        without_transitions=0.5 * 0.1**2 + 0.5 * 0.7**2,
    )


@HMM.exercise
def how_long_in_a_state():
    return number(1 / (1 - 0.95), one_over_a=1 / 0.95, half_life=np.log(0.5) / np.log(0.95))


@HMM.exercise
def states_one_by_one():
    start, A, B = fork()
    x = np.array([0, 0])
    gamma, path = hmm(start, A, B, x)[1], best_path(start, A, B, x)
    modes = gamma.argmax(-1)
    return choice(
        can_be_impossible=A[modes[0], modes[1]] == 0,
        same_path=bool((modes == path).all()),
        less_likely_only=A[modes[0], modes[1]] > 0,
    )


def drawn(rng, K, M, a=1.0):
    return rng.dirichlet(np.full(K, a)), rng.dirichlet(np.full(K, a), K), rng.dirichlet(np.full(M, a), K)


def banded(rng, K, M):
    """From left to right: no way back."""
    start, A, B = drawn(rng, K, M)
    A = np.triu(A)
    return start, A / A.sum(1, keepdims=True), B


@HMM.cases
def cases(rng):
    def of(model, x, lengths=None):
        given = dict(zip(("start", "transition", "emission"), model, strict=True)) | dict(x=np.asarray(x))
        return given if lengths is None else given | dict(lengths=np.asarray(lengths))

    yield "one sequence", of(drawn(rng, 3, 4), rng.integers(0, 4, 7))
    yield "several", of(drawn(rng, 2, 3), rng.integers(0, 3, (3, 5)))
    yield "padded", of(drawn(rng, 3, 2), rng.integers(0, 2, (3, 6)), [6, 1, 4])
    yield "two leading axes", of(drawn(rng, 2, 2), rng.integers(0, 2, (2, 2, 4)))
    yield "no way back", of(banded(rng, 3, 3), rng.integers(0, 3, 6))
    yield "one step", of(drawn(rng, 3, 3), rng.integers(0, 3, 1))
    yield "one state", of((np.ones(1), np.ones((1, 1)), rng.dirichlet(np.ones(3), 1)), rng.integers(0, 3, 5))
    yield "as many of everything", of(drawn(rng, 4, 4), rng.integers(0, 4, (4, 4)))
    yield "longer", of(drawn(rng, 2, 3), rng.integers(0, 3, 40))


@HMM.invalid
def invalid(rng):
    start, A, B = drawn(rng, 3, 4)
    yield "a symbol that the table lacks", dict(start=start, transition=A, emission=B, x=np.array([0, 4, 1]))
    yield (
        "transitions of another number of states",
        dict(start=start, transition=A[:2, :2], emission=B, x=np.array([0, 1])),
    )


def enumerated(start, A, B, x):
    """p(x), posteriors, counts of transitions, and p(z, x) of all paths, by a sum over all paths."""
    K, T = len(start), len(x)
    paths = np.array(list(product(range(K), repeat=T)))
    joint = start[paths[:, 0]] * B[paths, x].prod(1) * A[paths[:, :-1], paths[:, 1:]].prod(1)
    gamma = np.array([[joint[paths[:, t] == k].sum() for k in range(K)] for t in range(T)])
    N = np.zeros((K, K))
    np.add.at(N, (paths[:, :-1], paths[:, 1:]), joint[:, None])
    return joint.sum(), gamma / joint.sum(), N / joint.sum(), joint


def two_models(rng):
    for model in (drawn(rng, 3, 4), banded(rng, 3, 3)):
        yield *model, rng.integers(0, model[2].shape[1], 6)


@HMM.claim
def forward_is_enumeration(hmm, rng):
    """The forward recursion gives the sum over all 3⁶ paths, with and without forbidden transitions"""
    for start, A, B, x in two_models(rng):
        yield roundoff(np.exp(np.asarray(hmm(start, A, B, x)[0], float)), enumerated(start, A, B, x)[0], terms=64)


@HMM.claim
def marginals_are_enumeration(hmm, rng):
    r"""Forward times backward gives the posterior of every state and of every pair that sums over all 3⁶ paths give: $\gamma$ and $N$"""
    for start, A, B, x in two_models(rng):
        _, gamma, N, _ = enumerated(start, A, B, x)
        found = hmm(start, A, B, x)
        yield roundoff(found[1], gamma, terms=64, scale=1.0)
        yield roundoff(found[2], N, terms=64, scale=1.0)


@HMM.claim
def best_path_is_brute_force(hmm, rng):
    """No path of the 3⁶ has a greater probability than Viterbi's"""
    for start, A, B, x in two_models(rng):
        yield roundoff(np.exp(np.asarray(hmm(start, A, B, x)[3], float)), enumerated(start, A, B, x)[3].max(), terms=16)


def fork():
    """From state 1 only on to itself, from state 2 to itself or to state 3; what is seen says nothing."""
    A = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.0, 0.0, 1.0]])
    return np.array([0.4, 0.6, 0.0]), A, np.ones((3, 1))


@HMM.claim
def states_one_by_one_may_be_impossible(hmm, rng):
    """The most probable states one by one need be no path: with start 0.4, 0.6, state 1 kept for ever, state 2 left for state 3 half of the
    time, and symbols that say nothing, those of two steps are 2, 1, of probability 0, and the most probable path is 1, 1, of 0.4"""
    start, A, B = fork()
    x = np.zeros(2, int)
    _, gamma, _, best = hmm(start, A, B, x)
    yield roundoff(gamma, np.array([[0.4, 0.6, 0.0], [0.4, 0.3, 0.3]]), terms=8)
    yield identical(np.asarray(gamma).argmax(-1), np.array([1, 0]))
    yield roundoff(best, np.log(0.4), terms=8)
    yield identical(path_score(start, A, B, x, np.array([1, 0])), -np.inf)


def improved(start, A, B, x, found):
    """One step of Baum–Welch, from the results for sequences x (n, T)."""
    gamma, N = np.asarray(found[1], float), np.asarray(found[2], float).sum(0)
    seen = np.array([[gamma[..., k][x == s].sum() for s in range(B.shape[1])] for k in range(len(start))])
    return gamma[:, 0].mean(0), N / N.sum(1, keepdims=True), seen / seen.sum(1, keepdims=True)


def alternating():
    """A model whose states mostly change at each step, and six sequences drawn from it."""
    rng, A, B = np.random.default_rng(1), np.array([[0.1, 0.9], [0.9, 0.1]]), np.array([[0.75, 0.25], [0.25, 0.75]])
    z = np.zeros((6, 20), int)
    z[:, 0] = rng.random(6) < 0.5
    for t in range(1, 20):
        z[:, t] = z[:, t - 1] ^ (rng.random(6) < 0.9)
    return (np.full(2, 0.5), A, B), z ^ (rng.random((6, 20)) > 0.75)


@HMM.claim
def baum_welch_never_falls(hmm, rng):
    """Five steps of Baum–Welch on six sequences of 20 symbols, from the model that drew them and from two random ones: no step lowers the
    likelihood, and each start gains"""
    true, x = alternating()
    for model in (true, drawn(rng, 2, 2), drawn(rng, 3, 2)):
        logs = []
        for _ in range(5):
            found = hmm(*model, x)
            logs.append(float(np.sum(found[0])))
            model = improved(*model, x, found)
        yield bound(np.diff(logs).min(), -64 * 120 * 2.0**-52 * abs(logs[0]), "≥", Text("rounding alone", "仅有舍入"))
        yield bound(logs[-1] - logs[0], 1e-4, "≥", Text("it gains", "确有提高"))


@HMM.claim
def alike_states_stay_alike(hmm, rng):
    """Baum–Welch keeps what is alike: from two states with the same emission, start and transitions all ½, they stay alike, and the model
    is no better than one that draws symbols independently with their frequencies"""
    x = rng.integers(0, 3, (4, 10))
    model = (np.full(2, 0.5), np.full((2, 2), 0.5), np.tile(rng.dirichlet(np.ones(3)), (2, 1)))
    for _ in range(3):
        model = improved(*model, x, hmm(*model, x))
    share = np.bincount(x.ravel(), minlength=3) / x.size
    yield roundoff(model[2], np.tile(share, (2, 1)), terms=128)
    yield roundoff(model[1], np.full((2, 2), 0.5), terms=128)
    yield roundoff(np.sum(hmm(*model, x)[0]), np.log(share[x]).sum(), terms=128)


@HMM.claim
def states_have_no_names(hmm, rng):
    """Numbering the states otherwise numbers posteriors and counts otherwise, and leaves the likelihood and the best path's probability: no data can tell the
    numberings apart (label switching)"""
    (start, A, B), x, order = drawn(rng, 3, 4), rng.integers(0, 4, 8), np.array([2, 0, 1])
    log_p, gamma, N, best = hmm(start, A, B, x)
    other = hmm(start[order], A[np.ix_(order, order)], B[order], x)
    yield invariance(other[0], log_p, terms=64)
    yield invariance(other[1], np.asarray(gamma)[:, order], terms=64, scale=1.0)
    yield invariance(other[2], np.asarray(N)[np.ix_(order, order)], terms=64, scale=1.0)
    yield invariance(other[3], best, terms=64)
    yield bound(np.ptp(np.asarray(gamma), axis=1).max(), 0.1, "≥", Text("the states differ", "各状态确有不同"))


@HMM.claim
def equal_rows_are_bayes(hmm, rng):
    """With equal rows of $A$, each the start, the steps are independent: the posterior is Bayes' theorem at each step alone"""
    start, B, x = rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(4), 3), rng.integers(0, 4, 6)
    joint = start * B[:, x].T
    found = hmm(start, np.tile(start, (3, 1)), B, x)
    yield roundoff(found[0], np.log(joint.sum(1)).sum(), terms=64)
    yield roundoff(found[1], joint / joint.sum(1, keepdims=True), terms=64, scale=1.0)


@HMM.claim
def durations_are_geometric(hmm, rng):
    r"""A state that is left with probability $1-a$ at each step lasts $n$ steps with probability $a^{n-1}(1-a)$, most likely a single one ($0<a<1$);
    two such states in a row that look alike make $(n-1)a^{n-2}(1-a)^2$, which at $a=0.8$ rises first"""
    seen, twice = np.eye(2), np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    for a, n in ((0.8, 1), (0.8, 2), (0.8, 3), (0.8, 7), (0.3, 1), (0.3, 4)):
        single = np.array([[a, 1 - a], [0.0, 1.0]])
        double = np.array([[a, 1 - a, 0.0], [0.0, a, 1 - a], [0.0, 0.0, 1.0]])
        x = np.array([0] * n + [1])
        yield roundoff(np.exp(float(hmm(np.eye(2)[0], single, seen, x)[0])), a ** (n - 1) * (1 - a), terms=64)
        want = (n - 1) * a ** float(n - 2) * (1 - a) ** 2
        with np.errstate(all="ignore"):  # n = 1 cannot be
            yield roundoff(np.exp(float(hmm(np.eye(3)[0], double, twice, x)[0])), want, terms=64)


@HMM.claim
def nothing_underflows(hmm, rng):
    r"""Eight hundred steps of symbols that say nothing, four of them alike: $\log p(x)=-800\log4$, though $p(x)<10^{-481}$ is below every double;
    the posterior is the chain's own distribution at each step"""
    yield from underflow(hmm, 800)


@HMM.claim(cost="slow")
def nothing_underflows_in_a_hundred_thousand_steps(hmm, rng):
    r"""The same for $10^5$ steps: $\log p(x)=-10^5\log4$"""
    yield from underflow(hmm, 100_000)


def underflow(hmm, T):
    start, A = np.array([1.0, 0.0]), np.array([[0.9, 0.1], [0.3, 0.7]])
    log_p, gamma, _, _ = hmm(start, A, np.full((2, 4), 0.25), np.arange(T) % 4)
    yield roundoff(log_p, -T * np.log(4), terms=T)
    later = 0.25 * 0.6 ** np.arange(T)  # of the way from the stationary distribution (¾, ¼) to the start
    want = np.stack([0.75 + later, 0.25 - later], -1)
    yield roundoff(gamma, want, terms=T, scale=T * np.log(4))  # differences of logarithms of that size


@HMM.claim
def what_seems_lost_comes_back(hmm, rng):
    r"""States that are never left, one with symbol 1 at 0.999, one with symbol 2: after 120 of the one, 400 of the other and 120 of the one, the second state
    explains all with $0.001^{240}$, the first with $0.001^{400}$. Beside the first's its message is below $10^{-359}$ after 120 steps, from either end, and yet the
    posterior is all its own"""
    B = np.array([[0.999, 0.001], [0.001, 0.999]])
    x = np.repeat([0, 1, 0], [120, 400, 120])
    log_p, gamma, _, best = hmm(np.full(2, 0.5), np.eye(2), B, x)
    want = np.log(0.5) + 240 * np.log(0.001) + 400 * np.log(0.999)
    yield roundoff(log_p, want, terms=1280)
    yield roundoff(best, want, terms=1280)
    mine = np.tile([0.0, 1.0], (640, 1))
    yield roundoff(gamma, mine, terms=640, scale=-640 * np.log(0.001))  # of logarithms up to that size


@HMM.claim(required=False)
def what_cannot_be(hmm, rng):
    """What the model cannot make has log-likelihood −∞, no path that could be the best, and no posterior, which would be 0/0. Start in the first state,
    which shows 0 or 2 and is left for the second half of the time; the second is never left and shows 1 alone: the symbols 0, 1, 2 cannot be, and 0, 2, 1 has
    log 0.0625"""
    start, A, B = np.array([1.0, 0.0]), np.array([[0.5, 0.5], [0.0, 1.0]]), np.array([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0]])
    with np.errstate(all="ignore"):
        log_p, gamma, N, best = hmm(start, A, B, np.array([0, 1, 2]))
        yield identical([float(log_p), float(best)], [-np.inf, -np.inf])
        none = float(np.isfinite(np.asarray(gamma)).all() or np.isfinite(np.asarray(N)).all())
        yield bound(none, 0.0, "≤", Text("neither posterior nor counts", "既无后验也无计数"))
        yield roundoff(hmm(start, A, B, np.array([0, 2, 1]))[0], np.log(0.0625), terms=64)


@HMM.claim
def padding_changes_nothing(hmm, rng):
    """A padded row has what it has alone, whatever symbols stand after its end, and 0 there"""
    model, lengths = drawn(rng, 3, 4), np.array([7, 2, 5])
    x = rng.integers(0, 4, (3, 7))
    alone = [hmm(*model, x[i, :n]) for i, n in enumerate(lengths)]
    for filling in (0, 3):
        padded = np.where(np.arange(7) < lengths[:, None], x, filling)
        log_p, gamma, N, best = (np.asarray(r) for r in hmm(*model, padded, lengths))
        for i, n in enumerate(lengths):
            yield invariance(log_p[i], alone[i][0], terms=64)
            yield invariance(gamma[i, :n], alone[i][1], terms=64, scale=1.0)
            yield invariance(N[i], alone[i][2], terms=64, scale=1.0)
            yield invariance(best[i], alone[i][3], terms=64)
            yield identical(gamma[i, n:], np.zeros((7 - n, 3)))
    yield bound(np.ptp(log_p), 1.0, "≥", Text("the rows differ", "各行确有不同"))


@HMM.mutant(caught_by="forward-is-enumeration, equal-rows-are-bayes, durations-are-geometric")
def columns_for_rows(start, transition, emission, x, lengths=None):
    """the transitions transposed: a column the state that is left"""
    return hmm(start, transition.T, emission, x, lengths)


@HMM.mutant(caught_by="forward-is-enumeration, states-have-no-names, alike-states-stay-alike")
def start_in_the_first(start, transition, emission, x, lengths=None):
    """the start left out: every sequence begins in the first state"""
    return hmm(np.eye(len(start))[0], transition, emission, x, lengths)


@HMM.mutant(caught_by="forward-is-enumeration, durations-are-geometric, what-cannot-be")
def emission_of_the_state_before(start, transition, emission, x, lengths=None):
    """a symbol shows the state before: one step late"""
    _, gamma, N, best = hmm(start, transition, emission, x, lengths)
    before = np.moveaxis(np.roll(np.moveaxis(x, -1, 0), -1, 0), 0, -1)
    return hmm(start, transition, emission, before, lengths)[0], gamma, N, best


def plain(start, A, B, x, lengths, scaled):
    """By products; each message divided by its sum, or not."""
    log_p, gamma, N, best = hmm(start, A, B, x, lengths)
    with np.errstate(all="ignore"):
        for row in np.ndindex(*x.shape[:-1]):
            n = x.shape[-1] if lengths is None else int(lengths[row])
            b = B[:, x[row][:n]].T
            alpha, beta, log = [start * b[0]], [np.ones(len(start))], 0.0
            for t in range(n):
                if t:
                    alpha.append((alpha[-1] @ A) * b[t])
                if scaled:
                    log += np.log(alpha[-1].sum())
                    alpha[-1] = alpha[-1] / alpha[-1].sum()
            for t in range(n - 1, 0, -1):
                beta.append(A @ (b[t] * beta[-1]))
                if scaled:
                    beta[-1] = beta[-1] / beta[-1].sum()
            both = np.array(alpha) * np.array(beta[::-1])
            log_p[row] = log + np.log(alpha[-1].sum())
            gamma[row][:n] = both / both.sum(1, keepdims=True)
    return log_p, gamma, N, best


@HMM.mutant(caught_by="nothing-underflows, nothing-underflows-in-a-hundred-thousand-steps, what-seems-lost-comes-back")
def products_unscaled(start, transition, emission, x, lengths=None):
    """products as the formulas have them, without logarithms or scaling"""
    return plain(start, transition, emission, x, lengths, False)


@HMM.mutant(caught_by="what-seems-lost-comes-back")
def scaled_without_looking(start, transition, emission, x, lengths=None):
    """each message divided by its sum, and what underflows beside the largest taken for 0"""
    return plain(start, transition, emission, x, lengths, True)


@HMM.mutant(caught_by="marginals-are-enumeration, equals-definition")
def filtered(start, transition, emission, x, lengths=None):
    """the filtered posterior for the smoothed: what comes later is not heard"""
    log_p, gamma, N, best = hmm(start, transition, emission, x, lengths)
    for row in np.ndindex(*x.shape[:-1]):
        for t in range(x.shape[-1] if lengths is None else int(lengths[row])):
            gamma[row][t] = hmm(start, transition, emission, x[row][: t + 1])[1][-1]
    return log_p, gamma, N, best


@HMM.mutant(caught_by="best-path-is-brute-force, states-one-by-one-may-be-impossible")
def sum_for_the_maximum(start, transition, emission, x, lengths=None):
    """the sum over the paths for the best of them"""
    log_p, gamma, N, _ = hmm(start, transition, emission, x, lengths)
    return log_p, gamma, N, log_p


@HMM.mutant(caught_by="states-one-by-one-may-be-impossible")
def modes_for_the_path(start, transition, emission, x, lengths=None):
    """the most probable state of each step for the most probable path"""
    log_p, gamma, N, best = hmm(start, transition, emission, x, lengths)
    for row in np.ndindex(*x.shape[:-1]):
        n = x.shape[-1] if lengths is None else int(lengths[row])
        best[row] = path_score(start, transition, emission, x[row][:n], gamma[row][:n].argmax(-1))
    return log_p, gamma, N, best


@HMM.mutant(caught_by="states-one-by-one-may-be-impossible")
def greedy_path(start, transition, emission, x, lengths=None):
    """the best next state at each step, without looking back"""
    log_p, gamma, N, best = hmm(start, transition, emission, x, lengths)
    for row in np.ndindex(*x.shape[:-1]):
        weight, path, n = start, [], x.shape[-1] if lengths is None else int(lengths[row])
        for symbol in x[row][:n]:
            path.append(np.argmax(weight * emission[:, symbol]))
            weight = transition[path[-1]]
        best[row] = path_score(start, transition, emission, x[row][:n], np.array(path))
    return log_p, gamma, N, best


@HMM.mutant(caught_by="marginals-are-enumeration, baum-welch-never-falls")
def neighbours_multiplied(start, transition, emission, x, lengths=None):
    """counts of pairs from the posteriors of neighbours, multiplied as if they were independent"""
    log_p, gamma, _N, best = hmm(start, transition, emission, x, lengths)
    return log_p, gamma, np.swapaxes(gamma[..., :-1, :], -1, -2) @ gamma[..., 1:, :], best


@HMM.mutant(caught_by="padding-changes-nothing, equals-definition")
def padding_read(start, transition, emission, x, lengths=None):
    """padding taken for symbols"""
    return hmm(start, transition, emission, x)


@HMM.mutant(caught_by="what-cannot-be, states-one-by-one-may-be-impossible")
def zeros_filled(start, transition, emission, x, lengths=None):
    """small probabilities put for zeros, so that no logarithm fails"""
    tables = [np.maximum(p, 1e-9) / np.maximum(p, 1e-9).sum(-1, keepdims=True) for p in (start, transition, emission)]
    return hmm(*tables, x, lengths)


HMM.erratum(
    "E304",
    common="Viterbi's algorithm gives the most probable state at each step (a common summary)",
    why="With start 0.4, 0.6, state 1 kept for ever and state 2 left for state 3 half of the time, the most probable states of two steps are 2 and 1; from 2 "
    "there is no way to 1. Viterbi gives 1, 1.",
    right=r"Viterbi gives the path of greatest probability; the states of greatest probability one by one are the largest of $\gamma_t$",
    claims="states-one-by-one-may-be-impossible",
)
HMM.erratum(
    "E305",
    common="Dividing each forward message by its sum solves underflow (a common account of Rabiner's scaling)",
    why="Of two states that are never left the second has about $10^{-360}$ of the first's message after 120 steps: 0 in double precision, and it stays 0. "
    "But at the end it is $10^{480}$ times as likely. The scaled recursion reports the other state, without an error.",
    right="Scaling keeps the largest entry in range, not the ratio to the others; where transitions are forbidden, check what was lost, or use logarithms",
    claims="what-seems-lost-comes-back",
)
HMM.erratum(
    "E306",
    common="Baum–Welch finds the maximum-likelihood model (a common summary)",
    why="From states that are alike no step tells them apart: they stay alike, at the likelihood of independent symbols. Nor can any data "
    "choose between a model and the same one with its states numbered otherwise.",
    right="No step lowers the likelihood; the end depends on the start, so take several and keep the best",
    claims="alike-states-stay-alike, states-have-no-names",
)


@HMM.figure(
    stay=Slider(0.5, 0.99, 0.95, "probability of staying"),
    right=Slider(0.5, 0.99, 0.75, "probability of the state's own symbol"),
)
def figure(stay, right):
    T, rng = 100, np.random.default_rng(35)
    start, A, B = (
        np.full(2, 0.5),
        np.array([[stay, 1 - stay], [1 - stay, stay]]),
        np.array([[right, 1 - right], [1 - right, right]]),
    )
    z, u, v = np.zeros(T, int), rng.random(T), rng.random(T)
    for t in range(T):
        z[t] = u[t] < 0.5 if t == 0 else z[t - 1] ^ (u[t] > stay)
    x = z ^ (v > right)
    gamma, path = hmm(start, A, B, x)[1], best_path(start, A, B, x)
    alone = np.where(x == 1, right, 1 - right)
    fig, (top, low) = canvas(rows=2, width=7.6, height=4.6)
    steps = np.arange(1, T + 1)
    for ax in (top, low):
        ax.fill_between(steps, 0, z, step="mid", color=COLOURS[5], alpha=0.35, lw=0, label="state 2")
        ax.set(ylim=(-0.12, 1.12), xlim=(0.5, T + 0.5), yticks=[0, 1])
    top.plot(steps, x, ".", color=COLOURS[6], ms=3.5, label="symbol")
    top.plot(steps, gamma[:, 1], color=COLOURS[0], lw=1.6, label="posterior")
    top.set(ylabel="P(state 2)")
    low.step(steps, path, where="mid", color=COLOURS[1], lw=1.6, label="most probable path")
    low.set(xlabel="step", ylabel="state 2")
    low.set_yticks([0, 1], ["1", "2"])
    top.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    low.legend(handles=low.get_legend_handles_labels()[0][1:], frameon=False, loc="lower left", bbox_to_anchor=(0, 1))
    wrong = [float(np.mean(w != z)) for w in (alone > 0.5, gamma[:, 1] > 0.5, path)]
    turns = [int(np.sum(w[1:] != w[:-1])) for w in (z, path)]
    words = Text(
        f"Two states, one step in {1 / (1 - stay):.3g} leaves; a symbol is the state's own with probability {right:.2f}. Symbols taken for states are wrong in "
        f"{100 * wrong[0]:.0f} of 100 steps, the more probable state of the posterior in {100 * wrong[1]:.0f}, the most probable path in {100 * wrong[2]:.0f}. The path turns "
        f"{turns[1]} times, the states {turns[0]} times.",
        f"两个状态，平均每 {1 / (1 - stay):.3g} 步离开一次；符号以概率 {right:.2f} 与状态相符。把符号当作状态，100 步中错 {100 * wrong[0]:.0f} 步；取后验较大的状态，错 "
        f"{100 * wrong[1]:.0f} 步；取最可能的路径，错 {100 * wrong[2]:.0f} 步。该路径转换 {turns[1]} 次，真实状态转换 {turns[0]} 次。",
    )
    return Drawing(fig, words)
