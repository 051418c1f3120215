"""The largest stable step of descent, momentum and preconditioned descent, with and without noise; the edge of stability."""

import functools

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, invariance, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(largest_stable_step, H, P, beta=0.0, nesterov=False):
    """The instrument itself: a module with these Hessians, an optimiser with this preconditioner in its state."""
    import torch

    class Bowl(torch.nn.Module):
        def __init__(self):
            super().__init__()
            zeros = torch.zeros(len(P), dtype=H.dtype, device=H.device)
            self.theta = torch.nn.ParameterList(zeros.split(1) if nesterov else [zeros])

        def forward(self, H):
            theta = torch.cat(list(self.theta))
            return torch.einsum("i,kij,j->k", theta, H, theta) / 2

    model, first = Bowl(), float(P[0]) if nesterov else 1.0
    if nesterov:  # a learning rate of its own for each number
        groups = [{"params": [p], "lr": 1 / float(x)} for p, x in zip(model.theta, P, strict=True)]
        optimizer = torch.optim.SGD(groups, lr=1.0, momentum=beta, nesterov=beta > 0)
    else:
        optimizer = torch.optim.RMSprop(model.parameters(), lr=1.0, eps=0.0, momentum=beta)
        optimizer.state[model.theta[0]] = {"step": torch.tensor(9.0), "square_avg": P**2}
    batches = [(h[None], h.new_zeros(1)) for h in H]
    found = largest_stable_step(
        model,
        lambda outputs, targets: outputs.mean(),
        batches if len(H) > 1 else batches[0] if len(H) else [],
        optimizer,
        stochastic=len(H) > 1,
        tolerance=1e-14,
    )
    scaled = (found.step * first, found.eigenvalue / first, found.variance / first**2)
    return tuple(H.new_tensor(x) for x in scaled)


SHARPNESS = Concept(
    key="sharpness",
    kind="theorem",
    title="Largest stable step, edge of stability",
    summary=r"Near a minimum gradient descent with step $\alpha$ is unstable as soon as the largest eigenvalue of the Hessian, the sharpness, "
    r"exceeds $2/\alpha$. Momentum and preconditioners have laws of their own, and enough noise turns the law of momentum round. Training from the start "
    "does not obey the threshold; on all data a step it often moves to where the threshold is met, and networks train at the edge of stability.",
    formulas=(
        r"P^{-1/2}\bar HP^{-1/2}u=\lambda u,\quad\bar H=\frac1m\sum_{j=1}^mH_j,\qquad s^2=\frac1m\sum_{j=1}^m\bigl(u^{\mathsf T}P^{-1/2}H_jP^{-1/2}u-\lambda\bigr)^2",
        r"m=1:\qquad \alpha^\star=\frac2\lambda,\qquad \alpha^\star_{\text{heavy ball}}=\frac{2(1+\beta)}\lambda,\qquad \alpha^\star_{\mathrm N}=\frac{2(1+\beta)}{(1+2\beta)\lambda}",
        r"\text{heavy ball, a batch a step}:\qquad \frac1{\alpha^\star}=\frac\lambda{2(1+\beta)}+\frac{s^2/\lambda}{2(1-\beta)},\qquad "
        r"\max_\beta\alpha^\star=\frac{4\lambda}{(\lambda+s)^2}\ \text{ at }\ \beta=\frac{\lambda-s}{\lambda+s}\quad(0<s\le\lambda)",
        r"x=\alpha^\star_{\mathrm N}\lambda,\ r=\tfrac{s^2}{\lambda^2}:\qquad (1+r)\beta(1+2\beta)\,x^2+\bigl((1+r)(1+\beta)-2\beta(1+2\beta)\bigr)x=2(1-\beta^2)",
        r"m=1,\ L(\theta)=\tfrac12\theta^{\mathsf T}H\theta,\ \Delta=P^{-1}\nabla L\ne0:\qquad \eta_c=\frac{2\nabla L^{\mathsf T}\Delta}{\Delta^{\mathsf T}H\Delta}\ge\frac2\lambda\quad(\Delta^{\mathsf T}H\Delta>0)",
    ),
    symbols=(
        Symbol(
            "H_j", "H", "m n n", "Hessians of the batches at the minimum, symmetric; $m=1$: each step sees all the data"
        ),
        Symbol("P", "P", "n", "diagonal of the preconditioner; 1 for descent and momentum", "positive"),
        Symbol(r"\beta", "beta", "", r"momentum, $0\le\beta<1$; 0 unless given", "unit"),
        Symbol(r"\mathrm N", "nesterov", "", "whether the momentum is Nesterov's; not unless said", "boolean"),
        Symbol(
            r"\alpha^\star",
            "",
            "",
            "largest stable step: with less of it errors along what curves upwards die out, for $m>1$ in mean square",
        ),
        Symbol(
            r"\lambda,\ u",
            "",
            "",
            "sharpness: the largest eigenvalue of the preconditioned mean Hessian, simple for $m>1$, and its unit eigenvector",
        ),
        Symbol("s^2", "", "", "variance of the curvature along $u$ from batch to batch"),
        Symbol(r"\bar H", "", "n n", "mean of the Hessians"),
        Symbol("m,\\ n", "", "", "number of batches, number of parameters", "natural"),
        Symbol("j", "", "", "a batch", "natural"),
        Symbol("x,\\ r", "", "", "step and variance in units of $\\lambda$"),
        Symbol(r"L,\ \theta", "", "", "a loss, and its parameters"),
        Symbol(r"\Delta", "", "n", r"update: a step takes off $\eta\Delta$"),
        Symbol(
            r"\eta_c",
            "",
            "",
            r"critical step: there the loss along $\Delta$ is what it was; $2/\eta_c$ is the critical sharpness",
        ),
    ),
    returns=(
        Result("alpha", "", r"$\alpha^\star$; ∞ where $\lambda\le0$"),
        Result("lam", "", r"$\lambda$"),
        Result("variance", "", "$s^2$; 0 for $m=1$"),
    ),
    needs=("hessian", "gradient-descent", "momentum", "hessian-spectrum"),
    source="cohen2021gradient",
    year=2021,
    people=("Jeremy Cohen", "Aitor Lewkowycz", "Arseniy Andreyev", "Pierfrancesco Beneventano", "Dayal Singh Kalra"),
    aliases="edge of stability, largest stable learning rate, stability threshold, progressive sharpening, catapult, flat minima, "
    "critical sharpness, SAM, sharpness-aware minimization, stable step size, "
    "锐度, 稳定边缘, 最大稳定学习率, 最大稳定步长, 平坦极小, 渐进锐化, 临界锐度",
    implementations=(
        Implementation(
            "gradus.theory:largest_stable_step",
            "torch",
            _torch,
            "of any model under its optimiser; along the actual update `critical_sharpness`, along a run `SharpnessTracker`",
        ),
    ),
    readings="cohen2021gradient; cohen2022adaptive; lewkowycz2020large; andreyev2026momentum; kalra2026scalable; foret2021sharpness; "
    "long2023sharpness; dinh2017sharp; mulayoff2024exact; damian2023self",
    hypotheses=(
        Hypothesis("at a minimum, near which the loss is its quadratic model", "from-the-start-it-trains"),
        Hypothesis("the preconditioner stands still", "a-preconditioner-that-moves-gives-way"),
        Hypothesis(
            "$m>1$: batches are drawn independently, each with probability $1/m$", "in-a-fixed-order-it-is-another"
        ),
        Hypothesis("errors die out: each batch has its minimum there, too", "noise-at-the-minimum-leaves-a-floor"),
        Hypothesis(
            "$m>1$, exactly: $u$ is an eigenvector of every preconditioned $H_j$, and no other direction is less stable; for descent and heavy ball "
            r"$\alpha^\star$ is otherwise an upper bound",
            "one-batch-a-step",
        ),
        Hypothesis(r"$\lambda>0$", "what-curves-downwards-sets-no-limit"),
    ),
    conventions=(
        Convention(
            "sharpness",
            "the largest eigenvalue of the Hessian, with its sign",
            r"the rise of the loss in a ball of radius $\rho$ (Keskar et al.; Foret et al.); the trace; or $\lambda_{\max}$ of one batch's Hessian",
        ),
        Convention(
            "the velocity",
            "a sum, as in PyTorch's SGD and RMSprop",
            r"an average, as in Adam, whose step may be $\frac1{1-\beta_1}$ times as large: $\frac{2(1+\beta_1)}{(1-\beta_1)\lambda}$",
        ),
        Convention(
            "sharpness with batches",
            r"$\lambda$ of the mean Hessian and the variance $s^2$ along its eigenvector",
            r"Andreyev et al.: batch sharpness, the mean of $g_j^{\mathsf T}H_jg_j$ over that of $\lVert g_j\rVert^2$, with $g_j$ the batch's gradient; "
            r"it settles near $2(1-\beta)/\alpha$ for small batches and $2(1+\beta)/\alpha$ for large ones",
        ),
        Convention(
            "stable, with batches",
            "in mean square: second moments do not grow",
            "almost surely: nearly every run dies out, which larger steps still allow",
        ),
        Convention("size of the loss", "the mean over the $N$ samples", "the sum: the sharpness is $N$ times as large"),
    ),
    unverified="Why sharpness rises until it meets the threshold (progressive sharpening) is not proved for general networks; why it then stays "
    "follows from the cubic term of the loss under assumptions (Damian et al.). Both are measured here on one small network.",
    differentiable=False,
    carries_gradient=False,
    longest_sum=64,
)


@SHARPNESS.definition
def sharpness(H, P, beta=0.0, nesterov=False):
    scaled = H / np.sqrt(P[:, None] * P)  # m n n
    values, vectors = np.linalg.eigh(scaled.mean(0))
    lam, u = values[-1], vectors[:, -1]
    s2 = np.mean((np.einsum("i,mij,j->m", u, scaled, u) - lam) ** 2)
    if lam <= 0:
        return np.inf, lam, s2
    if not nesterov:
        return 1 / (lam / (2 * (1 + beta)) + s2 / lam / (2 * (1 - beta))), lam, s2
    r = s2 / lam**2
    square, linear = (1 + r) * beta * (1 + 2 * beta), (1 + r) * (1 + beta) - 2 * beta * (1 + 2 * beta)
    return max(np.roots([square, linear, -2 * (1 - beta**2)])) / lam, lam, s2


@SHARPNESS.example
def example():
    H, ones = np.array([np.diag([7.0, 1.0]), np.diag([1.0, 1.0])]), np.ones(2)
    whole = H.mean(0, keepdims=True)
    names = {"plain": 0.0, "half": 0.5}
    full = {f"full_{k}": sharpness(whole, ones, b)[0] for k, b in names.items()}
    noisy = {f"noisy_{k}": sharpness(H, ones, b)[0] for k, b in names.items()}
    _, lam, s2 = sharpness(H, ones)
    s = np.sqrt(s2)
    best = (lam - s) / (lam + s)
    path = {a: [(1 - a * lam) ** t for t in range(4)] for a in (0.4, 0.6)}
    return (
        dict(H=H, P=ones, beta=0.5, lam=lam, s2=s2, s=s, first=H[0, 0, 0], second=H[1, 0, 0], small=H[0, 1, 1])
        | full
        | noisy
        | dict(nesterov=sharpness(whole, ones, 0.5, True)[0], best=best, largest=4 * lam / (lam + s) ** 2)
        | dict(shrinks=path[0.4], grows=path[0.6], scaled=sharpness(whole, np.array([2.0, 1.0])))
        | dict(inverse=[lam / 2, s2 / lam / 2, lam / 3, s2 / lam])
    )


@SHARPNESS.exercise
def a_quadratic_with_momentum():
    H = np.diag([50.0, 2.0])[None]
    return number(sharpness(H, np.ones(2), 0.9)[0], descent=2 / 50, of_the_smallest=2 * 1.9 / 2, effective=2 * 0.1 / 50)


@SHARPNESS.exercise
def at_the_start():
    lam0, lam, alpha, losses = catapult(2.5)
    return choice(
        diverges=losses[-1] > losses[0], flatter=losses[-1] < 1e-9 and lam < 2 / alpha < lam0, same=lam >= lam0
    )


@SHARPNESS.exercise
def half_the_batch():
    return number(
        noisy(4.0, 64.0, 0.9)[0], full=2 * 1.9 / 4, plain=noisy(4.0, 64.0, 0.0)[0], no_noise_in_it=2 * 0.1 / 4
    )


def noisy(lam, s2, beta, nesterov=False, of=sharpness):
    """One number, two batches λ ± s."""
    H = np.reshape([lam + np.sqrt(s2), lam - np.sqrt(s2)], (2, 1, 1))
    return of(H, np.ones(1), beta, nesterov)


def turned(rng, values):
    V = np.linalg.qr(rng.standard_normal((len(values), len(values))))[0]
    H = (V * values) @ V.T
    return (H + H.T) / 2


def batches(rng, m, n):
    """m Hessians, positive semi-definite like those of samples at a minimum that fits them all, of a few directions each."""
    A = rng.standard_normal((m, 2, n))
    return np.einsum("mki,mkj->mij", A, A) / 2 + 0.05 * np.eye(n)


@SHARPNESS.cases
def cases(rng):
    one = np.ones(4)
    H = turned(rng, np.array([0.1, 1.0, 3.0, 8.0]))
    yield "descent", dict(H=H[None], P=one)
    yield "heavy ball", dict(H=H[None], P=one, beta=0.9)
    yield "Nesterov", dict(H=H[None], P=one, beta=0.9, nesterov=True)
    yield "preconditioned", dict(H=H[None], P=np.array([0.1, 2.0, 5.0, 0.5]), beta=0.5)
    yield "a batch a step", dict(H=batches(rng, 5, 4), P=one, beta=0.8)
    yield "all of it", dict(H=batches(rng, 7, 6), P=rng.uniform(0.2, 4, 6), beta=0.6, nesterov=True)
    yield "two equal batches", dict(H=np.stack([H, H]), P=one, beta=0.3)
    yield "one parameter", dict(H=np.array([[[3.0]]]), P=np.array([2.0]), beta=0.5, nesterov=True)
    yield "negative curvature beside", dict(H=turned(rng, np.array([-20.0, -1.0, 0.5, 2.0]))[None], P=one)
    yield "a maximum", dict(H=-H[None], P=one, beta=0.5)
    yield "steep and flat", dict(H=1e5 * H[None], P=1e3 * one, beta=0.99)


@SHARPNESS.invalid
def invalid(rng):
    H, ones = np.diag([2.0, 1.0])[None], np.ones(2)
    yield "momentum of 1", dict(H=H, P=ones, beta=1.0)
    yield "no batch", dict(H=H[:0], P=ones)
    yield "a Hessian with NaN", dict(H=H * np.nan, P=ones)


def radius(H, P, alpha, beta, nesterov):
    """The spectral radius of a step of the method itself, on position and previous position."""
    G, eye = alpha * H / P[:, None], np.eye(len(P))
    A, B = ((1 + beta) * (eye - G), -beta * (eye - G)) if nesterov else ((1 + beta) * eye - G, -beta * eye)
    return np.abs(np.linalg.eigvals(np.block([[A, B], [eye, 0 * eye]]))).max()


METHODS = ((0.0, False), (0.5, False), (0.9, False), (0.5, True), (0.9, True))


@SHARPNESS.claim
def grows_if_and_only_if_above(of, rng):
    r"""At a minimum, with $m=1$ and $H$ positive definite, all errors die out for $\alpha<\alpha^\star$, and one grows for
    $\alpha>\alpha^\star$: the spectral radius of a step of the method itself, gradient, momentum and preconditioner, is below 1 at
    $0.999\,\alpha^\star$ and above at $1.001\,\alpha^\star$, for descent, heavy ball and Nesterov's momentum"""
    for beta, nesterov in METHODS:
        H, P = turned(rng, np.r_[rng.uniform(0.5, 6, 4), 8.0]), rng.uniform(0.3, 3, 5)
        alpha = of(H[None], P, beta, nesterov)[0]
        why = Text("1 ∓ 10⁻⁴, so that no step at all is no answer", "1 ∓ 10⁻⁴，以排除完全不动的情形")
        yield bound(radius(H, P, 0.999 * alpha, beta, nesterov), 1 - 1e-4, "≤", why)
        yield bound(radius(H, P, 1.001 * alpha, beta, nesterov), 1 + 1e-4, "≥", why)


x = np.linspace(-1, 1, 20)
CHEBYSHEV = 4 * x**3 - 3 * x


def net_gradient(theta, y, chosen=slice(None)):
    """Of half the mean squared error of a net of one hidden layer of tanh, for many parameter vectors at once."""
    w, b, a = np.split(theta, 3, axis=-1)
    z, y = x[chosen], y[chosen]
    h = np.tanh(w[..., None] * z + b[..., None])
    e = ((a[..., None] * h).sum(-2) - y)[..., None, :] / len(z)
    d = a[..., None] * (1 - h * h) * e
    return np.concatenate([(d * z).sum(-1), d.sum(-1), (h * e).sum(-1)], -1)


def net(theta):
    w, b, a = np.split(theta, 3)
    return a @ np.tanh(w[:, None] * x + b[:, None])


def net_hessian(theta, y, h=1e-5):
    E = h * np.eye(len(theta))
    H = (net_gradient(theta + E, y) - net_gradient(theta - E, y)) / (2 * h)
    return (H + H.T) / 2


def net_start(k=6, seed=0):
    rng = np.random.default_rng(seed)
    return np.r_[1.5 * rng.standard_normal(k), 0.5 * rng.standard_normal(k), rng.standard_normal(k) / np.sqrt(k)]


@SHARPNESS.claim
def at_the_minimum_of_a_net(of, rng):
    r"""Of a network of tanh at a minimum where it fits its data: a push of length $10^{-6}$ along the top eigenvector is, after 60 steps of
    descent, less than a hundredth of it at $0.95\,\alpha^\star$, and a hundred times as long at $1.05\,\alpha^\star$"""
    theta = net_start()
    y = net(theta)
    H = net_hessian(theta, y)
    alpha, u = of(H[None], np.ones(len(theta)))[0], np.linalg.eigh(H)[1][:, -1]
    for times, relation, limit in ((0.95, "≤", 0.01), (1.05, "≥", 100.0)):
        moved = theta + 1e-6 * u
        for _ in range(60):
            moved = moved - times * alpha * net_gradient(moved, y)
        factor = min(np.linalg.norm(moved - theta), 1.0) / 1e-6
        why = Text("0.9⁶⁰ = 0.002, 1.1⁶⁰ = 304", "0.9⁶⁰ = 0.002，1.1⁶⁰ = 304")
        yield bound(factor, limit, relation, why)


def linear_hessian(u, v):
    """Of (uᵀv)²/2n, the loss of a net of two linear layers on one sample."""
    n, f = len(u), u @ v / np.sqrt(len(u))
    cross = np.outer(v, u) / n + f * np.eye(n) / np.sqrt(n)
    return np.block([[np.outer(v, v) / n, cross], [cross.T, np.outer(u, u) / n]])


@functools.cache
def catapult(times, n=64, steps=200):
    """Sharpness at the start, at the end, the step and the losses of descent with a multiple of 1/λ at the start."""
    u, v = np.random.default_rng(2).standard_normal((2, n))
    start, losses = np.linalg.eigvalsh(linear_hessian(u, v))[-1], []
    alpha = times / start
    for _ in range(steps):
        f = u @ v / np.sqrt(n)
        losses.append(f * f / 2)
        if losses[-1] > 1e12:
            break
        u, v = u - alpha * f * v / np.sqrt(n), v - alpha * f * u / np.sqrt(n)
    return start, np.linalg.eigvalsh(linear_hessian(u, v))[-1], alpha, losses


@SHARPNESS.claim
def from_the_start_it_trains(of, rng):
    r"""From the start, where $H$ changes along the way, the threshold does not decide: a net of two linear layers, 64 wide, on one sample
    trains with $2.5$ and $3.5$ times $1/\lambda$ of the start; the loss first rises more than fivefold, then falls below $10^{-12}$,
    at a place where the step is stable. With $4.5/\lambda$ this net diverges (catapult; Lewkowycz et al.)"""
    u, v = np.random.default_rng(2).standard_normal((2, 64))
    threshold = of(linear_hessian(u, v)[None], np.ones(128))[0]
    for times in (2.5, 3.5):
        _, end, alpha, losses = catapult(times)
        yield near(alpha / threshold, times / 2, 1e-9, Text("by construction", "由构造得到"))
        yield bound(max(losses), 5 * losses[0], "≥", Text("measured", "实测"))
        yield bound(losses[-1], 1e-12, "≤", Text("it has converged", "已经收敛"))
        yield bound(of(np.array([[[end]]]), np.ones(1))[0], alpha, "≥", Text("α ≤ 2/λ at the end", "终点处 α ≤ 2/λ"))
    yield bound(catapult(4.5)[3][-1], 1e12, "≥", Text("diverged", "已发散"))


@functools.cache
def run(alpha, beta=0.0, batch=20, rho=0.0, steps=1200, every=50):
    """Training of the small net on Chebyshev's polynomial, by batches or by SAM: Hessians every so many steps, and losses."""
    rng, theta, hessians, losses = np.random.default_rng(0), net_start(seed=2), [], []
    velocity = 0 * theta
    for t in range(steps + 1):
        if t % every == 0:
            hessians.append(net_hessian(theta, CHEBYSHEV))
            losses.append(np.mean((net(theta) - CHEBYSHEV) ** 2) / 2)
        chosen = slice(None) if batch == 20 else rng.permutation(20)[:batch]
        g = net_gradient(theta, CHEBYSHEV, chosen)
        if rho:
            g = net_gradient(theta + rho * g / np.linalg.norm(g), CHEBYSHEV, chosen)
        velocity = beta * velocity + g
        theta = theta - alpha * velocity
    return np.array(hessians), np.array(losses)


def shares(of, alpha, beta=0.0, **how):
    """The sharpness over the threshold at each look."""
    return np.array([alpha / of(H[None], np.ones(18), beta)[0] for H in run(alpha, beta, **how)[0]])


@SHARPNESS.claim
def hovers_at_the_edge(of, rng):
    r"""A net of 6 units of tanh on $4x^3-3x$, 20 points, all of them a step: with $\alpha=0.4$, and with $\alpha=0.6$ and $\beta=\frac12$ by heavy
    ball, the sharpness rises from less than half of the threshold $2(1+\beta)/\alpha$ and stays near it: at 13 looks between steps 600
    and 1,200 its mean is within 3% of it, and none is off by more than 10%, while the loss falls to less than a third"""
    why = Text("measured on this net", "在该网络上实测")
    for alpha, beta in ((0.4, 0.0), (0.6, 0.5)):
        share, losses = shares(of, alpha, beta), run(alpha, beta)[1]
        yield bound(share[0], 0.5, "≤", why)
        yield near(share[12:].mean(), 1.0, 0.03, why, "metric")
        yield bound(np.abs(share[12:] - 1).max(), 0.1, "≤", why)
        yield bound(losses[-1] / losses[12], 1 / 3, "≤", why)


@SHARPNESS.claim
def small_batches_and_sam_end_flatter(of, rng):
    r"""The same net with $\alpha=0.4$: with batches of 5, 2 and 1 of the 20 points, and by SAM with $\rho=0.02$, $0.05$ and $0.1$ on all of them,
    the mean sharpness between steps 600 and 1,200 is below 0.8 of $2/\alpha$ and falls with each"""
    why = Text("measured on this net", "在该网络上实测")
    for rows in ([{"batch": 5}, {"batch": 2}, {"batch": 1}], [{"rho": 0.02}, {"rho": 0.05}, {"rho": 0.1}]):
        means = [shares(of, 0.4, **how)[12:].mean() for how in rows]
        yield bound(means[0], 0.8, "≤", why)
        yield bound(np.diff(means).max(), -0.05, "≤", why)
        yield bound(means[-1], 0.3, "≥", why)


def second_moments(H, alpha, beta, nesterov=False):
    """The spectral radius of what a step, on one of the Hessians at random, makes of the second moments."""
    n, total = H.shape[1], 0.0
    eye, zero = np.eye(n), np.zeros((n, n))
    for h in H:
        c = eye - alpha * h
        A, B = ((1 + beta) * c, -beta * c) if nesterov else ((1 + beta) * eye - alpha * h, -beta * eye)
        step = np.block([[A, B], [eye, zero]])
        total = total + np.kron(step, step) / len(H)
    return np.abs(np.linalg.eigvals(total)).max()


@SHARPNESS.claim
def one_batch_a_step(of, rng):
    r"""With a batch a step $\alpha^\star$ is where second moments begin to grow. If all $H_j$ are diagonal and the other directions have no
    noise and little curvature, exactly, by the matrix that a step makes of second moments; if they are any four Hessians of rank 2 plus
    $0.05\,I$ on three parameters, for descent and heavy ball never below it: at $1.001\,\alpha^\star$ they grow"""
    for beta, nesterov in METHODS:
        for s in (0.3, 1.0, 2.5):
            H = np.array([np.diag([2.0 + d, 0.1]) for d in (s, -s)])
            alpha = of(H, np.ones(2), beta, nesterov)[0]
            yield bound(second_moments(H, 0.999 * alpha, beta, nesterov), 1.0, "≤")
            yield bound(second_moments(H, 1.001 * alpha, beta, nesterov), 1.0, "≥")
        if not nesterov:
            for _ in range(2):
                H = batches(rng, 4, 3)
                alpha = of(H, np.ones(3), beta)[0]
                yield bound(second_moments(H, 1.001 * alpha, beta), 1.0, "≥")


@SHARPNESS.claim
def noise_turns_the_law_of_momentum_round(of, rng):
    r"""Without noise heavy ball allows $1+\beta$ times the step of descent. If $s\gg\lambda$ it allows $1-\beta$ times: $\alpha^\star$ is
    $2(1-\beta)\lambda/s^2$, less by a share of $\frac{\lambda^2}{s^2}\frac{1-\beta}{1+\beta}$ at most; for Nesterov's momentum off
    by a share of 2.5 $\lambda^2/s^2$ at most (at $\beta=0.3$ and $0.9$, $s^2=1000\,\lambda^2$). For $0<s<\lambda$ the best $\beta$ is $\frac{\lambda-s}{\lambda+s}$,
    with $\alpha^\star=\frac{4\lambda}{(\lambda+s)^2}$; for $s\ge\lambda$ it is 0: $\alpha^\star$ falls with $\beta$"""
    for beta in (0.3, 0.9):
        yield roundoff(noisy(3.0, 0.0, beta, of=of)[0], 2 * (1 + beta) / 3, terms=16)
        limit = 2 * (1 - beta) / (3 * 1000)
        alpha = noisy(3.0, 9000.0, beta, of=of)[0]
        yield bound(1 - alpha / limit, (1 - beta) / (1 + beta) / 1000, "≤")
        yield bound(alpha / limit, 1.0, "≤")
        other = noisy(3.0, 9000.0, beta, True, of)[0]
        yield bound(abs(other / limit - 1), 2.5 / 1000, "≤", Text("measured", "实测"))
    grid = np.linspace(0, 0.98, 50)
    for lam, s in ((4.0, 3.0), (2.0, 0.1)):
        best = (lam - s) / (lam + s)
        top = noisy(lam, s * s, best, of=of)[0]
        yield roundoff(top, 4 * lam / (lam + s) ** 2, terms=64)
        yield bound(max(noisy(lam, s * s, b, of=of)[0] for b in grid), top, "≤")
    alphas = [noisy(2.0, 4.5, b, of=of)[0] for b in grid]
    yield bound(
        np.diff(alphas).max() / alphas[0],
        -1e-3,
        "≤",
        Text("0.02 times the slope, −0.058 at 0", "0.02 乘以斜率，在 0 处为 −0.058"),
    )


@SHARPNESS.claim
def scaled_parameters(of, rng):
    r"""In other units $\theta=D\varphi$, $D$ diagonal, the Hessians are $DH_jD$, and with $D^2P$ for $P$ the steps are the same: $\alpha^\star$,
    $\lambda$ and $s^2$ do not change. With $P=1$ in both, as for descent, they do: for $\theta_1=10\,\varphi_1$ and $H=\operatorname{diag}(1,2)$
    $\lambda$ goes from 2 to 100, though the function is the same"""
    for beta, nesterov in METHODS[1:]:
        H, P, D = batches(rng, 4, 4), rng.uniform(0.5, 2, 4), rng.uniform(0.2, 5, 4)
        for one, other in zip(of(D[:, None] * H * D, D**2 * P, beta, nesterov), of(H, P, beta, nesterov), strict=True):
            yield invariance(one, other, terms=400)
    H = np.diag([1.0, 2.0])[None]
    D = np.array([10.0, 1.0])
    yield roundoff([of(H, np.ones(2))[1], of(D[:, None] * H * D, np.ones(2))[1]], [2.0, 100.0], terms=16)


@SHARPNESS.claim
def scaled_and_shifted(of, rng):
    r"""$aH_j+wI$, $a>0$, as a loss $a$ times as large with the weight decay $w$ has, makes of $\lambda$ with $P=1$ $a\lambda+w$ and of $s^2$ $a^2s^2$"""
    H, ones = batches(rng, 4, 5), np.ones(5)
    _, lam, s2 = of(H, ones)
    yield bound(s2 / lam**2, 1e-6, "≥", Text("there is a variance", "方差不为 0"))
    for a, w in ((3.0, 0.5), (0.1, 7.0)):
        got = of(a * H + w * np.eye(5), ones)
        yield roundoff(got[1], a * lam + w, terms=200)
        yield roundoff(got[2], a * a * s2, terms=2000, scale=(a * lam + w) ** 2)


@SHARPNESS.claim
def no_update_has_a_smaller_critical_step(of, rng):
    r"""On a quadratic, the loss along $\Delta=P^{-1}\nabla L$ is back at its level at $\eta_c=2\nabla L^{\mathsf T}\Delta/\Delta^{\mathsf T}H\Delta$, which is never
    below $\alpha^\star=2/\lambda$ and equal to it where $\Delta$ points along $P^{-1/2}u$: critical sharpness is a lower bound of sharpness"""
    H, P = turned(rng, np.r_[rng.uniform(0.1, 2, 5), 6.0]), rng.uniform(0.3, 3, 6)
    alpha = of(H[None], P)[0]
    scaled = np.linalg.eigh(H / np.sqrt(np.outer(P, P)))[1][:, -1]
    for theta in (*rng.standard_normal((20, 6)), scaled / np.sqrt(P)):
        g = H @ theta
        delta = g / P
        eta = 2 * g @ delta / (delta @ H @ delta)
        moved = theta - eta * delta
        yield roundoff(moved @ H @ moved, theta @ H @ theta, terms=200)
        yield bound(eta / alpha, 1 - 1e-12, "≥")
    yield roundoff(eta, alpha, terms=400)


@SHARPNESS.claim
def sam_stops_at_a_distance(of, rng):
    r"""SAM, $\theta\leftarrow\theta-\alpha\nabla L(\theta+\rho\,g/\lVert g\rVert)$ with $g=\nabla L(\theta)$, on $\tfrac\lambda2\theta^2$ with $\alpha<\alpha^\star$ does
    not go to the minimum: it ends in jumping between two points where the gradient is
    $\lVert g\rVert=\rho\lambda\frac{\alpha}{\alpha^\star-\alpha}$; there, $\lambda+\rho\lambda^2/\lVert g\rVert=2/\alpha$ (Long and Bartlett)"""
    for lam, rho, share in ((2.0, 0.1, 0.3), (5.0, 0.02, 0.6)):
        star = of(np.array([[[lam]]]), np.ones(1))[0]
        alpha, theta = share * 2 / lam, 1.0
        for _ in range(400):
            theta = theta - alpha * lam * (theta + rho * np.sign(theta))
        yield roundoff(lam * abs(theta), rho * lam * alpha / (star - alpha), terms=400)
        after = theta - alpha * lam * (theta + rho * np.sign(theta))
        yield roundoff(after, -theta, terms=400)


@SHARPNESS.claim
def a_preconditioner_that_moves_gives_way(of, rng):
    r"""RMSprop on $\tfrac\lambda2\theta^2$, whose $P=\sqrt v$ follows the gradient by $v\leftarrow0.99v+0.01g^2$, does not diverge beyond the $\alpha^\star$ of the $P$ that it starts
    with: from $\theta=10^{-3}\alpha^\star$ with $\alpha=2\alpha^\star$ the error grows more than tenfold, then $P$ gives way, and after 2,000
    steps it is between $\frac\alpha{100}$ and $\alpha$. With $P$ held it passes $10^{30}$, and dies out at $0.9\,\alpha^\star$"""
    lam, p = rng.uniform(1, 5), rng.uniform(0.2, 0.5)
    star = of(np.array([[[lam]]]), np.array([p]))[0]
    measured = Text("measured", "实测")
    for held, times in ((False, 2.0), (True, 2.0), (True, 0.9)):
        alpha, start = times * star, 2e-3 * p / lam
        theta, v, sizes = start, p * p, []
        for _ in range(2000):
            g = lam * theta
            v = v if held else 0.99 * v + 0.01 * g * g
            theta = theta - alpha * g / np.sqrt(v)
            sizes.append(abs(theta))
            if sizes[-1] > 1e30:
                break
        if times < 1:
            yield bound(sizes[-1], start * 1e-6, "≤", Text("0.8²⁰⁰⁰", "0.8²⁰⁰⁰"))
            continue
        yield bound(max(sizes), 10 * start, "≥", Text("ten times the start", "初值的十倍"))
        if held:
            yield bound(sizes[-1], 1e30, "≥", Text("diverged", "已发散"))
        else:
            yield bound(max(sizes[-100:]), alpha, "≤", measured)
            yield bound(max(sizes[-100:]), alpha / 100, "≥", measured)


@SHARPNESS.claim
def in_a_fixed_order_it_is_another(of, rng):
    r"""Two batches that take turns, in place of being drawn, have another threshold: for $\lambda=4$ and $s=3$, curvatures 7 and 1, descent
    in turn shrinks every error at $1.1\,\alpha^\star=0.352$, where drawn batches let the second moment grow; in turn it is first unstable
    from $\frac{4-\sqrt2}7\approx0.369$ on, where both steps together multiply by $-1$. Of drawn batches almost every run dies out at 0.352, too,
    for the mean of $\log\lvert1-\alpha h\rvert$ is below 0: what grows is the mean square"""
    alpha = 1.1 * noisy(4.0, 9.0, 0.0, of=of)[0]
    H = np.array([[[7.0]], [[1.0]]])
    yield bound(second_moments(H, alpha, 0.0), 1.0, "≥")
    yield bound(second_moments(H, 0.9 * alpha, 0.0), 1.0, "≤")
    yield bound(abs((1 - 7 * alpha) * (1 - alpha)), 0.95, "≤", Text("both steps together", "两步合在一起"))
    yield bound(np.log(np.abs(1 - alpha * H)).mean(), -0.02, "≤", Text("the mean logarithm", "对数的均值"))
    turn = (4 - np.sqrt(2)) / 7
    yield roundoff((1 - 7 * turn) * (1 - turn), -1.0, terms=8)
    yield roundoff(alpha, 1.1 * 8 / 25, terms=8)


@SHARPNESS.claim
def noise_at_the_minimum_leaves_a_floor(of, rng):
    r"""If the batches' gradients at the minimum are not 0, but independent of the curvature with mean 0 and variance $\sigma^2$, errors do not
    die out; for one parameter and descent with $\alpha<\alpha^\star$ their second moment settles at
    $\frac{\alpha\sigma^2}{2\lambda(1-\alpha/\alpha^\star)}$"""
    for s in (0.0, 1.5):
        star = noisy(2.0, s * s, 0.0, of=of)[0]
        for alpha in (0.1, 0.4):
            moment = 0.0
            for _ in range(400):
                moment = ((1 - 2 * alpha) ** 2 + (alpha * s) ** 2) * moment + alpha**2 * 0.09
            yield roundoff(moment, alpha * 0.09 / (4 * (1 - alpha / star)), terms=400)


@SHARPNESS.claim
def what_curves_downwards_sets_no_limit(of, rng):
    r"""The largest eigenvalue with its sign counts: beside $-9$ a 2 alone decides, and errors along the $-9$ grow at every step size. If
    $\lambda\le0$ then $\alpha^\star=\infty$, which says that nothing swings, not that anything is stable"""
    H = turned(rng, np.array([-9.0, 0.5, 2.0]))
    alpha, lam, _ = of(H[None], np.ones(3))
    yield roundoff([lam, alpha], [2.0, 1.0], terms=100, scale=9.0)
    yield bound(radius(H, np.ones(3), 0.01 * alpha, 0.0, False), 1.05, "≥")
    yield identical(
        np.isposinf(of(-np.eye(2)[None] - H[None, :2, :2] @ H[None, :2, :2], np.ones(2))[0]), np.bool_(True)
    )


@SHARPNESS.mutant(
    caught_by="grows-if-and-only-if-above, at-the-minimum-of-a-net, hovers-at-the-edge, sam-stops-at-a-distance"
)
def one_over_lambda(H, P, beta=0.0, nesterov=False):
    """the step of fastest descent along $u$, half of the threshold"""
    alpha, lam, s2 = sharpness(H, P, beta, nesterov)
    return alpha / 2, lam, s2


@SHARPNESS.mutant(
    caught_by="from-the-start-it-trains, grows-if-and-only-if-above, no-update-has-a-smaller-critical-step"
)
def threshold_of_training(H, P, beta=0.0, nesterov=False):
    """threshold at initialisation: the step with which nets still train from the start, up to twice as large"""
    alpha, lam, s2 = sharpness(H, P, beta, nesterov)
    return 2 * alpha, lam, s2


@SHARPNESS.mutant(caught_by="grows-if-and-only-if-above, hovers-at-the-edge, noise-turns-the-law-of-momentum-round")
def momentum_forgotten(H, P, beta=0.0, nesterov=False):
    r"""$2/\lambda$ whatever the momentum"""
    return sharpness(H, P)


@SHARPNESS.mutant(caught_by="grows-if-and-only-if-above, noise-turns-the-law-of-momentum-round, hovers-at-the-edge")
def effective_step(H, P, beta=0.0, nesterov=False):
    r"""the law of small batches for all: $2(1-\beta)/\lambda$, the step that momentum comes to in the long run"""
    alpha, lam, s2 = sharpness(H, P)
    return (1 - beta) * alpha, lam, s2


@SHARPNESS.mutant(caught_by="grows-if-and-only-if-above, one-batch-a-step")
def nesterov_as_heavy_ball(H, P, beta=0.0, nesterov=False):
    """Nesterov's momentum by the law of heavy ball"""
    return sharpness(H, P, beta)


@SHARPNESS.mutant(
    caught_by="one-batch-a-step, noise-turns-the-law-of-momentum-round, in-a-fixed-order-it-is-another, noise-at-the-minimum-leaves-a-floor"
)
def noise_forgotten(H, P, beta=0.0, nesterov=False):
    """the law of full batches for small ones"""
    alpha, lam, _ = sharpness(H.mean(0, keepdims=True), P, beta, nesterov)
    return alpha, lam, sharpness(H, P)[2]


@SHARPNESS.mutant(caught_by="one-batch-a-step, noise-turns-the-law-of-momentum-round")
def noise_beside_momentum(H, P, beta=0.0, nesterov=False):
    """momentum takes the curvature's part alone; the noise stays as for descent"""
    alpha, lam, s2 = sharpness(H, P, beta, nesterov)
    if nesterov or lam <= 0:
        return alpha, lam, s2
    return 1 / (lam / (2 * (1 + beta)) + s2 / lam / 2), lam, s2


@SHARPNESS.mutant(caught_by="equals-definition, one-batch-a-step")
def batches_minus_one(H, P, beta=0.0, nesterov=False):
    """the variance of a sample, over m − 1"""
    alpha, lam, s2 = sharpness(H, P, beta, nesterov)
    m = len(H)
    wider = m / max(m - 1, 1)
    if lam > 0:
        alpha = noisy(lam, wider * s2, beta, nesterov)[0]
    return alpha, lam, wider * s2


@SHARPNESS.mutant(caught_by="scaled-and-shifted, noise-turns-the-law-of-momentum-round, one-batch-a-step")
def deviation_for_variance(H, P, beta=0.0, nesterov=False):
    """$s$ in the place of $s^2$"""
    alpha, lam, s2 = sharpness(H, P, beta, nesterov)
    return (noisy(lam, np.sqrt(s2), beta, nesterov)[0] if lam > 0 else alpha), lam, np.sqrt(s2)


@SHARPNESS.mutant(caught_by="one-batch-a-step, equals-definition")
def largest_of_each_batch(H, P, beta=0.0, nesterov=False):
    """the mean of the batches' own largest eigenvalues, and their variance"""
    tops = np.linalg.eigvalsh(H / np.sqrt(np.outer(P, P)))[:, -1]
    return sharpness(tops[:, None, None], np.ones(1), beta, nesterov)


@SHARPNESS.mutant(caught_by="what-curves-downwards-sets-no-limit, equals-definition")
def largest_in_size(H, P, beta=0.0, nesterov=False):
    """the largest eigenvalue in size, as power iteration finds it"""
    alpha, lam, s2 = sharpness(H, P, beta, nesterov)
    size = np.abs(np.linalg.eigvalsh(H.mean(0) / np.sqrt(np.outer(P, P)))).max()
    return alpha * lam / size, size, s2


@SHARPNESS.mutant(
    caught_by="grows-if-and-only-if-above, scaled-parameters, no-update-has-a-smaller-critical-step, a-preconditioner-that-moves-gives-way"
)
def preconditioner_forgotten(H, P, beta=0.0, nesterov=False):
    """the Hessian itself under a preconditioner"""
    return sharpness(H, np.ones_like(P), beta, nesterov)


@SHARPNESS.mutant(caught_by="grows-if-and-only-if-above, scaled-parameters")
def preconditioner_twice(H, P, beta=0.0, nesterov=False):
    """$P^{-1}$ on both sides in place of its root"""
    return sharpness(H, P**2, beta, nesterov)


@SHARPNESS.mutant(caught_by="small-batches-and-sam-end-flatter, at-the-minimum-of-a-net, scaled-parameters")
def mean_of_the_spectrum(H, P, beta=0.0, nesterov=False):
    """the mean eigenvalue, from the trace"""
    scaled = np.diagonal(H / np.sqrt(np.outer(P, P)), axis1=1, axis2=2).mean(1)
    return sharpness(scaled[:, None, None], np.ones(1), beta, nesterov)


SHARPNESS.erratum(
    "E200",
    common=r"The largest usable learning rate is $2/\lambda_{\max}$ of the Hessian at initialisation (a common reading of the stability threshold)",
    why=r"The threshold belongs to a minimum. With 2.5 and 3.5 times $1/\lambda$ of its start a net of two linear layers first climbs more than "
    r"fivefold, then converges, where $\lambda$ has fallen below $2/\alpha$.",
    right=r"$2/\lambda$ decides whether a step is stable where training ends; from the start, report it, and try",
    claims="from-the-start-it-trains",
)
SHARPNESS.erratum(
    "E201",
    common=r"Momentum $\beta$ makes steps stable that are $1+\beta$ times as large (a sentence on full batches, said of training in general)",
    why=r"For $\lambda=2$ and $s^2=4.5$ from batch to batch, the largest stable step of heavy ball falls with every $\beta$; for $s\gg\lambda$ it is "
    r"$1-\beta$ times that of descent, a tenth at $\beta=0.9$.",
    right=r"$\frac1{\alpha^\star}=\frac\lambda{2(1+\beta)}+\frac{s^2/\lambda}{2(1-\beta)}$: momentum helps where $s<\lambda$, up to $\beta=\frac{\lambda-s}{\lambda+s}$",
    claims="noise-turns-the-law-of-momentum-round, one-batch-a-step",
)
SHARPNESS.erratum(
    "E202",
    common="The sharpness of a minimum is a property of the function that the network computes (a common slip)",
    why=r"In other units of the parameters, $\theta_1=10\,\varphi_1$, the same function with $H=\operatorname{diag}(1,2)$ has $\lambda=100$ in place of 2. "
    "Between the layers of a ReLU net such a change is free (Dinh et al.).",
    right="Sharpness belongs to the function, its parameters and the preconditioner together: it says which steps are stable",
    claims="scaled-parameters",
)


@SHARPNESS.figure(
    alpha=Slider(0.2, 0.6, 0.4, "step α", values=(0.2, 0.3, 0.4, 0.5, 0.6)),
    beta=Slider(0.0, 0.5, 0.0, "momentum β", values=(0.0, 0.25, 0.5)),
    batch=Slider(1, 20, 20, "samples a step", values=(1, 2, 5, 20)),
)
def figure(alpha, beta, batch):
    with np.errstate(over="ignore", invalid="ignore"):
        hessians, losses = run(float(alpha), float(beta), int(batch), every=20)
    fine = np.isfinite(hessians).all((1, 2))
    lam = np.array([sharpness(H[None], np.ones(18))[1] for H in hessians[fine]])
    steps, threshold = 20 * np.arange(len(losses)), 2 * (1 + beta) / alpha
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.4)
    left.axhline(threshold, color=COLOURS[1], ls="--", lw=1.3, label=r"$2(1+\beta)/\alpha$")
    left.plot(steps[fine], lam, color=COLOURS[0], label=r"$\lambda$")
    left.set(xlabel=r"$t$", ylim=(0, max(1.35 * threshold, 1.1 * lam.max())))
    left.set_title("sharpness", fontsize=9.5)
    left.legend(frameon=False, loc="lower right")
    right.plot(steps[fine], losses[fine], color=COLOURS[0])
    right.set(xlabel=r"$t$", yscale="log")
    right.set_title("loss", fontsize=9.5)
    late, blown = lam[30:].mean(), not fine.all() or losses[-1] > 1e3 * losses[0]
    words = Text(
        f"A net of 6 units of tanh learns 4x³ − 3x from 20 points with α = {alpha:g}, β = {beta:g} and {int(batch)} of them a step. Its sharpness "
        f"starts at {lam[0]:.2f}; "
        + (
            f"the threshold of full batches is {threshold:.2f}. Here training diverges."
            if blown
            else f"between steps 600 and 1,200 it is {late:.2f} on average, {late / threshold:.0%} of the threshold of full batches, {threshold:.2f}. "
            f"The loss goes from {losses[0]:.2g} to {losses[-1]:.2g}."
        ),
        f"含 6 个 tanh 单元的网络从 20 个点学习 4x³ − 3x，α = {alpha:g}，β = {beta:g}，每步用其中 {int(batch)} 个点。锐度从 {lam[0]:.2f} 开始；"
        + (
            f"全批量阈值为 {threshold:.2f}。此处训练发散。"
            if blown
            else f"在第 600 到 1,200 步之间平均为 {late:.2f}，是全批量阈值 {threshold:.2f} 的 {late / threshold:.0%}。"
            f"损失由 {losses[0]:.2g} 变为 {losses[-1]:.2g}。"
        ),
    )
    return Drawing(fig, words)
