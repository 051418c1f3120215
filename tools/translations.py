"""Lists the strings whose Chinese is missing, stale or superfluous: `make translations`; status 1 when there are any."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gradus.catalogue import load  # noqa: E402
from gradus.catalogue.pages import modules  # noqa: E402
from gradus.page.figures import states  # noqa: E402
from gradus.page.translation import faults, figure_faults  # noqa: E402


def main() -> int:
    """Prints a line for each fault: file, line, concept, string, what to do; draws every figure, which takes a minute."""
    lines = faults(modules())
    for concept in load():
        lines += figure_faults(concept, [concept.draw(**state).figure for state in states(concept.sliders)])
    lines = [line.removeprefix(f"{ROOT}/") for line in lines]
    print("\n".join(lines) or "every string of every page has its Chinese")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
