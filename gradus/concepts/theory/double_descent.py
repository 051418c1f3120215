"""Double descent: the risk of minimum-norm and ridge regression, on all features or on random ones."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(ridge_risk, s, w, n, k, sigma, lam):
    return tuple(ridge_risk(s, w, n, features=None if k == np.inf else int(k), noise=sigma, ridge=lam))


DESCENT = Concept(
    key="double-descent",
    kind="definition",
    title="Double descent",
    summary="Fit a linear model on random features, and of all fits that are equally good take that of least norm: its test error falls with their number (unless noise outweighs the target), rises to a "
    "peak where there are as many features as samples, and falls again beyond (where the kernel has more directions than that), though every one of these larger models fits its data, noise included, without "
    "error. One equation for one number, the scale κ at which the fit shrinks, gives the whole curve; a ridge of the right size takes the peak away.",
    formulas=(
        r"\lambda=\kappa\Bigl(1-\frac{d_1}n\Bigr)\Bigl(1-\frac{d_1}k\Bigr),\qquad d_1=\sum_{i=1}^p\frac{s_i}{s_i+\kappa},\quad d_2=\sum_{i=1}^p\Bigl(\frac{s_i}{s_i+\kappa}\Bigr)^2",
        r"B=\frac1{1-\theta}\sum_{i=1}^pw_i\Bigl(\frac\kappa{s_i+\kappa}-\frac{\kappa\,s_i}{(s_i+\kappa)^2}\,\frac{1-d_1/k}{1-d_2/k}\Bigr),\qquad V=\frac{\sigma^2\theta}{1-\theta},\qquad "
        r"\theta=\frac{d_2(1-2d_1/k)+d_1^2/k}{n\,(1-d_2/k)}",
        r"k=\infty:\quad\theta=\frac{d_2}n,\qquad B=\frac1{1-\theta}\sum_{i=1}^pw_i\Bigl(\frac\kappa{s_i+\kappa}\Bigr)^2",
        r"s_i=1,\ \sum_iw_i=r^2,\ k=\infty,\ \lambda=0:\qquad p<n:\ \frac{\sigma^2p}{n-p},\qquad p>n:\ r^2\Bigl(1-\frac np\Bigr)+\frac{\sigma^2n}{p-n}",
        r"x\sim\mathcal N(0,I),\ k=\infty,\ \lambda=0:\qquad p\le n-2:\ \frac{\sigma^2p}{n-p-1},\qquad p\ge n+2:\ r^2\Bigl(1-\frac np\Bigr)+\frac{\sigma^2n}{p-n-1},\qquad\text{exactly}",
    ),
    symbols=(
        Symbol("s", "s", "p", "eigenvalues of the features' covariance, or of a kernel; $s_i\\ge0$, one above 0"),
        Symbol(
            "w",
            "w",
            "p",
            r"part of the target's mean square along each eigenvector, $w_i\ge0$; $s_i\beta_i^2$ for coefficients $\beta$",
        ),
        Symbol("n", "n", "", "number of samples", "natural"),
        Symbol(
            "k", "k", "", r"number of random features; $\infty$ where the features, or the kernel, are used themselves"
        ),
        Symbol(r"\sigma", "sigma", "", "standard deviation of the noise in the targets", "nonnegative"),
        Symbol(
            r"\lambda",
            "lam",
            "",
            r"ridge beside the *mean* square: $\frac1n\lVert y-Za\rVert^2+\lambda\lVert a\rVert^2$; 0 for the fit of least norm",
            "nonnegative",
        ),
        Symbol(
            r"\kappa",
            "",
            "",
            "the scale: the largest root of the first equation; directions with $s_i$ far below it are not learnt",
        ),
        Symbol("d_1,\\ d_2", "", "", r"effective dimensions: directions that the data settle at the scale $\kappa$"),
        Symbol("B", "", "", "squared error on new inputs of the fit to targets without noise"),
        Symbol("V", "", "", "what noise in the targets adds to it"),
        Symbol(r"\theta", "", "", "share of a new error that comes back from the errors on the samples"),
        Symbol("r", "", "", "norm of the coefficients where all $s_i=1$"),
        Symbol("x", "", "p", "features of one input"),
    ),
    returns=(Result("bias", "", "$B$"), Result("variance", "", "$V$"), Result("scale", "", r"$\kappa$")),
    needs=("linear-regression", "regularization", "effective-dimension"),
    source="hastie2022surprises",
    year=2019,
    people=("Leo Breiman", "David Freedman", "Mikhail Belkin", "Trevor Hastie", "Andrea Montanari", "James B. Simon"),
    aliases="interpolation threshold, benign overfitting, ridgeless regression, overparametrisation, overparameterization, "
    "random feature regression, 双下降, 双重下降现象, 良性过拟合, 插值阈值, 无岭回归, 过参数化",
    implementations=(
        Implementation(
            "gradus.theory:ridge_risk",
            "torch",
            _torch,
            "`descent_curve` measures the curve on data, `minimum_norm_risk` is the exact form for normal features",
        ),
    ),
    readings="hastie2022surprises; belkin2019reconciling; belkin2020models; simon2024more; defilippis2024dimension; bartlett2020benign; nakkiran2021optimal; nakkiran2020deep; breiman1983many",
    hypotheses=(
        Hypothesis(
            "to first order for many samples and features; for few, $n$ or $p$ is one too many in $V$",
            "exact-for-normal-features",
        ),
        Hypothesis(r"infinite at $n=k$: no ridge", "best-ridge-has-no-peak-in-the-features"),
        Hypothesis(
            "a peak in $k$ at $k=n$: more directions than samples, $p>n$", "no-peak-in-the-features-below-the-rank"
        ),
        Hypothesis(
            "what the features cannot express acts as noise: it is independent of them", "what-is-missed-acts-as-noise"
        ),
    ),
    conventions=(
        Convention(
            "the ridge",
            r"$\frac1n\lVert y-Za\rVert^2+\lambda\lVert a\rVert^2$",
            r"scikit-learn's `Ridge`: $\lVert y-Za\rVert^2+\alpha\lVert a\rVert^2$, so $\alpha=n\lambda$",
        ),
        Convention("the risk", "error beyond the noise of the new targets, $B+V$", r"test error, $B+V+\sigma^2$"),
        Convention(
            "what is counted on the axis",
            "features $k$ of a fixed kernel with $p$ directions, or samples $n$",
            "features that are switched on one by one, so that $p$ and the target's missed part change together",
        ),
    ),
    unverified="That the formulas hold to first order is proved for all features by Hastie et al. (independent entries times a root of the covariance) and for random ones "
    "by Defilippis et al. (under a concentration hypothesis); here both are measured with normal features. With ReLU features and a ridge a test of the library finds the risk within a third of the formula; without ridge it was further off, presumably since 800 inputs show too little of such a kernel's small eigenvalues.",
    differentiable=False,
    carries_gradient=False,
    longest_sum=400,
)


@DESCENT.definition
def double_descent(s, w, n, k, sigma, lam):
    if not np.any(s > 0) or min(np.min(s), np.min(w), sigma, lam) < 0:
        raise ValueError("s, w, sigma, lam: not negative, and one s above 0")
    rank, few = np.sum(s > 0), min(n, k)

    def too_large(kappa):
        d = np.sum(s / (s + kappa))
        return d < few and kappa * (1 - d / n) * (1 - d / k) >= lam

    kappa = 0.0
    if lam > 0 or few < rank:
        low, kappa = 0.0, lam + np.sum(s) / n + np.sum(s) / k
        for _ in range(300):  # halvings, of the logarithm once there is a lower end
            middle = np.sqrt(low) * np.sqrt(kappa) if low > 0 else kappa / 16
            if not low < middle < kappa:
                break
            if too_large(middle):
                kappa = middle
            else:
                low = middle

    u = s / (s + kappa) if kappa > 0 else 1.0 * (s > 0)
    d1, d2 = np.sum(u), np.sum(u**2)
    if kappa > 0:
        theta = (d2 * (1 - 2 * d1 / k) + d1**2 / k) / (n * (1 - d2 / k))
        lost = np.sum(w * (1 - u) * (1 - u * (1 - d1 / k) / (1 - d2 / k)))
    else:  # nothing is shrunk
        theta, lost = rank / n, np.sum(w * (1 - u))
    left = 0.0 if lam == 0 and n == min(k, rank) else 1 - theta

    def over(part):
        return part / left if left > 0 else (np.inf if part > 0 else 0.0)

    return over(lost), over(sigma**2 * theta), kappa


@DESCENT.example
def example():
    s, w, sigma, n, k = np.array([4.0, 4, 1, 1]), np.array([0.4, 0.4, 0.1, 0.1]), 0.5, 2, 3
    B, V, kappa = double_descent(s, w, n, np.inf, sigma, 0.0)
    B3, V3, _ = double_descent(s, w, n, k, sigma, 0.0)
    few, many, ridge = 1, 6, 0.5
    totals = [sum(double_descent(s, w, n, j, sigma, 0.0)[:2]) for j in (few, many)]
    mild = double_descent(s, w, n, k, sigma, ridge)
    return dict(s=s, w=w, n=n, k=k, sigma=sigma, lam=0.0) | dict(
        B=B,
        V=V,
        kappa=kappa,
        total=B + V,
        theta=5 / 9,
        shrunk=1.6 / 9,
        B3=B3,
        V3=V3,
        total3=B3 + V3,
        share=26 / 34,
        lost=14.4 / 51,
        few=few,
        many=many,
        total1=totals[0],
        total6=totals[1],
        ridge=ridge,
        larger=mild[2],
        mild=sum(mild[:2]),
    )


@DESCENT.exercise
def three_features_a_sample():
    B, V, _ = double_descent(np.ones(300), np.full(300, 1 / 300), 100, np.inf, 0.5, 0.0)
    return number(B + V, no_bias=V, no_variance=B, with_the_noise=B + V + 0.25)


@DESCENT.exercise
def how_many_samples():
    n = np.arange(1, 100)
    risk = [sum(double_descent(np.ones(100), np.full(100, 0.01), int(m), np.inf, 0.2, 0.0)[:2]) for m in n]
    return number(n[np.argmin(risk)], as_many_as_possible=99, the_other_part=20, half=50)


@DESCENT.exercise
def without_noise():
    s = np.arange(1.0, 201) ** -1.5
    high = [double_descent(s, s, 50, k, 0.0, 0.0)[0] for k in (25, 50, 400)]
    all_of_them = double_descent(np.ones(50), np.ones(50), 50, np.inf, 0.0, 0.0)
    peak = high[1] > 10 * max(high[0], high[2])
    return choice(
        random=peak and all_of_them[0] + all_of_them[1] == 0, both=peak and all_of_them[0] > 0, neither=not peak
    )


def falling(p, power):
    """Eigenvalues that fall like a power."""
    return np.arange(1.0, p + 1) ** -power


@DESCENT.cases
def cases(rng):
    def of(s, w, n, k, sigma, lam):
        return dict(s=np.asarray(s, float), w=np.asarray(w, float), n=n, k=k, sigma=sigma, lam=lam)

    yield "more features than samples", of(np.ones(12), np.full(12, 1 / 12), 5, np.inf, 0.5, 0.0)
    yield "fewer features than samples", of(rng.uniform(0.5, 2, 4), rng.uniform(0, 1, 4), 9, np.inf, 0.3, 0.0)
    yield "with a ridge", of(falling(20, 1.2), falling(20, 1.5), 8, np.inf, 0.2, 0.03)
    yield "random features, fewer than samples", of(falling(30, 1.0), falling(30, 1.5), 12, 5, 0.4, 0.0)
    yield "random features, more than samples", of(falling(30, 1.0), falling(30, 1.5), 6, 20, 0.4, 0.0)
    yield "random features with a ridge", of(falling(25, 1.5), rng.uniform(0, 1, 25), 7, 7, 0.1, 0.02)
    yield "as many samples as features", of(falling(20, 1.0), falling(20, 1.0), 6, 6, 0.5, 0.0)
    yield "as many samples as directions", of(np.ones(5), np.ones(5), 5, np.inf, 0.5, 0.0)
    yield "a part that is missed", of([2.0, 1.0, 0.0], [0.5, 0.2, 0.3], 8, np.inf, 0.0, 0.0)
    yield "one sample, one direction", of([3.0], [2.0], 1, np.inf, 0.1, 0.5)
    yield "in other units", of(1e-4 * falling(15, 1.0), falling(15, 1.0), 6, 9, 1.0, 1e-6)


@DESCENT.invalid
def invalid(rng):
    given = dict(s=np.ones(3), w=np.ones(3), n=4, k=np.inf, sigma=0.1, lam=0.1)
    yield "a negative eigenvalue", given | dict(s=np.array([1.0, -1.0, 2.0]))
    yield "a negative part of the target", given | dict(w=np.array([1.0, -1.0, 2.0]))
    yield "no eigenvalue above 0", given | dict(s=np.zeros(3))
    yield "a negative ridge", given | dict(lam=-0.1)


def of(risk, s, w, n, k=np.inf, sigma=0.0, lam=0.0):
    """B, V and κ, as numbers."""
    return [float(np.asarray(v)) for v in risk(np.asarray(s, float), np.asarray(w, float), n, k, sigma, lam)]


def even(p, r2=1.0):
    """Equal eigenvalues 1, and a target of mean square r²."""
    return np.ones(p), np.full(p, r2 / p)


@DESCENT.claim
def equal_eigenvalues_in_closed_form(risk, rng):
    r"""All $s_i=1$, $k=\infty$: without ridge the fourth formula and $\kappa=\max(\frac pn-1,0)$; with one, $B=r^2\lambda^2m'(-\lambda)$ and
    $V=\sigma^2\gamma\,(m-\lambda m')(-\lambda)$, where $\gamma=\frac pn$ and $m$ is the Stieltjes transform of Marchenko and Pastur's law"""
    sigma, r2, n = 0.6, 1.7, 20
    for p in (5, 13, 33, 200):
        s, w = even(p, r2)
        expected = (0, sigma**2 * p / (n - p), 0) if p < n else (r2 * (1 - n / p), sigma**2 * n / (p - n), p / n - 1)
        yield roundoff(of(risk, s, w, n, sigma=sigma), expected, terms=200, scale=max(expected))
        gamma = p / n

        def m(z, gamma=gamma):
            return (1 - gamma - z - np.sqrt((1 - gamma - z) ** 2 - 4 * gamma * z + 0j)) / (2 * gamma * z)

        for lam in (0.05, 2.0):
            slope = m(-lam + 1e-20j).imag / 1e-20  # the derivative, by a step along the imaginary axis
            expected = r2 * lam**2 * slope, sigma**2 * gamma * (m(-lam).real - lam * slope)
            yield roundoff(of(risk, s, w, n, sigma=sigma, lam=lam)[:2], expected, terms=4000)


def measured(rng, draws, s, w, n, k=np.inf, sigma=0.0, lam=0.0):
    """Bias and variance of fits on normal features (draws, 2): means over the noise and over the target's signs, exactly."""
    p, rows = len(s), []
    for _ in range(draws):
        A = np.sqrt(s)[:, None] * (np.eye(p) if k == np.inf else rng.standard_normal((p, k)) / np.sqrt(k))
        X = rng.standard_normal((n, p))
        Z = X @ A
        H = Z.T @ np.linalg.inv(Z @ Z.T + n * lam * np.eye(n)) if lam > 0 else np.linalg.pinv(Z)
        fit = A @ H  # from targets to the fitted function
        rows.append([w @ ((fit @ X - np.eye(p)) ** 2).sum(0), sigma**2 * (fit**2).sum()])
    return np.array(rows)


@DESCENT.claim
def exact_for_normal_features(risk, rng):
    r"""Normal features, all of them, $s_i=1$, no ridge, any $n$ and $p$ two or more apart: the mean of $V$ over designs is exactly the formula with one sample less where $p<n$, with one
    feature less where $p>n$; $B$ is exact as it stands. At $n=12$ this is $\frac17$ more for $p=4$ and 20, $\frac13$ for $p=8$: the formula is a first order"""
    sigma, n = 0.8, 12
    for p, draws, extra in ((4, 60, 1 / 7), (8, 200, 1 / 3), (20, 100, 1 / 7)):
        s, w = (
            np.ones(p),
            np.eye(p)[0],
        )  # a target along one direction: along all alike its error is the same in every design
        rows = measured(rng, draws, s, w, n, sigma=sigma)
        _, V, _ = of(risk, s, w, n - 1, sigma=sigma) if p < n else of(risk, s[1:], w[1:], n, sigma=sigma)
        yield statistical(rows[:, 1], V)
        if p > n:
            yield statistical(rows[:, 0], of(risk, s, w, n, sigma=sigma)[0])
        more = V / of(risk, s, w, n, sigma=sigma)[1]
        yield roundoff(more, 1 + extra, terms=200)


@DESCENT.claim
def unequal_eigenvalues(risk, rng):
    r"""$s_i=i^{-1}$, $w_i=i^{-1.5}$, $\sigma=\frac12$, $p=50$, normal features: with $n=25$ and $\lambda=0$ or 0.02, and with $n=100$ and $\lambda=0$, $B$ and $V$ are within 8 % of the mean over 50 designs,
    five standard errors aside"""
    s, w = falling(50, 1.0), falling(50, 1.5)
    for n, lam in ((25, 0.0), (25, 0.02), (100, 0.0)):
        rows = measured(rng, 50, s, w, n, sigma=0.5, lam=lam)
        yield from close(rows, of(risk, s, w, n, sigma=0.5, lam=lam), 0.08)


def close(rows, predicted, share):
    """Means within a share of the prediction, and five standard errors."""
    why = Text("the stated share, and five standard errors", "所述的比例，加五倍标准误")
    for j in range(2):
        chance = 5 * rows[:, j].std(ddof=1) / np.sqrt(len(rows))
        yield near(rows[:, j].mean(), predicted[j], share * predicted[j] + chance + 1e-12, why, "statistical")


@DESCENT.claim
def random_features_follow(risk, rng):
    r"""$k$ normal random features of the same $p=50$ directions, target and noise: $n=25$ with $k=12$, 60 at $\lambda=0$, and with $k=25$ at $\lambda=0.02$; $B$ and $V$ are within 10 % of the mean over 50
    draws of features and designs, five standard errors aside"""
    s, w = falling(50, 1.0), falling(50, 1.5)
    for k, lam in ((12, 0.0), (60, 0.0), (25, 0.02)):
        rows = measured(rng, 50, s, w, 25, k, sigma=0.5, lam=lam)
        yield from close(rows, of(risk, s, w, 25, k, sigma=0.5, lam=lam), 0.1)


@DESCENT.claim(cost="slow")
def larger_is_closer(risk, rng):
    r"""Random features of a problem four times as large, each eigenvalue four times with a quarter of its $w$ each, $n=100$, $k=50$ or 250, $\lambda=0$: the means over 60 draws are within 3 % of $B$ and $V$, five standard errors
    aside"""
    s, w = np.repeat(falling(50, 1.0), 4), np.repeat(falling(50, 1.5), 4) / 4
    for k in (50, 250):
        rows = measured(rng, 60, s, w, 100, k, sigma=0.5)
        yield from close(rows, of(risk, s, w, 100, k, sigma=0.5), 0.03)


@DESCENT.claim
def peak_where_features_equal_samples(risk, rng):
    r"""$\lambda=0$, $n=60$, $p=300$, $s_i=i^{-1.2}$, $w_i=i^{-1.6}$: at $k=n$ bias and variance are infinite, without noise the bias, too. With $\sigma=0.3$ the risk falls up to $k=22$, grows with every
    further feature up to $k=n$, and falls beyond, where $B$ goes like $\frac1{k-n}$ at first; at $k=\infty$ it is below that of every $k<n$. With $\sigma=2$ it is not: $k=5$ is better than all that follow; with $\sigma=5$ the first descent is missing: every feature from the second to $k=n$ makes it worse"""
    s, w, n = falling(300, 1.2), falling(300, 1.6), 60
    peak = of(risk, s, w, n, n, 0.3)
    yield identical(np.isinf(peak[:2]), [True, True])
    yield identical(np.isinf(of(risk, s, w, n, n, 0.0)[:2]), [True, False])
    steps = np.array([1, 2, 3, 4])
    yield rate(steps, [of(risk, s, w, n, n + int(j), 0.3)[0] for j in steps], -1, 0.1)
    below = [sum(of(risk, s, w, n, k, 0.3)[:2]) for k in range(1, n)]
    last = sum(of(risk, s, w, n, np.inf, 0.3)[:2])
    yield bound(last, min(below), "≤")
    yield identical(int(np.argmin(below)) + 1, 22)
    yield bound(max(np.diff(below[:22]).max(), -np.diff(below[21:]).min()), 0.0, "≤")
    yield bound(below[-5] / min(below), 2.0, "≥", Text("the rise before the peak", "峰前的上升"))
    beyond = [sum(of(risk, s, w, n, k, 0.3)[:2]) for k in (*range(61, 70), 90, 130, 300, 1000, np.inf)]
    yield bound(np.diff(beyond).max(), 0.0, "≤")
    loud = [sum(of(risk, s, w, n, k, 2.0)[:2]) for k in (*range(1, n), *range(61, 70), 90, 130, 300, 1000, np.inf)]
    yield identical(int(np.argmin(loud)) + 1, 5)
    deafening = [sum(of(risk, s, w, n, k, 5.0)[:2]) for k in range(1, n)]
    yield bound(np.diff(deafening).min(), 0.0, "≥")


@DESCENT.claim
def no_peak_in_the_features_below_the_rank(risk, rng):
    r"""With $n>p$, $\lambda=0$ and all $s_i>0$ there is nothing to interpolate: for $k\ge p$ the fit is that on all features, $B=0$ and $V=\frac{\sigma^2p}{n-p}$, and at $k=n$ nothing happens"""
    s, w = falling(20, 1.0), falling(20, 1.0)
    expected = [0.0, 0.09 * 20 / 20, 0.0]
    for k in (20, 30, 40, 41, 300, np.inf):
        yield roundoff(of(risk, s, w, 40, k, 0.3), expected, terms=100)


@DESCENT.claim
def more_samples_can_hurt(risk, rng):
    r"""All $s_i=1$, $k=\infty$, $\lambda=0$, $0<\sigma<r$: among $n<p$ the least risk is $2r\sigma-\sigma^2$, at $n=p\bigl(1-\frac\sigma r\bigr)$ where that is whole; from there to $n=p$ every further sample makes it worse. With a small ridge they still can: at $\lambda=0.01$, $r=2$, $\sigma=1$, $p=20$ the risk is half as large again at $n=20$ as at 10; at $\lambda=0.05$ it falls with every sample up to 40"""
    p, r = 20, 2.0
    s, w = even(p, r * r)
    for sigma in (0.5, 1.0, 1.5):
        risks = np.array([sum(of(risk, s, w, n, sigma=sigma)[:2]) for n in range(1, p)])
        best = round(p * (1 - sigma / r))
        yield roundoff(risks[best - 1], 2 * r * sigma - sigma**2, terms=100)
        yield bound(np.diff(risks[best - 1 :]).min(), 0.0, "≥")
        yield bound(np.diff(risks[:best]).max(initial=-1.0), 0.0, "≤")
    for lam in (0.01, 0.05):
        risks = np.array([sum(of(risk, s, w, n, sigma=1.0, lam=lam)[:2]) for n in range(1, 41)])
        if lam == 0.01:
            yield bound(risks[19] / risks[9], 1.5, "≥", Text("the stated ratio", "所述的比"))
        else:
            yield bound(np.diff(risks).max(), 0.0, "≤")


@DESCENT.claim
def best_ridge_has_no_peak(risk, rng):
    r"""All $s_i=1$, $k=\infty$: $\lambda=\frac{\sigma^2p}{nr^2}$ is best, half and double are worse; with it the risk falls with every sample, through $n=p$"""
    p, sigma = 30, 0.5
    s, w = even(p)

    def total(n, factor=1.0):
        return sum(of(risk, s, w, n, sigma=sigma, lam=factor * sigma**2 * p / n)[:2])

    for n in (10, 30, 60):
        best = total(n)
        yield bound(min(total(n, 0.5), total(n, 2.0)) / best, 1.0 + 1e-6, "≥")
        slope = (total(n, 1.001) - total(n, 0.999)) / 0.002 / best
        yield near(slope, 0.0, 1e-5, Text("the difference's own error, of order 10⁻⁶", "差商自身的误差，约 10⁻⁶ 量级"))
    yield bound(np.diff([total(n) for n in range(1, 61)]).max(), -1e-4, "≤", Text("it falls", "递减"))


@DESCENT.claim
def best_ridge_has_no_peak_in_the_features(risk, rng):
    r"""Random features, $n=60$, $p=300$, $s_i=i^{-1.2}$, $w_i=i^{-1.6}$, $\sigma=0.3$: with the best of the ridges 0.001, 0.002, … 0.128 the risk falls with $k$, through $k=n$, where it is less than 0.6;
    a ridge that is too small, 0.001, leaves a bump: more at $k=50$ than at 30"""
    s, w = falling(300, 1.2), falling(300, 1.6)

    def total(k, lam):
        return sum(of(risk, s, w, 60, k, 0.3, lam)[:2])

    best = [min(total(k, 0.001 * 2**j) for j in range(8)) for k in (10, 20, 40, 50, 58, 60, 62, 70, 90, 200, np.inf)]
    yield bound(np.diff(best).max(), 0.0, "≤")
    yield bound(best[5], 0.6, "≤", Text("the stated number", "所述的数"))
    yield bound(total(50, 0.001) / total(30, 0.001), 1.05, "≥", Text("a bump", "仍有隆起"))


@DESCENT.claim
def what_is_missed_acts_as_noise(risk, rng):
    r"""A part $m^2$ of the target along $s_i=0$, independent of the features, does what noise of variance $m^2$ does: the test errors $B+V+\sigma^2$ are the same, larger by $m^2\bigl(1+\frac V{\sigma^2}\bigr)$. Where it is merely uncorrelated it may do more: fits of $x^2-1$ by $ax$, $x$ normal, 100 samples,
    err on average by more than three times the formula's $V$"""
    s, w, m2, sigma = falling(30, 1.0), falling(30, 1.5), 0.4, 0.3
    for n, k, lam in ((12, np.inf, 0.0), (50, np.inf, 0.0), (12, 20, 0.01)):
        with_part = sum(of(risk, np.r_[s, 0.0], np.r_[w, m2], n, k, sigma, lam)[:2]) + sigma**2
        as_noise = sum(of(risk, s, w, n, k, np.sqrt(sigma**2 + m2), lam)[:2]) + sigma**2 + m2
        yield roundoff(with_part, as_noise, terms=400)
        B, V, _ = of(risk, s, w, n, k, sigma, lam)
        yield roundoff(with_part - (B + V + sigma**2), m2 * (1 + V / sigma**2), terms=400, scale=with_part)
    x = rng.standard_normal((2000, 100))
    slopes = (x * (x**2 - 1)).sum(1) / (x**2).sum(1)
    # their squares are about five times what independent noise of variance 2 gives
    yield bound((slopes**2).mean() / of(risk, [1.0], [0.0], 100, sigma=np.sqrt(2))[1], 3.0, "≥")


@DESCENT.claim
def harmless_interpolation(risk, rng):
    r"""Fitting all noise may do little harm: five $s_i=1$ and $10^4$ of $10^{-4}$, target along the five, $n=100$, $\lambda=0$: $V\le0.07\,\sigma^2$ and $B\le0.001$; with $s_i=i^{-2}$ the noise comes back as
    $V\ge0.8\,\sigma^2$"""
    s, w = np.r_[np.ones(5), np.full(10_000, 1e-4)], np.r_[np.full(5, 0.2), np.zeros(10_000)]
    B, V, kappa = of(risk, s, w, 100, sigma=2.0)
    yield bound(V, 0.07 * 4, "≤", Text("the stated number", "所述的数"))
    yield bound(B, 1e-3, "≤", Text("the stated number", "所述的数"))
    yield roundoff(5 / (1 + kappa) + 1e4 * 1e-4 / (1e-4 + kappa), 100.0, terms=10_000)
    s = falling(2000, 2.0)
    yield bound(of(risk, s, s, 100, sigma=2.0)[1], 0.8 * 4, "≥", Text("the stated number", "所述的数"))


@DESCENT.claim
def samples_and_features_are_alike(risk, rng):
    r"""$\kappa$ does not tell $n$ from $k$, and $k=\infty$ is the limit; without ridge, and with more directions $s_i>0$ than $\min(n,k)$, $d_1=\min(n,k)$, with no more $\kappa=0$; with a ridge, the first equation holds"""
    s, w = falling(40, 1.1), falling(40, 1.4)
    for n, k, lam in ((10, 25, 0.0), (10, 25, 0.03), (30, 12, 0.005)):
        kappa = of(risk, s, w, n, k, 0.2, lam)[2]
        yield roundoff(kappa, of(risk, s, w, k, n, 0.2, lam)[2], terms=40)
        d1 = (s / (s + kappa)).sum()
        if lam:
            yield roundoff(kappa * (1 - d1 / n) * (1 - d1 / k), lam, terms=400)
        else:
            yield roundoff(d1, min(n, k), terms=100)
    yield identical(of(risk, s, w, 60, 50, 0.2)[2], 0.0)
    limit, near_it = of(risk, s, w, 15, np.inf, 0.2, 0.01), of(risk, s, w, 15, 10**9, 0.2, 0.01)
    yield near(
        max(abs(a / b - 1) for a, b in zip(near_it, limit, strict=True)), 0.0, 1e-6, Text("of order n/k", "n/k 量级")
    )


@DESCENT.claim
def units_do_not_matter(risk, rng):
    r"""$cs$ with $c\lambda$: the same risk, and $c\kappa$; $cw$ with $\sqrt c\,\sigma$: $c$ times the risk; the order of the directions is free; and every direction split into two of the same
    $s$ and half the $w$, with twice $n$ and $k$, changes nothing"""
    s, w = rng.uniform(0.1, 2, 12), rng.uniform(0, 1, 12)
    n, k, sigma, lam, c = 6, 9, 0.4, 0.05, 7.0
    base = np.array(of(risk, s, w, n, k, sigma, lam))
    d1 = (s / (s + base[2])).sum()
    yield roundoff(base[2] * (1 - d1 / n) * (1 - d1 / k), lam, terms=400)
    yield invariance(of(risk, c * s, w, n, k, sigma, c * lam), base * [1, 1, c], terms=100)
    yield invariance(of(risk, s, c * w, n, k, np.sqrt(c) * sigma, lam), base * [c, c, 1], terms=100)
    order = rng.permutation(12)
    yield invariance(of(risk, s[order], w[order], n, k, sigma, lam), base, terms=100)
    yield invariance(of(risk, np.r_[s, s], np.r_[w, w] / 2, 2 * n, 2 * k, sigma, lam), base, terms=100)


def rebuilt(s, w, n, k, sigma, lam, theta=None, lost=None, variance=None, kappa=None):
    """The formulas with one part replaced: by a function of u, d1, d2."""
    scale = double_descent(s, w, n, k, sigma, lam)[2] if kappa is None else kappa
    u = s / (s + scale) if scale > 0 else 1.0 * (s > 0)
    d1, d2 = u.sum(), (u**2).sum()
    with np.errstate(all="ignore"):
        ratio = (1 - d1 / k) / (1 - d2 / k) if scale > 0 else 1.0
        share = (d2 * (1 - 2 * d1 / k) + d1**2 / k) / (n * (1 - d2 / k)) if scale > 0 else d2 / n
        share = share if theta is None else theta(u, d1, d2)
        gone = (w * (1 - u) * (1 - u * ratio)).sum() if lost is None else lost(u, d1, d2, ratio)
        left = np.maximum(1 - share, 1e-300)
        return gone / left, sigma**2 * share / left if variance is None else variance(share, left), scale


@DESCENT.mutant(caught_by="equal-eigenvalues-in-closed-form, unequal-eigenvalues")
def ridge_beside_the_sum(s, w, n, k, sigma, lam):
    """the ridge beside the sum of squares: smaller by n"""
    return double_descent(s, w, n, k, sigma, lam / n)


@DESCENT.mutant(
    caught_by="random-features-follow, peak-where-features-equal-samples, larger-is-closer, best-ridge-has-no-peak-in-the-features"
)
def features_without_end(s, w, n, k, sigma, lam):
    """the number of features not looked at"""
    return double_descent(s, w, n, np.inf, sigma, lam)


@DESCENT.mutant(caught_by="samples-and-features-are-alike, equal-eigenvalues-in-closed-form")
def features_alone_shrink(s, w, n, k, sigma, lam):
    """the scale of the features alone, samples forgotten"""
    return rebuilt(s, w, n, k, sigma, lam, kappa=double_descent(s, w, np.inf, k, 0.0, lam)[2])


@DESCENT.mutant(caught_by="unequal-eigenvalues, equal-eigenvalues-in-closed-form, harmless-interpolation")
def first_dimension_for_the_second(s, w, n, k, sigma, lam):
    """d₁/n for θ"""
    return rebuilt(s, w, n, k, sigma, lam, theta=lambda u, d1, d2: d1 / n)


@DESCENT.mutant(caught_by="equal-eigenvalues-in-closed-form, what-is-missed-acts-as-noise, more-samples-can-hurt")
def bias_alone(s, w, n, k, sigma, lam):
    """the bias of the shrunk target, without what its errors on the samples add: not over 1 − θ"""
    B, V, kappa = double_descent(s, w, n, k, sigma, lam)
    theta = V / (sigma**2 + V) if 0 < V < np.inf else 0.0
    return (B * (1 - theta) if np.isfinite(B) else 1.0), V, kappa


@DESCENT.mutant(caught_by="equal-eigenvalues-in-closed-form, best-ridge-has-no-peak")
def noise_once(s, w, n, k, sigma, lam):
    """σ²θ for the variance, without what comes back of it"""
    return rebuilt(s, w, n, k, sigma, lam, variance=lambda share, left: sigma**2 * share)


@DESCENT.mutant(caught_by="random-features-follow, equals-definition")
def bias_of_all_features(s, w, n, k, sigma, lam):
    """the sum of all features' bias, (κ/(s + κ))², for random ones, too"""
    return rebuilt(s, w, n, k, sigma, lam, lost=lambda u, d1, d2, ratio: (w * (1 - u) ** 2).sum())


@DESCENT.mutant(caught_by="what-is-missed-acts-as-noise, equals-definition")
def missed_part_forgotten(s, w, n, k, sigma, lam):
    """the part of the target that no feature has, left out"""
    return double_descent(s[s > 0], w[s > 0], n, k, sigma, lam)


@DESCENT.mutant(caught_by="equal-eigenvalues-in-closed-form, units-do-not-matter")
def deviation_for_the_variance(s, w, n, k, sigma, lam):
    """σ in place of σ²"""
    return double_descent(s, w, n, k, np.sqrt(sigma), lam)


@DESCENT.mutant(caught_by="equal-eigenvalues-in-closed-form, no-peak-in-the-features-below-the-rank")
def with_the_new_noise(s, w, n, k, sigma, lam):
    """the test error, with the noise of the new targets, for the risk"""
    B, V, kappa = double_descent(s, w, n, k, sigma, lam)
    return B, V + sigma**2, kappa


@DESCENT.mutant(caught_by="unequal-eigenvalues, units-do-not-matter")
def error_of_the_coefficients(s, w, n, k, sigma, lam):
    """the error of the coefficients, not of the prediction"""
    return rebuilt(
        s, w, n, k, sigma, lam, lost=lambda u, d1, d2, q: (w / np.maximum(s, 1e-9) * (1 - u) * (1 - u * q)).sum()
    )


@DESCENT.mutant(caught_by="harmless-interpolation, more-samples-can-hurt, exact-for-normal-features")
def classical_only(s, w, n, k, sigma, lam):
    """no second descent: with more directions than samples the error taken for infinite"""
    few, rank = min(n, k), (s > 0).sum()
    return (
        (np.inf, np.inf, 0.0)
        if lam == 0 and n < min(k, rank) and few < rank
        else double_descent(s, w, n, k, sigma, lam)
    )


@DESCENT.mutant(caught_by="peak-where-features-equal-samples, equals-definition")
def as_if_a_little_ridge(s, w, n, k, sigma, lam):
    """a ridge of a thousandth of the trace left in where there is none: no peak"""
    return double_descent(s, w, n, k, sigma, lam if lam > 0 else 1e-3 * s.sum())


DESCENT.erratum(
    "E274",
    common="Beyond the complexity at which a model fits its training data perfectly, the test error only grows (met in textbooks' U-shaped curves)",
    why=r"With $n=60$ samples, $s_i=i^{-1.2}$, $w_i=i^{-1.6}$ and $\sigma=0.3$ the risk of the fit of least norm has its peak at $k=60$ random features; with more it falls again, and at $k=\infty$ it is below that of every $k<60$.",
    right="The U is one half of the curve: beyond the peak the error of the fit of least norm falls again; whether below the first minimum depends on the noise",
    claims="peak-where-features-equal-samples",
)
DESCENT.erratum(
    "E275",
    common="More data never hurt (a common slip)",
    why=r"The fit of least norm, $s_i=1$, $r=2$, $\sigma=1$, $p=20$: to first order the risk is 3 at $n=10$ and grows with every further sample up to $n=20$, where it is infinite.",
    right="More data never hurt at the best ridge for equal eigenvalues; at a fixed ridge that is too small, or none, they can",
    claims="more-samples-can-hurt, best-ridge-has-no-peak",
)
DESCENT.erratum(
    "E276",
    common="A model that fits noisy labels exactly has learnt the noise and must predict badly (a common slip)",
    why=r"With five directions $s_i=1$, $10^4$ of $10^{-4}$ and no ridge, 100 samples are fitted without error, and to first order the noise adds less than 7 % of $\sigma^2$ on new inputs: most of it went into directions in which inputs hardly vary.",
    right="It depends on the spectrum: harmless with many weak directions, harmful with few or fast falling ones",
    claims="harmless-interpolation",
)


@DESCENT.figure(
    sigma=Slider(0.0, 1.0, 0.3, "noise σ"),
    lam=Slider(0.0, 0.1, 0.0, "ridge λ", values=(0.0, 0.0001, 0.001, 0.01, 0.1)),
    n=Slider(10, 60, 30, "samples n", integer=True, values=(10.0, 20.0, 30.0, 45.0, 60.0)),
)
def figure(sigma, lam, n):
    n, p = int(n), 80
    s, w = falling(p, 1.2), falling(p, 1.6)
    w = w / w.sum()
    rng = np.random.default_rng(1)
    k = np.unique(np.round(np.geomspace(3, 400, 50)).astype(int))
    k = np.union1d(k, [n - 2, n - 1, n + 1, n + 2])
    curve = np.array([sum(double_descent(s, w, n, int(j), sigma, lam)[:2]) for j in k])
    dots = np.array([3, 6, 12, 20, 27, 36, 50, 80, 150, 300])
    mean = [measured(rng, 8, s, w, n, int(j), sigma, lam).sum(1).mean() for j in dots]
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    left.loglog(k, np.where(np.isfinite(curve), curve, np.nan), color=COLOURS[0], lw=2, label="formula")
    left.plot(dots, mean, "o", color=COLOURS[1], ms=4.5, label="8 fits, mean")
    left.axvline(n, color="0.5", lw=0.9, ls=":")
    last = sum(double_descent(s, w, n, np.inf, sigma, lam)[:2])
    left.axhline(last, color=COLOURS[0], lw=1, ls="--", label="all features")
    left.set(xlabel="random features k", ylabel="risk", ylim=(0.03, 30), xlim=(3, 400), xticks=[3, 10, 30, 100, 300])
    left.set_xticklabels(["3", "10", "30", "100", "300"])
    left.minorticks_off()
    left.legend(fontsize=9, frameon=False, loc="upper right")
    m = np.arange(4, 161, 6)
    rows = {
        q: np.array([sum(double_descent(np.ones(80), np.full(80, 1 / 80), int(j), np.inf, sigma, q(j))[:2]) for j in m])
        for q in (lambda j: lam, lambda j: max(sigma, 1e-3) ** 2 * 80 / j)
    }
    given, best = rows.values()
    right.semilogy(
        m, np.where(np.isfinite(given), np.maximum(given, 1e-4), np.nan), color=COLOURS[2], lw=2, label="this ridge"
    )
    right.semilogy(m, np.maximum(best, 1e-4), color=COLOURS[3], lw=1.8, ls="-.", label="best ridge")
    right.axvline(80, color="0.5", lw=0.9, ls=":")
    right.set(xlabel="samples n, of 80 equal directions", ylabel="risk", ylim=(0.01, 30), xlim=(0, 160))
    right.legend(fontsize=9, frameon=False, loc="upper right")
    top, at = (
        float(np.nanmax(np.where(np.isfinite(curve), curve, np.nan))),
        int(k[np.nanargmax(np.where(np.isfinite(curve), curve, -1))]),
    )
    peaked = abs(at - n) <= 3 and top > 1.2 * np.min(curve[k < n])
    en = f"The risk peaks near k = {n} (dotted)" if peaked else f"There is no peak at k = {n} (dotted)"
    zh = f"风险在 k = {n} 附近（点线）达到峰值" if peaked else f"在 k = {n}（点线）处没有峰值"
    plain_en, plain_zh = (
        ("", "") if sigma == 0 else ("without ridge it peaks at 80 (dotted), ", "无岭时在 80 处（点线）达到峰值，")
    )  # without noise all 80 directions are found exactly
    words = Text(
        f"{n} samples, noise {sigma:.2g}, ridge {lam:.4g}. {en}: of the points drawn the highest is {top:.3g}, at k = {at}; with all features it is {last:.3g} (dashed). Dots: fits on normal random features. "
        f"Beside, the same ridge with 80 equal directions against the number of samples; {plain_en}with the best one (dash-dotted) it falls throughout.",
        f"{n} 个样本，噪声 {sigma:.2g}，岭 {lam:.4g}。{zh}：所画各点中最高为 {top:.3g}，位于 k = {at}；使用全部特征时为 {last:.3g}（虚线）。圆点：在正态随机特征上的拟合。"
        f"旁边是同样的岭、80 个相等方向时风险随样本数的变化：{plain_zh}取最优的岭（点划线）则始终下降。",
    )
    return Drawing(fig, words)
