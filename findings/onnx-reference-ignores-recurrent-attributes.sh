#!/usr/bin/env bash
# onnx 1.23.2, reference.ReferenceEvaluator, against onnxruntime 1.32.0
# One would guess: the standard's own reference evaluator carries out every attribute of an operator, or refuses it.
# Seen: for LSTM it leaves out clip, activations and input_forget, for GRU clip, without a word; a plain LSTM or GRU
#   agrees with onnxruntime to 1e-6, with one of these attributes the outputs differ by 0.01 to 0.8.
# Why it matters: who checks an exported recurrent model against the reference evaluator blames the export.
# What to do: check a recurrent export against a second engine, or by hand, never against this evaluator alone.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
cd "$folder"
OMP_NUM_THREADS=1 venv/bin/python - <<'PYTHON'
import numpy as np
import onnxruntime
from onnx import helper
from onnx.reference import ReferenceEvaluator


def difference(operator, gates, **attributes):
    rng = np.random.default_rng(0)
    shapes = {"X": (4, 1, 3), "W": (1, gates * 2, 3), "R": (1, gates * 2, 2)}
    inputs = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    node = helper.make_node(operator, list(shapes), ["Y"], hidden_size=2, **attributes)
    values = [helper.make_tensor_value_info(name, 1, shape) for name, shape in shapes.items()]
    graph = helper.make_graph([node], "g", values, [helper.make_tensor_value_info("Y", 1, [4, 1, 1, 2])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return float(abs(ReferenceEvaluator(model).run(None, inputs)[0] - session.run(None, inputs)[0]).max())


plain = {"LSTM": difference("LSTM", 4), "GRU": difference("GRU", 3)}
ignored = {
    "LSTM clip": difference("LSTM", 4, clip=0.1),
    "LSTM activations": difference("LSTM", 4, activations=["Sigmoid", "Softsign", "Relu"]),
    "LSTM input_forget": difference("LSTM", 4, input_forget=1),
    "GRU clip": difference("GRU", 3, clip=0.1),
}
print("onnx 1.23.2 against onnxruntime 1.32.0, largest difference:", plain, ignored)
assert max(plain.values()) < 1e-5
assert min(ignored.values()) > 0.005, "an attribute is carried out now"
PYTHON
