"""Compile every formula of the catalogue to MathML with Temml: `make formulas`.

Needs Node and `npm --prefix tools ci`, for developing only; what it writes is shipped.

    python tools/compile_formulas.py            writes gradus/assets/formulas.json
    python tools/compile_formulas.py --check    writes nothing; status 1 when the file is stale
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree.ElementTree import fromstring

TOOLS = Path(__file__).resolve().parent
sys.path.insert(0, str(TOOLS.parent))

from gradus.catalogue.formulas import DATA  # noqa: E402
from gradus.catalogue.formulas.collected import Formula, all_formulas  # noqa: E402
from gradus.catalogue.formulas.terminal import terminal_text  # noqa: E402

#: How many children an element must have; Temml breaks this for `\underset` around `\operatorname`.
ARITY = {"mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}


def compile_all(formulas: Sequence[Formula]) -> tuple[dict[str, object], list[str]]:
    """The data file's content, and one line for each formula that cannot be compiled."""
    pairs = sorted({(f.latex, f.style) for f in formulas})
    jobs = [{"latex": latex, "display": style == "display"} for latex, style in pairs]
    answer = run_temml(jobs)
    data: dict[str, object] = {"temml": answer["temml"], "display": {}, "inline": {}}
    faults = []
    for (latex, style), result in zip(pairs, answer["results"], strict=True):
        fault = result.get("error") or unreadable(result["mathml"])
        if fault:
            where = ", ".join(sorted({f.key for f in formulas if f.latex == latex and f.style == style}))
            faults.append(f"{where}: {latex}: {' '.join(fault.split())}")
        else:
            data[style][latex] = result["mathml"]  # type: ignore[index]
    return data, faults


def run_temml(jobs: list[dict[str, object]]) -> dict:
    """What tools/formulas.mjs answers."""
    if not (TOOLS / "node_modules" / "temml").is_dir():
        raise SystemExit("Temml is not installed: run `npm --prefix tools ci` (needs Node)")
    done = subprocess.run(
        ["node", str(TOOLS / "formulas.mjs")],
        input=json.dumps(jobs),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"Temml failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def unreadable(mathml: str) -> str:
    """Why a browser or a terminal could not show this MathML; empty when they can."""
    for node in fromstring(mathml).iter():
        if node.tag in ARITY and len(node) != ARITY[node.tag]:
            advice = "write limits under a name as \\operatorname*{…}_{…}"
            return f"<{node.tag}> has {len(node)} children instead of {ARITY[node.tag]}: {advice}"
    try:
        text = terminal_text(mathml)
    except ValueError as error:
        return str(error)
    return "" if text.strip() else "its terminal form is empty"


def dump(data: dict[str, object]) -> str:
    """The file's text: sorted, one formula a line, so that changes are readable."""
    return json.dumps(data, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def differences(shipped: dict, wanted: dict) -> list[str]:
    """What is missing, left over or stale in the shipped file."""
    lines = []
    if shipped.get("temml") != wanted["temml"]:
        lines.append(f"compiled by Temml {shipped.get('temml')}, not {wanted['temml']}")
    for style in ("display", "inline"):
        old, new = shipped.get(style, {}), wanted[style]
        lines += [f"missing ({style}): {latex}" for latex in sorted(new.keys() - old.keys())]
        lines += [f"left over ({style}): {latex}" for latex in sorted(old.keys() - new.keys())]
        lines += [
            f"stale ({style}): {latex}"
            for latex in sorted(new.keys() & old.keys())
            if old[latex] != new[latex]
        ]
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check the data file."""
    parser = argparse.ArgumentParser(description="Compile every formula of the catalogue to MathML.")
    parser.add_argument("--check", action="store_true", help="write nothing; say what is stale")
    options = parser.parse_args(arguments)
    data, faults = compile_all(all_formulas())
    for fault in faults:
        print(f"cannot be compiled: {fault}", file=sys.stderr)
    if options.check:
        lines = differences(json.loads(DATA.read_text(encoding="utf-8")) if DATA.exists() else {}, data)
        print("\n".join(lines) or "formulas.json is up to date")
        return 1 if lines or faults else 0
    DATA.write_text(dump(data), encoding="utf-8")
    counts = [len(data[style]) for style in ("display", "inline")]  # type: ignore[arg-type]
    print(f"{DATA.name}: {counts[0]} displayed and {counts[1]} inline formulas, Temml {data['temml']}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
