"""A user's own graph: a folder with a list of edges and a table of the nodes, read whole or refused in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from gradus.data.csv_table import Table, read_table
from gradus.data.graphs import NodeGraph, canonical_edges
from gradus.errors import GradusError
from gradus.text import Text

EDGES, NODES = "edges.csv", "nodes.csv"
NUMBERS = ("id", "node")  # the column that says which node a row is
PER_CLASS, MOST_EDGES = 20, 50_000_000  # nodes of each class to train on, as in the public split of Planetoid
UNKNOWN = "?"  # in place of a class: the node is neither trained on nor tested


def is_graph_folder(path: Path) -> bool:
    """Whether a folder holds a graph: `edges.csv` and `nodes.csv`."""
    return (path / EDGES).is_file() and (path / NODES).is_file()


def read_graph_folder(path: Path) -> NodeGraph:
    """The graph of a folder.

    `edges.csv` has two node numbers a line, with a comma, semicolon, tab or blanks between them; a first line of words is passed
    over. Node k is the k-th row of `nodes.csv`, from 0, or the row with k in a column id or node: a table of features with the
    class in the column target, label, class or y, else the last; "?" is no class. Edges count in both directions, those listed twice once, self edges not at all. Of each
    class 20 nodes, a third at most, are trained on; of the others one in three is for choosing, the rest for the test.

    Raises:
        GradusError: a file is not of this form, or a node number is out of range; file and line are named.
    """
    table, rows = _without_numbers(read_table(path / NODES))
    known = [word for word in table.targets if word != UNKNOWN]
    classes = _classes(path / NODES, known)
    numbers = {name: i for i, name in enumerate(classes)}
    labels = np.array([numbers.get(word, -1) for word in table.targets], np.int64)
    train, validation, test = _split(labels, len(classes))
    pairs = read_edges(path / EDGES, rows)
    indptr, indices, values = _compressed(table)
    return NodeGraph(
        name=path.name, title=Text(path.name, path.name), edges=canonical_edges(pairs), indptr=indptr, indices=indices,
        values=values, columns=table.inputs.shape[1], labels=labels, train=train, validation=validation, test=test,
        classes=classes, source=str(path),
    )  # fmt: skip


def _without_numbers(table: Table) -> tuple[Table, dict[int, int]]:
    """The table without the column that numbers its nodes, and the row of each number; the rows in their order without one."""
    at = next((i for i, name in enumerate(table.features) if name.casefold() in NUMBERS), None)
    if at is None:
        return table, {k: k for k in range(len(table.inputs))}
    name, numbers = table.features[at], table.inputs[:, at]
    rows: dict[int, int] = {}
    for row, number in enumerate(numbers):
        if number != int(number) or int(number) in rows:
            raise _wrong(
                table.path,
                f"{name}: expected whole numbers, each once, got {number:g} in row {row + 1}; without this column nodes are "
                "numbered by their rows, from 0",
                f"{name}：应为互不相同的整数，第 {row + 1} 行为 {number:g}；没有这一列时，节点按行从 0 编号",
            )
        rows[int(number)] = row
    features = table.features[:at] + table.features[at + 1 :]
    return replace(table, inputs=np.delete(table.inputs, at, 1), features=features), rows


def read_edges(path: Path, nodes: Mapping[int, int]) -> np.ndarray:
    """Pairs of rows (m, 2) of the nodes with these numbers, in the order of the lines.

    Raises:
        GradusError: a line has no two whole numbers, or one that is out of range; a file of too many lines.
    """
    pairs: list[tuple[int, int]] = []
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise _wrong(path, "is no text in UTF-8", "不是 UTF-8 文本") from None
    if len(lines) > MOST_EDGES:
        raise _wrong(path, f"has more than {MOST_EDGES:,} lines", f"超过 {MOST_EDGES:,} 行")
    for at, line in enumerate(lines, start=1):
        words = line.partition("#")[0].replace(",", " ").replace(";", " ").split()
        if not words or (at == 1 and not any(c.isdigit() for w in words for c in w)):
            continue
        pairs.append(_pair(path, at, words, nodes))
    return np.array(pairs, np.int64).reshape(-1, 2)


def _pair(path: Path, at: int, words: Sequence[str], nodes: Mapping[int, int]) -> tuple[int, int]:
    if len(words) != 2 or not all(w.isascii() and w.lstrip("-").isdigit() for w in words):
        shown = " ".join(words)[:40]
        raise _wrong(
            path,
            f"line {at}: expected two node numbers, got {shown!r}",
            f"第 {at} 行：应为两个节点编号，得到 {shown!r}",
        )
    source, target = (int(w) for w in words)
    for node in (source, target):
        if node not in nodes:
            raise _wrong(
                path,
                f"line {at}: expected nodes from {min(nodes)} to {max(nodes)}, one a row of {NODES}, got {node}",
                f"第 {at} 行：节点编号应在 {min(nodes)} 到 {max(nodes)} 之间（{NODES} 每行一个节点），得到 {node}",
            )
    return nodes[source], nodes[target]


def _classes(path: Path, known: Sequence[str]) -> tuple[str, ...]:
    names = sorted(set(known))
    few = [name for name in names if list(known).count(name) < 3]
    if len(names) < 2 or few:
        got = f"{few[0]!r} ×{list(known).count(few[0])}" if few else str(len(names))
        raise _wrong(
            path,
            f"expected two classes or more with at least 3 nodes each, got {got}",
            f"至少需要两个类别，且每类至少 3 个节点，得到 {got}",
        )
    return tuple(names)


def _split(labels: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Node numbers to train on, to choose by and to test: the same for every seed."""
    order = np.random.default_rng(0).permutation(len(labels))
    train = np.concatenate(
        [(mine := order[labels[order] == k])[: min(PER_CLASS, len(mine) // 3)] for k in range(classes)]
    )
    rest = order[(labels[order] >= 0) & ~np.isin(order, train)]
    return np.sort(train), np.sort(rest[::3]), np.sort(np.delete(rest, np.s_[::3]))


def _compressed(table: Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows, columns = np.nonzero(table.inputs)
    indptr = np.concatenate([[0], np.bincount(rows, minlength=len(table.inputs)).cumsum()])
    return indptr, columns, table.inputs[rows, columns].astype(np.float32)


def _wrong(path: Path, en: str, zh: str) -> GradusError:
    return GradusError(Text(f"{path}: {en}", f"{path}：{zh}"))
