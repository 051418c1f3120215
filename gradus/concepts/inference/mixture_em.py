"""Gaussian mixtures by expectation and maximisation."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _numpy(GaussianMixture, X, weights, means, covariances, steps, penalty=0.0):
    import warnings

    model = GaussianMixture(
        len(weights),
        tol=0.0,
        reg_covar=penalty,
        max_iter=steps,
        weights_init=weights,
        means_init=means,
        covariances_init=covariances,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X)
    return model.weights_, model.means_, model.covariances_, model.predict_proba(X), model.lower_bounds_[-1]


MIXTURE_EM = Concept(
    key="mixture-em",
    kind="algorithm",
    title="Gaussian mixtures and EM",
    summary="Data that come in clumps, each normal, and nobody says which row is of which. If one knew, means and covariances would be "
    "plain averages; if one knew these, Bayes' theorem would say how probable each clump is for a row. EM does the two in turn. Each "
    "step raises the likelihood or leaves it; where it ends depends on the start, and of two components or more without a penalty there is no top: one "
    "that shrinks onto a row makes the likelihood as large as one likes.",
    formulas=(
        r"p(x)=\sum_{j=1}^k\pi_jN(x;\mu_j,\Sigma_j),\qquad r_{ij}=\frac{\pi_jN(x_i;\mu_j,\Sigma_j)}{\sum_l\pi_lN(x_i;\mu_l,\Sigma_l)}",
        r"N_j=\sum_ir_{ij},\quad\pi_j=\frac{N_j}n,\quad\mu_j=\frac1{N_j}\sum_ir_{ij}x_i,\quad "
        r"\Sigma_j=\frac1{N_j}\sum_ir_{ij}(x_i-\mu_j)(x_i-\mu_j)^{\mathsf T}+\lambda\frac n{N_j}I",
        r"L=\frac1n\sum_i\ln p(x_i)-\frac\lambda2\sum_j\operatorname{tr}\Sigma_j^{-1}",
    ),
    symbols=(
        Symbol("x_i", "X", "n d", "rows"),
        Symbol(r"\pi_j", "weights", "k", "weights at the start", "simplex"),
        Symbol(r"\mu_j", "means", "k d", "means at the start"),
        Symbol(r"\Sigma_j", "covariances", "k d d", "covariances at the start", "other"),
        Symbol("t", "steps", "", "number of steps", "natural"),
        Symbol(
            r"\lambda",
            "penalty",
            "",
            "weight of the penalty, 0 or more, in the square of the data's unit",
            "nonnegative",
        ),
        Symbol("r_{ij}", "", "n k", "responsibility of component j for row i", "simplex"),
        Symbol("N_j", "", "k", "how many rows a component owns"),
        Symbol("L", "", "", "mean log-likelihood less the penalty"),
        Symbol("n,\\ d,\\ k", "", "", "numbers of rows, of columns, of components", "natural"),
    ),
    returns=(
        Result("weights", "k", "weights after the steps"),
        Result("means", "k d", "means"),
        Result("covariances", "k d d", "covariances"),
        Result("responsibilities", "n k", "responsibilities by these"),
        Result("L", "", "what is raised, at these"),
    ),
    needs=("mle", "multivariate-normal", "bayes"),
    source="dempster1977maximum",
    year=1977,
    people=("Arthur P. Dempster", "Nan M. Laird", "Donald Rubin", "Karl Pearson"),
    aliases="GMM, Gaussian mixture model, EM algorithm, expectation maximization, responsibilities, soft clustering, "
    "高斯混合模型, EM 算法, 期望最大化, 混合高斯, 软聚类",
    implementations=(
        Implementation(
            "gradus.inference:GaussianMixture",
            "numpy",
            _numpy,
            note="scikit-learn's contract: fit, predict, predict_proba, score, sample; four kinds of covariances",
        ),
    ),
    readings="dempster1977maximum; bishop2006pattern ch. 9; murphy2022probabilistic §8.7; hathaway1985constrained",
    hypotheses=(
        Hypothesis("the penalty is the same function at each step", "penalised-sum-never-falls"),
        Hypothesis("the components differ at the start", "alike-stay-alike"),
        Hypothesis("for $L$ to be bounded, with two components or more: $\\lambda>0$", "likelihood-has-no-maximum"),
        Hypothesis("for two components to stay: $\\lambda$ is no more than the clumps bear", "a-large-penalty-starves"),
    ),
    conventions=(
        Convention(
            "what keeps covariances from collapsing",
            r"$-\frac\lambda2\operatorname{tr}\Sigma_j^{-1}$ in the sum: $\lambda n/N_j$ on the diagonal",
            "scikit-learn's `reg_covar`: the same on every diagonal, which is the step of no fixed penalty",
        ),
        Convention(
            "what is reported",
            "the mean over rows, with the penalty",
            "the sum, or without it: scikit-learn's lower_bound_, the mean without it",
        ),
    ),
    deviations="A component whose weight falls below $10^{-150}$ is an error in the definition; `GaussianMixture` keeps it, with a weight of about 0 and covariances to $10^8\\lambda$, and warns.",
    unverified="How good the place is where EM ends: a local maximum, a saddle, or, where a component starves, no place at all.",
    longest_sum=400,
)


def joint_logs(X, weights, means, covariances):
    """ln π_j N(x_i; μ_j, Σ_j)."""
    logs = np.empty((len(X), len(weights)))
    for j in range(len(weights)):
        away = X - means[j]
        squares = (away * np.linalg.solve(covariances[j], away.T).T).sum(1)
        logs[:, j] = np.log(weights[j]) - (squares + np.linalg.slogdet(2 * np.pi * covariances[j])[1]) / 2
    return logs


def objective(X, weights, means, covariances, penalty):
    logs = joint_logs(X, weights, means, covariances)
    most = logs.max(1)
    return (most + np.log(np.exp(logs - most[:, None]).sum(1))).mean() - penalty / 2 * np.linalg.inv(covariances).trace(
        axis1=1, axis2=2
    ).sum()


def responsibilities(X, weights, means, covariances):
    logs = joint_logs(X, weights, means, covariances)
    shares = np.exp(logs - logs.max(1, keepdims=True))
    return shares / shares.sum(1, keepdims=True)


@MIXTURE_EM.definition
def mixture_em(X, weights, means, covariances, steps, penalty=0.0):
    n, d = X.shape
    if abs(weights.sum() - 1) > 1e-6 or n < len(weights):
        raise ValueError("weights sum to 1, and there is a row for each component")
    spread = ((X - X.mean(0)) ** 2).sum(1).max()
    for t in range(steps + 1):
        if not np.linalg.eigvalsh(covariances)[:, 0].min() > 1e-26 * spread:
            raise ValueError("a component has shrunk onto a row, or a plane: the likelihood has no maximum")
        r = responsibilities(X, weights, means, covariances)
        if t == steps:
            break
        N = r.sum(0)
        if not N.min() > 1e-150 * n:
            raise ValueError("a component has starved: it owns nothing")
        weights = N / n
        means = (r.T @ X) / N[:, None]
        covariances = np.empty((len(N), d, d))
        for j in range(len(N)):
            away = X - means[j]
            covariances[j] = (r[:, j, None] * away).T @ away / N[j] + penalty * n / N[j] * np.eye(d)
    return weights, means, covariances, r, objective(X, weights, means, covariances, penalty)


def start(means, variance=1.0):
    """Equal weights, round components."""
    means = np.asarray(means, float)
    k, d = means.shape
    return dict(weights=np.full(k, 1 / k), means=means, covariances=np.tile(variance * np.eye(d), (k, 1, 1)))


def clumps(rng, n=60, d=2, k=3):
    turn = np.eye(d) + rng.uniform(-0.4, 0.4, (d, d))
    X = rng.normal(size=(n, d)) @ turn + 3 * rng.normal(size=(k, d))[np.arange(n) % k]
    return dict(X=X) | start(X[:k], 2.0)  # a row of each, so that none shrinks onto a row


@MIXTURE_EM.example
def example():
    X = np.array([[1.0], [2.0], [3.0]])
    given = dict(
        X=X, weights=np.array([0.5, 0.5]), means=np.array([[0.0], [4.0]]), covariances=np.ones((2, 1, 1)), steps=1
    )
    r = mixture_em(**given | dict(steps=0))
    pi, mu, C, after, L = mixture_em(**given)
    return given | dict(r=r[3], N=r[3].sum(0), pi=pi, mu=mu[:, 0], C=C[:, 0, 0], after=after, L=L, before=r[4])


@MIXTURE_EM.exercise
def who_owns_it():
    """Weights ¾ and ¼, means 0 and 2, variances 1: the second component's responsibility for x = 1."""
    given = dict(weights=np.array([0.75, 0.25]), means=np.array([[0.0], [2.0]]), covariances=np.ones((2, 1, 1)))
    r = mixture_em(np.array([[1.0], [0.0]]), **given, steps=0)[3]
    return number(r[0, 1], weights_forgotten=0.5, density_alone=0.25 * np.exp(-0.5) / np.sqrt(2 * np.pi))


@MIXTURE_EM.exercise
def all_alike():
    X = np.array([[0.0], [1.0], [8.0], [9.0]])
    mu = mixture_em(X, **start([[3.0], [3.0]]), steps=20)[1][:, 0]
    return choice(separate=bool(abs(mu[0] - mu[1]) > 1), alike=bool(abs(mu[0] - mu[1]) < 1e-9), swap=False)


@MIXTURE_EM.cases
def cases(rng):
    yield "three clumps", clumps(rng) | dict(steps=3)
    yield "with a penalty", clumps(rng) | dict(steps=3, penalty=0.3)
    yield "one component", dict(X=rng.normal(size=(20, 3))) | start(np.zeros((1, 3))) | dict(steps=1)
    yield "no step", clumps(rng) | dict(steps=0)
    yield "one column", clumps(rng, 40, 1, 2) | dict(steps=2, penalty=0.05)
    yield "unequal weights", clumps(rng, 50, 2, 2) | dict(weights=np.array([0.9, 0.1]), steps=2, penalty=0.05)


@MIXTURE_EM.invalid
def invalid(rng):
    ok = clumps(rng, 20, 2, 2) | dict(steps=2)
    yield "weights that sum to 2", ok | dict(weights=np.ones(2))
    far = dict(X=np.array([[0.0], [1.0], [2.0], [50.0]])) | start([[1.0], [50.0]])
    yield "a component that shrinks onto a row", far | dict(steps=3)


def parts(found):
    return [np.asarray(part, float) for part in found]


@MIXTURE_EM.claim
def penalised_sum_never_falls(mixture_em, rng):
    r"""$L$ never falls, step by step, with the penalty and without, and is what it says of the parameters that are returned. With λ added to every covariance alike, as scikit-learn does, the mean log-likelihood can fall: on six rows, two each at −1, 0 and 1, with λ = ½, by more than $10^{-3}$ in a step"""
    six = np.array([[-1.0], [1.0], [-1.0], [1.0], [0.0], [0.0]])
    uneven = dict(X=six) | start([[-1.0], [0.5]], 0.7) | dict(weights=np.array([0.1, 0.9]))
    for penalty, given in ((0.0, clumps(rng, 50, 2, 3)), (0.2, clumps(rng, 50, 2, 3)), (0.05, uneven)):
        L = []
        for t in range(6):
            pi, mu, C, _r, value = parts(mixture_em(**given, steps=t, penalty=penalty))
            yield roundoff(value, objective(given["X"], pi, mu, C, penalty), terms=400)
            L.append(float(value))
        rounding = Text("rounding of L", "L 的舍入误差")
        yield near(min(np.diff(L).min(), 0.0), 0.0, 1e-12, rounding)
        yield bound(L[-1] - L[0], 1e-3, "≥", Text("it rises", "确实上升"))
    X, state = six, tuple(start([[-0.2], [0.3]], 0.7).values())
    plain = []
    for _ in range(4):
        plain.append(objective(X, *state, 0.0))
        state = alike_penalty(X, *state, 1, 0.5)[:3]
    yield bound(np.diff(plain).min(), -1e-3, "≤", Text("it falls", "它下降"))


@MIXTURE_EM.claim
def one_component_is_the_normal_fit(mixture_em, rng):
    r"""One component is there after one step from any start: mean and covariance of the data, divided by n, plus $\lambda I$; there $L=-\frac12(d\ln2\pi+\ln|\Sigma|+d)$, with a penalty and without"""
    X = rng.normal(size=(30, 3)) @ rng.normal(size=(3, 3)) + 2
    for penalty in (0.0, 0.4):
        pi, mu, C, r, L = parts(mixture_em(X, **start(rng.normal(size=(1, 3)), 5.0), steps=1, penalty=penalty))
        away = X - X.mean(0)
        want = away.T @ away / 30 + penalty * np.eye(3)
        yield roundoff(mu[0], X.mean(0), terms=60, scale=np.abs(X).max())
        yield roundoff(C[0], want, terms=60, scale=(X * X).max())
        yield identical([pi[0], *r[:, 0]], np.ones(31))
        yield roundoff(L, -(3 * np.log(2 * np.pi) + np.linalg.slogdet(want)[1] + 3) / 2, terms=200, scale=10.0)


@MIXTURE_EM.claim
def moments_are_those_of_the_data(mixture_em, rng):
    r"""After every step without a penalty the mixture has the mean and the covariance of the data: $\sum_j\pi_j\mu_j=\bar x$, $\sum_j\pi_j(\Sigma_j+\mu_j\mu_j^{\mathsf T})=\frac1n\sum_ix_ix_i^{\mathsf T}$"""
    given = clumps(rng, 50, 2, 3)
    X = given["X"]
    for t in (1, 3):
        pi, mu, C, *_ = parts(mixture_em(**given, steps=t))
        yield roundoff(pi @ mu, X.mean(0), terms=100, scale=np.abs(X).max())
        second = np.einsum("j,jab->ab", pi, C + mu[:, :, None] * mu[:, None])
        yield roundoff(second, X.T @ X / 50, terms=100, scale=(X * X).max())
        yield roundoff(pi.sum(), 1.0, terms=10)


@MIXTURE_EM.claim
def equals_scikit_learn(mixture_em, rng):
    """From the same start, without a penalty, it is scikit-learn's fit, step for step"""
    import warnings

    from sklearn.mixture import GaussianMixture

    given = clumps(rng, 60, 2, 3)
    for t in (1, 4):
        theirs = GaussianMixture(
            3,
            tol=0.0,
            reg_covar=0.0,
            max_iter=t,
            weights_init=given["weights"],
            means_init=given["means"],
            precisions_init=np.linalg.inv(given["covariances"]),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs.fit(given["X"])
        pi, mu, C, r, L = parts(mixture_em(**given, steps=t))
        size = (given["X"] ** 2).max()
        for got, want in ((pi, theirs.weights_), (mu, theirs.means_), (C, theirs.covariances_)):
            yield roundoff(got, want, terms=2000, scale=size)
        yield roundoff(L, theirs.score(given["X"]), terms=2000, scale=10.0)
        yield roundoff(r, theirs.predict_proba(given["X"]), terms=2000, scale=size)


@MIXTURE_EM.claim
def likelihood_has_no_maximum(mixture_em, rng):
    r"""Without a penalty two components have no maximum: with one on a row that no other row equals, of variance $s^2\to0$, and a wide one for the rest $L$ grows by $\frac dn\ln10$ for every decade that $s$ shrinks; with $\lambda>0$ it falls there without end"""
    X = rng.normal(size=(12, 2))
    L, kept = [], []
    for s in (1e-3, 1e-4, 1e-5):
        given = start(np.array([X[3], [0.0, 0.0]])) | dict(covariances=np.array([s * s * np.eye(2), 2 * np.eye(2)]))
        L.append(float(mixture_em(X, **given, steps=0)[4]))
        kept.append(float(mixture_em(X, **given, steps=0, penalty=1e-3)[4]))
    others = Text("the wide component's share of that row, about s²", "宽分量在该行的份额，约 s²")
    yield near(L[1] - L[0], 2 / 12 * np.log(10), 1e-4, others)
    yield near(L[2] - L[1], 2 / 12 * np.log(10), 1e-6, others)
    yield bound(max(np.diff(kept)), -1.0, "≤", Text("the penalty grows like 1/s²", "惩罚按 1/s² 增长"))


@MIXTURE_EM.claim
def far_away_somebody_owns_it(mixture_em, rng):
    r"""Far from all components, where every density underflows to 0, responsibilities still sum to 1: in one dimension that of the wider of two components is 1, and of two with equal weights, variances 1 and means 0 and $\mu$ the first has $1/(1+e^{\mu x-\mu^2/2})$, so that the nearer owns the row"""
    X = np.array([[0.0], [1e3], [-1e6], [1e10]])
    given = start([[0.0], [1.0]]) | dict(covariances=np.array([[[1.0]], [[4.0]]]))
    r = parts(mixture_em(X, **given, steps=0))[3]
    yield roundoff(r.sum(1), np.ones(4), terms=4)
    yield identical(r[1:], np.array([[0.0, 1.0]] * 3))
    X = np.array([[60.0], [-60.0], [0.5], [0.6]])
    for mu in (1.0, -3.0):
        r = parts(mixture_em(X, **start([[0.0], [mu]]), steps=0))[3]
        yield roundoff(r[:, 0], 1 / (1 + np.exp(mu * X[:, 0] - mu * mu / 2)), terms=4000)


@MIXTURE_EM.claim
def alike_stay_alike(mixture_em, rng):
    r"""$k$ components that start alike, weights included, stay alike: they have the mean and the covariance of the data, plus $k\lambda I$: a stationary point, above which other starts end where there are clumps"""
    X = np.concatenate([rng.normal(size=(15, 2)), rng.normal(size=(15, 2)) + 6])
    for penalty in (0.0, 0.1):
        for k in (3, 2):
            _, mu, C, r, L = parts(mixture_em(X, **start([[1.0, 2.0]] * k), steps=10, penalty=penalty))
            want = np.cov(X.T, bias=True) + k * penalty * np.eye(2)
            yield roundoff(mu, np.tile(X.mean(0), (k, 1)), terms=400, scale=10.0)
            yield roundoff(C, np.tile(want, (k, 1, 1)), terms=400, scale=100.0)
            yield roundoff(r, np.full(r.shape, 1 / k), terms=400, scale=10.0)
        apart = float(mixture_em(X, **start([[0.0, 0.0], [6.0, 6.0]]), steps=10, penalty=penalty)[4])
        yield bound(apart - L, 0.1, "≥", Text("another start ends higher", "另一个起点得到更大的值"))


@MIXTURE_EM.claim
def a_large_penalty_starves(mixture_em, rng):
    r"""With $\lambda>0$ no mixture has $L>-\frac d2(1+\ln2\pi\lambda)$, and yet there need be no maximum: on two squares of side 1, one moved from the other by $(4,4)$, $\lambda=10$ starves one of two components that start with weights 0.8 and 0.2 and variance 20. Its weight falls below $10^{-4}$ in five steps, its covariance grows like $\frac\lambda{\pi_j}I$, and $L$ climbs to that of one component, $-\frac12(d\ln2\pi+\ln|S+\lambda I|+d)$, $S$ the covariance of the data, which it stays below. A weight π small becomes about $c\pi^{1+d/2}$ in a step"""
    square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    X, lam = np.concatenate([square, square + 4]), 10.0
    given = start([[0.0, 0.0], [4.0, 4.0]], 20.0) | dict(weights=np.array([0.8, 0.2]))
    S = np.cov(X.T, bias=True) + lam * np.eye(2)
    one = -(2 * np.log(2 * np.pi) + np.linalg.slogdet(S)[1] + 2) / 2
    pi, _, C, _, L = parts(mixture_em(X, **given, steps=5, penalty=lam))
    yield bound(pi.min(), 1e-4, "≤", Text("it starves", "它在饿死"))
    weight = Text("of the order of the weight", "与权重同阶")
    yield near(np.abs(C[pi.argmin()] * pi.min() / lam - np.eye(2)).max(), 0.0, 1e-4, weight)
    yield near(L, one, 1e-4, weight)
    for steps in (0, 2, 4):
        L = float(mixture_em(X, **given, steps=steps, penalty=lam)[4])
        yield bound(L, one, "≤", Text("below one component's", "低于单个分量的值"))
        yield bound(L, -(1 + np.log(2 * np.pi * lam)), "≤")
    small = []
    for share in (1e-6, 1e-7):
        left = dict(weights=np.array([1 - share, share]), means=np.tile(X.mean(0), (2, 1)))
        left["covariances"] = np.array([S, lam / share * np.eye(2)])
        small.append(float(np.asarray(mixture_em(X, **left, steps=1, penalty=lam)[0])[1]))
    yield near(small[0] / small[1], 100.0, 1e-2, Text("terms of the order of the weight", "与权重同阶的项"))


@MIXTURE_EM.claim
def names_and_units_do_not_matter(mixture_em, rng):
    r"""Components in another order are answered in that order; with $z=Ax+b$, $A$ invertible, and no penalty the means become $A\mu_j+b$, covariances $A\Sigma_jA^{\mathsf T}$, responsibilities stay, and $L$ loses $\ln|\det A|$"""
    given = clumps(rng, 50, 2, 3)
    order = [2, 0, 1]
    other = given | {name: given[name][order] for name in ("weights", "means", "covariances")}
    other["weights"], given["weights"] = np.array([0.5, 0.2, 0.3]), np.array([0.2, 0.3, 0.5])
    a, b = parts(mixture_em(**given, steps=3)), parts(mixture_em(**other, steps=3))
    size = (given["X"] ** 2).max()
    for k in (0, 1, 2):
        yield invariance(b[k], a[k][order], terms=2000, scale=size)
    A, shift = np.array([[2.0, 0.5], [-1.0, 1.5]]), np.array([3.0, -1.0])
    moved = given | dict(
        X=given["X"] @ A.T + shift, means=given["means"] @ A.T + shift, covariances=A @ given["covariances"] @ A.T
    )
    c = parts(mixture_em(**moved, steps=3))
    yield invariance(c[1], a[1] @ A.T + shift, terms=2000, scale=10 * size)
    yield invariance(c[2], A @ a[2] @ A.T, terms=2000, scale=10 * size)
    yield invariance(c[3], a[3], terms=2000, scale=size)
    yield invariance(c[4], a[4] - np.log(3.5), terms=2000, scale=10.0)


def faulty(
    X,
    weights,
    means,
    covariances,
    steps,
    penalty=0.0,
    hard=False,
    forget=False,
    stale=False,
    unbiased=False,
    alike=False,
    root=1.0,
):
    """EM with faults by name: what the mutants are made of."""
    n, d = X.shape
    for t in range(steps + 1):
        logs = joint_logs(X, weights, means, covariances) - (0 if not forget else np.log(weights))
        logs = logs - (root - 1) * np.linalg.slogdet(covariances)[1] / 2
        r = np.exp(logs - logs.max(1, keepdims=True))
        r = np.eye(len(weights))[logs.argmax(1)] if hard else r / r.sum(1, keepdims=True)
        if t == steps:
            break
        N, old = np.maximum(r.sum(0), 1e-12), means
        weights, means = N / n, r.T @ X / N[:, None]
        C = []
        for j in range(len(N)):
            away = X - (old[j] if stale else means[j])
            share = penalty * (1 if alike else n / N[j])
            C.append((r[:, j, None] * away).T @ away / (N[j] - unbiased) + share * np.eye(d))
        covariances = np.array(C)
    L = objective(X, weights, means, covariances, penalty)
    return weights, means, covariances, r, L - (root - 1) * (r * np.linalg.slogdet(covariances)[1]).sum() / n / 2


@MIXTURE_EM.mutant(caught_by="penalised-sum-never-falls, equals-definition, a-large-penalty-starves, alike-stay-alike")
def alike_penalty(X, weights, means, covariances, steps, penalty=0.0):
    """λ added to every covariance, whatever the component owns"""
    return faulty(X, weights, means, covariances, steps, penalty + 0.0, alike=True)


@MIXTURE_EM.mutant(caught_by="equals-scikit-learn, equals-definition")
def hard_assignment(X, weights, means, covariances, steps, penalty=0.0):
    """each row given to its likeliest component alone"""
    return faulty(X, weights, means, covariances, steps, penalty, hard=True)


@MIXTURE_EM.mutant(caught_by="equals-scikit-learn, equals-definition, names-and-units-do-not-matter")
def weights_forgotten(X, weights, means, covariances, steps, penalty=0.0):
    """responsibilities without the weights, and the components sorted by weight"""
    order = np.argsort(weights, kind="stable")
    return faulty(X, weights[order], means[order], covariances[order], steps, penalty, forget=True)


@MIXTURE_EM.mutant(caught_by="one-component-is-the-normal-fit, moments-are-those-of-the-data, equals-scikit-learn")
def about_the_old_mean(X, weights, means, covariances, steps, penalty=0.0):
    """covariances about the means of the step before"""
    return faulty(X, weights, means, covariances, steps, penalty, stale=True)


@MIXTURE_EM.mutant(caught_by="one-component-is-the-normal-fit, moments-are-those-of-the-data, equals-scikit-learn")
def divided_by_one_less(X, weights, means, covariances, steps, penalty=0.0):
    """covariances divided by N − 1"""
    return faulty(X, weights, means, covariances, steps, penalty, unbiased=True)


@MIXTURE_EM.mutant(caught_by="likelihood-has-no-maximum, one-component-is-the-normal-fit, equals-scikit-learn")
def determinant_without_a_root(X, weights, means, covariances, steps, penalty=0.0):
    """densities divided by |Σ|, not by its root"""
    return faulty(X, weights, means, covariances, steps, penalty, root=2.0)


@MIXTURE_EM.mutant(caught_by="far-away-somebody-owns-it")
def densities_not_their_logarithms(X, weights, means, covariances, steps, penalty=0.0):
    """densities multiplied out, which underflow"""
    found = mixture_em(X, weights, means, covariances, steps, penalty)
    joint = np.exp(joint_logs(X, *found[:3]))
    with np.errstate(invalid="ignore"):
        return (*found[:3], joint / joint.sum(1, keepdims=True), found[4])


@MIXTURE_EM.mutant(caught_by="alike-stay-alike, equals-definition")
def pushed_apart(X, weights, means, covariances, steps, penalty=0.0):
    """the means pushed apart a little at the start"""
    push = 1e-2 * np.arange(len(means))[:, None]
    return mixture_em(X, weights, means + push, covariances, steps, penalty)


MIXTURE_EM.erratum(
    "E313",
    common="EM finds the maximum-likelihood mixture (a common slip)",
    why="With two components or more and covariances free there is none: a component on one row, ever narrower, raises the likelihood without bound. What EM ends at is a stationary point that depends on the start; components that start alike never part.",
    right="A stationary point of the penalised sum, as a rule a local maximum: take several starts",
    claims="likelihood-has-no-maximum, alike-stay-alike",
)
MIXTURE_EM.erratum(
    "E314",
    common="A small number added to every covariance leaves EM monotone (a common slip)",
    why="Such a step maximises no fixed function of the parameters: for a component that owns N of n rows it is the step of a penalty of weight λN/n, which changes from step to step. The mean log-likelihood that is reported can fall.",
    right=r"Add $\lambda n/N_j$, and report the sum with its penalty",
    claims="penalised-sum-never-falls",
)


@MIXTURE_EM.figure(
    steps=Slider(0, 40, 12, "steps", integer=True), penalty=Slider(0.0001, 0.03, 0.001, "penalty λ", log=True)
)
def figure(steps, penalty):
    steps, rng = round(steps), np.random.default_rng(4)
    turn = np.array([[1.5, 0.6], [0.0, 0.5]])
    X = np.concatenate(
        [
            rng.normal(size=(60, 2)) @ turn,
            rng.normal(size=(40, 2)) * 0.5 + [1.0, 2.6],
            rng.normal(size=(30, 2)) * [0.4, 1.0] + [4.0, -1.0],
        ]
    )
    given = dict(X=X) | start([[-1.0, 2.0], [0.5, -1.5], [3.0, 2.0]], 1.0)
    path = [mixture_em(**given, steps=0, penalty=penalty)]
    for _ in range(40):
        path.append(mixture_em(X, *path[-1][:3], steps=1, penalty=penalty))
    pi, mu, C, r, L = path[steps]
    curve = [found[4] for found in path]
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.6)
    colours = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in COLOURS[:3]])
    left.scatter(*X.T, c=r @ colours, s=11, linewidths=0)
    circle = np.stack([np.cos(a := np.linspace(0, 2 * np.pi, 80)), np.sin(a)])
    for j in range(3):
        left.plot(*(mu[j][:, None] + 2 * np.linalg.cholesky(C[j]) @ circle), color=COLOURS[j], lw=1.5)
        left.plot(*mu[j], "+", color=COLOURS[j], ms=8)
    left.set(xlim=(-5, 6.5), ylim=(-4.5, 4.8), xlabel="$x_1$", ylabel="$x_2$")
    right.plot(range(41), curve, color=COLOURS[0])
    right.plot([steps], [L], "o", color=COLOURS[1])
    right.set(xlabel="steps", ylabel="$L$")
    words = Text(
        f"Three components after {steps} steps, with λ = {penalty:.3g}: rows take the mixed colours of those that own them, ellipses hold two deviations. The weights are {pi[0]:.2f}, {pi[1]:.2f} and {pi[2]:.2f}; L has risen from {curve[0]:.3f} to {L:.3f}.",
        f"三个分量走 {steps} 步之后，λ = {penalty:.3g}：各行按所属分量混合着色，椭圆为两倍标准差。权重为 {pi[0]:.2f}、{pi[1]:.2f} 与 {pi[2]:.2f}；L 从 {curve[0]:.3f} 升到 {L:.3f}。",
    )
    return Drawing(fig, words)
