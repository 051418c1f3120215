"""Bayesian networks as BIF, the interchange format 0.15, read and written."""

from __future__ import annotations

import difflib
import io
import itertools
import math
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from gradus.arguments import refusal
from gradus.errors import GradusError
from gradus.inference.network import ROUNDING, BayesianNetwork, Table
from gradus.inference.source_text import at_place, read_text, written
from gradus.text import Text

__all__ = ["read_bif", "write_bif"]

Array = np.ndarray[Any, np.dtype[np.float64]]
PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
KEYWORDS = {"network", "variable", "probability", "property", "type", "discrete", "default", "table"}
LARGEST = 10**8  # numbers of one table
WORD = r"""[^\s{}()\[\];,|"]+"""
QUOTED = r"""\"(?:[^"\\]|\\.)*\""""
BLANK = r"(?:\s+|//[^\n]*|/\*[\s\S]*?\*/)"
TOKENS = re.compile(rf"{BLANK}+|({QUOTED}|[{{}}()\[\];,|]|(?!/\*|//){WORD}|[\s\S])", re.DOTALL)
MARKS = frozenset("{}()[];,|")


class Token(NamedTuple):
    """A word of the text, its place among the words, and whether it is a mark of punctuation or stood in quotes."""

    text: str
    place: int
    kind: str


class Entries(NamedTuple):
    """Numbers, and their places among the words."""

    values: list[float]
    places: list[int]


class Reader:
    """Takes the words of a BIF text one after the other."""

    def __init__(self, where: Path, text: str) -> None:
        self.where, self.text, self.at = where, text, 0
        self.words: list[str] = [word for word in TOKENS.findall(text) if word]
        for broken in ('"', "/"):  # of a quote or a comment that is not closed only the first character is taken
            if broken in self.words:
                place = self.words.index(broken)
                raise self.error(Token(broken, place, "word"), ("a quote or comment that is closed", "闭合的引号或注释"))

    def error(self, token: Token, expected: tuple[str, str], got: Any = None, mend: tuple[str, str] = ("", "")) -> GradusError:
        """The error for a token."""
        offset, k = len(self.text), 0
        for match in TOKENS.finditer(self.text):  # found again only when something is wrong
            if match.group(1):
                if k == token.place:
                    offset = match.start()
                    break
                k += 1
        came = got if got is not None else token.text if token.kind else Text("the end of the file", "文件末尾")
        return at_place(self.where, self.text, offset, expected, came, mend)

    def peek(self) -> Token:
        """The next token; at the end one of no kind."""
        if self.at >= len(self.words):
            return Token("", len(self.words), "")
        word = self.words[self.at]
        if word in MARKS:
            return Token(word, self.at, "mark")
        if word[0] == '"':
            return Token(re.sub(r"\\(.)", r"\1", word[1:-1]), self.at, "quoted")
        return Token(word, self.at, "word")

    def next_is(self, mark: str) -> bool:
        """Whether a mark comes next."""
        return self.at < len(self.words) and self.words[self.at] == mark

    def take(self) -> Token:
        """The next token, passed."""
        token = self.peek()
        self.at += 1
        return token

    def mark(self, *marks: str) -> str:
        """One of some marks.

        Raises:
            GradusError: something else stands there.
        """
        token = self.take()
        if token.kind != "mark" or token.text not in marks:
            several = " or ".join(f"'{m}'" for m in marks), " 或 ".join(f"'{m}'" for m in marks)
            raise self.error(token, several)
        return token.text

    def keyword(self, *words: str) -> Token:
        """One of some words.

        Raises:
            GradusError: something else stands there.
        """
        token = self.take()
        if token.kind != "word" or token.text not in words:
            raise self.error(token, (" or ".join(words), " 或 ".join(words)))
        return token

    def name(self, what: tuple[str, str]) -> Token:
        """A name, in quotes or not.

        Raises:
            GradusError: something else stands there.
        """
        token = self.take()
        if token.kind not in ("word", "quoted") or not token.text:
            raise self.error(token, what)
        return token

    def names(self, end: str, what: tuple[str, str]) -> list[Token]:
        """Names up to a mark, with commas between them or without."""
        found: list[Token] = []
        while not self.next_is(end):
            if found and self.next_is(","):
                self.at += 1
            found.append(self.name(what))
        self.take()
        return found

    def numbers(self) -> Entries:
        """Numbers up to the semicolon, with commas between them or without.

        Raises:
            GradusError: one is no probability.
        """
        start = self.at
        try:
            self.at = self.words.index(";", start) + 1
        except ValueError:
            self.at = len(self.words)
            raise self.error(self.peek(), ("';' after the numbers", "数字后的 ';'")) from None
        places = [i for i in range(start, self.at - 1) if self.words[i] != ","]
        values = []
        for i in places:
            word = self.words[i]
            try:
                value = float(word) if "_" not in word else math.nan
            except ValueError:
                value = math.nan
            if not 0 <= value <= 1 + ROUNDING:
                raise self.error(Token(word, i, "word"), ("a probability between 0 and 1", "0 与 1 之间的概率"))
            values.append(value)
        return Entries(values, places)

    def skip_property(self) -> None:
        """A property up to its semicolon: free text, in which marks other than braces mean nothing."""
        end = next((i for i in range(self.at, len(self.words)) if self.words[i] in (";", "{", "}")), len(self.words))
        self.at = end
        if not self.next_is(";"):
            raise self.error(self.peek(), ("';' after the property", "property 之后的 ';'"))
        self.at += 1


class Block(NamedTuple):
    """The entries of one `probability` block, before all variables are known."""

    child: Token
    parents: list[Token]
    entries: list[tuple[str, list[Token], Entries, Token]]


def read_bif(file: str | os.PathLike[str]) -> BayesianNetwork:
    """A Bayesian network from a BIF file, plain or packed by gzip.

    Read are names in quotes or not, with any characters but blanks and `{}()[];,|` outside of quotes; comments; properties
    (skipped); rows by the states of the parents, `default` rows, and whole `table`s, in which the child's index moves slowest and
    the last parent's fastest. Rows that miss 1 by no more than 10⁻³ are divided by their sum, and `notes` says so.

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
            raise reader.error(block.child, ("one probability block a variable", "每个变量一个 probability 块"))
        parents = tuple(p.text for p in block.parents)
        for i, token in enumerate(block.parents):
            if token.text in (*parents[:i], block.child.text):
                raise reader.error(token, ("parents that are different", "互不相同的父变量"))
        tables[block.child.text] = Table(parents, _filled(reader, block, states))
    for name, token in declared.items():
        if name not in tables:
            raise reader.error(token, (f"a probability block of {name}", f" {name} 的 probability 块"), Text("none", "无"))
    try:
        return BayesianNetwork(states, tables, title)
    except GradusError as error:
        raise GradusError(Text(f"{reader.where}: {error.text.en}", f"{reader.where}：{error.text.zh}")) from None


def _network(reader: Reader) -> str:
    name = "" if reader.next_is("{") else reader.name(("the network's name", "网络名称")).text
    while reader.peek().kind in ("word", "quoted"):  # a name of several words, which the grammar does not know
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
            raise reader.error(count, (f"{len(found)}, the number of states listed", f"所列状态的个数 {len(found)}"))
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
    entries = []
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
        raise reader.error(block.child, (f"a table of at most {LARGEST:.0e} numbers", f"不超过 {LARGEST:.0e} 个数的表"), much)
    table, given = np.zeros((*sizes, n)), np.zeros(tuple(sizes), dtype=bool)
    where: dict[tuple[int, ...], Token] = {}
    default: tuple[list[float], Token] | None = None
    for kind, row, numbers, token in block.entries:
        values = numbers.values
        if kind == "table":
            _counted(reader, numbers, token, math.prod(sizes) * n)
            if given.any():
                raise reader.error(token, ("one table, or rows", "一个 table，或各行"), Text("both", "两者都有"))
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
            raise reader.error(token, (f"{len(sizes)} states, one a parent", f" {len(sizes)} 个状态，每个父变量一个"), Text(f"{len(row)}", f"{len(row)} 个"))
        for state, parent in zip(row, block.parents, strict=True):
            _known(reader, state, states[parent.text], (f"a state of {parent.text}", f"变量 {parent.text} 的状态"))
        place = tuple(states[p.text].index(s.text) for s, p in zip(row, block.parents, strict=True))
        if given[place]:
            raise reader.error(token, ("one row for the same states of the parents", "父变量的每组状态一行"), Text("a second", "第二行"))
        table[place], given[place], where[place] = values, True, token
    if default is not None:
        table[~given] = default[0]
    elif not given.all():
        place = tuple(int(i) for i in np.argwhere(~given)[0])
        names = ", ".join(states[p.text][i] for p, i in zip(block.parents, place, strict=True))
        row_en, row_zh = (f"the row ({names})", f"行 ({names})") if names else ("a table", " table")
        raise reader.error(block.child, (row_en, row_zh), Text("none", "无"))
    total = table.sum(-1)
    off = np.abs(total - 1)
    if off.size and not off.max() <= ROUNDING:
        place = tuple(int(i) for i in np.unravel_index(int(off.argmax()), off.shape))
        token = where.get(place) or where.get(()) or (default[1] if default else block.child)
        raise reader.error(token, ("probabilities that sum to 1", "和为 1 的概率"), Text(f"{total[place]:.6g}", f"{total[place]:.6g}"))
    return table


def _counted(reader: Reader, numbers: Entries, token: Token, n: int) -> None:
    if len(numbers.values) != n:
        at = Token("", numbers.places[n], "word") if len(numbers.values) > n else token
        raise reader.error(at, (f"{n} numbers", f" {n} 个数"), Text(f"{len(numbers.values)}", f"{len(numbers.values)} 个"))


def write_bif(network: BayesianNetwork, file: str | os.PathLike[str]) -> None:
    """Writes a Bayesian network as BIF: every number so that it is read back bit for bit, names in quotes where they need them.

    Args:
        network: what to write.
        file: its path; a file that is there is replaced only when the new one is whole.

    Raises:
        GradusError: no Bayesian network, or the file cannot be written.

    Example:
        >>> import pathlib, tempfile
        >>> from gradus.inference import BayesianNetwork
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     place = pathlib.Path(folder, "coin.bif")
        ...     write_bif(BayesianNetwork({"a coin": ["<5", "more"]}, {"a coin": [0.25, 0.75]}), place)
        ...     place.read_text().splitlines()[-2]
        '  table 0.25, 0.75;'
    """
    if not isinstance(network, BayesianNetwork):
        raise refusal("network", ("a Bayesian network", "贝叶斯网络"), network, kind=True)
    out = io.StringIO()
    out.write(f"network {_quoted(network.name or 'unknown')} {{\n}}\n")
    for variable, names in network.states.items():
        several = ", ".join(map(_quoted, names))
        out.write(f"variable {_quoted(variable)} {{\n  type discrete [ {len(names)} ] {{ {several} }};\n}}\n")
    for variable, (parents, table) in network.tables.items():
        given = " | " + ", ".join(map(_quoted, parents)) if parents else ""
        out.write(f"probability ( {_quoted(variable)}{given} ) {{\n")
        for place in itertools.product(*(range(len(network.states[p])) for p in parents)):
            row = ", ".join(map(repr, table[place].tolist()))
            names = ", ".join(_quoted(network.states[p][i]) for p, i in zip(parents, place, strict=True))
            out.write(f"  ({names}) {row};\n" if parents else f"  table {row};\n")
        out.write("}\n")
    written(file, out.getvalue())


def _quoted(name: str) -> str:
    if PLAIN.fullmatch(name) and name not in KEYWORDS:
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
