"""The stored answers of ONNX's operator cases beside another engine's: who disagrees stands in `onnx_cases.toml`."""

import json

import numpy as np
import pytest

from tests.networks.onnx_cases import FOLDER, TABLE


def disputed(op):
    groups = [*TABLE[op].get("disputed", [])]
    groups += [g for g in TABLE[op].get("left_out", []) if g["state"] == "engines disagree"]
    return {name for group in groups for name in group["cases"]}


def agrees(entry, arrays):
    """Whether onnxruntime gives what is stored; None where it does not run the case."""
    helper, runtime = pytest.importorskip("onnx").helper, pytest.importorskip("onnxruntime")
    state = pytest.importorskip("onnxruntime.capi.onnxruntime_pybind11_state")
    refusals = (state.Fail, state.InvalidGraph, state.NotImplemented, state.RuntimeException)

    def stored(end):
        present = [name for name in entry[f"{end}puts"] if name]
        return {name: arrays[f"{entry['name']}/{end}{k}"] for k, name in enumerate(present)}

    def described(values):
        return [
            helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
            for n, v in values.items()
        ]

    given, wanted = stored("in"), stored("out")
    if "<graph>" in entry["attrs"].values():
        return None
    node = helper.make_node(
        entry["op"], entry["inputs"], entry["outputs"], domain=entry["domain"], **entry["attrs"]
    )
    graph = helper.make_graph([node], "case", described(given), described(wanted))
    opsets = [helper.make_opsetid(domain, version) for domain, version in entry["opset"]]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    try:
        session = runtime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        got = session.run([*wanted], given)
    except refusals:
        return None
    slack = [2e-2 if v.dtype == np.float16 else 1e-4 for v in wanted.values()]
    return all(
        g.shape == v.shape and np.allclose(g.astype(float), v.astype(float), rtol=s, atol=s, equal_nan=True)
        for g, v, s in zip(got, wanted.values(), slack, strict=True)
    )


def test_onnxruntime_agrees_but_where_it_is_said(oracles):
    pytest.importorskip("onnx")
    runtime = pytest.importorskip("onnxruntime")
    runtime.set_default_logger_severity(4)  # it warns of each case that it does not run
    verdicts = {True: set(), False: set(), None: set()}
    for entry in json.loads((oracles / FOLDER / "index.json").read_text(encoding="utf-8")):
        if entry["op"] in TABLE:
            with np.load(oracles / FOLDER / f"{entry['op']}.npz") as arrays:
                verdicts[agrees(entry, arrays)].add(entry["name"])
    assert verdicts[False] == {name for op in TABLE for name in disputed(op)}
    assert len(verdicts[True]) >= 380
