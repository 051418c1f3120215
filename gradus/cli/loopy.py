"""The answers of `gradus infer --loopy`: belief propagation, with its account of how far they can be trusted."""

from __future__ import annotations

import json
import warnings
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gradus.cli.inferred_heading import head
from gradus.cli.terminal import Terminal
from gradus.text import Text, cell_width

if TYPE_CHECKING:
    from gradus.inference.network import Network


def propagate(
    network: Network,
    evidence: dict[str, str],
    wanted: Sequence[str],
    said: Text | None,
    options: Namespace,
    out: Terminal,
) -> int:
    """Prints beliefs with bars, or with --map the states that were found; then the account. Status 1 where messages did not settle."""
    from gradus.inference.bayesian_network import BayesianNetwork
    from gradus.inference.loopy.propagation import belief_propagation

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # the account says it
        found = belief_propagation(network, evidence, mode="max" if options.map else "sum")
    shown = list(wanted) or [v for v in network.variables if v not in evidence]
    account = {"converged": found.converged, "exact": found.exact, "iterations": found.iterations}
    if options.map:
        assert found.assignment is not None
        states = {v: found.assignment[v] for v in shown}
        if options.json:
            answer: dict[str, Any] = {
                "evidence": evidence,
                "assignment": states,
                "log_probability": found.log_probability,
                **account,
            }
            print(json.dumps(answer, ensure_ascii=False, indent=2))
            return int(not found.converged)
        head(network, evidence, said, out)
        wide = max(map(cell_width, states), default=0)
        out.lines("\n".join(f"{v}{' ' * (wide - cell_width(v))}  {state}" for v, state in states.items()))
        out.say()
        value = f"{found.log_probability:.6f}"
        if isinstance(network, BayesianNetwork):
            out.say(out.t(f"ln P(these states, evidence) = {value}", f"ln P（这些状态，证据）= {value}"))
        else:
            out.say(out.t(f"ln of the product of the factors = {value}", f"各因子之积的 ln = {value}"))
    else:
        if options.json:
            marginals = {v: found.of(v) for v in wanted or network.variables}
            answer = {
                "evidence": evidence, "log_evidence": found.log_evidence, "log10_evidence": found.log10_evidence,
                "marginals": marginals, **account,
            }  # fmt: skip
            print(json.dumps(answer, ensure_ascii=False, indent=2))
            return int(not found.converged)
        head(network, evidence, said, out)
        out.lines(found.table(shown, out.lang))
        out.say()
        name = "P(e)" if isinstance(network, BayesianNetwork) else "Z"
        sign = "=" if found.exact else "≈"
        out.say(f"log₁₀ {name} {sign} {found.log10_evidence:.6f}")
    out.say(out.t(found.account.en, found.account.zh), style="" if found.converged else "bold")
    return int(not found.converged)
