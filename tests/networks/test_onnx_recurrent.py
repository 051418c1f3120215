"""The definitions of the recurrent pages on ONNX's own operator cases, whose gates stand in another order.

The weights of the LSTM's cases are all equal: those cases hold the equations, the directions and the layouts, not the order
of the gates, which the GRU's cases hold.
"""

import json

import numpy as np
import pytest

from gradus.concepts.networks.rnn.gru import gru
from gradus.concepts.networks.rnn.peephole_lstm import peephole_lstm
from gradus.concepts.networks.rnn.rnn import rnn

ORDER = {"RNN": [0], "LSTM": [0, 2, 3, 1], "GRU": [1, 0, 2]}  # ours in ONNX's: i, o, f, c and z, r, h
COUNTS = {"RNN": 6, "LSTM": 6, "GRU": 6}


def one_direction(op, x, W, R, B, lengths, h0, c0, P):
    """One direction by the page's definition, on x (B, T, d); the outputs and the last states."""
    order, n = ORDER[op], R.shape[-1]
    k = len(order)
    W, U = W.reshape(k, n, -1)[order], R.reshape(k, n, n)[order]
    b, c = (np.zeros((2, k, n)) if B is None else B.reshape(2, k, n))[:, order]
    if op == "RNN":
        return rnn(x, W[0], U[0], b[0] + c[0], h0, lengths)
    if op == "GRU":
        return gru(x, W, U, b, c, h0, False, lengths)
    peepholes = np.zeros((3, n)) if P is None else P.reshape(3, n)[[0, 2, 1]]
    return peephole_lstm(x, W, U, peepholes, b + c, h0, c0, lengths)


def whole(op, inputs, attributes):
    """Y (T, directions, B, n) and the last states (directions, B, n), as ONNX gives them; `layout` 1 has the batch first."""
    x, W, R, B, lengths, h0, c0, P = inputs
    batch_first = attributes.get("layout", 0) == 1
    x = x if batch_first else x.swapaxes(0, 1)
    direction = attributes.get("direction", "forward")
    results = []
    for i in range(len(W)):
        backwards = direction == "reverse" or i == 1
        pick = [None if v is None else v[i] for v in (W, R, B)]
        states = [None if v is None else v[i] for v in (h0, c0)]
        y, *last = one_direction(
            op, x[:, ::-1] if backwards else x, *pick, lengths, *states, None if P is None else P[i]
        )
        results.append([y[:, ::-1] if backwards else y, *last])
    y, *last = (np.stack(v) for v in zip(*results, strict=True))
    if batch_first:
        return [y.transpose(1, 2, 0, 3), *(s.swapaxes(0, 1) for s in last)]
    return [y.transpose(2, 0, 1, 3), *last]


@pytest.mark.parametrize("op", ORDER)
def test_definitions_agree(op, oracles):
    entries = [e for e in json.loads((oracles / "onnx_node" / "index.json").read_text()) if e["op"] == op]
    with np.load(oracles / "onnx_node" / f"{op}.npz") as arrays:
        for e in entries:
            present = [f"{e['name']}/in{i}" if v else "" for i, v in enumerate(e["inputs"])]
            stored = [arrays[n] if n else None for n in [*present, *[""] * (8 - len(present))]]
            inputs = [v.astype(float) if v is not None and v.dtype.kind == "f" else v for v in stored]
            results = whole(op, inputs, e["attrs"])
            named = [
                got for name, got in zip(e["outputs"], results, strict=False) if name
            ]  # only these are stored
            for i, got in enumerate(named):
                want = arrays[f"{e['name']}/out{i}"]
                np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-7, err_msg=e["name"])
    assert len(entries) == COUNTS[op]


def test_another_order_of_the_gates_is_found(oracles, monkeypatch):
    monkeypatch.setitem(ORDER, "GRU", [0, 1, 2])
    with pytest.raises(AssertionError, match="test_gru_seq_length"):
        test_definitions_agree("GRU", oracles)
