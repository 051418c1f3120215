"""PAC-Bayes bounds: the risk of a predictor drawn at random, from samples that chose its law."""

from math import comb

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, rate, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(pac_bayes_bound, q, D, n, delta, m=0, delta_m=0.01, j=0):
    return pac_bayes_bound(q, D, n, delta, draws=m, delta_draws=delta_m, prior=j)


PAC_BAYES = Concept(
    key="pac-bayes",
    kind="theorem",
    title="PAC-Bayes bounds",
    summary="How wrong a trained predictor will be on new data, bounded by what it did on the data that trained it. The price of "
    "having chosen after looking is the Kullback–Leibler divergence from a law that was written down before. It is a "
    "bound whose value, for networks with far more weights than samples, can come out small enough to be of use: "
    "that of weights drawn at random around those that were learnt.",
    formulas=(
        r"\operatorname{kl}\bigl(\hat R(\rho)\,\Vert\,R(\rho)\bigr)\le c=\frac1n\Bigl(\mathrm{KL}(\rho\Vert\pi)+\ln\frac{2\sqrt n}\delta\Bigr)\quad\text{for all }\rho,\text{ with probability}\ge1-\delta",
        r"\operatorname{kl}(q\Vert p)=q\ln\frac qp+(1-q)\ln\frac{1-q}{1-p},\qquad \operatorname{kl}^{-1}(q,c)=\max\{p\in[q,1]:\operatorname{kl}(q\Vert p)\le c\}",
        r"R(\rho)\le\operatorname{kl}^{-1}\bigl(\hat R(\rho),c\bigr)\ \le\ \hat R(\rho)+\sqrt{\frac c2},\qquad "
        r"R(\rho)\le\hat R(\rho)+\sqrt{\frac{\mathrm{KL}(\rho\Vert\pi)+\ln(n/\delta)}{2(n-1)}}",
        r"\hat R(\rho)\le\operatorname{kl}^{-1}\Bigl(\hat R_m,\tfrac1m\ln\tfrac1{\delta_m}\Bigr)\quad\text{with probability}\ge1-\delta_m,\qquad "
        r"\delta\to\delta_j=\frac{6\,\delta}{\pi^2j^2}\quad\text{for the }j\text{-th prior of a list}",
    ),
    symbols=(
        Symbol(
            r"\hat R(\rho)",
            "q",
            "...",
            r"risk on the samples of a predictor drawn from $\rho$, on average; with $m$ draws the estimate $\hat R_m$",
            "unit",
        ),
        Symbol(
            r"\mathrm{KL}(\rho\Vert\pi)",
            "D",
            "...",
            "divergence of the posterior from the prior, in nats",
            "nonnegative",
        ),
        Symbol("n", "n", "", "number of samples, 2 or more", "natural"),
        Symbol(r"\delta", "delta", "", "probability with which the bound may fail", "unit"),
        Symbol("m", "m", "", "number of draws that the risk is a mean of; 0 where it is exact", "natural"),
        Symbol(r"\delta_m", "delta_m", "", "probability with which the estimate from draws may fail", "unit"),
        Symbol("j", "j", "", "which prior of a list; 0 where there is but one", "natural"),
        Symbol(
            r"\rho,\ \pi",
            "",
            "",
            "posterior: the law that predictors are drawn from, chosen after looking; prior: a law written down before",
        ),
        Symbol(
            r"R(\rho)",
            "",
            "",
            r"risk on new data: mean loss of a predictor drawn from $\rho$ anew for each sample",
            "unit",
        ),
        Symbol("c", "", "", "budget, in nats", "nonnegative"),
        Symbol(r"\operatorname{kl}(q\Vert p)", "", "", "divergence of two coins", "nonnegative"),
        Symbol("q,\\ p", "", "", "probabilities of two coins", "unit"),
        Symbol(r"\delta_j", "", "", r"share of $\delta$ that the $j$-th prior may use"),
    ),
    returns=(
        Result("bound", "...", r"$\operatorname{kl}^{-1}$ with Maurer's $2\sqrt n$: the one to use"),
        Result("seeger", "...", "the same with Seeger's $n+1$"),
        Result("mcallester", "...", "McAllester's, with a root; it may exceed 1"),
        Result("budget", "...", "$c$"),
        Result("risk", "...", r"$\hat R(\rho)$, or the bound on it from the draws"),
    ),
    needs=("kl", "bayes", "binomial"),
    source="maurer2004note",
    year=1999,
    people=(
        "David McAllester",
        "John Shawe-Taylor",
        "Matthias Seeger",
        "John Langford",
        "Andreas Maurer",
        "Gintare Karolina Dziugaite",
        "Daniel M. Roy",
    ),
    aliases="PAC-Bayesian, PAC-Bayesian bound, Gibbs risk, risk certificate, non-vacuous generalization bound, kl inversion, "
    "PAC 贝叶斯, 吉布斯风险, 风险证书, 非平凡泛化界",
    implementations=(
        Implementation(
            "gradus.theory:pac_bayes_bound",
            "torch",
            _torch,
            note="of a network: `gradus.theory.certify` learns prior and posterior and measures the risk",
        ),
    ),
    readings="mcallester1999some; maurer2004note; seeger2002pac; langford2001not; shalev2014understanding ch. 31; langford2005tutorial §3–5; dziugaite2017computing; perezortiz2021tighter; "
    "ambroladze2006tighter; germain2015risk §2",
    hypotheses=(
        Hypothesis(
            "the samples are independent draws of one law, that of the new data", "the-same-sample-twice-is-no-news"
        ),
        Hypothesis("the prior does not depend on these samples", "the-prior-may-not-see-the-samples"),
        Hypothesis("the loss lies in $[0,1]$", "a-loss-has-to-be-bounded"),
        Hypothesis(r"the predictor is drawn from $\rho$ anew for each sample", "the-vote-may-be-worse"),
        Hypothesis("the $m$ draws are independent of each other", "one-draw-for-all-counts-once"),
        Hypothesis("the list of priors is written down beforehand, each number used once", "prices-of-a-list-add-up"),
    ),
    conventions=(
        Convention(
            "what pays for the mean exponential",
            r"$2\sqrt n$, with Maurer, for losses in $[0,1]$",
            r"$n+1$ with Seeger; $n$, with $n-1$ below, in McAllester's bound as Shalev-Shwartz and Ben-David print it; the exact $\xi(n)$, about $\sqrt{\pi n/2}$",
        ),
        Convention(
            "how the estimate by draws is raised",
            r"from above alone: $\ln(1/\delta_m)$",
            r"on both sides, $\ln(2/\delta_m)$: Dziugaite and Roy, Pérez-Ortiz et al.",
        ),
        Convention(
            "the probability of failure",
            r"$\delta+\delta_m$ in all, each stated apart",
            r"one $\delta$ of which a share goes to the draws: `certify`",
        ),
    ),
    unverified="Whether the vote, or the net with the mean weights, is in practice better than the drawn one: it mostly is, and no bound here says so.",
    longest_sum=600,
)


def kl(q, p):
    """Divergence of two coins, 0 ln 0 being 0."""
    q, p = np.asarray(q, float), np.asarray(p, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        heads = np.where(q > 0, q * np.log(q / p), 0.0)
        tails = np.where(q < 1, (1 - q) * np.log((1 - q) / (1 - p)), 0.0)
    return heads + tails


def kl_inverse(q, c):
    """The largest p within the budget, by halving the interval from q to 1, for each pair apart."""
    q, c = np.broadcast_arrays(q, c)
    p = np.empty(q.shape)
    for i in np.ndindex(q.shape):
        low, high = float(q[i]), 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if kl(q[i], middle) <= c[i] else (low, middle)
        p[i] = high if kl(q[i], high) <= c[i] else low
    return p


@PAC_BAYES.definition
def pac_bayes(q, D, n, delta, m=0, delta_m=0.01, j=0):
    q, D = np.broadcast_arrays(np.asarray(q, float), np.asarray(D, float))
    if not ((q >= 0).all() and (q <= 1).all() and (D >= 0).all() and n >= 2 and 0 < delta < 1 and 0 < delta_m < 1):
        raise ValueError("a risk in [0, 1], a divergence from 0, two samples, probabilities in (0, 1)")
    risk = kl_inverse(q, np.log(1 / delta_m) / m) if m else q
    share = delta * 6 / (np.pi**2 * j**2) if j else delta
    budget = (D + np.log(2 * np.sqrt(n) / share)) / n
    seeger = kl_inverse(risk, (D + np.log((n + 1) / share)) / n)
    mcallester = risk + np.sqrt((D + np.log(n / share)) / (2 * (n - 1)))
    return kl_inverse(risk, budget), seeger, mcallester, budget, risk


@PAC_BAYES.example
def example():
    n, delta, delta_m, K = 100, 0.05, 0.01, 25
    D = np.log(K)
    clean, half = pac_bayes(0.0, D, n, delta), pac_bayes(0.5, D, n, delta)
    drawn = pac_bayes(0.0, D, n, delta, m=1000, delta_m=delta_m)
    return (
        dict(
            q=0.0,
            D=D,
            n=n,
            delta=delta,
            delta_m=delta_m,
            K=K,
            budget=clean[3],
            total=n * clean[3],
            constant=2 * np.sqrt(n) / delta,
        )
        | dict(bound=clean[0], seeger=clean[1], mcallester=clean[2], half=half[0], half_mcallester=half[2])
        | dict(free=pac_bayes(0.0, 0.0, n, delta)[0], drawn=drawn[0], raised=drawn[4])
        | dict(third=pac_bayes(0.0, D, n, delta, j=3)[0], price=np.log(np.pi**2 / 6 * 9))
    )


@PAC_BAYES.exercise
def no_error():
    """A prior of a thousand equal nets, one of which makes no error on 500 samples."""
    D, n, delta = np.log(1000), 500, 0.05
    c = (D + np.log(2 * np.sqrt(n) / delta)) / n
    return number(1 - np.exp(-c), by_a_root=np.sqrt(c / 2), without_the_choice=1 - np.exp(-(c - D / n)))


@PAC_BAYES.exercise
def gaussian_divergence():
    """A hundred weights, each moved by 0.1, prior and posterior deviation 0.2."""
    return number(
        100 * 0.1**2 / (2 * 0.2**2), deviation_for_variance=100 * 0.1**2 / (2 * 0.2), without_half=100 * 0.1**2 / 0.2**2
    )


@PAC_BAYES.exercise
def which_prior():
    def fails(D):
        return 1 - at_least_half_holds(pac_bayes, D)

    D = np.log(10000)
    return choice(before=fails(D) <= 0.05, after=fails(0.0) <= 0.05, either=fails(0.0) <= 0.05 and fails(D) <= 0.05)


@PAC_BAYES.cases
def cases(rng):
    yield "some errors", dict(q=0.1, D=5.0, n=1000, delta=0.05)
    yield "no error", dict(q=0.0, D=20.0, n=500, delta=0.01)
    yield "nothing but errors", dict(q=1.0, D=1.0, n=50, delta=0.05)
    yield "half of them", dict(q=0.5, D=0.0, n=2000, delta=0.04)
    yield "a far posterior", dict(q=0.02, D=800.0, n=200, delta=0.05)
    yield "from draws", dict(q=0.05, D=3.0, n=400, delta=0.04, m=1500, delta_m=0.02)
    yield "a prior of a list", dict(q=0.2, D=2.0, n=300, delta=0.05, m=0, delta_m=0.01, j=7)
    yield "several at once", dict(q=rng.uniform(0.01, 0.6, (2, 3)), D=rng.uniform(0.1, 30, (2, 3)), n=400, delta=0.05)
    yield "two samples", dict(q=0.3, D=0.5, n=2, delta=0.1)
    yield (
        "at random",
        dict(q=float(rng.uniform(0.01, 0.9)), D=float(rng.uniform(0, 50)), n=int(rng.integers(50, 3000)), delta=0.05),
    )


@PAC_BAYES.invalid
def invalid(rng):
    yield "a loss above 1", dict(q=1.2, D=1.0, n=100, delta=0.05)
    yield "a divergence below 0", dict(q=0.1, D=-1.0, n=100, delta=0.05)
    yield "a single sample", dict(q=0.1, D=1.0, n=1, delta=0.05)
    yield "no room for failure", dict(q=0.1, D=1.0, n=100, delta=0.0)


def numbers(result):
    return [float(part) for part in result]


@PAC_BAYES.claim
def the_divergence_is_used_up(pac_bayes, rng):
    r"""At the bound the divergence of the coins is the budget, $\operatorname{kl}(q\Vert p)=c$ with $p\ge q$, and the budget is $\frac1n(\mathrm{KL}+\ln\frac{2\sqrt n}\delta)$"""
    for _ in range(6):
        q, D, n, delta = rng.uniform(0.02, 0.7), rng.uniform(0, 30), int(rng.integers(200, 900)), rng.uniform(0.01, 0.2)
        p, _, _, c, risk = numbers(pac_bayes(q, D, n, delta))
        yield roundoff([c, risk], [(D + np.log(2 * np.sqrt(n) / delta)) / n, q], terms=4, scale=1.0)
        yield bound(p, q, "≥", Text("the larger of the two", "两个解中较大的一个"))
        yield roundoff(kl(q, p) if p < 1 else np.inf, c, terms=4, scale=1 / (1 - p) if p < 1 else 1.0)


@PAC_BAYES.claim
def two_closed_forms(pac_bayes, rng):
    r"""Without errors the bound is $1-e^{-c}$, with half of them $\tfrac12\bigl(1+\sqrt{1-e^{-2c}}\bigr)$"""
    for D, n in ((0.0, 60), (12.0, 300), (200.0, 150)):
        c = (D + np.log(2 * np.sqrt(n) / 0.05)) / n
        found = [float(pac_bayes(q, D, n, 0.05)[0]) for q in (0.0, 0.5)]
        yield roundoff(found, [-np.expm1(-c), (1 + np.sqrt(-np.expm1(-2 * c))) / 2], terms=20)


def mean_exponential(n, p):
    """E exp(n kl(k/n ‖ p)) of the number of heads k in n throws of a coin of probability p."""
    return sum(comb(n, k) * p**k * (1 - p) ** (n - k) * np.exp(n * kl(k / n, p)) for k in range(n + 1))


@PAC_BAYES.claim
def the_constant_pays_for_the_mean_exponential(pac_bayes, rng):
    r"""$\mathbb E\,e^{n\,\operatorname{kl}(\hat p\Vert p)}$ of $n$ throws of a coin is the same number $\xi(n)$ for every $0<p<1$; what the bound charges, $2\sqrt n$, is
    no less, and no more than $2\xi(n)$; what Seeger's charges, $n+1$, is no less either: for $n=2$, 5, 20 and 60"""
    for n in (2, 5, 20, 60):
        xi = [mean_exponential(n, p) for p in (0.5, 0.1, rng.uniform(0.2, 0.8))]
        yield roundoff(xi, np.full(3, xi[0]), terms=20 * n)
        clean = numbers(pac_bayes(0.0, 0.0, n, 0.5))
        charged, seegers = (0.5 * np.exp(-n * np.log1p(-p)) for p in clean[:2])
        yield bound(charged, xi[0], "≥", Text("Markov's inequality needs it", "马尔可夫不等式所需"))
        yield bound(charged, 2 * xi[0], "≤", Text(r"ξ(n) ≥ √n", r"ξ(n) ≥ √n"))
        yield bound(seegers, xi[0], "≥", Text("Markov's inequality needs it", "马尔可夫不等式所需"))


def binomial(n, p):
    """Probabilities of 0 … n heads."""
    k = np.arange(n + 1)
    choices = np.concatenate(([0.0], np.cumsum(np.log((n - np.arange(n)) / (np.arange(n) + 1)))))
    return np.exp(choices + k * np.log(p) + (n - k) * np.log1p(-p))


def least_that_holds(risk_bound, n, truth):
    """The smallest number of errors of n for which the bound, which rises with it, is no less than the truth."""
    low, high = -1, n
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if risk_bound(middle / n) >= truth else (middle, high)
    return high


def at_least_half_holds(pac_bayes, D):
    """The probability that the bound of the best of 10,000 coins of probability ½, by 100 throws each, is ½ or more."""
    k = least_that_holds(lambda q: float(pac_bayes(q, D, 100, 0.05)[0]), 100, 0.5)
    return (1 - binomial(100, 0.5)[:k].sum()) ** 10000


@PAC_BAYES.claim
def whatever_is_chosen_afterwards(pac_bayes, rng):
    r"""It holds for what was chosen after looking: of 10,000 nets that guess, each by itself, and are right in half of 100 cases on average, the best one's bound with $\mathrm{KL}=\ln10{,}000$
    and $\delta=0.05$ is ½ or more with probability $1-\delta$ at least"""
    return bound(
        at_least_half_holds(pac_bayes, np.log(10000)),
        0.95,
        "≥",
        Text("exact, from the binomial law", "由二项分布精确算出"),
    )


@PAC_BAYES.claim
def the_prior_may_not_see_the_samples(pac_bayes, rng):
    r"""The prior must not depend on the samples: if the best of these 10,000 nets, which guess independently of each other, is declared the prior after looking, $\mathrm{KL}=0$,
    the bound with $\delta=0.05$ falls below ½, and is wrong, with probability 0.8 and more; with the prior of before it holds with 0.95 and more"""
    yield bound(
        at_least_half_holds(pac_bayes, 0.0), 0.2, "≤", Text("exact, from the binomial law", "由二项分布精确算出")
    )
    yield bound(at_least_half_holds(pac_bayes, np.log(10000)), 0.95, "≥", Text("the prior of before", "事先的先验"))


def level(risk_bound, n, truth):
    """The probability that the bound from n samples lies below the truth."""
    return binomial(n, truth)[: least_that_holds(risk_bound, n, truth)].sum()


@PAC_BAYES.claim
def the_same_sample_twice_is_no_news(pac_bayes, rng):
    r"""The samples must be independent: a net of risk 0.3, named beforehand, and 100 samples: the bound fails with probability $\delta=0.05$ at most; every sample counted twenty times, it
    fails with more than 0.2"""
    honest = level(lambda q: float(pac_bayes(q, 0.0, 100, 0.05)[0]), 100, 0.3)
    yield bound(honest, 0.05, "≤", Text("exact, from the binomial law", "由二项分布精确算出"))
    copied = level(lambda q: float(pac_bayes(q, 0.0, 2000, 0.05)[0]), 100, 0.3)
    yield bound(copied, 0.2, "≥", Text("exact, from the binomial law", "由二项分布精确算出"))


@PAC_BAYES.claim
def draws_are_not_the_risk(pac_bayes, rng):
    r"""The risk is raised for the draws that it was estimated from: of 400 draws, right or wrong, at $\hat R(\rho)=0.1$ the raised risk lies below $\hat R(\rho)$ with probability $\delta_m=0.02$ at most,
    and with a tenth of it at least; the estimate itself does in 0.4 to 0.6 of the cases, and at $\hat R(\rho)=0.001$ in 0.6 and more"""
    found = level(lambda q: float(pac_bayes(q, 1.0, 50, 0.05, m=400, delta_m=0.02)[4]), 400, 0.1)
    yield bound(found, 0.02, "≤", Text("exact, from the binomial law", "由二项分布精确算出"))
    yield bound(found, 0.002, "≥", Text("not slack", "并不松弛"))
    often, rare = (level(lambda q: float(pac_bayes(q, 1.0, 50, 0.05)[4]), 400, R) for R in (0.1, 0.001))
    yield bound(often, 0.4, "≥", Text("as it is", "未经提高"))
    yield bound(often, 0.6, "≤", Text("about half", "约一半"))
    yield bound(rare, 0.6, "≥", Text("no error in 400 draws", "400 次抽取无一出错"))


@PAC_BAYES.claim
def one_draw_for_all_counts_once(pac_bayes, rng):
    r"""Draws must be independent: if $\rho$ draws a net that is always wrong with probability 0.1, and else one that is always right, and a single draw judges all 300 samples, it
    mostly sees no error. With $\delta_m=0.02$, counted as one draw the raised risk is 0.1 or more, as it must be; counted as 300 it is not"""
    once, often = (float(pac_bayes(0.0, 0.0, 300, 0.05, m=m, delta_m=0.02)[4]) for m in (1, 300))
    yield bound(once, 0.1, "≥", Text("the true value", "真值"))
    yield bound(often, 0.02, "≤", Text("a fifth of the true value", "真值的五分之一"))
    yield roundoff([once, often], [0.98, -np.expm1(np.log(0.02) / 300)], terms=20)


@PAC_BAYES.claim
def prices_of_a_list_add_up(pac_bayes, rng):
    r"""Priors of a list share $\delta$: what the first $J=40$ of them take of it, read off the budgets, is $\delta$ at most, and $(1-\frac1J)\,\delta$ at least: nothing is paid twice"""
    plain = float(pac_bayes(0.1, 2.0, 150, 0.05)[3])
    priced = [float(pac_bayes(0.1, 2.0, 150, 0.05, j=j)[3]) for j in range(1, 41)]
    shares = np.exp(150 * (plain - np.array(priced)))
    yield bound(shares.sum(), 1.0, "≤", Text("the union bound", "并集界"))
    yield bound(shares.sum(), 1 - 1 / 40, "≥", Text(r"the rest of the series is less than 6/π²J", "级数余项小于 6/π²J"))
    clean = [float(pac_bayes(0.0, 2.0, 150, 0.05, j=j)[0]) for j in (1, 5)]
    yield roundoff(150 * (np.log1p(-clean[0]) - np.log1p(-clean[1])), 2 * np.log(5), terms=150, scale=1.0)


@PAC_BAYES.claim
def order_of_the_forms(pac_bayes, rng):
    r"""The inverted bound is no larger than Seeger's, and for $n\ge4$ no larger than $\hat R+\sqrt{c/2}$ and McAllester's; without errors, at $n=10{,}000$, $\mathrm{KL}=5$ and $\delta=0.05$, McAllester's is ten times as large and more"""
    for _ in range(5):
        q, D, n = rng.uniform(0, 1), rng.uniform(0, 60), int(rng.integers(4, 3000))
        p, seegers, mcallesters, c, _ = numbers(pac_bayes(q, D, n, 0.05))
        yield bound(p, seegers, "≤", Text("2√n ≤ n + 1", "2√n ≤ n + 1"))
        yield bound(p, min(q + np.sqrt(c / 2), mcallesters), "≤", Text("Pinsker's inequality", "Pinsker 不等式"))
    p, _, mcallesters, _, _ = numbers(pac_bayes(0.0, 5.0, 10000, 0.05))
    yield bound(mcallesters / p, 10.0, "≥", Text("the stated factor", "所述的倍数"))


@PAC_BAYES.claim
def fast_without_errors(pac_bayes, rng):
    r"""Without errors, and with the divergence fixed, the bound falls like $1/n$, McAllester's like $1/\sqrt n$, both up to a logarithm"""
    n = np.array([200, 800, 3200, 12800, 51200])
    found = np.array([numbers(pac_bayes(0.0, 2.0, int(k), 0.05))[:3] for k in n])
    yield rate(n, found[:, 0] / (2 + np.log(2 * np.sqrt(n) / 0.05)), -1.0, 0.03)
    yield rate(n, found[:, 2] / np.sqrt(2 + np.log(n / 0.05)), -0.5, 0.01)


@PAC_BAYES.claim
def below_one_says_nothing(pac_bayes, rng):
    r"""The inverted bound is below 1 whatever the data, unless all is wrong: with 0.9, what guessing among ten classes gives, and $\mathrm{KL}=2n$, it lies between 0.9 and 1, where McAllester's is
    1.9 and more"""
    for n in (50, 400):
        p, seegers, mcallesters, _, _ = numbers(pac_bayes(0.9, 2.0 * n, n, 0.05))
        yield bound(p, 0.9, "≥", Text("the risk itself", "风险本身"))
        yield identical([p < 1, seegers < 1], [True, True])
        yield bound(mcallesters, 1.9, "≥", Text("0.9 and the root of 1", "0.9 加上 1 的平方根"))


@PAC_BAYES.claim
def a_loss_has_to_be_bounded(pac_bayes, rng):
    r"""The loss must lie in $[0,1]$: one that is 0, and 100 with probability 0.005, has the mean 0.5; 100 samples show no loss at all with probability 0.6. The bound with $\mathrm{KL}=0$ and
    $\delta=0.05$ is then below 0.1; that of the loss divided by 100, times 100, is above 0.5"""
    p = float(pac_bayes(0.0, 0.0, 100, 0.05)[0])
    yield bound(0.995**100, 0.6, "≥", Text("the law of the loss", "损失的分布"))
    yield bound(p, 0.1, "≤", Text("a fifth of the mean", "均值的五分之一"))
    yield bound(100 * p, 0.5, "≥", Text("the mean", "均值"))


@PAC_BAYES.claim
def the_vote_may_be_worse(pac_bayes, rng):
    r"""The bound is of the drawn predictor: three that take turns to be right are wrong in two cases of three each, and so is a draw; their vote is always wrong. With $n=10^5$, $\mathrm{KL}=0$ and
    $\delta=0.05$ the bound is between $\tfrac23$ and 0.68; twice it bounds the vote, which may come close to that: 101 of which each kind of sample misleads 51 are wrong in 0.505 and always"""
    wrong = np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]])  # predictors by kinds of samples
    drawn, vote = wrong.mean(), (wrong.mean(0) > 0.5).mean()
    p = float(pac_bayes(drawn, 0.0, 100000, 0.05)[0])
    yield bound(p, drawn, "≥", Text("the drawn one's risk", "随机抽取者的风险"))
    yield bound(p, 0.68, "≤", Text("below the vote's risk, 1", "低于投票的风险 1"))
    yield bound(2 * p, vote, "≥", Text("a wrong vote is wrong in half of the draws", "投票错时至少一半的抽取是错的"))
    wrong = (np.arange(101)[:, None] + np.arange(101)) % 101 < 51
    drawn, vote = wrong.mean(), (wrong.mean(0) > 0.5).mean()
    p = float(pac_bayes(drawn, 0.0, 100000, 0.05)[0])
    yield bound(2 * p, vote, "≥", Text("a wrong vote is wrong in half of the draws", "投票错时至少一半的抽取是错的"))
    yield bound(2 * p, 1.03 * vote, "≤", Text("twice 51/101, and the rest for chance", "51/101 的两倍，余下归于偶然"))


def drawn_classes(rng, w, sigma, x):
    """Classes that linear nets with weights drawn around w, anew for each x, give: their logits are normal, of deviation σ‖x‖."""
    noise = np.linalg.norm(x, axis=1, keepdims=True) * rng.standard_normal((len(x), w.shape[1]))
    return (x @ w + sigma * noise).argmax(1)


def trained(w, x, y, steps, rate):
    """Steps of descent on the log loss of a linear net."""
    w = w.copy()
    for _ in range(steps):
        z = x @ w
        p = np.exp(z - z.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        w -= rate * x.T @ p / len(y)
    return w


@PAC_BAYES.claim
def digits_are_certified(pac_bayes, rng):
    r"""A linear net of the digits: prior around the weights learnt from 600 of them, posterior moved by 599 others, 10 draws for each of these. The certificate, of confidence 0.95, is below 0.2; it is
    no less than the share of errors on the 598 digits left over, each by a net drawn anew"""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    order = rng.permutation(len(y))
    x, y = np.hstack([x[order] / 16, np.ones((len(y), 1))]), y[order]
    first, second, fresh = slice(0, 600), slice(600, 1199), slice(1199, None)
    w0, sigma = trained(np.zeros((65, 10)), x[first], y[first], 150, 2.0), 0.3
    w = trained(w0, x[second], y[second], 5, 0.2)
    D = ((w - w0) ** 2).sum() / (2 * sigma**2)
    errors = [(drawn_classes(rng, w, sigma, x[part]) != y[part]).mean() for part in (*[second] * 10, fresh)]
    p = float(pac_bayes(np.mean(errors[:10]), D, 599, 0.04, m=5990, delta_m=0.01)[0])
    yield bound(p, 0.2, "≤", Text("the stated value", "所述的值"))
    yield bound(p, errors[10], "≥", Text("fresh digits", "未用过的数字"))


def changed(result, **given):
    """The definition's results, some of them replaced."""
    names = ("bound", "seeger", "mcallester", "budget", "risk")
    return tuple(given.get(name, value) for name, value in zip(names, result, strict=True))


def share_of(delta, j):
    return delta * 6 / (np.pi**2 * j**2) if j else delta


@PAC_BAYES.mutant(caught_by="the-divergence-is-used-up, two-closed-forms, equals-definition")
def arguments_swapped(q, D, n, delta, **given):
    """kl(p‖q) inverted for kl(q‖p)"""
    result = pac_bayes(q, D, n, delta, **given)
    low, high = result[4], np.ones_like(result[4])
    for _ in range(60):
        middle = (low + high) / 2
        within = kl(middle, result[4]) <= result[3]
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    return changed(result, bound=low)


@PAC_BAYES.mutant(caught_by="order-of-the-forms, fast-without-errors, two-closed-forms, below-one-says-nothing")
def a_root_for_the_inverse(q, D, n, delta, **given):
    """q + √(c/2) for the inverse of the divergence"""
    result = pac_bayes(q, D, n, delta, **given)
    return changed(result, bound=result[4] + np.sqrt(result[3] / 2))


@PAC_BAYES.mutant(
    caught_by="the-divergence-is-used-up, the-vote-may-be-worse, below-one-says-nothing, two-closed-forms"
)
def the_lower_root(q, D, n, delta, **given):
    """the p below q at which the divergence is the budget"""
    result = pac_bayes(q, D, n, delta, **given)
    return changed(result, bound=1 - kl_inverse(1 - result[4], result[3]))


@PAC_BAYES.mutant(
    caught_by="whatever-is-chosen-afterwards, the-prior-may-not-see-the-samples, the-divergence-is-used-up"
)
def the_choice_is_free(q, D, n, delta, **given):
    """the divergence from the prior left out, as if nothing had been chosen after looking"""
    return pac_bayes(q, 0.0 * D, n, delta, **given)


@PAC_BAYES.mutant(
    caught_by="the-same-sample-twice-is-no-news, a-loss-has-to-be-bounded, the-constant-pays-for-the-mean-exponential"
)
def no_confidence(q, D, n, delta, **given):
    """KL/n alone: no room for chance"""
    result = pac_bayes(q, D, n, delta, **given)
    return changed(
        result, bound=kl_inverse(result[4], D / n), seeger=kl_inverse(result[4], D / n), budget=D / n + 0 * q
    )


@PAC_BAYES.mutant(caught_by="the-constant-pays-for-the-mean-exponential, the-divergence-is-used-up")
def root_of_n(q, D, n, delta, m=0, delta_m=0.01, j=0):
    """√n for 2√n, less than the mean exponential"""
    result = pac_bayes(q, D, n, delta, m, delta_m, j)
    c = result[3] - np.log(2) / n
    return changed(result, bound=kl_inverse(result[4], c), budget=c)


@PAC_BAYES.mutant(caught_by="prices-of-a-list-add-up, equals-definition")
def the_precision_paid_twice(q, D, n, delta, m=0, delta_m=0.01, j=0):
    """the precision b = 100 of a list of widths c·e^(−j/b) paid once more, 2 ln b, although j holds it already"""
    return pac_bayes(q, D + 2 * np.log(100) * (j > 0), n, delta, m, delta_m, j)


@PAC_BAYES.mutant(caught_by="prices-of-a-list-add-up, equals-definition")
def the_list_is_free(q, D, n, delta, m=0, delta_m=0.01, j=0):
    """the best prior of a list taken after looking, without a price"""
    return pac_bayes(q, D, n, delta, m, delta_m, 0)


@PAC_BAYES.mutant(caught_by="draws-are-not-the-risk, one-draw-for-all-counts-once, equals-definition")
def draws_as_exact(q, D, n, delta, m=0, delta_m=0.01, j=0):
    """the estimate from draws sold as the risk"""
    return pac_bayes(q, D, n, delta, 0, delta_m, j)


@PAC_BAYES.mutant(caught_by="one-draw-for-all-counts-once, draws-are-not-the-risk")
def draws_on_all_samples(q, D, n, delta, m=0, delta_m=0.01, j=0):
    """m draws that each judge all n samples counted as m·n"""
    return pac_bayes(q, D, n, delta, m * n, delta_m, j)


@PAC_BAYES.mutant(caught_by="the-divergence-is-used-up, two-closed-forms, equals-definition")
def in_bits(q, D, n, delta, **given):
    """a divergence in bits taken for nats"""
    return pac_bayes(q, D / np.log(2), n, delta, **given)


@PAC_BAYES.mutant(caught_by="the-divergence-is-used-up, digits-are-certified, equals-definition")
def delta_outside_the_logarithm(q, D, n, delta, m=0, delta_m=0.01, j=0):
    """(KL + ln 2√n)/(nδ): the confidence outside of the logarithm"""
    result = pac_bayes(q, D, n, delta, m, delta_m, j)
    c = (D + np.log(2 * np.sqrt(n))) / (n * share_of(delta, j))
    return changed(result, bound=kl_inverse(result[4], c), budget=c)


@PAC_BAYES.mutant(caught_by="the-divergence-is-used-up, two-closed-forms")
def ten_halvings(q, D, n, delta, **given):
    """the inverse by ten halvings of the interval, wrong from the third digit on"""
    result = pac_bayes(q, D, n, delta, **given)
    low, high = result[4], np.ones_like(result[4])
    for _ in range(10):
        middle = (low + high) / 2
        within = kl(result[4], middle) <= result[3]
        low, high = np.where(within, middle, low), np.where(within, high, middle)
    return changed(result, bound=low)


PAC_BAYES.erratum(
    "E220",
    common="The PAC-Bayes bound is below 1, so it is not vacuous (a common slip)",
    why="The inverse of the divergence is below 1 by construction, for labels drawn at random and for any divergence from the prior: nothing has been learnt from that.",
    right="Hold it beside what is known without data: guessing among $k$ classes has the risk $1-1/k$",
    claims="below-one-says-nothing",
)
PAC_BAYES.erratum(
    "E221",
    common="The certificate says how often the trained net is wrong (a common slip)",
    why="It is of a net drawn from the posterior anew for each sample. The vote may be always wrong where draws are wrong in hardly more than half of the cases; of the net with the mean weights the theorem says nothing.",
    right="Predict with drawn weights, or double the bound for the vote",
    claims="the-vote-may-be-worse",
)
PAC_BAYES.erratum(
    "E222",
    common="The empirical risk in the bound is the mean over some nets drawn from the posterior, on all samples (a common slip)",
    why="A mean over draws lies below the risk in about half of the cases where errors are many, and in most where they are rare; and a net that judges all samples is one draw, however many the samples.",
    right=r"Raise the estimate by $\operatorname{kl}^{-1}(\cdot,\frac1m\ln\frac1{\delta_m})$ with the number of independent draws, and take $\delta_m$ from the confidence",
    claims="draws-are-not-the-risk, one-draw-for-all-counts-once",
)
PAC_BAYES.erratum(
    "E223",
    common=r"A prior's width from the list $\lambda_j=c\,e^{-j/b}$ costs $2\ln j+2\ln b$ (code published with a paper: gkdziugaite/pacbayes-opt, pull request 1)",
    why=r"With $j=b\ln(c/\lambda)$ the precision $b$ is in $2\ln j$ already. The bound stays true, and is larger than it need be: the shares of all priors add up to far less than $\delta$.",
    right=r"$2\ln j+\ln\frac{\pi^2}6$, for then $\sum_j\delta_j=\delta$",
    claims="prices-of-a-list-add-up",
)


@PAC_BAYES.figure(
    q=Slider(0.0, 0.5, 0.1, "risk on the samples q"),
    D=Slider(0.1, 3000.0, 20.0, "divergence KL", log=True),
    n=Slider(100, 100000, 1000, "samples n", log=True, integer=True),
)
def figure(q, D, n):
    n = round(n)
    p, seegers, mcallesters, c, _ = pac_bayes(q, D, n, 0.05)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    last = min(0.9999, q + 1.6 * np.sqrt(c / 2))
    grid = np.linspace(q, last, 400)
    left.plot(grid, [kl(q, x) for x in grid], color=COLOURS[0], label=r"$\mathrm{kl}(q\Vert p)$")
    left.plot(grid, 2 * (grid - q) ** 2, color=COLOURS[4], ls="--", label=r"$2(p-q)^2$")
    left.axhline(c, color="0.4", lw=1)
    left.annotate(
        "$c$", (1.0, c), xycoords=("axes fraction", "data"), xytext=(3, 0), textcoords="offset points", va="center"
    )
    left.plot([p], [c], "o", color=COLOURS[1])
    left.vlines(p, 0, c, color=COLOURS[1], lw=1, ls=":")
    left.set(xlabel="true risk p", ylabel="divergence", xlim=(0, last), ylim=(0, 2.4 * c))
    left.legend(fontsize=9.5, loc="best", frameon=False)
    sizes = np.geomspace(100, 100000, 25).astype(int)
    rows = np.array([pac_bayes(q, D, int(k), 0.05)[:3] for k in sizes])
    right.semilogx(sizes, rows[:, 2], color=COLOURS[4], ls="--", label="McAllester")
    right.semilogx(sizes, rows[:, 1], color=COLOURS[2], ls="-.", label="Seeger")
    right.semilogx(sizes, rows[:, 0], color=COLOURS[0], label="Maurer")
    right.axhline(q, color="0.5", lw=1, ls=":", label="$q$")
    right.plot([n], [p], "o", color=COLOURS[1])
    right.set(xlabel="samples n", ylabel="bound", ylim=(0, 1), xlim=(100, 100000))
    right.legend(fontsize=9.5, loc="upper right", frameon=False)
    words = Text(
        f"The risk on the samples is {q:.3g}, the divergence from the prior {D:.3g} nats, n = {n}: the budget is {c:.3g} nats a sample. With 95 % confidence the risk is "
        f"{p:.3f} at most by Maurer's bound, {seegers:.3f} by Seeger's, {min(mcallesters, 1):.3f} by McAllester's.",
        f"样本上的风险为 {q:.3g}，与先验的散度为 {D:.3g} 奈特，n = {n}：每个样本的预算为 {c:.3g} 奈特。置信度 95 % 下，风险按 Maurer 界不超过 {p:.3f}，"
        f"按 Seeger 界不超过 {seegers:.3f}，按 McAllester 界不超过 {min(mcallesters, 1):.3f}。",
    )
    return Drawing(fig, words)
