"""The empirical neural tangent kernel: the Gram matrix of a network's gradients."""

from itertools import pairwise

import numpy as np

from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Slider, Symbol, Text
from gradus.page.evidence import bound, invariance, rate, roundoff
from gradus.page.exercises import array, choice, number
from gradus.page.figures import COLOURS, canvas


def _torch(tangent_kernel, x, W, V, z=None):
    import torch

    from gradus.arguments.tensors import tensor

    sizes = {}
    tensor("x", x, "n>=1 T d", sizes)
    tensor("W", W, "h d", sizes)
    tensor("V", V, "C h", sizes)

    class SumOfTokens(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = torch.nn.utils.skip_init(torch.nn.Linear, W.shape[1], len(W), bias=False, dtype=W.dtype)
            self.last = torch.nn.utils.skip_init(torch.nn.Linear, V.shape[1], len(V), bias=False, dtype=V.dtype)
            self.hidden.weight.data, self.last.weight.data = W.detach().clone(), V.detach().clone()

        def forward(self, tokens):
            return self.last(torch.tanh(self.hidden(tokens)).sum(1))

    return tangent_kernel(SumOfTokens().to(W.device), x, z)


NTK = Concept(
    key="ntk-empirical",
    kind="definition",
    title="Empirical neural tangent kernel",
    summary=r"How far a small gradient step on one input moves the outputs on another: the inner products of a network's "
    r"gradients. A matrix of the data and of the present weights says which errors training removes first.",
    formulas=(
        r"\Theta(x,x')=J(x)\,J(x')^{\mathsf T}\in\mathbb R^{C\times C},\qquad J(x)=\frac{\partial f(x)}{\partial\theta}\in\mathbb R^{C\times p}",
        r"f(x)=V\sum_{t=1}^T\tanh(Wx_t),\qquad g_t(x)=V\operatorname{diag}\bigl(1-\tanh^2(Wx_t)\bigr),\qquad u(x)=\sum_t\tanh(Wx_t)",
        r"\Theta(x,x')=\sum_{t=1}^{T}\sum_{s=1}^{S}(x_t\cdot x'_s)\,g_t(x)\,g_s(x')^{\mathsf T}+\bigl(u(x)\cdot u(x')\bigr)\,I_C",
        r"\theta\leftarrow\theta-\alpha\,\nabla\,\tfrac12\sum_j\lVert f(x_j)-y_j\rVert^2:\qquad f(x)\leftarrow f(x)-\alpha\sum_j\Theta(x,x_j)\bigl(f(x_j)-y_j\bigr)+O(\alpha^2)",
    ),
    symbols=(
        Symbol("x", "x", "n T d", "inputs, each of $T$ tokens that share the weight $W$; a plain input for $T=1$"),
        Symbol("W", "W", "h d", "weights of the hidden layer"),
        Symbol("V", "V", "C h", "weights of the last layer"),
        Symbol("x'", "z", "m S d", "the second set of inputs, each of $S$ tokens; $x$ itself where it is left out"),
        Symbol(r"\Theta", "", "n m C C", "the kernel, a $C\\times C$ block for each pair of inputs"),
        Symbol("J", "", "C p", "Jacobian of the outputs with respect to all parameters"),
        Symbol("f", "", "C", "the network"),
        Symbol(r"\theta", "", "p", "all parameters together: the entries of $W$ and $V$"),
        Symbol("C,\\ p", "", "", "number of outputs, and of parameters"),
        Symbol(
            "g_t", "", "C h", "sensitivity: derivative of the outputs with respect to what enters tanh at token $t$"
        ),
        Symbol("u", "", "h", "what enters the last layer"),
        Symbol(r"\alpha,\ y_j", "", "", "step size, and the target of input $x_j$"),
        Symbol("I_C", "", "C C", "identity matrix"),
    ),
    needs=("jacobian", "kernel-methods", "gradient-descent"),
    source="jacot2018neural",
    year=2018,
    people=("Arthur Jacot", "Franck Gabriel", "Clément Hongler"),
    aliases="NTK, neural tangent kernel, tangent kernel, empirical NTK, finite-width NTK, gradient kernel, "
    "神经切线核, 神经正切核, 切线核, 经验 NTK",
    implementations=(
        Implementation("gradus.theory:tangent_kernel", "torch", _torch, "of any module: `tangent_kernel(model, x, y)`"),
    ),
    readings="jacot2018neural §4; novak2022fast; lee2019wide",
    hypotheses=(
        Hypothesis(
            r"the change of $f$ in a step: plain gradient descent on the sum of squares",
            "step-of-signs-is-another-direction",
        ),
        Hypothesis(r"the change of $f$ is linear in $\alpha$: small steps, up to $O(\alpha^2)$", "one-step-of-descent"),
        Hypothesis(
            r"the errors decay along every eigenvector, in small steps: $\Theta$ is positive definite, for which $nC\le p$ is necessary",
            "semidefinite-of-rank-p-at-most",
        ),
        Hypothesis(r"$\theta$ are the parameters that are trained, as they are written", "belongs-to-the-parameters"),
    ),
    conventions=(
        Convention(
            "several outputs",
            r"the whole $C\times C$ block of each pair; `kind='trace'` sums its diagonal",
            "`neural_tangents.empirical_ntk_fn` by default averages the diagonal over the outputs, `trace_axes=(-1,)`: the "
            "trace divided by $C$",
        ),
        Convention(
            "order of the axes",
            "$(n,m,C,C)$, as in PyTorch's tutorial and neural-tangents; as a matrix, `Θ.transpose(1, 2).reshape(n*C, m*C)`",
            r"one matrix $JJ^{\mathsf T}$ of $nC$ rows, as in Lee et al.",
        ),
        Convention(
            "what a parameter is",
            "the numbers that the optimiser changes",
            r"the “NTK parametrisation” trains $v$ in $V=v/\sqrt h$ and $w$ in $W=w/\sqrt d$: the last layer's part becomes smaller by the factor "
            r"$h$, the hidden layer's by $d$",
        ),
    ),
    differentiable=False,
    longest_sum=256,
)


@NTK.definition
def ntk_empirical(x, W, V, z=None):
    def jacobian(x):
        u = np.tanh(np.einsum("ntd,hd->nth", x, W))
        to_W = np.einsum("ch,nth,ntd->nchd", V, 1 - u**2, x)
        to_V = np.einsum("cb,nh->ncbh", np.eye(len(V)), u.sum(1))
        return np.concatenate([to_W.reshape(*to_W.shape[:2], -1), to_V.reshape(*to_V.shape[:2], -1)], 2)  # (n, C, p)

    return np.einsum("ncp,mdp->nmcd", jacobian(x), jacobian(x if z is None else z))


def outputs(x, W, V):
    return np.tanh(np.einsum("ntd,hd->nth", x, W)).sum(1) @ V.T


def matrix(kernel):
    """(n, m, C, C) as (n C, m C)."""
    n, m, C, _ = kernel.shape
    return kernel.transpose(0, 2, 1, 3).reshape(n * C, m * C)


def drawn(rng, n=5, T=3, d=4, h=6, C=2):
    return dict(
        x=rng.standard_normal((n, T, d)),
        W=rng.standard_normal((h, d)) / np.sqrt(d),
        V=rng.standard_normal((C, h)) / np.sqrt(h),
    )


@NTK.example
def example():
    x, W, V = np.array([[[1.0, 0.0]], [[1.0, 1.0]], [[0.0, -2.0]]]), np.zeros((1, 2)), np.array([[2.0]])
    kernel = ntk_empirical(x, W, V)[:, :, 0, 0]
    y, alpha = np.array([1.0, 0.0, 0.0]), 0.01
    W_after = -alpha * V.T @ (0 - y)[None] @ x[:, 0]
    twice = ntk_empirical(np.concatenate([x, x], 1), W, V)[:, :, 0, 0]
    lam, Q = np.linalg.eigh(kernel)
    sizes = (64, 512, 512, 10)
    weights = sum((i + 1) * o for i, o in pairwise(sizes))
    return (
        dict(x=x, W=W, V=V, kernel=kernel, norm=np.sum(V**2), y=y, alpha=alpha, predicted=alpha * kernel @ y)
        | dict(W_after=W_after, after=outputs(x, W_after, V)[:, 0], twice=twice, factor=twice[0, 0] / kernel[0, 0])
        | dict(eigenvalues=lam[::-1], share=(Q[:, -1] @ y) ** 2, saving=round(weights / sum(sizes[1:])))
    )


@NTK.exercise
def moved_output():
    x, z = np.array([[[1.0, 2.0]]]), np.array([[[2.0, 1.0]]])
    k = ntk_empirical(z, np.zeros((1, 2)), np.array([[3.0]]), x)[0, 0, 0, 0]
    return number(0.01 * k * 1.0, weight_once=0.01 * 3 * 4, own_kernel=0.01 * 9 * 5, no_step=k)


@NTK.exercise
def two_copies():
    W, V, x = np.array([[0.5]]), np.array([[1.0]]), np.array([[[1.0]]])
    factor = ntk_empirical(np.repeat(x, 3, 1), W, V)[0, 0, 0, 0] / ntk_empirical(x, W, V)[0, 0, 0, 0]
    return number(factor, one_each=3, unchanged=1)


@NTK.exercise
def linear_kernel():
    x = np.array([[1.0, 2.0], [0.0, 3.0]])
    return array(x @ x.T, between_columns=x.T @ x, entrywise=x * x)


@NTK.exercise
def too_few():
    x = np.random.default_rng(0).standard_normal((5, 1, 3))
    lam = np.linalg.eigvalsh(matrix(ntk_empirical(x, np.zeros((1, 3)), np.ones((1, 1)))))
    zero = int(np.sum(lam < 1e-10 * lam[-1]))
    return choice(none=zero == 0, two=zero == 2, three=zero == 3)


@NTK.cases
def cases(rng):
    yield "tokens", drawn(rng)
    yield "plain inputs", drawn(rng, T=1)
    yield "between two sets", drawn(rng) | dict(z=rng.standard_normal((7, 3, 4)))
    yield "other numbers of tokens", drawn(rng) | dict(z=rng.standard_normal((2, 5, 4)))
    yield "one input, one output", drawn(rng, n=1, T=1, d=1, h=1, C=1)
    yield "long and wide", drawn(rng, n=3, T=20, d=5, h=40, C=4)
    yield "saturated", drawn(rng) | dict(x=40 * rng.standard_normal((4, 2, 4)))
    yield "zero weights", drawn(rng) | dict(W=np.zeros((6, 4)))
    yield "twice the same input", drawn(rng) | dict(x=np.ones((4, 2, 4)))


@NTK.invalid
def invalid(rng):
    given = drawn(rng)
    yield "weights for other inputs", given | dict(x=np.ones((5, 3, 3)))
    yield "layers that do not fit", given | dict(V=np.ones((2, 5)))


@NTK.claim
def inner_products_of_gradients(ntk, rng):
    r"""Its entries are the inner products of the outputs' gradients: $J$ by complex steps, parameter by parameter, for one and
    several tokens and between two sets"""
    for T, n, m in ((1, 4, 3), (3, 3, 5)):
        net = drawn(rng, n=n, T=T)
        z = rng.standard_normal((m, T, 4))
        theta = np.concatenate([net["W"].ravel(), net["V"].ravel()])

        def along(x, k, theta=theta):
            moved = theta + 1e-100j * (np.arange(len(theta)) == k)
            return outputs(x, moved[:24].reshape(6, 4), moved[24:].reshape(2, 6)).imag / 1e-100

        J, K = (np.stack([along(v, k) for k in range(len(theta))], -1) for v in (net["x"], z))
        want = np.einsum("icp,jdp->ijcd", J, K)
        yield roundoff(ntk(**net, z=z), want, terms=60, scale=np.abs(J).max() * np.abs(K).max() * len(theta))


@NTK.claim
def layers_add_up(ntk, rng):
    r"""Equals the sum over the layers of (inputs · inputs)(sensitivities · sensitivities), over all pairs of tokens that share
    a weight"""
    net = drawn(rng, n=4, T=3, d=5, h=7, C=3)
    x, W, V = net.values()
    u = np.tanh(x @ W.T)
    g = V[None, None] * (1 - u**2)[:, :, None]  # (n, T, C, h)
    hidden = np.einsum("itd,jsd,itch,jseh->ijce", x, x, g, g, optimize=True)
    last = np.einsum("ih,jh,ce->ijce", u.sum(1), u.sum(1), np.eye(3))
    yield roundoff(ntk(**net), hidden + last, terms=60)


@NTK.claim
def symmetric_and_semidefinite(ntk, rng):
    r"""On one set the matrix is symmetric, $\Theta_{cd}(x,x')=\Theta_{dc}(x',x)$, also between two, and
    $v^{\mathsf T}\Theta v=\lVert J^{\mathsf T}v\rVert^2$, so that no eigenvalue is negative beyond rounding"""
    net, z = drawn(rng, n=6, C=3), rng.standard_normal((4, 3, 4))
    K = matrix(ntk(**net))
    yield roundoff(K, K.T, terms=60)
    there, back = ntk(**net, z=z), ntk(**(net | dict(x=z)), z=net["x"])
    yield roundoff(there, back.transpose(1, 0, 3, 2), terms=60, scale=np.abs(K).max())
    yield bound(np.linalg.eigvalsh(K)[0] / np.abs(K).max(), -1e-12, "≥", Text("rounding of 18 rows", "18 行的舍入误差"))
    x, W, V = net.values()
    v, u = rng.standard_normal((6, 3)), np.tanh(x @ W.T)
    to_W, to_V = np.einsum("nc,ch,nth,ntd->hd", v, V, 1 - u**2, x), v.T @ u.sum(1)
    yield roundoff(v.ravel() @ K @ v.ravel(), (to_W**2).sum() + (to_V**2).sum(), terms=400)


@NTK.claim
def semidefinite_of_rank_p_at_most(ntk, rng):
    r"""Its rank is at most the number of parameters: with $p=6$ and 12 inputs at
    least six combinations of errors that descent leaves as they are, to first order"""
    net = drawn(rng, n=12, T=1, d=2, h=2, C=1)
    lam = np.linalg.eigvalsh(matrix(ntk(**net)))[::-1]
    why = Text("the seventh eigenvalue is rounding", "第七个特征值只是舍入误差")
    yield bound(np.abs(lam[6:]).max() / lam[0], 1e-13, "≤", why)
    yield bound(lam[1] / lam[0], 1e-8, "≥", Text("the second is none", "第二个则不是"))


@NTK.claim
def one_step_of_descent(ntk, rng):
    r"""A step of descent on $\tfrac12\sum_j\lVert f(x_j)-y_j\rVert^2$ changes the outputs, on inputs not trained on too, by
    $-\alpha\,\Theta(x,x_j)(f(x_j)-y_j)$ summed over $j$: the rest is $O(\alpha^2)$"""
    net = drawn(rng)
    x, W, V = net.values()
    z = rng.standard_normal((4, 3, 4))
    error = outputs(x, W, V) - rng.standard_normal((5, 2))
    u = np.tanh(x @ W.T)
    dW, dV = np.einsum("nc,ch,nth,ntd->hd", error, V, 1 - u**2, x), error.T @ u.sum(1)
    change = np.einsum("ijcd,jd->ic", ntk(z, W, V, x), error)
    steps = [4e-3, 2e-3, 1e-3, 5e-4]
    rest = [
        np.linalg.norm(outputs(z, W - a * dW, V - a * dV) - outputs(z, W, V) + a * change)
        for a in 0.05 * np.array(steps)
    ]
    yield rate(steps, rest, 2.0, 0.1)


@NTK.claim
def step_of_signs_is_another_direction(ntk, rng):
    r"""Of other optimisers it does not speak: for one hidden unit with $W=0$ and $V=1$, two orthogonal inputs of lengths 1 and 0.2 along the
    axes, and equal errors, a step along the signs of the gradient, as Adam's first, changes the outputs to first order by no multiple of
    $\Theta(f-y)$: a tenth of the change or more lies beside it"""
    x, W = np.array([[[1.0, 0.0]], [[0.0, 0.2]]]), np.zeros((1, 2))
    error, V = np.array([1.0, 1.0]), np.ones((1, 1))
    signs = np.sign(error @ x[:, 0])
    moved = x[:, 0] @ signs
    along = matrix(ntk(x, W, V)) @ error
    beside = moved - along * (along @ moved) / (along @ along)
    why = Text("by hand: the changes are (1, 0.2) and (1, 0.04)", "手算：两种变化为 (1, 0.2) 与 (1, 0.04)")
    yield bound(np.linalg.norm(beside) / np.linalg.norm(moved), 0.1, "≥", why)
    yield roundoff(along, [1.0, 0.04], terms=4)


@NTK.claim
def belongs_to_the_parameters(ntk, rng):
    r"""It belongs to the parameters, not to the function: each hidden unit split into two equal ones with half the outgoing weights leaves
    $f$ as it is, halves the hidden layer's part and doubles the last layer's"""
    net = drawn(rng)
    x, W, V = net.values()
    u = np.tanh(x @ W.T).sum(1)
    last = np.einsum("ih,jh,cd->ijcd", u, u, np.eye(2))
    split = ntk(x, np.concatenate([W, W]), np.concatenate([V, V], 1) / 2)
    yield invariance(split, ntk(**net) / 2 + 1.5 * last, terms=60)


@NTK.claim
def copies_of_a_token(ntk, rng):
    r"""$T$ equal tokens give $T^2$ times the kernel of one: a shared weight counts every pair of its places, not only each with
    itself"""
    net = drawn(rng, T=1)
    x, W, V = net.values()
    u = np.tanh(x[:, 0] @ W.T)
    g = V[None] * (1 - u**2)[:, None]
    one = (x[:, 0] @ x[:, 0].T)[:, :, None, None] * np.einsum("ich,jeh->ijce", g, g)
    one = one + (u @ u.T)[:, :, None, None] * np.eye(2)
    for T in (1, 2, 5):
        yield roundoff(ntk(np.repeat(x, T, 1), W, V), T**2 * one, terms=60 * T)


@NTK.claim
def zero_weights_in_closed_form(ntk, rng):
    r"""At $W=0$ it is $\bigl(\sum_tx_t\cdot\sum_sx'_s\bigr)\,VV^{\mathsf T}$: the kernel of a linear model"""
    net, z = drawn(rng) | dict(W=np.zeros((6, 4))), rng.standard_normal((3, 2, 4))
    want = np.einsum("id,jd,ch,eh->ijce", net["x"].sum(1), z.sum(1), net["V"], net["V"])
    scale = np.abs(net["x"]).max() * np.abs(z).max() * 6 * 4 * np.abs(net["V"] @ net["V"].T).max()
    yield roundoff(ntk(**net, z=z), want, terms=40, scale=scale)


@NTK.claim
def convolution_over_patches(ntk, rng):
    r"""A convolution is a dense layer whose weight the patches share: with patches for tokens it equals the inner products of PyTorch's gradients
    of a network of `Conv1d`, tanh, sum over the places and `Linear`, both without bias"""
    import torch

    series, filters = rng.standard_normal((4, 2, 9)), rng.standard_normal((5, 2, 3)) / 2
    V = rng.standard_normal((2, 5))
    weights = [torch.tensor(w, requires_grad=True) for w in (filters, V)]
    rows = []
    for one in torch.tensor(series):
        f = torch.tanh(torch.conv1d(one[None], weights[0])).sum(2) @ weights[1].mT
        rows.append([torch.cat([g.ravel() for g in torch.autograd.grad(c, weights, retain_graph=True)]) for c in f[0]])
    J = np.array([[g.numpy() for g in row] for row in rows])
    patches = np.lib.stride_tricks.sliding_window_view(series, 3, 2).transpose(0, 2, 1, 3).reshape(4, 7, 6)
    yield roundoff(ntk(patches, filters.reshape(5, 6), V), np.einsum("icp,jdp->ijcd", J, J), terms=100)


def parts(x, W, V):
    """u (n, T, h) and the sensitivities g (n, T, C, h)."""
    u = np.tanh(np.einsum("ntd,hd->nth", x, W))
    return u, V[None, None] * (1 - u**2)[:, :, None]


def of_last_layer(x, z, W, V):
    u, v = parts(x, W, V)[0].sum(1), parts(z, W, V)[0].sum(1)
    return np.einsum("ih,jh,ce->ijce", u, v, np.eye(len(V)))


@NTK.mutant(caught_by="copies-of-a-token, inner-products-of-gradients, layers-add-up, convolution-over-patches")
def pairs_of_tokens_dropped(x, W, V, z=None):
    """a shared weight's cross terms dropped: token t with token t only"""
    z = x if z is None else z
    T = min(x.shape[1], z.shape[1])
    hidden = np.einsum(
        "itd,jtd,itch,jteh->ijce", x[:, :T], z[:, :T], parts(x, W, V)[1][:, :T], parts(z, W, V)[1][:, :T]
    )
    return hidden + of_last_layer(x, z, W, V)


@NTK.mutant(caught_by="inner-products-of-gradients, one-step-of-descent, zero-weights-in-closed-form")
def last_layer_only(x, W, V, z=None):
    """the last layer's part sold as the whole"""
    return of_last_layer(x, x if z is None else z, W, V)


@NTK.mutant(caught_by="layers-add-up, belongs-to-the-parameters, semidefinite-of-rank-p-at-most")
def bias_that_is_not_there(x, W, V, z=None):
    """biases counted that the network does not have"""
    z = x if z is None else z
    g = np.einsum("itch,jseh->ijce", parts(x, W, V)[1], parts(z, W, V)[1])
    return ntk_empirical(x, W, V, z) + g + np.eye(len(V))


@NTK.mutant(caught_by="symmetric-and-semidefinite, inner-products-of-gradients, one-step-of-descent")
def sensitivities_of_the_first_input(x, W, V, z=None):
    """the sensitivities of the first input taken for both"""
    z = x if z is None else z
    g = parts(x, W, V)[1]
    return np.einsum("itd,jsd,itch,iteh->ijce", x, z, g, g, optimize=True) + of_last_layer(x, z, W, V)


@NTK.mutant(caught_by="zero-weights-in-closed-form, one-step-of-descent, copies-of-a-token")
def averaged_over_parameters(x, W, V, z=None):
    """divided by the number of parameters, and a mean over the tokens"""
    z = x if z is None else z
    return ntk_empirical(x, W, V, z) / (W.size + V.size) / (x.shape[1] * z.shape[1])


@NTK.mutant(caught_by="inner-products-of-gradients, layers-add-up, convolution-over-patches")
def no_derivative_of_tanh(x, W, V, z=None):
    """the derivative of tanh left out of the sensitivities"""
    z = x if z is None else z
    hidden = np.einsum("id,jd,ch,eh->ijce", x.sum(1), z.sum(1), V, V)
    return hidden + of_last_layer(x, z, W, V)


@NTK.mutant(caught_by="step-of-signs-is-another-direction, inner-products-of-gradients")
def cosines(x, W, V, z=None):
    """gradients of unit length: cosines sold as inner products"""
    z = x if z is None else z

    def size(v):
        own = np.einsum("nncc->nc", ntk_empirical(v, W, V))
        return np.sqrt(np.where(own > 0, own, 1.0))

    return ntk_empirical(x, W, V, z) / size(x)[:, None, :, None] / size(z)[None, :, None, :]


@NTK.figure(
    width=Slider(2, 512, 16, "width h", log=True, integer=True),
    step=Slider(1e-3, 1.0, 0.1, "step size α (× 2/λ, λ the largest eigenvalue)", log=True),
)
def figure(width, step):
    h = int(width)
    angle = np.linspace(-np.pi, np.pi, 73)
    circle = np.stack([np.cos(angle), np.sin(angle)], 1)[:, None]
    fig, (left, right) = canvas(columns=2, width=7.8, height=3.3)
    here, curves = circle[36:37], []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        W, V = rng.standard_normal((h, 2)), rng.standard_normal((1, h)) / np.sqrt(h)
        curves.append(ntk_empirical(here, W, V, circle)[0, :, 0, 0] / h)
        left.plot(angle, curves[-1], color=COLOURS[0], lw=1.0, alpha=0.6)
    left.set(
        xlabel="angle between the inputs",
        ylabel=r"$\Theta(x,x')/h$",
        xticks=[-np.pi, 0, np.pi],
        xticklabels=["−π", "0", "π"],
    )
    left.set_ylim(-1.2, 1.2)
    rng = np.random.default_rng(0)
    W, V = rng.standard_normal((h, 2)), rng.standard_normal((1, h)) / np.sqrt(h)
    x, y = circle[:72:12], np.sin(2 * angle[:72:12])[:, None]
    kernel, error = ntk_empirical(x, W, V)[:, :, 0, 0], outputs(x, W, V) - y
    largest = np.linalg.eigvalsh(kernel)[-1]
    u = np.tanh(x @ W.T)
    dW, dV = np.einsum("nc,ch,nth,ntd->hd", error, V, 1 - u**2, x), error.T @ u.sum(1)

    def gap(a):
        moved = outputs(x, W - a * dW, V - a * dV) - outputs(x, W, V)
        return np.linalg.norm(moved + a * kernel @ error) / np.linalg.norm(a * kernel @ error)

    steps = np.geomspace(1e-3, 1, 31)
    right.loglog(steps, [gap(s * 2 / largest) for s in steps], color=COLOURS[0])
    now = gap(step * 2 / largest)
    right.plot(step, now, "o", color=COLOURS[1])
    right.set(xlabel=r"$\alpha\lambda/2$", ylabel="error of the kernel's prediction", ylim=(1e-10, 1))
    spread = np.std([c[36] for c in curves]) / np.mean([c[36] for c in curves])
    words = Text(
        f"Width {h}. The kernel between one point of the circle and all others, for eight draws of the weights; at the point itself they "
        f"spread by {spread:.1%}. The other picture: a step of α = {step:.3g}·2/λ changes the outputs on six points otherwise than the kernel says by {now:.2g} of the change.",
        f"宽度 {h}。圆上一点与其余各点之间的核，权重抽取八次；在该点自身处相对离散 {spread:.1%}。"
        f"另一图：步长 α = {step:.3g}·2/λ 的一步使六个点上的输出改变，与核的预测相差该改变的 {now:.2g} 倍。",
    )
    return Drawing(fig, words)
