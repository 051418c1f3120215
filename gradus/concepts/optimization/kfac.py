"""K-FAC: natural-gradient descent with a Kronecker product for each layer's curvature."""

import functools

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, near, rate, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas

KFAC = Concept(
    key="kfac",
    kind="algorithm",
    title="K-FAC: Kronecker-factored curvature",
    summary=r"The natural gradient of a whole network would need the inverse of a matrix with a row for every weight. "
    r"K-FAC takes each layer for itself and its Fisher matrix for a Kronecker product of two small ones: the second "
    r"moments of what goes into the layer, and of the gradients that come back to it.",
    formulas=(
        r"F=\mathbb E\bigl[\operatorname{vec}(g\,a^{\mathsf T})\operatorname{vec}(g\,a^{\mathsf T})^{\mathsf T}\bigr]"
        r"=\mathbb E\bigl[aa^{\mathsf T}\otimes gg^{\mathsf T}\bigr]\approx A\otimes S,\qquad "
        r"A=\frac1n\sum_{i=1}^na_ia_i^{\mathsf T},\quad S=\frac1m\sum_{j=1}^mg_jg_j^{\mathsf T}",
        r"(A\otimes S)^{-1}\operatorname{vec}(\nabla W)=\operatorname{vec}\bigl(S^{-1}\,\nabla W\,A^{-1}\bigr)",
        r"\Delta=\Bigl(S+\frac{\sqrt\lambda}{\pi}I\Bigr)^{-1}\nabla W\,\bigl(A+\pi\sqrt\lambda\,I\bigr)^{-1},\qquad "
        r"\pi^2=\frac{\operatorname{tr}A/d_{in}}{\operatorname{tr}S/d_{out}}",
    ),
    symbols=(
        Symbol("a_i", "a", "n d_in", "inputs of the layer, one row each; a constant 1 among them where it has a bias"),
        Symbol(
            "g_j",
            "g",
            "m d_out",
            r"gradients of $-\log p$ with respect to the layer's outputs, targets drawn from the model",
        ),
        Symbol(r"\nabla W", "gradient", "d_out d_in", "gradient of the loss with respect to the weights"),
        Symbol(r"\lambda", "damping", "", "damping", "nonnegative"),
        Symbol(r"\Delta", "", "d_out d_in", r"the direction; the weights go against it, $W\leftarrow W-\eta\Delta$"),
        Symbol("F", "", "", "Fisher matrix of the layer, a row for each weight, columns of $W$ one after the other"),
        Symbol(r"A,\ S", "", "", "second moments of inputs and of output gradients"),
        Symbol(r"\pi", "", "", "how the damping is shared out between the two factors; 1 where one of them is zero"),
        Symbol(r"d_{in},\ d_{out}", "", "", "number of inputs and outputs of the layer"),
        Symbol(
            r"\otimes,\ \operatorname{vec}", "", "", "Kronecker product; the columns of a matrix, one below the other"
        ),
    ),
    needs=("hessian", "backprop-mlp", "cholesky"),
    source="martens2015optimizing",
    year=2015,
    people=("James Martens", "Roger Grosse"),
    aliases="KFAC, K-FAC, Kronecker-factored approximate curvature, Kronecker factors, KFC, "
    "克罗内克因子近似曲率, 克罗内克分解",
    implementations=(
        Implementation(
            "gradus.optimization:kronecker_step", "torch", note="one layer; the optimiser is `gradus.optimization.KFAC`"
        ),
    ),
    readings="martens2015optimizing §§3–7; grosse2016kronecker; kunstner2019limitations; eschenhagen2023kronecker; amari1998natural",
    hypotheses=(
        Hypothesis(
            r"$F=A\otimes S$: $aa^{\mathsf T}$ and $gg^{\mathsf T}$ are uncorrelated (independence suffices)",
            "dependent-factors-are-not-exact",
        ),
        Hypothesis("independence of the input's coordinates: no damping", "damping-ties-it-to-the-coordinates"),
        Hypothesis(r"$g$ is of targets drawn from the model, not of the data's", "residuals-are-not-the-fisher"),
        Hypothesis(r"$\lambda=0$: both factors have full rank", "rejects-invalid-input"),
    ),
    conventions=(
        Convention(
            "damping",
            r"shared out: $\pi\sqrt\lambda$ on $A$ and $\sqrt\lambda/\pi$ on $S$, $\pi$ from the mean eigenvalues",
            r"the same $\sqrt\lambda$ on both, or $\lambda$ added to the products of eigenvalues (EKFAC, "
            "`curvlinops` with exact damping): another step at the same $\\lambda$",
        ),
        Convention(
            "whose gradients",
            "targets drawn from the model's own distribution, or their expectation: the Fisher matrix",
            "the data's targets: the empirical Fisher matrix, cheaper by one back-propagation, and another matrix",
        ),
        Convention(
            "layers with shared weights",
            "each place of an image or a sequence counts as a sample (KFC, “expand”)",
            "“reduce” adds up the places first, for models that average over them",
        ),
    ),
    unverified=r"Between layers the Fisher matrix is taken to be zero; the paper's tridiagonal form keeps neighbours.",
)


@KFAC.definition
def kfac(a, g, gradient, damping=1e-3):
    A = a.T @ a / len(a)  # (d_in, d_in)
    S = g.T @ g / len(g)  # (d_out, d_out)
    sizes = np.trace(A) / len(A), np.trace(S) / len(S)
    pi = np.sqrt(sizes[0]) / np.sqrt(sizes[1]) if min(sizes) > 0 else 1.0
    A_damped = A + pi * np.sqrt(damping) * np.eye(len(A))
    S_damped = S + np.sqrt(damping) / pi * np.eye(len(S))
    return np.linalg.inv(S_damped) @ gradient @ np.linalg.inv(A_damped)


@KFAC.example
def example():
    a, g = np.array([[2.0, 0.0], [2.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 0.5]])
    gradient, damping = np.array([[4.0, 2.0], [0.0, 1.0]]), 0.0625
    A, S = a.T @ a / 2, g.T @ g / 2
    pi = np.sqrt((np.trace(A) / 2) / (np.trace(S) / 2))
    root = np.sqrt(damping)
    kept = (
        np.linalg.eigvalsh(A) / (np.linalg.eigvalsh(A) + pi * root) * np.diag(S)[::-1] / (np.diag(S)[::-1] + root / pi)
    )
    undamped = np.linalg.inv(S) @ gradient @ np.linalg.inv(A)
    return (
        dict(a=a, g=g, gradient=gradient, damping=damping, A=A, S=S, pi=pi, undamped=undamped)
        | dict(
            A_inverse=np.linalg.inv(A),
            S_inverse=np.linalg.inv(S),
            on_A=pi * np.sqrt(damping),
            on_S=np.sqrt(damping) / pi,
        )
        | dict(step=kfac(a, g, gradient, damping), kept=kept, mean_A=np.trace(A) / 2, mean_S=np.trace(S) / 2)
    )


@KFAC.exercise
def one_weight():
    return number(
        kfac(np.array([[2.0]]), np.array([[3.0]]), np.array([[10.0]]), 16.0)[0, 0],
        no_damping=10 / 36,
        added=10 / (36 + 16),
        on_both=10 / ((4 + 4) * (9 + 4)),
    )


@KFAC.exercise
def undamped_step():
    a, g = np.diag([2.0, 1.0]) * np.sqrt(2), np.diag([1.0, np.sqrt(2)])
    G = np.array([[4.0, 1.0], [2.0, 1.0]])
    return array(
        kfac(a, g, G, 0.0),
        sides_swapped=np.diag([1 / 4, 1.0]) @ G @ np.diag([2.0, 1.0]),
        not_inverted=np.diag([1 / 2, 1.0]) @ G @ np.diag([4.0, 1.0]),
    )


@KFAC.exercise
def memory():
    full, factors = (1000 * 1000) ** 2, 2 * 1000**2
    return choice(
        hundred=factors * 100 >= full,
        thousand=factors * 100 < full <= factors * 10**4,
        half_million=factors * 10**4 < full,
    )


@KFAC.cases
def cases(rng):
    a, g = rng.standard_normal((12, 4)), rng.standard_normal((9, 3))
    yield "a layer", dict(a=a, g=g, gradient=rng.standard_normal((3, 4)), damping=0.1)
    yield "a square layer", dict(a=a[:, :3], g=g, gradient=rng.standard_normal((3, 3)), damping=0.1)
    yield "the default damping", dict(a=a, g=g, gradient=rng.standard_normal((3, 4)))
    yield "one weight", dict(a=np.array([[2.0]]), g=np.array([[-3.0]]), gradient=np.array([[10.0]]), damping=16.0)
    yield "one sample, many weights", dict(a=a[:1], g=g[:1], gradient=rng.standard_normal((3, 4)), damping=0.5)
    yield (
        "factors of very different size",
        dict(a=100 * a, g=0.01 * g, gradient=rng.standard_normal((3, 4)), damping=0.1),
    )
    yield "a bias", dict(a=np.c_[a, np.ones(12)], g=g, gradient=rng.standard_normal((3, 5)), damping=0.2)
    yield "no gradients left", dict(a=a, g=0 * g, gradient=np.ones((3, 4)), damping=0.25)
    yield "no damping", dict(a=a, g=g, gradient=rng.standard_normal((3, 4)), damping=0.0)


@KFAC.invalid
def invalid(rng):
    a, g = rng.standard_normal((5, 4)), rng.standard_normal((5, 3))
    yield "gradient transposed", dict(a=a, g=g, gradient=np.ones((4, 3)))
    yield "singular without damping", dict(a=np.ones((5, 4)), g=g, gradient=np.ones((3, 4)), damping=0.0)
    yield "no samples", dict(a=a[:0], g=g, gradient=np.ones((3, 4)))


def vec(matrix):
    """The columns, one below the other."""
    return matrix.T.ravel()


def fisher(a, g):
    """Of pairs (a, g) of equal probability."""
    rows = np.stack([vec(np.outer(y, x)) for x, y in zip(a, g, strict=True)])
    return rows.T @ rows / len(rows)


@KFAC.claim
def exact_for_independent_factors(kfac, rng):
    r"""Where $a$ and $g$ are independent it is the natural gradient: $F\operatorname{vec}(\Delta)=\operatorname{vec}(\nabla W)$ for
    $\lambda=0$, with $F$ the second moment over all pairs"""
    for n, m, d_in, d_out in ((6, 5, 3, 2), (4, 7, 2, 4), (9, 3, 5, 1)):
        a, g = rng.standard_normal((n, d_in)), rng.standard_normal((m, d_out))
        G = rng.standard_normal((d_out, d_in))
        F = fisher(np.repeat(a, m, 0), np.tile(g, (n, 1)))
        step = vec(kfac(a, g, G, 0.0))
        yield roundoff(F @ step, vec(G), terms=n * m, scale=np.linalg.norm(F, 2) * np.linalg.norm(step))


@KFAC.claim
def one_step_solves_least_squares(kfac, rng):
    r"""A linear layer under squared error with $S=I$ (unit Gaussian targets): one full step without damping leads from any weights to the
    least-squares solution"""
    a, y, W = rng.standard_normal((20, 4)), rng.standard_normal((20, 3)), rng.standard_normal((3, 4))
    g = np.sqrt(3) * np.eye(3)  # its second moment is I
    after = W - kfac(a, g, (W @ a.T - y.T) @ a / 20, 0.0)
    solution = np.linalg.lstsq(a, y, rcond=None)[0].T
    yield roundoff(after, solution, terms=20, scale=np.linalg.cond(a.T @ a) * np.abs(W).max())


@KFAC.claim
def residuals_are_not_the_fisher(kfac, rng):
    r"""The empirical Fisher matrix, with the data's residuals for $g$, is another matrix, and its step not Newton's: where the residuals of
    two outputs are of size 1.4 and 2.2 or so it misses the least-squares solution by a tenth or more"""
    a, W = rng.standard_normal((40, 3)), np.zeros((2, 3))
    y = a @ np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]) + 0.1 * rng.standard_normal((40, 2))
    solution = np.linalg.lstsq(a, y, rcond=None)[0].T
    residuals = a @ W.T - y
    after = W - kfac(a, residuals, residuals.T @ a / 40, 0.0)
    model = W - kfac(a, np.sqrt(2) * np.eye(2), residuals.T @ a / 40, 0.0)
    size = np.linalg.norm(solution)
    why = Text("residuals of size 1.4 and 2.2 stand where 1 belongs", "应为 1 之处是大小为 1.4 与 2.2 的残差")
    yield bound(np.linalg.norm(after - solution) / size, 0.1, "≥", why)
    yield roundoff(model, solution, terms=40, scale=np.linalg.cond(a.T @ a))


@KFAC.claim
def input_coordinates_do_not_matter(kfac, rng):
    r"""Without damping it does not depend on the coordinates of input and output: for $a\mapsto Ma$, $g\mapsto N^{-\mathsf T}g$ the same
    function moves alike, $\Delta\mapsto N\Delta M^{-1}$"""
    a, g, G = rng.standard_normal((12, 3)), rng.standard_normal((10, 2)), rng.standard_normal((2, 3))
    M, N = rng.standard_normal((3, 3)) + 3 * np.eye(3), rng.standard_normal((2, 2)) + 3 * np.eye(2)
    step, back = kfac(a, g, G, 0.0), np.linalg.inv(N)
    other = kfac(a @ M.T, g @ back, back.T @ G @ M.T, 0.0)
    error = np.linalg.cond(M) ** 2 * np.linalg.cond(N) ** 2 * np.linalg.cond(a) ** 2 * np.linalg.cond(g) ** 2
    yield invariance(other, N @ step @ np.linalg.inv(M), terms=12, scale=error * np.abs(step).max())


@KFAC.claim
def damping_ties_it_to_the_coordinates(kfac, rng):
    r"""With damping it does depend on them: for $A=S=\tfrac12I$, $\lambda=0.1$ and a gradient of ones, stretching one input tenfold
    changes the step by a tenth of its length or more"""
    a, g, G = np.eye(2), np.eye(2), np.ones((2, 2))
    step, M = kfac(a, g, G, 0.1), np.diag([1.0, 10.0])
    moved = kfac(a @ M, g, G @ M, 0.1) @ M
    why = Text("λ = 0.1 beside eigenvalues of ½", "λ = 0.1，特征值为 ½")
    yield bound(np.linalg.norm(moved - step) / np.linalg.norm(step), 0.1, "≥", why)


@KFAC.claim
def scale_between_the_factors_does_not_matter(kfac, rng):
    r"""$a\mapsto ca$, $g\mapsto g/c$ leaves $A\otimes S$ as it is, and the damped step with it: that is what $\pi$ is for"""
    a, g, G = rng.standard_normal((9, 4)), rng.standard_normal((9, 3)), rng.standard_normal((3, 4))
    for damping in (1e-2, 1.0):
        step = kfac(a, g, G, damping)
        for c in (0.01, 30.0):
            yield invariance(kfac(c * a, g / c, G, damping), step, terms=9, scale=np.abs(G).max() / damping)


@KFAC.claim
def one_weight_in_closed_form(kfac, rng):
    r"""For one weight $\Delta=\nabla W/(\lvert ag\rvert+\sqrt\lambda)^2$: the root of the damping is added to the root of the curvature"""
    for a, g, damping in ((2.0, 3.0, 16.0), (0.1, -5.0, 0.01), (4.0, 0.5, 1.0)):
        step = kfac(np.array([[a]]), np.array([[g]]), np.array([[10.0]]), damping)
        yield roundoff(step, [[10 / (abs(a * g) + np.sqrt(damping)) ** 2]], terms=4)


@KFAC.claim
def strong_damping_is_gradient_descent(kfac, rng):
    r"""$\lambda\Delta\to\nabla W$ as $\lambda\to\infty$, with a relative error of order $\lambda^{-1/2}$"""
    a, g, G = rng.standard_normal((9, 4)), rng.standard_normal((9, 3)), rng.standard_normal((3, 4))
    damping = [1e6, 1e7, 1e8, 1e9]
    yield rate(damping, [np.linalg.norm(x * kfac(a, g, G, x) - G) for x in damping], -0.5, 0.02)


@KFAC.claim
def always_a_descent_direction(kfac, rng):
    r"""With damping the step goes down even where one sample stands for many weights:
    $\langle\nabla W,\Delta\rangle\ge\lVert\nabla W\rVert^2/\bigl((\lambda_{\max}(S)+\sqrt\lambda/\pi)(\lambda_{\max}(A)+\pi\sqrt\lambda)\bigr)$"""
    for n in (1, 2, 40):
        a, g, G = rng.standard_normal((n, 6)), rng.standard_normal((n, 4)), rng.standard_normal((4, 6))
        A, S, root = a.T @ a / n, g.T @ g / n, np.sqrt(0.01)
        pi = np.sqrt((np.trace(A) / 6) / (np.trace(S) / 4))
        most = (np.linalg.norm(S, 2) + root / pi) * (np.linalg.norm(A, 2) + root * pi)
        yield bound(np.sum(G * kfac(a, g, G, 0.01)), np.sum(G * G) / most, "≥")


@KFAC.claim
def dependent_factors_are_not_exact(kfac, rng):
    r"""Where large inputs come with large gradients it is not the natural gradient: with $g=a$ of 2 coordinates, standard normal,
    and $\nabla W=I$, $F\operatorname{vec}(\Delta)$ is about four times $\operatorname{vec}(\nabla W)$: its error is three"""
    a = rng.standard_normal((4000, 2))
    F, step = fisher(a, a), kfac(a, a, np.eye(2), 0.0)
    # F = I + vec(I)vec(I)ᵀ + swap in the limit: vec(I) has the eigenvalue 4, A ⊗ S the eigenvalue 1
    missed = np.linalg.norm(F @ vec(step) - vec(np.eye(2))) / np.sqrt(2)
    yield near(
        missed, 3.0, 0.75, Text("3 in the limit; 4000 samples of a fourth moment", "极限为 3；4000 个样本的四阶矩")
    )


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def with_ones(h):
    return np.c_[h, np.ones(len(h))]


class Autoencoder:
    """Of digits, 64–32–8–32–64 with tanh; the loss is the cross-entropy of an image's pixels, each between 0 and 1."""

    sizes = (64, 32, 8, 32, 64)

    def __init__(self, rng):
        pairs = zip(self.sizes[:-1], self.sizes[1:], strict=True)
        self.W = [np.c_[rng.standard_normal((o, i)) / np.sqrt(i), np.zeros(o)] for i, o in pairs]

    def inputs(self, x):
        """Of each layer, and the last layer's output."""
        h = [with_ones(x)]
        for W in self.W[:-1]:
            h.append(with_ones(np.tanh(h[-1] @ W.T)))
        return h, h[-1] @ self.W[-1].T

    def loss(self, x):
        z = self.inputs(x)[1]
        return (np.logaddexp(0, z) - x * z).sum(1).mean()

    def back(self, h, g):
        """The gradients with respect to each layer's outputs, from those at the last."""
        all_g = [g]
        for W, a in zip(self.W[:0:-1], h[:0:-1], strict=True):
            all_g.append((all_g[-1] @ W[:, :-1]) * (1 - a[:, :-1] ** 2))
        return all_g[::-1]

    def forward(self, h, steps):
        """How the outputs move when the weights move along the steps."""
        moved = np.zeros((len(h[0]), 64))
        for k, (W, D, a) in enumerate(zip(self.W, steps, h, strict=True)):
            moved = a @ D.T + (moved @ W[:, :-1].T if k else 0)
            if k < len(self.W) - 1:
                moved = moved * (1 - h[k + 1][:, :-1] ** 2)
        return moved


@functools.cache
def digits():
    from sklearn.datasets import load_digits

    return load_digits().data[:256] / 16


def by_kfac(kfac, steps, damping=0.1):
    """The losses; step and momentum are those of the quadratic model with the exact Fisher matrix."""
    rng, x = np.random.default_rng(0), digits()
    net, n, last, losses = Autoencoder(rng), len(x), None, []
    for k in range(steps):
        h, z = net.inputs(x)
        p = sigmoid(z)
        G = [g.T @ a / n for g, a in zip(net.back(h, p - x), h, strict=True)]
        if k % 5 == 0:
            drawn = net.back(h, p - (rng.random(p.shape) < p))
        d = [-kfac(a, g, grad, damping) for a, g, grad in zip(h, drawn, G, strict=True)]
        along = [d] if last is None else [d, last]
        J = [net.forward(h, v) for v in along]
        dot = lambda v, w: sum(np.sum(s * t) for s, t in zip(v, w, strict=True))
        B = [
            [np.sum(p * (1 - p) * J[i] * J[j]) / n + damping * dot(v, w) for j, w in enumerate(along)]
            for i, v in enumerate(along)
        ]
        best = np.linalg.lstsq(np.array(B), -np.array([dot(G, v) for v in along]), rcond=None)[0]
        last = [sum(c * v[k] for c, v in zip(best, along, strict=True)) for k in range(len(G))]
        net.W = [W + s for W, s in zip(net.W, last, strict=True)]
        losses.append(net.loss(x))
    return np.array(losses)


@functools.cache
def by_adam(alpha, steps):
    """The losses of Adam with its usual averages."""
    x, net = digits(), Autoencoder(np.random.default_rng(0))
    m, v, losses = [0 * W for W in net.W], [0 * W for W in net.W], []
    for t in range(1, steps + 1):
        h, z = net.inputs(x)
        for k, (g, a) in enumerate(zip(net.back(h, sigmoid(z) - x), h, strict=True)):
            G = g.T @ a / len(x)
            m[k], v[k] = 0.9 * m[k] + 0.1 * G, 0.999 * v[k] + 0.001 * G**2
            net.W[k] = net.W[k] - alpha * (m[k] / (1 - 0.9**t)) / (np.sqrt(v[k] / (1 - 0.999**t)) + 1e-8)
        losses.append(net.loss(x))
    return np.array(losses)


ADAM_STEPS = (0.004, 0.008, 0.016, 0.032)


@KFAC.claim(cost="slow")
def a_third_of_adams_steps(kfac, rng):
    r"""On an autoencoder of 256 digits (64–32–8–32–64, full batch, $\lambda=0.1$, step and momentum by the quadratic model) it reaches in
    a third or less of the 300 steps the loss at which Adam ends with the best of the step sizes 0.004, 0.008, 0.016 and 0.032"""
    best = min(by_adam(alpha, 300)[-1] for alpha in ADAM_STEPS)
    reached = by_kfac(kfac, 100) <= best
    share = (np.argmax(reached) + 1) / 300 if reached.any() else np.inf
    why = Text(f"Adam's best loss {best:.2f}", f"Adam 的最佳损失 {best:.2f}")
    yield bound(share, 1 / 3, "≤", why)


def damped(A, S, gradient, on_A, on_S):
    return np.linalg.inv(S + on_S * np.eye(len(S))) @ gradient @ np.linalg.inv(A + on_A * np.eye(len(A)))


def moments(a, g):
    A, S = a.T @ a / len(a), g.T @ g / len(g)
    sizes = np.trace(A) / len(A), np.trace(S) / len(S)
    return A, S, np.sqrt(sizes[0] / sizes[1]) if min(sizes) > 0 else 1.0


@KFAC.mutant(caught_by="scale-between-the-factors-does-not-matter, one-weight-in-closed-form, equals-definition")
def damping_not_shared_out(a, g, gradient, damping=1e-3):
    """√λ on both factors, π forgotten"""
    A, S, _ = moments(a, g)
    return damped(A, S, gradient, np.sqrt(damping), np.sqrt(damping))


@KFAC.mutant(caught_by="one-weight-in-closed-form, scale-between-the-factors-does-not-matter")
def pi_upside_down(a, g, gradient, damping=1e-3):
    """π on the wrong factor"""
    A, S, pi = moments(a, g)
    return damped(A, S, gradient, np.sqrt(damping) / pi, np.sqrt(damping) * pi)


@KFAC.mutant(caught_by="one-weight-in-closed-form, strong-damping-is-gradient-descent")
def whole_damping_on_each(a, g, gradient, damping=1e-3):
    """λ in place of √λ on each factor"""
    A, S, pi = moments(a, g)
    return damped(A, S, gradient, pi * damping, damping / pi)


@KFAC.mutant(caught_by="a-third-of-adams-steps, exact-for-independent-factors, input-coordinates-do-not-matter")
def diagonals_only(a, g, gradient, damping=1e-3):
    """only the diagonals of the factors"""
    A, S, pi = moments(a, g)
    root = np.sqrt(damping)
    return gradient / (np.diag(S) + root / pi)[:, None] / (np.diag(A) + pi * root)


@KFAC.mutant(caught_by="exact-for-independent-factors, one-step-solves-least-squares")
def centred(a, g, gradient, damping=1e-3):
    """covariances in place of second moments"""
    A, S, pi = moments(a - a.mean(0), g)
    return damped(A, S, gradient, pi * np.sqrt(damping), np.sqrt(damping) / pi)


@KFAC.mutant(caught_by="exact-for-independent-factors, one-step-solves-least-squares, always-a-descent-direction")
def sums_not_means(a, g, gradient, damping=1e-3):
    """sums over the samples sold as means: the factors grow with the batch"""
    A, S, pi = moments(a, g)
    return damped(len(a) * A, len(g) * S, gradient, pi * np.sqrt(damping), np.sqrt(damping) / pi)


@KFAC.mutant(caught_by="exact-for-independent-factors, one-weight-in-closed-form, input-coordinates-do-not-matter")
def output_factor_forgotten(a, g, gradient, damping=1e-3):
    """inputs only: nothing of the gradients"""
    A, _, pi = moments(a, g)
    return gradient @ np.linalg.inv(A + pi * np.sqrt(damping) * np.eye(len(A)))


@KFAC.mutant(caught_by="dependent-factors-are-not-exact, residuals-are-not-the-fisher")
def full_fisher(a, g, gradient, damping=1e-3):
    """the full Fisher matrix of the pairs, which needs as many pairs as weights, and one row of each for the other"""
    n = max(len(a), len(g))
    x, y = np.resize(a, (n, a.shape[1])), np.resize(g, (n, g.shape[1]))
    F = np.einsum("ni,no,nj,np->iojp", x, y, x, y).reshape(gradient.size, gradient.size) / n
    step = np.linalg.pinv(F + damping * np.eye(len(F))) @ gradient.T.ravel()
    return step.reshape(gradient.T.shape).T


@KFAC.mutant(caught_by="damping-ties-it-to-the-coordinates, one-weight-in-closed-form")
def undamped(a, g, gradient, damping=1e-3):
    """the damping is left out"""
    A, S, _ = moments(a, g)
    return np.linalg.pinv(S) @ gradient @ np.linalg.pinv(A)


@KFAC.figure(
    dependence=Slider(0.0, 1.0, 0.6, "how far large gradients go with large inputs"),
    damping=Slider(1e-4, 10.0, 0.01, "damping λ", log=True),
)
def figure(dependence, damping):
    rng = np.random.default_rng(3)
    n = 400
    a = rng.standard_normal((n, 3)) @ np.array([[1.0, 0.6, 0.0], [0.0, 0.8, 0.0], [0.0, 0.0, 0.6]])
    g = rng.standard_normal((n, 2)) @ np.array([[1.0, 0.5], [0.0, 0.7]])
    size = np.linalg.norm(a, axis=1, keepdims=True) ** 2
    g = g * ((1 - dependence) + dependence * size / size.mean())
    F, A, S = fisher(a, g), a.T @ a / n, g.T @ g / n
    product = np.kron(A, S)
    fig, axes = canvas(columns=3, width=8.4, height=3.1)
    largest = np.abs(F).max()
    for ax, matrix, title in ((axes[0], F, "$F$"), (axes[1], product, r"$A\otimes S$")):
        ax.imshow(matrix, cmap="RdBu_r", vmin=-largest, vmax=largest)
        ax.set(title=title, xticks=[], yticks=[])
    G = rng.standard_normal((2, 3))
    grid = np.geomspace(1e-4, 10, 41)

    def gap(step, x):
        exact = np.linalg.solve(F + x * np.eye(6), vec(G))
        return np.linalg.norm(vec(step) - exact) / np.linalg.norm(exact)

    ours, plain = [[gap(s(x), x) for x in grid] for s in (lambda x: kfac(a, g, G, x), lambda x: G / x)]
    axes[2].loglog(grid, ours, color=COLOURS[0])
    axes[2].loglog(grid, plain, color=COLOURS[6], ls="--")
    here = gap(kfac(a, g, G, damping), damping)
    axes[2].plot(damping, here, "o", color=COLOURS[1])
    axes[2].annotate(
        r"$\Delta$",
        (grid[8], ours[8]),
        xytext=(0, -4),
        textcoords="offset points",
        va="top",
        fontsize=9.5,
        color=COLOURS[0],
    )
    axes[2].annotate(
        r"$\nabla W/\lambda$",
        (grid[16], plain[16]),
        xytext=(4, 4),
        textcoords="offset points",
        fontsize=9.5,
        color=COLOURS[6],
    )
    axes[2].set(xlabel=r"$\lambda$", ylabel="error of the step", ylim=(1e-2, 1e4))
    apart = np.linalg.norm(F - product) / np.linalg.norm(F)
    words = Text(
        f"The exact Fisher matrix of a layer with 3 inputs and 2 outputs, and its Kronecker product: they differ by {apart:.0%} of the "
        f"norm. At λ = {damping:.2g} K-FAC's step differs from the exact damped one by {here:.0%}, ∇W/λ, as of plain descent, by {gap(G / damping, damping):.3g} times that one's length.",
        f"3 个输入、2 个输出的一层的精确费希尔矩阵与它的克罗内克积：相差范数的 {apart:.0%}。λ = {damping:.2g} 时，K-FAC 的步与精确的阻尼步相差 {here:.0%}，"
        f"而普通下降的 ∇W/λ 与后者相差其长度的 {gap(G / damping, damping):.3g} 倍。",
    )
    return Drawing(fig, words)
