"""The gated recurrent unit, in both its forms."""

import math

import numpy as np

from gradus.concepts.networks.rnn.padded_rows import alone_and_padded
from gradus.concepts.networks.rnn.recurrent_layers import by_module, by_steps, other_form
from gradus.page import Concept, Convention, Drawing, Hypothesis, Implementation, Result, Slider, Symbol, Text
from gradus.page.evidence import bound, identical, roundoff
from gradus.page.exercises import choice, number
from gradus.page.figures import COLOURS, canvas
from gradus.page.not_applicable import NotApplicable


def _module(layer, x, W, U, b, c, h0, reset_after, lengths):
    if not reset_after:
        raise NotApplicable(Text("the module resets after the product", "该模块在乘积之后重置"))
    return by_module(layer, x, [h0], dict(weight_ih=W, weight_hh=U, bias_ih=b, bias_hh=c), lengths)


def _steps(step, x, W, U, b, c, h0, reset_after, lengths):
    if not reset_after:
        raise NotApplicable(
            Text("a step is judged as one that resets after the product", "单步函数按在乘积之后重置来评判")
        )
    return by_steps(step, x, [h0], [W, U, b, c], lengths, b.shape[-1])


GRU = Concept(
    key="gru",
    kind="layer",
    title="Gated recurrent unit",
    summary="A recurrent layer whose new state is an average, unit by unit, of the old state and of a candidate; a second gate "
    "decides how much of the old state the candidate sees. It does with one state and two gates most of what the LSTM does with "
    "two and three.",
    formulas=(
        r"r_t=\sigma(W_rx_t+b_r+U_rh_{t-1}+c_r),\qquad z_t=\sigma(W_zx_t+b_z+U_zh_{t-1}+c_z)",
        r"\text{after:}\quad\tilde h_t=\tanh\bigl(W_nx_t+b_n+r_t\odot(U_nh_{t-1}+c_n)\bigr)",
        r"\text{before:}\quad\tilde h_t=\tanh\bigl(W_nx_t+b_n+U_n(r_t\odot h_{t-1})+c_n\bigr)",
        r"h_t=(1-z_t)\odot\tilde h_t+z_t\odot h_{t-1},\qquad t=1,\dots,T",
    ),
    symbols=(
        Symbol("x", "x", "... T d", "inputs, one step a row"),
        Symbol("W", "W", "3 n d", "input weights of r, z and the candidate, in this order"),
        Symbol("U", "U", "3 n n", "recurrent weights of r, z and the candidate"),
        Symbol("b", "b", "3 n", "biases beside the inputs"),
        Symbol("c", "c", "3 n", "biases beside the recurrent products"),
        Symbol("h_0", "h0", "... n", "first state; 0 unless given"),
        Symbol(
            r"\text{after}",
            "reset_after",
            "",
            "whether the recurrent product is reset, or the state before the product",
            "boolean",
        ),
        Symbol(r"\text{lengths}", "lengths", "...", "steps of each row, where rows are padded at their end", "natural"),
        Symbol("h", "", "... T n", "states; 0 after the end of a row"),
        Symbol("r,\\ z", "", "... n", "reset gate, update gate"),
        Symbol(r"\tilde h", "", "... n", "candidate; its weights have the index n"),
        Symbol(r"\sigma", "", "", r"logistic function $1/(1+e^{-z})$, entry by entry"),
        Symbol(r"\odot", "", "", "product entry by entry"),
        Symbol("T", "", "", "number of steps"),
        Symbol("d,\\ n", "", "", "numbers of inputs and of units"),
        Symbol("t", "", "", "index of steps"),
    ),
    returns=(
        Result("h", "... T n", "the state after every step"),
        Result("h_last", "... n", "the state after the last step of each row"),
    ),
    needs=("rnn", "lstm", "sigmoid", "tanh"),
    source="cho2014learning",
    year=2014,
    people=("Kyunghyun Cho", "Junyoung Chung", "Yoshua Bengio"),
    aliases="GRU, gated recurrent network, reset gate, update gate, reset_after, linear_before_reset, "
    "门控循环网络, 重置门, 更新门",
    implementations=(
        Implementation("gradus.networks.gru:gru", "torch"),
        Implementation("torch.nn:GRU", "torch", _module),
    ),
    readings="cho2014learning §2.3; chung2014empirical §3.2; murphy2022probabilistic §15.2.7",
    hypotheses=(
        Hypothesis(
            "both forms are one: the reset gate is 1, or U of the candidate is diagonal and its bias 0",
            "the-forms-differ",
        ),
        Hypothesis("the state stays within −1 and 1: so does the first", "a-state-outside-comes-in-slowly"),
    ),
    conventions=(
        Convention(
            "what the reset gate multiplies",
            "the product, with reset_after, as in PyTorch and cuDNN and by default in Keras",
            "the state before the product in Cho et al. 2014 as published (its first version on arXiv reset the product), in ONNX "
            "unless linear_before_reset is set, and in Keras with reset_after=False",
        ),
        Convention(
            "what the update gate multiplies",
            "the old state, as in Cho et al. 2014, PyTorch, Keras and ONNX",
            "the candidate in Chung et al. 2014: their z is 1 − z here",
        ),
        Convention("the order of the gates", "r, z, n, as in PyTorch", "z, r, h in Keras and ONNX"),
        Convention(
            "biases",
            "two, b and c, as in PyTorch and ONNX; the candidate's cannot be merged in the form that resets after the product",
            "one in Keras with reset_after=False; its other form keeps both in one array, 2 × 3n",
        ),
        Convention(
            "after the end of a padded row",
            "outputs are 0 and the last state is that of the row's own end, as from PyTorch's packed sequences and ONNX",
            "Keras repeats the last output under a mask, unless zero_output_for_mask is set",
        ),
    ),
    unverified="That it does about as well as the LSTM (Chung et al. 2014) is not measured here.",
    nonfinite="nan",
    other_form=other_form(_module, _steps),
)


def sigma(z):
    return (1 + np.tanh(z / 2)) / 2  # 1 / (1 + e^-z), which would overflow


@GRU.definition
def gru(x, W, U, b, c, h0=None, reset_after=True, lengths=None):
    h = np.zeros((*x.shape[:-2], b.shape[-1])) if h0 is None else h0
    states = []
    for t in range(x.shape[-2]):
        w_r, w_z, w_n = (x[..., t, :] @ W[k].T + b[k] for k in range(3))
        r, z = sigma(w_r + h @ U[0].T + c[0]), sigma(w_z + h @ U[1].T + c[1])
        if reset_after:
            candidate = np.tanh(w_n + r * (h @ U[2].T + c[2]))
        else:
            candidate = np.tanh(w_n + (r * h) @ U[2].T + c[2])
        new = (1 - z) * candidate + z * h
        if lengths is None:
            h = new
            states.append(new)
        else:  # after its end a row keeps its state and gives 0
            inside = (t < np.asarray(lengths))[..., None]
            h = np.where(inside, new, h)
            states.append(np.where(inside, new, 0.0))
    return np.stack(states, -2), h


@GRU.example
def example():
    x = np.array([[1.0]])
    W = np.array([[[1.0], [0.0]], [[0.0], [1.0]], [[1.0], [-1.5]]])
    U = np.array([[[0.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [1.0, 0.0]], [[0.0, 2.0], [1.0, 0.0]]])
    b, c, h0 = (
        np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 0.5]]),
        np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 1.0]]),
        np.array([0.5, -1.0]),
    )
    r, z = (sigma(x[0] @ W[k].T + h0 @ U[k].T) for k in range(2))
    product = U[2] @ h0 + c[2]
    after = np.tanh(x[0] @ W[2].T + b[2] + r * product)
    before = np.tanh(x[0] @ W[2].T + b[2] + U[2] @ (r * h0) + c[2])
    return (
        dict(x=x, W=W, U=U, b=b, c=c, h0=h0, r=r, z=z, product=product, after=after, before=before)
        | dict(scaled=U[2] @ (r * h0), h_after=gru(x, W, U, b, c, h0)[1])
        | dict(h_before=gru(x, W, U, b, c, h0, False)[1], c_n=c[2])
    )


@GRU.exercise
def half_life_of_the_state():
    z = 0.9
    return number(math.log(0.5) / math.log(z), of_the_candidate=math.log(0.5) / math.log(1 - z), linear=0.5 / (1 - z))


@GRU.exercise
def where_the_forms_agree():
    rng = np.random.default_rng(0)
    x, W, b = rng.standard_normal((4, 2)), rng.standard_normal((3, 3, 2)), rng.standard_normal((3, 3))
    U, diagonal = rng.standard_normal((3, 3, 3)), np.stack([np.diag(d) for d in rng.standard_normal((3, 3))])

    def agree(U, c):
        return bool(np.allclose(gru(x, W, U, b, c)[0], gru(x, W, U, b, c, reset_after=False)[0]))

    zero, one = np.zeros((3, 3)), np.ones((3, 3))
    return choice(
        diagonal=agree(diagonal, zero) and not agree(diagonal, one) and not agree(U, zero),
        always=agree(U, one),
        no_bias=agree(U, zero),
    )


@GRU.exercise
def weights_beside_the_lstm():
    d, n = 30, 40
    return number(3 * (n * d + n * n + n) / (4 * (n * d + n * n + n)), inverse=4 / 3, two_gates=2 / 3)


@GRU.cases
def cases(rng):
    def layer(d, n):
        return weights(rng, d, n)

    yield "one sequence", dict(x=rng.standard_normal((4, 3)), **layer(3, 2))
    yield "a batch", dict(x=rng.standard_normal((2, 5, 3)), **layer(3, 4), h0=rng.standard_normal((2, 4)))
    yield "reset before the product", dict(x=rng.standard_normal((4, 2)), **layer(2, 3), reset_after=False)
    yield (
        "reset before the product, a batch",
        dict(x=rng.standard_normal((2, 3, 2)), **layer(2, 4), h0=rng.standard_normal((2, 4)), reset_after=False),
    )
    yield "two leading axes", dict(x=rng.standard_normal((2, 3, 2, 2)), **layer(2, 3))
    yield "one step", dict(x=rng.standard_normal((1, 3)), **layer(3, 4), h0=rng.standard_normal(4))
    yield "one unit, one input", dict(x=rng.standard_normal((6, 1)), **layer(1, 1))
    yield "padded rows", dict(x=rng.standard_normal((3, 5, 2)), **layer(2, 3), lengths=np.array([5, 2, 1]))
    yield (
        "padded rows, first states given",
        dict(
            x=rng.standard_normal((3, 4, 2)), **layer(2, 2), h0=rng.standard_normal((3, 2)), lengths=np.array([1, 4, 3])
        ),
    )
    yield "three of everything", dict(x=rng.standard_normal((3, 3)), **layer(3, 3))
    yield (
        "saturated",
        dict(x=rng.standard_normal((4, 3)), **layer(3, 2) | dict(b=800.0 * rng.choice([-1.0, 1.0], (3, 2)))),
    )
    yield "long", dict(x=rng.standard_normal((40, 2)), **layer(2, 3))
    yield "many units", dict(x=rng.standard_normal((3, 2)), **layer(2, 20))


@GRU.invalid
def invalid(rng):
    good = dict(x=np.ones((3, 2)), W=np.ones((3, 5, 2)), U=np.ones((3, 5, 5)), b=np.ones((3, 5)), c=np.ones((3, 5)))
    yield "inputs of another width", {**good, "x": np.ones((3, 4))}
    yield "weights of two gates", {**good, "W": np.ones((2, 5, 2))}
    yield "a first state of another width", {**good, "h0": np.ones(4)}


def weights(rng, d=3, n=4):
    W, U = rng.standard_normal((3, n, d)), rng.standard_normal((3, n, n)) / np.sqrt(n)
    return dict(W=W, U=U, b=rng.standard_normal((3, n)), c=rng.standard_normal((3, n)))


def by_sums(x, h, W, U, b, c, after):
    """One step, every sum written out, with the exponential of the standard library."""
    n, d = len(h), len(x)

    def logistic(v):
        return 1 / (1 + math.exp(-v))

    def inputs(k, j):
        return sum(W[k, j, m] * x[m] for m in range(d)) + b[k, j]

    r, z = (
        [logistic(inputs(k, j) + sum(U[k, j, m] * h[m] for m in range(n)) + c[k, j]) for j in range(n)]
        for k in range(2)
    )
    new = []
    for j in range(n):
        if after:
            inner = r[j] * (sum(U[2, j, m] * h[m] for m in range(n)) + c[2, j])
        else:
            inner = sum(U[2, j, m] * r[m] * h[m] for m in range(n)) + c[2, j]
        new.append((1 - z[j]) * math.tanh(inputs(2, j) + inner) + z[j] * h[j])
    return new


@GRU.claim
def reset_after_the_product(gru, rng):
    """Unless told otherwise the gate of a unit resets that unit's own product, bias included, as in PyTorch and cuDNN: one step,
    sum by sum"""
    w, x, h = weights(rng), rng.standard_normal(3), rng.standard_normal(4)
    return roundoff(gru(x[None], **w, h0=h)[1], by_sums(x, h, **w, after=True), terms=8, scale=1.0)


@GRU.claim(required=False)
def reset_before_the_product(gru, rng):
    """In the form published in 2014 the gate of a unit resets what all units see of it: one step, sum by sum"""
    w, x, h = weights(rng), rng.standard_normal(3), rng.standard_normal(4)
    return roundoff(gru(x[None], **w, h0=h, reset_after=False)[1], by_sums(x, h, **w, after=False), terms=8, scale=1.0)


@GRU.claim(required=False)
def the_forms_differ(gru, rng):
    """The two forms agree where U of the candidate is diagonal and its bias 0, and differ by more than .1 for normal weights"""
    w, x = weights(rng, n=6), rng.standard_normal((9, 3))
    one, other = (gru(x, **w, reset_after=a)[0] for a in (True, False))
    kept = np.array([1.0, 1.0, 0.0])  # both gates keep full matrices and biases
    plain = dict(w, U=np.stack([*w["U"][:2], np.diag(np.diag(w["U"][2]))]), c=kept[:, None] * w["c"])
    same, too = (gru(x, **plain, reset_after=a)[0] for a in (True, False))
    yield roundoff(too, same, terms=12, scale=1.0)
    yield bound(np.abs(one - other).max(), 0.1, "≥", Text("another layer", "是另一种层"))


@GRU.claim
def update_gate_keeps_the_old_state(gru, rng):
    r"""z multiplies the old state: at $z=1$ it stays as it is, at $z=0$ it is the candidate; at a constant z and a
    candidate of 0 the state decays like $z^T$"""
    zero, x = dict(W=np.zeros((3, 2, 1)), U=np.zeros((3, 2, 2)), c=np.zeros((3, 2))), np.zeros((6, 1))
    h0 = np.array([0.75, -0.5])

    def last(z, candidate=0.0):
        return gru(x, **zero, b=np.array([[0.0] * 2, [z] * 2, [candidate] * 2]), h0=h0)[1]

    yield roundoff(last(60.0, 1.0), h0, terms=6)
    yield roundoff(last(-60.0, 1.0), np.full(2, np.tanh(1.0)), terms=6)
    yield roundoff(last(math.log(9.0)), 0.9**6 * h0, terms=18)


@GRU.claim
def a_state_outside_comes_in_slowly(gru, rng):
    r"""An average of numbers within −1 and 1 stays there, whatever the weights; of a first state of 3 the part $z^T$ is still
    there after T steps at a constant z"""
    w = {k: 5 * v for k, v in weights(rng).items()}
    h = gru(5 * rng.standard_normal((50, 3)), **w, h0=rng.uniform(-1, 1, 4))[0]
    zero = dict(
        W=np.zeros((3, 1, 1)), U=np.zeros((3, 1, 1)), c=np.zeros((3, 1)), b=np.array([[0.0], [math.log(9)], [0.0]])
    )
    yield bound(np.abs(h).max(), 1.0, "≤", Text("an average", "平均值"))
    yield roundoff(gru(np.zeros((9, 1)), **zero, h0=np.array([3.0]))[1], [3 * 0.9**9], terms=27)


@GRU.claim
def the_state_is_handed_on(gru, rng):
    """A sequence in two pieces, the state handed over, is the sequence in one"""
    w, x = weights(rng), rng.standard_normal((9, 3))
    whole, last = gru(x, **w)
    first, state = gru(x[:4], **w)
    second, end = gru(x[4:], **w, h0=state)
    yield roundoff(np.concatenate([first, second]), whole, terms=16, scale=1.0)
    yield roundoff(end, last, terms=16, scale=1.0)
    yield identical(last, whole[-1])


@GRU.claim
def padding_changes_nothing(gru, rng):
    """A row of a padded batch gives what it gives alone, whatever stands in the padding (NaN too) and whatever its neighbours
    are"""
    return alone_and_padded(gru, rng, weights)


@GRU.mutant(caught_by="reset-after-the-product, reset-before-the-product, equals-definition")
def the_other_form(x, W, U, b, c, h0=None, reset_after=True, lengths=None):
    """the other form: reset before for after, and after for before"""
    return gru(x, W, U, b, c, h0, not reset_after, lengths)


@GRU.mutant(caught_by="the-forms-differ, reset-before-the-product")
def one_form_alone(x, W, U, b, c, h0=None, reset_after=True, lengths=None):
    """the choice of the form is ignored"""
    return gru(x, W, U, b, c, h0, True, lengths)


@GRU.mutant(caught_by="update-gate-keeps-the-old-state, reset-after-the-product, a-state-outside-comes-in-slowly")
def update_gate_turned_round(x, W, U, b, c, h0=None, reset_after=True, lengths=None):
    """the update gate multiplies the candidate, as in Chung et al."""
    turn = np.array([1.0, -1.0, 1.0])
    return gru(
        x,
        turn[:, None, None] * W,
        turn[:, None, None] * U,
        turn[:, None] * b,
        turn[:, None] * c,
        h0,
        reset_after,
        lengths,
    )


@GRU.mutant(caught_by="reset-after-the-product, update-gate-keeps-the-old-state, equals-definition")
def order_of_keras(x, W, U, b, c, h0=None, reset_after=True, lengths=None):
    """the gates in another order: z, r, h, as in Keras and ONNX"""
    order = [1, 0, 2]
    return gru(x, W[order], U[order], b[order], c[order], h0, reset_after, lengths)


@GRU.mutant(caught_by="reset-after-the-product, equals-definition")
def bias_outside_the_reset(x, W, U, b, c, h0=None, reset_after=True, lengths=None):
    """the candidate's recurrent bias stands outside the reset"""
    outside = np.concatenate([b[:2] + c[:2], b[2:] + c[2:]])
    return gru(x, W, U, outside, 0 * c, h0, reset_after, lengths)


@GRU.mutant(caught_by="a-state-outside-comes-in-slowly, update-gate-keeps-the-old-state, equals-definition")
def the_sum_for_the_average(x, W, U, b, c, h0=None, reset_after=True, lengths=None):
    """the candidate is added with the weight 1, not 1 − z"""
    h = np.zeros((*x.shape[:-2], b.shape[-1])) if h0 is None else h0
    states = []
    for t in range(x.shape[-2]):
        r, z = (sigma(x[..., t, :] @ W[k].T + b[k] + h @ U[k].T + c[k]) for k in range(2))
        inside = np.ones((1,), bool) if lengths is None else (t < np.asarray(lengths))[..., None]
        new = np.tanh(x[..., t, :] @ W[2].T + b[2] + r * (h @ U[2].T + c[2])) + z * h
        h = np.where(inside, new, h)
        states.append(np.where(inside, new, 0.0))
    return np.stack(states, -2), h


@GRU.mutant(caught_by="the-state-is-handed-on, equals-definition")
def first_state_ignored(x, W, U, b, c, h0=None, reset_after=True, lengths=None):
    """the first state is ignored"""
    return gru(x, W, U, b, c, None, reset_after, lengths)


@GRU.mutant(caught_by="padding-changes-nothing, equals-definition")
def runs_on_into_the_padding(x, W, U, b, c, h0=None, reset_after=True, lengths=None):
    """the padding is read as if it were input"""
    return gru(x, W, U, b, c, h0, reset_after)


@GRU.figure(
    size=Slider(0.0, 3.0, 1.0, "spread of the candidate's recurrent weights"),
    bias=Slider(-4.0, 4.0, 0.0, "bias of the reset gate"),
)
def figure(size, bias):
    rng, n = np.random.default_rng(3), 8
    w = weights(rng, 2, n)
    w["U"][2] *= size
    w["b"][0], w["c"][0] = bias, 0.0
    x = rng.standard_normal((40, 2))
    one, other = (gru(x, **w, reset_after=a)[0] for a in (True, False))
    fig, axes = canvas(columns=2, width=6.8, height=3.2)
    steps = np.arange(1, 41)
    axes[0].plot(steps, one[:, 0], color=COLOURS[0], label="reset after")
    axes[0].plot(steps, other[:, 0], color=COLOURS[1], label="reset before")
    axes[0].set(xlabel="steps t", ylabel="state of unit 1", ylim=(-1.05, 1.6))
    axes[0].legend(frameon=False, loc="upper center")
    apart = np.abs(one - other).max(-1)
    axes[1].plot(steps, apart, color=COLOURS[2])
    axes[1].set(xlabel="steps t", ylabel="largest difference", ylim=(0, None))
    words = Text(
        f"The same weights in both forms, 8 units. With recurrent weights of spread {size:.3g} and a reset bias of {bias:.3g} the unit "
        f"that differs most differs by {apart.mean():.3g} on average over the steps, and by {apart.max():.3g} at most.",
        f"同样的权重用于两种形式，8 个单元。循环权重的离散程度为 {size:.3g}、重置门偏置为 {bias:.3g} 时，相差最大的单元按各步平均相差 {apart.mean():.3g}，最多相差 {apart.max():.3g}。",
    )
    return Drawing(fig, words)
