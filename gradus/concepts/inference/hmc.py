"""Hamiltonian Monte Carlo: proposals far away that are nearly always taken, by the motion of a particle over −ln π."""

import functools
import math

import numpy as np

from gradus.frameworks import like, namespace
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text, generic
from gradus.page.evidence import bound, identical, invariance, near, rate, roundoff, statistical
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _ours(step, log_density, gradient, q, xi, u, Sigma, epsilon, steps):
    return step(log_density, gradient, q, xi, q.sum(-1) * 0 + u, Sigma, step=float(epsilon), steps=int(steps))


HMC = Concept(
    key="hmc",
    kind="algorithm",
    title="Hamiltonian Monte Carlo",
    summary=r"A point of the target is given a push, and rolls over the landscape $-\ln\pi$ like a ball without friction. Energy is kept but for the error of the steps, so that the "
    "end of a long way is taken with a probability near 1. Steps that are reversible and keep the volume, and that choice at the end, keep the target exactly, whatever the size of the error. How large "
    "they may be is a question of the narrowest direction, and the no-U-turn sampler asks the trajectory itself how long it should be.",
    formulas=(
        r"H(q,p)=-\ln\pi(q)+\tfrac12p^{\mathsf T}\Sigma p,\qquad \Sigma=M^{-1}=LL^{\mathsf T},\quad p=L^{-\mathsf T}\xi",
        r"p\gets p+\tfrac\varepsilon2\nabla\ln\pi(q),\qquad q\gets q+\varepsilon\Sigma p,\qquad p\gets p+\tfrac\varepsilon2\nabla\ln\pi(q)\qquad(n\text{ times})",
        r"\Delta H=H(q^*,p^*)-H(q,p),\qquad \alpha=\min(1,e^{-\Delta H}),\qquad q'=\begin{cases}q^*&u<\alpha\\q&\text{else}\end{cases}",
        r"\pi=\mathcal N(0,\Sigma):\qquad q^*=\cos(n\theta)\,q+\frac{\sin(n\theta)}{\sqrt{1-\varepsilon^2/4}}L\xi,\qquad\cos\theta=1-\tfrac{\varepsilon^2}2,\qquad\varepsilon<2",
    ),
    symbols=(
        Symbol(
            r"\ln\pi",
            "log_density",
            "function",
            "logarithm of the target's density, up to a constant; of points (… d)",
            "function",
        ),
        Symbol(r"\nabla\ln\pi", "gradient", "function", "its gradient (… d)", "function"),
        Symbol("q", "q", "... d", "where the chain is"),
        Symbol(r"\xi", "xi", "... d", "independent standard normal numbers, of which the momentum is made"),
        Symbol("u", "u", "...", "uniform on $[0,1)$", "unit"),
        Symbol(
            r"\Sigma",
            "Sigma",
            "d d",
            r"metric, $M^{-1}$, positive definite: the inverse of the mass matrix; best near the covariance of the target",
        ),
        Symbol(r"\varepsilon", "epsilon", "", "size of the steps", "positive"),
        Symbol("n", "steps", "", "number of leapfrog steps", "natural"),
        Symbol("p", "", "... d", "momentum"),
        Symbol("q^*,\\ p^*", "", "... d", "end of the trajectory"),
        Symbol("q'", "", "... d", "where the chain is afterwards"),
        Symbol("H,\\ \\Delta H", "", "...", "energy, and what the steps made of it"),
        Symbol(
            r"\alpha",
            "",
            "...",
            r"probability with which the end is taken; 0 where it has no density, or none that is a number",
            "unit",
        ),
        Symbol("M,\\ L", "", "d d", r"mass matrix $\Sigma^{-1}$, and Cholesky factor of $\Sigma$"),
        Symbol(r"\theta", "", "", "angle by which a step turns"),
        Symbol("d", "", "", "dimension", "natural"),
    ),
    returns=(
        Result("position", "... d", "$q'$"),
        Result("proposed", "... d", "$q^*$"),
        Result("momentum", "... d", "$-p^*$: turned round"),
        Result("energy_error", "...", r"$\Delta H$"),
        Result("probability", "...", r"$\alpha$"),
    ),
    needs=("metropolis", "gradient"),
    source="duane1987hybrid",
    year=1987,
    people=(
        "Simon Duane",
        "Anthony Kennedy",
        "Brian Pendleton",
        "Duncan Roweth",
        "Radford M. Neal",
        "Matthew Hoffman",
        "Andrew Gelman",
    ),
    aliases="HMC, Hybrid Monte Carlo, NUTS, no-U-turn sampler, leapfrog, leapfrog integrator, ChEES, divergent transitions, mass matrix, "
    "混合蒙特卡洛, 蛙跳法, 蛙跳积分, 无折返采样, 发散, 质量矩阵",
    implementations=(
        Implementation(
            "gradus.inference:hamiltonian_step",
            "torch",
            _ours,
            'the chains: `gradus.inference.sample(log_density, start, method="nuts")` or `"hmc"`, whose leapfrog this is',
        ),
    ),
    readings="duane1987hybrid; neal2011mcmc; hoffman2014nuts; betancourt2017conceptual; hoffman2021adaptive",
    hypotheses=(
        Hypothesis(
            "the end is taken or refused by the energy: else the steps' error stays in the draws",
            "without-the-choice-it-is-another-target",
        ),
        Hypothesis(
            r"stable: $\varepsilon\omega<2$ for each frequency $\omega$, the roots of the eigenvalues of $\Sigma A$ where the target is normal with precision $A$",
            "twice-the-frequency-is-the-limit",
        ),
        Hypothesis(
            "every place is reached: the length of the trajectory is in step with no period",
            "a-whole-turn-goes-nowhere",
        ),
        Hypothesis(
            "one step size fits everywhere: else there are regions that are hardly ever left, nor entered",
            "what-is-not-left-is-not-entered",
        ),
    ),
    conventions=(
        Convention(
            "the metric",
            r"$\Sigma=M^{-1}$, to be near the covariance of the target; Stan's `inv_metric` and BlackJAX's `inverse_mass_matrix`, too",
            r"the mass matrix $M$, to be near the precision (Neal)",
        ),
        Convention(
            "the momentum at the end",
            "turned round, which makes the proposal its own inverse",
            "left as it is, where it is drawn anew and nobody looks at it",
        ),
        Convention(
            "the length",
            r"a number of steps $n$",
            r"a time $n\varepsilon$, drawn anew for each trajectory (jittered), or found by doubling (NUTS)",
        ),
    ),
    deviations=(
        r"Where a trajectory leaves the finite numbers, the definition gives what came out, ∞ or NaN; the implementation gives the start as its end, with $-p$ and $\Delta H=\infty$. "
        r"A density that is NaN makes $\Delta H$ NaN in the definition and ∞ in the implementation. In all these cases $\alpha=0$ for both.",
        "The implementation refuses a start without density.",
    ),
    unverified="That the acceptance best for the cost tends to 65 % in many dimensions is a theorem of Beskos, Pillai, Roberts, Sanz-Serna and Stuart for targets of independent, like factors; "
    "0.8, the usual goal, is a rule of thumb.",
    differentiable=False,
    carries_gradient=False,
    longest_sum=4096,
)


@HMC.definition
def hmc(log_density, gradient, q, xi, u, Sigma, epsilon, steps):
    if not epsilon > 0 or steps < 1 or not ((u >= 0) & (u < 1)).all():
        raise ValueError("epsilon > 0, steps ≥ 1, u in [0, 1)")
    if abs(Sigma - Sigma.T).max() > 1e-4 * abs(Sigma).max():
        raise ValueError("Sigma must be symmetric")
    L = np.linalg.cholesky(Sigma)  # refuses what is not positive definite
    p = np.linalg.solve(L.T, xi[..., None])[..., 0]
    H = -log_density(q) + (p @ Sigma * p).sum(-1) / 2
    x = q
    for _ in range(steps):
        p = p + epsilon / 2 * gradient(x)
        x = x + epsilon * (p @ Sigma)
        p = p + epsilon / 2 * gradient(x)
    change = -log_density(x) + (p @ Sigma * p).sum(-1) / 2 - H
    alpha = np.where(np.isnan(change), 0, np.exp(np.minimum(0, -change)))
    return np.where((u < alpha)[..., None], x, q), x, -p, change, alpha


def named(name, log_density, gradient):
    """A target: both functions take the arrays of every framework."""
    found = dict(log_density=generic(log_density), gradient=generic(gradient))
    for part, function in found.items():
        function.__name__ = function.__qualname__ = f"{part} of {name}"
    return found


def normal(A):
    """The normal distribution of precision A about 0."""
    A = np.asarray(A, float)
    return named(f"normal({A.tolist()})", lambda q: -(q @ like(A, q) * q).sum(-1) / 2, lambda q: -(q @ like(A, q)))


QUARTIC = named("quartic", lambda q: -(q**4).sum(-1) / 4, lambda q: -(q**3))


def _funnel(q):
    v, x = q[..., :1], q[..., 1:]
    return (-(v**2) / 18 - x.shape[-1] * v / 2).sum(-1) - (x**2 * namespace(q).exp(-v)).sum(-1) / 2


def _funnel_gradient(q):
    v, x = q[..., :1], q[..., 1:]
    of_x = x * namespace(q).exp(-v)
    of_v = -v / 9 - x.shape[-1] / 2 + (x * of_x).sum(-1)[..., None] / 2
    return namespace(q).concatenate([of_v, -of_x], -1)


FUNNEL = named("funnel", _funnel, _funnel_gradient)  # Neal's: v ~ N(0, 9), x | v ~ N(0, e^v)


def _walled(q):
    inside = (q**2).sum(-1) < 1
    return namespace(q).where(inside, 0 * q.sum(-1), -math.inf)


WALL = named("uniform inside of the unit ball", _walled, lambda q: 0 * q)


@HMC.example
def example():
    target, one = normal([[1.0]]), np.ones(1)
    near_by = dict(q=one, xi=one, u=np.float64(0.5), Sigma=np.ones((1, 1)))
    position, proposed, momentum, change, alpha = hmc(**target, **near_by, epsilon=1.0, steps=1)
    _, far, _, lost, never = hmc(**target, **near_by, epsilon=2.5, steps=8)
    return (
        dict(**target, **near_by, epsilon=1.0, steps=1)
        | dict(half=1 - 0.5, x=proposed[0], p=-momentum[0], H0=1.0, H1=1.0 + change, change=change, alpha=alpha)
        | dict(after=position[0], far=far[0], lost=lost, never=never)
    )


@HMC.exercise
def largest():
    """Standard deviations 3 and ¼, metric 1: the narrow one has ω = 4."""
    return number(2 * 0.25, wide_one=2 * 3.0, inverse=2 * 4.0, half=0.25)


@HMC.exercise
def taken():
    return number(math.exp(-math.log(2)), upside_down=2.0, always=1.0, the_error=math.log(2))


@HMC.exercise
def one_step():
    """From q = 1 with p = 0 over q²/2 with ε = 1: the error of the energy."""
    _, x, _m, change, _ = hmc(
        **normal([[1.0]]), q=np.ones(1), xi=np.zeros(1), u=np.float64(0), Sigma=np.eye(1), epsilon=1.0, steps=1
    )
    last_kick = (x[0] ** 2 + 0.5**2) / 2 - 1 / 2
    return number(change, last_kick=last_kick, euler=(1 + 1) / 2 - 1 / 2, potential=x[0] ** 2 / 2 - 1 / 2, kept=0.0)


@HMC.exercise
def metric():
    """Standard deviations 10 and 0.1: which Sigma lets ε = 1 be stable?"""
    A = np.diag([10.0**-2, 0.1**-2])
    stable = {}
    start = dict(q=np.ones(2), xi=np.ones(2), u=np.float64(0))
    for name, Sigma in (("covariance", np.linalg.inv(A)), ("precision", A), ("unit", np.eye(2))):
        with np.errstate(all="ignore"):
            found = hmc(**normal(A), **start, Sigma=Sigma, epsilon=1.0, steps=50)
        stable[name] = bool(found[3] < 1000)
    return choice(**stable)


def positive(rng, d, condition=9.0):
    """A random positive definite matrix."""
    Q, _ = np.linalg.qr(rng.standard_normal((d, d)))
    A = (Q * np.geomspace(1 / math.sqrt(condition), math.sqrt(condition), d)) @ Q.T
    return (A + A.T) / 2


@HMC.cases
def cases(rng):
    def of(*shape):
        return dict(q=rng.standard_normal(shape), xi=rng.standard_normal(shape), u=rng.random(shape[:-1]))

    yield "one dimension", dict(**normal([[1.0]]), **of(1), Sigma=np.eye(1), epsilon=0.5, steps=3)
    yield "a correlated normal", dict(**normal(positive(rng, 3)), **of(3), Sigma=np.eye(3), epsilon=0.3, steps=5)
    yield "a metric", dict(**normal(positive(rng, 4)), **of(4), Sigma=positive(rng, 4), epsilon=0.2, steps=4)
    yield "many chains, not normal", dict(**QUARTIC, **of(6, 2), Sigma=positive(rng, 2, 3.0), epsilon=0.3, steps=6)
    yield "a funnel", dict(**FUNNEL, **of(5, 4), Sigma=np.eye(4), epsilon=0.1, steps=8)
    yield (
        "beyond a wall",
        dict(
            **WALL,
            q=np.zeros((3, 2)),
            xi=np.array([[0.1, 0], [9, 0], [0, 0.5]]),
            u=np.full(3, 0.5),
            Sigma=np.eye(2),
            epsilon=0.5,
            steps=1,
        ),
    )
    yield "two leading axes", dict(**QUARTIC, **of(2, 3, 1), Sigma=np.full((1, 1), 2.0), epsilon=0.25, steps=2)
    yield "long", dict(**normal(np.eye(3)), **of(3), Sigma=np.eye(3), epsilon=0.4, steps=60)


@HMC.invalid
def invalid(rng):
    two = dict(**normal(np.eye(2)), q=np.zeros(2), xi=np.ones(2))
    fine = dict(u=np.float64(0.5), Sigma=np.eye(2), epsilon=0.5, steps=2)
    yield "a metric that is not positive definite", two | fine | dict(Sigma=np.ones((2, 2)))
    yield "a metric that is not symmetric", two | fine | dict(Sigma=np.array([[1.0, 0.5], [0.0, 1.0]]))
    yield "no steps", two | fine | dict(steps=0)
    yield "steps of size 0", two | fine | dict(epsilon=0.0)
    yield "u above 1", two | fine | dict(u=np.float64(1.5))


def run(hmc, target, q, xi, u=None, Sigma=None, epsilon=0.1, steps=1):
    """Everything as float64 arrays."""
    u = np.zeros(q.shape[:-1]) if u is None else u
    Sigma = np.eye(q.shape[-1]) if Sigma is None else Sigma
    found = hmc(**target, q=q, xi=xi, u=u, Sigma=Sigma, epsilon=epsilon, steps=steps)
    return [np.asarray(v, float) for v in found]


def energy(target, q, p, Sigma):
    return -np.asarray(target["log_density"](q)) + (p @ Sigma * p).sum(-1) / 2


MOVES = Text("it moves", "它确实移动")


@HMC.claim
def the_way_back_is_the_same_way(hmc, rng):
    r"""$(q,p)\mapsto(q^*,-p^*)$ is its own inverse: from its end it leads back to $q$ and $p$, and $\Delta H$ has the opposite sign: in any metric, on a quartic landscape and in a funnel, for 7 steps of 0.15"""
    for target in (QUARTIC, FUNNEL):
        Sigma = positive(rng, 3, 4.0)
        L = np.linalg.cholesky(Sigma)
        q, xi = rng.standard_normal((5, 3)), rng.standard_normal((5, 3))
        _, x, m, change, _ = run(hmc, target, q, xi, Sigma=Sigma, epsilon=0.15, steps=7)
        _, back, n, other, _ = run(hmc, target, x, m @ L, Sigma=Sigma, epsilon=0.15, steps=7)
        yield roundoff(back, q, terms=2000, scale=4.0)
        yield roundoff(n, np.linalg.solve(L.T, xi.T).T, terms=2000, scale=4.0)
        yield roundoff(other, -change, terms=2000, scale=10.0)
        yield bound(np.linalg.norm(x - q, axis=1).min(), 0.05, "≥", MOVES)


@HMC.claim
def volume_is_kept(hmc, rng):
    r"""$(q,p)\mapsto(q^*,-p^*)$ has a Jacobian of determinant $(-1)^d$: 4 steps of 0.3 on a quartic landscape and in a funnel, in any metric, by central differences in 1 and 2 dimensions"""
    h = 1e-5
    for target, d in ((QUARTIC, 1), (QUARTIC, 2), (FUNNEL, 2)):
        Sigma = positive(rng, d, 4.0)
        L, one = np.linalg.cholesky(Sigma), np.eye(2 * d)
        z = 0.5 + rng.random(2 * d)
        both = np.concatenate([z + h * one, z - h * one])
        _, x, m, _, _ = run(hmc, target, both[:, :d], both[:, d:] @ L, Sigma=Sigma, epsilon=0.3, steps=4)
        ends = np.concatenate([x, m], 1)
        J = ((ends[: 2 * d] - ends[2 * d :]) / (2 * h)).T
        why = Text("central differences with h = 10⁻⁵: h² and rounding/h", "h = 10⁻⁵ 的中心差分：h² 与舍入误差/h")
        yield near(np.linalg.det(J), (-1.0) ** d, 1e-6, why)
        yield bound(abs(J[:d, d:]).max(), 0.1, "≥", Text("the end depends on the momentum", "终点取决于动量"))


@HMC.claim
def the_energy_is_off_by_the_square_of_the_step(hmc, rng):
    r"""$\Delta H=O(\varepsilon^2)$ at the end of a given time (here 1.5), and $O(\varepsilon^3)$ of one step: on the quartic landscape, from $q=(1,0.5)$ with $\xi=(0.7,-0.4)$"""
    q, xi = np.array([1.0, 0.5]), np.array([0.7, -0.4])
    counts = np.array([16, 32, 64, 128, 256])
    errors = [abs(run(hmc, QUARTIC, q, xi, epsilon=1.5 / n, steps=n)[3]) for n in counts.tolist()]
    yield rate(1.5 / counts, errors, 2, 0.03)
    sizes = 2.0 ** -np.arange(4, 9)
    yield rate(sizes, [abs(run(hmc, QUARTIC, q, xi, epsilon=e, steps=1)[3]) for e in sizes.tolist()], 3, 0.1)


@HMC.claim
def flows_are_the_same_both_ways(hmc, rng):
    r"""$e^{-H(q,p)}\alpha(q,p)=e^{-H(q^*,-p^*)}\alpha(q^*,-p^*)=\min(e^{-H(q,p)},e^{-H(q^*,p^*)})$ in any metric, also of steps so long that $\alpha$ is often small; with the way back and the volume this is detailed balance. $\Delta H$ is the difference of $H$, and the end is taken just where $u<\alpha$"""
    Sigma = positive(rng, 2, 4.0)
    L = np.linalg.cholesky(Sigma)
    q, xi, u = rng.standard_normal((40, 2)), rng.standard_normal((40, 2)), rng.random(40)
    after, x, m, change, alpha = run(hmc, QUARTIC, q, xi, u, Sigma, epsilon=0.7, steps=3)
    p = np.linalg.solve(L.T, xi.T).T
    H, end = energy(QUARTIC, q, p, Sigma), energy(QUARTIC, x, m, Sigma)
    back = run(hmc, QUARTIC, x, m @ L, u, Sigma, epsilon=0.7, steps=3)[4]
    least = np.minimum(np.exp(-H), np.exp(-end))
    yield roundoff(np.exp(-H) * alpha, least, terms=3000, scale=1.0)
    yield roundoff(np.exp(-end) * back, least, terms=3000, scale=1.0)
    yield roundoff(change, end - H, terms=200, scale=float(abs(end).max() + H.max()))
    yield identical(after, np.where((u < alpha)[:, None], x, q))
    yield bound((alpha < 0.5).mean(), 0.1, "≥", Text("α is often below ½", "α 常常小于 ½"))
    yield bound(alpha.mean(), 0.2, "≥", Text("steps so long", "如此长的步"))


@functools.cache
def plane():
    """A grid of places and momenta for the quartic landscape of one dimension, and its weights."""
    q, p = np.meshgrid(np.linspace(-3.2, 3.2, 260), np.linspace(-5, 5, 200), indexing="ij")
    w = np.exp(-(q**4) / 4 - p**2 / 2).ravel()
    return q.reshape(-1, 1), p.reshape(-1, 1), w / w.sum()


@HMC.claim
def without_the_choice_it_is_another_target(hmc, rng):
    r"""On the quartic landscape of one dimension, 2 steps of 0.6: the mean of $\alpha f(q^*)+(1-\alpha)f(q)$ over $\pi$ and $\xi$ is that of $f$, for $f=q^2,\ q^4$, where $\mathbb E q^4=1$; the mean of $q^{*2}$ over all ends, taken or not, is a tenth above $\mathbb E q^2$, and that of $q^{*4}$ two thirds above 1"""
    q, p, w = plane()
    _, x, _, _, alpha = run(hmc, QUARTIC, q, p, epsilon=0.6, steps=2)
    x, q = x[:, 0], q[:, 0]
    why = Text("a grid of 260 × 200 for the integral", "以 260 × 200 的网格代替积分")
    yield near(w @ (alpha * x**4 + (1 - alpha) * q**4), 1.0, 0.001, why)
    exact = 2 * math.gamma(0.75) / math.gamma(0.25)
    yield near(w @ (alpha * x**2 + (1 - alpha) * q**2), exact, 0.001, why)
    all_taken = Text("all ends taken", "接受全部终点")
    yield near(w @ x**2 / exact, 1.11, 0.02, all_taken)
    yield near(w @ x**4, 1.67, 0.02, all_taken)
    yield bound(w @ alpha, 0.95, "≤", Text("some ends are refused", "有些终点被拒绝"))
    yield bound(w @ (alpha * (x - q) ** 2), 0.3, "≥", MOVES)


@HMC.claim
def a_correlated_normal_is_drawn(hmc, rng):
    r"""Standard deviations 1, correlation 0.9, metric 1: of 1000 chains that begin at $(3,-3)$, after 20 trajectories of 6 steps of 0.4 the means are 0, the variances 1, the correlation 0.9, within the error of 1000 draws"""
    C = np.array([[1.0, 0.9], [0.9, 1.0]])
    q, target = np.tile([3.0, -3.0], (1000, 1)), normal(np.linalg.inv(C))
    for _ in range(20):
        q = run(hmc, target, q, rng.standard_normal(q.shape), rng.random(1000), epsilon=0.4, steps=6)[0]
    for i in range(2):
        yield statistical(q[:, i], 0.0)
        yield statistical(q[:, i] ** 2, 1.0)
    yield statistical(q[:, 0] * q[:, 1], 0.9)


@HMC.claim
def twice_the_frequency_is_the_limit(hmc, rng):
    r"""A normal distribution of standard deviation $1/\omega$, metric 1: the leapfrog keeps $\frac{p^2}2+\bigl(1-\frac{\varepsilon^2\omega^2}4\bigr)\frac{\omega^2q^2}2$ exactly, for 300 steps at $\varepsilon\omega=1.9$; at 2.1 $\Delta H$ is above $10^6$ after 30, from $\omega q=1.5,\ p=0.5$ and from $\omega q=-0.5,\ p=2$. So $|\Delta H|\le\frac{\varepsilon^2\omega^2}{4-\varepsilon^2\omega^2}H$ for $\varepsilon\omega<2$, whatever the number of steps, with $\omega$ the highest frequency where there are several. Standard deviations 10 and 0.1: the limit is 2 in the metric of the covariance, 0.2 in the metric 1, 0.02 in that of the precision. From $q=(5,0.05)$ with $\xi=(1,1)$ that bound holds at 95 % of the limit after 11, 30 and 57 steps, and at 105 % $\Delta H$ is above $10^6$ after 57"""
    omega = 5.0
    target, q, xi = normal([[omega**2]]), np.array([[0.3], [-0.1]]), np.array([[0.5], [2.0]])
    for steps in (1, 7, 300):
        _, x, m, _, _ = run(hmc, target, q, xi, epsilon=1.9 / omega, steps=steps)
        share = (1 - 1.9**2 / 4) * omega**2
        kept = (xi**2 + share * q**2) / 2
        yield roundoff((m**2 + share * x**2) / 2, kept, terms=40 * steps, scale=20.0)
        yield bound(abs(x - q).max(), 0.01, "≥", MOVES)
    beyond = Text("beyond the limit", "超过极限")
    yield bound(run(hmc, target, q, xi, epsilon=2.1 / omega, steps=30)[3].min(), 1e6, "≥", beyond)
    A = np.diag([0.01, 100.0])
    start = dict(target=normal(A), q=np.array([5.0, 0.05]), xi=np.ones(2))
    H = 0.25 + 1
    for Sigma, limit in ((np.linalg.inv(A), 2.0), (np.eye(2), 0.2), (A, 0.02)):
        errors = [run(hmc, **start, Sigma=Sigma, epsilon=0.95 * limit, steps=n)[3] for n in (11, 30, 57)]
        yield bound(np.abs(errors).max(), 1.9**2 / (4 - 1.9**2) * H, "≤", Text("below the limit", "未到极限"))
        yield bound(run(hmc, **start, Sigma=Sigma, epsilon=1.05 * limit, steps=57)[3], 1e6, "≥", beyond)


@HMC.claim
def in_the_metric_of_the_covariance_it_turns(hmc, rng):
    r"""$\pi=\mathcal N(0,\Sigma)$: the end is the printed rotation of $q$ and $L\xi$, in any shape of $\Sigma$ and for any number of steps; so a target whose standard deviations differ by 100 costs no more than a round one"""
    Sigma = positive(rng, 4, 1e4)
    L = np.linalg.cholesky(Sigma)
    q, xi = rng.standard_normal((3, 4)) @ L.T, rng.standard_normal((3, 4))
    for epsilon, steps in ((0.8, 1), (0.8, 5), (1.7, 9)):
        x = run(hmc, normal(np.linalg.inv(Sigma)), q, xi, Sigma=Sigma, epsilon=epsilon, steps=steps)[1]
        turn = steps * math.acos(1 - epsilon**2 / 2)
        want = math.cos(turn) * q + math.sin(turn) / math.sqrt(1 - epsilon**2 / 4) * (xi @ L.T)
        yield roundoff(x, want, terms=20 * steps, c=1e4, scale=float(abs(want).max()))


@HMC.claim
def a_whole_turn_goes_nowhere(hmc, rng):
    r"""$\pi=\mathcal N(0,\Sigma)$, $\varepsilon=2\sin\frac\pi{12}$: after 12 steps each chain is back at $q$, whatever $\xi$, with $\Delta H=0$, and all is taken; after 3 nothing is left of $q$. So the length must vary, or a chain may be in step with the target"""
    Sigma = positive(rng, 3)
    L = np.linalg.cholesky(Sigma)
    q, xi = rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
    target, epsilon = normal(np.linalg.inv(Sigma)), 2 * math.sin(math.pi / 12)
    whole = run(hmc, target, q, xi, Sigma=Sigma, epsilon=epsilon, steps=12)
    yield roundoff(whole[1], q, terms=1000, scale=10.0)
    yield roundoff(whole[3], np.zeros(4), terms=1000, scale=30.0)
    yield roundoff(whole[4], np.ones(4), terms=1000, scale=30.0)
    quarter = run(hmc, target, q, xi, Sigma=Sigma, epsilon=epsilon, steps=3)[1]
    yield roundoff(quarter, xi @ L.T / math.cos(math.pi / 12), terms=1000, scale=10.0)


@HMC.claim
def a_metric_is_a_change_of_coordinates(hmc, rng):
    r"""The chain of $Tq$ in the metric $T\Sigma T^{\mathsf T}$, with $T$ lower triangular, its diagonal positive, is $T$ times the chain of $q$ in $\Sigma$: same $\xi$, same $\Delta H$, same $\alpha$"""
    T = np.tril(rng.standard_normal((3, 3)), -1) + np.diag(0.5 + rng.random(3))
    back, Sigma = np.linalg.inv(T), positive(rng, 3, 4.0)
    moved = named(
        "quartic, moved",
        lambda y: QUARTIC["log_density"](y @ like(back.T, y)),
        lambda y: QUARTIC["gradient"](y @ like(back.T, y)) @ like(back, y),
    )
    q, xi = rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
    one = run(hmc, QUARTIC, q, xi, Sigma=Sigma, epsilon=0.3, steps=4)
    two = run(hmc, moved, q @ T.T, xi, Sigma=T @ Sigma @ T.T, epsilon=0.3, steps=4)
    yield invariance(two[1], one[1] @ T.T, terms=1000)
    yield invariance(two[3], one[3], terms=1000, scale=10.0)
    yield invariance(two[4], one[4], terms=1000, scale=10.0)
    yield bound(np.linalg.norm(one[1] - q, axis=1).min(), 0.05, "≥", MOVES)
    yield bound(np.abs(one[3]).max(), 1e-3, "≥", Text("the energy is not kept exactly", "能量并不严格守恒"))


def trail(hmc, target, q, xi, epsilon, count):
    """Places and momenta of the trajectory through a point, `count` steps to either side (metric 1)."""
    sides = []
    for sign in (1, -1):
        x, p, side = q, sign * xi, []
        for _ in range(count):
            _, x, m, _, _ = run(hmc, target, x, p, epsilon=epsilon, steps=1)
            p = -m
            side.append((x, sign * p))
        sides.append(side)
    return np.array([*sides[1][::-1], (q, xi), *sides[0]]).transpose(1, 0, 2)


class Doubling:
    """The trajectory of NUTS among the points of a trail."""

    def __init__(self, p):
        self.p, self.sums, self.known = p, np.concatenate([0 * p[:1], np.cumsum(p, 0)]), {}

    def turned(self, a, b):
        total = self.sums[b + 1] - self.sums[a]
        return min(self.p[a] @ total, self.p[b] @ total) <= 0

    def broken(self, a, b):
        """Whether the stretch, or one of its halves' halves, turns."""
        if a == b:
            return False
        if (a, b) not in self.known:
            m = (a + b) // 2
            self.known[a, b] = self.turned(a, b) or self.broken(a, m) or self.broken(m + 1, b)
        return self.known[a, b]

    def ended(self, start, coins):
        """The points among which NUTS draws, of a start and coins; and the longest stretch that did not turn."""
        a = b = start
        for coin in coins:
            size = b - a + 1
            new = (b + 1, b + size) if coin else (a - size, a - 1)
            if self.broken(*new):
                return (a, b), b - a
            before = b - a
            a, b = min(a, new[0]), max(b, new[1])
            if self.turned(a, b):
                return (a, b), before
        return (a, b), b - a


@HMC.claim
def doubling_is_fair_to_all_points(hmc, rng):
    r"""A round normal distribution, 13 steps to half a turn: doubled forwards or backwards by a fair coin until it turns, and never by a part that turns within itself, a trajectory is proposed from each of its points with the same probability, so a draw from it by $e^{-H}$ keeps the target. No trajectory that has not turned is longer than half a turn. Followed forwards only, up to the first point that is nearer to the start than the one before, it is not: from its last point but one it goes on beyond"""
    q, xi = rng.standard_normal(2), rng.standard_normal(2)
    epsilon, count = 2 * math.sin(math.pi / 26), 48
    place, p = trail(hmc, normal(np.eye(2)), q, xi, epsilon, count)
    walk = Doubling(p)
    coins = [[k >> j & 1 for j in range(5)] for k in range(32)]

    def chances(i):
        found = {}
        for c in coins:
            ends, length = walk.ended(i, c)
            found[ends] = found.get(ends, 0) + 1 / 32
            lengths.append(length)
        return found

    lengths = []
    of = {i: chances(i) for i in range(count - 15, count + 16)}
    middle = {ends: share for ends, share in of[count].items() if ends[0] in of and ends[1] in of}
    for (a, b), share in middle.items():
        yield identical([of[i].get((a, b), 0.0) for i in range(a, b + 1)], [share] * (b - a + 1))
    yield bound(sum(middle.values()), 0.05, "≥", Text("trajectories that lie within", "完全在范围内的轨迹"))
    yield bound(max(lengths), 13, "≤", Text("half a turn", "半圈"))
    yield bound(np.mean(lengths), 3, "≥", MOVES)

    def first_turn(i):
        away = np.linalg.norm(place - place[i], axis=1)
        return next((j for j in range(i + 1, len(away)) if away[j] < away[j - 1]), len(away))

    starts = np.arange(count - 13, count + 13)
    stops = np.array([first_turn(i) for i in starts])
    beyond = np.array([first_turn(i - 1) for i in stops])
    yield bound((beyond - stops).min(), 1, "≥", Text("from its last point but one", "从它的倒数第二个点"))
    yield bound(np.mean(stops - starts), 6, "≥", MOVES)


@HMC.claim
def what_is_not_left_is_not_entered(hmc, rng):
    r"""Neal's funnel, $v\sim\mathcal N(0,9)$ and $x_i\mid v\sim\mathcal N(0,e^v)$, eight of them, in its neck: from 100 points each of $v=-7,-8,-9$, where $\omega\ge e^{3.5}=33$, the mean of $\alpha$ is below 0.01 for 8 steps of 0.1, and above 0.7 for 8 steps of 0.01. The flows are the same both ways: what is not left by long steps is not entered by them, and that is the hundredth of the target where $v<-7$"""
    v = np.repeat([-7.0, -8.0, -9.0], 100)[:, None]
    q = np.concatenate([v, np.exp(v / 2) * rng.standard_normal((300, 8))], 1)
    xi = rng.standard_normal((300, 9))
    with np.errstate(over="ignore", invalid="ignore"):
        yield bound(run(hmc, FUNNEL, q, xi, epsilon=0.1, steps=8)[4].mean(), 0.01, "≤", Text("long steps", "长步"))
    yield bound(run(hmc, FUNNEL, q, xi, epsilon=0.01, steps=8)[4].mean(), 0.7, "≥", Text("short steps", "短步"))


def energies(hmc, target, d, rng, chains=128, draws=100):
    """E-BFMI of chains that begin standard normal, 16 steps of 0.05; their first coordinates; which ones diverged."""
    q, seen, places, lost = rng.standard_normal((chains, d)), [], [], np.zeros(chains, bool)
    for _ in range(draws):
        xi = rng.standard_normal(q.shape)
        after, _, _, change, _ = run(hmc, target, q, xi, rng.random(chains), epsilon=0.05, steps=16)
        moved = (after != q).any(1)
        seen.append(energy(target, q, xi, np.eye(d)) + np.where(moved, change, 0))
        places.append(after[:, 0])
        lost |= ~(change <= 1000)
        q = after
    seen = np.array(seen)
    return (np.diff(seen, axis=0) ** 2).mean(0) / seen.var(0, ddof=1), np.array(places), lost


@HMC.claim
def the_funnel_is_told_by_its_energies(hmc, rng):
    r"""Neal's funnel with eight $x_i$, 128 chains from near 0, 100 draws of 16 steps of 0.05. At least 120 of them meet no divergence ($\Delta H>1000$); over the last two thirds of their draws the mean of $v^2$ is below the true 9. E-BFMI, $\frac{\overline{(H_t-H_{t-1})^2}}{\mathrm{Var}\,H}$ over all draws of a chain, is below 0.3, the bound at which `diagnose` complains, for more than a quarter of these chains. On the normal distribution $\mathcal N(0,I_9)$ it is above 0.4 for all, and the mean of the square of a coordinate is 1 within 0.1"""
    with np.errstate(over="ignore", invalid="ignore"):
        told, places, lost = energies(hmc, FUNNEL, 9, rng)
    told, late = told[~lost], places[33:, ~lost]
    yield bound(len(told), 120, "≥", Text("no divergence", "没有发散"))
    yield bound((told < 0.3).mean(), 0.25, "≥", Text("missing information", "缺失信息"))
    yield bound((late**2).mean(), 9.0, "≤", Text("of 9", "真值为 9"))
    yield bound((late**2).mean(), 1.5, "≥", Text("wider than the start", "比起点更宽"))
    fine, places, _ = energies(hmc, normal(np.eye(9)), 9, rng)
    yield bound(fine.min(), 0.4, "≥", Text("nothing is missing", "没有缺失"))
    yield near((places[33:] ** 2).mean(), 1.0, 0.1, Text("67 draws each of 128 chains", "128 条链各 67 次抽样"))


def moved(log_density, gradient, q, xi, u, Sigma, epsilon, steps, *, kind):
    """The definition with one fault."""
    L = np.linalg.cholesky(Sigma)
    p = np.linalg.solve(L.T, xi[..., None])[..., 0]
    mass = np.linalg.inv(Sigma)
    if kind == "mass for metric":
        p = xi @ L.T
        Sigma, mass = mass, Sigma
    metric = np.eye(len(Sigma)) if kind == "kinetic without metric" else Sigma
    drift = mass if kind == "drift by the mass" else Sigma
    H = -log_density(q) + (p @ metric * p).sum(-1) / 2
    x, sign = q, -1 if kind == "gradient's sign" else 1
    for _ in range(steps):
        if kind == "Euler":
            x, p = x + epsilon * (p @ Sigma), p + epsilon * gradient(x)
        elif kind == "whole kicks":
            p = p + epsilon * gradient(x)
            x = x + epsilon * (p @ Sigma)
        else:
            p = p + epsilon / 2 * sign * gradient(x)
            x = x + epsilon * (p @ drift)
            p = p + epsilon / 2 * sign * gradient(x)
    change = -log_density(x) + (p @ metric * p).sum(-1) / 2 - H
    if kind == "potential alone":
        change = log_density(q) - log_density(x)
    if kind == "energy's sign":
        change = -change
    alpha = np.exp(np.minimum(0, -np.nan_to_num(change, nan=np.inf)))
    if kind == "all taken":
        alpha = np.ones_like(alpha)
    taken = u < alpha
    if kind == "u above":
        taken = ~taken
    return np.where(taken[..., None], x, q), x, p if kind == "not turned" else -p, change, alpha


def fault(kind, caught_by):
    """A mutant of `moved`."""

    def made(function):
        def mutant(log_density, gradient, q, xi, u, Sigma, epsilon, steps):
            return moved(log_density, gradient, q, xi, u, Sigma, epsilon, steps, kind=kind)

        mutant.__name__ = mutant.__qualname__ = function.__name__
        mutant.__doc__ = function.__doc__
        return HMC.mutant(caught_by=caught_by)(mutant)

    return made


@fault(
    "all taken",
    "flows-are-the-same-both-ways, without-the-choice-it-is-another-target, what-is-not-left-is-not-entered",
)
def metropolis_left_out():
    """the Metropolis step left out: every end is taken"""


@fault("not turned", "the-way-back-is-the-same-way, doubling-is-fair-to-all-points")
def momentum_not_turned():
    """the momentum at the end not turned round"""


@fault(
    "mass for metric",
    "in-the-metric-of-the-covariance-it-turns, twice-the-frequency-is-the-limit, a-whole-turn-goes-nowhere, a-metric-is-a-change-of-coordinates",
)
def mass_for_metric():
    """the metric taken for the mass matrix: momenta of covariance Σ, velocities Σ⁻¹p"""


@fault("drift by the mass", "in-the-metric-of-the-covariance-it-turns, a-whole-turn-goes-nowhere")
def drift_by_the_mass():
    """momenta as they should be, but moved by M in place of M⁻¹"""


@fault("kinetic without metric", "flows-are-the-same-both-ways")
def kinetic_without_metric():
    """½ pᵀp in every metric"""


@fault(
    "gradient's sign",
    "the-energy-is-off-by-the-square-of-the-step, a-correlated-normal-is-drawn, in-the-metric-of-the-covariance-it-turns",
)
def gradients_sign():
    """downhill for uphill: the gradient of −ln π added"""


@fault("Euler", "volume-is-kept, the-way-back-is-the-same-way, the-energy-is-off-by-the-square-of-the-step")
def euler():
    """Euler's steps: place and momentum from the old values"""


@fault("whole kicks", "the-way-back-is-the-same-way, the-energy-is-off-by-the-square-of-the-step")
def whole_kicks():
    """kicks of a whole step before each drift, none of them halved: it keeps the volume, and has no way back"""


@fault(
    "potential alone",
    "flows-are-the-same-both-ways, the-funnel-is-told-by-its-energies, without-the-choice-it-is-another-target",
)
def potential_alone():
    """taken by the ratio of the densities, the momentum forgotten"""


@fault("energy's sign", "flows-are-the-same-both-ways, without-the-choice-it-is-another-target")
def energys_sign():
    """the probability e^{ΔH}"""


@fault("u above", "flows-are-the-same-both-ways, a-correlated-normal-is-drawn")
def u_above():
    """taken where u is above α"""


HMC.erratum(
    "E338",
    common="The leapfrog keeps the energy, so the Metropolis step may as well be left out (a common slip)",
    why="It keeps the volume, and the energy only to O(ε²). On the quartic landscape, after two steps of 0.6 from draws of the target, the mean of q² over all ends is a tenth too large, "
    "and no number of draws mends that.",
    right="The end is taken with probability min(1, e^{−ΔH}); then the steps' error costs draws, and no bias",
    claims="without-the-choice-it-is-another-target, flows-are-the-same-both-ways",
)
HMC.erratum(
    "E339",
    common="The mass matrix should be the covariance of the target (a common slip)",
    why="Velocities are M⁻¹p: a mass of the covariance's shape moves the wide directions least and the narrow ones most. Of standard deviations 10 and 0.1 steps are stable "
    "below 2 with M⁻¹ = Σ, 0.2 with M = 1 and 0.02 with M = Σ, the covariance.",
    right="Its inverse should be: M⁻¹ near the covariance, M near the precision",
    claims="in-the-metric-of-the-covariance-it-turns, twice-the-frequency-is-the-limit",
)
HMC.erratum(
    "E340",
    common="No divergent transitions, so the draws are sound (a common slip)",
    why="Chains from near 0 creep along a funnel: over a hundred draws the mean of v² stays below its 9 in those that never diverge. "
    "The diagnostic of the energies, E-BFMI, is below 0.3 for more than a quarter of them.",
    right="Divergences show a fault where there are some; look at E-BFMI, R̂ and the effective sizes as well, and try other coordinates",
    claims="the-funnel-is-told-by-its-energies",
)
HMC.erratum(
    "E341",
    common="The longer the trajectory, the farther apart the draws (a common slip)",
    why="On a normal distribution in its own metric a whole turn ends where it began, and is taken for sure: the chain stands still at full cost.",
    right="A quarter of the period forgets the start; let the length vary, or be decided by the trajectory itself: no U-turn",
    claims="a-whole-turn-goes-nowhere, doubling-is-fair-to-all-points",
)


@HMC.figure(
    epsilon=Slider(0.02, 2.5, 0.25, "size of the steps ε", log=True),
    steps=Slider(1, 60, 30, "steps n", integer=True),
    bend=Slider(0.0, 1.0, 1.0, "bend: 0 normal, 1 funnel"),
)
def figure(epsilon, steps, bend):
    def log_density(q):
        v, x = q[..., 0], q[..., 1]
        return -(v**2) / 8 - x**2 * np.exp(-bend * v) / 2 - bend * v / 2

    def gradient(q):
        v, x = q[..., 0], q[..., 1]
        force = x * np.exp(-bend * v)
        return np.stack([-v / 4 - bend / 2 + bend * x * force / 2, -force], -1)

    fig, (left, right) = canvas(columns=2, width=7.8, height=3.7)
    V, X = np.meshgrid(np.linspace(-5.5, 5.5, 150), np.linspace(-5.5, 5.5, 150), indexing="ij")
    height = log_density(np.stack([V, X], -1))
    left.contour(
        V,
        X,
        height - height.max(),
        levels=[-8, -6, -4.5, -3, -2, -1, -0.3],
        colors="0.6",
        linestyles="solid",
        linewidths=0.8,
    )
    start, xi = np.array([1.0, 0.5]), np.array([-1.5, 0.6])
    path, lost = [start], [0.0]
    with np.errstate(all="ignore"):
        for n in range(1, int(steps) + 1):
            found = hmc(log_density, gradient, start, xi, np.float64(0), np.eye(2), epsilon, n)
            path.append(found[1])
            lost.append(float(found[3]))
    alpha = float(found[4])
    path, lost = np.clip(np.nan_to_num(np.array(path), nan=1e9), -1e3, 1e3), np.array(lost)
    left.plot(path[:, 0], path[:, 1], ".-", color=COLOURS[0], lw=1, ms=4)
    left.plot(*start, "o", color=COLOURS[2], label="start")
    left.plot(*path[-1], "s", color=COLOURS[6], label="end")
    left.set(xlabel="$v$", ylabel="$x$", xlim=(-5.5, 5.5), ylim=(-5.5, 5.5))
    left.legend(fontsize=9.5, loc="upper left", frameon=False)
    shown = np.clip(np.nan_to_num(lost, nan=1e3, posinf=1e3), -1e3, 1e3)
    right.plot(np.arange(len(shown)), shown, ".-", color=COLOURS[1], ms=4)
    right.axhline(0, color="0.4", lw=1)
    right.set(
        xlabel="step", ylabel="error of the energy $\\Delta H$", yscale="symlog" if abs(shown).max() > 20 else "linear"
    )
    limit = 2.0 if not bend else 2 * math.exp(bend * path[:, 0].clip(-50, 50).min() / 2)
    kind_en = "a normal distribution" if not bend else f"a funnel of bend {bend:.2g}"
    kind_zh = "正态分布" if not bend else f"弯曲为 {bend:.2g} 的漏斗"
    size = f"{lost[-1]:.3g}" if abs(lost[-1]) < 1e6 else ">10⁶"
    noun = "step" if int(steps) == 1 else "steps"
    words = Text(
        f"The trajectory of {int(steps)} {noun} of {epsilon:.3g} on {kind_en}: ΔH = {size} at its end, which is taken with probability {alpha:.3g}. "
        f"At the narrowest place that it met, steps up to about {min(limit, 4.0):.2g} are stable in the direction of x.",
        f"在{kind_zh}上走 {int(steps)} 步、步长为 {epsilon:.3g} 的轨迹：终点处 ΔH = {size}，以概率 {alpha:.3g} 接受。在它经过的最窄处，x 方向上约 {min(limit, 4.0):.2g} 以内的步长是稳定的。",
    )
    return Drawing(fig, words)
