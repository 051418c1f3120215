"""Bayesian networks written as BIF."""

from __future__ import annotations

import io
import itertools
import os
import re

from gradus.arguments import refusal
from gradus.inference.bayesian_network import BayesianNetwork
from gradus.inference.source_text import written

__all__ = ["write_bif"]

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
KEYWORDS = {"network", "variable", "probability", "property", "type", "discrete", "default", "table"}


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
        behind = " | " + ", ".join(map(_quoted, parents)) if parents else ""
        out.write(f"probability ( {_quoted(variable)}{behind} ) {{\n")
        for place in itertools.product(*(range(len(network.states[p])) for p in parents)):
            row = ", ".join(map(repr, table[place].tolist()))
            given = ", ".join(_quoted(network.states[p][i]) for p, i in zip(parents, place, strict=True))
            out.write(f"  ({given}) {row};\n" if parents else f"  table {row};\n")
        out.write("}\n")
    written(file, out.getvalue())


def _quoted(name: str) -> str:
    if PLAIN.fullmatch(name) and name not in KEYWORDS:
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
