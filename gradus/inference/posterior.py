"""What inference answers: the posterior of every variable, and the most probable states."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from gradus.arguments import choice, refusal
from gradus.inference.names import variable_name, variable_names
from gradus.text import Text, cell_width

__all__ = ["Explanation", "Posterior"]

Array = np.ndarray[Any, np.dtype[np.float64]]
BAR = 24


class Explanation(NamedTuple):
    """The states that are the most probable together.

    Attributes:
        assignment: by variable the name of its state; with several sets of findings a list of them.
        log_probability: ln of the (unnormalised) probability of these states and the evidence together.
        ties: the variables in which others, equally probable but for rounding, differ; with several sets of findings a list.

    Example:
        >>> Explanation({"rain": "yes"}, -1.2).assignment
        {'rain': 'yes'}
    """

    assignment: Any
    log_probability: Any
    ties: Any = ()


class Posterior:
    """The posterior of every variable of a network; `posterior["rain"]` holds one number a state.

    Attributes:
        states: the names of the states by variable.
        marginals: by variable (states), or with several sets of findings (sets, states).
        log_evidence: ln of the probability of the evidence, or, of a Markov network, ln Z with it put in.

    Example:
        >>> Posterior({"rain": ("yes", "no")}, {"rain": np.array([0.25, 0.75])}, 0.0).of("rain")
        {'yes': 0.25, 'no': 0.75}
    """

    def __init__(
        self,
        states: Mapping[str, tuple[str, ...]],
        marginals: Mapping[str, Array],
        log_evidence: float | Array,
    ) -> None:
        self.states = states
        self.marginals = dict(marginals)
        self.log_evidence = log_evidence

    @property
    def log10_evidence(self) -> Any:
        """log₁₀ of it, as the tasks of the UAI competitions ask for it."""
        return self.log_evidence / math.log(10)

    def __getitem__(self, variable: Any) -> Array:
        """The posterior of one variable.

        Raises:
            GradusError: there is none of that name.
        """
        return self.marginals[variable_name("variable", variable, self.states)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.marginals)

    def __len__(self) -> int:
        return len(self.marginals)

    def of(self, variable: Any) -> dict[str, Any]:
        """The posterior of one variable by the names of its states.

        Raises:
            GradusError: there is none of that name.

        Example:
            >>> Posterior({"a": ("0", "1")}, {"a": np.array([0.5, 0.5])}, 0.0).of("a")
            {'0': 0.5, '1': 0.5}
        """
        values = self[variable]
        names = self.states[variable_name("variable", variable, self.states)]
        return {name: values[..., i].tolist() for i, name in enumerate(names)}

    def table(self, variables: Iterable[str] | None = None, lang: str = "en") -> str:
        """The posteriors as text, a bar a state.

        Args:
            variables: those to show, all if left out.
            lang: "en" or "zh".

        Raises:
            GradusError: a name that is none, another language, or a posterior of several sets.

        Example:
            >>> print(Posterior({"rain": ("yes", "no")}, {"rain": np.array([0.25, 0.75])}, 0.0).table())
            rain  yes  0.250000  ██████
                  no   0.750000  ██████████████████
        """
        choice("lang", lang, ("en", "zh"))
        if np.ndim(self.log_evidence):
            one = ("the posterior of one set of findings", "一组证据的后验")
            raise refusal(
                "posterior",
                one,
                Text(f"{np.size(self.log_evidence)} sets", f"{np.size(self.log_evidence)} 组"),
            )
        shown = (
            list(self.marginals) if variables is None else variable_names("variables", variables, self.states)
        )
        wide = max((cell_width(v) for v in shown), default=0)
        state = max((cell_width(s) for v in shown for s in self.states[v]), default=0)
        lines = []
        for v in shown:
            for i, (name, p) in enumerate(zip(self.states[v], self.marginals[v].tolist(), strict=True)):
                head = v if i == 0 else ""
                bar = "█" * round(p * BAR) or ("▏" if p > 0 else "")
                line = f"{head}{' ' * (wide - cell_width(head))}  {name}{' ' * (state - cell_width(name))}  {p:.6f}  {bar}"
                lines.append(line.rstrip())
        return "\n".join(lines)

    def __str__(self) -> str:
        return f"{self!r}" if np.ndim(self.log_evidence) else self.table()

    def __repr__(self) -> str:
        sets = f", {np.size(self.log_evidence)} sets" if np.ndim(self.log_evidence) else ""
        return f"Posterior({len(self.marginals)} variables{sets})"
