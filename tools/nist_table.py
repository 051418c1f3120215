"""Writes what `least_squares` reaches on NIST's nonlinear problems, digits and steps, into the file of the problems: the table of a page."""

import json
from pathlib import Path

import numpy as np
import torch

from gradus.optimization import certified_fits, least_squares

FILE = Path(__file__).resolve().parent.parent / "gradus" / "assets" / "nist_strd_nonlinear.json"
STARTS = ("far", "near")


def reached() -> dict[str, list[list[float]]]:
    """By start, of each problem the digits that agree with the certified parameters, of 11, and the steps taken."""
    table: dict[str, list[list[float]]] = {start: [] for start in STARTS}
    for fit in certified_fits().values():
        for start, x0 in zip(STARTS, fit.starts, strict=True):
            result = least_squares(fit.residual, torch.from_numpy(x0))
            error = np.abs(result.x.numpy() - fit.certified) / np.abs(fit.certified)
            digits = float(-np.log10(np.maximum(error.max(), 1e-11)))
            table[start].append([max(round(digits, 1), 0.0), result.iterations])
    return table


def main() -> None:
    """Replaces the entry "reached"."""
    head, _, _ = FILE.read_text(encoding="utf-8").removesuffix("\n}\n").partition(',\n "reached":')
    rows = ",\n".join(f'  "{start}": {json.dumps(rows)}' for start, rows in reached().items())
    FILE.write_text(f'{head},\n "reached": {{\n{rows}\n }}\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
