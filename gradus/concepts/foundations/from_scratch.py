"""A network trained from scratch."""

from functools import cache

import numpy as np

from gradus.page import Concept, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import all_of, bound, identical, metric, near, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas


def logits(p, x):
    return np.tanh(x @ p["W1"].T + p["b1"]) @ p["W2"].T + p["b2"]


def cross_entropy(z, y):
    m = z.max(axis=1, keepdims=True)
    log_p = z - m - np.log(np.exp(z - m).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(y)), y].mean()


def _tape(loss_and_gradient, x, y, W1, b1, W2, b2, steps, alpha):
    from gradus.foundations.from_scratch.adam import Moments, adam_step

    p, losses = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}, []
    moments = Moments.zeros(p)
    for _ in range(steps):
        loss, gradient, _ = loss_and_gradient(logits, cross_entropy, p, x, y)
        p, moments = adam_step(p, gradient, moments, alpha)
        losses.append(loss)
    return np.array([*losses, loss_and_gradient(logits, cross_entropy, p, x, y)[0]]), *p.values()


def _torch(Adam, x, y, W1, b1, W2, b2, steps, alpha):
    import torch

    p = [v.clone().requires_grad_() for v in (W1, b1, W2, b2)]
    target = torch.as_tensor(np.asarray(y)) if not isinstance(y, torch.Tensor) else y
    optimizer, losses = Adam(p, lr=alpha), []
    for _ in range(steps + 1):
        z = torch.tanh(x @ p[0].T + p[1]) @ p[2].T + p[3]
        loss = torch.nn.functional.cross_entropy(z, target)
        losses.append(loss.detach())
        if len(losses) <= steps:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return torch.stack(losses), *(v.detach() for v in p)


FROM_SCRATCH = Concept(
    key="from-scratch",
    kind="system",
    title="A network from scratch",
    summary="Everything that trains a network, without a framework: forwards, the loss, backwards by the chain rule, "
    "and Adam. Here for one hidden layer, each gradient written out; `gradus run from-scratch` trains an MLP, LeNet, "
    "an LSTM and a transformer in the same way, from the definitions of these pages and our own tape alone.",
    formulas=(
        r"H=\tanh(xW_1^{\mathsf T}+b_1),\quad Z=HW_2^{\mathsf T}+b_2,\quad P=\operatorname{softmax}(Z),\quad L=-\frac1n\sum_{i=1}^{n}\log P_{i,y_i}",
        r"\bar Z=\frac{P-\operatorname{onehot}(y)}n,\quad \bar W_2=\bar Z^{\mathsf T}H,\quad \bar b_2=\bar Z^{\mathsf T}1,\quad \bar A=(\bar ZW_2)\odot(1-H^2),\quad \bar W_1=\bar A^{\mathsf T}x,\quad \bar b_1=\bar A^{\mathsf T}1",
        r"t=1,\dots,T:\quad m\leftarrow.9\,m+.1\,\bar\theta,\quad v\leftarrow.999\,v+.001\,\bar\theta^2,\quad \theta\leftarrow\theta-\alpha\,\frac{m/(1-.9^t)}{\sqrt{v/(1-.999^t)}+10^{-8}}",
    ),
    symbols=(
        Symbol("x", "x", "n d", "inputs"),
        Symbol("y", "y", "n", "classes", "index"),
        Symbol("W_1", "W1", "h d", "weights of the hidden layer"),
        Symbol("b_1", "b1", "h", "its biases"),
        Symbol("W_2", "W2", "k h", "weights of the output layer"),
        Symbol("b_2", "b2", "k", "its biases"),
        Symbol("T", "steps", "", "how many steps", "natural"),
        Symbol(r"\alpha", "alpha", "", "step size", "positive"),
        Symbol("H", "", "n h", "hidden values"),
        Symbol("Z", "", "n k", "logits"),
        Symbol("A", "", "n h", "values before tanh"),
        Symbol("P", "", "n k", "predicted probabilities", "simplex"),
        Symbol("L", "", "", "mean cross-entropy; the result has it before every step and at the end"),
        Symbol(r"\theta", "", "", "any of the four parameters; a bar marks the gradient of L"),
        Symbol("m,v", "", "", "Adam's running means, 0 at the start"),
        Symbol("t", "", "", "number of the step, from 1", "natural"),
    ),
    returns=(
        Result("losses", "steps+1", "mean cross-entropy before every step and at the end"),
        Result("W1", "h d", "trained weights of the hidden layer"),
        Result("b1", "h", "trained biases of the hidden layer"),
        Result("W2", "k h", "trained weights of the output layer"),
        Result("b2", "k", "trained biases of the output layer"),
    ),
    needs=("mlp", "backprop-mlp", "softmax-cross-entropy", "adam", "reverse-mode"),
    source="rumelhart1986learning",
    year=1986,
    people=("David Rumelhart", "Geoffrey Hinton", "Ronald Williams", "Paul Werbos"),
    aliases="neural network from scratch, training loop, numpy neural network, train a network, "
    "从零实现, 手写神经网络, 训练循环, 从零开始训练",
    implementations=(
        Implementation(
            "gradus.foundations.from_scratch.gradient:loss_and_gradient",
            "numpy",
            _tape,
            "NumPy on our own tape, and a literal Adam",
        ),
        Implementation("torch.optim:Adam", "torch", _torch, "PyTorch's layers, autograd and Adam"),
    ),
    readings="goodfellow2016deep §6.5; rumelhart1986learning; kingma2015adam",
    hypotheses=(
        Hypothesis(
            r"for a first step of α: the gradient is large beside Adam's $10^{-8}$",
            "a-vanishing-gradient-is-a-small-step",
        ),
        Hypothesis("for units that part: they start with different weights", "equal-units-stay-equal"),
    ),
    deviations="The whole batch at every step here, so that every run is the same; the systems draw mini-batches.",
    differentiable=False,  # the derivative of a whole training is another page's matter
)


@FROM_SCRATCH.definition
def from_scratch(x, y, W1, b1, W2, b2, steps=20, alpha=0.01):
    n, theta = len(x), [W1, b1, W2, b2]
    m, v, losses = [0 * p for p in theta], [0 * p for p in theta], []
    for t in range(1, steps + 2):
        W1, b1, W2, b2 = theta
        H = np.tanh(x @ W1.T + b1)
        Z = H @ W2.T + b2
        P = np.exp(Z - Z.max(axis=1, keepdims=True))
        P = P / P.sum(axis=1, keepdims=True)
        losses.append(-np.log(P[np.arange(n), y]).mean())
        dZ = (P - np.eye(len(b2))[y]) / n
        dA = (dZ @ W2) * (1 - H**2)
        gradients = [dA.T @ x, dA.sum(axis=0), dZ.T @ H, dZ.sum(axis=0)]
        if t <= steps:
            for i, g in enumerate(gradients):
                m[i] = 0.9 * m[i] + 0.1 * g
                v[i] = 0.999 * v[i] + 0.001 * g**2
                step = m[i] / (1 - 0.9**t) / (np.sqrt(v[i] / (1 - 0.999**t)) + 1e-8)
                theta[i] = theta[i] - alpha * step
    return np.array(losses), *theta


@FROM_SCRATCH.example
def example():
    x, y = np.array([[1.0, 2.0]]), np.array([2])
    W1, b1 = np.array([[0.5, -0.25]]), np.array([0.5])
    W2, b2 = np.array([[1.0], [0.5], [-1.0]]), np.array([0.0, 0.25, 0.0])
    steps, alpha, eps = 1, 0.1, 1e-5
    losses, V1, c1, V2, c2 = from_scratch(x, y, W1, b1, W2, b2, steps, alpha)

    def loss(shift):
        return from_scratch(x, y, W1 + [[shift, 0.0]], b1, W2, b2, 0, alpha)[0][0]

    a = (x @ W1.T + b1)[0, 0]
    h = np.tanh(a)
    z = W2[:, 0] * h + b2
    p = np.exp(z) / np.exp(z).sum()
    dz = p - np.eye(3)[y[0]]
    dh = dz @ W2[:, 0]
    slope = 1 - h * h
    return (
        dict(x=x, y=y, W1=W1, b1=b1, W2=W2, b2=b2, steps=steps, alpha=alpha, losses=losses, a=a, h=h, z=z)
        | dict(p=p, dz=dz, dh=dh, slope=slope, da=dh * slope, dW2=dz * h, dW1=dh * slope * x[0], V1=V1, c1=c1)
        | dict(V2=V2[:, 0], c2=c2, w=W1[0], w2=W2[:, 0], one=1.0)
        | dict(numeric=(loss(eps) - loss(-eps)) / (2 * eps))
    )


@FROM_SCRATCH.exercise
def loss_before_training():
    zero = from_scratch(
        np.ones((1, 2)), np.array([3]), np.zeros((4, 2)), np.zeros(4), np.zeros((10, 4)), np.zeros(10), 0
    )
    return number(zero[0][0], in_bits=np.log2(10), probability=0.1)


@FROM_SCRATCH.exercise
def all_weights_zero():
    rng = np.random.default_rng(0)
    x, y, zeros = rng.standard_normal((6, 3)), np.array([0, 1, 1, 1, 0, 1]), np.zeros
    _, W1, b1, W2, b2 = from_scratch(x, y, zeros((4, 3)), zeros(4), zeros((2, 4)), zeros(2), 5, 0.1)
    hidden, output, bias = (bool(np.any(v)) for v in (np.append(W1, b1), W2, b2))
    return choice(
        everything=hidden and output and bias,
        last_layer=output and bias and not hidden,
        only_biases=bias and not output and not hidden,
    )


@FROM_SCRATCH.exercise
def softmax_twice():
    best = np.eye(10)[0]  # the surest probabilities, taken for logits
    return number(-np.log(np.exp(best[0]) / np.exp(best).sum()), zero=0.0, uniform=np.log(10))


def start(rng, d, h, k):
    return dict(
        W1=rng.standard_normal((h, d)) / np.sqrt(d),
        b1=0.1 * rng.standard_normal(h),
        W2=rng.standard_normal((k, h)) / np.sqrt(h),
        b2=0.1 * rng.standard_normal(k),
    )


@FROM_SCRATCH.cases
def cases(rng):
    yield (
        "three classes",
        dict(x=rng.standard_normal((12, 4)), y=rng.integers(0, 3, 12), **start(rng, 4, 6, 3), steps=3, alpha=0.01),
    )
    yield (
        "no step",
        dict(x=rng.standard_normal((5, 2)), y=rng.integers(0, 2, 5), **start(rng, 2, 3, 2), steps=0, alpha=0.1),
    )
    yield (
        "one sample",
        dict(x=rng.standard_normal((1, 3)), y=np.array([1]), **start(rng, 3, 2, 2), steps=2, alpha=0.02),
    )
    yield (
        "square",
        dict(x=rng.standard_normal((3, 3)), y=np.array([1, 0, 2]), **start(rng, 3, 3, 3), steps=2, alpha=0.01),
    )


@FROM_SCRATCH.invalid
def invalid(rng):
    yield (
        "inputs of another width",
        dict(x=np.zeros((3, 5)), y=np.array([0, 1, 0]), **start(rng, 4, 6, 3), steps=1, alpha=0.1),
    )
    yield (
        "more classes than inputs",
        dict(x=np.zeros((2, 4)), y=np.array([0, 1, 2]), **start(rng, 4, 6, 3), steps=1, alpha=0.1),
    )


@cache
def digits():
    from gradus.data import load

    data = load("digits")
    flat = lambda images: images.reshape(len(images), -1).astype(float)
    return flat(data.train_inputs), data.train_targets, flat(data.test_inputs), data.test_targets


@FROM_SCRATCH.claim
def equals_pytorch_after_twenty_steps(f, rng):
    """After 20 steps on 300 digits parameters and losses equal those of PyTorch's layers, autograd and Adam to
    $10^{-9}$"""
    import torch

    x, y, _, _ = digits()
    given = dict(x=x[:300], y=y[:300], **start(rng, 64, 32, 10))
    got = f(**given, steps=20, alpha=3e-3)
    tensors = {k: torch.from_numpy(np.asarray(v)) for k, v in given.items()}
    want = _torch(torch.optim.Adam, **tensors, steps=20, alpha=3e-3)
    said = Text("rounding, which Adam's division may enlarge", "舍入误差，可能被 Adam 的除法放大")
    for a, b in zip(got, want, strict=True):
        yield near(float(np.abs(np.asarray(a) - b.numpy()).max()), 0.0, 1e-9, said)


@FROM_SCRATCH.claim
def first_step(f, rng):
    """The first step of Adam moves every parameter by α, against the sign of its gradient, as long as that is large
    beside $10^{-8}$; the gradient is the slope of the loss by central differences"""
    x, y, p = rng.standard_normal((10, 3)), rng.integers(0, 3, 10), start(rng, 3, 4, 3)
    moved, h = f(x, y, **p, steps=1, alpha=0.01), 1e-5
    for name, after in zip(p, moved[1:], strict=True):
        slopes = np.zeros_like(p[name])
        for index in np.ndindex(slopes.shape):
            beside = []
            for s in (h, -h):
                q = {**p, name: p[name].copy()}
                q[name][index] += s
                beside.append(float(f(x, y, **q, steps=0, alpha=0.01)[0][0]))
            slopes[index] = (beside[0] - beside[1]) / (2 * h)
        step = np.asarray(after) - p[name]
        clear = np.abs(slopes) > 1e-4
        yield identical(np.sign(step[clear]), -np.sign(slopes[clear]))
        yield bound(
            np.abs(np.abs(step[clear]) - 0.01).max(initial=0.0),
            2e-6,
            "≤",
            Text("ε beside the gradient", "ε 与梯度之比"),
        )


@FROM_SCRATCH.claim
def a_vanishing_gradient_is_a_small_step(f, rng):
    r"""Where the gradient is not large beside ε = $10^{-8}$ the step is shorter: with an input that is always 0 its
    weights stay; with inputs of size $10^{-9}$, and weights of order 1, they move by less than α/2"""
    x, y, p = rng.standard_normal((10, 3)), rng.integers(0, 3, 10), start(rng, 3, 4, 3)
    for size, limit in ((0.0, 0.0), (1e-9, 0.005)):
        W1 = np.asarray(f(x * [size, 1.0, 1.0], y, **p, steps=1, alpha=0.01)[1])
        step = np.abs(W1 - p["W1"])
        yield bound(step[:, 0].max(), limit, "≤", Text("α·|g|/(|g| + ε)", "α·|g|/(|g| + ε)"))
        yield bound(step[:, 1:].max(), 0.0099, "≥", Text("the other weights", "其余权重"))


@FROM_SCRATCH.claim
def learns_xor(f, rng):
    """It learns what no linear rule can, whose loss is at least log 2: the XOR of two bits, with eight hidden
    units from a random start, to a loss below 0.01 in 400 steps of α = 0.05"""
    x, y = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    losses = np.asarray(f(x, y, **start(rng, 2, 8, 2), steps=400, alpha=0.05)[0])
    untrained = Text("it does not start with the answer", "起初并不知道答案")
    return all_of(bound(losses[-1], 0.01, "≤"), bound(losses[0], 0.3, "≥", untrained))


@FROM_SCRATCH.claim
def equal_units_stay_equal(f, rng):
    """Units that start alike, with equal biases and equal weights in and out, stay alike: a wide layer is then one unit"""
    p = start(rng, 4, 5, 3)
    p = {**p, "W1": np.tile(p["W1"][:1], (5, 1)), "b1": np.full(5, 0.1), "W2": np.tile(p["W2"][:, :1], (1, 5))}
    x, y = rng.standard_normal((20, 4)), rng.integers(0, 3, 20)
    _, W1, b1, W2, _ = (np.asarray(v) for v in f(x, y, **p, steps=30, alpha=0.05))
    moved = Text("it has been trained", "已经过训练")
    yield roundoff(W1, np.tile(W1[:1], (5, 1)), terms=600, scale=2.0)
    yield roundoff(b1, np.full(5, b1[0]), terms=600, scale=2.0)
    yield roundoff(W2, np.tile(W2[:, :1], (1, 5)), terms=600, scale=2.0)
    yield bound(np.abs(W1 - p["W1"]).max(), 0.05, "≥", moved)


@FROM_SCRATCH.claim
def loss_is_a_mean(f, rng):
    """The order of the samples does not matter, and every sample twice changes nothing: the loss is a mean"""
    x, y, p = rng.standard_normal((15, 3)), rng.integers(0, 3, 15), start(rng, 3, 4, 3)
    here = f(x, y, **p, steps=5, alpha=0.01)
    order = rng.permutation(15)
    for a, b in ((x[order], y[order]), (np.tile(x, (2, 1)), np.tile(y, 2))):
        for want, got in zip(here, f(a, b, **p, steps=5, alpha=0.01), strict=True):
            # Adam divides by the gradient's own size: its rounding is relative to that
            yield near(
                float(np.abs(np.asarray(got) - np.asarray(want)).max()),
                0.0,
                1e-10,
                Text("rounding, divided by small gradients", "舍入误差除以小梯度"),
            )


@FROM_SCRATCH.claim(cost="slow")
def reads_digits(f, rng):
    """With 64 hidden units, trained on all of the training digits for 150 steps of α = 0.02, it reads at least 95 % of the others"""
    x, y, test_x, test_y = digits()
    _, W1, b1, W2, b2 = (np.asarray(v) for v in f(x, y, **start(rng, 64, 64, 10), steps=150, alpha=0.02))
    right = (np.tanh(test_x @ W1.T + b1) @ W2.T + b2).argmax(1) == test_y
    return metric(right.mean(), 0.95, "≥")


def mistaken(error, x, y, W1, b1, W2, b2, steps, alpha):
    """The definition with one thing wrong."""
    n, theta = len(x), [W1, b1, W2, b2]
    m, v, losses = [0 * p for p in theta], [0 * p for p in theta], []
    for t in range(1, steps + 2):
        W1, b1, W2, b2 = theta
        H = np.tanh(x @ W1.T + b1)
        Z = H @ W2.T + b2
        P = np.exp(Z - Z.max(axis=1, keepdims=True))
        P = P / P.sum(axis=1, keepdims=True)
        losses.append(-np.log(P[np.arange(n), y]).mean())
        dZ = (P - np.eye(len(b2))[y]) / (1 if error == "sum" else n)
        dA = (dZ @ W2) * (1 if error == "slope" else 1 - H**2)
        gradients = [dA.T @ x, dA.sum(axis=0), dZ.T @ H, dZ.sum(axis=0)]
        if t <= steps:
            for i, g in enumerate(gradients):
                if error == "bias" and i in (1, 3):
                    continue
                if error == "sign" and i == 0:
                    g = -g
                m[i] = 0.9 * m[i] + 0.1 * g
                v[i] = 0.999 * v[i] + 0.001 * g**2
                c1, c2 = (1, 1) if error == "correction" else (1 - 0.9**t, 1 - 0.999**t)
                epsilon = 1e-150 if error == "epsilon" else 1e-8
                theta[i] = theta[i] - alpha * m[i] / c1 / (np.sqrt(v[i] / c2) + epsilon)
    if error == "sum":
        losses = [n * value for value in losses]
    return np.array(losses), *theta


@FROM_SCRATCH.mutant(caught_by="equals-definition, equals-pytorch-after-twenty-steps")
def slope_forgotten(x, y, W1, b1, W2, b2, steps=20, alpha=0.01):
    """the slope of tanh forgotten on the way back"""
    return mistaken("slope", x, y, W1, b1, W2, b2, steps, alpha)


@FROM_SCRATCH.mutant(caught_by="equals-definition, equals-pytorch-after-twenty-steps, first-step")
def biases_not_trained(x, y, W1, b1, W2, b2, steps=20, alpha=0.01):
    """the biases are not trained"""
    return mistaken("bias", x, y, W1, b1, W2, b2, steps, alpha)


@FROM_SCRATCH.mutant(caught_by="equals-definition, equals-pytorch-after-twenty-steps, first-step")
def not_corrected(x, y, W1, b1, W2, b2, steps=20, alpha=0.01):
    """Adam's means not corrected for their start at 0"""
    return mistaken("correction", x, y, W1, b1, W2, b2, steps, alpha)


@FROM_SCRATCH.mutant(caught_by="learns-xor, first-step, equals-pytorch-after-twenty-steps, reads-digits")
def first_layer_ascends(x, y, W1, b1, W2, b2, steps=20, alpha=0.01):
    """the first layer ascends"""
    return mistaken("sign", x, y, W1, b1, W2, b2, steps, alpha)


@FROM_SCRATCH.mutant(caught_by="a-vanishing-gradient-is-a-small-step, equals-definition")
def sign_steps(x, y, W1, b1, W2, b2, steps=20, alpha=0.01):
    """ε is left out: the first step is α for every parameter with a gradient, however small"""
    return mistaken("epsilon", x, y, W1, b1, W2, b2, steps, alpha)


@FROM_SCRATCH.mutant(caught_by="loss-is-a-mean, equals-definition, equals-pytorch-after-twenty-steps")
def summed(x, y, W1, b1, W2, b2, steps=20, alpha=0.01):
    """the sum of the losses for their mean"""
    return mistaken("sum", x, y, W1, b1, W2, b2, steps, alpha)


@FROM_SCRATCH.mutant(caught_by="equal-units-stay-equal, equals-definition")
def jittered(x, y, W1, b1, W2, b2, steps=20, alpha=0.01):
    """noise added to break ties between units"""
    noise = 1e-3 * np.random.default_rng(0).standard_normal(W1.shape)
    return from_scratch(x, y, W1 + noise, b1, W2, b2, steps, alpha)


@FROM_SCRATCH.figure(
    units=Slider(1, 40, 20, "hidden units", integer=True), steps=Slider(1, 400, 300, "steps", integer=True)
)
def figure(units, steps):
    rng = np.random.default_rng(1)
    angle = rng.uniform(0.3, 3 * np.pi, 240)
    y = np.arange(240) % 2
    radius = angle / 9 + 0.05 * rng.standard_normal(240)
    x = np.stack([radius * np.cos(angle + np.pi * y), radius * np.sin(angle + np.pi * y)], 1)
    p = start(rng, 2, int(units), 2)
    p["W1"] *= 3
    losses, W1, b1, W2, b2 = from_scratch(x, y, **p, steps=int(steps), alpha=0.05)
    grid = np.stack(np.meshgrid(np.linspace(-1.2, 1.2, 90), np.linspace(-1.2, 1.2, 90)), -1)
    z = np.tanh(grid @ W1.T + b1) @ W2.T + b2
    fig, (left, right) = canvas(columns=2, width=7.4, height=3.4)
    left.imshow(
        1 / (1 + np.exp(z[..., 0] - z[..., 1])),
        extent=(-1.2, 1.2, -1.2, 1.2),
        origin="lower",
        cmap="RdBu_r",
        alpha=0.6,
        vmin=0,
        vmax=1,
    )
    for c in (0, 1):
        left.plot(*x[y == c].T, ".", ms=3, color=COLOURS[c])
    left.set(title="two spirals", xticks=[], yticks=[])
    right.semilogy(losses)
    right.set(xlabel="step", title="loss")
    right_share = float(((np.tanh(x @ W1.T + b1) @ W2.T + b2).argmax(1) == y).mean())
    words = Text(
        f"{int(units)} hidden units after {int(steps)} steps: the loss goes from {losses[0]:.3f} to {losses[-1]:.3f}; {right_share:.1%} of the two spirals are told apart.",
        f"{int(units)} 个隐藏单元训练 {int(steps)} 步：损失从 {losses[0]:.3f} 降到 {losses[-1]:.3f}；两条螺旋的 {right_share:.1%} 被正确区分。",
    )
    return Drawing(fig, words)
