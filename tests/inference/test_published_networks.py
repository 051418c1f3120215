"""Networks and answers that others published: the bnlearn repository, and the inference task of UAI 2014."""

from __future__ import annotations

import functools
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from gradus.inference import (
    CompiledNetwork,
    Network,
    infer,
    junction_tree,
    most_probable,
    query,
    read_bif,
    read_uai,
    read_uai_evidence,
    write_uai,
)

#: Posteriors by pyAgrum 3.3.1 (Shafer–Shenoy), which was given the tables as arrays: its text readers round to single precision.
ANSWERS = json.loads((Path(__file__).parent / "pyagrum_posteriors.json").read_text(encoding="utf-8"))
SIZES = {  # variables, edges, free parameters, as bnlearn.com prints them
    "asia": (8, 8, 18), "cancer": (5, 4, 10), "earthquake": (5, 4, 10), "survey": (6, 6, 21), "sachs": (11, 17, 178),
    "child": (20, 25, 230), "insurance": (27, 52, 1008), "alarm": (37, 46, 509), "hailfinder": (56, 66, 2656),
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_networks_of_the_bnlearn_repository(real_data: Path, name: str) -> None:
    network = read_bif(real_data / "bnlearn_bif" / f"{name}.bif.gz")
    free = sum(
        t.probabilities.size // t.probabilities.shape[-1] * (t.probabilities.shape[-1] - 1)
        for t in network.tables.values()
    )
    assert (len(network.variables), network.graph.number_of_edges(), free) == SIZES[name]
    for row in ANSWERS.get(name, []):
        found = infer(network, row["evidence"])
        assert found.log_evidence == pytest.approx(row["log_evidence"], abs=1e-10)
        for variable, values in row["marginals"].items():
            np.testing.assert_allclose(found[variable], values, atol=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["pigs", "mildew", "diabetes", "munin", "munin2", "munin3", "munin4"])
def test_the_large_networks_have_answers_that_agree_with_bayes(real_data: Path, name: str) -> None:
    """P(x | e) = P(x, e) / P(e), each side from a run of its own."""
    network = read_bif(real_data / "bnlearn_bif" / f"{name}.bif.gz")
    compiled = CompiledNetwork(network, memory=4 * 2**30)
    first, second = network.variables[0], network.variables[len(network.variables) // 2]
    e = {second: network.states[second][int(compiled.infer()[second].argmax())]}
    given, log = compiled.infer(e)[first], compiled.log_evidence(e)
    both = [compiled.log_evidence({**e, first: state}) for state in network.states[first]]
    np.testing.assert_allclose(given, np.exp(np.array(both) - log), atol=1e-10)


UAI = ("Segmentation_11", "Grids_12", "Promedus_36", "Pedigree_12")


@functools.cache
def uai_files(archive: Path) -> dict[str, bytes]:
    """Some models of the task, their evidence, and the published log₁₀ Z and marginals."""
    files = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            name = Path(member.name).name
            if name.startswith(tuple(f"{known}." for known in UAI)) and (file := tar.extractfile(member)):
                files[name] = file.read()
    return files


@pytest.mark.parametrize("name", UAI)
def test_models_of_the_uai_competition(real_data: Path, tmp_path: Path, name: str) -> None:
    for file, data in uai_files(real_data / "uai2014" / "uai2014_MAR_PR.tar.gz").items():
        (tmp_path / file).write_bytes(data)
    model = read_uai(tmp_path / f"{name}.uai")
    found = infer(model, read_uai_evidence(tmp_path / f"{name}.uai.evid")[0])
    published = float((tmp_path / f"{name}.uai.PR").read_text().split()[-1])
    assert found.log10_evidence == pytest.approx(published, rel=1e-5)  # six digits are published
    numbers = (tmp_path / f"{name}.uai.MAR").read_text().split()[2:]
    for variable in model.variables:
        n = int(numbers[0])
        np.testing.assert_allclose(found[variable], np.array(numbers[1 : n + 1], dtype=float), atol=1e-5)
        numbers = numbers[n + 1 :]
    write_uai(model, tmp_path / "again.uai")
    again = read_uai(tmp_path / "again.uai")
    assert all(np.array_equal(a.table, b.table) for a, b in zip(model.factors, again.factors, strict=True))


@pytest.mark.parametrize("name", ["asia", "alarm", "child", "insurance"])
def test_elimination_and_propagation_agree_on_published_networks(real_data: Path, name: str) -> None:
    """Every order, every tree, and the findings in any order or given twice: one answer."""
    network = read_bif(real_data / "bnlearn_bif" / f"{name}.bif.gz")
    rng = np.random.default_rng(len(name))
    sample = most_probable(network).assignment
    compiled = [CompiledNetwork(network, tree=junction_tree(network)), CompiledNetwork(network, "min-weight")]
    for findings in (0, 1, 5):
        chosen = [str(v) for v in rng.choice(network.variables, findings, replace=False)]
        evidence = {v: sample[v] for v in chosen}
        for variable in rng.choice(network.variables, 3, replace=False):
            alone = query(network, str(variable), dict(reversed(evidence.items()))).table
            for one in compiled:
                for found in (
                    one.infer(evidence),
                    one.infer([evidence], soft={v: _certain(network, v, s) for v, s in evidence.items()}),
                ):
                    np.testing.assert_allclose(found[variable].ravel(), alone, atol=1e-12)
    found = compiled[0].beliefs(evidence)
    for (c, d), separator in zip(compiled[0].tree.edges, found.separators, strict=True):
        for i in (c, d):
            table = found.clusters[i]
            order = [table.variables.index(v) for v in separator.variables]
            away = tuple(k for k in range(table.table.ndim) if k not in order)
            axes = [sorted(order).index(k) for k in order]
            np.testing.assert_allclose(table.table.sum(away).transpose(axes), separator.table, atol=1e-12)


def test_the_modes_of_hailfinder_are_impossible_together_and_its_explanation_is_one_of_two(
    real_data: Path,
) -> None:
    network = read_bif(real_data / "bnlearn_bif" / "hailfinder.bif.gz")
    compiled = CompiledNetwork(network)
    best, found = compiled.maximize(), compiled.infer()
    modes = {v: network.states[v][int(found[v].argmax())] for v in network.variables}
    assert compiled.log_evidence(modes) == -np.inf
    assert sum(modes[v] != best.assignment[v] for v in modes) == 27
    assert best.ties == ("WindAloft",)
    each = [compiled.log_evidence({**best.assignment, "WindAloft": s}) for s in network.states["WindAloft"]]
    assert sum(x >= best.log_probability - 1e-9 for x in each) == 2


def _certain(network: Network, variable: str, state: str) -> list[float]:
    return [float(s == state) for s in network.states[variable]]
