"""Scaling laws: the loss as a sum of power laws and a floor, fitted, with its errors, and the best split of compute."""

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, near, optimal, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(fit_scaling_law, N, D, L, delta, C):
    from gradus.theory import ScalingLaw, compute_optimal_split

    law = fit_scaling_law(np.stack([N, D], 1), L, delta=delta)
    split = compute_optimal_split(ScalingLaw(law.irreducible, law.coefficients, law.exponents), C)
    terms = np.array([law.irreducible, *law.coefficients])
    return terms, np.array(law.exponents), np.array(law.errors), np.array([split.size, split.tokens])


LAWS = Concept(
    key="scaling-laws",
    kind="definition",
    title="Scaling laws",
    summary="Over many orders of magnitude the loss of a language model falls like a power of its size and of its data, towards a floor. A fit to small runs says what a large "
    "one will reach, and how to divide a budget of compute between parameters and tokens; how much such a statement is worth, its interval says, and "
    "whether the data can tell the terms apart at all.",
    formulas=(
        r"L(N,D)=E+\frac A{N^\alpha}+\frac B{D^\beta},\qquad \min_{E,A,B,\alpha,\beta}\sum_{i=1}^m\rho_\delta(r_i),\quad r_i=\log L(N_i,D_i)-\log L_i",
        r"\rho_\delta(r)=\begin{cases}\tfrac12r^2&\lvert r\rvert\le\delta\\\delta\bigl(\lvert r\rvert-\tfrac12\delta\bigr)&\lvert r\rvert>\delta\end{cases}",
        r"N^*=G\Bigl(\frac C6\Bigr)^a,\quad D^*=\frac1G\Bigl(\frac C6\Bigr)^{1-a},\qquad a=\frac\beta{\alpha+\beta},\quad G=\Bigl(\frac{\alpha A}{\beta B}\Bigr)^{\frac1{\alpha+\beta}}",
        r"\operatorname{se}(\theta_j)=s\sqrt{\bigl((J^{\mathsf T}J)^{-1}\bigr)_{jj}},\qquad s^2=\frac{\sum_i\rho_\delta'(r_i)^2}{(m-5)\,\pi^2},\quad \pi=\frac{\#\{i:\lvert r_i\rvert\le\delta\}}m,\quad J_{ij}=\frac{\partial r_i}{\partial\theta_j}",
    ),
    symbols=(
        Symbol("N", "N", "m", "numbers of parameters, one for each run", "positive"),
        Symbol("D", "D", "m", "numbers of tokens that they were trained on", "positive"),
        Symbol("L_i", "L", "m", "losses that they reached", "positive"),
        Symbol(r"\delta", "delta", "", "size of a logarithm's residual from which on it counts linearly", "positive"),
        Symbol("C", "C", "", "budget: operations of one training, about $6ND$", "positive"),
        Symbol("E", "", "", "the floor: loss that neither size nor data take away", "positive"),
        Symbol("A,\\ B", "", "", "coefficients, in units of the loss times $N^\\alpha$ and $D^\\beta$", "positive"),
        Symbol(r"\alpha,\ \beta", "", "", "exponents"),
        Symbol("r_i", "", "m", "residuals of the logarithms"),
        Symbol(r"\rho_\delta", "", "", "Huber's loss"),
        Symbol(r"\theta", "", "5", r"$(\log E,\log A,\log B,\alpha,\beta)$"),
        Symbol("J", "", "m 5", "derivatives of the residuals"),
        Symbol("s", "", "", r"scatter of the runs about the law, where $\pi=1$"),
        Symbol(r"\pi", "", "", r"share of the residuals up to $\delta$"),
        Symbol("N^*,\\ D^*", "", "", "the best parameters and tokens for a budget"),
        Symbol("a", "", "", "how the best size grows with the budget"),
        Symbol("G", "", "", "a factor"),
    ),
    returns=(
        Result("terms", "3", "$E$, $A$, $B$"),
        Result("exponents", "2", r"$\alpha$, $\beta$"),
        Result("errors", "2", "their standard errors"),
        Result("split", "2", "$N^*$ and $D^*$"),
    ),
    needs=("linear-regression", "newton", "confidence-interval"),
    source="hoffmann2022training",
    year=2020,
    people=("Joel Hestness", "Jared Kaplan", "Jordan Hoffmann", "Tamay Besiroglu"),
    aliases="neural scaling law, Chinchilla, compute-optimal training, compute-optimal split, tokens per parameter, power law of the loss, "
    "irreducible loss, 规模定律, 标度律, 规模法则, 计算最优训练, 幂律拟合, 不可约损失",
    implementations=(
        Implementation(
            "gradus.theory:fit_scaling_law",
            "numpy",
            _ours,
            "with intervals, and `extrapolate`; the split by `compute_optimal_split`",
        ),
    ),
    readings="kaplan2020scaling §1; hoffmann2022training §3.3, appendix D; besiroglu2024chinchilla; bates1988nonlinear",
    hypotheses=(
        Hypothesis("sizes and tokens vary independently over the runs", "one-ratio-cannot-tell"),
        Hypothesis("three different sizes and three amounts of tokens, at least", "two-sizes-cannot-tell"),
        Hypothesis(
            r"standard errors: scatter independent, alike in all runs and small enough that the fit moves linearly with it",
            "errors-are-how-far-the-fit-moves",
        ),
        Hypothesis("one ratio for all budgets: $\\alpha=\\beta$", "the-best-ratio-changes"),
    ),
    conventions=(
        Convention(
            "which parameters $N$ counts",
            "what the user counts",
            "Kaplan et al. leave out the embeddings; Hoffmann et al. count them",
        ),
        Convention(
            "the budget",
            "$C=6ND$: two operations forwards, four backwards, for each parameter and token",
            "with attention's own operations besides, or PF-days",
        ),
        Convention(
            "Huber's $\\delta$",
            "stated; 1.345 robust deviations where the library chooses",
            "0.001 (Hoffmann et al.), smaller than the scatter of their runs: then nearly the sum of sizes",
        ),
    ),
    unverified="The constants of Kaplan et al., Hoffmann et al. and Besiroglu et al. are quoted from their papers; none of their runs was repeated here. That a network's loss follows such a law outside of the runs that were fitted is no theorem; extrapolation rests on it alone.",
    differentiable=False,
    carries_gradient=False,
    longest_sum=4000,
)


@LAWS.definition
def scaling_law(N, D, L, delta, C):
    m = len(L)
    x, y = np.stack([np.log(N), np.log(D)], 1), np.log(L)
    middle = x.mean(0)
    x = x - middle
    if m < 6 or len(N) != m or len(D) != m or min(len(set(N)), len(set(D))) < 3:
        raise ValueError("six runs or more, of three sizes and three amounts of tokens at least")
    if np.linalg.svd(x / np.linalg.norm(x, axis=0))[1][1] < 1e-3:
        raise ValueError("runs in which N and D vary independently")

    def residuals(theta):
        e, a, b, alpha, beta = theta
        z = np.stack([0 * y + e, a - alpha * x[:, 0], b - beta * x[:, 1]])
        terms = np.exp(z)
        p = terms / terms.sum(0)
        J = np.stack([p[0], p[1], p[2], -p[1] * x[:, 0], -p[2] * x[:, 1]], 1)
        return np.log(terms.sum(0)) - y, J

    def loss(theta):
        r = np.abs(residuals(theta)[0])
        return np.where(r <= delta, r**2 / 2, delta * (r - delta / 2)).sum()

    best = np.inf  # a start: exponents of a grid, with the amounts that fit best in relative error
    for alpha in np.geomspace(0.1, 1.0, 5):
        for beta in np.geomspace(0.1, 1.0, 5):
            T = np.stack([0 * y + 1, np.exp(-alpha * x[:, 0]), np.exp(-beta * x[:, 1])], 1)
            amounts = np.linalg.lstsq(T / L[:, None], 0 * y + 1, rcond=None)[0]
            start = np.array([*np.log(np.maximum(amounts, 1e-3 * L.min())), alpha, beta])
            found = loss(start)
            if found < best:
                best, theta = found, start

    def step(theta, damping):
        """Of Gauss and Newton, with weights δ/|r| beyond δ."""
        r, J = residuals(theta)
        root = np.sqrt(np.minimum(1, delta / np.maximum(np.abs(r), 1e-300)))
        length = np.sqrt(damping) * np.linalg.norm(root[:, None] * J, axis=0)
        rows, right = np.concatenate([root[:, None] * J, np.diag(length)]), np.concatenate([root * r, np.zeros(5)])
        return np.linalg.lstsq(rows, right, rcond=None)[0]

    damping, least = 1e-3, loss(theta)
    for _ in range(300):  # shortened until they help, as long as the loss can tell
        s = step(theta, damping)
        new = loss(theta - s)
        if new < least:
            theta, least, damping = theta - s, new, damping / 10
        elif np.abs(s).max() < 1e-8:
            break
        else:
            damping = max(10 * damping, 1e-12)
    for _ in range(30):  # then whole
        theta = theta - step(theta, 0.0)

    r, J = residuals(theta)
    share = (np.abs(r) <= delta).mean()
    s = np.sqrt((np.clip(r, -delta, delta) ** 2).sum() / (m - 5)) / share
    errors = s * np.sqrt(np.diag(np.linalg.inv(J.T @ J)))
    alpha, beta = theta[3:]
    E, A, B = np.exp(theta[0]), np.exp(theta[1] + alpha * middle[0]), np.exp(theta[2] + beta * middle[1])
    G, a = (alpha * A / (beta * B)) ** (1 / (alpha + beta)), beta / (alpha + beta)
    split = np.array([G * (C / 6) ** a, (C / 6) ** (1 - a) / G])
    return np.array([E, A, B]), np.array([alpha, beta]), errors[3:], split


PLAIN = (1.8, 480.0, 2000.0, 0.35, 0.37)
STEEP = (0.4, 3e4, 60.0, 0.6, 0.25)
PRINTED = (1.69, 406.4, 410.7, 0.34, 0.28)  # Hoffmann et al., equation 10
UNROUNDED = (
    np.exp(0.5267228),
    np.exp(6.0073404),
    np.exp(6.0179186),
    0.33917084,
    0.2849083,
)  # the same in their TeX source
REPLICATED = (1.8172, 482.01, 2085.43, 0.3478, 0.3658)  # Besiroglu et al.
LARGEST = 5.76e23  # Chinchilla's own budget


def losses(law, N, D):
    """By a law (E, A, B, α, β)."""
    E, A, B, alpha, beta = law
    return E + A / N**alpha + B / D**beta


def grid(sizes=4, span=300.0):
    """Sizes and tokens, each with each."""
    n, d = np.geomspace(1e6, 1e6 * span, sizes), np.geomspace(1e8, 1e8 * span, sizes)
    return np.repeat(n, sizes), np.tile(d, sizes)


def runs(rng, law, scatter, sizes=4, span=300.0):
    """The runs of a grid, with losses whose logarithms scatter about a law."""
    N, D = grid(sizes, span)
    return N, D, losses(law, N, D) * np.exp(scatter * rng.standard_normal(len(N)))


@LAWS.example
def example():
    n, d = np.array([1e4, 1e6, 1e8]), np.array([1e6, 1e8, 1e10])
    N, D = np.repeat(n, 3), np.tile(d, 3)
    law = (2.0, 10.0, 1000.0, 0.25, 0.5)
    L = losses(law, N, D)
    delta, C = 0.01, 6e14
    terms, exponents, _, split = scaling_law(N, D, L, delta, C)
    grown = scaling_law(N, D, L, delta, 64 * C)[3]
    best = losses(law, *split)
    return dict(N=N, D=D, L=L, delta=delta, C=C) | dict(
        smallest=L[0],
        largest=L[-1],
        hundredth=0.01,
        both=0.75,
        AA=0.25 * 10,
        BB=0.5 * 1000,
        E=terms[0],
        A=terms[1],
        B=terms[2],
        alpha=exponents[0],
        beta=exponents[1],
        a=exponents[1] / exponents.sum(),
        G=(0.25 * 10 / (0.5 * 1000)) ** (4 / 3),
        size=split[0],
        tokens=split[1],
        best=best,
        more=grown[0] / split[0],
        less=grown[1] / split[1],
    )


@LAWS.exercise
def sixteen_times_the_budget():
    return number(16 ** (0.25 / (0.5 + 0.25)), other_exponent=16 ** (0.5 / 0.75), half=4.0, all_of_it=16.0)


@LAWS.exercise
def slope_on_paper():
    return number(0.3 * 0.5 / 2.5, no_floor=0.3, share_of_the_floor=0.3 * 2 / 2.5)


@LAWS.exercise
def which_runs():
    N, D = grid(4)
    L = losses(PLAIN, N, D) * np.exp(0.005 * np.random.default_rng(0).standard_normal(16))
    wide = scaling_law(N, D, L, 1.0, 1e21)[2]
    M = np.geomspace(1e6, 3e8, 16)
    ray = M * 20 * np.tile([0.95, 1.05], 8)
    along = scaling_law(M, ray, losses(PLAIN, M, ray) * L / losses(PLAIN, N, D), 1.0, 1e21)[2]
    return choice(grid=wide.max() < along.max(), ray=along.max() < wide.max())


@LAWS.cases
def cases(rng):
    def of(law, scatter, delta, C=1e21, **given):
        N, D, L = runs(rng, law, scatter, **given)
        return dict(N=N, D=D, L=L, delta=delta, C=C)

    yield "a grid of runs", of(PLAIN, 0.003, 0.01)
    yield "other exponents", of(STEEP, 0.003, 0.005, 1e20)
    bad = of(PLAIN, 0.002, 0.004, 1e24)
    yield "a bad run", bad | dict(L=bad["L"] * np.where(np.arange(16) == 5, 1.3, 1.0))


@LAWS.invalid
def invalid(rng):
    N, D, L = runs(rng, PLAIN, 0.003)
    given = dict(N=N, D=D, L=L, delta=0.01, C=1e21)
    yield "tokens in one ratio to the parameters", given | dict(D=20 * N)
    yield "two sizes only", given | dict(N=np.repeat([1e6, 1e8], 8))
    yield "fewer runs than numbers to fit", {k: v[:5] if np.ndim(v) else v for k, v in given.items()}
    yield "a loss for another number of runs", given | dict(L=L[:-1])


def of(law, N, D, L, delta=0.01, C=1e21):
    """E, A, B, α, β; the standard errors; the split."""
    terms, exponents, errors, split = (np.asarray(v, float) for v in law(N, D, L, delta, C))
    return np.concatenate([terms, exponents]), errors, split


def slopes(theta, N, D):
    """Derivatives of the logarithm of the law by (log E, log A, log B, α, β), by differences."""
    point, columns = np.concatenate([np.log(theta[:3]), theta[3:]]), []
    for j in range(5):
        two = []
        for sign in (1, -1):
            moved = point + sign * 1e-6 * np.eye(5)[j]
            two.append(np.log(losses((*np.exp(moved[:3]), *moved[3:]), N, D)))
        columns.append((two[0] - two[1]) / 2e-6)
    return np.stack(columns, 1)


@LAWS.claim
def planted_law_recovered(law, rng):
    r"""Losses that follow a law exactly give it back, from 16 runs: each of four sizes from $10^6$ to $3\cdot10^8$ with each of four amounts of data from $10^8$ to $3\cdot10^{10}$ (the grid of this page).
    Its first law has $(E,A,B,\alpha,\beta)=(1.8,480,2000,0.35,0.37)$, its second $(0.4,30000,60,0.6,0.25)$"""
    N, D = grid()
    for planted in (PLAIN, STEEP):
        yield roundoff(of(law, N, D, losses(planted, N, D))[0] / planted, np.ones(5), terms=20_000)


@LAWS.claim
def no_step_improves_it(law, rng):
    r"""For the first law with a scatter of 0.5 % the derivatives of $\sum_i\rho_\delta(r_i)$ vanish at the fit, for $\delta=0.1$, 0.005 and 0.003, above, at and below the scatter"""
    for delta in (0.1, 0.005, 0.003):
        N, D, L = runs(rng, PLAIN, 0.005)
        theta = of(law, N, D, L, delta)[0]
        r = np.log(losses(theta, N, D)) - np.log(L)
        J = slopes(theta, N, D)
        psi = np.clip(r, -delta, delta)
        cosine = np.abs(J.T @ psi) / np.linalg.norm(J, axis=0) / np.linalg.norm(psi)
        yield optimal(cosine.max(), 1e-6, Text("the differences' own error", "差商自身的误差"))


@LAWS.claim
def a_bad_run_counts_by_its_side(law, rng):
    r"""First law, grid, residuals up to 0.2 %: whichever run's loss is half as much again or three times what it should be, the fit changes by the same, which is little: at $\delta=0.002$ the exponents stay within 0.02 of the
    planted ones; by least squares ($\delta$ above all residuals) one moves by more than 0.05"""
    N, D = grid()
    right = losses(PLAIN, N, D) * np.exp(0.002 * np.sin(3.0 * np.arange(16)))
    which = rng.integers(16)
    bad = [right * np.where(np.arange(16) == which, factor, 1.0) for factor in (1.5, 3.0)]
    one, other = (of(law, N, D, L, 0.002)[0] for L in bad)
    yield invariance(one / other, np.ones(5), terms=20_000)
    yield bound(np.abs(one[3:] - PLAIN[3:]).max(), 0.02, "≤", Text("the stated number", "所述的数"))
    squares = of(law, N, D, bad[0], 10.0)[0]
    yield bound(np.abs(squares[3:] - PLAIN[3:]).max(), 0.05, "≥", Text("the stated number", "所述的数"))


@LAWS.claim
def errors_are_how_far_the_fit_moves(law, rng):
    r"""Least squares, first law, scatter 0.1 %: if the logarithms of the losses move by $h\,J(J^{\mathsf T}J)^{-1}e_j$, the exponent moves by $h\,(\mathrm{se}_j/s)^2$, to 3 %; and $\mathrm{se}_j$ is the root of
    $s^2\bigl((J^{\mathsf T}J)^{-1}\bigr)_{jj}$"""
    N, D, L = runs(rng, PLAIN, 0.001)
    theta, errors, _ = of(law, N, D, L, 10.0)
    J = slopes(theta, N, D)
    inverse = np.linalg.inv(J.T @ J)
    r = np.log(losses(theta, N, D)) - np.log(L)
    s = np.sqrt(r @ r / 11)
    yield near(
        np.abs(errors / (s * np.sqrt(np.diag(inverse)[3:])) - 1).max(),
        0.0,
        1e-4,
        Text("the differences' own error", "差商自身的误差"),
    )
    for j in (0, 1):
        push = J @ inverse[:, 3 + j]
        h = 1e-3 / np.abs(push).max()
        up, down = (of(law, N, D, L * np.exp(sign * h * push), 10.0)[0] for sign in (1, -1))
        yield near(
            (up - down)[3 + j] / (2 * h) / (errors[j] / s) ** 2,
            1.0,
            0.03,
            Text("the residuals' part in the second derivative", "二阶导数中残差的部分"),
        )


@LAWS.claim(cost="slow")
def intervals_cover(law, rng):
    r"""Least squares, first law, independent normal scatter of 0.5 %, grid: $\hat\alpha\pm t_{11}\,\mathrm{se}$, with the 97.5 % point of Student's law with 11 degrees of freedom, contains the planted exponent in about 95 of 100 cases; se is on average how far the estimates scatter, within a third"""
    hits, found, said = [], [], []
    for _ in range(100):
        theta, errors, _ = of(law, *runs(rng, PLAIN, 0.005), 10.0)
        hits.append(np.abs(theta[3] - PLAIN[3]) <= 2.201 * errors[0])
        found.append(float(theta[3]))
        said.append(float(errors[0]))
    why = Text("a spread of 100 is known to 7 percent, five times that", "100 次的离散程度精确到 7%，取其五倍")
    yield near(np.mean(said) / np.std(found), 1.0, 0.35, why)
    yield statistical(np.mean(hits), 0.95, np.sqrt(0.95 * 0.05 / 100))


@LAWS.claim
def best_split_of_a_budget(law, rng):
    r"""$6N^*D^*=C$; along the budget the loss is least there, where both terms fall equally fast, $\alpha A/N^{*\alpha}=\beta B/D^{*\beta}$; and a hundredfold budget multiplies $N^*$ by $100^a$"""
    N, D = grid()
    for planted in (PLAIN, STEEP):
        L = losses(planted, N, D)
        _, A, B, alpha, beta = planted
        n, d = of(law, N, D, L, C=1e20)[2]
        yield roundoff(6 * n * d / 1e20, 1.0, terms=20_000)
        least = losses(planted, n, d)
        yield bound(min(losses(planted, n * f, d / f) for f in (0.95, 1.05)) / least, 1 + 1e-6, "≥")
        yield roundoff(alpha * A / n**alpha / (beta * B / d**beta), 1.0, terms=20_000)
        more = of(law, N, D, L, C=1e22)[2]
        yield roundoff(np.log(more[0] / n) / np.log(100), beta / (alpha + beta), terms=20_000)


@LAWS.claim
def the_best_ratio_changes(law, rng):
    r"""$D^*/N^*$ grows like $C^{(\alpha-\beta)/(\alpha+\beta)}$: twenty tokens for each parameter at all budgets only where $\alpha=\beta$"""
    N, D = grid()
    for planted in (STEEP, (1.8, 480.0, 2000.0, 0.35, 0.35)):
        alpha, beta = planted[3:]
        small, large = (of(law, N, D, losses(planted, N, D), C=C)[2] for C in (1e18, 1e24))
        growth = np.log(large[1] / large[0] / (small[1] / small[0])) / np.log(1e6)
        yield roundoff(growth, (alpha - beta) / (alpha + beta), terms=40_000, scale=1.0)


@LAWS.claim
def two_printed_digits_are_too_few(law, rng):
    r"""At $C=5.76\cdot10^{23}$ the law that Hoffmann et al. print ($\alpha=0.34$, $\beta=0.28$) asks for 93 tokens a parameter and has $a=0.452$; the same law with all digits of their source
    asks for 59 and has $a=0.457$; that of Besiroglu et al. asks for 18 and has $a=0.513$. The model itself had 20"""
    N, D = grid(span=1e4)
    for planted, tokens, a in ((PRINTED, 92.6, 0.4516), (UNROUNDED, 58.9, 0.4565), (REPLICATED, 18.4, 0.5126)):
        theta, _, (n, d) = of(law, N, D, losses(planted, N, D), C=LARGEST)
        yield near(d / n, tokens, 0.06, Text("half a digit of what is stated", "所述末位的一半"))
        yield near(theta[4] / (theta[3] + theta[4]), a, 6e-5, Text("half a digit of what is stated", "所述末位的一半"))


@LAWS.claim
def too_narrow_by_ten(law, rng):
    r"""400 runs, each of 20 sizes from 0.07 to 16 billion parameters with each of 20 amounts from 5 to 500 billion tokens, losses by the law of Hoffmann et al. with a scatter of 0.5 %: the standard error of $\alpha$ is between 0.003 and 0.006, and that of $a$, by the same matrix, above 0.003. From the 10th to the 90th
    percentile $a$ would spread by 0.008 or more; Hoffmann et al. print 0.454 to 0.455"""
    N, D = np.repeat(np.geomspace(7e7, 1.6e10, 20), 20), np.tile(np.geomspace(5e9, 5e11, 20), 20)
    L = losses(UNROUNDED, N, D) * np.exp(0.005 * rng.standard_normal(400))
    theta, errors, _ = of(law, N, D, L, 10.0, LARGEST)
    alpha, beta = theta[3:]
    inverse = np.linalg.inv((lambda J: J.T @ J)(slopes(theta, N, D)))
    turn = np.array([0, 0, 0, -beta, alpha]) / (alpha + beta) ** 2
    se = errors[0] * np.sqrt(turn @ inverse @ turn / inverse[3, 3])
    why = Text("the stated number", "所述的数")
    yield bound(errors[0], 0.003, "≥", why)
    yield bound(errors[0], 0.006, "≤", why)
    yield bound(se, 0.003, "≥", why)
    yield bound(2 * 1.2816 * se / 0.001, 8.0, "≥", why)


@LAWS.claim
def one_ratio_cannot_tell(law, rng):
    r"""First law, scatter 0.01 %, 16 runs with $D$ within 5 % of $20N$: the standard errors are more than five times those of the grid over the same sizes"""
    N, D, L = runs(rng, PLAIN, 0.0001)
    M = np.geomspace(1e6, 3e8, 16)
    ray = 20 * M * np.tile([0.95, 1.05, 1.05, 0.95], 4)
    along = of(law, M, ray, losses(PLAIN, M, ray) * L / losses(PLAIN, N, D), 10.0)[1]
    yield bound((along / of(law, N, D, L, 10.0)[1]).min(), 5.0, "≥", Text("the stated number", "所述的数"))


@LAWS.claim
def two_sizes_cannot_tell(law, rng):
    r"""A floor and a power have three numbers, so two sizes say nothing of $\alpha$. First law, scatter 0.01 %, the grid with its four sizes moved to within 5 % of the smallest and of the largest: the standard error of $\alpha$ is more than ten times that of the grid,
    and that of $\beta$ within 20 % of it"""
    N, D, L = runs(rng, PLAIN, 0.0001)
    M = np.repeat([1e6, 1.05e6, 3e8 / 1.05, 3e8], 4)
    pairs = of(law, M, D, losses(PLAIN, M, D) * L / losses(PLAIN, N, D), 10.0)[1]
    ratio = pairs / of(law, N, D, L, 10.0)[1]
    yield bound(ratio[0], 10.0, "≥", Text("the stated number", "所述的数"))
    yield near(ratio[1], 1.0, 0.2, Text("the stated number", "所述的数"))


@LAWS.claim
def a_floor_bends_the_line(law, rng):
    r"""On double-logarithmic paper the slope is not the exponent: at fixed $D$ it is $-\alpha$ times the share that $A/N^\alpha$ has in the loss. For the first law the steepest slope between neighbouring sizes of
    the grid's largest $D$ is below $0.7\,\alpha$, and the fit finds $\alpha$"""
    N, D = grid()
    L = losses(PLAIN, N, D)
    last = D.max() == D
    steepest = np.max(-np.diff(np.log(L[last])) / np.diff(np.log(N[last])))
    theta = of(law, N, D, L)[0]
    found = theta[3]
    slope = np.log(losses(PLAIN, 1.001 * N, D) / losses(PLAIN, N / 1.001, D)) / (2 * np.log(1.001))
    share = theta[1] / N**found / L
    yield near(
        np.abs(slope / (-found * share) - 1).max(), 0.0, 1e-6, Text("the differences' own error", "差商自身的误差")
    )
    yield bound(steepest / found, 0.7, "≤", Text("the stated number", "所述的数"))
    yield roundoff(found, PLAIN[3], terms=20_000)


@LAWS.claim
def units_do_not_matter(law, rng):
    r"""Sizes in millions turn $A$ into $10^{-6\alpha}A$, losses in bits multiply $E$, $A$ and $B$ by $1/\ln2$; exponents and their errors stay, whatever the order of the runs"""
    N, D, L = runs(rng, PLAIN, 0.004)
    theta, errors, _ = of(law, N, D, L)
    order = rng.permutation(16)
    other, same, _ = of(law, N[order] / 1e6, D[order], L[order] / np.log(2))
    factor = np.array([1, 10 ** (-6 * theta[3]), 1]) / np.log(2)
    yield invariance(other[:3] / (factor * theta[:3]), np.ones(3), terms=40_000)
    yield invariance(other[3:], theta[3:], terms=40_000)
    yield invariance(same / errors, np.ones(2), terms=40_000)


def changed(found, **given):
    """The definition's results, some of them replaced."""
    names = ("terms", "exponents", "errors", "split")
    return tuple(given.get(n, v) for n, v in zip(names, found, strict=True))


def amounts(N, D, L, alpha, beta):
    """E, A, B that fit best in relative error at given exponents."""
    T = np.stack([np.ones(len(L)), N**-alpha, D**-beta], 1) / L[:, None]
    size = np.linalg.norm(T, axis=0)
    return np.linalg.lstsq(T / size, np.ones(len(L)), rcond=None)[0] / size


def split_of(terms, exponents, C):
    (_, A, B), (alpha, beta) = terms, exponents
    G, a = (alpha * np.abs(A) / (beta * np.abs(B))) ** (1 / (alpha + beta)), beta / (alpha + beta)
    return np.array([G * (C / 6) ** a, (C / 6) ** (1 - a) / G])


def refitted(N, D, L, found, C, alpha, beta):
    terms = amounts(N, D, L, alpha, beta)
    return changed(found, terms=terms, exponents=np.array([alpha, beta]), split=split_of(terms, (alpha, beta), C))


@LAWS.mutant(caught_by="a-bad-run-counts-by-its-side, no-step-improves-it")
def least_squares(N, D, L, delta, C):
    """least squares: a bad run pulls as hard as it is bad"""
    return scaling_law(N, D, L, 10.0, C)


@LAWS.mutant(caught_by="planted-law-recovered, a-floor-bends-the-line")
def without_a_floor(N, D, L, delta, C):
    """no floor: the slopes of the logarithms for the exponents"""
    T = np.stack([np.ones(len(L)), -np.log(N), -np.log(D)], 1)
    c, alpha, beta = np.linalg.lstsq(T, np.log(L), rcond=None)[0]
    terms = np.array([0.0, np.exp(c) / 2, np.exp(c) / 2])
    return changed(scaling_law(N, D, L, delta, C), terms=terms, exponents=np.array([alpha, beta]))


@LAWS.mutant(caught_by="two-printed-digits-are-too-few, no-step-improves-it")
def exponents_of_two_digits(N, D, L, delta, C):
    """the exponents rounded to two digits before they are used"""
    found = scaling_law(N, D, L, delta, C)
    return refitted(N, D, L, found, C, *np.round(found[1], 2))


@LAWS.mutant(caught_by="planted-law-recovered, no-step-improves-it")
def stopped_early(N, D, L, delta, C):
    """stopped before the minimum: a twentieth of the way back to where it started"""
    found = scaling_law(N, D, L, delta, C)
    alpha, beta = found[1]
    return refitted(N, D, L, found, C, 0.95 * alpha + 0.05 * 0.5, 0.95 * beta + 0.05 * 0.5)


@LAWS.mutant(caught_by="planted-law-recovered")
def one_exponent(N, D, L, delta, C):
    """one exponent for both"""
    found = scaling_law(N, D, L, delta, C)
    return refitted(N, D, L, found, C, found[1].mean(), found[1].mean())


@LAWS.mutant(caught_by="planted-law-recovered, units-do-not-matter")
def a_known_floor(N, D, L, delta, C):
    """the floor of another data set, 1.69, taken over"""
    found = scaling_law(N, D, L, delta, C)
    return changed(found, terms=np.array([1.69, *found[0][1:]]))


@LAWS.mutant(caught_by="best-split-of-a-budget, two-printed-digits-are-too-few")
def exponents_exchanged(N, D, L, delta, C):
    """the budget's exponents exchanged: α/(α + β) for N"""
    found = scaling_law(N, D, L, delta, C)
    (n, d), a = found[3], found[1][1] / found[1].sum()
    return changed(found, split=np.array([n * (C / 6) ** (1 - 2 * a), d * (C / 6) ** (2 * a - 1)]))


@LAWS.mutant(caught_by="best-split-of-a-budget")
def one_operation_each(N, D, L, delta, C):
    """C = ND"""
    return scaling_law(N, D, L, delta, 6 * C)


@LAWS.mutant(caught_by="the-best-ratio-changes, best-split-of-a-budget")
def twenty_tokens_each(N, D, L, delta, C):
    """twenty tokens for each parameter, whatever the law"""
    n = np.sqrt(C / 120)
    return changed(scaling_law(N, D, L, delta, C), split=np.array([n, 20 * n]))


@LAWS.mutant(
    caught_by="errors-are-how-far-the-fit-moves, one-ratio-cannot-tell, two-sizes-cannot-tell, intervals-cover"
)
def errors_one_by_one(N, D, L, delta, C):
    """the errors as if all other numbers were known: s over the length of the column"""
    found = scaling_law(N, D, L, delta, C)
    theta = np.concatenate(found[:2])
    J = slopes(theta, N, D)
    r = np.clip(np.log(losses(theta, N, D)) - np.log(L), -delta, delta)
    s = np.sqrt(r @ r / (len(L) - 5))
    return changed(found, errors=s / np.linalg.norm(J, axis=0)[3:])


@LAWS.mutant(caught_by="errors-are-how-far-the-fit-moves, too-narrow-by-ten, intervals-cover")
def errors_over_the_root_again(N, D, L, delta, C):
    """the errors divided by the root of the number of runs once more"""
    found = scaling_law(N, D, L, delta, C)
    return changed(found, errors=found[2] / np.sqrt(len(L)))


@LAWS.mutant(caught_by="errors-are-how-far-the-fit-moves, equals-definition")
def squares_of_the_errors(N, D, L, delta, C):
    """variances for standard errors"""
    found = scaling_law(N, D, L, delta, C)
    return changed(found, errors=found[2] ** 2)


LAWS.erratum(
    "E277",
    common="Chinchilla's law: twenty tokens for each parameter (met nearly everywhere)",
    why=r"By the law that Hoffmann et al. print, 93 at their own budget of $5.76\cdot10^{23}$ and more for larger ones, for $\alpha>\beta$; by the refit of Besiroglu et al., with $\alpha<\beta$, 18 there and fewer for larger ones.",
    right="A number for one budget and one set of data; constant only where the exponents are equal, as the first two methods of Hoffmann et al. find nearly",
    claims="two-printed-digits-are-too-few, the-best-ratio-changes",
)
LAWS.erratum(
    "E278",
    common=r"The exponent $a$ lies between 0.454 and 0.455 (Hoffmann et al., table 2, third method, 10th and 90th percentile)",
    why="With 400 runs of a grid over the same ranges that scatter by 0.5 % the percentiles are 0.008 apart or more. The optimiser had stopped before the minimum (Besiroglu et al.), so that all resampled fits stayed together.",
    right="Fit until the derivatives vanish, and hold the interval against the scatter of the runs",
    claims="too-narrow-by-ten, no-step-improves-it",
)
LAWS.erratum(
    "E279",
    common="The exponent of a scaling law is the slope on double-logarithmic paper (a common slip)",
    why=r"With $E=1.8$ and $\alpha=0.35$ the steepest slope between neighbouring sizes of the grid, at its largest $D$, is below $0.7\,\alpha$, and as $N$ grows it falls towards 0.",
    right=r"At fixed $D$, the slope of the logarithm of $L-E-B/D^\beta$, with the sign changed; what is taken off is fitted together with it",
    claims="a-floor-bends-the-line",
)


@LAWS.figure(
    scatter=Slider(0.0, 0.05, 0.01, "scatter of the losses"),
    span=Slider(10.0, 1000.0, 100.0, "largest over smallest size", log=True),
    budget=Slider(1e17, 1e23, 1e21, "budget C", log=True),
)
def figure(scatter, span, budget):
    rng = np.random.default_rng(2)
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.5)
    far = np.geomspace(1e6, 1e10, 60)
    N, D, _ = runs(rng, PLAIN, 0.0, 5, span)
    ends = []
    for draw in range(12):
        L = losses(PLAIN, N, D) * np.exp(scatter * rng.standard_normal(25))
        terms, exponents, errors, split = scaling_law(N, D, L, max(2 * scatter, 1e-3), budget)
        curve = losses((*terms, *exponents), far, 100 * far)
        left.loglog(far, curve, color=COLOURS[5], lw=0.9, label="fits to other draws" if draw == 1 else None)
        ends.append((curve[-1], split[0]))
        if draw == 0:
            first, se = exponents, errors
            left.loglog(N, L, "o", color=COLOURS[1], ms=3, label="runs")
    left.loglog(far, losses(PLAIN, far, 100 * far), color=COLOURS[0], lw=2, label="law, D = 100 N")
    left.axhline(PLAIN[0], color="0.5", lw=0.9, ls=":")
    left.set(xlabel="parameters N", ylabel="loss", xlim=(7e5, 1e10), ylim=(1.5, 12), yticks=[2, 3, 5, 10])
    left.set_yticklabels(["2", "3", "5", "10"])
    left.minorticks_off()
    left.legend(fontsize=9, frameon=False)
    best = split_of(PLAIN[:3], PLAIN[3:], budget)
    factor = np.geomspace(0.03, 30, 60)
    right.semilogx(
        best[0] * factor,
        losses(PLAIN, best[0] * factor, best[1] / factor),
        color=COLOURS[0],
        lw=2,
        label="law along the budget",
    )
    right.plot([best[0]], [losses(PLAIN, *best)], "o", color=COLOURS[0], ms=7)
    for i, (_, n) in enumerate(ends):
        right.axvline(n, ymax=0.74, color=COLOURS[5], lw=0.9, label="best N of the fits" if i == 0 else None)
    right.set(xlabel="parameters N", ylabel="loss for the budget", xlim=(best[0] * 0.03, best[0] * 30))
    right.legend(fontsize=9, frameon=False, loc="upper center")
    low, high = min(e[0] for e in ends), max(e[0] for e in ends)
    n_low, n_high = min(e[1] for e in ends), max(e[1] for e in ends)
    words = Text(
        f"25 runs over a factor of {span:.3g} in size and in data, scatter {100 * scatter:.2g} %: the first fit finds α = {first[0]:.3f} ± {se[0]:.2g}, β = {first[1]:.3f} ± {se[1]:.2g}, where 0.35 and 0.37 were planted. At ten billion "
        f"parameters twelve such fits say from {low:.3f} to {high:.3f}. For the budget {budget:.2g} the law's best size is {best[0]:.3g}; the fits say from {n_low:.3g} to {n_high:.3g}. Dotted: the floor.",
        f"25 次运行，规模与数据各跨 {span:.3g} 倍，波动 {100 * scatter:.2g} %：第一次拟合得 α = {first[0]:.3f} ± {se[0]:.2g}，β = {first[1]:.3f} ± {se[1]:.2g}，真值为 0.35 与 0.37。在一百亿参数处，"
        f"十二次这样的拟合给出 {low:.3f} 到 {high:.3f}。预算为 {budget:.2g} 时，定律的最优规模为 {best[0]:.3g}；各次拟合给出 {n_low:.3g} 到 {n_high:.3g}。点线：下限。",
    )
    return Drawing(fig, words)
