"""Recurrent layers in the forms that users write: modules by class and by instance, and functions of one step."""

from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch import nn

from gradus.catalogue import concept
from gradus.frameworks import adapt_function
from gradus.verify import claims_of, judge
from gradus.verify.trial import Unanswered, tried


def rnn_step(x, h, W, U, b):
    return np.tanh(x @ W.T + h @ U.T + b)


def logistic(z):
    return 1 / (1 + np.exp(-z))


def lstm_step(x, h, c, W, U, b):
    i, f, g, o = (x @ W[k].T + h @ U[k].T + b[k] for k in range(4))
    c = logistic(f) * c + logistic(i) * np.tanh(g)
    return logistic(o) * np.tanh(c), c


def order_of_onnx(x, h, c, W, U, b):
    return lstm_step(x, h, c, W[[0, 2, 3, 1]], U[[0, 2, 3, 1]], b[[0, 2, 3, 1]])


def gru_step(x, h, W, U, b, c):
    r, z = (logistic(x @ W[k].T + b[k] + h @ U[k].T + c[k]) for k in range(2))
    return (1 - z) * np.tanh(x @ W[2].T + b[2] + r * (h @ U[2].T + c[2])) + z * h


def gru_before(x, h, W, U, b, c):
    r, z = (logistic(x @ W[k].T + b[k] + h @ U[k].T + c[k]) for k in range(2))
    return (1 - z) * np.tanh(x @ W[2].T + b[2] + (r * h) @ U[2].T + c[2]) + z * h


class OfCells(nn.Module):
    """A module that is no `torch.nn.RNNBase`, and has its parameters under a name of its own."""

    def __init__(self, d, n):
        super().__init__()
        self.cell = nn.RNNCell(d, n)

    def forward(self, x, h):
        states = [h[0]]
        for t in range(x.shape[1]):
            states.append(self.cell(x[:, t], states[-1]))
        return torch.stack(states[1:], 1), states[-1][None]


class Swapped(OfCells):
    """It reads its sequence from the end."""

    def forward(self, x, h):
        return super().forward(x.flip(1), h)


GOOD = {
    "rnn": {
        "class": nn.RNN,
        "class of a user's": OfCells,
        "instance": nn.RNN(8, 16, batch_first=True),
        "instance, time first": nn.RNN(8, 16),
        "instance of a user's": OfCells(8, 16),
        "step": rnn_step,
    },
    "lstm": {"class": nn.LSTM, "instance": nn.LSTM(8, 24, batch_first=True), "step": lstm_step},
    "gru": {"class": nn.GRU, "instance": nn.GRU(8, 24), "step": gru_step},
}
WRONG = {
    "rnn": {
        "class": Swapped,
        "instance": Swapped(8, 16),
        "instance, ReLU": nn.RNN(8, 16, nonlinearity="relu"),
        "step": lambda x, h, W, U, b: np.tanh(x @ W.T + h @ U + b),
    },
    "lstm": {"step": order_of_onnx},
    "gru": {"step": gru_before},
}


def verdicts(key, function, names=("equals-definition", "padding-changes-nothing")):
    page = concept(key)
    adapted = adapt_function(page, function, name="mine")
    return {c.name: judge(page, c, adapted).verdict for c in claims_of(page) if c.name in names}


@pytest.mark.parametrize(("key", "form"), [(k, f) for k, forms in GOOD.items() for f in forms])
def test_right_layers_hold(key, form):
    assert set(verdicts(key, GOOD[key][form]).values()) == {"holds"}


@pytest.mark.parametrize(("key", "form"), [(k, f) for k, forms in WRONG.items() for f in forms])
def test_wrong_layers_fail(key, form):
    assert verdicts(key, WRONG[key][form])["equals-definition"] == "fails"


def test_an_instance_with_too_few_units_says_what_it_lacks():
    page = concept("rnn")
    adapted = adapt_function(page, nn.RNN(1, 1, batch_first=True), name="mine")
    claims = {c.name: c for c in claims_of(page)}
    result = judge(page, claims["every-unit-has-its-own-sum"], adapted)
    assert result.verdict == "skipped"
    assert "the module has 1 inputs and 1 units, the case 3 and 4" in result.reason.en


def test_a_module_of_several_layers_is_refused():
    page = concept("rnn")
    result = judge(page, claims_of(page)[0], adapt_function(page, nn.RNN(8, 16, 2), name="mine"))
    assert result.verdict == "fails" and "one layer and one direction" in result.reason.en


def test_a_module_with_other_parameters_is_told_which_are_expected():
    page = concept("rnn")
    result = judge(page, claims_of(page)[0], adapt_function(page, nn.Linear(3, 4), name="mine"))
    assert "weight_ih, weight_hh, bias_ih, bias_hh of torch.nn.LSTM, got weight, bias" in result.reason.en


def test_a_step_is_found_to_be_one_by_its_second_parameter():
    def layer(x, W, U, b, h0=None, lengths=None):
        return concept("rnn").definition(x, W, U, b, h0, lengths)

    for function in (rnn_step, layer):
        assert tried(concept("rnn"), function, None, "mine", lambda a: nullcontext()).fault is None


def test_a_step_in_jax_is_called_as_jax():
    def step(x, h, W, U, b):
        import jax.numpy

        return jax.numpy.tanh(x @ W.T + h @ U.T + b)

    pytest.importorskip("jax")
    page = concept("rnn")
    adapted = adapt_function(page, step, name="mine")
    assert adapted.framework.name == "jax"
    x = np.linspace(-1, 1, 6).reshape(3, 2)
    arguments = dict(x=x, W=np.ones((1, 2)), U=np.array([[0.5]]), b=np.zeros(1), lengths=np.array(2))
    for got, want in zip(adapted(**arguments), page.definition(**arguments), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-14)


def test_a_step_by_methods_alone_is_called_as_the_framework_that_has_them():
    def step(x, h, c, W, U, b):
        i, f, g, o = (x @ W[k].mT + h @ U[k].mT + b[k] for k in range(4))
        cell = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * cell.tanh(), cell

    trial = tried(concept("lstm"), step, None, "mine", lambda a: nullcontext())
    assert trial.adapted.framework.name == "torch"
    assert trial.fault is None


def test_a_module_that_leaves_its_second_bias_out_fails():
    class Forgetful(OfCells):
        def forward(self, x, h):
            states = [h[0]]
            for t in range(x.shape[1]):
                sums = (
                    x[:, t] @ self.cell.weight_ih.T + states[-1] @ self.cell.weight_hh.T + self.cell.bias_ih
                )
                states.append(sums.tanh())
            return torch.stack(states[1:], 1), states[-1][None]

    assert verdicts("rnn", Forgetful)["equals-definition"] == "fails"


def test_a_step_that_returns_too_few_states_is_told_so():
    def step(x, h, c, W, U, b):
        i, f, g, o = (x @ W[k].mT + h @ U[k].mT + b[k] for k in range(4))
        return o.sigmoid() * (f.sigmoid() * c + i.sigmoid() * g.tanh()).tanh()

    with pytest.raises(Unanswered, match="as many states as it takes, h and c, got 1"):
        tried(concept("lstm"), step, None, "mine", lambda a: nullcontext())
