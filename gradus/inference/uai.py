"""Networks and evidence in the format of the UAI competitions, read and written."""

from __future__ import annotations

import io
import math
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from gradus.arguments import refusal
from gradus.errors import GradusError
from gradus.inference.bayesian_network import BayesianNetwork
from gradus.inference.network import MarkovNetwork, Network
from gradus.inference.source_text import at_place, read_text, shown_path, written
from gradus.text import Text

__all__ = ["read_uai", "read_uai_evidence", "write_uai"]

LARGEST = 2**31  # numbers of one table
WORD = re.compile(r"\S+")
Array = np.ndarray[Any, np.dtype[np.float64]]


class Words:
    """The words of a text one after the other."""

    def __init__(self, where: Path, text: str) -> None:
        self.where, self.text = where, text
        self.words, self.at = text.split(), 0

    def error(self, expected: tuple[str, str], got: Any = None, back: int = 1) -> GradusError:
        """The error for the word that was taken last."""
        offset = len(self.text.rstrip())
        for i, match in enumerate(WORD.finditer(self.text)):  # found again only when something is wrong
            if i == self.at - back:
                offset = match.start()
                break
        at_end = Text("the end of the file", "文件末尾")
        came = (
            got
            if got is not None
            else self.words[self.at - back]
            if self.at - back < len(self.words)
            else at_end
        )
        return at_place(self.where, self.text, offset, expected, came)

    def word(self) -> str:
        """The next word, "" at the end."""
        self.at += 1
        return self.words[self.at - 1] if self.at <= len(self.words) else ""

    def count(self, what: tuple[str, str], least: int = 0, below: float = math.inf) -> int:
        """A whole number.

        Raises:
            GradusError: something else stands there.
        """
        word = self.word()
        if not re.fullmatch(r"\+?[0-9]{1,18}", word) or not least <= int(word) < below:
            raise self.error(what)
        return int(word)

    def numbers(self, n: int) -> Array:
        """So many numbers, as C reads them.

        Raises:
            GradusError: one is none, negative or not finite.
        """
        taken = self.words[self.at : self.at + n]
        try:
            values = np.array(taken, dtype=float) if not any("_" in w for w in taken) else None
        except ValueError:
            values = None
        if values is None or len(values) < n or not (values >= 0).all() or not np.isfinite(values).all():
            values = np.array([self._number() for _ in range(n)])
        else:
            self.at += n
        return values

    def _number(self) -> float:
        word = self.word()
        try:
            value = float.fromhex(word) if word[:3].lower().lstrip("+").startswith("0x") else float(word)
        except ValueError:
            value = math.nan
        if not 0 <= value < math.inf or "_" in word:
            raise self.error(("a number that is 0 or more", "不小于 0 的数"))
        return value


def read_uai(file: str | os.PathLike[str]) -> Network:
    """A network from a UAI file, plain or packed by gzip: a Markov network, or a Bayesian one where it says BAYES.

    The variables are called "0", "1", …, and so are their states. Tables are in the order of the file: the last variable of a
    scope moves fastest; of a Bayesian network it is the child.

    Args:
        file: its path.

    Raises:
        GradusError: what is wrong with line and column: a number that is none, a variable out of range or twice in a scope, a
            table of another size, tables of a Bayesian network that are none, anything left over.

    Source: the UAI competitions' format, 2008 to 2022.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     place = pathlib.Path(folder, "two.uai")
        ...     _ = place.write_text("MARKOV 2 2 2 1 2 0 1 4 1 2 3 4")
        ...     read_uai(place).factors[0].table.tolist()
        [[1.0, 2.0], [3.0, 4.0]]
    """
    words = Words(*read_text(file))
    kind = words.word()
    if kind.upper() not in ("MARKOV", "BAYES"):
        raise words.error(("MARKOV or BAYES", "MARKOV 或 BAYES"))
    n = words.count(("the number of variables", "变量个数"), 1)
    sizes = [
        words.count(("the number of states of a variable", "变量的状态数"), 1)
        for _ in range(_sensible(words, n))
    ]
    factors = words.count(("the number of factors", "因子个数"))
    scopes = []
    for _ in range(_sensible(words, factors)):
        length = words.count(("the number of variables of a factor", "因子的变量个数"), 0, n + 1)
        scope: list[int] = []
        for _ in range(length):
            variable = words.count((f"a variable from 0 to {n - 1}", f" 0 到 {n - 1} 的变量"), 0, n)
            if variable in scope:
                raise words.error(("variables of a factor that are different", "因子中互不相同的变量"))
            scope.append(variable)
        scopes.append(scope)
    if kind.upper() == "BAYES" and sorted(s[-1] for s in scopes if s) != list(range(n)):
        children = Text("other last variables of the scopes", "其他作为各作用域末尾的变量")
        raise words.error(
            ("each variable as the child of one factor", "每个变量恰为一个因子的子变量"), children
        )
    tables = []
    for scope in scopes:
        shape = [sizes[v] for v in scope]
        entries = math.prod(shape)
        if (
            words.count(
                (
                    f"{entries}, the number of entries of the factor over {scope}",
                    f"因子 {scope} 的元素个数 {entries}",
                )
            )
            != entries
            or entries > LARGEST
        ):
            raise words.error(
                (
                    f"{entries}, the number of entries of the factor over {scope}",
                    f"因子 {scope} 的元素个数 {entries}",
                )
            )
        tables.append(words.numbers(entries).reshape(shape))
    if words.at < len(words.words):
        words.word()
        raise words.error(("the end of the file", "文件末尾"))
    states = {str(v): [str(k) for k in range(size)] for v, size in enumerate(sizes)}
    named = [tuple(str(v) for v in scope) for scope in scopes]
    title = words.where.name.removesuffix(".gz").removesuffix(".uai")
    if kind.upper() == "MARKOV":
        return MarkovNetwork(states, zip(named, tables, strict=True), title)
    try:
        return BayesianNetwork(
            states, {scope[-1]: (scope[:-1], t) for scope, t in zip(named, tables, strict=True)}, title
        )
    except GradusError as error:
        raise GradusError(
            Text(f"{shown_path(words.where)}: {error.text.en}", f"{shown_path(words.where)}：{error.text.zh}")
        ) from None


def _sensible(words: Words, n: int) -> int:
    """A count of things that are still to come, each a word at least.

    Raises:
        GradusError: the file is shorter than that.
    """
    if n > len(words.words) - words.at:
        raise words.error(("no more than the file has words for", "不超过文件所含内容的个数"))
    return n


def read_uai_evidence(file: str | os.PathLike[str]) -> list[dict[str, str]]:
    """The sets of findings of a `.evid` file, by the names that `read_uai` gives variables and states.

    Both forms in use are read: the number of findings and pairs of variable and state, or the number of sets first.

    Args:
        file: its path.

    Raises:
        GradusError: neither form, a number that is none, or a variable twice in a set.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     place = pathlib.Path(folder, "two.uai.evid")
        ...     _ = place.write_text("2 0 1 7 0")
        ...     read_uai_evidence(place)
        [{'0': '1', '7': '0'}]
    """
    words = Words(*read_text(file))
    whole = ("a whole number that is 0 or more", "不小于 0 的整数")
    numbers = [words.count(whole) for _ in words.words]
    if not numbers or numbers == [0]:
        return [{}]
    sets = _sets(numbers, 1, 0) or _sets(numbers, numbers[0], 1)
    if sets is None:
        form = (
            "the number of findings and as many pairs of variable and state",
            "证据个数以及同样多的“变量 状态”对",
        )
        raise words.error(form, Text(f"{len(numbers)} numbers", f"{len(numbers)} 个数"))
    made = []
    for one in sets:
        found: dict[str, str] = {}
        for variable, state in one:
            if found.setdefault(str(variable), str(state)) != str(state):
                raise words.error(
                    (f"one state of variable {variable}", f"变量 {variable} 的一个状态"), Text("two", "两个")
                )
        made.append(found)
    return made


def _sets(numbers: list[int], sets: int, at: int) -> list[list[tuple[int, int]]] | None:
    """So many sets of findings, or None where the numbers are not that many."""
    made = []
    for _ in range(sets):
        if at >= len(numbers) or at + 1 + 2 * numbers[at] > len(numbers):
            return None
        pairs = numbers[at + 1 : at + 1 + 2 * numbers[at]]
        made.append(list(zip(pairs[::2], pairs[1::2], strict=True)))
        at += 1 + 2 * numbers[at]
    return made if at == len(numbers) else None


def write_uai(network: Network, file: str | os.PathLike[str]) -> None:
    """Writes a network in the UAI format, variables and states by their numbers in the network's order.

    Args:
        network: a `MarkovNetwork`, or a `BayesianNetwork`, whose factors have the child last.
        file: its path; a file that is there is replaced only when the new one is whole.

    Raises:
        GradusError: no network, or the file cannot be written.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     place = pathlib.Path(folder, "one.uai")
        ...     write_uai(MarkovNetwork({"a": ["no", "yes"]}, [("a", [1.0, 3.0])]), place)
        ...     place.read_text().split()
        ['MARKOV', '1', '2', '1', '1', '0', '2', '1.0', '3.0']
    """
    if not isinstance(network, Network):
        raise refusal(
            "network", ("a Bayesian or Markov network", "贝叶斯网络或马尔可夫网络"), network, kind=True
        )
    number = {v: i for i, v in enumerate(network.states)}
    out = io.StringIO()
    out.write("BAYES\n" if isinstance(network, BayesianNetwork) else "MARKOV\n")
    out.write(
        f"{len(number)}\n{' '.join(str(len(s)) for s in network.states.values())}\n{len(network.factors)}\n"
    )
    for variables, _ in network.factors:
        out.write(" ".join(map(str, (len(variables), *(number[v] for v in variables)))) + "\n")
    for _, table in network.factors:
        out.write(f"\n{table.size}\n{' '.join(map(repr, table.ravel().tolist()))}\n")
    written(file, out.getvalue())
