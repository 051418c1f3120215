"""Graphs with features and classes: Cora as its files have it, a user's own folder, and what is refused."""

import numpy as np
import pytest

from gradus.data import Dataset, NodeGraph, load, load_graph
from gradus.data.graphs import canonical_edges
from gradus.data.inert_objects import array_of, decoded
from gradus.data.kinds import is_present, load_any
from gradus.errors import GradusError


@pytest.fixture
def folder(tmp_path):
    """A graph of 12 nodes in two classes, of which one has none."""
    rows = [f"{k % 3},{k / 2},{'?' if k == 5 else 'ab'[k % 2]}" for k in range(12)]
    (tmp_path / "nodes.csv").write_text("colour,size,label\n" + "\n".join(rows))
    (tmp_path / "edges.csv").write_text("source,target\n0,1\n1 0\n# a remark\n2;3\n\n4\t4\n11,0\n")
    return tmp_path


@pytest.mark.real_data
def test_cora_is_as_published(real_data):
    if not is_present("cora", real_data):
        pytest.skip(f"cora not found under {real_data}")
    graph = load_any("cora", real_data)
    assert isinstance(graph, NodeGraph)
    assert (graph.nodes, len(graph.edges), graph.columns, len(graph.values)) == (2708, 5278, 1433, 49216)
    sizes = dict(zip(graph.classes, np.bincount(graph.labels), strict=True))
    assert sizes == {
        "theory": 351, "reinforcement learning": 217, "genetic algorithms": 418, "neural networks": 818,
        "probabilistic methods": 426, "case-based": 298, "rule learning": 180,
    }  # fmt: skip
    assert np.bincount(graph.labels[graph.train]).tolist() == [20] * 7
    parts = [graph.train, graph.validation, graph.test]
    assert [len(p) for p in parts] == [140, 500, 1000] and len(set(np.concatenate(parts))) == 1640
    assert (graph.edges[:, 0] < graph.edges[:, 1]).all() and len(np.unique(graph.edges, axis=0)) == 5278
    same = (graph.labels[graph.edges[:, 0]] == graph.labels[graph.edges[:, 1]]).mean()
    assert abs(same - 0.81) < 0.005, (
        "labels and edges belong together: 81 % of the edges join papers of one class"
    )
    table = load("cora", real_data)
    assert isinstance(table, Dataset) and table.train_inputs.shape == (140, 1433)
    assert table.test_inputs.sum() == np.diff(graph.indptr)[graph.test].sum()


@pytest.mark.real_data
def test_a_damaged_file_is_named(real_data, tmp_path):
    if not is_present("cora", real_data):
        pytest.skip(f"cora not found under {real_data}")
    (tmp_path / "cora").mkdir()
    for file in (real_data / "planetoid").glob("ind.cora.*"):
        (tmp_path / "cora" / file.name).write_bytes(file.read_bytes())
    broken = tmp_path / "cora" / "ind.cora.graph"
    broken.chmod(0o600)
    broken.write_bytes(broken.read_bytes()[:-1] + b"!")
    with pytest.raises(
        GradusError, match=r"ind\.cora\.graph: corrupted: expected sha256 .*gradus data get cora"
    ):
        load_graph("cora", tmp_path)


def test_a_graph_that_is_not_there(tmp_path):
    assert not is_present("cora", tmp_path)
    with pytest.raises(GradusError, match=r"cora: ind\.cora\.x is not in"):
        load_any("cora", tmp_path)
    with pytest.raises(GradusError, match="name: expected a graph, cora, got 'iris'"):
        load_graph("iris")


def test_inert_objects_are_read_and_never_called(tmp_path):
    import pickle

    mark = tmp_path / "ran"

    class Evil:
        def __reduce__(self):
            return (open, (str(mark), "w"))

    for protocol in (0, 1, 2, 3, 4):
        content = pickle.dumps([Evil(), {1: (2, [3])}], protocol)
        try:
            decoded(content)
        except ValueError:
            continue
    assert not mark.exists()
    assert decoded(b"\x80\x02]q\x00(K\x01M\x00\x02J\xff\xff\xff\xffe.") == [1, 512, -1]
    with pytest.raises(ValueError, match="cut short"):
        decoded(b"\x80\x02]q\x00(K\x01")
    with pytest.raises(ValueError, match="expected an array"):
        array_of(7)


def test_own_graph(folder):
    graph = load_any(f"{folder}/")
    assert isinstance(graph, NodeGraph)
    assert graph.edges.tolist() == [[0, 1], [0, 11], [2, 3]], "both directions, listed twice, self edge"
    assert graph.classes == ("a", "b") and graph.labels[5] == -1 and graph.labels[1] == 1
    np.testing.assert_array_equal(graph.dense(np.array([4, 0])), [[1, 2], [0, 0]])
    parts = np.concatenate([graph.train, graph.validation, graph.test])
    assert sorted(parts) == [k for k in range(12) if k != 5]
    assert np.bincount(graph.labels[graph.train]).tolist() == [2, 1], "a third of each class"
    assert graph.summary().sizes == {"train": 3, "validation": 3, "test": 5}


def test_a_column_of_numbers_says_which_node_a_row_is(folder):
    """It is no feature, and the rows may stand in any order."""
    plain = load_any(f"{folder}/")
    rows = (folder / "nodes.csv").read_text().splitlines()[1:]
    order = np.random.default_rng(0).permutation(12)
    numbered = "\n".join(["id,colour,size,label", *(f"{k + 100},{rows[k]}" for k in order)])
    (folder / "nodes.csv").write_text(numbered)
    (folder / "edges.csv").write_text("100,101\n102,103\n111,100\n")
    graph = load_any(f"{folder}/")
    assert {frozenset(order[list(e)]) for e in graph.edges} == {frozenset(e) for e in plain.edges}
    np.testing.assert_array_equal(graph.dense(np.arange(12)), plain.dense(order))
    (folder / "nodes.csv").write_text(numbered.replace("\n104,", "\n103,"))
    with pytest.raises(GradusError, match="each once, got 103 in row"):
        load_any(f"{folder}/")


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("edges.csv", "0,12\n", "line 1: expected nodes from 0 to 11, one a row of nodes.csv, got 12"),
        ("edges.csv", "0,1\n-1,2\n", "line 2: expected nodes from 0 to 11, one a row of nodes.csv, got -1"),
        ("edges.csv", "0,1\n1,2,3\n", "line 2: expected two node numbers, got '1 2 3'"),
        ("edges.csv", "0,1\n1,x\n", "line 2: expected two node numbers, got '1 x'"),
        ("edges.csv", "0,1.5\n", "line 1: expected two node numbers, got '0 1.5'"),
        ("nodes.csv", "1,nan,a\n", "expected a finite number, got 'nan'"),
        ("nodes.csv", "1,2,a\n" * 9, "expected two classes or more with at least 3 nodes each, got 1"),
        ("nodes.csv", "1,2,a\n" * 9 + "1,2,b\n", "at least 3 nodes each, got 'b' ×1"),
    ],
)
def test_malformed_own_graphs_are_named(folder, file, content, words):
    (folder / file).write_text(content)
    with pytest.raises(GradusError) as refused:
        load_any(f"{folder}/")
    assert words in str(refused.value) and file in str(refused.value)


def test_edges_are_undirected_and_once():
    pairs = np.array([[2, 1], [1, 2], [3, 3], [0, 2]])
    assert canonical_edges(pairs).tolist() == [[0, 2], [1, 2]]
    assert canonical_edges(np.zeros((0, 2), int)).shape == (0, 2)
