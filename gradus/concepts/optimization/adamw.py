"""AdamW: Adam with weight decay beside the adaptive step, not inside the gradient."""

import numpy as np

from gradus.concepts.optimization.level_sets import level_sets, path
from gradus.frameworks import namespace
from gradus.optimization.problems import as_like, quadratic, scripted
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text, generic
from gradus.page.evidence import EPSILON, bound, invariance, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(AdamW, gradient, theta0, steps, alpha, beta1, beta2, epsilon, weight_decay):
    from gradus.optimization.trajectory import trajectory

    options = dict(lr=alpha, betas=(beta1, beta2), eps=epsilon, weight_decay=weight_decay)
    return trajectory(lambda parameters: AdamW(parameters, **options), gradient, theta0, steps)


ADAMW = Concept(
    key="adamw",
    kind="algorithm",
    title="AdamW",
    summary=r"Adam's step, and beside it every weight shrinks by the same share $\alpha\lambda$. An L2 penalty in the gradient would be "
    "divided by the size of the gradient: weights with large gradients would hardly decay.",
    formulas=(
        r"m_t=\beta_1m_{t-1}+(1-\beta_1)g_t,\qquad v_t=\beta_2v_{t-1}+(1-\beta_2)g_t^2,\qquad g_t=\nabla f(\theta_{t-1})",
        r"\theta_t=(1-\alpha\lambda)\,\theta_{t-1}-\alpha\,\frac{\hat m_t}{\sqrt{\hat v_t}+\varepsilon},\qquad "
        r"\hat m_t=\frac{m_t}{1-\beta_1^t},\qquad \hat v_t=\frac{v_t}{1-\beta_2^t}",
        r"g_1=g_2=\dots=g:\qquad \theta_t=-\frac\sigma\lambda+(1-\alpha\lambda)^t\Bigl(\theta_0+\frac\sigma\lambda\Bigr),\qquad "
        r"\sigma=\frac{g}{\lvert g\rvert+\varepsilon}",
        r"\lvert\theta_t\rvert\le\max\Bigl(\lvert\theta_0\rvert,\frac B\lambda\Bigr),\qquad B=\frac{1-\beta_1}{\sqrt{(1-\beta_2)(1-\beta_1^2/\beta_2)}}"
        r"\qquad(\beta_1^2<\beta_2,\ \alpha\lambda\le1)",
    ),
    symbols=(
        Symbol(r"\nabla f", "gradient", "function", "gradient of the function to be minimised", "function"),
        Symbol(r"\theta_0", "theta0", "d", "the start"),
        Symbol("T", "steps", "", "number of steps", "natural"),
        Symbol(r"\alpha", "alpha", "", "step size (learning rate)", "positive"),
        Symbol(r"\beta_1", "beta1", "", "decay of the averaged gradient", "unit"),
        Symbol(r"\beta_2", "beta2", "", "decay of the averaged squared gradient", "unit"),
        Symbol(r"\varepsilon", "epsilon", "", "added to the root, outside of it", "nonnegative"),
        Symbol(r"\lambda", "weight_decay", "", "weight decay; a weight shrinks by the share αλ a step", "nonnegative"),
        Symbol("g_t", "", "d", "gradient at step t, counted from 1"),
        Symbol("m_t", "", "d", "averaged gradient; $m_0=0$"),
        Symbol("v_t", "", "d", "averaged squared gradient, coordinate by coordinate; $v_0=0$"),
        Symbol(r"\sigma", "", "d", "the sign of the gradient, but for ε"),
        Symbol("B", "", "", "Adam's largest step in units of α"),
    ),
    needs=("adam", "regularization"),
    source="loshchilov2019decoupled",
    year=2017,
    people=("Ilya Loshchilov", "Frank Hutter"),
    aliases="Adam with decoupled weight decay, decoupled weight decay, AdamW optimizer, 解耦权重衰减, AdamW 优化器",
    implementations=(Implementation("torch.optim:AdamW", "torch", _torch),),
    readings="loshchilov2019decoupled Algorithm 2, Propositions 1–3; hanson1988comparing; xie2024implicit Theorem 1.1",
    hypotheses=(
        Hypothesis(
            r"the bound on the weights: $\beta_1<\sqrt{\beta_2}$ and $\alpha\lambda\le1$", "weights-are-bounded"
        ),
        Hypothesis("decay is no L2 penalty: the steps adapt", "where-nothing-adapts-it-is-an-l2-penalty"),
        Hypothesis(
            r"a minimiser within $\pm1/\lambda$ stays where it is: the gradients are exact",
            "under-noise-it-is-a-penalty",
        ),
    ),
    conventions=(
        Convention(
            "what multiplies λ",
            r"the step size, $\alpha\lambda$: PyTorch, Optax, Keras",
            r"the paper: a schedule's factor $\eta_t$ alone, $\theta\leftarrow\theta-\eta_t(\alpha\hat m/(\sqrt{\hat v}+\varepsilon)+\lambda\theta)$: "
            r"its λ is $\alpha\lambda$ here",
        ),
        Convention("the usual λ", "0.01, PyTorch's", "Optax 0.0001, Keras 0.004; with small step sizes 0.1 is common"),
        Convention(
            "where it stands",
            r"beside the step: `AdamW`, or `Adam(decoupled_weight_decay=True)`",
            r"`Adam(weight_decay=…)`, in PyTorch, adds $\lambda\theta$ to the gradient: an L2 penalty",
        ),
    ),
    unverified=r"For every smooth $f$ and $\beta_1\le\beta_2$: if AdamW, its gradients exact and its step sizes falling with an infinite sum, converges, then to a KKT "
    r"point of minimising $f$ over $\lVert\theta\rVert_\infty\le1/\lambda$ (Xie and Li).",
    differentiable=False,
    longest_sum=64,
)


@ADAMW.definition
def adamw(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01):
    theta, m, v = [theta0], 0 * theta0, 0 * theta0
    for t in range(1, steps + 1):
        g = gradient(theta[-1])
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat = m / (1 - beta1**t)
        v_hat = v / (1 - beta2**t)
        theta.append((1 - alpha * weight_decay) * theta[-1] - alpha * m_hat / (np.sqrt(v_hat) + epsilon))
    return np.stack(theta)  # (steps + 1, d)


class Penalised:
    """Gradients in turn, with the gradient λθ of an L2 penalty added."""

    def __init__(self, gradients, weight_decay):
        self.rows, self.weight_decay, self.told = gradients, weight_decay, scripted(gradients)

    def __call__(self, theta):
        return self.told(theta) + self.weight_decay * theta


@ADAMW.example
def example():
    g = np.array([[4.0, 0.0], [2.0, 0.0], [-1.0, 0.0]])  # the gradients that are met, step by step
    gradient, theta0, steps, alpha, weight_decay = scripted(g), np.array([1.0, 1.0]), 3, 0.1, 0.5
    theta = adamw(gradient, theta0, steps, alpha, weight_decay=weight_decay)
    decay = alpha * weight_decay * theta[:-1]
    coupled = adamw(Penalised(g, weight_decay), theta0, steps, alpha, weight_decay=0.0)
    return (
        dict(gradient=gradient, theta0=theta0, steps=steps, alpha=alpha, weight_decay=weight_decay, g=g, theta=theta)
        | dict(decay=decay, adam=theta[:-1] - theta[1:] - decay, coupled=coupled, share=alpha * weight_decay)
        | dict(box=1 / weight_decay)
    )


@ADAMW.exercise
def half_of_a_weight():
    return number(
        np.log(0.5) / np.log(1 - 1e-3 * 0.1), without_alpha=np.log(0.5) / np.log(1 - 0.1), whole=1 / (1e-3 * 0.1)
    )


@ADAMW.exercise
def rescaled():
    def end(factor):
        return adamw(lambda theta: factor * (theta - 3.0), np.array([0.0]), 300, 0.05, weight_decay=0.5)[-1]

    ratio = (end(100.0) / end(1.0))[0]
    return choice(weaker=ratio > 1.01, same=abs(ratio - 1) < 1e-6, stronger=ratio < 0.99)


@ADAMW.exercise
def the_end_of_a_slope():
    end = adamw(scripted([[-3.0]]), np.zeros(1), 20000, 0.02, weight_decay=0.05)[-1, 0]
    return number(end, penalty=3 / 0.05, no_decay=20000 * 0.02)


@generic
def valley(theta):
    """Gradient of Rosenbrock's function, 100 (y − x²)² + (1 − x)²."""
    x, y = theta[..., 0], theta[..., 1]
    return namespace(theta).stack([400 * x * (x**2 - y) + 2 * (x - 1), 200 * (y - x**2)], -1)


@ADAMW.cases
def cases(rng):
    H = np.array([[3.0, 1.0], [1.0, 2.0]])
    yield "quadratic", dict(gradient=quadratic(H), theta0=np.array([1.0, -2.0]), steps=12, alpha=0.125)
    yield (
        "a strong decay",
        dict(gradient=quadratic([1.0, 4.0], 3.0), theta0=np.array([5.0, -1.0]), steps=12, alpha=0.25, weight_decay=1.5),
    )
    yield "no decay", dict(gradient=valley, theta0=np.array([-1.5, 2.0]), steps=12, alpha=0.25, weight_decay=0.0)
    yield (
        "short memory, badly scaled",
        dict(
            gradient=quadratic([1e-3, 1.0, 1e3], 2.0),
            theta0=np.ones(3),
            steps=8,
            alpha=0.0625,
            beta1=0.5,
            beta2=0.75,
            weight_decay=0.5,
        ),
    )
    yield (
        "large ε",
        dict(
            gradient=quadratic([1.0, 0.25]),
            theta0=np.array([1.0, -3.0]),
            steps=10,
            alpha=0.5,
            epsilon=0.5,
            weight_decay=0.25,
        ),
    )
    yield (
        "no gradient",
        dict(gradient=quadratic([0.0, 0.0]), theta0=np.array([1.0, -8.0]), steps=8, alpha=0.5, weight_decay=0.5),
    )
    yield "at 0", dict(gradient=quadratic([1.0, 2.0]), theta0=np.zeros(2), steps=5, alpha=0.5)
    yield "no step", dict(gradient=quadratic([1.0]), theta0=np.ones(1), steps=0, alpha=0.5)


@ADAMW.invalid
def invalid(rng):
    def three(theta):
        return as_like(np.ones(3), theta)

    yield "a gradient of another shape", dict(gradient=three, theta0=np.ones(2), steps=2, alpha=0.1)


@ADAMW.claim
def without_gradient_it_halves_and_halves(adamw, rng):
    r"""Where the gradient is 0 the weights fade like $(1-\alpha\lambda)^t$: towards 0, never through it if $\alpha\lambda<1$, and for all of
    them by the same share"""
    start, t = 10.0 ** rng.uniform(-3, 3, 6) * [1, -1, 1, -1, 1, -1], np.arange(121)[:, None]
    for alpha, decay in ((0.125, 0.5), (0.01, 0.1), (1.0, 0.0)):
        path = adamw(quadratic(np.zeros(6)), start, 120, alpha, weight_decay=decay)
        yield roundoff(path / start, (1 - alpha * decay) ** t * np.ones(6), terms=120, scale=1.0)


@ADAMW.claim
def adams_step_and_a_share_beside_it(adamw, rng):
    r"""On the same gradients $\theta_t-(1-\alpha\lambda)\theta_{t-1}$ is Adam's step at every $t$, as without decay: the decay leaves no
    trace in $m$ and $v$"""
    rows = rng.standard_normal((80, 4)) * [1.0, 1e-4, 1e3, 0.0]
    start = rng.uniform(1, 5, 4)
    plain = adamw(scripted(rows), start, 80, 0.05, weight_decay=0.0)
    decayed = adamw(scripted(rows), start, 80, 0.05, weight_decay=0.6)
    return roundoff(decayed[1:] - (1 - 0.03) * decayed[:-1], np.diff(plain, axis=0), terms=80, scale=5.0)


@ADAMW.claim
def a_constant_gradient_leads_to_one_over_lambda(adamw, rng):
    r"""Under a constant gradient $\theta_t=-\tfrac\sigma\lambda+(1-\alpha\lambda)^t\bigl(\theta_0+\tfrac\sigma\lambda\bigr)$: however small or
    large the gradient, if only large beside ε, the weight tends to $\mp1/\lambda$; at $\lvert g\rvert=\varepsilon$ to half of that
    ($\alpha\lambda<2$)"""
    g, t = np.array([1e-8, -1e-3, 1.0, -1e6]), np.arange(301)[:, None]
    sigma = g / (np.abs(g) + 1e-8)
    start = rng.standard_normal(4)
    want = -sigma / 0.5 + (1 - 0.02) ** t * (start + sigma / 0.5)
    # 1 − β₂ᵗ loses up to 1/(1 − β₂) = 1000 units in the last place, of which the root passes on half
    return roundoff(adamw(scripted([g]), start, 300, 0.04, weight_decay=0.5), want, terms=500, scale=2.0)


@ADAMW.claim
def scale_of_the_loss_does_not_matter(adamw, rng):
    r"""The loss times any positive factor gives the same trajectory, decay included ($\varepsilon=0$)"""
    rows, start = rng.standard_normal((40, 4)), rng.standard_normal(4)
    plain = adamw(scripted(rows), start, 40, 0.1, epsilon=0.0, weight_decay=0.5)
    for factor in (1e-6, 3.0, 1e5):
        scaled = adamw(scripted(factor * rows), start, 40, 0.1, epsilon=0.0, weight_decay=0.5)
        yield invariance(scaled, plain, terms=160, scale=5.0)


@ADAMW.claim
def a_penalty_in_the_gradient_spares_large_gradients(adamw, rng):
    r"""It is not Adam with an L2 penalty: three weights of 1 meet gradients $\pm100$, $\pm1$, $\pm0.01$ in turn for 400 steps
    ($\alpha=0.01$, $\lambda=\tfrac12$). AdamW takes each to 0.14; with $\lambda\theta$ in the gradient the first keeps 0.99, the last
    is at 0"""
    rows = np.where(np.arange(400) % 2, 1.0, -1.0)[:, None] * [100.0, 1.0, 0.01]
    ours = adamw(scripted(rows), np.ones(3), 400, 0.01, weight_decay=0.5)[-1]
    coupled = adamw(Penalised(rows, 0.5), np.ones(3), 400, 0.01, weight_decay=0.0)[-1]
    why = Text("half a step of α, which the alternating gradients leave", "交替的梯度所留下的半个步长 α")
    for left in ours:
        yield near(left, (1 - 0.005) ** 400, 0.005, why)
    yield bound(coupled[0], 0.99, "≥", Text("a hundredth at most is gone", "至多失去百分之一"))
    yield bound(np.abs(coupled[2]), 0.01, "≤", Text("gone, to a hundredth", "已消失，剩余不到百分之一"))


@ADAMW.claim
def where_nothing_adapts_it_is_an_l2_penalty(adamw, rng):
    r"""Where $\varepsilon$ dwarfs the gradients nothing adapts, and with $\beta_1=0$ it is gradient descent of step $a=\alpha/\varepsilon$ on
    $f+\tfrac{\lambda\varepsilon}2\lVert\theta\rVert^2$: for descent, decay and penalty are one"""
    H, big = np.array([[3.0, 1.0], [1.0, 2.0]]), 1e10
    start = rng.standard_normal(2)
    ours = adamw(quadratic(H, [1.0, -2.0]), start, 40, 0.1 * big, 0.0, 0.9, big, 0.7 / big)
    theta = [start]
    for _ in range(40):
        theta.append(theta[-1] - 0.1 * (H @ (theta[-1] - [1.0, -2.0]) + 0.7 * theta[-1]))
    # g/(√v̂ + ε) = g/ε (1 − √v̂/ε …), √v̂ at most the largest gradient, below 40 at any draw that is not 10 deviations off
    why = Text("40 steps, each off by its gradient over ε", "40 步，每步的误差为梯度与 ε 之比")
    return near(np.abs(ours - np.stack(theta)).max(), 0.0, 40 * 0.1 * 40**2 / big, why)


SETTINGS = ((0.9, 0.95), (0.5, 0.9), (0.0, 0.5))


def largest_step(beta1, beta2):
    """Adam's largest step in units of α; see the page `adam`."""
    return (1 - beta1) / np.sqrt((1 - beta2) * (1 - beta1**2 / beta2))


@ADAMW.claim
def weights_are_bounded(adamw, rng):
    r"""If $\beta_1<\sqrt{\beta_2}$ and $\alpha\lambda\le1$, no weight leaves $\max(\lvert\theta_0\rvert,B/\lambda)$, whatever the gradients;
    gradients that grow by $\beta_2/\beta_1$ a step ($\beta_1>0$) lead to $B/\lambda$"""
    n, t = 200, np.arange(200)[:, None]
    for beta1, beta2 in SETTINGS:
        most = largest_step(beta1, beta2) / 0.5
        rows = np.hstack(
            [
                rng.standard_normal((n, 8)),
                rng.standard_t(1.0, (n, 8)),
                -np.ones((n, 1)),
                1.0 * (t >= n - 20),
                (beta2 / max(beta1, 0.4)) ** (t - n / 2.0),
            ]
        )
        for start in (0.0, 3 * most):
            theta = adamw(scripted(rows), np.full(19, start), n, 0.2, beta1, beta2, 1e-300, 0.5)
            limit = max(start, most)
            yield bound(np.abs(theta).max() - n * EPSILON * limit, limit)
        if beta1:
            why = Text("(1 − αλ)ⁿ and what B_t still lacks", "(1 − αλ)ⁿ 以及 B_t 尚缺的部分")
            yield near(-theta[-1, -1] / most, 1.0, 1e-3, why)


@ADAMW.claim
def a_minimiser_inside_the_box_is_not_moved(adamw, rng):
    r"""With exact gradients decay is a wall, not a pull: on $\tfrac12(\theta-\theta^\star)^2$ it ends at $\theta^\star$ where
    $\lvert\theta^\star\rvert<1/\lambda$ and else at $\pm1/\lambda$, to within $\alpha$; with the penalty $\tfrac\lambda2\theta^2$ in the gradient at
    $\theta^\star/(1+\lambda)$"""
    star, lam, alpha = np.array([1.0, 5.0, -0.3, -2.5]), 0.5, 0.02
    ours = adamw(quadratic(np.ones(4), star), np.zeros(4), 1000, alpha, 0.9, 0.95, weight_decay=lam)[-1]
    coupled = adamw(
        quadratic(np.full(4, 1 + lam), star / (1 + lam)), np.zeros(4), 1000, alpha, 0.9, 0.95, weight_decay=0.0
    )[-1]
    why = Text("α, one step", "α，即一步")
    yield near(np.abs(ours - np.clip(star, -1 / lam, 1 / lam)).max(), 0.0, alpha, why)
    yield near(np.abs(coupled - star / (1 + lam)).max(), 0.0, alpha, why)


@ADAMW.claim
def under_noise_it_is_a_penalty(adamw, rng):
    r"""Where noise $\pm s$, large beside the slope, drowns it, decay acts as an L2 penalty of strength $\lambda s$: on $\tfrac12(\theta-2)^2$ with
    $\lambda=0.1$ it ends near $2/(1+\lambda s)$: 1.67, 1 and 0.33 for $s=2,10,50$, to 10%"""
    s = np.array([2.0, 10.0, 50.0])
    noise = scripted(s * (-1.0) ** np.arange(700)[:, None])

    end = adamw(generic(lambda theta: theta - 2 + noise(theta)), np.ones(3), 700, 0.2, 0.9, 0.99, weight_decay=0.1)[
        -50:
    ].mean(0)
    why = Text("v̂ = s² + slope², and a slope of 0.3 s at most", "v̂ = s² + 斜率²，斜率至多为 0.3 s")
    for j in range(3):
        yield near(end[j] * (1 + 0.1 * s[j]) / 2, 1.0, 0.1, why)


def variant(gradient, theta0, steps, alpha, beta1, beta2, epsilon, move, penalty=0.0):
    """Adam with an L2 penalty in the gradient, and another way of putting step and decay together."""
    theta, m, v = [theta0], 0 * theta0, 0 * theta0
    for t in range(1, steps + 1):
        g = gradient(theta[-1]) + penalty * theta[-1]
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        theta.append(move(theta[-1], m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + epsilon)))
    return np.stack(theta)


@ADAMW.mutant(
    caught_by="equals-definition, without-gradient-it-halves-and-halves, adams-step-and-a-share-beside-it, "
    "scale-of-the-loss-does-not-matter, a-penalty-in-the-gradient-spares-large-gradients, "
    "a-minimiser-inside-the-box-is-not-moved, under-noise-it-is-a-penalty, where-nothing-adapts-it-is-an-l2-penalty"
)
def coupled(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01):
    """λθ in the gradient: Adam with an L2 penalty"""
    return variant(
        gradient, theta0, steps, alpha, beta1, beta2, epsilon, lambda theta, u: theta - alpha * u, weight_decay
    )


@ADAMW.mutant(caught_by="without-gradient-it-halves-and-halves, equals-definition, weights-are-bounded")
def decay_without_alpha(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01):
    """λ not multiplied by α, as the paper writes it"""
    return variant(
        gradient, theta0, steps, alpha, beta1, beta2, epsilon, lambda theta, u: theta - alpha * u - weight_decay * theta
    )


@ADAMW.mutant(caught_by="adams-step-and-a-share-beside-it, equals-definition, weights-are-bounded")
def decay_after_the_step(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01):
    """the new point decays in place of the old one"""
    return variant(
        gradient,
        theta0,
        steps,
        alpha,
        beta1,
        beta2,
        epsilon,
        lambda theta, u: (1 - alpha * weight_decay) * (theta - alpha * u),
    )


@ADAMW.mutant(caught_by="without-gradient-it-halves-and-halves, adams-step-and-a-share-beside-it")
def towards_the_start(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01):
    """decays towards the start, not towards 0"""
    return variant(
        gradient,
        theta0,
        steps,
        alpha,
        beta1,
        beta2,
        epsilon,
        lambda theta, u: theta - alpha * u - alpha * weight_decay * (theta - theta0),
    )


@ADAMW.mutant(caught_by="without-gradient-it-halves-and-halves, equals-definition")
def by_the_sign(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01):
    """the same amount for all weights, by their sign: an L1 penalty"""
    return variant(
        gradient,
        theta0,
        steps,
        alpha,
        beta1,
        beta2,
        epsilon,
        lambda theta, u: theta - alpha * u - alpha * weight_decay * np.sign(theta),
    )


@ADAMW.mutant(caught_by="a-minimiser-inside-the-box-is-not-moved, a-constant-gradient-leads-to-one-over-lambda")
def no_decay(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01):
    """no decay: Adam"""
    return adamw(gradient, theta0, steps, alpha, beta1, beta2, epsilon, 0.0)


@ADAMW.mutant(caught_by="a-constant-gradient-leads-to-one-over-lambda, equals-definition")
def no_bias_correction(gradient, theta0, steps, alpha, beta1=0.9, beta2=0.999, epsilon=1e-8, weight_decay=0.01):
    """no bias correction"""
    theta, m, v = [theta0], 0 * theta0, 0 * theta0
    for _ in range(steps):
        g = gradient(theta[-1])
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        theta.append((1 - alpha * weight_decay) * theta[-1] - alpha * m / (np.sqrt(v) + epsilon))
    return np.stack(theta)


ADAMW.erratum(
    "E7g",
    common="Weight decay is the same as an L2 penalty (a common slip)",
    why=r"For gradient descent it is, with the penalty's λ. In Adam the penalty's gradient is divided by the size of the gradients: "
    r"with $\alpha=0.01$, $\lambda=\tfrac12$ a weight of 1 that meets gradients $\pm100$ keeps 0.99 of itself after 400 steps, one that meets "
    r"$\pm0.01$ nothing; decoupled, each keeps 0.14.",
    right="They agree for gradient descent with constant step size; in Adam they are different methods",
    claims="a-penalty-in-the-gradient-spares-large-gradients, where-nothing-adapts-it-is-an-l2-penalty, "
    "a-minimiser-inside-the-box-is-not-moved",
)
ADAMW.erratum(
    "E7h",
    common="In AdamW, as libraries have it, the weight decay does not depend on the learning rate (a common slip)",
    why=r"Without a gradient the weights fade like $(1-\alpha\lambda)^t$: who halves $\alpha$ halves the decay a step. It is the paper's formula "
    "in which λ stands alone.",
    right=r"Decoupled from the gradient, not from the step size: the share a step is $\alpha\lambda$, the memory $1/(\alpha\lambda)$ steps",
    claims="without-gradient-it-halves-and-halves, adams-step-and-a-share-beside-it",
)


@ADAMW.figure(
    weight_decay=Slider(0.05, 2.0, 0.5, "weight decay λ", log=True),
    alpha=Slider(0.005, 0.1, 0.03, "step size α", log=True),
    spread=Slider(1, 1000, 100, "ratio of the gradients' sizes", log=True),
)
def figure(weight_decay, alpha, spread):
    T, star, H = 500, np.array([3.0, 1.0]), np.array([4.0, 1.0])
    start = np.array([-1.5, -1.2])
    ours = adamw(quadratic(H, star), start, T, alpha, 0.9, 0.95, weight_decay=weight_decay)
    ridge = H * star / (H + weight_decay)
    penalised = adamw(quadratic(H + weight_decay, ridge), start, T, alpha, 0.9, 0.95, weight_decay=0.0)
    fig, (left, right) = canvas(columns=2, width=7.6, height=3.5)
    level_sets(left, lambda x, y: (H[0] * (x - 3) ** 2 + H[1] * (y - 1) ** 2) / 2, (-2.5, 4.0), (-2.5, 2.7))
    path(left, penalised, COLOURS[0], r"Adam, $\lambda\theta$ in the gradient", width=0.9)
    path(left, ours, COLOURS[1], "AdamW")
    b = 1 / weight_decay
    left.plot([-b, b, b, -b, -b], [-b, -b, b, b, -b], color="0.25", lw=1, ls="--")
    left.plot(*star, "*", color="0.2", ms=9)
    left.set(xlim=(-2.5, 4.0), ylim=(-2.5, 2.7))
    left.legend(fontsize=9, loc="lower right")
    n, large, small = 150, np.sqrt(spread), 1 / np.sqrt(spread)
    rows = np.where(np.arange(n) % 2, 1.0, -1.0)[:, None] * [large, small]
    decoupled = adamw(scripted(rows), np.ones(2), n, alpha, weight_decay=weight_decay)
    coupled = adamw(Penalised(rows, weight_decay), np.ones(2), n, alpha, weight_decay=0.0)
    for j, style in enumerate(("-", "--")):
        right.plot(coupled[:, j], style, color=COLOURS[0], lw=1.4)
        right.plot(decoupled[:, j], style, color=COLOURS[1], lw=1.6)
    right.plot([], [], "-", color="0.4", label="large gradients")
    right.plot([], [], "--", color="0.4", label="small gradients")
    right.legend(frameon=False, fontsize=9.5, loc="upper right")
    right.set(xlabel="t", ylabel=r"$\theta_t$", ylim=(-0.15, 1.25))
    words = Text(
        f"The star is the minimiser, the square |θ| ≤ 1/λ = {b:.2g}. AdamW ends at ({ours[-1, 0]:.2f}, {ours[-1, 1]:.2f}), Adam with the penalty at "
        f"({penalised[-1, 0]:.2f}, {penalised[-1, 1]:.2f}). Two weights of 1 under alternating gradients of sizes {large:.2g} and {small:.2g}: after {n} steps "
        f"AdamW leaves {decoupled[-1, 0]:.2f} and {decoupled[-1, 1]:.2f}, the penalty {coupled[-1, 0]:.2f} and {abs(coupled[-1, 1]):.2f}.",
        f"星号为极小点，方框为 |θ| ≤ 1/λ = {b:.2g}。AdamW 停在 ({ours[-1, 0]:.2f}, {ours[-1, 1]:.2f})，带惩罚项的 Adam 停在 "
        f"({penalised[-1, 0]:.2f}, {penalised[-1, 1]:.2f})。两个权重从 1 出发，梯度正负交替，大小为 {large:.2g} 与 {small:.2g}：{n} 步之后 "
        f"AdamW 剩下 {decoupled[-1, 0]:.2f} 与 {decoupled[-1, 1]:.2f}，惩罚项剩下 {coupled[-1, 0]:.2f} 与 {abs(coupled[-1, 1]):.2f}。",
    )
    return Drawing(fig, words)
