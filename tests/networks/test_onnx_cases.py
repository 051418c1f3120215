"""The pages' definitions on ONNX's own operator cases, which nobody here wrote; the table of them is complete."""

import json
import re

import numpy as np
import pytest

from gradus.catalogue import entries
from gradus.concepts.networks.activations.gelu import tanh_approximation
from tests.networks import onnx_operators
from tests.networks.onnx_attention import OPERATORS as ATTENTION
from tests.networks.onnx_cases import FOLDER, STATES, TABLE, BeyondThePage, cases_of, compare, left_out, taken
from tests.networks.onnx_convolution import CONVOLUTIONS, POOLINGS
from tests.networks.onnx_operators import both_directions

RUN = {**onnx_operators.OPERATORS, **ATTENTION, **CONVOLUTIONS, **POOLINGS}
WITH_A_PAGE = [op for op, row in TABLE.items() if "page" in row]
SCOPE = re.compile(
    r"Attention|Norm|LRN|[Pp]ool|Conv|RNN|LSTM|GRU|GLU|Loss|max$|[Ee]lu|Sigmoid|Tanh$|Swish|Mish|Soft|"
    r"Shrink|Dropout|Embedding|Gather$"
)


def test_the_table_is_well_formed():
    keys = {entry.key for entry in entries()}
    assert {TABLE[op]["page"] for op in WITH_A_PAGE} <= keys
    assert set(WITH_A_PAGE) == set(RUN)
    for op, row in TABLE.items():
        assert set(row) <= {"page", "cases", "left_out", "disputed"}, op
        named = [name for group in row.get("left_out", []) for name in group["cases"]]
        assert len(named) == len(set(named)), op
        for group in row.get("left_out", []):
            assert group["state"] in STATES and group["why"], op
            assert group["state"] != "no page" or "page" not in row, op
        assert all(
            group["why"] and set(group["cases"]).isdisjoint(named) for group in row.get("disputed", [])
        ), op


def test_the_table_has_every_operator_and_every_case(oracles):
    index = json.loads((oracles / FOLDER / "index.json").read_text(encoding="utf-8"))
    operators = {e["op"] for e in index}
    assert set(TABLE) <= operators
    assert {op for op in operators if SCOPE.search(op)} - set(TABLE) == set(), "operators of the scope"
    for op, row in TABLE.items():
        names = {e["name"] for e in index if e["op"] == op}
        assert len(names) == row["cases"], op
        assert left_out(op) <= names, op
        assert "page" in row or left_out(op) == names, op


@pytest.mark.parametrize("op", WITH_A_PAGE)
def test_the_definition_agrees(op, oracles):
    cases = taken(oracles, op)
    for case in cases:
        compare(RUN[op](case), case)
    assert len(cases) == TABLE[op]["cases"] - len(left_out(op)) > 0


@pytest.mark.parametrize("op", [op for op in WITH_A_PAGE if TABLE[op].get("left_out")])
def test_no_case_that_is_left_out_passes(op, oracles):
    for case in cases_of(oracles, op):
        if case.name in left_out(op):
            with pytest.raises(
                (BeyondThePage, IndexError, AssertionError)
            ):  # IndexError: the page refuses it
                compare(RUN[op](case), case)


def test_two_directions_are_the_page_of_their_own(oracles):
    (case,) = [c for c in cases_of(oracles, "RNN") if c.attributes.get("direction") == "bidirectional"]
    compare(both_directions(case), case)


def test_a_wrong_gelu_is_found(oracles):
    found = [c for c in cases_of(oracles, "Gelu") if not c.attributes]
    assert max(np.abs(tanh_approximation(c.inputs[0]) - c.outputs[0]).max() for c in found) > 1e-4


def test_another_order_of_the_gates_is_found(oracles, monkeypatch):
    """The weights of the LSTM's cases are all equal: those hold the equations, not the order of the gates."""
    monkeypatch.setitem(onnx_operators.ORDER, "GRU", [0, 1, 2])
    with pytest.raises(AssertionError, match="test_gru_seq_length"):
        test_the_definition_agrees("GRU", oracles)


def test_the_running_variance_is_the_populations(oracles):
    """With the sample's variance the cases of batch normalisation fail."""
    training = [c for c in cases_of(oracles, "BatchNormalization") if c.attributes.get("training_mode")]
    for case in training:
        y, mean, variance = RUN["BatchNormalization"](case)
        n = case.inputs[0].size // case.inputs[0].shape[1]
        with pytest.raises(AssertionError):
            compare([y, mean, variance * n / (n - 1)], case)
    assert training


def test_a_mask_left_out_is_found(oracles):
    """A causal case without its mask fails."""
    case = next(c for c in cases_of(oracles, "Attention") if c.name == "test_attention_4d_causal")
    case.attributes["is_causal"] = 0
    with pytest.raises(AssertionError):
        compare(ATTENTION["Attention"](case), case)
