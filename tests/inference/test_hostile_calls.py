"""What users give by mistake, write to, copy or ask too much of."""

from __future__ import annotations

import copy
import gc
import math
import pickle
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.distributions import Distribution, Normal

from gradus.errors import GradusError
from gradus.inference import (
    BayesianNetwork,
    CompiledNetwork,
    JunctionTree,
    LinearChainCRF,
    MarkovNetwork,
    infer,
    most_probable,
    pathwise_gradient,
    query,
    score_gradient,
    write_bif,
)

TWO = ["0", "1"]


def pair() -> BayesianNetwork:
    states = {"a": TWO, "b": ["true", "false"], "7": TWO}
    return BayesianNetwork(states, {"a": [0.3, 0.7], "b": (["a"], [[0.2, 0.8], [0.6, 0.4]]), "7": [0.5, 0.5]})


@pytest.mark.parametrize(
    ("given", "meant"),
    [({"a": np.int64(1)}, {"a": "1"}), ({"a": np.uint8(0)}, {"a": "0"}), ({"b": np.bool_(True)}, {"b": "true"}),
     ({np.int32(7): np.str_("1")}, {"7": "1"})],
)  # fmt: skip
def test_numbers_and_booleans_of_numpy_are_findings(given: dict[Any, Any], meant: dict[str, str]) -> None:
    assert infer(pair(), given).log_evidence == infer(pair(), meant).log_evidence


def test_a_variable_named_twice_has_one_state() -> None:
    with pytest.raises(GradusError, match="evidence: expected one state of 7, got two"):
        infer(pair(), {"7": "1", 7: "0"})
    with pytest.raises(GradusError, match="soft: expected one likelihood of 7, got two"):
        infer(pair(), soft={"7": [1, 0.5], 7: [1, 0.5]})
    assert infer(pair(), {"7": "1", 7: 1})["7"].tolist() == [0, 1]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_table_holds_finite_numbers(bad: float) -> None:
    with pytest.raises(GradusError, match=r"factors\[0\]: expected finite numbers"):
        MarkovNetwork({"a": TWO}, [("a", [bad, 1.0])])
    with pytest.raises(GradusError, match=r"tables\['a'\]: expected finite numbers"):
        BayesianNetwork({"a": TWO}, {"a": [bad, 1.0]})


def test_tables_that_plans_rest_on_cannot_be_written_to() -> None:
    network = pair()
    infer(network)
    for table in (
        *(t.probabilities for t in network.tables.values()),
        network.given({"a": 1}).factors[1].table,
    ):
        with pytest.raises(ValueError, match="read-only"):
            table[...] = 1.0
    table = np.array([0.3, 0.7])
    MarkovNetwork({"a": TWO}, [("a", table)])
    table[0] = 1.0  # the caller's own stays writable


def test_a_network_goes_with_its_plan_and_is_copied_without_it() -> None:
    network = pair()
    expected = infer(network)["b"].tolist()
    for other in (copy.copy(network), copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert "_plan" not in vars(other)
        assert infer(other)["b"].tolist() == expected
    gone = weakref.ref(network)
    del network
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("memory", [math.nan, -1, 0, "1GB", None, True])
def test_memory_is_checked_where_the_plan_is_kept_too(memory: Any) -> None:
    network = pair()
    infer(network)
    with pytest.raises(GradusError, match="memory: expected a"):
        infer(network, memory=memory)
    with pytest.raises(GradusError, match="memory: exact inference needs"):
        infer(network, memory=1)


def test_a_network_without_choices_takes_batches() -> None:
    alone = BayesianNetwork({"a": ["x"]}, {"a": [1]})
    assert infer(alone, [{"a": "x"}, {}])["a"].tolist() == [[1], [1]]
    assert infer(BayesianNetwork({}, {}), [{}, {}]).log_evidence.tolist() == [0, 0]
    assert most_probable(alone, [{}, {}]).assignment == [{"a": "x"}] * 2


def test_a_joint_that_no_array_holds_is_refused() -> None:
    many = MarkovNetwork({f"v{i}": TWO for i in range(70)}, [])
    with pytest.raises(GradusError, match=r"variables: expected at most (64|32) variables, .* got 70"):
        query(many, list(many.variables))
    with pytest.raises(GradusError, match="variables whose joint posterior fits into memory"):
        query(many, many.variables[:31])


def test_evidence_put_in_counts_its_likelihoods() -> None:
    rng = np.random.default_rng(0)
    states = {f"v{i}": TWO for i in range(6)}
    network = MarkovNetwork(
        states, [((f"v{i}", f"v{j}"), rng.random((2, 2))) for i in range(6) for j in range(i)]
    )
    whole = CompiledNetwork(network)
    evidence, soft = {"v0": "1", "v1": "0"}, {"v0": [0.5, 0.25], "v5": [0.1, 0.4]}
    small = infer(network, evidence, soft=soft, memory=512)
    with pytest.raises(GradusError, match="memory"):
        CompiledNetwork(network, memory=512)
    found = whole.infer(evidence, soft=soft)
    assert small.log_evidence == pytest.approx(found.log_evidence, rel=1e-13)
    assert small["v5"] == pytest.approx(found["v5"])
    with pytest.raises(GradusError, match="evidence: these findings and likelihoods have probability 0"):
        infer(network, evidence, soft={"v0": [1.0, 0.0]}, memory=512)


def test_names_that_no_file_holds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        GradusError, match=r"network: expected names that UTF-8 can hold, got the character '\\ud800'"
    ):
        write_bif(BayesianNetwork({"a\ud800": TWO}, {"a\ud800": [0.5, 0.5]}), tmp_path / "a.bif")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("bad", [math.nan, math.inf, -0.25])
def test_tables_to_differentiate_by_are_nonnegative_and_finite(bad: float) -> None:
    coin = CompiledNetwork(BayesianNetwork({"a": TWO}, {"a": [0.5, 0.5]}))
    with pytest.raises(GradusError, match=r"tables\[0\]: expected (finite|no negative) number"):
        coin.log_evidence(tables=[torch.tensor([0.5, bad], requires_grad=True)])
    assert coin.log_evidence(tables=[torch.tensor([0.5, 0.0])]).item() == pytest.approx(math.log(0.5))


def test_what_is_no_name_is_shown_itself() -> None:
    with pytest.raises(GradusError, match=r"states\['a'\]\[0\]: expected a name, got 0; write '0'"):
        BayesianNetwork({"a": [0, 1]}, {"a": [0.5, 0.5]})  # type: ignore[list-item]
    with pytest.raises(GradusError, match=r"clusters\[1\]: expected names of variables as text, got 7"):
        JunctionTree([["a"], [7]], [(0, 1)])  # type: ignore[list-item]
    with pytest.raises(GradusError, match=r"edges\[0\]: expected whole numbers of clusters, got 1\.0"):
        JunctionTree([["a"], ["a"]], [(0, 1.0)])  # type: ignore[list-item]
    with pytest.raises(GradusError, match=r"edges\[0\]: expected no edge, for there are not two clusters"):
        JunctionTree([["a"]], [(0, 1)])


@pytest.mark.parametrize("dtype", ["float64", torch.int64])
def test_a_random_field_is_of_floating_point(dtype: Any) -> None:
    with pytest.raises(GradusError, match="dtype: expected a floating-point dtype"):
        LinearChainCRF(2, dtype=dtype)


def test_not_a_number_has_no_best_tags() -> None:
    scores = torch.zeros(2, 3, 2)
    scores[1, 2] = math.nan
    with pytest.raises(GradusError, match="emissions: expected scores that are numbers, got NaN in row 1"):
        LinearChainCRF(2).decode(scores)
    padded = torch.tensor([[True] * 3, [True, True, False]])
    assert [len(row) for row in LinearChainCRF(2).decode(scores, padded)] == [3, 2]


@pytest.fixture(params=[True, False], ids=["checks", "after torch.compile"])
def checks(request: pytest.FixtureRequest) -> Any:
    """PyTorch's checks of distributions: the first use of `torch.compile` turns them off."""
    before = Distribution._validate_args
    Distribution.set_default_validate_args(request.param)
    yield request.param
    assert Distribution._validate_args is request.param
    Distribution.set_default_validate_args(before)


@pytest.mark.usefixtures("checks")
@pytest.mark.parametrize("parameters", [(1.0, -1.0), ([0.0, 0.0], [1.0, 1.0, 1.0]), (0.0, 1.0, 1.0, 1.0)])
@pytest.mark.parametrize("estimate", [pathwise_gradient, score_gradient])
def test_parameters_that_a_distribution_refuses_are_named(estimate: Any, parameters: Any) -> None:
    with pytest.raises(GradusError, match="parameters: expected parameters that the distribution takes"):
        estimate(torch.square, Normal, tuple(map(torch.tensor, parameters)), samples=200)
