"""What is known of a network's variables, as vectors of likelihoods: one set of findings or many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from gradus.arguments import array, refusal
from gradus.inference.names import variable_name
from gradus.inference.network import Network
from gradus.inference.network_tables import nonnegative
from gradus.text import Text

__all__ = ["Evidence", "checked_evidence"]

Array = np.ndarray[Any, np.dtype[np.float64]]


class Evidence(NamedTuple):
    """Likelihoods by variable.

    Attributes:
        vectors: by variable, one number a state; with a batch, an axis more, the last.
        batch: how many sets there are, None where it is one that was given by itself.
        findings: the places of the states, set by set, for errors.
        soft: the variables of which likelihoods were given.
    """

    vectors: dict[str, Array]
    batch: int | None
    findings: list[dict[str, int]]
    soft: tuple[str, ...]


def checked_evidence(network: Network, evidence: Any, soft: Any) -> Evidence:
    """Evidence as a user gives it: names and states, or a sequence of such sets, and likelihoods beside.

    Raises:
        GradusError: a name that is none, likelihoods of another size or negative, or of another number of sets.
    """
    batch: int | None = None
    if evidence is None:
        findings: list[dict[str, int]] = [{}]
    elif isinstance(evidence, Mapping):
        findings = [network.index(evidence)]
    elif isinstance(evidence, Sequence) and not isinstance(evidence, (str, bytes)):
        findings = [network.index(one) for one in evidence]
        batch = len(findings)
        if not batch:
            raise refusal("evidence", ("at least one set of findings", "至少一组证据"), Text("none", "无"))
    else:
        expected = ("findings by name, such as {'rain': 'yes'}, or a list of such sets",
                    "以名称给出的证据，例如 {'rain': 'yes'}，或这种证据组成的列表")  # fmt: skip
        raise refusal("evidence", expected, evidence, kind=True)
    vectors: dict[str, Array] = {}
    for variable in dict.fromkeys(v for one in findings for v in one):
        n = network.size(variable)
        if batch is None:
            vector = np.zeros(n)
            vector[findings[0][variable]] = 1
        else:
            places = np.array([one.get(variable, -1) for one in findings])
            vector = (places == np.arange(n)[:, None]) | (places < 0)
            vector = vector.astype(float)
        vectors[variable] = vector
    if soft is not None and not isinstance(soft, Mapping):
        expected = (
            "likelihoods by name, such as {'rain': [0.8, 0.1]}",
            "以名称给出的似然，例如 {'rain': [0.8, 0.1]}",
        )
        raise refusal("soft", expected, soft, kind=True)
    seen: list[str] = []
    for given, likelihood in (soft or {}).items():
        variable = variable_name("soft", given, network.states)
        n, name = network.size(variable), f"soft[{given!r}]"
        values = array(name, likelihood, finite=True)
        shape = (n,) if batch is None or values.ndim == 1 else (batch, n)
        if values.shape != shape:
            raise refusal(
                name, (f"the shape {shape}", f"形状 {shape}"), Text(str(values.shape), str(values.shape))
            )
        nonnegative(name, values)
        values = values.T if values.ndim == 2 else values if batch is None else values[:, None]
        if variable in seen:  # as "7" and as 7
            raise refusal(
                "soft", (f"one likelihood of {variable}", f"变量 {variable} 的一个似然"), Text("two", "两个")
            )
        seen.append(variable)
        vectors[variable] = vectors[variable] * values if variable in vectors else values
    return Evidence(vectors, batch, findings, tuple(seen))
