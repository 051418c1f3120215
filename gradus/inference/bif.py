"""Bayesian networks read from BIF, the interchange format 0.15."""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from gradus.errors import GradusError
from gradus.inference.bayesian_network import ROUNDING, BayesianNetwork
from gradus.inference.bif_words import Entries, Reader, Token
from gradus.inference.network_tables import Table
from gradus.inference.source_text import read_text, shown_path
from gradus.text import Text

__all__ = ["read_bif"]

Array = np.ndarray[Any, np.dtype[np.float64]]
LARGEST = 10**8  # numbers of one table


#: "row", "table" or "default"; the parents' states; the numbers; where it begins.
Entry = tuple[str, list[Token], Entries, Token]


class Block(NamedTuple):
    """The entries of one `probability` block, before all variables are known."""

    child: Token
    parents: list[Token]
    entries: list[Entry]


def read_bif(file: str | os.PathLike[str]) -> BayesianNetwork:
    """A Bayesian network from a BIF file, plain or packed by gzip.

    Read are names in quotes or not, with any characters but blanks and `{}()[];,|` outside of quotes; comments; properties
    (skipped); rows by the states of the parents, `default` rows, and whole `table`s, in which the child's index moves slowest and
    the last parent's fastest. Rows that miss 1 by no more than 10⁻³ are divided by their sum; from 10⁻⁶ on `notes` says so.

    Args:
        file: its path.

    Raises:
        GradusError: what is wrong with line and column: the grammar, a name that is none, a row that is missing, comes twice,
            has another number of entries, or a sum that is not 1; a cycle.

    Source: Cozman 1998, The Interchange Format for Bayesian Networks.

    Example:
        >>> import pathlib, tempfile
        >>> from gradus.inference import BayesianNetwork, write_bif
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     place = pathlib.Path(folder, "coin.bif")
        ...     write_bif(BayesianNetwork({"coin": ["heads", "tails"]}, {"coin": [0.5, 0.5]}), place)
        ...     read_bif(place).states
        {'coin': ('heads', 'tails')}
    """
    reader = Reader(*read_text(file))
    title = ""
    states: dict[str, tuple[str, ...]] = {}
    declared: dict[str, Token] = {}
    blocks: list[Block] = []
    while reader.peek().kind:
        word = reader.keyword("network", "variable", "probability")
        if word.text == "network":
            title = _network(reader) or title
        elif word.text == "variable":
            token, names = _variable(reader)
            if token.text in states:
                raise reader.error(token, ("a variable that is not declared yet", "尚未声明的变量"))
            states[token.text], declared[token.text] = names, token
        else:
            blocks.append(_probability(reader))
    if not states:
        raise reader.error(reader.peek(), ("at least one variable", "至少一个变量"))
    tables: dict[str, Table] = {}
    for block in blocks:
        for token in (block.child, *block.parents):
            _known(reader, token, states, ("a declared variable", "已声明的变量"))
        if block.child.text in tables:
            raise reader.error(
                block.child, ("one probability block a variable", "每个变量一个 probability 块")
            )
        parents = tuple(p.text for p in block.parents)
        for i, token in enumerate(block.parents):
            if token.text in (*parents[:i], block.child.text):
                raise reader.error(token, ("parents that are different", "互不相同的父变量"))
        tables[block.child.text] = Table(parents, _filled(reader, block, states))
    for name, token in declared.items():
        if name not in tables:
            raise reader.error(
                token, (f"a probability block of {name}", f" {name} 的 probability 块"), Text("none", "无")
            )
    try:
        return BayesianNetwork(states, tables, title)
    except GradusError as error:
        raise GradusError(
            Text(
                f"{shown_path(reader.where)}: {error.text.en}", f"{shown_path(reader.where)}：{error.text.zh}"
            )
        ) from None


def _network(reader: Reader) -> str:
    name = "" if reader.next_is("{") else reader.name(("the network's name", "网络名称")).text
    while reader.peek().kind in (
        "word",
        "quoted",
    ):  # a name of several words, which the grammar does not know
        name += " " + reader.take().text
    reader.mark("{")
    while not reader.next_is("}"):
        reader.keyword("property")
        reader.skip_property()
    reader.take()
    return name


def _variable(reader: Reader) -> tuple[Token, tuple[str, ...]]:
    token = reader.name(("a variable's name", "变量名称"))
    reader.mark("{")
    names: tuple[str, ...] | None = None
    while True:
        nearby = reader.peek()
        if nearby.kind == "mark" and nearby.text == "}":
            reader.take()
            break
        if reader.keyword("type", "property").text == "property":
            reader.skip_property()
            continue
        reader.keyword("discrete")
        count: Token | None = None
        if reader.mark("[", "{") == "[":
            count = reader.name(("the number of states", "状态数"))
            reader.mark("]")
            reader.mark("{")
        found = reader.names("}", ("a state's name", "状态名称"))
        reader.mark(";")
        if count is not None and count.text != str(len(found)):
            raise reader.error(
                count, (f"{len(found)}, the number of states listed", f"所列状态的个数 {len(found)}")
            )
        for i, state in enumerate(found):
            if state.text in [s.text for s in found[:i]]:
                raise reader.error(state, ("states that are different", "互不相同的状态"))
        if not found:
            raise reader.error(nearby, ("at least one state", "至少一个状态"), Text("none", "无"))
        names = tuple(s.text for s in found)
    if names is None:
        raise reader.error(token, (f"the type of {token.text}", f" {token.text} 的 type"), Text("none", "无"))
    return token, names


def _probability(reader: Reader) -> Block:
    reader.mark("(")
    child = reader.name(("a variable's name", "变量名称"))
    parents = reader.names(")", ("a parent's name", "父变量名称")) if reader.mark("|", ")") == "|" else []
    reader.mark("{")
    entries: list[Entry] = []
    while True:
        token = reader.peek()
        if token.kind == "mark" and token.text == "}":
            reader.take()
            return Block(child, parents, entries)
        if token.kind == "mark" and token.text == "(":
            reader.take()
            row = reader.names(")", ("a parent's state", "父变量的状态"))
            entries.append(("row", row, reader.numbers(), token))
        elif reader.keyword("table", "default", "property").text == "property":
            reader.skip_property()
        else:
            entries.append((token.text, [], reader.numbers(), token))


def _known(reader: Reader, token: Token, names: Iterable[str], what: tuple[str, str]) -> None:
    known = list(names)
    if token.text not in known:
        near = difflib.get_close_matches(token.text, known, n=1)
        mend = (f"did you mean {near[0]!r}?", f"是否想写 {near[0]!r}？") if near else ("", "")
        raise reader.error(token, what, None, mend)


def _filled(reader: Reader, block: Block, states: dict[str, tuple[str, ...]]) -> Array:
    """P(child | parents), the child's axis last, from the entries of a block."""
    sizes = [len(states[p.text]) for p in block.parents]
    n = len(states[block.child.text])
    if math.prod(sizes) * n > LARGEST:
        much = Text(f"{math.prod(sizes) * n:.1e}", f"{math.prod(sizes) * n:.1e} 个")
        raise reader.error(
            block.child, (f"a table of at most {LARGEST:.0e} numbers", f"不超过 {LARGEST:.0e} 个数的表"), much
        )
    table, given = np.zeros((*sizes, n)), np.zeros(tuple(sizes), dtype=bool)
    where: dict[tuple[int, ...], Token] = {}
    default: tuple[list[float], Token] | None = None
    for kind, row, numbers, token in block.entries:
        values = numbers.values
        if kind == "table":
            _counted(reader, numbers, token, math.prod(sizes) * n)
            if given.any():
                raise reader.error(
                    token, ("one table, or rows", "一个 table，或各行"), Text("both", "两者都有")
                )
            table = np.moveaxis(np.reshape(values, (n, *sizes)), 0, -1).copy()
            given[...] = True
            where[()] = token
            continue
        _counted(reader, numbers, token, n)
        if kind == "default":
            if default is not None:
                raise reader.error(token, ("one default row", "一个 default 行"), Text("a second", "第二个"))
            default = (values, token)
            continue
        if len(row) != len(sizes):
            raise reader.error(
                token,
                (f"{len(sizes)} states, one a parent", f" {len(sizes)} 个状态，每个父变量一个"),
                Text(f"{len(row)}", f"{len(row)} 个"),
            )
        for state, parent in zip(row, block.parents, strict=True):
            _known(
                reader,
                state,
                states[parent.text],
                (f"a state of {parent.text}", f"变量 {parent.text} 的状态"),
            )
        place = tuple(states[p.text].index(s.text) for s, p in zip(row, block.parents, strict=True))
        if given[place]:
            raise reader.error(
                token,
                ("one row for the same states of the parents", "父变量的每组状态一行"),
                Text("a second", "第二行"),
            )
        table[place], given[place], where[place] = values, True, token
    if default is not None:
        table[~given] = default[0]
    elif not given.all():
        place = tuple(int(i) for i in np.argwhere(~given)[0])
        missing = ", ".join(states[p.text][i] for p, i in zip(block.parents, place, strict=True))
        row_en, row_zh = (f"the row ({missing})", f"行 ({missing})") if missing else ("a table", " table")
        raise reader.error(block.child, (row_en, row_zh), Text("none", "无"))
    total = table.sum(-1)
    off = np.abs(total - 1)
    if off.size and not off.max() <= ROUNDING:
        place = tuple(int(i) for i in np.unravel_index(int(off.argmax()), off.shape))
        token = where.get(place) or where.get(()) or (default[1] if default else block.child)
        raise reader.error(
            token,
            ("probabilities that sum to 1", "和为 1 的概率"),
            Text(f"{total[place]:.6g}", f"{total[place]:.6g}"),
        )
    return table


def _counted(reader: Reader, numbers: Entries, token: Token, n: int) -> None:
    if len(numbers.values) != n:
        at = Token("", numbers.places[n], "word") if len(numbers.values) > n else token
        raise reader.error(
            at, (f"{n} numbers", f" {n} 个数"), Text(f"{len(numbers.values)}", f"{len(numbers.values)} 个")
        )
