"""Graphs whose nodes have features and classes: the citations of Planetoid, and a user's own."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gradus.data.dataset import Dataset
from gradus.data.inert_objects import SPARSE, Record, array_of, decoded
from gradus.data.reading import place, saying_how_to_mend
from gradus.data.registry import ENTRIES, Entry, entry_of
from gradus.data.store import DamagedFileError, compare, data_directory, read_exactly
from gradus.data.summary import DataSummary
from gradus.errors import GradusError
from gradus.text import Text

GRAPHS = tuple(name for name, entry in ENTRIES.items() if entry.format == "planetoid")
VALIDATION = 500  # of the public split: the nodes after those of training


@dataclass(frozen=True, eq=False)
class NodeGraph:
    """An undirected graph whose nodes have features and classes.

    Attributes:
        name, title: of the graph.
        edges: pairs of node numbers (m, 2), the smaller first, each once; int64.
        indptr, indices, values: the features that are not 0, row by row: row i has the columns indices[indptr[i]:indptr[i+1]].
        columns: how many features a node has.
        labels: class numbers (n,); −1 where there is none.
        train, validation, test: node numbers of the three parts.
        classes: the classes' names.
        source, licence, citation: where it comes from, under which terms, and what to cite.

    Example:
        >>> import numpy as np
        >>> i = np.array([0, 1])
        >>> pair = NodeGraph("pair", Text("", ""), i[None], np.array([0, 1, 2]), i, np.ones(2), 2, i, i, i, i, ("a", "b"))
        >>> pair.nodes, pair.shape
        (2, (2,))
    """

    name: str
    title: Text
    edges: np.ndarray
    indptr: np.ndarray
    indices: np.ndarray
    values: np.ndarray
    columns: int
    labels: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    classes: tuple[str, ...]
    source: str = ""
    licence: str = ""
    citation: str = ""

    @property
    def nodes(self) -> int:
        """The number of nodes."""
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one node's features."""
        return (self.columns,)

    @property
    def rows(self) -> np.ndarray:
        """The node of each stored feature."""
        rows: np.ndarray = np.repeat(np.arange(self.nodes), np.diff(self.indptr))
        return rows

    def dense(self, nodes: np.ndarray) -> np.ndarray:
        """The features of some nodes as a table, zeros included (len(nodes), columns)."""
        table = np.zeros((self.nodes, self.columns), self.values.dtype)
        table[self.rows, self.indices] = self.values
        chosen: np.ndarray = table[nodes]
        return chosen

    def summary(self) -> DataSummary:
        """What a report says of it."""
        sizes = {"train": len(self.train), "validation": len(self.validation), "test": len(self.test)}
        n, m = self.nodes, len(self.edges)
        split = Text(
            f"{n:,} nodes and {m:,} edges; the features of all nodes and all edges are seen, the classes of the training nodes alone.",
            f"{n:,} 个节点，{m:,} 条边；训练时可见所有节点的特征和所有边，但只有训练节点的类别可见。",
        )
        return DataSummary(
            self.title, self.source, self.licence, self.shape, self.classes, sizes, split, self.citation
        )


def load_graph(name: str = "cora", data_dir: str | Path | None = None) -> NodeGraph:
    """A graph of Planetoid with its public split: 20 nodes of each class to train on, 500 to choose by, 1,000 to test.

    Edges are read in both directions, each is held once, and self edges are dropped (the file lists some edges twice).

    Args:
        name: cora.
        data_dir: the folder of downloaded files; else GRADUS_DATA, else the user's cache.

    Raises:
        GradusError: no graph has this name; a file is missing or damaged.
    """
    entry = entry_of(name)
    if entry.format != "planetoid":
        names = ", ".join(GRAPHS)
        raise GradusError(
            Text(f"name: expected a graph, {names}, got {name!r}", f"名称应为图 {names}，得到 {name!r}")
        )
    contents = {}
    for file, path in zip(entry.files, place(entry, data_directory(data_dir)), strict=True):
        with saying_how_to_mend(entry):
            content = read_exactly(path, file.size)
            compare(path, hashlib.sha256(content).hexdigest(), file.sha256)
            try:
                part = file.name.rpartition(".")[2]
                contents[part] = np.array(content.split(), np.int64) if part == "index" else decoded(content)
            except ValueError as error:
                raise DamagedFileError(path, Text(f"{path}: {error}", f"{path}：{error}")) from None
    return _graph(entry, contents)


def features_table(graph: NodeGraph, entry: Entry) -> Dataset:
    """The nodes of the training and of the test part as a table, without the graph."""
    return Dataset(
        name=graph.name, title=graph.title, task="classification",
        train_inputs=graph.dense(graph.train).astype(float), train_targets=graph.labels[graph.train],
        test_inputs=graph.dense(graph.test).astype(float), test_targets=graph.labels[graph.test],
        classes=graph.classes, features=tuple(f"word {i}" for i in range(graph.columns)), source=entry.source,
        licence=entry.licence, citation=entry.citation, embedded=False,
    )  # fmt: skip


def _graph(entry: Entry, contents: dict[str, object]) -> NodeGraph:
    """Puts the parts together: `allx` are the first rows, `tx` those of the test nodes in the order of the index."""
    test = contents["index"]
    assert isinstance(test, np.ndarray)
    first, last = _sparse(contents["allx"]), _sparse(contents["tx"])
    labels = np.concatenate([_classes(contents["ally"]), _classes(contents["ty"])])
    n, train = len(labels), len(_classes(contents["y"]))
    # row i of the files is node i, but for the test nodes: row len(allx)+k is node test[k]
    node = np.arange(n)
    node[n - len(test) :] = test
    rows = np.concatenate([first[0], last[0] + n - len(test)])
    columns, values = (np.concatenate([first[k], last[k]]) for k in (1, 2))
    order = np.lexsort((columns, node[rows]))
    rows, columns, values = node[rows][order], columns[order], values[order]
    own = np.empty(n, np.int64)
    own[node] = labels
    return NodeGraph(
        name=entry.name, title=entry.title, edges=_edges(contents["graph"]),
        indptr=np.concatenate([[0], np.bincount(rows, minlength=n).cumsum()]), indices=columns, values=values,
        columns=entry.shape[0], labels=own, train=np.arange(train), validation=np.arange(train, train + VALIDATION),
        test=np.sort(test), classes=entry.classes, source=entry.source, licence=entry.licence, citation=entry.citation,
    )  # fmt: skip


def _sparse(record: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns and values of a matrix in compressed rows."""
    if not isinstance(record, Record) or record.name != SPARSE:
        raise ValueError("expected a matrix in compressed rows")
    indptr, indices, data = (array_of(record.state[k]) for k in (b"indptr", b"indices", b"data"))
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr)), indices.astype(np.int64), data


def _classes(record: object) -> np.ndarray:
    """Class numbers of rows with a single 1."""
    assert isinstance(record, Record)
    numbers: np.ndarray = array_of(record).argmax(1).astype(np.int64)
    return numbers


def _edges(record: object) -> np.ndarray:
    """Pairs of the lists of neighbours, the smaller first, each once, without self edges."""
    assert isinstance(record, Record)
    pairs = np.array([(i, j) for i, neighbours in record.entries.items() for j in neighbours], np.int64)
    return canonical_edges(pairs)


def canonical_edges(pairs: np.ndarray) -> np.ndarray:
    """Undirected edges of pairs (m, 2): the smaller node first, each once, without self edges."""
    pairs = np.sort(pairs.reshape(-1, 2), axis=1)
    edges: np.ndarray = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
    return edges
