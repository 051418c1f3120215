"""The verb infer: marginals, the most probable states and log Z of a network in a file."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from gradus.cli.inferred_heading import head
from gradus.cli.terminal import Terminal
from gradus.errors import GradusError
from gradus.text import Text, cell_width

if TYPE_CHECKING:
    from gradus.inference.network import Network

UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def infer(options: Namespace, out: Terminal) -> int:
    """Prints posteriors with bars, or with --map the states that are the most probable together."""
    from gradus.inference.bayesian_network import BayesianNetwork
    from gradus.inference.network_file import read_network
    from gradus.inference.queries import infer as posterior_of
    from gradus.inference.queries import most_probable

    memory = _memory(options.memory)
    _refuse_empty(options)
    network = read_network(options.target)
    if options.do:
        if not isinstance(network, BayesianNetwork):
            raise GradusError(
                Text("--do: only a Bayesian network can be intervened in", "--do：只有贝叶斯网络可以做干预")
            )
        network = network.do(_pairs("--do", options.do, network))
    evidence, said = _evidence(options, network)
    wanted = _names(options.query, network)
    if options.loopy:
        from gradus.cli.loopy import propagate

        return propagate(network, evidence, wanted, said, options, out)
    if options.map:
        best = most_probable(network, evidence, variables=wanted or None, memory=memory)
        if options.json:
            print(json.dumps({"evidence": evidence, **best._asdict()}, ensure_ascii=False, indent=2))
            return 0
        head(network, evidence, said, out)
        wide = max(map(cell_width, best.assignment), default=0)
        out.lines(
            "\n".join(f"{v}{' ' * (wide - cell_width(v))}  {state}" for v, state in best.assignment.items())
        )
        out.say()
        out.say(
            out.t(
                f"ln P(these states) = {best.log_probability:.6f}",
                f"这些状态的 ln P = {best.log_probability:.6f}",
            )
        )
        if best.ties:
            names = ", ".join(best.ties)
            out.say(
                out.t(
                    f"not the only ones: others, equally probable, differ in {names}",
                    f"并非唯一：另有同样可能的状态，在 {names} 上不同",
                )
            )
        return 0
    found = posterior_of(network, evidence, memory=memory)
    if options.json:
        shown = wanted or list(network.variables)
        answer = {"evidence": evidence, "log_evidence": found.log_evidence, "log10_evidence": found.log10_evidence,
                  "marginals": {v: found.of(v) for v in shown}}  # fmt: skip
        print(json.dumps(answer, ensure_ascii=False, indent=2))
        return 0
    head(network, evidence, said, out)
    out.lines(found.table(wanted or [v for v in network.variables if v not in evidence], out.lang))
    out.say()
    name = "P(e)" if isinstance(network, BayesianNetwork) else "Z"
    out.say(f"log₁₀ {name} = {found.log10_evidence:.6f}")
    return 0


def _refuse_empty(options: Namespace) -> None:
    named = {"--query": options.query, "--given": options.given, "--do": options.do}
    for option, words in {
        **named,
        "--evidence": None if options.evidence is None else [options.evidence],
    }.items():
        if any(not word.strip(" ,") for word in words or []):
            what = {"--query": ("a name", "名称"), "--evidence": ("a file", "文件")}.get(
                option, ("NAME=STATE", "名称=状态")
            )
            raise GradusError(
                Text(f"{option}: expected {what[0]}, got ''", f"{option}：应为 {what[1]}，实为 ''")
            )


def _evidence(options: Namespace, network: Network) -> tuple[dict[str, str], Text | None]:
    from gradus.inference.uai import read_uai_evidence

    file, said = options.evidence, None
    beside = Path(f"{options.target.removesuffix('.gz')}.evid")
    if file is None and not options.given and str(beside).endswith(".uai.evid") and beside.is_file():
        file, said = beside, Text(f"evidence: {beside}", f"证据：{beside}")
    found: dict[str, str] = {}
    if file is not None:
        sets = read_uai_evidence(file)
        if len(sets) > 1:
            raise GradusError(
                Text(
                    f"{file}: expected one set of findings, got {len(sets)}",
                    f"{file}：应为一组证据，实为 {len(sets)} 组",
                )
            )
        found |= {
            str(network.variables[int(v)]) if int(v) < len(network.variables) else v: s
            for v, s in sets[0].items()
        }
        found = {v: _by_number(network, v, s) for v, s in found.items()}
    return found | _pairs("--given", options.given or [], network), said


def _by_number(network: Network, variable: str, state: str) -> str:
    """The name of a state that an evidence file gives by its number."""
    names = network.states.get(variable, ())
    return names[int(state)] if int(state) < len(names) else state


def _names(given: Iterable[str] | None, network: Network) -> list[str]:
    from gradus.inference.names import variable_name

    names: list[str] = []
    for word in given or []:
        names += [word] if word in network.states else [w.strip() for w in word.split(",") if w.strip()]
    return list(dict.fromkeys(variable_name("--query", name, network.states) for name in names))


def _pairs(option: str, given: Iterable[str], network: Network) -> dict[str, str]:
    """Findings from `name=state`, with commas between several where no name holds one."""
    from gradus.inference.names import state_index, variable_name

    found: dict[str, str] = {}
    for word in given:
        whole = _cut(word, network)
        parts = (
            [whole]
            if whole
            else [_cut(part.strip(), network) or part.strip() for part in word.split(",") if part.strip()]
        )
        for part in parts:
            if isinstance(part, str):
                name, equals, state = part.partition("=")
                if not equals:
                    raise GradusError(
                        Text(
                            f"{option}: expected NAME=STATE, got {part!r}",
                            f"{option}：应为 名称=状态，实为 {part!r}",
                        )
                    )
                part = (variable_name(option, name.strip(), network.states), state.strip())
            variable, state = part
            state_index(option, variable, state, network.states[variable])
            if found.setdefault(variable, state) != state:
                raise GradusError(
                    Text(f"{option}: expected one state of {variable}, got {found[variable]} and {state}",
                         f"{option}：变量 {variable} 应只有一个状态，实为 {found[variable]} 与 {state}")
                )  # fmt: skip
    return found


def _cut(word: str, network: Network) -> tuple[str, str] | None:
    """The name and state of a pair, wherever the sign stands that parts a known name from one of its states."""
    for i, c in enumerate(word):
        if c == "=" and word[i + 1 :].strip() in network.states.get(word[:i].strip(), ()):
            return word[:i].strip(), word[i + 1 :].strip()
    return None


def _memory(given: str) -> float:
    text = given.strip().upper()
    number = text.rstrip("KMGTB")
    try:
        value = float(number) * UNITS[text[len(number) :].strip() if number else "?"]
    except (ValueError, KeyError):
        value = -1.0
    if not 0 < value < float("inf"):
        raise GradusError(
            Text(
                f"--memory: expected an amount such as 500MB or 4GB, got {given!r}",
                f"--memory：应为 500MB、4GB 这样的量，实为 {given!r}",
            )
        )
    return value
